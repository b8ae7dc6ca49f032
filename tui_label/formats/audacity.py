"""Audacity's label tracks: `start TAB end TAB label`, seconds; a file for each recording, by its name.

A label is the transcript where the project's segments have one, else their label.
Lines with a band of frequencies (backslash, low, high) belong to the one before.
Points (start = end) are no segments: they are counted, and go out again as they came.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from tui_label.core.project import Project
from tui_label.core.record import Record
from tui_label.core.tasks import Segment, Segments
from tui_label.formats.making import Bad
from tui_label.formats.outgoing import Dropped, Rows, unbroken
from tui_label.formats.recordings import Recordings, labelled_sound, lines_with_ends, moment, says_text
from tui_label.formats.source import BadLine, Reading
from tui_label.formats.tracks import Track, as_they_came, digits, joined, kept_lines, tracks, without, write_files

NAME = "audacity"
LINE = re.compile(r"[0-9.eE+-]+\t[0-9.eE+-]+(\t.*)?")
"""What a label track is known by, where a file's name does not tell."""
BAND = "\\\t"


def read(reading: Reading) -> Iterator[Record | BadLine]:
    recordings, task = Recordings(reading), reading.project.first(Segments)
    kept: list[str] = []
    found: list[Segment] = []
    faults: list[BadLine] = []
    for line in lines_with_ends(reading):
        if isinstance(line, BadLine):
            faults.append(line)
        elif not line[1].strip():
            reading.blank += 1
        elif line[1].startswith(BAND) and kept:
            kept[-1] += line[1] + line[2]
        else:
            kept.append(line[1] + line[2])
            try:
                segment = _parsed(task, line[1])
            except Bad as error:
                faults.append(reading.bad(line[0], error.problem, error.field))
                continue
            if segment is None:
                reading.leave_out("labels of points in time")
            else:
                found.append(segment)
    if faults:
        yield from faults
        return
    as_written = [_fresh(task, one) + "\n" for one in sorted(found, key=lambda one: one.when)] == kept
    try:
        yield labelled_sound(reading, recordings.beside(), found, meta={} if as_written else {NAME: kept})
    except Bad as error:
        yield reading.bad(0, error.problem, error.field)


def _parsed(task: Segments | None, line: str) -> Segment | None:
    """One label; None for a point."""
    columns = line.split("\n")[0].rstrip("\r").split("\t", 2)
    if len(columns) < 2:
        raise Bad("", "is no label: start, end and text are parted by tabs")
    start, end = moment("start", columns[0]), moment("end", columns[1])
    if end < start:
        raise Bad("end", f"{columns[1]} lies before the start {columns[0]}")
    said = columns[2] if len(columns) > 2 else ""
    if start == end:
        return None
    return Segment(float(start), float(end), **{"text" if says_text(task) else "label": said})


def _fresh(task: Segments | None, one: Segment) -> str:
    return f"{digits(one.start, 6)}\t{digits(one.end, 6)}\t{one.text if says_text(task) else one.label}"


def write(rows: Rows, folder: Path, project: Project, dropped: Dropped) -> int:
    task = project.first(Segments)
    return write_files(
        folder,
        ((f"{track.name}.txt", _written(track, task, dropped)) for track in tracks(rows, project, dropped)),
    )


def _written(track: Track, task: Segments | None, dropped: Dropped) -> str:
    other = {"label": "labels"} if says_text(task) else {"text": "texts"}
    segments = [
        replace(one, text=unbroken(one.text, dropped), label=unbroken(one.label, dropped))
        for one in without(track.segments, dropped, speaker="speakers", **other)
    ]
    kept = kept_lines(track.meta, NAME)
    made = as_they_came(segments, kept, lambda line: _parsed(task, line), lambda one: _fresh(task, one))
    return joined(made)
