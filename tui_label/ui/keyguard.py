"""Whether a key was meant for what is on the screen, where it would answer or leave an item."""

from __future__ import annotations

import time

from tui_label.core.guards import Guard
from tui_label.ui.environment import brackets_pastes

ANSWERING = (
    "item.submit", "item.skip", "work.undo", "suggestion.", "label.", "span.", "flag.", "segment.",
)  # fmt: skip
"""Commands that must not reach an item before its person has seen it."""
LEAVING = ("item.", "work.undo")
"""Those among them that leave it: a held key must not run through the queue, also where one types."""
READ_S = 0.5
"""Nobody has read a page in less: a key that goes on from it was struck for what was there before."""


class KeyGuard:
    """Watches the keys, and when another thing came on the screen.  Times are seconds of `time.monotonic`."""

    def __init__(self) -> None:
        self._guard = Guard(pastes=not brackets_pastes())
        self._drawn_at = 0.0

    def pressed(self, key: str, at: float) -> None:
        self._guard = self._guard.pressed(key, at)

    def turned(self) -> None:
        """Another item or page is on the screen."""
        self._guard = self._guard.finished_item()
        self._drawn_at = time.monotonic()

    def refusal(self, at: float, to_read: bool = False) -> str:
        """Why the key pressed last, at that time, was not meant; empty if it was.

        `to_read`: what is on the screen is a page that it would take away.
        """
        if not self._guard.refused and at < self._drawn_at:
            return "a key came before this was on the screen: ignored"
        if not self._guard.refused and to_read and at < self._drawn_at + READ_S:
            return "a key came before this could be read: ignored"
        return self._guard.refused
