"""Text as the annotator sees it: graphemes, cells, and control characters made visible.

Offsets are always code points of the stored text; cells exist only on the way to
the screen.  Nothing here knows about labels.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

from wcwidth import iter_graphemes, wcswidth

WINDOW = 256
"""Code points looked at around an offset: no grapheme worth keeping whole is longer."""
DRAWN_MARKS = 4
"""Code points of one cluster that are sent to the terminal; 200 marks on a letter choke it."""
TAB_CELLS = 4
ALIKE = 0.65
"""Of 1: words that are less alike are taken for others, not for slips of the keys."""

_UNSAFE = re.compile(
    "["
    "\x00-\x1f\x7f-\x9f"  # C0, DEL, C1
    "\u00ad\u061c\u180e"  # soft hyphen, Arabic letter mark, Mongolian vowel separator
    "\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"  # zero width, bidi, separators
    "\ud800-\udfff"  # lone surrogates
    "\ue000-\uf8ff\ufdd0-\ufdef\ufffe\uffff"  # private use, noncharacters
    "\U000e0000-\U000e007f"  # tags
    "\U000f0000-\U0010ffff"  # private planes
    "]"
)
_PLAIN = re.compile("[\x20-\x7e]*")
_NAMES = {0xAD: "-", 0x200B: "·", 0xFEFF: "·", 0x2060: "·", 0x2028: "↓", 0x2029: "¶"}


class Glyph(NamedTuple):
    """One grapheme cluster: where it is in the text, how wide it is, what is drawn."""

    start: int
    end: int
    cells: int
    picture: str


def picture(char: str) -> str:
    """A visible stand-in, one cell wide, for a character that a terminal would obey or hide."""
    code = ord(char)
    if code < 0x20:
        return chr(0x2400 + code)
    if code == 0x7F:
        return "\u2421"
    if code in _NAMES:
        return _NAMES[code]
    if 0x202A <= code <= 0x202E or 0x2066 <= code <= 0x2069 or code in (0x200E, 0x200F, 0x061C):
        return "↔"
    return "�"


def letters(count: int) -> tuple[str, ...]:
    """A, B, C … in place of names; after Z comes A1."""
    return tuple(chr(ord("A") + n % 26) + str(n // 26 or "") for n in range(count))


def number_of(count: int, noun: str) -> str:
    """`1 item`, `1,200 items`."""
    return f"{count:,} {noun}{'s' * (count != 1)}"


def visible(text: str) -> str:
    """`text` on one line with nothing in it that a terminal would obey."""
    return _UNSAFE.sub(lambda found: picture(found.group()), text)


def shortened(text: str, cells: int) -> str:
    """`text` made visible, in so many cells at most: what is cut off ends with an ellipsis."""
    text = visible(text)
    if wcswidth(text) <= cells:
        return text
    # By halves: a whole document may stand where a name was expected
    stop = bisect_left(range(1, len(text) + 1), True, key=lambda n: wcswidth(text[:n]) >= cells)
    return f"{text[:stop]}…"


def fitted(text: str, cells: int) -> str:
    """A cell of a table that is so wide: `text` cut or filled up, with a space behind it."""
    short = shortened(text, cells - 1)
    return short + " " * (cells - wcswidth(short))


def is_unsafe(char: str) -> bool:
    return _UNSAFE.match(char) is not None


def is_mark(char: str) -> bool:
    """Whether it is part of a word without being a letter: a mark on one, a joiner."""
    return char in "\u200c\u200d" or unicodedata.category(char)[0] == "M"


def glyphs(text: str, start: int, end: int) -> list[Glyph]:
    """The glyphs of `text[start:end]`, both grapheme boundaries; line ends are not drawn."""
    return list(each_glyph(text, start, end))


def each_glyph(text: str, start: int, end: int) -> Iterator[Glyph]:
    """The same one after the other, for who may stop long before the end."""
    at = start
    while at < end:
        plain = _PLAIN.match(text, at, end)
        assert plain is not None
        # The last plain character may carry a combining mark: it is left to the slow way
        stop = plain.end() if plain.end() == end else max(at, plain.end() - 1)
        for n in range(at, stop):
            yield Glyph(n, n + 1, 1, text[n])
        at = stop
        if at < end:
            for cluster in iter_graphemes(text[at:end]):
                after = at + len(cluster)
                yield Glyph(at, after, *_drawn(cluster))
                at = after
                if at < end and cluster == " ":
                    break


@lru_cache(8192)
def _drawn(cluster: str) -> tuple[int, str]:
    """Width in cells and picture of one cluster."""
    if cluster == "\t":
        return TAB_CELLS, "→" + " " * (TAB_CELLS - 1)
    if cluster == "\r\n" or is_unsafe(cluster[0]):
        return 1, picture(cluster[0])
    drawn = cluster
    if len(cluster) > 2 and "\u200d" not in cluster:
        drawn = cluster[: DRAWN_MARKS + 1]
    drawn = "".join(picture(char) if is_unsafe(char) and char != "\u200d" else char for char in drawn)
    size = wcswidth(drawn)
    if size <= 0:
        # A mark or joiner on its own: shown on a base of its own
        return 1, "◌" + drawn if size == 0 and drawn.strip("\u200c\u200d\ufe0e\ufe0f") else "·"
    return size, drawn


def grapheme_end(text: str, offset: int) -> int:
    """Where the grapheme that starts at `offset` ends."""
    if offset >= len(text):
        return len(text)
    return offset + len(next(iter_graphemes(text[offset : offset + WINDOW])))


def grapheme_start(text: str, offset: int) -> int:
    """Where the grapheme that contains `offset` starts."""
    if offset <= 0 or (text[offset - 1 : offset + 1].isascii() and text[offset - 1 : offset + 1] != "\r\n"):
        return max(0, offset)
    begin = _safe_start(text, offset)
    for start, end in _clusters(text, begin, min(len(text), offset + WINDOW)):
        if start <= offset < end:
            return start
    return offset


def _safe_start(text: str, offset: int) -> int:
    """A grapheme boundary before `offset` that needs no look further back: after plain ASCII."""
    begin = offset
    while begin > max(0, offset - WINDOW):
        begin -= 1
        if " " <= text[begin] < "\x7f" and begin < offset:
            return begin
    return begin


def _clusters(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    for cluster in iter_graphemes(text[start:end]):
        yield start, start + len(cluster)
        start += len(cluster)


def nearest(word: str, known: Sequence[str]) -> str:
    """Which of these was probably meant; empty where none is like it."""
    import difflib

    return next(iter(difflib.get_close_matches(word, known, 1, ALIKE)), "")
