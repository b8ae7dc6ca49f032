"""The commands: each reads its arguments, calls a method of `api.Project`, prints, and returns the exit status.

Imports are late: `tui-label status` must not load Textual, nor `label` sqlite-utils.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from tui_label import __version__
from tui_label.cli import agreement, care, convert, figures, items, lead, review, start, suggest, work
from tui_label.cli.project import complain, layout
from tui_label.errors import LabelError, UsageError

NO_THREAD = "can't start new thread"
"""What Python's RuntimeError says of it."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; 0 done, 1 refused or failed, 2 wrong usage."""
    if hasattr(sys.stdout, "reconfigure"):
        # As standard error has it: a sign that the locale lacks is no reason to say nothing
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        options = _options(list(sys.argv[1:] if argv is None else argv))
        _end_as_by_hand()
        status = int(options.run(options))
        # Python would do so after us, and say what goes wrong in its own words
        _flush()
        return status
    except LabelError as error:
        for problem in error.problems:
            complain(problem)
        return error.status
    except BrokenPipeError:
        _output_refused()
        return 1
    except KeyboardInterrupt:
        return 130
    except Exception as error:
        complain(_told(error))
        return 1


def _options(arguments: list[str]) -> argparse.Namespace:
    """What was typed, understood; raises UsageError."""
    parser, names = _parser()
    if not arguments:
        parser.print_help(sys.stderr)
        parser.exit(2)
    # After --, all is ssh's; argparse would take the sign for its own
    at = arguments.index("--") if arguments[:1] == ["ssh"] and "--" in arguments else len(arguments)
    arguments, ssh_options = arguments[:at], arguments[at + 1 :]
    _refuse_empty(arguments)
    if arguments and arguments[0] not in names and not arguments[0].startswith("-"):
        meant = _meant(arguments[0], names)
        if (meant or _is_word(arguments[1:2])) and not Path(arguments[0]).exists():
            raise UsageError(f"there is no command {arguments[0]!r}; {meant or '`tui-label --help` lists all'}")
        arguments = ["label", *arguments]
    return parser.parse_args(arguments, argparse.Namespace(ssh_options=ssh_options))


def _told(error: Exception) -> str:
    """What the system refuses, in a line; all else is a fault of ours."""
    if isinstance(error, OSError):
        # Of a copy, the second is where it was to go
        named = error.filename2 or error.filename or ("standard output" if _output_refused() else "")
        return f"{named}: {error.strerror}".lstrip(": ")
    if isinstance(error, MemoryError):
        return "not enough memory; end other programs or raise the limit (`ulimit -v`), or do it in smaller parts"
    if str(error) == NO_THREAD:
        return "the system allows no more programs and threads; end others or raise the limit (`ulimit -u`)"
    from tui_label.cli import faults

    return faults.told(error)


def _end_as_by_hand() -> None:
    """Take SIGTERM and SIGHUP for Ctrl+C, so that what was begun is put away; what is ignored, as under nohup, stays so."""
    # Windows, where people listen, has no SIGHUP
    for number in (signal.SIGTERM, getattr(signal, "SIGHUP", None)):
        if number is not None and signal.getsignal(number) is signal.SIG_DFL:
            signal.signal(number, signal.default_int_handler)


def _flush() -> None:
    if sys.stdout is not None:
        sys.stdout.flush()


def _output_refused() -> bool:
    """Whether standard output takes no more; what is left for it then goes nowhere, or Python would fail on it at its end."""
    try:
        _flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return True
    return False


def _refuse_empty(arguments: Sequence[str]) -> None:
    """Raises UsageError for an argument that is empty: as a path it would be the folder they are in, elsewhere not given."""
    for before, one in zip(["tui-label", *arguments], arguments, strict=False):
        option, sign, value = one.partition("=")
        if not one or (option.startswith("--") and sign and not value):
            raise UsageError(
                f"what follows {option or before} is empty: a shell variable that is not set? Say what is meant"
            )


def _meant(word: str, names: Sequence[str]) -> str:
    from tui_label.core.text import nearest

    near = nearest(word, names)
    return f"is it {near!r}?" if near else ""


def _is_word(following: Sequence[str]) -> bool:
    """A folder is followed by options alone."""
    return bool(following) and not following[0].startswith("-")


def commands() -> tuple[str, ...]:
    """The names of all commands."""
    return _parser()[1]


def _parser() -> tuple[argparse.ArgumentParser, tuple[str, ...]]:
    """The parser, and the names of the commands."""
    parser = argparse.ArgumentParser(
        prog="tui-label",
        description="Fast, keyboard-driven labeling of text and audio in the terminal.",
        epilog="begin with `tui-label demo`; `tui-label COMMAND --help` says more",
        formatter_class=layout,
    )
    parser.add_argument("--version", action="version", version=f"tui-label {__version__}")
    found = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for room in (start, items, convert, suggest, work, review, agreement, figures, lead, care):
        room.register(found)
    return parser, tuple(found.choices)
