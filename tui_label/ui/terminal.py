"""A terminal driver that survives bad input and leaves when the terminal does.

All tricks that depend on the version of Textual (8.2.8) live here:

* a hung-up terminal makes its input thread spin, and after 30 unwritten frames its
  loop blocks for good (upstream pull request 6690);
* an undecodable byte ends the app (upstream issue 6456), and so does a kitty
  key-release sequence;
* replies to somebody else's terminal queries are typed into the app as keys, which
  here would label an item;
* control characters of data reach the terminal.
"""

from __future__ import annotations

import asyncio
import os
import re
import select
import signal
import termios
import threading
from codecs import getincrementaldecoder
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, cast

from textual._xterm_parser import XTermParser
from textual.drivers.linux_driver import LinuxDriver

if TYPE_CHECKING:
    from textual.app import App
    from textual.message import Message

BAIL_AFTER_S = 2.0
HOLD_S = 0.05
"""How long the start of an escape sequence waits for the rest of it."""

_REPLIES = re.compile(
    r"\x1b\[[?>=][0-9;]*(?![0-9;]*\$y)[a-zA-Z]"  # device attributes, kitty flags
    r"|\x1b[\]P_^X][^\x07\x1b]*(?:\x07|\x1b\\)"  # OSC, DCS, APC, PM, SOS strings
)
_UNFINISHED = re.compile(r"\x1b(?:\[[?>=<]?[0-9;:]*|[\]P_^X][^\x07\x1b]*\x1b?)$")
_UNSAFE = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
_FOREIGN = re.compile(
    r"\x1b[\]PX^_][^\x07\x1b]*(?:\x07|\x1b\\)?"  # Textual sends no strings: clipboard, titles, queries
    r"|\x1b\[[0-9;]*n"  # no cursor reports
    r"|\x1bc|[\x9b\x9d\x90\x9e\x9f]"  # no reset, no C1
)


def clean_text(text: str) -> str:
    """The last belt before the terminal: no character of a row is obeyed."""
    return _UNSAFE.sub("�", text) if _UNSAFE.search(text) else text


class Terminal(LinuxDriver):
    """Textual's driver for Linux and macOS, hardened."""

    def start_application_mode(self) -> None:
        # Keys struck before the screen is there belong to no item
        try:
            termios.tcflush(self.fileno, termios.TCIFLUSH)
        except termios.error:
            return
        super().start_application_mode()  # type: ignore[no-untyped-call]

    def write(self, data: str) -> None:
        super().write(_FOREIGN.sub("", data) if _FOREIGN.search(data) else data)

    def run_input_thread(self) -> None:
        self._parser = XTermParser(self._debug)
        decode = getincrementaldecoder("utf-8")("replace").decode
        held = ""
        poller = select.poll()
        poller.register(self.fileno, select.POLLIN)
        while not self.exit_event.is_set():
            events = poller.poll((HOLD_S if held else 0.1) * 1000)
            if events:
                try:
                    data = os.read(self.fileno, 4096)
                except OSError:
                    data = b""
                if not data:
                    self._hang_up()
                    return
                text = _REPLIES.sub("", held + decode(data))
                found = _UNFINISHED.search(text)
                held = text[found.start() :] if found else ""
                text = text[: found.start()] if found else text
            else:
                # What is still unfinished was Alt with a bracket, or a reply that got lost
                text, held = (held if len(held) <= 2 else ""), ""
            if text:
                self._feed(self._parser.feed, text)
            self._feed(lambda _: self._parser.tick(), "")

    def _feed(self, feed: Callable[[str], Iterable[Message]], text: str) -> None:
        try:
            for event in feed(text):
                self.process_message(event)
        except (ValueError, OverflowError, KeyError) as error:
            self._parser = XTermParser(self._debug)  # its generator is dead
            self._app.log.error(f"ignored unreadable input {text!r}: {error}")

    def _hang_up(self) -> None:
        self._auto_restart = False
        leave(cast("App[int]", self._app))


def leave(app: App[int]) -> None:
    """End the app from any thread; the process is gone after BAIL_AFTER_S whatever happens."""
    bail = threading.Timer(BAIL_AFTER_S, os._exit, (129,))
    bail.daemon = True
    bail.start()
    app.call_later(app.exit, None, 129)


def leave_on_signals(app: App[int]) -> None:
    """SIGHUP and SIGTERM end the app through its own way out, drafts kept."""
    loop = asyncio.get_running_loop()
    for number in (signal.SIGHUP, signal.SIGTERM):
        loop.add_signal_handler(number, leave, app)
