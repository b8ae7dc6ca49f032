"""One schema of a PostgreSQL database.

People write at the same time here.  A transaction is READ COMMITTED and locks the rows that it decides by; one
that met another (deadlock, serialization failure, the same new name at once) is run anew.

A server that is restarted or replaced takes its connections along.  Then this connects again and goes on.  A COMMIT
without an answer may have been done: the same transaction counts itself in `receipt`, where that is looked up.

What the wire-compatible relatives (CockroachDB, YugabyteDB, Citus) lack is not used: tests/store/test_portable.py.
Where they lack policies nobody gets a login of their own: `logins`.
"""

from __future__ import annotations

import contextlib
import random
import re
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from tui_label.core.project import Server
from tui_label.core.roles import Role
from tui_label.core.text import number_of
from tui_label.errors import (
    StoreAway,
    StoreBusy,
    StoreDamaged,
    StoreError,
    StoreFull,
    StoreMissing,
    StoreReadOnly,
    StoreRefused,
    StoreTooNew,
)
from tui_label.store import findings
from tui_label.store.base import Finding
from tui_label.store.copying import copy
from tui_label.store.engine import Execute, Result, together
from tui_label.store.postgres.spelling import SPELLING, Statement, defined, translated
from tui_label.store.schema import KNOWN, statements
from tui_label.store.sqlite.connection import BUSY_S, SqliteConnection, create_file

try:
    import psycopg
    from psycopg import sql as spelled
    from psycopg.types.numeric import Int8Dumper

    from tui_label.store.postgres import logins
    from tui_label.store.postgres.pipeline import Pipeline, Sent
except ImportError as error:
    raise StoreError(
        "a project on PostgreSQL needs psycopg; install it with pip install 'tui-label[postgres]'"
    ) from error

AGAIN = ("40001", "40P01", "23505", "23502")
"""Serialization failure, deadlock, two who wrote the same new row at once, and what was done meanwhile (a state of NULL,
which no row may have): the other is through when it is run anew.
"""
MADE_MEANWHILE = ("42P06", "42P07", "23505")
"""Somebody else made the schema or a table of it."""
LOCKED = "55P03"
"""A lock was waited for in vain."""
CANCELLED = "57014"
"""A statement took longer than the server lets it, or was ended by hand."""
AWAY = ("08", "57P", "25006")
"""The server goes down, comes up, or is a copy that cannot be written to."""
MISTAKEN = r"\b(invalid|bad value|unrecognized|not supported|does not support|certificate file|Servname)\b"
"""What is said of settings, by libpq or by a server that is there."""
READ_ONLY = "read-only|hot standby"
CROWDED = "too many (clients|connections)|connection slots|no more connections|query_wait_timeout"
"""The last two are a pooler's."""
PATIENCE_S = 3.0
"""How long a server may be away before that is said."""
TRIES = 100
CONNECT_S = 5
KEPT_MS = 7 * 86_400_000
"""Receipts of connections that are this old are of no use to anybody."""
OPTIONS = {
    "application_name": "tui-label",
    "connect_timeout": CONNECT_S,
    # A machine that vanished without a word is noticed
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 20_000,
}
SESSION = (
    "SET client_encoding TO 'UTF8'",
    # Somebody whose machine sleeps in the middle of a transaction holds others up no longer than this
    "SET idle_in_transaction_session_timeout = '30s'",
    # Who alters a table by hand and does not commit holds everybody up
    f"SET lock_timeout = '{BUSY_S:.0f}s'",
)
MARKED = (
    b"""SELECT CAST(CASE current_setting('tui_label.session', true) WHEN $1 THEN '1' ELSE 'another' END AS integer)"""
)
"""Fails in a session of the server that is not marked as this connection's."""
UNMARKED = ("22P02", "42P05", "26000")
"""So they fail; or the session knows a statement of another connection by a name, or none by ours."""
RECEIPT = b"""INSERT INTO receipt VALUES ($1,
      $2 / CAST($4 = 0 OR EXISTS (SELECT 1 FROM receipt WHERE id = $1 AND number >= $4) AS integer), $3)
    ON CONFLICT (id) DO UPDATE SET at = excluded.at,
      number = CASE WHEN receipt.number < excluded.number THEN excluded.number END"""
"""Fails where the transaction was given up: NULL may not stand there; and where the last one that was kept is not."""
REPLACED = "22012"
"""So it fails then."""
BESIDE = (
    "CREATE TABLE migration (name TEXT PRIMARY KEY) STRICT",
    "CREATE TABLE receipt (id TEXT PRIMARY KEY, number INTEGER NOT NULL, at INTEGER NOT NULL) STRICT",
    logins.LOGIN,
)


def _reason(error: psycopg.Error) -> str:
    """What the server says, in one line."""
    said = str(error).strip().split("\n")[0]
    return re.sub("^(connection (failed|is bad): )?(connection to server .* failed: FATAL: +)?", "", said)


class PostgresConnection:
    """A connection and its transactions; psycopg's errors come out as ours."""

    def __init__(self, server: Server, *, create: bool = False) -> None:
        self.server = server
        self.confined_to: str | None = None
        self._id = ""
        """Of its receipt, with the login that may write it at the end."""
        self._number = self._kept = 0
        """Of the latest transaction, and of the latest that is known to be kept."""
        self._begun_ms = 0
        """When the latest transaction began."""
        self._mark = ""
        """Of the server's session, where a pooler might give a transaction that of another connection."""
        self._pg: psycopg.Connection[Any]
        self._pipeline: Pipeline
        self._connect()
        try:
            with self.errors():
                self._look(create)
        except BaseException:
            self._pg.close()
            raise

    # coming and going

    def _connect(self) -> None:
        self._pg = self._connected()
        self._pipeline = Pipeline(self._pg)

    def _connected(self) -> psycopg.Connection[Any]:
        try:
            found = psycopg.connect(self.server.url, autocommit=True, prepare_threshold=None, **OPTIONS)  # type: ignore[arg-type]
            found.cursor_factory = psycopg.RawCursor
        except psycopg.Error as error:
            raise self._unreachable(error) from error
        try:
            self._make_own(found)
        except psycopg.Error as error:
            found.close()
            raise self._away(error) from error
        except StoreError:
            found.close()
            raise
        found.adapters.register_dumper(int, Int8Dumper)
        return found

    def _make_own(self, found: psycopg.Connection[Any]) -> None:
        """Settle what holds in the session; all at once, so that where the mark is, all else is too."""
        session, mark = found.execute(
            "SELECT pg_backend_pid(), coalesce(current_setting('tui_label.session', true), '')"
        ).fetchone() or (0, "")
        if mark:
            raise self._shared()
        settings = [*SESSION, f"SET search_path TO {spelled.Identifier(self.server.schema).as_string(found)}"]
        self._mark = "" if session == found.info.backend_pid else uuid.uuid4().hex
        if self._mark:
            settings.append(f"SET tui_label.session = '{self._mark}'")
        found.execute("; ".join(settings))

    def _mind_pooler(self, execute: Callable[[bytes, Sequence[Any]], object]) -> None:
        """First in each transaction: what comes after it fails where the session is not this connection's."""
        if self._mark:
            execute(MARKED, (self._mark,))

    def _look(self, create: bool) -> None:
        encoding = self._pg.info.parameter_status("server_encoding")
        if encoding != "UTF8":
            raise StoreError(f"{self}: the database's encoding is {encoding}; make one WITH ENCODING 'UTF8'")
        names = self._applied()
        if names is None:
            if not create:
                raise StoreMissing(f"{self}: the project is not there any more; restore its last backup, or leave")
            self._migrate()
        elif unknown := [name for name in names if name not in KNOWN]:
            raise StoreTooNew(f"{self}: written by a later version of tui-label ({unknown[-1]}); update tui-label")
        self._id = f"{uuid.uuid4().hex} {self._pg.execute('SELECT current_user').fetchone()[0]}"  # type: ignore[index]
        self.confined_to = logins.confined_to(self._pg)

    def _applied(self) -> list[str] | None:
        """The migrations that the schema has had; None where there is none of ours."""
        # What somebody may not use is shown here too, other than in information_schema
        tables = self._pg.execute(
            """SELECT relname FROM pg_catalog.pg_class JOIN pg_catalog.pg_namespace ON pg_namespace.oid = relnamespace
               WHERE nspname = $1 AND relkind IN ('r', 'v')""",
            (self.server.schema,),
        ).fetchall()
        if ("migration",) in tables:
            ours = spelled.SQL("SELECT name FROM {}.migration").format(spelled.Identifier(self.server.schema))
            return [name for (name,) in self._pg.execute(ours).fetchall()]
        if tables:
            raise StoreDamaged(
                f"{self}: the schema has tables that are not tui-label's; "
                f"name another at the end of the URL with ?schema=NAME"
            )
        return None

    def _migrate(self) -> None:
        schema = spelled.Identifier(self.server.schema)
        for _ in range(TRIES):
            try:
                with self._pg.transaction():
                    self._mind_pooler(self._pg.execute)
                    if not self._pg.execute(
                        "SELECT 1 FROM pg_catalog.pg_namespace WHERE nspname = $1", (self.server.schema,)
                    ).fetchone():
                        self._pg.execute(spelled.SQL("CREATE SCHEMA {}").format(schema))
                    for statement in (*BESIDE, *statements(SPELLING)):
                        self._pg.execute(defined(statement))
                    for name in KNOWN:
                        self._pg.execute("INSERT INTO migration VALUES ($1)", (name,))
                    logins.protect(self._pg)
                return
            except psycopg.Error as error:
                if error.sqlstate not in (*MADE_MEANWHILE, *AGAIN):
                    raise
                if self._applied() is not None:
                    return
        raise StoreBusy(f"{self}: others make the same schema; try again in a moment")

    def close(self) -> None:
        with contextlib.suppress(psycopg.Error):
            if self._number and not self._pg.closed:
                self._pg.execute("DELETE FROM receipt WHERE id = $1", (self._id,))
        self._pg.close()

    # statements

    def execute(self, sql: str, arguments: Sequence[Any] | dict[str, Any] = ()) -> Sent:
        if self._pipeline.is_open:
            return self._execute(sql, arguments)
        statement = translated(sql)
        with self.errors():
            return self._insist(lambda: self._ask(statement, arguments))

    def _ask(self, statement: Statement, arguments: Sequence[Any] | dict[str, Any]) -> Sent:
        """One statement that is a transaction of its own; it has come back."""
        self._pipeline.open()
        self._mind_pooler(partial(self._pipeline.send, keep=False))
        sent = self._pipeline.send(statement.sql, statement.given(arguments))
        self._pipeline.close()
        return sent

    def _execute(self, sql: str, arguments: Sequence[Any] | dict[str, Any] = ()) -> Sent:
        statement = translated(sql)
        return self._pipeline.send(statement.sql, statement.given(arguments))

    def read(self, sql: str, arguments: Sequence[Any] | dict[str, Any] = ()) -> list[Any]:
        return self.execute(sql, arguments).fetchall()

    def later(self, sql: str, arguments: Sequence[Any] | dict[str, Any] = ()) -> Callable[[], Any]:
        """It comes with the answer to COMMIT: where that was lost, it is asked for once more."""
        sent = self.execute(sql, arguments)
        return lambda: (sent if sent.is_back else self.execute(sql, arguments)).fetchone()

    def many(self, sql: str, rows: Sequence[Sequence[Any]]) -> int:
        # Which of many arguments are NULL differs from time to time: for the server each is another statement
        return sum(
            self._pipeline.many(translated(one).sql, given, keep=one is sql) for one, given in together(sql, rows)
        )

    def each(self, sql: str, rows: Sequence[Sequence[Any]]) -> list[list[Any]]:
        return [sent.fetchall() for sent in [self._execute(sql, row) for row in rows]]

    def write(self, work: Callable[[Execute], Result]) -> Result:
        done: list[Result] = []
        """What came out of a transaction whose COMMIT was not answered."""

        def transaction() -> Result:
            if done and self._is_kept():
                return done[0]
            done.clear()
            try:
                self._begin()
                done.append(work(self._execute))
                self._pipeline.send(b"COMMIT")
                self._pipeline.close()
                self._kept = self._number
                return done[0]
            except psycopg.Error as error:
                if not self._is_away(error):
                    done.clear()
                raise
            finally:
                self._end()

        with self.errors():
            return self._insist(transaction)

    def _begin(self) -> None:
        """With the receipt, so that the connection's own row is held until the transaction ends."""
        self._number += 1
        now = time.time_ns() // 1_000_000
        if now - self._begun_ms > KEPT_MS / 2:
            # By another clock its receipt may be of no use to anybody, and gone
            self._kept = 0
        self._begun_ms = now
        self._pipeline.open()
        self._pipeline.send(b"BEGIN ISOLATION LEVEL READ COMMITTED")
        self._mind_pooler(partial(self._pipeline.send, keep=False))
        if self._number == 1:
            self._pipeline.send(b"DELETE FROM receipt WHERE at < $1", (now - KEPT_MS,), keep=False)
        self._pipeline.send(RECEIPT, (self._id, self._number, now, self._kept))

    def _end(self) -> None:
        """After whatever went wrong; nothing to do where all went well."""
        with contextlib.suppress(psycopg.Error):
            if self._pipeline.is_open:
                self._pipeline.close()
        with contextlib.suppress(psycopg.Error):
            if not self._pg.closed and self._pg.info.transaction_status != psycopg.pq.TransactionStatus.IDLE:
                self._pg.execute("ROLLBACK")

    def _is_kept(self) -> bool:
        """Whether the last transaction was committed.  If the server is still at it, this waits for that; what is
        still on its way there fails when it comes.
        """
        with self._pg.transaction():
            self._mind_pooler(self._pg.execute)
            begun = "INSERT INTO receipt VALUES ($1, 0, $2) ON CONFLICT (id) DO NOTHING"
            self._pg.execute(begun, (self._id, time.time_ns() // 1_000_000))
            row = self._pg.execute("SELECT number FROM receipt WHERE id = $1 FOR UPDATE", (self._id,)).fetchone()
            if row is None or row[0] < self._kept:
                raise self._replaced()
            self._pg.execute("UPDATE receipt SET number = $1 WHERE id = $2", (self._number, self._id))
        self._kept = self._number
        return bool(row[0] == self._number)

    # going on

    def _insist(self, attempt: Callable[[], Result]) -> Result:
        """Anew where others were in the way, and where a server is back within `PATIENCE_S`."""
        until = time.monotonic() + PATIENCE_S
        for turn in range(TRIES):
            try:
                if self._pg.closed:
                    self._connect()
                return attempt()
            except (StoreAway, psycopg.Error) as error:
                if isinstance(error, StoreAway) or self._is_away(error):
                    self._pg.close()
                    if time.monotonic() > until:
                        raise
                    time.sleep(min(0.5, 0.02 * 2**turn))
                elif error.sqlstate in AGAIN:
                    time.sleep(random.random() * 0.002 * (turn + 1))
                else:
                    raise
        raise StoreBusy(f"{self}: others change the same all the time; try again in a moment")

    def _is_away(self, error: psycopg.Error) -> bool:
        return self._pg.broken or self._pg.closed or (error.sqlstate or "").startswith(AWAY)

    # words

    def __str__(self) -> str:
        return str(self.server)

    def _unreachable(self, error: psycopg.Error) -> StoreError:
        """A first connection that failed: by what the server says, for it has no code for it yet."""
        reason = _reason(error)
        if "authentication failed" in reason or "no password supplied" in reason:
            return StoreReadOnly(
                f"{self}: the server wants a password, or another one ({reason}); put it into ~/.pgpass or PGPASSWORD"
            )
        if re.search(r'(role|database) ".*" (does not exist|is not permitted)', reason) or "pg_hba" in reason:
            return StoreReadOnly(f"{self}: {reason}; ask who runs the server for it")
        if isinstance(error, psycopg.ProgrammingError) or re.search(MISTAKEN, reason):
            return StoreError(f"{self}: {reason}; mend `store` in project.yaml, or the PG… variable that says so")
        return self._away(error)

    def _away(self, error: psycopg.Error) -> StoreAway:
        if re.search(CROWDED, _reason(error)):
            return StoreAway(
                f"{self}: the database server takes no more connections ({_reason(error)}); "
                f"try again when others have left, nothing is lost"
            )
        if re.search(READ_ONLY, _reason(error)):
            return StoreAway(
                f"{self}: the database server can only be read from, as a standby ({_reason(error)}); "
                f"wait until it takes answers, or let `store` name one that does; nothing is lost"
            )
        return StoreAway(
            f"{self}: the database server is away ({_reason(error)}); try again when it is back, nothing is lost"
        )

    def _replaced(self) -> StoreError:
        return StoreError(
            f"{self}: the database was put back to an earlier state while open; "
            f"leave, start again, and see which of your last answers are missing"
        )

    def _shared(self) -> StoreError:
        return StoreError(
            f"{self}: a pooler gives each transaction another session of the server; "
            f"let it pool by session (pgbouncer: pool_mode = session), or name the server itself in `store`"
        )

    @contextlib.contextmanager
    def errors(self) -> Iterator[None]:
        try:
            yield
        except psycopg.Error as error:
            raise self._told(error) from error

    def _told(self, error: psycopg.Error) -> StoreError:
        """What the server refused, for a person."""
        state = error.sqlstate or ""
        reason = _reason(error)
        if self._is_away(error):
            return self._away(error)
        if state == REPLACED:
            return self._replaced()
        if self._mark and state in UNMARKED:
            return self._shared()
        user = self._pg.info.user
        if state == "42501" and "row-level security" in reason:
            return StoreRefused(
                f"{self}: the server knows you as {user} and takes what you write in that name only ({reason})"
            )
        if state == "42501" and self._is_let_in():
            # Who may do what is asked before: it was so when they started
            return StoreReadOnly(
                f"{self}: {user} has another role by now, which may not do that ({reason}); start again, or ask a lead"
            )
        if state == "42501":
            return StoreReadOnly(
                f"{self}: {reason}; a lead names {user} under `roles:` in project.yaml, and opens the project once"
            )
        if state == "53100":
            return StoreFull(f"{self}: no space left on the server's disk; nothing was lost, try again when there is")
        if state == "42P01" and (owner := self._owner_of_closed()):
            return StoreReadOnly(
                f"{self}: {user} has no part in the project any more; ask {owner}, who names people under "
                f"`roles:` in project.yaml"
            )
        if state == "42P01" and '"receipt"' in reason:
            return StoreError(f"{self}: the project was moved; leave, and start again with the project.yaml of today")
        if state in ("42P01", "3F000", "42703"):
            return StoreDamaged(f"{self}: not one of tui-label's any more ({reason}); restore the last backup")
        if state == CANCELLED:
            return StoreBusy(
                f"{self}: the server took too long for its own rule ({reason}); ask who runs it to give {user} more time"
            )
        if state == LOCKED:
            return StoreBusy(
                f"{self}: another session on the server has held a lock in the way for {BUSY_S:.0f} s; "
                f"end it, or try again when it is done"
            )
        if state in AGAIN:
            return StoreBusy(f"{self}: {reason}; try again in a moment")
        return StoreError(f"{self}: {reason}")

    def _is_let_in(self) -> bool:
        """Whether this login is one of those that the owner named."""
        with contextlib.suppress(psycopg.Error):
            return bool(self._pg.execute("SELECT 1 FROM login WHERE name = current_user").fetchall())
        return False

    def _owner_of_closed(self) -> str:
        """Whose the schema is, where this login may not look into it: there nothing is found."""
        with contextlib.suppress(psycopg.Error):
            for (owner,) in self._pg.execute(
                """SELECT pg_get_userbyid(nspowner) FROM pg_catalog.pg_namespace
                   WHERE nspname = $1 AND NOT has_schema_privilege(oid, 'USAGE')""",
                (self.server.schema,),
            ):
                return str(owner)
        return ""

    # what only an engine knows

    def has_text(self, column: str) -> str:
        """lower() leaves the one small letter alone that casefolding makes two."""
        return f"strpos(replace(lower({column} COLLATE \"default\"), 'ß', 'ss'), :text) > 0"

    def widen(self) -> None:
        """The server has its own memory."""

    def health(self, now: int) -> list[Finding]:
        counters = dict(self.read("SELECT name, value FROM counter"))
        version = self._pg.info.parameter_status("server_version")
        (durable,) = self.read("SELECT setting FROM pg_settings WHERE name = 'synchronous_commit'")[0]
        return [
            (True, f"PostgreSQL {version}, schema {self.server.schema}: {number_of(counters['items'], 'item')}"),
            (durable != "off", f"synchronous_commit: {durable}"),
            *findings.textless(self),
            findings.writing(self),
        ]

    def admit(self, people: Mapping[str, Role]) -> list[Finding]:
        with self.errors():
            return self._insist(lambda: logins.admit(self._pg, self.server.schema, people))

    def copy_to(self, path: str) -> None:
        """A project.db, of one moment."""
        create_file(Path(path))
        with contextlib.closing(SqliteConnection(Path(path), create=True)) as target, self.errors():
            self._pg.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
            try:
                copy(self, target)
            finally:
                with contextlib.suppress(psycopg.Error):
                    self._pg.execute("ROLLBACK")

    def check_in_place(self) -> None:
        """Where it was handed over nothing has that name."""
        self.read("SELECT 1 FROM receipt WHERE false")

    def hand_over(self, copy: Callable[[], None], then: Callable[[], None]) -> str:
        """Every transaction begins with its receipt.  Whoever has begun is waited for."""
        owner, mine, _ = self.read(logins.OWNED)[0]
        if not mine:
            raise StoreRefused(f"{self}: only {owner}, whose login made it, can move it away")
        self.execute("ALTER TABLE receipt RENAME TO moved")
        try:
            copy()
            then()
        except BaseException:
            self.execute("ALTER TABLE moved RENAME TO receipt")
            raise
        return str(self)

    def number_on(self, execute: Execute) -> None:
        for table, column in execute(
            """SELECT table_name, column_name FROM information_schema.columns
               WHERE table_schema = ? AND is_identity = 'YES'""",
            (self.server.schema,),
        ).fetchall():
            execute(
                f"""SELECT setval(pg_get_serial_sequence('{table}', '{column}'), coalesce(max({column}), 0) + 1, false)
                    FROM {table}"""
            ).fetchall()
