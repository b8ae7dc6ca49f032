"""`tui-label keys --test`: what this terminal delivers for each key."""

from __future__ import annotations

from textual.events import Key

from tui_label.core.keys import event_key, why_unsent
from tui_label.core.text import visible
from tui_label.ui.canvas import Row, clipped, rule
from tui_label.ui.sheet import SheetApp
from tui_label.ui.views.frame import header, legend


class KeyTest(SheetApp):
    """Press keys and read their names; Ctrl+Q leaves."""

    def __init__(self) -> None:
        super().__init__()
        self._pressed: list[tuple[str, str]] = []

    async def on_key(self, event: Key) -> None:
        key = event_key(event.key, event.character)
        if key == "ctrl+q":
            self.end()
            return
        self._pressed.append((key, why_unsent(key)))
        self.sheet.redraw()

    def drawn(self, width: int, height: int) -> list[Row]:
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
