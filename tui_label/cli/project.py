"""What many commands need: a folder, a way for the sound, a word of complaint."""

from __future__ import annotations

import argparse
import os
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from tui_label.core.text import visible
from tui_label.errors import UsageError

if TYPE_CHECKING:
    from tui_label.api import Project

PATIENCE_S = 1.0
"""Before somebody is told that the database is waited for."""
Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"


def command(commands: Commands, name: str, words: str, run: object, *examples: str) -> argparse.ArgumentParser:
    """A command of its own, done by `run(options)`, which returns the exit status; examples without the `tui-label`."""
    lines = [f"  tui-label {name} {example}" for example in examples]
    parser: argparse.ArgumentParser = commands.add_parser(
        name,
        help=words,
        description=words,
        epilog="\n".join(["for example:", *lines]) if lines else None,
        formatter_class=layout,
    )
    parser.set_defaults(run=run)
    return parser


def layout(prog: str) -> argparse.HelpFormatter:
    """Names on the left, words on the right; examples stay lines."""
    return argparse.RawDescriptionHelpFormatter(prog, max_help_position=26)


def folder(of: argparse.ArgumentParser) -> None:
    of.add_argument("dir", type=Path, metavar="DIR", help="the project's folder")


def sound(of: argparse.ArgumentParser) -> None:
    of.add_argument(
        "--sound",
        type=way,
        metavar="WAY",
        help="where sound goes: auto, card, listener, none, or what a listener says; TUI_LABEL_SOUND or auto if not given",
    )


def way(words: str) -> str:
    if words in ("auto", "card", "listener", "none") or "/" in words:
        return words
    raise argparse.ArgumentTypeError(
        f"{visible(words)!r} is none of auto, card, listener, none, a socket's path, HOST:PORT/TOKEN"
    )


def sound_way(options: argparse.Namespace) -> str:
    """Where sound goes: as `--sound` says, else the environment."""
    try:
        return options.sound or way(os.environ.get("TUI_LABEL_SOUND") or "auto")
    except argparse.ArgumentTypeError as error:
        raise UsageError(f"TUI_LABEL_SOUND: {error}") from None


def opened(folder: Path, name: str | None = None) -> Project:
    """`Project.open`; where the database keeps one waiting, a line says so."""
    from tui_label import Project

    said = threading.Event()

    def say() -> None:
        draw("waiting for the database of the project; Ctrl+C gives up")
        said.set()

    late = threading.Timer(PATIENCE_S, say)
    late.daemon = True
    late.start()
    try:
        return Project.open(folder, name)
    finally:
        late.cancel()
        late.join()
        if said.is_set():
            wipe()


def complain(words: str) -> None:
    print(f"tui-label: {visible(words)}", file=sys.stderr)


def draw(words: str) -> None:
    """A line that the next one takes the place of, where standard error is a terminal."""
    if sys.stderr.isatty():
        print(f"\r\x1b[K{visible(words)}", end="", file=sys.stderr, flush=True)


def wipe() -> None:
    draw("")
