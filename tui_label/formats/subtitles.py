"""SRT and WebVTT: texts between two times, in milliseconds; a file for each recording, by its name.

A cue's text is the transcript where the project's segments have one, else their
label.  WebVTT's `<v Speaker>` is the speaker; its other marks are left out.  Words in
braces and blanks at the ends stay, which pysubs2 takes for Advanced SubStation's.

W3C, "WebVTT: The Web Video Text Tracks Format", 2019.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from tui_label.core.project import Project
from tui_label.core.record import Record
from tui_label.core.tasks import Segment, Segments
from tui_label.formats.making import Bad
from tui_label.formats.outgoing import Dropped, Rows, count, plain
from tui_label.formats.recordings import Recordings, decoded, labelled_sound, says_text
from tui_label.formats.source import BadLine, Reading
from tui_label.formats.tracks import Track, in_milliseconds, tracks, without, write_files

TIMING = re.compile(r"\s*(\S+)\s*-->\s*(\S+)(\s.*)?")
TIME = re.compile(r"(?:([0-9]{1,4}):)?([0-9]{1,2}):([0-9]{1,2})[,.]([0-9]{1,3})")
VOICE = re.compile(r"<v(?:\.[^\s>]*)?[ \t]+([^>]*)>")
TAG = re.compile(r"</?[a-z0-9:.][^>]*>|</>", re.IGNORECASE)
LINE_END = re.compile(r"\r\n|\r|\n")


@dataclass(frozen=True, slots=True)
class _Cue:
    line: int
    start: float
    end: float
    lines: list[str]


def _read(reading: Reading, *, vtt: bool) -> Iterator[Record | BadLine]:
    recordings, task = Recordings(reading), reading.project.first(Segments)
    lines = LINE_END.split(decoded(reading))
    if vtt and not re.match(r"WEBVTT(\s|\Z)", lines[0]):
        yield reading.bad(1, "does not begin with WEBVTT")
        return
    found, faults = [], []
    for cue in _cues(reading, lines, vtt=vtt):
        if isinstance(cue, BadLine):
            faults.append(cue)
        else:
            speaker, text = _payload(reading, cue.lines) if vtt else ("", "\n".join(cue.lines))
            said = {"text" if says_text(task) else "label": text}
            found.append(Segment(cue.start, cue.end, speaker=speaker, **said))
    if faults:
        yield from faults
        return
    try:
        yield labelled_sound(reading, recordings.beside(), found)
    except Bad as error:
        yield reading.bad(0, error.problem, error.field)


def _cues(reading: Reading, lines: list[str], *, vtt: bool) -> Iterator[_Cue | BadLine]:
    places = [n for n, line in enumerate(lines) if "-->" in line and not _is_note(lines, n, vtt=vtt)]
    if not places and any(line.strip() for line in lines[1 if vtt else 0 :]) and not vtt:
        yield reading.bad(1, "has no line with times, such as 00:00:01,000 --> 00:00:02,500")
    for number, place in enumerate(places):
        stop = places[number + 1] if number + 1 < len(places) else len(lines)
        body = lines[place + 1 : stop]
        if vtt:
            body = _until_blank(reading, body)
        elif stop < len(lines) and body and body[-1].strip().isdecimal() and (len(body) == 1 or not body[-2].strip()):
            body.pop()  # the number of the next one
        while body and not body[-1].strip():
            body.pop()
        try:
            yield _Cue(place + 1, *_times(lines[place]), body)
        except Bad as error:
            yield reading.bad(place + 1, error.problem, error.field)


def _is_note(lines: list[str], number: int, *, vtt: bool) -> bool:
    """Whether a line lies in a comment of WebVTT, which may be about cues."""
    if not vtt:
        return False
    while number > 0 and lines[number - 1].strip():
        number -= 1
    return bool(re.match(r"NOTE(\s|\Z)", lines[number]))


def _until_blank(reading: Reading, body: list[str]) -> list[str]:
    """The lines of one cue; what follows are the name of the next one, notes, styles."""
    stop = next((n for n, line in enumerate(body) if not line), len(body))
    blocks = re.split(r"\n\n+", "\n".join(body[stop:]).strip("\n"))
    notes = sum(bool(re.match(r"(NOTE|STYLE|REGION)(\s|\Z)", block)) for block in blocks)
    if notes:
        reading.leave_out("notes and styles", notes)
    return body[:stop]


def _times(line: str) -> tuple[float, float]:
    found = TIMING.fullmatch(line)
    if found is None:
        raise Bad("", "has an arrow, but not two times: 00:00:01,000 --> 00:00:02,500")
    start, end = _time(found[1]), _time(found[2])
    if end <= start:
        raise Bad("", f"the end {found[2]} is not after the start {found[1]}")
    return start / 1000, end / 1000


def _time(text: str) -> int:
    found = TIME.fullmatch(text)
    if found is None:
        raise Bad("", f"{text[:40]!r} is no time such as 00:00:01,000")
    hours, minutes, seconds, parts = found.groups("0")
    return (int(hours) * 60 + int(minutes)) * 60_000 + int(seconds) * 1000 + int(parts.ljust(3, "0"))


def _payload(reading: Reading, lines: list[str]) -> tuple[str, str]:
    """Who speaks, and what."""
    text = "\n".join(lines)
    voices = VOICE.findall(text)
    without_voice = VOICE.sub("", text).replace("</v>", "")
    bare = TAG.sub("", without_voice)
    if bare != without_voice:
        reading.leave_out("marks of bold, colour, time in texts")
    if len(voices) > 1:
        reading.leave_out("voices beside the first of a cue", len(voices) - 1)
    return html.unescape(voices[0]) if voices else "", html.unescape(bare)


def _write(rows: Rows, folder: Path, project: Project, dropped: Dropped, *, vtt: bool) -> int:
    task, suffix = project.first(Segments), ".vtt" if vtt else ".srt"
    return write_files(
        folder,
        (
            (f"{track.name}{suffix}", _written(track, task, dropped, vtt=vtt))
            for track in tracks(rows, project, dropped)
        ),
    )


def _written(track: Track, task: Segments | None, dropped: Dropped, *, vtt: bool) -> str:
    fields = {"label": "labels"} if says_text(task) else {"text": "texts"}
    fields |= {} if vtt else {"speaker": "speakers"}
    cues = ["WEBVTT\n"] if vtt else []
    for number, (start, end, one) in enumerate(in_milliseconds(without(track.segments, dropped, **fields), dropped), 1):
        when = f"{_clock(start, vtt=vtt)} --> {_clock(end, vtt=vtt)}"
        cues.append(f"{number}\n{when}\n{_said(one, dropped, vtt=vtt)}\n")
    return "\n".join(cues)


def _clock(ms: int, *, vtt: bool) -> str:
    seconds, parts = divmod(ms, 1000)
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}{'.' if vtt else ','}{parts:03}"


def _said(one: Segment, dropped: Dropped, *, vtt: bool) -> str:
    text = one.text or one.label
    made = "\n".join(line for line in LINE_END.split(text) if line.strip())
    count(dropped, "blank lines or carriage returns", made != text)
    if not vtt:
        if "-->" in made:
            count(dropped, "arrows in texts")
        return plain(made.replace("-->", "->"), dropped)
    made = html.escape(plain(made, dropped), quote=False)
    if not one.speaker:
        return made
    speaker = " ".join(one.speaker.split())
    count(dropped, "blanks beside others in names", speaker != one.speaker)
    return f"<v {html.escape(plain(speaker, dropped), quote=False)}>{made}</v>"


read_srt, write_srt = partial(_read, vtt=False), partial(_write, vtt=False)
read_vtt, write_vtt = partial(_read, vtt=True), partial(_write, vtt=True)
