"""What every screen shares: the header, the rules, the legend."""

from __future__ import annotations

from collections.abc import Sequence

from tui_label.core.text import visible
from tui_label.ui.canvas import Row, cells, spread

Hint = tuple[str, str]
"""A key as it is typed, and the word for what it does now."""


def header(left: Sequence[str], right: str, width: int) -> Row:
    """Where you are, and how far."""
    pieces: Row = [(" ", "")]
    for number, part in enumerate(left):
        if number:
            pieces.append(("  ·  ", "faint"))
        pieces.append((visible(part), "bold" if number == 0 else ""))
    return spread(pieces, [(right + " ", "faint")], width)


def legend(hints: Sequence[Hint], right: Row, width: int) -> Row:
    """The keys that act now, most used first; those that do not fit are left to `?`."""
    room = width - cells(right) - 2
    row: Row = [(" ", "")]
    for key, word in hints:
        piece: Row = [(key, "accent"), (f" {word}   ", "")]
        if cells(row) + cells(piece) - 3 > room:
            break
        row += piece
    row[-1] = (row[-1][0].rstrip(), row[-1][1])
    return spread(row, right, width)
