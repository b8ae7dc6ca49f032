"""Bringing items in.

Records are read and checked before anything is written, then written in short
transactions: annotators wait for one of these, never for the file.  They wait in a `staging`, out of which
a few statements bring in a step of them; only what meets something that is there already is looked at one by one.
"""

from __future__ import annotations

import json
import time
import uuid
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import replace
from enum import Enum
from functools import partial
from itertools import islice
from typing import NamedTuple

from tui_label.core.annotation import SUBMITTED, Annotation
from tui_label.core.gold import GIVEN, Gold
from tui_label.core.record import Record
from tui_label.core.renames import Renames
from tui_label.errors import InputError, StoreError
from tui_label.store import outcomes, queue, saves, standing, versions
from tui_label.store.base import Added, Conflict
from tui_label.store.engine import Connection, Execute, Read, marks, reader
from tui_label.store.items import paged_items
from tui_label.store.queue import Place
from tui_label.store.rows import ANSWER, ITEM, LOST_TEXT, flags_json, from_json, item_from, key_from, to_json
from tui_label.store.staging import Arrival, Staging, content
from tui_label.store.standing import Judge

STEP = 200
"""Records between two looks at the clock."""
HOLD_S = 0.015
"""How long a transaction goes on before others get their turn; its last step and the disk come on top."""
PAGE = 1000
"""Read in one statement."""
NAMED = 20
"""Items named before the rest is only counted."""
Numbered = tuple[int, Arrival]
"""The number of an item, and a record about it."""


def add(
    connection: Connection,
    records: Iterable[Record] | Staging,
    progress: Callable[[int], None] | None,
    moment: str,
    judge: Judge,
) -> Added:
    if not isinstance(records, Staging):
        with Staging() as staging:
            for record in records:
                staging.append(record)
            return add(connection, staging, progress, moment, judge)
    if not records.is_sifted:
        _refuse(list(conflicts(connection, records)))
    return _Adding(connection, records, moment, judge).all(progress)


def conflicts(connection: Connection, staging: Staging) -> Iterator[Conflict]:
    """Records about items that come twice with different content, or are here with another one.

    All about such an item is left out of the staging, with no telling which of them is meant.
    """
    if staging.has_gold():
        _recognise(connection, staging)
    for key, number in staging.torn():
        words = f"item {key_from(key)} comes twice with different content; give one of them another id, or leave it out"
        found = Conflict(staging.place(number), words)
        staging.leave_out(key)
        yield found
    if connection.read("SELECT EXISTS (SELECT 1 FROM item)")[0][0]:
        for step in staging.steps(PAGE):
            for one in _changed(connection.read, staging.between(*step)).conflicts:
                found = Conflict(staging.place(one.number), _there_already(one))
                staging.leave_out(one.key)
                yield found
    staging.is_sifted = True


def _refuse(found: list[Conflict]) -> None:
    if found:
        more = [f"and {len(found) - NAMED:,} more such items"] if len(found) > NAMED else []
        raise InputError(*map(str, found[:NAMED]), *more)


def _recognise(connection: Connection, staging: Staging) -> None:
    """Known answers about items that are here under another id are for those items."""
    if staging.strange(partial(_numbers, connection.read)):
        for page in paged_items(connection.read, "probe <> 'repeat'"):
            staging.offer((row[1], item_from(row[1:])) for row in page)
        staging.recognise()


def _numbers(read: Read, keys: Collection[str]) -> dict[str, int]:
    """The numbers of those items that are there, by their stored keys."""
    if not keys:
        return {}
    return dict(read(f"SELECT key, number FROM item WHERE key IN ({marks(keys)})", [*keys]))


class _Changed(NamedTuple):
    """What is there already, and not as it comes."""

    lost: list[Numbered]
    """Items that lost their text."""
    moved: list[Numbered]
    """Sounds that were elsewhere."""
    conflicts: list[Arrival]
    """Items with other content."""


def _changed(read: Read, arrivals: Iterable[Arrival]) -> _Changed:
    of = {one.key: one for one in arrivals}
    found = _Changed([], [], [])
    if not of:
        return found
    for number, want, *there in read(
        f"""SELECT item.number, item.want, {ITEM} FROM item JOIN content ON content.item = item.number
            WHERE item.key IN ({marks(of)}) ORDER BY item.number""",
        [*of],
    ):
        one = of[there[0]]
        came = [one.key, one.text, one.escaped, one.candidates, one.meta, one.sound]
        if there[1] == LOST_TEXT:
            if not want:
                found.lost.append((number, one))
        elif (there[1:4], there[5]) != (came[1:4], came[5]):
            if content(item_from(tuple(there))) != content(item_from(tuple(came))):
                found.conflicts.append(one)
            else:
                found.moved.append((number, one))
    return found


def _bring_back(execute: Execute, number: int, one: Arrival, want: int) -> None:
    """An item whose text a repair could not save has it again, and waits for as many people as all others."""
    execute(
        "UPDATE content SET text = ?, escaped = ?, candidates = ?, meta = ?, sound = ? WHERE item = ?",
        (one.text, one.escaped, one.candidates, one.meta, one.sound, number),
    )
    done, probe = execute("SELECT done, probe FROM item WHERE number = ?", (number,)).fetchone()
    execute("UPDATE item SET want = ?, stage = ? WHERE number = ?", (want, "held" if probe else "full", number))
    if done < want and not probe:
        execute("UPDATE counter SET value = value - 1 WHERE name = 'done'")
    queue.move(execute, number, queue.lock(execute, number), requeue=True)


class _Adding:
    """Records on their way from where they wait into the tables."""

    def __init__(self, connection: Connection, staging: Staging, moment: str, judge: Judge) -> None:
        self._connection, self._staging, self._moment, self._judge = connection, staging, moment, judge
        self._save = str(uuid.uuid4())

    def all(self, progress: Callable[[int], None] | None) -> Added:
        added = Added()
        steps = self._staging.steps(STEP)
        try:
            while few := list(islice(steps, 1)):
                done = self._connection.write(partial(self._few, few, steps))
                added += done
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
            added += self._step(execute, *step, settings)
            if step is few[-1] and time.monotonic() < until:
                few += islice(steps, 1)
        return added

    def _step(self, execute: Execute, first: int, last: int, settings: dict[str, str]) -> Added:
        """The records from number `first` to `last`."""
        arrivals = self._staging.between(first, last)
        numbers = _numbers(reader(execute), {one.key for one in arrivals})
        before = execute("SELECT coalesce(max(number), 0) FROM item").fetchone()[0]
        order, want = settings.get("order", "priority"), int(settings.get("overlap", 1))
        unknown: dict[str, Arrival] = {}
        for one in arrivals:
            if one.key not in numbers:
                unknown.setdefault(one.key, one)
        new = list(unknown.values())
        if len(new) < len(arrivals):
            changed = _changed(reader(execute), (one for one in arrivals if one.key in numbers))
            _refuse([Conflict(self._staging.place(one.number), _there_already(one)) for one in changed.conflicts])
            for number, one in changed.lost:
                _bring_back(execute, number, one, want)
            self._connection.many(
                "UPDATE content SET sound = ? WHERE item = ?", [(one.sound, number) for number, one in changed.moved]
            )
        numbers |= {one.key: before + place for place, one in enumerate(new, 1)}
        self._items(execute, new, numbers, order, want)
        suggestions = self._suggestions(arrivals, numbers)
        answered, earlier, replaced = self._answers(
            execute, [(numbers[one.key], one) for one in arrivals if one.answer]
        )
        given = [
            one
            for one in arrivals
            if one.gold and _add_gold(execute, numbers[one.key], one.gold, self._moment, self._judge)
        ]
        outside = sum(
            one.probe == "qualification" and not _is_asked(execute, numbers[one.key])
            for one in given
            if numbers[one.key] <= before
        )
        if order == "uncertain-first":
            placed = (numbers[one.key] for one in arrivals if one.suggestions or numbers[one.key] > before)
            versions.place(self._connection, order, list(dict.fromkeys(placed)))
        known = len(arrivals) - len(new)
        return Added(len(new), known, answered, suggestions, len(given), earlier, replaced, outside)

    def _items(self, execute: Execute, new: list[Arrival], numbers: dict[str, int], order: str, want: int) -> None:
        """Items with their contents."""
        self._connection.many(
            "INSERT INTO item(number, key, stage, priority, position, want, probe) VALUES (?, ?, ?, ?, ?, ?, ?)",
            [
                (
                    numbers[one.key],
                    one.key,
                    "held" if one.probe else "fresh",
                    one.priority if order == "priority" else 0,
                    versions.position(order, numbers[one.key]),
                    want,
                    one.probe,
                )
                for one in new
            ],
        )
        self._connection.many(
            """INSERT INTO content(item, text, escaped, candidates, meta, priority, sound)
               VALUES (?, ?, ?, ?, ?, ?, ?)""",
            [
                (numbers[one.key], one.text, one.escaped, one.candidates, one.meta, one.priority, one.sound)
                for one in new
            ],
        )
        if new:
            counted = sum(not one.probe for one in new)
            execute("UPDATE counter SET value = value + ? WHERE name = 'items'", (counted,))

    def _suggestions(self, arrivals: list[Arrival], numbers: dict[str, int]) -> int:
        """How many are new."""
        return self._connection.many(
            """INSERT INTO suggestion(item, task, value, score, source) VALUES (?, ?, ?, ?, ?)
               ON CONFLICT (item, task, value, source) DO NOTHING""",
            [(numbers[one.key], *said) for one in arrivals for said in one.suggestions],
        )

    def _answers(self, execute: Execute, came: list[Numbered]) -> tuple[int, int, int]:
        """Finished answers, with the numbers of the items; how many are new, earlier than what stands, in its place."""
        if not came:
            return 0, 0, 0
        items = list(dict.fromkeys(number for number, _ in came))
        # In the order of those who work: a new name, then the item
        ids = self._annotators(execute, {one.annotator for _, one in came})
        places = queue.lock_all(execute, marks(items), items)
        given = self._given(items)
        today = execute("SELECT coalesce(max(number), 1) FROM version WHERE kind = 'labels'").fetchone()[0]
        first, later = [], []
        for number, one in came:
            pair, said = (number, ids[one.annotator]), one.said
            there = given.get(pair, [])
            is_plain = said["flags"] == "[]" and said["decisions"] == "{}" and said["labels_version"] >= today
            if pair not in given and is_plain:
                first.append((number, one))
            elif len({answers for answers, _, _ in there}) > 1 or not any(
                (answers, version) == (said["answers"], said["labels_version"]) and said["submitted_at"] in ("", at)
                for answers, version, at in there
            ):
                later.append((number, one))
            given.setdefault(pair, []).append((said["answers"], said["labels_version"], said["submitted_at"]))
        if first:
            self._first_answers(execute, first, ids, places)
        names = standing.renames(execute) if later else Renames({})
        became = [(number, _add_answer(execute, number, one.annotation, names, self._moment)) for number, one in later]
        touched = [number for number, how in became if how in (Came.NEW, Came.INSTEAD)]
        for item in dict.fromkeys(touched):
            standing.weigh(execute, item, self._judge)
        how_often = Counter(how for _, how in became)
        return len(first) + len(touched), how_often[Came.EARLIER], how_often[Came.INSTEAD]

    def _given(self, items: list[int]) -> dict[tuple[int, int], list[tuple[str, int, str]]]:
        """By item and annotator who has dealt with it: what they answered, under which labels, and when."""
        given: dict[tuple[int, int], list[tuple[str, int, str]]] = {}
        dealt = self._connection.each(
            """SELECT annotator, status, answers, labels_version, submitted_at FROM annotation WHERE item = ?
               UNION ALL SELECT annotator, state, '', 0, '' FROM assignment WHERE item = ?""",
            [(item, item) for item in items],
        )
        for item, rows in zip(items, dealt, strict=True):
            for annotator, status, *said in rows:
                there = given.setdefault((item, annotator), [])
                if status == SUBMITTED:
                    there.append(tuple(said))
        return given

    def _annotators(self, execute: Execute, names: Iterable[str]) -> dict[str, int]:
        """Their numbers; names that are new are written down."""
        known = sorted(names)
        self._connection.many(
            "INSERT INTO annotator(name) VALUES (?) ON CONFLICT (name) DO NOTHING", [(name,) for name in known]
        )
        return dict(execute(f"SELECT name, id FROM annotator WHERE name IN ({marks(known)})", known).fetchall())

    def _first_answers(
        self, execute: Execute, first: list[Numbered], ids: dict[str, int], places: dict[int, Place]
    ) -> None:
        """What is the first that its annotator says of an item, and neither flagged nor of older labels."""
        left = Counter(ids[one.annotator] for _, one in first)
        answered = Counter(ids[one.annotator] for number, one in first if places[number].probe != "qualification")
        turns = {
            me: execute(
                """INSERT INTO tally(annotator, turn, answered) VALUES (?, ?, ?) ON CONFLICT (annotator) DO UPDATE
                   SET turn = tally.turn + excluded.turn, answered = tally.answered + excluded.answered RETURNING turn""",
                (me, count, answered[me]),
            ).fetchone()[0]
            for me, count in left.items()
        }
        annotations, assignments = [], []
        for number, one in first:
            me = ids[one.annotator]
            left[me] -= 1
            turn = turns[me] - left[me]
            said = one.said | {"submitted_at": one.said["submitted_at"] or self._moment}
            save = f"{self._save}-{one.number}"
            annotations.append((number, me, 1, SUBMITTED, turn, save, *said.values()))
            assignments.append(
                (number, me, "done", 1, turn, said["active_ms"] or None, said["submitted_at"], one.labels)
            )
        columns = ("item", "annotator", "revision", "status", "turn", "save_id", *ANSWER)
        self._connection.many(f"INSERT INTO annotation({', '.join(columns)}) VALUES ({marks(columns)})", annotations)
        self._connection.many(
            """INSERT INTO assignment(item, annotator, state, revision, turn, active_ms, submitted_at, labels)
               VALUES (?, ?, ?, ?, ?, ?, ?, ?)""",
            assignments,
        )
        came: dict[int, tuple[int, int]] = {}
        for number, me, *_ in assignments:
            count, by = came.get(number, (0, 0))
            came[number] = count + 1, max(by, me)
        for item in queue.move_all(self._connection, execute, [(item, *by) for item, by in came.items()], places):
            standing.weigh(execute, item, self._judge)


def _so_far(added: Added) -> str:
    return (
        f"{added.items:,} items and {added.answers:,} answers are in, all of them whole; the same again adds the rest"
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


def _is_asked(execute: Execute, number: int) -> bool:
    """Whether an item is of the qualification set."""
    return bool(execute("SELECT probe = 'qualification' FROM item WHERE number = ?", (number,)).fetchone()[0])


def _there_already(one: Arrival) -> str:
    return f"item {key_from(one.key)} is there already with other content; give the new one another id, or leave it out"


class Came(Enum):
    """What an answer is beside those that its annotator gave before."""

    NEW = "new"
    INSTEAD = "instead"
    """New, in place of the answer that stood."""
    KNOWN = "known"
    EARLIER = "earlier"
    """Than the answer that stands; a skip is none."""


def _came(execute: Execute, number: int, me: int, before: saves.Before, annotation: Annotation, names: Renames) -> Came:
    """What an answer is of somebody who may have dealt with the item before.

    What they gave once and then corrected does not come back: it is the same where its time is, or where it has none.
    What stands is the same at any time, unless they flagged it otherwise since.
    Over a skip, which says nothing of the item, an answer comes in however old it is.
    """
    given = execute(
        """SELECT revision, answers, labels_version, submitted_at, flags FROM annotation
           WHERE item = ? AND annotator = ? AND status = 'submitted'""",
        (number, me),
    ).fetchall()
    # Under today's names: an export made after a rename already has them, and comes back as the same answer
    today = names.apply(json.loads(to_json(dict(annotation.answers))), annotation.labels_version)
    came_back, latest = False, ""
    for revision, answers, version, at, flags in given:
        stands = before.state == "done" and revision == before.standing
        latest = at if stands else latest
        if stands and at < annotation.submitted_at and flags != flags_json(annotation.flags):
            continue
        if (stands or annotation.submitted_at in ("", at)) and names.apply(from_json(answers), version) == today:
            if stands or before.state != "done":
                return Came.KNOWN
            came_back = True
    if came_back or "" < annotation.submitted_at < latest:
        return Came.EARLIER
    return Came.INSTEAD if before.state == "done" else Came.NEW


def _add_answer(execute: Execute, number: int, annotation: Annotation, names: Renames, moment: str) -> Came:
    """Keep an answer of somebody who may have dealt with the item before, if it is new."""
    me = saves.annotator_id(execute, annotation.annotator)
    before = saves.before_save(execute, number, me, "")
    came = _came(execute, number, me, before, annotation, names)
    if came in (Came.KNOWN, Came.EARLIER):
        return came
    if not annotation.submitted_at:
        annotation = replace(annotation, submitted_at=moment)
    fresh = came is Came.NEW
    place = queue.lock(execute, number)
    taken = int(fresh and before.state != "leased")
    finished = place.after(taken, int(fresh)).finished_since(place)
    saves.count_save(execute, me, int(fresh), -int(before.put_off), finished, place.probe)
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
    return came
