"""Keys to frames in a pseudo-terminal at 120×40: latency, bytes, memory, start, beside a floor.

    python tests/benchmarks/bench_keys.py [ITEMS]

The floors of the same run: an empty Textual app's key → frame, and a bare durable SQLite commit.
"""

from __future__ import annotations

import json
import os
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from helpers import ENTITIES, SENTIMENT, write_project
from terminal_harness import Terminal, run

FLOOR = """
from textual.app import App
from textual.widgets import Static
class Floor(App):
    n = 0
    def compose(self):
        yield Static("ready 0")
    def on_key(self, event):
        self.n += 1
        self.query_one(Static).update(f"ready {self.n}", layout=False)
Floor().run()
"""


def percentile(values: Sequence[float], share: float) -> float:
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]


def measure(terminal: Terminal, keys: Sequence[str], count: int) -> tuple[list[float], list[int]]:
    """Milliseconds from key to last byte, and bytes, for each key."""
    times, sizes = [], []
    for n in range(count):
        time.sleep(0.03)
        began = time.perf_counter()
        terminal.press(keys[n % len(keys)], settle=False)
        size, last = terminal.settle(0.04, 1.0)
        if size:
            times.append((last - began) * 1000)
            sizes.append(size)
    return times, sizes


def show(name: str, times: Sequence[float], sizes: Sequence[int]) -> None:
    p50, p95, p99 = (percentile(times, share) for share in (0.5, 0.95, 0.99))
    print(f"{name:<32} {p50:7.1f} {p95:7.1f} {p99:7.1f} ms   {statistics.median(sizes):6.0f} B  n={len(times)}")


def project(source: str, texts: list[str]) -> Path:
    folder = Path(tempfile.mkdtemp())
    write_project(folder, source)
    with (folder / "in.jsonl").open("w") as out:
        for n, text in enumerate(texts):
            out.write(json.dumps({"item": f"i{n}", "text": text}) + "\n")
    began = time.perf_counter()
    status, _, errors = run("add", str(folder), str(folder / "in.jsonl"), timeout=600)
    assert status == 0, errors
    print(f"add {len(texts):,} items: {time.perf_counter() - began:.1f} s")
    return folder


def commit_floor(count: int = 200) -> list[float]:
    path = Path(tempfile.mkdtemp()) / "floor.db"
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("CREATE TABLE t (n)")
    times = []
    for n in range(count):
        began = time.perf_counter()
        connection.execute("INSERT INTO t VALUES (?)", (n,))
        times.append((time.perf_counter() - began) * 1000)
    return times


def main() -> None:
    items = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    print(f"{'':<32} {'p50':>7} {'p95':>7} {'p99':>7}")
    show("floor: bare durable commit", commit_floor(), [0])
    floor = Terminal(command=[sys.executable, "-c", FLOOR], columns=120, rows=40)
    floor.wait_for("ready 0")
    floor.settle(0.5, 2)
    show("floor: empty app, key → frame", *measure(floor, ["x"], 100))
    floor.close()

    words = "United cancelled UA1234 at Chicago and nobody told Angela Merkel about it this Monday"
    folder = project(SENTIMENT, [f"{n} {words}" for n in range(items)])
    starts = []
    for _ in range(5):
        began = time.perf_counter()
        terminal = Terminal(str(folder), "--as", f"s{os.urandom(2).hex()}", columns=120, rows=40)
        terminal.wait_for("cancelled")
        starts.append((time.perf_counter() - began) * 1000)
        terminal.close()
    print(f"cold start to first item: median {statistics.median(starts):.0f} ms")
    terminal = Terminal(str(folder), "--as", "ann", columns=120, rows=40).wait_for("cancelled")
    terminal.settle(0.5, 2)
    show("answer → next item painted", *measure(terminal, ["p", "n"], 200))
    print(f"memory: {terminal.process.memory_info().rss / 1e6:.0f} MB")
    terminal.close()

    spans = project(ENTITIES, [f"{words}. " * 10 for _ in range(100)])
    terminal = Terminal(str(spans), "--as", "ann", columns=120, rows=40).wait_for("cancelled")
    terminal.settle(0.5, 2)
    show("cursor move", *measure(terminal, ["right"], 100))
    show("label on a span", *measure(terminal, ["1", "2"], 100))
    terminal.close()


if __name__ == "__main__":
    main()
