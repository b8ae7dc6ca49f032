"""Whether a project is well, a copy of it, and what can be saved of a damaged one: check, backup, repair."""

from __future__ import annotations

import argparse
import contextlib
import shutil
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from tui_label.cli.project import command, folder, sound
from tui_label.core.text import visible
from tui_label.errors import ConfigError, LabelError, StoreRefused

if TYPE_CHECKING:
    from tui_label.cli.project import Commands
    from tui_label.store.salvage import Salvage

Finding = tuple[bool, str]


def register(commands: Commands) -> None:
    check = command(commands, "check", "project.yaml, database, terminal: what works, what to do", _check)
    check.add_argument(
        "dir", type=Path, metavar="DIR", nargs="?", help="a project; without one, the terminal and the sound"
    )
    sound(check)
    backup = command(commands, "backup", "a copy of the project without its sounds, while people work", _backup)
    folder(backup)
    backup.add_argument(
        "--to", type=Path, metavar="FOLDER", help="a new folder; beside DIR, named by the time, if not given"
    )
    repair = command(
        commands, "repair", "save what a damaged database still has, count anew what is counted wrong", _repair
    )
    folder(repair)


def _check(options: argparse.Namespace) -> int:
    from tui_label import reports

    found = reports.terminal_check()
    hears = options.dir is None
    if options.dir is not None:
        of_project, hears = _check_project(options.dir)
        found += of_project
    if hears:
        found += reports.sound_check(options.sound)
    for good, words in found:
        print(f"{'ok ' if good else 'NO '} {visible(words)}")
    return 0 if all(good for good, _ in found) else 1


def _check_project(folder: Path) -> tuple[list[Finding], bool]:
    """What is said of a project, and whether it has sounds.  A damaged database is not opened."""
    from tui_label import Project, config, reports, seal, sharing
    from tui_label.store import health, repair

    found: list[Finding] = []
    hears = False
    try:
        project = config.load(folder)
        hears = project.items == "sound"
        found.append((True, "project.yaml: asks for " + ", ".join(task.id for task in project.tasks)))
        found += [(True, f"project.yaml: {words}") for words in config.warnings(project)]
        if closed := health.permissions(project.database):
            return [*found, *closed], hears
        if project.database.exists() and (damage := repair.damage(project.database)):
            mend = f"let everybody leave, then `tui-label repair {folder}` saves what can be read"
            return [*found, *((False, f"{words}; {mend}") for words in damage)], hears
        with Project.open(folder) as opened:
            found += opened.store.check()
            shared = sharing.is_shared(project)
            found += sharing.check(project) if shared else []
            with contextlib.suppress(StoreRefused):
                found += reports.project_check(project, opened.store)
                found += seal.check(project.folder, opened.store) if shared else []
    except LabelError as error:
        found += [(False, problem) for problem in error.problems]
    return found, hears


def _backup(options: argparse.Namespace) -> int:
    from tui_label import config, opening
    from tui_label.store.sql import SqlStore

    source: Path = options.dir
    target: Path = options.to or source.resolve().with_name(f"{source.resolve().name}-{datetime.now():%Y%m%d-%H%M%S}")
    if target.exists():
        raise LabelError(f"{target}: is there already; choose a folder that is not")
    try:
        project = config.load(source)
        store, guidelines = opening.again(project), project.guidelines_path
    except ConfigError:
        # What is wrong with project.yaml is no reason to lose the answers
        store, guidelines = SqlStore(source / "project.db"), source / "guidelines.md"
    growing = target.with_name(f".{target.name}.part")
    shutil.rmtree(growing, ignore_errors=True)
    try:
        growing.mkdir(mode=0o700, parents=True)
        for path in (source / "project.yaml", guidelines):
            if path.is_file():
                shutil.copy2(path, growing / path.name)
        store.backup(str(growing / "project.db"))
        growing.rename(target)
    finally:
        shutil.rmtree(growing, ignore_errors=True)
        store.close()
    print(f"{target}: project.yaml, guidelines and database, checked; sounds are not in it")
    return 0


def _repair(options: argparse.Namespace) -> int:
    from tui_label import config
    from tui_label.core.differences import disagreement
    from tui_label.identity import at_work
    from tui_label.store import permits, repair

    project = config.load(options.dir)
    permits.require("backup", at_work(project.roles), project.roles)
    judge = partial(disagreement, project.tasks)
    damage = repair.damage(project.database)
    if damage:
        for words in damage:
            print(visible(words))
        salvage, kept = repair.repair(project.database, judge)
        print("\n".join(visible(words) for words in _salvage_lines(salvage)))
    else:
        wrong, kept = repair.recount(project.database, judge)
        if not wrong:
            raise LabelError(f"{project.database}: nothing is wrong with it, nothing was done")
        print("\n".join(f"{words}: counted anew" for words in wrong))
    print(f"{kept}: the database as it was; when all is well, delete it")
    return 0


def _salvage_lines(salvage: Salvage) -> list[str]:
    found = [f"{'':<16}{'rows saved':>12}{'known lost':>12}"]
    for name, (saved, lost) in salvage.tables.items():
        if saved or lost:
            found.append(f"  {name:<14}{saved:>12,}{lost:>12,}")
    if salvage.pages:
        found.append(
            f"{salvage.pages:,} pages of the file could not be read; what stood on them is not in these numbers"
        )
    for name, count in salvage.people.items():
        found.append(f"{name}: {count:,} saves are lost; those items come again")
    if salvage.untold:
        found.append(f"{salvage.untold:,} items have answers and no text any more; nobody is asked about them")
    return [*found, "items that are lost come back with `tui-label add` of the files they came from"]
