"""Which recording labels are about, and what becomes of labels whichever format they come in."""

from __future__ import annotations

import pytest
from helpers import SENTIMENT, project
from labelled import BARE, BOTH, EVENTS, TEXT, TRANSCRIPT, clip, item, read, said, text_of, value, write

from tui_label import formats
from tui_label.core.annotation import Annotation, Flag
from tui_label.core.item import Item
from tui_label.core.tasks import Segment
from tui_label.errors import InputError, UsageError
from tui_label.formats import Reading, recognition
from tui_label.formats.tracks import names

SOUND_LABELS = [
    "audacity", "textgrid", "eaf", "srt", "vtt", "raven", "ctm", "stm", "rttm", "kaldi", "commonvoice", "librispeech",
]  # fmt: skip


def ctm(folder, *recordings: str):
    (folder / "x.ctm").write_text("".join(f"{name} 1 0 1 w\n" for name in recordings))
    got, bad, _ = read("ctm", folder / "x.ctm", BARE)
    return [one.item.sound.path for one in got], [one.partition(": ")[2] for one in bad]


def test_a_recording_is_named_with_or_without_its_ending_and_blanks(tmp_path):
    clip(tmp_path / "my call.wav")
    clip(tmp_path / "deep/b.flac", seed=1)

    assert ctm(tmp_path, "my_call", "deep/b") == (["my call.wav", "deep/b.flac"], [])
    assert ctm(tmp_path, "my_call.wav") == (["my call.wav"], [])


def test_a_recording_is_looked_for_in_the_projects_folder(tmp_path):
    place = clip(tmp_path / "p/clips/deep/a.wav")
    (tmp_path / "a.srt").write_text("1\n00:00:00,000 --> 00:00:01,000\nhi\n")
    reading = Reading(tmp_path / "a.srt", project(TRANSCRIPT, tmp_path / "p"))
    (record,) = formats.read(reading, formats.find("srt"))

    assert record.item.sound.path == "clips/deep/a.wav"
    assert place.exists()


def test_a_name_of_two_recordings_is_refused(tmp_path):
    clip(tmp_path / "a.wav")
    clip(tmp_path / "a.flac", seed=1)

    assert ctm(tmp_path, "a")[1] == [f"audio: a may be {tmp_path / 'a.flac'} or {tmp_path / 'a.wav'}"]
    assert ctm(tmp_path, "a.flac")[0] == ["a.flac"]


@pytest.mark.parametrize("name", ["../" * 40 + "etc/passwd", "/etc/passwd", "\x00", "a" * 5000, "."])
def test_no_name_leads_anywhere_but_to_a_sound(tmp_path, name):
    good, (bad,) = ctm(tmp_path, name)

    assert good == []
    assert bad.startswith("audio: ")


@pytest.mark.parametrize("name", SOUND_LABELS)
def test_labels_of_sounds_need_a_project_of_sounds(tmp_path, name):
    (tmp_path / "x").write_text("x")
    with pytest.raises(InputError, match="labels of sounds, but the project's items are text"):
        list(formats.read(Reading(tmp_path / "x", project(SENTIMENT)), formats.find(name)))


@pytest.mark.parametrize("name", [*SOUND_LABELS, "nemo"])
def test_a_project_without_a_task_for_it_cannot_write_it(tmp_path, name):
    with pytest.raises(UsageError, match=r"the project has no .* task, and this format carries nothing else"):
        write(name, [said([])], "name: q\nitems: sound\ntasks: [{id: q, type: choice, labels: [a, b]}]\n", tmp_path)


def test_an_end_just_past_the_sounds_is_cut_and_counted(tmp_path):
    clip(tmp_path / "a.wav", 10)
    (tmp_path / "a.ctm").write_text("a 1 9 1.04 w\n")
    (record,), _, reading = read("ctm", tmp_path / "a.ctm", BARE)

    assert value(record) == [Segment(9, 10, text="w")]
    assert reading.left_out == {"pieces of at most 50 ms beyond the end of a sound": 1}


def test_a_rounding_error_beyond_the_end_is_cut_without_a_word(tmp_path):
    clip(tmp_path / "a.wav", 10)
    (tmp_path / "a.stm").write_text("a 1 <NA> 9 10.0000000001 w\n")
    (record,), _, reading = read("stm", tmp_path / "a.stm", BARE)

    assert (value(record), reading.left_out) == ([Segment(9, 10, text="w")], {})


def test_overlaps_that_the_project_does_not_allow_are_refused(tmp_path):
    clip(tmp_path / "a.wav")
    (tmp_path / "a.ctm").write_text("a 1 0 2 v\na 1 1 2 w\n")
    good, (bad,), _ = read("ctm", tmp_path / "a.ctm", BARE.replace("overlap: true", "overlap: false"))

    assert good == []
    assert "overlap" in bad


def test_what_no_task_takes_is_kept_as_meta_and_told(tmp_path):
    clip(tmp_path / "a.wav")
    (tmp_path / "a.ctm").write_text("a 1 0.00 2.00 v\n")
    (record,), bad, reading = read("ctm", tmp_path / "a.ctm", TEXT)
    _, (refused,), _ = read("ctm", tmp_path / "a.ctm", TEXT, "ann")

    assert (record.suggestions, record.item.meta["segments"], bad) == ((), [{"start": 0, "end": 2, "text": "v"}], [])
    assert reading.unknown == {"the project has no segments task to take it": 1}
    assert "the project has no segments task to take it" in refused


def test_finished_answers_of_somebody(tmp_path):
    clip(tmp_path / "a.wav")
    (tmp_path / "a.ctm").write_text("a 1 0 2 v\n")
    (record,), _, _ = read("ctm", tmp_path / "a.ctm", BARE, "ann")

    assert record.suggestions == ()
    assert (record.annotation.annotator, record.annotation.answers) == (
        "ann",
        {"s": [{"start": 0, "end": 2, "text": "v"}]},
    )


def test_known_answers(tmp_path):
    clip(tmp_path / "a.wav")
    (tmp_path / "a.ctm").write_text("a 1 0 2 v\n")
    reading = Reading(tmp_path / "a.ctm", project(BARE, tmp_path), gold="check")
    (record,) = formats.read(reading, formats.find("ctm"))

    assert record.gold.answers == {"s": [{"start": 0, "end": 2, "text": "v"}]}
    assert (record.annotation, record.probe) == (None, "check")


def test_what_is_not_carried_is_counted(tmp_path):
    segments, _ = said([Segment(0, 1, "dog", "v", "Bo")])[1].answers["s"], None
    flagged = Annotation("ann", answers={"s": segments, "q": "x"}, flags=(Flag("ambiguous"),))
    rows = [
        (item(), flagged),
        (item(), Annotation("bob", answers={"s": segments})),
        (item("b.wav"), Annotation("ann", "draft", answers={"s": segments})),
        (Item("t", "text"), flagged),
    ]

    assert write("rttm", rows, BOTH, tmp_path) == {
        "flags": 1, "answers to q": 1, "further answers about a sound": 1, "drafts": 1,
        "items that are no sounds": 1, "texts": 1, "labels": 1,
    }  # fmt: skip
    assert (tmp_path / "out").read_text() == "SPEAKER a 1 0.000 1.000 <NA> <NA> Bo <NA> <NA>\n"


def test_of_a_history_the_latest_answer_is_written(tmp_path):
    rows = [(item(), Annotation("ann", answers={"t": str(n)}, revision=n)) for n in (1, 3, 2)]
    dropped = write("librispeech", rows, TEXT, tmp_path)

    assert (tmp_path / "out").read_text() == "a 3\n"
    assert dropped == {"further answers about a sound": 2}


def test_names_are_short_and_never_shared():
    assert names(["/x/a.wav", "/x/b.wav"]) == {"/x/a.wav": "a", "/x/b.wav": "b"}
    assert names(["/x/a.wav", "/x/a.mp3"]) == {"/x/a.wav": "a.wav", "/x/a.mp3": "a.mp3"}
    assert names(["/x/1/a.wav", "/x/2/a.wav"]) == {"/x/1/a.wav": "1/a", "/x/2/a.wav": "2/a"}
    assert names(["/x/a b.wav", "/y/a_b.wav"]) == {"/x/a b.wav": "x/a b", "/y/a_b.wav": "y/a_b"}
    assert names([]) == {}
    with pytest.raises(UsageError, match=r"a recording is named as /x/a b.wav but for blanks; rename one"):
        names(["/x/a b.wav", "/x/a_b.wav"])


def test_files_are_written_within_the_folder_only(tmp_path):
    rows = [said([Segment(0, 1, "dog")], item(path)) for path in ("../../a.wav", "../deep/a.wav", "x/a.wav")]
    write("textgrid", rows, EVENTS, tmp_path / "p/out")

    found = [path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*.TextGrid")]
    assert len(found) == 3
    assert all(path.startswith("p/out/") for path in found)


def test_one_file_under_two_paths_is_one_recording(tmp_path):
    rows = [said([Segment(0, 1, "dog")], item(path)) for path in ("clips/a.wav", f"{tmp_path}/clips/a.wav")]
    write("audacity", rows, EVENTS, tmp_path)

    assert (tmp_path / "a.txt").read_text() == "0.000000\t1.000000\tdog\n" * 2


@pytest.mark.parametrize(
    ("name", "format"),
    [("a.TextGrid", "textgrid"), ("a.eaf", "eaf"), ("a.SRT", "srt"), ("a.vtt", "vtt"), ("a.ctm", "ctm"), ("a.stm", "stm"), ("a.rttm", "rttm"), ("84-1.trans.txt", "librispeech"), ("a.Table.1.selections.txt", "raven"), ("a.txt", "text"), ("a.tsv", "tsv")],
)  # fmt: skip
def test_formats_are_recognised(tmp_path, name, format):
    (tmp_path / name).write_text("x\n")

    assert recognition.recognise(tmp_path / name).name == format


@pytest.mark.parametrize("name", ["csv", "labelstudio", "nemo", "prodigy"])
@pytest.mark.parametrize("stretch", [(0.0, 5.0), (2.5, 5.0), (0.0, 100.0)])
def test_a_stretch_comes_back_as_the_stretch_that_it_was(tmp_path, name, stretch):
    clip(tmp_path / "a.wav")
    offset, duration = stretch
    write(name, [text_of("yes", item(offset=offset, duration=duration))], TEXT, tmp_path)
    (record,), bad, _ = read(name, tmp_path / "out", TEXT, "ann")

    assert bad == []
    assert (record.item.sound.offset, record.item.sound.duration) == stretch


FILES = {
    "audacity": "a.txt", "textgrid": "a.textgrid", "eaf": "a.eaf", "srt": "a.srt.gz", "vtt": "a.vtt", "raven": "a.txt.gz",
}  # fmt: skip


@pytest.mark.parametrize(("name", "file"), FILES.items())
def test_one_recording_goes_into_the_file_that_is_named(tmp_path, name, file):
    format, to = formats.find(name), project(TRANSCRIPT, tmp_path)
    one, two = said([Segment(0.5, 1.25, text="hello")]), said([], item("b.wav"))
    assert format.write_folder([one], tmp_path / file, to, {}) == 1

    clip(tmp_path / "a.wav"), clip(tmp_path / "b.wav", seed=1)
    (record,), bad, _ = read(name, tmp_path / file, TRANSCRIPT)
    assert (value(record), bad) == ([Segment(0.5, 1.25, text="hello")], [])
    with pytest.raises(UsageError, match="would be more than one file; name a folder"):
        format.write_folder([one, two], tmp_path / f"new.{file}", to, {})
    (tmp_path / f"folder.{file}").mkdir()
    assert format.write_folder([one, two], tmp_path / f"folder.{file}", to, {}) == 2
    assert format.write_folder([one, two], tmp_path / "1.2", to, {}) == 2


@pytest.mark.parametrize("name", SOUND_LABELS)
def test_fields_of_meta_that_a_format_has_no_place_for_are_counted(tmp_path, name):
    source = TEXT if name in ("commonvoice", "librispeech") else TRANSCRIPT
    meta = {"lang": "en", "age": "twenties", "ctm": ["a 1 0 1 hi"]}
    row = text_of("hi", item(meta=meta)) if source is TEXT else said([Segment(0, 1, text="hi")], item(meta=meta))

    assert write(name, [row], source, tmp_path).get("fields of meta") == 2
