"""Recordings that libsndfile does not know, through FFmpeg and the optional package PyAV."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from tui_label.core.text import visible
from tui_label.errors import InputError
from tui_label.sound.recording import LACK_S, WARM_UP, Facts, Recording
from tui_label.sound.stretch import Samples

_CONTAINERS = "mov,matroska,aac,asf,avi,amr,mp3,flac,ogg,wav,caf,aiff,mpegts"
"""What FFmpeg may take a file for: it would hear speech in any text (amrnb), and fetch what a playlist names."""


class Ffmpeg(Recording):
    """`av` is PyAV, which may raise its FFmpegError.  Reading on is cheap; a jump decodes from a little before.

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
        # Titles that are not UTF-8: PyAV takes them by itself from 19 on, and refuses to be asked
        lenient = {"metadata_errors": "replace"} if hasattr(self._av.container.Container, "metadata_errors") else {}
        # `file:`, or a name such as `10:30.m4a` would be a protocol
        self._container = self._av.open(
            f"file:{self._path}",
            options={"protocol_whitelist": "file", "format_whitelist": _CONTAINERS},
            **lenient,
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
        padding = max(LACK_S, 2.5 * size / rate)
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
        for back in (WARM_UP, 4 * WARM_UP, 16 * WARM_UP):
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
        try:
            self._open()
        except self._av.FFmpegError as error:
            raise InputError(f"{visible(str(self._path))}: {visible(str(error.strerror))}") from error

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
