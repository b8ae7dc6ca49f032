"""The queue of writers, by several gates to one folder: each has a lock of its own, as those of other processes have."""

from __future__ import annotations

import errno
import fcntl
import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tui_label.errors import StoreBusy, StoreError
from tui_label.store.sqlite.gate import Gate


@contextmanager
def gate(folder: Path, patience_s: float = 10.0) -> Iterator[Gate]:
    one = Gate(folder / "project.db", patience_s)
    yield one
    one.close()


@contextmanager
def taken(folder: Path) -> Iterator[None]:
    """Somebody else is at work, until this ends."""
    file = os.open(folder, os.O_RDONLY)
    fcntl.flock(file, fcntl.LOCK_EX)
    yield
    os.close(file)


def until(is_so) -> None:
    end = time.monotonic() + 10
    while not is_so():
        assert time.monotonic() < end
        time.sleep(0.005)


def opened(folder: Path) -> int:
    """How often this process has a folder open."""
    return sum(os.path.realpath(file) == str(folder.resolve()) for file in Path("/proc/self/fd").iterdir())


def waiting(folder: Path) -> int:
    """How many stand in the queue before a folder, as the system knows it."""
    number = f":{folder.stat().st_ino} "
    with Path("/proc/locks").open(encoding="ascii") as locks:
        return sum("-> FLOCK" in line and number in line for line in locks)


def test_who_waits_gets_what_came_out_or_went_wrong(tmp_path):
    with gate(tmp_path) as ours:
        found = []

        def wait() -> None:
            found.append(ours.alone(lambda: "done"))
            with pytest.raises(ZeroDivisionError):
                ours.alone(lambda: 1 // 0)
            found.append(ours.alone(lambda: "again"))

        with taken(tmp_path):
            one = threading.Thread(target=wait)
            one.start()
            until(lambda: waiting(tmp_path) == 1)
            assert not found
        one.join(10)
        assert found == ["done", "again"]


def test_one_is_at_work_at_a_time_and_what_goes_wrong_lets_the_next_one_in(tmp_path):
    at_work, most, done = 0, 0, 0

    def work(fails: bool) -> None:
        nonlocal at_work, most, done
        at_work += 1
        most = max(most, at_work)
        time.sleep(0.0005)
        at_work -= 1
        done += 1
        if fails:
            raise ValueError("as it does")

    def write(n: int) -> None:
        with gate(tmp_path) as ours:
            for turn in range(30):
                if (turn + n) % 3:
                    ours.alone(lambda: work(False))
                else:
                    with pytest.raises(ValueError, match="as it does"):
                        ours.alone(lambda: work(True))

    writers = [threading.Thread(target=write, args=(n,)) for n in range(8)]
    for one in writers:
        one.start()
    for one in writers:
        one.join(30)
    assert (most, done) == (1, 8 * 30)


def test_who_gave_up_and_comes_again_has_kept_their_place(tmp_path):
    order: list[str] = []
    with gate(tmp_path, 0.1) as early, gate(tmp_path) as late:
        with taken(tmp_path):
            with pytest.raises(StoreBusy, match="has kept all others from writing for 0 s"):
                early.alone(lambda: order.append("given up"))
            second = threading.Thread(target=late.alone, args=(lambda: order.append("late"),))
            second.start()
            until(lambda: waiting(tmp_path) == 2)
            early._patience_s = 10
            first = threading.Thread(target=early.alone, args=(lambda: order.append("early"),))
            first.start()
            until(lambda: early._line is not None and not early._line._turns.empty())
        first.join(10)
        second.join(10)
        assert order == ["early", "late"]


def test_who_left_while_they_waited_locks_nobody_out(tmp_path):
    before = threading.active_count()
    with taken(tmp_path), gate(tmp_path, 0.05) as ours, pytest.raises(StoreBusy):
        ours.alone(lambda: None)
    with gate(tmp_path) as other:
        assert other.alone(lambda: "in") == "in"
    until(lambda: threading.active_count() <= before)
    until(lambda: opened(tmp_path) == 0)


def test_a_closed_one_locks_nothing(tmp_path):
    with gate(tmp_path) as ours:
        ours.close()
        with pytest.raises(StoreError, match=r"project\.db: was closed; open the project again"):
            ours.alone(lambda: None)


def test_ctrl_c_gives_up_the_wait_and_lets_end_what_has_begun(tmp_path):
    def interrupt() -> None:
        os.kill(os.getpid(), signal.SIGINT)

    done = []
    with gate(tmp_path) as ours:
        with taken(tmp_path):
            threading.Timer(0.1, interrupt).start()
            with pytest.raises(KeyboardInterrupt):
                ours.alone(lambda: done.append("never"))

        lock = taken(tmp_path)
        lock.__enter__()
        threading.Timer(0.1, lock.__exit__, (None, None, None)).start()

        def work() -> None:
            interrupt()
            time.sleep(0.1)
            done.append("whole")

        with pytest.raises(KeyboardInterrupt):
            ours.alone(work)
        assert done == ["whole"]


@pytest.mark.parametrize("how", [fcntl.LOCK_EX | fcntl.LOCK_NB, fcntl.LOCK_EX], ids=["at once", "after others"])
def test_a_lock_that_the_system_does_not_give_is_said_and_tried_again(tmp_path, monkeypatch, how):
    plain = fcntl.flock

    def refused(file: int, asked: int) -> None:
        if asked == how:
            raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))
        plain(file, asked)

    with gate(tmp_path) as ours:
        with taken(tmp_path), monkeypatch.context() as patched:
            patched.setattr(fcntl, "flock", refused)
            with pytest.raises(StoreError, match="No locks available"):
                ours.alone(lambda: "not done")
        assert ours.alone(lambda: "done") == "done"
