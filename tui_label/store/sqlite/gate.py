"""The queue of writers: a lock on the project's folder, waited for in turn, but not for ever.

It is taken with a blocking flock: polling starves some.  What blocks cannot be given up, so a thread
does it; whoever gave up has kept their place when they come again.  That thread also does what they came for: to hand the
lock over would take longer than many a transaction.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import threading
from collections.abc import Callable
from concurrent.futures import Future
from functools import partial
from pathlib import Path
from queue import SimpleQueue
from typing import Any, TypeVar

from tui_label.errors import StoreBusy, StoreError, StoreReadOnly
from tui_label.store.sqlite.place import holder_of_folder

Result = TypeVar("Result")
_Turn = tuple[Future[Any], Callable[[], Any]]


class Gate:
    """One writer at a time among all processes; raises StoreBusy after `patience_s`."""

    def __init__(self, path: Path, patience_s: float) -> None:
        self._path, self._patience_s = path, patience_s
        self._file: int | None = self._open()
        """None once it is closed: the number may be another file's by then."""
        self._line: _Line | None = None

    def _open(self) -> int:
        try:
            return os.open(self._path.parent, os.O_RDONLY)
        except OSError as error:
            raise StoreReadOnly(f"{self._path}: {error.strerror}; ask its owner for access to the folder") from error

    def close(self) -> None:
        if self._file is not None:
            os.close(self._file)
        if self._line is not None:
            self._line.close()
        self._file = self._line = None

    def alone(self, work: Callable[[], Result]) -> Result:
        """Do it while no other writer is at work."""
        if self._file is None:
            raise StoreError(f"{self._path}: was closed; open the project again")
        try:
            _lock(self._file, self._path, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return self._after_others(work)
        try:
            return work()
        finally:
            fcntl.flock(self._file, fcntl.LOCK_UN)

    def _after_others(self, work: Callable[[], Result]) -> Result:
        # A descriptor of its own: a turn that was given up must not let go of a lock taken meanwhile
        self._line = self._line or _Line(self._open(), self._path)
        turn = self._line.join(work)
        try:
            with contextlib.suppress(TimeoutError):
                turn.exception(self._patience_s)
        finally:
            given_up = turn.cancel()
            if not given_up:
                # Also for Ctrl+C: what has begun is short, and whole or not at all
                turn.exception()
        if given_up:
            who = holder_of_folder(self._path.parent) or "another program"
            raise StoreBusy(
                f"{self._path}: {who} has kept all others from writing for {self._patience_s:.0f} s; end it"
            )
        return turn.result()


class _Line:
    """A thread that stands in the queue for one turn after the other."""

    def __init__(self, file: int, path: Path) -> None:
        self._file, self._path = file, path
        self._turns: SimpleQueue[_Turn | None] = SimpleQueue()
        threading.Thread(target=self._stand, name="gate", daemon=True).start()

    def join(self, work: Callable[[], Result]) -> Future[Result]:
        turn: Future[Result] = Future()
        self._turns.put((turn, work))
        return turn

    def close(self) -> None:
        """After the last turn."""
        self._turns.put(None)

    def _stand(self) -> None:
        locked = False
        for turn, work in iter(self._turns.get, None):
            if not locked:
                try:
                    _lock(self._file, self._path, fcntl.LOCK_EX)
                except StoreError as error:
                    if turn.set_running_or_notify_cancel():
                        turn.set_exception(error)
                    continue
            tell = _done(turn, work) if turn.set_running_or_notify_cancel() else None
            locked = tell is None and not self._turns.empty()
            if not locked:
                fcntl.flock(self._file, fcntl.LOCK_UN)
            if tell is not None:
                tell()
        os.close(self._file)


def _lock(file: int, path: Path, how: int) -> None:
    try:
        fcntl.flock(file, how)
    except BlockingIOError:
        raise
    except OSError as error:
        raise StoreError(
            f"{path.parent}: the system does not lock it ({error.strerror}); try again, or move the project to another disk"
        ) from error


def _done(turn: Future[Result], work: Callable[[], Result]) -> Callable[[], None]:
    """Do the work; gives what tells the outcome to whoever waits, to be called once the lock is free."""
    try:
        return partial(turn.set_result, work())
    except BaseException as error:
        return partial(turn.set_exception, error)
