"""Opening a project: its database, made on first use, and what changed in project.yaml since."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

from tui_label import config
from tui_label.core.project import GUIDELINES, Project, misfits, orphans
from tui_label.core.reviewing.differences import disagreement
from tui_label.core.roles import Person, Role
from tui_label.core.tasks import Rating, Task
from tui_label.errors import ConfigError, LabelError, StoreRefused
from tui_label.projects import seal, underway
from tui_label.projects.identity import at_work
from tui_label.store.base import Policy, Store, Versions
from tui_label.store.permits import permitted
from tui_label.store.sql import SqlStore
from tui_label.store.standing import Judge

SETTLED_S = 60
"""An edit is over when the file was not saved for so long."""


def guidelines_text(project: Project) -> str:
    """The guidelines, or nothing where there are none; raises ConfigError where they cannot be read."""
    try:
        data = config.content(project.guidelines_path)
    except OSError as error:
        if isinstance(error, FileNotFoundError) and project.guidelines == GUIDELINES:
            return ""
        raise ConfigError(
            f"{project.guidelines_path}: {error.strerror}; the guidelines are to be there, for all to read"
        ) from error
    # An editor's line ends are no other guidelines
    return config.decoded(data, project.guidelines).replace("\r\n", "\n").replace("\r", "\n")


def open_store(project: Project, person: Person | None = None) -> tuple[Store, Versions]:
    """The store as `person` may use it, whoever runs this where it is not said.

    project.yaml and guidelines are recorded; raises ConfigError where answers would lose their label or their type.
    """
    person = person or at_work(project.roles)
    underway.refuse(project)
    if isinstance(project.store, Path):
        seal.refuse_loss(project.store)
    leads = person.role is Role.LEAD
    store = SqlStore(project.store, create=leads or project.server is None, judge=judge(project))
    try:
        versions = _recorded(project, store, leads)
    except BaseException:
        store.close()
        raise
    return permitted(store, person, project.roles), versions


def judge(project: Project) -> Judge:
    """Of how far answers differ: by the questions in force, which may be others by now than this `project` has."""
    return Judge(lambda source: partial(disagreement, (_understood(project, source) or project).tasks))


def _recorded(project: Project, store: SqlStore, leads: bool) -> Versions:
    review = project.review
    policy = Policy(
        project.overlap,
        project.order,
        project.lease_ms,
        project.skip,
        review.gold_rate,
        review.repeat_rate,
        review.repeat_after_ms,
        review.attempts,
        project.suggestions.threshold,
        project.suggestions.hold_below,
        project.suggestions.hold_from,
    )
    guidelines = guidelines_text(project)
    if leads:
        store.admit(people(project))
    if store.is_recorded(policy, project.source, guidelines):
        return store.versions()
    if project.server is not None and not leads:
        raise StoreRefused(
            f"{project.folder}: project.yaml or the guidelines here are not those that the project goes by; "
            f"get today's from a lead ({project.roles.holders(Role.LEAD)})"
        )
    if not guidelines:
        _refuse_lost_guidelines(project, store)
    last = recorded_last(project, store)
    _refuse_other_items(project, store, last)
    before = {task.id: task for task in last.tasks} if last is not None else {}
    _refuse_misfits(project, store, before)
    renames = _renames(project, before)
    moved = before.keys() ^ {task.id for task in project.tasks} if before else ()
    suspects = [one for one in project.tasks if _may_orphan(one, before.get(one.id), renames.get(one.id, {}))]
    if suspects and (problems := orphans(suspects, store.labels_in_use(), renames)):
        raise ConfigError(*problems)
    return store.record_project(policy, project.source, guidelines, renames, moved)


def _refuse_misfits(project: Project, store: Store, before: Mapping[str, Task]) -> None:
    """What was answered to one type of question is no answer to another, even under the same id; nor to a shorter scale."""
    retyped = [task for task in project.tasks if task.id not in before or before[task.id].type != task.type]
    ratings = project.every(Rating)
    shorter = [task for task in ratings if task.id not in before or {*before[task.id].values} - {*task.values}]
    if (retyped or shorter) and (problems := misfits(retyped, shorter, before, store.answers_in_use())):
        raise ConfigError(*problems)


def _refuse_other_items(project: Project, store: Store, last: Project | None) -> None:
    """No text can be labeled as a sound, nor the other way round."""
    if last is not None and last.items == project.items:
        return
    wants_sounds = project.items == "sound"
    if any((item.sound is None) == wants_sounds for _, item in store.askable(answered=True)):
        there = "texts" if wants_sounds else "sounds"
        raise ConfigError(f"project.yaml: items: is {project.items}, and {there} are in the project; put it back")


def _refuse_lost_guidelines(project: Project, store: Store) -> None:
    """A file that is away for a moment is no new version."""
    texts = [change.after for change in store.changes() if change.kind == "guidelines"]
    if texts and texts[-1] and not project.guidelines_path.exists():
        raise ConfigError(
            f"{project.guidelines_path}: was there, and is gone; put it back, or an empty file if there are to be none"
        )


def people(project: Project) -> dict[str, Role]:
    """Everybody who is named in the project's roles."""
    return {name: role for name in project.roles.named if (role := project.roles.of(name))}


class Edits:
    """Called now and then while people work: project.yaml and the guidelines take effect once nobody edits them any more.

    What is wrong with them is told to whoever runs a command; people work on by the rules in force.
    """

    def __init__(self, project: Project, person: Person, now: Callable[[], float] = time.time) -> None:
        self._project, self._person, self._now = project, person, now
        self._seen = self._moments()

    def _moments(self) -> tuple[float, ...]:
        return tuple(map(_saved_at, (self._project.folder / config.FILE, self._project.guidelines_path)))

    def __call__(self) -> None:
        moments = self._moments()
        if moments == self._seen or any(abs(self._now() - one) < SETTLED_S for one in moments):
            return
        self._seen = moments
        with contextlib.suppress(LabelError, OSError):
            self._project = config.load(self._project.folder)
            open_store(self._project, self._person)[0].close()


def _saved_at(file: Path) -> float:
    """0 where it is gone, or closed to whoever asks."""
    try:
        return file.stat().st_mtime
    except OSError:
        return 0.0


def connected_again(project: Project) -> Store:
    """One more connection to a store that is open; nothing is recorded."""
    if isinstance(project.store, Path):
        seal.refuse_loss(project.store)
    return permitted(SqlStore(project.store, judge=judge(project)), at_work(project.roles), project.roles)


def recorded_last(project: Project, store: Store) -> Project | None:
    """project.yaml as it was recorded last; None where there was none, or one that is not understood any more."""
    sources = [change.after for change in store.changes() if change.kind == "labels"]
    return _understood(project, sources[-1]) if sources else None


def _understood(project: Project, source: str) -> Project | None:
    """The project with another project.yaml; None where that is not understood."""
    try:
        return config.parse(source, project.folder)
    except ConfigError:
        return None


def _renames(project: Project, before: Mapping[str, Task]) -> dict[str, dict[str, str]]:
    """By task, the labels that have another name now.

    A `was` that stands there since before is done, unless answers were given under that name again.
    """
    found: dict[str, dict[str, str]] = {}
    for task in project.tasks:
        earlier = before.get(task.id)
        done = {(old, label.value) for label in earlier.labels for old in label.was} if earlier else set()
        for label in task.labels:
            for old in label.was:
                again = earlier and old in earlier.values and old not in task.values
                if (old, label.value) not in done or again:
                    found.setdefault(task.id, {})[old] = label.value
    return found


def _may_orphan(task: Task, earlier: Task | None, renames: Mapping[str, str]) -> bool:
    """Whether it is worth a look at all answers: a label that they may have is gone."""
    if not task.labels:
        return False
    if earlier is None or type(earlier) is not type(task) or not earlier.labels:
        return True
    return any(renames.get(label, label) not in task.values for label in earlier.values)
