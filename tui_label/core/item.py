"""What a question is asked about, and what a machine already said about it."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from numbers import Real
from typing import Any

from tui_label.core.text import letters


@dataclass(frozen=True, slots=True)
class Sound:
    """A recording, or a stretch of one.  Times of answers count from `offset`."""

    path: str
    """Relative to the project's folder, so that both can be moved; absolute where it was given so."""
    duration: float
    """Seconds of the stretch."""
    offset: float = 0.0
    """Seconds into the file."""
    rate: int = 0
    """Frames a second."""
    channels: int = 1
    hash: str = ""
    """SHA-256 of the file's bytes, the first 32 hex digits."""

    @property
    def content(self) -> tuple[str, float, float]:
        """What makes it this sound, wherever its file lies."""
        return self.hash, round(self.offset, 3), round(self.duration, 3)


@dataclass(frozen=True, slots=True)
class Item:
    """One thing to label.

    `text` is exact: never trimmed, never normalised; every offset in the program
    is a Unicode code point of it.  `candidates` are the texts of a compare task,
    named A, B, C … in this order.
    """

    key: str
    text: str = ""
    candidates: tuple[str, ...] = ()
    meta: Mapping[str, Any] = field(default_factory=dict)
    sound: Sound | None = None


def is_score(score: object) -> bool:
    """Whether a machine may be so sure: by any finite number that a float can hold, numpy's too; JSON has no others."""
    try:
        return isinstance(score, Real) and not isinstance(score, bool) and math.isfinite(score)
    except OverflowError:
        return False


def content_key(text: str, candidates: tuple[str, ...] = (), occurrence: int = 1, sound: Sound | None = None) -> str:
    """The key of an item that came without an id: a hash of its content.

    `occurrence` counts equal items within one file, so that twins in a file stay
    twins, and the same file brought in again brings nothing new.
    """
    # surrogatepass: JSON may smuggle lone surrogates in, and they are content too
    content = json.dumps([text, *candidates, *(sound.content if sound else ())]).encode("utf-8", "surrogatepass")
    digest = hashlib.sha256(content).hexdigest()[:16]
    return f"~{digest}" if occurrence == 1 else f"~{digest}-{occurrence}"


def candidate_names(item: Item) -> tuple[str, ...]:
    """`("A", "B", …)`, one letter for each candidate."""
    return letters(len(item.candidates))


@dataclass(frozen=True, slots=True)
class Suggestion:
    """What some source (a model, a pattern, an earlier file) would answer to one task.

    For a spans task it is one span; elsewhere the whole value.  `value` is in the
    JSON shape of the task.  `number` is the store's own and 0 before it is stored.
    """

    task: str
    value: Any
    score: float | None = None
    source: str = "input"
    number: int = 0
