"""Word lists and expressions, and what Prodigy's files of patterns find."""

from __future__ import annotations

import json
from itertools import pairwise

import pytest
from helpers import BOTH, ENTITIES, SENTIMENT, project
from hypothesis import given
from hypothesis import strategies as st

from tui_label.assist import answers, patterns, tokenpatterns
from tui_label.assist.source import assistant
from tui_label.core.item import Item
from tui_label.errors import AssistError


def suggested(tmp_path, source: str, text: str, of: str = ENTITIES, name: str = "p.yaml"):
    """Values that a pattern file suggests about a text; spans as the text they cover and their label."""
    path = tmp_path / name
    path.write_text(source, encoding="utf-8")
    ask, _ = patterns.load(str(path))
    (answer,) = ask([{"text": text}])
    found = answers.suggestions(project(of).tasks, Item("i", text), answer)
    assert found.unfit == []
    for one in found.fit:
        if isinstance(one.value, dict):
            assert one.value["text"] == text[one.value["start"] : one.value["end"]]
    return [
        (one.value["text"], one.value["label"]) if isinstance(one.value, dict) else (one.task, one.value)
        for one in found.fit
    ]


@pytest.mark.parametrize(
    ("rule", "text", "found"),
    [
        ("place: [York]", "York, Yorker, New York", ["York", "York"]),
        ("place: [New York]", "New\n  York", ["New\n  York"]),
        ("place: {words: [new york], case: false}", "NEW York", ["NEW York"]),
        ("place: {words: [straße], case: false}", "STRASSE Straße", ["Straße"]),
        ("place: {words: [york], whole-words: false}", "yorkshire, newyork", ["york", "york"]),
        ("place: ['@kim', C++, e-mail]", "@kim knows C++ by e-mail, e-mails", ["@kim", "C++", "e-mail"]),
        # A mark belongs to the letter before it
        ("place: [नम]", "नमस्ते नम", ["नम"]),
        ("place: [cafe]", "cafe\u0301 cafe", ["cafe"]),
        ("place: [é]", "😀 é 👍🏽é", ["é", "é"]),
        (r"place: {regex: ['\b[A-Z]{2}\d+']}", "ua12 UA12 x", ["UA12"]),
        (r"place: {regex: ['\b[A-Z]{2}\d+'], case: false}", "ua12 UA12 x", ["ua12", "UA12"]),
        ("place: {regex: ['x*']}", "axxb", ["xx"]),
        ("place: []", "York", []),
        ("{place: [ab]}", "\ud800ab ab", ["ab", "ab"]),
    ],
)
def test_what_a_rule_finds(tmp_path, rule, text, found):
    assert [covered for covered, _ in suggested(tmp_path, rule, text)] == found


def test_longest_first_where_spans_may_not_overlap(tmp_path):
    source = "place: [New York, York]\nperson: [York City]\nflight: [New York City Line]"
    text = "New York City, New York City Line"

    assert suggested(tmp_path, source, text) == [
        ("York City", "person"),
        ("New York City Line", "flight"),
    ]
    wide = ENTITIES.replace("type: spans", "type: spans\n    overlap: true")
    assert len(suggested(tmp_path, source, text, wide)) == 7


def test_a_match_gives_a_choice_its_label_and_other_questions_nothing(tmp_path):
    source = "positive: [great]\nnegative: [awful, great]\nperson: {words: [Ada], task: entities}"
    many = SENTIMENT.replace("type: choice", "type: choices")

    assert suggested(tmp_path, source, "awful, great", SENTIMENT) == [("sentiment", "negative")]
    assert suggested(tmp_path, source, "awful, great", many) == [("sentiment", ["positive", "negative"])]
    assert suggested(tmp_path, source, "Ada: great", BOTH) == [("sentiment", "positive"), ("Ada", "person")]
    assert suggested(tmp_path, source, "nothing", BOTH) == []


@given(st.lists(st.tuples(st.integers(0, 30), st.integers(1, 6)), max_size=20))
def test_of_overlapping_matches_those_that_stay_are_apart_and_none_longer_is_lost(places):
    matches = [{"start": start, "end": start + size, "label": "place"} for start, size in places]
    kept = answers._apart(matches)

    assert all(one["end"] <= other["start"] for one, other in pairwise(kept))
    for one in matches:
        rivals = [other for other in kept if one["start"] < other["end"] and other["start"] < one["end"]]
        assert rivals
        assert one in kept or max(other["end"] - other["start"] for other in rivals) >= one["end"] - one["start"]


@given(
    st.lists(st.sampled_from(["Ab", "b", "a b", "ä", "b.", "Abb"]), min_size=1), st.text("Aab .ä\u0301", max_size=40)
)
def test_looking_words_up_finds_what_looking_everywhere_finds(words, text):
    fast = sorted(set(patterns.words_finder(words, True, True)(text)))
    everywhere = set(patterns.words_finder(words, True, False)(text))
    slow = {span for span in everywhere if patterns._stands_alone(text, *span)}

    # Everywhere, a word does not overlap itself
    assert slow <= set(fast)
    assert all(text[start:end].split() in [word.split() for word in words] for start, end in fast)


def pattern(*tokens: object, label: str = "place") -> str:
    return json.dumps({"label": label, "pattern": list(tokens)})


@pytest.mark.parametrize(
    ("tokens", "text", "found"),
    [
        ([{"lower": "new"}, {"lower": "york"}], "NEW york, New  York", ["NEW york", "New  York"]),
        ([{"ORTH": "York"}], "york York", ["York"]),
        ([{"TEXT": {"REGEX": r"^[A-Z]{2}\d+$"}}], "UA12 ua12", ["UA12"]),
        ([{"regex": r"\d"}], "a UA12", ["UA12"]),
        ([{"LOWER": {"IN": ["york", "rome"]}}], "ROME paris", ["ROME"]),
        ([{"LOWER": {"NOT_IN": ["york"]}, "IS_ALPHA": True}], "York rome .", ["rome"]),
        ([{"SHAPE": "Xxxxx"}], "Sandhome Rome ROME Sand", ["Sandhome"]),
        ([{"shape": "dddd"}], "in 2019 and 12", ["2019"]),
        ([{"IS_TITLE": True, "OP": "+"}], "Ada May Lee met Bo", ["Ada May Lee", "Bo"]),
        ([{"LOWER": "mt", "OP": "?"}, {"LOWER": "cook"}], "mt Cook, cook", ["mt Cook", "cook"]),
        ([{"LOWER": "a"}, {"IS_ALPHA": True, "OP": "*"}, {"LOWER": "z"}], "a b z c z a z", ["a b z c z a z"]),
        ([{"LOWER": "a"}, {"LOWER": "b", "OP": "!"}], "a b a c", ["a c"]),
        ([{"LENGTH": {">=": 3, "<": 5}, "IS_ALPHA": True}], "of four letters", ["four"]),
        ([{"IS_DIGIT": True}, {}, {"LIKE_EMAIL": True}], "7 to a@b.cd", ["7 to a@b.cd"]),
        ([{"IS_PUNCT": True}], "a !", ["!"]),
    ],
)
def test_token_patterns(tmp_path, tokens, text, found):
    assert [covered for covered, _ in suggested(tmp_path, pattern(*tokens), text, name="p.jsonl")] == found


def test_a_pattern_of_many_repetitions_takes_no_longer_than_it_should():
    steps = tokenpatterns.compile([{"IS_ALPHA": True, "OP": "+"}] * 12 + [{"LOWER": "!"}])

    assert tokenpatterns.find(steps, "a " * 300) == []


def test_what_is_not_supported_is_named_with_its_line(tmp_path):
    path = tmp_path / "p.jsonl"
    lines = [
        pattern({"lemma": "be"}),
        pattern({"LOWER": {"FUZZY": "york"}}),
        pattern({"LOWER": "york", "OP": "{2}"}),
        pattern({"lower": "rome"}, label="city"),
        pattern({"LOWER": "york", "OP": ["?"]}),
        json.dumps({"label": "place", "pattern": "York"}),
    ]
    path.write_text("\n".join(lines))

    assert assistant(str(path), project(ENTITIES)).left_out == (
        f"{path}:1: not supported: the token attribute lemma",
        f"{path}:2: not supported: LOWER with FUZZY",
        f"{path}:3: not supported: OP '{{2}}'",
        f"{path}:4: 'city' is no label of a task that is asked here",
        f"{path}:5: not supported: OP ['?']",
    )


@pytest.mark.parametrize(
    ("name", "source", "words"),
    [
        ("p.yaml", "place:\n  - [a]", ":2: must be text"),
        ("p.yaml", "place: {wrods: [a]}", ":1: unknown key 'wrods'; known are words, regex"),
        ("p.yaml", "place:\n  regex:\n    - '('", ":3: not a regular expression: missing )"),
        ("p.yaml", "place: {words: [a], case: maybe}", ":1: must be true or false"),
        ("p.yaml", "place: [a\n", "not valid YAML"),
        ("p.yaml", "", ":1: must be a mapping"),
        ("p.yaml", "city: [Rome]", ":1: 'city' is no label of a task that is asked here: no pattern in it can be used"),
        ("p.yaml", "place: {words: [a], task: other}", ":1: 'place' is no label of other, or it is not asked"),
        ("p.jsonl", '{"label": "place"}', ":1: must be an object with label and pattern"),
        ("p.jsonl", '\n{"label": "place", "pattern": ', ":2: not JSON"),
        ("p.yaml", 'place:\n  regex:\n    - "\\bDr"', r":3: has a backspace in it, as \b is one in double quotes"),
        ("p.jsonl", pattern({"LOWER": {"REGEX": "("}}), ":1: not a regular expression"),
        (
            "p.jsonl",
            pattern({"LOWER": {"REGEX": f"a{{{10**12}}}"}}),
            ":1: not a regular expression: the repetition number is",
        ),
        ("p.jsonl", "", "no pattern in it can be used"),
    ],
)
def test_mistakes_are_named_with_their_line(tmp_path, name, source, words):
    (tmp_path / name).write_text(source)
    with pytest.raises(AssistError) as caught:
        assistant(str(tmp_path / name), project(ENTITIES))

    assert str(caught.value).startswith(str(tmp_path / name))
    assert words in str(caught.value)


def test_a_file_that_is_not_there_and_a_command_that_is_none():
    asking = project(ENTITIES)

    with pytest.raises(AssistError, match=r"nowhere\.yaml: No such file"):
        assistant("nowhere.yaml", asking)
    with pytest.raises(AssistError, match="not a command: No closing quotation"):
        assistant("python 'x", asking)
    with pytest.raises(AssistError, match=r"^\.: could not be started: "):
        assistant(".", asking).start()
