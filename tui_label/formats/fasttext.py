"""fastText: a text a line, its labels before it as `__label__x`.

fastText takes such a word for a label wherever it stands, and parts words and labels at
white space: labels are written with `_` for it.  Lines with no label say that none holds.

Joulin et al. 2017, and https://fasttext.cc/docs/en/supervised-tutorial.html.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TextIO

from tui_label.core.project import Project
from tui_label.core.record import Record
from tui_label.core.tasks import Choice, Choices
from tui_label.formats.making import Bad, finished, labelled, make_item
from tui_label.formats.outgoing import Dropped, Rows, count, meant, unbroken
from tui_label.formats.source import BadLine, Reading, filled_lines
from tui_label.formats.tagging import label_word
from tui_label.formats.texts import finished_texts, first_line, labels_said, whole

PREFIX = "__label__"
WORD = re.compile(rf"(?<![^ \t\v\f\0]){PREFIX}")
"""What fastText would take for a label in a text: at the beginning of what it takes for a word."""
LABELS = re.compile(rf"((?:{PREFIX}[^ \t]*[ \t])*{PREFIX}[^ \t]*)(?:[ \t](.*))?|(.*)", re.DOTALL)


def read(reading: Reading) -> Iterator[Record | BadLine]:
    known = [value for task in reading.project.every(Choice, Choices) for value in task.values]
    for line in filled_lines(reading):
        if isinstance(line, BadLine):
            yield line
            continue
        number, said = line
        found = LABELS.fullmatch(said)
        assert found is not None
        labels = [meant(known, word.removeprefix(PREFIX)) for word in (found[1] or "").split()]
        try:
            item = make_item(reading, None, found[2] or found[3] or "")
            yield finished(reading, labelled(reading, item, labels=list(dict.fromkeys(labels))))
        except Bad as error:
            yield reading.bad(number, error.problem, error.field)


def write(rows: Rows, out: TextIO, project: Project, dropped: Dropped) -> int:
    written = 0
    task = project.first(Choice, Choices)
    for item, annotation in finished_texts(rows, dropped, [task]):
        text = unbroken(whole(item.text, dropped), dropped)
        text, mistakable = WORD.subn(PREFIX[1:], text)
        count(dropped, "words that look like labels", mistakable)
        if not text.strip():
            count(dropped, "blank texts")
            continue
        labels = (labels_said(annotation, task) if task else None) or []
        line = "".join(f"{PREFIX}{label_word(label, dropped)} " for label in labels) + text + "\n"
        out.write(line if written else first_line(line))
        written += 1
    return written
