"""What a mode offers: on the row over the questions, and on free rows above it.

Nothing moves for it: an item keeps its rows, but for what has no room else.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from tui_label.core.tasks import Task
from tui_label.core.text import visible
from tui_label.ui.canvas import Row, cells, clipped, flowed, joined

LEAST = 20
"""Cells for what is offered, however much was typed."""
ROWS_FROM, MOST_ROWS = 4, 12
"""What may be meant has rows of its own where so many are free; so many at most."""


@dataclass(frozen=True, slots=True)
class Offer:
    """One of several things to choose from; brackets tell which is given, or taken by Enter."""

    name: str
    value: Any
    key: str = ""
    help: str = ""
    also: tuple[str, ...] = ()
    """Other names that it is found by."""


def label_offers(tasks: Sequence[Task]) -> tuple[Offer, ...]:
    """All labels of some tasks, with the task's name where another one has that label, too."""
    times = Counter(value for task in tasks for value in task.values)
    found = []
    for task in tasks:
        helps = {label.value: label.help for label in task.labels}
        for value in task.values:
            name = value if times[value] == 1 else f"{task.id}: {value}"
            found.append(Offer(name, (task.id, value), help=helps.get(value, ""), also=(value,)))
    return tuple(found)


def offered(offer: Offer, marked: bool) -> Row:
    key: Row = [(offer.key, "accent"), (" ", "")] if offer.key else []
    return [
        ("[" if marked else " ", "bold"),
        *key,
        (visible(offer.name), "bold" if marked else ""),
        ("] " if marked else "  ", "bold"),
    ]


def picked_rows(lead: Row, offers: Sequence[Offer], at: int, width: int, free: int) -> list[Row]:
    """A typed line and what it may mean, as far as there is room around the one at `at`; over it the help of that one,
    or all of it on rows of its own where some are free.
    """
    if not offers:
        return [[*lead, ("   nothing is called that", "hint")]]
    if len(offers) > 1 and free >= ROWS_FROM:
        return _columned(lead, offers, at, free)
    more = f"+{len(offers)} more"
    room = max(LEAST, width - cells(lead) - len(more) - 2)
    whole = [offered(offer, number == at) for number, offer in enumerate(offers)]
    # A long one alone is cut before its bracket, and how many more there are is still said
    pieces = [[*clipped(piece[:-1], room - 2), piece[-1]] for piece in whole]
    rows = flowed(enumerate(pieces), room, lambda one: one[1])
    here = next(row for row in rows if at in dict(row))
    left: Row = [(f"+{len(offers) - len(here)} more", "faint")] if len(rows) > 1 else []
    row = [*lead, ("  ", ""), *joined(piece for _, piece in here), *left]
    help = offers[at].help
    return [[(f"{visible(offers[at].name)}: {visible(help)}", "faint")], row] if help and free else [row]


def _columned(lead: Row, offers: Sequence[Offer], at: int, free: int) -> list[Row]:
    # One row stays free under the item
    room = min(free - 1, MOST_ROWS, len(offers))
    first = max(0, min(at - room // 2, len(offers) - room))
    keys = max(len(offer.key) for offer in offers)
    pieces = [
        offered(replace(offer, key=offer.key.ljust(keys)), number == at)
        for number, offer in enumerate(offers[first : first + room], first)
    ]
    left: Row = [(f"   +{len(offers) - room} more", "faint")] if len(offers) > room else []
    return [*_with_help(pieces, offers[first : first + room]), [*lead, *left]]


def _with_help(pieces: Sequence[Row], offers: Sequence[Offer]) -> list[Row]:
    widest = max(map(cells, pieces))
    return [
        [*piece, (" " * (widest - cells(piece)) + visible(offer.help), "faint")]
        for piece, offer in zip(pieces, offers, strict=True)
    ]


def listed_rows(lead: Row, offers: Sequence[Offer], marked: Sequence[bool], width: int, free: int) -> list[Row]:
    """All that is offered, each on a row with its help where so many are free, else side by side."""
    pieces = [offered(offer, given) for offer, given in zip(offers, marked, strict=True)]
    if free >= len(offers) and any(offer.help for offer in offers):
        rows = _with_help(pieces, offers)
    else:
        rows = [joined(row) for row in flowed(pieces, width - cells(lead), lambda piece: piece)]
    return [[*(lead if number == 0 else [(" " * cells(lead), "")]), *row] for number, row in enumerate(rows)]


def found_rows(lead: Row, offers: Sequence[Offer], is_taken: bool, more: int, width: int) -> list[Row]:
    """A typed line with all that it may mean, over it where that is too long; `is_taken`: Enter takes the first one."""
    if not offers:
        return [lead]
    pieces = [offered(offer, is_taken and number == 0) for number, offer in enumerate(offers)]
    pieces += [[(f"+{more} more", "faint")]] if more else []
    rows = [joined(row) for row in flowed(pieces, width, lambda piece: piece)]
    one = [*lead, ("  ", ""), *joined(pieces)]
    return [one] if cells(one) <= width else [*rows, lead]
