"""Answers to a file that is there whole or not at all, into a folder, or to an open stream."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TextIO

from tui_label.core.annotation import Annotation
from tui_label.core.item import Item
from tui_label.core.project import OWN, Project
from tui_label.core.tasks import of_another_type
from tui_label.errors import UsageError
from tui_label.formats import Format
from tui_label.formats.outgoing import Dropped, Rows, count
from tui_label.formats.settled import SettledAnswer
from tui_label.formats.source import packed
from tui_label.whole import growing, led_to

EVERY = 5000
OURS = "jsonl"
"""The format that carries everything."""


@dataclass(frozen=True, slots=True)
class Written:
    """What is in the file now, and what is not."""

    format: str
    count: int
    thing: str
    """What `count` counts: an answer, or a file."""
    dropped: Mapping[str, int] = field(default_factory=dict)
    """What the format cannot carry, in words, and how much of it there was."""
    stayed: int = 0
    """Files that were in the folder before, and are as they were."""
    undecided: Mapping[str, int] = field(default_factory=dict)
    """Of settled answers: what was left open or came early, in words that a number stands before, and how often."""


def counted(rows: Rows, progress: Callable[[int], None]) -> Iterator[tuple[Item, Annotation]]:
    """The rows; `progress` is told now and then, and at the end, how many they were."""
    number = 0
    for number, row in enumerate(rows, 1):
        yield row
        if number % EVERY == 0:
            progress(number)
    progress(number)


def refuse_unwritable(format: Format, output: Path | TextIO, *needed: Path) -> None:
    """Raises UsageError, before anything is opened or read; files that are `needed` are not to be written over."""
    if format.write is None and format.write_folder is None:
        raise UsageError(f"{format.name} can only be read; `tui-label formats` says what can be written")
    if format.write is None and not isinstance(output, Path):
        raise UsageError(f"{format.name} is more than one file: name a folder for them")
    if format.write is not None and isinstance(output, Path) and output.is_dir():
        raise UsageError(f"{output}: is a folder, and {format.name} is one file; name one in it")
    if isinstance(output, Path):
        _refuse_needed(output, needed)


def _refuse_needed(output: Path, needed: Iterable[Path]) -> None:
    if not {output.name, led_to(output).name}.isdisjoint(OWN):
        raise UsageError(f"{output}: is a project's own file; choose another name")
    if output.exists() and any(one.exists() and output.samefile(one) for one in needed):
        raise UsageError(f"{output}: is read here, and would be lost; choose another name")


def _files(folder: Path) -> set[tuple[Path, int, int]]:
    """The files of a folder as they are now."""
    found = ((path, path.stat()) for path in folder.rglob("*") if path.is_file())
    return {(path, stat.st_ino, stat.st_mtime_ns) for path, stat in found}


def _asked_today(rows: Rows, project: Project, dropped: Dropped) -> Iterator[tuple[Item, Annotation]]:
    """Without answers to what was another type of question then, or is no question any more."""
    asked = {task.id for task in project.tasks}
    for item, said in rows:
        gone, other = said.answers.keys() - asked, of_another_type(project.tasks, said.answers)
        for id in gone:
            count(dropped, f"answers to {id}", said.answers[id] is not None)
        count(dropped, "answers to questions that were of another type", len(other))
        if gone or other:
            left = {id: value for id, value in said.answers.items() if id not in gone | other}
            said = replace(said, answers=left)
        yield item, said


def _unexplained(rows: Rows, dropped: Dropped) -> Iterator[tuple[Item, Annotation]]:
    """The rows; counts those that say how they were settled."""
    for item, said in rows:
        count(dropped, "how items were settled, and from what answers", isinstance(said, SettledAnswer))
        yield item, said


def write(
    format: Format,
    rows: Rows,
    output: Path | TextIO,
    project: Project,
    dropped: Dropped,
) -> Written:
    """Counts in `dropped`, which `rows` may count in as well."""
    refuse_unwritable(format, output)
    if format.name != OURS:
        rows = _asked_today(rows, project, dropped)
        if not format.settled_only:
            rows = _unexplained(rows, dropped)
    if format.write is None:
        assert format.write_folder is not None and isinstance(output, Path)
        before = _files(output)
        written = format.write_folder(rows, output, project, dropped)
        return Written(format.name, written, format.counts, dropped, len(before & _files(output)))
    if not isinstance(output, Path):
        return Written(format.name, format.write(rows, output, project, dropped), "answer", dropped)
    with (
        growing(output) as partial,
        io.TextIOWrapper(packed(partial, output.suffix.lower()), encoding="utf-8", newline="") as out,
    ):
        written = format.write(rows, out, project, dropped)
    return Written(format.name, written, "answer", dropped)
