"""Leads at the versions of an item: review."""

from __future__ import annotations

import argparse
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from tui_label.cli.project import command, folder, keymap_of, name_of, open_project, sound
from tui_label.core.text import visible
from tui_label.errors import UsageError
from tui_label.store.reviewing import QUEUES, Queue

if TYPE_CHECKING:
    from tui_label.cli.project import Commands
    from tui_label.core.project import Project


def register(commands: Commands) -> None:
    review = command(commands, "review", "settle what annotators answered differently, answer them, send back", _review)
    folder(review)
    review.add_argument("--as", dest="reviewer", metavar="NAME", help="who you are, the login name if not given")
    review.add_argument(
        "--queue", default=QUEUES[0], choices=QUEUES, metavar="NAME", help=f"one of {', '.join(QUEUES)}"
    )
    review.add_argument("--annotator", default="", metavar="A", help="only what A answered")
    review.add_argument("--task", default="", metavar="T", help="only where it is about this task")
    review.add_argument("--label", default="", metavar="L", help="only answers with this label")
    review.add_argument("--flag", default="", metavar="REASON", help="only what is flagged for this reason")
    review.add_argument("--since", type=_moment, default=None, metavar="DATE", help="answered then or later")
    review.add_argument("--until", type=_moment, default=None, metavar="DATE", help="answered before")
    review.add_argument("--text", default="", metavar="WORDS", help="only items with these words in text or key")
    review.add_argument("--settled-too", action="store_true", help="also what has a settled answer")
    review.add_argument(
        "--auto-settle",
        nargs="?",
        const="",
        default=None,
        metavar="RULE",
        help="settle where all (unanimous) or more than half (majority) say the same, and leave",
    )
    sound(review)


def _moment(words: str) -> str:
    try:
        datetime.fromisoformat(words.replace("Z", "+00:00"))
    except ValueError:
        raise argparse.ArgumentTypeError(f"{visible(words)!r} is no date such as 2026-05-31") from None
    return words


def _review(options: argparse.Namespace) -> int:
    if options.auto_settle is not None:
        return _auto_settle(options.dir, options.auto_settle)
    queue = Queue(
        options.queue,
        options.annotator,
        options.task,
        options.label,
        options.flag,
        options.since or "",
        options.until or "",
        options.text,
        options.settled_too,
    )
    return open_review(options.dir, queue, options.reviewer, options.sound)


def _auto_settle(folder: Path, rule: str) -> int:
    from tui_label import settling

    project, store, versions = open_project(folder)
    rule = rule or project.review.auto_settle
    if not rule:
        raise UsageError("--auto-settle needs a rule: unanimous or majority, here or as review: auto-settle")
    count = settling.auto_settle(project, store, versions, rule)
    store.close()
    print(f"{count:,} item{'' if count == 1 else 's'} settled by the rule {visible(rule)}")
    return 0


def open_review(folder: Path, queue: Queue, reviewer: str | None = None, sound: str = "auto") -> int:
    """The review screen, from the first case of a queue on."""
    from dataclasses import replace

    from tui_label.ui import environment

    environment.prepare()
    project, store, versions = open_project(folder)
    _refuse_unknown(project, queue)
    keymap = keymap_of(project)
    from tui_label import opening
    from tui_label.cli.work import deck_maker
    from tui_label.reviewbench import ReviewBench
    from tui_label.ui.review import ReviewApp

    queue = replace(queue, sample=project.review.sample, too_fast_ms=project.pace.too_fast_ms)
    make_deck = deck_maker(project, sound) if project.items == "sound" else None
    bench = ReviewBench(project, store, name_of(reviewer), versions, queue, make_deck=make_deck)
    status = ReviewApp(bench, keymap, opening.guidelines_text(project)).run(mouse=environment.mouse_wanted())
    store.close()
    return int(status or 0)


def _refuse_unknown(project: Project, queue: Queue) -> None:
    tasks = [task for task in project.tasks if queue.task in ("", task.id)]
    if not tasks:
        raise UsageError(f"no task {queue.task}; there are {', '.join(task.id for task in project.tasks)}")
    labels = [value for task in tasks for value in task.values]
    if queue.label and queue.label not in labels and any(task.labels for task in tasks):
        raise UsageError(f"no label {queue.label}; there are {', '.join(labels)}")
