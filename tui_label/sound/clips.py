"""The clips that a speaker was told of: open here, and which of their pieces it has."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import NamedTuple

from tui_label.sound import packing
from tui_label.sound.media import open_recording
from tui_label.sound.player import Clip
from tui_label.sound.recording import Facts, Recording

CACHE_BYTES = 256 << 20
"""What a speaker holds of all clips at most."""
CLIPS_MOST = 48
"""Clips, and so open files, that are kept at hand."""


@dataclass
class Loaded:
    """A clip as the speaker has it."""

    clip: Clip
    facts: Facts
    recording: Recording
    piece: int
    """Frames of a piece."""
    sent: set[int] = field(default_factory=set)
    """Numbers of the pieces that the speaker has, or that are on their way."""

    @property
    def pieces(self) -> int:
        return -(-self.facts.frames // self.piece)

    def bytes_of(self, number: int) -> int:
        return min(self.piece, self.facts.frames - number * self.piece) * self.facts.channels * 4


class Run(NamedTuple):
    """Pieces of a clip, one after the other."""

    loaded: Loaded
    first: int
    pieces: int


class Clips:
    """`send` tells the speaker.  Of a clip that was asked for, `on_open` or `on_refused`, with why, is called."""

    def __init__(
        self, send: Callable[..., None], on_open: Callable[[], None], on_refused: Callable[[str, str], None]
    ) -> None:
        self._send, self._on_open, self._on_refused = send, on_open, on_refused
        self._loaded: OrderedDict[str, Loaded] = OrderedDict()
        """Those wanted last come last."""
        self._opening: dict[str, asyncio.Future[Recording]] = {}
        self._reads = ThreadPoolExecutor(1, thread_name_prefix="decode")
        """Recordings are read and closed by this thread alone."""
        self._closed = False

    def get(self, id: str) -> Loaded | None:
        return self._loaded.get(id)

    def load(self, clip: Clip) -> None:
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
            self._on_refused(clip.id, str(error))
            return
        recording = opened.result()
        if self._closed:
            recording.close()
            return
        facts = recording.facts
        piece = packing.piece_frames(facts.rate, facts.channels)
        self._loaded[clip.id] = Loaded(clip, facts, recording, piece)
        self._declare(self._loaded[clip.id])
        self._on_open()

    def declare_again(self) -> None:
        """To a new speaker, which has nothing."""
        for loaded in self._loaded.values():
            loaded.sent.clear()
            self._declare(loaded)

    def _declare(self, loaded: Loaded) -> None:
        facts = loaded.facts
        self._send(
            "clip", id=loaded.clip.id, rate=facts.rate, channels=facts.channels, frames=facts.frames, piece=loaded.piece
        )

    def give_up(self, loaded: Loaded, why: str) -> None:
        """What could be opened can be read no more, as where its share is gone; asked for again, it is opened again."""
        if self._loaded.get(loaded.clip.id) is loaded:
            self._drop(loaded)
            self._on_refused(loaded.clip.id, why)

    def _drop(self, loaded: Loaded) -> None:
        del self._loaded[loaded.clip.id]
        self._reads.submit(loaded.recording.close)
        self._send("drop", id=loaded.clip.id)

    def close(self) -> None:
        self._closed = True
        for opening in self._opening.values():
            opening.cancel()
        for loaded in self._loaded.values():
            self._reads.submit(loaded.recording.close)
        self._reads.shutdown(wait=False)

    # pieces

    def unsent(self, id: str, start: float, end: float, *, far: bool) -> Run | None:
        """The first pieces between two times that are not there; on a far line the more, the later they are due."""
        loaded = self._loaded.get(id)
        if loaded is None:
            return None
        first = max(0, int(start * loaded.facts.rate) // loaded.piece)
        last = min(loaded.pieces - 1, int(end * loaded.facts.rate) // loaded.piece)
        number = next((one for one in range(first, last + 1) if one not in loaded.sent), None)
        if number is None:
            return None
        longest = packing.longest_run(loaded.piece, loaded.facts.channels)
        most = min(longest, max(1, number - first)) if far else 1
        count = 1
        while count < most and number + count <= last and number + count not in loaded.sent:
            count += 1
        return Run(loaded, number, count)

    async def packed(self, run: Run, *, far: bool, lossless: bool) -> packing.Packed:
        """The pieces as they cross the line, on their way from now on; raises InputError."""
        loaded, facts = run.loaded, run.loaded.facts
        loaded.sent.update(range(run.first, run.first + run.pieces))
        codec = packing.codec_for(facts.rate, facts.channels, lossless) if far else "pcm"
        start, count = run.first * loaded.piece, run.pieces * loaded.piece
        return await asyncio.get_running_loop().run_in_executor(
            self._reads, packing.pack_run, loaded.recording.read, start, count, codec, facts.rate
        )

    def make_room(self, playing: str, at: float) -> None:
        """Drop what was not wanted for longest, never what plays; of a long clip, what lies far from where it is (`at`)."""
        if not self._loaded:
            return
        held = sum(loaded.bytes_of(number) for loaded in self._loaded.values() for number in loaded.sent)
        kept = playing if playing in self._loaded else next(reversed(self._loaded))
        while held > CACHE_BYTES or len(self._loaded) > CLIPS_MOST:
            oldest = next((one for one in self._loaded.values() if one.clip.id != kept), None)
            if oldest is None:
                break
            held -= sum(oldest.bytes_of(number) for number in oldest.sent)
            self._drop(oldest)
        left = self._loaded[kept]
        here = int((at if kept == playing else 0.0) * left.facts.rate) // left.piece
        while held > CACHE_BYTES and left.sent:
            number = max(left.sent, key=lambda one: abs(one - here))
            left.sent.discard(number)
            held -= left.bytes_of(number)
            self._send("drop", id=left.clip.id, i=number)
