"""A terminal driver that survives bad input and leaves when the terminal does.

All tricks that depend on the version of Textual (8.2.8) live here, and in `escapes` what of them is about texts:

* a hung-up terminal makes its input thread spin, and after 30 unwritten frames its
  loop blocks for good (upstream pull request 6690);
* an undecodable byte ends the app (upstream issue 6456), and so does a kitty
  key-release sequence;
* replies to somebody else's terminal queries are typed into the app as keys, which
  here would label an item;
* so is a paste with an escape sequence in it, from there on;
* SIGCONT, which also follows a hang-up, starts a second input thread;
* a lone Escape waits for the 100 ms of its select, whatever ESCDELAY says;
* Alt gets lost: Alt+S types an s, Alt+; is a semicolon, Alt+1 what a Mac types with Option;
* it reads the terminal's size within the signal's handler: a second signal there comes
  first to the app, which then keeps the older size;
* control characters of data reach the terminal;
* it draws on standard error, where C libraries print too (libmpg123 on a damaged frame);
* its output thread ends where the terminal has no room and a program that shares it has said not to wait.

It also asks the terminal what ground it writes on, which Textual does not.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import queue
import re
import select
import signal
import termios
import threading
import time
from codecs import getincrementaldecoder
from collections.abc import Callable, Iterable
from io import BufferedWriter, FileIO, TextIOWrapper
from typing import TYPE_CHECKING, Any, cast

from textual import constants
from textual._ansi_sequences import SYNC_END, SYNC_START
from textual._xterm_parser import XTermParser
from textual.drivers.linux_driver import LinuxDriver
from textual.events import Key, Paste, Resize
from textual.geometry import Size
from textual.message import Message

from tui_label.ui.escapes import ASK_GROUND, clean_input, clean_output, clean_paste, grounds, split_unfinished

if TYPE_CHECKING:
    from textual.app import App

BAIL_AFTER_S = 2.0
HUNG_UP = 128 + signal.SIGHUP
HOLD_S = 0.05
"""How long the start of an escape sequence waits for the rest of it."""
REST_S = 0.5
"""How long nothing is looked at while no key comes: somebody who leaves without one waits for as long."""
PASTE_BEGINS, PASTE_ENDS = "\x1b[200~", "\x1b[201~"
PASTE_S = 5.0
"""A paste of which nothing came for this long lost its end on the way; what is typed would go into it for ever."""
HOME = "\x1b[1;1H"
"""Where the cursor rests; it is hidden, but some readers of screens follow it."""
_ALT = re.compile(r"\x1b[^\x1b\x7f\t[Obf]")
"""Alt and a key, but for those that have a meaning of their own and those that begin a sequence."""


class Ground(Message):
    """The colour that the terminal writes on, said by itself: red, green and blue from 0 to 255."""

    def __init__(self, color: tuple[int, int, int]) -> None:
        super().__init__()
        self.color = color


class Parser(XTermParser):
    """Textual's, but with Alt a key is another one, and no character.

    Escape and a key look the same where a slow link brings them together; then both are lost.  As two keys, Alt+S
    in a text box would leave it and skip the item.
    """

    def _sequence_to_key_events(self, sequence: str, alt: bool = False) -> Iterable[Key]:
        if _ALT.fullmatch(sequence):
            sequence, alt = sequence[1], True
        for event in super()._sequence_to_key_events(sequence, alt):
            yield Key(f"alt+{event.key.removeprefix('alt+')}", None) if alt else event


class Screen(FileIO):
    """The terminal to write to; there is a wait for room, also where O_NONBLOCK says not to."""

    def write(self, data: Any, /) -> int:
        # Another program that has the terminal open with us may set that at any time
        while (written := cast("int | None", super().write(data))) is None:
            select.select([], [self], [])
        return written


class Terminal(LinuxDriver):
    """Textual's driver for Linux and macOS, hardened."""

    _gone = False

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._screen = os.dup(2)
        screen = BufferedWriter(Screen(self._screen, "w", closefd=False))
        self._file = TextIOWrapper(screen, encoding="utf-8", errors="replace")

    def close(self) -> None:
        super().close()
        os.dup2(self._screen, 2)

    def start_application_mode(self) -> None:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, 2)
        os.close(nowhere)
        # Keys struck before the screen is there belong to no item
        with contextlib.suppress(termios.error):
            termios.tcflush(self.fileno, termios.TCIFLUSH)
        super().start_application_mode()  # type: ignore[no-untyped-call]
        asyncio.get_running_loop().add_signal_handler(signal.SIGWINCH, self._resized)
        if self._writer_thread is not None:
            self._writer_thread.write(ASK_GROUND)

    def _get_terminal_size(self) -> tuple[int, int]:
        """The terminal's own word: COLUMNS and LINES, where somebody exported them, stay when the window changes."""
        with contextlib.suppress(OSError):
            columns, rows = os.get_terminal_size(self.fileno)
            if columns and rows:
                return columns, rows
        return super()._get_terminal_size()

    def _resized(self) -> None:
        if not self._in_band_window_resize:
            size = Size(*self._get_terminal_size())
            self.send_message(Resize(size, size))

    def write(self, data: str) -> None:
        writer = self._writer_thread
        # Nobody empties the queue of a writer that is gone: the 31st write would block the loop
        if writer is not None and writer.is_alive() and not self._gone:
            writer.write(clean_output(data))

    def send_message(self, message: Message) -> None:
        # Textual makes a task for each key, and something to wait for it, which nobody does
        self._loop.call_soon_threadsafe(self._app.post_message, message)

    def _sigcont_application(self, *_: object) -> None:
        if self._gone:
            return
        if not self._must_signal_resume and self._is_the_shells():
            self.suspend_application_mode()
            self._must_signal_resume = True
        # Only what was taken down is put up again
        if self._must_signal_resume:
            super()._sigcont_application()

    def _is_the_shells(self) -> bool:
        """Whether a shell has set the terminal for itself while SIGSTOP held the app, and gave it back so."""
        if self._key_thread is None or self.exit_event.is_set():
            return False
        try:
            edits_lines = bool(termios.tcgetattr(self.fileno)[3] & termios.ICANON)
            return edits_lines and os.tcgetpgrp(self.fileno) == os.getpgrp()
        except (OSError, termios.error):
            return False

    def _is_in_background(self) -> bool:
        try:
            return os.tcgetpgrp(self.fileno) != os.getpgrp()
        except OSError:
            return False

    def run_input_thread(self) -> None:
        self._parser = Parser(self._debug)
        decode = getincrementaldecoder("utf-8")("replace").decode
        held, resting, heard_at = "", False, 0.0
        while not self.exit_event.is_set():
            # Not poll, which on macOS knows no terminals
            if select.select([self.fileno], [], [], self._patience(held, resting))[0]:
                resting = False
                data = self._read()
                if data is None:
                    continue
                if not data:
                    self._hang_up()
                    return
                held = self._hear(held + decode(data))
                heard_at = time.monotonic()
            elif held.startswith(PASTE_BEGINS):
                if time.monotonic() - heard_at > PASTE_S:
                    held = self._hear(held + PASTE_ENDS)
            elif held:
                self._give_up(held)
                held = ""
            else:
                resting = True
                if self._is_the_shells():
                    # Bash sends none to a job that went on in the background
                    os.kill(os.getpid(), signal.SIGCONT)
            self._feed(lambda _: self._parser.tick(), "")

    def _read(self) -> bytes | None:
        """What was typed; None where it is for somebody else, nothing once the terminal is gone."""
        if self._is_in_background():
            # A read there stops the app in its midst, and after `fg` that waits for a key
            self.exit_event.wait(REST_S)
            return None
        try:
            return os.read(self.fileno, 4096)
        except BlockingIOError:
            return None  # somebody else was faster
        except OSError:
            return b""

    def _hear(self, text: str) -> str:
        """Keys go through the parser, a paste goes past it, as one; what may still go on comes back."""
        while PASTE_BEGINS in text:
            typed, _, text = text.partition(PASTE_BEGINS)
            if held := self._hear_keys(typed):
                self._give_up(held)
            pasted, ends, after = text.partition(PASTE_ENDS)
            if not ends:
                return PASTE_BEGINS + text
            self.process_message(Paste(clean_paste(pasted)))
            text = after
        return self._hear_keys(text)

    def _hear_keys(self, text: str) -> str:
        for color in grounds(text):
            self.process_message(Ground(color))
        text, held = split_unfinished(clean_input(text))
        if text:
            self._feed(self._parser.feed, text)
        return held

    @staticmethod
    def _patience(held: str, resting: bool) -> float:
        if resting or held.startswith(PASTE_BEGINS):
            return REST_S
        if not held:
            return 0.1
        return min(constants.ESCAPE_DELAY, HOLD_S) if held.endswith("\x1b") and not held.strip("\x1b") else HOLD_S

    def _give_up(self, held: str) -> None:
        """The rest did not come: Escapes, then Alt with a bracket, or a reply that got lost."""
        begun = held.lstrip("\x1b")
        for _ in range(len(held) - len(begun) - bool(begun)):
            self.process_message(Key("escape", "\x1b"))
        if begun == "[":
            # The parser would wait for more, and take the next key for the rest
            self.process_message(Key("alt+left_square_bracket", None))
        elif len(begun) == 1:
            self._feed(self._parser.feed, f"\x1b{begun}")

    def _feed(self, feed: Callable[[str], Iterable[Message]], text: str) -> None:
        try:
            for event in feed(text):
                self.process_message(event)
        except (ValueError, ArithmeticError, KeyError) as error:
            self._parser = Parser(self._debug)  # its generator is dead
            self._app.log.error(f"ignored unreadable input {text!r}: {error}")

    def _hang_up(self) -> None:
        self._gone = True
        self._auto_restart = False
        leave(cast("App[int]", self._app), HUNG_UP)
        if self._writer_thread is not None:
            # A loop that waits for room in the queue would never hear of it
            with contextlib.suppress(queue.Empty):
                while True:
                    self._writer_thread._queue.get_nowait()


def leave(app: App[int], status: int) -> None:
    """End the app from any thread; the process is gone after BAIL_AFTER_S whatever happens."""
    bail = threading.Timer(BAIL_AFTER_S, os._exit, (status,))
    bail.daemon = True
    bail.start()
    app.call_later(app.exit, status, status)


def paint(app: App[int], runs: str) -> None:
    """Put on the terminal what was drawn beside Textual's compositor."""
    driver = app._driver
    if isinstance(driver, Terminal):
        driver.write(f"{SYNC_START}{runs}{HOME}{SYNC_END}" if app._sync_available else runs + HOME)


def leave_on_signals(app: App[int]) -> None:
    """SIGHUP and SIGTERM end the app through its own way out, drafts kept; ignored ones too, as under nohup."""
    loop = asyncio.get_running_loop()
    for number in (signal.SIGHUP, signal.SIGTERM):
        loop.add_signal_handler(number, leave, app, 128 + number)
