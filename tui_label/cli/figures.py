"""What leads ask for: status, dashboard, report."""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from tui_label.cli.project import command, folder, open_project
from tui_label.core.text import visible
from tui_label.errors import LabelError, StoreError, UsageError

if TYPE_CHECKING:
    from tui_label.cli.project import Commands
    from tui_label.core.project import Project

FOLLOW_S = 2.0
PAGE = b"<!doctype html"


def register(commands: Commands) -> None:
    status = command(commands, "status", "progress, pace, flags, per person", _status)
    folder(status)
    status.add_argument("--json", action="store_true")
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
    project, store, _ = open_project(options.dir)
    if options.follow:
        return _follow(project)
    from tui_label import reports

    figures = reports.status(project, store)
    if options.json:
        print(json.dumps(figures, ensure_ascii=False))
    else:
        print("\n".join(visible(line) for line in reports.status_lines(figures)))
    return 0


def _dashboard(folder: Path) -> int:
    from tui_label.ui import environment

    environment.prepare()
    project, store, _ = open_project(folder)
    store.close()
    from tui_label.dashboard import Following
    from tui_label.ui.dashboard import Dashboard

    app = Dashboard(Following(project))
    status = app.run(mouse=environment.mouse_wanted())
    if app.chosen is None:
        return int(status or 0)
    from tui_label.cli.review import open_review

    return open_review(folder, app.chosen)


def _follow(project: Project) -> int:
    """The lines of `status`, again whenever they changed."""
    from tui_label import reports
    from tui_label.dashboard import Following

    following = Following(project)
    before: list[str] = []
    while True:
        try:
            glance = following.look()
            lines = reports.status_lines(reports.figures(project, glance.progress, glance.people))
        except StoreError as error:
            lines = [str(error)]
        if lines != before:
            print("\n".join(visible(line) for line in [*lines, ""]), flush=True)
            before = lines
        time.sleep(FOLLOW_S)


def _report(options: argparse.Namespace) -> int:
    from datetime import datetime

    from tui_label.report.material import gather
    from tui_label.report.page import page

    refuse_to_overwrite(options.output)
    project, store, _ = open_project(options.dir)
    write_whole(options.output, page(gather(project, store, datetime.now().astimezone(), blind=options.blind)))
    print(f"{options.output}: written")
    return 0


def refuse_to_overwrite(path: Path) -> None:
    """Only an earlier page may be written over."""
    if path.is_dir() or not path.parent.is_dir():
        raise UsageError(f"{path}: name a file in a folder that is there")
    if path.exists() and not path.is_file():
        raise UsageError(f"{path}: not a file; name one")
    if path.exists() and path.stat().st_size:
        with path.open("rb") as there:
            if not there.read(len(PAGE)).lower().startswith(PAGE):
                raise UsageError(f"{path}: is there and is no page; choose another name")


def write_whole(path: Path, text: str) -> None:
    """All of it or nothing: whoever opens the page meanwhile sees the one before."""
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        beside.write_text(text, encoding="utf-8")
        beside.replace(path)
    except OSError as error:
        beside.unlink(missing_ok=True)
        raise LabelError(f"{path}: {error.strerror}; choose another place") from error
