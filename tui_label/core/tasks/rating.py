"""A number on a scale."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from tui_label.core.item import Item
from tui_label.core.tasks.base import Task


@dataclass(frozen=True)
class Rating(Task):
    """The value is an `int` from `min` to `max`; `low` and `high` say what the ends mean."""

    min: int = 1
    max: int = 5
    low: str = ""
    high: str = ""

    kind: ClassVar[str] = "rating"
    options: ClassVar[Mapping[str, tuple[type, ...]]] = {"min": (int,), "max": (int,), "low": (str,), "high": (str,)}
    needs_labels: ClassVar[bool] = False
    takes_labels: ClassVar[bool] = False

    def problems(self) -> list[tuple[str, str]]:
        if not 0 <= self.min < self.max <= 10:
            return [("max", "a scale lies within 0 and 10, and min is less than max")]
        if self.max - self.min > 9:
            return [("max", "a scale has at most ten steps, one for each digit key")]
        return []

    @property
    def one_key(self) -> bool:
        return True

    @property
    def values(self) -> tuple[str, ...]:
        return tuple(str(step) for step in range(self.min, self.max + 1))

    def fits(self, value: Any) -> bool:
        return isinstance(value, int) and not isinstance(value, bool)

    def check(self, value: Any, item: Item) -> str:
        if not isinstance(value, int) or isinstance(value, bool):
            return f"must be a whole number, not {value!r}"
        if not self.min <= value <= self.max:
            return f"{value} is not between {self.min} and {self.max}"
        return ""

    def agreement(self, one: Any, other: Any) -> float:
        """1 for the same step, 0 for the two ends of the scale, linear between."""
        if one is None or other is None:
            return float(one == other)
        return 1 - abs(float(one) - float(other)) / (self.max - self.min)
