"""check, backup and repair as commands: what they say, their status, and never a traceback."""

from __future__ import annotations

import contextlib
import json
import os
import random
import shutil
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from threading import Event, Thread, current_thread

import postgres
import pytest
from helpers import SENTIMENT, write_project
from labelled import clip

from tui_label import cli, config
from tui_label.core.annotation import Annotation
from tui_label.core.item import Item, Sound
from tui_label.core.record import Record
from tui_label.errors import LabelError
from tui_label.projects import care, opening, seal
from tui_label.store.sql import SqlStore
from tui_label.store.sqlite import repair

ROUNDS = int(os.environ.get("TUI_LABEL_ROUNDS", "4"))
COMMANDS = (["status"], ["export", "--history"], ["check"], ["agreement"])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = write_project(tmp_path / "project", SENTIMENT.replace("name: tweets", "name: tweets\noverlap: 2"))
    store, _ = opening.open_store(config.load(folder))
    records = []
    for n in range(150):
        item = Item(f"i{n}", f"Text number {n}. " * 9)
        for name in ("ann", "bob", "cyd")[: n % 4]:
            answers = {"sentiment": "positive" if n % 5 else "negative"}
            records.append(Record(item, annotation=Annotation(name, answers=answers)))
        records.append(Record(item))
    store.add(records)
    store.close()
    (folder / "items.jsonl").write_text(
        "".join(json.dumps({"item": f"i{n}", "text": f"Text number {n}. " * 9}) + "\n" for n in range(150))
    )
    return folder


def said(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str, str]:
    status = cli.main([str(one) for one in arguments])
    captured = capsys.readouterr()
    return status, captured.out, captured.err


def test_a_sound_project_is_well_and_not_repaired(folder, capsys):
    status, out, _ = said(capsys, "check", folder)
    assert status == 0, out
    assert "NO " not in out
    status, _, errors = said(capsys, "repair", folder)

    assert (status, "nothing is wrong with it, nothing was done" in errors) == (1, True)
    assert sorted(one.name for one in folder.iterdir() if "project.db." in one.name) == []


def test_a_damaged_project_is_repaired_and_what_is_lost_comes_back(folder, capsys):
    with contextlib.closing(sqlite3.connect(folder / "project.db")) as sqlite:
        (root,) = sqlite.execute("SELECT rootpage FROM sqlite_master WHERE name = 'content'").fetchone()
        sqlite.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    with (folder / "project.db").open("r+b") as file:
        # The page that leads to all texts, and some of the pages with them
        for page in (root, root + 40, root + 41):
            file.seek((page - 1) * 4096)
            file.write(os.urandom(4096))
    before = (folder / "project.db").read_bytes()
    status, out, _ = said(capsys, "check", folder)
    assert status == 1
    assert f"`tui-label repair {folder}` saves what can be read" in out
    status, out, _ = said(capsys, "repair", folder)
    assert status == 0
    (kept,) = (one for one in folder.glob("project.db.damaged-*") if not one.name.endswith(("-wal", "-shm")))
    assert str(kept) in out
    assert kept.read_bytes() == before
    assert said(capsys, "check", folder)[0] == 0
    status, out, errors = said(capsys, "add", folder, folder / "items.jsonl")

    assert status == 0, errors
    assert said(capsys, "check", folder)[0] == 0
    assert json.loads(said(capsys, "status", folder, "--json")[1])["items"] == 150
    exported = [json.loads(line) for line in said(capsys, "export", folder)[1].splitlines()]
    assert len(exported) == 223
    assert all(one["text"].startswith(f"Text number {one['item'][1:]}.") for one in exported)


@pytest.mark.parametrize("seed", range(ROUNDS))
def test_no_damage_shows_a_traceback(folder, capsys, seed):
    rng = random.Random(seed)
    path = folder / "project.db"
    size = path.stat().st_size
    with path.open("r+b") as file:
        for _ in range(rng.choice([1, 3, 30, 200])):
            file.seek(rng.randrange(size))
            file.write(rng.randbytes(rng.choice([1, 4, 100, 4096])))
        if rng.random() < 0.3:
            file.truncate(rng.randrange(size))
    for command in COMMANDS:
        status, _, errors = said(capsys, *command, folder)
        assert status in (0, 1)
        assert status == 0 or command == ["check"] or errors.startswith("tui-label: ")
    status, _, errors = said(capsys, "repair", folder)
    assert status == 0 or "nothing is wrong" in errors
    wrong = [line for line in said(capsys, "check", folder)[1].splitlines() if line.startswith("NO ")]

    # A letter that became another letter is no damage that can be seen, but no label either
    assert [line for line in wrong if "and is gone; put it back" not in line] == []


def test_a_backup_is_a_project_and_nothing_is_written_over(folder, tmp_path, capsys):
    copy = tmp_path / "copy"
    (folder / "project.yaml").write_text("name: [")
    assert said(capsys, "backup", folder, "--to", copy)[0] == 0
    assert (copy / "project.yaml").read_text() == "name: ["
    status, _, errors = said(capsys, "backup", folder, "--to", copy)
    assert (status, "is there already" in errors) == (1, True)
    (copy / "project.yaml").write_text(SENTIMENT)

    assert len(said(capsys, "export", copy)[1].splitlines()) == len(said(capsys, "export", copy)[1].splitlines()) > 0


def test_a_backup_says_what_is_in_it(folder, tmp_path, capsys):
    (folder / "project.yaml").rename(folder / "project.yml")
    status, out, _ = said(capsys, "backup", folder, "--to", tmp_path / "copy")

    assert (status, out) == (0, f"{tmp_path / 'copy'}: guidelines.md, project.db, checked; sounds are not in it\n")


@pytest.mark.parametrize("is_sealed", [True, False])
def test_a_database_that_was_emptied_is_not_made_anew(folder, tmp_path, capsys, is_sealed):
    if is_sealed:
        (folder / seal.NAME).write_text(
            '{"at": "2026-01-01", "revisions": {"ann": {"turn": 3, "revisions": 3, "digest": ""}}}'
        )
    os.truncate(folder / "project.db", 0)
    for command in (["backup", folder, "--to", tmp_path / "copy"], ["repair", folder], ["check", folder]):
        status, out, errors = said(capsys, *command)

        assert status == 1
        assert "project.db: is empty, and " in out + errors
    assert (folder / "project.db").stat().st_size == 0
    assert not (tmp_path / "copy").exists()


def test_what_repair_puts_aside_is_nobody_elses_to_write(folder, capsys):
    (folder / "project.db").chmod(0o660)
    with contextlib.closing(sqlite3.connect(folder / "project.db")) as sqlite, sqlite:
        sqlite.execute("UPDATE counter SET value = value + 7")
    assert said(capsys, "repair", folder)[0] == 0
    with (folder / "project.db").open("r+b") as file:
        file.seek(5000)
        file.write(os.urandom(9000))
    assert said(capsys, "repair", folder)[0] == 0

    aside = [path for path in folder.glob("project.db.*") if path.name.startswith(("project.db.mis", "project.db.dam"))]
    assert {oct(path.stat().st_mode & 0o777) for path in aside} == {"0o640"}
    assert len({path.name[:13] for path in aside}) == 2
    assert (folder / "project.db").stat().st_mode & 0o777 == 0o660


@pytest.mark.parametrize("mistake", ["overlap: two\n", "overlap: 1\noverlap: 2\n"])
def test_mistakes_in_project_yaml_keep_no_backup_of_a_server_back(tmp_path, capsys, mistake):
    if postgres.programs() is None:
        pytest.skip("PostgreSQL is not installed")
    server = postgres.schema_for(tmp_path)
    folder = write_project(tmp_path / "p", f"{SENTIMENT}store: {server.url}&schema={server.schema}\n")
    store, _ = opening.open_store(config.load(folder))
    store.add([Record(Item("i", "words"))])
    store.close()
    with (folder / "project.yaml").open("a") as file:
        file.write(mistake)
    assert said(capsys, "backup", folder, "--to", tmp_path / "copy")[0] == 0

    assert (tmp_path / "copy" / "project.yaml").read_text() == SENTIMENT + mistake
    (tmp_path / "copy" / "project.yaml").write_text(SENTIMENT)
    assert json.loads(said(capsys, "status", tmp_path / "copy", "--json")[1])["items"] == 1
    (folder / "project.yaml").write_text("name: [\nstore: postgresql://h/d\n")
    status, _, errors = said(capsys, "backup", folder, "--to", tmp_path / "other")
    assert (status, "not valid YAML" in errors) == (1, True)


def test_a_backup_that_finds_no_room_leaves_nothing(folder, tmp_path, capsys):
    (tmp_path / "file").write_text("no folder")
    status, _, errors = said(capsys, "backup", folder, "--to", tmp_path / "file" / "copy")

    assert status == 1
    assert errors == f"tui-label: {tmp_path / 'file' / 'copy'}: Not a directory; choose another place\n"


@pytest.mark.parametrize("is_damaged", [False, True])
def test_a_copy_that_is_read_back_damaged_is_said_of_the_project_only_if_that_is(
    folder, tmp_path, capsys, monkeypatch, is_damaged
):
    class Worn(sqlite3.Connection):
        def execute(self, sql, *arguments):
            damage = sql.startswith("PRAGMA integrity_check")
            return super().execute("SELECT 'page 3 is wrong'" if damage else sql, *arguments)

    plain = sqlite3.connect

    def connect(*where, **how):
        # The copy is opened by its path alone
        return plain(*where, **how, factory=Worn if is_damaged or not how else sqlite3.Connection)

    monkeypatch.setattr(sqlite3, "connect", connect)
    status, _, errors = said(capsys, "backup", folder, "--to", tmp_path / "copy")

    assert (status, (tmp_path / "copy").exists()) == (1, False)
    of_copy = f"tui-label: {tmp_path / 'copy' / 'project.db'}: the copy did not arrive as it was (page 3 is wrong)"
    assert errors.startswith(f"tui-label: {folder / 'project.db'}: the copy is as damaged" if is_damaged else of_copy)


def test_what_a_backup_that_was_killed_left_is_removed_by_a_later_one(folder, tmp_path, monkeypatch):
    def killed(store: SqlStore, path: str) -> None:
        Path(path).touch()
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(SqlStore, "backup", killed)
        patched.setattr(shutil, "rmtree", lambda path, **_: None)
        for name in ("monday", "today"):
            with pytest.raises(KeyboardInterrupt):
                care.backup(folder, tmp_path / name)
    left, fresh = (next(tmp_path.glob(f".{name}.*")) for name in ("monday", "today"))
    os.utime(left, (time.time() - 3 * 86400,) * 2)
    care.backup(folder, tmp_path / "copy")

    assert (left.exists(), fresh.exists()) == (False, True)


def test_of_two_backups_of_one_name_the_first_stands_whole(folder, tmp_path, monkeypatch):
    copied, target, begun, over = SqlStore.backup, tmp_path / "copy", Event(), Event()
    refused: list[str] = []

    def second() -> None:
        try:
            care.backup(folder, target)
        except LabelError as error:
            refused.append(str(error))

    other = Thread(target=second)

    def in_turn(store: SqlStore, path: str) -> None:
        if current_thread() is other:
            Path(path).touch()
            begun.set()
            over.wait(20)
        copied(store, path)
        if current_thread() is not other:
            other.start()
            begun.wait(20)

    monkeypatch.setattr(SqlStore, "backup", in_turn)
    care.backup(folder, target)
    over.set()
    other.join()

    assert refused == [f"{target}: Directory not empty; choose another place"]
    with contextlib.closing(sqlite3.connect(target / "project.db")) as sqlite:
        assert sqlite.execute("SELECT count(*) FROM item").fetchone() == (150,)
    assert sorted(one.name for one in tmp_path.iterdir() if "copy" in one.name) == ["copy"]


@pytest.fixture
def small(tmp_path: Path, folder: Path) -> Iterator[Path]:
    """The project on a disk of its own."""
    disk = tmp_path / "disk"
    disk.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=3m", "none", str(disk)], capture_output=True).returncode:
        pytest.skip("needs the right to mount")
    try:
        yield Path(shutil.copytree(folder, disk / "project"))
    finally:
        subprocess.run(["umount", "-l", str(disk)], check=True)


def fill_up(disk: Path) -> None:
    with contextlib.suppress(OSError), (disk / "filler").open("wb", buffering=0) as file:
        while True:
            file.write(bytes(4096))


@pytest.mark.parametrize("command", ["check", "repair", "status", "backup"])
def test_a_disk_that_is_full_is_no_damage(small, capsys, command):
    """To read a database SQLite makes a file beside it, where nobody else is at work."""
    fill_up(small.parent)
    status, out, errors = said(capsys, command, small)

    assert (status, "project.db: no space left on the disk; nothing was lost, free some" in out + errors) == (1, True)
    assert "repair" not in out + errors
    (small.parent / "filler").unlink()
    assert said(capsys, "status", small)[0] == 0


def test_a_backup_to_a_full_disk_names_what_was_to_be_made(folder, small, capsys):
    (small.parent / "reserve").write_bytes(bytes(60_000))
    fill_up(small.parent)
    (small.parent / "reserve").unlink()
    target = small.parent / "copy"
    status, _, errors = said(capsys, "backup", folder, "--to", target)

    assert (status, errors.count("\n")) == (1, 1)
    assert errors.startswith(
        f"tui-label: {target}/project.db: the copy could not be written (database or disk is full)"
    )
    assert not [one for one in small.parent.iterdir() if "copy" in one.name]


@pytest.mark.parametrize("room", [0, 40_000, 100_000])
def test_a_repair_that_finds_no_room_says_so_and_changes_nothing(small, capsys, room):
    database = small / "project.db"
    with database.open("r+b") as file:
        file.seek(20 * 4096)
        file.write(os.urandom(4096))
    assert "repair" in said(capsys, "check", small)[1]
    with contextlib.closing(sqlite3.connect(database)) as other:
        # It has made what is needed to read
        other.execute("SELECT * FROM setting").fetchall()
        (small.parent / "reserve").write_bytes(bytes(room))
        fill_up(small.parent)
        (small.parent / "reserve").unlink()
        before = database.read_bytes()
        status, _, errors = said(capsys, "repair", small)

    assert (status, errors.count("\n")) == (1, 1)
    assert "the new database could not be written (" in errors and "project.db is as it was" in errors
    assert database.read_bytes() == before
    assert not list(small.glob("project.db.*"))


@pytest.mark.parametrize("command", ["check", "repair"])
def test_a_database_that_another_program_has_for_itself_is_no_damage(folder, capsys, monkeypatch, command):
    monkeypatch.setattr(repair, "BUSY_S", 0.1)
    before = (folder / "project.db").read_bytes()
    with contextlib.closing(sqlite3.connect(folder / "project.db", isolation_level=None)) as other:
        other.execute("PRAGMA locking_mode = EXCLUSIVE")
        other.execute("BEGIN IMMEDIATE")
        other.execute("COMMIT")
        status, out, errors = said(capsys, command, folder)

    assert (status, "has held the database for 10 s; close it" in out + errors) == (1, True)
    assert "repair" not in out + errors
    assert (folder / "project.db").read_bytes() == before


def test_a_file_system_that_takes_nothing_is_named_and_no_mode_of_a_file(small, capsys):
    subprocess.run(["mount", "-o", "remount,ro", str(small.parent)], check=True)
    status, out, _ = said(capsys, "check", small)

    assert (status, "nothing on its file system can be written: `findmnt -T" in out) == (1, True)
    assert "chmod" not in out


def test_a_disk_that_takes_nothing_since_an_error_is_named_though_it_is_mounted_for_writing(folder, tmp_path, capsys):
    image, disk = tmp_path / "image", tmp_path / "disk"
    disk.mkdir()
    with image.open("wb") as file:
        file.truncate(16 << 20)
    for command in (["mkfs.ext4", "-q", image], ["mount", "-o", "loop", image, disk]):
        if not shutil.which(command[0]) or subprocess.run(command, capture_output=True).returncode:
            pytest.skip("needs ext4 and the right to mount")
    try:
        copy = shutil.copytree(folder, disk / "project")
        assert said(capsys, "status", copy)[0] == 0
        subprocess.run(["mount", "-o", "remount,abort", disk], check=True, capture_output=True)
        status, out, _ = said(capsys, "check", copy)
    finally:
        subprocess.run(["umount", "-l", disk], check=True)

    assert (status, "`dmesg`" in out) == (1, True), out
    assert "chmod" not in out and "what its owner has to do" not in out


def test_missing_sounds_are_named(tmp_path, capsys):
    folder = write_project(tmp_path, "name: calls\nitems: sound\ntasks: [{id: said, type: text}]\n")
    store, _ = opening.open_store(config.load(folder))
    store.add(Record(Item(f"c{n}", sound=Sound(f"c{n}.wav", 1.0))) for n in range(5))
    store.close()
    (folder / "c1.wav").write_bytes(b"here")
    status, out, _ = said(capsys, "check", folder)

    assert status == 1
    assert f"NO  sounds: 4 of 5 files are missing in {folder}: c0.wav, c2.wav, c3.wav …; copy them there" in out


def test_sounds_that_were_changed_are_named(tmp_path, capsys):
    folder = write_project(tmp_path, "name: calls\nitems: sound\ntasks: [{id: said, type: text}]\n")
    clips = [clip(folder / f"c{n}.wav", seed=n) for n in range(3)]
    said(capsys, "add", folder, *clips)
    _, before, _ = said(capsys, "check", folder)
    clip(clips[1], seed=7)
    status, after, _ = said(capsys, "check", folder)

    assert "ok  sounds: all 3 files are there, as they were added" in before
    assert status == 1
    assert "NO  sounds: 1 of 3 files is not what was added any more: c1.wav; nobody can play or answer them" in after
    assert f"`tui-label add {folder} FILE...` makes new items of them" in after
