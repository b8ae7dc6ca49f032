"""Files by SFTP as the person's own ssh would get them: hosts, names and keys from ~/.ssh, no stranger trusted."""

from __future__ import annotations

import contextlib
import os
import select
import shlex
import subprocess
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import paramiko
from fsspec.implementations.sftp import SFTPFileSystem

from tui_label.sound.fetching import SILENCE_S

ENDING_S = 1.0
"""For a program that has said its last."""


class _Through(paramiko.ProxyCommand):  # type: ignore[misc]
    """Paramiko's ends its program a second time, and reads on where it has ended until the time is up."""

    def recv(self, size: int) -> bytes:
        ready, _, _ = select.select([self.process.stdout], [], [], self.timeout)
        if not ready:
            raise TimeoutError
        return os.read(self.process.stdout.fileno(), size)

    @property
    def has_ended(self) -> bool:
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(ENDING_S)
        return self.process.returncode is not None

    def close(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            super().close()


class _Sftp(SFTPFileSystem):  # type: ignore[misc]
    """fsspec's takes any host at its word, and waits for ever."""

    def _connect(self) -> None:
        found = _settings(self.host, self.ssh_kwargs.get("port"), self.ssh_kwargs.get("username"))
        (host,), (port,), (user,) = found["hostname"], found["port"], found["user"]
        self.client = paramiko.SSHClient()
        self.client.set_missing_host_key_policy(paramiko.RejectPolicy())
        hosts = [*found.get("globalknownhostsfile", []), *found.get("userknownhostsfile", [])]
        for name in _files(one for names in hosts for one in names.split()):
            self.client.load_system_host_keys(name)
        way = _way(found, host, port, user)
        through = _Through(way) if way else None
        began = time.monotonic()
        try:
            self.client.connect(
                host,
                port=int(port),
                username=user,
                key_filename=_files(found.get("identityfile", [])),
                timeout=SILENCE_S,
                banner_timeout=SILENCE_S,
                auth_timeout=SILENCE_S,
                sock=through,
            )
        except paramiko.SSHException as error:
            if through and through.has_ended:
                words = f"{self.host} can't be reached through another host: try `sftp {self.host}`"
                raise OSError(words) from error
            no_greeting = "protocol banner" in str(error) and time.monotonic() - began >= SILENCE_S
            if no_greeting or "No existing session" in str(error):
                # Where no greeting comes, paramiko goes on to the keys, unless its other thread has told by then
                raise TimeoutError from error
            raise
        self.ftp = self.client.open_sftp()
        self.ftp.get_channel().settimeout(SILENCE_S)


def _settings(host: str, port: int | None, user: str | None) -> dict[str, list[str]]:
    """What ssh itself makes of ~/.ssh/config for a host: `Include`, `Match` and defaults too."""
    command = ["ssh", "-G", *(["-p", str(port)] if port else []), *(["-l", user] if user else []), "--", host]
    try:
        run = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    except FileNotFoundError as error:
        raise OSError("needs ssh to be fetched: `apt install openssh-client`") from error
    if run.returncode:
        raise OSError(f"ssh says: {run.stderr.strip()}")
    found: dict[str, list[str]] = {}
    for line in run.stdout.splitlines():
        name, _, value = line.partition(" ")
        found.setdefault(name, []).append(value)
    return found


def _files(names: Iterable[str]) -> list[str]:
    """Those that are there."""
    paths = [Path(one).expanduser() for one in names]
    return [str(path) for path in paths if path.is_file()]


def _way(found: dict[str, list[str]], host: str, port: str, user: str) -> str:
    """The command that leads to a host behind another one; empty where there is none between."""
    *before, last = found.get("proxyjump", [""])[0].split(",")
    if last:
        through = ["-J", ",".join(before)] if before else []
        return shlex.join(["ssh", "-o", "BatchMode=yes", *through, "-W", f"[{host}]:{port}", f"ssh://{last}"])
    command = found.get("proxycommand", ["none"])[0]
    for mark, value in (("%h", host), ("%p", port), ("%r", user)):
        command = command.replace(mark, value)
    return "" if command == "none" else command


def reached(url: str) -> tuple[Any, str]:
    """The file system, a new one if the last connection is over, and the path on it."""
    named = SFTPFileSystem._get_kwargs_from_urls(url)
    files = _Sftp(**named)
    transport = files.client.get_transport()
    if transport is None or not transport.is_active():
        _Sftp.clear_instance_cache()
        files = _Sftp(**named)
    return files, files._strip_protocol(url)
