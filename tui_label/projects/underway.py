"""A move that has begun: noted in the project's folder, so that one that was cut off is not taken for a project.

Who moves holds a lock on the note, which a process that is killed lets go of.  The note goes when all is in one
place again, there or here.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tui_label.core.project import Project, Server
from tui_label.core.text import visible
from tui_label.errors import LabelError, StoreError

NAME = ".move"


class Note:
    """What a move says of itself, held open while it lasts."""

    def __init__(self, file: int) -> None:
        self._file = file

    def cut_off(self, project: Project) -> Path | Server | None:
        """Where the move before was to go, if it ended in the middle."""
        said = _said(os.pread(self._file, 1 << 16, 0))
        if not _is_open(said, project):
            return None
        return Server(*said["server"]) if said["server"] else project.database

    def write(self, to: str, there: Project) -> None:
        """`to`: as it was asked for."""
        self.clear()
        os.pwrite(self._file, json.dumps({"to": to, "server": _server(there)}).encode(), 0)
        os.fsync(self._file)

    def clear(self) -> None:
        os.ftruncate(self._file, 0)


@contextlib.contextmanager
def note(folder: Path) -> Iterator[Note]:
    """The folder's, for one at a time."""
    path = folder / NAME
    try:
        file = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    except OSError as error:
        raise LabelError(f"{path}: {error.strerror}; who moves a project must be able to write its folder") from error
    try:
        # Whoever came a moment too late has a lock on a note that is gone
        if not _locked(file, fcntl.LOCK_EX) or not os.fstat(file).st_nlink:
            raise LabelError(f"{folder}: somebody moves it at this moment; wait for that")
        try:
            yield Note(file)
        finally:
            if not os.fstat(file).st_size:
                path.unlink(missing_ok=True)
    finally:
        os.close(file)


def problem(project: Project) -> str:
    """What a move left in the middle, and what to do; empty: nothing."""
    path = project.folder / NAME
    try:
        file = os.open(path, os.O_RDONLY)
    except OSError:
        return ""
    try:
        said = _said(os.pread(file, 1 << 16, 0))
        if not _is_open(said, project):
            return ""
        again = visible(shlex.join(["tui-label", "move", str(project.folder), "--to", said["to"]]))
        if not _locked(file, fcntl.LOCK_SH):
            return f"{project.store}: is being moved at this moment (`{again}`); start again when that is done"
        return f"{project.store}: a move was cut off; `{again}` again finishes it, no answer is lost"
    finally:
        os.close(file)


def refuse(project: Project) -> None:
    """Nobody works where a move has closed the project; raises StoreError."""
    closed = project.server is not None or not project.database.exists()
    if closed and (words := problem(project)):
        raise StoreError(words)


def _locked(file: int, how: int) -> bool:
    try:
        fcntl.flock(file, how | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _said(text: bytes) -> dict[str, Any]:
    """Empty where it had nothing to say yet."""
    with contextlib.suppress(ValueError):
        said = json.loads(text)
        if isinstance(said, dict) and isinstance(said.get("to"), str):
            return said
    return {}


def _is_open(said: dict[str, Any], project: Project) -> bool:
    """Whether project.yaml does not name the new place yet: it does last of all."""
    return bool(said) and said.get("server") != _server(project)


def _server(project: Project) -> list[str] | None:
    return [project.server.url, project.server.schema] if project.server is not None else None
