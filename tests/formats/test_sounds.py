"""Sounds brought in by the command: what is taken, under which path, and what is refused in one line."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile
from helpers import SENTIMENT, write_project
from recordings import noise, write, write_varying_mp3
from terminal_harness import run

from tui_label import cli, config
from tui_label.core.annotating.beginning import begin
from tui_label.core.item import Item, Suggestion
from tui_label.projects import opening
from tui_label.sound.look import Look, look
from tui_label.sound.media import fingerprint

RATE = 8000
SOUNDS = """\
name: calls
items: sound
tasks:
  - {id: transcript, type: text, required: false}
  - {id: events, type: segments, overlap: true, required: false, labels: [dog, bell]}
  - {id: quality, type: choice, required: false, labels: [clear, noisy]}
"""

Add = Callable[..., tuple[int, str]]


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in a folder of its own, with a project `p` in it; paths are as short as people type them."""
    monkeypatch.chdir(tmp_path)
    write_project(Path("p"), SOUNDS)
    return tmp_path


@pytest.fixture
def add(capfd: pytest.CaptureFixture[str]) -> Add:
    """`tui-label add p FILES`: the exit status and all it said, also past Python."""

    def run_add(*files: str | Path, project: str | Path = "p") -> tuple[int, str]:
        status = cli.main(["add", str(project), *map(str, files)])
        return status, "".join(capfd.readouterr())

    return run_add


def clip(name: str, seconds: float = 1.0, seed: int = 1) -> Path:
    path = Path(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    samples = np.random.default_rng(seed).uniform(-0.5, 0.5, round(seconds * RATE))
    soundfile.write(os.fsencode(path), samples, RATE, format="WAV")
    return path


def lines(name: str, *found: dict[str, object]) -> Path:
    path = Path(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(one) + "\n" for one in found), encoding="utf-8")
    return path


def waiting(project: str | Path = "p") -> list[tuple[Item, tuple[Suggestion, ...]]]:
    store, _ = opening.open_store(config.load(Path(project)))
    found = list(store.unanswered())
    store.close()
    return found


def paths(project: str | Path = "p") -> list[str]:
    return sorted(item.sound.path for item, _ in waiting(project) if item.sound)


def seen(item: Item, project: str | Path = "p") -> Look:
    assert item.sound is not None
    return look(Path(project), item.sound, lambda _: None)


def only(project: str | Path = "p") -> Item:
    ((item, _),) = waiting(project)
    return item


def export(name: str, project: str | Path = "p", *more: str) -> list[str]:
    assert cli.main(["export", str(project), "-o", name, *more]) == 0
    return Path(name).read_text(encoding="utf-8").splitlines()


# what can be given


def test_a_file(add):
    clip("a.wav", 2.5)
    status, said = add("a.wav")

    assert (status, said) == (0, "1 item added\n")
    sound = only().sound
    assert sound is not None
    assert (sound.path, sound.duration, sound.offset, sound.rate, sound.channels) == ("../a.wav", 2.5, 0, RATE, 1)
    assert sound.hash == fingerprint(Path("a.wav"))


def test_a_folder_gives_its_sounds_and_those_of_its_folders(add):
    clip("clips/b.wav", seed=1)
    clip("clips/deep/A.WAV", seed=2)
    clip("clips/.hidden/c.wav", seed=3)
    clip("clips/._b.wav", seed=4)
    Path("clips/notes.txt").write_text("no sound")
    Path("clips/takes.wav").mkdir()

    assert add("clips")[0] == 0
    assert paths() == ["../clips/b.wav", "../clips/deep/A.WAV"]


def test_a_pattern_gives_what_matches(add):
    clip("clips/a1.wav", seed=1)
    clip("clips/a2.wav", seed=2)
    clip("clips/deep/a3.wav", seed=3)
    clip("clips/b.wav", seed=4)

    assert add("clips/**/a*.wav")[0] == 0
    assert paths() == ["../clips/a1.wav", "../clips/a2.wav", "../clips/deep/a3.wav"]


def test_a_name_with_signs_of_patterns_is_a_name(add):
    clip("take [1].wav")

    assert add("take [1].wav")[0] == 0
    assert paths() == ["../take [1].wav"]


@pytest.mark.parametrize("field", ["audio", "audio_filepath", "file_name", "path"])
def test_a_manifest(add, field):
    clip("corpus/a.wav", 3)
    lines("corpus/m.jsonl", {field: "a.wav", "offset": 1.25, "duration": 0.5, "text": "hello", "take": 7})

    assert add("corpus/m.jsonl")[0] == 0
    ((item, (draft,)),) = waiting()
    assert item.sound is not None
    assert (item.sound.path, item.sound.offset, item.sound.duration) == ("../corpus/a.wav", 1.25, 0.5)
    assert (draft.task, draft.value) == ("transcript", "hello")
    assert item.meta == {"take": 7}


def test_a_long_recording_is_one_item_with_segments(add):
    clip("a.wav", 30)
    segments = [{"start": 20, "end": 21.5, "label": "bell"}, {"start": 1, "end": 2, "label": "dog"}]
    lines("m.jsonl", {"audio": "a.wav", "segments": segments})

    assert add("m.jsonl")[0] == 0
    ((_, (draft,)),) = waiting()
    assert [one["label"] for one in draft.value] == ["dog", "bell"]


@pytest.mark.parametrize(("name", "mark"), [("t.csv", ","), ("t.tsv", "\t")])
def test_a_table(add, name, mark):
    clip("corpus/a.wav", 3)
    rows = [["id", "path", "Offset", "duration", "sentence"], ["x1", "a.wav", "0.5", "1", "hi"]]
    rows += [["x2", "a.wav", "", "", ""]]
    Path("corpus", name).write_text("\n".join(mark.join(row) for row in rows))

    assert add(f"corpus/{name}")[0] == 0
    (first, (draft,)), (second, _) = waiting()
    assert first.sound is not None and second.sound is not None
    assert (first.key, first.sound.offset, first.sound.duration, draft.value) == ("x1", 0.5, 1, "hi")
    assert (second.key, second.sound.offset, second.sound.duration) == ("x2", 0, 3)


def test_a_table_may_bring_segments_as_json(add):
    clip("a.wav", 3)
    Path("t.tsv").write_text('audio\tsegments\na.wav\t[{"start": 1, "end": 2, "label": "dog"}]\n')

    assert add("t.tsv")[0] == 0
    ((_, (draft,)),) = waiting()
    assert draft.value == [{"start": 1, "end": 2, "label": "dog"}]


def test_a_list_of_files_without_a_header_does_not_lose_its_first(add):
    clip("a.wav", seed=1)
    clip("b.wav", seed=2)
    Path("t.csv").write_text("a.wav\nb.wav\n")

    assert add("t.csv") == (
        1,
        "tui-label: t.csv:1: a.wav is no name of a column; put a line with `audio` above it\n",
    )
    Path("t.csv").write_text("audio\na.wav\nb.wav\n")
    assert add("t.csv")[0] == 0
    assert paths() == ["../a.wav", "../b.wav"]


def test_eight_hours_are_one_item(add):
    """At 8 kHz; nearly all of the file is a hole in it."""
    frames = 8 * 3600 * RATE
    clip("a.wav")
    head = bytearray(Path("a.wav").read_bytes()[:44])
    head[4:8], head[40:44] = (36 + frames * 2).to_bytes(4, "little"), (frames * 2).to_bytes(4, "little")
    Path("a.wav").write_bytes(head)
    os.truncate("a.wav", 44 + frames * 2)

    assert add("a.wav") == (0, "1 item added\n")
    sound = only().sound
    assert sound is not None and sound.duration == 28_800


# the same sound is the same item


def test_the_same_file_twice_is_one_item(add):
    clip("a.wav")
    shutil.copy("a.wav", "copy.wav")
    lines("m.jsonl", {"audio": "a.wav"}, {"audio": "a.wav"}, {"audio": "a.wav", "offset": 0, "duration": 1.0})

    assert add("a.wav", "a.wav")[1] == "1 item added, 1 known already\n"
    assert add("copy.wav", "m.jsonl")[0] == 0
    assert len(waiting()) == 1


def test_stretches_of_one_file_are_items_of_their_own(add):
    clip("a.wav", 3)
    lines("m.jsonl", *({"audio": "a.wav", "offset": n, "duration": 1} for n in range(3)))

    assert add("m.jsonl")[0] == 0
    assert [item.sound.offset for item, _ in waiting() if item.sound] == [0, 1, 2]


def test_a_second_draft_for_the_same_stretch_is_a_second_suggestion(add):
    clip("a.wav")
    lines("m.jsonl", {"audio": "a.wav", "text": "one"}, {"audio": "a.wav", "text": "two", "source": "model-2"})

    assert add("m.jsonl")[0] == 0
    ((_, drafts),) = waiting()
    assert [draft.value for draft in drafts] == ["one", "two"]


def test_a_file_that_moved_is_found_in_its_new_place(add):
    clip("a.wav")
    add("a.wav")
    Path("b").mkdir()
    Path("a.wav").rename("b/c.wav")

    assert add("b")[1] == "0 items added, 1 known already\n"
    assert paths() == ["../b/c.wav"]


def test_a_file_that_changed_is_another_item_and_the_first_says_so(add):
    clip("a.wav", seed=1)
    add("a.wav")
    clip("a.wav", seed=2)
    os.utime("a.wav", ns=(0, 0))

    assert "changed after it was added" in seen(only()).word
    assert add("a.wav")[1] == "1 item added\n"
    assert [bool(seen(item).word) for item, _ in waiting()] == [True, False]


# paths


@pytest.mark.parametrize("given", ["p/clips", "p/../p/clips", "{here}/p/clips", "p/clips/*.wav", "p/m.jsonl"])
def test_a_project_that_is_moved_keeps_its_sounds(add, here, given):
    clip("p/clips/a.wav")
    lines("p/m.jsonl", {"audio": "clips/a.wav"})
    assert add(given.format(here=here))[0] == 0
    assert paths() == ["clips/a.wav"]
    Path("elsewhere").mkdir()
    Path("p").rename("elsewhere/q")

    found = seen(only("elsewhere/q"), "elsewhere/q")
    assert found.word == ""
    assert found.peaks is not None and found.peaks.loudest > 0.4


def test_a_project_and_its_sounds_are_moved_together(add):
    clip("work/clips/a.wav")
    write_project(Path("work/p"), SOUNDS)
    add("work/clips/a.wav", project="work/p")
    Path("work").rename("moved")

    assert paths("moved/p") == ["../clips/a.wav"]
    assert seen(only("moved/p"), "moved/p").word == ""


def test_an_absolute_path_outside_the_project_stays_absolute(add, here):
    clip("clips/a.wav")
    lines("m.jsonl", {"audio": str(here / "clips/a.wav")})

    assert add("m.jsonl")[0] == 0
    assert paths() == [str(here / "clips/a.wav")]


def test_a_project_behind_a_link_finds_its_sounds(add):
    """Whoever goes up from a link goes up from where it leads to."""
    Path("far/away").mkdir(parents=True)
    Path("p").rename("far/away/p")
    Path("p").symlink_to("far/away/p")
    clip("clips/a.wav")
    Path("p/linked").symlink_to(Path("clips").absolute())

    assert add("clips/a.wav")[0] == 0
    assert paths() == ["../../../clips/a.wav"]
    assert seen(only()).word == ""
    assert add("p/linked/a.wav")[0] == 0
    assert paths() == ["linked/a.wav"]
    assert seen(only()).word == ""


@pytest.mark.parametrize(
    "name", ["日本 語.wav", "a b.wav", "é\u0301 'x' \"y\".wav", "a,b;c.wav", "--format.wav", "a:b.wav"]
)
def test_any_decent_name_is_kept(add, name):
    clip(f"clips/{name}")

    assert add("clips")[0] == 0
    assert paths() == [f"../clips/{name}"]
    assert seen(only()).word == ""


def test_names_that_a_terminal_would_obey_are_kept_and_shown_harmlessly(add):
    names = ["a\x1b[2J.wav", "b\nc.wav", "d\u202e.wav", os.fsdecode(b"\xff.wav")]
    for seed, name in enumerate(names):
        clip(f"clips/{name}", seed=seed)

    assert add("clips")[0] == 0
    assert sorted(paths()) == sorted(f"../clips/{name}" for name in names)
    assert [seen(item).word for item, _ in waiting()] == [""] * 4

    for name in names:
        Path("clips", name).write_bytes(b"")
    status, said = add("clips")
    assert (status, said.count("empty file"), said.count("\n")) == (1, 4, 5)
    assert not set(said) & {"\x1b", "\u202e", "\udcff"}


# what is refused


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ({"audio": "a.wav", "offset": 3}, "offset: 3 s lies beyond the end of a.wav (2.00 s)"),
        ({"audio": "a.wav", "offset": 2.0}, "offset: 2 s lies beyond the end of a.wav (2.00 s)"),
        ({"audio": "a.wav", "offset": 1, "duration": 1.5}, "duration: 1 + 1.5 s is more than a.wav has (2.00 s)"),
        ({"audio": "a.wav", "duration": 0}, "duration: is 0 seconds"),
        ({"audio": "a.wav", "duration": 1e-7}, "duration: is 1e-07 seconds"),
        ({"audio": "a.wav", "offset": -1}, "offset: must be seconds from 0 on, not -1"),
        ({"audio": "a.wav", "offset": "soon"}, 'offset: must be seconds, not "soon"'),
        ({"audio": "a.wav", "offset": [1]}, "offset: must be seconds, not [1]"),
        ({"audio": "a.wav", "offset": True}, "offset: must be seconds from 0 on, not True"),
        ({"audio": "a.wav", "offset": float("nan")}, "offset: must be seconds from 0 on, not nan"),
        ({"audio": "a.wav", "duration": float("inf")}, "duration: must be seconds from 0 on, not inf"),
        ({"audio": "a.wav", "duration": 10**400}, "duration: must be seconds, not 1000"),
        ({"audio": 7}, "audio: must be a path, not 7"),
        ({"audio": {"path": "a.wav"}}, 'audio: must be a path, not {"path": "a.wav"}'),
        ({"audio": "aa.wav"}, "audio: aa.wav: no such file; did you mean a.wav?"),
        ({"audio_filepath": "nowhere/x.wav"}, "audio_filepath: nowhere/x.wav: no such file"),
        ({"audio": "/nowhere/x.wav"}, "audio: /nowhere/x.wav: no such file"),
        ({"audio": "/x\0y.wav"}, "no such file"),
        ({"audio": "/\ud800.wav"}, "no such file"),
        ({"audio": "x" * 5000}, "File name too long"),
        ({"audio": "."}, "audio: is a folder"),
        ({"audio": "empty.wav"}, "audio: empty file (0 bytes)"),
        ({"audio": "none.wav"}, "audio: no sound in it (0 seconds)"),
        ({"audio": "blink.wav"}, "audio: is shorter than a millisecond"),
        ({"audio": "cut.wav"}, "audio: truncated: only 1.0 s of it are there"),
        ({"audio": "text.wav"}, "audio: not a recording that can be read"),
        ({"text": "no sound"}, "audio: no sound is named; call the file one of audio, audio_filepath"),
        ({"audio": "a.wav", "text": 7}, "text: must be text, not 7"),
        ({"audio": "a.wav", "segments": "x"}, "segments: not JSON"),
        ({"audio": "a.wav", "segments": [{"start": 1, "end": 9, "label": "dog"}]}, "segments: "),
        ({"audio": "a.wav", "segments": [{"start": "1", "end": 2, "label": "dog"}]}, "segments: "),
        (
            {"audio": "a.wav", "segments": [{"start": 1, "end": 2, "label": "dgo"}]},
            "label: 'dgo' is no label of this project; did you mean dog?",
        ),
        ({"audio": "a.wav", "segments": [None]}, "segments: "),
        ({"audio": "a.wav", "audio_hash": "0" * 32}, "audio: a.wav is not the file this line was written about"),
        ({"item": " ", "audio": "a.wav"}, "item: is an empty id"),
    ],
)
def test_a_bad_line_is_named_and_nothing_of_the_file_comes_in(add, line, words):
    clip("a.wav", 2)
    Path("empty.wav").touch()
    clip("none.wav", 0)
    clip("blink.wav", 4 / RATE)
    Path("cut.wav").write_bytes(clip("b.wav", 2).read_bytes()[: RATE * 2])
    Path("text.wav").write_text("Grüße")
    lines("m.jsonl", {"audio": "b.wav"}, line)
    status, said = add("m.jsonl")

    first, last = (one for one in said.splitlines() if one.startswith("tui-label: "))
    assert status == 1
    assert first.startswith("tui-label: m.jsonl:2: ")
    assert words in first
    assert last == "tui-label: 1 bad line: nothing was brought in; mend them, or leave them out with --skip-bad"
    assert waiting() == []


def test_bad_lines_can_be_left_out(add):
    clip("a.wav")
    lines("m.jsonl", {"audio": "a.wav"}, {"audio": "b.wav"})

    assert add("m.jsonl", "--skip-bad")[0] == 0
    assert paths() == ["../a.wav"]


def test_a_bad_file_is_named_as_a_whole(add):
    clip("clips/a.wav")
    Path("clips/b.wav").touch()

    assert add("clips") == (
        1,
        "tui-label: clips/b.wav: empty file (0 bytes)\n"
        "tui-label: 1 bad line: nothing was brought in; mend them, or leave them out with --skip-bad\n",
    )
    assert waiting() == []


def test_a_decoders_own_remarks_are_not_heard(add):
    """libsndfile's MP3 decoder writes to standard error by itself."""
    write_varying_mp3(Path("a.mp3"), noise(3), 48_000, says_length=True)
    data = Path("a.mp3").read_bytes()
    Path("a.mp3").write_bytes(data[: len(data) // 2])
    status, said = add("a.mp3")

    assert (status, len(said.splitlines())) == (1, 2)
    assert said.startswith("tui-label: a.mp3: truncated")


def test_a_slip_of_the_pen_is_helped(add):
    clip("interview.wav")

    assert add("intervew.wav") == (1, "tui-label: intervew.wav: no such file; did you mean interview.wav?\n")
    assert add("*.flac") == (1, "tui-label: *.flac: no file matches\n")
    # From Python 3.13 on it is one that nothing matches
    assert add("a**.wav")[1].startswith(("tui-label: a**.wav: not a pattern", "tui-label: a**.wav: no file matches"))
    Path("empty").mkdir()
    assert add("empty")[1].startswith("tui-label: empty: nothing in this folder that is known: no sounds")
    assert waiting() == []


def test_sounds_do_not_go_into_a_project_of_texts(add):
    write_project(Path("t"), SENTIMENT)
    clip("clips/a.wav")
    words = "tui-label: clips/a.wav: read as sound, but the project's items are text\n"

    assert add("clips/a.wav", project="t") == (1, words)
    assert add("clips", project="t") == (1, words)
    lines("m.jsonl", {"audio": "clips/a.wav"})
    assert "m.jsonl:1: text: is missing" in add("m.jsonl", project="t")[1]


def test_texts_do_not_go_into_a_project_of_sounds(add):
    Path("a.txt").write_text("Hello.\n")
    Path("take1").write_text("Hello.\n")
    Path("t.csv").write_text("text,label\nHello.,x\n")

    assert add("a.txt") == (1, "tui-label: a.txt: read as text, but the project's items are sound\n")
    assert add("take1")[1].endswith("the project's items are sound; if it is a recording, give --format sound\n")
    assert "t.csv:2: audio: no sound is named" in add("t.csv")[1]
    assert waiting() == []


def test_a_recording_without_a_suffix_is_taken_when_told(add):
    clip("take1")

    assert add("take1")[0] == 1
    assert add("take1", "--format", "sound")[0] == 0
    assert paths() == ["../take1"]


def test_the_installed_command_takes_formats_of_all_kinds(here):
    """In a process of its own, as people run it."""
    for kind in ("flac", "ogg", "opus", "mp3", "aiff", "sph", "m4a", "mp4", "webm"):
        write(Path(f"a.{kind}"), noise(0.5))
    done = run("add", "p", ".")

    assert done == (0, "9 items added\n", "")


# out and in again


def answered(add: Add) -> None:
    """Two finished answers: on a whole file of a crooked length, and on a stretch that was not given in milliseconds."""
    soundfile.write("p/clips/a.wav", np.random.default_rng(1).uniform(-0.5, 0.5, 44_123), 44_100)
    clip("p/clips/b.wav", 3)
    lines(
        "p/in.jsonl",
        {"audio": "clips/a.wav", "text": "hello", "take": 3},
        {"audio": "clips/b.wav", "offset": 0.70049, "duration": 1.00051, "segments": [{"start": 0.1, "end": 0.5, "label": "dog"}]},
    )  # fmt: skip
    assert add("p/in.jsonl", "--annotator", "ann")[0] == 0


@pytest.fixture
def done(add: Add) -> None:
    Path("p/clips").mkdir()
    answered(add)


def finished(project: str = "p") -> list[tuple[Item, dict[str, object]]]:
    """Items with all they hold, and their answers, as the database has them."""
    store, _ = opening.open_store(config.load(Path(project)))
    found = [(item, dict(annotation.answers)) for item, annotation in store.answers()]
    store.close()
    return found


def test_an_export_comes_in_again_and_changes_nothing(done, add):
    before = finished()
    first = export("p/out.jsonl")

    assert "2 known already" in add("p/out.jsonl")[1]
    assert finished() == before
    assert export("again.jsonl") == first


def test_an_export_comes_in_equal_in_a_copy_of_the_project(done, add):
    export("out.jsonl")
    write_project(Path("q/p"), SOUNDS)
    shutil.copytree("p/clips", "q/p/clips")

    status, said = add("out.jsonl", project="q/p")
    assert (status, "2 items added, 2 answers" in said) == (0, True)
    assert finished("q/p") == finished()
    assert len(finished()) == 2


def test_an_export_is_never_taken_for_another_sound_of_the_same_name(done, add):
    """Beside the export lies another clips/a.wav; the one that is meant lies in the project."""
    export("out.jsonl")
    clip("clips/a.wav", 3, seed=9)
    clip("clips/b.wav", 3, seed=9)

    assert "2 known already" in add("out.jsonl")[1]
    shutil.rmtree("p/clips")
    status, said = add("out.jsonl")
    assert status == 1
    assert said.count("is not the file this line was written about") == 2


def test_a_table_of_answers_comes_in_again(done, add):
    rows = export("p/out.csv", "p", "--format", "csv")

    assert rows[0].startswith("item,audio,offset,duration,annotator,transcript,events,quality")
    assert "2 known already" in add("p/out.csv")[1]


def test_drafts_that_break_the_rules_come_in_and_are_laid_out_to_be_corrected(add):
    strict = "{enforce: refuse, tags: [noise], speakers: [agent, caller]}"
    write_project(
        Path("q"),
        f"name: q\nitems: sound\ntasks:\n  - {{id: turns, type: segments, labels: [talk], transcript: {strict}}}\n"
        f"  - {{id: said, type: text, min: 5, transcript: {strict}}}\n",
    )
    clip("in/a.wav")
    turns = [{"start": 0.0, "end": 0.5, "text": "[nose hi", "speaker": "nobody"}, {"start": 0.5, "end": 1.0}]
    manifest = lines("in/m.jsonl", {"audio": "a.wav", "segments": turns, "text": "[x]"})

    assert add(manifest, project="q")[0] == 0
    ((item, suggestions),) = waiting("q")
    session = begin(config.load(Path("q")), item, suggestions)
    assert session.answers == {"turns": turns, "said": "[x]"}
    assert (
        session.unfinished is not None and "00:00.000–00:00.500 needs one of the labels talk" in session.unfinished[1]
    )


def test_a_manifest_with_drafts_brings_known_answers_and_so_does_what_is_exported_of_them(add):
    clip("a.wav", 2.0)
    clip("b.wav", 2.0, seed=2)
    said = {"text": "hello", "segments": [{"start": 0.5, "end": 1.5, "label": "dog"}], "label": "clear"}
    lines("m.jsonl", {"audio": "a.wav", **said}, {"audio": "b.wav", "text": "well"})
    lines("none.jsonl", {"audio": "a.wav"})
    wanted = {
        "a.wav": {"transcript": "hello", "events": said["segments"], "quality": "clear"},
        "b.wav": {"transcript": "well"},
    }

    assert add("none.jsonl", "--gold")[0] == 1
    assert add("m.jsonl", "--gold")[1].startswith("2 items added, 2 known answers\n")
    for form in ("jsonl", "csv"):
        assert cli.main(["export", "p", "--settled", "--rule", "none", "--format", form, "-o", f"p/out.{form}"]) == 0
        assert add(f"p/out.{form}", "--gold")[1].startswith("0 items added, 2 known already\n")
    store, _ = opening.open_store(config.load(Path("p")))
    assert {
        Path(one.item.sound.path).name: one.gold.answers for one in store.testimonies() if one.item.sound and one.gold
    } == wanted


@pytest.mark.parametrize("form", ["textgrid", "vtt", "eaf"])
def test_labels_that_lie_apart_from_their_sounds_bring_known_answers(add, form):
    write_project(Path("q"), "name: q\nitems: sound\ntasks: [{id: said, type: segments, transcript: {}}]\n")
    clip("q/a.wav", 4.0)
    lines("m.jsonl", {"audio": "q/a.wav", "segments": [{"start": 0.5, "end": 1.5, "text": "hello"}]})
    assert add("m.jsonl", "--gold", project="q")[0] == 0
    assert cli.main(["export", "q", "--settled", "--format", form, "-o", "out"]) == 0
    write_project(Path("r"), "name: r\nitems: sound\ntasks: [{id: said, type: segments, transcript: {}}]\n")
    shutil.copy("q/a.wav", "r/a.wav")
    (labels,) = [one for one in Path("out").rglob("*") if one.is_file()]
    assert add(labels, "--gold", project="r")[1].startswith("1 item added, 1 known answer\n")
    store, _ = opening.open_store(config.load(Path("r")))
    (one,) = store.testimonies()

    assert one.gold is not None
    assert one.gold.answers["said"] == [{"start": 0.5, "end": 1.5, "text": "hello"}]
