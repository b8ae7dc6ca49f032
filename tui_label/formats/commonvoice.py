"""Common Voice's TSV: client_id, path, sentence and more, a line a clip; clips lie in the folder `clips`.

There are no quotes around cells.  What the other columns say is kept as the
item's meta, and goes out again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import TextIO

from tui_label.core.project import Project
from tui_label.core.record import Record
from tui_label.core.tasks import Text
from tui_label.formats.making import Bad
from tui_label.formats.outgoing import Dropped, Rows, count, unbroken
from tui_label.formats.recordings import Recordings, labelled_sound
from tui_label.formats.source import BadLine, Reading, filled_lines
from tui_label.formats.tracks import said, whole_recordings

COLUMNS = (
    "client_id", "path", "sentence", "up_votes", "down_votes", "age", "gender", "accents", "variant", "locale", "segment",
)  # fmt: skip
NEEDED = ("client_id", "path", "sentence")


def read(reading: Reading) -> Iterator[Record | BadLine]:
    recordings = Recordings(reading)
    header: list[str] | None = None
    for line in filled_lines(reading):
        if isinstance(line, BadLine):
            yield line
            continue
        number, text = line
        cells = text.split("\t")
        if header is None:
            header = cells
            if lacking := [name for name in NEEDED if name not in header]:
                yield reading.bad(number, f"is no header of Common Voice: it lacks {', '.join(lacking)}")
                return
        elif len(cells) != len(header):
            yield reading.bad(number, f"has {len(cells)} columns, the header has {len(header)}")
        else:
            try:
                yield _record(reading, recordings, dict(zip(header, cells, strict=True)))
            except Bad as error:
                yield reading.bad(number, error.problem, error.field)


def _record(reading: Reading, recordings: Recordings, cells: Mapping[str, str]) -> Record:
    try:
        place = recordings.named(f"clips/{cells['path']}")
    except Bad:
        place = recordings.named(cells["path"])
    meta = {name: value for name, value in cells.items() if name not in ("path", "sentence") and value}
    return labelled_sound(reading, place, text=cells["sentence"], meta=meta)


def write(rows: Rows, out: TextIO, project: Project, dropped: Dropped) -> int:
    found = whole_recordings(said(rows, project, dropped, Text, carries_meta=True), dropped)
    count(dropped, "fields of meta", sum(len(one.item.meta.keys() - set(COLUMNS)) for one in found))
    often = Counter(_name(one.sound.path) for one in found)
    out.write("\t".join(COLUMNS) + "\n")
    for one in found:
        path = one.sound.path
        cells = {**one.item.meta, "path": _name(path) if often[_name(path)] == 1 else path, "sentence": one.text}
        out.write("\t".join(unbroken(_cell(cells.get(column)), dropped, "\t") for column in COLUMNS) + "\n")
    return len(found)


def _name(path: str) -> str:
    return path.rpartition("/")[2]


def _cell(value: object) -> str:
    return "" if value is None else str(value)
