"""A terminal interface for fast, keyboard-driven labeling of text and audio.

From Python: `Project` opens one, the other names are the values in it; `convert` needs none, and
`check`, `backup`, `repair` and `move` take the folder of one.  Nothing of them is loaded
before it is asked for.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tui_label.api import Project
    from tui_label.core.annotation import Annotation, Flag
    from tui_label.core.gold import Gold
    from tui_label.core.item import Item, Suggestion
    from tui_label.core.record import Record
    from tui_label.projects.care import backup, check, repair
    from tui_label.projects.converting import convert
    from tui_label.projects.moving import move

__version__ = "0.1.0"
__all__ = [
    "Annotation", "Flag", "Gold", "Item", "Project", "Record", "Suggestion", "backup", "check", "convert", "move", "repair",
]  # fmt: skip

_HOMES = {"Project": "api", "Annotation": "core.annotation", "Flag": "core.annotation", "Gold": "core.gold"} | {
    "Item": "core.item", "Suggestion": "core.item", "Record": "core.record", "convert": "projects.converting",
    "backup": "projects.care", "check": "projects.care", "repair": "projects.care", "move": "projects.moving",
}  # fmt: skip


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
