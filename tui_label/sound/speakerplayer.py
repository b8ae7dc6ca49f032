"""The app's end of a speaker: clips go ahead in pieces, keys overtake them.

`SpeakerPlayer` speaks the protocol of wire.py over a line; `connect` says how to get one,
and is asked again after a loss.
"""

from __future__ import annotations

import asyncio
import contextlib
import math
import time
from collections import OrderedDict, deque
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from tui_label.core.commands import FAR
from tui_label.errors import InputError
from tui_label.sound import packing, wire
from tui_label.sound.line import Line
from tui_label.sound.media import open_recording
from tui_label.sound.player import Clip, Heard, Manner, Told, Typed
from tui_label.sound.recording import Facts, Recording

AHEAD_S = 20.0
"""How much of the clip that plays is sent before it is due."""
FIRST_S = 10.0
"""How much of the next clip is sent before anybody asks for it."""
CACHE_BYTES = 256 << 20
CLIPS_MOST = 48
"""Clips, and so open files, that are kept at hand."""
WINDOW_BYTES, FAR_WINDOW_BYTES = 2 << 20, 16 << 10
"""Clip data on its way that the speaker has not acknowledged; over ssh more of it would delay the keys."""
CHUNK_BYTES, FAR_CHUNK_BYTES = 256 << 10, 4 << 10
ANSWER_S = 2.0
"""A speaker that takes longer to begin than this hangs, and is started again."""
PING_S = 0.4
SILENCE_S = 1.5
"""A far line from which nothing came for this long is broken, or stands still while something plays at its end."""
BROKEN_S = 10.0
"""After so much silence it is broken then, too; before, what was sent ahead may well be heard."""
NO_ANSWER = "the listener does not answer"
AGAIN_S = 0.8
"""From a loss until a speaker is looked for again."""


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


@dataclass
class _Playing:
    """What plays, or will as soon as it can."""

    seq: int
    id: str
    at: float
    """Where it is, in seconds of the file."""
    manner: Manner
    begun: bool = False
    """Whether the speaker was told."""


class SpeakerPlayer:
    """A speaker at the other end of a line.  `connect(urgent)` raises OSError or EOFError that says why there is none."""

    def __init__(
        self, connect: Callable[[bool], Awaitable[Line]], tell: Callable[[Told], None], *, lossless: bool = False
    ) -> None:
        self._connect, self._tell, self._lossless = connect, tell, lossless
        self._urgent: deque[bytes] = deque()
        self._loaded: OrderedDict[str, _Loaded] = OrderedDict()
        self._opening: dict[str, asyncio.Future[Recording]] = {}
        self._ahead: list[tuple[str, float]] = []
        """Clips to send when nothing plays, and from where."""
        self._playing: _Playing | None = None
        self._count = 0
        self._following: int | None = None
        self._strays: deque[tuple[dict[str, Any], float]] = deque(maxlen=8)
        """What was told of voices that are not known yet, and when."""
        self._offered: dict[str, Any] = {}
        self._lines = -1
        """Counts them: what a listener counted on an earlier one means nothing now."""
        self._unanswered = 0.0
        self._on_the_way = 0
        self._heard_at = 0.0
        self._still = False
        """Whether it was told that the line stands still."""
        self._wake, self._look = asyncio.Event(), asyncio.Event()
        self._reads = ThreadPoolExecutor(1, thread_name_prefix="decode")
        """Recordings are read and closed by this thread alone."""
        self._line: Line | None = None
        self._task = asyncio.create_task(self._run())

    # what the app wants

    def prepare(self, clip: Clip, at: float = 0.0) -> None:
        self._ahead = [*[one for one in self._ahead if one[0] != clip.id][-3:], (clip.id, at)]
        self._load(clip)
        self._wake.set()

    def play(self, clip: Clip, at: float, manner: Manner) -> int:
        if self._following is not None:
            return self._adopt(_Playing(self._following, clip.id, at, manner, begun=True))
        self._count += 1
        self._playing = _Playing(self._count, clip.id, at, manner)
        self._load(clip)
        self._begin()
        return self._count

    def _adopt(self, playing: _Playing) -> int:
        """A voice that began at the other end; what was heard of it meanwhile is told now."""
        self._playing = playing
        self._unanswered = time.monotonic()
        for header, moment in [one for one in self._strays if one[0].get("seq") == playing.seq]:
            asyncio.get_running_loop().call_soon(self._late, header, moment)
        self._wake.set()
        return playing.seq

    def _late(self, header: dict[str, Any], moment: float) -> None:
        told = self._moved(str(header["ev"]), header, moment)
        if told is not None:
            self._tell(told)

    def _begin(self) -> None:
        """Tell the speaker what to play, once it is there and the clip is open."""
        playing = self._playing
        if playing is None or playing.begun or self._line is None or playing.id not in self._loaded:
            return
        rate = self._loaded[playing.id].facts.rate
        at = round(playing.at * rate)
        self._send("play", seq=playing.seq, id=playing.id, at=at, **playing.manner.fields(rate))
        playing.begun, self._unanswered = True, time.monotonic()

    def adjust(self, manner: Manner) -> None:
        playing = self._playing
        if playing is not None:
            playing.manner = manner
            if playing.begun and self._following is None:
                self._send("adjust", **manner.fields(self._loaded[playing.id].facts.rate))

    def pause(self) -> None:
        self._playing, self._unanswered = None, 0.0
        if self._following is None:
            self._send("pause")

    def follow(self, seq: int | None) -> None:
        self._following = seq

    def offer(self, typed: Typed, keys: Mapping[str, str], tape: Mapping[str, Any]) -> None:
        if self._line is None or not self._line.hello.get("keys") or typed.line != self._lines:
            return
        loaded = self._loaded.get(tape["id"])
        able = keys if loaded is not None else {}
        offer = {"n": typed.n, "keys": dict(able), "tape": {**tape, "rate": loaded.facts.rate if loaded else 0}}
        if offer != self._offered:
            self._offered = offer
            self._send("keys", **offer)

    def wake(self) -> None:
        self._look.set()

    async def close(self) -> None:
        self._task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._task
        for opening in self._opening.values():
            opening.cancel()
        for loaded in self._loaded.values():
            self._reads.submit(loaded.recording.close)
        self._reads.shutdown(wait=False)

    # clips

    def _load(self, clip: Clip) -> None:
        """Open a clip, which may take a while, and declare it to the speaker."""
        if clip.id in self._loaded:
            self._loaded.move_to_end(clip.id)
        elif clip.id not in self._opening:
            self._opening[clip.id] = opening = asyncio.ensure_future(asyncio.to_thread(open_recording, clip.path))
            opening.add_done_callback(lambda done: self._opened(clip, done))

    def _opened(self, clip: Clip, opened: asyncio.Future[Recording]) -> None:
        del self._opening[clip.id]
        if opened.cancelled():
            return
        if (error := opened.exception()) is not None:
            self._refuse(clip.id, str(error))
            return
        recording = opened.result()
        if self._task.done():
            recording.close()
            return
        facts = recording.facts
        piece = packing.piece_frames(facts.rate, facts.channels)
        loaded = self._loaded[clip.id] = _Loaded(clip, facts, recording, piece)
        self._declare(loaded)
        self._make_room()
        self._begin()

    def _refuse(self, id: str, why: str) -> None:
        if self._playing is not None and self._playing.id == id:
            self.pause()
            self._tell(Told("refused", why=why))

    def _give_up(self, loaded: _Loaded, why: str) -> None:
        """What could be opened can be read no more, as where its share is gone; asked for again, it is opened again."""
        if self._loaded.get(loaded.clip.id) is loaded:
            del self._loaded[loaded.clip.id]
            self._reads.submit(loaded.recording.close)
            self._send("drop", id=loaded.clip.id)
            self._refuse(loaded.clip.id, why)

    def _declare(self, loaded: _Loaded) -> None:
        facts = loaded.facts
        self._send(
            "clip", id=loaded.clip.id, rate=facts.rate, channels=facts.channels, frames=facts.frames, piece=loaded.piece
        )

    def _next_run(self) -> tuple[_Loaded, int, int] | None:
        """The pieces that are due first: of what plays, else of what will be asked for."""
        playing = self._playing
        if playing is not None and playing.id in self._loaded:
            at, end, loop = playing.at, playing.manner.end, playing.manner.loop
            found = self._unsent(playing.id, at, min(loop[1] if loop else end, at + AHEAD_S))
            if found is None and loop is not None:
                found = self._unsent(playing.id, loop[0], loop[1])
            if found is not None:
                return found
        for id, at in reversed(self._ahead):
            found = self._unsent(id, at, at + FIRST_S) if id in self._loaded else None
            if found is not None:
                return found
        return None

    def _unsent(self, id: str, start: float, end: float) -> tuple[_Loaded, int, int] | None:
        """A run of pieces that are not there; on a far line the longer, the later they are due."""
        loaded = self._loaded[id]
        first = max(0, int(start * loaded.facts.rate) // loaded.piece)
        last = min(loaded.pieces - 1, int(end * loaded.facts.rate) // loaded.piece)
        number = next((one for one in range(first, last + 1) if one not in loaded.sent), None)
        if number is None:
            return None
        longest = packing.longest_run(loaded.piece, loaded.facts.channels)
        most = min(longest, max(1, number - first)) if self._line is not None and self._line.far else 1
        count = 1
        while count < most and number + count <= last and number + count not in loaded.sent:
            count += 1
        return loaded, number, count

    def _make_room(self) -> None:
        """Drop what was not wanted for longest, never what plays; of a long clip, what lies far from the playhead."""
        held = sum(loaded.bytes_of(number) for loaded in self._loaded.values() for number in loaded.sent)
        if not self._loaded:
            return
        newest = next(reversed(self._loaded))
        kept = self._playing.id if self._playing and self._playing.id in self._loaded else newest
        while held > CACHE_BYTES or len(self._loaded) > CLIPS_MOST:
            oldest = next((one for one in self._loaded.values() if one.clip.id != kept), None)
            if oldest is None:
                break
            held -= sum(oldest.bytes_of(number) for number in oldest.sent)
            self._send("drop", id=oldest.clip.id)
            self._reads.submit(oldest.recording.close)
            del self._loaded[oldest.clip.id]
        left = self._loaded[kept]
        at = self._playing.at if self._playing and self._playing.id == kept else 0.0
        here = int(at * left.facts.rate) // left.piece
        while held > CACHE_BYTES and left.sent:
            number = max(left.sent, key=lambda one: abs(one - here))
            left.sent.discard(number)
            held -= left.bytes_of(number)
            self._send("drop", id=left.clip.id, i=number)

    # the line

    def _send(self, op: str, **fields: Any) -> None:
        if self._line is not None:
            self._urgent.append(wire.pack({"op": op, **fields}))
        self._wake.set()

    async def _run(self) -> None:
        """Connect, and again when there is none, or when the speaker dies or hangs."""
        urgent = False
        while True:
            try:
                line = await self._connect(urgent)
                try:
                    why = await self._talk(line)
                finally:
                    self._line = None
                    # Not closed: what the other end does not take would stay here
                    line.writer.transport.abort()
                    await line.end()
            except (OSError, EOFError) as error:
                why = str(error) or "the speaker went away"
            self._urgent.clear()
            self._playing, self._unanswered, self._on_the_way = None, 0.0, 0
            self._tell(Told("silent", why=why))
            self._look.clear()
            with contextlib.suppress(TimeoutError):
                # Not wait_for: before Python 3.12 it can swallow that this task is cancelled, and close() waits for ever
                async with asyncio.timeout(AGAIN_S):
                    await self._look.wait()
            urgent = self._look.is_set()

    async def _talk(self, line: Line) -> str:
        """Until the line breaks; why it did."""
        self._line, self._heard_at, self._still, self._offered = line, time.monotonic(), False, {}
        self._lines += 1
        self._strays.clear()
        for loaded in self._loaded.values():
            loaded.sent.clear()  # a new speaker has nothing
            self._declare(loaded)
        self._tell(Told("ready", why=line.name))
        if line.hello.get("keys"):
            self._tell(Told("sync", more={"ev": "sync", "typed": Typed(self._lines)}))
        self._begin()
        work = [self._read(line.reader), self._write(line), self._watch(line.far)]
        tasks = [asyncio.create_task(one) for one in work]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                if task.exception() is None:
                    return task.result()
            return "the listener went away" if line.far else "the speaker went away"
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _read(self, reader: asyncio.StreamReader) -> str:
        while True:
            header, _ = await wire.read(reader)
            self._heard_at = time.monotonic()
            if self._still:
                self._still = False
                self._tell(Told("moving"))
            try:
                told = self._take(header, self._heard_at)
            except (KeyError, TypeError, ValueError, OverflowError):
                return "the listener does not speak this protocol"
            if told is not None and told.event == "silent":
                return told.why
            if told is not None:
                self._tell(told)

    async def _watch(self, far: bool) -> str:
        now = time.monotonic()
        while True:
            silent_in = self._heard_at + SILENCE_S - now if far and not self._still else PING_S
            await asyncio.sleep(max(0.05, min(PING_S, silent_in)))
            now = time.monotonic()
            if far and now - self._heard_at > SILENCE_S:
                if self._playing is None or not self._playing.begun or now - self._heard_at > BROKEN_S:
                    return NO_ANSWER
                self._stands_still(now)
            elif self._unanswered and now - self._unanswered > ANSWER_S:
                return "the sound server does not answer"
            if far:
                self._send("ping", x=now)

    def _stands_still(self, now: float) -> None:
        if self._unanswered:
            # Nobody could: its time begins when the line moves again
            self._unanswered = now
        if not self._still:
            self._still = True
            self._tell(Told("still", why=NO_ANSWER))

    async def _write(self, line: Line) -> str:
        window = FAR_WINDOW_BYTES if line.far else WINDOW_BYTES
        while True:
            if self._urgent:
                line.writer.write(self._urgent.popleft())
                await line.writer.drain()
                continue
            due = self._next_run() if self._on_the_way < window else None
            if due is None:
                self._wake.clear()
                await self._wake.wait()
                continue
            await self._send_run(line, window, *due)

    async def _send_run(self, line: Line, window: int, loaded: _Loaded, number: int, count: int) -> None:
        loaded.sent.update(range(number, number + count))
        try:
            packed = await asyncio.get_running_loop().run_in_executor(
                self._reads, self._packed, line.far, loaded, number, count
            )
        except InputError as error:
            self._give_up(loaded, str(error))
            return
        chunk = FAR_CHUNK_BYTES if line.far else CHUNK_BYTES
        run = {"id": loaded.clip.id, "i": number, "n": count, "codec": packed.codec, "skip": packed.skip}
        for start in range(0, max(1, len(packed.data)), chunk):
            while self._urgent or self._on_the_way >= window:
                if self._urgent:
                    line.writer.write(self._urgent.popleft())
                else:
                    self._wake.clear()
                    await self._wake.wait()
            if self._loaded.get(loaded.clip.id) is not loaded:
                return  # dropped meanwhile: the rest would be taken for the start of another run
            part = packed.data[start : start + chunk]
            self._on_the_way += len(part)
            line.writer.write(wire.pack({"op": "data", **run, "last": start + chunk >= len(packed.data)}, part))
            await line.writer.drain()
        self._make_room()

    def _packed(self, far: bool, loaded: _Loaded, number: int, count: int) -> packing.Packed:
        facts = loaded.facts
        codec = packing.codec_for(facts.rate, facts.channels, self._lossless) if far else "pcm"
        read = loaded.recording.read
        return packing.pack_run(read, number * loaded.piece, count * loaded.piece, codec, facts.rate)

    # what it tells

    def _take(self, header: dict[str, Any], now: float) -> Told | None:
        """What a message of the speaker tells; raises where it is none of the protocol."""
        event = str(header.get("ev"))
        if event == "ack":
            taken = int(header["n"])
            if not 0 <= taken <= self._on_the_way:
                raise ValueError("that much was not sent")
            self._on_the_way -= taken
            if self._unanswered:
                self._unanswered = now
            self._wake.set()
        elif event == "pong":
            rtt = now - float(header["x"])
            if not 0 <= rtt < ANSWER_S + BROKEN_S:
                raise ValueError("that was not asked")
            return Told("far", more={"rtt": rtt})
        elif event == "lost" or (
            event == "error" and header.get("seq") in (0, self._playing.seq if self._playing else 0)
        ):
            return Told("silent", why=wire.words(header.get("why", "")) or "the sound card went away")
        elif event in ("key", "sync"):
            return self._typed(event, header)
        elif event in ("started", "pos", "ended"):
            return self._moved(event, header, now)
        return None

    def _typed(self, event: str, header: dict[str, Any]) -> Told | None:
        if self._line is None or not self._line.hello.get("keys"):
            return None
        n = int(header["n"])
        if n < 0:
            raise ValueError("nobody types less than nothing")
        more: dict[str, Any] = {"ev": event, "typed": Typed(self._lines, n)}
        if event == "key":
            at, seq = float(header["at"]), int(header["seq"])
            more |= {"name": header["name"], "at": at, "seq": seq, "on": [int(one) for one in header["on"]]}
            if more["name"] not in FAR or not math.isfinite(at) or len(more["on"]) != 2:
                raise ValueError("no such key")
        return Told(event, more=more)

    def _moved(self, event: str, header: dict[str, Any], now: float) -> Told | None:
        t, wait, speed = float(header["t"]), float(header.get("in", 0)), float(header.get("speed", 1))
        if not (math.isfinite(t) and math.isfinite(wait) and 0 <= speed <= 4):
            raise ValueError("no place of a clip")
        playing = self._playing
        if playing is None or header.get("seq") != playing.seq or playing.id not in self._loaded:
            self._strays.append((header, now))
            return None
        self._unanswered = 0.0
        facts = self._loaded[playing.id].facts
        moment = now + min(5.0, max(-5.0, wait))
        # Before its start: what comes is not heard yet
        heard = Heard(playing.seq, min(max(-5.0, t / facts.rate), facts.frames / facts.rate), moment, speed)
        if event != "ended":
            playing.at = heard.t
            self._wake.set()
        return Told(event, heard)
