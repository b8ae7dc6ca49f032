"""What every task type has in common: its labels, when it is asked, what a valid value is.

A task type is one frozen dataclass in a file of its own.  Its `options` name the
keys it takes in project.yaml beyond the common ones; values are always in the
JSON shape that is stored and exported.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from tui_label.core.item import Item
from tui_label.core.keepable import is_json


def renamed(value: Any, names: Mapping[str, str]) -> Any:
    """A task's value, which may be anything, with other names for its labels; parts that became one are there once."""
    if isinstance(value, str):
        return names.get(value, value)
    if isinstance(value, list):
        return [renamed(value[n], names) for n in places_left(value, names)]
    if isinstance(value, dict):
        return {**value, "label": renamed(value["label"], names)} if "label" in value else value
    return value


def places_left(value: list[Any], names: Mapping[str, str]) -> list[int]:
    """The places of a value's parts that stay under other names: of those that become one, the first."""
    now = [renamed(part, names) for part in value]
    if now == value:
        return list(range(len(value)))
    first: dict[str, Any] = {}
    return [n for n, part in enumerate(value) if first.setdefault(_likeness(now[n]), part) == part]


def _likeness(part: Any) -> str:
    """The same text for what is the same."""
    return repr(sorted(map(repr, part.items())) if isinstance(part, dict) else part)


@dataclass(frozen=True, slots=True)
class Label:
    """One possible answer, the key that gives it and how it is told apart."""

    value: str
    key: str = ""
    color: str = ""
    help: str = ""
    was: tuple[str, ...] = ()
    """Earlier names, whose answers it carries on."""


@dataclass(frozen=True)
class Task:
    """One question about an item."""

    id: str
    ask: str = ""
    labels: tuple[Label, ...] = ()
    required: bool = True
    when: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Asked only where each named earlier task has one of these labels."""
    help: str = ""

    kind: ClassVar[str] = ""
    options: ClassVar[Mapping[str, tuple[type, ...]]] = {}
    """project.yaml keys of this type alone, and the Python types each may have."""
    needs_labels: ClassVar[bool] = True
    takes_labels: ClassVar[bool] = True

    @property
    def values(self) -> tuple[str, ...]:
        return tuple(label.value for label in self.labels)

    @property
    def one_key(self) -> bool:
        """Whether a single key can finish the answer."""
        return False

    @property
    def renames(self) -> dict[str, str]:
        """Earlier names of labels, and what each is called now; not those that are in use again."""
        return {old: label.value for label in self.labels for old in label.was if old not in self.values}

    def label(self, value: str) -> Label | None:
        return next((label for label in self.labels if label.value == value), None)

    def unknown(self, label: Any) -> str:
        """Why this is none of its labels, as a sentence."""
        if isinstance(label, str) and label in self.renames:
            return f"{label!r} is called {self.renames[label]!r} now"
        return f"{label!r} is no label of {self.id}; it has {', '.join(self.values)}"

    def problems(self) -> list[tuple[str, str]]:
        """What is wrong with the options together: `(option, sentence)` pairs."""
        return []

    def check(self, value: Any, item: Item) -> str:
        """Why `value` is no valid answer about `item`, as a sentence; empty if it is one."""
        raise NotImplementedError

    @property
    def type(self) -> str:
        """What its answers are of: its name in project.yaml, with what changes their shape."""
        return self.kind

    def fits(self, value: Any) -> bool:
        """Whether `value` has the shape of this type's, whatever its labels: a question may have been of another type."""
        return isinstance(value, str)

    def draft_problem(self, value: Any, item: Item) -> str:
        """Why `value` can't be offered as a suggestion; empty if it can."""
        return self.check(value, item)

    def is_answered(self, value: Any) -> bool:
        """Whether `value` (None: nothing yet) satisfies a required task."""
        return value is not None

    def says(self, value: Any) -> tuple[str, ...]:
        """The labels a value contains, for `when:`, counts and renames."""
        if value is None:
            return ()
        return tuple(value) if isinstance(value, list) else (str(value),)

    def renamed(self, value: Any) -> Any:
        """`value`, which may be anything, with its labels called as they are now."""
        return renamed(value, self.renames)

    def kept(self, value: Any, item: Item) -> Any:
        """A valid `value` about `item` in the one shape in which such answers are kept."""
        return value

    def agreement(self, one: Any, other: Any) -> float:
        """How far two values agree, from 0 to 1."""
        return float(one == other)

    def likeness(self, one: Any, other: Any) -> float:
        """The same for a reviewer, who is to see whatever differs: 1 only where nothing does."""
        return self.agreement(one, other)


def are_labels(value: Any) -> bool:
    """Whether `value` is a list of names."""
    return isinstance(value, list) and all(isinstance(one, str) for one in value)


def are_stretches(value: Any) -> bool:
    """Whether `value` is a list of things with a start and an end."""
    return isinstance(value, list) and all(isinstance(one, dict) and "start" in one and "end" in one for one in value)


def has_no_json(one: Mapping[str, Any], known: frozenset[str]) -> bool:
    """Whether a stretch says something beside these fields that JSON cannot hold; what it can is kept."""
    return not known.issuperset(one) and not is_json(one)


def fitting(tasks: Iterable[Task], answers: Mapping[str, Any]) -> dict[str, Any]:
    """The answers to these tasks: one may be gone since, or have become another type of question."""
    return {task.id: answers[task.id] for task in tasks if task.id in answers and task.fits(answers[task.id])}


def kept(tasks: Iterable[Task], answers: Mapping[str, Any], item: Item) -> dict[str, Any]:
    """Valid answers about `item` in the shape in which they are kept, however they were written elsewhere."""
    by_id = {task.id: task for task in tasks}
    return {id: by_id[id].kept(value, item) if id in by_id else value for id, value in answers.items()}


def of_another_type(tasks: Iterable[Task], answers: Mapping[str, Any]) -> set[str]:
    """The tasks that were answered when they were another type of question."""
    return {task.id for task in tasks if answers.get(task.id) is not None and not task.fits(answers[task.id])}


def is_asked(task: Task, tasks: tuple[Task, ...], value: Callable[[str], Any]) -> bool:
    """Whether `when:` holds; `value` gives the answer to a task so far, or None."""
    by_id = {other.id: other for other in tasks}
    for other, wanted in task.when.items():
        earlier = by_id[other]
        if not is_asked(earlier, tasks, value):
            return False
        if not set(wanted) & set(earlier.says(value(other))):
            return False
    return True
