"""Tokens: what the cursor steps by, found by looking around an offset only.

A chunk between spaces is cut into words and punctuation.  Mentions, hashtags,
links, numbers, abbreviations and contractions stay whole (as in the tweet corpora
of the field); in scripts written without spaces each grapheme is a token.  Every
character that is not white space belongs to exactly one token.
"""

from __future__ import annotations

import re

from tui_label.core.text import grapheme_end, grapheme_start, is_mark

REACH = 200
"""Longest token, and how far a token is looked for around an offset."""

UNSPACED = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u2e80-\u2fdf\u3005-\u30ff\u31f0-\u31ff\u3400-\u4dbf"
    "\u4e00-\u9fff\uf900-\ufaff\uff66-\uff9f\U00020000-\U0003ffff"
)
_LETTER = rf"(?:(?![{UNSPACED}])\w)"
_REST_OF_WORD = rf"(?:[-'’.&\u00ad]?{_LETTER}+)*"
_REST_OF_NAME = rf"(?:[-'’]?{_LETTER}+)*"
_TOKEN = re.compile(
    rf"""
      (?:https?://|www\.)[^\s<>"]*[\w/]           # links
    | [\w.+-]+@[\w-]+(?:\.[\w-]+)+                # addresses
    | (?P<name>[@\#]{_LETTER}{_REST_OF_NAME})     # mentions, hashtags
    | (?:[A-Za-z]\.){{2,}}                        # U.S.
    | [+-]?\d+(?:[.,:/-]\d+)*%?(?=\W|$)           # numbers, times, dates
    | (?P<word>{_LETTER}{_REST_OF_WORD})          # words
    | (?:[.]{{2,}}|!{{2,}}|[?!]{{2,}}|-{{2,}})    # runs of one sign
    """,
    re.VERBOSE,
)

_GOES_ON = {"name": re.compile(_REST_OF_NAME), "word": re.compile(_REST_OF_WORD)}
"""What may follow on a mark or joiner within a token, by the group of `_TOKEN` that it is."""

Token = tuple[int, int]


def tokens_between(text: str, start: int, end: int) -> list[Token]:
    """All tokens that start between two offsets, in order."""
    found = []
    at = _chunk_start(text, start)
    while at < end:
        token = _token_from(text, at)
        if token is None or token[0] >= end:
            break
        if token[1] > start:
            found.append(token)
        at = token[1]
    return found


def token_at(text: str, offset: int) -> Token:
    """The token that covers `offset`; a white space character stands for itself."""
    if offset >= len(text):
        return len(text), len(text)
    if text[offset].isspace():
        return offset, offset + 1
    at = _chunk_start(text, offset)
    while True:
        token = _token_from(text, at)
        if token is None or token[0] > offset:
            return offset, grapheme_end(text, offset)
        if token[0] <= offset < token[1]:
            return token
        at = token[1]


def next_token(text: str, offset: int) -> Token | None:
    """The first token that starts after the one at `offset`."""
    return _token_from(text, max(offset + 1, token_at(text, offset)[1])) if offset < len(text) else None


def previous_token(text: str, offset: int) -> Token | None:
    """The last token that ends at or before `offset`."""
    at = min(offset, len(text))
    while at > 0 and text[at - 1].isspace():
        at -= 1
    return token_at(text, at - 1) if at > 0 else None


def snap(text: str, start: int, end: int) -> Token:
    """The smallest run of whole tokens that covers `start` to `end`, without white space at its edges."""
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    if start >= end:
        return start, start
    return token_at(text, start)[0], token_at(text, end - 1)[1]


def _chunk_start(text: str, offset: int) -> int:
    """Where the chunk without white space around `offset` starts; in a huge one, a cut at a
    multiple of REACH, so that every look finds the same tokens.
    """
    at = offset
    floor = max(0, offset - offset % REACH - REACH)
    while at > floor and not text[at - 1].isspace():
        at -= 1
    if at == floor and floor > 0 and not text[floor - 1].isspace():
        return grapheme_start(text, offset - offset % REACH)
    return at


def _token_from(text: str, at: int) -> Token | None:
    """The first token at or after `at`, which no token crosses."""
    size = len(text)
    while at < size and text[at].isspace():
        at += 1
    if at >= size:
        return None
    limit = min(size, at - at % REACH + REACH)
    whole = min(size, at + REACH)
    # A chunk that crosses the cut ends there only if it is too long to be a word
    stop = at
    while stop < whole and not text[stop].isspace():
        stop += 1
    if stop - at >= REACH:
        stop = max(at + 1, limit)
    match = _TOKEN.match(text, at, stop)
    end = _marked_end(text, match, stop) if match else grapheme_end(text, at)
    return at, max(end, grapheme_end(text, grapheme_start(text, end - 1)))


def _marked_end(text: str, match: re.Match[str], stop: int) -> int:
    """Where a token ends that goes on over the marks on its letters, which are no letters to a regular expression."""
    end = match.end()
    goes_on = _GOES_ON.get(match.lastgroup or "")
    while goes_on is not None and end < stop and is_mark(text[end]):
        more = goes_on.match(text, end + 1, stop)
        end = more.end() if more else end + 1
    return end
