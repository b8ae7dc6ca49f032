"""Recordings as frames: what a file holds, and any stretch of it.

libsndfile (soundfile) reads WAV, FLAC, OGG, Opus, MP3, AIFF, SPHERE and more; what it does
not know (m4a, mp4, webm …) goes to FFmpeg through the optional package PyAV.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import soundfile

from tui_label.core.text import visible
from tui_label.errors import InputError
from tui_label.sound.kinds import FFMPEG_SUFFIXES
from tui_label.sound.stretch import Samples

NEEDS_AV = "needs FFmpeg to be read: `pip install 'tui-label[video]'`"
HASH_CHUNK = 1 << 20
_SHORT = re.compile(r"\b(?:data|SSND)\s*: (\d+) \(should be (\d+)\)")
"""What libsndfile's log says of a file that ends before its header says so."""
_STREAMED = 0x7FFF_0000
"""Sizes from here on are written by programs that could not go back to the header."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What a recording is: `rate` frames a second, `frames` of `channels` samples."""

    rate: int
    channels: int
    frames: int

    @property
    def seconds(self) -> float:
        return self.frames / self.rate


def probe(path: Path) -> Facts:
    """The facts of a file whose last frames can be read; raises InputError that says what is wrong."""
    name = visible(str(path))
    if not path.is_file():
        raise InputError(f"{name}: {'is a folder' if path.is_dir() else 'no such file'}")
    if not path.stat().st_size:
        raise InputError(f"{name}: empty file (0 bytes)")
    with open_recording(path) as recording:
        facts = recording.facts
        if not facts.frames:
            raise InputError(f"{name}: no sound in it (0 seconds)")
        if recording.missing > facts.channels * facts.rate // 10:
            raise InputError(_cut_short(name, facts))
        tail = min(facts.frames, facts.rate // 10 or 1)
        if len(recording.read(facts.frames - tail, tail)) < tail * 0.9:
            raise InputError(_cut_short(name, facts))
    return facts


def _cut_short(name: str, facts: Facts) -> str:
    return f"{name}: truncated: the sound ends before the file says ({facts.seconds:.1f} s are there); get a whole copy"


def fingerprint(path: Path) -> str:
    """SHA-256 of the file's bytes, the first 32 hex digits."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(HASH_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()[:32]


class Recording:
    """An open file.  `read(start, count)` gives float32 frames of shape (at most count, channels)."""

    facts: Facts
    missing: int = 0
    """Bytes that the header says should be there and are not."""

    def read(self, start: int, count: int) -> Samples:
        raise NotImplementedError

    def blocks(self, start: int, stop: int, size: int) -> Iterator[Samples]:
        """Frames from `start` to `stop` in order, `size` at a time; ends early where the file does."""
        while start < stop:
            block = self.read(start, min(size, stop - start))
            if not len(block):
                return
            yield block
            start += len(block)

    def close(self) -> None:
        raise NotImplementedError

    def __enter__(self) -> Recording:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def open_recording(path: Path) -> Recording:
    """Raises InputError where nothing here can read it."""
    try:
        return _SoundFile(path)
    except (soundfile.LibsndfileError, OSError) as error:
        if path.suffix.lower() not in FFMPEG_SUFFIXES:
            raise InputError(f"{visible(str(path))}: not a recording that can be read: {_reason(error)}") from error
    try:
        import av
    except ImportError as error:
        raise InputError(f"{visible(str(path))}: {path.suffix.lower()[1:]} {NEEDS_AV}") from error
    return _Ffmpeg(path, av)


def _reason(error: Exception) -> str:
    return visible(str(getattr(error, "error_string", error)).rstrip("."))


class _SoundFile(Recording):
    def __init__(self, path: Path) -> None:
        self._path = path
        self._file = soundfile.SoundFile(path)
        self.facts = Facts(self._file.samplerate, self._file.channels, self._file.frames)
        found = _SHORT.search(self._file.extra_info)
        if found and int(found[1]) < _STREAMED:
            self.missing = int(found[1]) - int(found[2])

    def read(self, start: int, count: int) -> Samples:
        try:
            if self._file.tell() != start:
                self._file.seek(start)
            found: Samples = self._file.read(count, dtype="float32", always_2d=True)
        except soundfile.LibsndfileError:
            return np.zeros((0, self.facts.channels), np.float32)
        return found

    def close(self) -> None:
        self._file.close()


class _Ffmpeg(Recording):
    """Through PyAV.  Sequential reading is cheap; a jump decodes from the key frame before."""

    def __init__(self, path: Path, av: Any) -> None:
        name = visible(str(path))
        try:
            self._container = av.open(str(path))
        except (av.FFmpegError, OSError) as error:
            raise InputError(f"{name}: not a recording that can be read: {visible(str(error))}") from error
        streams = self._container.streams.audio
        if not streams:
            self._container.close()
            raise InputError(f"{name}: has no sound track")
        self._stream = streams[0]
        self._resampler = av.AudioResampler(format="fltp")
        rate, channels = self._stream.codec_context.sample_rate, self._stream.codec_context.channels
        seconds = (
            float(self._stream.duration * self._stream.time_base)
            if self._stream.duration
            else (self._container.duration or 0) / 1_000_000
        )
        self.facts = Facts(rate, channels, round(seconds * rate))
        self._decoded: Iterator[Samples] = iter(())
        self._rest: Samples = np.zeros((0, channels), np.float32)
        self._at = -1
        """The frame that `_rest` begins with."""

    def read(self, start: int, count: int) -> Samples:
        if not self._at <= start <= self._at + len(self._rest) + self.facts.rate:
            self._jump(start)
        while self._at + len(self._rest) < start + count:
            block = next(self._decoded, None)
            if block is None:
                break
            if self._at + len(self._rest) < start:
                self._at += len(self._rest)
                self._rest = block
            else:
                self._rest = np.concatenate([self._rest, block])
        skip = max(0, start - self._at)
        found = self._rest[skip : skip + count]
        self._rest, self._at = self._rest[skip + len(found) :], self._at + skip + len(found)
        return found

    def _jump(self, start: int) -> None:
        base = self._stream.time_base
        self._container.seek(int(max(0.0, start / self.facts.rate - 0.1) / base), stream=self._stream)
        self._rest = self._rest[:0]
        self._decoded = self._frames()
        self._at = 0
        first = next(self._decoded, None)
        if first is not None:
            self._rest = first

    def _frames(self) -> Iterator[Samples]:
        began = False
        for frame in self._container.decode(self._stream):
            if not began and frame.pts is not None:
                self._at = max(0, round(float(frame.pts * frame.time_base) * self.facts.rate))
            began = True
            for part in self._resampler.resample(frame):
                yield np.ascontiguousarray(part.to_ndarray().T)

    def close(self) -> None:
        self._container.close()
