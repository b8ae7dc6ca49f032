"""What a reviewer's keys do to an item: takes, hops, edits, outcomes, undo."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from typing import Any

import pytest
from helpers import project
from hypothesis import given
from hypothesis import strategies as st

from tui_label.core.annotation import Annotation
from tui_label.core.gold import ACCEPTED, SETTLED, Gold
from tui_label.core.item import Item, Sound
from tui_label.core.renames import Renames
from tui_label.core.reviewing import review
from tui_label.core.reviewing.changes import changes
from tui_label.core.reviewing.review import Review
from tui_label.core.reviewing.steps import Effect, step
from tui_label.core.tasks import Segment
from tui_label.core.text import letters
from tui_label.core.text.editor import Editor

CHOICE = "name: t\ntasks: [{id: s, type: choice, labels: [good, bad, so]}]\n"
TWO = """\
name: t
tasks:
  - {id: s, type: choice, labels: [good, bad]}
  - {id: sure, type: rating, max: 5}
"""
SPANS = "name: t\ntasks: [{id: e, type: spans, labels: [person, place, flight]}]\n"
WHEN = """\
name: t
tasks:
  - {id: s, type: choice, labels: [good, bad]}
  - {id: e, type: spans, when: {s: [bad]}, overlap: true, labels: [person, place]}
  - {id: topics, type: choices, labels: [food, sport, war]}
  - {id: why, type: text, required: false}
"""
CALLS = "name: c\nitems: sound\ntasks: [{id: said, type: text, transcript: {}}]\n"
TURNS = """\
name: c
items: sound
tasks: [{id: turns, type: segments, labels: [x, y], transcript: {speakers: [a, b]}}]
"""
TEXT = "Angela Merkel flew UA1234 to Rome with Bob and Cy"
NAMES = ("ann", "bob", "cyd", "dan", "eve", "flo")


def opened(source: str, *answers: dict[str, Any], item: Item | None = None, **named: Any) -> Review:
    versions = [Annotation(name, answers=one, revision=1) for name, one in zip(NAMES, answers, strict=False)]
    return review.begin(project(source), item or Item("k", TEXT), versions, **named)


def span(words: str, label: str) -> dict[str, Any]:
    start = TEXT.index(words)
    return {"start": start, "end": start + len(words), "label": label, "text": words}


def press(one: Review, *commands: str) -> tuple[Review, list[object]]:
    """Digits take; the rest are names of commands."""
    all_effects: list[object] = []
    for command in commands:
        name, argument = ("review.take", int(command) - 1) if command.isdigit() and command != "0" else (command, None)
        one, effects = step(one, "review.keep" if command == "0" else name, argument)
        all_effects += effects
    return one, all_effects


# one key


def test_a_whole_answer_is_settled_by_one_key():
    one, effects = press(opened(CHOICE, {"s": "good"}, {"s": "bad"}, {"s": "so"}), "2")

    assert effects == [Effect.SETTLE]
    assert review.answers(one) == {"s": "bad"}
    assert review.origin(one) == {"s": ["bob"]}
    assert one.outcome == SETTLED


def test_one_key_settles_nothing_that_lacks_another_answer():
    assert press(opened(TWO, {"s": "good"}, {"s": "bad"}), "1")[1] == []


def test_two_whole_answers_take_a_key_each():
    one, effects = press(opened(TWO, {"s": "good", "sure": 1}, {"s": "bad", "sure": 5}), "1")
    assert effects == []
    one, effects = press(one, "2")

    assert effects == [Effect.SETTLE]
    assert review.answers(one) == {"s": "good", "sure": 5}


def test_all_that_one_answered_is_taken_at_once_and_given_back_at_once():
    both = {"s": "good", "sure": 1}, {"s": "bad", "sure": 5}
    taken, effects = step(opened(TWO, *both), "review.whole", 1)

    assert effects == (Effect.SETTLE,)
    assert review.answers(taken) == both[1]
    assert review.origin(taken) == {"s": ["bob"], "sure": ["bob"]}

    spans = {"e": [span("Angela", "person"), span("Rome", "place")]}, {"e": [span("UA1234", "flight")]}
    one, _ = press(opened(SPANS, *spans), "1")
    whole, effects = step(one, "review.whole", 1)
    assert (effects, whole.undecided, review.answers(whole)) == ((), (), spans[1])
    assert step(whole, "work.undo")[0].moment == one.moment


def test_five_spans_with_two_differences_take_three_keys():
    five = [span(*pair) for pair in (("Angela", "person"), ("UA1234", "flight"), ("Rome", "place"), ("Bob", "person"))]
    other = [*five[:1], span("UA1234", "place"), *five[2:], span("Cy", "person")]
    one = opened(SPANS, {"e": five}, {"e": other})
    assert len(one.undecided) == 2
    one, effects = press(one, "1", "2")
    assert effects == [], "spans are finished only when somebody says so"
    one, effects = press(one, "review.settle")

    assert effects == [Effect.SETTLE]
    assert review.answers(one) == {"e": [*five, span("Cy", "person")]}
    assert review.origin(one)["e"] == ["ann+bob", "ann", "ann+bob", "ann+bob", "bob"]


def test_a_span_whose_label_is_gone_comes_back_with_all_else_and_is_not_settled_with():
    said = {"e": [span("Rome", "place")]}, {"e": [span("Rome", "place"), span("Bob", "person")]}
    one, _ = press(opened(SPANS, *said), "2", "review.edit")
    one, _ = step(one, "select.range", (TEXT.index("UA"), TEXT.index("UA") + 5))
    one, _ = step(one, "label.give", ("e", "flight"))
    again = review.restored(opened(SPANS.replace(", flight", ""), *said), review.draft_of(one, 1, ""), Renames())
    again, effects = press(again, "review.settle")

    assert [part["label"] for part in review.answers(again)["e"]] == ["flight", "place", "person"]
    assert (effects, again.word) == ([], "e: 'flight' is no label of e; it has person, place; e edits")


SAYINGS = (
    ("You can change the password easily.", "I can easily change the password."),
    (
        "Don't do following things when this service is supplied.",
        "Along serving this service, you must not to conduct following actions.",
        "In providing this service, don't subjected to following acts",
    ),
    (
        "He will do the prescribed entrance examination in advance.",
        "He makes a prescribed examination of qualifications in advance.",
    ),
)


@pytest.mark.parametrize("said", SAYINGS)
def test_of_a_settled_text_a_key_changes_its_own_words_alone(said):
    versions = [{"said": text} for text in said]
    fresh = opened(CALLS, *versions)
    for settled, taken in product(range(len(said)), repeat=2):
        for at in range(len(fresh.differences)):
            gold = dict.fromkeys(range(len(fresh.differences)), settled)
            one = opened(CALLS, *versions, gold=Gold("lead", fresh.comparison.merged(gold)))
            one, _ = step(replace(one, at=at), "review.take", taken)

            assert one.session.answers == fresh.comparison.merged({**gold, at: taken})


# from difference to difference


def places(first: Review, *commands: str) -> list[int]:
    """Where attention is after each."""
    found = []
    for command in commands:
        first, _ = press(first, command)
        found.append(first.at)
    return found


def test_keys_go_to_the_next_that_is_open_and_around():
    three = [span("Rome", "place"), span("Bob", "person"), span("Cy", "person")]
    one = opened(SPANS, {"e": three}, {"e": []})

    assert places(one, *["review.next"] * 3, *["review.previous"] * 2) == [1, 2, 0, 2, 1]
    assert places(one, "review.next", "1", "0", "review.settle", "2") == [1, 2, 0, 0, 0]
    assert places(one, "review.previous", "review.settle", "review.previous", "0", "review.settle") == [2, 2, 1, 2, 2]


def test_a_segment_that_was_taken_is_the_one_at_hand():
    turns = [{"start": start, "end": start + 1.0, "label": "x"} for start in (0.0, 2.0, 2.6)]
    one = opened(TURNS, {"turns": turns[:2]}, {"turns": turns[::2]}, item=Item("c", sound=Sound("c.wav", 4.0)))
    one, _ = press(one, "2")

    assert one.session.segment_here == Segment(2.6, 3.6, "x")


# what keys say when they do nothing


def test_enter_goes_to_what_is_open_and_says_so():
    one = opened(SPANS, {"e": [span("Rome", "place")]}, {"e": [span("Bob", "person")]})
    one, effects = press(one, "review.settle")
    assert (effects, one.word) == ([], "2 differences are open")
    one, effects = press(one, "1", "review.previous", "review.settle")

    assert (effects, one.word, one.at) == ([], "one difference is open", 1)


@pytest.mark.parametrize("version", [2, 6, None])
def test_a_version_that_is_not_there(version):
    one, effects = step(opened(CHOICE, {"s": "good"}, {"s": "bad"}), "review.take", version)

    assert (effects, one.word) == ((), "there are 2 versions: press the number of one")


def test_a_version_that_was_not_asked_what_differs():
    one, effects = press(opened(WHEN, *a_question_that_follows()), "1", "3")

    assert (effects, one.word) == ([], "version 3 was not asked this")


@pytest.mark.parametrize("key", ["1", "0", "review.whole"])
def test_where_all_say_the_same_nothing_is_taken_or_kept(key):
    one, effects = press(opened(CHOICE, {"s": "good"}, {"s": "good"}), key)

    assert (effects, one.word) == ([], "nothing differs: {review.accept} accepts it")


def test_neither_is_right():
    one, effects = press(opened(SPANS, {"e": [span("Rome", "place")]}, {"e": []}), "0", "review.settle")

    assert effects == [Effect.SETTLE]
    assert review.answers(one) == {"e": []}


def test_an_answer_that_is_missing_is_gone_to():
    one, _ = press(opened(TWO, {"s": "good"}, {"s": "good"}), "review.edit", "focus.previous")
    assert one.session.focus == "s"
    one, effects = press(one, "review.settle")

    assert (effects, one.word, one.session.focus) == ([], "sure: needs an answer; e edits", "sure")


def test_an_example_is_one_until_it_is_none():
    one, _ = press(opened(CHOICE, {"s": "good"}), "review.example")
    again, _ = press(one, "review.example")

    assert [(some.example, some.word) for some in (one, again)] == [
        (True, "an example for the guidelines"),
        (False, "no example any more"),
    ]


def test_what_was_not_done_is_not_undone():
    one, effects = press(opened(CHOICE, {"s": "good"}), "work.redo", "review.edit", "work.undo")
    assert (effects, one.word) == ([], "nothing more to undo here")
    one, effects = press(one, "review.done", "work.redo")

    assert (effects, one.word) == ([], "nothing to redo")


def test_a_choice_cannot_be_left_without_an_answer():
    one, effects = press(opened(CHOICE, {"s": "good"}, {"s": "bad"}), "0")

    assert (effects, one.word) == ([], "s has no answer yet: take a version, or e edits")


# accepting


def test_accepting_what_one_annotator_said():
    one = opened(CHOICE, {"s": "good"}, {"s": "bad"}, {"s": "bad"}, about=["ann"])
    one, effects = press(one, "review.accept")

    assert (effects, review.answers(one), one.outcome) == ([Effect.SETTLE], {"s": "good"}, ACCEPTED)
    assert review.origin(one) == {"s": ["ann"]}
    # Where that could not be saved
    assert press(one, "2")[0].outcome == SETTLED


def test_accepting_what_all_say():
    one, effects = press(opened(CHOICE, {"s": "good"}, {"s": "good"}), "review.accept")

    assert (effects, review.answers(one), one.outcome) == ([Effect.SETTLE], {"s": "good"}, ACCEPTED)
    assert review.origin(one) == {"s": ["ann+bob"]}


def test_accepting_what_most_say():
    one, effects = press(opened(CHOICE, {"s": "good"}, {"s": "bad"}, {"s": "bad"}), "review.accept")

    assert (effects, review.answers(one), one.outcome) == ([Effect.SETTLE], {"s": "bad"}, SETTLED)


def test_accepting_after_something_was_decided_leaves_that():
    said = [{"s": "good", "sure": 1}, {"s": "bad", "sure": 2}, {"s": "bad", "sure": 2}]
    one, _ = press(opened(TWO, *said, about=["ann"]), "1", "review.accept")
    rome = opened(SPANS, *[{"e": [span("Rome", "place")]}] * 2)
    two, _ = press(rome, "review.edit", "span.next", "span.remove", "review.done", "review.accept")

    assert (review.answers(one), one.outcome) == ({"s": "good", "sure": 2}, SETTLED)
    assert (review.answers(two), two.outcome) == ({"e": []}, SETTLED)


def test_most_are_most_of_those_who_were_asked_and_the_rest_stays_open():
    rome, bob = span("Rome", "place"), span("Bob", "person")
    bad = [{"s": "bad", "e": some} for some in ([rome, bob], [rome], [rome, span("Bob", "place")], [])]
    begun, _ = press(opened(WHEN, *bad, *[{"s": "good"}] * 5), "1")
    one, effects = press(begun, "review.accept")
    assert (effects, review.answers(one)["e"], one.at) == ([], [rome], 2)
    assert one.word == "no majority here: take one, or e edits"

    assert press(one, "work.undo")[0].moment[:4] == begun.moment[:4]


def test_where_there_is_no_majority_it_says_so():
    one, effects = press(opened(CHOICE, {"s": "good"}, {"s": "bad"}), "review.accept")

    assert (effects, one.word) == ([], "no majority here: take one, or e edits")


def test_a_question_that_comes_with_an_answer_is_opened_too():
    rome, bob = span("Rome", "place"), span("Bob", "person")
    one = opened(
        WHEN,
        {"s": "bad", "e": [rome, bob], "topics": ["food"]},
        {"s": "bad", "e": [rome], "topics": ["food"]},
        {"s": "good", "topics": ["food"]},
    )
    assert [one.differences[n].task for n in one.in_force] == ["s"]
    one, effects = press(one, "1")
    assert effects == []
    assert [one.differences[n].task for n in one.undecided] == ["e"]
    one, effects = press(one, "2", "review.settle")

    assert review.answers(one) == {"s": "bad", "e": [rome], "topics": ["food"]}


# editing


def test_editing_has_the_labeling_keys_and_decides_the_place():
    one = opened(SPANS, {"e": [span("Rome", "place")]}, {"e": [span("to Rome", "place")]})
    one, _ = press(one, "review.edit")
    one, effects = step(one, "label.give", ("e", "flight"))
    assert effects == ()
    assert not press(one, "review.settle")[0].editing
    one, _ = press(one, "review.done")
    assert one.undecided == () and not one.editing
    one, effects = press(one, "review.settle")

    assert effects == [Effect.SETTLE]
    assert review.answers(one) == {"e": [span("to", "flight")]}
    assert review.origin(one) == {"e": ["reviewer"]}


def test_an_edited_answer_of_one_key_settles():
    one, _ = press(opened(CHOICE, {"s": "good"}, {"s": "bad"}), "review.edit")
    one, effects = step(one, "label.give", ("s", "so"))

    assert effects == (Effect.SETTLE,)
    assert (review.answers(one), review.origin(one)) == ({"s": "so"}, {"s": ["reviewer"]})


def test_what_hands_made_elsewhere_stays_when_a_version_is_taken():
    one = opened(SPANS, {"e": [span("Rome", "place")]}, {"e": []}, {"e": []})
    one, _ = press(one, "review.edit")
    one, _ = step(one, "cursor.to", TEXT.index("Bob"))
    one, _ = step(one, "label.give", ("e", "person"))
    one, _ = press(one, "review.done", "1")

    assert review.answers(one) == {"e": [span("Rome", "place"), span("Bob", "person")]}
    assert review.origin(one) == {"e": ["ann", "reviewer"]}


def test_typed_words_stay_when_another_run_is_taken():
    sound = Item("c", sound=Sound("c.wav", 4.0))
    one = opened(CALLS, {"said": "we met in may too"}, {"said": "we meet in may two"}, item=sound)
    assert len(one.undecided) == 2
    one, _ = press(one, "2", "review.edit")
    text = one.session.box
    assert text is not None and one.session.caret == text.index("too")
    one, _ = step(one, "text.edit", Editor(text.replace("in may", "in late may"), 14))
    one, _ = press(one, "review.done", "2")

    assert review.answers(one) == {"said": "we meet in late may two"}


def test_a_reading_wins_over_what_hands_made_of_another_one():
    one = opened("name: t\ntasks: [{id: said, type: text}]\n", *({"said": said} for said in ("so not", "so", "it it")))
    one, _ = press(one, "3", "review.edit")
    one, _ = step(one, "text.edit", Editor("it", 2))
    one, _ = press(one, "review.done", "1")

    assert review.answers(one) == {"said": "so not"}


def test_what_was_right_as_it_stood_is_so_no_more_once_a_version_is_taken():
    one, _ = press(opened(SPANS, {"e": [span("Rome", "place")]}, {"e": []}), "0")
    assert one.kept == {0}
    one, _ = press(one, "1")

    assert (one.kept, review.answers(one)) == (frozenset(), {"e": [span("Rome", "place")]})


def test_a_run_that_was_typed_over_is_decided():
    sound = Item("c", sound=Sound("c.wav", 4.0))
    one = opened(CALLS, {"said": "we met in may"}, {"said": "we meet in may"}, item=sound)
    one, _ = press(one, "review.edit")
    one, _ = step(one, "text.edit", Editor("we mate in may", 7))

    assert one.undecided == ()


def test_what_reads_so_already_is_taken_as_it_is():
    """Also among segments that are rivals of several others at once."""
    source = TURNS.replace("type: segments", "type: segments, overlap: true")
    mine = [{"start": 2.0, "end": 4.0, "label": "y"}, {"start": 4.0, "end": 6.0, "label": "x"}]
    other = {"start": 2.2, "end": 4.4, "label": "x"}
    call = Item("k", sound=Sound("a.wav", duration=9.0))
    one = opened(source, {"turns": mine}, {"turns": [other]}, {"turns": []}, item=call)

    assert press(one, "1", "1")[0].session.answers == {"turns": mine}


def test_what_most_say_is_taken_over_what_hands_or_a_gold_answer_had_there():
    said = [{"said": "he was not ill"}] * 2 + [{"said": "he was ill"}]
    one = opened(CALLS, *said, gold=Gold("lead", {"said": "he was ill"}))
    turn = {"start": 1.0, "end": 2.0, "label": "x", "text": "so"}
    turns = [{"turns": [turn]}, {"turns": [turn]}, {"turns": [{**turn, "end": 2.5}]}]
    call = Item("k", sound=Sound("a.wav", duration=9.0))
    two = opened(TURNS, *turns, item=call, gold=Gold("lead", {"turns": [{**turn, "end": 2.2}]}))

    assert press(one, "1")[0].session.answers == {"said": "he was not ill"}
    assert press(one, "1", "3")[0].session.answers == {"said": "he was ill"}
    assert press(two, "1")[0].session.answers == {"turns": [turn]}


def test_the_caret_is_at_the_end_of_a_text_that_all_say():
    one, _ = press(opened(CALLS, *[{"said": "we met"}] * 2, item=Item("c", sound=Sound("c.wav", 4.0))), "review.edit")

    assert one.session.caret == len("we met")


def test_words_of_one_segment_are_edited_and_taken():
    item = Item("c", sound=Sound("c.wav", 4.0))

    def turn(text: str) -> dict[str, Any]:
        return {"turns": [{"start": 0.0, "end": 2.0, "label": "x", "speaker": "a", "text": text}]}

    one = opened(TURNS, turn("we met in may too"), turn("we meet in may two"), item=item)
    one, _ = press(one, "2", "review.edit")
    assert one.session.typing and one.session.box == "we meet in may too"
    one, _ = step(one, "text.edit", Editor("we meet in late may too", 15))
    one, _ = press(one, "review.done", "2")

    assert review.answers(one)["turns"][0]["text"] == "we meet in late may two"


def test_of_segments_at_once_the_one_that_the_difference_is_about_is_edited():
    item = Item("c", sound=Sound("c.wav", 60.0))
    events = "name: c\nitems: sound\ntasks: [{id: e, type: segments, overlap: true, labels: [rain, bell]}]\n"

    def heard(start: float) -> dict[str, Any]:
        return {
            "e": [
                {"start": 0.0, "end": 60.0, "label": "rain"},
                {"start": start, "end": 21.0, "label": "bell"},
                {"start": 20.0, "end": 40.0, "label": "rain"},
            ]
        }

    begun = opened(events, heard(19.0), heard(19.5), item=item)
    assert press(begun, "review.edit")[0].session.picked == -1
    one, _ = press(begun, "1", "review.edit")
    assert one.session.segment_here == Segment(19.0, 21.0, "bell")
    one, _ = step(one, "segment.end-right", None)

    assert [part["end"] for part in review.answers(one)["e"]] == [60.0, 21.1, 40.0]


def test_what_is_edited_decides_nothing_that_only_lies_over_it():
    item = Item("c", sound=Sound("c.wav", 60.0))
    events = "name: c\nitems: sound\ntasks: [{id: e, type: segments, overlap: true, labels: [rain, bell, dog]}]\n"

    def heard(label: str) -> dict[str, Any]:
        rain = {"start": 0.0, "end": 60.0, "label": "rain"}
        return {"e": [rain, *({"start": n, "end": n + 2.0, "label": label} for n in (10.0, 30.0))]}

    one = opened(events, heard("bell"), heard("dog"), item=item)
    one = replace(one, editing=True, session=replace(one.session, picked=0))
    one, _ = step(one, "segment.end-left", None)
    assert one.undecided == (0, 1)
    one, _ = press(one, "review.done", "1")
    one, _ = press(replace(one, at=0), "review.edit")
    one, _ = step(one, "label.give", ("e", "dog"))
    assert one.undecided == (1,)
    one, _ = press(one, "review.done")
    one, _ = press(replace(one, at=1), "2")

    assert [(part["end"], part["label"]) for part in review.answers(one)["e"]] == [
        (59.9, "rain"),
        (12.0, "dog"),
        (32.0, "dog"),
    ]


# a standing answer


def test_a_gold_answer_that_stands_is_gone_through_and_may_be_changed():
    gold = Gold("lead", {"s": "bad"})
    one = opened(CHOICE, {"s": "good"}, {"s": "bad"}, gold=gold)
    assert (one.undecided, review.answers(one)) == ((), {"s": "bad"})
    assert press(one, "review.settle")[1] == press(one, "0")[1] == [Effect.SETTLE]
    one, effects = press(one, "1")

    assert (effects, review.answers(one)) == ([Effect.SETTLE], {"s": "good"})


def a_question_that_follows() -> tuple[dict[str, Any], ...]:
    """Spans that are asked after "bad" alone; two differ in one of them."""
    rome, bob = span("Rome", "place"), span("Bob", "person")
    return {"s": "bad", "e": [rome, bob]}, {"s": "bad", "e": [rome]}, {"s": "good"}


@pytest.mark.parametrize("again", [False, True])
@pytest.mark.parametrize("by_hand", [False, True])
def test_a_question_that_comes_with_another_answer_than_stands_is_open(again, by_hand):
    """Also in an outcome that is taken back: what was settled then had no part in it."""
    versions = a_question_that_follows()
    gold = Gold("lead", {"s": "good", "topics": []})
    one = review.reopened(opened(WHEN, *versions), gold) if again else opened(WHEN, *versions, gold=gold)
    if by_hand:
        one, _ = press(one, "review.edit")
        one, _ = step(one, "label.give", ("s", "bad"))
        one, _ = press(one, "review.done")
    else:
        one, _ = press(one, "1")
    assert review.answers(one)["e"] == [span("Rome", "place")]
    one, effects = press(one, "review.settle")

    assert (effects, one.word) == ([], "one difference is open")


def test_versions_of_a_question_that_hands_brought_in_are_taken():
    one, _ = press(opened(WHEN, *a_question_that_follows(), {"s": "good"}, {"s": "good"}), "3", "review.edit")
    one, _ = step(one, "label.give", ("s", "bad"))
    one, _ = press(one, "review.done", "review.next", "1")

    assert review.answers(one)["e"] == [span("Rome", "place"), span("Bob", "person")]


# who is told


def test_a_return_is_for_whom_the_case_is_about_else_for_those_who_say_otherwise():
    answers = [{"s": "good"}, {"s": "bad"}, {"s": "bad"}]
    assert opened(CHOICE, *answers, about=["cyd"]).concerned == (2,)
    assert opened(CHOICE, *answers).concerned == (0, 1, 2)
    one, _ = press(opened(CHOICE, *answers), "2")

    assert (one.concerned, one.differing) == ((0,), (0,))
    assert changes(one, 0) == "s: good → bad"


def told(one: Review) -> dict[int, str]:
    return {version: changes(one, version) for version in one.differing}


def test_who_all_said_what_was_edited_is_told_so():
    one, _ = press(opened(TWO, *[{"s": "good", "sure": 4}] * 2), "review.edit")
    one, _ = step(one, "label.give", ("s", "bad"))
    assert told(one) == dict.fromkeys((0, 1), "s: good → bad")
    one, _ = press(one, "work.undo")
    assert told(one) == {}


def test_who_said_what_was_edited_in_is_not_told():
    one, _ = press(opened(CHOICE, {"s": "good"}, {"s": "bad"}), "1", "review.edit")
    one, _ = step(one, "label.give", ("s", "bad"))
    assert told(one) == {0: "s: good → bad"}


def test_spans_that_were_edited_in_are_told_of():
    angela = span("Angela Merkel", "person")
    bare = {name: value for name, value in angela.items() if name != "text"}
    one = opened(SPANS, {"e": [angela]}, {"e": [bare]})
    assert told(one) == {}
    session = one.session
    work = review.work_of(session.project, {"e": [angela, span("Rome", "place")]})
    one = replace(one, session=replace(session, work=work))
    assert told(one) == dict.fromkeys((0, 1), "e: nothing → place “Rome”")


def test_nobody_is_told_of_what_is_open_or_was_not_asked_or_says_none_in_other_words():
    flight, rome = span("UA1234", "person"), span("Rome", "place")
    one = opened(
        WHEN,
        {"s": "good", "topics": []},
        {"s": "bad", "e": [flight], "topics": []},
        {"s": "bad", "e": [flight, rome]},
    )
    one, _ = press(one, "2")
    assert told(one) == {0: "s: good → bad"}
    one, _ = press(one, "2")
    assert told(one)[2] == "e: place “Rome” → nothing"


# names


def test_blind_letters_do_not_follow_the_names():
    versions = [Annotation(name) for name in NAMES]
    orders = {tuple(one.annotator for one in review.arranged(versions, f"item {n}", True)) for n in range(20)}

    assert len(orders) > 15
    assert review.arranged(versions, "k", True) == review.arranged(versions[::-1], "k", True)
    assert letters(28)[-3:] == ("Z", "A1", "B1")


def test_an_answer_of_another_kind_than_is_asked_today_is_left_out():
    one = opened(CHOICE, {"s": ["good"], "gone": "x"}, {"s": "bad"})

    assert one.comparison.versions == ({}, {"s": "bad"})


# whatever is pressed

LABELS = st.sampled_from(["person", "place"])
SPAN = st.builds(
    lambda start, size, label: {
        "start": start,
        "end": start + size,
        "label": label,
        "text": TEXT[start : start + size],
    },
    st.integers(0, 30),
    st.integers(1, 12),
    LABELS,
)


@st.composite
def answer(draw: st.DrawFn) -> dict[str, Any]:
    found: dict[str, Any] = {"s": draw(st.sampled_from(["good", "bad"]))}
    if found["s"] == "bad":
        spans = {(one["start"], one["end"], one["label"]): one for one in draw(st.lists(SPAN, max_size=4))}
        found["e"] = [spans[key] for key in sorted(spans)]
    found["topics"] = [one for one in ("food", "sport", "war") if draw(st.booleans())]
    if draw(st.booleans()):
        found["why"] = " ".join(draw(st.lists(st.sampled_from(["so", "it", "was", "not", "very", "good"]), max_size=6)))
    return found


KEYS = st.one_of(
    st.tuples(st.just("review.take"), st.integers(0, 4)),
    st.tuples(st.just("review.whole"), st.just(0)),
    st.tuples(
        st.sampled_from(
            [
                "review.keep",
                "review.next",
                "review.previous",
                "review.accept",
                "review.settle",
                "review.edit",
                "review.done",
                "review.example",
                "span.remove",
                "span.next",
                "cursor.right",
                "select.right",
                "item.submit",
            ]
        ),
        st.none(),
    ),
    st.tuples(st.just("cursor.to"), st.integers(0, 45)),
    st.tuples(
        st.just("label.give"),
        st.sampled_from([("e", "person"), ("e", "place"), ("s", "bad"), ("s", "good"), ("topics", "war")]),
    ),
)


@given(st.lists(answer(), min_size=1, max_size=5), st.lists(KEYS, max_size=25))
def test_nothing_crashes_and_undo_is_exact(answers, keys):
    first = one = opened(WHEN, *answers)
    for command, argument in keys:
        one, effects = step(one, command, argument)
        if Effect.SETTLE in effects:
            assert one.undecided == ()
            said = review.answers(one)
            assert all(not task.check(said[task.id], one.item) for task in one.session.asked if task.id in said)
            by = review.origin(one)
            assert all(len(by[task]) == len(said[task]) for task in by if task == "e")
        assert one.at == -1 or one.at in one.in_force
    one, _ = step(one, "review.done")
    after = one.moment
    moves = 0
    while one.past:
        one, effects = step(one, "work.undo")
        assert effects == ()
        moves += 1
    assert one.moment[:4] == first.moment[:4]
    assert step(one, "work.undo")[1] == (Effect.BACK,)
    for _ in range(moves):
        one, _ = step(one, "work.redo")

    assert one.moment[:4] == after[:4]


@given(st.lists(answer(), min_size=2, max_size=5), st.integers(0, 4))
def test_taking_one_version_everywhere_is_that_version(answers, version):
    version %= len(answers)
    one = opened(WHEN, *answers)
    for _ in range(60):
        if not one.undecided:
            break
        one, _ = step(one, "review.take", version)

    assert review.answers(step(opened(WHEN, *answers), "review.whole", version)[0]) == review.answers(one)
    asked = {task.id for task in one.session.asked}
    expected = {task: value for task, value in answers[version].items() if task in asked}
    got = {task: value for task, value in review.answers(one).items() if value not in ("", []) or task in expected}
    assert {k: v for k, v in got.items() if v} == {k: v for k, v in expected.items() if v}


@pytest.mark.parametrize("source", [CHOICE, SPANS, WHEN])
def test_an_item_without_versions_is_no_trouble(source):
    one = opened(source)
    for command in ("review.take", "review.next", "review.accept", "review.edit", "review.done", "work.undo"):
        one, _ = step(one, command)
