"""Logins of one's own on a PostgreSQL server: what each role can do, and what nobody can, whatever the program."""

from __future__ import annotations

import os
import pwd
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import postgres
import psycopg
import pytest
from helpers import new_postgres, records

from tui_label import config
from tui_label.core.annotation import Annotation, Flag
from tui_label.core.comments import CORRECTION, QUESTION, Comment
from tui_label.core.gold import Gold
from tui_label.core.item import Item, Suggestion
from tui_label.core.moments import utc
from tui_label.core.project import Server
from tui_label.core.record import Record
from tui_label.core.roles import Person, Role
from tui_label.errors import StoreMissing, StoreReadOnly, StoreRefused
from tui_label.projects.care import check
from tui_label.projects.opening import open_store
from tui_label.store import copying, counts
from tui_label.store.base import Policy, Sprint, Store, Versions
from tui_label.store.copying import tables
from tui_label.store.postgres import logins
from tui_label.store.reviewing import QUEUES, Attempt, Queue
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
                answer = Annotation(name, answers=said, flags=flags, submitted_at=utc(team.now))
                store.submit(claim.number, answer, f"{name}{turn}", claim=False)
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
    assert rows(team.lead, "SELECT count(*) FROM repeat")[0][0] > 5
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


def test_a_lead_who_does_not_own_the_project_is_told_who_can_move_it_away(team: Team, tmp_path: Path) -> None:
    lee = team.store("lee")
    with pytest.raises(StoreRefused, match="only lead, whose login made it, can move it away"):
        copying.move(lee._connection, tmp_path / "project.db", lambda: None)
    assert not (tmp_path / "project.db").exists()
    lee.add(records(33))


def test_whatever_annotators_do_is_let_through(team: Team, tmp_path: Path) -> None:
    """The test, failed and taken again; repeats of items with suggestions; talking, what came back, skips."""
    policy = Policy(2, lease_ms=60_000, skip="out", repeat_rate=0.5, repeat_after_ms=0, attempts=2)
    team.lead.record_project(policy, "another", "guidelines", {})
    team.lead.add(
        Record(Item(f"q{n}", f"ask {n}"), gold=Gold("lead", {"t": "a"}), probe="qualification") for n in range(2)
    )
    team.lead.add(Record(Item(f"s{n}", "new"), (Suggestion("t", "a", 0.5, "model"),)) for n in range(9))
    ann = team.store("ann")
    for passed in (False, True):
        for _ in range(2):
            claim = ann.claim("ann")
            assert claim is not None and claim.known is not None
            ann.submit(claim.number, Annotation("ann", answers={"t": "b"}), f"q{claim.number}{passed}", claim=False)
        ann.keep_attempt(Attempt("ann", 2.0 * passed, 2, passed), again=not passed)
    assert len(ann.attempts("ann")) == len(ann.qualification("ann")) == 2
    turn = 0
    while claim := ann.claim("ann"):
        turn += 1
        team.now += 1000
        decisions = {one.number: "accepted" for one in claim.suggestions}
        flags = (Flag("ambiguous"),) if turn == 4 else ()
        said = Annotation("ann", "", {"t": "a"}, flags, decisions=decisions, submitted_at=utc(team.now))
        status, act = ("skipped", ann.skip) if turn % 10 == 0 else ("submitted", ann.submit)
        act(claim.number, replace(said, status=status), f"a{turn}", claim=False)
        if turn % 7 == 0 or turn == 10:
            ann.reopen("ann")
    assert rows(team.lead, "SELECT count(*) FROM repeat JOIN suggestion USING (item)")[0][0] > 2
    ann.say(1, Comment("ann", "What?", QUESTION))
    assert ann.unsay(1, "ann")
    ann.say(1, Comment("ann", "Why?", QUESTION))
    team.lead.send_back(1, ["ann"], Comment("lead", "Look again."))
    back = ann.claim("ann")
    assert back is not None and back.returned and ann.unread("ann") == 1
    ann.mark_read("ann", 1)
    ann.submit(1, Annotation("ann", answers={"t": "b"}), "again", claim=False)
    ann.reopen("ann")
    ann.submit(1, Annotation("ann", answers={"t": "b"}), "once more", claim=False)
    odd = {"t": "\x00 \ud800 \U0001f600 \n", "\ud800": [{"deep": {"": None}}]}
    ann.submit(2, Annotation("ann", answers=odd), "odd", claim=False)
    ann.told("ann")
    ann.add_sprint(Sprint("ann", "", "", 1, 1, 1, 0))
    ann.heartbeat("ann")
    ann.leave("ann")
    ann.check()
    ann.upcoming("ann")
    for found in (
        ann.history("ann"),
        ann.opinions("ann"),
        ann.efforts(None, "ann"),
        ann.known("ann"),
        ann.repeats("ann"),
    ):
        assert list(found)
    assert ann.unread("ann") == 0 and ann.progress("ann").mine > 30
    team.lead.backup(str(tmp_path / "copy.db"))
    assert counts.wrong(SqlStore(tmp_path / "copy.db")._connection.read) == []


def test_whatever_reviewers_do_is_let_through(team: Team, tmp_path: Path) -> None:
    """What others settled and is settled anew, withdrawn and sent back; what annotators wrote them; names of labels."""
    ann = team.store("ann")
    work(ann, team.store("bob"), team)
    ann.say(1, Comment("ann", "Why?", QUESTION))
    rea = team.store("rea")
    other = team.lead

    def standing(store: Store) -> int:
        case = store.case(1)
        return case.gold.revision if case and case.gold else 0

    for settled, after in (({"t": "a"}, {"t": "b"}), ({"t": "b"}, {"t": "a"})):
        other.hold_case(1, "lead", "half")
        other.release_case("lead")
        assert other.settle(1, Gold("lead", settled), f"lead{settled}", over=standing(other))
        comments = [Comment("rea", "See.", CORRECTION, "ann")]
        assert rea.hold_case(1, "rea", "half")
        assert rea.settle(1, Gold("rea", after), f"rea{after}", comments, standing(rea))
        assert rea.withdraw(1, "rea") is not None
        case = rea.case(1)
        assert case is not None and case.gold is not None
        assert (case.gold.reviewer, case.gold.answers) == ("lead", settled)
        assert [one.kind for one in case.comments] == [QUESTION]
        assert rea.left_in(Queue("questions", settled_too=True)) == 1
    other.withdraw(1, "lead")
    rea.send_back(1, ["ann", "bob"], Comment("rea", "Look again."))
    rea.take_back(1, ["bob"], "rea")
    rea.end_returns(["bob", "ann"])
    assert rea.case(1).returned == ()
    rea.send_back(1, ["ann"], Comment("rea", "Look again."))
    assert rea.sent_back() == {"ann": 1}
    rea.say(1, Comment("rea", "So."))
    rea.say(1, Comment("rea", "Oh.", to="ann"))
    assert rea.unsay(1, "rea")
    rea.say(1, Comment("rea", "So.", to="ann"))
    rea.mark_read(None, 1)
    assert 1 not in {number for number, *_ in rea.inbox(None)}
    for name in QUEUES:
        rea.left_in(Queue(name))
        if case := rea.next_case(Queue(name), "rea"):
            rea.hold_case(case.number, "rea", "half")
            rea.unfinished(Queue(name), "rea")
    rea.release_case("rea")
    for found in (rea.opinions(), rea.efforts(), rea.known(), rea.repeats(), rea.tallies(), rea.changes()):
        list(found)
    rea.most_candidates()
    rea.check()
    claim = rea.claim("rea")
    assert claim is None or rea.submit(claim.number, Annotation("rea", answers={"t": "a"}), "mine") is None
    # A lead was cut off before all was there under its new name
    rows(other, "UPDATE assignment SET labels = 'old' WHERE item = 3")
    rows(other, "INSERT INTO unweighed VALUES (3) ON CONFLICT DO NOTHING")
    rea.left_in(Queue())
    assert rows(other, "SELECT 1 FROM assignment WHERE labels = 'old'") == rows(other, "SELECT * FROM unweighed") == []
    other.backup(str(tmp_path / "copy.db"))
    assert counts.wrong(SqlStore(tmp_path / "copy.db")._connection.read) == []


def test_known_answers_are_read_after_their_items_were_answered(team: Team) -> None:
    number = rows(team.lead, "SELECT min(number) FROM item WHERE probe = 'check'")[0][0]
    ann = team.store("ann")
    ann.claim("ann")
    with team.as_login("ann") as login:
        login.execute(
            "INSERT INTO assignment(item, annotator, state, revision) SELECT %s, id, 'done', 1 FROM annotator",
            (number,),
        )
        assert login.execute("SELECT * FROM gold").fetchall() == []
        login.execute("DELETE FROM assignment WHERE item = %s", (number,))
        ann.submit(number, Annotation("ann", answers={"t": "b"}), "1", claim=False)
        assert login.execute("SELECT item FROM gold").fetchall() == [(number,)]


def test_annotators_read_what_is_theirs_and_no_more(team: Team) -> None:
    work(team.store("ann"), team.store("bob"), team)
    numbers = dict(rows(team.lead, "SELECT name, id FROM annotator"))
    with team.as_login("ann") as ann:
        for table in sorted(
            name for name, rows in logins.ROWS.items() if name != "gold" and "annotator =" in rows.read
        ):
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
        for secret in ("* FROM reviewing", "agreement FROM item", "differs FROM item", "* FROM gold_before"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                ann.execute(f"SELECT {secret}".encode())
        assert ann.execute("SELECT DISTINCT substr(id, 34) FROM receipt").fetchall() == [("ann",)]
    for name in ("ann", "bob"):
        assert rows(team.lead, f"SELECT count(*) FROM annotation WHERE annotator = {numbers[name]}")[0][0] > 5


_REVISED = (
    "INSERT INTO annotation SELECT item, annotator, revision + 9, status, {}, origin, {}, decisions, started_at, "
)
_REVISED += "submitted_at, active_ms, idle_ms, paused_ms, task_ms, labels_version, guidelines_version, turn, 'x' FROM annotation"
TAMPERING = [
    _REVISED.format("'none'", "flags"),
    _REVISED.format("'[]'", "flags"),
    _REVISED.format("answers", "'x'"),
    "UPDATE item SET position = 'NaN'",
    "INSERT INTO passed VALUES ({ann}, 99, 'NaN')",
    "INSERT INTO attempt(annotator, correct, of, passed, at, turn) VALUES ({ann}, 'NaN', 1, 0, '', 1)",
    "UPDATE annotation SET answers = '{{}}'",
    "DELETE FROM annotation",
    "INSERT INTO annotation SELECT item, {bob}, revision + 9, status, answers, origin, flags, decisions, started_at, "
    "submitted_at, active_ms, idle_ms, paused_ms, task_ms, labels_version, guidelines_version, turn, 'x' FROM annotation",
    "INSERT INTO assignment(item, annotator, state) SELECT number, {bob}, 'done' FROM item WHERE taken = 0",
    "UPDATE assignment SET annotator = {bob} WHERE annotator = {ann}",
    "UPDATE assignment SET state = 'skipped' WHERE annotator = {bob} AND state = 'done'",
    "DELETE FROM assignment WHERE annotator = {bob} AND state <> 'leased'",
    "UPDATE receipt SET number = 99",
    "DELETE FROM receipt",
    "INSERT INTO receipt VALUES ('x', 99, 0)",
    "UPDATE draft SET work = '' WHERE annotator = {bob}",
    "DELETE FROM draft WHERE annotator = {bob}",
    "UPDATE tally SET answered = 0 WHERE annotator = {bob}",
    "DELETE FROM flagged WHERE annotator = {bob}",
    "UPDATE assignment SET revision = revision + 1 WHERE annotator = {bob}",
    "UPDATE assignment SET reopened = 5 WHERE annotator = {bob} AND state = 'leased'",
    "UPDATE assignment SET state = 'skipped' WHERE annotator = {bob} AND revision = 0",
    "UPDATE tally SET annotator = {bob} WHERE annotator = {ann}",
    "DELETE FROM corrected",
    "INSERT INTO corrected SELECT item, {ann} FROM annotation",
    "INSERT INTO returned(item, annotator, revision, reviewer, at) SELECT item, {ann}, 1, 'rea', '' FROM annotation",
    "UPDATE returned SET state = 'taken back'",
    "INSERT INTO attempt(annotator, correct, of, passed, at, turn) VALUES ({ann}, 0, 0, 0, '', 1)",
    "UPDATE annotator SET name = 'ann' WHERE name = 'bob'",
    "INSERT INTO annotator(name) VALUES ('eve')",
    "INSERT INTO gold SELECT * FROM gold",
    "DELETE FROM gold",
    "UPDATE comment SET text = ''  WHERE author = 'bob'",
    "UPDATE comment SET text = '' WHERE addressee = 'ann'",
    "UPDATE comment SET author = 'ann'",
    "UPDATE comment SET unanswered = 0",
    "DELETE FROM comment WHERE author <> 'ann' OR read_at IS NOT NULL",
    "INSERT INTO comment(item, author, kind, addressee, text, at) VALUES (1, 'rea', 'comment', 'bob', 'No.', '')",
    "INSERT INTO comment(item, author, kind, addressee, text, at) VALUES (1, 'ann', 'comment', 'bob', 'No.', '')",
    "INSERT INTO comment(item, author, kind, addressee, text, at) VALUES (1, 'ann', 'return', '', 'No.', '')",
    "INSERT INTO comment(number, item, author, kind, addressee, text, at) VALUES (99, 1, 'ann', 'comment', '', '', '')",
    "INSERT INTO login VALUES ('ann', 'lead')",
    "UPDATE login SET role = 'lead'",
    "UPDATE setting SET value = '9'",
    "DELETE FROM item",
    "UPDATE item SET probe = 'qualification' WHERE probe = 'check'",
    "UPDATE item SET settled = 1",
    "UPDATE item SET want = 99, priority = 99",
    "UPDATE item SET number = number + 1000",
    "INSERT INTO item(number, key, position, want, priority) SELECT max(number) + 1, 'zz', -5, 1, 99 FROM item",
    "INSERT INTO item(number, key, position, want) SELECT max(number) + 1, chr(1) || chr(1), -5, 1 FROM item",
    "INSERT INTO item(number, key, stage, position, want, probe) "
    "SELECT max(number) + 1, 'zz', 'held', 0, 1, 'repeat' FROM item",
    "INSERT INTO item(number, key, stage, position, want, probe) "
    "VALUES (99999, chr(1) || chr(1) || '99999' || chr(1) || 'i0', 'held', 0, 1, 'repeat')",
    "INSERT INTO repeat SELECT number, 1, {ann} FROM item WHERE probe = ''",
    "INSERT INTO suggestion(item, task, value, source) SELECT number, 't', '\"a\"', 'model' FROM item",
    "INSERT INTO suggestion(item, task, value, source) SELECT item, 't', '\"a\"', 'model' FROM repeat",
    "UPDATE counter SET name = 'x'",
    "INSERT INTO counter VALUES ('x', 1)",
    "DELETE FROM counter",
    "UPDATE source SET name = 'x'",
    "UPDATE content SET text = ''",
    "ALTER TABLE annotation DISABLE ROW LEVEL SECURITY",
    "DROP POLICY reading ON annotation",
    "DROP VIEW assignment_before",
    "TRUNCATE annotation",
    "SET row_security = off; SELECT * FROM annotation",
    "SET ROLE bob",
]


ODD = {
    "answers": [
        "none",
        "[]",
        f'{{"t": {"[" * 5000}{"]" * 5000}}}',
        f'{{"t": [{"[]," * 9}{"[" * 9}{"]" * 9}]}}',
        f'{{"t": {"9" * 5000}}}',
        '{"t": 1e999}',
    ],
    "origin": ['{"t": 1}'],
    "flags": ["x", "[1]", '[{"note": "x"}]', '[{"reason": 1}]', '[{"reason": "x", "note": {}}]'],
    "decisions": ['{"x": "accepted"}', '{"1": 5}'],
    "task_ms": ['{"t": "x"}'],
    "listening": ["none", "[]", '{"coverage": "x"}', '{"plays": 1.5}'],
}
USUAL = {
    "answers": '{"t": "\\"[{[{[{[{[{[{[{[{ ' + "9" * 99 + '", "e": [{"start": 0, "end": 4, "label": {"a": ["b"]}}]}',
    "origin": '{"t": ["manual"], "e": []}',
    "flags": '[{"reason": "ambiguous", "note": "\\u0000"}, {"reason": "x"}]',
    "decisions": '{"12": "accepted"}',
    "task_ms": '{"t": 1200}',
    "listening": '{"plays": 3, "first_play_ms": -20, "seconds": 1.5, "coverage": 1e-05, "passes": [[0.0, 1.5, 2]], "speeds": {"1.2": 1.5}}',
}


def test_nobody_writes_an_answer_that_others_cannot_read(team: Team) -> None:
    ann = team.store("ann")
    claim = ann.claim("ann")
    assert claim is not None
    ann.submit(claim.number, Annotation("ann", answers={"t": "a"}), "1", claim=False)
    columns = "item, annotator, revision, status, started_at, submitted_at, active_ms, idle_ms, paused_ms, "
    columns += "labels_version, guidelines_version, turn, save_id"
    with team.as_login("ann") as login:

        def write(values: dict[str, str]) -> None:
            login.execute(
                f"""INSERT INTO annotation({columns}, {", ".join(values)})
                    SELECT {columns.replace("revision", "2")}, {", ".join(["%s"] * len(values))}
                    FROM annotation WHERE revision = 1""".encode(),
                tuple(values.values()),
            )

        for column, odd in ODD.items():
            for value in odd:
                with pytest.raises((psycopg.errors.InsufficientPrivilege, psycopg.errors.InvalidTextRepresentation)):
                    write({**USUAL, column: value})
        write(USUAL)
        login.execute("UPDATE assignment SET revision = 2")

    for read in (team.lead.answers, team.lead.efforts, team.lead.opinions, team.lead.testimonies):
        assert list(read()), "what is usual is taken and read"


REVIEWERS_TAMPERING = [
    "UPDATE item SET agreement = 'NaN'",
    "UPDATE annotation SET answers = '{{}}'",
    "INSERT INTO annotation SELECT item, annotator, revision + 9, status, answers, origin, flags, decisions, started_at, "
    "submitted_at, active_ms, idle_ms, paused_ms, task_ms, labels_version, guidelines_version, turn, 'x' FROM annotation",
    "UPDATE assignment SET revision = 1, turn = 1 WHERE revision > 1",
    "UPDATE assignment SET revision = revision + 1",
    "UPDATE assignment SET state = 'skipped' WHERE state = 'done'",
    "UPDATE assignment SET state = 'done' WHERE state <> 'done'",
    "DELETE FROM assignment WHERE state <> 'leased'",
    "INSERT INTO assignment(item, annotator, state) SELECT number, {bob}, 'done' FROM item WHERE taken = 0",
    "UPDATE tally SET answered = 0",
    "UPDATE draft SET work = ''",
    "DELETE FROM draft",
    "DELETE FROM flagged",
    "INSERT INTO flagged SELECT item, annotator, 'x' FROM assignment",
    "INSERT INTO annotator(name) VALUES ('eve')",
    "UPDATE gold SET reviewer = 'lee'",
    "INSERT INTO gold SELECT item, revision + 1, outcome, '{{}}', 'lead', rule, sources, origin, example, at, active_ms, "
    "labels_version, guidelines_version, before, save_id FROM gold",
    "UPDATE returned SET state = 'answered', answered = 1",
    "UPDATE returned SET reviewer = 'lee'",
    "INSERT INTO returned(item, annotator, revision, reviewer, at) SELECT item, annotator, 1, 'lee', '' FROM annotation",
    "UPDATE comment SET text = ''",
    "DELETE FROM comment",
    "UPDATE comment SET read_at = '' WHERE addressee <> ''",
    "INSERT INTO comment(item, author, kind, addressee, text, at) VALUES (1, 'lee', 'comment', 'bob', 'No.', '')",
    "INSERT INTO reviewing VALUES (1, 'lee', 9, '')",
    "UPDATE reviewing SET draft = ''",
    "DELETE FROM reviewing",
    "UPDATE item SET probe = '', want = 1",
    "UPDATE content SET text = ''",
    "INSERT INTO suggestion(item, task, value, source) SELECT number, 't', '\"a\"', 'model' FROM item",
    "UPDATE setting SET value = '9'",
    "UPDATE login SET role = 'lead'",
    "TRUNCATE gold",
]


@pytest.mark.parametrize(("name", "tampering", "refusals"), [("ann", TAMPERING, 29), ("rea", REVIEWERS_TAMPERING, 15)])
def test_nobody_changes_what_is_of_others(team: Team, name: str, tampering: list[str], refusals: int) -> None:
    """Some is refused, some finds no row: all is as before."""
    ann, bob = team.store("ann"), team.store("bob")
    work(ann, bob, team)
    ann.close()
    team.lead.add(records(34))
    bob.claim("bob")
    team.lead.send_back(1, ["ann", "bob"], Comment("lead", "Look again."))
    team.lead.mark_read("bob", 1)
    team.lead.mark_read("ann", 1)
    team.lead.hold_case(1, "lee", "half")
    team.lead.settle(2, Gold("lead", {"t": "c"}), "g")
    assert rows(team.lead, "SELECT count(*) FROM assignment WHERE state = 'leased'")[0][0] > 0
    numbers = dict(rows(team.lead, "SELECT name, id FROM annotator"))

    def everything() -> dict[str, list[Any]]:
        kept = [*(table.name for table in tables()), "login", "receipt"]
        return {name: sorted(map(repr, rows(team.lead, f"SELECT * FROM {name}"))) for name in kept}

    before = everything()
    refused = 0
    with team.as_login(name) as login:
        for statement in tampering:
            try:
                login.execute(statement.format(**numbers).encode(), prepare=False)
            except (psycopg.errors.InsufficientPrivilege, psycopg.errors.InvalidTextRepresentation):
                refused += 1
            assert everything() == before, statement
    assert refused > refusals


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


def test_a_reviewer_who_works_under_another_name_hears_whom_the_server_knows(team: Team) -> None:
    with pytest.raises(StoreRefused, match=r"knows you as rea .* in that name only") as caught:
        team.store("rea").claim("bob")
    assert "\n" not in str(caught.value)


def test_who_is_let_in_no_more_while_at_work_hears_so(team: Team) -> None:
    ann = team.store("ann")
    claim = ann.claim("ann")
    assert claim is not None
    team.lead.admit({"bob": Role.ANNOTATOR})
    for act in (
        lambda: ann.submit(claim.number, Annotation("ann", answers={"t": "a"}), "1"),
        lambda: ann.progress("ann"),
        ann.check_in_place,
    ):
        with pytest.raises(StoreReadOnly, match="ann has no part in the project any more; ask lead") as caught:
            act()
        assert "\n" not in str(caught.value)
    team.lead.admit(PEOPLE)
    assert ann.submit(claim.number, Annotation("ann", answers={"t": "a"}), "1") is not None


def test_who_has_another_role_while_at_work_hears_so(team: Team) -> None:
    rea = team.store("rea")
    work(team.store("ann"), team.store("bob"), team)
    case = rea.next_case(Queue("disagreements"), "rea")
    assert case is not None
    team.lead.admit({**PEOPLE, "rea": Role.ANNOTATOR})
    for act in (
        lambda: rea.settle(case.number, Gold("rea", {"t": "a"}), "g1"),
        lambda: rea.hold_case(case.number, "rea", "begun"),
        lambda: rea.next_case(Queue("disagreements"), "rea"),
    ):
        with pytest.raises(StoreReadOnly, match="rea has another role by now, which may not do that"):
            act()
    team.lead.admit(PEOPLE)
    assert rea.settle(case.number, Gold("rea", {"t": "a"}), "g1")


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


def test_rights_of_an_earlier_version_are_laid_anew_when_the_owner_comes(team: Team) -> None:
    with team.as_login("lead") as lead:
        lead.execute("COMMENT ON TABLE login IS NULL")
        lead.execute("CREATE POLICY reviewers ON annotation USING (true)")
        lead.execute("ALTER TABLE item DISABLE ROW LEVEL SECURITY")
        lead.execute("GRANT INSERT, UPDATE ON item TO ann")
    ((ok, words),) = team.store("lee").admit(PEOPLE)
    assert not ok and words.endswith("lead must open the project")

    assert team.lead.admit(PEOPLE)[0][0]
    with team.as_login("ann") as ann:
        assert ann.execute("SELECT row_security_active('item')").fetchone() == (True,)
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            ann.execute("UPDATE item SET want = 9")
    assert rows(team.lead, "SELECT 1 FROM pg_policies WHERE policyname = 'reviewers'") == []
    assert team.store("lee").admit(PEOPLE)[0][0]


def test_a_login_that_is_gone_from_the_server_is_no_trouble(team: Team) -> None:
    with team.as_login("lead") as lead:
        lead.execute("CREATE ROLE zoe LOGIN")
        team.lead.admit({**PEOPLE, "zoe": Role.ANNOTATOR})
        lead.execute("DROP OWNED BY zoe")
        lead.execute("DROP ROLE zoe")

    assert "zoe" not in team.lead.admit({**PEOPLE, "zoe": Role.ANNOTATOR})[0][1]


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
