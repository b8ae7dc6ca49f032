"""Suggestions, skips, drafts, times and flags: in the place that a format has for each, or counted."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from helpers import BOTH, write_project
from labelled import TEXT as SOUND_TEXT
from labelled import TRANSCRIPT, clip, item
from labelled_texts import write

from tui_label import Project, Record, Suggestion, cli, formats
from tui_label.core.annotation import Annotation, Flag, Timing
from tui_label.core.item import Item
from tui_label.formats.offered import offer

TEXT = "😊 Ann flew to Rome"
OFFERED = (
    Suggestion("entities", {"start": 2, "end": 5, "label": "person", "text": "Ann"}, 0.9, "model 1"),
    Suggestion("entities", {"start": 14, "end": 18, "label": "place", "text": "Rome"}, 0.5, "model 1"),
    Suggestion("entities", {"start": 14, "end": 18, "label": "place", "text": "Rome"}, None, "words"),
    Suggestion("sentiment", "positive", 0.25, "words"),
)


@pytest.fixture
def folder(tmp_path) -> Path:
    """An item that was answered, one that was not, one about which nothing is suggested; the first two with suggestions."""
    folder = write_project(tmp_path / "p", BOTH)
    said = Annotation("ann", answers={"sentiment": "positive"})
    with Project.open(folder) as project:
        first, second = Item("a", TEXT), Item("b", TEXT)
        project.add([Record(first, OFFERED), Record(second, OFFERED[:1]), Item("c", "x")])
        project.add([Record(first, annotation=said), Record(Item("c", "x"), annotation=said)])
    return folder


def export(folder: Path, name: str, *more: str) -> tuple[Path, str]:
    out = folder.parent / f"{name}.out"
    assert cli.main(["export", str(folder), "--format", name, "-o", str(out), *more]) == 0
    return out, out.read_text() if out.is_file() else ""


def suggested(folder: Path) -> dict[str, set[tuple[object, ...]]]:
    with Project.open(folder) as project:
        return {
            item.key: {(one.task, json.dumps(one.value), one.score, one.source) for one in found}
            for item, found in project.store.with_suggestions()
        }


@pytest.mark.parametrize("name", ["jsonl", "labelstudio"])
def test_suggestions_go_out_and_come_back_with_their_scores_and_sources(folder, name, tmp_path):
    out, _ = export(folder, name, "--suggestions")
    other = write_project(tmp_path / "q", BOTH)
    assert cli.main(["add", str(other), str(out), "--format", name]) == 0

    assert suggested(other) == suggested(folder)
    assert {key: len(found) for key, found in suggested(folder).items()} == {"a": 4, "b": 1, "c": 0}
    with Project.open(other) as project:
        assert [item.key for item, _ in project.answers()] == ["a", "c"]


def test_only_who_asks_gets_suggestions(folder):
    lines = [json.loads(line) for line in export(folder, "jsonl")[1].splitlines()]

    assert [one["item"] for one in lines] == ["a", "c"]
    assert not any("suggestions" in one for one in lines)


def test_label_studio_gets_a_prediction_of_each_source(folder):
    tasks = json.loads(export(folder, "labelstudio", "--suggestions")[1])
    first = tasks[0]["predictions"]

    assert [(one["model_version"], one.get("score")) for one in first] == [("model 1", 0.7), ("words", None)]
    assert [(one["value"]["start"], one["score"]) for one in first[0]["result"]] == [(3, 0.9), (15, 0.5)]
    assert len({result["id"] for one in first for result in one["result"] if one["model_version"] == "words"}) == 2
    assert [(len(one["annotations"]), len(one["predictions"])) for one in tasks] == [(1, 2), (0, 1), (1, 0)]


def test_prodigy_gets_tasks_that_are_to_be_corrected(folder):
    first, answered, second, _ = map(json.loads, export(folder, "prodigy", "--suggestions")[1].splitlines())

    assert "answer" not in first and "answer" not in second
    assert (answered["answer"], answered["accept"]) == ("accept", ["positive"])
    assert first["accept"] == ["positive"]
    assert first["spans"][0] == {"start": 2, "end": 5, "label": "person", "score": 0.9, "source": "model 1"}
    assert len(first["spans"]) == 3


def test_settled_answers_have_no_suggestions_beside_them(folder, capsys):
    assert cli.main(["export", str(folder), "--suggestions", "--settled"]) == 2
    assert "leave one of the two out" in capsys.readouterr().err


def rows(
    first: Item, second: Item, answers: dict[str, object], suggestion: Suggestion
) -> list[tuple[Item, Annotation]]:
    timing = Timing(5, 6, 7, {next(iter(answers)): 5})
    return [
        (first, offer((suggestion,))),
        (first, Annotation("ann", answers=answers, flags=(Flag("ambiguous", "why"),), timing=timing)),
        (first, Annotation("bob", answers=answers)),
        (second, Annotation("ann", "skipped")),
        (second, Annotation("bob", "draft", answers=answers)),
        (second, Annotation("eve", "undone", answers=answers)),
    ]


STATUSES = {
    "skips": "skips",
    "drafts": "drafts",
    "suggestions": "suggestions",
    "undone": "answers that were taken back",
}
CARRIED = {
    "jsonl": {"skips", "drafts", "suggestions", "undone"},
    "labelstudio": {"skips", "drafts", "suggestions"},
    "prodigy": {"skips", "suggestions"},
}
OF_TEXTS_TOO = ("jsonl", "csv", "tsv", "labelstudio", "prodigy", "doccano", "spreadsheet")
OF_WHOLE_SOUNDS = ("commonvoice", "librispeech")
WRITERS = [one.name for one in formats.FORMATS if (one.write or one.write_folder) and not one.settled_only]


def some_of_everything(name: str, folder: Path) -> tuple[str, list[tuple[Item, Annotation]]]:
    """A project and rows that the format takes."""
    if name in (*formats.TEXTS_ONLY, *OF_TEXTS_TOO):
        return BOTH, rows(Item("a", TEXT), Item("b", TEXT), {"sentiment": "positive", "why": "so"}, OFFERED[3])
    clip(folder / "a.wav")
    if name in OF_WHOLE_SOUNDS:
        return SOUND_TEXT, rows(item(), item("b.wav"), {"t": "hello"}, Suggestion("t", "hallo"))
    said = {"s": [{"start": 0.5, "end": 1.0, "text": "hello", "speaker": "Bo"}]}
    return TRANSCRIPT, rows(item(), item("b.wav"), said, Suggestion("s", said["s"]))


@pytest.mark.parametrize("name", WRITERS)
def test_what_is_no_finished_answer_has_its_place_or_is_counted(tmp_path, name):
    if "spacy" in name or name == "datasets":
        pytest.importorskip("spacy" if "spacy" in name else "pyarrow")
    source, found = some_of_everything(name, tmp_path)
    dropped = write(name, found, source, tmp_path / "out")

    assert {status for status, words in STATUSES.items() if dropped.get(words) == 1} == {*STATUSES} - CARRIED.get(
        name, set()
    )
    assert name == "jsonl" or any("times" in words for words in dropped)
