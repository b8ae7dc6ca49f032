"""How a clip was listened to: what is counted, what is kept, how small it stays."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui_label.core.listening import JOINED, MOST_PASSES, Listening, listening_from

STEP = 0.25
"""Seconds of the grid that counts are compared on; much longer than what is joined."""
CELLS = 40

PASSES = st.lists(
    st.tuples(st.integers(0, CELLS), st.integers(0, CELLS), st.sampled_from([0.5, 1.0, 1.2])).map(
        lambda one: (min(one[:2]), max(one[:2]), one[2])
    ),
    max_size=30,
)


def heard(*passes: tuple[float, float] | tuple[float, float, float]) -> Listening:
    listening = Listening().played(0)
    for start, end, *speed in passes:
        listening = listening.heard(start, end, speed[0] if speed else 1.0)
    return listening


def on_grid(passes) -> Listening:
    return heard(*((start * STEP, end * STEP, speed) for start, end, speed in passes))


def counts(stretches) -> list[int]:
    """How often the middle of each cell was heard."""
    middles = [(cell + 0.5) * STEP for cell in range(CELLS)]
    return [sum(times for start, end, times in stretches if start < middle < end) for middle in middles]


@given(PASSES, st.integers(1, CELLS))
def test_coverage_is_what_a_grid_counts(passes, cells):
    listening = on_grid(passes)
    seen = {cell for start, end, _ in passes for cell in range(start, end)}
    expected = len({cell for cell in seen if cell < cells}) / cells

    assert listening.coverage(cells * STEP) == pytest.approx(expected, abs=JOINED / (cells * STEP) + 1e-9)


@given(PASSES)
def test_replays_are_what_a_grid_counts(passes):
    """What goes on where it stopped is one pass, so that each cell is still heard as often."""
    expected = counts([(start * STEP, end * STEP, 1) for start, end, _ in passes])

    assert counts(on_grid(passes).replays) == [times if times > 1 else 0 for times in expected]


@given(PASSES)
def test_seconds_are_those_of_all_speeds_and_of_all_passes(passes):
    listening = on_grid(passes)
    for speed in (0.5, 1.0, 1.2):
        expected = sum(end - start for start, end, one in passes if one == speed) * STEP
        assert listening.speeds.get(f"{speed:g}", 0.0) == pytest.approx(expected)

    assert listening.seconds == pytest.approx(sum(end - start for start, end, _ in passes) * STEP)


@given(PASSES, st.none() | st.integers(0, 60_000), st.integers(0, 5))
def test_a_record_comes_back_whole(passes, first, keys):
    listening = on_grid(passes)
    listening = Listening(listening.passes, listening.speeds, listening.plays, first, keys)
    duration = CELLS * STEP
    again = listening_from(json.loads(json.dumps(listening.record(duration))))

    assert again == listening
    assert again.record(duration) == listening.record(duration)


@given(st.lists(st.tuples(st.floats(0, 10), st.floats(0, 10)), max_size=20))
def test_a_record_with_odd_times_stays_as_it_is_when_it_comes_back(passes):
    record = heard(*passes).record(10.0)
    again = listening_from(record).record(10.0)

    assert again["passes"] == record["passes"] and again["speeds"] == record["speeds"]
    assert again["coverage"] == pytest.approx(record["coverage"], abs=0.05)


def test_nothing_played_or_typed_leaves_no_record():
    assert Listening().record(5.0) == {}
    assert Listening().keyed().record(5.0)["keystrokes"] == 1


def test_the_time_to_the_first_play_is_that_of_the_first():
    listening = Listening().played(812.4).played(9_000)

    assert (listening.plays, listening.first_play_ms) == (2, 812)
    assert listening_from(listening.record(5.0)).played(3).first_play_ms == 812


def test_a_play_at_once_counts_as_zero_milliseconds():
    assert Listening().played(0).played(700).first_play_ms == 0


def test_what_goes_on_where_it_stopped_is_one_pass():
    listening = heard((0.0, 0.2), (0.2, 0.41), (0.40, 0.6), (2.0, 3.0))

    assert listening.passes == ((0.0, 0.6, 1), (2.0, 3.0, 1))
    assert listening.replays == ()


def test_a_moment_heard_again_at_the_end_of_a_pass_does_not_shorten_it():
    assert heard((0.0, 1.0), (0.98, 0.985)).covered == ((0.0, 1.0),)


def test_a_clip_heard_to_a_hairs_breadth_of_its_end_is_heard_whole():
    assert heard((0.02, 4.99)).coverage(5.0) == 1.0
    assert heard((0.0, 4.9)).coverage(5.0) < 1.0


def test_what_lies_beyond_the_clip_covers_none_of_it():
    assert heard((6.0, 7.0)).coverage(5.0) == 0.0
    assert heard((0.0, 1.0), (6.0, 7.0)).coverage(4.0) == pytest.approx(0.25, abs=0.01)


def test_an_empty_clip_needs_no_listening():
    assert Listening().coverage(0.0) == 1.0


def test_the_stretch_a_step_back_hears_again_is_a_replay():
    assert heard((0.0, 3.0), (1.5, 6.0)).replays == ((1.5, 3.0, 2),)


def test_an_hour_of_looping_is_one_line():
    listening = heard((0.0, 1.4))
    for _ in range(10_000):
        for part in ((1.0, 1.2), (1.2, 1.4)):
            listening = listening.heard(*part, 1.0)
    record = listening.record(60.0)

    assert record["passes"] == [[0.0, 1.4], [1.0, 1.4, 9_999], [1.0, 1.4]]
    assert record["replays"] == [[1.0, 1.4, 10_001]]
    assert record["seconds"] == 4001.4
    assert listening_from(record).heard(1.0, 1.4, 1.0).replays[0][2] == 10_002


def test_a_record_stays_small_however_often_one_jumps_about():
    listening = Listening().played(0)
    for n in range(10_000):
        start = n * 37 % 590 / 10
        listening = listening.heard(start, start + 0.5 + n % 3 / 10, 1.0)

    assert len(listening.passes) <= MOST_PASSES
    assert len(json.dumps(listening.record(60.0))) < 60_000
    assert listening.seconds == pytest.approx(6_000, rel=0.01)
    assert listening.coverage(60.0) > 0.98


def test_what_long_ago_passes_covered_stays_covered():
    first = heard((1.0, 2.0))
    listening = first
    for n in range(2 * MOST_PASSES):
        listening = listening.heard(3.0, 4.0 + n % 7 / 10, 1.0)

    assert listening.covered == ((1.0, 2.0), (3.0, 4.6))


def test_what_was_not_heard_is_what_is_left():
    assert heard((2, 4), (6, 10)).unheard(10.0) == ((0.0, 2), (4, 6))
    assert heard((0, 4), (4.02, 9.99)).unheard(10.0) == (), "no ear can tell"
    assert heard().unheard(10.0) == ((0.0, 10.0),)
