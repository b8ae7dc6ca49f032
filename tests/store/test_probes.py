"""When a probe is due: what is drawn for an annotator and a turn."""

from __future__ import annotations

import itertools

import pytest

from tui_label.store.probes import chance


@pytest.mark.parametrize("rate", [0.02, 0.1, 0.5])
@pytest.mark.parametrize("annotator", [1, 2, 77])
def test_in_the_long_run_the_rate_is_right_to_one_in_a_hundred(annotator, rate):
    turns = 200_000

    assert abs(sum(chance(annotator, turn) < rate for turn in range(turns)) / turns - rate) < 0.01 * max(rate, 0.25)


def test_it_is_always_the_same_and_says_nothing_about_the_next():
    drawn = [chance(3, turn) for turn in range(20_000)]
    after = [two for one, two in itertools.pairwise(drawn) if one < 0.1]

    assert drawn == [chance(3, turn) for turn in range(20_000)]
    assert abs(sum(one < 0.1 for one in after) / len(after) - 0.1) < 0.03
    assert abs(sum(one < 0.1 and two < 0.1 for one, two in zip(drawn, drawn[2:], strict=False)) / 20_000 - 0.01) < 0.003
