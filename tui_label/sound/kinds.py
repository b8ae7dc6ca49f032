"""Which files are sounds, by their names; light enough to be asked by every command."""

from __future__ import annotations

from pathlib import Path

SUFFIXES = frozenset(
    [".wav", ".wave", ".flac", ".ogg", ".oga", ".opus", ".mp3", ".aif", ".aiff", ".aifc", ".sph", ".au", ".snd", ".caf", ".w64", ".rf64"]
)  # fmt: skip
"""libsndfile reads them."""
FFMPEG_SUFFIXES = frozenset(
    [".m4a", ".mp4", ".m4b", ".webm", ".mkv", ".mka", ".mov", ".aac", ".wma", ".3gp", ".amr", ".avi"]
)
"""FFmpeg reads them, through the optional package PyAV."""


def is_sound(path: Path) -> bool:
    return path.suffix.lower() in SUFFIXES | FFMPEG_SUFFIXES
