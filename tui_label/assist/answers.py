"""From what a program answers about an item to suggestions that the project can show.

It may answer in our shape, `{"suggestions": [{"task", "value", "score"}]}`, or in Prodigy's: `spans` with
`start`, `end`, `label`, `score`, and `label` or `accept` for the whole text; about a sound also as manifests
are, in `segments` and `text`.  Where a span comes with the
`text` it covers, that has the last word: offsets that fit it as UTF-16 units only are read as such.  `matches` are a pattern's:
spans where a spans task knows the label, the label itself where a choice does.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from tui_label.core.item import Item, Suggestion, is_score
from tui_label.core.tasks import Choice, Choices, Segments, Spans, Task, Text
from tui_label.core.text import visible
from tui_label.core.text.offsets import code_points

Tasks = Sequence[Task]
Proposal = tuple[Task, Any, Any]
"""A task, a value in its shape (of a spans task one span), a score as it came."""


class Unfit(Exception):
    """Why one suggestion can't be shown, as a sentence."""


@dataclass
class Proposed:
    """What came of one answer."""

    fit: list[Suggestion] = field(default_factory=list)
    """What can be shown, each once."""
    unfit: list[str] = field(default_factory=list)
    """Why the rest can't."""
    repaired: int = 0
    """Spans whose offsets were UTF-16 units."""
    renamed: int = 0
    """Suggestions that called a label by an earlier name."""


def suggestions(tasks: Tasks, item: Item, answer: Mapping[str, Any]) -> Proposed:
    found = Proposed()
    fit: dict[tuple[str, str], Suggestion] = {}
    for proposal in _proposals(tasks, item, answer):
        try:
            if isinstance(proposal, Unfit):
                raise proposal
            task, came, score = proposal
            value = task.renamed(came)
            at = _placed(task, value, item)
            one = _suggestion(item, task, _ordered(task, at), score)
        except Unfit as problem:
            found.unfit.append(visible(str(problem))[:300])
        else:
            found.repaired += at is not value
            found.renamed += value != came
            fit.setdefault((one.task, repr(one.value)), one)
    found.fit = list(fit.values())
    return found


def _ordered(task: Task, value: Any) -> Any:
    """Several labels each once and in the project's order, where all are known; all else as it is."""
    if isinstance(task, Choices) and isinstance(value, list) and all(one in task.values for one in value):
        return [one for one in task.values if one in value]
    return value


def _placed(task: Task, value: Any, item: Item) -> Any:
    """A span where its text is; all else as it is."""
    if not (isinstance(task, Spans) and isinstance(value, dict) and isinstance(value.get("text"), str)):
        return value
    start, end, covered = value.get("start"), value.get("end"), value["text"]
    if type(start) is not int or type(end) is not int:
        return value
    found = code_points(item.text, start, end, covered)
    if found is None:
        raise Unfit(f"{task.id}: span {start}-{end} says {covered!r}, which is not there")
    return value if found == (start, end) else {**value, "start": found[0], "end": found[1]}


def _suggestion(item: Item, task: Task, value: Any, score: Any) -> Suggestion:
    if isinstance(task, Spans) and isinstance(value, dict):
        if problem := _span_problem(task, value, item):
            raise Unfit(problem)
        start, end = value["start"], value["end"]
        value = {"start": start, "end": end, "label": value["label"], "text": item.text[start:end]}
    elif problem := task.draft_problem(value, item):
        raise Unfit(f"{task.id}: {problem}")
    if score is not None and not is_score(score):
        raise Unfit(f"{task.id}: a score must be a number, not {score!r}")
    return Suggestion(task.id, value, None if score is None else float(score))


def _span_problem(task: Spans, value: Mapping[str, Any], item: Item) -> str:
    """One span is judged by itself: how many there must be is for the answer."""
    problem = replace(task, min=0).draft_problem([value], item)
    return f"{task.id}: {problem}" if problem else ""


def _proposals(tasks: Tasks, item: Item, answer: Mapping[str, Any]) -> Iterator[Proposal | Unfit]:
    said = answer.get("suggestions")
    if said is not None and not isinstance(said, list):
        yield Unfit(f"suggestions must be a list, not {said!r}")
    elif said is not None:
        for one in said:
            yield from _ours(tasks, one)
    yield from _prodigy(tasks, answer)
    if item.sound is not None:
        yield from _heard(tasks, answer)
    yield from _matched(tasks, answer.get("matches") or [])


def _ours(tasks: Tasks, one: Any) -> Iterator[Proposal | Unfit]:
    if not isinstance(one, dict):
        yield Unfit(f"a suggestion must be an object with task and value, not {one!r}")
        return
    id = one.get("task")
    task = next((task for task in tasks if task.id == id), tasks[0] if id is None and len(tasks) == 1 else None)
    if task is None:
        yield Unfit(f"{id!r} is no task that is asked here; there are {', '.join(task.id for task in tasks)}")
        return
    value, score = one.get("value"), one.get("score")
    if isinstance(task, Spans) and isinstance(value, list):
        for span in value:
            yield task, span, span.get("score", score) if isinstance(span, dict) else score
    else:
        yield task, value, score


def _prodigy(tasks: Tasks, answer: Mapping[str, Any]) -> Iterator[Proposal | Unfit]:
    spans = answer.get("spans") or []
    if not isinstance(spans, list):
        yield Unfit(f"spans must be a list, not {spans!r}")
        spans = []
    for span in spans:
        label = span.get("label") if isinstance(span, dict) else None
        task = _task_for(tasks, Spans, label)
        if task is None:
            yield Unfit(f"{label!r} is no label of a spans task that is asked here")
        else:
            yield task, span, span.get("score")
    said = answer.get("accept", answer.get("label"))
    labels = [said] if isinstance(said, str) else said if isinstance(said, list) else []
    if labels:
        task = _task_for(tasks, (Choice, Choices), labels[0])
        if task is None:
            yield Unfit(f"{labels[0]!r} is no label of a choice or choices task that is asked here")
        else:
            yield task, labels[0] if isinstance(task, Choice) and len(labels) == 1 else labels, answer.get("score")


def _heard(tasks: Tasks, answer: Mapping[str, Any]) -> Iterator[Proposal | Unfit]:
    for name, kind in (("segments", Segments), ("text", Text)):
        if name in answer:
            task = next((task for task in tasks if isinstance(task, kind)), None)
            yield (task, answer[name], answer.get("score")) if task else Unfit(f"no {name} task is asked here")


def _matched(tasks: Tasks, matches: Any) -> Iterator[Proposal | Unfit]:
    """Longest first where spans may not overlap; of a choice the label that is matched first."""
    # Our patterns' own, but a program of somebody else's may call something so too
    if not isinstance(matches, list) or not all(map(_is_match, matches)):
        yield Unfit(f"matches must be a list of objects with start, end and label, not {matches!r}")
        return
    for task in tasks:
        here = [one for one in matches if one["label"] in called(task) and task.id in one.get("tasks", (task.id,))]
        if isinstance(task, Spans):
            for one in here if task.overlap else _apart(here):
                yield task, one, None
        elif isinstance(task, Choices) and here:
            yield task, [one["label"] for one in here], None
        elif isinstance(task, Choice) and here:
            yield task, min(here, key=lambda one: (one["start"], -one["end"]))["label"], None


def _is_match(one: Any) -> bool:
    return (
        isinstance(one, dict)
        and all(type(one.get(edge)) is int for edge in ("start", "end"))
        and "label" in one
        and isinstance(one.get("tasks", []), list)
    )


def _apart(matches: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The longest ones that share no character, the first of equally long ones; in order of the text."""
    taken: list[Mapping[str, Any]] = []
    for one in sorted(matches, key=lambda one: (one["start"] - one["end"], one["start"])):
        if all(one["end"] <= other["start"] or other["end"] <= one["start"] for other in taken):
            taken.append(one)
    return sorted(taken, key=lambda one: one["start"])


def _task_for(tasks: Tasks, kinds: type[Task] | tuple[type[Task], ...], label: Any) -> Task | None:
    return next((task for task in tasks if isinstance(task, kinds) and label in called(task)), None)


def called(task: Task) -> tuple[str, ...]:
    """All that its labels are called, or were."""
    return (*task.values, *task.renames)
