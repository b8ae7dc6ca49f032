"""The installed command, and `python -m tui_label`."""

from __future__ import annotations

import sys


def run() -> int:
    """The command's exit status.  While it is being loaded, Ctrl+C ends it as quietly as later on."""
    try:
        from tui_label.cli import main

        return main()
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(run())
