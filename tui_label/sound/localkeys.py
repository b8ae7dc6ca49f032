"""Play keys that act where they are typed, before they cross the network.

The app tells which keys do what, and how its tape stands (`keys`).  A key that comes alone
and is among them acts here on a tape that is the app's twin, and the app hears of it (`key`).
Everything else goes to the app; as long as it is not known to have been dealt with there
(`sync`, and `keys` in return), no key acts here: it may have changed what keys mean.  ssh
keeps the order of what is typed and of what goes over the forwarded socket.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from tui_label.core.commands import FAR
from tui_label.sound.player import Clip, Heard, Manner, Told, Typed
from tui_label.sound.tape import Region, Tape

Send = Callable[[dict[str, Any]], None]

KEYS = {
    b"\t": "tab", b" ": "space", b"\x00": "ctrl+space", b"\x1b[Z": "shift+tab",
    b"\x1bOQ": "f2", b"\x1bOR": "f3", b"\x1bOS": "f4", b"\x1b[15~": "f5", b"\x1b[17~": "f6", b"\x1b[18~": "f7",
    b"\x1b[19~": "f8", b"\x1b[12~": "f2", b"\x1b[13~": "f3", b"\x1b[14~": "f4", b"\x1b[[B": "f2", b"\x1b[[C": "f3",
    b"\x1b[[D": "f4", b"\x1b[[E": "f5",
    b"\x1b[9u": "tab", b"\x1b[9;2u": "shift+tab", b"\x1b[32;5u": "ctrl+space", b"\x1b[32u": "space",
    b"\x1b[Q": "f2", b"\x1b[R": "f3", b"\x1b[S": "f4",
}  # fmt: skip
"""What terminals send for keys that have no character of their own: xterm, VT, Linux console, kitty."""
_REPLY = re.compile(
    rb"(?:\x1b\[[IO]|\x1b\[<[0-9;]+[Mm]|\x1b\[[?>=]?[0-9;]+\$?[cnty]|\x1b\[\?[0-9;]*u"
    rb"|\x1b\[(?!1;[2-8]R)\??[0-9]+;[0-9;]+R|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b[P_][^\x1b]*\x1b\\)+"
)
"""What a terminal says by itself: focus, the mouse, replies; not F3 with Shift and the like, which look like one."""
FIRST_VOICE = 1_000_000
"""Numbers of voices that begin here; the app counts its own from 1."""


class LocalKeys:
    """The keys of one app."""

    def __init__(self, to_speaker: Send, to_app: Send, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._to_app = to_app
        self._voices = _Voices(to_speaker)
        self._tape = Tape(lambda tell: self._voices, step_back_s=0.0, clock=clock)
        self._keys: Mapping[str, str] = {}
        self._here: Region | None = None
        self._on: Any = None
        """What the app did with its tape, as far as it is known here."""
        self._typing = False
        self._sent = 0
        """Counts what was typed and what acted here: the app answers with what it knows of."""
        self._known = True
        self._last: Heard | None = None
        """Of any voice, in frames: which clip it plays, the app may say later."""
        self._over = 0
        """The voice that ended last: the app may not have known it yet."""

    # from the two ends

    def offered(self, header: Mapping[str, Any]) -> None:
        """The app's keys and tape, unless more was typed since."""
        if header.get("n") != self._sent:
            return
        try:
            tape = header["tape"]
            self._keys = {str(key): str(name) for key, name in header["keys"].items() if name in FAR}
            self._here = Region(*map(float, tape["here"])) if tape["here"] else None
            self._typing, self._on = bool(tape["typing"]), tape["on"]
            self._voices.rate, self._voices.id = max(0, int(tape["rate"])), str(tape["id"])
            last = self._last and self._in_seconds(self._last)
            self._tape.restore(tape, last)
        except (KeyError, TypeError, ValueError, AttributeError, OverflowError):
            self._keys = {}
        else:
            if last is not None and last.seq == self._over:
                self._tape.told(Told("ended", last))
        self._known = True

    def heard(self, header: Mapping[str, Any]) -> None:
        """A message of the speaker on its way to the app."""
        event = str(header.get("ev"))
        if event in ("started", "pos", "ended"):
            moment = self._tape.now() + float(header.get("in", 0))
            self._last = Heard(header["seq"], float(header["t"]), moment, float(header.get("speed", 1)))
            if event == "ended":
                self._over = self._last.seq
            if self._voices.rate:
                self._tape.told(Told(event, self._in_seconds(self._last)))

    def _in_seconds(self, heard: Heard) -> Heard:
        return replace(heard, t=heard.t / max(1, self._voices.rate))

    # from the hands

    def acts(self, data: bytes) -> bool:
        """Whether what was typed is a play key that may act here, and did; else it is for the app."""
        name = KEYS.get(data) or (data.decode("ascii", "replace") if len(data) == 1 else "")
        command = self._keys.get(name)
        if command is None or not self._known or (self._typing and _is_text(data)):
            return False
        self._press(command)
        return True

    def passed(self, data: bytes) -> None:
        """What was typed is on its way to the app."""
        # Text only as long as it is known that one types: after Esc letters may be commands
        if not (_REPLY.fullmatch(data) or (self._typing and self._known and _is_text(data))):
            self._sent += 1
            self._known = False
            self._to_app({"ev": "sync", "n": self._sent})

    def _press(self, command: str) -> None:
        at, self._voices.latest = self._tape.position, 0
        self._tape.press(command, self._here, self._typing)
        self._sent += 1
        key = {"name": command, "at": round(at, 4), "seq": self._voices.latest, "on": self._on}
        self._to_app({"ev": "key", "n": self._sent, **key})


def _is_text(data: bytes) -> bool:
    """What in a text box can only be text: it changes neither the keys nor the tape."""
    try:
        return data.decode().isprintable()
    except UnicodeDecodeError:
        return False


class _Voices:
    """A player whose speaker sits right here, and has the clips from elsewhere."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self.rate, self.id = 0, ""
        self.latest = 0
        self._count = FIRST_VOICE

    def prepare(self, clip: Clip, at: float = 0.0) -> None:
        """Clips come from the app."""

    def play(self, clip: Clip, at: float, manner: Manner) -> int:
        self._count += 1
        self.latest = self._count
        self._say("play", seq=self._count, id=self.id, at=round(at * self.rate), **manner.fields(self.rate))
        return self._count

    def adjust(self, manner: Manner) -> None:
        self._say("adjust", **manner.fields(self.rate))

    def pause(self) -> None:
        self._say("pause")

    def wake(self) -> None: ...

    async def close(self) -> None: ...

    def follow(self, seq: int | None) -> None: ...

    def offer(self, typed: Typed, keys: Mapping[str, str], tape: Mapping[str, Any]) -> None: ...

    def _say(self, op: str, **fields: Any) -> None:
        self._send({"op": op, **fields})
