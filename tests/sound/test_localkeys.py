"""Play keys that act where they are typed: the tape there, the deck on the box and the speaker end up agreed.

The world is wound by hand: one clock, a way there and a way back that take their time, a scripted speaker.
"""

from __future__ import annotations

import asyncio
import json
import random
from collections import deque
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tui_label.core.annotating.session import Effect
from tui_label.core.item import Item, Sound
from tui_label.core.project import Listen
from tui_label.sound import speakerplayer as player_module
from tui_label.sound.clips import Loaded
from tui_label.sound.deck import Deck
from tui_label.sound.line import Line
from tui_label.sound.localkeys import KEYS, LocalKeys
from tui_label.sound.player import Clip, Typed
from tui_label.sound.recording import Facts
from tui_label.sound.speakerplayer import SpeakerPlayer
from tui_label.sound.tape import Region

RATE = 8_000
TICK_S = 0.01
REPORT_EVERY = 20
"""Ticks."""
ITEM_S, ITEMS = 10.0, 6
BEHIND_KEYS_S = 0.04
SEGMENTS = (Region(1.0, 2.5), Region(4.0, 7.0))
FAR = {
    "tab": "play.toggle", "shift+tab": "play.start", "f2": "play.back", "f3": "play.forward", "f5": "play.slower",
    "f6": "play.faster", "f7": "play.loop", "f8": "play.last",
}  # fmt: skip
SENT = {name: data for data, name in reversed(KEYS.items())}


class Speaker:
    """Sounds as the clock is wound."""

    def __init__(self, tell: Any) -> None:
        self.tell = tell
        self.voice: Any = None
        self.plays = 0
        self.heard = np.zeros(round(ITEM_S * ITEMS / TICK_S) + 1, int)
        self._fresh, self._ticks, self._paused_at = False, 0, -1
        self._now = 0

    def told(self, header: dict[str, Any]) -> None:
        if header["op"] == "play":
            self.plays += self.voice is None and self._paused_at != self._now
            self.voice, self._fresh = SimpleNamespace(**header), True
        elif header["op"] == "pause" and self.voice is not None:
            self.voice, self._paused_at = None, self._now
        elif header["op"] == "adjust" and self.voice is not None:
            vars(self.voice).update(header)
            self._fresh = True
            if (loop := self.voice.loop) and not loop[0] <= self.voice.at < loop[1]:
                self.voice.at = loop[0]

    def tick(self) -> None:
        self._now += 1
        voice = self.voice
        if voice is None:
            return
        if self._fresh:
            self._fresh = False
            self._say("started")
        limit = voice.loop[1] if voice.loop else voice.end
        before, voice.at = voice.at, min(voice.at + TICK_S * RATE * voice.speed, limit)
        self.heard[round(before / RATE / TICK_S) : round(voice.at / RATE / TICK_S)] += 1
        if voice.at >= limit:
            if voice.loop:
                voice.at = voice.loop[0]
            else:
                self._say("ended")
                self.voice = None
                return
        self._ticks += 1
        if self._ticks % REPORT_EVERY == 0:
            self._say("pos")

    def _say(self, event: str) -> None:
        header = {"ev": event, "seq": self.voice.seq, "t": round(self.voice.at), "speed": self.voice.speed, "in": 0.0}
        self.tell(header)


class Way:
    """Keeps the order; takes `delay`, and up to `jitter` more."""

    def __init__(self, delay: float, jitter: float, chance: random.Random) -> None:
        self.delay, self.jitter, self._chance = delay, jitter, chance
        self._flight: deque[tuple[float, Any]] = deque()
        self._sent_at = self._due = 0.0

    def send(self, thing: Any, now: float) -> None:
        if now != self._sent_at:
            self._sent_at, self._due = now, max(self._due, now + self.delay + self._chance.uniform(0, self.jitter))
        self._flight.append((self._due, thing))

    @property
    def busy(self) -> bool:
        return bool(self._flight)

    def arrived(self, now: float) -> list[Any]:
        found = []
        while self._flight and self._flight[0][0] <= now:
            found.append(self._flight.popleft()[1])
        return found


class StillDeck(Deck):
    """Nobody looks."""

    def _see(self, sound: Sound) -> None: ...


class Box:
    """The app without its screens: what ui/farkeys.py and workbench.py do with keys and with messages."""

    def __init__(self, folder: Path, autoplay: bool, clock: Any) -> None:
        self.clock = clock
        self.player: Any = None
        self.deck = StillDeck(folder, Listen(autoplay=autoplay), self._made, clock=clock)
        self.deck.on_twin = self._twin
        self.deck.on_change = self.offer
        self.session = SimpleNamespace(picked=-1, typing=False, segment_here=None, segment_picked=None)
        self.text = ""
        self.number = -1
        self.left: dict[int, Any] = {}
        """What was put down of the items that were left."""
        self.done = 0
        self._later: list[tuple[float, Any]] = []
        self._count = Typed()
        self.next_item()

    def _made(self, tell: Any) -> SpeakerPlayer:
        self.player = SpeakerPlayer(_never, tell)
        clip = Clip("clip", Path("a.wav"))
        frames = round(ITEM_S * ITEMS * RATE)
        self.player._clips._loaded["clip"] = Loaded(clip, Facts(RATE, 1, frames), SimpleNamespace(close=int), RATE // 2)  # type: ignore[arg-type]
        self.player._line = Line(None, None, None, True, {"keys": True})  # type: ignore[arg-type]
        self.player._lines = 0
        return self.player

    def next_item(self) -> None:
        if self.number + 1 < ITEMS:
            self.deck.stop()
            self.left[self.number] = self.deck.listening
            self.number += 1
            self.session = SimpleNamespace(picked=-1, typing=False, segment_here=None, segment_picked=None)
            sound = Sound("a.wav", ITEM_S, self.number * ITEM_S, RATE, 1, hash="clip")
            self.deck.lay(Item(str(self.number), sound=sound))
            self._later += [(self.clock(), self.offer), (self.clock() + 0.03, self.deck.painted)]

    def typed(self, data: bytes, counted: bool) -> None:
        text = data.decode() if data.isalpha() or data == b" " else ""
        if not counted and text:
            assert self.session.typing, "what was taken for text was a command"
        name = KEYS.get(data, text)
        if self.session.typing and text:
            self.text += text
        elif data == b"\x1b":
            self.session = SimpleNamespace(**{**vars(self.session), "typing": not self.session.typing})
        elif data == b"\r":
            self.next_item()
        elif data == b"j":
            picked = (self.session.picked + 1) % len(SEGMENTS)
            here = SEGMENTS[picked]
            typing = self.session.typing
            self.session = SimpleNamespace(picked=picked, typing=typing, segment_here=here, segment_picked=here)
            self.deck.effect(Effect.GO, self.session)
        elif command := self.keys().get(name):
            self.deck.command(command, self.session)
        self.done += counted
        self.offer()

    def keys(self) -> dict[str, str]:
        return FAR if self.session.typing else {**FAR, "space": "play.toggle"}

    def offer(self) -> None:
        self.deck.offer(self._count, self.keys(), self.session)

    def _twin(self, message: dict[str, Any]) -> None:
        def known() -> None:
            self._count = message["typed"]
            self.offer()

        def pressed() -> None:
            self.deck.follow(message["name"], message["at"], message["seq"], message["on"], self.session)
            known()

        if message["ev"] == "key":
            self._later.append((self.clock(), pressed))
        else:
            self._later.append((self.clock() + BEHIND_KEYS_S, known))

    def tick(self) -> None:
        due = [act for when, act in self._later if when <= self.clock()]
        self._later = [one for one in self._later if one[0] > self.clock()]
        for act in due:
            act()

    def said(self) -> list[dict[str, Any]]:
        found = [json.loads(frame[6:]) for frame in self.player._urgent]
        self.player._urgent.clear()
        return found


async def _never(urgent: bool) -> Line:
    await asyncio.Event().wait()
    raise AssertionError


class World:
    """A laptop, a box, and what is between them."""

    def __init__(
        self,
        monkeypatch: pytest.MonkeyPatch,
        folder: Path,
        up: float,
        down: float,
        jitter: float,
        autoplay: bool,
        seed: int,
    ) -> None:
        self.now = 100.0
        monkeypatch.setattr(player_module, "time", SimpleNamespace(monotonic=lambda: self.now))
        chance = random.Random(seed)
        self.up, self.down, self.late = (
            Way(up, jitter, chance),
            Way(down, jitter, chance),
            Way(max(0.0, up - 0.02), jitter + 0.05, chance),
        )
        self.speaker = Speaker(self._spoke)
        self.keys = LocalKeys(self.speaker.told, self._to_app, clock=lambda: self.now)
        self.box = Box(folder, autoplay, lambda: self.now)
        self.counted = 0
        self.acted = 0

    def _spoke(self, header: dict[str, Any]) -> None:
        self.keys.heard(header)
        self._to_app(header)

    def _to_app(self, header: dict[str, Any]) -> None:
        self.up.send(json.loads(json.dumps(header)), self.now)

    def type(self, data: bytes) -> bool:
        before = self.keys._sent
        if self.keys.acts(data):
            assert self.box.done == self.counted, "a key acted while another was on its way"
            assert not (self.box.session.typing and data in (b" ", b"a", b"j")), "text was taken for a key"
            self.acted += 1
            return True
        self.keys.passed(data)
        counted = self.keys._sent > before
        self.counted += counted
        self.late.send((data, counted), self.now)
        return False

    async def wind(self, seconds: float) -> None:
        for _ in range(round(seconds / TICK_S)):
            self.now += TICK_S
            for data, counted in self.late.arrived(self.now):
                self.box.typed(data, counted)
            for header in self.up.arrived(self.now):
                told = self.box.player._take(header, self.now)
                if told is not None:
                    self.box.deck.told(told)
            self.box.tick()
            await asyncio.sleep(0)
            for header in self.box.said():
                self.down.send(header, self.now)
            for header in self.down.arrived(self.now):
                if header["op"] == "keys":
                    self.keys.offered(header)
                else:
                    self.speaker.told(header)
            self.speaker.tick()

    async def settle(self) -> None:
        await self.wind(self.up.delay + self.down.delay + 4 * self.up.jitter + 0.3)
        for way in (self.up, self.down, self.late):
            way.delay = way.jitter = 0.0
        await self.wind(0.5)
        while self.up.busy or self.down.busy:
            await self.wind(TICK_S)

    def agrees(self) -> None:
        deck, twin, voice = self.box.deck, self.keys._tape, self.speaker.voice
        assert (twin.playing, twin.speed, twin.loop) == (deck.playing, deck.speed, deck.loop)
        assert twin.position == pytest.approx(deck.position, abs=0.06)
        assert (voice is not None) == deck.playing, "it sounds and the screen does not say so, or the other way round"
        if voice is not None:
            assert voice.seq == deck._voice and voice.speed == deck.speed
            offset = self.box.number * ITEM_S
            assert voice.at / RATE - offset == pytest.approx(deck.position, abs=0.06)
            wanted = deck.loop and [round((deck.loop.start + offset) * RATE), round((deck.loop.end + offset) * RATE)]
            assert voice.loop == wanted


LOCAL = st.sampled_from([SENT[name] for name in FAR] + [b" ", b"\t", b"\t"])
OTHER = st.sampled_from([b"a", b"a", b"j", b"\x1b", b"\r", b"\x1b[I", b"\x1b[A"])
ACTS = st.lists(
    st.tuples(st.one_of(LOCAL, LOCAL, OTHER), st.sampled_from([0.0, 0.02, 0.1, 0.3, 0.7, 2.0])), max_size=18
)


@given(
    acts=ACTS,
    up=st.sampled_from([0.0, 0.02, 0.05, 0.12]),
    down=st.sampled_from([0.0, 0.02, 0.05, 0.12]),
    jitter=st.sampled_from([0.0, 0.02]),
    autoplay=st.booleans(),
    seed=st.integers(0, 9),
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@example(
    [(b"\t", 2.0), (b"\t", 0.0), (b"\x1b[19~", 0.02)], 0.05, 0.05, 0.02, False, 0
)  # its last word comes as the test ends
def test_whatever_is_typed_where_all_agree_when_it_is_done(
    monkeypatch, tmp_path, acts, up, down, jitter, autoplay, seed
):
    (tmp_path / "a.wav").touch()

    async def done() -> None:
        world = World(monkeypatch, tmp_path, up, down, jitter, autoplay, seed)
        await world.wind(0.5)
        went_far = 0
        for data, wait in acts:
            went_far += not world.type(data)
            await world.wind(wait)
        await world.settle()
        world.agrees()
        world.box.deck.stop()
        await world.wind(0.1)
        _put_down_is_what_came_out(world, 0.03 + jitter, len(acts) + 1, went_far + ITEMS, up + down + 3 * jitter + 0.05)
        await world.box.deck.close()

    asyncio.run(done())


def _put_down_is_what_came_out(world: World, slack: float, keys: int, far: int, there_and_back: float) -> None:
    """Never more than was heard; less only by what a pause takes to cross the network."""
    put_down = {**world.box.left, world.box.number: world.box.deck.listening}
    for number in range(world.box.number + 1):
        heard = world.speaker.heard[round(number * ITEM_S / TICK_S) : round((number + 1) * ITEM_S / TICK_S)]
        covered, seconds = put_down[number].coverage(ITEM_S) * ITEM_S, put_down[number].seconds
        for said, came_out in ((covered, np.count_nonzero(heard) * TICK_S), (seconds, heard.sum() * TICK_S)):
            assert said <= came_out + 0.1 + 2 * slack * keys
            assert said >= came_out - 0.1 - 2 * slack * keys - 2 * there_and_back * far


# what a key is


def told(**changed: Any) -> dict[str, Any]:
    """What an app says of its tape."""
    tape: dict[str, Any] = {
        "id": "clip", "offset": 0.0, "duration": 60.0, "channels": 1, "step_back": 1.5, "region": [0.0, 60.0], "loop": None,
        "rest": 0.0, "paused": False, "playing": False, "speed": 1.0, "ear": None, "seq": 0, "on": [1, 0], "here": None,
        "typing": True, "rate": RATE,
    }  # fmt: skip
    names = {"tab": "play.toggle", "shift+tab": "play.start", "ctrl+space": "play.last", "space": "play.toggle"}
    names |= {f"f{number}": "play.faster" for number in range(2, 9)}
    return {"n": 0, "keys": names, "tape": {**tape, **changed}}


class Laptop:
    """Local keys alone, and what they said."""

    def __init__(self, offer: dict[str, Any] | None = None) -> None:
        self.now = 10.0
        self.speaker: list[dict[str, Any]] = []
        self.app: list[dict[str, Any]] = []
        self.keys = LocalKeys(self.speaker.append, self.app.append, clock=lambda: self.now)
        if offer is not None:
            self.keys.offered(offer)

    def type(self, data: bytes) -> bool:
        acted = self.keys.acts(data)
        if not acted:
            self.keys.passed(data)
        return acted

    @property
    def trusts(self) -> bool:
        return self.type(b"\t")


@pytest.mark.parametrize(
    "data",
    [
        b"\t", b"\x1b[Z", b"\x00",
        b"\x1bOQ", b"\x1bOR", b"\x1bOS", b"\x1b[15~", b"\x1b[17~", b"\x1b[18~", b"\x1b[19~",  # xterm
        b"\x1b[12~", b"\x1b[13~", b"\x1b[14~",  # VT, rxvt
        b"\x1b[[B", b"\x1b[[C", b"\x1b[[D", b"\x1b[[E",  # Linux console
        b"\x1b[9u", b"\x1b[9;2u", b"\x1b[32;5u", b"\x1b[Q", b"\x1b[R", b"\x1b[S",  # kitty
    ],
)  # fmt: skip
def test_a_play_key_acts_whichever_way_the_terminal_sends_it(data):
    laptop = Laptop(told())

    assert laptop.type(data)
    assert [header["ev"] for header in laptop.app] == ["key"]


@pytest.mark.parametrize(
    "data",
    [
        b"\x1b[I", b"\x1b[O", b"\x1b[I\x1b[O",
        b"\x1b[<35;10;20M", b"\x1b[<0;1;1m", b"\x1b[<35;10;20M\x1b[<35;11;20M",
        b"\x1b[24;80R", b"\x1b[?24;80R", b"\x1b[0n", b"\x1b[?62;22c", b"\x1b[>0;276;0c", b"\x1b[8;40;120t",
        b"\x1b[?2026;2$y", b"\x1b[?2048;0$y", b"\x1b[?1u", b"\x1b[?997;1n",
        b"\x1b]11;rgb:0000/0000/0000\x07", b"\x1b]10;rgb:ff/ff/ff\x1b\\", b"\x1bP>|kitty 0.31\x1b\\", b"\x1b_Gi=1;OK\x1b\\",
    ],
)  # fmt: skip
def test_what_a_terminal_says_by_itself_is_not_typed(data):
    laptop = Laptop(told())

    assert not laptop.type(data)
    assert laptop.app == [] and laptop.trusts


@pytest.mark.parametrize(
    "data",
    [
        b"\r", b"\x1b", b"\x7f", b"\x1b[A", b"\x1b[1;5C", b"\x1b[1;2R", b"\x1b[M", b"\x1b[13;2u", b"\x1b[97u", b"\x1b[20~",
        b"\x1b[200~a\x1b[201~", b"\x1b[3~", b"ab\r", b"\xff\xfe", b"\t\t",
    ],
)  # fmt: skip
def test_any_other_key_holds_the_play_keys_back_until_the_app_has_dealt_with_it(data):
    laptop = Laptop(told())
    assert not laptop.type(data)
    assert laptop.app == [{"ev": "sync", "n": 1}] and not laptop.trusts
    laptop.keys.offered({**told(), "n": 1})
    assert not laptop.trusts, "an answer that knows nothing of the last key"
    laptop.keys.offered({**told(), "n": laptop.app[-1]["n"]})

    assert laptop.trusts


@pytest.mark.parametrize("data", [b"a", b" ", "ø".encode(), b"hello there", "漢字".encode()])
def test_text_in_a_text_box_is_text_and_holds_nothing_back(data):
    laptop = Laptop(told(typing=True))

    assert not laptop.type(data)
    assert laptop.app == [] and laptop.trusts


def test_a_letter_behind_escape_may_be_a_command():
    """`s` skips the item once Esc has left the text box."""
    laptop = Laptop(told(typing=True))
    laptop.type(b"\x1b")
    laptop.type(b"s")
    laptop.keys.offered({**told(typing=False), "n": 1})

    assert not laptop.trusts


def test_without_a_text_box_space_plays():
    laptop = Laptop(told(typing=False))

    assert laptop.type(b" ") and laptop.speaker[0]["op"] == "play"


def test_before_the_app_has_said_anything_every_key_is_its():
    laptop = Laptop()

    assert not any(laptop.type(data) for data in KEYS)


@pytest.mark.parametrize(
    "offer",
    [
        {"n": 0}, {"n": 0, "keys": 1, "tape": 2}, {"n": 0, "keys": {"tab": "play.toggle"}, "tape": {}},
        {**told(), "keys": {"tab": "item.submit", "space": ["x"]}}, {**told(), "keys": ["tab"]},
        *(told(**{name: value}) for name in ("offset", "duration", "rest", "speed", "step_back")
          for value in (None, "x", [], float("nan"), float("inf"), -1, 10**400)),
        told(loop=[2.0, 2.0]), told(loop=[3.0, 2.0]), told(loop=[0.0, float("inf")]), told(region=[0.0]), told(here=[1]),
        told(rate=float("inf")), told(rate="fast"), told(seq=None), told(ear="left"),
    ],
)  # fmt: skip
def test_an_app_that_says_nonsense_gets_all_keys(offer):
    laptop = Laptop(offer)

    assert not any(laptop.type(data) for data in (b"\t", b"\x1b[17~", b"\x1b[18~", b" "))
    assert laptop.speaker == []


# how the twin stands


def test_a_key_plays_here_and_the_app_hears_of_it():
    laptop = Laptop(told(rest=4.0))
    assert laptop.type(b"\t")
    voice = laptop.speaker[0]["seq"]
    laptop.keys.heard({"ev": "started", "seq": voice, "t": 4 * RATE, "in": 0.02})
    laptop.now += 1.02
    laptop.type(b"\t")

    play, pause = laptop.speaker
    assert (play["op"], play["id"], play["at"], play["end"]) == ("play", "clip", 4 * RATE, 60 * RATE)
    assert pause == {"op": "pause"}
    first, second = laptop.app
    assert (first["name"], first["at"], first["seq"], first["on"]) == ("play.toggle", 4.0, voice, [1, 0])
    assert (second["at"], second["seq"]) == (pytest.approx(5.0), 0)


def test_a_voice_that_ended_before_the_app_knew_it_is_not_paused_again():
    laptop = Laptop()
    laptop.keys.heard({"ev": "started", "seq": 7, "t": 0})
    laptop.keys.heard({"ev": "ended", "seq": 7, "t": 60 * RATE})
    laptop.keys.offered(told(playing=True, seq=7))
    laptop.type(b"\t")

    assert laptop.speaker[0]["op"] == "play"


def test_where_a_voice_is_that_began_before_its_clip_was_named():
    """Its frames are of the rate that the app says later."""
    laptop = Laptop()
    laptop.keys.heard({"ev": "pos", "seq": 7, "t": 5 * RATE, "speed": 1})
    laptop.keys.offered(told(playing=True, seq=7))
    laptop.now += 1.0
    laptop.type(b"\x1b[Z")

    assert laptop.app[0]["at"] == pytest.approx(6.0)


async def decked(monkeypatch: pytest.MonkeyPatch, folder: Path, *acts: tuple[bytes, float]) -> World:
    (folder / "a.wav").touch()
    world = World(monkeypatch, folder, 0.05, 0.05, 0.0, False, 1)
    await world.wind(0.5)
    for data, wait in acts:
        assert world.type(data), data
        await world.wind(wait)
    return world


async def test_rounds_of_a_loop_are_counted_through_keys(monkeypatch, tmp_path):
    """Slower and faster in the middle of it: the seconds go on counting from round to round."""
    world = await decked(monkeypatch, tmp_path)
    world.type(b"j")
    await world.wind(0.5)
    for data, wait in ((SENT["f7"], 0.1), (b"\t", 9.0), (SENT["f5"], 2.0), (SENT["f6"], 3.0), (b"\t", 1.0)):
        assert world.type(data)
        await world.wind(wait)
    await world.settle()

    assert world.box.deck.loop == SEGMENTS[0]
    assert world.box.deck.listening.seconds == pytest.approx(world.speaker.heard.sum() * TICK_S, abs=0.15)
    assert world.box.deck.listening.plays == world.speaker.plays == 1


async def test_plays_are_counted_as_the_speaker_played_them(monkeypatch, tmp_path):
    acts = [(b"\t", 1.0), (SENT["f2"], 0.5), (b"\t", 0.5), (b"\t", 1.0), (SENT["f8"], 0.3), (b"\t", 0.3), (b"\t", 0.0)]
    world = await decked(monkeypatch, tmp_path, *acts)
    await world.settle()

    world.agrees()
    assert world.box.deck.listening.plays == world.speaker.plays == 3
    assert world.box.deck.listening.seconds == pytest.approx(world.speaker.heard.sum() * TICK_S, abs=0.2)


async def test_a_play_key_that_the_next_item_overtook_is_silenced(monkeypatch, tmp_path):
    """The keys' way was shorter than the messages': what sounds would be the item before."""
    world = await decked(monkeypatch, tmp_path, (b"\t", 0.0))
    world.box.typed(b"\r", counted=False)
    await world.settle()

    world.agrees()
    assert not world.box.deck.playing and world.box.deck.position == 0.0


async def test_what_the_box_did_by_itself_meanwhile_holds(monkeypatch, tmp_path):
    world = await decked(monkeypatch, tmp_path, (b"\t", 0.0))
    world.box.deck.play_from(6.0)
    for _ in range(3):
        world.type(SENT["f6"])
        await world.wind(0.01)
    await world.settle()

    world.agrees()
