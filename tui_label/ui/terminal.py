"""A terminal driver that survives bad input and leaves when the terminal does.

All tricks that depend on the version of Textual (8.2.8) live here:

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
from textual._ansi_sequences import ANSI_SEQUENCES_KEYS, SYNC_END, SYNC_START
from textual._keyboard_protocol import FUNCTIONAL_KEYS
from textual._xterm_parser import FOCUSIN, FOCUSOUT, XTermParser
from textual.drivers.linux_driver import LinuxDriver
from textual.events import Key, Paste, Resize
from textual.geometry import Size
from textual.message import Message

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
HOLD_MOST = 8192
"""Characters that are held at most: a reply that never ends is none."""

# what comes in

_EIGHT_BIT = re.compile("[\x80-\x9f]")
"""Controls of one character, which no key sends; Textual takes them for keys."""
_STRING = re.compile(r"\x1b[\]P_^X][^\x07\x1b]*(?:\x07|\x1b\\)")
"""OSC, DCS, APC, PM and SOS: a terminal answers with them, no key sends them."""
_GROUND = re.compile(
    r"\x1b\]11;rgba?:([0-9a-f]{1,4})/([0-9a-f]{1,4})/([0-9a-f]{1,4})(?:/[0-9a-f]{1,4})?(?:\x07|\x1b\\)", re.I
)
"""The answer to `ASK_GROUND`."""
_CSI = re.compile(r"\x1b\[([0-?]*)(\$y|[@-Z\\-~])")
"""One whole sequence; `[[A` of the Linux console and `[3$` of rxvt are left to Textual."""
_CUT_OFF = re.compile(r"\x1b\[[0-?]*(?=\x1b)")
"""The parser would take the next key for the rest of it."""
_UNFINISHED = re.compile(
    r"\x1b+$"
    r"|\x1b+\[(?:\?[0-9;]*\$?|[0-?]*)$"
    r"|\x1b+[\]P_^X](?:[0-9lLIG>!|=$+][^\x07\x1b]*\x1b?)?$"  # so Alt+P and a letter stay two keys
)
_ALT = re.compile(r"\x1b[^\x1b\x7f\t[Obf]")
"""Alt and a key, but for those that have a meaning of their own and those that begin a sequence."""
_MOUSE = re.compile(r"<[0-9]+;[0-9]+;[0-9]+[mM]|M")
"""Never a bare `m`, which ends a colour in what somebody pastes."""
_MODE_REPORT = re.compile(r"\?[0-9]{1,5};[0-9]\$y")
_CURSOR = re.compile(r"[0-9]{1,5};[0-9]{1,5}R")
_RESIZE = re.compile(r"48(?:;[0-9]{1,5}(?::[0-9]*)?){4}t")
_NO_PIXELS = re.compile(r"48;([^;t]*;[^;t]*);(?:0+;[^;t]*|[^;t]*;0+)t")
"""A terminal that knows its cells only; Textual would divide by them."""
_OLD_MODIFIED = re.compile("[2-8][A-D]")
"""Arrows with Shift, Ctrl … as some terminals send them: `CSI 5 A` for `CSI 1;5 A`."""
_F13_TO_F20 = dict(zip(("25~", "26~", "28~", "29~", "31~", "32~", "33~", "34~"), range(57376, 57384), strict=True))
"""Textual takes the numbers of these for characters."""
_KITTY = re.compile(
    r"(?P<code>[0-9]{0,7}(?::[0-9]{0,7}){0,2})"
    r"(?:;(?P<modifiers>[0-9]{0,3})(?::(?P<event>[123]))?(?P<text>;[0-9]{0,7}(?::[0-9]{1,7})*)?)?[u~ABCDEFHPQRS]"
)
_NUMBER = re.compile("[0-9]+")
_RELEASED = "3"
_PASTED_CONTROL = re.compile(r"\x1b(?:[\]P_^X][^\x07\x1b]*(?:\x07|\x1b\\)|\[[0-?]*[ -/]*[@-~]|[(-/][0-~])")
"""Colours, titles, character sets: what a program had printed beside its words."""

# what goes out

ASK_GROUND = "\x1b]11;?\x1b\\"
"""Many terminals answer with the colour they write on; the others say nothing."""
HOME = "\x1b[1;1H"
"""Where the cursor rests; it is hidden, but some readers of screens follow it."""
_DIRECTIONS = "\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069"
_SURROGATES = "\ud800-\udfff"
_UNSAFE = re.compile(f"[\x00-\x1f\x7f-\x9f{_DIRECTIONS}{_SURROGATES}]")
_TEXTUAL = (
    r"\[[0-9;:]*[mH]"  # colours, places
    r"|\[\?(?:7|25|1000|1003|1004|1006|1015|1016|1049|2004|2026|2048)[hl]"
    r"|\[\?(?:2026|2048)\$p"  # asks for synchronised output, in-band resize
    r"|\[[<>][0-9]*u"  # kitty keys on and off
)
_FOREIGN = re.compile(
    rf"\x1b(?!{_TEXTUAL})"
    r"(?:[\]PX^_][^\x07\x1b]*(?:\x07|\x1b\\)?"  # strings: clipboard, titles, links
    r"|\[[0-?]*[ -/]*[@-~]?"
    r"|[ -/]+[0-~]?|[0-~])?"
    f"|[\x00-\x09\x0b\x0c\x0e-\x1a\x1c-\x1f\x7f-\x9f{_DIRECTIONS}{_SURROGATES}]"
)


def clean_text(text: str) -> str:
    """The last belt before the terminal: no character of a row is obeyed."""
    return _UNSAFE.sub("�", text) if _UNSAFE.search(text) else text


def clean_output(data: str) -> str:
    """`data` without what Textual never sends: it came out of somebody's text."""
    return _FOREIGN.sub("", data) if _FOREIGN.search(data) else data


def clean_input(text: str) -> str:
    """`text` without replies of the terminal and keys that Textual's parser chokes on."""
    before, text = "", _EIGHT_BIT.sub("", text)
    while before != text and "\x1b" in text:
        # Again, for what stands on both sides of something left out may make a sequence
        before, text = text, _CSI.sub(_key_or_nothing, _CUT_OFF.sub("", _STRING.sub("", text)))
    return text


def split_unfinished(text: str) -> tuple[str, str]:
    """What can be read now, and the start of a sequence whose rest may still come."""
    found = _UNFINISHED.search(text)
    if found is None or len(text) - found.start() > HOLD_MOST:
        return text, ""
    return text[: found.start()], text[found.start() :]


def _key_or_nothing(found: re.Match[str]) -> str:
    sequence, body = found[0], found[1] + found[2]
    if body in _F13_TO_F20:
        return f"\x1b[{_F13_TO_F20[body]}u"
    if _OLD_MODIFIED.fullmatch(body):
        return f"\x1b[1;{body}"
    kitty = _KITTY.fullmatch(body)
    if sequence in (FOCUSIN, FOCUSOUT) or (sequence in ANSI_SEQUENCES_KEYS and kitty is None):
        return sequence
    if no_pixels := _NO_PIXELS.fullmatch(body):
        return f"\x1b[48;{no_pixels[1]};{no_pixels[1]}t"
    if any(wanted.fullmatch(body) for wanted in (_MOUSE, _MODE_REPORT, _CURSOR, _RESIZE)):
        return sequence
    if kitty is None or kitty["event"] == _RELEASED or any(map(_no_character, _NUMBER.findall(found[1]))):
        return ""
    if not _says_something(kitty["code"].partition(":")[0] or "1", found[2], _NUMBER.findall(kitty["text"] or "")):
        return ""
    if kitty["event"] is None:
        return sequence
    return f"\x1b[{kitty['code']};{kitty['modifiers']}{kitty['text'] or ''}{found[2]}"


def _says_something(code: str, end: str, text: list[str]) -> bool:
    """Whether it is a key by its name or its text; Textual takes any number for a character, also one that controls."""
    if text or f"{code}{end}" not in FUNCTIONAL_KEYS:
        return (bool(text) or end == "u") and not any(map(_controls, text or [code]))
    return True


def _no_character(number: str) -> bool:
    return int(number) > 0x10FFFF or 0xD800 <= int(number) < 0xE000


def _controls(number: str) -> bool:
    return int(number) < 0x20 or 0x7F <= int(number) < 0xA0


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
                if self._is_in_background():
                    # A read there stops the app in its midst, and after `fg` that waits for a key
                    self.exit_event.wait(REST_S)
                    continue
                try:
                    data = os.read(self.fileno, 4096)
                except BlockingIOError:
                    continue  # somebody else was faster
                except OSError:
                    data = b""
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

    def _hear(self, text: str) -> str:
        """Keys go through the parser, a paste goes past it, as one; what may still go on comes back."""
        while PASTE_BEGINS in text:
            typed, _, text = text.partition(PASTE_BEGINS)
            if held := self._hear_keys(typed):
                self._give_up(held)
            pasted, ends, after = text.partition(PASTE_ENDS)
            if not ends:
                return PASTE_BEGINS + text
            self.process_message(Paste(_PASTED_CONTROL.sub("", pasted)))
            text = after
        return self._hear_keys(text)

    def _hear_keys(self, text: str) -> str:
        for ground in _GROUND.finditer(text):
            red, green, blue = (round(255 * int(part, 16) / (16 ** len(part) - 1)) for part in ground.groups())
            self.process_message(Ground((red, green, blue)))
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
