"""A sprint's figures: time left, items, minutes of sound, work for a minute of it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui_label.core.project import Pace
from tui_label.core.sprint import Sprint, taken_up, written_ms
from tui_label.core.timing import Rhythm

MINUTE = 60_000


def test_the_time_left_runs_out_and_beyond():
    sprint = Sprint(25 * MINUTE, began=1_000)

    assert sprint.left_ms(1_000) == 25 * MINUTE
    assert sprint.left_ms(1_000 + 25 * MINUTE) == 0
    assert sprint.left_ms(1_000 + 26 * MINUTE) == -MINUTE


def test_three_minutes_of_work_on_a_minute_of_sound_are_a_factor_of_three():
    sprint = Sprint(25 * MINUTE, 0).answer(2 * MINUTE, 30_000, 2 * MINUTE).answer(MINUTE, 30_000, 3 * MINUTE)

    assert (sprint.items, sprint.sound_ms, sprint.real_time_factor) == (2, MINUTE, 3.0)


def test_what_was_worked_on_a_draft_before_the_sprint_is_not_the_sprints():
    sprint = Sprint(25 * MINUTE, began=10 * MINUTE).answer(40 * MINUTE, 30_000, 12 * MINUTE)

    assert sprint.active_ms == 2 * MINUTE
    assert sprint.answer(MINUTE, 30_000, 14 * MINUTE).active_ms == 3 * MINUTE


def test_without_sound_there_is_no_factor():
    assert Sprint(MINUTE, 0).answer(5_000, 0, 5_000).real_time_factor is None


@given(st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 10**6))))
def test_answers_add_up(answers):
    sprint = Sprint(MINUTE, 0)
    for active_ms, sound_ms in answers:
        sprint = sprint.answer(active_ms, sound_ms, 10**12)

    assert sprint.items == len(answers)
    assert sprint.active_ms == sum(active for active, _ in answers)
    assert sprint.sound_ms == sum(sound for _, sound in answers)
    assert (sprint.planned_ms, sprint.began) == (MINUTE, 0)


def test_the_pace_at_work_tells_the_factor_from_the_third_answer_on():
    rhythm = Rhythm(Pace(), 0).answer(10_000, 5_000).answer(20_000, 5_000)
    assert rhythm.real_time_factor is None

    assert rhythm.answer(30_000, 10_000).real_time_factor == pytest.approx(3.0)


def test_the_factor_at_work_is_that_of_the_latest_twenty():
    rhythm = Rhythm(Pace(), 0)
    for _ in range(30):
        rhythm = rhythm.answer(50_000, 5_000)
    for _ in range(20):
        rhythm = rhythm.answer(10_000, 5_000)

    assert rhythm.real_time_factor == pytest.approx(2.0)


@pytest.mark.parametrize("words", [["--sprint", "5m"], ["--sprint=5m"]])
def test_a_command_is_taken_up_with_what_is_left_of_its_sprint(words):
    before, sprint, *rest = taken_up(["p", *words, "--as", "ann"], MINUTE)
    option, _, left = sprint.partition("=")

    assert (before, option, rest) == ("p", "--sprint", ["--as", "ann"])
    assert written_ms(left) == 4 * MINUTE
    assert taken_up(["p", *words, "--as", "ann"], 5 * MINUTE) == ["p", "--as", "ann"]


def test_a_command_without_a_sprint_is_taken_up_as_it_is():
    assert taken_up(["status", "p"], MINUTE) == ["status", "p"]
    assert written_ms(taken_up(["--sprint", "9999h"], -1)[0].partition("=")[2]) == 9999 * 60 * MINUTE
