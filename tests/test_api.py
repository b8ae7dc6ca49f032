"""The Python API: its examples, what it refuses, frames, what importing it loads."""

from __future__ import annotations

import doctest
import io
import json
import math
import shutil
import subprocess
import sys
from dataclasses import replace
from datetime import date
from pathlib import Path
from unittest.mock import Mock

import numpy as np
import pytest
from helpers import BOTH, ENTITIES, SENTIMENT, write_project

import tui_label
from tui_label import Annotation, Flag, Item, Project, Record, Suggestion, api, cli
from tui_label.core.gold import GIVEN, Gold
from tui_label.errors import ConfigError, InputError, LabelError, StoreRefused, UsageError
from tui_label.projects import care

TEXT = "🛫 Ann flies to Paris"


def test_the_examples_are_true(tmp_path):
    finder, runner = doctest.DocTestFinder(), doctest.DocTestRunner()
    found = [one for room in (api, care) for one in finder.find(room, globs={"folder": tmp_path / "p"} | vars(room))]
    # The module's own example makes the project that each of the others opens
    first, *others = sorted(found, key=lambda one: one.name)
    runner.run(first)
    shutil.copytree(tmp_path / "p", tmp_path / "made")
    for one in others:
        shutil.rmtree(tmp_path / "p")
        shutil.copytree(tmp_path / "made", tmp_path / "p")
        runner.run(one)

    assert (runner.failures, runner.tries > 15) == (0, True)


def test_the_example_of_the_readme_is_true(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    readme = Path(__file__).parent.parent / "README.md"

    assert doctest.testfile(str(readme), module_relative=False) == doctest.TestResults(0, 3)


def test_importing_loads_nothing_but_what_is_asked_for():
    script = (
        "import sys, tui_label; a = [n for n in sys.modules if n.startswith('tui_label.')];"
        "tui_label.Item; b = 'tui_label.api' in sys.modules; tui_label.Project;"
        "c = [n for n in ('textual', 'rich', 'pandas', 'polars', 'sounddevice') if n in sys.modules]; print(a, b, c)"
    )

    assert subprocess.run([sys.executable, "-c", script], capture_output=True, text=True).stdout == "[] False []\n"
    with pytest.raises(AttributeError, match="Proyect"):
        tui_label.Proyect  # noqa: B018


def test_all_that_is_added_comes_back_as_it_was(tmp_path):
    item = Item("a", TEXT, meta={"from": "x"})
    said = Annotation(
        "ann", answers={"entities": [{"start": 2, "end": 5, "label": "person", "text": "Ann"}]},
        flags=(Flag("ambiguous", "which?"),), submitted_at="2026-01-01T00:00:00.000Z",
    )  # fmt: skip
    with Project.create(tmp_path, ENTITIES) as project:
        assert project.add([Record(item, annotation=said), "twin", "twin", Item("b", "other")]).items == 4
        assert project.add([Record(item, annotation=said), "twin", "twin", Item("b", "other")]).items == 0
    with Project.open(tmp_path) as project:
        ((back, answer),) = project.answers()

        assert (back, replace(answer, labels_version=0, revision=0)) == (item, said)
        assert {one.key for one in project.items()} == {"a", "b", *(one.key for one, _ in project.unanswered())}
        assert len(list(project.items())) == 4
        assert project.item("a") == item
        assert project.status()["answers"] == 1
        assert [(one.key, settled.answers) for one, settled in project.settled()] == [("a", said.answers)]


def test_times_are_kept_in_utc_whatever_their_zone(tmp_path):
    """By them it is decided which answer is the latest."""
    said = Annotation("ann", answers={"sentiment": "positive"})
    with Project.create(tmp_path, SENTIMENT) as project:
        for at in ("2026-01-01T12:00:00+02:00", "2026-01-01 11:00"):
            project.add([Record(Item("a", "x"), annotation=replace(said, started_at=at, submitted_at=at))])
            said = replace(said, answers={"sentiment": "negative"})

        ((_, answer),) = project.answers()
        assert (answer.submitted_at, answer.started_at) == ("2026-01-01T11:00:00.000Z",) * 2
        assert answer.answers == {"sentiment": "negative"}


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_a_table_is_no_list_of_texts(tmp_path, library):
    table = pytest.importorskip(library).DataFrame({"text": ["Fine.", "Late."]})
    with Project.create(tmp_path, SENTIMENT) as project:
        with pytest.raises(InputError, match="a table is added by a column of texts"):
            project.add(table)

        assert project.add(table["text"]).items == 2


def test_what_numpy_counts_is_as_good_as_a_number(tmp_path):
    """Models give scores, texts and priorities so."""
    with Project.create(tmp_path, SENTIMENT) as project:
        for score in (np.float32(0.5), np.float64(0.5)):
            guess = Suggestion("sentiment", "positive", score, source=str(score.dtype))
            project.add([Record(Item("a", np.str_("Fine.")), (guess,), priority=np.int64(2))])

        ((item, guesses),) = project.unanswered()
        assert (item.text, [one.score for one in guesses]) == ("Fine.", [0.5, 0.5])


def test_a_project_is_made_once_and_must_be_right(tmp_path):
    Project.create(tmp_path / "p", SENTIMENT).close()
    with pytest.raises(LabelError, match="already"):
        Project.create(tmp_path / "p", SENTIMENT)
    with pytest.raises(ConfigError, match="type"):
        Project.create(tmp_path / "q", [{"id": "a", "type": "chioce"}])

    assert not (tmp_path / "q").exists()


def test_a_project_that_was_cut_off_while_it_was_made_is_none_and_the_same_again_makes_it(tmp_path, monkeypatch):
    with monkeypatch.context() as now, pytest.raises(KeyboardInterrupt):
        now.setattr(Project, "add_files", Mock(side_effect=KeyboardInterrupt))
        Project.create_ready(tmp_path, "sentiment", samples=True)
    with pytest.raises(ConfigError, match="no project here"):
        Project.open(tmp_path)
    Project.create_ready(tmp_path, "sentiment", samples=True).close()

    with Project.open(tmp_path) as project:
        assert project.status()["items"] > 0


@pytest.mark.parametrize(
    ("record", "words"),
    [
        (Record(Item("a", "x"), annotation=Annotation("ann", answers={"sentiment": "glad"})), "item a: sentiment: "),
        (Record(Item("a", "x"), annotation=Annotation("ann", answers={"mood": "glad"})), "mood: no such task"),
        (Record(Item("a", "x"), (Suggestion("sentiment", "glad"),)), "item a: sentiment: "),
        (
            Record(Item("a", "x"), (Suggestion("sentiment", "positive", "high"),)),
            "a: sentiment: a score must be a number",
        ),
        (Record(Item("a", "x"), (Suggestion("sentiment", "positive", 10**400),)), "a score must be a number"),
        (
            Record(Item("a", "x"), (Suggestion("sentiment", "positive", -math.inf),)),
            "a score must be a number, not -inf",
        ),
        (Record(Item("a", "x"), priority=0.5), "item a: priority: must be a whole number, not 0.5"),
        (Record(Item("a", "x"), gold=Gold("me", {"sentiment": 3}, GIVEN)), "item a: sentiment: "),
        (Record(Item("a", "x"), annotation=Annotation("")), "item a: annotator: must be a name of one to 60 printable"),
        (
            Record(Item("a", "x"), gold=Gold("a\nb", {}, GIVEN)),
            "item a: annotator: must be a name of one to 60 printable",
        ),
        (Item("i0", "other"), "item i0 is there already with other content"),
        ("", "empty"),
        (Item("", "x"), "item : key: is empty"),
        (Item("a"), "item a: text: is empty"),
        (Item("a", None), "item a: text: must be text, not None"),
        (Item("a", "x", candidates=["b", "c"]), r"item a: candidates: must be a tuple, not \['b', 'c'\]"),
        (Item("a", "x", meta=[1]), "item a: meta: must be a dict"),
        (Item("a", "x", meta={"when": date(2026, 1, 1)}), "item a: meta: Object of type date is not JSON serializable"),
        (Item("a", sound="a.wav"), "item a: sound: must be of type Sound, not 'a.wav'"),
        ({"text": "x"}, "^{'text': 'x'}: must be a text, an Item or a Record$"),
        (Record("x"), "item: must be of type Item"),
        (Record(Item("a", "x"), ("positive",)), "item a: suggestions: must be of type Suggestion, not 'positive'"),
        (Record(Item("a", "x"), annotation=Annotation("ann", answers=None)), "a: annotation: answers: must be a dict"),
        (
            Record(Item("a", "x"), annotation=Annotation("ann", flags=("x",))),
            "a: annotation: flags: must be of type Flag",
        ),
        (
            Record(Item("a", "x"), annotation=Annotation("ann", "done")),
            "a: annotation: status: must be one of submitted",
        ),
        (
            Record(Item("a", "x"), annotation=Annotation("ann", submitted_at="yesterday")),
            "item a: annotation: submitted_at: must be a time such as 2026-01-31T12:00:00Z, not 'yesterday'",
        ),
        (
            Record(Item("a", "x"), annotation=Annotation("ann", started_at="9:00")),
            "a: annotation: started_at: must be a",
        ),
        (Record(Item("a", "x"), gold=Gold("me", {}, GIVEN, at="soon")), "item a: gold: at: must be a time"),
        (
            Record(Item("a", "x"), gold=Gold("me"), probe="chekc"),
            "a: probe: must be check or qualification, not 'chekc'",
        ),
    ],
)
def test_what_does_not_fit_is_named_and_nothing_is_written(tmp_path, record, words):
    with Project.create(tmp_path, SENTIMENT) as project:
        project.add([Item("i0", "text")])
        with pytest.raises(InputError, match=words):
            project.add(["fine", record])

        assert [one.key for one in project.items()] == ["i0"]
        with pytest.raises(InputError, match="item zz"):
            project.item("zz")


def test_an_item_is_asked_for_by_its_key(tmp_path):
    with Project.create(tmp_path, SENTIMENT) as project:
        project.add([Item("a", "x")])
        with pytest.raises(InputError, match="item 1: a key is text"):
            project.item(1)

        assert project.item(project.key(1)).text == "x"


@pytest.mark.parametrize("made", ["hello", b"hello", {"text": "x"}, Item("a", "x"), None])
def test_what_is_added_is_several(tmp_path, made):
    with Project.create(tmp_path, SENTIMENT) as project:
        with pytest.raises(InputError, match="must be a list of texts, items or records, not "):
            project.add(made)

        assert list(project.items()) == []
        assert (project.key(2**63), project.name(2**63)) == (str(2**63), str(2**63))


@pytest.mark.parametrize(
    ("asks", "words"),
    [
        (["mood"], r"^tasks: must be a list of dicts, one for each question, not \['mood'\]$"),
        ({"id": "mood", "type": "text"}, "^tasks: must be a list of dicts"),
        (None, "^tasks: must be a list of dicts"),
        ([{"id": "mood", "type": str}], "^tasks: <class 'str'>: must be text, a number, a list or a dict$"),
    ],
)
def test_what_is_no_list_of_tasks_makes_no_project(tmp_path, asks, words):
    with pytest.raises(ConfigError, match=words):
        Project.create(tmp_path / "p", asks)

    assert not (tmp_path / "p").exists()


def test_answers_of_nobody_are_no_file(tmp_path):
    with Project.create(tmp_path / "p", SENTIMENT) as project:
        answer = {"sentiment": "positive"}
        project.add(Record(Item("a", "x"), annotation=Annotation(f"ann{n}", answers=answer)) for n in range(7))
        for name, words in (("an0", "did you mean ann0"), ("zoe", "there are ann0, ann1, .*, ann6$")):
            with pytest.raises(LabelError, match=f"{name}: nobody has this name here; {words}"):
                project.export(tmp_path / "a.csv", "csv", annotator=name)
        assert not (tmp_path / "a.csv").exists()

        assert project.export(tmp_path / "a.csv", "csv", annotator="ann0").count == 1
        # One's own name is no slip
        assert project.export(tmp_path / "b.csv", "csv", annotator=project.person.name).count == 0


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_frames_hold_what_was_said(tmp_path, library):
    pytest.importorskip(library)
    spans = [
        {"start": 2, "end": 5, "label": "person", "text": "Ann"},
        {"start": 15, "end": 20, "label": "place", "text": "Paris"},
    ]
    answers = {"sentiment": "negative", "entities": spans, "why": "because"}
    with Project.create(tmp_path, BOTH) as project:
        project.add([Record(Item("a", TEXT), annotation=Annotation("ann", answers=answers))])
        project.add([Record(Item("b", "x"), annotation=Annotation("bob", answers={"sentiment": "positive"}))])
        frame, table = project.answers_frame(library), project.spans_frame(library)

    rows = frame.to_dict("records") if library == "pandas" else frame.to_dicts()
    assert [(row["item"], row["annotator"], row["sentiment"], row["why"] == "because") for row in rows] == [
        ("a", "ann", "negative", True), ("b", "bob", "positive", False),
    ]  # fmt: skip
    assert rows[0]["entities"] == spans
    assert list(table.columns) == ["item", "annotator", "task", "start", "end", "label", "text"]
    assert [tuple(row) for row in (table.values.tolist() if library == "pandas" else table.rows())] == [
        ("a", "ann", "entities", 2, 5, "person", "Ann"), ("a", "ann", "entities", 15, 20, "place", "Paris"),
    ]  # fmt: skip


def test_a_library_that_is_not_there_is_named(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "polars", None)
    with Project.create(tmp_path, SENTIMENT) as project:
        with pytest.raises(LabelError, match=r"tui-label\[polars\]"):
            project.answers_frame("polars")
        with pytest.raises(UsageError, match="pandas or polars"):
            project.spans_frame("excel")  # type: ignore[arg-type]


def test_figures_are_those_of_the_commands(tmp_path, capsys):
    with Project.create(tmp_path, SENTIMENT) as project:
        project.add(
            Record(Item(f"i{n}", f"t{n}"), annotation=Annotation(name, answers={"sentiment": "positive"}))
            for n in range(4)
            for name in ("ann", "bob")
        )
        assert cli.main(["status", str(tmp_path), "--json"]) == 0
        assert json.loads(capsys.readouterr().out) == project.status()
        assert [one.task for one in project.agreement().tasks] == ["sentiment"]


@pytest.mark.parametrize(
    ("ask", "words"),
    [
        (lambda project: project.settled("majorty"), "majorty: no such rule; there are majority, unanimous, "),
        (lambda project: project.export(io.StringIO(), rule="Dawid-Skene"), "Dawid-Skene: no such rule"),
        (lambda project: project.export(io.StringIO(), rule="majority", annotator="ann"), "are nobody's"),
        (lambda project: project.export(io.StringIO(), rule="majority", history=True), "have no history"),
        (lambda project: project.export(io.StringIO(), blind=True), "in settled answers only"),
        (lambda project: project.agreement(by=("pair", "foo")), "foo: no such part; there are label, pair, "),
        (lambda project: project.agreement(seed=-1), "the seed is a whole number from 0 on, not -1"),
        (lambda project: project.suggest("true", batch=0), "1 to 5,000 at a time, not 0"),
        (lambda project: project.suggest("true", timeout_s=0), "a number of seconds, not 0"),
        (lambda project: project.add_files("a.csv", gold="chekc"), "chekc: known answers are for check or qual"),
    ],
)
def test_what_is_no_choice_is_wrong_usage_from_python_too(tmp_path, ask, words):
    with Project.create(tmp_path, SENTIMENT) as project, pytest.raises(UsageError, match=words):
        ask(project)


def test_roles_hold_from_python_too(tmp_path):
    folder = write_project(tmp_path / "p", SENTIMENT + "roles: {leads: [somebody-else]}\n")
    with Project.open(folder) as project:
        assert project.person.role.name == "ANNOTATOR"
        for refused in (
            lambda: project.add(["text"]),
            lambda: project.add_files(tmp_path / "nowhere.csv"),
            lambda: project.suggest("false"),
            lambda: project.auto_settle("majority"),
            lambda: list(project.answers()),
            project.status,
        ):
            with pytest.raises(StoreRefused, match=f"^{project.person.name} may not "):
                refused()
        assert list(project.answers(annotator=project.person.name)) == []
    with pytest.raises(StoreRefused, match="may not work as ann"):
        Project.open(folder, "ann")
