"""Attempts at the qualification set, and what annotators' repeats came to."""

from __future__ import annotations

from collections.abc import Iterator

from tui_label.core.annotation import Annotation
from tui_label.core.gold import Gold
from tui_label.core.item import Item
from tui_label.core.opinions import Repeat
from tui_label.store import probes, queue, sources
from tui_label.store.engine import Connection, Execute
from tui_label.store.reviewing import Attempt
from tui_label.store.rows import ANNOTATION, GOLD, ITEM, annotation_from, from_json, gold_from, item_from
from tui_label.store.standing import renames


def keep_attempt(execute: Execute, me: int, attempt: Attempt, moment: str, again: bool) -> None:
    turn = execute("SELECT coalesce(max(turn), 0) FROM tally WHERE annotator = ?", (me,)).fetchone()[0]
    execute(
        "INSERT INTO attempt(annotator, correct, of, passed, at, turn) VALUES (?, ?, ?, ?, ?, ?)",
        (me, attempt.right, attempt.of, int(attempt.passed), moment, turn),
    )
    if again:
        ask_again(execute, me)


def ask_again(execute: Execute, me: int) -> None:
    """The whole set is unanswered once more; its revisions stay, and an undo stops before them.

    How far others' answers agree is left to `standing.catch_up`.
    """
    test = f"SELECT number FROM item WHERE {probes.QUALIFICATION}"
    places = queue.lock_all(execute, test, ())
    for item, state, revision in execute(
        f"SELECT item, state, revision FROM assignment WHERE annotator = ? AND item IN ({test}) ORDER BY item", (me,)
    ).fetchall():
        if item not in places:
            # It came into the set only now
            continue
        sources.recount(execute, item, me, None)
        for table in ("assignment", "draft", "flagged", "corrected"):
            execute(f"DELETE FROM {table} WHERE item = ? AND annotator = ?", (item, me))
        queue.move(execute, item, places[item], done=-int(state == "done"), taken=-int(state != "skipped"))
        # What they had put off is so too while they have it in hand once more
        put_off = int(state != "done" and revision > 0)
        execute("UPDATE tally SET skipped = skipped - ? WHERE annotator = ?", (put_off, me))
        execute("INSERT INTO unweighed VALUES (?) ON CONFLICT (item) DO NOTHING", (item,))


def allow_more_attempts(execute: Execute, attempts: int) -> None:
    """Who had used up all attempts starts over, now that there are more."""
    for (me,) in execute(
        f"SELECT annotator FROM attempt GROUP BY annotator HAVING max(passed) = 0 AND {probes.USED} < ?", (attempts,)
    ).fetchall():
        open_set = execute(
            """SELECT 1 FROM assignment JOIN item ON item.number = assignment.item
               WHERE item.probe = 'qualification' AND annotator = ?
                 AND turn > (SELECT max(attempt.turn) FROM attempt WHERE attempt.annotator = assignment.annotator)""",
            (me,),
        ).fetchone()
        if not open_set:
            ask_again(execute, me)


def first_turn(execute: Execute, item: int, me: int) -> int:
    """The turn after which revisions of an item belong to the present attempt; 0 outside the qualification set."""
    row = execute(
        """SELECT max(attempt.turn) FROM item JOIN attempt ON attempt.annotator = ?
           WHERE item.number = ? AND item.probe = 'qualification'""",
        (me, item),
    ).fetchone()
    return row[0] or 0


def attempts(connection: Connection, annotator: str) -> list[Attempt]:
    rows = connection.read(
        """SELECT annotator.name, correct, of, passed, at FROM attempt
           JOIN annotator ON annotator.id = attempt.annotator WHERE annotator.name = ? ORDER BY attempt.number""",
        (annotator,),
    )
    return [Attempt(name, right, of, bool(passed), at) for name, right, of, passed, at in rows]


def used_up(connection: Connection) -> list[str]:
    rows = connection.read(
        f"""SELECT annotator.name FROM attempt JOIN annotator ON annotator.id = attempt.annotator
            WHERE EXISTS (SELECT 1 FROM item WHERE {probes.QUALIFICATION})
            GROUP BY annotator.name HAVING max(passed) = 0 AND {probes.USED} >=
              (SELECT CAST(value AS INTEGER) FROM setting WHERE name = 'attempts' AND value <> '0')
            ORDER BY annotator.name"""
    )
    return [name for (name,) in rows]


def qualification(connection: Connection, annotator: str) -> list[tuple[Item, Annotation | None, Gold]]:
    names = renames(connection.execute)
    rows = connection.read(
        f"""SELECT {ITEM}, {GOLD}, {ANNOTATION} FROM item JOIN content ON content.item = item.number
            JOIN gold ON gold.item = item.number
              AND gold.revision = (SELECT max(revision) FROM gold AS other WHERE other.item = item.number)
            LEFT JOIN annotator ON annotator.name = ?
            LEFT JOIN assignment ON assignment.item = item.number AND assignment.annotator = annotator.id
              AND assignment.state = 'done'
            LEFT JOIN annotation ON annotation.item = item.number AND annotation.annotator = assignment.annotator
              AND annotation.revision = assignment.revision
            WHERE {probes.QUALIFICATION} AND item.settled = 1 ORDER BY item.number""",
        (annotator,),
    )
    return [
        (
            item_from(row[:6]),
            annotation_from(row[18:], names) if row[19] is not None else None,
            gold_from(row[6:18], names),
        )
        for row in rows
    ]


def repeats(connection: Connection, annotator: str | None = None) -> Iterator[Repeat]:
    names = renames(connection.execute)
    theirs, named = ("", ()) if annotator is None else ("WHERE annotator.name = ?", (annotator,))
    rows = connection.read(
        f"""SELECT annotator.name, first.answers, first.labels_version, again.answers, again.labels_version,
             again.submitted_at
           FROM repeat JOIN annotator ON annotator.id = repeat.annotator
           JOIN assignment AS a ON a.item = repeat.of AND a.annotator = repeat.annotator AND a.state = 'done'
           JOIN annotation AS first
             ON first.item = a.item AND first.annotator = a.annotator AND first.revision = a.revision
           JOIN assignment AS b ON b.item = repeat.item AND b.annotator = repeat.annotator AND b.state = 'done'
           JOIN annotation AS again
             ON again.item = b.item AND again.annotator = b.annotator AND again.revision = b.revision
           {theirs} ORDER BY repeat.item""",
        named,
    )
    for name, first, first_version, again, again_version, submitted_at in rows:
        yield Repeat(
            name,
            names.apply(from_json(first), first_version),
            names.apply(from_json(again), again_version),
            submitted_at,
        )
