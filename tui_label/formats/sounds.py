"""Sounds as items: files as they lie in folders, and lines of manifests that name them.

A manifest line names its file as `audio` (or `audio_filepath`, `file_name`, `path`), may take a
stretch of it by `offset` and `duration` (seconds), and may bring a draft: `text` for
the text task, `segments` for the segments task (NeMo, Common Voice, Hugging Face and our
own export spell it so).
"""

from __future__ import annotations

import difflib
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tui_label.core.annotation import Annotation
from tui_label.core.item import Item, Sound, Suggestion, content_key
from tui_label.core.record import Record
from tui_label.core.tasks import Choice, Choices, Segments, Task, Text
from tui_label.core.text import visible
from tui_label.errors import InputError
from tui_label.formats.making import Bad, check_answers, labelled
from tui_label.formats.source import BadLine, Reading
from tui_label.sound.kinds import is_sound

if TYPE_CHECKING:
    from tui_label.sound.media import Facts

PATHS = ("audio", "audio_filepath", "file_name", "audio_path", "wav", "path", "filename", "file")
TEXTS = ("text", "transcript", "transcription", "sentence")
TAKEN = frozenset([*PATHS, *TEXTS, "offset", "duration", "segments", "audio_hash"])
SLACK_S = 0.05
"""How far a stretch may run past the end of its file: manifests round."""


def read(reading: Reading) -> Iterator[Record | BadLine]:
    """One recording is one item."""
    try:
        item = _item(reading, None, str(reading.path.absolute()), None, None, {}, given=str(reading.path))
        yield Record(item)
    except Bad as error:
        yield reading.bad(1, error.problem, error.field)


def files(path: Path) -> list[Path]:
    """What a path on the command line stands for: itself, all sounds of a folder, or what a pattern matches."""
    if path.is_dir():
        found = sorted(one for one in path.rglob("*") if is_sound(one) and not one.name.startswith("."))
        if not found:
            raise InputError(f"{visible(str(path))}: no sound files in this folder")
        return found
    if not path.exists() and any(sign in str(path) for sign in "*?["):
        root = Path(path.anchor) if path.anchor else Path()
        pattern = str(path.relative_to(path.anchor)) if path.anchor else str(path)
        found = sorted(one for one in root.glob(pattern) if one.is_file())
        if not found:
            raise InputError(f"{visible(str(path))}: no file matches")
        return found
    return [path]


def record(
    reading: Reading, line: Mapping[str, Any], key: str | None, meta: Mapping[str, Any], priority: int
) -> Record:
    """A line of a manifest or a table; raises Bad."""
    name = next((name for name in PATHS if line.get(name)), None)
    if name is None:
        raise Bad("audio", f"no sound is named; call the file one of {', '.join(PATHS[:4])}")
    if not isinstance(line[name], str):
        raise Bad(name, f"must be a path, not {json.dumps(line[name])[:40]}")
    rest = {one: value for one, value in meta.items() if one not in TAKEN}
    item = _item(reading, key, line[name], _seconds(line, "offset"), _seconds(line, "duration"), rest)
    if "answers" in line and "annotator" in line:
        return Record(item, (), None, priority)
    return _drafted(reading, item, line, priority)


def _drafted(reading: Reading, item: Item, line: Mapping[str, Any], priority: int) -> Record:
    """The item with its draft transcript and segments: suggestions, or finished answers of somebody."""
    text = next((line[name] for name in TEXTS if isinstance(line.get(name), str) and line[name]), None)
    found: dict[str, Any] = {}
    for kind, value in ((Text, text), (Segments, line.get("segments"))):
        task = _first(reading, kind)
        if value is None:
            continue
        if task is None:
            item = replace(item, meta={**item.meta, "text" if kind is Text else "segments": value})
            continue
        if isinstance(task, Segments) and isinstance(value, list):
            value = sorted(
                value, key=lambda one: (one.get("start", 0), one.get("end", 0)) if isinstance(one, dict) else (0, 0)
            )
        found[task.id] = value
    annotator = str(line.get("annotator") or "") or reading.answers_of
    if annotator and found:
        check_answers(reading, item, found)
        return Record(item, (), Annotation(annotator, answers=found), priority)
    made = tuple(Suggestion(task, value, None, str(line.get("source") or "input")) for task, value in found.items())
    for one in made:
        task = reading.project.task(one.task)
        if isinstance(task, Segments) and (problem := task.check(one.value, item)):
            raise Bad("segments", problem)
    label = line.get("label")
    if isinstance(label, str) and label and any(isinstance(task, Choice | Choices) for task in reading.project.tasks):
        named = labelled(reading, item, labels=[label], priority=priority)
        return replace(named, suggestions=(*made, *named.suggestions))
    return Record(item, made, None, priority)


def _first(reading: Reading, kind: type[Task]) -> Task | None:
    return next((task for task in reading.project.tasks if isinstance(task, kind)), None)


def _seconds(line: Mapping[str, Any], name: str) -> float | None:
    value = line.get(name)
    if value is None or value == "":
        return None
    try:
        seconds = float(value)
    except (TypeError, ValueError):
        raise Bad(name, f"must be seconds, not {json.dumps(value)[:40]}") from None
    if not 0 <= seconds < 10**7 or isinstance(value, bool):
        raise Bad(name, f"must be seconds from 0 on, not {value}")
    return seconds


def _item(
    reading: Reading,
    key: str | None,
    path: str,
    offset: float | None,
    duration: float | None,
    meta: Mapping[str, Any],
    given: str = "",
) -> Item:
    file = _found(reading, path)
    try:
        facts, hash = _known(file, file.stat().st_mtime_ns)
    except InputError as error:
        raise Bad("audio" if not given else "", str(error).removeprefix(f"{visible(str(file))}: ")) from error
    except OSError as error:
        raise Bad("audio" if not given else "", f"{path}: {error.strerror}") from error
    start = offset or 0.0
    if start >= facts.seconds:
        raise Bad("offset", f"{start:g} s lies beyond the end of {path} ({facts.seconds:.2f} s)")
    length = facts.seconds - start if duration is None else duration
    if start + length > facts.seconds + SLACK_S:
        raise Bad("duration", f"{start:g} + {length:g} s is more than {path} has ({facts.seconds:.2f} s)")
    length = min(length, facts.seconds - start)
    if length <= 0:
        raise Bad("duration", "is 0 seconds")
    sound = Sound(_kept_path(reading, file), round(length, 6), start, facts.rate, facts.channels, hash)
    if key is None:
        content = content_key("", sound=sound)
        number = reading.occurrences[content] = reading.occurrences.get(content, 0) + 1
        reading.twins += number > 1
        key = content_key("", (), number, sound)
    if not key.strip():
        raise Bad("item", "is an empty id; leave it out or give one")
    return Item(key, "", (), dict(meta), sound)


@lru_cache(4096)
def _known(file: Path, changed: int) -> tuple[Facts, str]:
    """A file's facts and hash: a manifest may take many stretches of one recording."""
    from tui_label.sound import media

    return media.probe(file), media.fingerprint(file)


def _found(reading: Reading, path: str) -> Path:
    """A path of a manifest is relative to the manifest, or to the project's folder."""
    given = Path(path)
    if given.is_absolute():
        return given
    beside = reading.path.parent / given
    for place in (beside, reading.project.folder / given):
        if place.exists():
            return place
    folder = reading.path.parent
    names = [one.name for one in (folder / given).parent.iterdir()] if (folder / given).parent.is_dir() else []
    near = difflib.get_close_matches(given.name, names, 1)
    raise Bad("audio", f"{visible(path)}: no such file" + (f"; did you mean {visible(near[0])}?" if near else ""))


def _kept_path(reading: Reading, file: Path) -> str:
    """Relative to the project's folder where it lies in it, or was given relative to here."""
    folder, file = reading.project.folder.absolute(), Path(os.path.normpath(file.absolute()))
    if file.is_relative_to(folder):
        return file.relative_to(folder).as_posix()
    if reading.path.is_absolute():
        return str(file)
    return Path(os.path.relpath(file, folder)).as_posix()
