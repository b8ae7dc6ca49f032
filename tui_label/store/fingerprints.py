"""What everybody's revisions come to in a few words, so that a later look can tell whether one is gone or changed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from hashlib import sha256
from typing import Any

from tui_label.store.base import Fingerprint
from tui_label.store.engine import Connection
from tui_label.store.evidence import pages

SIZE = 1 << 256
"""Digests are added up below it, so that the order of rows does not count."""


def digest(row: tuple[Any, ...]) -> int:
    """Another number for another row."""
    return int.from_bytes(sha256(repr(row).encode()).digest(), "big")


class _Sum:
    """Adds rows up in any order."""

    def __init__(self) -> None:
        self.turn = self.revisions = self.total = 0

    def add(self, turn: int, value: int) -> None:
        self.turn = max(self.turn, turn)
        self.revisions += 1
        self.total = (self.total + value) % SIZE

    @property
    def fingerprint(self) -> Fingerprint:
        return Fingerprint(self.turn, self.revisions, f"{self.total:064x}")


def fingerprints(connection: Connection, upto: Mapping[str, int]) -> Mapping[str, tuple[Fingerprint, Fingerprint]]:
    # What is saved meanwhile is left out: some of it would be on pages that were read already
    ends = dict(connection.read("SELECT name, turn FROM tally JOIN annotator ON annotator.id = tally.annotator"))
    found: dict[str, tuple[_Sum, _Sum]] = defaultdict(lambda: (_Sum(), _Sum()))
    for page in pages(connection):
        for row in connection.read(
            """SELECT annotator.name, annotation.turn, item.key, annotation.revision, annotation.status,
                 annotation.answers, annotation.origin, annotation.flags, annotation.started_at,
                 annotation.submitted_at, annotation.active_ms, annotation.save_id
               FROM annotation JOIN annotator ON annotator.id = annotation.annotator
               JOIN item ON item.number = annotation.item WHERE annotation.item BETWEEN ? AND ?""",
            page,
        ):
            name, turn = row[:2]
            if turn > ends.get(name, 0):
                continue
            value = digest(tuple(row))
            before, everything = found[name]
            everything.add(turn, value)
            if turn <= upto.get(name, 0):
                before.add(turn, value)
    return {name: (before.fingerprint, everything.fingerprint) for name, (before, everything) in found.items()}
