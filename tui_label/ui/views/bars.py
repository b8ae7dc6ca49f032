"""Numbers as bars of characters."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from math import ceil

from tui_label.ui.canvas import Row

HEIGHTS = "▁▂▃▄▅▆▇█"
EMPTY = "·"


def sparkline(values: Sequence[float]) -> Row:
    """A bar a value, as high as its share of the most; nothing at all is a faint dot."""
    most = max(values, default=0)
    bars = [HEIGHTS[ceil(value / most * len(HEIGHTS)) - 1] if value > 0 else EMPTY for value in values]
    return [("".join(some), "faint" if is_empty else "accent") for is_empty, some in groupby(bars, EMPTY.__eq__)]


def bar(share: float, cells: int) -> str:
    """A bar of `share` (0 to 1) of `cells`, to the half of a cell."""
    halves = max(1, round(share * cells * 2))
    return "━" * (halves // 2) + "╸" * (halves % 2)
