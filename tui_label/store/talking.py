"""Comments on items, and what changed in the guidelines since somebody was told.  Functions on an open transaction."""

from __future__ import annotations

from dataclasses import replace

from tui_label.core.comments import QUESTION, Comment
from tui_label.core.renames import Renames
from tui_label.store.engine import Execute
from tui_label.store.reviewing import Change
from tui_label.store.rows import COMMENT, comment_from, from_json, storable
from tui_label.store.standing import renames


def say(
    execute: Execute, item: int, comment: Comment, moment: str, returned: int | None = None, *, answers: bool = True
) -> None:
    """Keep a comment; one that is for somebody answers their questions about the item, if it `answers`."""
    execute(
        """INSERT INTO comment(item, author, kind, addressee, text, at, read_at, unanswered, returned)
           VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)""",
        (
            item,
            storable(comment.author),
            comment.kind,
            storable(comment.to),
            storable(comment.text),
            comment.at or moment,
            moment if comment.read else None,
            int(comment.kind == QUESTION and not comment.to),
            returned,
        ),
    )
    if comment.to and answers:
        execute(
            "UPDATE comment SET unanswered = 0 WHERE item = ? AND author = ? AND unanswered = 1",
            (item, storable(comment.to)),
        )


def unsay(execute: Execute, item: int, author: str) -> bool:
    """Take back what somebody said last about an item, from all whom it is for.  Whether anything was taken back."""
    last = execute(
        """SELECT kind, text FROM comment WHERE item = ? AND author = ? AND kind IN ('comment', 'question')
           ORDER BY number DESC LIMIT 1""",
        (item, storable(author)),
    ).fetchone()
    return last is not None and take_back(
        execute, item, "author = ? AND kind = ? AND text = ?", storable(author), *last
    )


def take_back(execute: Execute, item: int, which: str, *values: object) -> bool:
    """Take back the comments on an item that are `which`, but those that were read.

    A question that one answered is open again.  Whether anything was taken back.
    """
    gone = execute(
        f"DELETE FROM comment WHERE item = ? AND {which} AND read_at IS NULL RETURNING addressee", (item, *values)
    ).fetchall()
    for (to,) in gone:
        if to:
            execute(
                """UPDATE comment SET unanswered = 1
                   WHERE item = ? AND author = ? AND kind = 'question' AND addressee = '' AND NOT EXISTS
                     (SELECT 1 FROM comment AS later WHERE later.item = comment.item
                        AND later.addressee = comment.author AND later.number > comment.number)""",
                (item, to),
            )
    return bool(gone)


def on_item(execute: Execute, item: int, name: str | None = None) -> tuple[Comment, ...]:
    """In order of time; with a name, what that annotator said or was told."""
    mine = "" if name is None else "AND (author = ? OR addressee = ?)"
    rows = execute(
        f"SELECT {COMMENT} FROM comment WHERE item = ? {mine}", (item, *(() if name is None else (name, name)))
    ).fetchall()
    return tuple(sorted(map(comment_from, rows), key=lambda one: (one.at, one.number)))


def tell_all(execute: Execute, me: int) -> None:
    """They know the versions in force."""
    execute(
        """INSERT INTO told SELECT ?, kind, max(number) FROM version WHERE true GROUP BY kind
           ON CONFLICT (annotator, kind) DO UPDATE SET number = excluded.number""",
        (me,),
    )


def changes(execute: Execute) -> tuple[Change, ...]:
    rows = execute(
        """SELECT kind, number, lag(text, 1, '') OVER (PARTITION BY kind ORDER BY number), text, recorded_at, renames
           FROM version ORDER BY kind, number"""
    ).fetchall()
    return tuple(replace(Change(*row), names=from_json(names)) for *row, names in rows)


def news(execute: Execute, annotator: str) -> tuple[Change, ...]:
    rows = execute(
        """SELECT told.kind, latest.number, old.text, latest.text, latest.recorded_at, told.number
           FROM told JOIN annotator ON annotator.id = told.annotator
           JOIN version AS old ON old.kind = told.kind AND old.number = told.number
           JOIN version AS latest ON latest.kind = told.kind
             AND latest.number = (SELECT max(number) FROM version WHERE version.kind = told.kind)
           WHERE annotator.name = ? AND latest.number > told.number AND latest.text <> old.text ORDER BY told.kind""",
        (annotator,),
    ).fetchall()
    names = renames(execute) if rows else Renames()
    return tuple(replace(Change(*row), names=names.since(known)) for *row, known in rows)
