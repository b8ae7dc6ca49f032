"""A short run of what `python -m tests.fuzz` does for as long as one likes: every kept case, and some that are near to it."""

from __future__ import annotations

import time

import pytest
from fuzz.corpus import cases
from fuzz.hands import app, typed
from fuzz.targets import TARGETS
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from labelled import spoilt

SLOWEST_S = 10.0
FEW = {"add": 10, "player": 30}
"""Spoilt cases of the slow ones."""


@pytest.mark.parametrize("target", TARGETS)
def test_every_kept_case_keeps_the_promises(target):
    for case in cases(target):
        began = time.monotonic()
        TARGETS[target](case)

        assert time.monotonic() - began < SLOWEST_S, case


@pytest.mark.parametrize("target", TARGETS)
def test_so_does_what_is_near_to_one(target):
    @given(st.sampled_from(cases(target)).flatmap(spoilt))
    @settings(
        max_examples=FEW.get(target, 100),
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    def holds(case: bytes) -> None:
        TARGETS[target](case)

    holds()


def test_the_app_outlives_hands_that_hit_anything():
    for data in (*cases("app"), typed(1, 20)):
        app(data)
