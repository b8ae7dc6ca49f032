"""Recordings: each format decoded as it was written, from any place, and what is broken named in one line."""

from __future__ import annotations

import math
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile
from recordings import BY_FFMPEG, BY_SOUNDFILE, LOSSY, RATE, lag, noise, write, write_av, write_varying_mp3

from tui_label.errors import InputError
from tui_label.sound.media import open_recording, probe
from tui_label.sound.recording import Facts

ALL = [*BY_SOUNDFILE, *BY_FFMPEG]
SOUND = noise(2.5)


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("written")
    return {kind: write(folder / f"a.{kind}", SOUND) for kind in ALL}


def whole(path: Path, size: int = 4096) -> np.ndarray:
    with open_recording(path) as recording:
        return np.concatenate(list(recording.blocks(0, recording.facts.frames, size)))


def refused(path: Path) -> str:
    with pytest.raises(InputError) as error:
        probe(path)
    words = str(error.value)
    assert words.startswith(f"{path}: ")
    assert "\n" not in words
    return words


# what is in it


@pytest.mark.parametrize("kind", ALL)
def test_a_file_is_decoded_as_it_was_written(written, kind):
    facts = probe(written[kind])
    found = whole(written[kind])
    at, alike = lag(found[:, 1], SOUND[:, 1])

    assert (facts.rate, facts.channels) == (RATE, 2)
    assert facts.seconds == pytest.approx(2.5, abs=0.06)  # the last packet of a codec may be filled up
    assert len(found) == facts.frames
    assert alike > 0.95
    # ADTS and ASF cannot say that an encoder's first frames are to be left out
    assert at / RATE == pytest.approx(0, abs=0.045 if kind in ("aac", "wma") else 0.001)
    if kind not in LOSSY:
        assert np.abs(found - SOUND).max() <= 1 / 32768


@pytest.mark.parametrize("kind", ALL)
def test_a_stretch_is_the_same_however_it_was_got_to(written, kind):
    expected = whole(written[kind])
    chance = np.random.default_rng(3)
    starts = [0, 1, 60_000, 59_999, 30_000, len(expected) - 500, 0, *chance.integers(0, len(expected), 12)]
    with open_recording(written[kind]) as recording:
        for start in map(int, starts):
            found = recording.read(start, 1500)

            assert found.shape == expected[start : start + 1500].shape
            assert np.abs(found - expected[start : start + 1500]).max() < 1e-4, start


@pytest.mark.parametrize("kind", ALL)
def test_a_stretch_is_the_same_after_a_few_frames_of_the_begin(written, kind):
    expected = whole(written[kind])
    with open_recording(written[kind]) as recording:
        recording.read(0, 50)

        assert np.abs(recording.read(60_000, 1500) - expected[60_000:61_500]).max() < 1e-4


@pytest.mark.parametrize("kind", ALL)
def test_behind_the_end_is_nothing(written, kind):
    with open_recording(written[kind]) as recording:
        frames = recording.facts.frames

        assert len(recording.read(frames - 10, 100)) == 10
        assert recording.read(frames, 100).shape == (0, 2)
        assert recording.read(frames + RATE * 60, 100).shape == (0, 2)


@pytest.mark.parametrize("kind", ["wav", "flac", "ogg", "opus", "m4a", "webm", "mka"])
def test_six_channels_stay_apart(tmp_path, kind):
    samples = np.zeros((RATE, 6), np.float32)
    samples[:, 2] = noise(1, channels=1)[:, 0]  # the front centre, kept by every codec's order of channels
    found = whole(write(tmp_path / f"a.{kind}", samples))
    loud = np.sqrt((found**2).mean(0))

    assert found.shape[1] == 6
    assert np.sum(loud > 0.02) == 1


@pytest.mark.parametrize("kind", ["wav", "flac", "aiff", "mka"])
def test_192_khz(tmp_path, kind):
    samples = noise(0.5, 192_000, 1)
    path = write(tmp_path / f"a.{kind}", samples, 192_000)

    assert probe(path) == Facts(192_000, 1, 96_000)
    assert np.abs(whole(path) - samples).max() <= 1 / 32768


@pytest.mark.parametrize("kind", ["m4a", "webm", "mp3", "opus"])
def test_8_khz(tmp_path, kind):
    rate = 48_000 if kind == "webm" else 8000
    path = write(tmp_path / f"a.{kind}", noise(2, rate, 1), rate)
    expected = whole(path)
    with open_recording(path) as recording:
        assert np.abs(recording.read(9000, 400) - expected[9000:9400]).max() < 1e-4


@pytest.mark.parametrize(
    ("name", "subtype"), [("a.wav", "GSM610"), ("a.aiff", "GSM610"), ("a.au", "G721_32"), ("a.wav", "NMS_ADPCM_32")]
)
def test_what_telephones_wrote_is_read_from_any_place(tmp_path, name, subtype):
    """libsndfile reads these from their start on alone."""
    path = tmp_path / name
    soundfile.write(path, noise(3, 8000, 1), 8000, subtype=subtype)
    with soundfile.SoundFile(path) as file:
        expected = file.read(file.frames, dtype="float32", always_2d=True)

    assert probe(path).seconds == pytest.approx(3, abs=0.05)  # whole blocks
    with open_recording(path) as recording:
        for start in (0, 16_000, 4_000, 4_001, len(expected) - 500, 0, 20_000):
            assert np.array_equal(recording.read(start, 1500), expected[start : start + 1500]), start


def test_no_sample_is_beyond_all_numbers(tmp_path):
    """NaN in a float WAV would be a bang in the ear, and a hole in the picture."""
    samples = np.array([[0.5], [np.nan], [np.inf], [-np.inf], [-0.5]], np.float32)
    soundfile.write(tmp_path / "a.wav", samples, 8000, subtype="FLOAT")

    assert whole(tmp_path / "a.wav")[:, 0].tolist() == [0.5, 0, 1, -1, -0.5]


def test_a_single_frame(tmp_path):
    soundfile.write(tmp_path / "a.wav", np.full((1, 1), 0.5), 8000)

    assert probe(tmp_path / "a.wav") == Facts(8000, 1, 1)
    assert whole(tmp_path / "a.wav").tolist() == [[0.5]]


def test_the_content_counts_not_the_name(tmp_path, written):
    renamed = tmp_path / "a.mp3"
    renamed.write_bytes(written["wav"].read_bytes())

    assert np.array_equal(whole(renamed), whole(written["wav"]))


@pytest.mark.parametrize("kind", ["wav", "m4a"])
@pytest.mark.parametrize("name", [b"10:30 Uhr.", b"concat:a|b.", "日本 é.".encode(), b"\xff\xfe.", b"a\x1b[2J\n."])
def test_any_file_name(tmp_path, written, monkeypatch, kind, name):
    """A name is a name: no protocol of FFmpeg's, no UTF-8, no end of line."""
    monkeypatch.chdir(tmp_path)
    path = Path(os.fsdecode(name) + kind)
    path.write_bytes(written[kind].read_bytes())

    assert probe(path) == probe(written[kind])


LOUD_AND_SOFT = np.concatenate([noise(3) * loudness for loudness in (1, 0.001, 0.3, 0)])


@pytest.mark.parametrize("says_length", [True, False])
def test_an_mp3_of_varying_bit_rate_keeps_its_length_and_has_no_clicks(tmp_path, says_length):
    path = tmp_path / "a.mp3"
    write_varying_mp3(path, LOUD_AND_SOFT, RATE, says_length=says_length)
    found = whole(path, 5000)
    with open_recording(path) as recording:
        at_once = recording.read(0, recording.facts.frames)
        jumped = recording.read(7 * RATE, 5000)

    assert probe(path).seconds == pytest.approx(12, abs=0.1)
    assert lag(found[: 3 * RATE, 0], LOUD_AND_SOFT[: 3 * RATE, 0])[0] / RATE == pytest.approx(0, abs=0.025)
    assert np.abs(found - at_once).max() < 1e-4
    assert np.abs(jumped - at_once[7 * RATE : 7 * RATE + 5000]).max() < 1e-4


# where FFmpeg's containers do not say what they hold


def test_a_picture_that_goes_on_after_the_sound_is_not_a_truncated_sound(tmp_path):
    write_av(tmp_path / "a.mkv", SOUND, RATE, "matroska", "aac", picture_s=4)

    assert probe(tmp_path / "a.mkv").seconds == pytest.approx(2.5, abs=0.05)


def test_a_browsers_recording_that_does_not_say_how_long_it_is(tmp_path):
    write_av(tmp_path / "a.webm", SOUND, RATE, "webm", "libopus", options={"live": "1"})

    assert probe(tmp_path / "a.webm").seconds == pytest.approx(2.5, abs=0.02)
    assert lag(whole(tmp_path / "a.webm")[:, 0], SOUND[:, 0])[0] == pytest.approx(0, abs=RATE // 1000)


def test_what_was_not_sent_is_silence_and_what_follows_stays_in_its_place(tmp_path):
    """Packets of 20 ms: from 1.0 to 1.2 s there are none."""
    write_av(tmp_path / "a.webm", SOUND, RATE, "webm", "libopus", holes=tuple(range(50, 60)))
    found = whole(tmp_path / "a.webm")
    with open_recording(tmp_path / "a.webm") as recording:
        jumped = recording.read(2 * RATE, 4800)

    assert np.abs(found[int(1.05 * RATE) : int(1.15 * RATE)]).max() == 0
    assert lag(found[int(1.3 * RATE) :, 0], SOUND[int(1.3 * RATE) :, 0])[0] == pytest.approx(0, abs=RATE // 500)
    assert np.abs(jumped - found[2 * RATE : 2 * RATE + 4800]).max() < 1e-4


def test_a_damaged_packet_does_not_end_the_recording(tmp_path):
    path = write(tmp_path / "a.aac", SOUND)
    data = bytearray(path.read_bytes())
    data[len(data) // 2 : len(data) // 2 + 300] = bytes(300)
    path.write_bytes(data)

    assert probe(path).seconds > 2.3
    assert lag(whole(path)[:RATE, 0], SOUND[:RATE, 0])[1] > 0.9


def test_a_damaged_frame_does_not_end_a_flac(tmp_path, written):
    """What lies behind it is heard, also by who was there when it came."""
    data = bytearray(written["flac"].read_bytes())
    data[len(data) // 2 : len(data) // 2 + 100] = bytes(100)
    (tmp_path / "a.flac").write_bytes(data)
    with open_recording(tmp_path / "a.flac") as recording:
        found = [recording.read(start, RATE // 2) for start in range(0, 5 * RATE // 2, RATE // 2)]

    assert [len(one) for one in found] == [RATE // 2, RATE // 2, 0, RATE // 2, RATE // 2]
    assert np.abs(found[3] - SOUND[3 * RATE // 2 : 2 * RATE]).max() <= 1 / 32768


def test_a_video_without_sound_says_so(tmp_path):
    import av

    with av.open(str(tmp_path / "a.mp4"), "w") as container:
        picture = container.add_stream("mpeg4", rate=25)
        picture.width, picture.height, picture.pix_fmt = 32, 32, "yuv420p"
        container.mux(picture.encode(av.VideoFrame(32, 32, "yuv420p")))
        container.mux(picture.encode())

    assert refused(tmp_path / "a.mp4").endswith("has no sound track")


def test_a_title_in_another_encoding_than_utf_8_does_no_harm(tmp_path):
    import av

    with av.open(str(tmp_path / "a.mkv"), "w") as container:
        container.metadata["title"] = "caf\xe9"
        sound = container.add_stream("pcm_s16le", rate=8000, layout="mono")
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 800), np.int16), "s16", "mono")
        frame.sample_rate = 8000
        container.mux(sound.encode(frame))
    data = (tmp_path / "a.mkv").read_bytes()
    (tmp_path / "a.mkv").write_bytes(data.replace("caf\xe9".encode(), b"cafe\xe9"))

    assert probe(tmp_path / "a.mkv").frames == 800


def test_a_playlist_in_disguise_is_not_followed(tmp_path):
    """FFmpeg would fetch what it names."""
    (tmp_path / "a.mp4").write_text("#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nhttp://127.0.0.1:9/x.ts\n")

    refused(tmp_path / "a.mp4")


def test_a_missing_pyav_is_named_with_what_to_install(tmp_path, written):
    """In a process of its own, where the import fails as it does without the extra."""
    code = """
import sys; sys.modules["av"] = None
from pathlib import Path
from tui_label.errors import InputError
from tui_label.sound.media import probe
for path in sys.argv[1:]:
    try: print(probe(Path(path)).frames)
    except InputError as error: print(error)"""
    write_varying_mp3(tmp_path / "b.mp3", LOUD_AND_SOFT, RATE, says_length=False)
    paths = [str(written["wav"]), str(written["mp3"]), str(written["m4a"]), str(tmp_path / "b.mp3")]
    done = subprocess.run([sys.executable, "-c", code, *paths], capture_output=True, text=True)

    install = "needs FFmpeg to be read: `pip install 'tui-label[video]'`"
    assert done.stdout.splitlines() == [
        str(len(SOUND)),
        str(len(SOUND)),
        f"{paths[2]}: m4a {install}",
        f"{paths[3]}: an MP3 of varying bit rate that does not say its length {install}",
    ]


# what is wrong with it

UNKNOWABLE = {("aac", 0.9), ("aac", 0.5), ("aac", 0.05), ("wma", 0.05)}
"""ADTS says nowhere how long it is: a part of it is a shorter whole; so it is with the first packet of an ASF."""


@pytest.mark.parametrize("part", [0.9, 0.5, 0.05, 0.0005])
@pytest.mark.parametrize("kind", ALL)
def test_a_truncated_file_is_refused(tmp_path, written, kind, part):
    data = written[kind].read_bytes()
    path = tmp_path / f"a.{kind}"
    path.write_bytes(data[: int(len(data) * part)])
    if (kind, part) in UNKNOWABLE:
        assert probe(path).seconds == pytest.approx(2.5 * part, abs=0.1)
    else:
        words = refused(path)
        assert any(one in words for one in ("truncated", "cut short", "not a recording", "no sound")), words
        assert "does not exist" not in words


def test_a_header_that_says_more_than_there_is(tmp_path, written):
    data = bytearray(written["wav"].read_bytes())
    data[40:44] = (len(data) * 3).to_bytes(4, "little")
    (tmp_path / "a.wav").write_bytes(data)

    assert "truncated: only 2.5 s of it are there" in refused(tmp_path / "a.wav")


@pytest.mark.parametrize("size", [0xFFFF_FFFF, 0x7FFF_FFFF, 0x7FFF_F000])
def test_a_wav_written_to_a_pipe_is_whole(tmp_path, written, size):
    """ffmpeg and sox cannot go back to the header, and write a size that is no size."""
    data = bytearray(written["wav"].read_bytes())
    data[4:8] = data[40:44] = size.to_bytes(4, "little")
    (tmp_path / "a.wav").write_bytes(data)

    assert probe(tmp_path / "a.wav").seconds == 2.5


@pytest.mark.parametrize("kind", ["wav", "aiff", "sph", "au", "w64", "caf"])
def test_no_frames_at_all(tmp_path, kind):
    path = write(tmp_path / f"a.{kind}", np.zeros((0, 1), np.float32))

    assert refused(path).endswith("no sound in it (0 seconds)")


@pytest.mark.parametrize("name", ["a.wav", "a.mp3", "a.flac", "a.ogg", "a.opus", "a.aiff", "a.sph", "a.m4a", "a.webm"])
@pytest.mark.parametrize("content", [b"\x00" * 5000, b"RIFF", bytes(range(256)) * 40, "Grüße\n".encode() * 500])
def test_garbage_is_refused(tmp_path, name, content):
    (tmp_path / name).write_bytes(content)

    assert "not a recording that can be read" in refused(tmp_path / name)


def test_what_is_no_file(tmp_path):
    (tmp_path / "empty.wav").touch()
    (tmp_path / "folder.wav").mkdir()
    os.mkfifo(tmp_path / "pipe.wav")

    assert refused(tmp_path / "none.wav").endswith("no such file")
    assert refused(tmp_path / "empty.wav").endswith("empty file (0 bytes)")
    assert refused(tmp_path / "folder.wav").endswith("is a folder")
    assert refused(tmp_path / "pipe.wav").endswith("is no ordinary file")


@pytest.mark.parametrize("kind", ["wav", "flac", "ogg", "opus", "mp3", "aiff", "sph", "m4a", "webm", "mka", "avi"])
def test_any_damage_is_a_sentence_or_a_sound(tmp_path, written, kind):
    """Bytes overwritten anywhere: never another exception, never a sample that is no number."""
    chance = np.random.default_rng(5)
    data = written[kind].read_bytes()
    path = tmp_path / f"a.{kind}"
    for _ in range(6):
        broken = bytearray(data)
        for at in [*chance.integers(0, 200, 2), *chance.integers(0, len(data), 20)]:
            broken[at] = chance.integers(0, 256)
        path.write_bytes(broken)
        try:
            facts = probe(path)
            with open_recording(path) as recording:
                for start in (0, facts.frames // 2):
                    assert math.isfinite(float(np.abs(recording.read(start, 20_000)).sum()))
        except InputError as error:
            assert "\n" not in str(error)
