"""Records on their way in: kept aside until all of them are read and checked.

They wait in a temporary table of the store's own connection, which is in memory while it is small, then in a
file without a name: ten million records need no more memory than a thousand, and a process that is killed leaves
nothing behind.  They wait in the shape of the store's tables, so that few statements bring them in.
"""

from __future__ import annotations

import marshal
import pickle
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from tui_label.core.annotation import SUBMITTED, Annotation
from tui_label.core.gold import Gold
from tui_label.core.item import Item
from tui_label.core.record import Record
from tui_label.errors import StoreError
from tui_label.store.engine import Connection
from tui_label.store.rows import ANSWER, answer_row, key_from, key_text, labels_text, sound_json, to_json, to_text

PAGE = 1000
MEMORY_KIB = 16_000
COUNTED = 50_000
"""Contents that are counted in memory before they are put away."""
ITEM = ("number", "key", "content", "text", "escaped", "candidates", "meta", "sound", "priority", "probe")
REST = ("said_by", "said_status", "said_revision", "said_at", "annotator", *ANSWER, "labels", "suggestions", "gold")
"""Beside the item: `said_…` is what an answer says of itself, for `stands`."""
TABLE = f"""CREATE TEMP TABLE arriving (
    number INTEGER PRIMARY KEY, key TEXT NOT NULL, content BIGINT NOT NULL, text TEXT NOT NULL,
    escaped INTEGER NOT NULL, candidates TEXT, meta TEXT, sound TEXT, priority INTEGER NOT NULL, probe TEXT NOT NULL,
    said_by TEXT, said_status TEXT, said_revision INTEGER, said_at TEXT, annotator TEXT,
    {", ".join(f"{name} {kind}" for name, kind in ANSWER.items())}, labels TEXT, suggestions BLOB, gold BLOB)"""


Row = tuple[Any, ...]


class Staging:
    """Records in their order, in the table `arriving`; one at a time on a connection."""

    def __init__(self, connection: Connection, records: Iterable[Record] = ()) -> None:
        self._connection = connection
        self._do(TABLE)
        self._items: list[Row] = []
        self._whole: list[Row] = []
        self.taken = 0
        """How many were appended."""
        for record in records:
            self.append(record)

    def close(self) -> None:
        self._do("DROP TABLE IF EXISTS arriving")

    def __enter__(self) -> Staging:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def append(self, record: Record, said: Annotation | None = None) -> None:
        """`said`: what its answer says of itself, where `stands` is to choose among several of an annotator's."""
        self.taken += 1
        item = record.item
        text, escaped = to_text(item.text)
        row = (
            self.taken,
            key_text(item.key),
            hash(content(item)),
            text,
            escaped,
            to_json(list(item.candidates)) if item.candidates else None,
            to_json(dict(item.meta)) if item.meta else None,
            sound_json(item.sound),
            record.priority,
            record.probe if record.gold else "",
        )
        if record.annotation or record.suggestions or record.gold or said:
            self._whole.append((*row, *_rest(record, said)))
        else:
            self._items.append(row)
        if len(self._items) + len(self._whole) >= PAGE:
            self._put_away()

    def _put_away(self) -> None:
        for columns, rows in ((ITEM, self._items), ((*ITEM, *REST), self._whole)):
            if rows:
                self._do_many(
                    f"INSERT INTO arriving({', '.join(columns)}) VALUES ({', '.join('?' * len(columns))})", rows
                )
        self._items, self._whole = [], []

    def __len__(self) -> int:
        return int(self._one("SELECT count(*) FROM arriving"))

    def steps(self, size: int) -> Iterator[tuple[int, int]]:
        """First and last number of about `size` records each: neighbours about one item are in one step."""
        first, end = 1, self.taken + 1
        while first < end:
            following = self._one(
                """SELECT coalesce((SELECT number FROM arriving WHERE number >= ? AND key <> (
                     SELECT key FROM arriving WHERE number < ? ORDER BY number DESC LIMIT 1) ORDER BY number LIMIT 1), ?)""",
                (first + size, first + size, end),
            )
            yield first, following - 1
            first = following

    def stands(self) -> int:
        """Keep, of several answers of an annotator about an item, the latest, in the place of the first; how many go."""
        self._put_away()
        same = "PARTITION BY key, said_by, content"
        self._do(
            f"""CREATE TEMP TABLE choice AS SELECT number, min(number) OVER ({same}) AS place,
                  row_number() OVER ({same} ORDER BY said_revision DESC, said_at DESC, number DESC) AS rank
                FROM arriving WHERE said_by IS NOT NULL"""
        )
        gone = self._do("DELETE FROM arriving WHERE number IN (SELECT number FROM choice WHERE rank > 1)")
        self._do(
            """UPDATE arriving SET number = choice.place FROM choice
               WHERE choice.number = arriving.number AND rank = 1 AND place <> choice.number"""
        )
        self._do("DROP TABLE choice")
        return gone

    def statuses(self, status: str) -> int:
        """How many answers are of a status."""
        return int(self._one("SELECT count(*) FROM arriving WHERE said_status = ?", (status,)))

    def items(self, after: int = 0) -> int:
        """How many different items the records after the first `after` are about."""
        return int(self._one("SELECT count(DISTINCT key) FROM arriving WHERE number > ?", (after,)))

    def arrivals(self) -> int:
        """How often an item came: one that several annotators answered came once."""
        return int(
            self._one(
                """SELECT (SELECT count(*) FROM arriving WHERE said_by IS NULL) + (SELECT count(*) FROM (
                     SELECT key FROM arriving WHERE said_by IS NOT NULL
                     EXCEPT SELECT key FROM arriving WHERE said_by IS NULL) AS answered)"""
            )
        )

    def torn(self) -> str | None:
        """The key of an item that is here with two contents."""
        rows = self._read(
            "SELECT key FROM arriving GROUP BY key HAVING min(content) <> max(content) ORDER BY min(number) LIMIT 1"
        )
        return key_from(rows[0][0]) if rows else None

    def has(self, column: str) -> bool:
        """Whether any record has `suggestions`, `gold` or `answers`."""
        return bool(self._one(f"SELECT EXISTS (SELECT 1 FROM arriving WHERE {column} IS NOT NULL)"))

    # known answers about items that are here under another id

    def strange(self) -> bool:
        """Look for the items that known answers are about and that are not here by their keys; whether there are any."""
        self._put_away()
        self._do(
            """CREATE TEMP TABLE strange AS SELECT key, content,
                 row_number() OVER (PARTITION BY content ORDER BY min(number)) AS place
               FROM arriving WHERE gold IS NOT NULL AND NOT EXISTS (SELECT 1 FROM item WHERE item.key = arriving.key)
               GROUP BY key, content"""
        )
        self._do("CREATE INDEX strange_content ON strange(content)")
        self._do("CREATE TEMP TABLE here (content BIGINT, key TEXT)")
        return bool(self._one("SELECT EXISTS (SELECT 1 FROM strange)"))

    def offer(self, items: Iterable[tuple[str, Item]]) -> None:
        """Items that are here, with their stored keys: those that `strange` looks for are kept."""
        self._do_many(
            "INSERT INTO here SELECT content, ? FROM strange WHERE content = ? AND place = 1",
            [(key, hash(content(item))) for key, item in items],
        )

    def recognise(self) -> None:
        """The first of several known answers about a content is for the first such item, and so on."""
        self._do(
            """UPDATE arriving SET key = found.key FROM strange JOIN (
                 SELECT key, content, row_number() OVER (PARTITION BY content ORDER BY key) AS place FROM here
               ) AS found ON found.content = strange.content AND found.place = strange.place
               WHERE arriving.key = strange.key AND arriving.gold IS NOT NULL"""
        )
        self._do("DROP TABLE strange")
        self._do("DROP TABLE here")

    def _one(self, sql: str, values: Row = ()) -> Any:
        self._put_away()
        return self._read(sql, values)[0][0]

    def _read(self, sql: str, values: Row = ()) -> list[Any]:
        with _disk():
            return self._connection.execute(sql, values).fetchall()

    def _do(self, sql: str) -> int:
        with _disk():
            return self._connection.execute(sql).rowcount

    def _do_many(self, sql: str, rows: list[Row]) -> None:
        with _disk():
            self._connection.aside(sql, rows)


@contextmanager
def _disk() -> Iterator[None]:
    """What goes wrong is wrong with the disk with the temporary files."""
    try:
        yield
    except (StoreError, sqlite3.Error) as error:
        raise StoreError(
            f"records could not be put aside ({error.__cause__ or error}); nothing was brought in: free some space for "
            "temporary files, or name another place for them in TMPDIR"
        ) from error


def _rest(record: Record, said: Annotation | None) -> Row:
    """The columns REST."""
    itself = (key_text(said.annotator), said.status, said.revision, said.submitted_at) if said else (None,) * 4
    given = record.annotation
    suggestions = [(one.task, to_json(one.value), one.score, one.source) for one in record.suggestions]
    return (
        *itself,
        *(_given(given) if given and given.status == SUBMITTED else (None,) * (len(ANSWER) + 2)),
        marshal.dumps(suggestions) if suggestions else None,
        pickle.dumps(record.gold) if record.gold else None,
    )


def _given(annotation: Annotation) -> Row:
    return annotation.annotator, *answer_row(annotation), labels_text(annotation.answers)


def suggestions_from(stored: bytes) -> list[tuple[str, str, float | None, str]]:
    """Task, value as it is stored, score and source of each."""
    found: list[tuple[str, str, float | None, str]] = marshal.loads(stored)
    return found


def gold_from(stored: bytes) -> Gold:
    gold: Gold = pickle.loads(stored)
    return gold


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
        with _disk():
            if self._far is None:
                self._far = _aside()
                self._far.execute(
                    "CREATE TABLE counted (what TEXT, who TEXT, times INTEGER, PRIMARY KEY (what, who)) WITHOUT ROWID"
                )
            self._far.execute("BEGIN")
            rows = ((*one, times) for one, times in sorted(self._near.items()))
            self._far.executemany("INSERT OR REPLACE INTO counted VALUES (?, ?, ?)", rows)
            self._far.execute("COMMIT")
        self._near.clear()


def _aside() -> sqlite3.Connection:
    # Without a name: SQLite's own temporary file, gone with the process
    connection = sqlite3.connect("", isolation_level=None, check_same_thread=False)
    for setting in (f"cache_size = -{MEMORY_KIB}", "synchronous = OFF", "journal_mode = OFF"):
        connection.execute(f"PRAGMA {setting}")
    return connection


def content(item: Item) -> tuple[object, ...]:
    """What makes two items the same one, whatever their ids."""
    return item.text, item.candidates, item.sound.content if item.sound else None
