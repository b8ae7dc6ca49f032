"""Opinions as columns: one task's answers from all annotators, in the order of the items, ready for arithmetic."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any

import numpy as np

from tui_label.core.opinions import Opinion
from tui_label.core.tasks import Task
from tui_label.quality.estimates import Ints


@dataclass(frozen=True)
class Column:
    """The answers to one task, by item and then annotator; all arrays are (answers,)."""

    task: Task
    values: Sequence[Any]
    """In the JSON shape of the task."""
    number: Ints
    """The item's."""
    who: Ints
    """Place in `annotators`."""
    version: Ints
    """Of the guidelines it was given under."""
    week: Ints
    """Place in `weeks`: the latest week in which anybody answered the item."""
    annotators: tuple[str, ...]
    """In the order of their names."""
    weeks: tuple[str, ...]
    """ISO weeks as `2026-W47`, in order; empty for answers without a date."""

    @cached_property
    def item(self) -> Ints:
        """Items counted from 0."""
        return np.cumsum(np.diff(self.number, prepend=self.number[:1]) != 0)

    @property
    def items(self) -> int:
        return int(self.item[-1]) + 1 if len(self.item) else 0

    @cached_property
    def numbers(self) -> Ints:
        """(items,): the items' own numbers."""
        return self.number[np.flatnonzero(np.diff(self.number, prepend=-1))] if len(self.number) else self.number

    @cached_property
    def pairs(self) -> tuple[Ints, Ints]:
        """Every two answers about one item, as places in the column, the annotator first in order first."""
        ones: list[Ints] = [np.zeros(0, np.int64)]
        others: list[Ints] = [np.zeros(0, np.int64)]
        most = int(np.bincount(self.item).max()) if len(self.item) else 0
        for step in range(1, most):
            first = np.flatnonzero(self.item[:-step] == self.item[step:])
            ones.append(first)
            others.append(first + step)
        return np.concatenate(ones), np.concatenate(others)

    @cached_property
    def shared(self) -> Ints:
        """(annotators, annotators): how many items both answered."""
        people = len(self.annotators)
        found = np.zeros((people, people), np.int64)
        # In slices of items, so that a thousand annotators fit into memory
        slices = max(1, 4_000_000 // max(people, 1))
        for first in range(0, self.items, slices):
            here = slice(*np.searchsorted(self.item, (first, first + slices)))
            there = np.zeros((slices, people), np.float32)
            there[self.item[here] - first, self.who[here]] = 1
            found += (there.T @ there).astype(np.int64)
        return found


def columns(tasks: Sequence[Task], opinions: Iterable[Opinion]) -> list[Column]:
    """The column of each task, from one pass over the opinions, in any order.

    An answer whose shape is not the task's (it had another type once) is left out.
    """
    number: list[int] = []
    people: list[str] = []
    days: list[str] = []
    versions: list[int] = []
    said: list[list[Any]] = [[] for _ in tasks]
    keep = [(task.id, values.append) for task, values in zip(tasks, said, strict=True)]
    for one in opinions:
        number.append(one.number)
        people.append(one.annotator)
        days.append(one.submitted_at[:10])
        versions.append(one.guidelines_version)
        for id, append in keep:
            append(one.answers.get(id))
    annotators = sorted(set(people))
    place = {name: at for at, name in enumerate(annotators)}
    week_of = {day: _week(day) for day in set(days)}
    weeks = sorted(set(week_of.values()))
    week_at = {week: at for at, week in enumerate(weeks)}
    numbers = np.array(number, np.int64)
    who = np.array([place[name] for name in people], np.int64)
    week = np.array([week_at[week_of[day]] for day in days], np.int64)
    version = np.array(versions, np.int64)
    order = np.lexsort((who, numbers))
    found = []
    for task, values in zip(tasks, said, strict=True):
        fits = np.fromiter(map(task.fits, values), bool, len(values))
        rows = order[fits[order]]
        found.append(
            Column(
                task,
                [values[row] for row in rows.tolist()],
                numbers[rows],
                who[rows],
                version[rows],
                _latest(numbers[rows], week[rows]),
                tuple(annotators),
                tuple(weeks),
            )
        )
    return found


def _latest(number: Ints, week: Ints) -> Ints:
    """Each answer's week replaced by the latest of its item; answers stand in the order of the items."""
    if not len(number):
        return week
    first = np.flatnonzero(np.diff(number, prepend=number[0] - 1))
    return np.repeat(np.maximum.reduceat(week, first), np.diff(np.append(first, len(number))))


def _week(day: str) -> str:
    try:
        year, week, _weekday = date.fromisoformat(day).isocalendar()
    except ValueError:
        return ""
    return f"{year}-W{week:02}"
