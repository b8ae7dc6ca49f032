"""The screens under Textual's pilot, on a real store."""

from __future__ import annotations

import re
import unicodedata
from pathlib import Path
from unittest.mock import Mock

import pytest
from helpers import BOTH, ENTITIES, SENTIMENT, Clock, write_project
from piloting import resized, settled
from textual.events import Key, MouseScrollDown, MouseScrollUp, Paste

from tui_label import config
from tui_label.bench.workbench import Workbench
from tui_label.core.item import Item, Suggestion
from tui_label.core.keymap import build
from tui_label.core.record import Record
from tui_label.errors import StoreBusy
from tui_label.projects import opening
from tui_label.ui.canvas import cells
from tui_label.ui.label import LabelApp


def make(folder: Path, source: str, *records: Record) -> LabelApp:
    project = config.load(write_project(folder, source))
    store, versions = opening.open_store(project)
    store.add(records)
    workbench = Workbench(project, store, "ann", versions)
    return LabelApp(workbench, build(project), opening.guidelines_text(project))


def shown(app: LabelApp) -> list[str]:
    return ["".join(text for text, _ in row).rstrip() for row in app.sheet._rows]


TEXT = "Angela Merkel flew to Rome."


async def test_the_label_screen_at_80_by_24(tmp_path):
    offer = Suggestion("entities", {"start": 22, "end": 26, "label": "place"}, 0.9, "m")
    app = make(tmp_path, ENTITIES, Record(Item("text-1", TEXT, (), {"source": "mail"}), (offer,)))
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("tab", "left", "left", "left", "left", "shift+right", "1")
        screen = shown(app)

    assert len(screen) == 24
    assert screen[0] == " names  ·  ann" + "0 of 1".rjust(65)
    assert screen[2] == " text-1  ·  mail"
    assert screen[4] == "   Angela Merkel flew to Rome."
    assert screen[5] == "   person───────         place?"
    assert screen[21] == " entities [1 person]  2 place   3 flight"
    assert screen[23].startswith(" ↵ next   ; hop   v select")
    assert screen[23].endswith("saved ✓")


@pytest.mark.parametrize("size", [(40, 12), (80, 24), (120, 36), (200, 60)])
async def test_every_row_fits_the_screen(tmp_path, size):
    app = make(tmp_path, BOTH, Record(Item("k", "日本 👩‍👩‍👧 " + TEXT * 20, (), {"a": "x" * 300})))
    async with app.run_test(size=size) as pilot:
        for key in (
            "n",
            "escape",
            "semicolon",
            "escape",
            "1",
            "f",
            "escape",
            "slash",
            "R",
            "enter",
            "g",
            "q",
            "question_mark",
        ):
            await pilot.press(key)
            assert len(app.sheet._rows) == size[1]
            assert all(cells(row) <= size[0] for row in app.sheet._rows)


async def test_the_question_of_a_text_box_is_seen_while_one_types(tmp_path):
    source = "name: c\ntasks: [{id: gist, type: text, ask: 'In a sentence?', min: 3, max: 20}]\n"
    app = make(tmp_path, source, Record(Item("k", "x")))
    async with app.run_test(size=(80, 24)) as pilot:
        rows = []
        for key in ("escape", "i", "a", "b", "c", *"d" * 15, *"e" * 3):
            rows.append(shown(app)[-5])
            await pilot.press(key)
        rows.append(shown(app)[-5])

    assert rows[0] == rows[2] == rows[5] == " In a sentence?"
    assert rows[1] == ""  # it stands in the empty box
    assert rows[3] == " In a sentence?" + "1 of at least 3 characters".rjust(64)
    assert rows[20] == " In a sentence?" + "18 of at most 20 characters".rjust(64)
    assert rows[21] == " In a sentence?" + "19 of at most 20 characters".rjust(64)


COMPARED = "name: c\ntasks: [{id: best, type: compare}]\n"


def drawn(app: LabelApp, look: str) -> list[str]:
    """What is drawn on the screen with `look` among its style words."""
    return [text for row in app.sheet._rows for text, words in row if look in words.split()]


@pytest.mark.parametrize("source", [ENTITIES, "name: c\ntasks: [{id: fair, type: choice, labels: [fair, unfair]}]\n"])
async def test_next_and_previous_walk_all_places_found_also_within_words(tmp_path, source):
    text = "Landing in England, then Finland and overland. " + "More words. " * 300 + "Land!"
    app = make(tmp_path, source, Record(Item("k", text)))
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("slash", *"land", "enter")
        places = []
        for key in [*"nnnnnNNNN", "end"]:
            places.append(app._finding.place[0])
            assert drawn(app, "gone-to") == [text[places[-1] : places[-1] + 4]]
            await pilot.press(key)

    first = 14 if source == ENTITIES else 0
    walk = [0, 14, 28, 41, text.index("Land!")]
    forward = (walk * 3)[walk.index(first) :][:6]
    assert places == [*forward, *forward[-2::-1]][:10]


async def test_which_place_was_found_is_said_with_the_keys_that_go_on_where_labels_took_theirs(tmp_path):
    source = "name: c\ntasks: [{id: fair, type: choice, labels: [{value: fair, key: f}, {value: not fair, key: n}]}]\n"
    app = make(tmp_path, source, Record(Item("k", "Land, an island and England, and Wales.")))
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("slash", *"land", "enter")
        assert shown(app)[-5] == " place 1 of 3: ^N next, N previous"
        await pilot.press("ctrl+n")
        assert shown(app)[-5] == " place 2 of 3: ^N next, N previous"
        await pilot.press("N", "N")
        assert shown(app)[-5] == " place 3 of 3: ^N next, N previous"
        await pilot.press("slash", *"wales", "enter")
        assert shown(app)[-5] == " the only place"


async def test_a_place_found_is_left_with_the_cursor(tmp_path):
    app = make(tmp_path, ENTITIES, Record(Item("k", "An overland way in England, by land.")))
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("slash", *"land", "enter", "n")
        assert (drawn(app, "gone-to"), drawn(app, "found")) == (["land"], ["land", "land"])
        assert drawn(app, "cursor") == ["Eng", "land"]
        await pilot.press("left")
        assert (drawn(app, "gone-to"), drawn(app, "found")) == ([], ["land", "land", "land"])
        await pilot.press("n")

    assert app._finding.place == (22, 26)


async def test_words_are_found_in_candidates_and_in_the_text_that_they_answer(tmp_path):
    answers = ("Sea. " * 300, "Ozone scatters it.", "Because of dust.", "Because of ozone.")
    app = make(tmp_path, COMPARED, Record(Item("k", "Is the sky blue from ozone?", answers)))
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("slash", *"ozone")
        assert "3 here" in shown(app)[19]
        await pilot.press("enter")
        assert drawn(app, "gone-to") == ["ozone"] and "blue from ozone?" in shown(app)[4]
        await pilot.press("n")
        assert (drawn(app, "gone-to"), drawn(app, "found")) == (["Ozone"], ["ozone"])
        before = shown(app)
        assert [row for row in before if row.endswith(" B")]
        await pilot.press("n")
        assert (drawn(app, "gone-to"), drawn(app, "found")) == (["ozone"], ["Ozone"])
        assert shown(app)[:-5] == before[:-5]


async def test_candidates_are_scrolled_also_where_spans_are_asked_of_other_items(tmp_path):
    source = (
        "name: c\ntasks:\n  - {id: best, type: compare}\n"
        "  - {id: names, type: spans, required: false, labels: [person]}\n"
    )
    app = make(tmp_path, source, Record(Item("k", "Who?", ("Ann. " * 400, "Bo."))))
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("end")
        assert "   Bo." in shown(app) and "hop" not in shown(app)[23]
        await pilot.press("slash", *"who", "enter")
        assert drawn(app, "gone-to") == ["Who"]


async def test_a_place_out_of_sight_is_seen_under_the_name_of_its_candidate(tmp_path):
    app = make(tmp_path, COMPARED, Record(Item("k", "", ("Sea. " * 300, "Ozone.", "Dust. " * 300))))
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("slash", *"ozone", "enter")

        assert [row.strip() for row in shown(app)[4:6]] == ["B", "Ozone."]


async def test_a_candidate_of_several_screens_is_named_on_each(tmp_path):
    long = " ".join(f"word{number}" for number in range(400))
    app = make(tmp_path, COMPARED, Record(Item("k", "Which?", (long, "Ozone."))))
    async with app.run_test(size=(80, 24)) as pilot:
        assert shown(app)[2] == " k"
        await pilot.press("pagedown")
        assert re.fullmatch(" k +… A", shown(app)[2].rstrip())
        await pilot.press("end")
        assert " B" in "\n".join(shown(app)) and shown(app)[2].rstrip().endswith("… A")


@pytest.mark.parametrize("width", [40, 80, 200])
@pytest.mark.parametrize("source", [ENTITIES, SENTIMENT, COMPARED])
async def test_what_is_out_of_sight_is_told_until_it_is_seen(tmp_path, source, width):
    text = "\n".join(f"line {number}" for number in range(60))
    item = Item("k", "", ("short", text)) if "compare" in source else Item("k", text)
    app = make(tmp_path, source, Record(item))
    async with app.run_test(size=(width, 24)) as pilot:
        screens = []
        for _ in range(10):
            assert all(cells(row) <= width for row in app.sheet._rows)
            screens.append(shown(app))
            await pilot.press("pagedown")

    signs = [row for screen in screens for row in screen if "↓" in row]
    left = [int(row.strip("─↓ ").partition(" more screen")[0]) for row in signs]
    assert left == sorted(left, reverse=True) and left[0] > 2 and left[-1] == 1
    assert [any("line 59" in row for row in screen) for screen in screens] == [n >= len(left) for n in range(10)]
    assert screens[0][1] == "─" * width and screens[-1][1].endswith(f"─ ↑ {left[0]} more screens ─")


async def test_a_text_of_many_screens_is_not_laid_out_to_count_them(tmp_path):
    app = make(tmp_path, SENTIMENT, Record(Item("k", "word " * 200_000)))
    async with app.run_test(size=(80, 24)):
        assert any("↓ more than 9 screens" in row for row in shown(app))
        assert len(app._viewport.rows._starts) < 300


NESTED = "name: n\ntasks: [{id: names, type: spans, overlap: true, labels: [person, place, firm]}]\n"


def lanes_of(app: LabelApp) -> list[str]:
    return [row.strip() for row in shown(app)[5:7]]


async def test_brackets_tell_which_of_nested_spans_keys_act_on(tmp_path):
    app = make(tmp_path, NESTED, Record(Item("k", "Angela Merkel Street in Rome.")))
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("v", "right", "right", "2", "home", "v", "right", "1", "v", "3")
        seen = []
        for _ in range(3):
            await pilot.press("tab")
            seen.append(lanes_of(app))
        await pilot.press("right", "right")
        alone = lanes_of(app)

    assert seen == [
        ["[place]─────────────", "person +1────"],  # a third one has no lane of its own
        ["place───────────────", "[person] +1──"],
        ["place───────────────", "[firm] +1"],
    ]
    assert alone == ["place───────────────", "person +1────"]


async def test_of_nested_suggestions_the_one_gone_to_is_taken(tmp_path):
    values = [{"start": 0, "end": 20, "label": "place"}, {"start": 0, "end": 13, "label": "person"}]
    offers = tuple(Suggestion("names", value, 0.9, "m") for value in values)
    app = make(tmp_path, NESTED, Record(Item("k", "Angela Merkel Street in Rome."), offers))
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("tab", "tab")
        assert lanes_of(app) == ["place?──────────────", "[person?]────"]
        await pilot.press("a")

    assert [one.label for _, one in app.workbench.session.spans] == ["person"]


async def test_the_legend_says_that_enter_takes_the_same_mentions_while_they_are_offered(tmp_path):
    app = make(tmp_path, ENTITIES, Record(Item("k", "Rome, and Rome, and Rome.")))
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("1", "asterisk")
        assert shown(app)[-1].startswith(" ↵ take them   ; hop")
        await pilot.press("enter")
        assert shown(app)[-1].startswith(" ↵ next   ; hop")

    assert len(app.workbench.session.spans) == 3


async def test_a_typed_line_is_mended_in_its_middle(tmp_path):
    app = make(tmp_path, ENTITIES, Record(Item("k", "By land.")))
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("slash", *"wand", "home", "delete", "l", "end", "left")
        assert "find land   1 here" in "\n".join(shown(app))
        assert drawn(app, "cursor")[-1] == "d"
        await pilot.press("ctrl+u")

    assert "find d   1 here" in "\n".join(shown(app))


async def test_ctrl_u_deletes_to_the_start_of_the_line(tmp_path):
    app = make(tmp_path, "name: t\ntasks: [{id: t, type: text}]\n", Record(Item("k", "x")))
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("a", "ctrl+j", *"bcd", "left", "ctrl+u")

    assert app.workbench.session.answers == {"t": "a\nd"}


WEEKDAY = """\
name: w
tasks:
  - {id: fluency, type: rating}
  - {id: tone, type: rating, max: 10, low: terrible, high: perfect}
  - {id: verdict, type: choice, labels: [accept, reject, unsure]}
  - {id: errors, type: choices, labels: [grammar, spelling, punctuation, terminology, omission, addition, register]}
  - {id: correction, type: text, required: false}
  - {id: remark, type: text, required: false}
"""


@pytest.mark.parametrize("text", ["A short item.", "A longer item of words. " * 60])
async def test_what_one_types_is_seen_below_many_questions_and_the_item_keeps_its_place(tmp_path, text):
    app = make(tmp_path, WEEKDAY, Record(Item("k", text)))
    async with app.run_test(size=(80, 24)) as pilot:
        first = shown(app)[4]
        await pilot.press("shift+tab", *"one", "ctrl+j", *"two", "ctrl+j", *"three")
        screen = shown(app)
        assert shown(app)[4] == first != ""
        assert drawn(app, "cursor") == [" "]

    assert any("three" in row for row in screen) and any("two" in row for row in screen)
    rules = [number for number, row in enumerate(screen) if row.startswith("───")]
    assert (rules[2] - rules[1] - 1 == 8) == (len(text) > 80), "a long item keeps all but a third of the screen"


@pytest.mark.parametrize("free", [True, False])
async def test_a_long_question_goes_on_over_itself_where_the_item_leaves_rows(tmp_path, free):
    ask = "How does the author feel about the company, all in all and at the time of writing, whoever it is?"
    source = f"name: c\ntasks: [{{id: t, type: choice, ask: '{ask}', labels: [a, b]}}]\n"
    app = make(tmp_path, source, Record(Item("k", "x " * (1 if free else 2000))))
    async with app.run_test(size=(60, 24)):
        screen = shown(app)
        rules = [number for number, row in enumerate(screen) if row.startswith("───")]
        asked = [row.strip() for row in screen[rules[1] - (2 if free else 1) : rules[1]]]

    assert (" ".join(asked) == ask) == free
    assert free or asked[0].endswith("…")
    assert len(screen) == 24


@pytest.mark.parametrize("source", [SENTIMENT, ENTITIES])
async def test_a_window_that_grows_leaves_no_rows_free_while_the_text_goes_on_above(tmp_path, source):
    app = make(tmp_path, source, Record(Item("k", "\n".join(f"row {number:02}" for number in range(12)))))
    async with app.run_test(size=(60, 14)) as pilot:
        await pilot.press("pagedown", "pagedown", "pagedown", "pagedown", "pagedown", "pagedown")
        assert not any("row 00" in row for row in shown(app))
        await resized(pilot, 80, 40)
        assert any("row 00" in row for row in shown(app))


async def test_labels_without_a_key_are_offered_by_name(tmp_path):
    source = "name: c\ntasks: [{{id: t, type: choice, labels: [{}]}}]\n"
    for count, offered in ((9, False), (60, True)):
        labels = ", ".join(f"label{number}" for number in range(count))
        app = make(tmp_path / str(count), source.format(labels), Record(Item("k", "x")))
        async with app.run_test(size=(80, 24)):
            assert ("+ by name" in shown(app)[-1]) == offered


NAMED = """\
name: n
tasks:
  - id: place
    type: choices
    labels: [airport, {value: air, help: What one breathes}, New York, New, other]
  - {id: why, type: choice, labels: [other, "none"], required: false}
flags: [{reason: ambiguous, help: Two labels fit}, {reason: not-ours}]
"""


@pytest.mark.parametrize(
    ("keys", "place", "why"),
    [
        (["air"], ["air"], None),
        (["new"], ["New"], None),
        (["new", "down"], ["New York"], None),
        (["air", "tab", "tab", "shift+tab"], ["airport"], None),
        (["air", "up"], ["airport"], None),
        (["air", "down", "p"], ["airport"], None),
        (["other", "down"], None, "other"),
        (["why: o"], None, "other"),
        (["none"], None, "none"),
    ],
)
async def test_a_label_typed_in_full_is_the_one_that_is_given_and_arrows_choose(tmp_path, keys, place, why):
    app = make(tmp_path, NAMED, Record(Item("k", "x")))
    async with app.run_test(size=(80, 24)) as pilot:
        typed, *steps = keys
        await pilot.press("plus", *typed, *steps)
        bracketed = " ".join(shown(app)).partition("[")[2].partition("]")[0]
        await pilot.press("enter")

    answers = app.workbench.session.answers
    assert (answers.get("place"), answers.get("why")) == (place, why)
    assert bracketed.endswith((place or [why])[0])


async def test_the_label_that_enter_takes_has_its_help_over_it_where_the_item_leaves_a_row(tmp_path):
    for lines, told in ((1, "[air]     What one breathes"), (11, "air: What one breathes"), (99, "")):
        app = make(tmp_path / str(lines), NAMED, Record(Item("k", "\n".join(f"line {n}" for n in range(lines)))))
        async with app.run_test(size=(80, 24)) as pilot:
            before = shown(app)
            await pilot.press("plus", *"air")
            assert [row.strip() for row in shown(app) if "breathes" in row] == [told] * bool(told)
            assert [row for row in before[:15] if row not in shown(app)] == []
            await pilot.press("down")
            assert any("What one breathes" in row for row in shown(app)) == (lines == 1)


async def test_the_guidelines_open_with_the_help_of_the_label_at_hand(tmp_path):
    source = SENTIMENT.replace("key: n}", "key: n, help: Anger or loss}").replace("[{", "[also, {")
    app = make(tmp_path, source.replace("type: choice\n", "type: choices\n"), Record(Item("k", "x")))
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("n", "g")
        screen = shown(app)

    assert [row.strip() for row in screen[2:5]] == ["negative: Anger or loss", "", "negative"]


async def test_labels_beyond_the_row_are_counted_and_stepped_to(tmp_path):
    labels = ", ".join(f"label{number:02}" for number in range(60))
    source = f"name: c\ntasks: [{{id: t, type: choices, labels: [{labels}]}}]\n"
    app = make(tmp_path, source, Record(Item("k", "words " * 400)))
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("plus")
        for number in range(60):
            row = next(row for row in shown(app) if row.startswith(" label "))
            assert f"[label{number:02}]" in row
            assert row.count("label") - 1 + int(row.partition("+")[2].split()[0]) == 60
            await pilot.press("down")


async def test_all_flags_are_seen_with_their_digits_and_help_where_the_item_leaves_rows(tmp_path):
    reasons = [f"a-rather-long-reason-{number}" for number in range(1, 10)]
    flags = f"flags: [{{reason: {reasons[0]}, help: Two labels fit}}, {', '.join(reasons[1:])}]\n"
    for text, helped in (("x", True), ("words " * 400, False)):
        app = make(tmp_path / str(helped), SENTIMENT + flags, Record(Item("k", text)))
        async with app.run_test(size=(80, 24)) as pilot:
            await pilot.press("f")
            words = " ".join(" ".join(shown(app)).split())
            assert all(f" {number} {reason}" in words for number, reason in enumerate(reasons, 1))
            assert ("Two labels fit" in words) == helped
            assert shown(app)[-1].startswith(" 1–9 flag ") and shown(app)[0].startswith(" tweets")
    app = make(tmp_path / "two", NAMED, Record(Item("k", "x")))
    async with app.run_test(size=(40, 12)) as pilot:
        await pilot.press("f")
        assert shown(app)[-1].startswith(" 1–2 flag ")


async def test_the_note_of_a_flag_is_mended_not_wiped(tmp_path):
    app = make(tmp_path, NAMED, Record(Item("k", "x")))
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("f", "n", "1", *"two", "enter", "f", "n", "1", "enter")
        assert [flag.note for flag in app.workbench.session.work.flags] == ["two"]
        await pilot.press("f", "n", "1", *" fit", "enter")
        assert [flag.note for flag in app.workbench.session.work.flags] == ["two fit"]


@pytest.mark.parametrize("leave", [(), ("ctrl+q",)], ids=["cut off", "left"])
@pytest.mark.parametrize("keys, shows", [("fn1", "ambiguous: two"), ("q", "ask: two"), ("q\t", "comment: two")])
async def test_a_line_that_is_half_typed_is_there_again(tmp_path, keys, shows, leave):
    app = make(tmp_path, NAMED, Record(Item("k", "x")), Record(Item("l", "y")))
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press(*("tab" if key == "\t" else key for key in keys), *"two", *leave)
    again = make(tmp_path, NAMED)
    async with again.run_test(size=(80, 24)) as pilot:
        assert any(shows in row for row in shown(again))
        await pilot.press(*"!", "enter")
        workbench = again.workbench
        said = [flag.note for flag in workbench.session.work.flags] + [
            one.text for one in workbench.desk.claim.comments
        ]
        assert (said, workbench.session.line.words) == (["two!"], "")


async def test_what_is_typed_is_seen_where_something_is_not_saved(tmp_path, monkeypatch):
    app = make(tmp_path, NAMED, Record(Item("k", "x")))
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("f", "1")
        monkeypatch.setattr(app.workbench._store, "save_draft", Mock(side_effect=StoreBusy("project.db is in use")))
        app.workbench._drafts.now()
        await settled(pilot)
        await pilot.press("q", *"why")
        assert [row.strip() for row in shown(app) if "in use" in row or "ask:" in row] == [
            "not saved: project.db is in use",
            "ask: why",
        ]


async def test_a_line_that_was_given_up_is_not_there_again(tmp_path):
    app = make(tmp_path, NAMED, Record(Item("k", "x")))
    async with app.run_test(size=(80, 24)) as pilot:
        app.post_message(Paste("q"))
        await settled(pilot)
        await pilot.press("q")
        app.post_message(Paste("why?"))
        await settled(pilot)
        assert app.workbench.session.line.words == "why?"
        await pilot.press("escape")
    again = make(tmp_path, NAMED)
    async with again.run_test(size=(80, 24)):
        assert again._mode is None


async def test_compare_picks_with_one_key(tmp_path):
    source = "name: c\ntasks: [{id: better, type: compare}]\n"
    app = make(tmp_path, source, Record(Item("k", "Which?", ("short one", "long one"))))
    async with app.run_test(size=(80, 24)) as pilot:
        assert any("long one" in row for row in shown(app))
        await pilot.press("2")
        assert any("Nothing is left" in row for row in shown(app))
    store, _ = opening.open_store(config.load(tmp_path))

    assert [one.answers for _, one in store.answers()] == [{"better": "B"}]


async def test_choices_and_rating(tmp_path):
    source = (
        "name: c\ntasks:\n  - {id: t, type: choices, min: 1, labels: [a1, b1]}\n"
        "  - {id: sure, type: rating, max: 3, required: false}\n"
    )
    app = make(tmp_path, source, Record(Item("k", "x")))
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("enter")
        assert any("t: needs an answer" in row for row in shown(app))
        key = app.keymap.key_of_label("sure", "3")
        await pilot.press("2", "1", key, "enter")
    store, _ = opening.open_store(config.load(tmp_path))

    assert [one.answers for _, one in store.answers()] == [{"t": ["a1", "b1"], "sure": 3}]


async def test_typing_takes_every_key_and_pastes(tmp_path):
    source = "name: c\ntasks: [{id: why, type: text}]\n"
    app = make(tmp_path, source, Record(Item("k", "x")), Record(Item("l", "y")))
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press(*"psq", "ctrl+j", *"un", "backspace", "enter")
    store, _ = opening.open_store(config.load(tmp_path))

    assert [one.answers for _, one in store.answers()] == [{"why": "psq\nu"}]


async def test_what_is_written_with_joiners_and_wide_blanks_is_kept_as_typed(tmp_path):
    words = "می\u200cروم क्\u200dष 👨\u200d👩\u200d👧 日\u3000本 a\u00a0b\u00ad\u202ec"
    source = "name: c\ntasks: [{id: why, type: text}]\nflags: [{reason: ambiguous}]\n"
    app = make(tmp_path, source, Record(Item("k", "x")), Record(Item("l", "y")))
    async with app.run_test(size=(80, 24)) as pilot:
        for char in words:
            await app.on_key(Key("space" if char == " " else unicodedata.name(char).lower(), char))
        drawn = "".join(text for row in app.sheet._rows for text, _ in row)
        assert "a\u00a0b-↔c" in drawn and "\u202e" not in drawn
        await pilot.press("ctrl+g", "n", "1")
        await app.on_paste(Paste(f"{words}\n\tend\n"))
        await pilot.press("enter", "enter")
    store, _ = opening.open_store(config.load(tmp_path))

    assert [(one.answers, [flag.note for flag in one.flags]) for _, one in store.answers()] == [
        ({"why": words}, [f"{words}  end"])
    ]


async def test_a_mouse_drag_selects(tmp_path):
    app = make(tmp_path, ENTITIES, Record(Item("k", TEXT)))
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.mouse_down("Sheet", offset=(4, 4))
        await pilot.hover("Sheet", offset=(12, 4))
        await pilot.mouse_up("Sheet", offset=(12, 4))
        await settled(pilot)
        session = app.workbench.session

    assert session is not None
    assert session.item.text[slice(*session.selection)] in ("Angela Merkel", "Merkel")


async def test_a_click_after_a_drag_begins_anew(tmp_path):
    app = make(tmp_path, ENTITIES, Record(Item("k", TEXT)))
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.mouse_down("Sheet", offset=(4, 4))
        await pilot.hover("Sheet", offset=(12, 4))
        await pilot.mouse_up("Sheet", offset=(12, 4))
        await pilot.click("Sheet", offset=(19, 4))
        await settled(pilot)
        await pilot.press("1")

        assert [TEXT[span.start : span.end] for _, span in app.workbench.session.spans] == ["flew"]


@pytest.mark.parametrize("cover", ["pause", "sprint page", "small window"])
async def test_the_mouse_does_nothing_to_an_item_that_is_hidden(tmp_path, cover):
    app = make(tmp_path, ENTITIES, Record(Item("k", "word " * 900)))
    async with app.run_test(size=(80, 24)) as pilot:
        if cover == "pause":
            await pilot.press("p")
        elif cover == "sprint page":
            app.workbench.start_sprint(60_000)
            await app.workbench.end_sprint()
        else:
            await resized(pilot, 30, 8)
        before = app.workbench.desk
        await app._wheel(3)
        await pilot.mouse_down("Sheet", offset=(4, 4))
        await pilot.hover("Sheet", offset=(12, 4))
        await pilot.mouse_up("Sheet", offset=(12, 4))
        await pilot.click("Sheet", offset=(19, 4))
        await settled(pilot)

        assert app.workbench.desk == before


@pytest.mark.parametrize(
    ("hands", "ms"),
    [
        (["pagedown", "down", "end"], 120_000),  # reading a long text
        (["g", "pagedown", "end", "x"], 160_000),  # the guidelines
        (["f", "n", "1", "s", "o", "enter"], 240_000),  # a note
        (["q", "w", "h", "y", "escape"], 200_000),  # a question
        (["P", "x", "x", "space"], 40_000),  # a pause is none
    ],
)
async def test_time_between_keys_is_work_though_they_do_nothing_to_the_item(tmp_path, hands, ms):
    app = make(tmp_path, SENTIMENT, Record(Item("k", "word " * 900)), Record(Item("l", "next")))
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        app.workbench._clock = clock = Clock()
        app.workbench.painted()
        for key in hands:
            clock.now += 40
            await pilot.press(key)
        await pilot.press("n")
        ((_, answer),) = app.workbench._store.answers()

    assert (answer.timing.active, answer.timing.idle) == (ms, 0)


async def test_time_between_turns_of_the_wheel_is_work(tmp_path):
    app = make(tmp_path, SENTIMENT, Record(Item("k", "word " * 900)))
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        app.workbench._clock = clock = Clock()
        app.workbench.painted()
        for event in (MouseScrollDown, MouseScrollUp):
            clock.now += 40
            app.post_message(event(None, 9, 9, 0, 0, 0, False, False, False))
            await settled(pilot)

        assert app.workbench.desk.watch.timing.active == 80_000


async def test_escape_gives_a_selection_up_and_the_legend_says_so_while_one_is_open(tmp_path):
    app = make(tmp_path, ENTITIES, Record(Item("k", TEXT)))
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("2", "v", "right")
        assert shown(app)[23].startswith(" ↵ next   ; hop   Esc give up   f flag")
        await pilot.press("escape")
        assert shown(app)[23].startswith(" ↵ next   ; hop   v select   f flag")
        await pilot.press("1")

        assert [TEXT[span.start : span.end] for _, span in app.workbench.session.spans] == ["Angela", "Merkel"]


async def test_back_to_an_earlier_item_and_correct_it(tmp_path):
    app = make(tmp_path, SENTIMENT, Record(Item("a", "first")), Record(Item("b", "second")))
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("p")
        await pilot.press("less_than_sign")
        assert any("answered before" in row for row in shown(app))
        await pilot.press("n")
        assert any("second" in row for row in shown(app))
    store, _ = opening.open_store(config.load(tmp_path))

    assert [(item.key, one.answers["sentiment"], one.revision) for item, one in store.answers()] == [
        ("a", "negative", 2)
    ]


async def test_the_key_that_leads_back_to_a_text_is_no_word_of_it(tmp_path):
    source = "name: t\norder: as-added\ntasks: [{id: why, type: text}]\n"
    app = make(tmp_path, source, *(Record(Item(f"i{n}", TEXT)) for n in range(3)))
    back, on = "less_than_sign", "greater_than_sign"
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("a", "enter", "b", "enter", "c", "escape", back, back, on, on, on, on)
        assert app.workbench.session.box == "c"
        assert any("this is the latest item" in row for row in shown(app))
        await pilot.press("s", on)
        session = app.workbench.session
        assert (session.item.key, session.box) == ("i2", "cs>")


async def test_saved_is_said_of_a_correction_only_once_it_is_handed_in(tmp_path):
    app = make(tmp_path, SENTIMENT, Record(Item("a", "first")), Record(Item("b", "second")))
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("p", "less_than_sign")
        assert "saved ✓" in shown(app)[-1]
        await pilot.press("f", "1")
        assert "kept as a draft" in shown(app)[-1] and "saved" not in shown(app)[-1]
        await pilot.press("greater_than_sign")
        assert any("a corrected" in row for row in shown(app)) and "saved ✓" in shown(app)[-1]


async def test_what_became_of_a_correction_is_said_over_an_empty_queue_too(tmp_path):
    app = make(tmp_path, SENTIMENT, Record(Item("a", "first")))
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("p", "less_than_sign", "f", "1", "greater_than_sign")
        assert any("Nothing is left" in row for row in shown(app)) and any("a corrected" in row for row in shown(app))


async def test_the_clock_of_a_sprint_is_over_an_empty_queue_too(tmp_path):
    app = make(tmp_path, SENTIMENT)
    async with app.run_test(size=(80, 24)) as pilot:
        app.workbench.start_sprint(25 * 60_000)
        app._show()
        await pilot.pause()
        assert re.search(r"sprint 2[45]:\d\d left, 0 done$", shown(app)[0])


async def test_an_item_that_comes_later_is_seen(tmp_path):
    app = make(tmp_path, SENTIMENT)
    async with app.run_test(size=(80, 24)) as pilot:
        assert any("nothing to label yet" in row for row in shown(app))
        store, _ = opening.open_store(config.load(tmp_path))
        store.add([Record(Item("a", "at last"))])
        await app.workbench.look_again()
        await settled(pilot)
        assert any("at last" in row for row in shown(app))


async def test_what_needs_no_item_is_done_by_its_name_over_an_empty_queue(tmp_path):
    app = make(tmp_path, SENTIMENT)
    app._leaving.leave = lambda: None
    async with app.run_test(size=(80, 24)) as pilot:
        assert ": commands" in shown(app)[-1]
        await pilot.press("colon", *"what")
        assert shown(app)[-3] == " do what   [What changed in the guidelines and questions]"
        assert shown(app)[-1].startswith(" ↵ take") and len(shown(app)) == 24
        await pilot.press("enter")
        assert "nothing changed so far" in shown(app)[-3]
        await pilot.press("f9")
        offered = [offer.value for offer in app._mode.offers]
        assert "guide.open" in offered and "flag.open" not in offered
        for name in offered:
            app._open_palette()
            await app._mode.take(name)
            app._reading = None
            app.workbench.resume()
            app._show()


async def test_what_is_typed_when_an_item_comes_is_no_answer_to_it(tmp_path):
    app = make(tmp_path, SENTIMENT)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("colon", "a")
        store, _ = opening.open_store(config.load(tmp_path))
        store.add([Record(Item("a", "at last"))])
        await app.workbench.look_again()
        await pilot.press("p")
        assert any("at last" in row for row in shown(app)) and app._mode.editor.text == "ap"


async def test_nothing_is_answered_in_a_window_that_is_too_small(tmp_path):
    source = SENTIMENT + "  - {id: why, type: text, required: false}\n"
    app = make(tmp_path, source, *(Record(Item(f"i{n}", f"Text {n}")) for n in range(3)))
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("p", "a")
        await resized(pilot, 30, 8)
        assert [row.strip() for row in shown(app) if row] == ["needs 40×12, has 30×8", "^Q leaves"]
        await pilot.press("b", "enter", "f", "1")
        await resized(pilot, 80, 24)
        session = app.workbench.session
        assert session is not None and session.item.key == "i0"
        assert (session.box, session.work.flags) == ("abf1", ()), "what was typed is there, and goes no further"
        await pilot.press("escape")
        await resized(pilot, 80, 11)
        await pilot.press("n", "enter", "s", "u", "ctrl+q")
    assert app.workbench.progress.mine == 0 and app.return_code == 0


@pytest.mark.parametrize(
    ("keys", "asked"), [("=", "opinions"), (",", "inbox"), (": # what changed # enter", "changes")]
)
async def test_what_cannot_be_read_now_is_no_page_and_nothing_unsaved(tmp_path, monkeypatch, keys, asked):
    app = make(tmp_path, SENTIMENT, Record(Item("k", "Some text")))
    async with app.run_test(size=(80, 24)) as pilot:
        monkeypatch.setattr(app.workbench._store, asked, Mock(side_effect=StoreBusy("project.db is in use")))
        for part in keys.split(" # "):
            await pilot.press(*([part] if part in ("enter", "=", ",", ":") else part))
        assert any(row == " can't be read now: project.db is in use" for row in shown(app))
        assert any(row.endswith("saved ✓") for row in shown(app))


async def test_nothing_is_typed_under_a_page_in_a_window_that_is_too_small(tmp_path):
    app = make(tmp_path, "name: n\ntasks: [{id: why, type: text}]\n", Record(Item("k", "Some text")))
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("a", "f1")
        await resized(pilot, 30, 8)
        await pilot.press("b")
        await resized(pilot, 80, 24)
        assert any("keys" in row for row in shown(app)[:1])
        assert app.workbench.session.box == "a"


async def test_the_last_of_a_ranking_is_no_word_of_the_text_after_it(tmp_path):
    source = "name: c\ntasks: [{id: order, type: compare, mode: rank}, {id: why, type: text}]\n"
    app = make(tmp_path, source, Record(Item("k", "", ("short", "long"))), Record(Item("l", "", ("short", "long"))))
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("2", "1", "1")
        session = app.workbench.session
        assert session is not None and session.typing
        assert session.answers == {"order": ["B", "A"], "why": "1"}, "once it is the ranking's"
        await pilot.press("enter", "1", "x", "2")
        session = app.workbench.session
        assert session is not None
        assert session.answers == {"order": ["A", "B"], "why": "x2"}, "then it is a word's"


@pytest.mark.parametrize("key", ["²", "³", "٣", "1"])
async def test_a_digit_of_any_script_or_none_is_taken_for_what_it_is(tmp_path, key):
    app = make(tmp_path, SENTIMENT, Record(Item("k", TEXT)))
    async with app.run_test(size=(80, 24)):
        for pressed in ("f", key):
            await app.on_key(Key(pressed, pressed))
        session = app.workbench.session
        assert session is not None
        assert [flag.reason for flag in session.work.flags] == {"1": ["ambiguous"], "٣": ["wrong-language"]}.get(
            key, []
        )


@pytest.mark.parametrize(
    ("keys", "minutes"),
    [
        ("enter", 25),
        ("space 5 enter", 5),
        ("1 0 backspace backspace space enter", 25),
        ("٣ ² 2 5 0 1 2 enter", 2501),
        ("2 5 home 0 0 enter", 25),
        ("0 enter", 0),
    ],
)
async def test_of_a_sprints_minutes_nothing_but_digits_is_taken(tmp_path, keys, minutes):
    app = make(tmp_path, SENTIMENT, Record(Item("k", TEXT)))
    async with app.run_test(size=(80, 24)):
        await app._start_or_end_sprint()
        for key in keys.split():
            await app.on_key(Key(key, key if len(key) == 1 else None))
        sprint = app.workbench.tally.sprint
        assert (app._mode, sprint.planned_ms if sprint else 0) == (None, minutes * 60_000)


async def test_what_is_looked_for_on_a_page_may_be_pasted(tmp_path):
    app = make(tmp_path, SENTIMENT, Record(Item("k", TEXT)))
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("question_mark", "slash")
        await app.on_paste(Paste("by part\r\n"))
        await pilot.press("enter")
        assert "Label by part of its name" in shown(app)[2]
