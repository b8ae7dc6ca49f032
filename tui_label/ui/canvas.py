"""A screen as values: rows of styled pieces, before Textual.

A piece is `(text, style)`; a style is words from theme.py separated by spaces.
Views build rows, the sheet shows them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

from rich.cells import cell_len, set_cell_size

Piece = tuple[str, str]
Row = list[Piece]
RULE = "─"
T = TypeVar("T")


def cells(row: Row) -> int:
    """Width of a row in cells."""
    return sum(len(text) if text.isascii() else cell_len(text) for text, _ in row)


def rule(width: int) -> Row:
    return [(RULE * width, "faint")]


def clipped(row: Row, width: int) -> Row:
    """The row cut to `width` cells; a cut shows as an ellipsis."""
    if cells(row) <= width:
        return row
    kept: Row = []
    room = width - 1
    for text, style in row:
        size = cell_len(text)
        if size > room:
            kept.append((set_cell_size(text, room) + "…", style))
            return kept
        kept.append((text, style))
        room -= size
    return kept


def joined(rows: Iterable[Row]) -> Row:
    """Rows side by side on one."""
    return [piece for row in rows for piece in row]


def flowed(things: Iterable[T], room: int, row: Callable[[T], Row]) -> list[list[T]]:
    """Things side by side, each drawn as a `row`, on as many rows of `room` cells as they take; none is broken."""
    rows: list[list[T]] = [[]]
    left = room
    for one in things:
        size = cells(row(one))
        if size > left and rows[-1]:
            rows.append([])
            left = room
        rows[-1].append(one)
        left -= size
    return rows


def fitted_together(texts: Sequence[str], room: int, least: int = 1) -> list[str]:
    """Texts of which each is cut only as far as it must be for all to fit into `room` cells; to `least` at the least."""
    sizes = [cell_len(text) for text in texts]
    most = next((size for size in range(room, least, -1) if sum(min(size, one) for one in sizes) <= room), least)
    return ["".join(piece for piece, _ in clipped([(text, "")], most)) for text in texts]


def spread(left: Row, right: Row, width: int) -> Row:
    """Two rows on one line, at its two ends; the right one wins where both do not fit."""
    right = clipped(right, width)
    left = clipped(left, max(0, width - cells(right) - 1))
    gap = width - cells(left) - cells(right)
    return [*left, (" " * max(0, gap), ""), *right]
