"""What leads do in bulk: send outdated answers back, see people through the qualification set."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from tui_label.core.comments import RETURN, Comment
from tui_label.core.project import Project
from tui_label.core.tasks import Task, fitting
from tui_label.core.text import nearest, visible
from tui_label.errors import LabelError, UsageError
from tui_label.store.base import Store, Versions
from tui_label.store.reviewing import Attempt

NAMED = 20
"""Names in a message at most."""


@dataclass(frozen=True, slots=True)
class Requeued:
    """Answers with a label under older guidelines."""

    task: str
    before: int
    """The version of the guidelines that they are older than."""
    sent: int
    """How many went back to who gave them; the others of theirs were on their way back already."""
    answers: Mapping[str, int]
    """How many there are, by annotator."""
    gone: frozenset[str] = frozenset()
    """Those of the annotators who have no part in the project any more: theirs stay as they are."""

    @property
    def returnable(self) -> int:
        """How many are of people who can answer again."""
        return sum(count for name, count in self.answers.items() if name not in self.gone)


@dataclass(frozen=True, slots=True)
class Qualifying:
    """One annotator and the qualification set."""

    attempts: Sequence[Attempt]
    """So far, and what a lead gave."""
    made: int
    """Of these, without what a lead gave."""
    left: int
    answered: int
    """Items of the next attempt that are answered,"""
    asked: int
    """of so many."""

    @property
    def passed(self) -> bool:
        return any(attempt.passed for attempt in self.attempts)


def requeue(
    project: Project,
    store: Store,
    versions: Versions,
    label: str,
    reviewer: str,
    *,
    task: str | None,
    before: int | None,
    words: str,
    dry: bool,
) -> Requeued:
    """See `api.Project.requeue`."""
    asked = _task_with(project, label, task)
    before = versions.guidelines if before is None else before
    if not 2 <= before <= versions.guidelines:
        if versions.guidelines == 1:
            raise UsageError("the guidelines have one version; answers go back once there is a newer one")
        known = f"there are versions 1 to {versions.guidelines}"
        raise UsageError(f"no guidelines are older than version {before}: {known}; --before names a later one")
    found = Counter(
        opinion.annotator
        for opinion in store.opinions()
        if opinion.guidelines_version < before and label in asked.says(fitting([asked], opinion.answers).get(asked.id))
    )
    gone = frozenset(project.roles.strangers(found))
    made = Requeued(asked.id, before, 0, found, gone)
    if dry:
        return replace(made, sent=made.returnable)
    said = words or f"The guidelines for {label} changed (version {before}): look at this again."
    sent = store.requeue(asked.id, label, before, Comment(reviewer, said, RETURN), sorted(gone))
    return replace(made, sent=sent)


def _task_with(project: Project, label: str, id: str | None) -> Task:
    """The question that has the label; raises UsageError where none has it, or several."""
    tasks = [task for task in project.tasks if task.values]
    if id is not None and not any(task.id == id for task in tasks):
        raise UsageError(f"{visible(id)}: no such task with labels{_near(id, [task.id for task in tasks])}")
    tasks = [task for task in tasks if id in (None, task.id)]
    found = [task for task in tasks if label in task.values]
    if not found:
        for task in tasks:
            if label in task.renames:
                raise UsageError(f"{visible(label)} is called {visible(task.renames[label])} now")
        raise UsageError(f"{visible(label)}: no such label{_near(label, [v for task in tasks for v in task.values])}")
    if len(found) > 1:
        raise UsageError(
            f"{visible(label)} is a label of {', '.join(task.id for task in found)}; say which with --task"
        )
    return found[0]


def _near(name: str, known: Sequence[str]) -> str:
    near = nearest(name, known)
    if near:
        return f"; did you mean {visible(near)}?"
    return f"; there are {', '.join(map(visible, known[:NAMED]))}{' …' if len(known) > NAMED else ''}" if known else ""


def refuse_stranger(project: Project, store: Store, name: str) -> None:
    """Raises LabelError for a name that nobody has here: nothing of theirs is no answer to a slip of the hand."""
    known = sorted({*store.tallies(), *project.roles.named})
    if name not in known:
        raise LabelError(f"{visible(name)}: nobody has this name here{_near(name, known)}")


def qualify(project: Project, store: Store, name: str, *, passed: bool, again: bool) -> Qualifying:
    """How far somebody is; `passed` lets them work, whatever they scored, `again` gives one more attempt."""
    if not project.review.attempts:
        raise UsageError("this project asks for no qualification; `review: {attempts: 3}` in project.yaml does")
    attempts = store.attempts(name)
    if passed or again:
        if any(attempt.passed for attempt in attempts):
            raise LabelError(f"{visible(name)} has passed already")
        store.keep_attempt(Attempt(name, 0, 0, passed), again=again)
        attempts = store.attempts(name)
    asked = store.qualification(name)
    if not attempts and not any(given for _, given, _ in asked):
        refuse_stranger(project, store, name)
    leaves, made = sum(attempt.is_leave for attempt in attempts), sum(bool(attempt.of) for attempt in attempts)
    left = project.review.attempts + leaves - made
    answered = sum(given is not None for _, given, _ in asked)
    return Qualifying(attempts, made, max(0, left), answered, len(asked))
