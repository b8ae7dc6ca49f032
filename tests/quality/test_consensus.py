"""One answer out of many: majority, unanimity, Dawid & Skene."""

from __future__ import annotations

import json
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui_label.core.tasks import Choice, Choices, Compare, Label, Rating, Segments, Spans, Text
from tui_label.quality.consensus import Evidence, consensus, voted
from tui_label.quality.dawidskene import dawid_skene

LABELS = tuple(map(Label, ("positive", "neutral", "negative")))
SENTIMENT = Choice("sentiment", labels=LABELS)
TOPICS = Choices("topics", labels=LABELS)
ENTITIES = Spans("entities", labels=LABELS)
EVENTS = Segments("events", labels=LABELS)


def said(*values, task="sentiment", number=1, gold=None) -> Evidence:
    versions = [(f"p{at}", {task: value}) for at, value in enumerate(values) if value is not None]
    return Evidence(number, versions, gold)


def settled(task, *values, rule="majority"):
    (one,) = consensus([task], [said(*values, task=task.id)], rule)
    return one


def span(start, end, label="positive"):
    return {"start": start, "end": end, "label": label, "text": "x" * (end - start)}


# Rules


def test_two_of_three_are_a_majority():
    one = settled(SENTIMENT, "neutral", "negative", "neutral")

    assert one.answers == {"sentiment": "neutral"}
    assert one.rule == "more than half of 3"
    assert one.support == {"sentiment": pytest.approx(2 / 3)}


@pytest.mark.parametrize("values", [("neutral", "negative"), ("neutral", "negative", "positive"), ("a", "a", "b", "b")])
def test_a_tie_is_left_open(values):
    one = settled(SENTIMENT, *values)

    assert one.answers == {}
    assert one.left_open == ("sentiment",)


def test_unanimous_is_all_and_not_most():
    most = settled(SENTIMENT, "neutral", "neutral", "negative", rule="unanimous")
    all_three = settled(SENTIMENT, "neutral", "neutral", "neutral", rule="unanimous")

    assert most.left_open == ("sentiment",)
    assert (all_three.answers, all_three.rule) == ({"sentiment": "neutral"}, "all 3 agree")


def test_items_without_an_answer_are_passed_over():
    items = [said(number=1), said("neutral", number=2), said("neutral", "neutral", number=3)]
    found = list(consensus([SENTIMENT], items, "majority"))

    assert [(one.number, one.rule) for one in found] == [(2, "the only answer"), (3, "all 2 agree")]


def test_a_gold_answer_stands_against_every_vote():
    (one,) = consensus([SENTIMENT], [said("neutral", "neutral", gold={"sentiment": "negative"})], "unanimous")

    assert (one.answers, one.rule) == ({"sentiment": "negative"}, "gold")


def test_a_follow_up_counts_where_the_settled_answer_asks_for_it():
    why = Text("why", required=False, when={"sentiment": ("negative",)})
    versions = [
        ("ann", {"sentiment": "negative", "why": "late"}),
        ("bob", {"sentiment": "negative", "why": "Late "}),
        ("cyd", {"sentiment": "neutral"}),
    ]
    (asked,) = consensus([SENTIMENT, why], [Evidence(1, versions)])
    (unasked,) = consensus([SENTIMENT, why], [Evidence(1, [*versions[1:], ("dan", {"sentiment": "neutral"})])])

    # Alike but for case and space, and none typed more often: the first in order stands
    assert asked.answers == {"sentiment": "negative", "why": "Late "}
    assert unasked.answers == {"sentiment": "neutral"}
    assert unasked.left_open == ()


# What stands to the vote


def test_ratings_and_ranks():
    assert settled(Rating("stars"), 4, 4, 2).answers == {"stars": 4}
    assert settled(Compare("best", mode="rank"), ["B", "A"], ["A", "B"], ["B", "A"]).answers == {"best": ["B", "A"]}


def test_each_label_of_a_set_by_itself():
    one = settled(TOPICS, ["neutral", "positive"], ["positive"], ["negative", "positive"])

    assert one.answers == {"topics": ["positive"]}
    assert one.support["topics"] == pytest.approx(2 / 3)
    assert settled(TOPICS, ["neutral"], ["positive"]).left_open == ("topics",)
    assert settled(TOPICS, [], ["positive"], []).answers == {"topics": []}


MARKS = {
    label: ({"start": at, "end": at + 2, "label": label}, {"start": float(at), "end": at + 2.0, "label": label})
    for at, label in zip((4, 0, 8), ("positive", "neutral", "negative"), strict=True)
}
"""A span and a segment of each label, which stand in another order than the labels."""


@given(drawn=st.lists(st.sets(st.sampled_from(list(MARKS))), min_size=1, max_size=7))
def test_a_part_is_in_the_vote_where_more_than_half_have_it(drawn):
    many = {label: sum(label in given for given in drawn) for label in MARKS}
    wanted = [label for label in MARKS if 2 * many[label] > len(drawn)]
    shares = [max(times, len(drawn) - times) / len(drawn) for times in many.values() if times]
    votes = [voted(TOPICS, [[label for label in MARKS if label in given] for given in drawn], strict=False)]
    for task, kind in ((ENTITIES, 0), (EVENTS, 1)):
        marked = [sorted((MARKS[label][kind] for label in given), key=lambda one: one["start"]) for given in drawn]
        votes.append(voted(task, marked, strict=False))

    assert [vote.support for vote in votes] == [min(shares, default=1.0)] * 3
    if 0.5 in shares:
        assert [vote.value for vote in votes] == [None] * 3
    else:
        labels, *marks = (vote.value for vote in votes)
        assert labels == wanted
        for kind, found in enumerate(marks):
            assert found == sorted((MARKS[label][kind] for label in wanted), key=lambda one: one["start"])


@pytest.mark.parametrize(
    ("task", "values"),
    [
        (Choices("t", labels=LABELS, min=1), [["neutral"], ["positive"], ["negative"]]),
        (
            Choices("t", labels=LABELS, max=2),
            [["neutral", "positive"], ["positive", "negative"], ["neutral", "negative"]],
        ),
        (Spans("t", labels=LABELS, min=1), [[span(0, 4)], [span(5, 6)], [span(7, 8)]]),
        (Segments("t", labels=LABELS, min=1), [[MARKS[label][1]] for label in MARKS]),
    ],
)
def test_what_most_have_is_left_open_where_the_task_refuses_it(task, values):
    assert settled(task, *values).left_open == ("t",)


def test_what_most_have_may_be_the_least_and_the_most_that_the_task_takes():
    both = ["positive", "neutral"]

    assert settled(Choices("t", labels=LABELS, min=2, max=2), both, both, []).answers == {"t": both}
    for kind, task in enumerate((Spans("t", labels=LABELS, min=1), Segments("t", labels=LABELS, min=1))):
        mark = MARKS["positive"][kind]
        assert settled(task, [mark], [mark], []).answers == {"t": [mark]}


def test_spans_that_more_than_half_have():
    one = settled(ENTITIES, [span(0, 4), span(9, 12)], [span(0, 4)], [span(0, 5), span(9, 12)])

    assert one.answers == {"entities": [span(0, 4), span(9, 12)]}
    assert settled(ENTITIES, [span(0, 4)], [span(0, 4)], [], rule="unanimous").left_open == ("entities",)


def test_a_place_that_most_marked_and_each_otherwise_is_not_left_empty():
    labels = [label.value for label in LABELS]
    spans = [[{"start": 0, "end": end, "label": label}] for end, label in zip((4, 4, 5), labels, strict=True)]
    events = [[{"start": 1.0, "end": 2.0, "label": label}] for label in labels]

    assert settled(ENTITIES, *spans).left_open == ("entities",)
    assert settled(ENTITIES, *spans[:2], []).left_open == ("entities",)
    assert settled(ENTITIES, *spans[:2], [], []).left_open == ("entities",)
    assert settled(EVENTS, *events).left_open == ("events",)
    assert settled(ENTITIES, spans[0], [], []).answers == {"entities": []}
    assert settled(ENTITIES, spans[0], spans[0], spans[2]).answers == {"entities": spans[0]}


@pytest.mark.parametrize("kind", [Spans, Segments])
@pytest.mark.parametrize(
    ("labels", "overlap", "is_open"),
    [
        (("positive", "neutral"), False, True),
        (("positive", "neutral"), True, False),
        (("positive", "positive"), True, True),
    ],
)
def test_where_marks_may_overlap_only_those_that_can_mean_the_same_are_rivals(kind, labels, overlap, is_open):
    """A long one and a short one in it, by two of three."""
    task = kind("t", labels=LABELS, overlap=overlap)
    values = [
        [{"start": start, "end": end, "label": label}]
        for label, (start, end) in zip(labels, ((0, 10), (2, 4)), strict=True)
    ]

    assert settled(task, *values, []).left_open == (("t",) if is_open else ())


@given(st.lists(st.sets(st.tuples(st.integers(0, 8), st.integers(1, 4))), min_size=1, max_size=5))
def test_spans_of_a_majority_overlap_only_where_somebodys_own_do(drawn):
    """Two that more than half have were both marked by somebody."""
    values = []
    for spans in drawn:
        apart, free = [], 0
        for start, length in sorted(spans):
            if start >= free:
                apart.append(span(start, start + length))
                free = start + length
        values.append(apart)
    value = voted(ENTITIES, values, strict=False).value or []

    assert all(one["end"] <= other["start"] for one, other in pairwise(value))


def test_segments_last_from_the_median_start_to_the_median_end():
    one = settled(
        EVENTS,
        [{"start": 1.0, "end": 2.0, "label": "positive"}],
        [{"start": 1.1, "end": 2.2, "label": "positive"}, {"start": 5.0, "end": 6.0, "label": "neutral"}],
        [{"start": 1.3, "end": 2.1, "label": "positive"}],
    )

    assert one.answers == {"events": [{"start": 1.1, "end": 2.1, "label": "positive"}]}
    assert one.support["events"] == pytest.approx(2 / 3)


def test_segments_are_unanimous_within_fifty_milliseconds():
    here = [{"start": 1.0, "end": 2.0, "label": "positive"}]
    near = [{"start": 1.04, "end": 1.97, "label": "positive"}]
    far = [{"start": 1.2, "end": 2.0, "label": "positive"}]

    assert settled(EVENTS, here, near, rule="unanimous").rule == "all 2 agree"
    assert settled(EVENTS, here, far, rule="unanimous").left_open == ("events",)


def test_segments_shorter_than_that_may_be_the_same_and_share_nothing():
    clicks = [[{"start": start, "end": start + 0.03}] for start in (1.0, 1.04)]

    for values in (clicks, clicks[::-1]):
        assert settled(EVENTS, *values, rule="unanimous").rule == "all 2 agree"


def test_segments_that_share_half_their_time_are_the_same():
    one, other = ([{"start": 0.0, "end": end, "label": "positive"}] for end in (1.0, 2.0))

    assert settled(EVENTS, one, other).answers == {"events": [one[0] | {"end": 1.5}]}


def test_each_segment_counts_once_and_for_the_one_it_is_nearest_to():
    both = Segments("events", labels=LABELS, overlap=True)
    first, second = ({"start": start, "end": start + 1.0, "label": "positive"} for start in (0.0, 0.3))

    assert settled(both, [first, second], [first, second]).answers == {"events": [first, second]}
    assert settled(both, [first], [first, first | {"start": 0.1}]).left_open == ("events",)


def test_segments_of_most_that_overlap_are_left_open_where_they_may_not():
    """Three of five have the one, three the other, and nobody both as they come out."""
    early, late = (
        [{"start": 0.0, "end": end, "label": "positive"} for end in (2.0, 2.4)],
        [{"start": start, "end": 4.0, "label": "positive"} for start in (2.4, 2.0)],
    )
    values = [early[0], late[1]], [early[1]], [early[1]], [late[1]], [late[0]]

    assert settled(EVENTS, *values).left_open == ("events",)
    assert settled(Segments("events", labels=LABELS, overlap=True), *values).answers == {"events": [early[1], late[1]]}


def test_segments_whose_text_differs_are_left_open():
    spoken = [[{"start": 0.0, "end": 1.0, "text": text}] for text in ("hello there", "hello  There", "hullo")]

    assert settled(EVENTS, *spoken).answers == {"events": spoken[1]}
    assert settled(EVENTS, spoken[0], spoken[2]).left_open == ("events",)
    agreed = {"start": 3.0, "end": 4.0, "text": "yes"}
    assert settled(EVENTS, [*spoken[0], agreed], [*spoken[2], agreed]).left_open == ("events",)


def test_texts_are_alike_but_for_case_white_space_and_normal_form():
    text = Text("why")

    assert settled(text, "It is late", "it is  late", "It is late", "early").answers == {"why": "It is late"}
    assert settled(text, "It is late", "it is late", "it IS late", "early", "early").answers == {"why": "It is late"}
    assert settled(text, "cafe\u0301", "caf\u00e9", "x").answers == {"why": "cafe\u0301"}
    assert settled(text, "late", "early").left_open == ("why",)


# Dawid & Skene


def simulated(seed, items=600, labels=3, skills=(0.9, 0.85, 0.7, 0.5, 0.4)):
    """Truth, and answers of people who are right as often as their skill, some systematically wrong."""
    rng = np.random.default_rng(seed)
    truth = rng.choice(labels, items, p=(0.5, 0.3, 0.2))
    confusion = np.array([np.full((labels, labels), (1 - skill) / (labels - 1)) for skill in skills])
    for who, skill in enumerate(skills):
        confusion[who][np.diag_indices(labels)] = skill
    # The last two say 1 where 2 is true: a vote of many may be wrong, and is known to be
    confusion[-2:, 2] = (0.05, 0.85, 0.1)
    said = np.array([[rng.choice(labels, p=confusion[who][true]) for who in range(len(skills))] for true in truth])
    return truth, said, confusion


def fitted(said, known=None, labels=3):
    items, people = said.shape
    item, who = np.divmod(np.arange(said.size), people)
    return dawid_skene(item, who, said.ravel(), labels, np.full(items, -1) if known is None else known)


@pytest.mark.parametrize("seed", range(4))
def test_it_finds_the_truth_more_often_than_the_majority_does(seed):
    truth, said, _confusion = simulated(seed)
    fit = fitted(said)
    votes = np.stack([(said == label).sum(axis=1) for label in range(3)], axis=1)

    assert fit.converged
    assert (fit.probability.argmax(axis=1) == truth).mean() > (votes.argmax(axis=1) == truth).mean() + 0.02


def test_it_finds_out_how_everybody_mixes_labels_up():
    _truth, said, confusion = simulated(9, items=4000)
    fit = fitted(said)

    assert fit.confusion.sum(axis=2) == pytest.approx(1)
    assert np.abs(fit.confusion - confusion).max() < 0.06
    assert fit.prior == pytest.approx((0.5, 0.3, 0.2), abs=0.04)


def test_probabilities_are_as_sure_as_they_say():
    truth, said, _confusion = simulated(3, items=4000)
    probability = fitted(said).probability
    sure = probability.max(axis=1)
    right = probability.argmax(axis=1) == truth
    for low, high in ((0.5, 0.8), (0.8, 0.95), (0.95, 1.0)):
        band = (sure > low) & (sure <= high)

        assert right[band].mean() == pytest.approx(sure[band].mean(), abs=0.05)


def test_known_answers_teach_it():
    """Three of whom two are wrong alike: without help the third is taken for the worst."""
    rng = np.random.default_rng(5)
    truth = rng.integers(0, 2, 400)
    wrong = np.where(rng.random(400) < 0.4, 1 - truth, truth)
    said = np.stack((np.where(rng.random(400) < 0.95, truth, 1 - truth), wrong, wrong), axis=1)
    known = np.where(np.arange(400) < 100, truth, -1)
    blind, helped = fitted(said, labels=2), fitted(said, known, labels=2)
    unseen = slice(100, None)

    assert (helped.probability[:100].argmax(axis=1) == truth[:100]).all()
    assert helped.confusion[0].diagonal().min() > blind.confusion[0].diagonal().min() + 0.05
    assert (helped.probability.argmax(axis=1) == truth)[unseen].mean() >= (blind.probability.argmax(axis=1) == truth)[
        unseen
    ].mean()


def test_many_answers_about_one_item_do_not_underflow():
    rng = np.random.default_rng(0)
    said = np.where(rng.random((5, 3000)) < 0.9, np.array([0, 1, 2, 0, 1])[:, None], 2)
    fit = fitted(said)

    assert np.isfinite(fit.probability).all()
    assert fit.probability.argmax(axis=1).tolist() == [0, 1, 2, 0, 1]


@pytest.mark.parametrize(
    ("task", "answers"),
    [
        (SENTIMENT, [label.value for label in LABELS]),
        (TOPICS, [[label.value] for label in LABELS]),
        (Rating("stars"), [5, 1, 3]),
        (Compare("best"), ["B", "A", "tie"]),
    ],
)
def test_it_weighs_answers_where_a_vote_is_tied(task, answers):
    """One who is mostly right and one who guesses: learnt from what a third and fourth say elsewhere."""
    _truth, said, _confusion = simulated(2)
    evidence = [
        Evidence(at, [(f"p{who}", {task.id: answers[code]}) for who, code in enumerate(row)])
        for at, row in enumerate(said)
    ]
    tied = Evidence(len(evidence), [("p0", {task.id: answers[0]}), ("p4", {task.id: answers[1]})])
    *_all, last = consensus([task], [*evidence, tied], "dawid-skene")

    assert last.answers == {task.id: answers[0]}
    assert last.rule.startswith("Dawid-Skene, probability 0.")
    assert last.support[task.id] > 0.5


def test_it_learns_from_the_items_whose_answer_is_known():
    """Two say the same of everything, and the third is right."""

    def three(right):
        return [("ann", {"sentiment": right}), ("bob", {"sentiment": "neutral"}), ("cyd", {"sentiment": "neutral"})]

    known = ["positive" if at % 2 else "neutral" for at in range(20)]
    evidence = [Evidence(at, three(right), {"sentiment": right}) for at, right in enumerate(known)]
    *_known, last = consensus([SENTIMENT], [*evidence, Evidence(20, three("positive"))], "dawid-skene")

    assert last.answers == {"sentiment": "positive"}


def test_orders_are_not_weighed():
    one = settled(Compare("best", mode="rank"), ["B", "A"], ["A", "B"], ["B", "A"], rule="dawid-skene")

    assert (one.answers, one.support) == ({"best": ["B", "A"]}, {"best": pytest.approx(2 / 3)})


def test_sets_are_weighed_label_by_label_and_spans_by_majority():
    evidence = [
        Evidence(
            at,
            [
                (name, {"topics": topics, "entities": [span(0, 2)]})
                for name, topics in (("ann", ["neutral"]), ("bob", ["neutral"]), ("cyd", ["positive"] * (at % 2)))
            ],
        )
        for at in range(20)
    ]
    found = list(consensus([TOPICS, ENTITIES], evidence, "dawid-skene"))

    assert [one.answers for one in found] == [{"topics": ["neutral"], "entities": [span(0, 2)]}] * 20


@pytest.mark.parametrize(("task", "one", "other"), [(TOPICS, ["positive"], []), (SENTIMENT, "positive", "neutral")])
def test_what_is_as_likely_as_not_is_left_open(task, one, other):
    found = settled(task, one, other, rule="dawid-skene")

    assert (found.answers, found.left_open) == ({}, (task.id,))


def test_hate_speech_of_six_annotators(data_folder):
    """The data set gives the majority (ties are 0) of each item."""
    evidence, hard = [], {}
    for part in ("train", "dev", "test"):
        path = data_folder / "text/hs_brexit/HS-Brexit_dataset" / f"HS-Brexit_{part}.json"
        for record in json.loads(path.read_text(encoding="utf-8")).values():
            number = len(evidence)
            versions = zip(record["annotators"].split(","), record["annotations"].split(","), strict=True)
            evidence.append(Evidence(number, [(name, {"hate": value}) for name, value in versions]))
            hard[number] = record["hard_label"]
    task = Choice("hate", labels=(Label("0"), Label("1")))
    majority = list(consensus([task], evidence))
    likely = {one.number: one.answers.get("hate") for one in consensus([task], evidence, "dawid-skene")}

    assert len(majority) == 1120
    assert all(one.answers["hate"] == hard[one.number] for one in majority if one.answers)
    # Three of the six belong to the group that is spoken of, and see more of it
    assert np.mean([likely[number] == hard[number] for number in hard]) == pytest.approx(0.87, abs=0.02)
