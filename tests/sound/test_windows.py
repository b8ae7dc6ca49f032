"""The listener on a laptop with Windows: what Python lacks there is taken away here."""

from __future__ import annotations

import asyncio
import os
import re
import subprocess
import sys
from pathlib import Path

from tui_label.sound import wire

TAKEN_AWAY = """
import asyncio, os, signal, sys

class Lacking:
    def find_spec(self, name, *_):
        if name in ("fcntl", "grp", "pty", "pwd", "resource", "termios", "tty"):
            raise ModuleNotFoundError(name)

sys.meta_path.insert(0, Lacking())
del asyncio.start_unix_server, asyncio.open_unix_connection
del os.chown, os.fchmod, os.geteuid, os.getgroups, os.getuid
del signal.SIGHUP, signal.SIGTSTP, signal.SIGWINCH
"""


async def test_windows_listens_on_a_port(tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text(TAKEN_AWAY)
    listening = subprocess.Popen(
        [sys.executable, "-m", "tui_label", "listen"],
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(tmp_path), *sys.path])},
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    try:
        assert listening.stdout is not None
        said = "".join(listening.stdout.readline() for _ in range(3))
        found = re.search(r"-R /tmp/tui-label-(\w+)\.sock:127\.0\.0\.1:(\d+) HOST", said)
        assert found, said
        reader, writer = await asyncio.open_connection("127.0.0.1", int(found[2]))
        writer.write(wire.pack({"op": "hello", "v": wire.VERSION, "token": found[1]}))
        told = [(await asyncio.wait_for(wire.read(reader), 30))[0]["ev"] for _ in range(2)]
        assert told == ["starting", "hello"]
        writer.close()
    finally:
        listening.kill()
        listening.communicate()
