"""Labels of texts on their way through a format: items, what people said of them, what comes back."""

from __future__ import annotations

import io
import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

from helpers import project as parsed
from hypothesis import strategies as st

from tui_label import formats
from tui_label.core.annotation import Annotation
from tui_label.core.item import Item
from tui_label.core.record import Record
from tui_label.errors import LabelError
from tui_label.formats import BadLine, Reading, recognition

project = cache(parsed)  # once for all examples of a property
NAMES = "name: n\ntasks: [{id: names, type: spans, overlap: true, labels: [person, big place, 日本]}]\n"
MOOD = "name: m\ntasks: [{id: mood, type: choice, labels: [good, so so, 日本]}]\n"
TOPICS = "name: t\ntasks: [{id: topics, type: choices, labels: [sport, hard money, 日本]}]\n"
WORDS = "name: w\ntasks: [{id: words, type: text}]\n"
SLOTS = """\
name: s
tasks:
  - {id: intent, type: choices, labels: [fly, eat out]}
  - {id: names, type: spans, overlap: true, labels: [person, big place, 日本]}
"""
ALL = """\
name: a
tasks:
  - {id: mood, type: choice, labels: [good, so so, bad]}
  - {id: topics, type: choices, labels: [sport, hard money, 日本]}
  - {id: stars, type: rating}
  - {id: names, type: spans, overlap: true, labels: [person, big place, 日本]}
  - {id: why, type: text, required: false}
"""

NASTY = ("\ud800", "👩‍👧", "😊", "e\u0301", "\u202eאב", "\u2028", "\x00", "\x1b[31m", "\x85", "\x1c", "\ufeff", "\u3000", "<b>", "&amp;", "\r\n", "\n\n", "\r", '"', "'", "\t", "\\", "\\n", "\\t", " ", "  ", "#", "# a = b", "|", "_", "__label__x ", "B-person", "O", "*", "[1]", "->", ";", ",", "-DOCSTART-", "日本", "=", "%")  # fmt: skip
TEXTS = st.lists(
    st.one_of(st.sampled_from(NASTY), st.text(max_size=3), st.sampled_from(["yes", "no ", " Rome"])), min_size=1, max_size=8
).map("".join).filter(lambda text: text and not _pairs_up(text))  # fmt: skip


def _pairs_up(text: str) -> bool:
    """Whether two halves stand beside each other: JSON's escapes make one character of them."""
    return re.search("[\ud800-\udfff]{2}", text) is not None


@st.composite
def spans(
    draw: st.DrawFn, text: str, labels: tuple[str, ...] = ("person", "big place", "日本")
) -> list[dict[str, Any]]:
    """Any spans, none twice, in the order in which they are kept."""
    found = draw(
        st.sets(
            st.tuples(st.integers(0, len(text) - 1), st.integers(1, len(text)), st.sampled_from(labels)), max_size=5
        )
    )
    return [
        {"start": start, "end": end, "label": label, "text": text[start:end]}
        for start, end, label in sorted({(s, min(len(text), s + n), one) for s, n, one in found})
    ]


def given_file(folder: Path, name: str, content: str | bytes) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def said(
    text: str, answers: dict[str, Any], annotator: str = "ann", key: str = "k", **more: Any
) -> tuple[Item, Annotation]:
    return Item(key, text), Annotation(annotator, answers=answers, **more)


def write(name: str, rows: Iterable[tuple[Item, Annotation]], source: str, path: Path) -> dict[str, int]:
    """Written to the file or the folder; what was dropped."""
    format, dropped = formats.find(name), {}  # type: ignore[var-annotated]
    if format.write_folder is not None:
        format.write_folder(rows, path, project(source), dropped)
    else:
        assert format.write is not None
        out = io.StringIO(newline="")
        format.write(rows, out, project(source), dropped)
        path.write_text(out.getvalue(), encoding="utf-8", newline="")
    return dropped


def read(
    path: Path, source: str, name: str = "", annotator: str = "", **how: Any
) -> tuple[list[Record], list[str], Reading]:
    """Records, complaints, and what was noticed; the format recognised where none is named."""
    good, bad, notes = [], [], None
    for one in recognition.expanded(path):
        reading = Reading(one, project(source), None, annotator, folder=path, **how)
        if notes is not None:
            reading.left_out, reading.unknown = notes.left_out, notes.unknown
        found = list(formats.read(reading, formats.find(name) if name else recognition.recognise(one)))
        good += [one for one in found if not isinstance(one, BadLine)]
        bad += [str(one) for one in found if isinstance(one, BadLine)]
        notes = reading
    assert notes is not None
    return good, bad, notes


def refused_in_words(path: Path, source: str, data: bytes, name: str) -> None:
    """Whatever the bytes, they are read, or refused in one line that names the file."""
    path.write_bytes(data)
    try:
        _, bad, _ = read(path, source, name)
    except LabelError as error:
        bad = [str(error)]
    for one in bad:
        assert one.startswith(str(path.parent))
        assert "\n" not in one and "\x1b" not in one


def half(text: str) -> str:
    """Lone surrogates as formats write them that have no escapes."""
    return text.encode("utf-8", "backslashreplace").decode()


def uncut(text: str, start: int, end: int, label: str, blanks: str) -> set[tuple[int, int, str]]:
    """A span without blanks at its ends; none where nothing is left."""
    covered = text[start:end]
    left = start + len(covered) - len(covered.lstrip(blanks))
    right = end - (len(covered) - len(covered.rstrip(blanks)))
    return {(left, right, label)} if left < right else set()
