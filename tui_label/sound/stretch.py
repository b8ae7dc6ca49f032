"""Another speed at the same pitch: WSOLA (Verhelst and Roelands, ICASSP 1993), as a stream of blocks."""

from __future__ import annotations

import math
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
        self._fft = -(-size // 256) * 256
        self.source = float(start)
        """Source frame at which the next block begins."""
        self._seam, self._round = -math.inf, 0
        """Where the last jump went to, and from how far: what is left of the seam is what was jumped from."""
        self._before: int | None = None
        self._tail: Samples | None = None

    def jump(self, by: int) -> None:
        """The source goes on `by` frames from here, seamlessly: a loop wraps, in what `get` gives too."""
        # Not what went before: its natural continuation is still what comes after it, from the loop's end on round
        self.source += by
        self._seam, self._round = self.source, -by

    def block(self) -> Samples:
        """The next `hop` frames of output."""
        # A frame's middle is heard when it is due, not its start: at half speed that is 15 ms of difference
        here = int(self.source + self._hop * (self._speed - 1))
        if self._before is None or self._tail is None:
            place = int(self.source)
            frame = self._get(place, self._frame)
            out = frame[: self._hop].copy()
        else:
            if self.source < self._seam + self._hop + self._search:
                here += self._round
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
        """Where in `around` it is most like `natural`; in silence, the middle."""
        # Channel by channel: mixed, those of opposite phase would cancel out
        product = np.fft.rfft(around, self._fft, 0) * np.conj(np.fft.rfft(natural, self._fft, 0))
        alike = np.fft.irfft(product.sum(1), self._fft)[: 2 * self._search + 1]
        # For its loudness: else the next loud sound would be drawn near
        power = np.zeros(len(around) + 1)
        np.cumsum(np.einsum("ij,ij->i", around, around), out=power[1:])
        alike /= np.sqrt(power[self._frame :] - power[: -self._frame] + 1e-6)
        best = int(np.argmax(alike))
        return best if alike[best] > 0 else self._search
