"""The store in SQL: work by annotators.  Reviewers' half, intake and figures are in files beside it."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from tui_label.core.annotation import SKIPPED, SUBMITTED, Annotation
from tui_label.core.item import Item, Suggestion
from tui_label.core.moments import utc
from tui_label.core.project import Server
from tui_label.core.record import Record
from tui_label.core.renames import Renames
from tui_label.core.roles import Role
from tui_label.errors import StoreBusy, StoreOvertaken, StoreRefused
from tui_label.store import (
    figures,
    fingerprints,
    intake,
    items,
    outcomes,
    queue,
    sources,
    standing,
    suggesting,
    talking,
    training,
    versions,
)
from tui_label.store.base import (
    Added,
    Claim,
    Conflict,
    Entry,
    Finding,
    Fingerprint,
    Judged,
    Policy,
    Progress,
    Source,
    SourceCount,
    Sprint,
    Suggested,
    Tally,
    Versions,
)
from tui_label.store.engine import Connection, Execute, writing
from tui_label.store.reviews import SqlReviewing
from tui_label.store.rows import (
    ANNOTATION,
    ITEM,
    annotation_from,
    escaped_json,
    item_from,
)
from tui_label.store.saves import (
    Before,
    annotation_of,
    annotator_id,
    annotator_name,
    before_save,
    count_save,
    last_status,
    work_of,
    write_revision,
)
from tui_label.store.sqlite.connection import SqliteConnection, create_file
from tui_label.store.sqlite.place import refuse_network
from tui_label.store.staging import Staging
from tui_label.store.standing import Judge

Place = Path | Server
"""Where a store is kept."""


def _now_ms() -> int:
    return time.time_ns() // 1_000_000


def connected(place: Place, create: bool) -> Connection:
    if isinstance(place, Server):
        from tui_label.store.postgres.connection import PostgresConnection

        return PostgresConnection(place, create=create)
    if create:
        refuse_network(place)
        create_file(place)
    return SqliteConnection(place, create=create)


Leases = dict[tuple[int, int], int]
"""When the lease of an item ends, by annotator and item."""


class Handed(NamedTuple):
    """An item for somebody, as it was in the transaction."""

    me: int
    item: int | None
    row: Callable[[], Any] | None = None
    until: int = 0
    """When its lease ends; 0 where they had it in hand already, but not from here."""


_CLAIM = f"""SELECT {ITEM}, probe, a.revision,
      CASE a.state WHEN 'leased' THEN a.reopened WHEN 'done' THEN
        (SELECT count(*) FROM annotation AS later
         WHERE later.item = :item AND later.annotator = :me AND later.revision > a.revision) END,
      (SELECT work FROM draft WHERE draft.item = :item AND annotator = :me),
      EXISTS (SELECT 1 FROM returned WHERE annotator = :me AND returned.item = :item AND state = 'open'),
      EXISTS (SELECT 1 FROM comment WHERE comment.item = :item),
      EXISTS (SELECT 1 FROM suggestion WHERE suggestion.item = :item AND withdrawn = 0),
      EXISTS (SELECT 1 FROM version WHERE kind = 'labels' AND renames <> '{{}}')
    FROM item LEFT JOIN content ON content.item = item.number
    LEFT JOIN assignment AS a ON a.item = item.number AND a.annotator = :me
    WHERE item.number = :item"""

_HALF_CORRECTED = """SELECT draft.annotator, draft.item FROM annotator
    JOIN draft ON draft.annotator = annotator.id
    JOIN assignment ON assignment.item = draft.item AND assignment.annotator = draft.annotator
    JOIN item ON item.number = draft.item
    WHERE annotator.name = ? AND draft.corrects = 1 AND assignment.state = 'done' AND item.probe <> 'qualification'
      AND NOT EXISTS (SELECT 1 FROM returned WHERE returned.annotator = draft.annotator
                      AND returned.item = draft.item AND returned.state = 'open')
    ORDER BY draft.saved_at DESC, draft.item LIMIT 1"""


class SqlStore(SqlReviewing):
    """See `base.Store`, which says what each method promises.

    `judge` says how far the answers about an item differ; without one it is known only
    whether they are the same.
    """

    def __init__(
        self,
        place: Place,
        *,
        create: bool = False,
        clock: Callable[[], int] = _now_ms,
        judge: Judge | None = None,
    ) -> None:
        """`create`: in a new place too."""
        super().__init__(connected(place, create), clock, judge or Judge())
        self._ids: dict[str, int] = {}
        self._leases: Leases = {}
        """As given and extended from here: an item whose lease ends at another time is in hand in another terminal, too."""

    def close(self) -> None:
        self._connection.close()

    # the project

    def record_project(
        self,
        policy: Policy,
        source: str,
        guidelines: str,
        renames: Mapping[str, Mapping[str, str]],
        moved: Collection[str] = (),
    ) -> Versions:
        self._lease_ms = policy.lease_ms
        moment = utc(self._clock())
        return versions.record(self._connection, policy, source, guidelines, renames, moved, moment, self._judge)

    def admit(self, people: Mapping[str, Role]) -> list[Finding]:
        return self._connection.admit(people)

    def is_recorded(self, policy: Policy, source: str, guidelines: str) -> bool:
        return versions.is_recorded(self._connection.execute, policy, source, guidelines)

    def versions(self) -> Versions:
        return versions.latest(self._connection.execute)

    def labels_in_use(self) -> Mapping[str, Mapping[str, int]]:
        return figures.labels_in_use(self._connection)

    def answers_in_use(self) -> Iterator[Mapping[str, Any]]:
        return figures.answers_in_use(self._connection)

    # items in

    def staging(self) -> Staging:
        return Staging()

    def conflicts(self, staging: Staging) -> Iterator[Conflict]:
        return intake.conflicts(self._connection, staging)

    def add(self, records: Iterable[Record] | Staging, progress: Callable[[int], None] | None = None) -> Added:
        return intake.add(self._connection, records, progress, utc(self._clock()), self._judge)

    # suggestions in

    def askable(self, *, answered: bool = False) -> Iterator[tuple[int, Item]]:
        return items.askable(self._connection, answered)

    def suggest(
        self, source: Source, tasks: Collection[str], found: Sequence[tuple[int, Sequence[Suggestion]]]
    ) -> Suggested:
        return suggesting.keep(self._connection, source, tasks, found)

    # one annotator at work

    def claim(self, annotator: str) -> Claim | None:
        for wait in queue.WAITS:
            handed = self._claim(annotator)
            while handed.item == queue.MORE:
                handed = self._claim(annotator)
            if handed.item != queue.BUSY:
                return self._claimed(handed)
            time.sleep(wait)
        raise StoreBusy("what is left in the queue is being changed by others; try again in a moment")

    @writing
    def _claim(self, execute: Execute, annotator: str) -> Handed:
        return self._next(execute, self._id(execute, annotator))

    def _id(self, execute: Execute, name: str) -> int:
        """The number of somebody at work; they know of all that is so far when they begin."""
        if name in self._ids:
            return self._ids[name]
        if self._connection.confined_to not in (None, name):
            raise StoreRefused(
                f"{self._connection}: the server knows you as {self._connection.confined_to} and takes answers in that "
                f"name only, not as {name}: leave USER@ out of `store`, or set PGUSER={name}"
            )
        found = execute(
            "SELECT annotator.id, told.kind FROM annotator LEFT JOIN told ON told.annotator = annotator.id WHERE name = ?",
            (name,),
        ).fetchone()
        if found and found[1]:
            # Remembered only now: what this transaction wrote may still be undone
            self._ids[name] = found[0]
            return self._ids[name]
        me = annotator_id(execute, name)
        talking.tell_all(execute, me)
        return me

    def _next(self, execute: Execute, me: int, seen: queue.Seen | None = None) -> Handed:
        now = self._clock()
        until = now + self._lease(execute)
        seen = seen or queue.looking(execute, me)()
        item = queue.next_item(execute, me, now, until, seen)
        if not item or item <= 0:
            return Handed(me, item)
        return self._hand(me, item, until if item != seen.held or (me, item) in self._leases else 0)

    def _hand(self, me: int, number: int, until: int = 0) -> Handed:
        return Handed(me, number, self._connection.later(_CLAIM, {"item": number, "me": me}), until)

    def _claimed(self, handed: Handed) -> Claim | None:
        """What a transaction that is over has handed out."""
        if handed.row is None or handed.item is None:
            return None
        if handed.until:
            self._leases[handed.me, handed.item] = handed.until
        return self._claim_of(self._connection.execute, handed.me, handed.item, handed.row())

    def _claim_of(self, execute: Execute, me: int, number: int, row: tuple[Any, ...]) -> Claim:
        probe, revision, reopened, draft, returned, talked, suggested, renamed = row[6:]
        renames = standing.renames(execute) if renamed else Renames()
        latest = annotation_of(execute, number, me, revision, renames) if revision else None
        if latest and latest.status != SUBMITTED and not draft:
            draft = work_of(execute, number, me, revision)
        return Claim(
            number,
            item_from(row[:6]),
            sources.offered(execute, number) if suggested else (),
            draft or "",
            renames,
            latest if latest and latest.status == SUBMITTED else None,
            last_status(execute, number, me) if reopened else "",
            bool(returned),
            talking.on_item(execute, number, annotator_name(execute, me)) if talked else (),
            outcomes.gold_of(execute, number, renames) if probe == "qualification" else None,
        )

    def check_in_place(self) -> None:
        self._connection.check_in_place()

    def upcoming(self, annotator: str) -> Item | None:
        number = queue.likely_next(self._connection.read, annotator, self._clock())
        if number is None:
            return None
        (row,) = self._connection.read(
            f"SELECT {ITEM} FROM item LEFT JOIN content ON content.item = item.number WHERE item.number = ?", (number,)
        )
        return item_from(row)

    @writing
    def add_sprint(self, execute: Execute, sprint: Sprint) -> None:
        me = annotator_id(execute, sprint.annotator)
        begun = (me, sprint.started_at)
        if execute("SELECT 1 FROM sprint WHERE annotator = ? AND started_at = ? LIMIT 1", begun).fetchone() is None:
            execute(
                """INSERT INTO sprint(annotator, started_at, ended_at, planned_ms, active_ms, items, sound_ms)
                   VALUES (?, ?, ?, ?, ?, ?, ?)""",
                (*begun, sprint.ended_at, sprint.planned_ms, sprint.active_ms, sprint.items, sprint.sound_ms),
            )

    def submit(
        self,
        number: int,
        annotation: Annotation,
        save_id: str,
        *,
        draft: str = "",
        claim: bool = True,
        over: int | None = None,
    ) -> Claim | None:
        handed = self._submit(number, annotation, save_id, draft, claim, over)
        return self._on_from(number, annotation.annotator, handed)

    def _on_from(self, number: int, annotator: str, handed: Handed) -> Claim | None:
        """Out of hand with an item that was saved, and to the next one."""
        self._leases.pop((handed.me, number), None)
        return self.claim(annotator) if handed.item in queue.AGAIN else self._claimed(handed)

    def _weigh(self, execute: Execute, number: int, *places: queue.Place) -> None:
        """Who may not see what others say leaves it to those who may.  `places`: where the item was, and is."""
        if not any(place.done > 1 or place.settled for place in places):
            return
        if self._connection.confined_to is None:
            standing.weigh(execute, number, self._judge)
        else:
            execute("INSERT INTO unweighed VALUES (?) ON CONFLICT (item) DO NOTHING", (number,))

    @writing
    def _submit(
        self,
        execute: Execute,
        number: int,
        annotation: Annotation,
        save_id: str,
        draft: str,
        claim: bool,
        over: int | None,
    ) -> Handed:
        me = self._id(execute, annotation.annotator)
        place, before, seen = self._look(execute, number, me, save_id, claim, over)
        if not before.saved:
            fresh = before.state != "done"
            taken = int(fresh and before.state != "leased")
            after = place.after(taken, int(fresh))
            counts = (int(fresh), -int(before.put_off), after.finished_since(place))
            self._keep(execute, number, me, annotation, save_id, draft, before, counts, place.probe)
            if before.state == "skipped":
                queue.hold(execute, number, False)
                place = queue.lock(execute, number)
            if fresh:
                after = queue.move(execute, number, place, taken=taken, done=1)
            self._weigh(execute, number, after)
        return self._next(execute, me, seen) if claim else Handed(me, None)

    def _look(
        self, execute: Execute, number: int, me: int, save_id: str, claim: bool, over: int | None
    ) -> tuple[queue.Place, Before, queue.Seen | None]:
        """What a save and the claim after it go by: asked for at once, and waited for once."""
        locked = queue.locking(execute, number)
        looking = queue.looking(execute, me, number) if claim else None
        before = before_save(execute, number, me, save_id)
        seen = looking() if looking and not before.saved else None
        place = queue.Place(*locked.fetchone())
        if over is not None and before.state == "done" and before.standing != over and not before.saved:
            raise StoreOvertaken("answered in another terminal since")
        return place, before, seen

    def skip(
        self,
        number: int,
        annotation: Annotation,
        save_id: str,
        *,
        draft: str = "",
        claim: bool = True,
        over: int | None = None,
    ) -> Claim | None:
        handed = self._skip(number, annotation, save_id, draft, claim, over)
        return self._on_from(number, annotation.annotator, handed)

    @writing
    def _skip(
        self,
        execute: Execute,
        number: int,
        annotation: Annotation,
        save_id: str,
        draft: str,
        claim: bool,
        over: int | None,
    ) -> Handed:
        me = self._id(execute, annotation.annotator)
        policy = execute("SELECT value FROM setting WHERE name = 'skip'")
        place, before, seen = self._look(execute, number, me, save_id, claim, over)
        if not before.saved:
            was_done = before.state == "done"
            after = place.after(-int(was_done), -int(was_done))
            finished = after.finished_since(place)
            counts = (0, 0, finished) if before.put_off else (-int(was_done), 1, finished)
            self._keep(execute, number, me, annotation, save_id, draft, before, counts, place.probe)
            if was_done:
                queue.move(execute, number, place, done=-1, taken=-1, requeue=True)
                self._weigh(execute, number, place, after)
            elif before.state == "leased":
                queue.move(execute, number, place, taken=-1, requeue=True)
            if policy.fetchone()[0] == "out":
                queue.hold(execute, number, True)
        return self._next(execute, me, seen) if claim else Handed(me, None)

    def _keep(
        self,
        execute: Execute,
        number: int,
        me: int,
        annotation: Annotation,
        save_id: str,
        work: str,
        before: Before,
        counts: tuple[int, int, int],
        probe: str,
    ) -> None:
        """Write a revision, make it the one that stands, and count what it adds to the annotator's tally.

        `counts`: answers, skips, finished items.
        """
        count_save(execute, me, *counts, probe)
        revision = before.revision + 1
        write_revision(execute, number, me, revision, annotation, save_id, work)
        again = bool(before.revision)
        version = before.labels_version
        standing.keep(execute, number, me, annotation, revision, labels_version=version, replaces=again)
        if again:
            outcomes.answered(execute, number, me, revision)
        if before.drafted:
            execute("DELETE FROM draft WHERE item = ? AND annotator = ?", (number, me))

    def reopen(self, annotator: str) -> Claim | None:
        return self._claimed(self._reopen(annotator))

    @writing
    def _reopen(self, execute: Execute, annotator: str) -> Handed:
        me = self._id(execute, annotator)
        # They may be at work in another terminal
        execute("SELECT turn FROM tally WHERE annotator = ? FOR UPDATE", (me,))
        latest = execute(
            """SELECT item, state, revision FROM assignment WHERE annotator = ? AND state IN ('done', 'skipped')
               ORDER BY turn DESC LIMIT 1""",
            (me,),
        ).fetchone()
        if latest is None:
            return Handed(me, None)
        number, state, revision = latest
        queue.lock(execute, number)
        until = self._clock() + self._lease(execute)
        self._undo(execute, number, me, state, revision, until)
        return self._hand(me, number, until)

    def _undo(self, execute: Execute, number: int, me: int, state: str, revision: int, until: int) -> None:
        renames = standing.renames(execute)
        undone = annotation_of(execute, number, me, revision, renames)
        work = work_of(execute, number, me, revision)
        assert undone is not None
        moment = utc(self._clock())
        mark = Annotation(
            undone.annotator,
            "undone",
            started_at=moment,
            submitted_at=moment,
            labels_version=undone.labels_version,
            guidelines_version=undone.guidelines_version,
        )
        count_save(execute, me)
        turn = execute("SELECT turn FROM tally WHERE annotator = ?", (me,)).fetchone()[0]
        last = before_save(execute, number, me, "")
        write_revision(execute, number, me, last.revision + 1, mark, f"undo-{turn}", "")
        first = training.first_turn(execute, number, me)
        left = [one for one in queue.effective(execute, number, me) if one[2] > first]
        before, status, before_turn = left[-1] if left else (0, "", turn)
        stands = annotation_of(execute, number, me, before, renames)
        if stands:
            # Its labels have today's names already
            standing.keep(execute, number, me, stands, before, turn=before_turn, labels_version=0, replaces=True)
        else:
            standing.keep_flags(execute, number, me, (), True)
            sources.recount(execute, number, me, None)
        if status != SUBMITTED:
            execute(
                """UPDATE assignment SET state = 'leased', revision = ?, turn = ?, reopened = ?, lease_until = ?,
                     labels = '' WHERE item = ? AND annotator = ?""",
                (before, before_turn, turn, until, number, me),
            )
        outcomes.unanswered(execute, number, me, revision)
        self._weigh(execute, number, *self._restate(execute, number, me, state, status))
        if work:
            self._write_draft(execute, me, number, work)

    def _restate(
        self, execute: Execute, number: int, me: int, old: str, status: str
    ) -> tuple[queue.Place, queue.Place]:
        """Counters after an undo: the state was `old`, and a revision of this status (or none) stands.

        Where the item was, and is.
        """
        if old == "skipped":
            queue.hold(execute, number, False)
        done = int(status == SUBMITTED) - int(old == "done")
        place = queue.lock(execute, number)
        after = queue.move(execute, number, place, done=done, taken=int(old == "skipped"))
        skipped = int(status == SKIPPED) - int(old == "skipped")
        # The undo itself has had its turn
        count_save(execute, me, done, skipped, after.finished_since(place), place.probe, turns=0)
        return place, after

    def revisit(self, annotator: str, number: int) -> Claim | None:
        rows = self._connection.read("SELECT id FROM annotator WHERE name = ?", (annotator,))
        return self._claimed(self._hand(rows[0][0], number)) if rows else None

    def half_corrected(self, annotator: str) -> Claim | None:
        rows = self._connection.read(_HALF_CORRECTED, (annotator,))
        return self._claimed(self._hand(*rows[0])) if rows else None

    def save_draft(self, annotator: str, number: int, draft: str, *, corrects: bool = False) -> None:
        self._leases |= self._save_draft(annotator, number, draft, corrects)

    @writing
    def _save_draft(self, execute: Execute, annotator: str, number: int, draft: str, corrects: bool) -> Leases:
        me = self._id(execute, annotator)
        if draft:
            self._write_draft(execute, me, number, draft, corrects)
        else:
            execute("DELETE FROM draft WHERE item = ? AND annotator = ?", (number, me))
        return self._extended(execute, me)

    def _write_draft(self, execute: Execute, me: int, number: int, draft: str, corrects: bool = False) -> None:
        execute(
            """INSERT INTO draft(item, annotator, work, saved_at, corrects) VALUES (?, ?, ?, ?, ?)
               ON CONFLICT (item, annotator) DO UPDATE
                 SET work = excluded.work, saved_at = excluded.saved_at, corrects = excluded.corrects""",
            (number, me, escaped_json(draft), utc(self._clock()), int(corrects)),
        )

    def _extended(self, execute: Execute, me: int) -> Leases:
        """Extend the leases of what they have in hand; the new end of those that were as they were given from here."""
        until = self._clock() + self._lease(execute)
        held = execute(
            "SELECT item, lease_until FROM assignment WHERE annotator = ? AND state = 'leased'", (me,)
        ).fetchall()
        execute("UPDATE assignment SET lease_until = ? WHERE annotator = ? AND state = 'leased'", (until, me))
        return {(me, item): until for item, end in held if self._leases.get((me, item)) == end}

    def heartbeat(self, annotator: str) -> None:
        self._leases |= self._heartbeat(annotator)

    @writing
    def _heartbeat(self, execute: Execute, annotator: str) -> Leases:
        return self._extended(execute, self._id(execute, annotator))

    @writing
    def leave(self, execute: Execute, annotator: str) -> None:
        me = self._id(execute, annotator)
        for item, end in execute(
            """SELECT item, lease_until FROM assignment WHERE annotator = ? AND state = 'leased'
               AND NOT EXISTS (SELECT 1 FROM draft WHERE draft.item = assignment.item AND draft.annotator = ?)""",
            (me, me),
        ).fetchall():
            if self._leases.get((me, item)) == end:
                queue.release(execute, item, me)

    def history(self, annotator: str, before: int | None = None, limit: int = 50) -> list[Entry]:
        return self._entries(annotator, before, limit, "<", "DESC")

    def following(self, annotator: str, number: int) -> Entry | None:
        found = self._entries(annotator, number, 1, ">", "ASC")
        return found[0] if found else None

    def _entries(self, annotator: str, item: int | None, limit: int, sign: str, order: str) -> list[Entry]:
        bound = ""
        if item is not None:
            turn = "(SELECT turn FROM assignment o WHERE o.item = ? AND o.annotator = annotator.id)"
            bound = f"AND assignment.turn {sign} {turn}"
        rows = self._connection.read(
            f"""SELECT assignment.item, {ITEM}, {ANNOTATION} FROM annotator
                JOIN assignment ON assignment.annotator = annotator.id AND assignment.state IN ('done', 'skipped')
                JOIN annotation USING (item, annotator, revision)
                JOIN item ON item.number = assignment.item JOIN content ON content.item = assignment.item
                WHERE annotator.name = ? {bound} ORDER BY assignment.turn {order} LIMIT ?""",
            (annotator, *(() if item is None else (item,)), limit),
        )
        renames = standing.renames(self._connection.execute)
        return [Entry(row[0], item_from(row[1:7]), annotation_from(row[7:], renames)) for row in rows]

    # figures, items out, care

    def progress(self, annotator: str) -> Progress:
        return figures.progress(self._connection, annotator)

    def tallies(self) -> Mapping[str, Tally]:
        return figures.tallies(self._connection)

    def source_counts(self) -> list[SourceCount]:
        return suggesting.counts(self._connection)

    def judged(self) -> Iterator[Judged]:
        return suggesting.judged(self._connection)

    def answers(self, *, annotator: str | None = None, history: bool = False) -> Iterator[tuple[Item, Annotation]]:
        return figures.answers(self._connection, annotator, history)

    def unanswered(self) -> Iterator[tuple[Item, tuple[Suggestion, ...]]]:
        return items.with_suggestions(self._connection, items.UNANSWERED)

    def with_suggestions(self) -> Iterator[tuple[Item, tuple[Suggestion, ...]]]:
        return items.with_suggestions(self._connection, items.ORDINARY)

    def check(self) -> list[Finding]:
        return self._connection.health(self._clock())

    def fingerprints(self, upto: Mapping[str, int]) -> Mapping[str, tuple[Fingerprint, Fingerprint]]:
        return fingerprints.fingerprints(self._connection, upto)

    def backup(self, path: str) -> None:
        self._connection.copy_to(path)
