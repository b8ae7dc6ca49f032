"""Recordings that libsndfile knows: WAV, FLAC, OGG, Opus, MP3, AIFF, SPHERE and more."""

from __future__ import annotations

import math
import os
import re
from pathlib import Path

import numpy as np
import soundfile

from tui_label.sound.recording import WARM_UP, Facts, Recording
from tui_label.sound.stretch import Samples

_SHORT = re.compile(r"\b(?:data|SSND|riff|Data Size)\s*: (\d+) \(should be (\d+)\)")
"""What libsndfile's log says of a file that ends before its header says so: bytes."""
_SHORT_FRAMES = re.compile(r"frame count (\d+) does not match value from 'ds64' chunk of (\d+)")
_SPHERE_FRAMES = re.compile(rb"\nsample_count -i (\d+)\n")
_STREAMED = 0x7FFF_0000
"""Sizes from here on are written by programs that could not go back to the header."""
_OGG_TAIL = 1 << 17
"""Two of the longest Ogg pages."""
_DAMAGED = -1
"""Where a file stands that could not be read: libsndfile reads nothing more of it, what lies behind the damage neither."""
_PASSED = 1 << 20
"""Frames that are read at a time on the way to a place."""


class _Straight(soundfile.SoundFile):  # type: ignore[misc]
    def seekable(self) -> bool:
        # Else each `read` ends with a seek, after which an MP3 begins anew and clicks
        return False


class Sndfile(Recording):
    """Raises soundfile.LibsndfileError where libsndfile cannot read the file."""

    def __init__(self, path: Path, head: bytes) -> None:
        # As bytes: a name need not be UTF-8
        self._path = os.fsencode(path)
        self._file = _Straight(self._path)
        self._at = 0
        self.facts = Facts(self._file.samplerate, self._file.channels, self._file.frames)
        kind = self._file.subtype
        self._warm_up = WARM_UP if kind in ("VORBIS", "OPUS") or kind.startswith("MPEG") else 0
        self._floats = kind in ("FLOAT", "DOUBLE")
        # What telephones wrote, GSM 6.10 and G.72x, libsndfile reads from its start on alone
        self._jumps = soundfile.SoundFile.seekable(self._file)
        if self._file.format == "OGG":
            self.missing = math.inf if _ogg_breaks_off(path) else 0
        else:
            self.missing = self._missing(head)

    def _missing(self, head: bytes) -> float:
        facts = self.facts
        if found := _SHORT.search(self._file.extra_info):
            said, there = int(found[1]), int(found[2])
            if said >= _STREAMED:
                return 0
            return (said / there - 1) * facts.seconds if facts.frames else math.inf
        if found := _SHORT_FRAMES.search(self._file.extra_info):
            return (int(found[2]) - int(found[1])) / facts.rate
        sphere = _SPHERE_FRAMES.search(head) if self._file.format == "NIST" else None
        return (int(sphere[1]) - facts.frames) / facts.rate if sphere else 0

    def read(self, start: int, count: int) -> Samples:
        if start >= self.facts.frames:
            return np.zeros((0, self.facts.channels), np.float32)
        try:
            if self._at != start:
                self._go_to(start)
            found: Samples = self._file.read(min(count, self.facts.frames - start), dtype="float32", always_2d=True)
            self._at = start + len(found)
        except soundfile.LibsndfileError:
            self._at = _DAMAGED
            return np.zeros((0, self.facts.channels), np.float32)
        return np.nan_to_num(found, copy=False, nan=0, posinf=1, neginf=-1) if self._floats else found

    def _go_to(self, start: int) -> None:
        if self._at == _DAMAGED or (start < self._at and not self._jumps):
            self._file.close()
            self._file, self._at = _Straight(self._path), 0
        if self._jumps:
            if self._at < self._warm_up:
                # From within the first packet of Vorbis libsndfile 1.2.2 jumps to some 10 ms before the place
                self._file.seek(0)
            before = min(start, self._warm_up)
            self._file.seek(start - before)
            self._file.read(before, dtype="float32")
            return
        while self._at < start and (passed := len(self._file.read(min(start - self._at, _PASSED), dtype="float32"))):
            self._at += passed

    def close(self) -> None:
        self._file.close()


def _ogg_breaks_off(path: Path) -> bool:
    """Whether the file ends within a page: Ogg does not say how long it is, but each page does."""
    with path.open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(max(0, size - _OGG_TAIL))
        tail = file.read()
    page = tail[max(0, tail.rfind(b"OggS\0")) :]
    segments = page[27 : 27 + page[26]] if len(page) > 26 else b""
    return len(page) < 27 or len(page) < 27 + page[26] + sum(segments)
