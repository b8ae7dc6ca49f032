"""A far machine: an OpenSSH server of our own on this one, whose sessions hear nothing, and a link that can be slow.

The near end is whoever runs `ssh -F far.config far`.
"""

from __future__ import annotations

import asyncio
import getpass
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

needs_ssh = pytest.mark.skipif(
    not (shutil.which("ssh") and Path("/usr/sbin/sshd").exists()), reason="needs OpenSSH: apt install openssh-server"
)
PROGRAM = str(Path(sys.executable).parent / "tui-label")


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


class Far:
    """sshd with `settings`, and the config that leads there."""

    def __init__(self, *settings: str, through: int | None = None) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="far-"))
        self.port = free_port()
        for name in ("host", "user"):
            command = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(self.folder / name)]
            subprocess.run(command, check=True)
        (self.folder / "authorized").write_text((self.folder / "user.pub").read_text())
        deaf = f"PULSE_SERVER=unix:/nowhere XDG_CONFIG_HOME={self.folder} XDG_STATE_HOME={self.folder}"
        lines = [
            f"Port {self.port}", "ListenAddress 127.0.0.1", f"HostKey {self.folder}/host", "UsePAM no", "StrictModes no",
            f"AuthorizedKeysFile {self.folder}/authorized", "PidFile none", "PermitRootLogin yes", f"SetEnv {deaf}",
            "MaxStartups 100", "MaxSessions 100", "LogLevel ERROR", "PrintMotd no", *settings,
        ]  # fmt: skip
        (self.folder / "sshd_config").write_text("\n".join(lines) + "\n")
        if Path("/run").exists() and getpass.getuser() == "root":
            Path("/run/sshd").mkdir(exist_ok=True)
        self._start()
        self.config = self.folder / "far.config"
        self.lead(self.port)

    def _start(self) -> None:
        self.sshd = subprocess.Popen(
            ["/usr/sbin/sshd", "-D", "-e", "-f", str(self.folder / "sshd_config")],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=(self.folder / "log").open("ab"),
        )  # fmt: skip
        end = time.monotonic() + 10
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return
            except OSError:
                if time.monotonic() > end:
                    raise RuntimeError((self.folder / "log").read_text()) from None
                time.sleep(0.05)

    def lead(self, port: int) -> None:
        """Which port `ssh far` goes to: the server's own, or a slow link's."""
        lines = [
            "Host far", "  HostName 127.0.0.1", f"  Port {port}", f"  IdentityFile {self.folder}/user",
            "  IdentitiesOnly yes", "  StrictHostKeyChecking no", f"  UserKnownHostsFile {self.folder}/known",
            "  LogLevel ERROR", f"  User {getpass.getuser()}",
        ]  # fmt: skip
        self.config.write_text("\n".join(lines) + "\n")

    def close(self) -> None:
        self.sshd.kill()
        self.sshd.wait()
        shutil.rmtree(self.folder, ignore_errors=True)


@contextmanager
def far_machine(*settings: str) -> Iterator[Far]:
    far = Far(*settings)
    try:
        yield far
    finally:
        far.close()


@contextmanager
def reached_by_ssh(folder: Path) -> Iterator[Far]:
    """A far machine with sftp; the ssh first on PATH calls it `far`, by `config` in a folder, and trusts who is in `known`.

    Its key is in `hosts`.
    """
    tools = folder / "tools"
    tools.mkdir()
    (tools / "ssh").write_text(f'#!/bin/sh\nexec {shutil.which("ssh")} -F {folder}/config "$@"\n')
    (tools / "ssh").chmod(0o755)
    with far_machine("Subsystem sftp internal-sftp") as far, pytest.MonkeyPatch.context() as patched:
        patched.setenv("PATH", f"{tools}:{os.environ['PATH']}")
        (folder / "config").write_text(far.config.read_text().replace(f"{far.folder}/known", f"{folder}/known"))
        key = (far.folder / "host.pub").read_text().split()[:2]
        (folder / "hosts").write_text(f"[127.0.0.1]:{far.port} {' '.join(key)}\n")
        yield far
    from tui_label.sound import sftp

    # What is connected stays so
    sftp._Sftp.clear_instance_cache()


class SlowLink:
    """A relay with a delay one way, a rate and a short queue each way; it counts, stalls and cuts."""

    def __init__(self, to: int, *, delay_s: float = 0.0, bytes_per_s: float = 0.0) -> None:
        self.port = free_port()
        self.up = self.down = 0
        self.stalled = False
        self._to, self._delay, self._rate = to, delay_s, bytes_per_s
        self._loop = asyncio.new_event_loop()
        self._writers: set[asyncio.StreamWriter] = set()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._ready = threading.Event()
        self._thread.start()
        self._ready.wait(5)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)

        async def start() -> None:
            self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port, limit=8192)
            self._ready.set()

        self._loop.run_until_complete(start())
        self._loop.run_forever()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, here = await asyncio.open_connection("127.0.0.1", self._to, limit=8192)
        self._writers |= {writer, here}
        await asyncio.gather(self._pump(reader, here, "up"), self._pump(there, writer, "down"))

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, way: str) -> None:
        """Segments leave one after the other at the rate, and arrive the delay later."""
        flight: asyncio.Queue[tuple[bytes, float]] = asyncio.Queue(24)

        async def arrive() -> None:
            while True:
                data, due = await flight.get()
                while (wait := due - self._loop.time()) > 0 or self.stalled:
                    await asyncio.sleep(max(0.001, min(wait, 0.05) if not self.stalled else 0.02))
                if not data or writer.is_closing():
                    writer.close()
                    return
                writer.write(data)

        arriving = asyncio.ensure_future(arrive())
        free_at = 0.0
        try:
            while True:
                data = await reader.read(1400)
                setattr(self, way, getattr(self, way) + len(data))
                free_at = max(free_at, self._loop.time()) + (len(data) / self._rate if self._rate else 0)
                if (wait := free_at - self._loop.time()) > 0:
                    await asyncio.sleep(wait)
                await flight.put((data, free_at + self._delay))
                if not data:
                    await arriving
                    return
        except OSError:
            pass
        finally:
            arriving.cancel()

    def cut(self) -> None:
        """Every connection breaks at once."""

        def abort() -> None:
            for writer in self._writers:
                writer.transport.abort()
            self._writers.clear()

        self._loop.call_soon_threadsafe(abort)

    def close(self) -> None:
        self.cut()

        async def end() -> None:
            self._server.close()
            self._loop.call_later(0.2, self._loop.stop)

        asyncio.run_coroutine_threadsafe(end(), self._loop)
        self._thread.join(5)
