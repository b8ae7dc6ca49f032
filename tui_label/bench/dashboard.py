"""The lead's dashboard without a screen: what there is to show at a moment, and following along.

Pace, progress and queues are quick to bring up to date; agreement is not, so it is
measured apart, now and then, and says how old it is.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np

from tui_label import config
from tui_label.core.moments import utc
from tui_label.core.project import Project, Server
from tui_label.core.timing import DAY_MS, HOUR_MS
from tui_label.errors import ConfigError, StoreMissing
from tui_label.projects import opening, underway
from tui_label.quality.agreement import LABEL, Agreement, Part, TaskAgreement, figures
from tui_label.quality.estimates import Ints
from tui_label.quality.person import Person
from tui_label.report import agreement_report, status_report
from tui_label.store.base import Progress, Store, Versions
from tui_label.store.reviewing import QUESTIONS, Queue

QUEUES = (QUESTIONS, "answered-back", "flagged", "disagreements", "fast", "sample")
"""What to do next, what others wait for first."""
QUEUES_SHOWN = 3
COUNTED = 1000
"""Cases are counted up to here: nobody needs to know more of what is next."""
WEEK_MS = 7 * DAY_MS
MEASURE_EVERY_S = 60
REST = 20
"""Agreement is measured in a twentieth of the time at most."""


@dataclass(frozen=True, slots=True)
class Activity:
    """Answers given at work in equal stretches of time, the last of which ends now."""

    unit: str
    """`hour` or `day`."""
    counts: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Outlook:
    """How long it takes at the pace of the last seven days; answers that were brought in are no pace."""

    done_at: datetime | None
    """None where all is done."""
    work_ms: float
    """Active time that is left for all together, at everybody's mean."""


@dataclass(frozen=True, slots=True)
class Glance:
    """All that is quick to know."""

    project: str
    progress: Progress
    people: tuple[Person, ...]
    activity: Activity
    outlook: Outlook | None
    """None where too few answers were given lately to tell."""
    queues: tuple[tuple[Queue, int], ...]
    """Those that matter now, with how many cases wait, counted up to COUNTED."""
    sent_back: Mapping[str, int]
    """Answers that wait for each annotator to be corrected."""
    used_up: Sequence[str]
    """Who waits for a lead: they made all attempts at the qualification set, and passed none."""
    at: datetime

    @property
    def questions(self) -> int:
        """Items with a question that nobody has answered."""
        return sum(waiting for queue, waiting in self.queues if queue.name == QUESTIONS)


@dataclass(frozen=True, slots=True)
class Measured:
    """What takes time to know: agreement, also as it was a week ago (of the answers that were there then), and sources."""

    now: Agreement
    before: Agreement
    sources: Sequence[Mapping[str, Any]]
    """How good each source of suggestions is, as `status_report.suggestions` has it."""
    at: datetime


class Following:
    """Follows a project.  `look` and `measure` may run in threads of their own: each has a connection of its own."""

    def __init__(self, project: Project, clock: Callable[[], float] = time.time) -> None:
        self.project = project
        """By the rules in force, as of the last look."""
        self._clock = clock
        self._looking, self._measuring = _Door(project), _Door(project)
        self._versions: Versions | None = None
        self._ledger = status_report.ledger(project, None)
        self._before: tuple[float, Project, Agreement] | None = None
        self._measured_at = -float("inf")
        self._took_s = 0.0

    def look(self) -> Glance:
        """What there is now; raises a StoreError where the database cannot be read."""
        store = self._looking.open()
        if self._looking.is_new or store.versions() != self._versions:
            # Labels may have other names, and the questions may be others
            self._versions = store.versions()
            self.project = opening.recorded_last(self.project, store) or self.project
            self._ledger = status_report.ledger(self.project, None)
        self._ledger.take(store.efforts(self._ledger.since or None))
        progress, people, worked = store.progress(""), self._ledger.people(), self._ledger.worked()
        now_ms = round(self._clock() * 1000)
        return Glance(
            self.project.name,
            progress,
            people,
            activity(worked, now_ms),
            outlook(self.project, progress, people, worked, now_ms),
            tuple(_queues(store, self.project)),
            store.sent_back(),
            store.used_up(),
            datetime.fromtimestamp(now_ms / 1000, UTC),
        )

    def is_due(self) -> bool:
        """Whether it may be measured again."""
        return self._clock() - self._measured_at >= max(MEASURE_EVERY_S, REST * self._took_s)

    def measure(self) -> Measured:
        """Agreement and sources over all answers; takes seconds on many."""
        begun = self._measured_at = self._clock()
        project, store = self.project, self._measuring.open()
        now = agreement_report.agreement(project, store, by=(LABEL,))
        if self._before is None or self._before[1] is not project or begun - self._before[0] > HOUR_MS / 1000:
            week_ago = utc(begun * 1000 - WEEK_MS)
            then = (one for one in store.opinions() if one.submitted_at < week_ago)
            self._before = (
                begun,
                project,
                figures(project.tasks, then, by=(LABEL,), ignore=project.review.ignore, sound=project.items == "sound"),
            )
        sources = status_report.suggestions(project, store)
        self._took_s = self._clock() - begun
        return Measured(now, self._before[2], sources, datetime.fromtimestamp(begun, UTC))


class _Door:
    """A store that is opened when it is wanted, and anew where another database has taken its place."""

    def __init__(self, project: Project) -> None:
        self._project = project
        self._store: Store | None = None
        self._inode = 0
        self.is_new = False
        """Whether the last `open` opened it."""

    def open(self) -> Store:
        inode = self._file()
        self.is_new = self._store is None or inode != self._inode
        if self._store is None or self.is_new:
            if self._store is not None:
                self._store.close()
                self._store = None
            self._store, self._inode = opening.connected_again(self._project), inode
        self._store.check_in_place()
        return self._store

    def _file(self) -> int:
        """Which file the database is; a server's stays the same."""
        path = self._project.store
        if isinstance(path, Server):
            return 0
        try:
            return path.stat().st_ino
        except FileNotFoundError:
            underway.refuse(self._project)
            if self._has_moved():
                raise StoreMissing(f"{path}: the project was moved; leave and start again") from None
            raise StoreMissing(f"{path}: the database is gone; put it back, or leave") from None

    def _has_moved(self) -> bool:
        """Whether project.yaml names another place by now."""
        with contextlib.suppress(ConfigError):
            return config.load(self._project.folder).store != self._project.store
        return False


def activity(worked: Ints, now_ms: int) -> Activity:
    """By the hour for a day where all work is younger than two days, else by the day for four weeks.

    `worked`: (answers,) milliseconds since 1970.
    """
    young = not len(worked) or int(worked.min()) > now_ms - 2 * DAY_MS
    unit, length, many = ("hour", HOUR_MS, 24) if young else ("day", DAY_MS, 28)
    ago = (now_ms - worked) // length
    counts = np.bincount(ago[(ago >= 0) & (ago < many)], minlength=many)
    return Activity(unit, tuple(int(n) for n in counts[::-1]))


def outlook(
    project: Project, progress: Progress, people: Sequence[Person], worked: Ints, now_ms: int
) -> Outlook | None:
    """Wanted are `overlap` answers for each item; with less than `judge_from` answers in a week nothing is foretold."""
    lately = worked[worked >= now_ms - WEEK_MS]
    timed, active_ms = sum(one.timed for one in people), sum(one.active_ms for one in people)
    if len(lately) < max(2, project.review.judge_from):
        return None
    per_day = len(lately) * DAY_MS / max(now_ms - int(lately.min()), HOUR_MS)
    unfinished = progress.items - progress.done
    given = progress.answers - progress.checked
    left = max(unfinished, progress.items * project.overlap - given) if unfinished else 0
    now = datetime.fromtimestamp(now_ms / 1000, UTC)
    done_at = now + timedelta(days=min(left / per_day, 36_500)) if left else None
    return Outlook(done_at, left * active_ms / timed)


def _queues(store: Store, project: Project) -> list[tuple[Queue, int]]:
    found: list[tuple[Queue, int]] = []
    for name in QUEUES:
        queue = Queue(name, sample=project.review.sample, too_fast_ms=project.pace.too_fast_ms)
        if len(found) < QUEUES_SHOWN and (waiting := store.left_in(queue, COUNTED)):
            found.append((queue, waiting))
    return found


def task_of(agreement: Agreement, id: str) -> TaskAgreement | None:
    return next((task for task in agreement.tasks if task.task == id), None)


def shares(agreement: Agreement, kind: str) -> Mapping[str, float]:
    """For each annotator the mean over the tasks of how near they are to known answers (`gold`) or to
    themselves (`repeats`), from 0 to 1; those with enough items only.
    """
    found: dict[str, list[float]] = {}
    for task in agreement.tasks:
        parts: tuple[Part, ...] = getattr(task, kind)
        for part in parts:
            if part.figures and part.figures[0].value is not None:
                found.setdefault(part.names[0], []).append(part.figures[0].value)
    return {name: sum(values) / len(values) for name, values in found.items()}
