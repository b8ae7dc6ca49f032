"""All that a report tells, read from the project once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from secrets import SystemRandom
from typing import Any

from tui_label.core.item import Item
from tui_label.core.opinions import Effort
from tui_label.core.project import Project
from tui_label.core.text import letters
from tui_label.quality.agreement import Agreement, Part, TaskAgreement, Unjudged
from tui_label.quality.person import Person
from tui_label.report import agreement_report, status_report
from tui_label.store.base import Progress, Store
from tui_label.store.reviewing import Change

DRAWN = 60
"""People in a plot; the tables have them all."""
EXAMPLES = 3
"""For each reason of a flag."""
CANDIDATES = 30
"""Flagged answers that are kept in mind for a reason, since an answer may have been taken back."""
MOST_EXAMPLES = 50
"""Examples for the guidelines."""


@dataclass(frozen=True, slots=True)
class Flagged:
    """An item with a flag, and the flag's note."""

    key: str
    text: str
    annotator: str
    note: str


@dataclass(frozen=True, slots=True)
class Example:
    """An item that a reviewer marked for the guidelines, with its right answer."""

    key: str
    text: str
    answers: Mapping[str, Any]
    at: str


@dataclass(frozen=True, slots=True)
class Material:
    project: Project
    progress: Progress
    people: tuple[Person, ...]
    answers_a_day: Mapping[date, int]
    agreement: Agreement
    flags: Mapping[str, int]
    flagged: Mapping[str, tuple[Flagged, ...]]
    """By reason."""
    sources: Sequence[Mapping[str, Any]]
    """How good each source of suggestions is, as `status_report.suggestions` has it."""
    known: Mapping[str, int]
    """Standing gold answers by outcome."""
    examples: tuple[Example, ...]
    versions: tuple[Change, ...]
    at: datetime
    is_blind: bool


def gather(project: Project, store: Store, at: datetime, *, blind: bool = False) -> Material:
    """Read it all; with `blind`, letters stand for the annotators' names, in another order each time."""
    ledger = status_report.ledger(project, None)
    noted: dict[str, list[tuple[int, str]]] = {}
    ledger.take(_noting(store.efforts(), noted))
    people = ledger.people()
    found = agreement_report.agreement(project, store)
    outcomes: Counter[str] = Counter()
    examples: list[Example] = []
    for number, gold in store.known():
        outcomes[gold.outcome] += 1
        if gold.example and len(examples) < MOST_EXAMPLES and (case := store.case(number)):
            examples.append(Example(case.item.key, shown(case.item), gold.answers, gold.at))
    name = _letters([person.annotator for person in people]) if blind else str
    return Material(
        project,
        store.progress(""),
        tuple(sorted((replace(one, annotator=name(one.annotator)) for one in people), key=_place if blind else _own)),
        _by_day(people),
        _renamed(found, name),
        status_report.flags_open(people),
        {reason: tuple(_flagged(store, reason, places, name)) for reason, places in noted.items()},
        status_report.suggestions(project, store),
        outcomes,
        tuple(examples),
        store.changes(),
        at,
        blind,
    )


def shown(item: Item) -> str:
    """What stands for an item in a table."""
    if item.sound is not None:
        return item.sound.path
    return item.text or " / ".join(item.candidates)


def _own(person: Person) -> tuple[int, str]:
    return 0, person.annotator


def _place(person: Person) -> tuple[int, str]:
    """A, B, … Z, then those with a number."""
    return len(person.annotator), person.annotator


def _by_day(people: Iterable[Person]) -> Mapping[date, int]:
    total: Counter[date] = Counter()
    for person in people:
        total.update(person.days)
    return dict(sorted(total.items()))


def _noting(efforts: Iterator[Effort], noted: dict[str, list[tuple[int, str]]]) -> Iterator[Effort]:
    """The same, while what has a flag is written down by reason."""
    for one in efforts:
        for reason in one.flags:
            places = noted.setdefault(reason, [])
            if len(places) < CANDIDATES:
                places.append((one.number, one.annotator))
        yield one


def _flagged(
    store: Store, reason: str, places: Iterable[tuple[int, str]], name: Callable[[str], str]
) -> Iterator[Flagged]:
    """The first few that still have the flag, those with a note first."""
    found = []
    for number, annotator in dict.fromkeys(places):
        case = store.case(number)
        for version in case.versions if case else ():
            for flag in version.flags if version.annotator == annotator else ():
                if flag.reason == reason:
                    assert case is not None
                    found.append(Flagged(case.item.key, shown(case.item), name(annotator), flag.note))
    yield from sorted(found, key=lambda one: not one.note)[:EXAMPLES]


# names


def _letters(names: list[str]) -> Callable[[str], str]:
    """Letters in an order that gives nobody away."""
    mixed = list(names)
    SystemRandom().shuffle(mixed)
    called = {name: f"annotator {letter}" for name, letter in zip(mixed, letters(len(mixed)), strict=True)}
    return lambda name: called.get(name, "another annotator")


def _renamed(agreement: Agreement, name: Callable[[str], str]) -> Agreement:
    return replace(agreement, tasks=tuple(_renamed_task(task, name) for task in agreement.tasks))


def _renamed_task(task: TaskAgreement, name: Callable[[str], str]) -> TaskAgreement:
    def of(parts: tuple[Part, ...]) -> tuple[Part, ...]:
        return tuple(sorted(part._replace(names=_sorted(map(name, part.names))) for part in parts))

    def few(parts: tuple[Unjudged, ...]) -> tuple[Unjudged, ...]:
        return tuple(part._replace(names=_sorted(map(name, part.names))) for part in parts)

    return replace(
        task, pairs=of(task.pairs), gold=of(task.gold), repeats=of(task.repeats), unjudged=few(task.unjudged)
    )


def _sorted(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(names))
