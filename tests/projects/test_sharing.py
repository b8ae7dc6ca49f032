"""What of a shared folder needs no other users: `tests/terminal/test_users.py` has the rest."""

from __future__ import annotations

import json
import os
import sqlite3
import stat
import subprocess
from contextlib import closing
from pathlib import Path

import pytest
from helpers import SENTIMENT, write_project
from terminal_harness import run

from tui_label import config
from tui_label.core.annotation import Annotation
from tui_label.core.item import Item
from tui_label.core.record import Record
from tui_label.errors import ConfigError, StoreMissing, UsageError
from tui_label.projects import opening, seal, sharing
from tui_label.store.base import Store


def opened(folder: Path) -> Store:
    store, _ = opening.open_store(config.load(folder))
    return store


def with_answers(folder: Path, count: int = 3) -> Path:
    store = opened(write_project(folder))
    said = [Annotation("ann", answers={"sentiment": "neutral"}) for _ in range(count)]
    store.add([Record(Item(f"i{n}", f"Text {n}."), annotation=one) for n, one in enumerate(said)])
    store.close()
    return folder


def looked(folder: Path) -> list[tuple[bool, str]]:
    store = opened(folder)
    try:
        return seal.check(folder, store)
    finally:
        store.close()


def test_a_project_of_ones_own_is_not_shared_and_nothing_is_noted(tmp_path):
    folder = with_answers(tmp_path / "p")
    words = run("check", str(folder))[1]

    assert not sharing.is_shared(config.load(folder))
    assert "shared" not in words
    assert sorted(path.name for path in folder.iterdir()) == ["guidelines.md", "project.db", "project.yaml"]


def test_a_seal_tells_what_is_gone_and_what_is_changed_until_it_is_accepted(tmp_path):
    folder = with_answers(tmp_path / "p")
    assert [good for good, _ in looked(folder)] == [good for good, _ in looked(folder)] == [True]
    for statement, words in (
        ("UPDATE annotation SET answers = '{}' WHERE item = 1", "not all are as they were"),
        ("DELETE FROM annotation WHERE item = 2", "2 are left"),
        ("DELETE FROM annotation", "0 are left"),
    ):
        with closing(sqlite3.connect(folder / "project.db")) as other, other:
            other.execute("PRAGMA foreign_keys = OFF")
            other.execute(statement)
        ((good, said),) = looked(folder)

        assert not good
        assert said.startswith("ann: of 3 revisions of answers that were here on ")
        assert words in said
    (folder / seal.NAME).unlink()
    assert [good for good, _ in looked(folder)] == [True]


@pytest.mark.parametrize("how", ["gone", "empty"])
def test_no_database_is_made_in_the_place_of_one_that_was_there(tmp_path, how):
    folder = with_answers(tmp_path / "p")
    looked(folder)
    if how == "gone":
        (folder / "project.db").unlink()
    else:
        os.truncate(folder / "project.db", 0)
    with pytest.raises(StoreMissing, match=rf"project.db: is {how}, and had 3 revisions of answers on .* restore"):
        opened(folder)
    (folder / seal.NAME).unlink()

    assert opened(folder).progress("").items == 0


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"at": "x", "revisions": {"ann": 3}}', '{"at": "x", "revisions": []}']
)
def test_a_seal_that_is_none_is_named(tmp_path, text):
    folder = with_answers(tmp_path / "p")
    (folder / seal.NAME).write_text(text)
    with pytest.raises(ConfigError, match=r"project\.seal: not as tui-label wrote it; remove it"):
        looked(folder)


def test_a_seal_is_for_the_owner_to_write_and_the_group_to_read(tmp_path):
    folder = with_answers(tmp_path / "p")
    looked(folder)

    assert stat.S_IMODE((folder / seal.NAME).stat().st_mode) == 0o640
    assert json.loads((folder / seal.NAME).read_text())["revisions"]["ann"]["revisions"] == 3
    assert sorted(path.name for path in folder.iterdir()) == [
        "guidelines.md",
        "project.db",
        "project.seal",
        "project.yaml",
    ]


def test_an_unknown_group_is_named_with_the_nearest(tmp_path):
    with pytest.raises(UsageError, match="zzzzzzzz: no such group on this machine; make it with `sudo groupadd"):
        sharing.group_of("zzzzzzzz")
    with pytest.raises(UsageError, match=r"daemo: no such group on this machine; did you mean daemon\?"):
        sharing.group_of("daemo")


def test_the_logs_stay_where_only_the_owner_could_make_them(tmp_path):
    """Also when it is shared by hand; and nowhere else."""
    folder = with_answers(tmp_path / "p")
    opened(folder).close()
    assert not (folder / "project.db-wal").exists()
    folder.chmod(0o2750)
    opened(folder).close()

    for name in ("project.db-wal", "project.db-shm"):
        assert stat.S_IMODE((folder / name).stat().st_mode) == 0o660
    assert opened(folder).progress("").answers == 3


def test_a_project_with_roles_in_a_folder_of_ones_own_says_so(tmp_path):
    folder = write_project(tmp_path / "p", SENTIMENT + f"roles: {{leads: [{sharing._user(os.getuid())}]}}\n")
    words = run("check", str(folder))[1]

    assert "ok  shared with nobody: " in words
    assert "project.seal: 0 revisions of answers noted" in words


def closed_to_its_owner(folder: Path) -> Path:
    (folder / "project.db").chmod(0)
    folder.chmod(0o500)
    return folder


def closed_to_the_owner_of_a_shared_one(folder: Path) -> Path:
    folder.chmod(0o2750)
    opened(folder).close()
    for path in folder.glob("project.db*"):
        path.chmod(0o060)
    return folder


@pytest.mark.parametrize("close", [closed_to_its_owner, closed_to_the_owner_of_a_shared_one])
def test_the_owner_is_told_what_opens_a_database_that_is_closed_to_them(tmp_path, monkeypatch, close):
    # To root all is open
    monkeypatch.setattr(os, "access", lambda path, asked: path.stat().st_mode >> 6 & asked == asked)
    folder = close(with_answers(tmp_path / "p"))
    closed = [words for _, words in sharing.closed(folder / "project.db")]
    assert closed and all("you may not write; it is yours: `chmod u+rw" in words for words in closed)
    for words in closed:
        subprocess.run(words.split("`")[1], shell=True, check=True)

    assert sharing.closed(folder / "project.db") == []


def test_a_backup_is_for_who_made_it(tmp_path):
    """It has everybody's answers in it."""
    folder = with_answers(tmp_path / "p")
    before = os.umask(0o022)
    try:
        assert run("backup", str(folder), "--to", str(tmp_path / "copy"))[0] == 0
    finally:
        os.umask(before)

    assert stat.S_IMODE((tmp_path / "copy").stat().st_mode) == 0o700
