"""Items out, by number, with what is suggested about them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from tui_label.core.item import Item, Suggestion
from tui_label.store.engine import Connection, Read, marks
from tui_label.store.rows import ITEM, item_from, suggestion_from

PAGE = 1000
"""Items at a time: a reader that holds one long snapshot makes everybody's writes slower."""
ORDINARY = "probe IN ('', 'check')"
"""A condition: those that all others see; a known answer must look like all of them."""
UNANSWERED = "probe = '' AND done = 0"


def paged_items(read: Read, which: str) -> Iterator[list[Any]]:
    """The number and the columns ITEM of each item that is `which`, a condition."""
    last = 0
    while rows := read(
        f"""SELECT item.number, {ITEM} FROM item JOIN content ON content.item = item.number
            WHERE item.number > ? AND ({which}) ORDER BY item.number LIMIT {PAGE}""",
        (last,),
    ):
        yield rows
        last = rows[-1][0]


def askable(connection: Connection, answered: bool) -> Iterator[tuple[int, Item]]:
    for page in paged_items(connection.read, ORDINARY if answered else f"{UNANSWERED} OR probe = 'check'"):
        for row in page:
            yield row[0], item_from(row[1:])


def with_suggestions(connection: Connection, which: str) -> Iterator[tuple[Item, tuple[Suggestion, ...]]]:
    for page in paged_items(connection.read, which):
        numbers = [row[0] for row in page]
        suggested: dict[int, list[Suggestion]] = defaultdict(list)
        for item, *row in connection.read(
            f"""SELECT item, number, task, value, score, source FROM suggestion
                WHERE item IN ({marks(numbers)}) AND withdrawn = 0 ORDER BY item, number""",
            numbers,
        ):
            suggested[item].append(suggestion_from(tuple(row)))
        for row in page:
            yield item_from(row[1:]), tuple(suggested[row[0]])
