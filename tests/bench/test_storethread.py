"""A store's calls beside the event loop."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tui_label.bench.storethread import StoreThread
from tui_label.errors import StoreBusy


@pytest.mark.parametrize("long", [False, True])
@pytest.mark.parametrize("fails", [False, True])
async def test_a_long_wait_is_told_and_over_however_it_ends(long, fails):
    said, waits = [], threading.Event()

    @contextmanager
    def slow() -> Iterator[None]:
        said.append("waits")
        waits.set()
        yield
        said.append("is there")

    def work() -> str:
        assert not long or waits.wait(60)
        if fails:
            raise StoreBusy("held")
        return "done"

    thread = StoreThread(slow)
    thread.patience_s = 0.1 if long else 60.0
    if fails:
        with pytest.raises(StoreBusy):
            await thread.call(work)
    else:
        assert await thread.call(work) == "done"
    thread.close(wait=True)

    assert said == (["waits", "is there"] if long else [])
