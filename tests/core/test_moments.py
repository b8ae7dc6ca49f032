"""Times as they are written and typed."""

from __future__ import annotations

import pytest

from tui_label.core.moments import clock, seconds_of


@pytest.mark.parametrize(
    ("seconds", "decimals", "written"),
    [
        (187.25, 1, "03:07.2"),
        (187.26, 1, "03:07.3"),
        (59.96, 1, "01:00.0"),
        (4.215, 3, "00:04.215"),
        (3723.5, 2, "1:02:03.50"),
        (0.999, 2, "00:01.00"),
    ],
)
def test_times_are_rounded_and_not_cut(seconds, decimals, written):
    assert clock(seconds, decimals) == written


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
    ],
)
def test_a_time_is_typed_as_it_is_read(typed, seconds):
    assert seconds_of(typed) == seconds
