"""The place of one person at work: the item on the desk and its tape, the store behind a thread, what is not saved yet.

What they do there is in `workbench` and `reviewbench`.  The store is called from one thread only; a call returns
when what it wrote is on disk.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Coroutine, Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from tui_label.bench import notices
from tui_label.bench.desk import Desk
from tui_label.bench.drafting import Drafting
from tui_label.bench.notices import Announcement, Notice, Renewal
from tui_label.bench.storethread import AT_ONCE_S, Result, StoreThread
from tui_label.bench.unsaved import Unsaved
from tui_label.core.annotating.session import Line, Session
from tui_label.core.annotating.steps import step
from tui_label.core.comments import COMMENT, QUESTION, Comment
from tui_label.core.listening import Listening
from tui_label.core.news import News
from tui_label.core.project import Project
from tui_label.errors import StoreError
from tui_label.store.base import Store, Versions
from tui_label.store.reviewing import Change
from tui_label.store.sqlite.place import holder_of_database, holder_of_folder

if TYPE_CHECKING:
    from tui_label.sound.deck import Deck

OnDesk = TypeVar("OnDesk", bound=Desk)
WAITING = "waiting for the database …"
BACK = "the database is back"
ITS_DISK = "the disk that this is kept on"
BACK_AGAIN = ": what was not saved the last time is here"
UNSAID, STANDS = "taken back", "nothing to take back: it was read, or nothing was said here"
LISTENED_S = 5.0
"""A draft is at most this far behind what is heard while no key is pressed."""
PATIENCE_S = 2.0
"""So long who leaves at once waits for what is written aside."""
LOOK_S = 2.0
"""Between two glances into a queue that was empty: a read along an index."""


class Workplace(ABC, Generic[OnDesk]):
    """An item and the means to keep the work on it; tells `on_change` when something moved by itself."""

    def __init__(
        self,
        project: Project,
        store: Store,
        annotator: str,
        versions: Versions,
        unsaved: Unsaved,
        *,
        clock: Callable[[], float] = time.monotonic,
        make_deck: Callable[[], Deck] | None = None,
        keep_reaction: Callable[[float], None] = lambda _: None,
        take_edits: Callable[[], None] = lambda: None,
    ) -> None:
        """`versions`: of project.yaml and the guidelines, that `project` has.

        `take_edits`: lets what was edited of them take effect, on the store's thread.
        """
        self.project = project
        self.annotator = annotator
        """Who is at work, whatever they do."""
        self.desk: OnDesk | None = None
        self.trouble = ""
        """Why something is not saved; empty when all is."""
        self.word = ""
        self.paused = False
        self.notices: tuple[Notice, ...] = ()
        """Pages to be read before the item, the first one on the screen; no time runs meanwhile."""
        self.deck: Deck | None = None
        """What plays, in projects of sounds."""
        self.on_change: Callable[[], None] = lambda: None
        self.on_renewal: Callable[[Renewal], None] = lambda _: None
        """Told when project.yaml or the guidelines changed while somebody works by them."""
        self.holdup = ""
        """Who keeps the database from taking what is left to save while one leaves; empty: nobody."""
        self.abandoned = False
        """Whether it was left without waiting for the database."""
        self._store = store
        self._thread = StoreThread(self._waiting)
        self._awaited = 0
        """How many calls have waited for the database for so long that it is said."""
        self._lock = asyncio.Lock()
        self._clock = clock
        self._beating: tuple[asyncio.Task[None], ...] = ()
        self._leaving = False
        self._drafts = Drafting(self._keep_draft_alone)
        self._unsaved = unsaved
        self._take_edits = take_edits
        self._versions = self._in_force = versions
        self._make_deck = make_deck
        self._keep_reaction = keep_reaction
        self._keyed_at = 0.0
        """When a key was pressed last on an item that sounds."""

    # what is done here

    @abstractmethod
    async def _sit_down(self) -> None:
        """Have the first item on the desk."""

    @abstractmethod
    async def _do(self, command: str, argument: Any) -> None:
        """Carry out one command."""

    @abstractmethod
    async def read_on(self) -> None:
        """The page before the item was read: to the next page, or to the item."""

    @abstractmethod
    async def look_again(self) -> None:
        """Ask the queue once more after it was empty."""

    @abstractmethod
    async def _has_come(self) -> bool:
        """Whether there is something in the queue again, by a look without writing."""

    @abstractmethod
    async def _alive(self) -> None:
        """A third of a lease has passed: say that somebody is here, and look round."""

    @abstractmethod
    async def _get_up(self, *, gives_back: bool) -> None:
        """End what goes on besides the item, and give that back if it is to be."""

    @abstractmethod
    async def _hear_of(self, number: int) -> None:
        """What was said about the item on the desk, as it is now."""

    @abstractmethod
    async def _keep_draft(self) -> None:
        """Write the draft if the work changed since it was written."""

    @property
    @abstractmethod
    def _draft(self) -> str:
        """The work on the desk as it is kept; empty where there is none."""

    @abstractmethod
    def _set_aside(self) -> None:
        """Keep the work on the desk where the store has no part in it."""

    # what is at hand

    @property
    def not_saved(self) -> str:
        """What is shown where all would be saved: the trouble, or that the database is waited for."""
        return self.trouble or (WAITING if self._awaited and not self.holdup else "")

    @property
    def is_kept_waiting(self) -> bool:
        """Whether the database takes long with what was asked of it."""
        return bool(self._awaited)

    @property
    def kept_nowhere(self) -> bool:
        """Whether what is not saved is in no file of their own either, or not yet: who leaves now loses it."""
        return bool(self.trouble or self._awaited or self.holdup) and not self._unsaved.is_kept

    @property
    def notice(self) -> Notice | None:
        return self.notices[0] if self.notices else None

    @property
    def session(self) -> Session | None:
        return self.desk.session if self.desk else None

    @property
    def _in_hand(self) -> OnDesk:
        """The desk, for what is done only while an item lies on it."""
        assert self.desk is not None
        return self.desk

    def now(self) -> float:
        """Milliseconds of the clock that all times of work are counted by."""
        return self._clock() * 1000

    # the store

    async def _call(self, function: Callable[..., Result], *arguments: Any, **named: Any) -> Result:
        return await self._thread.call(function, *arguments, **named)

    async def _asked(self, question: Callable[..., Result], *arguments: Any) -> Result | None:
        """An answer to be read; None where the store can't give it, which is said."""
        async with self._lock:
            try:
                return await self._call(question, *arguments)
            except StoreError as error:
                # Nothing is unsaved for that
                self.word = f"can't be read now: {self._reason(error)}"
                return None

    async def _in_turn(self, ask: Callable[[], Coroutine[Any, Any, Result]]) -> Result:
        """Ask the store once what is under way is done.

        Keys go on while it is slow: the lock is free again, and what they ask comes later on the store's thread.
        """
        async with self._lock:
            asked = asyncio.create_task(ask())
            await asyncio.sleep(0)
        return await asked

    @contextlib.contextmanager
    def _waiting(self) -> Iterator[None]:
        """The database is waited for, and that is said."""
        self._awaited += 1
        self._be_kept_waiting()
        yield
        self._awaited -= 1
        if not self.abandoned:
            if not self._awaited:
                self.holdup = ""
            self.on_change()

    def _be_kept_waiting(self) -> None:
        """Nobody knows for how long: what the store has not is kept until then, and who leaves hears for whom they wait."""
        if self._draft not in ("", self._drafts.kept):
            self._set_aside()
            self._unsaved.when_settled(self.on_change)
        if self._leaving:
            self.holdup = self._holder()
        self.on_change()

    def _holder(self) -> str:
        """Who keeps all others from the database, as far as can be told."""
        path = self.project.database
        return holder_of_database(path) or holder_of_folder(path.parent) or "the database"

    def _reason(self, error: StoreError) -> str:
        return str(error).removeprefix(f"{self.project.store}: ")

    async def _tried(self, act: Callable[[], Awaitable[object]]) -> bool:
        """Do what needs the store; whether it could.  Where not, that is said, and the work on the desk is kept aside."""
        try:
            await act()
        except StoreError as error:
            self._fail(error)
            return False
        return True

    def _fail(self, error: StoreError) -> None:
        self.trouble = self._reason(error)
        self._set_aside()
        if not self._leaving:
            self._drafts.soon()
        self.on_change()

    def abandon(self) -> None:
        """Leave without the store: what it did not take is written aside.  Its thread may hang until the process ends."""
        self.abandoned = True
        self.trouble = f"left without waiting for {self.holdup}"
        if self.holdup != ITS_DISK:
            self._set_aside()
        self._unsaved.wait(PATIENCE_S)

    # coming and going

    async def start(self) -> None:
        """Have the first item on the desk, and see to it from then on."""
        async with self._lock:
            if self._make_deck is not None:
                self.deck = self._make_deck()
                self.deck.on_change = self._tape_moved
            await self._sit_down()
        if not self._leaving:
            self._beating = (
                asyncio.create_task(self._every(self.project.lease_ms / 3000, self._alive)),
                asyncio.create_task(self._every(LOOK_S, self._look_out)),
            )

    async def _every(self, seconds: float, do: Callable[[], Awaitable[None]]) -> None:
        while True:
            await asyncio.sleep(seconds)
            await self._tried(do)

    async def _look_out(self) -> None:
        """A glance into a queue that was empty, which keeps nobody waiting."""
        if self.desk is not None:
            return
        await self._call(self._store.check_in_place)
        if await self._has_come():
            await self.look_again()
        elif self.desk is None and self.trouble:
            await self._is_back()

    async def _is_back(self) -> None:
        """The store is there again, and nothing on the desk waits for it."""
        self.trouble = ""
        self.on_change()

    async def leave(self, *, cut_off: bool = False) -> None:
        """Part from the item, give it back, close.  Safe to call twice.

        `cut_off`: they did not mean to leave, so what they were changing is a draft and no more; else `word`
        has what became of it.
        """
        if not self._leaving and (self._beating or self._lock.locked()):
            for task in self._beating:
                task.cancel()
            self._beating, self._leaving, self.word = (), True, ""
            self._thread.patience_s = AT_ONCE_S
            if self._awaited:
                self._be_kept_waiting()
            async with self._lock:
                if self.desk is not None:
                    # A pause ends here, where one runs: until now it was one
                    self.desk = replace(self.desk, watch=self.desk.watch.resume(self.now()))
                kept = await self._tried(self._keep_draft if cut_off else self._part_for_good)
                self._drafts.cancel()
                # What did not take the draft is not waited for once more: the lease will be over soon
                await self._tried(partial(self._get_up, gives_back=kept))
            if not await self._unsaved.settled(AT_ONCE_S):
                self.holdup = ITS_DISK
                self.on_change()
                await self._unsaved.settled()
        if self.deck is not None:
            await self.deck.close()
        self._thread.close(wait=not self.abandoned)

    async def _part_for_good(self) -> None:
        """From the item, on the way out."""
        await self._keep_draft()

    # drafts

    async def _keep_draft_alone(self) -> None:
        await self._in_turn(partial(self._tried, self._keep_or_ask))

    async def _keep_or_ask(self) -> None:
        """Write the draft; where there is none to write, what failed may have left nothing, and the store is asked."""
        before = self.word
        await self._keep_draft()
        if self.trouble and self.desk is not None:
            # What was said meanwhile is newer than that the database is back
            self.word = "" if self.word == before else self.word
            await self._alive()
            self.word = self.word or BACK
            await self._is_back()

    def _draft_is_kept(self, desk: OnDesk, draft: str) -> None:
        self._unsaved.drop(desk.claim.number)
        if self.desk is not None and self.desk.save_id == desk.save_id:
            self._drafts.kept = draft
            if self.trouble:
                self.trouble = ""
                self.word = f"{BACK}, and has this as a draft"
                self.on_change()

    # the rules in force

    async def _go_by(self, changes: Sequence[Change]) -> bool:
        """Take them over; whether there is anything of them to tell, which is the next page then."""
        renewal = await self._call(notices.renewal, self.project, changes)
        self.project, self._versions = renewal.project, self._in_force
        self.on_renewal(renewal)
        if renewal.news:
            self.notices = (Announcement(renewal.news),)
        return bool(renewal.news)

    async def changes(self) -> tuple[News, ...] | None:
        """What changed in the guidelines and questions, the latest first; None where the store can't say."""
        return await self._asked(notices.told, self._store, self.project)

    # the item on the desk

    @property
    def _is_hidden(self) -> bool:
        """Whether a pause or a page to be read has the screen, so that no time of the item's runs."""
        return self.paused or self.notice is not None

    def painted(self) -> None:
        """The item is on the screen: its time starts now."""
        if self.desk and not self._is_hidden:
            self._rest_watch()
            if self.deck is not None:
                self.deck.painted()

    def attended(self) -> None:
        """A key that did nothing to the item, as while one reads or types a note, is work on it all the same."""
        if self.desk is not None and not self._is_hidden:
            self.desk = self.desk.touched(self.now())

    async def do(self, command: str, argument: Any = None) -> None:
        """Carry out one command; when this returns, what it finished is on disk.

        Nothing on the way out: to wait for that would keep the key that leaves at once waiting, too.
        """
        if not self._leaving:
            async with self._lock:
                await self._do(command, argument)

    def _without_said(self, desk: OnDesk, comments: Sequence[Comment]) -> OnDesk:
        """Without the line that was being typed, where that was sent, and the process ended before the next draft."""
        kind, words = desk.session.line[:2]
        sent = kind in (COMMENT, QUESTION) and any(
            (one.author, one.kind, one.text) == (self.annotator, kind, words.strip()) for one in comments
        )
        return desk.jotted(Line()) if sent else desk

    def jot(self, line: Line) -> None:
        """Keep what is being typed about the item with its draft."""
        if self.desk is not None and self.desk.session.line != line:
            self.desk = self.desk.jotted(line)
            self._drafts.soon()

    def _rest_watch(self) -> None:
        if self.desk is not None:
            self.desk = self.desk.rested(self.now())

    def _clear(self) -> None:
        """Nothing is on the desk."""
        self.desk, self._drafts.kept = None, ""
        if self.deck is not None:
            self.deck.lay(None)

    async def _unsay(self) -> None:
        """Take back what they said last about the item on the desk."""
        number = self._in_hand.claim.number
        gone = await self._call(self._store.unsay, number, self.annotator)
        await self._hear_of(number)
        self.word = UNSAID if gone else STANDS

    # pauses

    def pause(self) -> None:
        if not self.paused:
            self.paused = True
            if self.deck is not None:
                self.deck.pause()
            if self.desk:
                self.desk = replace(self.desk, watch=self.desk.watch.pause(self.now()))

    def resume(self) -> None:
        if self.paused:
            self.paused = False
            if self.desk and self.desk.watch.pause_began is not None:
                self.desk = replace(self.desk, watch=self.desk.watch.resume(self.now()))
            else:
                # It came while they were away
                self.painted()

    # the tape

    def _tape_moved(self) -> None:
        """Listening is work, also when no key is pressed, and is kept as work is."""
        if self.desk is not None and self.deck is not None and self.deck.playing and not self.paused:
            if not self._loops_by_itself(self.deck):
                self.desk = self.desk.touched(self.now())
            self._drafts.soon(LISTENED_S)
        self.on_change()

    def _loops_by_itself(self, deck: Deck) -> bool:
        """Whether a loop goes on and on without a key, so that nobody can tell if they are still there."""
        if deck.loop is None:
            return False
        round_ms = (deck.loop.end - deck.loop.start) * 1000 / deck.speed
        return self.now() - self._keyed_at > max(self.project.pace.idle_ms, round_ms)

    def _at_tape(self, command: str) -> Session | None:
        """The session, at the place on the tape that the key is about; None where it was a play key, and is done."""
        session = self._in_hand.session
        if self.deck is None:
            return session
        session = replace(session, at=round(self.deck.tapped, 3))
        self._keyed(self.deck)
        if not self.deck.command(command, session):
            return session
        self._played(session, command)
        return None

    async def wind_to(self, seconds: float) -> None:
        """The tape to a place that was named or pointed at."""
        if self._leaving:
            return
        async with self._lock:
            session = self.session
            if session is None or self.deck is None or self.notice is not None:
                return
            self.word = ""
            self._keyed(self.deck)
            self.deck.seek(seconds)
            self._played(session, "tape.go")

    async def local_key(self, name: str, at: float, seq: int, on: Sequence[Any]) -> None:
        """A play key acted already at the other end of ssh, on the tape as it stood there: do the same here."""
        if self._leaving:
            return
        async with self._lock:
            if self.deck is None:
                return
            session = replace(self.desk.session, at=round(at, 3)) if self.desk else None
            self._keyed(self.deck)
            self.deck.follow(name, at, seq, on, session)
            if session is not None:
                self._played(session, name)

    def _keyed(self, deck: Deck) -> None:
        deck.listening = deck.listening.keyed()
        self._keyed_at = self.now()

    def _played(self, session: Session, command: str) -> None:
        """After a play key: the time is kept, and the segment under a moved cursor is picked."""
        assert self.deck is not None
        if command.startswith("tape.") and not self.deck.playing and not session.typing:
            session, _ = step(replace(session, at=self.deck.position), "segment.follow")
        self.desk = replace(self._in_hand, session=session).touched(self.now())
        self._drafts.soon()

    def _by_tape(self, command: str, argument: Any) -> Any:
        """What a command is told, with what only the tape knows."""
        if command == "segment.snap" and self.deck is not None and self.deck.look.peaks is not None:
            return self.deck.look.peaks.quietest
        return argument

    def _lay_tape(self, deck: Deck, desk: OnDesk, heard: Listening | None) -> None:
        deck.lay(desk.claim.item, heard)
        deck.seek(desk.session.at)

    def _with_tape(self, desk: OnDesk | None) -> OnDesk | None:
        """The desk with its tape where it is now."""
        if desk is None or self.deck is None:
            return desk
        self.deck.pause()
        return replace(desk, session=replace(desk.session, at=round(self.deck.position, 3)))

    # how late a tap is

    def begin_calibration(self) -> list[float]:
        """Play clicks instead of the item; when they come, in seconds."""
        assert self.deck is not None
        self.desk = self._with_tape(self.desk)
        return self.deck.rehearse()

    def end_calibration(self, times: list[float], taps: list[float]) -> str:
        """Back to the item; marks made while it plays are set back by the median of the delays."""
        from tui_label.sound.calibration import reaction

        assert self.deck is not None
        delay = reaction(times, taps)
        if self.desk is not None:
            self._lay_tape(self.deck, self.desk, self.deck.of_item()[0])
        if delay is None:
            self.word = "not measured: too few clicks were answered" if taps else ""
        else:
            self.deck.reaction_s = delay
            self._keep_reaction(delay)
            self.word = f"your taps come {delay * 1000:.0f} ms after the sound: marks are set back by that"
        return self.word
