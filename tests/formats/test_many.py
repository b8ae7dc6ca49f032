"""Answers of many people and known answers, in every shape they come in."""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from pathlib import Path

import pandas
import pytest
from helpers import BOTH, ENTITIES, SENTIMENT, project, write_project
from hypothesis import given
from hypothesis import strategies as st

from tui_label import cli, config, formats
from tui_label.core.annotation import Annotation, Flag, Timing
from tui_label.core.item import Item
from tui_label.errors import InputError
from tui_label.formats import BadLine, Reading, recognition
from tui_label.projects import opening
from tui_label.projects.settling import settled_answers

RATING = "name: r\ntasks: [{id: stars, type: rating}]\n"
TOPICS = "name: t\ntasks: [{id: topics, type: choices, labels: [sport, money, arts]}]\n"
WORDS = "name: w\ntasks: [{id: translation, type: text}]\n"


def read(path: Path, source: str = SENTIMENT, **how: object):
    reading = Reading(path, project(source), **how)  # type: ignore[arg-type]
    found = list(formats.read(reading, recognition.recognise(path)))
    return (
        [one for one in found if not isinstance(one, BadLine)],
        [str(one).removeprefix(f"{path}:") for one in found if isinstance(one, BadLine)],
        reading,
    )


def file(folder: Path, name: str, *lines: object) -> Path:
    path = folder / name
    path.write_text("".join((one if isinstance(one, str) else json.dumps(one)) + "\n" for one in lines))
    return path


def said(records) -> list[tuple[str, str, object]]:
    return [
        (one.item.key, one.annotation.annotator, one.annotation.answers) if one.annotation else (one.item.key, "", {})
        for one in records
    ]


# known answers


@pytest.mark.parametrize(
    ("name", "source", "lines", "answers"),
    [
        ("x.csv", SENTIMENT, ["text,label", "good,positive"], {"sentiment": "positive"}),
        ("x.tsv", SENTIMENT, ["text\tsentiment", "good\tpositive"], {"sentiment": "positive"}),
        ("x.csv", TOPICS, ["text,label", "good,arts#sport"], {"topics": ["sport", "arts"]}),
        ("x.csv", RATING, ["text,stars", "good,4"], {"stars": 4}),
        ("x.csv", WORDS, ["text,translation", "gut,good"], {"translation": "good"}),
        ("x.jsonl", SENTIMENT, [{"text": "good", "label": "positive"}], {"sentiment": "positive"}),
        ("x.jsonl", SENTIMENT, [{"text": "good", "answers": {"sentiment": "positive"}}], {"sentiment": "positive"}),
        ("x.jsonl", SENTIMENT, [{"text": "good", "accept": ["positive"], "answer": "accept"}], {"sentiment": "positive"}),
        ("x.jsonl", TOPICS, [{"text": "good", "label": []}], {"topics": []}),
        ("x.jsonl", TOPICS, [{"text": "good", "accept": [], "answer": "accept"}], {"topics": []}),
        ("x.jsonl", ENTITIES, [{"text": "good", "spans": []}], {"entities": []}),
        ("x.jsonl", ENTITIES, [{"text": "good", "answer": "accept", "_annotator_id": "z"}], {"entities": []}),
        ("x.jsonl", ENTITIES, [{"text": "good", "label": []}], {"entities": []}),
        ("x.jsonl", ENTITIES, [{"text": "good", "annotator": "z", "answers": {}}], {}),
        ("x.conll", ENTITIES, ["good O"], {"entities": []}),
        (
            "x.conll", ENTITIES, ["Ann B-person"],
            {"entities": [{"start": 0, "end": 3, "label": "person", "text": "Ann"}]},
        ),
    ],
)  # fmt: skip
def test_every_shape_that_carries_labels_carries_known_answers(tmp_path, name, source, lines, answers):
    (record,), bad, _ = read(file(tmp_path, name, *lines), source, gold="check")

    assert bad == []
    assert (record.gold.answers, record.gold.outcome, record.probe) == (answers, "given", "check")
    assert record.gold.reviewer == ("z" if "z" in str(lines) else "gold")
    assert (record.annotation, record.suggestions) == (None, ())


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ({"text": "x"}, "has no answer, and a known answer is wanted here"),
        ({"text": "x", "label": "positive", "answer": "reject"}, "has no answer"),
        ({"text": "x", "annotator": "a", "status": "skipped", "answers": {}}, "has no answer"),
        ({"text": "x", "answers": {}}, "answers.sentiment: is missing; a known answer answers every required question"),
        ({"text": "x", "answers": {"sentiment": "good"}}, "'good' is no label of sentiment"),
        ({"text": "x", "label": "good"}, "'good' is no label of this project"),
        ({"text": "x", "answers": {"sentiment": "negative"}}, "answers.entities: needs at least 1 spans"),
        ({"text": "x", "answers": {"sentiment": "negative", "entities": []}}, "entities: needs at least 1 spans"),
    ],
)
def test_a_line_without_a_whole_valid_answer_is_no_known_one(tmp_path, line, words):
    source = BOTH.replace("overlap: true", "min: 1") if "negative" in str(line) else SENTIMENT
    good, bad, _ = read(file(tmp_path, "x.jsonl", line), source, gold="check")

    assert good == []
    assert len(bad) == 1 and bad[0].startswith("1: ")
    if "entities" in words and "entities" not in line["answers"]:
        assert "answers.entities: is missing" in bad[0]
    else:
        assert words in bad[0]


def test_two_known_answers_about_one_item_cannot_both_be_right(tmp_path):
    lines = [
        {"item": "a", "text": "x", "annotator": name, "answers": {"sentiment": label}}
        for name, label in (("ann", "positive"), ("bob", "positive"), ("eve", "negative"))
    ]
    good, bad, _ = read(file(tmp_path, "x.jsonl", *lines), gold="check")

    assert (len(good), len(bad)) == (2, 1)
    assert bad[0] == "3: another answer about item a is in this file already; only one can be right"


def test_what_carries_no_answers_carries_no_known_ones(tmp_path):
    with pytest.raises(InputError, match="read as text, which carries no answers"):
        read(file(tmp_path, "x.txt", "x"), gold="check")


def test_settled_answers_are_nobodys(tmp_path):
    line = {"text": "x", "annotator": "gold", "status": "settled", "answers": {"sentiment": "positive"}}
    assert read(file(tmp_path, "x.jsonl", line))[1] == [
        "1: status: settled answers are nobody's; bring them in with --gold"
    ]


# many people, one item


def test_a_text_without_an_id_that_several_people_answered_is_one_item(tmp_path):
    rows = [("ann", "x"), ("bob", "x"), ("ann", "x"), ("bob", "y"), ("", "x")]
    lines = [{"text": text, "label": "positive", **({"annotator": who} if who else {})} for who, text in rows]
    keys = [one.item.key for one in read(file(tmp_path, "x.jsonl", *lines))[0]]

    assert keys[0] == keys[1] == keys[4]
    assert keys[2] == f"{keys[0]}-2"
    assert keys[3] not in keys[:3]


@pytest.mark.parametrize("column", ["annotator", "worker", "WorkerId", "rater"])
def test_long_tables_have_a_row_for_each_answer(tmp_path, column):
    path = file(tmp_path, "x.csv", f"id,text,{column},label", "1,x,ann,positive", "1,x,bob,negative", "2,y,bob,")
    good, bad, _ = read(path)

    assert bad == []
    assert said(good) == [
        ("1", "ann", {"sentiment": "positive"}),
        ("1", "bob", {"sentiment": "negative"}),
        ("2", "", {}),
    ]
    assert all(one.item.meta == {} for one in good)


@pytest.mark.parametrize(
    ("header", "annotator", "labels", "words"),
    [
        ("id,text,who", "text", (), ":1: text has the texts; --annotator-column and"),
        ("id,tweet,who", "", ("tweet",), ":1: tweet has the texts"),
        ("id,text,who", "", ("who", "text"), ":1: text has the texts"),
        ("quotation", "quotation", (), ":1: quotation has the texts"),
        ("id,text,who", "who", ("who",), ":1: who cannot be both who answered and the label"),
        ("id,text,lang,Text", "", (), ":1: two columns are named text; rename one"),
        ("id,text,sentiment,sentiment", "", (), ":1: two columns are named sentiment; rename one"),
        ("id,text,ann,ann,bob", "", ("ann", "bob"), ":1: two columns are named ann; rename one"),
    ],
)
def test_a_column_is_one_thing(tmp_path, header, annotator, labels, words):
    path = file(tmp_path, "x.csv", header)
    with pytest.raises(InputError, match=words):
        read(path, annotator_column=annotator, label_columns=labels)


def test_of_columns_whose_names_differ_in_case_one_is_meant_by_its_name(tmp_path):
    path = file(tmp_path, "x.csv", "id,text,annotator,Label,label", "1,x,ann,positive,negative")
    good, _, _ = read(path, label_columns=("Label",))

    assert said(good) == [("1", "ann", {"sentiment": "positive"})]


def test_of_other_columns_with_one_name_the_last_is_kept_and_the_rest_are_counted(tmp_path):
    good, _, reading = read(file(tmp_path, "x.csv", "text,note,note", "a,x,y", "b,,z"))

    assert [one.item.meta for one in good] == [{"note": "y"}, {"note": "z"}]
    assert reading.left_out == {"values in columns that share their name with a later one": 1}


def test_columns_may_be_named(tmp_path):
    path = file(tmp_path, "x.csv", "text,who,verdict,label", "x,ann,positive,old", "y,bob,negative,older")
    good, bad, _ = read(path, annotator_column="who", label_columns=("verdict",))
    with pytest.raises(InputError, match="no column is named verdikt; did you mean verdict"):
        read(path, label_columns=("verdikt",))

    assert bad == []
    assert [(one[1], one[2]) for one in said(good)] == [
        ("ann", {"sentiment": "positive"}),
        ("bob", {"sentiment": "negative"}),
    ]
    assert [one.item.meta for one in good] == [{"label": "old"}, {"label": "older"}]


def test_wide_tables_have_a_column_for_each_person(tmp_path):
    path = file(tmp_path, "x.csv", "id,text,Ann1,Ann2,lang", "1,x,positive,negative,en", "2,y,,neutral,en", "3,z,,,en")
    good, bad, _ = read(path, label_columns=("Ann1", "Ann2"))

    assert bad == []
    assert said(good) == [
        ("1", "Ann1", {"sentiment": "positive"}),
        ("1", "Ann2", {"sentiment": "negative"}),
        ("2", "Ann2", {"sentiment": "neutral"}),
        ("3", "", {}),
    ]
    assert good[0].item.meta == {"lang": "en"}


def test_a_bad_cell_of_a_wide_row_takes_the_row_along(tmp_path):
    path = file(tmp_path, "x.csv", "text,a,b", "x,positive,wrong", "y,positive,negative")
    good, bad, _ = read(path, label_columns=("a", "b"))

    assert [one[1] for one in said(good)] == ["a", "b"]
    assert len(bad) == 1 and bad[0].startswith("2: label: 'wrong' is no label")


def test_answers_in_task_columns_without_an_annotator_are_suggestions(tmp_path):
    path = file(tmp_path, "x.csv", "text,stars", "x,4", "y,9")
    good, bad, reading = read(path, RATING)

    assert (bad, [one.annotation for one in good]) == ([], [None, None])
    assert [(one.task, one.value) for one in good[0].suggestions] == [("stars", 4)]
    assert (good[1].suggestions, good[1].item.meta) == ((), {"stars": 9})
    assert reading.unknown == {"9 is not between 1 and 5": 1}


MANY = """name: m
tasks:
  - {id: mood, type: choice, labels: [good, '0']}
  - {id: stars, type: rating}
  - {id: topics, type: choices, labels: [sport, arts]}
  - {id: names, type: spans, labels: [person]}
"""


@pytest.mark.parametrize("ending", ["csv", "tsv", "jsonl", "json", "parquet"])
def test_a_table_that_went_through_pandas_comes_back(tmp_path, ending):
    """Numbers beside missing ones are floats there, lists are text, and texts may have line breaks."""
    names = [{"start": 0, "end": 3, "label": "person", "text": "Ann"}]
    rows = [
        (Item("1", 'Ann "Lee"\nsang'), {"mood": "0", "stars": 4, "topics": ["sport", "arts"], "names": names}),
        (Item("2", "Ann\nsang"), {"mood": "good", "topics": []}),
    ]
    flags, at = (Flag("ambiguous"), Flag("off-topic")), "2026-01-01T00:00:01.000Z"
    out = io.StringIO(newline="")
    given = [(item, Annotation("ann", answers=said, flags=flags, submitted_at=at)) for item, said in rows]
    formats.find("csv").write(given, out, project(MANY), {})
    out.seek(0)
    found = pandas.read_csv(out)
    path = tmp_path / f"x.{ending}"
    if ending in ("csv", "tsv"):
        found.to_csv(path, index=False, sep="," if ending == "csv" else "\t")
    elif ending == "parquet":
        pytest.importorskip("pyarrow")
        found.to_parquet(path)
    else:
        found.to_json(path, orient="records", lines=ending == "jsonl")
    good, bad, _ = read(path, MANY)

    assert (bad, said(good)) == ([], [(item.key, "ann", answers) for item, answers in rows])
    assert [one.item.text for one in good] == [item.text for item, _ in rows]
    assert {(one.annotation.flags, one.annotation.submitted_at) for one in good} == {(flags, at)}


@pytest.mark.parametrize(
    "lines",
    [
        ['x\tgood\t"a', 'b"\tgood\tc'],
        ['x\tgood\t"a', "b\tgood\tc"],
        ['x\tgood\t"a', 'x\tgood\tb"'],
        ['"\tgood\t"', "y\tgood\tb"],
    ],
)
def test_quotes_that_are_signs_like_others_join_no_rows(tmp_path, lines):
    good, bad, _ = read(file(tmp_path, "x.tsv", "text\tmood\tnote", *lines), MANY)

    assert bad == []
    assert [f"{one.item.text}\tgood\t{one.item.meta['note']}" for one in good] == lines


@pytest.mark.parametrize(
    "cell", ["x", "", "[", "{}", "1", '[{"start": 0}]', "[1]", '[{"start": 0, "end": 99, "label": "place"}]']
)
def test_any_cell_is_read_or_refused(tmp_path, cell):
    for source, task in ((ENTITIES, "entities"), (RATING, "stars"), (TOPICS, "topics"), (WORDS, "translation")):
        out = io.StringIO()
        csv.writer(out).writerows([["text", "annotator", task], ["hello", "ann", cell]])
        for how in ({}, {"gold": "check"}):
            good, bad, _ = read(file(tmp_path, "x.csv", out.getvalue()), source, **how)
            assert len(good) + len(bad) == 1


ANNOTATIONS = st.builds(
    Annotation,
    st.sampled_from(["ann", "bob"]),
    answers=st.fixed_dictionaries(
        {"sentiment": st.sampled_from(["positive", "negative"])},
        optional={
            "entities": st.just([{"start": 0, "end": 2, "label": "person", "text": "ab"}]),
            "why": st.text(st.characters(codec="utf-8"), min_size=1),
        },
    ),
    flags=st.sampled_from([(), (Flag("ambiguous"),), (Flag("ambiguous"), Flag("off-topic"))]),
    timing=st.integers(0, 10**6).map(Timing),
    submitted_at=st.just("2026-01-01T00:00:01.000Z"),
)


@given(ANNOTATIONS, st.sampled_from(["csv", "tsv"]))
def test_our_own_tables_come_back_the_same(tmp_path_factory, annotation, name):
    item = Item("k", "ab\rcd")
    out = io.StringIO(newline="")
    formats.find(name).write([(item, annotation)], out, project(BOTH), {})
    path = tmp_path_factory.mktemp("t") / f"x.{name}"
    path.write_bytes(out.getvalue().encode())
    (record,), bad, reading = read(path, BOTH)

    assert (bad, record.item, record.annotation) == ([], item, annotation)
    assert reading.reasons == ({"off-topic": 1} if len(annotation.flags) > 1 else {})


@pytest.mark.parametrize(
    ("field", "value", "kept"),
    [
        ("submitted_at", "2023-05-01T10:00:00+02:00", "2023-05-01T08:00:00.000Z"),
        ("submitted_at", "2023-05-01 10:00:00", "2023-05-01T10:00:00.000Z"),
        ("submitted_at", "yesterday", None),
        ("submitted_at", 17, None),
        ("started_at", "0001-01-01T00:00:00+14:00", None),
        ("ms", {"active": -1}, None),
        ("ms", {"active": 10**30}, None),
        ("guidelines", "two", None),
        ("revision", 2**70, None),
        ("flags", [{"reason": ""}], None),
        ("flags", [{"reason": 7}], None),
        ("flags", "ambiguous", None),
        ("flags", [{"reason": "off-topic", "note": "x"}], (Flag("off-topic", "x"),)),
        ("annotator", 7, "7"),
        ("annotator", " ", None),
    ],
)
def test_what_a_record_from_elsewhere_says_is_checked(tmp_path, field, value, kept):
    line = {"text": "x", "annotator": "a", "answers": {"sentiment": "neutral"}} | {field: value}
    good, bad, _ = read(file(tmp_path, "x.jsonl", line))

    if kept is None:
        assert (good, len(bad)) == ([], 1)
    else:
        assert getattr(good[0].annotation, field) == kept


# real data


def in_project(folder: Path, source: str, *arguments: str):
    write_project(folder, source)
    assert cli.main(["add", str(folder), *arguments]) == 0
    loaded = config.load(folder)
    return loaded, opening.open_store(loaded)[0]


HATE = "name: h\noverlap: 6\ntasks: [{id: hate, type: choice, labels: ['0', '1']}]\n"


@pytest.mark.parametrize("form", ["long", "wide", "jsonl"])
def test_hs_brexit_comes_in_whole_and_its_majority_is_the_one_published(data_folder, tmp_path, form, capsys):
    """1,120 tweets x 6 annotators (Akhtar et al. 2021); `hard_label` is their majority, a tie one way."""
    tweets: dict[str, dict] = {}
    for part in ("train", "dev", "test"):
        path = data_folder / f"text/hs_brexit/HS-Brexit_dataset/HS-Brexit_{part}.json"
        tweets |= {f"{part}-{key}": one for key, one in json.loads(path.read_text()).items()}
    votes = {
        key: dict(zip(one["annotators"].split(","), one["annotations"].split(","), strict=True))
        for key, one in tweets.items()
    }
    people = sorted({name for said in votes.values() for name in said})
    path = tmp_path / ("x.jsonl" if form == "jsonl" else "x.csv")
    with path.open("w", newline="") as out:
        if form == "jsonl":
            for key, one in votes.items():
                for name, label in one.items():
                    record = {"item": key, "text": tweets[key]["text"], "annotator": name, "answers": {"hate": label}}
                    out.write(json.dumps(record | {"guidelines": 7, "labels": 4}) + "\n")
        elif form == "long":
            csv.writer(out).writerows([["item", "text", "annotator", "label"]])
            csv.writer(out).writerows([k, tweets[k]["text"], n, v] for k, one in votes.items() for n, v in one.items())
        else:
            csv.writer(out).writerows([["item", "text", *people]])
            csv.writer(out).writerows(
                [k, tweets[k]["text"], *(one.get(n, "") for n in people)] for k, one in votes.items()
            )
    columns = [word for name in people for word in ("--label-column", name)] if form == "wide" else []
    loaded, store = in_project(tmp_path / "p", HATE, str(path), *columns)
    assert f"{len(tweets):,} items added, {sum(map(len, votes.values())):,} answers" in capsys.readouterr().out

    assert {
        one.item.key: {v.annotator: v.answers["hate"] for v in one.versions} for one in store.testimonies()
    } == votes
    settled = {item.key: answer for item, answer in settled_answers(loaded, store, "majority", {})}
    ties = {key for key, one in votes.items() if Counter(one.values())["1"] * 2 == len(one)}
    assert settled.keys() == tweets.keys() - ties
    assert all(answer.answers["hate"] == tweets[key]["hard_label"] for key, answer in settled.items())
    shares = {key: answer.settlement["support"]["hate"] for key, answer in settled.items()}
    assert all(
        share == pytest.approx(tweets[key]["soft_label"][tweets[key]["hard_label"]], abs=0.006)
        for key, share in shares.items()
    )


def test_translations_of_many_workers_come_in_with_the_true_ones_as_known_answers(data_folder, tmp_path, capsys):
    """250 sentences, about ten workers each (Li and Fukumoto 2019): texts that hardly any two type alike."""
    folder = data_folder / "text/crowdwsa2019"
    path = tmp_path / "x.tsv"
    rows = list(csv.DictReader((folder / "CrowdWSA2019_J1_label_anonymous.tsv").open(), delimiter="\t"))
    truth = list(csv.DictReader((folder / "CrowdWSA2019_J1_gt.tsv").open(), delimiter="\t"))
    with path.open("w", newline="") as out:
        csv.writer(out, delimiter="\t").writerows(
            [["item", "text", "worker", "translation"]]
            + [[row["sentence"], f"sentence {row['sentence']}", row["worker"], row["workeranswer"]] for row in rows]
        )
    _, store = in_project(tmp_path / "p", WORDS, str(path))
    latest = {(row["sentence"], row["worker"]): row["workeranswer"] for row in rows}
    assert f"{len(rows) - len(latest):,} earlier revisions left out" in capsys.readouterr().err
    gold = file(
        tmp_path, "gold.jsonl",
        *({"text": f"sentence {one['sentence']}", "answers": {"translation": one["trueanswer"]}} for one in truth),
    )  # fmt: skip
    assert cli.main(["add", str(tmp_path / "p"), str(gold), "--gold"]) == 0
    assert capsys.readouterr().out == "0 items added, 250 known already, 250 known answers\n"

    found = list(store.testimonies())
    assert {(one.item.key, v.annotator): v.answers["translation"] for one in found for v in one.versions} == latest
    assert {one.item.key: one.gold.answers["translation"] for one in found if one.gold} == {
        one["sentence"]: one["trueanswer"] for one in truth
    }
