"""Opening a project: its database, made on first use, and what changed in project.yaml since."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path

from tui_label import seal, underway
from tui_label.core.differences import disagreement
from tui_label.core.project import Project
from tui_label.core.roles import Person
from tui_label.errors import ConfigError
from tui_label.identity import at_work
from tui_label.store.base import Policy, Store, Versions
from tui_label.store.permits import permitted
from tui_label.store.sql import SqlStore


def guidelines_text(project: Project) -> str:
    """The guidelines, or nothing where there are none."""
    try:
        return project.guidelines_path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def open_store(project: Project, person: Person | None = None) -> tuple[Store, Versions]:
    """The store as `person` may use it, whoever runs this where it is not said.

    project.yaml and guidelines are recorded; raises ConfigError where a label with answers would be orphaned.
    """
    person = person or at_work(project.roles)
    underway.refuse(project)
    if isinstance(project.store, Path):
        seal.refuse_loss(project.store)
    store = SqlStore(project.store, create=True, judge=partial(disagreement, project.tasks))
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
    if store.is_recorded(policy, project.source, guidelines):
        return permitted(store, person, project.roles), store.versions()
    renames = {
        task.id: {old: label.value for label in task.labels for old in label.was}
        for task in project.tasks
        if any(label.was for label in task.labels)
    }
    _refuse_orphans(project, store.labels_in_use(), renames)
    versions = store.record_project(policy, project.source, guidelines, renames)
    return permitted(store, person, project.roles), versions


def again(project: Project, person: Person | None = None) -> Store:
    """One more connection to a store that is open; nothing is recorded."""
    return permitted(SqlStore(project.store), person or at_work(project.roles), project.roles)


def _refuse_orphans(
    project: Project, used: Mapping[str, Mapping[str, int]], renames: Mapping[str, Mapping[str, str]]
) -> None:
    problems = []
    for task in project.tasks:
        if not task.labels:
            continue
        for label, count in used.get(task.id, {}).items():
            if renames.get(task.id, {}).get(label, label) not in task.values:
                problems.append(
                    f"project.yaml: {task.id}: label {label!r} has {count} answers and is gone; "
                    f"put it back, or say which label takes them over with `was: {label}`"
                )
    if problems:
        raise ConfigError(*problems)
