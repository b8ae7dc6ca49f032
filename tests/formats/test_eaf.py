"""ELAN's EAF, beside pympi-ling."""

from __future__ import annotations

from dataclasses import replace

import pympi
import pytest
from hypothesis import given
from labelled import BOTH, TRANSCRIPT, clip, item, read, refused_in_words, said, segments, sort, spoilt, value, write

from tui_label.core.tasks import Segment
from tui_label.formats.eaf import NO_XML

ELAN = """\
<?xml version="1.0" encoding="UTF-8"?>
<ANNOTATION_DOCUMENT AUTHOR="x" DATE="2020-01-01T00:00:00+00:00" FORMAT="3.0" VERSION="3.0">
  <HEADER MEDIA_FILE="" TIME_UNITS="milliseconds">
    <MEDIA_DESCRIPTOR MEDIA_URL="file:///C:/there/my%20call.wav" MIME_TYPE="audio/x-wav" RELATIVE_MEDIA_URL="./my%20call.wav"/>
  </HEADER>
  <TIME_ORDER>
    <TIME_SLOT TIME_SLOT_ID="ts1" TIME_VALUE="500"/>
    <TIME_SLOT TIME_SLOT_ID="ts2" TIME_VALUE="1250"/>
    <TIME_SLOT TIME_SLOT_ID="ts3"/>
  </TIME_ORDER>
  <TIER LINGUISTIC_TYPE_REF="t" PARTICIPANT="Ann Lee" TIER_ID="A_Transcription">
    <ANNOTATION>
      <ALIGNABLE_ANNOTATION ANNOTATION_ID="a1" TIME_SLOT_REF1="ts1" TIME_SLOT_REF2="ts2">
        <ANNOTATION_VALUE>hello &amp; bye</ANNOTATION_VALUE>
      </ALIGNABLE_ANNOTATION>
    </ANNOTATION>
    <ANNOTATION>
      <ALIGNABLE_ANNOTATION ANNOTATION_ID="a2" TIME_SLOT_REF1="ts2" TIME_SLOT_REF2="ts3"><ANNOTATION_VALUE/></ALIGNABLE_ANNOTATION>
    </ANNOTATION>
  </TIER>
  <TIER LINGUISTIC_TYPE_REF="g" PARENT_REF="A_Transcription" TIER_ID="A_Gloss">
    <ANNOTATION>
      <REF_ANNOTATION ANNOTATION_ID="a3" ANNOTATION_REF="a1"><ANNOTATION_VALUE>hallo</ANNOTATION_VALUE></REF_ANNOTATION>
    </ANNOTATION>
  </TIER>
</ANNOTATION_DOCUMENT>
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("eaf")
    clip(folder / "a.wav")
    return folder


@given(segments(("", "dog", "car horn")))
def test_what_was_said_comes_back(folder, found):
    dropped = write("eaf", [said(found)], BOTH, folder)
    (record,), bad, _ = read("eaf", folder / "a.eaf", BOTH)
    carried = [
        Segment(
            round(one.start * 1000) / 1000,
            round(one.end * 1000) / 1000,
            one.label,
            NO_XML.sub("\ufffd", one.text),
            NO_XML.sub("\ufffd", one.speaker),
        )
        for one in found
    ]
    carried = [one for one in carried if one.start < one.end]

    assert bad == []
    assert sort(value(record)) == sort(carried)
    assert (dropped == {}) == (sort(carried) == sort(found))


@given(spoilt(ELAN.encode()))
def test_any_bytes_are_read_or_refused_in_words(folder, data):
    refused_in_words("eaf", folder / "a.eaf", TRANSCRIPT, data)


def test_a_file_of_elans_own(tmp_path):
    clip(tmp_path / "my call.wav")
    (tmp_path / "x.eaf").write_text(ELAN)
    (record,), bad, reading = read("eaf", tmp_path / "x.eaf", TRANSCRIPT)

    assert (value(record), bad) == ([Segment(0.5, 1.25, text="hello & bye", speaker="Ann Lee")], [])
    assert record.item.sound is not None
    assert record.item.sound.path == "my call.wav"
    assert reading.left_out == {"annotations without times": 1, "annotations that hang on others": 1}


def test_times_count_from_where_elan_lets_the_recording_begin(tmp_path):
    """ELAN's "relative offset" of one of several recordings that were made at once."""
    clip(tmp_path / "my call.wav")
    film = '<MEDIA_DESCRIPTOR MEDIA_URL="file:///C:/there/film.mp4" TIME_ORIGIN="90"/>'
    media = f'{film}<MEDIA_DESCRIPTOR TIME_ORIGIN="2345"'
    (tmp_path / "x.eaf").write_text(ELAN.replace("<MEDIA_DESCRIPTOR", media))
    (record,), bad, _ = read("eaf", tmp_path / "x.eaf", TRANSCRIPT)

    assert (value(record), bad) == ([Segment(2.845, 3.595, text="hello & bye", speaker="Ann Lee")], [])


def test_pympi_sees_the_same(tmp_path):
    said_of = [
        Segment(0.5, 1.25, "dog", 'a < "b" & c\nd', "Ann Lee"),
        Segment(1.0, 3.141, "car horn"),
        Segment(2.0, 4.0, "car horn"),
    ]
    write("eaf", [said(said_of, item("deep/my call.wav"))], BOTH, tmp_path)
    eaf = pympi.Eaf(str(tmp_path / "my call.eaf"))
    (linked,) = eaf.get_linked_files()

    assert {name: eaf.get_annotation_data_for_tier(name) for name in eaf.get_tier_names()} == {
        "text@Ann Lee": [(500, 1250, 'a < "b" & c\nd')],
        "label@Ann Lee": [(500, 1250, "dog")],
        "label": [(1000, 3141, "car horn")],
        "label (2)": [(2000, 4000, "car horn")],
    }
    assert linked["MEDIA_URL"] == f"file://{tmp_path}/deep/my%20call.wav"
    assert eaf.get_parameters_for_tier("text@Ann Lee")["PARTICIPANT"] == "Ann Lee"


def test_what_pympi_writes_is_read(tmp_path):
    clip(tmp_path / "a.wav")
    eaf = pympi.Eaf()
    eaf.remove_tier("default")
    for speaker in ("Ann Lee", "Bo"):
        eaf.add_tier(speaker)
    eaf.add_annotation("Ann Lee", 250, 1500, "a <b>")
    eaf.add_annotation("Bo", 1000, 2000, "c\nd")
    eaf.add_linked_file("file:///elsewhere/a.wav", mimetype="audio/x-wav")
    eaf.to_file(str(tmp_path / "b.eaf"))
    (record,), bad, _ = read("eaf", tmp_path / "b.eaf", TRANSCRIPT)

    assert bad == []
    assert value(record) == [
        Segment(0.25, 1.5, text="a <b>", speaker="Ann Lee"),
        Segment(1, 2, text="c\nd", speaker="Bo"),
    ]


@pytest.mark.parametrize(
    ("before", "now", "words"),
    [
        ('TIME_VALUE="1250"', 'TIME_VALUE="-5"', "x.eaf:13: TIME_VALUE: must be milliseconds from 0 on, not '-5'"),
        ('TIME_VALUE="1250"', 'TIME_VALUE="500"', "x.eaf:13: TIME_SLOT_REF2: 0.5 s is not after the start"),
        ('REF2="ts2"', 'REF2="ts9"', "x.eaf:13: TIME_SLOT_REF: no time slot is called 'ts9'"),
        ("</TIER>", "", "not XML: mismatched tag"),
        (ELAN[600:], "", "not XML: "),
        ("ANNOTATION_DOCUMENT", "TRANS", "is no EAF: its outermost element is TRANS"),
        ("milliseconds", "PAL-frames", "x.eaf:3: TIME_UNITS: PAL-frames cannot be read"),
        ("MIME_TYPE", 'TIME_ORIGIN="1.5" MIME_TYPE', "x.eaf:4: TIME_ORIGIN: must be milliseconds, not '1.5'"),
        ('encoding="UTF-8"', 'encoding="klingon"', "x.eaf:1: not XML: unknown encoding"),
    ],
)
def test_what_is_wrong_is_named_with_its_line(tmp_path, before, now, words):
    clip(tmp_path / "my call.wav")
    (tmp_path / "x.eaf").write_text(ELAN.replace(before, now, 1))
    good, (bad, *_), _ = read("eaf", tmp_path / "x.eaf", TRANSCRIPT)

    assert good == []
    assert words in bad


def test_entities_that_multiply_are_refused(tmp_path):
    bombs = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 12))
    text = f'<!DOCTYPE x [<!ENTITY l0 "{"ha" * 500}">{bombs}]><ANNOTATION_DOCUMENT>&l11;</ANNOTATION_DOCUMENT>'
    (tmp_path / "x.eaf").write_text(text)
    good, (bad,), _ = read("eaf", tmp_path / "x.eaf", TRANSCRIPT)

    assert good == []
    assert "not XML: limit on input amplification factor" in bad


def test_utf16_is_read(tmp_path):
    clip(tmp_path / "my call.wav")
    (tmp_path / "x.eaf").write_text(ELAN.replace("UTF-8", "UTF-16"), encoding="utf-16")
    (record,), _, _ = read("eaf", tmp_path / "x.eaf", TRANSCRIPT)

    assert value(record) == [replace(value(record)[0], text="hello & bye")]
