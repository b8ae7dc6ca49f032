"""Keys to sound over a slow ssh, through the installed command and a real sshd: run by hand.

    python tests/benchmarks/bench_ssh.py [PART ...]      # keys, bytes, many; all if not given

The link has 100 ms there and back and 1 Mbit/s.  Beside ours stands, in the same run, what
people do elsewhere: the laptop's PulseAudio forwarded to the box, where a bare script plays.
"""

from __future__ import annotations

import itertools
import shlex
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import soundfile

sys.path.insert(0, str(Path(__file__).parents[1]))
from ears import Ears, listening
from far import PROGRAM, Far, SlowLink, far_machine, free_port
from terminal_harness import Terminal, run

RATE = 16_000
PROJECT = """\
name: bench
items: sound
order: as-added
tasks: [{id: transcript, type: text, required: false, transcript: {}}]
"""
RTT_S, BYTES_PER_S = 0.1, 125_000


def percentiles(values: list[float]) -> str:
    ordered = sorted(values)
    p95 = ordered[min(len(ordered) - 1, int(len(ordered) * 0.95))]
    return f"p50 {statistics.median(ordered) * 1000:5.0f}  p95 {p95 * 1000:5.0f}  max {ordered[-1] * 1000:5.0f} ms  n={len(ordered)}"


def project(folder: Path, sounds: list[np.ndarray]) -> Path:
    folder.mkdir(parents=True)
    (folder / "project.yaml").write_text(PROJECT)
    names = []
    for number, sound in enumerate(sounds):
        names.append(folder / f"c{number}.wav")
        soundfile.write(names[-1], sound, RATE, subtype="PCM_16")
    status, _, errors = run("add", str(folder), *map(str, names))
    assert status == 0, errors
    return folder


def noise(seconds: float, seed: int = 1) -> np.ndarray:
    return (np.random.default_rng(seed).standard_normal(int(seconds * RATE)) * 0.1).astype("f4")


def near(far: Far, ears: Ears, folder: Path, *options: str, far_off: bool = True) -> Terminal:
    words = ["ssh", "--program", PROGRAM, *options, "far", str(folder), "--", "-F", str(far.config)]
    terminal = Terminal(*words, columns=120, rows=36, env={**ears.env})
    terminal.wait_for("c0.wav", 30)
    return terminal.wait_for(" ms ", 30) if far_off else terminal


def key_to_sound(terminal: Terminal, ears: Ears, count: int) -> list[float]:
    """Play, and pause again once it is heard."""
    found = []
    for _ in range(count):
        terminal.settle(0.4, 1.5)
        began = time.monotonic()
        terminal.send(b"\t")
        heard = ears.onset(began)
        assert heard is not None, terminal.text
        found.append(heard - began)
        time.sleep(0.2)
        terminal.send(b"\t")
        terminal.settle(0.3, 1.0)
    return found


def keys(folder: Path) -> None:
    with far_machine() as far, listening("timing") as ears:
        link = SlowLink(far.port, delay_s=RTT_S / 2, bytes_per_s=BYTES_PER_S)
        far.lead(link.port)
        print(f"link: {RTT_S * 1000:.0f} ms there and back, {BYTES_PER_S * 8 / 1e6:g} Mbit/s")
        project(folder / "keys", [noise(3600)])
        terminal = near(far, ears, folder / "keys")
        time.sleep(8)
        print("key → sound, local keys  ", percentiles(key_to_sound(terminal, ears, 30)))
        terminal.close()
        terminal = near(far, ears, folder / "keys", "--no-local-keys")
        time.sleep(8)
        print("key → sound, over there  ", percentiles(key_to_sound(terminal, ears, 30)))
        print("key → sound, not sent yet", percentiles(not_sent_yet(terminal, ears, 12)))
        print("key → echo while sending ", percentiles(echo_while_sending(terminal, 60)))
        terminal.close()
        print("PulseAudio over ssh      ", percentiles(forwarded_pulse(far, ears)))
        link.close()


def not_sent_yet(terminal: Terminal, ears: Ears, count: int) -> list[float]:
    """Places of the hour that were never near what was played."""
    found = []
    terminal.press("escape", "end")
    for _ in range(count):
        for _ in range(40):
            terminal.send(b"\x1b[D")
            terminal.read(0.03)
        terminal.settle(0.6, 2.0)
        began = time.monotonic()
        terminal.send(b" ")
        heard = ears.onset(began)
        assert heard is not None, terminal.text
        found.append(heard - began)
        time.sleep(0.3)
        terminal.send(b" ")
        terminal.settle(0.5, 2.0)
    terminal.press("i")
    return found


def echo_while_sending(terminal: Terminal, count: int) -> list[float]:
    """Typing while sound goes ahead as fast as it may."""
    found = []
    terminal.press("escape", "home")
    terminal.send(b"\x1b[1;2C" * 3)
    terminal.press("i", "shift+tab")
    for number in range(count):
        before = terminal.screen.display[-12:-2]
        began = time.monotonic()
        terminal.send(b"abcdefghij"[number % 10 :][:1])
        while terminal.screen.display[-12:-2] == before and time.monotonic() - began < 5:
            terminal.read(0.02)
        found.append(time.monotonic() - began)
        time.sleep(0.05)
    return found


BARE = """
import sys, numpy as np, sounddevice as sd
sound = (np.random.default_rng(0).standard_normal((32000, 1)) * 0.1).astype("f4")
sd.query_devices(kind="output")
print("ready", flush=True)
for line in sys.stdin:
    sd.play(sound, 16000, latency=0.3) if line.strip() == "on" else sd.stop()
"""


def forwarded_pulse(far: Far, ears: Ears) -> list[float]:
    """The laptop's sound server on a port of the box, where a bare script plays a sound each time it is told to."""
    port = free_port()
    forward = f"127.0.0.1:{port}:{ears.server.removeprefix('unix:')}"
    command = ["ssh", "-F", str(far.config), "-T", "-R", forward, "far"]
    script = f"env PULSE_SERVER=tcp:127.0.0.1:{port} {sys.executable} -c {shlex.quote(BARE)}"
    child = subprocess.Popen([*command, script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert child.stdin is not None and child.stdout is not None
    child.stdout.readline()
    found = []
    for _ in range(10):
        time.sleep(1)
        began = time.monotonic()
        print("on", file=child.stdin, flush=True)
        heard = ears.onset(began, timeout=10)
        assert heard is not None
        found.append(heard - began)
        print("off", file=child.stdin, flush=True)
        time.sleep(2)
    child.kill()
    return found


def speech() -> np.ndarray:
    clips = sorted((Path(__file__).parents[2] / "guidelines" / "transcription" / "clips").glob("*.opus"))
    return np.concatenate([soundfile.read(clip, dtype="float32")[0] for clip in clips])


def carried(folder: Path) -> None:
    """Clips of 5 s, one after the other, each sent as far as it goes before the next; and the same in silence."""
    whole = speech()
    sounds = [whole[start : start + 5 * RATE] for start in range(0, len(whole) - 5 * RATE, 5 * RATE)]
    seconds = (len(sounds) - 2) * 5
    found = []
    for options in ((), ("--no-sound",)):
        with far_machine() as far, listening("timing") as ears:
            link = SlowLink(far.port)
            far.lead(link.port)
            own = project(folder / f"bytes{len(options)}", sounds)
            terminal = near(far, ears, own, *options, far_off=not options)
            began = 0
            for number in range(len(sounds)):
                while _still_sent(link, terminal):
                    pass
                began = began or link.down + link.up
                terminal.send(b"\r")
                left = f" {number + 1} of {len(sounds)}" if number + 1 < len(sounds) else "Nothing is left"
                terminal.wait_for(left)
            found.append((link.down + link.up - began) * 8 / 1000 / seconds)
            terminal.close()
            link.close()
    print(
        f"over the wire for clips  {found[0] - found[1]:.1f} kbit/s of audio ({seconds} s of speech), screen {found[1]:.1f}"
    )


def _still_sent(link: SlowLink, terminal: Terminal) -> bool:
    """Whether more than pings goes over the wire."""
    before = link.down + link.up
    terminal.settle(0.2, 0.3)
    time.sleep(0.1)
    return link.down + link.up - before > 1500


def many(folder: Path, count: int = 20) -> None:
    """Others type and play, each with a listener of their own, into another sound server."""
    with far_machine() as far, listening("timing") as ears, listening("timing") as others:
        project(folder / "one", [noise(600)])
        terminal = near(far, ears, folder / "one", "--no-local-keys")
        time.sleep(3)
        alone = key_to_sound(terminal, ears, 20)
        print("key → sound alone        ", percentiles(alone))
        crowd = []
        for number in range(count - 1):
            project(folder / f"o{number}", [noise(600)])
            crowd.append(near(far, others, folder / f"o{number}"))
        words = itertools.cycle("the quick brown fox ")
        found = []
        for _ in range(20):
            for other in crowd:
                other.send(next(words).encode())
                other.read(0.001)
            found += key_to_sound(terminal, ears, 1)
        print(f"key → sound among {count}     ", percentiles(found))
        print(f"ratio of medians          {statistics.median(found) / statistics.median(alone):.2f}")
        for one in [terminal, *crowd]:
            one.close()


def main() -> None:
    parts = sys.argv[1:] or ["keys", "bytes", "many"]
    with tempfile.TemporaryDirectory() as temporary:
        for part in parts:
            {"keys": keys, "bytes": carried, "many": many}[part](Path(temporary))
    subprocess.run(["stty", "sane"], check=False, stderr=subprocess.DEVNULL)


if __name__ == "__main__":
    main()
