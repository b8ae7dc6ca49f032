"""Revisions of answers as columns, and which of them stand.

What pace is computed from: a few numbers for each revision, so that hundreds of
thousands fit in memory and are counted at once.
"""

from __future__ import annotations

from array import array
from collections.abc import Container, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo

import numpy as np
from numpy.typing import NDArray

from tui_label.core.annotation import SKIPPED, SUBMITTED, UNDONE
from tui_label.core.opinions import Effort
from tui_label.quality.estimates import Ints

Bools = NDArray[np.bool_]

STATUS = {SUBMITTED: 0, SKIPPED: 1, UNDONE: 2}
QUARTER_MS = 900_000
"""No zone changes its clocks, or is ahead of UTC, by less."""
LAST_DAY_MS = 253_402_214_400_000
"""The 31st of December 9999, which some write where they know no time: for a zone ahead of UTC it has no end."""


class Clock:
    """Reads ISO 8601, and knows how far the clocks of a zone are ahead of UTC (None: of where this machine is)."""

    def __init__(self, zone: tzinfo | None) -> None:
        self._zone = zone
        self._ahead: dict[int, int] = {}

    def read(self, text: str) -> int:
        """Milliseconds since 1970; -1 for what is no time after that and before LAST_DAY_MS.  Without a zone it is UTC."""
        try:
            moment = datetime.fromisoformat(text)
            ms = round((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() * 1000)
        except (ValueError, OverflowError):
            return -1
        return ms if 0 <= ms < LAST_DAY_MS else -1

    def ahead(self, moment_ms: int) -> int:
        """Milliseconds that the zone's clocks were ahead of UTC."""
        quarter = moment_ms // QUARTER_MS
        if quarter not in self._ahead:
            offset = datetime.fromtimestamp(quarter * QUARTER_MS / 1000, UTC).astimezone(self._zone).utcoffset()
            self._ahead[quarter] = round(offset.total_seconds() * 1000) if offset else 0
        return self._ahead[quarter]


class Columns:
    """One annotator's revisions in the order of their turns, a column for each field."""

    def __init__(self) -> None:
        self.turns, self.numbers, self.revisions, self.statuses = array("q"), array("q"), array("q"), array("q")
        self.active, self.idle, self.sound, self.coverage = array("q"), array("q"), array("q"), array("d")
        self.moments, self.ahead = array("q"), array("q")
        self.mention_rows, self.mentions = array("q"), array("q")
        self.flag_rows, self.flags = array("q"), array("q")
        self.said: dict[tuple[str, str], int] = {}
        """(task, label) → its number in `mentions`."""
        self.reasons: dict[str, int] = {}
        """Reason → its number in `flags`."""

    def extend(self, revisions: Iterable[Effort], clock: Clock, tasks: Container[str]) -> None:
        """Rows of revisions in the order of their turns, beyond all that are there; labels of these tasks only."""
        for one in revisions:
            row = len(self.turns)
            moment = clock.read(one.submitted_at)
            self.turns.append(one.turn)
            self.numbers.append(one.number)
            self.revisions.append(one.revision)
            self.statuses.append(STATUS[one.status])
            self.active.append(one.active_ms)
            self.idle.append(one.idle_ms)
            self.sound.append(one.sound_ms)
            self.coverage.append(np.nan if one.coverage is None else one.coverage)
            self.moments.append(moment)
            self.ahead.append(clock.ahead(moment) if moment >= 0 else 0)
            for task, labels in one.labels.items():
                for label in labels if task in tasks else ():
                    self.mention_rows.append(row)
                    self.mentions.append(self.said.setdefault((task, label), len(self.said)))
            for reason in one.flags:
                self.flag_rows.append(row)
                self.flags.append(self.reasons.setdefault(reason, len(self.reasons)))


@dataclass(frozen=True, slots=True)
class Standing:
    """What stands, (items,): one row for each item, in the order in which they were first answered."""

    rows: Ints
    """The row of the latest revision that stands."""
    active: Ints
    """Milliseconds of all of the item's revisions that stand."""
    idle: Ints
    submitted: Bools
    """False where it stands as skipped."""
    corrections: int
    """Submissions that stand beyond the first of their item."""


def standing(columns: Columns) -> Standing:
    """Each `undone` takes away the revision before it, as the store does."""
    numbers, statuses = as_ints(columns.numbers), as_ints(columns.statuses)
    active, idle = as_ints(columns.active), as_ints(columns.idle)
    order = np.lexsort((as_ints(columns.revisions), numbers))
    starts = np.flatnonzero(np.r_[True, np.diff(numbers[order]) != 0])
    lengths = np.diff(np.r_[starts, len(order)])
    once = order[starts[lengths == 1]]
    once = once[statuses[once] != STATUS[UNDONE]]
    stacks = [
        stack
        for start, length in zip(starts[lengths > 1].tolist(), lengths[lengths > 1].tolist(), strict=True)
        if (stack := _stack(order[start : start + length], statuses))
    ]
    first = np.r_[once, _ints([stack[0] for stack in stacks])]
    by_turn = np.argsort(first, kind="stable")
    rows = np.r_[once, _ints([stack[-1] for stack in stacks])][by_turn]
    return Standing(
        rows,
        np.r_[active[once], _ints([int(active[stack].sum()) for stack in stacks])][by_turn],
        np.r_[idle[once], _ints([int(idle[stack].sum()) for stack in stacks])][by_turn],
        statuses[rows] == STATUS[SUBMITTED],
        sum(max(0, int((statuses[stack] == STATUS[SUBMITTED]).sum()) - 1) for stack in stacks),
    )


def _stack(rows: Ints, statuses: Ints) -> list[int]:
    """The rows that stand of one item's, which are in the order of its revisions."""
    stack: list[int] = []
    for row in rows.tolist():
        if statuses[row] != STATUS[UNDONE]:
            stack.append(row)
        elif stack:
            stack.pop()
    return stack


def as_ints(column: array[int]) -> Ints:
    """A copy: a view would keep the column from growing."""
    return np.array(column, np.int64)


def _ints(values: list[int]) -> Ints:
    return np.array(values, np.int64)
