"""Damage of every kind: what is said of it, what is saved, and that nothing else is touched."""

from __future__ import annotations

import contextlib
import errno
import os
import random
import sqlite3
import subprocess
import sys
import uuid
from pathlib import Path
from typing import Any

import pytest
from helpers import new_store

from tui_label.core.annotation import Annotation, Flag, Timing
from tui_label.core.comments import Comment
from tui_label.core.gold import Gold
from tui_label.core.item import Item, Suggestion
from tui_label.core.record import Record
from tui_label.store.base import Policy
from tui_label.store.rows import LOST_TEXT
from tui_label.store.sql import SqlStore
from tui_label.store.sqlite import repair
from tui_label.store.sqlite.pages import Image, Reader
from tui_label.store.sqlite.salvage import Shape, own_tables
from tui_label.store.standing import Judge

ROUNDS = int(os.environ.get("TUI_LABEL_ROUNDS", "6"))
PAGE = 4096


def worked_on(folder: Path, count: int = 120) -> Path:
    """A database in which everything has happened; the log is in it."""
    store = new_store(folder, 0, Policy(2))
    rng = random.Random(5)
    store.add(
        Record(Item(f"i{n}", f"Text {n}. " * (700 if n % 30 == 7 else 6)), (Suggestion("t", "x", 0.5),))
        for n in range(count)
    )
    for name in ("ann", "bob", "cyd"):
        claim = store.claim(name)
        for _ in range(count // 2):
            if claim is None:
                break
            flags = (Flag("ambiguous", "why?"),) if rng.random() < 0.1 else ()
            act, status = (store.skip, "skipped") if rng.random() < 0.1 else (store.submit, "submitted")
            answers = {"t": rng.choice("ab")} if status == "submitted" else {}
            said = Annotation(name, status, answers, flags, timing=Timing(1200))
            claim = act(claim.number, said, str(uuid.uuid4()), draft='{"answers": {}}')
        store.reopen(name)
        if claim := store.claim(name):
            store.save_draft(name, claim.number, '{"answers": {"t": "a"}}')
    for number in range(1, 20):
        store.settle(number, Gold("lead", {"t": "a"}), str(uuid.uuid4()))
        store.say(number, Comment("ann", "What is this?", "question"))
    store.send_back(3, ["ann", "bob"], Comment("lead", "Look again."))
    store.close()
    return folder / "project.db"


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return worked_on(tmp_path_factory.mktemp("original"))


@pytest.fixture
def path(tmp_path: Path, original: Path) -> Path:
    copy = tmp_path / "project.db"
    copy.write_bytes(original.read_bytes())
    return copy


def rows_of(path: Path) -> dict[str, set[tuple[Any, ...]]]:
    with contextlib.closing(sqlite3.connect(path)) as sqlite:
        return {name: set(sqlite.execute(f"SELECT * FROM {name}")) for name in own_tables(sqlite)}


RECORD = ("annotator", "annotation", "gold", "comment", "version", "suggestion", "draft", "returned")
"""Tables that are saved as they are; the others follow from them, or are of the queue."""


def pages_of(path: Path) -> dict[tuple[str, tuple[Any, ...]], set[int]]:
    """On which pages each row stands."""
    found: dict[tuple[str, tuple[Any, ...]], set[int]] = {}
    with contextlib.closing(sqlite3.connect(path)) as sqlite:
        roots = dict(sqlite.execute("SELECT name, rootpage FROM sqlite_master"))
        reader = Reader(Image(path))
        for table in own_tables(sqlite):
            shape = Shape(sqlite, table)
            order = [row[1] for row in sqlite.execute(f"PRAGMA table_info({table})")]
            before: set[int] = set()
            for page in reader.walk(roots[table], shape.kinds):
                assert page is not None
                assert page.broken == 0
                own = reader.seen - before
                before = set(reader.seen)
                for rowid, row in page.rows:
                    values = dict(zip(shape.names, shape.values(rowid, row), strict=True))
                    found[table, tuple(values[name] for name in order)] = own
    return found


def damaged(path: Path, pages: list[int], rng: random.Random) -> None:
    with path.open("r+b") as file:
        for number in pages:
            file.seek((number - 1) * PAGE)
            file.write(rng.randbytes(PAGE) if rng.random() < 0.7 else bytes(PAGE))


def mended(path: Path) -> repair.Salvage:
    """Repaired; what is there then is sound, and the old file is as it was."""
    before = path.read_bytes()
    salvage, kept = repair.repair(path, Judge())
    assert kept.read_bytes() == before
    assert sorted(one.name for one in path.parent.iterdir() if "repairing" in one.name) == []
    assert repair.damage(path) == []
    store = SqlStore(path)
    assert [words for good, words in store.check() if not good] == []
    store.record_project(Policy(2), "source", "guidelines", {})
    list(store.answers(history=True))
    claim = store.claim("new")
    for _ in range(5):
        if claim is not None:
            assert claim.item.text != LOST_TEXT
            claim = store.submit(claim.number, Annotation("new", answers={"t": "a"}), str(uuid.uuid4()))
    store.close()
    return salvage


def test_rows_read_page_by_page_are_those_that_sqlite_reads(original):
    pages, rows = pages_of(original), rows_of(original)

    assert {(table, row) for table, found in rows.items() for row in found} == set(pages)
    assert max(len(one) for one in pages.values()) > 1


def test_nothing_is_wrong_with_a_sound_database(path):
    assert repair.damage(path) == []


@pytest.mark.parametrize("seed", range(ROUNDS))
def test_every_row_whose_pages_can_be_read_is_saved(path, seed):
    rng = random.Random(seed)
    pages, before = pages_of(path), rows_of(path)
    hit = rng.sample(range(2, path.stat().st_size // PAGE + 1), rng.randint(1, 8))
    damaged(path, hit, rng)
    assert repair.damage(path) != []
    copy = path.read_bytes()
    salvage, _ = repair.repair(path, Judge())
    after = rows_of(path)
    items = {row[0] for row in after["item"]}
    for table in RECORD:
        saved = {row for row in before[table] if not pages[table, row] & set(hit)}
        if table == "suggestion":
            saved = {row for row in saved if row[1] in items}
        assert saved <= after[table], (seed, table)
        added = after[table] - before[table]
        # Placeholders for what rows refer to, and comments whose return is lost
        assert all(table in ("annotator", "version") or (table == "comment" and row[-1] is None) for row in added)
    path.write_bytes(copy)
    assert mended(path).tables == salvage.tables


@pytest.mark.parametrize("seed", range(ROUNDS))
def test_damage_of_any_kind_is_repaired(path, seed):
    rng = random.Random(1000 + seed)
    size = path.stat().st_size
    kind = rng.choice(["header", "first page", "truncated", "bytes", "swapped"])
    with path.open("r+b") as file:
        if kind == "header":
            file.write(rng.randbytes(100))
        elif kind == "first page":
            file.write(bytes(PAGE))
        elif kind == "truncated":
            file.truncate(rng.randrange(1, size))
        elif kind == "bytes":
            for _ in range(40):
                file.seek(rng.randrange(size))
                file.write(rng.randbytes(rng.randint(1, 40)))
        else:
            one, other = rng.sample(range(size // PAGE), 2)
            data = path.read_bytes()
            file.seek(one * PAGE)
            file.write(data[other * PAGE : (other + 1) * PAGE])
    mended(path)


def test_a_lost_header_costs_no_answer(path):
    before = rows_of(path)
    with path.open("r+b") as file:
        file.write(bytes(PAGE))
    salvage = mended(path)

    with contextlib.closing(sqlite3.connect(path)) as sqlite:
        kept = set(sqlite.execute("SELECT * FROM annotation WHERE annotator <= 3"))
    assert kept == before["annotation"]
    assert salvage.people == {}


def unmerged(folder: Path) -> tuple[Path, int]:
    """A database whose last answers stand in the log alone, as after kill -9; how many there are."""
    (folder / "live").mkdir()
    store = new_store(folder / "live", 30)
    claim = store.claim("ann")
    for n in range(20):
        claim = store.submit(claim.number, Annotation("ann", answers={"t": "a"}), str(n))
    for end in ("", "-wal"):
        (folder / f"project.db{end}").write_bytes((folder / "live" / f"project.db{end}").read_bytes())
    store.close()
    return folder / "project.db", 20


def test_answers_behind_damage_in_the_log_are_saved(tmp_path):
    path, count = unmerged(tmp_path)
    log = Path(f"{path}-wal")
    data = bytearray(log.read_bytes())
    frames = (len(data) - 32) // (24 + PAGE)
    at = 32 + (frames // 2) * (24 + PAGE)
    data[at + 30 : at + 24 + PAGE] = b"\xff" * (PAGE - 6)
    log.write_bytes(data)
    assert "in the write-ahead log" in repair.damage(path)[0]
    mended(path)

    with contextlib.closing(sqlite3.connect(path)) as sqlite:
        assert sqlite.execute("SELECT count(*) FROM annotation WHERE annotator = 1").fetchone()[0] >= count - 1


def test_a_repair_that_a_broken_disk_stops_leaves_all_as_it_was(tmp_path, monkeypatch):
    path, _ = unmerged(tmp_path)
    before = {file: file.read_bytes() for file in tmp_path.iterdir() if file.is_file()}

    def broken(one: Path, other: Path) -> Path:
        raise OSError(errno.EIO, os.strerror(errno.EIO), str(one), str(other))

    with monkeypatch.context() as patched, pytest.raises(OSError, match="Input/output error"):
        patched.setattr(Path, "replace", broken)
        mended(path)

    assert {file: file.read_bytes() for file in tmp_path.iterdir() if file.is_file()} == before


def test_a_log_that_ends_in_the_middle_of_a_save_is_no_damage(tmp_path):
    path, _ = unmerged(tmp_path)
    with Path(f"{path}-wal").open("r+b") as file:
        file.truncate(Path(f"{path}-wal").stat().st_size - 3000)

    assert repair.damage(path) == []


def test_wrong_counters_are_counted_anew(path):
    before = rows_of(path)
    with contextlib.closing(sqlite3.connect(path)) as sqlite, sqlite:
        for sql in (
            "UPDATE counter SET value = value + 7",
            "UPDATE item SET taken = 0, done = 5, stage = 'again' WHERE number % 3 = 0 AND stage <> 'fresh'",
            "UPDATE tally SET answered = 1, skipped = 99, turn = 2",
            "DELETE FROM assignment WHERE state = 'done' AND item % 5 = 0",
            "UPDATE assignment SET active_ms = 1 WHERE item % 7 = 0",
            "DELETE FROM flagged",
            "DELETE FROM tally WHERE annotator = 2",
        ):
            sqlite.execute(sql)
    assert repair.damage(path) == []
    wrong, kept = repair.recount(path, Judge())

    assert len(wrong) >= 8
    assert repair.recount(path, Judge())[0] == []
    assert rows_of(kept)["counter"] == {
        ("items", 127),
        ("done", dict(before["counter"])["done"] + 7),
        ("arrival", dict(before["counter"])["arrival"] + 7),
        ("repeats", 7),
    }
    after = rows_of(path)
    same = ("annotation", "assignment", "flagged", "draft", "corrected")
    assert {name: after[name] for name in same} == {name: before[name] for name in same}
    assert {row[:3] + row[5:] for row in after["item"]} == {row[:3] + row[5:] for row in before["item"]}
    assert {row[:4] for row in after["tally"]} == {row[:4] for row in before["tally"]}
    assert finished(after) == finished(before)


def finished(rows: dict[str, set[tuple[Any, ...]]]) -> int:
    """Whoever finished them: that is not in the record, only how many there are."""
    return dict(rows["counter"])["done"] + sum(row[4] for row in rows["tally"])


def test_a_part_that_cannot_be_read_costs_its_rows_and_not_the_repair(tmp_path):
    """As a broken disk does, a file that was cut short gives less than it said it had."""
    path = worked_on(tmp_path)
    program = f"""if True:
        import os
        from pathlib import Path
        from tui_label.store.sqlite.pages import Image, Reader
        path = Path({str(path)!r})
        image = Image(path)
        os.truncate(path, path.stat().st_size // 2)
        print(sum(len(page.rows) for page in Reader(image).lost()) > 100, image.page(image.count) == bytes({PAGE}))
    """
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)

    assert (done.returncode, done.stdout) == (0, "True True\n"), done.stderr
