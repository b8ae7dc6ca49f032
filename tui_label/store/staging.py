"""Records on their way in: kept aside until all of them are read and checked.

They wait in a temporary SQLite database, which is in memory while it is small, then in a file
without a name: ten million records need no more memory than a thousand, and a process
that is killed leaves nothing behind.
"""

from __future__ import annotations

import marshal
import pickle
import sqlite3
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

from tui_label.core.annotation import Annotation
from tui_label.core.item import Item
from tui_label.core.record import Record
from tui_label.errors import StoreError
from tui_label.store.rows import key_from, key_text

PAGE = 1000
MEMORY_KIB = 16_000
COUNTED = 50_000
"""Contents that are counted in memory before they are put away."""


class Staging:
    """Records in their order, to be read as often as needed."""

    def __init__(self, records: Iterable[Record] = ()) -> None:
        self._sqlite = _aside()
        self._sqlite.execute(
            """CREATE TABLE record (number INTEGER PRIMARY KEY, key TEXT, content INTEGER, annotator TEXT, status TEXT,
               revision INTEGER, at TEXT, plain INTEGER, body BLOB)"""
        )
        self._waiting: list[tuple[Any, ...]] = []
        self.taken = 0
        """How many were appended."""
        self.append(*((record, None) for record in records))

    def close(self) -> None:
        self._sqlite.close()

    def __enter__(self) -> Staging:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def append(self, *records: tuple[Record, Annotation | None]) -> None:
        """Each with what its answer says of itself where `stands` is to choose among several of an annotator's."""
        for record, said in records:
            self.taken += 1
            plain, body = packed(record)
            who = (key_text(said.annotator), said.status, said.revision, said.submitted_at) if said else ("", "", 0, "")
            name, status, revision, at = who
            key = key_text(record.item.key)
            self._waiting.append((self.taken, key, hash(content(record.item)), name, status, revision, at, plain, body))
            if len(self._waiting) >= PAGE:
                self._put_away()

    def _put_away(self) -> None:
        if not self._waiting:
            return
        self._do_many("INSERT INTO record VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", self._waiting)
        self._waiting = []

    def __len__(self) -> int:
        return int(self._one("SELECT count(*) FROM record"))

    def __iter__(self) -> Iterator[Record]:
        for _, plain, body in self._rows("number, plain, body"):
            yield unpacked(plain, body)

    def contents(self) -> Iterator[tuple[str, int]]:
        """For each record the key of its item, and a number that two different contents hardly share."""
        return ((key_from(key), content) for _, key, content in self._rows("number, key, content"))

    def _rows(self, columns: str) -> Iterator[tuple[Any, ...]]:
        self._put_away()
        last = 0
        while page := self._read(
            f"SELECT {columns} FROM record WHERE number > ? ORDER BY number LIMIT {PAGE}", (last,)
        ):
            yield from page
            last = page[-1][0]

    def stands(self) -> int:
        """Keep, of several answers of an annotator about an item, the latest, in the place of the first; how many go."""
        self._put_away()
        same = "PARTITION BY key, annotator, content"
        self._do(
            f"""CREATE TEMP TABLE choice AS SELECT number, min(number) OVER ({same}) AS place,
                  row_number() OVER ({same} ORDER BY revision DESC, at DESC, number DESC) AS rank
                FROM record WHERE annotator <> ''"""
        )
        gone = self._do("DELETE FROM record WHERE number IN (SELECT number FROM choice WHERE rank > 1)").rowcount
        self._do(
            """UPDATE record SET number = choice.place FROM choice
               WHERE choice.number = record.number AND rank = 1 AND place <> choice.number"""
        )
        self._do("DROP TABLE choice")
        return gone

    def statuses(self, status: str) -> int:
        """How many answers are of a status."""
        return int(self._one("SELECT count(*) FROM record WHERE annotator <> '' AND status = ?", (status,)))

    def items(self, after: int = 0) -> int:
        """How many different items the records after the first `after` are about."""
        return int(self._one("SELECT count(DISTINCT key) FROM record WHERE number > ?", (after,)))

    def arrivals(self) -> int:
        """How often an item came: one that several annotators answered came once."""
        return int(
            self._one(
                """SELECT (SELECT count(*) FROM record WHERE annotator = '') + (SELECT count(*) FROM (
                     SELECT key FROM record WHERE annotator <> '' EXCEPT SELECT key FROM record WHERE annotator = ''))"""
            )
        )

    def torn(self) -> str | None:
        """The key of an item that is here with two contents."""
        rows = self._read(
            "SELECT key FROM record GROUP BY key HAVING min(content) <> max(content) ORDER BY min(number) LIMIT 1"
        )
        return key_from(rows[0][0]) if rows else None

    # SQLite's errors are those of the disk with the temporary files

    def _one(self, sql: str, values: tuple[Any, ...] = ()) -> Any:
        self._put_away()
        return self._read(sql, values)[0][0]

    def _read(self, sql: str, values: tuple[Any, ...] = ()) -> list[Any]:
        try:
            return self._sqlite.execute(sql, values).fetchall()
        except sqlite3.Error as error:
            raise _full(error) from error

    def _do(self, sql: str) -> sqlite3.Cursor:
        try:
            return self._sqlite.execute(sql)
        except sqlite3.Error as error:
            raise _full(error) from error

    def _do_many(self, sql: str, rows: list[tuple[Any, ...]]) -> None:
        try:
            self._sqlite.execute("BEGIN")
            self._sqlite.executemany(sql, rows)
            self._sqlite.execute("COMMIT")
        except sqlite3.Error as error:
            raise _full(error) from error


class Counts:
    """How often each of many things came: the latest in memory, all others aside."""

    def __init__(self) -> None:
        self._near: dict[tuple[str, str], int] = {}
        self._far: sqlite3.Connection | None = None

    def get(self, one: tuple[str, str], default: int, /) -> int:
        if one in self._near:
            return self._near[one]
        if self._far is None:
            return default
        row = self._far.execute("SELECT times FROM counted WHERE what = ? AND who = ?", one).fetchone()
        return int(row[0]) if row else default

    def __setitem__(self, one: tuple[str, str], times: int, /) -> None:
        self._near[one] = times
        if len(self._near) >= COUNTED:
            self._put_away()

    def _put_away(self) -> None:
        try:
            if self._far is None:
                self._far = _aside()
                self._far.execute(
                    "CREATE TABLE counted (what TEXT, who TEXT, times INTEGER, PRIMARY KEY (what, who)) WITHOUT ROWID"
                )
            self._far.execute("BEGIN")
            rows = ((*one, times) for one, times in sorted(self._near.items()))
            self._far.executemany("INSERT OR REPLACE INTO counted VALUES (?, ?, ?)", rows)
            self._far.execute("COMMIT")
        except sqlite3.Error as error:
            raise _full(error) from error
        self._near.clear()


def _aside() -> sqlite3.Connection:
    # Without a name: SQLite's own temporary file, gone with the process
    connection = sqlite3.connect("", isolation_level=None, check_same_thread=False)
    for setting in (f"cache_size = -{MEMORY_KIB}", "synchronous = OFF", "journal_mode = OFF"):
        connection.execute(f"PRAGMA {setting}")
    return connection


def _full(error: sqlite3.Error) -> StoreError:
    return StoreError(
        f"records could not be put aside ({error}); nothing was brought in: free some space for temporary files, or "
        "name another place for them in TMPDIR"
    )


def content(item: Item) -> tuple[object, ...]:
    """What makes two items the same one, whatever their ids."""
    return item.text, item.candidates, item.sound.content if item.sound else None


def packed(record: Record) -> tuple[int, bytes]:
    """A record as bytes for this process; 1: of nothing but a text, which is quicker."""
    item = record.item
    if not (record.annotation or record.gold or item.sound or record.suggestions):
        try:
            return 1, marshal.dumps((item.key, item.text, item.candidates, dict(item.meta), record.priority))
        except ValueError:
            pass
    return 0, pickle.dumps(record, pickle.HIGHEST_PROTOCOL)


def unpacked(plain: int, body: bytes) -> Record:
    if not plain:
        record: Record = pickle.loads(body)
        return record
    key, text, candidates, meta, priority = marshal.loads(body)
    return Record(Item(key, text, candidates, meta), (), None, priority)


def pages(records: Iterable[Record], size: int) -> Iterator[list[Record]]:
    """Lists of `size` records or more: neighbours about one item are in one list."""
    rest = iter(records)
    page: list[Record] = []
    while more := list(islice(rest, size)):
        page += more
        last = page[-1].item.key
        following = next(rest, None)
        while following is not None and following.item.key == last:
            page.append(following)
            following = next(rest, None)
        yield page
        page = [following] if following is not None else []
    if page:
        yield page
