"""What sources suggest about one item as an export has it: a row beside those of its answers, an annotation of nobody."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from tui_label.core.annotation import Annotation, item_record
from tui_label.core.item import Item, Suggestion

OFFERED = "offered"


@dataclass(frozen=True, slots=True)
class Offer(Annotation):
    suggestions: tuple[Suggestion, ...] = ()

    def record(self, item: Item) -> dict[str, Any]:
        """The object that `add` takes back: an item with suggestions."""
        return item_record(item) | {"suggestions": [_suggestion(one) for one in self.suggestions]}


def offer(suggestions: tuple[Suggestion, ...]) -> Offer:
    return Offer("", OFFERED, suggestions=suggestions)


def with_offers(
    answers: Iterable[tuple[Item, Annotation]], offers: Iterable[tuple[Item, tuple[Suggestion, ...]]]
) -> Iterator[tuple[Item, Annotation]]:
    """Rows of answers, each item's after what is suggested about it; `offers` has all items in the order of the answers."""
    rows = iter(answers)
    row = next(rows, None)
    for item, suggestions in offers:
        if suggestions:
            yield item, offer(suggestions)
        while row is not None and row[0].key == item.key:
            yield row
            row = next(rows, None)
    # What came in meanwhile
    if row is not None:
        yield row
        yield from rows


def _suggestion(one: Suggestion) -> dict[str, Any]:
    score = {} if one.score is None else {"score": one.score}
    return {"task": one.task, "value": one.value, **score, "source": one.source}
