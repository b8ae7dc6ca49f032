"""Times as they are written and typed."""

from __future__ import annotations

import pytest

from tui_label.core.moments import clock, edges, seconds_of


@pytest.mark.parametrize(
    ("seconds", "decimals", "written"),
    [
        (187.25, 1, "03:07.3"),
        (38.405, 2, "00:38.41"),
        (38.395, 2, "00:38.40"),
        (2.0045, 1, "00:02.0"),
        (187.26, 1, "03:07.3"),
        (59.96, 1, "01:00.0"),
        (4.215, 3, "00:04.215"),
        (3723.5, 2, "1:02:03.50"),
        (0.999, 2, "00:01.00"),
    ],
)
def test_times_are_rounded_and_not_cut(seconds, decimals, written):
    assert clock(seconds, decimals) == written


def test_all_times_of_a_sound_are_equally_long():
    """Also at its very end, where rounding makes the hour full."""
    assert [clock(at, 1, 3599.97) for at in (0, 3599.9, 3599.97)] == ["0:00:00.0", "0:59:59.9", "1:00:00.0"]
    assert clock(0, 3, 3599.97) == "00:00.000"


def test_edges_are_told_as_they_are_kept():
    assert edges(2.004, 3.996) == "00:02.004–00:03.996"
    assert edges(2.004, 3.996, 4000) == "0:00:02.004–0:00:03.996"


@pytest.mark.parametrize(
    ("typed", "seconds"),
    [
        ("8:30", 510),
        ("510.5", 510.5),
        ("1:02:03.5", 3723.5),
        (" 7 ", 7),
        ("0,25", 0.25),
        (".5", 0.5),
        ("8:", None),
        ("", None),
        ("x", None),
        ("-3", None),
        ("9" * 400, None),
        ("9" * 5000 + ":00", None),
    ],
)
def test_a_time_is_typed_as_it_is_read(typed, seconds):
    assert seconds_of(typed) == seconds
