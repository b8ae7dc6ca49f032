"""Faults at every write and at random moments: the database is sound, and has each acknowledged answer once.

TUI_LABEL_ROUNDS=1000 makes many more of them, with -s they are counted.
"""

from __future__ import annotations

import contextlib
import json
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest
from helpers import new_store, write_project

from tui_label.core.annotation import Annotation
from tui_label.store.base import Policy
from tui_label.store.sql import SqlStore

ROUNDS = int(os.environ.get("TUI_LABEL_ROUNDS", "0"))
WORKER = """
import os, sys, uuid
from pathlib import Path
from tui_label.core.annotation import Annotation
from tui_label.store.sql import SqlStore

def work(path, name, tell):
    store = SqlStore(Path(path))
    # Checkpoints are what is rare otherwise
    store._connection.execute("PRAGMA wal_autocheckpoint = 20")
    claim, count = store.claim(name), 0
    while claim is not None:
        number, save, count = claim.number, str(uuid.uuid4()), count + 1
        if count % 3 == 0:
            store.save_draft(name, number, '{"answers": {"s": "half"}}')
        said = Annotation(name, answers={"s": save})
        following = store.submit(number, said, save)
        if count % 5 == 0:
            store.submit(number, said, save)
        os.write(tell, f"{number} {name} {save}\\n".encode())
        claim = following
"""
FILLING = """
import json, resource, sys
from tui_label.errors import StoreError
path, most = Path(sys.argv[1]), int(sys.argv[2])
store = SqlStore(path)
store._connection.execute("PRAGMA wal_autocheckpoint = 12")
log, failed, answers = Path(f"{path}-wal"), 0, []

def limit(size):
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))

def insist(act, *arguments, **named):
    "Let it fail at every place where it writes, then let it be."
    global failed
    sizes = {log.stat().st_size, path.stat().st_size, 0}
    for size in sorted({one + step for one in sizes for step in range(0, 12 * 4120, 2060)})[:: 1 + (most < 1000)]:
        limit(size)
        try:
            return act(*arguments, **named)
        except StoreError as error:
            failed += 1
        finally:
            limit(resource.RLIM_INFINITY)
    return act(*arguments, **named)

claim = insist(store.claim, "ann")
for n in range(20):
    if claim is None or failed > most:
        break
    number = claim.number
    insist(store.save_draft, "ann", number, '{"answers": {"s": "half"}}')
    act, status = (store.skip, "skipped") if n % 6 == 5 else (store.submit, "submitted")
    said = Annotation("ann", status, {"s": f"save {n}"} if status == "submitted" else {})
    claim = insist(act, number, said, f"save {n}")
    if status == "submitted":
        answers.append((number, "ann", f"save {n}"))
    if n % 8 == 7:
        insist(store.reopen, "ann")
        insist(store.submit, number, said, f"again {n}")
        claim = insist(store.claim, "ann")
print(json.dumps([failed, answers]))
"""
NURSERY = """
import random, select, signal, sqlite3, time
path, people, kills, seed = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
rng = random.Random(seed)
workers = {}
def start(name):
    child = os.fork()
    if not child:
        try:
            work(path, name, 1)
        finally:
            os._exit(0)
    workers[child] = name
for n in range(people):
    start(f"p{n}")
done = 0
while done < kills and workers:
    time.sleep(rng.random() * 0.12)
    child = rng.choice(list(workers))
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    name = workers.pop(child)
    done += 1
    # A connection as of a lead who looks in between
    looking = sqlite3.connect(path, timeout=20)
    if done % 10 == 0:
        (verdict,) = looking.execute("PRAGMA integrity_check").fetchone()
        assert verdict == "ok", verdict
    looking.close()
    start(name)
for child in workers:
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
print(done, file=sys.stderr)
"""


def sound_and_whole(path: Path, acknowledged: list[tuple[int, str, str]], overlap: int = 1) -> None:
    """What must hold after any fault."""
    with contextlib.closing(sqlite3.connect(path)) as sqlite:
        assert sqlite.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    store = SqlStore(path)
    assert [words for good, words in store.check() if not good] == []
    kept = [(number, one.annotator, one.answers["s"]) for number, one in _answers(store)]
    store.close()
    assert set(acknowledged) <= set(kept)
    assert max(Counter(kept).values(), default=1) == 1
    assert max(Counter((number, name) for number, name, _ in kept).values(), default=1) == 1


def _answers(store: SqlStore) -> list[tuple[int, object]]:
    return [(int(item.key[1:]) + 1, one) for item, one in store.answers()]  # type: ignore[misc]


def run(script: str, *arguments: object, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", WORKER + script, *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, **(env or {})})
    assert done.returncode == 0, done.stderr
    return done


def told(words: str) -> list[tuple[int, str, str]]:
    lines = [line.split() for line in words.split("\n")[:-1]]
    return [(int(number), name, save) for number, name, save in lines]


def test_a_disk_that_is_full_at_every_write(tmp_path):
    new_store(tmp_path, 30).close()
    done = run(FILLING, tmp_path / "project.db", 10**9 if ROUNDS else 150)
    failed, answers = json.loads(done.stdout)
    print(f"\n{failed} writes failed, {len(answers)} answers")

    assert failed > 100
    sound_and_whole(tmp_path / "project.db", [tuple(one) for one in answers])


@pytest.mark.parametrize("overlap", [1, 2])
def test_kill_9_at_random_moments(tmp_path, overlap):
    new_store(tmp_path, 60_000 if ROUNDS else 2000, Policy(overlap, lease_ms=50)).close()
    done = run(NURSERY, tmp_path / "project.db", 8, ROUNDS // 2 or 12, overlap)
    acknowledged = told(done.stdout)
    print(f"\n{done.stderr.strip()} kills, {len(acknowledged)} answers acknowledged")

    assert len(acknowledged) > 20
    sound_and_whole(tmp_path / "project.db", acknowledged)


@pytest.fixture(scope="module")
def synced_only(tmp_path_factory: pytest.TempPathFactory) -> Path:
    compiler = shutil.which("cc")
    if compiler is None:
        pytest.skip("needs a C compiler")
    library = tmp_path_factory.mktemp("synced") / "synced_only.so"
    source = Path(__file__).with_name("synced_only.c")
    subprocess.run([compiler, "-shared", "-fPIC", "-o", str(library), str(source), "-ldl"], check=True)
    return library


def cut(live: Path, synced: Path, target: Path, rng: random.Random) -> None:
    """What may be on the disk: all that was synced, and of the rest some sectors, and some of the log's end."""
    target.mkdir()
    for name in ("project.db", "project.db-wal"):
        sure = (synced / name).read_bytes() if (synced / name).exists() else b""
        now = (live / name).read_bytes() if (live / name).exists() else b""
        size = rng.choice([len(sure), len(now), rng.randint(*sorted((len(sure), len(now))))])
        mixed = bytearray(sure[:size].ljust(size, b"\0"))
        taken = rng.choice([0.0, 0.0, 0.1, 0.5, 0.9, 1.0])
        for at in range(0, size, 512):
            if sure[at : at + 512] != now[at : at + 512] and rng.random() < taken:
                mixed[at : at + 512] = now[at : at + 512].ljust(min(512, size - at), b"\0")[: size - at]
        if size >= len(sure):
            (target / name).write_bytes(mixed)
        else:
            # The file was made shorter, and that is on the disk or not
            (target / name).write_bytes(bytes(mixed) if rng.random() < 0.5 else sure)


def test_a_power_cut_leaves_all_that_was_acknowledged(tmp_path, synced_only):
    rng = random.Random(3)
    cuts = 0
    for trial in range(ROUNDS // 25 or 2):
        live, synced = tmp_path / f"live{trial}", tmp_path / f"synced{trial}"
        live.mkdir()
        synced.mkdir()
        new_store(live, 300).close()
        shutil.copy(live / "project.db", synced)
        env = {**os.environ, "LD_PRELOAD": str(synced_only), "SYNCED": str(synced)}
        command = [sys.executable, "-c", WORKER + "work(sys.argv[1], sys.argv[2], 1)", str(live / "project.db")]
        names = ("ann", "bo", "cy")[: 1 + trial % 2 * 2]
        workers = [subprocess.Popen([*command, name], stdout=subprocess.PIPE, env=env, text=True) for name in names]
        first = [worker.stdout.readline() for worker in workers]  # type: ignore[union-attr]
        time.sleep(rng.random() * 0.3)
        for worker in workers:
            worker.send_signal(signal.SIGKILL)
        rest = [worker.communicate()[0] for worker in workers]
        acknowledged = [answer for pair in zip(first, rest, strict=True) for answer in told("".join(pair))]
        for _ in range(25 if ROUNDS else 4):
            cut(live, synced, target := tmp_path / f"cut{cuts}", rng)
            sound_and_whole(target / "project.db", acknowledged)
            shutil.rmtree(target)
            cuts += 1
        shutil.rmtree(live)
        shutil.rmtree(synced)
    print(f"\n{cuts} cuts")


def test_a_log_that_is_cut_at_any_byte_after_the_last_answer(tmp_path):
    """Without a compiler, the half of it that matters most."""
    live = tmp_path / "live"
    live.mkdir()
    store = new_store(live, 30)
    claim = store.claim("ann")
    log, path = live / "project.db-wal", live / "project.db"

    for n in range(6):
        number = claim.number
        claim = store.submit(number, Annotation("ann", answers={"s": str(n)}), str(n))
    sure = log.stat().st_size
    store.save_draft("ann", claim.number, "{}")
    store.submit(claim.number, Annotation("ann", answers={"s": "last"}), "last")
    data = log.read_bytes()
    rng = random.Random(1)
    ends = (
        range(sure, len(data) + 1) if ROUNDS else [sure, len(data), *(rng.randint(sure, len(data)) for _ in range(8))]
    )
    acknowledged = [(n + 1, "ann", str(n)) for n in range(6)]
    for count, end in enumerate(ends):
        target = tmp_path / f"cut{count}"
        target.mkdir()
        shutil.copy(path, target)
        (target / "project.db-wal").write_bytes(data[:end])
        sound_and_whole(target / "project.db", acknowledged)
        shutil.rmtree(target)
    store.close()
    print(f"\n{len(ends)} cuts")


BACKING = """
import subprocess, time
folder, target, people = sys.argv[1], sys.argv[2], int(sys.argv[3])
workers = []
for n in range(people):
    child = os.fork()
    if not child:
        try:
            work(f"{folder}/project.db", f"p{n}", 1)
        finally:
            os._exit(0)
    workers.append(child)
time.sleep(0.5)
from tui_label.cli import main
os.dup2(2, 1)
status = main(["backup", folder, "--to", target])
for child in workers:
    os.kill(child, 9)
    os.waitpid(child, 0)
sys.exit(status)
"""


def test_a_backup_while_eight_write_is_a_project_of_one_moment(tmp_path):
    folder, copy = write_project(tmp_path / "project"), tmp_path / "copy"
    new_store(folder, 4000, Policy(2)).close()
    done = run(BACKING, folder, copy, 8)
    said = told(done.stdout)

    assert "checked" in done.stderr
    assert (copy / "project.yaml").read_bytes() == (folder / "project.yaml").read_bytes()
    assert (copy / "guidelines.md").exists()
    sound_and_whole(copy / "project.db", [])
    sound_and_whole(folder / "project.db", said)
    store = SqlStore(copy / "project.db")
    kept = [(number, one.annotator, one.answers["s"]) for number, one in _answers(store)]
    store.close()
    assert 0 < len(kept) <= len(said) + 8
    # Whatever one of them had saved before something that is in the copy is in it too
    for name in {name for _, name, _ in said}:
        mine = [one for one in said if one[1] == name]
        inside = [one in kept for one in mine]
        assert inside == sorted(inside, reverse=True)
