"""Answers, flags, suggestions, undo, and when an item is finished."""

from __future__ import annotations

import unicodedata
from dataclasses import replace
from typing import Any

from tui_label.core.annotating import segmenting
from tui_label.core.annotating.session import Effect, Outcome, Session
from tui_label.core.annotating.spanning import accept_span, accept_spans, label_span, take_preview, undecided_spans
from tui_label.core.item import Suggestion, candidate_names
from tui_label.core.tasks import Choices, Compare, Rating, Segments, Spans, Task, Text
from tui_label.core.text import is_mark, number_of
from tui_label.core.text.editor import Editor
from tui_label.core.transcript import completed, fixed, foremost, next_speaker

LAID = "the draft is laid already: Enter takes what stands there now"


def give_label(session: Session, argument: tuple[str, str]) -> Session | Outcome:
    """A label's key: on the text for spans, else the answer; the item is left where that finishes it."""
    id, label = argument
    task = session.asked_task(id)
    if task is None:
        return session.say(f"{id} is not asked here")
    if isinstance(task, Spans):
        return label_span(session, task, label)
    if isinstance(task, Segments):
        return segmenting.label(session, task, label)
    if isinstance(task, Compare) and task.mode == "rank":
        return _rank(session, task, label)
    return answer(session, task, _value(session, task, label), "manual")


def _value(session: Session, task: Task, label: str) -> Any:
    now = session.work.answers.get(task.id)
    if isinstance(task, Choices):
        return task.toggled(now, label)
    if isinstance(task, Rating):
        return int(label)
    return label


def _rank(session: Session, task: Compare, name: str) -> Session | Outcome:
    """`name` is the next best; with one left over, that one is last. Naming one again begins anew."""
    now = session.work.answers.get(task.id) or []
    if session.filled_in == (task.id, name) and now[-1:] == [name]:
        # Whoever types the whole ranking has only now named the last one
        return replace(session, filled_in=None).say(f"{name} was last already; once more puts it first")
    names = candidate_names(session.item)
    ranked = [name] if len(now) == len(names) or name in now else [*now, name]
    left = [other for other in names if other not in ranked]
    if len(left) != 1:
        return answer(replace(session, filled_in=None), task, ranked, "manual")
    return answer(replace(session, filled_in=(task.id, left[0])), task, ranked + left, "manual")


def answer(session: Session, task: Task, value: Any, origin: str) -> Session | Outcome:
    work = session.work.answer(task.id, value, origin)
    for one in session.pending:
        if one.task == task.id and not isinstance(one.value, dict):
            work = work.decide(one.number, "accepted" if one.value == value else "changed")
    session = session.change(work)
    if task == session.segment_task:
        session = replace(session, picked=-1)
    if session.needs_enter and not (session.finishing and task.one_key):
        return _to_next_question(session, task)
    if session.unfinished is None:
        return _finish(replace(session, focus=task.id))
    return _to_next_question(session, task)


def _to_next_question(session: Session, task: Task) -> Session:
    if isinstance(task, Choices) or session.problem(task):
        return replace(session, focus=task.id, typing=False)
    order = [one.id for one in session.asked]
    after = [*order[order.index(task.id) + 1 :], *order]
    for id in after:
        if session.value(id) is None:
            return session.focused(id)
    return replace(session, focus=task.id)


def submit(session: Session, _: Any = None) -> Session | Outcome:
    """Enter: take what is previewed, go to the question that is still open, or finish the item."""
    if session.preview:
        return take_preview(session)
    session = _word_ended(session)
    in_segment = session.typing and isinstance(session.asked_task(session.focus), Segments)
    if in_segment and not (session.finishing and session.picked + 1 >= len(session.segments)):
        return segmenting.next_text(session)
    if session.mark is not None:
        return session.say("a segment is still open: {segment.mark} ends it, Esc gives it up")
    if (open_question := session.unfinished) is not None:
        task, problem = open_question
        refused = replace(session.focused(task.id), finishing=True).say(f"{task.id}: {problem}")
        return segmenting.to_unfinished(refused, task, in_segment) if isinstance(task, Segments) else refused
    return _finish(session)


def _finish(session: Session) -> Session | Outcome:
    """Leave the item, once it is said how many suggested spans that leaves out."""
    undecided = undecided_spans(session)
    if undecided and undecided != session.left_out:
        them = "it" if len(undecided) == 1 else "them"
        word = f"{number_of(len(undecided), 'suggestion')} undecided: ↵ again leaves {them} out"
        word += ", {suggestion.accept-all} takes all" if len(undecided) > 1 else ""
        return replace(session, left_out=undecided).say(word)
    return session, (Effect.SUBMIT,)


def skip(session: Session, _: Any = None) -> Outcome:
    return session, (Effect.SKIP,)


def undo(session: Session, _: Any = None) -> Session | Outcome:
    if session.preview:
        return replace(session, preview=())
    if session.mark is not None:
        return segmenting.drop_mark(session).say("the mark is taken back")
    if not session.past and session.typing and session.future:
        # Not out of the item while the hands are on its text
        return session.say("nothing more to undo here")
    if not session.past:
        return session, (Effect.BACK,)
    past, work = session.past[:-1], session.past[-1]
    return _at(session, replace(session, past=past, work=work, future=(*session.future, session.work)))


def redo(session: Session, _: Any = None) -> Session | Outcome:
    if not session.future:
        return session, (Effect.FORWARD,)
    future, work = session.future[:-1], session.future[-1]
    return _at(session, replace(session, future=future, work=work, past=(*session.past, session.work)))


def _at(before: Session, session: Session) -> Session:
    """After a jump in time: no selection, a caret within the text."""
    picked = segmenting.picked_after(before, session)
    return replace(session, anchor=None, chosen=None, picked=picked, typed_to=-1).within_box()


def accept(session: Session, _: Any = None) -> Session | Outcome:
    """Take the suggestion under the cursor and go to the next one."""
    one = session.suggestion_under_cursor
    if one is None:
        return session.say("no suggestion here")
    if isinstance(one.value, dict):
        return accept_span(session, one)
    task = session.asked_task(one.task)
    assert task is not None
    if not _is_laid(session, task):
        return _accept_whole(session, one, task)
    if isinstance(task, Segments):
        return segmenting.keep_drafted(session)
    return _to_next_question(session, task).say(LAID)


def _is_laid(session: Session, task: Task) -> bool:
    """Whether a draft is on the desk to be corrected: segments, each to be kept or taken out, or a text."""
    is_there = isinstance(task, Segments) or (isinstance(task, Text) and session.work.answers.get(task.id))
    return bool(is_there) and session.work.origins.get(task.id) in ("accepted", "changed")


def _accept_whole(session: Session, one: Suggestion, task: Task) -> Session | Outcome:
    if problem := task.check(one.value, session.item):
        return session.say(f"{one.task}: {problem}")
    return answer(session, task, one.value, "accepted")


def accept_all(session: Session, _: Any = None) -> Session | Outcome:
    """Take every suggestion that may be taken, as one step to undo."""
    if not session.pending:
        return session.say("no suggestions here")
    before, session = session, accept_spans(session)
    effects: tuple[Effect, ...] = ()
    for one in session.pending:
        task = session.asked_task(one.task)
        if not isinstance(one.value, dict) and one.number not in session.work.decisions and task is not None:
            is_laid = _is_laid(session, task)
            outcome = session.say(session.word or LAID) if is_laid else _accept_whole(session, one, task)
            session, effects = outcome if isinstance(outcome, tuple) else (outcome, ())
    return replace(session, past=before.change(session.work).past), effects


def reject(session: Session, _: Any = None) -> Session | Outcome:
    one = session.suggestion_under_cursor
    if one is None:
        return session.say("no suggestion here")
    task = session.asked_task(one.task)
    if isinstance(task, Segments) and _is_laid(session, task):
        return segmenting.reject_drafted(session, one.value)
    if isinstance(task, Text) and session.work.origins.get(task.id) in ("accepted", "changed"):
        work = session.work.answer(task.id, "", "manual").decide(one.number, "rejected")
        emptied = replace(session.change(work), focus=task.id, caret=0)
        return emptied.say("the draft is rejected and the box empty: {work.undo} brings it back")
    session = session.change(session.work.decide(one.number, "rejected"))
    following = [span.start for _, span in session.pending_spans if span.start >= session.cursor]
    return replace(session, cursor=following[0]) if following else session


def flag(session: Session, reason: str) -> Session:
    """Put a flag on the item, or take it off."""
    work = session.work
    if work.flagged(reason):
        return session.change(work.without_flag(reason)).say(f"flag {reason} taken off")
    return session.change(work.with_flag(reason, "")).say(f"flagged {reason}")


def flag_note(session: Session, argument: tuple[str, str]) -> Session:
    reason, note = argument
    return session.change(session.work.with_flag(reason, note)).say(f"flagged {reason}, with a note")


def edit_text(session: Session, editor: Editor) -> Session:
    """New text and caret for the box that takes the keys; one undo step a word."""
    task, old = session.asked_task(session.focus), session.box
    assert task is not None and old is not None
    moved = replace(session, caret=editor.caret, filled_in=None)
    if editor.text == old:
        return moved
    value = segmenting.retext(session, task, editor.text) if isinstance(task, Segments) else editor.text
    work = session.corrected(task.id, value)
    typed = editor.text[session.caret : editor.caret]
    if len(typed) != 1 or editor.text != old[: session.caret] + typed + old[session.caret :]:
        return moved.change(work)
    if _goes_on(typed) and _typed_here_last(session, task):
        changed = replace(moved, work=work, future=())
    else:
        changed = moved.change(work)
    return replace(changed, typed_to=editor.caret)


def _goes_on(char: str) -> bool:
    """Whether it goes on with a word: a letter, a digit, a mark on one, a joiner."""
    return unicodedata.category(char)[0] in "LN" or is_mark(char)


def _typed_here_last(session: Session, task: Task) -> bool:
    """Whether the last undo step is a character typed in this same box, up to where the caret is."""
    if not session.past or session.typed_to != session.caret:
        return False
    before, now = (work.answers.get(task.id, "") for work in (session.past[-1], session.work))
    return before != now and (not isinstance(task, Segments) or segmenting.only_text_differs(session, before))


def turn_speaker(session: Session, _: Any = None) -> Session:
    """The next speaker for the segment; without segments, for the line of the transcript that the caret is in."""
    if session.segment_task is not None:
        return segmenting.next_speaker(session)
    texts = [task for task in session.asked if isinstance(task, Text) and task.transcript is not None]
    task = next((one for one in texts if one.id == session.focus), texts[0] if texts else None)
    if task is None or task.transcript is None or not task.transcript.speakers:
        return session.say("the project names no speakers")
    if session.focus != task.id:
        session = replace(session.focused(task.id), typing=False)
    return edit_text(session, next_speaker(task.transcript, Editor(session.box or "", session.caret)))


def turn_speaker_in_box(session: Session, _: Any = None) -> Session:
    """The next speaker for the segment whose words are typed, or for the caret's line of the transcript."""
    style, box = session.style, session.box
    if style is None or box is None or not style.speakers:
        return session.say("the project names no speakers")
    if isinstance(session.asked_task(session.focus), Segments):
        return segmenting.next_speaker(session)
    return edit_text(session, next_speaker(style, Editor(box, session.caret)))


def mend(session: Session, _: Any = None) -> Session:
    """Mend the finding that is named under the text box; the caret stays at its words."""
    found = foremost(session.findings)
    if session.box is None or found is None or found.fix is None:
        return session.say("nothing here that can be mended by a key")
    caret = session.caret
    if caret >= found.end:
        caret += len(found.fix) - (found.end - found.start)
    return edit_text(session, Editor(fixed(session.box, found), max(0, caret)))


def leave_text(session: Session, _: Any = None) -> Session:
    return replace(_word_ended(session), typing=False)


def _word_ended(session: Session) -> Session:
    """Hands that leave the box have ended the word they were typing: a short form is written out."""
    if not session.typing or session.style is None or session.box is None:
        return session
    return edit_text(session, completed(session.style, Editor(session.box, session.caret)))


def enter_text(session: Session, _: Any = None) -> Session | Outcome:
    texts = [task.id for task in session.asked if isinstance(task, Text)]
    task = session.segment_task
    if task is not None and task.transcript is not None and (not texts or session.focus not in texts):
        return segmenting.enter(replace(session, focus=task.id))
    if not texts:
        return session.say("no text is asked for here")
    if session.focus in texts:
        return replace(session, typing=True).within_box()
    return session.focused(texts[0])


def to_question(session: Session, by: int) -> Session:
    """So many questions on, or back where that is negative, and round from the other end."""
    order = [task.id for task in session.asked]
    return session.focused(order[(order.index(session.focus) + by) % len(order)])
