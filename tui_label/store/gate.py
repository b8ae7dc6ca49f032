"""The queue of writers: a lock on the project's folder, waited for in turn, but not for ever.

It is taken with a blocking flock: polling starves some.  What blocks cannot be given up, so a thread
does it; one that was given up waits on, and is who waits the next time.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import threading
from collections.abc import Iterator
from pathlib import Path

from tui_label.errors import StoreBusy, StoreReadOnly
from tui_label.store.place import holder_of_folder


class Gate:
    """One writer at a time among all processes; raises StoreBusy after `patience_s`."""

    def __init__(self, path: Path, patience_s: float) -> None:
        self._path, self._patience_s = path, patience_s
        self._file = self._open()
        self._waiting: _Waiting | None = None

    def _open(self) -> int:
        try:
            return os.open(self._path.parent, os.O_RDONLY)
        except OSError as error:
            raise StoreReadOnly(f"{self._path}: {error.strerror}; ask its owner for access to the folder") from error

    def close(self) -> None:
        os.close(self._file)

    @contextlib.contextmanager
    def held(self) -> Iterator[None]:
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            with self._after_others():
                yield
            return
        try:
            yield
        finally:
            fcntl.flock(self._file, fcntl.LOCK_UN)

    @contextlib.contextmanager
    def _after_others(self) -> Iterator[None]:
        # A descriptor of its own: one that was given up must not let go of a lock taken meanwhile
        if self._waiting is None or not self._waiting.taken_up():
            self._waiting = _Waiting(self._open())
        if not self._waiting.over(self._patience_s):
            who = holder_of_folder(self._path.parent) or "another program"
            raise StoreBusy(
                f"{self._path}: {who} has kept all others from writing for {self._patience_s:.0f} s; end it"
            )
        waiting, self._waiting = self._waiting, None
        try:
            yield
        finally:
            os.close(waiting.file)


class _Waiting:
    """A thread that stands in the queue; the lock goes with the file."""

    def __init__(self, file: int) -> None:
        self.file = file
        self._guard = threading.Lock()
        self._locked = threading.Event()
        self._wanted, self._gone = True, False
        threading.Thread(target=self._wait, name="gate", daemon=True).start()

    def _wait(self) -> None:
        fcntl.flock(self.file, fcntl.LOCK_EX)
        with self._guard:
            if self._wanted:
                self._locked.set()
            else:
                os.close(self.file)
                self._gone = True

    def over(self, patience_s: float) -> bool:
        """Whether the lock was got; if not, it is given up."""
        try:
            self._locked.wait(patience_s)
        finally:
            with self._guard:
                self._wanted = self._locked.is_set()
        return self._wanted

    def taken_up(self) -> bool:
        """Whether its place in the queue was still there to be taken up again."""
        with self._guard:
            self._wanted = not self._gone
        return self._wanted
