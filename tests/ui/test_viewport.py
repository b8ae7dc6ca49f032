"""What part of a text is on the screen, and where keys and the mouse lead in it."""

from __future__ import annotations

import pytest

from tui_label.core.item import Item
from tui_label.ui.viewport import FAR, Viewport, scroll_steps
from tui_label.ui.views.document import MARGIN

TEXT = "\n".join(f"row {number:02}" for number in range(50))
ROW = len("row 00\n")


@pytest.fixture
def viewport() -> Viewport:
    """50 rows of text on 21 rows of the screen, each with a row of labels under it: 10 are seen."""
    made = Viewport()
    made.lay(Item("k", TEXT), 40)
    made.fit(21, 2)
    return made


def test_scrolling_ends_with_the_text(viewport: Viewport) -> None:
    viewport.scroll(scroll_steps("scroll.page-down", viewport.page))
    assert viewport.top == 10
    viewport.scroll(scroll_steps("scroll.end", viewport.page))
    assert viewport.top == 40
    viewport.scroll(3)
    assert viewport.top == 40
    viewport.scroll(-FAR)
    assert viewport.top == 0
    assert scroll_steps("cursor.end", viewport.page) == 0


def test_a_long_text_is_laid_out_no_further_than_it_is_scrolled() -> None:
    viewport = Viewport()
    viewport.lay(Item("k", "word " * 1_000_000), 40)
    viewport.fit(20, 1)
    viewport.scroll(1)
    assert viewport.top == 1
    assert len(viewport.rows._starts) < 100


def test_it_scrolls_as_little_as_brings_the_cursor_into_sight(viewport: Viewport) -> None:
    for row, top in ((9, 0), (10, 1), (30, 21), (25, 21), (20, 20)):
        viewport.follow(row * ROW)
        assert viewport.top == top


def test_the_cursor_keeps_its_column_and_stops_at_the_last_row(viewport: Viewport) -> None:
    assert viewport.moved(4, "cursor.down") == ROW + 4
    assert viewport.moved(4, "cursor.page-down") == 10 * ROW + 4
    assert viewport.below(4, 1000) == 49 * ROW + 4
    assert viewport.moved(4, "cursor.up") == 4
    assert viewport.moved(ROW + 4, "cursor.home") == ROW
    assert TEXT[viewport.moved(ROW + 1, "cursor.end") :].startswith("1\nrow 02")


def test_the_mouse_points_at_the_text_that_is_seen(viewport: Viewport) -> None:
    viewport.scroll(5)
    assert viewport.seen == (5 * ROW, 15 * ROW - 1)
    assert viewport.under(MARGIN + 4, 0) == viewport.under(MARGIN + 4, 1) == 5 * ROW + 4
    assert viewport.under(MARGIN, 2) == 6 * ROW
    assert viewport.under(MARGIN, -1) is viewport.under(MARGIN, 21) is None


def test_what_is_read_stays_on_the_screen_as_that_changes_its_width() -> None:
    item = Item("k", " ".join(f"word{number:04}" for number in range(1200)))
    viewport = Viewport()
    viewport.lay(item, 36)
    viewport.fit(4, 1)
    viewport.scroll(FAR)
    first = viewport.seen[0]
    for width in (100, 36, 76):
        viewport.lay(item, width)
        assert viewport.seen[0] <= first < viewport.seen[1]
