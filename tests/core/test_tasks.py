"""What each task type takes for an answer, and how far two answers agree."""

from __future__ import annotations

from math import inf, nan

import pytest

from tui_label.core.item import Item, Sound, content_key
from tui_label.core.tasks import Choice, Choices, Compare, Label, Rating, Segments, Spans, Text
from tui_label.core.tasks.base import renamed

LABELS = (Label("a"), Label("b"))
ITEM = Item("k", "some text")
PAIR = Item("p", "", ("one", "two"))
CLIP = Item("c", sound=Sound("c.wav", 2.0, 0.0, 8000, 1, ""))


def span(start: int, end: int, label: str = "a") -> dict[str, object]:
    return {"start": start, "end": end, "label": label}


@pytest.mark.parametrize(
    ("task", "item", "good", "bad"),
    [
        (Choice("t", labels=LABELS), ITEM, ["a"], ["c", ["a"], None]),
        (Choices("t", labels=LABELS, max=1), ITEM, [[], ["a"]], ["a", ["a", "a"], ["a", "b"], ["c"]]),
        (Rating("t"), ITEM, [1, 5], [0, 6, True, "3", 2.0]),
        (Text("t", min=2, max=4), ITEM, ["ab", "👩‍👧"], ["a", "abcde", 3]),
        (Compare("t"), PAIR, ["A", "B", "tie"], ["C", 1]),
        (Compare("t", tie=False, mode="rank"), PAIR, [["B", "A"]], [["A"], ["A", "A"], "A"]),
        (
            Spans("t", labels=LABELS),
            ITEM,
            [[], [span(0, 4), span(4, 9, "b")]],
            [[span(0, 4), span(3, 9)], [span(0, 0)], [span(0, 10)], [span(0, 4, "c")], [span(-1, 2)], [{}], "x"],
        ),
        (Spans("t", labels=LABELS, overlap=True), ITEM, [[span(0, 4), span(2, 9)]], [[span(0, 4), span(0, 4)]]),
        (
            Segments("t", labels=LABELS),
            CLIP,
            [[], [{"start": 0, "end": 1.5, "label": "a"}]],
            [
                [{"start": start, "end": end, "label": "a"}]
                for start in (0, inf, nan, "0")
                for end in (nan, -1, 9, 10**400)
            ],
        ),
    ],
)
def test_valid_and_invalid_answers(task, item, good, bad):
    assert [task.check(value, item) for value in good] == [""] * len(good)
    assert all(task.check(value, item) for value in bad)


@pytest.mark.parametrize(
    ("value", "now"),
    [
        ("a", "c"),
        (["a", "x", "b"], ["c", "x"]),
        (["x", "x"], ["x", "x"]),
        ([span(0, 4, "b")], [span(0, 4, "c")]),
        ([{"start": 0.0, "end": 1.0}, 7], [{"start": 0.0, "end": 1.0}, 7]),
    ],
)
def test_labels_get_other_names_and_two_that_became_one_are_named_once(value, now):
    assert renamed(value, {"a": "c", "b": "c"}) == now


def test_agreement():
    assert Choices("t", labels=LABELS).agreement(["a", "b"], ["b"]) == 0.5
    assert Rating("t").agreement(1, 3) == 0.5
    assert Spans("t", labels=LABELS).agreement([span(0, 4), span(5, 9)], [span(0, 4)]) == pytest.approx(2 / 3)


def test_twins_of_one_file_have_keys_of_their_own():
    assert content_key("x") == content_key("x") != content_key("x", occurrence=2)
    assert content_key("é") != content_key("e\u0301")
