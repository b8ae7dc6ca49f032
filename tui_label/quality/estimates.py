"""A figure with its 95 % interval, and how the interval is made.

Intervals come from the bootstrap (Efron & Tibshirani 1993, *An Introduction to the
Bootstrap*, ch. 13, the percentile interval): items are drawn again with replacement,
never single answers, since the answers about one item hang together.  Items that look
alike are one row with a weight, so that a draw is one multinomial over few rows.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

RESAMPLES = 1000
_FEWEST = 200
_CELLS = 4_000_000
"""Resamples times rows that are drawn at most, down to _FEWEST resamples."""
_DEFINED = 0.9
"""An interval is given where the figure is defined in this share of the resamples."""

NO_PAIRS = "no item has two answers"
NO_ITEMS = "no items"
ONE_LABEL = "only one label was given, so chance alone would agree as often"


class Figure(NamedTuple):
    """One measured value.  What cannot be said is None, and `why` says why."""

    measure: str
    """The measure's name in JSON; `MEASURES` has its words."""
    value: float | None
    low: float | None
    high: float | None
    """The ends of the 95 % interval."""
    n: int
    """Items it is computed from."""
    why: str = ""


@dataclass(frozen=True)
class Sample:
    """Items as weighted rows, and the resamples of them; all measures of the same items share the draws."""

    weight: Floats
    """(rows,): how many items look like this row."""
    seed: int = 0

    @cached_property
    def resampled(self) -> Floats:
        """(resamples, rows): the weights in each resample."""
        return resampled(self.weight, self.seed)

    def figure(self, measure: str, statistic: Callable[[Floats], Floats], n: int, why: str) -> Figure:
        """`statistic` maps weights (…, rows) to values (…); NaN where it is undefined, because of `why`."""
        if not len(self.weight):
            return Figure(measure, None, None, None, n, why)
        with np.errstate(divide="ignore", invalid="ignore"):
            value = float(statistic(self.weight[None])[0])
            if not math.isfinite(value):
                return Figure(measure, None, None, None, n, why)
            if n < 2:
                return Figure(measure, value, None, None, n)
            drawn = statistic(self.resampled)
        drawn = drawn[np.isfinite(drawn)]
        if len(drawn) < _DEFINED * len(self.resampled):
            return Figure(measure, value, None, None, n)
        low, high = np.percentile(drawn, (2.5, 97.5))
        return Figure(measure, value, float(low), float(high), n)


def resampled(weight: Floats, seed: int) -> Floats:
    """(resamples, rows): as many items as there are, drawn with replacement; the same for the same seed."""
    rng = np.random.default_rng(seed)
    rows, items = len(weight), round(float(weight.sum()))
    draws = max(_FEWEST, min(RESAMPLES, _CELLS // max(rows, 1)))
    if rows * 8 < items:
        return rng.multinomial(items, weight / items, size=draws).astype(np.float64)
    # Nearly every row is one item: drawing the items themselves is faster than a binomial for each row
    row_of_item = np.repeat(np.arange(rows), weight.astype(np.int64))
    drawn = np.empty((draws, rows))
    for one in drawn:
        one[:] = np.bincount(row_of_item[rng.integers(0, items, items)], minlength=rows)
    return drawn


def ratio(
    measure: str, over: NDArray[Any], under: NDArray[Any], seed: int, why: str, n: int | None = None, scale: float = 1.0
) -> Figure:
    """Sum over sum: `over` and `under` are (items,), and only items with something under the line are drawn.

    `n` says on how many items it rests, where that is not those with something under the line.
    """
    told = under > 0
    rows, weight = np.unique(np.stack((over[told], under[told]), axis=1).astype(np.float64), axis=0, return_counts=True)
    sample = Sample(weight.astype(np.float64), seed)
    return sample.figure(
        measure,
        lambda weights: scale * (weights @ rows[:, 0]) / (weights @ rows[:, 1]),
        int(told.sum()) if n is None else n,
        why,
    )


def wilson(measure: str, hits: int, n: int, why: str = NO_ITEMS) -> Figure:
    """A share with Wilson's score interval (Wilson 1927, JASA 22: 209-212), which holds near 0 and 1 too."""
    if not n:
        return Figure(measure, None, None, None, 0, why)
    z = 1.959963984540054
    share = hits / n
    middle = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    return Figure(measure, share, max(0.0, middle - half), min(1.0, middle + half), n)
