"""The screen where labels are given: header, item, questions, legend."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import takewhile

from rich.cells import cell_len

from tui_label.core.annotating.session import Session
from tui_label.core.keymap import Keymap
from tui_label.core.tasks import Compare, Text
from tui_label.core.text import number_of, visible
from tui_label.core.text.rows import Rows, Stacked
from tui_label.ui.canvas import Row, cells, clipped, rule, spread
from tui_label.ui.modes import Menu, Mode
from tui_label.ui.views.document import Marks, document, lanes, unspanned
from tui_label.ui.views.frame import Hint, described, header, legend
from tui_label.ui.views.pages import wrapped
from tui_label.ui.views.questions import Zone, idle, length_words, questions
from tui_label.ui.views.sound import Tape, edges_at_hand, sound_rows
from tui_label.ui.views.talk import MOST_ROWS

SMALLEST = (40, 12)
LOW = 16
"""Below this height there is no empty row over the item."""
MANY = 9
"""Screens that are counted: a long text is laid out no further than somebody may go at once."""


@dataclass(frozen=True, slots=True)
class State:
    """Everything the screen shows."""

    session: Session
    keymap: Keymap
    annotator: str
    trouble: str
    word: str
    mode: Mode | None
    marks: Marks
    top: int
    asked: Zone
    room: int
    """Rows that are left for the item."""
    tape: Tape | None = None
    """What plays, where the item is a sound."""
    far: str = ""
    """How far all are, and about how long the rest takes at this pace."""
    pace: str = ""
    visiting: bool = False
    is_draft: bool = False
    """Whether an answered item shows work that was not handed in."""
    returned: bool = False
    """Whether a reviewer sent it back."""
    tested: bool = False
    """Whether it is of the qualification set, each item of which needs an answer."""
    talk: list[Row] = field(default_factory=list)
    """What was said about the item."""
    unread: int = 0
    """Comments that wait for the annotator."""


def top_rows(height: int) -> int:
    """Rows above the item."""
    return 3 if height < LOW else 4


def item_room(height: int, talk: int, asked: int = 0) -> int:
    """Rows for the item beside `talk` rows of comments and `asked` rows of questions."""
    return max(1, height - top_rows(height) - asked - talk - 4)


def zone(session: Session, keymap: Keymap, width: int, height: int, talk: int, item: int, top: int) -> Zone:
    """The question zone: a third of the screen at most, or all that an item of `item` rows and a free one leave."""
    share = height // 3 - (talk if height < LOW else 0)
    return questions(session, keymap, width, max(1, share, item_room(height, talk) - item - 1), top)


def pitch(session: Session) -> int:
    """Rows of the screen that each row of the item's text takes."""
    return 1 if session.item.candidates else 1 + lanes(session)


def talk_room(height: int) -> int:
    """Rows that comments on the item may take."""
    return 1 if height < LOW else MOST_ROWS


def label_screen(state: State, rows: Rows, hints: Sequence[Hint], width: int, height: int) -> list[Row]:
    """`rows` are those of the item's text, `hints` the keys that act now."""
    room = state.room
    above, below = _out_of_sight(state, rows)
    drawn = [
        header(_where(state), state.far, width, _waits(state)),
        rule_saying(above and f"↑ {above}", width),
        _about(state, rows, width),
    ]
    drawn += [[]] * (top_rows(height) - len(drawn))
    item = _item_rows(state, rows, width)
    drawn += [clipped(row, width) for row in item] + [[]] * (room - len(item))
    drawn += state.talk
    status = _status(state, width, room - len(item) if not state.talk else 0)
    drawn = laid_over(drawn, status, width)
    drawn.append(rule_saying(below and f"↓ {below}", width))
    drawn += state.asked.rows
    drawn.append(rule_saying(unseen(state.asked.above, state.asked.below, "question"), width))
    drawn.append(legend(hints, _saved(state), width))
    return drawn[:height]


def _where(state: State) -> list[str]:
    where = [state.session.project.name, state.annotator]
    return [*where, "answered before"] if state.visiting and not state.returned else where


def _waits(state: State) -> str:
    parts = ["sent back"] if state.returned else []
    return "  ·  ".join([*parts, *([f"{state.unread} unread"] if state.unread else [])])


def _about(state: State, rows: Rows, width: int) -> Row:
    """Which item it is, and its flags; at the right the edges of a segment that has no row of its own, or the name of the
    candidate whose text goes on from above.
    """
    session = state.session
    row: Row = [(" " + described(session.item), "faint")]
    for flag in session.work.flags:
        row.append((f"  ⚑ {visible(flag.reason)}", "hint"))
        if flag.note:
            row.append((f" “{visible(flag.note)}”", "faint"))
    right = edges_at_hand(session, state.tape, state.room) if state.tape is not None else []
    if isinstance(rows, Stacked) and (name := rows.name_before(state.top)):
        right = [("… ", "faint"), (f"{name} ", "bold")]
    return spread(row, right, width) if right else clipped(row, width)


def _item_rows(state: State, rows: Rows, width: int) -> list[Row]:
    room = state.room
    if state.tape is not None:
        return sound_rows(state.session, state.tape, width, room)
    if isinstance(rows, Stacked):
        return compare_rows(state.session, rows, range(state.top, state.top + room), state.marks)
    return document(state.session, rows, state.top, room, state.marks)


def _out_of_sight(state: State, rows: Rows) -> tuple[str, str]:
    """How much of the item is above and below what is seen; empty where nothing is."""
    if state.tape is not None:
        return "", ""
    page = max(1, state.room // pitch(state.session))
    starts = range(state.top + page, state.top + (MANY + 1) * page + 1, page)
    below = list(takewhile(rows.has, starts))
    return _more(-(-state.top // page)), _more(len(below))


def _more(screens: int) -> str:
    if screens > MANY:
        return f"more than {MANY} screens"
    return number_of(screens, "more screen") if screens else ""


def unseen(above: int, below: int, noun: str) -> str:
    """How many questions, or rows, are out of sight; empty where none is."""
    ways = " ".join(f"{sign} {count}" for sign, count in (("↑", above), ("↓", below)) if count)
    return f"{ways} more {noun}{'s' * (above + below != 1)}" if ways else ""


def rule_saying(words: str, width: int) -> Row:
    return [*rule(width - len(words) - 3), (f" {words} ", ""), *rule(1)] if words else rule(width)


def compare_rows(session: Session, rows: Stacked, numbers: Iterable[int], marks: Marks) -> list[Row]:
    """The candidates one under the other, after the text they answer where there is one: those rows that there are."""
    value = next((session.work.answers.get(task.id) for task in session.asked if isinstance(task, Compare)), None)
    best = value[0] if isinstance(value, list) and value else value
    found: list[Row] = []
    for number in takewhile(rows.has, numbers):
        if (name := rows.names.get(number)) is not None:
            found.append([("  ", ""), (f"[{name}]", "accent") if name == best else (f" {name} ", "bold")])
        else:
            found.append(unspanned(rows.text, *rows.row(number), marks))
    return found


def _status(state: State, width: int, free: int) -> list[Row]:
    """The status row, under as many others as a mode shows; `free`: rows over it with nothing on them."""
    session = state.session
    if state.mode is not None:
        return mode_rows(state.mode, width, free, state.trouble)
    task = session.asked_task(session.focus)
    # An empty box that nobody types in has the question within it
    ask = task.ask if task is not None and not (isinstance(task, Text) and idle(session, task)) else ""
    row = status_row(state.trouble, state.word, state.tape, ask)
    size = length_words(task, session.box or "") if isinstance(task, Text) else ""
    return [spread(row, [(size + " ", "hint")], width)] if size else unfolded(row, width, free + 1)


def unfolded(row: Row, width: int, most: int) -> list[Row]:
    """A row whose words, where they are too long, go on under themselves, on `most` rows at most."""
    *lead, (words, look) = row
    if most < 2 or cells(row) <= width:
        return [row]
    lines = wrapped(words, width - cells(lead) - 1)
    lines[most - 1 :] = ["".join(lines[most - 1 :])] if len(lines) >= most else []
    indent: Row = [(" " * cells(lead), "")]
    return [[*(indent if number else lead), (line, look)] for number, line in enumerate(lines)]


def laid_over(drawn: list[Row], status: list[Row], width: int) -> list[Row]:
    """The last of `status` under what is drawn, the others over its last rows."""
    status = status[: len(drawn) + 1]
    return [*drawn[: len(drawn) + 1 - len(status)], *(clipped(row, width) for row in status)]


def mode_rows(mode: Mode, width: int, free: int = 0, trouble: str = "") -> list[Row]:
    """What takes the keys: on the status row, and above it where it has more to show, under why something is not saved."""
    rows = mode.rows(width - 1, free) if isinstance(mode, Menu) else [mode.status]
    drawn: list[Row] = [[(" ", ""), *with_caret(row, width - 1)] for row in rows]
    return [status_row(trouble, "", None, ""), *drawn] if trouble else drawn


def status_row(trouble: str, word: str, tape: Tape | None, ask: str) -> Row:
    """The row above the questions, where nothing else takes the keys: what was refused, what to do first."""
    lead: Row = [(" ", "")]
    if trouble:
        return [*lead, ("not saved: ", "warn"), (visible(trouble), "warn")]
    if word:
        return [*lead, (visible(word), "hint")]
    if tape is not None and tape.trouble:
        return [*lead, (visible(tape.trouble), "faint")]
    return [*lead, (visible(ask), "faint")]


def with_caret(row: Row, width: int) -> Row:
    """A row with a typed line in it, its beginning cut where the caret would not be seen."""
    caret = next((number for number, (_, look) in enumerate(row) if look == "cursor"), 0)
    over = cells(row[: caret + 1]) - width
    if caret == 0 or over <= 0:
        return row
    text, look = row[caret - 1]
    while text and over >= 0:
        over -= cell_len(text[0])
        text = text[1:]
    return [*row[: caret - 1], ("…" + text, look), *row[caret:]]


def _saved(state: State) -> Row:
    if state.trouble:
        return [("NOT SAVED ", "warn")]
    pace: Row = [(state.pace + "  ", "faint")] if state.pace else []
    return [*pace, ("kept as a draft ", "hint") if state.is_draft else ("saved ✓ ", "good")]
