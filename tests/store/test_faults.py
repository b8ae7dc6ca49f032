"""What a box does to a database, for real: locks held, logs removed, disks that are full or fail."""

from __future__ import annotations

import contextlib
import errno
import os
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from helpers import Clock, new_store, write_project

from tui_label.cli import main
from tui_label.core.annotation import Annotation
from tui_label.core.item import Item, Sound
from tui_label.core.record import Record
from tui_label.errors import StoreBusy, StoreDamaged, StoreError
from tui_label.store.sql import SqlStore
from tui_label.store.sqlite import connection
from tui_label.store.sqlite.place import filesystem

HOLDER = """
import fcntl, os, sqlite3, sys, time
what, path = sys.argv[1:]
if what == "gate":
    file = os.open(os.path.dirname(path), os.O_RDONLY)
    fcntl.flock(file, fcntl.LOCK_EX)
else:
    sqlite = sqlite3.connect(path, isolation_level=None)
    sqlite.execute("BEGIN IMMEDIATE")
print("held", flush=True)
time.sleep(60)
"""


@contextlib.contextmanager
def held(what: str, folder: Path) -> Iterator[subprocess.Popen[str]]:
    """Another program that keeps writers out, at the gate or in SQLite, until it is ended."""
    command = [sys.executable, "-c", HOLDER, what, str(folder / "project.db")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as program:
        assert program.stdout is not None
        assert program.stdout.readline() == "held\n"
        yield program
        program.kill()


def answer(text: str = "x") -> Annotation:
    return Annotation("ann", answers={"s": text})


@pytest.mark.parametrize("what", ["gate", "sqlite"])
def test_who_holds_the_database_is_named_and_work_goes_on_when_it_ends(tmp_path, monkeypatch, what):
    monkeypatch.setattr(connection, "BUSY_S", 0.3)
    store = new_store(tmp_path, 5)
    claim = store.claim("ann")
    with held(what, tmp_path) as program:
        program.send_signal(signal.SIGSTOP)
        for _ in range(2):
            with pytest.raises(StoreBusy, match=rf"process {program.pid} \(python\S*, stopped\) has .* for 0 s"):
                store.submit(claim.number, answer(), "a")

    assert store.submit(claim.number, answer(), "a") is not None
    assert store.progress("ann").answers == 1


def test_a_place_in_the_queue_that_was_given_up_locks_nobody_out(tmp_path, monkeypatch):
    monkeypatch.setattr(connection, "BUSY_S", 0.1)
    first, second = new_store(tmp_path, 5), SqlStore(tmp_path / "project.db")
    with held("gate", tmp_path), pytest.raises(StoreBusy):
        first.heartbeat("ann")
    time.sleep(0.1)

    second.heartbeat("bob")
    first.heartbeat("ann")
    second.heartbeat("bob")


def test_answers_in_a_log_that_was_removed_are_kept_and_no_more_are_taken(tmp_path):
    store = new_store(tmp_path, 5)
    number = store.submit(store.claim("ann").number, answer(), "a").number
    (tmp_path / "project.db-wal").unlink()
    with pytest.raises(StoreError, match="-wal: was removed or replaced while open; all who work here must leave"):
        store.submit(number, answer(), "b")

    # Without its leave, as after kill -9: what it had acknowledged must be in the database alone
    copy = tmp_path / "copy"
    copy.mkdir()
    (copy / "project.db").write_bytes((tmp_path / "project.db").read_bytes())
    assert len(list(SqlStore(copy / "project.db").answers())) == 2


def test_whatever_the_system_says_of_the_place_is_a_line_and_over_when_it_is_there_again(tmp_path):
    """Something else stands where the folder was: no file that is missing, none that is closed."""
    folder, away = tmp_path / "project", tmp_path / "away"
    folder.mkdir()
    store = new_store(folder, 5)
    number = store.claim("ann").number
    folder.rename(away)
    folder.write_text("")
    for act in (store.check_in_place, lambda: store.submit(number, answer(), "a")):
        with pytest.raises(StoreError, match=r"project\.db: Not a directory; nothing was lost"):
            act()
    folder.unlink()
    away.rename(folder)

    assert store.submit(number, answer(), "a") is not None


def test_after_a_flush_that_failed_nothing_more_is_taken(tmp_path, monkeypatch):
    """The system says it once, and the next flush would seem to have gone well."""
    store = new_store(tmp_path, 5)
    claim = store.claim("ann")

    def fail(_: int) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    with monkeypatch.context() as broken:
        broken.setattr(connection, "flush", fail)
        with pytest.raises(StoreError, match=r"does not keep what is written \(Input/output error\); leave"):
            store.submit(claim.number, answer(), "s1")
    with pytest.raises(StoreError, match="does not keep"):
        store.submit(claim.number, answer(), "s1")
    store.close()


def test_the_log_stays_short_while_somebody_saves(tmp_path):
    """Whatever a save leaves open keeps it from being written over."""
    store = new_store(tmp_path, 400)
    store._connection.execute("PRAGMA wal_autocheckpoint = 100")
    claim = store.claim("ann")
    while claim:
        claim = store.submit(claim.number, answer(), str(claim.number))

    assert (tmp_path / "project.db-wal").stat().st_size < 1e6


def test_a_value_that_is_no_json_is_damage(tmp_path):
    store = new_store(tmp_path, 5)
    store.submit(store.claim("ann").number, answer(), "a")
    with contextlib.closing(sqlite3.connect(tmp_path / "project.db")) as sqlite, sqlite:
        sqlite.execute('UPDATE annotation SET answers = \'{"s": "x\'')

    with pytest.raises(StoreDamaged, match="what tui-label did not write"):
        list(store.answers())


@pytest.mark.parametrize(
    "read",
    [
        lambda store: list(store.answers()),
        lambda store: store.history("ann"),
        lambda store: store.labels_in_use(),
        lambda store: store.case(1),
        lambda store: store.changes(),
        lambda store: list(store.opinions()),
    ],
)
def test_a_text_that_is_none_is_damage_whoever_reads_it(tmp_path, read):
    store = new_store(tmp_path, 5)
    store.submit(store.claim("ann").number, answer(), "a")
    with contextlib.closing(sqlite3.connect(tmp_path / "project.db")) as sqlite, sqlite:
        sqlite.execute("UPDATE version SET renames = CAST(x'7b22ff' AS TEXT)")

    with pytest.raises(StoreDamaged, match="not a sound SQLite database"):
        read(store)


DEEP = "[" * 200_000 + "]" * 200_000
"""Too deep for every Python's JSON: from 3.13 on it takes several thousand."""


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("answers", "[]"),
        ("answers", f'{{"s": {DEEP}}}'),
        ("answers", f'{{"s": {"9" * 5000}}}'),
        ("origin", '{"s": 1}'),
        ("flags", "[1]"),
        ("flags", '[{"reason": 1}]'),
        ("decisions", '{"x": "accepted"}'),
        ("task_ms", "[]"),
        ("listening", "no json"),
        ("listening", '{"coverage": "x"}'),
    ],
)
def test_an_answer_of_another_shape_is_told_with_whose_it_is(tmp_path, column, value):
    """A login of one's own can be used with any program; whoever reads everybody's answers hears of it in a line."""
    store = new_store(tmp_path, 2)
    store.submit(store.claim("ann").number, answer(), "a")
    with contextlib.closing(sqlite3.connect(tmp_path / "project.db")) as sqlite, sqlite:
        sqlite.execute(f"UPDATE annotation SET {column} = ?", (value,))
    told = []
    for read in (store.answers, store.efforts, store.opinions, store.testimonies, store.answers_in_use):
        try:
            list(read())
        except StoreDamaged as error:
            told.append(str(error))

    assert told
    assert [words for words in told if "answer of ann (annotation, item number 1);" not in words or "\n" in words] == []


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("sound", '{"path": "c.wav"}'),
        ("sound", '{"path": "c.wav", "duration": "2 s"}'),
        ("sound", '{"path": "c.wav", "duration": NaN}'),
        ("sound", '{"path": 5, "duration": 2.0}'),
        ("sound", '{"path": "c.wav", "duration": 2.0, "loudness": 1}'),
        ("sound", "[]"),
        ("sound", "no json"),
        ("meta", "[]"),
        ("candidates", "5"),
    ],
)
def test_an_item_of_another_shape_is_told_with_its_key(tmp_path, column, value):
    store = new_store(tmp_path)
    store.add([Record(Item("c1", sound=Sound("c.wav", 2.0)), annotation=answer()), Record(Item("c2"))])
    with contextlib.closing(sqlite3.connect(tmp_path / "project.db")) as sqlite, sqlite:
        sqlite.execute(f"UPDATE content SET {column} = ? WHERE item = 1", (value,))
    told = []
    for read in (store.answers, store.efforts, lambda: [store.case(1)]):
        try:
            list(read())
        except StoreDamaged as error:
            told.append(str(error))

    assert len(told) == (3 if column == "sound" else 2)
    assert [words for words in told if " item " not in words or "(content);" not in words or "\n" in words] == []


@pytest.mark.parametrize("work", ["5", "[]", '{"flags": 5}', '{"answers": 5}', '{"labels": "x"}', DEEP])
def test_a_draft_of_another_shape_says_nothing(tmp_path, work):
    store = new_store(tmp_path, 1)
    store.save_draft("ann", store.claim("ann").number, work)

    assert [(one.annotator, one.status, one.answers) for _, one in store.answers(history=True)] == [
        ("ann", "draft", {})
    ]


@pytest.mark.parametrize(
    ("folder", "kind"),
    [
        ("/home/ann/p", "ext4"),
        ("/data/p", "nfs4"),
        ("/data/local/p", "ext4"),
        ("/two words/p", "fuse.sshfs"),
        ("/", "ext4"),
    ],
)
def test_the_file_system_of_a_folder(tmp_path, folder, kind):
    mounts = tmp_path / "mounts"
    mounts.write_text(
        "rootfs / rootfs rw 0 0\n/dev/vda1 / ext4 rw 0 0\nnas:/x /data nfs4 rw 0 0\n/dev/vdb /data/local ext4 rw 0 0\n"
        "x@y:/ /two\\040words fuse.sshfs rw 0 0\nshort\n"
    )

    assert filesystem(Path(folder), mounts) == kind


def test_a_clock_that_jumps_back_keeps_no_item_for_ever(tmp_path):
    clock = Clock()
    store = new_store(tmp_path, 1, clock=clock)
    clock.now += 30 * 86_400_000
    assert store.claim("ann") is not None
    clock.now -= 30 * 86_400_000
    assert "clock was or is wrong" in str(store.check())
    assert store.claim("bob") is None
    clock.now += 300_001

    assert store.claim("bob") is not None


def test_a_clock_that_jumps_forward_costs_no_answer_and_no_order(tmp_path):
    clock = Clock()
    store = new_store(tmp_path, 6, clock=clock)
    number, given = store.claim("ann").number, []
    for n, jump in enumerate((10**10, -2 * 10**10, 5 * 10**9, 0)):
        clock.now += jump
        if n == 0:
            # To the store ann seems to be gone: bob gets hers, and both answers count
            store.submit(store.claim("bob").number, Annotation("bob", answers={"s": "y"}), "bob")
        given.append(number)
        number = store.submit(number, answer(str(n)), str(n)).number

    assert [entry.number for entry in store.history("ann")] == given[::-1]
    assert len(list(store.answers())) == 5
    assert [words for good, words in store.check() if not good] == []
    assert store.reopen("ann").number == given[-1]


@pytest.fixture
def far_folder(tmp_path) -> Iterator[Path]:
    """A folder on a network file system: sshfs, to an SFTP server of its own on this machine."""
    server, far, near = Path("/usr/lib/openssh/sftp-server"), tmp_path / "far", tmp_path / "near"
    if not (shutil.which("sshfs") and server.exists()):
        pytest.skip("needs sshfs: apt install sshfs")
    connect = tmp_path / "connect"
    connect.write_text(f"#!/bin/sh\nexec {server}\n")
    connect.chmod(0o755)
    for folder in (far, near):
        folder.mkdir()
    mount = ["sshfs", "-o", f"ssh_command={connect}", f"here:{far}", str(near)]
    if (run := subprocess.run(mount, capture_output=True, text=True)).returncode:
        pytest.skip(f"needs FUSE: {run.stderr}")
    yield near
    subprocess.run(["fusermount3", "-u", str(near)], check=True)


def test_a_network_file_system_is_refused_in_a_line_and_nothing_is_left_on_it(far_folder, tmp_path, capsys):
    near, far = far_folder, tmp_path / "far"
    new_store(write_project(far / "p"), 1).close()
    before = (far / "p" / "project.db").read_bytes()
    refused = r"network file system \(fuse\.sshfs\); keep the project on a local disk, or its answers on a PostgreSQL server\n$"
    for command in (["new", "q"], ["add", "p", "p/project.yaml"], ["status", "p"], ["backup", "p"], ["check", "p"]):
        assert main([command[0], *(str(near / one) for one in command[1:])]) == 1
        said = capsys.readouterr()
        assert re.search(refused, said.err or said.out)
    with pytest.raises(StoreError, match="network file system"):
        SqlStore(near / "fresh.db", create=True)

    assert [path.name for path in far.iterdir()] == ["p"]
    assert (far / "p" / "project.db").read_bytes() == before


@pytest.fixture
def small_disk(tmp_path) -> Iterator[Path]:
    """A disk of a few pages."""
    place = tmp_path / "disk"
    place.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8k", "tmpfs", str(place)], capture_output=True).returncode:
        pytest.skip("needs the right to mount")
    yield place
    subprocess.run(["umount", str(place)], check=True)


def test_a_project_that_the_disk_has_no_room_for_is_not_begun(small_disk, capsys):
    assert main(["new", str(small_disk / "p")]) == 1

    assert capsys.readouterr().err == f"tui-label: {small_disk}/p: No space left on device; nothing was begun there\n"
    assert list(small_disk.iterdir()) == []
    assert [path for path in small_disk.rglob("*") if path.is_file()] == []


def test_a_backup_that_does_not_fit_names_its_own_place(small_disk, tmp_path, capsys):
    new_store(write_project(tmp_path / "p"), 1).close()
    (tmp_path / "p" / "guidelines.md").write_text("x" * 10_000)
    assert main(["backup", str(tmp_path / "p"), "--to", str(small_disk / "copy")]) == 1

    said = f"tui-label: {small_disk}/copy: No space left on device; choose another place\n"
    assert capsys.readouterr().err == said
    assert list(small_disk.iterdir()) == []
