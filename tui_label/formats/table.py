"""CSV and TSV with a header row.

The text column is the one named `text`, else the first with a name known for it;
`id` or `item` is the id, `label` a label, `annotator` (`worker`, `rater`, `coder`) whose answer
it is; a column named after a task has its answers, as our own tables do (`answer_…` where they
have another column of this name); where texts are compared,
`candidates` has them as a JSON list; all others are kept as meta.  So a row is one annotator's answers about one item (long form).  Where
several label columns are named, a row is an item and each of them one annotator's (wide form).
A TSV whose quotes are not CSV quoting is read without any.  Numbers of classes are read as
their names where the card of a dataset has these.
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, TextIO

from tui_label.core.annotation import Annotation, Flag, Timing
from tui_label.core.item import Item
from tui_label.core.project import Project
from tui_label.core.record import Record
from tui_label.core.tasks import Choice, Choices, Compare, Rating, Segments, Spans, Task, Text
from tui_label.formats import card, sounds
from tui_label.formats.columns import (
    OURS,
    Columns,
    answer_columns,
    columns_of,
    content_columns,
    other_columns,
    refuse_other_separator,
)
from tui_label.formats.making import (
    Bad,
    candidates_in,
    finished,
    json_in,
    labelled,
    make_item,
    utc_time,
    written_number,
)
from tui_label.formats.outgoing import Dropped, Rows, count, count_finer_times, is_finished
from tui_label.formats.source import BadLine, Reading, lines, lines_as_they_are

WHOLE_NUMBER = re.compile(r"\s*(-?\d{1,15})(?:\.0*)?\s*")
"""Also as pandas writes it where others of its column are missing: 4.0."""
FORMULA = ("=", "+", "-", "@", "\t", "\r")


def _read(reading: Reading, *, delimiter: str) -> Iterator[Record | BadLine]:
    loose = delimiter == "\t" and _loose_quotes(reading)
    columns: Columns | None = None
    header: list[str] = []
    for one in rows_of(reading, delimiter, loose=loose):
        if isinstance(one, BadLine):
            if columns is None:
                # Of names in quotes another sign between them makes no CSV at all
                refuse_other_separator(reading, _first_line(reading), delimiter)
            yield one
        elif columns is None:
            header = one[1]
            if len(header) == 1:
                refuse_other_separator(reading, header[0], delimiter)
            columns = columns_of(reading, header)
        else:
            yield from _row(reading, columns, header, one[1], one[0])


def _first_line(reading: Reading) -> str:
    return next((one[1] for one in lines(reading) if not isinstance(one, BadLine) and one[1].strip()), "")


def rows_of(
    reading: Reading, delimiter: str = ",", *, loose: bool = False, strict: bool = True
) -> Iterator[tuple[int, list[str]] | BadLine]:
    """`(line, cells)` of each row, the line it begins in; blank rows are only counted.  `loose`: quotes are signs like others."""
    csv.field_size_limit(2**31 - 1)
    given = _Lines(reading)
    found = csv.reader(
        given, delimiter=delimiter, quoting=csv.QUOTE_NONE if loose else csv.QUOTE_MINIMAL, strict=strict
    )
    try:
        while True:
            first = given.number + 1
            row = next(found, None)
            yield from given.faults()
            if row is None:
                return
            if row:
                yield first, row
            else:
                reading.blank += 1
    except csv.Error as error:
        yield from given.faults()
        yield reading.bad(given.number, f"not CSV: {error}")


class _Lines:
    """The lines of a file with their ends, those left out that are not text."""

    def __init__(self, reading: Reading) -> None:
        self._lines = lines_as_they_are(reading)
        self._faults: list[BadLine] = []
        self.number = 0
        """Of the latest line."""

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        for line in self._lines:
            self.number += 1
            if not isinstance(line, BadLine):
                return line[1]
            self._faults.append(line)
        raise StopIteration

    def faults(self) -> list[BadLine]:
        """The lines left out since the last call."""
        found, self._faults = self._faults, []
        return found


def _is_ours(header: str) -> bool:
    """Whether the header is that of a table of ours: its quotes are CSV quoting, also around line breaks."""
    return set(OURS) <= set(header.split("\t"))


def _loose_quotes(reading: Reading) -> bool:
    """Whether quotes stand where CSV quoting would not put them: the whole file is looked through for one.

    A cell may be quoted around line breaks where the lines so make a row with all its columns.
    """
    width, row, goes_on = 0, list[str](), False
    for line in lines(reading):
        if isinstance(line, BadLine):
            continue
        number, text = line
        if number == 1 and _is_ours(text):
            return False
        width = width or text.count("\t") + 1
        cells = text.split("\t")
        row = [*row[:-1], f"{row[-1]}\n{cells[0]}", *cells[1:]] if goes_on else cells
        before, goes_on = goes_on, width > 1 and row[-1][:1] == '"' and row[-1].count('"') % 2 == 1
        if not goes_on and (any(map(_has_loose_quotes, row)) or (before and len(row) != width)):
            return True
    return goes_on


def _has_loose_quotes(cell: str) -> bool:
    inner = cell[1:-1] if len(cell) > 1 and cell[0] == cell[-1] == '"' else cell
    return '"' in inner.replace('""', "" if inner is not cell else '"')


def _row(
    reading: Reading, columns: Columns, header: list[str], row: list[str], line: int
) -> Iterator[Record | BadLine]:
    reading.line = line
    if len(row) != len(header):
        yield reading.bad(line, f"has {len(row)} columns, the header has {len(header)}")
        return
    try:
        for place, names in columns.classes.items():
            row[place] = card.class_name(header[place], row[place], names) or ""
        # All of a row or nothing of it
        yield from [finished(reading, record) for record in _records(reading, columns, header, row)]
    except Bad as error:
        yield reading.bad(line, error.problem, error.field)


def _records(reading: Reading, columns: Columns, header: list[str], row: list[str]) -> Iterator[Record]:
    """What a row says: one record, or one for each annotator of it."""

    def cell(role: str) -> str:
        return row[columns.roles[role]] if role in columns.roles else ""

    sound = reading.project.items == "sound"
    others = [(name, row[n]) for n, name in enumerate(header) if n not in columns.taken and row[n]]
    meta = dict(others)
    reading.leave_out("values in columns that share their name with a later one", len(others) - len(meta))
    line = {"audio": row[0]} if len(header) == 1 else {name.strip().casefold(): value for name, value in meta.items()}
    name = cell("annotator").strip()
    said = _said(cell, name) if name and "active_ms" in columns.roles else None
    people = [(one, row[place]) for one, place in columns.people.items() if row[place].strip()]
    choices = reading.project.every(Choice, Choices)
    item = None
    if not sound:
        candidates = candidates_in(json_in("candidates", cell("candidates") or "[]"))
        item = make_item(reading, cell("id") or None, cell("text"), candidates, meta, name)
    for annotator, label in people or [(name, cell("label"))]:
        values = {id: from_cell(reading, id, row[place]) for id, place in columns.tasks.items() if row[place]}
        labels = None
        if label and not choices and (other := reading.project.first(Rating, Text, Compare)):
            # Where no question has labels, what stands in a label column answers another one
            values[other.id] = from_cell(reading, other.id, label)
        elif label:
            labels = _parted(label, *choices)
        if item is None:
            named = {**line, "annotator": annotator}
            record = sounds.record(reading, named, cell("id") or None, meta, 0, labels, values)
        else:
            record = labelled(reading, item, labels=labels, values=values, annotator=annotator)
        yield _signed(record, said)


def _parted(cell: str, *tasks: Task) -> list[str]:
    """The labels in a cell, which `#` parts where all of it is no label."""
    if any(cell == label.value for task in tasks for label in task.labels):
        return [cell]
    return [one for one in cell.split("#") if one]


def from_cell(reading: Reading, id: str, cell: str) -> Any:
    """The answer that stands in a column of its task, in the JSON shape: as it is, or as JSON where it is a list."""
    task = reading.project.task(id)
    if isinstance(task, Rating):
        if not (number := WHOLE_NUMBER.fullmatch(cell)):
            raise Bad(f"answers.{id}", f"must be a whole number, not {cell!r}")
        return int(number[1])
    if isinstance(task, Choices) and not cell.startswith("["):
        return _parted(cell, task)
    if isinstance(task, Spans | Segments | Choices) or (isinstance(task, Compare) and task.mode == "rank"):
        return json_in(f"answers.{id}", cell)
    return cell


def from_field(reading: Reading, task: Task, value: Any) -> Any:
    """The same from a format with numbers and lists of its own.

    What pandas writes there may still be 4.0 for a step, or a list as JSON in a text.
    """
    if isinstance(task, Choice | Rating) and isinstance(value, int | float):
        value = written_number(value, task.values)
    return from_cell(reading, task.id, value) if isinstance(value, str) else value


def _said(cell: Callable[[str], str], annotator: str) -> Annotation:
    """What a row of a table of ours says beside the answers."""
    active, number = cell("active_ms"), WHOLE_NUMBER.fullmatch(cell("active_ms"))
    if active and not number:
        raise Bad("active_ms", f"must be milliseconds, not {active!r}")
    return Annotation(
        annotator,
        flags=tuple(Flag(reason) for reason in reasons(cell("flags"))),
        timing=Timing(int(number[1]) if number else 0),
        submitted_at=utc_time("submitted_at", cell("submitted_at")),
    )


def reasons(cell: str) -> list[str]:
    """Of flags, as `_flags` writes them."""
    if not cell.startswith("["):
        return cell.split()
    found = json_in("flags", cell)
    if not all(isinstance(one, str) and one.strip() for one in found):
        raise Bad("flags", "must be a list of reasons")
    return list(found)


def _signed(record: Record, said: Annotation | None) -> Record:
    """A record with what else is known of its answer, which may say nothing: that there are no spans."""
    if said is None:
        return record
    return replace(record, annotation=replace(said, answers=record.annotation.answers if record.annotation else {}))


def _write(rows: Rows, out: TextIO, project: Project, dropped: Dropped, *, delimiter: str, safe: bool = False) -> int:
    """`safe`: a cell that a spreadsheet program would take for a formula gets a leading apostrophe."""
    writer = csv.writer(_Rows(out), delimiter=delimiter, lineterminator="\r\n")
    others, content = other_columns(project), content_columns(project)
    tasks = answer_columns(project, others)
    place = others.index(OURS[0]) + 1
    writer.writerow([*others[:place], *tasks.values(), *others[place:]])
    written = 0
    for item, annotation in rows:
        if not is_finished(annotation, dropped):
            continue
        count(dropped, "notes of flags", sum(bool(flag.note) for flag in annotation.flags))
        count_finer_times(annotation, dropped)
        count(dropped, "fields of meta", len(item.meta))
        count(dropped, "empty texts", sum(annotation.answers.get(task) == "" for task in tasks))
        count(dropped, "texts to compare", "candidates" not in content and bool(item.candidates))
        cells = [
            item.key,
            *_content(item, content),
            annotation.annotator,
            *(_cell(annotation.answers.get(task)) for task in tasks),
            _flags([flag.reason for flag in annotation.flags]),
            str(annotation.timing.active) if annotation.timing.wall else "",
            annotation.submitted_at,
        ]
        cells = [cell.encode("utf-8", "backslashreplace").decode() for cell in cells]
        writer.writerow(["'" + cell if safe and cell.startswith(FORMULA) else cell for cell in cells])
        written += 1
    return written


@dataclass(frozen=True, slots=True)
class _Rows:
    """Rows with our line ends: Python's writer puts a carriage return into quotes only where its lines end with one."""

    out: TextIO

    def write(self, row: str, /) -> None:
        self.out.write(row.removesuffix("\r\n") + "\n")


def _flags(reasons: list[str]) -> str:
    """Reasons with blanks between them, or where one has a blank itself as JSON."""
    plain = all(reason.split() == [reason] and not reason.startswith("[") for reason in reasons)
    return " ".join(reasons) if plain else json.dumps(reasons, ensure_ascii=False)


def _content(item: Item, columns: list[str]) -> list[str]:
    if item.sound is not None:
        return [item.sound.path, f"{item.sound.offset:.3f}", f"{item.sound.duration:.3f}"]
    candidates = json.dumps(list(item.candidates), ensure_ascii=False)
    return [item.text, candidates] if "candidates" in columns else [item.text or candidates]


def _cell(value: Any) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


read_csv, write_csv = partial(_read, delimiter=","), partial(_write, delimiter=",")
read_tsv, write_tsv = partial(_read, delimiter="\t"), partial(_write, delimiter="\t")
write_spreadsheet = partial(_write, delimiter=",", safe=True)
