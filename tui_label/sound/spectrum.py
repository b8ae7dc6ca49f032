"""A spectrogram in few cells: loudness by time and frequency."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tui_label.sound.media import open_recording
from tui_label.sound.recording import Recording
from tui_label.sound.stretch import Samples

WINDOW_S = 0.032
TOP_HZ = 8000.0
FLOOR_DB = -80.0
MOST_WINDOWS = 16
"""Of a column: more of them are not looked at, so that an hour is soon there too."""

Loudest = Callable[[int], Sequence[int]]
"""`loudest(count)`: the frame at which it is loudest in each of so many equal parts of what is drawn."""


def spectrogram(
    path: Path,
    start: int,
    stop: int,
    columns: int,
    rows: int,
    channel: int | None = None,
    loudest: Loudest | None = None,
) -> list[list[float]]:
    """`rows` lists of `columns` values from 0 (−80 dB below the loudest, or less) to 1, lowest frequency first.

    Each column is the most that Hann windows show of its stretch between frames `start` and `stop`, each channel
    by itself: windows that overlap by half, or in long stretches one for each of `MOST_WINDOWS` parts, where that is
    loudest.  Rows are even on the mel scale (O'Shaughnessy, 1987) up to 8 kHz.
    """
    with open_recording(path) as recording:
        rate = recording.facts.rate
        size = 1 << (int(rate * WINDOW_S) - 1).bit_length()
        window = np.hanning(size)
        power = np.zeros((columns, size // 2 + 1))
        for column, middles in enumerate(_middles(start, stop, columns, size // 2, loudest)):
            spectra = np.fft.rfft(_windows(recording, middles, size, channel) * window)
            power[column] = (np.abs(spectra) ** 2).max(0)
    edges = _hertz(np.linspace(0, _mel(min(TOP_HZ, rate / 2)), rows + 1)) * size / rate
    bands = [power[:, int(low) : max(int(low) + 1, int(high))].mean(1) for low, high in itertools.pairwise(edges)]
    grid = np.array(bands)
    most = grid.max()
    if most <= 0:
        return [[0.0] * columns for _ in range(rows)]
    decibels = 10 * np.log10(np.maximum(grid / most, 1e-12))
    return [[float(one) for one in row] for row in np.clip(1 - decibels / FLOOR_DB, 0, 1)]


def _middles(start: int, stop: int, columns: int, step: int, loudest: Loudest | None) -> NDArray[np.int64]:
    """For each column the middles of its windows."""
    count = min(MOST_WINDOWS, max(1, math.ceil((stop - start) / columns / step)))
    parts = columns * count
    if loudest is not None and count == MOST_WINDOWS:
        found = np.asarray(loudest(parts))
    else:
        found = start + (stop - start) * (2 * np.arange(parts) + 1) / (2 * parts)
    return found.astype(np.int64).reshape(columns, count)


def _windows(recording: Recording, middles: NDArray[np.int64], size: int, channel: int | None) -> Samples:
    """`size` frames round each of the `middles`, in order of time: an array (windows and channels, `size`)."""
    first, span = int(middles[0]), int(middles[-1] - middles[0]) + size
    if span <= len(middles) * size:
        held = _read(recording, first - size // 2, span, channel)
        found = [held[middle - first : middle - first + size] for middle in middles.tolist()]
    else:
        found = [_read(recording, middle - size // 2, size, channel) for middle in middles.tolist()]
    return np.concatenate([one.T for one in found])


def _read(recording: Recording, start: int, count: int, channel: int | None) -> Samples:
    """Frames of one channel or of all, with silence before and after the recording."""
    found = np.zeros((count, recording.facts.channels), np.float32)
    before = max(0, -start)
    block = recording.read(start + before, count - before)
    found[before : before + len(block)] = block
    return found if channel is None or channel >= found.shape[1] else found[:, channel : channel + 1]


def _mel(hertz: float) -> float:
    return float(2595 * np.log10(1 + hertz / 700))


def _hertz(mel: np.ndarray) -> np.ndarray:
    return np.asarray(700 * (10 ** (mel / 2595) - 1))
