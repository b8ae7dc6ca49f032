"""Markdown for guidelines.md: the settled items that a reviewer marked as examples, under the label they are examples of.

The form is that of the ready guidelines: a heading for each label, and a quoted line for each
example, `> "Glass Orchard play Dockside" → [Dockside] **place**`.  Write only.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TextIO

from tui_label.core.annotation import Annotation
from tui_label.core.item import Item
from tui_label.core.project import Project
from tui_label.core.tasks import Choice, Choices, Segments, Spans, Task
from tui_label.core.text import visible
from tui_label.formats.outgoing import Dropped, Rows
from tui_label.formats.settled import SettledAnswer


def write(rows: Rows, out: TextIO, project: Project, dropped: Dropped) -> int:
    """How many items were written, each perhaps under several labels."""
    sections: dict[str, list[str]] = {}
    count = 0
    for item, annotation in rows:
        if isinstance(annotation, SettledAnswer) and annotation.example:
            count += 1
            for heading, line in _lines(item, annotation, project):
                sections.setdefault(heading, []).append(line)
    headings = [heading for task in project.tasks for heading in (*task.values, task.id)]
    for heading in dict.fromkeys([*headings, *sections]):
        if heading in sections:
            body = "\n\n".join(sections[heading])
            out.write(f"## {heading}\n\n{body}\n\n".encode("utf-8", "backslashreplace").decode())
    return count


def _lines(item: Item, annotation: Annotation, project: Project) -> Iterator[tuple[str, str]]:
    """Heading and quoted line for each label, and for each answer without labels under its task."""
    for task in project.tasks:
        value = annotation.answers.get(task.id)
        if value is None:
            continue
        if not isinstance(task, Choice | Choices | Spans | Segments) or not task.labels:
            yield task.id, _quoted(item, _words(value))
        for label in dict.fromkeys(task.says(value)) if task.labels else ():
            yield label, _quoted(item, _answer(item, task, value, label))


def _answer(item: Item, task: Task, value: Any, label: str) -> str:
    if isinstance(task, Spans):
        parts = [item.text[one["start"] : one["end"]] for one in value if one["label"] == label]
    elif isinstance(task, Segments):
        parts = [f"{one['start']:.2f}–{one['end']:.2f} s" for one in value if one.get("label") == label]
    else:
        parts = []
    return " ".join([*(f"[{_line(part)}]" for part in parts), f"**{label}**"])


def _words(value: Any) -> str:
    if isinstance(value, list) and value and isinstance(value[0], dict):
        return " ".join(
            f"[{one['start']:.2f}–{one['end']:.2f} s] {_line(one.get('text', ''))}".strip() for one in value
        )
    return f"**{_line(' > '.join(map(str, value)) if isinstance(value, list) else str(value))}**"


def _quoted(item: Item, answer: str) -> str:
    if item.sound is not None:
        shown = [f"{item.sound.path}, from {item.sound.offset:.2f} s, {item.sound.duration:.2f} s"]
    else:
        shown = [*item.text.split("\n"), *(f"{chr(65 + n)}: {text}" for n, text in enumerate(item.candidates))]
    text = "\n> ".join(_line(line) for line in shown if line or item.text)
    return f'> "{text}" → {answer}'


def _line(text: str) -> str:
    return visible(" ".join(text.splitlines()))
