"""What is held to be the right answer about an item: who says so, by which rule, and from what."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

SETTLED, ACCEPTED, AUTO, GIVEN, WITHDRAWN = "settled", "accepted", "auto", "given", "withdrawn"
KNOWN_BY = "gold"
"""Whose known answers are where a file does not say."""
OUTCOMES = (SETTLED, ACCEPTED, AUTO, GIVEN, WITHDRAWN)
PROBES = ("check", "qualification")
"""What items with a known answer are for: mixed in unmarked, or asked before real ones."""


@dataclass(frozen=True, slots=True)
class Gold:
    """One revision of an item's gold answer.  It stands beside the annotators' answers and changes none.

    `settled`: taken together or edited by a reviewer; `accepted`: one annotator's answer as it
    stands; `auto`: by a stated rule; `given`: known before anybody was asked (`add --gold`);
    `withdrawn`: the revision before was taken back, and the item has no gold answer.
    """

    reviewer: str
    answers: Mapping[str, Any] = field(default_factory=dict)
    """By task id, in the JSON shape of an annotation."""
    outcome: str = SETTLED
    rule: str = ""
    """The rule of an `auto` one, in words, such as `all 3 agree`."""
    sources: Mapping[str, int] = field(default_factory=dict)
    """Annotator → revision: the answers it was made with."""
    origin: Mapping[str, list[str]] = field(default_factory=dict)
    """As in an annotation, but each entry names who said that part (`ann+bob`), or `reviewer`."""
    example: bool = False
    """Whether it is worth a place in the guidelines."""
    at: str = ""
    """UTC, ISO 8601."""
    active_ms: int = 0
    labels_version: int = 0
    guidelines_version: int = 0
    revision: int = 0

    @property
    def stands(self) -> bool:
        return self.outcome != WITHDRAWN
