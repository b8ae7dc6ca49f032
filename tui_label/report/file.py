"""The page as a file: over nothing but an earlier page."""

from __future__ import annotations

from pathlib import Path

from tui_label.errors import UsageError

BEGINNING = b"<!doctype html"


def refuse_to_overwrite(path: Path) -> None:
    """Only an earlier page may be written over."""
    if path.is_dir():
        raise UsageError(f"{path}: is a folder; name a file in it")
    if not path.parent.is_dir():
        raise UsageError(f"{path}: name a file in a folder that is there")
    if path.exists() and not path.is_file():
        raise UsageError(f"{path}: not a file; name one")
    if path.exists() and path.stat().st_size:
        with path.open("rb") as there:
            if not there.read(len(BEGINNING)).lower().startswith(BEGINNING):
                raise UsageError(f"{path}: is there and is no page; choose another name")
