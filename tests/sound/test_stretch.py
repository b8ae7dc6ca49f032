"""Another speed at the same pitch: length, pitch, channels, seams."""

from __future__ import annotations

import numpy as np
import pytest
from ears import pitch

from tui_label.sound.stretch import FRAME_MS, Samples, Stretch

RATE = 16_000
SPEEDS = [round(0.1 * n, 1) for n in range(5, 21)]
TONES = [80.0, 97.0, 140.0, 220.0, 333.0, 500.0, 800.0, 1000.0]


def tone(hertz: float, seconds: float = 3.0) -> Samples:
    """With soft ends: a cut is a click of its own."""
    return soft(np.sin(2 * np.pi * hertz * np.arange(int(seconds * RATE)) / RATE) * 0.5)


def voice(hertz: float, seconds: float = 3.0) -> Samples:
    """Harmonics of odd phases, as of a vowel."""
    moments = np.arange(int(seconds * RATE)) / RATE
    return soft(sum(np.sin(2 * np.pi * hertz * n * moments + n * n) / n for n in range(1, 9)) * 0.2)


def soft(samples: np.ndarray) -> Samples:
    ramp = np.minimum(1, np.arange(len(samples)) / (0.05 * RATE))
    return (samples * ramp * ramp[::-1])[:, None].astype(np.float32)


def played(samples: Samples, speed: float) -> Samples:
    """All of it, as the speaker asks for it."""
    stretch = Stretch(lambda start, count: cut(samples, start, count), RATE, 0, speed)
    blocks = []
    while stretch.source < len(samples):
        blocks.append(stretch.block())
    return np.concatenate(blocks)


def cut(samples: Samples, start: int, count: int) -> Samples:
    out = np.zeros((count, samples.shape[1]), np.float32)
    first, last = max(0, start), min(len(samples), start + count)
    if first < last:
        out[first - start : last - start] = samples[first:last]
    return out


def looped(samples: Samples, first: int, last: int, speed: float, rounds: int) -> Samples:
    """A stretch of it again and again: what comes past its end is its start."""

    def get(start: int, count: int) -> Samples:
        places = np.arange(start, start + count)
        return samples[np.where(places >= last, first + (places - first) % (last - first), np.maximum(places, 0))]

    stretch = Stretch(get, RATE, first, speed)
    blocks, done = [], 0
    while done < rounds:
        if stretch.source >= last:
            stretch.jump(first - last)
            done += 1
        blocks.append(stretch.block())
    return np.concatenate(blocks)


def steepest(samples: Samples) -> float:
    return float(np.abs(np.diff(samples, axis=0)).max())


def loudness(samples: np.ndarray, count: int = RATE // 50) -> np.ndarray:
    """Of each 20 ms, or so many samples."""
    whole = samples[: len(samples) // count * count].reshape(-1, count)
    return np.sqrt((whole**2).mean(1))


@pytest.mark.parametrize("speed", SPEEDS)
def test_it_takes_the_time_that_the_speed_says(speed):
    samples = voice(150)

    assert len(played(samples, speed)) / RATE == pytest.approx(3.0 / speed, rel=0.01)


@pytest.mark.parametrize("speed", SPEEDS)
def test_pitch_stays(speed):
    for sound, hertz in [(tone(one), one) for one in TONES] + [
        (voice(one), one) for one in (85.0, 120.0, 210.0, 330.0)
    ]:
        found = played(sound, speed)[:, 0]
        middle = found[len(found) // 8 : -len(found) // 8]
        assert pitch(middle, RATE) == pytest.approx(hertz, rel=0.01)


@pytest.mark.parametrize("speed", SPEEDS)
def test_no_clicks_and_no_holes(speed):
    """Nothing steeper than the sound itself, and an even sound stays even."""
    for sound in (tone(97), tone(800), voice(85), voice(233)):
        found = played(sound, speed)
        assert steepest(found) < 1.05 * steepest(sound)
        even, as_it_was = (loudness(one[RATE // 8 : -RATE // 8, 0]) for one in (found, sound))
        assert even.min() > 0.8 * as_it_was.min() and even.max() < 1.2 * as_it_was.max()


@pytest.mark.parametrize("speed", SPEEDS)
def test_what_lies_before_a_loop_is_not_heard(speed):
    sound = np.random.default_rng(3).uniform(-0.1, 0.1, (3 * RATE, 1)).astype(np.float32)
    sound[:RATE] *= 10
    found = looped(sound, RATE, RATE + 6200, speed, rounds=12)

    assert np.abs(found).max() < 0.2


@pytest.mark.parametrize("speed", SPEEDS)
def test_a_loop_has_no_seam(speed):
    """What lies before the loop is not taken for what went before its start."""
    moments = np.arange(3 * RATE) / RATE
    sound = (sum(np.sin(2 * np.pi * 160 * n * moments + n * n) / n for n in range(1, 9)) * 0.2)[:, None]
    first, last = RATE, RATE + 62 * RATE // 160
    sound[:first] = np.sin(2 * np.pi * 217 * moments[:first, None])
    found = looped(sound.astype(np.float32), first, last, speed, rounds=12)

    assert steepest(found) < 1.05 * steepest(sound[first:])
    even = loudness(found[:, 0], RATE // 160)[5:]
    assert even.min() > 0.97 * np.median(even) and even.max() < 1.03 * np.median(even)
    assert len(found) == pytest.approx(12 * (last - first) / speed, abs=FRAME_MS * RATE / 1000)


@pytest.mark.parametrize("speed", [0.5, 1.5, 2.0])
def test_channels_stay_together(speed):
    """The second ear hears the first one's sound, half as loud."""
    sound = soft(np.random.default_rng(3).uniform(-0.5, 0.5, 3 * RATE))
    left, both = played(sound, speed), played(sound * np.array([[1, 0.5]], np.float32), speed)

    assert np.abs(both[:, 0] - 2 * both[:, 1]).max() < 1e-6
    assert np.abs(both[:, :1] - left).max() < 1e-4


@pytest.mark.parametrize("only", [0, 1])
def test_a_channel_of_silence_lines_nothing_up(only):
    """A call with one side on each channel: whoever speaks."""
    sound = np.zeros((3 * RATE, 2), np.float32)
    sound[:, only] = tone(333)[:, 0]
    found, as_it_was = (loudness(one[RATE // 8 : -RATE // 8, only]) for one in (played(sound, 1.3), sound))

    assert found.min() > 0.9 * as_it_was.min()


@pytest.mark.parametrize("speed", [0.5, 1.3, 1.8])
def test_channels_of_opposite_phase_do_not_cancel_out(speed):
    """Some stereo recordings are: mixed, there is nothing in them to line up."""
    sound = tone(333) * np.array([[1, -1]], np.float32)
    found, as_it_was = (loudness(one[RATE // 8 : -RATE // 8, 0]) for one in (played(sound, speed), sound))

    assert found.min() > 0.9 * as_it_was.min()


@pytest.mark.parametrize("speed", SPEEDS)
def test_silence_stays_silent(speed):
    assert not played(np.zeros((RATE, 2), np.float32), speed).any()


@pytest.mark.parametrize("speed", SPEEDS)
def test_a_moment_comes_when_it_is_due(speed):
    """A beep after silence: labels are set by where the playhead is, to 10 ms of the clip."""
    sound = np.zeros((3 * RATE, 1), np.float32)
    sound[2 * RATE : 2 * RATE + RATE // 2] = tone(440, 0.5)
    found, as_it_was = (np.argmax(np.abs(one) > 0.1) / RATE for one in (played(sound, speed), sound))

    assert found * speed == pytest.approx(as_it_was, abs=0.0105 if abs(speed - 1) > 0.15 else 0.005)


def test_begun_in_the_middle_it_begins_there():
    sound = voice(140)
    first = Stretch(lambda start, count: cut(sound, start, count), RATE, RATE, 1.5).block()

    assert np.array_equal(first, sound[RATE : RATE + len(first)])


@pytest.mark.parametrize("rate", [8_000, 11_025, 44_100, 48_000])
def test_other_rates(rate):
    sound = np.sin(2 * np.pi * 220 * np.arange(2 * rate) / rate).astype(np.float32)[:, None]
    stretch = Stretch(lambda start, count: cut(sound, start, count), rate, 0, 1.5)
    found = np.concatenate([stretch.block() for _ in range(int(1.2 * 1000 / (FRAME_MS / 2)))])[:, 0]

    assert pitch(found, rate) == pytest.approx(220, rel=0.01)
