"""Times of what reviewers ask of the store, beside floors of the same run.

    python tests/benchmarks/bench_review.py [--items N] [FOLDER]

100,000 items with the answers of three annotators: for every queue and filter the first case
of a store that was just opened, the next ones, and the count; then agreement's and the
dashboard's reads; then a save with its claim where answers are compared, and where there is
nothing to compare.  The floors are one SELECT by number and one tiny durable commit.
"""

from __future__ import annotations

import argparse
import math
import random
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

from tui_label import config
from tui_label.core.annotation import Annotation, Flag, Timing
from tui_label.core.comments import QUESTION, Comment
from tui_label.core.gold import Gold
from tui_label.core.item import Item
from tui_label.core.record import Record
from tui_label.core.reviewing.differences import disagreement
from tui_label.store.base import Policy
from tui_label.store.reviewing import QUEUES, Queue
from tui_label.store.sql import SqlStore
from tui_label.store.standing import Judge

PROJECT = """\
name: bench
tasks:
  - {id: topic, type: choice, labels: [sport, news, art, rare]}
  - {id: names, type: spans, labels: [person, place]}
"""
TEXT = "A text about as long as a post, with number {} in it, and some words more to fill it up."
PEOPLE = ("ann", "bob", "cem")
NEXT = 50
FILTERS: dict[str, dict[str, Any]] = {
    "": {},
    "annotator": {"annotator": "bob"},
    "task": {"task": "topic"},
    "label": {"label": "art"},
    "task+label, none": {"task": "topic", "label": "nowhere"},
    "label, few": {"label": "rare"},
    "flag": {"flag": "ambiguous"},
    "flag, none": {"flag": "nowhere"},
    "since": {"since": "2026-01-02"},
    "until, none": {"until": "2025"},
    "text": {"text": "NUMBER 77"},
    "text, none": {"text": "nowhere"},
    "text, none, not ASCII": {"text": "Ünowhere"},
    "settled too": {"settled_too": True},
}


def judged() -> Judge:
    differ = partial(disagreement, config.parse(PROJECT, Path("bench")).tasks)
    return Judge(lambda _: differ)


def answers(rng: random.Random, count: int) -> Iterator[Record]:
    for n in range(count):
        item = Item(f"item-{n}", TEXT.format(n))
        topic = rng.choice(("sport", "news", "art")) if n % 20_000 else "rare"
        for k, name in enumerate(PEOPLE):
            said = topic if rng.random() < 0.9 else rng.choice(("sport", "news"))
            spans = [{"start": 2, "end": 6, "label": "person", "text": "text"}] if rng.random() < 0.95 else []
            flags = (Flag(rng.choice(("ambiguous", "bad-item"))),) if rng.random() < 0.02 else ()
            at = f"2026-01-0{1 + k}T{n % 24:02}:{n % 60:02}:00.000Z"
            timing = Timing(round(math.exp(rng.gauss(8 + k / 4, 0.5))), 50)
            yield Record(
                item,
                annotation=Annotation(
                    name, answers={"topic": said, "names": spans}, flags=flags, timing=timing, submitted_at=at
                ),
            )


def fill(folder: Path, count: int) -> None:
    store = SqlStore(folder / "project.db", create=True, judge=judged())
    store.record_project(Policy(3), "source", "guidelines", {})
    begun = time.perf_counter()
    store.add(answers(random.Random(1), count))
    print(f"{count:,} items with {3 * count:,} answers brought in, {3 * count / (time.perf_counter() - begun):,.0f}/s")
    rng = random.Random(2)
    for number in range(1, count, 500):
        store.say(number, Comment("ann", "Which one?", QUESTION))
        store.settle(number + 1, Gold("lead", {"topic": "art", "names": []}), f"gold-{number}")
        store.send_back(number + 2, ["bob"], Comment("lead", "Look once more."))
        timing = Timing(round(math.exp(rng.gauss(8.25, 0.5))))
        again = Annotation("bob", answers={"topic": "art"}, timing=timing, submitted_at="2026-02-01T00:00:00.000Z")
        store.submit(number + 2, again, f"again-{number}", claim=False)
    store.close()


def ms(act: Callable[[], object]) -> tuple[float, Any]:
    begun = time.perf_counter()
    result = act()
    return (time.perf_counter() - begun) * 1000, result


def queues(path: Path) -> None:
    print(
        f"\n{'queue':<14} {'filter':<22} {'first':>7} {'next p50':>9} {'next max':>9} {'count':>7} {'cases':>7}   (ms)"
    )
    worst = {"first": 0.0, "next": 0.0, "count": 0.0}
    for name in QUEUES:
        for label, filters in FILTERS.items():
            queue = Queue(name, **filters)
            store = SqlStore(path, judge=judged())
            first, case = ms(lambda store=store, queue=queue: store.next_case(queue, "lead"))  # type: ignore[misc]
            times = []
            while case is not None and len(times) < NEXT:
                spent, case = ms(lambda s=store, q=queue, c=case: s.next_case(q, "lead", c.mark))  # type: ignore[misc]
                times.append(spent)
            times = sorted(times) or [0.0]
            count, cases = ms(lambda store=store, queue=queue: store.left_in(queue))  # type: ignore[misc]
            store.close()
            print(
                f"{name:<14} {label:<22} {first:>7.1f} {times[len(times) // 2]:>9.1f} {times[-1]:>9.1f} "
                f"{count:>7.1f} {cases:>7,}"
            )
            worst = {
                "first": max(worst["first"], first),
                "next": max(worst["next"], times[-1]),
                "count": max(worst["count"], count),
            }
    print("worst: " + ", ".join(f"{what} {spent:.0f} ms" for what, spent in worst.items()))


def reads(path: Path) -> None:
    store = SqlStore(path, judge=judged())
    print()
    for what, act in {
        "opinions": lambda: sum(1 for _ in store.opinions()),
        "testimonies": lambda: sum(1 for _ in store.testimonies()),
        "efforts, all": lambda: sum(1 for _ in store.efforts()),
        "known": lambda: sum(1 for _ in store.known()),
    }.items():
        spent, rows = ms(act)
        print(f"{what:<16} {spent:>8.0f} ms {rows:>9,} rows")
    since: dict[str, int] = {}
    for effort in store.efforts():
        since[effort.annotator] = max(since.get(effort.annotator, 0), effort.turn)
    for name in PEOPLE:
        since[name] -= 10
    spent, rows = ms(lambda: len(list(store.efforts(since))))
    print(f"{'efforts, new':<16} {spent:>8.1f} ms {rows:>9,} rows")
    spent, _ = ms(lambda: [store.unread(name) for name in (None, *PEOPLE)])
    print(f"{'unread, 4 people':<16} {spent:>8.1f} ms")
    store.close()


def saves(folder: Path, overlap: int, count: int = 500) -> float:
    """Median milliseconds of a save with its claim, everybody in turn, a third of the items in dispute."""
    store = SqlStore(folder / f"saves-{overlap}.db", create=True, judge=judged())
    store.record_project(Policy(overlap), "source", "guidelines", {})
    store.add(Record(Item(f"item-{n}", TEXT.format(n))) for n in range(100_000))
    people = PEOPLE[:overlap]
    claims = {name: store.claim(name) for name in people}
    times = []
    for n in range(count):
        for k, name in enumerate(people):
            claim = claims[name]
            assert claim is not None
            topic = ("sport", "news", "art")[k if claim.number % 3 == 0 else 0]
            annotation = Annotation(name, answers={"topic": topic}, timing=Timing(1000 + n), labels_version=1)
            spent, claims[name] = ms(
                lambda c=claim, a=annotation: store.submit(c.number, a, f"{a.annotator}-{c.number}")
            )  # type: ignore[misc]
            times.append(spent)
    store.close()
    return sorted(times)[len(times) // 2]


def floors(path: Path, folder: Path) -> None:
    connection = sqlite3.connect(path)
    times = sorted(
        ms(lambda n=n: connection.execute("SELECT text FROM content WHERE item = ?", (n,)).fetchone())[0]  # type: ignore[misc]
        for n in range(1, 50_000, 100)
    )
    connection.close()
    connection = sqlite3.connect(folder / "floor.db", isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("CREATE TABLE tiny (number INTEGER)")
    commits = sorted(
        ms(lambda n=n: connection.execute("INSERT INTO tiny VALUES (?)", (n,)))[0]  # type: ignore[misc]
        for n in range(500)
    )
    connection.close()
    print(
        f"\nfloors: SELECT by number {times[len(times) // 2]:.3f} ms, bare commit {commits[len(commits) // 2]:.3f} ms"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--items", type=int, default=100_000)
    parser.add_argument("folder", nargs="?", help="where to measure: the disk that matters")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=options.folder) as name:
        folder = Path(name)
        fill(folder, options.items)
        floors(folder / "project.db", folder)
        queues(folder / "project.db")
        reads(folder / "project.db")
        for overlap in (1, 3):
            print(f"submit+claim, {overlap} annotators: p50 {saves(folder, overlap):.3f} ms")


if __name__ == "__main__":
    main()
