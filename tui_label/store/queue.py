"""The queue: who gets which item.  Functions on an open transaction.

An item waits in `fresh` (nobody had it) or `again` (it wants more people); with all
places taken it is `full`, with all answers there `done`, taken out it is `held`.
Only `move` and `move_all` change counters and stage, and the stage follows from the numbers.
A probe is `held` for good: `probes` says when it is given.

Entering `again` gives an item a new position, behind all others.  So each annotator
keeps a mark: everything before it they have had already.  A row is looked at once
for each annotator, however many items are open (the naive NOT EXISTS costs 0.3 s a
claim at a million).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Generator, Iterator, Sequence
from typing import Any, NamedTuple

from tui_label.store import probes
from tui_label.store.engine import Connection, Cursor, Execute, Read, reader

LOOKS = (16, *(512,) * 20)
"""Rows of `again` looked at in each step; their sum bounds the longest claim."""
CLOCKS_DIFFER_MS = 60_000
"""How far the clocks of those who work together may be apart."""
MARK_AFTER = 8
"""Rows passed in vain before a mark is written: fewer are cheaper to look at again."""
MORE = 0
"""No item number: nothing for them among the rows looked at, and there are more rows."""
BUSY = -1
"""No item number: what is left is in a transaction of somebody else, and may stay in the queue."""
AGAIN = (MORE, BUSY)
PLACE = "stage, taken, done, want, probe, settled"
WAITS = (*(0.002 * 2**n for n in range(8)), *(0.5,) * 20)
"""Seconds before an item that others are changing is looked at again, until they take too long."""


def next_item(execute: Execute, me: int, now: int, lease_until: int, seen: Seen | None = None) -> int | None:
    """The item for this annotator: theirs already, a draft of theirs, the queue, what they skipped.

    After MORE the caller commits and asks again, so that others get their turn in between.
    `seen`: what it goes by, if that was looked at already.
    """
    seen = seen or looking(execute, me)()
    if seen.soonest is not None and seen.soonest < now and release_expired(execute, me, now):
        seen = looking(execute, me)()
    if seen.latest is not None and seen.latest > lease_until + CLOCKS_DIFFER_MS:
        shorten(execute, lease_until)
    if seen.held:
        mine = execute(
            "UPDATE assignment SET lease_until = ? WHERE item = ? AND annotator = ? AND state = 'leased'",
            (lease_until, seen.held, me),
        )
        # Else they have answered it in another terminal since it was looked at
        return int(seen.held) if mine.rowcount else BUSY
    if seen.returned:
        return int(seen.returned)
    if seen.untested and (test := probes.qualify(reader(execute), me, int(seen.untested))) != probes.PASSED:
        return test if test is None or take(execute, me, test, lease_until) else BUSY
    busy = False
    for item, place in _candidates(execute, me, now, seen):
        if item == MORE or (item != BUSY and take(execute, me, item, lease_until, place)):
            return item
        busy = True
    return BUSY if busy else None


class Seen(NamedTuple):
    """What a claim goes by."""

    fresh: tuple[Any, ...] | None
    """The item of the queue that is next and its place, locked, where none waits `again`."""
    again: int | None
    """The highest priority of what waits `again`."""
    top: int | None
    """That of what is `fresh`."""
    soonest: int | None
    """When the first lease ends."""
    latest: int | None
    """When the last one does."""
    held: int | None
    """In their hands."""
    returned: int | None
    """Sent back to them; it stays theirs, so it needs no lease."""
    untested: str | None
    """How many goes they have at a test that is not passed."""
    probing: int | None
    """Whether probes are mixed in."""
    drafted: int
    """Whether they have drafts."""


def looking(execute: Execute, me: int, saved: int = 0) -> Callable[[], Seen]:
    """Ask for what a claim goes by; the answer is there when it is called for.

    `saved`: an item that this transaction saves afterwards, as if it had.
    """
    first = execute(_FIRST, {"me": me, "below": 2**62, "saved": saved})
    fresh = execute(_FRESH, {"saved": saved})
    return lambda: Seen(fresh.fetchone(), *first.fetchone())


_TOPS = """
    (SELECT priority FROM item WHERE stage = 'again' AND priority < :below ORDER BY priority DESC LIMIT 1),
    (SELECT priority FROM item WHERE stage = 'fresh' AND priority < :below ORDER BY priority DESC LIMIT 1)"""
_FIRST = f"""SELECT {_TOPS},
    (SELECT min(lease_until) FROM assignment WHERE state = 'leased'),
    (SELECT max(lease_until) FROM assignment WHERE state = 'leased'),
    (SELECT item FROM assignment WHERE annotator = :me AND state = 'leased' AND item <> :saved
     ORDER BY reopened DESC, item LIMIT 1),
    (SELECT returned.item FROM returned JOIN assignment USING (item, annotator)
     WHERE returned.annotator = :me AND returned.state = 'open' AND assignment.state = 'done'
       AND returned.item <> :saved
     ORDER BY returned.number LIMIT 1),
    (SELECT value FROM setting WHERE name = 'attempts' AND value <> '0'
     AND NOT EXISTS (SELECT 1 FROM attempt WHERE attempt.annotator = :me AND passed = 1)),
    (SELECT 1 FROM setting WHERE name IN ('gold_rate', 'repeat_rate') AND value <> '0.0' LIMIT 1),
    EXISTS (SELECT 1 FROM draft WHERE annotator = :me AND item <> :saved)"""
_FRESH = f"""SELECT number, {PLACE} FROM item WHERE stage = 'fresh' AND number <> :saved AND priority =
      CASE WHEN NOT EXISTS (SELECT 1 FROM item WHERE stage = 'again')
      THEN (SELECT priority FROM item WHERE stage = 'fresh' ORDER BY priority DESC LIMIT 1) END
    ORDER BY priority DESC, position, number LIMIT 1 FOR UPDATE SKIP LOCKED"""


def take(execute: Execute, me: int, item: int, lease_until: int, place: Place | None = None) -> bool:
    """Lease an item, unless somebody else is at it, or was given its last place.  `place`: where it is locked.

    The revision of one they skipped stays in the row: `release` makes it skipped again.  What they answered in another
    terminal since it was looked at fails, and the transaction is run anew: to ask before would be one more wait for all.
    """
    place = place or lock_free(execute, item)
    if place is None or not place.is_free:
        return False
    move(execute, item, place, taken=1)
    execute(
        """INSERT INTO assignment(item, annotator, state, lease_until) VALUES (?, ?, 'leased', ?)
           ON CONFLICT (item, annotator) DO UPDATE SET lease_until = excluded.lease_until,
             state = CASE assignment.state WHEN 'skipped' THEN 'leased' END""",
        (item, me, lease_until),
    )
    return True


def lock_free(execute: Execute, item: int) -> Place | None:
    """Like `lock`, but None where somebody else has locked it."""
    row = execute(f"SELECT {PLACE} FROM item WHERE number = ? FOR UPDATE SKIP LOCKED", (item,)).fetchone()
    return Place(*row) if row else None


_LEFT_DRAFTS = """SELECT draft.item FROM draft JOIN item ON item.number = draft.item
    WHERE draft.annotator = ? AND (item.stage IN ('fresh', 'again') OR item.probe IN ('check', 'repeat'))
      AND NOT EXISTS (SELECT 1 FROM assignment a WHERE a.item = draft.item AND a.annotator = draft.annotator)
    ORDER BY draft.item LIMIT 5"""
_PUT_OFF = """SELECT assignment.item FROM assignment JOIN item ON item.number = assignment.item
    WHERE assignment.annotator = ? AND assignment.state = 'skipped' AND item.stage IN ('fresh', 'again')
      AND (SELECT value FROM setting WHERE name = 'skip') = 'later'
    ORDER BY assignment.turn LIMIT 20"""


def _candidates(execute: Execute, me: int, now: int, seen: Seen) -> Iterator[tuple[int, Place | None]]:
    """Items, with where they are if they are locked.

    A probe comes instead of an item of the queue, never after the queue is empty.
    """
    if seen.drafted:
        yield from ((item, None) for (item,) in execute(_LEFT_DRAFTS, (me,)).fetchall())
    for item, place in _queued(execute, me, seen):
        if seen.probing and item > 0 and (probe := probes.due(reader(execute), me, now)):
            kind, number = probe
            if kind == "repeat":
                growing(execute)
                number = probes.twin(execute, me, number)
            yield number, None
        yield item, place
    yield from ((item, None) for (item,) in execute(_PUT_OFF, (me,)).fetchall())


def _queued(execute: Execute, me: int, seen: Seen) -> Iterator[tuple[int, Place | None]]:
    """Highest priority first; within it started items before fresh ones."""
    if seen.fresh:
        yield seen.fresh[0], Place(*seen.fresh[1:])
    tops = (seen.again, seen.top)
    while tops != (None, None):
        below = max(top for top in tops if top is not None)
        if tops[0] == below and (yield from _scan_again(execute, me, below)):
            yield MORE, None
        if tops[1] == below:
            while fresh := execute(
                f"""SELECT number, {PLACE} FROM item WHERE stage = 'fresh' AND priority = ?
                    ORDER BY priority DESC, position, number LIMIT 1 FOR UPDATE SKIP LOCKED""",
                (below,),
            ).fetchone():
                yield fresh[0], Place(*fresh[1:])
            yield BUSY, None
        tops = execute(f"SELECT {_TOPS}", {"below": below}).fetchone()


def _scan_again(execute: Execute, me: int, priority: int) -> Generator[tuple[int, Place | None], None, bool]:
    """Started items they have not had, from their mark on; whether rows remain that were not looked at.

    The mark stays before an item that was free and could not be taken: it may be in the queue the next time.
    """
    span: dict[str, Any] = {"me": me, "priority": priority}
    since, skipped, missed = _MARK, 0, False
    for look in LOOKS:
        rows = execute(
            f"""SELECT position, {_HAD} IS NOT NULL, {_MARK} {_WAITING} >= {since}
                ORDER BY priority DESC, position, number LIMIT :look""",
            {**span, "look": look},
        ).fetchall()
        had = next((n for n, row in enumerate(rows) if not row[1]), len(rows))
        left = had < len(rows)
        if rows and not missed:
            mark, stored, skipped = rows[had if left else -1][0], rows[0][2], skipped + had
            if (left or len(rows) < look) and skipped > MARK_AFTER and mark > stored:
                _store_mark(execute, me, priority, mark)
        if left:
            span |= {"first": rows[had][0], "last": rows[-1][0]}
            free = execute(_FREE_AGAIN, span).fetchone()
            yield (free[0], Place(*free[1:])) if free else (BUSY, None)
            missed = True
        if len(rows) < look:
            return False
        span["looked"], since = rows[-1][0], ":looked"
    if not missed:
        _store_mark(execute, me, priority, mark)
    return True


_MARK = "coalesce((SELECT position FROM passed WHERE annotator = :me AND passed.priority = :priority), -1)"
_HAD = "(SELECT a.item FROM assignment a WHERE a.item = item.number AND a.annotator = :me)"
"""To be tested with IS NULL: of NOT EXISTS a server may make a join with all assignments."""
# >= and not >: rows may share a position with the mark
_WAITING = "FROM item WHERE stage = 'again' AND priority = :priority AND position"
_FREE_AGAIN = f"""SELECT number, {PLACE} {_WAITING} BETWEEN :first AND :last AND {_HAD} IS NULL
    ORDER BY priority DESC, position, number LIMIT 1 FOR UPDATE SKIP LOCKED"""


def likely_next(read: Read, annotator: str, now: int) -> int | None:
    """The item that this annotator would be given after the one in hand, as far as a short look without writing tells.

    In the order of `next_item`.
    """
    found = read("SELECT id FROM annotator WHERE name = ?", (annotator,))
    me = found[0][0] if found else 0
    held = read(
        """SELECT item FROM assignment WHERE annotator = ? AND state = 'leased'
           ORDER BY reopened DESC, item LIMIT 2""",
        (me,),
    )
    returned, untested, probing, drafted = read(_FIRST, {"me": me, "below": 2**62, "saved": 0})[0][5:]
    if held[1:] or returned:
        return int(held[1][0] if held[1:] else returned)
    if untested and (test := probes.qualify(read, me, int(untested))) != probes.PASSED:
        return test
    rows = read(_LEFT_DRAFTS, (me,)) if drafted else []
    if not rows and (rows := _likely_queued(read, me)) and probing:
        # Submitting what is in hand is one turn
        probe = probes.due(read, me, now, ahead=len(held))
        rows = [probe[1:]] if probe else rows
    rows = rows or read(_PUT_OFF, (me,))
    return int(rows[0][0]) if rows else None


def _likely_queued(read: Read, me: int) -> list[Any]:
    again = read(
        f"""SELECT number, priority FROM (
              SELECT number, priority, position FROM item WHERE stage = 'again' AND position >= coalesce(
                (SELECT passed.position FROM passed WHERE annotator = ? AND passed.priority = item.priority), -1)
              ORDER BY priority DESC, position, number LIMIT {LOOKS[-1]}) AS waiting
            WHERE NOT EXISTS (SELECT 1 FROM assignment a WHERE a.item = waiting.number AND a.annotator = ?)
            ORDER BY priority DESC, position, number LIMIT 1""",
        (me, me),
    )
    fresh = read(
        """SELECT number, priority FROM item WHERE stage = 'fresh'
           ORDER BY priority DESC, position, number LIMIT 1"""
    )
    return sorted([*again, *fresh], key=lambda one: -one[1])


def _store_mark(execute: Execute, me: int, priority: int, position: float) -> None:
    execute(
        """INSERT INTO passed(annotator, priority, position) VALUES (?, ?, ?)
           ON CONFLICT (annotator, priority) DO UPDATE SET position = excluded.position""",
        (me, priority, position),
    )


class Place(NamedTuple):
    """Where an item is in the queue, and what its row says of its answers."""

    stage: str
    taken: int
    done: int
    want: int
    probe: str
    settled: int

    @property
    def is_free(self) -> bool:
        return bool(self.probe) or (self.stage in ("fresh", "again") and self.taken < self.want)

    @property
    def is_finished(self) -> bool:
        return not self.probe and self.done >= self.want

    def finished_since(self, before: Place) -> int:
        """What that adds to the items which whoever answered has finished."""
        return int(self.is_finished) - int(before.is_finished)

    def after(self, taken: int = 0, done: int = 0) -> Place:
        """Where it is when its counters have changed by so much."""
        taken, done = self.taken + taken, self.done + done
        stage = "done" if done >= self.want else "full" if taken >= self.want else "again"
        return self._replace(taken=taken, done=done, stage="held" if self.stage == "held" else stage)


def locking(execute: Execute, item: int) -> Cursor:
    """The row of its place, which stays but for this transaction: all that is said about one item is said in turn."""
    return execute(f"SELECT {PLACE} FROM item WHERE number = ? FOR UPDATE", (item,))


def lock(execute: Execute, item: int) -> Place:
    return Place(*locking(execute, item).fetchone())


def lock_all(execute: Execute, numbers: str, arguments: Sequence[Any] | dict[str, Any]) -> dict[int, Place]:
    """The same for the items whose numbers a statement or a list gives."""
    rows = execute(
        f"SELECT number, {PLACE} FROM item WHERE number IN ({numbers}) ORDER BY number FOR UPDATE", arguments
    ).fetchall()
    return {row[0]: Place(*row[1:]) for row in rows}


def move(execute: Execute, item: int, place: Place, *, taken: int = 0, done: int = 0, requeue: bool = False) -> Place:
    """Change the counters of an item that is locked at `place`; stage and position follow.  Where it is then.

    `requeue`: an item that waits goes behind all others, also if it did before.
    """
    after = place.after(taken, done)
    arrived = ""
    if after.stage == "again" and (place.stage != "again" or requeue):
        arrive(execute)
        arrived = f", position = {ARRIVAL}"
    execute(
        f"UPDATE item SET stage = ?, taken = ?, done = ?{arrived} WHERE number = ?",
        (after.stage, after.taken, after.done, item),
    )
    return after


def move_all(
    connection: Connection, execute: Execute, came: list[tuple[int, int, int]], places: dict[int, Place]
) -> list[int]:
    """`move` where answers came from people who had nothing to do with the items before.

    Each item with how many, and an annotator of one of them.  Those items that have other answers too, or a gold one.
    """
    arrive(execute, len(came))
    now = {item: places[item].after(count, count) for item, count, _ in came}
    connection.many(
        f"""UPDATE item SET position = CASE WHEN ? = 'again' AND stage <> 'again' THEN {ARRIVAL} - ? ELSE position END,
             stage = ?, taken = ?, done = ? WHERE number = ?""",
        [
            (after.stage, behind, after.stage, after.taken, after.done, item)
            for behind, (item, after) in zip(reversed(range(len(came))), now.items(), strict=True)
        ],
    )
    finished = Counter(by for item, _, by in came if now[item].is_finished and not places[item].is_finished)
    connection.many(
        "UPDATE tally SET finished = finished + ? WHERE annotator = ?", [(count, by) for by, count in finished.items()]
    )
    return [item for item, after in now.items() if after.done > 1 or after.settled]


def growing(execute: Execute) -> None:
    """From here to its end this transaction alone adds items, or changes how many people each of them wants."""
    execute("SELECT value FROM counter WHERE name = 'items' FOR UPDATE").fetchall()


ARRIVAL = "(SELECT value FROM counter WHERE name = 'arrival')"


def arrive(execute: Execute, count: int = 1) -> None:
    """Make ARRIVAL the last of so many positions behind every other, those that others are giving at this moment too.

    They come one by one, the next when this transaction is over: so its value is not waited for.
    """
    execute("UPDATE counter SET value = value + ? WHERE name = 'arrival'", (count,))


def hold(execute: Execute, item: int, held: bool) -> None:
    """Take an item out of the queue, or let it back; it stays out while somebody else's skip stands."""
    if held:
        execute("UPDATE item SET stage = 'held' WHERE number = ?", (item,))
        return
    if not execute("SELECT 1 FROM assignment WHERE item = ? AND state = 'skipped' LIMIT 1", (item,)).fetchone():
        execute("UPDATE item SET stage = 'full' WHERE number = ? AND stage = 'held' AND probe = ''", (item,))
        move(execute, item, lock(execute, item), requeue=True)


def release_expired(execute: Execute, me: int, now: int) -> bool:
    """Give back what people who are gone had in their hands; one's own lease is simply renewed.  Whether anything was."""
    rows = execute(
        """SELECT item, annotator FROM assignment WHERE state = 'leased' AND lease_until < ?
           ORDER BY lease_until LIMIT 20""",
        (now,),
    ).fetchall()
    gone = [(item, annotator) for item, annotator in rows if annotator != me and lock_free(execute, item)]
    for item, annotator in gone:
        release(execute, item, annotator, now)
    return bool(gone)


def shorten(execute: Execute, lease_until: int) -> None:
    """A lease that ends later than one that begins now was given by a clock that went wrong: it must end some day."""
    execute(
        "UPDATE assignment SET lease_until = ? WHERE state = 'leased' AND lease_until > ?",
        (lease_until, lease_until + CLOCKS_DIFFER_MS),
    )


def release(execute: Execute, item: int, annotator: int, now: int = 2**62) -> None:
    """An item leaves somebody's hands unanswered, unless their lease is longer; a skipped one is one again."""
    place = lock(execute, item)
    again = execute(
        """UPDATE assignment SET state = 'skipped', reopened = 0, lease_until = NULL
           WHERE item = ? AND annotator = ? AND state = 'leased' AND lease_until < ? AND revision > 0""",
        (item, annotator, now),
    ).rowcount
    if not again:
        gone = execute(
            "DELETE FROM assignment WHERE item = ? AND annotator = ? AND state = 'leased' AND lease_until < ?",
            (item, annotator, now),
        ).rowcount
        if not gone:
            return
    elif execute("SELECT value FROM setting WHERE name = 'skip'").fetchone()[0] == "out":
        hold(execute, item, True)
        place = place._replace(stage="held")
    move(execute, item, place, taken=-1, requeue=True)


def effective(execute: Execute, item: int, annotator: int) -> list[Any]:
    """The revisions that stand, `(revision, status, turn)`: each `undone` took the one before away."""
    standing: list[Any] = []
    for row in execute(
        "SELECT revision, status, turn FROM annotation WHERE item = ? AND annotator = ? ORDER BY revision",
        (item, annotator),
    ).fetchall():
        if row[1] == "undone":
            if standing:
                standing.pop()
        else:
            standing.append(row)
    return standing
