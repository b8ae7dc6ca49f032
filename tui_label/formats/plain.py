"""Plain text: a line is an item, exactly as it stands; blank lines are counted and left out."""

from __future__ import annotations

from collections.abc import Iterator

from tui_label.core.record import Record
from tui_label.formats.making import make_item
from tui_label.formats.source import BadLine, Reading, filled_lines


def read(reading: Reading) -> Iterator[Record | BadLine]:
    for line in filled_lines(reading):
        yield line if isinstance(line, BadLine) else Record(make_item(reading, None, line[1]))
