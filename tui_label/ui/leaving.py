"""The way out: the item in hand is given back, then the app ends."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from tui_label.bench.workplace import Workplace
from tui_label.core.text import visible

LOSES = " this is kept nowhere yet: mend that first, or leave once more and lose it"


class Leaving:
    """Leaves once, whoever asks how often."""

    def __init__(self, workbench: Workplace[Any], end: Callable[[int], object]) -> None:
        """`end` ends the app, with an exit status."""
        self._workbench = workbench
        self._end = end
        self._task: asyncio.Task[None] | None = None
        self._warned = False

    @property
    def begun(self) -> bool:
        return self._task is not None

    def leave(self) -> None:
        """Give the item back, then end; asked again while somebody holds that up, end at once.

        What would be lost by that is said before: no single key does it.
        """
        if self._task is None:
            self._warned = self._workbench.kept_nowhere and not self._warned
            if not self._warned:
                self._task = asyncio.create_task(self._left())
        elif self._workbench.holdup and not self._workbench.abandoned:
            self._task.cancel()
            self._workbench.abandon()
            self._end(1)

    async def _left(self) -> None:
        await self._workbench.leave()
        self._end(0)

    async def finished(self) -> None:
        """The app is gone, by this way or another one: return when the item is given back."""
        if self._task is not None and not self._workbench.abandoned:
            await self._task
        else:
            await self._workbench.leave(cut_off=True)

    @property
    def word(self) -> str:
        """What it waits for; empty if for nothing."""
        if self._warned and self._workbench.kept_nowhere:
            return LOSES
        if not (holdup := self._workbench.holdup):
            return ""
        what = " and loses what is not saved" if self._workbench.kept_nowhere else ", your work is kept"
        return f" waiting for {visible(holdup)}; any key leaves at once{what}"
