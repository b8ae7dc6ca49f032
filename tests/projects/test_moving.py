"""Projects that move: to a server and back, with people at work, and where it fails."""

from __future__ import annotations

import errno
import re
import shlex
import shutil
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import postgres
import psycopg
import pytest
from helpers import SENTIMENT, records, write_project
from screens import shown, until

from tui_label import cli, config, move
from tui_label.bench.dashboard import Following
from tui_label.bench.workbench import Workbench
from tui_label.core.annotation import Annotation, Flag
from tui_label.core.comments import Comment
from tui_label.core.gold import Gold
from tui_label.core.item import Item, Suggestion
from tui_label.core.keymap import build
from tui_label.core.record import Record
from tui_label.errors import ConfigError, LabelError, StoreError
from tui_label.projects import moving, opening, underway
from tui_label.store import copying
from tui_label.store.base import Store
from tui_label.store.postgres.connection import PostgresConnection
from tui_label.store.sql import connected
from tui_label.ui.label import LabelApp

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
    for refused in (lambda: at_work.claim("ann"), at_work.check_in_place):
        with pytest.raises(StoreError, match="leave and start again"):
            refused()

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
    for refused in (lambda: there.claim("ann"), there.check_in_place):
        with pytest.raises(StoreError, match="leave, and start again"):
            refused()
    after = everything(worked_on / "project.db")
    assert done.rows["item"] == 3003
    tables = [one.name for one in copying.tables()]
    for name, one, other in zip(tables, before, after, strict=True):
        if name in ("content", "suggestion", "gold", "annotator", "flagged"):
            assert other[: len(one)] == one, name


def test_a_place_that_was_moved_away_from_says_what_makes_room(tmp_path, capsys):
    folder = write_project(tmp_path / "p", SOURCE)
    store, url = opened(folder), place(folder)
    store.add(records(3))
    store.close()
    (folder / "project.db").chmod(0o660)
    move(folder, url)
    assert [oct(path.stat().st_mode & 0o777) for path in folder.glob("project.db.moved-*")] == ["0o640"]
    assert cli.main(["move", str(folder), "--to", "sqlite"]) == 0
    drop = f"DROP SCHEMA {url.split('=')[-1]} CASCADE"
    assert f"closed for writing; when all is well, delete it by `{drop}`\n" in capsys.readouterr().out
    with pytest.raises(StoreError, match=f"a project that was moved away; .* `{drop}` makes room for this one"):
        move(folder, url)
    with psycopg.connect(url.split("&schema")[0], autocommit=True) as connection:
        connection.execute(drop.encode())

    assert move(folder, url).rows["item"] == 3


async def test_who_waits_for_items_is_told_that_the_project_moved(tmp_path, monkeypatch):
    monkeypatch.setattr("tui_label.bench.workplace.LOOK_S", 0.05)
    folder = write_project(tmp_path / "p", SOURCE)
    project = config.load(folder)
    store, versions = opening.open_store(project)
    app = LabelApp(Workbench(project, store, "ann", versions), build(project), "")
    async with app.run_test(size=(80, 24)):
        await until(app, "appear here by themselves")
        move(folder, place(folder))
        await until(app, "moved or replaced while open; leave and start again")
        assert "by themselves" not in "\n".join(shown(app))


def test_the_dashboard_is_told_that_the_project_moved(tmp_path):
    folder = write_project(tmp_path / "p", SOURCE)
    opened(folder).close()
    here = Following(config.load(folder))
    here.look()
    move(folder, place(folder))
    with pytest.raises(StoreError, match="was moved; leave and start again"):
        here.look()

    there = Following(config.load(folder))
    there.look()
    move(folder, "sqlite")
    with pytest.raises(StoreError, match="was moved; leave, and start again"):
        there.look()


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

    write = moving._write

    def broken(project):
        raise OSError(errno.ENOSPC, "no space left")

    def broken_late(project):
        write(project)
        monkeypatch.setattr(moving, "_write", write)
        raise OSError(errno.ENOSPC, "no space left")

    for fault in (broken, broken_late):
        monkeypatch.setattr(moving, "_write", fault)
        with pytest.raises(
            LabelError, match=f"^{re.escape(str(worked_on))}: no space left; mend that and move it again"
        ):
            move(worked_on, url)
    monkeypatch.undo()
    assert (worked_on / "project.yaml").read_text() == source
    assert everything(worked_on / "project.db") == before
    assert not (worked_on / underway.NAME).exists()
    other = write_project(worked_on.parent / "other", SOURCE)
    opened(other).add(records(1))
    move(other, url)
    with pytest.raises(StoreError, match="a project already"):
        move(worked_on, url)

    assert opened(worked_on).claim("cyd") is not None
    assert opened(other).claim("cyd").item.key == records(1)[0].item.key


KILLED = """\
import os, signal, sys
file, name, when, times = sys.argv[1:5]
times = int(times)

def watch(frame, event, _):
    global times
    if event == when and frame.f_code.co_name == name and frame.f_code.co_filename.endswith(file):
        times -= 1
        if not times:
            os.kill(os.getpid(), signal.SIGKILL)

from tui_label import cli
sys.setprofile(watch)
sys.exit(cli.main(sys.argv[5:]))
"""
MOMENTS = [
    ("underway.py", "write", "return", 1),
    ("copying.py", "carry", "call", 1),
    ("copying.py", "_pages", "call", 9),
    ("copying.py", "_digest", "call", 1),
    ("moving.py", "_write", "call", 1),
    ("moving.py", "_write", "return", 1),
    ("underway.py", "clear", "call", 3),
]


def killed(moment: tuple[str, str, str, int], *arguments: object) -> None:
    command = [sys.executable, "-c", KILLED, *map(str, moment), *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == -signal.SIGKILL, done


def contents(folder: Path) -> list[list[tuple[object, ...]]]:
    """Items and answers, wherever they are."""
    with closing(connected(config.load(folder).store, create=False)) as connection:
        return [
            [tuple(row) for row in connection.read(f"SELECT * FROM {one.name} ORDER BY {one.key}")]
            for one in copying.tables()
            if one.name in ("annotator", "item", "content", "assignment", "annotation")
        ]


@pytest.mark.parametrize("back", [False, True], ids=["there", "back"])
def test_a_move_that_is_killed_is_finished_by_the_same_again(tmp_path, capsys, back):
    """At whatever moment: nobody works in an empty project, nobody is locked out for good, no answer is lost."""
    folder = write_project(tmp_path / "p", SOURCE)
    store = opened(folder)
    store.add(records(40))
    store.submit(store.claim("ann").number, Annotation("ann", answers={"sentiment": "positive"}), "1", claim=False)
    store.close()
    for moment in MOMENTS:
        url = place(folder)
        if back:
            move(folder, url)
        there, before = "sqlite" if back else url, contents(folder)
        killed(moment, "move", folder, "--to", there)
        command = shlex.join(["tui-label", "move", str(folder), "--to", there])
        is_there = (config.load(folder).server is None) == back
        assert (cli.main(["check", str(folder)]) == 0, command in capsys.readouterr().out) == (is_there, not is_there)
        try:
            opened(folder).close()
        except StoreError as error:
            assert command in str(error) and not is_there
        status = cli.main(["move", str(folder), "--to", there])
        capsys.readouterr()

        assert status == int(is_there), moment
        assert contents(folder) == before
        assert not (folder / underway.NAME).exists()
        if not back:
            move(folder, "sqlite")


def test_a_move_that_is_killed_takes_the_last_database_back_whatever_the_clock_said(tmp_path, capsys):
    """A clock that was ahead at the move before, or the lead's in another time zone."""
    folder = write_project(tmp_path / "p", SOURCE)
    opened(folder).add(records(5))
    move(folder, place(folder))
    aside = next(folder.glob("project.db.moved-*"))
    aside.rename(folder / "project.db.moved-20991231-235959")
    move(folder, "sqlite")
    opened(folder).add([Record(Item("more", "since then"))])
    before, there = contents(folder), place(folder)
    killed(("moving.py", "_write", "call", 1), "move", folder, "--to", there)
    move(folder, there)

    assert contents(folder) == before


def test_after_a_move_that_is_killed_another_place_will_do_and_other_work_is_left_alone(tmp_path):
    folder = write_project(tmp_path / "p", SOURCE)
    opened(folder).add(records(3))
    before, first = contents(folder), place(folder)
    killed(("copying.py", "carry", "return", 1), "move", folder, "--to", first)
    # Somebody works there meanwhile
    shutil.copytree(folder, copy := tmp_path / "copy")
    (copy / underway.NAME).unlink()
    (copy / "project.yaml").write_text(f"{SOURCE}store: {first}\n")
    store = opened(copy)
    store.submit(store.claim("ann").number, Annotation("ann", answers={"sentiment": "neutral"}), "1", claim=False)
    with pytest.raises(StoreError, match="a project already"):
        move(folder, first)
    move(folder, first.replace("schema=", "schema=other_"))

    assert contents(folder) == before
    assert next(iter(store.answers()))[1].annotator == "ann"


def test_two_do_not_move_it_at_once(tmp_path):
    folder = write_project(tmp_path / "p", SOURCE)
    with underway.note(folder), pytest.raises(LabelError, match="somebody moves it at this moment"):
        move(folder, "postgresql://lead@/postgres")


def test_whoever_comes_as_a_move_ends_has_no_note_that_nobody_else_sees(tmp_path, monkeypatch):
    folder, lock = write_project(tmp_path / "p", SOURCE), underway._locked

    def too_late(file, how):
        (folder / underway.NAME).unlink()
        return lock(file, how)

    monkeypatch.setattr(underway, "_locked", too_late)
    with pytest.raises(LabelError, match="somebody moves it at this moment"), underway.note(folder):
        pass


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


@pytest.mark.parametrize(
    ("to", "words"),
    [
        ("nonsense", "must be sqlite or postgresql://USER@HOST/DATABASE"),
        ("postgresql://host", "must be sqlite or postgresql://USER@HOST/DATABASE"),
        ("a: b", "must be sqlite or postgresql://USER@HOST/DATABASE"),
        ("postgresql://me:secret@host/labels", "has a password in it"),
    ],
)
def test_a_place_that_is_none_is_said_of_the_option(tmp_path, capsys, to, words):
    before = (write_project(tmp_path) / "project.yaml").read_text()

    assert cli.main(["move", str(tmp_path), "--to", to]) == 1
    assert capsys.readouterr().err.startswith(f"tui-label: --to {to}: {words}")
    assert (tmp_path / "project.yaml").read_text() == before
