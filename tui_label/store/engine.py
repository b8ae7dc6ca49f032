"""What the store needs of an engine: statements, and transactions that run as if nobody else were there.

The store's SQL is written once, for both engines.  An engine's own module knows what it spells otherwise.
Rows that a transaction decides by are read `FOR UPDATE`: SQLite has one writer at a time and is not told.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from functools import wraps
from itertools import chain
from typing import Any, Concatenate, ParamSpec, Protocol, TypeVar

from tui_label.core.roles import Role
from tui_label.store.base import Finding


class Cursor(Protocol):
    @property
    def rowcount(self) -> int: ...
    def fetchone(self) -> Any: ...
    def fetchall(self) -> list[Any]: ...


Execute = Callable[..., Cursor]
"""Takes a statement and its arguments."""
Read = Callable[..., list[Any]]
"""Takes a statement and its arguments, and gives all rows."""
Result = TypeVar("Result")
Parameters = ParamSpec("Parameters")


class Connection(Protocol):
    """One connection to a project's database; what goes wrong comes out as a `StoreError`."""

    @property
    def confined_to(self) -> str | None:
        """The annotator whose answers alone this connection sees, where the database holds people to theirs."""
        ...

    def admit(self, people: Mapping[str, Role]) -> list[Finding]:
        """Hold people with an access of their own to their role, where the database can."""
        ...

    def check_in_place(self) -> None:
        """Raises a StoreError where the database was moved away or replaced, which reads do not notice."""
        ...

    @property
    def execute(self) -> Execute:
        """For single statements outside a transaction."""
        ...

    def read(self, sql: str, arguments: Sequence[Any] | dict[str, Any] = ()) -> list[Any]:
        """All rows."""
        ...

    def write(self, work: Callable[[Execute], Result]) -> Result:
        """`work` in a transaction; when this returns, what was written is on disk.

        Where engines let people write at the same time, `work` may be run anew from its start: it changes
        nothing but the database.
        """
        ...

    def later(self, sql: str, arguments: Sequence[Any] | dict[str, Any] = ()) -> Callable[[], Any]:
        """Within a transaction: what gives the one row of a SELECT once it is over."""
        ...

    def many(self, sql: str, rows: Sequence[Sequence[Any]]) -> int:
        """Within a transaction: one statement for many rows; how many it wrote."""
        ...

    def each(self, sql: str, rows: Sequence[Sequence[Any]]) -> list[list[Any]]:
        """Within a transaction: all rows of a SELECT for each of many arguments."""
        ...

    def has_text(self, column: str) -> str:
        """A condition: the column has the argument `:text`, which is casefolded, in any case."""
        ...

    def widen(self) -> None:
        """Make room for somebody who searches all over the database."""
        ...

    def health(self, now: int) -> list[Finding]:
        """What of the engine is well and what not."""
        ...

    def copy_to(self, path: str) -> None:
        """A consistent copy, while people work."""
        ...

    def hand_over(self, copy: Callable[[], None], then: Callable[[], None]) -> str:
        """Do both while nobody can write; afterwards nobody ever can here.  Where all of it is kept then.

        Where one of them fails, all goes on as before.
        """
        ...

    def number_on(self, execute: Execute) -> None:
        """After rows came with their numbers: the next ones come behind them."""
        ...

    def close(self) -> None: ...


def reader(execute: Execute) -> Read:
    """Within a transaction what `Connection.read` is outside."""
    return lambda sql, arguments=(): execute(sql, arguments).fetchall()


def marks(values: Collection[object]) -> str:
    """A question mark for each, as between the brackets of IN."""
    return ", ".join("?" * len(values))


TOGETHER = 25
"""Rows that one INSERT takes: a row costs a third of what it does alone, and more rows gain nothing."""


def together(sql: str, rows: Sequence[Sequence[Any]]) -> Iterator[tuple[str, Sequence[Sequence[Any]]]]:
    """Statements for many rows, each with the arguments it is to be run with."""
    values = re.search(r"VALUES (\([?, ]+\))", sql)
    whole = len(rows) - len(rows) % TOGETHER if values else 0
    if values and whole:
        several = f"{sql[: values.end()]}{f', {values[1]}' * (TOGETHER - 1)}{sql[values.end() :]}"
        yield several, [[*chain(*rows[first : first + TOGETHER])] for first in range(0, whole, TOGETHER)]
    if rows[whole:]:
        yield sql, rows[whole:]


def writing(
    method: Callable[Concatenate[Any, Execute, Parameters], Result],
) -> Callable[Concatenate[Any, Parameters], Result]:
    """A method of a store that is one transaction."""

    @wraps(method)
    def whole(self: Any, /, *arguments: Parameters.args, **named: Parameters.kwargs) -> Result:
        return self._connection.write(lambda execute: method(self, execute, *arguments, **named))  # type: ignore[no-any-return]

    return whole
