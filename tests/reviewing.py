"""Projects with several annotators' answers, for tests of reviewing."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from helpers import write_project

from tui_label import config
from tui_label.core.annotation import Annotation, Flag, Timing
from tui_label.core.item import Item
from tui_label.core.record import Record
from tui_label.projects import opening
from tui_label.store.sql import SqlStore

MOOD = """\
name: tweets
overlap: 3
tasks: [{id: mood, type: choice, labels: [{value: good, key: g}, {value: bad, key: b}, so-so]}]
"""
NAMES = ("ann", "bob", "cyd", "dan")


def span(text: str, words: str, label: str) -> dict[str, Any]:
    start = text.index(words)
    return {"start": start, "end": start + len(words), "label": label, "text": words}


def answered(item: Item, *answers: Mapping[str, Any], flags: Mapping[int, Flag] | None = None) -> list[Record]:
    """The item with an answer of each of the annotators, in their order; None: they gave none."""
    records = [Record(item)]
    for n, (name, one) in enumerate(zip(NAMES, answers, strict=False)):
        flag = ((flags or {})[n],) if n in (flags or {}) else ()
        timing = Timing(3000 + 100 * n)
        records.append(Record(item, annotation=Annotation(name, answers=one, flags=flag, timing=timing)))
    return records


def prepare(folder: Path, source: str, *items: Sequence[Record]) -> Path:
    project = config.load(write_project(folder, source))
    store, _ = opening.open_store(project)
    store.add([record for records in items for record in records])
    store.close()
    return folder


def moods(*answers: Sequence[str]) -> list[list[Record]]:
    return [
        answered(Item(f"i{n}", f"Text number {n}."), *({"mood": mood} for mood in some))
        for n, some in enumerate(answers)
    ]


def opened(folder: Path) -> SqlStore:
    return opening.open_store(config.load(folder))[0]


def golds(folder: Path) -> dict[str, tuple[str, dict[str, Any]]]:
    """By item: outcome and answers of what stands."""
    store = opened(folder)
    found = {one.item.key: (one.gold.outcome, dict(one.gold.answers)) for one in store.testimonies() if one.gold}
    store.close()
    return found


def annotations(folder: Path) -> list[tuple[Any, ...]]:
    """The annotators' own answers as they lie in the database, every revision and every byte."""
    connection = sqlite3.connect(folder / "project.db")
    rows = connection.execute("SELECT * FROM annotation ORDER BY item, annotator, revision").fetchall()
    connection.close()
    return rows
