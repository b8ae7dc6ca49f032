"""What plays, as the rest of the app knows it: `Player`, what it is given and what it tells.

speakerplayer.py is one, localkeys.py has another.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

Loop = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Clip:
    """A recording on this machine as something to play; `id` names its content."""

    id: str
    path: Path


@dataclass(frozen=True, slots=True)
class Manner:
    """How a voice plays, times in seconds of its file: up to `end`, or round a loop, perhaps one channel (`ear`) alone."""

    end: float
    speed: float = 1.0
    loop: Loop | None = None
    ear: int | None = None

    def fields(self, rate: int) -> dict[str, Any]:
        """It as fields of a message: times in frames."""
        loop = [round(edge * rate) for edge in self.loop] if self.loop else None
        return {"end": round(self.end * rate), "speed": self.speed, "loop": loop, "ear": self.ear}


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
class Typed:
    """How much of what was typed a listener has counted, `n`, on which line: on another one that means nothing."""

    line: int = 0
    n: int = 0


@dataclass(frozen=True, slots=True)
class Told:
    """What a player tells: `started`, `pos`, `ended`, `ready`, `silent`, `still`, `moving`, `refused`, `far`; `key`, `sync`.

    `silent` says in `why` that nothing can be heard; `ready` that something can, on `why`;
    `still` that a far line brings no word of what plays, for the reason `why`, and `moving` that it does again;
    `refused` why a clip can't be; `far` how long a message takes there and back (`more["rtt"]`, seconds).  `key` and
    `sync` come from a listener that catches keys (localkeys.py), with a Typed as `more["typed"]`.
    """

    event: str
    heard: Heard | None = None
    why: str = ""
    more: Mapping[str, Any] = field(default_factory=dict)


class Player(Protocol):
    """What plays.  Nothing here waits; what comes of it is told."""

    def prepare(self, clip: Clip, at: float = 0.0) -> None:
        """Have the sound from `at` seconds on at hand."""
        ...

    def play(self, clip: Clip, at: float, manner: Manner) -> int:
        """Play from `at` seconds of the file on; the number of this voice."""
        ...

    def adjust(self, manner: Manner) -> None:
        """What plays goes on in another manner."""
        ...

    def pause(self) -> None: ...

    def follow(self, seq: int | None) -> None:
        """What is played, adjusted and paused from now on was so at the other end already, by the voice `seq`.

        None: no more.
        """
        ...

    def offer(self, typed: Typed, keys: Mapping[str, str], tape: Mapping[str, Any]) -> None:
        """Tell a listener that catches keys which of them may act there, and on what (localkeys.py).

        `typed` is of the last `key` or `sync` that was told and is done with.
        """
        ...

    def wake(self) -> None:
        """Somebody wants to hear something while nothing can be heard: look again now."""
        ...

    async def close(self) -> None: ...
