"""When a draft of unfinished work is due, and which one the store has."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

DRAFT_AFTER_S = 0.7
"""A draft is at most this far behind the hands, plus one commit."""


class Drafting:
    """Asks for a draft a moment after the first change since the last one."""

    def __init__(self, keep: Callable[[], Awaitable[None]]) -> None:
        """`keep` writes the draft; it is called in a task of its own."""
        self.kept = ""
        """What the store has of the work on the desk."""
        self._keep = keep
        self._due: asyncio.TimerHandle | None = None
        self._task: asyncio.Future[None] | None = None

    @property
    def is_due(self) -> bool:
        return self._due is not None

    def soon(self, after_s: float = DRAFT_AFTER_S) -> None:
        """In so many seconds at most."""
        loop = asyncio.get_running_loop()
        if self._due is None or self._due.when() > loop.time() + after_s:
            self.cancel()
            self._due = loop.call_later(after_s, self.now)

    def now(self) -> None:
        self._due = None
        self._task = asyncio.ensure_future(self._keep())

    def cancel(self) -> None:
        """It was written meanwhile, or needs not be."""
        if self._due is not None:
            self._due.cancel()
            self._due = None
