"""What hands changed in a merged answer, and a version that is taken after it."""

from __future__ import annotations

from dataclasses import replace
from operator import itemgetter
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tui_label.core.item import Item, Sound
from tui_label.core.reviewing.differences import Comparison, compare
from tui_label.core.reviewing.merging import edited, rebased, rebased_text
from tui_label.core.tasks import Choice, Choices, Label, Segments, Spans, Task, Text
from tui_label.core.transcript import Style

LABELS = tuple(map(Label, "abc"))
TEXT = "one two three four five six"
TOPICS = Choices("t", labels=LABELS)
NAMES = Spans("t", labels=LABELS)
TURNS = Segments("t", labels=LABELS, transcript=Style(speakers=("x", "y")))
CROSSTALK = Segments("t", labels=LABELS, overlap=True, transcript=Style(speakers=("x", "y")))
SOUND = Item("k", sound=Sound("k.wav", duration=20.0))


def span(start: int, end: int, label: str = "a") -> dict[str, Any]:
    return {"start": start, "end": end, "label": label, "text": TEXT[start:end]}


def turn(start: float, end: float, label: str = "a", text: str = "so it is", speaker: str = "") -> dict[str, Any]:
    named = {"label": label, "text": text, "speaker": speaker}
    return {"start": start, "end": end} | {name: value for name, value in named.items() if value}


def compared(task: Task, versions: tuple[Any, ...]) -> tuple[Comparison, dict[int, int]]:
    """The versions, and the first one taken everywhere."""
    item = SOUND if isinstance(task, Segments) else Item("k", TEXT)
    comparison = compare((task,), item, [{task.id: one} for one in versions])
    return comparison, dict.fromkeys(range(len(comparison.differences)), 0)


def taken(task: Task, versions: tuple[Any, ...], now: Any) -> Any:
    """The answer after hands made `now` of the first version, and the second's reading of the first difference is taken."""
    comparison, first = compared(task, versions)
    was, after = (comparison.merged(some, unasked=True).get(task.id) for some in (first, {**first, 0: 1}))
    return rebased(task, comparison.differences[0], was, after, now)


@pytest.mark.parametrize(
    ("before", "after", "now", "expected"),
    [
        ("we met in may", "we meet in may", "we met in june", "we meet in june"),
        ("we met in may", "we meet in may", "we mate in may", "we meet in may"),
        ("we met in may", "we meet them in may", "we mate in may", "we meet them in may"),
        ("in may", "in late may", "in early may", "in late may"),
        ("may", "late may", "early may", "late may"),
        ("may", "late may", "june", "late june"),
        ("may", "june", "late may", "late june"),
        ("[a][c]", "[a][d]", "[a][b][c]", "[a][b][d]"),
        ("one[cough]two", "one[laugh]two", "uno[cough]two", "uno[laugh]two"),
        ("", "we met", "", "we met"),
        ("we met", "we met", "", ""),
    ],
)
def test_of_words_both_stay_unless_they_are_the_same_words(before, after, now, expected):
    assert rebased_text(before, after, now) == expected


def test_a_whole_answer_is_taken_whole_whatever_hands_made_of_it():
    words = Choice("t", labels=tuple(map(Label, ("quite good", "quite bad", "very good"))))

    assert taken(words, ("quite good", "quite bad"), "very good") == "quite bad"


@pytest.mark.parametrize(
    ("versions", "now", "expected"),
    [
        ((["a"], ["a", "b"]), ["c", "a"], ["a", "b", "c"]),
        ((["a", "b"], ["a"]), ["a", "b", "c"], ["a", "c"]),
        ((["a", "b"], ["a"]), ["b"], []),
        ((["a"], ["a", "b"]), None, ["a", "b"]),
    ],
)
def test_a_label_is_taken_and_the_others_are_as_hands_left_them(versions, now, expected):
    assert taken(TOPICS, versions, now) == expected


@pytest.mark.parametrize(
    ("first", "now", "expected"),
    [
        ([span(0, 3)], [span(0, 3), span(4, 7)], [span(0, 3, "b"), span(4, 7)]),
        ([span(0, 3)], [span(0, 3, "c"), span(3, 7)], [span(0, 3, "b"), span(3, 7)]),
        ([span(0, 3)], [span(0, 7)], [span(0, 3, "b")]),
        ([span(0, 3)], [], [span(0, 3, "b")]),
        ([], [span(0, 3, "c")], [span(0, 3, "b")]),
    ],
)
def test_a_span_is_taken_instead_of_those_that_hands_made_in_its_place(first, now, expected):
    assert taken(NAMES, (first, [span(0, 3, "b")]), now) == expected


@pytest.mark.parametrize(
    ("versions", "now", "expected"),
    [
        (([span(0, 3)], []), [span(0, 3), span(4, 7)], [span(4, 7)]),
        (([span(0, 3), span(8, 13)], [span(0, 3)]), None, []),
        (([span(0, 3)], [span(0, 3), span(8, 13)]), None, [span(8, 13)]),
        (([span(0, 13)], [span(0, 13, "b")]), [span(0, 13), span(0, 3, "b")], [span(0, 13, "b")]),
        (([span(0, 13)], [span(0, 13, "b")]), [span(0, 13), span(0, 3, "c")], [span(0, 3, "c"), span(0, 13, "b")]),
        (([span(0, 7)], [span(0, 3)]), [span(0, 3, "c")], [span(0, 3)]),
        (
            ([span(0, 3), span(0, 3, "c")], [span(0, 3, "b"), span(0, 3, "c")]),
            [span(0, 3), span(0, 3, "c"), span(8, 13)],
            [span(0, 3, "b"), span(0, 3, "c"), span(8, 13)],
        ),
    ],
)
def test_where_spans_may_overlap_those_of_hands_go_that_can_be_meant_for_the_same(versions, now, expected):
    assert taken(replace(NAMES, overlap=True), versions, now) == expected


@pytest.mark.parametrize(
    ("other", "now", "expected"),
    [
        (turn(0, 4, "b"), turn(0, 4, text="so it was"), turn(0, 4, "b", "so it was")),
        (turn(0, 4, "b"), turn(0, 4, text=""), turn(0, 4, "b", "")),
        (turn(0, 4, "b"), turn(1, 4), turn(1, 4, "b")),
        (turn(0, 4, "b"), turn(0, 4, "c"), turn(0, 4, "b")),
        (turn(0, 4, "b"), turn(0, 4, speaker="x"), turn(0, 4, "b", speaker="x")),
        (turn(0, 3), turn(1, 4), turn(1, 3)),
        (turn(0, 3), turn(3, 4), turn(0, 3)),
        (turn(0, 4, text="so he is"), turn(0, 4, "c"), turn(0, 4, "c", "so he is")),
        (turn(0, 4, text="so he is"), turn(0, 4, text="so it was"), turn(0, 4, text="so he was")),
    ],
)
def test_a_segment_is_taken_with_what_hands_changed_of_it_otherwise(other, now, expected):
    beside = [turn(4, 6), turn(10, 12)]
    made = [now, turn(4, 6, "c"), beside[1]]

    assert taken(TURNS, ([turn(0, 4), *beside], [other, *beside]), made) == [expected, *made[1:]]


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        ([turn(0, 2, speaker="x"), turn(2, 8, speaker="y")], turn(0, 8, speaker="y")),
        ([turn(0, 2), turn(2, 4, speaker="x"), turn(4, 8, speaker="y")], turn(0, 8, speaker="y")),
        ([turn(0, 2, speaker="x"), turn(2, 8)], turn(0, 8)),
    ],
)
def test_a_segment_has_what_hands_changed_of_the_one_that_it_shares_most_with(now, expected):
    assert taken(TURNS, ([turn(0, 2), turn(2, 8)], [turn(0, 8)]), now) == [expected]


@pytest.mark.parametrize(
    ("versions", "now", "expected"),
    [
        (([turn(0, 4)], [turn(0, 4), turn(6, 8)]), [turn(0, 4, "c")], [turn(0, 4, "c"), turn(6, 8)]),
        (([turn(0, 4)], [turn(0, 4), turn(6, 8)]), [turn(0, 4), turn(6, 9, "c")], [turn(0, 4), turn(6, 8)]),
        (([turn(0, 4)], [turn(0, 4, "b")]), [turn(8, 9)], [turn(0, 4, "b"), turn(8, 9)]),
        # The third makes one place of what the others have; one of the second's is apart from all of the first's
        (([turn(0, 3)], [turn(0, 2), turn(3, 8)], [turn(1, 6)]), [turn(0, 3, "c")], [turn(0, 2, "c"), turn(3, 8)]),
    ],
)
def test_a_segment_with_nothing_of_hands_in_its_place_comes_as_it_is(versions, now, expected):
    assert taken(TURNS, versions, now) == expected


def test_segments_shorter_than_a_second_are_as_good_as_long_ones():
    said, other = turn(0, 0.5), turn(0, 0.5, text="so he is")

    assert taken(TURNS, ([said], [turn(0, 0.5, "b")]), [said | {"speaker": "x"}]) == [turn(0, 0.5, "b", speaker="x")]
    assert taken(TURNS, ([said], [other]), [said | {"speaker": "x"}]) == [other | {"speaker": "x"}]


@st.composite
def crosstalk(draw: st.DrawFn) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Two versions of turns that lie on each other; each word says of which turn it is."""
    places = draw(st.lists(st.tuples(st.integers(0, 40), st.integers(10, 40)), min_size=2, max_size=4, unique=True))
    turns = [
        turn(start / 10, (start + length) / 10, draw(st.sampled_from("ab")), f"{n}.so {n}.it {n}.is", "x")
        for n, (start, length) in enumerate(places)
    ]
    changes = [
        lambda one: {},
        lambda one: {"start": one["start"] + 0.2},
        lambda one: {"end": one["end"] + 0.2},
        lambda one: {"label": "c"},
        lambda one: {"speaker": "y"},
        lambda one: {"text": one["text"].replace("is", "was")},
    ]
    one, other = (
        sorted(({**each, **draw(st.sampled_from(changes))(each)} for each in turns), key=itemgetter("start", "end"))
        for _ in range(2)
    )
    return one, other


def whose(record: dict[str, Any]) -> set[str]:
    """The turns that have words in a segment."""
    return {word.partition(".")[0] for word in record.get("text", "").split()}


@given(crosstalk(), st.data())
def test_of_turns_on_each_other_none_gets_or_loses_words_because_a_version_of_another_is_taken(versions, data):
    comparison, first = compared(CROSSTALK, versions)
    assume(comparison.differences)
    number = data.draw(st.sampled_from(range(len(comparison.differences))))
    was, after = (comparison.merged(some, unasked=True)["t"] for some in (first, {**first, number: 1}))
    gone, came = [one for one in was if one not in after], [one for one in after if one not in was]
    # That the versions themselves are set beside each other so is another matter
    assume(all(len(whose(one)) == 1 for one in [*was, *after]))
    assume(sorted(map(sorted, map(whose, gone))) == sorted(map(sorted, map(whose, came))))
    edited_at = data.draw(st.sampled_from(range(len(was))))
    (mine,) = whose(was[edited_at])
    hand = {**was[edited_at], "text": f"{was[edited_at]['text']} {mine}.hand"}

    now = rebased(
        CROSSTALK, comparison.differences[number], was, after, [*was[:edited_at], hand, *was[edited_at + 1 :]]
    )

    assert [whose(one) for one in now if len(whose(one)) != 1] == []
    assert sum(f"{mine}.hand" in one["text"] for one in now) == 1


# what was edited


@pytest.mark.parametrize(
    ("task", "versions", "now", "expected"),
    [
        (TOPICS, (["a"], ["a", "b"]), ["a", "c"], set()),
        (TOPICS, (["a"], ["a", "b"]), ["a", "b"], {0}),
        (TOPICS, (["a", "b"], ["a"]), ["c"], {0}),
        (TOPICS, (["a", "b"], ["a"]), None, {0}),
        (NAMES, ([span(4, 7)], [span(4, 7, "b")]), [span(4, 7, "c")], {0}),
        (NAMES, ([span(4, 7)], [span(4, 7, "b")]), [span(0, 3), span(4, 7)], set()),
        (NAMES, ([span(4, 7)], [span(4, 7, "b")]), [span(0, 4), span(4, 7), span(7, 8)], set()),
        (TURNS, ([turn(0, 4)], [turn(0, 4, text="so he is")]), [turn(0, 4, "c")], set()),
        (TURNS, ([turn(0, 4)], [turn(0, 4, text="so he is")]), [turn(0, 4, text="so she is")], {0}),
        (TURNS, ([turn(0, 4)], [turn(0, 4, text="so he is")]), [turn(0, 4, text="now it is")], set()),
        (TURNS, ([turn(0, 4)], [turn(0, 4, text="so he is")]), [turn(0, 4), turn(3, 9, text="so she is")], set()),
        (TURNS, ([turn(0, 4)], [turn(0, 4, text="so he is")]), [], set()),
        (
            CROSSTALK,
            ([turn(0, 4), turn(1, 4, "b", "who is it")], [turn(0, 4), turn(1, 4, "b", "who was it")]),
            [turn(0, 4, text="so it was"), turn(1, 4, "b", "who is it")],
            set(),
        ),
        (TURNS, ([turn(0, 4)], [turn(0, 4, text="so he is")]), None, set()),
        (TURNS, ([turn(0, 0.5)], [turn(0, 0.5, text="so he is")]), [turn(0, 0.5, text="so she is")], {0}),
        (Text("t"), ("[a][b][c]", "[a][x][c]"), "[a][y][b][c]", set()),
        (Text("t"), ("[a][b][c]", "[a][x][c]"), "[a][b][y][c]", set()),
        (Text("t"), ("we met in may", "we meet in may"), "we mate in may", {0}),
        (Text("t"), ("we met in may", "we meet in may"), "we mate in june", {0}),
        (Text("t"), ("we met in may", "we meet in may"), "and we met in june", set()),
        (Text("t"), ("we met in may", "we meet in may"), None, set()),
    ],
)
def test_a_place_was_edited_where_hands_changed_what_was_merged_there(task, versions, now, expected):
    comparison, first = compared(task, versions)

    assert edited(comparison, first, comparison.merged(first, unasked=True), {task.id: now}) == expected


def test_an_edit_is_of_its_own_question_alone():
    tasks = [Choice(id, labels=LABELS) for id in "st"]
    comparison = compare(tasks, SOUND, [{"s": "a", "t": "a"}, {"s": "b", "t": "b"}])

    assert edited(comparison, {}, {"s": "a", "t": "a"}, {"s": "a", "t": "c"}) == {1}
