"""A disk that takes longer to be durable than this machine's, for all that runs under it."""

from __future__ import annotations

import os
import subprocess
import tempfile
from pathlib import Path


def run(command: list[str], ms: float) -> int:
    """The command's exit status; all fsyncs of its processes take `ms` milliseconds longer, one after the other."""
    with tempfile.TemporaryDirectory(prefix="disk-", dir="/tmp") as folder:
        # PostgreSQL runs as another user
        Path(folder).chmod(0o755)
        disk, library = Path(folder, "disk"), Path(folder, "slow_disk.so")
        disk.write_bytes(bytes(8))
        disk.chmod(0o666)
        source = Path(__file__).with_suffix(".c")
        subprocess.run(["cc", "-O2", "-shared", "-fPIC", "-o", str(library), str(source), "-ldl"], check=True)
        env = {**os.environ, "LD_PRELOAD": str(library), "DISK": str(disk), "DISK_MS": str(ms)}
        return subprocess.run(command, env=env).returncode
