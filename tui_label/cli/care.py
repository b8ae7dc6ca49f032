"""Whether a project is well, a copy of it, and what can be saved of a damaged one: check, backup, repair."""

from __future__ import annotations

import argparse
import contextlib
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from tui_label.cli.project import Commands, command, folder, sound, sound_way
from tui_label.core.text import number_of, visible
from tui_label.errors import LabelError

if TYPE_CHECKING:
    from tui_label.store.sqlite.salvage import Salvage

LONG = 100_000_000
"""Bytes of a database from which on it is said that a look at all of it takes its time."""


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
    move = command(commands, "move", "items and answers to a PostgreSQL server, or back into project.db", _move)
    folder(move)
    move.add_argument("--to", required=True, metavar="PLACE", help="postgresql://USER@HOST/DATABASE, or sqlite")


def _check(options: argparse.Namespace) -> int:
    from tui_label import config
    from tui_label.projects import checks

    found = _said(checks.terminal_check())
    hears = options.dir is None
    if options.dir is not None:
        found += _project_said(options.dir)
        with contextlib.suppress(LabelError):
            hears = config.load(options.dir).items == "sound"
    if hears:
        found += _said(checks.sound_check(sound_way(options)))
    return 0 if all(found) else 1


def _said(findings: Iterable[tuple[bool, str]]) -> list[bool]:
    """Print each as soon as it is found; whether it was well."""
    found = []
    for good, words in findings:
        print(f"{'ok ' if good else 'NO '} {visible(words)}", flush=True)
        found.append(good)
    return found


def _project_said(folder: Path) -> list[bool]:
    from tui_label.projects import care

    database = folder / "project.db"
    if sys.stderr.isatty() and database.exists() and (size := database.stat().st_size) > LONG:
        words = f"reading all {size / 1e6:,.0f} MB of {database}: about a minute for each 1,000 MB"
        print(visible(words), file=sys.stderr, flush=True)
    return _said(care.findings(folder))


def _backup(options: argparse.Namespace) -> int:
    from tui_label import backup

    copy = backup(options.dir, options.to)
    names = ", ".join(sorted(visible(path.name) for path in copy.iterdir()))
    print(visible(f"{copy}: {names}, checked; sounds are not in it"))
    return 0


def _repair(options: argparse.Namespace) -> int:
    from tui_label import repair

    done = repair(options.dir)
    counted = "" if done.salvage else ": counted anew"
    lines = [f"{words}{counted}" for words in done.wrong] + (_salvage_lines(done.salvage) if done.salvage else [])
    print("\n".join(visible(words) for words in lines))
    print(visible(f"{done.kept}: the database as it was; when all is well, delete it"))
    return 0


def _salvage_lines(salvage: Salvage) -> list[str]:
    found = [f"{'':<16}{'rows saved':>12}{'known lost':>12}"]
    for name, (saved, lost) in salvage.tables.items():
        if saved or lost:
            found.append(f"  {name:<14}{saved:>12,}{lost:>12,}")
    if salvage.pages:
        found.append(
            f"unreadable: {number_of(salvage.pages, 'page')} of the file; what stood there is not in these numbers"
        )
    for name, count in salvage.people.items():
        found.append(f"{name}: {number_of(count, 'save')} lost; what they were about comes again")
    if salvage.untold:
        found.append(
            f"{number_of(salvage.untold, 'item')} with answers and no text any more; nobody is asked about them"
        )
    return [*found, "items that are lost come back with `tui-label add` of the files they came from"]


def _move(options: argparse.Namespace) -> int:
    from tui_label import move

    done = move(options.dir, options.to)
    for table, count in done.rows.items():
        if count:
            print(f"{table:<16}{count:>12,} rows, the same in both")
    print(visible(f"{done.place}: the project is here now; whoever was at work leaves and starts again"))
    delete = f" by `{done.delete}`" if done.delete else ""
    print(visible(f"{done.old}: as it was, closed for writing; when all is well, delete it{delete}"))
    return 0
