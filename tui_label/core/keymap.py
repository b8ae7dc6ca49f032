"""Which key does what: the map made of the registry of commands, project.yaml and the person's own file.

Where two want the same key, commands make way for labels, and a person's own keys for the project's.
What is wrong with keys that were given says `keyproblems`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Set
from dataclasses import dataclass
from functools import cached_property

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
from tui_label.core.keys import key_display
from tui_label.core.labelkeys import LabelKey, command_keys, label_keys
from tui_label.core.project import Project
from tui_label.core.tasks import Spans

BEHIND = {
    TYPING: (TYPING,),
    TRANSCRIBING: (TRANSCRIBING, TYPING),
    REVIEW: (REVIEW,),
    LISTENING: (LISTENING, REVIEW),
    EDITING: (EDITING,),
}
"""Where a key of a mode is looked for, if not there and then everywhere."""
TYPED = (TYPING, TRANSCRIBING)
REVIEWING = (REVIEW, LISTENING, EDITING)
"""Modes of the review screen, where no label's key is in force."""
_TYPED = frozenset(command.name for command in COMMANDS if command.mode in TYPED)
"""Commands that have a key while one types."""
_REVIEWED = frozenset(command.name for command in COMMANDS if command.mode in REVIEWING)
LABELED = frozenset(command.name for command in COMMANDS if command.mode not in REVIEWING)
"""Commands of the screen where labels are given."""
NEEDED = ("item.submit", "review.settle", "review.done", "text.leave", "palette.open", "help.open", "quit")
"""Commands that no remap may leave without a key: all others can still be done by their names."""
MODES = tuple(dict.fromkeys(command.mode for command in COMMANDS))


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
    modes: tuple[str, ...]
    """Those that are listed: the ones that may be in force."""
    gave_way: tuple[str, ...]
    """A line for each command on whose own key, given by the person, the project has something else."""

    @cached_property
    def table(self) -> Mapping[tuple[str, str], Action]:
        """Actions by (mode, key)."""
        found = {(mode, key): Action(name) for (mode, name), own in self.keys.items() for key in own}
        labels = {(EVERYWHERE, key): Action("label.give", label) for label, key in self.labels.items() if key}
        return found | labels

    def lookup(self, mode: str, key: str) -> Action | None:
        """What `key` does while `mode` is in force."""
        return next((self.table[one, key] for one in _places(mode) if (one, key) in self.table), None)

    def keys_of(self, command: str, mode: str = EVERYWHERE) -> tuple[str, ...]:
        return next((self.keys[one, command] for one in _places(mode) if (one, command) in self.keys), ())

    def key_of_label(self, task: str, label: str) -> str:
        """The label's key; empty where there are more labels than keys."""
        return self.labels.get((task, label), "")

    def available(self, mode: str) -> list[Command]:
        """Everything one can do in `mode`, each once."""
        modes = _places(mode)
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


def _places(mode: str) -> tuple[str, ...]:
    """The modes among whose keys one is looked for, one after the other."""
    return BEHIND.get(mode, (mode, EVERYWHERE))


def build(project: Project, personal: Mapping[str, str] | None = None) -> Keymap:
    """The keymap of a project that `problems` finds nothing wrong with, and of a person that `own_problems` doesn't."""
    held, lost = _holding(project, personal or {})
    remapped = {**project.keys, **held}
    single = single_modes(project)
    labels = label_keys(project.tasks, remapped, single)
    taken = {key for key in labels.values() if key}
    beside = command_keys(single, {})
    keys = {(one.mode, one.name): _keys_in_force(one, remapped, taken, beside) for one in COMMANDS}
    if project.items == "sound":
        # Of a chord that plays and does something to a text box, only playing would ever come
        playing = {key for (mode, _), own in keys.items() if mode == TRANSCRIBING for key in own}
        for (mode, name), own in keys.items():
            if mode == TYPING:
                keys[mode, name] = tuple(key for key in own if key not in playing)
    gave_way = tuple(_way_given(_single(name, single), lost[name], keys) for name in lost)
    return Keymap(labels, keys, _modes(project, single), gave_way)


def _modes(project: Project, single: Set[str]) -> tuple[str, ...]:
    """Those that may be in force in the project."""
    unused = {SCROLL} if project.items == "sound" else {SOUND, TRANSCRIBING, LISTENING}
    if SPANS not in single:
        unused.add(SPANS)
    return tuple(mode for mode in MODES if mode not in unused)


def _named(name: str) -> Command:
    return next(command for command in COMMANDS if command.name == name)


def _single(name: str, modes: Set[str]) -> Command:
    """The command of that name; of several the one in these modes."""
    return next((command for command in COMMANDS if command.name == name and command.mode in modes), _named(name))


def _way_given(command: Command, taken: tuple[str, str], keys: Mapping[tuple[str, str], tuple[str, ...]]) -> str:
    now = " ".join(map(key_display, keys[command.mode, command.name]))
    key, owner = taken
    return f"{command.short} is on {now or 'no key'} here: {key_display(key)} is {owner}"


def _keys_in_force(command: Command, remapped: Mapping[str, str], taken: Set[str], beside: Set[str]) -> tuple[str, ...]:
    """`taken`: labels' keys; `beside`: those of all commands on the same screen, none of which a spare one takes."""
    if command.mode in TYPED:
        # Typing takes every printable key: only a remapped chord can hold there
        chords = tuple(key for key in remapped.get(command.name, "").split() if len(key) > 1)
        others = {key for name in _TYPED - {command.name} for key in remapped.get(name, "").split()}
        return chords or tuple(key for key in command.keys if key not in others)
    if command.name in remapped:
        return tuple(remapped[command.name].split())
    reviewing = command.mode in REVIEWING
    rivals = (_REVIEWED if reviewing else LABELED) - {command.name}
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
    named += [(command.name, key) for command in keyless({**project.keys, **own}) for key in command.keys]
    found: dict[str, dict[str, str]] = {}
    single = single_modes(project)
    for name, keys in own.items():
        owners = dict(labels) if name in LABELED else {}
        owners |= {key: _single(other, single).short for other, key in named if meet(name, other)}
        if taken := {key: owners[key] for key in keys.split() if key in owners}:
            found[name] = taken
    return found


def meet(one: str, other: str) -> bool:
    """Whether two commands may be in force on the same screen."""
    return {one, other} <= LABELED or {one, other} <= _REVIEWED


def keyless(remapped: Mapping[str, str]) -> list[Command]:
    """Commands that are needed and have no key, since others were put on theirs."""
    return [one for one in COMMANDS if one.name in NEEDED and not _keys_in_force(one, remapped, set(), set())]


def single_modes(project: Project) -> set[str]:
    """The modes whose single keys are in force on the project's item screen."""
    if project.items == "sound":
        return {EVERYWHERE, SOUND}
    return {EVERYWHERE, SPANS if any(isinstance(task, Spans) for task in project.tasks) else SCROLL}
