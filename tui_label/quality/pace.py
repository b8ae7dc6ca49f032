"""Pace and care: what the times, flags and changes of each annotator's answers come to.

An answer is an item that stands as submitted.  Its time is that of all its revisions that
stand, since a correction's seconds come on top of those before; what was undone counts as
a change of mind and nowhere else.  An answer that was brought in has no time: it counts as
an answer, and in no pace.

Figures that judge somebody are None or empty below `judge_from` timed answers.  Nothing here
says why somebody is fast or slow.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, timedelta, tzinfo
from operator import attrgetter
from typing import TypeVar

import numpy as np

from tui_label.core.moments import utc
from tui_label.core.opinions import Effort
from tui_label.core.tasks import Choice, Compare, Task, Text
from tui_label.core.timing import DAY_MS, FAST_ROW, HOUR_MS, MINUTE_MS
from tui_label.quality.estimates import Ints, difference, wilson
from tui_label.quality.ledger import STATUS, Bools, Clock, Columns, Standing, as_ints, standing
from tui_label.quality.person import SITTING_PARTS, FirstLabel, Heard, Person, Repetition, Slot, spread

SLOT_FROM = 5
"""An hour, a week, a label on fewer timed answers has no median."""
SITTING_GAP_MS = 30 * 60_000
"""After so long without an answer a new sitting begins."""
PART_ENDS_MIN = (15, 30, 60, 120)
"""Of SITTING_PARTS."""
_EPOCH = date(1970, 1, 1)
Value = TypeVar("Value")


class Ledger:
    """Takes revisions as they come, and gives the figures of everybody.

    However the same revisions come, at once or few by few, the figures are the same; those of
    somebody with nothing new are not computed again.
    """

    def __init__(
        self, tasks: Sequence[Task], *, too_fast_ms: int = 400, judge_from: int = 20, zone: tzinfo | None = UTC
    ) -> None:
        """`zone` is where days begin and hours are told; None: where this machine is."""
        self._rules = _Rules(tuple(tasks), too_fast_ms, judge_from)
        # What somebody typed is no label
        self._labelled = frozenset(task.id for task in tasks if not isinstance(task, Text))
        self._clock = Clock(zone)
        self._columns: dict[str, Columns] = {}
        self._alone: dict[str, _Alone] = {}

    def take(self, revisions: Iterable[Effort]) -> int:
        """Enter new revisions, in any order; how many they were."""
        by_person: dict[str, list[Effort]] = {}
        for one in revisions:
            by_person.setdefault(one.annotator, []).append(one)
        for name, found in by_person.items():
            columns = self._columns.setdefault(name, Columns())
            columns.extend(sorted(found, key=attrgetter("turn")), self._clock, self._labelled)
            self._alone.pop(name, None)
        return sum(map(len, by_person.values()))

    @property
    def since(self) -> Mapping[str, int]:
        """Each annotator's last turn that was taken in: where to go on asking a store."""
        return {name: columns.turns[-1] for name, columns in self._columns.items()}

    def people(self) -> tuple[Person, ...]:
        """Everybody, by name."""
        alone = self._everybody()
        total: Counter[tuple[str, str]] = Counter()
        for one in alone:
            total.update(one.single.counts)
        return tuple(replace(one.person, first_label=_first_labels(one, total, self._rules)) for one in alone)

    def moments(self) -> Ints:
        """When each answer was given, (answers,) milliseconds since 1970 in no order; those without a date are left out."""
        return np.concatenate([np.zeros(0, np.int64), *(one.moments for one in self._everybody())])

    def worked(self) -> Ints:
        """The same of timed answers only: work that was done here, not brought in."""
        return np.concatenate([np.zeros(0, np.int64), *(one.worked for one in self._everybody())])

    def _everybody(self) -> list[_Alone]:
        for name in self._columns:
            if name not in self._alone:
                self._alone[name] = _alone(name, self._columns[name], self._rules)
        return [self._alone[name] for name in sorted(self._columns)]


@dataclass(frozen=True, slots=True)
class _Rules:
    tasks: tuple[Task, ...]
    too_fast_ms: int
    judge_from: int

    @property
    def single(self) -> dict[str, str]:
        """Tasks answered with one label out of several, and the label in the first place."""
        return {task.id: task.values[0] for task in self.tasks if isinstance(task, Choice)} | {
            task.id: "A" for task in self.tasks if isinstance(task, Compare) and task.mode == "pick"
        }


@dataclass(frozen=True, slots=True)
class _Alone:
    """A person's figures as far as they depend on nobody else's, and what those of others need."""

    person: Person
    single: _Said
    """What was said to tasks of one label."""
    moments: Ints
    worked: Ints


@dataclass(frozen=True, slots=True)
class _Said:
    """Labels in answers, (mentions,): no answer and label twice."""

    names: tuple[tuple[str, str], ...]
    """(task, label) by the number in `label`."""
    answer: Ints
    """Which answer, as a place in the order of answers; ascending within a label."""
    label: Ints
    """Ascending."""

    @property
    def counts(self) -> Counter[tuple[str, str]]:
        numbers = np.bincount(self.label, minlength=len(self.names))
        return Counter({name: int(n) for name, n in zip(self.names, numbers, strict=True) if n})

    def of(self, tasks: Iterable[str]) -> _Said:
        wanted = np.isin(self.label, [n for n, (task, _) in enumerate(self.names) if task in set(tasks)])
        return replace(self, answer=self.answer[wanted], label=self.label[wanted])

    def each(self) -> Iterable[tuple[str, str, Ints]]:
        """Each task and label, with the answers that have it."""
        begins = np.searchsorted(self.label, np.arange(len(self.names)))
        ends = np.searchsorted(self.label, np.arange(len(self.names)), side="right")
        for (task, label), begin, end in zip(self.names, begins.tolist(), ends.tolist(), strict=True):
            yield task, label, self.answer[begin:end]


def _alone(name: str, columns: Columns, rules: _Rules) -> _Alone:
    stands = standing(columns)
    rows = stands.rows[stands.submitted]
    active, idle = stands.active[stands.submitted], stands.idle[stands.submitted]
    moments, ahead = as_ints(columns.moments)[rows], as_ints(columns.ahead)[rows]
    dated, timed = moments >= 0, active > 0
    local = moments + ahead
    mentions, said = _said(columns, rows)
    single = said.of(rules.single)
    times = active[timed]
    runs = _runs(times < rules.too_fast_ms)
    pace = spread(times) if len(times) else None
    by_label = {
        (task, label): spread(ms) for task, label, answers in said.each() if len(ms := active[answers][timed[answers]])
    }
    days, on_day = np.unique(local[dated] // DAY_MS, return_counts=True)
    person = Person(
        name,
        answers=len(rows),
        skipped=int((~stands.submitted).sum()),
        flagged=int(np.isin(rows, as_ints(columns.flag_rows)).sum()),
        flags=_flags(columns, stands),
        active_ms=int(active.sum()),
        idle_ms=int(idle.sum()),
        timed=len(times),
        median_ms=round(pace.median) if pace else 0,
        too_fast=int((times < rules.too_fast_ms).sum()),
        fast_runs=len(runs),
        longest_run=max(runs, default=0),
        corrections=stands.corrections,
        undone=columns.statuses.count(STATUS["undone"]),
        labels=_by_task(mentions),
        label_median_ms=_by_task({name: round(one.median) for name, one in by_label.items()}),
        days={_EPOCH + timedelta(int(day)): int(n) for day, n in zip(days, on_day, strict=True)},
        last_at=utc(int(moments.max())) if dated.any() else "",
        sound=_heard(columns, rows, active),
    )
    if len(times) >= rules.judge_from:
        enough = _by_task({name: one for name, one in by_label.items() if one.n >= SLOT_FROM})
        person = _judged(
            replace(person, pace=pace, label_pace=enough), active, moments, local, dated & timed, single, rules
        )
    return _Alone(person, single, moments[dated], moments[dated & timed])


def _judged(
    person: Person, active: Ints, moments: Ints, local: Ints, usable: Bools, single: _Said, rules: _Rules
) -> Person:
    """With what may be said of somebody who answered enough; `usable`: with a time and a date."""
    hour, day = local // HOUR_MS % 24, local // DAY_MS
    # 1970-01-01 was a Thursday
    week = (day + 3) // 7
    return replace(
        person,
        hours=_slots(hour, usable, active, single, lambda n: f"{n:02}"),
        sitting=_slots(_part_of_sitting(moments, usable), usable, active, single, lambda n: SITTING_PARTS[n]),
        weeks=_slots(week, usable, active, single, lambda n: str(_EPOCH + timedelta(7 * n - 3))),
        repetition=_repetitions(single, rules),
    )


def _said(columns: Columns, rows: Ints) -> tuple[Mapping[tuple[str, str], int], _Said]:
    """How often each label was given in these rows, and in which of them."""
    place = np.full(len(columns.turns), -1, np.int64)
    place[rows] = np.arange(len(rows))
    answer, label = place[as_ints(columns.mention_rows)], as_ints(columns.mentions)
    answer, label = answer[answer >= 0], label[answer >= 0]
    many = max(1, len(rows))
    # Not np.unique, whose hashing is slower than sorting what is nearly sorted
    once = np.sort(label * many + answer)
    once = once[np.diff(once, prepend=-1) > 0]
    names = tuple(columns.said)
    numbers = np.bincount(label, minlength=len(names))
    counts = {name: int(n) for name, n in zip(names, numbers, strict=True) if n}
    return counts, _Said(names, once % many, once // many)


def _flags(columns: Columns, stands: Standing) -> Mapping[str, int]:
    on = np.isin(as_ints(columns.flag_rows), stands.rows)
    numbers = np.bincount(as_ints(columns.flags)[on], minlength=len(columns.reasons))
    return {reason: int(n) for reason, n in zip(columns.reasons, numbers, strict=True) if n}


def _heard(columns: Columns, rows: Ints, active: Ints) -> Heard | None:
    length, coverage = as_ints(columns.sound)[rows], np.array(columns.coverage)[rows]
    if not length.any():
        return None
    timed = (length > 0) & (active > 0)
    covered = coverage[(length > 0) & ~np.isnan(coverage)]
    return Heard(
        int(length.sum()),
        round(float(active[timed].sum() / length[timed].sum()), 2) if timed.any() else None,
        round(float(np.median(covered)), 3) if len(covered) else None,
    )


def _runs(fast: Bools) -> list[int]:
    """Lengths of the runs of True that are worth a word."""
    edges = np.flatnonzero(np.diff(np.r_[False, fast, False]))
    lengths = edges[1::2] - edges[::2]
    return [int(length) for length in lengths if length >= FAST_ROW]


def _part_of_sitting(moments: Ints, usable: Bools) -> Ints:
    """For each answer the number of its part in SITTING_PARTS; only where `usable`."""
    part = np.zeros(len(moments), np.int64)
    order = np.flatnonzero(usable)[np.argsort(moments[usable], kind="stable")]
    when = moments[order]
    begins = np.r_[True, np.diff(when) > SITTING_GAP_MS]
    began = when[begins][np.cumsum(begins) - 1] if len(when) else when
    part[order] = np.searchsorted(PART_ENDS_MIN, (when - began) / MINUTE_MS, side="right")
    return part


def _slots(key: Ints, usable: Bools, active: Ints, said: _Said, name: Callable[[int], str]) -> tuple[Slot, ...]:
    """The usable answers by their key, in the order of the keys."""
    if not usable.any():
        return ()
    keys, slot = np.unique(key[usable], return_inverse=True)
    slot_of = np.full(len(key), -1, np.int64)
    slot_of[usable] = slot
    times = active[usable][np.argsort(slot, kind="stable")]
    sizes = np.bincount(slot)
    groups = np.split(times, np.cumsum(sizes)[:-1])
    within = slot_of[said.answer] >= 0
    cells = slot_of[said.answer[within]] * max(1, len(said.names)) + said.label[within]
    table = np.bincount(cells, minlength=len(keys) * len(said.names)).reshape(len(keys), len(said.names))
    return tuple(
        Slot(
            name(int(one)),
            len(group),
            float(np.median(group)) if len(group) >= SLOT_FROM else None,
            _by_task({said.names[n]: float(row[n] / len(group)) for n in np.flatnonzero(row).tolist()}),
        )
        for one, group, row in zip(keys, groups, table, strict=True)
    )


def _repetitions(single: _Said, rules: _Rules) -> tuple[Repetition, ...]:
    found = []
    for task in rules.single:
        mine = single.of([task])
        labels = mine.label[np.argsort(mine.answer, kind="stable")]
        n = len(labels)
        if n >= max(2, rules.judge_from):
            counts = np.bincount(labels)
            chance = float((counts * (counts - 1)).sum() / (n * (n - 1)))
            found.append(Repetition(task, wilson("share", int((labels[1:] == labels[:-1]).sum()), n - 1), chance))
    return tuple(found)


def _first_labels(one: _Alone, total: Counter[tuple[str, str]], rules: _Rules) -> tuple[FirstLabel, ...]:
    if one.person.pace is None:
        return ()
    found = []
    counts = one.single.counts
    for task, label in rules.single.items():
        mine = sum(n for (other, _), n in counts.items() if other == task)
        others = sum(n for (other, _), n in total.items() if other == task) - mine
        if mine >= rules.judge_from and others >= rules.judge_from:
            my_share = wilson("share", counts[task, label], mine)
            their_share = wilson("share", total[task, label] - counts[task, label], others)
            found.append(FirstLabel(task, label, my_share, their_share, difference(my_share, their_share)))
    return tuple(found)


def _by_task(of: Mapping[tuple[str, str], Value]) -> dict[str, dict[str, Value]]:
    found: dict[str, dict[str, Value]] = {}
    for (task, label), value in of.items():
        found.setdefault(task, {})[label] = value
    return found
