"""Raven's selection tables: TSV with a header row; times in seconds, frequencies in Hz.

A table belongs to the recording in its column `Begin File`, else to the one with
its own name.  A selection stands in a row for each view: that of the spectrogram
counts.  Boxes keep their frequencies; a new one spans all there are.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from tui_label.core.project import Project
from tui_label.core.record import Record
from tui_label.core.tasks import Segment, Segments
from tui_label.formats.making import Bad
from tui_label.formats.outgoing import Dropped, Rows, unbroken
from tui_label.formats.recordings import (
    EXACT,
    Recordings,
    after,
    labelled_sound,
    lines_with_ends,
    moment,
    says_text,
)
from tui_label.formats.source import BadLine, Reading, bare
from tui_label.formats.tracks import Track, as_they_came, digits, joined, kept_lines, tracks, without, write_files

NAME = "raven"
BEGIN, END, FILE, OFFSET = "Begin Time (s)", "End Time (s)", "Begin File", "File Offset (s)"
COLUMNS = ("Selection", "View", "Channel", BEGIN, END, "Low Freq (Hz)", "High Freq (Hz)", "Annotation")
SAYS = ("annotation", "label", "species", "call type", "type", "class", "comment", "notes")
"""Columns that may hold what a selection is called, the likeliest first."""
NAMED = re.compile(r"(\.Table\.\d+)?(\.selections)?\.(txt|tsv)\Z", re.IGNORECASE)


@dataclass(frozen=True)
class _Table:
    header: tuple[str, ...]
    task: Segments | None

    @property
    def says(self) -> str:
        names = {name.strip().casefold(): name for name in self.header}
        return next((names[one] for one in SAYS if one in names), "")

    def cells(self, row: str) -> dict[str, str]:
        return dict(zip(self.header, row.rstrip("\r\n").split("\t"), strict=False))

    def view(self, rows: list[str]) -> str:
        """The one view whose rows count."""
        views = [self.cells(row).get("View", "") for row in rows]
        return next((view for view in views if view.startswith("Spectrogram")), views[0] if views else "")

    def parsed(self, row: str, view: str) -> Segment | None:
        """None for a row of another view."""
        cells = self.cells(row)
        begin, end = moment(BEGIN, cells.get(BEGIN, "")), moment(END, cells.get(END, ""))
        if end <= begin:
            raise Bad(END, f"{cells[END]} is not after the begin {cells[BEGIN]}")
        if cells.get("View", "") != view:
            return None
        start, stop = float(begin), float(end)
        if cells.get(OFFSET):
            offset = moment(OFFSET, cells[OFFSET])
            start, stop = float(offset), after(offset, EXACT.subtract(end, begin))
        said = cells.get(self.says, "") if self.says else ""
        return Segment(start, stop, **{"text" if says_text(self.task) else "label": said})

    def fresh(self, number: int, view: str, one: Segment, highest: float) -> str:
        cells = {
            "Selection": str(number), "View": view, "Channel": "1", BEGIN: digits(one.start, 6),
            END: digits(one.end, 6), "Low Freq (Hz)": "0.000", "High Freq (Hz)": digits(highest),
            self.says: one.text if says_text(self.task) else one.label,
        }  # fmt: skip
        return "\t".join(cells.get(name, "") for name in self.header)


def read(reading: Reading) -> Iterator[Record | BadLine]:
    recordings = Recordings(reading)
    table: _Table | None = None
    header = ""
    files: dict[str, list[tuple[int, str]]] = {}
    bad = False
    for line in lines_with_ends(reading):
        if isinstance(line, BadLine):
            yield line
            bad = True
        elif not line[1].strip():
            reading.blank += 1
        elif table is None:
            table, header = _Table(tuple(line[1].split("\t")), reading.project.first(Segments)), line[1] + line[2]
            if not {BEGIN, END} <= set(table.header):
                yield reading.bad(line[0], f"is no header of a selection table: it needs {BEGIN} and {END}")
                return
        else:
            files.setdefault(table.cells(line[1]).get(FILE, ""), []).append((line[0], line[1] + line[2]))
    if table is None or bad:
        return
    if len(files) > 1 and OFFSET not in table.header:
        yield reading.bad(1, f"names several recordings, so that it needs the column {OFFSET}", FILE)
        return
    for file, rows in (files or {"": []}).items():
        yield from _one(reading, recordings, table, file, rows, header)


def _one(
    reading: Reading, recordings: Recordings, table: _Table, file: str, rows: list[tuple[int, str]], header: str
) -> Iterator[Record | BadLine]:
    kept = [row for _, row in rows]
    view = table.view(kept)
    found, faults = [], []
    for number, row in rows:
        try:
            found.append(table.parsed(row, view))
        except Bad as error:
            faults.append(reading.bad(number, error.problem, error.field))
    if faults:
        yield from faults
        return
    segments = [one for one in found if one is not None]
    reading.leave_out("rows of other views", len(found) - len(segments))
    meta = {}
    if OFFSET in table.header:
        # Times of such a table count from the begin of a sequence of files: a row does not fit one of them
        reading.leave_out("frequencies and further columns", len(segments))
    else:
        meta = {NAME: [header, *kept]}
    try:
        name = recordings.named(file) if file else recordings.beside(NAMED.sub("", bare(reading.path).name))
        yield labelled_sound(reading, name, segments, meta=meta)
    except Bad as error:
        yield reading.bad(rows[0][0] if file else 0, error.problem, error.field)


def write(rows: Rows, folder: Path, project: Project, dropped: Dropped) -> int:
    task = project.first(Segments)
    return write_files(
        folder,
        (
            (f"{track.name}.Table.1.selections.txt", _written(track, task, dropped))
            for track in tracks(rows, project, dropped)
        ),
    )


def _written(track: Track, task: Segments | None, dropped: Dropped) -> str:
    header, *kept = kept_lines(track.meta, NAME) or ["\t".join(COLUMNS) + "\n"]
    table = _Table(tuple(header.rstrip("\r\n").split("\t")), task)
    if not {BEGIN, END} <= set(table.header) or not table.says:
        header, kept, table = "\t".join(COLUMNS) + "\n", [], _Table(COLUMNS, task)
    other = {"label": "labels"} if says_text(task) else {"text": "texts"}
    segments = [
        replace(one, text=unbroken(one.text, dropped, "\t"), label=unbroken(one.label, dropped, "\t"))
        for one in without(track.segments, dropped, speaker="speakers", **other)
    ]
    view = table.view(kept) or "Spectrogram 1"
    highest = max([0, *(int(found) for row in kept if (found := table.cells(row).get("Selection", "")).isdecimal())])
    numbers = itertools.count(highest + 1)
    made = as_they_came(
        segments,
        kept,
        lambda row: table.parsed(row, view),
        lambda one: table.fresh(next(numbers), view, one, track.rate / 2),
    )
    return joined([header, *made])
