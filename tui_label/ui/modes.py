"""What takes the keys for a moment: hop, find, flags, a note, a label by name.

A mode gets keys until it returns None.  It has a status row to draw and hints for
the legend, a Menu has rows that may be more than one; what it does is a function that it was given.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Protocol, runtime_checkable

from tui_label.core.annotating.said import places
from tui_label.core.annotating.session import NOTE, Line, Session
from tui_label.core.comments import COMMENT, QUESTION
from tui_label.core.keys import chosen_by
from tui_label.core.moments import clock, seconds_of
from tui_label.core.project import FlagReason
from tui_label.core.text import visible
from tui_label.core.text.editor import EDITS, EMPTY, Editor, insert, right
from tui_label.core.text.find import called, find_all
from tui_label.core.text.tokens import tokens_between
from tui_label.ui.canvas import Row
from tui_label.ui.views.frame import Hint
from tui_label.ui.views.menu import Offer, listed_rows, picked_rows

Do = Callable[[str, Any], Awaitable[None]]
"""Carries out a command of the workbench, with what it is about."""
LETTERS = "asdfghjklweruiopqtyzxcvbnm"
STEPS = {"down": 1, "tab": 1, "up": -1, "shift+tab": -1}
"""Keys that choose another one of what is offered."""


class Mode(Protocol):
    @property
    def status(self) -> Row: ...

    @property
    def legend(self) -> list[Hint]: ...

    async def key(self, key: str) -> Mode | None: ...


@runtime_checkable
class Menu(Protocol):
    """A mode that shows what there is to choose from."""

    def rows(self, width: int, free: int) -> list[Row]:
        """The rows over the questions, where `free` rows above the status row have nothing on them."""


@runtime_checkable
class Saying(Protocol):
    """A mode in which something is typed about the item that is kept until it is said."""

    @property
    def begun(self) -> Line: ...


# hop


def hints_for(text: str, start: int, end: int) -> dict[int, str]:
    """A hint for every word between two offsets, by the offset of the word: one letter as
    long as they last, then two.  Bare punctuation is one arrow from its word and gets none.
    """
    words = [
        first
        for first, last in tokens_between(text, start, end)
        if any(char.isalnum() or ord(char) > 0x2000 for char in text[first:last])
    ]
    prefixes = 0
    while len(LETTERS) - prefixes + prefixes * len(LETTERS) < len(words) and prefixes < len(LETTERS):
        prefixes += 1
    singles = list(LETTERS[: len(LETTERS) - prefixes])
    doubles = [one + two for one in LETTERS[len(LETTERS) - prefixes :] for two in LETTERS]
    return dict(zip(words, singles + doubles, strict=False))


@dataclass(frozen=True)
class Hop:
    """Every word on the screen shows a hint; typing it puts the cursor there."""

    hints: dict[int, str]
    do: Do
    typed: str = ""

    @property
    def left(self) -> dict[int, str]:
        """Hints that still match, without the part already typed."""
        return {offset: hint[len(self.typed) :] for offset, hint in self.hints.items() if hint.startswith(self.typed)}

    status: Row = field(default_factory=lambda: [("hop: type the letters under the word", "faint")])
    legend: list[Hint] = field(default_factory=lambda: [("a–z", "to the word"), ("Esc", "stay")])

    async def key(self, key: str) -> Mode | None:
        hop = replace(self, typed=self.typed + key)
        if len(key) != 1 or not hop.left:
            return None
        for offset, rest in hop.left.items():
            if not rest:
                await self.do("cursor.to", offset)
                return None
        return hop


# find


@dataclass(frozen=True)
class Find:
    """A word typed at the foot of the text; Enter goes to it."""

    session: Session
    text: str
    """What is searched, unless it is what was said of a sound."""
    do: Do
    editor: Editor = EMPTY

    @property
    def status(self) -> Row:
        if self.session.item.sound is not None:
            count = len(places(self.session, self.editor.text))
        else:
            count = len(find_all(self.text, self.editor.text, 1000))
        return [*line("find ", self.editor), (f"   {count} here", "faint")]

    legend: list[Hint] = field(default_factory=lambda: [("↵", "go to it"), ("Esc", "leave")])

    async def key(self, key: str) -> Mode | None:
        if key == "enter":
            await self.do("find.set", self.editor.text)
            return None
        if key == "escape":
            return None
        return replace(self, editor=edited(self.editor, key))


# flags


@dataclass(frozen=True)
class FlagMenu:
    """A reason's digit flags the item; `n` first, and a note goes with it; `q` asks about the item instead."""

    reasons: tuple[FlagReason, ...]
    notes: Mapping[str, str]
    """What goes with each flag that is set."""
    ask: Mode
    do: Do
    with_note: bool = False

    @property
    def status(self) -> Row:
        return [("note " if self.with_note else "flag ", "bold")]

    def rows(self, width: int, free: int) -> list[Row]:
        offers = [Offer(flag.reason, None, str(number), flag.help) for number, flag in enumerate(self.reasons, 1)]
        return listed_rows(self.status, offers, [flag.reason in self.notes for flag in self.reasons], width, free)

    @property
    def legend(self) -> list[Hint]:
        flag = [(digits(len(self.reasons)), "flag"), ("n", "with a note")] if self.reasons else []
        return [*flag, ("q", "ask"), ("Esc", "leave")]

    async def key(self, key: str) -> Mode | None:
        if key == "n":
            return replace(self, with_note=True)
        if key == "q":
            return self.ask
        if (number := chosen_by(key, len(self.reasons))) is not None:
            reason = self.reasons[number].reason
            if self.with_note:
                note = self.notes.get(reason, "")
                return Note(reason, self.do, Editor(note, len(note)))
            await self.do("flag.toggle", reason)
        return None


@dataclass(frozen=True)
class Note:
    """Free words that go with a flag."""

    reason: str
    do: Do
    editor: Editor = EMPTY

    @property
    def status(self) -> Row:
        return line(f"{visible(self.reason)}: ", self.editor)

    legend: list[Hint] = field(default_factory=lambda: [("↵", "keep"), ("Esc", "leave")])

    @property
    def begun(self) -> Line:
        return Line(NOTE, self.editor.text, self.reason)

    async def key(self, key: str) -> Mode | None:
        if key == "enter":
            await self.do("flag.note", (self.reason, self.editor.text))
            return None
        if key == "escape":
            return None
        return replace(self, editor=edited(self.editor, key))


# talking


@dataclass(frozen=True)
class Say:
    """One line to whoever reviews: a question, or with Tab a comment."""

    keep: Callable[[str, str], Awaitable[bool]]
    """Takes the kind and the words; whether they are kept."""
    kind: str = QUESTION
    editor: Editor = EMPTY

    @property
    def status(self) -> Row:
        return line("ask: " if self.kind == QUESTION else "comment: ", self.editor)

    @property
    def legend(self) -> list[Hint]:
        other = "a comment instead" if self.kind == QUESTION else "a question instead"
        return [("↵", "send"), ("Tab", other), ("Esc", "leave")]

    @property
    def begun(self) -> Line:
        return Line(self.kind, self.editor.text)

    async def key(self, key: str) -> Mode | None:
        if key == "enter" and self.editor.text.strip():
            return None if await self.keep(self.kind, self.editor.text.strip()) else self
        if key in ("enter", "escape"):
            return None
        if key == "tab":
            return replace(self, kind=COMMENT if self.kind == QUESTION else QUESTION)
        return replace(self, editor=edited(self.editor, key))


# by name


@dataclass(frozen=True)
class Picker:
    """One of many things by part of its name: arrows and Tab choose among those found, Enter takes the one in brackets."""

    lead: str
    offers: tuple[Offer, ...]
    take: Callable[[Any], Awaitable[None]]
    """Gets the value of what was offered."""
    numbered: bool = False
    """Whether a digit takes one, too."""
    editor: Editor = EMPTY
    chosen: int = 0
    """Which of those found, counted round."""

    @property
    def found(self) -> list[Offer]:
        return called(self.editor.text, self.offers, lambda offer: (offer.name, *offer.also))

    @property
    def status(self) -> Row:
        return line(self.lead, self.editor)

    def rows(self, width: int, free: int) -> list[Row]:
        found = self.found
        if self.numbered:
            keys = [*"123456789", *[""] * len(found)]
            found = [replace(offer, key=key) for offer, key in zip(found, keys, strict=False)]
        return picked_rows(self.status, found, self.chosen % max(1, len(found)), width, free)

    @property
    def legend(self) -> list[Hint]:
        count = len(self.found)
        numbers = [(digits(count), "take that")] if self.numbered and count else []
        return [*numbers, ("↵", "take"), ("↑↓", "choose"), ("Esc", "leave")]

    async def key(self, key: str) -> Mode | None:
        found = self.found
        if key in STEPS:
            return replace(self, chosen=self.chosen + STEPS[key])
        if self.numbered and (number := chosen_by(key, len(found))) is not None:
            await self.take(found[number].value)
        elif key == "enter" and found:
            await self.take(found[self.chosen % len(found)].value)
        elif key not in ("enter", "escape"):
            return replace(self, editor=edited(self.editor, key), chosen=0)
        return None


SPRINT = 25
"""Minutes of a sprint that nobody gave any."""


@dataclass(frozen=True)
class Minutes:
    """How long a sprint is to be."""

    start: Callable[[int], None]
    """Takes milliseconds."""
    editor: Editor = EMPTY

    @property
    def status(self) -> Row:
        unsaid = [] if self.editor.text else [(f"   {SPRINT} if none are typed", "faint")]
        return [*line("sprint, minutes: ", self.editor), *unsaid]

    legend: list[Hint] = field(default_factory=lambda: [("↵", "start"), ("Esc", "leave")])

    async def key(self, key: str) -> Mode | None:
        minutes = int(self.editor.text or SPRINT)
        if key == "enter" and minutes > 0:
            self.start(minutes * 60_000)
        if key in ("enter", "escape"):
            return None
        editor = edited(self.editor, key)
        return replace(self, editor=editor) if re.fullmatch("[0-9]{0,4}", editor.text) else self


# a place on the tape


@dataclass(frozen=True)
class GoTo:
    """A time of the sound, typed as it is read."""

    duration: float
    go: Callable[[float], Awaitable[None]]
    editor: Editor = EMPTY

    @property
    def status(self) -> Row:
        seconds = seconds_of(self.editor.text)
        word, look = clock(seconds or 0, 3, self.duration), "faint"
        if seconds is None:
            word = f"like 8:30 or 510.5, up to {clock(self.duration)}"
        elif self._is_beyond(seconds):
            word, look = f"the sound ends at {clock(self.duration)}", "hint"
        return [*line("go to ", self.editor), (f"   {word}", look)]

    def _is_beyond(self, seconds: float) -> bool:
        """Whether it is after the end, as that is read on the screen."""
        return seconds > self.duration and clock(seconds) != clock(self.duration)

    legend: list[Hint] = field(default_factory=lambda: [("↵", "go there"), ("Esc", "leave")])

    async def key(self, key: str) -> Mode | None:
        seconds = seconds_of(self.editor.text)
        if key == "enter" and seconds is not None and not self._is_beyond(seconds):
            await self.go(seconds)
            return None
        if key == "escape" or (key == "enter" and not self.editor.text):
            return None
        return self if key == "enter" else replace(self, editor=edited(self.editor, key))


@dataclass(frozen=True)
class Calibration:
    """Clicks are heard, each is answered by a tap: how late the hand is after the ear."""

    position: Callable[[], float]
    """Seconds of the clicks' sound that are heard now."""
    finish: Callable[[list[float], list[float]], str]
    """Takes the times of clicks and taps; what to say of them."""
    times: list[float]
    taps: tuple[float, ...] = ()

    @property
    def status(self) -> Row:
        return [("tap Space at each click  ", "bold"), (f"{self.left} left", "accent")]

    @property
    def left(self) -> int:
        """Clicks that are still to come."""
        now = self.position()
        return sum(time > now for time in self.times)

    legend: list[Hint] = field(default_factory=lambda: [("Space", "tap"), ("Esc", "leave")])

    async def key(self, key: str) -> Mode | None:
        if key == "escape":
            self.finish(self.times, [])
            return None
        if key != "space":
            return self
        taps = (*self.taps, self.position())
        if len(taps) < len(self.times) and taps[-1] < self.times[-1]:
            return replace(self, taps=taps)
        self.finish(self.times, list(taps))
        return None

    def waited(self) -> Mode | None:
        """A second later: after the last click nothing more is waited for."""
        if self.position() < self.times[-1] + 1.0:
            return self
        self.finish(self.times, list(self.taps))
        return None


def digits(count: int) -> str:
    """The digits that choose among so many."""
    return "1" if count == 1 else f"1–{min(count, 9)}"


def edited(editor: Editor, key: str) -> Editor:
    """One line of typing."""
    if key in EDITS:
        return EDITS[key](editor)
    if key == "space":
        key = " "
    return insert(editor, key) if len(key) == 1 else editor


def line(words: str, editor: Editor) -> Row:
    text, caret = editor.text, editor.caret
    after = right(editor).caret
    row = [(words, "bold"), (visible(text[:caret]), ""), (visible(text[caret:after]) or " ", "cursor")]
    return [*row, (visible(text[after:]), "")] if after < len(text) else row
