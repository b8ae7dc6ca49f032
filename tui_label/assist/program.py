"""A program that reads items and writes answers, one JSON object a line, on its standard input and output.

It is started once.  Items are written as fast as it takes them, and answers read as fast as they are used:
a full pipe holds up whoever is too fast.  Many items may be on their way at once, because most programs
write their answers in blocks.  Answers come in the order of the items, or name theirs in `item`.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import resource
import selectors
import signal
import subprocess
import sys
import time
from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tui_label.core.annotation import item_record
from tui_label.core.item import Item
from tui_label.core.text import visible
from tui_label.errors import AssistError

BATCH = 100
TIMEOUT_S = 60.0
WINDOW = 10_000
"""Items that may wait for an answer,"""
WINDOW_BYTES = 64 << 20
"""and their length; a batch may always."""
LONGEST_LINE = 16 << 20
BLOCK = 1 << 16
LEAVE_S = 5.0
"""How long a program may take to end after its last answer."""
SHARE = 0.75
"""Of the memory that is free when it starts, what a program may have for its data."""
SAID = 20
"""Last lines of standard error that are kept."""

Answer = Mapping[str, Any]


@dataclass
class _Waiting:
    """Items on their way, oldest first, by key."""

    items: OrderedDict[str, tuple[Item, int]] = field(default_factory=OrderedDict)
    size: int = 0

    def has_room(self, batch: int) -> bool:
        few = len(self.items) < 2 * batch
        return few or (len(self.items) < WINDOW and self.size < WINDOW_BYTES)

    def put(self, item: Item, size: int) -> None:
        self.items[item.key] = (item, size)
        self.size += size

    def take(self, key: str | None) -> Item | None:
        """The item with this key, or the oldest; None where there is none."""
        if not self.items or (key is not None and key not in self.items):
            return None
        item, size = self.items.pop(key) if key is not None else self.items.popitem(last=False)[1]
        self.size -= size
        return item

    def oldest(self) -> str:
        """The key of the item that has waited longest, for a message."""
        return visible(next(iter(self.items))) if self.items else ""


def _let_others_have_memory(process: int) -> None:
    """Where memory runs short, it is the program that goes without or is ended, and nobody at work on the same box."""
    with contextlib.suppress(OSError):
        if sys.platform == "linux" and (free := _free_memory()):
            resource.prlimit(process, resource.RLIMIT_DATA, (round(free * SHARE),) * 2)
        Path(f"/proc/{process}/oom_score_adj").write_text("1000", encoding="ascii")


def _free_memory() -> int:
    """Bytes that programs can have before others have to do without; 0 where the system does not tell."""
    found = re.search(r"^MemAvailable:\s*(\d+) kB", Path("/proc/meminfo").read_text(encoding="ascii"), re.MULTILINE)
    return int(found[1]) * 1024 if found else 0


class Program:
    """One run of a program; used as a context, at whose end it is gone, with all that it started.

    `greets`: its first line is not an answer but says something about itself (`greeting`).
    """

    def __init__(
        self,
        command: Sequence[str],
        name: str,
        *,
        batch: int = BATCH,
        timeout_s: float = TIMEOUT_S,
        greets: bool = False,
    ) -> None:
        self._name = visible(name)
        self._batch, self._timeout_s = batch, timeout_s
        self._out, self._in, self._err = bytearray(), bytearray(), bytearray()
        self._lines = 0
        self._ended = False
        self.unanswered = 0
        """Items that it ended without answering."""
        self._process = self._started(command)
        _let_others_have_memory(self._process.pid)
        self._selector = selectors.DefaultSelector()
        for pipe in (self._process.stdout, self._process.stderr):
            assert pipe is not None
            os.set_blocking(pipe.fileno(), False)
            self._selector.register(pipe, selectors.EVENT_READ)
        assert self._process.stdin is not None
        os.set_blocking(self._process.stdin.fileno(), False)
        self.greeting: Answer = {}
        self._greets = greets

    def _started(self, command: Sequence[str]) -> subprocess.Popen[bytes]:
        pipe = subprocess.PIPE
        try:
            # A session of its own: Ctrl+C is ours, and what it started can be ended with it
            return subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, bufsize=0, start_new_session=True)
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or str(error)
            raise AssistError(f"{self._name}: could not be started: {visible(reason)}") from error

    def __enter__(self) -> Program:
        return self

    def __exit__(self, *_: object) -> None:
        self._end()

    def answers(self, items: Iterator[Item]) -> Iterator[tuple[Item, Answer]]:
        """Each item with its answer, as they come.  Raises AssistError when the program fails; all before stands."""
        waiting = _Waiting()
        rest: Iterator[Item] | None = items
        quiet_since = time.monotonic()
        while not self._ended:
            if rest is not None and not self._in:
                rest = self._fill(waiting, rest)
            if rest is None and not self._in:
                self._close_input()
            left = quiet_since + (self._timeout_s if waiting.items else LEAVE_S) - time.monotonic()
            if left <= 0 and not waiting.items:
                return
            if left <= 0:
                raise self._failure(
                    f"gave no answer for {self._timeout_s:g} s, item {waiting.oldest()} waits; --timeout gives it longer"
                )
            moved = self._exchange(left)
            lines = self._complete_lines()
            for line in lines:
                if (found := self._read(line, waiting)) is not None:
                    yield found
            if moved or lines:
                quiet_since = time.monotonic()
        self._check_end(waiting, rest is not None or bool(self._in))

    # to it

    def _fill(self, waiting: _Waiting, items: Iterator[Item]) -> Iterator[Item] | None:
        """Take a batch of items on their way; None when there are no more."""
        for _ in range(self._batch):
            if not waiting.has_room(self._batch):
                return items
            item = next(items, None)
            if item is None:
                return None
            line = json.dumps(item_record(item)).encode() + b"\n"
            waiting.put(item, len(line))
            self._in += line
        return items

    def _write(self) -> bool:
        pipe = self._process.stdin
        assert pipe is not None
        try:
            count = os.write(pipe.fileno(), bytes(self._in[:BLOCK]))
        except BlockingIOError:
            return False
        except BrokenPipeError:
            # It reads no more; what it still says, and how it ends, tells why
            self._close_input()
            return False
        del self._in[:count]
        return count > 0

    def _close_input(self) -> None:
        pipe = self._process.stdin
        assert pipe is not None
        if pipe.closed:
            return
        if pipe in self._selector.get_map():
            self._selector.unregister(pipe)
        with contextlib.suppress(BrokenPipeError):
            pipe.close()

    def _want_write(self) -> None:
        """Watch its input while there is something for it."""
        pipe = self._process.stdin
        assert pipe is not None
        if pipe.closed:
            return
        watched = pipe in self._selector.get_map()
        if self._in and not watched:
            self._selector.register(pipe, selectors.EVENT_WRITE)
        elif not self._in and watched:
            self._selector.unregister(pipe)

    # from it

    def _exchange(self, most_s: float) -> bool:
        """Wait for either side to be ready, and move a block; whether it took any input."""
        self._want_write()
        ready = self._selector.select(most_s)
        moved = False
        for key, _ in ready:
            if key.fileobj is self._process.stdin:
                moved = self._write() or moved
            elif key.fileobj is self._process.stdout:
                self._ended = not self._receive(self._process.stdout, self._out)
            else:
                self._receive(self._process.stderr, self._err)
                del self._err[:-BLOCK]
        return moved

    def _receive(self, pipe: Any, into: bytearray) -> bool:
        """Whether there may be more."""
        data = os.read(pipe.fileno(), BLOCK)
        into += data
        if not data:
            self._selector.unregister(pipe)
        return bool(data)

    def _complete_lines(self) -> list[bytes]:
        if b"\n" not in self._out and not self._ended:
            if len(self._out) <= LONGEST_LINE:
                return []
            raise self._failure(f"wrote a line longer than {LONGEST_LINE >> 20} MiB")
        *lines, rest = bytes(self._out).split(b"\n")
        self._out = bytearray(rest)
        return [*lines, rest] if self._ended else lines

    def _read(self, line: bytes, waiting: _Waiting) -> tuple[Item, Answer] | None:
        """The item that a line is about, and what it says; None for what is no answer."""
        self._lines += 1
        if not line.strip():
            return None
        try:
            said = json.loads(line.decode())
        except UnicodeDecodeError as error:
            raise self._failure(f"line {self._lines} of its output is not UTF-8 at byte {error.start}") from error
        except (ValueError, RecursionError) as error:
            cut = " (cut off)" if self._ended else ""
            raise self._failure(f"line {self._lines} of its output{cut} is not JSON: {_start(line)}") from error
        if not isinstance(said, dict):
            raise self._failure(f"line {self._lines} of its output is no object in braces: {_start(line)}")
        if self._greets and self._lines == 1:
            if "error" in said:
                raise AssistError(visible(str(said["error"])))
            self.greeting = said
            return None
        key = said.get("item")
        item = waiting.take(str(key) if key is not None else None)
        if item is None:
            about = f"item {visible(str(key))[:60]}, which was not asked" if key is not None else "more than was asked"
            raise self._failure(f"line {self._lines} of its output is about {about}")
        return item, said

    # the end

    def _check_end(self, waiting: _Waiting, more: bool) -> None:
        """It has closed its output: all is well if it took all items and says so by its status."""
        try:
            status = self._process.wait(LEAVE_S)
        except subprocess.TimeoutExpired:
            status = 0
        self._drain()
        at = f", at item {waiting.oldest()}" if waiting.items else ""
        if status < 0:
            memory = ", perhaps for want of memory" if status == -signal.SIGKILL else ""
            raise self._failure(f"was killed by signal {-status}{memory}{at}")
        if status:
            raise self._failure(f"ended with status {status}{at}")
        if more:
            raise self._failure(f"gave up before it had read all items{at}")
        self.unanswered = len(waiting.items)

    def _drain(self) -> None:
        pipe = self._process.stderr
        assert pipe is not None
        with contextlib.suppress(BlockingIOError):
            while data := os.read(pipe.fileno(), BLOCK):
                self._err += data

    @property
    def said(self) -> list[str]:
        """The last lines of its standard error."""
        lines = self._err.decode(errors="replace").splitlines()
        return [visible(line) for line in lines if line.strip()][-SAID:]

    def _failure(self, words: str) -> AssistError:
        self._drain()
        last = self.said[-1:]
        return AssistError(f"{self._name}: {words}{f' ({last[0][:200]})' if last else ''}")

    def _end(self) -> None:
        """Nothing of it is left, nor of what it started."""
        self._close_input()
        if self._ended or self._process.poll() is not None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(LEAVE_S)
        for signum in (signal.SIGTERM, signal.SIGKILL):
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, signum)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(1.0)
        self._selector.close()
        for pipe in (self._process.stdout, self._process.stderr):
            assert pipe is not None
            pipe.close()


def _start(line: bytes) -> str:
    return visible(line[:60].decode(errors="replace"))
