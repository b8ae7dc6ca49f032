"""Play keys that act at the other end of ssh, in step with the keys that come through the terminal."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import Any

from textual.app import App

from tui_label.bench.workplace import Workplace
from tui_label.core.commands import FAR
from tui_label.core.keymap import Keymap
from tui_label.sound.player import Typed

BEHIND_KEYS_S = 0.04
"""From a message of a listener until the keys that were typed before it are read."""
SHARED = {"TMUX", "STY", "ZELLIJ"}
"""Set where several programs share the terminal."""


class FarKeys:
    """What a listener that catches keys is offered, and what it says of them."""

    def __init__(self, app: App[Any], workbench: Workplace[Any], show: Callable[[], None]) -> None:
        """`app` lends its queue of messages, which keys stand in too."""
        self._app = app
        self._workbench = workbench
        self._show = show
        self._known = Typed()
        """How much of what was typed the listener was told to be done."""

    def listen(self) -> None:
        if self._workbench.deck is not None:
            self._workbench.deck.on_twin = self._said

    def offer(self, keymap: Keymap, mode: str, *, covered: bool) -> None:
        """The keys of `mode` that may act there; none while the item is `covered`."""
        deck, session = self._workbench.deck, self._workbench.session
        if deck is None:
            return
        # In tmux and the like the keys that are typed may be for another window
        covered = covered or not SHARED.isdisjoint(os.environ)
        names: dict[str, str] = {}
        if not covered and session is not None and session.item.sound is not None:
            for name in FAR:
                names |= dict.fromkeys(keymap.keys_of(name, mode), name)
        deck.offer(self._known, names, session)

    def _said(self, message: Mapping[str, Any]) -> None:
        """What a listener says of keys, in the order in which they were typed."""
        if message.get("ev") == "key":
            self._app.call_later(self._pressed, message)
        else:
            # What was typed before stands in the terminal's queue by then
            self._app.set_timer(BEHIND_KEYS_S, lambda: self._app.call_later(self._done, message))

    async def _pressed(self, message: Mapping[str, Any]) -> None:
        await self._workbench.local_key(message["name"], message["at"], message["seq"], message["on"])
        self._done(message)

    def _done(self, message: Mapping[str, Any]) -> None:
        self._known = message["typed"]
        self._show()
