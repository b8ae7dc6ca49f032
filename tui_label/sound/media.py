"""Recordings as frames: what a file holds, and any stretch of it.

libsndfile (soundfile) reads WAV, FLAC, OGG, Opus, MP3, AIFF, SPHERE and more; what it does
not know (m4a, mp4, webm …) goes to FFmpeg through the optional package PyAV.  Either way
a stretch holds the same sound however it was got to, and no sample is NaN.
"""

from __future__ import annotations

import hashlib
import itertools
import math
import os
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
_LACK_S = 0.05
"""Sound that may be missing at the end of a file that is taken for whole."""
_SHORT = re.compile(r"\b(?:data|SSND|riff|Data Size)\s*: (\d+) \(should be (\d+)\)")
"""What libsndfile's log says of a file that ends before its header says so: bytes."""
_SHORT_FRAMES = re.compile(r"frame count (\d+) does not match value from 'ds64' chunk of (\d+)")
_SPHERE_FRAMES = re.compile(rb"\nsample_count -i (\d+)\n")
_STREAMED = 0x7FFF_0000
"""Sizes from here on are written by programs that could not go back to the header."""
_OGG_TAIL = 1 << 17
"""Two of the longest Ogg pages."""
_CONTAINERS = "mov,matroska,aac,asf,avi,amr,mp3,flac,ogg,wav,caf,aiff,mpegts"
"""What FFmpeg may take a file for: it would hear speech in any text (amrnb), and fetch what a playlist names."""
_WARM_UP = 16_384
"""Frames that a lossy decoder is given before those that are wanted after a jump."""


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
        kind = "a folder" if path.is_dir() else "no ordinary file"
        raise InputError(f"{name}: {f'is {kind}' if path.exists() else 'no such file'}")
    if not path.stat().st_size:
        raise InputError(f"{name}: empty file (0 bytes)")
    with open_recording(path) as recording:
        facts = recording.facts
        if recording.missing > _LACK_S:
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


class Recording:
    """An open file.  `read(start, count)` gives float32 frames of shape (at most count, channels)."""

    facts: Facts
    missing: float = 0
    """Seconds that the file says should be there and are not; infinite where it does not say how many."""

    def read(self, start: int, count: int) -> Samples:
        raise NotImplementedError

    def blocks(self, start: int, stop: int, size: int) -> Iterator[Samples]:
        """Frames from `start` to `stop` in order, `size` at a time; ends early where the file does."""
        while start < stop:
            block = self.read(start, min(size, stop - start))
            if len(block):
                yield block
            if len(block) < size:
                return
            start += len(block)

    def close(self) -> None:
        raise NotImplementedError

    def __enter__(self) -> Recording:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


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
        return _Ffmpeg(path, av, head)
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
        self._file = _Straight(os.fsencode(path))
        self._at = 0
        self.facts = Facts(self._file.samplerate, self._file.channels, self._file.frames)
        kind = self._file.subtype
        self._warm_up = _WARM_UP if kind in ("VORBIS", "OPUS") or kind.startswith("MPEG") else 0
        self._floats = kind in ("FLOAT", "DOUBLE")
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
                before = min(start, self._warm_up)
                self._file.seek(start - before)
                self._file.read(before, dtype="float32")
            found: Samples = self._file.read(min(count, self.facts.frames - start), dtype="float32", always_2d=True)
            self._at = start + len(found)
        except soundfile.LibsndfileError:
            self._at = -1
            return np.zeros((0, self.facts.channels), np.float32)
        return np.nan_to_num(found, copy=False, nan=0, posinf=1, neginf=-1) if self._floats else found

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


class _Ffmpeg(Recording):
    """Through PyAV.  Reading on is cheap; a jump decodes from a little before.

    Frame 0 is the first that is decoded.  All others lie where their time stamps say: what is
    lost or was never sent is silence, so a recording with holes keeps its time.
    """

    def __init__(self, path: Path, av: Any, head: bytes) -> None:
        self._path, self._av = path, av
        self._origin = 0.0
        self._grid = (0, 0)
        """Frames of the first packet and of all others, where that is how places are known."""
        self._container: Any
        self._stream: Any
        self._rest: Samples
        """What was decoded and not yet read; it begins with frame `_at`, and `_sound` goes on from its end."""
        self._at: int
        self._sound: Iterator[Samples]
        self._open()
        try:
            if not self._container.streams.audio:
                raise InputError(f"{visible(str(path))}: has no sound track")
            self._begin()
            if head[:4] == b"RIFF" and int.from_bytes(head[4:8], "little") + 8 > path.stat().st_size:
                self.missing = math.inf
        except BaseException:
            self._container.close()
            raise

    def _open(self) -> None:
        # `file:`, or a name such as `10:30.m4a` would be a protocol
        self._container = self._av.open(
            f"file:{self._path}",
            metadata_errors="replace",
            options={"protocol_whitelist": "file", "format_whitelist": _CONTAINERS},
        )
        self._stream = next(iter(self._container.streams.audio), None)

    def _begin(self) -> None:
        first = list(itertools.islice(self._raw(), 4))
        if not first:
            self.facts, self.missing = Facts(1, 1, 0), self._stated()
            return
        self.facts = Facts(first[0].sample_rate, first[0].layout.nb_channels, 0)
        self._origin = float((first[0].pts or 0) * first[0].time_base)
        if first[0].time_base * self.facts.rate > 1 and len({frame.samples for frame in first[1:]}) == 1:
            self._grid = (first[0].samples, first[-1].samples)
        self.facts = Facts(self.facts.rate, self.facts.channels, self._end(first[-1].samples))

    def _end(self, size: int) -> int:
        """The frame after the last one, looked at: containers round, guess or do not say.  Packets have `size` frames."""
        rate, guessed = self.facts.rate, self._container.format.flags & self._av.format.Flags.generic_index.value
        stated = 0.0 if guessed else self._stated()
        about = stated or self._latest(audio=True)
        self._jump(max(0, round((about - 1) * rate)))
        end: int = self._at + sum(len(block) for block in self._sound)
        missing = stated - end / rate
        padding = max(_LACK_S, 2.5 * size / rate)
        if missing > padding and not self._stream.duration:
            # The container's length: perhaps it is the picture that goes on
            missing = min(missing, stated - self._latest(audio=False))
        self.missing = missing if missing > padding else 0
        self._rewind()
        return end

    def _stated(self) -> float:
        if self._stream.duration:
            return float(self._stream.duration * self._stream.time_base)
        return (self._container.duration or 0) / 1_000_000

    def _latest(self, *, audio: bool) -> float:
        """The end of the last packet, in seconds; reads the whole file."""
        self._open_again()
        latest = 0.0
        packets = self._container.demux(self._stream) if audio else self._container.demux()
        while packet := self._step(packets):
            if packet.pts is not None:
                latest = max(latest, float((packet.pts + (packet.duration or 0)) * packet.time_base))
        return latest - self._origin

    def read(self, start: int, count: int) -> Samples:
        if not self._at <= start <= self._at + self.facts.rate:
            self._jump(start)
        found, wanted = [self._rest[:0]], count
        while wanted:
            if not len(self._rest):
                self._rest = next(self._sound, self._rest)
                if not len(self._rest):
                    break
            skip = min(len(self._rest), max(0, start - self._at))
            part = self._rest[skip : skip + wanted]
            self._rest, self._at = self._rest[skip + len(part) :], self._at + skip + len(part)
            found.append(part)
            wanted -= len(part)
        return np.concatenate(found)

    def _jump(self, start: int) -> None:
        """Stand at `start` or before it, far enough for the decoder to have warmed up."""
        rate = self.facts.rate
        for back in (_WARM_UP, 4 * _WARM_UP, 16 * _WARM_UP):
            if start <= back:
                break
            try:
                place = self._origin + (start - back) / rate
                self._container.seek(int(place / self._stream.time_base), stream=self._stream)
            except self._av.FFmpegError:
                break
            frames = self._placed()
            first = next(frames, None)
            if first is not None and first[0] <= start - back // 2:
                self._stand(first[0], itertools.chain([first], frames))
                return
        self._rewind()

    def _rewind(self) -> None:
        self._open_again()
        self._stand(0, self._placed())

    def _open_again(self) -> None:
        # Seeking to the start is not the same: what is to be skipped there would be heard
        self._container.close()
        self._open()

    def _stand(self, at: int, frames: Iterator[tuple[int, Samples]]) -> None:
        self._at = max(0, at)
        self._rest = np.zeros((0, self.facts.channels), np.float32)
        self._sound = self._joined(self._at, frames)

    def _joined(self, at: int, frames: Iterator[tuple[int, Samples]]) -> Iterator[Samples]:
        """Without gaps: silence where frames are missing, once what comes twice."""
        rate = self.facts.rate
        for place, samples in frames:
            if place - at > rate // 100:
                for hole in range(at, place, rate):
                    yield np.zeros((min(rate, place - hole), self.facts.channels), np.float32)
                at = place
            elif at - place > rate // 100:
                samples = samples[at - place :]
            at += len(samples)
            if len(samples):
                yield samples

    def _placed(self) -> Iterator[tuple[int, Samples]]:
        """Decoded frames with their places."""
        after = 0
        for frame in self._raw():
            samples = self._samples(frame)
            place = after
            if frame.pts is not None:
                place = self._place(float(frame.pts * frame.time_base), len(samples))
            after = place + len(samples)
            yield place, samples

    def _place(self, seconds: float, count: int) -> int:
        """Where `count` frames with a time stamp lie; WebM's are rounded to milliseconds, but its packets are of one size."""
        place = round((seconds - self._origin) * self.facts.rate)
        first, size = self._grid
        if size:
            # The first packet after a jump may lack its begin, the last of all its end
            for edge in (place, place + count):
                off = first + round((edge - first) / size) * size - edge
                if abs(off) <= self.facts.rate // 500:
                    return place + off
        return place

    def _samples(self, frame: Any) -> Samples:
        values = frame.to_ndarray()
        if not frame.format.is_planar:
            values = values.reshape(-1, frame.layout.nb_channels).T
        if values.dtype == np.uint8:
            values = (values.astype(np.float32) - 128) / 128
        elif values.dtype.kind == "i":
            values = values.astype(np.float32) / -float(np.iinfo(values.dtype).min)
        # A track may change from stereo to 5.1 and back: as many channels as it began with
        whole = np.zeros((values.shape[1], self.facts.channels), np.float32)
        count = min(len(values), self.facts.channels)
        whole[:, :count] = values[:count].T
        return np.nan_to_num(whole, copy=False, nan=0, posinf=1, neginf=-1)

    def _raw(self) -> Iterator[Any]:
        packets = self._container.demux(self._stream)
        while packet := self._step(packets):
            try:
                yield from packet.decode()
            except self._av.FFmpegError:
                continue  # a damaged packet; its time passes in silence

    def _step(self, packets: Iterator[Any]) -> Any:
        """The next packet, or None at the end or where the file breaks off."""
        try:
            return next(packets, None)
        except self._av.FFmpegError:
            return None

    def close(self) -> None:
        self._container.close()
