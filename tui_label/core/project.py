"""What a project asks, as a value; config makes it from project.yaml."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from math import inf
from pathlib import Path
from typing import Any, TypeVar

from tui_label.core.roles import Roles
from tui_label.core.tasks import Rating, Task, of_another_type
from tui_label.core.text import number_of

Kind = TypeVar("Kind", bound=Task)


@dataclass(frozen=True, slots=True)
class FlagReason:
    reason: str
    help: str = ""


DEFAULT_FLAGS = (
    FlagReason("ambiguous", "Two labels fit"),
    FlagReason("guideline-gap", "The guidelines do not cover it"),
    FlagReason("wrong-language", "Not the project's language"),
    FlagReason("bad-item", "Broken, empty or garbled"),
    FlagReason("private-data", "Names a private person, address, number"),
)


@dataclass(frozen=True, slots=True)
class Pace:
    """When a person counts as gone, as too fast, as due a rest, and what they aim at."""

    idle_ms: int = 60_000
    too_fast_ms: int = 400
    break_every_ms: int = 50 * 60_000
    goal_per_hour: int | None = None


@dataclass(frozen=True, slots=True)
class Listen:
    """How sounds are played."""

    autoplay: bool = False
    """Whether a clip plays when it arrives."""
    step_back_s: float = 1.5
    """How far playing goes back after a pause."""
    must_hear: float = 0.0
    """The part of a clip, from 0 to 1, that must be heard before it can be submitted."""
    speed: float = 1.0
    lossless: bool = False
    """Whether sound that goes over ssh is sent bit by bit; else it is packed like a call."""


@dataclass(frozen=True, slots=True)
class Review:
    """How answers are looked at, and how annotators are trained and measured."""

    sample: float = 0.1
    """The share of each annotator's answers in the queue `sample`, from 0 to 1."""
    blind: bool = False
    """Whether reviewers see letters instead of names, in an order that does not give them away."""
    auto_settle: str = ""
    """The rule of `review --auto-settle`: `unanimous` settles what all annotators of an item answered alike,
    `majority` what more than half did, in every task.
    """
    gold_rate: float = 0.0
    repeat_rate: float = 0.0
    repeat_after_ms: int = 14 * 86_400_000
    attempts: int = 0
    """Goes at the qualification set; 0: none is asked for."""
    pass_mark: float = 0.8
    """The share of it that must be right."""
    judge_from: int = 20
    """Nobody's accuracy or agreement is shown on fewer items than this."""
    ignore: tuple[str, ...] = ("case", "punctuation", "tags")
    """What WER and CER leave out of account: `case`, `punctuation`, `tags`."""


@dataclass(frozen=True, slots=True)
class Suggesting:
    """Which suggestions are held back."""

    threshold: float = -inf
    """Those with a score below this."""
    hold_below: float = 0.0
    """Those of a source of which less than this share was accepted as it was, from 0 to 1; 0: of none."""
    hold_from: int = 50
    """Only after so many of its suggestions were accepted, changed or rejected."""


@dataclass(frozen=True, slots=True)
class Server:
    """A schema of a PostgreSQL database."""

    url: str
    """Without a password, and without the schema."""
    schema: str

    def __str__(self) -> str:
        return f"{self.url.split('?')[0]}?schema={self.schema}"


GUIDELINES = "guidelines.md"
"""Where project.yaml names no other file; it may be missing."""
OWN = ("project.yaml", GUIDELINES, "project.db", "project.db-wal", "project.db-shm")
"""The files in a project's folder that are the project."""


@dataclass(frozen=True)
class Project:
    """project.yaml, checked: every field has its final value."""

    folder: Path
    name: str
    tasks: tuple[Task, ...]
    guidelines: str = GUIDELINES
    """File name of the guidelines, relative to the folder."""
    items: str = "text"
    overlap: int = 1
    """Annotators per item."""
    order: str = "priority"
    """`priority`, `random`, `as-added` or `uncertain-first`."""
    lease_ms: int = 300_000
    skip: str = "later"
    """Where a skipped item goes: `later` (to me again, last), `others`, `out`."""
    flags: tuple[FlagReason, ...] = DEFAULT_FLAGS
    pace: Pace = field(default_factory=Pace)
    sound: Listen = field(default_factory=Listen)
    review: Review = field(default_factory=Review)
    suggestions: Suggesting = field(default_factory=Suggesting)
    server: Server | None = None
    """Where items and answers are kept, if not in a file in the folder."""
    roles: Roles = field(default_factory=Roles)
    keys: Mapping[str, str] = field(default_factory=dict)
    """Command name → keys (separated by spaces), the team's own."""
    source: str = ""
    """The text of project.yaml."""

    def task(self, id: str) -> Task | None:
        return next((task for task in self.tasks if task.id == id), None)

    @cached_property
    def own_colors(self) -> frozenset[str]:
        """The colours that labels were given."""
        return frozenset(label.color for task in self.tasks for label in task.labels if label.color)

    @cached_property
    def colorless(self) -> Mapping[str, int]:
        """The labels that were given none, each with its place among these, from 0."""
        places: dict[str, int] = {}
        names = (label.value for task in self.tasks for label in task.labels if not label.color)
        for place, name in enumerate(names):
            places.setdefault(name, place)
        return places

    def first(self, *kinds: type[Kind]) -> Kind | None:
        """The first task of one of these kinds."""
        return next(iter(self.every(*kinds)), None)

    def every(self, *kinds: type[Kind]) -> list[Kind]:
        """All tasks of these kinds."""
        return [task for task in self.tasks if isinstance(task, kinds)]

    @property
    def database(self) -> Path:
        return self.folder / "project.db"

    @property
    def store(self) -> Path | Server:
        """Where items and answers are kept."""
        return self.server or self.database

    @property
    def guidelines_path(self) -> Path:
        return self.folder / self.guidelines


def orphans(
    tasks: Iterable[Task],
    used: Mapping[str, Mapping[str, int]],
    renames: Mapping[str, Mapping[str, str]],
) -> list[str]:
    """A line for each label that answers have and its task has not, nor under another name; `used`: how many, by task."""
    return [
        f"project.yaml: {task.id}: label {label!r} has {number_of(count, 'answer')} and is gone; "
        f"put it back, or say which label takes them over with `was: {label}`"
        for task in tasks
        if task.labels
        for label, count in used.get(task.id, {}).items()
        if renames.get(task.id, {}).get(label, label) not in task.values
    ]


def misfits(
    tasks: Iterable[Task], ratings: Iterable[Rating], before: Mapping[str, Task], said: Iterable[Mapping[str, Any]]
) -> list[str]:
    """A line for each task with answers of another type, and for each scale that has not all the steps any more that were given.

    `before`: what the tasks were, if that is known.
    """
    tasks, ratings = tuple(tasks), tuple(ratings)
    retyped, beyond = Counter[str](), Counter[str]()
    for answers in said:
        retyped.update(of_another_type(tasks, answers).union(id for id in before if answers.get(id) is not None))
        given = ((task, answers.get(task.id)) for task in ratings)
        beyond.update(task.id for task, step in given if task.fits(step) and str(step) not in task.values)
    return [
        f"project.yaml: {task.id}: {_type_before(task, before.get(task.id), retyped[task.id])}; "
        f"put the type back, or give the question a new id"
        for task in tasks
        if retyped[task.id]
    ] + [
        f"project.yaml: {task.id}: {number_of(beyond[task.id], 'answer')} beyond its scale of {task.min} to {task.max}; "
        f"put those steps back, or give the question a new id"
        for task in ratings
        if beyond[task.id]
    ]


def _type_before(task: Task, before: Task | None, count: int) -> str:
    answers = number_of(count, "answer")
    if before is not None:
        return f"was {before.type} and has {answers}, and is {task.type} now"
    return f"is {task.type}, and {answers} {'is' if count == 1 else 'are'} of another type"
