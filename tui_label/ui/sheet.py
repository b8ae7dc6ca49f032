"""An app that is one sheet of rows, and sends only what changed of them, from the first cell to the last.

An SSH link feels bytes: a full repaint costs 14 KB, a row costs 200 to 300 bytes.  And fifty people on one box feel
what each key costs: keys come straight to the app, and what changed goes straight to the terminal, instead of through
the queues of Textual's three widgets and its compositor, which come to nearly half of the work and wait for its next frame.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property, lru_cache, partial
from typing import Any

from rich.cells import get_character_cell_size
from rich.console import COLOR_SYSTEMS
from rich.segment import Segment
from rich.style import Style
from textual.app import App, ComposeResult
from textual.events import Event, Key, Resize
from textual.geometry import Region, Size
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from tui_label.ui.canvas import Row
from tui_label.ui.escapes import clean_text
from tui_label.ui.terminal import Ground, Terminal, paint
from tui_label.ui.theme import is_light, style, style_in_16, style_on


class Sheet(Widget):
    """Shows what `draw(width, height)` returns; `redraw()` when that may have changed."""

    ALLOW_SELECT = False
    DEFAULT_CSS = "Sheet { width: 100%; height: 100%; }"

    def __init__(self, draw: Callable[[int, int], list[Row]]) -> None:
        super().__init__()
        self._draw = draw
        self._rows: list[Row] = []
        self.extent = Size(0, 0)
        """Its size, which Textual would work out anew each time."""
        self._ground: tuple[int, int, int] | None = None
        """The colour that the terminal writes on, where it has said so."""

    def on_mount(self) -> None:
        # The terminal comes back empty from the shell that had it meanwhile
        self.app.app_resume_signal.subscribe(self, lambda _: self.refresh())

    def on_resize(self, event: Resize) -> None:
        self.extent = event.size
        self._rows = self._draw(*self.extent)
        self.refresh()

    def redraw(self) -> bool:
        """Show the current state; whether it is on its way, else it comes with the next refresh."""
        if not self.extent:
            return False
        before, self._rows = self._rows, self._draw(*self.extent)
        if len(before) != len(self._rows):
            self.refresh()
            return False
        changed = [y for y, row in enumerate(self._rows) if row != before[y]]
        if changed:
            paint(self.app, "".join(self._run(before[y], y) for y in changed))
        return True

    def _run(self, before: Row, y: int) -> str:
        """What makes the row at `y`, which was `before`, on the terminal what it is now."""
        width = self.extent.width
        first, last = _difference(before, self._rows[y], width)
        return f"\x1b[{y + 1};{first + 1}H" + self._strip(y, width).crop(first, last).render(self.app.console)

    @cached_property
    def _look(self) -> Callable[[str], Style]:
        """From the words of a style to how it looks on this terminal."""
        if self.app.no_color:
            return lambda words: style(words, few=True).without_color
        if self.app.console.color_system == "standard":
            return partial(style_in_16, on_light=self._ground is not None and is_light(self._ground))
        if self._ground is None:
            return style
        return partial(style_on, self._ground, system=COLOR_SYSTEMS[self.app.console.color_system or "truecolor"])

    def lie_on(self, ground: tuple[int, int, int]) -> None:
        """Show it in the colours that can be read there."""
        if ground != self._ground:
            self._ground = ground
            self.__dict__.pop("_look", None)
            self.refresh()

    def render_lines(self, crop: Region) -> list[Strip]:
        """Not out of Textual's cache, which knows nothing of what was sent since."""
        return [self._strip(y, crop.right).crop(crop.x, crop.right) for y in crop.line_range]

    def _strip(self, y: int, width: int) -> Strip:
        row = self._rows[y] if y < len(self._rows) else []
        segments = [Segment(clean_text(text), self._look(words)) for text, words in row if text]
        return Strip(segments).adjust_cell_length(width)


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

    def run(self, **named: Any) -> int:
        """Show it until it ends; its exit status.  Raises what went wrong in it."""
        try:
            super().run(**named)
        finally:
            # Textual does not where something goes wrong on the way out, and it could be said nowhere
            if self._driver is not None:
                self._driver.close()
        if self._exception is not None:
            raise self._exception
        return self.return_code or 0

    def _fatal_error(self) -> None:
        """The terminal is given back without Textual's traceback: `run` raises it."""
        self._close_messages_no_wait()

    def end(self, status: int = 0, message: str = "") -> None:
        """Leave, with an exit status and a line below the shell's."""
        self.exit(status, status, message or None)

    def post_message(self, message: Message) -> bool:
        return (isinstance(message, Key) and self.taken_at_once(message)) or super().post_message(message)

    def taken_at_once(self, event: Key) -> bool:
        """Whether it did not stand in line behind the keys before, and is done."""
        return False

    async def on_event(self, event: Event) -> None:
        if isinstance(event, Key):
            await self.on_key(event)
        else:
            await super().on_event(event)

    def on_ground(self, event: Ground) -> None:
        self.sheet.lie_on(event.color)

    async def on_key(self, event: Key) -> None:
        raise NotImplementedError

    def drawn(self, width: int, height: int) -> list[Row]:
        raise NotImplementedError


def _difference(old: Row, new: Row, width: int) -> tuple[int, int]:
    """Cells from the first that differs up to the last one; the whole row where a character is not one cell wide."""
    if not (_even(old) and _even(new)):
        return 0, width
    before, after = sum(len(text) for text, _ in old), sum(len(text) for text, _ in new)
    first = _alike(old, new)
    last = max(before, after)
    if before == after:
        last -= _alike(
            [(text[::-1], words) for text, words in reversed(old)],
            [(text[::-1], words) for text, words in reversed(new)],
        )
    return min(first, width - 1), min(max(last, first + 1), width)


def _even(row: Row) -> bool:
    return all(text.isascii() or _cellwise(text) for text, _ in row)


@lru_cache(1000)
def _cellwise(text: str) -> bool:
    return all(get_character_cell_size(char) == 1 for char in text)


def _alike(old: Row, new: Row) -> int:
    """How many cells are the same from the beginning."""
    at = 0
    for (text, words), (other, others) in zip(old, new, strict=False):
        if words != others:
            break
        if text != other:
            return at + next(
                (n for n, pair in enumerate(zip(text, other, strict=False)) if pair[0] != pair[1]),
                min(len(text), len(other)),
            )
        at += len(text)
    return at
