"""CSV and TSV with a header row.

The text column is the one named `text`, else the first with a name known for it;
`id` or `item` is the id, `label` a label, `annotator` whose answer it is; all others
are kept as meta.  A TSV whose quotes are not CSV quoting is read without any.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, TextIO

from tui_label.core.annotation import Annotation
from tui_label.core.item import Item
from tui_label.core.project import Project
from tui_label.core.record import Record
from tui_label.errors import InputError
from tui_label.formats import sounds
from tui_label.formats.making import Bad, labelled, make_item
from tui_label.formats.source import BadLine, Reading, check
from tui_label.sound.kinds import is_sound

TEXTS = (
    "text",
    "sentence",
    "tweet",
    "content",
    "headline",
    "title",
    "body",
    "comment",
    "review",
    "message",
    "document",
)
IDS = ("item", "id", "key", "item_id", "tweet_id")
LABELS = ("label", "labels", "class", "category", "sentiment")
FORMULA = ("=", "+", "-", "@", "\t", "\r")


def read_csv(reading: Reading) -> Iterator[Record | BadLine]:
    return _read(reading, ",")


def read_tsv(reading: Reading) -> Iterator[Record | BadLine]:
    return _read(reading, "\t")


def _read(reading: Reading, delimiter: str) -> Iterator[Record | BadLine]:
    text, bad = _decoded(reading)
    yield from bad
    csv.field_size_limit(2**31 - 1)
    loose = delimiter == "\t" and _loose_quotes(text)
    rows = csv.reader(
        io.StringIO(text, newline=""),
        delimiter=delimiter,
        quoting=csv.QUOTE_NONE if loose else csv.QUOTE_MINIMAL,
        strict=True,
    )
    try:
        header = next(rows, None)
        if header is None:
            return
        columns = _columns(reading, header)
        while True:
            first = rows.line_num + 1
            row = next(rows, None)
            if row is None:
                return
            if row:
                yield _row(reading, columns, header, row, first)
            else:
                reading.blank += 1
    except csv.Error as error:
        yield reading.bad(rows.line_num, f"not CSV: {error}")


def _decoded(reading: Reading) -> tuple[str, list[BadLine]]:
    """The whole text, line ends as they are, and the lines that are not UTF-8 (left out)."""
    check(reading.path, reading.encoding)
    data = reading.path.read_bytes()
    encoding = reading.encoding or "utf-8"
    try:
        return data.decode(encoding).removeprefix("\ufeff"), []
    except LookupError as error:
        raise InputError(f"{encoding}: no such encoding; try utf-8, latin-1, utf-16") from error
    except UnicodeDecodeError as error:
        if reading.encoding:
            raise InputError(f"{reading.path}: not {encoding} at byte {error.start}") from error
    kept, bad, offset = [], [], 0
    for number, line in enumerate(data.split(b"\n"), 1):
        try:
            kept.append(line.decode("utf-8"))
        except UnicodeDecodeError as error:
            bad.append(
                reading.bad(number, f"not UTF-8 at byte {offset + error.start}; give --encoding if it is another")
            )
        offset += len(line) + 1
    return "\n".join(kept).removeprefix("\ufeff"), bad


def _loose_quotes(text: str) -> bool:
    """Whether quotes stand where CSV quoting would not put them."""
    for line in text.split("\n"):
        for cell in line.rstrip("\r").split("\t"):
            inner = cell[1:-1] if len(cell) > 1 and cell[0] == cell[-1] == '"' else cell
            if inner.replace('""', "" if inner is not cell else '"').count('"'):
                return True
    return False


def _columns(reading: Reading, header: list[str]) -> dict[str, int]:
    names = [name.strip().casefold() for name in header]
    found: dict[str, int] = {}
    for role, known in (("text", TEXTS), ("id", IDS), ("label", LABELS), ("annotator", ("annotator",))):
        place = next((names.index(name) for name in known if name in names), None)
        if place is not None:
            found[role] = place
    if reading.project.items == "sound":
        if len(header) == 1 and is_sound(Path(header[0])):
            raise InputError(f"{reading.path}:1: {header[0]} is no name of a column; put a line with `audio` above it")
        return {role: place for role, place in found.items() if role == "id"}
    if "text" not in found:
        if len(header) != 1:
            raise InputError(
                f"{reading.path}:1: no column is named text (it has {', '.join(header)[:80]}); add a header row with one"
            )
        found["text"] = 0
    return found


def _row(reading: Reading, columns: dict[str, int], header: list[str], row: list[str], line: int) -> Record | BadLine:
    if len(row) != len(header):
        return reading.bad(line, f"has {len(row)} columns, the header has {len(header)}")

    def cell(role: str) -> str:
        return row[columns[role]] if role in columns else ""

    meta = {name: row[n] for n, name in enumerate(header) if n not in columns.values() and row[n]}
    try:
        if reading.project.items == "sound":
            names = {name.strip().casefold(): value for name, value in meta.items()}
            if len(header) == 1:
                names = {"audio": row[0]}
            return sounds.record(reading, names, cell("id") or None, meta, 0)
        item = make_item(reading, cell("id") or None, cell("text"), (), meta)
        labels = [one for one in cell("label").split("#") if one]
        return labelled(reading, item, labels=labels, annotator=cell("annotator"))
    except Bad as error:
        return reading.bad(line, error.problem, error.field)


def write_csv(rows: Iterable[tuple[Item, Annotation]], out: TextIO, project: Project, dropped: dict[str, int]) -> int:
    return _write(rows, out, project, ",")


def write_tsv(rows: Iterable[tuple[Item, Annotation]], out: TextIO, project: Project, dropped: dict[str, int]) -> int:
    return _write(rows, out, project, "\t")


def write_spreadsheet(
    rows: Iterable[tuple[Item, Annotation]], out: TextIO, project: Project, dropped: dict[str, int]
) -> int:
    """CSV for spreadsheet programs: a cell they would take for a formula gets a leading apostrophe."""
    return _write(rows, out, project, ",", safe=True)


def _write(
    rows: Iterable[tuple[Item, Annotation]], out: TextIO, project: Project, delimiter: str, *, safe: bool = False
) -> int:
    writer = csv.writer(out, delimiter=delimiter, lineterminator="\n")
    tasks = [task.id for task in project.tasks]
    content = ["audio", "offset", "duration"] if project.items == "sound" else ["text"]
    writer.writerow(["item", *content, "annotator", *tasks, "flags", "active_ms", "submitted_at"])
    count = 0
    for item, annotation in rows:
        cells = [
            item.key,
            *_content(item),
            annotation.annotator,
            *(_cell(annotation.answers.get(task)) for task in tasks),
            " ".join(flag.reason for flag in annotation.flags),
            str(annotation.timing.active),
            annotation.submitted_at,
        ]
        cells = [cell.encode("utf-8", "backslashreplace").decode() for cell in cells]
        writer.writerow(["'" + cell if safe and cell.startswith(FORMULA) else cell for cell in cells])
        count += 1
    return count


def _content(item: Item) -> list[str]:
    if item.sound is not None:
        return [item.sound.path, f"{item.sound.offset:.3f}", f"{item.sound.duration:.3f}"]
    return [item.text or json.dumps(list(item.candidates), ensure_ascii=False)]


def _cell(value: Any) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
