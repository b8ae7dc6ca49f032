"""What an annotator is told: what came back, comments, news, the qualification set.  Both sides drive one real store."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from itertools import pairwise
from pathlib import Path

import pytest
from helpers import SENTIMENT, records, write_project

from tui_label import config
from tui_label.bench.notices import Announcement, Renewal
from tui_label.bench.workbench import SHOWN, Workbench
from tui_label.core.comments import COMMENT, QUESTION, RETURN, Comment
from tui_label.core.gold import Gold
from tui_label.core.item import Item
from tui_label.core.record import Record
from tui_label.core.roles import Person, Role
from tui_label.core.training import Briefing, Feedback, Score, UsedUp
from tui_label.projects import opening
from tui_label.store.reviewing import Queue
from tui_label.store.sql import SqlStore

SOURCE = SENTIMENT + "order: as-added\n"
TRAINED = SOURCE + "review: {attempts: 2, pass-mark: 60%}\n"
Sit = Callable[..., AbstractAsyncContextManager[Workbench]]


class Clock:
    """Seconds that pass only when told to."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@asynccontextmanager
async def at_work(folder: Path, *, gone: bool = False, **named: object) -> AsyncIterator[Workbench]:
    """Ann at work; `gone`: without a word at the end, as after a lost link and `kill -9`."""
    project = config.load(folder)
    store, versions = opening.open_store(project)
    workbench = Workbench(project, store, "ann", versions, **named)  # type: ignore[arg-type]
    await workbench.start()
    try:
        yield workbench
    finally:
        if not gone:
            await workbench.leave()
        else:
            for task in workbench._beating:
                task.cancel()
        store.close()


def opened(folder: Path) -> SqlStore:
    """The store as somebody else has it open, who brings changed files into force with that."""
    store, _ = opening.open_store(config.load(folder))
    return store


async def give(workbench: Workbench, *labels: str) -> None:
    for label in labels:
        await workbench.do("label.give", ("sentiment", label))


def here(workbench: Workbench) -> str:
    return workbench.session.item.key if workbench.session else ""


def given(workbench: Workbench) -> object:
    assert workbench.session is not None
    return workbench.session.answers.get("sentiment")


def said(workbench: Workbench) -> list[tuple[str, str]]:
    assert workbench.desk is not None
    return [(one.author, one.text) for one in workbench.desk.claim.comments]


@pytest.fixture
def tweets(tmp_path: Path) -> Path:
    folder = write_project(tmp_path / "p", SOURCE)
    store = opened(folder)
    store.add(records(6))
    store.close()
    return folder


# sent back


async def test_what_was_sent_back_comes_next_with_the_comment_and_the_old_answer(tweets):
    async with at_work(tweets) as workbench:
        await give(workbench, "positive", "neutral")
        lead = opened(tweets)
        lead.send_back(1, ["ann"], Comment("lea", "sarcasm: look again", RETURN, "ann"))
        await give(workbench, "neutral")
        assert (here(workbench), given(workbench), workbench.desk.claim.returned) == ("i0", "positive", True)
        assert said(workbench) == [("lea", "sarcasm: look again")] and workbench.unread == 1

        await give(workbench, "negative")
        assert (here(workbench), workbench.unread) == ("i3", 0)
        case = lead.next_case(Queue("answered-back"), "lea")
        assert case.before["ann"].answers == {"sentiment": "positive"}
        assert [one.answers for one in case.versions] == [{"sentiment": "negative"}]
        assert (case.returned, [one.read for one in case.comments]) == ((), [True])
        lead.close()


async def test_enter_says_that_the_answer_stands_and_it_is_no_new_answer(tweets):
    async with at_work(tweets) as workbench:
        await give(workbench, "positive")
        lead = opened(tweets)
        lead.send_back(1, ["ann"], Comment("lea", "sure?", RETURN, "ann"))
        await give(workbench, "neutral")
        count = workbench.tally.rhythm.answered
        await workbench.do("item.submit")
        assert (here(workbench), workbench.tally.rhythm.answered) == ("i2", count)
        assert lead.case(1).returned == () and lead.case(1).versions[0].answers == {"sentiment": "positive"}
        lead.close()


async def test_what_is_half_corrected_when_the_link_goes_is_there_again(tweets):
    async with at_work(tweets) as workbench:
        await give(workbench, "positive")
    lead = opened(tweets)
    lead.send_back(1, ["ann"], Comment("lea", "sure?", RETURN, "ann"))
    async with at_work(tweets, gone=True) as workbench:
        await workbench.do("flag.toggle", "ambiguous")
        await workbench._keep_draft()
    async with at_work(tweets) as workbench:
        assert (here(workbench), given(workbench), workbench.desk.claim.returned) == ("i0", "positive", True)
        assert said(workbench) == [("lea", "sure?")] and workbench.session.work.flagged("ambiguous")
    lead.close()


async def test_what_was_sent_back_is_not_visited_beside_itself(tweets):
    async with at_work(tweets) as workbench:
        await give(workbench, "positive", "neutral")
        lead = opened(tweets)
        lead.send_back(2, ["ann"], Comment("lea", "sure?", RETURN, "ann"))
        lead.close()
        await give(workbench, "neutral")
        assert (here(workbench), workbench.desk.claim.returned) == ("i1", True)
        await workbench.do("item.previous")
        await workbench.do("item.previous")
        assert here(workbench) == "i0"
        await workbench.do("item.next")
        assert here(workbench) == "i2"
        await workbench.do("item.next")
        assert (here(workbench), workbench.desk.visiting) == ("i1", False)


async def test_a_skip_does_not_count_as_having_read(tweets):
    async with at_work(tweets) as workbench:
        lead = opened(tweets)
        lead.say(2, Comment("lea", "mind the irony", COMMENT, "ann"))
        await give(workbench, "positive")
        assert said(workbench) == [("lea", "mind the irony")]
        await workbench.do("item.skip")
        assert workbench.unread == 1
        lead.close()


# talking


async def test_a_question_is_kept_at_once_and_its_answer_is_found_in_the_list(tweets):
    async with at_work(tweets) as workbench:
        await give(workbench, "positive")
        assert await workbench.say(QUESTION, "is this irony?")
        lead = opened(tweets)
        case = lead.next_case(Queue("questions"), "lea")
        assert (case.item.key, [one.text for one in case.comments]) == ("i1", ["is this irony?"])
        assert (here(workbench), said(workbench)) == ("i1", [("ann", "is this irony?")])
        await give(workbench, "neutral")
        lead.say(2, Comment("lea", "yes: negative", COMMENT, "ann"))
        await workbench._count_unread()
        assert workbench.unread == 1
        ((number, item, comment),) = await workbench.inbox()
        assert (item.key, comment.author, comment.text, comment.read) == ("i1", "lea", "yes: negative", False)

        await workbench.do("flag.toggle", "ambiguous")
        await workbench.go_to(number)
        assert (here(workbench), given(workbench), workbench.unread) == ("i1", "neutral", 0)
        assert said(workbench) == [("ann", "is this irony?"), ("lea", "yes: negative")]
        await give(workbench, "negative")
        assert here(workbench) == "i2" and workbench.session.work.flagged("ambiguous")
        assert [(one.text, one.read) for _, _, one in await workbench.inbox()] == [("yes: negative", True)]
        lead.close()


async def test_a_comment_on_the_item_on_the_desk_or_on_the_waiting_one_is_gone_to(tweets):
    async with at_work(tweets) as workbench:
        await give(workbench, "positive")
        lead = opened(tweets)
        lead.say(2, Comment("lea", "this one", COMMENT, "ann"))
        await workbench.go_to(2)
        assert (here(workbench), workbench.desk.visiting, said(workbench)) == ("i1", False, [("lea", "this one")])
        await workbench.do("item.previous")
        await workbench.go_to(2)
        assert (here(workbench), workbench.desk.visiting) == ("i1", False)
        lead.close()


async def test_a_comment_on_an_item_that_was_given_back_leads_there_all_the_same(tweets):
    async with at_work(tweets) as workbench:
        await workbench.say(QUESTION, "which is it?")
    lead = opened(tweets)
    lead.say(1, Comment("lea", "neutral", COMMENT, "ann"))
    lead.claim("bob")
    async with at_work(tweets) as workbench:
        assert (here(workbench), workbench.unread) == ("i1", 1)
        await workbench.go_to(1)
        assert (here(workbench), workbench.unread) == ("i0", 0)
        assert said(workbench) == [("ann", "which is it?"), ("lea", "neutral")]
        await workbench.do("item.next")
        assert here(workbench) == "i1"
    lead.close()


async def test_what_is_said_between_others_is_not_seen(tweets):
    lead = opened(tweets)
    lead.say(1, Comment("bob", "I wonder", QUESTION))
    lead.say(1, Comment("lea", "so do I", COMMENT, "bob"))
    async with at_work(tweets) as workbench:
        assert (said(workbench), workbench.unread) == ([], 0)
        await workbench.say(COMMENT, "odd one")
        assert said(workbench) == [("ann", "odd one")]
    lead.close()


# news


def guide(folder: Path, text: str) -> None:
    (folder / "guidelines.md").write_text(text, encoding="utf-8")


async def test_a_changed_guideline_is_told_before_the_next_item_and_once(tweets):
    renewals: list[Renewal] = []
    async with at_work(tweets) as workbench:
        workbench.on_renewal = renewals.append
        await give(workbench, "positive")
        guide(tweets, "# How to decide\n\n## negative\n\nComplaints and sarcasm.\n")
        opened(tweets).close()
        assert workbench.notice is None, "the hands are on an item"
        await give(workbench, "positive")
        notice = workbench.notice
        assert isinstance(notice, Announcement)
        assert [(one.kind, one.version) for one in notice.news] == [("guidelines", 2)]
        assert [line.text for line in notice.news[0].passages[0].lines if line.sign == "+"] == [
            "Complaints and sarcasm."
        ]
        assert "sarcasm" in renewals[0].guidelines
        await give(workbench, "positive")
        assert here(workbench) == "i2", "no key reaches the item behind the page"
        await workbench.read_on()
        assert (workbench.notice, here(workbench)) == (None, "i2")
        await give(workbench, "positive")
    async with at_work(tweets) as workbench:
        assert workbench.notice is None
    store = opened(tweets)
    assert [one.guidelines_version for _, one in store.answers()] == [1, 1, 2]
    store.close()


async def test_new_labels_can_be_given_from_the_page_on(tweets):
    async with at_work(tweets) as workbench:
        source = (tweets / "project.yaml").read_text()
        (tweets / "project.yaml").write_text(source.replace("neutral,", "neutral, {value: mixed, help: Both},"))
        opened(tweets).close()
        await give(workbench, "positive")
        assert workbench.notice.news[0].words == ("label `mixed` is new: Both",)
        await workbench.read_on()
        await give(workbench, "mixed")
    store = opened(tweets)
    assert [(one.answers["sentiment"], one.labels_version) for _, one in store.answers()] == [
        ("positive", 1),
        ("mixed", 2),
    ]
    store.close()


async def test_a_label_that_was_renamed_twice_is_told_by_its_names_then_and_now(tweets):
    def rename(*names: str) -> None:
        for before, now in pairwise(names):
            label = f"{{value: {now}, key: p, was: {before}}}"
            (tweets / "project.yaml").write_text(SOURCE.replace("{value: positive, key: p}", label))
            opened(tweets).close()

    async with at_work(tweets) as workbench:
        rename("positive", "good", "great")
        await give(workbench, "positive")
        assert workbench.notice.news[0].words == ("`positive` is now called `great`",)
        await workbench.read_on()
    rename("great", "fine", "glad")
    async with at_work(tweets) as workbench:
        assert workbench.notice.news[0].words == ("`great` is now called `glad`",)


async def test_settings_that_nobody_notices_are_no_news(tweets):
    async with at_work(tweets) as workbench:
        source = (tweets / "project.yaml").read_text()
        (tweets / "project.yaml").write_text(source + "lease: 9m\n")
        opened(tweets).close()
        await give(workbench, "positive")
        assert (workbench.notice, here(workbench), workbench.project.lease_ms) == (None, "i1", 540_000)


async def test_no_work_time_runs_on_the_page_and_drafts_stay(tweets):
    clock = Clock()
    async with at_work(tweets, clock=clock) as workbench:
        await give(workbench, "positive")
        await workbench.do("flag.toggle", "ambiguous")
    guide(tweets, "all new\n")
    opened(tweets).close()
    async with at_work(tweets, clock=clock, gone=True) as workbench:
        assert isinstance(workbench.notice, Announcement)
        clock.now += 30
        workbench.painted()
        clock.now += 30
    async with at_work(tweets, clock=clock) as workbench:
        assert isinstance(workbench.notice, Announcement), "it was not read: it is told again"
        clock.now += 30
        await workbench.read_on()
        assert workbench.session.work.flagged("ambiguous")
        clock.now += 2
        await give(workbench, "neutral")
    store = opened(tweets)
    (_, _), (_, second) = store.answers()
    assert second.timing.active == 2000
    assert (second.timing.idle, second.timing.paused) == (0, 0)
    store.close()


# labels under other names

ALL = """\
name: all
order: as-added
tasks:
  - {id: mood, type: choice, labels: [good, bad]}
  - {id: tags, type: choices, labels: [food, staff]}
  - {id: ents, type: spans, labels: [person, organisation]}
"""


@pytest.fixture
def reports(tmp_path: Path) -> Path:
    folder = write_project(tmp_path / "p", ALL)
    store = opened(folder)
    store.add(records(4))
    store.close()
    return folder


def edit(folder: Path, *renames: tuple[str, str]) -> None:
    source = (folder / "project.yaml").read_text()
    for old, new in renames:
        source = source.replace(f"{{value: {old}, was: staff}}", old).replace(old, f"{{value: {new}, was: {old}}}")
    (folder / "project.yaml").write_text(source)


async def answer(workbench: Workbench, mood: str, tags: str, label: str) -> None:
    await workbench.do("label.give", ("mood", mood))
    for tag in tags.split():
        await workbench.do("label.give", ("tags", tag))
    await workbench.do("label.give", ("ents", label))


def said_so(workbench: Workbench) -> tuple[object, object, list[str]]:
    """Mood, tags, labels of spans."""
    answers = workbench.session.answers
    return answers.get("mood"), answers.get("tags"), [span["label"] for span in answers.get("ents", [])]


def exported(folder: Path) -> list[tuple[object, ...]]:
    store = opened(folder)
    found = [(one.answers["mood"], one.answers["tags"], one.labels_version) for _, one in store.answers()]
    store.close()
    return found


def rename(folder: Path, *renames: tuple[str, str]) -> None:
    edit(folder, *renames)
    opened(folder).close()


RENAMES = (("bad", "negative"), ("staff", "crew"), ("organisation", "org"))
RENAMED = ("negative", ["food", "crew"], ["org"])


@pytest.mark.parametrize("when", ["before the next item", "by another", "by the undo itself"])
async def test_an_answer_that_is_undone_has_the_names_of_today_with_all_its_history(reports, when):
    edits = opening.Edits(config.load(reports), Person("ann", Role.LEAD), lambda: time.time() + 2 * opening.SETTLED_S)
    async with at_work(reports, take_edits=edits) as workbench:
        await answer(workbench, "bad", "food staff", "organisation")
        if when == "before the next item":
            rename(reports, *RENAMES)
        await workbench.do("item.submit")
        if when == "by another":
            rename(reports, *RENAMES)
        if when == "by the undo itself":
            edit(reports, *RENAMES)
        await workbench.read_on()
        await workbench.do("work.undo")
        await workbench.read_on()
        assert (here(workbench), said_so(workbench)) == ("i0", RENAMED)
        await workbench.do("work.undo")
        await workbench.do("work.undo")
        assert said_so(workbench) == ("negative", ["food"], [])
        await workbench.do("work.redo")
        await workbench.do("work.redo")
        await workbench.do("work.redo")
    assert exported(reports) == [("negative", ["food", "crew"], 2)]


async def test_what_was_half_done_when_they_left_has_the_names_of_today(reports):
    async with at_work(reports) as workbench:
        await answer(workbench, "bad", "food staff", "organisation")
    rename(reports, *RENAMES)
    async with at_work(reports) as workbench:
        await workbench.read_on()
        assert said_so(workbench) == RENAMED
        await workbench.do("label.give", ("tags", "food"))
    rename(reports, ("crew", "people"))
    async with at_work(reports) as workbench:
        await workbench.read_on()
        assert said_so(workbench) == ("negative", ["people"], ["org"])
        await workbench.do("item.submit")
    assert exported(reports) == [("negative", ["people"], 3)]


async def test_the_last_label_again_is_called_as_it_is_today(reports):
    async with at_work(reports) as workbench:
        await answer(workbench, "good", "food", "organisation")
        rename(reports, *RENAMES)
        await workbench.do("item.submit")
        await workbench.read_on()
        await workbench.do("label.repeat")
        assert said_so(workbench) == (None, None, ["org"])


async def test_a_span_whose_label_is_gone_is_seen_and_told_and_all_else_stays(reports):
    async with at_work(reports) as workbench:
        await answer(workbench, "bad", "food", "organisation")
        await workbench.do("cursor.to", 5)
        await workbench.do("label.give", ("ents", "person"))
    (reports / "project.yaml").write_text(ALL.replace(", organisation", ""))
    opened(reports).close()
    async with at_work(reports) as workbench:
        await workbench.read_on()
        await workbench.do("item.submit")
        assert workbench.word == "ents: 'organisation' is no label of ents; it has person"
        assert said_so(workbench) == ("bad", ["food"], ["organisation", "person"])


async def test_the_item_that_waits_while_another_is_visited_is_renamed_too(reports):
    async with at_work(reports) as workbench:
        await answer(workbench, "bad", "food staff", "organisation")
        await workbench.do("item.submit")
        await answer(workbench, "bad", "staff food", "organisation")
        rename(reports, *RENAMES)
        await workbench.do("item.previous")
        await workbench.read_on()
        assert (here(workbench), said_so(workbench)) == ("i0", RENAMED)
        await workbench.do("item.next")
        assert (here(workbench), said_so(workbench)) == ("i1", RENAMED)
        await workbench.do("item.submit")
    assert exported(reports) == [("negative", ["food", "crew"], 1), ("negative", ["food", "crew"], 2)]


async def test_who_was_told_in_another_terminal_goes_by_the_names_of_today(reports):
    async with at_work(reports) as workbench, at_work(reports) as other:
        rename(reports, *RENAMES)
        await answer(other, "bad", "food staff", "organisation")
        await other.do("item.submit")
        await other.read_on()
        await answer(workbench, "bad", "food staff", "organisation")
        await workbench.do("item.submit")
        await workbench.do("item.submit")  # what the other one handed in is replaced
        await workbench.read_on()
        assert [task.values for task in workbench.session.project.tasks] == [
            ("good", "negative"),
            ("food", "crew"),
            ("person", "org"),
        ]


# the qualification set

KNOWN = {"q0": "positive", "q1": "negative", "q2": "neutral"}


@pytest.fixture
def trained(tmp_path: Path) -> Path:
    folder = write_project(tmp_path / "p", TRAINED)
    store = opened(folder)
    golds = [
        Record(Item(key, f"Known {key}."), gold=Gold("lea", {"sentiment": label}), probe="qualification")
        for key, label in KNOWN.items()
    ]
    store.add([*records(3), *golds])
    store.close()
    return folder


async def through(workbench: Workbench, *labels: str) -> None:
    """From the page before an attempt to the page with its score."""
    assert isinstance(workbench.notice, Briefing)
    await workbench.read_on()
    for label in labels:
        assert workbench.notice is None
        await give(workbench, label)
        assert isinstance(workbench.notice, Feedback)
        await workbench.read_on()
    assert isinstance(workbench.notice, Score)


async def test_feedback_comes_before_the_next_item_is_claimed(trained):
    async with at_work(trained) as workbench:
        assert workbench.notice == Briefing(3, 0.6, 1, 2)
        await workbench.read_on()
        assert here(workbench) == "q0"
        await give(workbench, "negative")
        feedback = workbench.notice
        assert (feedback.item.key, feedback.place, feedback.of) == ("q0", 1, 3)
        assert [(one.given, one.known, one.is_right) for one in feedback.marks] == [("negative", "positive", False)]
        assert workbench.desk is None
        await workbench.look_again()
        assert (workbench.desk, workbench.notice) == (None, feedback), "the heartbeat asks for nothing behind the page"
        await workbench.read_on()
        assert (here(workbench), workbench.notice) == ("q1", None)


async def test_passed_and_on_to_real_items(trained):
    async with at_work(trained) as workbench:
        await through(workbench, "positive", "negative", "negative")
        assert (workbench.notice.right, workbench.notice.of, workbench.notice.passed) == (2.0, 3, True)
        await workbench.read_on()
        assert (workbench.notice, here(workbench)) == (None, "i0")
        await workbench.do("work.undo")
        assert (here(workbench), workbench.word) == ("i0", SHOWN)
        await give(workbench, "positive")
        await workbench.do("work.undo")
        assert (here(workbench), workbench.word) == ("i0", "back at i0")
        await workbench.do("work.undo")
        await workbench.do("work.undo")
        assert (here(workbench), workbench.word) == ("i0", SHOWN)
        assert workbench.tally.rhythm.answered == 1, "training is not counted as work"
    store = opened(trained)
    assert [(one.right, one.of, one.passed) for one in store.attempts("ann")] == [(2.0, 3, True)]
    store.close()


async def test_failed_attempts_are_used_up(trained):
    async with at_work(trained) as workbench:
        await through(workbench, "negative", "negative", "negative")
        assert (workbench.notice.passed, workbench.notice.is_last) == (False, False)
        await workbench.read_on()
        assert workbench.notice == Briefing(3, 0.6, 2, 2)
        await through(workbench, "negative", "positive", "positive")
        assert (workbench.notice.passed, workbench.notice.is_last) == (False, True)
        await workbench.read_on()
        assert workbench.notice == UsedUp((1 / 3, 0.0), 0.6)
        await workbench.read_on()
        await workbench.look_again()
        assert (workbench.notice, workbench.desk) == (UsedUp((1 / 3, 0.0), 0.6), None)
    async with at_work(trained) as workbench:
        assert workbench.notice == UsedUp((1 / 3, 0.0), 0.6)


@pytest.mark.parametrize("answers", [1, 2, 3])
async def test_a_lost_link_shows_the_same_page_again(trained, answers):
    async with at_work(trained, gone=True) as workbench:
        await workbench.read_on()
        for label in ["negative", "negative", "neutral"][:answers]:
            if workbench.notice is not None:
                await workbench.read_on()
            await give(workbench, label)
        feedback = workbench.notice
    async with at_work(trained, gone=True) as workbench:
        assert workbench.notice == feedback
        if answers < 3:
            await workbench.read_on()
            assert here(workbench) == f"q{answers}"
            return
        await workbench.read_on()
        score = workbench.notice
        assert isinstance(score, Score) and score.right == 2.0
    async with at_work(trained) as workbench:
        await workbench.read_on()
        assert workbench.notice == score
        await workbench.read_on()
        assert here(workbench) == "i0"
    store = opened(trained)
    assert len(store.attempts("ann")) == 1
    store.close()


async def test_a_half_done_item_of_the_set_comes_back_without_a_page(trained):
    async with at_work(trained, gone=True) as workbench:
        await workbench.read_on()
        await give(workbench, "negative")
        await workbench.read_on()
        await workbench.do("flag.toggle", "ambiguous")
        await workbench._keep_draft()
    async with at_work(trained) as workbench:
        assert (workbench.notice, here(workbench)) == (None, "q1")
        assert workbench.session.work.flagged("ambiguous")


async def test_an_answer_whose_right_answer_was_shown_stays(trained):
    async with at_work(trained) as workbench:
        await workbench.read_on()
        await give(workbench, "negative")
        await workbench.read_on()
        await workbench.do("work.undo")
        assert (here(workbench), workbench.word) == ("q1", SHOWN)
        await workbench.do("item.previous")
        assert (here(workbench), workbench.desk.visiting) == ("q0", True)
        await give(workbench, "positive")
        assert (here(workbench), workbench.word) == ("q0", SHOWN)
        await workbench.do("item.next")
        assert workbench.word == "q0 not handed in: kept as a draft"
        await workbench.do("item.skip")
        assert here(workbench) == "q1" and "needs an answer" in workbench.word
    store = opened(trained)
    ((_, given, _), *_) = store.qualification("ann")
    assert (given.answers, given.revision) == ({"sentiment": "negative"}, 1)
    store.close()


async def test_a_key_pressed_twice_on_the_score_keeps_one_attempt(trained, monkeypatch):
    async with at_work(trained) as workbench:
        await through(workbench, "negative", "negative", "negative")
        score = workbench.notice
        await workbench.read_on()
        workbench.notices = (score,)
        await workbench.read_on()
        assert workbench.notice == Briefing(3, 0.6, 2, 2)
        assert len(workbench._store.attempts("ann")) == 1


async def test_nothing_of_it_where_no_set_is_asked_for(tweets):
    async with at_work(tweets) as workbench:
        assert (workbench.notice, here(workbench)) == (None, "i0")
