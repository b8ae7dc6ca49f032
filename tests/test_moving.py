"""Projects that move: to a server and back, with people at work, and where it fails."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import postgres
import psycopg
import pytest
from helpers import SENTIMENT, records, write_project

from tui_label import cli, config, move, moving, opening
from tui_label.core.annotation import Annotation, Flag
from tui_label.core.comments import Comment
from tui_label.core.gold import Gold
from tui_label.core.item import Item, Suggestion
from tui_label.core.record import Record
from tui_label.errors import ConfigError, LabelError, StoreError
from tui_label.store import copying
from tui_label.store.base import Store
from tui_label.store.postgres import PostgresConnection

pytestmark = pytest.mark.skipif(postgres.programs() is None, reason="PostgreSQL is not installed")
SOURCE = "# ours\n" + SENTIMENT.replace("tasks:", "overlap: 2   # two of us\ntasks:") + "# the end\n"


def opened(folder: Path) -> Store:
    return opening.open_store(config.load(folder))[0]


@pytest.fixture
def worked_on(tmp_path: Path) -> Path:
    folder = write_project(tmp_path / "p", SOURCE)
    store = opened(folder)
    store.add(
        [
            *records(3000),
            Record(Item("x\x00\ud800", "odd \x00", ("a", "b")), (Suggestion("sentiment", "neutral", 0.25),)),
        ]
    )
    store.add([Record(Item("known", "text"), gold=Gold("lea", {"sentiment": "neutral"}), probe="check")])
    for name in ("ann", "bob"):
        for n in range(5):
            claim = store.claim(name)
            said = Annotation(name, answers={"sentiment": "positive"}, flags=(Flag("ambiguous", "é"),))
            store.submit(claim.number, said, f"{name}{n}", claim=False)
    store.reopen("ann")
    store.save_draft("bob", store.claim("bob").number, '{"answers": {}}')
    store.say(1, Comment("ann", "Why?"))
    store.settle(1, Gold("lea", {"sentiment": "negative"}), "g")
    store.close()
    return folder


def place(folder: Path) -> str:
    server = postgres.schema_for(folder)
    with psycopg.connect(server.url, autocommit=True) as connection:
        connection.execute(f"DROP SCHEMA IF EXISTS {server.schema} CASCADE".encode())
    return f"{server.url}&schema={server.schema}"


def everything(path: Path) -> list[list[tuple[object, ...]]]:
    connection = sqlite3.connect(path)
    found = [connection.execute(f"SELECT * FROM {one.name} ORDER BY {one.key}").fetchall() for one in copying.tables()]
    connection.close()
    return found


def test_there_and_back_is_the_same_with_everybody_told(worked_on, capsys):
    before, path = everything(worked_on / "project.db"), worked_on / "project.yaml"
    at_work, url = opened(worked_on), place(worked_on)
    assert cli.main(["move", str(worked_on), "--to", url]) == 0
    assert "3,002 rows" in capsys.readouterr().out
    with pytest.raises(StoreError, match="leave and start again"):
        at_work.claim("ann")

    assert path.read_text() == f"{SOURCE}store: {url}\n"
    assert not (worked_on / "project.db").exists()
    there = opened(worked_on)
    number = there.claim("bob").number
    there.submit(number, Annotation("bob", answers={"sentiment": "neutral"}), "on", claim=False)
    there.add(records(3001))
    assert there.say(1, Comment("cyd", "Numbered on")) is None
    assert there.reopen("bob").number == number
    path.write_text(f"{SOURCE}# ours\nstore: {url}   # for now\nskip: out\n")
    done = move(worked_on, "sqlite")

    assert path.read_text() == f"{SOURCE}# ours\nskip: out\n"
    with pytest.raises(StoreError, match="leave, and start again"):
        there.claim("ann")
    after = everything(worked_on / "project.db")
    assert done.rows["item"] == 3003
    tables = [one.name for one in copying.tables()]
    for name, one, other in zip(tables, before, after, strict=True):
        if name in ("content", "suggestion", "gold", "annotator", "flagged"):
            assert other[: len(one)] == one, name


def test_nothing_changes_where_it_fails(worked_on, monkeypatch):
    source, url = (worked_on / "project.yaml").read_text(), place(worked_on)
    before = everything(worked_on / "project.db")
    for target, words in (
        ("postgresql://lead@/postgres?host=/nowhere", "away"),
        ("postgresql://lead:secret@/postgres", "~/.pgpass"),
        ("sqlite", "there already"),
        ("somewhere", "postgresql://USER@HOST/DATABASE"),
    ):
        with pytest.raises(LabelError, match=words):
            move(worked_on, target)

    def broken(project):
        raise OSError("no space left")

    monkeypatch.setattr(moving, "_write", broken)
    with pytest.raises(OSError, match="no space"):
        move(worked_on, url)
    monkeypatch.undo()
    with pytest.raises(StoreError, match="a project already"):
        move(worked_on, url)

    assert (worked_on / "project.yaml").read_text() == source
    assert everything(worked_on / "project.db") == before
    assert opened(worked_on).claim("cyd") is not None


@pytest.mark.parametrize("spoil", ["DELETE FROM draft", "UPDATE annotation SET answers = '{}' WHERE item = 2"])
def test_a_row_that_did_not_arrive_as_it_was_is_found(worked_on, monkeypatch, spoil):
    url = place(worked_on)
    monkeypatch.setattr(PostgresConnection, "number_on", lambda _, execute: execute(spoil))
    with pytest.raises(StoreError, match="did not arrive as it was"):
        move(worked_on, url)

    assert opened(worked_on).claim("cyd") is not None


@pytest.mark.parametrize(
    "source",
    ["{name: a, tasks: [{id: s, type: choice, labels: [x, y]}]}\n", SENTIMENT.rstrip() + "\n...\n"],
)
def test_a_file_that_store_cannot_be_written_into_is_left_alone(tmp_path, source):
    project = config.parse(source, tmp_path)
    with pytest.raises(ConfigError):
        moving.placed(project, "postgresql://lea@db/labels")
