"""Free text."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from rapidfuzz.distance import Levenshtein

from tui_label.core.item import Item
from tui_label.core.tasks.base import Task
from tui_label.core.text import number_of
from tui_label.core.transcript import Style, refusal


@dataclass(frozen=True)
class Text(Task):
    """The value is a `str`, exactly as typed."""

    min: int = 0
    """Fewest characters."""
    max: int | None = None
    transcript: Style | None = None
    """The project's rules where the text is what is said in a sound."""

    kind: ClassVar[str] = "text"
    options: ClassVar[Mapping[str, tuple[type, ...]]] = {"min": (int,), "max": (int,), "transcript": (Style,)}
    needs_labels: ClassVar[bool] = False
    takes_labels: ClassVar[bool] = False

    def problems(self) -> list[tuple[str, str]]:
        if self.min < 0:
            return [("min", "must be 0 or more")]
        if self.max is not None and self.max < max(1, self.min):
            return [("max", "must be at least 1 and not less than min")]
        return []

    def check(self, value: Any, item: Item) -> str:
        if not isinstance(value, str):
            return f"must be text, not {value!r}"
        if len(value) < self.min:
            return f"needs at least {number_of(self.min, 'character')}"
        if self.max is not None and len(value) > self.max:
            return f"takes at most {number_of(self.max, 'character')}, it has {len(value)}"
        return refusal(self.transcript, value, item.sound.duration if item.sound else None)

    def draft_problem(self, value: Any, item: Item) -> str:
        """A draft of a transcript may break the rules: that is what it is corrected for."""
        if item.sound is None:
            return self.check(value, item)
        return "" if isinstance(value, str) else f"must be text, not {value!r}"

    def is_answered(self, value: Any) -> bool:
        return bool(value) and len(value) >= self.min

    def says(self, value: Any) -> tuple[str, ...]:
        return ()

    def agreement(self, one: Any, other: Any) -> float:
        """As `likeness`; 0 where only one is given."""
        if one is None or other is None:
            return float(one == other)
        return likeness(one, other)


def likeness(one: str, other: str) -> float:
    """1 - the fewest words inserted, deleted or replaced that make one of the other, over those of the longer."""
    return 1.0 if one == other else Levenshtein.normalized_similarity(one.split(), other.split())
