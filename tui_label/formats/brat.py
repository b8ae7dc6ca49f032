"""brat standoff: `x.txt` as brat reads it, and `x.ann` with a line for each thing said of it.

Offsets are code points of the text with every line break as one character.  brat cuts
a span at line breaks into pieces; pieces with nothing but line breaks between them are one span
here, others are discontinuous and left out.  Written is a folder for each annotator, as
brat keeps several, with its annotation.conf; where folders in the one that was named have the same
documents, each is read as an annotator's.

Stenetorp et al. 2012, and https://brat.nlplab.org/standoff.html.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tui_label.core.project import Project
from tui_label.core.record import Record
from tui_label.core.tasks import Span, Spans
from tui_label.formats.folders import annotator_of
from tui_label.formats.making import Bad, finished, labelled, make_item
from tui_label.formats.named import file_name, key_of
from tui_label.formats.outgoing import Dropped, Rows, count
from tui_label.formats.source import BadLine, Reading, lines
from tui_label.formats.tagging import label_word, meant_spans
from tui_label.formats.texts import BYTES, CODE_POINTS, UTF16, Units, finished_texts, spans_said, whole
from tui_label.formats.tracks import not_one_file
from tui_label.whole import write_file

SPAN = re.compile(r"T\S*\t(\S+) ([0-9]{1,12} [0-9]{1,12}(?:;[0-9]{1,12} [0-9]{1,12})*)\t(.*)", re.DOTALL)
KINDS = {
    "E": "events",
    "R": "relations",
    "*": "equivalences",
    "A": "attributes",
    "M": "attributes",
    "N": "normalizations",
    "#": "notes",
}
RAW = "characters with CR LF as two"
ORDER = (CODE_POINTS, UTF16, RAW, BYTES)


def read(reading: Reading) -> Iterator[Record | BadLine]:
    path = reading.path.with_suffix(".txt")
    try:
        raw = path.read_bytes().decode(reading.encoding or "utf-8")
    except OSError:
        yield reading.bad(0, f"its text, {path.name}, is not beside it")
        return
    except (UnicodeError, LookupError) as error:
        yield BadLine(str(path), 0, f"not {reading.encoding or 'UTF-8'}: {error}; give --encoding if it is another")
        return
    text = raw.replace("\r\n", "\n").replace("\r", "\n")
    units = Units(text)
    found: list[Span] = []
    faults: list[BadLine] = []
    for line in lines(reading):
        if isinstance(line, BadLine):
            faults.append(line)
            continue
        try:
            found += _spans(reading, units, raw, line[1])
        except Bad as error:
            faults.append(reading.bad(line[0], error.problem, error.field))
    if faults:
        yield from faults
        return
    try:
        annotator = annotator_of(reading, _text)
        item = make_item(reading, key_of(reading.path.stem), text, annotator=annotator)
        spans = [one.record(text) for one in meant_spans(reading, sorted(set(found)))]
        yield finished(reading, labelled(reading, item, spans=spans, annotator=annotator))
    except Bad as error:
        yield reading.bad(0, error.problem, error.field)


def _text(path: Path) -> bytes:
    path = path.with_suffix(".txt")
    return path.read_bytes() if path.is_file() else b""


def _spans(reading: Reading, units: Units, raw: str, line: str) -> Iterator[Span]:
    """The span of a line, if it is one; other lines are counted."""
    if not line.strip():
        return
    if not line.startswith("T"):
        reading.leave_out(KINDS.get(line[0], "lines of no known kind"))
        return
    said = SPAN.fullmatch(line)
    if said is None:
        raise Bad("", f"is no span such as T1, a tab, PER 0 3, a tab, Ann: {line[:60]!r}")
    pieces = _placed(reading, units, raw, [tuple(map(int, one.split())) for one in said[2].split(";")], said[3])
    text = units.text
    if any(text[before[1] : after[0]].strip("\n") for before, after in itertools.pairwise(pieces)):
        reading.leave_out("discontinuous spans")
        return
    yield Span(pieces[0][0], pieces[-1][1], said[1])


def _placed(
    reading: Reading, units: Units, raw: str, pieces: list[tuple[int, ...]], covered: str
) -> list[tuple[int, int]]:
    """The pieces in code points, by the first unit in which they cover what the line says."""
    for unit in ORDER:
        found: list[Any] = [_stretch(units, raw, start, end, unit) for start, end in pieces]
        if None not in found and " ".join(units.text[start:end] for start, end in found) == covered:
            reading.repaired += found != pieces
            return sorted(found)
    place = ";".join(f"{start} {end}" for start, end in pieces)
    raise Bad("spans", f"span {place} says {covered[:80]!r}, which is not there")


def _stretch(units: Units, raw: str, start: int, end: int, unit: str) -> tuple[int, int] | None:
    if unit == RAW:
        start, end = (at - raw.count("\r\n", 0, at) for at in (start, end))
        unit = CODE_POINTS
    return units.stretch(start, end, unit)


def recognised(folder: Path) -> list[Path]:
    """The .ann files in a folder and those in it."""
    return sorted(one for one in folder.rglob("*.ann") if one.is_file() and one.with_suffix(".txt").is_file())


# writing


def write(rows: Rows, folder: Path, project: Project, dropped: Dropped) -> int:
    """A pair of files for each answer; how many pairs."""
    if folder.suffix == ".ann" and not folder.is_dir():
        raise not_one_file(folder)
    task = project.first(Spans)
    written = 0
    labels = [label_word(label, {}) for label in task.values] if task else []
    for item, annotation in finished_texts(rows, dropped, [task], ("names",)):
        place = folder / file_name(annotation.annotator, dropped)
        if not (place / "annotation.conf").exists():
            entities = "\n".join(labels)
            write_file(
                place / "annotation.conf", f"[entities]\n{entities}\n\n[relations]\n\n[events]\n\n[attributes]\n"
            )
        exact = whole(item.text, dropped)
        text = exact.replace("\r\n", "\n").replace("\r", "\n")
        count(dropped, "texts with carriage returns that brat takes for line breaks", text != exact)
        said: list[str] = []
        for span in spans_said(annotation, task):
            start, end = (at - exact.count("\r\n", 0, at) for at in (span.start, span.end))
            said += _line(text, Span(start, end, span.label), len(said) + 1, dropped)
        name = file_name(item.key, dropped)
        write_file(place / f"{name}.txt", text)
        write_file(place / f"{name}.ann", "".join(said))
        written += 1
    return written


def _line(text: str, span: Span, number: int, dropped: Dropped) -> list[str]:
    """The line of a span, cut at line breaks; none where it covers nothing else."""
    pieces = [(found.start(), found.end()) for found in re.finditer(r"[^\n]+", text[span.start : span.end])]
    if not pieces:
        count(dropped, "spans of line breaks only")
        return []
    count(dropped, "line breaks at the ends of spans", (pieces[0][0], pieces[-1][1]) != (0, span.end - span.start))
    places = ";".join(f"{span.start + start} {span.start + end}" for start, end in pieces)
    covered = " ".join(text[span.start + start : span.start + end] for start, end in pieces)
    return [f"T{number}\t{label_word(span.label, dropped)} {places}\t{covered}\n"]
