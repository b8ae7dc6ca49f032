"""Logins of one's own on a PostgreSQL server: what each role can do, and what nobody can, whatever the program."""

from __future__ import annotations

import os
import pwd
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import postgres
import psycopg
import pytest
from helpers import new_postgres, records

from tui_label import config
from tui_label.care import check
from tui_label.core.annotation import Annotation, Flag
from tui_label.core.comments import Comment
from tui_label.core.gold import Gold
from tui_label.core.item import Item
from tui_label.core.project import Server
from tui_label.core.record import Record
from tui_label.core.roles import Person, Role
from tui_label.errors import StoreMissing, StoreReadOnly, StoreRefused
from tui_label.opening import open_store
from tui_label.store import counts, logins
from tui_label.store.base import Policy, Store, Versions
from tui_label.store.copying import tables
from tui_label.store.reviewing import Queue
from tui_label.store.sql import SqlStore

pytestmark = pytest.mark.skipif(postgres.programs() is None, reason="PostgreSQL is not installed")

PEOPLE = {"ann": Role.ANNOTATOR, "bob": Role.ANNOTATOR, "rea": Role.REVIEWER, "lee": Role.LEAD}


class Team:
    """A project of `lead`, and people who come with logins of their own."""

    def __init__(self, folder: Path) -> None:
        self.now = 1_700_000_000_000
        policy = Policy(2, lease_ms=60_000, gold_rate=0.2, repeat_rate=0.2, repeat_after_ms=0)
        self.lead = new_postgres(folder, 30, policy, clock=lambda: self.now)
        known = [Record(Item(f"c{n}", "known"), gold=Gold("lead", {"t": "a"}), probe="check") for n in range(4)]
        self.lead.add(known)
        self.server = postgres.schema_for(folder)
        with self.as_login("lead") as lead:
            for name in PEOPLE:
                if not lead.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", (name,)).fetchone():
                    lead.execute(f"CREATE ROLE {name} LOGIN".encode())
        self.lead.admit(PEOPLE)

    @contextmanager
    def as_login(self, name: str) -> Iterator[psycopg.Connection[Any]]:
        with psycopg.connect(postgres.cluster().url(name), autocommit=True) as connection:
            connection.execute(f"SET search_path TO {self.server.schema}".encode())
            yield connection

    def store(self, name: str) -> SqlStore:
        return SqlStore(Server(postgres.cluster().url(name), self.server.schema), clock=lambda: self.now)


@pytest.fixture
def team(tmp_path: Path) -> Team:
    return Team(tmp_path)


def work(ann: SqlStore, bob: SqlStore, team: Team) -> None:
    """All that annotators do, until there is nothing left."""
    stores = {"ann": ann, "bob": bob}
    left = set(stores)
    turn = 0
    while left:
        for name in sorted(left):
            turn += 1
            team.now += 1000
            store = stores[name]
            claim = store.claim(name)
            if claim is None:
                left.discard(name)
                continue
            flags = (Flag("ambiguous", "Hm."),) if turn % 7 == 0 else ()
            said = {"t": "a" if name == "ann" or claim.number % 3 else "b"}
            if turn == 9:
                # Somebody goes home with an item in hand, and half an answer
                store.save_draft(name, claim.number, "{}")
                team.now += 120_000
            elif turn % 11 == 0:
                store.skip(claim.number, Annotation(name, "skipped", flags=flags), f"{name}{turn}", claim=False)
            else:
                store.submit(claim.number, Annotation(name, answers=said, flags=flags), f"{name}{turn}", claim=False)
                if turn % 5 == 0:
                    store.reopen(name)
                if turn % 9 in (3, 4):
                    store.say(claim.number, Comment(name, f"Why? {name}"))
    for name, store in stores.items():
        if claim := store.claim(name):
            store.save_draft(name, claim.number, '{"half": 1}')


def rows(store: SqlStore, sql: str) -> list[Any]:
    return store._connection.read(sql)


def test_a_day_of_work_is_that_of_a_login_that_is_shared(team: Team, tmp_path: Path) -> None:
    """What annotators could not judge is judged when a reviewer comes."""
    work(team.store("ann"), team.store("bob"), team)
    assert rows(team.lead, "SELECT count(*) FROM unweighed")[0][0] > 5
    rea = team.store("rea")
    found = [rea.next_case(Queue("disagreements"), "rea")]
    assert found[0] is not None
    assert rows(rea, "SELECT * FROM unweighed") == []

    (tmp_path / "shared").mkdir()
    shared = Team(tmp_path / "shared")
    work(shared.lead, shared.lead, shared)
    agreed = "SELECT number, stage, taken, done, settled, agreement, differs FROM item ORDER BY number"
    assert rows(rea, agreed) == rows(shared.lead, agreed)
    for table in ("corrected", "flagged", "tally", "draft"):
        assert sorted(rows(rea, f"SELECT * FROM {table}")) == sorted(rows(shared.lead, f"SELECT * FROM {table}"))
    team.lead.backup(str(tmp_path / "copy.db"))
    assert counts.wrong(SqlStore(tmp_path / "copy.db")._connection.read) == []


def test_reviewers_and_leads_do_their_work_with_logins_of_their_own(team: Team, tmp_path: Path) -> None:
    work(team.store("ann"), team.store("bob"), team)
    rea, lee = team.store("rea"), team.store("lee")
    case = rea.next_case(Queue("disagreements"), "rea")
    assert case is not None and len(case.versions) == 2
    rea.settle(case.number, Gold("rea", {"t": "a"}), "g1")
    rea.send_back(case.number, ["bob"], Comment("rea", "Look again."))
    assert rows(rea, "SELECT outcome FROM gold_latest WHERE reviewer = 'rea'") == [("settled",)]
    bob = team.store("bob")
    claim = bob.claim("bob")
    assert [one.text for one in bob.comments(case.number)] == ["Look again."]
    assert claim is not None
    lee.add(records(33))
    lee.record_project(Policy(3), "another", "guidelines", {})
    lee.backup(str(tmp_path / "copy.db"))

    assert rows(lee, "SELECT value FROM counter WHERE name = 'items'") == [(33,)]
    assert counts.wrong(SqlStore(tmp_path / "copy.db")._connection.read) == []


def test_annotators_read_what_is_theirs_and_no_more(team: Team) -> None:
    work(team.store("ann"), team.store("bob"), team)
    numbers = dict(rows(team.lead, "SELECT name, id FROM annotator"))
    with team.as_login("ann") as ann:
        for table in sorted(set(logins.ROWS) - {"annotator", "tally", "comment", "gold"}):
            hers = f"SELECT count(*) FROM {table} WHERE annotator = {numbers['ann']}"
            assert [ann.execute(hers.encode()).fetchone()] == rows(team.lead, hers), f"all of hers in {table}"
            others = "" if table != "assignment" else "AND (state = 'done' OR labels <> '')"
            found = ann.execute(f"SELECT * FROM {table} WHERE annotator <> {numbers['ann']} {others}".encode())
            assert found.fetchall() == [], table
        assert ann.execute("SELECT DISTINCT author FROM comment").fetchall() == [("ann",)]
        answered = "SELECT item FROM assignment WHERE state = 'done'"
        assert ann.execute(f"SELECT count(*) FROM gold WHERE item NOT IN ({answered})".encode()).fetchone() == (0,)
        for view in ("answers_latest", "gold_latest", "disagreements", "comments"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                ann.execute(f"SELECT * FROM {view}".encode())
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            ann.execute("SELECT * FROM reviewing")
    for name in ("ann", "bob"):
        assert rows(team.lead, f"SELECT count(*) FROM annotation WHERE annotator = {numbers[name]}")[0][0] > 5


TAMPERING = [
    "UPDATE annotation SET answers = '{{}}'",
    "DELETE FROM annotation",
    "INSERT INTO annotation SELECT item, {bob}, revision + 9, status, answers, origin, flags, decisions, started_at, "
    "submitted_at, active_ms, idle_ms, paused_ms, task_ms, labels_version, guidelines_version, turn, 'x' FROM annotation",
    "INSERT INTO assignment(item, annotator, state) SELECT number, {bob}, 'done' FROM item WHERE taken = 0",
    "UPDATE assignment SET annotator = {bob} WHERE annotator = {ann}",
    "UPDATE assignment SET state = 'skipped' WHERE annotator = {bob} AND state = 'done'",
    "DELETE FROM assignment WHERE annotator = {bob} AND state <> 'leased'",
    "UPDATE draft SET work = '' WHERE annotator = {bob}",
    "DELETE FROM draft WHERE annotator = {bob}",
    "UPDATE tally SET answered = 0 WHERE annotator = {bob}",
    "DELETE FROM flagged WHERE annotator = {bob}",
    "UPDATE annotator SET name = 'ann' WHERE name = 'bob'",
    "INSERT INTO annotator(name) VALUES ('eve')",
    "INSERT INTO gold SELECT * FROM gold",
    "DELETE FROM gold",
    "UPDATE comment SET text = ''  WHERE author = 'bob'",
    "INSERT INTO comment(item, author, kind, addressee, text, at) VALUES (1, 'rea', 'comment', 'bob', 'No.', '')",
    "INSERT INTO login VALUES ('ann', 'lead')",
    "UPDATE login SET role = 'lead'",
    "UPDATE setting SET value = '9'",
    "DELETE FROM item",
    "UPDATE content SET text = ''",
    "ALTER TABLE annotation DISABLE ROW LEVEL SECURITY",
    "DROP POLICY reading ON annotation",
    "TRUNCATE annotation",
    "SET row_security = off; SELECT * FROM annotation",
    "SET ROLE bob",
]


def test_annotators_change_nothing_of_others(team: Team) -> None:
    """Some is refused, some finds no row: all is as before."""
    work(team.store("ann"), team.store("bob"), team)
    numbers = dict(rows(team.lead, "SELECT name, id FROM annotator"))

    def everything() -> dict[str, list[Any]]:
        kept = [*(table.name for table in tables()), "login"]
        return {name: sorted(map(repr, rows(team.lead, f"SELECT * FROM {name}"))) for name in kept}

    before = everything()
    refused = 0
    with team.as_login("ann") as ann:
        for statement in TAMPERING:
            try:
                ann.execute(statement.format(**numbers).encode(), prepare=False)
            except psycopg.errors.InsufficientPrivilege:
                refused += 1
    assert everything() == before
    assert refused > 15


def test_reviewers_and_leads_change_no_answer_either(team: Team) -> None:
    work(team.store("ann"), team.store("bob"), team)
    for name in ("rea", "lee"):
        with team.as_login(name) as login:
            for statement in ("UPDATE annotation SET answers = '{}'", "DELETE FROM annotation", "DELETE FROM gold"):
                with pytest.raises(psycopg.errors.InsufficientPrivilege):
                    login.execute(statement.encode())


def test_a_name_is_that_of_the_login(team: Team) -> None:
    with pytest.raises(StoreRefused, match=r"knows you as ann .* not as bob") as caught:
        team.store("ann").claim("bob")
    assert "\n" not in str(caught.value)
    assert team.store("lee").claim("bob") is not None, "a lead may"


def test_who_is_not_let_in_any_more_is_out(team: Team) -> None:
    assert team.lead.admit(PEOPLE) == [
        (True, "held to their role by the server: ann (annotator), bob (annotator), lee (lead), rea (reviewer)")
    ]
    lee = team.store("lee")
    ((ok, words),) = lee.admit({**PEOPLE, "rea": Role.ANNOTATOR})
    assert not ok and "rea" in words and "lead must open" in words
    team.lead.admit({"bob": Role.ANNOTATOR, "rea": Role.ANNOTATOR})

    with pytest.raises(StoreReadOnly, match="names ann under `roles:`") as caught:
        team.store("ann")
    assert "\n" not in str(caught.value)
    assert team.store("bob").claim("bob")
    with team.as_login("rea") as rea:
        assert rea.execute("SELECT * FROM annotation").fetchall() == []
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            rea.execute("SELECT * FROM reviewing")
    team.lead.admit(PEOPLE)


def test_a_server_that_takes_no_such_policies_lets_no_login_in(team: Team, monkeypatch: pytest.MonkeyPatch) -> None:
    """What CockroachDB and Citus refuse PostgreSQL takes; it refuses others, with the same code."""
    monkeypatch.setattr(
        logins, "policies", lambda: iter(["CREATE POLICY odd ON draft USING (generate_series(1, 2) > 1)"])
    )
    server = postgres.cluster().server(f"{team.server.schema}_unheld")
    lead = SqlStore(server, create=True)
    lead.record_project(Policy(), "source", "guidelines", {})
    lead.add(records(2))

    ((ok, words),) = lead.admit(PEOPLE)
    assert not ok and words.startswith("ann, bob, lee, rea: have no access") and words.endswith("use the login lead")
    with pytest.raises(StoreReadOnly):
        SqlStore(Server(postgres.cluster().url("ann"), server.schema))
    assert lead.claim("ann") is not None, "who comes with the shared login works"
    assert SqlStore(server)._connection.confined_to is None


TEAM = """\
name: tweets
store: postgresql:///postgres?host={host}&schema={schema}
roles: {{leads: [lead], annotators: [ann]}}
tasks: [{{id: t, type: choice, labels: [a, b]}}]
"""


def test_leads_alone_make_a_project_and_say_what_it_goes_by(
    team: Team, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Everybody has their own copy of the same project.yaml, and their own login."""

    def opened(name: str, role: Role, more: str = "") -> tuple[Store, Versions]:
        monkeypatch.setenv("PGUSER", name)
        host, schema = postgres.cluster().folder, f"{team.server.schema}_made"
        return open_store(config.parse(TEAM.format(host=host, schema=schema) + more, tmp_path), Person(name, role))

    with pytest.raises(StoreMissing):
        opened("ann", Role.ANNOTATOR)
    opened("lead", Role.LEAD)[0].add(records(2))
    assert opened("ann", Role.ANNOTATOR)[0].claim("ann") is not None
    with pytest.raises(StoreRefused, match=r"not those that the project goes by; .* from a lead \(lead\)") as caught:
        opened("ann", Role.ANNOTATOR, "overlap: 2\n")
    assert "\n" not in str(caught.value)
    opened("lead", Role.LEAD, "overlap: 2\n")
    assert opened("ann", Role.ANNOTATOR, "overlap: 2\n")[1].labels == 2


def test_check_says_who_is_held_to_what_and_nothing_of_the_folder(team: Team, tmp_path: Path, monkeypatch) -> None:
    me = pwd.getpwuid(os.getuid()).pw_name
    source = TEAM.format(host=postgres.cluster().folder, schema=f"{team.server.schema}_checked")
    (tmp_path / "project.yaml").write_text(source.replace("leads: [lead]", f"leads: [{me}]"), encoding="utf-8")
    monkeypatch.setenv("PGUSER", "lead")
    found = check(tmp_path)

    assert (True, "held to their role by the server: ann (annotator)") in found
    assert [line for line in found if not line[0] or "chgrp" in line[1]] == []
