"""The smallest app on our driver: shows the keys it gets, and says how it ended in the file it is given."""

from __future__ import annotations

import sys
from pathlib import Path

from textual.app import App, ComposeResult
from textual.events import Key, Paste
from textual.widgets import Static

from tui_label.ui.terminal import Terminal, leave_on_signals


class TinyApp(App[int]):
    ENABLE_COMMAND_PALETTE = False
    BINDINGS = []  # noqa: RUF012

    def __init__(self, log: Path) -> None:
        super().__init__(driver_class=Terminal)
        self._log = log
        self._keys: list[str] = []

    def compose(self) -> ComposeResult:
        yield Static("ready", markup=False)

    async def on_mount(self) -> None:
        leave_on_signals(self)

    async def on_unmount(self) -> None:
        self._say("unmounted")

    def on_key(self, event: Key) -> None:
        event.prevent_default()
        if event.key == "Q":
            self.exit(0)
        elif event.key == "E":
            # What a renderer that forgets to clean its text would do
            evil = "\x1b]0;title\x07\x1b]52;c;AAAA\x1b\\\x1b[6n\x1b[c\x1b[2J\x1bc\x9b31m\x9d0;x\x9c\x00\x07\x08\u202e\ud800"
            self._show(f"evil {evil} ends")
            return
        elif event.key == "F":
            self.set_interval(1 / 60, lambda: self._show("*" * 40 + str(len(self._keys))))
        elif event.key == "S":
            self._show("size {}x{}.".format(*self.size))
            return
        self._keys.append(event.key)
        self._show()

    def on_paste(self, event: Paste) -> None:
        self._keys.append(f"paste({event.text})")
        self._show()

    def _show(self, words: str = "") -> None:
        self.query_one(Static).update(words or f"ready {len(self._keys)}: {' '.join(self._keys)}.")

    def _say(self, words: str) -> None:
        with self._log.open("a") as log:
            log.write(words + "\n")


if __name__ == "__main__":
    sys.exit(TinyApp(Path(sys.argv[1])).run(mouse=False) or 0)
