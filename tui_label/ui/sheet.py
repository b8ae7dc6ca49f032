"""The one widget: it shows rows and sends only what changed of them, from the first cell to the last.

An SSH link feels bytes: a full repaint costs 14 KB, a row costs 200 to 300 bytes.
"""

from __future__ import annotations

from collections.abc import Callable

from rich.cells import get_character_cell_size
from rich.segment import Segment
from textual.events import Resize
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from tui_label.ui.canvas import Row
from tui_label.ui.terminal import clean_text
from tui_label.ui.theme import style

BLANK = (" ", "")


class Sheet(Widget, can_focus=True):
    """Shows what `draw(width, height)` returns; `redraw()` when that may have changed."""

    ALLOW_SELECT = False
    DEFAULT_CSS = "Sheet { width: 100%; height: 100%; }"

    def __init__(self, draw: Callable[[int, int], list[Row]]) -> None:
        super().__init__()
        self._draw = draw
        self._rows: list[Row] = []

    def on_resize(self, event: Resize) -> None:
        self._rows = self._draw(event.size.width, event.size.height)
        self.refresh()

    def redraw(self) -> bool:
        """Show the current state; whether anything on the screen changed."""
        width, height = self.size
        if not width or not height:
            return False
        before, self._rows = self._rows, self._draw(width, height)
        if len(before) != len(self._rows):
            self.refresh()
            return True
        changed = []
        for y in range(len(before)):
            if before[y] != self._rows[y]:
                first, last = _difference(before[y], self._rows[y], width)
                changed.append(Region(first, y, last - first, 1))
        if changed:
            self.refresh(*changed)
        return bool(changed)

    def render_line(self, y: int) -> Strip:
        row = self._rows[y] if y < len(self._rows) else []
        few = self.app.no_color or self.app.console.color_system == "standard"
        segments = [Segment(clean_text(text), style(words, few)) for text, words in row if text]
        return Strip(segments).adjust_cell_length(self.size.width)


def _difference(old: Row, new: Row, width: int) -> tuple[int, int]:
    """Cells from the first that differs up to the last one; the whole row where a character is not one cell wide."""
    before, after = _cells(old), _cells(new)
    if before is None or after is None:
        return 0, width
    length = max(len(before), len(after), 1)
    before += [BLANK] * (length - len(before))
    after += [BLANK] * (length - len(after))
    first = next((n for n in range(length) if before[n] != after[n]), 0)
    while length > first + 1 and before[length - 1] == after[length - 1]:
        length -= 1
    return min(first, width - 1), min(length, width)


def _cells(row: Row) -> list[tuple[str, str]] | None:
    if any(not text.isascii() and any(get_character_cell_size(char) != 1 for char in text) for text, _ in row):
        return None
    return [(char, words) for text, words in row for char in text]
