"""NIST's files of lines about many recordings: CTM (words), STM (what who says), RTTM (who speaks).

    CTM    file channel start duration word [confidence]
    STM    file channel speaker start end [<label>] text
    RTTM   SPEAKER file channel start duration <NA> <NA> speaker <NA> <NA>

Columns are parted by blanks; `;;` begins a comment.  Each recording becomes one
record; an STM without a segments task to take it gives one for each stretch.
NIST, "2009 Rich Transcription Evaluation Plan" (RTTM); SCTK's `doc/infmts.htm` (CTM, STM).
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import partial
from operator import itemgetter
from pathlib import Path
from typing import TextIO

from tui_label.core.project import Project
from tui_label.core.record import Record
from tui_label.core.tasks import Segment, Segments, Text
from tui_label.formats.making import Bad
from tui_label.formats.outgoing import Dropped, Rows, count, meant, one_line, one_word, plain, spelled
from tui_label.formats.recordings import Recordings, after, labelled_sound, lines_with_ends, moment, says_text
from tui_label.formats.source import BadLine, Reading
from tui_label.formats.tracks import (
    NOTHING_SAID,
    Track,
    as_they_came,
    digits,
    joined,
    kept_lines,
    length,
    tracks,
    without,
)

NONE = "<NA>"
BLANKS = re.compile(r"[ \t]+")
STM_LINE = re.compile(r"(\S+)\s+(\S+)\s+(\S+)\s+(\S+)\s+(\S+)(?:\s+(<[^>]*>)(?=\s|\Z))?(?:\s+(.*))?")


@dataclass(frozen=True)
class _Kind:
    """One of the three."""

    name: str
    file: int
    """The column that names the recording; that of the channel is the next."""
    parsed: Callable[[Segments | None, str], Segment | None]
    """A line; None for one that is no segment.  Raises Bad."""
    fresh: Callable[[Segments | None, str, str, Segment], str]
    """A line for a recording's name, channel and segment."""
    carried: Callable[[Segments, tuple[Segment, ...], Dropped], list[Segment]]
    """What it can say of segments."""

    def column(self, line: str, number: int) -> str:
        columns = BLANKS.split(line.strip(" \t\r\n"))
        return columns[number] if number < len(columns) else ""


@dataclass
class _Recording:
    """The lines of one recording."""

    first: int
    lines: list[str] = field(default_factory=list)
    segments: list[Segment] = field(default_factory=list)
    faulty: bool = False


def _read(kind: _Kind, reading: Reading) -> Iterator[Record | BadLine]:
    recordings, task = Recordings(reading), reading.project.first(Segments)
    found: dict[str, _Recording] = {}
    for line in lines_with_ends(reading):
        if isinstance(line, BadLine):
            yield line
        elif not line[1].strip():
            reading.blank += 1
        elif line[1].lstrip().startswith(";;"):
            reading.leave_out("comment lines")
        else:
            one = found.setdefault(kind.column(line[1], kind.file), _Recording(line[0]))
            one.lines.append(line[1] + line[2])
            try:
                segment = kind.parsed(task, line[1])
            except Bad as error:
                one.faulty = True
                yield reading.bad(line[0], error.problem, error.field)
                continue
            if segment is None:
                reading.leave_out(f"{line[1].split()[0]} lines" if kind is RTTM else "words without a duration")
            else:
                one.segments.append(segment)
    for name, one in found.items():
        if not one.faulty:
            yield from _records(kind, reading, recordings, name, one)


def _records(
    kind: _Kind, reading: Reading, recordings: Recordings, name: str, one: _Recording
) -> Iterator[Record | BadLine]:
    task = reading.project.first(Segments)
    try:
        recording = recordings.named(name)
        if kind is STM and task is None and reading.project.first(Text) is not None:
            for segment in one.segments:
                stretch = (segment.start, segment.end - segment.start)
                yield labelled_sound(reading, recording, text=segment.text, stretch=stretch)
            return
        ordered = sorted(one.segments, key=lambda segment: segment.when)
        as_written = [kind.fresh(task, name, "1", segment) + "\n" for segment in ordered] == one.lines
        as_written = as_written and name == spelled(Path(recording).stem)
        yield labelled_sound(reading, recording, one.segments, meta={} if as_written else {kind.name: one.lines})
    except Bad as error:
        yield reading.bad(one.first, error.problem, error.field)


def _write(kind: _Kind, rows: Rows, out: TextIO, project: Project, dropped: Dropped) -> int:
    task = project.first(Segments)
    found = tracks(rows, project, dropped)
    named = [_name_in(kind, track) for track in found]
    names = [
        theirs if theirs and named.count(theirs) == 1 else one_word(track.name, dropped)
        for track, theirs in zip(found, named, strict=True)
    ]
    made: list[str] = []
    written = 0
    # SCTK takes no file whose recordings are in another order
    for name, track in sorted(zip(names, found, strict=True), key=itemgetter(0)):
        ours = _lines_of(kind, task, name, track, dropped)
        count(dropped, NOTHING_SAID, not ours and not track.segments)
        written += bool(ours)
        made += ours
    out.write(joined(made))
    return written


def _lines_of(kind: _Kind, task: Segments | None, name: str, track: Track, dropped: Dropped) -> list[str]:
    """Of one recording, by channel where they are not just as they came."""
    assert task is not None
    kept = kept_lines(track.meta, kind.name)

    def parsed(line: str) -> Segment | None:
        if kind.column(line, kind.file) != name:
            raise Bad("file", "is of another recording")
        return kind.parsed(task, line.rstrip("\r\n"))

    segments = kind.carried(task, track.segments, dropped)
    channel_of = _channels(kind, kept, parsed)
    made = as_they_came(segments, kept, parsed, lambda one: kind.fresh(task, name, channel_of(one), one))
    return made if made is kept else sorted(made, key=lambda line: kind.column(line, kind.file + 1))


def _channels(kind: _Kind, kept: list[str], parsed: Callable[[str], Segment | None]) -> Callable[[Segment], str]:
    """The channel of a segment that is no line any more: that of the line at its time, else the only one there is."""
    named = [kind.column(line, kind.file + 1) for line in kept]
    found: dict[tuple[float, float], str] = {}
    for line, channel in zip(kept, named, strict=True):
        with contextlib.suppress(Bad):
            if (one := parsed(line)) is not None:
                found.setdefault(_when(one), channel)
    usual = named[0] if len(set(named)) == 1 else "1"
    return lambda one: found.get(_when(one), usual)


def _when(one: Segment) -> tuple[float, float]:
    return round(one.start, 3), round(one.end, 3)


def _name_in(kind: _Kind, track: Track) -> str:
    """What the file it came from calls the recording, empty if it came from none."""
    names = {kind.column(line, kind.file) for line in kept_lines(track.meta, kind.name)}
    return names.pop() if len(names) == 1 else ""


def _stretch(start: str, duration: str) -> tuple[float, float]:
    begin = moment("start", start)
    return float(begin), after(begin, moment("duration", duration))


# CTM


def _ctm_parsed(task: Segments | None, line: str) -> Segment | None:
    columns = BLANKS.split(line.strip(" \t"))
    if len(columns) not in (5, 6):
        raise Bad("", f"has {len(columns)} columns; CTM has file, channel, start, duration, word, perhaps a confidence")
    start, end = _stretch(columns[2], columns[3])
    return Segment(start, end, text=columns[4]) if start < end else None


def _ctm_fresh(task: Segments | None, name: str, channel: str, one: Segment) -> str:
    return f"{name} {channel} {digits(one.start, 2)} {digits(length(one), 2)} {one.text}"


def _ctm_carried(task: Segments, segments: tuple[Segment, ...], dropped: Dropped) -> list[Segment]:
    made = []
    for one in segments:
        if one.text.split() == [one.text]:
            made.append(replace(one, text=plain(one.text, dropped)))
        else:
            count(dropped, "segments that are not one word")
    return without(made, dropped, label="labels", speaker="speakers")


# STM


def _stm_parsed(task: Segments | None, line: str) -> Segment:
    found = STM_LINE.fullmatch(line.strip(" \t"))
    if found is None:
        raise Bad("", "is too short: STM has file, channel, speaker, start, end and text")
    _, _, speaker, start, end, label, text = found.groups("")
    begin, stop = float(moment("start", start)), float(moment("end", end))
    if stop <= begin:
        raise Bad("end", f"{end} is not after the start {start}")
    known = meant(task.values, label[1:-1]) if task is not None else ""
    known = known if task is not None and known in task.values else ""
    return Segment(begin, stop, known, text, _name(task, speaker))


def _name(task: Segments | None, written: str) -> str:
    if written == NONE:
        return ""
    listed = task.transcript.speakers if task is not None and task.transcript is not None else ()
    return meant(listed, written)


def _stm_fresh(task: Segments | None, name: str, channel: str, one: Segment) -> str:
    label = f"<{spelled(one.label)}> " if one.label else f"{NONE} " if one.text.startswith("<") else ""
    when = f"{digits(one.start, 2)} {digits(one.end, 2)}"
    return f"{name} {channel} {spelled(one.speaker) or NONE} {when} {label}{one.text}".rstrip(" ")


def _stm_carried(task: Segments, segments: tuple[Segment, ...], dropped: Dropped) -> list[Segment]:
    made = []
    for one in segments:
        label = one.label
        if ">" in label or label == "NA":
            count(dropped, "labels with > or called NA")
            label = ""
        made.append(
            replace(
                one,
                text=one_line(one.text, dropped),
                speaker=_carried_name(one.speaker, task.transcript.speakers if task.transcript else (), dropped),
                label=_carried_name(label, task.values, dropped),
            )
        )
    return made


def _carried_name(name: str, listed: tuple[str, ...], dropped: Dropped) -> str:
    """A name with blanks can be written, and found again where it is one of those listed."""
    if name == NONE:
        count(dropped, f"names that are {NONE}")
        return ""
    return plain(name, dropped) if meant(listed, spelled(name)) == name else one_word(name, dropped)


# RTTM


def _rttm_parsed(task: Segments | None, line: str) -> Segment | None:
    columns = BLANKS.split(line.strip(" \t"))
    if len(columns) not in (9, 10):
        raise Bad("", f"has {len(columns)} columns; RTTM has nine or ten")
    if columns[0] != "SPEAKER":
        return None
    start, end = _stretch(columns[3], columns[4])
    if start >= end:
        raise Bad("duration", f"is {columns[4]} seconds")
    if says_text(task):
        return Segment(start, end, speaker=_name(task, columns[7]))
    assert task is not None
    return Segment(start, end, "" if columns[7] == NONE else meant(task.values, columns[7]))


def _rttm_fresh(task: Segments | None, name: str, channel: str, one: Segment) -> str:
    who = spelled(one.speaker or one.label) or NONE
    return f"SPEAKER {name} {channel} {digits(one.start)} {digits(length(one))} {NONE} {NONE} {who} {NONE} {NONE}"


def _rttm_carried(task: Segments, segments: tuple[Segment, ...], dropped: Dropped) -> list[Segment]:
    listed = task.transcript.speakers if task.transcript else ()
    if says_text(task):
        made = without(segments, dropped, text="texts", label="labels")
        return [replace(one, speaker=_carried_name(one.speaker, listed, dropped)) for one in made]
    made = without(segments, dropped, text="texts", speaker="speakers")
    return [replace(one, label=_carried_name(one.label, task.values, dropped)) for one in made]


CTM = _Kind("ctm", 0, _ctm_parsed, _ctm_fresh, _ctm_carried)
STM = _Kind("stm", 0, _stm_parsed, _stm_fresh, _stm_carried)
RTTM = _Kind("rttm", 1, _rttm_parsed, _rttm_fresh, _rttm_carried)

read_ctm, write_ctm = partial(_read, CTM), partial(_write, CTM)
read_stm, write_stm = partial(_read, STM), partial(_write, STM)
read_rttm, write_rttm = partial(_read, RTTM), partial(_write, RTTM)
