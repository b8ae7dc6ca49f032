"""Where a database lies: on what file system, and which process keeps others from it.

Where the system does not tell, nothing is said of it.
"""

from __future__ import annotations

import contextlib
import os
import re
from pathlib import Path

from tui_label.errors import StoreError

NETWORK = frozenset(
    (
        "9p", "afs", "beegfs", "ceph", "cifs", "coda", "fuse.ceph", "fuse.glusterfs", "fuse.rclone", "fuse.s3fs",
        "fuse.sshfs", "gfs2", "glusterfs", "gpfs", "lustre", "ncpfs", "nfs", "nfs4", "ocfs2", "smb3", "smbfs", "vboxsf",
    )
)  # fmt: skip
"""File systems on which the write-ahead log's shared memory is not shared, or locks are not kept."""
WRITING = 120
"""The byte of the -shm file that SQLite's one writer locks."""


MOUNTS = Path("/proc/self/mounts")


def filesystem(folder: Path, mounts: Path = MOUNTS) -> str:
    """The type of the file system a folder is on; empty where the system does not tell."""
    return _mounted(folder, mounts)[0]


def is_read_only(folder: Path) -> bool:
    """Whether nothing can be written to its file system, also where ext4 gave up after an error: its flags do not say so."""
    options = _mounted(folder, MOUNTS)[1]
    return bool(os.statvfs(folder).f_flag & os.ST_RDONLY) or "emergency_ro" in options.split(",")


def _mounted(folder: Path, mounts: Path) -> tuple[str, str]:
    """The type and the options of the file system a folder is on."""
    try:
        lines = mounts.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return "", ""
    here = folder.resolve()
    found = [(Path(_unescaped(fields[1])), fields[2], fields[3]) for fields in map(str.split, lines) if len(fields) > 3]
    over = [(len(point.parts), n) for n, (point, _, _) in enumerate(found) if here.is_relative_to(point)]
    return found[max(over)[1]][1:] if over else ("", "")


def refuse_network(path: Path) -> None:
    """Raises StoreError where a database at `path` could not be shared; neither it nor its folder has to be there."""
    if (kind := filesystem(path.parent)) in NETWORK:
        raise StoreError(
            f"{path}: SQLite cannot be shared safely over a network file system ({kind}); "
            f"keep the project on a local disk, or its answers on a PostgreSQL server"
        )


def refuse_link(path: Path) -> None:
    """Raises StoreError where the database of another folder stands here by another name: that folder's roles hold."""
    if path.is_symlink():
        raise StoreError(f"{path}: is a link to {path.resolve()}; open the project there")
    status, folder = path.stat(), path.parent.stat()
    # Of their own an owner may have several names, as copies that take no room
    if status.st_nlink > 1 and status.st_uid != folder.st_uid:
        raise StoreError(f"{path}: is a hard link to somebody else's database; open the project where it belongs")


def _unescaped(words: str) -> str:
    r"""Blanks and the like stand in this table as \040."""
    return re.sub(r"\\([0-7]{3})", lambda found: chr(int(found[1], 8)), words)


def holder_of_folder(folder: Path) -> str:
    """The process that holds the lock writers queue at."""
    return _holder(folder, "FLOCK", 0)


def holder_of_database(path: Path) -> str:
    """The process that writes, or has the file for itself."""
    return _holder(Path(f"{path}-shm"), "POSIX", WRITING) or _holder(path, "POSIX", None)


def _holder(path: Path, kind: str, byte: int | None) -> str:
    with contextlib.suppress(OSError, ValueError):
        status = path.stat()
        file = f"{os.major(status.st_dev):02x}:{os.minor(status.st_dev):02x}:{status.st_ino}"
        for line in Path("/proc/locks").read_text(encoding="ascii").splitlines():
            fields = line.split()
            if fields[1] != kind or fields[3] != "WRITE" or fields[5] != file:
                continue
            last = float("inf") if fields[7] == "EOF" else int(fields[7])
            if (byte is None or int(fields[6]) <= byte <= last) and int(fields[4]) not in (0, os.getpid()):
                return f"process {fields[4]}{_described(int(fields[4]))}"
    return ""


def _described(process: int) -> str:
    """Its name, and whether it is stopped."""
    with contextlib.suppress(OSError):
        lines = Path(f"/proc/{process}/status").read_text(encoding="utf-8", errors="replace").splitlines()
        facts = dict(line.split(":\t", 1) for line in lines if ":\t" in line)
        stopped = ", stopped" if facts.get("State", "").startswith(("T", "t")) else ""
        return f" ({facts.get('Name', '?')}{stopped})"
    return ""
