"""Where several annotators' answers about one item differ, and how a reviewer's choices make one of them.

What all say alike is merged by itself.  Each place where they differ is a `Difference`; `taken` maps
its number to the version whose reading is taken there (one that was asked; else nothing is):

    choice, rating, compare     the answer as a whole
    choices                     label by label, where any mixture is a valid answer; else as a whole
    text                        run by run of words
    spans                       cluster by cluster of overlapping spans
    segments                    segment by segment: its edges and names, and its text run by run

Any mixture of valid versions is valid, but that a required answer may be left empty.  Nothing
depends on who the versions are from, nor on their order, but that the first one wins where as many say the one
as the other and keeps its edges where those of segments are within 50 ms.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import combinations
from typing import Any

from tui_label.core.item import Item
from tui_label.core.reviewing.marking import marking
from tui_label.core.reviewing.readings import Difference, Option, Part, Readings, labels, whole
from tui_label.core.reviewing.timeline import timeline
from tui_label.core.reviewing.wording import text
from tui_label.core.tasks import Choices, Segments, Spans, Task, Text, fitting, is_asked

__all__ = ["Comparison", "Difference", "Option", "Part", "compare", "disagreement"]


@dataclass(frozen=True, slots=True)
class Comparison:
    """All versions of one item's answers side by side."""

    tasks: tuple[Task, ...]
    item: Item
    versions: tuple[Mapping[str, Any], ...]
    differences: tuple[Difference, ...]
    """In the order of the tasks, then of their place."""
    readings: tuple[Readings, ...] = field(repr=False, compare=False)
    """One for each task."""
    firsts: tuple[int, ...] = field(repr=False, compare=False)
    """For each task the number of its first difference."""

    def merged(self, taken: Mapping[int, int], *, unasked: bool = False) -> dict[str, Any]:
        """The answers to the tasks that are asked: what is agreed, and what was taken.

        Until it is decided, a whole answer, a label, a span or a segment is absent, and words are those of most.
        `unasked`: to all tasks, since another answer may bring them in force.
        """
        answers: dict[str, Any] = {}
        for number, task in enumerate(self.tasks):
            if unasked or is_asked(task, self.tasks, answers.get):
                readings = self.readings[number]
                value = readings.value(readings.parts(self._own(number, taken)))
                if value is not None:
                    answers[task.id] = value
        return answers

    def parts(self, task: str, taken: Mapping[int, int]) -> tuple[Part, ...]:
        """The pieces of the merged answer to a task, in order: labels, spans, segments, runs of text, or the whole."""
        number = next(number for number, one in enumerate(self.tasks) if one.id == task)
        first = self.firsts[number]
        return tuple(_counted(part, first) for part in self.readings[number].parts(self._own(number, taken)))

    def origin(self, taken: Mapping[int, int], names: Sequence[str]) -> dict[str, list[str]]:
        """Who is behind the merged answer to each task, as `ann+bob`: one entry for each span and segment, else one
        for the whole.  These are those who say all of it; where nobody does, those it was put together from.
        """
        answers = self.merged(taken)
        found = {}
        for number, task in enumerate(self.tasks):
            if task.id in answers:
                authors = self.readings[number].authors(self._own(number, taken))
                found[task.id] = ["+".join(sorted(names[version] for version in by)) for by in authors]
        return found

    def _own(self, number: int, taken: Mapping[int, int]) -> dict[int, int]:
        """What was taken in one task, by its own numbers, of versions that were asked."""
        first, size = self.firsts[number], len(self.readings[number].differences)
        here = {n: taken[n] for n in range(first, first + size) if n in taken}
        return {n - first: version for n, version in here.items() if self.differences[n].option_of(version).asked}


def _counted(part: Part, first: int) -> Part:
    if not first:
        return part
    number = None if part.difference is None else part.difference + first
    return replace(part, difference=number, pieces=tuple(_counted(piece, first) for piece in part.pieces))


def compare(tasks: tuple[Task, ...], item: Item, versions: Sequence[Mapping[str, Any]]) -> Comparison:
    """All valid answers about an item side by side.  A version that was not asked a question has no say in it."""
    readings = tuple(_readings(task, tasks, item, versions) for task in tasks)
    differences: list[Difference] = []
    firsts = []
    for one in readings:
        firsts.append(len(differences))
        differences += one.differences
    return Comparison(tasks, item, tuple(versions), tuple(differences), readings, tuple(firsts))


def _readings(task: Task, tasks: tuple[Task, ...], item: Item, versions: Sequence[Mapping[str, Any]]) -> Readings:
    asked = [n for n, answers in enumerate(versions) if not task.when or is_asked(task, tasks, answers.get)]
    values = {n: versions[n].get(task.id) for n in asked}
    silent = tuple(n for n in range(len(versions)) if n not in values)
    duration = item.sound.duration if item.sound else 0.0
    match task:
        case Choices():
            return labels(task, values, silent)
        case Text():
            return text(task, values, silent, duration)
        case Spans():
            return marking(task, values, silent, item.text)
        case Segments():
            return timeline(task, values, silent, duration)
        case _:
            return whole(task, values, silent)


def disagreement(tasks: tuple[Task, ...], answers: Sequence[Mapping[str, Any]]) -> float:
    """How far several answers about one item differ, from 0 (all alike) to 1.

    The mean of 1 - likeness over the tasks and pairs of answers; a task that one of a pair
    answered and the other did not counts 1, one that neither did does not count.
    """
    apart, count = 0.0, 0
    for one, other in combinations([fitting(tasks, one) for one in answers], 2):
        for task in tasks:
            mine, theirs = one.get(task.id), other.get(task.id)
            if mine is None and theirs is None:
                continue
            count += 1
            if mine != theirs:
                apart += 1.0 if mine is None or theirs is None else 1 - task.likeness(mine, theirs)
    return apart / count if count else 0.0
