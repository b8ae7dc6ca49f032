"""What every command needs: the project in a folder, its keys, who works, a word of complaint."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from tui_label.core.text import visible
from tui_label.errors import ConfigError, UsageError

if TYPE_CHECKING:
    Commands = argparse._SubParsersAction[argparse.ArgumentParser]

    from tui_label.core.keymap import Keymap
    from tui_label.core.project import Project
    from tui_label.store.base import Versions
    from tui_label.store.sqlite import SqliteStore


def command(commands: Commands, name: str, words: str, run: object) -> argparse.ArgumentParser:
    """A command of its own, done by `run(options)`, which returns the exit status."""
    parser: argparse.ArgumentParser = commands.add_parser(name, help=words, description=words)
    parser.set_defaults(run=run)
    return parser


def folder(of: argparse.ArgumentParser) -> None:
    of.add_argument("dir", type=Path, metavar="DIR", help="the project's folder")


def sound(of: argparse.ArgumentParser) -> None:
    of.add_argument(
        "--sound",
        type=way,
        default=os.environ.get("TUI_LABEL_SOUND", "auto"),
        metavar="WAY",
        help="where sound goes: auto, card, listener, none, or what a listener says",
    )


def way(words: str) -> str:
    if words in ("auto", "card", "listener", "none") or "/" in words:
        return words
    raise argparse.ArgumentTypeError(
        f"{visible(words)!r} is none of auto, card, listener, none, a socket's path, HOST:PORT/TOKEN"
    )


def complain(words: str) -> None:
    print(f"tui-label: {visible(words)}", file=sys.stderr)


def open_project(folder: Path) -> tuple[Project, SqliteStore, Versions]:
    """A project and its store, made on first use; changes of project.yaml take effect here."""
    from tui_label import config, opening

    project = config.load(folder)
    store, versions = opening.open_store(project)
    return project, store, versions


def keymap_of(project: Project) -> Keymap:
    from tui_label import config
    from tui_label.core import keymap

    path = personal_file("keys.yaml")
    personal = config.personal_keys(path)
    problems = keymap.problems(project, personal)
    if problems:
        raise ConfigError(*[f"{path}: {where}: {words}" for where, words in problems])
    return keymap.build(project, personal)


def personal_file(name: str) -> Path:
    """A file of the person's own, for all projects."""
    return Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config") / "tui-label" / name


def name_of(given: str | None) -> str:
    import getpass

    name = given if given is not None else getpass.getuser()
    if not name.strip() or name != visible(name) or len(name) > 60:
        raise UsageError("a name is one to sixty printable characters; give it with --as NAME")
    return name
