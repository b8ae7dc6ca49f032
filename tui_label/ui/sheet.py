"""The one widget: it shows rows and sends only those that changed, up to their last changed cell.

An SSH link feels bytes: a full repaint costs 14 KB, a row costs 200 to 300 bytes.
"""

from __future__ import annotations

from collections.abc import Callable

from rich.segment import Segment
from textual.events import Resize
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from tui_label.ui.canvas import Row
from tui_label.ui.terminal import clean_text
from tui_label.ui.theme import style


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
        changed = [
            Region(0, y, _last_difference(before[y], self._rows[y], width), 1)
            for y in range(len(before))
            if before[y] != self._rows[y]
        ]
        if changed:
            self.refresh(*changed)
        return bool(changed)

    def render_line(self, y: int) -> Strip:
        row = self._rows[y] if y < len(self._rows) else []
        segments = [Segment(clean_text(text), style(words)) for text, words in row if text]
        return Strip(segments).adjust_cell_length(self.size.width)


def _last_difference(old: Row, new: Row, width: int) -> int:
    """Cells from the left up to the last one that differs, cautiously."""
    if not all(text.isascii() for text, _ in (*old, *new)):
        return width
    before = [(char, words) for text, words in old for char in text]
    after = [(char, words) for text, words in new for char in text]
    length = max(len(before), len(after), 1)
    before += [(" ", "")] * (length - len(before))
    after += [(" ", "")] * (length - len(after))
    while length > 1 and before[length - 1] == after[length - 1]:
        length -= 1
    return min(length, width)
