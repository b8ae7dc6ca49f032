"""A sprint: a stretch of work with an end in sight.  Times are milliseconds of a monotonic clock."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

SPRINT = "--sprint"
"""The option that begins one."""


@dataclass(frozen=True, slots=True)
class Sprint:
    """How far a sprint is."""

    planned_ms: int
    began: float
    items: int = 0
    active_ms: int = 0
    sound_ms: int = 0
    """Length of the sounds that were answered."""

    def answer(self, active_ms: int, sound_ms: int, now: float) -> Sprint:
        """One more item; of work that a draft had from before the sprint, no more counts than time went by."""
        active_ms = min(self.active_ms + active_ms, round(now - self.began))
        return replace(self, items=self.items + 1, active_ms=active_ms, sound_ms=self.sound_ms + sound_ms)

    def left_ms(self, now: float) -> float:
        return self.began + self.planned_ms - now

    @property
    def real_time_factor(self) -> float | None:
        """Minutes of work for a minute of sound."""
        return self.active_ms / self.sound_ms if self.sound_ms else None


def written_ms(words: str) -> int:
    """`25m`, `90s` or `1h` in milliseconds; 0 if it is no such time."""
    found = re.fullmatch(r"(\d{1,4}(?:\.\d+)?)(s|m|h)", words)
    return round(float(found[1]) * {"s": 1000, "m": 60_000, "h": 3_600_000}[found[2]]) if found else 0


def taken_up(command: Sequence[str], gone_ms: float) -> list[str]:
    """A command for going on after so long: with what is left of its sprint, or without it if nothing is."""
    made = []
    words = iter(command)
    for word in words:
        name, sign, value = word.partition("=")
        if name != SPRINT:
            made.append(word)
            continue
        left = written_ms(value if sign else next(words, "")) - max(0, gone_ms)
        if left >= 1:
            made.append(f"{SPRINT}={left / 3_600_000:.9f}h")
    return made
