"""What the speaker plays with: one running PortAudio stream, sample-exact play, seek and loop.

Only the speaker process imports this.  The callback runs in PortAudio's thread: it may
not wait, and tells what happened through `tell`.
"""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic
from typing import Any

import numpy as np
import sounddevice

from tui_label.sound.stretch import Samples, Stretch

FADE_IN_MS = 2
FADE_OUT_MS = 5
EARS = 2
HANGS_AFTER_S = 4.0

Tell = Callable[[str, "Voice", float, float], None]
"""`tell(event, voice, frame, seconds until it is heard)`."""


PIECE_COSTS = 256
"""Bytes beside its samples that a piece takes: there may be very many of a frame each."""


class Clip:
    """A recording in pieces, of which some have come."""

    def __init__(self, rate: int, channels: int, frames: int, piece: int) -> None:
        self.rate, self.channels, self.frames, self.piece = rate, channels, frames, piece
        self.pieces: dict[int, Samples] = {}
        self.held = 0
        """Bytes of sound that are here."""

    def hold(self, number: int, samples: Samples) -> None:
        if 0 <= number * self.piece < self.frames:
            self.drop(number)
            # Its own: a view would keep the whole run that it came in
            self.pieces[number] = samples = samples.copy()
            self.held += samples.nbytes + PIECE_COSTS

    def drop(self, number: int) -> None:
        old = self.pieces.pop(number, None)
        self.held -= 0 if old is None else old.nbytes + PIECE_COSTS

    def arrived(self, frame: int) -> int:
        """The first frame at or after `frame` that has not come."""
        number = frame // self.piece
        while number in self.pieces:
            number += 1
        return min(self.frames, max(frame, number * self.piece))

    def get(self, start: int, count: int) -> Samples:
        out = np.zeros((count, self.channels), np.float32)
        at = max(0, start)
        while at < min(self.frames, start + count):
            number, inside = divmod(at, self.piece)
            piece = self.pieces.get(number)
            stop = min((number + 1) * self.piece, start + count, self.frames)
            if piece is not None:
                part = piece[inside : inside + stop - at]
                out[at - start : at - start + len(part)] = part
            at = stop
        return out


def ears(channels: int, only: int | None) -> Samples:
    """How channels go to two ears: shape (channels, 2).  `only` lets one of them be heard, in both."""
    if only is not None and only < channels:
        mix = np.zeros((channels, EARS), np.float32)
        mix[only] = 1
        return mix
    if channels == EARS:
        return np.eye(EARS, dtype=np.float32)
    return np.full((channels, EARS), 1 / channels, np.float32)


class Voice:
    """One `play`: from a frame to an end, at a speed, perhaps round a loop."""

    def __init__(
        self,
        seq: int,
        clip: Clip,
        at: int,
        end: int,
        speed: float = 1.0,
        loop: tuple[int, int] | None = None,
        ear: int | None = None,
    ) -> None:
        self.seq, self.clip, self.at, self.end = seq, clip, at, min(end, clip.frames)
        self.speed, self.loop, self.ear = speed, loop, ear
        self.done = False
        self.stalled = False
        self.announced = False
        self._mix = ears(clip.channels, ear)
        self._fresh = True
        self._stretch = Stretch(self._looped, clip.rate, at, speed) if speed != 1 else None
        self._block: Samples = np.zeros((0, clip.channels), np.float32)
        self._block_from = float(at)
        self._used = 0

    def changed(self, end: int, speed: float, loop: tuple[int, int] | None, ear: int | None) -> Voice:
        at = self.at if loop is None or loop[0] <= self.at < loop[1] else loop[0]
        return Voice(self.seq, self.clip, at, end, speed, loop, ear)

    def _looped(self, start: int, count: int) -> Samples:
        """Frames of the clip, wrapped inside the loop, silent past the end."""
        if self.loop is None:
            found = self.clip.get(start, count)
            if start + count > self.end:
                found[max(0, self.end - start) :] = 0
            return found
        first, last = self.loop
        if start + count <= last:
            return self.clip.get(start, count)
        places = np.arange(start, start + count)
        places = np.where(places >= last, first + (places - first) % (last - first), places)
        low = int(places.min())
        return self.clip.get(low, int(places.max()) - low + 1)[places - low]

    def render(self, count: int) -> tuple[Samples, float]:
        """The next `count` frames for two ears, and the source frame of the first."""
        out = np.zeros((count, EARS), np.float32)
        at = self._plain(out) if self._stretch is None else self._stretched(out, self._stretch)
        if self._fresh:
            ramp = min(count, self.clip.rate * FADE_IN_MS // 1000)
            out[:ramp] *= np.linspace(0, 1, ramp, dtype=np.float32)[:, None]
            self._fresh = False
        return out, at

    def _plain(self, out: Samples) -> float:
        began, filled = self.at, 0
        self.stalled = False
        while filled < len(out):
            if self.loop is not None and self.at >= self.loop[1]:
                self.at = self.loop[0]
            limit = self.loop[1] if self.loop is not None else self.end
            some = min(len(out) - filled, min(limit, self.clip.arrived(self.at)) - self.at)
            if some <= 0:
                self.done, self.stalled = self.at >= limit, self.at < limit
                break
            out[filled : filled + some] = self.clip.get(self.at, some) @ self._mix
            filled += some
            self.at += some
        return began

    def _stretched(self, out: Samples, stretch: Stretch) -> float:
        began, filled = float(self.at), 0
        self.stalled = False
        while filled < len(out):
            if self._used >= len(self._block):
                if self.loop is not None and stretch.source >= self.loop[1]:
                    stretch.jump(self.loop[0] - self.loop[1])
                limit = self.loop[1] if self.loop is not None else self.end
                if stretch.source >= limit:
                    self.done = True
                    break
                ahead = min(limit, int(stretch.source) + int(self.clip.rate * 0.06))
                if self.clip.arrived(int(stretch.source)) < ahead:
                    self.stalled = True
                    break
                self._block_from, self._used = stretch.source, 0
                self._block = stretch.block() @ self._mix
            if filled == 0:
                began = self._block_from + self._used * self.speed
            some = min(len(out) - filled, len(self._block) - self._used)
            out[filled : filled + some] = self._block[self._used : self._used + some]
            self._used += some
            filled += some
        self.at = int(self._block_from + self._used * self.speed)
        return began


class Engine:
    """A stream at one rate that plays one voice at a time."""

    def __init__(self, rate: int, latency: float, tell: Tell, lost: Callable[[], None]) -> None:
        self.rate = rate
        self.voice: Voice | None = None
        self.underruns = 0
        self._tell = tell
        self._next: list[Callable[[Voice | None], Voice | None]] = []
        self._anchor: tuple[float, float, float] | None = None
        self._closing = False
        self._called = monotonic()
        self._stream = sounddevice.OutputStream(
            samplerate=rate,
            channels=EARS,
            dtype="float32",
            latency=latency,
            blocksize=0,
            callback=self._callback,
            finished_callback=lambda: None if self._closing else lost(),
        )
        self._stream.start()

    def play(self, voice: Voice) -> None:
        self._next.append(lambda _: voice)

    def adjust(self, end: int, speed: float, loop: tuple[int, int] | None, ear: int | None) -> None:
        """The voice that plays goes on from where it is, with these."""
        self._next.append(lambda old: old and old.changed(end, speed, loop, ear))

    def stop(self) -> None:
        self._next.append(lambda _: None)

    def close(self) -> None:
        self._closing = True
        self._stream.close()

    @property
    def hangs(self) -> bool:
        """Whether the sound server has stopped asking for samples."""
        return monotonic() - self._called > HANGS_AFTER_S

    @property
    def heard(self) -> float | None:
        """The source frame that is heard now; None while nothing plays."""
        anchor = self._anchor
        if anchor is None or self.voice is None:
            return None
        at, dac, speed = anchor
        return float(at + (self._stream.time - dac) * self.rate * speed)

    def _callback(self, out: Samples, count: int, time: Any, status: sounddevice.CallbackFlags) -> None:
        if status.output_underflow and self.voice is not None:
            self.underruns += 1
        dac = time.outputBufferDacTime
        wait = dac - self._stream.time
        self._called = monotonic()
        out.fill(0)
        if self._next:
            self._switch(out, count, wait)
        voice = self.voice
        if voice is None:
            return
        rendered, at = voice.render(count)
        out += rendered
        self._anchor = (at, dac, 0.0 if voice.stalled else voice.speed)
        if not voice.announced and not voice.stalled:
            voice.announced = True
            self._tell("started", voice, at, wait)
        if voice.done:
            self.voice = None
            self._tell("ended", voice, voice.at, wait + count / self.rate)

    def _switch(self, out: Samples, count: int, wait: float) -> None:
        old = self.voice
        for change in self._next:
            self.voice = change(self.voice)
        self._next.clear()
        if old is not None:
            stopped_at = float(old.at)
            fading, _ = old.render(count)
            ramp = min(count, self.rate * FADE_OUT_MS // 1000)
            out[:ramp] += fading[:ramp] * np.linspace(1, 0, ramp, dtype=np.float32)[:, None]
            if self.voice is None:
                self._tell("paused", old, stopped_at, wait)
