"""Labels that lie apart from their sounds: which recording a file or a line of it means, and a record made of both.

A recording is named as sound files are, with or without the ending, white space
written as `_` or as it is.  It is looked for beside the file of labels, then in
the project's folder and those in it.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from decimal import Context, Decimal
from pathlib import Path
from typing import Any

from tui_label.core.annotation import Annotation
from tui_label.core.item import Item, Suggestion
from tui_label.core.record import Record
from tui_label.core.tasks import Segment, Segments, Task, Text
from tui_label.core.text import visible
from tui_label.errors import InputError
from tui_label.formats import sounds
from tui_label.formats.making import Bad, author, check_answers, finished
from tui_label.formats.outgoing import spelled
from tui_label.formats.source import BadLine, Reading, bare, check, decoder, lines
from tui_label.sound.kinds import is_sound, is_url

NUMBER = re.compile(r"[0-9]{1,12}(\.[0-9]{0,30})?([eE][-+]?[0-9]{1,2})?|\.[0-9]{1,30}")
EXACT = Context(prec=80)
"""Decimal places that sums of times keep: more than a float has."""
OVERSHOOT_S = 0.05
"""How far a segment may run past the end of its sound, from rounding; it is cut there."""
ROUNDING_S = 0.001
"""Less than this beyond the end is no piece of anything: times are kept in milliseconds."""
BOMS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))


class Recordings:
    """The sounds that the labels of one file may be about."""

    def __init__(self, reading: Reading) -> None:
        if reading.project.items != "sound":
            raise InputError(
                f"{visible(str(reading.path))}: labels of sounds, but the project's items are {reading.project.items}"
            )
        self._reading = reading
        self._folders: dict[Path, dict[str, list[Path]]] = {}
        self._project: dict[str, list[Path]] | None = None

    def beside(self, stem: str = "") -> str:
        """The recording of a file that does not say which one it means."""
        stem = stem or bare(self._reading.path).stem
        return self.named(stem, f"no recording named {stem} lies beside it, or in the project's folder")

    def named(self, name: str, lack: str = "") -> str:
        """The path of a recording, for a line of a manifest; raises Bad where none or several are meant."""
        if is_url(name):
            return name
        parent = self._reading.path.parent
        try:
            place = parent / name
            if place.is_file():
                return name
            found = self._folder(place.parent).get(spelled(place.name), [])
        except (OSError, ValueError) as error:
            raise Bad("audio", f"{name}: {getattr(error, 'strerror', None) or 'no path'}") from error
        if found:
            chosen = _one_of(name, found)
            return str(chosen.relative_to(parent)) if chosen.is_relative_to(parent) else str(chosen)
        found = self._within().get(spelled(name)) or self._within().get(spelled(Path(name).name)) or []
        if not found:
            raise Bad("audio", lack or f"no recording named {name} lies beside it, or in the project's folder")
        return str(_one_of(name, found).absolute())

    def _folder(self, folder: Path) -> dict[str, list[Path]]:
        """The sounds of a folder, by name with and without the ending."""
        if folder not in self._folders:
            paths = sorted(one for one in folder.iterdir() if is_sound(one)) if folder.is_dir() else []
            self._folders[folder] = _by_name(paths, folder)
        return self._folders[folder]

    def _within(self) -> dict[str, list[Path]]:
        if self._project is None:
            folder = self._reading.project.folder
            self._project = _by_name(sorted(one for one in folder.rglob("*") if is_sound(one)), folder)
        return self._project


def _by_name(paths: Iterable[Path], folder: Path) -> dict[str, list[Path]]:
    found: dict[str, list[Path]] = {}
    for path in paths:
        below = path.relative_to(folder)
        for name in {path.name, path.stem, below.as_posix(), below.with_suffix("").as_posix()}:
            found.setdefault(spelled(name), []).append(path)
    return found


def _one_of(name: str, found: list[Path]) -> Path:
    if len(found) > 1:
        raise Bad("audio", f"{name} may be {found[0]} or {found[1]}")
    return found[0]


# what a file says


def decoded(reading: Reading) -> str:
    """The whole text, line ends as they are; by its byte order mark where no encoding is given."""
    with reading.open() as file:
        data = file.read()
    encoding = reading.encoding or next((name for mark, name in BOMS if data.startswith(mark)), None)
    check(reading, encoding)
    try:
        return decoder(encoding or "utf-8").decode(data, True).removeprefix("\ufeff")
    except UnicodeError as error:
        start = getattr(error, "start", 0)
        place = f"{visible(str(reading.path))}:{data[:start].count(10) + 1}"
        raise InputError(
            f"{place}: not {encoding or 'UTF-8'} at byte {start}; give --encoding if it is another"
        ) from error


def lines_with_ends(reading: Reading) -> Iterator[tuple[int, str, str] | BadLine]:
    """`(number, line, end)`; all ends are as the first, but that of the last line, which may have none."""
    with reading.open() as file:
        last = file.readline(2**20)
        end = "\r\n" if last.endswith(b"\r\n") else "\n"
        while block := file.read(2**20):
            last = block
    is_open = not last.endswith((b"\n", b"\r"))
    before: tuple[int, str] | BadLine | None = None
    for line in lines(reading):
        if before is not None:
            yield before if isinstance(before, BadLine) else (*before, end)
        before = line
    if before is not None:
        yield before if isinstance(before, BadLine) else (*before, "" if is_open else end)


def moment(field: str, text: str) -> Decimal:
    """Seconds, exactly as written; raises Bad."""
    if not NUMBER.fullmatch(text) or not (seconds := Decimal(text)) < 10**7:
        raise Bad(field, f"must be seconds from 0 on, not {text[:40]!r}")
    return seconds


def after(start: Decimal, duration: Decimal) -> float:
    """The end of a stretch in seconds."""
    return float(EXACT.add(start, duration))


def says_text(task: Segments | None) -> bool:
    """Whether the one string that a format has for a segment is its transcript; else it is its label."""
    return task is None or task.transcript is not None or not task.labels


def labelled_sound(
    reading: Reading,
    recording: str,
    segments: Iterable[Segment] | None = None,
    text: str | None = None,
    *,
    key: str | None = None,
    meta: Mapping[str, Any] | None = None,
    stretch: tuple[float, float | None] | None = None,
) -> Record:
    """The recording, or a stretch (begin and length in seconds; None: to its end) of it, with what is said of it; raises Bad.

    That is a finished answer where it has an author; else suggestions, of which those
    that no task takes are kept as meta and counted.
    """
    line: dict[str, Any] = {"audio": recording}
    if stretch is not None:
        line |= {"offset": stretch[0], "duration": stretch[1]}
    item = sounds.record(reading, line, key, meta or {}, 0).item
    found: list[tuple[str, Task | None, Any]] = []
    if segments is not None:
        found.append(("segments", reading.project.first(Segments), _fitting(reading, item, segments)))
    if text is not None:
        found.append(("text", reading.project.first(Text), text))
    if annotator := author(reading):
        for kind, task, _ in found:
            if task is None:
                raise Bad(kind, f"the project has no {kind} task to take it")
        answers = {task.id: value for _, task, value in found if task is not None}
        check_answers(reading, item, answers)
        return finished(reading, Record(item, (), Annotation(annotator, answers=answers) if answers else None))
    return finished(reading, _suggested(reading, item, found))


def _suggested(reading: Reading, item: Item, found: list[tuple[str, Task | None, Any]]) -> Record:
    made = []
    for kind, task, value in found:
        if task is not None and value and not (problem := task.draft_problem(value, item)):
            made.append(Suggestion(task.id, value))
        elif value:
            problem = problem if task is not None else f"the project has no {kind} task to take it"
            if isinstance(task, Segments) and not _only_labels_are_unknown(task, value, item):
                raise Bad(kind, problem)
            reading.not_known(problem)
            item = replace(item, meta={**item.meta, kind: value})
    return Record(item, tuple(made))


def _only_labels_are_unknown(task: Segments, value: list[dict[str, Any]], item: Item) -> bool:
    return not task.draft_problem([{**one, "label": ""} for one in value], item)


def _fitting(reading: Reading, item: Item, segments: Iterable[Segment]) -> list[dict[str, Any]]:
    """Segments in the JSON shape, in order, their times as they came; ends just past the sound's are cut."""
    assert item.sound is not None
    last = item.sound.duration
    made = []
    for one in sorted(segments, key=lambda one: one.when):
        if last < one.end <= last + OVERSHOOT_S and one.start < last:
            if one.end - last > ROUNDING_S:
                reading.leave_out(f"pieces of at most {OVERSHOOT_S * 1000:.0f} ms beyond the end of a sound")
            one = replace(one, end=last)
        made.append({**one.record(), "start": one.start, "end": one.end})
    return made
