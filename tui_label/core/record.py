"""One thing that is brought in."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from numbers import Integral

from tui_label.core import listening
from tui_label.core.annotation import Annotation
from tui_label.core.gold import Gold
from tui_label.core.item import Item, Suggestion
from tui_label.core.keepable import MOST, TooDeep, is_amount, is_json, is_text, with_nulls


@dataclass(frozen=True, slots=True)
class Record:
    """An item, and what is already known about it."""

    item: Item
    suggestions: tuple[Suggestion, ...] = ()
    annotation: Annotation | None = None
    """A finished answer of `annotation.annotator`."""
    priority: int = 0
    """Higher is asked earlier."""
    gold: Gold | None = None
    """Its right answer, known beforehand."""
    probe: str = ""
    """With `gold`, what the item is for where it is new: `check` (mixed in unmarked) or `qualification`.
    Neither is in the queue.
    """


def place(file: str, line: int, number: int) -> str:
    """Where a record is in a file: its line, or where that is not known (0), the how many-th it is."""
    return f"{file}:{line}" if line else f"{file}, record {number:,}"


class Unkeepable(ValueError):
    """What of a record cannot be kept as it is, in whatever project: the field and a sentence."""

    def __init__(self, field: str, problem: str) -> None:
        super().__init__(f"{field}: {problem}")
        self.field, self.problem = field, problem


def keepable(record: Record) -> Record:
    """The record with null for numbers of its meta that JSON has none for; raises Unkeepable."""
    priority = record.priority
    if not isinstance(priority, Integral) or isinstance(priority, bool):
        raise Unkeepable("priority", f"must be a whole number, not {priority!r}")
    if not -MOST < priority < MOST:
        raise Unkeepable("priority", f"must lie between {-MOST} and {MOST}")
    if record.annotation is not None:
        _refuse_strange(record.annotation)
    for one in record.suggestions:
        _refuse_strange_text("source", one.source)
    meta = dict(record.item.meta)
    if is_json(meta):
        return record
    try:
        return replace(record, item=replace(record.item, meta=with_nulls(meta)))
    except TooDeep as error:
        raise Unkeepable("meta", str(error)) from error


def _refuse_strange(said: Annotation) -> None:
    for field, text in _texts(said):
        _refuse_strange_text(field, text)
    timing = said.timing
    for ms in (timing.active, timing.idle, timing.paused, *timing.tasks.values()):
        if not isinstance(ms, int) or not is_amount(ms):
            raise Unkeepable("ms", "must be whole milliseconds from 0 on")
    if said.listening and (problem := listening.problem(said.listening)):
        raise Unkeepable("listening", problem)


def _texts(said: Annotation) -> Iterator[tuple[str, str]]:
    yield from (("annotator", said.annotator), ("started_at", said.started_at), ("submitted_at", said.submitted_at))
    for parts in said.origin.values():
        yield from (("origin", part) for part in parts)


def _refuse_strange_text(field: str, text: object) -> None:
    if not isinstance(text, str):
        raise Unkeepable(field, f"must be text, not {text!r}")
    if not is_text(text):
        raise Unkeepable(field, f"has a NUL or half a character (a lone surrogate) in it: {text!r}")
