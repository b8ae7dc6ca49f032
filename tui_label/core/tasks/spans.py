"""Labelled stretches of the text."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, ClassVar

from tui_label.core.item import Item
from tui_label.core.tasks.base import Task, are_stretches, has_no_json

FIELDS = frozenset(["start", "end", "label", "text"])


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """A labelled stretch of one text, in code points, end exclusive."""

    start: int
    end: int
    label: str
    origin: str = field(default="manual", compare=False)

    def overlaps(self, other: Span) -> bool:
        return self.start < other.end and other.start < self.end

    def record(self, text: str) -> dict[str, Any]:
        return {"start": self.start, "end": self.end, "label": self.label, "text": text[self.start : self.end]}


def spans_from(value: Any, origins: list[str] | None = None) -> tuple[Span, ...]:
    """Spans of the JSON shape, in order of the text."""
    value = value or []
    origins = origins or ["manual"] * len(value)
    return tuple(
        sorted(Span(one["start"], one["end"], one["label"], origin) for one, origin in zip(value, origins, strict=True))
    )


@dataclass(frozen=True)
class Spans(Task):
    """The value is `[{"start", "end", "label", "text"}]`, ordered by start, end, label."""

    overlap: bool = False
    """Whether spans may nest and cross; where not, two spans share no character."""
    snap: str = "token"
    """`token`: the cursor steps by token; `character`: by grapheme (scripts without spaces)."""
    min: int = 0

    kind: ClassVar[str] = "spans"
    options: ClassVar[Mapping[str, tuple[type, ...]]] = {"overlap": (bool,), "snap": (str,), "min": (int,)}

    def problems(self) -> list[tuple[str, str]]:
        if self.snap not in ("token", "character"):
            return [("snap", "must be token or character")]
        if self.min < 0:
            return [("min", "must be 0 or more")]
        return []

    def fits(self, value: Any) -> bool:
        return are_stretches(value) and all("label" in one for one in value)

    def check(self, value: Any, item: Item) -> str:
        if not isinstance(value, list):
            return f"must be a list of spans, not {value!r}"
        for one in value:
            if problem := self._check_one(one, item.text):
                return problem
        spans = spans_from(value)
        if len(set(spans)) < len(spans):
            return "has the same span twice"
        if not self.overlap:
            for before, after in pairwise(spans):
                if before.overlaps(after):
                    return (
                        f"spans {before.start}-{before.end} and {after.start}-{after.end} overlap; "
                        f"allow that with `overlap: true` in project.yaml"
                    )
        if len(value) < self.min:
            return f"needs at least {self.min} spans"
        return ""

    def _check_one(self, one: Any, text: str) -> str:
        if not isinstance(one, dict):
            return f"must be a span with start, end and label, not {one!r}"
        start, end, label = one.get("start"), one.get("end"), one.get("label")
        for name, offset in (("start", start), ("end", end)):
            if not isinstance(offset, int) or isinstance(offset, bool):
                return f"a span's {name} must be a whole number, not {offset!r}"
        assert isinstance(start, int) and isinstance(end, int)
        if not 0 <= start < end <= len(text):
            return f"span {start}-{end} does not lie within the text's {len(text)} characters"
        if label not in self.values:
            return self.unknown(label)
        if has_no_json(one, FIELDS):
            return f"span {start}-{end} has a number that is none (NaN, Infinity), or is nested too deeply"
        covered = one.get("text")
        if covered is not None and covered != text[start:end]:
            return f"span {start}-{end} says {covered!r} but the text there is {text[start:end]!r}"
        return ""

    def is_answered(self, value: Any) -> bool:
        return len(value or []) >= self.min

    def says(self, value: Any) -> tuple[str, ...]:
        return tuple(one["label"] for one in value or [])

    def kept(self, value: Any, item: Item) -> Any:
        """With the text of each."""
        return [{**one, "text": item.text[one["start"] : one["end"]]} for one in value]

    def agreement(self, one: Any, other: Any) -> float:
        """F1 of exact spans (start, end, label)."""
        a, b = ({(span["start"], span["end"], span["label"]) for span in value or ()} for value in (one, other))
        return 2 * len(a & b) / (len(a) + len(b)) if a or b else 1.0
