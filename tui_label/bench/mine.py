"""One annotator's own figures, as they are shown to that annotator first.

Loads numpy: imported where somebody asks for their figures, not before.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, TypeVar

from tui_label.core.gold import AUTO
from tui_label.core.opinions import Effort, Opinion, Repeat
from tui_label.core.project import Project
from tui_label.quality import agreement
from tui_label.quality.estimates import Figure
from tui_label.quality.pace import Ledger
from tui_label.quality.person import Person
from tui_label.store.base import Store

BATCH = 10
"""Known answers and repeats come unmarked among other items.  They count here by the ten, so that nobody can
tell from their figures which one of them was the last item.
"""


Kind = TypeVar("Kind", Opinion, Repeat)


@dataclass(frozen=True, slots=True)
class Mine:
    """What one annotator's work comes to."""

    today: Person
    overall: Person
    known: tuple[tuple[str, Figure], ...]
    """For each task, how near they are to the known answers; empty below `judge_from`."""
    repeats: tuple[tuple[str, Figure], ...]
    """For each task, how near they are to what they said of the same items before."""
    judge_from: int


def mine(store: Store, project: Project, annotator: str) -> Mine:
    """Today is the day of this machine's clock and zone."""
    efforts = list(store.efforts(annotator=annotator))
    opinions = sorted(store.opinions(annotator), key=lambda one: one.submitted_at)
    judged = agreement.figures(
        project.tasks,
        opinions,
        gold=_golds(store, annotator, opinions),
        repeats=_batches(sorted(store.repeats(annotator), key=lambda one: one.submitted_at)),
        judge_from=project.review.judge_from,
        by=(),
    )
    today = datetime.now().astimezone().date()
    return Mine(
        _person(project, annotator, [one for one in efforts if _day(one) == today]),
        _person(project, annotator, efforts),
        tuple((task.task, part.figures[0]) for task in judged.tasks for part in task.gold if part.figures),
        tuple((task.task, part.figures[0]) for task in judged.tasks for part in task.repeats if part.figures),
        project.review.judge_from,
    )


def _golds(store: Store, annotator: str, opinions: Sequence[Opinion]) -> Mapping[int, Mapping[str, Any]]:
    """The known answers to their items, but those that were made from answers by a rule."""
    known = {number: gold.answers for number, gold in store.known(annotator) if gold.outcome != AUTO}
    return {one.number: known[one.number] for one in _batches([one for one in opinions if one.number in known])}


def _batches(found: Sequence[Kind]) -> Sequence[Kind]:
    return found[: len(found) // BATCH * BATCH]


def _person(project: Project, annotator: str, efforts: Iterable[Effort]) -> Person:
    ledger = Ledger(
        project.tasks, too_fast_ms=project.pace.too_fast_ms, judge_from=project.review.judge_from, zone=None
    )
    ledger.take(efforts)
    return next(iter(ledger.people()), Person(annotator))


def _day(effort: Effort) -> date | None:
    try:
        return datetime.fromisoformat(effort.submitted_at).astimezone().date()
    except ValueError:
        return None
