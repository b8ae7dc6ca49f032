"""What is played is what is heard: a real PortAudio stream through a real sound server."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import numpy as np
import pytest
import recordings
import soundfile
from ears import Ears, find, listening, needs_pulse, pitch

from tui_label.core.item import Item, Sound
from tui_label.core.project import Listen
from tui_label.sound.deck import Deck
from tui_label.sound.line import Ways
from tui_label.sound.player import Clip, Manner, Told
from tui_label.sound.speakerplayer import SpeakerPlayer
from tui_label.sound.tape import Track

pytestmark = needs_pulse
RATE = 48_000


def noise(seconds: float, rate: int = RATE, channels: int = 1) -> np.ndarray:
    """Noise that is never twice the same: each stretch of it can be found."""
    chance = np.random.default_rng(7)
    return (chance.standard_normal((int(seconds * rate), channels)) * 0.1).astype(np.float32)


def as_item(path: Path, samples: np.ndarray, rate: int = RATE) -> Item:
    soundfile.write(path, samples, rate, subtype="PCM_16")
    return Item("clip", sound=Sound(path.name, len(samples) / rate, 0.0, rate, samples.shape[1]))


@pytest.fixture(scope="module")
def ears() -> Iterator[Ears]:
    with listening("content", RATE) as found:
        yield found


@pytest.fixture
async def deck(ears: Ears, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Deck]:
    async for one in decks(ears, tmp_path, monkeypatch):
        yield one


async def decks(ears: Ears, folder: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Deck]:
    monkeypatch.setenv("PULSE_SERVER", ears.server)
    made = Deck(folder, Listen(), lambda tell: SpeakerPlayer(Ways("card"), tell))
    made.trouble = "not yet"
    await until(lambda: not made.trouble)
    yield made
    await made.close()


async def until(test: object, timeout: float = 10.0) -> None:
    end = time.monotonic() + timeout
    while not test():  # type: ignore[operator]
        assert time.monotonic() < end, "never came true"
        await asyncio.sleep(0.005)


async def settled(ears: Ears, moment: float) -> np.ndarray:
    """The left channel of what was heard since, once all of it has come out."""
    await asyncio.sleep(0.6)
    return ears.since(moment)[:, 0]


async def test_a_clip_comes_out_as_it_went_in(ears, deck, tmp_path):
    samples = noise(3.0)
    deck.lay(as_item(tmp_path / "a.wav", samples))
    began = time.monotonic()
    deck.toggle()
    await until(lambda: deck.playing and deck.position > 0.1)
    await until(lambda: not deck.playing)

    heard = await settled(ears, began)
    at, alike = find(heard, samples[:, 0])
    assert alike > 0.9999
    exact = np.abs(heard[at + 200 : at + len(samples)] - samples[200:, 0]).max()
    assert exact < 3 / 32768  # 16 bits in, 16 bits out; the first 2 ms fade in
    assert deck.listening.coverage(3.0) == 1.0


async def test_going_on_after_a_pause_steps_back(ears, deck, tmp_path):
    samples = noise(6.0)
    deck.lay(as_item(tmp_path / "a.wav", samples))
    deck.toggle()
    await until(lambda: deck.position > 3.0)
    deck.toggle()
    rest = deck.position
    await asyncio.sleep(0.5)
    began = time.monotonic()
    deck.toggle()
    await until(lambda: deck.position > rest + 0.3)
    deck.stop()

    heard = await settled(ears, began)
    expected = rest - 1.5
    first = int(expected * RATE)
    at, alike = find(heard, samples[first + 480 : first + RATE, 0])
    assert alike > 0.99
    assert np.abs(heard[: at - 480 - 48]).max() < 0.001, "something else was heard before"


async def test_the_pause_rests_where_it_fell_silent(ears, deck, tmp_path):
    samples = noise(6.0)
    deck.lay(as_item(tmp_path / "a.wav", samples))
    began = time.monotonic()
    deck.toggle()
    await until(lambda: deck.position > 2.0)
    deck.toggle()

    heard = await settled(ears, began)
    at, alike = find(heard, samples[:RATE, 0])
    last = np.nonzero(np.abs(heard[at:]) > 0.001)[0][-1] / RATE
    assert alike > 0.99
    assert deck.position == pytest.approx(last, abs=0.03)


async def test_seeking_plays_from_there(ears, deck, tmp_path):
    samples = noise(8.0)
    deck.lay(as_item(tmp_path / "a.wav", samples))
    deck.play_from(0.0)
    await until(lambda: deck.position > 0.5)
    began = time.monotonic()
    deck.seek(5.0)
    await until(lambda: deck.position > 5.6)
    deck.stop()

    heard = await settled(ears, began)
    _, alike = find(heard, samples[5 * RATE + 480 : int(5.5 * RATE), 0])
    assert alike > 0.99


async def test_a_loop_has_no_seam(ears, deck, tmp_path):
    samples = noise(4.0)
    deck.lay(as_item(tmp_path / "a.wav", samples))
    began = time.monotonic()
    deck.switch_loop(None)
    assert deck.loop is not None
    deck.loop = type(deck.loop)(1.0, 1.4)
    deck.play_from(1.0, deck.loop)
    await until(lambda: deck.playing and deck.position > 1.2)
    await asyncio.sleep(1.6)
    deck.stop()

    heard = await settled(ears, began)
    once = samples[RATE : int(1.4 * RATE), 0]
    _, alike = find(heard, np.tile(once, 3)[480:])
    assert alike > 0.9999
    assert any(times >= 3 for _, _, times in deck.listening.replays)


@pytest.mark.parametrize("speed", [0.5, 1.0, 1.5, 2.0])
async def test_another_speed_keeps_the_pitch(ears, deck, tmp_path, speed):
    seconds = 4.0
    time_line = np.arange(int(seconds * RATE)) / RATE
    voice = sum(np.sin(2 * np.pi * 220 * n * time_line) / n for n in range(1, 6)) * 0.15
    deck.lay(as_item(tmp_path / "a.wav", voice[:, None].astype(np.float32)))
    deck.speed = speed
    began = time.monotonic()
    deck.play_from(0.0)
    await until(lambda: deck.playing and deck.position > 0.1)
    await until(lambda: not deck.playing, 15)

    heard = await settled(ears, began)
    loud = np.nonzero(np.abs(heard) > 0.01)[0]
    lasted = (loud[-1] - loud[0]) / RATE
    assert lasted == pytest.approx(seconds / speed, rel=0.01)
    middle = heard[loud[0] + RATE // 4 : loud[0] + RATE // 4 + RATE]
    assert pitch(middle, RATE) == pytest.approx(220, rel=0.01)


async def test_the_speed_can_change_while_it_plays(ears, deck, tmp_path):
    deck.lay(as_item(tmp_path / "a.wav", noise(6.0)))
    deck.play_from(0.0)
    await until(lambda: deck.position > 1.0)
    for _ in range(10):
        deck.change_speed(1)
    assert deck.speed == 2.0
    began, at = time.monotonic(), deck.position
    await until(lambda: deck.position > at + 2.0)
    assert time.monotonic() - began == pytest.approx(1.0, abs=0.15)
    assert deck.listening.speeds["1"] == pytest.approx(1.0, abs=0.15)


async def test_one_channel_alone(ears, deck, tmp_path):
    samples = noise(4.0, channels=2)
    deck.lay(as_item(tmp_path / "a.wav", samples))
    deck.next_ear()
    deck.next_ear()
    assert deck.ear == 1
    began = time.monotonic()
    deck.play_from(0.0)
    await until(lambda: deck.playing and deck.position > 1.5)
    deck.stop()

    await asyncio.sleep(0.6)
    heard = ears.since(began)
    for ear in (0, 1):
        assert find(heard[:, ear], samples[480:RATE, 1])[1] > 0.99
        assert abs(find(heard[:, ear], samples[480:RATE, 0])[1]) < 0.2


async def test_the_next_clip_is_at_hand(ears, deck, tmp_path):
    first, second = noise(2.0), noise(3.0)[RATE:]
    deck.lay(as_item(tmp_path / "a.wav", first))
    following = as_item(tmp_path / "b.wav", second)
    deck.ahead(following)
    await asyncio.sleep(0.5)
    (tmp_path / "b.wav").unlink()  # whatever is heard now was sent before
    Path(tmp_path / "b.wav").touch()
    deck.put(Track(Clip(str(tmp_path / "b.wav"), tmp_path / "b.wav"), 0.0, 2.0))
    began = time.monotonic()
    deck.play_from(0.0)
    await until(lambda: deck.playing and deck.position > 1.5)
    deck.stop()
    heard = await settled(ears, began)
    assert find(heard, second[480:RATE, 0])[1] > 0.99


async def test_a_recording_that_is_gone_is_named_and_the_speaker_stays(ears, tmp_path, monkeypatch):
    """FFmpeg opens a file anew to read from its start: by then its share may not be there."""
    monkeypatch.setenv("PULSE_SERVER", ears.server)
    path = recordings.write(tmp_path / "a.m4a", recordings.noise(30.0), RATE)
    clip, told = Clip("a", path), list[Told]()
    player = SpeakerPlayer(Ways("card"), told.append)
    await until(lambda: told)
    player.play(clip, 20.0, Manner(30.0))
    await until(lambda: told[-1].event == "pos")
    path.unlink()
    player.play(clip, 0.0, Manner(30.0))
    await until(lambda: told[-1].event not in ("pos", "started"))
    await asyncio.sleep(1.5)
    await player.close()

    assert [(one.event, one.why) for one in told if one.event not in ("pos", "started", "ready")] == [
        ("refused", f"{path}: No such file or directory")
    ]
