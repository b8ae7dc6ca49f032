"""What two stretches of a text or a sound have in common, by their ends alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol

TOLERANCE_S = 0.05 + 1e-9
"""Edges in a sound this near to each other are the same edge: nobody marks it more exactly.  A hair more, for floats."""


class Stretch(Protocol):
    @property
    def start(self) -> float: ...
    @property
    def end(self) -> float: ...


def shared(one: Stretch, other: Stretch) -> float:
    """Length of what two stretches have in common; 0 or less where that is nothing."""
    return min(one.end, other.end) - max(one.start, other.start)


def similarity(one: Stretch, other: Stretch) -> float:
    """Intersection over union, 0 or less where they are apart."""
    return shared(one, other) / (max(one.end, other.end) - min(one.start, other.start))


def are_near(one: Stretch, other: Stretch) -> bool:
    """Whether two stretches of a sound have the same edges."""
    return max(abs(one.start - other.start), abs(one.end - other.end)) <= TOLERANCE_S


def are_rivals(one: Stretch, other: Stretch, named_alike: bool) -> bool:
    """Whether two that may lie on each other can be meant for the same thing: by name, or with more than half of their
    union in common.
    """
    return named_alike or similarity(one, other) > 0.5


def meeting(some: Sequence[Stretch], others: Sequence[Stretch]) -> Iterator[tuple[int, int]]:
    """The places of every two that have something in common; both stand in the order of their starts.

    Not all beside all: of an hour's speech there are thousands.
    """
    begin = 0
    for n, one in enumerate(some):
        while begin < len(others) and others[begin].end <= one.start:
            begin += 1
        for m in range(begin, len(others)):
            if others[m].start >= one.end:
                break
            if others[m].end > one.start:
                yield n, m
