"""The schema on a SQLite file, step by step, with what sqlite-utils keeps of the steps taken."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable

from tui_label.store.schema import KNOWN, SQLITE, statements

APPLICATION_ID = 0x7475694C  # "tuiL"


def migrator() -> Callable[[sqlite3.Connection], None]:
    """What brings a schema up to date, for whoever holds the write lock.

    It is asked for before: to load its library takes ten times as long as what it does, and all others would wait for that.
    Statements go one by one: a script would commit the caller's transaction.
    """
    from sqlite_utils import Database, Migrations

    migrations = Migrations("tui-label")

    @migrations(name=KNOWN[0])
    def _tables_and_views(db: Database) -> None:
        for statement in statements(SQLITE):
            db.execute(statement)
        db.execute(f"PRAGMA application_id = {APPLICATION_ID}")

    return lambda connection: migrations.apply(Database(connection, execute_plugins=False))


def is_foreign(connection: sqlite3.Connection) -> bool:
    """Whether another program made this database: not an empty file, and without our mark."""
    mark = connection.execute("PRAGMA application_id").fetchone()[0]
    tables = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
    return bool(tables) and mark != APPLICATION_ID


def applied(connection: sqlite3.Connection) -> list[str]:
    """Names of the migrations a database has had; empty for a new one."""
    found = connection.execute("SELECT 1 FROM sqlite_master WHERE name = '_sqlite_migrations'").fetchall()
    if not found:
        return []
    rows = connection.execute("SELECT name FROM _sqlite_migrations WHERE migration_set = 'tui-label'").fetchall()
    return [name for (name,) in rows]
