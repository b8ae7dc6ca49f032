"""What leads ask for: status."""

from __future__ import annotations

import argparse
import json
from typing import TYPE_CHECKING

from tui_label.cli.project import command, folder, open_project
from tui_label.core.text import visible

if TYPE_CHECKING:
    from tui_label.cli.project import Commands


def register(commands: Commands) -> None:
    status = command(commands, "status", "progress, pace, flags, per person", _status)
    folder(status)
    status.add_argument("--json", action="store_true")


def _status(options: argparse.Namespace) -> int:
    from tui_label import reports

    project, store, _ = open_project(options.dir)
    figures = reports.status(project, store)
    if options.json:
        print(json.dumps(figures, ensure_ascii=False))
    else:
        print("\n".join(visible(line) for line in reports.status_lines(figures)))
    return 0
