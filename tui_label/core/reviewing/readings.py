"""What several annotators say about one task: the values that differences are told in.

A reading is what one version says at one place; versions that say the same share an
option.  Nothing here knows how differences are found: see differences.py.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tui_label.core.tasks import Choices, Task

HEARD_S = 1.5
"""The least stretch of a sound that is played for a difference."""


@dataclass(frozen=True, slots=True)
class Option:
    """One of the readings of a difference.

    `value` by the kind of the difference: `value`: the whole answer, None where there is none;
    `labels`: `(label,)` or `()`; `spans` and `segments`: a tuple of records, empty for nothing (of a segment
    that all have without its text, which differs by itself); `words`: the text of the run, maybe empty.
    """

    value: Any
    by: tuple[int, ...]
    """The versions that say so."""
    asked: bool = True
    """Whether these versions were asked; those that were not have no reading to take."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One place where not all say the same."""

    task: str
    kind: str
    """`value`, `labels` (of a choices task: `about` is the label), `spans`, `segments` or `words`."""
    options: tuple[Option, ...]
    """What most say first, then by version; those who were not asked last."""
    start: float = 0
    """spans: offset in the text; segments: seconds; words: place among the words of all versions
    together, those of the segment if it is in one; else 0.
    """
    end: float = 0
    about: str = ""
    """spans, segments: `missing` where some have nothing and the others agree, else what differs of
    `boundary`, `label`, `speaker` and `text`, joined by " and "; words: `words`, `tags` (only [tags]
    differ) or `space` (only white space); labels: the label.
    """
    heard: tuple[float, float] | None = None
    """Seconds of the sound it is about; of words an estimate by their place in the text."""

    def option_of(self, version: int) -> Option:
        return next(option for option in self.options if version in option.by)

    @property
    def is_quiet(self) -> bool:
        """Whether it decides itself, by most: white space is not worth a reviewer's key."""
        return self.about == "space"


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of the merged answer to one task, and where it comes from."""

    value: Any
    """The whole answer, a label, a span's or segment's record, a run of text."""
    by: tuple[int, ...]
    """The versions that say so; where none says all of it, those it was put together from."""
    difference: int | None = None
    """The difference that it is a reading of; None where it is agreed."""
    pieces: tuple[Part, ...] = ()
    """Of a segment: the runs of its text."""


class Readings(ABC):
    """All versions' readings of one task.

    Differences are numbered from 0 here; `taken` is by these numbers, of versions that were asked.
    """

    differences: tuple[Difference, ...]

    @abstractmethod
    def parts(self, taken: Mapping[int, int]) -> tuple[Part, ...]:
        """What is agreed or taken, in order."""

    @abstractmethod
    def value(self, parts: tuple[Part, ...]) -> Any:
        """The answer that these parts make; None for none."""

    def authors(self, taken: Mapping[int, int]) -> list[tuple[int, ...]]:
        """The versions behind each span or segment, or behind the whole answer."""
        return [part.by for part in self.parts(taken)]


def options_of(
    readings: Mapping[int, Any],
    silent: Sequence[int] = (),
    nothing: Any = None,
    same: Callable[[int, int], bool] | None = None,
) -> tuple[Option, ...]:
    """The options of the readings by version; the versions `silent` were not asked, and say `nothing`.

    Two versions share an option where all in it are the `same` (where not given: have equal readings); its value
    is its first version's reading.
    """

    def belongs(version: int, group: Sequence[int]) -> bool:
        if same is None:
            return bool(readings[version] == readings[group[0]])
        return all(same(version, other) for other in group)

    groups: list[list[int]] = []
    for version in readings:
        group = next((group for group in groups if belongs(version, group)), None)
        if group is None:
            groups.append([version])
        else:
            group.append(version)
    ordered = sorted(map(sorted, groups), key=lambda group: (-len(group), group[0]))
    options = [Option(readings[group[0]], tuple(group)) for group in ordered]
    if silent:
        options.append(Option(nothing, tuple(silent), asked=False))
    return tuple(options)


def together(
    everybody: Sequence[int], differences: Sequence[Difference], taken: Mapping[int, int], numbers: Sequence[int]
) -> tuple[int, ...]:
    """The versions that say all that was taken at `numbers`, else those it was taken from.

    What is not decided counts for whom most agree with.
    """
    agreeing, used = set(everybody), set()
    for number in numbers:
        difference = differences[number]
        option = difference.option_of(taken[number]) if number in taken else difference.options[0]
        agreeing &= set(option.by)
        used.add(taken.get(number, option.by[0]))
    return tuple(sorted(agreeing or used))


def widened(start: float, end: float, duration: float) -> tuple[float, float]:
    """At least HEARD_S around the middle, within the sound."""
    length = max(end - start, HEARD_S)
    low = max(0.0, min((start + end - length) / 2, duration - length))
    return round(low, 3), round(min(duration, low + length), 3)


@dataclass(frozen=True)
class Whole(Readings):
    """Answers that are taken as a whole: a choice, a rating, a ranking, a text that only some gave."""

    everybody: tuple[int, ...]
    answer: Any
    """Where all agree."""
    differences: tuple[Difference, ...] = ()

    def parts(self, taken: Mapping[int, int]) -> tuple[Part, ...]:
        if not self.differences:
            return () if self.answer is None else (Part(self.answer, self.everybody),)
        if 0 not in taken:
            return ()
        option = self.differences[0].option_of(taken[0])
        return () if option.value is None else (Part(option.value, option.by, 0),)

    def value(self, parts: tuple[Part, ...]) -> Any:
        return parts[0].value if parts else None


def whole(task: Task, values: Mapping[int, Any], silent: Sequence[int], about: str = "") -> Whole:
    """`values`: by version, None where a question that was asked was left open."""
    options = options_of(values, silent)
    if sum(option.asked for option in options) < 2:
        return Whole(tuple(values), options[0].value if options else None)
    return Whole(tuple(values), None, (Difference(task.id, "value", options, about=about),))


@dataclass(frozen=True)
class Labels(Readings):
    """The labels of a choices task, each with a difference of its own."""

    task: Choices
    everybody: tuple[int, ...]
    agreed: frozenset[str]
    differences: tuple[Difference, ...] = field(default=())

    def parts(self, taken: Mapping[int, int]) -> tuple[Part, ...]:
        numbers = {one.about: number for number, one in enumerate(self.differences)}
        found = []
        for label in self.task.values:
            number = numbers.get(label)
            if label in self.agreed:
                found.append(Part(label, self.everybody))
            elif number is not None and number in taken:
                option = self.differences[number].option_of(taken[number])
                found += [Part(one, option.by, number) for one in option.value]
        return tuple(found)

    def value(self, parts: tuple[Part, ...]) -> Any:
        return [part.value for part in parts]

    def authors(self, taken: Mapping[int, int]) -> list[tuple[int, ...]]:
        return [together(self.everybody, self.differences, taken, sorted(taken))]


def labels(task: Choices, values: Mapping[int, Any], silent: Sequence[int]) -> Whole | Labels:
    """A difference for each label that not all gave, so that a reviewer judges label by label and never again
    what is agreed; the answer as a whole where a mixture could break the task's `min` or `max`, where some gave
    no answer, and where a label is no longer the project's.
    """
    # Under an earlier project.yaml the order may have been another one
    values = {version: None if value is None else task.ordered(value) for version, value in values.items()}
    given = {version: frozenset(value) for version, value in values.items() if value is not None}
    if len(given) < len(values) or not given:
        return whole(task, values, silent)
    every, some = frozenset.intersection(*given.values()), frozenset.union(*given.values())
    if not some <= set(task.values) or len(every) < task.min or (task.max is not None and len(some) > task.max):
        return whole(task, values, silent)
    differences = tuple(
        Difference(
            task.id,
            "labels",
            options_of({version: (label,) if label in one else () for version, one in given.items()}, silent, ()),
            about=label,
        )
        for label in task.values
        if label in some - every
    )
    return Labels(task, tuple(given), every, differences)
