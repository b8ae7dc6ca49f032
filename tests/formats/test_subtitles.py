"""SRT and WebVTT, beside pysubs2 and webvtt-py."""

from __future__ import annotations

import re
from dataclasses import replace

import pysubs2
import pytest
import webvtt
from hypothesis import given, settings
from labelled import EVENTS, TRANSCRIPT, clip, half, read, refused_in_words, said, segments, sort, spoilt, value, write

from tui_label.core.tasks import Segment

SRT = "\ufeff1\r\n00:00:00,500 --> 00:00:01,250\r\nHello\r\nyou\r\n\r\n2\r\n00:00:01,250 --> 00:00:02,000 X1:0\r\n<i>bye</i>\r\n\r\nstill 2\r\n"
VTT = """\
WEBVTT - a title
Kind: captions

NOTE 00:00.000 --> 00:01.000
not a cue

STYLE
::cue { color: red }

first
00:00.500 --> 00:01.250 align:start
<v.loud Ann &amp; Bo>He<b>llo</b> &lt;you&gt;</v>

01:02:03.004 --> 01:02:04.005
<00:00:19.000><c.yellow>bye</c>
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("subtitles")
    clip(folder / "a.wav")
    return folder


def carried(one: Segment, *, vtt: bool) -> Segment:
    """What subtitles can say of a segment."""
    text = "\n".join(line for line in re.split(r"\r\n|\r|\n", one.text) if line.strip())
    start, end = round(one.start * 1000) / 1000, round(one.end * 1000) / 1000
    if vtt:
        return Segment(start, end, text=half(text), speaker=half(" ".join(one.speaker.split())))
    return Segment(start, end, text=half(text.replace("-->", "->")))


@given(segments())
@pytest.mark.parametrize("name", ["srt", "vtt"])
def test_what_was_said_comes_back(folder, name, found):
    dropped = write(name, [said(found)], TRANSCRIPT, folder)
    (record,), bad, _ = read(name, folder / f"a.{name}", TRANSCRIPT)
    wanted = [one for segment in found if (one := carried(segment, vtt=name == "vtt")).start < one.end]

    assert bad == []
    assert sort(value(record)) == sort(wanted)
    assert (dropped == {}) == (sort(wanted) == sort(found))


@given(segments(("dog", "car horn")))
@settings(max_examples=30)
@pytest.mark.parametrize("name", ["srt", "vtt"])
def test_labels_are_the_text_where_the_project_has_them(folder, name, found):
    write(name, [said(found)], EVENTS, folder)
    (record,), _, _ = read(name, folder / f"a.{name}", EVENTS)

    wanted = [replace(carried(one, vtt=name == "vtt"), label=one.label, text="") for one in found]

    assert sort(value(record)) == sort(one for one in wanted if one.start < one.end)


@given(spoilt(SRT.encode()), spoilt(VTT.encode()))
def test_any_bytes_are_read_or_refused_in_words(folder, srt, vtt):
    refused_in_words("srt", folder / "a.srt", TRANSCRIPT, srt)
    refused_in_words("vtt", folder / "a.vtt", TRANSCRIPT, vtt)


def test_srt_of_others(tmp_path):
    clip(tmp_path / "a.wav")
    (tmp_path / "a.srt").write_text(SRT, newline="")
    (record,), bad, _ = read("srt", tmp_path / "a.srt", TRANSCRIPT)

    assert bad == []
    assert value(record) == [
        Segment(0.5, 1.25, text="Hello\nyou"),
        Segment(1.25, 2.0, text="<i>bye</i>\n\nstill 2"),
    ]


def test_webvtt_of_others(tmp_path):
    clip(tmp_path / "a.wav", 4000)
    (tmp_path / "a.vtt").write_text(VTT)
    (record,), bad, reading = read("vtt", tmp_path / "a.vtt", TRANSCRIPT)

    assert bad == []
    assert value(record) == [
        Segment(0.5, 1.25, text="Hello <you>", speaker="Ann & Bo"),
        Segment(3723.004, 3724.005, text="bye"),
    ]
    assert reading.left_out == {"marks of bold, colour, time in texts": 2}


TALK = [
    Segment(0.5, 1.25, text="a < b & c", speaker="Ann Lee"),
    Segment(1.0, 3.141, text="two\nlines 日本 👩‍👧"),
    Segment(3661.001, 3662.0, text="3"),
]


@pytest.mark.parametrize("name", ["srt", "vtt"])
def test_pysubs2_sees_the_same(tmp_path, name):
    write(name, [said(TALK)], TRANSCRIPT, tmp_path)
    found = pysubs2.load(str(tmp_path / f"a.{name}"))
    texts = {"srt": "a < b & c", "vtt": "a &lt; b &amp; c"}

    assert [(one.start, one.end, one.plaintext) for one in found] == [
        (500, 1250, texts[name]),
        (1000, 3141, "two\nlines 日本 👩‍👧"),
        (3661001, 3662000, "3"),
    ]


def test_webvtt_py_sees_the_same(tmp_path):
    write("vtt", [said(TALK)], TRANSCRIPT, tmp_path)
    found = webvtt.read(str(tmp_path / "a.vtt"))

    assert [(one.start, one.end, one.voice) for one in found] == [
        ("00:00:00.500", "00:00:01.250", "Ann Lee"),
        ("00:00:01.000", "00:00:03.141", None),
        ("01:01:01.001", "01:01:02.000", None),
    ]
    assert [one.text for one in found][1:] == ["two\nlines 日本 👩‍👧", "3"]


@pytest.mark.parametrize("name", ["srt", "vtt"])
def test_what_pysubs2_writes_is_read(tmp_path, name):
    clip(tmp_path / "a.wav")
    made = pysubs2.SSAFile()
    made.append(pysubs2.SSAEvent(500, 1250, "yes\\Nno"))
    made.append(pysubs2.SSAEvent(1250, 2000, "12"))
    made.save(str(tmp_path / f"a.{name}"))
    (record,), _, _ = read(name, tmp_path / f"a.{name}", TRANSCRIPT)

    assert value(record) == [Segment(0.5, 1.25, text="yes\nno"), Segment(1.25, 2.0, text="12")]


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("srt", "1\n00:00:02,000 --> 00:00:01,000\nx\n", "a.srt:2: the end 00:00:01,000 is not after"),
        ("srt", "1\n00:00:nan --> 00:00:01,000\nx\n", "a.srt:2: '00:00:nan' is no time such as"),
        ("srt", "1\n-->\nx\n", "a.srt:2: has an arrow, but not two times"),
        ("srt", "just words\n", "a.srt:1: has no line with times"),
        ("vtt", "1\n00:01.000 --> 00:02.000\nx\n", "a.vtt:1: does not begin with WEBVTT"),
        ("vtt", "WEBVTT\n\n99:99:99.999 --> 99:99:99.998\nx\n", "a.vtt:3: the end"),
        ("srt", "1\n00:00:01,000 --> 00:05:00,000\nx\n", "does not lie within the sound's"),
    ],
)
def test_what_is_wrong_is_named_with_its_line(tmp_path, name, text, words):
    clip(tmp_path / "a.wav")
    (tmp_path / f"a.{name}").write_text(text)
    good, (bad,), _ = read(name, tmp_path / f"a.{name}", TRANSCRIPT)

    assert good == []
    assert words in bad
