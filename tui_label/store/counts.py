"""What is kept twice so that nobody has to count: is it what the rows say, and making it so again.

`annotation` and `gold` are the record; who stands where, stages, counters and tallies follow from them.
"""

from __future__ import annotations

from typing import NamedTuple

from tui_label.store import queue, sources, standing
from tui_label.store.engine import Execute, Read
from tui_label.store.saves import annotation_of
from tui_label.store.standing import Judge


class Kept(NamedTuple):
    """A column that repeats what other rows say."""

    words: str
    """What is wrong, of so many rows."""
    table: str
    column: str
    truth: str
    """What it must be, as SQL about a row of the table."""
    where: str = "1"

    @property
    def wrong(self) -> str:
        return f"FROM {self.table} WHERE {self.where} AND {self.column} IS NOT ({self.truth})"


_OF_ITEM = "(SELECT count(*) FROM assignment WHERE assignment.item = item.number AND state"
_SKIPPED = "EXISTS (SELECT 1 FROM assignment WHERE assignment.item = item.number AND state = 'skipped')"
_OF_TALLY = "SELECT count(*) FROM assignment WHERE assignment.annotator = tally.annotator AND"
KEPT = (
    Kept("items count other people than have them", "item", "taken", f"{_OF_ITEM} IN ('leased', 'done'))"),
    Kept("items count other answers than there are", "item", "done", f"{_OF_ITEM} = 'done')"),
    Kept(
        "items are settled or not against their gold answers",
        "item",
        "settled",
        """coalesce((SELECT outcome <> 'withdrawn' FROM gold WHERE gold.item = item.number
           ORDER BY revision DESC LIMIT 1), 0)""",
    ),
    Kept(
        "items wait in a queue they do not belong in",
        "item",
        "stage",
        f"""CASE WHEN probe <> '' OR stage = 'held' AND {_SKIPPED} THEN 'held' WHEN done >= want THEN 'done'
            WHEN taken >= want THEN 'full' WHEN stage = 'fresh' AND taken = 0 THEN 'fresh' ELSE 'again' END""",
    ),
    Kept(
        "annotators have another number of answers than they gave",
        "tally",
        "answered",
        f"{_OF_TALLY} state = 'done' AND (SELECT probe FROM item WHERE number = assignment.item) <> 'qualification'",
    ),
    Kept(
        "annotators have another number of skips than they made",
        "tally",
        "skipped",
        f"{_OF_TALLY} (state = 'skipped' OR state = 'leased' AND revision > 0)",
    ),
    Kept(
        "annotators count fewer turns than they had",
        "tally",
        "turn",
        "max(turn, (SELECT coalesce(max(turn), 0) FROM annotation WHERE annotation.annotator = tally.annotator))",
    ),
    Kept(
        "count of items is not what there are",
        "counter",
        "value",
        "SELECT count(*) FROM item WHERE probe = ''",
        "name = 'items'",
    ),
    Kept(
        "count of finished items is not what there are",
        "counter",
        "value",
        """(SELECT count(*) FROM item WHERE done >= want AND probe = '')
           - (SELECT coalesce(sum(finished), 0) FROM tally)""",
        "name = 'done'",
    ),
    Kept(
        "count of answers to repeats is not what there are",
        "counter",
        "value",
        "SELECT count(*) FROM item JOIN assignment ON assignment.item = number WHERE probe = 'repeat' AND state = 'done'",
        "name = 'repeats'",
    ),
    Kept(
        "count of arrivals is behind the queue",
        "counter",
        "value",
        "max(value, (SELECT coalesce(max(position), 0) FROM item WHERE stage = 'again' AND position < 4294967296))",
        "name = 'arrival'",
    ),
    *(
        Kept(
            f"sources of suggestions have another number of {outcome} ones",
            "source",
            outcome,
            f"""SELECT count(*) FROM assignment JOIN annotation USING (item, annotator, revision),
                  json_each(annotation.decisions) AS decision
                JOIN suggestion ON suggestion.number = CAST(decision.key AS INTEGER) AND suggestion.item = assignment.item
                WHERE annotation.status = 'submitted' AND decision.value = '{outcome}'
                  AND suggestion.source = source.name AND suggestion.version = source.version""",
        )
        for outcome in sources.DECIDED
    ),
)
_LATEST = """FROM annotation LEFT JOIN assignment USING (item, annotator) JOIN item ON item.number = annotation.item
    WHERE annotation.status <> 'undone' AND item.probe <> 'qualification'
      AND annotation.revision = (SELECT max(revision) FROM annotation AS other
        WHERE other.item = annotation.item AND other.annotator = annotation.annotator)
      AND (assignment.revision IS NOT annotation.revision
        OR state NOT IN (CASE annotation.status WHEN 'submitted' THEN 'done' ELSE 'skipped' END,
                         CASE annotation.status WHEN 'submitted' THEN 'done' ELSE 'leased' END))"""
"""Whose latest revision is not the one that stands."""
_GONE = """FROM assignment LEFT JOIN annotation USING (item, annotator, revision)
    WHERE state = 'done' AND status IS NOT 'submitted' OR state = 'skipped' AND status IS NOT 'skipped'
      OR state = 'leased' AND (lease_until IS NULL OR assignment.revision > 0 AND status IS NOT 'skipped')"""
"""Standing answers that are not in the record, and leases without an end."""
_REPEATED = f"""FROM assignment JOIN annotation USING (item, annotator, revision)
    WHERE assignment.active_ms IS NOT {standing.ACTIVE}
      OR assignment.submitted_at IS NOT annotation.submitted_at"""
_FLAGS = """SELECT assignment.item, assignment.annotator, json_extract(flag.value, '$.reason')
    FROM assignment JOIN annotation USING (item, annotator, revision), json_each(annotation.flags) AS flag"""
_NO_TALLY = "FROM annotator WHERE id IN (SELECT annotator FROM annotation) AND id NOT IN (SELECT annotator FROM tally)"


def wrong(read: Read) -> list[str]:
    """A line for each kind of count that is not what the rows say."""
    checks = [
        ("answers are in the record and do not stand", f"SELECT count(*) {_LATEST}"),
        ("answers stand and are not in the record", f"SELECT count(*) {_GONE}"),
        ("standing answers repeat other times than the record's", f"SELECT count(*) {_REPEATED}"),
        ("annotators have answers and no tally", f"SELECT count(*) {_NO_TALLY}"),
        ("flags are not listed", f"SELECT count(*) FROM ({_FLAGS} EXCEPT SELECT * FROM flagged)"),
        ("listed flags are not in the record", f"SELECT count(*) FROM (SELECT * FROM flagged EXCEPT {_FLAGS})"),
        *((one.words, f"SELECT count(*) {one.wrong}") for one in KEPT),
    ]
    found = [(read(sql)[0][0], words) for words, sql in checks]
    return [f"{words} ({count:,})" for count, words in found if count]


def rebuild(execute: Execute, judge: Judge) -> None:
    """Within a transaction: all of it from the record."""
    _restore_standing(execute)
    execute(f"INSERT INTO tally(annotator) SELECT id {_NO_TALLY}")
    execute("DELETE FROM flagged")
    for one in KEPT:
        if one.column == "stage":
            _restage(execute, one)
        else:
            execute(f"UPDATE {one.table} SET {one.column} = ({one.truth}) WHERE {one.where}")
    standing.restate(execute, judge)


def _restage(execute: Execute, stage: Kept) -> None:
    """Whatever comes into the queue comes behind everybody's mark."""
    for item, right in execute(f"SELECT number, ({stage.truth}) {stage.wrong}").fetchall():
        execute("UPDATE item SET stage = ? WHERE number = ?", (right, item))
        if right == "again":
            queue.arrive(execute)
            execute(f"UPDATE item SET position = {queue.ARRIVAL} WHERE number = ?", (item,))
    execute("DELETE FROM passed")


def _restore_standing(execute: Execute) -> None:
    """Of each annotator and item, what stands is the last revision that was not undone."""
    execute("UPDATE assignment SET lease_until = 0 WHERE state = 'leased' AND lease_until IS NULL")
    for item, me in execute(
        f"SELECT annotation.item, annotation.annotator {_LATEST} UNION SELECT assignment.item, assignment.annotator {_GONE}"
    ).fetchall():
        execute("DELETE FROM assignment WHERE item = ? AND annotator = ?", (item, me))
        stands = queue.effective(execute, item, me)
        if stands:
            revision, _, turn = stands[-1]
            said = annotation_of(execute, item, me, revision, standing.renames(execute))
            assert said is not None
            standing.keep(execute, item, me, said, revision, turn=turn, labels_version=0, replaces=False)


def missing(execute: Execute) -> dict[str, int]:
    """How many revisions of each annotator are not there: every one took a turn."""
    rows = execute(
        """SELECT name, tally.turn - (SELECT count(*) FROM annotation WHERE annotation.annotator = id) AS gone
           FROM annotator JOIN tally ON tally.annotator = id WHERE gone > 0 ORDER BY name"""
    ).fetchall()
    return dict(rows)
