"""One reviewer at work without a screen: what is on disk before the next case shows, and the way back."""

from __future__ import annotations

import asyncio
import getpass
import os
import re
import sqlite3
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace
from pathlib import Path
from unittest.mock import Mock, create_autospec

import pytest
from reviewing import MOOD, annotations, answered, golds, moods, opened, prepare, span

from tui_label import config
from tui_label.bench.notices import Announcement
from tui_label.bench.reviewbench import ReviewBench, queue_of
from tui_label.core.annotating.session import Line
from tui_label.core.comments import COMMENT, CORRECTION, QUESTION, RETURN, Comment
from tui_label.core.gold import Gold
from tui_label.core.item import Item, Sound
from tui_label.errors import StoreBusy, UsageError
from tui_label.projects import opening
from tui_label.sound.deck import Deck
from tui_label.sound.speakerplayer import SpeakerPlayer
from tui_label.sound.tape import Region
from tui_label.store.reviewing import Queue

TEXT = "Angela flew to Rome"
SPANS = "name: t\noverlap: 2\ntasks: [{id: e, type: spans, labels: [person, place]}]\n"


class Clock:
    """Seconds that pass when the test says so."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


@asynccontextmanager
async def at_work(
    folder: Path, queue: Queue | None = None, reviewer: str = "lead", **named: object
) -> AsyncIterator[ReviewBench]:
    project = config.load(folder)
    store, versions = opening.open_store(project)
    bench = ReviewBench(project, store, reviewer, versions, queue or Queue(), **named)  # type: ignore[arg-type]
    await bench.start()
    try:
        yield bench
    finally:
        await bench.leave()
        store.close()


@pytest.mark.parametrize(
    ("queue", "words"),
    [
        (Queue(task="mod"), "no task mod; there are mood"),
        (Queue(label="gld"), "no label gld; there are good, bad, so-so"),
        (Queue("flagged", flag="ambigous"), "no flag ambigous; there are ambiguous, "),
    ],
)
def test_a_queue_of_what_the_project_does_not_have_is_refused(tmp_path, queue, words):
    project = config.load(prepare(tmp_path, MOOD))
    with pytest.raises(UsageError) as refused:
        queue_of(project, queue)
    assert str(refused.value).startswith(words)


def here(bench: ReviewBench) -> str:
    return bench.desk.case.item.key if bench.desk else ""


@pytest.fixture
def three(tmp_path: Path) -> Path:
    """Two items that differ and one that does not."""
    return prepare(tmp_path / "p", MOOD, *moods(["good", "bad", "so-so"], ["good"] * 3, ["bad", "bad", "good"]))


async def test_one_key_settles_and_shows_the_next(three):
    async with at_work(three) as bench:
        assert (here(bench), bench.left) == ("i0", 2)
        await bench.do("review.take", 1)
        assert golds(three) == {"i0": ("settled", {"mood": "bad"})}
        assert (here(bench), bench.left, bench.of) == ("i2", 1, 2)
        await bench.do("review.accept")
        assert (here(bench), bench.left) == ("", 0)
        assert bench.waiting["all"] == 3

    assert golds(three)["i2"] == ("settled", {"mood": "bad"})


async def test_a_sign_of_life_while_the_next_case_is_on_its_way_takes_no_other_in_hand(three, monkeypatch):
    """Another reviewer would get that one, too."""
    async with at_work(three) as bench:
        held, next_case = threading.Event(), bench._store.next_case
        with monkeypatch.context() as now:
            now.setattr(bench._store, "next_case", lambda *of: held.wait(60) and next_case(*of))
            settled = asyncio.create_task(bench.do("review.take", 1))
            await asyncio.sleep(0.05)
            sign = asyncio.create_task(bench._alive())
            await asyncio.sleep(0.05)
            held.set()
            await settled
            await sign

        assert here(bench) == "i2"
        assert not bench._store.hold_case(bench.desk.case.number, "mia")


async def test_nobodys_own_answer_changes_whatever_a_reviewer_does(three):
    before = annotations(three)
    async with at_work(three) as bench:
        await bench.do("review.take", 0)
        await bench.do("work.undo")
        await bench.do("review.comment", (("ann", "bob"), "look here"))
        await bench.do("review.take", 2)
        await bench.do("review.return", (("ann",), "why so?"))
        await bench.do("work.undo")
        await bench.do("review.edit")
        await bench.do("label.give", ("mood", "so-so"))
        await bench.open_queue(Queue("all"))
        await bench.correct("because")
        await bench.do("review.accept")

    assert len(golds(three)) == 3
    assert annotations(three) == before


async def test_undo_takes_the_settling_back_and_is_at_the_item_again(three):
    async with at_work(three) as bench:
        await bench.do("review.take", 1)
        await bench.do("work.undo")
        assert (here(bench), bench.word, bench.left) == ("i0", "back at i0", 2)
        assert golds(three) == {}
        await bench.do("work.undo")
        assert bench.word == "nothing to undo"


async def test_undo_leaves_what_another_reviewer_settled_since(three):
    async with at_work(three) as bench:
        await bench.do("review.take", 1)
        async with at_work(three, Queue("all"), reviewer="other") as other:
            await other.do("review.take", 0)
        await bench.do("work.undo")
        assert (here(bench), bench.word) == ("i0", "not undone: i0 was decided anew since")
        await bench.do("work.undo")
        assert bench.word == "nothing to undo"

    assert golds(three) == {"i0": ("settled", {"mood": "good"})}


@pytest.mark.parametrize(("command", "argument"), [("review.take", 1), ("review.return", (("ann",), "sure?"))])
async def test_undo_changes_nothing_while_another_reviewer_has_the_case_in_hand(three, command, argument):
    async with at_work(three) as bench:
        await bench.do(command, argument)
        store = opened(three)
        before = store.case(1)
        assert before.gold or before.returned
        assert store.hold_case(1, "other")
        await bench.do("work.undo")
        assert (here(bench), bench.word) == ("i2", "another reviewer has it in hand")
        assert store.case(1) == before
        store.release_case("other")
        await bench.do("work.undo")
        assert (here(bench), bench.word) == ("i0", "back at i0")


async def test_sending_back_and_taking_it_back(three):
    async with at_work(three) as bench:
        await bench.do("review.return", (("ann", "cyd"), "see the guidelines"))
        assert here(bench) == "i2"
        store = opened(three)
        claim = store.claim("ann")
        assert claim is not None
        assert (claim.item.key, claim.returned) == ("i0", True)
        assert [(one.kind, one.text) for one in claim.comments] == [(RETURN, "see the guidelines")]
        store.leave("ann")
        await bench.do("work.undo")
        assert (here(bench), opened(three).claim("ann")) == ("i0", None)


async def test_the_old_and_the_new_answer_after_a_return(three):
    async with at_work(three) as bench:
        await bench.do("review.return", (("ann",), "sure?"))
    store = opened(three)
    claim = store.claim("ann")
    assert claim is not None and claim.answered is not None
    store.submit(claim.number, replace(claim.answered, answers={"mood": "bad"}), "x", claim=False)
    async with at_work(three, Queue("answered-back")) as bench:
        desk = bench.desk
        assert desk is not None
        assert desk.case.before["ann"].answers == {"mood": "good"}
        assert desk.review.versions[0].answers == {"mood": "bad"}


async def test_a_correction_tells_those_who_said_otherwise_what_and_why(tmp_path):
    said = [{"e": [span(TEXT, "Angela", "person")]}, {"e": [span(TEXT, "Angela", "place")]}]
    folder = prepare(tmp_path / "p", SPANS, answered(Item("s", TEXT), *said))
    async with at_work(folder) as bench:
        await bench.correct("too early")
        assert (here(bench), bench.word) == ("s", "one difference is open")
        await bench.do("review.take", 0)
        await bench.correct("a person, not a place")
    store = opened(folder)
    (told,) = store.inbox("bob")

    assert told[2].kind == CORRECTION
    assert told[2].text == "e: place “Angela” → person “Angela”. a person, not a place"
    assert store.inbox("ann") == []
    assert golds(folder) == {"s": ("settled", said[0])}


async def test_a_correction_reaches_one_alone_and_is_not_thrown_away(tmp_path):
    folder = prepare(tmp_path / "p", MIXED, answered(Item("i0", "text"), {"mood": "good", "tags": ["food"]}))
    async with at_work(folder, Queue("all")) as bench:
        await bench.correct("because")
        assert (golds(folder), bench.word) == ({}, "nobody answered otherwise: there is nobody to tell")
        await bench.do("review.edit")
        await bench.do("label.give", ("mood", "bad"))
        await bench.correct("because")
    (told,) = opened(folder).inbox("ann")

    assert told[2].text == "mood: good → bad. because"
    assert golds(folder) == {"i0": ("settled", {"mood": "bad", "tags": ["food"]})}


async def test_a_question_is_answered_by_a_comment(three):
    store = opened(three)
    number = store.find_item("i1")
    assert number is not None
    store.say(number, Comment("bob", "is irony bad?", QUESTION))
    async with at_work(three, Queue("questions")) as bench:
        assert (here(bench), bench.askers(), bench.left) == ("i1", ("bob",), 1)
        assert opened(three).unread(None) == 0, "it is on the screen"
        await bench.do("review.comment", (("bob",), "yes"))
        assert (here(bench), bench.askers(), bench.left, bench.word) == ("i1", (), 0, "sent")
        await bench.do("talk.unsay")
        assert (here(bench), bench.askers(), bench.left, bench.word) == ("i1", ("bob",), 1, "taken back")
        await bench.do("talk.unsay")
        assert bench.word == "nothing to take back: it was read, or nothing was said here"
        await bench.do("review.comment", (("bob",), "yes"))
        await bench.do("review.later")
        assert here(bench) == ""
    (told,) = store.inbox("bob")

    assert (told[2].author, told[2].text) == ("lead", "yes")


async def test_a_line_that_was_sent_is_no_draft_though_the_process_ended_at_once(three):
    async with at_work(three) as killed:
        killed.jot(Line(COMMENT, "why? ", to=("ann",)))
        await killed._keep_draft()
        await killed.do("review.comment", (("ann",), "why?"))
        async with at_work(three) as bench:
            assert (here(bench), bench.session.line) == ("i0", Line())


async def test_a_comment_goes_to_all_it_is_for_or_to_nobody(three):
    store = opened(three)
    store._connection.execute(
        """CREATE TRIGGER no BEFORE INSERT ON comment WHEN new.addressee = 'bob'
           BEGIN SELECT RAISE(ABORT, 'not bob'); END"""
    )
    async with at_work(three) as bench:
        await bench.do("review.comment", (("ann", "bob"), "why?"))
        assert "not bob" in bench.trouble
    assert store.comments(1) == ()


async def test_a_comment_that_was_sent_is_not_sent_again_where_the_rest_can_not_be_read(three):
    async with at_work(three) as bench:
        with failing(bench, "comments"):
            await bench.do("review.comment", (("ann",), "why?"))
        assert (bench.trouble, bench.word) == ("", "sent")
    assert len(opened(three).comments(1)) == 1


async def test_that_another_has_the_case_is_said_though_the_database_is_back(three):
    async with at_work(three) as bench:
        bench.trouble = "the disk was full"
        with pytest.MonkeyPatch.context() as now:
            now.setattr(bench._store, "hold_case", lambda *_: False)
            await bench._keep_or_ask()
        assert (bench.trouble, bench.word) == ("", "another reviewer has it in hand")


@pytest.mark.parametrize(("said", "shown"), [("sent", "sent"), ("", "the database is back")])
async def test_what_is_said_while_a_draft_is_kept_outlives_that_the_database_is_back(three, monkeypatch, said, shown):
    async def keep() -> None:
        bench.word = said or bench.word

    async with at_work(three) as bench:
        bench.trouble, bench.word = "the disk was full", "of before"
        with monkeypatch.context() as now:
            now.setattr(bench, "_keep_draft", keep)
            await bench._keep_or_ask()
        assert (bench.trouble, bench.word) == ("", shown)


async def test_a_word_about_the_case_is_none_about_the_queues(three):
    async with at_work(three) as bench:
        await bench.do("review.settle")
        assert bench.word == "one difference is open"
        await bench.count_queues()
        assert bench.word == ""


async def test_what_waits_for_somebody_who_left_the_project_is_reviewed_again(three):
    lead = getpass.getuser()
    with_roles = f"{(three / 'project.yaml').read_text()}roles: {{leads: [{lead}], annotators: [%s]}}\n"
    (three / "project.yaml").write_text(with_roles % "ann, bob, cyd")
    async with at_work(three, reviewer=lead) as bench:
        assert here(bench) == "i0"
        await bench.do("review.return", (("ann", "bob"), "again"))
        assert here(bench) == "i2"
    async with at_work(three, reviewer=lead) as bench:
        assert bench.left == 1, "who has a part is waited for"
    (three / "project.yaml").write_text(with_roles % "bob, cyd")
    async with at_work(three, reviewer=lead) as bench:
        assert bench.left == 1, "bob is, too"
    (three / "project.yaml").write_text(with_roles % "cyd")
    async with at_work(three, reviewer=lead) as bench:
        assert (here(bench), bench.left) == ("i0", 2)


async def test_two_reviewers_have_different_cases(three):
    async with at_work(three) as one, at_work(three, reviewer="other") as two:
        assert (here(one), here(two)) == ("i0", "i2")
        await two.do("review.later")
        assert here(two) == "i2", "the only one that is free, once more"
        await one.do("review.take", 0)
        assert here(one) == ""


async def test_a_case_that_is_looked_at_for_long_stays_in_hand(three):
    async with at_work(three) as bench, at_work(three, reviewer="other") as other:
        await bench._alive()
        assert not opened(three).hold_case(bench.desk.claim.number, "other")
        assert here(other) == "i2"


def spans_apart(folder: Path, *keys: str) -> Path:
    """Items about which one marked a person, and another one a place."""
    angela, rome = span(TEXT, "Angela", "person"), span(TEXT, "Rome", "place")
    return prepare(folder, SPANS, *(answered(Item(key, TEXT), {"e": [angela]}, {"e": [rome]}) for key in keys))


async def test_what_another_reviewer_settled_while_a_case_was_out_of_hand_is_not_settled_over(tmp_path):
    """Laptops sleep longer than a lease."""
    folder = spans_apart(tmp_path / "p", "a", "b")
    async with at_work(folder) as bench:
        for version in (0, 1):
            await bench.do("review.take", version)
        await bench._keep_draft()
        store = opened(folder)
        store.release_case("lead")
        async with at_work(folder, reviewer="other") as other:
            assert here(other) == "a"
            await bench._alive()
            assert bench.word == "another reviewer has it in hand"
            await other.do("review.take", 0)
            await other.do("review.keep")
            await other.do("review.settle")
        settled = golds(folder)
        await bench.do("review.settle")
        assert (golds(folder), here(bench)) == (settled, "a")
        assert bench.word == "not settled yet: it was decided anew meanwhile"
        assert bench.desk.case.gold.reviewer == "other"
        assert bench.desk.review.taken == {0: 0, 1: 1}
        await bench.do("review.settle")
        assert (here(bench), golds(folder) == settled) == ("b", False)


async def test_what_was_begun_of_a_case_that_another_took_is_there_another_day(tmp_path, own_state):
    folder = spans_apart(tmp_path / "p", "a")
    async with at_work(folder) as bench:
        store = opened(folder)
        store.release_case("lead")
        assert store.hold_case(1, "other")
        await bench.do("review.take", 0)
    store.release_case("other")
    async with at_work(folder) as bench:
        assert bench.desk.review.taken == {0: 0}


async def test_undoing_a_settled_case_brings_back_what_was_taken(tmp_path):
    source = "name: t\noverlap: 3\ntasks: [{id: why, type: text}]\n"
    said = ({"why": words} for words in ("he was not ill", "he was ill", "he is not ill"))
    folder = prepare(tmp_path / "p", source, answered(Item("a", TEXT), *said))
    async with at_work(folder) as bench:
        for version in (1, 2):
            await bench.do("review.take", version)
        await bench.do("review.settle")
        assert here(bench) == ""
        await bench.do("work.undo")
        review = bench.desk.review
        assert (review.taken, review.undecided) == ({0: 1, 1: 2}, ())
        await bench.do("work.undo")
        assert bench.desk.review.taken == {}


async def test_an_undo_that_the_database_took_in_part_goes_on_and_undoes_nothing_more(three, monkeypatch):
    async with at_work(three) as bench:
        await bench.do("review.take", 0)
        await bench.do("review.before")
        await bench.do("review.take", 1)
        hold = bench._store.hold_case

        def failing(number: int, reviewer: str, draft: str | None = None) -> bool:
            if draft is not None:
                raise StoreBusy("project.db is in use")
            return hold(number, reviewer)

        with monkeypatch.context() as now:
            now.setattr(bench._store, "hold_case", failing)
            await bench.do("work.undo")
            assert (here(bench), bench.trouble) == ("i2", "project.db is in use")
        await bench.do("work.undo")
        assert (here(bench), bench.word) == ("i0", "back at i0")
        assert golds(three) == {"i0": ("settled", {"mood": "good"})}


async def test_what_was_begun_is_there_when_one_comes_back(tmp_path):
    def case(key: str) -> list[object]:
        angela, rome = span(TEXT, "Angela", "person"), span(TEXT, "Rome", "place")
        return answered(Item(key, TEXT), {"e": [angela]}, {"e": [rome]})  # type: ignore[return-value]

    folder = prepare(tmp_path / "p", SPANS, case("a"), case("b"))  # type: ignore[arg-type]
    async with at_work(folder) as bench:
        await bench.do("review.take", 1)
        assert bench.desk is not None and len(bench.desk.review.undecided) == 1
        await bench.do("review.later")
        assert here(bench) == "b"
        await bench.do("review.before")
        assert here(bench) == "a" and len(bench.desk.review.undecided) == 1
        await bench.do("review.before")
        assert bench.word == "no case before this one"


async def test_time_is_honest(three):
    clock = Clock()
    async with at_work(three, clock=clock) as bench:
        bench.painted()
        clock.now += 3
        bench.pause()
        clock.now += 500
        bench.resume()
        clock.now += 2
        await bench.do("review.take", 1)
    store = opened(three)
    (gold,) = [one.gold for one in store.testimonies() if one.gold]

    assert gold.active_ms == 5000
    assert gold.sources == {"ann": 1, "bob": 1, "cyd": 1}
    assert gold.origin == {"mood": ["bob"]}


async def test_what_is_not_saved_is_said_and_tried_again(three, monkeypatch):
    async with at_work(three) as bench:
        real = bench._store.settle
        calls = []

        def settle(*arguments: object, **named: object) -> bool:
            calls.append(arguments)
            if len(calls) == 1:
                raise StoreBusy("project.db is in use")
            return real(*arguments, **named)  # type: ignore[arg-type]

        monkeypatch.setattr(bench._store, "settle", settle)
        await bench.do("review.take", 1)
        assert (bench.trouble, here(bench)) == ("project.db is in use", "i0")
        await bench.do("review.settle")
        assert (bench.trouble, here(bench)) == ("", "i2")
        assert calls[0][2] == calls[1][2], "the same save, so that one that arrived is not kept twice"

    assert golds(three)["i0"] == ("settled", {"mood": "bad"})


def asides() -> list[Path]:
    return list((Path(os.environ["XDG_STATE_HOME"]) / "tui-label").glob("unsaved-*"))


@pytest.fixture
def own_state(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setattr("tui_label.store.sqlite.connection.BUSY_S", 0.2)
    monkeypatch.setattr("tui_label.bench.drafting.DRAFT_AFTER_S", 0.05)


@contextmanager
def locked(bench: ReviewBench, folder: Path) -> Iterator[None]:
    holder = sqlite3.connect(folder / "project.db", isolation_level=None)
    holder.execute("BEGIN EXCLUSIVE")
    yield
    holder.execute("ROLLBACK")
    holder.close()


@contextmanager
def read_only(bench: ReviewBench, folder: Path) -> Iterator[None]:
    sqlite: sqlite3.Connection = bench._store._connection._sqlite  # type: ignore[attr-defined]
    sqlite.execute("PRAGMA query_only = 1")
    yield
    sqlite.execute("PRAGMA query_only = 0")


FAULTS = [(locked, "has held the database"), (read_only, "readonly|read-only|may not be written|write access")]


@pytest.mark.parametrize(("fault", "words"), FAULTS, ids=["locked", "read-only"])
async def test_a_review_given_while_nothing_is_taken_stays_and_is_kept_as_a_draft(three, own_state, fault, words):
    async with at_work(three) as bench:
        with fault(bench, three):
            await bench.do("review.take", 1)
            assert (bool(re.search(words, bench.trouble)), here(bench)) == (True, "i0"), bench.trouble
            assert bench.desk.review.is_touched
            await bench._unsaved.settled()
            assert len(asides()) == 1
        while bench.trouble:
            await asyncio.sleep(0.05)
        assert bench.word == "the database is back, and has this as a draft"
        await bench._unsaved.settled()
        assert not asides()
        await bench.do("review.settle")
        assert here(bench) == "i2"

    assert golds(three) == {"i0": ("settled", {"mood": "bad"})}


@pytest.mark.parametrize(("fault", "words"), FAULTS, ids=["locked", "read-only"])
async def test_who_leaves_while_nothing_is_taken_finds_the_review_again(three, own_state, fault, words):
    async with at_work(three) as bench:
        with fault(bench, three):
            await bench.do("review.take", 1)
            await bench.leave()
    assert re.search(words, bench.trouble)
    assert golds(three) == {}
    async with at_work(three) as bench:
        assert (here(bench), bench.word) == ("i0", "i0: what was not saved the last time is here")
        assert bench.desk.review.taken
        await bench.do("review.settle")

    assert golds(three) == {"i0": ("settled", {"mood": "bad"})}
    assert not asides()


async def test_a_review_that_was_not_saved_gives_way_to_what_was_decided_since(three, own_state):
    async with at_work(three) as bench:
        with locked(bench, three):
            await bench.do("review.take", 1)
            number = bench.desk.case.number
            await bench.leave()
    opened(three).settle(number, Gold("other", {"mood": "good"}), "elsewhere")
    async with at_work(three) as bench:
        assert (here(bench), bench.word) == ("i2", "")

    assert golds(three) == {"i0": ("settled", {"mood": "good"})}
    assert not asides()


async def test_a_review_that_was_not_saved_gives_way_to_one_of_another_machine(three, own_state, monkeypatch):
    async with at_work(three) as bench:
        with read_only(bench, three):
            await bench.do("review.take", 1)
            await bench.leave()
    with monkeypatch.context() as there:
        there.setenv("XDG_STATE_HOME", str(three / "another machine"))
        async with at_work(three) as bench:
            await bench.do("review.example")
    async with at_work(three) as bench:
        assert (here(bench), bench.word) == ("i0", "begun before, and not decided")
        assert bench.desk.review.example and not bench.desk.review.taken
    assert not asides()


@contextmanager
def failing(bench: ReviewBench, method: str) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as now:
        now.setattr(bench._store, method, Mock(side_effect=StoreBusy("project.db is in use")))
        yield


async def test_a_case_that_is_left_while_no_other_comes_is_behind_once(three):
    async with at_work(three, Queue("all")) as bench:
        with failing(bench, "next_case"):
            await bench.do("review.later")
            await bench.do("review.later")
            assert (here(bench), bench.trouble) == ("i0", "project.db is in use")
            await bench.do("review.before")
            assert bench.word == "no case before this one"
            await bench.do("review.later")
        await bench.do("review.later")
        assert (here(bench), bench.trouble) == ("i1", "")
        await bench.do("review.before")
        assert here(bench) == "i0"
        await bench.do("review.before")
        assert (here(bench), bench.word) == ("i0", "no case before this one")


@pytest.mark.parametrize("method", ["hold_case", "case"])
async def test_a_case_that_can_not_be_gone_back_to_stays_behind(three, method):
    async with at_work(three) as bench:
        await bench.do("review.later")
        with failing(bench, method):
            await bench.do("review.before")
            assert (here(bench), bench.trouble) == ("i2", "project.db is in use")
        await bench.do("review.before")
        assert (here(bench), bench.word) == ("i0", "")


@pytest.mark.parametrize("outcome", [("review.settle", None), ("review.return", (["ann"], "sure?"))])
async def test_an_outcome_after_which_no_case_comes_is_one_and_undone_once(three, outcome):
    async with at_work(three, Queue("all")) as bench:
        await bench.do("review.later")
        await bench.do("review.accept")
        assert here(bench) == "i2"
        await bench.do("review.before")
        await bench.do("review.before")
        await bench.do("review.example")
        with failing(bench, "next_case"):
            await bench.do("review.take", 1) if outcome[0] == "review.settle" else await bench.do(*outcome)
            assert (here(bench), bench.trouble) == ("", "project.db is in use")
            await bench.do(*outcome)
        await bench.look_again()
        assert (here(bench), bench.trouble) == ("i1", ""), "on from where they were"
        await bench.do("work.undo")
        assert (here(bench), bench.word) == ("i0", "back at i0")
        assert bench.desk.case.returned == () and set(golds(three)) == {"i1"}
        if outcome[0] == "review.return":
            assert bench.desk.review.example
            await bench.do("work.undo")
        await bench.do("work.undo")
        assert here(bench) == "i1"


@pytest.mark.parametrize("outcome", [("review.take", 1), ("review.return", (["ann"], "sure?"))])
async def test_an_undo_that_does_not_come_to_its_case_undoes_no_other_one(three, outcome):
    async with at_work(three) as bench:
        await bench.do("review.take", 1)
        await bench.do(*outcome)
        with failing(bench, "case"):
            await bench.do("work.undo")
            await bench.do("work.undo")
            assert bench.trouble == "project.db is in use"
        assert set(golds(three)) == {"i0"}
        await bench.do("work.undo")
        assert (here(bench), bench.word, set(golds(three))) == ("i2", "back at i2", {"i0"})
        await bench.do("work.undo")
        assert (here(bench), golds(three)) == ("i0", {})


async def test_an_empty_queue_says_which_have_cases(three):
    async with at_work(three, Queue("questions")) as bench:
        assert bench.desk is None
        assert (bench.waiting["disagreements"], bench.waiting["questions"]) == (2, 0)
        await bench.open_queue(Queue("disagreements"))
        assert here(bench) == "i0"


async def test_a_review_that_the_link_cut_off_goes_on_where_it_was(tmp_path):
    angela, rome = span(TEXT, "Angela", "person"), span(TEXT, "Rome", "place")
    items = [answered(Item(key, TEXT), {"e": [angela]}, {"e": [rome]}) for key in ("a", "b")]
    folder = prepare(tmp_path / "p", SPANS, *items)
    async with at_work(folder) as bench:
        await bench.do("review.later")
        await bench.do("review.take", 1)
        assert here(bench) == "b"
        await bench._keep_draft()
        async with at_work(folder) as again:
            assert here(again) == "b"
            assert again.desk is not None and len(again.desk.review.undecided) == 1
            await again.do("work.undo")
            assert len(again.desk.review.undecided) == 2
            await again.do("work.redo")
        async with at_work(folder) as again:
            await again.do("review.take", 1)
            await again.do("review.settle")
            assert (golds(folder), here(again)) == ({"b": ("settled", {"e": [rome]})}, "a")
    async with at_work(folder) as last:
        assert here(last) == "a" and not last.desk.review.is_touched


async def test_what_was_begun_and_left_for_later_is_kept_for_each_case(tmp_path):
    angela, rome = span(TEXT, "Angela", "person"), span(TEXT, "Rome", "place")
    items = [answered(Item(key, TEXT), {"e": [angela]}, {"e": [rome]}) for key in ("a", "b", "c")]
    folder = prepare(tmp_path / "p", SPANS, *items)
    async with at_work(folder) as bench:
        await bench.do("review.example")
        await bench.do("review.later")
        await bench.do("review.take", 1)
        await bench.open_queue(Queue("all"))
        await bench.do("review.later")
        await bench.do("review.later")
        assert here(bench) == "c"
    async with at_work(folder, Queue(text="c")) as bench:
        assert (here(bench), bench.word) == ("c", ""), "what was begun elsewhere is not of this queue"
    async with at_work(folder) as bench:
        assert (here(bench), bench.word) == ("b", "begun before, and not decided")
        assert len(bench.desk.review.undecided) == 1
        await bench.do("review.before")
        await bench.open_queue(Queue("all"))
        assert here(bench) == "a" and bench.desk.review.example


async def test_undo_brings_back_the_whole_decision(tmp_path):
    angela, rome = span(TEXT, "Angela", "person"), span(TEXT, "Rome", "place")
    folder = prepare(tmp_path / "p", SPANS, answered(Item("a", TEXT), {"e": [angela]}, {"e": [rome]}))
    async with at_work(folder) as bench:
        await bench.do("review.take", 0)
        await bench.do("review.take", 1)
        await bench.do("review.example")
        await bench.do("review.settle")
        (settled,) = golds(folder).values()
        await bench.do("work.undo")
        assert golds(folder) == {} and not bench.desk.review.undecided
    async with at_work(folder) as bench:
        assert bench.desk.review.example, "also when one leaves then"
        await bench.do("review.settle")
        assert list(golds(folder).values()) == [settled]
    async with at_work(folder) as bench:
        await bench.do("work.undo")
        assert not bench.desk.review.undecided, "also on another day"
        await bench.do("work.undo")
        assert len(bench.desk.review.undecided) == 2


async def test_what_was_sent_back_is_not_asked_about_before_it_is_answered(three):
    async with at_work(three) as bench:
        await bench.do("review.return", (("ann",), "why so?"))
        assert (here(bench), bench.left, bench.of) == ("i2", 1, 2)
    store = opened(three)
    async with at_work(three) as bench:
        assert (here(bench), bench.left) == ("i2", 1)
    claim = store.revisit("ann", 1)
    store.submit(1, replace(claim.answered, answers={"mood": "so-so"}), "x", claim=False)
    async with at_work(three) as bench:
        assert (here(bench), bench.left) == ("i0", 2)


async def test_a_project_that_changes_is_gone_on_with_and_told(three):
    renewals = []
    async with at_work(three) as bench:
        bench.on_renewal = renewals.append
        source = (three / "project.yaml").read_text()
        (three / "project.yaml").write_text(source.replace("so-so", "{value: mixed, was: so-so}"))
        (three / "guidelines.md").write_text("# Mood\n\nMixed is new.\n")
        opened(three).close()
        await bench.do("review.edit")
        await bench.do("label.give", ("mood", "so-so"))
        assert (golds(three), bench.word) == ({}, "not settled yet: the project changed meanwhile")
        assert isinstance(bench.notice, Announcement) and renewals[0].guidelines == "# Mood\n\nMixed is new.\n"
        await bench.read_on()
        assert bench.notice is None and here(bench) == "i0"
        await bench.do("review.settle")

    assert golds(three) == {"i0": ("settled", {"mood": "mixed"})}


async def test_cases_that_differ_in_a_question_that_is_gone_are_not_left(tmp_path):
    sure = {"sure": "ja"}, {"sure": "nein"}
    folder = prepare(
        tmp_path,
        MOOD.replace("]}]", "]}, {id: sure, type: choice, labels: [ja, nein]}]"),
        answered(Item("a", "x"), {"mood": "good", **sure[0]}, {"mood": "bad", **sure[1]}),
        answered(Item("b", "y"), {"mood": "good", **sure[0]}, {"mood": "good", **sure[1]}),
    )
    async with at_work(folder) as bench:
        assert (bench.left, bench.of) == (2, 2)
        (folder / "project.yaml").write_text(MOOD)
        opened(folder).close()
        await bench.do("review.later")

        assert (bench.left, bench.of) == (1, 1)


async def test_a_label_that_is_gone_is_not_settled_with(three):
    async with at_work(three, Queue("all")) as bench:
        (three / "project.yaml").write_text(MOOD.replace("so-so", "so-so, odd"))
        opened(three).close()
        await bench.do("review.later")
        await bench.read_on()
        (three / "project.yaml").write_text(MOOD)
        opened(three).close()
        await bench.do("review.edit")
        await bench.do("label.give", ("mood", "odd"))
        await bench.read_on()
        await bench.do("review.settle")
        assert bench.word == "mood: 'odd' is no label of mood; it has good, bad, so-so; e edits"

    assert golds(three) == {}


MIXED = """\
name: m
overlap: 2
tasks:
  - {id: mood, type: choice, labels: [good, bad]}
  - {id: tags, type: choices, labels: [food, staff, ground]}
"""


@pytest.mark.parametrize(
    ("old", "new", "answers", "open_"),
    [
        ("staff", "{value: crew, was: staff}", {"mood": "good", "tags": ["food", "crew"]}, (3,)),
        (
            "good, bad",
            "{value: bad, was: good}, {value: good, was: bad}",
            {"mood": "bad", "tags": ["food", "staff"]},
            (3,),
        ),
        ("staff, ground", "{value: crew, was: [staff, ground]}", {"tags": ["crew"]}, (0, 1)),
    ],
    ids=["another name", "in each other's place", "two that became one: there is less to decide"],
)
async def test_a_review_that_was_begun_has_the_names_of_today(tmp_path, old, new, answers, open_):
    said = [{"mood": "good", "tags": ["food", "staff"]}, {"mood": "bad", "tags": ["ground"]}]
    folder = prepare(tmp_path / "p", MIXED, answered(Item("i0", "text"), *said))
    async with at_work(folder, Queue("all")) as bench:
        for _ in range(3):
            await bench.do("review.take", 0)
    (folder / "project.yaml").write_text(MIXED.replace(old, new))
    opened(folder).close()
    async with at_work(folder, Queue("all")) as bench:
        assert bench.session.answers == answers
        assert bench.desk.review.undecided == open_


async def test_a_draft_is_let_go_where_an_annotator_answered_anew_or_another_decided(three):
    async with at_work(three, Queue("all")) as bench:
        await bench.do("review.example")
    store = opened(three)
    async with at_work(three, reviewer="other") as other:
        assert here(other) == "i0" and not other.desk.review.is_touched
        mine = store.case(1, "lead")
        assert mine is not None and mine.draft
        await other.do("review.take", 0)
        assert store.unfinished(Queue("all"), "lead") is None
        await other.do("work.undo")
    async with at_work(three, Queue("all")) as bench:
        await bench.do("review.example")
    claim = store.revisit("bob", 1)
    assert claim is not None and claim.answered is not None
    store.submit(1, replace(claim.answered, answers={"mood": "good"}), "x", claim=False)
    async with at_work(three, Queue("all")) as bench:
        assert here(bench) == "i0" and not bench.desk.review.is_touched


async def test_a_difference_in_a_sound_is_heard_alone(tmp_path):
    source = "name: c\nitems: sound\noverlap: 2\ntasks: [{id: said, type: text, transcript: {}}]\n"
    sound = Sound("c.wav", 8.0, 0.0, 8000, 1, "no such sound")
    said = [{"said": "one two three four five six seven"}, {"said": "one two three four five six eleven"}]
    folder = prepare(tmp_path / "p", source, answered(Item("c", sound=sound), *said))
    heard: list[tuple[float, Region]] = []

    def deck() -> Deck:
        player = create_autospec(SpeakerPlayer, instance=True)
        player.play.return_value = 1
        made = Deck(folder, config.load(folder).sound, lambda _: player)
        made.play_from = lambda start, region, **_: heard.append((start, region))  # type: ignore[method-assign]
        return made

    async with at_work(folder, make_deck=deck) as bench:
        assert bench.deck is not None and bench.deck.position > 5, "the tape is at the difference"
        await bench.do("review.hear")
        await bench.do("play.toggle")
    (start, region), toggled = heard

    assert start == region.start
    assert region.end - region.start >= 1.5
    assert toggled[1] == Region(0.0, 8.0)


async def test_undo_reaches_what_was_settled_before_one_sat_down(three):
    async with at_work(three) as bench:
        await bench.do("review.take", 1)
        await bench.do("review.accept")
    async with at_work(three) as bench:
        await bench.do("work.undo")
        assert (here(bench), set(golds(three))) == ("i2", {"i0"})
        await bench.do("work.undo")
        assert (here(bench), golds(three)) == ("i0", {})
        await bench.do("work.undo")
        assert bench.word == "nothing to undo"
    async with at_work(three, reviewer="other") as bench:
        await bench.do("review.take", 0)
    async with at_work(three) as bench:
        await bench.do("work.undo")
        assert bench.word == "nothing to undo"


async def test_who_waits_for_cases_is_told_that_the_database_was_moved(three, monkeypatch):
    monkeypatch.setattr("tui_label.bench.workplace.LOOK_S", 0.02)
    async with at_work(three, Queue("questions")) as bench:
        assert bench.desk is None
        (three / "project.db").rename(three / "away.db")
        async with asyncio.timeout(5):
            while "moved or replaced while open" not in bench.trouble:
                await asyncio.sleep(0.02)
        (three / "away.db").rename(three / "project.db")
        async with asyncio.timeout(5):
            while bench.trouble:
                await asyncio.sleep(0.02)
