"""Hugging Face's datasets, beside the library itself."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from labelled import spoilt
from labelled_texts import ALL, MOOD, NAMES, TEXTS, TOPICS, given_file, read, refused_in_words, said, spans, write

from tui_label.core.annotation import Flag, Timing

arrow = pytest.importorskip("pyarrow")
parquet = pytest.importorskip("pyarrow.parquet")
TEXT_NAMED = "name: t\ntasks: [{id: text, type: choice, labels: [a, b]}, {id: meta, type: text}]\n"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("datasets")


def full(text: str) -> str:
    return re.sub("[\ud800-\udfff]", "\ufffd", text)


@given(st.data(), TEXTS)
def test_what_was_said_comes_back(folder, data, text):
    answers = {
        "mood": data.draw(st.sampled_from(["good", "so so"])), "topics": data.draw(st.sampled_from([[], ["sport", "日本"]])),
        "stars": data.draw(st.integers(1, 5)), "names": data.draw(spans(text)), "why": data.draw(TEXTS),
    }  # fmt: skip
    more = {
        "flags": (Flag("ambiguous", "why"),), "timing": Timing(50), "started_at": "2026-01-01T00:00:00.000Z",
        "submitted_at": "2026-01-01T00:00:01.000Z",
    }  # fmt: skip
    rows = [said(text, answers, **more), said("x", {"mood": "bad"}, "bob", "k2")]
    dropped = write("datasets", rows, ALL, folder)
    (first, second), bad, _ = read(folder, ALL)
    wanted = answers | {
        "why": full(answers["why"]), "names": [one | {"text": full(one["text"])} for one in answers["names"]],
    }  # fmt: skip

    assert bad == []
    assert (first.item.key, first.item.text, first.annotation) == ("k", full(text), said("", wanted, **more)[1])
    assert (second.item.key, second.annotation) == ("k2", rows[1][1])
    assert set(dropped) <= {"half characters"}


def test_columns_named_as_tasks_do_not_collide(tmp_path):
    write("datasets", [said("x", {"text": "b", "meta": "y"})], TEXT_NAMED, tmp_path / "x.parquet")
    (record,), bad, _ = read(tmp_path / "x.parquet", TEXT_NAMED)

    assert (bad, record.item.text, record.annotation.answers) == ([], "x", {"text": "b", "meta": "y"})


def test_a_label_of_an_earlier_revision_that_is_gone_is_left_out_and_counted(tmp_path):
    found = [{"start": start, "end": start + 1, "label": label} for start, label in enumerate(["person", "gone"])]
    rows = [said("ab", {"mood": "gone", "topics": ["sport", "gone"], "names": found})]
    dropped = write("datasets", rows, ALL, tmp_path / "x.parquet")
    (record,), bad, _ = read(tmp_path / "x.parquet", ALL)

    assert (bad, dropped) == ([], {"labels that project.yaml has no more": 3})
    assert record.annotation.answers == {"topics": ["sport"], "names": [found[0] | {"text": "a"}]}


def test_datasets_itself_sees_the_same(tmp_path):
    datasets = pytest.importorskip("datasets")
    text = "😊 Ann flew"
    found = [{"start": 2, "end": 5, "label": "person", "text": "Ann"}]
    rows = [said(text, {"names": found, "mood": "so so", "topics": ["日本"], "stars": 3}), said("x", {"mood": "good"})]
    write("datasets", rows, ALL, tmp_path / "d")
    loaded = datasets.load_dataset(str(tmp_path / "d"), cache_dir=str(tmp_path / "cache"))["train"]

    assert loaded.features["mood"].names == ["good", "so so", "bad"]
    assert (loaded["text"][:], loaded["mood"][:], loaded["stars"][:]) == ([text, "x"], [1, 0], [3, None])
    assert loaded[0]["names"] == [{"start": 2, "end": 5, "label": 0, "text": "Ann"}]
    loaded.save_to_disk(str(tmp_path / "saved"))
    (record, _), bad, _ = read(tmp_path / "saved", ALL)
    assert (bad, record.annotation.answers["names"], record.annotation.answers["mood"]) == ([], found, "so so")


def test_a_file_called_arrow_is_one(tmp_path):
    """As `datasets` keeps it in its cache, and takes it with Dataset.from_file."""
    write("datasets", [said("x", {"mood": "bad"})], ALL, tmp_path / "x.arrow")
    with (tmp_path / "x.arrow").open("rb") as file:
        assert arrow.ipc.open_stream(file).read_all()["mood"].to_pylist() == [2]
    (record,), bad, _ = read(tmp_path / "x.arrow", ALL)

    assert (bad, record.annotation.answers) == ([], {"mood": "bad"})


def test_tokens_with_tags_as_datasets_writes_them(tmp_path):
    datasets = pytest.importorskip("datasets")
    features = datasets.Features(
        {
            "id": datasets.Value("string"), "tokens": datasets.List(datasets.Value("string")),
            "ner_tags": datasets.List(datasets.ClassLabel(names=["O", "B-person", "I-person"])),
        }
    )  # fmt: skip
    row = {"id": "7", "tokens": ["Ann", "Lee", "flew"], "ner_tags": [1, 2, 0]}
    datasets.Dataset.from_list([row], features).to_parquet(str(tmp_path / "x.parquet"))
    (record,), bad, _ = read(tmp_path / "x.parquet", NAMES, annotator="gold")

    assert (bad, record.item.key, record.item.text) == ([], "7", "Ann Lee flew")
    assert [one["text"] for one in record.annotation.answers["names"]] == ["Ann Lee"]


@pytest.mark.parametrize(
    ("rows", "source", "words"),
    [
        ([{"x": 1}], NAMES, ":1: text: is missing"),
        ([{"tokens": ["a", "b"], "tags": ["O"]}], NAMES, ":1: tags: has 1 tags for 2 tokens"),
        ([{"tokens": ["a", "b"], "tags": [0, 0]}], NAMES, ":1: tags: '0' is no tag such as O, B-PER, I-PER"),
        ([{"tokens": ["a", "b"], "tags": [None, "O"]}], NAMES, ":1: tags: 'None' is no tag"),
        ([{"tokens": ["a", "b"], "tags": ["", "O"]}], NAMES, ":1: tags: '' is no tag"),
        ([{"text": "a", "entities": [{"start": 0, "end": 9, "label": "person"}]}], NAMES, "does not lie within"),
        ([{"text": "a", "label": "sprot"}], TOPICS, "did you mean sport?"),
    ],
)
def test_what_is_wrong_is_named(tmp_path, rows, source, words):
    parquet.write_table(arrow.Table.from_pylist(rows), tmp_path / "x.parquet")
    _, (bad,), _ = read(tmp_path / "x.parquet", source, annotator="ann")

    assert words in bad


def test_labels_and_other_columns(tmp_path):
    rows = [{"text": "a", "label": ["sport"], "url": "u", "n": 1.5}]
    parquet.write_table(arrow.Table.from_pylist(rows), tmp_path / "x.parquet")
    (record,), _, _ = read(tmp_path / "x.parquet", TOPICS)

    assert (record.suggestions[0].value, record.item.meta) == (["sport"], {"url": "u", "n": 1.5})


@pytest.mark.parametrize("column", ["label", "mood"])
@pytest.mark.parametrize(("labels", "meant"), [(["0", "1", "0.5"], ["1", "0.5"]), (["1.0", "0.5"], ["1.0", "0.5"])])
def test_labels_in_a_column_of_floats_are_taken(tmp_path, column, labels, meant):
    """pandas makes one of whole numbers where some are missing."""
    rows = [{"text": text, column: value} for text, value in (("a", 1.0), ("b", 0.5), ("c", None))]
    parquet.write_table(arrow.Table.from_pylist(rows), tmp_path / "x.parquet")
    source = f"name: t\ntasks: [{{id: mood, type: choice, labels: {json.dumps(labels)}}}]\n"
    found, bad, reading = read(tmp_path / "x.parquet", source)

    assert (bad, reading.unknown) == ([], {})
    assert [[one.value for one in record.suggestions] for record in found] == [[meant[0]], [meant[1]], []]
    assert not any(record.item.meta for record in found)


@pytest.mark.parametrize("number", [3, 3.0])
def test_numbers_are_ids_and_names_and_moments_are_times(tmp_path, number):
    """pandas makes 3.0 of 3 where others of the column are missing."""
    at = datetime(2026, 1, 31, 12, tzinfo=UTC)
    rows = [{"id": number, "text": "a", "mood": "good", "annotator": number, "submitted_at": at}]
    parquet.write_table(arrow.Table.from_pylist(rows), tmp_path / "x.parquet")
    (record,), bad, _ = read(tmp_path / "x.parquet", MOOD)

    assert (bad, record.item.key, record.annotation.annotator) == ([], "3", "3")
    assert record.annotation.submitted_at == "2026-01-31T12:00:00.000Z"


@given(st.data())
def test_any_bytes_are_read_or_refused_in_words(folder, data):
    good = folder / "fuzz" / "good.parquet"
    write("datasets", [said("Ann flew", {"names": [{"start": 0, "end": 3, "label": "person"}]})], NAMES, good)
    refused_in_words(given_file(folder, "bad.parquet", b""), NAMES, data.draw(spoilt(good.read_bytes())), "datasets")
