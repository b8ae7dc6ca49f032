"""Leads at the versions of an item: review."""

from __future__ import annotations

import argparse
from datetime import UTC, datetime, time
from pathlib import Path

from tui_label.cli.project import Commands, command, folder, opened, sound, sound_way
from tui_label.core.moments import utc
from tui_label.core.text import number_of, visible
from tui_label.errors import UsageError
from tui_label.store.reviewing import QUEUES, Queue


def register(commands: Commands) -> None:
    review = command(
        commands, "review", "settle what annotators answered differently, answer them, send back", _review,
        "airline",
        "airline --queue flagged --flag ambiguous",
        "airline --auto-settle unanimous",
    )  # fmt: skip
    folder(review)
    review.add_argument("--as", dest="reviewer", metavar="NAME", help="who you are, your Unix user if not given")
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
        help="settle all items where all (unanimous) or more than half (majority) say the same, and leave",
    )
    sound(review)


def _moment(words: str) -> str:
    """As the store writes times; a date is its midnight in UTC, as is a time without a zone."""
    try:
        moment = datetime.fromisoformat(words)
        moment = moment.replace(tzinfo=moment.tzinfo or UTC).astimezone(UTC)
    except (ValueError, OverflowError):
        raise argparse.ArgumentTypeError(
            f"{visible(words)!r} is no date or time such as 2026-05-31 or 2026-05-31T14:00:00+02:00"
        ) from None
    if moment.time() == time():
        return moment.date().isoformat()
    return utc(moment)


def _review(options: argparse.Namespace) -> int:
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
    if options.auto_settle is not None:
        if queue != Queue():
            raise UsageError("--auto-settle goes through all items; leave out what narrows a queue")
        return _auto_settle(options.dir, options.auto_settle, options.reviewer)
    return open_review(options.dir, queue, options.reviewer, sound_way(options))


def _auto_settle(folder: Path, rule: str, reviewer: str | None) -> int:
    with opened(folder, reviewer) as project:
        count = project.auto_settle(rule)
        rule = rule or project.settings.review.auto_settle
    print(f"{number_of(count, 'item')} settled by the rule {visible(rule)}")
    return 0


def open_review(folder: Path, queue: Queue, reviewer: str | None = None, sound: str = "auto") -> int:
    """The review screen, from the first case of a queue on."""
    from tui_label.ui import environment

    environment.prepare()
    from tui_label import person
    from tui_label.bench.reviewbench import ReviewBench, queue_of
    from tui_label.cli.work import deck_maker, end_if_abandoned, told_unsaved
    from tui_label.projects import leading
    from tui_label.ui.review import ReviewApp

    with opened(folder, reviewer) as project:
        project.require("next_case")
        settings = project.settings
        if queue.annotator and settings.review.blind:
            raise UsageError("names are hidden in this project; leave out --annotator")
        if queue.annotator:
            leading.refuse_stranger(settings, project.store, queue.annotator)
        bench = ReviewBench(
            settings,
            project.store,
            project.person.name,
            project.versions,
            queue_of(settings, queue),
            make_deck=deck_maker(settings, sound),
            take_edits=project.take_edits(),
        )
        app = ReviewApp(bench, person.keymap_of(settings), project.guidelines, person.keymap_of)
        status = app.run(mouse=environment.mouse_wanted())
        end_if_abandoned(bench)
    return told_unsaved(bench) or status
