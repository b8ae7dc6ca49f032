"""WER: the project's normalisation, and the same figures as an independent library's."""

from __future__ import annotations

import jiwer
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tui_label.core.wer import error_rate, normal_words

TEXTS = st.lists(
    st.sampled_from(
        ["the", "The", "cat", "cat.", "sat", "sad", "don't", "[noise]", "well-known", "café", "\n", "我爱北京"]
    )
    | st.text(max_size=4),
    max_size=12,
).map(" ".join)
IGNORE = st.lists(st.sampled_from(["case", "punctuation", "tags"]), unique=True)


@given(TEXTS, TEXTS, IGNORE)
def test_the_same_as_jiwer(reference, hypothesis, ignore):
    said, heard = (" ".join(normal_words(text, ignore)) for text in (reference, hypothesis))
    assume(said)

    assert error_rate(reference, hypothesis, ignore) == pytest.approx(jiwer.wer(said, heard))


def test_what_a_project_leaves_out_of_account():
    said, heard = "Well, [noise] I don’t know.", "well i don't know"

    assert error_rate(said, heard) == 0
    assert error_rate(said, heard, ("case", "punctuation")) == 1 / 5
    assert error_rate(said, heard, ("punctuation", "tags")) == 2 / 4
    assert error_rate(said, heard, ()) == 5 / 5


def test_punctuation():
    assert normal_words("- 'So' – twenty-one/two… (rock'n'roll) it’s 3.5 $", ("punctuation",)) == [
        "So",
        "twenty-one",
        "two",
        "rock'n'roll",
        "it's",
        "35",
        "$",
    ]


def test_speakers_are_not_said():
    said, heard = "agent: hello\ncaller: hi agent: no", "caller: hello\nagent: hi agent: no"

    assert error_rate(said, heard, speakers=("agent", "caller")) == 0
    assert error_rate(said, heard) == 2 / 6


def test_where_nothing_was_said():
    assert (error_rate("", ""), error_rate("[noise]", "so"), error_rate("so", "")) == (0, 1, 1)


def test_composed_and_decomposed_letters_are_the_same():
    assert normal_words("café", ()) == normal_words("cafe\u0301", ())
