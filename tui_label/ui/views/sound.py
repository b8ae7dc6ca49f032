"""A sound on the screen: waveform, playhead, segments in lanes, and the list of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from rich.cells import cell_len, set_cell_size

from tui_label.core.annotating.session import Session
from tui_label.core.annotating.work import Work
from tui_label.core.listening import is_enough
from tui_label.core.moments import clock, edges
from tui_label.core.tasks import Segment
from tui_label.core.text import visible
from tui_label.ui.canvas import Row, clipped, spread
from tui_label.ui.theme import PALETTE
from tui_label.ui.views.document import hue

TAPE_MARGIN = 1
LANES = 3
"""Rows for segments that may share time; there from the start, so that nothing moves."""
LIST_LEAST = 3
"""Rows of the list of segments that a waveform must leave."""
WAVE_MOST = 12
LINE, UNHEARD, HEAD = "─", "·", "●"


@dataclass(frozen=True, slots=True)
class Tape:
    """What the deck shows of itself."""

    position: float
    duration: float
    playing: bool
    heard: bool
    """Whether what plays has begun to sound: only the speaker knows."""
    speed: float
    looped: bool
    channel: int | None
    """The only one that is heard; None: all."""
    coverage: float
    must_hear: float
    trouble: str
    word: str
    """What is wrong with the file, or how much of it is there."""
    broken: bool
    """Whether the file is not what was to be labelled, and can only be skipped."""
    coming: bool
    """Whether it is still being fetched."""
    window: tuple[float, float]
    """The seconds that are drawn."""
    wave: Sequence[str]
    spectrogram: bool
    far: str = ""
    """The far speaker, and how long a message takes there and back."""
    clicks: bool = False
    """Whether clicks play in place of the item: then nothing of the item is drawn."""
    unheard: Sequence[tuple[float, float]] = ()
    """Stretches that are still to be heard, where the project wants more than was."""

    @property
    def decimals(self) -> int:
        """Of the seconds that are shown: more of them, the closer one looks."""
        span = self.window[1] - self.window[0]
        return 3 if span < 1 else 2 if span < min(10, self.duration) - 0.001 else 1

    def clock(self, seconds: float) -> str:
        return clock(seconds, self.decimals, self.duration)


def wave_height(session: Session, room: int) -> int:
    """Rows for the waveform, of the `room` the item has; the time and the playhead come first."""
    least = 1 if room >= 3 else 0
    if session.segment_task is None:
        return max(least, min(WAVE_MOST, room - 3))
    return max(least, min(WAVE_MOST // 2 + 2, room - 2 - lane_count(session, room) - LIST_LEAST))


def lane_count(session: Session, room: int) -> int:
    """Rows for segments; on a small screen the playhead's rows go first."""
    task = session.segment_task
    if task is None:
        return 0
    return min(LANES if task.overlap else 1, max(0, room - 3))


def sound_rows(session: Session, tape: Tape, width: int, room: int) -> list[Row]:
    """The item zone of a sound."""
    inner = max(10, width - 2 * TAPE_MARGIN)
    rows: list[Row] = [[(" " * TAPE_MARGIN, ""), (line, "faint" if tape.spectrogram else "wave")] for line in tape.wave]
    if tape.clicks:
        session = replace(session, work=Work(), mark=None)
    if room > 1:
        rows.append(_playhead(session, tape, inner))
    rows += _lanes(session, tape, inner, lane_count(session, room))
    rows.append(_transport(tape, width, session.mark if room == 1 else None))
    if tape.word and not tape.clicks:
        rows[max(0, len(tape.wave) - 1)] = [
            (" " * TAPE_MARGIN + visible(tape.word), "faint" if tape.coming else "warn")
        ]
    if session.segment_task is not None:
        rows += _list(session, width, room - len(rows))
    return rows[:room]


def _column(seconds: float, tape: Tape, inner: int) -> int:
    start, end = tape.window
    return int((seconds - start) * inner / max(end - start, 1e-9))


def _playhead(session: Session, tape: Tape, inner: int) -> Row:
    """The line under the waveform, with the playhead and an open mark: up to the edge where that lies beyond it."""
    at = min(max(0, _column(tape.position, tape, inner)), inner - 1)
    row: Row = [(" " * TAPE_MARGIN, "")]
    line = _line(tape, inner)
    if session.mark is None:
        return [*row, (line[:at], "faint"), (HEAD, "accent"), (line[at + 1 :], "faint")]
    mark = min(max(0, _column(session.mark, tape, inner)), inner - 1)
    if mark >= at:
        return [
            *row,
            (line[:at], "faint"),
            (HEAD, "accent"),
            ("━" * (mark - at), "hint"),
            (line[mark + 1 :], "faint"),
        ]
    begins = "┣" if session.mark >= tape.window[0] else "━"
    marked: Row = [(line[:mark], "faint"), (begins + "━" * (at - mark - 1), "hint"), (HEAD, "accent")]
    return [*row, *marked, (line[at + 1 :], "faint")]


def _line(tape: Tape, inner: int) -> str:
    """The line itself: dots where it was not heard yet."""
    columns = [LINE] * inner
    for start, end in tape.unheard:
        first, last = max(0, _column(start, tape, inner)), min(inner - 1, _column(end, tape, inner))
        columns[first : last + 1] = UNHEARD * (last + 1 - first)
    return "".join(columns)


def edges_at_hand(session: Session, tape: Tape, room: int) -> Row:
    """The edges of the segment that keys are about, where segments have no rows of their own."""
    one = session.segment_here
    if one is None or tape.clicks or lane_count(session, room):
        return []
    return [(f"{tape.clock(one.start)}–{tape.clock(one.end)} ", _hue(session, one))]


def _transport(tape: Tape, width: int, mark: float | None) -> Row:
    """The time and how it plays; with an open `mark` where no other row has room to show it."""
    state = "▶" if tape.heard else "▷" if tape.playing else "■"
    left: Row = [
        (" " * TAPE_MARGIN, ""),
        (state + " ", "accent" if tape.playing else "faint"),
        *([(f"from {tape.clock(mark)} to ", "hint")] if mark is not None else []),
        (tape.clock(tape.position), "bold"),
        (f" / {tape.clock(tape.duration)}", "faint"),
    ]
    left.append((f"   {tape.speed:.1f}×", "hint" if tape.speed != 1 else "faint"))
    if tape.looped:
        left.append(("   loop", "hint"))
    if tape.channel is not None:
        left.append((f"   channel {tape.channel + 1} alone", "hint"))
    start, end = tape.window
    if end - start < tape.duration - 0.001:
        left.append((f"   shown {tape.clock(start)}–{tape.clock(end)}", "faint"))
    if tape.must_hear:
        style = "good" if is_enough(tape.coverage, tape.must_hear) else "faint"
        left.append((f"   heard {tape.coverage:.0%}", style))
    right: Row = [("no sound ", "hint")] if tape.trouble else [(f"{tape.far} ", "faint")] if tape.far else []
    return spread(left, right, width)


# segments


def _lane_names(session: Session) -> tuple[str, ...]:
    """Speakers and labels in the project's order: each keeps to its row."""
    task = session.segment_task
    speakers = task.transcript.speakers if task and task.transcript else ()
    return (*speakers, *(task.values if task else ()))


def _lanes(session: Session, tape: Tape, inner: int, count: int) -> list[Row]:
    if not count:
        return []
    here = session.segment_picked
    names = _lane_names(session)
    lanes = shared_out(session.segments, tape, count, names)
    return [segment_row(session, lane, tape, inner, here) for lane in lanes]


def shared_out(segments: Sequence[Segment], tape: Tape, count: int, names: Sequence[str] = ()) -> list[list[Segment]]:
    """The segments of the window in `count` lanes, so that those of a lane do not overlap while there are enough;
    of those whose speaker or label is among `names`, each name keeps to its lane.
    """
    laid: list[list[Segment]] = [[] for _ in range(count)]
    start, end = tape.window
    for one in segments:
        if one.end <= start or one.start >= end:
            continue
        own = names.index(one.speaker or one.label) % count if (one.speaker or one.label) in names else 0
        free = [own, *range(count)]
        lane = next((n for n in free if not any(one.overlaps(other) for other in laid[n])), own)
        laid[lane].append(one)
    return laid


def segment_row(session: Session, lane: Sequence[Segment], tape: Tape, inner: int, here: Segment | None) -> Row:
    """Each segment at its time; where some overlap, the shorter one lies over the longer one, and `here` over all."""
    owners: list[Segment | None] = [None] * inner
    for one in sorted(lane, key=lambda one: (one == here, one.start - one.end)):
        first = max(0, min(inner - 1, _column(one.start, tape, inner)))
        last = min(inner, max(first + 1, _column(one.end, tape, inner)))
        owners[first:last] = [one] * (last - first)
    row: Row = [(" " * TAPE_MARGIN, "")]
    before: Segment | None = None
    named: set[Segment] = set()
    for owner, cells in groupby(owners):
        size = len(list(cells))
        if owner is None:
            row.append((" " * size, ""))
        else:
            if before is not None and size > 1:
                # Where one begins at the end of another, the eye must see two
                row.append(("│", "faint"))
                size -= 1
            name = "" if owner in named else _name(owner)
            named.add(owner)
            shown = set_cell_size(name, size) if cell_len(name) >= size else name + LINE * (size - cell_len(name))
            row.append((shown, f"{_hue(session, owner)} {'selected' if owner == here else 'under'}".strip()))
        before = owner
    return row


def _name(one: Segment) -> str:
    return visible(" ".join(part for part in (one.speaker, one.label) if part) or one.text or "segment")


def _hue(session: Session, one: Segment) -> str:
    task = session.segment_task
    if task is None:
        return ""
    if one.label:
        return f"hue:{hue(session, task.id, one.label)}"
    speakers = task.transcript.speakers if task.transcript else ()
    return f"hue:{PALETTE[speakers.index(one.speaker) % len(PALETTE)]}" if one.speaker in speakers else ""


def _list(session: Session, width: int, room: int) -> list[Row]:
    """Segments around the one that is picked, else around the playhead, with what is said in them."""
    segments = session.segments
    if room <= 0:
        return []
    if not segments:
        return [[(" " * TAPE_MARGIN + "no segments yet", "faint")]]
    here = session.segment_here
    begun = sum(one.start <= session.at for one in segments) - 1
    middle = begun if session.segment_picked is None else session.picked
    top = max(0, min(middle - room // 2, len(segments) - room))
    wide = len(f"{session.duration:.3f}")
    rows: list[Row] = []
    for one in segments[top : top + room]:
        picked = one == here
        row: Row = [
            ("›" if picked else " ", "accent"),
            (f"{edges(one.start, one.end, session.duration)}  ", "bold" if picked else "faint"),
            (f"{one.end - one.start:{wide}.3f} s  ", "faint"),
        ]
        if one.speaker:
            row.append((f"{visible(one.speaker)}: ", _hue(session, one)))
        if one.label:
            row.append((f"{visible(one.label)}  ", _hue(session, one)))
        row.append((visible(one.text), "" if picked else "faint"))
        rows.append(clipped(row, width))
    return rows
