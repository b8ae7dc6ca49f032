"""JSON Lines: our own export, Prodigy's and doccano's spellings of text, label, spans, options, and tables' fields.

Of a key that stands twice in an object the last one counts.  Numbers given as ids are
taken as written.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, TextIO

from tui_label.core.annotation import STATUSES, SUBMITTED, Annotation, Flag, Timing, timing_from
from tui_label.core.gold import SETTLED
from tui_label.core.item import Item, Suggestion, is_score
from tui_label.core.keepable import is_amount
from tui_label.core.moments import utc
from tui_label.core.project import Project
from tui_label.core.record import Record
from tui_label.core.tasks import Spans
from tui_label.core.text import number_of
from tui_label.formats import sounds, table
from tui_label.formats.array import NoArray, dumped, elements, is_array, parsed
from tui_label.formats.making import (
    Bad,
    author,
    candidates_in,
    check_answers,
    checked,
    checked_span,
    finished,
    labelled,
    labels_in,
    make_item,
    name_in,
    utc_time,
)
from tui_label.formats.outgoing import Dropped, Rows
from tui_label.formats.source import BadLine, Reading, bare, filled_lines
from tui_label.formats.texts import HOLDS

OURS = (
    "item", "id", "text", "candidates", "meta", "annotator", "status", "answers", "flags", "origin", "started_at",
    "submitted_at", "ms", "guidelines", "labels", "revision", "listening", "priority", "suggestions", "decisions",
    "settled", "versions",
)  # fmt: skip
PRODIGYS = ("spans", "options", "accept", "answer", "tokens", "flagged", "relations", "config")
DOCCANOS = ("label", "entities", "cats", "Comments")
KNOWN = frozenset([*OURS, *PRODIGYS, *DOCCANOS])
"""Fields that are no meta of the item."""
SAYS = frozenset(["spans", "entities", "label", "labels", "accept", "cats", "answer"])
"""Fields in which other tools have labels."""

NOBODYS = "answers without an annotator (--annotator gives one, --gold takes known ones)"
FLAGGED = "flagged"
"""The reason of Prodigy's flags, which have none."""


class Number(str):
    """A number as it was written, for ids."""


def read(reading: Reading) -> Iterator[Record | BadLine]:
    if bare(reading.path).suffix.lower() == ".json":
        yield from _read_array(reading)
        return
    for line in filled_lines(reading):
        yield line if isinstance(line, BadLine) else _one(reading, *line)


def _read_array(reading: Reading) -> Iterator[Record | BadLine]:
    if not is_array(reading):
        yield reading.bad(1, "must be a list of objects; for one object a line, name the file .jsonl")
        return
    try:
        for number, record in elements(reading):
            yield _made(reading, number, record)
    except NoArray as error:
        yield reading.bad(error.line, str(error))


def _one(reading: Reading, number: int, text: str) -> Record | BadLine:
    record = parsed(reading, number, text)
    return record if isinstance(record, BadLine) else _made(reading, number, record, text)


def _made(reading: Reading, number: int, record: Any, text: str = "") -> Record | BadLine:
    """What a record says; `text` is how it is written, where that is known."""
    reading.line = number
    if not isinstance(record, dict):
        return reading.bad(number, "must be an object in braces")
    if None in record.values():
        # As pandas and others write a field that does not apply
        record = {name: value for name, value in record.items() if value is not None or name not in KNOWN}
    try:
        return finished(reading, _record(reading, record, _written_id(text, record)))
    except Bad as error:
        return reading.bad(number, error.problem, error.field)


def _written_id(text: str, record: Mapping[str, Any]) -> str | None:
    """The id as text, a number with just the digits it was written with."""
    field = "item" if "item" in record else "id"
    value = record.get(field)
    if value is None:
        return None
    if isinstance(value, str):
        return value
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise Bad(field, f"an id must be text or a number, not {json.dumps(value)}")
    if not text:
        return json.dumps(value)
    written = json.loads(text, parse_int=Number, parse_float=Number, parse_constant=Number)
    return str(written[field])


def _record(reading: Reading, record: Mapping[str, Any], key: str | None) -> Record:
    priority = record.get("priority", 0)
    annotator = _annotator(record)
    answered = "answers" in record and bool(author(reading, annotator))
    _tell_left_out(reading, record, answered)
    values = _answers_in_fields(reading, record)
    meta = {name: value for name, value in _meta(record).items() if name not in values}
    if reading.project.items == "sound":
        made = sounds.record(reading, record, key, meta, priority, _accepted(record), values)
        if "suggestions" not in record and not answered:
            return _signed(record, made)
        item = made.item
    else:
        item = make_item(reading, key, _text(record), candidates_in(record.get("candidates")), meta, annotator)
    if answered:
        return Record(item, (), _annotation(reading, item, record, author(reading, annotator)), priority)
    if "suggestions" in record:
        return Record(item, _suggestions(reading, item, record["suggestions"]), None, priority)
    if SAYS.isdisjoint(record) and not values:
        return Record(item, (), None, priority)
    return _signed(record, _foreign(reading, item, record, values, priority))


def _tell_left_out(reading: Reading, record: Mapping[str, Any], answered: bool) -> None:
    """What else the record says, and nothing here takes."""
    reading.leave_out(NOBODYS, "answers" in record and not answered)
    reading.leave_out("suggestions beside answers", answered and bool(record.get("suggestions")))
    reading.leave_out("rejected answers", record.get("answer") == "reject")
    reading.leave_out("ignored answers", record.get("answer") == "ignore")
    relations = record.get("relations")
    reading.leave_out("relations", len(relations) if isinstance(relations, list) else 0)


def _text(record: Mapping[str, Any]) -> str:
    text = record.get("text", "" if "candidates" in record else None)
    if not isinstance(text, str):
        lacking = f"is missing (it has {', '.join(record)[:80]})" if record else "is missing"
        raise Bad("text", lacking if "text" not in record else f"must be text, not {json.dumps(text)[:40]}")
    return text


def _meta(record: Mapping[str, Any]) -> dict[str, Any]:
    meta = record.get("meta") or {}
    if not isinstance(meta, dict):
        raise Bad("meta", "must be an object")
    if KNOWN.issuperset(record):
        return meta
    rest = {name: value for name, value in record.items() if name not in KNOWN and not name.startswith("_")}
    return {**meta, **rest}


def _annotator(record: Mapping[str, Any]) -> str:
    """Whose answers it says they are; empty: it does not say.  Prodigy and doccano have names of their own for it."""
    name = name_in(record.get("annotator"))
    if {"annotator", "answers"} <= record.keys() and not name.strip():
        raise Bad("annotator", "must be a name")
    return name or str(record.get("_annotator_id") or record.get("_session_id") or "")


def _annotation(reading: Reading, item: Item, record: Mapping[str, Any], annotator: str) -> Annotation:
    """What the record says, whatever its status; only finished answers have to be valid ones."""
    status = record.get("status", SUBMITTED)
    if status not in (*STATUSES, SETTLED):
        raise Bad("status", f"must be one of {', '.join((*STATUSES, SETTLED))}")
    answers = record["answers"]
    if not isinstance(answers, dict):
        raise Bad("answers", "must be an object of task: answer")
    if status in (SUBMITTED, SETTLED):
        answers = {id: checked(reading, item, id, value) for id, value in answers.items()}
        check_answers(reading, item, answers)
    return Annotation(
        annotator,
        status,
        answers=answers,
        flags=_flags(record),
        origin=_origin(reading, record, answers),
        timing=_timing(record),
        started_at=utc_time("started_at", record.get("started_at")),
        submitted_at=utc_time("submitted_at", record.get("submitted_at")),
        labels_version=_number(record, "labels"),
        guidelines_version=_number(record, "guidelines"),
        revision=_number(record, "revision"),
        listening=record.get("listening") or {},
    )


def _timing(record: Mapping[str, Any]) -> Timing:
    try:
        return timing_from(record.get("ms") or {})
    except (TypeError, ValueError, AttributeError, OverflowError) as error:
        raise Bad("ms", "must be milliseconds by name: active, idle, paused, and tasks by their ids") from error


def _origin(reading: Reading, record: Mapping[str, Any], answers: Mapping[str, Any]) -> dict[str, list[str]]:
    """For each task words about its answer: of spans one each."""
    found = record.get("origin") or {}
    if not isinstance(found, dict) or not all(isinstance(words, list) for words in found.values()):
        raise Bad("origin", "must be an object of task: list of words")
    for task in reading.project.tasks:
        words, spans = found.get(task.id), answers.get(task.id)
        if isinstance(task, Spans) and words and isinstance(spans, list) and len(words) != len(spans):
            raise Bad("origin", f"{task.id} has {len(words)} for {number_of(len(spans), 'span')}")
    return found


def _flags(record: Mapping[str, Any]) -> tuple[Flag, ...]:
    found = record.get("flags") or []
    if not isinstance(found, list) or not all(isinstance(flag, dict) for flag in found):
        raise Bad("flags", 'must be a list of objects, such as {"reason": "ambiguous"}')
    flags = tuple(Flag(flag.get("reason"), str(flag.get("note") or "")) for flag in found)
    for flag in flags:
        if not isinstance(flag.reason, str) or not flag.reason.strip():
            raise Bad("flags", f"a flag's reason must be words, not {flag.reason!r}")
    return flags


def _number(record: Mapping[str, Any], field: str) -> int:
    value = record.get(field) or 0
    # In other tools' files `labels` are labels
    if not isinstance(value, int) or not is_amount(value):
        raise Bad(field, f"must be a whole number, not {value!r}")
    return value


def _suggestions(reading: Reading, item: Item, found: Any) -> tuple[Suggestion, ...]:
    if not isinstance(found, list):
        raise Bad("suggestions", "must be a list")
    made = []
    for one in found:
        task = reading.project.task(str(one.get("task"))) if isinstance(one, dict) else None
        if task is None:
            raise Bad("suggestions", "each needs the id of a task of this project")
        value = one.get("value")
        for part in value if isinstance(task, Spans) and isinstance(value, list) else [value]:
            score = one.get("score")
            if isinstance(task, Spans):
                span = part if isinstance(part, dict) else {}
                part, score = checked_span(reading, item.text, span), span.get("score", score)
            if problem := task.draft_problem([part] if isinstance(task, Spans) else part, item):
                raise Bad("suggestions", problem)
            made.append(Suggestion(task.id, part, _score(score), str(one.get("source", "input"))))
    return tuple(made)


def _score(value: Any) -> float | None:
    if value is None:
        return None
    if not is_score(value):
        raise Bad("score", f"must be a number, not {value!r}")
    return float(value)


# Prodigy and doccano


def may_be_named(id: str) -> bool:
    """Whether a field that is named after this task has no other meaning."""
    return id not in KNOWN and id not in sounds.TAKEN and not id.startswith("_")


def _answers_in_fields(reading: Reading, record: Mapping[str, Any]) -> dict[str, Any]:
    """What stands in fields that are named after tasks, as in columns of tables; our Prodigy lines have there what
    Prodigy has no place for.
    """
    if "answers" in record or record.get("answer") in ("reject", "ignore"):
        return {}
    given = [(task, record.get(task.id)) for task in reading.project.tasks if may_be_named(task.id)]
    return {task.id: table.from_field(reading, task, value) for task, value in given if value is not None}


def _foreign(
    reading: Reading, item: Item, record: Mapping[str, Any], values: Mapping[str, Any], priority: int
) -> Record:
    annotator = _annotator(record)
    answered = record.get("answer")
    spans, scores = _spans(reading, item, record)
    labels = _plain_labels(record)
    if answered in ("reject", "ignore"):
        return Record(item, (), None, priority)
    if answered == "accept" and spans is None and labels is None and not values and reading.project.first(Spans):
        spans = []
    score: Any = record.get("score")
    return labelled(
        reading,
        item,
        spans=spans,
        labels=labels,
        values=values,
        annotator=annotator if answered == "accept" or "annotator" in record else "",
        scores=scores,
        label_score=float(score) if is_score(score) else None,
        priority=priority,
    )


def _signed(record: Mapping[str, Any], made: Record) -> Record:
    """A record whose answer has the flags and the time that it says, or Prodigy does."""
    if made.annotation is None:
        return made
    if record.get("flagged"):
        flags: tuple[Flag, ...] = (Flag(FLAGGED),)
    elif isinstance(found := record.get("flags"), str):
        flags = tuple(map(Flag, table.reasons(found)))  # as in our tables
    else:
        flags = _flags(record)
    at = _time(record) or utc_time("submitted_at", record.get("submitted_at"))
    return replace(made, annotation=replace(made.annotation, flags=flags, submitted_at=at))


def _time(record: Mapping[str, Any]) -> str:
    stamp = record.get("_timestamp")
    if not isinstance(stamp, int | float) or isinstance(stamp, bool) or not 0 < stamp < 2**33:
        return ""
    return utc(stamp * 1000)


def _spans(
    reading: Reading, item: Item, record: Mapping[str, Any]
) -> tuple[list[dict[str, Any]] | None, list[float | None]]:
    """Spans, with a score for each, of `spans` (Prodigy), `entities` or `[start, end, label]` in `label` (doccano)."""
    found = record.get("spans")
    if found is None:
        found = record.get("entities")
    label = _label(record)
    if found is None and (_are_spans(label) or (label == [] and reading.project.first(Spans))):
        found = label
    if found is None:
        return None, []
    if not isinstance(found, list):
        raise Bad("spans", "must be a list")
    spans = [_span(one) for one in found]
    scores = [_score(one.get("score")) for one in spans]
    return [checked_span(reading, item.text, one) for one in spans], scores


def _span(one: Any) -> dict[str, Any]:
    if isinstance(one, list) and len(one) == 3:
        return {"start": one[0], "end": one[1], "label": one[2]}
    if isinstance(one, dict):
        return {**one, "start": one.get("start", one.get("start_offset")), "end": one.get("end", one.get("end_offset"))}
    raise Bad("spans", f"is no span: {json.dumps(one)[:40]}")


def _accepted(record: Mapping[str, Any]) -> list[str] | None:
    return labels_in("accept", record.get("accept"))


def _plain_labels(record: Mapping[str, Any]) -> list[str] | None:
    """Labels of the whole text; empty where it says that there are none, None where it says nothing."""
    if (accepted := _accepted(record)) is not None:
        return accepted
    if (label := _label(record)) is not None and not _are_spans(label):
        return labels_in("label", label)
    cats = record.get("cats")
    if isinstance(cats, dict):
        # spaCy's
        if not all(isinstance(one, int | float) for one in cats.values()):
            raise Bad("cats", "must be numbers by label, or a list of labels")
        cats = [label for label, value in cats.items() if value >= HOLDS]
    return labels_in("cats", cats)


def _label(record: Mapping[str, Any]) -> Any:
    """What stands in a field of labels; of our own answers `labels` is a version."""
    return record.get("label", record.get("labels") if "answers" not in record else None)


def _are_spans(label: Any) -> bool:
    return isinstance(label, list) and bool(label) and isinstance(label[0], list | dict)


# writing


def write(rows: Rows, out: TextIO, project: Project, dropped: Dropped) -> int:
    count = 0
    for item, annotation in rows:
        out.write(dumped(annotation.record(item)) + "\n")
        count += 1
    return count
