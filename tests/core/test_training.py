"""How answers score against the known ones."""

from __future__ import annotations

from pathlib import Path

import pytest

from tui_label import config
from tui_label.core.item import Item
from tui_label.core.training import Score, marked, pieces, score

ALL = """\
name: all
tasks:
  - {id: mood, type: choice, labels: [good, bad]}
  - {id: who, type: spans, when: {mood: [bad]}, labels: [airline, airport]}
  - {id: topics, type: choices, labels: [a, b, c]}
  - {id: sure, type: rating, max: 5}
  - {id: why, type: text, required: false}
"""
TASKS = config.parse(ALL, Path("x")).tasks
ITEM = Item("k", "United at ORD")
UNITED = {"start": 0, "end": 6, "label": "airline", "text": "United"}
ORD = {"start": 10, "end": 13, "label": "airport", "text": "ORD"}


def agreements(answers, known) -> dict[str, float]:
    return {mark.task.id: mark.agreement for mark in marked(TASKS, answers, known)}


def test_only_what_is_known_counts():
    assert agreements({"mood": "good", "sure": 3}, {"mood": "bad"}) == {"mood": 0.0}


def test_each_question_counts_by_its_own_agreement():
    known = {"mood": "bad", "who": [UNITED, ORD], "topics": ["a", "b"], "sure": 5}
    given = {"mood": "bad", "who": [UNITED], "topics": ["a"], "sure": 4}

    assert agreements(given, known) == {"mood": 1.0, "who": pytest.approx(2 / 3), "topics": 0.5, "sure": 0.75}
    assert score(marked(TASKS, given, known)) == pytest.approx((1 + 2 / 3 + 0.5 + 0.75) / 4)


def test_a_question_that_was_not_asked_is_wrong_unless_nothing_was_to_be_found():
    assert agreements({}, {"mood": "bad", "who": [], "topics": [], "sure": 1}) == {
        "mood": 0.0,
        "who": 1.0,
        "topics": 1.0,
        "sure": 0.0,
    }
    assert agreements({"mood": "good"}, {"mood": "bad", "who": [ORD]}) == {"mood": 0.0, "who": 0.0}


@pytest.mark.parametrize(("right", "passed"), [(0.7 + 0.1, True), (0.1 + 0.2 + 0.5, True), (0.79, False), (1.0, True)])
def test_the_pass_mark_is_met_by_the_same_share(right, passed):
    assert Score(right * 3, 3, 0.8, 1, 2).passed is passed


def test_answers_are_told_piece_by_piece():
    mood, who, topics, sure, why = TASKS

    assert pieces(who, [UNITED, ORD], ITEM) == ("“United” airline", "“ORD” airport")
    assert pieces(topics, ["a", "c"], ITEM) == ("a", "c")
    assert (pieces(mood, "bad", ITEM), pieces(sure, 0, ITEM), pieces(why, "", ITEM)) == (("bad",), ("0",), ())


def test_segments_and_rankings_are_told():
    sound = "name: s\nitems: sound\ntasks: [{id: t, type: segments, labels: [dog]}]\n"
    (segments,) = config.parse(sound, Path("x")).tasks
    (rank,) = config.parse("name: c\ntasks: [{id: t, type: compare, mode: rank}]\n", Path("x")).tasks

    assert pieces(segments, [{"start": 0.5, "end": 2, "label": "dog"}], ITEM) == ("00:00.500–00:02.000 dog",)
    assert pieces(rank, ["B", "A"], ITEM) == ("B > A",)
