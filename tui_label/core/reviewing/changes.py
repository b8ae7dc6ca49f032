"""What one answer says otherwise than another, in words: a gold answer than a version of it, a second one than the first."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tui_label.core.item import Item
from tui_label.core.moments import edges
from tui_label.core.reviewing.differences import Difference
from tui_label.core.reviewing.review import Review
from tui_label.core.tasks import Segments, Spans, segments_from, spans_from

MOST_CHANGES = 3


def said(one: Difference, value: Any) -> str:
    """A reading in words."""
    if one.kind == "labels":
        return str(value[0]) if value else f"not {one.about}"
    if one.kind == "words":
        return str(value) or "nothing"
    if one.kind == "spans":
        return ", ".join(f"{span['label']} “{span['text']}”" for span in value) or "nothing"
    if one.kind == "segments":
        return ", ".join(map(_segment_words, value)) or "nothing"
    if value is None:
        return "no answer"
    if isinstance(value, list):
        return ", ".join(map(str, value)) or "none of them"
    return str(value)


def _segment_words(segment: Mapping[str, Any]) -> str:
    named = [segment.get("speaker", ""), segment.get("label", ""), segment.get("text", "")]
    return " ".join([edges(segment["start"], segment["end"]), *filter(None, named)])


def changes(review: Review, version: int) -> str:
    """What of one version the gold answer says otherwise, for its annotator."""
    found = [
        f"{one.task}: {said(one, one.option_of(0).value)} → {said(one, one.option_of(1).value)}"
        for one in review.corrected(version)
    ]
    more = [f"and {len(found) - MOST_CHANGES} more"] if len(found) > MOST_CHANGES else []
    return "; ".join([*found[:MOST_CHANGES], *more])


def changed(review: Review, before: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    """What one annotator answers otherwise than before."""
    found = []
    for id in {**before, **now}:
        was, is_now = before.get(id), now.get(id)
        task = review.session.project.task(id)
        if isinstance(task, Spans | Segments) and task.fits(was) and task.fits(is_now):
            gone, came = _but(task, was, is_now, review.item), _but(task, is_now, was, review.item)
            one = Difference(id, task.kind, ())
            found += [f"{id}: {said(one, gone)} → {said(one, came)}"] if gone or came else []
        elif was != is_now:
            found.append(f"{id}: {in_short(was)} → {in_short(is_now)}")
    return found


def _but(task: Spans | Segments, value: Any, other: Any, item: Item) -> list[dict[str, Any]]:
    """The spans or segments of `value` that the other has not."""
    if isinstance(task, Spans):
        spans = set(spans_from(other))
        return [span.record(item.text) for span in spans_from(value) if span not in spans]
    segments = set(segments_from(other))
    return [segment.record() for segment in segments_from(value) if segment not in segments]


def in_short(value: object) -> str:
    """An answer in a word or two."""
    if isinstance(value, list):
        return f"{len(value)} marked" if value and isinstance(value[0], dict) else ", ".join(map(str, value)) or "none"
    return "no answer" if value is None else str(value)
