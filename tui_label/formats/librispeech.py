"""LibriSpeech's *.trans.txt: `recording TEXT`, a line for each recording beside it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TextIO

from tui_label.core.project import Project
from tui_label.core.record import Record
from tui_label.core.tasks import Text
from tui_label.formats.making import Bad
from tui_label.formats.outgoing import Dropped, Rows, one_word, single_blanks
from tui_label.formats.recordings import Recordings, labelled_sound
from tui_label.formats.source import BadLine, Reading, filled_lines
from tui_label.formats.tracks import names, said, whereabouts, whole_recordings


def read(reading: Reading) -> Iterator[Record | BadLine]:
    recordings = Recordings(reading)
    for line in filled_lines(reading):
        if isinstance(line, BadLine):
            yield line
            continue
        number, text = line
        name, *rest = text.strip(" \t").split(None, 1)
        try:
            yield labelled_sound(reading, recordings.named(name), text=rest[0] if rest else "")
        except Bad as error:
            yield reading.bad(number, error.problem, error.field)


def write(rows: Rows, out: TextIO, project: Project, dropped: Dropped) -> int:
    found = whole_recordings(said(rows, project, dropped, Text), dropped)
    named = names(whereabouts(project, one.sound) for one in found)
    for one in found:
        out.write(
            f"{one_word(named[whereabouts(project, one.sound)], dropped)} {single_blanks(one.text or '', dropped)}".rstrip(
                " "
            )
            + "\n"
        )
    return len(found)
