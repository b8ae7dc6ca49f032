"""What is looked for in a text, and the place that was gone to last.

The cursor stands on whole words, so it does not tell which place in a word, or whether any, was meant.
"""

from __future__ import annotations

from bisect import bisect
from collections.abc import Callable

from tui_label.core.text.find import find_all, find_between, which

Place = tuple[int, int]
Look = Callable[[str, str, int], Place | None]
"""`find_next` or `find_previous`."""


class Finding:
    def __init__(self) -> None:
        self.needle = ""
        self.place: Place | None = None

    def look_for(self, needle: str) -> None:
        self.needle, self.place = needle, None

    def left(self) -> None:
        """Another text, or the cursor elsewhere."""
        self.place = None

    def go(self, look: Look, text: str, start: int) -> Place | None:
        """The place after or before the last one, where none was gone to from `start` on."""
        self.place = look(text, self.needle, self.place[0] if self.place is not None else start)
        return self.place

    def said(self, text: str, place: Place) -> str:
        """Which of all places it is."""
        every = find_all(text, self.needle, len(text))
        return which(bisect(every, place), len(every))

    def places(self, text: str, start: int, end: int) -> tuple[Place, ...]:
        return tuple(find_between(text, self.needle, start, end))
