"""WER and CER: the project's normalisation, and the same figures as an independent library's."""

from __future__ import annotations

import jiwer
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tui_label.core.wer import Rates, error_rates, normal_words

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
    rates = error_rates(reference, hypothesis, ignore)
    words, characters = jiwer.process_words(said, heard), jiwer.process_characters(said, heard)

    assert (rates.substitutions, rates.insertions, rates.deletions) == (
        words.substitutions,
        words.insertions,
        words.deletions,
    )
    assert rates.wer == pytest.approx(words.wer)
    assert rates.cer == pytest.approx(characters.cer)


def test_a_worked_example():
    """Substituted: sat; deleted: on; inserted: there."""
    rates = error_rates("the cat sat on the mat", "the cat sad the mat there")

    assert (rates.words, rates.substitutions, rates.deletions, rates.insertions) == (6, 1, 1, 1)
    assert rates.wer == 0.5


def test_what_a_project_leaves_out_of_account():
    said, heard = "Well, [noise] I don’t know.", "well i don't know"

    assert error_rates(said, heard).word_errors == 0
    assert error_rates(said, heard, ("case", "punctuation")).word_errors == 1
    assert error_rates(said, heard, ("punctuation", "tags")).word_errors == 2
    assert error_rates(said, heard, ()).word_errors == 5


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


def test_tags_are_counted_apart():
    rates = error_rates("so [noise] i [laughs softly] went", "so i went [breath]")

    assert (rates.word_errors, rates.tags, rates.tag_errors) == (0, 2, 2)


def test_speakers_are_not_said():
    said, heard = "agent: hello\ncaller: hi agent: no", "caller: hello\nagent: hi agent: no"

    assert error_rates(said, heard, speakers=("agent", "caller")).word_errors == 0
    assert error_rates(said, heard).word_errors == 2


def test_where_nothing_was_said():
    assert (error_rates("", "").wer, error_rates("[noise]", "so").wer, error_rates("so", "").wer) == (0, 1, 1)


def test_rates_of_several_texts_are_of_all_their_words():
    rates = sum((error_rates("a b c", "a b c"), error_rates("d", "e")), Rates())

    assert rates.wer == 0.25


def test_composed_and_decomposed_letters_are_the_same():
    assert error_rates("café", "cafe\u0301").character_errors == 0
