"""spaCy's DocBin and JSON, read by spaCy itself."""

from __future__ import annotations

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from labelled import spoilt
from labelled_texts import MOOD, NAMES, SLOTS, TEXTS, given_file, read, refused_in_words, said, spans, uncut, write

spacy = pytest.importorskip("spacy")
from spacy.tokens import Doc, DocBin  # noqa: E402

PAIR = [["Ann flew", {"entities": [[0, 3, "person"]], "cats": {"fly": 1.0, "eat out": 0.0}}]]
DOC = [{"text": "Ann flew", "ents": [{"start": 0, "end": 3, "label": "person"}], "tokens": [], "spans": {"sc": [{"start": 0, "end": 8, "label": "big place", "kb_id": ""}]}}]  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("spacy")


def seen_by_spacy(path):
    vocab = spacy.blank("xx").vocab
    if path.suffix == ".spacy":
        return list(DocBin().from_disk(path).get_docs(vocab))
    return [Doc(vocab).from_json(one) for one in json.loads(path.read_text())]


def test_a_label_of_an_earlier_revision_that_is_gone_holds(tmp_path):
    write("spacy", [said("a", {"intent": ["gone"]})], SLOTS, tmp_path / "x.spacy")

    assert seen_by_spacy(tmp_path / "x.spacy")[0].cats == {"fly": 0, "eat out": 0, "gone": 1}


@given(st.data(), TEXTS)
@pytest.mark.parametrize("name", ["spacy", "spacy-json"])
def test_what_was_said_comes_back_and_spacy_sees_the_same(folder, name, data, text):
    path = folder / ("x.spacy" if name == "spacy" else "x.json")
    found = data.draw(spans(text))
    intent = data.draw(st.sampled_from([[], ["fly"], ["fly", "eat out"]]))
    rows = [said(text, {"intent": intent, "names": found}), said("Ann", {"names": [], "intent": []}, "bob", "k2")]
    write(name, rows, SLOTS, path)
    good, bad, _ = read(path, SLOTS)
    exact = re.sub("[\ud800-\udfff]", "\ufffd", text)
    blanks = "".join(one for one in set(exact) if re.fullmatch(r"\s", one))
    wanted = set().union(*(uncut(exact, one["start"], one["end"], one["label"], blanks) for one in found))
    first = good[0]

    assert bad == []
    assert (first.item.key, first.item.text, first.annotation.annotator) == ("k", exact, "ann")
    assert first.annotation.answers["intent"] == intent
    assert {(one["start"], one["end"], one["label"]) for one in first.annotation.answers["names"]} == wanted
    assert (good[1].item.key, good[1].annotation.annotator, good[1].annotation.answers) == (
        "k2",
        "bob",
        rows[1][1].answers,
    )
    theirs = seen_by_spacy(path)
    assert [doc.text for doc in theirs] == [exact, "Ann"]
    assert {
        (one.start_char, one.end_char, one.label_) for one in (*theirs[0].ents, *theirs[0].spans.get("sc", ()))
    } == wanted
    assert theirs[0].cats == {label: float(label in intent) for label in ("fly", "eat out")}


def test_what_was_not_asked_is_not_said_to_be_none(tmp_path):
    write("spacy", [said("Ann flew", {})], SLOTS, tmp_path)
    (doc,) = seen_by_spacy(tmp_path / "annotations.spacy")

    assert not doc.has_annotation("ENT_IOB")
    assert read(tmp_path / "annotations.spacy", SLOTS)[0][0].annotation is None


@pytest.mark.parametrize(("found", "texts"), [(PAIR, ["Ann"]), (DOC, ["Ann", "Ann flew"])])
def test_json_from_elsewhere(tmp_path, found, texts):
    (record,), bad, _ = read(given_file(tmp_path, "x.json", json.dumps(found)), SLOTS, annotator="gold")

    assert bad == []
    assert [one["text"] for one in record.annotation.answers["names"]] == texts
    assert record.annotation.answers.get("intent") == (["fly"] if found is PAIR else None)


def test_categories_choose_the_likeliest(tmp_path):
    found = [["x", {"cats": {"good": 0.6, "so so": 0.9, "日本": 0.1}}]]
    (record,), _, _ = read(given_file(tmp_path, "x.json", json.dumps(found)), MOOD, "spacy-json")

    assert [one.value for one in record.suggestions] == ["so so"]


@pytest.mark.parametrize(
    ("found", "words"),
    [
        ([["Ann", {"entities": [[0, 9, "person"]]}]], "x.json:1: spans: span 0-9 does not lie within"),
        ([["Ann", {"entities": [[0, 3]]}]], "x.json:1: ents: is no span"),
        ([["Ann", {"cats": {"x": 1}}]], "the project has no choice or choices task"),
        ([7], "must be a Doc"),
        ([{"text": "Ann", "ents": [], "meta": "{"}], "meta: not JSON"),
    ],
)
def test_what_is_wrong_is_named(tmp_path, found, words):
    _, (bad,), _ = read(given_file(tmp_path, "x.json", json.dumps(found)), NAMES, "spacy-json", "ann")

    assert words in bad


@given(st.data())
@pytest.mark.parametrize("name", ["spacy", "spacy-json"])
def test_any_bytes_are_read_or_refused_in_words(folder, name, data):
    path = folder / ("good.spacy" if name == "spacy" else "good.json")
    write(name, [said("Ann flew", {"names": [{"start": 0, "end": 3, "label": "person"}]})], SLOTS, path)
    refused_in_words(folder / "bad", SLOTS, data.draw(spoilt(path.read_bytes())), name)
