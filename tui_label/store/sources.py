"""What became of suggestions by where they came from, and which are shown for it.

Functions on an open transaction, or that only read.  Nothing is ever deleted: a suggestion that a newer
version of its source no longer makes is withdrawn, so that a late answer still finds it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby
from math import inf
from operator import itemgetter
from typing import NamedTuple

from tui_label.core.annotation import SUBMITTED, Annotation
from tui_label.core.item import Suggestion
from tui_label.core.tasks.base import renamed
from tui_label.store.engine import Execute
from tui_label.store.rows import from_json, suggestion_from, to_json

BACKSLASH = "\\"
DECIDED = ("accepted", "changed", "rejected")


class Held(NamedTuple):
    """What the project does not show: `Policy` says what the numbers are."""

    threshold: float
    sources: frozenset[tuple[str, str]]
    """Name and version."""

    def holds(self, suggestion: Suggestion, version: str) -> bool:
        unsure = suggestion.score is not None and suggestion.score < self.threshold
        return unsure or (suggestion.source, version) in self.sources


def offered(execute: Execute, item: int) -> tuple[Suggestion, ...]:
    """What is shown with an item, in order of arrival."""
    rows = execute(
        """SELECT number, task, value, score, source, version FROM suggestion
           WHERE item = ? AND withdrawn = 0 ORDER BY number""",
        (item,),
    ).fetchall()
    if not rows:
        return ()
    policy = held(execute)
    found = ((suggestion_from(row[:5]), row[5]) for row in rows)
    return tuple(one for one, version in found if not policy.holds(one, version))


def rename(execute: Execute, renames: Mapping[str, Mapping[str, str]]) -> None:
    """Nobody said a suggestion, so it is kept under the labels of today; of those that become one the first is shown."""
    for task, names in renames.items():
        items: set[int] = set()
        for old in names:
            # LIKE finds too much at most: what it finds is looked at
            like = f"%{to_json(old).replace(BACKSLASH, '_')}%"
            found = execute("SELECT DISTINCT item FROM suggestion WHERE task = ? AND value LIKE ?", (task, like))
            items |= {item for (item,) in found.fetchall()}
        for item in sorted(items):
            rows = execute(
                """SELECT source, number, value, withdrawn FROM suggestion WHERE item = ? AND task = ?
                   ORDER BY source, withdrawn, number""",
                (item, task),
            ).fetchall()
            for _, said in groupby(rows, key=itemgetter(0)):
                _rename(execute, names, [Said(*row[1:]) for row in said])


class Said(NamedTuple):
    """One of the suggestions of a source for a task of an item; no two have the same value."""

    number: int
    value: str
    withdrawn: int


def _rename(execute: Execute, names: Mapping[str, str], said: Sequence[Said]) -> None:
    """Where several become one, the others are withdrawn; who has decided about one still finds it by its number."""
    today = {one.number: to_json(renamed(from_json(one.value), names)) for one in said}
    shown: dict[str, int] = {}
    for one in sorted(said, key=lambda one: (one.withdrawn, one.value != today[one.number])):
        shown.setdefault(today[one.number], one.number)
    now = {number: value for value, number in shown.items()}
    # No two say the same, and there are as many that nobody says any more
    free = (one.value for one in said if one.value not in shown)
    for one in said:
        if one.number not in now:
            now[one.number] = next(free)
            execute("UPDATE suggestion SET withdrawn = 1 WHERE number = ?", (one.number,))
    moved = [one.number for one in said if one.value != now[one.number]]
    # Labels may swap names: each steps aside first, to what is no JSON
    for number in moved if len(moved) > 1 else ():
        execute("UPDATE suggestion SET value = ? WHERE number = ?", (f"({number})", number))
    for number in moved:
        execute("UPDATE suggestion SET value = ? WHERE number = ?", (now[number], number))


def held(execute: Execute) -> Held:
    rows = execute("SELECT name, value FROM setting WHERE name IN ('threshold', 'hold_below', 'hold_from')").fetchall()
    settings = {name: float(value) for name, value in rows}
    below, least = settings.get("hold_below", 0.0), settings.get("hold_from", 0.0)
    if not below:
        return Held(settings.get("threshold", -inf), frozenset())
    poor = execute(
        """SELECT name, version FROM source WHERE accepted + changed + rejected >= ?
           AND accepted < ? * (accepted + changed + rejected)""",
        (max(least, 1.0), below),
    ).fetchall()
    return Held(settings.get("threshold", -inf), frozenset((name, version) for name, version in poor))


def recount(execute: Execute, item: int, annotator: int, annotation: Annotation | None) -> None:
    """Count the decisions of the answer that is to stand (None: none) instead of those of the one that stood."""
    row = execute(
        """SELECT decisions FROM assignment JOIN annotation USING (item, annotator, revision)
           WHERE assignment.item = ? AND assignment.annotator = ? AND status = 'submitted'""",
        (item, annotator),
    ).fetchone()
    before = {int(number): outcome for number, outcome in from_json(row[0]).items()} if row else {}
    after = dict(annotation.decisions) if annotation and annotation.status == SUBMITTED else {}
    for decisions, other, by in ((before, after, -1), (after, before, 1)):
        for number, outcome in decisions.items():
            if outcome in DECIDED and other.get(number) != outcome:
                _count(execute, item, number, outcome, by)


def _count(execute: Execute, item: int, suggestion: int, outcome: str, by: int) -> None:
    execute(
        f"""INSERT INTO source(name, version, {outcome})
            SELECT source, version, ? FROM suggestion WHERE number = ? AND item = ?
            ON CONFLICT (name, version) DO UPDATE SET {outcome} = source.{outcome} + excluded.{outcome}""",
        (by, suggestion, item),
    )
