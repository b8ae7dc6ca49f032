"""Files by SFTP as the person's own ssh would get them: hosts, names and keys from ~/.ssh, no stranger trusted."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import paramiko
from fsspec.implementations.sftp import SFTPFileSystem

from tui_label.sound.remote import SILENCE_S


class _Sftp(SFTPFileSystem):  # type: ignore[misc]
    """fsspec's takes any host at its word, and waits for ever."""

    def _connect(self) -> None:
        own = Path.home() / ".ssh"
        config = paramiko.SSHConfig()
        if (own / "config").is_file():
            config = paramiko.SSHConfig.from_path(str(own / "config"))
        found = config.lookup(self.host)
        self.client = paramiko.SSHClient()
        self.client.set_missing_host_key_policy(paramiko.RejectPolicy())
        for name in found.get("userknownhostsfile", str(own / "known_hosts")).split():
            if Path(name).expanduser().is_file():
                self.client.load_system_host_keys(str(Path(name).expanduser()))
        self.client.connect(
            found["hostname"],
            port=int(self.ssh_kwargs.get("port") or found.get("port", 22)),
            username=self.ssh_kwargs.get("username") or found.get("user"),
            key_filename=found.get("identityfile"),
            timeout=SILENCE_S,
            banner_timeout=SILENCE_S,
            auth_timeout=SILENCE_S,
        )
        self.ftp = self.client.open_sftp()
        self.ftp.get_channel().settimeout(SILENCE_S)


def reached(url: str) -> tuple[Any, str]:
    """The file system, a new one if the last connection is over, and the path on it."""
    named = SFTPFileSystem._get_kwargs_from_urls(url)
    files = _Sftp(**named)
    transport = files.client.get_transport()
    if transport is None or not transport.is_active():
        _Sftp.clear_instance_cache()
        files = _Sftp(**named)
    return files, files._strip_protocol(url)
