"""What `status` says of people, in words and as JSON."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from helpers import SENTIMENT, write_project

from tui_label import cli, config
from tui_label.bench.dashboard import Following
from tui_label.core.annotation import Annotation, Timing
from tui_label.core.comments import QUESTION, Comment
from tui_label.core.item import Item, Sound
from tui_label.core.record import Record
from tui_label.projects import opening
from tui_label.ui.views.dashboard import Shown, dashboard

CALLS = """\
name: calls
items: sound
tasks:
  - {id: said, type: text, transcript: {}}
  - {id: turns, type: segments, required: false}
  - {id: quality, type: choice, required: false, labels: [clear, noisy]}
"""


def labeled(folder: Path, source: str, *records: Record) -> Path:
    store, _ = opening.open_store(config.load(write_project(folder, source)))
    store.add(records)
    store.close()
    return folder


def clip(number: int, seconds: float, annotator: str, active_ms: int, coverage: float | None) -> Record:
    answers = {"said": "hello", "turns": [{"start": 0.0, "end": 1.0}], "quality": "clear"}
    listening = {} if coverage is None else {"plays": 1, "coverage": coverage}
    annotation = Annotation(annotator, answers=answers, timing=Timing(active_ms), listening=listening)
    return Record(Item(f"c{number}", sound=Sound(f"c{number}.wav", seconds)), annotation=annotation)


def said(number: int, annotator: str, active_ms: int) -> Record:
    annotation = Annotation(annotator, answers={"sentiment": "neutral"}, timing=Timing(active_ms))
    return Record(Item(f"t{number}", f"text {number}"), annotation=annotation)


@pytest.fixture
def calls(tmp_path: Path) -> Path:
    return labeled(
        tmp_path,
        CALLS,
        clip(0, 60.0, "ann", 150_000, 1.0),
        clip(1, 30.0, "ann", 75_000, 0.96),
        clip(2, 600.0, "eve", 0, None),
    )


def test_a_hundred_percent_is_all_of_them(tmp_path, capsys):
    items = [Record(Item(f"t{n}", f"text {n}")) for n in range(2000)]
    folder = labeled(tmp_path, SENTIMENT, *items, *(said(n, "ann", 0) for n in range(1999)))
    cli.main(["status", str(folder)])
    rows = dashboard(Shown("tweets", Following(config.load(folder)).look()), 80, 24)

    assert "".join(text for text, _ in rows[2]).startswith(" 1,999 of 2,000 done  99.9%")
    assert capsys.readouterr().out.startswith("tweets: 1,999 of 2,000 items done (99%)")
    cli.main(["report", str(folder), "-o", str(tmp_path / "report.html")])
    assert "99.9%" in (tmp_path / "report.html").read_text()


def test_questions_are_told_until_they_are_answered(tmp_path, capsys):
    folder = labeled(tmp_path / "my tweets", SENTIMENT, *(said(n, "ann", 0) for n in range(3)))
    store, _ = opening.open_store(config.load(folder))
    for number in (1, 2):
        store.say(number, Comment("ann", "is this a joke?", QUESTION))

    def told() -> tuple[list[str], int]:
        cli.main(["status", str(folder)])
        lines = [line for line in capsys.readouterr().out.splitlines() if "question" in line]
        cli.main(["status", str(folder), "--json"])
        return lines, json.loads(capsys.readouterr().out)["questions"]

    command = f"`tui-label review '{folder}' --queue questions`"
    assert told() == ([f"items with a question that nobody has answered: 2; {command} leads there"], 2)
    assert Following(config.load(folder)).look().questions == 2
    for number in (1, 2):
        store.say(number, Comment("lea", "no", to="ann"))
    assert told() == ([], 0)


def test_answers_that_came_without_times_are_no_pace(tmp_path, capsys):
    timed = [said(n, "ann", 2_000) for n in range(5)]
    folder = labeled(tmp_path, SENTIMENT, *timed, *(said(n, "ann", 0) for n in range(5, 50)), said(1, "bob", 0))

    assert cli.main(["status", str(folder)]) == 0
    rows = [line.split() for line in capsys.readouterr().out.splitlines() if line.startswith(("ann  ", "bob  "))]
    assert rows == [["ann", "50", "0", "0", "2.0", "1,800", "0"], ["bob", "1", "0", "0", "–", "–", "0"]]


def test_status_says_how_much_sound_and_how_it_was_heard(calls, capsys):
    assert cli.main(["status", str(calls)]) == 0
    lines = capsys.readouterr().out.splitlines()
    first = lines.index(f"{'sound':<16}  minutes  × real time  median heard")

    assert [line.split() for line in lines[first + 1 : first + 3]] == [
        ["ann", "1.5", "2.5", "98%"],
        ["eve", "10.0", "–", "–"],
    ]
    assert all(len(line) <= 80 for line in lines)


@pytest.mark.parametrize(("columns", "is_whole"), [("80", False), ("120", True)])
def test_long_names_are_told_apart_where_there_is_room(tmp_path, capsys, monkeypatch, columns, is_whole):
    monkeypatch.setenv("COLUMNS", columns)
    names = [f"annotator-from-the-north-{n}" for n in (1, 2)]
    records = [
        Record(Item(name, name), annotation=Annotation(name, answers={"sentiment": "positive"})) for name in names
    ]
    cli.main(["status", str(labeled(tmp_path, SENTIMENT, *records))])
    lines = [line for line in capsys.readouterr().out.splitlines() if line.startswith("annotator-") and "·" not in line]

    assert [line.split()[0] for line in lines] == (names if is_whole else ["annotator-from-the-nor…"] * 2)
    assert all(len(line) <= int(columns) for line in lines)


def test_status_as_json_has_the_figures_of_sound(calls, capsys):
    cli.main(["status", str(calls), "--json"])
    people = json.loads(capsys.readouterr().out)["people"]

    assert [one["sound"] for one in people] == [
        {"answered_ms": 90_000, "real_time_factor": 2.5, "median_coverage": 0.98},
        {"answered_ms": 600_000, "real_time_factor": None, "median_coverage": None},
    ]


def test_what_was_typed_is_no_label(calls, capsys):
    cli.main(["status", str(calls)])
    words = capsys.readouterr().out

    assert "hello" not in words and "clear" in words


def test_a_project_of_texts_has_no_figures_of_sound(tmp_path, capsys):
    given = Annotation("ann", answers={"sentiment": "positive"})
    labeled(tmp_path, SENTIMENT, Record(Item("i", "text"), annotation=given))
    cli.main(["status", str(tmp_path), "--json"])
    (person,) = json.loads(capsys.readouterr().out)["people"]
    cli.main(["status", str(tmp_path)])

    assert "sound" not in person and "real time" not in capsys.readouterr().out


def test_project_yaml_changes_where_segments_have_no_labels(calls, capsys):
    source = (calls / "project.yaml").read_text()
    (calls / "project.yaml").write_text(source.replace("noisy", "noisy, silent"))

    assert cli.main(["status", str(calls)]) == 0


def test_answers_without_times_have_no_pace(tmp_path, capsys):
    given = Annotation("ann", answers={"sentiment": "positive"})
    labeled(tmp_path, SENTIMENT, Record(Item("i", "text"), annotation=given))
    cli.main(["status", str(tmp_path)])
    (row,) = (line.split() for line in capsys.readouterr().out.splitlines() if line.startswith("ann  "))

    assert row == ["ann", "1", "0", "0", "–", "–", "0"]


def test_check_says_where_answers_to_a_task_that_is_gone_are(tmp_path, capsys):
    two = SENTIMENT + "  - {id: tone, type: choice, labels: [dry]}\n"
    said = Annotation("ann", answers={"sentiment": "neutral", "tone": "dry"})
    labeled(tmp_path, two, Record(Item("a", "x"), annotation=said))
    write_project(tmp_path)
    cli.main(["check", str(tmp_path)])

    assert "task tone is gone; answers to it, with 1 label, stay in exports as jsonl" in capsys.readouterr().out
