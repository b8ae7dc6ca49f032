"""The app's end of a speaker: clips go ahead in pieces, keys overtake them.

`Player` is what the rest of the app knows.  `SpeakerPlayer` speaks the protocol of wire.py
over any pair of streams; `connect` says how to get them, and is asked again after a loss.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import subprocess
import sys
import time
from collections import OrderedDict, deque
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from tui_label.errors import InputError
from tui_label.sound import wire
from tui_label.sound.media import Facts, Recording, open_recording

PIECE_S = 0.5
AHEAD_S = 20.0
"""How much of the clip that plays is sent before it is due."""
FIRST_S = 10.0
"""How much of the next clip is sent before anybody asks for it."""
CACHE_BYTES = 256 << 20
WINDOW_BYTES = 2 << 20
"""Clip data on its way that the speaker has not acknowledged."""
CHUNK_BYTES = 256 << 10
ANSWER_S = 2.0
"""A speaker that takes longer to begin than this hangs, and is started again."""


@dataclass(frozen=True, slots=True)
class Line:
    """A connection to a speaker, and how to end it also when the other side hangs."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    end: Callable[[], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Clip:
    """A recording on this machine as something to play; `id` names its content."""

    id: str
    path: Path


@dataclass(frozen=True, slots=True)
class Heard:
    """Where a voice is: at `moment` (monotonic seconds) it sounded at `t` seconds of its file."""

    seq: int
    t: float
    moment: float
    speed: float

    def position(self, now: float) -> float:
        return self.t + max(0.0, now - self.moment) * self.speed


@dataclass(frozen=True, slots=True)
class Told:
    """What a player tells: `started`, `pos`, `paused`, `ended`, `ready`, `silent`.

    `silent` says in `why` that nothing can be heard; `ready` that something can, on `why`.
    """

    event: str
    heard: Heard | None = None
    why: str = ""


class Player(Protocol):
    """What plays.  Nothing here waits; what comes of it is told."""

    def prepare(self, clip: Clip, at: float = 0.0) -> None:
        """Have the sound from `at` seconds on at hand."""
        ...

    def play(
        self,
        clip: Clip,
        at: float,
        *,
        end: float,
        speed: float = 1.0,
        loop: tuple[float, float] | None = None,
        ear: int | None = None,
    ) -> int:
        """Play from `at` to `end` seconds of the file; the number of this voice."""
        ...

    def adjust(self, *, speed: float, loop: tuple[float, float] | None, ear: int | None) -> None:
        """What plays goes on, with these."""
        ...

    def pause(self) -> None: ...

    async def close(self) -> None: ...


@dataclass
class _Loaded:
    """A clip as the speaker has it."""

    clip: Clip
    facts: Facts
    recording: Recording
    piece: int
    sent: set[int] = field(default_factory=set)

    @property
    def pieces(self) -> int:
        return -(-self.facts.frames // self.piece)

    def bytes_of(self, number: int) -> int:
        return min(self.piece, self.facts.frames - number * self.piece) * self.facts.channels * 4


class SpeakerPlayer:
    """A speaker at the other end of a pair of streams."""

    def __init__(self, connect: Callable[[], Awaitable[Line]], tell: Callable[[Told], None]) -> None:
        self._connect, self._tell = connect, tell
        self._urgent: deque[bytes] = deque()
        self._loaded: OrderedDict[str, _Loaded] = OrderedDict()
        self._ahead: list[tuple[str, float]] = []
        """Clips to send when nothing plays, and from where."""
        self._playing: tuple[str, float, float, tuple[float, float] | None] | None = None
        """Clip, where it is, where it ends, its loop: what is sent first."""
        self._again: Callable[[], None] | None = None
        """What to do once the speaker is there."""
        self._seq = 0
        self._unanswered = 0.0
        self._on_the_way = 0
        self._wake = asyncio.Event()
        self._reads = ThreadPoolExecutor(1, thread_name_prefix="decode")
        self._writer: asyncio.StreamWriter | None = None
        self._rate = 0
        """Frames a second of what plays."""
        self._task = asyncio.create_task(self._run())

    # what the app wants

    def prepare(self, clip: Clip, at: float = 0.0) -> None:
        self._ahead = [*[one for one in self._ahead if one[0] != clip.id][-3:], (clip.id, at)]
        self._want(clip)

    def play(
        self,
        clip: Clip,
        at: float,
        *,
        end: float,
        speed: float = 1.0,
        loop: tuple[float, float] | None = None,
        ear: int | None = None,
    ) -> int:
        self._seq += 1
        seq = self._seq
        self._playing = (clip.id, at, end, loop)

        def send() -> None:
            loaded = self._loaded.get(clip.id)
            if loaded is None or seq != self._seq:
                return
            rate = loaded.facts.rate
            self._rate = rate
            round_ = {"loop": [round(loop[0] * rate), round(loop[1] * rate)]} if loop else {}
            self._send(
                "play", seq=seq, id=clip.id, at=round(at * rate), end=round(end * rate), speed=speed, **round_, ear=ear
            )
            self._unanswered = time.monotonic()

        self._want(clip, send)
        return seq

    def adjust(self, *, speed: float, loop: tuple[float, float] | None, ear: int | None) -> None:
        if self._playing is None:
            return
        loaded = self._loaded.get(self._playing[0])
        if loaded is None:
            return
        self._playing = (*self._playing[:3], loop)
        rate = loaded.facts.rate
        round_ = {"loop": [round(loop[0] * rate), round(loop[1] * rate)]} if loop else {}
        self._send("adjust", speed=speed, ear=ear, **round_)

    def pause(self) -> None:
        self._playing, self._again, self._unanswered = None, None, 0.0
        self._send("pause")

    async def close(self) -> None:
        self._task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._task
        self._reads.shutdown(wait=False, cancel_futures=True)
        for loaded in self._loaded.values():
            loaded.recording.close()

    # clips

    def _want(self, clip: Clip, then: Callable[[], None] = lambda: None) -> None:
        """Declare a clip to the speaker, then go on; opening a file takes a millisecond or so."""
        loaded = self._loaded.get(clip.id)
        if loaded is None:
            try:
                recording = open_recording(clip.path)
            except InputError as error:
                self._tell(Told("silent", why=str(error)))
                return
            facts = recording.facts
            loaded = _Loaded(clip, facts, recording, max(1, round(facts.rate * PIECE_S)))
            self._loaded[clip.id] = loaded
            if self._writer is not None:
                self._declare(loaded)
        self._loaded.move_to_end(clip.id)
        if self._writer is not None:
            then()
        else:
            self._again = then
        self._wake.set()

    def _declare(self, loaded: _Loaded) -> None:
        facts = loaded.facts
        self._send(
            "clip", id=loaded.clip.id, rate=facts.rate, channels=facts.channels, frames=facts.frames, piece=loaded.piece
        )

    def _next_piece(self) -> tuple[_Loaded, int] | None:
        """The piece that is due first: of what plays, else of what will be asked for."""
        if self._playing is not None and self._playing[0] in self._loaded:
            id, at, end, loop = self._playing
            if loop is not None and at > loop[0]:
                found = self._unsent(id, at, min(loop[1], at + AHEAD_S)) or self._unsent(id, loop[0], loop[1])
            else:
                found = self._unsent(id, at, min(end, at + AHEAD_S))
            if found is not None:
                return found
        for id, at in reversed(self._ahead):
            found = self._unsent(id, at, at + FIRST_S) if id in self._loaded else None
            if found is not None:
                return found
        return None

    def _unsent(self, id: str, start: float, end: float) -> tuple[_Loaded, int] | None:
        loaded = self._loaded[id]
        first = max(0, int(start * loaded.facts.rate) // loaded.piece)
        last = min(loaded.pieces - 1, int(end * loaded.facts.rate) // loaded.piece)
        for number in range(first, last + 1):
            if number not in loaded.sent:
                return loaded, number
        return None

    def _make_room(self) -> None:
        """Drop what was not wanted for longest; of a single long clip, what lies far behind."""
        held = sum(loaded.bytes_of(number) for loaded in self._loaded.values() for number in loaded.sent)
        while held > CACHE_BYTES:
            oldest = next(iter(self._loaded.values()))
            if len(self._loaded) > 1:
                held -= sum(oldest.bytes_of(number) for number in oldest.sent)
                self._send("drop", id=oldest.clip.id)
                oldest.recording.close()
                del self._loaded[oldest.clip.id]
                continue
            here = int((self._playing[1] if self._playing else 0.0) * oldest.facts.rate) // oldest.piece
            number = max(oldest.sent, key=lambda one: abs(one - here))
            oldest.sent.discard(number)
            held -= oldest.bytes_of(number)
            self._send("drop", id=oldest.clip.id, i=number)

    # the line

    def _send(self, op: str, **fields: Any) -> None:
        if self._writer is not None:
            self._urgent.append(wire.pack({"op": op, **fields}))
            self._wake.set()

    async def _run(self) -> None:
        """Connect, and again when the speaker dies or hangs, with longer and longer waits."""
        wait = 0.2
        while True:
            began = time.monotonic()
            why = "the speaker went away"
            try:
                line = await self._connect()
                try:
                    why = await self._talk(line.reader, line.writer)
                finally:
                    self._writer = None
                    line.writer.close()
                    await line.end()
            except (OSError, EOFError, ConnectionError) as error:
                why = str(error) or why
            self._forget()
            if self._playing is not None or self._unanswered:
                self._playing, self._unanswered = None, 0.0
            self._tell(Told("silent", why=why))
            wait = 0.2 if time.monotonic() - began > 10 else min(30.0, wait * 2)
            await asyncio.sleep(wait)

    def _forget(self) -> None:
        """A new speaker has nothing."""
        self._urgent.clear()
        self._on_the_way = 0
        for loaded in self._loaded.values():
            loaded.sent.clear()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> str:
        """Until the line breaks; why it did."""
        hello, _ = await asyncio.wait_for(wire.read(reader), 15)
        if hello.get("ev") != "hello" or hello.get("v") != wire.VERSION:
            return "the speaker is of another version of tui-label"
        self._writer = writer
        for loaded in self._loaded.values():
            self._declare(loaded)
        if hello.get("ok"):
            self._tell(Told("ready", why=str(hello.get("device", ""))))
        else:
            self._tell(Told("silent", why=str(hello.get("why", ""))))
        if self._again is not None:
            again, self._again = self._again, None
            if hello.get("ok"):
                again()
        tasks = [asyncio.create_task(one) for one in (self._read(reader), self._write(writer), self._watch())]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                if task.exception() is None:
                    return str(task.result())
            return "the speaker went away"
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _read(self, reader: asyncio.StreamReader) -> str:
        while True:
            header, _ = await wire.read(reader)
            self._take(header, time.monotonic())

    async def _watch(self) -> str:
        while True:
            await asyncio.sleep(0.25)
            if self._unanswered and time.monotonic() - self._unanswered > ANSWER_S:
                return "the sound server does not answer"

    async def _write(self, writer: asyncio.StreamWriter) -> str:
        while True:
            if self._urgent:
                writer.write(self._urgent.popleft())
                await writer.drain()
                continue
            due = self._next_piece() if self._on_the_way < WINDOW_BYTES else None
            if due is None:
                self._wake.clear()
                await self._wake.wait()
                continue
            await self._send_piece(writer, *due)

    async def _send_piece(self, writer: asyncio.StreamWriter, loaded: _Loaded, number: int) -> None:
        loaded.sent.add(number)
        loop = asyncio.get_running_loop()
        samples = await loop.run_in_executor(self._reads, loaded.recording.read, number * loaded.piece, loaded.piece)
        data = samples.astype("<f4").tobytes()
        for start in range(0, max(1, len(data)), CHUNK_BYTES):
            while self._urgent:
                writer.write(self._urgent.popleft())
            part = data[start : start + CHUNK_BYTES]
            last = start + CHUNK_BYTES >= len(data)
            header = {"op": "data", "id": loaded.clip.id, "i": number, "codec": "pcm", "last": last}
            self._on_the_way += len(part)
            writer.write(wire.pack(header, part))
            await writer.drain()
        self._make_room()

    def _take(self, header: dict[str, Any], now: float) -> None:
        event = header.get("ev")
        if event == "ack":
            self._on_the_way -= int(header["n"])
            if self._unanswered:
                self._unanswered = now
            self._wake.set()
            return
        if event == "lost":
            self._playing = None
            self._unanswered = 0.0
            self._tell(Told("silent", why=str(header.get("why", ""))))
            return
        if header.get("seq") != self._seq:
            return
        if event == "error":
            self._unanswered = 0.0
            self._playing = None
            self._tell(Told("silent", why=str(header.get("why", ""))))
            return
        if not self._rate:
            return
        self._unanswered = 0.0
        heard = Heard(
            self._seq, header["t"] / self._rate, now + float(header.get("in", 0)), float(header.get("speed", 1))
        )
        if event in ("started", "pos") and self._playing is not None:
            self._playing = (self._playing[0], heard.t, *self._playing[2:])
            self._wake.set()
        self._tell(Told(str(event), heard))


async def local_speaker() -> Line:
    """A speaker process of our own, with this machine's sound card."""
    log = speaker_log()
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as errors:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tui_label.sound.speaker",
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=errors,
            start_new_session=True, limit=2 * wire.LARGEST,
        )  # fmt: skip
    assert process.stdin is not None and process.stdout is not None

    async def end() -> None:
        # Not asked but killed: a speaker whose sound server hangs would not hear
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()

    return Line(process.stdout, process.stdin, end)


def card() -> tuple[bool, str]:
    """Whether this machine can be heard, and on what or why not; asks a speaker and ends it."""
    speaker = [sys.executable, "-m", "tui_label.sound.speaker"]
    try:
        done = subprocess.run(speaker, input=b"", capture_output=True, timeout=15)
        hello = wire.unpack(done.stdout)
    except subprocess.TimeoutExpired:
        return False, "the sound server does not answer"
    except ConnectionError as error:
        return False, str(error)
    return bool(hello.get("ok")), str(hello.get("device") or hello.get("why", ""))


def speaker_log() -> Path:
    """Where what PortAudio and the sound server print goes."""
    state = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    return Path(state) / "tui-label" / "speaker.log"
