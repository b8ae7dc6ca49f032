"""One person at work, without a screen: session, store, tape deck and clock, to be awaited.

What the screens, the robots of the tests and the benchmarks drive.  The store is
called from one thread only; a call returns when what it wrote is on disk.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from tui_label.bench import notices
from tui_label.bench.desk import Desk, annotation_of, desk_of, draft_of, heard_before, name_of, said_in
from tui_label.bench.notices import Announcement, Notice
from tui_label.bench.refusals import SHOWN, refusal
from tui_label.bench.storethread import Result
from tui_label.bench.tally import Tally
from tui_label.bench.unsaved import Left, Unsaved
from tui_label.bench.workplace import BACK_AGAIN, Workplace
from tui_label.core.annotating.session import Effect, has_content
from tui_label.core.annotating.steps import step
from tui_label.core.annotation import SKIPPED, SUBMITTED, Annotation
from tui_label.core.comments import Comment
from tui_label.core.item import Item
from tui_label.core.listening import Listening
from tui_label.core.project import Project
from tui_label.core.tasks import Text
from tui_label.core.training import UsedUp
from tui_label.errors import StoreError, StoreOvertaken
from tui_label.store.base import Claim, Entry, Progress, Store, Versions
from tui_label.store.reviewing import Change

if TYPE_CHECKING:
    from tui_label.bench.mine import Mine
    from tui_label.sound.deck import Deck

DRAFT = "a draft, while your answer before it stands"
SKIP_WORDS = {
    "later": "skipped: comes back after all else",
    "others": "skipped: goes to others",
    "out": "skipped: out of the queue",
}
"""By the project's policy."""


class Workbench(Workplace[Desk]):
    """Claims items, takes commands, saves."""

    def __init__(
        self, project: Project, store: Store, annotator: str, versions: Versions, *, sprint_ms: int = 0, **named: Any
    ) -> None:
        """`named`: as a workplace has them."""
        super().__init__(project, store, annotator, versions, Unsaved(project.folder, annotator), **named)
        self.progress = Progress()
        self.unread = 0
        """Comments that wait for this annotator."""
        self.tally = Tally(project.pace, self.now())
        self._refused: tuple[Effect | None, str] = None, ""
        """What was refused last, and why."""
        self._ahead: Desk | None = None
        """The unfinished item that waits while an answered one is visited."""
        self._heard_ahead: Listening | None = None
        self._looked_at: dict[int, Desk] = {}
        """Unanswered items that an undo led away from, by their numbers: nothing was said of them, but time went by."""
        self._asked_ahead: asyncio.Task[None] | None = None
        """The look ahead that is under way; the event loop alone would not keep it."""
        self._edge_step = "coarse"
        self._sprint_ms = sprint_ms

    # coming and going

    async def _sit_down(self) -> None:
        """Claim the first item, or the one that was left half-done."""
        claim = await self._bring_back(await self._call_and_look(self._store.claim, self.annotator))
        await self._renew()
        await self._receive(claim)
        await self._go_on_correcting()
        self.tally.sat_down(self.progress.mine)
        if self._sprint_ms:
            self.start_sprint(self._sprint_ms)

    async def _go_on_correcting(self) -> None:
        """To the answer that they were changing: it does not come back by itself."""
        claim = await self._call(self._store.half_corrected, self.annotator)
        behind_a_page = self.desk is None and self.notice is not None
        if claim is not None and not behind_a_page and self._desk_of(claim, visiting=True).is_draft:
            self._lay_visited(claim)
            self.word = self.word or f"{name_of(claim.item)}: {DRAFT}"

    async def _bring_back(self, claim: Claim | None) -> Claim | None:
        """Give the store what it would not take the last time, unless it has something newer by now."""
        self.tally.unkept.extend(self._unsaved.sprints())
        with contextlib.suppress(StoreError):
            await self._keep_sprints()
        for left in self._unsaved.all():
            with contextlib.suppress(StoreError):
                here = claim is not None and claim.number == left.number
                there = claim if here else await self._call(self._store.revisit, self.annotator, left.number)
                if there is None or there.item.key != left.key:
                    continue
                if left.revision == _revision(there) and not left.gives_way_to(there.draft):
                    await self._call(
                        self._store.save_draft, self.annotator, left.number, left.draft, corrects=left.corrects
                    )
                    self.word = f"{name_of(there.item)}{BACK_AGAIN}"
                    claim = replace(there, draft=left.draft) if here else claim
                self._unsaved.drop(left.number)
        return claim

    async def _part_for_good(self) -> None:
        if self._is_hidden:
            self._rest_watch()
        self.word = await self._part()

    async def _get_up(self, *, gives_back: bool) -> None:
        await self._end_sprint()
        if gives_back:
            await self._call(self._store.leave, self.annotator)

    async def _is_back(self) -> None:
        await self._keep_sprints()
        await super()._is_back()

    async def _has_come(self) -> bool:
        return await self._call(self._store.upcoming, self.annotator) is not None

    async def _alive(self) -> None:
        await self._call(self._store.heartbeat, self.annotator)
        await self._keep_sprints()
        if self.desk is None:
            await self.look_again()
        else:
            await self._count_unread()

    async def look_again(self) -> None:
        async with self._lock:
            if self.desk is None and (self.notice is None or isinstance(self.notice, UsedUp)):
                await self._claim_next()
                self.on_change()

    async def _claim_next(self, *, guided: bool = False) -> None:
        claim = await self._call_and_look(self._store.claim, self.annotator)
        await self._receive(claim, guided=guided)

    async def _call_and_look(self, function: Callable[..., Result], *arguments: Any) -> Result:
        """`_call`, and what is asked after a claim: how far all are, what waits to be read, whether the rules changed."""
        store, me = self._store, self.annotator

        def work() -> tuple[Result, tuple[Progress, int, Versions] | None]:
            self._take_edits()
            result = function(*arguments)
            # What is done is laid, also where the rest can't be told: to do it once more would undo another answer
            with contextlib.suppress(StoreError):
                return result, (store.progress(me), store.unread(me), store.versions())
            return result, None

        result, looked = await self._call(work)
        if looked is not None:
            self.progress, self.unread, self._in_force = looked
        return result

    async def _fetch(self, find: Callable[..., Claim | None], *arguments: Any) -> Claim | None:
        """An item of theirs that `find` gives, and the rules in force to lay it by."""
        claim = await self._call_and_look(find, *arguments)
        if claim is not None and self._in_force != self._versions:
            await self._renew()
        return claim

    async def _count_unread(self) -> None:
        before, self.unread = self.unread, await self._call(self._store.unread, self.annotator)
        if before != self.unread:
            self.on_change()

    # what is said before an item

    async def _receive(self, claim: Claim | None, *, guided: bool = False) -> None:
        """Lay what the queue gave, behind what is to be read before; `guided`: the set's pages were read."""
        if claim is not None and self._in_force != self._versions:
            await self._renew()
        told = tuple(one for one in self.notices if isinstance(one, Announcement))
        page = None
        if not guided and (claim is None or (claim.known is not None and not claim.draft)):
            page = await self._call(notices.standing, self._store, self.project, self.annotator)
        self._lay(claim)
        self.notices = (*told, page) if page is not None else told

    async def _renew(self) -> None:
        """Work on by the rules in force, and tell what of them changed."""
        changes = await self._call(self._store.news, self.annotator)
        if not changes and self._in_force != self._versions:
            # They were told in another terminal
            changes = notices.since(await self._call(self._store.changes), self._versions)
        if not changes:
            self._versions = self._in_force
            return
        if not await self._go_by(changes):
            await self._call(self._store.told, self.annotator)

    async def _go_by(self, changes: Sequence[Change]) -> bool:
        is_told = await super()._go_by(changes)
        self.tally.go_by(self.project.pace)
        return is_told

    async def read_on(self) -> None:
        async with self._lock:
            if self.notice is not None:
                await self._tried(partial(self._turn_page, self.notice))

    async def _turn_page(self, notice: Notice) -> None:
        after = await self._call(notices.following, self._store, self.project, self.annotator, notice)
        self.trouble = ""
        self.notices = self.notices[1:] if after is None else (after, *self.notices[1:])
        if self.desk is None and not self.notices:
            await self._claim_next(guided=True)
        self._rest_watch()

    # the item on the desk

    def _lay(self, claim: Claim | None, *, visiting: bool = False) -> None:
        if claim is None:
            self._clear()
            return
        self._drafts.kept = claim.draft
        if self.desk is not None and self.deck is not None:
            self._edge_step = self.desk.session.step
        self.desk = self._desk_of(claim, visiting)
        if self.deck is not None:
            self._lay_tape(self.deck, self.desk, heard_before(claim))
            self._asked_ahead = asyncio.ensure_future(self._look_ahead(self.deck))

    def _desk_of(self, claim: Claim, visiting: bool) -> Desk:
        desk = desk_of(
            claim,
            self.project,
            self._versions,
            self.now(),
            last_label=self.desk.last_label(claim.renames) if self.desk else None,
            edge_step=self._edge_step,
            visiting=visiting,
        )
        desk = self._without_said(desk, claim.comments)
        before = self._looked_at.get(claim.number)
        return desk if before is None or claim.draft or claim.answered else desk.timed_from(before, self.now())

    def _lay_again(self, claim: Claim, *, visiting: bool = False) -> None:
        """Lay an earlier item.  Who went there by a single key goes on with single keys, even where it has a text box."""
        typing = self.desk is not None and self.desk.session.typing
        self._lay(claim, visiting=visiting)
        if self.desk is not None and not typing:
            self.desk = replace(self.desk, session=replace(self.desk.session, typing=False))

    async def _look_ahead(self, deck: Deck) -> None:
        """Have the sound of the next item at hand."""
        with contextlib.suppress(StoreError):
            deck.ahead(await self._call(self._store.upcoming, self.annotator))

    @property
    def _is_hidden(self) -> bool:
        return super()._is_hidden or self.tally.finished_sprint is not None

    def resume(self) -> None:
        if self.paused:
            self.tally.rested(self.now())
        super().resume()

    def _tape_moved(self) -> None:
        effect, word = self._refused
        if effect is not None and self.desk is not None and self.word == word != "":
            # How much was heard is said as it is now, and no more when it is enough
            self.word = refusal(effect, self.desk, self.deck)
            self._refused = effect, self.word
        super()._tape_moved()

    async def _do(self, command: str, argument: Any) -> None:
        self.word = ""
        if self.notice is not None:
            return
        if command in ("item.previous", "item.next"):
            await self._attempt(partial(self._visit, 1 if command == "item.previous" else -1))
        elif self.desk is not None:
            await self._do_to_item(command, argument)
        elif command == "work.undo":
            await self._attempt(self._back)

    async def _do_to_item(self, command: str, argument: Any) -> None:
        """A command about the item on the desk."""
        if command == "talk.unsay":
            await self._attempt(self._unsay)
            return
        session = self._at_tape(command)
        if session is None:
            return
        session, effects = step(session, command, self._by_tape(command, argument))
        task = argument[0] if command == "label.give" else session.focus
        watch = self._in_hand.watch.touched(self.now(), task)
        self.desk = replace(self._in_hand, session=session, watch=watch)
        self.word = session.word
        # An edge that is heard while it moves, or an answer that is refused, is work that nothing else saves
        self._drafts.soon()
        for effect in effects:
            await self._carry_out(effect)

    async def _attempt(self, act: Callable[[], Awaitable[None]]) -> None:
        """Do what needs the store, after which nothing is unsaved any more."""
        if await self._tried(act):
            self.trouble = ""

    async def _tried(self, act: Callable[[], Awaitable[object]]) -> bool:
        return await super()._tried(partial(self._facing_theirs, act))

    async def _facing_theirs(self, act: Callable[[], Awaitable[object]]) -> None:
        try:
            await act()
        except StoreOvertaken as overtaken:
            await self._face(overtaken)

    async def _carry_out(self, effect: Effect) -> None:
        desk = self._in_hand
        if self.deck is not None and self.deck.effect(effect, desk.session):
            return
        if word := refusal(effect, desk, self.deck):
            self.word = word
            self._refused = effect, word
            if self.deck is not None and self.deck.look.broken:
                # The key that skips is a letter
                self.desk = replace(desk, session=replace(desk.session, typing=False))
            return
        acts: dict[Effect, Callable[[], Awaitable[None]]] = {
            Effect.SUBMIT: partial(self._finish, SUBMITTED),
            Effect.SKIP: partial(self._finish, SKIPPED),
            Effect.BACK: self._back,
        }
        await self._attempt(acts.get(effect, self._forward))

    async def _finish(self, status: str) -> None:
        desk = self._in_hand
        tested = desk.claim.known is not None
        claim = await self._save(status)
        if desk.visiting:
            await self._return_ahead()
            self.word = self._done_to(desk, status)
        elif tested:
            page = await self._call(notices.standing, self._store, self.project, self.annotator, desk.claim.item.key)
            self._lay(None)
            self.notices = (page,) if page is not None else ()
        else:
            await self._receive(claim)
            self.word = SKIP_WORDS[self.project.skip] if status == SKIPPED else self.tally.rhythm.word(self.now())
            # Not in the middle of an item: the hands are on it
            sprint = self.tally.sprint
            if sprint is not None and (claim is None or sprint.left_ms(self.now()) <= 0):
                await self._end_sprint()
            await self._keep_sprints()

    async def _face(self, overtaken: StoreOvertaken) -> None:
        """The work stays as it is, beside an answer of theirs that it did not know of: handed in again it replaces that."""
        desk = self._in_hand
        there = await self._call(self._store.revisit, self.annotator, desk.claim.number)
        self.desk = replace(desk, claim=replace(desk.claim, answered=there.answered if there else None))
        self.word = f"not handed in: {overtaken}; once more replaces it"
        await self._keep_draft()

    async def _save(self, status: str) -> Claim | None:
        """Hand in the work on the desk; the next item, if they go on to one."""
        # A step like others: what was undone before it is not redone after it
        self.desk = desk = replace(self._in_hand, session=replace(self._in_hand.session, future=()))
        self._drafts.cancel()
        if self.deck is not None:
            self.deck.stop()
        annotation = annotation_of(desk, self.annotator, status, self.deck)
        tested = desk.claim.known is not None
        claim = await self._call_and_look(
            self._hand_in, desk.claim, annotation, desk.save_id, self._draft_of(desk), not desk.visiting and not tested
        )
        self._unsaved.drop(desk.claim.number)
        self._looked_at.pop(desk.claim.number, None)
        if self.tally.is_new(self.progress.mine) and not tested:
            self.tally.answer(annotation.timing.active, round(desk.session.duration * 1000), self.now())
        return claim

    def _done_to(self, desk: Desk, status: str) -> str:
        """What was done to an item that was visited."""
        if status == SKIPPED:
            return f"{name_of(desk.claim.item)} {SKIP_WORDS[self.project.skip]}"
        return f"{name_of(desk.claim.item)} {'corrected' if desk.claim.answered else 'answered'}"

    def _hand_in(self, claim: Claim, annotation: Annotation, save_id: str, draft: str, go_on: bool) -> Claim | None:
        """On the store's thread: save, and claim the next item if they go on."""
        submitted = annotation.status == SUBMITTED
        save = self._store.submit if submitted else self._store.skip
        following = save(claim.number, annotation, save_id, draft=draft, claim=go_on, over=_revision(claim))
        if submitted and any(one.to == self.annotator and not one.read for one in claim.comments):
            self._store.mark_read(self.annotator, claim.number)
        return following

    # drafts

    def _draft_of(self, desk: Desk) -> str:
        return draft_of(desk, self.deck if desk is self.desk else None)

    async def _keep_draft(self) -> None:
        self._drafts.cancel()
        desk = self.desk
        heard = self.deck is not None and self.deck.of_item()[0].plays > 0
        if desk is None or not (has_content(desk.session) or heard or self._drafts.kept):
            return
        draft = self._draft_of(desk)
        if draft != self._drafts.kept and await self._call(self._write_draft, desk, draft, self._drafts.kept):
            self._draft_is_kept(desk, draft)

    def _write_draft(self, desk: Desk, draft: str, before: str) -> bool:
        """On the store's thread, so that no answer comes between: save it unless it is overtaken; whether it is saved."""
        if self._is_overtaken(desk, draft, before):
            return False
        self._store.save_draft(self.annotator, desk.claim.number, draft, corrects=desk.corrects)
        return True

    def _is_overtaken(self, desk: Desk, draft: str, before: str) -> bool:
        """Whether nothing was said here since the draft `before`, and something else was in another terminal."""
        known = said_in(before)
        if said_in(draft) != known and desk.session.work != desk.laid:
            return False
        there = self._store.revisit(self.annotator, desk.claim.number)
        if there is None:
            return False
        return _revision(there) != _revision(desk.claim) or said_in(there.draft) != known

    @property
    def _draft(self) -> str:
        return self._draft_of(self.desk) if self.desk is not None and has_content(self.desk.session) else ""

    def _set_aside(self) -> None:
        if self._leaving:
            self.tally.end_sprint(self.annotator)
        if self.tally.unkept:
            self._unsaved.keep_sprints(self.tally.unkept)
        desk = self.desk
        if desk is not None and (draft := self._draft):
            claim = desk.claim
            self._unsaved.keep(Left(claim.number, claim.item.key, _revision(claim), draft, claim.draft, desk.corrects))

    # back and forth

    async def _back(self) -> None:
        await self._keep_draft()
        left = self._ahead if self.desk is not None and self.desk.visiting else self.desk
        if await self._call(notices.shown, self._store, self.project, self.annotator):
            self.word = SHOWN
            return
        claim = await self._fetch(self._store.reopen, self.annotator)
        if claim is None:
            self.word = "nothing to undo"
            return
        if claim.answered is not None:
            self._lay_visited(claim)
        else:
            if left is not None:
                self._looked_at[left.claim.number] = left
            self._ahead = None
            self._lay_again(claim)
        self.word = f"back at {name_of(claim.item)}{f': {DRAFT}' if self._is_draft else ''}"

    async def _forward(self) -> None:
        """Redo across items: what was undone, and not touched since, is saved again."""
        undone, session = self._in_hand.claim.reopened, self._in_hand.session
        touched = session.work != self._in_hand.laid or session.mark is not None
        if not touched and (undone == SKIPPED or (undone and session.unfinished is None)):
            await self._finish(undone)
        else:
            self.word = "nothing to redo"

    async def _visit(self, direction: int) -> None:
        """To the answered item before (1) or after (-1) the one on the desk."""
        visiting = self.desk if self.desk and self.desk.visiting else None
        if direction < 0 and visiting is None:
            self.word = "this is the latest item"
            return
        entry = await self._neighbour(visiting.claim.number if visiting else None, direction)
        waiting = self._ahead if visiting else self.desk
        if entry is not None and waiting is not None and entry.number == waiting.claim.number:
            # It was sent back, and is at hand already
            entry = await self._neighbour(entry.number, direction)
        if entry is not None:
            await self._revisit(entry.number)
        elif direction > 0:
            self.word = "no earlier item of yours"
        else:
            word = await self._part()
            await self._return_ahead()
            self.word = word

    async def _revisit(self, number: int) -> bool:
        """To an item of theirs, which the unfinished one waits for; whether it is on the desk now."""
        claim = await self._fetch(self._store.revisit, self.annotator, number)
        if claim is None:
            return False
        word = await self._part()
        self._lay_visited(claim)
        self.word = word or (f"{name_of(claim.item)}: {DRAFT}" if self._is_draft else "")
        return True

    async def _part(self) -> str:
        """Before another item is laid: hand in what was changed of an answer, as Enter would, or keep the draft.

        What is to be said of it.
        """
        if self.desk is not None:
            self.desk = self.desk.touched(self.now())
        desk = self.desk
        if desk is not None and desk.is_correction and not desk.leaves_unsaid:
            _, effects = step(replace(desk.session, typing=False), "item.submit")
            if Effect.SUBMIT in effects and not refusal(Effect.SUBMIT, desk, self.deck):
                await self._save(SUBMITTED)
                return self._done_to(desk, SUBMITTED)
        await self._keep_draft()
        return (
            f"{name_of(desk.claim.item)} not handed in: kept as a draft" if desk is not None and desk.is_draft else ""
        )

    @property
    def _is_draft(self) -> bool:
        return self.desk is not None and self.desk.is_draft

    def _lay_visited(self, claim: Claim) -> None:
        """Lay an answered item; the unfinished one waits meanwhile."""
        if self.desk is None or not self.desk.visiting:
            self._ahead = self._with_tape(self.desk)
            self._heard_ahead = self.deck.listening if self.deck else None
        self._lay_again(claim, visiting=True)

    async def _neighbour(self, number: int | None, direction: int) -> Entry | None:
        if direction > 0:
            found = await self._call(self._store.history, self.annotator, number, 1)
            return found[0] if found else None
        return await self._call(self._store.following, self.annotator, number or 0)

    async def _return_ahead(self) -> None:
        if self._ahead is None:
            # Not to be handed in once more, should the claim fail
            self._lay(None)
            await self._claim_next()
            return
        if self._ahead.versions != self._versions:
            # Labels may have other names since it was left, with a draft
            self._lay(await self._fetch(self._store.revisit, self.annotator, self._ahead.claim.number))
            self._ahead = None
            return
        self.desk, self._ahead = self._ahead.rested(self.now()), None
        session = self.desk.session
        if isinstance(session.asked_task(session.focus), Text):
            # Letters go on being words, and not commands, whatever led away from the box
            self.desk = replace(self.desk, session=replace(session, typing=True))
        if self.deck is not None:
            self._lay_tape(self.deck, self.desk, self._heard_ahead)
        self._drafts.kept = self._draft_of(self.desk)

    # talking

    async def say(self, kind: str, text: str) -> bool:
        """Keep a question or comment on the item; whether it is kept."""
        async with self._lock:
            if self.desk is None:
                return False
            number, said = self.desk.claim.number, Comment(self.annotator, text, kind)
            try:
                await self._call(self._store.say, number, said)
            except StoreError as error:
                self._fail(error)
                return False
            self.trouble = ""
            # Sent it is, also where all that was said can't be read now: not to be sent once more
            with contextlib.suppress(StoreError):
                await self._hear_of(number)
            self.desk = self.desk.touched(self.now())
            return True

    async def _hear_of(self, number: int) -> None:
        found = await self._call(self._store.comments, number)
        mine = tuple(one for one in found if self.annotator in (one.author, one.to))
        self.desk = replace(self._in_hand, claim=replace(self._in_hand.claim, comments=mine))

    async def inbox(self) -> list[tuple[int, Item, Comment]] | None:
        """What was said to this annotator, read or not, the latest first, each with the number of its item.

        None where the store can't say.
        """
        return await self._asked(partial(self._store.inbox, unread_only=False), self.annotator)

    async def go_to(self, number: int) -> None:
        """To the item that a comment is on, which is read with that."""
        async with self._lock:
            self.word = ""
            if self.notice is None:
                await self._tried(partial(self._read_at, number))

    async def _read_at(self, number: int) -> None:
        await self._reach(number)
        await self._call(self._store.mark_read, self.annotator, number)
        self.unread = await self._call(self._store.unread, self.annotator)

    async def _reach(self, number: int) -> None:
        if self.desk is not None and self.desk.claim.number == number:
            await self._hear_of(number)
        elif self._ahead is not None and self._ahead.claim.number == number:
            self.word = await self._part()
            await self._return_ahead()
            await self._hear_of(number)
        elif not await self._revisit(number):
            self.word = "that item is not with you any more"

    # to read

    async def figures(self) -> Mine | None:
        """What this annotator's work came to; None where the store can't say."""
        from tui_label.bench.mine import mine

        return await self._asked(mine, self._store, self.project, self.annotator)

    # sprints

    def start_sprint(self, planned_ms: int) -> None:
        self.tally.start_sprint(planned_ms, self.now())

    async def end_sprint(self) -> None:
        async with self._lock:
            await self._end_sprint()

    def rest(self) -> None:
        """The sprint's figures were read: on without a clock."""
        self.tally.finished_sprint = None
        self.painted()

    async def _end_sprint(self) -> None:
        if self.tally.end_sprint(self.annotator) and self.deck is not None:
            self.deck.pause()
        await self._tried(self._keep_sprints)

    async def _keep_sprints(self) -> None:
        if self.tally.unkept:
            await self.tally.keep_sprints(partial(self._call, self._store.add_sprint))
            self._unsaved.keep_sprints(self.tally.unkept)


def _revision(claim: Claim) -> int:
    """Of the answer that stands; 0 where none does."""
    return claim.answered.revision if claim.answered else 0
