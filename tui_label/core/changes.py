"""What a gold answer says otherwise than a version of it, in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tui_label.core.differences import Difference
from tui_label.core.moments import edges
from tui_label.core.review import Review, answers

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
    found = []
    for n in review.in_force:
        one = review.differences[n]
        mine = next((option for option in one.options if version in option.by), None)
        if n in review.taken and n not in review.edited and mine is not None:
            taken = one.option_of(review.taken[n])
            if taken != mine:
                found.append(f"{one.task}: {said(one, mine.value)} → {said(one, taken.value)}")
        elif mine is not None and n in review.edited | review.kept and one.kind == "value":
            now = answers(review).get(one.task)
            if now != mine.value:
                found.append(f"{one.task}: {said(one, mine.value)} → {said(one, now)}")
    more = [f"and {len(found) - MOST_CHANGES} more"] if len(found) > MOST_CHANGES else []
    return "; ".join([*found[:MOST_CHANGES], *more])
