"""What is shipped, what each command loads, and that the README tells the truth."""

from __future__ import annotations

import argparse
import re
import shlex
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from helpers import write_project
from terminal_harness import run

from tui_label import Annotation, Item, Project, Record, Suggestion, cli, config
from tui_label.core.keymap import build
from tui_label.report import status_report

ROOT = Path(__file__).parent.parent


def test_every_folder_of_code_is_shipped():
    shipped = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["packages"]
    code = {".".join(path.parent.relative_to(ROOT).parts) for path in (ROOT / "tui_label").rglob("*.py")}
    samples = {f"tui_label.guidelines.{path.parent.name}" for path in (ROOT / "guidelines").glob("*/project.yaml")}

    assert set(shipped) == code | samples | {"tui_label.guidelines"}


def test_every_file_beside_the_code_is_shipped():
    """Tests run on an installation in place, which has them all."""
    patterns = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["package-data"]["*"]
    files = {
        path
        for room in ("tui_label", "guidelines")
        for path in (ROOT / room).rglob("*")
        if path.is_file() and path.suffix not in (".py", ".pyc")
    }

    assert {path for path in files if not any(path.match(one) for one in patterns)} == set()
    assert {path.name for path in files} >= {"py.typed", "style.css", "guidelines.md"}


def test_what_the_code_imports_is_asked_for():
    """Not only by what it asks for, which may think better of it."""
    asked = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    words = [*asked["dependencies"], *(one for extra in asked["optional-dependencies"].values() for one in extra)]
    named = {re.split(r"[^\w.-]", one)[0].lower().replace("-", "_") for one in words} | {"tui_label", "yaml"}
    code = "\n".join(path.read_text() for path in (ROOT / "tui_label").rglob("*.py"))
    imported = set(re.findall(r"^ *(?:from (?=\S+ import)|import )(\w+)", code, re.M))

    assert imported - set(sys.stdlib_module_names) - named == set()


@pytest.mark.parametrize("arguments", [["status", "DIR"], ["export", "DIR"], ["formats"], ["keys"]])
def test_commands_without_a_screen_load_no_textual(tmp_path, arguments):
    write_project(tmp_path)
    run("status", str(tmp_path))  # makes the database
    script = (
        "import sys; from tui_label.cli import main; main(sys.argv[1:]);"
        "print([n for n in ('textual', 'rich', 'sqlite_utils') if n in sys.modules], file=sys.stderr)"
    )
    command = [sys.executable, "-c", script, *[str(tmp_path) if one == "DIR" else one for one in arguments]]
    done = subprocess.run(command, capture_output=True, text=True)

    assert done.stderr.splitlines()[-1] == "[]"


def test_the_readme_names_every_command_and_setting():
    text = (ROOT / "README.md").read_text()

    assert [name for name in cli.commands() if f"tui-label {name}" not in text and name != "label"] == []
    assert [name for name in config.settings() if not re.search(rf"\b{name}\b", text)] == []


@pytest.mark.parametrize("name", ["README.md", "CONTRIBUTING.md"])
def test_the_links_of_the_papers_lead_to_their_headings(name):
    for file, anchor in re.findall(r"\]\(([A-Z]*\.md)?#([^)]+)\)", (ROOT / name).read_text()):
        headings = re.findall(r"^##+ (.+)$", (ROOT / (file or name)).read_text(), re.M)
        assert anchor in [re.sub(r"[^\w\- ]", "", one.lower()).replace(" ", "-") for one in headings]


def test_the_project_of_the_readme_is_one(tmp_path):
    """Both of its examples, without the server that nobody here has."""
    first, sound, _ = re.findall(r"```yaml\n(.*?)```", (ROOT / "README.md").read_text(), re.S)
    (tmp_path / "project.yaml").write_text(re.sub(r"(?m)^store: .*$", "", first))
    assert [task.id for task in config.load(tmp_path).tasks] == ["sentiment", "entities"]
    (tmp_path / "project.yaml").write_text(f"name: calls\n{sound}")
    assert [task.id for task in config.load(tmp_path).tasks] == ["transcript"]


@pytest.mark.parametrize(
    ("name", "samples"),
    [("sentiment", 60), ("topics", 60), ("entities", 60), ("transcription", 40), ("sounds", 30)],
)
def test_ready_projects_are_whole(tmp_path, name, samples):
    status, _, errors = run("new", str(tmp_path / "p"), "--from", name, "--samples")
    assert (status, errors) == (0, "")
    project = config.load(tmp_path / "p")
    guidelines = project.guidelines_path.read_text()

    assert len((tmp_path / "p" / "items.jsonl").read_text().splitlines()) >= samples
    assert all(f"## {label.value}\n" in guidelines for task in project.tasks for label in task.labels)
    assert all(build(project).labels.values())


def test_a_file_with_bad_lines_brings_nothing_in(tmp_path):
    write_project(tmp_path / "p")
    bad = tmp_path / "bad.jsonl"
    bad.write_text('{"text": "fine"}\n{"text": 3}\nnot json\n')
    status, _, errors = run("add", str(tmp_path / "p"), str(bad))

    assert status == 1
    assert f"{bad}:2: text: must be text, not 3" in errors
    assert f"{bad}:3: not JSON" in errors
    assert '"items": 0' in run("status", str(tmp_path / "p"), "--json")[1]
    assert run("add", str(tmp_path / "p"), str(bad), "--skip-bad")[0] == 0
    assert '"items": 1' in run("status", str(tmp_path / "p"), "--json")[1]


def test_an_empty_file_is_refused_and_an_export_comes_back_as_answers(tmp_path):
    write_project(tmp_path / "p")
    (tmp_path / "empty.txt").write_text("")
    assert run("add", str(tmp_path / "p"), str(tmp_path / "empty.txt"))[0] == 1
    (tmp_path / "in.csv").write_text("text,label\ngood,positive\n")
    run("add", str(tmp_path / "p"), str(tmp_path / "in.csv"), "--annotator", "eve")
    first = run("export", str(tmp_path / "p"))[1]
    (tmp_path / "out.jsonl").write_text(first)
    write_project(tmp_path / "q")
    run("add", str(tmp_path / "q"), str(tmp_path / "out.jsonl"))

    assert run("export", str(tmp_path / "q"))[1] == first


def test_a_label_with_answers_cannot_vanish(tmp_path):
    folder = write_project(tmp_path / "p")
    (tmp_path / "in.csv").write_text("text,label\ngood,positive\n")
    run("add", str(folder), str(tmp_path / "in.csv"), "--annotator", "eve")
    source = (folder / "project.yaml").read_text()
    (folder / "project.yaml").write_text(source.replace("value: positive", "value: glad"))
    status, _, errors = run("status", str(folder))
    assert (status, "was: positive" in errors) == (1, True)
    (folder / "project.yaml").write_text(source.replace("value: positive", "value: glad, was: positive"))

    assert '"glad"' in run("export", str(folder))[1]


def test_every_argument_has_a_word_of_help():
    parser, names = cli._parser()
    (commands,) = [one for one in parser._actions if isinstance(one, argparse._SubParsersAction)]

    assert set(commands.choices) == set(names)
    assert [(name, one.dest) for name in names for one in commands.choices[name]._actions if not one.help] == []


def test_the_examples_of_the_help_are_commands():
    """Each is one that the command itself understands."""
    parser, names = cli._parser()
    (commands,) = [one for one in parser._actions if isinstance(one, argparse._SubParsersAction)]
    lines = [
        line for name in names for line in (commands.choices[name].epilog or "").splitlines() if "tui-label" in line
    ]

    assert len(lines) > 10
    for line in lines:
        words = shlex.split(line.split(" > ")[0])
        parser.parse_args(words[1 : words.index("--")] if "--" in words else words[1:])


def test_the_shape_of_status_is_told_to_the_last_key(tmp_path):
    folder = write_project(tmp_path)
    with Project.open(folder) as project:
        item = Item("t1", "good")
        project.add([Record(item, (Suggestion("sentiment", "positive"),))])
        project.add([Record(item, annotation=Annotation("ann", answers={"sentiment": "positive"}))])
        found = project.status()
    (person,) = found["people"]

    assert (set(found) | set(person)) - told(status_report.status) == set()
    assert set(found["suggestions"][0]) - told(status_report.suggestions) == set()


def told(by: object) -> set[str]:
    return set(re.findall(r'"(\w+)"', by.__doc__ or ""))
