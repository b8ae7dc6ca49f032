"""What went wrong once, or would go wrong quietly: each a promise of the store."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from helpers import new_store, records

from tui_label.core.annotation import Annotation
from tui_label.core.item import Item
from tui_label.core.record import Record
from tui_label.errors import InputError, StoreDamaged, StoreError
from tui_label.store.base import Policy, Tally
from tui_label.store.sql import SqlStore
from tui_label.store.sqlite import connection


def said(name: str, label: str = "x") -> Annotation:
    return Annotation(name, answers={"t": label})


def test_another_programs_database_is_left_alone(tmp_path):
    other = sqlite3.connect(tmp_path / "project.db")
    other.execute("CREATE TABLE recipes (title TEXT)")
    other.commit()

    with pytest.raises(StoreDamaged, match="not one of tui-label's"):
        SqlStore(tmp_path / "project.db", create=True)
    assert other.execute("SELECT name FROM sqlite_master").fetchall() == [("recipes",)]


def test_an_item_is_found_behind_ten_thousand_of_ones_own(tmp_path):
    store = new_store(tmp_path, 0, Policy(2))
    store.add([Record(Item(f"i{n}", "text"), annotation=said("ann")) for n in range(11_000)])
    store.add([Record(Item("other", "text"), annotation=said("bob"))])

    assert store.claim("ann").item.key == "other"


def test_a_skipped_item_given_back_is_still_a_skipped_one(tmp_path):
    store = new_store(tmp_path, 1)
    store.skip(store.claim("ann").number, Annotation("ann", "skipped"), "a", claim=False)
    again = store.claim("ann")
    store.leave("ann")

    assert again.answered is None
    assert [entry.annotation.status for entry in store.history("ann")] == ["skipped"]
    store.submit(again.number, said("ann"), "b")
    assert store.tallies() == {"ann": Tally(1, 0)}


def test_an_item_two_people_took_out_stays_out_while_one_of_them_means_it(tmp_path):
    store = new_store(tmp_path, 1, Policy(2, skip="out"))
    for name in ("ann", "bob"):
        store.claim(name)
    for name in ("ann", "bob"):
        store.skip(1, Annotation(name, "skipped"), name, claim=False)
    store.reopen("ann")

    assert store.claim("cy") is None
    store.reopen("bob")
    store.leave("bob")
    assert store.claim("cy").number == 1


def test_lone_surrogates_survive_in_drafts_too(tmp_path):
    store = new_store(tmp_path, 2)
    claim = store.claim("ann")
    store.save_draft("ann", claim.number, '{"answers": {"t": "\ud800"}}')
    (_, draft), *_ = store.answers(history=True)

    assert draft.answers == {"t": "\ud800"}
    store.submit(claim.number, said("ann", "\udfff"), "a", draft='"\ud800"')
    assert next(store.answers())[1].answers == {"t": "\udfff"}
    assert store.reopen("ann").draft == '"\\ud800"'


def test_an_export_after_a_rename_comes_back_as_the_same_answer(tmp_path):
    store = new_store(tmp_path)
    store.add([Record(Item("a", "text"), annotation=Annotation("eve", answers={"t": "old"}, labels_version=1))])
    store.record_project(Policy(), "other source", "guidelines", {"t": {"old": "new"}})
    item, annotation = next(store.answers())

    assert annotation.answers == {"t": "new"}
    assert store.add([Record(item, annotation=annotation)]).answers == 0


def test_an_import_that_fails_leaves_nothing(tmp_path):
    store = new_store(tmp_path, 2)
    with pytest.raises(InputError, match="i1"):
        store.add([*(Record(Item(f"n{n}", "text")) for n in range(5000)), Record(Item("i1", "changed"))])

    assert (store.progress("ann").items, len(list(store.unanswered()))) == (2, 2)


def test_history_comes_in_the_order_of_items_drafts_too(tmp_path):
    store = new_store(tmp_path, 3)
    first = store.claim("ann")
    store.save_draft("ann", first.number, '{"answers": {"t": "half"}}')
    second = store.claim("bob")
    store.submit(second.number, said("bob"), "b", claim=False)

    assert [(item.key, one.status) for item, one in store.answers(history=True)] == [
        ("i0", "draft"),
        ("i1", "submitted"),
    ]


def test_a_draft_that_is_not_json_does_not_stop_an_export(tmp_path):
    store = new_store(tmp_path, 1)
    store.save_draft("ann", store.claim("ann").number, "no JSON")

    assert [one.answers for _, one in store.answers(history=True)] == [{}]


def test_a_backup_that_cannot_be_written_names_its_own_place(tmp_path):
    store = new_store(tmp_path, 1)

    with pytest.raises(StoreError, match="nowhere"):
        store.backup(str(tmp_path / "nowhere" / "copy.db"))


def test_an_old_sqlite_is_refused(tmp_path, monkeypatch):
    new_store(tmp_path).close()
    monkeypatch.setattr(connection, "OLDEST_SQLITE", (99, 0))

    with pytest.raises(StoreError, match="too old"):
        SqlStore(tmp_path / "project.db")


def test_opening_for_work_does_not_load_sqlite_utils(tmp_path: Path) -> None:
    new_store(tmp_path, 1).close()
    code = (
        "import sys, pathlib; from tui_label.store.sql import SqlStore; "
        "SqlStore(pathlib.Path(sys.argv[1])).claim('ann'); print('sqlite_utils' in sys.modules)"
    )
    run = subprocess.run([sys.executable, "-c", code, tmp_path / "project.db"], capture_output=True, text=True)

    assert (run.stdout, run.stderr) == ("False\n", "")


def test_eight_processes_may_create_the_same_project_at_once(tmp_path: Path) -> None:
    code = "import sys, pathlib; from tui_label.store.sql import SqlStore; SqlStore(pathlib.Path(sys.argv[1]), create=True).close()"
    runs = [
        subprocess.Popen([sys.executable, "-c", code, tmp_path / "project.db"], stderr=subprocess.PIPE)
        for _ in range(8)
    ]

    assert [run.communicate()[1] for run in runs] == [b""] * 8


def test_nobody_waits_while_another_one_loads_what_makes_the_tables(tmp_path: Path) -> None:
    code = """if True:
        import sys, pathlib
        from tui_label.store.sql import SqlStore
        from tui_label.store.sqlite.gate import Gate
        alone, loaded = Gate.alone, set()
        Gate.alone = lambda gate, work: loaded.add("sqlite_utils" in sys.modules) or alone(gate, work)
        SqlStore(pathlib.Path(sys.argv[1]), create=True).close()
        print(loaded)
    """
    run = subprocess.run([sys.executable, "-c", code, tmp_path / "project.db"], capture_output=True, text=True)

    assert (run.stdout, run.stderr) == ("{True}\n", "")


def test_raised_overlap_reaches_items_in_every_stage(tmp_path):
    store = new_store(tmp_path, 0, Policy(1, skip="out"))
    store.add(records(3))
    store.submit(store.claim("ann").number, said("ann"), "a", claim=False)
    store.skip(store.claim("ann").number, Annotation("ann", "skipped"), "b", claim=False)
    store.record_project(Policy(2, skip="out"), "source", "guidelines", {})
    store.reopen("ann")
    store.submit(2, said("ann"), "c", claim=False)
    keys = {store.claim(name).item.key for name in ("bob", "cy", "dan")}

    assert keys == {"i0", "i1", "i2"}


def test_no_statement_of_the_daily_work_reads_a_whole_table(tmp_path: Path) -> None:
    """Plans of what really runs, taken down while somebody works."""
    store = new_store(tmp_path, 50, Policy(2))
    run: set[str] = set()
    sqlite = store._connection._sqlite
    sqlite.set_trace_callback(run.add)
    claim = store.claim("ann")
    store.save_draft("ann", claim.number, "{}")
    for n in range(5):
        claim = store.submit(claim.number, said("ann"), f"a{n}")
        claim = store.skip(claim.number, Annotation("ann", "skipped"), f"b{n}")
    store.heartbeat("ann")
    store.reopen("ann")
    store.history("ann")
    store.leave("ann")
    store.claim("bob")
    list(store.answers())
    sqlite.set_trace_callback(None)
    plans = {
        (step[3], sql)
        for sql in run
        if sql.lstrip().startswith(("SELECT", "UPDATE", "DELETE"))
        for step in sqlite.execute("EXPLAIN QUERY PLAN " + sql).fetchall()
    }
    tables = ("item", "content", "assignment", "annotation", "draft", "suggestion")
    scans = [
        plan for plan in plans if plan[0].startswith("SCAN") and plan[0].split()[1] in tables and "INDEX" not in plan[0]
    ]
    # The suggestions of one item are a handful
    sorts = [plan for plan in plans if "TEMP B-TREE FOR ORDER BY" in plan[0] and "FROM suggestion" not in plan[1]]

    assert len(run) > 30
    assert scans == []
    assert sorts == []
