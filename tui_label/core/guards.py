"""Keys that nobody meant: a held key, a paste that comes as keys, keys struck too early.

Times are in seconds of one monotonic clock.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

REPEAT_S = 0.045
"""Keyboards repeat a held key every 25 to 33 ms; no finger does."""
CHAIN_S = 0.15
"""Once a key is held, a repeat that the network delayed is still one."""
PASTE_S = 0.008
PASTE_ROW = 3
"""So many keys running, each within PASTE_S of the one before, are a paste."""


@dataclass(frozen=True, slots=True)
class Guard:
    """Looks at each key in single-key mode; `refused` says why the latest must not answer."""

    key: str = ""
    at: float = -1.0
    row: int = 0
    pastes: bool = True
    """Whether a paste may come as keys; else so many at once are what was typed while the link stood still."""
    answered_by: str = ""
    """The key that finished the item before, until another key is pressed or it is let go."""
    refused: str = ""

    def pressed(self, key: str, now: float) -> Guard:
        gap = now - self.at
        row = self.row + 1 if gap < PASTE_S else 0
        held = key == self.key == self.answered_by and gap < (CHAIN_S if self.refused else REPEAT_S)
        pasted = self.pastes and row > PASTE_ROW
        refused = "paste ignored" if pasted else "held key ignored" if held else ""
        answered_by = self.answered_by if held else ""
        return replace(self, key=key, at=now, row=row, answered_by=answered_by, refused=refused)

    def finished_item(self) -> Guard:
        """The latest key finished an item: repeating it by itself must not answer the next."""
        return replace(self, answered_by=self.key)
