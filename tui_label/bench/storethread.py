"""A store's calls beside the event loop: one at a time, on a thread of their own."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from functools import partial
from typing import Any, TypeVar

PATIENCE_S = 1.0
"""Until somebody is told that the database is waited for."""
AT_ONCE_S = 0.2
"""The same while they leave."""

Result = TypeVar("Result")


class StoreThread:
    """Awaits calls; one that takes long is awaited inside `slow()`, which says so."""

    def __init__(self, slow: Callable[[], AbstractContextManager[None]]) -> None:
        self._slow = slow
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="store")
        self.patience_s = PATIENCE_S

    async def call(self, function: Callable[..., Result], *arguments: Any, **named: Any) -> Result:
        """What the function returns or raises; by then what it wrote is on disk."""
        loop, waiting = asyncio.get_running_loop(), contextlib.ExitStack()
        late = loop.call_later(self.patience_s, lambda: waiting.enter_context(self._slow()))
        try:
            return await loop.run_in_executor(self._thread, partial(function, *arguments, **named))
        finally:
            late.cancel()
            waiting.close()

    def close(self, *, wait: bool) -> None:
        """No more calls; without `wait`, one that hangs may do so until the process ends."""
        self._thread.shutdown(wait=wait)
