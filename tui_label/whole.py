"""A file that is there whole or not at all: it grows beside its place, and what goes wrong there is told by its own name."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tui_label.errors import LabelError

FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
"""What the system says of a write without naming a file."""


@contextmanager
def growing(path: Path) -> Iterator[Path]:
    """Where to write what takes the place of `path` at the end, with the mode of what was there.

    A link leads to the file whose place is taken; a pipe or a device is written to as it is.
    """
    place = led_to(path) if path.is_symlink() else path
    is_there = path.exists()
    if is_there and not place.is_file():
        with refusing(path, path):
            yield path
        return
    partial = place.with_name(f".{place.name}.{os.getpid()}")
    with refusing(path, partial):
        try:
            if is_there:
                partial.touch(0o600)
                shutil.copymode(place, partial)
            yield partial
            partial.replace(place)
        finally:
            partial.unlink(missing_ok=True)


def led_to(path: Path) -> Path:
    """Where links lead; where they lead in a circle, no error but one of them."""
    return Path(os.path.realpath(path))


@contextmanager
def refusing(path: Path, partial: Path) -> Iterator[None]:
    """LabelError with the name that somebody gave, where what grows beside it cannot be written; other files keep theirs."""
    try:
        yield
    except OSError as error:
        named = [Path(name) for name in (error.filename, error.filename2) if isinstance(name, str)]
        is_ours = any(_is_around(one, place) for one in named for place in (path, partial))
        # What is read has its name by now, also of a disk that is broken
        if not is_ours and (named or error.errno not in (*FULL, errno.EIO)):
            raise
        # A folder on the way that cannot be made is the one to mend
        shown = next((one for one in named if path.is_relative_to(one)), path)
        raise LabelError(f"{shown}: {error.strerror}; choose another place") from error


def _is_around(one: Path, place: Path) -> bool:
    return place.is_relative_to(one) or one.is_relative_to(place)


def write_file(path: Path, text: str) -> None:
    """A text as a file, in folders that are made for it."""
    with growing(path) as partial:
        path.parent.mkdir(parents=True, exist_ok=True)
        with partial.open("w", encoding="utf-8", newline="") as out:
            out.write(text)


def write_own(path: Path, text: str) -> None:
    """A file that nobody else reads, never through a link that somebody put there; whole after a power cut, too."""
    number = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
    with os.fdopen(number, "w", encoding="utf-8") as out:
        out.write(text)
        out.flush()
        os.fsync(out.fileno())


def sync(path: Path) -> None:
    """What is in a file, or was made and renamed in a folder, stays so after a power cut."""
    number = os.open(path, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)
