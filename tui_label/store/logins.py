"""What a PostgreSQL server lets somebody with a login of their own do: grants, and row-level security.

Whoever made the schema owns it and is held to nothing; so is a login that everybody shares.  All others are held to
their role by the server itself, whatever program they come with: their login is the name that their answers have.

Annotators read and write what is theirs.  Of others they see who holds or has skipped which item, for the queue
takes back what is held too long, and how much everybody has done.  They change what all share: the places of items
in the queue, and counters.  Nobody but the owner can change or remove an answer, or a known one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import psycopg
from psycopg.sql import SQL, Composed, Identifier

from tui_label.core.roles import Role
from tui_label.store.schema import VIEWS

LOGIN = "CREATE TABLE login (name TEXT PRIMARY KEY, role TEXT NOT NULL) STRICT"
"""Who was let in, as what."""
OWNED = """SELECT pg_get_userbyid(relowner), pg_has_role(current_user, relowner, 'MEMBER'), relrowsecurity
    FROM pg_catalog.pg_class WHERE oid = CAST('annotation' AS regclass)"""
"""Whose the schema is, whether this login is one of theirs, and whether there are policies."""

_MINE = "annotator = (SELECT id FROM annotator WHERE annotator.name = current_user)"
_TO_ME = "current_user IN (author, addressee)"
_SEES_ALL = "EXISTS (SELECT 1 FROM login WHERE login.name = current_user AND login.role <> 'annotator')"


class Rows(NamedTuple):
    """The rows of a table that are an annotator's: conditions on each."""

    read: str = _MINE
    added: str = _MINE
    before: str = _MINE
    """What they may change or remove."""
    after: str = _MINE
    """What it may be then."""


ROWS = {
    **dict.fromkeys(
        (
            *(
                "annotation",
                "draft",
                "flagged",
                "corrected",
                "sprint",
                "passed",
                "returned",
                "repeat",
                "attempt",
                "told",
            ),
        ),
        Rows(),
    ),
    "assignment": Rows(
        f"{_MINE} OR state <> 'done'", before=f"{_MINE} OR state = 'leased'", after=f"{_MINE} OR state <> 'done'"
    ),
    "tally": Rows("true"),
    "annotator": Rows("true", "name = current_user", "false", "false"),
    "comment": Rows(_TO_ME, "author = current_user", _TO_ME, _TO_ME),
    # Of what they have answered, to learn from it; and of the test, for its answers are shown as it is taken
    "gold": Rows(
        f"""EXISTS (SELECT 1 FROM assignment WHERE assignment.item = gold.item AND state = 'done' AND {_MINE})
            OR EXISTS (SELECT 1 FROM item WHERE item.number = gold.item AND item.probe = 'qualification')""",
        *("false",) * 3,
    ),
}
"""The tables that are not for everybody."""

_READ, _ADD, _CHANGE, _ALL = "SELECT", "SELECT, INSERT", "SELECT, INSERT, UPDATE", "SELECT, INSERT, UPDATE, DELETE"
ANNOTATORS = {
    **dict.fromkeys(("migration", "login", "setting", "version", "gold"), _READ),
    **dict.fromkeys(("annotator", "content", "suggestion", "annotation", "sprint", "attempt", "repeat"), _ADD),
    **dict.fromkeys(("counter", "item", "source", "tally", "comment", "returned"), _CHANGE),
    **dict.fromkeys(("receipt", "assignment", "draft", "passed", "flagged", "corrected", "told"), _ALL),
    "unweighed": _ADD,
}
REVIEWERS = {
    **dict.fromkeys(("consulted", *re.findall(r"CREATE VIEW (\w+)", VIEWS)), _READ),
    **ANNOTATORS,
    **dict.fromkeys(("reviewing", "unweighed", "comment"), _ALL),
    "gold": _ADD,
}
LEADS = REVIEWERS | dict.fromkeys(("setting", "version", "content", "suggestion", "source", "consulted"), _ALL)
GRANTS = {Role.ANNOTATOR: ANNOTATORS, Role.REVIEWER: REVIEWERS, Role.LEAD: LEADS}
"""What each role may say of which table."""


def protect(connection: psycopg.Connection[Any]) -> None:
    """Hold others than the owner to their rows, in the transaction that makes the tables, where the server can do that.

    CockroachDB takes no policies that look something up, nor does Citus for tables that it keeps elsewhere.
    """
    try:
        with connection.transaction():
            for statement in policies():
                connection.execute(statement.encode())
    except (psycopg.errors.FeatureNotSupported, psycopg.errors.InternalError):
        pass


def confined_to(connection: psycopg.Connection[Any]) -> str | None:
    """The login of this connection, where it reads and writes only what is its own."""
    owned = connection.execute(OWNED).fetchone()
    # By itself: in a statement about tables that Citus keeps elsewhere the name would be another there
    if (
        not owned
        or not owned[2]
        or connection.execute("SELECT row_security_active('annotation')").fetchone() != (True,)
    ):
        return None
    row = connection.execute(
        """SELECT current_user
           WHERE NOT EXISTS (SELECT 1 FROM login WHERE name = current_user AND role <> 'annotator')"""
    ).fetchone()
    return row[0] if row else None


def policies() -> Iterator[str]:
    """Statements that hold others than the owner to their rows."""
    for table, rows in ROWS.items():
        yield f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY"
        yield f"CREATE POLICY reviewers ON {table} USING ({_SEES_ALL})"
        yield f"CREATE POLICY reading ON {table} FOR SELECT USING ({rows.read})"
        yield f"CREATE POLICY adding ON {table} FOR INSERT WITH CHECK ({rows.added})"
        yield f"CREATE POLICY changing ON {table} FOR UPDATE USING ({rows.before}) WITH CHECK ({rows.after})"
        yield f"CREATE POLICY removing ON {table} FOR DELETE USING ({rows.before})"


def admit(connection: psycopg.Connection[Any], schema: str, people: Mapping[str, Role]) -> list[tuple[bool, str]]:
    """Let those of `people` who have a login do what their role says, and nobody else; `(ok, one line)` pairs about it.

    Only the owner can; whoever else calls this hears what is to be done.
    """
    owner, mine, is_protected = connection.execute(OWNED).fetchone() or ("", False, False)
    there = connection.execute("SELECT rolname FROM pg_catalog.pg_roles WHERE rolname = ANY($1)", (list(people),))
    wanted = {name: people[name].name.lower() for (name,) in there.fetchall() if name != owner}
    if wanted and not is_protected:
        return [
            (False, f"{', '.join(sorted(wanted))}: have no access, for this server cannot hold a login to its role "
                    f"(it takes no policies that look something up); let all use the login {owner}")
        ]  # fmt: skip
    before = dict(connection.execute("SELECT name, role FROM login").fetchall())
    if before != wanted and not mine:
        changed = ", ".join(sorted(name for name, _ in before.items() ^ wanted.items()))
        return [
            (False, f"{changed}: may do on the server what project.yaml no longer says; {owner} must open the project")
        ]
    if before != wanted:
        with connection.transaction():
            for statement in _changes(schema, before, wanted, people):
                connection.execute(statement)
            connection.execute("DELETE FROM login")
            for one in wanted.items():
                connection.execute("INSERT INTO login VALUES ($1, $2)", one)
    held = ", ".join(f"{name} ({role})" for name, role in sorted(wanted.items()))
    return [(True, f"held to their role by the server: {held}")] if held else []


def _changes(
    schema: str, before: Mapping[str, str], wanted: Mapping[str, str], people: Mapping[str, Role]
) -> Iterator[Composed]:
    for name, role in before.items():
        if wanted.get(name) != role:
            names = {"schema": Identifier(schema), "login": Identifier(name)}
            yield SQL("REVOKE ALL ON ALL TABLES IN SCHEMA {schema} FROM {login}").format(**names)
            yield SQL("REVOKE USAGE ON SCHEMA {schema} FROM {login}").format(**names)
    for name, role in wanted.items():
        if before.get(name) != role:
            names = {"schema": Identifier(schema), "login": Identifier(name)}
            yield SQL("GRANT USAGE ON SCHEMA {schema} TO {login}").format(**names)
            for table, rights in GRANTS[people[name]].items():
                yield SQL("GRANT " + rights + " ON {schema}.{table} TO {login}").format(
                    table=Identifier(table), **names
                )
