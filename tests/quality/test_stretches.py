"""Spans and segments of two annotators, against nervaluate and against plain loops."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from nervaluate.entities import Entity
from nervaluate.strategies import ExactEvaluation, PartialEvaluation, StrictEvaluation

from tui_label.core.item import Item, Sound
from tui_label.core.tasks import Label, Segments
from tui_label.quality.stretches import Comparison, stretches_from

LABELS = {"person": 0, "place": 1, "time": 2}


def span(start: int, end: int, label: str = "person") -> dict:
    return {"start": start, "end": end, "label": label}


def compared(one: list[dict], other: list[dict], scale: float = 1) -> Comparison:
    return Comparison(stretches_from([one, other], LABELS, scale), np.array([0]), np.array([1]))


def f1(hits, sizes) -> float:
    return float(2 * hits.sum() / sizes.sum())


@st.composite
def apart(draw) -> list[dict]:
    """Spans of one answer that do not overlap, as a project asks for unless it says `overlap: true`."""
    found, at = [], 0
    for gap, length, label in draw(
        st.lists(st.tuples(st.integers(0, 4), st.integers(1, 6), st.sampled_from(list(LABELS))), max_size=6)
    ):
        found.append(span(at + gap, at + gap + length, label))
        at += gap + length
    return found


@st.composite
def crossing(draw) -> list[dict]:
    found = draw(st.sets(st.tuples(st.integers(0, 12), st.integers(1, 8), st.sampled_from(list(LABELS))), max_size=6))
    return [span(start, start + length, label) for start, length, label in sorted(found)]


def entities(spans: list[dict]) -> list[Entity]:
    """nervaluate's ends are inclusive."""
    return [Entity(one["label"], one["start"], one["end"] - 1) for one in spans]


@given(documents=st.lists(st.tuples(apart(), apart()), min_size=1, max_size=5))
def test_strict_exact_and_partial_equal_nervaluate(documents):
    values = [answer for both in documents for answer in both]
    one = np.arange(0, len(values), 2)
    ours = Comparison(stretches_from(values, LABELS), one, one + 1)
    strict, exact, partial = (
        [kind().evaluate(entities(mine), entities(theirs), list(LABELS))[0] for mine, theirs in documents]
        for kind in (StrictEvaluation, ExactEvaluation, PartialEvaluation)
    )

    assert ours.hits(ours.strict).tolist() == [known.correct for known in strict]
    assert ours.hits(ours.placed).tolist() == [known.correct for known in exact]
    assert ours.partial_hits(ours.touching).tolist() == [known.correct + 0.5 * known.partial for known in partial]
    assert ours.sizes().tolist() == [known.actual + known.possible for known in strict]


@given(documents=st.lists(st.tuples(apart(), apart()), min_size=1, max_size=4), label=st.sampled_from(list(LABELS)))
def test_by_label_is_as_if_there_were_no_other_label(documents, label):
    values = [answer for both in documents for answer in both]
    one = np.arange(0, len(values), 2)
    ours = Comparison(stretches_from(values, LABELS), one, one + 1)
    alone = [[span for span in answer if span["label"] == label] for answer in values]
    only = Comparison(stretches_from(alone, LABELS), one, one + 1)
    number = LABELS[label]

    assert ours.hits(ours.strict, number).tolist() == only.hits(only.strict).tolist()
    assert ours.partial_hits(ours.touching_alike, number).tolist() == only.partial_hits(only.touching).tolist()
    assert ours.sizes(number).tolist() == only.sizes().tolist()


@given(one=crossing(), other=crossing())
def test_partial_under_the_same_label_is_all_labels_together(one, other):
    ours = compared(one, other)
    hits = ours.partial_hits(ours.touching_alike)

    assert hits.tolist() == sum(ours.partial_hits(ours.touching_alike, number) for number in LABELS.values()).tolist()
    assert sum(ours.hits(ours.strict)) <= sum(hits)


def test_the_published_scheme_of_semeval():
    """Scenarios of MUC/SemEval-2013 in one text: right, wrong label, nearly, only here, only there."""
    gold = [span(0, 4), span(10, 14), span(20, 26), span(40, 44)]
    found = [span(0, 4), span(10, 14, "place"), span(22, 26), span(50, 54)]
    ours = compared(gold, found)

    assert f1(ours.hits(ours.strict), ours.sizes()) == pytest.approx(1 / 4)
    assert f1(ours.hits(ours.placed), ours.sizes()) == pytest.approx(2 / 4)
    assert f1(ours.partial_hits(ours.touching), ours.sizes()) == pytest.approx((2 + 0.5) / 4)
    assert f1(ours.partial_hits(ours.touching_alike), ours.sizes()) == pytest.approx((1 + 0.5) / 4)


@given(one=crossing(), other=crossing())
def test_overlapping_spans_meet_as_in_a_plain_loop(one, other):
    ours = compared(one, other)
    order = [sorted(answer, key=lambda s: (s["start"], s["end"], LABELS[s["label"]])) for answer in (one, other)]
    meeting = [
        (mine, theirs)
        for mine in order[0]
        for theirs in order[1]
        if mine["start"] < theirs["end"] and theirs["start"] < mine["end"]
    ]
    free = [list(map(id, answer)) for answer in order]
    hits = 0.0
    for mine, theirs in sorted(
        meeting, key=lambda both: both[0]["start"] != both[1]["start"] or both[0]["end"] != both[1]["end"]
    ):
        if id(mine) in free[0] and id(theirs) in free[1]:
            free[0].remove(id(mine))
            free[1].remove(id(theirs))
            hits += 1.0 if (mine["start"], mine["end"]) == (theirs["start"], theirs["end"]) else 0.5

    assert len(ours.met.pair) == len(meeting)
    assert ours.partial_hits(ours.touching).sum() == hits
    both = {tuple(s.values()) for s in one} & {tuple(s.values()) for s in other}
    assert ours.hits(ours.strict).sum() == len(both)


@given(one=crossing(), other=crossing())
def test_covered_code_points_are_counted_once(one, other):
    shared, covered = compared(one, other).covered
    mine, theirs = ({(at, s["label"]) for s in answer for at in range(s["start"], s["end"])} for answer in (one, other))

    assert shared.sum() == len(mine & theirs)
    assert covered.sum() == len(mine) + len(theirs)


@given(one=crossing(), other=crossing())
def test_it_does_not_matter_whose_answer_comes_first(one, other):
    here, there = compared(one, other), compared(other, one)

    for name in ("strict", "placed"):
        assert here.hits(getattr(here, name)).tolist() == there.hits(getattr(there, name)).tolist()
    assert here.covered[0].tolist() == there.covered[0].tolist()


@given(one=apart(), other=apart())
def test_near_segments_are_those_of_the_task(one, other):
    """`Segments.agreement` sorts the queue of disagreements by the same F1."""
    ours = compared(one, other, scale=1000)
    task = Segments("events", labels=tuple(map(Label, LABELS)))
    assert not task.check(one, Item("i", sound=Sound("a.wav", 100.0)))

    if one or other:
        assert f1(ours.hits(ours.near), ours.sizes()) == pytest.approx(task.agreement(one, other))


@pytest.mark.parametrize("label", ["", "person"])
def test_segments_of_other_speakers_are_not_the_same(label):
    def turns(first: str, second: str) -> list[dict]:
        return [span(0.0, 2.0, label) | {"speaker": first}, span(3.0, 5.0, label) | {"speaker": second}]

    task = Segments("turns", labels=tuple(map(Label, LABELS)))
    for other, expected in ((turns("b", "a"), 0.0), (turns("a", "a"), 0.5), (turns("a", "b"), 1.0)):
        ours = Comparison(
            stretches_from([turns("a", "b"), other], LABELS | {"": 3}, 1000), np.array([0]), np.array([1])
        )
        assert f1(ours.hits(ours.near), ours.sizes()) == expected == task.agreement(turns("a", "b"), other)
        shared, covered = ours.covered
        assert (2 * shared / covered).tolist() == [expected]


def test_boundaries_apart_in_milliseconds():
    ours = compared(
        [span(1.0, 2.0), span(5.0, 6.0), span(8.0, 9.0)], [span(1.02, 1.9), span(5.0, 6.0), span(8.9, 12.0)], 1000
    )
    differ, edges = ours.apart

    assert (differ.tolist(), edges.tolist()) == ([120.0], [4.0])


def test_what_was_marked_differently():
    ours = compared([span(0, 4), span(10, 14), span(20, 26)], [span(0, 4, "place"), span(10, 15), span(30, 33, "time")])
    pair, one, other = ours.confusions()

    assert set(zip(pair.tolist(), one.tolist(), other.tolist(), strict=True)) == {(0, 0, 1), (0, 0, -1), (0, 2, -1)}


def marked_differently(one: list[dict], other: list[dict], scale: float = 1) -> list[tuple[int, int]]:
    _, here, there = compared(one, other, scale).confusions()
    return sorted(zip(here.tolist(), there.tolist(), strict=True))


def test_a_segment_that_one_left_out_is_not_mixed_up_with_its_neighbour():
    """The neighbour begins a little earlier there: nobody sets an edge twice at the same millisecond."""
    one = [span(1.0, 10.0), span(10.0, 20.0, "place")]

    assert marked_differently(one, [span(9.9, 20.0, "place")], 1000) == [(0, -1)]


def test_stretches_that_lie_on_each_other_are_compared_with_those_of_their_label():
    one = [span(0.0, 10.0), span(0.0, 10.05, "place")]

    assert marked_differently(one, [span(0.0, 9.99, "place"), span(0.0, 10.02)], 1000) == []
    assert marked_differently([span(0, 5), span(0, 5, "place")], [span(0, 5, "place")]) == [(0, -1)]


def test_answers_without_any_span():
    ours = compared([], [])

    assert ours.hits(ours.strict).tolist() == ours.sizes().tolist() == [0.0]
    assert [part.tolist() for part in ours.covered] == [[0.0], [0.0]]
    assert ours.confusions()[0].tolist() == []
