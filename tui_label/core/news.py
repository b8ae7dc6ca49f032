"""What changed between two versions of the guidelines or of the questions, as values to be shown.

Guidelines are compared paragraph by paragraph; questions are told in words.  Nothing
here knows who has been told.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from difflib import SequenceMatcher
from typing import Any

from tui_label.core.keymap import Keymap, build, single_modes
from tui_label.core.keys import key_display
from tui_label.core.markdown import HEADING, unwrapped
from tui_label.core.project import Project
from tui_label.core.renames import Names
from tui_label.core.tasks import Label, Task
from tui_label.core.transcript import Style

GUIDELINES, LABELS = "guidelines", "labels"
ADDED, REMOVED, KEPT = "+", "-", " "
CONTEXT = 1
"""Unchanged lines that are shown on each side of a change."""


@dataclass(frozen=True, slots=True)
class Line:
    """A paragraph of a passage, or what stands for itself as one does."""

    sign: str
    """ADDED, REMOVED or KEPT."""
    text: str


@dataclass(frozen=True, slots=True)
class Passage:
    """A stretch of the guidelines where something changed."""

    heading: str
    """That of the section it begins in; empty where that is among the lines or where there is none."""
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class News:
    """One new version, as it is told to an annotator."""

    kind: str
    """GUIDELINES or LABELS."""
    version: int
    at: str
    """When it came into force: UTC, ISO 8601."""
    words: tuple[str, ...] = ()
    passages: tuple[Passage, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether nothing changed that an annotator would notice."""
        return not self.words and not self.passages


# guidelines


def passages(before: str, after: str, context: int = CONTEXT) -> tuple[Passage, ...]:
    """Where two texts differ: every line that was removed or added, with `context` kept lines around them.

    The lines are those of `unwrapped`; within a change the removed ones come first.
    """
    old, new = unwrapped(before), unwrapped(after)
    matcher = SequenceMatcher(None, old, new, autojunk=False)
    found = []
    for group in matcher.get_grouped_opcodes(context) if old != new else ():
        lines = tuple(_lines(group, old, new))
        if lines:
            change = next(number for number, line in enumerate(lines) if line.sign != KEPT)
            own = any(HEADING.match(line.text) for line in lines[: change + 1])
            found.append(Passage("" if own else _section(new[: group[0][3]]), lines))
    return tuple(found)


def _lines(group: Sequence[tuple[str, int, int, int, int]], old: list[str], new: list[str]) -> Iterator[Line]:
    for how, old_start, old_end, new_start, new_end in group:
        if how == "equal":
            yield from (Line(KEPT, text) for text in new[new_start:new_end])
            continue
        yield from (Line(REMOVED, text) for text in old[old_start:old_end])
        yield from (Line(ADDED, text) for text in new[new_start:new_end])


def _section(above: list[str]) -> str:
    headings = (HEADING.match(line) for line in reversed(above))
    return next((found.group(1) for found in headings if found), "")


# labels


def label_words(before: Project, after: Project, names: Names) -> tuple[str, ...]:
    """What is asked otherwise than before, a sentence each; settings that no annotator notices are left out.

    `names`: what became of labels, by however many renames.
    """
    keys = build(before), build(after)
    several = len(after.tasks) > 1
    found: list[str] = []
    for task in after.tasks:
        old = before.task(task.id)
        lead = f"{task.id}: " if several else ""
        if old is None:
            found.append(f"`{task.id}` is a new question" + (f": {task.ask}" if task.ask else ""))
        elif old.kind != task.kind:
            found.append(f"`{task.id}` is now a question of type {task.kind}, was {old.kind}")
        else:
            new_names = names.get(task.id, {})
            labels, moved = _labels(old, task, new_names), _keys(old, task, keys, new_names)
            found += [lead + words for words in (*labels, *_question(old, task), *moved)]
    found += [f"`{task.id}` is no longer asked" for task in before.tasks if after.task(task.id) is None]
    return (*found, *_flags(before, after), *_commands(before, after, keys))


def _labels(old: Task, new: Task, names: Mapping[str, str]) -> Iterator[str]:
    for label in new.labels:
        earlier = _earlier(old, label.value, names)
        others = [f"`{one.value}`" for one in earlier if one.value != label.value]
        if others:
            yield f"{' and '.join(others)} {'is' if len(others) == 1 else 'are'} now called `{label.value}`"
        elif not earlier:
            yield f"label `{label.value}` is new" + (f": {label.help}" if label.help else "")
        if earlier and earlier[0].help != label.help:
            yield f"help of `{label.value}` " + (f"changed: {label.help}" if label.help else "was taken away")
    for value in old.values:
        if names.get(value, value) not in new.values:
            yield f"label `{value}` is gone"


def _earlier(old: Task, value: str, names: Mapping[str, str]) -> list[Label]:
    """The old labels that are called `value` now, the one of this name first."""
    found = [label for label in old.labels if names.get(label.value, label.value) == value]
    return sorted(found, key=lambda label: label.value != value)


def _question(old: Task, new: Task) -> Iterator[str]:
    if old.ask != new.ask:
        yield f"it asks now: {new.ask}" if new.ask else "it asks the same without words of its own"
    if old.help != new.help:
        yield f"its help changed: {new.help}" if new.help else "its help was taken away"
    if old.required != new.required:
        yield "it must be answered now" if new.required else "it may be left open now"
    if old.when != new.when:
        where = " and ".join(f"{task} is {' or '.join(labels)}" for task, labels in new.when.items())
        yield f"it is asked where {where}" if where else "it is asked of every item now"
    common = {field.name for field in fields(Task)}
    for field in fields(new):
        was, now = getattr(old, field.name), getattr(new, field.name)
        if field.name not in common and was != now:
            yield _option(field.name, was, now)


def _option(name: str, was: Any, now: Any) -> str:
    if isinstance(now, Style) or isinstance(was, Style):
        return "the rules of its transcript changed"
    return f"`{name}` is now {_said(now)}, was {_said(was)}"


def _said(value: Any) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    return "not set" if value is None else str(value)


def _keys(old: Task, new: Task, keys: tuple[Keymap, Keymap], names: Mapping[str, str]) -> Iterator[str]:
    """Answers that one would now press the wrong key for, also where it was another question that changed."""
    moved = []
    for (task, value), now in keys[1].labels.items():
        earlier = _earlier(old, value, names)
        was = keys[0].labels.get((old.id, earlier[0].value if earlier else value))
        if task == new.id and was is not None and was != now:
            moved.append((value, key_display(now) or "+", key_display(was) or "+"))
    if len(moved) == 1:
        ((value, key, before),) = moved
        yield f"`{value}` is now on key {key}, was {before}"
    elif moved:
        yield "its keys are now " + ", ".join(f"{key} for `{value}`" for value, key, _ in moved)


def _flags(before: Project, after: Project) -> Iterator[str]:
    old, new = [flag.reason for flag in before.flags], [flag.reason for flag in after.flags]
    for flag in after.flags:
        if flag.reason not in old:
            yield f"flag `{flag.reason}` is new" + (f": {flag.help}" if flag.help else "")
    yield from (f"flag `{reason}` is gone" for reason in old if reason not in new)


def _commands(before: Project, after: Project, keys: tuple[Keymap, Keymap]) -> Iterator[str]:
    """Commands that were given other keys, and those that made way."""
    here = single_modes(after)
    told = set()
    for (mode, name), now in keys[1].keys.items():
        made_way = mode in here and keys[0].keys[mode, name][:1] != now[:1]
        if name not in told and (made_way or before.keys.get(name) != after.keys.get(name)):
            told.add(name)
            short = keys[1].command(name).short
            yield f"{short} is now on {' '.join(key_display(key) for key in now) or 'no key'}"
