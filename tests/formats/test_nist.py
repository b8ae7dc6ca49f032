"""CTM, STM and RTTM."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import example, given, settings
from labelled import (
    BARE,
    BOTH,
    EVENTS,
    TEXT,
    TRANSCRIPT,
    clip,
    half,
    item,
    project,
    read,
    refused_in_words,
    said,
    segments,
    sort,
    spoilt,
    value,
    write,
)

from tui_label import formats
from tui_label.core.tasks import Segment
from tui_label.formats import writing

CTM = ";; a remark\na 1 00000.03 0.06 Hi, -1.00\na 1 0.50 0.10 you\nb A 1.5 1 yes 0.9\n"
STM = ";; a remark\na 1 Ann_Lee 6.68 7.16 <o,f0,male> Hello?\na 1 Bo 7.16 9.00   two  words\nb A inter_segment_gap 0.00 1.00\n"
RTTM = (
    "SPKR-INFO a 1 <NA> <NA> <NA> unknown Ann_Lee <NA> <NA>\n"
    "SPEAKER a 1 6.690 0.430 <NA> <NA> Ann_Lee <NA> <NA>\n"
    "SPEAKER a 1 7.1 2 <NA> <NA> Bo <NA>\n"
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("nist")
    for seed, name in enumerate(("a.wav", "b.wav")):
        clip(folder / name, seed=seed)
    return folder


def word(name: str) -> str:
    """A name as columns parted by blanks carry it."""
    joined = "_".join(name.split())
    return half("" if joined == "<NA>" else joined)


@given(segments(("", "dog")))
def test_ctm_brings_words_back(folder, found):
    dropped = write("ctm", [said(found)], BOTH, folder)
    wanted = [Segment(one.start, one.end, text=half(one.text)) for one in found if [one.text] == one.text.split()]
    got, bad, _ = read("ctm", folder / "out", BOTH)

    assert bad == []
    assert sort(one for record in got for one in value(record)) == sort(wanted)
    assert all(record.item.meta == {} for record in got)
    assert (dropped == {}) == (sort(wanted) == sort(found) != [])


@given(segments(("", "dog", "car horn")))
@example([Segment(0.0, 1.0, speaker="\x85<NA>")])
def test_stm_brings_back_who_said_what(folder, found):
    dropped = write("stm", [said(found)], BOTH, folder)
    wanted = [
        replace(one, text=half(" ".join(one.text.splitlines()).strip()), speaker=word(one.speaker)) for one in found
    ]
    got, bad, _ = read("stm", folder / "out", BOTH)

    assert bad == []
    assert sort(one for record in got for one in value(record)) == sort(wanted)
    assert all(record.item.meta == {} for record in got)
    assert (dropped == {}) == (sort(wanted) == sort(found) != [])


@given(segments())
def test_rttm_brings_speakers_back(folder, found):
    dropped = write("rttm", [said(found)], BARE, folder)
    # The name <NA> is RTTM's word for none
    names = [word(one.speaker) for one in found]
    wanted = [
        Segment(one.start, one.end, speaker="" if name == "<NA>" else name)
        for one, name in zip(found, names, strict=True)
    ]
    got, bad, _ = read("rttm", folder / "out", BARE)

    assert bad == []
    assert sort(one for record in got for one in value(record)) == sort(wanted)
    assert (dropped == {}) == (sort(wanted) == sort(found) != [])


@given(segments(("dog", "car horn")))
@settings(max_examples=30)
def test_rttm_brings_labels_back_where_the_project_has_them(folder, found):
    write("rttm", [said(found)], EVENTS, folder)
    got, _, _ = read("rttm", folder / "out", EVENTS)

    assert sort(one for record in got for one in value(record)) == sort(
        Segment(one.start, one.end, one.label) for one in found
    )


@given(spoilt(CTM.encode()), spoilt(STM.encode()), spoilt(RTTM.encode()))
def test_any_bytes_are_read_or_refused_in_words(folder, ctm, stm, rttm):
    for name, data in (("ctm", ctm), ("stm", stm), ("rttm", rttm)):
        refused_in_words(name, folder / "x", TRANSCRIPT, data)


@pytest.mark.parametrize(
    ("name", "text", "source"), [("ctm", CTM, TRANSCRIPT), ("stm", STM, TRANSCRIPT), ("rttm", RTTM, TRANSCRIPT)]
)
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_files_go_out_as_they_came_but_for_remarks(folder, name, text, source, end):
    (folder / f"x.{name}").write_text(text, newline=end)
    got, bad, _ = read(name, folder / f"x.{name}", source)
    write(name, [said(value(record), record.item) for record in got], source, folder)

    assert bad == []
    kept = text.removeprefix(";; a remark\n").replace("\n", end)
    assert (folder / "out").read_bytes().decode() == kept


def test_what_the_lines_say(folder):
    for name, text in (("ctm", CTM), ("stm", STM), ("rttm", RTTM)):
        (folder / f"x.{name}").write_text(text)
    ctm, stm, rttm = (read(name, folder / f"x.{name}", TRANSCRIPT) for name in ("ctm", "stm", "rttm"))

    assert [value(record) for record in ctm[0]] == [
        [Segment(0.03, 0.09, text="Hi,"), Segment(0.5, 0.6, text="you")],
        [Segment(1.5, 2.5, text="yes")],
    ]
    assert [value(record) for record in stm[0]] == [
        [Segment(6.68, 7.16, text="Hello?", speaker="Ann Lee"), Segment(7.16, 9, text="two  words", speaker="Bo")],
        [Segment(0, 1, speaker="inter_segment_gap")],
    ]
    assert value(rttm[0][0]) == [Segment(6.69, 7.12, speaker="Ann Lee"), Segment(7.1, 9.1, speaker="Bo")]
    assert (ctm[2].left_out, rttm[2].left_out) == ({"comment lines": 1}, {"SPKR-INFO lines": 1})


@pytest.mark.parametrize("name", ["ctm", "stm", "rttm", "nemo"])
def test_an_answer_without_a_line_is_no_answer_in_the_file(tmp_path, name):
    rows = [said([Segment(0, 1, text="yes")]), said([], item("b.wav"))]
    written = writing.write(formats.find(name), rows, tmp_path / "out", project(BARE, tmp_path), {})

    assert written.count == 1
    assert written.dropped["answers without segments"] == 1


def test_an_answer_of_other_lines_than_segments_is_one(folder):
    (folder / "x.rttm").write_text(RTTM.splitlines(keepends=True)[0])
    (record,), _, _ = read("rttm", folder / "x.rttm", TRANSCRIPT)

    assert write("rttm", [said([], record.item)], TRANSCRIPT, folder) == {}
    assert (folder / "out").read_text() == RTTM.splitlines(keepends=True)[0]


def test_a_changed_word_has_the_channel_of_the_others(folder):
    (folder / "x.ctm").write_text("b A 1.5 1 yes 0.9\nb A 2.5 1 no 0.8\n")
    (record,), _, _ = read("ctm", folder / "x.ctm", TRANSCRIPT)
    yes, no = value(record)
    write("ctm", [said([yes, replace(no, text="know")], record.item)], TRANSCRIPT, folder)

    assert (folder / "out").read_text() == "b A 1.5 1 yes 0.9\nb A 2.50 1.00 know\n"


def test_a_changed_word_stays_in_its_channel_and_its_channel_together(folder):
    (folder / "x.ctm").write_text("b A 1.5 1 yes 0.9\nb A 3.5 1 so 0.9\nb B 2.5 1 no 0.8\n")
    (record,), _, _ = read("ctm", folder / "x.ctm", TRANSCRIPT)
    yes, no, so = value(record)
    write("ctm", [said([yes, replace(no, text="know"), so], record.item)], TRANSCRIPT, folder)

    assert (folder / "out").read_text() == "b A 1.5 1 yes 0.9\nb A 3.5 1 so 0.9\nb B 2.50 1.00 know\n"


def test_without_segments_each_stretch_of_an_stm_is_an_item(folder):
    (folder / "x.stm").write_text(STM)
    got, bad, _ = read("stm", folder / "x.stm", TEXT)

    assert bad == []
    assert [(one.item.sound.offset, one.item.sound.duration) for one in got if one.item.sound] == [
        (6.68, 0.48),
        (7.16, 1.84),
        (0, 1),
    ]
    assert got[1].suggestions[0].value == "two  words"


@pytest.mark.parametrize(
    ("name", "line", "words"),
    [
        ("ctm", "a 1 0.5 nan x", "duration: must be seconds from 0 on, not 'nan'"),
        ("ctm", "a 1 -0.5 1 x", "start: must be seconds"),
        ("ctm", "a 1 0.5", "has 3 columns"),
        ("stm", "a 1 Ann 2.0 1.0 x", "end: 1.0 is not after the start 2.0"),
        ("stm", "a 1 Ann", "is too short"),
        ("rttm", "SPEAKER a 1 1 0 <NA> <NA> x <NA> <NA>", "duration: is 0 seconds"),
        ("rttm", "SPEAKER a 1", "has 3 columns"),
    ],
)
def test_a_bad_line_is_named_and_its_recording_left_out(folder, name, line, words):
    text = {"ctm": CTM, "stm": STM, "rttm": RTTM + "SPEAKER b 1 0 1 <NA> <NA> x <NA> <NA>\n"}[name]
    (folder / "bad").write_text(f"{line}\n{text}")
    got, (bad,), _ = read(name, folder / "bad", TRANSCRIPT)

    assert bad.startswith(f"{folder / 'bad'}:1: ")
    assert words in bad
    assert [record.item.sound.path for record in got if record.item.sound] == ["b.wav"]


def test_a_recording_that_is_not_there_is_named(folder):
    (folder / "bad").write_text("c 1 0 1 x\nd 1 0 1 x\n")
    _, bad, _ = read("ctm", folder / "bad", TRANSCRIPT)

    assert len(bad) == 2
    assert bad[0].endswith("bad:1: audio: no recording named c lies beside it, or in the project's folder")


def test_stretches_of_a_recording_are_put_together(folder):
    rows = [
        said([Segment(0.5, 1, speaker="Bo")], item(offset=50, duration=5)),
        said([Segment(1, 2, speaker="Ann Lee")], item(offset=10, duration=5)),
    ]
    write("rttm", rows, TRANSCRIPT, folder)

    assert (folder / "out").read_text() == (
        "SPEAKER a 1 11.000 1.000 <NA> <NA> Ann_Lee <NA> <NA>\nSPEAKER a 1 50.500 0.500 <NA> <NA> Bo <NA> <NA>\n"
    )


def test_recordings_are_in_the_order_that_sctk_wants(folder):
    """`sort +0 -1 +1 -2 +3nb -4`, whatever the order of the answers."""
    rows = [
        said([Segment(2, 3, text="x"), Segment(1, 4, text="y")], item(name)) for name in ("b.wav", "a.wav", "B.wav")
    ]
    write("stm", rows, TRANSCRIPT, folder)
    assert (folder / "out").read_text().splitlines() == [
        f"{name} 1 <NA> {said}" for name in "Bab" for said in ("1.00 4.00 y", "2.00 3.00 x")
    ]
    write("ctm", rows, TRANSCRIPT, folder)
    assert [line[0] for line in (folder / "out").read_text().splitlines()] == list("BBaabb")


CORPUS = """\
;; made up after appendix A of the 2009 evaluation plan
SPKR-INFO a 1 <NA> <NA> <NA> adult_female spk_1 <NA> <NA>
SPKR-INFO a 1 <NA> <NA> <NA> adult_male spk_2 <NA> <NA>
SPEAKER a 1 11.30 7.10 <NA> <NA> spk_1 <NA> <NA>
SPEAKER a 1 18.4 0.05 <NA> <NA> spk_2 0.97 <NA>
LEXEME a 1 11.34 0.22 yes lex spk_1 0.5 <NA>
NON-SPEECH a 1 30.0 2.25 <NA> laugh <NA> <NA> <NA>
NOSCORE a 1 90.00 5.00 <NA> <NA> <NA> <NA>
SPEAKER a 2 40 1e1 <NA> <NA> spk_1 <NA> <NA>
SPEAKER b/c 1 0.000 0.010 <NA> <NA> spk_2 <NA>
"""


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_corpus_of_rttm_is_equal_byte_for_byte(folder, end):
    """All that the specification has beside SPEAKER lines, nine columns and ten, exponents; comments are named as left out."""
    clip(folder / "b" / "c.wav", seed=1)
    (folder / "x.rttm").write_bytes(CORPUS.replace("\n", end).encode())
    got, bad, reading = read("rttm", folder / "x.rttm", TRANSCRIPT, "ann")
    write("rttm", [(record.item, record.annotation) for record in got], TRANSCRIPT, folder)

    assert (bad, [len(record.annotation.answers["s"]) for record in got]) == ([], [3, 1])
    assert (folder / "out").read_bytes() == CORPUS.partition("\n")[2].replace("\n", end).encode()
    assert reading.left_out["comment lines"] == 1
