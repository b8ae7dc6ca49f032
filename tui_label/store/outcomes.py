"""What reviewers decide: gold answers and returns.  Functions on an open transaction.

Gold answers are appended, never changed: each says with `before` which revision it replaced,
so that `withdraw` finds the way back, however often.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from tui_label.core.comments import CORRECTION, RETURN, Comment
from tui_label.core.gold import ACCEPTED, SETTLED, WITHDRAWN, Gold
from tui_label.core.renames import Renames
from tui_label.store import queue, standing, talking
from tui_label.store.engine import Execute, Read, marks
from tui_label.store.rows import GOLD, gold_from, label_line, storable, to_json
from tui_label.store.standing import Judge


def gold_of(execute: Execute, item: int, names: Renames) -> Gold | None:
    """The gold answer that stands."""
    row = execute(f"SELECT {GOLD} FROM gold WHERE item = ? ORDER BY revision DESC LIMIT 1", (item,)).fetchone()
    gold = gold_from(row, names) if row else None
    return gold if gold and gold.stands else None


def settled_before(execute: Execute, item: int, save_id: str) -> bool:
    found = execute("SELECT 1 FROM gold WHERE item = ? AND save_id = ?", (item, save_id)).fetchone()
    return found is not None


def settle(execute: Execute, item: int, gold: Gold, save_id: str, judge: Judge, over: int | None = None) -> bool:
    """Append a gold answer, whatever stood before, or only where revision `over` (0: none) stands; whether it did."""
    latest = execute(
        "SELECT revision, outcome FROM gold WHERE item = ? ORDER BY revision DESC LIMIT 1", (item,)
    ).fetchone()
    before = latest[0] if latest and latest[1] != WITHDRAWN else 0
    if over not in (None, before):
        return False
    _append(execute, item, gold, before, save_id, judge)
    return True


def _append(execute: Execute, item: int, gold: Gold, before: int, save_id: str, judge: Judge) -> None:
    execute(
        """INSERT INTO gold SELECT ?, coalesce(max(revision), 0) + 1, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?
           FROM gold WHERE item = ?""",
        (
            item,
            gold.outcome,
            to_json(dict(gold.answers)),
            storable(gold.reviewer),
            storable(gold.rule),
            to_json(dict(gold.sources)),
            to_json({task: list(parts) for task, parts in gold.origin.items()}),
            int(gold.example),
            gold.at,
            gold.active_ms,
            gold.labels_version,
            gold.guidelines_version,
            before,
            save_id,
            item,
        ),
    )
    execute("UPDATE item SET settled = ? WHERE number = ?", (int(gold.stands), item))
    if gold.stands:
        standing.compare_with_gold(execute, item, judge)
    else:
        execute("DELETE FROM corrected WHERE item = ?", (item,))


def withdraw(execute: Execute, item: int, reviewer: str, moment: str, judge: Judge) -> Gold | None:
    queue.lock(execute, item)
    latest = execute(
        f"SELECT before, {GOLD} FROM gold WHERE item = ? ORDER BY revision DESC LIMIT 1", (item,)
    ).fetchone()
    gold = gold_from(latest[1:], standing.renames(execute)) if latest else None
    if gold is None or gold.reviewer != storable(reviewer) or gold.outcome not in (SETTLED, ACCEPTED):
        return None
    # What was told with it is of the same moment
    talking.take_back(execute, item, "author = ? AND kind = ? AND at = ?", gold.reviewer, CORRECTION, gold.at)
    before = execute(f"SELECT before, {GOLD} FROM gold WHERE item = ? AND revision = ?", (item, latest[0])).fetchone()
    save_id = f"withdraw-{gold.revision + 1}"
    if before is None:
        mark = Gold(
            reviewer,
            outcome=WITHDRAWN,
            at=moment,
            labels_version=gold.labels_version,
            guidelines_version=gold.guidelines_version,
        )
        _append(execute, item, mark, 0, save_id, judge)
    else:
        # As it was stored: its labels version says under which names
        _append(execute, item, gold_from(before[1:], Renames({})), before[0], save_id, judge)
    return gold


def latest_settled(read: Read, reviewer: str) -> int | None:
    rows = read(
        """SELECT item FROM gold WHERE reviewer = ? AND outcome IN ('settled', 'accepted')
             AND save_id <> 'withdraw-' || revision
             AND NOT EXISTS (SELECT 1 FROM gold AS later WHERE later.item = gold.item AND later.revision > gold.revision)
           ORDER BY at DESC, item DESC LIMIT 1""",
        (storable(reviewer),),
    )
    return int(rows[0][0]) if rows else None


def send_back(
    execute: Execute, item: int, annotators: Sequence[int], comment: Comment, moment: str, *, answers: bool = True
) -> int:
    """Return an item to those of these annotators whose answer stands; to how many it was not on its way already.

    The comment `answers` what they asked, unless it was written without a look at the item.
    """
    fresh = 0
    queue.lock(execute, item)
    for me in annotators:
        row = execute(
            """SELECT annotator.name, revision, (SELECT number FROM returned
                 WHERE returned.annotator = ? AND returned.item = ? AND returned.state = 'open')
               FROM assignment JOIN annotator ON annotator.id = assignment.annotator
               WHERE assignment.item = ? AND assignment.annotator = ? AND assignment.state = 'done'""",
            (me, item, item, me),
        ).fetchone()
        if row is None:
            continue
        name, revision, number = row
        if number is None:
            rows = execute(
                """INSERT INTO returned(item, annotator, revision, reviewer, at) VALUES (?, ?, ?, ?, ?)
                   RETURNING number""",
                (item, me, revision, storable(comment.author), comment.at or moment),
            ).fetchall()
            number = rows[0][0]
            fresh += 1
        talking.say(execute, item, replace(comment, kind=RETURN, to=name), moment, number, answers=answers)
    return fresh


def take_back(execute: Execute, item: int, me: int, reviewer: str) -> None:
    queue.lock(execute, item)
    row = execute(
        "SELECT number FROM returned WHERE item = ? AND annotator = ? AND state = 'open'", (item, me)
    ).fetchone()
    if row:
        said = (*row, storable(reviewer))
        talking.take_back(execute, item, "returned = ? AND author = ?", *said)
        if execute("SELECT 1 FROM comment WHERE returned = ? AND author <> ? LIMIT 1", said).fetchone() is None:
            execute("UPDATE returned SET state = 'taken back' WHERE number = ?", row)


def answered(execute: Execute, item: int, me: int, revision: int) -> None:
    """An annotator has answered (or skipped) what was sent back to them."""
    execute(
        "UPDATE returned SET state = 'answered', answered = ? WHERE annotator = ? AND item = ? AND state = 'open'",
        (revision, me, item),
    )


def unanswered(execute: Execute, item: int, me: int, revision: int) -> None:
    """They have undone that."""
    execute(
        """UPDATE returned SET state = 'open', answered = NULL
           WHERE item = ? AND annotator = ? AND state = 'answered' AND answered = ?""",
        (item, me, revision),
    )


def sent_back(read: Read) -> dict[str, int]:
    rows = read(
        """SELECT annotator.name, count(*) FROM returned JOIN annotator ON annotator.id = returned.annotator
           WHERE returned.state = 'open' GROUP BY annotator.name ORDER BY annotator.name"""
    )
    return dict(rows)


def outdated(
    execute: Execute, task: str, label: str, before: int, but: Sequence[int], items: tuple[int, int] = (0, 2**62)
) -> list[tuple[int, int]]:
    """Item and annotator of the answers to `task` with `label` that were given under older guidelines.

    Those that are on their way back already are not among them, nor those of the annotators `but`.
    """
    nobody = (0, *but)
    wanted = f"\n{label_line(task, label)}\n" if label else f"\n{label_line(task, '')}"
    return execute(
        f"""SELECT assignment.item, assignment.annotator FROM assignment
           JOIN item ON item.number = assignment.item JOIN annotation USING (item, annotator, revision)
           WHERE assignment.item BETWEEN ? AND ? AND assignment.state = 'done'
             AND assignment.annotator NOT IN ({marks(nobody)})
             AND instr(assignment.labels, ?) > 0 AND item.probe IN ('', 'check')
             AND annotation.guidelines_version < ? AND NOT EXISTS (SELECT 1 FROM returned
               WHERE returned.item = assignment.item AND returned.annotator = assignment.annotator AND returned.state = 'open')
           ORDER BY assignment.item, assignment.annotator""",
        (*items, *nobody, storable(wanted), before),
    ).fetchall()
