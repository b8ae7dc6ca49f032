"""Files that are brought in from elsewhere: `add` takes URLs as it takes paths."""

from __future__ import annotations

import gzip
import io
import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile
from elsewhere import Elsewhere, elsewhere, impatient
from far import needs_ssh, reached_by_ssh
from helpers import write_project

from tui_label import Project, cli

TURNS = "name: t\nitems: sound\ntasks: [{id: said, type: text}]\n"


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    with impatient(monkeypatch, tmp_path / "cache"):
        yield


@pytest.fixture
def server() -> Iterator[Elsewhere]:
    with elsewhere() as made:
        made.files |= {"/d/a.csv": b"text,label\ngood,positive\n", "/d/a.wav": wav()}
        yield made


def wav(length: int = 8000) -> bytes:
    out = io.BytesIO()
    soundfile.write(out, np.zeros(length, np.float32), 8000, format="WAV", subtype="PCM_16")
    return out.getvalue()


def add(capsys, *arguments: object) -> tuple[int, str, str]:
    status = cli.main(["add", *map(str, arguments)])
    return status, *capsys.readouterr()


def test_a_file_of_items_comes_by_its_url_and_is_called_by_it(tmp_path, server, capsys):
    folder = write_project(tmp_path / "p")
    (tmp_path / "b.txt").write_text("here\n")
    server.files["/d/more%20.jsonl.gz"] = gzip.compress(b'{"text": "packed"}\n')
    urls = [f"{server.url}/d/a.csv?key=secret", f"{server.url}/d/more%20.jsonl.gz"]
    status, out, errors = add(capsys, folder, *urls, tmp_path / "b.txt")

    assert (status, out) == (0, "3 items added, 1 suggestion\n")
    assert errors.splitlines() == [
        f"{server.url}/d/a.csv: 1 item, read as csv",
        f"{urls[1]}: 1 item, read as jsonl",
        f"{tmp_path / 'b.txt'}: 1 item, read as text",
    ]
    with Project.open(folder) as project:
        assert [item.text for item, _ in project.unanswered()] == ["good", "packed", "here"]
    assert not list(tmp_path.glob("tui-label-*"))


def test_a_sound_by_its_url_stays_there(tmp_path, server, capsys):
    folder = write_project(tmp_path / "p", TURNS)
    url = f"{server.url}/d/a.wav?part=1"
    status, out, errors = add(capsys, folder, url)

    assert (status, out, errors) == (0, "1 item added\n", "")
    with Project.open(folder) as project:
        assert [(item.sound.path, item.sound.duration) for item, _ in project.unanswered()] == [(url, 1.0)]


def test_what_a_file_from_elsewhere_names_lies_beside_it(tmp_path, server, capsys):
    folder = write_project(tmp_path / "p", TURNS)
    server.files["/d/m.jsonl"] = b'{"audio": "a.wav"}\n{"audio": "none.wav"}\n'
    status, _, errors = add(capsys, folder, f"{server.url}/d/m.jsonl?key=secret")
    assert (status, errors.splitlines()[-2]) == (
        1,
        f"tui-label: {server.url}/d/m.jsonl:2: audio: {server.url}/d/none.wav: is not there",
    )
    status, out, _ = add(capsys, folder, f"{server.url}/d/m.jsonl", "--skip-bad")

    assert (status, out) == (0, "1 item added\n")
    with Project.open(folder) as project:
        assert [item.sound.path for item, _ in project.unanswered()] == [f"{server.url}/d/a.wav"]


@pytest.mark.parametrize(
    ("name", "how", "words"),
    [
        ("a.csv", 404, "{url}: is not there"),
        ("a.csv", 403, "{url}: no permission; a name and a password for it belong in ~/.netrc"),
        ("a.csv", "silent", "{url}: 127.0.0.1 said nothing for 1 seconds; try again later"),
        ("a.wav", None, "{url}: read as sound, but the project's items are text"),
        ("odd.csv", None, "{url}:1: no column is named text (it has words, more); "),
        ("bad.jsonl", None, "{url}:1: not JSON"),
        ("none.txt", None, "{url}: no items in it"),
        ("page.csv", None, "{url}: is a web page; give the address of the file itself"),
    ],
)
def test_what_cannot_be_brought_is_said_in_a_line(tmp_path, server, capsys, name, how, words):
    folder = write_project(tmp_path / "p")
    server.files |= {"/d/odd.csv": b"words,more\nx,y\n", "/d/bad.jsonl": b"nothing\n", "/d/none.txt": b""}
    server.files["/d/page.csv"] = b"\n<!DOCTYPE html>\n<title>Log in</title>\n"
    server.how[f"/d/{name}"] = how
    url = f"{server.url}/d/{name}"
    status, out, errors = add(capsys, folder, url)

    said = [line for line in errors.splitlines() if line.startswith("tui-label: ")]
    assert (status, out) == (1, "")
    assert said[0].startswith(f"tui-label: {words.format(url=url)}")
    assert str(tmp_path) not in errors


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("ftp://x/a.csv", "no way is known to ftp://; there are"),
        ("https://me:secret@x/a.csv", "https://…: has a password in it"),
        ("s3://bucket/a.csv", "s3://bucket/a.csv: needs s3fs to be fetched: `pip install s3fs`"),
    ],
)
def test_urls_that_lead_nowhere_are_said_in_a_line(tmp_path, capsys, monkeypatch, url, words):
    monkeypatch.setitem(__import__("sys").modules, "s3fs", None)
    status, _, errors = add(capsys, write_project(tmp_path / "p"), url)

    assert (status, len(errors.splitlines())) == (1, 1)
    assert words in errors and "secret" not in errors


@needs_ssh
def test_sftp_brings_both(tmp_path, capsys):
    pytest.importorskip("paramiko")
    (tmp_path / "a.wav").write_bytes(wav())
    (tmp_path / "m.jsonl").write_text(json.dumps({"audio": "a.wav", "offset": 0.5}) + "\n")
    folder = write_project(tmp_path / "p", TURNS)
    with reached_by_ssh(tmp_path):
        (tmp_path / "hosts").rename(tmp_path / "known")
        status, out, _ = add(capsys, folder, f"sftp://far{tmp_path}/m.jsonl", f"sftp://far{tmp_path}/a.wav")
        refused = add(capsys, folder, f"sftp://far{tmp_path}/none.jsonl")

    assert (status, out) == (0, "2 items added\n")
    assert refused == (1, "", f"tui-label: sftp://far{tmp_path}/none.jsonl: is not there\n")
    with Project.open(folder) as project:
        assert {item.sound.path for item, _ in project.unanswered()} == {f"sftp://far{tmp_path}/a.wav"}


def test_a_name_that_is_empty_is_not_the_folder_one_is_in(tmp_path, monkeypatch, capsys):
    """As the shell gives it for a variable that is not set."""
    folder = write_project(tmp_path / "p", TURNS)
    (tmp_path / "a.wav").write_bytes(wav())
    monkeypatch.chdir(tmp_path)
    status, out, errors = add(capsys, folder, "a.wav", "")

    assert (status, out, errors.count("\n")) == (2, "", 1)
    assert "empty" in errors
    assert add(capsys, folder, ".")[:2] == (0, "1 item added\n")


def test_items_without_candidates_where_all_is_to_compare_them_are_told(tmp_path, capsys):
    (tmp_path / "c.jsonl").write_text('{"text": "Why?", "candidates": ["so", "because"]}\n{"text": "Why not?"}\n')
    folder = write_project(tmp_path / "p", "name: c\ntasks: [{id: best, type: compare}]\n")

    status, out, errors = add(capsys, folder, str(tmp_path / "c.jsonl"))
    assert (status, out) == (0, "2 items added\n")
    assert "tui-label: 1 record without `candidates`: nobody can answer what is asked" in errors


@pytest.mark.parametrize("count", [1, 2])
def test_what_is_left_out_of_a_file_is_counted_also_where_it_is_one(tmp_path, capsys, count):
    (tmp_path / "r.jsonl").write_text(json.dumps({"text": "so", "relations": [{"head": 0, "child": 1}] * count}))
    errors = add(capsys, write_project(tmp_path / "p"), tmp_path / "r.jsonl")[2]

    assert f"tui-label: {tmp_path / 'r.jsonl'}: {count} left out: relations\n" in errors


def test_a_folder_of_one_format_is_brought_where_that_is_named(tmp_path, capsys):
    folder = write_project(tmp_path / "p", TURNS)
    made = tmp_path / "made"
    made.mkdir()
    for n, name in enumerate("ab", 1):
        (made / f"{name}.wav").write_bytes(wav(n * 8000))
        (made / f"{name}.srt").write_text("1\n00:00:00,100 --> 00:00:00,900\nsaid\n")
    (made / "notes.txt").write_text("none of it\n")
    status, out, errors = add(capsys, folder, made)
    assert (status, out) == (0, "2 items added\n")
    assert "tui-label: 2 srt files beside the sounds left out: --format srt takes what they say\n" in errors
    status, out, errors = add(capsys, folder, made, "--format", "srt")
    assert (status, out, "left out" in errors) == (0, "0 items added, 2 known already\n", False)
    status, _, errors = add(capsys, folder, made, "--format", "vtt")
    assert (status, errors) == (1, f"tui-label: {made}: no file of vtt in this folder\n")


@pytest.mark.parametrize(
    ("first", "items"), [("id,text,label", 1), ("Text,note", 1), ("one, two, three", 2), ("text", 2), ("audio_x,y", 2)]
)
def test_a_table_under_another_ending_is_known_by_its_header(tmp_path, capsys, first, items):
    folder = write_project(tmp_path / "p")
    path = tmp_path / "a.dat"
    path.write_text(f"{first}\n" + ",".join(["x"] * len(first.split(","))) + "\n")
    assert add(capsys, folder, path)[1].startswith(f"{items} item")
