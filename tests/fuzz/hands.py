"""The installed app in a real terminal, under hands that hit anything, on texts that want to be obeyed."""

from __future__ import annotations

import contextlib
import io
import json
import random
import re
import signal
import sqlite3
import tempfile
import time
from pathlib import Path

from fuzz.targets import ALLOWED, BIDI
from helpers import write_project
from labelled import clip
from terminal_harness import KEYS, Terminal

from tui_label import cli
from tui_label.ui.escapes import ASK_GROUND

SOURCE = """\
name: both
tasks:
  - {id: sentiment, type: choice, labels: [{value: positive, key: p}, {value: negative, key: n}]}
  - {id: topics, type: choices, labels: [sport, money, arts]}
  - {id: entities, type: spans, overlap: true, labels: [person, place]}
  - {id: why, type: text, required: false}
flags: [{reason: ambiguous}]
"""
TURNS = """\
name: turns
items: sound
tasks: [{id: turns, type: segments, overlap: true, labels: [a, b], transcript: {speakers: [Ann, Bo]}}]
"""
EVIL = (
    "Ann \x1b]52;c;QUFB\x07 flew \x1b[2J\x9b31m to\tRome.\r\nBo \u202e日本 👩‍👧 e\u0301 [@click=app.quit]x[/] \x1b[6n\x00\x08 \ud800 "
    * 3
)
ANSWERS_S = 20.0
"""For the app to paint its screen anew, on a machine that does much else."""
LEFT = b"\x1b[?1049l"
"""From here on the terminal is the shell's again, and echoes."""
_UNSENT = re.compile(rb"[\xf8\x1a\x1c]")
"""What parts the reads; what suspends or kills a program that is just leaving."""
BEGINNINGS = (
    b"\x1b",
    b"\x1b[",
    b"\x1b]",
    b"\x1bP",
    b"\x1b[<",
    b"\x1b[200~",
    b"\x1b[?",
    b"\x1b[48;",
    b"\xf0\x9f",
    b"\xff",
)


def typed(seed: int, chunks: int = 150) -> bytes:
    """What these hands do: reads are parted by 0xF8."""
    chance = random.Random(seed)
    names = [one for name, one in KEYS.items() if name not in ("ctrl+q", "ctrl+z")]

    def piece() -> bytes:
        kind = chance.random()
        if kind < 0.45:
            return chance.choice(names)
        if kind < 0.85:
            return bytes([chance.randrange(32, 127)])
        if kind < 0.9:
            return chance.choice(BEGINNINGS) + bytes(chance.choice(b"0123456789;:?<$uMmRt~ab\x07\\") for _ in range(8))
        if kind < 0.95:
            return "日👩‍👧é\u202e\x9b".encode()
        return chance.randbytes(chance.randrange(1, 12))

    made = (b"".join(piece() for _ in range(chance.choice((1, 1, 2, 20)))) for _ in range(chunks))
    return (b"s" if seed % 2 else b"t") + b"\xf8".join(_UNSENT.sub(b"", one) for one in made)


def app(data: bytes) -> None:
    """The first byte says on what: `s` on sounds, else on texts."""
    with tempfile.TemporaryDirectory(prefix="tui-label-fuzz-") as name:
        folder = _project(Path(name), sound=data[:1] == b"s")
        terminal = _open(folder)
        try:
            for number, chunk in enumerate(data[1:].split(b"\xf8")):
                try:
                    terminal.send(chunk)
                except OSError:
                    terminal.ended = True
                terminal.settle(0.002, 0.05)
                if terminal.ended or LEFT in terminal.raw:
                    _check_end(terminal)
                    terminal = _open(folder)  # they found the key that leaves
                if number % 25 == 24:
                    _check_it_lives(terminal)
            _check_it_lives(terminal)
            _check_bytes(terminal.raw)
        finally:
            terminal.close()
        with contextlib.closing(sqlite3.connect(folder / "project.db")) as database:
            assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


def _project(folder: Path, *, sound: bool) -> Path:
    write_project(folder, TURNS if sound else SOURCE)
    if sound:
        files = [str(clip(folder / f"{n}.wav", 5, n)) for n in range(30)]
    else:
        lines = [json.dumps({"text": f"{n} {EVIL}", "meta": {"a": EVIL}}) for n in range(200)]
        (folder / "x.jsonl").write_text("\n".join(lines))
        files = [str(folder / "x.jsonl")]
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        assert cli.main(["add", str(folder), *files]) == 0
    return folder


def _open(folder: Path) -> Terminal:
    env = {"XDG_STATE_HOME": str(folder), "XDG_CONFIG_HOME": str(folder), "ESCDELAY": "25"}
    return Terminal(str(folder), "--as", "ann", "--sound", "none", env=env).wait_for("ann", 30)


def _check_it_lives(terminal: Terminal) -> None:
    """It paints, also after this."""
    if terminal.ended or LEFT in terminal.raw:
        return
    for columns in (81, 80):
        terminal.settle(0.1, 1.0)
        mark, end = terminal.mark(), time.monotonic() + ANSWERS_S
        terminal.resize(columns, 24)
        while terminal.mark() - mark < 100 and not (terminal.ended or LEFT in terminal.raw):
            assert time.monotonic() < end, f"hangs:\n{terminal.text}"
            terminal.read(0.1)


def _check_end(terminal: Terminal) -> None:
    status = terminal.wait(10)
    assert status in (0, -signal.SIGINT), f"ended with {status}:\n{terminal.text}"
    _check_bytes(terminal.raw)
    terminal.close()


def _check_bytes(raw: bytearray) -> None:
    text = raw.partition(LEFT)[0].decode("utf-8", "replace")
    assert "Traceback" not in text
    left = ALLOWED.sub("", text.replace(ASK_GROUND, ""))
    found = re.search(f"[\x00-\x09\x0b\x0c\x0e-\x1f\x7f-\x9f{BIDI}]", left)
    # The end may be cut in the middle of a sequence
    assert found is None or found.start() > len(left) - 20, repr(left[max(0, found.start() - 40) : found.start() + 40])
