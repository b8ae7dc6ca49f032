"""Times of the store, each beside a floor of the same run.

    python tests/benchmarks/bench_store.py [--million] [FOLDER]

The floor of a save is one tiny durable commit on the same disk; the floor of an import
is `executemany` of the same rows into tables of the same shape.  Read the ratios: the
milliseconds are the disk's.
"""

from __future__ import annotations

import argparse
import sqlite3
import tempfile
import time
from pathlib import Path

from tui_label.core.annotation import Annotation
from tui_label.core.item import Item
from tui_label.core.record import Record
from tui_label.store.base import Policy
from tui_label.store.sql import SqlStore

TEXT = "A text about as long as a post, with number {} in it, and some words more to fill it up."
SAVES = 500


def floor_connection(folder: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(folder / "floor.db", isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    return connection


def spread(times: list[float]) -> tuple[float, float]:
    """Median and 95th percentile in milliseconds."""
    ordered = sorted(times)
    return ordered[len(ordered) // 2] * 1000, ordered[len(ordered) * 95 // 100] * 1000


def bare_commits(folder: Path) -> list[float]:
    connection = floor_connection(folder)
    connection.execute("CREATE TABLE IF NOT EXISTS tiny (number INTEGER)")
    times = []
    for n in range(SAVES):
        begun = time.perf_counter()
        connection.execute("INSERT INTO tiny VALUES (?)", (n,))
        times.append(time.perf_counter() - begun)
    connection.close()
    return times


def bare_import(folder: Path, records: list[Record]) -> float:
    connection = floor_connection(folder)
    connection.execute(
        """CREATE TABLE item (number INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, stage TEXT, priority INTEGER,
           position REAL, want INTEGER, taken INTEGER, done INTEGER)"""
    )
    connection.execute("CREATE INDEX fresh ON item(priority DESC, position, number) WHERE stage = 'fresh'")
    connection.execute("CREATE TABLE content (item INTEGER PRIMARY KEY, text TEXT NOT NULL)")
    begun = time.perf_counter()
    connection.execute("BEGIN IMMEDIATE")
    items = ((n, one.item.key, "fresh", 0, float(n), 1, 0, 0) for n, one in enumerate(records))
    connection.executemany("INSERT INTO item VALUES (?, ?, ?, ?, ?, ?, ?, ?)", items)
    connection.executemany("INSERT INTO content VALUES (?, ?)", ((n, r.item.text) for n, r in enumerate(records)))
    connection.execute("COMMIT")
    spent = time.perf_counter() - begun
    connection.close()
    return spent


def saves(store: SqlStore) -> list[float]:
    times = []
    claim = store.claim("ann")
    for n in range(SAVES):
        assert claim is not None
        annotation = Annotation("ann", answers={"topic": "sport"}, submitted_at="2026-01-01T00:00:00.000Z")
        begun = time.perf_counter()
        claim = store.submit(claim.number, annotation, f"save-{n}")
        times.append(time.perf_counter() - begun)
    return times


def measure(count: int, folder: Path) -> None:
    records = [Record(Item(f"item-{n}", TEXT.format(n))) for n in range(count)]
    floor_s = bare_import(folder, records)
    store = SqlStore(folder / "project.db", create=True)
    store.record_project(Policy(), "source", "guidelines", {})
    begun = time.perf_counter()
    store.add(records)
    spent_s = time.perf_counter() - begun
    floor_p50, floor_p95 = spread(bare_commits(folder))
    p50, p95 = spread(saves(store))
    store.close()
    print(
        f"{count:>9,} items | submit+claim p50 {p50:.2f} p95 {p95:.2f} ms, bare commit {floor_p50:.2f} {floor_p95:.2f}, "
        f"ratio {p50 / floor_p50:.1f} | import {count / spent_s:,.0f}/s, bare {count / floor_s:,.0f}/s, "
        f"ratio {floor_s / spent_s:.2f}, write lock held {spent_s:.2f} s"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--million", action="store_true", help="a million items too")
    parser.add_argument("folder", nargs="?", help="where to measure: the disk that matters")
    options = parser.parse_args()
    for count in (1_000, 100_000, *([1_000_000] if options.million else [])):
        with tempfile.TemporaryDirectory(dir=options.folder) as folder:
            measure(count, Path(folder))


if __name__ == "__main__":
    main()
