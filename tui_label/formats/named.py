"""Files that are named after items and annotators, whose names may be anything."""

from __future__ import annotations

from hashlib import sha256
from urllib.parse import quote, unquote

from tui_label.formats.outgoing import Dropped, count

LONGEST = 200
"""Bytes that a name may have with every file system, an ending left over."""


def file_name(name: str, dropped: Dropped) -> str:
    """A name that any file system takes; `key_of` gives back what it stands for."""
    made = quote(name, safe=" ~()@+,", errors="backslashreplace")
    made = made.replace(" ", "%20") if made != made.strip() else made
    made = f"%2E{made[1:]}" if made.startswith(".") else made
    if len(made) <= LONGEST and made:
        return made
    count(dropped, "names too long for files", bool(made))
    return sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:16] if made else "_"


def key_of(name: str) -> str:
    """What a file's name, without the ending, stands for: names that `file_name` could not have made stay."""
    found = unquote(name)
    return found if file_name(found, {}) == name else name
