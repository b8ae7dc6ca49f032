"""A store's calls beside the event loop."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tui_label.errors import StoreBusy
from tui_label.storethread import StoreThread


@pytest.mark.parametrize(("seconds", "told"), [(0.0, []), (0.3, ["waits", "is there"])])
@pytest.mark.parametrize("fails", [False, True])
async def test_a_long_wait_is_told_and_over_however_it_ends(seconds, told, fails):
    said = []

    @contextmanager
    def slow() -> Iterator[None]:
        said.append("waits")
        yield
        said.append("is there")

    def work() -> str:
        time.sleep(seconds)
        if fails:
            raise StoreBusy("held")
        return "done"

    thread = StoreThread(slow)
    thread.patience_s = 0.1
    if fails:
        with pytest.raises(StoreBusy):
            await thread.call(work)
    else:
        assert await thread.call(work) == "done"
    thread.close(wait=True)

    assert said == told
