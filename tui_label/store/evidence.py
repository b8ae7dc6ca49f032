"""All that was said, in lean rows: for agreement, pace, settled exports."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import groupby
from typing import Any

from tui_label.core.gold import Gold
from tui_label.core.opinions import Effort, Opinion
from tui_label.core.renames import Renames
from tui_label.store.engine import Connection
from tui_label.store.reviewing import Testimony
from tui_label.store.rows import (
    ANNOTATION,
    GOLD,
    ITEM,
    LABEL_LENGTH,
    UNREADABLE,
    annotation_from,
    answer_not_ours,
    flags_from,
    from_json,
    gold_from,
    item_from,
    labels_said,
    not_ours,
    object_from,
    sound_from,
)
from tui_label.store.standing import renames

PAGE = 1000
"""Items at a time: a reader that holds one long snapshot makes everybody's writes slower."""


def pages(connection: Connection) -> Iterator[tuple[int, int]]:
    """The first and the last number of each page of items."""
    last = connection.read("SELECT coalesce(max(number), 0) FROM item")[0][0]
    return ((first, first + PAGE - 1) for first in range(1, last + 1, PAGE))


def _by(annotator: str | None) -> tuple[str, tuple[str, ...]]:
    """A condition for one annotator's rows, and its arguments; none for everybody's."""
    return ("", ()) if annotator is None else (" AND annotator.name = ?", (annotator,))


def opinions(connection: Connection, annotator: str | None = None) -> Iterator[Opinion]:
    names = renames(connection.execute)
    theirs, name = _by(annotator)
    for page in pages(connection):
        for row in connection.read(
            f"""SELECT assignment.item, annotator.name, annotation.answers, assignment.submitted_at,
                 annotation.active_ms, annotation.guidelines_version, annotation.labels_version
               FROM assignment JOIN item ON item.number = assignment.item
               JOIN annotation USING (item, annotator, revision) JOIN annotator ON annotator.id = assignment.annotator
               WHERE assignment.item BETWEEN ? AND ? AND assignment.state = 'done' AND item.probe IN ('', 'check') {theirs}
               ORDER BY assignment.item, annotator.name""",
            (*page, *name),
        ):
            try:
                said = names.apply(object_from(row[2]), row[6])
            except UNREADABLE as error:
                raise answer_not_ours(row[0], row[1]) from error
            yield Opinion(row[0], row[1], said, *row[3:6])


def most_candidates(connection: Connection) -> int:
    return max(
        (
            len(from_json(candidates))
            for page in pages(connection)
            for (candidates,) in connection.read(
                "SELECT candidates FROM content WHERE item BETWEEN ? AND ? AND candidates IS NOT NULL", page
            )
        ),
        default=0,
    )


def known(connection: Connection, annotator: str | None = None) -> Iterator[tuple[int, Gold]]:
    names = renames(connection.execute)
    for page in pages(connection):
        for number, *row in _golds(connection, page, annotator):
            yield number, gold_from(tuple(row), names)


def _golds(connection: Connection, page: tuple[int, int], annotator: str | None = None) -> list[Any]:
    answered, name = "", tuple[str, ...]()
    if annotator is not None:
        answered = """AND EXISTS (SELECT 1 FROM assignment JOIN annotator ON annotator.id = assignment.annotator
                        WHERE assignment.item = item.number AND state = 'done' AND annotator.name = ?)"""
        name = (annotator,)
    return connection.read(
        f"""SELECT item.number, {GOLD} FROM item JOIN gold ON gold.item = item.number
              AND gold.revision = (SELECT max(revision) FROM gold AS other WHERE other.item = item.number)
            WHERE item.number BETWEEN ? AND ? AND item.settled = 1 {answered} ORDER BY item.number""",
        (*page, *name),
    )


PENDING = """
    EXISTS (SELECT 1 FROM flagged JOIN assignment USING (item, annotator)
            WHERE flagged.item = item.number AND state IN ('done', 'skipped'))
    OR EXISTS (SELECT 1 FROM comment WHERE comment.item = item.number AND unanswered = 1)
    OR EXISTS (SELECT 1 FROM returned WHERE returned.item = item.number AND state = 'open')"""


def testimonies(connection: Connection) -> Iterator[Testimony]:
    names = renames(connection.execute)
    for page in pages(connection):
        said = connection.read(
            f"""SELECT assignment.item, {ANNOTATION} FROM assignment JOIN annotation USING (item, annotator, revision)
                JOIN annotator ON annotator.id = assignment.annotator
                WHERE assignment.item BETWEEN ? AND ? AND assignment.state = 'done'
                ORDER BY assignment.item, annotator.name""",
            page,
        )
        versions = {number: list(rows) for number, rows in groupby(said, key=lambda row: row[0])}
        golds = {number: gold_from(tuple(row), names) for number, *row in _golds(connection, page)}
        for number, pending, *item in connection.read(
            f"""SELECT item.number, {PENDING}, {ITEM} FROM item JOIN content ON content.item = item.number
                WHERE item.number BETWEEN ? AND ? AND item.probe IN ('', 'check') AND (done > 0 OR settled = 1)
                ORDER BY item.number""",
            page,
        ):
            answers = tuple(annotation_from(row[1:], names) for row in versions.get(number, ()))
            yield Testimony(number, item_from(tuple(item)), answers, golds.get(number), bool(pending))


def efforts(connection: Connection, since: Mapping[str, int] | None, annotator: str | None = None) -> Iterator[Effort]:
    """Up to the turn that each annotator had at the start: with some of what is saved meanwhile, and not all, nobody
    could go on from the last turn that came.
    """
    turns = dict(connection.read("SELECT name, turn FROM tally JOIN annotator ON annotator.id = tally.annotator"))
    return (one for one in _revisions(connection, since, annotator) if one.turn <= turns.get(one.annotator, 0))


def _revisions(connection: Connection, since: Mapping[str, int] | None, annotator: str | None) -> Iterator[Effort]:
    names = renames(connection.execute)
    theirs, named = _by(annotator)
    if since is None:
        for page in pages(connection):
            yield from _efforts(connection, names, "annotation.item BETWEEN ? AND ?" + theirs, (*page, *named))
        return
    for me, name in connection.read(f"SELECT id, name FROM annotator WHERE true {theirs} ORDER BY id", named):
        turn = since.get(name, 0)
        for (item,) in connection.read(_TOUCHED, {"me": me, "turn": turn}):
            where = "annotation.item = ? AND annotation.annotator = ? AND annotation.turn > ?"
            yield from _efforts(connection, names, where, (item, me, turn))


_TOUCHED = """
    SELECT item FROM assignment WHERE annotator = :me AND state IN ('done', 'skipped') AND turn > :turn
    UNION SELECT item FROM assignment WHERE annotator = :me AND state = 'leased'
    UNION SELECT item FROM annotation WHERE annotator = :me AND status = 'undone' AND turn > :turn"""
"""Items where one annotator may have revisions beyond a turn: an index on all of them would slow down every save.

The latest revision is in the assignment, unless it was undone or the item is in hand once more.
"""


def _efforts(connection: Connection, names: Renames, where: str, arguments: tuple[Any, ...]) -> Iterator[Effort]:
    for row in connection.read(
        f"""SELECT annotation.item, annotator.name, annotation.turn, status, answers, labels_version, flags, submitted_at,
              active_ms, idle_ms, content.sound, listening, revision
            FROM annotation JOIN annotator ON annotator.id = annotation.annotator
            JOIN item ON item.number = annotation.item JOIN content ON content.item = annotation.item
            WHERE {where} AND item.probe IN ('', 'check') ORDER BY annotation.item, annotation.annotator, revision""",
        arguments,
    ):
        sound_ms = _sound_ms(row[0], row[10]) if row[10] else 0
        try:
            effort = _effort(row, sound_ms, names)
        except UNREADABLE as error:
            raise answer_not_ours(row[0], row[1]) from error
        yield effort


def _sound_ms(item: int, sound: str) -> int:
    try:
        return round(sound_from(sound).duration * 1000)
    except UNREADABLE as error:
        raise not_ours(f"the sound of item number {item} (content)") from error


def _effort(row: tuple[Any, ...], sound_ms: int, names: Renames) -> Effort:
    said = names.apply(object_from(row[4]), row[5])
    coverage = object_from(row[11]).get("coverage") if row[11] else None
    return Effort(
        row[0],
        row[1],
        row[2],
        row[3],
        {
            task: tuple(label for label in labels_said(value) if len(label) <= LABEL_LENGTH)
            for task, value in said.items()
            if value is not None
        },
        tuple(flag.reason for flag in flags_from(row[6])) if row[6] != "[]" else (),
        row[7],
        row[8],
        row[9],
        sound_ms,
        None if coverage is None else float(coverage),
        row[12],
    )
