"""A reviewer's keys before one item: `step(review, command, argument) → review, effects`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from enum import Enum
from typing import Any

from tui_label.core.annotating import segmenting, steps
from tui_label.core.annotating import session as sessions
from tui_label.core.annotating.session import Session
from tui_label.core.gold import ACCEPTED, SETTLED
from tui_label.core.reviewing import merging
from tui_label.core.reviewing.differences import Difference, Option
from tui_label.core.reviewing.review import Moment, Review, work_of
from tui_label.core.tasks import Text, fitting


class Effect(Enum):
    """What the bench must now do, besides what a session wants."""

    SETTLE = "settle"
    BACK = "back"
    """To the outcome before, to undo it."""


Outcome = tuple[Review, tuple["Effect | sessions.Effect", ...]]
Step = Callable[[Review, Any], "Review | Outcome"]
NOTHING_DIFFERS = "nothing differs: {review.accept} accepts it"


def _take(review: Review, number: int, version: int) -> Review:
    """With a version's reading of one difference in the answer in the making."""
    one = review.differences[number]
    taken = {**review.taken, number: version}
    before, after = review.merged, review.comparison.merged(taken, unasked=True)
    task = next(task for task in review.comparison.tasks if task.id == one.task)
    if number in review.edited and before.get(task.id) == after.get(task.id):
        # The merged answer reads so already: what hands changed of it shows only against another reading
        other = next((option.by[0] for option in one.options if option.asked and version not in option.by), version)
        before = review.comparison.merged({**taken, number: other}, unasked=True)
    value = review.session.answers.get(task.id)
    if before.get(task.id) != after.get(task.id):
        value = merging.rebased(task, one, before.get(task.id), after.get(task.id), value)
    now = {**review.session.answers, task.id: value}
    work = work_of(review.session.project, {id: value for id, value in now.items() if value is not None})
    kept = review.kept - {number}
    return replace(review, taken=taken, kept=kept, session=replace(review.session, work=work))


def take(review: Review, version: int | None) -> Review | Outcome:
    """One version's reading of the difference, and on to the next that is open."""
    if review.here is None:
        return review.say(NOTHING_DIFFERS)
    if version is None or not 0 <= version < len(review.versions):
        return review.say(f"there are {len(review.versions)} versions: press the number of one")
    if not _says(review.here, version):
        return review.say(f"version {version + 1} was not asked this")
    return _onward(_take(review, review.at, version).remembering(review))


def take_whole(review: Review, version: int) -> Review | Outcome:
    """All that one version answered, whatever was taken before."""
    if review.here is None:
        return review.say(NOTHING_DIFFERS)
    return _onward(_whole(review, version).remembering(review))


def _says(one: Difference, version: int) -> bool:
    return any(version in option.by for option in one.options if option.asked)


def keep(review: Review, _: Any = None) -> Review | Outcome:
    """The difference is right as it stands in the answer in the making: with nothing, or as hands made it."""
    if review.here is None:
        return review.say(NOTHING_DIFFERS)
    if review.here.kind == "value" and review.session.answers.get(review.here.task) is None:
        return review.say(f"{review.here.task} has no answer yet: take a version, or e edits")
    return _onward(replace(review, kept=review.kept | {review.at}).remembering(review))


def _onward(review: Review) -> Review | Outcome:
    """To the next open difference; where one key is all an item needs, it is settled."""
    review = review.aimed().placed()
    if review.undecided:
        after = [n for n in review.undecided if n > review.at]
        return replace(review, at=(after or review.undecided)[0]).placed()
    if review.settles_at_once and review.session.unfinished is None:
        return replace(review, outcome=SETTLED), (Effect.SETTLE,)
    return review


def hop(review: Review, by: int) -> Review:
    if not review.in_force:
        return review.say("nothing differs")
    place = review.in_force.index(review.at) + by
    return replace(review, at=review.in_force[place % len(review.in_force)]).placed()


def settle(review: Review, _: Any = None, outcome: str = SETTLED) -> Review | Outcome:
    """Settle where everything is decided and valid; else go to what is not."""
    review = _leave_editing(review)
    if review.undecided:
        open_ = len(review.undecided)
        after = [n for n in review.undecided if n >= review.at]
        word = "one difference is open" if open_ == 1 else f"{open_} differences are open"
        return replace(review, at=(after or review.undecided)[0]).placed().say(word)
    if (unfinished := review.session.unfinished) is not None:
        task, problem = unfinished
        return replace(review, session=replace(review.session, focus=task.id)).say(f"{task.id}: {problem}; e edits")
    return replace(review, outcome=outcome), (Effect.SETTLE,)


def accept(review: Review, _: Any = None) -> Review | Outcome:
    """As it stands: the one version it is about, what all say, or what most say where they differ."""
    if len(review.about) == 1 and not review.is_touched and review.in_force:
        review = _whole(review, review.about[0]).remembering(review)
        return settle(review, outcome=ACCEPTED)
    if not review.in_force and not review.is_touched:
        return settle(review, outcome=ACCEPTED)
    before = review
    while (number := next((n for n in review.undecided if _majority(review.differences[n])), None)) is not None:
        option = _majority(review.differences[number])
        assert option is not None
        review = _take(review, number, option.by[0])
    review = review.aimed().placed().remembering(before)
    if review.undecided:
        return replace(review, at=review.undecided[0]).placed().say("no majority here: take one, or e edits")
    return settle(review)


def _whole(review: Review, version: int) -> Review:
    """One version's answer with nothing left out."""
    project = review.session.project
    work = work_of(project, fitting(project.tasks, review.versions[version].answers))
    taken = {n: version for n, one in enumerate(review.differences) if _says(one, version)}
    return replace(review, taken=taken, kept=frozenset(), session=replace(review.session, work=work))


def _majority(one: Difference) -> Option | None:
    """What more than half of them say."""
    asked = [option for option in one.options if option.asked]
    most = max(asked, key=lambda option: len(option.by))
    return most if 2 * len(most.by) > sum(len(option.by) for option in asked) else None


def edit(review: Review, _: Any = None) -> Review:
    """The labeling keys act on the answer in the making, from the place of the difference on."""
    review = review.placed()
    session = review.session
    task = session.asked_task(session.focus)
    if isinstance(task, Text):
        session = session.focused(task.id)
        session = replace(session, caret=_caret(review, session))
    elif review.here is not None and review.here.kind == "words" and session.picked >= 0:
        entered = segmenting.enter(session)
        session = entered[0] if isinstance(entered, tuple) else entered
    return replace(review, editing=True, session=session.within_box())


def _caret(review: Review, session: Session) -> int:
    """Where the reading of the difference begins in the text."""
    at = 0
    for part in review.comparison.parts(session.focus, review.taken):
        if part.difference == review.at:
            return at
        at += len(part.value)
    return len(session.box or "")


def _leave_editing(review: Review) -> Review:
    return replace(review, editing=False).aimed().placed() if review.editing else review


def done(review: Review, _: Any = None) -> Review:
    return _leave_editing(review)


def example(review: Review, _: Any = None) -> Review:
    marked = replace(review, example=not review.example).remembering(review)
    return marked.say("an example for the guidelines" if marked.example else "no example any more")


def undo(review: Review, _: Any = None) -> Review | Outcome:
    if review.past:
        return _back_to(review, review.past[-1], review.past[:-1], (*review.future, review.moment))
    if review.editing:
        return review.say("nothing more to undo here")
    return review, (Effect.BACK,)


def redo(review: Review, _: Any = None) -> Review:
    if not review.future:
        return review.say("nothing to redo")
    return _back_to(review, review.future[-1], (*review.past, review.moment), review.future[:-1])


def _back_to(review: Review, moment: Moment, past: tuple[Moment, ...], future: tuple[Moment, ...]) -> Review:
    work, taken, kept, marked, at = moment
    session = replace(review.session, work=work, past=(), future=(), anchor=None, chosen=None, preview=(), mark=None)
    if session.asked_task(session.focus) is None:
        session = replace(session.focused(session.asked[0].id), typing=False)
    before = replace(
        review, session=session.within_box(), taken=taken, kept=kept, example=marked, at=at, past=past, future=future
    )
    return before if review.editing else before.placed()


STEPS: dict[str, Step] = {
    "review.take": take,
    "review.whole": take_whole,
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
NOT_HERE = ("flag.", "suggestion.", "item.skip", "talk.say", "talk.open", "figures.", "sprint.")
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
    after = replace(review, session=session, word=session.word).aimed()
    if session.past is not before.past:
        after = after.remembering(review)
    if sessions.Effect.SUBMIT in effects:
        return settle(after)
    return after, effects
