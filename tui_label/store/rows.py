"""Between rows of the database and values of the core."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict
from typing import Any

from tui_label.core.annotation import Annotation, Flag, Timing
from tui_label.core.comments import Comment
from tui_label.core.gold import Gold
from tui_label.core.item import Item, Sound, Suggestion
from tui_label.core.keepable import UNSTORABLE, is_amount, is_text
from tui_label.core.renames import Renames
from tui_label.errors import StoreDamaged

_ENCODE = json.JSONEncoder(ensure_ascii=False, allow_nan=False).encode
"""One encoder for all: json.dumps makes a new one each time, which is half of its work on small values."""
_EMPTY: dict[str, Callable[[], Any]] = {"{}": dict, "[]": list}
"""Most of what is stored beside answers, with what it reads as."""
UNREADABLE = (StoreDamaged, AttributeError, KeyError, RecursionError, TypeError, ValueError)
"""What comes out where something reads JSON that tui-label did not write."""

_SIGN = "\x01"
LOST_TEXT = "(the text of this item was lost)"
"""Stands for a text that is gone, as one that a repair could not save, until `add` brings it again."""


def to_json(value: Any) -> str:
    """JSON that reads well in the database; escaped where lone surrogates could not be stored."""
    text = _ENCODE(value)
    return text if is_text(text) else json.dumps(value)


def escaped_json(text: str) -> str:
    """JSON text as SQLite can hold it: a lone surrogate becomes its JSON escape, which reads back the same."""
    return UNSTORABLE.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def to_text(text: str) -> tuple[str, int]:
    """A text as SQLite can hold it: lone surrogates come as the inside of a JSON string, marked 1."""
    return (text, 0) if is_text(text) else (json.dumps(text)[1:-1], 1)


def storable(text: str) -> str:
    """A text that need not come back exactly: a lone surrogate becomes a replacement character."""
    return UNSTORABLE.sub("\ufffd", text)


def from_text(text: str, escaped: int) -> str:
    return str(from_json(f'"{text}"')) if escaped else text


def from_json(text: str) -> Any:
    """What `to_json` wrote; raises StoreDamaged where it reads as nothing of that kind."""
    if text in _EMPTY:
        return _EMPTY[text]()
    try:
        return json.loads(text)
    except (ValueError, TypeError, RecursionError) as error:
        raise StoreDamaged(
            f"the database holds what tui-label did not write ({str(text)[:40]!r}); see `tui-label check`"
        ) from error


def object_from(text: str) -> dict[str, Any]:
    found = from_json(text)
    if not isinstance(found, dict):
        raise TypeError(f"{text[:40]!r}")
    return found


def not_ours(what: str) -> StoreDamaged:
    """What to say of a row that another program wrote: whoever has a login of their own may use one."""
    return StoreDamaged(
        f"the database holds what tui-label did not write: {what}; "
        "see `tui-label check`, and where that finds nothing have the database's owner mend the row"
    )


def answer_not_ours(item: int, annotator: str) -> StoreDamaged:
    return not_ours(f"an answer of {annotator} (annotation, item number {item})")


def flags_json(flags: tuple[Flag, ...]) -> str:
    """Their reasons as they are listed in `flagged`."""
    return to_json([{"reason": storable(flag.reason), **({"note": flag.note} if flag.note else {})} for flag in flags])


def flags_from(text: str) -> tuple[Flag, ...]:
    return flags_of(from_json(text))


def flags_of(record: Any) -> tuple[Flag, ...]:
    flags = tuple(Flag(flag["reason"], flag.get("note", "")) for flag in record)
    if not all(isinstance(flag.reason, str) and isinstance(flag.note, str) for flag in flags):
        raise TypeError(f"{record!r:.40}")
    return flags


ITEM = "item.key, content.text, content.escaped, content.candidates, content.meta, content.sound"


def item_from(row: tuple[Any, ...]) -> Item:
    """An item of the columns ITEM."""
    key, text, escaped, candidates, meta, sound = row
    try:
        return Item(
            key_from(key),
            LOST_TEXT if text is None else from_text(text, escaped),
            tuple(from_json(candidates)) if candidates else (),
            object_from(meta) if meta else {},
            sound_from(sound) if sound else None,
        )
    except UNREADABLE as error:
        raise not_ours(f"item {key} (content)") from error


def sound_from(text: str) -> Sound:
    """What `sound_json` wrote; raises TypeError where it is no sound."""
    sound = Sound(**object_from(text))
    numbers = (sound.duration, sound.offset, sound.rate, sound.channels)
    words = (sound.path, sound.hash)
    if not all(map(is_amount, numbers)) or not all(isinstance(one, str) for one in words):
        raise TypeError(f"{text[:40]!r}")
    return sound


def sound_json(sound: Sound | None) -> str | None:
    return to_json(asdict(sound)) if sound else None


def key_text(key: str) -> str:
    """An item's key as it is stored: what no text can hold is escaped, behind a sign that no other key begins with."""
    if not is_text(key) or key.startswith(_SIGN):
        return _SIGN + json.dumps(key)[1:-1]
    return key


def twin_text(stored: str, number: int) -> str:
    """The stored key of a twin, `number`, of the item with this stored key.  No other key has two signs in front."""
    return f"{_SIGN}{_SIGN}{number}{_SIGN}{stored}"


def key_from(stored: str) -> str:
    """The key of a stored one; a twin has the key of its item."""
    if stored.startswith(_SIGN + _SIGN):
        stored = stored[2:].split(_SIGN, 1)[1]
    return from_text(stored[1:], 1) if stored.startswith(_SIGN) else stored


def suggestion_from(row: tuple[Any, ...]) -> Suggestion:
    number, task, value, score, source = row
    return Suggestion(task, from_json(value), score, source, number)


ANNOTATION = (
    "annotator.name, annotation.status, annotation.answers, annotation.origin, annotation.flags, "
    "annotation.decisions, annotation.started_at, annotation.submitted_at, annotation.active_ms, "
    "annotation.idle_ms, annotation.paused_ms, annotation.task_ms, annotation.labels_version, "
    "annotation.guidelines_version, annotation.listening, annotation.item, annotation.revision"
)


ANSWER = {
    "answers": "TEXT",
    "origin": "TEXT",
    "flags": "TEXT",
    "decisions": "TEXT",
    "started_at": "TEXT",
    "submitted_at": "TEXT",
    "active_ms": "INTEGER",
    "idle_ms": "INTEGER",
    "paused_ms": "INTEGER",
    "task_ms": "TEXT",
    "labels_version": "INTEGER",
    "guidelines_version": "INTEGER",
    "listening": "TEXT",
}
"""The columns of `annotation` with what an annotation says; the others say where it stands."""


def answer_row(annotation: Annotation) -> tuple[Any, ...]:
    """The columns ANSWER of an annotation."""
    timing = annotation.timing
    return (
        to_json(dict(annotation.answers)),
        to_json(dict(annotation.origin)) if annotation.origin else "{}",
        flags_json(annotation.flags) if annotation.flags else "[]",
        to_json({str(one): outcome for one, outcome in annotation.decisions.items()}) if annotation.decisions else "{}",
        annotation.started_at,
        annotation.submitted_at,
        timing.active,
        timing.idle,
        timing.paused,
        to_json(dict(timing.tasks)) if timing.tasks else "{}",
        annotation.labels_version,
        annotation.guidelines_version,
        to_json(dict(annotation.listening)) if annotation.listening else "",
    )


def answer_from(row: tuple[Any, ...]) -> Annotation:
    """A finished annotation of an annotator's name and the columns ANSWER, its labels as they were given."""
    return Annotation(
        row[0],
        answers=json.loads(row[1]),
        origin=json.loads(row[2]),
        flags=flags_from(row[3]),
        decisions={int(number): outcome for number, outcome in json.loads(row[4]).items()},
        started_at=row[5],
        submitted_at=row[6],
        timing=Timing(row[7], row[8], row[9], json.loads(row[10])),
        labels_version=row[11],
        guidelines_version=row[12],
        listening=json.loads(row[13]) if row[13] else {},
    )


def annotation_from(row: tuple[Any, ...], renames: Renames) -> Annotation:
    """An annotation of the columns ANNOTATION, its labels under today's names."""
    labels_version = row[12]
    try:
        answers = object_from(row[2])
        said = {task: list(parts) for task, parts in object_from(row[3]).items()}
        origin = renames.origin(said, answers, labels_version)
        return Annotation(
            row[0],
            row[1],
            renames.apply(answers, labels_version),
            flags_from(row[4]) if row[4] != "[]" else (),
            origin,
            {int(number): outcome for number, outcome in object_from(row[5]).items()},
            Timing(row[8], row[9], row[10], object_from(row[11])),
            row[6],
            row[7],
            labels_version,
            row[13],
            row[16],
            object_from(row[14]) if row[14] else {},
        )
    except UNREADABLE as error:
        raise answer_not_ours(row[15], row[0]) from error


GOLD = (
    "gold.reviewer, gold.answers, gold.outcome, gold.rule, gold.sources, gold.origin, gold.example, gold.at, "
    "gold.active_ms, gold.labels_version, gold.guidelines_version, gold.revision"
)


def gold_from(row: tuple[Any, ...], renames: Renames) -> Gold:
    """A gold answer of the columns GOLD, its labels under today's names."""
    answers = from_json(row[1])
    origin = renames.origin(from_json(row[5]), answers, row[9])
    return Gold(
        row[0],
        renames.apply(answers, row[9]),
        row[2],
        row[3],
        from_json(row[4]),
        origin,
        bool(row[6]),
        *row[7:],
    )


COMMENT = "author, comment.text, kind, addressee, at, read_at, comment.number, unanswered"


def comment_from(row: tuple[Any, ...]) -> Comment:
    """A comment of the columns COMMENT."""
    author, text, kind, addressee, at, read_at, number, unanswered = row
    return Comment(author, text, kind, addressee, at, read_at is not None, number, unanswered == 1)


def labels_said(value: Any) -> Iterator[str]:
    """The labels in an answer's JSON shape."""
    for one in value if isinstance(value, list) else [value]:
        if not isinstance(one, dict):
            yield str(one)
        elif one.get("label"):
            # Segments of a project without labels have none
            yield str(one["label"])


def labels_text(answers: Mapping[str, Any]) -> str:
    """The labels in answers in a form that a queue searches: a line `task, tab, label` for each, once.

    A line without a label says that the task was answered.  A string that is longer than
    LABEL_LENGTH is no label.
    """
    lines = []
    for task, value in answers.items():
        if value is None:
            continue
        lines.append(f"{task}\t")
        for label in dict.fromkeys(labels_said(value)):
            if len(label) <= LABEL_LENGTH:
                lines.append(label_line(task, label))
    return storable("\n" + "\n".join(lines) + "\n") if lines else ""


LABEL_LENGTH = 100


def label_line(task: str, label: str) -> str:
    return f"{task}\t{' '.join(label.split())}"
