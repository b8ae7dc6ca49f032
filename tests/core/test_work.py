"""What was said so far, and that its undo history is small and restores exactly."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from helpers import project
from hypothesis import given
from hypothesis import strategies as st

from tui_label.core.annotating.beginning import begin, draft_of
from tui_label.core.annotating.session import HISTORY, Session
from tui_label.core.annotating.steps import step
from tui_label.core.annotating.work import Work, difference, patched
from tui_label.core.annotation import Flag
from tui_label.core.item import Item, Sound, Suggestion
from tui_label.core.tasks import Span
from tui_label.core.text.editor import Editor, insert

TRANSCRIPT = "name: t\nitems: sound\ntasks: [{id: said, type: text, transcript: {}}]\n"
LONG = "word " * 4000

TEXTS = st.text(st.one_of(st.sampled_from("ab "), st.characters(exclude_categories=["Cs"])), max_size=12)


def test_a_flag_has_one_note_and_is_taken_off_alone():
    work = Work().with_flag("odd", "").with_flag("noise", "loud").with_flag("odd", "very")

    assert work.flags == (Flag("noise", "loud"), Flag("odd", "very"))
    assert work.flagged("odd") == Flag("odd", "very") and work.flagged("spam") is None
    assert work.without_flag("odd").flags == (Flag("noise", "loud"),)


@given(TEXTS, TEXTS, TEXTS, TEXTS, st.sampled_from(["manual", "accepted"]), st.sampled_from(["manual", "changed"]))
def test_a_difference_of_texts_restores_exactly(head, old, new, tail, origin, later):
    was = Work({"said": head + old + tail, "other": "kept"}, {"said": origin, "other": "manual"})
    now = Work({"said": head + new + tail, "other": "kept"}, {"said": later, "other": "manual"})
    patch = json.loads(json.dumps(difference(was, now)))

    assert patched(now, patch) == was
    assert "other" not in json.dumps(patch), "what did not change is not kept"


@given(st.one_of(st.none(), TEXTS), st.one_of(st.none(), TEXTS))
def test_a_text_that_came_or_went_is_restored_too(old, new):
    was, now = (Work({}, {}) if one is None else Work({"said": one}, {"said": "manual"}) for one in (old, new))

    assert patched(now, json.loads(json.dumps(difference(was, now)))) == was


def long_transcript() -> Session:
    """20,000 characters that came as a draft, and 200 words typed into their middle."""
    item = Item("k", sound=Sound("a.wav", 3600.0))
    session = begin(project(TRANSCRIPT), item, (Suggestion("said", LONG, number=1),))
    caret = len(LONG) // 2
    for char in "café " * 200:
        editor = insert(Editor(session.box or "", caret), char)
        session, caret = step(session, "text.edit", editor)[0], editor.caret
    return session


def test_the_history_of_a_long_transcript_keeps_only_what_each_step_changed():
    session = long_transcript()
    draft = draft_of(session)

    assert len(session.past) == HISTORY
    assert len(draft) < len(LONG) + 30_000
    again = begin(session.project, session.item, session.suggestions, draft=draft)
    assert (again.work, again.past) == (session.work, session.past)


def test_undo_and_redo_work_after_a_long_draft_came_back():
    session = long_transcript()
    again = begin(session.project, session.item, session.suggestions, draft=draft_of(session))
    undone = step(step(again, "work.undo")[0], "work.undo")[0]
    later = begin(session.project, session.item, session.suggestions, draft=draft_of(undone))

    assert len(later.future) == 2
    assert step(step(later, "work.redo")[0], "work.redo")[0].work == session.work


def test_the_history_of_many_suggestions_keeps_only_what_each_step_decided():
    config = "name: t\ntasks: [{id: who, type: spans, labels: [person]}]\n"
    places = ({"start": at, "end": at + 4, "label": "person", "text": "word"} for at in range(0, 5 * 400, 5))
    offers = tuple(Suggestion("who", place, number=number) for number, place in enumerate(places, 1))
    session = begin(project(config), Item("k", "word " * 400), offers)
    for command in ("suggestion.accept", "suggestion.reject") * 200:
        session = step(session, command)[0]
    draft = draft_of(session)

    assert len(draft) < 80_000
    again = begin(session.project, session.item, offers, draft=draft)
    assert (again.work, again.past) == (session.work, session.past)


QUESTIONS = {
    "sure": ("{id: sure, type: choice, labels: [yes, no]}", ["yes", "no"]),
    "why": ("{id: why, type: text}", ["", "hi", "hi yo"]),
    "said": (
        "{id: said, type: segments, transcript: {}}",
        [[{"start": 0.0, "end": 1.0, "text": text}] for text in ("", "hi", "hi yo")],
    ),
    "names": ("{id: names, type: spans, labels: [a, b]}", [(Span(0, 2, "a"),), (Span(0, 2, "b"), Span(3, 5, "a"))]),
}


def asking(*questions: str) -> Session:
    """Of questions that go together in no project but say all that a draft can."""
    sources = [
        f"name: q\nitems: {'sound' if one == 'said' else 'text'}\ntasks: [{QUESTIONS[one][0]}]\n" for one in questions
    ]
    tasks = tuple(project(source).tasks[0] for source in sources)
    return begin(replace(project(), tasks=tasks), Item("k", "hi yo"))


def answered(session: Session, task: str, value: object) -> Work:
    return session.work.with_spans(task, value) if task == "names" else session.work.answer(task, value)


SAID = st.sampled_from([(task, value) for task, (_, values) in QUESTIONS.items() for value in values])


@given(st.lists(SAID, max_size=12), st.integers(0, 6), st.sampled_from(list(QUESTIONS)))
def test_a_question_that_is_gone_goes_from_every_step_of_a_draft(said, undone, gone):
    session, left = asking(*QUESTIONS), asking(*(one for one in QUESTIONS if one != gone))
    for task, value in said:
        session = session.change(answered(session, task, value))
        if task != gone:
            left = left.change(answered(left, task, value))
    again = begin(left.project, left.item, draft=draft_of(session))

    assert (again.work, again.past) == (left.work, left.past)
    for _ in range(undone):
        session = step(session, "work.undo")[0]
    again = begin(left.project, left.item, draft=draft_of(session))
    while again.future:
        again = step(again, "work.redo")[0]
    assert again.work == left.work


@pytest.mark.parametrize(("before", "now"), [("why", "names"), ("names", "why"), ("why", "said"), ("sure", "names")])
def test_what_was_said_to_another_type_of_question_is_not_in_the_draft(before, now):
    session = asking(before)
    for value in QUESTIONS[before][1]:
        session = session.change(answered(session, before, value))
    retyped = replace(asking(now).project.tasks[0], id=before)
    again = begin(replace(session.project, tasks=(retyped,)), session.item, draft=draft_of(session))

    assert (again.work, again.past) == (Work(), ())
