"""Bringing items in.

Records are read and checked before anything is written, then written in short
transactions: annotators wait for one of these, never for the file.  They wait in the table `arriving`
(see `staging`), out of which a few statements bring in a step of them; only what meets something that
is there already is looked at one by one.
"""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from functools import partial
from itertools import islice
from typing import Any

from tui_label.core.annotation import Annotation
from tui_label.core.gold import GIVEN, Gold
from tui_label.core.record import Record
from tui_label.errors import InputError, StoreError
from tui_label.store import outcomes, queue, saves, standing, versions
from tui_label.store.base import Added
from tui_label.store.engine import Connection, Execute, Read
from tui_label.store.queue import Place
from tui_label.store.rows import ANSWER, ITEM, LOST_TEXT, Renames, answer_from, from_json, item_from, key_from, to_json
from tui_label.store.staging import Staging, content, gold_from, suggestions_from
from tui_label.store.standing import Judge

STEP = 200
"""Records between two looks at the clock."""
HOLD_S = 0.015
"""How long a transaction goes on before others get their turn; its last step and the disk come on top."""
PAGE = 1000
"""Read in one statement."""


def add(
    connection: Connection,
    records: Iterable[Record] | Staging,
    progress: Callable[[int], None] | None,
    moment: str,
    judge: Judge,
) -> Added:
    staging = records if isinstance(records, Staging) else Staging(connection, records)
    try:
        if staging.has("gold"):
            _recognise(connection, staging)
        _refuse_conflicts(connection, staging)
        return _Adding(connection, staging, moment, judge).all(progress)
    finally:
        if staging is not records:
            staging.close()


def _recognise(connection: Connection, staging: Staging) -> None:
    """Known answers about items that are here under another id are for those items."""
    if staging.strange():
        last = 0
        while rows := connection.read(
            f"""SELECT item.number, {ITEM} FROM item JOIN content ON content.item = item.number
                WHERE item.number > ? AND item.probe <> 'repeat' ORDER BY item.number LIMIT {PAGE}""",
            (last,),
        ):
            staging.offer((row[1], item_from(row[1:])) for row in rows)
            last = rows[-1][0]
    staging.recognise()


def _refuse_conflicts(connection: Connection, staging: Staging) -> None:
    """All that would be refused while it is written is refused now."""
    if (key := staging.torn()) is not None:
        raise InputError(_conflict(key))
    if connection.read("SELECT EXISTS (SELECT 1 FROM item)")[0][0]:
        for first, last in staging.steps(PAGE):
            _moved(connection.read, {"first": first, "last": last})


def _moved(read: Read, scope: dict[str, Any]) -> list[tuple[str, int]]:
    """Sounds that are known with another place: what is to be stored of them, and the item's number.

    An item that is there with other content is refused.
    """
    rows = read(
        f"""SELECT item.number, {ITEM}, arriving.key, arriving.text, arriving.escaped, arriving.candidates,
              arriving.meta, arriving.sound
            FROM arriving JOIN item ON item.key = arriving.key JOIN content ON content.item = item.number
            WHERE arriving.number BETWEEN :first AND :last AND (
              content.text <> arriving.text OR content.escaped <> arriving.escaped
              OR coalesce(content.candidates, '') <> coalesce(arriving.candidates, '')
              OR coalesce(content.sound, '') <> coalesce(arriving.sound, ''))
            ORDER BY arriving.number""",
        scope,
    )
    rows = [row for row in rows if row[2] != LOST_TEXT]
    for row in rows:
        if content(item_from(row[1:7])) != content(item_from(row[7:])):
            raise InputError(_conflict(key_from(row[1])))
    return [(row[-1], row[0]) for row in rows]


def _found_again(execute: Execute, scope: dict[str, Any], want: int) -> None:
    """Items whose text a repair could not save have it again, and wait for as many people as all others."""
    for text, escaped, candidates, meta, sound, item, done, probe in execute(
        """SELECT arriving.text, arriving.escaped, arriving.candidates, arriving.meta, arriving.sound,
             item.number, item.done, item.probe
           FROM arriving JOIN item ON item.key = arriving.key JOIN content ON content.item = item.number
           WHERE arriving.number BETWEEN :first AND :last AND content.text = :lost AND item.want = 0""",
        scope | {"lost": LOST_TEXT},
    ).fetchall():
        execute(
            "UPDATE content SET text = ?, escaped = ?, candidates = ?, meta = ?, sound = ? WHERE item = ?",
            (text, escaped, candidates, meta, sound, item),
        )
        stage = "held" if probe else "full"
        execute("UPDATE item SET want = ?, stage = ? WHERE number = ?", (want, stage, item))
        if done < want and not probe:
            execute("UPDATE counter SET value = value - 1 WHERE name = 'done'")
        queue.move(execute, item, queue.lock(execute, item), requeue=True)


class _Adding:
    """Records on their way from `arriving` into the tables."""

    def __init__(self, connection: Connection, staging: Staging, moment: str, judge: Judge) -> None:
        self._connection, self._staging, self._moment, self._judge = connection, staging, moment, judge
        self._save = str(uuid.uuid4())
        self._has = {column: staging.has(column) for column in ("answers", "suggestions", "gold")}

    def all(self, progress: Callable[[int], None] | None) -> Added:
        added = Added()
        steps = self._staging.steps(STEP)
        try:
            while few := list(islice(steps, 1)):
                done = self._connection.write(partial(self._few, few, steps))
                added = _sum(added, done)
                if progress:
                    progress(done.items + done.known)
        except StoreError as error:
            if added == Added():
                raise
            raise type(error)(f"{error}; {_so_far(added)}") from error
        return added

    def _few(self, few: list[tuple[int, int]], steps: Iterator[tuple[int, int]], execute: Execute) -> Added:
        """As many steps as fit into a transaction.  They are in `few` when it has to be run anew."""
        queue.growing(execute)
        settings = dict(execute("SELECT name, value FROM setting").fetchall())
        until = time.monotonic() + HOLD_S
        added = Added()
        for step in few:
            added = _sum(added, self._step(execute, *step, settings))
            if step is few[-1] and time.monotonic() < until:
                few += islice(steps, 1)
        return added

    def _step(self, execute: Execute, first: int, last: int, settings: dict[str, str]) -> Added:
        """The records from number `first` to `last`."""
        before = execute("SELECT coalesce(max(number), 0) FROM item").fetchone()[0]
        scope = {"first": first, "last": last, "before": before}
        records, answers = execute(
            "SELECT count(*), count(answers) FROM arriving WHERE number BETWEEN :first AND :last", scope
        ).fetchone()
        order = settings.get("order", "priority")
        items = self._items(execute, scope, order, int(settings.get("overlap", 1)))
        if items < records:
            _found_again(execute, scope, int(settings.get("overlap", 1)))
            moved = _moved(lambda sql, values: execute(sql, values).fetchall(), scope)
            self._connection.many("UPDATE content SET sound = ? WHERE item = ?", moved)
        suggested, suggestions = self._suggestions(execute, scope) if self._has["suggestions"] else ((), 0)
        answered = self._answers(execute, scope, answers) if answers else 0
        gold = self._gold(execute, scope) if self._has["gold"] else 0
        if order == "uncertain-first":
            fresh = execute("SELECT number FROM item WHERE number > ?", (before,)).fetchall()
            versions.place(self._connection, order, list(dict.fromkeys([*(row[0] for row in fresh), *suggested])))
        return Added(items, records - items, answered, suggestions, gold)

    def _items(self, execute: Execute, scope: dict[str, Any], order: str, want: int) -> int:
        """Items with their contents; how many are new."""
        place = ":before + row_number() OVER (ORDER BY arriving.number)"
        priority = "priority" if order == "priority" else "0"
        position = f"({place}) * 2654435761 % 4294967296" if order == "random" else place
        items = execute(
            f"""INSERT INTO item(number, key, stage, priority, position, want, probe)
                SELECT {place}, key, CASE probe WHEN '' THEN 'fresh' ELSE 'held' END, {priority}, {position}, :want, probe
                FROM arriving WHERE number IN (
                  SELECT min(one.number) FROM arriving AS one WHERE one.number BETWEEN :first AND :last
                    AND NOT EXISTS (SELECT 1 FROM item WHERE item.key = one.key) GROUP BY one.key)""",
            scope | {"want": want},
        ).rowcount
        if items:
            execute(
                """INSERT INTO content(item, text, escaped, candidates, meta, priority, sound)
                   SELECT item.number, text, escaped, candidates, meta, arriving.priority, sound
                   FROM arriving JOIN item ON item.key = arriving.key AND item.number > :before
                   WHERE arriving.number BETWEEN :first AND :last ORDER BY arriving.number
                   ON CONFLICT (item) DO NOTHING""",
                scope,
            )
            execute(
                """UPDATE counter SET value = value + (SELECT count(*) FROM item WHERE number > ? AND probe = '')
                   WHERE name = 'items'""",
                (scope["before"],),
            )
        return items

    def _suggestions(self, execute: Execute, scope: dict[str, Any]) -> tuple[list[int], int]:
        """The items that they are about, and how many are new."""
        rows = execute(
            """SELECT item.number, suggestions FROM arriving JOIN item ON item.key = arriving.key
               WHERE arriving.number BETWEEN :first AND :last AND suggestions IS NOT NULL ORDER BY arriving.number""",
            scope,
        ).fetchall()
        new = self._connection.many(
            """INSERT INTO suggestion(item, task, value, score, source) VALUES (?, ?, ?, ?, ?)
               ON CONFLICT (item, task, value, source) DO NOTHING""",
            [(number, *one) for number, stored in rows for one in suggestions_from(stored)],
        )
        return [row[0] for row in rows], new

    def _answers(self, execute: Execute, scope: dict[str, Any], answers: int) -> int:
        """Finished answers that came with records; how many are new."""
        scope = scope | {"save": self._save, "moment": self._moment}
        execute(
            """INSERT INTO annotator(name) SELECT DISTINCT annotator FROM arriving
               WHERE number BETWEEN :first AND :last AND answers IS NOT NULL ORDER BY annotator
               ON CONFLICT (name) DO NOTHING""",
            scope,
        )
        places = queue.lock_all(execute, f"SELECT item.number FROM {ANSWERED} WHERE {IN_STEP}", scope)
        added = self._first_answers(execute, scope, places)
        if added < answers:
            names = standing.renames(execute)
            touched = [number for number, said in _others(execute, scope)
                       if _add_answer(execute, number, said, names, self._moment)]  # fmt: skip
            for item in dict.fromkeys(touched):
                standing.weigh(execute, item, self._judge)
            added += len(touched)
        return added

    def _first_answers(self, execute: Execute, scope: dict[str, Any], places: dict[int, Place]) -> int:
        """What is the first that its annotator says of an item, and neither flagged nor of older labels."""
        columns = ", ".join(f"arriving.{name}" for name in ANSWER)
        added = execute(
            f"""INSERT INTO annotation(item, annotator, revision, status, turn, save_id, {", ".join(ANSWER)})
                SELECT item.number, annotator.id, 1, 'submitted',
                  coalesce(tally.turn, 0) + row_number() OVER (PARTITION BY annotator.id ORDER BY arriving.number),
                  :save || '-' || arriving.number,
                  {columns.replace("arriving.submitted_at", "coalesce(nullif(arriving.submitted_at, ''), :moment)")}
                FROM {ANSWERED} LEFT JOIN tally ON tally.annotator = annotator.id
                WHERE {IN_STEP} AND arriving.flags = '[]' AND arriving.decisions = '{{}}'
                  AND arriving.labels_version >= (SELECT coalesce(max(number), 1) FROM version WHERE kind = 'labels')
                  AND NOT EXISTS (SELECT 1 FROM assignment AS one
                                  WHERE one.item = item.number AND one.annotator = annotator.id)
                ORDER BY arriving.number
                ON CONFLICT (item, annotator, revision) DO NOTHING""",
            scope,
        ).rowcount
        if not added:
            return 0
        execute(
            f"""INSERT INTO assignment(item, annotator, state, revision, turn, active_ms, submitted_at, labels)
                SELECT item.number, annotator.id, 'done', 1, annotation.turn, nullif(annotation.active_ms, 0),
                  annotation.submitted_at, arriving.labels FROM {ADDED} WHERE {IN_STEP}""",
            scope,
        )
        execute(
            f"""INSERT INTO tally(annotator, turn, answered)
                SELECT annotator.id, max(annotation.turn), count(*) FROM {ADDED} WHERE {IN_STEP} GROUP BY annotator.id
                ON CONFLICT (annotator) DO UPDATE SET turn = excluded.turn, answered = tally.answered + excluded.answered""",
            scope,
        )
        came = execute(
            f"""SELECT item.number, count(*), max(annotator.id) FROM {ADDED} WHERE {IN_STEP}
                GROUP BY item.number ORDER BY min(arriving.number)""",
            scope,
        ).fetchall()
        for item in queue.move_all(self._connection, execute, came, places):
            standing.weigh(execute, item, self._judge)
        return added

    def _gold(self, execute: Execute, scope: dict[str, Any]) -> int:
        rows = execute(
            """SELECT item.number, gold FROM arriving JOIN item ON item.key = arriving.key
               WHERE arriving.number BETWEEN :first AND :last AND gold IS NOT NULL ORDER BY arriving.number""",
            scope,
        ).fetchall()
        return sum(_add_gold(execute, item, gold_from(stored), self._moment, self._judge) for item, stored in rows)


ANSWERED = """arriving JOIN item ON item.key = arriving.key JOIN annotator ON annotator.name = arriving.annotator"""
IN_STEP = "arriving.number BETWEEN :first AND :last AND arriving.answers IS NOT NULL"
ADDED = f"""{ANSWERED} JOIN annotation ON annotation.item = item.number AND annotation.annotator = annotator.id
    AND annotation.revision = 1 AND annotation.save_id = :save || '-' || arriving.number"""


def _others(execute: Execute, scope: dict[str, Any]) -> list[tuple[int, Annotation]]:
    """Answers of the step that are not in yet, as item's number and annotation."""
    columns = ", ".join(f"arriving.{name}" for name in ANSWER)
    rows = execute(
        f"""SELECT item.number, arriving.annotator, {columns} FROM {ANSWERED}
            WHERE {IN_STEP} AND NOT EXISTS (SELECT 1 FROM annotation AS one
              WHERE one.item = item.number AND one.annotator = annotator.id AND (
                one.save_id = :save || '-' || arriving.number
                OR one.status = 'submitted' AND one.answers = arriving.answers
                  AND one.labels_version = arriving.labels_version
                  AND arriving.submitted_at IN ('', one.submitted_at)))
            ORDER BY arriving.number""",
        scope,
    ).fetchall()
    return [(row[0], answer_from(row[1:])) for row in rows]


def _so_far(added: Added) -> str:
    return (
        f"{added.items:,} items and {added.answers:,} answers are in, all of them whole; the same again adds the rest"
    )


def _sum(one: Added, other: Added) -> Added:
    return Added(
        one.items + other.items,
        one.known + other.known,
        one.answers + other.answers,
        one.suggestions + other.suggestions,
        one.gold + other.gold,
    )


def _add_gold(execute: Execute, number: int, gold: Gold, moment: str, judge: Judge) -> bool:
    """Keep a known answer, unless just that stands already."""
    names = standing.renames(execute)
    before = outcomes.gold_of(execute, number, names)
    if before and before.answers == names.apply(json.loads(to_json(dict(gold.answers))), gold.labels_version):
        return False
    gold = replace(gold, outcome=GIVEN, at=gold.at or moment)
    outcomes.settle(execute, number, gold, str(uuid.uuid4()), judge)
    return True


def _conflict(key: str) -> str:
    return f"item {key} is there already with other content; give the new one another id, or leave it out"


def _add_answer(execute: Execute, number: int, annotation: Annotation, names: Renames, moment: str) -> bool:
    """Keep an answer of somebody who may have dealt with the item before, unless they have given just that.

    What they gave once and then corrected does not come back: it is the same where its time is, or where it has none.
    """
    me = saves.annotator_id(execute, annotation.annotator)
    before = saves.before_save(execute, number, me, "")
    given = execute(
        """SELECT revision, answers, labels_version, submitted_at FROM annotation
           WHERE item = ? AND annotator = ? AND status = 'submitted'""",
        (number, me),
    ).fetchall()
    # Under today's names: an export made after a rename already has them, and comes back as the same answer
    today = names.apply(json.loads(to_json(dict(annotation.answers))), annotation.labels_version)
    for revision, answers, version, at in given:
        stands = before.state == "done" and revision == before.standing
        same = stands or annotation.submitted_at in ("", at)
        if same and names.apply(from_json(answers), version) == today:
            return False
    if not annotation.submitted_at:
        annotation = replace(annotation, submitted_at=moment)
    fresh = before.state != "done"
    place = queue.lock(execute, number)
    taken = int(fresh and before.state != "leased")
    finished = place.after(taken, int(fresh)).finished_since(place)
    saves.count_save(execute, me, int(fresh), -int(before.put_off), finished)
    revision = before.revision + 1
    saves.write_revision(execute, number, me, revision, annotation, str(uuid.uuid4()), "")
    version, again = before.labels_version, bool(before.revision)
    standing.keep(execute, number, me, annotation, revision, labels_version=version, replaces=again)
    if again:
        outcomes.answered(execute, number, me, revision)
    if fresh:
        if before.state == "skipped":
            queue.hold(execute, number, False)
            place = queue.lock(execute, number)
        queue.move(execute, number, place, done=1, taken=taken)
    return True
