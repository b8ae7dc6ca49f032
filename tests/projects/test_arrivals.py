"""What of a file's records is taken: the latest of each annotator, under today's labels, about the items that are here."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import pytest
from helpers import ENTITIES, SENTIMENT, new_store, project, write_project
from hypothesis import given
from hypothesis import strategies as st

from tui_label import cli, config
from tui_label.cli import items
from tui_label.core.annotation import DRAFT, SKIPPED, SUBMITTED, UNDONE, Annotation
from tui_label.core.gold import GIVEN, Gold
from tui_label.core.item import Item
from tui_label.core.record import Record
from tui_label.projects import opening
from tui_label.projects.arrivals import arriving
from tui_label.store.base import Added, Versions
from tui_label.store.sql import SqlStore

VERSIONS = Versions(labels=4, guidelines=3)
TASKS = project().tasks


def said(key: str, name: str, label: str, revision: int = 0, status: str = SUBMITTED, at: str = "") -> Record:
    answers = {"sentiment": label} if status == SUBMITTED else {}
    return Record(
        Item(key, f"text of {key}"),
        annotation=Annotation(
            name, status, answers, submitted_at=at, labels_version=9, guidelines_version=8, revision=revision
        ),
    )


class Came(NamedTuple):
    superseded: int
    items: int
    skipped: int
    undone: int


def taken(store: SqlStore, records: list[Record]) -> tuple[Came, Added]:
    """What became of records on their way into the store, and what it did with them."""
    with store.staging() as staging:
        for record in records:
            staging.append(*arriving(record, store.versions(), TASKS))
        superseded = staging.stands()
        here = Came(superseded, staging.arrivals(), staging.statuses(SKIPPED), staging.statuses(UNDONE))
        return here, store.add(staging)


def answers(store: SqlStore) -> list[tuple[str, str, str]]:
    return [(item.key, one.annotator, one.answers["sentiment"]) for item, one in store.answers()]


def test_the_latest_revision_of_each_annotator_counts_wherever_it_stands(tmp_path):
    store = new_store(tmp_path)
    here, _ = taken(
        store,
        [
            said("a", "ann", "new", 2),
            said("a", "ann", "old", 1),
            said("a", "bob", "old", 0, at="2026-01-01T00:00:00.000Z"),
            said("a", "bob", "new", 0, at="2026-01-02T00:00:00.000Z"),
            said("b", "ann", "only", 1),
            said("a", "eve", "old"),
            said("a", "eve", "new"),
        ],
    )

    assert answers(store) == [("a", "ann", "new"), ("a", "bob", "new"), ("a", "eve", "new"), ("b", "ann", "only")]
    assert (here.superseded, here.items) == (3, 2)


@pytest.mark.parametrize(("status", "left"), [(UNDONE, (0, 1)), (SKIPPED, (1, 0))])
def test_an_answer_that_was_taken_back_does_not_come_in_and_its_item_does(tmp_path, status, left):
    store = new_store(tmp_path)
    here, added = taken(store, [said("a", "ann", "x", 1), said("a", "ann", "", 2, status)])

    assert (added.items, added.known, answers(store)) == (1, 0, [])
    assert (here.skipped, here.undone) == left


def test_a_draft_is_no_answer_and_undoes_none(tmp_path):
    store = new_store(tmp_path)
    _, added = taken(store, [said("a", "ann", "x", 1), said("a", "ann", "", 2, DRAFT), said("b", "ann", "", 0, DRAFT)])

    assert (answers(store), added.items) == ([("a", "ann", "x")], 2)


def test_numbers_of_elsewhere_are_not_taken_for_ours():
    known = Record(Item("g", "g"), gold=Gold("x", {}, GIVEN, labels_version=9, guidelines_version=8), probe="check")
    one, gold = (arriving(record, VERSIONS, TASKS)[0] for record in (said("a", "ann", "x", 7), known))

    assert (one.annotation.labels_version, one.annotation.guidelines_version, one.annotation.revision) == (4, 0, 0)
    assert (gold.gold.labels_version, gold.gold.guidelines_version) == (4, 0)


def test_labels_renamed_before_an_answer_came_do_not_change_it(tmp_path, capsys):
    """`good` was an old name of positive and is a label of its own now: an answer that comes today means today's."""
    folder = write_project(tmp_path / "p", SENTIMENT.replace("value: positive", "value: good"))
    opening.open_store(config.load(folder))[1]
    write_project(folder, SENTIMENT.replace("value: positive", "value: positive, was: good"))
    opening.open_store(config.load(folder))
    write_project(folder, SENTIMENT.replace("neutral,", "neutral, good,"))
    path = tmp_path / "x.jsonl"
    path.write_text(json.dumps({"text": "x", "annotator": "ann", "labels": 1, "answers": {"sentiment": "good"}}) + "\n")
    assert cli.main(["add", str(folder), str(path)]) == 0
    capsys.readouterr()
    assert cli.main(["export", str(folder)]) == 0

    assert json.loads(capsys.readouterr().out)["answers"] == {"sentiment": "good"}


def test_labels_come_in_the_order_of_the_project_and_spans_with_their_text():
    tasks = (*project(SENTIMENT.replace("type: choice", "type: choices")).tasks, *project(ENTITIES).tasks)
    answers = {"sentiment": ["negative", "positive"], "entities": [{"start": 5, "end": 7, "label": "person"}]}
    came = Record(Item("k", "text of k"), annotation=Annotation("ann", answers=answers), gold=Gold("x", answers, GIVEN))
    kept, _ = arriving(came, VERSIONS, tasks)

    assert kept.annotation.answers == kept.gold.answers
    assert kept.gold.answers["sentiment"] == ["positive", "negative"]
    assert kept.gold.answers["entities"] == [{"start": 5, "end": 7, "label": "person", "text": "of"}]


def test_the_same_known_labels_in_another_order_are_no_other_answer(tmp_path):
    folder = write_project(tmp_path / "p", SENTIMENT.replace("type: choice", "type: choices"))
    path = tmp_path / "gold.jsonl"
    both = ["positive", "negative"], ["negative", "positive"]
    path.write_text("".join(json.dumps({"text": "x", "answers": {"sentiment": labels}}) + "\n" for labels in both))

    assert cli.main(["add", str(folder), str(path), "--gold"]) == 0


STATUSES = st.sampled_from([SUBMITTED, SUBMITTED, SUBMITTED, SKIPPED, UNDONE, DRAFT])
RECORDS = st.lists(
    st.builds(
        said, st.sampled_from("ab"), st.sampled_from(["ann", "bob"]), st.sampled_from(["positive", "negative"]),
        st.integers(0, 4), STATUSES,
    ),
    min_size=1,
    max_size=10,
)  # fmt: skip


@given(RECORDS)
def test_the_same_records_again_add_nothing(tmp_path_factory, records):
    store = new_store(tmp_path_factory.mktemp("a"))
    taken(store, records)
    history = list(store.answers(history=True))
    _, again = taken(store, records)

    assert (again.items, again.answers) == (0, 0)
    assert list(store.answers(history=True)) == history
    assert all(annotation.revision == 1 for _, annotation in history)


def test_known_answers_find_items_that_have_another_id(tmp_path):
    store = new_store(tmp_path)
    store.add([Record(Item("q1", "same")), Record(Item("q2", "same")), Record(Item("q3", "other"))])
    golds = [
        Record(Item(key, text), gold=Gold("gold", {"sentiment": label}, GIVEN), probe="check")
        for key, text, label in (("~1", "same", "a"), ("~1-2", "same", "b"), ("q3", "other", "c"), ("~9", "new", "d"))
    ]
    for _ in range(2):
        store.add(golds)

    assert {store.case(number).item.key: gold.answers["sentiment"] for number, gold in store.known()} == {
        "q1": "a", "q2": "b", "q3": "c", "~9": "d",
    }  # fmt: skip
    assert {gold.revision for _, gold in store.known()} == {1}
    assert store.progress("ann").items == 3


def test_a_known_answer_about_other_content_is_refused(tmp_path, capsys):
    folder = write_project(tmp_path / "p")
    (tmp_path / "a.csv").write_text("id,text\n1,x\n")
    (tmp_path / "b.csv").write_text("id,text,label\n1,y,positive\n")
    assert cli.main(["add", str(folder), str(tmp_path / "a.csv")]) == 0
    assert cli.main(["add", str(folder), str(tmp_path / "b.csv"), "--gold"]) == 1
    assert f"{tmp_path / 'b.csv'}:2: item 1 is there already with other content" in capsys.readouterr().err


def test_of_several_files_the_one_that_says_otherwise_is_named(tmp_path, capsys):
    folder = write_project(tmp_path / "p")
    (tmp_path / "a.csv").write_text("id,text\n1,x\n2,y\n")
    (tmp_path / "empty.jsonl").write_text("")
    (tmp_path / "b.csv").write_text("id,text\n3,z\n2,other\n")
    names = [str(tmp_path / name) for name in ("a.csv", "empty.jsonl", "b.csv")]
    at_once = added(folder, *names, capsys=capsys)
    assert added(folder, names[0], capsys=capsys)[0] == 0
    later = added(folder, *names[1:], capsys=capsys)

    for (status, _, errors), how in ((at_once, "comes twice with different"), (later, "is there already with other")):
        assert status == 1
        assert errors.splitlines()[-2].startswith(f"tui-label: {names[2]}:3: item 2 {how} content; ")
    assert added(folder, *names, "--skip-bad", capsys=capsys)[:2] == (0, "1 item added, 1 known already\n")


def test_suggestions_with_a_label_that_is_added_later_come_in_by_the_same_command(tmp_path, capsys):
    folder = write_project(tmp_path / "p")
    path = tmp_path / "a.csv"
    path.write_text("id,text,label\n1,Hm.,mixed\n2,Good.,positive\n")
    status, out, errors = added(folder, str(path), capsys=capsys)
    assert (status, out) == (0, "2 items added, 1 suggestion\n") and "'mixed' is no label of this project" in errors
    assert errors.endswith("once project.yaml takes these suggestions, the same command brings them in\n")

    write_project(folder, SENTIMENT.replace("neutral", "neutral, mixed"))
    assert added(folder, str(path), capsys=capsys)[:2] == (0, "0 items added, 2 known already, 1 suggestion\n")


def test_all_that_says_otherwise_is_named_or_left_out(tmp_path, capsys):
    folder = write_project(tmp_path / "p")
    path = tmp_path / "a.csv"
    path.write_text("id,text\n" + "".join(f"{n},old\n" for n in range(30)))
    assert added(folder, str(path), capsys=capsys)[0] == 0
    path.write_text("id,text\n" + "".join(f"{n},{'old' if n % 2 else 'new'}\n" for n in range(60)) + "a,x\na,y\n")
    status, out, errors = added(folder, str(path), capsys=capsys)
    assert (status, out) == (1, "") and errors.count("is there already with other content") == 15
    assert errors.count(f"{path}:63: item a comes twice with different content") == 1
    assert errors.splitlines()[-1].startswith("tui-label: 16 bad lines: nothing was brought in")

    status, out, errors = added(folder, str(path), "--skip-bad", capsys=capsys)
    assert (status, out) == (0, "30 items added, 15 known already\n")
    assert len(re.findall(rf"{path}:[0-9]+: item", errors)) == 16


def test_an_answer_that_was_given_otherwise_since_is_left_out_and_told(tmp_path, capsys):
    folder = write_project(tmp_path / "p")
    path, told = tmp_path / "a.jsonl", []
    for label, day in (("positive", 20), ("negative", 1), ("neutral", 21), ("positive", 20)):
        said = {"annotator": "ann", "answers": {"sentiment": label}, "submitted_at": f"2026-11-{day:02}"}
        path.write_text(json.dumps({"item": "i", "text": "x", **said}))
        status, _, errors = added(folder, str(path), capsys=capsys)
        assert status == 0
        told.append(
            [
                words in errors
                for words in (
                    "1 answer left out: the same annotator answered otherwise since",
                    "1 answer took the place of",
                )
            ]
        )

    assert told == [[False, False], [True, False], [False, True], [True, False]]
    store, _ = opening.open_store(config.load(folder))
    assert answers(store) == [("i", "ann", "neutral")]


def added(folder: Path, *arguments: str, capsys) -> tuple[int, str, str]:
    try:
        status = cli.main(["add", str(folder), *arguments])
    except SystemExit as stop:
        status = int(stop.code or 0)
    return status, *capsys.readouterr()


@pytest.mark.parametrize(("option", "probe"), [("--gold", "check"), ("--qualification", "qualification")])
def test_add_takes_known_answers_once(tmp_path, option, probe, capsys):
    folder = write_project(tmp_path / "p", SENTIMENT + "review: {attempts: 1}\n")
    path = tmp_path / "x.csv"
    path.write_text("text,label\ngood,positive\nbad,negative\n")
    first = added(folder, str(path), option, capsys=capsys)
    again = added(folder, str(path), option, capsys=capsys)
    store = opening.open_store(config.load(folder))[0]

    assert first[:2] == (0, "2 items added, 2 known answers\n")
    assert again[:2] == (0, "0 items added, 2 known already\n")
    assert store.progress("ann").items == 0
    assert len(store.qualification("ann")) == (2 if probe == "qualification" else 0)


def test_known_answers_that_nobody_will_be_asked_for_are_told(tmp_path, capsys):
    folder = write_project(tmp_path / "p", SENTIMENT + "review: {attempts: 1}\n")
    plain, known = tmp_path / "plain.csv", tmp_path / "known.csv"
    plain.write_text("text\ngood\n")
    known.write_text("text,label\ngood,positive\nbad,negative\n")
    added(folder, str(plain), capsys=capsys)
    outside = added(folder, str(known), "--qualification", capsys=capsys)
    again = added(folder, str(known), "--qualification", capsys=capsys)
    known.write_text("text,label\ngood,neutral\nbad,neutral\n")
    mended = added(folder, str(known), "--qualification", capsys=capsys)
    known.write_text("text,label\ngood,negative\n")
    there = added(folder, str(known), "--gold", capsys=capsys)

    assert outside[1] == "1 item added, 1 known already, 2 known answers\n"
    assert outside[2].splitlines()[1:] == [f"tui-label: 1 known answer but {items.OUTSIDE}"]
    assert again[2].splitlines()[1:] == []
    assert mended[2].splitlines()[1:] == outside[2].splitlines()[1:], "bad is in the set"
    assert there[1:] == ("0 items added, 1 known already, 1 known answer\n", there[2].splitlines()[0] + "\n")


@pytest.mark.parametrize("name", ["a\nb", "x" * 61, "\x1b[31m"])
def test_a_name_that_nobody_can_work_under_does_not_come_in(tmp_path, name, capsys):
    folder, path = write_project(tmp_path / "p"), tmp_path / "x.jsonl"
    said = [{"text": one, "annotator": one, "answers": {"sentiment": "neutral"}} for one in ("ann", name)]
    path.write_text("".join(f"{json.dumps(one)}\n" for one in said))
    refused = added(folder, str(path), capsys=capsys)
    option = added(folder, str(path), "--annotator", name, capsys=capsys)
    left_out = added(folder, str(path), "--skip-bad", capsys=capsys)

    assert refused[0] == 1
    assert f"{path}:2: annotator: must be a name of one to 60 printable characters" in refused[2]
    words = "tui-label: a name is one to 60 printable characters; give it with --annotator NAME\n"
    assert option == (2, "", words)
    assert left_out[:2] == (0, "1 item added, 1 answer\n")


@pytest.mark.parametrize("other", [["--qualification"], ["--annotator", "ann"]])
def test_answers_are_known_ones_or_somebodys(tmp_path, other, capsys):
    status, _, errors = added(write_project(tmp_path), "x.csv", "--gold", *other, capsys=capsys)

    assert (status, "not allowed with argument --gold" in errors) == (2, True)


def test_a_history_comes_in_as_what_stands_in_the_end(tmp_path, capsys):
    folder = write_project(tmp_path / "p")
    store, _versions = opening.open_store(config.load(folder))
    store.add([Record(Item(f"i{n}", f"t{n}")) for n in range(4)])
    for n, labels in enumerate((["positive", "negative"], ["neutral"], ["neutral"])):
        for turn, label in enumerate(labels):
            store.submit(n + 1, Annotation("ann", answers={"sentiment": label}), f"{n}-{turn}", claim=False)
    store.reopen("ann")
    store.skip(4, Annotation("ann", SKIPPED), "skip", claim=False)
    latest = [(item.key, replace(one, revision=0)) for item, one in store.answers()]
    out = tmp_path / "h.jsonl"
    assert cli.main(["export", str(folder), "--history", "-o", str(out)]) == 0
    write_project(tmp_path / "q")
    _, words, errors = added(tmp_path / "q", str(out), capsys=capsys)
    other = opening.open_store(config.load(tmp_path / "q"))[0]

    assert words == "4 items added, 2 answers\n"
    assert "1 item skipped" in errors and "1 answer left out that had been taken back" in errors
    assert [(item.key, one.answers) for item, one in other.answers()] == [(key, one.answers) for key, one in latest]


@pytest.mark.parametrize("option", ["--label-column", "--annotator-column"])
@pytest.mark.parametrize(("name", "content"), [("a.jsonl", '{"text": "x"}\n'), ("a.txt", "x\n")])
def test_a_column_of_what_has_none_is_refused(tmp_path, option, name, content, capsys):
    folder = write_project(tmp_path / "p")
    (tmp_path / name).write_text(content)
    status, _, errors = added(folder, str(tmp_path / name), option, "nosuch", capsys=capsys)

    form = "jsonl" if name == "a.jsonl" else "text"
    assert (status, errors) == (2, f"tui-label: {option} goes with tables (csv, tsv); {tmp_path / name} is {form}\n")
