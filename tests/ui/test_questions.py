"""The question zone: what is in sight where not all of it fits."""

from __future__ import annotations

from dataclasses import replace

import pytest
from helpers import project

from tui_label.core.annotating.beginning import begin
from tui_label.core.annotating.session import Session
from tui_label.core.annotating.steps import step
from tui_label.core.item import Item, Suggestion
from tui_label.core.keymap import build
from tui_label.core.text.editor import Editor
from tui_label.ui.canvas import cells
from tui_label.ui.views.questions import Zone, questions

NAMES = [f"label-{number:02}" for number in range(1, 56)]
MANY = f"""\
name: many
tasks:
  - {{id: topics, type: choices, labels: [{", ".join(NAMES)}]}}
  - {{id: note, type: text, required: false}}
"""
SCALES = "name: s\ntasks:\n" + "".join(f"  - {{id: s{n}, type: rating, required: false}}\n" for n in range(12))
LETTERED = """\
name: s
tasks:
  - {id: tone, type: choice, labels: ["1", "2"]}
  - {id: quality, type: rating, min: 1, max: 10, low: hardly readable, high: terribly good}
"""


def begun(source: str) -> Session:
    return begin(project(source), Item("k", "Some words."))


def given(session: Session, *names: str) -> Session:
    for name in names:
        session, _ = step(session, "label.give", ("topics", name))
    return session


def zone(session: Session, most: int = 8, width: int = 80, top: int = 0) -> Zone:
    drawn = questions(session, build(session.project), width, most, top)
    assert len(drawn.rows) <= most and all(cells(row) <= width for row in drawn.rows)
    return drawn


def shown(drawn: Zone) -> list[str]:
    return ["".join(text for text, _ in row).rstrip() for row in drawn.rows]


@pytest.mark.parametrize("width", [40, 80, 120])
def test_labels_that_are_cut_are_counted_and_what_is_given_is_seen(width):
    session = begun(MANY)
    for name in NAMES:
        words = " ".join(shown(zone(given(session, *{name, "label-03"}), 6, width)))
        more = int(words.partition("+")[2].split()[0])

        assert f" {name}]" in words and " label-03]" in words
        assert words.count("label-") + more == len(NAMES)


def test_suggested_labels_are_seen_too():
    session = begin(project(MANY), Item("k", "x"), (Suggestion("topics", ["label-54"], 0.9, "m"),))

    assert "label-54)" in " ".join(shown(zone(session)))


def test_what_is_given_and_where_one_is_moves_no_label():
    before = shown(zone(begun(MANY)))
    session = given(begun(MANY), "label-55")
    after, elsewhere = shown(zone(session)), shown(zone(session.focused("note")))

    assert "+21 more" in before[-2] and "label-55]" in after[-2] and before[-1] == after[-1]
    assert before[:-2] == after[:-2]
    assert [row[1:] for row in after[:-1]] == [row[1:] for row in elsewhere[:-1]]


def test_nothing_is_cut_that_has_room():
    assert "more" not in " ".join(shown(zone(begun(MANY), 12)))
    assert len(shown(zone(begun(MANY), 12))) == 12


@pytest.mark.parametrize("most", [3, 4, 8])
def test_the_caret_is_in_sight_and_the_row_under_it(most):
    session = begun(MANY).focused("note")
    text = "\n".join(f"line {number}" for number in range(9))
    for caret in range(0, len(text), 7):
        note = session.work.answer("note", text, "manual")
        drawn = zone(replace(session, work=note, caret=caret), most)
        rows = [n for n, row in enumerate(drawn.rows) if any(style == "cursor" for _, style in row)]

        assert len(rows) == 1
        assert caret + 7 > len(text) or f"line {caret // 7 + 1}" in shown(drawn)[rows[0] + 1]


def test_questions_are_scrolled_no_further_than_the_focused_one_takes_and_the_rest_is_counted():
    session, top = begun(SCALES), 0
    seen = []
    for focus in [*range(12), *range(10, -1, -1)]:
        drawn = zone(session.focused(f"s{focus}"), 5, top=top)
        top = drawn.top
        assert any(row.startswith(f"›s{focus} ") for row in shown(drawn))
        assert drawn.above + drawn.below == 7
        seen.append(drawn.above)

    assert seen == [*[0] * 5, *range(1, 8), *[7] * 4, *range(6, -1, -1)]


def test_both_ends_of_a_long_scale_on_letters_are_seen():
    assert "hardly readable … terribly good" in " ".join(shown(zone(begun(LETTERED))))
    assert "hardly readable … terribly good" in " ".join(shown(zone(begun(LETTERED).focused("quality"), 3)))
    assert "…" not in "".join(shown(zone(begun(LETTERED), 2)))


def test_a_long_name_of_a_question_is_seen_to_be_cut_and_moves_no_label():
    source = "name: n\ntasks:\n  - {id: how-sure-is-the-speaker, type: choice, labels: [x]}\n  - {id: b, type: choice, labels: [y]}\n"
    rows = shown(zone(begun(source)))

    assert rows == ["›how-sure-is-the…  1 x", " b                 2 y"]


def test_signs_say_where_more_of_a_text_is_out_of_sight():
    source = "name: n\ntasks:\n  - {id: why, type: text}\n  - {id: b, type: choice, labels: [y]}\n"
    session, _ = step(begun(source), "text.enter")

    def signs(caret: int, most: int) -> str:
        typed, _ = step(session, "text.edit", Editor("\n".join("abcdefgh"), caret))
        return "".join(row[5:6] or " " for row in shown(zone(typed, most))[:-1])

    assert signs(0, 4) == " ↓"
    assert signs(8, 4) == "↑↓"
    assert signs(15, 4) == "↑ "
    assert signs(15, 20) == " " * 8


def test_a_text_begins_under_the_keys_of_labels():
    source = "name: n\ntasks:\n  - {id: why, type: text}\n  - {id: b, type: choice, labels: [y]}\n"
    typed, _ = step(begun(source), "text.edit", Editor("abc", 3))

    assert shown(zone(typed)) == ["›why  abc", " b    1 y"]
