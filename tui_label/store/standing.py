"""What stands of the answers about an item, kept where reviewers' queues find it quickly.

Functions on an open transaction.  The annotators' own revisions are read, never changed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import combinations
from typing import Any

from tui_label.core.annotation import SUBMITTED, Annotation, Flag
from tui_label.core.renames import Renames
from tui_label.store import sources
from tui_label.store.engine import Connection, Execute
from tui_label.store.queue import lock_all
from tui_label.store.rows import GOLD, flags_from, from_json, gold_from, label_line, labels_text, storable
from tui_label.store.schema import SPENT, TOTAL

Differ = Callable[[Sequence[Mapping[str, Any]]], float]
"""How far the answers of all annotators of one item differ: 0 where all are alike, up to 1."""
PAGE = 2000
SHARE = 200
ACTIVE = f"nullif({SPENT.format('active_ms')}, 0)"
"""Of an assignment beside its annotation: the active time of its answer, NULL where none was kept."""


def pairs_that_differ(answers: Sequence[Mapping[str, Any]]) -> float:
    """The share of pairs of answers that are not the same: what is known without knowing the tasks."""
    pairs = list(combinations(answers, 2))
    return sum(one != other for one, other in pairs) / len(pairs) if pairs else 0.0


class Judge:
    """Says how far answers differ by the questions in force, which may be others than when the store was opened."""

    def __init__(self, by: Callable[[str], Differ] = lambda _: pairs_that_differ) -> None:
        """`by`: what says it by a project.yaml that was recorded; by an empty one where none was."""
        self._by = by
        self._last: tuple[int | None, Differ] | None = None

    def of(self, execute: Execute, version: int | None) -> Differ:
        """By the questions of this version, the latest."""
        if self._last is None or self._last[0] != version:
            found = execute("SELECT text FROM version WHERE kind = 'labels' AND number = ?", (version,)).fetchone()
            self._last = version, self._by(found[0] if found else "")
        return self._last[1]


def renames(execute: Execute) -> Renames:
    rows = execute("SELECT number, renames FROM version WHERE kind = 'labels' AND renames <> '{}'").fetchall()
    return Renames({number: from_json(text) for number, text in rows})


def keep(
    execute: Execute,
    item: int,
    annotator: int,
    annotation: Annotation,
    revision: int,
    *,
    turn: int | None = None,
    labels_version: int,
    replaces: bool,
) -> None:
    """Make a revision the one that stands, and out of anybody's hands.

    `turn`: of the revision, where it is not the annotator's latest, which `count_save` began.  `labels_version` is
    today's.  `replaces`: another revision may have stood before.
    """
    answers = annotation.answers
    if answers and annotation.labels_version < labels_version:
        answers = renames(execute).apply(answers, annotation.labels_version)
    if replaces or annotation.decisions:
        sources.recount(execute, item, annotator, annotation)
    state = "done" if annotation.status == SUBMITTED else "skipped"
    shown = (annotation.timing.active or None, annotation.submitted_at, labels_text(answers))
    latest = "SELECT ?, ?, ?, ?, turn, CAST(? AS BIGINT), ?, ? FROM tally WHERE tally.annotator = ?"
    execute(
        f"""INSERT INTO assignment(item, annotator, state, revision, turn, active_ms, submitted_at, labels)
            {latest if turn is None else "VALUES (?, ?, ?, ?, ?, ?, ?, ?)"}
            ON CONFLICT (item, annotator) DO UPDATE SET state = excluded.state, revision = excluded.revision,
              turn = excluded.turn, reopened = 0, lease_until = NULL, active_ms = excluded.active_ms,
              submitted_at = excluded.submitted_at, labels = excluded.labels""",
        (item, annotator, state, revision, *((*shown, annotator) if turn is None else (turn, *shown))),
    )
    if replaces:
        # A correction's time comes on top of that of the answer before
        total = f"nullif({TOTAL.format('active_ms')}, 0)"
        execute(f"UPDATE assignment SET active_ms = {total} WHERE item = ? AND annotator = ?", (item, annotator))
    keep_flags(execute, item, annotator, annotation.flags, replaces)


def keep_flags(execute: Execute, item: int, annotator: int, flags: Sequence[Flag], replaces: bool) -> None:
    if replaces:
        execute("DELETE FROM flagged WHERE item = ? AND annotator = ?", (item, annotator))
    for flag in flags:
        execute("INSERT INTO flagged VALUES (?, ?, ?) ON CONFLICT DO NOTHING", (item, annotator, storable(flag.reason)))


def weigh(execute: Execute, item: int, judge: Judge) -> None:
    """Keep how far the answers about an item agree, and whose differ from its gold answer.

    Nothing is computed while there is one answer and no gold one.
    """
    kept = execute(f"SELECT settled, agreement, {_VERSION} FROM item WHERE number = ?", (item,))
    rows = _standing(execute, item)
    settled, before, version = kept.fetchone()
    alike = len({row[1:] for row in rows}) < 2
    agreement, differs = 1.0 if len(rows) > 1 else None, ""
    if settled or not alike:
        names = renames(execute)
        said, differ = _said(rows, names), judge.of(execute, version)
        if settled:
            _keep_corrected(execute, item, said, names, differ)
        if not alike:
            agreement, differs = 1 - differ([*said.values()]), _tasks_that_differ([*said.values()])
    if agreement != before or not alike:
        execute("UPDATE item SET agreement = ?, differs = ? WHERE number = ?", (agreement, differs, item))


_VERSION = "(SELECT max(number) FROM version WHERE kind = 'labels')"


def _standing(execute: Execute, item: int) -> list[tuple[int, str, int]]:
    return execute(
        """SELECT annotator, answers, labels_version FROM assignment JOIN annotation USING (item, annotator, revision)
           WHERE assignment.item = ? AND assignment.state = 'done'""",
        (item,),
    ).fetchall()


def _said(rows: Iterable[tuple[int, str, int]], names: Renames) -> dict[int, dict[str, Any]]:
    return {annotator: names.apply(from_json(answers), version) for annotator, answers, version in rows}


def compare_with_gold(execute: Execute, item: int, judge: Judge) -> None:
    """Keep whose answers differ from the gold answer of an item that is settled."""
    version = execute(f"SELECT {_VERSION}")
    names = renames(execute)
    said = _said(_standing(execute, item), names)
    _keep_corrected(execute, item, said, names, judge.of(execute, version.fetchone()[0]))


def _keep_corrected(
    execute: Execute, item: int, said: Mapping[int, Mapping[str, Any]], names: Renames, differ: Differ
) -> None:
    row = execute(f"SELECT {GOLD} FROM gold WHERE item = ? ORDER BY revision DESC LIMIT 1", (item,)).fetchone()
    gold = gold_from(row, names).answers
    execute("DELETE FROM corrected WHERE item = ?", (item,))
    for annotator, answers in said.items():
        if answers != gold and differ((gold, answers)) > 0:
            execute("INSERT INTO corrected VALUES (?, ?)", (item, annotator))


def put_off(execute: Execute, renamed: Mapping[str, Mapping[str, str]], moved: Iterable[str]) -> None:
    """Note for `catch_up` the answers with labels that have other names now, those to the tasks `moved`, and settled items."""
    lines = [f"\n{label_line(task, label)}\n" for task, labels in renamed.items() for label in labels]
    lines += [f"\n{label_line(task, '')}\n" for task in moved]
    wanted = " OR ".join(["instr(labels, ?) > 0"] * len(lines))
    execute(
        f"""INSERT INTO unweighed SELECT item FROM assignment WHERE {wanted}
            UNION SELECT number FROM item WHERE settled = 1 ON CONFLICT (item) DO NOTHING""",
        [*map(storable, lines)],
    )


def catch_up(connection: Connection, judge: Judge) -> None:
    """Look at what is `unweighed`, a few at a time: those who save wait for no more."""
    while rows := connection.read(f"SELECT item FROM unweighed ORDER BY item LIMIT {SHARE}"):
        share = {"first": rows[0][0], "last": rows[-1][0]}

        def look(execute: Execute, share: dict[str, Any] = share) -> None:
            among = "SELECT item FROM unweighed WHERE item BETWEEN :first AND :last"
            places = lock_all(execute, among, share)
            stated = execute(f"{_STATED} WHERE assignment.item IN ({among})", share).fetchall()
            _restate(execute, [row for row in stated if row[0] in places], renames(execute))
            for item in places:
                execute("DELETE FROM unweighed WHERE item = ?", (item,))
                weigh(execute, item, judge)

        connection.write(look)


def _tasks_that_differ(answers: Sequence[Mapping[str, Any]]) -> str:
    """The tasks with answers that are not the same, a line each, with a line break in front."""
    tasks = dict.fromkeys(task for one in answers for task in one)
    found = [task for task in tasks if any(one.get(task) != answers[0].get(task) for one in answers)]
    return "".join(["\n", *(f"{task}\n" for task in found)])


_STATED = f"""SELECT assignment.item, assignment.annotator, {ACTIVE}, annotation.submitted_at, answers,
      annotation.labels_version, assignment.active_ms, assignment.submitted_at, labels, flags
    FROM assignment JOIN annotation USING (item, annotator, revision)"""
"""Of each standing answer what it says, beside the copy of that in its assignment."""


def _restate(execute: Execute, stated: Sequence[Any], names: Renames) -> None:
    """Rewrite the copies that are not what their answers say; `stated` are rows of `_STATED`."""
    for item, annotator, active_ms, submitted_at, answers, version, *kept, _ in stated:
        found = [active_ms, submitted_at, labels_text(names.apply(from_json(answers), version))]
        if found != kept:
            execute(
                "UPDATE assignment SET active_ms = ?, submitted_at = ?, labels = ? WHERE item = ? AND annotator = ?",
                (*found, item, annotator),
            )


def restate(execute: Execute, judge: Judge) -> None:
    """Make every copy of what standing answers say anew, and judge every item anew."""
    execute("DELETE FROM unweighed")
    names = renames(execute)
    last = (0, 0)
    while rows := execute(
        f"""{_STATED} WHERE assignment.item >= ? AND (assignment.item, assignment.annotator) > (?, ?)
            ORDER BY assignment.item, assignment.annotator LIMIT {PAGE}""",
        (last[0], *last),
    ).fetchall():
        _restate(execute, rows, names)
        for item, annotator, *_, flags in rows:
            keep_flags(execute, item, annotator, flags_from(flags), True)
        last = rows[-1][:2]
    for (item,) in execute("SELECT number FROM item WHERE done > 1 OR settled = 1 OR agreement IS NOT NULL").fetchall():
        weigh(execute, item, judge)
