"""doccano's JSON Lines and CSV, in the shape that each kind of its projects has.

Labels of the text: `"label": ["neg"]` (in CSV joined by `#`, as its export writes them; its import takes
the whole for one label); spans:
`"label": [[0, 2, "ORG"]]`; both: `entities` and `cats`; a free text: `"label": ["…"]`; a sound:
`filename` and `label`.  Offsets are UTF-16 units, as its pages count; where they
mean no span so, code points.  doccano keeps fields it does not know as meta: there our item ids
and annotators travel.  Flags are its comments.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Mapping
from typing import Any, TextIO

from tui_label.core.annotation import Annotation, Flag
from tui_label.core.item import Item
from tui_label.core.project import Project
from tui_label.core.record import Record
from tui_label.core.tasks import Choice, Choices, Spans, Task, Text
from tui_label.formats import sounds
from tui_label.formats.array import dumped, parsed
from tui_label.formats.making import Bad, author, finished, id_in, labelled, make_item, name_in
from tui_label.formats.outgoing import Dropped, Rows, count, is_finished, plain
from tui_label.formats.source import BadLine, Reading, bare, filled_lines
from tui_label.formats.table import rows_of
from tui_label.formats.texts import CODE_POINTS, UTF16, Units, labels_said, located

ORDER = (UTF16, CODE_POINTS)
SEPARATOR = "#"
OURS = (
    "id", "item", "text", "data", "filename", "upload_name", "label", "labels", "entities", "relations", "cats",
    "annotator", "username", "Comments", "comments",
)  # fmt: skip


def read(reading: Reading) -> Iterator[Record | BadLine]:
    if bare(reading.path).suffix.lower() == ".csv":
        yield from read_csv(reading)
        return
    for line in filled_lines(reading):
        yield line if isinstance(line, BadLine) else _one(reading, *line)


def _one(reading: Reading, number: int, text: str) -> Record | BadLine:
    record = parsed(reading, number, text)
    if isinstance(record, BadLine):
        return record
    if not isinstance(record, dict):
        return reading.bad(number, "must be an object in braces")
    return _taken(reading, number, record)


def read_csv(reading: Reading) -> Iterator[Record | BadLine]:
    header: list[str] = []
    for one in rows_of(reading, strict=False):
        if isinstance(one, BadLine):
            yield one
            continue
        line, row = one
        if not header:
            header = row
            continue
        record: dict[str, Any] = {name: value for name, value in zip(header, row, strict=False) if name}
        label = record.get("label")
        if label is not None:
            record["label"] = [one for one in _parted(reading, label) if one]
        comments = record.get("Comments")
        record["Comments"] = [comments] if comments else []
        yield _taken(reading, line, record)


def _parted(reading: Reading, label: str) -> list[str]:
    return label.split(SEPARATOR) if reading.project.first(Choice, Choices) else [label]


def _taken(reading: Reading, number: int, record: Mapping[str, Any]) -> Record | BadLine:
    reading.line = number
    try:
        return finished(reading, _record(reading, record))
    except Bad as error:
        return reading.bad(number, error.problem, error.field)


def _record(reading: Reading, record: Mapping[str, Any]) -> Record:
    annotator = name_in(record.get("annotator", record.get("username")))
    item = _item(reading, record, annotator)
    reading.leave_out("relations", len(_list(record, "relations")))
    flags = [_flag(reading, str(one)) for one in _list(record, "Comments") + _list(record, "comments") if one]
    if not author(reading, annotator):
        reading.leave_out("comments", len(flags))
    spans, labels, values = _said(reading, item, record)
    return labelled(
        reading, item, spans=spans, labels=labels, values=values, annotator=annotator,
        annotation=Annotation(annotator, flags=tuple(flags)),
    )  # fmt: skip


def _item(reading: Reading, record: Mapping[str, Any], annotator: str) -> Item:
    key = id_in(record.get("item", record.get("id")))
    meta = {name: value for name, value in record.items() if name not in OURS}
    if reading.project.items == "sound":
        name = record.get("upload_name") or record.get("filename")
        return sounds.record(reading, {"audio": name}, key, meta, 0).item
    text = record.get("text", record.get("data"))
    if not isinstance(text, str):
        raise Bad("text", "is missing" if text is None else f"must be text, not {str(text)[:40]}")
    return make_item(reading, key, text, (), meta, annotator)


def _list(record: Mapping[str, Any], field: str) -> list[Any]:
    found = record.get(field) or []
    if not isinstance(found, list):
        raise Bad(field, "must be a list")
    return found


def _flag(reading: Reading, comment: str) -> Flag:
    """A comment that begins with a reason of the project's is that flag; any other is a note of its own."""
    reason, _, note = comment.partition(": ")
    listed = any(reason == one.reason for one in reading.project.flags)
    return Flag(reason, note) if listed else Flag("comment", comment)


def _said(
    reading: Reading, item: Item, record: Mapping[str, Any]
) -> tuple[list[dict[str, Any]] | None, list[str] | None, dict[str, Any]]:
    """Spans, labels of the whole, and a free text by its task's id; None where nothing is said."""
    found = record.get("label", record.get("labels"))
    found = [found] if isinstance(found, str) else found
    if found is not None and not isinstance(found, list):
        raise Bad("label", "must be a list")
    entities = record.get("entities")
    cats = None if record.get("cats") is None else [str(one) for one in _list(record, "cats")]
    free = reading.project.first(Text)
    chooses = reading.project.first(Choice, Choices) is not None
    marks = reading.project.first(Spans) is not None
    if (
        entities is None
        and found is not None
        and (any(not isinstance(one, str) for one in found) or (not found and marks and not chooses))
    ):
        entities, found = found, None
    spans = None if entities is None else _spans(reading, item, entities)
    if found is not None and (free is None or chooses):
        cats, found = [str(one) for one in found], None
    if free is None or not found:
        return spans, cats, {}
    if len(found) > 1:
        reading.leave_out("further texts of a list", len(found) - 1)
    return spans, cats, {free.id: str(found[0])}


def _spans(reading: Reading, item: Item, found: Any) -> list[dict[str, Any]]:
    if not isinstance(found, list):
        raise Bad("entities", "must be a list")
    units = Units(item.text)
    made = []
    for one in found:
        if isinstance(one, dict):
            one = [one.get("start_offset"), one.get("end_offset"), one.get("label")]
        if not isinstance(one, list) or len(one) != 3 or not isinstance(one[2], str):
            raise Bad("entities", f"is no span: {json.dumps(one)[:40]}")
        start, end = located(reading, units, one[0], one[1], None, ORDER)
        made.append({"start": start, "end": end, "label": one[2], "text": item.text[start:end]})
    return made


def recognised(head: str) -> bool:
    """Whether the first lines are doccano's: each of its exports has comments, or offsets by these names."""
    first = head.split("\n", 1)[0]
    return first.lstrip().startswith("{") and ('"Comments": [' in first or '"start_offset"' in first)


# writing


def write(rows: Rows, out: TextIO, project: Project, dropped: Dropped) -> int:
    number = 0
    spans, chosen, free = _tasks(project)
    for item, annotation in _finished(rows, dropped, (spans, chosen, free)):
        record: dict[str, Any] = {"item": item.key, "annotator": annotation.annotator}
        record |= {"filename": item.sound.path} if item.sound else {"text": item.text}
        marks = None if spans is None or (value := annotation.answers.get(spans.id)) is None else _marks(item, value)
        labels = None if chosen is None else labels_said(annotation, chosen)
        text = None if free is None or (value := annotation.answers.get(free.id)) is None else [value]
        if spans is not None and chosen is not None:
            said = {"entities": marks, "cats": labels}
        else:
            said = {"label": next((one for one in (marks, labels, text) if one is not None), None)}
        # An empty list would say that nothing applies
        record |= {place: value for place, value in said.items() if value is not None}
        record["Comments"] = [f"{one.reason}: {one.note}" if one.note else one.reason for one in annotation.flags]
        count(dropped, "fields of meta that are named as doccano's", sum(name in OURS for name in item.meta))
        out.write(dumped({**{name: value for name, value in item.meta.items() if name not in OURS}, **record}) + "\n")
        number += 1
    return number


def write_csv(rows: Rows, out: TextIO, project: Project, dropped: Dropped) -> int:
    """What doccano takes as CSV: labels of whole texts, or one text."""
    number = 0
    _, chosen, free = _tasks(project)
    task: Task | None = chosen or free
    # Quotes around all: Python's writer leaves them out around a carriage return
    table = csv.writer(out, lineterminator="\n", quoting=csv.QUOTE_ALL)
    table.writerow(["item", "annotator", "text", "label", "Comments"])
    for item, annotation in _finished(rows, dropped, (task,)):
        if item.sound is not None:
            count(dropped, "items that are no texts")
            continue
        said = (labels_said(annotation, task) if task else None) or []
        kept = said if task is free else [label for label in said if SEPARATOR not in label]
        count(dropped, f"labels with {SEPARATOR}", len(said) - len(kept))
        count(dropped, "fields of meta", len(item.meta))
        comments = [f"{one.reason}: {one.note}" if one.note else one.reason for one in annotation.flags]
        count(dropped, "flags after the first", len(comments[1:]))
        cells = [item.key, annotation.annotator, item.text, SEPARATOR.join(kept), *comments[:1]]
        table.writerow([plain(cell, dropped) for cell in cells] + [""] * (not comments))
        number += 1
    return number


def _tasks(project: Project) -> tuple[Spans | None, Task | None, Text | None]:
    """The task for spans, the one for labels, and the one for a text where there are neither."""
    spans = project.first(Spans)
    chosen = project.first(Choice, Choices)
    free = project.first(Text)
    return spans, chosen, free if spans is None and chosen is None else None


def _finished(rows: Rows, dropped: Dropped, tasks: tuple[Task | None, ...]) -> Iterator[tuple[Item, Annotation]]:
    taken = {task.id for task in tasks if task is not None}
    for item, annotation in rows:
        if not is_finished(annotation, dropped):
            continue
        if not item.text and item.sound is None:
            count(dropped, "items that are neither text nor sound")
            continue
        for other in annotation.answers:
            count(dropped, f"answers to {other}", other not in taken)
        count(dropped, "times", bool(annotation.timing.wall))
        yield item, annotation


def _marks(item: Item, value: Any) -> list[list[Any]]:
    units = Units(item.text)
    return [[units.utf16(one["start"]), units.utf16(one["end"]), one["label"]] for one in value]
