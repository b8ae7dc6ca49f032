"""The tasks of a project, and their labels."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import yaml

from tui_label.config.nodes import Node, Reader, Section, has_control, hint, line_of, one_or_more
from tui_label.config.transcripts import style
from tui_label.core.tasks import TYPES, Label, Task
from tui_label.core.text import visible
from tui_label.core.transcript import Style

COLORS = ("red", "green", "yellow", "blue", "magenta", "cyan", "orange", "purple", "pink", "brown", "grey", "white")
TASK = ("id", "type", "ask", "labels", "required", "when", "help")
LABEL = ("value", "key", "color", "help", "was")
OPTIONS = tuple(sorted({option for kind in TYPES.values() for option in kind.options}))

_ID = re.compile(r"[A-Za-z][A-Za-z0-9_-]*")


def tasks(reader: Reader, node: Node, items: str) -> tuple[Task, ...]:
    found: list[Task] = []
    for one in reader.sequence(node, "tasks"):
        task = _task(reader, one, found)
        if task is not None:
            _check_fit(reader, one, task, items)
            found.append(task)
    if isinstance(node, yaml.SequenceNode) and not node.value:
        reader.wrong(node, "tasks", "is empty; a project needs at least one task")
    return tuple(found)


def _check_fit(reader: Reader, node: Node, task: Task, items: str) -> None:
    """That the task is about what the items are."""
    if items == "sound" and task.kind in ("spans", "compare"):
        reader.wrong(node, task.id, f"a {task.kind} task is about text, and the items are sound; use segments")
    if items == "text" and (task.kind == "segments" or getattr(task, "transcript", None) is not None):
        reader.wrong(node, task.id, "is about sound, and the items are text; say `items: sound`")


def _task(reader: Reader, node: Node, earlier: list[Task]) -> Task | None:
    before = len(reader.problems)
    section = reader.section(node, "task", sorted({*TASK, *OPTIONS}))
    if not section.nodes:
        if len(reader.problems) == before:
            reader.wrong(node, "task", "is empty; a task needs an id and a type")
        return None
    # From here on a mistake is told of the task by its name
    section.where = id = _id(section, earlier)
    if "type" not in section:
        reader.wrong(node, id, f"needs a type: {', '.join(TYPES)}")
        return None
    name = section.one_of("type", tuple(TYPES), "")
    if name not in TYPES:
        return None
    kind = TYPES[name]
    options = {key: _option(section, key, kind) for key in section.nodes if key not in TASK}
    task = kind(
        id,
        section.text("ask"),
        _labels(section, kind),
        section.truth("required", True),
        _when(section, earlier),
        section.text("help"),
        **{key: value for key, value in options.items() if value is not None},
    )
    # Of a task with a mistake in it, an option may have been read as something else than was meant
    if len(reader.problems) == before:
        for option, words in task.problems():
            section.wrong(option, words)
    return task


def _id(section: Section, earlier: list[Task]) -> str:
    id = section.text("id", 60)
    if not _ID.fullmatch(id):
        section.wrong("id", "must begin with a letter and hold letters, digits, - and _")
        return id or "task"
    if id in [task.id for task in earlier]:
        section.wrong("id", f"{id} is there twice")
    return id


def _option(section: Section, key: str, kind: type[Task]) -> Any:
    if key not in kind.options:
        section.wrong(key, f"is no option of a {kind.kind} task")
        return None
    types = kind.options[key]
    if Style in types:
        return style(section.reader, section[key], section.place(key))
    if bool in types:
        return section.truth(key, False)
    if int in types:
        return section.whole(key, 0, 0)
    return section.text(key, 200)


def _labels(section: Section, kind: type[Task]) -> tuple[Label, ...]:
    if "labels" not in section:
        if kind.needs_labels:
            section.wrong("labels", "is missing; list at least one label")
        return ()
    if not kind.takes_labels:
        section.wrong("labels", f"a {kind.kind} task has no labels")
        return ()
    reader, where = section.reader, section.place("labels")
    found: list[Label] = []
    lines: dict[str, Node] = {}
    nodes = section.sequence("labels")
    for one in nodes:
        label = _label(reader, one, where)
        if not label.value.strip():
            continue
        if label.value.strip() in [other.value.strip() for other in found]:
            reader.wrong(one, where, f"{visible(label.value)!r} is there twice")
            continue
        reader.places[f"label {section.where} {label.value}"] = line_of(one)
        lines[label.value] = one
        found.append(label)
    _check_renames(reader, where, found, lines)
    if not nodes and isinstance(section["labels"], yaml.SequenceNode):
        section.wrong("labels", "is empty; list at least one label")
    return tuple(found)


def _check_renames(reader: Reader, where: str, labels: list[Label], lines: Mapping[str, Node]) -> None:
    """That answers go to one label, and from none that stands as it was; two that both have a `was` may swap names."""
    heirs: dict[str, str] = {}
    renamed = {label.value for label in labels if label.was}
    for label in labels:
        for old in label.was:
            words = ""
            if old in heirs:
                words = f"and {visible(heirs[old])} has it too; leave it to the one that takes the answers over"
            elif old in lines and old not in renamed:
                words = f"and {visible(old)} is a label here still; take out the one or the other"
            if words:
                reader.wrong(lines[label.value], where, f"{visible(label.value)} has `was: {visible(old)}`, {words}")
            heirs[old] = label.value


def _label(reader: Reader, node: Node, where: str) -> Label:
    if not isinstance(node, yaml.MappingNode):
        return Label(_value(reader, node, node, where))
    section = reader.section(node, where, LABEL)
    if "value" not in section:
        reader.wrong(node, where, "a label needs a value")
        return Label("")
    value = _value(reader, node, section["value"], where)
    color = section.text("color")
    if color and color not in COLORS and not re.fullmatch("#[0-9a-fA-F]{6}", color):
        section.wrong("color", f"{visible(color)!r} is unknown; {hint(color, COLORS)}")
    was = reader.texts(section["was"], section.place("was")) if "was" in section else ()
    return Label(value, section.text("key"), color, section.text("help"), was)


def _value(reader: Reader, label: Node, node: Node, where: str) -> str:
    value = reader.text(node, where)
    if not value.strip():
        reader.wrong(label, where, "a label must not be empty")
    elif has_control(value):
        reader.wrong(label, where, f"{visible(value)!r} has control characters in it; take them out")
    elif len(value) > 100:
        reader.wrong(label, where, f"a label has at most 100 characters, this one {len(value)}")
    return value


def _when(section: Section, earlier: list[Task]) -> dict[str, tuple[str, ...]]:
    if "when" not in section:
        return {}
    reader, where = section.reader, section.place("when")
    found = {}
    known = {task.id: task for task in earlier}
    for other, wanted in reader.mapping(section["when"], where).items():
        if other not in known:
            words = hint(other, list(known)) if known else "there is no task before this one"
            reader.wrong(wanted, where, f"{visible(other)!r} is no task before this one; {words}")
            continue
        labels = reader.texts(wanted, where)
        if not labels:
            reader.wrong(wanted, where, f"{other} has no label to wait for; list at least one")
        for one, label in zip(one_or_more(wanted), labels, strict=True):
            if known[other].values and label not in known[other].values:
                words = hint(label, known[other].values)
                reader.wrong(one, where, f"{visible(label)!r} is no label of {other}; {words}")
        found[other] = labels
    return found
