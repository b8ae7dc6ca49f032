"""One reviewer at work, without a screen: cases of a queue, outcomes, comments, and the way back.

The gold answer in the making is its session, so the tape, pauses and honest time are an annotator's;
what is kept is another thing, and nobody's own answer is touched.
"""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import Enum
from functools import partial
from typing import TYPE_CHECKING, Any

from tui_label.bench import notices
from tui_label.bench.casedesk import CaseDesk, case_desk_of, decided
from tui_label.bench.desk import name_of
from tui_label.bench.unsaved import Left, Unsaved
from tui_label.bench.workplace import BACK_AGAIN, Workplace
from tui_label.core.annotating.session import Effect, Line
from tui_label.core.comments import COMMENT, CORRECTION, RETURN, Comment
from tui_label.core.gold import Gold
from tui_label.core.project import Project
from tui_label.core.reviewing import steps as reviewsteps
from tui_label.core.reviewing.changes import changes
from tui_label.core.reviewing.review import Review
from tui_label.errors import StoreError, UsageError
from tui_label.report.agreement_report import agreement
from tui_label.store.base import Store, Versions
from tui_label.store.reviewing import QUEUES, SETTLED_TOO, START, UNDECIDED, Case, Queue

if TYPE_CHECKING:
    from tui_label.quality.agreement import Confusion


@dataclass(frozen=True, slots=True)
class Deed:
    """An outcome that can be undone."""

    case: Case
    returned_to: tuple[str, ...] = ()
    """Whom it was sent back to; none: it was settled."""
    draft: str = ""
    """What was decided of it, where that took more than one key."""
    undone: bool = False
    """Whether it is undone already, and only its case is still to come."""
    settled: Gold | None = None
    """As it was settled, once that is undone."""


MOST_MIXED_UP = 5000
"""Items with the same two labels mixed up that are gone through at most: the numbers are part of each statement."""


def queue_of(project: Project, queue: Queue) -> Queue:
    """A queue as it was asked for, by the project's rules; raises UsageError for what the project does not have."""
    tasks = [task for task in project.tasks if queue.task in ("", task.id)]
    if not tasks:
        raise UsageError(f"no task {queue.task}; there are {', '.join(task.id for task in project.tasks)}")
    labels = [value for task in tasks for value in task.values]
    if queue.label and queue.label not in labels and any(task.labels for task in tasks):
        raise UsageError(f"no label {queue.label}; there are {', '.join(labels)}")
    reasons = [flag.reason for flag in project.flags]
    if queue.flag and queue.flag not in reasons:
        raise UsageError(f"no flag {queue.flag}; there are {', '.join(reasons)}")
    return replace(queue, sample=project.review.sample, too_fast_ms=project.pace.too_fast_ms)


class ReviewBench(Workplace[CaseDesk]):
    """Takes cases, commands, outcomes."""

    def __init__(
        self, project: Project, store: Store, reviewer: str, versions: Versions, queue: Queue, **named: Any
    ) -> None:
        """`named`: as a workplace has them."""
        # Who reviews may be an annotator too, with work of their own that was not saved
        unsaved = Unsaved(project.folder, f"{reviewer}\0reviewing")
        super().__init__(project, store, reviewer, versions, unsaved, **named)
        self.queue = queue
        self.left = 0
        """Cases in the queue that nobody has gone through."""
        self.of = 0
        """How many there were when it was opened."""
        self.waiting: dict[str, int] = {}
        """For each queue, when they were counted last, how many cases."""
        self._after: Any = START
        """What the case that is looked for comes after."""
        self._trail: list[Case] = []
        """Cases that were left behind, the latest last."""
        self._deeds: list[Deed] = []

    @property
    def names(self) -> tuple[str, ...]:
        """What the versions on the desk are called: their annotators, or letters."""
        return self.desk.names(blind=self.project.review.blind) if self.desk is not None else ()

    def askers(self) -> tuple[str, ...]:
        """Annotators with a question on the case that nobody has answered since."""
        return self.desk.askers if self.desk is not None else ()

    # coming and going

    async def _sit_down(self) -> None:
        await self._call(self._end_returns_to_strangers)
        await self._count_cases()
        await self._bring_back_review()
        left = await self._call(self._store.unfinished, self.queue, self.annotator)
        if left is not None:
            await self._lay_case(left)
            self.word = self.word or "begun before, and not decided"
        else:
            await self._next(START)

    def _end_returns_to_strangers(self) -> None:
        """No case waits for the answer of somebody who has no part in the project any more."""
        self._store.end_returns(self.project.roles.strangers(self._store.tallies()))

    async def _bring_back_review(self) -> None:
        """Give the store the review that it would not take the last time, unless it has something newer by now."""
        for left in self._unsaved.all():
            with contextlib.suppress(StoreError):
                case = await self._call(self._store.case, left.number, self.annotator)
                if case is None or case.item.key != left.key:
                    continue
                if left.revision == decided(case) and not left.gives_way_to(case.draft):
                    if not await self._call(self._store.hold_case, left.number, self.annotator, left.draft):
                        continue  # another reviewer has it in hand
                    self.word = f"{name_of(case.item)}{BACK_AGAIN}"
                self._unsaved.drop(left.number)

    async def _get_up(self, *, gives_back: bool) -> None:
        if gives_back:
            await self._call(self._store.release_case, self.annotator)

    async def _alive(self) -> None:
        if self.desk is None:
            await self.look_again()
        else:
            await self._in_turn(self._hold_on)
        await self._recount()

    async def _hold_on(self) -> None:
        """To the case on the desk."""
        if self.desk is not None and not await self._hold(self.desk.case):
            self.on_change()

    async def _has_come(self) -> bool:
        return await self._call(self._store.left_in, self.queue, 1) > 0

    async def look_again(self) -> None:
        async with self._lock:
            if self.desk is None:
                await self._next(self._after)
                self.on_change()

    async def _count_cases(self) -> None:
        self.left = self.of = await self._call(self._store.left_in, self.queue)

    async def _recount(self) -> None:
        before, self.left = self.left, await self._call(self._store.left_in, self.queue)
        self.of = max(self.of, self.left)
        if before != self.left:
            self.on_change()

    # cases

    async def _next(self, after: Any) -> None:
        """The next case; from the start once more where cases were left for later."""
        self._after = after
        await self._keep_up()
        case = await self._call(self._store.next_case, self.queue, self.annotator, after)
        if case is None and after != START:
            case = await self._call(self._store.next_case, self.queue, self.annotator, START)
            self.word = "once more from the start" if case is not None else ""
        await self._lay_case(case)
        self._after = START

    async def _keep_up(self) -> bool:
        """Go on by the rules in force, and tell what of them changed; whether anything did."""

        def look() -> Versions:
            self._take_edits()
            return self._store.versions()

        self._in_force = await self._call(look)
        if self._in_force == self._versions:
            return False
        await self._go_by(notices.since(await self._call(self._store.changes), self._versions))
        with contextlib.suppress(UsageError):
            self.queue = queue_of(self.project, self.queue)
        await self._count_cases()
        return True

    async def read_on(self) -> None:
        async with self._lock:
            self.notices = ()
            self._rest_watch()

    async def _lay_case(self, case: Case | None, settled: Gold | None = None) -> None:
        """`settled`: as it was settled, if that was undone."""
        # What waited to be written was of the case before, and the store is there
        self._drafts.cancel()
        self.trouble = ""
        if case is None:
            self._clear()
            self.waiting = await self._call(self._counted)
            return
        last = self.desk.last_label(case.renames) if self.desk else None
        desk = case_desk_of(
            case, self.project, self._versions, self.now(), settled=settled, last_label=last, task=self.queue.task
        )
        self.desk = self._without_said(desk, case.comments)
        self._drafts.kept = case.draft
        if self.deck is not None:
            self._lay_tape(self.deck, self.desk, None)
        if settled is not None:
            self._drafts.soon()
        if any(not one.to and not one.read for one in case.comments):
            await self._call(self._store.mark_read, None, case.number)

    async def _leave_case(self) -> Case:
        """The case goes behind; a review that was begun is kept for when it comes back."""
        case = self._in_hand.case
        await self._keep_draft()
        self._put_behind(case)
        return case

    def _put_behind(self, case: Case) -> None:
        self._take_up(case)
        self._trail.append(case)

    def _take_up(self, case: Case) -> None:
        """It is not behind: it is on the desk, or still is, because no other one came."""
        if self._trail and self._trail[-1].number == case.number:
            self._trail.pop()

    async def _hold(self, case: Case) -> bool:
        """Take a case in hand; where another reviewer has it, that is said."""
        held = await self._call(self._store.hold_case, case.number, self.annotator)
        if not held:
            self.word = "another reviewer has it in hand"
        return held

    async def _return_to(self, case: Case) -> bool:
        """A case that was on the desk before, as it is now; whether nobody else has it in hand."""
        return await self._hold(case) and await self._lay_anew(case)

    async def _lay_anew(self, case: Case, settled: Gold | None = None) -> bool:
        """A case in hand, as it is now; whether it is there."""
        await self._keep_up()
        now = await self._call(self._store.case, case.number, self.annotator)
        if now is None:
            return False
        await self._lay_case(replace(now, about=case.about, mark=case.mark), settled)
        return True

    # commands

    async def _do(self, command: str, argument: Any) -> None:
        self.word = ""
        act = self._do_to_case if self.desk is not None else self._do_between_cases
        if await self._tried(partial(act, command, argument)) and not self._drafts.is_due:
            self.trouble = ""  # nothing waits to be written

    async def _do_between_cases(self, command: str, _: Any) -> None:
        if command == "review.before":
            await self._before()
        elif command == "work.undo":
            await self._back()

    async def _do_to_case(self, command: str, argument: Any) -> None:
        match command:
            case "review.before":
                await self._before()
            case "review.later":
                left = await self._leave_case()
                await self._next(left.mark)
            case "review.return":
                await self._send_back(*argument)
            case "review.comment":
                await self._comment(*argument)
            case "talk.unsay":
                await self._unsay()
            case "review.hear":
                self._hear()
            case "item.previous" | "item.next":
                self.word = "Esc goes back to the versions, and then < and > to other cases"
            case _:
                await self._step(command, argument)

    async def _step(self, command: str, argument: Any) -> None:
        session = self._at_tape(command)
        if session is None:
            return
        desk = self._in_hand
        before = desk.reading.at
        made, effects = reviewsteps.step(
            replace(desk.review, session=session), command, self._by_tape(command, argument)
        )
        self._show(made)
        if self.deck is not None and made.at != before and not self.deck.playing:
            self.deck.seek(made.session.at)
        for effect in effects:
            await self._follow(effect)

    def _show(self, made: Review) -> None:
        """What a command made of the review, on the desk."""
        self.desk = self._in_hand.became(made, self.now())
        self.word = made.word
        self._drafts.soon()

    async def _follow(self, effect: Enum) -> None:
        if effect is reviewsteps.Effect.SETTLE:
            await self._settle()
        elif effect is reviewsteps.Effect.BACK:
            await self._back()
        elif isinstance(effect, Effect) and self.deck is not None:
            self.deck.effect(effect, self._in_hand.session)

    def _hear(self) -> None:
        """The stretch of the sound that the difference is about, alone."""
        from tui_label.sound.tape import Region

        review = self._in_hand.review
        here = review.here
        if self.deck is None or here is None or here.heard is None:
            self.word = "nothing to hear: the difference has no place in the sound"
            return
        self.deck.play_from(here.heard[0], Region(*here.heard))
        self._show(review)

    # outcomes

    async def _settle(self, comments: Sequence[Comment] = ()) -> bool:
        """Whether it is settled; else the case is on the desk as it is now."""
        self.jot(Line())
        desk = self._in_hand
        if self.deck is not None:
            self.deck.stop()
        if await self._keep_up():
            await self._go_over(desk.case, "the project changed meanwhile")
            return False
        gold, over = desk.gold(self.annotator), decided(desk.case)
        if not await self._call(self._store.settle, desk.case.number, gold, desk.save_id, comments, over):
            self._drafts.kept = ""  # it went with what was decided
            await self._go_over(desk.case, "it was decided anew meanwhile")
            return False
        await self._on(Deed(desk.case, draft="" if desk.review.settles_at_once else desk.draft))
        return True

    async def _go_over(self, case: Case, why: str) -> None:
        """A case that can't be settled yet, as it is now, with what was decided so far."""
        await self._keep_draft()
        if await self._return_to(case):
            self.word = f"not settled yet: {why}"

    async def _on(self, deed: Deed) -> None:
        """An outcome is on disk: to the next case."""
        self._unsaved.drop(deed.case.number)
        self._deeds.append(deed)
        self._put_behind(deed.case)
        if not deed.returned_to and deed.case.gold is None and not self._keeps_settled:
            self.left = max(0, self.left - 1)
        try:
            await self._next(deed.case.mark)
        except StoreError:
            # Not to be decided once more
            self._clear()
            raise
        if deed.case.gold is not None and self.queue.name in UNDECIDED:
            await self._recount()

    @property
    def _keeps_settled(self) -> bool:
        """Whether settled cases stay in the queue."""
        return self.queue.settled_too or self.queue.name in SETTLED_TOO

    def returnable(self) -> tuple[int, ...]:
        """The versions of those who have a part in the project today; where there is none, that is said.

        Nobody else would answer again, and until then a case is in no queue.
        """
        desk = self.desk
        if desk is None:
            return ()
        roles = self.project.roles
        found = tuple(n for n, one in enumerate(desk.reading.versions) if roles.of(one.annotator) is not None)
        if desk.reading.versions and not found:
            self.word = f"no part in the project any more: {', '.join(self.names)}; nobody would answer again"
        return found

    async def _send_back(self, to: Sequence[str], text: str) -> None:
        self.jot(Line())
        desk = self._in_hand
        comment = Comment(self.annotator, text, RETURN)
        await self._call(self._store.send_back, desk.case.number, to, comment)
        await self._on(Deed(desk.case, tuple(to), desk.draft))
        self.word = self.word or "sent back"
        await self._recount()

    async def _comment(self, to: Sequence[str], text: str) -> None:
        number = self._in_hand.case.number
        said = [Comment(self.annotator, text, COMMENT, name) for name in to]
        await self._call(self._store.say, number, *said)
        self.trouble = ""
        # Sent it is, also where all that was said can't be read now: not to be sent once more
        with contextlib.suppress(StoreError):
            await self._hear_of(number)
        self.word = "sent"

    async def _hear_of(self, number: int) -> None:
        said = await self._call(self._store.comments, number)
        self.desk = replace(self._in_hand, case=replace(self._in_hand.case, comments=said))
        self._show(self.desk.review)
        # A question that is answered is no case of theirs any more
        await self._recount()

    def corrects(self) -> bool:
        """Whether the case may be settled as it is, and somebody answered otherwise; what is in the way is shown."""
        if self.desk is None:
            return False
        made, effects = reviewsteps.step(self.desk.review, "review.settle")
        is_decided = reviewsteps.Effect.SETTLE in effects
        if is_decided and not made.differing:
            made = made.say("nobody answered otherwise: there is nobody to tell")
        self._show(made)
        return is_decided and bool(made.differing)

    async def correct(self, text: str) -> bool:
        """Settle, and tell each whose answer is another one what was changed, and why; whether that is done."""
        async with self._lock:
            self.word = ""
            try:
                return await self._correct(text)
            except StoreError as error:
                self._fail(error)
                return False

    async def _correct(self, text: str) -> bool:
        if not self.corrects():
            return False
        made, comments = self._in_hand.review, []
        for version in made.differing:
            words = ". ".join(filter(None, (changes(made, version), text)))
            comments.append(Comment(self.annotator, words, CORRECTION, made.versions[version].annotator))
        return await self._settle(comments)

    # back and forth

    async def _before(self) -> None:
        if self.desk is not None:
            self._take_up(self.desk.case)
        if not self._trail:
            self.word = "no case before this one"
            return
        await self._keep_draft()
        await self._return_to(self._trail[-1])
        self._trail.pop()

    async def _back(self) -> None:
        """Undo the latest outcome and be at its case again; of earlier days, what was settled."""
        if not self._deeds and not await self._remember():
            self.word = "nothing to undo"
            return
        await self._keep_draft()
        deed = self._deeds[-1]
        if not await self._hold(deed.case):
            return
        if not deed.undone:
            deed = self._deeds[-1] = await self._undone(deed)
        if deed.returned_to or deed.settled is not None:
            await self._call(self._store.hold_case, deed.case.number, self.annotator, deed.draft)
        is_back = await self._lay_anew(deed.case, deed.settled)
        self._deeds.pop()
        self._take_up(deed.case)
        if is_back:
            undone, name = deed.returned_to or deed.settled, name_of(deed.case.item)
            self.word = f"back at {name}" if undone else f"not undone: {name} was decided anew since"
        await self._recount()

    async def _undone(self, deed: Deed) -> Deed:
        if deed.returned_to:
            await self._call(self._store.take_back, deed.case.number, deed.returned_to, self.annotator)
            return replace(deed, undone=True)
        settled = await self._call(self._store.withdraw, deed.case.number, self.annotator)
        return replace(deed, undone=True, settled=settled)

    async def _remember(self) -> bool:
        """What this reviewer settled last before they sat down."""
        number = await self._call(self._store.latest_settled, self.annotator)
        case = await self._call(self._store.case, number) if number is not None else None
        if case is not None:
            self._deeds.append(Deed(case))
        return case is not None

    # queues

    async def open_queue(self, queue: Queue) -> None:
        """Go through another queue, or this one restricted otherwise, from its start."""
        async with self._lock:
            await self._tried(partial(self._turn_to, queue))

    async def _turn_to(self, queue: Queue) -> None:
        if self.desk is not None:
            await self._leave_case()
        self.queue, self.word = queue, ""
        await self._count_cases()
        await self._next(START)
        self.trouble = ""

    async def count_queues(self) -> None:
        self.word = ""
        self.waiting = await self._asked(self._counted) or self.waiting

    def _counted(self) -> dict[str, int]:
        """On the store's thread: for each queue, how many cases wait in it."""
        return {name: self._store.left_in(replace(self.queue, name=name)) for name in QUEUES}

    async def mixed_up(self) -> list[tuple[str, Confusion]] | None:
        """Task and labels that were given to the same items, those of the most items first; None where the store can't say."""
        found = await self._asked(partial(agreement, by=(), behind=MOST_MIXED_UP), self.project, self._store)
        if found is None:
            return None
        pairs = [(one.task, pair) for one in found.tasks for pair in one.confusions]
        return sorted(pairs, key=lambda pair: -pair[1].items)

    # an unfinished review is kept with the lease: the reviewer may be an annotator too, with a draft of their own

    async def _keep_draft(self) -> None:
        self._drafts.cancel()
        desk = self.desk
        if desk is None or (draft := desk.draft) == self._drafts.kept:
            return
        if await self._call(self._store.hold_case, desk.case.number, self.annotator, draft):
            self._draft_is_kept(desk, draft)
        else:
            self._set_aside()

    @property
    def _draft(self) -> str:
        return self.desk.draft if self.desk is not None else ""

    def _set_aside(self) -> None:
        if self.desk is not None and (draft := self._draft):
            case = self.desk.case
            self._unsaved.keep(Left(case.number, case.item.key, decided(case), draft, case.draft))
