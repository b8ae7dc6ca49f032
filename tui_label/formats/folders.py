"""Whose answers a file has, by the folder it lies in: tools keep one for each annotator of the same documents."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

from tui_label.formats.named import key_of
from tui_label.formats.source import Reading


def annotator_of(reading: Reading, text: Callable[[Path], bytes]) -> str:
    """The name of the folder a document lies in, where one beside it has documents of the same name and `text`.

    Empty: there is none.  Folders beside the one that was named do not count: they may be copies of it.
    """
    folder = reading.path.parent
    if reading.folder is None or not folder.parent.is_relative_to(reading.folder):
        return ""
    suffix = reading.path.suffix
    own = _documents(folder, suffix)
    for other in sorted(folder.parent.iterdir()):
        shared = own & _documents(other, suffix) if other != folder else None
        if shared and text(folder / min(shared)) == text(other / min(shared)):
            return key_of(folder.name)
    return ""


def _documents(folder: Path, suffix: str) -> frozenset[str]:
    try:
        return _listed(folder, suffix, folder.stat().st_mtime_ns)
    except OSError:
        # No folder, or one that is not for whoever reads
        return frozenset()


@lru_cache(maxsize=256)
def _listed(folder: Path, suffix: str, changed: int) -> frozenset[str]:
    """Read once for all documents of a folder, and again when its time `changed`."""
    return frozenset(one.name for one in folder.iterdir() if one.suffix == suffix)
