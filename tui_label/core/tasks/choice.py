"""One label out of several."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from tui_label.core.item import Item
from tui_label.core.tasks.base import Task


@dataclass(frozen=True)
class Choice(Task):
    """The value is the label, a `str`."""

    kind: ClassVar[str] = "choice"

    @property
    def one_key(self) -> bool:
        return True

    def check(self, value: Any, item: Item) -> str:
        if not isinstance(value, str):
            return f"must be one label, not {value!r}"
        if value not in self.values:
            return self.unknown(value)
        return ""
