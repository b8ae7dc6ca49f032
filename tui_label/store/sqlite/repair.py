"""What a damaged database still has, put into a new one in its place; the old one stays beside it.

Rows come from `pages`, whatever SQLite says of the file.  The record (answers, gold answers, what was
said) is taken as it stands; what only repeats it is counted anew.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from tui_label.core.text import number_of
from tui_label.errors import StoreError, StoreMissing, StoreTooNew
from tui_label.store import counts
from tui_label.store.engine import Execute
from tui_label.store.schema import KNOWN
from tui_label.store.sqlite import logs, migrations
from tui_label.store.sqlite.connection import (
    BUSY_S,
    SqliteConnection,
    close_aside,
    create_file,
    obstacle,
    quoted,
    refuse_empty,
)
from tui_label.store.sqlite.gate import Gate
from tui_label.store.sqlite.pages import Image
from tui_label.store.sqlite.place import refuse_link
from tui_label.store.sqlite.salvage import JSON, Salvage, fill, make_whole, no_json, own_tables
from tui_label.store.standing import Judge
from tui_label.whole import sync

UNREAD = ("SQLITE_IOERR_READ", "SQLITE_IOERR_SHORT_READ", "SQLITE_IOERR_CORRUPTFS")


def damage(path: Path) -> list[str]:
    """What is wrong with a database file, without changing it; empty where nothing is.

    Read-only, because the last to leave brings the log into the database, also past damage that it does not see.
    """
    if not path.exists():
        raise StoreMissing(f"{path}: no project database here; start one with `tui-label new`")
    refuse_link(path)
    refuse_empty(path)
    gate = Gate(path, BUSY_S)
    try:
        damaged = gate.alone(lambda: Image(path).log.damaged)
    finally:
        gate.close()
    found = [f"{path.name}-wal: {number_of(damaged, 'damaged page')} in the write-ahead log"] if damaged else []
    uri = f"file:{quoted(path)}?mode=ro"
    try:
        with contextlib.closing(sqlite3.connect(uri, uri=True, timeout=BUSY_S)) as sqlite:
            found += _complaints(sqlite, path)
    except sqlite3.Error as error:
        if not _is_unread(error) and (kept_out := obstacle(path, error)) is not None:
            raise kept_out from error
        found.append(f"{path.name}: {error}")
    except UnicodeDecodeError:
        # SQLite's own message has a damaged name in it
        found.append(f"{path.name}: its list of tables is damaged")
    return found


def _is_unread(error: sqlite3.Error) -> bool:
    """Whether the disk does not give what is in the file: a part of it that is broken is damage."""
    return getattr(error, "sqlite_errorname", "") in UNREAD


def _complaints(sqlite: sqlite3.Connection, path: Path) -> list[str]:
    names = migrations.applied(sqlite)
    if unknown := [name for name in names if name not in KNOWN]:
        raise StoreTooNew(f"{path}: written by a later version of tui-label ({unknown[-1]}); update tui-label")
    if migrations.is_foreign(sqlite):
        raise StoreError(f"{path}: a database, but not one of tui-label's; nothing is done to it")
    found = [f"{path.name}: {words}" for (words,) in sqlite.execute("PRAGMA integrity_check(5)") if words != "ok"]
    orphans = sqlite.execute("PRAGMA foreign_key_check").fetchmany(1)
    found += [f"{path.name}: rows of {orphan[0]} belong to no {orphan[2]}" for orphan in orphans]
    found += [f"{path.name}: {words}" for words in _unreadable(sqlite)]
    if len(names) == len(KNOWN):
        found += [f"{path.name}: {name} is missing" for name in sorted(set(_sample_tables()) - set(own_tables(sqlite)))]
    return found


def _unreadable(sqlite: sqlite3.Connection) -> Iterator[str]:
    """What is well kept to SQLite and cannot be what was written: text that is none, JSON that is none."""
    for table in own_tables(sqlite):
        try:
            for _ in sqlite.execute(f"SELECT * FROM {table}"):
                pass
        except (sqlite3.OperationalError, UnicodeDecodeError) as error:
            if "utf-8" not in str(error).lower():
                raise
            yield f"{table} has text that is no UTF-8"
            continue
        if table in JSON:
            (count,) = sqlite.execute(f"SELECT count(*) FROM {table} WHERE {no_json(table)}").fetchone()
            if count:
                yield f"{table} has {number_of(count, 'row')} that tui-label did not write"


def _sample_tables() -> list[str]:
    """All tables of a whole database, parents before children."""
    with contextlib.closing(sqlite3.connect(":memory:", isolation_level=None)) as sqlite:
        migrations.migrator()(sqlite)
        return own_tables(sqlite)


def recount(path: Path, judge: Judge) -> tuple[list[str], Path]:
    """Make counters what the rows say; what was wrong, and where the database is kept as it was if anything."""
    kept_as = _beside(path, "miscounted")
    connection = SqliteConnection(path)
    try:
        if counts.wrong(connection.read):
            connection.copy_to(str(kept_as))
            close_aside(kept_as)
        return connection.write(partial(_recount, judge)), kept_as
    finally:
        connection.close()


def _recount(judge: Judge, execute: Execute) -> list[str]:
    wrong = counts.wrong(lambda sql: execute(sql).fetchall())
    if wrong:
        counts.rebuild(execute, judge)
    return wrong


def _beside(path: Path, what: str) -> Path:
    return path.with_name(f"{path.name}.{what}-{datetime.now(UTC):%Y%m%d-%H%M%S}")


def repair(path: Path, judge: Judge) -> tuple[Salvage, Path]:
    """Salvage a damaged database; it stays under the name that is returned."""
    kept_as = _beside(path, "damaged")
    gate = Gate(path, BUSY_S)
    try:
        return gate.alone(lambda: _repaired(path, judge, kept_as)), kept_as
    finally:
        gate.close()


def _repaired(path: Path, judge: Judge, kept_as: Path) -> Salvage:
    fresh = path.with_name(f"{path.name}.repairing")
    for name in _family(fresh):
        name.unlink(missing_ok=True)
    try:
        salvage = _filled(path, fresh, judge)
        _put_in_place(path, fresh, kept_as)
    finally:
        for name in _family(fresh):
            name.unlink(missing_ok=True)
    return salvage


def _family(path: Path) -> list[Path]:
    return [path, *logs.files(path)]


def _put_in_place(path: Path, fresh: Path, kept_as: Path) -> None:
    """The old log goes before the new database comes: SQLite would bring one into the other."""
    pairs = list(zip(_family(path), _family(kept_as), strict=True))
    for old, kept in pairs:
        _keep(old, kept)
    try:
        for old, _ in pairs[1:]:
            old.unlink(missing_ok=True)
        fresh.replace(path)
    except OSError:
        # Without its log the old one lacks the latest answers, and the next repair would not miss them
        for old, kept in pairs:
            if not old.exists():
                _keep(kept, old)
        # All are back before any of what was kept goes, which may fail as well
        for _, kept in pairs:
            kept.unlink(missing_ok=True)
        raise
    close_aside(*_family(kept_as))
    sync(path.parent)


def _keep(one: Path, other: Path) -> None:
    """Give a file, if it is there, a second name, or a copy where that cannot be."""
    if one.exists():
        try:
            os.link(one, other)
        except OSError:
            shutil.copy2(one, other)


def _filled(path: Path, fresh: Path, judge: Judge) -> Salvage:
    create_file(fresh)
    fresh.chmod(path.stat().st_mode & 0o777)
    salvage = Salvage()
    try:
        with contextlib.closing(sqlite3.connect(fresh, isolation_level=None)) as sqlite:
            sqlite.execute("PRAGMA journal_mode = WAL")
            sqlite.execute("PRAGMA synchronous = FULL")
            sqlite.execute("BEGIN IMMEDIATE")
            migrations.migrator()(sqlite)
            fill(sqlite, path, salvage)
            make_whole(sqlite, salvage)
            counts.rebuild(sqlite.execute, judge)
            salvage.people = counts.missing(sqlite.execute)
            sqlite.execute("COMMIT")
            for pragma in ("integrity_check(1)", "foreign_key_check"):
                if (row := sqlite.execute(f"PRAGMA {pragma}").fetchone()) and row[0] != "ok":
                    raise StoreError(f"{fresh}: the new database is not sound ({row[0]}); {path.name} is as it was")
            sqlite.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    except sqlite3.Error as error:
        raise StoreError(
            f"{fresh}: the new database could not be written ({error}); {path.name} is as it was"
        ) from error
    return salvage
