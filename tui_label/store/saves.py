"""Saves: revisions, the turn they were made at, and who makes them.  Functions on an open transaction."""

from __future__ import annotations

from typing import NamedTuple

from tui_label.core.annotation import Annotation
from tui_label.core.renames import Renames
from tui_label.store.engine import Execute, marks
from tui_label.store.rows import ANNOTATION, ANSWER, annotation_from, answer_row, escaped_json


class Before(NamedTuple):
    """What an item was to an annotator before a save."""

    saved: int | None
    """Whether this very save was kept before."""
    revision: int
    """The latest of theirs."""
    labels_version: int
    """In force today."""
    state: str | None
    standing: int | None
    """The revision that stands."""
    drafted: int
    """Whether they have a draft of it."""

    @property
    def put_off(self) -> bool:
        """Whether a skip of theirs stands; it also does while they have the item in hand once more."""
        return self.state == "skipped" or (self.state == "leased" and bool(self.standing))


def before_save(execute: Execute, number: int, me: int, save_id: str) -> Before:
    row = execute(
        """SELECT saved, latest, (SELECT coalesce(max(number), 1) FROM version WHERE kind = 'labels'), state, revision,
             EXISTS (SELECT 1 FROM draft WHERE item = :item AND annotator = :me)
           FROM (SELECT max(CASE WHEN save_id = :save THEN 1 END) AS saved, coalesce(max(revision), 0) AS latest
                 FROM annotation WHERE item = :item AND annotator = :me) AS past
           LEFT JOIN assignment ON item = :item AND annotator = :me""",
        {"item": number, "me": me, "save": save_id},
    ).fetchone()
    return Before(*row)


def annotation_of(execute: Execute, number: int, me: int, revision: int, renames: Renames) -> Annotation | None:
    """What a revision says, labels under today's names; None where there is none."""
    row = execute(
        f"""SELECT {ANNOTATION} FROM annotation JOIN annotator ON annotator.id = annotation.annotator
            WHERE annotation.item = ? AND annotation.annotator = ? AND annotation.revision = ?""",
        (number, me, revision),
    ).fetchone()
    return annotation_from(row, renames) if row else None


def work_of(execute: Execute, number: int, me: int, revision: int) -> str:
    """The draft that a revision was saved with."""
    find = "SELECT work FROM annotation WHERE item = ? AND annotator = ? AND revision = ?"
    return str(execute(find, (number, me, revision)).fetchone()[0])


def last_status(execute: Execute, number: int, me: int) -> str:
    """Of their last save that is no undo."""
    find = "SELECT status FROM annotation WHERE item = ? AND annotator = ? AND status <> 'undone' ORDER BY revision DESC LIMIT 1"
    return str(execute(find, (number, me)).fetchone()[0])


def count_save(
    execute: Execute, me: int, answered: int = 0, skipped: int = 0, finished: int = 0, probe: str = "", turns: int = 1
) -> None:
    """One more turn of an annotator, and what it adds to their answers, skips and finished items.

    `probe`: what the item is for, which says whether an answer counts.
    """
    counted = 0 if probe == "qualification" else answered
    execute(
        """INSERT INTO tally(annotator, turn, answered, skipped, finished) VALUES (?, ?, ?, ?, ?)
           ON CONFLICT (annotator) DO UPDATE SET turn = tally.turn + excluded.turn,
             answered = tally.answered + excluded.answered, skipped = tally.skipped + excluded.skipped,
             finished = tally.finished + excluded.finished""",
        (me, turns, counted, skipped, finished),
    )
    if answered and probe == "repeat":
        execute("UPDATE counter SET value = value + ? WHERE name = 'repeats'", (answered,))


def annotator_name(execute: Execute, me: int) -> str:
    return str(execute("SELECT name FROM annotator WHERE id = ?", (me,)).fetchone()[0])


def annotator_id(execute: Execute, name: str) -> int:
    """Their number; a name that is new is written down."""
    find = "SELECT id FROM annotator WHERE name = ?"
    found = execute(find, (name,)).fetchone()
    if found is None:
        execute("INSERT INTO annotator(name) VALUES (?)", (name,))
        found = execute(find, (name,)).fetchone()
    return int(found[0])


def write_revision(
    execute: Execute, number: int, me: int, revision: int, annotation: Annotation, save_id: str, work: str
) -> None:
    """Append one revision, of their latest turn, which `count_save` began."""
    columns = ("item", "annotator", "revision", "status", "save_id", "work", *ANSWER)
    values = (number, me, revision, annotation.status, save_id, escaped_json(work), *answer_row(annotation))
    execute(
        f"""INSERT INTO annotation({", ".join(columns)}, turn)
            SELECT {marks(values)}, turn FROM tally WHERE annotator = ?""",
        (*values, me),
    )
