"""What became of suggestions by where they came from, and which are shown for it.

Functions on an open transaction, or that only read.  Nothing is ever deleted: a suggestion that a newer
version of its source no longer makes is withdrawn, so that a late answer still finds it.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import inf
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
    """Nobody said a suggestion, so it is kept under the labels of today, where that is not there already."""
    for task, names in renames.items():
        stored: dict[int, str] = {}
        for old in names:
            # LIKE finds too much at most: what it finds is looked at
            like = f"%{to_json(old).replace(BACKSLASH, '_')}%"
            stored |= execute(
                "SELECT number, value FROM suggestion WHERE task = ? AND value LIKE ?", (task, like)
            ).fetchall()
        for number, value in stored.items():
            today = to_json(renamed(from_json(value), names))
            if today != value:
                _say_instead(execute, number, today)


def _say_instead(execute: Execute, number: int, value: str) -> None:
    twin = execute(
        """SELECT 1 FROM suggestion AS one JOIN suggestion AS other USING (item, task, source)
           WHERE one.number = ? AND other.value = ?""",
        (number, value),
    ).fetchone()
    if twin:
        execute("UPDATE suggestion SET withdrawn = 1 WHERE number = ?", (number,))
    else:
        execute("UPDATE suggestion SET value = ? WHERE number = ?", (value, number))


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
