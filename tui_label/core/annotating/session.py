"""One item in one person's hands, as a value.

What a key makes of it is a function of the same shape in answering, spanning, segmenting or said: `step(session,
command, argument) → session, effects`.  What the world must do about it (save, go back to the item before) comes
out as effects.  No clock, no store, no screen.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum
from functools import cached_property
from typing import Any, NamedTuple

from tui_label.core.annotating.work import Work
from tui_label.core.item import Item, Suggestion
from tui_label.core.project import Kind, Project
from tui_label.core.tasks import Segment, Segments, Span, Spans, Task, Text, is_asked, segments_in_hand
from tui_label.core.text import grapheme_end
from tui_label.core.text.tokens import token_at
from tui_label.core.transcript import Finding, Style, lint

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


class Line(NamedTuple):
    """A line on its way to being said: a question or comment, the note of a flag, a reviewer's remark."""

    kind: str = ""
    words: str = ""
    reason: str = ""
    """That of the flag."""
    to: tuple[str, ...] = ()
    """The annotators whom a reviewer says it to."""


NOTE = "note"
"""The kind of a line that goes with a flag."""


def line_from(record: Sequence[Any]) -> Line:
    """A line out of a draft, where it is a list."""
    line = Line(*record)
    return line._replace(to=tuple(line.to))


@dataclass(frozen=True)
class Session:
    """One item in somebody's hands, and where their attention is on it."""

    project: Project
    item: Item
    suggestions: tuple[Suggestion, ...] = ()
    work: Work = field(default_factory=Work)
    laid_down: Mapping[str, Suggestion] = field(default_factory=dict)
    """By task: the transcript or the segments that came with a sound and lie there to be corrected."""
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
    put: float = -1.0
    """Seconds: where the cursor was put by hand since a segment was gone to; -1 where it was not."""
    line: Line = field(default_factory=Line)
    """What is being typed about the item: not said yet, and kept with the draft."""
    filled_in: tuple[str, str] | None = None
    """Task and name of the candidate that came last in a ranking without a key of its own."""
    finishing: bool = False
    """Whether the person has already asked to go on to the next item."""
    left_out: frozenset[int] = frozenset()
    """Numbers of the suggested spans that were said to be undecided when the person asked to go on."""
    word: str = ""
    """What was refused or done, for the person to read; gone with the next key.  `{work.undo}` is that command's key."""

    # what is asked

    @cached_property
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

    def _foremost(self, kind: type[Kind]) -> Kind | None:
        """Of the asked tasks of a kind the focused one, else the first."""
        asked = [task for task in self.asked if isinstance(task, kind)]
        return next((task for task in asked if task.id == self.focus), asked[0] if asked else None)

    @property
    def span_task(self) -> Spans | None:
        """The spans task that movement and nudging are about."""
        return self._foremost(Spans)

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

    @cached_property
    def findings(self) -> tuple[Finding, ...]:
        """What the transcript rules find in the text box that takes the keys."""
        if self.style is None or self.box is None:
            return ()
        return lint(self.style, self.box, self.box_seconds)

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
        """The segments task that marks are about."""
        return self._foremost(Segments)

    @cached_property
    def segments(self) -> tuple[Segment, ...]:
        task = self.segment_task
        return segments_in_hand(self.work.answers.get(task.id)) if task else ()

    @property
    def here(self) -> int:
        """Index of the segment that was gone to, else of the one under the place on the tape; -1 where none is."""
        return self.under_playhead if self.segment_picked is None else self.picked

    @property
    def segment_here(self) -> Segment | None:
        here = self.here
        return self.segments[here] if here >= 0 else None

    @property
    def segment_picked(self) -> Segment | None:
        return self.segments[self.picked] if 0 <= self.picked < len(self.segments) else None

    @property
    def under_playhead(self) -> int:
        """Index of the shortest segment under the place on the tape, which lies over longer ones; -1 where none is."""
        under = [n for n, one in enumerate(self.segments) if one.start <= self.at < one.end]
        return min(under, key=lambda n: self.segments[n].end - self.segments[n].start, default=-1)

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
        return any(
            not task.one_key or (not task.required and self.work.answers.get(task.id) is None) for task in self.asked
        )

    # the text under the cursor

    def unit(self, offset: int) -> tuple[int, int]:
        """The token or character at `offset`."""
        text = self.item.text
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
    def spans(self) -> list[tuple[str, Span]]:
        """All spans of all asked tasks, with their task."""
        asked = {task.id for task in self.asked}
        return [(task, span) for task, spans in self.work.spans.items() if task in asked for span in spans]

    def spans_within(self, start: int, end: int) -> list[tuple[str, Span]]:
        """Spans that share a character with `start` to `end`."""
        return [one for one in self.spans if one[1].start < end and start < one[1].end]

    def spans_at(self, offset: int) -> list[tuple[str, Span]]:
        """Spans that cover `offset`, the innermost first."""
        found = self.spans_within(offset, offset + 1)
        return sorted(found, key=lambda one: one[1].end - one[1].start)

    @property
    def span_under_cursor(self) -> tuple[str, Span] | None:
        found = self.spans_at(self.cursor)
        return next((one for one in found if one[1] == self.chosen), found[0] if found else None)

    # suggestions

    @cached_property
    def pending(self) -> tuple[Suggestion, ...]:
        """Suggestions to asked tasks that nothing has been decided about."""
        asked = {task.id for task in self.asked}
        return tuple(one for one in self.suggestions if one.task in asked and one.number not in self.work.decisions)

    @cached_property
    def pending_spans(self) -> tuple[tuple[Suggestion, Span], ...]:
        """Pending suggestions that are spans, with their span: one goes through them in the order of the text."""
        found = (
            (one, Span(one.value["start"], one.value["end"], one.value["label"], "accepted"))
            for one in self.pending
            if isinstance(one.value, dict)
        )
        return tuple(sorted(found, key=lambda pair: pair[1].start))

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
        return replace(self, caret=min(self.caret, len(self.box)))

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


def has_content(session: Session) -> bool:
    """Whether there is anything a draft would keep."""
    return bool(
        session.past
        or session.future
        or session.work != session.began
        or session.mark is not None
        or session.line.words
    )
