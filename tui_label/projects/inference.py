"""The tasks that a file of labels would be the answers to, found by reading it once.

Of what tells nothing about its tasks the labels decide: labelled stretches are a task `spans`, labels of
whole texts a task `label`, which takes several where any text has none or several; Label Studio's ratings and texts
are tasks `rating` and `note`.  Our own answers name
their tasks, and what they look like says of which type each is.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from tui_label.core.project import Project
from tui_label.core.record import Record
from tui_label.core.tasks import Choice, Choices, Rating, Spans, Task, Text
from tui_label.core.tasks.base import Label
from tui_label.errors import InputError
from tui_label.formats import BadLine, Format, Reading, jsonl, read_each
from tui_label.formats.source import lines

MOST = 100
"""Different strings that an answer may have and still be a choice; with more it is free text."""


TOLD = (Rating("rating", min=0, max=9999, required=False), Text("note", required=False))
"""Questions that Label Studio's results tell by their type, the scale as wide as it may be."""


class _Seen(tuple[str, ...]):
    """Has every label that it is asked for, and remembers it: so the readers themselves tell what labels a file has."""

    def __new__(cls, labels: dict[str, None]) -> _Seen:
        one = super().__new__(cls)
        one.labels = labels
        return one

    labels: dict[str, None]

    def __contains__(self, label: object) -> bool:
        self.labels.setdefault(str(label))
        return True

    def __iter__(self) -> Iterator[str]:
        return iter(list(self.labels))


@dataclass(frozen=True)
class _AnySpans(Spans):
    @property
    def values(self) -> tuple[str, ...]:
        return _Seen(_labels(self))


@dataclass(frozen=True)
class _AnyChoices(Choices):
    @property
    def values(self) -> tuple[str, ...]:
        return _Seen(_labels(self))


def _labels(task: Task) -> dict[str, None]:
    found: dict[str, None] = task.__dict__.setdefault("seen", {})
    return found


def with_tasks(reading: Reading, paths: list[Path], format: Format) -> Project:
    """The reading's project with the tasks of the files."""
    tasks, labelled = _tasks_of_answers(reading, paths) if format.read is jsonl.read else ((), True)
    if not tasks and labelled:
        tasks = _tasks_of_labels(reading, paths, format)
    # One question at least, so that texts alone can be converted too
    return replace(reading.project, tasks=tasks or (Text("note", required=False),))


def _tasks_of_labels(reading: Reading, paths: list[Path], format: Format) -> tuple[Task, ...]:
    spans, label = _AnySpans("spans", overlap=True, required=False), _AnyChoices("label", required=False)
    tasks = (spans, label, *(TOLD if format.name == "labelstudio" else ()))
    learning = replace(reading, project=replace(reading.project, tasks=tasks), occurrences={}, known={})
    said, one_each, steps = set[str](), True, set[int]()
    for one in read_each(learning, paths, format):
        for id, value in () if isinstance(one, BadLine) else _said(one):
            said.add(id)
            one_each = one_each and (id != "label" or len(value) == 1)
            steps |= {value} if id == "rating" else set()
    kind = Choice if one_each else Choices
    found: list[Task] = []
    if "spans" in said or _labels(spans):
        found.append(Spans("spans", labels=_made(_labels(spans)), overlap=True, required=False))
    if _labels(label):
        found.append(kind("label", labels=_made(_labels(label)), required=False))
    if steps:
        found.append(Rating("rating", min=min(steps), max=max(steps), required=False))
    if "note" in said:
        found.append(Text("note", required=False))
    return tuple(found)


def _said(record: Record) -> Iterator[tuple[str, Any]]:
    """What it answers and suggests, by task."""
    if record.annotation is not None:
        yield from record.annotation.answers.items()
    yield from ((one.task, one.value) for one in record.suggestions)


def _made(labels: Mapping[str, None]) -> tuple[Label, ...]:
    return tuple(Label(one) for one in labels)


def _tasks_of_answers(reading: Reading, paths: list[Path]) -> tuple[tuple[Task, ...], bool]:
    """The tasks of our own answers, and whether there may be labels in other fields: a file of bare texts need not be read again."""
    labelled = False
    found: dict[str, _Answers] = {}
    for line in _lines_of(reading, paths):
        try:
            record = {} if isinstance(line, BadLine) else json.loads(line[1] or "{}")
        except (ValueError, RecursionError):
            record = None
        # A line of a list in .json is no object of its own
        labelled = labelled or not isinstance(record, dict) or not jsonl.SAYS.isdisjoint(record)
        answers = record.get("answers") if isinstance(record, dict) else None
        for id, value in answers.items() if isinstance(answers, dict) else ():
            if value is not None and not found.setdefault(id, _Answers()).take(value):
                raise InputError(
                    f"{reading.path}: what the answers to {id} are is not clear from the file; give --tasks"
                )
    return tuple(one.task(id) for id, one in found.items()), labelled


def _lines_of(reading: Reading, paths: list[Path]) -> Iterator[tuple[int, str] | BadLine]:
    for path in paths:
        reading.path = path
        yield from lines(reading)


def _shape(value: Any) -> str:
    """Of which shape an answer is: `spans`, `list`, `empty` (a list of nothing), `text`, `number`; empty: of another."""
    if isinstance(value, str):
        return "text"
    if isinstance(value, int) and not isinstance(value, bool):
        return "number"
    if not isinstance(value, list):
        return ""
    if not value:
        return "empty"
    if all(isinstance(one, str) for one in value):
        return "list"
    offsets = all(isinstance(one, dict) and isinstance(one.get("start"), int) and "label" in one for one in value)
    return "spans" if offsets else ""


@dataclass
class _Answers:
    """What is known of the answers to one question."""

    shape: str = "empty"
    """As `_shape` says, of all of them."""
    labels: dict[str, None] = field(default_factory=dict)
    """Different ones; one more than MOST is enough to know."""
    scale: tuple[int, int] | None = None
    """Of numbers the least and the most."""

    def take(self, value: Any) -> bool:
        """One more; False where it does not tell what is asked, or another thing than those before."""
        shape = _shape(value)
        if self.shape == "empty":
            self.shape = shape
        elif shape not in ("empty", self.shape):
            return False
        if shape == "number":
            least, most = self.scale or (value, value)
            self.scale = min(least, value), max(most, value)
        elif len(self.labels) <= MOST:
            said = value if isinstance(value, list) else [value]
            self.labels.update(dict.fromkeys(str(one["label"] if shape == "spans" else one) for one in said))
        return bool(shape)

    def task(self, id: str) -> Task:
        labels = _made(self.labels)
        if self.scale:
            return Rating(id, min=self.scale[0], max=self.scale[1], required=False)
        if self.shape in ("spans", "empty"):
            return Spans(id, labels=labels, overlap=True, required=False)
        if self.shape == "list":
            return Choices(id, labels=labels, required=False)
        return Text(id, required=False) if len(labels) > MOST else Choice(id, labels=labels, required=False)
