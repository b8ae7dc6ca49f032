"""An item before a reviewer, and what was decided about it so far, as a value; reviewsteps say what keys do to it.

Its session holds the answer in the making, so that it is drawn and edited as
an annotator's is: what all say alike is in it from the start, and each version that is taken goes
into it where it differs.  No clock, no store, no screen.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from operator import attrgetter
from typing import Any, NamedTuple

from tui_label.core.annotating import beginning
from tui_label.core.annotating.session import HISTORY, Session, line_from
from tui_label.core.annotating.work import Work, work_from
from tui_label.core.annotation import Annotation
from tui_label.core.gold import SETTLED, Gold
from tui_label.core.item import Item
from tui_label.core.overlap import similarity
from tui_label.core.project import Project
from tui_label.core.renames import Renames
from tui_label.core.reviewing import merging
from tui_label.core.reviewing.differences import Comparison, Difference, compare
from tui_label.core.tasks import Choices, Segment, Segments, Spans, fitting, is_asked

REVIEWER = "reviewer"
"""Who is behind a part of a gold answer that no annotator said."""


class Moment(NamedTuple):
    """What undo brings back."""

    work: Work
    taken: Mapping[int, int]
    kept: frozenset[int]
    example: bool
    at: int


@dataclass(frozen=True)
class Review:
    """One item on a reviewer's desk, and what was decided about it so far."""

    versions: tuple[Annotation, ...]
    """In the order in which they are shown."""
    comparison: Comparison
    """Of these, in the same order."""
    session: Session
    about: tuple[int, ...] = ()
    """The versions for whose sake the item is here; none: all."""
    taken: Mapping[int, int] = field(default_factory=dict)
    """Difference → version."""
    kept: frozenset[int] = frozenset()
    """Differences that are right as they stand in the answer in the making."""
    at: int = -1
    """The difference that keys are about; -1 where all say the same."""
    editing: bool = False
    example: bool = False
    outcome: str = SETTLED
    past: tuple[Moment, ...] = ()
    future: tuple[Moment, ...] = ()
    word: str = ""

    @property
    def item(self) -> Item:
        return self.session.item

    @property
    def differences(self) -> tuple[Difference, ...]:
        return self.comparison.differences

    @property
    def here(self) -> Difference | None:
        return self.differences[self.at] if self.at >= 0 else None

    # what is decided

    @cached_property
    def merged(self) -> Mapping[str, Any]:
        """The answers as the versions and what was taken of them make them, without what hands did."""
        return self.comparison.merged(self.taken, unasked=True)

    @cached_property
    def edited(self) -> frozenset[int]:
        """The differences at whose place hands changed something."""
        return frozenset(merging.edited(self.comparison, self.taken, self.merged, self.session.answers))

    @cached_property
    def in_force(self) -> tuple[int, ...]:
        """The differences in tasks that are asked under the answer in the making."""
        asked = {task.id for task in self.session.asked}
        return tuple(n for n, one in enumerate(self.differences) if one.task in asked and not one.is_quiet)

    @cached_property
    def undecided(self) -> tuple[int, ...]:
        return tuple(n for n in self.in_force if n not in self.taken and n not in self.kept and n not in self.edited)

    @property
    def is_touched(self) -> bool:
        """Whether the reviewer has decided anything."""
        return bool(self.past)

    @property
    def settles_at_once(self) -> bool:
        """Whether the last version that is taken settles: every difference is about one whole answer."""
        one_key = {task.id for task in self.comparison.tasks if task.one_key}
        return all(
            one.kind == "value" and one.task in one_key for one in map(self.differences.__getitem__, self.in_force)
        )

    def corrected(self, version: int) -> tuple[Difference, ...]:
        """Where a version, 0 in these, says otherwise than the answer in the making, 1; not of tasks that are open."""
        tasks, said = self.comparison.tasks, self.comparison.versions[version]
        # Who left a question open said none of them, too
        mine = {id: value for id, value in fitting(tasks, answers(self)).items() if value != [] or id in said}
        found = compare(tasks, self.item, (said, mine)).differences
        return tuple(one for one in found if one.task not in self._open and not one.is_quiet)

    @cached_property
    def _open(self) -> frozenset[str]:
        """The tasks in which something is undecided."""
        return frozenset(self.differences[n].task for n in self.undecided)

    @cached_property
    def differing(self) -> tuple[int, ...]:
        """The versions that do not say what is decided: the answer in the making, and what was taken in tasks that are open."""
        in_open = [n for n in self.in_force if n in self.taken and self.differences[n].task in self._open]
        taken = [self.differences[n].option_of(self.taken[n]).by for n in in_open]
        return tuple(
            version
            for version in range(len(self.versions))
            if self.corrected(version) or any(version not in by for by in taken)
        )

    @property
    def concerned(self) -> tuple[int, ...]:
        """The versions that a return is for, unless the reviewer says otherwise."""
        return self.about or (self.differing if self.is_touched else ()) or tuple(range(len(self.versions)))

    def say(self, word: str) -> Review:
        return replace(self, word=word)

    # where attention is

    def aimed(self, task: str = "") -> Review:
        """At a difference that is in force, one of `task` rather than another: another answer may have brought
        questions in or out.
        """
        if self.at in self.in_force:
            return self
        first = sorted((*self.undecided, *self.in_force), key=lambda n: self.differences[n].task != task)
        return replace(self, at=first[0] if first else -1)

    def placed(self) -> Review:
        """With the session's attention at the difference, without anything typed or selected."""
        session = replace(self.session, typing=False, anchor=None, chosen=None, preview=(), mark=None)
        one = self.here
        if one is None:
            return replace(self, session=session)
        session = replace(session.focused(one.task), typing=False)
        if one.kind == "spans":
            session = replace(session, cursor=session.unit(min(int(one.start), max(0, len(session.item.text) - 1)))[0])
        elif (place := self.stretch) is not None:
            session = replace(session, at=place[0], picked=self._place_among(session.segments))
        return replace(self, session=session)

    @cached_property
    def _record(self) -> Mapping[str, Any] | None:
        """The segment in the answer that the versions make which the difference at hand is about; the first of several."""
        if self.here is None:
            return None
        for part in self.comparison.parts(self.here.task, self.taken):
            if isinstance(part.value, dict) and self.at in (part.difference, *(one.difference for one in part.pieces)):
                return part.value
        return None

    def _place_among(self, segments: Sequence[Segment]) -> int:
        """The index of that segment, wherever hands have moved its edges; -1 where there is none."""
        if (record := self._record) is None:
            return -1
        there = Segment(record["start"], record["end"])
        near, picked = max(((similarity(one, there), n) for n, one in enumerate(segments)), default=(0.0, -1))
        return picked if near > 0 else -1

    @property
    def stretch(self) -> tuple[float, float] | None:
        """The stretch of the sound that the difference at hand lies in, in segments or in the words of one."""
        one = self.here
        if one is None:
            return None
        if one.kind == "segments":
            return one.start, one.end
        if one.kind == "words" and (record := self._record) is not None:
            return record["start"], record["end"]
        return one.heard

    # what undo brings back

    @property
    def moment(self) -> Moment:
        return Moment(self.session.work, self.taken, self.kept, self.example, self.at)

    def remembering(self, before: Review) -> Review:
        """With the moment before kept for undo, if anything was decided since."""
        if before.moment[:4] == self.moment[:4]:
            return self
        session = replace(self.session, past=(), future=())
        return replace(self, session=session, past=(*before.past, before.moment)[-HISTORY:], future=())


# an item comes on the desk


def arranged(versions: Sequence[Annotation], key: str, blind: bool) -> tuple[Annotation, ...]:
    """The order in which versions are shown: by name, or by a hash that is another one for each item."""

    def place(one: Annotation) -> str:
        return hashlib.sha256(f"{key}\0{one.annotator}".encode("utf-8", "surrogatepass")).hexdigest()

    return tuple(sorted(versions, key=place if blind else lambda one: one.annotator))


def begin(
    project: Project,
    item: Item,
    versions: Sequence[Annotation],
    *,
    about: Sequence[str] = (),
    gold: Gold | None = None,
    last_label: tuple[str, str] | None = None,
    task: str = "",
) -> Review:
    """A review of `versions`, in this order, from the first difference of `task` on.  Where a gold answer stands, it
    is the one that is gone through.
    """
    comparison = compare(project.tasks, item, [fitting(project.tasks, one.answers) for one in versions])
    session = beginning.begin(
        project, item, answered=Annotation("", answers=comparison.merged({}, unasked=True)), last_label=last_label
    )
    concerned = tuple(n for n, one in enumerate(versions) if one.annotator in about)
    review = Review(tuple(versions), comparison, replace(session, typing=False), concerned)
    if gold is not None:
        review = _as_settled(review, gold)
    return replace(review, at=-1).aimed(task).placed()


def _as_settled(review: Review, gold: Gold) -> Review:
    """With the answer that stands, and everything decided that differs in what was asked for it."""
    project = review.session.project
    given = fitting(project.tasks, gold.answers)
    asked = {task.id for task in project.tasks if is_asked(task, project.tasks, given.get)}
    # Another answer may bring the other questions in force: of these nothing was said
    unasked = {id: value for id, value in review.merged.items() if id not in asked}
    review = replace(review, session=replace(review.session, work=work_of(project, unasked | given)))
    told = [n for n, one in enumerate(review.differences) if one.task in asked]
    taken: dict[int, int] = {}
    for n in told:
        one = review.differences[n]
        if one.kind in ("value", "labels", "spans"):
            for option in filter(attrgetter("asked"), one.options):
                tried = {**taken, n: option.by[0]}
                if n not in replace(review, taken=tried).edited:
                    taken = tried
                    break
    for task, value in given.items():
        if isinstance(value, str) and task in asked:
            taken |= merging.said_in(value, review.comparison, task)
    return replace(review, taken=taken, kept=frozenset(told), example=gold.example)


def work_of(project: Project, answers: Mapping[str, Any]) -> Work:
    spans = frozenset(task.id for task in project.tasks if isinstance(task, Spans))
    return work_from(answers, {}, (), {}, spans)


def draft_of(review: Review, labels: int, desk: str) -> str:
    """What was decided and typed so far, as JSON text for `restored`; empty where nothing was.

    `labels`: the version of project.yaml whose labels it has; `desk`: which desk it was decided at.
    """
    record: dict[str, Any] = {}
    if review.is_touched:
        record = {
            **_decided_about(review),
            "labels": labels,
            "taken": list(review.taken.items()),
            "kept": sorted(review.kept),
            "example": review.example,
            "at": review.at,
            "answers": review.session.answers,
        }
    if review.session.line.words:
        record["line"] = review.session.line
    return json.dumps({**record, "desk": desk}) if record else ""


def _decided_about(review: Review) -> dict[str, Any]:
    return {
        "versions": [[one.annotator, one.revision] for one in review.versions],
        "differences": len(review.differences),
    }


def reopened(review: Review, gold: Gold) -> Review:
    """`review` as it was when it was settled so, all of it to be undone at once; as it is where one key settles it."""
    made = _as_settled(review, gold)
    if review.settles_at_once and made.merged == made.session.answers:
        return review
    return made.remembering(review).aimed().placed()


def restored(review: Review, draft: str, renames: Renames) -> Review:
    """`review` as it was when `draft` was written, all that was decided to be undone at once.

    Nothing is decided where that was about others: versions changed, or two labels became one.
    """
    record = json.loads(draft) if draft else {}
    review = replace(review, session=replace(review.session, line=line_from(record.get("line", ()))))
    if any(record.get(name) != value for name, value in _decided_about(review).items()):
        return review
    work = work_of(review.session.project, fitting(review.session.project.tasks, record["answers"]))
    made = replace(
        review,
        session=replace(review.session, work=work.renamed(renames.since(record["labels"]))),
        taken=dict(record["taken"]),
        kept=frozenset(record["kept"]),
        example=record["example"],
        at=record["at"],
    )
    return made.remembering(review).aimed().placed()


# what comes of it


def answers(review: Review) -> dict[str, Any]:
    """The gold answer: of what is asked only; none of them chosen or marked is an answer too."""
    session = review.session
    said = session.answers
    found = {task.id: said[task.id] for task in session.asked if said.get(task.id) is not None}
    for task in session.asked:
        if isinstance(task, Spans | Segments | Choices):
            found.setdefault(task.id, [])
    return found


def origin(review: Review) -> dict[str, list[str]]:
    """Who said each part of it, `ann+bob`, or the reviewer."""
    names = [one.annotator for one in review.versions]
    by = review.comparison.origin(review.taken, names)
    merged = review.comparison.merged(review.taken)
    found = {}
    for id, value in answers(review).items():
        mine = merged.get(id)
        if isinstance(review.session.project.task(id), Spans | Segments):
            found[id] = [by[id][mine.index(one)] if mine and one in mine else REVIEWER for one in value]
        else:
            found[id] = by[id] if id in by and mine == value else [REVIEWER]
    return {id: some for id, some in found.items() if some}


def gold_of(review: Review, reviewer: str, *, active_ms: int, labels_version: int, guidelines_version: int) -> Gold:
    return Gold(
        reviewer,
        answers(review),
        review.outcome,
        sources={one.annotator: one.revision for one in review.versions},
        origin=origin(review),
        example=review.example,
        active_ms=active_ms,
        labels_version=labels_version,
        guidelines_version=guidelines_version,
    )
