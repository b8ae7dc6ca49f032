"""Word and character error rates of one text against another, and errors in tags apart from them.

WER is the fewest words substituted, inserted and deleted that make the hypothesis of the reference, over
the words of the reference (Levenshtein 1966; NIST sclite); CER the same of characters, with one
space between words.  What does not count as different is the project's own: `Review.ignore`.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import astuple, dataclass
from functools import lru_cache

from rapidfuzz.distance import Levenshtein

CASE, PUNCTUATION, TAGS = "case", "punctuation", "tags"

_TAG = re.compile(r"\[[^\[\]\n]*\]")
_INNER = "'-"
"""Signs that stay within a word."""


@dataclass(frozen=True, slots=True)
class Rates:
    """Counts, so that those of many texts can be added; rates follow from them."""

    words: int = 0
    """Of the reference."""
    word_errors: int = 0
    characters: int = 0
    character_errors: int = 0
    substitutions: int = 0
    insertions: int = 0
    deletions: int = 0
    """These three are words."""
    tags: int = 0
    """Of the reference."""
    tag_errors: int = 0
    """The fewest tags inserted, deleted or replaced, whether tags are words or not."""

    @property
    def wer(self) -> float:
        return _rate(self.word_errors, self.words)

    @property
    def cer(self) -> float:
        return _rate(self.character_errors, self.characters)

    def __add__(self, other: Rates) -> Rates:
        return Rates(*map(sum, zip(astuple(self), astuple(other), strict=True)))


def _rate(errors: int, of: int) -> float:
    """Errors over what there was; where there was nothing, 0 for no error and 1 for any."""
    return errors / of if of else float(errors > 0)


def error_rates(
    reference: str,
    hypothesis: str,
    ignore: Sequence[str] = (CASE, PUNCTUATION, TAGS),
    speakers: Sequence[str] = (),
) -> Rates:
    """How far the hypothesis is from the reference; "agent: " at a line's start is no word for the speakers named."""
    said, heard = (normal_words(text, ignore, speakers) for text in (reference, hypothesis))
    edits = Counter(edit.tag for edit in Levenshtein.editops(*_numbered(said, heard)))
    characters = " ".join(said)
    tags, other_tags = _TAG.findall(reference), _TAG.findall(hypothesis)
    return Rates(
        words=len(said),
        word_errors=edits.total(),
        characters=len(characters),
        character_errors=Levenshtein.distance(characters, " ".join(heard)),
        substitutions=edits["replace"],
        insertions=edits["insert"],
        deletions=edits["delete"],
        tags=len(tags),
        tag_errors=Levenshtein.distance(*_numbered(tags, other_tags)),
    )


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
