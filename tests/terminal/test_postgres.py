"""A project on a PostgreSQL server, from `new` to `report`, by the installed command."""

from __future__ import annotations

import json
from pathlib import Path

import postgres
import pytest
from helpers import SENTIMENT, write_project
from terminal_harness import Terminal, run

pytestmark = pytest.mark.skipif(postgres.programs() is None, reason="PostgreSQL is not installed")


def said(*arguments: str) -> str:
    status, out, errors = run(*arguments)
    assert status == 0, (arguments, out, errors)
    return out


def test_a_project_on_a_server(tmp_path: Path) -> None:
    server = postgres.schema_for(tmp_path)
    source = SENTIMENT.replace("tasks:", f"overlap: 2\nstore: {server.url}&schema={server.schema}\ntasks:")
    folder = str(write_project(tmp_path / "p", source))
    (tmp_path / "in.jsonl").write_text(
        "".join(json.dumps({"id": str(n), "text": f"text {n}"}) + "\n" for n in range(3))
    )
    said("add", folder, str(tmp_path / "in.jsonl"))
    assert not (tmp_path / "p" / "project.db").exists()
    for name, key in (("ann", "p"), ("bob", "n")):
        terminal = Terminal(folder, "--as", name)
        try:
            terminal.wait_for("text 0").press(key).wait_for("text 1").press("u").wait_for("text 0").press(key)
            terminal.wait_for("text 1").press("p").wait_for("text 2").press("ctrl+q")
            assert terminal.wait() == 0
        finally:
            terminal.close()
    (tmp_path / "words.yaml").write_text("negative: [text]\n")

    assert [json.loads(line)["annotator"] for line in said("export", folder).splitlines()] == ["ann", "bob"] * 2
    assert json.loads(said("status", folder, "--json"))["answers"] == 4
    assert "sentiment" in said("agreement", folder)
    said("report", folder, "-o", str(tmp_path / "report.html"))
    said("suggest", folder, "--with", str(tmp_path / "words.yaml"))
    status, out, errors = run("check", folder)
    assert "PostgreSQL" in out, errors
    said("backup", folder, "--to", str(tmp_path / "copy"))
    assert (tmp_path / "copy" / "project.db").exists()
    assert said("export", str(tmp_path / "copy")) == said("export", folder)
    status, _, errors = run("repair", folder)
    assert (status, "who runs it" in errors) == (1, True), errors

    reviewer = Terminal("review", folder, "--as", "lea")
    try:
        reviewer.wait_for("text 0").press("1").wait_for("No case is left").press("ctrl+q")
        assert reviewer.wait() == 0
    finally:
        reviewer.close()
    assert '"positive"' in said("export", folder, "--settled")


def test_a_server_that_goes_away_and_comes_back(tmp_path: Path) -> None:
    cluster = postgres.Cluster()
    try:
        source = SENTIMENT + f"store: {cluster.url()}&schema=work\n"
        folder = str(write_project(tmp_path / "p", source))
        (tmp_path / "in.txt").write_text("text 0\ntext 1\ntext 2\n")
        said("add", folder, str(tmp_path / "in.txt"))
        terminal = Terminal(folder, "--as", "ann", columns=150)
        try:
            terminal.wait_for("text 0").press("p").wait_for("text 1")
            cluster.stop()
            terminal.press("n").wait_for("is away")
            assert "text 1" in terminal.text
            cluster.start()
            terminal.press("enter").wait_for("text 2").press("ctrl+q")
            assert terminal.wait() == 0
        finally:
            terminal.close()
        answers = [json.loads(line)["answers"]["sentiment"] for line in said("export", folder).splitlines()]
        assert answers == ["positive", "negative"]
    finally:
        cluster.remove()


@pytest.mark.parametrize("command", [["label"], ["review"]])
def test_who_leaves_before_the_first_item_has_come_need_not_wait(tmp_path: Path, command: list[str]) -> None:
    psycopg = pytest.importorskip("psycopg")
    server = postgres.schema_for(tmp_path)
    folder = str(write_project(tmp_path / "p", SENTIMENT + f"store: {server.url}&schema={server.schema}\n"))
    (tmp_path / "in.jsonl").write_text('{"id": "a", "text": "text 0", "annotator": "bob", "sentiment": "positive"}\n')
    said("add", folder, str(tmp_path / "in.jsonl"))
    with psycopg.connect(server.url) as holder:
        holder.execute(f"LOCK TABLE {server.schema}.assignment, {server.schema}.item IN ACCESS EXCLUSIVE MODE")
        terminal = Terminal(*command, folder, "--as", "ann")
        try:
            terminal.wait_for("waiting for the database").press("ctrl+q").wait_for("any key leaves at once").press("x")
            assert terminal.wait(5) == 1
        finally:
            terminal.close()
