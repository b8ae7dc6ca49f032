"""Labels of sounds on their way through a format: a folder with recordings, what is written there, what comes back."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
from helpers import project as parsed
from hypothesis import strategies as st

from tui_label import formats
from tui_label.core.annotation import Annotation
from tui_label.core.item import Item, Sound
from tui_label.core.record import Record
from tui_label.core.tasks import Segment
from tui_label.errors import LabelError
from tui_label.formats import BadLine, Reading

project = cache(parsed)  # once for all examples of a property
SECONDS = 100
TRANSCRIPT = (
    "name: t\nitems: sound\ntasks: [{id: s, type: segments, overlap: true, transcript: {speakers: [Ann Lee, Bo]}}]\n"
)
EVENTS = "name: e\nitems: sound\ntasks: [{id: s, type: segments, overlap: true, labels: [dog, car horn]}]\n"
BOTH = (
    "name: b\nitems: sound\ntasks: [{id: s, type: segments, overlap: true, labels: [dog, car horn], transcript: {}}]\n"
)
TEXT = "name: x\nitems: sound\ntasks: [{id: t, type: text}]\n"
BARE = "name: n\nitems: sound\ntasks: [{id: s, type: segments, overlap: true}]\n"

NASTY = ("\ud800", "👩‍👧", "e\u0301", "\u202e", "\u2028", "\x00", "\x1b[31m", "\x85", "\ufeff", "<v Bo>", "</v>", "<NA>", "&amp;", "-->", "\r\n", "\n\n", '"', '""', "\t", "\\", " ", ";;", "7", "日", "!", "|", "@")  # fmt: skip
WORDS = st.lists(st.one_of(st.sampled_from(NASTY), st.text(max_size=4), st.sampled_from(["yes", "no"])), max_size=4)
TEXTS = WORDS.map("".join)
TIMES = st.one_of(
    st.integers(0, SECONDS * 1000 - 1000).map(lambda ms: ms / 1000),
    st.floats(0, SECONDS - 1, allow_subnormal=False).filter(lambda x: x == 0 or x > 1e-9),
)
LENGTHS = st.one_of(st.integers(1, 9).map(lambda ms: ms / 1000), st.floats(0.002, 0.9))


@st.composite
def segments(draw: st.DrawFn, labels: Sequence[str] = ("",)) -> list[Segment]:
    """Segments that may overlap, be equal, say nothing."""
    found = draw(
        st.lists(st.tuples(TIMES, LENGTHS, st.sampled_from(labels), TEXTS, st.one_of(st.just(""), TEXTS)), max_size=6)
    )
    return [Segment(start, start + length, *said) for start, length, *said in found]


def clip(path: Path, seconds: float = SECONDS, seed: int = 0) -> Path:
    """A small recording; each seed another one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    samples = np.full(round(seconds * 100), (seed + 1) / 1000)
    soundfile.write(str(path), samples, 100, format="WAV" if path.suffix != ".flac" else "FLAC")
    return path


def item(path: str = "a.wav", duration: float = SECONDS, offset: float = 0.0, **more: Any) -> Item:
    return Item(f"k-{path}-{offset}", sound=Sound(path, duration, offset, 100, 1, "h"), **more)


def said(found: Iterable[Segment], at: Item | None = None, annotator: str = "ann") -> tuple[Item, Annotation]:
    records = [{**one.record(), "start": one.start, "end": one.end} for one in found]
    return at or item(), Annotation(annotator, answers={"s": records})


def text_of(text: str, at: Item | None = None) -> tuple[Item, Annotation]:
    return at or item(), Annotation("ann", answers={"t": text})


def write(name: str, rows: Iterable[tuple[Item, Annotation]], source: str, folder: Path) -> dict[str, int]:
    """Written to the folder, or to the file `out` in it; what was dropped."""
    format, dropped = formats.find(name), {}  # type: ignore[var-annotated]
    if format.write_folder is not None:
        format.write_folder(rows, folder, project(source, folder), dropped)
    else:
        assert format.write is not None
        out = io.StringIO(newline="")
        format.write(rows, out, project(source, folder), dropped)
        (folder / "out").write_text(out.getvalue(), encoding="utf-8", newline="")
    return dropped


def read(
    name: str, path: Path, source: str, annotator: str = "", encoding: str | None = None
) -> tuple[list[Record], list[str], Reading]:
    """Records, complaints, and what was noticed."""
    reading = Reading(path, project(source, path.parent), encoding, annotator)
    found = list(formats.read(reading, formats.find(name)))
    return (
        [one for one in found if not isinstance(one, BadLine)],
        [str(one) for one in found if isinstance(one, BadLine)],
        reading,
    )


def value(record: Record) -> list[Segment]:
    """The segments of a record with one suggestion or none."""
    found = [one for suggestion in record.suggestions for one in suggestion.value]
    return [Segment(one["start"], one["end"], one.get("label", ""), one.get("text", ""), one.get("speaker", "")) for one in found]  # fmt: skip


def sort(found: Iterable[Segment]) -> list[Segment]:
    return sorted(found, key=lambda one: (one.when, one.label, one.text, one.speaker))


def half(text: str) -> str:
    """Lone surrogates as every format has to write them."""
    return text.encode("utf-8", "backslashreplace").decode()


def refused_in_words(name: str, path: Path, source: str, data: bytes) -> None:
    """Whatever the bytes, they are read, or refused in one line that names the file."""
    path.write_bytes(data)
    try:
        _, bad, _ = read(name, path, source)
    except LabelError as error:
        bad = [str(error)]
    for one in bad:
        assert one.startswith(str(path.parent))
        assert "\n" not in one and "\x1b" not in one


@st.composite
def spoilt(draw: st.DrawFn, whole: bytes) -> bytes:
    """A file that was cut, in which something was put, or that is something else."""
    if draw(st.booleans()):
        return draw(st.binary(max_size=200))
    made = whole
    for _ in range(draw(st.integers(1, 3))):
        start = draw(st.integers(0, len(made)))
        stop = draw(st.integers(start, min(len(made), start + 12)))
        put = draw(
            st.one_of(
                st.sampled_from([b"", b"-1", b"nan", b"inf", b"1e999", b"9" * 50, b"\xff", b"\x00", b'"', b"\n", b"\t", b"<", b"&", b"\xff\xfe", b" "]),
                st.binary(max_size=4),
            )
        )  # fmt: skip
        made = made[:start] + put + made[stop:]
    return made[: draw(st.integers(0, len(made)))] if draw(st.booleans()) else made
