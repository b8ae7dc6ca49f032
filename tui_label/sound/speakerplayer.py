"""The app's end of a speaker: clips go ahead in pieces, keys overtake them.

`SpeakerPlayer` speaks the protocol of wire.py over a line; `connect` says how to get one,
and is asked again after a loss.
"""

from __future__ import annotations

import asyncio
import contextlib
import math
import time
from collections import deque
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tui_label.core.commands import FAR
from tui_label.errors import InputError
from tui_label.sound import wire
from tui_label.sound.clips import Clips, Run
from tui_label.sound.line import Line
from tui_label.sound.player import Clip, Heard, Manner, Told, Typed

AHEAD_S = 20.0
"""How much of the clip that plays is sent before it is due."""
FIRST_S = 10.0
"""How much of the next clip is sent before anybody asks for it."""
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
        self._clips = Clips(self._send, self._clip_opened, self._refuse)
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
        self._line: Line | None = None
        self._task = asyncio.create_task(self._run())

    # what the app wants

    def prepare(self, clip: Clip, at: float = 0.0) -> None:
        self._ahead = [*[one for one in self._ahead if one[0] != clip.id][-3:], (clip.id, at)]
        self._clips.load(clip)
        self._wake.set()

    def play(self, clip: Clip, at: float, manner: Manner) -> int:
        if self._following is not None:
            return self._adopt(_Playing(self._following, clip.id, at, manner, begun=True))
        self._count += 1
        self._playing = _Playing(self._count, clip.id, at, manner)
        self._clips.load(clip)
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
        loaded = self._clips.get(playing.id) if playing is not None else None
        if playing is None or playing.begun or self._line is None or loaded is None:
            return
        rate = loaded.facts.rate
        at = round(playing.at * rate)
        self._send("play", seq=playing.seq, id=playing.id, at=at, **playing.manner.fields(rate))
        playing.begun, self._unanswered = True, time.monotonic()

    def adjust(self, manner: Manner) -> None:
        playing = self._playing
        if playing is not None:
            playing.manner = manner
            loaded = self._clips.get(playing.id)
            if playing.begun and loaded is not None and self._following is None:
                self._send("adjust", **manner.fields(loaded.facts.rate))

    def pause(self) -> None:
        self._playing, self._unanswered = None, 0.0
        if self._following is None:
            self._send("pause")

    def follow(self, seq: int | None) -> None:
        self._following = seq

    def offer(self, typed: Typed, keys: Mapping[str, str], tape: Mapping[str, Any]) -> None:
        if self._line is None or not self._line.hello.get("keys") or typed.line != self._lines:
            return
        loaded = self._clips.get(tape["id"])
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
        self._clips.close()

    def _clip_opened(self) -> None:
        self._make_room()
        self._begin()

    def _refuse(self, id: str, why: str) -> None:
        if self._playing is not None and self._playing.id == id:
            self.pause()
            self._tell(Told("refused", why=why))

    def _make_room(self) -> None:
        playing = self._playing
        self._clips.make_room(playing.id if playing else "", playing.at if playing else 0.0)

    def _next_run(self, far: bool) -> Run | None:
        """The pieces that are due first: of what plays, else of what will be asked for."""
        return next(filter(None, (self._clips.unsent(*one, far=far) for one in self._wanted())), None)

    def _wanted(self) -> Iterator[tuple[str, float, float]]:
        """Stretches of clips, what is wanted soonest first: id, start and end."""
        if (playing := self._playing) is not None:
            loop = playing.manner.loop
            yield playing.id, playing.at, min(loop[1] if loop else playing.manner.end, playing.at + AHEAD_S)
            if loop is not None:
                yield playing.id, *loop
        for id, at in reversed(self._ahead):
            yield id, at, at + FIRST_S

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
        self._clips.declare_again()
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
            due = self._next_run(line.far) if self._on_the_way < window else None
            if due is None:
                self._wake.clear()
                await self._wake.wait()
                continue
            await self._send_run(line, window, due)

    async def _send_run(self, line: Line, window: int, due: Run) -> None:
        try:
            packed = await self._clips.packed(due, far=line.far, lossless=self._lossless)
        except InputError as error:
            self._clips.give_up(due.loaded, str(error))
            return
        id = due.loaded.clip.id
        chunk = FAR_CHUNK_BYTES if line.far else CHUNK_BYTES
        run = {"id": id, "i": due.first, "n": due.pieces, "codec": packed.codec, "skip": packed.skip}
        for start in range(0, max(1, len(packed.data)), chunk):
            while self._urgent or self._on_the_way >= window:
                if self._urgent:
                    line.writer.write(self._urgent.popleft())
                else:
                    self._wake.clear()
                    await self._wake.wait()
            if self._clips.get(id) is not due.loaded:
                return  # dropped meanwhile: the rest would be taken for the start of another run
            part = packed.data[start : start + chunk]
            self._on_the_way += len(part)
            line.writer.write(wire.pack({"op": "data", **run, "last": start + chunk >= len(packed.data)}, part))
            await line.writer.drain()
        self._make_room()

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
        loaded = self._clips.get(playing.id) if playing is not None else None
        if playing is None or header.get("seq") != playing.seq or loaded is None:
            self._strays.append((header, now))
            return None
        self._unanswered = 0.0
        facts = loaded.facts
        moment = now + min(5.0, max(-5.0, wait))
        # Before its start: what comes is not heard yet
        heard = Heard(playing.seq, min(max(-5.0, t / facts.rate), facts.frames / facts.rate), moment, speed)
        if event != "ended":
            playing.at = heard.t
            self._wake.set()
        return Told(event, heard)
