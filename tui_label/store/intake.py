"""Bringing items in.

Records are read and checked before anything is written, then written in short
transactions: annotators wait for one of these, never for the file.
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

from tui_label.core.annotation import SUBMITTED, Annotation
from tui_label.core.gold import GIVEN, Gold
from tui_label.core.item import Item
from tui_label.core.record import Record
from tui_label.errors import InputError, StoreError
from tui_label.store import outcomes, queue, saves, standing, versions
from tui_label.store.base import Added
from tui_label.store.engine import Connection, Execute
from tui_label.store.rows import ITEM, from_json, item_from, key_text, sound_json, to_json, to_text
from tui_label.store.staging import Staging, content, pages
from tui_label.store.standing import Judge

STEP = 200
"""Records between two looks at the clock."""
HOLD_S = 0.015
"""How long a transaction goes on before others get their turn; its last step and the disk come on top."""
KEYS = 500
"""Looked for in one statement."""


def add(
    connection: Connection, records: Iterable[Record], progress: Callable[[int], None] | None, moment: str, judge: Judge
) -> Added:
    staging = records if isinstance(records, Staging) else Staging(records)
    try:
        _refuse_conflicts(connection, staging)
        return _write(connection, staging, progress, moment, judge)
    finally:
        if staging is not records:
            staging.close()


def _refuse_conflicts(connection: Connection, staging: Staging) -> None:
    """All that would be refused while it is written is refused now."""
    if (key := staging.torn()) is not None:
        raise InputError(_conflict(key))
    if not connection.read("SELECT EXISTS (SELECT 1 FROM item)")[0][0]:
        return
    rest = staging.contents()
    while page := dict(islice(rest, KEYS)):
        for _, item in _here(lambda sql, keys: connection.read(sql, keys), list(page)):
            if hash(content(item)) != page[item.key]:
                raise InputError(_conflict(item.key))


def _write(
    connection: Connection, staging: Staging, progress: Callable[[int], None] | None, moment: str, judge: Judge
) -> Added:
    added = Added()
    steps = pages(staging, STEP)
    try:
        while few := list(islice(steps, 1)):
            added = _sum(added, connection.write(partial(_add_few, connection, few, steps, moment, judge)))
            if progress:
                progress(sum(map(len, few)))
    except StoreError as error:
        if added == Added():
            raise
        raise type(error)(f"{error}; {_so_far(added)}") from error
    return added


def _add_few(
    connection: Connection,
    few: list[list[Record]],
    steps: Iterator[list[Record]],
    moment: str,
    judge: Judge,
    execute: Execute,
) -> Added:
    """As many steps as fit into a transaction.  They are in `few` when it has to be run anew."""
    queue.growing(execute)
    settings = dict(execute("SELECT name, value FROM setting").fetchall())
    until = time.monotonic() + HOLD_S
    added = Added()
    for step in few:
        added = _sum(added, _add_step(connection, execute, step, settings, moment, judge))
        if step is few[-1] and time.monotonic() < until:
            few += islice(steps, 1)
    return added


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


def _add_step(
    connection: Connection,
    execute: Execute,
    chunk: list[Record],
    settings: dict[str, str],
    moment: str,
    judge: Judge,
) -> Added:
    known = _known(execute, chunk)
    number = execute("SELECT coalesce(max(number), 0) FROM item").fetchone()[0]
    want = int(settings.get("overlap", 1))
    order = settings.get("order", "priority")
    items, contents, here = [], [], {}
    for record in chunk:
        key = record.item.key
        if key in known or key in here:
            continue
        number += 1
        here[key] = number
        priority = record.priority if order == "priority" else 0
        position = number * 2654435761 % 4294967296 if order == "random" else number
        probe = record.probe if record.gold else ""
        items.append((number, key_text(key), "held" if probe else "fresh", priority, float(position), want, probe))
        contents.append((number, *_content(record)))
    connection.many(
        "INSERT INTO item(number, key, stage, priority, position, want, probe) VALUES (?, ?, ?, ?, ?, ?, ?)", items
    )
    connection.many(
        "INSERT INTO content(item, text, escaped, candidates, meta, priority, sound) VALUES (?, ?, ?, ?, ?, ?, ?)",
        contents,
    )
    numbers = known | here
    before = execute("SELECT count(*) FROM suggestion").fetchone()[0] if any(one.suggestions for one in chunk) else 0
    suggestions = [
        (numbers[record.item.key], one.task, to_json(one.value), one.score, one.source)
        for record in chunk
        for one in record.suggestions
    ]
    connection.many(
        "INSERT INTO suggestion(item, task, value, score, source) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
        suggestions,
    )
    fresh = execute("SELECT count(*) FROM suggestion").fetchone()[0] - before if suggestions else 0
    given = [(numbers[one.item.key], one.annotation) for one in chunk if one.annotation is not None]
    answered = [number for number, annotation in given if _add_answer(execute, number, annotation, moment)]
    for item in dict.fromkeys(answered):
        standing.weigh(execute, item, judge)
    known_answers = [(numbers[one.item.key], one.gold) for one in chunk if one.gold is not None]
    gold = sum(_add_gold(execute, number, gold, moment, judge) for number, gold in known_answers)
    probes = sum(bool(probe) for *_, probe in items)
    execute("UPDATE counter SET value = value + ? WHERE name = 'items'", (len(items) - probes,))
    if order == "uncertain-first":
        touched = dict.fromkeys([*here.values(), *(row[0] for row in suggestions)])
        versions.place(connection, order, list(touched))
    return Added(len(items), len(chunk) - len(items), len(answered), fresh, gold)


def _add_gold(execute: Execute, number: int, gold: Gold, moment: str, judge: Judge) -> bool:
    """Keep a known answer, unless just that stands already."""
    names = standing.renames(execute)
    before = outcomes.gold_of(execute, number, names)
    if before and before.answers == names.apply(json.loads(to_json(dict(gold.answers))), gold.labels_version):
        return False
    gold = replace(gold, outcome=GIVEN, at=gold.at or moment)
    outcomes.settle(execute, number, gold, str(uuid.uuid4()), judge)
    return True


def _content(record: Record) -> tuple[Any, ...]:
    text, escaped = to_text(record.item.text)
    candidates = to_json(list(record.item.candidates)) if record.item.candidates else None
    meta = to_json(dict(record.item.meta)) if record.item.meta else None
    return text, escaped, candidates, meta, record.priority, sound_json(record.item.sound)


def _known(execute: Execute, chunk: list[Record]) -> dict[str, int]:
    """Numbers of the items that are there already, with the same content."""
    found: dict[str, int] = {}
    by_key = {record.item.key: record.item for record in chunk}
    for number, item in _here(lambda sql, keys: execute(sql, keys).fetchall(), list(by_key)):
        sound = by_key[item.key].sound
        if content(by_key[item.key]) != content(item):
            raise InputError(_conflict(item.key))
        found[item.key] = number
        if sound is not None and sound != item.sound:
            # The same sound in another place: that is where it is now
            execute("UPDATE content SET sound = ? WHERE item = ?", (sound_json(sound), number))
    return found


def _here(read: Callable[[str, tuple[str, ...]], list[Any]], keys: list[str]) -> list[tuple[int, Item]]:
    """Number and item of those of the keys that are in the store."""
    found: list[tuple[int, Item]] = []
    for first in range(0, len(keys), KEYS):
        part = tuple(key_text(key) for key in keys[first : first + KEYS])
        rows = read(
            f"""SELECT item.number, {ITEM} FROM item JOIN content ON content.item = item.number
                WHERE item.key IN ({", ".join("?" * len(part))})""",
            part,
        )
        found += [(row[0], item_from(row[1:])) for row in rows]
    return found


def _conflict(key: str) -> str:
    return f"item {key} is there already with other content; give the new one another id, or leave it out"


def _add_answer(execute: Execute, number: int, annotation: Annotation, moment: str) -> bool:
    """Keep a finished answer that came with a record, unless the annotator has given just that."""
    if annotation.status != SUBMITTED:
        return False
    me = saves.annotator_id(execute, annotation.annotator)
    before = saves.before_save(execute, number, me, "")
    fresh = before.state != "done"
    if not fresh:
        latest, given_under = execute(
            "SELECT answers, labels_version FROM annotation WHERE item = ? AND annotator = ? AND revision = ?",
            (number, me, before.standing),
        ).fetchone()
        # Under today's names: an export made after a rename already has them, and comes back as the same answer
        renames = standing.renames(execute)
        today = renames.apply(from_json(latest), given_under)
        if today == renames.apply(json.loads(to_json(dict(annotation.answers))), annotation.labels_version):
            return False
    if not annotation.submitted_at:
        annotation = replace(annotation, submitted_at=moment)
    turn = saves.next_turn(execute, me, int(fresh), -int(before.put_off))
    revision = before.revision + 1
    saves.write_revision(execute, number, me, revision, annotation, turn, str(uuid.uuid4()), "")
    standing.keep(
        execute,
        number,
        me,
        annotation,
        revision,
        turn,
        labels_version=before.labels_version,
        replaces=bool(before.revision),
    )
    if before.revision:
        outcomes.answered(execute, number, me, revision)
    if fresh:
        if before.state == "skipped":
            queue.hold(execute, number, False)
        queue.move(execute, number, done=1, taken=0 if before.state == "leased" else 1, by=me)
    return True
