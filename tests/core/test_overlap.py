"""Which stretches meet, beside plain loops, and how long that takes where there are thousands."""

from __future__ import annotations

import time
from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui_label.core.item import Item, Sound
from tui_label.core.overlap import meeting
from tui_label.core.reviewing.differences import compare, disagreement
from tui_label.core.reviewing.merging import edited
from tui_label.core.tasks import Label, Segment, Segments
from tui_label.core.transcript import Style
from tui_label.quality.consensus import Evidence, consensus

TURNS = Segments("turns", labels=(Label("speech"),), transcript=Style())
SEVERAL = st.lists(st.tuples(st.integers(0, 12), st.integers(1, 8)), max_size=7).map(
    lambda some: sorted((Segment(start, start + size) for start, size in some), key=lambda one: one.start)
)


@given(some=SEVERAL, others=SEVERAL)
def test_those_that_meet_are_found(some, others):
    every = product(enumerate(some), enumerate(others))

    assert list(meeting(some, others)) == [(n, m) for (n, one), (m, other) in every if one.overlaps(other)]


LONG = Item("k", sound=Sound("a.wav", 20_000.0))


def turns(count: int, late: float, text: str = "so they say") -> dict[str, Any]:
    """Of two seconds each; every fifth one is somewhere else in each version."""
    starts = [2.5 * n + late * (4 if n % 5 == 0 else 0.1) for n in range(count)]
    return {
        "turns": [{"start": round(at, 3), "end": round(at + 2, 3), "label": "speech", "text": text} for at in starts]
    }


def test_two_hours_of_speech_are_compared_at_once():
    versions = [turns(2500, late) for late in (0.0, 0.2, 0.4)]
    began = time.thread_time()
    compare((TURNS,), LONG, versions)
    disagreement((TURNS,), versions)
    (settled,) = consensus([TURNS], [Evidence(1, [(f"a{n}", one) for n, one in enumerate(versions)])])

    assert len(settled.answers["turns"]) == pytest.approx(2500, rel=0.3)
    assert time.thread_time() - began < 5, "all beside all took half a minute"


def test_what_hands_edit_in_hours_of_speech_is_found_at_once():
    comparison = compare((TURNS,), LONG, [turns(5000, 0.0), turns(5000, 0.4, "so we say")])
    merged = comparison.merged({})
    *others, last = merged["turns"]
    now = {"turns": [*others, last | {"text": "so you say"}]}
    began = time.thread_time()

    assert edited(comparison, {}, merged, now) == {len(comparison.differences) - 1}
    assert time.thread_time() - began < 2, "all beside all took ten seconds, for each key"
