"""What is said to an annotator before an item: news of the guidelines, the pages of the qualification set.

Functions of a store and a notice; the workbench calls them in the store's thread.
Where somebody stands follows from the store alone, so that a lost link shows the
same page again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import islice

from tui_label import config
from tui_label.core.news import LABELS, News, label_words, passages
from tui_label.core.project import Project
from tui_label.core.renames import Renames
from tui_label.core.training import Briefing, Feedback, Score, UsedUp, marked, score
from tui_label.errors import ConfigError
from tui_label.store.base import Store, Versions
from tui_label.store.reviewing import Attempt, Change

REMEMBERED = 50
"""Changes that can be read once more."""


@dataclass(frozen=True, slots=True)
class Announcement:
    """What changed since they were last told."""

    news: tuple[News, ...]


Notice = Announcement | Briefing | Feedback | Score | UsedUp


@dataclass(frozen=True, slots=True)
class Renewal:
    """A project after changes."""

    project: Project
    guidelines: str | None
    """Their text; None where they are as before."""
    news: tuple[News, ...]
    """Those that are worth telling."""


# news


def since(changes: Sequence[Change], versions: Versions) -> tuple[Change, ...]:
    """All versions after these as one change of each kind."""
    found: dict[str, Change] = {}
    names = Renames({change.number: change.names for change in changes if change.kind == LABELS}).since(versions.labels)
    for change in changes:
        if change.number > (versions.labels if change.kind == LABELS else versions.guidelines):
            first = found.get(change.kind, change)
            found[change.kind] = replace(change, before=first.before, names=names)
    return tuple(found.values())


def renewal(project: Project, changes: Sequence[Change]) -> Renewal:
    """`project` as it is after `changes`, and what of them an annotator would notice."""
    guidelines = next((change.after for change in changes if change.kind != LABELS), None)
    for change in changes:
        if change.kind == LABELS and change.after != project.source:
            project = _parsed(change.after, project) or project
    news = tuple(_told(change, project) for change in changes)
    return Renewal(project, guidelines, tuple(one for one in news if not one.is_empty))


def told(store: Store, project: Project) -> tuple[News, ...]:
    """What changed so far, the latest first, each version beside the one before it."""
    changes = sorted(store.changes(), key=lambda change: change.at, reverse=True)
    news = (_told(change, project) for change in changes if change.number > 1)
    return tuple(islice((one for one in news if not one.is_empty), REMEMBERED))


def _told(change: Change, project: Project) -> News:
    if change.kind == LABELS:
        before, after = _parsed(change.before, project), _parsed(change.after, project)
        if before is not None and after is not None:
            return News(change.kind, change.number, change.at, label_words(before, after, change.names))
    return News(change.kind, change.number, change.at, (), passages(change.before, change.after))


def _parsed(source: str, project: Project) -> Project | None:
    """The project that `source` describes; None where this version of the program does not take it."""
    try:
        return config.parse(source, project.folder)
    except ConfigError:
        return None


# the qualification set


def standing(store: Store, project: Project, annotator: str, key: str = "") -> Briefing | Feedback | UsedUp | None:
    """The page of the qualification set that comes next; None where none is asked for, or where it is passed.

    Feedback is on the item with this key, on the one answered last where none is given.
    """
    review = project.review
    if not review.attempts:
        return None
    attempts = store.attempts(annotator)
    if any(attempt.passed for attempt in attempts):
        return None
    asked = store.qualification(annotator)
    if not asked:
        return None
    attempts, allowed = _made(store, project, annotator)
    if len(attempts) >= allowed:
        return UsedUp(tuple(one.right / one.of for one in attempts), review.pass_mark)
    answered = [(item, given, known) for item, given, known in asked if given is not None]
    if not answered:
        return Briefing(len(asked), review.pass_mark, len(attempts) + 1, allowed)
    item, given, known = max(answered, key=lambda one: (one[0].key == key, one[1].submitted_at))
    marks = marked(project.tasks, given.answers, known.answers)
    return Feedback(item, len(answered), len(asked), marks)


def following(store: Store, project: Project, annotator: str, notice: Notice) -> Notice | None:
    """What comes after a page that was read; None: the next item.  Keeps that it was read."""
    if isinstance(notice, Announcement):
        store.told(annotator)
        return None
    if isinstance(notice, Feedback):
        return _scored(store, project, annotator) if notice.place >= notice.of else None
    if isinstance(notice, Score):
        # Once, also where the key was pressed again because the answer to the first was lost
        if len(_made(store, project, annotator)[0]) < notice.attempt:
            attempt = Attempt(annotator, notice.right, notice.of, notice.passed)
            store.keep_attempt(attempt, again=not notice.passed and not notice.is_last)
        return standing(store, project, annotator)
    return notice if isinstance(notice, UsedUp) else None


def _scored(store: Store, project: Project, annotator: str) -> Score:
    """What the answers of a whole attempt come to."""
    asked = store.qualification(annotator)
    right = sum(
        score(marked(project.tasks, given.answers, known.answers)) for _, given, known in asked if given is not None
    )
    attempts, allowed = _made(store, project, annotator)
    return Score(right, len(asked), project.review.pass_mark, len(attempts) + 1, allowed)


def _made(store: Store, project: Project, annotator: str) -> tuple[list[Attempt], int]:
    """The attempts that were made, and how many there may be: a lead can give leave for more."""
    found = store.attempts(annotator)
    made = [attempt for attempt in found if not attempt.is_leave]
    return made, project.review.attempts + len(found) - len(made)


def shown(store: Store, project: Project, annotator: str) -> bool:
    """Whether the answer given last is one whose right answer was shown: that is not to be undone."""
    if not project.review.attempts:
        return False
    latest = store.history(annotator, None, 1)
    return bool(latest) and latest[0].item.key in {item.key for item, _, _ in store.qualification(annotator)}
