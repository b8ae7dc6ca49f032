"""fastText's lines, held to its own rule for what is a label."""

from __future__ import annotations

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from labelled import spoilt
from labelled_texts import MOOD, TEXTS, TOPICS, given_file, read, refused_in_words, said, write

from tui_label.core.annotation import Flag


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("fasttext")


@example("___label__x __label____label__y\t__label__", [])
@given(TEXTS, st.sampled_from([[], ["sport"], ["hard money", "日本"]]))
def test_texts_and_labels_come_back(folder, text, labels):
    path = folder / "x.txt"
    dropped = write("fasttext", [said(text, {"topics": labels}), said("end", {"topics": ["sport"]})], TOPICS, path)
    good, bad, _ = read(path, TOPICS, "fasttext", "ann")
    kept = re.sub("\r\n|[\r\n]", " ", re.sub("[\ud800-\udfff]", "\ufffd", text))
    kept = "".join(re.sub("^__label__", "_label__", word) for word in re.split("([ \t\v\f\0])", kept))

    assert bad == []
    assert good[-1].item.text == "end"
    assert dropped.get("blank texts", 0) == (not kept.strip()) == 2 - len(good)
    if kept.strip():
        assert (good[0].item.text, good[0].annotation.answers) == (kept, {"topics": labels})
        # fastText's own reading: words between blanks, labels are those with the prefix
        words = path.read_text(encoding="utf-8-sig").split("\n")[0].split(" ")
        assert [one for one in words if one.startswith("__label__")] == [
            "__label__" + label.replace(" ", "_") for label in labels
        ]


def test_a_file_is_known_by_its_labels(tmp_path):
    path = given_file(tmp_path, "x.txt", "__label__good __label__so_so fine\n\n__label__good\tx\n__label__so_so y")
    good, bad, reading = read(path, TOPICS.replace("sport", "good").replace("hard money", "so so"), annotator="ann")

    assert [(one.item.text, one.annotation.answers) for one in good] == [
        ("fine", {"topics": ["good", "so so"]}), ("x", {"topics": ["good"]}), ("y", {"topics": ["so so"]}),
    ]  # fmt: skip
    assert (bad, reading.blank) == ([], 1)


def test_what_cannot_be_carried_is_counted(tmp_path):
    rows = [said("a\nb __label__", {"mood": "so so"}, flags=(Flag("ambiguous"),))]

    assert write("fasttext", rows, MOOD, tmp_path / "x.txt") == {
        "blanks in labels": 1, "flags": 1, "line breaks in texts": 1, "words that look like labels": 1,
    }  # fmt: skip


@given(spoilt(b"__label__good fine\n__label__so_so __label__good x\n"))
def test_any_bytes_are_read_or_refused_in_words(folder, data):
    refused_in_words(folder / "bad.txt", MOOD, data, "fasttext")
