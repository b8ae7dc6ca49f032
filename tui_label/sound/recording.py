"""What an open recording is, whatever reads it: facts, and frames from any place on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tui_label.sound.stretch import Samples

LACK_S = 0.05
"""Sound that may be missing at the end of a file that is taken for whole."""
WARM_UP = 16_384
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
