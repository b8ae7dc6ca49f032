"""The question zone: each task that is asked, with its labels, keys and the answer so far.

What does not fit gives way so that nothing moves as answers come in: first the labels of the
questions that take most rows, but for what is given, then the questions far from the focused one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import takewhile

from tui_label.core.annotating.session import Session
from tui_label.core.annotating.suggested import kept_here
from tui_label.core.commands import TRANSCRIBING
from tui_label.core.item import candidate_names
from tui_label.core.keymap import Keymap
from tui_label.core.keys import key_display
from tui_label.core.tasks import Compare, Rating, Segments, Spans, Task, Text
from tui_label.core.tasks.compare import TIE
from tui_label.core.tasks.segments import segments_in_hand
from tui_label.core.text import fitted, glyphs, number_of, visible
from tui_label.core.text.rows import Rows
from tui_label.core.transcript import Finding, foremost
from tui_label.ui.canvas import Row, cells, clipped, fitted_together, flowed, joined, spread
from tui_label.ui.views.document import hue

BOX_ROWS = 4
"""Screen rows of a text box; more where the question zone has more than it needs."""
BELOW_CARET = 1
"""Rows of a box that stay in sight under the caret."""
NEARLY = 0.9
"""The part of the most characters from which on they are counted on the screen."""


@dataclass(frozen=True, slots=True)
class Option:
    """One possible answer as it is drawn."""

    key: str
    name: str
    hue: str
    given: bool
    offered: bool = False
    place: int = 0
    """In a ranking: 1 is best."""


@dataclass(frozen=True, slots=True)
class Question:
    """A question before it is drawn."""

    task: str
    wanted: int
    """Rows that all of it takes."""
    draw: Callable[[int], list[Row]]
    """It in so many rows, `wanted` at most."""
    least: int = 1


@dataclass(frozen=True, slots=True)
class Zone:
    """The question zone as it is drawn, from row `top` of all its rows on."""

    rows: list[Row]
    top: int = 0
    above: int = 0
    """Questions out of sight over it."""
    below: int = 0


def questions(session: Session, keymap: Keymap, width: int, most: int, top: int = 0) -> Zone:
    """At most `most` rows of all asked tasks, the focused one in sight; scrolled from `top` no further than that takes."""
    box_rows = max(2, min(2 * BOX_ROWS, most - len(session.asked) - 3))
    asked = [one for task in session.asked for one in _question(session, task, keymap, width, box_rows)]
    drawn = [(one.task, row) for one, rows in zip(asked, _shares(asked, most), strict=True) for row in one.draw(rows)]
    tasks = [task for task, _ in drawn]
    top = _following(top, [number for number, task in enumerate(tasks) if task == session.focus], len(drawn), most)
    seen = set(tasks[top : top + most])
    above, below = (len(set(some) - seen) for some in (tasks[:top], tasks[top + most :]))
    return Zone([row for _, row in drawn[top : top + most]], top, above, below)


def _shares(asked: Sequence[Question], most: int) -> list[int]:
    """Rows for each question: what takes most gives way until all fit, or none can give more."""
    shares = [one.wanted for one in asked]
    while sum(shares) > most:
        spare = [share if share > one.least else 0 for share, one in zip(shares, asked, strict=True)]
        if not any(spare):
            break
        shares[spare.index(max(spare))] -= 1
    return shares


def _following(top: int, focused: Sequence[int], count: int, most: int) -> int:
    """Scrolled as little as brings the focused rows into sight."""
    top = max(0, min(top, count - most))
    return min(max(top, focused[-1] - most + 1), focused[0]) if focused else top


def box_width(session: Session, width: int) -> int:
    """Cells of a row of the text box."""
    return max(10, width - _name_cells(session) - 4)


def _name_cells(session: Session) -> int:
    return min(16, max(len(visible(task.id)) for task in session.asked))


def _question(session: Session, task: Task, keymap: Keymap, width: int, box_rows: int) -> list[Question]:
    names = _name_cells(session)
    here = len(session.asked) > 1 and task.id == session.focus
    lead: Row = [("›" if here else " ", "accent"), (fitted(task.id, names + 1), "bold" if here else "")]
    if isinstance(task, Text):
        return [_text_box(session, task, keymap, lead, width, box_rows)]
    if isinstance(task, Segments) and task.transcript is not None:
        # Also while the playhead is in no segment and while one types, or everything above would move
        if not task.labels:
            return [_text_box(session, task, keymap, lead, width, box_rows - 1)]
        unnamed: Row = [(" " * cells(lead), "")]
        return [
            _labels(session, task, keymap, lead, width),
            _text_box(session, task, keymap, unnamed, width, box_rows - 1),
        ]
    if isinstance(task, Segments) and not task.labels:
        return [Question(task.id, 1, lambda _: [[*lead, (number_of(len(session.segments), "segment"), "faint")]])]
    return [_labels(session, task, keymap, lead, width)]


def _led(lead: Row, rows: Sequence[Row]) -> list[Row]:
    """Rows with what leads the first one before it."""
    indent: Row = [(" " * cells(lead), "")]
    return [[*(indent if number else lead), *row] for number, row in enumerate(rows)]


def _with_signs(lead: Row, rows: Sequence[Row], above: bool, below: bool) -> list[Row]:
    """Rows of a text with what leads the first one before it, and between them signs of what is out of sight."""
    name, look = lead[-1]
    signs = [" "] * len(rows)
    signs[-1] = "↓" if below else " "
    signs[0] = ("↕" if signs[0] == "↓" else "↑") if above else signs[0]
    leads = [[*lead[:-1], (name[:-1], look)], *[[(" " * (cells(lead) - 1), "")]] * (len(rows) - 1)]
    return [[*one, (sign, "accent"), *row] for one, sign, row in zip(leads, signs, rows, strict=True)]


def _labels(session: Session, task: Task, keymap: Keymap, lead: Row, width: int) -> Question:
    room = width - cells(lead)
    pieces = [(_drawn(option), option.given or option.offered) for option in options(session, task, keymap)]
    rows = flowed(pieces, room, lambda piece: piece[0])
    ends = _ends(task, room) if isinstance(task, Rating) else []
    apart = bool(ends) and sum(cells(piece) for piece, _ in rows[-1]) + cells(ends) > room
    wanted = len(rows) + apart

    def draw(count: int) -> list[Row]:
        shown = [joined(piece for piece, _ in row) for row in rows[:count]]
        if count < len(rows):
            shown[-1] = _last_of_cut([one for row in rows[count - 1 :] for one in row], room)
        elif apart and count == wanted:
            shown.append(ends)
        elif not apart:
            shown[-1] += ends
        return [clipped(row, width) for row in _led(lead, shown)]

    # What the ends of the focused scale mean is not left out for others
    return Question(task.id, wanted, draw, least=wanted if apart and task.id == session.focus else 1)


def _last_of_cut(rest: Sequence[tuple[Row, bool]], room: int) -> Row:
    """A row for labels that would take more: what is given or suggested among them, others as far as they fit, their number."""
    more = f" +{len(rest)} more"
    kept = {number for number, (_, told) in enumerate(rest) if told}
    left = room - len(more) - sum(cells(rest[number][0]) for number in kept)
    for number, (piece, told) in enumerate(rest):
        left -= 0 if told else cells(piece)
        if left < 0:
            break
        kept.add(number)
    shown = clipped(joined(rest[number][0] for number in sorted(kept)), room - len(more))
    return [*shown, (f" +{len(rest) - len(kept)} more", "faint")]


def _ends(task: Rating, room: int) -> Row:
    """What the ends of a scale mean."""
    if not (task.low or task.high):
        return []
    low, high = fitted_together([visible(task.low), visible(task.high)], room - len("   … "))
    return [(f"  {low} … {high}", "faint")]


def options(session: Session, task: Task, keymap: Keymap) -> list[Option]:
    """What a task offers, with what is chosen and what is suggested; of spans and segments, what the cursor is on."""
    value = session.work.answers.get(task.id)
    offered = {
        str(name)
        for one in session.pending
        if one.task == task.id and not isinstance(one.value, dict) and not isinstance(task, Segments)
        for name in (one.value if isinstance(one.value, list) else [one.value])
    }
    found = []
    if isinstance(task, Segments):
        value = session.segment_here.label if session.segment_here is not None else None
    elif isinstance(task, Spans):
        task_here, span = session.span_under_cursor or ("", None)
        value = span.label if span is not None and task_here == task.id else None
    for name in names_of(session, task):
        given = name in value if isinstance(value, list) else str(value) == name and value is not None
        place = value.index(name) + 1 if isinstance(task, Compare) and isinstance(value, list) and given else 0
        key = keymap.key_of_label(task.id, name)
        color = "" if isinstance(task, Rating | Compare) else hue(session, task.id, name)
        found.append(Option(key, name, color, given, name in offered, place))
    return found


def names_of(session: Session, task: Task) -> tuple[str, ...]:
    if isinstance(task, Compare):
        names = candidate_names(session.item)
        return (*names, TIE) if task.tie and task.mode == "pick" else names
    return task.values


def _drawn(option: Option) -> Row:
    """`[n negative]` is the answer, `(n negative)` a suggestion."""
    before, after = ("[", "]") if option.given else ("(", ")") if option.offered else (" ", " ")
    name = visible(option.name) + (f" {option.place}." if option.place else "")
    if option.key == option.name:
        name = ""
    style = f"hue:{option.hue}" if option.hue else ""
    strong = f"{style} bold".strip() if option.given else style
    return [
        (before, "bold" if option.given else "faint"),
        (option.key or "·", "accent" if option.key else "faint"),
        (f" {name}" if name else "", strong),
        (after + " ", "bold" if option.given else "faint"),
    ]


def idle(session: Session, task: Text) -> bool:
    """Whether a text box is empty and nobody types in it."""
    typing = session.typing and session.focus == task.id
    return not typing and not session.work.answers.get(task.id)


def length_words(task: Text, text: str) -> str:
    """How long a text is, where it is too short, too long or nearly so."""
    if text and len(text) < task.min:
        return f"{len(text):,} of at least {number_of(task.min, 'character')}"
    if task.max is not None and len(text) >= NEARLY * task.max:
        return f"{len(text):,} of at most {number_of(task.max, 'character')}"
    return ""


def _text_box(
    session: Session, task: Text | Segments, keymap: Keymap, lead: Row, width: int, box_rows: int
) -> Question:
    # Under the keys of labels, which stand in brackets
    lead = [*lead[:-1], (lead[-1][0] + " ", lead[-1][1])]
    here = session.focus == task.id
    text, instead = _in_box(session, task)
    room = box_width(session, width)
    rows = Rows(text, room)
    with_sound = session.item.sound is not None and (here or task.transcript is not None)
    wanted = box_rows + 1 if with_sound else next(count for count in range(box_rows, 0, -1) if rows.has(count - 1))

    def draw(count: int) -> list[Row]:
        said = [_said(session, keymap, room)] if with_sound and here and count > 1 + BELOW_CARET else []
        if text or (session.typing and here):
            drawn = _written(session, here, lead, rows, count - len(said))
        else:
            drawn = _led(lead, [[(instead, "faint")]])
        # Rows are kept free from the start, so that nothing moves while one types
        free: list[Row] = [[]] * (count - len(said) - len(drawn)) if with_sound else []
        return [*drawn, *free, *([(" " * cells(lead), ""), *row] for row in said)]

    return Question(task.id, wanted, draw, least=min(wanted, 1 + BELOW_CARET) if here else 1)


def _written(session: Session, here: bool, lead: Row, rows: Rows, count: int) -> list[Row]:
    """What is in a text box, in `count` rows with the caret in sight; `here`: it takes the keys."""
    typing = session.typing and here
    found, sought = (session.findings, session.found) if here else ((), (0, 0))
    caret_row = rows.row_of(session.caret) if typing or sought[1] else 0
    below = sum(rows.has(caret_row + one) for one in range(1, BELOW_CARET + 1))
    top = max(0, caret_row + below - count + 1)
    numbers = [*takewhile(rows.has, range(top, top + count))]
    drawn = [
        _box_row(rows.text, *rows.row(n), session.caret if typing and n == caret_row else None, found, sought)
        for n in numbers
    ]
    return _with_signs(lead, drawn, above=top > 0, below=rows.has(top + len(drawn)))


def _in_box(session: Session, task: Text | Segments) -> tuple[str, str]:
    """The text of a task's box, and what stands there in place of an empty one."""
    if isinstance(task, Text):
        return str(session.work.answers.get(task.id, "")), visible(task.ask) or "text"
    segment = session.segment_here if task == session.segment_task else None
    if segment is not None:
        return segment.text, "no words yet"
    return "", number_of(len(segments_in_hand(session.work.answers.get(task.id))), "segment")


def _said(session: Session, keymap: Keymap, room: int) -> Row:
    """Under a transcript: one thing that its rules find, and how much of the draft is kept."""
    kept = kept_here(session)
    right: Row = [(f"draft kept {kept.kept} of {kept.of} words", "faint")] if kept is not None and kept.of else []
    found, first = session.findings, foremost(session.findings)
    if first is None:
        return spread([], right, room)
    tail: Row = [(f"   +{len(found) - 1}", "faint")] if len(found) > 1 else []
    keys = keymap.keys_of("transcript.fix", TRANSCRIBING) if first.fix is not None else ()
    tail += [(f"   {key_display(keys[0])}", "accent"), (" mends", "faint")] if keys else []
    words: Row = [("rule: ", "faint"), (visible(first.words), "hint")]
    if cells(words) + cells(tail) + cells(right) >= room:
        # What can be done about it comes before what was done so far
        right = []
    return spread([*clipped(words, room - cells(tail) - 1), *tail], right, room)


def _box_row(
    text: str, start: int, end: int, caret: int | None, found: tuple[Finding, ...], sought: tuple[int, int]
) -> Row:
    row: Row = []
    for glyph in glyphs(text, start, end):
        look = "under hint" if any(one.start <= glyph.start < one.end for one in found) else ""
        if sought[0] <= glyph.start < sought[1]:
            look = f"{look} found".strip()
        if caret is not None and glyph.start <= caret < glyph.end:
            look = "cursor"
        if row and row[-1][1] == look:
            row[-1] = (row[-1][0] + glyph.picture, look)
        else:
            row.append((glyph.picture, look))
    if caret is not None and caret >= end:
        row.append((" ", "cursor"))
    return row
