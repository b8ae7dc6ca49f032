"""Waiting under Textual's pilot until what was sent has arrived.

`Pilot.pause` lets each queue of messages run empty once, then looks whether the processor idles.  What the app passes on
to its screen and that to its widget is more than one queue away, and on a busy machine the process idles while it waits
for its turn.
"""

from __future__ import annotations

import asyncio
import time

from textual.events import Key
from textual.pilot import Pilot

from tui_label.ui.app import ItemApp

HOPS = 4
"""Queues a message goes through at most: the app's, the screen's, the sheet's, and the app's again."""


async def settled(pilot: Pilot) -> None:
    for _ in range(HOPS):
        await pilot.pause()


async def resized(pilot: Pilot, width: int, height: int) -> None:
    """The terminal has another size, and is drawn anew."""
    await pilot.resize_terminal(width, height)
    for _ in range(1000):
        if pilot.app.sheet.extent == (width, height):
            return
        await asyncio.sleep(0.01)
    raise AssertionError(f"never came to {width}×{height}: it is still {pilot.app.sheet.extent}")


async def struck(app: ItemApp, key: str, times: int = 1, every: float = 0.5) -> None:
    """A key that the terminal sends again and again; the clock is the test's, and ahead of a machine that is busy."""
    app.struck = max(getattr(app, "struck", 0.0), time.monotonic() + 60.0)  # type: ignore[attr-defined]
    for _ in range(times):
        event = Key(key, None)
        event.time = app.struck = app.struck + every  # type: ignore[attr-defined]
        await app.on_key(event)
    app.struck += 1.0  # type: ignore[attr-defined]
