"""The installed command, and `python -m tui_label`."""

from __future__ import annotations

import signal
import sys


def run() -> int:
    """The command's exit status.  While it is being loaded, Ctrl+C ends it by the system's hand: Python would say where it was."""
    before = signal.getsignal(signal.SIGINT)
    if before is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    from tui_label.cli import main

    signal.signal(signal.SIGINT, before)
    return main()


if __name__ == "__main__":
    sys.exit(run())
