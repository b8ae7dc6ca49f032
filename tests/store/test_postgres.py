"""What is PostgreSQL's own: many processes, a server that goes away, answers to COMMIT that are lost, words."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import postgres
import psycopg
import pytest
from helpers import HOT_STATEMENTS, Clock, answer_two_each, new_postgres, records

from tui_label.core.annotation import Annotation
from tui_label.core.comments import Comment
from tui_label.core.item import Item, Sound
from tui_label.core.project import Server
from tui_label.core.record import Record
from tui_label.errors import StoreAway, StoreBusy, StoreDamaged, StoreError, StoreMissing, StoreReadOnly, StoreTooNew
from tui_label.store import counts, queue
from tui_label.store.base import Policy, Progress
from tui_label.store.postgres.connection import SESSION
from tui_label.store.postgres.pipeline import Pipeline
from tui_label.store.sql import SqlStore

pytestmark = pytest.mark.skipif(postgres.programs() is None, reason="PostgreSQL is not installed")

WORKER = """
import sys, time, uuid
from tui_label.core.annotation import Annotation
from tui_label.core.project import Server
from tui_label.errors import StoreAway
from tui_label.store.sql import SqlStore

def insisting(act, *arguments):
    while True:
        try:
            return act(*arguments)
        except StoreAway:
            time.sleep(0.05)

url, schema, name = sys.argv[1:]
store = insisting(SqlStore, Server(url, schema))
claim = insisting(store.claim, name)
while claim is not None:
    number = claim.number
    claim = insisting(store.submit, number, Annotation(name, answers={"s": "x"}), str(uuid.uuid4()))
    print(number, flush=True)
"""


def said(name: str) -> Annotation:
    return Annotation(name, answers={"s": "x"})


def work(server: Server, name: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", WORKER, server.url, server.schema, name]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def check_work(server: Server, outputs: list[tuple[str, str]], overlap: int) -> None:
    """Every item has its answers, of different people, each once and only what was acknowledged."""
    assert [err for _, err in outputs if err] == []
    store = SqlStore(server)
    pairs = [(item.key, one.annotator) for item, one in store.answers()]
    assert len(set(pairs)) == len(pairs)
    assert set(Counter(key for key, _ in pairs).values()) == {overlap}
    assert sum(len(out.split()) for out, _ in outputs) == len(pairs)
    assert len(list(store.answers(history=True))) == len(pairs)
    progress = store.progress("p0")
    assert (progress.done, progress.answers) == (progress.items, len(pairs))


@pytest.mark.parametrize("overlap", [1, 3])
def test_eight_processes_share_one_queue(tmp_path, overlap):
    new_postgres(tmp_path, 240 // overlap, Policy(overlap)).close()
    server = postgres.schema_for(tmp_path)
    workers = [work(server, f"p{n}") for n in range(8)]

    check_work(server, [worker.communicate(timeout=60) for worker in workers], overlap)


def test_a_server_that_is_killed_and_started_again_loses_and_doubles_nothing():
    cluster = postgres.Cluster()
    try:
        server = cluster.server("work")
        store = SqlStore(server, create=True)
        store.record_project(Policy(2), "source", "guidelines", {})
        store.add(records(2500))
        workers = [work(server, f"p{n}") for n in range(4)]
        for how in ("immediate", "fast"):
            time.sleep(1.0)
            cluster.stop(how)
            assert any(worker.poll() is None for worker in workers), "over before the server was killed"
            cluster.start()

        check_work(server, [worker.communicate(timeout=60) for worker in workers], 2)
        assert store.progress("p0").items == 2500, "who was there before works on too"
    finally:
        cluster.remove()


def test_an_import_goes_on_when_the_server_comes_back():
    cluster = postgres.Cluster()
    try:
        store = SqlStore(cluster.server("p"), create=True)
        store.record_project(Policy(), "source", "guidelines", {})
        steps: list[int] = []

        def restart(records: int) -> None:
            steps.append(records)
            if len(steps) == 1:
                cluster.stop()
                cluster.start()

        added = store.add([Record(one.item, annotation=said("ann")) for one in records(3000)], restart)

        assert (added.items, added.answers) == (3000, 3000)
        assert len(steps) > 1
        assert len(list(store.answers())) == store.progress("ann").mine == 3000
    finally:
        cluster.remove()


class Cutter:
    """Stands between a store and the server; can cut a connection when COMMIT is done and not yet acknowledged."""

    def __init__(self, to: Path) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="cut-", dir="/tmp"))
        self.armed = self.refusing = False
        self.passes_on = threading.Event()
        """Until then what was cut is on its way to the server."""
        self.passes_on.set()
        self.cuts = 0
        self._to = str(to / ".s.PGSQL.5432")
        self._listening = socket.socket(socket.AF_UNIX)
        self._listening.bind(str(self.folder / ".s.PGSQL.5432"))
        self._listening.listen()
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            here, _ = self._listening.accept()
            if self.refusing:
                here.close()
                continue
            there = socket.socket(socket.AF_UNIX)
            there.connect(self._to)
            threading.Thread(target=self._pass, args=(here, there, True), daemon=True).start()
            threading.Thread(target=self._pass, args=(there, here, False), daemon=True).start()

    def _pass(self, one: socket.socket, other: socket.socket, outward: bool) -> None:
        with contextlib.suppress(OSError):
            while data := one.recv(65536):
                if outward and self.armed and b"COMMIT\0" in data:
                    self.armed = False
                    self.cuts += 1
                    one.shutdown(socket.SHUT_RDWR)
                    self.passes_on.wait()
                    other.sendall(data)
                    time.sleep(0.2)
                    break
                other.sendall(data)
        for end in (one, other):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)


@pytest.fixture
def cut(tmp_path: Path) -> Iterator[tuple[Cutter, SqlStore]]:
    """A store of three items behind a cutter; `ann` has answered the first two."""
    store = new_postgres(tmp_path, 3)
    for number in (1, 2):
        store.submit(number, said("ann"), f"s{number}", claim=False)
    store.close()
    cutter = Cutter(postgres.cluster().folder)
    url = f"postgresql://lead@/postgres?host={cutter.folder}"
    yield cutter, SqlStore(Server(url, postgres.schema_for(tmp_path).schema))
    shutil.rmtree(cutter.folder)


def test_a_commit_without_an_answer_is_done_once(cut):
    """Whatever was done: an undo must not undo twice, a comment not be said twice."""
    cutter, store = cut
    for act in (
        lambda: store.reopen("ann"),
        lambda: store.say(1, Comment("ann", "Why?")),
        lambda: store.submit(3, said("ann"), "s3", claim=False),
    ):
        cutter.armed = True
        act()

    assert cutter.cuts == 3
    assert [entry.number for entry in store.history("ann")] == [3, 1]
    assert [one.text for one in store.comments(1)] == ["Why?"]
    assert store.progress("ann").mine == 2


def test_what_reaches_the_server_after_it_was_done_again_is_not_done(cut):
    cutter, store = cut
    cutter.passes_on.clear()
    cutter.armed = True
    store.say(1, Comment("ann", "Why?"))
    cutter.passes_on.set()
    time.sleep(0.5)

    assert (cutter.cuts, [one.text for one in store.comments(1)]) == (1, ["Why?"])
    store.say(1, Comment("ann", "Really?"))
    assert [one.text for one in store.comments(1)] == ["Why?", "Really?"]


def test_what_was_handed_out_with_such_a_commit_is_in_hand(cut):
    cutter, store = cut
    for act, number in (
        (lambda: store.reopen("ann"), 2),
        (lambda: store.submit(2, said("ann"), "s2 again"), 3),
        (lambda: store.claim("ann"), 3),
    ):
        cutter.armed = True
        claim = act()
        assert (claim.number, claim.item.key) == (number, f"i{number - 1}")
    assert cutter.cuts == 3


def test_a_server_that_stays_away_is_said_in_a_line_and_work_goes_on_after(cut, monkeypatch):
    monkeypatch.setattr("tui_label.store.postgres.connection.PATIENCE_S", 0.1)
    cutter, store = cut
    cutter.armed = cutter.refusing = True
    with pytest.raises(StoreAway, match="is away") as caught:
        store.submit(3, said("ann"), "s3", claim=False)
    with pytest.raises(StoreAway):
        store.progress("ann")
    assert "\n" not in str(caught.value)
    cutter.refusing = False
    store.submit(3, said("ann"), "s3", claim=False)

    assert store.progress("ann") == Progress(3, 3, 3, 3)


@contextlib.contextmanager
def pooled(folder: Path, mode: str, *settings: str) -> Iterator[str]:
    """The URL of the tests' server behind a pooler."""
    program = shutil.which("pgbouncer")
    if program is None:
        pytest.skip("pgbouncer is not installed")
    with tempfile.TemporaryDirectory(dir="/tmp") as place:
        Path(place).chmod(0o777)
        (Path(place) / "users").write_text('"lead" ""\n')
        (Path(place) / "ini").write_text(
            f"[databases]\npostgres = host={postgres.cluster().folder}\n[pgbouncer]\nlisten_port = 6432\nlisten_addr =\n"
            f"unix_socket_dir = {place}\nauth_type = trust\nauth_file = {place}/users\npool_mode = {mode}\n"
            + "\n".join(settings)
        )
        user = {"user": "postgres", "group": "postgres", "extra_groups": []} if os.geteuid() == 0 else {}
        running = subprocess.Popen([program, "-q", f"{place}/ini"], stderr=subprocess.DEVNULL, **user)
        try:
            for _ in range(1000):
                with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX) as asked:
                    asked.connect(f"{place}/.s.PGSQL.6432")
                    break
                time.sleep(0.01)
            yield f"postgresql://lead@/postgres?host={place}&port=6432"
        finally:
            running.terminate()
            running.wait()


def test_a_pooler_that_keeps_a_session_for_each_connection_is_no_hindrance(tmp_path):
    schema = postgres.schema_for(tmp_path).schema
    new_postgres(tmp_path, 4).close()
    with pooled(tmp_path, "session") as url:
        one, two = (SqlStore(Server(url, schema)) for _ in range(2))
        assert [store.claim(name).number for store, name in ((one, "ann"), (two, "bob"))] == [1, 2]
        one.close()
        with contextlib.closing(SqlStore(Server(url, schema))) as third:
            assert third.progress("ann").items == 4
        two.close()


def test_a_pooler_without_a_connection_left_is_not_away(tmp_path, monkeypatch):
    monkeypatch.setattr("tui_label.store.postgres.connection.PATIENCE_S", 0.1)
    schema = postgres.schema_for(tmp_path).schema
    new_postgres(tmp_path, 4).close()
    with pooled(tmp_path, "session", "default_pool_size = 1", "query_wait_timeout = 1") as url:
        first = SqlStore(Server(url, schema))
        with pytest.raises(StoreAway, match="takes no more connections"):
            SqlStore(Server(url, schema))
        first.close()


def test_a_pooler_that_mixes_sessions_is_refused_and_nothing_comes_into_another_project(tmp_path):
    mine, other = (postgres.schema_for(tmp_path / name) for name in ("mine", "other"))
    for name in ("mine", "other"):
        new_postgres(tmp_path / name, 2).close()
    words = r"a pooler .* let it pool by session \(pgbouncer: pool_mode = session\)"
    with pooled(tmp_path, "transaction") as url:
        first = SqlStore(Server(url, mine.schema))
        with pytest.raises(StoreError, match=words):
            SqlStore(Server(url, other.schema))
        first._connection._pg.execute(f"SET search_path TO {other.schema}; SET tui_label.session = 'another'")
        with pytest.raises(StoreError, match=words):
            first.claim("ann")
        with pytest.raises(StoreError, match=words):
            first.progress("ann")
        first.close()
    assert [SqlStore(one).claim("bob").number for one in (mine, other)] == [1, 1]


@pytest.mark.parametrize("back", ["DELETE FROM receipt", "UPDATE receipt SET number = 1"])
def test_a_database_that_was_put_back_while_open_takes_nothing_more(tmp_path, back):
    """An item's number may be another item's there."""
    store = new_postgres(tmp_path, 3)
    claim = store.claim("ann")
    store._connection.execute(back)
    with pytest.raises(StoreError, match="put back to an earlier state while open; leave, start again"):
        store.submit(claim.number, Annotation("ann", answers={"s": "x"}), "s1")
    assert not list(store.answers())
    with contextlib.closing(SqlStore(postgres.schema_for(tmp_path))) as again:
        assert again.claim("ann").number == claim.number


def test_who_was_away_for_weeks_goes_on_though_others_put_their_receipt_away(tmp_path, monkeypatch):
    monkeypatch.setattr("tui_label.store.postgres.connection.KEPT_MS", 10)
    store = new_postgres(tmp_path, 3)
    claim = store.claim("ann")
    time.sleep(0.1)
    with contextlib.closing(SqlStore(postgres.schema_for(tmp_path))) as other:
        other.claim("bob")
    assert store._connection.read("SELECT count(*) FROM receipt") == [(0,)]

    store.submit(claim.number, Annotation("ann", answers={"s": "x"}), "s1")

    assert [one.annotator for _, one in store.answers()] == ["ann"]


def test_a_rule_of_the_server_that_cuts_statements_off_is_named(tmp_path):
    store = new_postgres(tmp_path, 3)
    store._connection.execute("SET statement_timeout = '1ms'")
    with pytest.raises(StoreBusy, match=r"statement timeout\); ask who runs it to give lead more time"):
        store._connection.read("SELECT pg_sleep(1)")


def test_a_server_without_a_connection_left_is_not_away(tmp_path):
    place = postgres.schema_for(tmp_path)
    new_postgres(tmp_path, 3).close()
    with psycopg.connect(place.url, autocommit=True) as lead:
        lead.execute("CREATE ROLE many LOGIN CONNECTION LIMIT 0")
        try:
            with pytest.raises(StoreAway, match=r'takes no more connections \(too many connections for role "many"\)'):
                SqlStore(Server(place.url.replace("lead@", "many@"), place.schema))
        finally:
            lead.execute("DROP ROLE many")


@pytest.mark.parametrize("asked", ["", "&target_session_attrs=read-write"])
def test_a_server_that_can_only_be_read_from_is_not_away(tmp_path, monkeypatch, asked):
    new_postgres(tmp_path, 3).close()
    monkeypatch.setattr("tui_label.store.postgres.connection.PATIENCE_S", 0.1)
    monkeypatch.setenv("PGOPTIONS", "-c default_transaction_read_only=on")
    place = postgres.schema_for(tmp_path)
    with pytest.raises(StoreAway, match=r"can only be read from, as a standby \(.*read-only"):
        SqlStore(Server(place.url + asked, place.schema)).claim("ann")


def test_a_lock_that_somebody_holds_by_hand_is_said_in_a_line_and_work_goes_on_after(tmp_path, monkeypatch):
    quick = [words.replace("lock_timeout = '10s'", "lock_timeout = '100ms'") for words in SESSION]
    monkeypatch.setattr("tui_label.store.postgres.connection.SESSION", quick)
    place = postgres.schema_for(tmp_path)
    store = new_postgres(tmp_path, 2)
    with psycopg.connect(place.url) as other:
        other.execute("SET idle_in_transaction_session_timeout = '5s'")
        other.execute(f"LOCK TABLE {place.schema}.item IN ACCESS EXCLUSIVE MODE".encode())
        with pytest.raises(StoreBusy, match="has held a lock in the way"):
            store.claim("ann")
        with pytest.raises(StoreBusy):
            store.add(records(3))
        other.rollback()

    assert (store.claim("ann").number, store.progress("ann").items) == (1, 2)
    store.close()


@pytest.fixture
def without_ssl() -> Iterator[int]:
    """The port of a server that says so."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def answer() -> None:
            with contextlib.suppress(OSError):
                here, _ = listening.accept()
                with here:
                    here.recv(8)
                    here.sendall(b"N")

        threading.Thread(target=answer, daemon=True).start()
        yield listening.getsockname()[1]


@pytest.mark.parametrize(
    ("url", "error", "words"),
    [
        ("postgresql://lead@/postgres?host=/nowhere", StoreAway, "/nowhere"),
        ("postgresql://stranger@/postgres?host={folder}", StoreReadOnly, "stranger"),
        ("postgresql://lead@/nothing?host={folder}", StoreReadOnly, "nothing"),
        ("postgresql://lead@/postgres?host={folder}&typo=1", StoreError, "typo.*; mend `store`"),
        ("postgresql://lead@/postgres?host={folder}&sslmode=bogus", StoreError, "bogus.*; mend `store`"),
        ("postgresql://lead@/postgres?host={folder}&port=99999", StoreError, "99999.*; mend `store`"),
        ("postgresql://lead@127.0.0.1:{port}/postgres?sslmode=require", StoreError, "SSL.*; mend `store`"),
    ],
)
def test_a_server_that_cannot_be_reached_is_said_in_a_line(monkeypatch, without_ssl, url, error, words):
    monkeypatch.setattr("tui_label.store.postgres.connection.PATIENCE_S", 0.1)
    with pytest.raises(error, match=words) as caught:
        SqlStore(Server(url.format(folder=postgres.cluster().folder, port=without_ssl), "some"), create=True)
    assert type(caught.value) is error
    assert "\n" not in str(caught.value)


def test_a_project_that_is_not_there_is_not_made_by_opening_it_again():
    with pytest.raises(StoreMissing):
        SqlStore(postgres.cluster().server("typo"))


def test_tables_of_others_are_left_alone():
    with psycopg.connect(postgres.cluster().url(), autocommit=True) as connection:
        connection.execute("CREATE SCHEMA IF NOT EXISTS kitchen")
        connection.execute("CREATE TABLE IF NOT EXISTS kitchen.recipe (title TEXT)")
    with pytest.raises(StoreDamaged, match="schema=NAME"):
        SqlStore(postgres.cluster().server("kitchen"), create=True)


def test_a_schema_of_a_later_version():
    server = postgres.cluster().server("later")
    SqlStore(server, create=True).close()
    with psycopg.connect(server.url, autocommit=True) as connection:
        connection.execute("INSERT INTO later.migration VALUES ('9999 future')")
    with pytest.raises(StoreTooNew, match="9999 future"):
        SqlStore(server)


def test_eight_may_create_the_same_project_at_once():
    server = postgres.cluster().server("race")
    code = (
        "import sys; from tui_label.store.sql import SqlStore; from tui_label.core.project import Server; "
        "SqlStore(Server(*sys.argv[1:]), create=True).close()"
    )
    runs = [
        subprocess.Popen([sys.executable, "-c", code, server.url, server.schema], stderr=subprocess.PIPE)
        for _ in range(8)
    ]

    assert [run.communicate()[1] for run in runs] == [b""] * 8


def test_the_views_answer_a_lead(tmp_path):
    store = new_postgres(tmp_path, 2)
    span = {"start": 0, "end": 4, "label": "word", "text": "T\x00\ud800"}
    store.submit(1, Annotation("ann", answers={"t": "x", "e": [span]}), "a")
    store.add([Record(Item("c", sound=Sound("c.wav", 2.5, 0.0, 8000, 1, "00")))])
    segment = {"start": 0.5, "end": 1.25, "label": "speech"}
    store.submit(3, Annotation("ann", answers={"s": [segment]}, listening={"plays": 2, "seconds": 3.5}), "b")
    read = store._connection.read

    assert read("SELECT item, annotator FROM answers_latest ORDER BY item") == [("c", "ann"), ("i0", "ann")]
    assert read('SELECT task, label, start, "end", text FROM spans_latest') == [("e", "word", 0, 4, "T\ufffd\ufffd")]
    assert read('SELECT audio, start, "end", label FROM segments_latest') == [("c.wav", 0.5, 1.25, "speech")]
    assert read("SELECT plays, seconds_heard, duration FROM listening_latest") == [(2, 3.5, 2.5)]
    assert [tuple(map(str, row)) for row in read("SELECT annotator, answers FROM pace")] == [("ann", "2")]
    for view in ("flags_open", "gold_latest", "disagreements", "comments", "returns"):
        assert read(f"SELECT * FROM {view}") == []


@pytest.mark.parametrize("statement", HOT_STATEMENTS)
def test_hot_statements_use_their_index(tmp_path, statement):
    connection = new_postgres(tmp_path, 10)._connection
    connection.execute("SET enable_seqscan = off")
    plan = " ".join(row[0] for row in connection.read("EXPLAIN " + statement))

    assert "Index" in plan
    assert not re.search("Seq Scan|Sort", plan)


def test_what_a_save_and_a_claim_say_uses_indexes_alone(tmp_path, monkeypatch):
    store = new_postgres(tmp_path, 10, Policy(overlap=2))
    said = {}
    send = Pipeline.send
    monkeypatch.setattr(
        Pipeline,
        "send",
        lambda self, sql, given=(), **how: (said.update({sql: given}), send(self, sql, given, **how))[1],
    )
    answer_two_each(store)
    connection = store._connection
    connection._pg.execute("SET enable_seqscan = off")
    plans = {
        sql: " ".join(row[0] for row in connection._pg.execute(b"EXPLAIN " + sql, given))
        for sql, given in said.items()
        if sql.startswith((b"SELECT", b"UPDATE", b"INSERT"))
    }

    assert len(plans) > 10
    assert [sql for sql, plan in plans.items() if re.search("Seq Scan|Sort", plan)] == []


@pytest.mark.parametrize("save", [SqlStore.submit, SqlStore.skip])
def test_a_save_and_the_next_item_wait_for_the_server_twice(tmp_path, monkeypatch, save):
    """Once for all that they go by, and once for COMMIT."""
    store = new_postgres(tmp_path, 10, Policy(skip="out"))
    status, answers = ("skipped", {}) if save == SqlStore.skip else ("submitted", {"s": "x"})
    said = Annotation("ann", status, answers, labels_version=1)
    first = store.claim("ann")
    second = save(store, first.number, said, "1")
    waits = []
    for name in ("wait_for", "close"):
        wait = getattr(Pipeline, name)
        monkeypatch.setattr(Pipeline, name, lambda *given, wait=wait: (waits.append(wait), wait(*given))[1])
    third = save(store, second.number, said, "2")

    assert [one.number for one in (first, second, third)] == [1, 2, 3]
    assert len(waits) == 2


@pytest.mark.parametrize("left", ["draft", "skip"])
@pytest.mark.parametrize("come", ["submit", "add"])
def test_what_is_answered_in_another_terminal_while_it_is_claimed_stays_answered(tmp_path, monkeypatch, left, come):
    """The answer comes after the claim looked at what they left, and before it locks the item."""
    clock = Clock()
    store = new_postgres(tmp_path, 1, Policy(2, lease_ms=10_000), clock=clock)
    other = SqlStore(postgres.schema_for(tmp_path), clock=clock)
    number = store.claim("ann").number
    if left == "draft":
        store.save_draft("ann", number, "{}")
        clock.now += 20_000
        assert store.claim("bob").number == number
        store.leave("bob")
    else:
        store.skip(number, Annotation("ann", "skipped"), "s", claim=False)
    answer = {
        "submit": lambda: store.submit(number, said("ann"), "a", claim=False),
        "add": lambda: store.add([Record(records(1)[0].item, annotation=said("ann"))]),
    }
    due = [answer[come]]
    lock = queue.lock_free
    monkeypatch.setattr(queue, "lock_free", lambda *given: (due.pop()() if due else None, lock(*given))[1])

    assert other.claim("ann") is None and not due
    other.leave("ann")
    assert [one.answers for _, one in store.answers()] == [{"s": "x"}]
    store.backup(str(tmp_path / "copy.db"))
    assert counts.wrong(SqlStore(tmp_path / "copy.db")._connection.read) == []


CHAOS = """
import random, sys, time
from tui_label.core.annotation import Annotation, Flag
from tui_label.core.comments import Comment
from tui_label.core.gold import Gold
from tui_label.core.item import Item
from tui_label.core.project import Server
from tui_label.core.record import Record
from tui_label.store.reviewing import Queue
from tui_label.store.sql import SqlStore

url, schema, name, turns = sys.argv[1:]
store, rng = SqlStore(Server(url, schema)), random.Random(name)
def said(status="submitted"):
    flags = (Flag("ambiguous"),) if rng.random() < 0.2 else ()
    return Annotation(name, status, {"t": rng.choice("ab")} if status == "submitted" else {}, flags)
for saves in range(int(turns)):
    act = rng.random()
    claim = store.claim(name)
    if act < 0.03:
        store.add([Record(Item(f"n{saves}", "new"), annotation=said()) for _ in range(2)])
    elif act < 0.06 and (case := store.next_case(Queue("disagreements"), name)):
        store.settle(case.number, Gold(name, {"t": "a"}), f"g{name}{saves}")
        store.send_back(case.number, ["p0", "p1", "p2"], Comment(name, "Sure?"))
    elif act < 0.1:
        store.leave(name)
    elif act < 0.2:
        store.reopen(name)
    elif claim is None:
        time.sleep(0.01)
    elif act < 0.3:
        store.save_draft(name, claim.number, "{}")
    elif act < 0.45:
        store.skip(claim.number, said("skipped"), f"{name}{saves}")
    else:
        store.submit(claim.number, said(), f"{name}{saves}")
"""


def test_whatever_many_do_at_once_the_counts_are_those_of_the_rows(tmp_path):
    """Compared on a copy in a file, where counting anew is known."""
    new_postgres(tmp_path, 40, Policy(2, lease_ms=30, gold_rate=0.1, repeat_rate=0.2, repeat_after_ms=0)).close()
    server = postgres.schema_for(tmp_path)
    command = [sys.executable, "-c", CHAOS, server.url, server.schema]
    workers = [
        subprocess.Popen([*command, f"p{n}", "80"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for n in range(6)
    ]
    outputs = [worker.communicate(timeout=60) for worker in workers]
    assert [err for _, err in outputs if err] == []
    store = SqlStore(server)
    store.backup(str(tmp_path / "copy.db"))
    copy = SqlStore(tmp_path / "copy.db")

    assert counts.wrong(copy._connection.read) == []
