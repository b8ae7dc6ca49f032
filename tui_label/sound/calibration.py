"""How late somebody's key comes after what they hear: taps along with clicks at odd times."""

from __future__ import annotations

import random
import statistics
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import soundfile

TAPS = 20
RATE = 24_000
CLICK_S = 0.02
SHORTEST_S, LONGEST_S = 0.9, 1.8
"""Between two clicks: too uneven to be foreseen."""
EARLIEST_S, LATEST_S = 0.05, 0.7
"""A tap this long after a click answers it; others are guesses."""
LEAST = 10
"""Answered clicks that are needed for a figure."""


def write_clicks(path: Path, seed: int) -> tuple[list[float], float]:
    """A WAV of clicks; when they come, and its length in seconds."""
    chance = random.Random(seed)
    times, at = [], 1.5
    for _ in range(TAPS):
        times.append(round(at, 3))
        at += chance.uniform(SHORTEST_S, LONGEST_S)
    samples = np.zeros(int((at + 0.5) * RATE), np.float32)
    count = int(CLICK_S * RATE)
    click = 0.6 * np.sin(2 * np.pi * 1000 * np.arange(count) / RATE) * np.hanning(count)
    for time in times:
        first = int(time * RATE)
        samples[first : first + count] = click
    soundfile.write(path, samples, RATE, subtype="PCM_16")
    return times, len(samples) / RATE


def reaction(times: Sequence[float], taps: Sequence[float]) -> float | None:
    """Median seconds from click to tap; None where too few clicks were answered."""
    delays = []
    for time in times:
        later = [tap - time for tap in taps if EARLIEST_S <= tap - time <= LATEST_S]
        if later:
            delays.append(min(later))
    return statistics.median(delays) if len(delays) >= LEAST else None
