"""From one format to another without a project: tasks found in the file, what is lost said, packed, standard input."""

from __future__ import annotations

import contextlib
import gzip
import io
import json
import os
import pty
import subprocess
import sys

import pytest
from elsewhere import elsewhere, impatient
from helpers import BOTH, write_project
from labelled import clip

from tui_label import cli, formats

SPANS = "EU B-ORG\nsays O\n\nin O\nParis B-LOC\n\n"


def convert(capsys, *arguments: object) -> tuple[int, str, str]:
    status = cli.main(["convert", *map(str, arguments)])
    return status, *capsys.readouterr()


def records(text: str) -> list[dict]:
    return [json.loads(line) for line in text.splitlines()]


def test_labels_are_found_in_the_file(tmp_path, capsys):
    (tmp_path / "a.conll").write_text(SPANS)
    status, out, errors = convert(capsys, tmp_path / "a.conll", "-", "--to", "doccano")

    assert (status, errors) == (0, "")
    assert [(one["text"], one["label"]) for one in records(out)] == [
        ("EU says", [[0, 2, "ORG"]]),
        ("in Paris", [[3, 8, "LOC"]]),
    ]


def _studio(*results: dict) -> list[dict]:
    """Results of Label Studio's, by controls and names that are not ours."""
    return [{"from_name": "f", "to_name": "t", **one} for one in results]


MARK = {"type": "labels", "value": {"start": 0, "end": 3, "text": "Ann", "labels": ["person"]}}
MOOD = {"type": "choices", "value": {"choices": ["good"]}}


def test_labels_that_are_suggested_alone_are_found_too(tmp_path, capsys):
    task = {"data": {"text": "Ann flew"}, "predictions": [{"model_version": "m", "result": _studio(MARK, MOOD)}]}
    (tmp_path / "a.json").write_text(json.dumps([task]))
    status, out, errors = convert(capsys, tmp_path / "a.json", "-", "--to", "jsonl")

    assert (status, errors) == (0, "")
    assert [(one["task"], one["value"]) for one in records(out)[0]["suggestions"]] == [
        ("spans", {"start": 0, "end": 3, "label": "person", "text": "Ann"}),
        ("label", "good"),
    ]


def test_where_all_lines_are_bad_it_is_said_what_is_wrong_with_them(tmp_path, capsys):
    line = {"text": "Ann", "spans": [{"start": 0, "end": 3, "label": "person"}], "answer": "accept", "flags": 5}
    (tmp_path / "a.jsonl").write_text(json.dumps(line))

    assert "a.jsonl:1: flags: must be a list" in convert(capsys, tmp_path / "a.jsonl", "-", "--to", "jsonl")[2]


@pytest.mark.parametrize("rating", [{"rating": 4}, {"number": 4.0}])
def test_ratings_and_texts_of_label_studio_are_found_in_the_file(tmp_path, capsys, rating):
    results = _studio(MARK, {"type": "rating", "value": rating}, {"type": "textarea", "value": {"text": ["so"]}})
    (tmp_path / "a.json").write_text(json.dumps([{"data": {"text": "Ann flew"}, "annotations": [{"result": results}]}]))
    status, out, errors = convert(capsys, tmp_path / "a.json", "-", "--to", "jsonl")

    assert (status, errors) == (0, "")
    assert records(out)[0]["answers"] == {
        "spans": [{"start": 0, "end": 3, "label": "person", "text": "Ann"}],
        "rating": 4,
        "note": "so",
    }


@pytest.mark.parametrize(
    ("target", "module", "extra"),
    [
        ("x.spacy", "spacy", "spacy"),
        ("x.parquet", "pyarrow", "datasets"),
        pytest.param(
            "x.jsonl.zst", "backports.zstd", "zst",
            marks=pytest.mark.skipif(sys.version_info >= (3, 14), reason="Zstandard is Python's own"),
        ),
    ],
)  # fmt: skip
def test_a_library_that_is_missing_is_named_and_is_no_wrong_usage(tmp_path, capsys, monkeypatch, target, module, extra):
    (tmp_path / "a.conll").write_text(SPANS)
    monkeypatch.setitem(sys.modules, module, None)
    status, _, errors = convert(capsys, tmp_path / "a.conll", tmp_path / target)

    assert status == 1
    assert f"is not installed: `pip install 'tui-label[{extra}]'`" in errors


@pytest.mark.parametrize("packed", ["x.jsonl.gz", "x.jsonl.zst", "x.jsonl"])
def test_there_and_back_is_the_same(tmp_path, packed, capsys):
    (tmp_path / "a.conll").write_text(SPANS.replace(" ", "\t"))
    assert convert(capsys, tmp_path / "a.conll", tmp_path / packed)[0] == 0
    if packed.endswith(".gz"):
        assert gzip.decompress((tmp_path / packed).read_bytes()).startswith(b'{"item"')
    assert convert(capsys, tmp_path / packed, tmp_path / "b.conll")[0] == 0

    assert (tmp_path / "b.conll").read_text() == (tmp_path / "a.conll").read_text()


@pytest.mark.parametrize(("name", "needs"), [("out.spacy", "spacy"), ("out.parquet", "pyarrow")])
def test_of_one_file_its_answers_are_counted(tmp_path, capsys, name, needs):
    pytest.importorskip(needs)
    (tmp_path / "a.jsonl").write_text('{"text": "a", "label": "x"}\n{"text": "b", "label": "y"}\n')

    assert f"{name}: 2 answers, as " in convert(capsys, tmp_path / "a.jsonl", tmp_path / name)[2]


def test_our_answers_name_their_tasks(tmp_path, capsys):
    answers = [
        {
            "mood": "glad",
            "stars": 4,
            "topics": ["a", "b"],
            "spans": [{"start": 0, "end": 1, "label": "x", "text": "t"}],
        },
        {"mood": "sad", "stars": 2, "topics": [], "spans": []},
    ]
    (tmp_path / "a.jsonl").write_text(
        "".join(
            json.dumps({"item": f"i{n}", "text": "text", "annotator": "ann", "answers": one}) + "\n"
            for n, one in enumerate(answers)
        )
    )
    assert convert(capsys, tmp_path / "a.jsonl", tmp_path / "b.csv", "--annotator", "x")[0] == 0
    assert (tmp_path / "b.csv").read_text().startswith("item,text,annotator,mood,stars,topics,spans,")
    status, out, _ = convert(capsys, tmp_path / "a.jsonl", "-", "--to", "jsonl")

    assert (status, [one["answers"] for one in records(out)]) == (0, answers)


def test_a_scale_has_room_for_all_numbers(tmp_path, capsys):
    lines = [{"text": f"t{n}", "annotator": "ann", "answers": {"score": n % 300}} for n in range(400)]
    (tmp_path / "a.jsonl").write_text("".join(json.dumps(one) + "\n" for one in lines))
    status, out, errors = convert(capsys, tmp_path / "a.jsonl", "-", "--to", "jsonl")

    assert (status, errors, [one["answers"] for one in records(out)]) == (0, "", [one["answers"] for one in lines])


@pytest.mark.parametrize("values", [("glad", 4), (4, ["a"]), (["a"], "a"), ([], 4, "glad"), ("glad", 0.5)])
def test_answers_of_several_kinds_to_one_question_tell_nothing(tmp_path, values, capsys):
    lines = [{"text": f"t{n}", "annotator": "ann", "answers": {"mood": one}} for n, one in enumerate(values)]
    (tmp_path / "a.jsonl").write_text("".join(json.dumps(one) + "\n" for one in lines))
    status, _, errors = convert(capsys, tmp_path / "a.jsonl", "-", "--to", "jsonl")

    words = f"tui-label: {tmp_path}/a.jsonl: what the answers to mood are is not clear from the file; give --tasks\n"
    assert (status, errors) == (1, words)


def test_standard_input_to_standard_output(monkeypatch, capsys):
    for text, form, expected in (
        ("hello\nworld\n", "text", ["hello", "world"]),
        ('{"text": "hi", "label": "a"}\n', "jsonl", ["hi"]),
        ("text\tlabel\nhi\ta\n", "tsv", ["hi"]),
    ):
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text.encode())))
        status, out, _ = convert(capsys, "-", "-", "--from", form, "--to", "jsonl")

        assert (status, [one["text"] for one in records(out)]) == (0, expected)


def test_what_is_lost_is_counted(tmp_path, capsys):
    spans = [{"start": 0, "end": 4, "label": "a"}, {"start": 1, "end": 4, "label": "b"}]
    spans.append({"start": 2, "end": 4, "label": "b"})
    record = {
        "text": "text",
        "annotator": "a",
        "answers": {"spans": spans, "label": "c"},
        "ms": {"wall": 1, "active": 1},
    }
    (tmp_path / "a.jsonl").write_text(
        "".join(
            json.dumps(record | {"item": f"{n}"} | ({"flags": [{"reason": "odd"}]} if n else {})) + "\n"
            for n in range(5)
        )
    )
    status, _, errors = convert(capsys, tmp_path / "a.jsonl", tmp_path / "b.conll")

    said = errors.splitlines()
    assert (status, said[0], said[-2:]) == (
        0,
        f"{tmp_path / 'a.jsonl'}: 5 records, read as jsonl",
        [
            f"{tmp_path / 'b.conll'}: 5 answers, as conll",
            "tui-label: no place in conll for: overlapping spans (10), answers to label (5), flags (4), times (5)",
        ],
    )


@pytest.mark.parametrize(("target", "shown"), [("b.conll", "b.conll"), ("-", "standard output")])
def test_that_a_file_is_empty_is_said(tmp_path, capsys, target, shown):
    """An empty file becomes an empty file: that is no failure, and no silence either."""
    (tmp_path / "a.jsonl").write_text("")
    status, out, errors = convert(
        capsys, tmp_path / "a.jsonl", target if target == "-" else tmp_path / target, "--to", "conll"
    )

    assert (status, out) == (0, "")
    assert errors.splitlines() == [f"{tmp_path / 'a.jsonl'}: 0 records, read as jsonl", f"{errors.splitlines()[1]}"]
    assert errors.splitlines()[1].endswith(f"{shown}: 0 answers, as conll")


def test_tasks_of_a_project_are_kept_to(tmp_path, capsys):
    folder = write_project(tmp_path / "p", BOTH)
    (tmp_path / "a.csv").write_text("text,label\ngood,positive\nbad,rotten\n")
    status, _, errors = convert(capsys, tmp_path / "a.csv", tmp_path / "b.jsonl", "--tasks", folder)

    assert (status, (tmp_path / "b.jsonl").exists()) == (1, False)
    assert "a.csv:3: label: 'rotten'" in errors and "nothing was written" in errors
    status, _, _ = convert(
        capsys, tmp_path / "a.csv", tmp_path / "b.jsonl", "--tasks", folder / "project.yaml", "--skip-bad"
    )
    assert [one["answers"] for one in records((tmp_path / "b.jsonl").read_text())] == [{"sentiment": "positive"}]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["a.csv", "b.what"], "does not say in which format; name one with --to"),
        (["a.csv", "b.srt.gz"], "srt is not packed; leave out .gz"),
        (["-", "b.csv"], "--from"),
        (["a.csv", "-", "--to", "textgrid"], "name a folder"),
        (["a.csv", "b.md", "--to", "examples"], "cannot be written from a file"),
        (["a.csv", "b.csv", "--from", "label-studio"], "label-studio: no such format; did you mean labelstudio?"),
        (["a.csv", "b.csv", "--from", "word"], "word: no such format; there are jsonl, csv, "),
        (["a.csv", ".", "--to", "csv"], "is a folder, and csv is one file"),
    ],
)
def test_what_cannot_be_done_is_said(tmp_path, arguments, words, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.csv").write_text("text,label\ngood,positive\n")
    status, _, errors = convert(capsys, *arguments)

    assert (status, words in errors) == (2, True)


def test_what_several_say_of_an_item_is_not_taken_for_several_items(tmp_path, capsys):
    said = [{"item": "a", "text": "x", "annotator": name, "answers": {"label": "c"}} for name in ("ann", "bob")]
    (tmp_path / "a.jsonl").write_text("".join(json.dumps(one) + "\n" for one in said))
    _, _, errors = convert(capsys, tmp_path / "a.jsonl", tmp_path / "b.csv")

    assert errors.splitlines()[0] == f"{tmp_path / 'a.jsonl'}: 2 records, read as jsonl"


@pytest.mark.parametrize("name", ["b.csv", "b.jsonl.gz"])
def test_a_place_that_is_none_is_called_as_it_was_given(tmp_path, name, capsys):
    (tmp_path / "a.csv").write_text("text,label\ngood,positive\n")
    target = tmp_path / "none" / name
    status, _, errors = convert(capsys, tmp_path / "a.csv", target, "--to", name[2:].removesuffix(".gz"))

    assert status == 1
    assert errors.splitlines()[-1] == f"tui-label: {target}: No such file or directory; choose another place"


@pytest.mark.parametrize("form", ["brat", "webanno", "spacy", "datasets"])
def test_a_file_in_the_place_of_a_folder_is_named(tmp_path, form, capsys):
    pytest.importorskip({"spacy": "spacy", "datasets": "pyarrow"}.get(form, "json"))
    (tmp_path / "a.conll").write_text("EU\tB-ORG\nsays\tO\n\n")
    (tmp_path / "out").write_text("no folder")
    status, _, errors = convert(capsys, tmp_path / "a.conll", tmp_path / "out", "--to", form)

    assert status == 1
    assert errors.splitlines()[-1].startswith(f"tui-label: {tmp_path / 'out'}")
    assert ".partial" not in errors and errors.endswith("; choose another place\n")


def test_nothing_goes_out_where_a_line_is_bad(tmp_path, capsys):
    folder = write_project(tmp_path / "p", BOTH)
    (tmp_path / "a.csv").write_text("text,label\ngood,positive\nbad,rotten\n")
    command = [tmp_path / "a.csv", "-", "--to", "jsonl", "--tasks", folder]
    status, out, errors = convert(capsys, *command)
    skipping, rest, _ = convert(capsys, *command, "--skip-bad")

    assert (status, out) == (1, "")
    assert "a.csv:3: label: 'rotten'" in errors and "nothing was written" in errors
    assert (skipping, len(records(rest))) == (0, 1)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("x.jsonl", '{"text": "a"}\n{"text": "b", "label": "good"}\n'),
        ("x.json", '[{"text": "a"}, {"text": "b", "label": "good"}]'),
        ("x.json", '[\n{"text": "b",\n"label": "good"}\n]'),
    ],
)
def test_labels_of_json_are_found_wherever_they_are(tmp_path, name, content, capsys):
    (tmp_path / name).write_text(content)
    status, out, errors = convert(capsys, tmp_path / name, "-", "--to", "jsonl")
    (said,) = [one for one in records(out) if one["text"] == "b"]

    assert (status, errors, said["answers"]) == (0, "", {"label": "good"})


def test_a_file_in_which_nothing_is_labelled(tmp_path, capsys):
    (tmp_path / "a.conll").write_text("in\tO\n\n")
    status, _, _ = convert(capsys, tmp_path / "a.conll", tmp_path / "b.conll")

    assert (status, (tmp_path / "b.conll").read_text()) == (0, "in\tO\n\n")


@pytest.mark.parametrize("form", ["brat", "webanno"])
def test_folders_are_converted(tmp_path, form, capsys):
    text = "EU\tB-ORG\nsays\tO\n\nin\tO\nParis\tB-LOC\n\n"
    (tmp_path / "a.conll").write_text(text)
    assert convert(capsys, tmp_path / "a.conll", tmp_path / "folder", "--to", form)[0] == 0
    (tmp_path / "folder" / "notes.md").write_text("of another day")
    _, _, errors = convert(capsys, tmp_path / "a.conll", tmp_path / "folder", "--to", form)
    # brat's settings are its users' to change
    older = "2 older files" if form == "brat" else "1 older file"
    assert f"{tmp_path / 'folder'}: {older} stayed there\n" in errors
    status, _, _ = convert(capsys, tmp_path / "folder", tmp_path / "b.conll")

    assert status == 0
    assert sorted((tmp_path / "b.conll").read_text().split("\n\n")) == sorted(text.split("\n\n"))


CALL = "name: c\nitems: sound\ntasks: [{id: s, type: segments, overlap: true, transcript: {speakers: [Bo]}}]\n"
STM = "a 1 Bo 0.50 1.25 hello\na 1 Bo 2.00 3.00 there\n"
SOUNDS = {
    "stm": "out.stm", "textgrid": "a.TextGrid", "eaf": "a.eaf", "srt": "a.srt", "vtt": "a.vtt", "audacity": "a.txt",
    "raven": "a.Table.1.selections.txt", "ctm": "out.ctm", "kaldi": "wav.scp", "rttm": "out.rttm", "jsonl": "out.jsonl", "prodigy": "out.jsonl",
}  # fmt: skip
NO_SPEAKERS, NO_TEXTS = {"ctm", "srt", "audacity", "raven"}, {"rttm"}


@pytest.mark.parametrize("through", SOUNDS)
def test_what_is_said_in_a_sound_goes_through_each_format(tmp_path, through, capsys):
    project = write_project(tmp_path / "p", CALL)
    clip(tmp_path / "a.wav", 10)
    (tmp_path / "in.stm").write_text(STM)
    is_folder = formats.find(through).write_folder is not None
    there = tmp_path / (("" if is_folder else "there.") + SOUNDS[through].removeprefix("out."))
    target = tmp_path if is_folder else there
    tasks = ["--tasks", project]
    status, _, errors = convert(capsys, tmp_path / "in.stm", target, "--to", through, *tasks)
    assert (status, "speakers" in errors, "texts" in errors) == (0, through in NO_SPEAKERS, through in NO_TEXTS)
    status, out, _ = convert(capsys, there, "-", "--from", through, "--to", "stm", *tasks)

    who, said = ("<NA>" if through in NO_SPEAKERS else "Bo"), ("" if through in NO_TEXTS else " hello")
    assert (status, out.splitlines()[0]) == (0, f"a 1 {who} 0.50 1.25{said}")


@pytest.mark.parametrize("command", ["add", "export", "convert"])
def test_a_terminal_sees_how_far_it_is_and_a_pipe_does_not(tmp_path, command):
    project = write_project(tmp_path / "p")
    file = tmp_path / "x.jsonl"
    lines = ({"item": str(n), "text": "t", "annotator": "a", "answers": {"sentiment": "neutral"}} for n in range(5001))
    file.write_text("".join(json.dumps(one) + "\n" for one in lines))
    if command == "export":
        assert cli.main(["add", str(project), str(file)]) == 0
    arguments = {
        "add": ["add", str(project), str(file)],
        "export": ["export", str(project), "-o", str(tmp_path / "out.jsonl")],
        "convert": ["convert", str(file), str(tmp_path / "out.csv")],
    }[command]
    run = [sys.executable, "-m", "tui_label", *arguments]
    ours, theirs = pty.openpty()
    with subprocess.Popen(run, stdout=subprocess.DEVNULL, stderr=theirs):
        os.close(theirs)
        seen = b""
        # The terminal's end is an error here
        with contextlib.suppress(OSError):
            while more := os.read(ours, 1 << 16):
                seen += more
    os.close(ours)
    piped = subprocess.run(run, check=True, capture_output=True)

    assert b"5,000" in seen and b"\x1b[K" in seen
    assert b"\x1b" not in piped.stderr + piped.stdout


def test_a_file_that_lies_elsewhere_is_called_by_its_url(tmp_path, capsys, monkeypatch):
    page = b"<!DOCTYPE html><title>Log in</title>"
    with impatient(monkeypatch, tmp_path / "cache"), elsewhere() as server:
        server.files |= {"/a.conll": SPANS.encode(), "/bad.jsonl": b"nothing\n", "/page.csv": page}
        status, _, errors = convert(capsys, f"{server.url}/a.conll?key=secret", tmp_path / "a.jsonl")
        texts = [one["text"] for one in records((tmp_path / "a.jsonl").read_text())]

        assert (status, texts) == (0, ["EU says", "in Paris"])
        assert errors.startswith(f"{server.url}/a.conll: 2 records, read as conll\n")
        for name, words in (
            ("bad.jsonl", ":1: "),
            ("page.csv", ": is a web page; give the address of the file itself, or --from text"),
            ("none.csv", ": is not there"),
        ):
            status, out, errors = convert(capsys, f"{server.url}/{name}", tmp_path / "b.jsonl")
            assert (status, out) == (1, "")
            assert errors.startswith(f"tui-label: {server.url}/{name}{words}")
        assert not (tmp_path / "b.jsonl").exists()
