"""`tui-label keys --test`: what this terminal delivers for each key."""

from __future__ import annotations

from textual.app import App, ComposeResult
from textual.events import Key

from tui_label.core.keymap import event_key, why_unsent
from tui_label.core.text import visible
from tui_label.ui.canvas import Row, clipped, rule
from tui_label.ui.sheet import Sheet
from tui_label.ui.terminal import Terminal
from tui_label.ui.views.frame import header, legend


class KeyTest(App[int]):
    """Press keys and read their names; Ctrl+Q leaves."""

    CSS = "Screen { background: ansi_default; color: ansi_default; }"
    ENABLE_COMMAND_PALETTE = False
    BINDINGS = []  # noqa: RUF012

    def __init__(self) -> None:
        super().__init__(driver_class=Terminal, ansi_color=True)
        self.theme = "ansi-dark"
        self._pressed: list[tuple[str, str]] = []

    def compose(self) -> ComposeResult:
        yield Sheet(self._draw)

    def on_mount(self) -> None:
        self.query_one(Sheet).focus()

    def on_key(self, event: Key) -> None:
        event.stop()
        event.prevent_default()
        key = event_key(event.key, event.character)
        if key == "ctrl+q":
            self.exit(0)
            return
        self._pressed.append((key, why_unsent(key)))
        self.query_one(Sheet).redraw()

    def _draw(self, width: int, height: int) -> list[Row]:
        room = max(1, height - 4)
        shown: list[Row] = [
            [
                ("   " + visible(key).ljust(20), "bold"),
                (f"not everywhere: {why}" if why else "fine for a binding", "faint"),
            ]
            for key, why in self._pressed[-room:]
        ]
        blank: list[Row] = [[] for _ in range(room - len(shown))]
        rows = [header(["keys", "what this terminal sends"], "", width), rule(width), *shown, *blank]
        return [clipped(row, width) for row in [*rows, rule(width), legend([("^Q", "leave")], [], width)]]
