"""Every labelled file of the real data: through `add` and `export` of a project, and through `convert`, it comes out equal."""

from __future__ import annotations

import csv
import json
import re
import shutil
from pathlib import Path

import pytest
from helpers import write_project
from labelled import clip

from tui_label import cli

NAMES = "corporation, creative-work, group, location, person, product, LOC, MISC, ORG, PER"
SPANS = f"name: s\ntasks: [{{id: spans, type: spans, overlap: true, labels: [{NAMES}]}}]\n"
MOOD = "name: m\ntasks: [{id: label, type: choice, labels: [positive, neutral, negative]}]\n"
WORDS = "name: w\nitems: sound\ntasks: [{id: s, type: segments, overlap: true}]\n"
EVENTS = (
    "name: e\nitems: sound\ntasks: [{id: s, type: segments, overlap: true, labels: [siren, car_horn, human_voice]}]\n"
)

CONLL = [
    "text/wnut17/wnut17train.conll",
    "text/wnut17/emerging.dev.conll",
    "text/wnut17/emerging.test.annotated",
    "text/wikigold/CONLL-format/data/wikigold.conll.txt",
    "text/uner_zh_gsd/zh_gsd-ud-dev.iob2",
    "text/uner_zh_gsd/zh_gsd-ud-test.iob2",
]
CTM = ["sound/gecko_demo/demo1.ctm", "sound/gecko_demo/demo2.ctm", "sound/lhotse/supervision.ctm"]
TRACKS = ["sound/scaper/soundscape_20200501_22050", "sound/scaper/reverb_soundscape_20200501_22050"]


def run(*arguments: object) -> None:
    assert cli.main([str(one) for one in arguments]) == 0


def exported(folder: Path, source: str, path: Path, name: str, out: Path) -> bytes:
    """The labels of a file, brought in as an annotator's answers and exported."""
    run("add", write_project(folder, source), path, "--annotator", "ann")
    run("export", folder, "--format", name, "-o", out)
    return out.read_bytes() if out.is_file() else b""


@pytest.mark.parametrize("name", CONLL)
def test_conll_is_equal_byte_for_byte(data_folder, tmp_path, name, capsys):
    path = data_folder / name
    there, back = tmp_path / "there.jsonl", tmp_path / "back.conll"
    run("convert", path, there)
    run("convert", there, back)

    assert back.read_bytes() == path.read_bytes()
    if path.stat().st_size < 400_000:
        assert exported(tmp_path / "p", SPANS, path, "conll", tmp_path / "out.conll") == path.read_bytes()
    assert "no place in" not in capsys.readouterr().err


def test_a_treebank_is_equal_byte_for_byte(data_folder, tmp_path, capsys):
    """A treebank's columns around real sentences, through a project and through `convert`."""
    path, row = tmp_path / "x.conllu", re.compile(r"^([0-9]+)\t([^\t\n]+)\t([^\t\n]+)\t.*$", re.MULTILINE)
    tagged = (data_folder / CONLL[-1]).read_text(encoding="utf-8")
    path.write_text(row.sub(r"\1\t\2\t\2\tX\t_\tA=b\t0\tdep\t_\tNER=\3", tagged), encoding="utf-8")
    run("convert", path, tmp_path / "there.jsonl")
    run("convert", tmp_path / "there.jsonl", tmp_path / "back.conllu")

    assert (tmp_path / "back.conllu").read_bytes() == path.read_bytes()
    assert exported(tmp_path / "p", SPANS, path, "conllu", tmp_path / "out.conllu") == path.read_bytes()
    assert "no place in" not in capsys.readouterr().err


@pytest.mark.parametrize("name", CTM)
def test_ctm_is_equal_byte_for_byte(data_folder, tmp_path, name, capsys):
    """The recordings are made up: the files name some that are not there."""
    path, project = tmp_path / "x.ctm", write_project(tmp_path / "p", WORDS)
    shutil.copyfile(data_folder / name, path)
    for seed, recording in enumerate(dict.fromkeys(line.split()[0] for line in path.read_text().splitlines())):
        clip(tmp_path / f"{recording}.wav", 600, seed)
    run("convert", path, tmp_path / "out.ctm", "--tasks", project)

    assert (tmp_path / "out.ctm").read_bytes() == path.read_bytes()
    assert exported(project, WORDS, path, "ctm", tmp_path / "p.ctm") == path.read_bytes()
    assert "no place in" not in capsys.readouterr().err


@pytest.mark.parametrize("name", TRACKS)
def test_label_tracks_are_equal_byte_for_byte(data_folder, tmp_path, name, capsys):
    path, project = data_folder / f"{name}.txt", write_project(tmp_path / "p", EVENTS)
    run("convert", path, tmp_path / "converted", "--to", "audacity", "--tasks", project)
    exported(project, EVENTS, path, "audacity", tmp_path / "out")

    for folder in ("converted", "out"):
        assert (tmp_path / folder / path.name).read_bytes() == path.read_bytes()
    assert "no place in" not in capsys.readouterr().err


def rows_of(path: Path, text: str) -> list[list[str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return [[one[text], one["label"]] for one in csv.DictReader(file, delimiter="\t")]


@pytest.mark.parametrize("language", ["amh", "arq", "hau", "por"])
def test_tables_have_the_same_texts_and_labels(data_folder, tmp_path, language):
    for part in ("dev", "test"):
        path, out = data_folder / f"text/afrisenti/{language}/{part}.tsv", tmp_path / f"{part}.tsv"
        run("convert", path, out)
        rows = rows_of(path, "tweet")

        assert rows_of(out, "text") == rows
        if part == "dev":
            lines = exported(tmp_path / "p", MOOD, path, "jsonl", tmp_path / "out.jsonl").decode().splitlines()
            assert [[one["text"], one["answers"]["label"]] for one in map(json.loads, lines)] == rows
