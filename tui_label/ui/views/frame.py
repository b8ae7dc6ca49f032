"""What every screen shares: the header, the rules, the legend."""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len

from tui_label.core.item import Item
from tui_label.core.text import visible
from tui_label.sound.kinds import called
from tui_label.ui.canvas import Row, cells, clipped, fitted_together, spread

NAME_LEAST = 8
"""Cells of a name in the header that are always there."""
EDGES = 4
"""Cells at the two ends of a header, and at least between what stands at the left and at the right."""
BETWEEN = "  ·  "
"""What parts of a header are told apart by."""
Hint = tuple[str, str]
"""A key as it is typed, and the word for what it does now."""


def header(left: Sequence[str], right: str, width: int, waits: str = "") -> Row:
    """Where you are, what waits for you, and how far; the name that comes first gives way to the rest.

    What has no room beside the least of the name is left out whole, from the left to the last that says how far.
    """
    name, *parts = map(visible, left)
    far = right.split(BETWEEN)

    def least() -> int:
        return sum(cell_len(BETWEEN + one) for one in (*parts, *([waits] * bool(waits)))) + cell_len(BETWEEN.join(far))

    while least() + min(NAME_LEAST, cell_len(name)) + EDGES > width and (parts or far[1:]):
        (parts or far).pop(0)
    right = BETWEEN.join(far)
    rest: Row = []
    for part in parts:
        rest += [(BETWEEN, "faint"), (part, "")]
    if waits:
        rest += [(BETWEEN, "faint"), (waits, "hint")]
    (name,) = fitted_together([name], width - cells(rest) - cells([(right, "")]) - EDGES, NAME_LEAST)
    return spread([(" ", ""), (name, "bold"), *rest], [(right + " ", "faint")], width)


def too_small(smallest: tuple[int, int], leaves: str, width: int, height: int) -> list[Row]:
    """What is shown on a screen of fewer cells and rows than `smallest`; `leaves`: which key does."""
    return in_the_middle([f"needs {smallest[0]}×{smallest[1]}, has {width}×{height}", leaves], width, height)


def in_the_middle(words: Sequence[str], width: int, height: int) -> list[Row]:
    """A few words on a page with nothing else."""
    rows: list[Row] = [[]] * max(0, height)
    for at, word in enumerate(words, len(rows) // 2):
        if at < len(rows):
            rows[at] = clipped([(word, "bold")], width)
    return rows


def described(item: Item) -> str:
    """Which item it is: its id, or its file's name, and what is known about it in a word each."""
    parts = [] if item.key.startswith("~") and item.sound is None else [called(item)]
    words = [value for value in item.meta.values() if not isinstance(value, list | dict) and value not in (None, "")]
    return "  ·  ".join([*parts, *(visible(str(value)) for value in words)])


def legend(hints: Sequence[Hint], right: Row, width: int, close: bool = False) -> Row:
    """The keys that act now, most used first; what does not fit is left to the last one, which shows all keys.

    At the right, whether all is saved comes last; the figures before it give way to keys. `close`: where not all keys
    fit, they move together, for one more.
    """
    apart = "   "
    if sum(cells([(f"{key} {word}{apart}", "")]) for key, word in hints) + cells(right) > width:
        right, apart = right[-1:], "  " if close else apart
    pieces: list[Row] = [[(key, "accent"), (f" {word}{apart}", "")] for key, word in hints]
    last = pieces.pop() if pieces else []
    room = width - cells(right) - 2 - cells(last)
    row: Row = [(" ", "")]
    for piece in pieces:
        if cells(row) + cells(piece) > room + len(apart):
            break
        row += piece
    row += last
    row[-1] = (row[-1][0].rstrip(), row[-1][1])
    return spread(row, right, width)
