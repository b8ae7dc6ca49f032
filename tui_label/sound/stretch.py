"""Another speed at the same pitch: WSOLA (Verhelst and Roelands, ICASSP 1993), as a stream of blocks."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.float32]
"""Shape (frames, channels)."""
Get = Callable[[int, int], Samples]
"""`get(start, count)`: that many frames from `start`, zeros where there are none."""
FRAME_MS = 30
SEARCH_MS = 10


class Stretch:
    """Blocks of output from a source read at `speed`, from frame `start` on."""

    def __init__(self, get: Get, rate: int, start: int, speed: float) -> None:
        self._get, self._speed = get, speed
        self._frame = max(4, int(rate * FRAME_MS / 1000) // 2 * 2)
        self._hop = self._frame // 2
        self._search = int(rate * SEARCH_MS / 1000)
        self._window = np.hanning(self._frame + 1)[: self._frame, None].astype(np.float32)
        size = self._frame + 2 * self._search
        self._fft = 1 << (size - 1).bit_length()
        self.source = float(start)
        """Source frame at which the next block begins."""
        self._before: int | None = None
        self._tail: Samples | None = None

    def jump(self, by: int) -> None:
        """The source goes on `by` frames from here, seamlessly: a loop wraps."""
        self.source += by
        if self._before is not None:
            self._before += by

    def block(self) -> Samples:
        """The next `hop` frames of output."""
        here = int(self.source)
        if self._before is None or self._tail is None:
            frame = self._get(here, self._frame)
            out = frame[: self._hop].copy()
            place = here
        else:
            # What would follow naturally, and the place near `here` that resembles it most
            natural = self._get(self._before + self._hop, self._frame)
            around = self._get(here - self._search, self._frame + 2 * self._search)
            place = here - self._search + self._best(around, natural)
            frame = around[place - here + self._search :][: self._frame] * self._window
            out = self._tail + frame[: self._hop]
        self._tail = frame[self._hop :] * (self._window[self._hop :] if self._before is None else 1)
        self._before = place
        self.source += self._hop * self._speed
        return out

    def _best(self, around: Samples, natural: Samples) -> int:
        product = np.fft.rfft(around.mean(1), self._fft) * np.conj(np.fft.rfft(natural.mean(1), self._fft))
        return int(np.argmax(np.fft.irfft(product, self._fft)[: 2 * self._search + 1]))
