"""Many people on one box: what one of them feels of the others, and whether everybody gets their turn.

    python tests/benchmarks/bench_crowd.py [--people 50] [--writers 64] [--seconds 20] [FOLDER]

The people are installed commands in pseudo-terminals, each answering half a second after its item was painted;
the floor is one of them alone.  The writers are processes that claim and save without thinking; the floor is one
process that makes tiny durable commits on the same disk.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import pty
import random
import selectors
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

sys.path.insert(0, str(Path(__file__).parent.parent))

from bench_scale import items
from helpers import SENTIMENT, write_project
from measuring import HEAD, BareCommits, percentile, row

from tui_label.core.annotation import Annotation
from tui_label.store.base import Policy
from tui_label.store.sql import SqlStore

THINKING_S = 0.5
STILL_S = 0.04
"""Nothing painted for so long: the item is there."""


class Person:
    """An annotator at a terminal: a key, half a second after the last was painted."""

    def __init__(self, folder: Path, name: str) -> None:
        self.pid, self.terminal = pty.fork()
        if self.pid == 0:
            os.environ.update(TERM="xterm-256color", COLORTERM="truecolor", LANG="C.UTF-8", COLUMNS="120", LINES="40")
            command = [sys.executable, "-m", "tui_label", "label", str(folder), "--as", name]
            os.execvp(command[0], command)
        self.times: list[float] = []
        self.due = 0.0
        self._pressed = self._painted = 0.0

    @property
    def is_there(self) -> bool:
        return 0 < self._painted < time.perf_counter() - 5 * STILL_S

    def press(self, now: float) -> None:
        os.write(self.terminal, random.choice((b"p", b"n")))
        self._pressed, self._painted, self.due = now, 0.0, float("inf")

    def read(self, now: float) -> None:
        os.read(self.terminal, 65536)
        self._painted = now

    def look(self, now: float) -> None:
        """Whether the next item is there by now."""
        if self._painted and self._pressed and now - self._painted > STILL_S:
            self.times.append((self._painted - self._pressed) * 1000)
            self._pressed, self.due = 0.0, self._painted + THINKING_S


@contextmanager
def at_work(folder: Path, count: int) -> Iterator[list[Person]]:
    people = []
    try:
        for n in range(count):
            people.append(Person(folder, f"person{n}"))
            # Whoever comes in takes a second of a processor, which is not what is measured
            while not people[-1].is_there:
                until(people, time.perf_counter() + STILL_S)
        until(people, time.perf_counter() + 3)
        yield people
    finally:
        for one in people:
            os.kill(one.pid, signal.SIGKILL)
            os.waitpid(one.pid, 0)
            os.close(one.terminal)


def until(people: list[Person], end: float, *, pressing: bool = False) -> None:
    """Read what is painted, and press the keys that are due, until `end`."""
    with selectors.DefaultSelector() as waiting:
        for one in people:
            waiting.register(one.terminal, selectors.EVENT_READ, one)
        while (now := time.perf_counter()) < end:
            for ready, _ in waiting.select(0.005):
                ready.data.read(time.perf_counter())
            for one in people if pressing else ():
                one.look(now)
                if one.due <= now:
                    one.press(time.perf_counter())


def feel(folder: Path, count: int, seconds: float) -> tuple[list[float], float]:
    """Milliseconds from key to the next item painted, and megabytes that all of them take (proportional set size)."""
    with at_work(folder, count) as people:
        begun = time.perf_counter()
        for one in people:
            one.due = begun + random.random() * THINKING_S
        until(people, begun + seconds, pressing=True)
        size = sum(psutil.Process(one.pid).memory_full_info().pss for one in people) / 1e6
    return [spent for one in people for spent in one.times[1:]], size


def write(path: Path, name: str, begin: float, end: float, counts: multiprocessing.Queue[int]) -> None:
    """Claim and save without thinking from begin to end; one count of saves comes out of it."""
    store, done = SqlStore(path), 0
    claim = store.claim(name)
    time.sleep(max(0.0, begin - time.time()))
    while claim is not None and time.time() < end:
        said = Annotation(name, answers={"sentiment": "positive"}, submitted_at="2026-01-01T00:00:00.000Z")
        claim = store.submit(claim.number, said, f"{name}-{done}")
        done += 1
    counts.put(done)


def throng(path: Path, count: int, seconds: float) -> list[int]:
    """Saves of each of so many writers at once."""
    counts: multiprocessing.Queue[int] = multiprocessing.Queue()
    begin = time.time() + 2 + count / 20
    writers = [
        multiprocessing.Process(target=write, args=(path, f"w{n}", begin, begin + seconds, counts))
        for n in range(count)
    ]
    for one in writers:
        one.start()
    found = [counts.get(timeout=300) for _ in writers]
    for one in writers:
        one.join()
        assert one.exitcode == 0
    return found


def main(people: int = 50, writers: int = 64, seconds: float = 20.0, place: str | None = None) -> None:
    folder = Path(tempfile.mkdtemp(dir=place))
    try:
        project = write_project(folder / "project", SENTIMENT)
        path = project / "project.db"
        store = SqlStore(path, create=True)
        store.record_project(Policy(), SENTIMENT, "guidelines", {})
        store.add(items(300_000))
        store.close()
        # One person answers so seldom that a shorter time would have too few answers for a p95
        alone, _ = feel(project, 1, 3 * seconds)
        together, size = feel(project, people, seconds)
        what = f"key to next item painted, {people} people, half a second apart"
        row(f"{what}, p50", percentile(together, 0.5), "ms", percentile(alone, 0.5))
        row(f"{'':<{len(what)}}  p95", percentile(together, 0.95), "ms", percentile(alone, 0.95), "1.5")
        row(f"memory of all {people} (proportional set size)", size, "MB", bar="3,000 MB")
        floor = BareCommits(folder)
        begun, bare = time.perf_counter(), 0
        while time.perf_counter() - begun < seconds / 4:
            floor.one()
            bare += 1
        rate = bare / (time.perf_counter() - begun)
        floor.close()
        counts = throng(path, writers, seconds)
        row(
            f"{writers} writers without thinking, saves a second of all",
            sum(counts) / seconds,
            "/s",
            rate,
            "at least 0.5",
        )
        row("  saves of the median one beside the slowest one", percentile(counts, 0.5), "", min(counts), "10")
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--people", type=int, default=50)
    parser.add_argument("--writers", type=int, default=64)
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("folder", nargs="?", help="where to measure: the disk that matters")
    options = parser.parse_args()
    print(HEAD)
    main(options.people, options.writers, options.seconds, options.folder)
