"""A speaker without a sound card: its engine renders what it is told at once, and what it says is kept."""

from __future__ import annotations

import json
from typing import Any

import numpy as np

from tui_label.sound.engine import Voice


class Out:
    """The writer's end of a line."""

    def __init__(self) -> None:
        self.said: list[dict[str, Any]] = []

    def write(self, data: bytes) -> None:
        self.said.append(json.loads(data[6 : 6 + int.from_bytes(data[4:6], "big")]))

    async def drain(self) -> None: ...

    def close(self) -> None: ...


class Engine:
    """What the callback of a real one raises, nobody would hear."""

    hangs, heard, underruns = False, None, 0

    def __init__(self, rate: int) -> None:
        self.rate, self.voice = rate, None

    def play(self, voice: Voice) -> None:
        self.voice = voice
        self._render()

    def adjust(self, *how: Any) -> None:
        self.voice = self.voice and self.voice.changed(*how)
        self._render()

    def stop(self) -> None:
        self.voice = None

    def close(self) -> None: ...

    def _render(self) -> None:
        for _ in range(3 * (self.voice is not None)):
            found, at = self.voice.render(256)
            assert found.shape == (256, 2) and np.isfinite(at)
