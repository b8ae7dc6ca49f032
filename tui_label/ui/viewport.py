"""The part of a text that is on the screen: what scrolls it, where a cursor goes by rows, what the mouse points at."""

from __future__ import annotations

from tui_label.core.item import Item, candidate_names
from tui_label.core.text.rows import Rows, Stacked
from tui_label.ui.views.document import MARGIN

FAR = 10**9
"""Further than any text goes."""
CURSOR_MOVES = ("cursor.up", "cursor.down", "cursor.page-up", "cursor.page-down", "cursor.home", "cursor.end")
"""Commands that move the cursor by what the screen shows."""


def scroll_steps(command: str, page: int) -> int:
    """How many rows down a command scrolls, a page being `page` rows; 0 if it doesn't scroll."""
    kind, _, name = command.partition(".")
    by = {"up": -1, "down": 1, "page-up": -page, "page-down": page, "home": -FAR, "end": FAR}
    return by[name] if kind == "scroll" else 0


class Viewport:
    """A window on the rows of an item's text.  Offsets are characters of the text, rows count from its first one.

    Candidates are one text with the one that they answer.
    """

    def __init__(self) -> None:
        self.rows = Rows("", 10)
        self.top = 0
        """The first row on the screen."""
        self._item: Item | None = None
        self._height = self._pitch = 1

    def lay(self, item: Item, width: int) -> None:
        """Show the text of `item`, in rows of `width` cells; what was its first on the screen stays there."""
        if self._item is item and self.rows.width == width:
            return
        here = self.rows.row(self.top)[0] if self._item is item and self.top and self.rows.has(self.top) else None
        self._item = item
        if item.candidates:
            lead = [("", item.text)] if item.text else []
            named = zip(candidate_names(item), item.candidates, strict=True)
            self.rows = Stacked([*lead, *named], width)
        else:
            self.rows = Rows(item.text, width)
        if here is not None:
            self.top = self.rows.row_of(here)

    def fit(self, height: int, pitch: int) -> None:
        """The text has `height` rows of the screen, each row of it takes `pitch`."""
        self._height, self._pitch = height, pitch

    @property
    def page(self) -> int:
        """Rows of text that fit the screen."""
        return max(1, self._height // self._pitch)

    @property
    def seen(self) -> tuple[int, int]:
        """First and last offset on the screen."""
        last = self.top
        while last < self.top + self.page - 1 and self.rows.has(last + 1):
            last += 1
        if not self.rows.has(self.top):
            return 0, 0
        return self.rows.row(self.top)[0], self.rows.row(last)[1]

    def taken(self, most: int, pitch: int) -> int:
        """Rows of the screen that the whole text takes, each row of it `pitch`; counted no further than `most`."""
        rows = -(-most // pitch)
        return next((number for number in range(rows) if not self.rows.has(number)), rows) * pitch

    def under(self, x: int, y: int) -> int | None:
        """The offset at a cell, counted from the text's first row on the screen; None where there is no text."""
        row = self.top + y // self._pitch
        if not 0 <= y < self._height or not self.rows.has(row):
            return None
        return self.rows.offset_at(row, max(0, x - MARGIN))

    # scrolling

    def scroll(self, by: int) -> None:
        """Some rows down, or up where `by` is negative."""
        count = self._rows_until(self.top + by + self.page)
        self.top = max(0, min(self.top + by, count - self.page))

    def _rows_until(self, wanted: int) -> int:
        """How many rows there are, up to `wanted`; a long text is laid out no further than it is scrolled."""
        if wanted >= FAR:
            return self.rows.count()
        while wanted > self.top and not self.rows.has(wanted - 1):
            wanted -= 1
        return wanted

    def show(self, offset: int) -> None:
        """Bring the row of `offset` into sight, the second one if it was not: over it may be a candidate's name."""
        row = self.rows.row_of(offset)
        if not self.top <= row < self.top + self.page:
            self.scroll(row - 1 - self.top)

    def follow(self, cursor: int) -> None:
        """Scroll as little as brings the cursor into sight."""
        row = self.rows.row_of(cursor)
        self.top = min(max(self.top, row - self.page + 1), row)

    # where the cursor goes

    def moved(self, cursor: int, command: str) -> int:
        """Where one of CURSOR_MOVES brings the cursor."""
        name = command.partition(".")[2]
        if name in ("home", "end"):
            return self.rows.offset_at(self.rows.row_of(cursor), 0 if name == "home" else FAR)
        return self.below(cursor, {"up": -1, "down": 1, "page-up": -self.page, "page-down": self.page}[name])

    def below(self, cursor: int, by: int) -> int:
        """`by` rows further down in the same column, or up where it is negative; at most to the last row."""
        row, column = self.rows.column_of(cursor)
        target = max(0, row + by)
        while target > row and not self.rows.has(target):
            target -= 1
        return self.rows.offset_at(target, column)
