"""The rows a text is shown in: hard line ends, then words, laid out only as far as asked.

A document of a megabyte opens at once: what lies below the screen is laid out when
somebody goes there, and kept as two integers a row.
"""

from __future__ import annotations

import re
from array import array
from bisect import bisect_right
from collections.abc import Iterable

from tui_label.core.text import WINDOW, each_glyph, glyphs

_LINE_END = re.compile("\r\n|\n|\r")
_PRINTABLE = re.compile("[\x20-\x7e]*")
_WIDE = re.compile("[\u3001-\u3029\u3041-\u3096\u309b-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uff01-\uff60]*")
"""Each two cells wide, and a glyph of its own unless a mark follows."""
_WIDE_BREAK = re.compile("[\u2e80-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")


class Rows:
    """The visual rows of one text at one width in cells.

    A row is `(start, end)`: white space that hangs at its end and the line end itself
    belong to it but may stick out.  Every text has at least one row.
    """

    def __init__(self, text: str, width: int) -> None:
        self.text = text
        self.width = max(2, width)
        self._starts = array("L")
        self._ends = array("L")
        self._next = 0
        self._finished = False
        self._line_end = 0
        self._line_start = 0
        """Where the line after the current one starts."""
        self._line_follows = True

    def row(self, number: int) -> tuple[int, int]:
        """Start and end offset of a row; the line end is not within it."""
        self._lay_until_row(number)
        return self._starts[number], self._ends[number]

    def has(self, number: int) -> bool:
        self._lay_until_row(number)
        return 0 <= number < len(self._starts)

    def count(self) -> int:
        """All rows; lays out the whole text."""
        while not self._finished:
            self._lay_row()
        return len(self._starts)

    def row_of(self, offset: int) -> int:
        """The row that shows the character at `offset`."""
        while not self._finished and self._next <= offset:
            self._lay_row()
        return max(0, bisect_right(self._starts, offset) - 1)

    def column_of(self, offset: int) -> tuple[int, int]:
        """Row and column, in cells, of the character at `offset`."""
        number = self.row_of(offset)
        start, end = self.row(number)
        cells = sum(glyph.cells for glyph in glyphs(self.text, start, min(offset, end)))
        return number, cells

    def offset_at(self, number: int, column: int) -> int:
        """The character at a column of a row; beyond its end, the last one."""
        start, end = self.row(number)
        at = 0
        last = start
        for glyph in glyphs(self.text, start, end):
            if at <= column < at + glyph.cells:
                return glyph.start
            at += glyph.cells
            last = glyph.start
        return last

    def _lay_until_row(self, number: int) -> None:
        while not self._finished and len(self._starts) <= number:
            self._lay_row()

    def _lay_row(self) -> None:
        start = self._next
        if start >= self._line_start:
            self._find_line_end(start)
        stop = self._row_end(start, self._line_end)
        self._starts.append(start)
        self._ends.append(stop)
        if stop < self._line_end:
            self._next = stop
        else:
            self._next = self._line_start
            self._finished = not self._line_follows

    def _find_line_end(self, start: int) -> None:
        found = _LINE_END.search(self.text, start)
        self._line_follows = found is not None
        self._line_end = found.start() if found else len(self.text)
        self._line_start = found.end() if found else len(self.text) + 1

    def _row_end(self, start: int, line_end: int) -> int:
        """Where the row that starts at `start` ends: after the white space behind its last word."""
        text, width = self.text, self.width
        plain = _PRINTABLE.match(text, start, min(line_end, start + width + 1))
        assert plain is not None
        if plain.end() == start + width + 1:
            return self._after_spaces(self._word_break(start, start + width), line_end)
        if plain.end() == line_end:
            return line_end
        stop = start + width // 2
        wide = _WIDE.match(text, start, min(line_end, stop + 1))
        assert wide is not None
        if wide.end() > stop:
            return self._wide_break(start, stop)
        return self._measured_end(start, line_end)

    def _word_break(self, start: int, limit: int) -> int:
        if self.text[limit] == " ":
            return limit
        space = self.text.rfind(" ", start, limit)
        return space + 1 if space > start else limit

    def _wide_break(self, start: int, limit: int) -> int:
        return next((n for n in range(limit, start, -1) if _WIDE_BREAK.match(self.text[n - 1])), limit)

    def _after_spaces(self, at: int, line_end: int) -> int:
        while at < line_end and self.text[at] == " ":
            at += 1
        return at

    def _measured_end(self, start: int, line_end: int) -> int:
        text = self.text
        reach = min(line_end, start + self.width + WINDOW)
        at, good = 0, start
        last = start
        for glyph in each_glyph(text, start, reach):
            if glyph.end == reach < line_end and last > start:
                return last  # this cluster may be cut short by the end of the look
            if at + glyph.cells > self.width:
                if text[glyph.start] == " ":
                    return self._after_spaces(glyph.start, line_end)
                stop = good if good > start else glyph.start
                return self._after_spaces(max(stop, start + 1), line_end)
            at += glyph.cells
            last = glyph.end
            if text[glyph.start] in " \t" or _WIDE_BREAK.match(text[glyph.start]):
                good = glyph.end
        return last if last > start else reach


class Stacked(Rows):
    """The rows of several texts one under the other, an empty row between them: one text with line ends between.

    They are given with their names; a text that has one stands under a row for it.
    """

    def __init__(self, texts: Iterable[tuple[str, str]], width: int) -> None:
        texts = tuple(texts)
        super().__init__("\n".join(text for _, text in texts), width)
        self._finished = True
        self.names: dict[int, str] = {}
        """What stands in a row instead of text."""
        at = 0
        for name, text in texts:
            if at:
                self._put(at - 1, at - 1)
            if name:
                self.names[len(self._starts)] = name
                self._put(at, at)
            rows = Rows(text, width)
            for start, end in map(rows.row, range(rows.count())):
                self._put(at + start, at + end)
            at += len(text) + 1

    def name_before(self, number: int) -> str:
        """The name of the text that a row is in the middle of; empty where it has none, or its name is still to come."""
        if number in self.names or number + 1 in self.names:
            return ""
        return next((self.names[row] for row in range(number, -1, -1) if row in self.names), "")

    def _put(self, start: int, end: int) -> None:
        self._starts.append(start)
        self._ends.append(end)
