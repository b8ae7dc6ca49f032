"""Honest time: what counts as work on an item, and a person's pace.

Clocks come in as values, in milliseconds of a monotonic clock.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from tui_label.core.annotation import Timing
from tui_label.core.project import Pace

MINUTE_MS, HOUR_MS, DAY_MS = 60_000, 3_600_000, 86_400_000
RECENT = 20
"""Answers that the rolling pace looks at."""
FAST_ROW = 5
"""Answers in a row, each faster than reading, that earn a gentle word."""


@dataclass(frozen=True, slots=True)
class Watch:
    """The time on one item, from its first paint.

    The time between two keys is active, unless it is longer than `idle_ms`: then all
    of it is idle, since nobody can tell when the person left.  Active time counts for
    the question that the second key was about.
    """

    idle_ms: int
    last: float
    active: float = 0
    idle: float = 0
    paused: float = 0
    tasks: Mapping[str, float] = field(default_factory=dict)
    pause_began: float | None = None

    def touched(self, now: float, task: str = "") -> Watch:
        """A key at `now`, about `task`."""
        gap = now - self.last
        if gap > self.idle_ms:
            return replace(self, last=now, idle=self.idle + gap)
        tasks = {**self.tasks, task: self.tasks.get(task, 0) + gap} if task else self.tasks
        return replace(self, last=now, active=self.active + gap, tasks=tasks)

    def pause(self, now: float) -> Watch:
        return replace(self.touched(now), pause_began=now)

    def resume(self, now: float) -> Watch:
        if self.pause_began is None:
            return self
        return replace(self, last=now, paused=self.paused + now - self.pause_began, pause_began=None)

    @property
    def timing(self) -> Timing:
        tasks = {task: round(ms) for task, ms in self.tasks.items()}
        return Timing(round(self.active), round(self.idle), round(self.paused), tasks)


def watch_from(timing: Timing, idle_ms: int, now: float) -> Watch:
    """A watch that goes on where a draft left off."""
    tasks = {task: float(ms) for task, ms in timing.tasks.items()}
    return Watch(idle_ms, now, timing.active, timing.idle, timing.paused, tasks)


@dataclass(frozen=True, slots=True)
class Rhythm:
    """How a person's work goes since they sat down."""

    pace: Pace
    sat_down: float
    recent: tuple[int, ...] = ()
    """Active milliseconds of the latest answers."""
    sounds: tuple[int, ...] = ()
    """Length of their sounds in milliseconds."""
    answered: int = 0
    fast_row: int = 0

    def answer(self, active_ms: int, sound_ms: int = 0) -> Rhythm:
        fast = self.fast_row + 1 if active_ms < self.pace.too_fast_ms else 0
        recent = (*self.recent, active_ms)[-RECENT:]
        sounds = (*self.sounds, sound_ms)[-RECENT:]
        return replace(self, recent=recent, sounds=sounds, answered=self.answered + 1, fast_row=fast)

    def rested(self, now: float) -> Rhythm:
        return replace(self, sat_down=now)

    @property
    def per_hour(self) -> int | None:
        """Items an hour over the latest answers, of active time; None before the fifth."""
        total = sum(self.recent)
        if len(self.recent) < 5 or total <= 0:
            return None
        return round(len(self.recent) * 3_600_000 / total)

    @property
    def real_time_factor(self) -> float | None:
        """Minutes of work for a minute of sound, over the latest answers; None before the third."""
        sound = sum(self.sounds)
        return sum(self.recent) / sound if len(self.recent) >= 3 and sound else None

    def word(self, now: float) -> str:
        """Something worth saying, gently; mostly nothing."""
        if self.fast_row and self.fast_row % FAST_ROW == 0:
            return f"{self.fast_row} answers in a row faster than reading: all well?"
        worked = now - self.sat_down
        if worked > self.pace.break_every_ms:
            return f"{round(worked / 60_000)} minutes at work: a short break does good"
        return ""
