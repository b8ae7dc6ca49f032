"""Sound as characters: a waveform in braille, a spectrogram in shades."""

from __future__ import annotations

from collections.abc import Sequence

DOTS = ((0x01, 0x02, 0x04, 0x40), (0x08, 0x10, 0x20, 0x80))
"""Bits of a braille cell: left column from the top, right column."""
SHADES = " ·░▒▓█"
LEAST_GAIN = 0.02
"""A clip quieter than this peak is not drawn any larger."""


def waveform(extremes: Sequence[tuple[float, float]], height: int, loudest: float) -> list[str]:
    """`height` rows of braille, two of `extremes` a cell; `loudest` fills the height."""
    dots = height * 4
    gain = 1 / max(loudest, LEAST_GAIN)
    cells = [[0] * (len(extremes) // 2) for _ in range(height)]
    for column in range(len(extremes) // 2 * 2):
        low, high = extremes[column]
        top = min(dots - 1, max(0, round((1 - high * gain) * (dots - 1) / 2)))
        bottom = min(dots - 1, max(0, round((1 - low * gain) * (dots - 1) / 2)))
        bits = DOTS[column % 2]
        for dot in range(top, bottom + 1):
            cells[dot // 4][column // 2] |= bits[dot % 4]
    return ["".join(chr(0x2800 + bits) for bits in row) for row in cells]


def shades(grid: Sequence[Sequence[float]]) -> list[str]:
    """Rows of shades, the highest frequency on top."""
    steps = len(SHADES) - 1
    return ["".join(SHADES[min(steps, int(one * (steps + 0.999)))] for one in row) for row in reversed(grid)]
