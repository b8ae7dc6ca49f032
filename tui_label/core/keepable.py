"""What a database and every other program can keep: JSON without NaN, text without half characters."""

from __future__ import annotations

import re
from math import isfinite
from typing import Any

DEEPEST = 100
"""Lists and objects in each other; SQLite and other programs give up far beyond."""
MOST = 2**53
"""Whole numbers below this are the same in every program."""

UNSTORABLE = re.compile("[\ud800-\udfff\x00]")
"""What no engine's text can hold, or not every one's: lone surrogates and NUL."""


class TooDeep(ValueError):
    """More than DEEPEST lists and objects in each other."""


def is_json(value: Any, deepest: int = DEEPEST) -> bool:
    """Whether `value` is JSON for everybody; Python's own reads and writes more."""
    if isinstance(value, float):
        return isfinite(value)
    if isinstance(value, dict | list | tuple):
        parts = value.values() if isinstance(value, dict) else value
        return deepest > 0 and all(is_json(one, deepest - 1) for one in parts)
    return True


def with_nulls(value: Any, deepest: int = DEEPEST) -> Any:
    """`value` with null for each number that JSON has none for (NaN, infinities), as pandas and browsers write them.

    Raises TooDeep.
    """
    if isinstance(value, float):
        return value if isfinite(value) else None
    if not isinstance(value, dict | list | tuple):
        return value
    if not deepest:
        raise TooDeep("is nested too deeply")
    if isinstance(value, dict):
        return {name: with_nulls(one, deepest - 1) for name, one in value.items()}
    return [with_nulls(one, deepest - 1) for one in value]


def is_text(text: str) -> bool:
    """Whether every engine holds it: without NUL and half characters (lone surrogates)."""
    # Python knows at once whether a text is ASCII
    return "\x00" not in text and (text.isascii() or UNSTORABLE.search(text) is None)


def is_amount(value: object) -> bool:
    """Whether it is a number from 0 on that every program reads."""
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < MOST
