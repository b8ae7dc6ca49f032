"""Records on their way in: kept aside until all of them are read and checked.

They wait in a database of their own, which is in memory while it is small, then in a file without a name: ten million
records need no more memory than a thousand, and a process that is killed leaves nothing behind.  The project's own
database, wherever it is, hears of them when they come in.
"""

from __future__ import annotations

import pickle
import sqlite3
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from operator import itemgetter
from typing import Any, NamedTuple

from tui_label.core.annotation import SUBMITTED, Annotation
from tui_label.core.gold import Gold
from tui_label.core.item import Item
from tui_label.core.record import Record, place
from tui_label.errors import StoreError
from tui_label.store.engine import together
from tui_label.store.rows import (
    ANSWER,
    answer_from,
    answer_row,
    key_text,
    labels_text,
    sound_json,
    to_json,
    to_text,
)

PAGE = 1000
MEMORY_KIB = 8_000
COUNTED = 50_000
"""Contents that are counted in memory before they are put away."""
TABLES = (
    """CREATE TABLE arriving (number INTEGER PRIMARY KEY, key TEXT NOT NULL, content INTEGER NOT NULL,
         gold INTEGER NOT NULL, record BLOB NOT NULL, line INTEGER NOT NULL)""",
    "CREATE TABLE said (number INTEGER PRIMARY KEY, annotator TEXT, status TEXT, revision INTEGER, at TEXT)",
)
"""`record` has all that only the project's database needs; `said` is what an answer says of itself, for `stands`."""


Row = tuple[Any, ...]


class Arrival(NamedTuple):
    """A record as the store keeps it."""

    number: int
    """Its place among all."""
    key: str
    text: str
    escaped: int
    candidates: str | None
    meta: str | None
    sound: str | None
    priority: int
    probe: str
    annotator: str
    answer: Row | None
    """A finished answer: the columns ANSWER."""
    labels: str
    suggestions: Sequence[tuple[str, str, float | None, str]]
    """Task, value as it is stored, score and source of each."""
    gold: Gold | None

    @property
    def said(self) -> dict[str, Any]:
        """The answer by its columns."""
        return dict(zip(ANSWER, self.answer or (), strict=True))

    @property
    def annotation(self) -> Annotation:
        return answer_from((self.annotator, *self.said.values()))


class Staging:
    """Records in their order."""

    def __init__(self) -> None:
        with _disk():
            self._sqlite = _aside()
        for table in TABLES:
            self._do(table)
        self._waiting: list[Row] = []
        self._said: list[Row] = []
        self._files: list[tuple[int, str]] = []
        """The first record of each file, and what it is called."""
        self.taken = 0
        """How many were appended."""
        self.is_sifted = False
        """Whether nothing in it is in the way of what is here."""

    def close(self) -> None:
        self._sqlite.close()

    def __enter__(self) -> Staging:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def begin(self, name: str) -> None:
        """What comes now is from this file."""
        self._files.append((self.taken + 1, name))

    def place(self, number: int) -> str:
        """Where a record is, in words; empty where it is from no file."""
        begun = bisect_right(self._files, number, key=itemgetter(0))
        if not begun:
            return ""
        first, name = self._files[begun - 1]
        return place(name, self._one("SELECT line FROM arriving WHERE number = ?", (number,)), number - first + 1)

    def leave_out(self, key: str) -> None:
        """All that came about an item, by its stored key."""
        self._do("CREATE INDEX IF NOT EXISTS arriving_key ON arriving(key)")
        self._do("DELETE FROM said WHERE number IN (SELECT number FROM arriving WHERE key = ?)", (key,))
        self._do("DELETE FROM arriving WHERE key = ?", (key,))

    def append(self, record: Record, said: Annotation | None = None, line: int = 0) -> None:
        """`said`: what its answer says of itself, where `stands` is to choose among several of an annotator's.

        `line`: where it begins in its file, if that is known.
        """
        self.taken += 1
        item, given = record.item, record.annotation
        answer = given if given and given.status == SUBMITTED else None
        text, escaped = to_text(item.text)
        stored = (
            text,
            escaped,
            to_json(list(item.candidates)) if item.candidates else None,
            to_json(dict(item.meta)) if item.meta else None,
            sound_json(item.sound),
            int(record.priority),
            record.probe if record.gold else "",
            answer.annotator if answer else "",
            answer_row(answer) if answer else None,
            labels_text(answer.answers) if answer else "",
            [
                (one.task, to_json(one.value), None if one.score is None else float(one.score), one.source)
                for one in record.suggestions
            ],
            record.gold,
        )
        self._waiting.append(
            (
                self.taken,
                key_text(item.key),
                hash(content(item)),
                record.gold is not None,
                pickle.dumps(stored, pickle.HIGHEST_PROTOCOL),
                line,
            )
        )
        if said:
            self._said.append((self.taken, key_text(said.annotator), said.status, said.revision, said.submitted_at))
        if len(self._waiting) >= PAGE:
            self._put_away()

    def _put_away(self) -> None:
        self._do_many("INSERT INTO arriving VALUES (?, ?, ?, ?, ?, ?)", self._waiting)
        self._do_many("INSERT INTO said VALUES (?, ?, ?, ?, ?)", self._said)
        self._waiting, self._said = [], []

    def __len__(self) -> int:
        return int(self._one("SELECT count(*) FROM arriving"))

    def between(self, first: int, last: int) -> list[Arrival]:
        rows = self._read("SELECT number, key, record FROM arriving WHERE number BETWEEN ? AND ?", (first, last))
        return [Arrival._make((number, key, *pickle.loads(stored))) for number, key, stored in rows]

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
        same = "PARTITION BY key, annotator, content"
        self._do(
            f"""CREATE TABLE choice AS SELECT number, min(number) OVER ({same}) AS place,
                  row_number() OVER ({same} ORDER BY revision DESC, at DESC, number DESC) AS rank
                FROM arriving JOIN said USING (number)"""
        )
        gone = self._do("DELETE FROM arriving WHERE number IN (SELECT number FROM choice WHERE rank > 1)")
        self._do("DELETE FROM said WHERE number IN (SELECT number FROM choice WHERE rank > 1)")
        for table in ("arriving", "said"):
            self._do(
                f"""UPDATE {table} SET number = choice.place FROM choice
                    WHERE choice.number = {table}.number AND rank = 1 AND place <> choice.number"""
            )
        self._do("DROP TABLE choice")
        return gone

    def statuses(self, status: str) -> int:
        """How many answers are of a status."""
        return int(self._one("SELECT count(*) FROM said WHERE status = ?", (status,)))

    def items(self, after: int = 0) -> int:
        """How many different items the records after the first `after` are about."""
        return int(self._one("SELECT count(DISTINCT key) FROM arriving WHERE number > ?", (after,)))

    def arrivals(self) -> int:
        """How often an item came: one that several annotators answered came once."""
        return int(
            self._one(
                """WITH unsaid AS (SELECT key FROM arriving WHERE number NOT IN (SELECT number FROM said))
                   SELECT (SELECT count(*) FROM unsaid) + (SELECT count(*) FROM (
                     SELECT key FROM arriving JOIN said USING (number) EXCEPT SELECT key FROM unsaid))"""
            )
        )

    def torn(self) -> list[tuple[str, int]]:
        """The stored keys of items that came with two contents, and the number of the first record with the other one."""
        return self._read(
            """WITH torn AS (SELECT key, min(number) AS first FROM arriving GROUP BY key
                 HAVING min(content) <> max(content))
               SELECT torn.key, min(number) FROM arriving JOIN torn USING (key)
               WHERE content <> (SELECT content FROM arriving WHERE number = torn.first)
               GROUP BY torn.key ORDER BY min(number)"""
        )

    def has_gold(self) -> bool:
        return bool(self._one("SELECT EXISTS (SELECT 1 FROM arriving WHERE gold)"))

    # known answers about items that are here under another id

    def strange(self, known: Callable[[list[str]], Iterable[str]]) -> bool:
        """Look for the items that known answers are about and that are not here by their keys; whether there are any.

        `known`: which of some stored keys are here.
        """
        self._put_away()
        self._do(
            """CREATE TABLE strange AS SELECT key, content, min(number) AS first FROM arriving WHERE gold
               GROUP BY key, content"""
        )
        self._do("CREATE INDEX strange_content ON strange(content)")
        self._do("CREATE INDEX strange_key ON strange(key)")
        self._do("CREATE TABLE here (content INTEGER, key TEXT)")
        last = 0
        while rows := self._read(
            f"SELECT rowid, key FROM strange WHERE rowid > ? ORDER BY rowid LIMIT {PAGE}", (last,)
        ):
            self._do_many("DELETE FROM strange WHERE key = ?", [(key,) for key in known([key for _, key in rows])])
            last = rows[-1][0]
        return bool(self._one("SELECT EXISTS (SELECT 1 FROM strange)"))

    def offer(self, items: Iterable[tuple[str, Item]]) -> None:
        """Items that are here, with their stored keys: those that are looked for are kept."""
        self._do_many(
            "INSERT INTO here SELECT DISTINCT content, ? FROM strange WHERE content = ?",
            [(key, hash(content(item))) for key, item in items],
        )

    def recognise(self) -> None:
        """The first of several known answers about a content is for the first such item, and so on."""
        self._do(
            """UPDATE arriving SET key = found.key FROM
                 (SELECT key, content, row_number() OVER (PARTITION BY content ORDER BY first) AS place FROM strange)
                   AS strange
                 JOIN (SELECT key, content, row_number() OVER (PARTITION BY content ORDER BY key) AS place FROM here)
                   AS found ON found.content = strange.content AND found.place = strange.place
               WHERE arriving.key = strange.key AND arriving.gold"""
        )

    def _one(self, sql: str, values: Row = ()) -> Any:
        return self._read(sql, values)[0][0]

    def _read(self, sql: str, values: Row = ()) -> list[Any]:
        self._put_away()
        with _disk():
            return self._sqlite.execute(sql, values).fetchall()

    def _do(self, sql: str, values: Row = ()) -> int:
        with _disk():
            return self._sqlite.execute(sql, values).rowcount

    def _do_many(self, sql: str, rows: Sequence[Row]) -> None:
        if rows:
            with _disk():
                self._sqlite.execute("BEGIN")
                for one, given in together(sql, rows):
                    self._sqlite.executemany(one, given)
                self._sqlite.execute("COMMIT")


@contextmanager
def _disk() -> Iterator[None]:
    """What goes wrong is wrong with the disk with the temporary files."""
    try:
        yield
    except sqlite3.Error as error:
        raise StoreError(
            f"records could not be put aside ({error}); nothing was brought in: free some space for "
            "temporary files, or name another place for them in TMPDIR"
        ) from error


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
