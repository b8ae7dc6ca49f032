"""The tape deck: an item's sound on the tape, how it looks, and what comes next at hand."""

from __future__ import annotations

import asyncio
import contextlib
import random
import tempfile
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

from tui_label.core.annotating.session import Effect, Session
from tui_label.core.item import Item, Sound
from tui_label.core.listening import Listening
from tui_label.core.project import Listen
from tui_label.errors import InputError
from tui_label.sound.calibration import RATE, write_clicks
from tui_label.sound.fetching import Unwanted
from tui_label.sound.kinds import is_url, shown
from tui_label.sound.look import Look, locate, look
from tui_label.sound.player import Clip, Typed
from tui_label.sound.remote import cache
from tui_label.sound.tape import NOTHING, PLAY_LATER_S, MakePlayer, Region, Tape, Track


class Left(Exception):
    """The item is not on the desk any more: nobody needs its look."""


class Deck(Tape):
    """Plays items of one project for one person."""

    def __init__(
        self,
        folder: Path,
        settings: Listen,
        make_player: MakePlayer,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(make_player, step_back_s=settings.step_back_s, speed=settings.speed, clock=clock)
        self.look = Look()
        self._folder, self._settings = folder, settings
        self._looks = ThreadPoolExecutor(1, thread_name_prefix="look")
        self._spectra = ThreadPoolExecutor(1, thread_name_prefix="spectrum")
        self._sound: Sound | None = None
        self._next: Sound | None = None
        """What probably comes after it."""
        self._coming: set[str] = set()
        """URLs that are being fetched."""
        self._clicks: tempfile.TemporaryDirectory[str] | None = None
        self._own_speed = self.speed
        """The person's, while clicks play."""
        self._of_item = self.listening, 0.0
        """What was heard of the item, and the place on its tape, while clicks play."""

    async def close(self) -> None:
        self._sound = self._next = None
        for thread in (self._looks, self._spectra):
            thread.shutdown(wait=False, cancel_futures=True)
        await super().close()

    # the item

    def lay(self, item: Item | None, listening: Listening | None = None) -> None:
        """A new item on the desk: silence, its start, its peaks on their way."""
        sound = item.sound if item else None
        self.put(_track(self._folder, sound) if sound is not None else NOTHING)
        if self._clicks is not None:
            self._clicks.cleanup()
            self._clicks, self.speed = None, self._own_speed
        self._sound, self.look = sound, Look()
        self.listening = listening or Listening()
        self._painted_at = self._clock()
        self._playable = sound is not None and self._track.clip.path.is_file()
        if self._playable:
            self._player.prepare(self._track.clip, self._track.offset)
        if sound is None:
            return
        if self._playable or not is_url(sound.path):
            self._see(sound)
        else:
            self._fetch(sound)

    def ahead(self, item: Item | None) -> None:
        """What probably comes next."""
        self._next = sound = item.sound if item else None
        if sound is None:
            return
        track = _track(self._folder, sound)
        if track.clip.path.is_file():
            self._player.prepare(track.clip, track.offset)
        elif is_url(sound.path):
            self._fetch(sound)

    def painted(self) -> None:
        """The item is on the screen: its listening starts now."""
        self._painted_at = self._clock()
        if self._settings.autoplay and self._sound is not None and not self.listening.plays and not self.trouble:
            self.play_from(0.0)

    def _sound_is_back(self) -> None:
        if self._settings.autoplay and self._sound is not None and not self.listening.plays:
            self.play_from(0.0)

    def _refused(self, why: str) -> None:
        super()._refused(why)
        self.look = replace(self.look, word=why, broken=True)

    def _see(self, sound: Sound) -> None:
        loop = asyncio.get_running_loop()

        def grown(found: Look) -> None:
            if sound is not self._sound:
                raise Left
            loop.call_soon_threadsafe(self._seen, sound, found)

        def seen(done: asyncio.Future[Look]) -> None:
            if not done.cancelled() and not isinstance(done.exception(), Left):
                self._seen(sound, done.result())

        loop.run_in_executor(self._looks, look, self._folder, sound, grown).add_done_callback(seen)

    def _seen(self, sound: Sound, found: Look) -> None:
        if sound is self._sound:
            self.look = found
            if found.peaks is None:
                # Not the sound that was to be labelled: better none than the wrong one
                self.stop()
                self._playable = False
            self.on_change()

    # sounds that lie elsewhere

    def play_from(self, start: float, region: Region | None = None, *, counts: bool = True) -> None:
        super().play_from(start, region, counts=counts)
        if self._sound is not None and not self._playable and is_url(self._sound.path):
            self._asked_at = self._clock()
            if not self.look.coming:
                self._fetch(self._sound)

    def _fetch(self, sound: Sound) -> None:
        """Have its file in the cache, unless nobody wants it any more before it is there."""
        loop, steps = asyncio.get_running_loop(), [-1]
        if sound is self._sound:
            self._say_coming(sound, 0)
        if sound.path in self._coming:
            return
        self._coming.add(sound.path)

        def tell(share: float) -> None:
            if not self._wants(sound):
                raise Unwanted
            step = int(share * 20) * 5
            if step != steps[-1]:
                steps.append(step)
                loop.call_soon_threadsafe(self._say_coming, sound, step)

        fetched = _apart(lambda: cache().fetch(sound.path, sound.hash, tell))
        fetched.add_done_callback(lambda done: self._fetched(sound, done))

    def _wants(self, sound: Sound) -> bool:
        return sound.path in [one.path for one in (self._sound, self._next) if one is not None]

    def _say_coming(self, sound: Sound, percent: int) -> None:
        if self._sound is not None and self._sound.path == sound.path and not self._playable:
            part = f", {percent} % of it is here" if percent else ""
            self.look = Look(word=f"{shown(sound.path)} is being fetched{part}", coming=True)
            self.on_change()

    def _fetched(self, sound: Sound, done: asyncio.Future[Path]) -> None:
        self._coming.discard(sound.path)
        error, here = done.exception(), self._sound
        if here is None or here.path != sound.path:
            if error is None and self._next is not None and self._next.path == sound.path:
                track = _track(self._folder, self._next)
                self._player.prepare(track.clip, track.offset)
        elif isinstance(error, Unwanted):
            self._fetch(here)
        elif error is not None:
            self.look = Look(word=f"{error} (play tries again)", broken=True)
            self.on_change()
        else:
            self._arrived(here)

    def _arrived(self, sound: Sound) -> None:
        self._playable, self.look = True, Look()
        self._player.prepare(self._track.clip, self._track.offset)
        self._see(sound)
        if self._clock() - self._asked_at < PLAY_LATER_S:
            self.play_from(self._rest, self._region)
        else:
            self._sound_is_back()
        self.on_change()

    # other looks and ears

    def spectrum(self, start: float, end: float, columns: int, rows: int) -> asyncio.Future[list[list[float]]] | None:
        """The spectrogram of what is heard between two times, when it is computed; see spectrum.py."""
        if self._sound is None or not self._playable:
            return None
        from tui_label.sound.spectrum import spectrogram

        rate, offset = self._sound.rate, self._sound.offset
        first, last = round((offset + start) * rate), round((offset + end) * rate)
        path, ear, peaks = self._track.clip.path, self.ear, self.look.peaks

        def loudest(count: int) -> list[int]:
            assert peaks is not None
            return [round((offset + at) * rate) for at in peaks.loudest_of(start, end, count, ear)]

        known = loudest if peaks is not None and peaks.complete else None
        loop = asyncio.get_running_loop()
        return loop.run_in_executor(self._spectra, spectrogram, path, first, last, columns, rows, ear, known)

    def of_item(self) -> tuple[Listening, float]:
        """What was heard of the item up to now, and the place on its tape; clicks are no part of it."""
        if self._clicks is not None:
            return self._of_item
        self.count()
        return self.listening, round(self.position, 3)

    def rehearse(self) -> list[float]:
        """Play clicks in place of the item; when they come.  `lay` brings the item back."""
        self.pause()
        if self._clicks is None:
            self._own_speed, self._of_item = self.speed, self.of_item()
        self._clicks = tempfile.TemporaryDirectory(prefix="tui-label-", ignore_cleanup_errors=True)
        path = Path(self._clicks.name) / "clicks.wav"
        times, seconds = write_clicks(path, random.randrange(10**6))
        self._sound = Sound(str(path), seconds, rate=RATE, hash=path.parent.name)
        self.put(Track(Clip(path.parent.name, path), 0.0, seconds))
        self._playable, self.speed = True, 1.0
        self.play_from(0.0)
        return times

    # a listener that catches keys

    def offer(self, typed: Typed, keys: Mapping[str, str], session: Session | None) -> None:
        """Tell the listener which keys may act there, now that all is done that it counted as `typed`."""
        region = region_of(session) if session is not None else None
        here = [region.start, region.end] if region else None
        able = keys if session is not None and self._playable and self._clicks is None else {}
        self._player.offer(typed, able, {**self.state(), "here": here, "typing": bool(session and session.typing)})

    def follow(self, name: str, at: float, seq: int, on: Sequence[Any], session: Session | None) -> None:
        """Do as the listener did with a play key."""
        region = region_of(session) if session is not None else None
        self.repeat(name, region, bool(session and session.typing), at, seq, on)

    # what the hands did

    def command(self, name: str, session: Session) -> bool:
        """Carry out a play key; whether it was one."""
        return self.press(name, region_of(session), session.typing)

    def effect(self, effect: Effect, session: Session) -> bool:
        """Let the ear follow what the hands did to a segment; whether it was about that."""
        if effect not in (Effect.GO, Effect.PLAY, Effect.HEAR_START, Effect.HEAR_END):
            return False
        segment = session.segment_here
        if segment is None:
            return True
        region = Region(segment.start, segment.end)
        if self.loop is not None and self.loop != Region(0.0, self.duration):
            # What is looped is the segment that the hands are on
            self.loop = region
        if effect is Effect.GO:
            self.seek(segment.start)
        elif effect is Effect.PLAY:
            self.play_from(segment.start, region)
        else:
            self.play_edge(region, effect is Effect.HEAR_START)
        return True


def region_of(session: Session) -> Region | None:
    """The segment that play keys are about."""
    segment = session.segment_picked
    return Region(segment.start, segment.end) if segment else None


def _apart(work: Callable[[], Path]) -> asyncio.Future[Path]:
    """In a thread that nobody waits for: who leaves need not sit through a slow download."""
    loop = asyncio.get_running_loop()
    made: asyncio.Future[Path] = loop.create_future()

    def settle(path: Path | None, error: BaseException | None) -> None:
        if error is not None:
            made.set_exception(error)
        elif path is not None:
            made.set_result(path)

    def run() -> None:
        try:
            outcome: tuple[Path | None, BaseException | None] = work(), None
        except (InputError, Unwanted) as error:
            outcome = None, error
        with contextlib.suppress(RuntimeError):  # the loop is gone
            loop.call_soon_threadsafe(settle, *outcome)

    threading.Thread(target=run, daemon=True, name="fetch").start()
    return made


def _track(folder: Path, sound: Sound) -> Track:
    path = locate(folder, sound)
    return Track(Clip(sound.hash or str(path), path), sound.offset, sound.duration, sound.channels)
