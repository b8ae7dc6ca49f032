"""Sounds as items: files as they lie in folders, and lines of manifests that name them.

A manifest line names its file as `audio` (or `audio_filepath`, `file_name`, `path`), may take a
stretch of it by `offset` and `duration` (seconds), and may bring a draft: `text` for
the text task, `segments` for the segments task (NeMo, Common Voice, Hugging Face and our
own export spell it so).
"""

from __future__ import annotations

import contextlib
import json
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tui_label.core.item import Item, Sound, Suggestion, content_key
from tui_label.core.record import Record
from tui_label.core.tasks import Choice, Choices, Segments, Text
from tui_label.core.text import visible
from tui_label.errors import InputError
from tui_label.formats.making import Bad, author, json_in, labelled, labels_in, parted
from tui_label.formats.source import BadLine, Reading, near
from tui_label.sound.kinds import is_sound, is_url, shown

if TYPE_CHECKING:
    from tui_label.sound.recording import Facts

PATHS = ("audio", "audio_filepath", "file_name", "audio_path", "wav", "path", "filename", "file")
TEXTS = ("text", "transcript", "transcription", "sentence")
TAKEN = frozenset([*PATHS, *TEXTS, "offset", "duration", "segments", "audio_spans", "audio_hash"])
NOT_THAT = "is not the file this line was written about (audio_hash); it was changed since"
HOMELESS = "the project has no task to take the label"
SHORTEST_S = 0.001
SLACK_S = 0.05
"""How far a stretch may run past the end of its file: manifests round."""


def read(reading: Reading) -> Iterator[Record | BadLine]:
    """One recording is one item."""
    try:
        kept = reading.url or _kept_path(reading, reading.path)
        yield Record(_item(kept, None, reading.path, None, None, {}))
    except Bad as error:
        # The file as such is meant, not a line of it
        yield reading.bad(0, error.problem, "" if error.field == "audio" else error.field)


def files(path: Path) -> list[Path]:
    """What a path on the command line stands for: itself, all sounds of a folder, or what a pattern matches."""
    if path.is_dir():
        found = sorted(one for one in path.rglob("*") if is_sound(one) and one.is_file() and not hidden(one, path))
        if not found:
            raise InputError(
                f"{visible(str(path))}: nothing in this folder that is known: no sounds, no brat, WebAnno or Kaldi, no dataset; name the files in it"
            )
        return found
    if not path.exists() and any(sign in str(path) for sign in "*?["):
        root = Path(path.anchor) if path.anchor else Path()
        pattern = str(path.relative_to(path.anchor)) if path.anchor else str(path)
        try:
            found = sorted(one for one in root.glob(pattern) if one.is_file())
        except ValueError as error:
            raise InputError(
                f"{visible(str(path))}: not a pattern: ** stands for whole folders, as in a/**/*.wav"
            ) from error
        if not found:
            raise InputError(f"{visible(str(path))}: no file matches")
        return found
    return [path]


def hidden(path: Path, folder: Path) -> bool:
    """What no listing shows, nor the like of `._a.wav` that a Mac leaves behind, is no recording to label."""
    return any(part.startswith(".") for part in path.relative_to(folder).parts)


def record(
    reading: Reading,
    line: Mapping[str, Any],
    key: str | None,
    meta: Mapping[str, Any],
    priority: int,
    labels: list[str] | None = None,
    values: Mapping[str, Any] | None = None,
) -> Record:
    """A line of a manifest, or of a table, which has its labels and answers in columns it knows; raises Bad."""
    name = next((name for name in PATHS if line.get(name)), None)
    if name is None:
        raise Bad("audio", f"no sound is named; call the file one of {', '.join(PATHS[:4])}")
    if not isinstance(line[name], str):
        raise Bad(name, f"must be a path, not {json.dumps(line[name])[:40]}")
    rest = {one: value for one, value in meta.items() if one.strip().casefold() not in TAKEN}
    file, kept = _found(reading, name, line[name], line.get("audio_hash"))
    item = _item(kept, key, file, _seconds(line, "offset"), _seconds(line, "duration"), rest)
    if "answers" in line and author(reading, line.get("annotator") or ""):
        return Record(item, (), None, priority)
    written = None if line.get("label") == "" else line.get("label")
    if labels is None and "label" not in meta and (named := labels_in("label", written)):
        if reading.project.first(Choice, Choices):
            labels = named
        elif not _is_of_segments(reading, line["label"]):
            reading.not_known(HOMELESS)
            item = replace(item, meta={**item.meta, "label": line["label"]})
    return _drafted(reading, item, line, priority, labels, values or {})


def _is_of_segments(reading: Reading, label: Any) -> bool:
    """Whether it is the label of a segment over the whole stretch."""
    task = reading.project.first(Segments)
    return task is not None and label in task.values and reading.project.first(Text) is None


def _drafted(
    reading: Reading,
    item: Item,
    line: Mapping[str, Any],
    priority: int,
    labels: list[str] | None,
    values: Mapping[str, Any],
) -> Record:
    """The item with its draft transcript and segments: suggestions, or finished answers of somebody."""
    text, stretches = _draft_text(line), _segments_in(line, item)
    named_by = line.get("annotator") or (line.get("_annotator_id") if line.get("answer") == "accept" else "")
    annotator = author(reading, str(named_by or ""))
    if annotator and text is None and any(line.get(name) == "" for name in TEXTS):
        # As a draft it is none, as an answer it says that nobody speaks
        text = ""
    if stretches is None and (whole := _whole(reading, line, text, item)):
        text, stretches = None if "text" in whole else text, [whole]
        taken = {"speaker"} & whole.keys()
        item = replace(item, meta={name: value for name, value in item.meta.items() if name.casefold() not in taken})
    item, found = _by_task(reading, item, text, stretches)
    if line.get("answer") in ("reject", "ignore"):
        return Record(item, (), None, priority)
    if annotator:
        return labelled(
            reading, item, labels=labels, values={**found, **values}, annotator=annotator, priority=priority
        )
    for id, value in found.items():
        task = reading.project.task(id)
        if isinstance(task, Segments) and (problem := task.draft_problem(value, item)):
            raise Bad("segments", problem)
    source = str(line.get("source") or "input")
    made = tuple(Suggestion(id, value, None, source) for id, value in found.items())
    named = labelled(reading, item, labels=labels, values=values, priority=priority)
    return replace(named, suggestions=(*made, *named.suggestions))


def _by_task(reading: Reading, item: Item, text: str | None, stretches: Any) -> tuple[Item, dict[str, Any]]:
    """The transcript and the segments by the tasks that take them; what none does is kept as meta, and counted."""
    found: dict[str, Any] = {}
    for kind, value in ((Text, text), (Segments, stretches)):
        task = reading.project.first(kind)
        if value is None or (task is None and value == ""):
            continue
        if task is None:
            reading.not_known(f"the project has no {kind.kind} task to take it")
            item = replace(item, meta={**item.meta, kind.kind: value})
        elif isinstance(task, Segments):
            found |= _segments_by_task(reading, task, value)
        else:
            found[task.id] = value
    return item, found


def _segments_by_task(reading: Reading, first: Segments, value: Any) -> dict[str, Any]:
    """What is no list of objects is left to the first task, which says what is wrong with it."""
    if isinstance(value, str):
        value = json_in("segments", value)  # as it stands in a table
    if not isinstance(value, list) or not all(isinstance(one, dict) for one in value):
        return {first.id: value}
    value = sorted(value, key=lambda one: (one.get("start", 0), one.get("end", 0)))
    tasks = parted(reading, (Segments,), value, lambda one: str(one.get("label") or ""))
    return {task.id: some for task, some in tasks}


def _whole(reading: Reading, line: Mapping[str, Any], text: str | None, item: Item) -> dict[str, Any] | None:
    """What a line says of all of its stretch, as one segment; None where a text task takes that, or no segment does."""
    task = reading.project.first(Segments)
    if task is None or item.sound is None or reading.project.first(Text) is not None:
        return None
    said: dict[str, Any] = {}
    if _is_of_segments(reading, line.get("label")) and reading.project.first(Choice, Choices) is None:
        said["label"] = line["label"]
    if task.transcript is not None and text is not None:
        said |= {"text": text} | ({"speaker": line["speaker"]} if line.get("speaker") else {})
    return {"start": 0.0, "end": item.sound.duration} | said if said else None


def _segments_in(line: Mapping[str, Any], item: Item) -> Any:
    """Our own, else Prodigy's, which count from the begin of the file and have more fields."""
    spans = line.get("audio_spans")
    if "segments" in line or not isinstance(spans, list):
        return line.get("segments")
    offset = item.sound.offset if item.sound is not None else 0.0
    made = []
    for one in spans:
        if not isinstance(one, dict):
            raise Bad("audio_spans", f"is no stretch: {json.dumps(one)[:40]}")
        start, end = _seconds(one, "start"), _seconds(one, "end")
        if start is None or end is None:
            raise Bad("audio_spans", "each needs start and end, in seconds")
        place = {"start": round(start - offset, 9), "end": round(end - offset, 9)}
        made.append(place | {name: one[name] for name in ("label", "text", "speaker") if one.get(name)})
    return made


def _draft_text(line: Mapping[str, Any]) -> str | None:
    for name in TEXTS:
        if line.get(name) is not None and not isinstance(line[name], str):
            raise Bad(name, f"must be text, not {json.dumps(line[name])[:40]}")
    return next((line[name] for name in TEXTS if line.get(name)), None)


def _seconds(line: Mapping[str, Any], name: str) -> float | None:
    value = line.get(name)
    if value is None or value == "":
        return None
    try:
        seconds = float(value)
    except (TypeError, ValueError, OverflowError):
        raise Bad(name, f"must be seconds, not {json.dumps(value)[:40]}") from None
    if not 0 <= seconds < 10**7 or isinstance(value, bool):
        raise Bad(name, f"must be seconds from 0 on, not {value}")
    return seconds


def _item(
    kept: str,
    key: str | None,
    file: Path,
    offset: float | None,
    duration: float | None,
    meta: Mapping[str, Any],
) -> Item:
    facts, hash = _known_file(file)
    start, length = _stretch(file, facts.seconds, offset, duration)
    sound = Sound(kept, length, start, facts.rate, facts.channels, hash)
    # One recording is one item: a line that names the same stretch again adds to it
    key = content_key("", sound=sound) if key is None else key
    if not key.strip():
        raise Bad("item", "is an empty id; leave it out or give one")
    return Item(key, "", (), dict(meta), sound)


def _stretch(file: Path, seconds: float, offset: float | None, duration: float | None) -> tuple[float, float]:
    """Start and length in seconds.  What was given counts in milliseconds, as in an export."""
    name = visible(file.name)
    start = round(offset or 0.0, 3)
    if seconds < SHORTEST_S:
        raise Bad("audio", "is shorter than a millisecond")
    if start >= seconds:
        raise Bad("offset", f"{start:g} s lies beyond the end of {name} ({seconds:.2f} s)")
    if duration is not None and start + duration > seconds + SLACK_S:
        raise Bad("duration", f"{start:g} + {duration:g} s is more than {name} has ({seconds:.2f} s)")
    if duration is not None and duration < SHORTEST_S:
        raise Bad("duration", f"is {duration:g} seconds")
    rest = round(seconds - start, 6)
    if rest < SHORTEST_S:
        raise Bad("offset", f"{start:g} s is the end of {name}")
    # To the end means to the very end, also where a file's length was rounded on the way
    return start, rest if duration is None or duration > rest - SHORTEST_S else round(duration, 3)


def _known_file(file: Path) -> tuple[Facts, str]:
    try:
        return _known(file, file.stat().st_mtime_ns)
    except InputError as error:
        raise Bad("audio", str(error).removeprefix(f"{visible(str(file))}: ")) from error
    except (OSError, ValueError) as error:
        raise Bad("audio", f"{file}: {_why(error)}") from error


def _why(error: OSError | ValueError) -> str:
    """What is wrong with a path; ValueError is of those that no system takes."""
    return getattr(error, "strerror", None) or "no path"


@lru_cache(4096)
def _known(file: Path, changed: int) -> tuple[Facts, str]:
    """A file's facts and hash: a manifest may take many stretches of one recording."""
    from tui_label.sound import media

    with _quiet():
        return media.probe(file), media.fingerprint(file)


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """libsndfile's MP3 decoder writes remarks of its own to standard error, past Python."""
    before = os.dup(2)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    try:
        yield
    finally:
        os.dup2(before, 2)
        os.close(nowhere)
        os.close(before)


def _is_there(path: Path) -> bool:
    """Raises OSError where that cannot be said: Path.exists just says no since Python 3.14."""
    try:
        path.stat()
    except (FileNotFoundError, NotADirectoryError, ValueError):
        return False
    return True


def _found(reading: Reading, field: str, path: str, hash: Any) -> tuple[Path, str]:
    """The file of a line, and what is kept as its path: a URL, or one relative to the file it stands in, or to the
    project's folder.  What a file that came by a URL names lies beside it there.

    A line that says which content is meant (an export does) gets that, or nothing.
    """
    if is_url(path):
        return _brought(field, path, hash), path
    try:
        places = [place for place in (reading.path.parent / path, reading.project.folder / path) if _is_there(place)]
    except (OSError, ValueError) as error:
        raise Bad(field, f"{path}: {_why(error)}") from error
    if not places and reading.url:
        return _found(reading, field, f"{re.split('[?#]', reading.url)[0].rpartition('/')[0]}/{path}", hash)
    if not places:
        raise Bad(field, f"{path}: no such file{near(reading.path.parent / path)}")
    for place in places:
        if not isinstance(hash, str) or hash in ("", _known_file(place)[1]):
            return place, _kept_path(reading, place)
    raise Bad(field, f"{path} {NOT_THAT}")


def _brought(field: str, url: str, hash: Any) -> Path:
    """A file that lies elsewhere, fetched: only its bytes say how long it is, and what it will be held to."""
    from tui_label.sound.remote import cache

    try:
        place = cache().fetch(url)
        if isinstance(hash, str) and hash not in ("", _known_file(place)[1]):
            raise Bad(field, f"{shown(url)} {NOT_THAT}")
    except InputError as error:
        raise Bad(field, str(error)) from error
    return place


def _kept_path(reading: Reading, file: Path) -> str:
    """Relative to the project's folder where it lies in it, or was given relative to here."""
    folder = reading.project.folder
    place = file.parent.resolve() / file.name if ".." in file.parts else file.absolute()
    for inside in (folder.absolute(), folder.resolve()):
        if place.is_relative_to(inside):
            return place.relative_to(inside).as_posix()
    if file.is_relative_to(folder):
        return file.relative_to(folder).as_posix()  # ../clips/a.wav, as a line of the project's says
    if file.is_absolute():
        return str(place)
    # From where the folder really is: the system follows links before it goes up
    return Path(os.path.relpath(place, folder.resolve())).as_posix()
