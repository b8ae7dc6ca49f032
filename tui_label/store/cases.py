"""The reviewers' queues: which item comes next, in one statement that stops at the first hit.

Every queue is a `_Source`: rows in the order of its keys, out of an index.  What a queue is
restricted to becomes conditions on those rows, so that nothing is read twice and nothing
is kept between two cases.  A mark is the keys of the case before: settled cases may go and
new ones come without a reviewer losing the place.

`fast` and `slow` go by the median and the median absolute deviation of the logarithm of
active time, for each annotator: three scaled deviations away counts (Leys et al. 2013,
Journal of Experimental Social Psychology 49(4)).
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median
from typing import Any

from tui_label.store.engine import Connection
from tui_label.store.reviewing import QUEUES, SETTLED_TOO, UNDECIDED, Queue
from tui_label.store.rows import label_line, storable

SAMPLE = 500
"""The latest answers of an annotator that say what is usual for them."""
FEWEST = 20
"""With fewer times than this nothing is usual."""
SCALED = 1.4826
"""Makes the median absolute deviation of a normal distribution its standard deviation."""
ORDINARY = "item{n}.probe IN ('', 'check')"
AWAITED = ("disagreements", "flagged", "fast", "slow", "sample")
"""Queues that leave out what is on its way back."""

Bounds = dict[int, tuple[float, float]]
"""For each annotator's id: at or below the first is suspiciously fast, at or above the second suspiciously slow."""


@dataclass(frozen=True, slots=True)
class _Source:
    """A queue without restrictions.  `{n}` stands for a number that keeps two uses in one statement apart."""

    tables: str
    """With `item{n}`, and `a{n}` for the answer in question where there is one."""
    where: str
    keys: tuple[str, ...]
    """What it is ordered by; item and keys together are unique enough that a mark leaves no case out."""
    descending: bool = False
    by_answer: bool = True
    """Whether restrictions are on the answer in question, and not on any answer about the item."""
    repeats: bool = True
    """Whether an item can be there at more than one place."""
    person: str = "a{n}.annotator"
    of_annotator: str = "a{n}.annotator = :annotator"
    has_text: bool = False
    """Whether `text{n}`, the row of content, is among the tables."""


# CROSS JOIN keeps SQLite from beginning at another table, with all answers of one annotator for example
_ITEM = "CROSS JOIN item AS item{n} ON item{n}.number = a{n}.item"
_ANSWERS = f"assignment AS a{{n}} {_ITEM}"
# One run through all the texts is quicker than a look at the text of each item
_TEXTS = "content AS text{n} CROSS JOIN item AS item{n} ON item{n}.number = text{n}.item"


def _noted(table: str, name: str) -> str:
    """A table that notes something of answers, with these and their items."""
    on = f"a{{n}}.item = {name}{{n}}.item AND a{{n}}.annotator = {name}{{n}}.annotator"
    return f"{table} AS {name}{{n}} CROSS JOIN assignment AS a{{n}} ON {on} {_ITEM}"


def _source(queue: Queue, bounds: Callable[[], Bounds]) -> _Source:
    match queue.name:
        case "disagreements" | "all":
            return _of_items(queue)
        case "fast":
            where = "a{n}.state = 'done' AND " + _within(bounds(), 0, "<=")
            return _Source(_ANSWERS, where, ("a{n}.active_ms", "a{n}.item"))
        case "slow":
            where = "a{n}.state = 'done' AND " + _within(bounds(), 1, ">=")
            return _Source(_ANSWERS, where, ("a{n}.active_ms", "a{n}.item"), descending=True)
        case "sample":
            # The few that are sampled first: all other conditions cost more
            where = f"{SAMPLED} < :share AND a{{n}}.state = 'done'"
            if queue.text:
                tables = f"{_TEXTS} CROSS JOIN assignment AS a{{n}} ON a{{n}}.item = text{{n}}.item"
                return _Source(tables, where, ("text{n}.item",), repeats=False, has_text=True)
            return _Source(_ANSWERS, where, ("a{n}.item",), repeats=False)
        case "flagged":
            where = "a{n}.state IN ('done', 'skipped')" + (" AND f{n}.reason = :flag" if queue.flag else "")
            return _Source(_noted("flagged", "f"), where, ("f{n}.reason", "f{n}.item"))
        case "corrected":
            return _Source(_noted("corrected", "c"), "a{n}.state = 'done'", ("c{n}.item",), repeats=False)
        case "answered-back":
            where = (
                "r{n}.state = 'answered' AND a{n}.state IN ('done', 'skipped') AND NOT EXISTS (SELECT 1 FROM "
                "returned WHERE returned.item = r{n}.item AND returned.annotator = r{n}.annotator AND returned.state = 'open')"
            )
            return _Source(_noted("returned", "r"), where, ("r{n}.number",))
        case "questions":
            tables = (
                "comment AS q{n} CROSS JOIN item AS item{n} ON item{n}.number = q{n}.item "
                "LEFT JOIN annotator AS person{n} ON person{n}.name = q{n}.author "
                "LEFT JOIN assignment AS a{n} ON a{n}.item = q{n}.item AND a{n}.annotator = person{n}.id "
                "AND a{n}.state IN ('done', 'skipped')"
            )
            asker = "q{n}.author = :name"
            return _Source(tables, "q{n}.unanswered = 1", ("q{n}.number",), person="person{n}.id", of_annotator=asker)
    raise ValueError(f"no such queue: {queue.name}; there are {', '.join(QUEUES)}")


def _of_items(queue: Queue) -> _Source:
    """The queues that no single answer puts an item into."""
    if queue.name == "disagreements":
        task = " AND instr(item{n}.differs, :differs) > 0" if queue.task else ""
        keys = ("item{n}.agreement", "item{n}.number")
        return _Source("item AS item{n}", f"item{{n}}.agreement < 1{task}", keys, by_answer=False, repeats=False)
    tables, where, key = "item AS item{n}", "item{n}.done > 0", "item{n}.number"
    if queue.text:
        tables, key = _TEXTS, "text{n}.item"
    elif queue.flag:
        tables = "flagged AS f{n} CROSS JOIN item AS item{n} ON item{n}.number = f{n}.item"
        where, key = f"f{{n}}.reason = :flag AND {where}", "f{n}.item"
    return _Source(tables, where, (key,), by_answer=False, repeats=False, has_text=bool(queue.text))


MODULUS = 2**31 - 1
SAMPLED = f"((a{{n}}.item * 1103515245 + a{{n}}.annotator * 917191861) % {MODULUS} * (a{{n}}.item + a{{n}}.annotator) % {MODULUS})"
"""A number below the modulus that looks random and is always the same for an answer: quadratic modulo a prime, so
that what is sampled of one annotator says nothing about what is of another.
"""


def _within(bounds: Bounds, which: int, sign: str) -> str:
    """Whether an answer is beyond its annotator's bound; the outermost bound first, for the index."""
    values = {me: pair[which] for me, pair in bounds.items() if 0 < pair[which] < math.inf}
    if not values:
        return "false"
    outermost = max(values.values()) if sign == "<=" else min(values.values())
    each = " ".join(f"WHEN {me} THEN {ms!r}" for me, ms in values.items())
    return f"a{{n}}.active_ms {sign} {outermost!r} AND +a{{n}}.active_ms {sign} CASE a{{n}}.annotator {each} END"


def bounds_of(connection: Connection, too_fast_ms: int) -> Bounds:
    found: Bounds = {}
    for (me,) in connection.read("SELECT id FROM annotator"):
        times = connection.read(
            f"""SELECT active_ms FROM (SELECT active_ms, state FROM assignment
                  WHERE annotator = ? AND state IN ('done', 'skipped') ORDER BY turn DESC LIMIT {SAMPLE})
                AS latest WHERE state = 'done' AND active_ms IS NOT NULL""",
            (me,),
        )
        fast, slow = _usual([ms for (ms,) in times])
        found[me] = max(float(too_fast_ms), fast), slow
    return found


def _usual(times: list[int]) -> tuple[float, float]:
    """Below the first and above the second time is unusual; none is where little is known, or all are the same."""
    if len(times) < FEWEST:
        return 0.0, math.inf
    logs = [math.log(ms) for ms in times]
    middle = median(logs)
    away = 3 * SCALED * median(abs(one - middle) for one in logs)
    return (math.exp(middle - away), math.exp(middle + away)) if away else (0.0, math.inf)


@dataclass(frozen=True, slots=True)
class Search:
    """One queue as statements."""

    queue: Queue
    arguments: dict[str, Any]
    source: _Source
    has_text: Callable[[str], str]
    """Of the connection."""

    def _rows(self, n: int) -> str:
        """FROM and WHERE, restricted as the queue says, of its use number `n`."""
        queue, tables = self.queue, self.source.tables
        where = [self.source.where, ORDINARY]
        if queue.text:
            where.append(f"({' OR '.join(map(self.has_text, ('text{n}.text', 'item{n}.key', 'text{n}.candidates')))})")
            if not self.source.has_text:
                tables += " CROSS JOIN content AS text{n} ON text{n}.item = item{n}.number"
        if queue.items:
            where.append(f"item{{n}}.number IN ({', '.join(map(str, queue.items))})")
        if queue.against:
            where.append(
                "EXISTS (SELECT 1 FROM assignment AS c{n} WHERE c{n}.item = item{n}.number "
                "AND c{n}.state = 'done' AND instr(c{n}.labels, :against) > 0)"
            )
        if self.source.by_answer:
            where += [*self._on_answer("a{n}"), *([self.source.of_annotator] if queue.annotator else [])]
        else:
            of = ["b{n}.annotator = :annotator"] if queue.annotator else []
            if conditions := [*of, *self._on_answer("b{n}")]:
                where.append(
                    "EXISTS (SELECT 1 FROM assignment AS b{n} WHERE b{n}.item = item{n}.number "
                    f"AND b{{n}}.state = 'done' AND {' AND '.join(conditions)})"
                )
        # Behind all that is quicker to tell
        where += [*self._not_on_the_way(), *self._not_decided()]
        return f"{tables} WHERE {' AND '.join(where)}".replace("{n}", str(n))

    def _not_on_the_way(self) -> list[str]:
        """What was sent back waits for its annotator, not for a reviewer."""
        if self.queue.settled_too or self.queue.name not in AWAITED:
            return []
        whose = "AND back{n}.annotator = a{n}.annotator " if self.source.by_answer else ""
        return [
            "NOT EXISTS (SELECT 1 FROM returned AS back{n} WHERE back{n}.item = item{n}.number "
            f"{whose}AND back{{n}}.state = 'open')"
        ]

    def _not_decided(self) -> list[str]:
        """What no reviewer has looked at, though a settled answer stands."""
        if self.queue.settled_too or self.queue.name not in UNDECIDED:
            return []
        settled = "SELECT {} FROM gold WHERE gold.item = item{{n}}.number ORDER BY revision DESC LIMIT 1"
        by_rule, before = f"({settled.format('outcome')}) = 'auto'", f"({settled.format('at')}) < a{{n}}.submitted_at"
        return [f"(item{{n}}.settled = 0 OR {by_rule if self.queue.name == 'sample' else before})"]

    def _on_answer(self, answer: str) -> list[str]:
        queue, found = self.queue, []
        if queue.label or (queue.task and queue.name != "disagreements"):
            found.append(f"instr({answer}.labels, :label) > 0")
        if queue.since:
            found.append(f"{answer}.submitted_at >= :since")
        if queue.until:
            found.append(f"{answer}.submitted_at < :until")
        if queue.flag and queue.name != "flagged":
            found.append(
                f"EXISTS (SELECT 1 FROM flagged WHERE flagged.item = {answer}.item "
                f"AND flagged.annotator = {answer}.annotator AND flagged.reason = :flag)"
            )
        return found

    def _select(self, settled: int | None, extra: str = "") -> str:
        keys = [key.replace("{n}", "1") for key in self.source.keys]
        rows = f"SELECT {', '.join(keys)}, item1.number FROM {self._rows(1)}"
        if settled is not None:
            rows += f" AND item1.settled = {settled}"
        if self.source.repeats:
            other = [key.replace("{n}", "2") for key in self.source.keys]
            sign = ">" if self.source.descending else "<"
            rows += (
                f" AND NOT EXISTS (SELECT 1 FROM {self._rows(2)} AND item2.number = item1.number "
                f"AND ({', '.join(other)}) {sign} ({', '.join(keys)}))"
            )
        order = " DESC" if self.source.descending else ""
        return f"{rows} {extra} ORDER BY {', '.join(key + order for key in keys)}"

    def _settled(self) -> tuple[int | None, ...]:
        if self.queue.settled_too or self.queue.name in (*SETTLED_TOO, *UNDECIDED):
            # Each half has an index in the right order, both together have none
            return (0, 1) if self.queue.name == "disagreements" else (None,)
        return (0,)

    def first(self, connection: Connection, mark: tuple[Any, ...], reviewer: str, now: int) -> tuple[Any, ...] | None:
        """The keys and the number of the first case behind `mark` that nobody else has in hand."""
        keys = [key.replace("{n}", "1") for key in self.source.keys]
        arguments = self.arguments | {"reviewer": reviewer, "now": now}
        extra = (
            "AND NOT EXISTS (SELECT 1 FROM reviewing WHERE reviewing.item = item1.number "
            "AND reviewing.reviewer <> :reviewer AND reviewing.lease_until >= :now)"
        )
        if mark:
            sign = "<" if self.source.descending else ">"
            extra += f" AND ({', '.join(keys)}) {sign} ({', '.join(f':key{n}' for n in range(len(keys)))})"
            arguments |= {f"key{n}": value for n, value in enumerate(mark)}
        found = [
            row
            for half in self._settled()
            for row in connection.read(self._select(half, extra) + " LIMIT 1", arguments)
        ]
        return min(found, default=None)

    def holds(self, connection: Connection, number: int) -> bool:
        """Whether an item is in the queue at this moment."""
        arguments = self.arguments | {"number": number}
        extra = "AND item1.number = :number"
        return any(connection.read(self._select(half, extra) + " LIMIT 1", arguments) for half in self._settled())

    def count(self, connection: Connection, most: int) -> int:
        total = 0
        for half in self._settled():
            # Two annotators may give an item the same keys
            places = self._select(half).replace("item1.number FROM", "item1.number AS found FROM", 1)
            rows = f"SELECT DISTINCT found FROM ({places}) AS place LIMIT {int(most)}"
            total += connection.read(f"SELECT count(*) FROM ({rows}) AS case_", self.arguments)[0][0]
        return int(min(total, most))

    def about(self, connection: Connection, number: int) -> tuple[str, ...]:
        """The annotators for whose answers an item is there."""
        if not self.source.by_answer:
            return ()
        person = self.source.person.replace("{n}", "1")
        rows = connection.read(
            f"""SELECT DISTINCT annotator.name FROM annotator WHERE annotator.id IN
                (SELECT {person} FROM {self._rows(1)} AND item1.number = :number) ORDER BY annotator.name""",
            self.arguments | {"number": number},
        )
        return tuple(name for (name,) in rows)


def search(connection: Connection, queue: Queue) -> Search:
    found = connection.read("SELECT id FROM annotator WHERE name = ?", (queue.annotator,))

    def line(label: str) -> str:
        """A line of `labels_text`: from its start where the task is given, to its end where the label is."""
        return storable(("\n" if queue.task else "") + label_line(queue.task, label) + ("\n" if label else ""))

    text = storable(queue.text)
    arguments = {
        "annotator": found[0][0] if found else 0,
        "name": storable(queue.annotator),
        "differs": f"\n{queue.task}\n",
        "label": line(queue.label),
        "against": line(queue.against),
        "flag": storable(queue.flag),
        "since": queue.since,
        "until": queue.until,
        "text": text.casefold(),
        "like": "%" + re.sub("[!%_]", r"!\g<0>", text) + "%",
        "share": round(queue.sample * MODULUS),
    }
    return Search(
        queue, arguments, _source(queue, lambda: bounds_of(connection, queue.too_fast_ms)), connection.has_text
    )
