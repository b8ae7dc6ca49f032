"""Bytes ↔ items and answers: one small file a format, all of them registered here, and read from here.

Which format a file has: `recognition`.  How answers get into a file: `writing`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TextIO

from tui_label.core.project import Project
from tui_label.core.record import Record
from tui_label.core.text import nearest, visible
from tui_label.errors import InputError, UsageError
from tui_label.formats import (
    audacity,
    brat,
    commonvoice,
    conll,
    conllu,
    datasets,
    doccano,
    eaf,
    examples,
    fasttext,
    jsonl,
    kaldi,
    labelstudio,
    librispeech,
    nemo,
    nist,
    plain,
    prodigy,
    raven,
    sounds,
    spacy,
    subtitles,
    table,
    tagging,
    textgrid,
    webanno,
)
from tui_label.formats.making import Bad, finished
from tui_label.formats.outgoing import Dropped, Rows
from tui_label.formats.source import STANDARD, BadLine, BadLines, Reading, bare, near
from tui_label.sound.kinds import FFMPEG_SUFFIXES, SUFFIXES
from tui_label.whole import FULL

Write = Callable[[Rows, TextIO, Project, Dropped], int]
"""Writes rows and returns how many; counts in the dict what it could not carry."""
WriteFolder = Callable[[Rows, Path, Project, Dropped], int]
"""The same into a folder, for formats with a file for each recording, or into the only file; returns how many files or items."""


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
    write_folder: WriteFolder | None = None
    """For a format that is not one text file."""
    counts: str = "file"
    """What `write_folder` counts: a file, or an answer."""
    has_suggestions: bool = False
    """Whether it has a place for what is suggested; other formats count it."""

    @property
    def loses(self) -> str:
        """All that it cannot carry, in words."""
        is_written = self.write is not None or self.write_folder is not None
        others = is_written and not self.settled_only and not self.has_suggestions
        return f"{self.cannot}, skips, drafts, suggestions" if others else self.cannot


ONE_STRING = "labels beside texts"
SECOND = "answers to other tasks, second answers, flags, timings"
BESIDES = f"{SECOND}, meta"
CONLL_CANNOT = "ids, white space, overlapping spans, who said it, other tasks, flags, timings"

FORMATS = (
    Format(
        "jsonl", "JSON Lines: our own, and Prodigy's and doccano's", "nothing", (".jsonl", ".ndjson", ".json"),
        jsonl.read, jsonl.write, has_suggestions=True,
    ),
    Format("csv", "CSV with a header row", "spans other than as JSON, empty texts, meta, notes of flags, idle times, times of each task", (".csv",), table.read_csv, table.write_csv),
    Format("tsv", "TSV with a header row", "spans other than as JSON, empty texts, meta, notes of flags, idle times, times of each task", (".tsv", ".tab"), table.read_tsv, table.write_tsv),
    Format("text", "plain text, a line an item", "anything but texts", (".txt", ".text"), plain.read),
    Format(
        "conll", "CoNLL, a token a line: IOB1, IOB2, BILUO, BIOES, BMES as they came; else IOB2", CONLL_CANNOT,
        (".conll", ".iob", ".iob2", ".bio", ".annotated"), conll.read, conll.write,
    ),
    *(
        Format(f"conll-{scheme}", f"CoNLL with tags of {scheme.upper()}", CONLL_CANNOT, (), conll.read, partial(conll.write, scheme=scheme))
        for scheme in tagging.SCHEMES
    ),
    Format(
        "labelstudio", "Label Studio's JSON", "flags, idle times, times for each task, answers that were taken back",
        (), labelstudio.read, labelstudio.write, has_suggestions=True,
    ),
    Format(
        "labelstudio-min", "Label Studio's JSON-MIN", "sounds, flags, idle times, origins",
        (), labelstudio.read, labelstudio.write_min,
    ),
    Format(
        "conllu", "CoNLL-U as it came, named entities in MISC", "overlapping spans, trees of words that a span cuts, blanks at the ends of spans, other tasks, flags, timings",
        (".conllu",), conllu.read, conllu.write,
    ),
    Format(
        "brat", "brat standoff: pairs of .txt and .ann, and folders of them",
        "carriage returns, line breaks at the ends of spans; discontinuous spans in; other tasks, flags, timings",
        (".ann",), brat.read, write_folder=brat.write,
    ),
    Format(
        "spacy", "spaCy's DocBin; needs tui-label[spacy]", "blanks at the ends of spans, ratings, texts, flags, timings",
        (".spacy",), spacy.read, write_folder=spacy.write, counts="answer",
    ),
    Format(
        "spacy-json", "spaCy's Docs as JSON, and its earlier pairs; to be written it needs tui-label[spacy]",
        "blanks at the ends of spans, ratings, texts, flags, timings", (), spacy.read_json, spacy.write_json,
    ),
    Format(
        "datasets", "Hugging Face's datasets: parquet, Arrow, JSON and CSV with a card, folders of them; needs tui-label[datasets]",
        "half characters, sounds, idle times, origins, labels that are gone", datasets.SUFFIXES,
        datasets.read, write_folder=datasets.write, counts="answer",
    ),
    Format(
        "webanno", "WebAnno TSV 3 (INCEpTION), a file a text, and folders of them",
        "blanks at the ends of spans, relations in, other tasks, flags, timings", (), webanno.read, write_folder=webanno.write,
    ),
    Format(
        "fasttext", "fastText: __label__x before each text", "line breaks, ids, who said it, other tasks, flags, timings",
        (".ft",), fasttext.read, fasttext.write,
    ),
    Format("prodigy", "Prodigy's JSON Lines", "drafts, timings, reasons and notes of flags; suggestions for further tasks of a kind, ratings and texts", (), jsonl.read, prodigy.write, has_suggestions=True),
    Format(
        "doccano", "doccano's JSON Lines", "timings, tasks of a kind after the first, ratings",
        (), doccano.read, doccano.write,
    ),
    Format(
        "doccano-csv", "doccano's CSV, which it reads back with one label a text", f"spans, labels with {doccano.SEPARATOR}, meta, flags after the first, timings",
        (), doccano.read_csv, doccano.write_csv,
    ),
    Format(
        "sound", "sound files, folders of them, patterns: WAV, FLAC, OGG, Opus, MP3, AIFF, SPHERE …; m4a, mp4, webm with tui-label[video]",
        "anything but sounds", tuple(sorted(SUFFIXES | FFMPEG_SUFFIXES)), sounds.read,
    ),
    Format(
        "audacity", "Audacity's label tracks, one a recording", f"{ONE_STRING}, speakers; {BESIDES}",
        (), audacity.read, write_folder=audacity.write,
    ),
    Format(
        "textgrid", "Praat's TextGrid, one a recording", f"segments that say nothing, texts of nothing but blanks, points; {BESIDES}",
        (".textgrid",), textgrid.read, write_folder=textgrid.write,
    ),
    Format(
        "eaf", "ELAN's EAF, one a recording", f"parts of milliseconds, control characters; {BESIDES}",
        (".eaf",), eaf.read, write_folder=eaf.write,
    ),
    Format(
        "srt", "SRT subtitles, one a recording", f"{ONE_STRING}, speakers, blank lines, carriage returns, parts of milliseconds; {BESIDES}",
        (".srt",), subtitles.read_srt, write_folder=subtitles.write_srt,
    ),
    Format(
        "vtt", "WebVTT, one a recording", f"{ONE_STRING}, blank lines, carriage returns, parts of milliseconds; {BESIDES}",
        (".vtt",), subtitles.read_vtt, write_folder=subtitles.write_vtt,
    ),
    Format(
        "raven", "Raven's selection tables, one a recording", f"{ONE_STRING}, speakers, tabs; {BESIDES}",
        (), raven.read, write_folder=raven.write,
    ),
    Format("ctm", "CTM: a word a line", f"labels, speakers, segments that are not one word; {BESIDES}", (".ctm",), nist.read_ctm, nist.write_ctm),
    Format("stm", "STM: what who says when", f"line breaks, blanks at the ends of texts; {BESIDES}", (".stm",), nist.read_stm, nist.write_stm),
    Format("rttm", "RTTM: who speaks when", f"texts, labels beside speakers; {BESIDES}", (".rttm",), nist.read_rttm, nist.write_rttm),
    Format(
        "kaldi", "Kaldi's data folders, read by their wav.scp", f"labels, line breaks and runs of blanks; {BESIDES}",
        (), kaldi.read, write_folder=kaldi.write, counts="answer",
    ),
    Format("nemo", "NeMo's manifests", f"which segments are of one item; {SECOND}", (), jsonl.read, nemo.write),
    Format(
        "commonvoice", "Common Voice's TSV", f"segments, stretches, tabs and line breaks; {SECOND}",
        (), commonvoice.read, commonvoice.write,
    ),
    Format(
        "librispeech", "LibriSpeech's *.trans.txt", f"segments, stretches, line breaks and runs of blanks; {BESIDES}",
        (), librispeech.read, librispeech.write,
    ),
    Format(
        "spreadsheet", "CSV safe to open in spreadsheets", "formulas as they are: they get an apostrophe; what CSV cannot carry",
        (), None, table.write_spreadsheet,
    ),
    Format(
        "examples", "Markdown: the settled items marked as examples, by label, for guidelines.md",
        "anything but examples", (), None, examples.write, settled_only=True,
    ),
)  # fmt: skip

TABLES = (table.read_csv, table.read_tsv)
"""Readers that take columns by the names they are given."""
TEXTS_ONLY = (
    "conll", *(f"conll-{scheme}" for scheme in tagging.SCHEMES), "labelstudio-min", "conllu", "brat", "spacy", "spacy-json", "datasets", "webanno", "fasttext", "doccano-csv",
)  # fmt: skip
"""Formats that know no sounds."""


def find(name: str) -> Format:
    for format in FORMATS:
        if format.name == name:
            return format
    names = [format.name for format in FORMATS]
    near = nearest(name, names)
    hint = f"did you mean {near}?" if near else f"there are {', '.join(names)}"
    raise UsageError(f"{visible(name)}: no such format; {hint}")


def read(reading: Reading, format: Format) -> Iterator[Record | BadLine]:
    """Records and bad lines, in order of the file."""
    if format.read is None:
        raise UsageError(f"{format.name} can only be written; `tui-label formats` says what can be read")
    if reading.gold and format.read in (sounds.read, plain.read):
        raise InputError(
            f"{visible(str(reading.path))}: read as {format.name}, which carries no answers; known answers come in by "
            f"JSON Lines, CSV, TSV{'' if reading.project.items == 'sound' else ', CoNLL'}"
        )
    if (format.name == "sound") != (reading.project.items == "sound") and (
        format.read in (sounds.read, plain.read) or format.name in TEXTS_ONLY
    ):
        wanted = reading.project.items
        hint = "; if it is a recording, give --format sound" if wanted == "sound" and not reading.path.suffix else ""
        raise InputError(
            f"{visible(str(reading.path))}: read as {format.name}, but the project's items are {wanted}{hint}"
        )
    if reading.path != STANDARD and not reading.path.exists():
        raise InputError(f"{visible(str(reading.path))}: no such file{near(reading.path)}")
    _refuse_columns(reading, format)
    found = _named(reading, format.read(reading))
    return (_known(reading, one) for one in found) if reading.gold else found


def _named(reading: Reading, found: Iterator[Record | BadLine]) -> Iterator[Record | BadLine]:
    """The same, and a file that can be read no further is called by its name, which the system does not tell."""
    try:
        yield from found
    except OSError as error:
        if error.filename is not None or error.errno in FULL:
            raise
        raise InputError(f"{visible(reading.name)}: {error.strerror or error}") from error


def _refuse_columns(reading: Reading, format: Format) -> None:
    """Raises UsageError where columns are named and the file has none by name."""
    option = "--label-column" if reading.label_columns else "--annotator-column" if reading.annotator_column else ""
    is_table = format.read in TABLES or (
        format.read is datasets.read and bare(reading.path).suffix.lower() in datasets.TABLES
    )
    if option and not is_table:
        tables = ", ".join(one.name for one in FORMATS if one.read in TABLES)
        raise UsageError(f"{option} goes with tables ({tables}); {visible(reading.name)} is {format.name}")


def read_each(reading: Reading, paths: Iterable[Path], format: Format) -> Iterator[Record | BadLine]:
    """The same of several files, one after the other, by one reading."""
    for path in paths:
        reading.path = path
        yield from read(reading, format)


def _known(reading: Reading, one: Record | BadLine) -> Record | BadLine:
    """A record with a known answer, also by a reader that knows somebody's answers only."""
    if isinstance(one, BadLine) or one.gold is not None:
        return one
    try:
        return finished(reading, one)
    except Bad as error:
        return reading.bad(0, error.problem, error.field)


__all__ = ["FORMATS", "STANDARD", "BadLine", "BadLines", "Format", "Reading", "find", "read", "read_each"]
