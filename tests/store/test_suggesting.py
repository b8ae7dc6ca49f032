"""Suggestions that come while people work: what is kept, replaced, shown, counted."""

from __future__ import annotations

from dataclasses import replace

import pytest
from helpers import BACKENDS, Clock, records

from tui_label.core.annotation import Annotation
from tui_label.core.gold import Gold
from tui_label.core.item import Item, Suggestion
from tui_label.core.record import Record
from tui_label.store.base import Policy, Source, Suggested

OLD, NEW = Source("model", "1"), Source("model", "2")
TASKS = {"sentiment"}


@pytest.fixture(params=BACKENDS)
def new(request, tmp_path):
    return lambda count=0, policy=None, **named: BACKENDS[request.param](tmp_path, count, policy, **named)


def says(label: str, score: float | None = None) -> Suggestion:
    return Suggestion("sentiment", label, score)


def answer(store, claim, **decisions: str) -> None:
    """An answer that decides about the suggestions of the claim by their value."""
    decided = {one.number: decisions[one.value] for one in claim.suggestions if one.value in decisions}
    given = Annotation("ann", answers={"sentiment": "neutral"}, decisions=decided)
    store.submit(claim.number, given, f"save{claim.number}{decisions}", claim=False)


def shown(claim) -> list[tuple[str, float | None, str]]:
    return [(one.value, one.score, one.source) for one in claim.suggestions]


def test_the_next_claim_sees_them_and_the_same_again_adds_nothing(new):
    store = new(2)
    first = store.claim("ann")
    found = [(number, [says("neutral", 0.5)]) for number, _ in store.askable()]

    assert store.suggest(OLD, TASKS, found) == Suggested(2, 2)
    assert store.suggest(OLD, TASKS, found) == Suggested(2, 0, 2)
    given = Annotation("ann", answers={"sentiment": "neutral"})
    assert shown(store.submit(first.number, given, "s")) == [("neutral", 0.5, "model")]


def test_a_newer_version_replaces_what_nobody_has_seen(new):
    store = new(5)
    everything = [(number, [says("neutral"), says("negative")]) for number, _ in store.askable()]
    store.suggest(OLD, TASKS, everything)
    answer(store, store.claim("ann"))
    in_hand = store.claim("ann")
    store.claim("bob")
    store.save_draft("bob", 3, '{"answers": {}}')
    store.leave("bob")
    done = store.suggest(NEW, TASKS, [(number, [says("neutral", 0.9)]) for number in range(1, 6)])

    assert done == Suggested(items=2, added=0, known=2, replaced=2, kept=6)
    assert shown(store.revisit("ann", in_hand.number)) == [("neutral", None, "model"), ("negative", None, "model")]
    assert shown(store.revisit("ann", 4)) == [("neutral", 0.9, "model")]
    assert [(one.source, one.suggestions) for one in store.source_counts()] == [(OLD, 6), (NEW, 2)]
    # What was withdrawn comes back with the version that says it again
    assert store.suggest(Source("model", "3"), TASKS, [(4, [says("negative")])]) == Suggested(1, 1, 0, 1)
    assert shown(store.revisit("ann", 4)) == [("negative", None, "model")]


def test_a_version_that_says_nothing_of_a_task_leaves_the_others_alone(new):
    store = new(1)
    store.suggest(OLD, {"sentiment", "why"}, [(1, [says("neutral"), Suggestion("why", "so")])])
    store.suggest(NEW, {"why"}, [(1, [])])

    assert shown(store.claim("ann")) == [("neutral", None, "model")]


def test_other_sources_are_left_alone(new):
    store = new(1)
    store.suggest(Source("words"), TASKS, [(1, [says("neutral")])])
    store.suggest(NEW, TASKS, [(1, [says("neutral", 0.2)])])

    assert shown(store.claim("ann")) == [("neutral", None, "words"), ("neutral", 0.2, "model")]


def test_suggestions_that_arrive_change_what_is_uncertain(new):
    store = new(400, Policy(order="uncertain-first"))
    scores = {number: (number * 7919 % 401) / 401 for number in range(1, 401)}
    store.suggest(OLD, TASKS, [(number, [says("neutral", score)]) for number, score in scores.items()])
    order = []
    claim = store.claim("ann")
    while claim is not None:
        order.append(claim.number)
        claim = store.submit(claim.number, Annotation("ann", answers={"sentiment": "neutral"}), f"s{claim.number}")

    assert order == sorted(scores, key=lambda number: scores[number])


def test_what_is_unsure_is_not_shown(new):
    store = new(1, Policy(threshold=0.5))
    store.suggest(OLD, TASKS, [(1, [says("neutral", 0.49), says("negative", 0.5), says("positive")])])

    assert shown(store.claim("ann")) == [("negative", 0.5, "model"), ("positive", None, "model")]


def test_a_poor_source_is_held_back_until_it_comes_in_another_version(new):
    store = new(8, Policy(hold_below=0.6, hold_from=4))
    store.suggest(OLD, TASKS, [(number, [says("neutral")]) for number in range(1, 9)])
    for outcome in ("accepted", "accepted", "rejected"):
        answer(store, store.claim("ann"), neutral=outcome)
    claim = store.claim("ann")
    assert shown(claim)
    answer(store, claim, neutral="changed")

    assert shown(store.claim("ann")) == []
    assert [one.held for one in store.source_counts()] == [True]
    # Taking one decision back is enough
    store.reopen("ann")
    assert shown(store.claim("ann")) == [("neutral", None, "model")]
    answer(store, claim, neutral="rejected")
    assert shown(store.claim("ann")) == []
    store.suggest(NEW, TASKS, [(6, [says("neutral")])])
    assert shown(store.revisit("ann", 6)) == [("neutral", None, "model")]


def test_corrections_and_undo_leave_each_decision_counted_once(new):
    clock = Clock()
    store = new(2, Policy(hold_below=1.0, hold_from=1), clock=clock)
    store.suggest(OLD, TASKS, [(number, [says("neutral")]) for number in (1, 2)])
    claim = store.claim("ann")
    answer(store, claim, neutral="rejected")
    assert store.source_counts()[0].held
    answer(store, claim, neutral="accepted")
    assert not store.source_counts()[0].held
    store.reopen("ann")
    assert store.source_counts()[0].held
    store.reopen("ann")
    assert not store.source_counts()[0].held
    answer(store, replace(claim), neutral="accepted")
    store.skip(claim.number, Annotation("ann", "skipped"), "skip", claim=False)
    store.suggest(OLD, TASKS, [])

    assert [one.held for one in store.source_counts()] == [False]


def test_answers_beside_what_each_source_said(new):
    store = new(3)
    store.suggest(OLD, TASKS, [(1, [says("neutral")]), (2, []), (3, [says("negative")])])
    for _ in range(2):
        answer(store, store.claim("ann"), neutral="accepted")
    found = [(one.answers, list(one.decisions.values()), dict(one.suggestions)) for one in store.judged()]

    assert [(answers, decisions) for answers, decisions, _ in found] == [
        ({"sentiment": "neutral"}, ["accepted"]),
        ({"sentiment": "neutral"}, []),
    ]
    assert [[one.value for one in said[OLD]] for *_, said in found] == [["neutral"], []]


def test_answered_items_on_request_and_probes_always(new):
    store = new(2)
    right = Gold("gold", {"sentiment": "neutral"})
    store.add([Record(Item(probe, probe), gold=right, probe=probe) for probe in ("check", "qualification")])
    answer(store, store.claim("ann"))

    assert [item.key for _, item in store.askable()] == ["i1", "check"]
    assert [item.key for _, item in store.askable(answered=True)] == ["i0", "i1", "check"]


def test_many_suggestions_of_one_item_and_many_items_are_all_there(new):
    store = new()
    store.add(records(700))
    many = [Suggestion("names", {"start": n, "end": n + 1, "label": "a"}) for n in range(700)]
    done = store.suggest(OLD, {"names"}, [(1, many), *((number, many[:1]) for number in range(2, 701))])

    assert done == Suggested(700, 1399)
    assert len(store.claim("ann").suggestions) == 700


def test_a_renamed_label_is_suggested_under_its_name_of_today(new):
    store = new(2)
    span = {"start": 0, "end": 4, "label": "bad", "text": "Text"}
    found = [says("bad"), says("good"), Suggestion("names", span), Suggestion("kinds", ["bad", "x"])]
    both = [says("bad", 0.1), says("sad", 0.9)]
    store.suggest(OLD, {"sentiment", "names", "kinds"}, [(1, found), (2, both)])
    names = {"bad": "sad"}
    store.record_project(Policy(), "other", "guidelines", {"sentiment": names, "names": names})

    first, second = store.claim("ann"), store.claim("bob")
    assert [one.value for one in first.suggestions] == ["sad", "good", {**span, "label": "sad"}, ["bad", "x"]]
    assert shown(second) == [("sad", 0.9, "model")]
    assert store.suggest(OLD, TASKS, [(1, [says("sad")])]).known == 1


@pytest.mark.parametrize(
    ("names", "found"),
    [
        ({"a": "b", "b": "a"}, {"b": 0.7, "a": 0.3}),
        ({"a": "b", "b": "c"}, {"b": 0.7, "c": 0.3}),
        ({"a": "c", "b": "c"}, {"c": 0.7}),
    ],
)
def test_labels_that_swap_names_or_take_over_one_another_take_their_suggestions_along(new, names, found):
    store = new(1)
    store.suggest(OLD, TASKS, [(1, [says("a", 0.7), says("b", 0.3)])])
    store.record_project(Policy(), "other", "guidelines", {"sentiment": names})

    assert {one.value: one.score for one in store.claim("ann").suggestions} == found


def test_a_renamed_suggestion_comes_before_one_that_an_earlier_version_made(new):
    """It is still the one that was decided about."""
    store = new(1)
    store.suggest(OLD, TASKS, [(1, [says("sad", 0.7)])])
    store.suggest(NEW, TASKS, [(1, [says("bad", 0.9)])])
    claim = store.claim("ann")
    answer(store, claim, bad="accepted")
    store.record_project(Policy(), "other", "guidelines", {"sentiment": {"bad": "sad"}})

    assert store.revisit("ann", 1).suggestions == (replace(claim.suggestions[0], value="sad"),)
    assert [(one.source, one.suggestions) for one in store.source_counts()] == [(NEW, 1)]
