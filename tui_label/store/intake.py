"""Bringing items in.

Records are read whole before the write lock is taken, then written in one
transaction: all of a file, or nothing of it.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from dataclasses import replace
from itertools import islice
from typing import Any

from tui_label.core.annotation import SUBMITTED, Annotation
from tui_label.core.gold import GIVEN, Gold
from tui_label.core.item import Item
from tui_label.core.record import Record
from tui_label.errors import InputError
from tui_label.store import outcomes, queue, sqlite, standing, versions
from tui_label.store.base import Added
from tui_label.store.connection import Connection
from tui_label.store.queue import Execute
from tui_label.store.rows import ITEM, item_from, key_text, sound_json, to_json, to_text
from tui_label.store.standing import Judge

CHUNK = 2000


def add(
    connection: Connection, records: list[Record], progress: Callable[[int], None] | None, moment: str, judge: Judge
) -> Added:
    added, probes = Added(), 0
    with connection.transaction() as execute:
        settings = dict(execute("SELECT name, value FROM setting").fetchall())
        number = execute("SELECT coalesce(max(number), 0) FROM item").fetchone()[0]
        rest = iter(records)
        while chunk := list(islice(rest, CHUNK)):
            number, done, measuring = _add_chunk(connection, execute, chunk, number, settings, moment, judge)
            probes += measuring
            added = Added(
                added.items + done.items,
                added.known + done.known,
                added.answers + done.answers,
                added.suggestions + done.suggestions,
                added.gold + done.gold,
            )
            if progress:
                progress(len(chunk))
        execute("UPDATE counter SET value = value + ? WHERE name = 'items'", (added.items - probes,))
        if settings.get("order") == "uncertain-first":
            versions.reorder(execute, "uncertain-first")
    return added


def _add_chunk(
    connection: Connection,
    execute: Execute,
    chunk: list[Record],
    number: int,
    settings: dict[str, str],
    moment: str,
    judge: Judge,
) -> tuple[int, Added, int]:
    """The last number that was given to an item, what was added, and how many of the items are probes."""
    known = _known(execute, chunk)
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
        "INSERT OR IGNORE INTO suggestion(item, task, value, score, source) VALUES (?, ?, ?, ?, ?)", suggestions
    )
    fresh = execute("SELECT count(*) FROM suggestion").fetchone()[0] - before if suggestions else 0
    given = [(numbers[one.item.key], one.annotation) for one in chunk if one.annotation is not None]
    answered = [number for number, annotation in given if _add_answer(execute, number, annotation, moment)]
    for item in dict.fromkeys(answered):
        standing.weigh(execute, item, judge)
    known_answers = [(numbers[one.item.key], one.gold) for one in chunk if one.gold is not None]
    gold = sum(_add_gold(execute, number, gold, moment, judge) for number, gold in known_answers)
    added = Added(len(items), len(chunk) - len(items), len(answered), fresh, gold)
    return number, added, sum(bool(probe) for *_, probe in items)


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
    by_key: dict[str, Item] = {}
    for record in chunk:
        key = record.item.key
        if key in by_key and not _same(by_key[key], record.item):
            raise InputError(_conflict(key))
        by_key[key] = record.item
    keys = list(by_key)
    for first in range(0, len(keys), 500):
        part = [key_text(key) for key in keys[first : first + 500]]
        for row in execute(
            f"""SELECT item.number, {ITEM} FROM item JOIN content ON content.item = item.number
                WHERE item.key IN ({", ".join("?" * len(part))})""",
            tuple(part),
        ).fetchall():
            item = item_from(row[1:])
            if not _same(by_key[item.key], item):
                raise InputError(_conflict(item.key))
            found[item.key] = row[0]
            sound = by_key[item.key].sound
            if sound is not None and sound != item.sound:
                # The same sound in another place: that is where it is now
                execute("UPDATE content SET sound = ? WHERE item = ?", (sound_json(sound), row[0]))
    return found


def _same(one: Item, other: Item) -> bool:
    sounds = [item.sound.content if item.sound else None for item in (one, other)]
    return one.text == other.text and one.candidates == other.candidates and sounds[0] == sounds[1]


def _conflict(key: str) -> str:
    return f"item {key} is there already with other content; give the new one another id, or leave it out"


def _add_answer(execute: Execute, number: int, annotation: Annotation, moment: str) -> bool:
    """Keep a finished answer that came with a record, unless the annotator has given just that."""
    if annotation.status != SUBMITTED:
        return False
    me = sqlite.annotator_id(execute, annotation.annotator)
    before = sqlite.before_save(execute, number, me, "")
    fresh = before.state != "done"
    if not fresh:
        latest, given_under = execute(
            "SELECT answers, labels_version FROM annotation WHERE item = ? AND annotator = ? AND revision = ?",
            (number, me, before.standing),
        ).fetchone()
        # Under today's names: an export made after a rename already has them, and comes back as the same answer
        renames = standing.renames(execute)
        today = renames.apply(json.loads(latest), given_under)
        if today == renames.apply(json.loads(to_json(dict(annotation.answers))), annotation.labels_version):
            return False
    if not annotation.submitted_at:
        annotation = replace(annotation, submitted_at=moment)
    turn = sqlite.next_turn(execute, me, int(fresh), -int(before.put_off))
    revision = before.revision + 1
    sqlite.write_revision(execute, number, me, revision, annotation, turn, str(uuid.uuid4()), "")
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
        queue.move(execute, number, done=1, taken=0 if before.state == "leased" else 1)
    return True
