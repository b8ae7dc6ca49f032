"""brat standoff: pairs, folders, and an independent look at what its rules ask for."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from labelled import spoilt
from labelled_texts import NAMES, TEXTS, given_file, read, refused_in_words, said, spans, uncut, write

TEXT = "😊 Ann Lee\r\nflew to New\r\nYork"
ANN = """\
T1\tperson 2 9\tAnn Lee
T2\tbig_place 18 21;22 26\tNew York
T3\tperson 2 5;10 14\tAnn flew
E1\tperson:T1 Theme:T2
R1\tOrigin Arg1:T1 Arg2:T2
*\tEquiv T1 T2
A1\tNegation E1
N1\tReference T1 Wikipedia:1\tAnn
#1\tAnnotatorNotes T1\tsure
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("brat")


@given(st.data(), TEXTS, st.sampled_from(["k", "a/b c", "../x", ".hidden", "日本", "50%", " x ", "~0a", "%41"]))
def test_what_was_said_comes_back(tmp_path_factory, data, text, key):
    folder = tmp_path_factory.mktemp("b")
    found = data.draw(spans(text))
    dropped = write("brat", [said(text, {"names": found}, key=key)], NAMES, folder)
    (record,), bad, _ = read(folder, NAMES, annotator="ann")
    exact = re.sub("[\ud800-\udfff]", "\ufffd", text)
    plain = exact.replace("\r\n", "\n").replace("\r", "\n")
    wanted = set()
    for one in found:
        start, end = (len(exact[: one[edge]].replace("\r\n", "\n")) for edge in ("start", "end"))
        wanted |= uncut(plain, start, end, one["label"], "\n")

    assert (bad, record.item.key, record.item.text) == ([], key, plain)
    assert {(one["start"], one["end"], one["label"]) for one in record.annotation.answers["names"]} == wanted
    assert ("texts with carriage returns that brat takes for line breaks" in dropped) == ("\r" in exact)


def test_every_line_is_as_brats_rules_ask(tmp_path):
    """No piece holds a line break, the covered text is that of the pieces, ids are unique."""
    text = "Ann\nLee flew to New\n\nYork"
    found = [{"start": 0, "end": 7, "label": "person"}, {"start": 16, "end": 25, "label": "big place"}]
    write("brat", [said(text, {"names": found}), said(text, {"names": []}, "bob")], NAMES, tmp_path)

    assert (tmp_path / "ann/k.ann").read_text() == "T1\tperson 0 3;4 7\tAnn Lee\nT2\tbig_place 16 19;21 25\tNew York\n"
    assert (tmp_path / "ann/k.txt").read_text() == text
    assert (tmp_path / "bob/k.ann").read_text() == ""
    assert "[entities]\nperson\nbig_place\n" in (tmp_path / "ann/annotation.conf").read_text()


def test_a_pair_from_elsewhere(tmp_path):
    given_file(tmp_path, "x.txt", TEXT)
    (record,), bad, reading = read(given_file(tmp_path, "x.ann", ANN), NAMES)

    assert (bad, record.item.key) == ([], "x")
    assert [(one.value["text"], one.value["label"]) for one in record.suggestions] == [
        ("Ann Lee", "person"), ("New\nYork", "big place"),
    ]  # fmt: skip
    assert reading.left_out == {
        "discontinuous spans": 1, "events": 1, "relations": 1, "equivalences": 1, "attributes": 1, "normalizations": 1,
        "notes": 1,
    }  # fmt: skip


@pytest.mark.parametrize("place", ["15 19", "16 20", "17 21", "18 22"])
def test_offsets_in_other_units_are_found_by_what_they_cover(tmp_path, place):
    """Code points, UTF-16 units or CR LF as two characters, bytes."""
    given_file(tmp_path, "x.txt", "😊é Ann\r\nflew York")
    start = {"15 19": 12, "16 20": 13, "17 21": 13, "18 22": 16}[place]
    (record,), bad, reading = read(given_file(tmp_path, "x.ann", f"T1\tperson {start} {start + 4}\tYork\n"), NAMES)

    assert (bad, record.suggestions[0].value["start"]) == ([], 12)
    assert reading.repaired == (start != 12)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("T1\tperson 2 9\tBob", "x.ann:2: spans: span 2 9 says 'Bob', which is not there"),
        ("T1 person 2 9 Ann", "x.ann:2: is no span such as T1"),
        ("T1\tperson 2 99\tAnn", "which is not there"),
    ],
)
def test_what_is_wrong_is_named_with_its_line(tmp_path, line, words):
    given_file(tmp_path, "x.txt", TEXT)
    good, (bad,), _ = read(given_file(tmp_path, "x.ann", f"\n{line}\n"), NAMES)

    assert good == []
    assert words in bad


def test_the_text_must_be_there(tmp_path):
    _, (bad,), _ = read(given_file(tmp_path, "x.ann", ANN), NAMES)

    assert bad == f"{tmp_path}/x.ann: its text, x.txt, is not beside it"


@given(spoilt(ANN.encode()))
def test_any_bytes_are_read_or_refused_in_words(folder, data):
    given_file(folder, "bad.txt", TEXT)
    refused_in_words(folder / "bad.ann", NAMES, data, "brat")


def said_by(good):
    return sorted(
        (one.item.key, one.annotation.annotator, [span["text"] for span in one.annotation.answers["names"]])
        for one in good
        if one.annotation is not None
    )


def test_folders_with_the_same_documents_are_annotators(tmp_path):
    """Also of a document that only one of them has; what one found nothing in is answered."""
    for name, found in (("alice", "T1\tperson 0 3\tAnn\n"), ("bob", "")):
        given_file(tmp_path, f"{name}/1.txt", "Ann flew")
        given_file(tmp_path, f"{name}/1.ann", found)
    given_file(tmp_path, "bob/2.txt", "Bob ran")
    given_file(tmp_path, "bob/2.ann", "T1\tperson 0 3\tBob\n")
    good, bad, _ = read(tmp_path, NAMES)

    assert (bad, said_by(good)) == ([], [("1", "alice", ["Ann"]), ("1", "bob", []), ("2", "bob", ["Bob"])])
    assert said_by(read(tmp_path / "bob", NAMES)[0]) == [], "what lies beside the folder that was named may be a copy"


def test_what_was_exported_of_several_comes_back(tmp_path):
    found = [{"start": 0, "end": 3, "label": "person", "text": "Ann"}]
    rows = [said("Ann flew", {"names": found}, "Jo Doe"), said("Ann flew", {"names": []}, "bob")]
    write("brat", rows, NAMES, tmp_path)

    assert said_by(read(tmp_path, NAMES)[0]) == [("k", "Jo Doe", ["Ann"]), ("k", "bob", [])]


def test_parts_of_a_corpus_are_nobodys(tmp_path):
    for part, text in (("train", "Ann flew"), ("dev", "Ann ran")):
        given_file(tmp_path, f"{part}/1.txt", text)
        given_file(tmp_path, f"{part}/1.ann", "T1\tperson 0 3\tAnn\n")
    good, _, _ = read(tmp_path, NAMES)

    assert [(one.annotation, len(one.suggestions)) for one in good] == [(None, 1), (None, 1)]
