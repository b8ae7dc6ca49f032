"""The queue at every size and at every point of the work; one annotator's memory there.

    python tests/benchmarks/bench_scale.py [--items 1000,100000,1000000,10000000] [FOLDER]

For each size and for one and three annotators an item: claim and save in one go, by a new annotator,
when nothing, half and 99 % is answered.  Each save has its floor right behind it, one tiny durable commit on
the same disk, for the disk's pace changes from minute to minute.  Of small projects there are so many that each figure
is of as many saves.
"""

from __future__ import annotations

import argparse
import shutil
import sqlite3
import sys
import tempfile
import time
from collections.abc import Iterator
from itertools import count as counting
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from helpers import SENTIMENT, write_project
from measuring import HEAD, BareCommits, percentile, row
from terminal_harness import Terminal

from tui_label.core.annotation import Annotation, Timing
from tui_label.core.item import Item
from tui_label.core.record import Record
from tui_label.store.base import Policy
from tui_label.store.sql import SqlStore

TEXT = "A text about as long as a post, with number {} in it, and some words more to fill it up."
SIZES = (1_000, 100_000, 1_000_000)
SHARES = (0.0, 0.5, 0.99)
SAVES = 400
SPENT = 200
"""One save for so many items: more, and the work would be over before it is measured."""
_fresh = counting()


def items(count: int) -> Iterator[Record]:
    return (Record(Item(f"item-{n}", TEXT.format(n))) for n in range(count))


def finish(path: Path, until: int, people: int) -> None:
    """Have the items up to number `until` answered, by as many annotators as they want: the rows that saves leave."""
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA synchronous = OFF")
        names = [(f"before{n}",) for n in range(people)]
        connection.executemany("INSERT INTO annotator(name) VALUES (?) ON CONFLICT DO NOTHING", names)
        new = "FROM item, annotator WHERE item.done = 0 AND item.number <= ? AND annotator.name LIKE 'before%'"
        connection.execute(
            f"""INSERT INTO annotation(item, annotator, revision, status, answers, origin, flags, decisions, started_at,
                  submitted_at, active_ms, idle_ms, paused_ms, task_ms, labels_version, guidelines_version, turn, save_id)
                SELECT item.number, annotator.id, 1, 'submitted', '{{"sentiment":"positive"}}', '{{}}', '[]', '{{}}',
                  '2026-01-01T00:00:00.000Z', '2026-01-01T00:00:04.000Z', 4000, 0, 0, '{{}}', 1, 1, item.number,
                  'save-' || item.number {new} ORDER BY item.number, annotator.id""",
            (until,),
        )
        connection.execute(
            f"""INSERT INTO assignment(item, annotator, state, revision, turn, active_ms, submitted_at, labels)
                SELECT item.number, annotator.id, 'done', 1, item.number, 4000, '2026-01-01T00:00:04.000Z',
                  char(10) || 'sentiment' || char(9) || 'positive' || char(10)
                {new} ORDER BY item.number, annotator.id""",
            (until,),
        )
        connection.execute(
            """INSERT INTO tally(annotator, turn, answered) SELECT id, ?, ? FROM annotator WHERE name LIKE 'before%'
               ON CONFLICT (annotator) DO UPDATE SET turn = excluded.turn, answered = excluded.answered""",
            (until, until),
        )
        connection.execute(
            "UPDATE item SET stage = 'done', taken = want, done = want WHERE number <= ? AND done = 0", (until,)
        )
        connection.execute("UPDATE counter SET value = ? WHERE name = 'done'", (until,))
    connection.close()


def saves(path: Path, folder: Path, most: int) -> tuple[list[float], list[float]]:
    """Milliseconds of claim and save in one go, and of the bare commits between them.

    Without the first one, for which a connection reads its statements.
    """
    store, floor = SqlStore(path), BareCommits(folder)
    name = f"new{next(_fresh)}"
    claim = store.claim(name)
    times, floors = [], []
    for n in range(1 + most):
        if claim is None:
            break
        at = "2026-01-01T00:00:00.000Z"
        said = Annotation(name, answers={"sentiment": "positive"}, timing=Timing(4000), started_at=at, submitted_at=at)
        begun = time.perf_counter()
        claim = store.submit(claim.number, said, f"{name}-{n}")
        if n:
            times.append((time.perf_counter() - begun) * 1000)
            floors.append(floor.one())
    store.leave(name)
    store.close()
    floor.close()
    return times, floors


def memory(folder: Path) -> float:
    """Megabytes of one annotator's process after some answers."""
    terminal = Terminal(str(folder), "--as", "mem", columns=120, rows=40).wait_for("A text")
    for key in ("p", "n") * 10:
        terminal.press(key)
        time.sleep(0.1)
    used = terminal.process.memory_info().rss / 1e6
    terminal.close()
    return used


def begun(count: int, overlap: int, folder: Path) -> Path:
    """A project with items and no answers."""
    project = write_project(folder, SENTIMENT + f"overlap: {overlap}\n")
    store = SqlStore(project / "project.db", create=True)
    store.record_project(Policy(overlap), (project / "project.yaml").read_text(), "guidelines", {})
    store.add(items(count))
    store.close()
    return project


def measure(count: int, overlap: int, folder: Path) -> list[tuple[float, float]]:
    """The 99th percentile for each share of the work, and its floor's."""
    most = min(SAVES, count // SPENT)
    found: list[tuple[list[float], list[float]]] = [([], []) for _ in SHARES]
    for n in range(SAVES // most):
        project = begun(count, overlap, folder / f"project{n}")
        path = project / "project.db"
        for share, (times, floors) in zip(SHARES, found, strict=True):
            finish(path, int(count * share), overlap)
            some, beside = saves(path, folder, most)
            times += some
            floors += beside
    for share, (times, floors) in zip(SHARES, found, strict=True):
        what = f"claim + save, {count:,} items x {overlap}, {share:.0%} done"
        row(f"{what}, p50", percentile(times, 0.5), "ms", percentile(floors, 0.5), "3")
        row(f"{'':<{len(what)}}  p99", percentile(times, 0.99), "ms", percentile(floors, 0.99))
    row(f"memory of an annotator at {count:,} x {overlap}", memory(project), "MB", bar="90 MB")
    return [(percentile(times, 0.99), percentile(floors, 0.99)) for times, floors in found]


def main(sizes: tuple[int, ...] = SIZES, place: str | None = None) -> None:
    slowest: dict[int, list[tuple[float, float]]] = {}
    for count in sizes:
        for overlap in (1, 3):
            folder = Path(tempfile.mkdtemp(dir=place))
            try:
                slowest.setdefault(overlap, []).extend(measure(count, overlap, folder))
            finally:
                shutil.rmtree(folder)
    for overlap, pairs in slowest.items():
        each, floors = zip(*pairs, strict=True)
        row(f"p99 of the slowest beside the quickest of these, x {overlap}", max(each), "ms", min(each), "2")
        row("  the same of their floors", max(floors), "ms", min(floors))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--items", default=",".join(map(str, SIZES)), help="numbers of items, with commas between")
    parser.add_argument("folder", nargs="?", help="where to measure: the disk that matters")
    options = parser.parse_args()
    print(HEAD)
    main(tuple(int(each) for each in options.items.split(",")), options.folder)
