"""Which function answers which command: the one table between keys and the session."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from tui_label.core.annotating import answering, said, segmenting, spanning
from tui_label.core.annotating.session import Outcome, Session, Step

STEPS: dict[str, Step] = {
    "label.give": answering.give_label,
    "item.submit": answering.submit,
    "item.skip": answering.skip,
    "work.undo": answering.undo,
    "work.redo": answering.redo,
    "suggestion.accept": answering.accept,
    "suggestion.accept-all": answering.accept_all,
    "suggestion.reject": answering.reject,
    "flag.toggle": answering.flag,
    "flag.note": answering.flag_note,
    "find.said": said.find,
    "text.edit": answering.edit_text,
    "text.leave": answering.leave_text,
    "text.enter": answering.enter_text,
    "transcript.speaker": answering.turn_speaker_in_box,
    "transcript.fix": answering.mend,
    "focus.next": lambda session, _: answering.to_question(session, 1),
    "focus.previous": lambda session, _: answering.to_question(session, -1),
    "cursor.to": spanning.move_to,
    "cursor.left": spanning.left,
    "cursor.right": spanning.right,
    "select.open": spanning.open_selection,
    "select.left": spanning.select_left,
    "select.right": spanning.select_right,
    "select.drop": spanning.drop_selection,
    "select.range": spanning.select_range,
    "span.granularity": spanning.switch_step,
    "span.next": lambda session, _: spanning.to_mark(session, 1),
    "span.previous": lambda session, _: spanning.to_mark(session, -1),
    "span.remove": spanning.remove_span,
    "span.end-left": lambda session, _: spanning.nudge(session, "end", -1),
    "span.end-right": lambda session, _: spanning.nudge(session, "end", 1),
    "span.start-left": lambda session, _: spanning.nudge(session, "start", -1),
    "span.start-right": lambda session, _: spanning.nudge(session, "start", 1),
    "label.repeat": spanning.repeat_label,
    "label.same-mentions": spanning.same,
    "segment.mark": segmenting.mark,
    "segment.mark-on": segmenting.mark_on,
    "segment.drop": segmenting.drop_mark,
    "segment.next": segmenting.next_segment,
    "segment.previous": segmenting.previous_segment,
    "segment.follow": segmenting.follow,
    "segment.remove": segmenting.remove,
    "segment.again": segmenting.repeat,
    "segment.end-left": lambda session, _: segmenting.nudge(session, "end", -1),
    "segment.end-right": lambda session, _: segmenting.nudge(session, "end", 1),
    "segment.start-left": lambda session, _: segmenting.nudge(session, "start", -1),
    "segment.start-right": lambda session, _: segmenting.nudge(session, "start", 1),
    "segment.step": segmenting.switch_step,
    "segment.snap": segmenting.snap,
    "segment.split": segmenting.split,
    "segment.join": segmenting.join,
    "segment.speaker": answering.turn_speaker,
}


def step(session: Session, command: str, argument: Any = None) -> Outcome:
    """What `command` does to `session`, and what the world must now do about it."""
    before = session
    outcome = STEPS[command](replace(session, word="", found=(0, 0)), argument)
    session, effects = outcome if isinstance(outcome, tuple) else (outcome, ())
    if session.asked_task(session.focus) is None:
        session = session.focused(_before_focus(session))
    if session.preview and session.preview is before.preview and _goes_elsewhere(before, session):
        session = replace(session, preview=())
    return (session.within_box() if session.typing else session), effects


def _goes_elsewhere(before: Session, session: Session) -> bool:
    """Whether the hands are on another question, or spans are not as they were: what is previewed was of these."""
    return session.focus != before.focus or session.work.spans is not before.work.spans


def _before_focus(session: Session) -> str:
    """The question before the one that was in hand: that is asked no more, since what it hung on is gone."""
    ids = [task.id for task in session.project.tasks]
    return next(id for id in reversed(ids[: ids.index(session.focus)]) if session.asked_task(id) is not None)
