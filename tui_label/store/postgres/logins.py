"""What a PostgreSQL server lets somebody with a login of their own do: grants, and row-level security.

Whoever made the schema owns it and is held to nothing; so is a login that everybody shares.  All others are held to
their role by the server itself, whatever program they come with: their login is the name that their answers have.

Everybody writes in their own name.  Annotators read what is theirs, and of others who holds or has skipped which item,
for the queue takes back what is held too long, and how much everybody has done.  They change what all share: the
places of items in the queue, and counters.  Reviewers read everything; of what is others' they write what follows from
their reviews, and it is never which answer stands.  Leads add answers in anybody's name, for so do imports.  Nobody but
the owner can change or remove an answer, or a known one.

A grant names the columns that the store writes, a policy the rows.  A policy sees what a row becomes and not what it
was: for that it looks into a view of the owner's.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from hashlib import sha256
from typing import Any, NamedTuple

import psycopg
from psycopg.sql import SQL, Composed, Identifier, Literal

from tui_label.core.roles import Role
from tui_label.store.base import Finding
from tui_label.store.postgres import readable
from tui_label.store.schema import VIEWS

LOGIN = "CREATE TABLE login (name TEXT PRIMARY KEY, role TEXT NOT NULL) STRICT"
"""Who was let in, as what."""
OWNED = """SELECT pg_get_userbyid(relowner), pg_has_role(current_user, relowner, 'MEMBER'), relrowsecurity
    FROM pg_catalog.pg_class WHERE oid = CAST('annotation' AS regclass)"""
"""Whose the schema is, whether this login is one of theirs, and whether there are policies."""

_MINE = "annotator = (SELECT id FROM annotator WHERE annotator.name = current_user)"
_REVIEWS = "EXISTS (SELECT 1 FROM login WHERE login.name = current_user AND login.role <> 'annotator')"
_LEADS = "EXISTS (SELECT 1 FROM login WHERE login.name = current_user AND login.role = 'lead')"
_BEFORE = (
    "DROP VIEW IF EXISTS assignment_before, gold_before",
    f"""CREATE VIEW assignment_before WITH (security_barrier) AS
        SELECT item, annotator, state, revision, turn, reopened FROM assignment WHERE state = 'leased' OR {_REVIEWS}""",
    f"""CREATE VIEW gold_before WITH (security_barrier) AS
        SELECT item, outcome, answers, reviewer, at FROM gold WHERE {_REVIEWS}""",
)
"""Views for policies, which compare a row with what it was before a statement; they show nobody more than they may see."""
_AS_BEFORE = """EXISTS (SELECT 1 FROM assignment_before AS before
    WHERE before.item = assignment.item AND before.annotator = assignment.annotator
      AND before.revision = assignment.revision AND before.turn = assignment.turn
      AND assignment.reopened IN (0, before.reopened)
      AND (before.state = assignment.state
        OR before.state = 'leased' AND assignment.state = 'skipped' AND before.revision > 0))"""
"""What somebody else's row may become: itself, or skipped again where they had skipped it and have it in hand once more."""
_BROUGHT_BACK = """EXISTS (SELECT 1 FROM gold_before AS before
    WHERE before.item = gold.item AND before.outcome = gold.outcome AND before.answers = gold.answers
      AND before.reviewer = gold.reviewer AND before.at = gold.at)"""
"""A known answer of somebody else that stands again when the one after it is withdrawn."""
_TWIN = """probe = 'repeat' AND stage = 'held' AND number = (SELECT max(other.number) + 1 FROM item AS other)
    AND starts_with(key, chr(1) || chr(1) || number || chr(1))"""

_NUMBER = "abs({}) < 'Infinity'"


def _copied(table: str, *columns: str) -> str:
    """A row of a twin of theirs that is like one of the item itself."""
    here, there = (", ".join(f"{one}.{column}" for column in columns) for one in (table, "original"))
    return f"""EXISTS (SELECT 1 FROM repeat JOIN {table} AS original ON original.item = repeat.of
        WHERE repeat.item = {table}.item AND repeat.{_MINE} AND ({here}) IS NOT DISTINCT FROM ({there}))"""


class Rows(NamedTuple):
    """The rows of a table for whoever is no lead: conditions on each."""

    read: str = f"{_MINE} OR {_REVIEWS}"
    added: str = _MINE
    before: str = _MINE
    """What they may change."""
    after: str = _MINE
    """What it may be then."""
    removed: str = _MINE


ROWS = {
    **dict.fromkeys(("draft", "flagged", "sprint", "told"), Rows()),
    "annotation": Rows(added=f"{_MINE} AND {readable.ANNOTATION}"),
    "passed": Rows(
        added=f"{_MINE} AND {_NUMBER.format('position')}", after=f"{_MINE} AND {_NUMBER.format('position')}"
    ),
    "tally": Rows("true"),
    "assignment": Rows(
        f"{_MINE} OR state <> 'done' OR {_REVIEWS}",
        before=f"{_MINE} OR state = 'leased' OR {_REVIEWS}",
        after=f"{_MINE} OR {_AS_BEFORE}",
        removed=f"{_MINE} OR state = 'leased'",
    ),
    "annotator": Rows("true", "name = current_user", *("false",) * 3),
    # One of nothing is a lead's leave to try once more
    "attempt": Rows(added=f"{_MINE} AND of > 0 AND {_NUMBER.format('correct')}"),
    "repeat": Rows(
        added=f"{_MINE} AND EXISTS (SELECT 1 FROM item WHERE item.number = repeat.item AND item.probe = 'repeat')"
    ),
    "item": Rows(
        "true",
        f"{_TWIN} AND {_NUMBER.format('position')}",
        "true",
        f"{_NUMBER.format('position')} AND (agreement BETWEEN 0 AND 1) IS NOT FALSE",
        "false",
    ),
    "content": Rows(
        "true", _copied("content", "text", "escaped", "candidates", "meta", "priority", "sound"), *("false",) * 3
    ),
    "suggestion": Rows("true", _copied("suggestion", "task", "value", "score", "source", "version"), *("false",) * 3),
    "comment": Rows(
        f"current_user IN (author, addressee) OR {_REVIEWS}",
        f"""author = current_user
            AND (addressee = '' AND kind IN ('comment', 'question') AND returned IS NULL OR {_REVIEWS})""",
        *(f"addressee = current_user OR addressee = '' AND {_REVIEWS}",) * 2,
        removed=f"""read_at IS NULL
            AND (returned IS NULL AND author = current_user OR returned IS NOT NULL AND {_REVIEWS})""",
    ),
    "returned": Rows(
        added=f"reviewer = current_user AND {_REVIEWS}",
        before=f"{_MINE} OR {_REVIEWS}",
        after=f"{_MINE} AND state <> 'taken back' OR state = 'taken back' AND {_REVIEWS}",
        removed="false",
    ),
    # Of what they have answered, to learn from it; and of the test, for its answers are shown as it is taken
    "gold": Rows(
        f"""{_REVIEWS}
            OR EXISTS (SELECT 1 FROM annotation
                       WHERE annotation.item = gold.item AND status = 'submitted' AND {_MINE})
            OR EXISTS (SELECT 1 FROM item WHERE item.number = gold.item AND item.probe = 'qualification')""",
        f"{_REVIEWS} AND (reviewer = current_user OR {_BROUGHT_BACK}) AND {readable.GOLD}",
        *("false",) * 3,
    ),
    # Of the test, when it is taken once more
    "corrected": Rows(
        added=_REVIEWS,
        removed=f"""{_REVIEWS} OR {_MINE} AND EXISTS
            (SELECT 1 FROM item WHERE item.number = corrected.item AND item.probe = 'qualification')""",
    ),
    "reviewing": Rows(
        _REVIEWS,
        *("reviewer = current_user",) * 3,
        removed="""reviewer = current_user
            OR EXISTS (SELECT 1 FROM item WHERE item.number = reviewing.item AND item.settled = 1)""",
    ),
    "receipt": Rows(*("substr(id, 34) = current_user",) * 5),
}
"""The tables that not everybody may do all to that is granted."""

_READ, _ADD, _PUT, _ALL = (
    "SELECT",
    "SELECT, INSERT",
    "SELECT, INSERT, UPDATE",
    "SELECT, INSERT, UPDATE, DELETE",
)
# How far others' answers differ would say what they are
_ITEM = (
    "SELECT (number, key, stage, priority, position, want, taken, done, probe, settled{0}), "
    "INSERT (number, key, stage, position, want, probe), UPDATE (stage, position, taken, done{1})"
)
_COMMENT = "SELECT, INSERT (item, author, kind, addressee, text, at, read_at, unanswered, returned), UPDATE (read_at{})"
# A number that the server gives is nobody's to give: others' would fail on it
ANNOTATORS = {
    **dict.fromkeys(("migration", "login", "setting", "version", "gold", "assignment_before"), _READ),
    **dict.fromkeys(("content", "annotation", "repeat", "unweighed"), _ADD),
    **dict.fromkeys(("tally", "passed", "told"), _PUT),
    **dict.fromkeys(("receipt", "draft"), _ALL),
    "counter": "SELECT, UPDATE (value)",
    "annotator": "SELECT, INSERT (name)",
    "item": _ITEM.format("", ""),
    "suggestion": "SELECT, INSERT (item, task, value, score, source, version)",
    "source": "SELECT, INSERT (name, version, accepted, changed, rejected), UPDATE (accepted, changed, rejected)",
    "assignment": "SELECT, INSERT, DELETE, "
    "UPDATE (state, revision, turn, reopened, lease_until, active_ms, submitted_at, labels)",
    "sprint": "SELECT, INSERT (annotator, started_at, ended_at, planned_ms, active_ms, items, sound_ms)",
    "attempt": "SELECT, INSERT (annotator, correct, of, passed, at, turn)",
    "flagged": "SELECT, INSERT, DELETE",
    "corrected": "SELECT, DELETE",
    "returned": "SELECT, UPDATE (state, answered)",
    "comment": _COMMENT.format("") + ", DELETE",
}
REVIEWERS = {
    **dict.fromkeys(("consulted", "gold_before", *re.findall(r"CREATE VIEW (\w+)", VIEWS)), _READ),
    **ANNOTATORS,
    **dict.fromkeys(("corrected", "unweighed"), "SELECT, INSERT, DELETE"),
    "item": _ITEM.format(", agreement, differs", ", settled, agreement, differs"),
    "returned": "SELECT, INSERT (item, annotator, revision, reviewer, at), UPDATE (state, answered)",
    "comment": _COMMENT.format(", unanswered") + ", DELETE",
    "gold": _ADD,
    "reviewing": _ALL,
}
LEADS = (
    REVIEWERS
    | dict.fromkeys(("setting", "version", "content", "suggestion", "source", "consulted", "passed"), _ALL)
    | {"item": _PUT}
)
GRANTS = {Role.ANNOTATOR: ANNOTATORS, Role.REVIEWER: REVIEWERS, Role.LEAD: LEADS}
"""What each role may say of which table, and which columns it may write."""


def protect(connection: psycopg.Connection[Any]) -> None:
    """Hold others than the owner to their rows, in the transaction that makes the tables, where the server can do that.

    CockroachDB takes no policies that look something up, nor does Citus for tables that it keeps elsewhere.
    """
    try:
        with connection.transaction():
            for statement in policies():
                connection.execute(statement.encode())
            connection.execute(SQL("COMMENT ON TABLE login IS {}").format(Literal(_edition())))
    except (psycopg.errors.FeatureNotSupported, psycopg.errors.InternalError):
        pass


def _edition() -> str:
    """Says whether the rights on a server are those that are written here."""
    return sha256(repr((*policies(), GRANTS)).encode()).hexdigest()[:16]


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
    yield from _BEFORE
    for table, rows in ROWS.items():
        read, added, before, after, removed = map(_or_lead, rows)
        yield f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY"
        yield f"CREATE POLICY reading ON {table} FOR SELECT USING ({read})"
        yield f"CREATE POLICY adding ON {table} FOR INSERT WITH CHECK ({added})"
        yield f"CREATE POLICY changing ON {table} FOR UPDATE USING ({before}) WITH CHECK ({after})"
        yield f"CREATE POLICY removing ON {table} FOR DELETE USING ({removed})"


def _or_lead(condition: str) -> str:
    # What looks nothing up may be read in a policy of the same table
    return condition if condition == "true" else f"{condition} OR {_LEADS}"


def admit(connection: psycopg.Connection[Any], schema: str, people: Mapping[str, Role]) -> list[Finding]:
    """Let those of `people` who have a login do what their role says, and nobody else.

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
    (edition,) = connection.execute("SELECT obj_description(CAST('login' AS regclass), 'pg_class')").fetchone() or ("",)
    is_current = edition == _edition()
    before = dict(connection.execute("SELECT name, role FROM login").fetchall())
    if before != wanted and not mine:
        changed = ", ".join(sorted(name for name, _ in before.items() ^ wanted.items()))
        return [
            (False, f"{changed}: may do on the server what project.yaml no longer says; {owner} must open the project")
        ]
    if not is_current and not mine:
        return [(False, f"roles are held to as another version of tui-label did; {owner} must open the project")]
    if before != wanted or not is_current:
        with connection.transaction():
            if not is_current:
                _unprotect(connection, schema)
                protect(connection)
            kept = dict(before.items() & wanted.items()) if is_current else {}
            for statement in (
                *_revoked(connection, schema, before.keys() - kept.keys()),
                *_granted(schema, {name: people[name] for name in wanted.keys() - kept.keys()}),
            ):
                connection.execute(statement)
            connection.execute("DELETE FROM login")
            for one in wanted.items():
                connection.execute("INSERT INTO login VALUES ($1, $2)", one)
    held = ", ".join(f"{name} ({role})" for name, role in sorted(wanted.items()))
    return [(True, f"held to their role by the server: {held}")] if held else []


def _unprotect(connection: psycopg.Connection[Any], schema: str) -> None:
    for name, table in connection.execute(
        "SELECT policyname, tablename FROM pg_catalog.pg_policies WHERE schemaname = $1", (schema,)
    ).fetchall():
        connection.execute(SQL("DROP POLICY {} ON {}.{}").format(*map(Identifier, (name, schema, table))))


def _revoked(connection: psycopg.Connection[Any], schema: str, names: Iterable[str]) -> Iterator[Composed]:
    for (name,) in connection.execute(
        "SELECT rolname FROM pg_catalog.pg_roles WHERE rolname = ANY($1)", (list(names),)
    ).fetchall():
        named = {"schema": Identifier(schema), "login": Identifier(name)}
        yield SQL("REVOKE ALL ON ALL TABLES IN SCHEMA {schema} FROM {login}").format(**named)
        yield SQL("REVOKE USAGE ON SCHEMA {schema} FROM {login}").format(**named)


def _granted(schema: str, people: Mapping[str, Role]) -> Iterator[Composed]:
    for name, role in people.items():
        named = {"schema": Identifier(schema), "login": Identifier(name)}
        yield SQL("GRANT USAGE ON SCHEMA {schema} TO {login}").format(**named)
        for table, rights in GRANTS[role].items():
            yield SQL("GRANT " + rights + " ON {schema}.{table} TO {login}").format(table=Identifier(table), **named)
