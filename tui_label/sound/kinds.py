"""Which files are sounds, by their names, and which names are URLs, what an item is called; light enough to be asked by every command."""

from __future__ import annotations

import re
from pathlib import Path

from tui_label.core.item import Item
from tui_label.core.text import visible

SUFFIXES = frozenset(
    [".wav", ".wave", ".flac", ".ogg", ".oga", ".opus", ".mp3", ".aif", ".aiff", ".aifc", ".sph", ".au", ".snd", ".caf", ".w64", ".rf64"]
)  # fmt: skip
"""libsndfile reads them."""
FFMPEG_SUFFIXES = frozenset(
    [".m4a", ".mp4", ".m4b", ".webm", ".mkv", ".mka", ".mov", ".aac", ".wma", ".3gp", ".amr", ".avi"]
)
"""FFmpeg reads them, through the optional package PyAV."""

BEGINNING = 60
"""Characters of a text that it is told by."""
URL = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://")


def is_sound(path: Path) -> bool:
    return path.suffix.lower() in SUFFIXES | FFMPEG_SUFFIXES


def is_url(path: str) -> bool:
    return URL.match(path) is not None


def shown(path: str) -> str:
    """For a message: a URL without what is secret in links that were signed."""
    return visible(re.split(r"[?#]", path)[0] if is_url(path) else path)


def called(item: Item) -> str:
    """What people know an item by: its id, or where it came without one its file's name, or how its text begins."""
    if not item.key.startswith("~"):
        return visible(item.key)
    if item.sound is None:
        return visible((item.text or "".join(item.candidates[:1]))[:BEGINNING])
    path = shown(item.sound.path)
    return path.rpartition("/")[2] if path.startswith("/") or is_url(path) else path
