"""`tui-label ssh`: the person's own ssh, with their sound at this end of it.

ssh runs in a pseudo-terminal of ours, so that play keys can be caught on their way.  A
listener is forwarded to a socket on the far machine that only this user can open; where a
host allows no sockets, to a port there, with a token that is typed into the session and
stands in no list of processes; where it allows nothing, the work goes on in silence.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
import pty
import re
import secrets
import shlex
import shutil
import signal
import sys
import termios
import time
import tty
from collections.abc import Sequence
from dataclasses import dataclass, replace

from tui_label.core.sprint import taken_up
from tui_label.errors import LabelError
from tui_label.sound.listener import OWN_LINE, Listener

DROPPED = 255
NOT_FOUND = 127
BEGINS, ENDS = b"\x1etui-label\x1e", b"\x1eover\x1e"
"""What the far side prints when ssh has let us in, and a token may be typed; and when all is done there."""
LINGERS_S = 2.0
"""How long ssh may take to end after that."""
REFUSED = re.compile(rb"remote port forwarding failed|forwarding failed for listen|Forwarding not permitted", re.I)
RESET = b"\x1b[<u\x1b[?1000l\x1b[?1003l\x1b[?1006l\x1b[?1004l\x1b[?2004l\x1b[?7h\x1b[?1049l\x1b[?25h\x1b[0m"
"""What an app that lost its terminal had no time to take back."""
AWAY, BACK = b"\x1b[?1049h", b"\x1b[?1049l"
"""To the screen of an app, and back to the shell's: once more would put the cursor over its last words."""
STARTS = tuple(mark[:size] for mark in (BEGINS, ENDS, AWAY, BACK) for size in range(1, len(mark)))
ALIVE = ("-o", "ServerAliveInterval=5", "-o", "ServerAliveCountMax=3")
PORTS = (20_000, 60_000)
PORT_TRIES = 2


@dataclass(frozen=True, slots=True)
class Trip:
    """What is run, where, and with which options of ssh."""

    host: str
    command: Sequence[str]
    """Arguments of tui-label on the far machine; none: a login shell."""
    options: Sequence[str] = ()
    program: str = "tui-label"
    ssh: str = "ssh"


@dataclass(frozen=True, slots=True)
class Ended:
    status: int
    refused: bool
    """Whether it ended since the host forbids the forward."""
    dropped: bool
    """Whether it had begun and the link broke."""
    began: float
    """When ssh had let us in, by a clock that goes on while this machine sleeps."""


def travel(trip: Trip, *, local_keys: bool = True, sound: bool = True) -> int:
    """Run ssh until it ends; the exit status of the far command, or of ssh."""
    if not (sys.__stdin__ and sys.__stdin__.isatty()):
        raise LabelError("tui-label ssh needs a terminal on standard input; run it without < or |")
    if shutil.which(trip.ssh) is None:
        raise LabelError("no ssh on this machine: `apt install openssh-client`, or your system's own")
    return asyncio.run(_travel(trip, local_keys, sound))


async def _travel(trip: Trip, local_keys: bool, sound: bool) -> int:
    listener = Listener(catches_keys=local_keys)
    await listener.start()
    command, began = trip.command, 0.0
    try:
        while True:
            ended = await _once(trip, listener, sound)
            if ended.status == NOT_FOUND:
                _tell(
                    f"{trip.host} has no {trip.program} on its path: `pip install tui-label` there, or name it with --program"
                )
            if trip.command and (name := _killed_by(ended.status)):
                _tell(f"ended on {trip.host} by {name}; what was saved is there, the same command goes on")
            if not ended.dropped or not _again(trip.host):
                return ended.status
            began = began or ended.began
            trip = replace(trip, command=taken_up(command, (time.time() - began) * 1000))
    finally:
        await listener.close()


async def _once(trip: Trip, listener: Listener, sound: bool) -> Ended:
    """One session, with the best forward that the host allows."""
    if not sound:
        return await _session(trip, [], "none", "", listener)
    socket = f"/tmp/{listener.socket_name()}"
    ended = await _session(trip, ["-R", f"{socket}:{listener.address}"], socket, "", listener)
    for _ in range(PORT_TRIES):
        if not ended.refused:
            return ended
        port = PORTS[0] + secrets.randbelow(PORTS[1] - PORTS[0])
        forward = ["-R", f"127.0.0.1:{port}:{listener.address}"]
        ended = await _session(trip, forward, f"127.0.0.1:{port}", listener.token, listener)
    if ended.refused:
        _tell(
            f"{trip.host} forbids forwarding (sshd's AllowTcpForwarding, AllowStreamLocalForwarding): no sound comes from there"
        )
        ended = await _session(trip, [], "none", "", listener)
    return ended


def _again(host: str) -> bool:
    """Whether to connect again after the link dropped."""
    _tell(f"the link to {host} dropped; what was typed is kept there. Enter connects again, Ctrl+C leaves")
    try:
        return sys.stdin.readline() != ""
    except KeyboardInterrupt:
        return False


def _killed_by(status: int) -> str:
    """The signal that ended a far command, in a shell's words for it; empty where none did, or the person's own ^C."""
    with contextlib.suppress(ValueError):
        return "" if status - 128 == signal.SIGINT else signal.Signals(status - 128).name
    return ""


def _tell(words: str) -> None:
    print(f"tui-label: {words}", file=sys.stderr, flush=True)


# what is run over there


def far_command(trip: Trip, way: str, token: bool) -> str:
    """For the far user's login shell, whichever that is: all else is left to /bin/sh.

    tui-label is run by a login shell again: pipx and the like are on its path alone.
    """
    if trip.command:
        words = " ".join(_quoted(word) for word in (trip.program, *trip.command))
        inner = f'"${{SHELL:-/bin/sh}}" -lc {shlex.quote("exec " + words)}'
    else:
        inner = '"${SHELL:-/bin/sh}" -l'
    # sshd leaves the socket lying; a hang-up ends the app, and then the trap runs
    leave = f"{_printed(ENDS)}; rm -f {way}" if way.startswith("/") else _printed(ENDS)
    begins = f'trap "{leave}" EXIT; trap "exit 129" HUP TERM; {_printed(BEGINS)}'
    if token:
        begins, way = f"stty -echo; {begins}; IFS= read -r token; stty echo", f"{way}/$token"
    return f"exec /bin/sh -c {shlex.quote(f'{begins}; TUI_LABEL_SOUND={way}; export TUI_LABEL_SOUND; {inner}')}"


def _printed(mark: bytes) -> str:
    return f"printf '{''.join(f'{chr(92)}{byte:03o}' for byte in mark)}'"


def _quoted(word: str) -> str:
    """As it is, but for `~/`, which means the home over there."""
    if word.startswith("~/"):
        return "~/" + shlex.quote(word[2:]) if word != "~/" else word
    return shlex.quote(word)


# the session


async def _session(trip: Trip, forward: Sequence[str], way: str, token: str, listener: Listener) -> Ended:
    command = [trip.ssh, "-t", *ALIVE, *(OWN_LINE if forward else ()), *forward, *trip.options]
    command += [trip.host, far_command(trip, way, bool(token))]
    return await _Session(command, token, listener).run()


class _Session:
    """ssh in a pseudo-terminal, between the hands and the screen."""

    def __init__(self, command: Sequence[str], token: str, listener: Listener) -> None:
        self._command, self._token, self._listener = command, token, listener
        self._loop = asyncio.get_running_loop()
        self._said = bytearray()
        self._over = asyncio.Event()
        self._began = False
        self._began_at = 0.0
        self._held = b""
        """The last of what came, while it may be the start of what is looked for."""
        self._unwritten = bytearray()
        self._is_away = False
        """Whether an app has the screen."""
        self._lingering: asyncio.TimerHandle | None = None
        self._left = False
        """Whether it was ended from here."""

    async def run(self) -> Ended:
        errors, ours = os.pipe()
        pid, self._ssh = pty.fork()
        if pid == 0:
            os.dup2(ours, 2)
            os.close(errors)
            with contextlib.suppress(OSError):
                os.execvp(self._command[0], list(self._command))
            os._exit(NOT_FOUND)
        os.close(ours)
        before = termios.tcgetattr(0)
        tty.setraw(0)
        self._resize()
        readers = {0: self._typed, self._ssh: self._shown, errors: lambda: self._complained(errors)}
        os.set_blocking(self._ssh, False)
        for file, reader in readers.items():
            self._loop.add_reader(file, reader)
        signals = {signal.SIGWINCH: self._resize, signal.SIGTERM: self._leave, signal.SIGHUP: self._leave}
        for number, act in signals.items():
            self._loop.add_signal_handler(number, act)
        self._pid = pid
        try:
            await self._over.wait()
            status = await asyncio.to_thread(self._reap)
        finally:
            if self._lingering is not None:
                self._lingering.cancel()
            for file in readers:
                self._loop.remove_reader(file)
            self._loop.remove_writer(self._ssh)
            for number in signals:
                self._loop.remove_signal_handler(number)
            os.close(self._ssh)
            os.close(errors)
            # A terminal that is closed takes nothing back
            with contextlib.suppress(OSError, termios.error):
                if self._is_away:
                    os.write(1, RESET)
                termios.tcsetattr(0, termios.TCSAFLUSH, before)
        refused = not self._began and bool(REFUSED.search(self._said))
        if self._said and not refused:
            os.write(2, bytes(self._said))
        dropped = self._began and not self._left and (status == DROPPED or status < 0)
        return Ended(status if status >= 0 else DROPPED, refused, dropped, self._began_at)

    def _reap(self) -> int:
        return os.waitstatus_to_exitcode(os.waitpid(self._pid, 0)[1])

    def _leave(self) -> None:
        self._left = True
        with contextlib.suppress(ProcessLookupError):
            os.kill(self._pid, signal.SIGHUP)

    def _resize(self) -> None:
        with contextlib.suppress(OSError):
            fcntl.ioctl(self._ssh, termios.TIOCSWINSZ, fcntl.ioctl(0, termios.TIOCGWINSZ, b"\0" * 8))

    def _typed(self) -> None:
        try:
            data = os.read(0, 65_536)
        except OSError:
            data = b""
        if not data:
            self._loop.remove_reader(0)
            self._leave()
            return
        keys = self._listener.keys
        # Written first: ssh must send what was typed before what the listener says of it
        if keys is None:
            self._write(data)
        elif not keys.acts(data):
            self._write(data)
            keys.passed(data)

    def _write(self, data: bytes) -> None:
        self._unwritten += data
        self._flush()

    def _flush(self) -> None:
        try:
            while self._unwritten:
                del self._unwritten[: os.write(self._ssh, self._unwritten)]
        except BlockingIOError:
            self._loop.add_writer(self._ssh, self._flush)
            return
        except OSError:
            self._unwritten.clear()
        self._loop.remove_writer(self._ssh)

    def _shown(self) -> None:
        try:
            data = os.read(self._ssh, 65_536)
        except OSError:
            data = b""
        if not data:
            self._loop.remove_reader(self._ssh)
            self._over.set()
            return
        data = self._held + data
        for mark, act in ((BEGINS, self._begin), (ENDS, self._end)):
            if mark in data:
                act()
                data = data.replace(mark, b"")
        last = max(AWAY, BACK, key=data.rfind)
        if last in data:
            self._is_away = last == AWAY
        kept = max((len(start) for start in STARTS if data.endswith(start)), default=0)
        self._held = data[len(data) - kept :]
        _write_all(1, data[: len(data) - kept])

    def _begin(self) -> None:
        self._began = True
        self._began_at = time.time()
        if self._token:
            self._write(self._token.encode() + b"\n")

    def _end(self) -> None:
        # ssh waits for whoever still uses the forward: an app in another terminal may have found it
        self._listener.hang_up()
        self._lingering = self._loop.call_later(LINGERS_S, self._leave)

    def _complained(self, errors: int) -> None:
        """What ssh itself says; kept where it may be about a forward that is tried in another way."""
        data = os.read(errors, 65_536)
        if not data:
            self._loop.remove_reader(errors)
        elif self._began or self._said or REFUSED.search(data):
            self._said += data.replace(b"\n", b"\r\n") if not self._over.is_set() else data
        else:
            _write_all(2, data.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n"))


def _write_all(file: int, data: bytes) -> None:
    while data:
        try:
            data = data[os.write(file, data) :]
        except BlockingIOError:
            continue
