"""One person at work on one item: `step(session, command, argument) → session, effects`.

A session is a value.  Everything a key can do to the answers is a function here or
in answering.py and spanning.py; what the world must do about it (save, go back to
the item before) comes out as effects.  No clock, no store, no screen.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from enum import Enum
from functools import cached_property
from typing import Any

from tui_label.core.annotation import Annotation, Flag
from tui_label.core.item import Item, Suggestion
from tui_label.core.project import Project
from tui_label.core.renames import Names
from tui_label.core.tasks import (
    Choices,
    Compare,
    Segment,
    Segments,
    Span,
    Spans,
    Task,
    Text,
    fitting,
    is_asked,
    segments_from,
)
from tui_label.core.text import grapheme_end
from tui_label.core.tokens import token_at
from tui_label.core.transcript import Edits, Style, edits
from tui_label.core.work import Work, difference, patched, work_from

HISTORY = 200
"""Undo steps kept within one item."""


class Effect(Enum):
    """What the workbench must now do."""

    SUBMIT = "submit"
    SKIP = "skip"
    BACK = "back"
    FORWARD = "forward"
    GO = "go"
    """To the start of the picked segment."""
    PLAY = "play"
    """The picked segment."""
    HEAR_START = "hear start"
    HEAR_END = "hear end"


@dataclass(frozen=True)
class Session:
    """One item in somebody's hands, and where their attention is on it."""

    project: Project
    item: Item
    suggestions: tuple[Suggestion, ...] = ()
    work: Work = field(default_factory=Work)
    began: Work = field(default_factory=Work)
    """The work as it was laid on the desk: nothing done yet."""
    past: tuple[Work, ...] = ()
    future: tuple[Work, ...] = ()
    focus: str = ""
    """Id of the task that is being answered."""
    cursor: int = 0
    """Offset of the token or character the cursor is on."""
    anchor: int | None = None
    """The other end of an open selection."""
    step: str = "token"
    chosen: Span | None = None
    """The span that Tab went to, where several lie under the cursor."""
    preview: tuple[Span, ...] = ()
    """Same mentions, shown before they are taken."""
    last_label: tuple[str, str] | None = None
    """Task and label given last, also on earlier items."""
    caret: int = 0
    """Place in the text box of the focused text task."""
    typing: bool = False
    typed_to: int = -1
    """Where the character ends that was typed last; -1 once the work was changed in another way."""
    found: tuple[int, int] = (0, 0)
    """The words in the text box that were searched for; gone with the next command."""
    at: float = 0.0
    """Seconds: the place on the tape that the command is about."""
    mark: float | None = None
    """Where a segment was begun whose end is still to come."""
    picked: int = -1
    """Index of the segment that was gone to; -1 where none was."""
    filled_in: tuple[str, str] | None = None
    """Task and name of the candidate that came last in a ranking without a key of its own."""
    finishing: bool = False
    """Whether the person has already asked to go on to the next item."""
    left_out: frozenset[int] = frozenset()
    """Numbers of the suggested spans that were said to be undecided when the person asked to go on."""
    word: str = ""
    """What was refused or done, for the person to read; gone with the next key."""

    # what is asked

    @property
    def asked(self) -> tuple[Task, ...]:
        """The tasks in force now, by their `when:`."""
        tasks = self.project.tasks
        return tuple(task for task in tasks if not task.when or is_asked(task, tasks, self.value))

    @property
    def answers(self) -> dict[str, Any]:
        return self.work.values(self.item.text)

    def value(self, task: str) -> Any:
        """The answer to one task so far, in its JSON shape; None where there is none."""
        if task in self.work.spans:
            return [span.record(self.item.text) for span in self.work.spans[task]]
        return self.work.answers.get(task)

    def asked_task(self, id: str) -> Task | None:
        return next((task for task in self.asked if task.id == id), None)

    @property
    def span_task(self) -> Spans | None:
        """The spans task that movement and nudging are about: the focused one, else the first."""
        asked = [task for task in self.asked if isinstance(task, Spans)]
        return next((task for task in asked if task.id == self.focus), asked[0] if asked else None)

    @property
    def has_cursor(self) -> bool:
        """Whether a cursor goes through the text, to mark spans; between candidates it would not be seen."""
        return self.span_task is not None and bool(self.item.text) and not self.item.candidates

    @property
    def box(self) -> str | None:
        """The text of the box that takes the keys; None where there is no such box."""
        task = self.asked_task(self.focus)
        if isinstance(task, Text):
            return str(self.work.answers.get(task.id, ""))
        if isinstance(task, Segments) and task.transcript is not None and self.segment_here is not None:
            return self.segment_here.text
        return None

    @property
    def style(self) -> Style | None:
        """The transcript rules of the focused task."""
        task = self.asked_task(self.focus)
        return task.transcript if isinstance(task, Text | Segments) else None

    @property
    def box_seconds(self) -> float | None:
        """The length of the sound that the text box is about."""
        if self.item.sound is None:
            return None
        if isinstance(self.asked_task(self.focus), Segments) and self.segment_here is not None:
            return self.segment_here.end - self.segment_here.start
        return self.duration

    # the sound

    @property
    def duration(self) -> float:
        return self.item.sound.duration if self.item.sound else 0.0

    @property
    def segment_task(self) -> Segments | None:
        """The segments task that marks are about: the focused one, else the first."""
        asked = [task for task in self.asked if isinstance(task, Segments)]
        return next((task for task in asked if task.id == self.focus), asked[0] if asked else None)

    @cached_property
    def segments(self) -> tuple[Segment, ...]:
        task = self.segment_task
        return segments_from(self.work.answers.get(task.id)) if task else ()

    @property
    def segment_here(self) -> Segment | None:
        """The segment that was gone to, else the first one under the place on the tape."""
        segments = self.segments
        if 0 <= self.picked < len(segments):
            return segments[self.picked]
        return next((one for one in segments if one.start <= self.at < one.end), None)

    def problem(self, task: Task) -> str:
        """Why the item can't be submitted for this task's sake; empty if it can."""
        value = self.value(task.id)
        if value is None or value == "" or value == []:
            if task.required and not task.is_answered(value):
                return "needs an answer"
            return ""
        return task.check(value, self.item)

    @property
    def unfinished(self) -> tuple[Task, str] | None:
        """The first task that stands in the way of submitting, and why."""
        for task in self.asked:
            if problem := self.problem(task):
                return task, problem
        return None

    @property
    def needs_enter(self) -> bool:
        """Whether only the person can know that the item is finished."""
        return not all(
            task.one_key or (isinstance(task, Compare) and task.finishes_at_once) for task in self.asked
        ) or any(not task.required and self.work.answers.get(task.id) is None for task in self.asked)

    # the text under the cursor

    def unit(self, offset: int) -> tuple[int, int]:
        """The token or character at `offset`."""
        text = self.item.text
        if not text:
            return 0, 0
        if self.step == "token":
            return token_at(text, offset)
        return offset, grapheme_end(text, offset)

    @property
    def selection(self) -> tuple[int, int]:
        """The open selection, or what the cursor is on: start and end."""
        start, end = self.unit(self.cursor)
        if self.anchor is None:
            return start, end
        first, last = self.unit(self.anchor)
        return min(start, first), max(end, last)

    @property
    def spans(self) -> tuple[tuple[str, Span], ...]:
        """All spans of all asked tasks, with their task, in order of the text."""
        asked = {task.id for task in self.asked}
        found = [(task, span) for task, spans in self.work.spans.items() if task in asked for span in spans]
        return tuple(sorted(found, key=lambda one: (one[1].start, -one[1].end, one[1].label)))

    def spans_within(self, start: int, end: int) -> list[tuple[str, Span]]:
        """Spans that share a character with `start` to `end`, in order of the text."""
        asked = {task.id for task in self.asked}
        found = [
            (task, span)
            for task, spans in self.work.spans.items()
            if task in asked
            for span in spans
            if span.start < end and start < span.end
        ]
        return sorted(found, key=lambda one: (one[1].start, -one[1].end, one[1].label))

    def spans_at(self, offset: int) -> list[tuple[str, Span]]:
        """Spans that cover `offset`, the innermost first."""
        found = self.spans_within(offset, offset + 1)
        return sorted(found, key=lambda one: one[1].end - one[1].start)

    @property
    def span_under_cursor(self) -> tuple[str, Span] | None:
        found = self.spans_at(self.cursor)
        for one in found:
            if one[1] == self.chosen:
                return one
        return found[0] if found else None

    # suggestions

    @property
    def pending(self) -> tuple[Suggestion, ...]:
        """Suggestions to asked tasks that nothing has been decided about."""
        asked = {task.id for task in self.asked}
        return tuple(one for one in self.suggestions if one.task in asked and one.number not in self.work.decisions)

    @property
    def pending_spans(self) -> tuple[tuple[Suggestion, Span], ...]:
        """Pending suggestions that are spans, with their span."""
        return tuple(
            (one, Span(one.value["start"], one.value["end"], one.value["label"], "accepted"))
            for one in self.pending
            if isinstance(one.value, dict)
        )

    @property
    def suggestion_under_cursor(self) -> Suggestion | None:
        """The one that accept and reject are about: a span at the cursor (of several the one
        that was gone to), else the focused task's, else the first that is not a span.
        """
        here = [(one, span) for one, span in self.pending_spans if span.start <= self.cursor < span.end]
        if here:
            return min(here, key=lambda pair: pair[1] != self.chosen)[0]
        whole = [one for one in self.pending if not isinstance(one.value, dict)]
        return next((one for one in whole if one.task == self.focus), whole[0] if whole else None)

    # changes

    def say(self, word: str) -> Session:
        return replace(self, word=word)

    def change(self, work: Work) -> Session:
        """With new work, undoable."""
        if work == self.work:
            return self
        return replace(self, work=work, past=(*self.past, self.work)[-HISTORY:], future=(), typed_to=-1)

    def corrected(self, task: str, value: Any) -> Work:
        """The work with an answer made by hand; a draft that is as it came again is an accepted one."""
        work = self.work.corrected(task, value)
        drafted = work.origins[task] == "changed" and any(
            one.task == task and one.value == value for one in self.suggestions
        )
        return work.answer(task, value, "accepted") if drafted else work

    def within_box(self) -> Session:
        """With the caret inside the text box; without one, or with the segment gone that it was of, nobody types."""
        of_segment = isinstance(self.asked_task(self.focus), Segments)
        if self.box is None or (of_segment and self.picked < 0):
            return replace(self, typing=False)
        return replace(self, caret=max(0, min(self.caret, len(self.box))))

    def focused(self, task: str) -> Session:
        """With attention on `task`; a text task takes the keys."""
        session = replace(self, focus=task, typing=False)
        if session.segment_task != self.segment_task:
            session = replace(session, picked=-1)
        if isinstance(session.asked_task(task), Text):
            session = replace(session, typing=True, caret=len(session.box or ""))
        return session


Outcome = tuple[Session, tuple[Effect, ...]]
Step = Callable[[Session, Any], "Session | Outcome"]


def begin(
    project: Project,
    item: Item,
    suggestions: tuple[Suggestion, ...] = (),
    *,
    draft: str = "",
    names: Names | None = None,
    answered: Annotation | None = None,
    last_label: tuple[str, str] | None = None,
    edge_step: str = "coarse",
) -> Session:
    """A session on `item`: from a draft where there is one, else from the submitted answer.

    `names`: what labels of the draft are called now.
    """
    suggestions = tuple(_laid(project, one) for one in suggestions)
    session = Session(project, item, suggestions, last_label=_if_there(last_label, project))
    if draft:
        session = _restored(session, json.loads(draft), names or {})
    elif answered is not None:
        session = replace(session, work=answered_work(project, answered))
    elif item.sound is not None:
        session = _drafted(session)
    session = replace(session, began=session.work if not draft else Work())
    task = session.span_task
    step = task.snap if task else edge_step if item.sound else "token"
    first = next((span.start for _, span in session.pending_spans), None)
    cursor = session.cursor if draft else (first if first is not None else _first_token(item.text))
    session = replace(session, step=session.step if draft else step, cursor=cursor)
    if session.asked_task(session.focus) is None or not draft:
        session = session.focused(next_focus(session))
    return session.within_box()


def _if_there(label: tuple[str, str] | None, project: Project) -> tuple[str, str] | None:
    """It may have left project.yaml since."""
    task = project.task(label[0]) if label else None
    return label if label and task and label[1] in task.values else None


def answered_work(project: Project, answered: Annotation) -> Work:
    """The work that a submitted answer is."""
    known = fitting(project.tasks, answered.answers)
    return work_from(known, answered.origin, answered.flags, answered.decisions, _span_tasks(project))


def _span_tasks(project: Project) -> frozenset[str]:
    return frozenset(task.id for task in project.tasks if isinstance(task, Spans))


def _drafted(session: Session) -> Session:
    """With the transcripts and segments that came with a sound, to be corrected instead of made."""
    for one in session.suggestions:
        task = session.asked_task(one.task)
        if not isinstance(task, Text | Segments) or one.task in session.work.answers:
            continue
        if not task.draft_problem(one.value, session.item):
            session = replace(session, work=session.work.answer(task.id, one.value, "accepted"))
    return session


def _laid(project: Project, one: Suggestion) -> Suggestion:
    """A suggestion as it is laid on the desk: labels in the project's order; segments in order, their times in whole
    milliseconds.
    """
    task = project.task(one.task)
    if task is None or not task.fits(one.value):
        return one
    if isinstance(task, Choices):
        return replace(one, value=task.ordered(one.value))
    if isinstance(task, Segments):
        return replace(one, value=[segment.record() for segment in segments_from(one.value)])
    return one


def _first_token(text: str) -> int:
    stripped = len(text) - len(text.lstrip())
    return stripped if stripped < len(text) else 0


def next_focus(session: Session) -> str:
    """The first asked task without an answer that only a person can finish, else the first."""
    for task in session.asked:
        if session.item.sound is not None and isinstance(task, Text):
            return task.id
        if session.value(task.id) is None and not (isinstance(task, Spans | Segments) and len(session.asked) == 1):
            return task.id
    return session.asked[0].id


def draft_of(session: Session) -> str:
    """The unfinished work with its undo history, as JSON text that `begin` takes back."""
    record: dict[str, Any] = {
        "answers": session.answers,
        "origin": session.work.all_origins(),
        "flags": [{"reason": flag.reason, "note": flag.note} for flag in session.work.flags],
        "decisions": session.work.decisions,
        "focus": session.focus,
        "cursor": session.cursor,
        "step": session.step,
        "caret": session.caret,
        "typing": session.typing,
        "at": session.at,
        "mark": session.mark,
        "picked": session.picked,
        "past": _differences(session.work, session.past[::-1]),
        "future": _differences(session.work, session.future[::-1]),
    }
    return json.dumps(record)


def _differences(work: Work, steps: tuple[Work, ...]) -> list[dict[str, Any]]:
    patches = []
    for step in steps:
        patches.append(difference(step, work))
        work = step
    return patches


def _replayed(kept: Work, patches: list[dict[str, Any]], today: Callable[[Work], Work]) -> tuple[Work, ...]:
    """The steps as they are today, but those that changed nothing of what is left."""
    steps: list[Work] = []
    after = today(kept)
    for patch in patches:
        kept = patched(kept, patch)
        before = today(kept)
        if before != after:
            steps.append(before)
        after = before
    return tuple(reversed(steps))


def _restored(session: Session, record: Mapping[str, Any], names: Names) -> Session:
    tasks = session.project.tasks

    def today(work: Work) -> Work:
        return work.fitting(tasks).renamed(names)

    # The differences are of what was kept, so what left project.yaml since goes from what comes of them
    kept = _kept(session, record)
    return replace(
        session,
        work=today(kept),
        past=_replayed(kept, record.get("past", []), today),
        future=_replayed(kept, record.get("future", []), today),
        focus=record.get("focus", ""),
        cursor=min(int(record.get("cursor", 0)), len(session.item.text)),
        step=record.get("step", "token"),
        caret=int(record.get("caret", 0)),
        typing=bool(record.get("typing", False)),
        at=float(record.get("at", 0.0)),
        mark=record.get("mark"),
        picked=int(record.get("picked", -1)),
    )


def _kept(session: Session, record: Mapping[str, Any]) -> Work:
    """The work of a draft, with the tasks and labels of then."""
    answers = record["answers"]
    flags = tuple(Flag(flag["reason"], flag.get("note", "")) for flag in record.get("flags", []))
    decisions = {int(number): outcome for number, outcome in record.get("decisions", {}).items()}
    spans = frozenset(
        task.id for task in session.project.tasks if isinstance(task, Spans) and task.fits(answers.get(task.id, []))
    )
    return work_from(answers, record.get("origin", {}), flags, decisions, spans)


def has_content(session: Session) -> bool:
    """Whether there is anything a draft would keep."""
    return bool(session.past or session.future or session.work != session.began or session.mark is not None)


def drafts_kept(session: Session) -> dict[str, Edits]:
    """For each text that came with a draft, how far it was kept; segments count with all their texts."""
    found = {}
    for one in session.suggestions:
        task = session.asked_task(one.task)
        if session.item.sound is None or one.task in found or not isinstance(task, Text | Segments):
            continue
        now = session.work.answers.get(one.task)
        found[one.task] = edits(_words_of(task, one.value), _words_of(task, now))
    return found


def kept_here(session: Session) -> Edits | None:
    """How far the text box is from its draft; None where it had none.

    A segment's draft is the one of the same times, else what those drafted segments say whose middle lies in
    it and that may be of its label and speaker: others may speak meanwhile.
    """
    task, text = session.asked_task(session.focus), session.box
    draft = next((one.value for one in session.suggestions if one.task == session.focus), None)
    if session.item.sound is None or text is None or draft is None:
        return None
    if isinstance(task, Segments):
        here = session.segment_here
        assert here is not None
        draft = _drafted_for(here, segments_from(draft))
    return edits(str(draft), text) if draft else None


def _drafted_for(here: Segment, drafted: tuple[Segment, ...]) -> str:
    own = [one for one in drafted if one.label in ("", here.label) and one.speaker in ("", here.speaker)]
    same = [one for one in (*own, *drafted) if one.when == here.when][:1]
    parts = same or [one for one in own if here.start <= (one.start + one.end) / 2 < here.end]
    return " ".join(one.text for one in parts if one.text)


def _words_of(task: Task, value: Any) -> str:
    if isinstance(task, Segments):
        return " ".join(one.text for one in segments_from(value))
    return str(value or "")


def outcome_decisions(session: Session) -> dict[int, str]:
    """What became of each suggestion, those passed over in silence too."""
    asked = [one for one in session.suggestions if session.asked_task(one.task) is not None]
    return {**session.work.decisions, **{one.number: _outcome(session, one) for one in asked}}


def _outcome(session: Session, one: Suggestion) -> str:
    """All but a span is judged by what stands there now: it may have been accepted first and corrected later."""
    decided = session.work.decisions.get(one.number, "ignored")
    laid = session.item.sound is not None and isinstance(session.asked_task(one.task), Text | Segments)
    if decided == "rejected" or isinstance(one.value, dict) or (decided == "ignored" and not laid):
        return decided
    return "accepted" if session.work.answers.get(one.task) == one.value else "changed"
