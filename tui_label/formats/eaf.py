"""ELAN's EAF: XML with tiers of annotations in milliseconds; a file for each recording, which it links.

Read line by line through expat, so that a complaint has its line; pympi-ling knows
none, and writes signs that XML does not allow.  Annotations that hang on others
(translations, glosses) and those without times are counted and left out.
Which tiers say what: `tiers`.

"ELAN Annotation Format", EAF 3.0, Max Planck Institute for Psycholinguistics.
"""

from __future__ import annotations

import mimetypes
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit
from xml.parsers import expat
from xml.sax.saxutils import escape, quoteattr

from tui_label.core.project import Project
from tui_label.core.record import Record
from tui_label.core.tasks import Segments
from tui_label.formats.making import Bad
from tui_label.formats.outgoing import Dropped, Rows, count, plain
from tui_label.formats.recordings import Recordings, labelled_sound
from tui_label.formats.source import BadLine, Reading
from tui_label.formats.tiers import Tier, segments_of, tiers
from tui_label.formats.tracks import Track, in_milliseconds, plus, tracks, write_files
from tui_label.sound.kinds import is_url

NO_XML = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
SCHEMA = "http://www.mpi.nl/tools/elan/EAFv3.0.xsd"


@dataclass
class _Annotation:
    line: int
    slots: tuple[str, str]
    value: str = ""


@dataclass
class _Document:
    """What counts of a file."""

    slots: dict[str, tuple[int, str]] = field(default_factory=dict)
    """By id: line and milliseconds, empty where it has none."""
    tiers: list[tuple[str, str, list[_Annotation]]] = field(default_factory=list)
    """Name, participant, annotations."""
    media: list[tuple[str, float]] = field(default_factory=list)
    """URLs, and the second of each file at which the annotations' time begins."""
    hanging: int = 0
    root: str = ""


class _Parser:
    def __init__(self) -> None:
        self.document = _Document()
        self._value = False
        self._open: _Annotation | None = None
        self._expat = expat.ParserCreate()
        self._expat.StartElementHandler = self._start
        self._expat.EndElementHandler = self._end
        self._expat.CharacterDataHandler = self._text

    def parse(self, data: bytes) -> _Document:
        """Raises Bad; `line` says where."""
        try:
            self._expat.Parse(data, True)
        except expat.ExpatError as error:
            raise Bad("", f"not XML: {expat.errors.messages[error.code]}") from error
        except (LookupError, ValueError) as error:
            raise Bad("", f"not XML: {error}") from error
        return self.document

    @property
    def line(self) -> int:
        return self._expat.CurrentLineNumber

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        document = self.document
        document.root = document.root or name
        if document.root != "ANNOTATION_DOCUMENT":
            raise Bad("", f"is no EAF: its outermost element is {name}")
        if name == "HEADER" and attributes.get("TIME_UNITS", "milliseconds") != "milliseconds":
            raise Bad("TIME_UNITS", f"{attributes['TIME_UNITS']} cannot be read, only milliseconds")
        if name == "MEDIA_DESCRIPTOR":
            origin = attributes.get("TIME_ORIGIN", "0")
            if not re.fullmatch(r"-?[0-9]{1,10}", origin):
                raise Bad("TIME_ORIGIN", f"must be milliseconds, not {origin[:40]!r}")
            urls = (attributes.get(at, "") for at in ("RELATIVE_MEDIA_URL", "MEDIA_URL"))
            document.media += [(url, int(origin) / 1000) for url in urls if url]
        elif name == "TIME_SLOT":
            document.slots[attributes.get("TIME_SLOT_ID", "")] = self.line, attributes.get("TIME_VALUE", "")
        elif name == "TIER":
            document.tiers.append((attributes.get("TIER_ID", ""), attributes.get("PARTICIPANT", ""), []))
        elif name == "REF_ANNOTATION":
            document.hanging += 1
            self._open = None
        elif name == "ALIGNABLE_ANNOTATION":
            slots = attributes.get("TIME_SLOT_REF1", ""), attributes.get("TIME_SLOT_REF2", "")
            self._open = _Annotation(self.line, slots)
            if not document.tiers:
                raise Bad("ALIGNABLE_ANNOTATION", "stands outside of a tier")
            document.tiers[-1][2].append(self._open)
        elif name == "ANNOTATION_VALUE":
            self._value = True

    def _end(self, name: str) -> None:
        self._value = self._value and name != "ANNOTATION_VALUE"

    def _text(self, text: str) -> None:
        if self._value and self._open is not None:
            self._open.value += text


def read(reading: Reading) -> Iterator[Record | BadLine]:
    recordings = Recordings(reading)
    parser = _Parser()
    try:
        with reading.open() as file:
            document = parser.parse(file.read())
    except Bad as error:
        yield reading.bad(parser.line, error.problem, error.field)
        return
    faults: list[BadLine] = []
    found = [
        Tier(name, tuple(_intervals(reading, document, annotations, faults)), participant)
        for name, participant, annotations in document.tiers
    ]
    if faults:
        yield from faults
        return
    segments, left = segments_of(found, reading.project.first(Segments))
    reading.leave_out("annotations that hang on others", document.hanging)
    for tier in left:
        reading.leave_out(f"annotations of tier {tier.name}", len(tier.intervals))
    try:
        recording, origin = _recording(recordings, document)
        moved = [replace(one, start=plus(one.start, origin), end=plus(one.end, origin)) for one in segments]
        yield labelled_sound(reading, recording, moved)
    except Bad as error:
        yield reading.bad(0, error.problem, error.field)


def _intervals(
    reading: Reading, document: _Document, annotations: list[_Annotation], faults: list[BadLine]
) -> Iterator[tuple[float, float, str]]:
    for one in annotations:
        try:
            when = _when(document.slots, one)
        except Bad as error:
            faults.append(reading.bad(one.line, error.problem, error.field))
            continue
        if when is None:
            reading.leave_out("annotations without times")
        else:
            yield *when, one.value


def _when(slots: Mapping[str, tuple[int, str]], one: _Annotation) -> tuple[float, float] | None:
    """Start and end in seconds; None where a slot has no time."""
    times = []
    for slot in one.slots:
        if slot not in slots:
            raise Bad("TIME_SLOT_REF", f"no time slot is called {slot!r}")
        _, value = slots[slot]
        if not value:
            return None
        if not re.fullmatch(r"[0-9]{1,10}", value):
            raise Bad("TIME_VALUE", f"must be milliseconds from 0 on, not {value[:40]!r}")
        times.append(int(value) / 1000)
    if times[1] <= times[0]:
        raise Bad("TIME_SLOT_REF2", f"{times[1]:g} s is not after the start, {times[0]:g} s")
    return times[0], times[1]


def _recording(recordings: Recordings, document: _Document) -> tuple[str, float]:
    """The first linked one that is there, where it was linked or beside; else the one with the file's own name.

    With it comes the second of it at which the annotations' time begins.
    """
    linked = [(unquote(urlsplit(url).path), origin) for url, origin in document.media if url.isprintable()]
    for name, origin in [*linked, *((Path(path).name, origin) for path, origin in linked)]:
        try:
            return recordings.named(name), origin
        except Bad:
            continue
    return recordings.beside(), 0.0


def write(rows: Rows, folder: Path, project: Project, dropped: Dropped) -> int:
    return write_files(
        folder,
        ((f"{track.name}.eaf", _written(track, dropped)) for track in tracks(rows, project, dropped)),
    )


def _written(track: Track, dropped: Dropped) -> str:
    times = [replace(one, start=start, end=end) for start, end, one in in_milliseconds(track.segments, dropped)]
    slots: list[int] = []
    body: list[str] = []
    annotations = 0
    for tier in tiers(times) or [Tier("text", ())]:
        named = f" PARTICIPANT={_attribute(tier.participant, dropped)}" if tier.participant else ""
        body.append(f'    <TIER LINGUISTIC_TYPE_REF="default-lt"{named} TIER_ID={_attribute(tier.name, dropped)}>')
        for start, end, said in tier.intervals:
            annotations += 1
            slots += [int(start), int(end)]
            body += [
                "        <ANNOTATION>",
                f'            <ALIGNABLE_ANNOTATION ANNOTATION_ID="a{annotations}"'
                f' TIME_SLOT_REF1="ts{len(slots) - 1}" TIME_SLOT_REF2="ts{len(slots)}">',
                f"                <ANNOTATION_VALUE>{_element(said, dropped)}</ANNOTATION_VALUE>",
                "            </ALIGNABLE_ANNOTATION>",
                "        </ANNOTATION>",
            ]
        body.append("    </TIER>")
    url = track.path if is_url(track.path) else f"file://{quote(track.path)}"
    kind = mimetypes.guess_type(track.path)[0] or "audio/x-wav"
    return "\n".join(
        [
            '<?xml version="1.0" encoding="UTF-8"?>',
            '<ANNOTATION_DOCUMENT AUTHOR="" DATE="1970-01-01T00:00:00+00:00" FORMAT="3.0" VERSION="3.0"'
            f' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:noNamespaceSchemaLocation="{SCHEMA}">',
            '    <HEADER MEDIA_FILE="" TIME_UNITS="milliseconds">',
            f"        <MEDIA_DESCRIPTOR MEDIA_URL={quoteattr(url)} MIME_TYPE={quoteattr(kind)}/>",
            f'        <PROPERTY NAME="lastUsedAnnotationId">{annotations}</PROPERTY>',
            "    </HEADER>",
            "    <TIME_ORDER>",
            *(f'        <TIME_SLOT TIME_SLOT_ID="ts{n}" TIME_VALUE="{ms}"/>' for n, ms in enumerate(slots, 1)),
            "    </TIME_ORDER>",
            *body,
            '    <LINGUISTIC_TYPE GRAPHIC_REFERENCES="false" LINGUISTIC_TYPE_ID="default-lt" TIME_ALIGNABLE="true"/>',
            "</ANNOTATION_DOCUMENT>",
            "",
        ]
    )


def _allowed(text: str, dropped: Dropped) -> str:
    made = NO_XML.sub("\ufffd", text)
    count(dropped, "signs that XML does not allow", made != text)
    return plain(made, dropped)


def _element(text: str, dropped: Dropped) -> str:
    return escape(_allowed(text, dropped), {"\r": "&#13;"})


def _attribute(text: str, dropped: Dropped) -> str:
    return quoteattr(_allowed(text, dropped), {"\r": "&#13;", "\n": "&#10;", "\t": "&#9;"})
