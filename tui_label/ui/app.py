"""Wiring: keys to commands, state to rows, rows to the one sheet."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from textual.app import App, ComposeResult
from textual.events import Key, MouseDown, MouseMove, MouseScrollDown, MouseScrollUp, MouseUp, Paste
from textual.timer import Timer

from tui_label.core.commands import FAR, LISTENING, REVIEW, SCROLL, SOUND, SPANS, TRANSCRIBING, TYPING
from tui_label.core.comments import QUESTION
from tui_label.core.editor import EDITS, Editor, insert, vertical
from tui_label.core.find import find_between, find_next, find_previous
from tui_label.core.guards import Guard
from tui_label.core.keymap import Action, Keymap, build, event_key, key_display
from tui_label.core.project import Project
from tui_label.core.rows import Rows
from tui_label.core.session import Session
from tui_label.core.tasks import Spans
from tui_label.core.text import visible
from tui_label.core.training import Feedback
from tui_label.core.transcript import expanded, fixed, next_speaker
from tui_label.errors import LabelError, StoreError
from tui_label.notices import Announcement, Notice, Renewal
from tui_label.ui.canvas import Row, clipped
from tui_label.ui.modes import (
    Calibration,
    Find,
    FlagMenu,
    Hop,
    Minutes,
    Mode,
    Note,
    Palette,
    Picker,
    Say,
    TagMenu,
    edited,
    hints_for,
    line,
)
from tui_label.ui.sheet import Sheet
from tui_label.ui.soundview import SoundView
from tui_label.ui.terminal import Terminal, leave_on_signals
from tui_label.ui.views.document import MARGIN, Marks, lanes, text_width
from tui_label.ui.views.frame import Hint
from tui_label.ui.views.label import (
    SMALLEST,
    State,
    compare_rows,
    label_screen,
    talk_room,
    too_small,
    top_rows,
    zones,
)
from tui_label.ui.views.notices import body_rows, label_to_learn, notice_page, room
from tui_label.ui.views.pages import (
    guide_rows,
    key_rows,
    nothing_left,
    page,
    paused,
    section_row,
    sprint_page,
    sprint_words,
)
from tui_label.ui.views.questions import box_width, findings
from tui_label.ui.views.talk import Letter, letters_page, talk_rows
from tui_label.workbench import Workbench

ANSWERING = (
    "label.give",
    "item.submit",
    "item.skip",
    "work.undo",
    "suggestion.",
    "label.",
    "span.",
    "flag.",
    "segment.",
)
"""Commands that must not reach an item before its person has seen it."""
LEAVING = ("item.", "work.undo")
"""Those among them that leave it: a held key must not run through the queue, also where one types."""

BEHIND_KEYS_S = 0.04
"""From a message of a listener until the keys that were typed before it are read."""
SHARED = {"TMUX", "STY", "ZELLIJ"}
"""Set where several programs share the terminal."""

HELP = {
    SPANS: ["labels", "everywhere", "spans"],
    SCROLL: ["labels", "everywhere", "scroll"],
    TYPING: ["labels", "typing", "everywhere"],
    SOUND: ["labels", "sound", "everywhere", "transcribing", "typing"],
    TRANSCRIBING: ["labels", "transcribing", "typing", "sound", "everywhere"],
    REVIEW: ["review", "labels", "editing"],
    LISTENING: ["review", "listening", "labels", "editing"],
}
"""The keys that help lists in each mode, nearest first."""


@dataclass
class Reading:
    """A page that is open over the item: what it shows and how far it is scrolled."""

    title: str
    rows: list[Row] = field(default_factory=list)
    top: int = 0
    finding: Editor | None = None
    needle: str = ""


@dataclass
class Letters:
    """The page of comments, and which one is chosen."""

    letters: list[Letter]
    chosen: int = 0


class LabelApp(App[int]):
    """One person labeling one project."""

    CSS = "Screen { background: ansi_default; color: ansi_default; }"
    ENABLE_COMMAND_PALETTE = False
    BINDINGS = []  # noqa: RUF012  the keyboard is ours alone
    LINES: tuple[type[Any], ...] = (Find, Note, Say, Picker, Palette, TagMenu)
    """Modes in which a line is typed, and so may be pasted into."""

    def __init__(
        self,
        workbench: Workbench,
        keymap: Keymap,
        guidelines: str,
        make_keymap: Callable[[Project], Keymap] = build,
    ) -> None:
        """`make_keymap`: the keys after project.yaml changed while somebody works."""
        super().__init__(driver_class=Terminal, ansi_color=True)
        self.theme = "ansi-dark"
        self.animation_level = "none"
        self.workbench = workbench
        self.keymap = keymap
        self._guidelines = guidelines
        self._make_keymap = make_keymap
        self._mode: Mode | None = None
        self._reading: Reading | None = None
        self._letters: Letters | None = None
        self._notice_top = 0
        self._rows = Rows("", 10)
        self._asked: tuple[list[Row], int] = ([], 1)
        """The question zone as it was drawn last, and the rows it left for the item."""
        self._talk: list[Row] = []
        self._top = 0
        self._needle = ""
        self._guard = Guard()
        self._drawn_at = 0.0
        self._shown: tuple[str, Notice | None] = ("", None)
        self._drag: int | None = None
        self._word = ""
        self._view = SoundView(workbench)
        self._next_tick: Timer | None = None
        self._leaving: asyncio.Task[None] | None = None
        self._twin_count = 0
        """How much of what was typed a listener that catches keys was told to be done."""
        workbench.on_change = self._show
        workbench.on_renewal = self._renew

    def compose(self) -> ComposeResult:
        yield Sheet(self._drawn)

    async def on_mount(self) -> None:
        if not self.is_headless:
            leave_on_signals(self)
        self._sheet = self.query_one(Sheet)
        self._sheet.focus()
        try:
            await self.workbench.start()
        except StoreError as error:
            self.exit(1, message=str(error))
            return
        if self.workbench.deck is not None:
            self.workbench.deck.on_twin = self._twin
        self._show()
        self.set_interval(1.0, self._second)

    async def on_unmount(self) -> None:
        if self._leaving is not None and not self.workbench.abandoned:
            await self._leaving
        else:
            await self.workbench.leave()

    # keys

    async def on_key(self, event: Key) -> None:
        event.stop()
        event.prevent_default()
        key = event_key(event.key, event.character)
        self._word = ""
        await self._key(key, event.time)
        self._show()

    async def _key(self, key: str, pressed_at: float) -> None:
        if self._leaving is not None:
            self._leave()
        elif self._reading is not None:
            self._read_key(key)
        elif self.workbench.finished_sprint is not None:
            if key == "ctrl+q":
                self._leave()
            elif key == "enter":
                self.workbench.rest()
        elif self.workbench.notice is not None:
            await self._notice_key(self.workbench.notice, key, pressed_at)
        elif self._letters is not None:
            await self._letters_key(self._letters, key)
        elif self._mode is not None:
            mode = self._mode
            following = await mode.key(key, self._do)
            if self._mode is mode:
                self._mode = following
        elif self.workbench.paused:
            await self._paused_key(key)
        elif self._typing and await self._typed(key):
            return
        else:
            await self._single_key(key, pressed_at)

    @property
    def _session(self) -> Session | None:
        return self.workbench.session

    @property
    def _typing(self) -> bool:
        return self._session is not None and self._session.typing

    @property
    def _key_mode(self) -> str:
        session = self._session
        if session is None:
            return SCROLL
        if session.item.sound is not None:
            return TRANSCRIBING if session.typing else SOUND
        if session.typing:
            return TYPING
        return SPANS if session.span_task is not None and session.item.text else SCROLL

    async def _single_key(self, key: str, pressed_at: float) -> None:
        mode = self._key_mode
        action = self.keymap.lookup(mode, key)
        self._guard = self._guard.pressed(key, pressed_at)
        if action is None:
            return
        leaves = action.command.startswith(LEAVING if mode in (TYPING, TRANSCRIBING) else ANSWERING)
        if leaves and self._too_early(pressed_at):
            return
        await self._act(action)

    def _too_early(self, pressed_at: float) -> bool:
        """Whether nobody meant the key that the guard saw last for what is on the screen now."""
        self._word = self._guard.refused
        if not self._word and pressed_at < self._drawn_at:
            self._word = "a key came before this was on the screen: ignored"
        return bool(self._word)

    async def _notice_key(self, notice: Notice, key: str, pressed_at: float) -> None:
        """Any key goes on, but those that scroll, leave, or show the guidelines."""
        action = self.keymap.lookup(SCROLL, key)
        command = action.command if action is not None else ""
        self._guard = self._guard.pressed(key, pressed_at)
        if command == "quit":
            self._leave()
        elif command == "guide.open":
            await self._guide_open()
        elif command == "work.undo":
            self._word = "nothing to undo here"
        elif not self._notice_scrolled(notice, command) and not self._too_early(pressed_at):
            await self.workbench.read_on()
            self._word = self.workbench.trouble and f"not saved: {self.workbench.trouble}"

    def _notice_scrolled(self, notice: Notice, command: str) -> bool:
        if not isinstance(notice, Announcement | Feedback):
            return False
        rows, shown = len(body_rows(notice, self._sheet.size.width)), room(self._sheet.size.height)
        by = {"up": -1, "down": 1, "page-up": -shown, "page-down": shown, "home": -rows, "end": rows}
        kind, _, name = command.partition(".")
        before = self._notice_top
        if kind == "scroll":
            self._notice_top = max(0, min(before + by[name], rows - shown))
        # A page down at the end goes on, as reading does
        return kind == "scroll" and rows > shown and (before != self._notice_top or name != "page-down")

    async def _letters_key(self, page: Letters, key: str) -> None:
        last = len(page.letters) - 1
        by = {"up": -1, "k": -1, "down": 1, "j": 1, "pageup": -10, "pagedown": 10, "home": -last, "end": last}
        if key in by:
            page.chosen = max(0, min(page.chosen + by[key], last))
            return
        self._letters = None
        if key == "ctrl+q":
            self._leave()
        elif key == "enter" and page.letters:
            await self.workbench.go_to(page.letters[page.chosen][0])

    async def _typed(self, key: str) -> bool:
        """A key in the text box; whether it was typing."""
        session = self._session
        assert session is not None
        if session.box is None:
            return False
        editor = Editor(session.box, session.caret)
        if len(key) == 1 or key == "space":
            editor = insert(editor, " " if key == "space" else key)
            if session.style is not None and not editor.text[editor.caret - 1].isalnum():
                editor = expanded(session.style, editor)
        elif key in EDITS:
            editor = EDITS[key](editor)
        elif key in ("up", "down"):
            editor = vertical(editor, -1 if key == "up" else 1, box_width(session, self._sheet.size.width))
        else:
            return False
        await self._do("text.edit", editor)
        return True

    async def _paused_key(self, key: str) -> None:
        action = self.keymap.lookup(SCROLL, key)
        if action is not None and action.command == "quit":
            self._leave()
        elif (action is not None and action.command == "pause") or key in ("enter", "escape", "space"):
            self.workbench.resume()

    async def _act(self, action: Action) -> None:
        opened = getattr(self, "_" + action.command.replace(".", "_").replace("-", "_"), None)
        if opened is not None:
            await opened()
        else:
            await self._do(action.command, action.label)

    async def _do(self, command: str, argument: Any = None) -> None:
        if self._leaving is not None:
            return
        if command == "find.set":
            self._needle = argument
            await self._find_next()
            return
        await self.workbench.do(command, argument)

    # commands that are about the view

    async def action_quit(self) -> None:
        """Ctrl+Q is in Textual's own table, before ours."""
        self._leave()

    async def _quit(self) -> None:
        self._leave()

    def _leave(self) -> None:
        """Give the item back, then end; a key that is pressed while somebody holds that up ends it at once."""
        if self._leaving is None:
            self._leaving = asyncio.create_task(self._left())
        elif self.workbench.holdup and not self.workbench.abandoned:
            self._leaving.cancel()
            self.workbench.abandon()
            self.exit(1)

    async def _left(self) -> None:
        await self.workbench.leave()
        self.exit(0)

    async def _pause(self) -> None:
        self.workbench.pause()

    async def _text_newline(self) -> None:
        if (box := self._box) is not None:
            await self._do("text.edit", insert(box, "\n"))

    @property
    def _covered(self) -> bool:
        """Whether something else than the item has the screen."""
        workbench = self.workbench
        return (
            self._reading is not None
            or self._letters is not None
            or workbench.paused
            or workbench.finished_sprint is not None
            or workbench.notice is not None
        )

    @property
    def _box(self) -> Editor | None:
        """The text box that takes the keys."""
        session = self._session
        return None if session is None or session.box is None else Editor(session.box, session.caret)

    async def _hop(self) -> None:
        session = self._session
        if session is not None:
            start, end = self._visible_text()
            self._mode = Hop(hints_for(session.item.text, start, end))

    async def _flag_open(self) -> None:
        session = self._session
        if session is not None:
            flags = frozenset(flag.reason for flag in session.work.flags)
            self._mode = FlagMenu(session.project.flags, flags, Say(self._keep_said))

    async def _talk_say(self) -> None:
        if self._session is not None:
            self._mode = Say(self._keep_said)

    async def _keep_said(self, kind: str, text: str) -> bool:
        kept = await self.workbench.say(kind, text)
        if kept:
            self._word = "sent: the answer comes with the item" if kind == QUESTION else "sent"
        return kept

    async def _talk_open(self) -> None:
        self._letters = Letters(await self.workbench.inbox())

    async def _find_open(self) -> None:
        if self._session is not None:
            self._mode = Find(self._session)

    async def _find_next(self) -> None:
        await self._find(find_next)

    async def _find_previous(self) -> None:
        await self._find(find_previous)

    async def _find(self, look: Any) -> None:
        session = self._session
        if session is None or not self._needle:
            self._word = "nothing to find: / first"
            return
        here = session.cursor if self._key_mode == SPANS else self._visible_text()[0]
        found = look(session.item.text, self._needle, here)
        if found is None:
            self._word = f"{self._needle!r} is not in this item"
        elif self._key_mode == SPANS:
            await self.workbench.do("cursor.to", found[0])
        else:
            self._top = self._rows.row_of(found[0])

    async def _label_by_name(self) -> None:
        session = self._session
        if session is not None:
            labels = tuple((task.id, value) for task in session.asked for value in task.values)
            self._mode = Picker(labels)

    async def _guide_open(self) -> None:
        width = self._sheet.size.width
        rows = guide_rows(self._guidelines or "This project has no guidelines yet.", width)
        top = section_row(self._guidelines, self._label_here(), width)
        self._reading = Reading("guidelines", rows, top)

    def _label_here(self) -> str:
        if isinstance(self.workbench.notice, Feedback):
            return label_to_learn(self.workbench.notice)
        session = self._session
        if session is None:
            return ""
        under = session.span_under_cursor
        if under is not None:
            return under[1].label
        given = session.work.answers.get(session.focus)
        if given:
            return str(given[0] if isinstance(given, list) else given)
        return session.last_label[1] if session.last_label else ""

    async def _figures_open(self) -> None:
        found = await self.workbench.figures()
        if found is None:
            self._word = "the figures can't be read now"
            return
        from tui_label.ui.views.figures import figure_rows

        self._reading = Reading("my figures", figure_rows(found, self.workbench.project, self._sheet.size.width))

    async def _help_open(self) -> None:
        self._reading = Reading("keys", key_rows(self.keymap, HELP[self._key_mode]))

    # commands of transcripts and sounds

    async def _tag_open(self) -> None:
        session = self._session
        if session is not None and session.box is not None and session.style is not None and session.style.tags:
            self._mode = TagMenu(session.style.tags, lambda: self._box or Editor("", 0))
        else:
            self._word = "the project names no tags"

    async def _transcript_speaker(self) -> None:
        session = self._session
        if session is None or session.box is None or session.style is None or not session.style.speakers:
            self._word = "the project names no speakers"
        elif session.segment_task is not None and session.focus == session.segment_task.id:
            await self._do("segment.speaker")
        else:
            await self._do("text.edit", next_speaker(session.style, Editor(session.box, session.caret)))

    async def _transcript_fix(self) -> None:
        session = self._session
        found = findings(session) if session is not None else ()
        mendable = next((one for one in found if one.fix is not None), None)
        if session is None or session.box is None or mendable is None:
            self._word = "nothing here that can be mended by a key"
            return
        caret = session.caret
        if caret >= mendable.end:
            caret += len(mendable.fix or "") - (mendable.end - mendable.start)
        await self._do("text.edit", Editor(fixed(session.box, mendable), max(0, caret)))

    async def _view_spectrogram(self) -> None:
        self._view.spectrogram = not self._view.spectrogram

    async def _view_zoom_in(self) -> None:
        self._view.zoom(0.5)

    async def _view_zoom_out(self) -> None:
        self._view.zoom(2.0)

    async def _calibrate(self) -> None:
        self._mode = self._view.calibration()
        if self._mode is None:
            self._word = "nothing can be heard here: no taps to measure"

    # commands by name, sprints

    async def _palette_open(self) -> None:
        if self._session is not None:
            self._open_palette()

    def _open_palette(self) -> None:
        mode = self._key_mode
        commands = []
        for command in self.keymap.available(mode):
            keys = self.keymap.keys_of(command.name, mode)
            commands.append((command.name, command.words, key_display(keys[0]) if keys else ""))

        async def run(name: str) -> None:
            await self._act(Action(name))

        self._mode = Palette(tuple(commands), run)

    async def _sprint_start(self) -> None:
        if self.workbench.sprint is not None:
            await self.workbench.end_sprint()
        else:
            self._mode = Minutes(self.workbench.start_sprint)

    async def _second(self) -> None:
        if isinstance(self._mode, Calibration):
            self._mode = self._mode.waited()
        if self.workbench.sprint is not None or self._mode is not None:
            self._show()

    async def _cursor_up(self) -> None:
        await self._vertical(-1)

    async def _cursor_down(self) -> None:
        await self._vertical(1)

    async def _cursor_page_up(self) -> None:
        await self._vertical(-self._page_rows())

    async def _cursor_page_down(self) -> None:
        await self._vertical(self._page_rows())

    async def _vertical(self, by: int) -> None:
        session = self._session
        assert session is not None
        row, column = self._rows.column_of(session.cursor)
        target = max(0, row + by)
        while target > row and not self._rows.has(target):
            target -= 1
        await self.workbench.do("cursor.to", self._rows.offset_at(target, column))

    async def _cursor_home(self) -> None:
        await self._line_edge(0)

    async def _cursor_end(self) -> None:
        await self._line_edge(10**6)

    async def _line_edge(self, column: int) -> None:
        session = self._session
        assert session is not None
        row = self._rows.row_of(session.cursor)
        await self.workbench.do("cursor.to", self._rows.offset_at(row, column))

    async def _scroll_up(self) -> None:
        self._scroll(-1)

    async def _scroll_down(self) -> None:
        self._scroll(1)

    async def _scroll_page_up(self) -> None:
        self._scroll(-self._page_rows())

    async def _scroll_page_down(self) -> None:
        self._scroll(self._page_rows())

    async def _scroll_home(self) -> None:
        self._top = 0

    async def _scroll_end(self) -> None:
        self._scroll(10**9)

    def _scroll(self, by: int) -> None:
        session = self._session
        if session is None:
            return
        if session.item.candidates:
            count = len(compare_rows(session, self._sheet.size.width))
        elif by < 10**6:
            count = self._top + by + self._page_rows()
            while count > self._top and not self._rows.has(count - 1):
                count -= 1
        else:
            count = self._rows.count()
        self._top = max(0, min(self._top + by, count - self._page_rows()))

    # reading

    def _read_key(self, key: str) -> None:
        reading = self._reading
        assert reading is not None
        if reading.finding is not None:
            self._page_find(reading, key)
            return
        step = {"up": -1, "k": -1, "down": 1, "j": 1, "home": -(10**6), "end": 10**6}.get(key, 0)
        room = max(1, self._sheet.size.height - 5)
        step += {"pageup": -room, "pagedown": room, "space": room}.get(key, 0)
        if step:
            reading.top = max(0, min(reading.top + step, len(reading.rows) - room))
        elif key == "/":
            reading.finding = Editor("", 0)
        elif key == "n" and reading.needle:
            self._page_jump(reading)
        else:
            self._reading = None

    def _page_find(self, reading: Reading, key: str) -> None:
        assert reading.finding is not None
        if key == "enter":
            reading.needle, reading.finding = reading.finding.text, None
            self._page_jump(reading)
        elif key == "escape":
            reading.finding = None
        else:
            reading.finding = edited(reading.finding, key)

    def _page_jump(self, reading: Reading) -> None:
        needle = reading.needle.casefold()
        places = [n for n, row in enumerate(reading.rows) if needle in "".join(text for text, _ in row).casefold()]
        after = [n for n in places if n > reading.top]
        if places:
            reading.top = (after or places)[0]
        else:
            self._word = "not found"

    # mouse and paste

    def on_mouse_down(self, event: MouseDown) -> None:
        self._drag = self._offset_under(event.x, event.y)

    async def on_mouse_move(self, event: MouseMove) -> None:
        if self._drag is not None and event.button:
            offset = self._offset_under(event.x, event.y)
            if offset is not None and offset != self._drag:
                await self.workbench.do("select.range", (self._drag, offset))
                self._show()

    async def on_mouse_up(self, event: MouseUp) -> None:
        offset = self._offset_under(event.x, event.y)
        if offset is not None and offset == self._drag:
            await self.workbench.do("cursor.to", offset)
        self._drag = None
        self._show()

    async def on_mouse_scroll_down(self, event: MouseScrollDown) -> None:
        await self._wheel(3)

    async def on_mouse_scroll_up(self, event: MouseScrollUp) -> None:
        await self._wheel(-3)

    async def _wheel(self, by: int) -> None:
        if self._reading is not None:
            self._reading.top = max(0, min(self._reading.top + by, len(self._reading.rows) - 5))
        elif self._letters is not None:
            await self._letters_key(self._letters, "down" if by > 0 else "up")
        elif self.workbench.notice is not None:
            for _ in range(abs(by)):
                self._notice_scrolled(self.workbench.notice, "scroll.down" if by > 0 else "scroll.up")
        elif self._key_mode == SPANS:
            await self._vertical(by)
        else:
            self._scroll(by)
        self._show()

    def _offset_under(self, x: int, y: int) -> int | None:
        """The character at a place on the screen, where a text with spans is shown."""
        session = self._session
        if session is None or self._key_mode != SPANS or self._mode or self._covered:
            return None
        y -= top_rows(self._sheet.size.height)
        row = self._top + y // (1 + lanes(session))
        if not 0 <= y < self._asked[1] or not self._rows.has(row):
            return None
        return self._rows.offset_at(row, max(0, x - MARGIN))

    async def on_paste(self, event: Paste) -> None:
        event.stop()
        session = self._session
        if isinstance(self._mode, self.LINES):
            words = "".join(char for char in event.text if char.isprintable())
            self._mode = replace(self._mode, editor=insert(self._mode.editor, words))
        elif (
            self._mode is None
            and not self._covered
            and session is not None
            and session.typing
            and self._box is not None
        ):
            await self._do("text.edit", insert(self._box, event.text))
        else:
            self._word = "paste ignored"
        self._show()

    # play keys that act at the other end of ssh

    def _twin(self, message: Mapping[str, Any]) -> None:
        """What a listener says of keys, in the order in which they were typed."""
        if message.get("ev") == "key":
            self.call_later(self._twin_pressed, message)
        else:
            # What was typed before stands in the terminal's queue by then
            self.set_timer(BEHIND_KEYS_S, lambda: self.call_later(self._twin_known, message))

    async def _twin_pressed(self, message: Mapping[str, Any]) -> None:
        await self.workbench.local_key(message["name"], message["at"], message["seq"], message["on"])
        self._twin_known(message)

    def _twin_known(self, message: Mapping[str, Any]) -> None:
        self._twin_count = message["n"]
        self._show()

    def _offer_keys(self) -> None:
        deck, session = self.workbench.deck, self._session
        if deck is None:
            return
        # In tmux and the like the keys that are typed may be for another window
        covered = self._mode is not None or self._covered or not SHARED.isdisjoint(os.environ)
        names: dict[str, str] = {}
        if not covered and session is not None and session.item.sound is not None:
            for name in FAR:
                names |= dict.fromkeys(self.keymap.keys_of(name, self._key_mode), name)
        deck.offer(self._twin_count, names, session)

    # showing

    def _renew(self, renewal: Renewal) -> None:
        """project.yaml or the guidelines changed: keys and pages by the new ones."""
        if renewal.guidelines is not None:
            self._guidelines = renewal.guidelines
        try:
            self.keymap = self._make_keymap(renewal.project)
        except LabelError as error:
            self._word = str(error)

    def _show(self) -> None:
        desk = self.workbench.desk
        shown = (desk.save_id if desk else "", self.workbench.notice)
        if shown != self._shown:
            self._shown = shown
            self._top, self._mode, self._drag, self._notice_top = 0, None, None, 0
            self._guard = self._guard.finished_item()
            self._drawn_at = time.monotonic()
            self.call_after_refresh(self.workbench.painted)
        self._sheet.redraw()
        self._offer_keys()
        self._tick()

    def _tick(self) -> None:
        """While it plays, the next look is due when what is shown changes."""
        if self._next_tick is not None:
            self._next_tick.stop()
            self._next_tick = None
        due = self._view.due(self._sheet.size.width)
        if due is not None:
            self._next_tick = self.set_timer(due, self._show)

    def _drawn(self, width: int, height: int) -> list[Row]:
        rows = self._draw(width, height)
        if holdup := self.workbench.holdup:
            words = f" waiting for {visible(holdup)}; any key leaves at once, your work is kept"
            rows[-1] = clipped([(words, "warn")], width)
        return rows

    def _draw(self, width: int, height: int) -> list[Row]:
        if width < SMALLEST[0] or height < SMALLEST[1]:
            return too_small(width, height)
        workbench, session = self.workbench, self._session
        name, annotator = workbench.project.name, workbench.annotator
        if self._reading is not None:
            return self._draw_page(self._reading, width, height)
        if workbench.finished_sprint is not None:
            return sprint_page(name, annotator, workbench.finished_sprint, width, height)
        if workbench.notice is not None:
            hints = self._key_hints("guide.open", "quit")
            return notice_page(name, workbench.notice, self._notice_top, hints, self._word, width, height)
        if self._letters is not None:
            letters, chosen = self._letters.letters, self._letters.chosen
            return letters_page(name, letters, chosen, annotator, workbench.project.review.blind, width, height)
        if workbench.paused:
            return paused(name, annotator, self._key_hints("pause", "quit"), width, height)
        if session is None:
            waiting = ["talk.open"] if workbench.unread else []
            hints = self._key_hints(*waiting, "work.undo", "item.previous", "help.open", "quit")
            return nothing_left(name, annotator, workbench.progress, workbench.rhythm, hints, width, height)
        if self._rows.text is not session.item.text or self._rows.width != text_width(width):
            self._rows = Rows(session.item.text, text_width(width))
        return self._draw_item(session, width, height)

    def _draw_item(self, session: Session, width: int, height: int) -> list[Row]:
        self._talk = self._talk_rows(width, height)
        self._asked = zones(session, self.keymap, width, height, len(self._talk))
        if self._key_mode == SPANS:
            self._follow_cursor(self._rows.row_of(session.cursor), self._page_rows())
        return label_screen(self._state(session, self._marks(session)), self._rows, width, height)

    def _talk_rows(self, width: int, height: int) -> list[Row]:
        """What was said about the item on the desk."""
        desk, blind = self.workbench.desk, self.workbench.project.review.blind
        if desk is None or not desk.claim.comments:
            return []
        claim = desk.claim
        return talk_rows(claim.comments, self.workbench.annotator, blind, claim.returned, width, talk_room(height))

    def _follow_cursor(self, row: int, room: int) -> None:
        if row < self._top:
            self._top = row
        elif row >= self._top + room:
            self._top = row - room + 1

    def _state(self, session: Session, marks: Marks) -> State:
        workbench = self.workbench
        pace = workbench.rhythm.per_hour
        goal = workbench.project.pace.goal_per_hour
        words = f"{pace:,}/h" if pace else ""
        if words and goal:
            words = f"{pace:,}/h, goal {goal:,}"
        deck = workbench.deck
        if deck is not None and (factor := workbench.rhythm.real_time_factor) is not None:
            words = f"{words}  {factor:.1f}× real time".strip()
        state = State(
            session,
            self.keymap,
            workbench.annotator,
            workbench.progress.done,
            workbench.progress.items,
            bool(workbench.desk and workbench.desk.visiting),
            words,
            self._time_left(),
            workbench.trouble,
            self._word or workbench.word,
            self._mode,
            marks,
            self._top,
            *self._asked,
            returned=bool(workbench.desk and workbench.desk.claim.returned),
            talk=self._talk,
            unread=workbench.unread,
        )
        if deck is None or session.item.sound is None:
            return state
        return replace(state, tape=self._view.tape(session, self._sheet.size.width, state.room))

    def _time_left(self) -> str:
        sprint = self.workbench.sprint
        if sprint is not None:
            return "  ·  " + sprint_words(sprint, self.workbench.now(), self.workbench.project.pace.goal_per_hour)
        pace, progress = self.workbench.rhythm.per_hour, self.workbench.progress
        if not pace:
            return ""
        minutes = max(1, round((progress.items - progress.done) * 60 / pace))
        return f"  ·  {minutes} min left" if minutes < 120 else f"  ·  {round(minutes / 60):,} h left"

    def _marks(self, session: Session) -> Marks:
        start, end = self._visible_text()
        found = tuple(find_between(session.item.text, self._needle, start, end)) if self._needle else ()
        hints = self._mode.left if isinstance(self._mode, Hop) else {}
        return Marks(found, hints, isinstance(session.span_task, Spans))

    def _visible_text(self) -> tuple[int, int]:
        """First and last offset on the screen."""
        last = self._top
        while last < self._top + self._page_rows() - 1 and self._rows.has(last + 1):
            last += 1
        if not self._rows.has(self._top):
            return 0, 0
        return self._rows.row(self._top)[0], self._rows.row(last)[1]

    def _page_rows(self) -> int:
        """Rows of text that fit the screen."""
        session = self._session
        return max(1, self._asked[1] // (1 + lanes(session))) if session else 1

    def _draw_page(self, reading: Reading, width: int, height: int) -> list[Row]:
        status: Row = [(self._word, "hint")]
        if reading.finding is not None:
            status = line("find ", reading.finding)
        hints = [("↑↓", "scroll"), ("/", "find"), ("n", "next found"), ("any other key", "back")]
        title = [self.workbench.project.name, reading.title]
        return page(title, reading.rows, reading.top, hints, status, width, height)

    def _key_hints(self, *names: str) -> list[Hint]:
        return [
            (key_display(self.keymap.keys_of(name)[0]), "back" if name == "pause" else self.keymap.command(name).short)
            for name in names
        ]
