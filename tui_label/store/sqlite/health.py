"""Whether a store is well: what works, what does not, and the command that mends it."""

from __future__ import annotations

import shlex
import shutil
import sqlite3
from pathlib import Path

from tui_label.core.moments import utc
from tui_label.core.text import number_of
from tui_label.core.timing import DAY_MS
from tui_label.store import counts, findings
from tui_label.store.base import Finding
from tui_label.store.sqlite import logs
from tui_label.store.sqlite.connection import SqliteConnection
from tui_label.store.sqlite.place import NETWORK, filesystem

SAFE_SQLITE = (3, 51, 3)
"""From here on a checkpoint cannot race a commit; our writers queue, others' may not."""
ROOM = 200 << 20
"""Bytes that should be free."""
LONG_LOG = 256 << 20


def check(connection: SqliteConnection, now: int) -> list[Finding]:
    folder = connection.path.parent
    counters = dict(connection.read("SELECT name, value FROM counter"))
    found = [(True, f"database {connection.path.name}: {number_of(counters.get('items', 0), 'item')}")]
    found += [(False, f"{words}; `{_repair(connection)}` counts anew") for words in counts.wrong(connection.read)]
    found += findings.textless(connection)
    found += _orphans(connection)
    found += _leases(connection, now)
    found += _drafts(connection)
    found += [
        _log(connection),
        _file_system(folder),
        _room(folder),
        findings.writing(connection),
    ]
    if sqlite3.sqlite_version_info < SAFE_SQLITE:
        words = f"SQLite {sqlite3.sqlite_version}: let no other program write to the database while people work"
        found.append((True, words))
    return found


def _repair(connection: SqliteConnection) -> str:
    return shlex.join(["tui-label", "repair", str(connection.path.parent)])


def _orphans(connection: SqliteConnection) -> list[Finding]:
    rows = connection.read("PRAGMA foreign_key_check")
    tables = ", ".join(sorted({f"{row[0]} without {row[2]}" for row in rows}))
    repair = f"`{_repair(connection)}` drops them"
    return [(False, f"{len(rows):,} rows belong to nothing ({tables}); {repair}")] if rows else []


def _leases(connection: SqliteConnection, now: int) -> list[Finding]:
    ((held, over, late),) = connection.read(
        """SELECT count(*), count(*) FILTER (WHERE lease_until < :now),
             count(*) FILTER (WHERE lease_until > :now + :day + (SELECT CAST(value AS INTEGER) FROM setting
               WHERE name = 'lease_ms')) FROM assignment WHERE state = 'leased'""",
        {"now": now, "day": DAY_MS},
    )
    words = f"{over:,} of them of people who are gone; those go back by themselves"
    found = [(True, f"in hand: {number_of(held, 'item')}, {words}")]
    if late:
        taken = f"taken in the future: {number_of(late, 'item')}"
        words = f"{taken}; this machine's clock was or is wrong, it says {utc(now)}"
        found.append((False, f"{words}; `timedatectl` shows it, the next claim mends the items"))
    return found


def _drafts(connection: SqliteConnection) -> list[Finding]:
    rows = connection.read(
        """SELECT annotator.name, count(*) FROM draft JOIN annotator ON annotator.id = draft.annotator
           JOIN item ON item.number = draft.item
           WHERE item.stage IN ('full', 'done') AND NOT EXISTS (SELECT 1 FROM assignment
             WHERE assignment.item = draft.item AND assignment.annotator = draft.annotator)
           GROUP BY 1 ORDER BY 1"""
    )
    people = ", ".join(f"{name} {count:,}" for name, count in rows)
    words = f"unfinished work on items that others have finished: {people}; `tui-label export --history` has it"
    return [(True, words)] if rows else []


def _log(connection: SqliteConnection) -> Finding:
    mode = connection.read("PRAGMA journal_mode")[0][0]
    if mode != "wal":
        return False, f"write-ahead log: {mode}; let everybody leave, then open the project once"
    log = logs.files(connection.path)[0]
    size = log.stat().st_size if log.exists() else 0
    words = f"write-ahead log: {size / 1e6:,.1f} MB"
    if size < LONG_LOG:
        return True, words
    return False, f"{words}: a program keeps reading; `fuser {connection.path}` says which, end it"


def _file_system(folder: Path) -> Finding:
    kind = filesystem(folder)
    return kind not in NETWORK, f"file system: {kind or 'unknown'}"


def _room(folder: Path) -> Finding:
    try:
        free = shutil.disk_usage(folder).free
    except OSError:
        return True, "room on the disk: unknown"
    words = f"room on the disk: {free / 1e6:,.0f} MB"
    return (
        (True, words) if free >= ROOM else (False, f"{words}; free some, `du -ah {folder} | sort -h` shows what is big")
    )
