"""Claim and save on a PostgreSQL server of its own, each time beside a bare insert-and-commit of as many clients.

    python tests/benchmarks/bench_postgres.py [--clients 32] [--seconds 10]

Both without thinking, where the clients keep the machine busy, and with half a second of it, as people work.
"""

from __future__ import annotations

import argparse
import multiprocessing
import random
import sys
import time
from collections.abc import Callable
from pathlib import Path
from queue import Queue

sys.path.insert(0, str(Path(__file__).parent.parent))

import psycopg
from measuring import HEAD, percentile, row
from postgres import Cluster

from tui_label.core.annotation import Annotation
from tui_label.core.item import Item
from tui_label.core.project import Server
from tui_label.core.record import Record
from tui_label.store.base import Policy
from tui_label.store.sql import SqlStore

THINKING_S = 0.5
ITEMS = 100_000
WARM = 10


def timed(act: Callable[[], object], begin: float, seconds: float, think: float) -> list[float]:
    """A connection plans each statement anew until it has seen it a few times: that is over when this begins."""
    times = []
    for _ in range(WARM):
        act()
    time.sleep(max(0.0, begin - time.time()))
    while time.time() < begin + seconds:
        if think:
            time.sleep(think * random.uniform(0.5, 1.5))
        begun = time.perf_counter()
        act()
        times.append((time.perf_counter() - begun) * 1000)
    return times


def bare(server: Server, _: str, begin: float, seconds: float, think: float, out: Queue[list[float]]) -> None:
    with psycopg.connect(server.url, autocommit=True) as connection:
        out.put(timed(lambda: connection.execute("INSERT INTO tiny VALUES (%s)", (1,)), begin, seconds, think))


def saving(server: Server, name: str, begin: float, seconds: float, think: float, out: Queue[list[float]]) -> None:
    store = SqlStore(server)
    number = store.claim(name).number  # type: ignore[union-attr]

    def save() -> None:
        nonlocal number
        claim = store.submit(number, Annotation(name, answers={"s": "x"}, labels_version=1), f"{name} {number}")
        assert claim is not None, "too few items"
        number = claim.number

    out.put(timed(save, begin, seconds, think))


def measured(act: Callable[..., None], server: Server, clients: int, seconds: float, think: float) -> list[float]:
    out: Queue[list[float]] = multiprocessing.Manager().Queue()
    begin = time.time() + 2 + clients / 8
    work = [
        multiprocessing.Process(target=act, args=(server, f"p{n}", begin, seconds, think, out)) for n in range(clients)
    ]
    for one in work:
        one.start()
    for one in work:
        one.join()
    return [ms for _ in work for ms in out.get()]


def main(clients: int = 32, seconds: float = 10) -> None:
    cluster = Cluster()
    try:
        server = cluster.server("bench")
        with psycopg.connect(server.url, autocommit=True) as connection:
            connection.execute("CREATE TABLE tiny (number BIGINT)")
        store = SqlStore(server, create=True)
        store.record_project(Policy(), "source", "guidelines", {})
        store.add(Record(Item(f"i{n}", f"A text about as long as a post, number {n}.")) for n in range(ITEMS))
        for think in (0.0, THINKING_S):
            floor, saved = (measured(act, server, clients, seconds, think) for act in (bare, saving))
            words = f"PostgreSQL, {clients} clients, {think:g} s of thinking"
            row(f"{words}, p50", percentile(saved, 0.5), "ms", percentile(floor, 0.5))
            row(f"{words}, p95", percentile(saved, 0.95), "ms", percentile(floor, 0.95), "≤ 3")
    finally:
        cluster.remove()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clients", type=int, default=32)
    parser.add_argument("--seconds", type=float, default=10)
    options = parser.parse_args()
    print(HEAD)
    main(options.clients, options.seconds)
