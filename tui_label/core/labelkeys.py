"""Keys for the labels of all tasks of a project together, since they share a screen."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence, Set

from tui_label.core.commands import COMMANDS
from tui_label.core.keys import CAPITALS, DIGITS, LETTERS
from tui_label.core.tasks import Compare, Rating, Task
from tui_label.core.tasks.compare import TIE

LabelKey = tuple[str, str]
"""Task id and label."""


def label_keys(tasks: Iterable[Task], remapped: Mapping[str, str], modes: Set[str]) -> dict[LabelKey, str]:
    """A key for each label, which no command of these modes has.

    Keys from project.yaml first.  A scale and the candidates of a comparison get their digits
    or, where one of these is taken, letters in the alphabet's order.  A task where some labels
    have a letter of their own gives the rest letters of their names; other tasks give out digits,
    then letters.  No value gets a key that is the name of another one of its task, and what is
    given out never displaces a command.  Where there are not enough keys, the tasks with the fewest
    labels have theirs.
    """
    tasks = tuple(tasks)
    commands = command_keys(modes, remapped)
    labels = _given_out(tasks, commands)
    if not all(labels.values()):
        labels = _given_out(sorted(tasks, key=lambda task: len(task.values)), commands)
    order = [task.id for task in tasks]
    return dict(sorted(labels.items(), key=lambda one: order.index(one[0][0])))


def _given_out(tasks: Sequence[Task], commands: Set[str]) -> dict[LabelKey, str]:
    """Keys for the labels of one task after the other, as far as there are any."""
    labels = {(task.id, label.value): label.key for task in tasks for label in task.labels}
    used = {key for key in labels.values() if key} | commands
    for task in tasks:
        wishes = _wishes(task)
        row = {name: wishes[name] for name in _row(task)}
        for name, key in zip(row, _run(row, used), strict=True):
            labels[task.id, name] = key
            used.add(key)
        lettered = any(label.key.isalpha() for label in task.labels)
        for name, wish in wishes.items():
            if name in row or labels.get((task.id, name)):
                continue
            others = {other.lower() for other in wishes if other != name}
            supply = [*([] if lettered else wish), *_own_letters(name), *LETTERS, *CAPITALS]
            key = next((key for key in supply if key not in used and key.lower() not in others), "")
            labels[task.id, name] = key
            used.add(key)
    return labels


def _wishes(task: Task) -> dict[str, str]:
    """Each value of a task and the digits it may have, best first."""
    if isinstance(task, Rating):
        return {step: step[-1] for step in task.values}
    if isinstance(task, Compare):
        names = {chr(ord("A") + n): DIGITS[n] for n in range(9)}
        return names | {TIE: "0"} if task.tie and task.mode == "pick" else names
    return {name: name if name in set(DIGITS) else DIGITS for name in task.values}


def _row(task: Task) -> tuple[str, ...]:
    """The values whose keys stand side by side as they do: a key on its own would be taken for another one's."""
    if isinstance(task, Rating):
        return task.values
    if isinstance(task, Compare):
        return tuple(name for name in _wishes(task) if name != TIE)
    is_scale = all(label.value in set(DIGITS) and not label.key for label in task.labels)
    return task.values if is_scale else ()


def _run(row: Mapping[str, str], used: Set[str]) -> list[str]:
    """Keys for the values of a row, each of which has its digit; empty ones where there are not enough."""
    letters = [key for key in sorted(LETTERS) if key.upper() not in row]
    capitals = [key for key in CAPITALS if key not in row]
    free: list[str] = []
    for supply in (row.values(), letters, capitals, (*letters, *capitals)):
        free = [key for key in supply if key not in used]
        if len(free) >= len(row):
            break
    return [*free, *[""] * len(row)][: len(row)]


def _own_letters(name: str) -> str:
    return "".join(char for char in name.lower() if char.isascii() and char.isalpha())


def command_keys(modes: Set[str], remapped: Mapping[str, str]) -> set[str]:
    """What commands of some modes have by themselves, and what others were put on."""
    found = {key for command in COMMANDS if command.mode in modes for key in command.keys}
    return found | {key for keys in remapped.values() for key in keys.split()}
