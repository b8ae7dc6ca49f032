"""The installed command in a real pseudo-terminal, with a screen that can be read.

The screen is pyte's; what pyte does not know (kitty keys, mode queries) is taken out first.
"""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import signal
import struct
import sys
import termios
import time
from pathlib import Path

import psutil
import pyte

KEYS = {
    "enter": b"\r", "escape": b"\x1b", "tab": b"\t", "shift+tab": b"\x1b[Z", "backspace": b"\x7f", "space": b" ",
    "up": b"\x1b[A", "down": b"\x1b[B", "right": b"\x1b[C", "left": b"\x1b[D", "end": b"\x1b[F", "home": b"\x1b[H",
    "shift+right": b"\x1b[1;2C", "shift+left": b"\x1b[1;2D", "ctrl+q": b"\x11", "ctrl+z": b"\x1a", "ctrl+r": b"\x12",
    "ctrl+g": b"\x07", "ctrl+j": b"\n", "f1": b"\x1bOP", "pagedown": b"\x1b[6~", "pageup": b"\x1b[5~",
    "delete": b"\x1b[3~", "shift+up": b"\x1b[1;2A", "shift+down": b"\x1b[1;2B", "shift+home": b"\x1b[1;2H",
    "shift+end": b"\x1b[1;2F", "ctrl+right": b"\x1b[1;5C", "ctrl+left": b"\x1b[1;5D", "f2": b"\x1bOQ",
    "f3": b"\x1bOR", "f4": b"\x1bOS", **{f"f{n}": b"\x1b[%d~" % code for n, code in ((5, 15), (6, 17), (7, 18), (8, 19), (9, 20))},
    **{f"ctrl+{letter}": bytes([ord(letter) - 96]) for letter in "abcdefklnoprstuvwxy"},
}  # fmt: skip
"""What a legacy terminal sends; a name that is not here is sent as its own characters."""
_UNKNOWN = re.compile(rb"\x1b\[[<>=?][0-9;]*[a-zA-Z]|\x1b\[[0-9;]*\$[a-z]|\x1b\[\?[0-9]+\$p")
_UNFINISHED = re.compile(rb"\x1b(?:\[[0-9;<=>?$]*)?\Z")
_ANSWERS = {b"\x1b[?2026$p": b"\x1b[?2026;2$y", b"\x1b[?2048$p": b"\x1b[?2048;0$y"}


class Terminal:
    """A terminal of some size that runs a command until it is closed.

    `tui-label ARGUMENTS` unless `command` says what else; a value of None in `env` takes the name away.
    """

    def __init__(
        self,
        *arguments: str,
        columns: int = 80,
        rows: int = 24,
        env: dict[str, str | None] | None = None,
        command: list[str] | None = None,
        controlling: bool = True,
        ignore_hangup: bool = False,
    ) -> None:
        self.screen = pyte.Screen(columns, rows)
        self._stream = pyte.ByteStream(self.screen)
        self.raw = bytearray()
        self._unshown = b""
        self._asked = 0
        self._used = 0.0
        self.ended = False
        wanted = {"TERM": "xterm-256color", "COLORTERM": "truecolor", "LANG": "C.UTF-8", **(env or {})}
        environment = {name: value for name, value in {**os.environ, **wanted}.items() if value is not None}
        command = command or [sys.executable, "-m", "tui_label", *arguments]
        if controlling:
            self.pid, self._fd = pty.fork()
            if self.pid == 0:
                if ignore_hangup:
                    signal.signal(signal.SIGHUP, signal.SIG_IGN)
                os.execvpe(command[0], command, environment)
        else:
            self._fd, slave = pty.openpty()
            self.pid = os.fork()
            if self.pid == 0:
                os.setsid()
                if ignore_hangup:
                    signal.signal(signal.SIGHUP, signal.SIG_IGN)
                for number in (0, 1, 2):
                    os.dup2(slave, number)
                os.close(self._fd)
                os.execvpe(command[0], command, environment)
            os.close(slave)
        self.resize(columns, rows)
        self.process = psutil.Process(self.pid)

    def resize(self, columns: int, rows: int) -> None:
        self.screen.resize(rows, columns)
        fcntl.ioctl(self._fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def read(self, timeout: float) -> bytes:
        """What comes within `timeout` seconds, shown on the screen and answered like a terminal does."""
        if not select.select([self._fd], [], [], timeout)[0]:
            return b""
        try:
            data = os.read(self._fd, 65536)
        except OSError:
            self.ended = True
            time.sleep(min(timeout, 0.02))  # the other end is gone: select says "ready" for ever
            return b""
        self.raw += data
        self._answer()
        text = _UNKNOWN.sub(b"", self._unshown + data)
        end = found.start() if (found := _UNFINISHED.search(text)) else len(text)
        self._unshown = text[end:]
        self._stream.feed(text[:end])
        return data

    def _answer(self) -> None:
        """Each question once, also one that came in two reads."""
        for question, answer in _ANSWERS.items():
            if self.raw.find(question, max(0, self._asked - len(question) + 1)) >= 0:
                os.write(self._fd, answer)
        self._asked = len(self.raw)

    def mark(self) -> int:
        """A place in what was received, for `bytes_since`."""
        return len(self.raw)

    def bytes_since(self, mark: int) -> bytes:
        return bytes(self.raw[mark:])

    def cpu_seconds(self) -> float:
        """What the process has used so far, or used in all if `wait` saw it end."""
        if not self.pid:
            return self._used
        used = self.process.cpu_times()
        return float(used.user + used.system)

    def settle(self, quiet: float = 0.05, most: float = 5.0) -> tuple[int, float]:
        """Read until nothing comes for `quiet` seconds: bytes, and when the last came."""
        end = time.perf_counter() + most
        count, last = 0, 0.0
        while time.perf_counter() < end:
            data = self.read(quiet if count else most)
            if not data:
                break
            count += len(data)
            last = time.perf_counter()
        return count, last

    @property
    def takes_keys(self) -> bool:
        """Whether what is typed goes to the app as it is, not into a line that the system edits."""
        return not termios.tcgetattr(self._fd)[3] & termios.ICANON

    def edit_lines(self) -> None:
        """Have the system edit lines, as a shell has it before it gives the terminal to somebody."""
        modes = termios.tcgetattr(self._fd)
        modes[3] |= termios.ICANON | termios.ECHO | termios.ISIG
        termios.tcsetattr(self._fd, termios.TCSANOW, modes)

    @property
    def text(self) -> str:
        return "\n".join(self.screen.display)

    def wait_for(self, words: str, timeout: float = 15.0) -> Terminal:
        end = time.perf_counter() + timeout
        while words not in self.text:
            if self.ended or time.perf_counter() > end:
                raise AssertionError(f"never saw {words!r}:\n{self.text}")
            self.read(0.1)
        self.settle(0.03, 0.1)
        return self

    def press(self, *keys: str, settle: bool = True) -> Terminal:
        for key in keys:
            os.write(self._fd, KEYS.get(key) or key.encode())
            if settle:
                self.settle(0.05, 0.5)
                time.sleep(0.05)
        return self

    def send(self, data: bytes) -> None:
        os.write(self._fd, data)

    def hang_up(self) -> None:
        """The terminal is gone: a closed window, a dropped link."""
        os.close(self._fd)
        self._fd = -1

    def kill(self, number: int = signal.SIGKILL) -> None:
        os.kill(self.pid, number)

    def wait(self, timeout: float = 5.0) -> int | None:
        """The exit status, or None when it is still there after `timeout`."""
        end = time.monotonic() + timeout
        while time.monotonic() < end:
            if self._fd >= 0:
                self.read(0.02)
            else:
                time.sleep(0.02)
            pid, status, used = os.wait4(self.pid, os.WNOHANG)
            if pid:
                self.pid = 0
                self._used = used.ru_utime + used.ru_stime
                while self._fd >= 0 and self.read(0.05):
                    pass  # its last words
                return os.waitstatus_to_exitcode(status)
        return None

    def close(self) -> None:
        if self.pid:
            self.kill()
            os.waitpid(self.pid, 0)
            self.pid = 0
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1


def run(*arguments: str, folder: Path | None = None, timeout: float = 60) -> tuple[int, str, str]:
    """A command without a terminal: status, output, errors."""
    import subprocess

    done = subprocess.run(
        [sys.executable, "-m", "tui_label", *arguments], capture_output=True, text=True, cwd=folder, timeout=timeout
    )
    return done.returncode, done.stdout, done.stderr
