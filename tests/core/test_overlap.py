"""Which stretches meet, beside plain loops, and how long that takes where there are thousands."""

from __future__ import annotations

import time
from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui_label.core.differences import compare, disagreement
from tui_label.core.item import Item, Sound
from tui_label.core.overlap import meeting
from tui_label.core.tasks import Label, Segment, Segments
from tui_label.quality.consensus import Evidence, consensus

TURNS = Segments("turns", labels=(Label("speech"),))
SEVERAL = st.lists(st.tuples(st.integers(0, 12), st.integers(1, 8)), max_size=7).map(
    lambda some: sorted((Segment(start, start + size) for start, size in some), key=lambda one: one.start)
)


@given(some=SEVERAL, others=SEVERAL)
def test_those_that_meet_are_found(some, others):
    every = product(enumerate(some), enumerate(others))

    assert list(meeting(some, others)) == [(n, m) for (n, one), (m, other) in every if one.overlaps(other)]


def turns(count: int, late: float) -> dict[str, Any]:
    """Of two seconds each; every fifth one is somewhere else in each version."""
    starts = [2.5 * n + late * (4 if n % 5 == 0 else 0.1) for n in range(count)]
    return {"turns": [{"start": round(at, 3), "end": round(at + 2, 3), "label": "speech"} for at in starts]}


def test_two_hours_of_speech_are_compared_at_once():
    item = Item("k", sound=Sound("a.wav", 10_000.0))
    versions = [turns(2500, late) for late in (0.0, 0.2, 0.4)]
    began = time.perf_counter()
    compare((TURNS,), item, versions)
    disagreement((TURNS,), versions)
    (settled,) = consensus([TURNS], [Evidence(1, [(f"a{n}", one) for n, one in enumerate(versions)])])

    assert len(settled.answers["turns"]) == pytest.approx(2500, rel=0.3)
    assert time.perf_counter() - began < 5, "all beside all took half a minute"
