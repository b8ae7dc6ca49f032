"""What was said so far, and that its undo history is small and restores exactly."""

from __future__ import annotations

import json

from helpers import project
from hypothesis import given
from hypothesis import strategies as st

from tui_label.core.editor import Editor, insert
from tui_label.core.item import Item, Sound, Suggestion
from tui_label.core.session import HISTORY, Session, begin, draft_of
from tui_label.core.steps import step
from tui_label.core.work import Work, difference, patched

TRANSCRIPT = "name: t\nitems: sound\ntasks: [{id: said, type: text, transcript: {}}]\n"
LONG = "word " * 4000

TEXTS = st.text(st.one_of(st.sampled_from("ab "), st.characters(exclude_categories=["Cs"])), max_size=12)


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
