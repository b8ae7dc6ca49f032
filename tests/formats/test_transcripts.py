"""Texts of whole recordings: NeMo's manifests, Common Voice, LibriSpeech."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import pytest
from hypothesis import given
from labelled import (
    BOTH,
    EVENTS,
    TEXT,
    TEXTS,
    TRANSCRIPT,
    clip,
    half,
    item,
    read,
    refused_in_words,
    said,
    spoilt,
    text_of,
    value,
    write,
)

from tui_label.core.tasks import Segment, segments_from
from tui_label.formats import recognition

VOICES = 'client_id\tpath\tsentence\tup_votes\tlocale\nc1\ta.mp3\tHello, "you".\t2\ten\nc2\tb\t \'bye \t0\t\n'


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("transcripts")
    clip(folder / "a.wav")
    clip(folder / "b.flac", seed=1)
    return folder


def no_nul(text: str) -> str:
    """A file of a few bytes of which many are 0 is taken for UTF-16."""
    return text.replace("\x00", "")


def texts(got) -> list[str]:
    return [one.suggestions[0].value if one.suggestions else "" for one in got]


def by_commonvoice(text: str) -> str:
    return half(re.sub(r"\r\n|[\r\n\t]", " ", text))


def by_librispeech(text: str) -> str:
    return half(" ".join(text.split()))


CARRIED = {"nemo": str, "commonvoice": by_commonvoice, "librispeech": by_librispeech}


@given(TEXTS.map(no_nul), TEXTS.map(no_nul))
@pytest.mark.parametrize("name", CARRIED)
def test_texts_come_back(folder, name, one, two):
    dropped = write(name, [text_of(one), text_of(two, item("b.flac"))], TEXT, folder)
    got, bad, _ = read(name, folder / "out", TEXT)

    assert bad == []
    assert texts(got) == [CARRIED[name](one), CARRIED[name](two)]
    assert [record.item.sound.path for record in got] == ["a.wav", "b.flac"]
    assert (dropped == {}) == (texts(got) == [one, two])


@given(spoilt(VOICES.encode()), spoilt(b"a HELLO YOU\nb BYE\n"))
def test_any_bytes_are_read_or_refused_in_words(folder, voices, libri):
    refused_in_words("commonvoice", folder / "x", TEXT, voices)
    refused_in_words("librispeech", folder / "x", TEXT, libri)


def test_nemo_takes_a_line_a_segment(tmp_path):
    rows = [said([Segment(0.5, 1.25, "dog", "hi\nyou", "Bo"), Segment(3, 4)], item(offset=10, duration=5))]
    dropped = write("nemo", rows, BOTH, tmp_path)

    assert dropped == {}
    assert [json.loads(line) for line in (tmp_path / "out").read_text().splitlines()] == [
        {
            "audio_filepath": f"{tmp_path}/a.wav", "offset": 10.5, "duration": 0.75, "text": "hi\nyou",
            "speaker": "Bo", "label": "dog",
        },
        {"audio_filepath": f"{tmp_path}/a.wav", "offset": 13.0, "duration": 1.0, "text": ""},
    ]  # fmt: skip


def test_nemo_stretches_come_back_as_the_same_items(folder):
    write("nemo", [text_of("yes", item(offset=1.5, duration=2.25))], TEXT, folder)
    (record,), _, _ = read("nemo", folder / "out", TEXT, "ann")

    assert (record.item.sound.offset, record.item.sound.duration) == (1.5, 2.25)
    assert record.annotation.answers == {"t": "yes"}


@pytest.mark.parametrize(
    ("source", "one"),
    [(TRANSCRIPT, Segment(0, 0.75, text="hi", speaker="Bo")), (EVENTS, Segment(0, 0.75, "dog"))],
)
def test_nemo_lines_come_back_as_one_segment_each_where_the_project_has_only_those(folder, source, one):
    write("nemo", [said([replace(one, start=1.5, end=2.25)])], source, folder)
    (draft,), bad, reading = read("nemo", folder / "out", source)
    (answer,), _, _ = read("nemo", folder / "out", source, "ann")

    assert (bad, reading.unknown) == ([], {})
    assert (value(draft), draft.item.meta) == ([one], {})
    assert (draft.item.sound.offset, draft.item.sound.duration) == (1.5, 0.75)
    assert answer.annotation.answers == {"s": draft.suggestions[0].value}


@pytest.mark.parametrize("source", [TEXT, TRANSCRIPT])
def test_other_fields_of_a_manifest_go_through_nemo(folder, source):
    known = {"id": "u1"} if source is TEXT else {}
    line = {"audio_filepath": f"{folder}/a.wav", "offset": 1.5, "duration": 2.25, "text": "hi", "lang": "en", "n": [1]}
    (folder / "in.jsonl").write_text(json.dumps(known | line))
    (record,), _, _ = read("nemo", folder / "in.jsonl", source, "ann")
    dropped = write("nemo", [(record.item, record.annotation)], source, folder)

    assert (dropped, json.loads((folder / "out").read_text())) == ({}, known | line)


def test_an_items_own_speaker_and_text_are_not_put_on_its_segments(folder):
    rows = [said([Segment(0, 1)], item(meta={"speaker": "Bo", "text": "hi"}))]
    dropped = write("nemo", rows, TRANSCRIPT, folder)
    line = json.loads((folder / "out").read_text())

    assert (dropped, line["text"]) == ({"fields of meta that are named as NeMo's": 2}, "")
    assert "speaker" not in line


@pytest.mark.parametrize("speaker", ["Bo", ""])
def test_nemo_segments_in_which_nobody_speaks_come_back(folder, speaker):
    write("nemo", [said([Segment(1.5, 2.25, speaker=speaker)])], TRANSCRIPT, folder)
    (answer,), bad, _ = read("nemo", folder / "out", TRANSCRIPT, "ann")
    (draft,), _, _ = read("nemo", folder / "out", TRANSCRIPT)

    assert (bad, segments_from(answer.annotation.answers["s"])) == ([], (Segment(0, 0.75, speaker=speaker),))
    assert (draft.suggestions, draft.item.meta) == ((), {"speaker": "Bo"} if speaker else {})


@pytest.mark.parametrize("name", ["nemo", "prodigy", "commonvoice", "librispeech"])
def test_that_nobody_speaks_comes_back_as_an_answer(folder, name):
    write(name, [text_of("")], TEXT, folder)
    (record,), bad, _ = read(name, folder / "out", TEXT, "ann")

    assert (bad, record.annotation.answers) == ([], {"t": ""})


def test_an_empty_text_of_a_manifest_is_no_draft(folder):
    write("nemo", [text_of("")], TEXT, folder)

    assert read("nemo", folder / "out", TEXT)[0][0].suggestions == ()


def test_a_text_that_no_task_takes_is_kept_and_counted(folder):
    write("nemo", [text_of("hi")], TEXT, folder)
    (record,), _, reading = read("nemo", folder / "out", EVENTS)

    assert (record.suggestions, record.item.meta) == ((), {"text": "hi"})
    assert reading.unknown == {"the project has no text task to take it": 1}


DIGITS = "name: d\nitems: sound\ntasks: [{id: digit, type: choice, labels: ['0', '1']}]\n"


@pytest.mark.parametrize(
    ("source", "label", "found", "meta"),
    [
        (DIGITS, 1, ["1"], {}),
        (DIGITS, 0, ["0"], {}),
        (DIGITS, ["0"], ["0"], {}),
        (TEXT, "dog", [], {"label": "dog"}),
        (TEXT, 0, [], {"label": 0}),
        (EVENTS, "owl", [], {"label": "owl"}),
        (EVENTS, "dog", [[{"start": 0.0, "end": 100.0, "label": "dog"}]], {}),
    ],
)
def test_the_label_of_a_sound_is_taken_or_kept(folder, source, label, found, meta):
    (folder / "labels.jsonl").write_text(json.dumps({"audio": "a.wav", "label": label}))
    (record,), bad, reading = read("jsonl", folder / "labels.jsonl", source)

    assert (bad, [one.value for one in record.suggestions], record.item.meta) == ([], found, meta)
    assert reading.unknown == ({"the project has no task to take the label": 1} if meta else {})


def test_common_voice_in_its_own_folders(tmp_path):
    clip(tmp_path / "clips/a.mp3.wav").rename(tmp_path / "clips/a.mp3")
    clip(tmp_path / "clips/b.mp3.wav", seed=1).rename(tmp_path / "clips/b.mp3")
    (tmp_path / "validated.tsv").write_text(VOICES)
    got, bad, _ = read("commonvoice", tmp_path / "validated.tsv", TEXT)
    write("commonvoice", [text_of(text, one.item) for text, one in zip(texts(got), got, strict=True)], TEXT, tmp_path)

    assert recognition.recognise(tmp_path / "validated.tsv").name == "commonvoice"
    assert bad == []
    assert texts(got) == ['Hello, "you".', " 'bye "]
    assert got[0].item.meta == {"client_id": "c1", "up_votes": "2", "locale": "en"}
    assert (tmp_path / "out").read_text().splitlines()[1:] == [
        'c1\ta.mp3\tHello, "you".\t2\t\t\t\t\t\ten\t',
        "c2\tb.mp3\t 'bye \t0\t\t\t\t\t\t\t",
    ]


@pytest.mark.parametrize("name", ["commonvoice", "librispeech"])
def test_what_is_said_in_the_first_stretch_is_not_said_of_the_whole_recording(tmp_path, name):
    stretches = [item(duration=50), item(duration=50, offset=50)]
    rows = [text_of("begins", stretches[0]), text_of("ends", stretches[1]), text_of("whole", item("b.wav"))]
    dropped = write(name, rows, TEXT, tmp_path)

    assert dropped == {"stretches of recordings": 2}
    assert "begins" not in (tmp_path / "out").read_text()
    assert "whole" in (tmp_path / "out").read_text()


@pytest.mark.parametrize("name", ["commonvoice", "librispeech"])
def test_recordings_of_one_name_in_several_folders_stay_apart(tmp_path, name):
    places = ["a.wav", "more/a.wav", "b.wav"]
    for seed, place in enumerate(places):
        clip(tmp_path / place, seed=seed)
    write(name, [text_of(place, item(place)) for place in places], TEXT, tmp_path)
    got, bad, _ = read(name, tmp_path / "out", TEXT)

    assert (bad, [(one.item.sound.path, *texts([one])) for one in got]) == ([], [(place, place) for place in places])


def test_real_common_voice_and_librispeech(data_folder, tmp_path):
    """The recordings lie beside, with and without the ending in the line."""
    data = data_folder / "sound/lhotse"
    for name in ("common_voice_en_651325.mp3", "libri-1088-134315-0000.wav"):
        (tmp_path / name).write_bytes((data / name).read_bytes())
    (tmp_path / "x.tsv").write_text("client_id\tpath\tsentence\nc\tcommon_voice_en_651325.mp3\tYes.\n")
    (tmp_path / "x.trans.txt").write_text("libri-1088-134315-0000 AS YOU KNOW\n")
    (voice,), _, _ = read(recognition.recognise(tmp_path / "x.tsv").name, tmp_path / "x.tsv", TEXT)
    (libri,), _, _ = read(recognition.recognise(tmp_path / "x.trans.txt").name, tmp_path / "x.trans.txt", TEXT)

    assert texts([voice, libri]) == ["Yes.", "AS YOU KNOW"]
    assert voice.item.sound.duration > 1 and libri.item.sound.duration > 10


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("commonvoice", "path\tsentence\n", "x:1: is no header of Common Voice: it lacks client_id"),
        ("commonvoice", VOICES + "c3\ta.wav\n", "x:4: has 2 columns, the header has 5"),
        ("commonvoice", "client_id\tpath\tsentence\nc\tz.mp3\tx\n", "x:2: audio: no recording named z.mp3"),
        ("librispeech", "a yes\nz no\n", "x:2: audio: no recording named z lies beside it"),
        ("librispeech", "\udcff\n", "x:1: not UTF-8"),
    ],
)
def test_a_bad_line_is_named(folder, name, text, words):
    (folder / "x").write_text(text, errors="surrogateescape")
    _, bad, _ = read(name, folder / "x", TEXT)

    assert any(words in one for one in bad)


def test_what_is_not_carried_is_counted(tmp_path):
    rows = [text_of("x"), text_of("y"), text_of("z", item(offset=5, duration=2))]

    assert write("librispeech", rows, TEXT, tmp_path) == {
        "further answers about a sound": 1,
        "stretches of recordings": 1,
    }
