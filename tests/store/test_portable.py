"""SQL that PostgreSQL's wire-compatible relatives take too.

Citus 13.2 ran the tests of the store, on schemas that it keeps on a worker (CONTRIBUTING.md says how).  For all of
them the statements of whole days of work, as the server gets them, are held to what their documentation says they lack:

* CockroachDB, "PostgreSQL compatibility" and "Known limitations": no LISTEN and NOTIFY, no advisory locks that lock, no
  table inheritance, no deferrable constraints, no exclusion constraints, no cursors WITH HOLD, no CREATE DOMAIN, no
  range types, no SELECT ... FOR UPDATE OF, no column named by ctid or xmin; temporary tables are an experiment.
* YugabyteDB, "PostgreSQL compatibility: unsupported features": no LOCK TABLE, no LISTEN and NOTIFY, no inheritance,
  no exclusion constraints, no UNLOGGED tables, no system columns such as xmin.
* Citus, "SQL support and workarounds": no triggers on distributed tables, foreign keys and serial columns only in a
  schema of their own (which each project has), no SELECT ... FOR UPDATE over many shards, no GROUPING SETS.  Seen: no
  VALUES that look something up, no joins with temporary tables, no functions that take the name of a table beside tables.
"""

from __future__ import annotations

import random
import re
from pathlib import Path

import postgres
import pytest
from helpers import new_postgres, records

from tui_label.core.annotation import Annotation, Flag
from tui_label.core.comments import Comment
from tui_label.core.gold import Gold
from tui_label.core.item import Item, Suggestion
from tui_label.core.record import Record
from tui_label.store.base import Policy, Source
from tui_label.store.postgres import connection as engine
from tui_label.store.reviewing import QUEUES, Queue
from tui_label.store.schema import statements

pytestmark = pytest.mark.skipif(postgres.programs() is None, reason="PostgreSQL is not installed")

LACKING = {
    name: re.compile(pattern, re.IGNORECASE | re.DOTALL)
    for name, pattern in {
        "messages": r"\b(UN)?LISTEN\b|\bNOTIFY\b",
        "advisory locks": r"pg_(try_)?advisory",
        "whole tables locked": r"\bLOCK\s+TABLE\b",
        "triggers, rules, procedures": r"\bTRIGGER\b|CREATE\s+(OR\s+REPLACE\s+)?(RULE|FUNCTION|PROCEDURE)|^\s*DO\b",
        "inheritance": r"\bINHERITS?\b",
        "deferred or exclusive constraints": r"\bDEFERR|\bEXCLUDE\b",
        "tables without a log": r"\bUNLOGGED\b",
        "cursors": r"\bDECLARE\b|WITH\s+HOLD",
        "types of their own": r"CREATE\s+(DOMAIN|TYPE)|\b(int4|int8|num|ts|tstz|date)range\b|::?hstore",
        "locks of one table in a join": r"FOR\s+(UPDATE|SHARE)\s+OF\b",
        "other locks than FOR UPDATE": r"FOR\s+(NO\s+KEY\s+UPDATE|KEY\s+SHARE|SHARE)\b",
        "system columns": r"\b(ctid|xmin|xmax|cmin|cmax|tableoid)\b",
        "temporary tables": r"\bTEMP(ORARY)?\b",
        "VALUES that look something up": r"\bVALUES\s*\((?:(?!\bON\s+CONFLICT\b).)*\(\s*SELECT\b",
        "names of tables given to functions": r"\b(row_security_active|has_table_privilege)\(.*\bFROM\b",
        "LIMIT in a write": r"^\s*(UPDATE|DELETE)\b(?![^()]*\().*\bLIMIT\b",
        "GROUPING SETS": r"\bGROUPING\s+SETS\b|\bROLLUP\b|\bCUBE\b",
        "MERGE": r"^\s*MERGE\b",
        "COPY": r"^\s*COPY\b",
    }.items()
}


def lacking(sql: str) -> list[str]:
    return [name for name, pattern in LACKING.items() if pattern.search(re.sub(r"'[^']*'", "''", sql))]


@pytest.mark.parametrize(
    "sql",
    [
        "LISTEN news",
        "SELECT pg_advisory_xact_lock(1)",
        "LOCK TABLE item",
        "CREATE TRIGGER t AFTER INSERT ON item",
        "CREATE TABLE b () INHERITS (a)",
        "ALTER TABLE a ADD UNIQUE (b) DEFERRABLE",
        "SELECT 1 FROM item FOR UPDATE OF item",
        "SELECT 1 FROM item FOR SHARE",
        "SELECT xmin FROM item",
        "DELETE FROM item WHERE done = 1 LIMIT 5",
        "CREATE TEMP TABLE arriving (number BIGINT)",
        "INSERT INTO annotation VALUES ($1,\n (SELECT turn FROM tally))",
    ],
)
def test_what_is_lacking_is_found(sql):
    assert lacking(sql)


def test_nothing_is_used_that_relatives_lack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    issued: set[str] = set()
    translated = engine.translated

    def noting(sql: str) -> engine.Statement:
        made = translated(sql)
        issued.add(made.sql.decode())
        return made

    monkeypatch.setattr(engine, "translated", noting)
    made = [engine.defined(one).decode() for one in (*engine.BESIDE, *statements(engine.SPELLING))]
    days_of_work(tmp_path)

    assert len(issued) > 150
    found = {sql: names for sql in {*issued, *made} if (names := lacking(sql))}
    assert found == {}


def days_of_work(folder: Path) -> None:
    rng = random.Random(1)
    policy = Policy(2, "uncertain-first", 10, gold_rate=0.2, repeat_rate=0.2, repeat_after_ms=0, attempts=1)
    now = [1_700_000_000_000]
    store = new_postgres(folder, 20, policy, clock=lambda: now[0])
    store.add([Record(Item(f"q{n}", "known"), gold=Gold("lead", {"t": "a"}), probe="qualification") for n in range(2)])
    store.add([Record(Item(f"c{n}", "known"), gold=Gold("lead", {"t": "a"}), probe="check") for n in range(5)])
    store.add([Record(Item(f"s{n}", "new"), (Suggestion("t", "a", 0.5),)) for n in range(5)])
    store.add([*records(3), Record(Item("i1", "Text number 1."), annotation=Annotation("eve", answers={"t": "b"}))])
    for n in range(150):
        now[0] += rng.choice([1, 5, 20])
        name = rng.choice(["ann", "bob", "cyd"])
        claim = store.claim(name)
        if claim is None:
            store.heartbeat(name)
            continue
        said = Annotation(name, answers={"t": rng.choice("ab")}, flags=(Flag("ambiguous"),) if n % 7 == 0 else ())
        if n % 3 == 0:
            store.save_draft(name, claim.number, "{}")
        if n % 5 == 0:
            store.leave(name)
        act = store.skip if n % 9 == 0 else store.submit
        act(claim.number, said, f"{name}{n}")
        if n % 11 == 0:
            store.reopen(name)
        store.upcoming(name)
        store.history(name)
    store.suggest(Source("model", "2"), {"t"}, [(one, [Suggestion("t", "b", 0.1)]) for one, _ in store.askable()])
    for name in QUEUES:
        queue = Queue(name, text="number", flag="ambiguous", annotator="ann", label="a", task="t", settled_too=True)
        for one in (Queue(name), queue):
            store.left_in(one)
            if case := store.next_case(one, "lead"):
                store.settle(case.number, Gold("lead", {"t": "a"}), f"g{name}{case.number}")
                store.withdraw(case.number, "lead")
    store.send_back(1, ["ann", "bob"], Comment("lead", "Sure?"))
    store.requeue("t", "a", 9, Comment("lead", "Anew."))
    store.take_back(1, ["ann"], "lead")
    store.end_returns(["bob"])
    store.say(1, Comment("lead", "So.", to="ann"))
    store.unsay(1, "lead")
    store.record_project(Policy(3, "random"), "other", "other", {"t": {"a": "A"}})
    for many in (store.answers(history=True), store.opinions(), store.efforts(), store.testimonies(), store.repeats()):
        list(many)
    for few in (store.judged(), store.known(), store.unanswered(), store.inbox("ann"), store.news("ann")):
        list(few)
    store.most_candidates()
    store.progress("ann")
    store.source_counts()
    store.check()
    store.close()
