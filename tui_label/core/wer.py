"""How far one text is from another: the word error rate, and what of a draft was kept.

WER is the fewest words substituted, inserted and deleted that make the hypothesis of the reference, over
the words of the reference (Levenshtein 1966; NIST sclite).  What does not count as different is the project's
own: `Review.ignore`.  In a draft each word counts as it stands.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from rapidfuzz.distance import Levenshtein

CASE, PUNCTUATION, TAGS = "case", "punctuation", "tags"

_TAG = re.compile(r"\[[^\[\]\n]*\]")
_INNER = "'-"
"""Signs that stay within a word."""


def error_rate(
    reference: str,
    hypothesis: str,
    ignore: Sequence[str] = (CASE, PUNCTUATION, TAGS),
    speakers: Sequence[str] = (),
) -> float:
    """How far the hypothesis is from the reference: where that has no words, 0 for none and 1 for any.

    "agent: " at a line's start is no word for the speakers named.
    """
    said, heard = (normal_words(text, ignore, speakers) for text in (reference, hypothesis))
    errors = Levenshtein.distance(*_numbered(said, heard))
    return errors / len(said) if said else float(errors > 0)


@dataclass(frozen=True, slots=True)
class Edits:
    """How far a text is from its draft."""

    words: int
    """Words inserted, deleted or replaced: the fewest that make the text of the draft."""
    characters: int
    kept: int
    """Words of the draft that stand in the text: the most that so few edits can keep."""
    of: int
    """Words of the draft."""


def edits(draft: str, text: str) -> Edits:
    """How far `text` is from the draft it began as."""
    source, target = _numbered(draft.split(), text.split())
    # Of the ways with the fewest edits the one with the fewest replacements keeps the most words
    unit = max(len(source), len(target)) + 1
    distance, replaced = divmod(Levenshtein.distance(source, target, weights=(unit, unit, unit + 1)), unit)
    kept = (len(source) + len(target) - distance - replaced) // 2
    return Edits(distance, Levenshtein.distance(draft, text), kept, len(source))


def _numbered(*texts: list[str]) -> list[list[int]]:
    """Equal words by number: the distance compares hashes."""
    numbers: dict[str, int] = {}
    return [[numbers.setdefault(word, len(numbers)) for word in words] for words in texts]


def normal_words(text: str, ignore: Sequence[str], speakers: Sequence[str] = ()) -> list[str]:
    """The words that are compared.

    `case`: folded; `punctuation`: left out (a dash or slash parts words), but for the apostrophe and the hyphen
    within a word;
    `tags`: what stands in square brackets is left out, else each is one word.
    """
    if speakers:
        text = _prefix(tuple(speakers)).sub("", text)
    words: list[str] = []
    at = 0
    for tag in _TAG.finditer(text):
        words += _spoken(text[at : tag.start()], ignore)
        if TAGS not in ignore:
            words.append(tag.group().casefold() if CASE in ignore else tag.group())
        at = tag.end()
    return words + _spoken(text[at:], ignore)


def _spoken(text: str, ignore: Sequence[str]) -> list[str]:
    if CASE in ignore:
        text = text.casefold()
    text = unicodedata.normalize("NFC", text)
    if PUNCTUATION in ignore:
        words = (word.strip(_INNER) for word in text.translate(_plain).split())
        return [word for word in words if word]
    return text.split()


class _Plain(dict[int, str]):
    """What each character becomes where punctuation does not count; found out when it is first met."""

    def __missing__(self, code: int) -> str:
        char = chr(code)
        plain = char
        if char in "’ʼ":
            plain = "'"
        elif char in "‐‑":
            plain = "-"
        elif char in "/…" or (char not in _INNER and unicodedata.category(char) == "Pd"):
            plain = " "
        elif char not in _INNER and unicodedata.category(char).startswith("P"):
            plain = ""
        self[code] = plain
        return plain


_plain = _Plain()


@lru_cache(64)
def _prefix(speakers: tuple[str, ...]) -> re.Pattern[str]:
    names = "|".join(map(re.escape, sorted(speakers, key=len, reverse=True)))
    return re.compile(rf"^(?:{names}):(?=\s|\Z)", re.MULTILINE)
