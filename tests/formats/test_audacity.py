"""Audacity's label tracks."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from labelled import EVENTS, TRANSCRIPT, clip, half, read, refused_in_words, said, segments, sort, spoilt, value, write

from tui_label.core.tasks import Segment
from tui_label.formats import recognition

TRACK = "2.150000\t2.150000\tpoint\r\n3.400000\t6.1\tsaid\there\r\n\\\t100.0\t200.0\r\n7\t8\r\n"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("audacity")
    clip(folder / "a.wav")
    return folder


@given(segments())
def test_what_was_said_comes_back(folder, found):
    dropped = write("audacity", [said(found)], TRANSCRIPT, folder)
    (record,), bad, _ = read("audacity", folder / "a.txt", TRANSCRIPT)
    carried = [Segment(one.start, one.end, text=half(re.sub(r"\r\n|\r|\n", " ", one.text))) for one in found]

    assert bad == []
    assert sort(value(record)) == sort(carried)
    assert record.item.meta == {}
    assert (dropped == {}) == (sort(carried) == sort(found))


@given(segments(("dog", "car horn")))
@settings(max_examples=30)
def test_labels_come_back_where_the_project_has_them(folder, found):
    write("audacity", [said(found)], EVENTS, folder)
    (record,), _, _ = read("audacity", folder / "a.txt", EVENTS)

    assert sort(value(record)) == sort(Segment(one.start, one.end, one.label) for one in found)


@given(spoilt(TRACK.encode()))
def test_any_bytes_are_read_or_refused_in_words(folder, data):
    refused_in_words("audacity", folder / "a.txt", TRANSCRIPT, data)


def test_a_track_goes_out_as_it_came(tmp_path):
    clip(tmp_path / "a.wav")
    (tmp_path / "a.txt").write_text(TRACK, newline="")
    (record,), _, reading = read("audacity", tmp_path / "a.txt", TRANSCRIPT)
    write("audacity", [said(value(record), record.item)], TRANSCRIPT, tmp_path / "out")

    assert (tmp_path / "out/a.txt").read_bytes() == TRACK.encode()
    assert reading.left_out == {"labels of points in time": 1}


def test_lines_of_what_changed_are_new_and_all_others_stay(tmp_path):
    clip(tmp_path / "a.wav")
    (tmp_path / "a.txt").write_text(TRACK, newline="")
    (record,), _, _ = read("audacity", tmp_path / "a.txt", TRANSCRIPT)
    before, last = value(record)
    write("audacity", [said([before, Segment(7.5, last.end, text="x")], record.item)], TRANSCRIPT, tmp_path / "out")

    assert (tmp_path / "out/a.txt").read_bytes() == TRACK.replace("7\t8", "7.500000\t8.000000\tx").encode()


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("1.0 2.0 x", "parted by tabs"),
        ("nan\t2.0\tx", "a.txt:2: start: must be seconds from 0 on, not 'nan'"),
        ("-1\t2.0\tx", "start: must be seconds"),
        ("3.0\t2.0\tx", "a.txt:2: end: 2.0 lies before the start 3.0"),
        ("1e9\t2e9\tx", "start: must be seconds"),
        ("99\t120\tx", "does not lie within the sound's 100.000 seconds"),
    ],
)
def test_a_bad_line_is_named(tmp_path, line, words):
    clip(tmp_path / "a.wav")
    (tmp_path / "a.txt").write_text(f"0\t1\tx\n{line}\n")
    good, (bad,), _ = read("audacity", tmp_path / "a.txt", TRANSCRIPT)

    assert good == []
    assert words in bad


def test_labels_the_project_does_not_have(tmp_path):
    clip(tmp_path / "a.wav")
    (tmp_path / "a.txt").write_text("0\t1\tcat\n")
    (record,), bad, reading = read("audacity", tmp_path / "a.txt", EVENTS)
    answers, (refused,), _ = read("audacity", tmp_path / "a.txt", EVENTS, "ann")

    assert (record.suggestions, bad) == ((), [])
    assert record.item.meta["segments"] == [{"start": 0.0, "end": 1.0, "label": "cat"}]
    assert "'cat'" in next(iter(reading.unknown))
    assert answers == [] and "'cat'" in refused


def test_a_track_is_recognised_beside_its_recording_only(tmp_path):
    (tmp_path / "a.txt").write_text("0.0\t1.0\tx\n")
    alone = recognition.recognise(tmp_path / "a.txt").name
    clip(tmp_path / "a.wav")

    assert (alone, recognition.recognise(tmp_path / "a.txt").name) == ("text", "audacity")
