"""A fault of the program itself: a line for whom it meets, a file for who mends it."""

from __future__ import annotations

import contextlib
import platform
import sys
import traceback

from tui_label import __version__
from tui_label.bench.unsaved import own_folders
from tui_label.whole import write_own


def told(error: Exception) -> str:
    """One line about it; the traceback goes into a file of the user's own, which the line names."""
    what = f"{type(error).__name__}: {error}".rstrip(": ")
    lines = traceback.format_exception(error)
    where = f"tui-label {__version__}, Python {platform.python_version()}, {platform.platform()}\n{sys.argv}\n\n"
    for folder in own_folders():
        with contextlib.suppress(OSError):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            write_own(folder / "fault.txt", where + "".join(lines))
            return f"a fault of tui-label itself, {what}; report it with {folder / 'fault.txt'}; your work is kept"
    return f"a fault of tui-label itself, {what}; report it; your work is kept"
