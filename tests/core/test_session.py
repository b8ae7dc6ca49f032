"""What each command does to a session: answers, spans, suggestions, flags, undo."""

from __future__ import annotations

from dataclasses import replace
from itertools import permutations

import pytest
from helpers import BOTH, ENTITIES, SENTIMENT, project
from hypothesis import given
from hypothesis import strategies as st

from tui_label.core.annotating.beginning import begin, draft_of
from tui_label.core.annotating.session import Effect, Line, Session, has_content
from tui_label.core.annotating.spanning import accept_span, clash, undecided_spans
from tui_label.core.annotating.steps import STEPS, step
from tui_label.core.annotating.suggested import outcome_decisions
from tui_label.core.annotation import Annotation
from tui_label.core.guards import Guard
from tui_label.core.item import Item, Suggestion
from tui_label.core.tasks import Span
from tui_label.core.text.editor import Editor, delete_forward, insert
from tui_label.core.timing import Rhythm, Watch

TEXT = "Angela Merkel flew to Paris. Paris!"


def run(session: Session, *commands):
    """The session after commands, and the effects of the last."""
    effects: tuple[Effect, ...] = ()
    for one in commands:
        name, argument = one if isinstance(one, tuple) else (one, None)
        session, effects = step(session, name, argument)
    return session, effects


def labels(session: Session, task: str = "entities"):
    text = session.item.text
    return [(text[one.start : one.end], one.label, one.origin) for one in session.work.spans.get(task, ())]


def on(source: str, text: str = TEXT, *suggestions: Suggestion) -> Session:
    return begin(project(source), Item("k", text), suggestions)


def give(label: str, task: str = "entities"):
    return ("label.give", (task, label))


def test_one_key_answers_and_submits():
    session, effects = run(on(SENTIMENT), give("negative", "sentiment"))

    assert session.answers == {"sentiment": "negative"}
    assert effects == (Effect.SUBMIT,)


def test_a_selection_is_labelled():
    session, effects = run(on(ENTITIES), "select.right", give("person"))

    assert labels(session) == [("Angela Merkel", "person", "manual")]
    assert effects == ()


@pytest.mark.parametrize(("first", "last"), [(0, 13), (13, 6), (13, 20), (9, 20)])
def test_no_white_space_is_labelled_with_the_words_beside_it(first, last):
    session, _ = run(on(ENTITIES, "Angela Merkel \n  flew"), ("select.range", (first, last)), give("person"))

    (words, _, _), *_ = labels(session)
    assert words == words.strip() != ""


def test_white_space_alone_is_not_labelled_but_character_by_character():
    session, _ = run(on(ENTITIES), ("cursor.to", 6), give("person"))

    assert (labels(session), session.word) == ([], "there is no text to label")

    session, _ = run(session, "span.granularity", give("person"))

    assert labels(session) == [(" ", "person", "manual")]


def test_a_selection_is_given_up():
    session, _ = run(on(ENTITIES), "select.right", "select.drop", give("person"))

    assert labels(session) == [("Merkel", "person", "manual")]


def test_the_span_under_the_cursor_is_relabelled():
    session, _ = run(on(ENTITIES), "select.right", give("person"), give("place"))

    assert labels(session) == [("Angela Merkel", "place", "manual")]


def test_overlap_is_refused_with_a_word_where_the_project_refuses_it():
    session, _ = run(on(ENTITIES), "select.right", give("person"), "select.right", give("place"))

    assert labels(session) == [("Angela Merkel", "person", "manual")]
    assert "may not overlap" in session.word


def test_edges_move_by_token_and_by_character():
    session, _ = run(on(ENTITIES), give("person"), "span.end-right")
    assert labels(session)[0][0] == "Angela Merkel"
    session, _ = run(session, "span.granularity", "span.end-left", "span.start-right")
    assert labels(session)[0][0] == "ngela Merke"


def test_same_mentions_are_previewed_then_taken():
    session, _ = run(on(ENTITIES), ("cursor.to", 22), give("place"), "label.same-mentions")
    assert len(session.preview) == 1 and len(labels(session)) == 1
    session, effects = run(session, "item.submit")
    assert labels(session)[1] == ("Paris", "place", "propagated")
    assert effects == ()


def test_the_last_label_again():
    session, _ = run(on(ENTITIES), give("person"), ("cursor.to", 22), "label.repeat")

    assert [label for _, label, _ in labels(session)] == ["person", "person"]


def test_a_label_that_was_refused_is_not_the_last_one():
    text = "Ann met Bob in Rome"
    refused = [give("person"), "select.right", give("place")]
    session, _ = run(on(ENTITIES, text), *refused)
    assert (session.last_label, "may not overlap" in session.word) == (("entities", "person"), True)

    session, _ = run(session, "select.drop", "cursor.left", "label.repeat")
    assert labels(session) == [("Ann", "person", "manual")]


def test_suggestions_are_accepted_changed_rejected():
    offers = [
        Suggestion("entities", {"start": s, "end": e, "label": label}, 0.5, "m", n)
        for n, (s, e, label) in enumerate([(0, 13, "person"), (22, 27, "person"), (29, 34, "place")], 1)
    ]
    session, _ = run(on(ENTITIES, TEXT, *offers), "suggestion.accept", give("place"), "suggestion.reject")

    assert labels(session) == [("Angela Merkel", "person", "accepted"), ("Paris", "place", "changed")]
    assert session.work.decisions == {1: "accepted", 2: "changed", 3: "rejected"}


def test_suggested_spans_are_gone_through_in_the_order_of_the_text_however_sure_each_is():
    offers = [
        Suggestion("entities", {"start": s, "end": e, "label": "person"}, score, "m", n)
        for n, (s, e, score) in enumerate([(0, 13, 0.5), (22, 27, 0.9), (29, 34, 0.7)], 1)
    ]
    session, _ = run(on(ENTITIES, TEXT, *offers), *["suggestion.accept"] * 3)

    assert [text for text, _, _ in labels(session)] == ["Angela Merkel", "Paris", "Paris"]
    assert session.pending == ()


def offered(*spans: tuple[int, int, str]) -> list[Suggestion]:
    return [
        Suggestion("entities", {"start": start, "end": end, "label": label}, 0.5, "m", number)
        for number, (start, end, label) in enumerate(spans, 1)
    ]


def test_all_suggestions_are_accepted_at_once_and_taken_back_by_one_undo():
    source = ENTITIES + "  - {id: mood, type: choice, labels: [good, bad], required: false}\n"
    offers = [
        *offered((0, 13, "person"), (7, 13, "place"), (22, 27, "person")),
        Suggestion("mood", "bad", 0.9, "m", 4),
    ]
    begun = on(source, TEXT, *offers)
    session, effects = run(begun, "suggestion.accept-all")

    assert labels(session) == [("Angela Merkel", "person", "accepted"), ("Paris", "person", "accepted")]
    assert (session.answers["mood"], effects) == ("bad", ())
    assert session.work.decisions == {1: "accepted", 3: "accepted", 4: "accepted"}
    assert "may not overlap" in session.word
    assert run(session, "work.undo")[0].work == begun.work


EXTENT = st.tuples(st.integers(0, 9), st.integers(1, 4), st.sampled_from(["person", "place"]))
EXTENTS = st.lists(EXTENT.map(lambda one: (one[0], one[0] + one[1], one[2])), max_size=9)


@given(EXTENTS, EXTENTS, st.sampled_from(["true", "false"]))
def test_all_suggestions_are_accepted_that_nothing_before_them_is_in_the_way_of(made, suggested, overlap):
    begun = on(ENTITIES.replace("type: spans", f"type: spans\n    overlap: {overlap}"), TEXT, *offered(*suggested))
    (task,) = begun.project.tasks
    for one in made:
        if not clash(begun, task, Span(*one)):
            begun = replace(
                begun, work=begun.work.with_spans(task.id, (*begun.work.spans.get(task.id, ()), Span(*one)))
            )
    free = {one.number for one, span in begun.pending_spans if not clash(begun, task, span)}
    expected = begun
    for one, _ in begun.pending_spans:
        expected = accept_span(expected, one)
    session, _ = run(begun, "suggestion.accept-all")

    assert (session.work, undecided_spans(begun)) == (expected.work, free)


def test_suggestions_are_set_beside_what_is_near_them_alone(monkeypatch):
    """There are thousands of them on a long text."""
    begun = on(ENTITIES, "word " * 400, *offered(*((5 * n, 5 * n + 4, "person") for n in range(400))))
    half, _ = run(begun, *["suggestion.accept"] * 200)
    looked, overlaps = [], Span.overlaps
    monkeypatch.setattr(Span, "overlaps", lambda one, other: looked.append(one) or overlaps(one, other))
    run(half, "item.submit")
    run(half, "suggestion.accept-all")

    assert len(looked) < 1000


def test_accepting_all_hands_the_item_in_where_that_is_all_it_needs_and_says_where_there_is_nothing_to_accept():
    offer = Suggestion("sentiment", "neutral", number=1)

    assert run(on(SENTIMENT, TEXT, offer), "suggestion.accept-all")[1] == (Effect.SUBMIT,)
    assert run(on(SENTIMENT), "suggestion.accept-all")[0].word == "no suggestions here"


def test_accepting_all_leaves_what_is_not_asked_after_the_first():
    source = BOTH.replace(
        "type: spans\n    when: {sentiment: [negative]}\n    overlap: true",
        "type: choices\n    when: {sentiment: [negative]}",
    )
    offers = (Suggestion("sentiment", "positive", number=1), Suggestion("entities", ["person"], number=2))
    before_they_came = Annotation("ann", answers={"sentiment": "negative"})
    session = begin(project(source), Item("k", TEXT), offers, answered=before_they_came)
    session, _ = run(session, "suggestion.accept-all")

    assert session.answers == {"sentiment": "positive"}


def test_an_answer_decides_the_suggestions_to_its_question_alone():
    source = SENTIMENT + "  - {id: sure, type: choice, labels: [{value: yes, key: y}, {value: no, key: x}]}\n"
    offers = (
        Suggestion("sentiment", "neutral", number=1),
        Suggestion("sentiment", "negative", number=2),
        Suggestion("sure", "yes", number=3),
    )
    session, _ = run(on(source, TEXT, *offers), give("negative", "sentiment"))

    assert session.work.decisions == {1: "changed", 2: "accepted"}
    assert [one.number for one in session.pending] == [3]


def test_a_rejected_span_leads_to_the_next_one_and_the_last_stays():
    begun = on(ENTITIES, TEXT, *offered((0, 6, "person"), (22, 27, "place"), (29, 34, "place")))
    session, _ = run(begun, "suggestion.reject")
    assert (session.cursor, session.work.decisions) == (22, {1: "rejected"})
    session, _ = run(session, ("cursor.to", 29), "suggestion.reject")

    assert (session.cursor, session.work.decisions) == (29, {1: "rejected", 3: "rejected"})


def test_suggested_labels_are_accepted_in_the_order_of_the_project():
    source = SENTIMENT.replace("type: choice", "type: choices")
    offer = Suggestion("sentiment", ["negative", "positive"], 0.9, "m", 1)
    session, _ = run(on(source, TEXT, offer), "suggestion.accept")

    assert session.work.answers["sentiment"] == ["positive", "negative"]
    assert session.work.decisions == {1: "accepted"}


def test_enter_says_first_how_many_suggested_spans_it_leaves_out():
    session, effects = run(on(ENTITIES, TEXT, *offered((0, 13, "person"), (22, 27, "place"))), "item.submit")
    assert (session.word, effects) == (
        "2 suggestions undecided: ↵ again leaves them out, {suggestion.accept-all} takes all",
        (),
    )
    assert run(session, "item.submit")[1] == run(session, "cursor.right", "item.submit")[1] == (Effect.SUBMIT,)

    session, effects = run(session, "suggestion.accept", "item.submit")
    assert (session.word, effects) == ("1 suggestion undecided: ↵ again leaves it out", ())
    assert run(session, "suggestion.reject", "item.submit")[1] == (Effect.SUBMIT,)


def test_a_suggested_span_that_an_answer_stands_in_the_way_of_is_decided():
    begun = on(ENTITIES, TEXT, *offered((7, 13, "person")))
    assert run(begun, ("cursor.to", 0), "select.right", give("person"), "item.submit")[1] == (Effect.SUBMIT,)


def test_the_last_answer_after_enter_says_too_what_it_leaves_out():
    source = ENTITIES + "  - {id: mood, type: choice, labels: [good, bad]}\n"
    session, effects = run(
        on(source, TEXT, *offered((22, 27, "place"))), ("cursor.to", 0), "item.submit", give("bad", "mood")
    )
    assert (session.word, effects) == ("1 suggestion undecided: ↵ again leaves it out", ())
    assert run(session, "item.submit")[1] == (Effect.SUBMIT,)


def test_a_suggestion_to_a_question_that_is_of_another_type_now_is_refused_with_a_word():
    choices = SENTIMENT.replace("type: choice", "type: choices")
    session, effects = run(on(choices, TEXT, Suggestion("sentiment", "neutral", number=1)), "suggestion.accept")

    assert (session.word, effects) == ("sentiment: must be a list of labels, not 'neutral'", ())


def test_work_begins_at_the_first_question_without_an_answer():
    source = SENTIMENT + "  - {id: why, type: text}\n  - {id: sure, type: choice, labels: [yes, no]}\n"
    mine = Annotation("ann", answers={"sentiment": "neutral", "why": "so"})
    whole = replace(mine, answers={**mine.answers, "sure": "yes"})

    begun = [begin(project(source), Item("k", TEXT), answered=answered) for answered in (None, mine, whole)]
    assert [one.focus for one in begun] == ["sentiment", "sure", "sentiment"]


def test_a_right_suggestion_of_a_choice_is_one_key():
    session, effects = run(on(SENTIMENT, TEXT, Suggestion("sentiment", "neutral", 0.9, "m", 1)), "suggestion.accept")

    assert (session.answers, effects) == ({"sentiment": "neutral"}, (Effect.SUBMIT,))
    assert session.work.origins == {"sentiment": "accepted"}


def test_a_suggestion_is_judged_by_the_answer_that_is_handed_in():
    """Of two sources one may be right; a key may be corrected, also on a visit to what was handed in."""
    offers = [Suggestion("sentiment", label, 0.9, label, n) for n, label in enumerate(["neutral", "positive"], 1)]
    offers.append(Suggestion("not asked", "neutral", 0.9, "m", 3))
    session, _ = run(on(SENTIMENT, TEXT, *offers), "suggestion.accept")
    assert outcome_decisions(session) == {1: "accepted", 2: "changed"}
    handed = Annotation("ann", answers=session.answers, decisions=outcome_decisions(session))
    visited = begin(project(SENTIMENT), session.item, tuple(offers), answered=handed)

    assert outcome_decisions(run(visited, give("positive", "sentiment"))[0]) == {1: "changed", 2: "accepted"}


def test_a_suggested_text_that_was_taken_and_corrected_is_changed():
    source = "name: n\ntasks: [{id: said, type: text}]\n"
    session, _ = run(on(source, TEXT, Suggestion("said", "yes", number=1)))
    assert outcome_decisions(run(session, ("text.edit", Editor("no", 2)))[0]) == {1: "ignored"}
    session, _ = run(session, "suggestion.accept", ("text.edit", Editor("yes!", 4)))

    assert (outcome_decisions(session), session.work.origins) == ({1: "changed"}, {"said": "changed"})


def ranked(keys: str, candidates: int) -> list[str] | None:
    """What is ranked after keys, `A` for the first candidate's."""
    texts = tuple(f"text {number}" for number in range(candidates))
    source = "name: c\ntasks: [{id: order, type: compare, mode: rank}]\n"
    session = begin(project(source), Item("k", "", candidates=texts))
    session, _ = run(session, *(give(name, "order") for name in keys))
    return session.answers.get("order")


@pytest.mark.parametrize(
    ("keys", "candidates", "expected"),
    [
        ("A", 2, "AB"),
        ("AB", 2, "AB"),
        ("BA", 2, "BA"),
        ("ABB", 2, "BA"),
        ("BCA", 4, "BCAD"),
        ("BCAD", 4, "BCAD"),
        ("BCADDABC", 4, "DABC"),
        ("BCADB", 4, "B"),
        ("BCB", 4, "B"),
        ("BCADDABCABCD", 4, "ABCD"),
    ],
)
def test_a_ranking_typed_whole_is_the_ranking_typed(keys, candidates, expected):
    """The last one is filled in by itself, and naming it as well changes nothing."""
    assert ranked(keys, candidates) == list(expected)


@pytest.mark.parametrize("other", [give("news", "kind"), give("odd", "also"), give("place"), "text.enter"])
def test_enter_takes_no_mentions_once_another_thing_was_done(other):
    """Of another question it was, and the app ended, or spans had labels of the wrong question."""
    source = """
name: n
tasks:
  - {id: entities, type: spans, labels: [person, place]}
  - {id: kind, type: choices, labels: [news, chat]}
  - {id: also, type: spans, labels: [odd, even], required: false}
  - {id: note, type: text, required: false}
"""
    session, _ = run(on(source), ("cursor.to", 22), give("person"), "label.same-mentions")
    assert len(session.preview) == 1
    session, _ = run(session, other, "item.submit")

    assert session.preview == () and all(len(spans) == 1 for spans in session.work.spans.values())


@pytest.mark.parametrize("gone", ["span.remove", "work.undo"])
def test_a_question_whose_reason_is_gone_leaves_the_hands_to_the_one_before(gone):
    """Its place among those that are asked was looked for, and the screen ended."""
    source = """
name: n
tasks:
  - {id: note, type: text, required: false}
  - {id: entities, type: spans, labels: [person, place]}
  - {id: known, type: choice, labels: [yes, no], when: {entities: [person]}}
"""
    begun, _ = run(on(source), "focus.next", give("person"), "focus.next")
    session, _ = run(begun, gone)
    following, _ = run(session, "focus.next")

    assert begun.focus == "known"
    assert (session.focus, session.typing) == ("entities", False)
    assert following.focus == "note"


def test_tasks_are_asked_in_order_and_when():
    session = on(BOTH)
    assert [task.id for task in session.asked] == ["sentiment", "why"]
    session, effects = run(session, give("negative", "sentiment"))
    assert [task.id for task in session.asked] == ["sentiment", "entities", "why"]
    assert effects == ()
    assert run(session, "item.submit")[1] == (Effect.SUBMIT,)


def test_the_last_answer_goes_on_by_itself_unless_a_question_may_stay_open():
    source = (
        SENTIMENT
        + "  - {id: sure, type: choice, required: false, labels: [{value: yes, key: y}, {value: no, key: x}]}\n"
    )
    sentiment, sure = give("positive", "sentiment"), give("yes", "sure")

    assert run(on(source), sentiment)[1] == ()
    assert run(on(source), sentiment, sure)[1] == run(on(source), sure, sentiment)[1] == (Effect.SUBMIT,)


def test_the_question_that_is_worked_at_is_left_once_it_is_answered():
    more = "  - {id: why, type: text}\n"
    choices = SENTIMENT.replace("type: choice", "type: choices") + more
    order = "name: c\ntasks:\n  - {id: order, type: compare, mode: rank}\n" + more
    ranking = begin(project(order), Item("k", "", ("one", "two", "three")))
    two = SENTIMENT + "  - {id: sure, type: choice, labels: [{value: yes, key: y}, {value: no, key: x}]}\n"
    chosen, _ = run(on(choices), give("positive", "sentiment"))
    first, _ = run(ranking, give("A", "order"))
    ranked, _ = run(first, give("B", "order"))
    answered, effects = run(on(two), give("positive", "sentiment"))

    assert [(one.focus, one.typing) for one in (chosen, first, ranked)] == [
        ("sentiment", False),
        ("order", False),
        ("why", True),
    ]
    assert (answered.focus, effects) == ("sure", ())
    assert run(on(choices), "item.submit", give("positive", "sentiment"))[1] == ()


def test_the_last_answer_after_enter_goes_on_by_itself_though_a_question_may_stay_open():
    more = "  - {id: why, type: text, required: false}\n"
    compared = begin(
        project("name: c\ntasks:\n  - {id: best, type: compare}\n" + more), Item("k", "", ("this one", "that one"))
    )
    for session, last in ((on(SENTIMENT + more), give("positive", "sentiment")), (compared, give("A", "best"))):
        assert run(session, last)[1] == ()
        assert run(session, "item.submit", last)[1] == (Effect.SUBMIT,)


def test_what_was_said_to_a_question_that_may_stay_open_and_taken_back_holds_nothing_back():
    source = (
        SENTIMENT
        + """  - {id: topics, type: choices, min: 1, required: false, labels: [sport, food]}
  - {id: why, type: text, min: 3, required: false}
"""
    )
    said, _ = run(
        on(source).focused("why"),
        give("positive", "sentiment"),
        give("sport", "topics"),
        "text.enter",
        ("text.edit", Editor("no", 2)),
    )
    taken_back, _ = run(said, ("text.edit", Editor("", 0)), give("sport", "topics"))

    assert run(said, "item.submit")[0].word == "why: needs at least 3 characters"
    assert run(taken_back, "item.submit")[1] == (Effect.SUBMIT,)


def test_of_spans_inside_each_other_the_innermost_is_under_the_cursor_and_none_that_begins_after_it():
    source = ENTITIES.replace("type: spans\n", "type: spans\n    overlap: true\n    snap: character\n")
    whole = {"start": 1, "end": 14, "label": "person"}
    session = begin(
        project(source),
        Item("k", f"({TEXT}"),
        answered=Annotation("ann", answers={"entities": [whole, {"start": 8, "end": 14, "label": "place"}]}),
    )

    at = {n: run(session, ("cursor.to", n))[0].span_under_cursor for n in (0, 1, 8, 13, 14)}
    assert {n: one and one[1].label for n, one in at.items()} == {
        0: None,
        1: "person",
        8: "place",
        13: "place",
        14: None,
    }


def test_of_several_span_questions_the_focused_one_is_worked_at_and_those_not_asked_are_not_shown():
    more = "  - {id: claims, type: spans, when: {sentiment: [negative]}, overlap: true, labels: [claim]}\n"
    session, _ = run(on(BOTH + more), give("negative", "sentiment"), give("person"), give("claim", "claims"))
    assert [session.focused(id).span_task.id for id in ("entities", "claims", "why")] == [
        "entities",
        "claims",
        "entities",
    ]
    assert {(task, span.label) for task, span in session.spans} == {("entities", "person"), ("claims", "claim")}

    session, _ = run(session, give("positive", "sentiment"))

    assert session.spans == []


def test_accept_is_about_the_span_at_the_cursor_or_the_focused_question():
    spans = [{"start": start, "end": end, "label": "place"} for start, end in ((22, 27), (29, 34))]
    session = on(ENTITIES, TEXT, *(Suggestion("entities", span, number=n) for n, span in enumerate(spans, 1)))
    assert [run(session, ("cursor.to", at))[0].suggestion_under_cursor.number for at in (22, 26, 29)] == [1, 1, 2]
    assert run(session, ("cursor.to", 27))[0].suggestion_under_cursor is None
    source = SENTIMENT + "  - {id: sure, type: choice, labels: [{value: sure, key: y}, {value: unsure, key: x}]}\n"
    source += "  - {id: why, type: text, required: false}\n"
    whole = on(source, TEXT, Suggestion("sentiment", "neutral", number=1), Suggestion("sure", "sure", number=2))

    assert [whole.focused(id).suggestion_under_cursor.number for id in ("sentiment", "sure", "why")] == [1, 2, 1]


def test_only_what_was_done_is_a_draft():
    handed = Annotation("ann", answers={"sentiment": "neutral"})
    visited = begin(project(SENTIMENT), Item("k", TEXT), answered=handed)
    changed, _ = run(visited, give("positive", "sentiment"))
    flagged_and_not, _ = run(visited, ("flag.toggle", "odd"), ("flag.toggle", "odd"))
    asking = replace(visited, line=Line("question", "whose?"))
    assert not has_content(on(SENTIMENT)) and not has_content(visited)
    assert has_content(changed) and has_content(flagged_and_not) and has_content(asking)
    again = begin(visited.project, visited.item, draft=draft_of(visited), answered=handed)

    assert has_content(again), "a draft that came back is kept"


def test_the_cursor_begins_at_the_first_word():
    assert [on(ENTITIES, text).cursor for text in ("one", " \n one", "  ", "")] == [0, 3, 0, 0]


def test_the_cursor_begins_at_the_first_suggested_span_of_the_text():
    assert on(ENTITIES, TEXT, *offered((22, 27, "place"), (7, 13, "person"))).cursor == 7


def test_characters_are_labelled_also_where_spans_are_asked_for_only_after_an_answer():
    source = BOTH.replace("overlap: true", "snap: character")
    session, _ = run(on(source), give("negative", "sentiment"), "select.right", give("place"))

    assert labels(session) == [("An", "place", "manual")]


def test_a_required_task_holds_the_submit_back():
    session, effects = run(on(BOTH), "item.submit")

    assert effects == ()
    assert session.word == "sentiment: needs an answer"


def test_typing_is_undone_by_the_word():
    session = on("name: t\ntasks: [{id: t, type: text}]\n")
    assert session.typing
    text = ""
    for char in "two words":
        text += char
        session, _ = run(session, ("text.edit", Editor(text, len(text))))
    session, _ = run(session, "work.undo")

    assert session.answers["t"].startswith("two") and session.answers["t"] != "two words"
    assert session.work.origins["t"] == "manual"


def box(session: Session) -> Editor:
    return Editor(session.box or "", session.caret)


def put(words: str):
    """Words put into the box at once: a paste, a tag."""
    return lambda session: ("text.edit", insert(box(session), words))


def hands(*acts) -> list[str]:
    """What is in the box with each undo, after acts: letters typed, pieces put in, commands, places of the caret."""
    session = on("name: t\ntasks: [{id: t, type: text}]\nflags: [{reason: odd}]\n")
    for act in acts:
        if isinstance(act, str):
            for char in act:
                session, _ = run(session, put(char)(session))
        elif isinstance(act, int):
            session, _ = run(session, ("text.edit", Editor(session.box or "", act)))
        else:
            session, _ = run(session, act(session) if callable(act) else act)
    seen = [session.box or ""]
    while session.past:
        session, _ = run(session, "work.undo")
        assert session.caret <= len(session.box or "")
        seen.append(session.box or "")
    return seen


@pytest.mark.parametrize(
    ("acts", "seen"),
    [
        (["ab cd"], ["ab cd", "ab", ""]),
        ([put("pasted"), "x"], ["pastedx", "pasted", ""]),
        ([put("[noise] "), "so"], ["[noise] so", "[noise] ", ""]),
        (["abc", 0, "z"], ["zabc", "abc", ""]),
        (["abc", 1, 3, "d"], ["abcd", ""]),
        (["abc", put(""), "d", ("flag.toggle", "odd"), "e"], ["abcde", "abcd", "abcd", ""]),
        (["abc", 1, "z", ("work.undo", None), "y"], ["abyc", "abc", ""]),
        (
            ["xyz", 0, "a", lambda session: ("text.edit", delete_forward(box(session))), "b"],
            ["abyz", "ayz", "axyz", "xyz", ""],
        ),
        (["می\u200cروم क्\u200dष"], ["می\u200cروم क्\u200dष", "می\u200cروم", ""]),
    ],
)
def test_an_undo_step_is_what_was_typed_in_one_place_and_no_more(acts, seen):
    assert hands(*acts) == seen


def test_undo_past_the_start_goes_to_the_item_before():
    session, _ = run(on(ENTITIES), give("person"), "work.undo")

    assert labels(session) == []
    assert run(session, "work.undo")[1] == (Effect.BACK,)
    assert labels(run(session, "work.redo")[0]) == [("Angela", "person", "manual")]


COMMANDS = st.one_of(
    st.sampled_from(
        sorted(
            set(STEPS)
            - {
                "label.give",
                "flag.toggle",
                "flag.note",
                "find.said",
                "text.edit",
                "cursor.to",
                "select.range",
            }
        )
    ).map(lambda name: (name, None)),
    st.tuples(st.just("find.said"), st.tuples(st.sampled_from(["a", ""]), st.sampled_from([1, -1]))),
    st.tuples(st.just("cursor.to"), st.integers(0, 60)),
    st.tuples(st.just("select.range"), st.tuples(st.integers(0, 60), st.integers(0, 60))),
    st.tuples(st.just("flag.toggle"), st.sampled_from(["ambiguous", "private-data"])),
    st.sampled_from([give("person"), give("place"), give("negative", "sentiment"), give("positive", "sentiment")]),
)


@given(
    st.lists(COMMANDS, max_size=25),
    st.sampled_from([ENTITIES, BOTH, SENTIMENT]),
    st.sampled_from([TEXT, "", "日本 \r\n👩‍👩‍👧e\u0301"]),
    st.sampled_from([Line(), Line("question", "why?"), Line("note", "two", "ambiguous")]),
)
def test_any_keys_leave_valid_answers_and_a_draft_that_comes_back_whole(commands, source, text, line):
    offers = [Suggestion("entities", {"start": 0, "end": 2, "label": "person"}, 1.0, "m", 1)] if text else []
    session = on(source, text, *offers)
    for name, argument in commands:
        session, _ = step(session, name, argument)
    for task in session.asked:
        if task.kind == "spans":
            assert task.check(session.value(task.id) or [], session.item) == ""
    session = replace(session, line=line)

    again = begin(session.project, session.item, session.suggestions, draft=draft_of(session))

    assert (again.work, again.line) == (session.work, session.line)
    assert (again.cursor, again.step, again.focus) == (session.cursor, session.step, session.focus)
    assert again.past == session.past
    assert again.future == session.future
    while session.past:
        session, _ = step(session, "work.undo")
        session = session if not session.preview else step(session, "work.undo")[0]
    assert session.work.spans.get("entities", ()) == ()


NAMES = {"entities": {"person": "people", "place": "spot"}, "sentiment": {"negative": "bad", "positive": "good"}}


@given(st.lists(COMMANDS, max_size=25), st.sampled_from([ENTITIES, BOTH, SENTIMENT]))
def test_a_draft_that_comes_back_under_new_names_is_what_was_done_under_them(commands, source):
    new = source
    for old, now in [pair for names in NAMES.values() for pair in names.items()]:
        new = new.replace(old, now)
    was, now = (
        on(one, TEXT, Suggestion("entities", {"start": 0, "end": 2, "label": label}, 1.0, "m", 1))
        for one, label in ((source, "person"), (new, "people"))
    )
    for name, argument in commands:
        was, _ = step(was, name, argument)
        if name == "label.give":
            argument = (argument[0], NAMES[argument[0]][argument[1]])
        now, _ = step(now, name, argument)

    again = begin(now.project, now.item, now.suggestions, draft=draft_of(was), names=NAMES)

    assert (again.work, again.past, again.future) == (now.work, now.past, now.future)


ASKED = {
    "choice": "type: choice, labels: [person, place]",
    "choices": "type: choices, labels: [person, place]",
    "spans": "type: spans, labels: [person, place]",
    "text": "type: text",
    "rating": "type: rating",
}
SAID = {kind: [give("person", "t"), give("place", "t"), give("person", "t")] for kind in ("choice", "choices", "spans")} | {
    "text": [("text.edit", Editor(text, len(text))) for text in ("some", "some words", "words here")],
    "rating": [give("3", "t"), give("4", "t"), give("5", "t")],
}  # fmt: skip


def asking(kind: str) -> str:
    question = f"  - {{id: t, {ASKED[kind]}}}\n" if kind else ""
    return f"name: p\ntasks:\n{question}  - {{id: other, type: choice, labels: [a, b]}}\n"


@pytest.mark.parametrize(("was", "now"), list(permutations([*ASKED, ""], 2)))
def test_a_draft_is_laid_without_what_was_said_to_a_question_of_another_type(was, now):
    """It is gone or another one since; nothing else of the draft is lost, and there is nothing to stumble over in undo."""
    session, _ = run(on(asking(was)), *SAID.get(was, ()), give("a", "other"), give("b", "other"), "work.undo")
    again = begin(project(asking(now)), session.item, draft=draft_of(session))
    works = (again.work, *again.past, *again.future)

    assert (again.value("other"), again.future[-1].answers["other"]) == ("a", "b")
    for work in works:
        assert all(again.project.task(id).fits(value) for id, value in work.values(TEXT).items())
        assert bool(work.spans.get("t")) <= (now == "spans")
    run(again, *["work.undo"] * (len(works) - 1))


@pytest.mark.parametrize(
    ("given", "kept"), [(("entities", "place"), True), (("entities", "city"), False), (("gone", "place"), False)]
)
def test_the_last_label_is_not_given_again_once_it_is_gone(given, kept):
    session = begin(project(ENTITIES), Item("k", TEXT), last_label=given)

    assert labels(run(session, "label.repeat")[0]) == ([("Angela", "place", "manual")] if kept else [])


def test_time_between_keys_is_active_until_the_person_is_gone():
    watch = Watch(60_000, 0).touched(4_000, "a").touched(100_000).touched(101_000, "b")
    watch = watch.pause(102_000).resume(200_000).touched(201_000)

    assert (watch.timing.active, watch.timing.idle, watch.timing.paused) == (7_000, 96_000, 98_000)
    assert watch.timing.tasks == {"a": 4_000, "b": 1_000}


def test_pace_and_gentle_words():
    rhythm = Rhythm(project(SENTIMENT).pace, 0)
    for _ in range(5):
        rhythm = rhythm.answer(300)

    assert rhythm.per_hour == 12_000
    assert "faster than reading" in rhythm.word(1_000)
    assert "break" in rhythm.answer(9_000).word(3_100_000)


def test_a_held_key_answers_one_item_only():
    guard = Guard().pressed("p", 1.0).finished_item()
    assert guard.pressed("p", 1.03).refused
    assert guard.pressed("p", 1.03).pressed("p", 1.06).refused
    assert not guard.pressed("p", 1.2).refused
    assert not guard.pressed("n", 1.02).refused


def test_a_paste_that_comes_as_keys_is_refused():
    guard = Guard()
    for n in range(6):
        guard = guard.pressed("ppnnpp"[n], n * 0.001)

    assert guard.refused == "paste ignored"
