"""Who said what of a settled answer: names behind its parts, how many agree, letters in place of names."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from tui_label.core.annotation import Annotation
from tui_label.core.item import Item
from tui_label.core.tasks import Choices, Segments, Spans, Task, Text, fitting, is_asked
from tui_label.formats.settled import SettledAnswer
from tui_label.quality.consensus import normalised

Said = Sequence[tuple[str, Mapping[str, Any]]]
"""Annotators and their answers."""


def origins(tasks: Sequence[Task], answers: Mapping[str, Any], versions: Sequence[Annotation]) -> dict[str, list[str]]:
    """Who said each span and segment, or the whole of another answer, as `ann+bob`; empty where nobody did."""
    said = _said(tasks, versions)
    return {
        task.id: ["+".join(names) for names in _sayers(task, answers[task.id], said)]
        for task in tasks
        if task.id in answers
    }


def shares(tasks: tuple[Task, ...], answers: Mapping[str, Any], versions: Sequence[Annotation]) -> dict[str, float]:
    """For each task the share of those who were asked it that say the least supported part of its answer."""
    found = {}
    said = _said(tasks, versions)
    for task in tasks:
        asked = [(name, theirs) for name, theirs in said if is_asked(task, tasks, theirs.get)]
        if task.id in answers and asked:
            sayers = _sayers(task, answers[task.id], asked)
            alike = sum(not theirs.get(task.id) for _, theirs in asked)
            found[task.id] = round(min(map(len, sayers), default=alike) / len(asked), 4)
    return found


def _said(tasks: Sequence[Task], versions: Sequence[Annotation]) -> Said:
    return [(version.annotator, fitting(tasks, version.answers)) for version in versions]


def _sayers(task: Task, value: Any, said: Said) -> list[list[str]]:
    parts = value if isinstance(task, Spans | Segments) else [value]
    return [[name for name, theirs in said if _says(task, theirs.get(task.id), part)] for part in parts]


def _says(task: Task, theirs: Any, part: Any) -> bool:
    """Whether an answer has a span or a segment, or is the same as a whole."""
    if isinstance(task, Segments):
        return any(task.agreement([one], [part]) == 1 for one in theirs or ())
    if isinstance(task, Spans):
        place = (part["start"], part["end"], part["label"])
        return any((one["start"], one["end"], one["label"]) == place for one in theirs or ())
    if isinstance(task, Text):
        return isinstance(theirs, str) and normalised(theirs) == normalised(part)
    return bool(theirs == part) or (isinstance(task, Choices) and set(theirs or ()) == set(part))


class Names:
    """Letters for names, `a1`, `a2` …: the same one for the same person all along.

    They are given as people come, and of one item in an order by its key, so that they say nothing.
    """

    def __init__(self) -> None:
        self._aliases: dict[str, str] = {}

    def of(self, name: str) -> str:
        return self._aliases.setdefault(name, f"a{len(self._aliases) + 1}")

    def hidden(self, item: Item, answer: SettledAnswer) -> SettledAnswer:
        versions = sorted(answer.versions, key=lambda one: _shuffled(item.key, one.annotator))
        own = {one.annotator: self.of(one.annotator) for one in versions}
        settlement = dict(answer.settlement)
        if "reviewer" in settlement:
            settlement["reviewer"] = self.of(settlement["reviewer"])
        return replace(
            answer,
            origin={task: [_renamed(part, own) for part in parts] for task, parts in answer.origin.items()},
            settlement=settlement,
            versions=tuple(replace(one, annotator=own[one.annotator]) for one in versions),
        )


def _shuffled(key: str, name: str) -> bytes:
    return hashlib.sha256(f"{key}\0{name}".encode("utf-8", "surrogatepass")).digest()


def _renamed(part: str, aliases: Mapping[str, str]) -> str:
    """`ann+bob` in letters.  Names may have a plus sign themselves, so the longest are looked for first."""
    if part in ("", "reviewer", "manual"):
        return part
    rest, found = f"+{part}+", []
    for name in sorted(aliases, key=len, reverse=True):
        if f"+{name}+" in rest:
            rest = rest.replace(f"+{name}+", "+", 1)
            found.append(aliases[name])
    return "+".join(sorted(found, key=lambda alias: int(alias[1:]))) or "reviewer"
