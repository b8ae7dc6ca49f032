"""A sprint: a stretch of work with an end in sight.  Times are milliseconds of a monotonic clock."""

from __future__ import annotations

from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Sprint:
    """How far a sprint is."""

    planned_ms: int
    began: float
    items: int = 0
    active_ms: int = 0
    sound_ms: int = 0
    """Length of the sounds that were answered."""

    def answer(self, active_ms: int, sound_ms: int) -> Sprint:
        return replace(
            self, items=self.items + 1, active_ms=self.active_ms + active_ms, sound_ms=self.sound_ms + sound_ms
        )

    def left_ms(self, now: float) -> float:
        return self.began + self.planned_ms - now

    @property
    def real_time_factor(self) -> float | None:
        """Minutes of work for a minute of sound."""
        return self.active_ms / self.sound_ms if self.sound_ms else None
