"""The review screen under Textual's pilot, on a real store: keys counted, rows looked at."""

from __future__ import annotations

import re
import sqlite3
import time
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import pytest
import soundfile
from piloting import resized, struck
from reviewing import MOOD, NAMES, annotations, answered, golds, moods, opened, prepare, span
from screens import shown, tones, until
from textual.events import Key, Paste

from tui_label import config
from tui_label.bench.reviewbench import ReviewBench
from tui_label.core.annotation import Annotation, Flag
from tui_label.core.comments import COMMENT, QUESTION, Comment
from tui_label.core.gold import Gold
from tui_label.core.item import Item, Sound
from tui_label.core.keymap import build
from tui_label.core.record import Record
from tui_label.errors import StoreBusy
from tui_label.projects import opening
from tui_label.projects.identity import login
from tui_label.sound.deck import Deck
from tui_label.sound.line import Ways
from tui_label.sound.media import fingerprint
from tui_label.sound.speakerplayer import SpeakerPlayer
from tui_label.store.reviewing import QUEUES, Queue
from tui_label.ui.canvas import cells
from tui_label.ui.review import ReviewApp

TEXT = "@United you cancelled UA1234 at ORD and nobody told us."
SPANS = "name: names\noverlap: 3\ntasks: [{id: e, type: spans, labels: [airline, airport, flight]}]\n"
FIVE = [("@United", "airline"), ("UA1234", "flight"), ("ORD", "airport"), ("nobody", "airline"), ("us", "airline")]
ALL = """\
name: all
overlap: 3
tasks:
  - {id: mood, type: choice, labels: [{value: good, key: g}, {value: bad, key: b}]}
  - {id: topics, type: choices, labels: [delay, staff, price]}
  - {id: sure, type: rating, max: 5}
  - {id: e, type: spans, when: {mood: [bad]}, labels: [airline, airport, flight]}
  - {id: why, type: text, required: false}
"""


def spans(*pairs: tuple[str, str]) -> dict[str, Any]:
    return {"e": [span(TEXT, words, label) for words, label in pairs]}


def start(folder: Path, queue: Queue | None = None, *, deck: bool = False, reviewer: str = "lead") -> ReviewApp:
    project = config.load(folder)
    store, versions = opening.open_store(project)

    def make_deck() -> Deck:
        return Deck(folder, project.sound, lambda tell: SpeakerPlayer(Ways("none"), tell))

    bench = ReviewBench(project, store, reviewer, versions, queue or Queue(), make_deck=make_deck if deck else None)
    return ReviewApp(bench, build(project), opening.guidelines_text(project))


def here(app: ReviewApp) -> str:
    return app.workbench.desk.case.item.key if app.workbench.desk else ""


def has(app: ReviewApp, words: str) -> bool:
    return any(words in row for row in shown(app))


def mixed(key: str = "tweet") -> list[Any]:
    return answered(
        Item(key, TEXT, (), {"client": "phone"}),
        {"mood": "bad", "topics": ["delay", "staff"], "sure": 5, **spans(*FIVE[:3]), "why": "no help and no word"},
        {"mood": "bad", "topics": ["delay"], "sure": 3, **spans(*FIVE[:2]), "why": "no help, no word"},
        {"mood": "good", "topics": ["delay"], "sure": 3},
        flags={1: Flag("ambiguous", "cyd says sarcasm")},
    )


async def test_a_line_that_could_not_be_sent_stays_to_be_sent_again(tmp_path, monkeypatch):
    monkeypatch.setattr("tui_label.store.sqlite.connection.BUSY_S", 0.2)
    folder = prepare(tmp_path / "p", MOOD, *moods(["good", "bad", "bad"]))
    app = start(folder)
    async with app.run_test(size=(80, 24)) as pilot:
        holder = sqlite3.connect(folder / "project.db", isolation_level=None)
        holder.execute("BEGIN EXCLUSIVE")
        await pilot.press("c", *"why?", "enter")
        await until(app, "not saved: ")
        assert has(app, "why?"), "what is typed is seen"
        holder.execute("ROLLBACK")
        await pilot.press("enter")
        await until(app, "sent")

    assert [one.text for one in opened(folder).comments(1)] == ["why?"] * 3


async def test_while_a_reviewer_edits_the_foot_says_too_that_it_is_not_saved(tmp_path, monkeypatch):
    monkeypatch.setattr("tui_label.store.sqlite.connection.BUSY_S", 0.2)
    folder = prepare(tmp_path / "p", ALL, mixed())
    app = start(folder)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("e")
        assert shown(app)[-1].endswith("saved ✓") and "versions" in shown(app)[-1]
        holder = sqlite3.connect(folder / "project.db", isolation_level=None)
        holder.execute("BEGIN EXCLUSIVE")
        await pilot.press("b")
        await until(app, "not saved: ")
        assert shown(app)[-1].endswith("NOT SAVED") and "versions" in shown(app)[-1]
        holder.execute("ROLLBACK")


async def test_a_line_that_was_sent_goes_to_no_other_case_though_that_did_not_come_at_once(tmp_path):
    folder = prepare(tmp_path, MOOD, *moods(["good", "bad", "bad"], ["good", "bad", "bad"]))
    app = start(folder)
    async with app.run_test(size=(80, 24)) as pilot:
        with pytest.MonkeyPatch.context() as now:
            now.setattr(app.workbench._store, "next_case", Mock(side_effect=StoreBusy("project.db is in use")))
            await pilot.press("x", *"read 2", "enter")
            await until(app, "The next case could not be looked for yet.")
            assert has(app, " project.db is in use") and not has(app, "saved")
        await app.workbench.look_again()
        await pilot.press("enter")

    assert [len(opened(folder).comments(number)) for number in (1, 2)] == [3, 0]


async def test_what_was_answered_otherwise_than_all_is_settled_is_said(tmp_path):
    folder = prepare(tmp_path, MOOD, *moods(["good", "good"]))
    opened(folder).settle(1, Gold("other", {"mood": "so-so"}), "g")
    async with (app := start(folder, Queue("corrected"))).run_test(size=(80, 24)):
        assert has(app, "all 2 answered otherwise: mood: so-so → good")


async def test_why_is_typed_once_where_the_project_changed_meanwhile(tmp_path):
    folder = prepare(tmp_path / "p", MOOD, *moods(["good"]))
    opened(folder).settle(1, Gold("other", {"mood": "so-so"}), "g")
    app = start(folder, Queue("all"))
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("C", *"as in 2")
        assert has(app, "settle, and say why to ann: as in 2")
        (folder / "guidelines.md").write_text("# Mood\n\nTwo is new.\n")
        opened(folder).close()
        await pilot.press("enter")
        assert has(app, "Two is new.")
        await struck(app, "enter")
        assert has(app, "not settled yet: the project changed meanwhile")
        await pilot.press("C", "!", "enter")

    assert [one.text for one in opened(folder).comments(1)] == ["mood: good → so-so. as in 2!"]


@pytest.mark.parametrize("leave", [(), ("ctrl+q",)], ids=["cut off", "left"])
@pytest.mark.parametrize(
    ("keys", "shows"),
    [("x", "send back to all: so"), ("c\t\t", "comment to bob: so"), ("12C", "settle, and say why to all: so")],
    ids=["x", "c", "C"],
)
async def test_a_remark_that_is_half_typed_is_there_again(tmp_path, keys, shows, leave):
    one, two = spans(*FIVE), spans(*FIVE[:1], ("UA1234", "airline"), *FIVE[2:4])
    folder = prepare(tmp_path, SPANS, answered(Item("s", TEXT), one, two))
    async with start(folder).run_test(size=(80, 24)) as pilot:
        await pilot.press(*("tab" if key == "\t" else key for key in keys), *"so", *leave)
    app = start(folder)
    async with app.run_test(size=(80, 24)) as pilot:
        assert has(app, shows)
        assert app.workbench.word == "begun before, and not decided"
        await pilot.press("!", "enter")

    assert {one.text.split(". ")[-1] for one in opened(folder).comments(1)} == {"so!"}


async def test_a_long_question_says_where_it_is_cut_and_is_read_in_full(tmp_path):
    folder = prepare(tmp_path, MOOD, *moods(["good", "bad"]))
    opened(folder).say(1, Comment("ann", "so " * 90 + "or not?", QUESTION))
    app = start(folder)
    async with app.run_test(size=(80, 24)) as pilot:
        assert has(app, "so so …") and has(app, ", all said") and not has(app, "or not?")
        await pilot.press("comma")
        assert has(app, "or not?")
        await struck(app, "comma")
        assert has(app, "c answer")


async def test_what_is_asked_is_seen_whatever_else_was_said(tmp_path):
    folder = prepare(tmp_path, MOOD, *moods(["good", "bad"]))
    store = opened(folder)
    store.say(1, Comment("ann", "Does sarcasm count?", QUESTION))
    store.say(1, *(Comment("bob", f"Thought {n}", COMMENT) for n in range(5)))
    async with (app := start(folder)).run_test(size=(80, 24)):
        assert has(app, "ann asks: Does sarcasm count?") and has(app, "Thought 4") and not has(app, "Thought 1")


async def test_a_page_of_what_was_said_says_so_where_that_is_nothing(tmp_path):
    app = start(prepare(tmp_path, MOOD, *moods(["good", "bad"])))
    async with app.run_test(size=(80, 24)) as pilot:
        assert not has(app, "all said")
        await pilot.press("comma")
        assert has(app, "Nobody has said anything about this item yet.")


async def test_one_leaves_while_a_queue_is_chosen(tmp_path):
    app = start(prepare(tmp_path, MOOD, *moods(["good", "bad"])))
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("q")
        assert has(app, "any other key back")
        await pilot.press("ctrl+q")
        assert app._leaving.begun


async def test_a_remark_that_was_given_up_is_not_there_again(tmp_path):
    folder = prepare(tmp_path, MOOD, *moods(["good", "bad"]))
    async with start(folder).run_test(size=(80, 24)) as pilot:
        await pilot.press("x", *"so", "escape")
    app = start(folder)
    async with app.run_test(size=(80, 24)):
        assert app._mode is None and not has(app, "begun before")


async def test_what_was_sent_back_or_told_by_mistake_is_undone_with_its_words_at_hand(tmp_path):
    one, two = spans(*FIVE), spans(*FIVE[:1], ("UA1234", "airline"), *FIVE[2:4])
    folder = prepare(tmp_path, SPANS, answered(Item("s", TEXT), one, two))
    app = start(folder)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("1", "x", *"so", "enter")
        await struck(app, "u")
        assert app.workbench.desk.review.taken == {0: 0}
        await struck(app, "x")
        assert has(app, "send back to bob: so")
        await pilot.press("escape", "2", "C", *"as", "enter")
        await struck(app, "u")
        await pilot.press("C", "!", "enter")

    assert [one.text.split(". ")[-1] for one in opened(folder).comments(1)] == ["as!"] * 2


# the bars: keys counted


async def test_three_ways_to_see_a_mood_take_one_key(tmp_path):
    folder = prepare(tmp_path, MOOD, *moods(["good", "bad", "so-so"]))
    async with start(folder).run_test(size=(80, 24)) as pilot:
        await pilot.press("2")

    assert golds(folder) == {"i0": ("settled", {"mood": "bad"})}


async def test_five_spans_with_two_differences_take_three_keys(tmp_path):
    one, two = spans(*FIVE), spans(*FIVE[:1], ("UA1234", "airline"), *FIVE[2:4])
    folder = prepare(tmp_path, SPANS, answered(Item("s", TEXT), one, two, one))
    async with start(folder).run_test(size=(80, 24)) as pilot:
        await pilot.press("2", "1", "enter")

    assert golds(folder) == {"s": ("settled", spans(*FIVE[:1], ("UA1234", "airline"), *FIVE[2:]))}


async def test_sending_back_is_two_keys_and_the_comment(tmp_path):
    folder = prepare(tmp_path, MOOD, *moods(["good", "bad", "bad"]))
    async with start(folder).run_test(size=(80, 24)) as pilot:
        await pilot.press("x", *"read 2", "enter")
    store = opened(folder)

    for name in NAMES[:3]:
        claim = store.claim(name)
        assert claim is not None and claim.returned
        assert [one.text for one in claim.comments] == ["read 2"]


async def test_nothing_is_sent_back_to_whoever_has_no_part_any_more(tmp_path):
    """Until somebody answers again, it would be in no queue."""
    roles = f"roles:\n  leads: [{login()}]\n  annotators: "
    two = prepare(tmp_path / "two", f"{MOOD}{roles}[ann, bob]\n", *moods(("good", "bad", "so-so")))
    app = start(two, reviewer=login())
    async with app.run_test(size=(80, 24)) as pilot:
        told = []
        await pilot.press("x")
        for _ in range(4):
            told += [row.strip() for row in shown(app) if "send back to" in row]
            await pilot.press("tab")
        both = "send back to ann, bob:"
        assert told == [both, "send back to ann:", "send back to bob:", both]
        await pilot.press("escape", "c")
        assert has(app, "comment to all:")
    app = start(prepare(tmp_path / "none", f"{MOOD}{roles}[eve]\n", *moods(("good", "bad"))), reviewer=login())
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("x")
        assert has(app, "no part in the project any more: ann, bob; nobody would answer again")
        assert here(app) == "i0"


async def test_accepting_the_suspicious_answer_is_one_key(tmp_path):
    folder = prepare(tmp_path, MOOD, *moods(["good", "bad", "bad"]))
    async with start(folder, Queue("fast", too_fast_ms=3000)).run_test(size=(80, 24)) as pilot:
        assert shown(pilot.app)[2] == " i0   because of ann  3.0 s"
        await pilot.press("a")

    assert golds(folder) == {"i0": ("accepted", {"mood": "good"})}


async def test_a_known_answer_that_came_with_a_file_is_called_so(tmp_path):
    (known, *_), *_ = records = moods(["good", "bad", "bad"])
    folder = prepare(tmp_path, MOOD, *records, [Record(known.item, gold=Gold("gold", {"mood": "good"}, "given"))])
    async with start(folder, Queue("corrected")).run_test(size=(80, 24)) as pilot:
        assert any(re.fullmatch(r" known answer \d+ \w+ [\d:]+: mood: good", row) for row in shown(pilot.app))


@pytest.mark.parametrize(("blind", "named"), [("", True), ("review: {blind: true}\n", False)])
async def test_who_gave_the_only_answer_is_named(tmp_path, blind, named):
    folder = prepare(tmp_path, MOOD + blind, *moods(["good"]))
    async with start(folder, Queue("fast", too_fast_ms=3000)).run_test(size=(80, 24)) as pilot:
        assert (here(pilot.app), any(" because of " in row for row in shown(pilot.app))) == ("i0", named)
        assert has(pilot.app, "because of ann") is named
        await pilot.press("1")
        assert has(pilot.app, " nothing differs: a accepts it")


async def test_which_of_two_texts_takes_one_key(tmp_path):
    source = "name: c\noverlap: 3\ntasks: [{id: better, type: compare}]\n"
    item = Item("c", "Which?", ("short one", "long one"))
    folder = prepare(tmp_path, source, answered(item, {"better": "A"}, {"better": "B"}, {"better": "tie"}))
    app = start(folder)
    async with app.run_test(size=(80, 24)) as pilot:
        assert has(app, "short one") and has(app, "tie")
        await pilot.press("3")

    assert golds(folder) == {"c": ("settled", {"better": "tie"})}


async def test_blind_no_version_is_called_as_one_of_the_texts(tmp_path):
    source = "name: c\noverlap: 2\nreview: {blind: true}\ntasks: [{id: better, type: compare}]\n"
    item = Item("c", "Which?", ("short one", "long one"))
    folder = prepare(tmp_path, source, answered(item, {"better": "A"}, {"better": "B"}))
    app = start(folder)
    async with app.run_test(size=(80, 24)):
        assert app.workbench.names == ("C", "D")


async def test_a_ranking_is_taken_and_settled(tmp_path):
    source = "name: c\noverlap: 2\ntasks: [{id: order, type: compare, mode: rank}]\n"
    item = Item("c", "", ("one", "two", "three"))
    folder = prepare(tmp_path, source, answered(item, {"order": ["A", "B", "C"]}, {"order": ["C", "B", "A"]}))
    app = start(folder)
    async with app.run_test(size=(80, 24)) as pilot:
        assert has(app, "C, B, A")
        await pilot.press("2", "enter")

    assert golds(folder) == {"c": ("settled", {"order": ["C", "B", "A"]})}


async def test_a_text_is_taken_run_by_run(tmp_path):
    source = "name: t\noverlap: 2\ntasks: [{id: english, type: text}]\n"
    item = Item("t", "Satz")
    one, two = (
        {"english": "When you cross the street watch for cars."},
        {"english": "If you cross the street watch out for cars."},
    )
    folder = prepare(tmp_path, source, answered(item, one, two))
    app = start(folder)
    async with app.run_test(size=(80, 24)) as pilot:
        rows = shown(app)
        assert any(row.startswith(" 1 When you cross the street watch ") for row in rows)
        assert any(row.startswith(" 2 If   you cross the street watch out") for row in rows)
        await pilot.press("1", "2", "enter")

    assert golds(folder) == {"t": ("settled", {"english": "When you cross the street watch out for cars."})}


@pytest.mark.parametrize("blind", [False, True])
async def test_one_of_the_translations_is_taken_whole(tmp_path, blind):
    source = f"name: t\noverlap: 3\nreview: {{blind: {str(blind).lower()}}}\ntasks: [{{id: english, type: text}}]\n"
    said = ("He got the mayor's approval before.", "The man got this mayor to agree.", "He had a mayor's consent.")
    folder = prepare(tmp_path, source, answered(Item("t", "Satz"), *({"english": one} for one in said)))
    app = start(folder)
    async with app.run_test(size=(80, 24)) as pilot:
        assert all(key in shown(app)[-1] for key in (" w whole ", " e edit ", " x send back "))
        taken = app.workbench.desk.review.versions[1].answers
        await pilot.press("w")
        names = ("[1 A]", "2 B", "3 C") if blind else ("[1 ann]", "2 bob", "3 cyd")
        at = shown(app).index(" take all of")
        assert [row.strip() for row in shown(app)[at - 3 : at]] == list(names)
        await pilot.press("2")
        assert has(app, "none open") and here(app) == "t"
        await pilot.press("enter")

    assert golds(folder) == {"t": ("settled", taken)}


async def test_all_questions_of_an_item_one_after_the_other(tmp_path):
    folder = prepare(tmp_path, ALL, mixed())
    app = start(folder)
    async with app.run_test(size=(80, 24)) as pilot:
        assert has(app, "difference 1 of 4")
        await pilot.press("1", "2", "1", "1")
        for _ in range(6):
            if here(app):
                await pilot.press("1")
        await pilot.press("enter")

    (outcome, answers) = golds(folder)["tweet"]
    assert outcome == "settled"
    assert answers == {
        "mood": "bad",
        "topics": ["delay"],
        "sure": 5,
        **spans(*FIVE[:3]),
        "why": "no help and no word",
    }


# sounds


def recorded(folder: Path, seconds: float) -> Sound:
    folder.mkdir(parents=True, exist_ok=True)
    soundfile.write(folder / "c.wav", tones(seconds), 8000)
    return Sound("c.wav", seconds, 0.0, 8000, 1, fingerprint(folder / "c.wav"))


CALLS = "name: calls\nitems: sound\noverlap: 3\ntasks: [{id: said, type: text, transcript: {tags: [noise]}}]\n"
TURNS = """\
name: turns
items: sound
overlap: 2
tasks: [{id: turns, type: segments, labels: [speech, bell], transcript: {speakers: [agent, caller]}}]
"""


async def test_a_transcript_is_shown_word_under_word_and_taken_by_runs(tmp_path):
    item = Item("call", sound=recorded(tmp_path, 4))
    said = [
        "yes so the invoice from may two",
        "yes so the [noise] invoice from May too",
        "yes so the invoice from may too",
    ]
    folder = prepare(tmp_path, CALLS, answered(item, *({"said": one} for one in said)))
    app = start(folder, deck=True)
    async with app.run_test(size=(80, 24)) as pilot:
        await until(app, "WER against the others")
        await until(app, "⣿⣿")
        assert sum("⣿" in row for row in shown(app)) > 1, "a waveform of one row is a line"
        one, two = (next(row for row in shown(app) if row.startswith(f" {n} yes")) for n in (1, 2))
        assert one.index("invoice") == two.index("invoice")
        assert has(app, "tags")
        await pilot.press("1")
        assert has(app, "difference 2 of 3")
        await pilot.press("2", "3", "enter")

    assert golds(folder) == {"call": ("settled", {"said": "yes so the invoice from May too"})}


async def test_segments_stand_in_lanes_and_are_taken_one_by_one(tmp_path):
    item = Item("call", sound=recorded(tmp_path, 8))
    first = {"start": 0.0, "end": 2.0, "label": "speech", "text": "good morning to you", "speaker": "agent"}
    second = {"start": 3.0, "end": 4.0, "label": "bell", "text": "none"}
    other = [{**first, "text": "good morning to all"}, {**second, "start": 3.4, "label": "speech"}]
    folder = prepare(tmp_path, TURNS, answered(item, {"turns": [first, second]}, {"turns": other}))
    app = start(folder, deck=True)
    async with app.run_test(size=(80, 36)) as pilot:
        await until(app, "difference 1 of")
        rows = shown(app)
        assert any(row.startswith("1") and "agent speech" in row for row in rows)
        assert any(row.startswith(" 2 good morning to all") for row in rows)
        while app.workbench.desk and app.workbench.desk.review.undecided:
            await pilot.press("2")
        await pilot.press("enter")

    assert golds(folder)["call"] == ("settled", {"turns": other})


async def test_segments_of_which_the_edges_alone_differ_are_listed_by_them(tmp_path):
    item = Item("call", sound=recorded(tmp_path, 8))
    said = ({"turns": [{"start": 2.0, "end": end, "label": "speech", "speaker": "agent"}]} for end in (3.0, 3.5))
    folder = prepare(tmp_path, TURNS, answered(item, *said))
    app = start(folder, deck=True)
    async with app.run_test(size=(80, 24)):
        await until(app, "00:02.000–00:03.500  1× 00:02.000–00:03.000  ·  1× 00:02.000–00:03.500")


async def test_segments_at_once_stand_in_lanes_at_their_times(tmp_path):
    item = Item("call", sound=recorded(tmp_path, 8))
    siren, horn = {"start": 2.0, "end": 7.0, "label": "speech"}, {"start": 5.0, "end": 5.7, "label": "bell"}
    source = TURNS.replace(", transcript: {speakers: [agent, caller]}", ", overlap: true")
    folder = prepare(tmp_path, source, answered(item, {"turns": [siren, horn]}, {"turns": [siren]}))
    app = start(folder, deck=True)
    async with app.run_test(size=(80, 24)):
        await until(app, "1× bell")
        rows = shown(app)
        first = next(n for n, row in enumerate(rows) if row.startswith("1") and "speech──" in row)
        assert rows[first].index("s") == 1 + int(2 * 78 / 8) and len(rows[first]) == 1 + int(7 * 78 / 8)
        assert rows[first + 1].strip().startswith("bell"), rows[first + 1]
        assert rows[first + 1].index("b") == 1 + int(5 * 78 / 8)
        assert rows[first + 2].startswith("2") and "speech──" in rows[first + 2]


async def test_nothing_before_the_page_is_drawn_in_lanes(tmp_path):
    item = Item("call", sound=recorded(tmp_path, 80))
    early = [{"start": float(n), "end": n + 0.5, "label": "bell"} for n in range(3)]
    late = {"start": 30.0, "end": 33.0, "label": "speech"}
    source = TURNS.replace(", transcript: {speakers: [agent, caller]}", "")
    folder = prepare(tmp_path, source, answered(item, {"turns": early}, {"turns": [*early, late]}))
    app = start(folder, deck=True)
    async with app.run_test(size=(80, 24)):
        await until(app, "shown 00:27.0–00:57.0")
        lanes = [row for row in shown(app) if row[:1] in ("1", "2")]

    assert [row[1:].strip("─ ") for row in lanes] == ["", "speech"]


async def test_a_reviewer_goes_to_a_time(tmp_path):
    item = Item("call", sound=recorded(tmp_path, 80))
    folder = prepare(tmp_path, CALLS, answered(item, *({"said": one} for one in ("one two", "one too", "one two"))))
    app = start(folder, deck=True)
    async with app.run_test(size=(80, 24)) as pilot:
        await until(app, "WER against the others")
        await pilot.press(";", *"1:05", "enter")
        await until(app, "01:05.0")


# what is on the screen


async def test_the_screen_at_80_by_24(tmp_path):
    folder = prepare(
        tmp_path,
        SPANS,
        answered(
            Item("t-1", TEXT, (), {"client": "phone"}), spans(*FIVE[:3]), spans(*FIVE[:2]), spans(FIVE[0], FIVE[2])
        ),
    )
    app = start(folder)
    async with app.run_test(size=(80, 24)):
        screen = shown(app)

    assert len(screen) == 24
    assert screen[0] == " names  ·  review  ·  disagreements" + "1 left".rjust(44)
    assert screen[2] == " t-1  ·  phone"
    assert screen[4] == "   " + TEXT
    assert screen[5] == "   airline"
    assert screen[6].split() == ["1", "flight", "airport", "ann"]
    assert screen[7].split() == ["2", "flight", "···", "bob"]
    assert screen[8].split() == ["3", "······", "airport", "cyd"]
    assert screen[19] == "›e  difference 1 of 2  ·  2 open  ·  missing"
    assert re.fullmatch(r" 1 2  flight “UA1234” +2  ann, bob", screen[20])
    assert re.fullmatch(r"   3  nothing +1  cyd", screen[21])
    assert screen[23].startswith(" 1–3 take  Tab next  a accept  e edit  x send back  c comment  ? keys")
    assert screen[23].endswith("saved ✓")


async def test_hopping_moves_nothing(tmp_path):
    folder = prepare(
        tmp_path, SPANS, answered(Item("t", TEXT), spans(*FIVE[:3]), spans(("UA1234", "airline")), spans(FIVE[0]))
    )
    app = start(folder)
    async with app.run_test(size=(80, 24)) as pilot:
        places = set()
        for _ in range(4):
            rows = shown(app)
            places.add((rows.index("   " + TEXT), next(n for n, row in enumerate(rows) if row.startswith("›e"))))
            await pilot.press("tab")

    assert len(places) == 1


@pytest.mark.parametrize("size", [(40, 12), (80, 24), (120, 36), (200, 60)])
async def test_every_row_fits_and_every_key_is_safe(tmp_path, size):
    folder = prepare(tmp_path, ALL, mixed(), mixed("日本 👩‍👩‍👧" * 8))
    app = start(folder)
    async with app.run_test(size=size) as pilot:
        app._leaving.leave = lambda: None  # type: ignore[method-assign]
        for key in (
            *("tab", "shift+tab", "down", "up", "pagedown", "pageup", "e", "escape", "x", "tab", "tab", "escape"),
            *("c", "escape", "C", "escape", "asterisk", "u", "ctrl+r", "q", "escape", "slash", "escape", "colon"),
            *("escape", "question_mark", "z", "g", "z", "p", "p", "0", "9", "greater_than_sign", "less_than_sign"),
            *("3", "1", "1", "1", "1", "1", "1", "enter", "a", "s", "d", "less_than_sign"),
        ):
            await pilot.press(key)
            assert len(app.sheet._rows) == size[1]
            assert all(cells(row) <= size[0] for row in app.sheet._rows), key


async def test_a_long_text_scrolls_to_the_difference(tmp_path):
    text = "word " * 2000 + "Rome is far"
    records = answered(Item("long", text), {"e": [span(text, "Rome", "airport")]}, {"e": []}, {"e": []})
    folder = prepare(tmp_path, SPANS, records)
    app = start(folder)
    async with app.run_test(size=(80, 24)) as pilot:
        assert has(app, "Rome is far")
        assert has(app, "↑ more ─")
        assert not has(app, "↓ more ─")
        await pilot.press("up", "up", "up", "up", "pageup", "pageup")
        assert not has(app, "Rome is far")
        assert has(app, "↓ more ─")
        await pilot.press("tab")


async def test_a_window_that_grows_leaves_no_rows_free_while_the_item_goes_on_above(tmp_path):
    item = Item("c", "Which one?", candidates=("first " * 20, "second", "third"))
    source = "name: c\ntasks:\n  - {id: best, type: compare}\n  - {id: why, type: text}\n"
    records = answered(item, {"best": "A", "why": "so it is"}, {"best": "A", "why": "thus it was"})
    app = start(prepare(tmp_path, source, records))
    async with app.run_test(size=(60, 13)) as pilot:
        assert not has(app, "Which one?")
        await resized(pilot, 80, 30)
        assert has(app, "Which one?")


async def test_what_was_said_about_the_item_stands_over_the_question(tmp_path):
    folder = prepare(tmp_path, ALL, mixed())
    store = opened(folder)
    number = store.find_item("tweet")
    assert number is not None
    store.say(number, Comment("ann", "is this one sarcasm?", QUESTION))
    app = start(folder)
    async with app.run_test(size=(80, 24)) as pilot:
        assert has(app, "⚑ ambiguous bob  “cyd says sarcasm”")
        assert has(app, "ann asks: is this one sarcasm?")
        assert shown(app)[-1].startswith(" 1–3 take  c answer  Tab next")
        await pilot.press("c")
        assert has(app, "answer to ann:")
        await pilot.press(*"no", "enter")
        assert has(app, "lead → ann: no") and "c answer" not in shown(app)[-1]

    assert [(one.author, one.text) for _, _, one in opened(folder).inbox("ann")] == [("lead", "no")]


async def test_what_was_skipped_after_a_return_has_no_answer(tmp_path):
    folder = prepare(tmp_path, MOOD, *moods(["good", "bad"]))
    store = opened(folder)
    store.send_back(1, ["ann"], Comment("lead", "Sure?"))
    store.skip(store.claim("ann").number, Annotation("ann", "skipped"), "s", claim=False)
    async with (app := start(folder, Queue("answered-back"))).run_test(size=(80, 24)):
        assert has(app, "ann after the return: mood: good → no answer")


async def test_what_a_return_changed_names_the_spans(tmp_path):
    before, after = spans(("@United", "airline"), ("ORD", "flight")), spans(("@United", "airline"), ("ORD", "airport"))
    folder = prepare(tmp_path, SPANS, answered(Item("s", TEXT), before, after))
    store = opened(folder)
    store.send_back(1, ["ann", "bob"], Comment("lead", "Sure?"))
    for name in ("ann", "bob"):
        claim = store.claim(name)
        assert claim is not None
        # As Python may write them
        same = {"e": [{key: one[key] for key in ("start", "end", "label")} for one in after["e"]]}
        store.submit(claim.number, Annotation(name, answers=same), name)
    app = start(folder, Queue("answered-back"))
    async with app.run_test(size=(80, 24)):
        assert has(app, "ann after the return: e: flight “ORD” → airport “ORD”")
        assert has(app, "bob after the return: answered the same again")


async def test_what_was_said_to_several_at_once_or_by_them_alike_takes_one_row(tmp_path):
    """In a row each there was room for the last alone: as if nobody else had been told."""
    folder = prepare(tmp_path, MOOD, *moods(["good", "bad", "bad"]))
    store = opened(folder)
    store.send_back(1, ["ann", "bob"], Comment("lead", "Sure?"))
    for name, mood in (("ann", "good"), ("bob", "bad")):
        claim = store.claim(name)
        assert claim is not None
        store.submit(claim.number, Annotation(name, answers={"mood": mood}), name)
    store.send_back(1, ["ann", "bob", "cyd"], Comment("lead", "And once more?"))
    app = start(folder, Queue("all"))
    async with app.run_test(size=(80, 24)):
        assert has(app, "sent back to all 3, not answered yet")
        assert has(app, "lead sent it back → all 3: And once more?")
        assert has(app, "lead sent it back → ann, bob: Sure?")


async def test_the_line_to_annotators_goes_round_with_tab(tmp_path):
    folder = prepare(tmp_path, MOOD, *moods(["good", "bad", "bad"]))
    app = start(folder)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("c")
        seen = []
        for _ in range(4):
            row = next(row for row in shown(app) if row.startswith(" comment to"))
            seen.append(row.split("to ")[1].split(":")[0])
            await pilot.press("tab")
        assert seen == ["all", "ann", "bob", "cyd"]
        await app.on_paste(Paste("as in\nsection 2"))
        await pilot.press("tab", "enter")

    assert [one.text for _, _, one in opened(folder).inbox("ann")] == ["as in section 2"]
    assert opened(folder).inbox("bob") == []


# names


async def test_blind_nobodys_name_is_on_the_screen(tmp_path):
    source = ALL + "review: {blind: true}\n"
    folder = prepare(tmp_path, source, mixed(), mixed("second"))
    store = opened(folder)
    for key in ("tweet", "second"):
        number = store.find_item(key)
        assert number is not None
        store.say(number, Comment("bob", "ask ann, or cyd", QUESTION))
        store.say(number, Comment("lead", "no need, bob", to="bob"))
    names = re.compile(r"\b(ann|bob|cyd|lead)\b")
    app = start(folder, Queue("all", annotator="bob"))
    async with app.run_test(size=(120, 36)) as pilot:
        for key in (
            "tab",
            "c",
            "tab",
            "tab",
            "escape",
            "x",
            "tab",
            "escape",
            "1",
            "1",
            "2",
            "e",
            "escape",
            "q",
            "9",
            "colon",
            *"otator",
            "enter",
            "u",
            "greater_than_sign",
        ):
            await pilot.press(key)
            assert not names.search("\n".join(shown(app))), (key, "\n".join(shown(app)))
        assert has(app, "one annotator")


# hands


async def test_a_held_key_settles_one_item(tmp_path):
    folder = prepare(tmp_path, MOOD, *moods(*[["good", "bad", "bad"]] * 5))
    app = start(folder)
    async with app.run_test(size=(80, 24)):
        moment = time.monotonic() + 1
        for _ in range(20):
            event = Key("1", "1")
            event.time = moment = moment + 0.03
            await app.on_key(event)

    assert len(golds(folder)) == 1


async def test_a_labels_key_is_in_force_only_while_one_edits(tmp_path):
    folder = prepare(tmp_path, MOOD, *moods(["good", "bad", "so-so"]))
    app = start(folder)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("b")
        assert golds(folder) == {}
        await pilot.press("e")
        assert has(app, "editing") and has(app, "Esc versions")
        await pilot.press("escape")
        assert has(app, "1–3 take")
        await pilot.press("e", "b")

    assert golds(folder) == {"i0": ("settled", {"mood": "bad"})}


async def test_nobody_is_said_to_say_what_the_reviewer_made_of_it(tmp_path):
    source = MOOD.replace("so-so]}]", "so-so]}, {id: why, type: text}]")
    answers = [{"mood": "good", "why": "fine"}] * 3
    folder = prepare(tmp_path, source, answered(Item("i0", "text"), *answers))
    app = start(folder, Queue("all"))
    async with app.run_test(size=(80, 24)) as pilot:
        assert sum("all say so" in row for row in shown(app)) == 2
        await pilot.press("e", "b", "tab", "!", "escape")
        screen = shown(app)

    assert any("[bad]  edited" in row for row in screen) and any("why  edited" in row for row in screen)
    assert not any("all say so" in row for row in screen)


async def test_editing_spans_and_back(tmp_path):
    folder = prepare(tmp_path, SPANS, answered(Item("s", TEXT), spans(*FIVE[:2]), spans(*FIVE[:1])))
    app = start(folder)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("e", "3", "right", "right", "2", "escape")
        assert has(app, "edited") and has(app, "↵ settle")
        await pilot.press("enter")

    assert golds(folder) == {"s": ("settled", spans(*FIVE[:3]))}


async def test_escape_gives_a_selection_up_before_it_leads_back_to_the_versions(tmp_path):
    folder = prepare(tmp_path, SPANS, answered(Item("s", TEXT), spans(*FIVE[:2]), spans(*FIVE[:1])))
    app = start(folder)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("e", "v")
        assert has(app, "Esc give up") and not has(app, "versions")
        await pilot.press("escape")
        assert has(app, "Esc versions") and not has(app, "give up")


async def test_editing_a_text_takes_every_key(tmp_path):
    source = "name: t\noverlap: 2\ntasks: [{id: english, type: text}]\n"
    folder = prepare(tmp_path, source, answered(Item("t", "Satz"), {"english": "a cat"}, {"english": "a dog"}))
    app = start(folder)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("e", "end", *" 1x", "escape")
        assert has(app, "as edited")
        await pilot.press("2", "enter")

    assert golds(folder) == {"t": ("settled", {"english": "a dog 1x"})}


async def test_a_whole_session_of_review_leaves_every_answer_as_it_was(tmp_path):
    folder = prepare(tmp_path, ALL, mixed(), mixed("b"), mixed("c"), mixed("d"))
    before = annotations(folder)
    app = start(folder)
    async with app.run_test(size=(80, 24)) as pilot:
        app._leaving.leave = lambda: None  # type: ignore[method-assign]
        await pilot.press("3", "a", "enter", "u", "u", "C", *"why", "enter")
        await pilot.press(
            "x", *"no", "enter", "u", "c", *"hm", "enter", "e", "b", "escape", "a", "1", "1", "1", "enter"
        )
        await pilot.press("q", "9", "1", "2", "1", "1", "1", "1", "enter", "asterisk", "enter", "greater_than_sign")

    assert golds(folder) != {}
    assert annotations(folder) == before


# queues


async def test_the_queues_and_what_waits_in_them(tmp_path):
    folder = prepare(tmp_path, MOOD, *moods(["good", "bad", "bad"], ["good"] * 3))
    app = start(folder, Queue("questions"))
    async with app.run_test(size=(80, 24)) as pilot:
        assert has(app, "No case is left in this queue.")
        assert any(re.match(r"  9 all +2 ", row) for row in shown(app))
        await pilot.press(str(QUEUES.index("all") + 1))
        assert here(app) == "i0" and has(app, "review  ·  all")
        await pilot.press("q")
        assert has(app, "answers that differ, worst first")
        await pilot.press("escape")
        assert here(app) == "i0"


async def test_a_queue_of_which_others_have_the_rest_is_not_said_to_be_empty(tmp_path):
    folder = prepare(tmp_path, MOOD, *moods(["good", "bad"], ["good", "bad"]))
    first, second = start(folder), start(folder, reviewer="rob")
    async with first.run_test(size=(80, 24)), second.run_test(size=(80, 24)) as pilot:
        assert {here(first), here(second)} == {"i0", "i1"}
        await pilot.press("1")
        await until(second, "What is left in this queue is with other reviewers.")
        assert any(re.match(r"› 1 disagreements +1 ", row) for row in shown(second))


async def test_what_each_queue_holds_is_said_whole_at_60_columns(tmp_path):
    app = start(prepare(tmp_path, MOOD, *moods(["good", "bad", "bad"])))
    async with app.run_test(size=(60, 20)) as pilot:
        await pilot.press("q")
        assert has(app, "everything that was answered") and not has(app, "…")


async def test_versions_are_taken_by_the_keys_in_force_and_queues_by_their_numbers(tmp_path):
    source = MOOD + "keys: {review.take: f5 f6 f7}\n"
    app = start(prepare(tmp_path, source, *moods(["good", "bad", "so-so"], ["bad", "bad", "bad"])))
    async with app.run_test(size=(80, 24)) as pilot:
        assert [row.split()[:2] for row in shown(app)[-5:-2]] == [["F5", "good"], ["F6", "bad"], ["F7", "so-so"]]
        await pilot.press("f6")
        await until(app, "No case is left in this queue.")
        await pilot.press(str(QUEUES.index("all") + 1))
        await until(app, "review  ·  all")

    assert golds(tmp_path) == {"i0": ("settled", {"mood": "bad"})}


async def test_queues_that_could_not_be_counted_are_not_said_to_be_empty(tmp_path, monkeypatch):
    app = start(prepare(tmp_path, MOOD, *moods(["good", "bad", "bad"])))
    async with app.run_test(size=(80, 24)) as pilot:
        with monkeypatch.context() as now:
            now.setattr(app.workbench._store, "left_in", Mock(side_effect=StoreBusy("project.db is in use")))
            await pilot.press("q")
            assert has(app, "project.db is in use")
            assert has(app, "  9 all                 –   everything that was answered")
        await pilot.press("escape", "q")
        assert any(re.match(r"  9 all +1 ", row) for row in shown(app))


@pytest.mark.parametrize("name", QUEUES)
async def test_a_low_screen_shows_the_queue_one_is_in_and_that_there_are_more(tmp_path, name):
    folder = prepare(tmp_path, MOOD, *moods(["good"] * 3))
    app = start(folder, Queue(name, text="nowhere"))
    async with app.run_test(size=(40, 12)):
        assert any(re.match(rf"› \d {name} ", row) for row in shown(app))
        assert has(app, " more") and has(app, "Nothing passes") and has(app, "lifts it.")


async def test_filters(tmp_path):
    folder = prepare(tmp_path, MOOD, *moods(["good", "bad", "bad"], ["good", "so-so", "bad"]))
    app = start(folder)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("slash", *"number 1", "enter")
        assert here(app) == "i1" and has(app, "“number 1”")
        await pilot.press("slash", *"nowhere", "enter")
        assert has(app, "No case is left") and has(app, "Nothing passes this filter")
        await pilot.press("colon", *"all cases", "enter")
        assert app.workbench.left == 2
        await pilot.press("colon", *"one label", "enter", *"so", "enter")
        assert (here(app), app.workbench.left) == ("i1", 1)


async def test_the_guidelines_open_at_the_label_of_the_difference(tmp_path):
    folder = prepare(tmp_path, MOOD, *moods(["good", "bad", "bad"]))
    (folder / "guidelines.md").write_text("# All\n" + "line\n" * 50 + "\n## bad\n\nComplaints.\n" + "more\n" * 40)
    app = start(folder)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("g")
        assert has(app, "Complaints.")
        await pilot.press("escape")
        assert here(app) == "i0"


@pytest.mark.parametrize("source", [MOOD, CALLS])
async def test_every_command_that_the_palette_offers_has_a_handler(tmp_path, source):
    if source is CALLS:
        item = Item("call", sound=recorded(tmp_path, 2))
        folder = prepare(tmp_path, source, answered(item, {"said": "a b"}, {"said": "a c"}))
    else:
        folder = prepare(tmp_path, source, *moods(*[["good", "bad", "bad"]] * 3))
    app = start(folder, deck=source is CALLS)
    async with app.run_test(size=(80, 24)):
        app._leaving.leave = lambda: None  # type: ignore[method-assign]
        desk = app.workbench.desk
        app._open_palette()
        offered = [offer.value for offer in app._mode.offers]  # type: ignore[union-attr]
        assert "review.settle" in offered and "item.skip" not in offered
        for name in offered:
            app._mode, app._reading, app._choosing = None, None, False
            app.workbench.resume()
            app.workbench.desk = desk
            app._open_palette()
            await app._mode.take(name)  # type: ignore[union-attr]
            app._show()


async def test_what_is_for_annotators_is_not_done_while_a_reviewer_edits_who_is_one_too(tmp_path):
    folder = prepare(tmp_path, MOOD, *moods(["good", "bad", "bad"], ["good", "bad", "bad"]))
    opened(folder).say(2, Comment("lead", "as in section 2", COMMENT, "ann"))
    app = start(folder, reviewer="ann")
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("e")
        for key in (",", "q", "f", "="):
            await pilot.press(key)
            assert has(app, " that is for annotators: Esc goes back to the versions"), key
        await pilot.press(":", *"begin a sprint")
        assert has(app, "nothing is called that")
        await pilot.press("escape", "?", "/", *"figures", "enter")
        assert has(app, "not found")
        await pilot.press("escape", "escape")
        assert here(app) == "i0" and has(app, "1–3 take")


async def test_items_with_two_labels_that_are_mixed_up_are_two_keys_away(tmp_path):
    prepare(tmp_path, MOOD, *moods(("good", "bad"), ("good", "so-so"), ("good", "so-so")))
    app = start(tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("m")
        assert has(app, "good ↔ so-so 2")

        await pilot.press("1")
        assert (has(app, "good ↔ so-so"), has(app, "2 left"), here(app)) == (True, True, "i1")


async def test_of_several_questions_what_is_mixed_up_names_its_own(tmp_path):
    source = "name: s\ntasks:\n  - {id: joy, type: rating}\n  - {id: fear, type: rating}\n"
    answers = [{"joy": 1, "fear": 1}, {"joy": 5, "fear": 5}]
    app = start(prepare(tmp_path, source, answered(Item("k", TEXT), *answers)))
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("m")
        assert has(app, "1 joy: 1 ↔ 5 1")
        assert has(app, "2 fear: 1 ↔ 5 1")


@pytest.mark.parametrize("size", [(40, 12), (80, 24)])
@pytest.mark.parametrize("queue", ["disagreements", "questions"])
async def test_each_pair_that_a_digit_opens_is_seen(tmp_path, size, queue):
    names = ["association", "corporation", "foundation", "institution", "organisation"]
    pairs = [(one, names[4]) for one in names[:4]] + [(names[0], names[1])]
    source = MOOD.replace("[{value: good, key: g}, {value: bad, key: b}, so-so]", str(names))
    app = start(prepare(tmp_path, source, *moods(*pairs)), Queue(queue))
    async with app.run_test(size=size) as pilot:
        assert (app._session is None) == (queue == "questions")
        await pilot.press("m")
        assert shown(app)[-1].startswith(" 1–5 those")
        for number in range(1, 6):
            assert any(re.search(rf"{number} \w+ ↔ \w+ 1 ", row + " ") for row in shown(app)), number
        assert any(row.startswith(" only what is mixed up:") for row in shown(app))


async def test_only_spans_that_were_mixed_up_are_gone_through_from_their_difference_on(tmp_path):
    ann = {"mood": "good", "topics": [], "sure": 1, "e": []}
    bob = {"mood": "bad", "topics": [], "sure": 2}
    source = ALL.replace("when: {mood: [bad]}, ", "")
    apart = [spans(("@United", "airline")), spans(("ORD", "airport"))]
    mixed_up = [spans(("@United", "airline")), spans(("@United", "airport"))]
    folder = prepare(
        tmp_path,
        source,
        *(answered(Item(f"k{n}", TEXT), ann | one, bob | other) for n, (one, other) in enumerate([apart, mixed_up])),
    )
    app = start(folder)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("m")
        await pilot.press(*"airline ↔ airport", "enter")
        assert (here(app), app.workbench.left) == ("k1", 1)
        assert app.workbench.desk.review.here.task == "e"
        await pilot.press("colon", *"all cases", "enter")
        assert app.workbench.left == 2


async def test_help_lists_the_keys_of_review_before_labels_which_are_for_editing(tmp_path):
    prepare(tmp_path, MOOD, *moods(("good", "bad")))
    app = start(tmp_path)
    async with app.run_test(size=(80, 60)) as pilot:
        await pilot.press("?")

        rows = "\n".join(shown(app))
        assert rows.index("Take that annotator's version") < rows.index("mood: good")


LONG = "anna.lindqvist@norvane.example.org"


@pytest.mark.parametrize(
    ("width", "name"), [(80, "anna.lindqvist@norvane.example.org"), (60, "anna.lindqvist@norvane.exa…")]
)
async def test_a_name_is_cut_only_where_it_has_no_room(tmp_path, width, name):
    records = moods(["good", "bad"])
    records[0][1] = Record(records[0][1].item, annotation=Annotation(LONG, answers={"mood": "good"}))
    folder = prepare(tmp_path, MOOD, *records)
    async with start(folder).run_test(size=(width, 24)) as pilot:
        rows = [row for row in shown(pilot.app) if "good" in row]

    assert any(row.rstrip().endswith(name) for row in rows), rows


async def test_a_long_name_of_the_project_leaves_queue_and_filter_in_sight(tmp_path):
    folder = prepare(tmp_path, MOOD.replace("tweets", "a name " * 12), *moods(["good", "bad"]))
    async with start(folder, Queue(text="number")).run_test(size=(80, 24)) as pilot:
        head = shown(pilot.app)[0]

    assert "…  ·  review  ·  disagreements  ·  “number”" in head and head.endswith("1 left")


async def test_the_prompt_says_what_enter_does(tmp_path):
    folder = prepare(tmp_path, MOOD, *moods(["good", "bad"]))
    async with start(folder).run_test(size=(80, 24)) as pilot:
        await pilot.press("slash", *"numb")
        assert shown(pilot.app)[-1].startswith(" ↵ as typed   empty ↵ all")
        await pilot.press("escape", "colon", *"one annotator", "enter")
        assert shown(pilot.app)[-1].startswith(" ↵ only the first   empty ↵ all")
        await pilot.press("z")
        assert shown(pilot.app)[-1].startswith(" ↵ as typed")


@pytest.mark.parametrize("size", [(40, 12), (80, 24)])
async def test_every_reading_that_a_digit_takes_is_seen(tmp_path, size):
    app = start(prepare(tmp_path, MOOD.replace("overlap: 3", "overlap: 4"), *moods(["good", "bad", "so-so"])))
    async with app.run_test(size=size):
        rows = shown(app)
        assert rows[-1].startswith(" 1–3 take")
        assert [
            any(f" {number}  {mood}" in row for row in rows) for number, mood in enumerate(["good", "bad", "so-so"], 1)
        ] == [True] * 3


async def test_what_has_no_room_under_the_item_is_counted(tmp_path):
    app = start(prepare(tmp_path, ALL, mixed()))
    async with app.run_test(size=(40, 12)):
        assert re.search(r"↓ \d more rows? ─$", shown(app)[-2])
    async with start(tmp_path).run_test(size=(120, 36)) as pilot:
        assert "more row" not in " ".join(shown(pilot.app))


async def test_the_difference_stays_in_sight_as_the_screen_changes_its_size(tmp_path):
    text = "Ann sees Bob. " * 30 + "Rome is far. " + "Cyd sees Dan. " * 60
    records = answered(Item("long", text), {"e": [span(text, "Rome", "airport")]}, {"e": []})
    app = start(prepare(tmp_path, SPANS, records))
    async with app.run_test(size=(40, 12)) as pilot:
        for size in ((40, 12), (120, 24), (80, 24), (40, 12)):
            await resized(pilot, *size)
            assert any("Rome" in row and "“Rome”" not in row for row in shown(app)), size


async def test_names_of_many_leave_room_for_what_they_say(tmp_path):
    item = Item("t", "Ada Lindqvist left.")
    said = ["so-so"] * 9 + ["good", "bad", "so-so"] * 100
    given = [
        Record(item, annotation=Annotation(f"annotator-{n:03}", answers={"mood": mood})) for n, mood in enumerate(said)
    ]
    app = start(prepare(tmp_path, MOOD, [Record(item), *given]))
    async with app.run_test(size=(80, 24)):
        rows = "\n".join(shown(app))

    assert re.search(r" 1 2 3 4 5 6 7 8 9  so-so +109  annotator-000, annotator-001 \+107\n", rows)
    assert re.search(r" good +100  annotator-009, annotator-012 \+98\n", rows)
