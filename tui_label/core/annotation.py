"""What was said about an item, by whom, under which version; to and from JSON.

`Annotation.record` is the contract of `tui-label export` and of `add`, which takes
the same shape back.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tui_label.core.item import Item, Sound

SUBMITTED, SKIPPED, DRAFT, UNDONE = "submitted", "skipped", "draft", "undone"
STATUSES = (SUBMITTED, SKIPPED, DRAFT, UNDONE)


@dataclass(frozen=True, slots=True)
class Flag:
    """A coded reason why an item deserves another look, with a free note."""

    reason: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Timing:
    """Milliseconds from the first paint to the answer: hands and eyes at work, nobody there, paused."""

    active: int = 0
    idle: int = 0
    paused: int = 0
    tasks: Mapping[str, int] = field(default_factory=dict)
    """Active milliseconds for each task id."""

    @property
    def wall(self) -> int:
        return self.active + self.idle + self.paused


@dataclass(frozen=True, slots=True)
class Annotation:
    """One revision of one annotator's answers about one item.

    `answers` holds, for each task id, the JSON shape of its value: choice `str`,
    choices `[str]`, rating `int`, text `str`, compare `str` or `[str]`,
    spans `[{"start", "end", "label", "text"}]`, segments (seconds)
    `[{"start", "end", "label"?, "text"?, "speaker"?}]`.  `origin` runs beside it: for each
    task id a list (one entry a span, or one for the whole value) of `manual`,
    `accepted`, `changed`, `propagated`.  `decisions` says what became of each
    suggestion that was shown, by its number: `accepted`, `changed`, `rejected`, `ignored`.
    Times are UTC, ISO 8601 with milliseconds and `Z`.
    """

    annotator: str
    status: str = SUBMITTED
    answers: Mapping[str, Any] = field(default_factory=dict)
    flags: tuple[Flag, ...] = ()
    origin: Mapping[str, list[str]] = field(default_factory=dict)
    decisions: Mapping[int, str] = field(default_factory=dict)
    timing: Timing = field(default_factory=Timing)
    started_at: str = ""
    submitted_at: str = ""
    labels_version: int = 0
    guidelines_version: int = 0
    revision: int = 0
    listening: Mapping[str, Any] = field(default_factory=dict)
    """How a sound was listened to, and how far its draft was kept: `Listening.record`."""

    def record(self, item: Item) -> dict[str, Any]:
        """The export object; a field that does not apply is absent."""
        said = {"annotator": self.annotator, "status": self.status, "answers": dict(self.answers)}
        more = {
            "flags": [{"reason": flag.reason, **({"note": flag.note} if flag.note else {})} for flag in self.flags],
            "origin": {task: list(origins) for task, origins in self.origin.items()},
            "started_at": self.started_at,
            "submitted_at": self.submitted_at,
            "ms": _timing_record(self.timing) if self.timing.wall else {},
            "listening": dict(self.listening),
            "labels": self.labels_version,
            "guidelines": self.guidelines_version,
            "revision": self.revision,
        }
        return item_record(item) | said | {name: value for name, value in more.items() if value}


def item_record(item: Item) -> dict[str, Any]:
    """The item's part of the export object."""
    record: dict[str, Any] = {"item": item.key}
    if item.sound is not None:
        record |= sound_record(item.sound)
    elif item.text or not item.candidates:
        record["text"] = item.text
    if item.candidates:
        record["candidates"] = list(item.candidates)
    if item.meta:
        record["meta"] = dict(item.meta)
    return record


def sound_record(sound: Sound) -> dict[str, Any]:
    """`audio`, `offset` (where not 0), `duration` and `audio_hash` of the export object."""
    record: dict[str, Any] = {"audio": sound.path}
    if sound.offset:
        record["offset"] = round(sound.offset, 3)
    return record | {"duration": round(sound.duration, 3), "audio_hash": sound.hash}


def _timing_record(timing: Timing) -> dict[str, Any]:
    record: dict[str, Any] = {"active": timing.active, "idle": timing.idle, "wall": timing.wall}
    if timing.paused:
        record["paused"] = timing.paused
    if timing.tasks:
        record["tasks"] = dict(timing.tasks)
    return record


def timing_from(record: Mapping[str, Any]) -> Timing:
    """The timing of an export object's `ms`; `wall` follows from the rest."""
    return Timing(
        active=int(record.get("active", 0)),
        idle=int(record.get("idle", 0)),
        paused=int(record.get("paused", 0)),
        tasks={str(task): int(ms) for task, ms in dict(record.get("tasks", {})).items()},
    )
