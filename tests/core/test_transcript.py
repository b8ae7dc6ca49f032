"""The transcript style: what the linter finds, short forms, speakers; the count of edits."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui_label.core.text.editor import Editor
from tui_label.core.transcript import (
    SCANNED,
    Finding,
    Pattern,
    Style,
    completed,
    expanded,
    fixed,
    lint,
    next_speaker,
)
from tui_label.core.wer import Edits, edits

CALL = Style(
    tags=("noise", "breath", "cross_talk", "laughs softly"),
    short_forms={";n": "[noise]", ";b": "[breath]", ";nn": "[cross_talk]"},
    speakers=("agent", "caller"),
)
"""A call centre's style."""

MARKS = st.sampled_from(
    ["agent: ", "Caller: ", "agnet: ", "[noise]", "[Noize]", "[noi", "]", "[", ", ", "!", "?", ";n"]
)
NUMBERS = st.sampled_from(
    ["twenty ", "one ", "five ", "a ", "hundred ", "Thousand", "zero", "first", "and ", "point ", "-"]
)
DIGITS = st.sampled_from(["12", "1,234", "007", "$5", "٣", "uh uh", "Hello", "don't", "ÉCOLE", "ΣΑΣ", "ß", "İx", "ſıx"])
SIGNS = st.sampled_from([" ", "\n", "\r", "\0", "日本", "e\u0301"])
TEXTS = st.lists(MARKS | NUMBERS | DIGITS | SIGNS | st.characters(), max_size=25).map("".join)
STYLES = st.builds(
    Style,
    tags=st.sampled_from([(), ("noise",), ("noise", "Breath", "a!b")]),
    speakers=st.sampled_from([(), ("agent", "caller"), ("Agent 1", "Agent 2")]),
    case=st.sampled_from(["any", "lower", "upper"]),
    numbers=st.sampled_from(["any", "words", "digits"]),
    forbid=st.sampled_from(["", ",!?", "[]:", "e5\0"]),
    speaker_prefix=st.booleans(),
    words_per_second=st.sampled_from([None, 2.0]),
    patterns=st.sampled_from([(), (Pattern(r"\b(\w+) \1\b", "said twice?", r"\1"), Pattern(r"\s*$", "end"))]),
)


def found(style, text, seconds=None):
    """What is found, as the text it is in and its fix."""
    return [(text[one.start : one.end], one.fix) for one in lint(style, text, seconds)]


def said(style, text, seconds=None):
    return [one.words for one in lint(style, text, seconds)]


def all_fixed(style, text, steps=10_000):
    for _ in range(steps):
        finding = next((one for one in lint(style, text) if one.fix is not None), None)
        if finding is None:
            return text
        text = fixed(text, finding)
    raise AssertionError(f"still not mended: {text!r}")


def test_an_empty_style_finds_nothing():
    assert lint(Style(), "Well, [noize 21", 0.1) == ()
    assert lint(Style(enforce="refuse"), "Well, [noize 21", 0.1) == ()


# Tags


def test_a_tag_is_one_of_the_project():
    text = "so [noize] i [noise] was [LAUGHS SOFTLY] and [applause]"

    assert lint(CALL, text) == (
        Finding(3, 10, "unknown tag [noize]: did you mean [noise]?", "[noise]"),
        Finding(25, 40, "unknown tag [LAUGHS SOFTLY]: did you mean [laughs softly]?", "[laughs softly]"),
        Finding(45, 55, "unknown tag [applause]", None),
    )


def test_any_tag_may_be_used_when_none_are_named():
    assert found(Style(case="lower"), "hm [Door SLAMS] yes") == []


def test_an_unclosed_bracket():
    assert found(CALL, "well [noise i\nthink [breath] so [br") == [("[noise", "[noise]"), ("[br", None)]
    assert said(CALL, "[ [noise]") == ["unclosed ["]
    assert said(CALL, "[noise yes") == ["unclosed [noise: did you mean [noise]?"]
    assert found(CALL, "[noises yes") == [("[noises", None)]


def test_a_finding_quotes_a_short_and_harmless_line():
    (words,) = said(CALL, f"[\r\x1b{'x' * 500}]")

    assert len(words) < 60
    assert words.isprintable()


# Case


def test_lower_case():
    style = Style(tags=("NOISE",), speakers=("Agent",), case="lower")
    text = "Agent: Hello, I DON'T know [NOISE] iPhone\nMary: no"

    assert found(style, text) == [
        ("Hello", "hello"),
        ("I", "i"),
        ("DON'T", "don't"),
        ("iPhone", "iphone"),
        ("Mary", "mary"),
    ]
    assert set(said(style, text)) == {"lower case"}


def test_upper_case():
    assert found(Style(case="upper"), "YES [noise] école STRASSE") == [("école", "ÉCOLE")]
    assert all_fixed(Style(case="upper", numbers="words"), "room 21 B") == "ROOM TWENTY ONE B"


# Numbers


@pytest.mark.parametrize(
    ("digits", "words"),
    [
        ("0", "zero"),
        ("13", "thirteen"),
        ("21", "twenty one"),
        ("40", "forty"),
        ("100", "one hundred"),
        ("305", "three hundred and five"),
        ("1,234", "one thousand two hundred and thirty four"),
        ("2005", "two thousand and five"),
        ("90000", "ninety thousand"),
        ("305100", "three hundred and five thousand one hundred"),
        ("999,999", "nine hundred and ninety nine thousand nine hundred and ninety nine"),
    ],
)
def test_numbers_in_words(digits, words):
    text = f"it is ({digits}), i think"

    assert found(Style(numbers="words"), text) == [(digits, words)]
    assert said(Style(numbers="words"), text) == ["numbers in words"]


@pytest.mark.parametrize(
    "text", ["at 10:30 then", "3.5 of them", "1000000", "007", "12,34", "$5", "5th", "UA12", "3/4", "٣"]
)
def test_only_a_person_knows_how_these_were_said(text):
    findings = lint(Style(numbers="words"), text)

    assert findings
    assert {one.fix for one in findings} == {None}


def test_numbers_in_words_are_of_the_case_of_the_project():
    assert found(Style(case="upper", numbers="words"), "IT IS 7") == [("7", "SEVEN")]


@pytest.mark.parametrize(
    ("words", "digits"),
    [
        ("twenty one", "21"),
        ("Twenty-One", "21"),
        ("three hundred and five", "305"),
        ("three hundred five", "305"),
        ("zero", "0"),
        ("a hundred", "100"),
        ("nineteen hundred", "1900"),
        ("one thousand and one", "1001"),
        ("two hundred thousand", "200000"),
        ("one million two hundred and three thousand and four", "1203004"),
        ("nineteen eighty four", None),
        ("one two three", None),
        ("three point five", None),
        ("hundred and five", None),
        ("twenty twenty", None),
        ("twenty ten", None),
        ("twenty zero", None),
        ("twenty hundred", None),
        ("zero five", None),
        ("two million thousand", None),
        ("two hundred five hundred", None),
        ("one thousand two thousand", None),
        ("two thousand eleven hundred", None),
    ],
)
def test_numbers_in_digits(words, digits):
    text = f"it was {words}, [five] of them"

    assert found(Style(numbers="digits"), text) == [(words, digits)]
    assert said(Style(numbers="digits"), text) == ["numbers in digits"]


@pytest.mark.parametrize(
    "text", ["no one knows", "a few hundred", "half a million", "someone often said", "it weighs a lot"]
)
def test_these_are_not_numbers(text):
    assert lint(Style(numbers="digits"), text) == ()


def test_numbers_side_by_side():
    style = Style(numbers="digits")

    assert found(style, "one hundred and two hundred") == [("one hundred", "100"), ("two hundred", "200")]
    assert found(style, "one thousand and five hundred") == [("one thousand", "1000"), ("five hundred", "500")]
    assert found(style, "the twenty first, two thirds, five seconds") == [
        ("twenty", None),
        ("two", None),
        ("five", "5"),
    ]
    assert found(style, "three and twenty first") == [("three", "3"), ("twenty", None)]
    assert found(style, "five\nsix") == [("five", "5"), ("six", "6")]


def test_numbers_in_tags_and_speakers_were_not_said():
    style = Style(speakers=("speaker 1", "speaker two"), numbers="words")

    assert found(style, "speaker 1: [door 2] ok 3") == [("3", "three")]
    assert found(Style(speakers=("speaker two",), numbers="digits"), "speaker two: [two] ok") == []


@given(st.integers(0, 999_999))
def test_a_number_in_words_is_the_same_number_in_digits(number):
    words = all_fixed(Style(numbers="words"), str(number))

    assert re.fullmatch("[a-z]+( [a-z]+)*", words)
    assert all_fixed(Style(numbers="digits"), words) == (words if number == 1 else str(number))


# Characters, speakers, rules, pace


def test_forbidden_characters():
    assert lint(Style(forbid="?,"), "so, what?") == (
        Finding(2, 3, '"," is not used', ""),
        Finding(8, 9, '"?" is not used', ""),
    )
    assert all_fixed(Style(forbid="]^-\\"), "-a ^b] c\\") == "a b c"
    assert found(Style(case="lower", forbid=","), "Hello, you") == [("Hello", "hello"), (",", "")]


@pytest.mark.parametrize(
    ("text", "mended"),
    [
        ("it costs 3.50 a day.", "it costs 3.50 a day"),
        ("e.g. that, i.e., this. 9.30.", "e.g. that i.e. this 9.30."),
        ("$5, 5% $a ¿5?", "$5, 5% a ¿five"),
        ("3.50 a. b.", "3.50 a b"),
        ("uh, er- so,", "uh, er- so"),
    ],
)
def test_a_sign_without_which_something_else_would_be_said_is_left_to_the_person(text, mended):
    style = Style(forbid=".,?$%-", numbers="words", patterns=(Pattern(r"\b(uh|er)\b", "left out"),))

    assert all_fixed(style, text) == mended


def test_the_names_of_tags_and_speakers_may_have_forbidden_characters():
    style = Style(tags=("cross_talk",), speakers=("agent",), forbid="_:")

    assert found(style, "agent: well_ [cross_talk]") == [("_", "")]
    assert found(style, "[laughs_]") == [("[laughs_]", None), ("_", "")]


def test_an_unclosed_tag_is_the_longest_that_stands_there():
    style = Style(tags=("laughs", "laughs softly"))

    assert found(style, "[laughs softly yes") == [("[laughs softly", "[laughs softly]")]


def test_every_line_begins_with_its_speaker():
    style = Style(speakers=("agent", "caller"), speaker_prefix=True)
    text = "agent: hello\n\nhi there\nCaller: yes\nagnet:\nagent:no\ncaller:\nmother: who?\nat 10:30"

    assert found(style, text) == [
        ("hi", None),
        ("Caller: ", "caller: "),
        ("agnet:", "agent: "),
        ("agent:", "agent: "),
        ("mother: ", None),
        ("at", None),
    ]
    assert said(style, "agnet:so") == ["who speaks? begin the line with agent:, caller:"]
    assert said(replace(style, speakers=("Agent",)), "agent:so") == ["unknown speaker agent: did you mean Agent?"]
    assert said(style, "AGENT:so") == ["unknown speaker AGENT: did you mean agent?"]
    assert said(style, "agnet: hi\nagent:ok\nso") == [
        "unknown speaker agnet: did you mean agent?",
        'a speaker is written "agent: "',
        "who speaks? begin the line with agent:, caller:",
    ]
    assert found(Style(speaker_prefix=True), "anna: hi\nno 10:30") == [("no", None)]
    assert said(Style(speaker_prefix=True), "so") == ["who speaks? begin the line with agent:"]
    assert said(replace(style, speakers=tuple("abcd")), "so") == ["who speaks? begin the line with a:, b:, c:, …"]


def test_a_projects_own_rules():
    twice = Pattern(r"\b(\w+) \1\b", "say it once", r"\1")
    style = Style(patterns=(twice, Pattern(r"\bgonna\b", "as it is spelled?"), Pattern("x*", "no x"), twice))

    assert lint(style, "uh uh we are gonna go") == (
        Finding(0, 5, "say it once", "uh"),
        Finding(13, 18, "as it is spelled?", None),
    )


def test_more_words_than_the_time_allows():
    style = Style(words_per_second=6, speakers=("agent",))
    text = "agent: one of us will call you back [noise] before the end of - today"

    assert lint(style, text, 1.0) == (
        Finding(len(text), len(text), "12 words in 1.0 s: more than 6 a second, is it all said?"),
    )
    assert lint(style, text, 2.0) == ()
    assert lint(style, text) == ()
    assert lint(style, "[noise]", 0.0) == ()


def test_a_long_text_is_linted_at_its_beginning_and_counted_to_its_end():
    text = "Hello there. " * 20_000
    findings = lint(Style(case="lower", words_per_second=5), text, 60)

    assert findings[-1].words.startswith("40,000 words in 60.0 s")
    assert all(one.end <= SCANNED for one in findings[:-1])
    assert len(findings) > 1500
    half_seen = " " * (SCANNED - 3) + "[noise] and on"
    assert lint(Style(tags=("noise",)), half_seen) == ()


def test_findings_at_one_place_are_all_listed_in_order():
    style = Style(case="lower", forbid="H", patterns=(Pattern("Hello", "greeting"), Pattern("Hello", "greeting")))

    assert said(style, "Well Hello") == ["lower case", '"H" is not used', "greeting", "lower case"]


def test_a_fix_is_put_in_its_place():
    assert fixed("so [noize] ok", Finding(3, 10, "", "[noise]")) == "so [noise] ok"
    assert fixed("so [noize] ok", Finding(3, 10, "")) == "so [noize] ok"


@given(STYLES, TEXTS, st.sampled_from([None, 0.0, 1.5]))
def test_findings_lie_in_the_text_in_order_and_once(style, text, seconds):
    findings = lint(style, text, seconds)

    assert all(0 <= one.start <= one.end <= len(text) for one in findings)
    assert [one.start for one in findings] == sorted(one.start for one in findings)
    assert len(set(findings)) == len(findings)
    assert all(len(one.words.splitlines()) == 1 for one in findings)
    assert all(one.start < one.end for one in findings if one.fix is not None)
    assert all(text[one.start : one.end] != one.fix for one in findings)


@given(STYLES, TEXTS, st.randoms(use_true_random=False))
def test_fixes_come_to_an_end_in_any_order(style, text, random):
    for _ in range(200 * len(text) + 10):
        mendable = [one for one in lint(style, text) if one.fix is not None]
        if not mendable:
            break
        text = fixed(text, random.choice(mendable))
    else:
        raise AssertionError(f"still not mended: {text!r}")


@given(TEXTS)
def test_what_is_fixed_keeps_the_style(text):
    assert lint(Style(case="lower"), all_fixed(Style(case="lower"), re.sub(r"[\[\]]", "", text))) == ()
    assert not set("e,!") & set(all_fixed(Style(forbid="e,!"), re.sub("[,!]", r" \g<0> ", text)))
    spoken = all_fixed(Style(numbers="words"), text)
    assert all(one.fix is None for one in lint(Style(numbers="words"), spoken))


# Short forms


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (";n ", "[noise] "),
        ("well ;n,", "well [noise],"),
        ("well\n;b\n", "well\n[breath]\n"),
        (";nn ", "[cross_talk] "),
        ("well;n ", "well;n "),
        (";N ", ";N "),
        (";nx ", ";nx "),
        (";n", ";n"),
        (";n'", ";n'"),
        (";n  ", ";n  "),
        (" ", " "),
        ("", ""),
    ],
)
def test_a_short_form_is_written_out_at_the_end_of_its_word(before, after):
    editor = expanded(CALL, Editor(before + "and so on", len(before)))

    assert editor == Editor(after + "and so on", len(after))


def test_a_short_form_is_a_word_of_its_own_and_waits_while_a_longer_one_can_be_meant():
    style = Style(short_forms={"n": "and", ";": ",", "know": "no", ";n": "1", ";n.": "2"})

    assert expanded(style, Editor("n ", 2)).text == "and "
    assert expanded(style, Editor("i know ", 7)).text == "i no "
    assert expanded(style, Editor("i know  ", 8)).text == "i know  "
    assert expanded(style, Editor(";n.", 3)).text == ";n."
    assert expanded(style, Editor(";n. so", 3)).text == ";n. so"
    assert expanded(style, Editor("so ;n.", 6)).text == "so ;n."
    assert expanded(style, Editor(";n. ", 4)).text == "2 "
    assert expanded(style, Editor(";n?", 3)).text == "1?"


def test_a_short_form_that_hands_leave_is_written_out_if_its_word_ends_there():
    assert completed(CALL, Editor("so ;n and", 5)) == Editor("so [noise] and", 10)
    assert completed(CALL, Editor(";nn", 3)) == Editor("[cross_talk]", 12)
    for editor in (Editor(";nn", 2), Editor("so;n", 4), Editor(";n ", 3), Editor("", 0), Editor("so ;n", 2)):
        assert completed(CALL, editor) == editor


@given(st.lists(st.sampled_from([";n", ";b", ";", "n", " ", "\n", ",", "ok", "日本"])).map("".join), st.data())
def test_writing_out_touches_only_the_word_before_the_caret(text, data):
    caret = data.draw(st.integers(0, len(text)))
    editor = expanded(CALL, Editor(text, caret))

    assert editor.text[editor.caret :] == text[caret:]
    assert editor.text[editor.caret - 1 : editor.caret] == text[caret - 1 : caret]
    assert editor == Editor(text, caret) or re.search(
        r"(^|\s)\[(noise|breath|cross_talk)\].$", editor.text[: editor.caret], re.S
    )


# Speakers


def marked(editor):
    return f"{editor.text[: editor.caret]}|{editor.text[editor.caret :]}"


def pressed(style, text, times):
    """The text after each press of the key, the caret drawn as a bar."""
    caret = text.index("|")
    editor = Editor(text.replace("|", ""), caret)
    seen = []
    for _ in range(times):
        editor = next_speaker(style, editor)
        seen.append(marked(editor))
    return seen


def test_the_speakers_of_a_line_go_round():
    assert pressed(CALL, "hel|lo", 4) == ["agent: hel|lo", "caller: hel|lo", "hel|lo", "agent: hel|lo"]


def test_a_fresh_line_begins_with_the_speaker_after_the_last():
    text = "agent: hello\n[noise]\n|\nagent: later"

    assert pressed(CALL, text, 4) == [
        "agent: hello\n[noise]\ncaller: |\nagent: later",
        "agent: hello\n[noise]\nagent: |\nagent: later",
        "agent: hello\n[noise]\n|\nagent: later",
        "agent: hello\n[noise]\ncaller: |\nagent: later",
    ]
    assert pressed(CALL, "caller: bye\nbye|", 1) == ["caller: bye\nagent: bye|"]
    assert pressed(CALL, "agent: hi\ncaller: bye\n|", 1) == ["agent: hi\ncaller: bye\nagent: |"]
    assert pressed(Style(speakers=tuple("abc")), "a: hi\n|", 1) == ["a: hi\nb: |"]


def test_a_caret_in_the_speaker_goes_to_what_is_said():
    assert pressed(CALL, "ag|ent: hello", 2) == ["caller: |hello", "|hello"]
    assert pressed(CALL, "agent:|", 1) == ["caller: |"]


def test_without_speakers_nothing_changes():
    assert next_speaker(Style(), Editor("hello", 2)) == Editor("hello", 2)


@given(TEXTS, st.data())
def test_the_caret_stays_on_its_character(text, data):
    caret = data.draw(st.integers(0, len(text)))
    editor = next_speaker(CALL, Editor(text, caret))
    line = text[text.rfind("\n", 0, caret) + 1 :]
    body = re.sub(r"\A(agent|caller):([^\S\n]|(?=\n|\Z))", "", line)

    assert editor.text.endswith(body)
    assert editor.text[editor.caret :] == text[caret:][-len(body) or len(text) :]


# Against a draft


@pytest.mark.parametrize(
    ("draft", "text", "expected"),
    [
        ("", "", Edits(0, 0, 0, 0)),
        ("", "hello there", Edits(2, 11, 0, 0)),
        ("hello there", "", Edits(2, 11, 0, 2)),
        ("i want too go", "i want to go", Edits(1, 1, 3, 4)),
        ("i want to go", "i really want to go", Edits(1, 7, 4, 4)),
        ("uh i want to go", "i want to go", Edits(1, 3, 4, 5)),
        ("a b", "b c", Edits(2, 2, 1, 2)),
        ("so  it is", "so it is", Edits(0, 1, 3, 3)),
    ],
)
def test_edits_of_a_draft(draft, text, expected):
    assert edits(draft, text) == expected


def fewest(before, after):
    """The slow and plain way: fewest edits, then most words kept."""

    @cache
    def best(m, n):
        if m == 0 or n == 0:
            return m + n, 0
        ways = [(best(m - 1, n), 1, 0), (best(m, n - 1), 1, 0)]
        same = before[m - 1] == after[n - 1]
        ways.append((best(m - 1, n - 1), 0 if same else 1, -1 if same else 0))
        return min((way[0] + cost, way[1] + kept) for way, cost, kept in ways)

    distance, kept = best(len(before), len(after))
    return distance, -kept


WORDS = st.lists(st.sampled_from(["a", "b", "c", "1", "97", "the", "cat", "-1"]), max_size=12)


@given(WORDS, WORDS)
def test_edits_are_the_fewest_and_keep_the_most(before, after):
    result = edits(" ".join(before), " ".join(after))

    assert (result.words, result.kept) == fewest(tuple(before), tuple(after))
    assert result.of == len(before)


@given(TEXTS)
def test_no_edits_to_the_draft_itself(text):
    result = edits(text, text)

    assert (result.words, result.characters) == (0, 0)
    assert result.kept == result.of == len(text.split())


@given(TEXTS, TEXTS)
def test_edits_are_as_many_in_both_directions(one, other):
    there, back = edits(one, other), edits(other, one)

    assert (there.words, there.characters, there.kept) == (back.words, back.characters, back.kept)
    assert there.kept <= there.of
