"""Pages that lie over the item for a while: text to read, comments to choose from, what is said before an item."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Protocol

from tui_label.bench.notices import Announcement, Notice
from tui_label.core.text.editor import EMPTY, Editor
from tui_label.core.training import Feedback
from tui_label.ui.canvas import Row
from tui_label.ui.modes import edited, line
from tui_label.ui.viewport import scroll_steps
from tui_label.ui.views.label import with_caret
from tui_label.ui.views.notices import body_rows, room
from tui_label.ui.views.pages import page
from tui_label.ui.views.talk import Letter, letters_page


class Page(Protocol):
    """What lies over the item until a key leads back."""

    def key(self, key: str, height: int) -> Page | None:
        """Take a key on a screen of `height` rows; None: it leads back."""

    def scroll(self, by: int, height: int) -> None: ...

    def draw(self, project: str, word: str, width: int, height: int) -> list[Row]:
        """The page; `word` is what a key came to."""


@dataclass
class Reading:
    """A text to read: what it shows, how far it is scrolled, and what is looked for in it."""

    title: str
    rows_of: Callable[[int], list[Row]]
    """What it shows on a screen of so many cells."""
    top: int = 0
    rows: list[Row] = field(default_factory=list)
    _width: int = 0
    finding: Editor | None = None
    needle: str = ""
    word: str = ""
    """What the latest key came to, where that can't be seen."""

    def key(self, key: str, height: int) -> Reading | None:
        self.word = ""
        if self.finding is not None:
            self._find_key(self.finding, key)
            return self
        page_rows = max(1, height - 5)
        steps = {"up": -1, "k": -1, "down": 1, "j": 1, "home": -(10**6), "end": 10**6}
        step = (steps | {"pageup": -page_rows, "pagedown": page_rows, "space": page_rows}).get(key, 0)
        if step:
            self.scroll(step, height)
        elif key == "/":
            self.finding = EMPTY
        elif key == "n" and self.needle:
            self._find_next()
        else:
            return None
        return self

    def lay(self, width: int) -> None:
        """Show it on a screen of `width` cells, from about where it is read."""
        if width == self._width:
            return
        before, self.rows, self._width = self.rows, self.rows_of(width), width
        if before and self.top:
            read = sum(map(_size, before[: self.top]))
            after = accumulate(map(_size, self.rows))
            self.top = next((n for n, size in enumerate(after) if size > read), 0)

    def scroll(self, by: int, height: int) -> None:
        """By so many rows, down to the page that ends with the last one; whoever is beyond that stays."""
        last = max(0, len(self.rows) - max(1, height - 5))
        self.top = max(0, self.top + by) if by < 0 else max(self.top, min(self.top + by, last))

    def _find_key(self, finding: Editor, key: str) -> None:
        if key == "enter":
            self.needle, self.finding = finding.text, None
            self._find_next()
        elif key == "escape":
            self.finding = None
        else:
            self.finding = edited(finding, key)

    def _find_next(self) -> None:
        needle = self.needle.casefold()
        places = [n for n, row in enumerate(self.rows) if needle in "".join(text for text, _ in row).casefold()]
        after = [n for n in places if n > self.top]
        if places:
            self.top = (after or places)[0]
        else:
            self.word = "not found"

    def draw(self, project: str, word: str, width: int, height: int) -> list[Row]:
        self.lay(width)
        status: Row = [(word or self.word, "hint")]
        again = [("n", "next found")] if self.needle else []
        hints = [("↑↓", "scroll"), ("/", "find"), *again, ("any other key", "back")]
        if self.finding is not None:
            status = with_caret(line("find ", self.finding), width - 1)
            hints = [("↵", "go to it"), ("Esc", "leave")]
        return page([project, self.title], self.rows, self.top, hints, status, width, height)


def _size(row: Row) -> int:
    """How much of a text is in a row, however it is wrapped."""
    return sum(len("".join(text.split())) for text, _ in row)


@dataclass
class Letters:
    """The page of comments for one annotator, and which one is chosen."""

    letters: list[Letter]
    annotator: str
    blind: bool
    chosen: int = 0

    def key(self, key: str, height: int) -> Letters | None:
        last = len(self.letters) - 1
        by = {"up": -1, "k": -1, "down": 1, "j": 1, "pageup": -10, "pagedown": 10, "home": -last, "end": last}
        if key not in by:
            return None
        self._choose(by[key])
        return self

    def scroll(self, by: int, height: int) -> None:
        self._choose(1 if by > 0 else -1)

    def _choose(self, by: int) -> None:
        self.chosen = max(0, min(self.chosen + by, len(self.letters) - 1))

    def draw(self, project: str, word: str, width: int, height: int) -> list[Row]:
        return letters_page(project, self.letters, self.chosen, self.annotator, self.blind, width, height)


@dataclass
class NoticeScroll:
    """How far the page before an item is scrolled."""

    top: int = 0

    def scrolled(self, notice: Notice, command: str, width: int, height: int) -> bool:
        """Whether the command scrolls it; a page down at the end goes on, as reading does."""
        if not isinstance(notice, Announcement | Feedback):
            return False
        rows, shown = len(body_rows(notice, width)), room(height)
        by = scroll_steps(command, shown)
        if not by:
            return False
        last = max(0, rows - shown)
        # On a smaller screen it may have been scrolled further
        before = min(self.top, last)
        self.top = max(0, min(before + by, last))
        return rows > shown and (before != self.top or command != "scroll.page-down")
