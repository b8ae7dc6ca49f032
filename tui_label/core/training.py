"""Training on known answers: how an answer scores against the right one, and what is told of it.

The score of an item is the mean of `Task.agreement` over the questions that the
known answer answers; that of a set is the mean over its items.  Nothing here
knows where answers are kept.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tui_label.core.item import Item
from tui_label.core.moments import edges
from tui_label.core.tasks import Choices, Segments, Spans, Task, fitting

SLACK = 1e-9
"""Means of floats do not always come to what they should."""


@dataclass(frozen=True, slots=True)
class Marked:
    """One question of an item, and how it was answered."""

    task: Task
    given: Any
    """In the JSON shape of the task; None where nothing was answered."""
    known: Any
    agreement: float
    """From 0 to 1."""

    @property
    def is_right(self) -> bool:
        return self.agreement > 1 - SLACK


@dataclass(frozen=True, slots=True)
class Feedback:
    """What is told after one answer of the qualification set."""

    item: Item
    place: int
    """How many of the set are answered with this one."""
    of: int
    marks: tuple[Marked, ...]


@dataclass(frozen=True, slots=True)
class Briefing:
    """What is told before an attempt at the set."""

    items: int
    pass_mark: float
    attempt: int
    """1 is the first."""
    attempts: int


@dataclass(frozen=True, slots=True)
class Score:
    """What an attempt came to."""

    right: float
    """Sum of the items' scores."""
    of: int
    pass_mark: float
    attempt: int
    attempts: int

    @property
    def share(self) -> float:
        return self.right / self.of if self.of else 0.0

    @property
    def passed(self) -> bool:
        return self.share > self.pass_mark - SLACK

    @property
    def is_last(self) -> bool:
        return self.attempt >= self.attempts


@dataclass(frozen=True, slots=True)
class UsedUp:
    """All attempts were made and none was passed."""

    shares: tuple[float, ...]
    """Of each attempt, from 0 to 1."""
    pass_mark: float


def marked(tasks: Sequence[Task], answers: Mapping[str, Any], known: Mapping[str, Any]) -> tuple[Marked, ...]:
    """Each question that `known` answers, in the project's order, beside what `answers` says to it."""
    given, known = fitting(tasks, answers), fitting(tasks, known)
    return tuple(
        Marked(task, given.get(task.id), known[task.id], _agreement(task, given.get(task.id), known[task.id]))
        for task in tasks
        if task.id in known
    )


def _agreement(task: Task, given: Any, known: Any) -> float:
    # Where a question was not asked after another answer, nothing given agrees with nothing known only
    if given is None and not isinstance(task, Spans | Segments | Choices):
        return float(known is None)
    return task.agreement(given, known)


def score(marks: Sequence[Marked]) -> float:
    """Of one item, from 0 to 1; 1 where nothing is known of it."""
    return sum(mark.agreement for mark in marks) / len(marks) if marks else 1.0


def pieces(task: Task, value: Any, item: Item) -> tuple[str, ...]:
    """What an answer says, piece by piece: a span, a segment, a label each; nothing where it says nothing."""
    if value is None or value == "":
        return ()
    if isinstance(task, Spans):
        return tuple(f"“{item.text[one['start'] : one['end']]}” {one['label']}" for one in value)
    if isinstance(task, Segments):
        return tuple(_segment(one) for one in value)
    if task.kind == "compare" and isinstance(value, list):
        return (" > ".join(value),)
    return tuple(map(str, value)) if isinstance(value, list) else (str(value),)


def _segment(one: Mapping[str, Any]) -> str:
    named = [str(one[name]) for name in ("label", "speaker", "text") if one.get(name)]
    return " ".join([edges(one["start"], one["end"]), *named])
