"""The write-ahead log and its index, in a folder that a group may open but not write.

In such a folder nobody but its owner can remove or replace the database.  But SQLite removes
these two files when the last process leaves, and makes them anew for the next, which only the owner
could: so the owner's processes leave them there, empty.
"""

from __future__ import annotations

import contextlib
import os
import stat
import time
from pathlib import Path

from tui_label.errors import StoreReadOnly, typed

ENDINGS = ("-wal", "-shm")
PATIENCE_S = 1.0
"""The owner's process makes them again within microseconds of their removal."""


def are_kept(path: Path) -> bool:
    """Whether a group shares this database, but not the right to make files beside it."""
    folder = path.parent.stat().st_mode
    shared = folder & stat.S_ISGID and path.stat().st_mode & stat.S_IWGRP
    return bool(shared and not folder & stat.S_IWGRP)


def files(path: Path) -> list[Path]:
    return [Path(f"{path}{ending}") for ending in ENDINGS]


def keep(path: Path) -> None:
    """Make the logs that are missing, with the rights of a shared database; do nothing where one may not."""
    with contextlib.suppress(OSError):
        if not are_kept(path):
            return
        like = path.stat()
        for file in files(path):
            with contextlib.suppress(FileExistsError):
                number = os.open(file, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600)
                try:
                    os.fchmod(number, stat.S_IMODE(like.st_mode))
                    os.fchown(number, like.st_uid, like.st_gid)
                finally:
                    os.close(number)


def wait_for(path: Path) -> None:
    """Until they are there, where they must be; raises StoreReadOnly where nobody makes them."""
    if not are_kept(path):
        return
    keep(path)
    end = time.monotonic() + PATIENCE_S
    while missing := [file for file in files(path) if not file.exists()]:
        if time.monotonic() > end:
            raise StoreReadOnly(
                f"{missing[0]}: is missing, and only the owner of the folder can make it: "
                f"ask them to run `tui-label check {typed(path.parent)}`"
            )
        time.sleep(0.01)
