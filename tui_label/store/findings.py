"""What is looked at for `check` on either engine."""

from __future__ import annotations

from tui_label.core.text import number_of
from tui_label.errors import StoreError
from tui_label.store.base import Finding
from tui_label.store.engine import Connection
from tui_label.store.rows import key_from


def textless(connection: Connection) -> list[Finding]:
    """About items of which nothing is there but their place in the queue."""
    gone = "FROM item WHERE NOT EXISTS (SELECT 1 FROM content WHERE content.item = item.number)"
    ((count, first),) = connection.read(f"SELECT count(*), min(key) {gone}")
    if not count:
        return []
    words = f"no text: {number_of(count, 'item')} ({key_from(first)}{' …' * (count > 1)}); restore the last backup"
    return [(False, words)]


def writing(connection: Connection) -> Finding:
    """Whether it takes anything, found by a write that changes nothing."""
    try:
        connection.write(lambda execute: execute("UPDATE counter SET value = value WHERE name = 'items'"))
    except StoreError as error:
        return False, f"writing: {error}"
    return True, "writing: works"
