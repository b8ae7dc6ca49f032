"""Times of a sound as they are written and typed."""

from __future__ import annotations

import re

_TYPED = re.compile(r"(?:(?:(?P<hours>\d+):)?(?P<minutes>\d+):)?(?P<seconds>\d+(?:[.,]\d*)?|[.,]\d+)")


def clock(seconds: float, decimals: int = 1) -> str:
    """`03:07.2`, and hours where there are any; rounded to so many decimals."""
    units = round(seconds * 10**decimals)
    minutes, rest = divmod(units, 60 * 10**decimals)
    hours, minutes = divmod(minutes, 60)
    tail = f"{minutes:02}:{rest / 10**decimals:0{3 + decimals}.{decimals}f}"
    return f"{hours}:{tail}" if hours else tail


def seconds_of(typed: str) -> float | None:
    """Seconds of `8:30`, `1:02:03.5` or `510.5`; None where that is no time."""
    found = _TYPED.fullmatch(typed.strip())
    if found is None:
        return None
    return int(found["hours"] or 0) * 3600 + int(found["minutes"] or 0) * 60 + float(found["seconds"].replace(",", "."))
