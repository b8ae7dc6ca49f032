"""One person at work without a screen: what is kept over leaving, visiting and undoing, and what counts as an answer."""

from __future__ import annotations

import asyncio
import json
import sqlite3
import threading
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, closing
from dataclasses import replace
from pathlib import Path
from unittest.mock import Mock, create_autospec

import numpy as np
import pytest
import soundfile
from helpers import SENTIMENT, records, write_project

from tui_label import config
from tui_label.bench.notices import Announcement
from tui_label.bench.refusals import refusal
from tui_label.bench.workbench import Workbench
from tui_label.core.annotating.session import Effect, Line
from tui_label.core.annotation import Annotation
from tui_label.core.comments import QUESTION
from tui_label.core.gold import Gold
from tui_label.core.item import Item, Sound, content_key
from tui_label.core.listening import Listening
from tui_label.core.record import Record
from tui_label.core.roles import Person, Role
from tui_label.core.text.editor import EMPTY, Editor, insert
from tui_label.errors import StoreBusy
from tui_label.projects import opening
from tui_label.sound.deck import Deck
from tui_label.sound.look import Look
from tui_label.sound.media import fingerprint
from tui_label.sound.speakerplayer import SpeakerPlayer

CALLS = """\
name: calls
items: sound
order: as-added
sound: {must-hear: 90%}
tasks:
  - {id: said, type: text, transcript: {}}
"""
RATE, SECONDS = 8_000, 4.0
Sit = Callable[[], AbstractAsyncContextManager[Workbench]]


@asynccontextmanager
async def at_work(folder: Path, **named: object) -> AsyncIterator[Workbench]:
    project = config.load(folder)
    store, versions = opening.open_store(project)
    workbench = Workbench(project, store, "ann", versions, **named)
    await workbench.start()
    try:
        yield workbench
    finally:
        await workbench.leave()
        store.close()


@pytest.fixture
def calls(tmp_path: Path) -> Sit:
    return clips(tmp_path, CALLS)


def clips(tmp_path: Path, source: str) -> Sit:
    """Three clips and a person before a player that nothing comes out of, as often as asked."""
    project = config.load(write_project(tmp_path, source))
    store, _ = opening.open_store(project)
    for n in range(3):
        path = tmp_path / f"c{n}.wav"
        soundfile.write(path, np.random.default_rng(n).uniform(-0.5, 0.5, int(SECONDS * RATE)), RATE)
        store.add([Record(Item(f"c{n}", sound=Sound(path.name, SECONDS, 0.0, RATE, 1, fingerprint(path))))])
    store.close()

    def deck() -> Deck:
        player = create_autospec(SpeakerPlayer, instance=True)
        player.play.return_value = 1
        return Deck(tmp_path, project.sound, lambda _: player)

    return lambda: at_work(tmp_path, make_deck=deck)


def hear(workbench: Workbench, until: float = SECONDS) -> None:
    """As if the clip had been played from its start."""
    assert workbench.deck is not None
    workbench.deck.listening = workbench.deck.listening.played(100).heard(0.0, until, 1.0)


async def write(workbench: Workbench, text: str) -> None:
    session = workbench.session
    assert session is not None
    await workbench.do("text.edit", insert(Editor(session.box or "", session.caret), text))


def here(workbench: Workbench) -> str:
    return workbench.session.item.key if workbench.session else ""


# what was heard


async def test_what_was_heard_but_not_typed_into_is_kept_with_the_place(calls):
    async with calls() as workbench:
        hear(workbench, 2.5)
        workbench.deck.seek(2.5)
        before = workbench.deck.listening
    async with calls() as workbench:
        assert here(workbench) == "c0"
        assert workbench.deck.listening == before
        assert workbench.deck.position == 2.5


@pytest.mark.parametrize(
    ("task", "commands"),
    [
        ("{type: segments, labels: [a]}", ["segment.mark", "tape.right", "segment.mark", "segment.end-left"]),
        ("{type: choice, labels: [a, b]}", ["label.give"]),
    ],
)
async def test_work_that_is_heard_or_refused_is_kept_soon_too(tmp_path, task, commands):
    source = f"name: s\nitems: sound\nsound: {{must-hear: 90%}}\ntasks: [{{id: t, {task[1:]}]\n"
    async with clips(tmp_path, source)() as workbench:
        for command in commands:
            workbench._drafts.cancel()
            await workbench.do(command, ("t", "a") if command == "label.give" else None)
        assert (here(workbench), workbench._drafts.is_due) == ("c0", True)


async def test_what_was_heard_without_a_key_outlives_the_process(calls, monkeypatch):
    monkeypatch.setattr("tui_label.bench.workplace.LISTENED_S", 0.01)
    async with calls() as workbench:
        hear(workbench, 2.5)
        workbench.deck.seek(2.5)
        workbench.deck.playing = True
        workbench.deck.on_change()
        async with asyncio.timeout(5):
            while not workbench._drafts.kept:
                await asyncio.sleep(0.01)
        draft = json.loads(workbench._store.revisit("ann", 1).draft)

    assert (draft["at"], draft["listening"]["passes"]) == (2.5, [[0.0, 2.5]])


@pytest.mark.parametrize("cut_off", [True, False])
async def test_a_terminal_that_was_left_behind_takes_back_nothing_that_was_said_since(calls, cut_off):
    """The link broke unnoticed while the clip played; hours later the far machine notices."""
    async with calls() as behind:
        await write(behind, "one")
        await behind._keep_draft()
        async with calls() as workbench:
            await write(workbench, " and more")
        hear(behind, 2.0)
        await behind._keep_draft()
        await behind.leave(cut_off=cut_off)
    async with calls() as workbench:
        assert workbench.session.box == "one and more"


async def test_a_terminal_that_was_left_behind_gives_up_no_item_that_is_in_hand_elsewhere(calls):
    async with calls() as behind:
        hear(behind)
        async with calls() as workbench:
            hear(workbench)
            await write(workbench, "one")
            await workbench.do("item.submit")
            await behind.leave(cut_off=True)

            assert here(workbench) == "c1"
            assert workbench._store.claim("bob").item.key == "c2"
            assert workbench._store.revisit("ann", 1).draft == ""


async def test_an_answered_item_is_corrected_without_hearing_it_again(calls):
    async with calls() as workbench:
        await write(workbench, "one")
        await workbench.do("item.submit")
        assert here(workbench) == "c0" and "the project wants 90%" in workbench.word
        hear(workbench)
        await workbench.do("item.submit")
        assert here(workbench) == "c1" and workbench.deck.listening == Listening()
        await workbench.do("item.previous")
        assert (here(workbench), workbench.deck.listening.plays) == ("c0", 1)
        assert workbench.deck.listening.coverage(SECONDS) == 1.0
        await write(workbench, " more")
        await workbench.do("item.submit")
        assert (here(workbench), workbench.word) == ("c1", "c0 corrected")


async def test_what_cannot_be_heard_is_not_answered_where_it_must_be(calls):
    async with calls() as workbench:
        workbench.deck.trouble = "no sound"
        await write(workbench, "one")
        await workbench.do("item.submit")
        assert here(workbench) == "c0" and "skip it, or come back with sound" in workbench.word
        await workbench.do("item.skip")
        assert here(workbench) == "c1"


async def test_a_clip_of_the_qualification_set_that_is_gone_waits_for_a_lead(calls):
    async with calls() as workbench:
        await write(workbench, "one")
        workbench.deck.look = Look(word="c0.wav is not there any more", broken=True)
        claim = replace(workbench.desk.claim, known=Gold("lea", {"said": "one"}))
        workbench.desk = replace(workbench.desk, claim=claim)
        for command in ("item.submit", "item.skip"):
            await workbench.do(command)
            assert workbench.word == "a lead has to put this right: c0.wav is not there any more"


async def test_what_is_still_to_be_heard_is_said_as_long_as_it_is_so(calls):
    async with calls() as workbench:
        await write(workbench, "one")
        await workbench.do("item.submit")
        assert "heard 0% of the clip" in workbench.word
        hear(workbench, SECONDS / 2)
        workbench.deck.on_change()
        assert "heard 5" in workbench.word
        hear(workbench)
        workbench.deck.on_change()
        assert workbench.word == ""


async def test_the_correction_is_kept_with_all_that_was_heard(calls, tmp_path):
    async with calls() as workbench:
        hear(workbench)
        await write(workbench, "one")
        await workbench.do("item.submit")
        await workbench.do("item.previous")
        workbench.deck.listening = workbench.deck.listening.played(100).heard(1.0, 2.0, 1.0)
        await write(workbench, " more")
        await workbench.do("item.submit")
    store, _ = opening.open_store(config.load(tmp_path))
    ((_, answer),) = store.answers()
    store.close()

    assert (answer.revision, answer.answers) == (2, {"said": "one more"})
    assert (answer.listening["plays"], answer.listening["coverage"]) == (2, 1.0)
    assert answer.listening["replays"] == [[1.0, 2.0, 2]]


@pytest.mark.parametrize("finish", ["item.next", "item.submit"])
async def test_from_a_visit_one_comes_back_to_the_place_in_the_waiting_item(calls, finish):
    async with calls() as workbench:
        hear(workbench)
        await write(workbench, "one")
        await workbench.do("item.submit")
        await write(workbench, "half a")
        hear(workbench, 1.5)
        workbench.deck.seek(1.5)
        heard = workbench.deck.listening
        await workbench.do("item.previous")
        workbench.deck.seek(3.0)
        await workbench.do(finish)

        assert here(workbench) == "c1"
        assert (workbench.session.box, workbench.session.caret) == ("half a", 6)
        assert workbench.deck.position == 1.5
        assert workbench.deck.listening.passes == heard.passes


async def test_clicks_that_taps_are_measured_by_are_no_hearing_of_the_clip(calls):
    async with calls() as workbench:
        await write(workbench, "one")
        hear(workbench, 1.0)
        workbench.deck.seek(1.0)
        heard, refused = workbench.deck.listening, refusal(Effect.SUBMIT, workbench.desk, workbench.deck)
        workbench.begin_calibration()
        hear(workbench, workbench.deck.duration)
        workbench.deck.seek(2.0)
        assert refusal(Effect.SUBMIT, workbench.desk, workbench.deck) == refused != ""
    async with calls() as workbench:
        assert (workbench.deck.listening, workbench.deck.position) == (heard, 1.0)
        workbench.begin_calibration()
        hear(workbench, workbench.deck.duration)
        workbench.end_calibration([], [])
        assert (workbench.deck.listening, workbench.deck.position) == (heard, 1.0)


# what counts


@pytest.fixture
def texts(tmp_path: Path) -> Sit:
    """Six texts and a person in a sprint."""
    store, _ = opening.open_store(config.load(write_project(tmp_path, SENTIMENT + "order: as-added\n")))
    store.add(records(6))
    store.close()
    return lambda: at_work(tmp_path, sprint_ms=3_600_000)


async def give(workbench: Workbench, *labels: str) -> None:
    for label in labels:
        await workbench.do("label.give", ("sentiment", label))


def counted(workbench: Workbench) -> int:
    """New answers, by sprint and pace alike."""
    assert workbench.tally.sprint is not None
    assert workbench.tally.sprint.items == workbench.tally.rhythm.answered
    return workbench.tally.sprint.items


async def test_a_sprint_that_ended_while_nothing_could_be_saved_is_kept_once_when_it_can(texts, tmp_path):
    database, away = tmp_path / "project.db", tmp_path / "away.db"
    async with texts() as workbench:
        await give(workbench, "positive")
        database.rename(away)
        await workbench.end_sprint()
        assert "moved or replaced" in workbench.trouble
        workbench.rest()
        away.rename(database)
        await give(workbench, "negative")
        assert workbench.trouble == ""
    with closing(sqlite3.connect(database)) as sqlite:
        assert sqlite.execute("SELECT items FROM sprint").fetchall() == [(1,)]


async def test_a_sprint_that_could_not_be_kept_on_the_way_out_is_kept_at_the_next_start(texts, tmp_path):
    database, away = tmp_path / "project.db", tmp_path / "away.db"
    async with texts() as workbench:
        await give(workbench, "positive")
        database.rename(away)
    away.rename(database)
    for _ in range(2):
        async with at_work(tmp_path) as workbench:
            assert workbench.trouble == ""
    with closing(sqlite3.connect(database)) as sqlite:
        assert sqlite.execute("SELECT items FROM sprint").fetchall() == [(1,)]


async def test_a_sprint_that_another_terminal_kept_meanwhile_is_one(texts, tmp_path):
    database, away = tmp_path / "project.db", tmp_path / "away.db"
    async with texts() as workbench:
        await give(workbench, "positive")
        database.rename(away)
        await workbench.end_sprint()
        away.rename(database)
        async with at_work(tmp_path):
            pass
        workbench.rest()
        await give(workbench, "negative")
        assert workbench.tally.unkept == []
    with closing(sqlite3.connect(database)) as sqlite:
        assert sqlite.execute("SELECT items FROM sprint").fetchall() == [(1,)]


async def test_where_nothing_is_left_to_be_saved_it_is_said_no_more_once_the_store_is_back(texts, tmp_path):
    database, away = tmp_path / "project.db", tmp_path / "away.db"
    async with texts() as workbench, asyncio.timeout(30):
        await give(workbench, "positive")
        database.rename(away)
        await workbench.do("work.undo")
        assert (here(workbench), "moved or replaced" in workbench.trouble) == ("i1", True)
        away.rename(database)
        while workbench.trouble:
            await asyncio.sleep(0.02)
        assert (here(workbench), workbench.word) == ("i1", "the database is back")


async def test_a_skip_is_no_answer_until_it_is_undone_and_answered(texts):
    async with texts() as workbench:
        await give(workbench, "positive")
        await workbench.do("item.skip")
        assert counted(workbench) == 1
        await workbench.do("work.undo")
        await give(workbench, "positive")
        assert counted(workbench) == 2


async def test_redo_after_an_undone_skip_skips_and_answers_nothing(texts):
    async with texts() as workbench:
        await workbench.do("item.skip")
        assert workbench.word == "skipped: comes back after all else"
        await workbench.do("work.undo")
        await workbench.do("work.redo")
        assert (here(workbench), workbench.progress.mine) == ("i1", 0)


async def test_redo_after_an_undone_answer_hands_it_in_and_not_what_was_undone_before_it(birds, tmp_path):
    async with birds() as workbench:
        await workbench.do("label.give", ("t", "tit"))
        await workbench.do("label.give", ("t", "owl"))
        await workbench.do("work.undo")
        await workbench.do("item.submit")
        await workbench.do("work.undo")
    async with birds() as workbench:
        assert here(workbench) == "i3"
        await workbench.do("work.redo")
        assert workbench.desk is None

    assert kept(tmp_path)["i3"][1] == ["tit"]


async def test_what_was_changed_after_an_undo_is_not_redone(texts):
    async with texts() as workbench:
        await workbench.do("item.skip")
        await workbench.do("work.undo")
        await workbench.do("flag.toggle", "ambiguous")
        for command in ("work.undo", "work.redo", "work.redo"):
            await workbench.do(command)
        assert (here(workbench), workbench.word) == ("i0", "nothing to redo")
        await give(workbench, "positive")
        await workbench.do("work.undo")
        await workbench.do("flag.toggle", "ambiguous")
        await workbench.do("work.redo")
        assert (here(workbench), workbench.word) == ("i0", "nothing to redo")


@pytest.fixture
def whys(tmp_path: Path) -> Sit:
    """Two texts, about which one types."""
    folder = write_project(tmp_path, "name: t\norder: as-added\ntasks: [{id: why, type: text}]\n")
    store, _ = opening.open_store(config.load(folder))
    store.add(records(2))
    store.close()
    return lambda: at_work(folder)


async def test_what_was_typed_before_a_skip_comes_back_with_the_item(whys):
    async with whys() as workbench:
        await workbench.do("text.edit", insert(EMPTY, "half a th"))
        await workbench.do("item.skip")
        await workbench.do("text.edit", insert(EMPTY, "whole"))
        await workbench.do("item.submit")
        assert (here(workbench), workbench.session.box) == ("i0", "half a th")


async def test_who_comes_back_to_a_text_goes_on_typing(whys):
    async with whys() as workbench:
        await workbench.do("text.edit", insert(EMPTY, "whole"))
        await workbench.do("item.submit")
        await workbench.do("text.edit", insert(EMPTY, "half"))
        await workbench.do("text.leave")
        await workbench.do("item.previous")
        await workbench.do("item.next")
        assert (here(workbench), workbench.session.box, workbench.session.typing) == ("i1", "half", True)


@pytest.mark.parametrize("back", ["item.previous", "work.undo"])
@pytest.mark.parametrize("typing", [True, False])
async def test_who_goes_back_by_a_letter_can_go_on_by_letters(whys, back, typing):
    async with whys() as workbench:
        await workbench.do("text.edit", insert(EMPTY, "whole"))
        await workbench.do("item.submit")
        if not typing:
            await workbench.do("text.leave")
        await workbench.do(back)
        assert (here(workbench), workbench.session.typing) == ("i0", typing)


async def test_a_skipped_item_that_is_visited_and_answered_is_an_answer(texts):
    async with texts() as workbench:
        await workbench.do("item.skip")
        await workbench.do("item.previous")
        await give(workbench, "positive")
        assert (here(workbench), counted(workbench)) == ("i1", 1)


async def test_a_correction_is_no_new_answer_nor_is_one_that_was_undone(texts):
    async with texts() as workbench:
        await give(workbench, "positive", "positive")
        await workbench.do("item.previous")
        await give(workbench, "negative")
        assert (workbench.word, counted(workbench)) == ("i1 corrected", 2)
        await workbench.do("work.undo")
        assert here(workbench) == "i1"
        await give(workbench, "neutral")
        assert (here(workbench), counted(workbench)) == ("i2", 2)


async def test_what_was_undone_is_there_though_how_far_all_are_could_not_be_told(texts, monkeypatch):
    async with texts() as workbench:
        await give(workbench, "positive", "positive")
        with monkeypatch.context() as now:
            now.setattr(workbench._store, "progress", Mock(side_effect=StoreBusy("somebody else writes")))
            await workbench.do("work.undo")
            assert (here(workbench), workbench.trouble) == ("i1", "")
        await give(workbench, "neutral")
        assert counted(workbench) == 2


async def test_an_answer_that_was_undone_counts_once(texts):
    async with texts() as workbench:
        await give(workbench, "positive", "positive")
        await workbench.do("work.undo")
        assert here(workbench) == "i1"
        await give(workbench, "neutral")
        assert (here(workbench), counted(workbench)) == ("i2", 2)
        await give(workbench, "positive")
        assert counted(workbench) == 3


async def test_an_answer_of_an_earlier_sitting_does_not_count_again(texts):
    async with texts() as workbench:
        await give(workbench, "positive")
    async with texts() as workbench:
        await workbench.do("work.undo")
        assert here(workbench) == "i0"
        await give(workbench, "neutral")
        assert (here(workbench), counted(workbench)) == ("i1", 0)


# what counts as time


class Clock:
    """Seconds that pass when the test says so."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


async def test_a_pause_over_an_empty_queue_is_no_work_on_what_comes_meanwhile(tmp_path):
    clock = Clock()
    async with at_work(write_project(tmp_path), clock=clock) as workbench:
        workbench.pause()
        workbench._store.add(records(1))
        await workbench.look_again()
        workbench.painted()
        clock.now += 50
        workbench.deck = deck = create_autospec(Deck, instance=True)
        workbench.resume()
        workbench.deck = None
        clock.now += 1
        await give(workbench, "positive")
        ((_, answer),) = workbench._store.answers()

    assert (answer.timing.active, answer.timing.idle, answer.timing.paused) == (1000, 0, 0)
    deck.painted.assert_called_once_with()


@pytest.mark.parametrize("then", ["typed", "submitted"])
async def test_a_terminal_in_which_nothing_more_was_said_leaves_what_another_one_said(tmp_path, then):
    folder = write_project(tmp_path, "name: t\ntasks: [{id: why, type: text}]\n")
    async with at_work(folder) as one:
        one._store.add(records(1))
        await one.look_again()
        await write(one, "one")
        await one._keep_draft()
        async with at_work(folder) as other:
            await other.do("text.leave")
            await write(one, " two")
            await one._keep_draft()
            if then == "submitted":
                await one.do("item.submit")
        left = one._store.revisit("ann", 1)

    draft = json.loads(left.draft)["answers"] if left.draft else None
    answer = left.answered.answers if left.answered else None
    assert (draft, answer) == (({"why": "one two"}, None) if then == "typed" else (None, {"why": "one two"}))


async def test_a_draft_that_takes_long_does_not_come_after_the_answer_that_was_given_meanwhile(texts, monkeypatch):
    async with texts() as workbench:
        store, number, held = workbench._store, workbench.desk.claim.number, threading.Event()
        revisit = store.revisit
        with monkeypatch.context() as now:
            now.setattr(store, "revisit", lambda *of: held.wait(60) and revisit(*of))
            workbench.jot(Line(QUESTION, "wh"))
            workbench._drafts.now()
            await asyncio.sleep(0.05)
            workbench.jot(Line())
            answered = asyncio.create_task(give(workbench, "positive"))
            await asyncio.sleep(0.05)
            held.set()
            await answered
            await workbench._drafts._task
        there = store.revisit("ann", number)

    assert (there.answered.answers, there.draft) == ({"sentiment": "positive"}, "")


async def test_what_was_said_last_is_the_draft_whichever_terminal_it_is_from(tmp_path):
    folder = write_project(tmp_path, "name: t\ntasks: [{id: why, type: text}]\n")
    async with at_work(folder) as one:
        one._store.add(records(1))
        await one.look_again()
        async with at_work(folder) as other:
            await write(one, "one")
            await one._keep_draft()
            await write(other, "two")

        assert json.loads(one._store.revisit("ann", 1).draft)["answers"] == {"why": "two"}


def timed(workbench: Workbench) -> Clock:
    """A clock of the test's, by which the item was painted just now."""
    workbench._clock = clock = Clock()
    workbench.painted()
    return clock


@pytest.mark.parametrize("way", ["item.previous", "go"])
async def test_time_on_an_item_is_kept_while_another_one_is_visited(birds, way):
    async with birds() as workbench:
        clock = timed(workbench)
        clock.now += 20
        await (workbench.do(way) if way != "go" else workbench.go_to(3))
        clock.now += 5
        await (workbench.do("item.next") if way != "go" else workbench.go_to(4))
        clock.now += 1
        await workbench.do("label.give", ("t", "owl"))
        assert (here(workbench), workbench.desk.watch.timing.active) == ("i3", 21_000)
        assert workbench._store.revisit("ann", 3).draft == "", "to look at it is to say nothing of it"


@pytest.mark.parametrize(("keys", "active"), [(["play.toggle"], 600_000), (["play.toggle", "play.loop"], 60_000)])
async def test_a_loop_that_nobody_ends_is_work_for_no_longer_than_idle(calls, keys, active):
    """Who listens to a long clip presses no key; who left it going round is not there."""
    async with calls() as workbench:
        clock = timed(workbench)
        for key in keys:
            await workbench.do(key)
        for _ in range(600):
            clock.now += 1
            workbench.deck.on_change()
        await write(workbench, "one")
        timing = workbench.desk.watch.timing

    assert (timing.active, timing.idle) == (active, 600_000 - active)


@pytest.mark.parametrize("ways", [["work.undo"], ["work.undo", "work.undo"], ["item.previous", "work.undo"]])
async def test_time_on_an_item_is_kept_while_the_one_before_is_undone(birds, ways):
    async with birds() as workbench:
        clock = timed(workbench)
        began = workbench.desk.started_at
        clock.now += 20
        for way in ways:
            await workbench.do(way)
        while here(workbench) != "i3":
            clock.now += 5
            await workbench.do("label.give", ("t", "owl"))
            await workbench.do("item.submit")
        workbench.painted()
        clock.now += 1
        await workbench.do("label.give", ("t", "owl"))

        assert (workbench.desk.watch.timing.active, workbench.desk.started_at) == (21_000, began)
        assert workbench._store.revisit("ann", 4).draft == "", "to look at it is to say nothing of it"
        await workbench.do("item.submit")
        assert (here(workbench), workbench._looked_at) == ("", {})


@pytest.mark.parametrize(("hidden", "active", "paused"), [(True, 1000, 20_000), (False, 21_000, 0)])
async def test_time_until_one_leaves_is_kept_as_what_it_was(birds, hidden, active, paused):
    async with birds() as workbench:
        clock = timed(workbench)
        clock.now += 1
        await workbench.do("label.give", ("t", "owl"))
        if hidden:
            workbench.pause()
        clock.now += 20
    async with birds() as workbench:
        timing = workbench.desk.watch.timing
        assert (here(workbench), timing.active, timing.paused) == ("i3", active, paused)


# corrections


@pytest.fixture
def birds(tmp_path: Path) -> Sit:
    """Four texts of which each may have several labels, the first three answered."""
    source = "name: b\norder: as-added\ntasks: [{id: t, type: choices, min: 1, labels: [owl, tit]}]\n"
    folder = write_project(tmp_path, source)
    store, _ = opening.open_store(config.load(folder))
    store.add(records(4))
    for n in range(3):
        claim = store.claim("ann")
        store.submit(claim.number, Annotation("ann", answers={"t": ["owl"]}), f"s{n}", claim=False)
    store.close()
    return lambda: at_work(folder)


def kept(folder: Path) -> dict[str, tuple[int, object, tuple[str, ...]]]:
    """Revision, answer and flags of what stands, by item."""
    store, _ = opening.open_store(config.load(folder))
    found = {
        item.key: (one.revision, one.answers["t"], tuple(flag.reason for flag in one.flags))
        for item, one in store.answers()
    }
    store.close()
    return found


@pytest.mark.parametrize("command", ["item.submit", "item.skip"])
async def test_a_terminal_that_was_left_behind_replaces_no_answer_without_a_word(birds, tmp_path, command):
    async with birds() as behind:
        await behind.do("label.give", ("t", "tit"))
        async with birds() as workbench:
            await workbench.do("label.give", ("t", "owl"))
            await workbench.do("item.submit")
        await behind.do(command)
        assert (kept(tmp_path)["i3"], here(behind)) == ((1, ["owl"], ()), "i3")
        assert behind.word == "not handed in: answered in another terminal since; once more replaces it"
        await behind.do("item.submit")

    assert kept(tmp_path)["i3"] == (2, ["tit"], ())


async def test_who_leaves_a_correction_that_another_terminal_was_before_has_it_as_a_draft(birds, tmp_path):
    async with birds() as behind:
        await behind.do("item.previous")
        await behind.do("label.give", ("t", "tit"))
        async with birds() as workbench:
            for command, argument in (
                ("item.previous", None),
                ("label.give", ("t", "owl")),
                ("label.give", ("t", "tit")),
            ):
                await workbench.do(command, argument)
            await workbench.do("item.submit")
        before = kept(tmp_path)["i2"]

    assert before == (2, ["tit"], ())
    assert kept(tmp_path)["i2"] == before
    async with birds() as workbench:
        assert (here(workbench), workbench.session.work.answers["t"]) == ("i2", ["owl", "tit"])
        await workbench.do("item.submit")
    assert kept(tmp_path)["i2"] == (3, ["owl", "tit"], ())


@pytest.mark.parametrize(("way", "there"), [("item.next", "i3"), ("item.previous", "i1"), ("go", "i0"), ("out", "i2")])
async def test_what_was_changed_of_an_answer_is_handed_in_on_the_way_to_another_item(birds, tmp_path, way, there):
    async with birds() as workbench:
        await workbench.do("item.previous")
        await workbench.do("flag.toggle", "ambiguous")
        await workbench.do("label.give", ("t", "tit"))
        assert workbench.desk.is_draft
        if way == "go":
            await workbench.go_to(1)
        elif way == "out":
            await workbench.leave()
        else:
            await workbench.do(way)
        assert (here(workbench), workbench.word) == (there, "i2 corrected")

    assert kept(tmp_path)["i2"] == (2, ["owl", "tit"], ("ambiguous",))


@pytest.mark.parametrize("way", ["item.next", "item.previous", "go", "out"])
async def test_what_can_not_be_handed_in_is_kept_as_a_draft_and_that_is_said(birds, tmp_path, way):
    async with birds() as workbench:
        await workbench.do("item.previous")
        await workbench.do("label.give", ("t", "owl"))
        if way == "go":
            await workbench.go_to(4)
        elif way == "out":
            await workbench.leave()
        else:
            await workbench.do(way)
        assert workbench.word == "i2 not handed in: kept as a draft"

    assert kept(tmp_path)["i2"] == (1, ["owl"], ())


@pytest.mark.parametrize("required", ["true", "false"])
async def test_a_question_that_a_correction_opens_is_not_answered_by_leaving(tmp_path, required):
    source = (
        "name: b\norder: as-added\ntasks:\n"
        "  - {id: t, type: choice, labels: [owl, tit]}\n"
        f"  - {{id: u, type: choices, labels: [old, young], required: {required}, when: {{t: [tit]}}}}\n"
    )
    folder = write_project(tmp_path, source)
    store, _ = opening.open_store(config.load(folder))
    store.add(records(2))
    store.submit(store.claim("ann").number, Annotation("ann", answers={"t": "owl"}), "s", claim=False)
    store.close()
    async with at_work(folder) as workbench:
        await workbench.do("item.previous")
        await workbench.do("label.give", ("t", "tit"))
        await workbench.do("item.next")
        assert workbench.word == "i0 not handed in: kept as a draft"
        assert kept(tmp_path)["i0"] == (1, "owl", ())

        await workbench.do("item.previous")
        await workbench.do("item.submit")
        assert (here(workbench), workbench.word) == ("i1", "i0 corrected")
        await workbench.do("item.previous")
        await workbench.do("label.give", ("u", "old"))
        await workbench.do("item.next")
        assert (here(workbench), workbench.word) == ("i1", "i0 corrected")


@pytest.mark.parametrize("cut_off", [True, False])
async def test_an_answer_that_is_half_corrected_is_there_again_as_a_draft(birds, tmp_path, cut_off):
    async with birds() as workbench:
        await workbench.do("item.previous")
        await workbench.do("label.give", ("t", "tit"))
        if not cut_off:
            await workbench.do("label.give", ("t", "tit"))
            await workbench.do("label.give", ("t", "owl"))
        await workbench.leave(cut_off=cut_off)
    assert kept(tmp_path)["i2"][0] == 1
    async with birds() as workbench:
        assert (here(workbench), workbench.desk.is_draft) == ("i2", True)
        assert workbench.word == "i2: a draft, while your answer before it stands"
        await workbench.do("item.previous")
        assert workbench.word == "i2 not handed in: kept as a draft"
        await workbench.do("item.next")
        await workbench.do("label.give", ("t", "tit"))
        await workbench.do("item.submit")
        assert (here(workbench), workbench.word) == ("i3", "i2 corrected")


async def test_a_half_made_correction_is_come_back_to_whatever_was_looked_at_since(birds):
    async with birds() as workbench:
        await workbench.do("item.previous")
        await workbench.do("item.previous")
        await workbench.do("label.give", ("t", "owl"))
        await workbench.do("item.next")
        assert (here(workbench), workbench.word) == ("i2", "i1 not handed in: kept as a draft")
        await workbench.do("label.give", ("t", "tit"))
        await workbench.do("label.give", ("t", "tit"))
        await workbench.do("item.next")
        assert (here(workbench), workbench.word) == ("i3", "")
    async with birds() as workbench:
        assert (here(workbench), workbench.word) == ("i1", "i1: a draft, while your answer before it stands")


async def test_looking_and_taking_back_are_no_correction(birds, tmp_path):
    async with birds() as workbench:
        await workbench.do("item.previous")
        await workbench.do("cursor.right")
        await workbench.do("item.previous")
        await workbench.do("flag.toggle", "ambiguous")
        await workbench.do("flag.toggle", "ambiguous")
        assert not workbench.desk.is_draft
        await workbench.do("item.next")
        assert (here(workbench), workbench.word) == ("i2", "")

    assert {revision for revision, *_ in kept(tmp_path).values()} == {1}


async def test_listening_is_no_correction(calls, tmp_path):
    async with calls() as workbench:
        hear(workbench)
        await write(workbench, "one")
        await workbench.do("item.submit")
        await workbench.do("item.previous")
        workbench.deck.listening = workbench.deck.listening.played(100).heard(1.0, 2.0, 1.0)
        await workbench.do("item.next")
        assert (here(workbench), workbench.word) == ("c1", "")
        await workbench.do("item.previous")
        assert (workbench.deck.listening.plays, workbench.desk.is_draft) == (2, False)
    async with calls() as workbench:
        assert (here(workbench), workbench.word) == ("c1", "")
    store, _ = opening.open_store(config.load(tmp_path))

    assert [one.revision for _, one in store.answers(history=True) if one.status == "submitted"] == [1]
    store.close()


async def test_a_correction_of_a_sound_that_was_not_heard_is_not_handed_in(calls):
    async with calls() as workbench:
        hear(workbench)
        await write(workbench, "one")
        await workbench.do("item.submit")
        await workbench.do("item.previous")
        await write(workbench, " more")
        workbench.deck.listening = Listening()
        await workbench.do("item.next")
        assert (here(workbench), workbench.word) == ("c1", "c0 not handed in: kept as a draft")


async def test_what_a_visited_item_has_no_answer_to_is_not_handed_in_by_leaving_it(birds, tmp_path):
    async with birds() as workbench:
        await workbench.do("item.previous")
        await workbench.do("item.skip")
        assert (here(workbench), workbench.word) == ("i3", "i2 skipped: comes back after all else")
        await workbench.do("item.previous")
        await workbench.do("label.give", ("t", "tit"))
        await workbench.do("item.next")
        assert (here(workbench), workbench.word) == ("i3", "i2 not handed in: kept as a draft")
        await workbench.do("item.previous")
        await workbench.do("item.submit")
        assert workbench.word == "i2 answered"

    assert kept(tmp_path)["i2"] == (3, ["owl", "tit"], ())


async def test_an_undone_correction_is_a_draft_that_can_be_redone(birds, tmp_path):
    async with birds() as workbench:
        await workbench.do("item.previous")
        await workbench.do("item.previous")
        await workbench.do("label.give", ("t", "tit"))
        await workbench.do("item.submit")
        await workbench.do("work.undo")
        assert (here(workbench), workbench.desk.visiting, workbench.desk.is_draft) == ("i1", True, True)
        assert workbench.word == "back at i1: a draft, while your answer before it stands"
        await workbench.do("item.next")
        assert (here(workbench), workbench.word) == ("i2", "i1 not handed in: kept as a draft")
        await workbench.do("item.next")
        assert here(workbench) == "i3"
    assert kept(tmp_path)["i1"][1] == ["owl"]
    async with birds() as workbench:
        await workbench.do("item.previous")
        await workbench.do("item.previous")
        assert (here(workbench), workbench.desk.is_draft) == ("i1", True)
        await workbench.do("work.redo")
        assert (here(workbench), workbench.word) == ("i3", "i1 corrected")

    assert kept(tmp_path)["i1"][1] == ["owl", "tit"]


async def test_undo_goes_on_from_an_undone_correction_to_the_answer_before_and_the_item_before(birds, tmp_path):
    async with birds() as workbench:
        await workbench.do("item.previous")
        await workbench.do("label.give", ("t", "tit"))
        await workbench.do("item.submit")
        await workbench.do("work.undo")
        await workbench.do("work.undo")
        assert (workbench.session.answers, workbench.desk.is_draft) == ({"t": ["owl"]}, False)
        await workbench.do("work.undo")
        assert (here(workbench), workbench.desk.visiting, workbench.word) == ("i2", False, "back at i2")
        assert sorted(kept(tmp_path)) == ["i0", "i1"]


async def test_an_undone_skip_of_an_answer_can_be_redone(birds, tmp_path):
    async with birds() as workbench:
        await workbench.do("item.previous")
        await workbench.do("item.skip")
        await workbench.do("work.undo")
        assert (here(workbench), workbench.desk.visiting, workbench.word) == ("i2", True, "back at i2")
        await workbench.do("work.redo")
        assert (here(workbench), workbench.word) == ("i3", "i2 skipped: comes back after all else")

    assert sorted(kept(tmp_path)) == ["i0", "i1"]


async def test_a_correction_after_which_no_item_can_be_claimed_is_not_handed_in_twice(birds, tmp_path, monkeypatch):
    def broken(_: str) -> None:
        raise StoreBusy("somebody else writes")

    async with birds() as workbench:
        await workbench.do("label.give", ("t", "owl"))
        await workbench.do("item.submit")
        await workbench.do("item.previous")
        await workbench.do("flag.toggle", "ambiguous")
        with monkeypatch.context() as now:
            now.setattr(workbench._store, "claim", broken)
            await workbench.do("item.next")
        assert (here(workbench), workbench.trouble) == ("", "somebody else writes")
        await workbench.do("item.previous")
        assert (here(workbench), workbench.desk.is_draft) == ("i3", False)

    assert kept(tmp_path)["i3"] == (2, ["owl"], ("ambiguous",))


async def test_a_line_that_was_sent_is_no_draft_though_the_process_ended_at_once(texts):
    async with texts() as killed:
        killed.jot(Line(QUESTION, "why? "))
        await killed._keep_draft()
        await killed.say(QUESTION, "why?")
        async with texts() as workbench:
            assert workbench.desk.claim.number == killed.desk.claim.number
            assert workbench.session.line == Line()


async def test_a_question_that_was_sent_is_not_sent_again_where_the_rest_can_not_be_read(texts, monkeypatch):
    async with texts() as workbench:
        number = workbench.desk.claim.number
        with monkeypatch.context() as now:
            now.setattr(workbench._store, "comments", Mock(side_effect=StoreBusy("project.db is in use")))
            assert await workbench.say(QUESTION, "why?")
        assert [one.text for one in workbench._store.comments(number)] == ["why?"]


async def test_an_item_without_a_name_is_told_by_its_text(tmp_path):
    folder = write_project(tmp_path, SENTIMENT + "order: as-added\n")
    store, _ = opening.open_store(config.load(folder))
    text = "A text that is so long that a word about it would have no room."
    store.add([Record(Item(content_key(text), text)), *records(1)])
    store.close()
    async with at_work(folder) as workbench:
        await give(workbench, "positive")
        await workbench.do("item.previous")
        await give(workbench, "negative")
        assert workbench.word == "A text that is so long … corrected"
        await workbench.do("work.undo")
        assert workbench.word.startswith("back at A text that is so long …: ")


async def test_what_is_too_fast_is_by_project_yaml_as_it_is_now(tmp_path):
    folder = write_project(tmp_path, SENTIMENT + "order: as-added\n")
    store, _ = opening.open_store(config.load(folder))
    store.add(records(9))
    edits = opening.Edits(config.load(folder), Person("ann", Role.LEAD), lambda: time.time() + 2 * opening.SETTLED_S)
    clock = Clock()
    async with at_work(folder, take_edits=edits, clock=clock) as workbench:
        (folder / "project.yaml").write_text(SENTIMENT + "order: as-added\npace: {too-fast: 5s}\n")
        for _ in range(6):
            clock.now += 2
            await give(workbench, "positive")
        assert workbench.word == "5 answers in a row faster than reading: all well?"
    store.close()


async def test_what_was_edited_is_told_before_the_next_item(tmp_path):
    folder = write_project(tmp_path, SENTIMENT + "order: as-added\n")
    store, _ = opening.open_store(config.load(folder))
    store.add(records(3))
    edits = opening.Edits(config.load(folder), Person("ann", Role.LEAD), lambda: time.time() + 2 * opening.SETTLED_S)
    async with at_work(folder, take_edits=edits) as workbench:
        await give(workbench, "positive")
        assert workbench.notice is None
        (folder / "guidelines.md").write_text("# Positive\n\nOnly with a reason.\n")
        await give(workbench, "positive")
        assert isinstance(workbench.notice, Announcement) and here(workbench) == "i2"
