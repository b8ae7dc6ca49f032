"""Which key does what: labels' keys given out, commands making way, clashes named.

Pure: keys are data from the registry, project.yaml and the person's own file.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field

from tui_label.core.commands import (
    COMMANDS,
    EDITING,
    EVERYWHERE,
    LISTENING,
    NAMES,
    REVIEW,
    SCROLL,
    SOUND,
    SPANS,
    TRANSCRIBING,
    TYPING,
    Command,
)
from tui_label.core.project import Project
from tui_label.core.tasks import Compare, Rating, Spans, Task
from tui_label.core.tasks.compare import TIE
from tui_label.core.text import nearest

BEHIND = {
    TYPING: (TYPING,),
    TRANSCRIBING: (TRANSCRIBING, TYPING),
    REVIEW: (REVIEW,),
    LISTENING: (LISTENING, REVIEW),
    EDITING: (EDITING,),
}
"""Where a key of a mode is looked for; of the others: there, then everywhere."""
TYPED = (TYPING, TRANSCRIBING)
REVIEWING = (REVIEW, LISTENING, EDITING)
"""Modes of the review screen, where no label's key is in force."""
_TYPED = frozenset(command.name for command in COMMANDS if command.mode in TYPED)
"""Commands that have a key while one types."""
_REVIEWED = frozenset(command.name for command in COMMANDS if command.mode in REVIEWING)
_LABELED = frozenset(command.name for command in COMMANDS if command.mode not in REVIEWING)
NEEDED = ("item.submit", "review.settle", "review.done", "text.leave", "palette.open", "help.open", "quit")
"""Commands that no remap may leave without a key: all others can still be done by their names."""
MODES = tuple(dict.fromkeys(command.mode for command in COMMANDS))
LabelKey = tuple[str, str]
"""Task id and label."""

DIGITS = "1234567890"
LETTERS = "bdeimotwyzacfghjklnpqrsuvx"
"""Those that no command uses come first."""
CAPITALS = "BDEFHIJKLMOQRTUWYZ"
RESERVED = frozenset("?;:/.*<>[]{}+")
UNSENT = {
    "ctrl+i": "a terminal sends it as Tab",
    "ctrl+m": "a terminal sends it as Enter",
    "ctrl+h": "a terminal sends it as Backspace",
    "ctrl+[": "a terminal sends it as Esc",
    "ctrl+a": "screen takes it",
    "ctrl+b": "tmux takes it",
    "shift+enter": "plain terminals send Enter",
    "ctrl+enter": "plain terminals send Enter",
    "alt+enter": "plain terminals send Enter",
}
NAMED = frozenset(
    [
        "enter",
        "escape",
        "tab",
        "shift+tab",
        "backspace",
        "delete",
        "space",
        "up",
        "down",
        "left",
        "right",
        "home",
        "end",
        "pageup",
        "pagedown",
        "insert",
        "shift+up",
        "shift+down",
        "shift+left",
        "shift+right",
        "ctrl+left",
        "ctrl+right",
        "ctrl+up",
        "ctrl+down",
        "ctrl+space",
    ]
)
DISPLAY = {
    "enter": "↵",
    "escape": "Esc",
    "tab": "Tab",
    "shift+tab": "⇧Tab",
    "backspace": "⌫",
    "delete": "Del",
    "space": "Space",
    "left": "←",
    "right": "→",
    "up": "↑",
    "down": "↓",
    "home": "Home",
    "end": "End",
    "pageup": "PgUp",
    "pagedown": "PgDn",
    "shift+left": "⇧←",
    "shift+right": "⇧→",
}


def event_key(key: str, character: str | None) -> str:
    """Our name for a key that the terminal delivered as `key` with `character`."""
    if key in ("space", "ctrl+@", "ctrl+space"):
        return "space" if key == "space" else "ctrl+space"
    # Not isprintable, which says no to blanks and joiners that words are written with
    if character is not None and len(character) == 1 and unicodedata.category(character) not in ("Cc", "Cs"):
        return character
    return key


def chosen_by(key: str, count: int) -> int | None:
    """Which of so many, from 0, a digit chooses; `²` is a digit to str.isdigit, and none to int."""
    return int(key) - 1 if key.isdecimal() and 0 < int(key) <= count else None


def key_display(key: str) -> str:
    """A key as it is shown on the screen."""
    if key in DISPLAY:
        return DISPLAY[key]
    if key.startswith("ctrl+"):
        return "^" + (key[5:].upper() if len(key) == len("ctrl+x") else key[5:].capitalize())
    return key.upper() if len(key) > 1 and key[0] == "f" and key[1:].isdecimal() else key


def why_unsent(key: str) -> str:
    """Why no plain terminal delivers `key`; empty if one does."""
    if key in UNSENT:
        return UNSENT[key]
    if len(key) == 1 or key in NAMED:
        return "" if key.isprintable() else "it is a control character"
    modifier, _, rest = key.rpartition("+")
    if modifier == "ctrl" and len(rest) == 1 and rest.isascii() and rest.isalpha() and rest.islower():
        return ""
    if not modifier and key[0] == "f" and key[1:].isdecimal() and 1 <= int(key[1:]) <= 12:
        return ""
    if modifier in ("alt", "alt+shift") and len(rest) == 1:
        return "terminals send it as Esc and that key"
    if rest.isdecimal() or modifier in ("alt", "shift"):
        return "plain terminals do not send it as a key of its own"
    return "there is no such key; write it as it is typed, or as enter, tab, f5, ctrl+n, shift+left"


@dataclass(frozen=True, slots=True)
class Action:
    """What a key does: a command, with the label for `label.give`."""

    command: str
    label: LabelKey | None = None


@dataclass(frozen=True)
class Keymap:
    """The map in force for one project and person."""

    labels: Mapping[LabelKey, str]
    keys: Mapping[tuple[str, str], tuple[str, ...]]
    """Keys by (mode, command)."""
    table: Mapping[tuple[str, str], Action] = field(default_factory=dict)
    """Actions by (mode, key)."""
    modes: tuple[str, ...] = MODES
    """Those that are listed: the ones that may be in force."""
    gave_way: tuple[str, ...] = ()
    """A line for each command on whose own key, given by the person, the project has something else."""

    def lookup(self, mode: str, key: str) -> Action | None:
        """What `key` does while `mode` is in force."""
        for one in BEHIND.get(mode, (mode, EVERYWHERE)):
            if (found := self.table.get((one, key))) is not None:
                return found
        return None

    def keys_of(self, command: str, mode: str = EVERYWHERE) -> tuple[str, ...]:
        for one in BEHIND.get(mode, (mode, EVERYWHERE)):
            if (found := self.keys.get((one, command))) is not None:
                return found
        return ()

    def key_of_label(self, task: str, label: str) -> str:
        """The label's key; empty where there are more labels than keys."""
        return self.labels.get((task, label), "")

    def available(self, mode: str) -> list[Command]:
        """Everything one can do in `mode`, each once."""
        modes = BEHIND.get(mode, (mode, EVERYWHERE))
        always = () if mode in REVIEWING else (EVERYWHERE,)
        found = {command.name: command for command in COMMANDS if command.mode in always}
        return list((found | {command.name: command for command in COMMANDS if command.mode in modes}).values())

    def in_words(self, words: str, mode: str) -> str:
        """`words` with its key, in `mode` if it has one there, for each command that stands in braces."""

        def key(found: re.Match[str]) -> str:
            if (name := found[1]) not in NAMES:
                return found[0]
            elsewhere = (keys for (_, one), keys in self.keys.items() if one == name and keys)
            keys = self.keys_of(name, mode) or next(elsewhere, ())
            return key_display(keys[0]) if keys else self.command(name).short

        return re.sub(r"\{([a-z.-]+)\}", key, words)

    def command(self, name: str) -> Command:
        return _named(name)

    def rows(self) -> list[tuple[str, str, str]]:
        """(mode, keys, words) for each command and label, for `tui-label keys` and the help screen."""
        by_name = self.in_words("{label.by-name}", EVERYWHERE)
        rows = [
            ("labels", key_display(key) if key else by_name, f"{task}: {label}")
            for (task, label), key in self.labels.items()
        ]
        for command in COMMANDS:
            if command.mode not in self.modes:
                continue
            keys = self.keys[command.mode, command.name]
            rows.append((command.mode, " ".join(key_display(key) for key in keys), command.words))
        return rows


def build(project: Project, personal: Mapping[str, str] | None = None) -> Keymap:
    """The keymap of a project that `problems` finds nothing wrong with, and of a person that `own_problems` doesn't."""
    held, lost = _holding(project, personal or {})
    remapped = {**project.keys, **held}
    single = single_modes(project)
    labels = label_keys(project.tasks, remapped, single)
    taken = {key for key in labels.values() if key}
    beside = _command_keys(single, {})
    keys: dict[tuple[str, str], tuple[str, ...]] = {}
    for command in COMMANDS:
        keys[command.mode, command.name] = _keys_in_force(command, remapped, taken, beside)
    if project.items == "sound":
        # Of a chord that plays and does something to a text box, only playing would ever come
        playing = {key for (mode, _), own in keys.items() if mode == TRANSCRIBING for key in own}
        for (mode, name), own in keys.items():
            if mode == TYPING:
                keys[mode, name] = tuple(key for key in own if key not in playing)
    table: dict[tuple[str, str], Action] = {}
    for (mode, name), own in keys.items():
        for key in own:
            table[mode, key] = Action(name)
    for label, key in labels.items():
        if key:
            table[EVERYWHERE, key] = Action("label.give", label)
    unused = {SCROLL} if project.items == "sound" else {SOUND, TRANSCRIBING, LISTENING}
    if SPANS not in single:
        unused.add(SPANS)
    modes = tuple(mode for mode in MODES if mode not in unused)
    return Keymap(
        labels, keys, table, modes, tuple(_way_given(_single(name, single), lost[name], keys) for name in lost)
    )


def _named(name: str) -> Command:
    return next(command for command in COMMANDS if command.name == name)


def _single(name: str, modes: Set[str]) -> Command:
    """The command of that name; of several the one in these modes."""
    return next((command for command in COMMANDS if command.name == name and command.mode in modes), _named(name))


def _way_given(command: Command, taken: tuple[str, str], keys: Mapping[tuple[str, str], tuple[str, ...]]) -> str:
    now = " ".join(map(key_display, keys[command.mode, command.name]))
    key, owner = taken
    return f"{command.short} is on {now or 'no key'} here: {key_display(key)} is {owner}"


def _keys_in_force(
    command: Command, remapped: Mapping[str, str], taken: Set[str], beside: Set[str] = frozenset()
) -> tuple[str, ...]:
    """`taken`: labels' keys; `beside`: those of all commands on the same screen, none of which a spare one takes."""
    if command.mode in TYPED:
        # Typing takes every printable key: only a remapped chord can hold there
        chords = tuple(key for key in remapped.get(command.name, "").split() if len(key) > 1)
        others = {key for name in _TYPED - {command.name} for key in remapped.get(name, "").split()}
        return chords or tuple(key for key in command.keys if key not in others)
    if command.name in remapped:
        return tuple(remapped[command.name].split())
    reviewing = command.mode in REVIEWING
    rivals = (_REVIEWED if reviewing else _LABELED) - {command.name}
    elsewhere = {key for name, keys in remapped.items() if name in rivals for key in keys.split()}
    taken = set() if reviewing else taken
    own = tuple(key for key in command.keys if key not in taken and key not in elsewhere)
    if own:
        return own
    spare = (key for key in command.spare if key not in taken and key not in elsewhere and key not in beside)
    return tuple(spare)[:1]


# a person's own keys


def _holding(project: Project, personal: Mapping[str, str]) -> tuple[dict[str, str], dict[str, tuple[str, str]]]:
    """The own keys that hold in a project, and for each command of the others a key, and what has it."""
    own, lost = dict(personal), dict[str, tuple[str, str]]()
    # A command that gave way is back on keys that another own one may have
    while taken := _taken(project, own):
        for name, owners in taken.items():
            lost.setdefault(name, next(iter(owners.items())))
            left = [key for key in own.pop(name).split() if key not in owners]
            if left:
                own[name] = " ".join(left)
    return own, lost


def _taken(project: Project, own: Mapping[str, str]) -> dict[str, dict[str, str]]:
    """By command, the own keys that are not free in a project, and what has them."""
    labels = {label.key: f"“{label.value}”" for task in project.tasks for label in task.labels if label.key}
    named = [(name, key) for name, keys in project.keys.items() if name not in own for key in keys.split()]
    named += [(command.name, key) for command in _keyless({**project.keys, **own}) for key in command.keys]
    found: dict[str, dict[str, str]] = {}
    single = single_modes(project)
    for name, keys in own.items():
        owners = dict(labels) if name in _LABELED else {}
        owners |= {key: _single(other, single).short for other, key in named if _meet(name, other)}
        if taken := {key: owners[key] for key in keys.split() if key in owners}:
            found[name] = taken
    return found


def _meet(one: str, other: str) -> bool:
    """Whether two commands may be in force on the same screen."""
    return {one, other} <= _LABELED or {one, other} <= _REVIEWED


def _keyless(remapped: Mapping[str, str]) -> list[Command]:
    """Commands that are needed and have no key, since others were put on theirs."""
    return [one for one in COMMANDS if one.name in NEEDED and not _keys_in_force(one, remapped, set())]


# giving out keys


def single_modes(project: Project) -> set[str]:
    """The modes whose single keys are in force on the project's item screen."""
    if project.items == "sound":
        return {EVERYWHERE, SOUND}
    return {EVERYWHERE, SPANS if any(isinstance(task, Spans) for task in project.tasks) else SCROLL}


def label_keys(
    tasks: Iterable[Task], remapped: Mapping[str, str] | None = None, modes: Set[str] = frozenset({EVERYWHERE, SPANS})
) -> dict[LabelKey, str]:
    """A key for each label of all tasks together, since they share a screen.

    Keys from project.yaml first.  A scale and the candidates of a comparison get their digits
    or, where one of these is taken, letters in the alphabet's order.  A task where some labels
    have a letter of their own gives the rest letters of their names; other tasks give out digits,
    then letters.  No value gets a key that is the name of another one of its task, and what is
    given out never displaces a command.  Where there are not enough keys, the tasks with the fewest
    labels have theirs.
    """
    tasks = tuple(tasks)
    commands = _command_keys(modes, remapped or {})
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


def _command_keys(modes: Set[str], remapped: Mapping[str, str]) -> set[str]:
    found = {key for command in COMMANDS if command.mode in modes for key in command.keys}
    return found | {key for keys in remapped.values() for key in keys.split()}


# mistakes


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
        others = users if name in _LABELED else reviewers
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
    needy = {command.name: command for command in reversed(_keyless(keys))}.values()
    return [
        (f"keys {name}", f"key {key} is {owner.name}'s ({owner.words.lower()}); free are {free}")
        for name, own in keys.items()
        for key in own.split()
        for owner in needy
        if key in owner.keys and _meet(name, owner.name)
    ]


def _free(project: Project, personal: Mapping[str, str]) -> str:
    used = {label.key for task in project.tasks for label in task.labels}
    used |= {key for keys in {**project.keys, **personal}.values() for key in keys.split()}
    used |= _command_keys(single_modes(project), {})
    return " ".join([key for key in DIGITS + LETTERS + CAPITALS if key not in used][:12])
