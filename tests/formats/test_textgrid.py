"""Praat's TextGrid, beside praatio and the package textgrid."""

from __future__ import annotations

from dataclasses import replace

import pytest
import textgrid as another
from hypothesis import given
from labelled import (
    BOTH,
    EVENTS,
    TRANSCRIPT,
    clip,
    half,
    item,
    read,
    refused_in_words,
    said,
    segments,
    sort,
    spoilt,
    value,
    write,
)
from praatio import textgrid

from tui_label.core.tasks import Segment

SHORT = 'File type = "ooTextFile"\n"TextGrid"\n\n0\n100\n<exists>\n1\n"IntervalTier"\n"words"\n0\n100\n2\n0\n1.5\n"yes ""no"""\n1.5\n100\n""\n'
LONG = '''\
File type = "ooTextFile"
Object class = "TextGrid"

xmin = 0
xmax = 100
tiers? <exists>
size = 3
item []:
    item [1]:
        class = "IntervalTier"
        name = "words"
        xmin = 0
        xmax = 100
        intervals: size = 2
        intervals [1]:
            xmin = 0
            xmax = 1.5
            text = "yes ""no"""
        intervals [2]:
            xmin = 1.5 ! a remark
            xmax = 100
            text = ""
    item [2]:
        class = "IntervalTier"
        name = "phones"
        xmin = 0
        xmax = 100
        intervals: size = 1
        intervals [1]:
            xmin = 0
            xmax = 100
            text = "j"
    item [3]:
        class = "TextTier"
        name = "bells"
        xmin = 0
        xmax = 100
        points: size = 1
        points [1]:
            number = 0.5
            mark = "ding"
'''
CHRONOLOGICAL = '''\
"Praat chronological TextGrid text file"
0 100   ! Time domain.
3   ! Number of tiers.
"IntervalTier" "words" 0 100
"IntervalTier" "phones" 0 100
"TextTier" "bells" 0 100

! words:
1 0 1.5
"yes ""no"""

! phones:
2 0 100
"j"

! bells:
3 0.5
"ding"

! words:
1 1.5 100
""
! the end
'''
"""As Praat writes it, but for the last line."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("textgrid")
    clip(folder / "a.wav")
    return folder


@given(segments(("", "dog", "car horn")))
def test_what_was_said_comes_back(folder, found):
    dropped = write("textgrid", [said(found)], BOTH, folder)
    (record,), bad, _ = read("textgrid", folder / "a.TextGrid", BOTH)
    told = [replace(one, text=one.text if one.text.strip() else "") for one in found]
    saying = [one for one in told if one.label or one.text or one.speaker.strip()]

    assert bad == []
    assert dropped.get("texts of nothing but blanks", 0) == sum(one not in told for one in found)
    assert sort(value(record)) == sort(replace(one, text=half(one.text), speaker=half(one.speaker)) for one in saying)
    assert dropped.get("segments that say nothing", 0) == len(found) - len(saying)


@given(spoilt(LONG.encode()) | spoilt(CHRONOLOGICAL.encode()))
def test_any_bytes_are_read_or_refused_in_words(folder, data):
    refused_in_words("textgrid", folder / "a.TextGrid", TRANSCRIPT, data)


@pytest.mark.parametrize("text", [LONG, SHORT, CHRONOLOGICAL])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_long_short_and_chronological_in_the_encodings_that_praat_writes(tmp_path, text, encoding):
    clip(tmp_path / "a.wav")
    (tmp_path / "a.TextGrid").write_text(text, encoding=encoding)
    (record,), bad, reading = read("textgrid", tmp_path / "a.TextGrid", TRANSCRIPT)

    assert (value(record), bad) == ([Segment(0, 1.5, text='yes "no"')], [])
    assert reading.left_out == ({} if text == SHORT else {"intervals of tier phones": 1, "points of tier bells": 1})


@pytest.mark.parametrize(
    ("before", "now", "words"),
    [
        ("2 0 100", "4 0 100", "a.TextGrid:13: there is no tier 4"),
        ("1 1.5 100", "1 1.5 1", "a.TextGrid:21: xmax: 1 is not after xmin, 1.5"),
        ('100\n""', "100", "a.TextGrid:23: breaks off where text should follow"),
    ],
)
def test_what_is_wrong_in_a_chronological_one_is_named_with_its_line(tmp_path, before, now, words):
    clip(tmp_path / "a.wav")
    (tmp_path / "a.TextGrid").write_text(CHRONOLOGICAL.replace(before, now, 1))

    assert words in read("textgrid", tmp_path / "a.TextGrid", TRANSCRIPT)[1][0]


def test_an_interval_of_nothing_but_blanks_is_a_pause(tmp_path):
    clip(tmp_path / "a.wav")
    said = 'intervals: size = 3\n0 1 " "\n1 2 "dog"\n2 100.0000000001 "\n"\n'
    (tmp_path / "a.TextGrid").write_text(f'"ooTextFile" "TextGrid" 0 100 <exists> 1 "IntervalTier" "x" 0 100 {said}')
    (record,), bad, _ = read("textgrid", tmp_path / "a.TextGrid", EVENTS)

    assert (value(record), bad) == ([Segment(1, 2, "dog")], [])


def test_praatio_and_textgrid_see_the_same(tmp_path):
    said_of = [
        Segment(0.5, 1.25, "dog", 'she said "hi"\nand left', "Ann Lee"),
        Segment(1.25, 2.0, "", "日本 👩‍👧", "Ann Lee"),
        Segment(1.0, 3.14159, "car horn", "", ""),
        Segment(2.0, 4.0, "car horn", "", ""),
    ]
    write("textgrid", [said(said_of, item("deep/a.wav"))], BOTH, tmp_path)
    grid = textgrid.openTextgrid(str(tmp_path / "a.TextGrid"), includeEmptyIntervals=False)

    theirs = another.TextGrid.fromFile(str(tmp_path / "a.TextGrid"))
    wanted = {
        "text@Ann Lee": [(0.5, 1.25, 'she said "hi"\nand left'), (1.25, 2.0, "日本 👩‍👧")],
        "label@Ann Lee": [(0.5, 1.25, "dog")],
        "label": [(1.0, 3.14159, "car horn")],
        "label (2)": [(2.0, 4.0, "car horn")],
    }

    assert (grid.minTimestamp, grid.maxTimestamp) == (theirs.minTime, theirs.maxTime) == (0, 100)
    assert {name: [tuple(one) for one in grid.getTier(name).entries] for name in grid.tierNames} == wanted
    assert {
        tier.name: [(one.minTime, one.maxTime, one.mark) for one in tier if one.mark] for tier in theirs.tiers
    } == wanted


@pytest.mark.parametrize("format", ["long_textgrid", "short_textgrid"])
def test_what_praatio_writes_is_read(tmp_path, format):
    clip(tmp_path / "a.wav")
    grid = textgrid.Textgrid()
    grid.addTier(textgrid.IntervalTier("Ann Lee", [(0.25, 1.5, 'a "b"'), (1.5, 2, "c\nd")], 0, 100))
    grid.addTier(textgrid.IntervalTier("Bo", [(1, 1.75, "e")], 0, 100))
    grid.addTier(textgrid.PointTier("bells", [(3, "ding")], 0, 100))
    grid.save(str(tmp_path / "a.TextGrid"), format, includeBlankSpaces=True)
    (record,), bad, reading = read("textgrid", tmp_path / "a.TextGrid", TRANSCRIPT)

    assert bad == []
    assert reading.left_out == {"points of tier bells": 1}
    assert value(record) == [
        Segment(0.25, 1.5, text='a "b"', speaker="Ann Lee"),
        Segment(1, 1.75, text="e", speaker="Bo"),
        Segment(1.5, 2, text="c\nd", speaker="Ann Lee"),
    ]


@pytest.mark.parametrize(
    ("dash", "kinds"),
    [("", ("words", "phones")), (" - ", ("words", "phones")), (" - ", ("word", "phone")), ("", ("ORT-MAU", "MAU"))],
)
def test_of_what_aligners_write_the_words_of_each_speaker_are_taken(tmp_path, dash, kinds):
    """Of one speaker the Montreal Forced Aligner writes no name; FAVE writes `word`, WebMAUS `ORT-MAU`."""
    clip(tmp_path / "a.wav")
    words, phones = kinds
    speakers = ["Ann - Marie", "Bo"] if dash else [""]
    grid = textgrid.Textgrid()
    for number, speaker in enumerate(speakers):
        grid.addTier(textgrid.IntervalTier(f"{speaker}{dash}{phones}", [(number, number + 0.5, "h")], 0, 100))
        grid.addTier(textgrid.IntervalTier(f"{speaker}{dash}{words}", [(number, number + 1, "hi")], 0, 100))
    grid.save(str(tmp_path / "a.TextGrid"), "long_textgrid", includeBlankSpaces=True)
    (record,), _, reading = read("textgrid", tmp_path / "a.TextGrid", TRANSCRIPT)

    assert value(record) == [Segment(n, n + 1, text="hi", speaker=one) for n, one in enumerate(speakers)]
    assert reading.left_out == {f"intervals of tier {speaker}{dash}{phones}": 1 for speaker in speakers}


def test_a_tier_of_known_labels_says_labels(tmp_path):
    clip(tmp_path / "a.wav")
    (tmp_path / "a.TextGrid").write_text(LONG.replace('"yes ""no"""', '"dog"'))
    (record,), _, reading = read("textgrid", tmp_path / "a.TextGrid", EVENTS)

    assert value(record) == [Segment(0, 1.5, "dog")]
    assert reading.left_out["intervals of tier phones"] == 1


@pytest.mark.parametrize(
    ("before", "now", "words"),
    [
        ("xmax = 1.5", "xmax = nan", "a.TextGrid:17: xmax: must be a number from 0 on, not 'nan'"),
        ("xmax = 1.5", "xmax = 0", "a.TextGrid:17: xmax: 0 is not after xmin, 0"),
        ("xmin = 1.5", "xmin = -1.5", "a.TextGrid:20: xmin: must be a number from 0 on, not '-1.5'"),
        ("size = 3", "size = 1e6", "a.TextGrid:42: breaks off"),
        ("size = 3", "size = 3.5", "size: must be a whole number"),
        ('mark = "ding"', 'mark = "ding', "a.TextGrid:41: this text's closing quote is missing"),
        ("IntervalTier", "Tier", "is no class of tiers"),
        ('"TextGrid"', '"PitchTier"', "is no TextGrid"),
        (LONG[400:], "", "breaks off where"),
    ],
)
def test_what_is_wrong_is_named_with_its_line(tmp_path, before, now, words):
    clip(tmp_path / "a.wav")
    (tmp_path / "a.TextGrid").write_text(LONG.replace(before, now, 1))
    good, (bad,), _ = read("textgrid", tmp_path / "a.TextGrid", TRANSCRIPT)

    assert good == []
    assert words in bad


def test_many_intervals_are_read_in_their_time(tmp_path):
    """Tens of thousands: nothing grows faster than the file."""
    clip(tmp_path / "a.wav")
    found = [Segment(n / 1000, (n + 1) / 1000, text="x") for n in range(30_000)]
    write("textgrid", [said(found)], TRANSCRIPT, tmp_path)
    (record,), _, _ = read("textgrid", tmp_path / "a.TextGrid", TRANSCRIPT)

    assert value(record) == found
