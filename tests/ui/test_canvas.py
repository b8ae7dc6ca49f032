"""Rows of styled pieces: cut to fit."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from tui_label.ui.canvas import fitted_together


@given(st.lists(st.text("ab日", max_size=12), max_size=4), st.integers(0, 40), st.integers(1, 8))
def test_texts_are_cut_no_further_than_they_must_be(texts, room, least):
    found = fitted_together(texts, room, least)
    sizes = [cell_len(text) for text in found]

    assert all(size <= least for size in sizes) or sum(sizes) <= room
    assert found == texts or sum(map(cell_len, texts)) > room
    assert all(after == before or after.endswith("…") for before, after in zip(texts, found, strict=True))
