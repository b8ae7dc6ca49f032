"""What does not keep to the protocol: it ends the line it came on, with a word where there is one, and nothing else."""

from __future__ import annotations

import asyncio
import json
import struct
import tempfile
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from ears import needs_pulse
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from quiet import Engine, Out

from tui_label.sound import speaker as speaker_module
from tui_label.sound import wire
from tui_label.sound.line import HELLO_S, Line, Ways, speaker_process, tcp_listener, unix_listener
from tui_label.sound.listener import CALLS_MOST, Listener
from tui_label.sound.packing import codec_for, longest_run, pack, piece_frames
from tui_label.sound.player import Clip, Manner, Told, Typed
from tui_label.sound.speaker import CLIPS_MOST, HELD_MOST, OTHER_VERSION, PARTS_MOST, RUN_MOST, Speaker
from tui_label.sound.speakerplayer import SpeakerPlayer

HELLO = {"op": "hello", "v": wire.VERSION, "token": ""}
CLIP = {"op": "clip", "id": "a", "rate": 8000, "channels": 1, "frames": 80_000, "piece": 4000}
DATA = {"op": "data", "id": "a", "i": 0, "n": 1, "codec": "pcm", "skip": 0, "last": True}
PLAY = {"op": "play", "seq": 1, "id": "a", "at": 0, "end": 8000, "speed": 1, "loop": None, "ear": None}
PIECE = np.zeros(4000, "<f4").tobytes()


# frames


async def says_nothing(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """A server's end that holds the line: from Python 3.13 on one whose writer nobody has is closed."""
    await asyncio.sleep(60)
    writer.close()


async def reads(data: bytes) -> tuple[dict[str, Any], bytes]:
    reader = asyncio.StreamReader()
    reader.feed_data(data)
    reader.feed_eof()
    return await wire.read(reader)


def frame(header: bytes, payload: bytes = b"") -> bytes:
    return struct.pack(">IH", 2 + len(header) + len(payload), len(header)) + header + payload


BAD = {
    "garbage": bytes(range(255, 0, -1)) * 8,
    "another protocol": b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "an oversize length": struct.pack(">IH", wire.LARGEST + 3, 2) + b"{}",
    "the largest number": b"\xff" * 64,
    "a length too small": struct.pack(">IH", 1, 0),
    "a header longer than its frame": struct.pack(">IH", 4, 9) + b"{}",
    "a header that is no JSON": frame(b"{'op'"),
    "a header that is no text": frame(b"\xff\xfe\x00"),
    "a header that is no object": frame(b"[1, 2]"),
    "a header that is null": frame(b"null"),
    "a header that is empty": frame(b""),
    "a header that is nested": frame(b'{"op":' + b"[" * 30_000 + b"]" * 30_000 + b"}"),
    "a number of too many digits": frame(b'{"op":' + b"9" * 60_000 + b"}"),
    "half a frame": wire.pack(HELLO)[:20],
    "half a head": b"\x00\x00\x00",
}


@pytest.mark.parametrize("data", BAD.values(), ids=BAD.keys())
async def test_what_is_no_frame_is_no_frame(data):
    with pytest.raises((wire.BadFrame, EOFError)):
        await reads(data)


@given(st.dictionaries(st.text(), st.one_of(st.none(), st.booleans(), st.integers(), st.text())), st.binary())
def test_a_frame_is_read_as_it_was_packed(header, payload):
    assert asyncio.run(reads(wire.pack(header, payload))) == (header, payload)


def test_a_frame_of_the_largest_size_goes_and_one_byte_more_does_not():
    most = wire.LARGEST - len(json.dumps({"a": 1}, separators=(",", ":")))
    assert len(asyncio.run(reads(wire.pack({"a": 1}, bytes(most))))[1]) == most

    with pytest.raises(ValueError):
        wire.pack({"a": 1}, bytes(most + 1))
    with pytest.raises(ValueError):
        wire.pack({"a": "x" * 65_536})


# the speaker, in this process


@pytest.fixture(autouse=True)
def deaf(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(speaker_module, "_open", lambda rate, *_: Engine(rate))
    monkeypatch.setattr(speaker_module, "_card", lambda: {"ok": True, "device": "none"})
    monkeypatch.setenv("PULSE_SERVER", "unix:/nowhere")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))


async def served(*frames: bytes, before: bytes = wire.pack(HELLO)) -> tuple[list[dict[str, Any]], Speaker]:
    """What a speaker says to these, until it is done with them."""
    reader, out, one = asyncio.StreamReader(), Out(), Speaker()
    for data in (before, *frames):
        reader.feed_data(data)
    reader.feed_eof()
    await one.serve(reader, out)
    return out.said, one


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5)
    | st.sampled_from(["a", 0, 1, -1, 8000, 2**31, 2**63, 2**64, 10**30, float("inf"), "1", "pcm", "flac"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=4,
)  # fmt: skip
FRAMES = st.lists(
    st.tuples(
        st.sampled_from([CLIP, DATA, PLAY, {**PLAY, "op": "adjust"}, {"op": "pause"}, {"op": "drop", "id": "a", "i": 0},
                         {"op": "ping", "x": 1}, HELLO]),
        st.dictionaries(st.sampled_from([*CLIP, *DATA, *PLAY, "x", "v"]), JSON, max_size=2),
        st.sets(st.sampled_from([*CLIP, *DATA, *PLAY]), max_size=1),
        st.sampled_from([b"", b"x", PIECE]),
    ),
    max_size=6,
)  # fmt: skip


@example([(PLAY, {"loop": "0"}, set(), b"")])
@given(FRAMES)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_stands_in_a_frame_the_speaker_answers_or_closes(frames):
    packed = [wire.pack(CLIP), wire.pack(DATA, PIECE), wire.pack(PLAY)]
    for usual, changed, missing, payload in frames:
        header = {name: value for name, value in {**usual, **changed}.items() if name not in missing}
        packed.append(wire.pack(header, payload))
    said, _ = asyncio.run(served(*packed))

    assert said[0]["ev"] == "hello"
    assert {one["ev"] for one in said} <= {"hello", "ack", "pong", "error"}


@pytest.mark.parametrize("depth", range(900, 1000, 7))
async def test_an_answer_that_is_nested_too_deep_to_be_written_is_none(depth):
    """What can just be read can be a little too deep to be written."""
    deep = b'{"op":"ping","x":' + b"[" * depth + b"]" * depth + b"}"
    said, _ = await served(frame(deep))

    assert said[0]["ev"] == "hello"


async def test_an_answer_that_grows_beyond_a_frame_is_none():
    said, _ = await served(frame(b'{"op":"ping","x":"' + "ø".encode() * 30_000 + b'"}'))

    assert [one["ev"] for one in said] == ["hello", "error"]


BOMB = pack(np.zeros((48_000 * 120, 1), np.float32), "flac", 48_000, 0).data
STEREO = pack(np.zeros((48_000, 2), np.float32), "flac", 48_000, 0).data


@pytest.mark.parametrize(
    ("changed", "payload"),
    [
        *[({name: value}, PIECE) for name in ("n", "skip") for value in (-1, -(10**30), 10**30, None, "x", [1])],
        ({"n": 0}, PIECE), ({"n": RUN_MOST + 1}, PIECE), ({"i": None}, PIECE), ({"i": float("inf")}, PIECE),
        ({"codec": "flac", "skip": -4_000}, BOMB), ({"codec": "flac"}, b"fLaC" + b"\xff" * 60), ({"codec": "flac"}, STEREO),
        ({"codec": "opus"}, b""), ({"codec": None}, b"OggS" + bytes(60)), ({"id": ["a"]}, PIECE), ({}, b"123"),
    ],
)  # fmt: skip
async def test_data_that_is_none_ends_the_line_with_a_word(changed, payload):
    said, one = await served(
        wire.pack(CLIP), wire.pack({**DATA, **changed}, payload), wire.pack({"op": "ping", "x": 1})
    )

    assert said[-1] == {"ev": "error", "seq": 0, "why": "the app sent something that is not of this protocol"}
    assert sum(clip.held for clip in one._clips.values()) == 0


@pytest.mark.parametrize("place", [-1, -(10**30), 10**30, 2**33])
async def test_data_of_no_place_in_the_clip_is_left(place):
    said, one = await served(wire.pack(CLIP), wire.pack({**DATA, "i": place}, PIECE))

    assert said[-1]["ev"] == "ack" and one._clips["a"].pieces == {}


async def test_sound_that_decodes_to_far_more_than_it_says_is_cut_off():
    """Two minutes of silence in a few kilobytes, said to be half a second."""
    clip = {**CLIP, "rate": 48_000, "piece": 24_000}
    _, one = await served(wire.pack(clip), wire.pack({**DATA, "codec": "flac"}, BOMB))
    held = one._clips["a"]

    assert list(held.pieces) == [0] and held.pieces[0].shape == (24_000, 1) and held.held < 100_000


async def test_a_run_that_says_it_is_enormous_is_refused():
    clip = {**CLIP, "rate": 768_000, "piece": 7_680_000, "frames": 2**33, "channels": 8}
    said, one = await served(wire.pack(clip), wire.pack({**DATA, "n": RUN_MOST, "codec": "flac"}, BOMB))

    assert said[-1]["ev"] == "error" and one._clips["a"].held == 0


@pytest.mark.parametrize(("rate", "channels"), [(48_000, 1), (192_000, 8), (48_000, 32), (192_000, 64)])
async def test_the_longest_run_of_any_recording_is_taken(rate, channels):
    """An array of microphones has dozens of channels."""
    piece = piece_frames(rate, channels)
    count = longest_run(piece, channels)
    noise = np.random.default_rng(1).uniform(-1, 1, (count * piece, channels)).astype(np.float32)
    packed = pack(noise, codec_for(rate, channels, True), rate, 0)
    clip = {**CLIP, "rate": rate, "channels": channels, "frames": len(noise), "piece": piece}
    data = {**DATA, "n": count, "codec": packed.codec}
    parts = [packed.data[at : at + (1 << 18)] for at in range(0, len(packed.data), 1 << 18)]
    frames = [wire.pack({**data, "last": part is parts[-1]}, part) for part in parts]
    said, one = await served(wire.pack(clip), *frames)

    assert [one for one in said if one["ev"] == "error"] == []
    assert len(one._clips["a"].pieces) == count


async def test_what_is_kept_of_a_run_is_only_what_is_asked_for():
    """A view of it would keep all of it, and not be counted."""
    _, one = await served(wire.pack({**CLIP, "piece": 1}), wire.pack(DATA, bytes(400_000)))
    (piece,) = one._clips["a"].pieces.values()

    assert piece.base is None and piece.nbytes == 4


async def test_more_sound_than_there_is_room_for_is_refused(monkeypatch):
    monkeypatch.setattr(speaker_module, "HELD_MOST", 1 << 20)
    frames = [wire.pack({**DATA, "i": number}, PIECE) for number in range(100)]
    said, one = await served(wire.pack({**CLIP, "frames": 800_000}), *frames)

    assert said[-1]["ev"] == "error" and one._clips["a"].held < 1.1 * (1 << 20)
    assert HELD_MOST == 1 << 30


async def test_pieces_of_one_frame_are_counted_for_what_they_take(monkeypatch):
    monkeypatch.setattr(speaker_module, "HELD_MOST", 1 << 20)
    clip = {**CLIP, "piece": 1, "frames": 2**33}
    frames = [wire.pack({**DATA, "i": 64 * number, "n": 64}, bytes(256)) for number in range(200)]
    said, one = await served(wire.pack(clip), *frames)

    assert said[-1]["ev"] == "error" and len(one._clips["a"].pieces) < 5_000


async def test_parts_that_never_end_are_refused():
    part = {**DATA, "last": False}
    said, _ = await served(wire.pack(CLIP), *(wire.pack({**part, "i": number}) for number in range(PARTS_MOST + 1)))
    assert said[-1]["ev"] == "error"
    said, _ = await served(wire.pack(CLIP), *(wire.pack(part, bytes(1_000_000)) for _ in range(17)))

    assert said[-1]["ev"] == "error"


async def test_a_clip_dropped_in_the_middle_of_a_run_comes_again_whole():
    sound = np.arange(4000, dtype="<f4")
    half, part = sound.tobytes()[:8000], {**DATA, "last": False}
    frames = [wire.pack(CLIP), wire.pack(part, half), wire.pack({"op": "drop", "id": "a"})]
    _, one = await served(*frames * (PARTS_MOST + 2), wire.pack(CLIP), wire.pack(DATA, sound.tobytes()))

    assert np.array_equal(one._clips["a"].pieces[0][:, 0], sound)


async def test_thousands_of_clips_are_too_many():
    clips = [wire.pack({**CLIP, "id": str(number)}) for number in range(CLIPS_MOST + 1)]
    said, one = await served(*clips)
    assert said[-1]["ev"] == "error" and len(one._clips) == CLIPS_MOST
    said, one = await served(wire.pack({**CLIP, "id": "x" * 60_000}))

    assert said[-1]["ev"] == "error" and not one._clips


@pytest.mark.parametrize("hello", [{}, {"op": "hello"}, {**HELLO, "v": 2}, {**HELLO, "v": "1"}, {**CLIP}])
async def test_an_app_of_another_version_is_told_so(hello):
    said, _ = await served(wire.pack(CLIP), before=wire.pack(hello))

    assert [(one["ok"], one["why"], one["v"]) for one in said] == [(False, OTHER_VERSION, wire.VERSION)]


# the listener, with speakers that are processes


@pytest.fixture
async def listener(tmp_path: Path) -> AsyncIterator[Listener]:
    made = Listener(catches_keys=True)
    await made.start()
    yield made
    await made.close()
    log = tmp_path / "tui-label" / "speaker.log"
    assert not log.exists() or "Traceback" not in log.read_text()


async def call(listener: Listener, *frames: bytes, token: str | None = None) -> list[dict[str, Any]]:
    """All that is said until the line ends."""
    reader, writer = await asyncio.open_unix_connection(listener.address)
    writer.write(wire.pack({**HELLO, "token": listener.token if token is None else token}))
    for data in frames:
        writer.write(data)
    writer.write_eof()
    said = []
    try:
        async with asyncio.timeout(15):
            while True:
                said.append((await wire.read(reader))[0])
    except (EOFError, ConnectionError):
        writer.close()
    return said[1:] if said[:1] == [{"ev": "starting"}] else said


async def test_garbage_ends_its_own_call_alone(listener):
    """Each in a call of its own, all at once; afterwards one more is served."""
    frames = [wire.pack(CLIP), wire.pack(PLAY)]
    await asyncio.gather(*(call(listener, *frames, data) for data in list(BAD.values())[: CALLS_MOST - 1]))
    said = await call(listener, wire.pack({"op": "ping", "x": 5}))

    assert [one["ev"] for one in said[:1]] == ["hello"]
    assert not listener._calls


async def test_a_stranger_is_not_let_in(listener):
    for token in ("", "0" * 24, listener.token[:-1]):
        (answer,) = await call(listener, token=token)
        assert (answer["ok"], answer["why"]) == (False, "the token is not that of this listener")

    with pytest.raises(ConnectionError, match="the token is not that of this listener"):
        await Ways(listener.address)()


async def test_only_so_many_are_served_at_once(listener):
    listener._open = CALLS_MOST
    (answer,) = await call(listener)
    assert (answer["ok"], answer["why"]) == (False, f"{CALLS_MOST} apps are connected already")


async def test_whoever_types_while_a_call_is_answered_has_sound(listener):
    """What the app is told first is who is here, not that keys are on their way."""
    reader, writer = await asyncio.open_unix_connection(listener.address)
    writer.write(wire.pack({**HELLO, "token": listener.token, "own": True}))
    assert (await wire.read(reader))[0] == {"ev": "starting"}
    answered = asyncio.ensure_future(wire.read(reader))
    async with asyncio.timeout(15):
        while not answered.done():
            if listener.keys is not None:
                listener.keys.passed(b"\r")
            await asyncio.sleep(0.001)
    writer.close()

    assert answered.result()[0]["ev"] == "hello"


async def test_a_speaker_that_is_slow_to_start_is_waited_for(listener, monkeypatch):
    """A laptop may take longer to load it than a listener that is gone is waited for."""

    async def slowly() -> asyncio.subprocess.Process:
        await asyncio.sleep(1.5 * HELLO_S)
        return await speaker_process()

    monkeypatch.setattr("tui_label.sound.listener.speaker_process", slowly)
    # Names of sockets are short
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        found = Path(folder) / listener.socket_name()
        found.symlink_to(listener.address)
        try:
            line = await unix_listener(found)
            line.writer.close()
            answered = f"sound on {line.name}"
        except ConnectionError as error:
            answered = str(error)

    assert answered.startswith(("sound on ", "no sound card")), answered


@needs_pulse
async def test_a_speaker_whose_sound_server_hangs_does_not_outlive_its_call(listener, tmp_path, monkeypatch):
    """Each call starts one: they would be sixteen soon, and nobody could come in."""
    monkeypatch.setattr("tui_label.sound.listener.CARD_HELLO_S", 3.0)
    monkeypatch.setenv("PULSE_SERVER", f"unix:{tmp_path}/pulse.sock")
    silent = await asyncio.start_unix_server(says_nothing, f"{tmp_path}/pulse.sock")
    reader, writer = await asyncio.open_unix_connection(listener.address)
    writer.write(wire.pack({**HELLO, "token": listener.token}))
    await asyncio.sleep(2)
    while_it_hangs = listener._open
    async with asyncio.timeout(15):
        said = [(await wire.read(reader))[0] for _ in range(2)]
        writer.close()
        while listener._open:
            await asyncio.sleep(0.02)
    silent.close()

    assert (while_it_hangs, said[0]["ev"]) == (1, "starting")
    assert (said[1]["ok"], said[1]["why"]) == (False, "its sound server does not answer")


async def test_half_a_hello_is_waited_for_no_longer_than_that(listener):
    reader, writer = await asyncio.open_unix_connection(listener.address)
    writer.write(wire.pack(HELLO)[:9])
    began = time.monotonic()
    assert await asyncio.wait_for(reader.read(), 5) == b""

    assert 1.5 < time.monotonic() - began < 3.5 and not listener._calls
    writer.close()


# the player, and listeners that do not keep to it


class Liar:
    """A listener that says hello and then what it was told to say."""

    def __init__(self, *lies: bytes, keys: bool = False) -> None:
        self.lies, self.keys = lies, keys
        self.calls = 0
        self.heard: list[dict[str, Any]] = []
        self.answers = False
        self.acks, self.starts = True, False

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.calls += 1
        try:
            await wire.read(reader)
            writer.write(wire.pack({"ev": "hello", "v": 1, "ok": True, "name": "n", "keys": self.keys}))
            for lie in self.lies:
                writer.write(lie)
            while True:
                header, payload = await wire.read(reader)
                self.heard.append(header)
                if header["op"] == "ping" and self.answers:
                    writer.write(wire.pack({"ev": "pong", "x": header["x"]}))
                if header["op"] == "play" and self.starts:
                    writer.write(wire.pack({"ev": "started", "seq": header["seq"], "t": header["at"]}))
                if header["op"] == "data" and self.acks:
                    writer.write(wire.pack({"ev": "ack", "n": len(payload)}))
        except (EOFError, ConnectionError):
            writer.close()


class Called:
    """A player, what it told, and whom it calls."""

    def __init__(self, path: Path) -> None:
        self.path, self.told = path, list[tuple[float, Told]]()
        self.player = SpeakerPlayer(self._connect, lambda told: self.told.append((time.monotonic(), told)))

    async def _connect(self, urgent: bool) -> Line:
        return await unix_listener(self.path)

    def of(self, event: str) -> list[float]:
        return [when for when, told in self.told if told.event == event]

    def whys(self) -> list[str]:
        return [told.why for _, told in self.told if told.event == "silent"]


async def until(test: Callable[[], object], timeout: float = 5.0) -> None:
    end = time.monotonic() + timeout
    while not test():
        assert time.monotonic() < end, "never came true"
        await asyncio.sleep(0.01)


@pytest.fixture
async def lied(tmp_path: Path) -> AsyncIterator[Any]:
    made: list[tuple[Called, asyncio.Server]] = []

    async def start(liar: Liar) -> Called:
        path = tmp_path / "sock"
        server = await asyncio.start_unix_server(liar, str(path), limit=2 * wire.LARGEST)
        made.append((Called(path), server))
        return made[-1][0]

    yield start
    for called, server in made:
        assert not called.player._task.done(), "the player's task died"
        await called.player.close()
        server.close()


async def test_a_listener_that_falls_silent_is_said_within_two_seconds_and_called_again(lied):
    called = await lied(liar := Liar())
    await until(lambda: called.of("ready"))
    began = time.monotonic()
    await until(lambda: called.of("silent"))
    assert time.monotonic() - began < 2.0
    liar.answers = True
    await until(lambda: len(called.of("ready")) > 1, 2.0)

    assert called.whys() == ["the listener does not answer"]


async def still_while_playing(called: Any, liar: Liar, folder: Path) -> None:
    """A clip of twenty seconds plays, and from then on nothing comes from the other end."""
    soundfile.write(folder / "a.wav", np.zeros(8_000 * 20), 8_000)
    liar.answers = liar.starts = True
    await until(lambda: called.of("ready"))
    called.player.play(Clip("a", folder / "a.wav"), 0.0, Manner(20.0))
    await until(lambda: called.of("started"))
    liar.answers = False


async def test_a_line_that_stands_still_while_something_plays_is_kept_a_while(lied, tmp_path):
    """The other end plays on through it, and knows of the keys that were pressed there."""
    called = await lied(liar := Liar())
    await still_while_playing(called, liar, tmp_path)
    began = time.monotonic()
    await until(lambda: called.of("still"))
    assert 1.0 < time.monotonic() - began < 2.0
    await asyncio.sleep(1.0)
    liar.answers = True
    await until(lambda: called.of("moving"), 1.0)

    assert liar.calls == 1 and not called.whys()


async def test_a_line_that_stands_still_for_long_is_broken(lied, monkeypatch, tmp_path):
    monkeypatch.setattr("tui_label.sound.speakerplayer.BROKEN_S", 2.0)
    called = await lied(liar := Liar())
    await still_while_playing(called, liar, tmp_path)
    await until(called.whys)

    assert called.whys() == ["the listener does not answer"]


@pytest.mark.parametrize(
    "lie",
    [
        *list(BAD.values())[:13],
        *(wire.pack({"ev": "ack", "n": n}) for n in (-1, 1, 10**30, None, "x", float("nan"), float("inf"))),
        wire.pack({"ev": "ack"}),
        *(wire.pack({"ev": "pong", "x": x}) for x in (None, "x", 10**400, -1e9, float("nan"), float("inf"), [])),
        *(wire.pack({"ev": "started", "seq": 1, "t": t}) for t in (None, "x", float("nan"), float("inf"), 10**400)),
        *(wire.pack({"ev": "pos", "seq": 1, "t": 1, "speed": speed}) for speed in (-1, 1e300, None, float("nan"))),
        wire.pack({"ev": "ended", "seq": 1}), wire.pack({"ev": "pos", "seq": 1, "t": 0, "in": float("inf")}),
        *(wire.pack({"ev": "sync", "n": n}) for n in (-1, None, "x")),
        wire.pack({"ev": "key", "n": 1}), wire.pack({"ev": "key", "n": 1, "name": "item.submit", "at": 0, "seq": 0, "on": [1, 1]}),
        wire.pack({"ev": "key", "n": 1, "name": ["a"], "at": 0, "seq": 0, "on": [1, 1]}),
        wire.pack({"ev": "key", "n": 1, "name": "play.toggle", "at": float("nan"), "seq": 0, "on": [1, 1]}),
        wire.pack({"ev": "key", "n": 1, "name": "play.toggle", "at": 0, "seq": 0, "on": 5}),
    ],
)  # fmt: skip
async def test_a_listener_that_lies_is_left_and_called_again(lied, monkeypatch, lie):
    monkeypatch.setattr("tui_label.sound.speakerplayer.AGAIN_S", 0.02)
    called = await lied(liar := Liar(lie, keys=True))
    await until(lambda: liar.calls >= 2)

    assert all(why and why.isprintable() for why in called.whys())
    assert not {"ack", "key", "pos", "started", "ended"} & {told.event for _, told in called.told}


@pytest.mark.parametrize(
    "lie",
    [
        {}, {"ev": None}, {"ev": ["x"]}, {"ev": "news"}, {"ev": "paused"}, {"ev": "error", "seq": 99, "why": "x"},
        {"ev": "error", "seq": [0]}, {"ev": "started", "seq": 77, "t": 5}, {"ev": "pos", "seq": [7], "t": 5}, {"ev": "hello"},
    ],
)  # fmt: skip
async def test_what_is_not_about_this_is_left(lied, lie):
    liar = Liar(wire.pack(lie))
    liar.answers = True
    called = await lied(liar)
    await until(lambda: called.of("far"))

    assert liar.calls == 1 and not called.whys()


async def test_trouble_from_the_other_end_is_one_line(lied):
    called = await lied(Liar(wire.pack({"ev": "lost", "why": "\x1b[2Jgone\n\ud800" + "x" * 900})))
    await until(called.whys)

    assert called.whys()[0].isprintable() and called.whys()[0].startswith("[2Jgone") and len(called.whys()[0]) <= 200


async def test_acknowledgements_that_never_come_are_a_listener_that_hangs(lied, tmp_path):
    sound = np.random.default_rng(1).uniform(-0.5, 0.5, 16_000 * 20)
    soundfile.write(tmp_path / "a.wav", sound, 16_000)
    liar = Liar()
    liar.answers, liar.acks = True, False
    called = await lied(liar)
    await until(lambda: called.of("ready"))
    called.player.play(Clip("a", tmp_path / "a.wav"), 0.0, Manner(20.0))
    await until(called.whys)

    assert called.whys() == ["the sound server does not answer"]
    assert called.player._on_the_way == 0


async def test_what_was_counted_on_a_line_that_broke_means_nothing_on_the_next(lied, monkeypatch):
    """Else a key that is still on its way would be taken for done."""
    monkeypatch.setattr("tui_label.sound.speakerplayer.AGAIN_S", 0.02)
    called = await lied(liar := Liar(wire.pack({"ev": "sync", "n": 1}), keys=True))
    await until(lambda: len(called.of("sync")) == 2)
    first, stale = (told.more["typed"] for _, told in called.told if told.event == "sync")
    assert (first, stale) == (Typed(0, 0), Typed(0, 1))
    await until(lambda: len(called.of("ready")) == 2)
    called.player.offer(stale, {}, {"id": "a"})
    fresh = [told.more["typed"] for _, told in called.told if told.event == "sync"][2]
    called.player.offer(fresh, {}, {"id": "a"})
    await until(lambda: any(header["op"] == "keys" for header in liar.heard))

    assert [header["n"] for header in liar.heard if header["op"] == "keys"] == [0]


async def test_through_a_real_listener_a_ping_comes_back(listener):
    name = listener.socket_name()
    reader, writer = await asyncio.open_unix_connection(listener.address)
    writer.write(wire.pack({**HELLO, "token": name[10:34], "own": True}))
    assert (await wire.read(reader))[0] == {"ev": "starting"}
    hello, _ = await wire.read(reader)
    writer.write(wire.pack({"op": "ping", "x": 5}))
    answer, _ = await wire.read(reader)
    writer.close()

    assert hello["ev"] == "hello" and (hello["keys"], hello["v"]) == (True, wire.VERSION)
    assert hello["ok"] or answer == {"ev": "pong", "x": 5}


async def test_a_port_that_nobody_answers_on_is_given_up():
    server = await asyncio.start_server(says_nothing, "127.0.0.1", 0)
    began = time.monotonic()
    with pytest.raises(ConnectionError, match="does not answer"):
        await tcp_listener("127.0.0.1", server.sockets[0].getsockname()[1], "0" * 24)
    server.close()

    assert time.monotonic() - began < 3.0
