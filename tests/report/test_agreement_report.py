"""What `agreement` says, in lines and as JSON."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from helpers import write_project
from wcwidth import wcswidth

from tui_label import Project, config
from tui_label.core.annotation import Annotation
from tui_label.core.gold import AUTO, Gold
from tui_label.core.item import Item, Sound, content_key
from tui_label.core.record import Record
from tui_label.errors import UsageError
from tui_label.projects import opening
from tui_label.report.agreement_report import MEASURES, SHORT, agreement, agreement_lines, agreement_record

SOURCE = """\
name: tweets
overlap: 3
review: {judge-from: 5}
tasks:
  - {id: sentiment, type: choice, labels: [positive, neutral, a-label-whose-name-is-far-too-long-for-any-table, 否定的な意見]}
  - {id: entities, type: spans, required: false, labels: [person, place]}
  - {id: stars, type: rating}
  - {id: why, type: text, required: false}
"""
LABELS = ("positive", "neutral", "a-label-whose-name-is-far-too-long-for-any-table", "否定的な意見")


def answers(number: int, who: int) -> dict:
    return {
        "sentiment": LABELS[(number * 7 + (who if number % 3 == 0 else 0)) % 4],
        "entities": [{"start": 0, "end": 4 + (number + who) % 2, "label": "person"}],
        "stars": 1 + (number + (who if number % 4 == 0 else 0)) % 5,
        "why": "because",
    }


@pytest.fixture
def opened(tmp_path: Path):
    project = config.load(write_project(tmp_path, SOURCE))
    store, _ = opening.open_store(project)
    records = []
    for number in range(40):
        item = Item(f"tweet-{number}", f"Text {number}, long enough")
        for who, name in enumerate(("ann", "bob", "eve")):
            if name != "eve" or number < 4:
                at = f"2026-{1 + number // 4:02}-11T10:00:00.000Z"
                records.append(Record(item, annotation=Annotation(name, answers=answers(number, who), submitted_at=at)))
    store.add(records)
    yield project, store
    store.close()


def key_of(store):
    return lambda number: store.case(number).item.key


def test_tables_keep_to_eighty_columns_and_line_up_on_the_point(opened):
    project, store = opened
    lines = agreement_lines(agreement(project, store), key_of(store))

    assert max(map(wcswidth, lines)) <= 80
    first = lines.index("") + 2
    figures = lines[first : lines.index("", first)]
    assert len({line.index(".") for line in figures}) == 1
    assert figures[0].split()[:2] == ["percent", "agreement"]


def test_of_a_pair_with_a_long_name_both_are_named(opened):
    project, store = opened
    long = "maximiliane-friederike.von-hohenstein"
    store.add(
        [
            Record(Item(f"more-{number}", f"More {number}"), annotation=Annotation(name, answers=answers(number, 0)))
            for number in range(6)
            for name in (long, "ann", "陳大文")
        ]
    )
    lines = agreement_lines(agreement(project, store, task="stars"), key_of(store))
    pairs = [line.split("  ")[1] for line in lines if "maximil" in line]

    assert sorted(pairs) == ["ann · maximiliane-frie…", "maximiliane-f… · 陳大文"]


def test_confusions_name_items_by_their_keys(opened):
    project, store = opened
    lines = agreement_lines(agreement(project, store, task="sentiment"), key_of(store))
    (line,) = [line for line in lines if line.strip().startswith("positive ↔ neutral")]

    assert "items, e.g. tweet-" in line


def test_sounds_without_an_id_are_named_by_their_files(tmp_path):
    sounds = [Sound(f"ward 3/night-{n}.wav", 1.0, hash=f"{n:032}") for n in range(4)]
    records = [
        Record(Item(content_key("", sound=sound), sound=sound), annotation=Annotation(name, answers={"q": label}))
        for sound in sounds
        for name, label in (("ann", "yes"), ("bob", "no"))
    ]
    source = "name: p\nitems: sound\noverlap: 2\ntasks: [{id: q, type: choice, labels: [yes, no]}]\n"
    with Project.create(tmp_path, source) as project:
        project.add(records)
        lines = agreement_lines(project.agreement(), project.name)
        record = agreement_record(project.agreement(), project.key)

    (line,) = [line for line in lines if "e.g." in line]
    assert line.endswith("4 items, e.g. ward 3/night-0.wav, ward 3/night-1.wav") and len(line) <= 80
    assert record["tasks"][0]["confusions"][0]["keys"] == [one.item.key for one in records[::2]]


def test_who_is_not_shown_is_named_with_what_is_missing(opened):
    project, store = opened
    lines = agreement_lines(agreement(project, store, task="stars"), key_of(store))
    at = lines.index("  not shown, on fewer than 5 items")

    assert lines[at + 1] == "  pairs: ann · eve 4 (1 to go), bob · eve 4 (1 to go)"


def test_what_is_not_shown_says_what_it_is_about(opened):
    project, store = opened
    gold = Gold("lead", {"stars": 1})
    store.settle_many([(number, gold) for number in range(1, 4)])
    lines = agreement_lines(agreement(project, store, task="stars"), key_of(store))
    at = lines.index("  not shown, on fewer than 5 items")

    assert lines[at + 2] == "  against known answers: ann 3 (2 to go), bob 3 (2 to go), eve 3 (2 to go)"


def test_only_the_parts_that_were_asked_for(opened):
    project, store = opened
    lines = agreement_lines(agreement(project, store, task="sentiment", by=("week",)), key_of(store), ("week",))

    assert [line.split()[0] for line in lines if line.startswith("  week")] == ["week"]
    assert not any(line.startswith(("  label", "  pair")) for line in lines)


def test_json_says_the_same_and_names_keys(opened):
    project, store = opened
    found = agreement(project, store, task="sentiment", seed=3)
    record = json.loads(json.dumps(agreement_record(found, key_of(store)), allow_nan=False))
    (task,) = record["tasks"]

    assert (record["judge_from"], record["seed"], task["task"], task["type"]) == (5, 3, "sentiment", "choice")
    assert set(task) == {
        *("task", "type", "answers", "annotators", "items", "shared", "figures", "labels", "pairs"),
        *("guidelines", "weeks", "confusions", "gold", "repeats", "not_shown"),
    }
    assert [one["value"] for one in task["figures"]] == [one.value for one in found.tasks[0].figures]
    assert task["pairs"][0]["names"] == ["ann", "bob"]
    assert task["confusions"][0]["keys"][0].startswith("tweet-")
    assert task["not_shown"][0] == {"about": "pair", "names": ["ann", "eve"], "items": 4, "missing": 1}
    assert all(set(one) <= {"measure", "value", "low", "high", "n", "why"} for one in task["figures"])


def test_the_same_seed_gives_the_same_figures(opened):
    project, store = opened

    assert agreement(project, store, seed=1) == agreement(project, store, seed=1)
    assert agreement(project, store, seed=1) != agreement(project, store, seed=2)


def test_gold_answers_that_no_person_gave_measure_nobody(opened):
    project, store = opened
    auto = Gold("", {"sentiment": "positive"}, AUTO, "all 2 agree")
    given = Gold("lead", {"sentiment": "positive"})
    store.settle_many([(number, auto if number % 2 else given) for number in range(1, 31)])
    found = agreement(project, store, task="sentiment").tasks[0]

    assert {part.names: part.figures[0].n for part in found.gold} == {("ann",): 15, ("bob",): 15}


def test_an_unknown_task_is_refused_with_those_there_are(opened):
    with pytest.raises(UsageError, match="no task 'mood'; this project has sentiment, entities, stars, why"):
        agreement(*opened, task="mood")


def test_every_measure_has_words(opened):
    project, store = opened
    found = agreement(project, store)
    used = {
        figure.measure
        for task in found.tasks
        for figures in (task.figures, *(part.figures for part in (*task.labels, *task.pairs)))
        for figure in figures
    }

    assert used <= MEASURES.keys()
    assert SHORT.keys() <= MEASURES.keys()
