"""How somebody listened to a clip: what was heard, how often, how fast; kept beside the answer."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from tui_label.core.keepable import is_amount

Stretch = tuple[float, float]
"""Start and end in seconds of the clip."""
Pass = tuple[float, float, int]
"""A stretch, and how often it was heard one time after the other."""
JOINED = 0.03
"""Seconds between two stretches that still count as one: clocks of ear and screen differ."""
MOST_PASSES = 1000
"""Of somebody who hears more than that, the older half is kept as what it covered: the record stays small."""


@dataclass(frozen=True, slots=True)
class Listening:
    """Passes over a clip in the order they were heard, and what the hands did meanwhile."""

    passes: tuple[Pass, ...] = ()
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
        *before, last = self.passes or [(start, start, 1)]
        if last[2] == 1 and abs(last[1] - start) < JOINED:
            passes = [*before, (last[0], max(last[1], end), 1)]
        else:
            passes = [*_round_again(before, last), (start, end, 1)]
        return replace(self, passes=_few(passes), speeds=speeds)

    def keyed(self) -> Listening:
        return replace(self, keystrokes=self.keystrokes + 1)

    @property
    def seconds(self) -> float:
        """Seconds of the clip that were heard, counted as often as they were."""
        return sum(self.speeds.values())

    @property
    def covered(self) -> tuple[Stretch, ...]:
        """What was heard at least once."""
        return _union(self.passes)

    def unheard(self, duration: float) -> tuple[Stretch, ...]:
        """What was not heard yet."""
        ends = [0.0, *(end for _, end in self.covered)]
        starts = [*(start for start, _ in self.covered), duration]
        return tuple((end, start) for end, start in zip(ends, starts, strict=True) if start - end > JOINED)

    def coverage(self, duration: float) -> float:
        """The part of the clip that was heard, from 0 to 1."""
        total = sum(max(0.0, min(end, duration) - max(0.0, start)) for start, end in self.covered)
        return 1.0 if duration <= 0 else min(1.0, (total + JOINED * (total > 0)) / duration)

    @property
    def replays(self) -> tuple[Pass, ...]:
        """Stretches heard more than once: start, end, how often."""
        begun = [(start, times) for start, _, times in self.passes]
        ended = [(end, -times) for _, end, times in self.passes]
        found: list[Pass] = []
        now = 0
        for (start, change), (end, _) in itertools.pairwise(sorted(begun + ended)):
            now += change
            if now < 2 or end - start < JOINED:
                continue
            if found and found[-1][2] == now and abs(found[-1][1] - start) < JOINED:
                found[-1] = (found[-1][0], end, now)
            else:
                found.append((start, end, now))
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
        record["passes"] = [
            [round(start, 2), round(end, 2), *([times] if times > 1 else [])] for start, end, times in self.passes
        ]
        if self.replays:
            record["replays"] = [[round(start, 2), round(end, 2), times] for start, end, times in self.replays]
        return record


def is_enough(coverage: float, wanted: float) -> bool:
    """Whether as much of a clip was heard as is wanted, or what is shown as that much."""
    return coverage >= wanted - 0.0005


def _are_amounts(value: Any) -> bool:
    return isinstance(value, Mapping) and all(map(is_amount, value.values()))


def _are_edits(value: Any) -> bool:
    return isinstance(value, Mapping) and all(map(_are_amounts, value.values()))


def _is_pass(value: Any) -> bool:
    return isinstance(value, list | tuple) and len(value) in (2, 3) and all(map(is_amount, value))


def _are_passes(value: Any) -> bool:
    return isinstance(value, list) and all(map(_is_pass, value))


NUMBERS = ("plays", "keystrokes", "first_play_ms", "reaction_ms", "seconds", "coverage")
FIELDS: Mapping[str, tuple[Callable[[Any], bool], str]] = {
    **dict.fromkeys(NUMBERS, (is_amount, "a number from 0 on")),
    "speeds": (_are_amounts, "seconds by speed"),
    "passes": (_are_passes, "a list of [start, end, how often]"),
    "replays": (_are_passes, "a list of [start, end, how often]"),
    "edits": (_are_edits, "numbers by task"),
}
"""What a record may have: whether a value fits, and what is wanted."""


def problem(record: Any) -> str:
    """Why it is no record of somebody's listening, as a sentence; empty if it is one."""
    if not isinstance(record, Mapping):
        return f"must be an object, not {record!r}"
    for name, value in record.items():
        if name not in FIELDS:
            return f"has no {name!r}; known are {', '.join(FIELDS)}"
        fits, wanted = FIELDS[name]
        if not fits(value):
            return f"{name} must be {wanted}, not {value!r}"
    return ""


def _round_again(before: list[Pass], last: Pass) -> list[Pass]:
    """The finished pass behind the ones before it; a loop's next round only makes their number one more."""
    if before:
        start, end, times = before[-1]
        if abs(start - last[0]) < JOINED and abs(end - last[1]) < JOINED:
            return [*before[:-1], (start, end, times + last[2])]
    return [*before, last]


def _few(passes: list[Pass]) -> tuple[Pass, ...]:
    if len(passes) <= MOST_PASSES:
        return tuple(passes)
    half = len(passes) // 2
    return (*((start, end, 1) for start, end in _union(passes[:half])), *passes[half:])


def _union(passes: tuple[Pass, ...] | list[Pass]) -> tuple[Stretch, ...]:
    found: list[Stretch] = []
    for start, end, _ in sorted(passes):
        if found and start <= found[-1][1] + JOINED:
            found[-1] = (found[-1][0], max(found[-1][1], end))
        else:
            found.append((start, end))
    return tuple(found)


def listening_from(record: Mapping[str, Any]) -> Listening:
    """What a draft kept."""
    return Listening(
        tuple(
            (float(start), float(end), int(times[0]) if times else 1) for start, end, *times in record.get("passes", [])
        ),
        {str(name): float(seconds) for name, seconds in dict(record.get("speeds", {})).items()},
        int(record.get("plays", 0)),
        record.get("first_play_ms"),
        int(record.get("keystrokes", 0)),
    )
