"""Bytes ↔ items and answers: one small file a format, found by name or recognised.

A name says more than content: a `.txt` whose lines look like JSON is plain text.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from tui_label.core.annotation import Annotation
from tui_label.core.item import Item
from tui_label.core.project import Project
from tui_label.core.record import Record
from tui_label.core.text import visible
from tui_label.errors import InputError, UsageError
from tui_label.formats import conll, examples, jsonl, plain, sounds, table
from tui_label.formats.making import Bad, finished
from tui_label.formats.source import BadLine, Reading, check, near
from tui_label.sound.kinds import FFMPEG_SUFFIXES, SUFFIXES

Write = Callable[[Iterable[tuple[Item, Annotation]], TextIO, Project, dict[str, int]], int]
"""Writes rows and returns how many; counts in the dict what it could not carry."""


@dataclass(frozen=True, slots=True)
class Format:
    name: str
    words: str
    cannot: str
    """What it cannot carry."""
    suffixes: tuple[str, ...] = ()
    read: Callable[[Reading], Iterator[Record | BadLine]] | None = None
    write: Write | None = None
    settled_only: bool = False
    """Whether it can be written of settled items alone."""


FORMATS = (
    Format(
        "jsonl", "JSON Lines: our own, and Prodigy's and doccano's", "nothing", (".jsonl", ".ndjson", ".json"),
        jsonl.read, jsonl.write,
    ),
    Format("csv", "CSV with a header row", "spans other than as JSON, notes of flags", (".csv",), table.read_csv, table.write_csv),
    Format("tsv", "TSV with a header row", "spans other than as JSON, notes of flags", (".tsv", ".tab"), table.read_tsv, table.write_tsv),
    Format("text", "plain text, a line an item", "anything but texts", (".txt", ".text"), plain.read),
    Format(
        "conll", "CoNLL: IOB1, IOB2, BILUO; 2 to 5 columns", "white space, overlapping spans, other tasks",
        (".conll", ".iob", ".iob2", ".bio", ".annotated"), conll.read, conll.write,
    ),
    Format("prodigy", "Prodigy's JSON Lines", "timings, notes of flags, several choice tasks", (), jsonl.read, jsonl.write_prodigy),
    Format("doccano", "doccano's JSON Lines", "timings, reasons of flags, other tasks", (), jsonl.read, jsonl.write_doccano),
    Format(
        "sound", "sound files, folders of them, patterns: WAV, FLAC, OGG, Opus, MP3, AIFF, SPHERE …; m4a, mp4, webm with tui-label[video]",
        "anything but sounds", tuple(sorted(SUFFIXES | FFMPEG_SUFFIXES)), sounds.read,
    ),
    Format(
        "spreadsheet", "CSV safe to open in spreadsheets", "formulas as they are: they get an apostrophe",
        (), None, table.write_spreadsheet,
    ),
    Format(
        "examples", "Markdown: the settled items marked as examples, by label, for guidelines.md",
        "anything but examples", (), None, examples.write, settled_only=True,
    ),
)  # fmt: skip


def find(name: str) -> Format:
    for format in FORMATS:
        if format.name == name:
            return format
    raise UsageError(f"{visible(name)}: no such format; there are {', '.join(format.name for format in FORMATS)}")


def recognise(path: Path, encoding: str | None = None) -> Format:
    """The format of a file, by its name, else by its content."""
    suffix = path.suffix.lower()
    for format in FORMATS:
        if suffix in format.suffixes:
            # wikigold.conll.txt is CoNLL
            inner = Path(path.stem).suffix.lower()
            return find("conll") if format.name == "text" and inner == ".conll" else format
    check(path, encoding)
    with path.open("rb") as file:
        head = file.read(4096).decode("utf-8", "replace")
    first = next((line for line in head.split("\n") if line.strip()), "")
    if first.lstrip().startswith("{"):
        try:
            json.loads(first)
            return find("jsonl")
        except ValueError:
            pass
    if conll.TAG.fullmatch(first.split("\t")[-1].split(" ")[-1].strip()) and len(first.split()) > 1:
        return find("conll")
    if "\t" in first:
        return find("tsv")
    return find("text")


def read(reading: Reading, format: Format) -> Iterator[Record | BadLine]:
    """Records and bad lines, in order of the file."""
    if format.read is None:
        raise UsageError(f"{format.name} can only be written; `tui-label formats` says what can be read")
    if reading.gold and format.read in (sounds.read, plain.read):
        raise InputError(
            f"{visible(str(reading.path))}: read as {format.name}, which carries no answers; known answers come in by "
            f"JSON Lines, CSV, TSV{'' if reading.project.items == 'sound' else ', CoNLL'}"
        )
    if (format.name == "sound") != (reading.project.items == "sound") and format.read in (
        sounds.read,
        plain.read,
        conll.read,
    ):
        wanted = reading.project.items
        hint = "; if it is a recording, give --format sound" if wanted == "sound" and not reading.path.suffix else ""
        raise InputError(
            f"{visible(str(reading.path))}: read as {format.name}, but the project's items are {wanted}{hint}"
        )
    if not reading.path.exists():
        raise InputError(f"{visible(str(reading.path))}: no such file{near(reading.path)}")
    found = format.read(reading)
    return (_known(reading, one) for one in found) if reading.gold else found


def _known(reading: Reading, one: Record | BadLine) -> Record | BadLine:
    """A record with a known answer, also by a reader that knows somebody's answers only."""
    if isinstance(one, BadLine) or one.gold is not None:
        return one
    try:
        return finished(reading, one)
    except Bad as error:
        return reading.bad(0, error.problem, error.field)


expanded = sounds.files

__all__ = ["FORMATS", "BadLine", "Format", "Reading", "expanded", "find", "read", "recognise"]
