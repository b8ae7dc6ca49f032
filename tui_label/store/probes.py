"""Probes: items that are there to measure, not to be labeled.  Who is given one, and when.

`check` items have a known answer and are mixed into the queue; the `qualification` set comes
before it; a `repeat` is a twin of an item that its annotator answered long before.
Functions on an open transaction, or that only read.
"""

from __future__ import annotations

import hashlib

from tui_label.core.moments import utc
from tui_label.store.engine import Execute, Read
from tui_label.store.rows import twin_text

CHECK, QUALIFICATION = (f"probe = '{kind}' AND probe <> ''" for kind in ("check", "qualification"))
"""Along the index of probes, which SQLite takes only where its own condition stands there too."""
PASSED = -1
"""No item number: they may go to the queue."""

_UNHAD = "NOT EXISTS (SELECT 1 FROM assignment a WHERE a.item = item.number AND a.annotator = ?)"


USED = "count(*) - 2 * count(*) FILTER (WHERE of = 0)"
"""How many of the goes that a project gives are used up: a row with `of` 0 is a lead's leave for one more."""


def qualify(read: Read, me: int, attempts: int) -> int | None:
    """The item of the qualification set to answer now; PASSED where there is no set; None where they have to wait.

    They wait while an attempt that is complete was not judged yet, and when all are used up.
    """
    if not read(f"SELECT 1 FROM item WHERE {QUALIFICATION} LIMIT 1"):
        return PASSED
    if read(f"SELECT {USED} FROM attempt WHERE annotator = ?", (me,))[0][0] >= attempts:
        return None
    found = read(f"SELECT number FROM item WHERE {QUALIFICATION} AND {_UNHAD} ORDER BY number LIMIT 1", (me,)) or read(
        """SELECT item FROM assignment JOIN item ON item.number = assignment.item
           WHERE annotator = ? AND state = 'skipped' AND probe = 'qualification' ORDER BY turn LIMIT 1""",
        (me,),
    )
    return int(found[0][0]) if found else None


def chance(annotator: int, turn: int, about: str = "") -> float:
    """A number from 0 to 1 that is always the same for this annotator and turn, and that nobody guesses."""
    digest = hashlib.blake2b(f"{annotator} {turn} {about}".encode(), digest_size=6).digest()
    return int.from_bytes(digest, "big") / 2**48


def due(read: Read, me: int, now: int, ahead: int = 0) -> tuple[str, int] | None:
    """The probe to give instead of the queue's next item, `ahead` turns from now.

    `("check", item)`, or `("repeat", item)` with the item to ask once more, or its twin where it has one.
    """
    rates = dict(read("SELECT name, value FROM setting WHERE name IN ('gold_rate', 'repeat_rate', 'repeat_after_ms')"))
    turns = read("SELECT turn FROM tally WHERE annotator = ?", (me,))
    turn = (turns[0][0] if turns else 0) + ahead
    gold_rate, repeat_rate = float(rates["gold_rate"]), float(rates["repeat_rate"])
    drawn = chance(me, turn)
    if drawn < gold_rate:
        found = _check(read, me)
    elif drawn < gold_rate + repeat_rate:
        found = _repeat(read, me, turn, utc(now - int(rates["repeat_after_ms"])))
    else:
        return None
    return ("check" if drawn < gold_rate else "repeat", found) if found else None


def _check(read: Read, me: int) -> int | None:
    """One they have not had, in an order of their own."""
    found = read(
        f"""SELECT number FROM item WHERE {CHECK} AND {_UNHAD}
            ORDER BY ((number + ? * 40503) * 2654435761) % 4294967296 LIMIT 1""",
        (me, me),
    )
    return int(found[0][0]) if found else None


def _repeat(read: Read, me: int, turn: int, until: str) -> int | None:
    """One of their own of before `until`, at a place in their history that the turn decides."""
    left = read("SELECT item FROM repeat WHERE annotator = ? ORDER BY item DESC LIMIT 1", (me,))
    if left and not read("SELECT 1 FROM assignment WHERE item = ? AND annotator = ?", (left[0][0], me)):
        return int(left[0][0])
    last = _last_turn(read, me, turn, until)
    start = int(chance(me, turn, "of") * last) + 1
    for between, order in (("turn BETWEEN ? AND ?", "ASC"), ("turn < ? AND turn <= ?", "DESC")):
        found = read(
            f"""SELECT assignment.item FROM assignment JOIN item ON item.number = assignment.item
                WHERE assignment.annotator = ? AND {between} AND state IN ('done', 'skipped') AND state = 'done'
                  AND probe = '' AND submitted_at BETWEEN '0' AND ?
                  AND NOT EXISTS (SELECT 1 FROM repeat WHERE repeat.annotator = assignment.annotator AND of = item.number)
                ORDER BY turn {order} LIMIT 1""",
            (me, start, last, until),
        )
        if found:
            return int(found[0][0])
    return None


def _last_turn(read: Read, me: int, turn: int, until: str) -> int:
    """Their last turn that was submitted by `until`: times grow with turns, so it is searched by halves."""
    low, high = 0, turn
    while low < high:
        middle = (low + high + 1) // 2
        found = read(
            """SELECT turn, submitted_at FROM assignment
               WHERE annotator = ? AND state IN ('done', 'skipped') AND turn >= ? ORDER BY turn LIMIT 1""",
            (me, middle),
        )
        if found and found[0][1] <= until:
            low = found[0][0]
        else:
            high = middle - 1
    return low


def twin(execute: Execute, me: int, of: int) -> int:
    """The twin of an item for one annotator, made where there is none: same content, suggestions and key.

    The caller has seen to it that nobody else adds items.
    """
    found = execute("SELECT item FROM repeat WHERE item = ? OR (annotator = ? AND of = ?)", (of, me, of)).fetchone()
    if found:
        return int(found[0])
    number, key = execute("SELECT (SELECT max(number) + 1 FROM item), key FROM item WHERE number = ?", (of,)).fetchone()
    execute(
        """INSERT INTO item(number, key, stage, position, want, probe)
           SELECT ?, ?, 'held', position, want, 'repeat' FROM item WHERE number = ?""",
        (number, twin_text(key, number), of),
    )
    # Before what it has of the item: a server goes by that (`logins`)
    execute("INSERT INTO repeat VALUES (?, ?, ?)", (number, of, me))
    execute(
        """INSERT INTO content(item, text, escaped, candidates, meta, priority, sound)
           SELECT ?, text, escaped, candidates, meta, priority, sound FROM content WHERE item = ?""",
        (number, of),
    )
    execute(
        """INSERT INTO suggestion(item, task, value, score, source, version)
           SELECT ?, task, value, score, source, version FROM suggestion WHERE item = ? AND withdrawn = 0
           ORDER BY number""",
        (number, of),
    )
    return int(number)
