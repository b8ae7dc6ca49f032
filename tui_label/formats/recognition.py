"""Which format a file has, or is to have, and which files a path on the command line stands for.

A name says more than content: a `.txt` whose lines look like JSON is plain text.
"""

from __future__ import annotations

import mimetypes
import re
from collections import Counter
from pathlib import Path

from tui_label.core.text import visible
from tui_label.errors import InputError, UsageError
from tui_label.formats import (
    FORMATS,
    Format,
    audacity,
    brat,
    commonvoice,
    datasets,
    doccano,
    fasttext,
    find,
    kaldi,
    labelstudio,
    raven,
    sounds,
    spacy,
    tagging,
    webanno,
)
from tui_label.formats.source import STANDARD, bare, beginning, check_file
from tui_label.sound.kinds import FFMPEG_SUFFIXES, SUFFIXES, is_sound

OBJECT = re.compile(r'\s*\{\s*["}]')
"""How an object in JSON begins."""
HEAD = 1 << 16
"""Bytes of a file in which its keys are looked for."""
BESIDE_SOUNDS = ("textgrid", "eaf", "srt", "vtt", "ctm", "stm", "rttm")
"""Formats of labels whose files lie in the folders of the sounds that they are about."""


def for_writing(path: Path, otherwise: str = "") -> Format:
    """The format that a file to be written is named after; the one called `otherwise` where its name says of no kind of file."""
    named = bare(path)
    suffix = named.suffix.lower()
    for format in FORMATS:
        if suffix and suffix in format.suffixes and (format.write or format.write_folder):
            if format.write is None and path != named:
                raise UsageError(f"{visible(str(path))}: {format.name} is not packed; leave out {path.suffix}")
            return format
    kind, packing = mimetypes.guess_type(named.name)
    if otherwise and not packing and (kind or "text/").startswith("text/"):
        return find(otherwise)
    option = "--format" if otherwise else "--to"
    raise UsageError(f"{visible(str(path))}: its name does not say in which format; name one with {option}")


def recognise(path: Path, encoding: str | None = None) -> Format:
    """The format of a file, by its name, else by its content."""
    if path == STANDARD or path.is_fifo():
        raise UsageError(
            f"what comes {'on standard input' if path == STANDARD else 'through a pipe'} has no name to go by: "
            "name its format with --format (convert: --from)"
        )
    if found := _labels_of_sounds(path, encoding) or _labels_of_texts(path, encoding):
        return find(found)
    named = bare(path)
    suffix = named.suffix.lower()
    for format in FORMATS:
        if suffix in format.suffixes:
            # wikigold.conll.txt is CoNLL
            inner = Path(named.stem).suffix.lower()
            return find("conll") if format.name == "text" and inner == ".conll" else format
    check_file(path, encoding)
    first = next((line for line in beginning(path, encoding).split("\n") if line.strip()), "")
    # By its beginning: a document on one line goes on beyond what is read here
    if OBJECT.match(first):
        return find("jsonl")
    if tagging.TAG.fullmatch(first.split("\t")[-1].split(" ")[-1].strip()) and len(first.split()) > 1:
        return find("conll")
    if "\t" in first:
        return find("tsv")
    # Texts have commas, too
    names = {name.strip(' "').casefold() for name in first.split(",")}
    return find("csv" if len(names) > 1 and names & {"text", *sounds.PATHS} else "text")


def _labels_of_sounds(path: Path, encoding: str | None) -> str:
    """The format of labels whose names end as those of texts and tables do; empty: it is none of these."""
    name = bare(path).name.lower()
    if name == kaldi.NAME:
        return "kaldi"
    if name.endswith((".trans.txt", ".selections.txt")):
        return "librispeech" if name.endswith(".trans.txt") else "raven"
    if bare(path).suffix.lower() not in (".txt", ".tsv") or not path.is_file():
        return ""
    first = beginning(path, encoding).split("\n", 1)[0].rstrip("\r")
    if {raven.BEGIN, raven.END} <= set(columns := first.split("\t")):
        return "raven"
    if set(commonvoice.NEEDED) <= set(columns):
        return "commonvoice"
    # Any text may begin so: a track is one that has its recording beside it
    has_recording = audacity.LINE.fullmatch(first) and any(
        path.with_suffix(suffix).is_file() for suffix in SUFFIXES | FFMPEG_SUFFIXES
    )
    return "audacity" if has_recording else ""


def _labels_of_texts(path: Path, encoding: str | None) -> str:
    """The format of labels whose names end as those of many do, by its card or its keys; empty: it is none of these."""
    if datasets.recognised(path):
        return "datasets"
    suffix = bare(path).suffix.lower()
    if suffix not in (".json", ".jsonl", ".ndjson", ".txt", ".train", ".valid", ".tsv") or not path.is_file():
        return ""
    head = beginning(path, encoding, HEAD)
    if suffix == ".json":
        return labelstudio.recognised(head) or ("spacy-json" if spacy.recognised(head) else "")
    if suffix in (".txt", ".train", ".valid"):
        return "fasttext" if head.startswith(fasttext.PREFIX) else ""
    if suffix == ".tsv":
        return "webanno" if webanno.recognised(head) else ""
    return "doccano" if doccano.recognised(head) else ""


def expanded(path: Path, format: Format | None = None) -> list[Path]:
    """What a path on the command line stands for: see `sounds.files`; a folder of Kaldi's is its wav.scp, one of
    brat's its pairs, one of a dataset or of WebAnno its files, and where the format is given, one of that its files.
    """
    if path == STANDARD:
        return [path]
    if path.is_dir() and (found := brat.recognised(path) or datasets.files(path) or webanno.files(path)):
        return found
    listed = path / kaldi.NAME
    if listed.is_file():
        return [listed]
    if path.is_dir() and format is not None and format.read is not sounds.read:
        return _all_of(path, format)
    return sounds.files(path)


def beside_sounds(folder: Path) -> dict[str, int]:
    """Files of labels that lie in a folder whose sounds alone are taken, by format."""
    formats = {suffix: name for name in BESIDE_SOUNDS for suffix in find(name).suffixes}
    ends = (bare(one).suffix.lower() for one in folder.rglob("*") if one.is_file() and not sounds.hidden(one, folder))
    return dict(Counter(formats[end] for end in ends if end in formats))


def _all_of(folder: Path, format: Format) -> list[Path]:
    """The files of a folder whose names end as the format's do; of one without an ending of its own, all but sounds."""

    def fits(path: Path) -> bool:
        return bare(path).suffix.lower() in format.suffixes if format.suffixes else not is_sound(path)

    found = sorted(one for one in folder.rglob("*") if one.is_file() and not sounds.hidden(one, folder) and fits(one))
    if not found:
        raise InputError(f"{visible(str(folder))}: no file of {format.name} in this folder")
    return found
