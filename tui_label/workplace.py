"""The place of one person at work: the item on the desk, the store behind a thread, drafts, and what could not be saved.

What they do there is in `workbench` and `reviewbench`.  The store is called from one thread only; a call returns
when what it wrote is on disk.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from tui_label.core.listening import Listening
from tui_label.core.project import Project
from tui_label.core.session import Session, has_content
from tui_label.desk import Desk, draft_of, said_in
from tui_label.drafting import Drafting
from tui_label.errors import StoreError
from tui_label.store.base import Claim, Store
from tui_label.store.place import holder_of_database, holder_of_folder
from tui_label.storethread import Result, StoreThread
from tui_label.unsaved import Left, Unsaved

if TYPE_CHECKING:
    from tui_label.sound.deck import Deck

WAITING = "waiting for the database …"


class Workplace:
    """An item and the means to keep the work on it; tells `on_change` when something moved by itself."""

    def __init__(
        self,
        project: Project,
        store: Store,
        annotator: str,
        *,
        clock: Callable[[], float] = time.monotonic,
        on_change: Callable[[], None] = lambda: None,
    ) -> None:
        self.project = project
        self.annotator = annotator
        self.desk: Desk | None = None
        self.trouble = ""
        """Why something is not saved; empty when all is."""
        self._nowhere = False
        self._awaited = 0
        """Calls that the database keeps waiting for long."""
        self.word = ""
        self.on_change = on_change
        self.holdup = ""
        """Whom it waits for on the way out; empty: nobody."""
        self.abandoned = False
        self.deck: Deck | None = None
        """What plays, in projects of sounds."""
        self._store = store
        self._unsaved = Unsaved(project.folder, annotator)
        self._clock = clock
        self._thread = StoreThread(self._waiting)
        self._drafts = Drafting(self._keep_draft_alone)
        self._lock = asyncio.Lock()
        self._leaving = False

    @property
    def not_saved(self) -> str:
        """What is shown where all would be saved: the trouble, or that the database is waited for."""
        return self.trouble or (WAITING if self._awaited and not self.holdup else "")

    @property
    def kept_nowhere(self) -> bool:
        """Whether what is not saved is in no file of their own either: who leaves loses it."""
        return self._nowhere and bool(self.trouble)

    @property
    def session(self) -> Session | None:
        return self.desk.session if self.desk else None

    def _hands(self) -> Session:
        assert self.desk is not None
        return self.desk.session

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
                self._fail(error)
                return None

    async def _attempt(self, act: Callable[[], Awaitable[None]]) -> None:
        """Do what needs the store; where that fails all stays as it is, is said, and kept as a draft."""
        try:
            await act()
            self.trouble = ""
        except StoreError as error:
            self._fail(error)
            self._drafts.soon()

    @contextlib.contextmanager
    def _waiting(self) -> Iterator[None]:
        """The database is waited for, and that is said."""
        self._awaited += 1
        if self._leaving:
            self.holdup = self._holder()
        self.on_change()
        yield
        self._awaited -= 1
        if not self.abandoned:
            if not self._awaited:
                self.holdup = ""
            self.on_change()

    def _holder(self) -> str:
        """Who keeps all others from the database, as far as can be told."""
        path = self.project.database
        return holder_of_database(path) or holder_of_folder(path.parent) or "the database"

    def _fail(self, error: StoreError) -> None:
        self.trouble = str(error).removeprefix(f"{self.project.store}: ")
        self._set_aside()
        self.on_change()

    def _set_aside(self) -> None:
        """Keep the work on the desk where the store has no part in it."""
        desk = self.desk
        if desk is not None and has_content(desk.session):
            claim, draft = desk.claim, self._draft_of(desk)
            left = Left(claim.number, claim.item.key, _revision(claim), draft, claim.draft, desk.corrects)
            self._keep_aside(left)

    def _keep_aside(self, left: Left) -> None:
        self._nowhere = not self._unsaved.keep(left)

    def abandon(self) -> None:
        """Leave without the store: what it did not take is written aside.  Its thread may hang until the process ends."""
        self.abandoned = True
        self.trouble = f"left without waiting for {self.holdup}"
        self._set_aside()

    # drafts

    def _draft_of(self, desk: Desk) -> str:
        return draft_of(desk, self.deck if desk is self.desk else None)

    async def _keep_draft_alone(self) -> None:
        """Keys go on while the store is slow: whatever they ask of it comes after this."""
        async with self._lock:
            keeping = asyncio.ensure_future(self._try_to_keep(self._keep_draft))
            await asyncio.sleep(0)
        await keeping

    async def _try_to_keep(self, keep: Callable[[], Awaitable[object]]) -> bool:
        try:
            await keep()
        except StoreError as error:
            self._fail(error)
            self._drafts.soon()
            return False
        return True

    async def _keep_draft(self) -> None:
        """Write the draft if the work changed since it was written."""
        self._drafts.cancel()
        desk = self.desk
        heard = self.deck is not None and self.deck.of_item()[0].plays > 0
        if desk is None or not (has_content(desk.session) or heard or self._drafts.kept):
            return
        draft = self._draft_of(desk)
        if draft == self._drafts.kept or await self._is_overtaken(desk, draft):
            return
        await self._call(self._store.save_draft, self.annotator, desk.claim.number, draft, corrects=desk.corrects)
        self._draft_is_kept(desk, draft)

    async def _is_overtaken(self, desk: Desk, draft: str) -> bool:
        """Whether nothing was said here since the draft that is known here, and something else was in another terminal."""
        known = said_in(self._drafts.kept)
        if said_in(draft) != known and desk.session.work != desk.laid:
            return False
        there = await self._call(self._store.revisit, self.annotator, desk.claim.number)
        if there is None:
            return False
        return _revision(there) != _revision(desk.claim) or said_in(there.draft) != known

    def _draft_is_kept(self, desk: Desk, draft: str) -> None:
        self._unsaved.drop(desk.claim.number)
        if self.desk is not None and self.desk.save_id == desk.save_id:
            self._drafts.kept = draft
            if self.trouble:
                self.trouble = ""
                self.word = "the database is back, and has this as a draft"
                self.on_change()

    # the tape

    def _lay_tape(self, deck: Deck, desk: Desk, heard: Listening | None) -> None:
        deck.lay(desk.claim.item, heard)
        deck.seek(desk.session.at)

    def _with_tape(self, desk: Desk | None) -> Desk | None:
        """The desk with its tape where it is now."""
        if desk is None or self.deck is None:
            return desk
        self.deck.pause()
        return replace(desk, session=replace(desk.session, at=round(self.deck.position, 3)))


def _revision(claim: Claim) -> int:
    """Of the answer that stands; 0 where none does."""
    return claim.answered.revision if claim.answered else 0
