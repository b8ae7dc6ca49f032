"""Finding words and same mentions, with offsets of the text itself.

Upper and lower case may differ in length (ß, İ), so a lower-cased copy is never
searched: the needle's case variants are looked for in the text as it is.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from typing import TypeVar

from tui_label.core.text.tokens import token_at

T = TypeVar("T")


@lru_cache(32)
def _pattern(needle: str) -> re.Pattern[str]:
    variants = {needle, needle.lower(), needle.upper(), needle.casefold()}
    variants |= {variant.replace("ss", "ß") for variant in variants}
    ordered = sorted(variants, key=lambda variant: (-len(variant), variant))
    return re.compile("|".join(re.escape(variant) for variant in ordered), re.IGNORECASE)


def find_all(text: str, needle: str, limit: int = 1000) -> list[tuple[int, int]]:
    """Up to `limit` places of `needle`, upper and lower case alike."""
    return find_between(text, needle, 0, len(text), limit)


def find_between(text: str, needle: str, start: int, end: int, limit: int = 1000) -> list[tuple[int, int]]:
    if not needle:
        return []
    found = []
    for match in _pattern(needle).finditer(text, start, end):
        found.append(match.span())
        if len(found) == limit:
            break
    return found


def find_next(text: str, needle: str, offset: int) -> tuple[int, int] | None:
    """The first place after `offset`, from the top again if there is none."""
    after = find_between(text, needle, min(offset + 1, len(text)), len(text), 1)
    found = after or find_between(text, needle, 0, len(text), 1)
    return found[0] if found else None


def find_previous(text: str, needle: str, offset: int) -> tuple[int, int] | None:
    """The last place before `offset`, from the end again if there is none."""
    if not needle:
        return None
    places = [match.span() for match in _pattern(needle).finditer(text)]
    before = [place for place in places if place[0] < offset]
    found = before or places
    return found[-1] if found else None


def which(number: int, count: int) -> str:
    """What is said at a place that was gone to: which it is of how many, and the keys to the others."""
    if count == 1:
        return "the only place"
    return f"place {number:,} of {count:,}: {{find.next}} next, {{find.previous}} previous"


def same_mentions(text: str, start: int, end: int) -> list[tuple[int, int]]:
    """Other places of exactly `text[start:end]` that begin and end where tokens do."""
    mention = text[start:end]
    if not mention.strip():
        return []
    found = []
    at = text.find(mention)
    while at >= 0:
        last = at + len(mention)
        if at != start and token_at(text, at)[0] == at and token_at(text, last - 1)[1] == last:
            found.append((at, last))
        at = text.find(mention, last)
    return found


def called(typed: str, things: Iterable[T], names: Callable[[T], Sequence[str]]) -> list[T]:
    """Things with all words of `typed` in their names: first what is called just so, then what begins so, then
    what has words that do.
    """
    whole = typed.strip()
    folded = whole.casefold()
    words = folded.split()

    def rank(thing: T) -> int:
        lower = [name.casefold() for name in names(thing)]
        begins = any(name.startswith(folded) for name in lower)
        has_words = all(re.search(rf"\b{re.escape(word)}", " ".join(lower)) for word in words)
        return (whole in names(thing), folded in lower, begins, has_words, True).index(True)

    found = [one for one in things if all(word in " ".join(names(one)).casefold() for word in words)]
    return sorted(found, key=rank)
