"""The statements of one transaction on PostgreSQL, each sent without waiting for what the one before it gives.

Who asks for the rows of a statement waits for them, and for nothing behind it.  So a transaction waits as often as
it decides by what it read, and not as often as it says something.  An error shows when the statement is waited for,
at the latest at the end.

This is libpq's pipeline mode, by psycopg's own layer over it: psycopg's cursors cost several times as much as the
statements of a save.
"""

from __future__ import annotations

import select
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from itertools import count
from typing import Any

import psycopg
from psycopg import pq
from psycopg.adapt import PyFormat, Transformer

PREPARED_AFTER = 3
"""Times a statement is sent as it is before the server keeps it by a name."""
PREPARED = 300
AHEAD = 200
"""Rows of one statement on their way before somebody waits for them."""


class Sent:
    """A statement on its way, as a cursor."""

    def __init__(self, pipeline: Pipeline, named: Any = None) -> None:
        self._pipeline = pipeline
        self._rows: Iterator[Any] | None = None
        self.named = named
        """What the server knows by a name, where this went well."""
        self.result: pq.abc.PGresult | None = None

    @property
    def is_back(self) -> bool:
        return self.result is not None

    @property
    def rowcount(self) -> int:
        return self._there().command_tuples or 0

    def fetchone(self) -> Any:
        return next(self._left(), None)

    def fetchall(self) -> list[Any]:
        return list(self._left())

    def _left(self) -> Iterator[Any]:
        if self._rows is None:
            self._rows = iter(self._pipeline.rows(self._there()))
        return self._rows

    def _there(self) -> pq.abc.PGresult:
        if self.result is None:
            self._pipeline.wait_for(self)
        assert self.result is not None
        return self.result


class Pipeline:
    """Of one connection, which says nothing else between `open` and `close`."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self.is_open = False
        self._pg: pq.abc.PGconn = connection.pgconn
        self._values = Transformer(connection)
        self._waiting: deque[Sent] = deque()
        self._names: dict[Any, bytes] = {}
        self._numbers = count()
        self._uses: Counter[Any] = Counter()
        self._socket = select.poll()
        self._socket.register(self._pg.socket)

    def open(self) -> None:
        self._pg.enter_pipeline_mode()
        self.is_open = True

    def send(self, sql: bytes, arguments: Sequence[Any] = (), *, keep: bool = True) -> Sent:
        """`sql` with $1, $2 … for the arguments; `keep`: the server may keep it by a name, to be quick the next time."""
        values = self._values
        given = values.dump_sequence(arguments, [PyFormat.AUTO] * len(arguments))
        known = (sql, values.types)
        if keep and known not in self._names:
            self._uses[known] += 1
            if self._uses[known] > PREPARED_AFTER and len(self._names) < PREPARED:
                name = self._names[known] = b"s%d" % next(self._numbers)
                self._pg.send_prepare(name, sql, values.types)
                self._waiting.append(Sent(self, known))
        if keep and known in self._names:
            self._pg.send_query_prepared(self._names[known], given, values.formats)
        else:
            self._pg.send_query_params(sql, given, values.types, values.formats)
        sent = Sent(self)
        self._waiting.append(sent)
        return sent

    def many(self, sql: bytes, rows: Sequence[Sequence[Any]], *, keep: bool) -> int:
        """One statement for many rows; how many it wrote."""
        sent: deque[Sent] = deque()
        written = 0
        for row in rows:
            sent.append(self.send(sql, row, keep=keep))
            if len(sent) >= AHEAD:
                written += sent.popleft().rowcount
        return written + sum(one.rowcount for one in sent)

    def rows(self, result: pq.abc.PGresult) -> list[Any]:
        self._values.set_pgresult(result)
        return self._values.load_rows(0, result.ntuples, tuple)

    def wait_for(self, sent: Sent) -> None:
        """Raises the first error on the way there, as psycopg's."""
        self._pg.send_flush_request()
        while sent.result is None:
            self._take(self._received())

    def close(self) -> None:
        """Wait for all that is on its way; the first error comes out.  The connection is as before."""
        self.is_open = False
        self._pg.pipeline_sync()
        first: psycopg.Error | None = None
        while (result := self._received()) is None or result.status != pq.ExecStatus.PIPELINE_SYNC:
            try:
                self._take(result)
            except psycopg.Error as error:
                first = first or error
                if self._pg.status != pq.ConnStatus.OK:
                    break
        else:
            self._pg.exit_pipeline_mode()
        if first:
            raise first

    def _take(self, result: pq.abc.PGresult | None) -> None:
        if result is None:
            raise psycopg.OperationalError("the server closed the connection")
        sent = self._waiting.popleft() if self._waiting else None
        self._received()
        if sent is None or result.status in (pq.ExecStatus.FATAL_ERROR, pq.ExecStatus.PIPELINE_ABORTED):
            if sent and sent.named:
                del self._names[sent.named]
            raise psycopg.errors.error_from_result(result)
        sent.result = result

    def _received(self) -> pq.abc.PGresult | None:
        """The next result, or the end of one."""
        while self._pg.is_busy():
            unsent = self._pg.flush()
            self._socket.modify(self._pg.socket, select.POLLIN | (select.POLLOUT if unsent else 0))
            self._socket.poll()
            self._pg.consume_input()
        return self._pg.get_result()
