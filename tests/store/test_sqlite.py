"""What is SQLite's own: many processes, kill -9, files that are not right, plans of the hot statements."""

from __future__ import annotations

import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest
from helpers import HOT_STATEMENTS, answer_two_each, new_store, records

from tui_label.core.annotation import Annotation, Flag
from tui_label.core.gold import Gold
from tui_label.core.item import Item
from tui_label.core.record import Record
from tui_label.errors import StoreDamaged, StoreError, StoreFull, StoreMissing, StoreReadOnly, StoreTooNew
from tui_label.store import counts
from tui_label.store.base import Policy
from tui_label.store.sql import SqlStore

WORKER = """
import sys, uuid
from pathlib import Path
from tui_label.core.annotation import Annotation
from tui_label.store.sql import SqlStore
store = SqlStore(Path(sys.argv[1]))
name = sys.argv[2]
claim = store.claim(name)
while claim is not None:
    number = claim.number
    claim = store.submit(number, Annotation(name, answers={"s": "x"}), str(uuid.uuid4()))
    print(number, flush=True)
"""


def work(folder: Path, name: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", WORKER, str(folder / "project.db"), name]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


@pytest.mark.parametrize("overlap", [1, 3])
def test_eight_processes_share_one_queue(tmp_path, overlap):
    new_store(tmp_path, 2000 // overlap, Policy(overlap)).close()
    workers = [work(tmp_path, f"p{n}") for n in range(8)]
    outputs = [worker.communicate() for worker in workers]

    assert [err for _, err in outputs if err] == []
    store = SqlStore(tmp_path / "project.db")
    pairs = [(item.key, one.annotator) for item, one in store.answers()]
    assert len(set(pairs)) == len(pairs)
    assert set(Counter(key for key, _ in pairs).values()) == {overlap}
    assert sum(len(out.split()) for out, _ in outputs) == len(pairs)


def test_kill_9_loses_no_acknowledged_answer(tmp_path):
    new_store(tmp_path, 3000, Policy(lease_ms=50)).close()
    rng = random.Random(1)
    acknowledged: list[tuple[str, int]] = []
    for turn in range(20):
        name = f"p{turn % 3}"
        worker = work(tmp_path, name)
        before = [worker.stdout.readline() for _ in range(rng.randrange(5, 15))]
        time.sleep(rng.random() * 0.01)
        worker.send_signal(signal.SIGKILL)
        out, _ = worker.communicate()
        acknowledged += [(name, int(number)) for number in ("".join(before) + out).split("\n")[:-1]]

    connection = sqlite3.connect(tmp_path / "project.db")
    saved = set(
        connection.execute(
            "SELECT annotator.name, item FROM annotation JOIN annotator ON annotator.id = annotation.annotator"
        )
    )
    assert set(acknowledged) <= saved
    assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    assert connection.execute("SELECT max(n) FROM (SELECT count(*) n FROM assignment GROUP BY item)").fetchone() == (1,)


def test_a_missing_database_is_not_made_by_a_typo(tmp_path):
    with pytest.raises(StoreMissing):
        SqlStore(tmp_path / "project.db")
    assert not (tmp_path / "project.db").exists()


def test_a_database_that_was_emptied_is_not_taken_for_a_new_one(tmp_path):
    new_store(tmp_path).close()
    os.truncate(tmp_path / "project.db", 0)
    with pytest.raises(StoreDamaged, match=r"project\.db: is empty, and was a database; restore the last backup"):
        SqlStore(tmp_path / "project.db")
    assert (tmp_path / "project.db").stat().st_size == 0


@pytest.mark.parametrize("create", [False, True])
def test_a_database_by_another_name_is_opened_where_it_is(tmp_path, create):
    """Beside another project.yaml other roles would hold."""
    new_store(tmp_path).close()
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "project.db").symlink_to(tmp_path / "project.db")
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(StoreError, match=rf"is a link to {tmp_path}/project\.db; open the project there"):
        SqlStore(tmp_path / "mine" / "project.db", create=create)
    assert sorted(tmp_path.rglob("*")) == before


def test_a_file_that_is_no_database(tmp_path):
    (tmp_path / "project.db").write_bytes(b"not a database at all" * 100)
    with pytest.raises(StoreDamaged, match="not a sound SQLite database"):
        SqlStore(tmp_path / "project.db")


def test_a_database_of_a_later_version(tmp_path):
    new_store(tmp_path).close()
    connection = sqlite3.connect(tmp_path / "project.db")
    connection.execute(
        "INSERT INTO _sqlite_migrations(migration_set, name, applied_at) VALUES ('tui-label', '9999 future', '')"
    )
    connection.commit()
    with pytest.raises(StoreTooNew, match="9999 future"):
        SqlStore(tmp_path / "project.db")


def test_closing_twice_closes_nothing_of_anybody_else(tmp_path):
    store = new_store(tmp_path, 1)
    store.close()
    # The system gives away the lowest numbers first: theirs
    others = [(tmp_path / f"other-{n}").open("wb") for n in range(10)]
    store.close()
    with pytest.raises(StoreError, match="closed"):
        store.add(records(2))

    for other in others:
        other.write(b"work")
        other.close()


def test_a_full_disk_is_said_and_nothing_is_half_written(tmp_path):
    store = new_store(tmp_path, 50)
    claim = store.claim("ann")
    pages = store._connection.read("PRAGMA page_count")[0][0]
    store._connection.read(f"PRAGMA max_page_count = {pages}")
    big = Annotation("ann", answers={"s": "x" * 100_000})
    with pytest.raises(StoreFull, match="no space"):
        store.submit(claim.number, big, "a")
    store._connection.read("PRAGMA max_page_count = 1000000")

    assert store.submit(claim.number, big, "a") is not None
    assert store.progress("ann").answers == 1


def test_a_database_that_was_replaced_takes_no_answers_into_nowhere(tmp_path):
    store = new_store(tmp_path, 5)
    (tmp_path / "project.db").rename(tmp_path / "old.db")
    with pytest.raises(StoreError, match="moved or replaced"):
        store.claim("ann")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_read_only_database(tmp_path):
    new_store(tmp_path, 5).close()
    (tmp_path / "project.db").chmod(0o440)
    with pytest.raises(StoreReadOnly):
        SqlStore(tmp_path / "project.db").claim("ann")


def test_the_file_is_for_the_group(tmp_path):
    before = os.umask(0o077)
    try:
        new_store(tmp_path)
    finally:
        os.umask(before)

    assert (tmp_path / "project.db").stat().st_mode & 0o777 == 0o660


def test_a_backup_is_whole(tmp_path):
    store = new_store(tmp_path, 5)
    store.submit(store.claim("ann").number, Annotation("ann", answers={"s": "x"}), "a")
    (tmp_path / "copy").mkdir()
    store.backup(str(tmp_path / "copy" / "project.db"))

    assert len(list(SqlStore(tmp_path / "copy" / "project.db").answers())) == 1


@pytest.mark.parametrize(
    "statement",
    [
        *HOT_STATEMENTS,
        "SELECT item FROM assignment WHERE annotator = 1 AND state IN ('done', 'skipped') ORDER BY turn DESC LIMIT 1",
    ],
)
def test_hot_statements_use_their_index(tmp_path, statement):
    store = new_store(tmp_path, 10)
    plan = " ".join(row[3] for row in store._connection.read("EXPLAIN QUERY PLAN " + statement))

    assert "SCAN" not in plan
    assert "TEMP B-TREE" not in plan


@pytest.mark.parametrize("overlap", [1, 3])
def test_an_answer_and_the_next_item_take_as_many_steps_at_two_thousand_items_as_at_twenty(tmp_path, overlap):
    def steps(count):
        (tmp_path / str(count)).mkdir()
        store = new_store(tmp_path / str(count), count, Policy(overlap=overlap))
        said = []
        store._connection._sqlite.set_progress_handler(lambda: said.append(1), 1)
        answer_two_each(store)
        return len(said)

    assert steps(2000) < 1.1 * steps(20)


@pytest.mark.parametrize("reason", ["a\0b", "a\ud800b"])
def test_a_flag_is_listed_as_it_is_in_the_record_whatever_its_reason(tmp_path, reason):
    store = new_store(tmp_path, 1)
    store.submit(store.claim("ann").number, Annotation("ann", answers={"s": "x"}, flags=(Flag(reason),)), "a")
    store.add([Record(Item("i1", "x"), annotation=Annotation("bob", answers={"s": "x"}, flags=(Flag(reason),)))])

    assert [one.flags for _, one in store.answers()] == [(Flag("a\ufffdb"),)] * 2
    assert counts.wrong(store._connection.read) == []


def test_the_views_answer_a_lead(tmp_path):
    store = new_store(tmp_path, 2)
    span = {"start": 0, "end": 4, "label": "word", "text": "Text"}
    store.submit(store.claim("ann").number, Annotation("ann", answers={"t": "x", "e": [span]}), "a")
    read = store._connection.read

    assert read("SELECT item, annotator FROM answers_latest") == [("i0", "ann")]
    assert read('SELECT task, label, start, "end", text FROM spans_latest') == [("e", "word", 0, 4, "Text")]
    assert read("SELECT annotator, answers FROM pace") == [("ann", 1)]


@pytest.mark.parametrize(
    ("probe", "policy"),
    [("check", Policy(gold_rate=0.9)), ("", Policy(attempts=1)), ("qualification", Policy(attempts=1))],
)
def test_known_items_are_found_in_as_many_steps_among_two_thousand_as_among_twenty(tmp_path, probe, policy):
    def steps(count):
        (tmp_path / str(count)).mkdir()
        store = new_store(tmp_path / str(count), count, policy)
        gold = Gold("lea", {"t": "x"})
        store.add(Record(Item(f"g{n}", f"Known {n}"), gold=gold, probe=probe) for n in range(5) if probe)
        said = []
        store._connection._sqlite.set_progress_handler(lambda: said.append(1), 1)
        claim = store.claim("ann")
        for n in range(4):
            claim = store.submit(claim.number, Annotation("ann", answers={"t": "x"}), f"s{n}")
        store.progress("")
        store.qualification("ann")
        return len(said)

    assert steps(2000) < 1.1 * steps(20)
