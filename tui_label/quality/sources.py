"""How good each source of suggestions is: what was decided about them, and how far they are what was answered.

Precision is the share of what a source suggested that is in the answers, recall the share of what is in the
answers that it suggested: spans with the same start, end and label; labels of choice and choices.  Each
answer of each annotator counts, those to questions that the source never speaks about do not.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tui_label.core.item import Suggestion
from tui_label.core.tasks import Choice, Choices, Spans, Task

Name = tuple[str, str]
"""A source's name and version."""
OUTCOMES = ("accepted", "changed", "rejected", "ignored")


@dataclass(frozen=True, slots=True)
class SourceFigures:
    """What one source came to in one task."""

    source: str
    version: str
    task: str
    outcomes: Mapping[str, int]
    """Suggestions that were on the screen of somebody who answered, by what became of them (`OUTCOMES`)."""
    suggested: int
    """Parts that it suggested where there is an answer: spans, labels."""
    answered: int
    """Parts of those answers."""
    right: int
    """Parts of both."""

    @property
    def shown(self) -> int:
        return sum(self.outcomes.values())

    @property
    def precision(self) -> float | None:
        return self.right / self.suggested if self.suggested else None

    @property
    def recall(self) -> float | None:
        return self.right / self.answered if self.answered else None


@dataclass
class _Sum:
    outcomes: Counter[str] = field(default_factory=Counter)
    suggested: int = 0
    answered: int = 0
    right: int = 0
    speaks: bool = False


class Sources:
    """Figures that grow answer by answer."""

    def __init__(self, tasks: Iterable[Task]) -> None:
        self._tasks = tuple(tasks)
        self._sums: dict[tuple[Name, str], _Sum] = defaultdict(_Sum)

    def take(
        self,
        answers: Mapping[str, Any],
        decisions: Mapping[int, str],
        suggestions: Mapping[Any, tuple[Suggestion, ...]],
    ) -> None:
        """One answer, what its annotator decided, and what each source (name and version) suggested."""
        for (name, version), said in suggestions.items():
            for task in self._tasks:
                mine = [one for one in said if one.task == task.id]
                total = self._sums[(name, version), task.id]
                total.speaks |= bool(mine)
                total.outcomes.update(decisions[one.number] for one in mine if one.number in decisions)
                if task.id in answers and isinstance(task, Choice | Choices | Spans):
                    here = {part for one in mine for part in _parts(one.value)}
                    there = _parts(answers[task.id])
                    total.suggested += len(here)
                    total.answered += len(there)
                    total.right += len(here & there)

    def figures(self) -> list[SourceFigures]:
        """By source in the order of their coming, then by task."""
        return [
            SourceFigures(
                *name,
                task,
                total.outcomes,
                total.suggested,
                total.answered,
                total.right,
            )
            for (name, task), total in self._sums.items()
            if total.speaks
        ]


def _parts(value: Any) -> set[Hashable]:
    """A choice's label, the labels of choices, spans by start, end and label."""
    if isinstance(value, list):
        return {part for one in value for part in _parts(one)}
    if isinstance(value, dict):
        return {(value["start"], value["end"], value["label"])}
    return {value} if value is not None else set()
