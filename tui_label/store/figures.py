"""What leads ask: progress, tallies, labels, answers out."""

from __future__ import annotations

import json
from collections import Counter, defaultdict, deque
from collections.abc import Iterator, Mapping
from typing import Any

from tui_label.core.annotation import DRAFT, Annotation
from tui_label.core.item import Item
from tui_label.core.renames import Renames
from tui_label.store import standing
from tui_label.store.base import Progress, Tally
from tui_label.store.engine import Connection
from tui_label.store.evidence import known, opinions, pages
from tui_label.store.probes import CHECK
from tui_label.store.rows import (
    ANNOTATION,
    ITEM,
    UNREADABLE,
    annotation_from,
    flags_of,
    from_json,
    item_from,
    labels_said,
)

PAGE = 1000


def progress(connection: Connection, annotator: str) -> Progress:
    # It is asked after each answer: one statement, whatever the number of people
    ((items, done, repeats, finished, answers, mine),) = connection.read(
        """SELECT (SELECT value FROM counter WHERE name = 'items'), (SELECT value FROM counter WHERE name = 'done'),
             (SELECT value FROM counter WHERE name = 'repeats'), coalesce(sum(finished), 0), coalesce(sum(answered), 0),
             coalesce(sum(CASE WHEN annotator = (SELECT id FROM annotator WHERE name = ?) THEN answered ELSE 0 END), 0)
           FROM tally""",
        (annotator,),
    )
    # Who answers needs no such figure
    checked = 0 if annotator else connection.read(f"SELECT coalesce(sum(done), 0) FROM item WHERE {CHECK}")[0][0]
    return Progress(items, done + int(finished), int(answers) - repeats, int(mine), int(checked))


def labels_in_use(connection: Connection) -> Mapping[str, Mapping[str, int]]:
    found: dict[str, Counter[str]] = defaultdict(Counter)
    renames = standing.renames(connection.execute)
    for page in pages(connection):
        for said, version, count in connection.read(
            """SELECT annotation.answers, annotation.labels_version, count(*)
               FROM assignment JOIN annotation USING (item, annotator, revision)
               JOIN item ON item.number = assignment.item
               WHERE assignment.item BETWEEN ? AND ? AND assignment.state = 'done' AND item.probe IN ('', 'check')
               GROUP BY annotation.answers, annotation.labels_version""",
            page,
        ):
            for task, value in renames.apply(from_json(said), version).items():
                for label in set(labels_said(value)):
                    found[task][label] += count
    for _, gold in known(connection):
        for task, value in gold.answers.items():
            found[task].update(set(labels_said(value)))
    return found


def answers_in_use(connection: Connection) -> Iterator[Mapping[str, Any]]:
    yield from (one.answers for one in opinions(connection))
    yield from (gold.answers for _, gold in known(connection))


def tallies(connection: Connection) -> Mapping[str, Tally]:
    rows = connection.read(
        "SELECT annotator.name, answered, skipped FROM tally JOIN annotator ON annotator.id = tally.annotator"
    )
    return {name: Tally(answered, skipped) for name, answered, skipped in sorted(rows)}


def answers(connection: Connection, annotator: str | None, history: bool) -> Iterator[tuple[Item, Annotation]]:
    """Pages by key: a reader that holds one long snapshot makes everybody's writes slower."""
    renames = standing.renames(connection.execute)
    latest = "" if history else "JOIN assignment USING (item, annotator, revision)"
    state = "" if history else "AND assignment.state = 'done'"
    drafts = deque(_drafts(connection, annotator, renames) if history else ())
    last = (0, "", 0)
    while True:
        rows = connection.read(
            f"""SELECT annotation.item, {ITEM}, {ANNOTATION} FROM annotation {latest}
                JOIN annotator ON annotator.id = annotation.annotator
                JOIN item ON item.number = annotation.item JOIN content ON content.item = annotation.item
                WHERE annotation.item >= ? {state} AND item.probe IN ('', 'check')
                AND (annotation.item, annotator.name, annotation.revision) > (?, ?, ?)
                {"" if annotator is None else "AND annotator.name = ?"}
                ORDER BY annotation.item, annotator.name, annotation.revision LIMIT {PAGE}""",
            (last[0], *last, *(() if annotator is None else (annotator,))),
        )
        for row in rows:
            while drafts and drafts[0][0] < (row[0], row[7]):
                yield drafts.popleft()[1]
            yield item_from(row[1:7]), annotation_from(row[7:], renames)
        if len(rows) < PAGE:
            break
        last = (rows[-1][0], rows[-1][7], rows[-1][-1])
    yield from (draft for _, draft in drafts)


Place = tuple[int, str]
"""An item's number and an annotator's name."""


def _drafts(
    connection: Connection, annotator: str | None, renames: Renames
) -> Iterator[tuple[Place, tuple[Item, Annotation]]]:
    rows = connection.read(
        f"""SELECT draft.item, annotator.name, draft.work, draft.saved_at, {ITEM} FROM draft
            JOIN annotator ON annotator.id = draft.annotator
            JOIN item ON item.number = draft.item JOIN content ON content.item = draft.item
            WHERE item.probe IN ('', 'check') ORDER BY draft.item, annotator.name"""
    )
    for number, name, work, saved_at, *item in rows:
        if annotator in (None, name):
            yield (number, name), (item_from(tuple(item)), _draft(name, work, saved_at, renames))


def _draft(annotator: str, work: str, saved_at: str, renames: Renames) -> Annotation:
    """What a draft says; the store does not insist on what the workbench writes there."""
    try:
        record = json.loads(work)
        version = int(record.get("labels", 0))
        answers, origin = dict(record.get("answers", {})), dict(record.get("origin", {}))
        flags = flags_of(record.get("flags", []))
    except UNREADABLE:
        return Annotation(annotator, DRAFT, submitted_at=saved_at)
    today = renames.origin(origin, answers, version)
    answers = renames.apply(answers, version)
    return Annotation(annotator, DRAFT, answers, flags, today, submitted_at=saved_at, labels_version=version)
