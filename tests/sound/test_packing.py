"""What crosses the network is what was recorded: to the bit where that is wanted, to the ear where not, and small."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from tui_label.sound.packing import LONGEST_RUN, PIECE_S, codec_for, pack, pack_run, unpack

RATES = [8_000, 11_025, 12_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000, 88_200, 96_000, 176_400, 192_000]
LOSSY_RATES = [rate for rate in RATES if rate <= 48_000]
CLIPS = sorted((Path(__file__).parents[2] / "guidelines" / "transcription" / "clips").glob("*.opus"))


def runs(pieces: int) -> list[tuple[int, int]]:
    """First piece and count, as the player sends a clip: 1, 1, 2, 4, 8, 8, …"""
    found, number = [], 0
    while number < pieces:
        count = min(LONGEST_RUN, max(1, number), pieces - number)
        found.append((number, count))
        number += count
    return found


def sent(samples: np.ndarray, rate: int, lossless: bool = False) -> tuple[np.ndarray, list[int], int]:
    """A clip as it arrives, where the seams are, and the bytes it took."""
    codec, piece = codec_for(rate, samples.shape[1], lossless), round(rate * PIECE_S)
    parts, seams, size = [], [], 0
    for number, count in runs(-(-len(samples) // piece)):
        start = number * piece
        packed = pack_run(lambda at, many: samples[at : at + many], start, count * piece, codec, rate)
        frames = min(count * piece, len(samples) - start)
        parts.append(unpack(packed.data, packed.codec, samples.shape[1], packed.skip, frames))
        seams.append(start)
        size += len(packed.data)
    return np.concatenate(parts), seams[1:], size


def stepped(bits: int, frames: int, channels: int) -> np.ndarray:
    """Noise on the steps of a recording of that depth, with its lowest and its highest."""
    most = 1 << (bits - 1)
    steps = np.random.default_rng(bits).integers(-most, most, (frames, channels))
    steps[0], steps[-1] = -most, most - 1
    return (steps / most).astype(np.float32)


@pytest.mark.parametrize("channels", range(1, 9))
@pytest.mark.parametrize("bits", [8, 16, 24])
@pytest.mark.parametrize("rate", RATES)
def test_lossless_is_exact_to_the_bit(rate, bits, channels):
    samples = stepped(bits, rate // 20, channels)
    packed = pack(samples, codec_for(rate, channels, lossless=True), rate, 0)

    assert packed.codec == "flac"
    assert np.array_equal(unpack(packed.data, "flac", channels, 0, len(samples)), samples)


def test_louder_than_a_file_can_be_it_is_cut_off_and_does_not_turn_over():
    samples = np.array([[1.0], [1.5], [-1.0], [-3.0], [0.1234567]], np.float32)
    found = unpack(pack(samples, "flac", 8_000, 0).data, "flac", 1, 0, 5)

    assert np.abs(found - np.clip(samples, -1, 1)).max() < 2e-7


def test_a_lossless_clip_in_runs_is_the_clip():
    samples = stepped(16, 16_000 * 6 + 123, 2)

    assert np.array_equal(sent(samples, 16_000, lossless=True)[0], samples)


@pytest.mark.parametrize("channels", [1, 2, 9])
def test_what_no_codec_holds_goes_as_it_is(channels):
    rate = 700_000
    samples = stepped(24, 7_000, channels)
    codec = codec_for(rate, channels, lossless=False)
    packed = pack(samples, codec, rate, 0)

    assert codec == "pcm"
    assert np.array_equal(unpack(packed.data, codec, channels, packed.skip, len(samples)), samples)


def voice(rate: int, seconds: float, channels: int = 1) -> np.ndarray:
    """A tone that glides, with overtones up to 3 kHz: what a click would stand out of."""
    time = np.arange(round(rate * seconds)) / rate
    phase = 2 * np.pi * np.cumsum(150 + 40 * np.sin(2 * np.pi * 0.7 * time)) / rate
    tone = sum(np.sin(n * phase + n) / n for n in range(1, 16)) * 0.12
    return np.stack([tone * (1 - 0.4 * one) for one in range(channels)], 1).astype(np.float32)


@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("rate", LOSSY_RATES)
def test_a_lossy_clip_has_its_length_and_no_seams(rate, channels):
    samples = voice(rate, 6.3, channels)
    found, seams, _ = sent(samples, rate)

    assert found.shape == samples.shape
    error = (found - samples).astype(float)
    near = round(0.005 * rate)
    moments = np.array([np.sqrt(np.mean(error[at : at + near] ** 2)) for at in range(0, len(error) - near, near)])
    for seam in seams:
        for at in (seam - near, seam):
            assert np.sqrt(np.mean(error[at : at + near] ** 2)) < 1.5 * np.quantile(moments, 0.99)
        jump = np.abs(np.diff(error[seam - 2 : seam + 2], axis=0)).max()
        assert jump < 2 * np.abs(error).max(), "it clicks"
    assert np.corrcoef(found[:, 0], samples[:, 0])[0, 1] > 0.97


@pytest.mark.parametrize("codec", ["opus", "mp3", "flac", "pcm"])
def test_where_a_recording_gives_nothing_nothing_comes(codec):
    """A file that is damaged in its middle silences itself there, and not the speaker."""
    packed = pack_run(lambda at, many: np.zeros((0, 2), np.float32), 24_000, 8_000, codec, 16_000)

    assert unpack(packed.data, packed.codec, 2, packed.skip, 8_000).shape == (0, 2)


@pytest.mark.parametrize("rate", LOSSY_RATES)
@pytest.mark.parametrize("frames", [1, 7, 100, 3_999, 4_001])
def test_also_a_very_short_clip_has_its_length(rate, frames):
    assert len(sent(voice(rate, 1.0)[:frames], rate)[0]) == frames


def test_speech_takes_forty_thousand_bits_a_second_at_most():
    """Half of the ready project's clips, packed as the player packs them, without what frames and ssh add."""
    seconds = size = 0.0
    for clip in CLIPS[::2]:
        samples, rate = soundfile.read(clip, dtype="float32", always_2d=True)
        found, _, bytes_ = sent(samples, rate)
        assert len(found) == len(samples)
        seconds, size = seconds + len(samples) / rate, size + bytes_

    assert size * 8 / seconds <= 40_000


@pytest.mark.parametrize(
    ("data", "codec", "channels"),
    [
        (b"", "flac", 1),
        (b"no file", "opus", 1),
        (b"fLaC" + bytes(60), "flac", 1),
        (b"123", "pcm", 1),
        (b"1234", "pcm", 2),
    ],
)
def test_what_is_no_such_file_is_refused(data, codec, channels):
    with pytest.raises(ValueError):
        unpack(data, codec, channels, 0, 100)


def test_another_number_of_channels_is_refused():
    with pytest.raises(ValueError):
        unpack(pack(voice(16_000, 1.0), "opus", 16_000, 0).data, "opus", 2, 0, 100)


def test_only_as_much_is_unpacked_as_was_said():
    """An hour of silence is a few kilobytes."""
    packed = pack(np.zeros((48_000 * 60, 8), np.float32), "flac", 48_000, 0)
    assert len(packed.data) < 200_000

    assert unpack(packed.data, "flac", 8, 100, 1_000).shape == (1_000, 8)
