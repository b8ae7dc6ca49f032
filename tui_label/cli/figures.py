"""What leads ask for: status, dashboard, report."""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from shutil import get_terminal_size
from typing import TYPE_CHECKING, Any

from tui_label.cli.project import Commands, command, folder, opened
from tui_label.core.text import visible
from tui_label.errors import StoreError, UsageError

if TYPE_CHECKING:
    from tui_label.api import Project

FOLLOW_S = 2.0


def register(commands: Commands) -> None:
    status = command(commands, "status", "progress, pace, flags, per person", _status)
    folder(status)
    status.add_argument("--json", action="store_true", help="for programs")
    status.add_argument("--follow", action="store_true", help="a dashboard that keeps up with the work")
    report = command(commands, "report", "all figures and plots on one page for any browser", _report)
    folder(report)
    report.add_argument("-o", "--output", type=Path, required=True, metavar="FILE", help="where to write the page")
    report.add_argument("--blind", action="store_true", help="letters in the place of the annotators' names")


def _status(options: argparse.Namespace) -> int:
    if options.follow and options.json:
        raise UsageError("--follow is to be looked at; for programs, ask for --json again and again")
    if options.follow and sys.stdout.isatty():
        return _dashboard(options.dir)
    from tui_label.report import status_report

    with opened(options.dir) as project:
        if options.follow:
            project.require("tallies")
            return _follow(project)
        figures = project.status()
        lines = status_report.status_lines(figures, project.settings.folder, get_terminal_size().columns)
    if options.json:
        print(json.dumps(figures))
    else:
        print("\n".join(visible(line) for line in lines))
    return 0


def _dashboard(folder: Path) -> int:
    """The dashboard, and again after the queue that was opened from it."""
    from tui_label.ui import environment

    environment.prepare()
    from tui_label.bench.dashboard import Following
    from tui_label.cli.review import open_review
    from tui_label.ui.dashboard import Dashboard

    while True:
        with opened(folder) as project:
            project.require("tallies")
            app = Dashboard(Following(project.settings))
        status = app.run(mouse=environment.mouse_wanted())
        if app.chosen is not None:
            status = open_review(folder, app.chosen)
        # A review that ended otherwise than by its key (a hang-up, work that is not saved) is not gone back from
        if app.chosen is None or status:
            return status


def _follow(project: Project) -> int:
    """The lines of `status`, again whenever they changed."""
    from tui_label.bench.dashboard import Following
    from tui_label.report import status_report

    following = Following(project.settings)
    before: list[str] = []
    suggested: Sequence[Mapping[str, Any]] = ()
    while True:
        try:
            glance = following.look()
            if following.is_due():
                suggested = following.measure().sources
            figures = status_report.figures(
                following.project, glance.progress, glance.people, glance.sent_back, glance.used_up, glance.questions
            )
            figures |= {"suggestions": suggested}
            lines = status_report.status_lines(figures, project.settings.folder, get_terminal_size().columns)
        except StoreError as error:
            lines = [str(error)]
        if lines != before:
            print("\n".join(visible(line) for line in [*lines, ""]), flush=True)
            before = lines
        time.sleep(FOLLOW_S)


def _report(options: argparse.Namespace) -> int:
    from tui_label.report.file import refuse_to_overwrite

    # Reading all answers takes its time: what can't be written is refused before
    refuse_to_overwrite(options.output)
    with opened(options.dir) as project:
        project.report(options.output, blind=options.blind)
    print(visible(f"{options.output}: written"))
    return 0
