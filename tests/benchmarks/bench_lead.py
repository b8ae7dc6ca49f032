"""Times of what a lead looks at: status, a look of the dashboard, agreement, the report.

    python tests/benchmarks/bench_lead.py [--items N] [FOLDER]

100,000 items with the answers of three annotators.  A look of the dashboard comes after each of
them saved once more, so that nothing is known from the look before; beside it stands a
numpy sort of as many numbers, as a floor of the machine.
"""

from __future__ import annotations

import argparse
import random
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np

from tui_label import config
from tui_label.bench.dashboard import Following
from tui_label.core.annotation import Annotation, Flag, Timing
from tui_label.core.item import Item
from tui_label.core.project import Project
from tui_label.core.record import Record
from tui_label.projects import opening
from tui_label.report import status_report
from tui_label.report.material import gather
from tui_label.report.page import page

PROJECT = """\
name: bench
overlap: 3
tasks:
  - {id: sentiment, type: choice, labels: [positive, neutral, negative]}
  - {id: entities, type: spans, labels: [airline, airport]}
"""
PEOPLE = ("ann", "bob", "eve")
WEEKS = 8
LOOKS = 15


def records(items: int) -> Iterator[Record]:
    rng = random.Random(0)
    start = datetime.now(UTC) - timedelta(weeks=WEEKS)
    for number in range(items):
        truth = rng.choice(("positive", "neutral", "negative"))
        for name in PEOPLE:
            at = (start + timedelta(weeks=WEEKS) * (number / items)).isoformat(timespec="milliseconds")
            label = truth if rng.random() < 0.8 else rng.choice(("positive", "neutral", "negative"))
            spans = [{"start": 0, "end": 6, "label": rng.choice(("airline", "airline", "airport")), "text": "United"}]
            flags = (Flag("ambiguous", "sarcasm?"),) if rng.random() < 0.02 else ()
            answer = Annotation(
                name,
                answers={"sentiment": label, "entities": spans},
                flags=flags,
                timing=Timing(round(rng.lognormvariate(8, 0.5))),
                submitted_at=at.replace("+00:00", "Z"),
            )
            yield Record(Item(f"item-{number}", f"United cancelled flight {number}."), annotation=answer)


def seconds(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def looks(project: Project, following: Following) -> list[float]:
    store, _ = opening.open_store(project)
    times = []
    for turn in range(LOOKS):
        for name in PEOPLE:
            answer = Annotation(name, answers={"sentiment": "neutral", "entities": []}, timing=Timing(2000))
            store.submit(turn + 1, answer, f"look-{turn}", claim=False)
        times.append(seconds(following.look))
    store.close()
    return sorted(times)


def measure(items: int, folder: Path) -> None:
    (folder / "project.yaml").write_text(PROJECT, encoding="utf-8")
    (folder / "guidelines.md").write_text("# How to decide\n", encoding="utf-8")
    project = config.load(folder)
    store, _ = opening.open_store(project)
    store.add(records(items))
    floor = seconds(lambda: np.sort(np.random.default_rng(0).integers(0, 1 << 40, items * len(PEOPLE))))
    following = Following(project)
    first = seconds(following.look)
    again = looks(project, following)
    print(f"{items:,} items, {len(PEOPLE)} annotators; sorting as many numbers: {floor * 1000:.0f} ms")
    print(f"dashboard: first look {first:.1f} s, next p50 {again[LOOKS // 2] * 1000:.0f} max {again[-1] * 1000:.0f} ms")
    print(f"agreement beside it: {seconds(following.measure):.1f} s, again {seconds(following.measure):.1f} s")
    print(f"status: {seconds(lambda: status_report.status(project, store)):.1f} s")
    print(f"report: {seconds(lambda: page(gather(project, store, datetime.now().astimezone()))):.1f} s")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--items", type=int, default=100_000)
    parser.add_argument("folder", nargs="?", help="where to measure")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        measure(options.items, Path(folder))


if __name__ == "__main__":
    main()
