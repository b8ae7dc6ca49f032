"""Where sound goes: a speaker of this machine's own, or a listener at the other end of ssh.

A listener's end of ssh is a socket `tui-label-….sock` in the temporary folder of this machine, made by
`ssh -R` for this user alone, or a TCP port with a token where a host allows no more.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from tui_label.home import own_folder
from tui_label.sound import wire
from tui_label.sound.wire import words

NOBODY_THERE = "nobody listens at the other end of ssh any more: `tui-label listen` there, and connect by its new line"
NO_WAY = "nobody listens: on your own machine start `tui-label ssh HOST DIR`, or `tui-label listen`"
REST_S, REST_MOST_S = 1.0, 30.0
"""How long a far end where nobody listens is left in peace, and then twice as long each time."""
HELLO_S = 2.0
CARD_HELLO_S = 15.0
"""A first start of PortAudio may take that long."""
CARD_AGAIN_S = 30.0
"""A machine without a card is asked again this much later."""
END_S = 1.0
"""For a speaker to end by itself."""
SOCKET = re.compile(r"tui-label-([0-9a-f]{24})\.sock")
PORT_MOST = 65_535
_PORT = re.compile(r"(?P<host>[\w.:-]+):(?P<port>[0-9]{1,5})/(?P<token>[0-9a-f]{24})")


class NobodyThere(ConnectionError):
    """ssh took the call, and found no listener to give it to."""


@dataclass(frozen=True, slots=True)
class Line:
    """A greeted connection to a speaker, and how to end it also when the other side hangs."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    end: Callable[[], Awaitable[None]]
    far: bool = False
    """Whether it crosses a network: sound is packed, and silence on the line means that it broke."""
    hello: dict[str, Any] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """What it plays on, for the screen."""
        return " · ".join(words(self.hello[part], 60) for part in ("name", "device") if self.hello.get(part))


async def greeted(line: Line, timeout: float, token: str = "", *, own: bool = False) -> Line:
    """The line after hello; raises ConnectionError that says why it can't be used, and ends it.

    `own`: the listener belongs to this very terminal, and may catch play keys on their way.
    """
    try:
        hello = await _hello(line, timeout, token, own)
    except BaseException:
        # Also where nobody waits for it any more: its process would stay
        await _ended(line)
        raise
    return Line(line.reader, line.writer, line.end, line.far, hello)


async def _hello(line: Line, timeout: float, token: str, own: bool) -> dict[str, Any]:
    try:
        line.writer.write(wire.pack({"op": "hello", "v": wire.VERSION, "token": token, "own": own}))
        async with asyncio.timeout(timeout) as limit:
            hello, _ = await wire.read(line.reader)
            if hello.get("ev") == "starting":
                # Somebody is there; their sound may take as long to start as this machine's own
                limit.reschedule(asyncio.get_running_loop().time() + CARD_HELLO_S + timeout)
                hello, _ = await wire.read(line.reader)
    except TimeoutError:
        raise ConnectionError(
            "the listener does not answer" if line.far else "the sound server does not answer"
        ) from None
    except (EOFError, ConnectionResetError, BrokenPipeError):
        # Whom a listener turns away, it tells why: here ssh found none
        raise (NobodyThere(NOBODY_THERE) if line.far else ConnectionError("the speaker went away")) from None
    if hello.get("ev") != "hello" or not hello.get("ok"):
        raise ConnectionError(words(hello.get("why", "")) or "what answered is no speaker")
    return hello


async def _ended(line: Line) -> None:
    line.writer.close()
    await line.end()


# this machine's own


async def speaker_process() -> asyncio.subprocess.Process:
    """A speaker of this machine's, to be talked to on its standard input and output."""
    log = speaker_log()
    log.parent.mkdir(parents=True, exist_ok=True)
    detached: dict[str, Any] = (
        {"creationflags": getattr(subprocess, "CREATE_NO_WINDOW", 0)}
        if sys.platform == "win32"
        else {"start_new_session": True}
    )
    with log.open("wb") as errors:
        return await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tui_label.sound.speaker",
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=errors,
            limit=2 * wire.LARGEST, **detached,
        )  # fmt: skip


async def local_speaker() -> Line:
    """A speaker process of our own, with this machine's sound card; raises ConnectionError."""
    process = await speaker_process()
    assert process.stdin is not None and process.stdout is not None
    return await greeted(Line(process.stdout, process.stdin, partial(speaker_ended, process)), CARD_HELLO_S)


async def speaker_ended(process: asyncio.subprocess.Process) -> None:
    """A speaker that nobody talks to any more ends by itself; one whose sound server hangs does not, and is killed.

    Not at once: killed while PortAudio starts, JACK's library may leave a lock behind in /dev/shm, for which every
    later program that wants sound would wait for ever.
    """
    assert process.stdin is not None and process.stdout is not None
    process.stdin.close()
    try:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(END_S):
                await process.wait()
    finally:
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
        # Nothing of it outlives the loop, also where who waits is called off; what was not read keeps the pipe open
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(END_S):
                await process.stdout.read()
        await process.wait()


def speaker_log() -> Path:
    """Where what PortAudio and the sound server print goes."""
    return own_folder("STATE") / "speaker.log"


# a listener's


async def _ends_by_closing() -> None:
    return


async def unix_listener(path: Path, *, own: bool = False) -> Line:
    """What `ssh -R PATH:…` leads to."""
    reader, writer = await asyncio.open_unix_connection(str(path), limit=2 * wire.LARGEST)
    found = SOCKET.fullmatch(path.name)
    line = Line(reader, writer, _ends_by_closing, far=True)
    return await greeted(line, HELLO_S, found[1] if found else "", own=own)


async def tcp_listener(host: str, port: int, token: str) -> Line:
    try:
        async with asyncio.timeout(HELLO_S):
            reader, writer = await asyncio.open_connection(host, port, limit=2 * wire.LARGEST)
    except TimeoutError:
        raise ConnectionError("the listener does not answer") from None
    except ConnectionRefusedError:
        raise ConnectionError(NOBODY_THERE) from None
    except OSError as error:
        raise ConnectionError(f"{host}: {error.strerror or 'nobody listens there'}") from error
    return await greeted(Line(reader, writer, _ends_by_closing, far=True), HELLO_S, token, own=True)


def listeners(folder: Path | None = None) -> list[Path]:
    """Sockets of this user's listeners, the newest first; nobody else's is trusted."""
    found: list[tuple[float, Path]] = []
    if not hasattr(os, "getuid"):
        return []
    # ssh's are in /tmp whatever TMPDIR says
    folders = [folder] if folder else dict.fromkeys([Path("/tmp"), Path(tempfile.gettempdir())])
    for path in (path for one in folders for path in one.glob("tui-label-*.sock")):
        with contextlib.suppress(OSError):
            facts = path.lstat()
            if SOCKET.fullmatch(path.name) and stat.S_ISSOCK(facts.st_mode) and facts.st_uid == os.getuid():
                found.append((facts.st_mtime, path))
    return [path for _, path in sorted(found, reverse=True)]


class Ways:
    """Finds a speaker, each time it is asked: `auto`, `card`, `listener`, `none`, a socket's path or HOST:PORT/TOKEN.

    `auto` takes a listener first within ssh, where whoever made one sits at its other end, and
    the card first at the machine itself.  A PULSE_SERVER of the person's own is what the card's
    way plays on.
    """

    def __init__(self, wanted: str = "auto") -> None:
        self._wanted = wanted
        self._resting: dict[str, tuple[float, float]] = {}
        """Of far ends where nobody listened: until when they are left in peace, and for how long that was."""
        self._no_card = ""
        self._asked_card_at = -CARD_AGAIN_S

    async def __call__(self, urgent: bool = False) -> Line:
        """Raises ConnectionError with the reason that is of most use; `urgent` asks also what had no sound just now."""
        if urgent:
            self._no_card = ""
            self._resting.clear()
        if self._wanted == "none":
            raise ConnectionError("switched off: --sound or TUI_LABEL_SOUND is none")
        ways = [self._listener, self._card] if "SSH_CONNECTION" in os.environ else [self._card, self._listener]
        if self._wanted != "auto":
            ways = [self._card] if self._wanted == "card" else [self._listener]
        why = ""
        for way in ways:
            try:
                return await way()
            except (OSError, EOFError) as error:
                why = why or str(error)
        raise ConnectionError(why or NO_WAY)

    async def _card(self) -> Line:
        now = time.monotonic()
        if self._no_card and now - self._asked_card_at < CARD_AGAIN_S:
            raise ConnectionError(self._no_card)
        self._asked_card_at = now
        try:
            line = await local_speaker()
        except (OSError, EOFError) as error:
            self._no_card = str(error) or "the speaker went away"
            raise
        self._no_card = ""
        return line

    async def _listener(self) -> Line:
        port = _PORT.fullmatch(self._wanted)
        if port is not None and int(port["port"]) <= PORT_MOST:
            return await self._dialed(self._wanted, tcp_listener(port["host"], int(port["port"]), port["token"]))
        given = [Path(self._wanted)] if "/" in self._wanted else []
        why = ""
        for path in [*given, *(one for one in listeners() if one not in given)]:
            try:
                return await self._dialed(str(path), unix_listener(path, own=path in given))
            except ConnectionRefusedError:
                # The ssh that made it is gone; another one cannot take its name
                if path not in given:
                    with contextlib.suppress(OSError):
                        path.unlink()
            except (OSError, EOFError) as error:
                why = why or (str(error) if not isinstance(error, FileNotFoundError) else "")
        raise ConnectionError(why or NO_WAY)

    async def _dialed(self, way: str, call: Coroutine[Any, Any, Line]) -> Line:
        """The line, if somebody is there; of a call that leads to nobody ssh says so on the person's screen."""
        until, rest_s = self._resting.get(way, (0.0, REST_S / 2))
        if time.monotonic() < until:
            call.close()
            raise NobodyThere(NOBODY_THERE)
        try:
            line = await call
        except NobodyThere:
            rest_s = min(2 * rest_s, REST_MOST_S)
            self._resting[way] = time.monotonic() + rest_s, rest_s
            raise
        self._resting.pop(way, None)
        return line


async def _probe(wanted: str) -> tuple[bool, str, float]:
    try:
        line = await Ways(wanted)()
    except (OSError, EOFError) as error:
        return False, str(error), 0.0
    began = time.monotonic()
    line.writer.write(wire.pack({"op": "ping", "x": 0}))
    with contextlib.suppress(TimeoutError, OSError, EOFError):
        async with asyncio.timeout(HELLO_S):
            await wire.read(line.reader)
    took = time.monotonic() - began
    await _ended(line)
    return True, line.name, took if line.far else 0.0


def probe(wanted: str) -> tuple[bool, str, float]:
    """Whether one way leads to a speaker, on what it plays or why not, and the seconds there and back."""
    return asyncio.run(_probe(wanted))
