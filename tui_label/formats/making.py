"""From what a file says to a record: keys, labels that find their task, answers that are checked."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, TypeVar

from tui_label.core.annotation import SUBMITTED, Annotation
from tui_label.core.gold import GIVEN, KNOWN_BY, SETTLED, Gold
from tui_label.core.item import Item, Suggestion, content_key
from tui_label.core.moments import utc
from tui_label.core.record import Record, Unkeepable, keepable
from tui_label.core.tasks import Choice, Choices, Compare, Segments, Spans, Task, is_asked, kept
from tui_label.core.text import nearest
from tui_label.core.text.offsets import code_points
from tui_label.formats.source import Reading

Part = TypeVar("Part")


class Bad(Exception):
    """What is wrong with one record: the field and a sentence."""

    def __init__(self, field: str, problem: str) -> None:
        super().__init__(problem)
        self.field = field
        self.problem = problem


def make_item(
    reading: Reading,
    key: str | None,
    text: str,
    candidates: tuple[str, ...] = (),
    meta: Mapping[str, Any] | None = None,
    annotator: str = "",
) -> Item:
    """An item; without a key of its own it is known by its content and its place among twins.

    The second answer of one annotator about a content is about a twin; that of a second annotator is not.
    """
    if not text and not candidates:
        raise Bad("text", "is empty")
    if key is None:
        content = content_key(text, candidates)
        number = reading.occurrences.get((content, annotator), 0) + 1
        reading.occurrences[content, annotator] = number
        reading.twins += number > 1
        key = content if number == 1 else content_key(text, candidates, number)
    if not key.strip():
        raise Bad("item", "is an empty id; leave it out or give one")
    if len(candidates) < 2:
        reading.incomparable += all(isinstance(task, Compare) for task in reading.project.tasks)
    return Item(key, text, candidates, dict(meta or {}))


def author(reading: Reading, named: str = "") -> str:
    """Whose answers a record's are: as it says, else as the command says; empty: nobody's, they are suggestions."""
    return named or reading.answers_of or (KNOWN_BY if reading.gold else "")


def name_in(found: Any) -> str:
    """An annotator's name, which may be a number; empty for null and NaN."""
    if isinstance(found, bool) or not isinstance(found, str | int | float | None):
        raise Bad("annotator", "must be a name")
    if found is None or found != found:
        return ""
    return found if isinstance(found, str) else written_number(found, ())


def json_in(field: str, text: str) -> Any:
    """What stands in a cell or a field as JSON; raises Bad."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise Bad(field, f"not JSON: {error}") from error


def id_in(found: Any) -> str | None:
    """An item's id, which may be a number; None for null."""
    if isinstance(found, bool) or not isinstance(found, str | int | None):
        raise Bad("id", f"must be text or a number, not {str(found)[:40]}")
    return None if found is None else str(found)


def labels_in(field: str, found: Any) -> list[str] | None:
    """Labels as a JSON file has them: one or several, numbers and truth values as they are written; None for null."""
    if found is None:
        return None
    labels = found if isinstance(found, list) else [found]
    if not all(isinstance(one, str | int | float) for one in labels):
        raise Bad(field, f"must be a label or a list of labels, not {json.dumps(found)[:40]}")
    return [one if isinstance(one, str) else json.dumps(one) for one in labels]


def candidates_in(found: Any) -> tuple[str, ...]:
    """Texts to be compared; none for null."""
    if found is None:
        return ()
    if not isinstance(found, list) or not all(isinstance(one, str) for one in found) or len(found) > 9:
        raise Bad("candidates", "must be a list of up to nine texts")
    return tuple(found)


def written_number(value: float, labels: Collection[str]) -> str:
    """A number as a label: whole ones without a point, unless a label has it."""
    written = json.dumps(value)
    return written.removesuffix(".0") if written not in labels else written


def task_for(reading: Reading, kinds: tuple[type[Task], ...], labels: list[str]) -> Task:
    """The first task of these kinds that knows the labels."""
    tasks = reading.project.every(*kinds)
    if not tasks:
        raise Bad("label", f"the project has no {' or '.join(kind.kind for kind in kinds)} task to take it")
    for task in tasks:
        if knows(task, labels):
            return task
    known = [value for task in tasks for value in task.values]
    unknown = next(label for label in labels if label not in tasks[0].values)
    if renamed := next((task for task in tasks if unknown in task.renames), None):
        raise Bad("label", renamed.unknown(unknown))
    near = nearest(unknown, known)
    hint = f"did you mean {near}?" if near else f"known are {', '.join(known)}"
    raise Bad("label", f"{unknown!r} is no label of this project; {hint}")


def knows(task: Task, labels: list[str]) -> bool:
    """Whether all are labels of the task; a segment may lack one, and have any where the task lists none."""
    if isinstance(task, Segments):
        labels = [label for label in labels if label and task.labels]
    return all(label in task.values for label in labels)


def parted(
    reading: Reading, kinds: tuple[type[Task], ...], parts: Sequence[Part], label: Callable[[Part], str]
) -> list[tuple[Task, list[Part]]]:
    """Labelled parts by their task: the first of these kinds that knows all labels, else for each part the first that
    knows its own.  Raises Bad.
    """
    labels = [label(part) for part in parts]
    if not any(knows(task, labels) for task in reading.project.every(*kinds)):
        found: dict[str, tuple[Task, list[Part]]] = {}
        for part in parts:
            task = task_for(reading, kinds, [label(part)])
            found.setdefault(task.id, (task, []))[1].append(part)
        if found:
            return list(found.values())
    return [(task_for(reading, kinds, labels), list(parts))]


def checked_span(reading: Reading, text: str, span: Mapping[str, Any]) -> dict[str, Any]:
    """A span in code points; where the covered text says so, read again as UTF-16 units."""
    start, end, label = span.get("start"), span.get("end"), span.get("label")
    if not isinstance(start, int) or not isinstance(end, int) or isinstance(start, bool) or isinstance(end, bool):
        raise Bad("spans", f"start and end must be whole numbers, not {start!r} and {end!r}")
    if not isinstance(label, str):
        raise Bad("spans", f"a span needs a label, not {label!r}")
    covered = span.get("text")
    if isinstance(covered, str):
        found = code_points(text, start, end, covered)
        if found is None:
            raise Bad("spans", f"span {start}-{end} says {covered!r}, which is not there")
        reading.repaired += found != (start, end)
        start, end = found
    elif not 0 <= start < end <= len(text):
        raise Bad("spans", f"span {start}-{end} does not lie within the text's {len(text)} characters")
    return {"start": start, "end": end, "label": label, "text": text[start:end]}


def labelled(
    reading: Reading,
    item: Item,
    *,
    spans: list[dict[str, Any]] | None = None,
    labels: list[str] | None = None,
    values: Mapping[str, Any] | None = None,
    annotator: str = "",
    scores: Sequence[float | None] = (),
    label_score: float | None = None,
    priority: int = 0,
    annotation: Annotation | None = None,
) -> Record:
    """A record with the labels a file gives: answers of `annotator`, else suggestions.

    `spans` and `labels` are None where the file says nothing of them; an empty list says that there are none, which
    as a suggestion is nothing.  `values` are answers by task id, in the JSON shape.  `scores`: one for each span, if
    any.  `annotation` has what else is known of the answer.
    """
    if annotator := author(reading, annotator):
        answers = _answers(reading, item, spans, labels, values or {})
        check_answers(reading, item, answers)
        said = replace(annotation or Annotation(annotator), annotator=annotator, answers=answers)
        return Record(item, (), said if answers else None, priority)
    item, spans, labels, values = _known_only(reading, item, spans, labels, values or {})
    made: list[Suggestion] = []
    for id, given in values.items():
        value = checked(reading, item, id, given)
        made += [Suggestion(id, one) for one in (value if _are_spans(reading, id, value) else [value])]
    for task, some in _spans_by_task(reading, spans or []):
        made += [Suggestion(task.id, span, scores[number] if scores else None) for number, span in some]
    made += [Suggestion(task.id, value, label_score) for task, value in _labels_by_task(reading, labels or [])]
    return Record(item, tuple(made), None, priority)


def _answers(
    reading: Reading,
    item: Item,
    spans: list[dict[str, Any]] | None,
    labels: list[str] | None,
    values: Mapping[str, Any],
) -> dict[str, Any]:
    """By task id, what somebody answered."""
    answers = {id: checked(reading, item, id, given) for id, given in values.items()}
    if spans == []:
        answers[task_for(reading, (Spans,), []).id] = []
    for task, some in _spans_by_task(reading, spans or []):
        ours = [span for _, span in some]
        answers[task.id] = sorted(ours, key=lambda span: (span["start"], span["end"], span["label"]))
    if labels == [] and isinstance(first := reading.project.first(Choice, Choices), Choices):
        # A format's place for labels is the first such task's; of one with a single answer it says nothing
        answers[first.id] = []
    return answers | {task.id: value for task, value in _labels_by_task(reading, labels or [])}


def _are_spans(reading: Reading, id: str, value: Any) -> bool:
    return isinstance(reading.project.task(id), Spans) and isinstance(value, list)


def checked(reading: Reading, item: Item, id: str, value: Any) -> Any:
    """An answer in the JSON shape; of spans, each where its text is."""
    if not _are_spans(reading, id, value):
        return value
    return [checked_span(reading, item.text, one if isinstance(one, dict) else {}) for one in value]


def _spans_by_task(
    reading: Reading, spans: list[dict[str, Any]]
) -> list[tuple[Task, list[tuple[int, dict[str, Any]]]]]:
    """Spans with their places in the list."""
    return parted(reading, (Spans,), list(enumerate(spans)), lambda one: str(one[1]["label"])) if spans else []


def _labels_by_task(reading: Reading, labels: list[str]) -> Iterator[tuple[Task, Any]]:
    """Labels of the whole as answers."""
    for task, chosen in parted(reading, (Choice, Choices), labels, str) if labels else ():
        if isinstance(task, Choices):
            yield task, [one for one in task.values if one in chosen]
        elif len(chosen) == 1:
            yield task, chosen[0]
        else:
            raise Bad("label", f"{task.id} takes one label, not {len(chosen)}")


def _known_only(
    reading: Reading,
    item: Item,
    spans: list[dict[str, Any]] | None,
    labels: list[str] | None,
    values: Mapping[str, Any],
) -> tuple[Item, list[dict[str, Any]] | None, list[str] | None, Mapping[str, Any]]:
    """Suggestions the project has labels for; the others are kept as the item's meta, and counted."""
    meta = dict(item.meta)
    try:
        _spans_by_task(reading, spans or [])
    except Bad as error:
        reading.not_known(error.problem)
        meta, spans = {**meta, "spans": spans}, None
    try:
        if labels:
            parted(reading, (Choice, Choices), labels, str)
    except Bad as error:
        reading.not_known(error.problem)
        meta, labels = {**meta, "label": labels[0] if labels and len(labels) == 1 else labels}, None
    known = {}
    for id, value in values.items():
        task = reading.project.task(id)
        problem = task.draft_problem(value, item) if task else "no such task"
        if problem:
            reading.not_known(problem)
            meta[id] = value
        else:
            known[id] = value
    return replace(item, meta=meta), spans, labels, known


def check_answers(reading: Reading, item: Item, answers: Mapping[str, Any]) -> None:
    for id, value in answers.items():
        task = reading.project.task(id)
        if task is None:
            near = nearest(id, [one.id for one in reading.project.tasks])
            known = ", ".join(one.id for one in reading.project.tasks)
            raise Bad(f"answers.{id}", f"no such task; {f'did you mean {near}?' if near else f'known are {known}'}")
        if problem := task.check(value, item):
            raise Bad(f"answers.{id}", problem)


def finished(reading: Reading, record: Record) -> Record:
    """A record as it is brought in, or Bad: where the answers of the file are known ones, its answer is gold.

    Flags are kept with any reason: a team elsewhere may list others, and what they flagged is worth a look here too.
    """
    try:
        record = keepable(record)
    except Unkeepable as error:
        raise Bad(error.field, error.problem) from error
    said = record.annotation
    for flag in said.flags if said else ():
        if all(flag.reason != listed.reason for listed in reading.project.flags):
            reading.reasons[flag.reason] = reading.reasons.get(flag.reason, 0) + 1
    if not reading.gold:
        if said is not None and said.status == SETTLED:
            raise Bad("status", "settled answers are nobody's; bring them in with --gold")
        return record
    if said is None or said.status not in (SUBMITTED, SETTLED):
        raise Bad("", "has no answer, and a known answer is wanted here")
    _check_whole(reading, record.item, said.answers)
    one, answer = (
        (record.item.key, ""),
        hash(json.dumps(kept(reading.project.tasks, said.answers, record.item), sort_keys=True)),
    )
    if reading.known.get(one, answer) != answer:
        raise Bad("", f"another answer about item {record.item.key} is in this file already; only one can be right")
    reading.known[one] = answer
    gold = Gold(
        said.annotator, said.answers, GIVEN, at=said.submitted_at, labels_version=said.labels_version,
        guidelines_version=said.guidelines_version,
    )  # fmt: skip
    return Record(record.item, record.suggestions, None, record.priority, gold, reading.gold)


def _check_whole(reading: Reading, item: Item, answers: Mapping[str, Any]) -> None:
    """A known answer answers every question that an annotator would have to answer."""
    tasks = reading.project.tasks
    for task in tasks:
        value = answers.get(task.id)
        if task.required and is_asked(task, tasks, answers.get) and not task.is_answered(value):
            lacking = "is missing" if value is None else task.check(value, item) or "is empty"
            raise Bad(f"answers.{task.id}", f"{lacking}; a known answer answers every required question")


def utc_time(field: str, value: Any) -> str:
    """A time of a file as UTC, ISO 8601 with milliseconds; one without a zone is taken for UTC."""
    if value in (None, ""):
        return ""
    try:
        moment = value if isinstance(value, datetime) else datetime.fromisoformat(value)
        return utc(moment.replace(tzinfo=moment.tzinfo or UTC))
    except (TypeError, ValueError, OverflowError) as error:
        raise Bad(field, f"must be a time such as 2026-01-31T12:00:00Z, not {value!r}") from error
