"""The tape: what the play keys do to one stretch of sound, and what was heard of it.

Times are seconds of the item (an item may be a stretch of a longer file).  Nothing here
waits or knows files; `on_change` is called when something moved by itself.
"""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from tui_label.core.listening import JOINED, Listening
from tui_label.sound.player import Clip, Heard, Manner, Player, Told

SLOWEST, FASTEST, SPEED_STEP = 0.5, 2.0, 0.1
JUMP_S = 2.0
LAST_S = 1.0
EDGE_S = 0.4
"""How much of a segment's edge is played after it was moved."""
PLAY_LATER_S = 5.0
"""A play key that came while nothing could be heard is honoured if the sound is back this soon."""
PAUSE_TAKES_S = 0.04
"""From the key until it is silent: what is heard meanwhile."""
REPORTS = 16
"""Reports of the player that are kept: some seconds of them, longer than any hand is late."""

MakePlayer = Callable[[Callable[[Told], None]], Player]


@dataclass(frozen=True, slots=True)
class Region:
    """What is played: seconds of the item."""

    start: float
    end: float


@dataclass(frozen=True, slots=True)
class Track:
    """What lies on the tape: a stretch of a clip, in seconds from `offset` of its file."""

    clip: Clip
    offset: float
    duration: float
    channels: int = 1


NOTHING = Track(Clip("", Path()), 0.0, 0.0)


class Tape:
    """Plays one track at a time for one person."""

    def __init__(
        self,
        make_player: MakePlayer,
        *,
        step_back_s: float,
        speed: float = 1.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.on_change: Callable[[], None] = lambda: None
        self.on_twin: Callable[[Mapping[str, Any]], None] = lambda _: None
        """Hears what a twin at the other end did, or asks."""
        self.speed = speed
        self.ear: int | None = None
        """The only channel that is heard; None: all of them."""
        self.loop: Region | None = None
        self.playing = False
        self.trouble = ""
        """Why nothing can be heard; empty while something can."""
        self.rtt_s = 0.0
        """Seconds to a far speaker and back; 0 where it is near or not known."""
        self.device = ""
        self.listening = Listening()
        self.reaction_s = 0.0
        """How late this person's key comes after what they hear."""
        self._clock, self._step_back_s = clock, step_back_s
        self._player = make_player(self.told)
        self._track = NOTHING
        self._playable = False
        self._region = Region(0.0, 0.0)
        self._rest = 0.0
        self._paused_here = False
        self._reports: deque[Heard] = deque(maxlen=REPORTS)
        """Where the voice was when; in a loop the seconds go on counting from round to round."""
        self._counted_to = 0.0
        self._voice = 0
        self._puts = self._moves = 0
        """How many tracks were put on, and how often their playing was changed here: a twin says which it knew of."""
        self._asked_at = -PLAY_LATER_S
        """When a play key came in vain."""
        self._painted_at = clock()

    async def close(self) -> None:
        self.stop()
        await self._player.close()

    def put(self, track: Track) -> None:
        """Another track, at rest at its start."""
        self.stop()
        self._puts += 1
        self._track = track
        if self.ear is not None and self.ear >= track.channels:
            self.ear = None
        self.loop, self._region, self._rest = None, Region(0.0, track.duration), 0.0

    # a twin at the other end of a line

    def now(self) -> float:
        """Seconds of the clock that positions are told by."""
        return self._clock()

    def state(self) -> dict[str, Any]:
        """All that a twin must know, in JSON's types."""
        track = self._track
        return {
            "id": track.clip.id,
            "offset": track.offset,
            "duration": track.duration,
            "channels": track.channels,
            "step_back": self._step_back_s,
            "region": [self._region.start, self._region.end],
            "loop": [self.loop.start, self.loop.end] if self.loop else None,
            "rest": round(self._rest, 4),
            "paused": self._paused_here,
            "playing": self.playing,
            "speed": self.speed,
            "ear": self.ear,
            "seq": self._voice,
            "on": [self._puts, self._moves],
        }

    def restore(self, state: Mapping[str, Any], latest: Heard | None) -> None:
        """Be the twin of a tape in this state, whose voice was heard `latest`; raises where it is no state."""
        offset, duration, channels = float(state["offset"]), float(state["duration"]), int(state["channels"])
        region, loop = Region(*map(float, state["region"])), state["loop"] and Region(*map(float, state["loop"]))
        rest, speed, step_back_s = float(state["rest"]), float(state["speed"]), float(state["step_back"])
        ear = None if state["ear"] is None else int(state["ear"])
        playing, seq = bool(state["playing"]), int(state["seq"])
        seconds = [offset, duration, region.start, region.end, rest, step_back_s]
        if not all(0 <= one < 1e9 for one in seconds) or not SLOWEST <= speed <= FASTEST:
            raise ValueError("no state of a tape")
        if loop and not 0 <= loop.start < loop.end < 1e9:
            raise ValueError("no loop")
        self._track = Track(Clip(str(state["id"]), Path()), offset, duration, channels)
        self._region, self.loop, self._rest, self.speed, self.ear = region, loop or None, rest, speed, ear
        self._step_back_s, self._paused_here = step_back_s, bool(state["paused"])
        self.playing, self._playable, self._voice = playing, True, seq
        self._reports.clear()
        if playing and latest is not None and latest.seq == seq:
            self._reports.append(latest)
        self._counted_to = math.inf  # what was heard is put down at the other end

    def repeat(self, name: str, region: Region | None, typing: bool, at: float, seq: int, on: Sequence[Any]) -> None:
        """Do as the twin did with a play key, when it was at `at` seconds: its voice is `seq`, and sounds already.

        `on` is what the twin knew of.  If something moved here since, its key acts here, and what is so here holds.
        """
        if list(on) != [self._puts, self._moves]:
            if on[0] == self._puts:
                self.press(name, region, typing)
            self._insist()
            return
        moves = self._moves
        at = min(max(0.0, at), self.duration)
        if self._reports:
            here = Heard(self._voice, at + self._track.offset, self._clock(), self.speed)
            self._reports.append(self._unrolled(here))
        else:
            self._rest = at
        self._player.follow(seq)
        try:
            self.press(name, region, typing)
        finally:
            self._player.follow(None)
        self._moves = moves
        if self.playing != bool(self._voice) or (seq and self._voice != seq):
            self._insist()

    def _insist(self) -> None:
        """Make the speaker do what this tape does, whatever it was told at the other end."""
        if self.playing:
            self.play_from(self.position, self._region)
        else:
            self._moves += 1
            self._player.pause()

    # where it is

    @property
    def duration(self) -> float:
        return self._track.duration

    @property
    def heard(self) -> bool:
        """Whether the speaker said that it sounds."""
        return self.playing and bool(self._reports)

    @property
    def position(self) -> float:
        """What is heard now, or where it would go on."""
        return self._position(self._clock())

    def _position(self, moment: float) -> float:
        if not self.playing or not self._reports:
            return self._rest
        at = self._reported(moment) - self._track.offset
        if self.loop is not None and at >= self.loop.end:
            at = self.loop.start + (at - self.loop.start) % (self.loop.end - self.loop.start)
        return min(max(0.0, at), self.duration)

    def _reported(self, moment: float) -> float:
        """Seconds of the file that were heard at a moment, by the last report before it."""
        earlier = (one for one in reversed(self._reports) if one.moment <= moment)
        return next(earlier, self._reports[0]).position(moment)

    @property
    def tapped(self) -> float:
        """The place that a key is about: while it plays, what was heard when the hand was told to press."""
        return self._position(self._clock() - self.reaction_s)

    # the keys

    def play_from(self, start: float, region: Region | None = None, *, counts: bool = True) -> None:
        """Play from a place to the end of the region (the whole item if not given).

        A jump while it plays, or an edge after it was moved, is not one more play.
        """
        counts = counts and not self.playing
        self._moves += 1
        self._settle()
        region = region or Region(0.0, self.duration)
        end = min(region.end, self.duration) if start < region.end - 0.01 else self.duration
        start = min(max(0.0, start), self.duration)
        if self.loop is not None and not self.loop.start <= start < self.loop.end:
            start = self.loop.start
        self._region = Region(region.start, end)
        self._rest, self._paused_here = start, False
        self._reports.clear()
        if self.trouble:
            self._asked_at = self._clock()
            self._player.wake()
        if self.trouble or not self._playable:
            return
        self.playing = True
        if counts:
            self.listening = self.listening.played((self._clock() - self._painted_at) * 1000)
        self._voice = self._player.play(self._track.clip, start + self._track.offset, self._manner)

    def toggle(self, region: Region | None = None) -> None:
        """Play or pause.  Going on after a pause steps back; at the end it begins again."""
        if self.playing:
            self.pause()
            return
        region = region or Region(0.0, self.duration)
        start, paused_here = self._rest, self._paused_here
        if paused_here and not self.trouble:
            start = max(region.start, start - self._step_back_s)
        if not region.start <= start < region.end - 0.01:
            start = region.start
        self.play_from(start, region)
        if self.trouble:
            self._paused_here = paused_here  # it did not go on: the step back is still to come

    def pause(self) -> None:
        if self.playing:
            self._moves += 1
            self._settle(PAUSE_TAKES_S)
            self._paused_here = True

    def stop(self) -> None:
        """Silence, without the step back of a pause."""
        self.pause()
        self._paused_here = False

    def _settle(self, more: float = 0.0) -> None:
        """What plays comes to rest where it is."""
        if not self.playing:
            return
        now = self._clock()
        self._count(now)
        self._rest = min(self._position(now + more), self._region.end if self.loop is None else self.duration)
        self._silence()
        self._player.pause()

    def _silence(self) -> None:
        self.playing, self._voice = False, 0
        self._reports.clear()

    def seek(self, to: float) -> None:
        """Go to a place; what plays goes on from there."""
        to = min(max(0.0, to), self.duration)
        if self.playing:
            self.play_from(to, self._region)
        else:
            self._moves += 1
            self._rest, self._paused_here = to, False

    def jump(self, by: float) -> None:
        self.seek(self.position + by)

    def last_second(self) -> None:
        """The last second again; a paused clip stops where it was."""
        here = self.position
        end = self._region.end if self.playing else here
        self.play_from(max(0.0, here - LAST_S), Region(max(0.0, here - LAST_S), end))

    def next_unheard(self) -> None:
        """The next stretch that was not heard yet, round from the start again."""
        self.count()
        here, left = self.position, self.listening.unheard(self.duration)
        start, end = next((one for one in left if one[1] > here + JOINED), left[0] if left else (here, here))
        if start < end:
            self.loop = None
            self.play_from(start, Region(start, end))

    def play_edge(self, region: Region, start: bool) -> None:
        """The first or last moments of a segment."""
        if start:
            edge = Region(region.start, min(region.end, region.start + EDGE_S))
        else:
            edge = Region(max(region.start, region.end - EDGE_S), region.end)
        self.play_from(edge.start, edge, counts=False)

    def change_speed(self, by: int) -> None:
        """By steps of 0.1, between 0.5 and 2; what plays goes on at the new speed."""
        self._count(self._clock())
        self.speed = min(FASTEST, max(SLOWEST, round(self.speed + by * SPEED_STEP, 1)))
        self._adjust()

    def switch_loop(self, region: Region | None) -> None:
        """Round and round a region (the whole item if not given), or no more."""
        now = self._clock()
        self._count(now)
        here = self._position(now)
        self.loop = (region or Region(0.0, self.duration)) if self.loop is None else None
        if self.loop is None:
            self._leave_loop(here, now)
        elif self.playing and not self.loop.start <= here < self.loop.end:
            self.play_from(self.loop.start, self.loop)
            return
        self._adjust()

    def _leave_loop(self, here: float, now: float) -> None:
        """The seconds count from the clip's start again, on to its end."""
        self._region = Region(0.0, self.duration)
        if self._reports:
            last = self._reports[-1]
            self._reports.clear()
            self._reports.append(replace(last, t=here + self._track.offset, moment=now))
            self._counted_to = here

    def next_ear(self) -> None:
        """All channels, the first alone, the second alone, …, all."""
        channels = self._track.channels
        if channels > 1:
            following = 0 if self.ear is None else self.ear + 1
            self.ear = following if following < channels else None
            self._adjust()

    def _adjust(self) -> None:
        self._moves += 1
        if self.playing:
            self._player.adjust(self._manner)

    @property
    def _manner(self) -> Manner:
        offset = self._track.offset
        loop = (self.loop.start + offset, self.loop.end + offset) if self.loop else None
        return Manner(self._region.end + offset, self.speed, loop, self.ear)

    def press(self, name: str, region: Region | None, typing: bool) -> bool:
        """Carry out a play key by name, about the segment `region`; whether it was one."""
        acts: dict[str, Callable[[], None]] = {
            "play.toggle": lambda: self.toggle(region if typing else None),
            "play.start": lambda: self.play_from(region.start if region else 0.0, region),
            "play.back": lambda: self.jump(-JUMP_S),
            "play.forward": lambda: self.jump(JUMP_S),
            "play.slower": lambda: self.change_speed(-1),
            "play.faster": lambda: self.change_speed(1),
            "play.loop": lambda: self.switch_loop(region),
            "play.last": self.last_second,
            "play.channel": self.next_ear,
            "play.unheard": self.next_unheard,
            "tape.left": lambda: self.jump(-1.0),
            "tape.right": lambda: self.jump(1.0),
            "tape.fine-left": lambda: self.jump(-0.1),
            "tape.fine-right": lambda: self.jump(0.1),
            "tape.home": lambda: self.seek(0.0),
            "tape.end": lambda: self.seek(self.duration),
        }
        if name not in acts:
            return False
        acts[name]()
        return True

    # what was heard

    def count(self) -> None:
        """Put down what was heard up to now."""
        self._count(self._clock())

    def _count(self, now: float) -> None:
        """Put down what was heard since the last time."""
        if not self.playing or not self._reports:
            return
        to = self._reported(now) - self._track.offset
        if to <= self._counted_to:
            return
        speed = self._reports[-1].speed or self.speed
        for start, end in self._on_tape(self._counted_to, to):
            self.listening = self.listening.heard(start, end, speed)
        self._counted_to = to

    def _on_tape(self, start: float, end: float) -> Iterator[tuple[float, float]]:
        """The stretches of the clip between two places, round by round of the loop."""
        if self.loop is None:
            yield start, min(end, self._region.end)
            return
        length = self.loop.end - self.loop.start
        rounds = max(0, int((start - self.loop.start) / length))
        while start < end:
            before = rounds * length
            yield start - before, min(end - before, self.loop.end)
            start, rounds = self.loop.end + before, rounds + 1

    def told(self, told: Told) -> None:
        match told.event:
            case "key" | "sync":
                self.on_twin(told.more)
                return
            case "silent" | "ready":
                self._card(told)
            case "still" | "moving":
                # What plays is not touched: it may be heard all the while, and the next report says where it is
                self.trouble = told.why
            case "far":
                self.rtt_s = float(told.more["rtt"])
            case "refused":
                self._refused(told.why)
            case _:
                if told.heard is not None and told.heard.seq == self._voice and self.playing:
                    self._moved(told.event, told.heard)
        self.on_change()

    def _refused(self, why: str) -> None:
        """The player cannot read this clip."""
        self._silence()
        self._playable = False

    def _sound_is_back(self) -> None:
        """Something can be heard again."""

    def _card(self, told: Told) -> None:
        was = self.trouble
        if told.event == "ready":
            self.trouble, self.device = "", told.why
            if was and self._clock() - self._asked_at < PLAY_LATER_S:
                self.toggle(self._region)
            elif was:
                self._sound_is_back()
        else:
            self.trouble, self.rtt_s = told.why, 0.0
            if self.playing:
                # What came out since the player's last word, nobody knows: going on begins before it
                known = min(self._clock(), self._reports[-1].moment) if self._reports else self._clock()
                self._count(known)
                self._rest, self._paused_here = self._position(known), bool(self._reports)
                self._silence()

    def _moved(self, event: str, heard: Heard) -> None:
        if event == "ended":
            self._ended()
        elif event == "started" or (event == "pos" and self._reports):
            self._count(heard.moment)
            heard = self._unrolled(heard)
            at = heard.t - self._track.offset
            if event == "started":
                self._counted_to = max(self._counted_to, at) if self._reports else at
            self._reports.append(heard)

    def _unrolled(self, heard: Heard) -> Heard:
        """In a loop, its seconds counted on by as many rounds as bring it nearest to what was heard before."""
        if self.loop is None or not self._reports:
            return heard
        length = self.loop.end - self.loop.start
        return replace(heard, t=heard.t + round((self._reported(heard.moment) - heard.t) / length) * length)

    def _ended(self) -> None:
        if self._reports:
            speed = self._reports[-1].speed or self.speed
            self.listening = self.listening.heard(self._counted_to, self._region.end, speed)
        self._rest = self._region.end
        self._silence()
