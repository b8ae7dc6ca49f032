"""project.yaml and the guidelines as they were, numbered, and what rules the queue now."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from tui_label.store import sources, training
from tui_label.store.base import Policy, Versions
from tui_label.store.engine import Connection, Execute
from tui_label.store.queue import ARRIVAL, arrive, growing
from tui_label.store.rows import to_json
from tui_label.store.standing import Judge, catch_up, put_off


def record(
    connection: Connection,
    policy: Policy,
    source: str,
    guidelines: str,
    renames: Mapping[str, Mapping[str, str]],
    moved: Collection[str],
    moment: str,
    judge: Judge,
) -> Versions:
    """Keep what changed.  Where nothing did, nothing is written: opening a project is a read."""
    if is_recorded(connection.execute, policy, source, guidelines):
        return latest(connection.execute)

    def keep(execute: Execute) -> Versions:
        growing(execute)
        before = _settings(execute)
        fresh = _keep_text(execute, "labels", source, renames, moment)
        _keep_text(execute, "guidelines", guidelines, {}, moment)
        _apply_policy(execute, policy, before)
        if fresh and (renames or moved):
            put_off(execute, renames, moved)
            sources.rename(execute, renames)
        return latest(execute)

    versions = connection.write(keep)
    catch_up(connection, judge)
    return versions


def is_recorded(execute: Execute, policy: Policy, source: str, guidelines: str) -> bool:
    texts = {"labels": _text(execute, "labels"), "guidelines": _text(execute, "guidelines")}
    return texts == {"labels": source, "guidelines": guidelines} and _settings(execute) == as_settings(policy)


def _text(execute: Execute, kind: str) -> str | None:
    row = execute("SELECT text FROM version WHERE kind = ? ORDER BY number DESC LIMIT 1", (kind,)).fetchone()
    return row[0] if row else None


def latest(execute: Execute) -> Versions:
    numbers = dict(execute("SELECT kind, max(number) FROM version GROUP BY kind").fetchall())
    return Versions(numbers.get("labels", 1), numbers.get("guidelines", 1))


def _settings(execute: Execute) -> dict[str, str]:
    return dict(execute("SELECT name, value FROM setting").fetchall())


def as_settings(policy: Policy) -> dict[str, str]:
    return {
        "overlap": str(policy.overlap),
        "order": policy.order,
        "lease_ms": str(policy.lease_ms),
        "skip": policy.skip,
        "gold_rate": str(policy.gold_rate),
        "repeat_rate": str(policy.repeat_rate),
        "repeat_after_ms": str(policy.repeat_after_ms),
        "attempts": str(policy.attempts),
        "threshold": str(policy.threshold),
        "hold_below": str(policy.hold_below),
        "hold_from": str(policy.hold_from),
    }


def _keep_text(execute: Execute, kind: str, text: str, renames: Mapping[str, Mapping[str, str]], moment: str) -> bool:
    """Whether it is another text than before."""
    changed = _text(execute, kind) != text
    if changed:
        number = execute("SELECT coalesce(max(number), 0) + 1 FROM version WHERE kind = ?", (kind,)).fetchone()[0]
        execute(
            "INSERT INTO version(kind, number, text, renames, recorded_at) VALUES (?, ?, ?, ?, ?)",
            (kind, number, text, to_json({task: dict(names) for task, names in renames.items()}), moment),
        )
    return changed


def _apply_policy(execute: Execute, policy: Policy, before: Mapping[str, str]) -> None:
    for name, value in as_settings(policy).items():
        execute(
            "INSERT INTO setting VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value", (name, value)
        )
    if before and before["order"] != policy.order:
        reorder(execute, policy.order)
    if before and before["overlap"] != str(policy.overlap):
        _change_overlap(execute, policy.overlap)
    if int(before.get("attempts", 0)) < policy.attempts:
        training.allow_more_attempts(execute, policy.attempts)


SHUFFLE, PLACES = 2654435761, 2**32
"""A stable shuffle: the multiplier is odd, so no two numbers below 2**32 share a place."""
POSITIONS = {
    "priority": "number",
    "as-added": "number",
    "random": f"(number * {SHUFFLE}) % {PLACES}",
    "uncertain-first": """coalesce((SELECT min(score) FROM suggestion
        WHERE suggestion.item = item.number AND withdrawn = 0), 2) * 1e9 + number""",
}


def position(order: str, number: int) -> int:
    """The same of a new item, as long as nothing is suggested about it."""
    return number * SHUFFLE % PLACES if order == "random" else number


def reorder(execute: Execute, order: str) -> None:
    """Give every waiting item its place in another order."""
    priority = "(SELECT priority FROM content WHERE content.item = item.number)" if order == "priority" else "0"
    execute(f"UPDATE item SET position = {POSITIONS[order]}, priority = {priority} WHERE stage = 'fresh'")
    # Started items keep their place in line and change their priority only: every mark starts anew
    execute(f"UPDATE item SET priority = {priority} WHERE stage <> 'fresh'")
    execute("DELETE FROM passed")


def place(connection: Connection, order: str, items: list[int]) -> None:
    """Within a transaction: the places of these items among those that wait."""
    connection.many(
        f"UPDATE item SET position = {POSITIONS[order]} WHERE number = ? AND stage = 'fresh'", [(one,) for one in items]
    )


def _change_overlap(execute: Execute, overlap: int) -> None:
    """More or fewer people for every item; those that come back into the queue come behind the marks."""
    execute("UPDATE item SET want = ?", (overlap,))
    execute("UPDATE item SET stage = 'done' WHERE stage <> 'held' AND done >= want")
    execute("UPDATE item SET stage = 'full' WHERE stage <> 'held' AND done < want AND taken >= want")
    arrive(execute)
    execute(
        f"""UPDATE item SET stage = 'again', position = {ARRIVAL} + number
            WHERE stage IN ('full', 'done') AND taken < want"""
    )
    execute("UPDATE counter SET value = value + (SELECT coalesce(max(number), 0) FROM item) WHERE name = 'arrival'")
    execute(
        """UPDATE counter SET value = (SELECT count(*) FROM item WHERE done >= want AND probe = '')
             - (SELECT coalesce(sum(finished), 0) FROM tally) WHERE name = 'done'"""
    )
