"""Recordings as frames: what a file holds, and any stretch of it.

libsndfile (soundfile) reads WAV, FLAC, OGG, Opus, MP3, AIFF, SPHERE and more; what it does
not know (m4a, mp4, webm …) goes to FFmpeg through the optional package PyAV.  Either way
a stretch holds the same sound however it was got to, and no sample is NaN.
"""

from __future__ import annotations

import hashlib
import math
import os
import re
from pathlib import Path

import numpy as np
import soundfile

from tui_label.core.text import visible
from tui_label.errors import InputError
from tui_label.sound.ffmpeg import Ffmpeg
from tui_label.sound.kinds import FFMPEG_SUFFIXES
from tui_label.sound.recording import LACK_S, WARM_UP, Facts, Recording
from tui_label.sound.stretch import Samples

NEEDS_AV = "needs FFmpeg to be read: `pip install 'tui-label[video]'`"
HASH_CHUNK = 1 << 20
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


def probe(path: Path) -> Facts:
    """The facts of a file whose last frames can be read; raises InputError that says what is wrong."""
    name = visible(str(path))
    if not path.is_file():
        kind = "a folder" if path.is_dir() else "no ordinary file"
        raise InputError(f"{name}: {f'is {kind}' if path.exists() else 'no such file'}")
    if not path.stat().st_size:
        raise InputError(f"{name}: empty file (0 bytes)")
    with open_recording(path) as recording:
        facts = recording.facts
        if recording.missing > LACK_S:
            raise InputError(f"{name}: truncated: only {facts.seconds:.1f} s of it are there; get a whole copy")
        if not facts.frames:
            raise InputError(f"{name}: no sound in it (0 seconds)")
        tail = min(facts.frames, facts.rate // 10 or 1)
        if len(recording.read(facts.frames - tail, tail)) < tail * 0.9:
            raise InputError(f"{name}: truncated: its {facts.seconds:.1f} s break off before the end; get a whole copy")
    return facts


def fingerprint(path: Path) -> str:
    """SHA-256 of the file's bytes, the first 32 hex digits."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(HASH_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()[:32]


def open_recording(path: Path) -> Recording:
    """Raises InputError where nothing here can read it."""
    name = visible(str(path))
    try:
        with path.open("rb") as file:
            head = file.read(1024)
        if not _guesses_its_length(path):
            return _SoundFile(path, head)
        kind = "an MP3 of varying bit rate that does not say its length"
    except OSError as error:
        raise InputError(f"{name}: {error.strerror}") from error
    except soundfile.LibsndfileError as error:
        if path.suffix.lower() not in FFMPEG_SUFFIXES:
            raise InputError(f"{name}: not a recording that can be read: {_reason(error)}") from error
        kind = path.suffix.lower()[1:]
    try:
        import av
    except ImportError as error:
        raise InputError(f"{name}: {kind} {NEEDS_AV}") from error
    try:
        return Ffmpeg(path, av, head)
    except (av.FFmpegError, ValueError) as error:
        why = visible(str(getattr(error, "strerror", error)))
        raise InputError(f"{name}: not a recording that can be read, or cut short: {why}") from error


def _guesses_its_length(path: Path) -> bool:
    """Whether libsndfile would take the bit rate at the begin of an MP3 for that of all of it."""
    with path.open("rb") as file:
        head = file.read(10)
        if head[:3] == b"ID3" and len(head) == 10:
            file.seek(10 + sum(part << 7 * n for n, part in enumerate(reversed(head[6:10]))))
        else:
            file.seek(0)
        data = file.read(1 << 17)
    if any(mark in data[:256] for mark in (b"Xing", b"Info", b"VBRI")):
        return False
    rates, at = set(), 0
    while (found := _mp3_frame(data[at : at + 4])) is not None:
        rates.add(found[0])
        at += found[1]
    return len(rates) > 1


def _mp3_frame(head: bytes) -> tuple[int, int] | None:
    """Bit rate and bytes of a frame of MPEG 1 or 2, layer 3."""
    if len(head) < 4 or head[0] != 0xFF or head[1] & 0xE6 != 0xE2 or head[2] >> 4 in (0, 15) or head[2] & 12 == 12:
        return None
    version = head[1] >> 3 & 3  # 3: MPEG 1, 2: MPEG 2, 0: MPEG 2.5
    steps = (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320)
    if version != 3:
        steps = (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160)
    bits = steps[(head[2] >> 4) - 1] * 1000
    rate = (44100, 48000, 32000)[head[2] >> 2 & 3] // {3: 1, 2: 2}.get(version, 4)
    return bits, (144 if version == 3 else 72) * bits // rate + (head[2] >> 1 & 1)


def _reason(error: soundfile.LibsndfileError) -> str:
    words = visible(str(error.error_string).rstrip("."))
    # That is how libsndfile puts it when its MP3 decoder finds nothing to decode
    return "broken off or damaged" if "does not exist" in words else words


class _Straight(soundfile.SoundFile):  # type: ignore[misc]
    def seekable(self) -> bool:
        # Else each `read` ends with a seek, after which an MP3 begins anew and clicks
        return False


class _SoundFile(Recording):
    """Through libsndfile."""

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
