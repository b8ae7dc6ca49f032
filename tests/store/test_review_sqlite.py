"""What is SQLite's own about reviewing: rows that stay, many reviewers at once, kill -9, old databases, plans."""

from __future__ import annotations

import random
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from desk import walk
from helpers import new_store

from tui_label.core.annotation import Annotation, Flag, Timing
from tui_label.core.comments import CORRECTION, QUESTION, Comment
from tui_label.core.gold import Gold
from tui_label.core.item import Item
from tui_label.core.record import Record
from tui_label.store import cases, reviews
from tui_label.store.base import Policy
from tui_label.store.reviewing import QUEUES, Queue
from tui_label.store.sql import SqlStore


def said(name: str, label: str) -> Annotation:
    return Annotation(name, answers={"t": label}, timing=Timing(1000), guidelines_version=1)


def worked_on(folder: Path, items: int = 12) -> SqlStore:
    """Answers of two people that differ on every third item, a correction, an undo, a flag."""
    store = new_store(folder, items, Policy(2))
    for name in ("ann", "bob"):
        for number in range(1, items + 1):
            store.submit(number, said(name, name if number % 3 == 0 else "x"), f"{name}{number}", claim=False)
    store.submit(1, Annotation("ann", answers={"t": "y"}, flags=(Flag("ambiguous"),)), "again", claim=False)
    store.submit(2, said("ann", "z"), "undone", claim=False)
    store.reopen("ann")
    return store


REVIEWING: dict[str, Callable[[SqlStore], object]] = {
    "next_case": lambda store: [store.next_case(Queue(name), "lead") for name in QUEUES],
    "case": lambda store: store.case(3),
    "settle": lambda store: store.settle(3, Gold("lead", {"t": "q"}), "g", [Comment("lead", "So.", CORRECTION, "ann")]),
    "settle_many": lambda store: store.settle_many([(number, Gold("rule", {"t": "x"})) for number in range(1, 9)]),
    "withdraw": lambda store: (store.settle(3, Gold("lead", {"t": "q"}), "w"), store.withdraw(3, "lead")),
    "send_back": lambda store: store.send_back(3, ["ann", "bob"], Comment("lead", "Sure?")),
    "take_back": lambda store: (
        store.send_back(6, ["ann"], Comment("lead", "Sure?")),
        store.take_back(6, ["ann"], "lead"),
    ),
    "end_returns": lambda store: (
        store.send_back(6, ["ann"], Comment("lead", "Sure?")),
        store.end_returns(["ann"]),
    ),
    "requeue": lambda store: store.requeue("t", "", 9, Comment("lead", "The rule is new.")),
    "say": lambda store: store.say(3, Comment("lead", "Look.", to="ann")),
    "unsay": lambda store: (store.say(3, Comment("lead", "Look.", to="ann")), store.unsay(3, "lead")),
    "mark_read": lambda store: store.mark_read("ann", 3),
    "told": lambda store: store.told("ann"),
    "known answers": lambda store: store.add([Record(Item("i2", "Text number 2."), gold=Gold("lead", {"t": "x"}))]),
    "rename": lambda store: store.record_project(Policy(2), "other", "guidelines", {"t": {"x": "X"}}),
    "release": lambda store: store.release_case("lead"),
}


@pytest.mark.parametrize("method", REVIEWING)
def test_nothing_a_reviewer_does_touches_an_annotators_rows(tmp_path, method):
    """Revisions stay as they were, byte for byte, and so does which of them stand."""
    store = worked_on(tmp_path)
    read = store._connection.read

    def rows() -> list[object]:
        standing = "SELECT item, annotator, state, revision, turn, reopened FROM assignment ORDER BY 1, 2"
        return [read("SELECT * FROM annotation ORDER BY 1, 2, 3"), read(standing), read("SELECT * FROM tally")]

    before = rows()
    REVIEWING[method](store)

    assert rows() == before


REVIEWER = """
import sys, uuid
from pathlib import Path
from tui_label.core.comments import CORRECTION, Comment
from tui_label.core.gold import Gold
from tui_label.store.reviewing import Queue
from tui_label.store.sql import SqlStore
store = SqlStore(Path(sys.argv[1]))
name = sys.argv[2]
case = store.next_case(Queue(), name)
while case is not None:
    told = [Comment(name, f"For {one.annotator}", CORRECTION, one.annotator) for one in case.versions]
    store.settle(case.number, Gold(name, {"t": "x"}), str(uuid.uuid4()), told)
    print(case.number, flush=True)
    case = store.next_case(Queue(), name, case.mark)
"""


def review(folder: Path, name: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", REVIEWER, str(folder / "project.db"), name]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def disputed(folder: Path, items: int, policy: Policy) -> None:
    store = new_store(folder, 0, policy)
    store.add(
        Record(Item(f"i{n}", "text"), annotation=said(name, name)) for n in range(items) for name in ("ann", "bob")
    )
    store.close()


def test_four_reviewers_at_once_settle_each_case_once(tmp_path):
    disputed(tmp_path, 600, Policy(2))
    workers = [review(tmp_path, f"lead{n}") for n in range(4)]
    outputs = [worker.communicate() for worker in workers]

    assert [err for _, err in outputs if err] == []
    assert Counter(number for out, _ in outputs for number in out.split()) == {str(n): 1 for n in range(1, 601)}
    assert all(out for out, _ in outputs)
    read = SqlStore(tmp_path / "project.db")._connection.read
    assert read("SELECT count(*), max(revision) FROM gold") == [(600, 1)]


def test_kill_9_leaves_whole_decisions_and_all_that_were_acknowledged(tmp_path):
    disputed(tmp_path, 4000, Policy(2, lease_ms=50))
    rng = random.Random(1)
    acknowledged: set[int] = set()
    for turn in range(8):
        worker = review(tmp_path, f"lead{turn % 2}")
        assert worker.stdout is not None
        first = worker.stdout.readline()
        time.sleep(0.05 + rng.random() * 0.2)
        worker.send_signal(signal.SIGKILL)
        out, _ = worker.communicate()
        acknowledged |= {int(number) for number in (first + out).split("\n")[:-1]}

    connection = sqlite3.connect(tmp_path / "project.db")
    settled = {number for (number,) in connection.execute("SELECT item FROM gold")}
    told = Counter(number for (number,) in connection.execute("SELECT item FROM comment"))
    marked = {number for (number,) in connection.execute("SELECT number FROM item WHERE settled = 1")}
    corrected = Counter(number for (number,) in connection.execute("SELECT item FROM corrected"))

    assert len(acknowledged) > 50
    assert acknowledged <= settled
    assert told == corrected == dict.fromkeys(settled, 2)
    assert marked == settled
    assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    assert connection.execute("PRAGMA foreign_key_check").fetchall() == []


def test_annotators_and_reviewers_at_the_same_time(tmp_path):
    """Whatever comes in between, what the queues say is what the answers say."""
    store = new_store(tmp_path, 300, Policy(3))
    work = """
import sys, uuid
from pathlib import Path
from tui_label.core.annotation import Annotation
from tui_label.store.sql import SqlStore
store, name = SqlStore(Path(sys.argv[1])), sys.argv[2]
claim = store.claim(name)
while claim is not None:
    label = name if claim.number % 4 == 0 and not claim.returned else "x"
    claim = store.submit(claim.number, Annotation(name, answers={"t": label}), str(uuid.uuid4()))
"""
    send = """
import sys
from pathlib import Path
from tui_label.core.comments import Comment
from tui_label.store.reviewing import Queue
from tui_label.store.sql import SqlStore
store = SqlStore(Path(sys.argv[1]))
for _ in range(100):
    case = store.next_case(Queue(), sys.argv[2])
    if case is not None:
        store.send_back(case.number, [one.annotator for one in case.versions], Comment("lead", "Sure?"))
store.release_case(sys.argv[2])
"""
    path = str(tmp_path / "project.db")
    people = [(work, "ann"), (work, "bob"), (work, "cem"), (send, "lead"), (send, "lead2")]
    workers = [
        subprocess.Popen([sys.executable, "-c", code, path, name], stderr=subprocess.PIPE, text=True)
        for code, name in people
    ]
    assert [worker.communicate()[1] for worker in workers] == [""] * 5
    for name in ("ann", "bob", "cem"):
        claim = store.claim(name)
        while claim is not None:
            claim = store.submit(claim.number, Annotation(name, answers={"t": "x"}), f"last {name} {claim.number}")
    differing = {
        number
        for number in range(1, 301)
        if len({one.answers["t"] for one in store.case(number).versions}) > 1  # type: ignore[union-attr]
    }

    assert {number for number, _ in walk(store, Queue())} == differing
    assert all(len(store.case(number).versions) == 3 for number in range(1, 301))  # type: ignore[union-attr]
    assert store._connection.read("SELECT count(*) FROM returned WHERE state = 'open'") == [(0,)]


def test_what_is_done_a_few_at_a_time_is_done_once(tmp_path, monkeypatch):
    """Two answers about an item may come into different transactions."""
    monkeypatch.setattr(reviews, "SHARE", 3)
    store = worked_on(tmp_path, 10)
    commits: list[str] = []
    store._connection._sqlite.set_trace_callback(lambda sql: commits.append(sql) if sql == "COMMIT" else None)
    sent = store.requeue("t", "", 9, Comment("lead", "The rule is new."))
    settled = store.settle_many([(number, Gold("rule", {"t": "x"})) for number in range(1, 11)])
    comments = store._connection.read("SELECT item, addressee, count(*) FROM comment GROUP BY 1, 2")

    assert (sent, settled) == (20, 10)
    assert len(comments) == 20 and {count for *_, count in comments} == {1}
    assert len(commits) == 7 + 4
    assert store.requeue("t", "", 9, Comment("lead", "The rule is new.")) == 0
    assert len(store.comments(1)) == 2


FILTERS: list[dict[str, str]] = [
    {},
    {"annotator": "ann"},
    {"task": "t", "label": "x"},
    {"flag": "ambiguous"},
    {"since": "2026", "until": "2027"},
    {"text": "text"},
]


@pytest.mark.parametrize("filters", FILTERS)
@pytest.mark.parametrize("name", QUEUES)
def test_no_queue_sorts_or_begins_at_the_wrong_table(tmp_path, name, filters):
    store = worked_on(tmp_path, 60)
    for number in range(1, 61):
        answer = Annotation("bob", answers={"t": "x"}, timing=Timing(1000 + number))
        store.submit(number, answer, f"timed {number}", claim=False)
    store.say(1, Comment("ann", "Why?", QUESTION))
    search = cases.search(store._connection, Queue(name, **filters))  # type: ignore[arg-type]
    mark = " AND ({}) > ({})".format(
        ", ".join(key.replace("{n}", "1") for key in search.source.keys), ", ".join("0" for _ in search.source.keys)
    )
    for extra in ("", mark):
        plan = [
            str(row[3])
            for row in store._connection.read(
                "EXPLAIN QUERY PLAN " + search._select(0, extra) + " LIMIT 1", search.arguments
            )
        ]
        first = {"disagreements": "item1", "all": "item1", "flagged": "f1", "questions": "q1"}
        first |= {"corrected": "c1", "answered-back": "r1"}
        first |= {"all": "text1", "sample": "text1"} if "text" in filters else {}
        first |= {"all": "f1"} if "flag" in filters else {}

        assert not any("TEMP B-TREE" in step or "AUTOMATIC" in step for step in plan), plan
        assert plan[0].split()[1] == first.get(name, "a1"), plan
        assert not any(step.startswith("SCAN") for step in plan[1:]), plan


def test_the_views_answer_a_lead(tmp_path):
    store = worked_on(tmp_path)
    store.settle(3, Gold("lead", {"t": "q"}), "g", [Comment("lead", "So.", CORRECTION, "ann")])
    store.send_back(6, ["bob"], Comment("lead", "Sure?"))
    read = store._connection.read

    assert read("SELECT item, answers, reviewer, outcome FROM gold_latest") == [("i2", '{"t": "q"}', "lead", "settled")]
    assert read("SELECT item, disagreement, tasks, answers, settled FROM disagreements WHERE settled = 0") == [
        ("i0", 1.0, "t", 2, 0),
        ("i5", 1.0, "t", 2, 0),
        ("i8", 1.0, "t", 2, 0),
        ("i11", 1.0, "t", 2, 0),
    ]
    assert read("SELECT item, author, addressee, kind, text FROM comments") == [
        ("i2", "lead", "ann", "correction", "So."),
        ("i5", "lead", "bob", "return", "Sure?"),
    ]
    assert read("SELECT item, annotator, reviewer, state, sent_back FROM returns") == [("i5", "bob", "lead", "open", 1)]


def test_twins_are_not_in_the_views(tmp_path):
    store = new_store(tmp_path, 3, Policy(repeat_rate=1.0, repeat_after_ms=0))
    flagged = Annotation("ann", answers={"t": "x"}, submitted_at="2020-01-01T00:00:00.000Z", flags=(Flag("odd"),))
    claim = store.claim("ann")
    for n in range(4):
        assert claim is not None
        claim = store.submit(claim.number, flagged, f"s{n}")
    read = store._connection.read

    assert read("SELECT count(*) FROM repeat") == [(2,)]
    assert read("SELECT item FROM answers_latest ORDER BY item") == [("i0",), ("i1",)]
    assert read("SELECT item FROM flags_open ORDER BY item") == [("i0",), ("i1",)]


@pytest.mark.parametrize("key", ["\x00NUL", "\x00=5\x00x", "\x00\x005\x00x", "lone \ud800", "~", ""])
def test_any_key_is_told_from_a_twins(tmp_path, key):
    store = new_store(tmp_path, 0, Policy(repeat_rate=1.0, repeat_after_ms=0))
    store.add([Record(Item(key, "one")), Record(Item("other", "two"))])
    answer = Annotation("ann", answers={"t": "x"}, submitted_at="2020-01-01T00:00:00.000Z")
    twin = store.submit(store.claim("ann").number, answer, "a")  # type: ignore[union-attr]

    assert twin is not None and (twin.number, twin.item.key) == (3, key)
    assert store.find_item(key) == 1
    assert store.add([Record(Item(key, "one"))]).known == 1
