"""Work that the database would not take: where it is kept, and what of it comes back."""

from __future__ import annotations

import asyncio
import os
import tempfile
import threading
import time
from pathlib import Path
from unittest.mock import Mock

import pytest
from helpers import BOTH, write_project
from hypothesis import given
from hypothesis import strategies as st

from tui_label import config
from tui_label.bench import unsaved, workplace
from tui_label.bench.reviewbench import ReviewBench
from tui_label.bench.unsaved import Left, Unsaved
from tui_label.bench.workbench import Workbench
from tui_label.bench.workplace import ITS_DISK, WAITING
from tui_label.core.annotation import Annotation
from tui_label.core.item import Item
from tui_label.core.record import Record
from tui_label.errors import StoreBusy
from tui_label.projects import opening
from tui_label.store.reviewing import Queue


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    folder = write_project(tmp_path / "p", BOTH)
    store, _ = opening.open_store(config.load(folder))
    store.add(Record(Item(f"i{n}", "word " * 5)) for n in range(3))
    store.close()
    return folder


def kept(project: Path, left: Left) -> bool:
    unsaved = Unsaved(project, "ann")
    unsaved.keep(left)
    unsaved.wait(60)
    return unsaved.is_kept


@given(drafts=st.lists(st.tuples(st.integers(1, 5), st.text()), max_size=8), dropped=st.sets(st.integers(1, 5)))
def test_what_is_kept_comes_back_until_it_is_dropped(tmp_path_factory, drafts, dropped):
    os.environ["XDG_STATE_HOME"] = str(tmp_path_factory.mktemp("state"))
    unsaved = Unsaved(Path("project"), "ann")
    for number, draft in drafts:
        unsaved.keep(Left(number, f"i{number}", 0, draft))
    for number in dropped:
        unsaved.drop(number)
    unsaved.wait(60)
    assert unsaved.is_kept

    assert {one.number: one.draft for one in Unsaved(Path("project"), "ann").all()} == {
        number: draft for number, draft in dict(drafts).items() if number not in dropped
    }
    assert Unsaved(Path("project"), "bob").all() == Unsaved(Path("other"), "ann").all() == []


def test_a_home_that_takes_nothing_is_no_reason_to_lose_it(tmp_path, monkeypatch):
    (tmp_path / "state").write_text("a file where the folder should be")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path / "run"))
    left = Left(1, "i0", 0, "{}")

    assert kept(tmp_path, left)
    assert Unsaved(tmp_path, "ann").all() == [left]
    (file,) = (tmp_path / "run" / "tui-label").iterdir()
    assert file.stat().st_mode & 0o777 == 0o600


def test_a_place_that_may_not_even_be_looked_at_is_none(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_STATE_HOME", "/proc/no/home")
    monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)
    monkeypatch.setattr(tempfile, "gettempdir", Mock(side_effect=FileNotFoundError))
    monkeypatch.setattr(unsaved, "MEMORY", Mock(is_dir=Mock(side_effect=PermissionError)))

    assert not kept(tmp_path, Left(1, "i0", 0, "{}"))


def test_what_was_kept_is_found_where_the_folder_was_renamed_or_put_back_from_a_backup_and_nowhere_else(
    tmp_path, monkeypatch
):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    for name in ("p", "other"):
        (tmp_path / name).mkdir()
    left = Left(1, "i0", 0, "{}")
    assert kept(tmp_path / "p", left)
    (file,) = (tmp_path / "state" / "tui-label").iterdir()
    file.with_name(file.name.replace("-1.json", "-2.json")).write_text("{ what a crash left")
    renamed = (tmp_path / "p").rename(tmp_path / "renamed")
    (tmp_path / "p").mkdir()

    assert Unsaved(renamed, "ann").all() == Unsaved(tmp_path / "p", "ann").all() == [left]
    assert Unsaved(tmp_path / "other", "ann").all() == []


def test_work_gives_way_only_to_what_was_done_at_another_desk():
    left = Left(1, "i0", 0, '{"desk": "here", "n": 2}', before='{"desk": "here", "n": 1}')

    assert not left.gives_way_to("") and not left.gives_way_to(left.before)
    assert not left.gives_way_to('{"desk": "here", "n": 0}')
    assert left.gives_way_to('{"desk": "there", "n": 1}')


async def started(folder: Path) -> Workbench:
    project = config.load(folder)
    store, versions = opening.open_store(project)
    bench = Workbench(project, store, "ann", versions)
    await bench.start()
    return bench


async def gone_and_back(folder: Path) -> Workbench:
    """Ann answered while the database was away, left, and starts again when it is back."""
    bench = await started(folder)
    (folder / "project.db").rename(folder / "away")
    await bench.do("label.give", ("sentiment", "positive"))
    await bench.do("item.submit")
    assert bench.trouble.startswith("the database was moved or replaced")
    await bench.leave()
    (folder / "away").rename(folder / "project.db")
    return bench


async def test_a_disk_that_hangs_stops_no_key_and_nothing_is_called_kept_before_it_is(folder, monkeypatch):
    bench, disk = await started(folder), threading.Event()
    write = unsaved.write_own
    monkeypatch.setattr(unsaved, "write_own", lambda *file: (disk.wait(60), write(*file)))
    (folder / "project.db").rename(folder / "away")
    before = time.monotonic()
    await bench.do("label.give", ("sentiment", "negative"))
    await bench.do("item.submit")
    await bench.do("label.give", ("sentiment", "positive"))
    assert time.monotonic() - before < 5
    assert bench.trouble and bench.kept_nowhere
    leaving = asyncio.create_task(bench.leave())
    while bench.holdup != ITS_DISK:
        await asyncio.sleep(0.01)
    assert bench.kept_nowhere
    disk.set()
    await leaving

    assert bench.trouble and not bench.kept_nowhere
    (left,) = Unsaved(folder, "ann").all()
    assert '"positive"' in left.draft


async def test_who_does_not_wait_for_a_disk_that_hangs_is_told_the_truth(folder, monkeypatch):
    bench, disk = await started(folder), threading.Event()
    monkeypatch.setattr(unsaved, "write_own", lambda *_: disk.wait(60))
    monkeypatch.setattr(workplace, "PATIENCE_S", 0.05)
    (folder / "project.db").rename(folder / "away")
    await bench.do("label.give", ("sentiment", "negative"))
    leaving = asyncio.create_task(bench.leave())
    while bench.holdup != ITS_DISK:
        await asyncio.sleep(0.01)
    leaving.cancel()
    bench.abandon()

    assert bench.trouble == f"left without waiting for {ITS_DISK}" and bench.kept_nowhere
    disk.set()


async def test_an_item_that_was_answered_since_keeps_that_answer(folder):
    await gone_and_back(folder)
    store, _ = opening.open_store(config.load(folder))
    store.submit(store.claim("ann").number, Annotation("ann", answers={"sentiment": "negative"}), "elsewhere")
    bench = await started(folder)
    shown = bench.desk.claim.item.key
    await bench.leave()

    assert shown == "i1"
    assert [one.answers["sentiment"] for _, one in store.answers()] == ["negative"]
    assert Unsaved(folder, "ann").all() == []


async def test_work_in_a_folder_that_was_renamed_meanwhile_is_there_under_its_new_name(folder):
    bench = await started(folder)
    renamed = folder.rename(folder.with_name("renamed"))
    await bench.do("label.give", ("sentiment", "positive"))
    await bench.do("item.submit")
    assert bench.trouble == "the database was moved or replaced while open; leave and start again"
    await bench.leave()
    bench = await started(renamed)
    assert (bench.session.answers, bench.word) == (
        {"sentiment": "positive"},
        "i0: what was not saved the last time is here",
    )
    await bench.leave()
    assert Unsaved(folder, "ann").all() == Unsaved(renamed, "ann").all() == []


async def test_work_that_was_gone_on_with_on_another_machine_stays(folder, monkeypatch):
    await gone_and_back(folder)
    with monkeypatch.context() as there:
        there.setenv("XDG_STATE_HOME", str(folder / "another machine"))
        bench = await started(folder)
        await bench.do("label.give", ("sentiment", "negative"))
        await bench.leave()
    bench = await started(folder)

    assert (bench.session.answers, bench.word) == ({"sentiment": "negative"}, "")
    await bench.leave()
    assert Unsaved(folder, "ann").all() == []


async def test_a_draft_that_arrived_without_a_word_is_older_than_what_came_after_it(folder, monkeypatch):
    def lost(*said: object, **how: object) -> None:
        save(*said, **how)
        raise StoreBusy("the answer did not come")

    bench = await started(folder)
    save = bench._store.save_draft
    await bench.do("label.give", ("sentiment", "negative"))
    monkeypatch.setattr(bench._store, "save_draft", lost)
    await bench._keep_draft_alone()
    monkeypatch.setattr(bench._store, "save_draft", Mock(side_effect=StoreBusy("gone")))
    await bench.do("label.give", ("sentiment", "positive"))
    await bench.leave()
    assert bench.trouble == "gone"
    bench = await started(folder)

    assert (bench.session.answers, bench.word) == (
        {"sentiment": "positive"},
        "i0: what was not saved the last time is here",
    )
    await bench.leave()


async def test_a_correction_that_was_not_saved_is_gone_on_with(folder, monkeypatch):
    bench = await started(folder)
    await bench.do("label.give", ("sentiment", "positive"))
    await bench.do("item.submit")
    await bench.do("item.previous")
    await bench.do("label.give", ("sentiment", "negative"))
    monkeypatch.setattr(bench._store, "save_draft", Mock(side_effect=StoreBusy("gone")))
    await bench.leave(cut_off=True)
    bench = await started(folder)

    assert (bench.desk.claim.item.key, bench.session.answers) == ("i0", {"sentiment": "negative"})
    await bench.leave()


async def test_what_was_kept_aside_has_the_names_of_today(folder):
    await gone_and_back(folder)
    write_project(folder, BOTH.replace("value: positive", "value: glad, was: positive"))
    bench = await started(folder)
    await bench.read_on()

    assert bench.session.answers == {"sentiment": "glad"}
    await bench.leave()
    store, _ = opening.open_store(config.load(folder))
    assert [one.answers for _, one in store.answers(history=True)] == [{"sentiment": "glad"}]


async def test_another_database_in_its_place_gets_nothing_of_it(folder):
    await gone_and_back(folder)
    for name in folder.glob("project.db*"):
        name.unlink()
    store, _ = opening.open_store(config.load(folder))
    store.add([Record(Item("other", "text"))])
    bench = await started(folder)

    assert (bench.desk.claim.item.key, bench.desk.claim.draft) == ("other", "")
    await bench.leave()


async def test_a_review_is_no_annotators_draft(folder):
    store, versions = opening.open_store(config.load(folder))
    for name, label in (("ann", "positive"), ("bob", "negative")):
        store.add([Record(Item("i0", "word " * 5), annotation=Annotation(name, answers={"sentiment": label}))])
    bench = ReviewBench(config.load(folder), store, "lead", versions, Queue("all"))
    await bench.start()
    (folder / "project.db").rename(folder / "away")
    await bench.do("review.take", 1)

    assert bench.trouble
    await bench._unsaved.settled()
    assert Unsaved(folder, "lead").all() == []
    (folder / "away").rename(folder / "project.db")
    await bench.leave()


async def test_keys_go_on_while_a_draft_waits_for_the_store(folder, monkeypatch):
    bench = await started(folder)
    bench._thread.patience_s = 0.05
    save = bench._store.save_draft
    monkeypatch.setattr(bench._store, "save_draft", lambda *said, **how: (time.sleep(0.6), save(*said, **how)))
    await bench.do("label.give", ("sentiment", "positive"))
    bench._drafts.now()
    await asyncio.sleep(0.15)
    assert (bench.not_saved, bench.trouble) == (WAITING, "")
    before = time.monotonic()
    await bench.do("label.give", ("sentiment", "negative"))

    assert time.monotonic() - before < 0.3
    assert bench.session.answers["sentiment"] == "negative"
    await bench.leave()
    store, _ = opening.open_store(config.load(folder))
    assert '"negative"' in store.claim("ann").draft


@pytest.mark.parametrize("said", ["", "the disk is full"])
async def test_of_two_that_wait_for_the_store_at_once_each_tells_the_truth_when_it_is_over(folder, monkeypatch, said):
    bench, held = await started(folder), threading.Event()

    def save(*_: object, **how: object) -> None:
        held.wait(60)
        if said:
            raise StoreBusy(said)

    async def until(count: int) -> None:
        while bench._awaited != count:
            await asyncio.sleep(0.01)

    bench._thread.patience_s = 0.0
    await bench.do("label.give", ("sentiment", "negative"))
    with monkeypatch.context() as now:
        now.setattr(bench._store, "save_draft", save)
        bench._drafts.now()
        await until(1)
        beat = asyncio.create_task(bench._alive())
        await until(2)
        assert (bench.not_saved, bench.trouble) == (WAITING, "")
        held.set()
        await beat
        await until(0)
    assert bench.not_saved == said
    await bench.leave()
