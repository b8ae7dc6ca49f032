"""What a gold answer says otherwise than a version of it, in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tui_label.core.moments import edges
from tui_label.core.reviewing.differences import Difference
from tui_label.core.reviewing.review import Review

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
