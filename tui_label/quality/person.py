"""What one annotator's work comes to, as values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

import numpy as np

from tui_label.core.timing import HOUR_MS
from tui_label.quality.estimates import Figure, Ints

SITTING_PARTS = ("0–15 min", "15–30 min", "30–60 min", "1–2 h", "over 2 h")


@dataclass(frozen=True, slots=True)
class Spread:
    """Quantiles of active milliseconds, linear between neighbours; the interquartile range is `high - low`."""

    n: int
    least: float
    """5th percentile."""
    low: float
    median: float
    high: float
    most: float
    """95th percentile."""


@dataclass(frozen=True, slots=True)
class Slot:
    """The timed answers of one hour of the day, part of a sitting, or week."""

    name: str
    n: int
    median_ms: float | None
    shares: Mapping[str, Mapping[str, float]]
    """For each task of one label, the part of these answers that has each label."""


@dataclass(frozen=True, slots=True)
class FirstLabel:
    """How often the label in the first place is chosen by this annotator, and by all others.

    The interval of the difference is Newcombe's for two independent shares (Newcombe 1998, Statistics
    in Medicine 17: 873-890, method 10).  Where not all answer the same items, what the items were
    plays in too.
    """

    task: str
    label: str
    mine: Figure
    others: Figure
    difference: Figure


@dataclass(frozen=True, slots=True)
class Repetition:
    """How often an answer has the label of the one before.

    `chance` is how often it would in a random order of the same answers, exactly: the sum of n(n-1)
    over the labels, by N(N-1).  Items that come sorted by subject repeat labels too.
    """

    task: str
    same: Figure
    chance: float


@dataclass(frozen=True, slots=True)
class Heard:
    """What the answers about sounds came to."""

    answered_ms: int
    """Length of the sounds."""
    real_time_factor: float | None
    """Active time for the time of sound; None where no times were kept."""
    median_coverage: float | None
    """The part of a sound that was heard; None where listening was not kept."""


@dataclass(frozen=True, slots=True)
class Person:
    """What one annotator's work comes to."""

    annotator: str
    answers: int = 0
    skipped: int = 0
    flagged: int = 0
    """Answers that carry a flag."""
    flags: Mapping[str, int] = field(default_factory=dict)
    """By reason, on answers and on skips."""
    active_ms: int = 0
    idle_ms: int = 0
    timed: int = 0
    """Answers with a time."""
    median_ms: int = 0
    """Of however few there are; what may judge is `pace`."""
    too_fast: int = 0
    """Timed answers below `too_fast_ms`."""
    fast_runs: int = 0
    """How often five or more in a row were too fast, in the order in which they were first given."""
    longest_run: int = 0
    corrections: int = 0
    """Submissions after the first of their item."""
    undone: int = 0
    labels: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    """For each task, how often each label was given."""
    label_median_ms: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    days: Mapping[date, int] = field(default_factory=dict)
    """Answers a day, those brought in too."""
    last_at: str = ""
    sound: Heard | None = None
    """None where nothing they answered was a sound."""
    pace: Spread | None = None
    label_pace: Mapping[str, Mapping[str, Spread]] = field(default_factory=dict)
    hours: tuple[Slot, ...] = ()
    """By the hour of the day, `00` to `23`."""
    sitting: tuple[Slot, ...] = ()
    """By the time since the sitting's first answer."""
    weeks: tuple[Slot, ...] = ()
    """By the Monday they begin on, ISO 8601."""
    first_label: tuple[FirstLabel, ...] = ()
    repetition: tuple[Repetition, ...] = ()

    @property
    def per_hour(self) -> float | None:
        """Timed answers an hour of active time."""
        return self.timed * HOUR_MS / self.active_ms if self.pace else None

    @property
    def idle_share(self) -> float | None:
        return self.idle_ms / (self.active_ms + self.idle_ms) if self.pace else None


def spread(milliseconds: Ints) -> Spread:
    """The quantiles of at least one value."""
    return Spread(len(milliseconds), *(float(one) for one in np.quantile(milliseconds, (0.05, 0.25, 0.5, 0.75, 0.95))))
