"""The lines that a reviewer types: a remark to annotators, a filter of the queue."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace

from tui_label.core.annotating.session import Line
from tui_label.core.keys import chosen_by
from tui_label.core.text import visible
from tui_label.core.text.editor import EMPTY, Editor
from tui_label.core.text.find import called
from tui_label.ui.canvas import Row
from tui_label.ui.modes import Mode, digits, edited, line
from tui_label.ui.views.frame import Hint
from tui_label.ui.views.menu import Offer, found_rows

OFFERED = 5
"""So many names are shown of those that a filter may mean."""
Readers = tuple[tuple[str, tuple[str, ...]], ...]
"""What each choice of readers is called, and their names."""
Keep = Callable[[tuple[str, ...], str], Awaitable[bool]]
"""Takes who is to read it, and the words; whether they are kept."""


@dataclass(frozen=True)
class Remark:
    """One line to annotators; Tab changes to whom."""

    kind: str
    """Of the comment that it becomes."""
    lead: str
    to: Readers
    keep: Keep
    chosen: int = 0
    editor: Editor = EMPTY

    @property
    def status(self) -> Row:
        whom = f" to {visible(self.to[self.chosen][0])}" if self.to else ""
        return line(f"{self.lead}{whom}: ", self.editor)

    @property
    def begun(self) -> Line:
        return Line(self.kind, self.editor.text, to=self._chosen)

    @property
    def _chosen(self) -> tuple[str, ...]:
        return self.to[self.chosen][1] if self.to else ()

    @property
    def legend(self) -> list[Hint]:
        other: list[Hint] = [("Tab", "to others")] if len(self.to) > 1 else []
        return [("↵", self.lead), *other, ("Esc", "leave")]

    async def key(self, key: str) -> Mode | None:
        if key == "enter" and self.editor.text.strip():
            kept = await self.keep(self._chosen, self.editor.text.strip())
            return None if kept else self
        if key in ("enter", "escape"):
            return None
        if key in ("tab", "shift+tab") and self.to:
            return replace(self, chosen=(self.chosen + (1 if key == "tab" else -1)) % len(self.to))
        return replace(self, editor=edited(self.editor, key))


@dataclass(frozen=True)
class Filter:
    """What a queue is restricted to: part of a name of those that are known, or any words."""

    lead: str
    known: tuple[str, ...]
    choose: Callable[[str], Awaitable[None]]
    free: bool = True
    """Whether what is typed may be something that is not known here."""
    numbered: bool = False
    """Whether a digit chooses."""
    editor: Editor = EMPTY

    @property
    def found(self) -> list[str]:
        return called(self.editor.text, self.known, lambda one: (one,))

    @property
    def status(self) -> Row:
        return line(f"only {self.lead}: ", self.editor)

    def rows(self, width: int, free: int) -> list[Row]:
        names = self.found
        offers = [Offer(name, None, str(number) * self.numbered) for number, name in enumerate(names[:OFFERED], 1)]
        return found_rows(self.status, offers, bool(self.editor.text.strip()), len(names) - len(offers), width)

    @property
    def legend(self) -> list[Hint]:
        numbers = [(digits(len(self.found[:OFFERED])), "those")] if self.numbered and self.found else []
        enter = [("↵", "only the first")] if self.found else [("↵", "as typed")] if self.free else []
        return [*numbers, *enter, ("empty ↵", "all"), ("Esc", "leave")]

    async def key(self, key: str) -> Mode | None:
        if key == "escape":
            return None
        if self.numbered and (number := chosen_by(key, len(self.found[:OFFERED]))) is not None:
            await self.choose(self.found[number])
            return None
        if key == "enter":
            typed = self.editor.text.strip()
            if not typed:
                await self.choose("")
            elif self.found or self.free:
                await self.choose(self.found[0] if self.found else typed)
            return None
        return replace(self, editor=edited(self.editor, key))
