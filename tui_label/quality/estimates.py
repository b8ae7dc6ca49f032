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
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

RESAMPLES = 1000
FEWER = 200
"""Resamples for parts, of which there are many."""
_FEWEST = 200
_CELLS = 3_000_000
"""Resamples times rows that are drawn at most, down to _FEWEST resamples."""
_DEFINED = 0.9
"""An interval is given where the figure is defined in this share of the resamples."""
_NO_WIDTH = 1e-9
"""Where all resamples say the same, as with full agreement, they cannot tell how sure that is."""

NO_PAIRS = "no item has two answers"
NO_ITEMS = "no items"
ONE_LABEL = "only one label was given, so chance alone would agree as often"


class Figure(NamedTuple):
    """One measured value.  What cannot be said is None, and `why` says why."""

    measure: str
    """Its name in JSON."""
    value: float | None
    low: float | None
    high: float | None
    """The ends of the 95 % interval."""
    n: int
    """Items it is computed from."""
    why: str = ""


class Draws(NamedTuple):
    """How items are drawn again: the same seed gives the same intervals."""

    seed: int = 0
    most: int = RESAMPLES

    @property
    def fewer(self) -> Draws:
        return Draws(self.seed, min(self.most, FEWER))


USUAL = Draws()


@dataclass(frozen=True)
class Sample:
    """Items as weighted rows, and the resamples of them; all measures of the same items share the draws."""

    weight: Floats
    """(rows,): how many items look like this row."""
    draws: Draws = USUAL

    @cached_property
    def resampled(self) -> Floats:
        """(resamples, rows): the weights in each resample."""
        return resampled(self.weight, self.draws)

    def figure(self, measure: str, statistic: Callable[[Floats], Floats], n: int, why: str) -> Figure:
        """`statistic` maps weights (…, rows) to values (…); NaN where it is undefined, because of `why`."""
        with np.errstate(divide="ignore", invalid="ignore"):
            value = statistic(self.weight[None])[0] if len(self.weight) else math.nan
            # Drawing is what takes long
            defined = n > 1 and math.isfinite(value)
            return figure(measure, value, statistic(self.resampled) if defined else np.zeros(0), n, why)


def figure(measure: str, value: float, drawn: Floats, n: int, why: str) -> Figure:
    """`value`, with the percentile interval of what was `drawn`; NaN is undefined, because of `why`."""
    if not math.isfinite(value):
        return Figure(measure, None, None, None, n, why)
    told = drawn[np.isfinite(drawn)]
    if n < 2 or len(told) < _DEFINED * len(drawn):
        return Figure(measure, float(value), None, None, n)
    low, high = np.percentile(told, (2.5, 97.5))
    if high - low < _NO_WIDTH:
        return Figure(measure, float(value), None, None, n)
    return Figure(measure, float(value), float(low), float(high), n)


def resampled(weight: Floats, draws: Draws) -> Floats:
    """(resamples, rows): as many items as there are, drawn with replacement."""
    rng = np.random.default_rng(draws.seed)
    rows, items = len(weight), round(float(weight.sum()))
    times = min(draws.most, max(_FEWEST, _CELLS // max(rows, 1)))
    if rows * 5 < items:
        return rng.multinomial(items, weight / items, size=times).astype(np.float64)
    # Nearly every row is one item: drawing the items themselves is faster than a binomial for each row
    row_of_item = np.repeat(np.arange(rows), weight.astype(np.int64))
    drawn = np.empty((times, rows))
    for one in drawn:
        one[:] = np.bincount(row_of_item[rng.integers(0, items, items)], minlength=rows)
    return drawn


def wilson(measure: str, hits: int, n: int) -> Figure:
    """A share with Wilson's score interval (Wilson 1927, JASA 22: 209-212), which holds near 0 and 1 too."""
    if not n:
        return Figure(measure, None, None, None, 0, NO_ITEMS)
    z = 1.959963984540054
    share = hits / n
    middle = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    return Figure(measure, share, max(0.0, middle - half), min(1.0, middle + half), n)


def difference(one: Figure, other: Figure) -> Figure:
    """Of two independent shares with Wilson intervals (Newcombe 1998, method 10)."""
    assert one.value is not None and one.low is not None and one.high is not None
    assert other.value is not None and other.low is not None and other.high is not None
    apart = one.value - other.value
    below = math.sqrt((one.value - one.low) ** 2 + (other.high - other.value) ** 2)
    above = math.sqrt((one.high - one.value) ** 2 + (other.value - other.low) ** 2)
    return Figure("difference", apart, apart - below, apart + above, one.n)
