"""A big file comes in while somebody labels in another process, or is cut off: nobody waits, and nothing is half there."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path
from unittest.mock import patch

import pytest
from helpers import new_store, records

from tui_label.core.annotation import Annotation
from tui_label.core.item import Item
from tui_label.core.record import Record
from tui_label.errors import StoreFull
from tui_label.store.sql import SqlStore
from tui_label.store.staging import Staging

COUNT = 60_000
AT_WORK = """
import json, sys, time
from pathlib import Path
from tui_label.core.annotation import Annotation
from tui_label.store.sql import SqlStore
store = SqlStore(Path(sys.argv[1]))
waits, seen = [], set()
claim = store.claim("ann")
print("ready", flush=True)
while not Path(sys.argv[2]).exists():
    begun = time.perf_counter()
    claim = store.submit(claim.number, Annotation("ann", answers={"t": "a"}), f"s{len(waits)}")
    waits.append(time.perf_counter() - begun)
    seen.add(claim.item.key[0])
    time.sleep(0.01)
print(json.dumps([sorted(waits), sorted(seen)]))
"""
ADDING = """
import sys
from pathlib import Path
from tui_label.core.annotation import Annotation
from tui_label.core.item import Item
from tui_label.core.record import Record
from tui_label.store.sql import SqlStore
SqlStore(Path(sys.argv[1])).add(
    (Record(Item(f"n{n // 2}", f"text {n // 2}"), annotation=Annotation("ann" if n % 2 else "bob", answers={"t": "x"}))
     for n in range(20_000)),
    lambda count: print(count, flush=True),
)
"""


def test_who_labels_meanwhile_hardly_waits_and_sees_what_is_new(tmp_path):
    store = new_store(tmp_path, 300)
    done = tmp_path / "done"
    at_work = subprocess.Popen(
        [sys.executable, "-c", AT_WORK, str(tmp_path / "project.db"), str(done)], stdout=subprocess.PIPE, text=True
    )
    assert at_work.stdout is not None and at_work.stdout.readline() == "ready\n"
    begun = time.perf_counter()
    # Asked before all that is there already
    added = store.add(Record(Item(f"n{n}", f"text {n}"), priority=1) for n in range(COUNT))
    spent = time.perf_counter() - begun
    done.touch()
    waits, seen = json.loads(at_work.communicate(timeout=60)[0])
    print(f"{COUNT} items in {spent:.1f} s; {len(waits)} saves, p50 {waits[len(waits) // 2] * 1000:.1f} ms, "
          f"p95 {waits[len(waits) * 95 // 100] * 1000:.1f} ms, longest {waits[-1] * 1000:.0f} ms")  # fmt: skip

    assert (at_work.returncode, added.items) == (0, COUNT)
    assert "n" in seen
    assert waits[len(waits) * 95 // 100] < 0.25


def consistent(store: SqlStore) -> None:
    """Items are whole: each that was new has both answers, and the counter says how many there are."""
    by_item: dict[str, set[str]] = {}
    for item, said in store.answers():
        by_item.setdefault(item.key, set()).add(said.annotator)
    assert all(names == {"ann", "bob"} for names in by_item.values())
    assert store.progress("ann").items == len(by_item) + len(list(store.unanswered()))
    assert all(good for good, _ in store.check())


def test_what_was_cut_off_is_whole_and_goes_on_where_it_stopped(tmp_path):
    store = new_store(tmp_path, 3)
    for shots in (1, 4):
        adding = subprocess.Popen(
            [sys.executable, "-c", ADDING, str(tmp_path / "project.db")], stdout=subprocess.PIPE, text=True
        )
        assert adding.stdout is not None
        for _ in range(shots):
            assert adding.stdout.readline()
        adding.send_signal(signal.SIGKILL)
        adding.wait()
        consistent(store)
        assert 3 < store.progress("ann").items < 10_003
    before = store.progress("ann").items
    rest = store.add(
        Record(
            Item(f"n{n // 2}", f"text {n // 2}"), annotation=Annotation("ann" if n % 2 else "bob", answers={"t": "x"})
        )
        for n in range(20_000)
    )

    assert rest.items == 10_003 - before
    assert {said.revision for _, said in store.answers()} == {1}
    consistent(store)


def test_a_full_disk_says_how_far_it_came(tmp_path):
    store = new_store(tmp_path, 3)
    pages = store._connection.read("PRAGMA page_count")[0][0]
    store._connection.execute(f"PRAGMA max_page_count = {pages + 400}")
    with pytest.raises(StoreFull, match=r"[1-9][\d,]* items and 0 answers are in, all of them whole"):
        store.add(Record(Item(f"n{n}", "text " * 20)) for n in range(30_000))
    some = store.progress("ann").items
    store._connection.execute("PRAGMA max_page_count = 1000000")

    assert store.add(Record(Item(f"n{n}", "text " * 20)) for n in range(30_000)).items == 30_003 - some


def test_records_that_break_off_bring_nothing_in(tmp_path):
    store = new_store(tmp_path)

    def broken():
        yield from records(5000)
        raise ValueError("broken")

    closing = patch.object(Staging, "close", autospec=True, side_effect=Staging.close)
    with closing as close, pytest.raises(ValueError, match="broken"):
        store.add(broken())

    assert close.call_count == 1, "what came until then is still on the disk"
    assert Path(tmp_path / "project.db").exists() and store.progress("ann").items == 0
