"""One settled item as an export has it: an annotation of nobody in particular, with the word of how it was settled.

Every writer takes it like an annotator's answer; JSON Lines carry the provenance too.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tui_label.core.annotation import Annotation
from tui_label.core.gold import KNOWN_BY, SETTLED
from tui_label.core.item import Item

_NOTHING = Item("")


@dataclass(frozen=True, slots=True)
class SettledAnswer(Annotation):
    """`origin` names who said each part (`ann+bob`), `submitted_at` is when a reviewer settled it."""

    settlement: Mapping[str, Any] = field(default_factory=dict)
    """`by` (`reviewer` or `rule`), and as they apply `outcome`, `rule`, `reviewer`, `at`, `support` (for each
    task the share of its answers that agree), `example`.
    """
    versions: tuple[Annotation, ...] = ()
    """What each annotator said."""
    example: bool = False
    """Whether it is worth a place in the guidelines."""

    def record(self, item: Item) -> dict[str, Any]:
        """The export object of `export --settled`."""
        # Not super(): a dataclass with slots is another class than the one this body was written in
        record = Annotation.record(self, item)
        return record | {"settled": dict(self.settlement), "versions": [_version(one) for one in self.versions]}


def settled_answer(
    answers: Mapping[str, Any],
    origin: Mapping[str, list[str]],
    at: str,
    settlement: Mapping[str, Any],
    versions: tuple[Annotation, ...],
    example: bool = False,
) -> SettledAnswer:
    return SettledAnswer(
        KNOWN_BY,
        SETTLED,
        answers,
        origin=origin,
        submitted_at=at,
        settlement=settlement,
        versions=versions,
        example=example,
    )


def _version(said: Annotation) -> dict[str, Any]:
    """A version without what it shares with the others: the item and the status."""
    record = said.record(_NOTHING)
    return {name: value for name, value in record.items() if name not in ("item", "text", "status")}
