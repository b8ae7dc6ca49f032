"""How work on an item begins: anew, from the answer that stands, or from the draft that it was left as."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from tui_label.core.annotating.session import Session, line_from
from tui_label.core.annotating.work import Work, difference, patched, work_from
from tui_label.core.annotation import Annotation, Flag
from tui_label.core.item import Item, Suggestion
from tui_label.core.project import Project
from tui_label.core.renames import Names
from tui_label.core.tasks import Choices, Segments, Spans, Text, fitting, segments_from


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
    suggestions = tuple(sorted((_in_order(project, one) for one in suggestions), key=_doubt))
    record = json.loads(draft) if draft else {}
    laid_down = _drafts(project, item, _begun_from(suggestions, record, answered))
    session = Session(project, item, suggestions, laid_down=laid_down, last_label=_if_there(last_label, project))
    if draft:
        session = _restored(session, record, names or {})
        if session.asked_task(session.focus) is not None:
            return session.within_box()
    else:
        work = answered_work(project, answered) if answered is not None else _laid(laid_down)
        session = _at_its_start(replace(session, work=work, began=work), edge_step)
    return session.focused(next_focus(session)).within_box()


def _at_its_start(session: Session, edge_step: str) -> Session:
    """With the cursor at the first suggested span, else at the first word."""
    # The step is that of a question which is asked only later, too
    task = session.span_task or session.project.first(Spans)
    step = task.snap if task else edge_step if session.item.sound else "token"
    first = next((span.start for _, span in session.pending_spans), _first_token(session.item.text))
    return replace(session, step=step, cursor=first)


def _if_there(label: tuple[str, str] | None, project: Project) -> tuple[str, str] | None:
    """It may have left project.yaml since."""
    task = project.task(label[0]) if label else None
    return label if label and task and label[1] in task.values else None


def answered_work(project: Project, answered: Annotation) -> Work:
    """The work that a submitted answer is."""
    known = fitting(project.tasks, answered.answers)
    spans = frozenset(task.id for task in project.tasks if isinstance(task, Spans))
    return work_from(known, answered.origin, answered.flags, answered.decisions, spans)


def _doubt(one: Suggestion) -> float:
    """The surest come first, those without a score last, equals as they came."""
    return math.inf if one.score is None else -one.score


def _begun_from(
    suggestions: tuple[Suggestion, ...], record: Mapping[str, Any], answered: Annotation | None
) -> tuple[Suggestion, ...]:
    """Those that the work may have begun from: what was suggested since is nobody's draft."""
    if record:
        return tuple(one for one in suggestions if one.number in record.get("laid", ()))
    if answered is not None:
        return tuple(one for one in suggestions if answered.decisions.get(one.number, "ignored") != "ignored")
    return suggestions


def _drafts(project: Project, item: Item, suggestions: tuple[Suggestion, ...]) -> dict[str, Suggestion]:
    """The transcripts and segments that came with a sound: of several for one task the surest, for there is one box."""
    found: dict[str, Suggestion] = {}
    for one in suggestions if item.sound is not None else ():
        task = project.task(one.task)
        if isinstance(task, Text | Segments) and task.id not in found and not task.draft_problem(one.value, item):
            found[task.id] = one
    return found


def _laid(drafts: Mapping[str, Suggestion]) -> Work:
    """The drafts of a sound as its answers, to be corrected instead of made, also where they are asked for only later."""
    work = Work()
    for task, one in drafts.items():
        work = work.answer(task, one.value, "accepted")
    return work


def _in_order(project: Project, one: Suggestion) -> Suggestion:
    """With labels in the project's order; with segments in order of time, in whole milliseconds."""
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
    """The first asked task without an answer, or that is a text about a sound, which comes drafted; else the first."""
    for task in session.asked:
        if session.value(task.id) is None or (session.item.sound is not None and isinstance(task, Text)):
            return task.id
    return session.asked[0].id


def draft_of(session: Session, **also: Any) -> str:
    """The unfinished work with its undo history, as JSON text that `begin` takes back, and what is `also` kept with it."""
    record: dict[str, Any] = {
        "answers": session.answers,
        "origin": session.work.all_origins(),
        "flags": [{"reason": flag.reason, "note": flag.note} for flag in session.work.flags],
        "decisions": session.work.decisions,
        "laid": [one.number for one in session.laid_down.values()],
        "focus": session.focus,
        "cursor": session.cursor,
        "step": session.step,
        "caret": session.caret,
        "typing": session.typing,
        "at": session.at,
        "mark": session.mark,
        "picked": session.picked,
        "put": session.put,
        "line": session.line,
        "past": _differences(session.work, session.past[::-1]),
        "future": _differences(session.work, session.future[::-1]),
    }
    return json.dumps(record | also)


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
        put=float(record.get("put", -1.0)),
        line=line_from(record.get("line", ())),
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
