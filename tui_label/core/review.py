"""A reviewer before one item: `step(review, command, argument) → review, effects`.

A review is a value.  Its session holds the answer in the making, so that it is drawn and edited as
an annotator's is: what all say alike is in it from the start, and each version that is taken goes
into it where it differs.  No clock, no store, no screen.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum
from functools import cached_property
from operator import attrgetter
from typing import Any, NamedTuple

from tui_label.core import merging, segmenting, steps
from tui_label.core import session as sessions
from tui_label.core.annotation import Annotation
from tui_label.core.differences import Comparison, Difference, Option, compare
from tui_label.core.gold import ACCEPTED, SETTLED, Gold
from tui_label.core.item import Item
from tui_label.core.project import Project
from tui_label.core.session import HISTORY, Session
from tui_label.core.tasks import Choices, Compare, Segments, Spans, Task, Text
from tui_label.core.work import Work, work_from

REVIEWER = "reviewer"
"""Who is behind a part of a gold answer that no annotator said."""


class Effect(Enum):
    """What the bench must now do, besides what a session wants."""

    SETTLE = "settle"
    BACK = "back"
    """To the outcome before, to undo it."""


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
        return _merged(self.comparison, self.taken)

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
        return all(
            one.kind == "value" and _is_one_key(self.comparison.tasks, one.task)
            for one in map(self.differences.__getitem__, self.in_force)
        )

    @cached_property
    def differing(self) -> tuple[int, ...]:
        """The versions that do not say what the answer in the making says."""
        mine, tasks = answers(self), {task.id for task in self.session.asked}
        edited = {self.differences[n].task for n in self.edited | self.kept}
        found = []
        for version, said in enumerate(self.versions):
            otherwise = any(
                version not in self.differences[n].option_of(taken).by
                for n, taken in self.taken.items()
                if n in self.in_force
            )
            by_hand = any(said.answers.get(task, mine.get(task)) != mine.get(task) for task in edited & tasks)
            if otherwise or by_hand:
                found.append(version)
        return tuple(found)

    @property
    def concerned(self) -> tuple[int, ...]:
        """The versions that a return is for, unless the reviewer says otherwise."""
        return self.about or (self.differing if self.is_touched else ()) or tuple(range(len(self.versions)))

    def say(self, word: str) -> Review:
        return replace(self, word=word)


Outcome = tuple[Review, tuple["Effect | sessions.Effect", ...]]
Step = Callable[[Review, Any], "Review | Outcome"]


def _is_one_key(tasks: tuple[Task, ...], id: str) -> bool:
    task = next(task for task in tasks if task.id == id)
    return task.one_key or (isinstance(task, Compare) and task.finishes_at_once)


def _merged(comparison: Comparison, taken: Mapping[int, int]) -> dict[str, Any]:
    """As `Comparison.merged`, also of tasks that are not asked: hands may bring them in force."""
    found = {}
    for task, readings in zip(comparison.tasks, comparison.readings, strict=True):
        if (value := readings.value(comparison.parts(task.id, taken))) is not None:
            found[task.id] = value
    return found


# an item comes on the desk


def arranged(versions: Sequence[Annotation], key: str, blind: bool) -> tuple[Annotation, ...]:
    """The order in which versions are shown: by name, or by a hash that is another one for each item."""

    def place(one: Annotation) -> str:
        return hashlib.sha256(f"{key}\0{one.annotator}".encode("utf-8", "surrogatepass")).hexdigest()

    return tuple(sorted(versions, key=place if blind else lambda one: one.annotator))


def letters(count: int) -> tuple[str, ...]:
    """A, B, C … in place of names."""
    return tuple(chr(ord("A") + n % 26) + str(n // 26 or "") for n in range(count))


def begin(
    project: Project,
    item: Item,
    versions: Sequence[Annotation],
    *,
    about: Sequence[str] = (),
    gold: Gold | None = None,
    last_label: tuple[str, str] | None = None,
) -> Review:
    """A review of `versions`, in this order.  Where a gold answer stands, it is the one that is gone through."""
    comparison = compare(project.tasks, item, [_known(project, one.answers) for one in versions])
    session = sessions.begin(
        project, item, answered=Annotation("", answers=_merged(comparison, {})), last_label=last_label
    )
    concerned = tuple(n for n, one in enumerate(versions) if one.annotator in about)
    review = Review(tuple(versions), comparison, replace(session, typing=False), concerned)
    if gold is not None:
        review = _as_settled(review, gold)
    return _at_first(review)


def _known(project: Project, answers: Mapping[str, Any]) -> dict[str, Any]:
    """A task may have left project.yaml since, or have become another kind of question."""
    return {
        task.id: answers[task.id]
        for task in project.tasks
        if task.id in answers and isinstance(answers[task.id], _shape(task))
    }


def _shape(task: Task) -> type:
    if isinstance(task, Choices | Spans | Segments) or (isinstance(task, Compare) and task.mode == "rank"):
        return list
    return int if task.kind == "rating" else str


def _as_settled(review: Review, gold: Gold) -> Review:
    """With the answer that stands, and everything decided that differs."""
    given = _known(review.session.project, gold.answers)
    review = replace(review, session=replace(review.session, work=_work(review.session.project, given)))
    taken: dict[int, int] = {}
    for n, one in enumerate(review.differences):
        if one.kind in ("value", "labels", "spans"):
            for option in filter(attrgetter("asked"), one.options):
                tried = {**taken, n: option.by[0]}
                if n not in replace(review, taken=tried).edited:
                    taken = tried
                    break
    return replace(review, taken=taken, kept=frozenset(range(len(review.differences))), example=gold.example)


def _work(project: Project, answers: Mapping[str, Any]) -> Work:
    spans = frozenset(task.id for task in project.tasks if isinstance(task, Spans))
    return work_from(answers, {}, (), {}, spans)


def _at_first(review: Review) -> Review:
    return _placed(_aimed(replace(review, at=-1)))


def _aimed(review: Review) -> Review:
    """At a difference that is in force: another answer may have brought questions in or out."""
    if review.at in review.in_force:
        return review
    first = (*review.undecided, *review.in_force)
    return replace(review, at=first[0] if first else -1)


def _placed(review: Review) -> Review:
    """With the session's attention at the difference, without anything typed or selected."""
    session = replace(review.session, typing=False, anchor=None, chosen=None, preview=(), mark=None)
    one = review.here
    if one is None:
        return replace(review, session=session)
    session = replace(session.focused(one.task), typing=False)
    if one.kind == "spans":
        session = replace(session, cursor=session.unit(min(int(one.start), max(0, len(session.item.text) - 1)))[0])
    elif (place := seconds(review, review.at)) is not None:
        at = sum(place) / 2
        picked = next((n for n, segment in enumerate(session.segments) if segment.start <= at < segment.end), -1)
        session = replace(session, at=place[0], picked=picked)
    return replace(review, session=session)


def seconds(review: Review, number: int) -> tuple[float, float] | None:
    """The stretch of the sound that a difference in segments, or in the words of one, lies in."""
    one = review.differences[number]
    if one.kind == "segments":
        return one.start, one.end
    if one.kind == "words":
        for part in review.comparison.parts(one.task, review.taken):
            if any(piece.difference == number for piece in part.pieces):
                return part.value["start"], part.value["end"]
    return one.heard


def draft_of(review: Review) -> str:
    """What was decided so far, as JSON text for `restored`; empty where nothing was."""
    if not review.is_touched:
        return ""
    return json.dumps(
        {
            "versions": [[one.annotator, one.revision] for one in review.versions],
            "taken": list(review.taken.items()),
            "kept": sorted(review.kept),
            "example": review.example,
            "at": review.at,
            "answers": review.session.answers,
        }
    )


def restored(review: Review, draft: str) -> Review:
    """`review` as it was when `draft` was written, all of it to be undone at once; as it is where versions changed."""
    record = json.loads(draft) if draft else {}
    if record.get("versions") != [[one.annotator, one.revision] for one in review.versions]:
        return review
    work = _work(review.session.project, _known(review.session.project, record["answers"]))
    count = len(review.differences)
    made = replace(
        review,
        session=replace(review.session, work=work),
        taken={n: version for n, version in record["taken"] if n < count},
        kept=frozenset(n for n in record["kept"] if n < count),
        example=record["example"],
        at=min(record["at"], count - 1),
    )
    return _placed(_aimed(_changed(review, made)))


# commands


def _changed(before: Review, after: Review) -> Review:
    """With the moment before kept for undo, if anything was decided."""
    if _moment(before)[:4] == _moment(after)[:4]:
        return after
    session = replace(after.session, past=(), future=())
    return replace(after, session=session, past=(*before.past, _moment(before))[-HISTORY:], future=())


def _moment(review: Review) -> Moment:
    return Moment(review.session.work, review.taken, review.kept, review.example, review.at)


def _take(review: Review, number: int, version: int) -> Review:
    """With a version's reading of one difference in the answer in the making."""
    one = review.differences[number]
    taken = {**review.taken, number: version}
    before, after = review.merged, _merged(review.comparison, taken)
    task = next(task for task in review.comparison.tasks if task.id == one.task)
    value = merging.rebased(task, one, before.get(task.id), after.get(task.id), review.session.answers.get(task.id))
    now = {**review.session.answers, task.id: value}
    work = _work(review.session.project, {id: value for id, value in now.items() if value is not None})
    kept = review.kept - {number}
    return replace(review, taken=taken, kept=kept, session=replace(review.session, work=work))


def take(review: Review, version: int | None) -> Review | Outcome:
    """One version's reading of the difference, and on to the next that is open."""
    if review.here is None:
        return review.say("all say the same: a accepts it")
    if version is None or not 0 <= version < len(review.versions):
        return review.say(f"there are {len(review.versions)} versions: press the number of one")
    if not _says(review.here, version):
        return review.say(f"version {version + 1} was not asked this")
    return _onward(_changed(review, _take(review, review.at, version)))


def _says(one: Difference, version: int) -> bool:
    return any(version in option.by for option in one.options if option.asked)


def keep(review: Review, _: Any = None) -> Review | Outcome:
    """The difference is right as it stands in the answer in the making: with nothing, or as hands made it."""
    if review.here is None:
        return review.say("all say the same: a accepts it")
    if review.here.kind == "value" and review.session.answers.get(review.here.task) is None:
        return review.say(f"{review.here.task} has no answer yet: take a version, or e edits")
    return _onward(_changed(review, replace(review, kept=review.kept | {review.at})))


def _onward(review: Review) -> Review | Outcome:
    """To the next open difference; where one key is all an item needs, it is settled."""
    review = _placed(_aimed(review))
    if review.undecided:
        after = [n for n in review.undecided if n > review.at]
        return _placed(replace(review, at=(after or review.undecided)[0]))
    if review.settles_at_once and review.session.unfinished is None:
        return replace(review, outcome=SETTLED), (Effect.SETTLE,)
    return review


def hop(review: Review, by: int) -> Review:
    if not review.in_force:
        return review.say("all say the same")
    place = review.in_force.index(review.at) if review.at in review.in_force else -by
    return _placed(replace(review, at=review.in_force[(place + by) % len(review.in_force)]))


def settle(review: Review, _: Any = None, outcome: str = SETTLED) -> Review | Outcome:
    """Settle where everything is decided and valid; else go to what is not."""
    review = _leave_editing(review)
    if review.undecided:
        open_ = len(review.undecided)
        after = [n for n in review.undecided if n >= review.at]
        word = "one difference is open" if open_ == 1 else f"{open_} differences are open"
        return _placed(replace(review, at=(after or review.undecided)[0])).say(word)
    if (unfinished := review.session.unfinished) is not None:
        task, problem = unfinished
        return replace(review, session=replace(review.session, focus=task.id)).say(f"{task.id}: {problem}; e edits")
    return replace(review, outcome=outcome), (Effect.SETTLE,)


def accept(review: Review, _: Any = None) -> Review | Outcome:
    """As it stands: the one version it is about, what all say, or what most say where they differ."""
    if len(review.about) == 1 and not review.is_touched and review.in_force:
        review = _changed(review, _whole(review, review.about[0]))
        return settle(review, outcome=ACCEPTED)
    if not review.in_force and not review.is_touched:
        return settle(review, outcome=ACCEPTED)
    before = review
    while (number := next((n for n in review.undecided if _majority(review.differences[n])), None)) is not None:
        option = _majority(review.differences[number])
        assert option is not None
        review = _take(review, number, option.by[0])
    review = _changed(before, _placed(_aimed(review)))
    if review.undecided:
        return _placed(replace(review, at=review.undecided[0])).say("no majority here: take one, or e edits")
    return settle(review)


def _whole(review: Review, version: int) -> Review:
    """One version's answer with nothing left out."""
    project = review.session.project
    work = _work(project, _known(project, review.versions[version].answers))
    taken = {n: version for n, one in enumerate(review.differences) if _says(one, version)}
    return replace(review, taken=taken, kept=frozenset(), session=replace(review.session, work=work))


def _majority(one: Difference) -> Option | None:
    """What more than half of them say."""
    asked = [option for option in one.options if option.asked]
    most = max(asked, key=lambda option: len(option.by))
    return most if 2 * len(most.by) > sum(len(option.by) for option in asked) else None


def edit(review: Review, _: Any = None) -> Review:
    """The labeling keys act on the answer in the making, from the place of the difference on."""
    review = _placed(review)
    session = review.session
    task = session.asked_task(session.focus)
    if isinstance(task, Text):
        session = session.focused(task.id)
        session = replace(session, caret=_caret(review, session))
    elif isinstance(task, Segments) and review.here is not None and review.here.kind == "words" and session.picked >= 0:
        entered = segmenting.enter(session)
        session = entered[0] if isinstance(entered, tuple) else entered
    return replace(review, editing=True, session=session.within_box())


def _caret(review: Review, session: Session) -> int:
    """Where the reading of the difference begins in the text."""
    at = 0
    for part in review.comparison.parts(session.focus, review.taken) if review.here is not None else ():
        if part.difference == review.at:
            return at
        at += len(part.value)
    return len(session.box or "")


def _leave_editing(review: Review) -> Review:
    return _placed(_aimed(replace(review, editing=False))) if review.editing else review


def done(review: Review, _: Any = None) -> Review:
    return _leave_editing(review)


def example(review: Review, _: Any = None) -> Review:
    marked = _changed(review, replace(review, example=not review.example))
    return marked.say("an example for the guidelines" if marked.example else "no example any more")


def undo(review: Review, _: Any = None) -> Review | Outcome:
    if review.past:
        return _back_to(review, review.past[-1], review.past[:-1], (*review.future, _moment(review)))
    if review.editing:
        return review.say("nothing more to undo here")
    return review, (Effect.BACK,)


def redo(review: Review, _: Any = None) -> Review:
    if not review.future:
        return review.say("nothing to redo")
    return _back_to(review, review.future[-1], (*review.past, _moment(review)), review.future[:-1])


def _back_to(review: Review, moment: Moment, past: tuple[Moment, ...], future: tuple[Moment, ...]) -> Review:
    work, taken, kept, marked, at = moment
    session = replace(review.session, work=work, past=(), future=(), anchor=None, chosen=None, preview=(), mark=None)
    if session.asked_task(session.focus) is None:
        session = replace(session.focused(session.asked[0].id), typing=False)
    before = replace(
        review, session=session.within_box(), taken=taken, kept=kept, example=marked, at=at, past=past, future=future
    )
    return before if review.editing else _placed(before)


STEPS: dict[str, Step] = {
    "review.take": take,
    "review.keep": keep,
    "review.next": lambda review, _: hop(review, 1),
    "review.previous": lambda review, _: hop(review, -1),
    "review.settle": settle,
    "review.accept": accept,
    "review.edit": edit,
    "review.done": done,
    "review.example": example,
    "work.undo": undo,
    "work.redo": redo,
}
NOT_HERE = ("flag.", "suggestion.", "item.skip")
"""Labeling commands that say something about an annotator's own work."""


def step(review: Review, command: str, argument: Any = None) -> Outcome:
    """What `command` does to `review`, and what the world must now do about it."""
    review = replace(review, word="")
    if command in STEPS:
        outcome = STEPS[command](review, argument)
    elif review.editing:
        outcome = _labeled(review, command, argument)
    else:
        outcome = review
    return outcome if isinstance(outcome, tuple) else (outcome, ())


def _labeled(review: Review, command: str, argument: Any) -> Review | Outcome:
    """A labeling key, on the answer in the making."""
    if command.startswith(NOT_HERE):
        return review.say("that is for annotators: Esc goes back to the versions")
    before = review.session
    session, effects = steps.step(before, command, argument)
    after = _aimed(replace(review, session=session, word=session.word))
    if session.past is not before.past:
        after = _changed(review, after)
    if sessions.Effect.SUBMIT in effects:
        return settle(after)
    return after, effects


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


def said(one: Difference, value: Any) -> str:
    """A reading in words."""
    if one.kind == "labels":
        return str(value[0]) if value else f"not {one.about}"
    if one.kind == "words":
        return str(value) or "nothing"
    if one.kind == "spans":
        return ", ".join(f"{span['label']} “{span['text']}”" for span in value) or "nothing"
    if one.kind == "segments":
        return ", ".join(map(_segment_words, value)) or "nothing"
    if value is None:
        return "no answer"
    if isinstance(value, list):
        return ", ".join(map(str, value)) or "none of them"
    return str(value)


def _segment_words(segment: Mapping[str, Any]) -> str:
    named = [segment.get("speaker", ""), segment.get("label", ""), segment.get("text", "")]
    return " ".join([f"{segment['start']:.2f}–{segment['end']:.2f} s", *filter(None, named)])


MOST_CHANGES = 3


def changes(review: Review, version: int) -> str:
    """What of one version the gold answer says otherwise, for its annotator."""
    found = []
    for n in review.in_force:
        one = review.differences[n]
        mine = next((option for option in one.options if version in option.by), None)
        if n in review.taken and n not in review.edited and mine is not None:
            taken = one.option_of(review.taken[n])
            if taken != mine:
                found.append(f"{one.task}: {said(one, mine.value)} → {said(one, taken.value)}")
        elif mine is not None and n in review.edited | review.kept and one.kind == "value":
            now = answers(review).get(one.task)
            if now != mine.value:
                found.append(f"{one.task}: {said(one, mine.value)} → {said(one, now)}")
    more = [f"and {len(found) - MOST_CHANGES} more"] if len(found) > MOST_CHANGES else []
    return "; ".join([*found[:MOST_CHANGES], *more])
