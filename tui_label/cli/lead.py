"""What leads do in bulk: send outdated answers back, see people through the qualification set."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from tui_label.cli.project import Commands, command, folder, opened
from tui_label.core.text import number_of, visible

if TYPE_CHECKING:
    from tui_label.projects.leading import Qualifying
    from tui_label.store.reviewing import Attempt


GONE = ", left alone: no part in the project any more"
"""Of somebody whose answers nobody would give again."""


def register(commands: Commands) -> None:
    requeue = command(commands, "requeue", "send back what was answered with a label under older guidelines", _requeue)
    folder(requeue)
    requeue.add_argument("--label", required=True, metavar="L", help="what was answered")
    requeue.add_argument("--task", metavar="T", help="where more than one question has the label")
    requeue.add_argument(
        "--before", type=int, metavar="N", help="answers under guidelines older than version N, the latest if not given"
    )
    requeue.add_argument("--comment", default="", metavar="WORDS", help="shown with each item")
    requeue.add_argument("--as", dest="reviewer", metavar="NAME", help="who you are, your Unix user if not given")
    requeue.add_argument("--dry-run", action="store_true", help="say how many there are, and do nothing")
    qualify = command(commands, "qualify", "an annotator's attempts at the qualification set", _qualify)
    folder(qualify)
    qualify.add_argument("name", metavar="NAME", help="whose")
    which = qualify.add_mutually_exclusive_group()
    which.add_argument("--pass", dest="passed", action="store_true", help="let them work, whatever they scored")
    which.add_argument("--again", action="store_true", help="give them one more attempt")


def _requeue(options: argparse.Namespace) -> int:
    with opened(options.dir, options.reviewer) as project:
        found = project.requeue(
            options.label,
            task=options.task,
            before=options.before,
            words=options.comment,
            dry=options.dry_run,
        )
    counted = (
        number_of(found.sent, "older answer") if options.dry_run else f"{number_of(found.sent, 'answer')} sent back"
    )
    print(f"{counted}: {found.task} {visible(options.label)}, before version {found.before}")
    for name, count in sorted(found.answers.items()):
        print(f"  {visible(name)}: {count:,}{GONE if name in found.gone else ''}")
    if under_way := found.returnable - found.sent:
        print(f"  of them on the way back already: {under_way:,}")
    return 0


def _qualify(options: argparse.Namespace) -> int:
    with opened(options.dir) as project:
        found = project.qualify(options.name, passed=options.passed, again=options.again)
    print("\n".join([*map(_attempt_line, found.attempts), _standing(visible(options.name), found)]))
    return 0


def _standing(name: str, found: Qualifying) -> str:
    if found.passed:
        return f"{name} has passed"
    now = f", {found.answered:,} of {found.asked:,} items of the next one answered" if found.left else ""
    return f"{name} has not passed: {number_of(found.made, 'attempt')}, {found.left} left{now}"


def _attempt_line(attempt: Attempt) -> str:
    if attempt.is_leave:
        return f"{attempt.at}  one more attempt was given"
    if not attempt.of:
        return f"{attempt.at}  passed by a lead's word"
    share = attempt.right / attempt.of
    return f"{attempt.at}  {round(attempt.right, 2):g} of {attempt.of} right, {share:.0%}{', passed' if attempt.passed else ''}"
