"""The shape of a recording for the eye: lowest and highest sample of short buckets, and where it is quiet.

Computed once, a block at a time (an 8-hour file takes no more memory than a short one),
and kept beside the project.
"""

from __future__ import annotations

import contextlib
import itertools
import math
import os
import struct
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tui_label.sound.media import open_recording

BUCKET = 64
"""Frames in a bucket, for recordings up to `MOST` buckets; more in longer ones."""
MOST = 1_500_000
BLOCK = 1 << 20
"""Samples of all channels that are held at once."""
SILENT = 0.0001
"""Peak (of 1) below which a recording counts as silent: −80 dBFS."""
QUIET_S = 0.01
"""Length of the stretches among which the quietest one is looked for."""

HEAD = struct.Struct("<6qQ")
"""Rate, bucket, channels, buckets, size and time of change of the file, checksum of what follows."""

Extremes = list[tuple[float, float]]
"""Lowest and highest sample for each column, from −1 to 1."""


@dataclass
class Peaks:
    """Buckets of `bucket` frames at `rate`: `low` and `high` have shape (channels, buckets)."""

    rate: int
    bucket: int
    low: NDArray[np.int16]
    high: NDArray[np.int16]
    ready: int = 0
    """Buckets that are computed so far."""

    @property
    def channels(self) -> int:
        return len(self.low)

    @property
    def complete(self) -> bool:
        return bool(self.ready >= self.low.shape[1])

    @property
    def loudest(self) -> float:
        """The highest absolute sample so far, from 0 to 1."""
        if not self.ready:
            return 0.0
        return max(abs(int(self.low[:, : self.ready].min())), int(self.high[:, : self.ready].max())) / 32767

    def columns(self, start: float, end: float, count: int, channel: int | None = None) -> Extremes:
        """The extremes of `count` equal stretches between two times in seconds; zeros where nothing is."""
        if not self.ready:
            return [(0.0, 0.0)] * count
        edges = np.linspace(start, end, count + 1) * self.rate / self.bucket
        begins = np.clip(np.floor(edges[:-1]).astype(int), 0, self.ready)
        stop = min(self.ready, max(int(begins[-1]) + 1, math.ceil(edges[-1])))
        first = min(int(begins[0]), stop - 1)
        beyond = (edges[:-1] >= self.ready) | (edges[1:] <= 0)
        low, high = (self._of(channel, part)[first:stop] for part in (self.low, self.high))
        # The last bucket twice: a column that begins behind it needs something to begin at
        lows = np.minimum.reduceat(np.append(low, low[-1]), begins - first) / 32767
        highs = np.maximum.reduceat(np.append(high, high[-1]), begins - first) / 32767
        lows[beyond], highs[beyond] = 0, 0
        return list(zip(lows.tolist(), highs.tolist(), strict=True))

    def _of(self, channel: int | None, part: NDArray[np.int16]) -> NDArray[np.int16]:
        if channel is not None and channel < self.channels:
            return np.asarray(part[channel])
        if self.channels == 1:
            return np.asarray(part[0])
        return np.asarray(part.min(0) if part is self.low else part.max(0))

    def loudest_of(self, start: float, end: float, count: int, channel: int | None = None) -> list[float]:
        """When it is loudest in each of `count` equal stretches between two times; their middles where nothing is."""
        low, high = self._of(channel, self.low), self._of(channel, self.high)
        swing = high[: self.ready].astype(np.int32) - low[: self.ready]
        edges = np.linspace(start, end, count + 1)
        places = np.clip(np.round(edges * self.rate / self.bucket).astype(int), 0, self.ready)
        found = (edges[:-1] + edges[1:]) / 2
        for part, (first, last) in enumerate(itertools.pairwise(places.tolist())):
            if first < last:
                found[part] = (first + int(swing[first:last].argmax()) + 0.5) * self.bucket / self.rate
        return list(found.tolist())

    def quietest(self, at: float, within: float) -> float:
        """The middle of the quietest 10 ms no further than `within` seconds from `at`; of near equals the nearest."""
        wide = max(1, round(QUIET_S * self.rate / self.bucket))
        first = max(0, int((at - within) * self.rate / self.bucket))
        last = min(self.ready, int((at + within) * self.rate / self.bucket) + wide)
        if last - first <= wide:
            return at
        swing = (self.high[:, first:last].astype(np.int32) - self.low[:, first:last]).max(0)
        windows = np.lib.stride_tricks.sliding_window_view(swing, wide).max(1)
        middles = (first + np.arange(len(windows)) + wide / 2) * self.bucket / self.rate
        away = np.abs(middles - at)
        if away.min() > within:
            return at
        floor = windows[away <= within].min()
        near = np.where((windows <= floor + max(16, floor // 4)) & (away <= within), away, np.inf)
        return float(middles[int(np.argmin(near))])


def measure(path: Path, start: int, frames: int, tell: Callable[[Peaks], None] = lambda _: None) -> Peaks:
    """Peaks of `frames` frames from `start`; `tell` sees them grow.  Raises InputError."""
    bucket = max(BUCKET, math.ceil(frames / MOST))
    count = math.ceil(frames / bucket)
    with open_recording(path) as recording:
        channels = recording.facts.channels
        peaks = Peaks(
            recording.facts.rate, bucket, np.zeros((channels, count), np.int16), np.zeros((channels, count), np.int16)
        )
        size = max(1, BLOCK // channels // bucket) * bucket
        for block in recording.blocks(start, start + frames, size):
            _add(peaks, block)
            tell(peaks)
    peaks.ready = count
    return peaks


def _add(peaks: Peaks, block: NDArray[np.float32]) -> None:
    whole = len(block) // peaks.bucket
    scaled = np.clip(block, -1, 1) * 32767
    for channel in range(peaks.channels):
        column = scaled[:, channel]
        buckets = column[: whole * peaks.bucket].reshape(whole, peaks.bucket)
        peaks.low[channel, peaks.ready : peaks.ready + whole] = buckets.min(1)
        peaks.high[channel, peaks.ready : peaks.ready + whole] = buckets.max(1)
        rest = column[whole * peaks.bucket :]
        if len(rest):
            peaks.low[channel, peaks.ready + whole] = rest.min()
            peaks.high[channel, peaks.ready + whole] = rest.max()
    peaks.ready += whole + bool(len(block) % peaks.bucket)


# kept, beside the project or by whoever may not write there


def kept(folder: Path, name: str, stamp: tuple[int, int]) -> Peaks | None:
    """Peaks that were kept under `name` for a file of this size and time of change, if they are whole."""
    try:
        data = (folder / f"{name}.peaks").read_bytes()
    except OSError:
        return None
    body = data[HEAD.size :]
    if len(data) < HEAD.size or zlib.crc32(body) != HEAD.unpack_from(data)[-1]:
        return None
    rate, bucket, channels, count, *known, _ = HEAD.unpack_from(data)
    if (*known,) != stamp or len(body) != 4 * channels * count:
        return None
    low, high = np.frombuffer(body, "<i2").reshape(2, channels, count).astype(np.int16)
    return Peaks(rate, bucket, low, high, count)


def keep(folder: Path, name: str, peaks: Peaks, stamp: tuple[int, int]) -> bool:
    """Keep peaks, whole or not at all; False where the folder may not be written."""
    partial = folder / f"{name}.{os.getpid()}.partial"
    body = np.stack([peaks.low, peaks.high]).astype("<i2").tobytes()
    head = HEAD.pack(peaks.rate, peaks.bucket, *peaks.low.shape, *stamp, zlib.crc32(body))
    try:
        folder.mkdir(parents=True, exist_ok=True)
        partial.write_bytes(head + body)
        partial.replace(folder / f"{name}.peaks")
    except OSError:
        with contextlib.suppress(OSError):
            partial.unlink()
        return False
    return True
