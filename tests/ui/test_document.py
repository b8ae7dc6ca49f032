"""Labels under their spans: where they are drawn, whatever the text, the width and the spans."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import pytest
from helpers import project
from hypothesis import given
from hypothesis import strategies as st

from tui_label.core.annotating.beginning import begin
from tui_label.core.annotation import Annotation
from tui_label.core.item import Item
from tui_label.core.reviewing import review
from tui_label.core.text import Glyph, glyphs
from tui_label.core.text.rows import Rows
from tui_label.ui.canvas import Row, cells
from tui_label.ui.views.document import MARGIN, Marks, Stretch, document, hue, in_lanes, lane_row
from tui_label.ui.views.versions import Board

COLORED = "name: n\ntasks: [{id: e, type: spans, labels: [org, {value: place, color: green}, event]}]\n"
NESTED = "name: n\ntasks: [{id: e, type: spans, overlap: true, labels: [person, 会議]}]\n"
FLAT = NESTED.replace("overlap: true, ", "")
TEXTS = st.lists(
    st.sampled_from(["a", "Bank", " of ", "日本", "👩‍👧", "e\u0301", "\t", " ", "\n", "\r\n"]), min_size=1
).map("".join)


@st.composite
def spans(draw: st.DrawFn, text: str, *, whole: bool = False) -> list[dict[str, object]]:
    """Up to three; `whole`: that begin and end where glyphs do."""
    edges = {0, len(text), *(glyph.start for glyph in glyphs(text, 0, len(text)))}
    ends = st.sampled_from(sorted(edges)) if whole else st.integers(0, len(text))
    pairs = draw(st.sets(st.tuples(ends, ends).filter(lambda pair: pair[0] < pair[1]), min_size=1, max_size=3))
    return [
        {"start": a, "end": b, "label": draw(st.sampled_from(["person", "会議"])), "text": text[a:b]}
        for a, b in sorted(pairs)
    ]


def columns(row: Row, *styles: str) -> set[int]:
    """Where a row has pieces in one of the styles."""
    at, found = 0, set()
    for text, style in row:
        size = cells([(text, style)])
        if any(style.startswith(one) for one in styles):
            found |= set(range(at, at + size))
        at += size
    return found


def under(line: Iterable[Glyph], pairs: Sequence[tuple[int, int]]) -> set[int]:
    """The columns of the cells of spans in a row of text."""
    at, found = MARGIN, set()
    for glyph in line:
        if any(start < glyph.end and glyph.start < end for start, end in pairs):
            found |= set(range(at, at + glyph.cells))
        at += glyph.cells
    return found


def test_names_of_spans_that_touch_stand_apart():
    lane = [Stretch(0, 5, "organisation", "blue"), Stretch(5, 6, "event", "yellow")]
    row = lane_row(lane, glyphs("abcdef", 0, 6))

    assert "".join(text for text, _ in row).strip() == "orga event"


@pytest.mark.parametrize(
    ("active", "second"), [("", "org +1───────────"), ("person", "[person] +1"), ("org", "[org] +1─────────")]
)
def test_spans_that_have_no_lane_of_their_own_are_counted_with_the_one_that_hides_them(active, second):
    ends = {"event": 20, "org": 17, "person": 11}
    here = [Stretch(0, end, name, "blue", active=name == active) for name, end in ends.items()]
    lanes = in_lanes(here, 2)
    rows = ["".join(text for text, _ in lane_row(lane, glyphs("a" * 20, 0, 20))).strip() for lane in lanes]

    assert rows == ["event───────────────", second]


def test_a_label_without_a_colour_gets_none_that_another_one_was_given():
    hues = [hue(begin(project(COLORED), Item("i", "text")), "e", label) for label in ("org", "place", "event", "gone")]

    assert hues == ["purple", "green", "orange", "grey"]


def test_no_name_is_drawn_in_a_row_that_has_nothing_of_its_span():
    line = glyphs("Bank of England", 5, 15)

    assert cells(lane_row([Stretch(0, 4, "org", "blue")], line)) == 0


def test_a_wide_character_at_the_end_of_a_row_is_labelled_as_a_whole():
    row = lane_row([Stretch(1, 2, "x", "blue")], glyphs("日本", 0, 2))

    assert row[1] == ("x─", "hue:blue")


@pytest.mark.parametrize(("label", "text"), [("会議", " 会議"), ("議", " 議")])
def test_a_wide_name_is_not_cut_in_half(label, text):
    row = lane_row([Stretch(0, 1, label, "blue")], glyphs("ab", 0, 2))

    assert "".join(piece for piece, _ in row[1:]) == text


@given(TEXTS.flatmap(lambda text: st.tuples(st.just(text), spans(text))), st.integers(2, 40))
def test_an_annotators_label_stands_under_its_span_and_nowhere_else(told, width):
    text, found = told
    rows = Rows(text, width)
    session = begin(project(NESTED), Item("k", text), answered=Annotation("ann", answers={"e": found}))
    number = 0
    while rows.has(number):
        first, last = rows.row(number)
        line = glyphs(text, first, last)
        drawn = document(session, rows, number, 3, Marks(cursor=False))
        pairs = [(int(one["start"]), int(one["end"])) for one in found]
        # A lane may have no room for all of three that overlap
        labelled = columns(drawn[1], "hue") | columns(drawn[2], "hue")
        assert labelled <= under(line, pairs)
        assert bool(labelled) == bool(under(line, pairs))
        number += 1


@given(
    TEXTS.flatmap(lambda text: st.tuples(st.just(text), spans(text, whole=True), spans(text, whole=True))),
    st.integers(16, 40),
)
def test_a_reviewer_sees_each_versions_label_under_its_span_and_nowhere_else(told, width):
    text, one, other = told
    answers = [{"e": one[:1]}, {"e": other[:1]}]
    case = review.begin(
        project(FLAT),
        Item("k", text),
        [Annotation(name, answers=said, revision=1) for name, said in zip(("ann", "bob"), answers, strict=True)],
    )
    rows = Rows(text, width - 2 * MARGIN)
    board = Board(case, ("ann", "bob"), rows, width)
    number = 0
    while rows.has(number):
        line = glyphs(text, *rows.row(number))
        drawn = board.block(number).rows[2:]
        for version, row in enumerate(drawn if len(drawn) == 2 else ()):
            pairs = [(int(span["start"]), int(span["end"])) for span in answers[version]["e"]]
            labelled = columns(row, "hue") - columns(row, "hue:grey")
            assert labelled <= under(line, pairs)
            assert bool(labelled) == bool(under(line, pairs))
        number += 1
