"""One thing that is brought in."""

from __future__ import annotations

from dataclasses import dataclass

from tui_label.core.annotation import Annotation
from tui_label.core.gold import Gold
from tui_label.core.item import Item, Suggestion


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
