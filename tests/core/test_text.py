"""Offsets, cells, rows and tokens of any text."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from wcwidth import iter_graphemes

from tui_label.core.text import glyphs, number_of, shortened, visible
from tui_label.core.text.editor import Editor, delete_back, delete_word_back, insert, left, right, word_left, word_right
from tui_label.core.text.find import called, find_all, find_next, find_previous, same_mentions
from tui_label.core.text.rows import Rows
from tui_label.core.text.tokens import next_token, previous_token, snap, token_at, tokens_between

TEXTS = st.text(
    st.one_of(
        st.sampled_from(list("abc  .,@#'\n\r\t\x00\x1b\x7f\x9b日本ไท\u0301\u202e\u200d👩👧🇺🇸ßİ\ud800")),
        st.characters(),
    ),
    max_size=80,
)
OBEYED = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


@given(TEXTS, st.integers(2, 30))
def test_rows_cover_the_text_in_order(text, width):
    rows = Rows(text, width)
    at = 0
    for number in range(rows.count()):
        start, end = rows.row(number)
        assert text[at:start].strip("\r\n") == ""
        assert at <= start <= end
        at = end
    assert text[at:].strip("\r\n") == ""
    for offset in range(len(text)):
        assert rows.row(rows.row_of(offset))[0] <= offset


@given(TEXTS)
def test_glyphs_cover_the_text_and_nothing_drawn_is_obeyed(text):
    found = glyphs(text, 0, len(text))

    assert "".join(text[glyph.start : glyph.end] for glyph in found) == text
    assert not any(OBEYED.search(glyph.picture) for glyph in found)
    assert not OBEYED.search(visible(text))


@given(TEXTS)
def test_every_visible_character_is_in_exactly_one_token(text):
    tokens = tokens_between(text, 0, len(text))
    covered = [offset for start, end in tokens for offset in range(start, end)]

    assert len(covered) == len(set(covered))
    assert {n for n, char in enumerate(text) if not char.isspace()} <= set(covered)
    for start, end in tokens:
        assert token_at(text, start) == token_at(text, end - 1) == (start, end)


def test_widths_are_those_of_the_screen():
    for text in ("plain", "日本語", "👩‍👩‍👧", "🇺🇸", "e\u0301", "한국", "한"):
        assert sum(glyph.cells for glyph in glyphs(text, 0, len(text))) == cell_len(text)


def test_a_hundred_marks_are_one_glyph_and_few_are_drawn():
    text = "z" + "\u0301" * 200
    (glyph,) = glyphs(text, 0, len(text))

    assert (glyph.start, glyph.end, glyph.cells) == (0, 201, 1)
    assert len(glyph.picture) < 10


def test_tokens_of_a_tweet():
    text = "@United cancelled UA1234 at (ORD), don't go to the U.S. at 10:30! https://x.co/a?b #fail 東京"
    words = [text[start:end] for start, end in tokens_between(text, 0, len(text))]

    assert words == (
        [
            "@United",
            "cancelled",
            "UA1234",
            "at",
            "(",
            "ORD",
            ")",
            ",",
            "don't",
            "go",
            "to",
            "the",
            "U.S.",
            "at",
            "10:30",
            "!",
            "https://x.co/a?b",
            "#fail",
            "東",
            "京",
        ]
    )


def test_steps_by_token():
    text = "one  two"

    assert next_token(text, 0) == (5, 8)
    assert next_token(text, 5) is None
    assert previous_token(text, 5) == (0, 3)
    assert snap(text, 1, 6) == (0, 8)


MARKED = {
    "Hindi": "हिन्दी",
    "Persian, with a joiner": "می\u200cخواهم",
    "Arabic, with vowels": "ٱلرَّحْمَٰنِ",
    "Hebrew, with points": "שָׁלוֹם",
    "Tamil": "தமிழ்",
    "Yoruba": "ẹ̀kọ́",
    "decomposed": "Vie\u0323\u0302t",
    "plain": "foo_b4r",
}
"""Words with marks, which regular expressions take for no part of them."""


@pytest.mark.parametrize("word", MARKED.values(), ids=MARKED)
def test_typing_goes_by_whole_words(word):
    text = f"{word}, {word} 👩\u200d🚀"
    second, last = len(word) + 2, 2 * len(word) + 2

    assert word_right(Editor(text, 0)).caret == len(word)
    assert word_right(Editor(text, len(word))).caret == last
    assert word_right(Editor(text, last)).caret == len(text)
    assert [word_left(Editor(text, at)).caret for at in (len(text), last, second)] == [second, second, 0]
    assert delete_word_back(Editor(text, last)) == Editor(text[:second] + text[last:], second)


@pytest.mark.parametrize("word", MARKED.values(), ids=MARKED)
def test_a_word_with_marks_is_one_token(word):
    text = f"({word}) #{word}। don't{word}, soft\u00adhyphen\u00ad"

    assert [text[start:end] for start, end in tokens_between(text, 0, len(text))] == [
        "(", word, ")", f"#{word}", "।", f"don't{word}", ",", "soft\u00adhyphen", "\u00ad",
    ]  # fmt: skip


@given(st.text(st.sampled_from("日本語の，。ーｦ\u3099\ufe00x 𠮷ﾞ"), max_size=60), st.integers(2, 13))
def test_rows_of_wide_characters_end_where_those_measured_one_by_one_do(text, width):
    rows, measured = Rows(text, width), Rows(text, width)
    measured._row_end = measured._measured_end

    assert [*map(rows.row, range(rows.count()))] == [*map(measured.row, range(measured.count()))]


def test_rows_look_at_each_cluster_about_once(monkeypatch):
    """A text box is laid out up to its caret at every key."""
    seen = []

    def counted(part):
        for one in iter_graphemes(part):
            seen.append(one)
            yield one

    monkeypatch.setattr("tui_label.core.text.iter_graphemes", counted)
    Rows("한국어문장" * 1000, 80).count()
    assert len(seen) < 7_000

    seen.clear()
    Rows("日本語の文章、" * 1000, 80).count()
    assert len(seen) < 100


def test_rows_lay_out_only_what_is_asked():
    rows = Rows("word " * 1_000_000, 80)
    rows.row(30)

    assert len(rows._starts) < 40


def test_find_gives_offsets_of_the_text_itself():
    text = "İstanbul STRASSE straße ﬁn"

    assert [text[a:b] for a, b in find_all(text, "straße")] == ["STRASSE", "straße"]
    assert find_next(text, "strasse", 0) == (9, 16)
    assert find_previous(text, "strasse", 20) == (17, 23)
    assert find_next(text, "nowhere", 0) is None


def test_what_is_called_as_typed_comes_first_then_what_begins_so():
    labels = ["airport", "hot air", "air", "New York", "New", "new", "Old York", "repair"]

    def found(typed: str) -> list[str]:
        return called(typed, labels, lambda label: (label,))

    assert found("air") == ["air", "airport", "hot air", "repair"]
    assert found("NEW") == ["New", "new", "New York"]
    assert found("new") == ["new", "New", "New York"]
    assert found("york new") == ["New York"]
    assert (found(""), found("nowhere")) == (labels, [])


def test_same_mentions_are_whole_tokens():
    text = "Paris, Parisian, Paris"

    assert same_mentions(text, 0, 5) == [(17, 22)]


def test_typing():
    editor = insert(Editor("", 0), "ab\x1b👩‍👩‍👧\r\nc")

    assert editor.text == "ab👩‍👩‍👧\nc"
    assert delete_back(left(left(editor))).text == "ab\nc"
    assert delete_word_back(Editor("one two", 7)).text == "one "
    assert right(Editor("👩‍👩‍👧", 0)).caret == 5


def test_a_word_back_in_a_text_without_blanks_takes_no_time():
    """As Chinese is written."""
    text = "字" * 20_000 + " ok, "
    began = time.thread_time()

    assert delete_word_back(Editor(text, len(text))).text == text.removesuffix("ok, ")
    assert time.thread_time() - began < 1


def test_a_document_where_a_name_was_expected_is_cut_at_once():
    began = time.thread_time()

    assert shortened("日本 " * 30_000, 8) == "日本 日…"
    assert time.thread_time() - began < 1
    assert [shortened("name", cells) for cells in (0, 3, 4)] == ["…", "na…", "name"]


def test_one_of_a_thing_is_told_as_one():
    assert [number_of(count, "item") for count in (0, 1, 1200)] == ["0 items", "1 item", "1,200 items"]
