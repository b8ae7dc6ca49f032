"""A text with its spans: rows of text, and under each the lanes with the labels' names.

The lanes are there from the start, so the text never moves when labels come in.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import accumulate, groupby

from rich.cells import cell_len, set_cell_size

from tui_label.core.annotating.session import Session
from tui_label.core.item import Suggestion
from tui_label.core.tasks import Span
from tui_label.core.text import Glyph, glyphs, visible
from tui_label.core.text.rows import Rows
from tui_label.ui.canvas import Row
from tui_label.ui.theme import PALETTE

MARGIN = 3
WIDEST = 100
"""Cells: longer lines are hard to read."""


@dataclass(frozen=True, slots=True)
class Marks:
    """What is drawn over the text besides its spans."""

    found: tuple[tuple[int, int], ...] = ()
    hints: Mapping[int, str] = field(default_factory=dict)
    """Hop hints by the offset of their token."""
    cursor: bool = True
    place: tuple[int, int] | None = None
    """The one of `found` that was gone to."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """A span as it is drawn: `shade` says what it is besides its label's hue."""

    start: int
    end: int
    name: str
    hue: str
    shade: str = "under"
    """`under`: an answer; `faint`: a suggestion or preview."""
    fill: str = "─"
    """What stands under the rest of it behind its name."""
    active: bool = False
    """Whether it is the one of several at the cursor that keys act on."""
    more: int = 0
    """How many others it hides, which have no lane of their own."""

    def meets(self, other: Stretch) -> bool:
        """Whether the two lie over each other somewhere."""
        return self.start < other.end and other.start < self.end


def text_width(width: int) -> int:
    return max(10, min(width - 2 * MARGIN, WIDEST))


def lanes(session: Session) -> int:
    """Rows for label names under each row of text."""
    task = session.span_task
    if task is None:
        return 0
    return 2 if task.overlap else 1


def hue(session: Session, task: str, label: str) -> str:
    """A label's colour: its own, else one of the palette that is nobody's own, steady across the project."""
    project = session.project
    found = project.task(task)
    known = found.label(label) if found else None
    if known is not None and known.color:
        return known.color
    if (place := project.colorless.get(label)) is None:
        return "grey"
    free = [one for one in PALETTE if one not in project.own_colors] or PALETTE
    return free[place % len(free)]


def document(session: Session, rows: Rows, top: int, height: int, marks: Marks) -> list[Row]:
    """`height` screen rows of the text from visual row `top` on."""
    per_row = 1 + lanes(session)
    shown: list[tuple[int, int]] = []
    while len(shown) * per_row < height and rows.has(top + len(shown)):
        shown.append(rows.row(top + len(shown)))
    if not shown:
        return []
    stretches = _stretches(session, shown[0][0], shown[-1][1] + 1)
    drawn: list[Row] = []
    for start, end in shown:
        drawn += _text_row(session, start, end, stretches, marks)
    return drawn[:height]


def _stretches(session: Session, start: int, end: int) -> list[Stretch]:
    here, offered_here = _active(session)
    found = [
        Stretch(span.start, span.end, span.label, hue(session, task, span.label), active=(task, span) == here)
        for task, span in session.spans_within(start, end)
    ]
    offered = [(one.task, span, "?", one == offered_here) for one, span in session.pending_spans]
    offered += [(session.focus, span, "+", False) for span in session.preview]
    found += [
        Stretch(span.start, span.end, f"{span.label}{sign}", hue(session, task, span.label), "faint", active=active)
        for task, span, sign, active in offered
        if span.start < end and start < span.end
    ]
    return sorted(found, key=lambda one: (one.start, -one.end, one.name))


def _active(session: Session) -> tuple[tuple[str, Span] | None, Suggestion | None]:
    """The span and the suggestion that keys act on, where the cursor alone doesn't tell."""
    spans = session.spans_at(session.cursor)
    offered = [one for one, span in session.pending_spans if span.start <= session.cursor < span.end]
    return (
        session.span_under_cursor if len(spans) > 1 else None,
        session.suggestion_under_cursor if len(offered) > 1 else None,
    )


def _text_row(session: Session, start: int, end: int, stretches: list[Stretch], marks: Marks) -> list[Row]:
    line = glyphs(session.item.text, start, end)
    here = [one for one in stretches if one.start < max(end, start + 1) and start < one.end]
    text: Row = [(" " * MARGIN, "")]
    selection = session.selection if marks.cursor else (-1, -1)
    if not (here or marks.found or marks.hints or (selection[0] < end and start < selection[1])):
        text.append(("".join(glyph.picture for glyph in line), ""))
    else:
        text += _pieces(line, lambda glyph: _look(glyph, session, here, selection, marks))
    if marks.cursor and start == end == session.cursor:
        text.append((" ", "cursor"))
    found = [text] + [lane_row(one, line) for one in in_lanes(here, lanes(session))]
    return _hinted(found, line, marks)


def unspanned(text: str, start: int, end: int, marks: Marks) -> Row:
    """A row of a text that has no spans."""
    line = glyphs(text, start, end)
    return [(" " * MARGIN, ""), *_pieces(line, lambda glyph: _found(glyph.start, marks))]


def _pieces(line: Iterable[Glyph], look: Callable[[Glyph], str]) -> Row:
    """Glyphs as they look, those together that look alike."""
    return [("".join(glyph.picture for glyph in alike), words) for words, alike in groupby(line, look)]


def _found(offset: int, marks: Marks, at_cursor: bool = False) -> str:
    if marks.place is not None and marks.place[0] <= offset < marks.place[1]:
        return "gone-to"
    return "found" if not at_cursor and any(first <= offset < last for first, last in marks.found) else ""


def _look(glyph: Glyph, session: Session, here: list[Stretch], selection: tuple[int, int], marks: Marks) -> str:
    offset = glyph.start
    covering = [one for one in here if one.start < glyph.end and offset < one.end]
    words = ""
    if covering:
        inner = min(covering, key=lambda one: (one.shade == "faint", one.end - one.start))
        words = f"hue:{inner.hue}" + (" under" if inner.shade == "under" else "")
    elif marks.hints:
        words = "faint"
    at_cursor = selection[0] <= offset < selection[1]
    words += f" {_found(offset, marks, at_cursor)}"
    if at_cursor:
        words += " cursor" if session.anchor is None else " selected"
    return " ".join(words.split())


def in_lanes(here: list[Stretch], count: int) -> list[list[Stretch]]:
    """Stretches put into lanes so that none covers another; what finds no lane is counted with one that hides it."""
    laid: list[list[Stretch]] = [[] for _ in range(count)]
    for one in here:
        free = next((lane for lane in laid if not any(one.meets(other) for other in lane)), None)
        if free is not None:
            free.append(one)
        elif laid:
            laid[-1] = _hiding(laid[-1], one)
    return laid


def _hiding(lane: list[Stretch], one: Stretch) -> list[Stretch]:
    """A lane that has no room for one more: if active it hides the others, else the first of them hides it."""
    met = [other for other in lane if one.meets(other)]
    if one.active:
        hidden = sum(1 + other.more for other in met)
        return [*(other for other in lane if other not in met), replace(one, more=hidden)]
    return [replace(other, more=other.more + 1) if other is met[0] else other for other in lane]


def lane_row(lane: Sequence[Stretch], line: Sequence[Glyph]) -> Row:
    """Names under their stretches in a row of text: bright as far as the stretch goes, grey beyond.

    Where two stretches touch there is a gap.
    """
    row: Row = []
    places = list(zip(_columns(line), line, strict=True))
    at = 0
    for number, one in enumerate(lane):
        under = [(column, glyph) for column, glyph in places if one.start < glyph.end and glyph.start < one.end]
        if not under or under[0][0] < at:
            continue
        first, last = under[0][0], under[-1][0] + under[-1][1].cells
        following = lane[number + 1].start if number + 1 < len(lane) else None
        limit = next((column - 1 for column, glyph in places if glyph.start == following), 10**6)
        extent = max(1, last - first - (following == one.end))
        name = f"[{visible(one.name)}]" if one.active else visible(one.name)
        if one.more:
            name += f" +{one.more}"
        name = set_cell_size(name, min(cell_len(name), max(extent, limit - first)))
        bright = _start(name, extent)
        rest = name[len(bright) :]
        filled = bright + (" " if rest else one.fill) * (extent - cell_len(bright))
        row += [(" " * (first - at), ""), (filled, f"hue:{one.hue}"), (rest, "faint")]
        at = first + extent + cell_len(rest)
    return row


def _columns(line: Iterable[Glyph]) -> list[int]:
    """The column of each glyph's first cell."""
    return list(accumulate((glyph.cells for glyph in line), initial=MARGIN))[:-1]


def _start(name: str, room: int) -> str:
    """As much of a name as `room` cells hold, and no half of a wide character."""
    return name[: sum(end <= room for end in accumulate(map(cell_len, name)))]


def _hinted(found: list[Row], line: list[Glyph], marks: Marks) -> list[Row]:
    """The hop hints in place of the first lane, or over the text where there is none."""
    here = [
        (column, marks.hints[glyph.start])
        for column, glyph in zip(_columns(line), line, strict=True)
        if glyph.start in marks.hints
    ]
    if not here:
        return found
    row: Row = []
    at = 0
    for column, hint in here:
        if column < at:
            continue
        row += [(" " * (column - at), ""), (hint, "hint")]
        at = column + len(hint)
    if len(found) > 1:
        return [found[0], row, *found[2:]]
    return [_over(found[0], here)]


def _over(text: Row, here: list[tuple[int, str]]) -> Row:
    """Hints over the first cells of their tokens."""
    spots = {column + n: char for column, hint in here for n, char in enumerate(hint)}
    row: Row = []
    column = 0
    for piece, words in text:
        for char in piece:
            size = cell_len(char)
            if column in spots:
                row.append((spots[column] + " " * (size - 1), "hint"))
            else:
                row.append((char, words))
            column += size
    return row
