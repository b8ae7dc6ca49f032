"""Times as they are written: of the calendar for programs, of a sound for people, who also type them."""

from __future__ import annotations

import re
from datetime import UTC, datetime

_TYPED = re.compile(r"(?:(?:(?P<hours>\d{1,9}):)?(?P<minutes>\d{1,9}):)?(?P<seconds>\d{1,9}(?:[.,]\d*)?|[.,]\d+)")
"""A key that is held makes longer numbers, which are no time of anything."""


def utc(moment: datetime | float) -> str:
    """ISO 8601 in UTC to the millisecond, as times are kept and exported; a number is milliseconds since 1970."""
    if not isinstance(moment, datetime):
        moment = datetime.fromtimestamp(moment / 1000, UTC)
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def clock(seconds: float, decimals: int = 1, of: float = 0.0) -> str:
    """`03:07.2`, and hours where there are any, or in the whole `of` which it is a moment of.

    Rounded to so many decimals from the milliseconds that are kept, halves up: so a time reads the same everywhere.
    """
    units = _units(seconds, decimals)
    minutes, rest = divmod(units, 60 * 10**decimals)
    hours, minutes = divmod(minutes, 60)
    tail = f"{minutes:02}:{rest / 10**decimals:0{3 + decimals}.{decimals}f}"
    return f"{hours}:{tail}" if max(units, _units(of, decimals)) >= 3600 * 10**decimals else tail


def _units(seconds: float, decimals: int) -> int:
    unit = (1000, 100, 10, 1)[decimals]
    return (round(seconds * 1000) + unit // 2) // unit


def edges(start: float, end: float, of: float = 0.0) -> str:
    """`00:02.004–00:03.996`: a segment's, to the millisecond, as they are kept."""
    return f"{clock(start, 3, of)}–{clock(end, 3, of)}"


def seconds_of(typed: str) -> float | None:
    """Seconds of `8:30`, `1:02:03.5` or `510.5`; None where that is no time."""
    found = _TYPED.fullmatch(typed.strip())
    if found is None:
        return None
    return int(found["hours"] or 0) * 3600 + int(found["minutes"] or 0) * 60 + float(found["seconds"].replace(",", "."))
