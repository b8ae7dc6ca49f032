"""The reviewing half of the store.  `sql.SqlStore` adds the annotators' half."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TypeVar

from tui_label.core.annotation import Annotation
from tui_label.core.comments import Comment
from tui_label.core.gold import Gold
from tui_label.core.item import Item
from tui_label.core.moments import utc
from tui_label.core.opinions import Effort, Opinion, Repeat
from tui_label.store import cases, evidence, outcomes, queue, sources, talking, training
from tui_label.store.base import Policy
from tui_label.store.engine import Connection, Execute, marks, writing
from tui_label.store.reviewing import Attempt, Case, Change, Mark, Queue, Testimony
from tui_label.store.rows import (
    ANNOTATION,
    COMMENT,
    ITEM,
    annotation_from,
    comment_from,
    item_from,
    key_text,
    storable,
)
from tui_label.store.standing import Judge, catch_up, renames


class SqlReviewing:
    """See `reviewing.Reviewing`, which says what each method promises."""

    def __init__(self, connection: Connection, clock: Callable[[], int], judge: Judge) -> None:
        self._connection = connection
        self._clock = clock
        self._judge = judge
        self._lease_ms: int | None = None
        self._searches = False

    # cases

    def _search(self, queue: Queue) -> cases.Search:
        if not self._searches:
            self._connection.widen()
            self._searches = True
        catch_up(self._connection, self._judge)
        return cases.search(self._connection, queue)

    def next_case(self, queue: Queue, reviewer: str, after: Mark | None = None) -> Case | None:
        search = self._search(queue)
        reviewer = storable(reviewer)
        behind = after.value if after and after.queue == queue else ()
        while True:
            found = search.first(self._connection, behind, reviewer, self._clock())
            if found is None:
                self.release_case(reviewer)
                return None
            *keys, number = found
            # Another reviewer may have settled it since it was found
            if self.hold_case(number, reviewer) and search.holds(self._connection, number):
                return replace(self._case_of(search, number, reviewer), mark=Mark(tuple(keys), queue))

    def _case_of(self, search: cases.Search, number: int, reviewer: str) -> Case:
        return replace(self._case(number, reviewer), about=search.about(self._connection, number))

    def case(self, number: int, reviewer: str = "") -> Case | None:
        there = self._connection.read("SELECT 1 FROM item WHERE number = ?", (number,))
        return self._case(number, storable(reviewer)) if there else None

    def _case(self, number: int, reviewer: str) -> Case:
        read, execute = self._connection.read, self._connection.execute
        (row,) = read(
            f"SELECT {ITEM} FROM item LEFT JOIN content ON content.item = item.number WHERE item.number = ?", (number,)
        )
        names = renames(execute)
        said = read(
            f"""SELECT assignment.state, {ANNOTATION} FROM assignment JOIN annotation USING (item, annotator, revision)
                JOIN annotator ON annotator.id = assignment.annotator
                WHERE assignment.item = ? AND assignment.state IN ('done', 'skipped') ORDER BY annotator.name""",
            (number,),
        )
        returns = read(
            f"""SELECT returned.state, {ANNOTATION} FROM returned JOIN annotation USING (item, annotator, revision)
                JOIN annotator ON annotator.id = returned.annotator
                WHERE returned.item = ? AND returned.state IN ('open', 'answered') ORDER BY returned.number""",
            (number,),
        )
        on_the_way = {one[1] for one in returns if one[0] == "open"}
        drafts = read("SELECT draft FROM reviewing WHERE item = ? AND reviewer = ?", (number, reviewer))
        return Case(
            number,
            item_from(row),
            tuple(annotation_from(one[1:], names) for one in said if one[0] == "done"),
            gold=outcomes.gold_of(execute, number, names),
            comments=talking.on_item(execute, number),
            suggestions=sources.offered(execute, number),
            before={one[1]: annotation_from(one[1:], names) for one in returns if one[1] not in on_the_way},
            returned=tuple(sorted(on_the_way)),
            skipped=tuple(annotation_from(one[1:], names) for one in said if one[0] == "skipped"),
            draft=drafts[0][0] if drafts else "",
            renames=names,
        )

    @writing
    def hold_case(self, execute: Execute, number: int, reviewer: str, draft: str | None = None) -> bool:
        reviewer, now = storable(reviewer), self._clock()
        queue.lock(execute, number)
        other = execute(
            "SELECT 1 FROM reviewing WHERE item = ? AND reviewer <> ? AND lease_until >= ?", (number, reviewer, now)
        ).fetchone()
        if other:
            return False
        _put_down(execute, reviewer, now, number)
        execute(
            """INSERT INTO reviewing VALUES (:item, :reviewer, :until, coalesce(:draft, ''))
               ON CONFLICT (item, reviewer) DO UPDATE
                 SET lease_until = :until, draft = coalesce(:draft, reviewing.draft)""",
            {"item": number, "reviewer": reviewer, "until": now + self._lease(execute), "draft": draft},
        )
        return True

    def unfinished(self, queue: Queue, reviewer: str) -> Case | None:
        search, reviewer = self._search(queue), storable(reviewer)
        rows = self._connection.read(
            "SELECT item FROM reviewing WHERE reviewer = ? AND draft <> '' ORDER BY abs(lease_until) DESC", (reviewer,)
        )
        for (number,) in rows:
            if search.holds(self._connection, number) and self.hold_case(number, reviewer):
                return self._case_of(search, number, reviewer)
        return None

    def find_item(self, key: str) -> int | None:
        rows = self._connection.read("SELECT number FROM item WHERE key = ?", (key_text(key),))
        return int(rows[0][0]) if rows else None

    def left_in(self, queue: Queue, most: int = 10_000) -> int:
        return self._search(queue).count(self._connection, most)

    @writing
    def release_case(self, execute: Execute, reviewer: str) -> None:
        _put_down(execute, storable(reviewer), self._clock())

    # outcomes

    @writing
    def settle(
        self, execute: Execute, number: int, gold: Gold, save_id: str, comments: Sequence[Comment] = (), over: int = 0
    ) -> bool:
        queue.lock(execute, number)
        if outcomes.settled_before(execute, number, save_id):
            return True
        moment = utc(self._clock())
        if not self._decide(execute, number, gold, save_id, moment, over):
            return False
        for comment in comments:
            talking.say(execute, number, comment, moment)
        return True

    def settle_many(self, golds: Sequence[tuple[int, Gold]]) -> int:
        return sum(self._settle_few(few) for few in _shares(golds))

    @writing
    def _settle_few(self, execute: Execute, golds: Sequence[tuple[int, Gold]]) -> int:
        count, moment = 0, utc(self._clock())
        for number, gold in golds:
            if execute("SELECT settled FROM item WHERE number = ? FOR UPDATE", (number,)).fetchone() == (0,):
                count += self._decide(execute, number, gold, str(uuid.uuid4()), moment, 0)
        return count

    def _decide(self, execute: Execute, number: int, gold: Gold, save_id: str, moment: str, over: int) -> bool:
        done = outcomes.settle(execute, number, replace(gold, at=gold.at or moment), save_id, self._judge, over)
        if done:
            execute("DELETE FROM reviewing WHERE item = ?", (number,))
        return done

    @writing
    def withdraw(self, execute: Execute, number: int, reviewer: str) -> Gold | None:
        return outcomes.withdraw(execute, number, reviewer, utc(self._clock()), self._judge)

    def latest_settled(self, reviewer: str) -> int | None:
        return outcomes.latest_settled(self._connection.read, reviewer)

    @writing
    def send_back(self, execute: Execute, number: int, annotators: Sequence[str], comment: Comment) -> None:
        outcomes.send_back(execute, number, _ids(execute, annotators), comment, utc(self._clock()))
        execute("DELETE FROM reviewing WHERE item = ? AND reviewer = ?", (number, storable(comment.author)))

    @writing
    def take_back(self, execute: Execute, number: int, annotators: Sequence[str], reviewer: str) -> None:
        for me in _ids(execute, annotators):
            outcomes.take_back(execute, number, me, reviewer)

    def end_returns(self, annotators: Sequence[str]) -> None:
        gone = _ids(self._connection.execute, annotators)
        waiting = f"state = 'open' AND annotator IN ({marks(gone)})"
        if gone and self._connection.read(f"SELECT 1 FROM returned WHERE {waiting} LIMIT 1", gone):
            self._connection.write(
                lambda execute: execute(f"UPDATE returned SET state = 'taken back' WHERE {waiting}", gone).rowcount
            )

    def sent_back(self) -> dict[str, int]:
        return outcomes.sent_back(self._connection.read)

    def requeue(self, task: str, label: str, before: int, comment: Comment, but: Sequence[str] = ()) -> int:
        catch_up(self._connection, self._judge)
        gone = _ids(self._connection.execute, but)
        found = outcomes.outdated(self._connection.execute, task, label, before, gone)
        few = ((some[0][0], some[-1][0]) for some in _shares(found))
        return sum(self._requeue_few(task, label, before, comment, gone, items) for items in few)

    @writing
    def _requeue_few(
        self,
        execute: Execute,
        task: str,
        label: str,
        before: int,
        comment: Comment,
        but: Sequence[int],
        items: tuple[int, int],
    ) -> int:
        """Some may have been answered anew since they were found."""
        moment = utc(self._clock())
        few = outcomes.outdated(execute, task, label, before, but, items)
        return sum(outcomes.send_back(execute, item, (me,), comment, moment, answers=False) for item, me in few)

    # talking

    @writing
    def say(self, execute: Execute, number: int, *comments: Comment) -> None:
        moment = utc(self._clock())
        for comment in comments:
            talking.say(execute, number, comment, moment)

    @writing
    def unsay(self, execute: Execute, number: int, author: str) -> bool:
        return talking.unsay(execute, number, author)

    def inbox(self, reader: str | None, *, unread_only: bool = True) -> list[tuple[int, Item, Comment]]:
        unread = "AND read_at IS NULL" if unread_only else ""
        rows = self._connection.read(
            f"""SELECT item.number, {ITEM}, {COMMENT} FROM comment JOIN item ON item.number = comment.item
                JOIN content ON content.item = comment.item
                WHERE addressee = ? {unread} ORDER BY comment.number DESC LIMIT {INBOX}""",
            (storable(reader or ""),),
        )
        return [(row[0], item_from(row[1:7]), comment_from(row[7:])) for row in rows]

    def unread(self, reader: str | None) -> int:
        rows = self._connection.read(
            "SELECT count(*) FROM comment WHERE addressee = ? AND read_at IS NULL", (storable(reader or ""),)
        )
        return int(rows[0][0])

    @writing
    def mark_read(self, execute: Execute, reader: str | None, number: int) -> None:
        execute(
            "UPDATE comment SET read_at = ? WHERE item = ? AND addressee = ? AND read_at IS NULL",
            (utc(self._clock()), number, storable(reader or "")),
        )

    def comments(self, number: int) -> tuple[Comment, ...]:
        return talking.on_item(self._connection.execute, number)

    # guidelines

    def news(self, annotator: str) -> tuple[Change, ...]:
        return talking.news(self._connection.execute, annotator)

    def changes(self) -> tuple[Change, ...]:
        return talking.changes(self._connection.execute)

    @writing
    def told(self, execute: Execute, annotator: str) -> None:
        for me in _ids(execute, [annotator]):
            talking.tell_all(execute, me)

    # known answers

    def attempts(self, annotator: str) -> list[Attempt]:
        return training.attempts(self._connection, annotator)

    def used_up(self) -> list[str]:
        return training.used_up(self._connection)

    def keep_attempt(self, attempt: Attempt, *, again: bool) -> None:
        self._keep_attempt(attempt, again)
        if again and self._connection.confined_to is None:
            catch_up(self._connection, self._judge)

    @writing
    def _keep_attempt(self, execute: Execute, attempt: Attempt, again: bool) -> None:
        for me in _ids(execute, [attempt.annotator]):
            training.keep_attempt(execute, me, attempt, utc(self._clock()), again)

    def qualification(self, annotator: str) -> list[tuple[Item, Annotation | None, Gold]]:
        return training.qualification(self._connection, annotator)

    def known(self, annotator: str | None = None) -> Iterator[tuple[int, Gold]]:
        return evidence.known(self._connection, annotator)

    def repeats(self, annotator: str | None = None) -> Iterator[Repeat]:
        return training.repeats(self._connection, annotator)

    # figures and items out

    def opinions(self, annotator: str | None = None) -> Iterator[Opinion]:
        return evidence.opinions(self._connection, annotator)

    def most_candidates(self) -> int:
        return evidence.most_candidates(self._connection)

    def testimonies(self) -> Iterator[Testimony]:
        return evidence.testimonies(self._connection)

    def efforts(self, since: Mapping[str, int] | None = None, annotator: str | None = None) -> Iterator[Effort]:
        return evidence.efforts(self._connection, since, annotator)

    # small things

    def _lease(self, execute: Execute) -> int:
        if self._lease_ms is None:
            found = execute("SELECT value FROM setting WHERE name = 'lease_ms'").fetchone()
            self._lease_ms = int(found[0]) if found else Policy().lease_ms
        return self._lease_ms


INBOX = 100
"""The latest comments that somebody is shown."""
SHARE = 500
One = TypeVar("One")


def _shares(many: Sequence[One]) -> Iterator[Sequence[One]]:
    """A few at a time, each in a transaction of its own, so that nobody who saves has to wait for all of them."""
    return (many[first : first + SHARE] for first in range(0, len(many), SHARE))


def _put_down(execute: Execute, reviewer: str, now: int, but: int = 0) -> None:
    """Let go of all cases of a reviewer but one: those with a draft stay, with the time negated as `lease_until`."""
    execute("DELETE FROM reviewing WHERE reviewer = ? AND item <> ? AND draft = ''", (reviewer, but))
    execute(
        "UPDATE reviewing SET lease_until = ? WHERE reviewer = ? AND item <> ? AND lease_until > 0",
        (-now, reviewer, but),
    )


def _ids(execute: Execute, names: Sequence[str]) -> list[int]:
    """The numbers of those annotators who are known here."""
    found = (execute("SELECT id FROM annotator WHERE name = ?", (name,)).fetchone() for name in names)
    return [row[0] for row in found if row]
