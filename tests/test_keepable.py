"""What comes in is kept as every program reads it, or refused with its place before anything is written."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest
import soundfile
from helpers import SENTIMENT

from tui_label import Annotation, Item, Project, Record
from tui_label.core.keepable import DEEPEST
from tui_label.core.listening import Listening
from tui_label.errors import InputError
from tui_label.store.rows import to_json
from tui_label.store.sqlite.repair import damage

TASKS = """\
name: many
tasks:
  - {id: s, type: choice, labels: [a, b]}
  - {id: e, type: spans, labels: [x], required: false}
  - {id: r, type: rating, required: false}
"""
LINE = {"item": "i", "text": "hello", "annotator": "ann", "answers": {"s": "a"}}
NUMBERS = {"stars": math.nan, "most": math.inf, "all": {"some": [1.5, -math.inf]}}
NULLS = {"stars": None, "most": None, "all": {"some": [1.5, None]}}
HEARD = Listening().played(100).heard(0, 1, 1.0).heard(0, 1, 1.2).keyed().record(2)


def arrow_file(path: Path) -> None:
    arrow, parquet = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    parquet.write_table(arrow.Table.from_pylist([{"id": "i", "text": "hello", **NUMBERS}]), path)


def given_file(folder: Path, kind: str) -> Path:
    path = folder / f"x.{kind}"
    text = json.dumps({"id": "i", "text": "hello", **NUMBERS})
    if kind == "parquet":
        arrow_file(path)
    elif kind == "lines.jsonl":
        path.write_text(text.replace("-Infinity", "-1e999"))
    else:
        path.write_text(f"[{text}]" if kind == "json" else text)
    return path


@pytest.mark.parametrize("kind", ["jsonl", "json", "lines.jsonl", "parquet", ""])
def test_a_number_that_json_has_none_for_is_null_however_it_comes(tmp_path, kind):
    """Python's own JSON writes NaN, for which the row would be taken for damaged."""
    with Project.create(tmp_path / "p", SENTIMENT) as project:
        if kind:
            project.add_files(given_file(tmp_path, kind))
        else:
            project.add([Item("i", "hello", meta=NUMBERS)])
        (item,) = project.items()

    assert item.meta == NULLS
    assert damage(tmp_path / "p" / "project.db") == []


def test_the_store_writes_no_number_that_it_would_not_read():
    with pytest.raises(ValueError, match="JSON"):
        to_json({"x": math.nan})


def deep(levels: int) -> object:
    return [deep(levels - 1)] if levels else 1


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ({"priority": 10**30}, "priority: must lie between"),
        ({"priority": 1.5}, "priority: must be a whole number, not 1.5"),
        ({"meta": {"x": deep(DEEPEST)}}, "meta: is nested too deeply"),
        ({"annotator": "a\0b"}, "annotator: has a NUL or half a character"),
        ({"annotator": "a\ud800b"}, "annotator: has a NUL or half a character"),
        ({"origin": {"s": [math.nan]}}, "origin: must be text, not nan"),
        ({"origin": {"s": ["\0"]}}, "origin: has a NUL"),
        ({"origin": {"s": "manual"}}, "origin: must be an object of task: list of words"),
        ({"answers": {"e": []}, "origin": {"e": ["manual"]}}, "origin: e has 1 for 0 spans"),
        ({"ms": {"active": 2**53}}, "ms: must be whole milliseconds from 0 on"),
        ({"listening": "much"}, "listening: must be an object, not 'much'"),
        ({"listening": {"plays": "many"}}, "listening: plays must be a number from 0 on, not 'many'"),
        ({"listening": {"coverage": math.nan}}, "listening: coverage must be a number from 0 on, not nan"),
        ({"listening": {"speeds": {"1": "x"}}}, "listening: speeds must be seconds by speed"),
        ({"listening": {"passes": [[0]]}}, "listening: passes must be a list of"),
        ({"listening": {"edits": {"t": 5}}}, "listening: edits must be numbers by task"),
        ({"listening": {"times": 3}}, "listening: has no 'times'; known are plays"),
        ({"annotator": None, "suggestions": [{"task": "s", "value": "a", "source": "m\ud800"}]}, "source: has a NUL"),
        ({"annotator": None, "suggestions": [{"task": "s", "value": "a", "source": "m\0"}]}, "source: has a NUL"),
    ],
)
def test_a_line_that_cannot_be_kept_is_refused_with_its_place(tmp_path, line, words):
    path = tmp_path / "x.jsonl"
    path.write_text(json.dumps({**LINE, **line}) + "\n")
    with Project.create(tmp_path / "p", TASKS) as project:
        with pytest.raises(InputError) as refused:
            project.add_files(path)

        assert refused.value.problems[0].startswith(f"{path}:1: {words}")
        assert list(project.items()) == []


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ("hello,ann,a,,,99999999999999999999,", "active_ms: must be milliseconds, not '99999999999999999999'"),
        (f"hello,ann,a,{'1' * 5000},,,", "answers.r: must be a whole number, not '1111"),
        ("hello,ann,a,--1,,,", "answers.r: must be a whole number, not '--1'"),
        ("hello,a\0b,a,,,,", "annotator: has a NUL"),
    ],
)
def test_a_row_that_cannot_be_kept_is_refused_with_its_place(tmp_path, row, words):
    path = tmp_path / "x.csv"
    path.write_text(f"text,annotator,s,r,flags,active_ms,submitted_at\n{row}\n")
    with Project.create(tmp_path / "p", TASKS) as project, pytest.raises(InputError) as refused:
        project.add_files(path)

    assert refused.value.problems[0].startswith(f"{path}:2: {words}")


def test_a_field_of_a_segment_that_no_json_can_hold_is_refused(tmp_path):
    soundfile.write(tmp_path / "a.wav", np.zeros(8000, np.float32), 8000)
    path = tmp_path / "x.jsonl"
    segment = {"start": 0, "end": 0.5, "label": "x", "score": 0.5}
    lines = [{"audio": "a.wav", "annotator": "ann", "answers": {"turns": [segment]}}]
    lines += [{**lines[0], "answers": {"turns": [segment | {"score": math.nan}]}}]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    with Project.create(tmp_path / "p", "name: t\nitems: sound\ntasks: [{id: turns, type: segments}]\n") as project:
        with pytest.raises(InputError) as refused:
            project.add_files(path)
        project.add_files(path, skip_bad=True)

        assert refused.value.problems[0].startswith(
            f"{path}:2: answers.turns: segment 00:00.000–00:00.500 has a number"
        )
        assert [one.answers["turns"] for _, one in project.answers()] == [[segment]]


def test_listening_as_it_is_exported_comes_in(tmp_path):
    heard = HEARD | {"reaction_ms": 5, "edits": {"s": {"words": 1, "characters": 2, "kept": 3, "of": 4}}}
    (tmp_path / "x.jsonl").write_text(json.dumps(LINE | {"listening": heard}))
    with Project.create(tmp_path / "p", TASKS) as project:
        project.add_files(tmp_path / "x.jsonl")

        assert "replays" in heard
        assert [one.listening for _, one in project.answers()] == [heard]


def test_answers_made_in_python_are_held_to_the_same(tmp_path):
    answer = Annotation("ann", answers={"s": "a", "e": [{"start": 0, "end": 1, "label": "x", "p": math.nan}]})
    with Project.create(tmp_path, TASKS) as project:
        with pytest.raises(InputError, match="item i: e: span 0-1 has a number that is none"):
            project.add([Record(Item("i", "hello"), annotation=answer)])
        with pytest.raises(InputError, match="item i: annotator: has a NUL"):
            project.add([Record(Item("i", "hello"), annotation=Annotation("\0", answers={"s": "a"}))])

        assert list(project.items()) == []
