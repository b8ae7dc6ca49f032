"""Files in and out, each beside a floor of the same run, and the memory they take.

    python tests/benchmarks/bench_formats.py [--count N] [FOLDER]

The floor in: a bare loop that parses each line and inserts it into tables of the same shape.  The floor
out: a bare loop that reads the rows and writes them as JSON Lines.  Each is measured in a process of its own;
on a machine with other work the seconds of the processor say more.
"""

from __future__ import annotations

import argparse
import gzip
import json
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from pathlib import Path

TEXT = "A text about as long as a post, with number {} in it, and some words more to fill it up."
PROJECT = "name: bench\ntasks:\n  - {id: topic, type: choice, labels: [sport, other]}\n"


def bare_in(file: Path, database: Path) -> None:
    connection = sqlite3.connect(database, isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute(
        """CREATE TABLE item (number INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, stage TEXT, priority INTEGER,
           position REAL, want INTEGER, taken INTEGER, done INTEGER)"""
    )
    connection.execute("CREATE INDEX fresh ON item(priority DESC, position, number) WHERE stage = 'fresh'")
    connection.execute("CREATE TABLE content (item INTEGER PRIMARY KEY, text TEXT NOT NULL)")
    connection.execute("BEGIN IMMEDIATE")
    with file.open(encoding="utf-8") as lines:
        for n, line in enumerate(lines):
            one = json.loads(line)
            connection.execute(
                "INSERT INTO item VALUES (?, ?, ?, ?, ?, ?, ?, ?)", (n, one["item"], "fresh", 0, float(n), 1, 0, 0)
            )
            connection.execute("INSERT INTO content VALUES (?, ?)", (n, one["text"]))
    connection.execute("COMMIT")


def bare_out(database: Path, file: Path) -> None:
    connection = sqlite3.connect(database)
    rows = connection.execute(
        """SELECT key, text, answers, annotator.name, submitted_at FROM annotation JOIN item ON item.number = item
           JOIN content USING (item) JOIN annotator ON annotator.id = annotator ORDER BY item"""
    )
    with file.open("w", encoding="utf-8") as out:
        for key, text, answers, name, at in rows:
            record = {"item": key, "text": text, "annotator": name, "answers": json.loads(answers), "submitted_at": at}
            out.write(json.dumps(record, ensure_ascii=False) + "\n")


def measured(*command: str) -> tuple[float, float, float]:
    """Seconds by the clock and of the processor, and the most memory in MB, of a child."""
    script = (
        "import resource, subprocess, sys, time; begun = time.perf_counter();"
        "subprocess.run(sys.argv[1:], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL);"
        "used = resource.getrusage(resource.RUSAGE_CHILDREN);"
        "print(time.perf_counter() - begun, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)"
    )
    done = subprocess.run([sys.executable, "-c", script, *command], check=True, capture_output=True, text=True)
    seconds, worked, memory = map(float, done.stdout.split())
    return seconds, worked, memory


def measure(count: int, folder: Path) -> None:
    plain, answered = folder / "plain.jsonl", folder / "answered.jsonl"
    with plain.open("w") as one, answered.open("w") as other:
        for n in range(count):
            record: dict[str, object] = {"item": f"item-{n}", "text": TEXT.format(n)}
            one.write(json.dumps(record) + "\n")
            said = {"annotator": "ann", "answers": {"topic": "sport"}, "submitted_at": "2026-01-01T00:00:00.000Z"}
            other.write(json.dumps(record | said) + "\n")
    for file in (plain, answered):
        with file.open("rb") as one, gzip.open(f"{file}.gz", "wb", compresslevel=1) as other:
            shutil.copyfileobj(one, other)
    for name in ("p", "q", "p-gz", "q-gz"):
        (folder / name).mkdir()
        (folder / name / "project.yaml").write_text(PROJECT)
    label = [sys.executable, "-m", "tui_label"]
    bare = [sys.executable, __file__, "--bare"]
    steps = {
        "in, bare": measured(*bare, "in", str(plain), str(folder / "floor.db")),
        "in": measured(*label, "add", str(folder / "p"), str(plain)),
        "in, gz": measured(*label, "add", str(folder / "p-gz"), f"{plain}.gz"),
        "in, answered": measured(*label, "add", str(folder / "q"), str(answered)),
        "in, answered gz": measured(*label, "add", str(folder / "q-gz"), f"{answered}.gz"),
        "in, once more": measured(*label, "add", str(folder / "q"), str(answered)),
        "out, bare": measured(*bare, "out", str(folder / "q" / "project.db"), str(folder / "floor.jsonl")),
        "out": measured(*label, "export", str(folder / "q"), "-o", str(folder / "out.jsonl")),
        "out, gz": measured(*label, "export", str(folder / "q"), "-o", str(folder / "out.jsonl.gz")),
        "convert": measured(*label, "convert", str(plain), str(folder / "out.csv")),
    }
    for name, (seconds, worked, memory) in steps.items():
        floor = steps["in, bare" if name.startswith("in") else "out, bare"]
        print(
            f"{count:>10,} {name:<16}{seconds:>8.2f} s  ratio {seconds / floor[0]:>5.2f}"
            f"{worked:>8.2f} s of work  ratio {worked / floor[1]:>5.2f}{memory:>6.0f} MB"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, help="so many records instead of 10,000 and a million")
    parser.add_argument("--bare", nargs=3, metavar=("WAY", "FROM", "TO"), help="what the floor runs")
    parser.add_argument("folder", nargs="?", help="where to measure: the disk that matters")
    options = parser.parse_args()
    if options.bare:
        way, source, target = options.bare
        (bare_in if way == "in" else bare_out)(Path(source), Path(target))
        return
    for count in [options.count] if options.count else [10_000, 1_000_000]:
        with tempfile.TemporaryDirectory(dir=options.folder) as folder:
            measure(count, Path(folder))


if __name__ == "__main__":
    main()
