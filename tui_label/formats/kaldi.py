"""Kaldi's data folders: wav.scp, segments, text, utt2spk, spk2utt, each a line an utterance, sorted by bytes.

A folder is named by its wav.scp.  With a segments task each recording becomes one
record; else each utterance does, under its own id, and takes the text task.
A recording that is the output of a command is refused: nothing here runs it.

Povey et al., "Data preparation", Kaldi's documentation.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

from tui_label.core.project import Project
from tui_label.core.record import Record
from tui_label.core.tasks import Segment, Segments, Text
from tui_label.formats.making import Bad
from tui_label.formats.outgoing import Dropped, Rows, count, meant, one_word, plain, single_blanks
from tui_label.formats.recordings import Recordings, labelled_sound, moment
from tui_label.formats.source import BadLine, Reading, lines
from tui_label.formats.tracks import NOTHING_SAID, digits, names, plus, said, whereabouts, without, write_files

NAME = "wav.scp"
TO_THE_END = "-1"
Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class _Utterance:
    """An utterance: where its line stands, and of which recording it is from when to when (seconds)."""

    file: str
    line: int
    id: str
    recording: str
    when: tuple[float, float | None] | None = None
    """None for the end: that of the recording, which Kaldi writes as -1."""


@dataclass(frozen=True, slots=True)
class _Folder:
    """What the files say."""

    paths: dict[str, str]
    """By recording."""
    utterances: list[_Utterance]
    texts: dict[str, str]
    """By utterance, as the speakers are."""
    speakers: dict[str, str]
    """Only those that have a name of their own: without one, an utterance is its own speaker."""
    is_cut: bool
    """Whether utterances are stretches of recordings."""


def read(reading: Reading) -> Iterator[Record | BadLine]:
    recordings = Recordings(reading)
    faults: list[BadLine] = []
    folder = _folder(reading, faults)
    if faults:
        yield from faults
        return
    by_recording: dict[str, list[_Utterance]] = {}
    for one in folder.utterances:
        by_recording.setdefault(one.recording, []).append(one)
    reading.leave_out("texts of unknown utterances", len(folder.texts.keys() - {one.id for one in folder.utterances}))
    reading.leave_out("recordings without utterances", len(folder.paths.keys() - by_recording.keys()))
    whole = reading.project.first(Segments) is not None and folder.is_cut
    for id, utterances in by_recording.items():
        for group in [utterances] if whole else [[one] for one in utterances]:
            try:
                if id not in folder.paths:
                    raise Bad("recording", f"{id} is not in {reading.path.name}")
                place = recordings.named(folder.paths[id])
                yield _segmented(reading, folder, place, group) if whole else _single(reading, folder, place, *group)
            except Bad as error:
                yield BadLine(group[0].file, group[0].line, error.problem, error.field)


def _folder(reading: Reading, faults: list[BadLine]) -> _Folder:
    def table(name: str, parsed: Callable[[str], Value]) -> dict[str, tuple[int, Value]]:
        path = reading.path.with_name(name)
        return _table(replace(reading, path=path), parsed, faults) if name == reading.path.name or path.exists() else {}

    wavs = table(reading.path.name, _wav)
    stretches = table("segments", _stretch)
    texts = table("text", str)
    speakers = table("utt2spk", str)
    if stretches:
        path = str(reading.path.with_name("segments"))
        found = [_Utterance(path, line, id, rec, when) for id, (line, (rec, when)) in stretches.items()]
    else:
        found = [_Utterance(str(reading.path), line, id, id) for id, (line, _) in wavs.items()]
    return _Folder(
        {id: path for id, (_, path) in wavs.items()},
        found,
        {id: text for id, (_, text) in texts.items()},
        {id: name for id, (_, name) in speakers.items() if name != id},
        bool(stretches),
    )


def _segmented(reading: Reading, folder: _Folder, place: str, group: list[_Utterance]) -> Record:
    """A recording with its utterances as segments."""
    task = reading.project.first(Segments)
    listed = task.transcript.speakers if task is not None and task.transcript is not None else ()
    segments = []
    for one in group:
        assert one.when is not None
        start, end = one.when
        end = _length(reading, place) if end is None else end
        speaker = meant(listed, folder.speakers.get(one.id, ""))
        segments.append(Segment(start, end, text=folder.texts.get(one.id, ""), speaker=speaker))
    return labelled_sound(reading, place, segments)


def _length(reading: Reading, place: str) -> float:
    """Of a recording, in seconds."""
    sound = labelled_sound(replace(reading, answers_of="", gold=""), place).item.sound
    assert sound is not None
    return sound.duration


def _single(reading: Reading, folder: _Folder, place: str, one: _Utterance) -> Record:
    """An utterance, under its own id, with its text."""
    start, end = one.when or (0.0, None)
    stretch = start, (None if end is None else end - start)
    text = folder.texts.get(one.id)
    if text is not None and reading.project.first(Text) is None and reading.project.first(Segments) is not None:
        # A whole recording's text is one segment where the project knows only those
        return labelled_sound(reading, place, [Segment(0.0, _length(reading, place), text=text)], key=one.id)
    meta = {"speaker": folder.speakers[one.id]} if folder.speakers.get(one.id) else {}
    return labelled_sound(reading, place, text=text, key=one.id, stretch=stretch, meta=meta)


def _table(reading: Reading, parsed: Callable[[str], Value], faults: list[BadLine]) -> dict[str, tuple[int, Value]]:
    """Lines `id value` of one file, by id, each with its number."""
    found: dict[str, tuple[int, Value]] = {}
    for line in lines(reading):
        if isinstance(line, BadLine):
            faults.append(line)
            continue
        number, text = line
        id, *rest = re.split(r"[ \t]+", text.strip(" \t"), maxsplit=1)
        if not id:
            reading.blank += 1
            continue
        try:
            if id in found:
                raise Bad("", f"{id} stands here twice, first in line {found[id][0]}")
            found[id] = number, parsed(rest[0] if rest else "")
        except Bad as error:
            faults.append(reading.bad(number, error.problem, error.field))
    return found


def _wav(place: str) -> str:
    if not place:
        raise Bad("", "needs an id and a path")
    if place.endswith("|"):
        raise Bad("", "is a command, and none is run here; write its output to a file, and name that one")
    return place


def _stretch(text: str) -> tuple[str, tuple[float, float | None]]:
    columns = re.split(r"[ \t]+", text)
    if len(columns) not in (3, 4):
        raise Bad("", f"has {len(columns) + 1} columns; it needs utterance, recording, start and end")
    start = float(moment("start", columns[1]))
    end = None if columns[2] == TO_THE_END else float(moment("end", columns[2]))
    if end is not None and end <= start:
        raise Bad("end", f"{columns[2]} is not after the start {columns[1]}")
    return columns[0], (start, end)


# writing


def write(rows: Rows, folder: Path, project: Project, dropped: Dropped) -> int:
    """Segments with their texts; where the project has no segments task, each item with its text."""
    segmented = project.first(Segments) is not None
    found = list(said(rows, project, dropped, Segments if segmented else Text))
    places = {one.sound.path: whereabouts(project, one.sound) for one in found}
    named = {path: one_word(name, dropped) for path, name in names(places.values()).items()}
    files: dict[str, dict[str, str]] = {name: {} for name in ("wav.scp", "segments", "text", "utt2spk", "spk2utt")}
    stretched = segmented or len(places) < len(found) or any(one.sound.offset for one in found)
    written = 0
    for one in found:
        place = places[one.sound.path]
        recording = named[place]
        if segmented:
            utterances = without(one.segments or (), dropped, label="labels")
            count(dropped, NOTHING_SAID, not utterances)
        else:
            end = plus(one.sound.offset, one.sound.duration)
            utterances = [Segment(one.sound.offset, end, text=one.text or "")]
        written += bool(utterances)
        for segment in utterances:
            files["wav.scp"][recording] = place
            speaker = one_word(segment.speaker, dropped)
            id = _id(recording, speaker, segment, files["text"]) if stretched else recording
            files["text"][id] = single_blanks(segment.text, dropped)
            files["utt2spk"][id] = speaker or id
            if stretched:
                files["segments"][id] = f"{recording} {digits(segment.start, 2)} {digits(segment.end, 2)}"
    for id, speaker in _sorted(files["utt2spk"]):
        files["spk2utt"][speaker] = f"{files['spk2utt'].get(speaker, '')} {id}".strip()
    if not stretched:
        del files["segments"]
    write_files(folder, ((name, _lines(entries, dropped)) for name, entries in files.items()))
    return written


def _id(recording: str, speaker: str, segment: Segment, taken: Iterable[str]) -> str:
    """Begins with the speaker: Kaldi wants utterances and speakers in one order.  Times in milliseconds."""
    when = f"{round(segment.start * 1000):08}-{round(segment.end * 1000):08}"
    id = "-".join(part for part in (speaker, recording, when) if part)
    number = 1
    while (made := id if number == 1 else f"{id}-{number}") in taken:
        number += 1
    return made


def _sorted(entries: dict[str, str]) -> list[tuple[str, str]]:
    return sorted(entries.items(), key=lambda entry: entry[0].encode())


def _lines(entries: dict[str, str], dropped: Dropped) -> str:
    ordered = _sorted(entries)
    made = "".join(f"{id} {plain(value, {})}".rstrip(" ") + "\n" for id, value in ordered)
    count(dropped, "line breaks in names", made.count("\n") - len(ordered))
    return made
