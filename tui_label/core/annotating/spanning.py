"""Spans by keyboard: moving the cursor, selecting, labelling, nudging edges, same mentions."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from tui_label.core.annotating.session import Session
from tui_label.core.item import Suggestion
from tui_label.core.overlap import meeting
from tui_label.core.tasks import Span, Spans
from tui_label.core.text import grapheme_end, grapheme_start
from tui_label.core.text.find import same_mentions
from tui_label.core.text.tokens import next_token, previous_token, snap

# the cursor


def forward(session: Session, offset: int) -> int:
    """Where the next token or character starts; `offset` itself at the end of the text."""
    text = session.item.text
    if session.step == "token":
        token = next_token(text, offset)
        return token[0] if token else offset
    after = grapheme_end(text, offset)
    return after if after < len(text) else offset


def backward(session: Session, offset: int) -> int:
    text = session.item.text
    if session.step == "token":
        token = previous_token(text, offset)
        return token[0] if token else offset
    return grapheme_start(text, offset - 1) if offset > 0 else 0


def move_to(session: Session, offset: int) -> Session:
    """The cursor on the token or character at `offset`; an open selection stretches to it."""
    if not session.item.text:
        return session
    offset = max(0, min(offset, len(session.item.text) - 1))
    return replace(session, cursor=session.unit(offset)[0], chosen=None, preview=())


def right(session: Session, _: Any = None) -> Session:
    return move_to(session, forward(session, session.cursor))


def left(session: Session, _: Any = None) -> Session:
    return move_to(session, backward(session, session.cursor))


def open_selection(session: Session, _: Any = None) -> Session:
    """Start a selection at the cursor, or give it up."""
    return replace(session, anchor=session.cursor if session.anchor is None else None)


def select_right(session: Session, _: Any = None) -> Session:
    return right(replace(session, anchor=session.cursor if session.anchor is None else session.anchor))


def select_left(session: Session, _: Any = None) -> Session:
    return left(replace(session, anchor=session.cursor if session.anchor is None else session.anchor))


def select_range(session: Session, argument: tuple[int, int]) -> Session:
    """A dragged selection: both ends at once."""
    start, end = argument
    return move_to(replace(session, anchor=session.unit(start)[0]), end)


def drop_selection(session: Session, _: Any = None) -> Session:
    return replace(session, anchor=None)


def switch_step(session: Session, _: Any = None) -> Session:
    step = "character" if session.step == "token" else "token"
    return replace(session, step=step).say(f"{step} steps")


def to_mark(session: Session, direction: int) -> Session:
    """To the next (1) or previous (-1) span or suggestion, overlapping ones one after the other."""
    marks = sorted(
        {span for _, span in session.spans} | {span for _, span in session.pending_spans},
        key=lambda span: (span.start, -span.end, span.label),
    )
    if not marks:
        return session.say("no spans here yet")
    current = session.span_under_cursor
    here = session.chosen if session.chosen in marks else current[1] if current else None
    if here is not None:
        target = marks[(marks.index(here) + direction) % len(marks)]
    elif direction > 0:
        target = next((mark for mark in marks if mark.start > session.cursor), marks[0])
    else:
        target = next((mark for mark in reversed(marks) if mark.start < session.cursor), marks[-1])
    return replace(move_to(replace(session, anchor=None), target.start), chosen=target)


# labels


def label_span(session: Session, task: Spans, label: str) -> Session:
    """Label the selection; with none, relabel the span under the cursor or label its token."""
    given = _labelled(replace(session, focus=task.id), task, label)
    # What was refused was not given
    return given if given.work is session.work else replace(given, last_label=(task.id, label))


def _labelled(session: Session, task: Spans, label: str) -> Session:
    mine = session.work.spans.get(task.id, ())
    if session.anchor is None:
        suggestion = session.suggestion_under_cursor
        if suggestion is not None and suggestion.task == task.id and isinstance(suggestion.value, dict):
            return accept_span(session, suggestion, label)
        under = session.span_under_cursor
        if under is not None and under[0] == task.id:
            return _replaced(session, task, under[1], replace(under[1], label=label))
    start, end = session.selection
    if session.step == "token":
        # The end of a row, the row below and the mouse bring the cursor to white space too
        start, end = snap(session.item.text, start, end)
    if start == end:
        return session.say("there is no text to label")
    same = next((span for span in mine if (span.start, span.end) == (start, end)), None)
    if same is not None and not task.overlap:
        session = _replaced(session, task, same, replace(same, label=label))
    else:
        session = _put(session, task, Span(start, end, label))
    return session if session.word else replace(session, anchor=None)


def _put(session: Session, task: Spans, span: Span) -> Session:
    if problem := clash(session, task, span):
        return session.say(problem)
    mine = session.work.spans.get(task.id, ())
    return session.change(session.work.with_spans(task.id, (*mine, span)))


def clash(session: Session, task: Spans, span: Span, instead_of: Span | None = None) -> str:
    """Why `span` may not be there; empty if it may."""
    return _clash(task, span, (one for one in session.work.spans.get(task.id, ()) if one != instead_of))


def _clash(task: Spans, span: Span, others: Iterable[Span]) -> str:
    for other in others:
        if not other.overlaps(span):
            continue
        if other == span:
            return f"{span.label} is here already"
        if not task.overlap:
            return f"{other.label} is here already, and spans of {task.id} may not overlap"
    return ""


def _replaced(session: Session, task: Spans, old: Span, new: Span) -> Session:
    if old == new:
        return session
    if problem := clash(session, task, new, instead_of=old):
        return session.say(problem)
    if old.origin in ("accepted", "propagated"):
        new = replace(new, origin="changed")
    kept = [span for span in session.work.spans.get(task.id, ()) if span != old]
    session = session.change(session.work.with_spans(task.id, (*kept, new)))
    return replace(session, chosen=new)


def repeat_label(session: Session, _: Any = None) -> Session:
    if session.last_label is None:
        return session.say("no label given yet")
    id, label = session.last_label
    task = session.asked_task(id)
    if not isinstance(task, Spans):
        return session.say("no label given yet")
    return label_span(session, task, label)


def remove_span(session: Session, _: Any = None) -> Session:
    if session.anchor is not None:
        return drop_selection(session)
    under = session.span_under_cursor
    if under is None:
        return session.say("no span here")
    task, span = under
    kept = tuple(one for one in session.work.spans[task] if one != span)
    return replace(session.change(session.work.with_spans(task, kept)), chosen=None)


def nudge(session: Session, edge: str, direction: int) -> Session:
    """Move an edge of the span under the cursor by a token or character."""
    under = session.span_under_cursor
    if under is None:
        return session.say("no span here")
    id, span = under
    task = session.asked_task(id)
    assert isinstance(task, Spans)
    moved = _nudged(session, span, edge, direction)
    if moved.start >= moved.end or (moved.start, moved.end) == (span.start, span.end):
        return session
    session = _replaced(session, task, span, moved)
    if not moved.start <= session.cursor < moved.end:
        cursor = session.unit(moved.start if edge == "start" else moved.end - 1)[0]
        session = replace(session, cursor=cursor)
    return session


def _nudged(session: Session, span: Span, edge: str, direction: int) -> Span:
    text = session.item.text
    if edge == "start":
        start = forward(session, span.start) if direction > 0 else backward(session, span.start)
        return replace(span, start=start)
    last = session.unit(span.end - 1)[0]
    if direction > 0:
        following = span.end if session.step == "character" else forward(session, last)
        return replace(span, end=session.unit(following)[1]) if following < len(text) else span
    before = backward(session, last)
    return replace(span, end=session.unit(before)[1]) if before < last else replace(span, end=span.start)


# same mentions


def same(session: Session, _: Any = None) -> Session:
    """Show every identical mention of the span under the cursor; Enter takes them."""
    under = session.span_under_cursor
    if under is None:
        return session.say("no span here to look for")
    id, span = under
    task = session.asked_task(id)
    assert isinstance(task, Spans)
    found = [
        Span(start, end, span.label, "propagated")
        for start, end in same_mentions(session.item.text, span.start, span.end)
    ]
    free = tuple(one for one in found if not clash(session, task, one))
    if not free:
        return session.say("no other mention")
    return replace(session, preview=free, focus=id).say(f"{len(free)} more: ↵ takes them, {{work.undo}} does not")


def take_preview(session: Session) -> Session:
    task = session.asked_task(session.focus)
    assert isinstance(task, Spans)
    taken: tuple[Span, ...] = session.work.spans.get(task.id, ())
    for one in session.preview:
        if task.overlap or not any(one.overlaps(other) for other in taken):
            taken = (*taken, one)
    session = replace(session, preview=())
    return session.change(session.work.with_spans(task.id, taken))


# suggestions


def accept_span(session: Session, suggestion: Suggestion, label: str | None = None) -> Session:
    """Take a suggested span, under another label if one is given, and go to the next suggestion."""
    task = session.asked_task(suggestion.task)
    assert isinstance(task, Spans)
    value = suggestion.value
    changed = label is not None and label != value["label"]
    outcome = "changed" if changed else "accepted"
    span = Span(value["start"], value["end"], label or value["label"], outcome)
    if problem := clash(session, task, span):
        return session.say(problem)
    spans = (*session.work.spans.get(task.id, ()), span)
    session = session.change(session.work.with_spans(task.id, spans).decide(suggestion.number, outcome))
    following = [one.start for _, one in session.pending_spans if one.start >= session.cursor]
    cursor = following[0] if following else session.cursor
    return replace(session, cursor=cursor, last_label=(task.id, span.label), chosen=None)


def accept_spans(session: Session) -> Session:
    """Take every suggested span that nothing stands in the way of; a word about the first that something does."""
    taken = {task: {*spans} for task, spans in session.work.spans.items()}
    decisions, word, beside = dict(session.work.decisions), "", _beside(session)
    for one, span in session.pending_spans:
        task = session.asked_task(one.task)
        assert isinstance(task, Spans)
        mine = taken.setdefault(task.id, set())
        if problem := _clash(task, span, filter(mine.__contains__, beside[one.number])):
            word = word or problem
        else:
            mine.add(span)
            decisions[one.number] = "accepted"
    spans = {task: tuple(sorted(some)) for task, some in taken.items() if some}
    return session.change(replace(session.work, spans=spans, decisions=decisions)).say(word)


def undecided_spans(session: Session) -> frozenset[int]:
    """Numbers of the suggested spans that could still be taken: not those that an answer stands in the way of."""
    taken = {task: {*spans} for task, spans in session.work.spans.items()}
    found, beside = [], _beside(session)
    for one, span in session.pending_spans:
        task, mine = session.asked_task(one.task), taken.get(one.task, set())
        if isinstance(task, Spans) and not _clash(task, span, filter(mine.__contains__, beside[one.number])):
            found.append(one.number)
    return frozenset(found)


def _beside(session: Session) -> Mapping[int, Sequence[Span]]:
    """By the numbers of suggested spans: what shares a character with each, in the answer or suggested too."""
    found: dict[int, list[Span]] = defaultdict(list)
    for task in {one.task for one, _ in session.pending_spans}:
        offered = [(one.number, span) for one, span in session.pending_spans if one.task == task]
        spans = sorted({*session.work.spans.get(task, ()), *(span for _, span in offered)})
        for n, m in meeting([span for _, span in offered], spans):
            found[offered[n][0]].append(spans[m])
    return found
