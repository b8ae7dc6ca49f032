"""A spectrogram in few cells: loudness by time and frequency."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np

from tui_label.sound.media import open_recording

WINDOW_S = 0.032
TOP_HZ = 8000.0
FLOOR_DB = -80.0


def spectrogram(path: Path, start: int, stop: int, columns: int, rows: int) -> list[list[float]]:
    """`rows` lists of `columns` values from 0 (−80 dB below the loudest, or less) to 1, lowest frequency first.

    Each column is one Hann window in the middle of its stretch between frames `start` and
    `stop`; rows are even on the mel scale (O'Shaughnessy, 1987) up to 8 kHz.
    """
    with open_recording(path) as recording:
        rate = recording.facts.rate
        size = 1 << (int(rate * WINDOW_S) - 1).bit_length()
        window = np.hanning(size)
        power = np.zeros((columns, size // 2 + 1))
        for column in range(columns):
            middle = start + (stop - start) * (2 * column + 1) // (2 * columns)
            block = recording.read(max(0, middle - size // 2), size)
            if len(block):
                mono = np.zeros(size)
                mono[: len(block)] = block.mean(1)
                power[column] = np.abs(np.fft.rfft(mono * window)) ** 2
    edges = _hertz(np.linspace(0, _mel(min(TOP_HZ, rate / 2)), rows + 1)) * size / rate
    bands = [power[:, int(low) : max(int(low) + 1, int(high))].mean(1) for low, high in itertools.pairwise(edges)]
    grid = np.array(bands)
    loudest = grid.max()
    if loudest <= 0:
        return [[0.0] * columns for _ in range(rows)]
    decibels = 10 * np.log10(np.maximum(grid / loudest, 1e-12))
    return [[float(one) for one in row] for row in np.clip(1 - decibels / FLOOR_DB, 0, 1)]


def _mel(hertz: float) -> float:
    return float(2595 * np.log10(1 + hertz / 700))


def _hertz(mel: np.ndarray) -> np.ndarray:
    return np.asarray(700 * (10 ** (mel / 2595) - 1))
