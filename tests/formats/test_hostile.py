"""Files nobody should write: by each format they are read, or refused in one short line that names the file; none hangs."""

from __future__ import annotations

import gzip
import os
import socket
import sqlite3
import tarfile
import threading
import zipfile
from pathlib import Path

import pytest
from helpers import project, write_project
from labelled import clip

from tui_label import cli, formats
from tui_label.errors import LabelError
from tui_label.formats import BadLine, Reading

TEXTS = """\
name: t
tasks:
  - {id: label, type: choices, labels: [a, b]}
  - {id: s, type: spans, overlap: true, labels: [PER, ORG]}
  - {id: r, type: rating, required: false}
  - {id: t, type: text, required: false}
"""
SOUNDS = "name: s\nitems: sound\ntasks: [{id: s, type: segments, overlap: true, transcript: {}}, {id: t, type: text}]\n"
LONG = "9" * 5000

NOT_MUCH = {
    "empty": "", "mark": "\ufeff", "NULs": "\0\0\0\0", "NUL": "a\0b\tO\n", "CR": "a\tO\rb\tO\r", "blank": " \n\t\n\u3000\n",
    "UTF-16": "a\tO\n".encode("utf-16"), "UTF-32": "a\tO\n".encode("utf-32"), "no mark": "a\tO\n".encode("utf-16-be"),
    "latin-1": "é\tO\n".encode("latin-1"), "half": b"\xed\xa0\x80\tO\n", "cut": "é".encode()[:1], "long": "x " * 50_000 + "O",
    "cut off": gzip.compress(b"a\tO\n\n" * 5000)[:40], "packed twice": gzip.compress(gzip.compress(b"a\tO\n")),
    "zst": b"\x28\xb5\x2f\xfd\x00\x00", "zip": b"PK\x03\x04abc", "parquet": b"PAR1xxxxPAR1", "arrow": b"ARROW1\0\0xx",
}  # fmt: skip
OBJECTS = {
    "deep list": "[" * 100_000, "deep object": '{"a":' * 100_000, "deep meta": '{"text":"x","meta":' + "[" * 50_000 + "]" * 50_000 + "}",
    "id": f'{{"id":{LONG},"text":"x"}}', "twice": '{"text":"x","text":"y","id":1,"id":2}', "half": '{"text":"\\ud800 a","label":"a","id":"\\ud800"}',
    "half label": '{"text":"x","label":"\\ud800"}', "long offset": f'{{"text":"abc","spans":[{{"start":0,"end":{LONG},"label":"PER"}}]}}',
    "offsets": "".join(f'{{"text":"abc","spans":[{{"start":{start},"end":{end},"label":"PER"}}]}}\n' for start, end in [(0, "99999999999999999999"), ("NaN", "Infinity"), (2, 1), (-1, 1), ("0.0", "1.0"), ("null", "true"), (1, 1)]),
    "scores": "".join(f'{{"text":"abc","label":"a","score":{score},"spans":[{{"start":0,"end":1,"label":"PER","score":{score}}}]}}\n' for score in ("NaN", "1e999", '"x"', "true", "[]", LONG[:4000])),
    "priority": '{"text":"x","priority":1e308}\n{"text":"x","priority":99999999999999999999999}',
    "answers": "".join(f'{{"text":"x","annotator":"a","answers":{one}}}\n' for one in ('{"label":{"a":[]}}', '{"r":1e999}', '{"s":[null]}', '{"r":NaN}', f'{{"r":{LONG[:4000]}}}', "5", "null")),
    "beside": "".join(f'{{"text":"x","annotator":"a","answers":{{"label":["a"]}},{one}}}\n' for one in ('"ms":{"active":1e999}', '"ms":{"active":NaN}', '"ms":5', '"origin":5', '"origin":{"label":5}', '"flags":[5]', '"listening":5', '"submitted_at":1e999', '"revision":1e999', '"_timestamp":1e999')),
    "suggestions": "".join(f'{{"text":"x","suggestions":{one}}}\n' for one in ("5", "[5]", '[{"task":["label"]}]', '[{"task":"label","value":{"a":1},"score":"x"}]', '[{"task":"s","value":[],"score":true}]')),
    "elements": '[1, "a", null, {}]', "no list": '{"a": 1}', "not closed": '[{"data":{"text":"x"}', "data": '[{"data": 5}]',
    "results": "[" + ",".join(f'{{"data":{{"text":"x"}},"annotations":[{{"result":{one}}}],"predictions":[{{"score":NaN,"result":{one}}},{{"score":{LONG[:4000]},"result":[]}}]}}' for one in (f'[{{"value":{{"choices":["a"]}},"score":{LONG[:4000]}}}]', "5", "[5]", '[{"value":{"start":1e999,"end":2,"labels":["PER"]}}]', '[{"value":{"choices":[{}]},"score":1e999}]', '[{"value":null}]')) + "]",
    "people": '[{"data":{"text":"x"},"annotations":[{"lead_time":1e999,"completed_by":{"id":[]},"created_at":5,"result":[]}],"drafts":[{"result":5}]}]',
    "docs": '[{"text":"x","ents":[{"start":0,"end":9,"label":"PER"}]},["x",{"entities":[[0,9,"PER"]]}],["x",{"entities":5,"cats":{"a":NaN}}]]',
    "sure": f'{{"text":"abc","label":"a","score":{LONG[:4000]}}}',
    "doccano": '{"text":"x","label":[[0,9,"PER"]],"Comments":[]}\n{"text":"x","label":[[null,9,"PER"]],"Comments":5}\n{"text":"x","entities":[{"start_offset":0,"end_offset":true,"label":5}],"cats":5}',
    "sounds": "".join(f'{{"audio":"a.wav",{one}}}\n' for one in ('"offset":NaN,"duration":1e999', '"duration":-1', '"text":5', '"segments":[{"start":NaN,"end":1e999}]', '"segments":[{"start":"0","end":null}]', '"segments":{"start":0}')),
    "names": "".join(f'{{"audio":"{one}"}}\n' for one in ("\\u0000", "/", "..", "x" * 5000)),
}  # fmt: skip
LINES = {
    "csv": 'text,label\n"not closed', "columns": "text\tlabel\na\tb\tc\td\n", "same columns": "text,text,label\nx,y,a\n",
    "cells": f"text,r,s,active_ms,annotator,submitted_at\nx,{LONG},x,a,x\nx,²,[,²,a,x\nx,٣,,٣,a,5\nx,1,,{LONG},a,\n",
    "conllu": "1\ta\t_\t_\t_\t_\t_\t_\t_\tNER=B-PER\n1-0\ta\t_\t_\t_\t_\t_\t_\t_\t_\n2-3\tab\t_\t_\t_\t_\t_\t_\t_\t_\n999999999999\ta\t_\t_\t_\t_\t_\t_\t_\t_\n",
    "webanno": "#FORMAT=WebAnno TSV 3.3\n#T_SP=x|value\n\n\n#Text=abc\n1-1\t0-99999\tabc\tPER[99999999999999]\t\n1-1\t3-0\tabc\tPER|\t\n1-2\tx\n",
    "fasttext": "__label__ \n__label__x\n__label__a b __label__\n", "ann": "T1\tPER 5 2\tx\nT2\tPER 0 999999999999\tx\nT1\n",
    "srt": "1\n00:00:01,000 --> 00:00:00,000\nx\n\n2\n99:99:99,999 --> 100:00:00,000\ny\n", "vtt": "WEBVTT\n\n00:01.000 --> xx\ny\n",
    "grid": 'File type = "ooTextFile"\nObject class = "TextGrid"\n\n0\n10\n<exists>\n1\n"IntervalTier"\n"a"\n0\n10\n99999999\n0\n1\n"x"\n',
    "entities": '<?xml version="1.0"?><!DOCTYPE a [<!ENTITY a "' + "x" * 10 + '">' + "".join(f'<!ENTITY {new} "{f"&{old};" * 10}">' for old, new in zip("abcdefgh", "bcdefghi", strict=True)) + "]><ANNOTATION_DOCUMENT>&i;</ANNOTATION_DOCUMENT>",
    "nist": "a 1 1e999 1 x\na 1 1 -1 x\na 1 1 1 x nan\na 1 s 5 2 x\na 1 s 1 1e9 <l x\nSPEAKER a 1 nan 1 <NA> <NA> s <NA> <NA>\nSPEAKER\n",
    "track": "1\t0\tx\n-1\t2\ty\nnan\tinf\tz\n", "raven": "Selection\tBegin Time (s)\tEnd Time (s)\tAnnotation\n1\tnan\t1e999\tx\n",
    "kaldi": "a a.wav\nb\nc cat x |\na a.wav\n",
}  # fmt: skip
CONTENTS = {**NOT_MUCH, **OBJECTS, **LINES}
READ = [
    one for one in formats.FORMATS if one.read is not None and one.name != "sound" and not one.name.startswith("conll-")
]
NEEDS = {"spacy": "spacy", "datasets": "pyarrow"}
ENDINGS = {"labelstudio": ".json", "labelstudio-min": ".json", "spacy-json": ".json", "doccano-csv": ".csv", "doccano": ".jsonl"}  # fmt: skip


@pytest.mark.parametrize("format", READ, ids=lambda one: one.name)
def test_whatever_is_in_a_file(format, tmp_path):
    if format.name in NEEDS:
        pytest.importorskip(NEEDS[format.name])
    clip(tmp_path / "a.wav", 10)
    suffix = ENDINGS.get(format.name) or (format.suffixes or (".x",))[0]
    path = tmp_path / f"a{suffix}"
    projects = [project(source, tmp_path) for source in (TEXTS, SOUNDS)]
    for words, content in CONTENTS.items():
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        if format.name == "brat":
            (tmp_path / "a.txt").write_text("abc")
        for one in projects:
            try:
                found = list(formats.read(Reading(path, one, None, "ann"), format))
            except LabelError as error:
                assert (str(error).count("\n") == 0 and str(tmp_path) in str(error)) or "needs one more" in str(
                    error
                ), words
                continue
            for bad in found:
                if isinstance(bad, BadLine):
                    assert str(bad).startswith(str(tmp_path)) and "\n" not in str(bad) and len(str(bad)) < 700, words


def no_text(folder: Path) -> dict[str, str]:
    """Paths that are no files of text, and what is said of them."""
    (folder / "a.txt").write_text("x")
    (folder / "empty").mkdir()
    (folder / "texts").mkdir()
    (folder / "texts" / "a.txt").write_text("x")
    (folder / "broken").symlink_to("nothing")
    (folder / "loop").symlink_to("loop")
    os.mkfifo(folder / "fifo")
    with zipfile.ZipFile(folder / "brat.zip", "w") as archive:
        archive.write(folder / "a.txt", "a.txt")
    with tarfile.open(folder / "brat.tar.gz", "w:gz") as packed:
        packed.add(folder / "a.txt", "a.txt")
    sqlite3.connect(folder / "x.db").execute("CREATE TABLE a (b)").connection.close()
    (folder / "x.pdf").write_bytes(b"%PDF-1.7\n")
    (folder / "cut.jsonl.gz").write_bytes(gzip.compress(b"x" * 1000)[:15])
    with socket.socket(socket.AF_UNIX) as made:
        place = Path.cwd()
        os.chdir(folder)
        made.bind("socket")
        os.chdir(place)
    return {
        "empty": "nothing in this folder", "texts": "name the files in it", "broken": "No such file", "loop": "symbolic links",
        "fifo": "name its format with --format", "brat.zip": "unpack it", "brat.tar.gz": "unpack it", "x.db": "export a table as CSV",
        "x.pdf": "convert it to text", "cut.jsonl.gz": "cannot be unpacked", "socket": "No such device", "missing": "no such file",
    }  # fmt: skip


@pytest.mark.parametrize("command", ["add", "convert"])
def test_what_is_no_file_of_text_is_refused_in_one_line(tmp_path, command, capsys):
    for name, words in no_text(tmp_path).items():
        path = str(tmp_path / name)
        arguments = (
            [str(write_project(tmp_path / "p", TEXTS)), path] if command == "add" else [path, str(tmp_path / "o.jsonl")]
        )
        status = cli.main([command, *arguments])
        said = capsys.readouterr().err

        assert status in (1, 2), name
        assert words.casefold() in said.casefold() and said.count("\n") == 1, (name, said)
    assert not (tmp_path / "o.jsonl").exists()


@pytest.mark.parametrize("command", ["add", "convert"])
def test_a_named_pipe_is_read_to_its_end_once(tmp_path, command):
    pipe, out = tmp_path / "pipe", tmp_path / "out.jsonl"
    os.mkfifo(pipe)
    writer = threading.Thread(target=lambda: pipe.write_text("Ann\tB-PER\n\nin\tO\n"), daemon=True)
    writer.start()
    folder = write_project(tmp_path / "p", TEXTS)
    named = ["add", str(folder), str(pipe), "--annotator", "ann", "--format", "conll"]
    assert cli.main(named if command == "add" else ["convert", str(pipe), str(out), "--from", "conll"]) == 0
    if command == "add":
        assert cli.main(["export", str(folder), "-o", str(out)]) == 0

    assert [line.count('"PER"') for line in out.read_text().splitlines()] == [1, 0]
