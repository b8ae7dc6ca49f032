"""What is wrong with the keys that project.yaml or a person gave to labels and commands, as sentences."""

from __future__ import annotations

from collections.abc import Mapping

from tui_label.core.commands import COMMANDS, NAMES
from tui_label.core.keymap import LABELED, keyless, meet, single_modes
from tui_label.core.keys import CAPITALS, DIGITS, LETTERS, why_unsent
from tui_label.core.labelkeys import command_keys
from tui_label.core.project import Project
from tui_label.core.tasks import Task
from tui_label.core.text import nearest

RESERVED = frozenset("?;:/.*<>[]{}+")
"""Commands' keys that no label may have."""


def problems(project: Project) -> list[tuple[str, str]]:
    """What is wrong with the keys: `(where, sentence)`, where is `label TASK LABEL` or `keys COMMAND`."""
    found: list[tuple[str, str]] = []
    users: dict[str, str] = {}
    free = _free(project, {})
    for task in project.tasks:
        for label in task.labels:
            if label.key:
                where = f"label {task.id} {label.value}"
                found += [(where, problem) for problem in _label_problem(label.key, users, task, label.value, free)]
    return found + _remap_problems(project.keys, users, free)


def own_problems(project: Project, personal: Mapping[str, str]) -> list[tuple[str, str]]:
    """What is wrong with a person's own keys in any project, as `problems` says it; `project`: for those that are free."""
    return _remap_problems(personal, {}, _free(project, personal))


def _label_problem(key: str, users: dict[str, str], task: Task, value: str, free: str) -> list[str]:
    me = f"{task.id}: {value}"
    if len(key) != 1 or not key.isprintable() or key == " ":
        return [f"key {key!r} must be one printable character; free are {free}"]
    if key in RESERVED:
        owner = next(command for command in COMMANDS if key in command.keys)
        return [f"key {key} is {owner.name}'s ({owner.words.lower()}); free are {free}"]
    if key in users:
        return [f"key {key} is used by {users[key]} and by {me}; free are {free}"]
    users[key] = me
    return []


def _remap_problems(keys: Mapping[str, str], users: dict[str, str], free: str) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    reviewers: dict[str, str] = {}
    for name, own in keys.items():
        others = users if name in LABELED else reviewers
        found += [(f"keys {name}", problem) for problem in _remap_problem(name, own, others, free)]
    return found + _last_keys(keys, free)


def _remap_problem(name: str, keys: str, users: dict[str, str], free: str) -> list[str]:
    if name not in NAMES:
        near = nearest(name, NAMES)
        hint = f"did you mean {near}?" if near else "`tui-label keys` lists them"
        return [f"there is no command {name}; {hint}"]
    if not keys.split():
        return ["needs at least one key"]
    found = []
    for key in keys.split():
        if reason := why_unsent(key):
            found.append(f"key {key} cannot be used: {reason}; free are {free}")
        elif key in users:
            found.append(f"key {key} is used by {users[key]} and by {name}; free are {free}")
        users[key] = name
    return found


def _last_keys(keys: Mapping[str, str], free: str) -> list[tuple[str, str]]:
    """Keys that are the only ones of another command, one that is needed."""
    needy = {command.name: command for command in reversed(keyless(keys))}.values()
    return [
        (f"keys {name}", f"key {key} is {owner.name}'s ({owner.words.lower()}); free are {free}")
        for name, own in keys.items()
        for key in own.split()
        for owner in needy
        if key in owner.keys and meet(name, owner.name)
    ]


def _free(project: Project, personal: Mapping[str, str]) -> str:
    used = {label.key for task in project.tasks for label in task.labels}
    used |= {key for keys in {**project.keys, **personal}.values() for key in keys.split()}
    used |= command_keys(single_modes(project), {})
    return " ".join([key for key in DIGITS + LETTERS + CAPITALS if key not in used][:12])
