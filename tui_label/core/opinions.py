"""What annotators said and did, as the lean rows that figures are computed from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple


class Opinion(NamedTuple):
    """One latest submitted answer, lean: what agreement and figures are computed from."""

    number: int
    """The item's."""
    annotator: str
    answers: Mapping[str, Any]
    """Under today's label names."""
    submitted_at: str
    active_ms: int
    guidelines_version: int


@dataclass(frozen=True, slots=True)
class Repeat:
    """An annotator's two answers about the same item, weeks apart."""

    annotator: str
    first: Mapping[str, Any]
    again: Mapping[str, Any]
    submitted_at: str
    """Of the second."""


class Effort(NamedTuple):
    """One revision of an answer, lean: what pace is computed from.  Undone ones are there too."""

    number: int
    annotator: str
    turn: int
    """Counts the annotator's saves; a new one is larger than all before."""
    status: str
    labels: Mapping[str, tuple[str, ...]]
    """For each task the labels that were given; texts have none."""
    flags: tuple[str, ...]
    """Reasons."""
    submitted_at: str
    active_ms: int
    idle_ms: int
    sound_ms: int
    """Length of the item's sound; 0 for a text."""
    coverage: float | None
    """The part of the sound that was heard."""
    revision: int
