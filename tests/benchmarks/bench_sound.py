"""Keys to sound through the installed command in a pty and a real sound server: run by hand.

    python tests/benchmarks/bench_sound.py [SECONDS]     # SECONDS of playing while typing, 60 if not given

Each figure stands beside a floor of the same run: a bare PortAudio stream with the same
latency that plays on a call; a bare read of the same file; the same item change with short clips.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import soundfile

sys.path.insert(0, str(Path(__file__).parents[1]))
from ears import Ears
from terminal_harness import Terminal, run

from tui_label.sound.stretch import Stretch

RATE = 48_000
PROJECT = """\
name: bench
items: sound
tasks:
  - {id: transcript, type: text, required: false, transcript: {tags: [noise], case: lower, numbers: words}}
"""


def percentiles(values: list[float]) -> str:
    ordered = sorted(values)
    p95 = ordered[min(len(ordered) - 1, int(len(ordered) * 0.95))]
    return f"p50 {statistics.median(ordered) * 1000:5.1f}  p95 {p95 * 1000:5.1f}  max {ordered[-1] * 1000:5.1f} ms  n={len(ordered)}"


def floor(ears: Ears) -> list[float]:
    """A bare PortAudio stream in this process, as low as its own latency lets it be."""
    script = """
import sys, time, numpy as np, sounddevice as sd
on = [False]
chance = np.random.default_rng(0)
def play(out, count, when, status):
    out[:] = chance.standard_normal((count, 2)) * .1 if on[0] else 0
stream = sd.OutputStream(samplerate=48000, channels=2, latency=0.03, blocksize=0, callback=play)
stream.start()
for line in sys.stdin:
    on[0] = line.strip() == "on"
    print(time.monotonic(), flush=True)
"""
    child = subprocess.Popen(
        [sys.executable, "-c", script],
        env={**os.environ, **ears.env},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert child.stdin is not None and child.stdout is not None
    found = []
    time.sleep(1)
    for _ in range(20):
        began = time.monotonic()
        print("on", file=child.stdin, flush=True)
        heard = ears.onset(began)
        assert heard is not None
        found.append(heard - began)
        print("off", file=child.stdin, flush=True)
        time.sleep(0.4)
    child.kill()
    return found


def main() -> None:
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 60.0
    speed_change()
    with tempfile.TemporaryDirectory() as temporary:
        long_files(Path(temporary))
        first_paint(Path(temporary))
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary) / "bench"
        folder.mkdir()
        (folder / "project.yaml").write_text(PROJECT)
        chance = np.random.default_rng(1)
        soundfile.write(folder / "a.wav", (chance.standard_normal(RATE * 1200) * 0.1).astype("f4"), RATE)
        status, _, errors = run("add", str(folder), str(folder / "a.wav"))
        assert status == 0, errors
        ears = Ears("timing")
        try:
            print("floor: bare stream on  ", percentiles(floor(ears)))
            terminal = Terminal(str(folder), columns=120, rows=40, env={**ears.env})
            terminal.wait_for("saved")
            time.sleep(1.5)
            keys_to_sound(terminal, ears)
            playhead(terminal, ears)
            typing(terminal, ears, seconds)
            terminal.close()
        finally:
            ears.close()


def speed_change() -> None:
    """Seconds of sound made in a second of work, 44.1 kHz, one channel."""
    rate = 44_100
    samples = (np.random.default_rng(2).standard_normal((rate * 60, 1)) * 0.1).astype("f4")

    def get(start: int, count: int) -> np.ndarray:
        found = np.zeros((count, 1), "f4")
        part = samples[max(0, start) : start + count]
        found[: len(part)] = part
        return found

    times = []
    for tenths in range(5, 21):
        stretch = Stretch(get, rate, 0, tenths / 10)
        began, made = time.perf_counter(), 0
        while stretch.source < rate * 59:
            made += len(stretch.block())
        times.append((made / rate / (time.perf_counter() - began), tenths / 10))
    slowest, speed = min(times)
    print(
        f"speed change            {slowest:.0f}x real time at the slowest ({speed}), {max(times)[0]:.0f}x at the fastest"
    )


def long_files(folder: Path) -> None:
    """Peaks of 1 hour and of 8 hours of 16 kHz WAV, beside a bare read of the same blocks."""
    for hours in (1, 8):
        path = folder / f"{hours}h.wav"
        chunk = (np.random.default_rng(3).standard_normal(16_000 * 60) * 0.1).astype("f4")
        with soundfile.SoundFile(path, "w", 16_000, 1, subtype="PCM_16") as file:
            for _ in range(hours * 60):
                file.write(chunk)
        bare = time.perf_counter()
        for _ in soundfile.blocks(str(path), blocksize=1 << 20, dtype="float32"):
            pass
        bare = time.perf_counter() - bare
        script = """
import re, sys, time
from pathlib import Path
from tui_label.sound.peaks import measure

def most_memory():
    return int(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1]) / 1024

before, began = most_memory(), time.perf_counter()
measure(Path(sys.argv[1]), 0, int(sys.argv[2]))
print(time.perf_counter() - began, most_memory() - before)
"""
        done = subprocess.run(
            [sys.executable, "-c", script, str(path), str(hours * 3600 * 16_000)],
            capture_output=True,
            text=True,
            check=True,
        )
        took, memory = map(float, done.stdout.split())
        print(
            f"peaks of {hours} h of WAV       {took:.2f} s ({took / bare:.1f}x a bare read), {memory:.0f} MB more memory"
        )


def first_paint(folder: Path) -> None:
    """Answer to the next item painted: one-hour recordings never looked at before, beside short clips."""
    for name, source in (("short", None), ("1 h each", folder / "1h.wav")):
        project = folder / name.replace(" ", "-")
        project.mkdir()
        (project / "project.yaml").write_text(PROJECT)
        for number in range(8):
            if source is None:
                soundfile.write(project / f"c{number}.wav", np.full(16_000, 0.01 * number + 0.01), 16_000)
            else:
                samples = np.full(16_000 * 3600, 0.01 * number + 0.01, "f4")
                soundfile.write(project / f"c{number}.wav", samples, 16_000, subtype="PCM_16")
        status, _, errors = run("add", str(project), str(project))
        assert status == 0, errors
        terminal = Terminal(str(project), columns=120, rows=40, env={"PULSE_SERVER": "unix:/nowhere"})
        terminal.wait_for("c0.wav")
        times = []
        for number in range(1, 8):
            terminal.settle(0.5, 2.0)
            began = time.monotonic()
            terminal.send(b"\r")
            while f"c{number}.wav" not in terminal.text:
                terminal.read(0.05)
            times.append(time.monotonic() - began)
        terminal.close()
        print(f"next item painted, {name:<9}", percentiles(times))


def keys_to_sound(terminal: Terminal, ears: Ears) -> None:
    plays, pauses = [], []
    for _ in range(40):
        terminal.settle(0.05, 0.3)
        began = time.monotonic()
        terminal.send(b"\t")
        heard = ears.onset(began)
        assert heard is not None, "nothing was heard"
        plays.append(heard - began)
        terminal.settle(0.2, 0.5)
        began = time.monotonic()
        terminal.send(b"\t")
        terminal.settle(0.1, 0.3)
        pauses.append(ears.silence(began) - began)
    print("key → first sample     ", percentiles(plays))
    print("key → silence          ", percentiles(pauses))


def playhead(terminal: Terminal, ears: Ears) -> None:
    """When the screen first says a tenth of a second, against what is heard then."""
    terminal.press("shift+tab", settle=False)
    began = time.monotonic()
    terminal.settle(0.3, 0.6)
    terminal.press("tab")
    time.sleep(0.5)
    terminal.settle(0.05, 0.2)
    began = time.monotonic()
    terminal.send(b"\x1b[Z")
    heard = ears.onset(began)
    assert heard is not None
    errors, shown, end = [], "", time.monotonic() + 8
    while time.monotonic() < end:
        terminal.read(0.02)
        now = time.monotonic()
        row = next((line for line in terminal.screen.display if " / 20:00.0" in line), "")
        says = row.split(" / ")[0].split()[-1] if row else ""
        if says and says != shown:
            shown = says
            minutes, rest = says.split(":")
            errors.append(now - heard - (int(minutes) * 60 + float(rest)))
    errors = errors[3:]
    print(
        f"screen − heard          median {statistics.median(errors) * 1000:+.1f} ms, worst {max(map(abs, errors)) * 1000:.1f} ms, n={len(errors)}"
    )
    terminal.send(b"\t")


def typing(terminal: Terminal, ears: Ears, seconds: float) -> None:
    """10 keys a second while it plays and the other core is busy."""
    quiet = [_typed(terminal, letter) for letter in "the quick brown fox jumps over the lazy dog "]
    print(
        f"bytes a typed character, paused: median {statistics.median(size for _, size in quiet):.0f}, worst {max(size for _, size in quiet)}"
    )
    busy = subprocess.Popen([sys.executable, "-c", "while True: pass"])
    terminal.send(b"\x1b[Z")
    terminal.settle(0.2, 0.5)
    began, mark = time.monotonic(), terminal.mark()
    times = []
    words = "the quick brown fox jumps over the lazy dog and so on until all is said "
    n = 0
    while time.monotonic() - began < seconds:
        started = time.monotonic()
        times.append(_typed(terminal, words[n % len(words)])[0])
        n += 1
        while (left := 0.1 - (time.monotonic() - started)) > 0:
            terminal.read(left)
    busy.kill()
    lasted = time.monotonic() - began
    print("typing while it plays  ", percentiles(times))
    total = len(terminal.bytes_since(mark))
    print(f"bytes a second, typing and playhead: {total / lasted:.0f}, for {n / lasted:.1f} keys a second")
    heard = ears.since(began)[:, 0]
    heard = heard[RATE:-RATE]
    print(f"samples exactly 0 in {len(heard) / RATE:.0f} s of noise (underruns): {_gaps(heard)} gaps")
    terminal.send(b"\t")


def _typed(terminal: Terminal, letter: str) -> tuple[float, int]:
    """Seconds until a character stands in its row, and the bytes that came meanwhile."""
    row = next(n for n, line in enumerate(terminal.screen.display) if line.lstrip("›").strip().startswith("transcript"))
    box = slice(row, row + 10)
    before = ([dict(line) for line in (terminal.screen.buffer[n] for n in range(box.start, box.stop))], terminal.mark())
    began = time.monotonic()
    terminal.send(letter.encode())
    while [dict(terminal.screen.buffer[n]) for n in range(box.start, box.stop)] == before[0]:
        terminal.read(0.05)
        if time.monotonic() - began > 2:
            raise AssertionError(f"{letter!r} never came:\n{terminal.text}")
    return time.monotonic() - began, len(terminal.bytes_since(before[1]))


def _gaps(heard: np.ndarray) -> int:
    """Stretches of exact silence longer than 1 ms in what should be noise."""
    still = np.flatnonzero(np.diff(np.concatenate([[0], (heard == 0).astype(int), [0]])))
    return int(((still[1::2] - still[::2]) > RATE / 1000).sum())


if __name__ == "__main__":
    main()
