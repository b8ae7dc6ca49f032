"""Peaks: what the eye gets is what is in the file, kept beside the project for as long as it is true."""

from __future__ import annotations

import math
import os
import struct
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st
from recordings import RATE, noise, write

from tui_label.core.item import Sound
from tui_label.sound import look as look_module
from tui_label.sound import peaks as peaks_module
from tui_label.sound.look import CACHE, Look, is_changed, look
from tui_label.sound.media import fingerprint
from tui_label.sound.peaks import Peaks, keep, kept, measure
from tui_label.sound.spectrum import spectrogram

ROUNDED = 1 / 32767


def made(samples: np.ndarray, rate: int = 8000, bucket: int = 64) -> Peaks:
    """The peaks of samples by the plainest loop there is."""
    starts = range(0, len(samples), bucket)
    low = np.array([[samples[n : n + bucket, c].min() for n in starts] for c in range(samples.shape[1])])
    high = np.array([[samples[n : n + bucket, c].max() for n in starts] for c in range(samples.shape[1])])
    scaled = ((one * 32767).astype(np.int16) for one in (low, high))
    return Peaks(rate, bucket, *scaled, ready=len(starts))


@pytest.fixture(scope="module")
def scratch(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("peaks") / "a.wav"


@given(st.integers(1, 5000), st.integers(1, 3), st.integers(0, 4000), st.integers(0, 2**32 - 1))
def test_buckets_hold_the_lowest_and_highest_sample(scratch, frames, channels, start, seed):
    samples = np.random.default_rng(seed).uniform(-1, 1, (start + frames, channels)).astype(np.float32)
    soundfile.write(scratch, samples, 8000, subtype="FLOAT")
    found = measure(scratch, start, frames)
    expected = made(samples[start:])

    assert found.complete
    assert np.array_equal(found.low, expected.low)
    assert np.array_equal(found.high, expected.high)
    assert found.loudest == pytest.approx(np.abs(samples[start:]).max(), abs=2 * ROUNDED)


@given(st.data())
def test_columns_hold_the_extremes_of_their_stretch(data):
    """By buckets: from the one a column begins in, up to the one the next begins in."""
    frames = data.draw(st.integers(64, 6000))
    samples = np.random.default_rng(frames).uniform(-1, 1, (frames, 2)).astype(np.float32)
    shape = made(samples)
    start = data.draw(st.floats(-0.2, frames / 8000))
    end = data.draw(st.floats(start + 0.001, start + 1))
    count, channel = data.draw(st.integers(1, 200)), data.draw(st.sampled_from([None, 0, 1]))
    columns = shape.columns(start, end, count, channel)

    assert len(columns) == count
    edges = np.linspace(start, end, count + 1) * 8000 / 64
    part = samples if channel is None else samples[:, [channel]]
    for number, (low, high) in enumerate(columns):
        first, stop = math.floor(edges[number]), math.floor(edges[number + 1])
        if number == count - 1:
            stop = math.ceil(edges[-1])
        first, stop = max(first, 0), max(first + 1, stop, 1)
        inside = part[first * 64 : stop * 64]
        if edges[number] >= shape.ready or edges[number + 1] <= 0:
            assert (low, high) == (0, 0)
        else:
            assert (low, high) == pytest.approx((inside.min(), inside.max()), abs=ROUNDED)


def test_the_last_bucket_is_seen_also_where_columns_go_on_behind_it():
    """64 frames of silence, then a click, in the first half of what is shown."""
    shape = made(np.array([[0.0]] * 64 + [[1.0]], np.float32))

    assert shape.columns(0, 4 * 64 / 8000, 2) == [(0.0, 1.0), (0.0, 0.0)]


def test_before_anything_is_measured_there_is_nothing_to_see():
    empty = Peaks(8000, 64, np.zeros((1, 10), np.int16), np.zeros((1, 10), np.int16))

    assert empty.columns(0, 1, 3) == [(0.0, 0.0)] * 3
    assert (empty.loudest, empty.complete) == (0.0, False)
    assert empty.quietest(0.5, 0.2) == 0.5


@given(st.floats(0, 2), st.floats(0.03, 0.5), st.integers(0, 100))
def test_the_quietest_place_is_near_and_as_quiet_as_any(at, within, seed):
    chance = np.random.default_rng(seed)
    loudness = np.repeat(chance.uniform(0.01, 1, 41), 400)[:16_000, None]
    samples = (chance.uniform(-1, 1, (16_000, 1)) * loudness).astype(np.float32)
    shape = made(samples)
    found = shape.quietest(at, within)
    width = round(0.01 * 8000 / 64)  # buckets of 8 ms: one
    swings = (shape.high.astype(int) - shape.low)[0]
    middles = {(n + width / 2) * 64 / 8000: swings[n : n + width].max() for n in range(len(swings) - width + 1)}
    allowed = {middle: swing for middle, swing in middles.items() if abs(middle - at) <= within}
    floor = min(allowed.values())

    assert abs(found - at) <= within
    assert allowed[found] <= floor + max(16, floor // 4)
    assert all(
        swing > floor + max(16, floor // 4) for middle, swing in allowed.items() if abs(middle - at) < abs(found - at)
    )


def test_the_quietest_place_just_out_of_reach_is_not_taken():
    samples = np.ones((8000, 1), np.float32) * np.resize([0.5, -0.5], 8000)[:, None]
    samples[64 * 70 : 64 * 71] = 0  # from 0.560 to 0.568 s
    shape = made(samples)

    assert shape.quietest(0.45, 0.115) == pytest.approx(0.564)
    assert shape.quietest(0.45, 0.113) == pytest.approx(0.45, abs=0.004)


def test_the_quietest_place_of_silence_between_words(tmp_path):
    samples = noise(2, channels=1)
    samples[int(1.1 * RATE) : int(1.2 * RATE)] = 0
    path = write(tmp_path / "a.wav", samples)

    assert 1.1 < measure(path, 0, len(samples)).quietest(1.05, 0.15) < 1.2


@pytest.mark.parametrize("kind", ["flac", "ogg", "mp3", "m4a", "webm"])
def test_compressed_files_are_measured_whole(tmp_path, kind):
    samples = noise(3)
    samples[: 2 * RATE] *= 0.1
    path = write(tmp_path / f"a.{kind}", samples)
    found = measure(path, 0, len(samples))
    columns = np.array(found.columns(0, 3, 30))

    assert columns[1:19, 1].max() < 0.1
    assert columns[21:29, 1].min() > 0.1


def test_growing_peaks_are_told_and_end_complete(tmp_path, monkeypatch):
    monkeypatch.setattr(peaks_module, "BLOCK", 8192)
    path = write(tmp_path / "a.wav", noise(1, channels=1))
    told: list[int] = []
    found = measure(path, 0, RATE, lambda one: told.append(one.ready))

    assert told == sorted(told)
    assert len(told) == math.ceil(RATE / 8192)
    assert told[-1] == found.low.shape[1]


def test_an_eight_hour_recording_takes_little_memory(tmp_path):
    """A WAV of 8 hours at 8 kHz, most of it a hole in the file; one click an hour from its begin."""
    frames, path = 8 * 3600 * 8000, tmp_path / "long.wav"
    with path.open("wb") as file:
        head = struct.pack("<4sI4s4sIHHIIHH4sI", b"RIFF", 36 + frames * 2, b"WAVE", b"fmt ", 16, 1, 1, 8000, 16000, 2, 16, b"data", frames * 2)  # fmt: skip
        file.write(head)
        for hour in range(8):
            file.seek(44 + (hour * 3600 + 1) * 16000)
            file.write(struct.pack("<h", 32767))
        file.truncate(44 + frames * 2)
    code = """
import resource, sys
from pathlib import Path
from tui_label.sound.peaks import measure
from tui_label.sound.media import probe
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
path = Path(sys.argv[1])
found = measure(path, 0, probe(path).frames)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before, *(high for _, high in found.columns(0, 28800, 8)))"""
    done = subprocess.run([sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=True)
    kilobytes, *clicks = done.stdout.split()

    assert int(kilobytes) < 100_000
    assert [round(float(one), 3) for one in clicks] == [1.0] * 8


# kept beside the project

STAMP = (1234, 5678)


def some_peaks() -> Peaks:
    return made(noise(0.3, 8000))


def test_kept_peaks_come_back_the_same(tmp_path):
    shape = some_peaks()
    keep(tmp_path / "cache", "a", shape, STAMP)
    found = kept(tmp_path / "cache", "a", STAMP)

    assert found is not None
    assert (found.rate, found.bucket, found.ready) == (shape.rate, shape.bucket, shape.ready)
    assert np.array_equal(found.low, shape.low)
    assert np.array_equal(found.high, shape.high)
    assert len(list((tmp_path / "cache").iterdir())) == 1


def test_kept_peaks_of_another_size_or_time_are_not_taken(tmp_path):
    keep(tmp_path, "a", some_peaks(), STAMP)

    assert kept(tmp_path, "a", (1234, 5679)) is None
    assert kept(tmp_path, "a", (1235, 5678)) is None
    assert kept(tmp_path, "b", STAMP) is None


@given(st.data())
def test_a_damaged_cache_is_no_cache(tmp_path_factory, data):
    folder = tmp_path_factory.mktemp("cache")
    keep(folder, "a", some_peaks(), STAMP)
    (file,) = folder.iterdir()
    whole = bytearray(file.read_bytes())
    place = data.draw(st.integers(0, len(whole) - 1))
    if data.draw(st.booleans()):
        del whole[place:]
    else:
        whole[place] ^= data.draw(st.integers(1, 255))
    file.write_bytes(whole)
    found = kept(folder, "a", STAMP)

    # Rate and bucket only scale the picture; everything else must be refused
    assert found is None or place < 16


def test_a_cache_that_cannot_be_written_is_done_without(tmp_path):
    (tmp_path / "file").touch()
    keep(tmp_path / "file" / "cache", "a", some_peaks(), STAMP)
    keep(tmp_path, "no-such-folder/a", some_peaks(), STAMP)

    assert [one.name for one in tmp_path.iterdir()] == ["file"]


# what an annotator sees of an item


def item_of(folder: Path, samples: np.ndarray, name: str = "a.wav", **named: float) -> Sound:
    path = write(folder / name, samples)
    return Sound(name, **{"duration": len(samples) / RATE, "rate": RATE, "hash": fingerprint(path), **named})  # type: ignore[arg-type]


def seen(folder: Path, sound: Sound) -> Look:
    return look(folder, sound, lambda _: None)


def test_who_may_not_write_beside_the_project_keeps_peaks_of_their_own(tmp_path, monkeypatch):
    """As in a folder that a group may only read."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "own"))
    project = tmp_path / "p"
    project.mkdir()
    sound = item_of(project, noise(1))
    (project / CACHE.parent).touch()
    first = seen(project, sound)
    (file,) = (tmp_path / "own" / "tui-label" / "peaks").iterdir()
    before = file.stat().st_mtime_ns
    again = seen(project, sound)

    assert (again.peaks.low == first.peaks.low).all()
    assert file.stat().st_mtime_ns == before


def test_peaks_are_computed_once(tmp_path):
    sound = item_of(tmp_path, noise(1))
    first = seen(tmp_path, sound)
    (file,) = (tmp_path / CACHE).iterdir()
    before = file.stat().st_mtime_ns
    again = seen(tmp_path, sound)

    assert first.word == again.word == ""
    assert file.stat().st_mtime_ns == before
    assert first.peaks is not None and again.peaks is not None
    assert np.array_equal(first.peaks.high, again.peaks.high)


def test_a_stretch_shows_only_itself(tmp_path):
    samples = np.zeros((3 * RATE, 1), np.float32)
    samples[RATE : 2 * RATE] = noise(1, channels=1)

    assert seen(tmp_path, item_of(tmp_path, samples, offset=1.0, duration=1.0)).word == ""
    assert seen(tmp_path, item_of(tmp_path, samples, offset=2.0, duration=1.0)).word.startswith("silent")


@pytest.mark.parametrize(("loudness", "silent"), [(0.0, True), (0.00005, True), (0.001, False)])
def test_silence_is_said(tmp_path, loudness, silent):
    samples = np.full((RATE, 1), loudness, np.float32)
    sound = item_of(tmp_path, samples, "a.float.wav")

    assert ("silent" in seen(tmp_path, sound).word) == silent


def test_a_changed_file_is_noticed_and_not_shown(tmp_path):
    sound = item_of(tmp_path, noise(1))
    seen(tmp_path, sound)
    write(tmp_path / "a.wav", noise(1)[::-1])
    os.utime(tmp_path / "a.wav", ns=(0, 0))
    found = seen(tmp_path, sound)

    assert found.peaks is None
    assert "a.wav was changed after it was added" in found.word


def test_whether_a_file_was_changed_is_told_without_reading_it_where_its_peaks_are_kept(tmp_path, monkeypatch):
    sound = item_of(tmp_path, noise(1))
    seen(tmp_path, sound)
    monkeypatch.setattr(look_module, "fingerprint", lambda _: "of another")

    assert not is_changed(tmp_path, sound)
    os.utime(tmp_path / "a.wav", ns=(0, 0))
    assert is_changed(tmp_path, sound)


def test_a_file_copied_elsewhere_with_the_project_is_not_taken_for_changed(tmp_path):
    sound = item_of(tmp_path, noise(1))
    os.utime(tmp_path / "a.wav", ns=(0, 0))

    assert seen(tmp_path, sound).word == ""


def test_what_is_wrong_with_a_file_is_one_word_on_the_screen(tmp_path):
    sound = Sound("a\x1b[2J.wav", 1.0, hash="0" * 32)
    path = tmp_path / sound.path

    assert seen(tmp_path, sound).word == "a␛[2J.wav is not there any more"
    path.mkdir()
    assert seen(tmp_path, sound).word == "a␛[2J.wav: Is a directory"
    path.rmdir()
    path.write_bytes(b"garbage")
    assert "not a recording" in seen(tmp_path, Sound(sound.path, 1.0, hash=fingerprint(path))).word


def test_a_spectrogram_shows_a_tone_where_it_is(tmp_path):
    """1 kHz, then 4 kHz: one bright row each, lowest first; the mel scale up to 8 kHz in 16 rows."""
    time = np.arange(RATE) / RATE
    tones = np.concatenate([np.sin(2 * np.pi * 1000 * time), np.sin(2 * np.pi * 4000 * time)])[:, None] * 0.5
    path = write(tmp_path / "a.wav", tones.astype(np.float32))
    grid = np.array(spectrogram(path, 0, 2 * RATE, 20, 16))

    mel = 2595 * np.log10(1 + np.array([1000, 4000, 8000]) / 700)
    rows = (mel[:2] / mel[2] * 16).astype(int)
    assert grid.shape == (16, 20)
    assert grid.min() >= 0 and grid.max() <= 1
    assert (grid[:, :9].argmax(0) == rows[0]).all()
    assert (grid[:, 11:].argmax(0) == rows[1]).all()


@pytest.mark.parametrize("frames", [1, 10, 2000])
def test_a_spectrogram_of_hardly_anything(tmp_path, frames):
    path = write(tmp_path / "a.wav", np.zeros((frames, 1), np.float32))

    assert np.array(spectrogram(path, 0, frames, 40, 8)).tolist() == [[0.0] * 40] * 8


def beeps(count: int, seconds: float, every: float) -> np.ndarray:
    """So many loud beeps of 60 ms over a soft hum."""
    time = np.arange(round(seconds * RATE)) / RATE
    sound = 0.01 * np.sin(2 * np.pi * 200 * time)
    for number in range(count):
        there = (time >= number * every + 0.4) & (time < number * every + 0.46)
        sound[there] += 0.5 * np.sin(2 * np.pi * 2000 * time[there])
    return sound[:, None].astype(np.float32)


@pytest.mark.parametrize("seconds", [30, 300])
def test_no_short_sound_is_lost_in_a_column_of_the_spectrogram(tmp_path, seconds):
    path = write(tmp_path / "a.wav", beeps(20, seconds, seconds / 20))
    found = measure(path, 0, seconds * RATE)
    loudest = lambda count: [round(at * RATE) for at in found.loudest_of(0, seconds, count)]  # noqa: E731
    grid = np.array(spectrogram(path, 0, seconds * RATE, 78, 8, loudest=loudest))

    bright = {int((number * seconds / 20 + 0.43) * 78 / seconds) for number in range(20)}
    assert bright <= set(np.flatnonzero(grid[4:].max(0) > 0.9).tolist())


def test_a_spectrogram_has_one_channel_or_the_most_of_all(tmp_path):
    tone = np.sin(2 * np.pi * 1000 * np.arange(RATE) / RATE) * 0.5
    path = write(tmp_path / "a.wav", np.stack([tone, -tone, 0 * tone], axis=1).astype(np.float32))

    every, first, third = (np.array(spectrogram(path, 0, RATE, 10, 8, channel)) for channel in (None, 0, 2))
    assert np.allclose(every, first, atol=0.01) and every.max() == 1
    assert third.max() == 0


def test_it_is_known_when_each_part_is_loudest(tmp_path):
    samples = np.zeros((RATE, 2), np.float32)
    samples[[100, RATE // 2 + 900], [0, 1]] = 0.5
    found = measure(write(tmp_path / "a.wav", samples), 0, RATE)

    near = found.bucket / RATE
    assert found.loudest_of(0, 1, 2) == pytest.approx([100 / RATE, 0.5 + 900 / RATE], abs=near)
    assert found.loudest_of(0, 1, 2, 1)[1] == pytest.approx(0.5 + 900 / RATE, abs=near)
    assert found.loudest_of(2, 4, 2) == [2.5, 3.5]
