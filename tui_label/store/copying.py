"""A store from one place to another: every table, read back and compared, and the old one closed."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple

from tui_label.core.project import Server
from tui_label.errors import StoreError
from tui_label.store.engine import Connection, Execute, Read
from tui_label.store.fingerprints import SIZE, digest
from tui_label.store.schema import COUNTERS, TABLES
from tui_label.store.sql import Place, connected
from tui_label.store.sqlite import logs

PAGE = 2000
Row = tuple[Any, ...]


class Table(NamedTuple):
    name: str
    key: str
    """The columns of its primary key."""


class Digest(NamedTuple):
    """What the rows of a table come to, in whatever order."""

    rows: int
    total: int


def tables() -> list[Table]:
    """In an order in which each comes after those it refers to."""
    found = re.findall(r"^CREATE TABLE (\w+) \((.*?)\) STRICT", TABLES, re.DOTALL | re.MULTILINE)
    return [Table(name, _key(columns)) for name, columns in found]


def _key(columns: str) -> str:
    composed = re.search(r"PRIMARY KEY \(([\w, ]+)\)", columns)
    return composed[1] if composed else re.findall(r"(\w+) \w+ PRIMARY KEY", columns)[0]


def _pages(read: Read, table: Table) -> Iterator[list[Row]]:
    size = table.key.count(",") + 1
    last: Row = ()
    while True:
        behind = f"WHERE ({table.key}) > ({', '.join('?' * size)})" if last else ""
        rows = read(
            f"SELECT {table.key}, {table.name}.* FROM {table.name} {behind} ORDER BY {table.key} LIMIT {PAGE}", last
        )
        if rows:
            yield [tuple(row[size:]) for row in rows]
        if len(rows) < PAGE:
            return
        last = tuple(rows[-1][:size])


def _digest(read: Read, table: Table) -> Digest:
    count = total = 0
    for page in _pages(read, table):
        count += len(page)
        total += sum(map(digest, page))
    return Digest(count, total % SIZE)


def refuse_taken(new: Place) -> None:
    """Raises StoreError where a project is already."""
    if isinstance(new, Server):
        with closing(connected(new, create=True)) as target:
            if target.read(_MOVED, (new.schema,)):
                raise StoreError(
                    f"{target}: has what was kept of a project that was moved away; where that is not needed any more, "
                    f"`{room_for(new)}` makes room for this one"
                )
            _refuse_filled(target)
    elif new.exists():
        raise StoreError(f"{new}: is there already; move it out of the way")


_MOVED = """SELECT 1 FROM pg_catalog.pg_class JOIN pg_catalog.pg_namespace ON pg_namespace.oid = relnamespace
    WHERE nspname = ? AND relname = 'moved'"""


def room_for(place: Place) -> str:
    """The statement by which a server deletes what is kept there; empty for a file."""
    return f"DROP SCHEMA {place.schema} CASCADE" if isinstance(place, Server) else ""


def _refuse_filled(target: Connection) -> None:
    if any(target.read(f"SELECT EXISTS (SELECT 1 FROM {name})")[0][0] for name in ("item", "annotator")):
        raise StoreError(f"{target}: has a project already; choose another place")


def copy(source: Connection, target: Connection) -> dict[str, int]:
    """Copy all rows into an empty target, read them back and compare; how many of each table there are.

    Nobody may write to the source meanwhile.
    """
    _refuse_filled(target)

    def fill(execute: Execute) -> None:
        for table in reversed(tables()):
            execute(f"DELETE FROM {table.name}")
        for table in tables():
            for page in _pages(source.read, table):
                target.many(f"INSERT INTO {table.name} VALUES ({', '.join('?' * len(page[0]))})", page)
        target.number_on(execute)

    target.write(fill)
    counts = {}
    for table in tables():
        here, there = _digest(source.read, table), _digest(target.read, table)
        if here != there:
            raise StoreError(f"{target}: {table.name} did not arrive as it was ({there.rows:,} of {here.rows:,} rows)")
        counts[table.name] = here.rows
    return counts


def move(old: Connection, new: Place, then: Callable[[], None]) -> tuple[dict[str, int], str]:
    """Copy, then close the old store for good; how many rows, and where the old one is kept.

    `then` puts the new one in force.  Where anything fails, the old one is, once `undo` was done.
    """
    counts: dict[str, int] = {}

    def carry() -> None:
        with closing(connected(new, create=True)) as target:
            counts.update(copy(old, target))

    return counts, old.hand_over(carry, then)


def undo(old: Place, new: Place) -> None:
    """After a move that ended in the middle: the old place takes answers again, and what came to the new one goes."""
    if isinstance(old, Path) and not old.exists():
        asides = [path for path in old.parent.glob(f"{old.name}.moved-*") if re.search(r"-\d{8}-\d{6}$", path.name)]
        if asides:
            max(asides).rename(old)
    with closing(connected(old, create=False)) as source:
        if isinstance(old, Server):
            source.execute("ALTER TABLE IF EXISTS moved RENAME TO receipt")
        if isinstance(new, Path):
            for file in (new, *logs.files(new)):
                file.unlink(missing_ok=True)
            return
        with closing(connected(new, create=True)) as target:
            if _is_copy(source, target):
                target.write(lambda execute: _empty(target, execute))


def _is_copy(source: Connection, target: Connection) -> bool:
    """Whether nothing is in the target but what came from the source: nobody worked there."""
    versions, newest = (
        "SELECT kind, number, text, recorded_at FROM version",
        "SELECT coalesce(max(submitted_at), '') FROM annotation",
    )
    here, there = ({tuple(row) for row in one.read(versions)} for one in (source, target))
    return there <= here and target.read(newest)[0][0] <= source.read(newest)[0][0]


def _empty(target: Connection, execute: Execute) -> None:
    """As it was made."""
    for table in reversed(tables()):
        execute(f"DELETE FROM {table.name}")
    execute(COUNTERS)
    target.number_on(execute)
