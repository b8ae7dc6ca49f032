"""Between files and the store: what of a file's records this project takes, and as what.

Answers from elsewhere come with numbers that mean something elsewhere only.  An
answer is checked against today's labels, so it counts as given under those; which of our
guidelines it was given under nobody knows, so the number of elsewhere is left out (0).
Of several revisions of an annotator's answer the latest comes in, and an answer that was taken
back or skipped does not: so the same file once more adds nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import chain

from tui_label.core.annotation import DRAFT, SKIPPED, SUBMITTED, UNDONE, Annotation
from tui_label.core.item import Item
from tui_label.core.record import Record
from tui_label.store.base import Store, Versions

Content = tuple[object, ...]


@dataclass(frozen=True, slots=True)
class Arrivals:
    """Records for the store, and what was not taken along."""

    records: list[Record]
    items: int
    """How often an item came: an item that several annotators answered came once."""
    superseded: int = 0
    """Earlier revisions of answers that are here too."""
    skipped: int = 0
    """Items that an annotator skipped: they come in as items to label."""
    undone: int = 0
    """Answers that were taken back."""


def arrivals(records: Iterable[Record], versions: Versions) -> Arrivals:
    """The latest revision of each annotator's answer about each item, in the order of the first one."""
    kept: list[Record] = []
    places: dict[tuple[str, str], int] = {}
    superseded = 0
    for record in records:
        said = record.annotation
        if said is None or said.status == DRAFT:
            kept.append(replace(record, annotation=None) if said else record)
            continue
        place = places.setdefault((record.item.key, said.annotator), len(kept))
        # Where the contents differ the store says so, with the key
        if place == len(kept) or _content(kept[place].item) != _content(record.item):
            kept.append(record)
            continue
        superseded += 1
        before = kept[place].annotation
        assert before is not None
        if _age(said) >= _age(before):
            kept[place] = record
    plain = [record.item.key for record in kept if record.annotation is None]
    answered = {record.item.key for record in kept if record.annotation is not None}
    statuses = [record.annotation.status for record in kept if record.annotation]
    return Arrivals(
        [_ours(record, versions) for record in kept],
        len(plain) + len(answered.difference(plain)),
        superseded,
        statuses.count(SKIPPED),
        statuses.count(UNDONE),
    )


def _age(said: Annotation) -> tuple[int, str]:
    return said.revision, said.submitted_at


def _content(item: Item) -> Content:
    """What makes two items the same one, whatever their ids."""
    return item.text, item.candidates, item.sound.content if item.sound else None


def _ours(record: Record, versions: Versions) -> Record:
    said, gold = record.annotation, record.gold
    if gold is not None:
        gold = replace(gold, labels_version=versions.labels, guidelines_version=0)
    if said is not None:
        finished = said.status == SUBMITTED
        said = replace(said, labels_version=versions.labels, guidelines_version=0, revision=0) if finished else None
    return replace(record, annotation=said, gold=gold)


def recognised(records: list[Record], store: Store) -> Iterator[Record]:
    """Known answers about items that are here under another id, for those items.

    The first of several known answers about a content is for the first such item, and so on.
    """
    strange = {key for key in {one.item.key for one in records if one.gold} if store.find_item(key) is None}
    waiting: dict[Content, dict[str, Item]] = {_content(one.item): {} for one in records if one.item.key in strange}
    if waiting:
        # What has a known answer and no other is among both
        for item in chain((item for item, _ in store.unanswered()), (one.item for one in store.testimonies())):
            if _content(item) in waiting:
                waiting[_content(item)][item.key] = item
    for record in records:
        here = waiting.get(_content(record.item)) if record.gold and record.item.key in strange else None
        yield replace(record, item=here.pop(min(here))) if here else record
