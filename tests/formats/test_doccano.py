"""doccano's JSON Lines and CSV, for each kind of its projects."""

from __future__ import annotations

import io
import json

import pytest
from helpers import SENTIMENT, write_project
from hypothesis import given, settings
from hypothesis import strategies as st
from labelled import clip, spoilt
from labelled_texts import (
    ALL,
    MOOD,
    NAMES,
    SLOTS,
    TEXTS,
    TOPICS,
    WORDS,
    given_file,
    half,
    read,
    refused_in_words,
    said,
    spans,
    write,
)

from tui_label import cli
from tui_label.core.annotation import Annotation, Flag
from tui_label.core.item import Item, Sound

LINES = "\n".join(
    json.dumps(one)
    for one in (
        {"id": 1, "text": "😊 Ann", "label": [[3, 6, "person"]], "Comments": ["unclear", "ambiguous: why"]},
        {"id": 2, "text": "Ann", "entities": [{"id": 0, "start_offset": 0, "end_offset": 3, "label": "person"}], "relations": [{"id": 1}], "Comments": []},
    )
)  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("doccano")


VALUES = {
    MOOD: lambda text: st.sampled_from(["good", "so so", "日本"]).map(lambda one: {"mood": one}),
    TOPICS: lambda text: st.sampled_from([[], ["sport"], ["sport", "日本"]]).map(lambda some: {"topics": some}),
    WORDS: lambda text: TEXTS.map(lambda one: {"words": one}),
    NAMES: lambda text: spans(text).map(lambda some: {"names": some}),
    SLOTS: lambda text: st.tuples(st.sampled_from([[], ["fly"], ["fly", "eat out"]]), spans(text)).map(
        lambda two: {"intent": two[0], "names": two[1]}
    ),
}


@given(st.data(), TEXTS)
@settings(max_examples=40)
@pytest.mark.parametrize("source", VALUES)
def test_what_was_said_comes_back(folder, source, data, text):
    item = Item("k 1", text, meta={"source": "x"})
    rows = [
        (item, Annotation(who, answers=data.draw(VALUES[source](text)), flags=(Flag("ambiguous", "why"), Flag("private-data"))))
        for who in ("ann", "7")
    ]  # fmt: skip
    dropped = write("doccano", rows, source, folder / "x.jsonl")
    good, bad, _ = read(folder / "x.jsonl", source)

    assert (bad, dropped) == ([], {})
    assert [(one.item, one.annotation) for one in good] == rows


@given(st.data(), TEXTS)
@settings(max_examples=40)
@pytest.mark.parametrize("source", [MOOD, TOPICS, WORDS])
def test_a_csv_comes_back(folder, source, data, text):
    rows = [
        (Item("k", text), Annotation("ann", answers=data.draw(VALUES[source](text)), flags=(Flag("ambiguous", "why"),)))
    ]
    write("doccano-csv", rows, source, folder / "x.csv")
    (record,), bad, _ = read(folder / "x.csv", source, "doccano-csv")
    answers = {id: half(value) if isinstance(value, str) else value for id, value in rows[0][1].answers.items()}

    assert (bad, record.item.text, record.item.key) == ([], half(text), "k")
    assert (record.annotation.answers, record.annotation.flags) == (answers, rows[0][1].flags)


@pytest.mark.parametrize("name", ["doccano", "doccano-csv", "fasttext"])
def test_what_was_told_as_left_out_is_not_answered_with_nothing(tmp_path, name):
    """An empty list in the place of a question that was not answered is no answer to another one."""
    dropped = write(name, [said("hello", {"topics": ["sport"]})], ALL, tmp_path / "x")
    (record,), bad, _ = read(tmp_path / "x", ALL, name, annotator="ann")

    assert dropped["answers to topics"] == 1
    assert (bad, record.item.text, record.annotation) == ([], "hello", None)


def test_its_csv_is_read_under_any_name_where_it_is_named(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"id,data,label\n7,Late again,negative\n")))
    folder = write_project(tmp_path / "p", SENTIMENT)
    assert cli.main(["add", str(folder), "-", "--format", "doccano-csv"]) == 0
    assert capsys.readouterr().out == "1 item added, 1 suggestion\n"


def test_offsets_are_utf16_units_as_doccano_counts_them(tmp_path):
    rows = [said("😊 Ann", {"names": [{"start": 2, "end": 5, "label": "person", "text": "Ann"}]})]
    write("doccano", rows, NAMES, tmp_path / "x.jsonl")

    assert json.loads((tmp_path / "x.jsonl").read_text())["label"] == [[3, 6, "person"]]


def test_an_export_of_doccano(tmp_path):
    good, bad, reading = read(given_file(tmp_path, "x.jsonl", LINES), NAMES, annotator="zoe")

    assert bad == []
    assert [(one.item.key, one.annotation.answers["names"][0]["text"]) for one in good] == [("1", "Ann"), ("2", "Ann")]
    assert good[0].annotation.flags == (Flag("comment", "unclear"), Flag("ambiguous", "why"))
    assert reading.left_out == {"relations": 1}


def test_a_transcript_comes_back(tmp_path):
    source = "name: s\nitems: sound\ntasks: [{id: t, type: text}]\n"
    clip(tmp_path / "a.wav")
    rows = [(Item("a", sound=Sound("a.wav", 100.0)), Annotation("ann", answers={"t": "hello"}))]
    write("doccano", rows, source, tmp_path / "x.jsonl")
    (record,), bad, _ = read(tmp_path / "x.jsonl", source)

    assert json.loads((tmp_path / "x.jsonl").read_text())["label"] == ["hello"]
    assert (bad, record.annotation.answers) == ([], {"t": "hello"})


@given(spoilt(LINES.encode()))
@pytest.mark.parametrize("name", ["doccano", "doccano-csv"])
def test_any_bytes_are_read_or_refused_in_words(folder, name, data):
    refused_in_words(folder / ("bad.csv" if name.endswith("csv") else "bad.jsonl"), NAMES, data, name)
