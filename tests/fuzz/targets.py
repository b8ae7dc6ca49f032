"""What is fuzzed.  A target takes any bytes and raises where a promise is broken: a traceback that a person
would see, a character that a terminal would obey, a message that is no line of words.

The bytes are written so that a person can read a found case and mutation stays useful: files have a line before
them that says how they come in, frames are lines of JSON.
"""

from __future__ import annotations

import asyncio
import atexit
import contextlib
import io
import os
import re
import shutil
import tempfile
import threading
import unicodedata
from collections.abc import Callable, Iterable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import labelled
import quiet
from helpers import BOTH, ENTITIES, SENTIMENT, project, write_project
from textual.events import Key
from textual.message import Message

from tui_label import cli, config, formats
from tui_label.core import keymap
from tui_label.core.text import visible
from tui_label.errors import ConfigError, LabelError
from tui_label.formats import recognition
from tui_label.projects import opening
from tui_label.sound import speaker as speaker_module
from tui_label.sound import wire
from tui_label.sound.line import Line
from tui_label.sound.listener import Call
from tui_label.sound.player import Clip, Manner, Told
from tui_label.sound.speaker import Speaker
from tui_label.sound.speakerplayer import SpeakerPlayer
from tui_label.ui.escapes import clean_output, clean_text
from tui_label.ui.terminal import Terminal

Target = Callable[[bytes], None]
READ = [one for one in formats.FORMATS if one.read is not None and one.name not in ("sound", "spacy", "datasets")]
"""Two need libraries that need not be there, and a recording's bytes are for libsndfile."""
TOPICS = "name: t\ntasks: [{id: topics, type: choices, labels: [sport, money, arts]}, {id: stars, type: rating}]\n"
TEXTS = {"sentiment": SENTIMENT, "entities": ENTITIES, "both": BOTH, "topics": TOPICS}
SOUNDS = {"events": labelled.EVENTS, "transcript": labelled.TRANSCRIPT, "text": labelled.TEXT}
PROJECTS = {**TEXTS, **SOUNDS}
ALLOWED = re.compile(
    r"\x1b\[[0-9;:]*[mH]|\x1b\[\?[0-9;]*\$?[hlp]|\x1b\[[<>][0-9]*u|\x1b\[[0-9;]*[ABCDJK]|\x1b[78=>]|\x1b\(B"
)
"""Colours, places, modes: nothing with a string in it, nothing that is answered with data."""


def _folder() -> Path:
    memory = Path("/dev/shm")
    made = Path(tempfile.mkdtemp(prefix="tui-label-fuzz-", dir=memory if os.access(memory, os.W_OK) else None))
    atexit.register(shutil.rmtree, made, ignore_errors=True)
    return made


def obeyed(text: str, but: str = "") -> str:
    """The first character that a terminal would not show but do something at; empty: there is none."""
    bad = (one for one in text if one not in but and (unicodedata.category(one) in ("Cc", "Cs") or one in BIDI))
    return next(bad, "")


BIDI = "\u061c\u200e\u200f\u2028\u2029\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"


def is_a_line(words: str, error: Exception | None = None) -> None:
    """A message to a person."""
    if not words.strip() or obeyed(words) or "Traceback" in words:
        raise AssertionError(f"no line of words: {words!r}") from error


# files


def importers(data: bytes) -> None:
    """A line `FORMAT PROJECT [WHOSE] [FILE]`, then the file."""
    head, _, body = data.partition(b"\n")
    format, source, whose, name = _how(head)
    folder = _place(source)
    path = folder / name
    path.write_bytes(body)
    reading = formats.Reading(
        path, _project(source), answers_of="ann" if whose == "ann" else "", gold="check" if whose == "gold" else ""
    )
    with contextlib.suppress(ImportError):
        try:
            recognition.recognise(path)
            for one in formats.read(reading, format):
                if isinstance(one, formats.BadLine):
                    is_a_line(str(one))
                else:
                    assert one.item.key and not obeyed(visible(one.item.key + one.item.text))
        except LabelError as error:
            for line in str(error).split("\n"):
                is_a_line(line, error)


def add(data: bytes) -> None:
    """The same by the command, into a database, and out again."""
    head, _, body = data.partition(b"\n")
    format, source, whose, name = _how(head)
    folder = _place(source)
    (folder / name).write_bytes(body)
    for left in folder.glob("project.db*"):
        left.unlink()
    whose_is = {"ann": ["--annotator", "ann"], "gold": ["--gold"]}.get(whose, [])
    _run("add", str(folder), str(folder / name), "--format", format.name, "--skip-bad", *whose_is)
    _run("export", str(folder), "-o", str(folder / "out.jsonl"))
    _run("status", str(folder))


def _run(*arguments: str) -> None:
    out, errors = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(errors):
        status = cli.main(list(arguments))
    assert status in (0, 1, None), status
    for words in (out.getvalue(), errors.getvalue()):
        assert not obeyed(words, "\n\r"), f"{obeyed(words)!r} in {words!r}"
        assert "Traceback" not in words
    if status == 1:
        assert errors.getvalue().strip()


def _how(head: bytes) -> tuple[formats.Format, str, str, str]:
    words = [*head.decode("latin-1").split(" "), "", "", "", ""]
    named = [one for one in READ if one.name == words[0]]
    format = (named or [READ[sum(head) % len(READ)]])[0]
    source = words[1] if words[1] in PROJECTS else sorted(PROJECTS)[sum(head) % len(PROJECTS)]
    suffix = format.suffixes[0] if format.suffixes else {"labelstudio": ".json", "kaldi": ""}.get(format.name, ".txt")
    name = words[3] if re.fullmatch(r"[a-z.0-9]{1,20}", words[3]) and words[3] not in FIXED else f"x{suffix}"
    return format, source, words[2], "wav.scp" if format.name == "kaldi" and name not in KALDI else name


FIXED = ("project.yaml", "guidelines.md", "project.db", "x.wav", ".", "..")
KALDI = ("wav.scp", "segments", "text", "utt2spk")
_places: dict[str, Path] = {}


def _place(source: str) -> Path:
    """A project with a recording and a text for labels that lie beside theirs."""
    if source not in _places:
        folder = _places[source] = write_project(_folder() / source, PROJECTS[source])
        labelled.clip(folder / "x.wav")
        labelled.clip(folder / "a.flac", seed=1)
    folder = _places[source]
    for old in folder.iterdir():
        if old.name not in (*FIXED, "a.flac"):
            shutil.rmtree(old) if old.is_dir() else old.unlink()
    (folder / "x.txt").write_text("Ann flew to Rome.\nBo did not.\n")
    (folder / "wav.scp").write_text("x x.wav\na a.flac\n")
    return folder


_projects: dict[str, Any] = {}


def _project(source: str) -> Any:
    if source not in _projects:
        _projects[source] = project(PROJECTS[source], _places[source])
    return _projects[source]


# project.yaml


def settings(data: bytes) -> None:
    """project.yaml, as it lies there."""
    folder = _place("both") / "other"
    folder.mkdir()
    (folder / "project.yaml").write_bytes(data)
    try:
        found = config.load(folder)
        keymap.build(found)
        for warning in config.warnings(found):
            is_a_line(warning)
        opening.guidelines_text(found)
    except ConfigError as error:
        assert error.problems
        for problem in error.problems:
            is_a_line(problem)
            assert re.search(r"project\.yaml|guidelines", problem), problem
    except LabelError as error:
        is_a_line(str(error))


# what is said over a line


PIECES = {b"piece": bytes(16_000), b"odd": b"123", b"empty": b""}


def frames(data: bytes) -> Iterable[bytes]:
    """Each line a frame: its header, a tab, its payload or the name of one; `!` begins bytes as they are."""
    for line in data.split(b"\n"):
        if line.startswith(b"!"):
            yield line[1:]
        else:
            header, _, payload = line.partition(b"\t")
            payload = PIECES.get(payload, payload)
            header = header[:65_535]
            yield (
                (2 + len(header) + len(payload)).to_bytes(4, "big") + len(header).to_bytes(2, "big") + header + payload
            )


HELLO = wire.pack({"op": "hello", "v": wire.VERSION, "token": ""})


def speaker(data: bytes) -> None:
    """What an app, or somebody who says he is one, sends to a speaker."""
    _deaf()

    async def serve() -> list[dict[str, Any]]:
        reader, out = asyncio.StreamReader(), quiet.Out()
        reader.feed_data(HELLO)
        for frame in frames(data):
            reader.feed_data(frame)
        reader.feed_eof()
        await Speaker().serve(reader, out)  # type: ignore[arg-type]
        return out.said

    said = asyncio.run(serve())
    assert said[0]["ev"] == "hello"
    assert {one["ev"] for one in said} <= {"hello", "ack", "pong", "error", "started", "pos", "ended"}


def _deaf() -> None:
    speaker_module._open = lambda rate, *_: quiet.Engine(rate)  # type: ignore[assignment]
    speaker_module._card = lambda: {"ok": True, "device": "none"}  # type: ignore[assignment]


def listener(data: bytes) -> None:
    """Lines as of `frames`, after `a` from the app, after `s` from the speaker; after `k` typed at the near end."""

    async def serve() -> None:
        app, far = asyncio.StreamReader(), asyncio.StreamReader()
        process = SimpleNamespace(stdin=quiet.Out(), stdout=far)
        call = Call(app, quiet.Out(), process, own=True)  # type: ignore[arg-type]
        far.feed_data(wire.pack({"ev": "hello", "v": wire.VERSION, "ok": True}))
        task = asyncio.create_task(call.run({"op": "hello"}))
        for line in data.split(b"\n"):
            if line[:1] == b"k":
                if not call.keys.acts(line[1:]):
                    call.keys.passed(line[1:])
            else:
                for frame in frames(line[1:]):
                    (app if line[:1] == b"a" else far).feed_data(frame)
            for _ in range(4):
                await asyncio.sleep(0)
        app.feed_eof()
        with contextlib.suppress(OSError, EOFError, TimeoutError, ValueError, RecursionError):
            await asyncio.wait_for(task, 5)

    asyncio.run(serve())


def player(data: bytes) -> None:
    """What a speaker or listener sends to the app."""
    recording = _place("text") / "x.wav"

    async def play() -> list[Told]:
        told: list[Told] = []
        calls = 0
        over = asyncio.Event()

        async def connect(urgent: bool) -> Line:
            nonlocal calls
            calls += 1
            if calls > 1:
                over.set()
                await asyncio.sleep(60)
            reader = asyncio.StreamReader(limit=2 * wire.LARGEST)
            for frame in frames(data):
                reader.feed_data(frame)
            reader.feed_eof()
            return Line(reader, _Writer(), _nothing, far=True, hello={"keys": True})  # type: ignore[arg-type]

        one = SpeakerPlayer(connect, told.append)
        one._look.set()
        one.play(Clip("a", recording), 0.0, Manner(3.0))
        waiting = asyncio.ensure_future(over.wait())
        while not over.is_set():
            one.wake()
            await asyncio.wait([waiting, one._task], timeout=0.005, return_when=asyncio.FIRST_COMPLETED)
            assert not one._task.done(), one._task.exception()
        await one.close()
        return told

    for one in asyncio.run(play()):
        assert not obeyed(one.why)


class _Writer(quiet.Out):
    transport = SimpleNamespace(abort=lambda: None)

    def write(self, data: bytes) -> None: ...


async def _nothing() -> None: ...


# the terminal


class Ears(Terminal):
    """The driver's own loop, on a pipe: one chunk a read, an empty one is a pause."""

    def __init__(self, chunks: list[bytes]) -> None:
        self.chunks, self.events = chunks, list[Message]()
        self.fileno, self.hand = os.pipe()
        self.exit_event = threading.Event()
        self._debug, self._key_thread = False, None
        self._app = SimpleNamespace(log=SimpleNamespace(error=self._complain))  # type: ignore[assignment]

    def _complain(self, words: str) -> None: ...

    def _patience(self, held: str, resting: bool) -> float:  # type: ignore[override]
        if self.chunks:
            if chunk := self.chunks.pop(0)[:4096]:
                os.write(self.hand, chunk)
        elif self.hand >= 0:
            os.close(self.hand)
            self.hand = -1
        return 0

    def process_message(self, message: Message) -> None:
        self.events.append(message)

    def _hang_up(self) -> None:
        self.exit_event.set()


def heard(chunks: list[bytes]) -> list[Message]:
    ears = Ears(chunks)
    try:
        ears.run_input_thread()
    finally:
        os.close(ears.fileno)
        if ears.hand >= 0:
            os.close(ears.hand)
    return ears.events


def keys(data: bytes) -> None:
    """Bytes of a terminal; 0xF8, which is in no text, parts them into reads, two of them are a pause."""
    for event in heard(data.split(b"\xf8")):
        assert isinstance(event, Message)
        if isinstance(event, Key):
            assert event.key and not obeyed(event.key)
            assert event.character is None or len(event.character) == 1


def output(data: bytes) -> None:
    """Somebody's text on its way to the terminal, past every other belt."""
    text = data.decode("utf-8", "surrogatepass" if data[:1] == b"s" else "replace") if _decodes(data) else ""
    assert not obeyed(clean_text(text))
    cleaned = clean_output(text)
    left = ALLOWED.sub("", cleaned)
    assert not obeyed(left, "\n\r"), f"{left!r}"
    assert clean_output(cleaned) == cleaned


def _decodes(data: bytes) -> bool:
    try:
        data.decode("utf-8", "surrogatepass" if data[:1] == b"s" else "replace")
    except UnicodeDecodeError:
        return False
    return True


TARGETS: dict[str, Target] = {
    one.__name__: one for one in (importers, add, settings, speaker, listener, player, keys, output)
}
