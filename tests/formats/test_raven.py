"""Raven's selection tables."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from labelled import EVENTS, TRANSCRIPT, clip, half, read, refused_in_words, said, segments, sort, spoilt, value, write

from tui_label.core.tasks import Segment
from tui_label.formats import recognition

HEADER = "Selection\tView\tChannel\tBegin Time (s)\tEnd Time (s)\tLow Freq (Hz)\tHigh Freq (Hz)"
TABLE = (
    f"{HEADER}\tSpecies\r\n"
    "1\tWaveform 1\t1\t0.5\t1.25\t\t\tdog\r\n"
    "1\tSpectrogram 1\t1\t0.5\t1.25\t100.0\t900.5\tdog\r\n"
    "7\tSpectrogram 1\t1\t2.000000001\t3\t0\t50\tcar horn\r\n"
)
NAME = "a.Table.1.selections.txt"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("raven")
    clip(folder / "a.wav")
    return folder


@given(segments())
def test_what_was_said_comes_back(folder, found):
    dropped = write("raven", [said(found)], TRANSCRIPT, folder)
    (record,), bad, _ = read("raven", folder / NAME, TRANSCRIPT)
    wanted = [Segment(one.start, one.end, text=half(re.sub(r"\r\n|[\r\n\t]", " ", one.text))) for one in found]

    assert bad == []
    assert sort(value(record)) == sort(wanted)
    assert (dropped == {}) == (sort(wanted) == sort(found))


@given(spoilt(TABLE.encode()))
def test_any_bytes_are_read_or_refused_in_words(folder, data):
    refused_in_words("raven", folder / NAME, EVENTS, data)


def test_a_table_goes_out_as_it_came_but_for_what_changed(tmp_path):
    clip(tmp_path / "a.wav")
    (tmp_path / NAME).write_text(TABLE, newline="")
    (record,), _, reading = read("raven", tmp_path / NAME, EVENTS)
    dog, horn = value(record)
    assert (dog, horn) == (Segment(0.5, 1.25, "dog"), Segment(2.000000001, 3, "car horn"))
    assert reading.left_out == {"rows of other views": 1}

    write("raven", [said([dog, horn], record.item)], EVENTS, tmp_path / "same")
    write("raven", [said([dog, Segment(4, 5, "dog")], record.item)], EVENTS, tmp_path / "other")

    assert (tmp_path / "same" / NAME).read_bytes() == TABLE.encode()
    lines = TABLE.split("\r\n")
    new = "8\tSpectrogram 1\t1\t4.000000\t5.000000\t0.000\t50.000\tdog"
    assert (tmp_path / "other" / NAME).read_bytes().decode().split("\r\n") == [*lines[:3], new, ""]


def test_a_table_about_several_recordings(tmp_path):
    for seed, name in enumerate(("x.wav", "y.wav")):
        clip(tmp_path / name, seed=seed)
    (tmp_path / "t.txt").write_text(
        "Begin Time (s)\tEnd Time (s)\tBegin File\tFile Offset (s)\tAnnotation\n"
        "1\t2.5\tx.wav\t1\tdog\n"
        "101\t102.25\ty.wav\t1.5\tcar horn\n"
    )
    assert recognition.recognise(tmp_path / "t.txt").name == "raven"
    (one, two), bad, _ = read("raven", tmp_path / "t.txt", EVENTS)

    assert bad == []
    assert (value(one), value(two)) == ([Segment(1, 2.5, "dog")], [Segment(1.5, 2.75, "car horn")])
    assert [record.item.sound.path for record in (one, two)] == ["x.wav", "y.wav"]


@pytest.mark.parametrize(
    ("before", "now", "words"),
    [
        ("2.000000001", "nan", "selections.txt:4: Begin Time (s): must be seconds"),
        ("\t3\t", "\t1\t", "selections.txt:4: End Time (s): 1 is not after the begin"),
        ("Begin Time (s)", "Begin", "selections.txt:1: is no header of a selection table"),
        ("\t3\t0\t50\tcar horn", "", "selections.txt:4: End Time (s): must be seconds"),
    ],
)
def test_what_is_wrong_is_named_with_its_line(tmp_path, before, now, words):
    clip(tmp_path / "a.wav")
    (tmp_path / NAME).write_text(TABLE.replace(before, now), newline="")
    good, (bad,), _ = read("raven", tmp_path / NAME, EVENTS)

    assert good == []
    assert words in bad
