"""Kaldi's data folders."""

from __future__ import annotations

import itertools
from dataclasses import replace

import kaldiio
import pytest
from hypothesis import given, settings
from labelled import (
    EVENTS,
    NASTY,
    SECONDS,
    TEXT,
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
    text_of,
    value,
    write,
)

from tui_label.core.tasks import Segment
from tui_label.formats import recognition


@pytest.fixture
def data(tmp_path):
    """A folder as a recipe of Kaldi's makes it."""
    clip(tmp_path / "wavs/rec 1.wav")
    for name, text in {
        "wav.scp": "rec1 wavs/rec 1.wav\n",
        "segments": "Bo-rec1-1 rec1 0.00 1.50\nrec1-2\trec1\t1.50 2.25\n",
        "text": "Bo-rec1-1 hello you\nrec1-2 bye\nrec1-9 nowhere\n",
        "utt2spk": "Bo-rec1-1 Bo\nrec1-2 rec1-2\n",
    }.items():
        (tmp_path / name).write_text(text)
    return tmp_path


@given(segments())
def test_what_was_said_comes_back(tmp_path_factory, found):
    folder = tmp_path_factory.mktemp("kaldi")
    clip(folder / "a b.wav")
    dropped = write("kaldi", [said(found, item("a b.wav"))], TRANSCRIPT, folder)
    got, bad, _ = read("kaldi", folder / "wav.scp", TRANSCRIPT)
    wanted = [
        Segment(one.start, one.end, "", half(" ".join(one.text.split())), half("_".join(one.speaker.split())))
        for one in found
    ]

    assert bad == []
    assert sort(one for record in got for one in value(record)) == sort(wanted)
    assert ("answers without segments" in dropped) == (found == [])
    assert (set(dropped) <= {"blanks in names", "answers without segments"}) == (
        [one.text for one in found] == [one.text for one in wanted]
        and [half(one.speaker) for one in found] == [one.speaker for one in found]
    )


@given(segments())
@settings(max_examples=40)
def test_files_are_sorted_and_agree(tmp_path_factory, found):
    """What Kaldi's utils/validate_data_dir.sh asks for."""
    folder = tmp_path_factory.mktemp("kaldi")
    write("kaldi", [said(found, item("b.wav")), said(found), said([], item("c.wav"))], TRANSCRIPT, folder)
    ids = {}
    for name in ("wav.scp", "segments", "text", "utt2spk", "spk2utt"):
        keys = [line.split(b" ")[0] for line in (folder / name).read_bytes().split(b"\n")[:-1]]
        assert keys == sorted(set(keys))
        ids[name] = keys
    pairs = [line.split(b" ") for line in (folder / "utt2spk").read_bytes().split(b"\n")[:-1]]

    assert ids["segments"] == ids["text"] == ids["utt2spk"]
    assert len(ids["text"]) == 2 * len(found)
    assert sorted({speaker for _, speaker in pairs}) == ids["spk2utt"]
    theirs = [line.split(b" ") for line in (folder / "spk2utt").read_bytes().split(b"\n")[:-1]]
    assert pairs == [[utterance, speaker] for speaker, *utterances in theirs for utterance in utterances]
    assert ids["wav.scp"] == ([b"a", b"b"] if found else [])
    assert all(utterance.startswith(speaker) for utterance, speaker in pairs)


@given(spoilt(b"rec1 a.wav\n"), spoilt(b"u rec1 0 1\n"), spoilt(b"u hello\n"))
def test_any_bytes_are_read_or_refused_in_words(tmp_path_factory, wavs, stretches, texts):
    folder = tmp_path_factory.getbasetemp() / "kaldi-fuzz"
    clip(folder / "a.wav")
    (folder / "segments").write_bytes(stretches)
    (folder / "text").write_bytes(texts)
    refused_in_words("kaldi", folder / "wav.scp", TRANSCRIPT, wavs)


def test_a_recording_with_its_utterances(data):
    (record,), bad, reading = read("kaldi", data / "wav.scp", TRANSCRIPT)

    assert bad == []
    assert value(record) == [Segment(0, 1.5, "", "hello you", "Bo"), Segment(1.5, 2.25, "", "bye")]
    assert reading.left_out == {"texts of unknown utterances": 1}


def test_without_segments_each_utterance_is_an_item(data):
    got, bad, _ = read("kaldi", data / "wav.scp", TEXT, "ann")

    assert bad == []
    assert [(one.item.key, one.item.sound.offset, one.annotation.answers) for one in got] == [
        ("Bo-rec1-1", 0, {"t": "hello you"}),
        ("rec1-2", 1.5, {"t": "bye"}),
    ]
    assert got[0].item.meta == {"speaker": "Bo"}


@pytest.mark.parametrize("project", [TRANSCRIPT, TEXT])
def test_an_end_of_minus_one_is_that_of_the_recording(data, project):
    """As Kaldi's extract-segments takes it."""
    (data / "segments").write_text("Bo-rec1-1 rec1 0 1.5\nrec1-2 rec1 1.5 -1\n")
    got, bad, _ = read("kaldi", data / "wav.scp", project)

    assert bad == []
    if project is TRANSCRIPT:
        assert value(got[0])[-1] == Segment(1.5, SECONDS, "", "bye")
    else:
        assert (got[1].item.sound.offset, got[1].item.sound.duration) == (1.5, SECONDS - 1.5)


def test_kaldiio_cuts_the_same_stretches(tmp_path):
    clip(tmp_path / "a b.wav")
    found = [Segment(0.5, 1.25, text="hello you", speaker="Bo"), Segment(2, 4.5, text="日本", speaker="Ann Lee")]
    write("kaldi", [said(found, item("a b.wav"))], TRANSCRIPT, tmp_path)
    texts = dict(line.split(maxsplit=1) for line in (tmp_path / "text").read_text(encoding="utf-8").splitlines())
    cut = kaldiio.load_scp(str(tmp_path / "wav.scp"), segments=str(tmp_path / "segments"))

    assert sorted((texts[key], rate, len(samples)) for key, (rate, samples) in cut.items()) == [
        ("hello you", 100, 75), ("日本", 100, 250),
    ]  # fmt: skip


def test_whole_recordings_go_out_without_segments(tmp_path):
    for seed, name in enumerate(("b.wav", "a.wav")):
        clip(tmp_path / name, seed=seed)
    write("kaldi", [text_of("yes", item("b.wav")), text_of("no", item("a.wav"))], TEXT, tmp_path)
    got, _, _ = read("kaldi", tmp_path / "wav.scp", TEXT)

    assert not (tmp_path / "segments").exists()
    assert (tmp_path / "text").read_text() == "a no\nb yes\n"
    assert [(one.item.key, one.suggestions[0].value) for one in got] == [("a", "no"), ("b", "yes")]


def test_two_stretches_from_the_begin_on_are_utterances_of_their_own(tmp_path):
    rows = [text_of("yes", item(duration=1)), text_of("yes and no", replace(item(duration=2), key="k"))]
    write("kaldi", rows, TEXT, tmp_path)

    assert (tmp_path / "segments").read_text().splitlines() == [
        "a-00000000-00001000 a 0.00 1.00",
        "a-00000000-00002000 a 0.00 2.00",
    ]


def test_a_folder_is_taken_for_its_wav_scp(data):
    assert recognition.expanded(data) == [data / "wav.scp"]
    assert recognition.recognise(data / "wav.scp").name == "kaldi"


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("wav.scp", "rec1 sox x.wav -t wav - |\n", "wav.scp:1: is a command, and none is run here"),
        ("wav.scp", "rec1\n", "wav.scp:1: needs an id and a path"),
        ("wav.scp", "rec1 a.wav\nrec1 b.wav\n", "wav.scp:2: rec1 stands here twice, first in line 1"),
        ("wav.scp", "rec2 wavs/rec 1.wav\n", "segments:1: recording: rec1 is not in wav.scp"),
        ("segments", "u rec1 2 1\n", "segments:1: end: 1 is not after the start 2"),
        ("segments", "u rec1 1\n", "segments:1: has 3 columns"),
        ("segments", "u rec1 -1 1\n", "segments:1: start: must be seconds"),
        ("text", "u \udcff\n", "text:1: not UTF-8"),
    ],
)
def test_what_is_wrong_is_named_with_its_file_and_line(data, name, text, words):
    (data / name).write_text(text, errors="surrogateescape")
    got, (bad, *_), _ = read("kaldi", data / "wav.scp", TRANSCRIPT)

    assert got == []
    assert words in bad


def test_labels_are_counted(tmp_path):
    dropped = write("kaldi", [said([Segment(0, 1, "dog")])], EVENTS, tmp_path)

    assert dropped == {"labels": 1}


def test_equal_segments_get_ids_of_their_own(tmp_path):
    write("kaldi", [said(list(itertools.repeat(Segment(0, 1, text=NASTY[2]), 3)))], TRANSCRIPT, tmp_path)

    assert len((tmp_path / "segments").read_text().splitlines()) == 3
