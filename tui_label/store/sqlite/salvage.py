"""Every row that a damaged file still has, into the tables of a new one, and what follows from what is not there."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tui_label.store import versions
from tui_label.store.base import Policy
from tui_label.store.engine import Execute
from tui_label.store.rows import LOST_TEXT
from tui_label.store.schema import COUNTERS
from tui_label.store.sqlite.pages import INDEX_INSIDE, INDEX_LEAF, TABLE_INSIDE, TABLE_LEAF, Image, Page, Reader, Row

TYPES: dict[str, tuple[type, ...]] = {"INTEGER": (int,), "REAL": (int, float), "TEXT": (str,)}
JSON = {
    "annotation": ("answers", "origin", "flags", "decisions", "task_ms", "work", "listening"),
    "gold": ("answers", "sources", "origin"),
    "content": ("candidates", "meta", "sound"),
    "suggestion": ("value",),
    "version": ("renames",),
    "draft": ("work",),
}
"""Columns that tui-label reads as JSON: where it is none, the row is damaged."""


@dataclass
class Salvage:
    """What a repair came to."""

    tables: dict[str, tuple[int, int]] = field(default_factory=dict)
    """Rows saved, and rows known to be lost."""
    pages: int = 0
    """Pages that cannot be read, or that no table could be told for."""
    people: dict[str, int] = field(default_factory=dict)
    """How many revisions of each annotator are lost, where any are."""
    untold: int = 0
    """Items whose text is lost and that have answers: they stay, and nobody is asked about them."""


def no_json(table: str) -> str:
    """A condition: the row has a value that should be JSON, and is none."""
    return " OR ".join(f"({column} <> '' AND NOT json_valid({column}))" for column in JSON[table])


def own_tables(sqlite: sqlite3.Connection) -> list[str]:
    """Ours, in the order in which they were made."""
    rows = sqlite.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY rowid").fetchall()
    return [name for (name,) in rows if not name.startswith(("_", "sqlite_"))]


class Shape:
    """What rows of a table, or of an index, look like on a page."""

    def __init__(self, sqlite: sqlite3.Connection, table: str, index: str = "") -> None:
        self.table, self.index = table, index
        columns = {row[1]: row for row in sqlite.execute(f"PRAGMA table_info({table})")}
        keys = [row[1] for row in sorted(columns.values(), key=lambda row: row[5]) if row[5]]
        (words,) = sqlite.execute("SELECT sql FROM sqlite_master WHERE name = ?", (table,)).fetchone()
        self.rowless = "WITHOUT ROWID" in words
        self.alias = keys[0] if not self.rowless and len(keys) == 1 and columns[keys[0]][2] == "INTEGER" else ""
        if index:
            self.names = [row[2] or "rowid" for row in sqlite.execute(f"PRAGMA index_xinfo({index})")]
        elif self.rowless:
            self.names = keys + [name for name in columns if name not in keys]
        else:
            self.names = list(columns)
        of = [columns.get(name, (0, name, "INTEGER", 1)) for name in self.names]
        self._types = [
            TYPES[column[2]] + (() if column[3] and name != self.alias else (type(None),))
            for name, column in zip(self.names, of, strict=True)
        ]

    @property
    def kinds(self) -> tuple[int, int]:
        return (INDEX_INSIDE, INDEX_LEAF) if self.index or self.rowless else (TABLE_INSIDE, TABLE_LEAF)

    def fits(self, row: Row) -> bool:
        """Rows that were there before a column was added are shorter."""
        return 0 < len(row) <= len(self.names) and all(map(isinstance, row, self._types))

    def is_of(self, page: Page) -> bool:
        """Whether a page that nothing leads to can be one of this table."""
        whole = all(len(row) == len(self.names) and self.fits(row) for _, row in page.rows)
        return whole and page.kind in self.kinds

    def values(self, rowid: int, row: Row) -> tuple[Any, ...]:
        return tuple(rowid if name == self.alias else value for name, value in zip(self.names, row, strict=False))


def fill(sqlite: sqlite3.Connection, path: Path, salvage: Salvage) -> None:
    """Every row that can be read, into the table it is of."""
    reader = Reader(Image(path))
    tables = {name: Shape(sqlite, name) for name in own_tables(sqlite)}
    roots = _roots(reader)
    lost: Counter[str] = Counter()
    strays: list[Page] = []
    for name in tables:
        sqlite.execute(f"DELETE FROM {name}")
    for name, shape in tables.items():
        for page in reader.walk(roots.get(name, 0), shape.kinds):
            if page is None:
                salvage.pages += 1
            elif all(map(shape.fits, (row for _, row in page.rows))):
                lost[name] += page.broken + _insert(sqlite, shape, page)
            else:
                strays.append(page)
    keys = _keys(reader, {name: root for name, root in roots.items() if name not in tables})
    # Behind all that something leads to
    salvage.pages += _insert_strays(sqlite, tables, [*strays, *reader.lost()], lost)
    sqlite.execute("CREATE TEMP TABLE key_of(number INTEGER PRIMARY KEY, key TEXT)")
    sqlite.executemany("INSERT OR IGNORE INTO key_of VALUES (?, ?)", keys)
    for name in JSON:
        lost[name] += sqlite.execute(f"DELETE FROM {name} WHERE {no_json(name)}").rowcount
    for name in tables:
        (count,) = sqlite.execute(f"SELECT count(*) FROM {name}").fetchone()
        salvage.tables[name] = count, lost[name]


def _keys(reader: Reader, indexes: Mapping[str, int]) -> list[tuple[int, str]]:
    """The numbers and the keys of items, out of their index; the pages of all indexes are told to belong somewhere."""
    found: list[tuple[int, str]] = []
    for name, root in indexes.items():
        rows = [row for page in reader.walk(root, (INDEX_INSIDE, INDEX_LEAF)) if page for _, row in page.rows]
        if name == "sqlite_autoindex_item_1":
            found += [(row[1], row[0]) for row in rows if [type(one) for one in row] == [str, int]]
    return found


def _insert_strays(
    sqlite: sqlite3.Connection, tables: Mapping[str, Shape], pages: Sequence[Page], lost: Counter[str]
) -> int:
    """The rows of pages that nothing leads to, where they look like those of one table alone; how many pages do not."""
    decoys = [Shape(sqlite, table, index) for table, index in _indexes(sqlite)]
    untold = 0
    for page in pages:
        fitting = [shape for shape in (*tables.values(), *decoys) if page.rows and shape.is_of(page)]
        if len(fitting) == 1 and not fitting[0].index:
            lost[fitting[0].table] += page.broken + _insert(sqlite, fitting[0], page)
        elif page.kind in (TABLE_LEAF, INDEX_LEAF) and not any(shape.index for shape in fitting):
            untold += bool(page.rows or page.broken)
    return untold


def _roots(reader: Reader) -> dict[str, int]:
    """Where the trees begin; empty where the first page is lost."""
    found: dict[str, int] = {}
    for page in reader.walk(1, (TABLE_INSIDE, TABLE_LEAF)):
        for _, row in page.rows if page else ():
            if len(row) == 5 and isinstance(row[1], str) and isinstance(row[3], int) and row[3]:
                found[row[1]] = row[3]
    return found


def _indexes(sqlite: sqlite3.Connection) -> list[tuple[str, str]]:
    rows = sqlite.execute("SELECT tbl_name, name FROM sqlite_master WHERE type = 'index'").fetchall()
    own = set(own_tables(sqlite))
    return [(table, name) for table, name in rows if table in own]


def _insert(sqlite: sqlite3.Connection, shape: Shape, page: Page) -> int:
    """How many rows of the page could not be kept; one that is there already is none of them."""
    refused = 0
    for rowid, row in page.rows:
        values = shape.values(rowid, row)
        columns = ", ".join(f'"{name}"' for name in shape.names[: len(values)])
        try:
            sqlite.execute(
                f"INSERT INTO {shape.table}({columns}) VALUES ({', '.join('?' * len(values))}) ON CONFLICT DO NOTHING",
                values,
            )
        except sqlite3.IntegrityError:
            refused += 1
    return refused


def make_whole(sqlite: sqlite3.Connection, salvage: Salvage) -> None:
    """Make again what saved rows refer to and is lost, or drop these rows."""
    execute = sqlite.execute
    execute(f"{COUNTERS} ON CONFLICT DO NOTHING")
    people = " UNION ".join(
        f"SELECT annotator FROM {table}" for table in ("annotation", "draft", "returned", "assignment", "tally")
    )
    execute(
        f"INSERT INTO annotator SELECT annotator, 'unknown-' || annotator FROM ({people}) WHERE true ON CONFLICT DO NOTHING"
    )
    if {name for (name,) in execute("SELECT name FROM setting")} < set(versions.as_settings(Policy())):
        # What rules the queue is in project.yaml, and comes from there if none of it is here
        execute("DELETE FROM setting")
    _lost_items(execute, salvage)
    for kind, column in (("labels", "labels_version"), ("guidelines", "guidelines_version")):
        execute(
            f"""WITH RECURSIVE n(number) AS (SELECT 1 UNION ALL SELECT number + 1 FROM n
                  WHERE number < (SELECT max({column}) FROM annotation))
                INSERT INTO version(kind, number, text, recorded_at) SELECT '{kind}', number, '', '' FROM n
                WHERE number <= (SELECT max({column}) FROM annotation) ON CONFLICT DO NOTHING"""
        )
    _drop_orphans(sqlite)


def _lost_items(execute: Execute, salvage: Salvage) -> None:
    """An item that was talked about stays, by number if need be; one without text and answers comes back by `add`."""
    said = " UNION ".join(f"SELECT item FROM {table}" for table in ("annotation", "gold", "draft", "comment"))
    execute(
        f"""INSERT INTO item(number, key, stage, position, want, probe)
            SELECT item, coalesce((SELECT key FROM key_of WHERE number = item), 'lost-' || item), 'again', item,
              coalesce((SELECT CAST(value AS INTEGER) FROM setting WHERE name = 'overlap'), 1),
              CASE WHEN item IN (SELECT item FROM repeat) THEN 'repeat' ELSE '' END
            FROM ({said} UNION SELECT item FROM content) WHERE item NOT IN (SELECT number FROM item)
            ON CONFLICT DO NOTHING"""
    )
    execute(f"DELETE FROM item WHERE number NOT IN (SELECT item FROM content) AND number NOT IN ({said})")
    salvage.untold = execute("UPDATE item SET want = 0 WHERE number NOT IN (SELECT item FROM content)").rowcount
    execute(
        "INSERT INTO content(item, text) SELECT number, ? FROM item WHERE number NOT IN (SELECT item FROM content)",
        (LOST_TEXT,),
    )


def _drop_orphans(sqlite: sqlite3.Connection) -> None:
    """Parents were made before their children, so one round is enough."""
    for table in own_tables(sqlite):
        needed = {row[1] for row in sqlite.execute(f"PRAGMA table_info({table})") if row[3] or row[5]}
        for _, _, parent, column, key, *_ in sqlite.execute(f"PRAGMA foreign_key_list({table})").fetchall():
            act = f"DELETE FROM {table}" if column in needed else f"UPDATE {table} SET {column} = NULL"
            sqlite.execute(f"{act} WHERE {column} NOT IN (SELECT {key} FROM {parent})")
