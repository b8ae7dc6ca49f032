"""The guidelines' Markdown as rows: headings by their look, paragraphs, list items and quotes wrapped, tables in columns.

Links and code are shown as they are written.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from rich.cells import cell_len

from tui_label.core.markdown import FENCE, HEADING, LIST_ITEM, QUOTE, blocks, cells_of
from tui_label.core.tasks import Task
from tui_label.core.text import visible
from tui_label.ui.canvas import RULE, Row
from tui_label.ui.views.document import text_width
from tui_label.ui.views.pages import wrapped

NARROW = 10
"""Cells that a list item or a quote has at least, however far in it begins."""
GAP = "  "
"""Between the columns of a table."""
_EMPHASIS = re.compile(r"(?<![\w*])\*(?=\S)([^*]+?)(?<=\S)\*(?![\w*])")


def guide_rows(text: str, width: int) -> list[Row]:
    return [[("   ", ""), *row] for row in laid(text.splitlines(), text_width(width))]


def section_row(text: str, label: str, width: int) -> int:
    """The row of the heading that names `label`, the first if none does."""
    wanted, row = label.casefold(), 0
    for block in blocks(text.splitlines()):
        heading = HEADING.match(block[0])
        if heading and wanted and heading.group(1).casefold().strip("`*") == wanted:
            return row
        row += len(laid(block, text_width(width)))
    return 0


def helped_rows(text: str, tasks: Sequence[Task], focus: str, label: str, width: int) -> list[Row]:
    """The guidelines, with what project.yaml says about the focused task and a label over the section about that."""
    rows, top = guide_rows(text, width), section_row(text, label, width)
    return [*rows[:top], *help_rows(tasks, focus, label, width), *rows[top:]]


def help_rows(tasks: Sequence[Task], focus: str, label: str, width: int) -> list[Row]:
    """What project.yaml says about the focused task and a label; what it asks, too, where a row has no room for that."""
    here = [task for task in tasks if task.id == focus]
    helps = [(task.id, task.ask) for task in here if cell_len(visible(task.ask)) + 2 > width]
    helps += [(task.id, task.help) for task in here]
    helps += [(label, found.help) for task in tasks if (found := task.label(label)) is not None]
    lines = [f"{visible(name)}: {visible(help)}" for name, help in dict.fromkeys(helps) if help]
    rows: list[Row] = [[("   " + row, "bold")] for line in lines for row in wrapped(line, text_width(width))]
    return [*rows, []] if rows else []


def laid(lines: Sequence[str], room: int) -> list[Row]:
    """Lines of Markdown in `room` cells."""
    found: list[Row] = []
    for block in blocks(lines):
        if FENCE.match(block[0]):
            code = ("" if FENCE.match(line) else line for line in block)
            found += [[(row, "")] for line in code for row in wrapped(line, room)]
        elif QUOTE.match(block[0]):
            found += _quote_rows(block, room)
        elif len(block) > 1:
            found += _table_rows(block, room)
        else:
            found += _line_rows(block[0], room)
    return found


def _quote_rows(lines: Sequence[str], room: int) -> list[Row]:
    """A bar for each quote that another one is in, as long as there is room beside it."""
    if room - 2 < NARROW:
        return laid([line.lstrip("> ") for line in lines], room)
    said = [QUOTE.sub("", line, count=1) for line in lines]
    return [[("│ ", "faint"), *row] for row in laid(said, room - 2)]


def _line_rows(line: str, room: int) -> list[Row]:
    heading = HEADING.match(line)
    words = "accent" if heading else ""
    shown = heading.group(1) if heading else line
    item = LIST_ITEM.match(shown)
    sign = item.group().expandtabs(4) if item else ""
    indent = " " * cell_len(sign)
    lines = wrapped(_unmarked(shown[item.end() :] if item else shown), max(NARROW, room - len(indent)))
    return [[(f"{indent if number else sign}{row}", words)] for number, row in enumerate(lines)]


def _unmarked(line: str) -> str:
    """Without the marks of emphasis and code; within code a star is a star."""
    pieces = line.split("`")
    pieces[::2] = [_EMPHASIS.sub(r"\1", piece.replace("**", "")) for piece in pieces[::2]]
    return "".join(pieces)


# tables


def _table_rows(lines: Sequence[str], room: int) -> list[Row]:
    """A table in columns, each cell wrapped in its own; an empty row between rows where some take several."""
    header, signs, *body = map(cells_of, lines)
    count = len(header)
    table = [[_unmarked(cell) for cell in (*row, *[""] * count)[:count]] for row in (header, *body)]
    widths = _widths(list(zip(*table, strict=True)), room - len(GAP) * (count - 1))
    drawn = [_side_by_side(row, widths, signs, "" if number else "bold") for number, row in enumerate(table)]
    apart: list[Row] = [[]] if any(len(rows) > 1 for rows in drawn[1:]) else []
    found: list[Row] = [*drawn[0], [(GAP.join(RULE * size for size in widths), "faint")]]
    for number, rows in enumerate(drawn[1:]):
        found += [*(apart if number else []), *rows]
    return found


def _widths(columns: Sequence[Sequence[str]], room: int) -> list[int]:
    """Cells for each column: the widest give way until all fit, and break words only where nothing else is left."""
    wanted = [max(cell_len(visible(line)) for cell in column for line in cell.split("\n")) for column in columns]
    words = [max(cell_len(visible(word)) for cell in column for word in cell.split() or [""]) for column in columns]
    for least in (words, [1] * len(columns)):
        for most in range(max(room, 1), 0, -1):
            widths = [max(1, few, min(many, most)) for few, many in zip(least, wanted, strict=True)]
            if sum(widths) <= room:
                return widths
    return widths


def _side_by_side(cells: Sequence[str], widths: Sequence[int], signs: Sequence[str], look: str) -> list[Row]:
    columns = [[row.rstrip() for row in wrapped(cell, size)] for cell, size in zip(cells, widths, strict=True)]
    found: list[Row] = []
    for number in range(max(map(len, columns))):
        shown = [column[number] if number < len(column) else "" for column in columns]
        aligned = (_aligned(words, size, sign) for words, size, sign in zip(shown, widths, signs, strict=True))
        found.append([(GAP.join(aligned).rstrip(), look)])
    return found


def _aligned(words: str, size: int, sign: str) -> str:
    """In the middle or at the right where the sign under the header has it so."""
    free = max(0, size - cell_len(words))
    before = 0 if not sign.endswith(":") else free // 2 if sign.startswith(":") else free
    return " " * before + words + " " * (free - before)
