"""A project's health: whether it is well, a copy of it, what can be saved of a damaged one.

All work on its folder, because what is damaged cannot be opened.
"""

from __future__ import annotations

import contextlib
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from uuid import uuid4

from tui_label import config
from tui_label.core.project import GUIDELINES, Project, Server
from tui_label.core.timing import DAY_MS
from tui_label.errors import ConfigError, LabelError, StoreRefused, typed
from tui_label.projects import checks, moving, opening, seal, sharing, underway
from tui_label.projects.identity import at_work
from tui_label.store import permits
from tui_label.store.base import Finding
from tui_label.store.sql import Place, SqlStore
from tui_label.store.sqlite import repair as mending
from tui_label.store.sqlite.salvage import Salvage
from tui_label.whole import refusing

GROWING = ".backup-"
"""In the name of the hidden folder that becomes a backup."""
DEAD_S = 2 * DAY_MS / 1000


@dataclass(frozen=True, slots=True)
class Repaired:
    """What was mended."""

    wrong: list[str]
    """What was damaged, or counted wrong."""
    salvage: Salvage | None
    """What could be read of a damaged database; None where only counts were wrong."""
    kept: Path
    """The database as it was."""


def check(folder: str | Path) -> list[Finding]:
    """What works and what does not.  A damaged database is not opened.

    >>> from tui_label import check
    >>> check(folder)[0]
    (True, 'project.yaml: asks for mood')
    """
    return list(findings(folder))


def findings(folder: str | Path) -> Iterator[Finding]:
    """What `check` finds, as it goes: about a minute for each gigabyte."""
    cut_off = ""
    try:
        project = config.load(Path(folder))
        yield True, "project.yaml: asks for " + ", ".join(task.id for task in project.tasks)
        yield from ((True, f"project.yaml: {words}") for words in config.warnings(project))
        if cut_off := underway.problem(project):
            yield False, cut_off
        in_file = project.server is None
        if in_file and (closed := sharing.closed(project.database)):
            yield from closed
            return
        if in_file:
            seal.refuse_loss(project.database)
        if in_file and project.database.exists() and (damage := mending.damage(project.database)):
            mend = f"let everybody leave, then `tui-label repair {typed(folder)}` saves what can be read"
            yield from ((False, f"{words}; {mend}") for words in damage)
            return
        store, _ = opening.open_store(project)
        with contextlib.closing(store):
            yield from store.check()
            shared = in_file and sharing.is_shared(project)
            yield from sharing.check(project) if shared else []
            with contextlib.suppress(StoreRefused):
                yield from store.admit(opening.people(project))
            with contextlib.suppress(StoreRefused):
                yield from checks.project_check(project, store)
                yield from seal.check(project.folder, store) if shared else []
    except LabelError as error:
        yield from ((False, problem) for problem in error.problems if problem != cut_off)


def backup(folder: str | Path, to: str | Path | None = None) -> Path:
    """A copy without its sounds, while people work: a new folder, beside it and named by the time if not given.

    >>> from tui_label import backup
    >>> sorted(path.name for path in backup(folder, folder.parent / "copy").iterdir())
    ['project.db', 'project.yaml']
    """
    source = Path(folder)
    named = f"{source.resolve().name}-{datetime.now():%Y%m%d-%H%M%S}"
    target = Path(to) if to else source.resolve().with_name(named)
    if target.exists():
        raise LabelError(f"{target}: is there already; choose a folder that is not")
    project, place = _project_and_place(source)
    if isinstance(place, Path):
        seal.refuse_loss(place)
    store = SqlStore(place)
    # Of its own: somebody else may make one of the same name at this moment
    growing = target.with_name(f".{target.name}{GROWING}{uuid4().hex[:8]}")
    try:
        with refusing(target, growing):
            _remove_dead(target.parent)
            growing.mkdir(mode=0o700, parents=True)
            _copy_files(source, project, growing)
            if isinstance(place, Server):
                # The copy is a project of its own, in a file
                text = moving.placed(project, "").source if project else moving.without_store(_text(source))
                (growing / config.FILE).write_text(text, encoding="utf-8")
            _copy(store, growing / "project.db", target / "project.db")
            growing.rename(target)
    finally:
        shutil.rmtree(growing, ignore_errors=True)
        store.close()
    return target


def _project_and_place(folder: Path) -> tuple[Project | None, Place]:
    """The project, None where project.yaml has mistakes: they are no reason to lose the answers; and where these are."""
    try:
        project = config.load(folder)
    except ConfigError as error:
        return None, _place_of(folder, error)
    permits.require("backup", at_work(project.roles), project.roles)
    return project, project.store


def _copy_files(source: Path, project: Project | None, growing: Path) -> None:
    for path in (source / config.FILE, project.guidelines_path if project else source / GUIDELINES):
        if path.is_file():
            copied = growing / (path.relative_to(source) if path.is_relative_to(source) else path.name)
            copied.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(path, copied)


def _remove_dead(folder: Path) -> None:
    """What is left there of backups that were killed: none takes days."""
    for path in folder.glob(f".*{GROWING}????????"):
        with contextlib.suppress(OSError):
            if time.time() - path.stat().st_mtime > DEAD_S:
                shutil.rmtree(path, ignore_errors=True)


def _copy(store: SqlStore, growing: Path, target: Path) -> None:
    """The database; what goes wrong is said of the name that it is to have."""
    try:
        store.backup(str(growing))
    except LabelError as error:
        raise type(error)(*(words.replace(str(growing), str(target)) for words in error.problems)) from error


def _place_of(folder: Path, error: ConfigError) -> Place:
    """Where the answers are kept by a project.yaml with mistakes; raises `error` where nothing tells."""
    try:
        server = config.server_of(_text(folder))
    except OSError:
        server = None
    except ConfigError:
        raise error from None
    if server is None and not (folder / "project.db").exists():
        raise error
    return server or folder / "project.db"


def _text(folder: Path) -> str:
    return config.content(folder / config.FILE).decode("utf-8-sig", errors="replace")


def repair(folder: str | Path) -> Repaired:
    """Save what a damaged database still has, count anew what is counted wrong; LabelError where nothing is.

    Nobody may be at work.
    """
    project = config.load(Path(folder))
    permits.require("backup", at_work(project.roles), project.roles, "repair the database")
    if project.server is not None:
        raise LabelError(f"{project.server}: repair is for project.db; a server is mended by who runs it")
    seal.refuse_loss(project.database)
    judge = opening.judge(project)
    if damage := mending.damage(project.database):
        salvage, kept = mending.repair(project.database, judge)
        return Repaired(damage, salvage, kept)
    wrong, kept = mending.recount(project.database, judge)
    if not wrong:
        raise LabelError(f"{project.database}: nothing is wrong with it, nothing was done")
    return Repaired(wrong, None, kept)
