"""A store from one place to another: every table, read back and compared, and the old one closed."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import closing
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

from tui_label.errors import StoreError
from tui_label.store.engine import Connection, Execute, Read
from tui_label.store.schema import TABLES

PAGE = 2000
SIZE = 1 << 256
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
        total += sum(int.from_bytes(sha256(repr(row).encode()).digest(), "big") for row in page)
    return Digest(count, total % SIZE)


def copy(source: Connection, target: Connection) -> dict[str, int]:
    """All rows, and how many of each table, once what is in the target was compared; the source does not change meanwhile."""
    if any(target.read(f"SELECT EXISTS (SELECT 1 FROM {name})")[0][0] for name in ("item", "annotator")):
        raise StoreError(f"{target}: has a project already; choose another place")

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


def move(
    old: Connection, connect: Callable[[], Connection], new_file: Path | None, then: Callable[[], None]
) -> tuple[dict[str, int], str]:
    """Copy, then close the old store for good; how many rows, and where the old one is kept.

    `connect` makes the new one, in `new_file` if it is one; `then` puts it in force.  Where anything fails, the old one is.
    """
    if new_file is not None and new_file.exists():
        raise StoreError(f"{new_file}: is there already; move it out of the way")
    counts: dict[str, int] = {}

    def carry() -> None:
        with closing(connect()) as new:
            counts.update(copy(old, new))

    try:
        return counts, old.hand_over(carry, then)
    except BaseException:
        if new_file is not None:
            for end in ("", "-wal", "-shm"):
                Path(f"{new_file}{end}").unlink(missing_ok=True)
        raise
