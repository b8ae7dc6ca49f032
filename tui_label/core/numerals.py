"""English numbers as they are said and as they are written: where a text has them, and each in the other way."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

_SMALL = (
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
    "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
)  # fmt: skip
_TENS = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_SCALES = {"thousand": 10**3, "million": 10**6, "billion": 10**9}
_VALUES = {"a": 1, **{word: n for n, word in enumerate(_SMALL)}, **{word: 10 * n for n, word in enumerate(_TENS, 2)}}
_ORDINALS = (
    "first|second|thirds?|fourths?|fifths?|sixths?|sevenths?|eighths?|ninths?|tenths?|elevenths?|twelfths?|"
    "[a-z]+teenths?|[a-z]+tieths?|hundredths?|thousandths?|millionths?|billionths?"
)

_WRITTEN = re.compile(r"\d[\d,.:]*\d|\d")
_SAYABLE = re.compile(r"0|[1-9][0-9]{0,5}|[1-9][0-9]{0,2},[0-9]{3}")
_BEFORE = frozenset("([{\"'“‘«¿¡—–…\0")
_AFTER = frozenset(".,;:!?)]}\"'”’»—–…\0")
"""What a number on its own may touch; `\\0` stands where nothing is said."""

_GAP = r"(?:[^\S\n]+|-)"
_WORD = rf"(?:{'|'.join([*_SMALL, *_TENS, 'hundred', *_SCALES])})(?!\w)"
_AND = rf"(?:(?<=hundred)|(?<=thousand)|(?<=million)|(?<=billion)){_GAP}and{_GAP}"
_SPOKEN = re.compile(
    rf"(?<!\w)(?:(?<!half )a[^\S\n]+(?=(?:hundred|thousand|million|billion)(?!\w)))?{_WORD}"
    rf"(?:(?:{_AND}|{_GAP}point{_GAP}|{_GAP}){_WORD})*"
)
_ORDINAL = re.compile(rf"(?:{_GAP}and)?{_GAP}(?:{_ORDINALS})(?!\w)")
_LETTERS = re.compile("[a-z]+")
_ASCII_LOWER = {upper: upper + 32 for upper in range(ord("A"), ord("Z") + 1)}


class Number(NamedTuple):
    """A number between two code points of a text."""

    start: int
    end: int
    other: str | None
    """The same in words or in digits; None where only a person can tell."""


def written(text: str) -> Iterator[Number]:
    """Numbers in digits."""
    for run in _WRITTEN.finditer(text):
        sayable = _SAYABLE.fullmatch(run.group()) and _stands_alone(text, run.start(), run.end())
        yield Number(run.start(), run.end(), _in_words(int(run.group().replace(",", ""))) if sayable else None)


def _stands_alone(text: str, start: int, end: int) -> bool:
    """A number on its own, not a piece of "UA12", "5th", "$5" or "3/4"."""
    before, after = text[start - 1 : start], text[end : end + 1]
    return (before in _BEFORE or not before.strip()) and (after in _AFTER or not after.strip())


def spelled_out(text: str) -> Iterator[Number]:
    """Numbers in words."""
    # Only A-Z: lower() may change the length
    folded = text.translate(_ASCII_LOWER)
    for run in _SPOKEN.finditer(folded):
        parts = [list(_LETTERS.finditer(folded, run.start(), run.end()))]
        if _value(parts[0]) is None:
            several = _between_ands(parts[0])
            parts = parts if any(_value(part) is None for part in several) else several
        ordinal = _ORDINAL.match(folded, run.end())
        for part in parts:
            words = {word.group() for word in part}
            # "one" is a pronoun too, and "a few hundred" has no digits
            if words != {"one"} and not words <= {"hundred", *_SCALES}:
                value = None if ordinal and part is parts[-1] else _value(part)
                yield Number(part[0].start(), part[-1].end(), None if value is None else str(value))


def _between_ands(words: list[re.Match[str]]) -> list[list[re.Match[str]]]:
    parts: list[list[re.Match[str]]] = [[]]
    for word in words:
        if word.group() == "and":
            parts.append([])
        else:
            parts[-1].append(word)
    return parts


def _value(words: list[re.Match[str]]) -> int | None:
    """The number these words spell; None if it is not one number, as in "nineteen eighty four"."""
    total = group = 0
    scale = 10**12
    room = 100  # what may follow is less than this
    joined = False  # by "and": no hundreds follow
    for found in words:
        word = found.group()
        if word == "zero":
            return 0 if len(words) == 1 else None
        if word == "and":
            joined = True
        elif word == "hundred":
            if joined or not 0 < group < 100 or group % 10 == 0:
                return None
            group, room = group * 100, 100
        elif word in _SCALES:
            if not 0 < group < 1000 or _SCALES[word] >= scale:
                return None
            scale = _SCALES[word]
            total, group, room, joined = total + group * scale, 0, 100, False
        elif word in _VALUES and _VALUES[word] < room:
            group += _VALUES[word]
            room = 10 if _VALUES[word] >= 20 else 0
        else:
            return None
        if group >= scale:
            return None
    return total + group


def _in_words(number: int) -> str:
    """0 to 999,999 as it is said: "three hundred and five"."""
    thousands, rest = divmod(number, 1000)
    if not thousands:
        return _below_thousand(rest)
    words = f"{_below_thousand(thousands)} thousand"
    if not rest:
        return words
    return f"{words} {'and ' if rest < 100 else ''}{_below_thousand(rest)}"


def _below_thousand(number: int) -> str:
    hundreds, rest = divmod(number, 100)
    tens, ones = divmod(rest, 10)
    words = _SMALL[rest] if rest < 20 else _TENS[tens - 2] + (f" {_SMALL[ones]}" if ones else "")
    if not hundreds:
        return words
    return f"{_SMALL[hundreds]} hundred" + (f" and {words}" if rest else "")
