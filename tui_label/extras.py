"""Libraries that not everybody needs: imported where they are used, each brought by an extra of tui-label."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from tui_label.errors import LabelError


def needed(module: str, extra: str, name: str) -> Any:
    """A module; raises LabelError, which says what to install, where the library called `name` is missing."""
    try:
        return import_module(module)
    except ImportError as error:
        raise LabelError(f"{name} is not installed: `pip install 'tui-label[{extra}]'`") from error
