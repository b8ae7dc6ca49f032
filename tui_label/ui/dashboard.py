"""`tui-label status --follow`: the dashboard on the sheet, brought up to date by threads beside it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import TypeVar

from textual.events import Key

from tui_label.bench.dashboard import Following, Glance, Measured
from tui_label.core.keys import chosen_by, event_key
from tui_label.errors import StoreError
from tui_label.store.reviewing import Queue
from tui_label.ui.canvas import Row
from tui_label.ui.sheet import SheetApp
from tui_label.ui.terminal import leave_on_signals
from tui_label.ui.views.dashboard import Shown, dashboard, furthest

EVERY_S = 2.0
SCROLL = {"up": -1, "down": 1, "k": -1, "j": 1, "pageup": -10, "pagedown": 10}
Found = TypeVar("Found")


class Dashboard(SheetApp):
    """Follows along until a key leads away; `chosen` is then the queue to review, if any."""

    def __init__(self, following: Following) -> None:
        super().__init__()
        self.chosen: Queue | None = None
        self._following = following
        self._shown = Shown(following.project.name)
        self._busy: set[str] = set()

    def on_mount(self) -> None:
        if not self.is_headless:
            leave_on_signals(self)
        self._refresh()
        self.set_interval(EVERY_S, self._refresh)

    def drawn(self, width: int, height: int) -> list[Row]:
        return dashboard(self._shown, width, height)

    def _refresh(self) -> None:
        self._apart("look", self._following.look, self._looked)

    def _looked(self, glance: Glance) -> None:
        self._show(replace(self._shown, glance=glance, word=""))
        if self._following.is_due():
            self._apart("measure", self._following.measure, self._measured)

    def _measured(self, measured: Measured) -> None:
        self._show(replace(self._shown, measured=measured))

    def _show(self, shown: Shown) -> None:
        self._shown = shown
        self.sheet.redraw()

    def _apart(self, name: str, work: Callable[[], Found], done: Callable[[Found], None]) -> None:
        """Do `work` in a thread unless it is under way.  The thread is no reason to stay when somebody leaves."""
        if name in self._busy:
            return
        self._busy.add(name)

        def run() -> None:
            try:
                found = work()
            except Exception as error:
                self.call_later(self._ended, name, partial(self._failed, error))
            else:
                self.call_later(self._ended, name, partial(done, found))

        threading.Thread(target=run, daemon=True).start()

    def _ended(self, name: str, then: Callable[[], None]) -> None:
        self._busy.discard(name)
        then()

    def _failed(self, error: Exception) -> None:
        if not isinstance(error, StoreError):
            raise error
        self._show(replace(self._shown, word=str(error)))

    async def on_key(self, event: Key) -> None:
        key = event_key(event.key, event.character)
        queues = self._shown.glance.queues if self._shown.glance else ()
        if key in ("q", "ctrl+q"):
            self.end()
        elif (number := chosen_by(key, len(queues))) is not None:
            self.chosen = queues[number][0]
            self.end()
        elif key in SCROLL:
            most = furthest(self._shown, *self.sheet.extent)
            self._show(replace(self._shown, top=max(0, min(self._shown.top + SCROLL[key], most))))
