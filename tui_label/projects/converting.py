"""From one format to another, without a project."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, TextIO

from tui_label import config, formats
from tui_label.core.annotation import Annotation
from tui_label.core.item import Item
from tui_label.core.project import Project
from tui_label.errors import UsageError
from tui_label.formats import BadLine, BadLines, Format, Reading, recognition
from tui_label.formats.offered import offer
from tui_label.formats.writing import Written, counted, refuse_unwritable, write
from tui_label.projects.bringing import SILENT, FileRead, Watch, here, refuse_page
from tui_label.projects.inference import with_tasks
from tui_label.sound.kinds import is_url
from tui_label.store.staging import Counts
from tui_label.whole import led_to

SOMEBODY = "input"
"""Whose answers the labels are where the file does not say."""


def convert(
    source: str | Path,
    target: str | Path | TextIO,
    *,
    from_: str = "",
    to: str = "",
    encoding: str | None = None,
    tasks: str | Path | None = None,
    annotator: str = "",
    skip_bad: bool = False,
    watch: Watch = SILENT,
) -> Written:
    """What a file, a folder or a file at a URL says, written to another one, or to an open stream (name its format with `to`).

    Formats are those of `tui-label formats`, by the names of the files where they are not given.  Tasks and
    labels are found in the file, or are those of a project.yaml, or of its folder.
    """
    target = Path(target) if isinstance(target, str) else target
    url = source if isinstance(source, str) and is_url(source) else ""
    with here(url or Path(source), watch) as path:
        if url and not from_:
            refuse_page(path, "--from")
        wanted = formats.find(from_) if from_ else None
        paths = recognition.expanded(path, wanted)
        reads = wanted or recognition.recognise(paths[0], encoding)
        writes = _writing(to, target, path, *paths)
        if isinstance(target, Path) and writes.write is None:
            _refuse_among(target, [one for one in paths if reads is writes or one.suffix.lower() in writes.suffixes])
        reading = _reading(path, paths, reads, Path(tasks) if tasks else None, encoding, annotator, url)
        bad = BadLines(skip_bad, watch.left_out, "written")
        if not isinstance(target, Path) and not skip_bad:
            # What has gone out cannot be taken back
            _refuse_bad(_again(reading), paths, reads, bad)
        records = 0

        def tell(count: int) -> None:
            nonlocal records
            records = count
            watch.reading(path, count)

        rows = counted(_rows(reading, paths, reads, writes, bad), tell)
        written = write(writes, rows, target, reading.project, {})
        reading.path = path
        watch.read(FileRead(reading, reads.name, records, records, 1))
        return written


def _reading(
    path: Path, paths: list[Path], reads: Format, tasks: Path | None, encoding: str | None, annotator: str, url: str
) -> Reading:
    """For the project that is given, or for one with the tasks that are found in the files."""
    project = _given(tasks) if tasks else Project(path if path.is_dir() else path.parent, path.stem, ())
    folder = None if url else path
    reading = Reading(paths[0], project, encoding, annotator or SOMEBODY, url=url, folder=folder, occurrences=Counts())
    if path.is_fifo() or path == formats.STANDARD:
        # It is put aside here, and all readings share it
        reading.open().close()
    return reading if tasks else _again(reading, project=with_tasks(reading, paths, reads))


def _writing(to: str, target: Path | TextIO, *sources: Path) -> Format:
    name = target if isinstance(target, Path) else formats.STANDARD
    writes = formats.find(to) if to else recognition.for_writing(name)
    if writes.settled_only:
        raise UsageError(f"{writes.name} cannot be written from a file; `tui-label formats` says what can")
    refuse_unwritable(writes, target, *sources)
    return writes


def _refuse_among(folder: Path, paths: list[Path]) -> None:
    """Raises UsageError where a file that is read might be among those that are written into a folder."""
    for one in paths:
        if led_to(one).is_relative_to(led_to(folder)):
            raise UsageError(f"{one}: is read here, and might be written over in {folder}; name another folder")


def _given(tasks: Path) -> Project:
    """The project of a folder or of its project.yaml."""
    return config.load(tasks.parent if tasks.is_file() else tasks)


def _again(reading: Reading, **changed: Any) -> Reading:
    """The reading as if nothing was read yet."""
    fresh: dict[str, Any] = {
        "occurrences": Counts(), "known": Counts(), "unknown": {}, "reasons": {}, "left_out": {},
    }  # fmt: skip
    return replace(reading, **fresh, **changed)


def _refuse_bad(reading: Reading, paths: list[Path], reads: Format, bad: BadLines) -> None:
    for one in formats.read_each(reading, paths, reads):
        if isinstance(one, BadLine):
            bad.take(one)
    bad.refuse()


def _rows(
    reading: Reading, paths: list[Path], reads: Format, writes: Format, bad: BadLines
) -> Iterator[tuple[Item, Annotation]]:
    """What the files say, as answers; an item without one comes with nothing answered."""
    for one in formats.read_each(reading, paths, reads):
        if isinstance(one, BadLine):
            bad.take(one)
            continue
        if one.suggestions:
            yield one.item, offer(one.suggestions)
            if one.annotation is None and writes.has_suggestions:
                continue
        yield one.item, one.annotation or Annotation(reading.answers_of)
    bad.refuse()
