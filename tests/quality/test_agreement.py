"""Agreement of a project: whole, in parts, against known answers and against oneself."""

from __future__ import annotations

import json
from collections.abc import Mapping
from itertools import combinations
from typing import Any, NamedTuple

import jiwer
import numpy as np
import pytest
from helpers import write_project
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import cohen_kappa_score
from tables import of_table, reliability

from tui_label import config
from tui_label.core.annotation import Annotation
from tui_label.core.item import Item, Sound
from tui_label.core.record import Record
from tui_label.core.reviewing.differences import compare
from tui_label.core.tasks import Choice, Choices, Compare, Label, Rating, Segments, Spans, Text
from tui_label.core.transcript import Style
from tui_label.projects import opening
from tui_label.quality.agreement import Agreement, TaskAgreement, figures
from tui_label.quality.estimates import Figure
from tui_label.report.agreement_report import agreement

LABELS = tuple(map(Label, ("positive", "neutral", "negative")))
SENTIMENT = Choice("sentiment", labels=LABELS)
TOPICS = Choices("topics", labels=LABELS)
ENTITIES = Spans("entities", labels=LABELS)
EVENTS = Segments("events", labels=LABELS)
ORDER = [*(label.value for label in LABELS), ""]


class Opinion(NamedTuple):
    number: int
    annotator: str
    answers: Mapping[str, Any]
    submitted_at: str = ""
    guidelines_version: int = 0


class Repeat(NamedTuple):
    annotator: str
    first: Mapping[str, Any]
    again: Mapping[str, Any]


def opinions(task: str, table: list[list[Any]], **named: Any) -> list[Opinion]:
    """One row an item, one column an annotator a, b, c …; None where there is no answer."""
    return [
        Opinion(10 + number, "abcdefgh"[who], {task: value}, **named)
        for number, row in enumerate(table)
        for who, value in enumerate(row)
        if value is not None
    ]


def measured(task: Any, said: list[Opinion], **named: Any) -> TaskAgreement:
    (one,) = figures([task], said, **{"judge_from": 1} | named).tasks
    return one


def values(found: tuple[Figure, ...]) -> dict[str, float | None]:
    return {figure.measure: figure.value for figure in found}


def span(start: int, end: int, label: str = "positive") -> dict[str, Any]:
    return {"start": start, "end": end, "label": label, "text": "x" * (end - start)}


# Each task type has its measures


def test_a_choice_of_two_annotators():
    table = [["positive", "positive"], ["neutral", "neutral"], ["negative", "neutral"], ["neutral", "neutral"]]
    found = measured(SENTIMENT, opinions("sentiment", table))
    codes = [[["positive", "neutral", "negative"].index(value) for value in row] for row in table]

    assert values(found.figures) == {
        "percent": 0.75,
        "alpha_nominal": of_table(reliability(np.array(codes), 3), "alpha_nominal").value,
        "fleiss_kappa": of_table(reliability(np.array(codes), 3), "fleiss_kappa").value,
        "ac1": of_table(reliability(np.array(codes), 3), "ac1").value,
        "cohen_kappa": pytest.approx(cohen_kappa_score(*np.array(codes).T)),
    }
    assert (found.answers, found.annotators, found.items, found.shared) == (8, 2, 4, 4)


def test_a_rating_whose_scale_was_longer_once():
    found = measured(Rating("stars", max=3), opinions("stars", [[1, 1], [2, 3], [5, 3], [0, 1]]))
    rows = np.array([[1, 1], [2, 3], [5, 3], [0, 1]])
    table = reliability(np.searchsorted([0, 1, 2, 3, 5], rows), 5)

    assert values(found.figures)["alpha_interval"] == pytest.approx(
        of_table(table, "alpha_interval", values=[0, 1, 2, 3, 5]).value
    )
    assert [(one.one, one.other) for one in found.confusions] == [("0", "1"), ("2", "3"), ("3", "5")]
    assert set(values(found.pairs[0].figures)) == {"percent", "kappa_linear", "kappa_quadratic"}


def test_choices_as_sets_and_label_by_label():
    table = [[["positive"], ["positive"]], [["positive", "neutral"], ["neutral"]], [[], []], [["negative"], []]]
    found = measured(TOPICS, opinions("topics", table))

    assert values(found.figures)["percent"] == 0.5
    assert values(found.figures)["jaccard"] == pytest.approx((1 + 1 / 2 + 1 + 0) / 4)
    assert [part.names for part in found.labels] == [("positive",), ("neutral",), ("negative",)]
    assert values(found.labels[1].figures) == {"specific": 1.0, "alpha_nominal": 1.0}
    assert values(found.labels[0].figures)["specific"] == pytest.approx(2 / 3)
    assert {(one.one, one.other, one.items) for one in found.confusions} == {
        ("positive", "", 1),
        ("negative", "", 1),
    }


def test_sets_of_labels_are_the_same_in_any_order():
    """The project's may have been another one when an answer was given."""
    table = [[["positive", "neutral"], ["neutral", "positive"]], [["gone", "neutral"], ["neutral", "gone"]]]
    said = opinions("topics", table)
    found = measured(TOPICS, said, gold={10: {"topics": ["neutral", "positive"]}})

    assert values(found.figures)["percent"] == 1.0
    assert [values(part.figures)["percent"] for part in found.gold] == [1.0, 1.0]
    assert found.confusions == ()


def test_each_item_counts_alike_however_many_answered_it():
    """Three pairs that agree about one, one that does not about the other."""
    found = measured(TOPICS, opinions("topics", [[["neutral"]] * 3, [["neutral"], ["positive"], None]]))

    assert values(found.figures)["percent"] == values(found.figures)["jaccard"] == 0.5


def test_comparisons():
    pick = measured(Compare("best"), opinions("best", [["A", "A"], ["B", "tie"]]), candidates=2)
    rank = measured(Compare("best", mode="rank"), opinions("best", [[["A", "B", "C"], ["A", "C", "B"]]]))

    assert values(pick.figures)["percent"] == 0.5
    assert [(one.one, one.other) for one in pick.confusions] == [("B", "tie")]
    assert values(rank.figures) == {"percent": 0.0, "kendall_tau": pytest.approx(1 / 3)}


def test_chance_knows_the_candidates_that_nobody_picked(tmp_path):
    project = config.load(write_project(tmp_path / "p", "name: p\ntasks: [{id: best, type: compare}]\n"))
    store, _ = opening.open_store(project)
    items = [Item("x", candidates=("one", "two")), Item("y", candidates=("one", "two", "three"))]
    said = [("ann", "tie"), ("bob", "A")], [("ann", "B"), ("bob", "B")]
    store.add(
        Record(item, annotation=Annotation(name, answers={"best": best}))
        for item, row in zip(items, said, strict=True)
        for name, best in row
    )
    (found,) = agreement(project, store).tasks

    # A, B, C, tie
    assert values(found.figures)["ac1"] == of_table(reliability(np.array([[3, 0], [1, 1]]), 4), "ac1").value
    assert [part.names for part in found.labels] == [("A",), ("B",), ("tie",)]


def test_spans_whole_and_by_label():
    table = [
        [[span(0, 4), span(9, 12, "neutral")], [span(0, 4), span(9, 13, "neutral")]],
        [[span(2, 6)], [span(2, 6, "negative")]],
        [[], []],
    ]
    found = measured(ENTITIES, opinions("entities", table))

    assert values(found.figures) == {
        "f1_strict": pytest.approx(1 / 3),
        "f1_partial_label": pytest.approx(1.5 / 3),
        "f1_exact": pytest.approx(2 / 3),
        "f1_partial": pytest.approx(2.5 / 3),
        "f1_characters": pytest.approx(2 * 7 / (11 + 12)),
    }
    assert found.figures[0].n == 2  # on the third there is nothing to find
    assert values(found.labels[0].figures) == {
        "f1_strict": pytest.approx(2 / 3),
        "f1_partial_label": pytest.approx(2 / 3),
    }
    assert values(found.labels[1].figures) == {"f1_strict": 0.0, "f1_partial_label": 0.5}
    assert [one[:3] for one in found.confusions] == [("positive", "negative", 1)]
    assert found.confusions[0].numbers == (11,)


def test_segments():
    one = [{"start": 0.0, "end": 1.0, "label": "positive"}, {"start": 2.0, "end": 3.0, "label": "neutral"}]
    other = [{"start": 0.05, "end": 1.01, "label": "positive"}]
    found = measured(EVENTS, opinions("events", [[one, other]]))

    assert values(found.figures) == {
        "f1_near": pytest.approx(2 / 3),
        "f1_time": pytest.approx(2 * 0.95 / (2 + 0.96)),
        "boundary_ms": pytest.approx(30.0),
    }
    assert [one[:3] for one in found.confusions] == [("neutral", "", 1)]


def test_segments_without_labels_have_none_that_are_mixed_up():
    one, other = ([{"start": start, "end": start + 1.0} for start in starts] for starts in ((0.0, 2.0), (0.0,)))
    found = measured(Segments("turns"), opinions("turns", [[one, other]]))

    assert values(found.figures)["f1_near"] == pytest.approx(2 / 3)
    assert found.confusions == ()


def test_transcripts_by_words_over_the_mean_of_both_lengths():
    said = opinions("said", [["The cat, sat.", "the cat sat down"], ["yes [laugh]", "Yes!"]])
    spoken = measured(Text("said", transcript=Style()), said)
    exact = measured(Text("said", transcript=Style()), said, ignore=())

    assert values(spoken.figures)["wer"] == pytest.approx(1 / ((3 + 1) / 2 + (4 + 1) / 2))
    assert values(exact.figures)["wer"] > values(spoken.figures)["wer"]
    assert set(values(measured(Text("said"), said).figures)) == {"percent", "similarity"}
    assert set(values(measured(Text("said"), said, sound=True).figures)) == {"percent", "wer", "cer"}


def test_texts_of_the_same_words_are_the_same_whatever_blanks_are_between_and_after():
    said = opinions("said", [["to them [noise] ", "to  them\n[noise]"], ["to them", "tothem"]])

    assert values(measured(Text("said"), said).figures)["percent"] == 0.5


def test_segments_with_transcripts_have_word_errors_too():
    said = [[{"start": 0, "end": 1, "text": "hello there"}], [{"start": 0, "end": 1, "text": "hello here"}]]
    found = measured(Segments("turns", transcript=Style()), opinions("turns", [said]))

    assert values(found.figures)["wer"] == 0.5


def test_a_segment_whose_label_is_null_has_none():
    """As others write what does not apply; databases have such answers."""
    said = [[{"start": 0, "end": 1, "label": None, "text": "hello"}], [{"start": 0, "end": 1, "text": "hello"}]]
    task = Segments("turns", transcript=Style())
    item = Item("call", sound=Sound("a.wav", 1.0))

    assert values(measured(task, opinions("turns", [said])).figures)["f1_near"] == 1.0
    assert compare((task,), item, [{"turns": one} for one in said]).differences == ()
    assert [task.kept(one, item) for one in said] == [said[1], said[1]]
    assert task.check([{"start": 0, "end": 1, "label": 0}], item) == "a segment's label must be text, not 0"


# Parts


def test_parts_by_pair_version_and_week():
    said = [
        *opinions("sentiment", [["neutral", "neutral", "negative"]] * 3, submitted_at="2026-11-16T08:00:00Z")[:9],
        Opinion(20, "a", {"sentiment": "neutral"}, "2026-11-16T08:00:00Z", 1),
        Opinion(20, "b", {"sentiment": "negative"}, "2026-11-24T08:00:00Z", 2),
        Opinion(21, "a", {"sentiment": "neutral"}, "2026-11-24T08:00:00Z", 2),
        Opinion(21, "b", {"sentiment": "neutral"}, "2026-11-25T08:00:00Z", 2),
    ]
    found = measured(SENTIMENT, said)

    assert [(part.names, values(part.figures)["percent"]) for part in found.pairs] == [
        (("a", "b"), 0.8),
        (("a", "c"), 0.0),
        (("b", "c"), 0.0),
    ]
    # Item 20 was answered under two versions: it is in neither
    assert [(part.names, part.figures[0].value, part.figures[0].n) for part in found.versions] == [(("2",), 1.0, 1)]
    assert [(part.names, part.figures[0].n) for part in found.weeks] == [(("2026-W47",), 3), (("2026-W48",), 2)]


def test_nobody_is_shown_on_too_few_items():
    table = [["neutral", "neutral", None]] * 4 + [["neutral", None, "neutral"]] * 2
    gold = {number: {"sentiment": "neutral"} for number in range(10, 15)}
    again = [Repeat("a", {"sentiment": "neutral"}, {"sentiment": "neutral"})]
    found = measured(SENTIMENT, opinions("sentiment", table), judge_from=4, gold=gold, repeats=again)

    assert [part.names for part in found.pairs] == [("a", "b")]
    assert [part.names for part in found.gold] == [("a",), ("b",)]
    assert found.repeats == ()
    assert found.unjudged == (
        ("pair", ("a", "c"), 2, 2),
        ("gold", ("c",), 1, 3),
        ("repeats", ("a",), 1, 3),
    )


def test_accuracy_against_known_answers_with_wilsons_interval():
    table = [["neutral"]] * 18 + [["negative"]] * 2
    gold = {10 + number: {"sentiment": "neutral"} for number in range(20)} | {99: {"sentiment": "neutral"}}
    (part,) = measured(SENTIMENT, opinions("sentiment", table), gold=gold).gold

    assert part.names == ("a",)
    assert part.figures[0][1:5] == (0.9, pytest.approx(0.699, abs=5e-4), pytest.approx(0.972, abs=5e-4), 20)


def test_the_percent_of_a_pair_has_wilsons_interval():
    found = measured(SENTIMENT, opinions("sentiment", [["neutral", "neutral"]] * 4))
    topics = measured(TOPICS, opinions("topics", [[["neutral"], ["neutral"]]] * 4))

    for part in (*found.pairs, *topics.pairs):
        assert part.figures[0][1:5] == (1.0, pytest.approx(0.51, abs=5e-4), 1.0, 4)


def test_full_agreement_on_few_items_has_no_interval_of_no_width():
    found = measured(SENTIMENT, opinions("sentiment", [["neutral", "neutral", "neutral"]] * 4))
    spans = measured(ENTITIES, opinions("entities", [[[span(0, 4)], [span(0, 4)]]] * 4))

    for figures_of in (found.figures, spans.figures):
        assert figures_of[0][1:] == (1.0, None, None, 4, "")


WORDS = st.lists(st.sampled_from(["one", "two", "on", "to", "three"]), max_size=8).map(" ".join)


@given(WORDS.filter(bool), WORDS)
def test_errors_against_a_known_transcript_are_those_of_jiwer(known, said):
    """They are over what is known, not over the mean of both."""
    gold = {10: {"said": known}}
    (part,) = measured(Text("said", transcript=Style()), opinions("said", [[said]]), gold=gold).gold
    found = values(part.figures)

    assert (found["wer"], found["cer"]) == pytest.approx((jiwer.wer(known, said), jiwer.cer(known, said)))


def test_word_errors_against_oneself_are_over_what_was_written_first():
    again = [Repeat("a", {"said": "the cat sat down"}, {"said": "the cat"})] * 4
    (part,) = measured(Text("said", transcript=Style()), [], judge_from=4, repeats=again).repeats

    assert values(part.figures)["wer"] == 2 / 4


def test_self_consistency():
    same = Repeat("a", {"entities": [span(0, 4)]}, {"entities": [span(0, 4)]})
    other = Repeat("a", {"entities": [span(0, 4)]}, {"entities": [span(0, 5)]})
    unasked = Repeat("a", {"entities": [span(0, 4)]}, {})
    (part,) = measured(ENTITIES, [], repeats=[same, other, unasked]).repeats

    assert values(part.figures)["f1_strict"] == 0.5
    assert values(part.figures)["f1_partial_label"] == 0.75


def test_confusions_name_the_items_behind_them():
    table = [["neutral", "negative", "positive"], ["neutral", "neutral", "negative"], ["negative", "neutral", None]]
    found = measured(SENTIMENT, opinions("sentiment", table))

    assert found.confusions[0] == ("neutral", "negative", 3, (10, 11, 12))
    assert [one[:3] for one in found.confusions[1:]] == [("positive", "neutral", 1), ("positive", "negative", 1)]


SETS = st.one_of(st.none(), st.sets(st.sampled_from([label.value for label in LABELS])).map(sorted))


@given(table=st.lists(st.lists(SETS, min_size=3, max_size=3), min_size=1, max_size=8))
def test_sets_of_labels_are_mixed_up_where_each_has_one_that_the_other_has_not(table):
    items: dict[tuple[str, str], set[int]] = {}
    for number, row in enumerate(table, 10):
        for one, other in combinations((set(labels) for labels in row if labels is not None), 2):
            here, there = one - other, other - one
            for a in here or {""}:
                for b in there or {""}:
                    if a or b:
                        items.setdefault((min(a, b, key=ORDER.index), max(a, b, key=ORDER.index)), set()).add(number)
    found = measured(TOPICS, opinions("topics", table), behind=2).confusions

    assert {one[:2]: one[2:] for one in found} == {
        pair: (len(some), tuple(sorted(some)[:2])) for pair, some in items.items()
    }
    assert [one.items for one in found] == sorted((one.items for one in found), reverse=True)


# What can be missing


@pytest.mark.parametrize(
    "task",
    [SENTIMENT, TOPICS, ENTITIES, EVENTS, Rating("stars"), Text("why"), Compare("best"), Compare("r", mode="rank")],
)
def test_nothing_was_answered_yet(task):
    found = measured(task, [])

    assert (found.items, found.answers, found.shared) == (0, 0, 0)
    assert all(figure.value is None and figure.why for figure in found.figures)
    assert found.labels == found.pairs == found.versions == found.weeks == found.confusions == ()


@pytest.mark.parametrize(
    ("task", "said"),
    [
        (SENTIMENT, ["neutral", "negative"]),
        (ENTITIES, [[span(0, 4)], [span(1, 2)]]),
        (EVENTS, [[span(0, 4)], [span(1, 2)]]),
        (Text("words", transcript=Style()), ["one", "two"]),
    ],
)
def test_one_annotator_alone_has_no_agreement(task, said):
    found = measured(task, opinions(task.id, [[one] for one in said]))

    assert {figure.why for figure in found.figures} == {"no item has two answers"}
    assert (found.items, found.shared) == (2, 0)


def test_answers_of_another_shape_are_left_out():
    """The task had another type once."""
    said = [Opinion(1, "a", {"entities": "positive"}), Opinion(1, "b", {"entities": ["positive"]})]

    assert measured(ENTITIES, [*said, Opinion(1, "c", {"entities": [span(0, 2)]})]).answers == 1


@settings(max_examples=40)
@given(
    table=st.lists(
        st.lists(st.sampled_from([None, "positive", "neutral", "negative", "gone"]), min_size=3, max_size=3), max_size=9
    ),
    seed=st.integers(0, 3),
)
def test_the_order_of_the_opinions_does_not_matter(table, seed):
    said = opinions("sentiment", table, submitted_at="2026-01-01", guidelines_version=1)
    mixed = [said[at] for at in np.random.default_rng(seed).permutation(len(said))]

    assert measured(SENTIMENT, mixed, seed=seed) == measured(SENTIMENT, said, seed=seed)


@settings(max_examples=30)
@given(table=st.lists(st.lists(st.sampled_from([None, 1, 2, 3]), min_size=4, max_size=4), min_size=1, max_size=9))
def test_percent_of_a_pair_is_what_a_loop_counts(table):
    found = measured(Rating("stars"), opinions("stars", table))
    for part in found.pairs:
        one, other = ("abcd".index(name) for name in part.names)
        both = [(row[one], row[other]) for row in table if row[one] and row[other]]

        assert values(part.figures)["percent"] == pytest.approx(sum(a == b for a, b in both) / len(both))
        assert part.figures[0].n == len(both)
    expected = {("abcd"[a], "abcd"[b]) for a, b in combinations(range(4), 2) if any(row[a] and row[b] for row in table)}
    assert {part.names for part in found.pairs} == expected


# Real data, through the store


def test_hate_speech_of_six_annotators(data_folder, tmp_path):
    """Akhtar, Basile & Patti 2021 report Fleiss' kappa of about 0.35 for hate speech in HS-Brexit."""
    source = "name: brexit\noverlap: 6\ntasks:\n  - {id: hate, type: choice, labels: ['0', '1']}\n"
    project = config.load(write_project(tmp_path, source))
    store, _ = opening.open_store(project)
    records = []
    for part in ("train", "dev", "test"):
        path = data_folder / "text/hs_brexit/HS-Brexit_dataset" / f"HS-Brexit_{part}.json"
        for key, record in json.loads(path.read_text(encoding="utf-8")).items():
            said = zip(record["annotators"].split(","), record["annotations"].split(","), strict=True)
            item = Item(f"{part}-{key}", record["text"])
            records += [Record(item, annotation=Annotation(name, answers={"hate": value})) for name, value in said]
    store.add(records)
    found: Agreement = agreement(project, store)
    store.close()
    (one,) = found.tasks

    assert (one.items, one.answers, one.annotators) == (1120, 6720, 6)
    assert values(one.figures)["fleiss_kappa"] == pytest.approx(0.35, abs=0.005)
    assert len(one.pairs) == 15
    assert one.confusions[0].items == 345
