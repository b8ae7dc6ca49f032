"""Suggestions in, while people work; and beside the answers, for figures."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from functools import partial
from typing import Any

from tui_label.core.item import Suggestion
from tui_label.store import standing, versions
from tui_label.store.base import Judged, Source, SourceCount, Suggested
from tui_label.store.engine import Connection, Execute, marks
from tui_label.store.evidence import pages
from tui_label.store.rows import from_json, suggestion_from, to_json
from tui_label.store.sources import held

ROWS = 300
"""Items, or suggestions, of one transaction: a few milliseconds, so that nobody waits for it."""

Found = tuple[int, Sequence[Suggestion]]
"""An item's number, and all that a source suggests for it."""


def keep(connection: Connection, source: Source, tasks: Collection[str], found: Sequence[Found]) -> Suggested:
    total = Suggested()
    for piece in _pieces(found):
        total += connection.write(partial(_keep_piece, source=source, tasks=tasks, piece=piece))
    return total


def _pieces(found: Sequence[Found]) -> Iterator[list[Found]]:
    piece: list[Found] = []
    rows = 0
    for one in found:
        if piece and (rows + len(one[1]) > ROWS or len(piece) == ROWS):
            yield piece
            piece, rows = [], 0
        piece.append(one)
        rows += len(one[1])
    if piece:
        yield piece


def _keep_piece(execute: Execute, source: Source, tasks: Collection[str], piece: list[Found]) -> Suggested:
    execute("INSERT INTO source(name, version) VALUES (?, ?) ON CONFLICT DO NOTHING", (source.name, source.version))
    id = execute("SELECT id FROM source WHERE name = ? AND version = ?", (source.name, source.version)).fetchone()[0]
    numbers = [number for number, _ in piece]
    # Nobody is given one of these items before it is known what is suggested for it
    execute(f"SELECT number FROM item WHERE number IN ({marks(numbers)}) ORDER BY number FOR UPDATE", tuple(numbers))
    before: dict[int, list[Any]] = defaultdict(list)
    for item, *row in execute(
        f"""SELECT item, task, value, version, withdrawn, number FROM suggestion
            WHERE item IN ({marks(numbers)}) AND source = ?""",
        (*numbers, source.name),
    ).fetchall():
        before[item].append(row)
    seen = _seen(execute, [number for number in numbers if number in before])
    total = Suggested()
    for number, suggestions in piece:
        older = [row for row in before[number] if row[2] != source.version and not row[3] and row[0] in tasks]
        if older and number in seen:
            # Everybody who is asked about an item sees the same suggestions
            total += Suggested(kept=len(older))
            continue
        total += _keep_item(execute, source, number, suggestions, before[number], older)
        execute("INSERT INTO consulted VALUES (?, ?) ON CONFLICT DO NOTHING", (id, number))
    if total.added or total.replaced or total.known:
        _place(execute, numbers)
    return total


def _keep_item(
    execute: Execute, source: Source, item: int, suggestions: Sequence[Suggestion], before: list[Any], older: list[Any]
) -> Suggested:
    fresh = {(one.task, to_json(one.value)): one.score for one in suggestions}
    there = {(row[0], row[1]): row for row in before}
    replaced = [row[4] for row in older if (row[0], row[1]) not in fresh]
    for number in replaced:
        execute("UPDATE suggestion SET withdrawn = 1 WHERE number = ?", (number,))
    added = 0
    for (task, value), score in fresh.items():
        row = there.get((task, value))
        if row is None:
            execute(
                "INSERT INTO suggestion(item, task, value, score, source, version) VALUES (?, ?, ?, ?, ?, ?)",
                (item, task, value, score, *source),
            )
        elif row[2] != source.version or row[3]:
            execute(
                "UPDATE suggestion SET version = ?, score = ?, withdrawn = 0 WHERE number = ?",
                (source.version, score, row[4]),
            )
        added += row is None or bool(row[3])
    return Suggested(1, added, len(fresh) - added, len(replaced))


def _seen(execute: Execute, numbers: list[int]) -> set[int]:
    """Items that somebody has in hand, or had and left something of."""
    if not numbers:
        return set()
    among = f"item IN ({marks(numbers)})"
    rows = execute(
        f"""SELECT item FROM assignment WHERE {among} UNION SELECT item FROM draft WHERE {among}
            UNION SELECT item FROM annotation WHERE {among}""",
        (*numbers, *numbers, *numbers),
    ).fetchall()
    return {item for (item,) in rows}


def _place(execute: Execute, numbers: list[int]) -> None:
    """Where the least certain comes first, waiting items go to their new places."""
    order = "uncertain-first"
    if execute("SELECT 1 FROM setting WHERE name = 'order' AND value = ?", (order,)).fetchone():
        execute(
            f"""UPDATE item SET position = {versions.POSITIONS[order]}
                WHERE stage = 'fresh' AND number IN ({marks(numbers)})""",
            tuple(numbers),
        )


# for figures


def counts(connection: Connection) -> list[SourceCount]:
    """By source and version, in order of name and arrival, what it suggests now and whether it is held back."""
    poor = held(connection.execute).sources
    rows = connection.read(
        """SELECT suggestion.source, suggestion.version, count(*) FROM suggestion
           JOIN item ON item.number = suggestion.item
           WHERE withdrawn = 0 AND probe IN ('', 'check') GROUP BY 1, 2 ORDER BY 1, min(suggestion.number)"""
    )
    return [SourceCount(Source(name, version), count, (name, version) in poor) for name, version, count in rows]


def judged(connection: Connection) -> Iterator[Judged]:
    names = standing.renames(connection.execute)
    for page in pages(connection):
        said = _said(connection, page)
        if not said:
            continue
        for item, answers, decisions, version in connection.read(
            """SELECT assignment.item, answers, decisions, labels_version
               FROM assignment JOIN annotation USING (item, annotator, revision)
               JOIN item ON item.number = assignment.item
               WHERE assignment.item BETWEEN ? AND ? AND state = 'done' AND probe IN ('', 'check')
               ORDER BY assignment.item, assignment.annotator""",
            page,
        ):
            if item in said:
                outcomes = {int(number): outcome for number, outcome in from_json(decisions).items()}
                yield Judged(names.apply(from_json(answers), version), outcomes, said[item])


def _said(connection: Connection, page: tuple[int, int]) -> dict[int, dict[Source, tuple[Suggestion, ...]]]:
    """For each item what each source suggests: nothing, where it was asked and had nothing to say."""
    said: dict[int, dict[Source, tuple[Suggestion, ...]]] = defaultdict(dict)
    for item, name, version in connection.read(
        "SELECT item, name, version FROM consulted JOIN source ON id = source WHERE item BETWEEN ? AND ?", page
    ):
        said[item][Source(name, version)] = ()
    for item, version, *row in connection.read(
        """SELECT item, version, number, task, value, score, source FROM suggestion
           WHERE item BETWEEN ? AND ? AND withdrawn = 0 ORDER BY number""",
        page,
    ):
        one = suggestion_from(tuple(row))
        by = Source(one.source, version)
        said[item][by] = (*said[item].get(by, ()), one)
    return said
