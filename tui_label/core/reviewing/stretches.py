"""What spans of one text and segments of one sound share where they differ: clusters of those that overlap.

`marking` and `timeline` make differences of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import combinations
from typing import TypeVar

from tui_label.core.overlap import Stretch

S = TypeVar("S", bound=Stretch)


def clusters(stretches: Iterable[S], linked: Callable[[S, S], bool]) -> list[list[S]]:
    """Connected components of overlapping stretches that are linked, each in order, by their starts."""
    ordered = sorted(stretches, key=lambda one: (one.start, one.end))
    root = list(range(len(ordered)))

    def find(n: int) -> int:
        while root[n] != n:
            root[n] = n = root[root[n]]
        return n

    for n, one in enumerate(ordered):
        for m in range(n + 1, len(ordered)):
            if ordered[m].start >= one.end:
                break
            if linked(one, ordered[m]):
                low, high = sorted((find(n), find(m)))
                root[high] = low
    found: dict[int, list[S]] = {}
    for n, one in enumerate(ordered):
        found.setdefault(find(n), []).append(one)
    return list(found.values())


def about(readings: Sequence[Sequence[Stretch]], names: Sequence[str], tolerance: float = 0) -> str:
    """What differs between the readings of a cluster."""
    said = {tuple(reading) for reading in readings if reading}
    differs = [name for name in names if len({frozenset(getattr(one, name) for one in some) for some in said}) > 1]
    if any(not same_edges(one, other, tolerance) for one, other in combinations(said, 2)):
        differs.insert(0, "boundary")
    return " and ".join(differs) or "missing"


def same_edges(one: Sequence[Stretch], other: Sequence[Stretch], tolerance: float) -> bool:
    return len(one) == len(other) and all(
        max(abs(a.start - b.start), abs(a.end - b.end)) <= tolerance for a, b in zip(one, other, strict=True)
    )
