"""Coefficients of answers that are written down as a matrix."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tui_label.quality.coefficients import Table, of_sample, tabulated
from tui_label.quality.estimates import USUAL, Draws, Figure, Sample


def reliability(values: np.ndarray, labels: int) -> Table:
    """The table of an (items, annotators) matrix of label numbers, -1 where there is no answer."""
    item, annotator = np.nonzero(values >= 0)
    return tabulated(item, values[item, annotator].astype(np.int64), np.eye(labels))


def of_table(table: Table, measure: str, draws: Draws = USUAL, values: Sequence[float] = ()) -> Figure:
    return of_sample(table, Sample(table.weight, draws), measure, values)
