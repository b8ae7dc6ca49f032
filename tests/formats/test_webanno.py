"""WebAnno TSV 3, and an independent look at what its rules ask for."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from labelled import spoilt
from labelled_texts import NAMES, TEXTS, given_file, read, refused_in_words, said, spans, uncut, write

INCEPTION = """\
#FORMAT=WebAnno TSV 3.3
#T_SP=de.tudarmstadt.ukp.dkpro.core.api.lexmorph.type.pos.POS|PosValue
#T_SP=webanno.custom.Span|value
#T_SP=webanno.custom.Mood|mood|strength
#T_RL=webanno.custom.Rel|kind|BT_webanno.custom.Span


#Text=I like Ann Lee 😊 .
1-1\t0-1\tI\tPRP\t_\t_\t_\t_\t_\t
1-2\t2-6\tlike\tVB\t_\thappy\t3\t_\t_\t
1-3\t7-10\tAnn\tNP\tperson[1]|big place[2]\t_\t_\tknows\t1-1\t
1-4\t11-14\tLee\tNP\tperson[1]\t_\t_\t_\t_\t
1-5\t15-17\t😊\tUH\t*\t_\t_\t_\t_\t
1-6\t18-19\t.\t.\t_\t_\t_\t_\t_\t

#Text=Or Bobby\\t!
2-1\t20-22\tOr\tCC\t_\t_\t_\t_\t_\t
2-2\t23-28\tBobby\tNP\t_\t_\t_\t_\t_\t
2-2.1\t23-26\tBob\t_\tperson\t_\t_\t_\t_\t
2-3\t29-30\t!\t.\t_\t_\t_\t_\t_\t
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("webanno")


@given(st.data(), TEXTS, st.sampled_from(["k", "a/b", "日本"]))
def test_what_was_said_comes_back(tmp_path_factory, data, text, key):
    folder = tmp_path_factory.mktemp("w")
    found = data.draw(spans(text))
    write("webanno", [said(text, {"names": found}, key=key)], NAMES, folder)
    (record,), bad, _ = read(folder, NAMES, annotator="ann")
    exact = re.sub("[\ud800-\udfff]", "\ufffd", text)
    blanks = "".join(one for one in set(exact) if re.fullmatch(r"\s", one))
    wanted = set().union(*(uncut(exact, one["start"], one["end"], one["label"], blanks) for one in found))

    assert (bad, record.item.key, record.item.text) == ([], key, exact)
    assert {(one["start"], one["end"], one["label"]) for one in record.annotation.answers["names"]} == wanted


def test_what_inception_writes(tmp_path):
    (record,), bad, reading = read(given_file(tmp_path, "x.tsv", INCEPTION), NAMES, annotator="ann")

    assert (bad, record.item.text) == ([], "I like Ann Lee 😊 .\nOr Bobby\t!")
    assert [(one["text"], one["label"]) for one in record.annotation.answers["names"]] == [
        ("Ann", "big place"), ("Ann Lee", "person"), ("Bob", "person"),
    ]  # fmt: skip
    assert reading.left_out == {
        "layers of relations or chains: Rel": 1,
        "annotations of layer Mood": 1,
        "annotations without a label": 1,
    }


def test_what_is_written_keeps_the_rules_of_the_format(tmp_path):
    """Offsets are UTF-16 units, `[n]` where tokens share a span or a token has several, signs are escaped."""
    source = "name: n\ntasks: [{id: names, type: spans, overlap: true, labels: [a_b, 'c|d[1]']}]\n"
    found = [
        {"start": 2, "end": 9, "label": "a_b"},
        {"start": 2, "end": 5, "label": "c|d[1]"},
        {"start": 10, "end": 11, "label": "a_b"},
        {"start": 12, "end": 17, "label": "a_b"},
    ]
    write("webanno", [said("😊 Ann Lee\n! Oh no", {"names": found})], source, tmp_path)
    lines = (tmp_path / "ann/k.tsv").read_text().split("\n")

    assert lines == [
        "#FORMAT=WebAnno TSV 3.3", "#T_SP=de.tudarmstadt.ukp.dkpro.core.api.ner.type.NamedEntity|identifier|value", "", "",
        "#Text=😊 Ann Lee", "#Text=! Oh no", "1-1\t0-2\t😊\t_\t_\t",
        "1-2\t3-6\tAnn\t*[1]|*[2]\tc\\|d\\[1\\][1]|a\\_b[2]\t", "1-3\t7-10\tLee\t*[2]\ta\\_b[2]\t",
        "1-4\t11-12\t!\t*\ta\\_b\t", "1-5\t13-15\tOh\t*[4]\ta\\_b[4]\t",
        "1-6\t16-18\tno\t*[4]\ta\\_b[4]\t", "",
    ]  # fmt: skip
    (record,), _, _ = read(tmp_path, source, annotator="ann")
    assert {(one["start"], one["end"], one["label"]) for one in record.annotation.answers["names"]} == {
        (one["start"], one["end"], one["label"]) for one in found
    }


def test_offsets_in_code_points_are_found_by_their_tokens(tmp_path):
    text = INCEPTION.partition("\n\n#Text=Or")[0].replace("15-17", "15-16").replace("18-19", "17-18")
    (record,), bad, reading = read(given_file(tmp_path, "x.tsv", text), NAMES)

    assert (bad, record.item.text, reading.repaired) == ([], "I like Ann Lee 😊 .", 6)


@pytest.mark.parametrize(
    ("before", "now", "words"),
    [
        ("7-10\tAnn", "7-11\tAnn", "x.tsv:11: 7-11 says 'Ann', which is not there"),
        ("1-3\t7-10", "1-3\t7", "x.tsv:11: is no token"),
        ("person[1]|", "person[1]x|", "x.tsv:11: 'person[1]x' is no label"),
        ("big place", "dragon", "is no label of this project"),
    ],
)
def test_what_is_wrong_is_named_with_its_line(tmp_path, before, now, words):
    good, (bad,), _ = read(given_file(tmp_path, "x.tsv", INCEPTION.replace(before, now, 1)), NAMES, annotator="ann")

    assert good == []
    assert words in bad


@given(spoilt(INCEPTION.encode()))
def test_any_bytes_are_read_or_refused_in_words(folder, data):
    refused_in_words(folder / "bad.tsv", NAMES, data, "webanno")


def tsv(text: str, label: str = "_") -> str:
    """A document of two words as INCEpTION writes it, with a label for the first."""
    first, second = text.split()
    rows = f"1-1\t0-{len(first)}\t{first}\t{label}\t\n1-2\t{len(first) + 1}-{len(text)}\t{second}\t_\t\n"
    return f"#FORMAT=WebAnno TSV 3.3\n#T_SP=webanno.custom.Span|value\n\n\n#Text={text}\n{rows}"


@pytest.fixture
def export(tmp_path):
    """A project that INCEpTION exported and somebody unpacked."""
    given_file(tmp_path, "annotation/one.txt/INITIAL_CAS.tsv", tsv("Ann flew"))
    given_file(tmp_path, "annotation/one.txt/alice.tsv", tsv("Ann flew", "person"))
    given_file(tmp_path, "annotation/one.txt/bob.tsv", tsv("Ann flew", "big place"))
    given_file(tmp_path, "annotation/two.txt/alice.tsv", tsv("Bob ran"))
    given_file(tmp_path, "annotation/three.txt/INITIAL_CAS.tsv", tsv("Rome fell", "big place"))
    (tmp_path / "source").mkdir()
    given_file(tmp_path, "curation/one.txt/CURATION_USER.tsv", tsv("Ann flew", "person"))
    return tmp_path


def said_by(good):
    return sorted(
        (one.item.key, one.annotation.annotator, [span["label"] for span in one.annotation.answers["names"]])
        for one in good
        if one.annotation is not None
    )


def test_an_export_of_inception_names_documents_and_annotators(export):
    good, bad, reading = read(export, NAMES)
    (fresh,) = [one for one in good if one.item.key == "three.txt"]

    assert (bad, said_by(good)) == (
        [], [("one.txt", "alice", ["person"]), ("one.txt", "bob", ["big place"]), ("two.txt", "alice", [])],
    )  # fmt: skip
    assert (fresh.annotation, [one.value["label"] for one in fresh.suggestions]) == (None, ["big place"])
    assert reading.left_out == {"curated answers, which --gold takes as known ones": 1}


def test_what_was_curated_is_a_known_answer(export):
    good, bad, reading = read(export, NAMES, gold="check")

    assert bad == []
    assert [(one.item.key, one.annotation, one.gold.answers["names"][0]["label"]) for one in good] == [
        ("one.txt", None, "person")
    ]
    assert reading.left_out == {"answers of annotators beside curated ones": 4}


def test_curated_answers_alone_are_whose_one_says(export):
    assert said_by(read(export / "curation", NAMES, annotator="jo")[0]) == [("one.txt", "jo", ["person"])]


def test_what_was_exported_of_several_comes_back(tmp_path):
    found = [{"start": 0, "end": 3, "label": "person", "text": "Ann"}]
    rows = [said("Ann flew", {"names": found}, "Jo Doe"), said("Ann flew", {"names": []}, "bob")]
    write("webanno", rows, NAMES, tmp_path)

    assert said_by(read(tmp_path, NAMES)[0]) == [("k", "Jo Doe", ["person"]), ("k", "bob", [])]


def test_a_folder_of_ours_may_be_called_annotation(tmp_path):
    found = [{"start": 0, "end": 3, "label": "person", "text": "Ann"}]
    write("webanno", [said("Ann flew", {"names": found})], NAMES, tmp_path / "annotation")

    assert [one.item.key for one in read(tmp_path / "annotation", NAMES)[0]] == ["k"]
