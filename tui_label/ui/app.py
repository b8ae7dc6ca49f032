"""Wiring of a screen with one item in hand: keys to commands, state to rows, rows to the one sheet.

What annotators do besides is in `label`, what reviewers do in `review`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from functools import partial
from types import MappingProxyType
from typing import Any, Generic, TypeVar

from textual.events import Key, MouseDown, MouseMove, MouseScrollDown, MouseScrollUp, MouseUp, Paste
from textual.timer import Timer

from tui_label.bench.notices import Notice, Renewal
from tui_label.bench.workplace import Workplace
from tui_label.core.annotating.session import Line, Session
from tui_label.core.commands import NAMES, SCROLL, SOUND, SPANS, TRANSCRIBING, TYPING, Command
from tui_label.core.keymap import Action, Keymap, build
from tui_label.core.keys import event_key, key_display
from tui_label.core.project import Project
from tui_label.core.tasks import Segments, Spans
from tui_label.core.text.editor import insert
from tui_label.core.text.find import find_next, find_previous
from tui_label.core.training import Feedback
from tui_label.errors import LabelError, StoreError
from tui_label.ui.canvas import Row, clipped
from tui_label.ui.farkeys import FarKeys
from tui_label.ui.finding import Finding, Look
from tui_label.ui.keyguard import ANSWERING, LEAVING, KeyGuard
from tui_label.ui.keymodes import HELP, key_mode
from tui_label.ui.leaving import Leaving
from tui_label.ui.modes import Calibration, Find, GoTo, Hop, Mode, Picker, Saying, hints_for
from tui_label.ui.overlays import NoticeScroll, Page, Reading
from tui_label.ui.sheet import SheetApp
from tui_label.ui.soundview import SoundView
from tui_label.ui.terminal import leave_on_signals
from tui_label.ui.textbox import box_of, typed, with_tag
from tui_label.ui.viewport import CURSOR_MOVES, Viewport, scroll_steps
from tui_label.ui.views.document import Marks, text_width
from tui_label.ui.views.frame import Hint, too_small
from tui_label.ui.views.guidelines import helped_rows, section_row
from tui_label.ui.views.hints import hints
from tui_label.ui.views.label import SMALLEST, State, item_room, label_screen, pitch, top_rows, zone
from tui_label.ui.views.menu import Offer, label_offers
from tui_label.ui.views.notices import changed_rows, label_to_learn, notice_page
from tui_label.ui.views.pages import key_rows, label_at_hand, paused
from tui_label.ui.views.questions import Zone

Bench = TypeVar("Bench", bound=Workplace[Any])
Act = Callable[[], Awaitable[object] | None]
"""What a command does; an awaitable where it takes a while."""
GO_ON = "item.submit"
"""Its key leads on from the pages before an item, too."""


class ItemApp(SheetApp, Generic[Bench]):
    """One person at work on one project."""

    LINES: tuple[type[Any], ...] = (Find, Picker, GoTo)
    """Modes in which a line is typed, and so may be pasted into."""

    def __init__(
        self,
        workbench: Bench,
        keymap: Keymap,
        guidelines: str,
        make_keymap: Callable[[Project], Keymap] = build,
    ) -> None:
        """`make_keymap`: the keys after project.yaml changed while somebody works."""
        super().__init__()
        self.workbench = workbench
        self.keymap = keymap
        self._guidelines = guidelines
        self._make_keymap = make_keymap
        self._mode: Mode | None = None
        self._reading: Page | None = None
        self._notice_scroll = NoticeScroll()
        self._viewport = Viewport()
        self._asked = Zone([])
        """The question zone as it was drawn last."""
        self._room = 1
        """Rows it left for the item."""
        self._finding = Finding()
        self._guard = KeyGuard()
        self._shown: tuple[str, Notice | None] = ("", None)
        self._drag: int | None = None
        self._led_back = ""
        """The key that led back to the item that waits, until another one is pressed."""
        self._word = ""
        self._view = SoundView(workbench)
        self._next_tick: Timer | None = None
        self._leaving = Leaving(workbench, self.end)
        self._acting: asyncio.Future[None] | None = None
        """What the latest key is at, or the start."""
        self._far_keys = FarKeys(self, workbench, self._show)
        self._acts = self._commands()
        workbench.on_change = self._show
        workbench.on_renewal = self._renew

    async def on_mount(self) -> None:
        if not self.is_headless:
            leave_on_signals(self)
        try:
            if not await self._wait_for(self.workbench.start()):
                return
        except StoreError as error:
            self.end(1, str(error))
            return
        self._far_keys.listen()
        self._say_what_gave_way()
        self._show()
        self.set_interval(1.0, self._second)

    async def on_unmount(self) -> None:
        await self._leaving.finished()

    # keys

    async def on_key(self, event: Key) -> None:
        key = event_key(event.key, event.character)
        self._word = ""
        await self._wait_for(self._attend(self._key(key, event.time)))
        self._show()

    async def _wait_for(self, act: Awaitable[None]) -> bool:
        """Whether it came to its end, and nobody left without it."""
        self._acting = asyncio.ensure_future(act)
        await asyncio.wait([self._acting])
        if self._acting.cancelled():
            return False
        self._acting.result()
        return True

    def taken_at_once(self, event: Key) -> bool:
        """What leaves does not stand in line behind a key that the database keeps waiting."""
        if not self.workbench.is_kept_waiting:
            return False
        if not (self._leaving.begun or self._leaves(event_key(event.key, event.character))):
            return False
        self._leave()
        if self.workbench.abandoned and self._acting is not None:
            self._acting.cancel()
        self._show()
        return True

    async def _attend(self, act: Awaitable[None]) -> None:
        """What somebody does; where it did not reach the item, its time goes on."""
        before = self.workbench.desk
        await act
        desk = self.workbench.desk
        if desk is before:
            self.workbench.attended()
        if desk is not None and desk.save_id == self._shown[0]:
            self.workbench.jot(self._mode.begun if isinstance(self._mode, Saying) else Line())

    async def _key(self, key: str, pressed_at: float) -> None:
        if self._leaving.begun or self._leads_out(key):
            self._leave()
        elif self._too_small:
            await self._unseen_key(key)
        elif self._reading is not None:
            await self._reading_key(self._reading, key)
        elif await self._page_key(key, pressed_at):
            return
        elif self._mode is not None:
            mode = self._mode
            following = await mode.key(key)
            if self._mode is mode:
                self._mode = following
        elif self.workbench.paused:
            await self._paused_key(key)
        elif self._typing and key == self._led_back:
            # Once too often: it is no word of the text that it led to
            await self._do("item.next")
        elif self._typing and await self._typed(key):
            self._led_back = ""
        else:
            await self._single_key(key, pressed_at)

    async def _reading_key(self, page: Page, key: str) -> None:
        self._reading = page.key(key, self.sheet.extent.height)

    def _leads_out(self, key: str) -> bool:
        """Whether the key leaves from what lies over the item, or stands in place of it."""
        if self._reading is None and self._covered and self._command(key) == "quit":
            return True
        return (self._reading is not None or self._mode is not None) and self._leaves(key)

    def _leaves(self, key: str) -> bool:
        """Whether the key leaves the app wherever it is pressed; a letter that does so is typed where a line is."""
        action = self.keymap.lookup(TYPING, key)
        return action is not None and action.command == "quit"

    @property
    def _session(self) -> Session | None:
        return self.workbench.session

    @property
    def _typing(self) -> bool:
        return self._session is not None and self._session.typing

    @property
    def _key_mode(self) -> str:
        return key_mode(self._session)

    @property
    def _covered(self) -> bool:
        """Whether something else than the item has the screen."""
        return self._too_small or self._under_page

    @property
    def _under_page(self) -> bool:
        """Whether a page lies over the item, and takes the keys."""
        return self._reading is not None or self.workbench.paused or self.workbench.notice is not None

    @property
    def _too_small(self) -> bool:
        """Whether nothing of the item can be seen."""
        width, height = self.sheet.extent
        return width < SMALLEST[0] or height < SMALLEST[1]

    async def _unseen_key(self, key: str) -> None:
        """What is typed into a text is kept; nothing is answered that is not seen."""
        if self._typing and self._mode is None and not self._under_page:
            await self._typed(key)

    async def _single_key(self, key: str, pressed_at: float) -> None:
        mode = self._key_mode
        action = self.keymap.lookup(mode, key)
        self._guard.pressed(key, pressed_at)
        self._led_back = key if action is not None and action.command == "item.next" else ""
        if action is None:
            return
        guarded = LEAVING if mode in (TYPING, TRANSCRIBING) else ANSWERING
        if action.command.startswith(guarded) and self._too_early(pressed_at):
            return
        await self._act(action)

    def _too_early(self, pressed_at: float, to_read: bool = False) -> bool:
        """Whether nobody meant the key pressed last for what is on the screen now, or for a page before they read it."""
        self._word = self._guard.refusal(pressed_at, to_read)
        return bool(self._word)

    @property
    def _said(self) -> str:
        """What the latest key came to."""
        return self.keymap.in_words(self._word or self.workbench.word, self._key_mode)

    def _command(self, key: str) -> str:
        """The command of a key on a page where nothing is typed; empty if none."""
        action = self.keymap.lookup(SCROLL, key)
        return action.command if action is not None else ""

    def _goes_on(self, key: str) -> bool:
        """Whether it leads on from a page; a key that answers does not: it was pressed for the item, before it was seen."""
        return self._command(key) == GO_ON or key in ("space", "escape")

    async def _page_key(self, key: str, pressed_at: float) -> bool:
        """A key on a page that is read before the item; whether there is one."""
        if self.workbench.notice is None:
            return False
        await self._notice_key(self.workbench.notice, key, pressed_at)
        return True

    async def _notice_key(self, notice: Notice, key: str, pressed_at: float) -> None:
        command = self._command(key)
        self._guard.pressed(key, pressed_at)
        if command == "guide.open":
            self._open_guide()
        elif command == "work.undo":
            self._word = "nothing to undo here"
        elif self._notice_scrolled(notice, command) or not (self._goes_on(key) or command == "scroll.page-down"):
            return
        elif not self._too_early(pressed_at, to_read=True):
            await self.workbench.read_on()
            self._word = self.workbench.trouble and f"not saved: {self.workbench.trouble}"

    def _notice_scrolled(self, notice: Notice, command: str) -> bool:
        return self._notice_scroll.scrolled(notice, command, *self.sheet.extent)

    async def _typed(self, key: str) -> bool:
        """A key in the text box; whether it was typing."""
        if self._session is None:
            return False
        last = self._session.filled_in
        if last is not None and key == self.keymap.key_of_label(*last):
            # Of a ranking that is typed whole, and no word of what is asked after it
            await self._do("label.give", last)
            return True
        box = typed(self._session, key, self.sheet.extent.width)
        if box is not None:
            await self._do("text.edit", box)
        return box is not None

    async def _paused_key(self, key: str) -> None:
        if self._command(key) == "pause" or key in ("enter", "escape", "space"):
            self.workbench.resume()

    async def _act(self, action: Action) -> None:
        """Carry out a command: what is about the view here, all else at the workbench."""
        if (act := self._acts.get(action.command)) is not None:
            if (done := act()) is not None:
                await done
        elif action.command in CURSOR_MOVES:
            await self._move_cursor(partial(self._viewport.moved, command=action.command))
        elif by := scroll_steps(action.command, self._viewport.page):
            self._scroll(by)
        else:
            await self._do(action.command, action.label)

    async def _do(self, command: str, argument: Any = None) -> None:
        if command == "find.set":
            self._finding.look_for(argument)
            await self._find(find_next)
            return
        await self.workbench.do(command, argument)

    # commands that are about the view

    def _commands(self) -> dict[str, Act]:
        """What each of them does."""
        return {
            "quit": self._leave,
            "pause": self.workbench.pause,
            "help.open": self._open_help,
            "palette.open": self._open_palette,
            "guide.open": self._open_guide,
            "guide.changes": self._open_changes,
            "label.by-name": self._open_labels,
            "hop": self._open_hop,
            "find.open": self._open_find,
            "find.next": partial(self._find, find_next),
            "find.previous": partial(self._find, find_previous),
            "text.newline": partial(self._typed, "\n"),
            "tag.open": self._open_tags,
            "view.spectrogram": self._view.switch_spectrogram,
            "view.zoom-in": partial(self._view.zoom, 0.5),
            "view.zoom-out": partial(self._view.zoom, 2.0),
            "tape.page-left": partial(self._turn_page, -1),
            "tape.page-right": partial(self._turn_page, 1),
            "tape.go": self._open_go_to,
            "play.unheard": self._play_unheard,
            "calibrate": self._calibrate,
        }

    def _leave(self) -> None:
        self._leaving.leave()

    def _open_hop(self) -> None:
        session = self._session
        if session is not None:
            self._mode = Hop(hints_for(session.item.text, *self._viewport.seen), self._do)

    def _open_find(self) -> None:
        if self._session is not None:
            self._mode = Find(self._session, self._viewport.rows.text, self._do)

    async def _find(self, look: Look) -> None:
        session = self._session
        if session is None or not self._finding.needle:
            self._word = "nothing to find: {find.open} first"
            return
        if session.item.sound is not None:
            await self.workbench.do("find.said", (self._finding.needle, 1 if look is find_next else -1))
            return
        self._forget_place_left(session)
        # The first row that is seen may begin with a place
        here = session.cursor if self._key_mode == SPANS else self._viewport.seen[0] - (look is find_next)
        found = self._finding.go(look, self._viewport.rows.text, here)
        if found is None:
            self._word = f"{self._finding.needle!r} is not in this item"
            return
        self._word = self._finding.said(self._viewport.rows.text, found)
        if self._key_mode == SPANS:
            await self.workbench.do("cursor.to", found[0])
        else:
            self._viewport.show(found[0])

    def _forget_place_left(self, session: Session) -> None:
        """The place found last is where one is only until the cursor goes elsewhere, or it is scrolled out of sight."""
        if (place := self._finding.place) is None:
            return
        if self._key_mode == SPANS:
            left = session.unit(place[0])[0] != session.cursor
        else:
            first, last = self._viewport.seen
            left = not first <= place[0] < last
        if left:
            self._finding.left()

    def _open_labels(self) -> None:
        session = self._session
        if session is not None:
            self._mode = Picker("label ", label_offers(session.asked), partial(self._do, "label.give"))

    def _open_guide(self) -> None:
        text = self._guidelines or "This project has no guidelines yet."
        label = self._label_here()
        focus = self._session.focus if self._session is not None else ""
        lay = partial(helped_rows, text, self.workbench.project.tasks, focus, label)
        self._reading = Reading("guidelines", lay, section_row(text, label, self.sheet.extent.width))

    def _label_here(self) -> str:
        if isinstance(self.workbench.notice, Feedback):
            return label_to_learn(self.workbench.notice)
        session = self._session
        return label_at_hand(session) if session is not None else ""

    async def _open_changes(self) -> None:
        found = await self.workbench.changes()
        if found:
            self._reading = Reading("what changed", partial(changed_rows, found))
        elif found is not None:
            self._word = "nothing changed so far"

    def _open_help(self) -> None:
        lay = partial(key_rows, self.keymap, HELP[self._key_mode], idle=self._idle, tasks=self.workbench.project.tasks)
        self._reading = Reading("keys", lay)

    @property
    def _idle(self) -> tuple[str, ...]:
        """Commands that can do nothing in the project."""
        asks_segments = any(isinstance(task, Segments) for task in self.workbench.project.tasks)
        if asks_segments:
            return ()
        return tuple(one for one in NAMES if one.startswith("segment.") and one != "segment.speaker")

    # commands of transcripts and sounds

    def _open_tags(self) -> None:
        session = self._session
        if session is not None and session.box is not None and session.style is not None and session.style.tags:

            async def take(tag: str) -> None:
                await self._do("text.edit", with_tag(self._session, tag))

            self._mode = Picker("tag ", tuple(Offer(tag, tag) for tag in session.style.tags), take, numbered=True)
        else:
            self._word = "the project names no tags"

    async def _turn_page(self, pages: int) -> None:
        if self.workbench.deck is not None:
            await self.workbench.wind_to(self.workbench.deck.position + pages * self._view.page)

    def _open_go_to(self) -> None:
        if self.workbench.deck is not None:
            self._mode = GoTo(self.workbench.deck.duration, self.workbench.wind_to)

    async def _play_unheard(self) -> None:
        deck = self.workbench.deck
        if deck is not None and not deck.listening.unheard(deck.duration):
            self._word = "all of it was heard"
        else:
            await self._do("play.unheard")

    def _calibrate(self) -> None:
        self._mode = self._view.calibration()
        if self._mode is None:
            self._word = "nothing can be heard here: no taps to measure"

    # commands by name

    def _open_palette(self) -> None:
        mode = self._key_mode
        offers = []
        for command in self._at_hand:
            keys = self.keymap.keys_of(command.name, mode)
            shown = key_display(keys[0]) if keys else ""
            offers.append(Offer(self._does(command), command.name, shown, also=(command.name, command.words)))
        self._mode = Picker("do ", tuple(offers), lambda name: self._act(Action(name)))

    @property
    def _at_hand(self) -> list[Command]:
        """What can be done by its name now."""
        return self.keymap.available(self._key_mode)

    def _does(self, command: Command) -> str:
        """What a command would do now, in short."""
        return command.words.partition(":")[0]

    async def _second(self) -> None:
        if isinstance(self._mode, Calibration):
            self._mode = self._mode.waited()
        if self._by_the_second:
            self._show()

    @property
    def _by_the_second(self) -> bool:
        """Whether what is shown is another thing a second later."""
        return self._mode is not None

    # cursor and scrolling

    async def _move_cursor(self, move: Callable[[int], int]) -> None:
        if self._session is not None:
            await self.workbench.do("cursor.to", move(self._session.cursor))

    def _scroll(self, by: int) -> None:
        if self._session is not None:
            self._viewport.scroll(by)

    # mouse and paste

    async def on_mouse_down(self, event: MouseDown) -> None:
        self._drag = self._offset_under(event.x, event.y)
        moment = self._moment_under(event.x, event.y)
        if moment is not None and event.button == 1:
            await self.workbench.wind_to(moment)
            self._show()

    async def on_mouse_move(self, event: MouseMove) -> None:
        if self._drag is not None and event.button:
            offset = self._offset_under(event.x, event.y)
            if offset is not None and offset != self._drag:
                await self.workbench.do("select.range", (self._drag, offset))
                self._show()

    async def on_mouse_up(self, event: MouseUp) -> None:
        offset = self._offset_under(event.x, event.y)
        if offset is not None and offset == self._drag:
            await self.workbench.do("select.drop")
            await self.workbench.do("cursor.to", offset)
        self._drag = None
        self._show()

    async def on_mouse_scroll_down(self, event: MouseScrollDown) -> None:
        await self._attend(self._wheel(3))

    async def on_mouse_scroll_up(self, event: MouseScrollUp) -> None:
        await self._attend(self._wheel(-3))

    async def _wheel(self, by: int) -> None:
        if self._reading is not None:
            self._reading.scroll(by, self.sheet.extent.height)
        elif self.workbench.notice is not None:
            for _ in range(abs(by)):
                self._notice_scrolled(self.workbench.notice, "scroll.down" if by > 0 else "scroll.up")
        elif self._covered:
            return
        elif self._key_mode == SPANS:
            await self._move_cursor(partial(self._viewport.below, by=by))
        else:
            self._scroll(by)
        self._show()

    def _offset_under(self, x: int, y: int) -> int | None:
        """The character at a place on the screen, where a text with spans is shown."""
        session = self._session
        if session is None or self._key_mode != SPANS or self._mode or self._covered:
            return None
        return self._viewport.under(x, y - top_rows(self.sheet.extent.height))

    def _moment_under(self, x: int, y: int) -> float | None:
        """The seconds at a place on the screen, where a waveform or its timeline is shown."""
        if self._key_mode not in (SOUND, TRANSCRIBING) or self._mode or self._covered:
            return None
        return self._view.moment_at(x, y - top_rows(self.sheet.extent.height))

    async def on_paste(self, event: Paste) -> None:
        event.stop()
        await self._attend(self._pasted(event))
        self._show()

    async def _pasted(self, event: Paste) -> None:
        session, box = self._session, box_of(self._session)
        words = " ".join(event.text.replace("\t", " ").splitlines())
        if isinstance(self._reading, Reading) and self._reading.finding is not None:
            self._reading.finding = insert(self._reading.finding, words)
        elif isinstance(self._mode, self.LINES):
            self._mode = replace(self._mode, editor=insert(self._mode.editor, words))
        elif self._mode is None and not self._covered and session is not None and session.typing and box is not None:
            await self._do("text.edit", insert(box, event.text))
        else:
            self._word = "paste ignored"

    # showing

    def _renew(self, renewal: Renewal) -> None:
        """project.yaml or the guidelines changed: keys and pages by the new ones."""
        if renewal.guidelines is not None:
            self._guidelines = renewal.guidelines
        try:
            self.keymap = self._make_keymap(renewal.project)
        except LabelError:
            self.keymap = build(renewal.project)
            self._word = "your own keys are not in force: `tui-label keys` says why"
        else:
            self._say_what_gave_way()

    def _say_what_gave_way(self) -> None:
        self._word = "; ".join(self.keymap.gave_way)

    def _show(self) -> None:
        desk = self.workbench.desk
        shown = (desk.save_id if desk else "", self.workbench.notice)
        turned = shown != self._shown
        if turned:
            begun = self._begun_line()
            if self._shown[0] or begun is not None:
                # Over an empty queue it was about no item: its letters must not fall on the one that came
                self._mode = begun
            self._shown = shown
            self._viewport.top, self._drag, self._notice_scroll = 0, None, NoticeScroll()
            self._finding.left()
            self._guard.turned()
        at_once = self.sheet.redraw()
        if turned and at_once:
            self.workbench.painted()
        elif turned:
            self.call_after_refresh(self.workbench.painted)
        self._far_keys.offer(self.keymap, self._key_mode, covered=self._mode is not None or self._covered)
        self._tick()

    def _begun_line(self) -> Mode | None:
        """The line that was being typed about the item when it was left."""
        return None

    def _tick(self) -> None:
        """While it plays, the next look is due when what is shown changes."""
        if self._next_tick is not None:
            self._next_tick.stop()
            self._next_tick = None
        due = self._view.due(self.sheet.extent.width)
        if due is not None:
            self._next_tick = self.set_timer(due, self._show)

    def drawn(self, width: int, height: int) -> list[Row]:
        if self._too_small:
            rows = too_small(SMALLEST, self.keymap.in_words("{quit} leaves", SCROLL), width, height)
        else:
            rows = self._draw(width, height)
        if self._leaving.word:
            rows[-1] = clipped([(self._leaving.word, "warn")], width)
        return rows

    def _draw(self, width: int, height: int) -> list[Row]:
        page, session = self._page(width, height), self._session
        if page is not None:
            return page
        if session is None:
            return self._nothing_in_hand(width, height)
        self._viewport.lay(session.item, text_width(width))
        return self._draw_item(session, width, height)

    def _page(self, width: int, height: int) -> list[Row] | None:
        """What lies over the item."""
        workbench, name = self.workbench, self.workbench.project.name
        if self._reading is not None:
            return self._reading.draw(name, self._word, width, height)
        if workbench.notice is not None:
            hints = self._key_hints(GO_ON, "guide.open", "quit", words={GO_ON: "go on"})
            return notice_page(name, workbench.notice, self._notice_scroll.top, hints, self._word, width, height)
        if workbench.paused:
            hints = self._key_hints("pause", "quit", words={"pause": "back"})
            return paused(name, workbench.annotator, hints, width, height)
        return None

    def _nothing_in_hand(self, width: int, height: int) -> list[Row]:
        raise NotImplementedError

    def _draw_item(self, session: Session, width: int, height: int) -> list[Row]:
        talk = self._talk_rows(width, height)
        item = self._item_rows(session, item_room(height, len(talk)))
        self._asked = zone(session, self.keymap, width, height, len(talk), item, self._asked.top)
        self._room = item_room(height, len(talk), len(self._asked.rows))
        self._viewport.fit(self._room, pitch(session))
        # A window that grew shows more of its end
        self._viewport.scroll(0)
        if self._key_mode == SPANS:
            self._viewport.follow(session.cursor)
        state = replace(self._state(session, self._marks(session)), talk=talk)
        return label_screen(state, self._viewport.rows, self._hints(state), width, height)

    def _hints(self, state: State) -> list[Hint]:
        """The keys that act now, for the legend."""
        return hints(state)

    def _item_rows(self, session: Session, most: int) -> int:
        """How many of `most` rows the item can use."""
        if session.item.sound is not None:
            return most
        return self._viewport.taken(most, pitch(session))

    def _talk_rows(self, width: int, height: int) -> list[Row]:
        """What was said about the item, where that is shown with it."""
        return []

    def _state(self, session: Session, marks: Marks) -> State:
        workbench = self.workbench
        state = State(
            session=session,
            keymap=self.keymap,
            annotator=workbench.annotator,
            trouble=workbench.not_saved,
            word=self._said,
            mode=self._mode,
            marks=marks,
            top=self._viewport.top,
            asked=self._asked,
            room=self._room,
        )
        if workbench.deck is None or session.item.sound is None:
            return state
        return replace(state, tape=self._view.tape(session, self.sheet.extent.width, state.room))

    def _marks(self, session: Session) -> Marks:
        self._forget_place_left(session)
        found = self._finding.places(self._viewport.rows.text, *self._viewport.seen)
        hints = self._mode.left if isinstance(self._mode, Hop) else {}
        return Marks(found, hints, isinstance(session.span_task, Spans), self._finding.place)

    def _key_hints(self, *names: str, words: Mapping[str, str] = MappingProxyType({})) -> list[Hint]:
        """Keys of commands, of those that have one, by their short names or other words."""
        keys = {name: self.keymap.keys_of(name) for name in names}
        return [
            (key_display(own[0]), words.get(name, self.keymap.command(name).short)) for name, own in keys.items() if own
        ]
