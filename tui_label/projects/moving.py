"""A project's items and answers to another place; project.yaml names it last."""

from __future__ import annotations

import re
import shutil
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

import yaml

from tui_label import config
from tui_label.core.project import Project
from tui_label.core.text import visible
from tui_label.errors import ConfigError, LabelError
from tui_label.projects import underway
from tui_label.projects.identity import at_work
from tui_label.store import copying, permits
from tui_label.store.sql import connected
from tui_label.whole import sync, write_own

SQLITE = "sqlite"


@dataclass(frozen=True, slots=True)
class Moved:
    place: str
    rows: dict[str, int]
    """By table; each was read back and compared."""
    old: str
    """Where all of it is still kept, closed for writing."""
    delete: str = ""
    """What a server is told to delete that."""


def move(folder: str | Path, to: str) -> Moved:
    """To a PostgreSQL server's URL, or back to project.db with `sqlite`; people have to leave and start again.

    Nobody can save meanwhile.  Where anything goes wrong, all is as it was.  What is left of a move that was cut off
    (its process was killed, the server went away) is undone first: the same again finishes it.
    """
    project = config.load(Path(folder))
    permits.require("backup", at_work(project.roles), project.roles, "move the project")
    if to != SQLITE and not re.match("postgres(ql)?://[^/]*/.", to):
        raise LabelError(f"--to {visible(to)}: must be {SQLITE} or postgresql://USER@HOST/DATABASE")
    there = placed(project, "" if to == SQLITE else to)
    try:
        return _moved(project, to, there)
    except OSError as error:
        # Of a disk that is full the system names no file
        raise LabelError(
            f"{error.filename or project.folder}: {error.strerror}; mend that and move it again, no answer is lost"
        ) from error


def _moved(project: Project, to: str, there: Project) -> Moved:
    with underway.note(project.folder) as note:
        if (before := note.cut_off(project)) is not None:
            copying.undo(project.store, before)
        note.clear()
        if there.store == project.store:
            raise LabelError(f"{project.store}: the project is there already")
        copying.refuse_taken(there.store)
        note.write(to, there)
        try:
            with closing(connected(project.store, create=False)) as old:
                rows, kept = copying.move(old, there.store, lambda: _write(there))
        except BaseException:
            # What can't be undone now is by the next move: the note says so
            if (project.folder / config.FILE).read_text(encoding="utf-8") != project.source:
                _write(project)
            copying.undo(project.store, there.store)
            note.clear()
            raise
        note.clear()
        return Moved(str(there.store), rows, kept, copying.room_for(project.store))


def placed(project: Project, url: str) -> Project:
    """The project with `store` in its project.yaml, or without it where `url` is empty; all else is as it was written."""
    text = without_store(project.source)
    if url:
        text = f"{text.rstrip()}\nstore: {url}\n"
    try:
        found = config.parse(text, project.folder)
    except ConfigError as error:
        if wrong := re.match(r"project\.yaml:\d+: store: (.*)", error.problems[0]):
            # Nobody has written that line
            raise LabelError(f"--to {visible(url)}: {wrong[1]}") from error
        raise
    if replace(found, server=None, source="") != replace(project, server=None, source="") or bool(url) != bool(
        found.server
    ):
        raise ConfigError("project.yaml: `store` could not be written into it; write one key a line at its top level")
    return found


def without_store(text: str) -> str:
    """A project.yaml's text, all else as it was written."""
    root = yaml.compose(text, Loader=yaml.SafeLoader)
    assert isinstance(root, yaml.MappingNode)
    for key, value in root.value:
        if key.value == "store":
            start, end = key.start_mark.index, value.end_mark.index
            return text[:start] + re.sub(r"^[^\n]*\n?", "", text[end:], count=1)
    return text


def _write(project: Project) -> None:
    """In one step, with the rights it had."""
    path = project.folder / config.FILE
    growing = path.with_name(f".{path.name}.part")
    try:
        write_own(growing, project.source)
        shutil.copymode(path, growing)
        growing.replace(path)
    finally:
        growing.unlink(missing_ok=True)
    sync(project.folder)
