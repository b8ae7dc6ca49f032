"""The listener: on the annotator's own machine, it gives each app that calls a speaker of its own.

Calls come in by ssh from a far machine, on a socket in a folder that only this user can
enter, or on a port of this machine with a token.  Frames (wire.py) are passed on as they
are; a speaker is a process, so a sound server that hangs costs one speaker.  Sound is in
memory only and goes with the call.
"""

from __future__ import annotations

import asyncio
import contextlib
import hmac
import secrets
import shutil
import signal
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tui_label.sound import wire
from tui_label.sound.line import CARD_HELLO_S, HELLO_S, speaker_ended, speaker_process
from tui_label.sound.localkeys import LocalKeys

OWN_LINE = ("-o", "ControlMaster=no", "-o", "ControlPath=none", "-o", "ExitOnForwardFailure=yes")
"""Options of ssh: a connection that others share would outlive us and keep the socket."""
QUIET_LINE = ("-o", "LogLevel=FATAL")
"""For an ssh whose words would go over the screen of the app: once nobody listens here, it has some for each call."""
CALLS_MOST = 16
"""Apps that may be served at once."""


class Call:
    """One app on the line, and the speaker that plays for it."""

    def __init__(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        process: asyncio.subprocess.Process,
        *,
        own: bool = False,
    ) -> None:
        self.own = own
        """Whether the app's play keys are typed on this terminal, and may be caught here."""
        assert process.stdin is not None and process.stdout is not None
        self._from_app, self._app = reader, writer
        self._from_speaker, self._speaker = process.stdout, process.stdin
        self.keys = LocalKeys(self.to_speaker, self.to_app)
        self.greeted = False
        """Whether the app was told who is here: before that nothing else may be said to it."""

    def to_app(self, header: dict[str, Any], payload: bytes = b"") -> None:
        self._app.write(wire.pack(header, payload))

    def to_speaker(self, header: dict[str, Any], payload: bytes = b"") -> None:
        self._speaker.write(wire.pack(header, payload))

    async def run(self, hello: dict[str, Any]) -> None:
        """Until one of the two goes."""
        self.to_speaker(hello)
        try:
            async with asyncio.timeout(CARD_HELLO_S):
                answer, _ = await wire.read(self._from_speaker)
        except TimeoutError:
            self.to_app({"ev": "hello", "v": wire.VERSION, "ok": False, "why": "its sound server does not answer"})
            return
        self.to_app({**answer, "keys": self.own})
        self.greeted = True
        ways = [asyncio.create_task(one) for one in (self._down(), self._up())]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)

    def hang_up(self) -> None:
        self._app.close()

    async def _down(self) -> None:
        while True:
            header, payload = await wire.read(self._from_app)
            if header.get("op") == "keys":
                self.keys.offered(header)
            else:
                self.to_speaker(header, payload)
                await self._speaker.drain()

    async def _up(self) -> None:
        while True:
            header, payload = await wire.read(self._from_speaker)
            self.keys.heard(header)
            self.to_app(header, payload)
            await self._app.drain()


class Listener:
    """Takes calls until it is closed; `address` is what ssh is to forward to."""

    def __init__(self, *, catches_keys: bool = False, on_calls: Callable[[int], None] = lambda _: None) -> None:
        self._digits: list[str] = []
        self.token = secrets.token_hex(12)
        """For a far end that is a port, which others there can reach."""
        self.address = ""
        self._catches_keys, self._on_calls = catches_keys, on_calls
        self._folder: Path | None = None
        self._server: asyncio.Server | None = None
        self._calls: list[Call] = []
        self._open = 0
        """Calls, with those whose speaker is still to start."""

    def socket_name(self) -> str:
        """A new name for the socket at the far end, where sshd leaves old ones lying.

        Its digits are a token, for systems where this end is a port.
        """
        self._digits.append(secrets.token_hex(12))
        return f"tui-label-{self._digits[-1]}.sock"

    async def start(self) -> None:
        if hasattr(asyncio, "start_unix_server"):
            # Short: a socket's path has 104 characters at most on macOS
            self._folder = Path(tempfile.mkdtemp(prefix="tui-label-", dir="/tmp" if Path("/tmp").is_dir() else None))
            self.address = str(self._folder / "sock")
            self._server = await asyncio.start_unix_server(self._serve, self.address, limit=2 * wire.LARGEST)
        else:
            self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, limit=2 * wire.LARGEST)
            self.address = f"127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    async def close(self) -> None:
        if self._server is not None:
            self._server.close()
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)

    def hang_up(self) -> None:
        """End the calls that are on the line."""
        for call in self._calls:
            call.hang_up()

    @property
    def keys(self) -> LocalKeys | None:
        """Of the app on this terminal; others may have found the listener too."""
        return next((call.keys for call in reversed(self._calls) if call.own and call.greeted), None)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, EOFError, TimeoutError, ValueError, RecursionError, asyncio.CancelledError):
            hello, _ = await asyncio.wait_for(wire.read(reader), HELLO_S)
            if why := self._refusal(hello):
                writer.write(wire.pack({"ev": "hello", "v": wire.VERSION, "ok": False, "why": why}))
                await writer.drain()
            else:
                await self._take(hello, reader, writer)
        writer.close()

    def _refusal(self, hello: dict[str, Any]) -> str:
        """Why a caller may not come in; empty if it may."""
        token = str(hello.get("token", "")).encode("utf-8", "replace")
        if not any(hmac.compare_digest(token, one.encode()) for one in (self.token, *self._digits)):
            return "the token is not that of this listener"
        return f"{CALLS_MOST} apps are connected already" if self._open >= CALLS_MOST else ""

    async def _take(self, hello: dict[str, Any], reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open += 1
        process = None
        try:
            writer.write(wire.pack({"ev": "starting"}))
            process = await speaker_process()
            call = Call(reader, writer, process, own=self._catches_keys and hello.get("own") is True)
            self._calls.append(call)
            self._on_calls(len(self._calls))
            try:
                await call.run(hello)
            finally:
                self._calls.remove(call)
                self._on_calls(len(self._calls))
        finally:
            self._open -= 1
            if process is not None:
                await speaker_ended(process)


def listen() -> int:
    """Listen until Ctrl+C, for those who start ssh themselves."""
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_listen())
    return 0


async def _listen() -> None:
    def calls(count: int) -> None:
        print(f"{count} connected" if count else "nobody is connected", flush=True)

    listener = Listener(on_calls=calls)
    await listener.start()
    try:
        options = " ".join([*OWN_LINE, *QUIET_LINE])
        print("Connect with this, and run tui-label there, in tmux or not:\n")
        print(f"  ssh {options} -R /tmp/{listener.socket_name()}:{listener.address} HOST\n")
        print(
            "If ssh ends without a word, the same with LogLevel=INFO says why. Ctrl+C ends the listening.", flush=True
        )
        over = asyncio.Event()
        for name in ("SIGTERM", "SIGHUP"):
            with contextlib.suppress(NotImplementedError, AttributeError):  # Windows
                asyncio.get_running_loop().add_signal_handler(getattr(signal, name), over.set)
        await over.wait()
    finally:
        await listener.close()
