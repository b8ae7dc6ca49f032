"""Twenty taps along with clicks: how late the hand is after the ear."""

from __future__ import annotations

import itertools
import random

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from tui_label.sound.calibration import (
    EARLIEST_S,
    LATEST_S,
    LEAST,
    LONGEST_S,
    SHORTEST_S,
    TAPS,
    reaction,
    write_clicks,
)

CLICKS = [1.5 + 1.2 * n for n in range(TAPS)]


@given(st.floats(EARLIEST_S + 0.001, LATEST_S - 0.001))
def test_the_delay_of_a_steady_hand_is_found(delay):
    assert reaction(CLICKS, [time + delay for time in CLICKS]) == pytest.approx(delay)


@given(st.integers(0, 10**6), st.floats(0.1, 0.5))
def test_the_delay_of_a_real_hand_is_found_within_its_spread(seed, delay):
    """30 ms of spread, two clicks missed, two taps too many."""
    chance = random.Random(seed)
    taps = [time + delay + chance.uniform(-0.03, 0.03) for time in CLICKS[:-2]]
    taps = sorted([*taps, CLICKS[3] + 0.9, CLICKS[9] - 0.3])

    assert reaction(CLICKS, taps) == pytest.approx(delay, abs=0.03)


@pytest.mark.parametrize("answered", range(TAPS + 1))
def test_a_figure_needs_enough_answers(answered):
    found = reaction(CLICKS, [time + 0.2 for time in CLICKS[:answered]])

    assert (found is not None) == (answered >= LEAST)


def test_taps_that_come_with_the_click_or_long_after_are_guesses():
    assert reaction(CLICKS, [time + 0.01 for time in CLICKS]) is None
    assert reaction(CLICKS, [time - 0.1 for time in CLICKS]) is None
    assert reaction(CLICKS, [time + 0.75 for time in CLICKS]) is None
    assert reaction(CLICKS, []) is None


def test_a_moment_of_inattention_does_not_count():
    taps = [time + (0.65 if n in (3, 8, 9, 15) else 0.2) for n, time in enumerate(CLICKS)]

    assert reaction(CLICKS, taps) == pytest.approx(0.2)


def test_a_key_that_bounces_counts_once():
    taps = sorted(time + late for time in CLICKS for late in (0.2, 0.23))

    assert reaction(CLICKS, taps) == pytest.approx(0.2)


@given(st.integers(0, 10**6))
def test_clicks_are_too_uneven_to_be_foreseen_and_no_tap_answers_two(seed):
    times = clicks_of(seed)
    gaps = [later - earlier for earlier, later in itertools.pairwise(times)]

    assert len(times) == TAPS
    assert min(gaps) >= SHORTEST_S - 0.002 > LATEST_S and max(gaps) <= LONGEST_S + 0.002
    assert max(gaps) - min(gaps) > 0.3


def clicks_of(seed: int) -> list[float]:
    """The times alone; nothing is written."""
    chance = random.Random(seed)
    return list(itertools.accumulate((chance.uniform(SHORTEST_S, LONGEST_S) for _ in range(TAPS - 1)), initial=1.5))


def test_the_clicks_sound_when_it_says(tmp_path):
    times, seconds = write_clicks(tmp_path / "clicks.wav", seed=5)
    samples, rate = soundfile.read(tmp_path / "clicks.wav", dtype="float32")
    loud = np.abs(samples) > 0.05
    starts = [n / rate for n in np.nonzero(loud)[0] if not loud[max(0, n - rate // 10) : n].any()]

    assert times == pytest.approx(clicks_of(5), abs=0.001)
    assert starts == pytest.approx(times, abs=0.005)
    assert seconds == len(samples) / rate and seconds > times[-1] + LATEST_S
    assert 0.5 < np.abs(samples).max() <= 0.6


def test_two_times_are_not_the_same_clicks(tmp_path):
    assert write_clicks(tmp_path / "a.wav", 1)[0] != write_clicks(tmp_path / "b.wav", 2)[0]
