"""Versions of a text, aligned word by word: nothing is lost, and what differs falls into runs a person would take."""

from __future__ import annotations

import time
from itertools import permutations

from hypothesis import example, given
from hypothesis import strategies as st

from tui_label.core.reviewing.alignment import AGREED, Alignment, align, word_extents

WORDS = st.sampled_from(
    [
        "the",
        "The",
        "cat",
        "cat,",
        "sat",
        "uh",
        "[noise]",
        "[laughs softly]",
        "[",
        "]",
        "-",
        "café",
        "cafe\u0301",
        "我爱北京",
        "กขค",
    ]
)
SPACES = st.sampled_from([" ", " ", " ", "  ", "\n", "\r\n", "\t", "\u00a0", "", " \n "])
TEXTS = st.lists(WORDS | SPACES | st.text(max_size=3), max_size=14).map("".join)


@st.composite
def versions(draw: st.DrawFn) -> list[str]:
    """Two to four texts that have much in common."""
    said = draw(st.lists(st.tuples(WORDS, SPACES), max_size=8))
    found = []
    for _ in range(draw(st.integers(2, 4))):
        kept = [draw(st.just(one) | st.just(("", "")) | st.tuples(WORDS, SPACES)) for one in said]
        found.append("".join(word + space for word, space in kept))
    return found


def joined(alignment: Alignment, choice: dict[int, int]) -> str:
    return "".join(piece.text for piece in alignment.joined(choice))


def disputed(alignment: Alignment) -> list[int]:
    return [number for number, run in enumerate(alignment.runs) if run.about]


def runs(*texts: str) -> list[tuple[str, list[str]]]:
    alignment = align(texts)
    return [(run.about, [alignment.reading(run, n) for n in range(len(texts))]) for run in alignment.runs]


def differing(*texts: str) -> list[tuple[str, list[str]]]:
    return [run for run in runs(*texts) if run[0] != AGREED]


@given(st.lists(TEXTS, min_size=1, max_size=4) | versions())
def test_all_of_one_version_is_its_text(texts):
    alignment = align(texts)

    for number, text in enumerate(texts):
        assert joined(alignment, dict.fromkeys(disputed(alignment), number)) == text


@example(["我爱北京 0\x1b", "我爱北京0\x1b"])
@given(st.lists(TEXTS, min_size=1, max_size=3) | versions())
def test_the_runs_hold_every_word_once_and_agree_where_they_say_so(texts):
    alignment = align(texts)

    for number, text in enumerate(texts):
        extents = [run.words[number] for run in alignment.runs]
        assert [one for first, stop in extents for one in range(first, stop)] == list(range(len(word_extents(text))))
    for run in alignment.runs:
        said = {alignment.reading(run, number) for number in range(len(texts))}
        assert (len(said) == 1) == (run.about == AGREED)


@given(versions(), st.data())
def test_the_order_of_the_texts_only_permutes_the_readings(texts, data):
    order = data.draw(st.permutations(range(len(texts))))
    one, other = align(texts), align([texts[n] for n in order])

    assert [(run.about, run.start, run.end, tuple(run.words[n] for n in order)) for run in one.runs] == [
        (run.about, run.start, run.end, run.words) for run in other.runs
    ]


@given(versions(), st.data())
def test_any_mixture_has_the_words_that_were_chosen(texts, data):
    alignment = align(texts)
    choice = {run: data.draw(st.integers(0, len(texts) - 1)) for run in disputed(alignment)}
    readings = [
        alignment.reading(run, choice.get(number, 0))
        for number, run in enumerate(alignment.runs)
        if run.about != "space"
    ]

    assert "".join(joined(alignment, choice).split()) == "".join("".join(readings).split())


@given(st.permutations(["so you came by bus", "so came by", "so you came bus"]), st.data())
def test_words_that_no_version_has_side_by_side_are_kept_apart(texts, data):
    alignment = align(texts)
    mixed = joined(alignment, {run: data.draw(st.integers(0, 2)) for run in disputed(alignment)})

    assert set(mixed.split(" ")) <= {"so", "you", "came", "by", "bus"}


def test_white_space_is_of_a_version_that_has_both_words_and_none_is_made_at_the_ends():
    assert joined(align(["the cat", "a  cat", "the dog"]), {0: 1, 1: 0}) == "a  cat"
    assert joined(align(["the cat", "a cat", "the"]), {0: 1, 1: 2}) == "a"
    assert joined(align(["the cat", "the dog", "cat"]), {0: 2, 1: 1}) == "dog"


def test_neighbouring_words_are_one_run_where_the_same_versions_differ():
    assert differing("so the big cat sat", "so a small cat sat") == [("words", ["the big", "a small"])]


def test_a_word_that_stands_for_two_is_one_run():
    assert differing("gonna stay", "going to stay", "go to stay") == [("words", ["gonna", "going to", "go to"])]


def test_versions_that_part_in_another_way_are_another_run():
    """ROVER's point: what two of three say word by word is better than any of the three."""
    assert differing("the cat", "a cat", "the dog") == [
        ("words", ["the", "a", "the"]),
        ("words", ["cat", "cat", "dog"]),
    ]


def test_tags_differ_apart_from_words():
    assert differing("okay [noise] there", "oh kay there") == [("words", ["okay", "oh kay"]), ("tags", ["[noise]", ""])]
    assert differing("oh kay so", "okay [laughs softly] so") == [
        ("words", ["oh kay", "okay"]),
        ("tags", ["", "[laughs softly]"]),
    ]
    assert differing("well[noise] yes", "well[breath] yes") == [("tags", ["[noise]", "[breath]"])]


def test_a_tag_set_elsewhere_does_not_part_the_words():
    assert runs("so [noise] i went", "so i went [noise]") == [
        ("", ["so", "so"]),
        ("tags", ["[noise]", ""]),
        ("", ["i went", "i went"]),
        ("tags", ["", "[noise]"]),
    ]


def test_white_space_alone_is_a_run_of_its_own():
    assert runs("a  b\n", "a b") == [
        ("", ["a", "a"]),
        ("space", ["  ", " "]),
        ("", ["b", "b"]),
        ("space", ["\n", ""]),
    ]


def test_case_and_signs_do_not_hide_that_words_stand_for_each_other():
    assert differing("um Well i think so", "well, I think so", "Well i think so") == [
        ("words", ["um", "", ""]),
        ("words", ["Well i", "well, I", "Well i"]),
    ]


def test_scripts_without_spaces_are_aligned_within_the_line():
    assert runs("我爱北京天安门", "我爱上海天安门") == [
        ("", ["我爱", "我爱"]),
        ("words", ["北京", "上海"]),
        ("", ["天安门", "天安门"]),
    ]


def test_a_combining_mark_stays_on_its_letter():
    assert differing("un cafe\u0301 noir", "un cafe noir") == [("words", ["cafe\u0301", "cafe"])]


def test_an_empty_text_has_nothing_everywhere():
    assert runs("", "hello there") == [("words", ["", "hello there"])]
    assert joined(align(["", ""]), {}) == ""


def test_where_a_run_lies():
    alignment = align(["aaaa bbbb cc dddd", "aaaa bbbb xx dddd"])
    (run,) = [run for run in alignment.runs if run.about]

    assert alignment.share(run) == (10 / 17, 12 / 17)


def test_every_order_of_three_gives_the_same_mixtures():
    texts = ["i saw the big dog", "i saw a big dog bark", "we saw the dog bark"]
    found = set()
    for order in permutations(texts):
        alignment = align(order)
        found.add(frozenset(frozenset(alignment.reading(run, n) for n in range(3)) for run in alignment.runs))

    assert len(found) == 1


def test_a_long_call_is_aligned_at_once():
    words = [f"word{n % 400}" for n in range(1_600)]
    texts = [" ".join("other" if n % every == 0 else word for n, word in enumerate(words)) for every in (7, 11, 13)]

    best = min(_seconds(texts) for _ in range(3))

    assert best < 0.2, "50 ms are asked for; a busy machine has four times as long"


def _seconds(texts: list[str]) -> float:
    began = time.thread_time()
    align(texts)
    return time.thread_time() - began
