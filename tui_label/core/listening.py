"""How somebody listened to a clip: what was heard, how often, how fast; kept beside the answer."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

Stretch = tuple[float, float]
"""Start and end in seconds of the clip."""
JOINED = 0.03
"""Seconds between two stretches that still count as one: clocks of ear and screen differ."""


@dataclass(frozen=True, slots=True)
class Listening:
    """Passes over a clip in the order they were heard, and what the hands did meanwhile."""

    passes: tuple[Stretch, ...] = ()
    speeds: Mapping[str, float] = field(default_factory=dict)
    """Seconds of the clip heard at each speed, by its name ("1.2")."""
    plays: int = 0
    first_play_ms: int | None = None
    """From the first paint of the item."""
    keystrokes: int = 0

    def played(self, since_paint_ms: float) -> Listening:
        """A play began."""
        first = round(since_paint_ms) if self.first_play_ms is None else self.first_play_ms
        return replace(self, plays=self.plays + 1, first_play_ms=first)

    def heard(self, start: float, end: float, speed: float) -> Listening:
        """`start` to `end` came out of the speaker; what goes on where it stopped is one pass."""
        if end <= start:
            return self
        name = f"{speed:g}"
        speeds = {**self.speeds, name: self.speeds.get(name, 0.0) + end - start}
        passes = self.passes
        if passes and abs(passes[-1][1] - start) < JOINED:
            passes = (*passes[:-1], (passes[-1][0], end))
        else:
            passes = (*passes, (start, end))
        return replace(self, passes=passes, speeds=speeds)

    def keyed(self) -> Listening:
        return replace(self, keystrokes=self.keystrokes + 1)

    @property
    def seconds(self) -> float:
        """Seconds of the clip that were heard, counted as often as they were."""
        return sum(self.speeds.values())

    @property
    def covered(self) -> tuple[Stretch, ...]:
        """What was heard at least once."""
        found: list[Stretch] = []
        for start, end in sorted(self.passes):
            if found and start <= found[-1][1] + JOINED:
                found[-1] = (found[-1][0], max(found[-1][1], end))
            else:
                found.append((start, end))
        return tuple(found)

    def coverage(self, duration: float) -> float:
        """The part of the clip that was heard, from 0 to 1."""
        total = sum(min(end, duration) - max(0.0, start) for start, end in self.covered)
        return 1.0 if duration <= 0 else min(1.0, (total + JOINED * (total > 0)) / duration)

    @property
    def replays(self) -> tuple[tuple[float, float, int], ...]:
        """Stretches heard more than once: start, end, how often."""
        edges = sorted({edge for one in self.passes for edge in one})
        found: list[tuple[float, float, int]] = []
        for start, end in itertools.pairwise(edges):
            times = sum(first <= start and end <= last for first, last in self.passes)
            if times < 2 or end - start < JOINED:
                continue
            if found and found[-1][2] == times and abs(found[-1][1] - start) < JOINED:
                found[-1] = (found[-1][0], end, times)
            else:
                found.append((start, end, times))
        return tuple(found)

    def record(self, duration: float) -> dict[str, Any]:
        """The JSON that is stored and exported; empty where nothing was played or typed."""
        if not self.plays and not self.keystrokes:
            return {}
        record: dict[str, Any] = {"plays": self.plays, "keystrokes": self.keystrokes}
        if self.first_play_ms is not None:
            record["first_play_ms"] = self.first_play_ms
        record["seconds"] = round(self.seconds, 2)
        record["coverage"] = round(self.coverage(duration), 3)
        record["speeds"] = {name: round(seconds, 2) for name, seconds in self.speeds.items()}
        record["passes"] = [[round(start, 2), round(end, 2)] for start, end in self.passes]
        if self.replays:
            record["replays"] = [[round(start, 2), round(end, 2), times] for start, end, times in self.replays]
        return record


def listening_from(record: Mapping[str, Any]) -> Listening:
    """What a draft kept."""
    return Listening(
        tuple((float(start), float(end)) for start, end in record.get("passes", [])),
        {str(name): float(seconds) for name, seconds in dict(record.get("speeds", {})).items()},
        int(record.get("plays", 0)),
        record.get("first_play_ms"),
        int(record.get("keystrokes", 0)),
    )
