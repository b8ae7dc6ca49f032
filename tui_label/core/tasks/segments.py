"""Labelled stretches of a sound."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Any, ClassVar

from tui_label.core.item import Item
from tui_label.core.moments import edges
from tui_label.core.overlap import are_near, meeting, similarity
from tui_label.core.tasks.base import Task, are_stretches, has_no_json
from tui_label.core.tasks.text import likeness
from tui_label.core.text import number_of
from tui_label.core.transcript import Style, refusal

FIELDS = frozenset(["start", "end", "label", "text", "speaker"])
SLACK_S = 0.005
"""Rounding that an end may lie beyond the sound's."""
LONGEST_S = 1e9
"""No sound is as long, but a file may say so, or what is no number."""


@dataclass(frozen=True, slots=True, order=True)
class Segment:
    """A stretch of one sound, in seconds."""

    start: float
    end: float
    label: str = ""
    text: str = ""
    speaker: str = ""

    @property
    def when(self) -> tuple[float, float]:
        return self.start, self.end

    def overlaps(self, other: Segment) -> bool:
        return self.start < other.end and other.start < self.end

    def record(self) -> dict[str, Any]:
        """The JSON shape; a field that does not apply is absent."""
        named = {"label": self.label, "text": self.text, "speaker": self.speaker}
        return {"start": round(self.start, 3), "end": round(self.end, 3)} | {
            name: value for name, value in named.items() if value
        }


def in_order(value: Any) -> list[dict[str, Any]]:
    """Segments of the JSON shape in order of time; those of the same time stay as they come."""
    return sorted(value or [], key=lambda one: (one["start"], one["end"]))


def segments_from(value: Any) -> tuple[Segment, ...]:
    """Segments of the JSON shape, in order of time."""
    return tuple(
        Segment(one["start"], one["end"], one.get("label") or "", one.get("text", ""), one.get("speaker", ""))
        for one in in_order(value)
    )


class _Same:
    """A value that is known by being the same object."""

    def __init__(self, value: Any) -> None:
        self.value = value

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and self.value is other.value

    def __hash__(self) -> int:
        return id(self.value)


@lru_cache(8)
def _remembered(value: _Same) -> tuple[Segment, ...]:
    return segments_from(value.value)


def segments_in_hand(value: Any) -> tuple[Segment, ...]:
    """Those of an answer that nobody changes in place: a key asks for them many times, and there may be thousands."""
    return _remembered(_Same(value))


@dataclass(frozen=True)
class Segments(Task):
    """The value is `[{"start", "end", "label"?, "text"?, "speaker"?}]`, seconds, ordered by start and end."""

    overlap: bool = False
    """Whether segments may share time."""
    min: int = 0
    transcript: Style | None = None
    """Where given, each segment has a transcript, and a speaker if the style names some."""

    kind: ClassVar[str] = "segments"
    options: ClassVar[Mapping[str, tuple[type, ...]]] = {"overlap": (bool,), "min": (int,), "transcript": (Style,)}
    needs_labels: ClassVar[bool] = False

    def problems(self) -> list[tuple[str, str]]:
        return [("min", "must be 0 or more")] if self.min < 0 else []

    def fits(self, value: Any) -> bool:
        return are_stretches(value)

    def check(self, value: Any, item: Item) -> str:
        if problem := self.draft_problem(value, item):
            return problem
        first = self.unfinished(value)
        if first is not None:
            return self._lacking(value[first])
        return f"needs at least {number_of(self.min, 'segment')}" if len(value) < self.min else ""

    def unfinished(self, value: list[dict[str, Any]]) -> int | None:
        """The first segment that lacks something; None where each is whole."""
        return next((number for number, one in enumerate(value) if self._lacking(one)), None)

    def draft_problem(self, value: Any, item: Item) -> str:
        """Labels may be missing, and texts may break the rules: that is what a draft is corrected for."""
        if not isinstance(value, list):
            return f"must be a list of segments, not {value!r}"
        for one in value:
            if problem := self._misshapen(one, item):
                return problem
        if not self.overlap:
            for before, after in pairwise(segments_from(value)):
                if before.overlaps(after):
                    return (
                        f"segments {edges(*before.when)} and {edges(*after.when)} overlap; "
                        f"allow that with `overlap: true` in project.yaml"
                    )
        return ""

    def _lacking(self, one: dict[str, Any]) -> str:
        """What one well-formed segment still lacks."""
        start, end = one["start"], one["end"]
        if self.labels and not one.get("label"):
            return f"segment {edges(start, end)} needs one of the labels {', '.join(self.values)}"
        said = refusal(self.transcript, one.get("text", ""), end - start)
        if not said and self.transcript is not None and self.transcript.enforce == "refuse":
            if not one.get("text", "").strip():
                said = "nothing is written down for it"
            elif self.transcript.speakers and not one.get("speaker"):
                said = "who speaks?"
        return f"segment {edges(start, end)}: {said}" if said else ""

    def _misshapen(self, one: Any, item: Item) -> str:
        if not isinstance(one, dict):
            return f"must be a segment with start and end, not {one!r}"
        start, end = one.get("start"), one.get("end")
        for name, moment in (("start", start), ("end", end)):
            if not isinstance(moment, int | float) or isinstance(moment, bool) or not abs(moment) < LONGEST_S:
                return f"a segment's {name} must be seconds, not {moment!r}"
        assert start is not None and end is not None
        duration = item.sound.duration if item.sound else 0.0
        if not 0 <= start < end <= duration + SLACK_S:
            return f"segment {edges(start, end)} does not lie within the sound's {duration:.3f} seconds"
        label = "" if one.get("label") is None else one["label"]
        if self.labels and label and label not in self.values:
            return f"segment {edges(start, end)} needs one of the labels {', '.join(self.values)}, not {label!r}"
        for name, said in (("label", label), ("text", one.get("text", "")), ("speaker", one.get("speaker", ""))):
            if not isinstance(said, str):
                return f"a segment's {name} must be text, not {said!r}"
        if has_no_json(one, FIELDS):
            return f"segment {edges(start, end)} has a number that is none (NaN, Infinity), or is nested too deeply"
        return ""

    def is_answered(self, value: Any) -> bool:
        return len(value or []) >= self.min

    def says(self, value: Any) -> tuple[str, ...]:
        return tuple(one["label"] for one in value or [] if one.get("label"))

    def kept(self, value: Any, item: Item) -> Any:
        """Without labels that others write as null."""
        return [{name: said for name, said in one.items() if name != "label" or said is not None} for one in value]

    def agreement(self, one: Any, other: Any) -> float:
        """F1 of segments that overlap by half of their union or more, one to one, the nearest first, and have the same
        label and speaker; a pair counts as much as its words are alike.
        """
        return self._f1(one, other, lambda mine, theirs: 1.0)

    def likeness(self, one: Any, other: Any) -> float:
        """Where the edges of a pair are not the same, it counts by what it has in common."""
        return self._f1(one, other, lambda mine, theirs: 1.0 if are_near(mine, theirs) else similarity(mine, theirs))

    def _f1(self, one: Any, other: Any, worth: Callable[[Segment, Segment], float]) -> float:
        mine, theirs = segments_from(one), segments_from(other)
        if not mine and not theirs:
            return 1.0
        pairs = [
            (-near, *sorted((mine[n].when, theirs[m].when)), n, m)
            for n, m in meeting(mine, theirs)
            if (mine[n].label, mine[n].speaker) == (theirs[m].label, theirs[m].speaker)
            and (near := similarity(mine[n], theirs[m])) >= 0.5
        ]
        left, right = set(range(len(mine))), set(range(len(theirs)))
        hits = 0.0
        for *_, n, m in sorted(pairs):
            if n in left and m in right:
                left.remove(n)
                right.remove(m)
                hits += worth(mine[n], theirs[m]) * likeness(mine[n].text, theirs[m].text)
        return 2 * hits / (len(mine) + len(theirs))
