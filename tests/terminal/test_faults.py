"""Faults under the hands of an annotator, for real: what they see, that nothing is lost, and that work goes on."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import resource
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from helpers import SENTIMENT, write_project
from terminal_harness import Terminal, run

TEXTS = ["first text", "second text", "third text", "fourth text"]
BOX = """\
name: box
tasks:
  - {id: sentiment, type: choice, labels: [{value: positive, key: p}, {value: negative, key: n}]}
  - {id: why, type: text, required: false}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return filled(tmp_path / "project")


def filled(folder: Path, source: str = SENTIMENT) -> Path:
    write_project(folder, source)
    (folder / "in.jsonl").write_text("\n".join(json.dumps({"item": t.split()[0], "text": t}) for t in TEXTS))
    status, _, errors = run("add", str(folder), str(folder / "in.jsonl"))
    assert status == 0, errors
    return folder


@contextlib.contextmanager
def at_work(folder: Path, **named: object) -> Iterator[Terminal]:
    terminal = Terminal(str(folder), "--as", "ann", columns=120, **named)  # type: ignore[arg-type]
    try:
        yield terminal
    finally:
        terminal.close()


def answers(folder: Path) -> dict[str, str]:
    status, out, errors = run("export", str(folder))
    assert status == 0, errors
    return {one["item"]: one["answers"]["sentiment"] for one in map(json.loads, out.splitlines())}


def no_file_may_grow(terminal: Terminal, most: int) -> None:
    psutil.Process(terminal.pid).rlimit(resource.RLIMIT_FSIZE, (most, resource.RLIM_INFINITY))


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A small one."""
    place = tmp_path / "disk"
    place.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "none", str(place)], capture_output=True).returncode:
        pytest.skip("needs the right to mount")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


def fill(disk: Path) -> None:
    """All that is left of it, with a file that can be removed."""
    with contextlib.suppress(OSError), (disk / "filler").open("wb", buffering=0) as file:
        while True:
            file.write(bytes(4096))


def test_an_answer_given_while_nothing_can_be_written_is_kept_and_saved_later(folder):
    with at_work(folder) as terminal:
        terminal.wait_for("first text").press("p").wait_for("second text")
        no_file_may_grow(terminal, 0)
        terminal.press("n").wait_for("not saved: the disk refuses (SQLITE_IOERR")
        assert "second text" in terminal.text
        no_file_may_grow(terminal, resource.RLIM_INFINITY)
        terminal.wait_for("the database is back").press("enter").wait_for("third text").press("ctrl+q")
        assert terminal.wait(20) == 0

    assert answers(folder) == {"first": "positive", "second": "negative"}


def test_who_leaves_while_the_database_takes_nothing_finds_their_work_again(folder, tmp_path):
    with at_work(folder) as terminal:
        terminal.wait_for("first text")
        (folder / "project.db").rename(folder / "away.db")
        terminal.press("n").wait_for("not saved: the database was moved or replaced while open").press("ctrl+q")
        assert terminal.wait(20) == 1
        assert "what you did last is kept, and there when you start again" in terminal.text.replace("\n", "")
    (folder / "away.db").rename(folder / "project.db")
    with at_work(folder) as terminal:
        terminal.wait_for("first text").wait_for("what was not saved the last time is here")
        terminal.press("enter").wait_for("second text").press("ctrl+q")
        assert terminal.wait(20) == 0

    assert answers(folder) == {"first": "negative"}
    assert list((Path(os.environ["XDG_STATE_HOME"]) / "tui-label").glob("*.json")) == []


def test_who_leaves_while_nothing_at_all_can_be_written_is_told_what_that_costs(folder):
    with at_work(folder) as terminal:
        terminal.wait_for("first text")
        no_file_may_grow(terminal, 0)
        terminal.press("n").wait_for("not saved: the disk refuses")
        terminal.press("ctrl+q").wait_for("kept nowhere yet: mend that first, or leave once more and lose it")
        terminal.press("p").wait_for("[p positive]").press("ctrl+q")
        assert terminal.wait(20) == 1
        assert "what you did last could be kept nowhere else, and is lost" in terminal.text.replace("\n", "")


def test_one_disk_that_is_full_with_the_home_folder_on_it_costs_nobody_their_work(disk):
    folder = filled(disk / "project")
    env = {"XDG_STATE_HOME": str(disk), "XDG_RUNTIME_DIR": None, "TMPDIR": str(disk)}
    with at_work(folder, env=env) as terminal:
        terminal.wait_for("first text")
        (folder / "project.db").rename(disk / "away.db")
        fill(disk)
        terminal.press("n").wait_for("not saved: the database was moved").press("ctrl+q")
        assert terminal.wait(20) == 1
        assert "is kept, and there when you start again" in terminal.text.replace("\n", "")
    (disk / "filler").unlink()
    (disk / "away.db").rename(folder / "project.db")
    with at_work(folder, env=env) as terminal:
        terminal.wait_for("what was not saved the last time is here").press("enter").wait_for("second text")
        terminal.press("ctrl+q")
        assert terminal.wait(20) == 0
    assert answers(folder) == {"first": "negative"}


def test_words_typed_while_another_program_holds_the_database_are_kept(tmp_path):
    folder = filled(tmp_path / "project", BOX)
    with at_work(folder) as terminal:
        terminal.wait_for("first text").press("p")
        holder = sqlite3.connect(folder / "project.db", isolation_level=None)
        holder.execute("BEGIN IMMEDIATE")
        terminal.press("b", "e", "c", "a", "u", "s", "e").wait_for("waiting for the database")
        assert "because" in terminal.text
        holder.execute("ROLLBACK")
        holder.close()
        terminal.press("enter").wait_for("second text").press("ctrl+q")
        assert terminal.wait(20) == 0

    assert json.loads(run("export", str(folder))[1])["answers"] == {"sentiment": "positive", "why": "because"}


@pytest.mark.parametrize(
    ("command", "source", "keys"),
    [
        ("label", BOX, ["p"]),
        ("label", SENTIMENT, ["p"]),
        ("review", BOX, ["e", "n", "escape"]),
        ("review", BOX, ["e", "n", "escape", "enter"]),
    ],
)
def test_who_leaves_while_another_program_holds_the_database_is_told_and_need_not_wait(tmp_path, command, source, keys):
    folder = filled(tmp_path / "project", source)
    arguments = [command, str(folder), "--as", "ann", *(["--queue", "all"] if command == "review" else [])]
    if command == "review":
        said = {"item": "first", "text": "first text", "annotator": "bob", "answers": {"sentiment": "positive"}}
        (folder / "said.jsonl").write_text(json.dumps(said) + "\n")
        assert run("add", str(folder), str(folder / "said.jsonl"))[0] == 0
    terminal = Terminal(*arguments, columns=120)
    terminal.wait_for("first text")
    holder = sqlite3.connect(folder / "project.db", isolation_level=None)
    holder.execute("BEGIN EXCLUSIVE")
    terminal.press(*keys).wait_for("waiting for the database …")
    since = time.monotonic()
    terminal.press("ctrl+q").wait_for(f"waiting for process {os.getpid()}").press("x")
    assert terminal.wait(5) == 1
    assert time.monotonic() - since < 5
    assert "what you did last is kept, and there when you start again" in terminal.text.replace("\n", "")
    terminal.close()
    holder.close()
    again = Terminal(*arguments, columns=120)
    again.wait_for("what was not saved the last time is here").press("ctrl+q")
    assert again.wait(20) == 0
    again.close()


@pytest.mark.parametrize("arguments", [["status"], []], ids=["status", "label"])
def test_who_opens_a_project_is_told_that_its_database_is_waited_for(tmp_path, arguments):
    folder = filled(tmp_path / "project")
    with (folder / "guidelines.md").open("a") as guidelines:
        # Which whoever comes next records
        guidelines.write("More.\n")
    others = os.open(folder, os.O_RDONLY)
    fcntl.flock(others, fcntl.LOCK_EX)
    try:
        given_up = Terminal(*arguments, str(folder)).wait_for(
            "waiting for the database of the project; Ctrl+C gives up"
        )
        given_up.press("ctrl+c")
        assert given_up.wait(5) == 130
        given_up.close()
        patient = Terminal(*arguments, str(folder)).wait_for("waiting for the database of the project")
    finally:
        os.close(others)
    patient.wait_for("0 of 4 items" if arguments else "first text")
    assert "waiting" not in patient.text
    patient.close()


def test_words_that_wait_for_the_database_are_kept_when_the_terminal_goes(tmp_path):
    folder = filled(
        tmp_path / "project",
        BOX.replace("type: choice, labels: [{value: positive, key: p}, {value: negative, key: n}]", "type: text"),
    )
    holder = sqlite3.connect(folder / "project.db", isolation_level=None)
    with at_work(folder) as terminal:
        terminal.wait_for("first text")
        holder.execute("BEGIN EXCLUSIVE")
        terminal.press(*"one two").wait_for("waiting for the database …").press(*" three")
        terminal.hang_up()
        assert terminal.wait(5) == 129
    holder.close()
    with at_work(folder) as terminal:
        terminal.wait_for("what was not saved the last time is here").wait_for("one two three")


def test_a_database_that_is_damaged_under_the_hands(folder):
    backup = folder.parent / "backup"
    assert run("backup", str(folder), "--to", str(backup))[0] == 0
    with at_work(folder) as terminal:
        terminal.wait_for("first text")
        size = (folder / "project.db").stat().st_size
        for name in ("project.db", "project.db-wal"):
            if (folder / name).exists():
                with (folder / name).open("r+b") as file:
                    file.seek(4096 if name == "project.db" else 0)
                    file.write(os.urandom(size - 4096 if name == "project.db" else file.seek(0, 2)))
        terminal.press("p").wait_for("not saved: not a sound SQLite database; stop work").press("ctrl+q")
        assert terminal.wait(20) == 1
    for name in (folder / "project.db-wal", folder / "project.db-shm"):
        name.unlink(missing_ok=True)
    shutil.copy(backup / "project.db", folder / "project.db")
    with at_work(folder) as terminal:
        terminal.wait_for("what was not saved the last time is here").press("enter").wait_for("second text")

    assert answers(folder) == {"first": "positive"}


def test_nonsense_in_project_yaml_stops_nobody_and_is_said_at_the_next_start(folder):
    with at_work(folder) as terminal:
        terminal.wait_for("first text")
        (folder / "project.yaml").write_text(SENTIMENT.replace("type: choice", "type: chioce"))
        assert run("status", str(folder))[0] == 1
        terminal.press("p").wait_for("second text").press("n").wait_for("third text").press("ctrl+q")
        assert terminal.wait(20) == 0
    with at_work(folder) as terminal:
        assert terminal.wait(20) == 1
        said = terminal.text.replace("\n", "")
    assert "tui-label: project.yaml:4: sentiment.type: 'chioce' is unknown; did you mean choice?" in said
    assert run("backup", str(folder), "--to", str(folder.parent / "copy"))[0] == 0


def as_nobody(*command: str) -> list[str]:
    return ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", *command]


@pytest.fixture
def foreign() -> Iterator[Path]:
    """A folder that another user may reach; that user's Python must be able to run this package."""
    if os.geteuid() != 0 or not shutil.which("setpriv"):
        pytest.skip("needs root, to become somebody else")
    if subprocess.run(as_nobody(sys.executable, "-c", "import tui_label.ui.app"), capture_output=True).returncode:
        pytest.skip("another user cannot run this Python")
    # pytest's own folders are closed to others
    folder = Path(subprocess.run(["mktemp", "-d"], capture_output=True, text=True, check=True).stdout.strip())
    folder.chmod(0o777)
    yield folder
    shutil.rmtree(folder)


def test_a_folder_and_a_file_that_somebody_may_not_write(foreign):
    folder = filled(foreign / "project")
    folder.chmod(0o755)
    me = as_nobody(sys.executable, "-m", "tui_label")
    env: dict[str, str | None] = {"HOME": str(foreign / "home"), "XDG_STATE_HOME": str(foreign / "home")}
    for mode in (0o660, 0o664):
        (folder / "project.db").chmod(mode)
        for command, words in ((str(folder), "may not be written"), ("check", "chmod g+rw")):
            arguments = [str(folder)] if command == "check" else []
            terminal = Terminal(columns=200, env=env, command=[*me, command, *arguments])
            assert terminal.wait(20) == 1
            assert words in terminal.text.replace("\n", "")
            assert "Traceback" not in terminal.text
            terminal.close()


def test_a_disk_that_is_full(disk):
    folder = filled(disk / "project")
    with at_work(folder) as terminal:
        terminal.wait_for("first text")
        fill(disk)
        deadline = time.monotonic() + 20
        shown = TEXTS[0]
        for text in [*TEXTS[1:], ""]:
            # What the log has room for is saved still
            terminal.press("p")
            while "not saved" not in terminal.text and (not text or text not in terminal.text):
                assert time.monotonic() < deadline
                terminal.read(0.1)
            if "not saved" in terminal.text:
                break
            shown = text
        terminal.wait_for("not saved: no space left on the disk")
        assert shown in terminal.text
        (disk / "filler").unlink()
        terminal.wait_for("the database is back").press("enter")
        terminal.settle(0.3)
        terminal.press("ctrl+q")
        assert terminal.wait(20) == 0
    assert answers(folder)[shown.split()[0]] == "positive"
