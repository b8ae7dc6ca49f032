"""What the play keys do, and what is put down as heard: a deck with a tape that is wound by hand.

`Tape` is a player that moves only when the clock does; that real sound comes out is seen in test_playing.py.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile
from helpers import project
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tui_label.core.annotating.beginning import begin
from tui_label.core.annotating.session import Effect, Session
from tui_label.core.item import Item, Sound
from tui_label.core.listening import Listening
from tui_label.core.project import Listen
from tui_label.sound.calibration import TAPS
from tui_label.sound.deck import Deck
from tui_label.sound.player import Clip, Heard, Manner, Told, Typed
from tui_label.sound.tape import EDGE_S, PAUSE_TAKES_S, Region

RATE = 8_000
DURATION = 10.0
TICK_S = 0.01
REPORT_EVERY = 20
"""Ticks."""
TURNS = "name: t\nitems: sound\ntasks: [{id: turns, type: segments, transcript: {}}]\n"


class Tape:
    """A player whose sound comes out as the clock is wound on."""

    def __init__(self, tell: Callable[[Told], None], now: float) -> None:
        self.tell, self.now = tell, now
        self.wrong_by = 0.0
        """Seconds that reports are off, this way and that."""
        self.heard = np.zeros(int(2 * DURATION / TICK_S) + 1, int)
        """How often each hundredth of a second of the file came out."""
        self.plays: list[tuple[float, float]] = []
        self.speed, self.ear, self.loop = 1.0, None, None
        self._voice, self._on, self._fresh, self._at, self._end, self._ticks = 0, False, False, 0.0, 0.0, 0

    def prepare(self, clip: Clip, at: float = 0.0) -> None: ...

    def play(self, clip: Clip, at: float, manner: Manner) -> int:
        self.plays.append((round(at, 3), round(manner.end, 3)))
        self._voice, self._on, self._at = self._voice + 1, True, at
        self.adjust(manner)
        return self._voice

    def adjust(self, manner: Manner) -> None:
        self._end, self.speed, self.loop, self.ear = manner.end, manner.speed, manner.loop, manner.ear
        self._fresh = True

    def pause(self) -> None:
        self._on = False

    def wake(self) -> None: ...

    def follow(self, seq: int | None) -> None: ...

    def offer(self, typed: Typed, keys, tape) -> None: ...

    async def close(self) -> None: ...

    def die(self) -> None:
        self._on = False
        self.tell(Told("silent", why="the sound server does not answer"))

    def tick(self) -> None:
        if self._on and self._fresh:
            self._fresh = False
            self._report("started")
        self.now += TICK_S
        if not self._on:
            return
        before, self._at = self._at, min(self._at + TICK_S * self.speed, self.loop[1] if self.loop else self._end)
        self.heard[int(before / TICK_S + 0.5) : int(self._at / TICK_S + 0.5)] += 1
        if self.loop is not None and self._at >= self.loop[1] - 1e-9:
            self._at = self.loop[0]
        elif self._at >= self._end - 1e-9:
            self._on = False
            self._report("ended")
            return
        self._ticks += 1
        if self._ticks % REPORT_EVERY == 0:
            self.wrong_by = -self.wrong_by
            self._report("pos", self.wrong_by)

    def _report(self, event: str, off: float = 0.0) -> None:
        self.tell(Told(event, Heard(self._voice, self._at + off, self.now, self.speed)))


class Desk:
    """A deck, its tape, and the hand on the clock."""

    def __init__(self, folder: Path, listen: Listen | None = None, **sound: float) -> None:
        self.tapes: list[Tape] = []
        self.deck = Deck(folder, listen or Listen(), self._tape, clock=lambda: self.tape.now if self.tapes else 100.0)
        self.item = item(**sound)

    def _tape(self, tell: Callable[[Told], None]) -> Tape:
        self.tapes.append(Tape(tell, 100.0))
        return self.tapes[0]

    @property
    def tape(self) -> Tape:
        return self.tapes[0]

    def wind(self, seconds: float) -> None:
        for _ in range(round(seconds / TICK_S)):
            self.tape.tick()


def item(offset: float = 0.0, duration: float = DURATION, channels: int = 1) -> Item:
    return Item("k", sound=Sound("a.wav", duration, offset, RATE, channels))


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    found = tmp_path_factory.mktemp("clips")
    soundfile.write(found / "a.wav", np.random.default_rng(1).uniform(-0.1, 0.1, int(2 * DURATION * RATE)), RATE)
    return found


@pytest.fixture
async def desk(folder) -> AsyncIterator[Desk]:
    made = Desk(folder)
    made.deck.lay(made.item)
    yield made
    await made.deck.close()


def near(seconds: float):
    return pytest.approx(seconds, abs=2 * TICK_S)


# play, pause, seek


async def test_it_plays_to_the_end_and_then_begins_again(desk):
    desk.deck.toggle()
    desk.wind(3.0)
    assert desk.deck.playing and desk.deck.position == near(3.0)
    desk.wind(7.1)
    assert (desk.deck.playing, desk.deck.position) == (False, DURATION)
    desk.deck.toggle()

    assert desk.tape.plays == [(0.0, 10.0), (0.0, 10.0)]


async def test_going_on_after_a_pause_steps_back(desk):
    desk.deck.toggle()
    desk.wind(4.0)
    desk.deck.toggle()
    assert desk.deck.position == near(4.0 + PAUSE_TAKES_S)
    desk.wind(60)
    desk.deck.toggle()

    assert desk.tape.plays[-1] == (near(4.0 + PAUSE_TAKES_S - 1.5), 10.0)


async def test_going_on_soon_after_the_start_does_not_step_back_beyond_it(desk):
    desk.deck.toggle()
    desk.wind(0.5)
    desk.deck.toggle()
    desk.deck.toggle()

    assert desk.tape.plays[-1] == (0.0, 10.0)


async def test_where_one_went_by_hand_it_begins_without_a_step_back(desk):
    desk.deck.toggle()
    desk.wind(4.0)
    desk.deck.toggle()
    desk.deck.seek(6.0)
    desk.deck.toggle()

    assert desk.tape.plays[-1] == (6.0, 10.0)


async def test_a_stop_is_no_pause(desk):
    desk.deck.toggle()
    desk.wind(4.0)
    desk.deck.stop()
    desk.deck.toggle()

    assert desk.tape.plays[-1][0] == near(4.0 + PAUSE_TAKES_S)


async def test_seeking_while_it_plays_goes_on_from_there(desk):
    desk.deck.toggle()
    desk.wind(1.0)
    desk.deck.seek(5.0)
    desk.wind(1.0)

    assert desk.deck.playing and desk.deck.position == near(6.0)
    assert desk.deck.listening.covered == ((0.0, near(1.0)), (5.0, near(6.0)))


async def test_jumps_stop_at_both_ends(desk):
    desk.deck.jump(-2.0)
    assert desk.deck.position == 0.0
    desk.deck.jump(99.0)
    assert desk.deck.position == DURATION


async def test_reports_of_an_earlier_voice_are_none_of_this_one(desk):
    desk.deck.toggle()
    desk.wind(1.0)
    desk.deck.seek(5.0)
    desk.tape.tell(Told("ended", Heard(1, 10.0, desk.tape.now, 1.0)))
    desk.tape.tell(Told("pos", Heard(1, 1.2, desk.tape.now, 1.0)))
    desk.wind(0.5)

    assert desk.deck.playing and desk.deck.position == near(5.5)


async def test_nothing_is_heard_before_the_first_sound_is_out(desk):
    desk.deck.play_from(2.0)
    desk.tape.now += 0.5  # decoding, opening the card

    assert (desk.deck.position, desk.deck.tapped) == (2.0, 2.0)
    desk.deck.stop()
    assert desk.deck.listening.seconds == 0


# regions


async def test_a_region_ends_where_it_ends(desk):
    desk.deck.play_from(2.0, Region(2.0, 3.0))
    desk.wind(1.5)

    assert (desk.deck.playing, desk.deck.position) == (False, 3.0)
    assert desk.deck.listening.covered == ((2.0, 3.0),)


async def test_going_on_in_a_region_stays_in_it(desk):
    region = Region(2.0, 3.0)
    desk.deck.toggle(region)
    desk.wind(0.5)
    desk.deck.toggle(region)
    desk.deck.toggle(region)

    assert desk.tape.plays == [(2.0, 3.0), (2.0, 3.0)]


async def test_seeking_out_of_a_region_goes_on_to_the_end_of_the_clip(desk):
    desk.deck.play_from(2.0, Region(2.0, 3.0))
    desk.wind(0.5)
    desk.deck.seek(6.0)
    desk.wind(2.0)
    desk.deck.pause()
    assert desk.deck.position == near(8.0 + PAUSE_TAKES_S)
    desk.deck.seek(6.0)
    desk.deck.play_from(6.0, Region(2.0, 3.0))
    desk.wind(5.0)

    assert desk.deck.position == DURATION
    assert desk.deck.listening.covered[-1][1] == DURATION


async def test_the_last_second_while_it_plays_goes_on(desk):
    desk.deck.toggle()
    desk.wind(4.0)
    desk.deck.last_second()

    assert desk.tape.plays[-1] == (near(3.0), 10.0)


async def test_the_last_second_of_a_paused_clip_stops_where_it_was(desk):
    desk.deck.toggle()
    desk.wind(4.0)
    desk.deck.pause()
    here = desk.deck.position
    desk.deck.last_second()
    desk.wind(2.0)

    assert (desk.deck.playing, desk.deck.position) == (False, pytest.approx(here))
    assert desk.tape.plays[-1][0] == near(here - 1.0)


@pytest.mark.parametrize(
    ("effect", "expected"),
    [
        (Effect.PLAY, (2.0, 5.0)),
        (Effect.HEAR_START, (2.0, 2.0 + EDGE_S)),
        (Effect.HEAR_END, (5.0 - EDGE_S, 5.0)),
    ],
)
async def test_the_ear_follows_the_hands(desk, effect, expected):
    assert desk.deck.effect(effect, session_on((2.0, 5.0)))

    assert desk.tape.plays == [pytest.approx(expected)]


async def test_the_edge_of_a_short_segment_is_all_of_it(desk):
    desk.deck.effect(Effect.HEAR_END, session_on((2.0, 2.1)))

    assert desk.tape.plays == [(2.0, 2.1)]


async def test_going_to_a_segment_is_silent(desk):
    desk.deck.effect(Effect.GO, session_on((2.0, 5.0)))

    assert (desk.deck.position, desk.tape.plays) == (2.0, [])


def session_on(segment: tuple[float, float]) -> Session:
    session = begin(project(TURNS), item())
    work = session.work.answer("turns", [{"start": segment[0], "end": segment[1]}])
    return replace(session, work=work, picked=0)


@pytest.mark.parametrize(
    ("command", "typing", "expected"),
    [
        ("play.toggle", True, (2.0, 5.0)),
        ("play.toggle", False, (3.0, 10.0)),
        ("play.start", False, (2.0, 5.0)),
        ("play.last", False, (2.0, 3.0)),
    ],
)
async def test_play_keys_are_about_the_segment_where_they_should(desk, command, typing, expected):
    desk.deck.seek(3.0 if not typing else 7.0)
    assert desk.deck.command(command, replace(session_on((2.0, 5.0)), typing=typing))

    assert desk.tape.plays == [expected]


async def test_other_keys_are_none_of_the_deck(desk):
    assert not desk.deck.command("segment.mark", session_on((2.0, 5.0)))
    assert not desk.deck.effect(Effect.SUBMIT, session_on((2.0, 5.0)))


# a stretch of a longer file


async def test_times_are_those_of_the_item(folder):
    desk = Desk(folder, offset=5.0, duration=4.0)
    desk.deck.lay(desk.item)
    desk.deck.toggle()
    desk.wind(1.0)
    assert desk.tape.plays == [(5.0, 9.0)] and desk.deck.position == near(1.0)
    desk.wind(4.0)

    assert desk.deck.position == 4.0
    assert desk.deck.listening.passes == ((0.0, 4.0, 1),)
    await desk.deck.close()


# loops


async def test_a_loop_is_counted_round_by_round(desk):
    desk.deck.switch_loop(Region(1.0, 1.4))
    desk.deck.play_from(1.0)
    desk.wind(4.2)
    desk.deck.stop()

    assert desk.deck.listening.passes == ((1.0, 1.4, 10), (1.0, near(1.2), 1))
    assert desk.deck.listening.seconds == near(4.2)
    assert desk.tape.heard[110] == 11


@given(
    st.floats(0.15, 2.0).map(lambda seconds: round(seconds, 2)),
    st.sampled_from([0.5, 0.8, 1.0, 2.0]),
    st.floats(-0.02, 0.02),
)
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_clocks_that_differ_a_little_count_no_round_twice(folder, length, speed, wrong_by):
    """At the seam a report says "nearly round" where the clock says "round", or the other way."""

    async def rounds() -> None:
        desk = Desk(folder, Listen(speed=speed))
        desk.deck.lay(desk.item)
        desk.tape.wrong_by = wrong_by
        desk.deck.switch_loop(Region(1.0, 1.0 + length))
        desk.deck.play_from(1.0)
        desk.wind(12.0)
        desk.deck.stop()
        await desk.deck.close()
        truth = desk.tape.heard.sum() * TICK_S

        assert desk.deck.listening.seconds == pytest.approx(truth, abs=0.1)
        assert sum(times for _, _, times in desk.deck.listening.passes) == pytest.approx(truth / length, abs=1.2)
        start, end = desk.deck.listening.covered[0][0], desk.deck.listening.covered[-1][1]
        assert (start, end) == pytest.approx((1.0, 1.0 + length), abs=0.021)

    asyncio.run(rounds())


async def test_the_playhead_goes_round(desk):
    desk.deck.switch_loop(Region(1.0, 1.4))
    desk.deck.play_from(1.2)
    seen = []
    for _ in range(100):
        desk.wind(0.03)
        seen.append(desk.deck.position)

    assert min(seen) >= 1.0 - TICK_S and max(seen) <= 1.4 + TICK_S
    assert max(seen) - min(seen) > 0.3


async def test_a_loop_that_is_left_goes_on_to_the_end_of_the_clip(desk):
    desk.deck.switch_loop(Region(1.0, 1.4))
    desk.deck.play_from(1.0, Region(1.0, 1.4))
    desk.wind(2.1)
    desk.deck.switch_loop(None)
    desk.wind(2.0)
    desk.deck.pause()
    assert desk.deck.position == near(1.1 + 2.0 + PAUSE_TAKES_S)
    desk.deck.seek(0.0)
    desk.deck.toggle()
    desk.wind(11)

    assert (desk.deck.playing, desk.deck.position) == (False, DURATION)


async def test_a_loop_that_is_left_stops_with_the_item_where_the_file_goes_on(desk):
    desk.deck.switch_loop(Region(9.0, 9.5))
    desk.deck.play_from(9.0, Region(9.0, 9.5))
    desk.wind(1.2)
    desk.deck.switch_loop(None)
    desk.wind(3.0)

    assert (desk.deck.playing, desk.deck.position) == (False, DURATION)
    assert desk.tape.heard[int((DURATION + 0.3) / TICK_S) :].sum() == 0


async def test_a_loop_switched_on_outside_of_it_goes_there(desk):
    desk.deck.toggle()
    desk.wind(5.0)
    desk.deck.switch_loop(Region(1.0, 2.0))
    desk.wind(0.5)

    assert desk.deck.position == near(1.5)


async def test_a_loop_switched_on_inside_of_it_plays_on(desk):
    desk.deck.toggle()
    desk.wind(1.5)
    desk.deck.switch_loop(Region(1.0, 2.0))
    desk.wind(0.7)

    assert desk.deck.position == near(1.2)
    assert len(desk.tape.plays) == 1


async def test_the_next_item_is_not_looped(desk):
    desk.deck.switch_loop(Region(1.0, 2.0))
    desk.deck.lay(desk.item)

    assert desk.deck.loop is None


# speed and ears


async def test_speeds_stay_between_a_half_and_two(desk):
    for by, expected in ((-1, 0.5), (1, 2.0)):
        for _ in range(20):
            desk.deck.change_speed(by)
        assert desk.deck.speed == expected


async def test_seconds_are_put_down_at_the_speed_they_were_heard_at(desk):
    desk.deck.toggle()
    desk.wind(2.0)
    for _ in range(5):
        desk.deck.change_speed(1)
    desk.wind(2.0)
    desk.deck.stop()

    assert desk.tape.speed == 1.5
    assert desk.deck.listening.speeds == {"1": near(2.0), "1.5": near(3.0)}
    assert desk.deck.listening.passes == ((0.0, near(5.0), 1),)


async def test_the_speed_in_a_loop_counts_no_round_twice(desk):
    desk.deck.switch_loop(Region(1.0, 1.5))
    desk.deck.play_from(1.0)
    desk.wind(5.2)
    desk.deck.change_speed(1)
    desk.wind(0.01)
    desk.deck.change_speed(1)
    desk.wind(2.0)
    desk.deck.stop()

    assert desk.deck.listening.seconds == pytest.approx(5.2 + 2.0 * 1.2, abs=0.06)


async def test_ears_go_round_the_channels(folder):
    desk = Desk(folder, channels=2)
    desk.deck.lay(desk.item)
    found = []
    for _ in range(4):
        desk.deck.next_ear()
        found.append(desk.deck.ear)

    assert found == [0, 1, None, 0]
    await desk.deck.close()


# the policy


async def test_all_of_it_heard_in_any_order_is_all_of_it(desk):
    for start, end in ((5.0, 10.0), (0.0, 2.0), (1.5, 5.1)):
        desk.deck.play_from(start, Region(start, end))
        desk.wind(6.0)

    assert desk.deck.listening.coverage(DURATION) == 1.0


async def test_half_of_it_twice_is_half_of_it(desk):
    for _ in range(2):
        desk.deck.play_from(0.0, Region(0.0, 5.0))
        desk.wind(6.0)

    assert desk.deck.listening.coverage(DURATION) == pytest.approx(0.5, abs=0.005)


async def test_what_is_heard_counts_while_it_plays(desk):
    desk.deck.toggle()
    desk.wind(9.99)
    desk.deck.count()

    assert desk.deck.playing and desk.deck.listening.coverage(DURATION) == 1.0


async def test_skipping_through_is_not_hearing(desk):
    desk.deck.toggle()
    for _ in range(4):
        desk.wind(0.1)
        desk.deck.jump(2.0)
    desk.deck.stop()

    assert desk.deck.listening.coverage(DURATION) < 0.06


KEYS = st.one_of(
    st.integers(1, 150).map(lambda ticks: ("wind", ticks * TICK_S)),
    st.tuples(st.just("seek"), st.integers(0, 100).map(lambda tenths: tenths / 10)),
    st.tuples(st.sampled_from(["toggle", "pause", "stop", "last_second", "count"])),
    st.tuples(st.sampled_from(["change_speed"]), st.sampled_from([-1, 1])),
    st.tuples(st.just("jump"), st.sampled_from([-2.0, 2.0, 0.1])),
    st.tuples(st.just("switch_loop"), st.sampled_from([None, Region(1.0, 1.5), Region(4.0, 7.0)])),
    st.tuples(st.just("play_edge"), st.just(Region(3.0, 4.0)), st.booleans()),
    st.tuples(st.just("play_from"), st.sampled_from([0.0, 2.0, 9.0]), st.sampled_from([None, Region(2.0, 3.0)])),
)


@given(st.lists(KEYS, max_size=25))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_the_hands_do_what_is_put_down_is_what_came_out(folder, keys):
    """To the tick or two that a clock and a tape differ by, for each thing done."""

    async def done() -> None:
        desk = Desk(folder)
        desk.deck.lay(desk.item)
        for name, *arguments in keys:
            if name == "wind":
                desk.wind(*arguments)
            else:
                getattr(desk.deck, name)(*arguments)
            assert 0.0 <= desk.deck.position <= DURATION and 0.0 <= desk.deck.tapped <= DURATION
        desk.deck.stop()
        await desk.deck.close()
        within = desk.tape.heard[: round(DURATION / TICK_S)]
        slack = 0.02 + 0.025 * len(keys)

        assert desk.deck.listening.seconds == pytest.approx(within.sum() * TICK_S, abs=slack)
        assert desk.deck.listening.coverage(DURATION) == pytest.approx(
            np.mean(within > 0), abs=slack / DURATION + 0.004
        )

    asyncio.run(done())


async def test_a_tape_that_stalls_counts_nothing_twice(desk):
    desk.deck.toggle()
    desk.wind(1.0)
    desk.tape.now += 0.15  # the next piece is late
    desk.deck.change_speed(1)
    desk.wind(1.0)
    desk.deck.stop()

    assert desk.deck.listening.passes == ((0.0, near(2.1), 1),)
    assert desk.deck.listening.seconds == near(2.1)


async def test_a_tape_that_stalls_at_the_end_of_a_region_is_not_counted_beyond_it(desk):
    desk.deck.play_from(2.0, Region(2.0, 3.0))
    desk.wind(0.98)
    desk.tape.now += 0.15
    desk.deck.count()

    assert desk.deck.listening.covered == ((2.0, 3.0),)


# nothing to hear


async def test_a_speaker_that_dies_rests_at_its_last_word(desk):
    desk.deck.toggle()
    desk.wind(3.1)
    desk.tape.now += 1.0  # nothing comes any more
    desk.tape.die()

    assert (desk.deck.playing, desk.deck.position) == (False, near(3.0))
    assert desk.deck.listening.seconds == near(3.0)
    assert desk.deck.trouble == "the sound server does not answer"


async def test_a_speaker_that_comes_back_waits_for_the_hands_and_steps_back(desk):
    desk.deck.toggle()
    desk.wind(3.0)
    desk.tape.die()
    desk.tape.tell(Told("ready", why="headphones"))
    assert (desk.deck.trouble, desk.deck.device, desk.deck.playing) == ("", "headphones", False)
    desk.deck.toggle()

    assert desk.tape.plays[-1] == (near(3.0 - 1.5), 10.0)
    assert desk.deck.playing and desk.deck.listening.plays == 2


async def test_a_line_that_stands_still_is_said_and_what_plays_goes_on(desk):
    desk.deck.toggle()
    desk.wind(3.0)
    desk.tape.tell(Told("still", why="the listener does not answer"))
    assert (desk.deck.trouble, desk.deck.playing) == ("the listener does not answer", True)
    desk.wind(2.0)
    desk.tape.tell(Told("moving"))
    desk.wind(0.5)

    assert (desk.deck.trouble, desk.deck.playing, desk.deck.position) == ("", True, near(5.5))


async def test_a_play_key_moves_nothing_where_there_is_no_sound(desk):
    desk.deck.toggle()
    desk.wind(8.0)
    desk.deck.toggle()
    here = desk.deck.position
    desk.tape.die()
    for _ in range(3):
        desk.deck.toggle()

    assert desk.deck.position == here
    desk.tape.tell(Told("ready"))
    assert desk.tape.plays[-1] == (near(here - 1.5), 10.0), "the step back comes with the sound"


async def test_a_card_that_takes_the_play_and_dies_moves_it_back_once(desk):
    desk.deck.toggle()
    desk.wind(8.0)
    desk.deck.toggle()
    here = desk.deck.position
    for _ in range(3):
        desk.deck.toggle()
        desk.tape.die()
        desk.tape.tell(Told("ready"))

    assert desk.deck.position == near(here - 1.5)


@pytest.mark.parametrize(("away", "plays"), [(2.0, True), (20.0, False)])
async def test_a_play_key_while_it_is_silent_is_honoured_if_the_sound_is_soon_back(desk, away, plays):
    desk.tape.die()
    desk.deck.seek(4.0)
    desk.deck.toggle()
    assert not desk.deck.playing
    desk.wind(away)
    desk.tape.tell(Told("ready", why="headphones"))

    assert desk.tape.plays == ([(4.0, 10.0)] if plays else [])
    assert desk.deck.listening.plays == plays


async def test_jumps_and_edges_are_no_plays_of_their_own(desk):
    desk.deck.toggle()
    desk.wind(1.0)
    desk.deck.jump(2.0)
    desk.deck.jump(2.0)
    desk.deck.pause()
    desk.deck.play_edge(Region(2.0, 3.0), start=True)

    assert desk.deck.listening.plays == 1


async def test_a_loop_goes_along_to_the_segment_that_the_hands_go_to(desk):
    session = begin(project(TURNS), desk.item)
    segments = [{"start": 2.0, "end": 3.0}, {"start": 5.0, "end": 6.0}]
    session = replace(session, work=session.work.answer("turns", segments, "manual"))
    desk.deck.switch_loop(Region(2.0, 3.0))
    desk.deck.effect(Effect.PLAY, replace(session, picked=1))

    assert desk.deck.loop == Region(5.0, 6.0)
    assert desk.tape.plays[-1][0] == 5.0


async def test_one_channel_alone_is_forgotten_where_there_is_only_one(desk):
    desk.deck.lay(replace(desk.item, sound=replace(desk.item.sound, channels=2)))
    desk.deck.next_ear()
    desk.deck.next_ear()
    assert desk.deck.ear == 1
    desk.deck.lay(desk.item)

    assert desk.deck.ear is None


async def test_while_it_is_silent_one_can_still_move(desk):
    desk.tape.die()
    desk.deck.seek(4.0)
    desk.deck.jump(1.0)

    assert (desk.deck.position, desk.deck.listening.plays) == (5.0, 0)


async def test_a_file_that_is_gone_is_not_played(folder):
    desk = Desk(folder)
    desk.deck.lay(replace(desk.item, sound=replace(desk.item.sound, path="gone.wav")))
    desk.deck.toggle()

    assert (desk.deck.playing, desk.tape.plays) == (False, [])
    await desk.deck.close()


async def test_without_an_item_no_key_does_anything(desk):
    desk.deck.lay(None)
    for name in ("play.toggle", "play.start", "play.last", "play.forward", "play.loop", "play.faster", "tape.end"):
        desk.deck.command(name, session_on((2.0, 5.0)))

    assert (desk.deck.position, desk.tape.plays) == (0.0, [])


# playing by itself


async def autoplaying(folder: Path) -> Desk:
    desk = Desk(folder, Listen(autoplay=True))
    desk.deck.lay(desk.item)
    return desk


async def test_a_clip_plays_by_itself_once(folder):
    desk = await autoplaying(folder)
    desk.deck.painted()
    assert desk.deck.playing
    desk.wind(11)
    desk.deck.painted()
    desk.tape.die()
    desk.tape.tell(Told("ready"))

    assert desk.tape.plays == [(0.0, 10.0)] and not desk.deck.playing
    await desk.deck.close()


async def test_a_clip_that_could_not_be_heard_plays_by_itself_when_it_can(folder):
    desk = await autoplaying(folder)
    desk.tape.die()
    desk.deck.painted()
    assert not desk.deck.playing
    desk.tape.tell(Told("ready"))

    assert desk.deck.playing
    await desk.deck.close()


async def test_a_clip_that_was_played_before_does_not_play_by_itself(folder):
    desk = await autoplaying(folder)
    desk.deck.lay(desk.item, Listening(plays=1))
    desk.deck.painted()

    assert not desk.deck.playing
    await desk.deck.close()


async def test_the_first_play_is_timed_from_the_paint(desk):
    desk.wind(5.0)
    desk.deck.painted()
    desk.wind(1.2)
    desk.deck.toggle()

    assert desk.deck.listening.first_play_ms == 1200


# taps


@pytest.mark.parametrize("speed", [0.5, 1.0, 2.0])
async def test_a_tap_is_about_what_was_heard_when_the_hand_was_told(desk, speed):
    """Also right after a report, which says only where it is now."""
    desk.deck.reaction_s, desk.deck.speed = 0.25, speed
    desk.deck.toggle()
    desk.wind(1.0)
    for _ in range(30):
        desk.wind(0.01)
        assert desk.deck.tapped == pytest.approx(desk.deck.position - 0.25 * speed, abs=0.011)


async def test_a_tap_soon_after_the_start_is_about_the_start(desk):
    desk.deck.reaction_s = 0.25
    desk.deck.toggle()
    desk.wind(0.1)
    assert desk.deck.tapped == 0.0
    desk.deck.seek(4.0)
    desk.wind(0.1)

    assert desk.deck.tapped == 4.0


async def test_a_tap_after_the_seam_of_a_loop_is_about_the_end_of_the_round_before(desk):
    desk.deck.reaction_s = 0.2
    desk.deck.switch_loop(Region(1.0, 2.0))
    desk.deck.play_from(1.0)
    desk.wind(3.1)

    assert desk.deck.position == near(1.1)
    assert desk.deck.tapped == near(1.9)


async def test_a_tap_after_a_change_of_speed_knows_both_speeds(desk):
    desk.deck.reaction_s = 0.3
    desk.deck.toggle()
    desk.wind(2.0)
    for _ in range(10):
        desk.deck.change_speed(1)
    desk.wind(0.1)

    assert desk.deck.position == near(2.2)
    assert desk.deck.tapped == near(1.8)


async def test_the_cursor_is_taken_as_it_stands(desk):
    desk.deck.reaction_s = 0.25
    desk.deck.seek(3.0)

    assert desk.deck.tapped == 3.0


async def test_what_was_not_heard_yet_is_played_stretch_by_stretch(desk):
    desk.deck.play_from(2.0, Region(2.0, 4.0))
    desk.wind(2.5)
    for here in [(4.0, 10.0), (0.0, 2.0)]:
        desk.deck.press("play.unheard", None, False)
        assert desk.tape.plays[-1] == (near(here[0]), near(here[1]))
        desk.wind(7.0)
    desk.deck.press("play.unheard", None, False)

    assert len(desk.tape.plays) == 3 and desk.deck.listening.coverage(10.0) == 1.0


async def test_clicks_play_at_their_own_speed_and_the_persons_comes_back(desk):
    for _ in range(3):
        desk.deck.change_speed(1)
    before = desk.deck.listening
    times = desk.deck.rehearse()
    desk.wind(0.5)
    assert len(times) == TAPS and desk.tape.speed == 1.0
    assert desk.deck.position == near(0.5)
    desk.deck.lay(desk.item, before)

    assert (desk.deck.speed, desk.deck.duration, desk.deck.listening) == (1.3, DURATION, before)
