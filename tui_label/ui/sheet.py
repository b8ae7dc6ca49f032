"""An app that is one sheet of rows, and sends only what changed of them, from the first cell to the last.

An SSH link feels bytes: a full repaint costs 14 KB, a row costs 200 to 300 bytes.  And fifty people on one box feel
what each key costs: keys come straight to the app, and what changed goes straight to the terminal, instead of through
the queues of Textual's three widgets and its compositor, which come to half of the work and wait for its next frame.
"""

from __future__ import annotations

from collections.abc import Callable

from rich.cells import get_character_cell_size
from rich.segment import Segment
from textual.app import App, ComposeResult
from textual.events import Event, Key, Resize
from textual.strip import Strip
from textual.widget import Widget

from tui_label.ui.canvas import Row
from tui_label.ui.terminal import Terminal, clean_text, paint
from tui_label.ui.theme import style

BLANK = (" ", "")


class Sheet(Widget):
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
        """Show the current state; whether it is on its way, else it comes with the next refresh."""
        width, height = self.size
        if not width or not height:
            return False
        before, self._rows = self._rows, self._draw(width, height)
        if len(before) != len(self._rows):
            self.refresh()
            return False
        changed = [y for y, row in enumerate(self._rows) if row != before[y]]
        if changed:
            paint(self.app, "".join(self._run(y, *_difference(before[y], self._rows[y], width)) for y in changed))
        return True

    def _run(self, y: int, first: int, last: int) -> str:
        """What puts the cells of a row from `first` to before `last` on the terminal."""
        strip = self.render_line(y).crop(first, last)
        for look in self.get_line_filters():
            strip = strip.apply_filter(look, self.styles.background)
        return f"\x1b[{y + 1};{first + 1}H{strip.render(self.app.console)}"

    def render_line(self, y: int) -> Strip:
        row = self._rows[y] if y < len(self._rows) else []
        few = self.app.no_color or self.app.console.color_system == "standard"
        segments = [Segment(clean_text(text), style(words, few)) for text, words in row if text]
        return Strip(segments).adjust_cell_length(self.size.width)


class SheetApp(App[int]):
    """Shows what `drawn` returns, and takes all keys in `on_key`."""

    CSS = "Screen { background: ansi_default; color: ansi_default; }"
    ENABLE_COMMAND_PALETTE = False

    def __init__(self) -> None:
        super().__init__(driver_class=Terminal, ansi_color=True)
        self.theme = "ansi-dark"
        self.animation_level = "none"
        self.sheet = Sheet(self.drawn)

    def compose(self) -> ComposeResult:
        yield self.sheet

    async def on_event(self, event: Event) -> None:
        if isinstance(event, Key):
            await self.on_key(event)
        else:
            await super().on_event(event)

    async def on_key(self, event: Key) -> None:
        raise NotImplementedError

    def drawn(self, width: int, height: int) -> list[Row]:
        raise NotImplementedError


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
