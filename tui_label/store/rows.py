"""Between rows of the database and values of the core."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from tui_label.core.annotation import Annotation, Flag, Timing
from tui_label.core.item import Item, Sound, Suggestion

_LONE = re.compile("[\ud800-\udfff]")


def to_json(value: Any) -> str:
    """JSON that reads well in the database; escaped where lone surrogates could not be stored."""
    text = json.dumps(value, ensure_ascii=False)
    return json.dumps(value) if _LONE.search(text) else text


def escaped_json(text: str) -> str:
    """JSON text as SQLite can hold it: a lone surrogate becomes its JSON escape, which reads back the same."""
    return _LONE.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def to_text(text: str) -> tuple[str, int]:
    """A text as SQLite can hold it: lone surrogates come as the inside of a JSON string, marked 1."""
    return (json.dumps(text)[1:-1], 1) if _LONE.search(text) else (text, 0)


def from_text(text: str, escaped: int) -> str:
    return str(json.loads(f'"{text}"')) if escaped else text


def flags_json(flags: tuple[Flag, ...]) -> str:
    return to_json([{"reason": flag.reason, **({"note": flag.note} if flag.note else {})} for flag in flags])


def flags_from(text: str) -> tuple[Flag, ...]:
    return tuple(Flag(flag["reason"], flag.get("note", "")) for flag in json.loads(text))


ITEM = "item.key, content.text, content.escaped, content.candidates, content.meta, content.sound"


def item_from(row: tuple[Any, ...]) -> Item:
    """An item of the columns ITEM."""
    key, text, escaped, candidates, meta, sound = row
    return Item(
        from_text(key[1:], 1) if key.startswith("\x00") else key,
        from_text(text, escaped),
        tuple(json.loads(candidates)) if candidates else (),
        json.loads(meta) if meta else {},
        Sound(**json.loads(sound)) if sound else None,
    )


def sound_json(sound: Sound | None) -> str | None:
    return to_json(asdict(sound)) if sound else None


def key_text(key: str) -> str:
    """An item's key as it is stored: with lone surrogates, escaped behind a NUL."""
    text, escaped = to_text(key)
    return "\x00" + text if escaped else key


def suggestion_from(row: tuple[Any, ...]) -> Suggestion:
    number, task, value, score, source = row
    return Suggestion(task, json.loads(value), score, source, number)


ANNOTATION = (
    "annotator.name, annotation.status, annotation.answers, annotation.origin, annotation.flags, "
    "annotation.decisions, annotation.started_at, annotation.submitted_at, annotation.active_ms, "
    "annotation.idle_ms, annotation.paused_ms, annotation.task_ms, annotation.labels_version, "
    "annotation.guidelines_version, annotation.listening, annotation.revision"
)


def annotation_from(row: tuple[Any, ...], renames: Renames) -> Annotation:
    """An annotation of the columns ANNOTATION, its labels under today's names."""
    labels_version = row[12]
    return Annotation(
        row[0],
        row[1],
        renames.apply(json.loads(row[2]), labels_version),
        flags_from(row[4]),
        json.loads(row[3]),
        {int(number): outcome for number, outcome in json.loads(row[5]).items()},
        Timing(row[8], row[9], row[10], json.loads(row[11])),
        row[6],
        row[7],
        labels_version,
        row[13],
        row[15],
        json.loads(row[14]) if row[14] else {},
    )


class Renames:
    """Label renames by the version that made them."""

    def __init__(self, by_version: Mapping[int, Mapping[str, Mapping[str, str]]]) -> None:
        self._by_version = {number: names for number, names in sorted(by_version.items()) if names}

    def apply(self, answers: dict[str, Any], version: int) -> dict[str, Any]:
        """Answers given under `version`, with the labels of every later rename."""
        for number, tasks in self._by_version.items():
            if number > version:
                for task, names in tasks.items():
                    if task in answers:
                        answers[task] = _renamed(answers[task], names)
        return answers


def _renamed(value: Any, names: Mapping[str, str]) -> Any:
    if isinstance(value, str):
        return names.get(value, value)
    if isinstance(value, list):
        return [_renamed(one, names) for one in value]
    if isinstance(value, dict):
        return {**value, "label": names[value["label"]]} if value.get("label") in names else value
    return value
