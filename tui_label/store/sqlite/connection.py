"""One SQLite file, opened with care, and the one way to write to it.

Writers queue at the gate: SQLite's own busy handler starves some of them for seconds.  It
is held until COMMIT has returned, so commits and checkpoints of our processes never overlap either.

What was committed is flushed to the disk behind the gate, where those who wait for that share a flush: SQLite would have
each wait for all before it.  The log is written in order, so what somebody builds on is on the disk before theirs.
"""

from __future__ import annotations

import contextlib
import fcntl
import functools
import os
import sqlite3
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from tui_label.core.roles import Role
from tui_label.errors import (
    StoreBusy,
    StoreDamaged,
    StoreError,
    StoreFull,
    StoreMissing,
    StoreReadOnly,
    StoreTooNew,
    typed,
)
from tui_label.store.base import Finding
from tui_label.store.engine import Cursor, Execute, Result, together
from tui_label.store.schema import KNOWN
from tui_label.store.sqlite import logs, migrations
from tui_label.store.sqlite.gate import Gate
from tui_label.store.sqlite.place import holder_of_database, refuse_link, refuse_network

BUSY_S = 10.0
MOMENT = "%Y%m%d-%H%M%S"
REPAIR = "`tui-label repair` the project, or restore the last backup"
OLDEST_SQLITE = (3, 37)
"""The first with STRICT tables."""
INDEX_BYTES = 32 << 10
"""A log's index at least."""
LOG_PAGES = 4000
"""After so many the log is written into the database, by whoever saves: with SQLite's 1,000 every hundredth save.  They are
mostly the same pages again (31 in 1,000, 55 in 4,000), and up to 4,062 have one page of the index."""
if sys.platform == "darwin":

    def flush(file: int) -> None:
        """There fsync leaves what it was given in the disk's own memory; fsync(2) says so, and what does not."""
        try:
            fcntl.fcntl(file, fcntl.F_FULLFSYNC)
        except OSError:
            # Not every file system there has it
            os.fsync(file)
else:
    flush = os.fdatasync


class SqliteConnection:
    """A connection and its write transactions; SQLite's errors come out as ours."""

    def __init__(self, path: Path, *, create: bool = False) -> None:
        """`create`: an empty file becomes a database; else it was one, and somebody emptied it."""
        self.path = path
        if sqlite3.sqlite_version_info < OLDEST_SQLITE:
            raise StoreError(f"SQLite {sqlite3.sqlite_version} is too old; use a Python with SQLite 3.37 or later")
        if not path.exists():
            raise StoreMissing(f"{path}: no project database here; start one with `tui-label new`")
        refuse_link(path)
        refuse_network(path)
        if not create:
            refuse_empty(path)
        self._gate = Gate(path, BUSY_S)
        self._log_path = logs.files(path)[0]
        self._log: int | None = None
        """The write-ahead log, open once there is one."""
        self._refusal: StoreError | None = None
        """What was said of damage, or of a disk that keeps nothing: from then on nothing is written."""
        try:
            self._open_beside_logs()
        except BaseException:
            self._close_files()
            raise

    def _open_beside_logs(self) -> None:
        with self.errors():
            logs.wait_for(self.path)
        try:
            self._open()
        except StoreReadOnly:
            # The folder's owner may have left just now: SQLite then takes the logs away for a moment
            logs.wait_for(self.path)
            self._open()

    def _open(self) -> None:
        path = self.path
        with self.errors():
            self._file = path.stat().st_ino
            self._sqlite = sqlite3.connect(
                f"file:{quoted(path)}?mode=rw", uri=True, isolation_level=None, timeout=BUSY_S, check_same_thread=False
            )
        try:
            with self.errors():
                self._sqlite.execute("PRAGMA synchronous = NORMAL")  # the rest of FULL is `_flush`
                self._sqlite.execute("PRAGMA fullfsync = ON")  # for macOS, as in `flush`
                self._sqlite.execute("PRAGMA foreign_keys = ON")
                self._sqlite.execute("PRAGMA cache_size = -2000")
                self._sqlite.execute(f"PRAGMA wal_autocheckpoint = {LOG_PAGES}")
                self._sqlite.create_function("casefold", 1, _casefold, deterministic=True)
                self._migrate()
        except BaseException:
            self._sqlite.close()
            raise

    def _migrate(self) -> None:
        names = migrations.applied(self._sqlite)
        unknown = [name for name in names if name not in KNOWN]
        if unknown:
            raise StoreTooNew(f"{self.path}: written by a later version of tui-label ({unknown[-1]}); update tui-label")
        if len(names) < len(KNOWN) or self._sqlite.execute("PRAGMA journal_mode").fetchone() != ("wal",):
            if not names and migrations.is_foreign(self._sqlite):
                raise StoreDamaged(f"{self.path}: a database, but not one of tui-label's; choose another folder")
            migrate = migrations.migrator()
            # Raced by several processes this fails at once, whatever the timeout
            self._gate.alone(lambda: self._sqlite.execute("PRAGMA journal_mode = WAL").close())
            self.write(lambda _: migrate(self._sqlite))

    def close(self) -> None:
        self._sqlite.close()
        logs.keep(self.path)
        self._close_files()

    def _close_files(self) -> None:
        self._gate.close()
        if self._log is not None:
            os.close(self._log)
            self._log = None

    @property
    def confined_to(self) -> None:
        """Whoever can open a file sees all of it."""

    def admit(self, people: Mapping[str, Role]) -> list[Finding]:
        return []

    def execute(self, sql: str, arguments: Sequence[Any] | dict[str, Any] = ()) -> Cursor:
        with self.errors():
            return _Fetched(self._sqlite.execute(_without_locks(sql), arguments))

    def _execute(self, sql: str, arguments: Sequence[Any] | dict[str, Any] = ()) -> Cursor:
        return self._sqlite.execute(_without_locks(sql), arguments)

    def read(self, sql: str, arguments: Sequence[Any] | dict[str, Any] = ()) -> list[Any]:
        with self.errors():
            return self._sqlite.execute(sql, arguments).fetchall()

    def write(self, work: Callable[[Execute], Result]) -> Result:
        """`BEGIN IMMEDIATE … COMMIT` behind the gate; when it ends, what was written is on disk."""
        with self.errors():
            result = self._gate.alone(lambda: self._transaction(work))
            self._flush()
            return result

    def _transaction(self, work: Callable[[Execute], Result]) -> Result:
        self.check_in_place()
        if self._refusal is not None:
            raise self._refusal
        self._sqlite.execute("BEGIN IMMEDIATE")
        try:
            result = work(self._execute)
            self._sqlite.execute("COMMIT")
        except BaseException:
            if self._sqlite.in_transaction:
                self._sqlite.execute("ROLLBACK")
            raise
        return result

    def _flush(self) -> None:
        log = self._checked_log()
        try:
            flush(log)
        except OSError as error:
            # The system says so once: the next flush would seem to have gone well
            self._refusal = StoreError(
                f"{self.path}: the disk does not keep what is written ({error.strerror}); leave, and have it looked at"
            )
            raise self._refusal from error

    def later(self, sql: str, arguments: Sequence[Any] | dict[str, Any] = ()) -> Callable[[], Any]:
        # Others need not wait for what can be read behind the gate
        return lambda: self.execute(sql, arguments).fetchone()

    def widen(self) -> None:
        """More memory for pages: a reviewer searches all over the database, and there are few of them."""
        with self.errors():
            self._sqlite.execute("PRAGMA cache_size = -64000")

    def many(self, sql: str, rows: Sequence[Sequence[Any]]) -> int:
        return sum(self._sqlite.executemany(one, given).rowcount for one, given in together(sql, rows))

    def each(self, sql: str, rows: Sequence[Sequence[Any]]) -> list[list[Any]]:
        return [self._sqlite.execute(sql, row).fetchall() for row in rows]

    def has_text(self, column: str) -> str:
        """LIKE is the quickest by far, but knows the case of ASCII only."""
        beyond_ascii = f"length({column}) <> length(CAST({column} AS BLOB))"
        return f"({column} LIKE :like ESCAPE '!' OR {beyond_ascii} AND instr(casefold({column}), :text) > 0)"

    def health(self, now: int) -> list[Finding]:
        from tui_label.store.sqlite import health

        return health.check(self, now)

    def copy_to(self, path: str) -> None:
        """A copy at `path`, checked.  An error is said of `path`, unless this database has the same fault."""
        create_file(Path(path))
        try:
            with contextlib.closing(sqlite3.connect(path)) as target:
                self._sqlite.backup(target)
                (verdict,) = target.execute("PRAGMA integrity_check(1)").fetchone()
        except sqlite3.Error as error:
            raise StoreError(f"{path}: the copy could not be written ({error}); choose another place") from error
        if verdict != "ok":
            if self.read("PRAGMA integrity_check(1)")[0][0] == "ok":
                raise StoreError(f"{path}: the copy did not arrive as it was ({verdict}); choose another place")
            raise StoreDamaged(f"{self.path}: the copy is as damaged as it is ({verdict}); {REPAIR}")

    def hand_over(self, copy: Callable[[], None], then: Callable[[], None]) -> str:
        """Under another name the file takes no answers: see `check_in_place`."""
        return str(self._gate.alone(lambda: self._hand_over(copy, then)))

    def _hand_over(self, copy: Callable[[], None], then: Callable[[], None]) -> Path:
        self.check_in_place()
        aside = self._aside()
        self.execute("BEGIN IMMEDIATE")
        try:
            copy()
        finally:
            self.execute("ROLLBACK")
        self.read("PRAGMA wal_checkpoint(TRUNCATE)")
        self.path.rename(aside)
        try:
            then()
        except BaseException:
            aside.rename(self.path)
            raise
        for file in logs.files(self.path):
            file.unlink(missing_ok=True)
        close_aside(aside)
        return aside

    def _aside(self) -> Path:
        """A name by the time, later than those of all moves before even where the clock went back.

        After a move that was cut off, the file with the latest name is put back.
        """
        moments = [datetime.now()]
        for path in self.path.parent.glob(f"{self.path.name}.moved-*"):
            with contextlib.suppress(ValueError):
                moments.append(datetime.strptime(path.name.partition(".moved-")[2], MOMENT) + timedelta(seconds=1))
        return self.path.with_name(f"{self.path.name}.moved-{max(moments):{MOMENT}}")

    def number_on(self, execute: Execute) -> None:
        """SQLite's next number is behind the highest."""

    def __str__(self) -> str:
        return str(self.path)

    def check_in_place(self) -> None:
        """A database that was moved away or restored over would take answers into nowhere."""
        with self.errors():
            number = _number(self.path)
        if number != self._file:
            raise StoreError(f"{self.path}: the database was moved or replaced while open; leave and start again")

    def _checked_log(self) -> int:
        """The write-ahead log that is written to; raises StoreError where somebody removed or replaced it.

        What is in one that was removed goes to the database at once, before it is lost.
        """
        number = _number(self._log_path)
        if self._log is None and number is not None:
            self._log = os.open(self._log_path, os.O_RDONLY)
        if self._log is not None and number == os.fstat(self._log).st_ino:
            return self._log
        if number is None:
            self._gate.alone(lambda: self._sqlite.execute("PRAGMA wal_checkpoint(FULL)").close())
        raise StoreError(
            f"{self._log_path}: was removed or replaced while open; all who work here must leave, then start again"
        )

    @contextlib.contextmanager
    def errors(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise self._translated(error) from error
        except UnicodeDecodeError as error:
            raise self._found_damaged() from error
        except PermissionError as error:
            raise StoreReadOnly(f"{self.path}: {error.strerror}; ask its owner for write access") from error
        except OSError as error:
            raise StoreError(
                f"{error.filename or self.path}: {error.strerror}; nothing was lost, mend that and try again"
            ) from error

    def _found_damaged(self) -> StoreDamaged:
        damage = self._refusal = StoreDamaged(f"{self.path}: not a sound SQLite database; stop work, then {REPAIR}")
        return damage

    def _translated(self, error: sqlite3.Error) -> StoreError:
        if (kept_out := obstacle(self.path, error)) is not None:
            return kept_out
        if _name(error).startswith(("SQLITE_NOTADB", "SQLITE_CORRUPT")) or "UTF-8" in str(error):
            return self._found_damaged()
        if "no such table" in str(error):
            return StoreDamaged(f"{self.path}: a database, but not one of tui-label's")
        return StoreError(f"{self.path}: {error}")


class _Fetched:
    """All rows of a statement: an open SELECT would pin a snapshot and make the next write fail."""

    def __init__(self, cursor: sqlite3.Cursor) -> None:
        self._rows = iter(cursor.fetchall())
        self.rowcount = cursor.rowcount

    def fetchone(self) -> Any:
        return next(self._rows, None)

    def fetchall(self) -> list[Any]:
        return list(self._rows)


def obstacle(path: Path, error: sqlite3.Error) -> StoreError | None:
    """What keeps whoever asks from a database that may be sound; None where the error says something of the database."""
    name = _name(error)
    without_room = name.startswith(("SQLITE_IOERR", "SQLITE_CANTOPEN")) and not _has_room(path.parent)
    if name.startswith("SQLITE_FULL") or without_room:
        return StoreFull(f"{path}: no space left on the disk; nothing was lost, free some and try again")
    if name.startswith(("SQLITE_READONLY", "SQLITE_CANTOPEN", "SQLITE_PERM")):
        return StoreReadOnly(
            f"{path}: file or folder may not be written; "
            f"`tui-label check {typed(path.parent)}` says what its owner has to do"
        )
    if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
        who = holder_of_database(path) or "another program"
        return StoreBusy(f"{path}: {who} has held the database for {BUSY_S:.0f} s; close it")
    if name.startswith("SQLITE_IOERR"):
        return StoreError(f"{path}: the disk refuses ({name}); it is broken, or a quota or a size limit is reached")
    return None


def _name(error: sqlite3.Error) -> str:
    return getattr(error, "sqlite_errorname", "") or ""


def _has_room(folder: Path) -> bool:
    """Whether there is room for a log's index, without which SQLite cannot even read: it says only that the disk refuses."""
    try:
        disk = os.statvfs(folder)
    except OSError:
        return True
    # Where files are not counted there are none of either
    return disk.f_bavail * disk.f_frsize >= INDEX_BYTES and (disk.f_favail > 0 or not disk.f_files)


@functools.lru_cache(1000)
def _without_locks(sql: str) -> str:
    """There is one writer at a time: what it reads stays as it is."""
    return sql.replace(" SKIP LOCKED", "").replace(" FOR UPDATE", "")


def _casefold(text: str | None) -> str | None:
    """SQLite's own lower() knows ASCII only."""
    return text.casefold() if text else text


def create_file(path: Path) -> None:
    """An empty file that a group can share: SQLite alone would make it 0644 whatever the umask."""
    try:
        number = os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o660)
    except FileExistsError:
        return
    except OSError as error:
        raise StoreReadOnly(f"{path}: {error.strerror}; choose a folder you may write to") from error
    try:
        os.fchmod(number, 0o660)
    finally:
        os.close(number)


def refuse_empty(path: Path) -> None:
    """Raises StoreDamaged: opening it would take its write-ahead log away too."""
    if not path.stat().st_size:
        raise StoreDamaged(f"{path}: is empty, and was a database; restore the last backup, or remove it to begin anew")


def close_aside(*paths: Path) -> None:
    """What is only kept is nobody's to write but its owner's, also where a group shared it."""
    for path in paths:
        with contextlib.suppress(FileNotFoundError, PermissionError):
            path.chmod(path.stat().st_mode & 0o740)


def _number(path: Path) -> int | None:
    """Which file a path leads to; None where there is none."""
    try:
        return path.stat().st_ino
    except FileNotFoundError:
        return None


def quoted(path: Path) -> str:
    return str(path.resolve()).replace("%", "%25").replace("?", "%3f").replace("#", "%23")
