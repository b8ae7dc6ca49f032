r"""WebAnno TSV 3 (INCEpTION): a row a token, columns for each layer; a file a document.

Offsets are UTF-16 units of the document.  `[n]` joins what several tokens share, and tells
stacked labels apart, which `|` parts.  Spans are those of all span layers whose labels
the project knows; relations, chains and layers about words (POS, lemma) are left out.  Written
is the layer of named entities, a folder for each annotator.

INCEpTION exports a project as `annotation/DOCUMENT/ANNOTATOR.tsv` and `curation/DOCUMENT/CURATION_USER.tsv`:
what was curated is a known answer, and nobody's.

WebAnno user guide, "WebAnno TSV 3.3 File format".
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from tui_label.core.project import Project
from tui_label.core.record import Record
from tui_label.core.tasks import Span, Spans
from tui_label.formats.folders import annotator_of
from tui_label.formats.making import Bad, author, finished, labelled, make_item
from tui_label.formats.named import file_name, key_of
from tui_label.formats.outgoing import Dropped, Rows
from tui_label.formats.source import BadLine, Reading, lines
from tui_label.formats.tagging import tokens, trimmed
from tui_label.formats.texts import CODE_POINTS, UTF16, Units, finished_texts, spans_said, whole
from tui_label.whole import write_file

FORMAT = "#FORMAT=WebAnno TSV 3"
LAYER = "de.tudarmstadt.ukp.dkpro.core.api.ner.type.NamedEntity|identifier|value"
LABELS = ("value", "label")
"""What the feature with the label is called; else it is the first."""
CURATED = "CURATION_USER"
AS_IT_CAME = ("INITIAL_CAS", "CORRECTION_USER")
"""In place of an annotator, for a document as it was before anybody was asked."""
BESIDES = ("annotation_ser", "curation", "source")
"""Folders that lie beside `annotation` in an export of INCEpTION."""
OF_WORDS = ("Lemma", "POS", "Stem", "MorphologicalFeatures", "SurfaceForm")
ROW = re.compile(r"[0-9]{1,9}-[0-9]{1,9}(?:\.[0-9]{1,9})?\t([0-9]{1,9})-([0-9]{1,9})\t([^\t]*)\t?(.*)", re.DOTALL)
READABLE = {"\t": "t", "\n": "n", "\f": "f", "\r": "r", "\b": "b", "\\": "\\"}
SIGNS = {letter: sign for sign, letter in READABLE.items()}
VALUE_SIGNS = str.maketrans({sign: f"\\{sign}" for sign in "\\[]|_;*"} | {"\t": "\\t", "\n": "\\n"})
PART = re.compile(r"((?:[^\\\[]|\\.)*)(?:\[([0-9]{1,9})\])?", re.DOTALL)


@dataclass(frozen=True, slots=True)
class _Layer:
    name: str
    column: int
    """Of its label."""


class _Row(NamedTuple):
    """A token's line; its place in the file's own unit."""

    number: int
    begin: int
    end: int
    token: str
    cells: list[str]


@dataclass(slots=True)
class _Sentence:
    texts: list[str] = field(default_factory=list)
    rows: list[_Row] = field(default_factory=list)


class _BadRow(Bad):
    def __init__(self, row: _Row, problem: str) -> None:
        super().__init__("", problem)
        self.number = row.number


def recognised(head: str) -> bool:
    return head.removeprefix("\ufeff").startswith(FORMAT)


def files(folder: Path) -> list[Path]:
    """The documents in a folder and those in it; one as it came only where nobody annotated it."""
    found = []
    for path in sorted(one for one in folder.rglob("*.tsv") if one.is_file()):
        with path.open("rb") as file:
            if recognised(file.read(100).decode("utf-8", "replace")):
                found.append(path)
    annotated = {one.parent for one in found if one.stem not in AS_IT_CAME}
    return [one for one in found if one.stem not in AS_IT_CAME or one.parent not in annotated]


@dataclass(frozen=True, slots=True)
class _Source:
    """What the place of a file says."""

    key: str
    """Of the document."""
    annotator: str = ""
    is_curated: bool = False
    has_curated: bool = False
    """Whether curated answers lie beside those of annotators."""


def _source(reading: Reading) -> _Source:
    path = reading.path.absolute()
    document, export = key_of(path.parent.name), path.parents[min(2, len(path.parents) - 1)]
    if path.stem == CURATED:
        return _Source(document, is_curated=True)
    if path.stem in AS_IT_CAME:
        return _Source(document, has_curated=(export / "curation").is_dir())
    # A folder of ours may be called so too
    if path.parent.parent.name == "annotation" and any((export / name).is_dir() for name in BESIDES):
        return _Source(document, key_of(path.stem), has_curated=(export / "curation").is_dir())
    return _Source(key_of(path.stem), annotator_of(reading, _text))


def _text(path: Path) -> bytes:
    with path.open("rb") as file:
        return b"".join(line for line in file if line.startswith(b"#Text="))


def read(reading: Reading) -> Iterator[Record | BadLine]:
    source = _source(reading)
    if reading.gold and source.has_curated:
        reading.leave_out("answers of annotators beside curated ones")
        return
    faults: list[BadLine] = []
    sentences, layers = _parsed(reading, faults)
    if faults:
        yield from faults
        return
    try:
        yield finished(reading, _record(reading, source, sentences, layers))
    except _BadRow as error:
        yield reading.bad(error.number, error.problem)
    except Bad as error:
        yield reading.bad(0, error.problem, error.field)


def _parsed(reading: Reading, faults: list[BadLine]) -> tuple[list[_Sentence], list[_Layer]]:
    sentences: list[_Sentence] = []
    layers: list[_Layer] = []
    columns = 0
    for line in lines(reading):
        if isinstance(line, BadLine):
            faults.append(line)
            continue
        number, text = line
        if text.startswith("#Text="):
            if not sentences or sentences[-1].rows:
                sentences.append(_Sentence())
            sentences[-1].texts.append(_unescaped(text.removeprefix("#Text=")))
        elif text.startswith(("#T_SP=", "#T_RL=", "#T_CH=")):
            layers += _layer(reading, text, columns)
            columns += text.count("|")
        elif not text.strip():
            if sentences and not sentences[-1].rows:
                sentences.append(_Sentence())
        elif not text.startswith("#"):
            row = ROW.fullmatch(text)
            if row is None or not sentences:
                faults.append(reading.bad(number, "is no token: 1-1, a tab, 0-3, a tab, the token, its cells"))
            else:
                found = _Row(number, int(row[1]), int(row[2]), _unescaped(row[3]), row[4].split("\t"))
                sentences[-1].rows.append(found)
    return [one for one in sentences if one.texts], layers


def _layer(reading: Reading, text: str, columns: int) -> list[_Layer]:
    """The layer a header line declares, if it is one of spans."""
    type, *features = text.partition("=")[2].split("|")
    name = type.rpartition(".")[2]
    if not text.startswith("#T_SP="):
        reading.leave_out(f"layers of relations or chains: {name}")
        return []
    if name in OF_WORDS or not features:
        return []
    column = next((number for number, feature in enumerate(features) if feature in LABELS), 0)
    return [_Layer(name, columns + column)]


def _record(reading: Reading, source: _Source, sentences: list[_Sentence], layers: list[_Layer]) -> Record:
    text, places = _document(reading, sentences)
    rows = [row for one in sentences for row in one.rows]
    found = {layer.name: _spans(reading, layer, rows, places) for layer in layers}
    known = {value for task in reading.project.every(Spans) for value in task.values}
    ours = [name for name, spans in found.items() if any(one.label in known for one in spans)]
    for name, spans in found.items():
        if ours and name not in ours:
            reading.leave_out(f"annotations of layer {name}", len(spans))
    spans = sorted({one for name in ours or found for one in found[name]})
    item = make_item(reading, source.key, text, annotator=source.annotator)
    if source.is_curated and not author(reading):
        reading.leave_out("curated answers, which --gold takes as known ones")
        return Record(item)
    return labelled(reading, item, spans=[one.record(text) for one in spans], annotator=source.annotator)


def _document(reading: Reading, sentences: list[_Sentence]) -> tuple[str, list[tuple[int, int]]]:
    """The text, and each row's place in it, by the first unit in which every token is where the file says; raises _BadRow."""
    faults = []
    for unit in (UTF16, CODE_POINTS):
        text = _joined(sentences, unit)
        try:
            places = _places(text, sentences, unit)
        except _BadRow as error:
            faults.append(error)
            continue
        reading.repaired += len(places) if unit == CODE_POINTS else 0
        return text, places
    raise faults[0]


def _joined(sentences: list[_Sentence], unit: str) -> str:
    """The sentences with as many line breaks between two as the file says that there are characters: it does not say which."""

    def length(part: str) -> int:
        return Units(part).utf16(len(part)) if unit == UTF16 else len(part)

    text = ""
    for one in sentences:
        covered = "\n".join(one.texts)
        if one.rows:
            first = one.rows[0]
            before = length(covered[: max(covered.find(first.token), 0)])
            text += "\n" * min(first.begin - before - length(text), 10**6)
        elif text:
            text += "\n"
        text += covered
    return text


def _places(text: str, sentences: list[_Sentence], unit: str) -> list[tuple[int, int]]:
    units = Units(text)
    places = []
    for row in (row for one in sentences for row in one.rows):
        place = units.stretch(row.begin, row.end, unit)
        if place is None or text[place[0] : place[1]] != row.token:
            raise _BadRow(row, f"{row.begin}-{row.end} says {row.token[:40]!r}, which is not there")
        places.append(place)
    return places


def _spans(reading: Reading, layer: _Layer, rows: list[_Row], places: list[tuple[int, int]]) -> list[Span]:
    apart: list[Span] = []
    shared: dict[int, Span] = {}
    for row, (start, end) in zip(rows, places, strict=True):
        for label, id in _parts(reading, row, layer.column):
            if id is None:
                apart.append(Span(start, end, label))
            elif (before := shared.get(id)) is None:
                shared[id] = Span(start, end, label)
            else:
                shared[id] = Span(min(before.start, start), max(before.end, end), before.label)
    return [*apart, *shared.values()]


def _parts(reading: Reading, row: _Row, column: int) -> Iterator[tuple[str, int | None]]:
    """The labels of a cell with their numbers."""
    cell = row.cells[column] if column < len(row.cells) else ""
    if cell in ("_", ""):
        return
    for part in re.findall(r"(?:[^\\|]|\\.)+", cell, re.DOTALL):
        found = PART.fullmatch(part)
        if found is None:
            raise _BadRow(row, f"{part[:40]!r} is no label such as PER or PER[1]")
        if found[1] == "*":
            reading.leave_out("annotations without a label")
            continue
        yield _unescaped(found[1]), int(found[2]) if found[2] else None


def _unescaped(text: str) -> str:
    return re.sub(r"\\(.)", lambda found: SIGNS.get(found[1], found[1]), text, flags=re.DOTALL)


# writing


def write(rows: Rows, folder: Path, project: Project, dropped: Dropped) -> int:
    """A file for each answer; how many."""
    task = project.first(Spans)
    written = 0
    for item, annotation in finished_texts(rows, dropped, [task], ("names",)):
        text = whole(item.text, dropped)
        spans = trimmed(text, spans_said(annotation, task), dropped)
        name = f"{file_name(item.key, dropped)}.tsv"
        write_file(folder / file_name(annotation.annotator, dropped) / name, _written(text, spans))
        written += 1
    return written


def _written(text: str, spans: list[Span]) -> str:
    units = Units(text)
    places = list(tokens(text, spans))
    covering = [[n for n, one in enumerate(spans) if one.start <= start and end <= one.end] for start, end in places]
    numbered = {n for found in covering if len(found) > 1 for n in found}
    numbered |= {n for n, one in enumerate(spans) if (one.start, one.end) not in places}
    made = [f"{FORMAT}.3", f"#T_SP={LAYER}", "", ""]
    made += [f"#Text={_escaped(line)}" for line in text.split("\n")]
    for number, ((start, end), found) in enumerate(zip(places, covering, strict=True), 1):
        ids = {n: f"[{n + 1}]" if n in numbered else "" for n in found}
        identifiers = "|".join(f"*{id}" for id in ids.values()) or "_"
        labels = "|".join(_escaped_value(spans[n].label) + id for n, id in ids.items()) or "_"
        place = f"{units.utf16(start)}-{units.utf16(end)}"
        made.append(f"1-{number}\t{place}\t{_escaped(text[start:end])}\t{identifiers}\t{labels}\t")
    return "\n".join(made) + "\n"


def _escaped(text: str) -> str:
    return re.sub(r"[\x00-\x0a\x0c-\x1f\\]", lambda found: "\\" + READABLE.get(found[0], found[0]), text)


def _escaped_value(label: str) -> str:
    return label.translate(VALUE_SIGNS).replace("->", "\\->")
