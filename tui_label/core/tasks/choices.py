"""Any number of labels, in the order of the project."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from tui_label.core.item import Item
from tui_label.core.tasks.base import Task, are_labels


@dataclass(frozen=True)
class Choices(Task):
    """The value is a list of labels, `[str]`; an empty list says "none of them"."""

    min: int = 0
    max: int | None = None

    kind: ClassVar[str] = "choices"
    options: ClassVar[Mapping[str, tuple[type, ...]]] = {"min": (int,), "max": (int,)}

    def problems(self) -> list[tuple[str, str]]:
        if not 0 <= self.min <= len(self.labels):
            return [("min", f"must be between 0 and the {len(self.labels)} labels there are")]
        if self.max is not None and not max(1, self.min) <= self.max:
            return [("max", "must be at least 1 and not less than min")]
        return []

    def fits(self, value: Any) -> bool:
        return are_labels(value)

    def check(self, value: Any, item: Item) -> str:
        if not isinstance(value, list):
            return f"must be a list of labels, not {value!r}"
        for one in value:
            if one not in self.values:
                return self.unknown(one)
        if len(set(value)) < len(value):
            return "names a label twice"
        if len(value) < self.min:
            return f"needs at least {self.min} labels"
        if self.max is not None and len(value) > self.max:
            return f"takes at most {self.max} labels"
        return ""

    def is_answered(self, value: Any) -> bool:
        return self.min == 0 or (value is not None and len(value) >= self.min)

    def toggled(self, value: list[str] | None, label: str) -> list[str]:
        """`value` with `label` put in or taken out, in the project's order."""
        now = set(value or []) ^ {label}
        return [one for one in self.values if one in now]

    def ordered(self, value: Collection[str]) -> list[str]:
        """`value` in the project's order, labels that it has no more at the end."""
        return [*(one for one in self.values if one in value), *sorted(set(value) - set(self.values))]

    def kept(self, value: Any, item: Item) -> Any:
        return self.ordered(value)

    def agreement(self, one: Any, other: Any) -> float:
        """Jaccard similarity of the two sets (Jaccard 1912)."""
        a, b = set(one or []), set(other or [])
        return len(a & b) / len(a | b) if a | b else 1.0
