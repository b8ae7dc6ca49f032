"""The installed review command in a real terminal: what its keys leave in the database."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from reviewing import MOOD, annotations, answered, golds, moods, prepare, span
from terminal_harness import Terminal, run

from tui_label.core.item import Item

TEXT = "Angela Merkel flew UA1234 to Rome"
SPANS = "name: names\noverlap: 2\ntasks: [{id: e, type: spans, labels: [person, place, flight]}]\n"


@pytest.fixture
def review(tmp_path: Path) -> Iterator[object]:
    terminals: list[Terminal] = []

    def start(folder: Path, *arguments: str, **named: object) -> Terminal:
        terminal = Terminal("review", str(folder), "--as", "lead", *arguments, **named)  # type: ignore[arg-type]
        terminals.append(terminal)
        return terminal

    yield start
    for terminal in terminals:
        terminal.close()


def test_a_row_of_disagreements_one_key_each(review, tmp_path):
    folder = prepare(tmp_path, MOOD, *moods(["good", "bad", "bad"], ["so-so", "so-so", "bad"], ["good"] * 3))
    before = annotations(folder)
    terminal = review(folder).wait_for("Text number 0").press("2").wait_for("Text number 1").press("a")
    terminal.wait_for("No case is left").press("u").wait_for("back at i1").press("3").wait_for("No case is left")
    terminal.press("ctrl+q")

    assert terminal.wait() == 0
    assert golds(folder) == {"i0": ("settled", {"mood": "bad"}), "i1": ("settled", {"mood": "bad"})}
    assert annotations(folder) == before


def test_spans_and_a_return_that_the_annotator_sees(review, tmp_path):
    one, two = {"e": [span(TEXT, "Angela Merkel", "person")]}, {"e": [span(TEXT, "Merkel", "person")]}
    folder = prepare(tmp_path, SPANS, answered(Item("a", TEXT), one, two), answered(Item("b", TEXT), two, {"e": []}))
    terminal = review(folder).wait_for("boundary").press("x", *"whole names", "enter").wait_for("missing")
    terminal.press("1", "enter").wait_for("No case is left").press("ctrl+q")
    assert terminal.wait() == 0
    assert golds(folder) == {"b": ("settled", two)}

    annotator = Terminal(str(folder), "--as", "ann")
    try:
        annotator.wait_for("whole names").press("ctrl+q")
    finally:
        annotator.close()


def test_a_case_in_another_terminal_is_not_given_twice(review, tmp_path):
    folder = prepare(tmp_path, MOOD, *moods(["good", "bad", "bad"], ["so-so", "so-so", "bad"]))
    review(folder).wait_for("Text number 0")
    Terminal("review", str(folder), "--as", "other").wait_for("Text number 1").close()


def test_what_the_command_refuses(tmp_path):
    folder = prepare(tmp_path, MOOD, *moods(["good", "bad", "bad"]))
    assert run("review", str(folder), "--queue", "nowhere")[0] == 2
    assert "no date" in run("review", str(folder), "--since", "soon")[2]
    status, _, errors = run("review", str(folder))

    assert (status, errors.count("\n")) == (1, 1)


def test_where_names_are_hidden_nobody_is_asked_for_by_name(tmp_path):
    folder = prepare(tmp_path, MOOD + "review: {blind: true}\n", *moods(["good", "bad", "bad"]))
    terminal = Terminal("review", str(folder), "--annotator", "ann")

    assert terminal.wait() == 2
    assert terminal.text.startswith("tui-label: names are hidden in this project; leave out --annotator")
    terminal.close()


def test_the_answers_of_nobody_are_no_queue(tmp_path):
    folder = prepare(tmp_path, MOOD, *moods(["good", "bad", "bad"]))
    terminal = Terminal("review", str(folder), "--annotator", "anne")

    assert terminal.wait() == 1
    assert terminal.text.startswith("tui-label: anne: nobody has this name here; did you mean ann?")
    terminal.close()


def test_settling_by_a_rule_needs_no_terminal(tmp_path):
    folder = prepare(tmp_path, MOOD, *moods(["good"] * 3, ["bad", "bad", "good"]))
    assert run("review", str(folder), "--auto-settle")[0] == 2
    narrowed = run("review", str(folder), "--auto-settle", "unanimous", "--annotator", "ann")
    assert narrowed[0] == 2 and "--auto-settle goes through all items; leave out what narrows a queue" in narrowed[2]
    status, out, _ = run("review", str(folder), "--auto-settle", "unanimous")

    assert (status, out) == (0, "1 item settled by the rule unanimous\n")
    assert golds(folder) == {"i0": ("auto", {"mood": "good"})}


def test_a_queue_of_the_dashboard_leads_back_to_it(tmp_path):
    folder = prepare(tmp_path, MOOD, *moods(["good", "bad", "bad"], ["so-so", "so-so", "bad"]))
    terminal = Terminal("status", str(folder), "--follow")
    try:
        terminal.wait_for("1 disagreements 2").press("1").wait_for("Text number 0").press("2").wait_for("Text number 1")
        terminal.press("ctrl+q").wait_for("1 disagreements 1").press("1").wait_for("Text number 1")
        terminal.press("ctrl+q").wait_for("1 disagreements 1").press("q")
        assert terminal.wait() == 0
    finally:
        terminal.close()
