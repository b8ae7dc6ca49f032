"""What many tests need: small projects, items, a store."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from threading import Thread

import postgres
import pytest

from tui_label import config
from tui_label.core.annotation import Annotation
from tui_label.core.item import Item
from tui_label.core.project import Project, Server
from tui_label.core.record import Record
from tui_label.store.base import Policy, Store
from tui_label.store.sql import SqlStore

SENTIMENT = """\
name: tweets
tasks:
  - id: sentiment
    type: choice
    labels: [{value: positive, key: p}, neutral, {value: negative, key: n}]
"""
ENTITIES = """\
name: names
tasks:
  - id: entities
    type: spans
    labels: [person, place, {value: flight, help: UA1234}]
"""
BOTH = """\
name: both
tasks:
  - {id: sentiment, type: choice, labels: [{value: positive, key: p}, {value: negative, key: n}]}
  - id: entities
    type: spans
    when: {sentiment: [negative]}
    overlap: true
    labels: [person, place]
  - {id: why, type: text, required: false}
"""

HOT_STATEMENTS = (
    "SELECT number FROM item WHERE stage = 'fresh' AND priority = 0 ORDER BY priority DESC, position, number LIMIT 1",
    "SELECT number FROM item WHERE stage = 'again' AND priority = 0 AND position >= 5 "
    "ORDER BY priority DESC, position, number LIMIT 16",
    "SELECT item FROM assignment WHERE annotator = 1 AND state = 'leased' ORDER BY reopened DESC, item LIMIT 1",
    "SELECT item FROM assignment WHERE state = 'leased' AND lease_until < 5 ORDER BY lease_until LIMIT 20",
)
"""What a claim must not scan for."""


def project(source: str = SENTIMENT, folder: Path = Path("nowhere")) -> Project:
    return config.parse(source, folder)


def make_pipe(path: Path) -> None:
    """A pipe that ends for whoever reads it, so that a test of that fails and does not hang."""
    os.mkfifo(path)
    Thread(target=path.write_text, args=("name: x\n",), daemon=True).start()


def write_project(folder: Path, source: str = SENTIMENT) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "project.yaml").write_text(source, encoding="utf-8")
    (folder / "guidelines.md").write_text("# How to decide\n\n## negative\n\nComplaints.\n", encoding="utf-8")
    return folder


def records(count: int) -> list[Record]:
    return [Record(Item(f"i{n}", f"Text number {n}.")) for n in range(count)]


def new_store(folder: Path, count: int = 0, policy: Policy | None = None, **named: object) -> SqlStore:
    return _filled(folder / "project.db", count, policy, **named)


def new_postgres(folder: Path, count: int = 0, policy: Policy | None = None, **named: object) -> SqlStore:
    if postgres.programs() is None:
        pytest.skip("PostgreSQL is not installed")
    return _filled(postgres.schema_for(folder), count, policy, **named)


def _filled(place: Path | Server, count: int, policy: Policy | None, **named: object) -> SqlStore:
    store = SqlStore(place, create=True, **named)  # type: ignore[arg-type]
    store.record_project(policy or Policy(), "source", "guidelines", {})
    if count:
        store.add(records(count))
    return store


def answer_two_each(store: Store) -> None:
    """Three annotators come and answer two items each."""
    for name in ("ann", "bob", "cy"):
        claim = store.claim(name)
        for n in range(2):
            assert claim is not None
            claim = store.submit(claim.number, Annotation(name, answers={"s": "x"}, labels_version=1), f"{name}{n}")


BACKENDS: dict[str, Callable[..., Store]] = {"sqlite": new_store, "postgres": new_postgres}
"""Every store there is: the suites in tests/store run on each."""


class Clock:
    """Milliseconds that pass when a test says so."""

    def __init__(self) -> None:
        self.now = 1_700_000_000_000

    def __call__(self) -> int:
        return self.now
