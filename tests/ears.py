"""A private PulseAudio without any sound card, and ears on what it plays.

`Ears("content")` hears every sample exactly as it was played (a pipe sink, written by the
clock); `Ears("timing")` hears when it was played (a null sink's monitor, 5 ms late at most).
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

Samples = NDArray[np.float32]

needs_pulse = pytest.mark.skipif(
    not all(map(shutil.which, ("pulseaudio", "parec", "pactl"))),
    reason="needs PulseAudio: apt install pulseaudio pulseaudio-utils libasound2-plugins libportaudio2",
)


class Ears:
    """A sound server of our own and a recording of all it plays, in stereo."""

    def __init__(self, kind: str = "timing", rate: int = 48_000) -> None:
        self.rate = rate
        self._folder = Path(tempfile.mkdtemp(prefix="ears-"))
        self._chunks: list[tuple[float, Samples]] = []
        self._lock = threading.Lock()
        self._reader: subprocess.Popen[bytes] | None = None
        fifo = self._fifo = self._folder / "out.fifo"
        self._kind = kind
        sink = (
            f"module-pipe-sink file={fifo} sink_name=ears format=s16le rate={rate} channels=2 use_system_clock_for_timing=yes"
            if kind == "content"
            else f"module-null-sink sink_name=ears rate={rate} channels=2 format=s16le"
        )
        self.server = f"unix:{self._folder}/pulse.sock"
        self.env = {"PULSE_SERVER": self.server}
        quiet = {**os.environ, "HOME": str(self._folder), "XDG_RUNTIME_DIR": str(self._folder)}
        quiet |= {"PULSE_RUNTIME_PATH": str(self._folder / "run"), "PULSE_STATE_PATH": str(self._folder / "state")}
        quiet.pop("PULSE_SERVER", None)
        command = [
            "pulseaudio",
            "-n",
            "--daemonize=no",
            "--exit-idle-time=-1",
            "--use-pid-file=no",
            "--log-level=error",
        ]
        command += ["-L", f"module-native-protocol-unix socket={self._folder}/pulse.sock auth-anonymous=1", "-L", sink]
        self._start = lambda: subprocess.Popen(
            command, env=quiet, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        self._open()
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()
        _until(lambda: bool(self._chunks), "nothing comes out of the sound server")

    def _open(self) -> None:
        self.pulse = self._start()
        ways = [self._folder / "pulse.sock", *([self._fifo] if self._kind == "content" else [])]
        _until(lambda: all(way.exists() for way in ways), "the sound server does not start")
        if self._kind == "content":
            self._source = os.open(self._fifo, os.O_RDONLY)
            return
        record = ["parec", "--raw", "-d", "ears.monitor", "--format=s16le", f"--rate={self.rate}", "--channels=2"]
        self._reader = subprocess.Popen(
            [*record, "--latency-msec=5"], env={**os.environ, **self.env}, stdout=subprocess.PIPE, bufsize=0
        )
        assert self._reader.stdout is not None
        self._source = self._reader.stdout.fileno()

    def revive(self) -> None:
        """Start the sound server again after it was killed."""
        self.pulse.wait()
        self._thread.join(5)
        (self._folder / "pulse.sock").unlink(missing_ok=True)
        self._open()
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()

    def _listen(self) -> None:
        rest = b""
        while True:
            try:
                data = os.read(self._source, 65_536)
            except OSError:
                return
            now = time.monotonic()
            if not data:
                return
            data = rest + data
            whole = len(data) // 4 * 4
            rest = data[whole:]
            samples = np.frombuffer(data[:whole], "<i2").reshape(-1, 2).astype(np.float32) / 32768
            with self._lock:
                self._chunks.append((now, samples))

    def since(self, moment: float) -> Samples:
        """All that was heard after a moment (monotonic seconds)."""
        with self._lock:
            found = [samples for when, samples in self._chunks if when >= moment]
        return np.concatenate(found) if found else np.zeros((0, 2), np.float32)

    def onset(self, moment: float, *, loud: float = 0.02, timeout: float = 5.0) -> float | None:
        """When the first loud sample after a moment came out."""
        return self._first(moment, lambda samples: np.abs(samples).max(1) > loud, timeout)

    def silence(self, moment: float, *, quiet: float = 0.001, lasting: float = 0.1) -> float:
        """When the last loud sample after a moment came out; it must have been quiet for `lasting` since."""
        time.sleep(lasting + 0.3)
        last = moment
        with self._lock:
            chunks = [one for one in self._chunks if one[0] >= moment]
        for when, samples in chunks:
            hot = np.nonzero(np.abs(samples).max(1) > quiet)[0]
            if len(hot):
                last = when - (len(samples) - hot[-1]) / self.rate
        return last

    def _first(self, moment: float, test: object, timeout: float) -> float | None:
        end = time.monotonic() + timeout
        seen = 0
        while time.monotonic() < end:
            with self._lock:
                chunks, seen = self._chunks[seen:], len(self._chunks)
            for when, samples in chunks:
                if when < moment:
                    continue
                hot = np.nonzero(test(samples))[0]  # type: ignore[operator]
                if len(hot):
                    return float(when - (len(samples) - hot[0]) / self.rate)
            time.sleep(0.002)
        return None

    def close(self) -> None:
        if self._reader is not None:
            self._reader.kill()
            self._reader.wait()
        self.pulse.kill()
        self.pulse.wait()
        self._thread.join(2)
        if self._reader is None:
            os.close(self._source)
        shutil.rmtree(self._folder, ignore_errors=True)


@contextmanager
def listening(kind: str = "timing", rate: int = 48_000) -> Iterator[Ears]:
    ears = Ears(kind, rate)
    try:
        yield ears
    finally:
        ears.close()


def _until(test: object, why: str) -> None:
    end = time.monotonic() + 10
    while not test():  # type: ignore[operator]
        if time.monotonic() > end:
            raise RuntimeError(why)
        time.sleep(0.02)


def find(heard: Samples, wanted: Samples) -> tuple[int, float]:
    """Where `wanted` begins in `heard` (both one channel), and how alike they are there: 1 is the same."""
    size = 1 << (len(heard) + len(wanted) - 1).bit_length()
    product = np.fft.rfft(heard, size) * np.conj(np.fft.rfft(wanted, size))
    at = int(np.argmax(np.fft.irfft(product, size)[: max(1, len(heard) - len(wanted) + 1)]))
    there = heard[at : at + len(wanted)]
    alike = float(np.dot(there, wanted[: len(there)]) / (np.linalg.norm(there) * np.linalg.norm(wanted) + 1e-12))
    return at, alike


def pitch(samples: Samples, rate: int, low: float = 60.0, high: float = 1200.0) -> float:
    """The strongest frequency in hertz, between two bounds; parabolic peak of the spectrum."""
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples)), len(samples) * 4))
    first, last = (int(one * len(samples) * 4 / rate) for one in (low, high))
    peak = first + int(np.argmax(spectrum[first:last]))
    left, top, right = spectrum[peak - 1 : peak + 2]
    return float((peak + (left - right) / (2 * (left - 2 * top + right))) * rate / (len(samples) * 4))
