"""What is told of a change: every line of the guidelines that changed, and what is asked otherwise."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui_label import config
from tui_label.core.markdown import unwrapped
from tui_label.core.news import ADDED, KEPT, REMOVED, Line, label_words, passages
from tui_label.core.project import DEFAULT_FLAGS

TEXTS = st.lists(st.sampled_from(["# One", "# Two", "", "a", "b", "c", "d\x0be", "ü\u2028f"]), max_size=40).map(
    "\n".join
)


def signed(found, *signs: str) -> list[str]:
    return [line.text for passage in found for line in passage.lines if line.sign in signs]


@given(TEXTS, TEXTS)
def test_with_all_lines_kept_both_texts_can_be_read_off(before, after):
    found = passages(before, after, 10**6)
    if unwrapped(before) == unwrapped(after):
        assert found == ()
    else:
        assert signed(found, KEPT, REMOVED) == unwrapped(before)
        assert signed(found, KEPT, ADDED) == unwrapped(after)


@given(TEXTS, TEXTS, st.integers(0, 3))
def test_less_context_leaves_out_kept_lines_only(before, after, context):
    found, whole = passages(before, after, context), passages(before, after, 10**6)

    assert signed(found, REMOVED) == signed(whole, REMOVED)
    assert signed(found, ADDED) == signed(whole, ADDED)
    for passage in found:
        signs = "".join(line.sign for line in passage.lines)
        assert signs.strip(KEPT) and len(signs) - len(signs.lstrip(KEPT)) <= context
        assert len(signs) - len(signs.rstrip(KEPT)) <= context


def test_a_passage_says_which_section_it_is_in():
    before = "# Guide\n\n## negative\n\n- Complaints.\n- Rants.\n- Dry.\n- Plain.\n\n## other\n\nRest.\n"
    after = before.replace("Rants.", "Rants, sarcasm too.").replace("## other", "## mixed")
    first, second = passages(before, after)

    assert first.heading == "negative"
    assert first.lines == (
        Line(KEPT, "- Complaints."),
        Line(REMOVED, "- Rants."),
        Line(ADDED, "- Rants, sarcasm too."),
        Line(KEPT, "- Dry."),
    )
    assert (second.heading, signed([second], REMOVED, ADDED)) == ("", ["## other", "## mixed"])


GUIDE = """\
# Guide

What is praised
or thanked for.

> Lovely, said
> nobody.

| label | means |
|---|---|
| odd | A joke<br>or a pun |

```sh
# how to begin
tui-label .
```
"""


def test_what_only_lays_guidelines_out_changes_nothing():
    after = (
        GUIDE.replace("praised\nor", "praised or").replace("said\n> ", "said ").replace("|---|---|", "| :-- | --: |")
    )

    assert after != GUIDE and passages(GUIDE, after.replace("```sh", "```")) == ()


def test_a_comment_in_code_is_no_section():
    (found,) = passages(GUIDE, GUIDE.replace("label .", "label here"))

    assert (found.heading, found.lines) == (
        "Guide",
        (Line(KEPT, "`# how to begin`"), Line(REMOVED, "`tui-label .`"), Line(ADDED, "`tui-label here`")),
    )


def test_a_row_of_a_table_is_told_by_itself():
    (found,) = passages(GUIDE, GUIDE.replace("A joke", "Irony"))

    assert signed([found], REMOVED, ADDED) == ["odd │ A joke or a pun", "odd │ Irony or a pun"]


BEFORE = """\
name: tweets
tasks:
  - {id: mood, type: choice, labels: [positive, {value: bad, help: Complaints}, neutral, odd]}
"""
SHIFTED = "its keys are now 2 for `positive`, 3 for `bad`, 4 for `neutral`, 5 for `odd`"
STANDARD = ", ".join(flag.reason for flag in DEFAULT_FLAGS)


def told(after: str, before: str = BEFORE) -> list[str]:
    project = config.parse(after, Path("x"))
    return list(
        label_words(config.parse(before, Path("x")), project, {task.id: task.renames for task in project.tasks})
    )


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("odd]", "odd, mixed]", ["label `mixed` is new"]),
        ("odd]", "odd, {value: mixed, help: Both}]", ["label `mixed` is new: Both"]),
        (", odd]", "]", ["label `odd` is gone"]),
        (", neutral, odd]", ", odd]", ["label `neutral` is gone", "`odd` is now on key 3, was 4"]),
        ("odd]", "{value: odd, key: p}]", ["its keys are now o for `positive`, b for `bad`, e for `neutral`, p for `odd`", "pause is now on P"]),
        ("value: bad", "value: negative, was: bad", ["`bad` is now called `negative`"]),
        ("odd]", "{value: strange, was: [odd]}]", ["`odd` is now called `strange`"]),
        ("neutral, odd]", "{value: rest, was: [neutral, odd]}]", ["`neutral` and `odd` are now called `rest`"]),
        ("help: Complaints", "help: Rants too", ["help of `bad` changed: Rants too"]),
        (", help: Complaints", "", ["help of `bad` was taken away"]),
        ("[positive,", "[mixed, positive,", ["label `mixed` is new", SHIFTED]),
        ("type: choice", "type: choice, ask: How so", ["it asks now: How so"]),
        ("type: choice", "type: choice, required: false", ["it may be left open now"]),
        ("type: choice", "type: choices", ["`mood` is now a question of type choices, was choice"]),
        ("name: tweets", "name: tweets\nkeys: {item.skip: w}", ["skip is now on w"]),
        ("name: tweets", "name: tweets\nlease: 9m", []),
        ("name: tweets", f"name: tweets\nflags: [{{reason: pun, help: A joke}}, {STANDARD}]", ["flag `pun` is new: A joke"]),
    ],
)  # fmt: skip
def test_labels_are_told_in_words(old, new, words):
    assert old in BEFORE
    assert told(BEFORE.replace(old, new)) == words


def test_labels_that_were_renamed_more_than_once_are_told_by_their_names_then_and_now():
    names = {"mood": {"bad": "negative", "odd": "neutral", "neutral": "odd"}}
    swapped = "[positive, {value: bad, help: New here}, {value: negative, help: Complaints}, odd, neutral]"
    after = BEFORE.replace("[positive, {value: bad, help: Complaints}, neutral, odd]", swapped)

    assert label_words(config.parse(BEFORE, Path("x")), config.parse(after, Path("x")), names) == (
        "label `bad` is new: New here",
        "`bad` is now called `negative`",
        "`neutral` is now called `odd`",
        "`odd` is now called `neutral`",
        "its keys are now 3 for `negative`, 4 for `odd`, 5 for `neutral`",
    )


def test_with_several_questions_each_is_named():
    more = BEFORE + "  - {id: who, type: spans, when: {mood: [bad]}, labels: [airline]}\n"
    assert told(more) == ["`who` is a new question"]
    assert told(BEFORE, more) == ["`who` is no longer asked"]
    assert told(more.replace("[bad]", "[bad, odd]").replace("[airline]", "[airline], overlap: true"), more) == [
        "who: it is asked where mood is bad or odd",
        "who: `overlap` is now on, was off",
    ]
    assert told(more.replace(", when: {mood: [bad]}", ""), more) == ["who: it is asked of every item now"]


@pytest.mark.parametrize(
    ("question", "moved"),
    [
        ("type: rating, max: 3", "b for `1`, c for `2`, d for `3`"),
        ("type: compare, mode: rank", ", ".join(f"{key} for `{name}`" for key, name in zip("lmortvwyz", "ABCDEFGHI", strict=True))),
        ("type: choice, labels: [left, right]", "3 for `left`, 4 for `right`"),
    ],
)  # fmt: skip
def test_keys_that_move_because_of_another_question_are_told(question, moved):
    added = f"name: n\ntasks:\n  - {{id: is, type: choice, labels: [spam, ham]}}\n  - {{id: other, {question}}}\n"
    without = added.replace("  - {id: is, type: choice, labels: [spam, ham]}\n", "")

    assert told(added, without) == ["`is` is a new question", f"other: its keys are now {moved}"]


def test_a_change_of_transcript_rules_is_told():
    before = "name: c\nitems: sound\ntasks: [{id: said, type: text, transcript: {}}]\n"
    assert told(before.replace("{}", "{case: lower}"), before) == ["the rules of its transcript changed"]
