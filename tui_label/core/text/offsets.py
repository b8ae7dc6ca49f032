"""Offsets of others, who count UTF-16 units where we count code points."""

from __future__ import annotations


def code_points(text: str, start: int, end: int, covered: str) -> tuple[int, int] | None:
    """Where `covered` is: at these offsets as code points, else as UTF-16 units; None where it is at neither."""
    if 0 <= start < end <= len(text) and text[start:end] == covered:
        return start, end
    wide = text.encode("utf-16-le", "surrogatepass")
    if not 0 <= start < end or wide[start * 2 : end * 2].decode("utf-16-le", "replace") != covered:
        return None
    at = len(wide[: start * 2].decode("utf-16-le", "surrogatepass"))
    return at, at + len(covered)
