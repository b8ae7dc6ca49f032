"""What leads do in bulk: send outdated answers back, see people through the qualification set."""

from __future__ import annotations

import argparse
import difflib
from collections import Counter
from typing import TYPE_CHECKING

from tui_label.cli.project import command, folder, name_of, open_project
from tui_label.core.text import visible
from tui_label.errors import LabelError, UsageError

if TYPE_CHECKING:
    from tui_label.cli.project import Commands
    from tui_label.core.project import Project
    from tui_label.core.tasks import Task
    from tui_label.store.base import Store
    from tui_label.store.reviewing import Attempt


def register(commands: Commands) -> None:
    requeue = command(commands, "requeue", "send back what was answered with a label under older guidelines", _requeue)
    folder(requeue)
    requeue.add_argument("--label", required=True, metavar="L")
    requeue.add_argument("--task", metavar="T", help="where more than one question has the label")
    requeue.add_argument(
        "--before", type=int, metavar="N", help="answers under guidelines older than version N, the latest if not given"
    )
    requeue.add_argument("--comment", metavar="WORDS", help="shown with each item")
    requeue.add_argument("--as", dest="reviewer", metavar="NAME", help="who you are, the login name if not given")
    requeue.add_argument("--dry-run", action="store_true", help="say how many there are, and do nothing")
    qualify = command(commands, "qualify", "an annotator's attempts at the qualification set", _qualify)
    folder(qualify)
    qualify.add_argument("name", metavar="NAME")
    which = qualify.add_mutually_exclusive_group()
    which.add_argument("--pass", dest="passed", action="store_true", help="let them work, whatever they scored")
    which.add_argument("--again", action="store_true", help="give them one more attempt")


def _requeue(options: argparse.Namespace) -> int:
    from tui_label.core.comments import RETURN, Comment

    project, store, versions = open_project(options.dir)
    task = _task_with(project, options.label, options.task)
    before = versions.guidelines if options.before is None else options.before
    if not 2 <= before <= versions.guidelines:
        known = f"there are versions 1 to {versions.guidelines}" if versions.guidelines > 1 else "there is one version"
        raise UsageError(f"no guidelines are older than version {before}: {known}; --before names a later one")
    found = Counter(
        opinion.annotator
        for opinion in store.opinions()
        if opinion.guidelines_version < before and options.label in task.says(opinion.answers.get(task.id))
    )
    said = (
        options.comment or f"The guidelines for {options.label} changed (version {before}): please look at this again."
    )
    if options.dry_run:
        sent = sum(found.values())
    else:
        comment = Comment(name_of(options.reviewer), said, RETURN)
        sent = store.requeue(task.id, options.label, before, comment)
    store.close()
    done = "are older" if options.dry_run else "sent back"
    print(f"{sent:,} answers {done}: {task.id} {visible(options.label)}, before version {before}")
    for name, count in sorted(found.items()):
        print(f"  {visible(name)}: {count:,}")
    if sent < found.total():
        print(f"  {found.total() - sent:,} of them were on their way back already")
    return 0


def _task_with(project: Project, label: str, id: str | None) -> Task:
    """The question that has the label; raises UsageError where none has it, or several."""
    tasks = [task for task in project.tasks if task.values]
    if id is not None and not any(task.id == id for task in tasks):
        raise UsageError(f"{visible(id)}: no such task with labels{_near(id, [task.id for task in tasks])}")
    tasks = [task for task in tasks if id in (None, task.id)]
    found = [task for task in tasks if label in task.values]
    if not found:
        raise UsageError(f"{visible(label)}: no such label{_near(label, [v for task in tasks for v in task.values])}")
    if len(found) > 1:
        raise UsageError(
            f"{visible(label)} is a label of {', '.join(task.id for task in found)}; say which with --task"
        )
    return found[0]


def _near(name: str, known: list[str]) -> str:
    near = difflib.get_close_matches(name, known, 1, 0.3)
    return f"; did you mean {near[0]}?" if near else f"; there are {', '.join(known)}"


def _qualify(options: argparse.Namespace) -> int:
    from tui_label.store.reviewing import Attempt

    project, store, _ = open_project(options.dir)
    if not project.review.attempts:
        raise UsageError("this project asks for no qualification; `review: {attempts: 3}` in project.yaml does")
    attempts = store.attempts(options.name)
    if options.passed or options.again:
        if any(attempt.passed for attempt in attempts):
            raise LabelError(f"{visible(options.name)} has passed already")
        store.keep_attempt(Attempt(options.name, 0, 0, options.passed), again=options.again)
        attempts = store.attempts(options.name)
    people = list(store.tallies())
    begun = any(given for _, given, _ in store.qualification(options.name))
    if not attempts and not begun and options.name not in people:
        near = _near(options.name, people) if people else ""
        raise LabelError(f"{visible(options.name)}: nobody of that name has worked here{near}")
    print("\n".join(_attempt_lines(project, store, options.name, attempts)))
    store.close()
    return 0


def _attempt_lines(project: Project, store: Store, name: str, attempts: list[Attempt]) -> list[str]:
    lines = [_attempt_line(attempt) for attempt in attempts]
    made = sum(not attempt.is_leave for attempt in attempts)
    left = project.review.attempts + len(attempts) - made - made
    if any(attempt.passed for attempt in attempts):
        return [*lines, f"{visible(name)} has passed"]
    asked = store.qualification(name)
    answered = sum(given is not None for _, given, _ in asked)
    now = f", {answered:,} of {len(asked):,} items of the next one answered" if left > 0 else ""
    return [*lines, f"{visible(name)} has not passed: {made} attempts, {max(0, left)} left{now}"]


def _attempt_line(attempt: Attempt) -> str:
    if attempt.is_leave:
        return f"{attempt.at}  one more attempt was given"
    if not attempt.of:
        return f"{attempt.at}  passed by a lead's word"
    share = attempt.right / attempt.of
    return f"{attempt.at}  {attempt.right:.1f} of {attempt.of} right, {share:.0%}{', passed' if attempt.passed else ''}"
