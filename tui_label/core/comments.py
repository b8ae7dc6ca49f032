"""What annotators and reviewers say to each other about an item."""

from __future__ import annotations

from dataclasses import dataclass

COMMENT, QUESTION, RETURN, CORRECTION = "comment", "question", "return", "correction"
KINDS = (COMMENT, QUESTION, RETURN, CORRECTION)


@dataclass(frozen=True, slots=True)
class Comment:
    """A few words on one item.

    `comment`: from either side; `question`: an annotator asks; `return`: why a reviewer sent the
    answer back; `correction`: what a reviewer changed in the gold answer, and why.
    """

    author: str
    text: str
    kind: str = COMMENT
    to: str = ""
    """The annotator it is for; empty: whoever reviews."""
    at: str = ""
    """UTC, ISO 8601; the store's clock where empty."""
    read: bool = False
    """Whether the one it is for has seen it."""
    number: int = 0
    """The store's own; 0 before it is stored."""
    open: bool = False
    """Whether it is a question that waits for an answer."""
