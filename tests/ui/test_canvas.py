"""Rows of styled pieces: cut to fit."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from tui_label.core.sprint import Sprint
from tui_label.ui.canvas import fitted_together
from tui_label.ui.views.frame import header
from tui_label.ui.views.pace import sprint_words


@given(st.lists(st.text("ab日", max_size=12), max_size=4), st.integers(0, 40), st.integers(1, 8))
def test_texts_are_cut_no_further_than_they_must_be(texts, room, least):
    found = fitted_together(texts, room, least)
    sizes = [cell_len(text) for text in found]

    assert all(size <= least for size in sizes) or sum(sizes) <= room
    assert found == texts or sum(map(cell_len, texts)) > room
    assert all(after == before or after.endswith("…") for before, after in zip(texts, found, strict=True))


@pytest.mark.parametrize(
    ("width", "words"),
    [
        (80, " calls  ·  ann  ·  2 unread" + "0 of 40  ·  sprint 0:58 left, 0 of 2 done ".rjust(53)),
        (60, " calls  ·  2 unread" + "sprint 0:58 left, 0 of 2 done ".rjust(41)),
        (40, " calls" + "sprint 0:58 left, 0 of 2 done ".rjust(34)),
    ],
)
def test_parts_of_a_header_without_room_are_left_out_whole(width, words):
    waits = "2 unread" if width > 40 else ""
    row = header(["calls", "ann"], "0 of 40  ·  sprint 0:58 left, 0 of 2 done", width, waits)

    assert "".join(text for text, _ in row) == words


@pytest.mark.parametrize("width", range(30, 60))
def test_how_far_all_are_stands_apart_from_whose_screen_it_is(width):
    row = "".join(text for text, _ in header(["a long name of a project", "ann"], "6 of 12,345", width))

    assert row.endswith("  6 of 12,345 ") and cell_len(row) == width


def test_a_sprint_of_thousands_is_written_as_other_numbers_are():
    assert sprint_words(Sprint(600 * 60_000, 0, items=1234), 0, 1200).endswith("1,234 of 12,000 done")
