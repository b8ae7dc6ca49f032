"""What of the tape is on the screen: the window, the drawing of it, and when it changes next."""

from __future__ import annotations

import asyncio
from typing import Any

from tui_label.bench.workplace import Workplace
from tui_label.core.annotating.session import Session
from tui_label.core.listening import is_enough
from tui_label.ui.modes import Calibration
from tui_label.ui.views.sound import TAPE_MARGIN, Tape, lane_count, wave_height
from tui_label.ui.wave import shades, waveform

WHOLE_S = 60.0
"""A clip up to this long is shown whole at first."""
PART_S = 30.0
"""What is shown at first of a longer one."""
CLOSEST_S = 0.25
SOONEST_S = 0.03
"""A moving playhead is drawn no more often than this."""
PAINT_S = 0.012
"""From drawing a playhead until it is on the screen, and so ahead of what is heard."""
LEAD = 0.1
"""Part of the window that stays before the playhead when it turns the page."""


class SoundView:
    """The look of one deck."""

    def __init__(self, workbench: Workplace[Any]) -> None:
        self._workbench = workbench
        self.spectrogram = False
        self._shown: Any = None
        """The item whose tape is on the screen."""
        self._span = 0.0
        self._start = 0.0
        self._cells, self._depth = 0, 0
        """Columns, and rows from the first of the waveform to the last of the segments."""
        self._drawn: tuple[Any, list[str]] = ((), [])
        self._grid: tuple[Any, list[str]] = ((), [])
        """The waveform and the spectrogram that were drawn last, each with what it was drawn from."""
        self._clicking = False
        """Whether clicks play in place of the item."""

    def switch_spectrogram(self) -> None:
        self.spectrogram = not self.spectrogram

    def zoom(self, by: float) -> None:
        """Closer or further, round the playhead."""
        deck = self._workbench.deck
        if deck is None:
            return
        share = (deck.position - self._start) / self._span if self._span else 0.5
        self._span = min(deck.duration, max(CLOSEST_S, self._span * by))
        self._start = min(max(0.0, deck.position - share * self._span), max(0.0, deck.duration - self._span))

    @property
    def page(self) -> float:
        """Seconds that a page key moves by."""
        deck = self._workbench.deck
        whole = deck is None or self._span >= deck.duration
        return self._span / 10 if whole else self._span

    def moment_at(self, x: int, y: int) -> float | None:
        """The seconds that column `x` shows, where row `y` of the item belongs to the tape."""
        if self._clicking or not 0 <= y < self._depth or not TAPE_MARGIN <= x < TAPE_MARGIN + self._cells:
            return None
        return self._start + (x - TAPE_MARGIN + 0.5) * self._span / self._cells

    def tape(self, session: Session, width: int, room: int, stretch: tuple[float, float] | None = None) -> Tape | None:
        """The tape in the `room` rows that the item has; the hands are on a stretch of it, or on the picked segment."""
        deck = self._workbench.deck
        if deck is None:
            return None
        if self._shown is not session.item:
            self._shown, self._start = session.item, 0.0
            self._span = deck.duration if deck.duration <= WHOLE_S else PART_S
        position = min(deck.duration, deck.position + PAINT_S * deck.speed) if deck.playing else deck.position
        cells = max(10, width - 2 * TAPE_MARGIN)
        rows = wave_height(session, room)
        self._cells, self._depth = cells, rows + (room > 1) + lane_count(session, room)
        window, drawn = (0.0, deck.duration), [""] * rows
        if not self._clicking:
            picked = session.segment_picked
            self._turn(position, deck.duration, stretch or (picked.when if picked else (0.0, 0.0)))
            window = (self._start, self._start + self._span)
            if rows:
                drawn = self._spectrum(window, cells, rows) if self.spectrogram else self._wave(window, cells, rows)
        coverage, wanted = deck.listening.coverage(deck.duration), session.project.sound.must_hear
        return Tape(
            position=position,
            duration=deck.duration,
            playing=deck.playing,
            heard=deck.heard,
            speed=deck.speed,
            looped=deck.loop is not None,
            channel=deck.ear,
            coverage=coverage,
            must_hear=wanted,
            trouble=deck.trouble,
            word=deck.look.word,
            broken=deck.look.broken,
            coming=deck.look.coming,
            window=window,
            wave=drawn,
            spectrogram=self.spectrogram,
            far=f"{deck.device.partition(' · ')[0]} {deck.rtt_s * 1000:.0f} ms" if deck.rtt_s else "",
            clicks=self._clicking,
            unheard=() if is_enough(coverage, wanted) else deck.listening.unheard(deck.duration),
        )

    def _turn(self, position: float, duration: float, stretch: tuple[float, float]) -> None:
        """The page turns when the playhead leaves the window; and for the end of the stretch it is in, where that fits."""
        start, end = stretch
        last = self._start + self._span
        if start <= position <= end and end > last and end - start <= self._span:
            self._start = max(end - self._span, min(start - LEAD * self._span, duration - self._span))
        elif not self._start <= position < last:
            self._start = min(max(0.0, position - LEAD * self._span), max(0.0, duration - self._span))

    def _wave(self, window: tuple[float, float], cells: int, rows: int) -> list[str]:
        deck = self._workbench.deck
        peaks = deck.look.peaks if deck else None
        if deck is None or peaks is None:
            return [""] * rows
        key = (id(peaks), peaks.ready, window, cells, rows, deck.ear)
        if self._drawn[0] != key:
            stereo = peaks.channels == 2 and deck.ear is None and rows >= 4
            heights = [rows - rows // 2, rows // 2] if stereo else [rows]
            drawn: list[str] = []
            for channel, height in enumerate(heights):
                columns = peaks.columns(*window, cells * 2, channel if stereo else deck.ear)
                drawn += waveform(columns, height, peaks.loudest)
            self._drawn = key, drawn
        return self._drawn[1]

    def _spectrum(self, window: tuple[float, float], cells: int, rows: int) -> list[str]:
        """The grid is computed beside the hands; until it is there the rows are empty."""
        deck = self._workbench.deck
        if deck is None:
            return [""] * rows
        measured = deck.look.peaks is not None and deck.look.peaks.complete
        key = (id(self._shown), window, cells, rows, deck.ear, measured)
        if self._grid[0] == key:
            return self._grid[1]
        self._grid = key, [""] * rows
        if (computing := deck.spectrum(*window, cells, rows)) is not None:
            computing.add_done_callback(lambda done: self._computed(key, done))
        return self._grid[1]

    def _computed(self, key: Any, done: asyncio.Future[Any]) -> None:
        if self._grid[0] == key and not done.cancelled() and done.exception() is None:
            self._grid = key, shades(done.result())
            self._workbench.on_change()

    def due(self, width: int) -> float | None:
        """Seconds until the playhead moves on the screen; None while it stands."""
        deck = self._workbench.deck
        if deck is None or not deck.playing or self._workbench.session is None:
            return None
        position = deck.position + PAINT_S * deck.speed
        cell = max(self._span, 0.01) / max(10, width - 2 * TAPE_MARGIN)
        tenth = 0.1 - (position + 0.05 + 1e-4) % 0.1
        column = cell - (position - self._start + 1e-4) % cell
        return max(SOONEST_S if cell < SOONEST_S else 0.001, min(tenth, column) / deck.speed + 0.001)

    def calibration(self) -> Calibration | None:
        """Taps along with clicks, to know how late this person's key comes."""
        deck = self._workbench.deck
        if deck is None or deck.trouble:
            return None
        self._clicking = True

        def finish(times: list[float], taps: list[float]) -> str:
            self._clicking = False
            return self._workbench.end_calibration(times, taps)

        return Calibration(lambda: deck.position, finish, self._workbench.begin_calibration())
