"""The screen where labels are given: header, item, questions, legend."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tui_label.core.commands import SOUND, TRANSCRIBING
from tui_label.core.item import candidate_names
from tui_label.core.keymap import Keymap, key_display
from tui_label.core.rows import Rows
from tui_label.core.session import Session
from tui_label.core.tasks import Compare, Text
from tui_label.core.text import glyphs, visible
from tui_label.ui.canvas import Row, clipped, rule
from tui_label.ui.modes import Mode
from tui_label.ui.views.document import MARGIN, Marks, document, text_width
from tui_label.ui.views.frame import Hint, header, legend
from tui_label.ui.views.questions import questions
from tui_label.ui.views.sound import Tape, sound_rows

SMALLEST = (40, 12)
LOW = 16
"""Below this height there is no empty row over the item."""


@dataclass(frozen=True, slots=True)
class State:
    """Everything the screen shows."""

    session: Session
    keymap: Keymap
    annotator: str
    done: int
    total: int
    visiting: bool
    pace: str
    left: str
    """About how long the rest takes at this pace."""
    trouble: str
    word: str
    mode: Mode | None
    marks: Marks
    top: int
    asked: list[Row]
    """The question zone."""
    room: int
    """Rows that are left for the item."""
    tape: Tape | None = None
    """What plays, where the item is a sound."""


def top_rows(height: int) -> int:
    """Rows above the item."""
    return 3 if height < LOW else 4


def zones(session: Session, keymap: Keymap, width: int, height: int) -> tuple[list[Row], int]:
    """The question rows, and how many rows that leaves the item."""
    asked = questions(session, keymap, width, max(1, height // 3))
    return asked, max(1, height - top_rows(height) - len(asked) - 4)


def label_screen(state: State, rows: Rows, width: int, height: int) -> list[Row]:
    session, room = state.session, state.room
    drawn = [
        header(_where(state), f"{state.done:,} of {state.total:,}{state.left}", width),
        rule(width),
        clipped(_about(session), width),
    ]
    drawn += [[]] * (top_rows(height) - len(drawn))
    item = _item_rows(state, rows, width, room)
    drawn += [clipped(row, width) for row in item] + [[]] * (room - len(item))
    drawn.append(clipped(_status(state), width))
    drawn.append(rule(width))
    drawn += state.asked
    drawn.append(rule(width))
    drawn.append(legend(hints(state), _saved(state), width))
    return drawn[:height]


def _where(state: State) -> list[str]:
    where = [state.session.project.name, state.annotator]
    return [*where, "answered before"] if state.visiting else where


def _about(session: Session) -> Row:
    """Which item it is: its id and what is known about it."""
    key = session.item.key
    parts = [] if key.startswith("~") else [visible(key)]
    if session.item.sound is not None and not parts:
        path = session.item.sound.path
        parts = [visible(path.rpartition("/")[2] if path.startswith("/") else path)]
    parts += [visible(str(value)) for value in session.item.meta.values() if value not in (None, "")]
    row: Row = [(" " + "  ·  ".join(parts), "faint")]
    for flag in session.work.flags:
        row.append((f"  ⚑ {visible(flag.reason)}", "hint"))
        if flag.note:
            row.append((f" “{visible(flag.note)}”", "faint"))
    return row


def _item_rows(state: State, rows: Rows, width: int, room: int) -> list[Row]:
    if state.tape is not None:
        return sound_rows(state.session, state.tape, width, room)
    if state.session.item.candidates:
        return compare_rows(state.session, width)[state.top : state.top + room]
    return document(state.session, rows, state.top, room, state.marks)


def compare_rows(session: Session, width: int) -> list[Row]:
    """The candidates one under the other, after the text they answer where there is one."""
    found: list[Row] = []
    if session.item.text:
        found += [*_plain(session.item.text, width), []]
    value = next((session.work.answers.get(task.id) for task in session.asked if isinstance(task, Compare)), None)
    for name, text in zip(candidate_names(session.item), session.item.candidates, strict=True):
        best = value == name or (isinstance(value, list) and value[:1] == [name])
        found.append([("  ", ""), (f"[{name}]" if best else f" {name} ", "accent" if best else "bold")])
        found += [*_plain(text, width), []]
    return found


def _plain(text: str, width: int) -> list[Row]:
    rows = Rows(text, text_width(width))
    found: list[Row] = []
    while rows.has(len(found)):
        start, end = rows.row(len(found))
        pictures = "".join(glyph.picture for glyph in glyphs(text, start, end))
        found.append([(" " * MARGIN + pictures, "")])
    return found


def _status(state: State) -> Row:
    """The row above the questions: what takes the keys, what was refused, what to do first."""
    lead: Row = [(" ", "")]
    if state.trouble:
        return [*lead, ("not saved: ", "warn"), (visible(state.trouble), "warn")]
    if state.mode is not None:
        return [*lead, *state.mode.status]
    if state.word:
        return [*lead, (visible(state.word), "hint")]
    if state.tape is not None and state.tape.trouble:
        return [*lead, ("no sound: ", "hint"), (visible(state.tape.trouble), "faint")]
    task = state.session.asked_task(state.session.focus)
    ask = task.ask if task is not None and not isinstance(task, Text) else ""
    return [*lead, (visible(ask), "faint")]


def _saved(state: State) -> Row:
    if state.trouble:
        return [("NOT SAVED ", "warn")]
    pace: Row = [(state.pace + "  ", "faint")] if state.pace else []
    return [*pace, ("saved ✓ ", "good")]


def hints(state: State) -> list[Hint]:
    """The keys that act now, most used first."""
    if state.mode is not None:
        return state.mode.legend
    session, keymap = state.session, state.keymap
    if session.item.sound is not None:
        return _sound_hints(session, keymap, state.tape)
    if session.typing:
        wanted = ["item.submit", "text.newline", "flag.open", "work.undo", "text.leave", "help.open"]
        return _hints(keymap, "typing", wanted)
    wanted = []
    if session.preview or session.needs_enter or state.visiting or session.unfinished is None:
        wanted.append("item.submit")
    if session.suggestion_under_cursor is not None:
        wanted += ["suggestion.accept", "suggestion.reject"]
    if session.span_task is not None and session.item.text:
        wanted += ["hop", "select.open"]
        if session.span_under_cursor is not None:
            wanted += ["span.remove", "label.same-mentions"]
    wanted += ["flag.open", "item.skip", "work.undo", "guide.open", "find.open", "help.open"]
    if any(isinstance(task, Text) for task in session.asked):
        wanted.insert(1, "text.enter")
    return _hints(keymap, "spans" if session.span_task else "text", wanted)


Wanted = str | tuple[str, str]
"""A command's name; or several with the word they share."""
JUMPS = ("play.back play.forward", "∓2 s")
SPEEDS = ("play.slower play.faster", "speed")
STARTS = ("segment.start-left segment.start-right", "start ←→")
ENDS = ("segment.end-left segment.end-right", "end ←→")
"""Commands that go in pairs share a place in the legend."""


def _sound_hints(session: Session, keymap: Keymap, tape: Tape | None) -> list[Hint]:
    heard = tape is not None and not tape.trouble
    play: list[Wanted] = [("play.toggle", "pause" if tape is not None and tape.playing else "play")]
    if session.typing:
        wanted: list[Wanted] = [*play, "item.submit", "play.start", JUMPS, SPEEDS, "play.loop", "play.last"]
        if not heard:
            wanted = ["item.submit", "text.newline", *play]
        wanted += ["tag.open"] if session.style is not None and session.style.tags else []
        wanted += ["transcript.speaker"] if session.style is not None and session.style.speakers else []
        wanted += ["flag.open", "text.leave", "help.open"]
        return _hints(keymap, TRANSCRIBING, wanted)
    wanted = [*play] if heard else []
    if session.segment_task is not None:
        wanted.append("segment.mark")
    wanted += ["segment.drop"] if session.mark is not None else ["item.submit"]
    if any(isinstance(task, Text) or getattr(task, "transcript", None) is not None for task in session.asked):
        wanted.append("text.enter")
    if session.segment_task is not None and session.segments:
        wanted.append("segment.next")
        if session.mark is None and session.segment_here is not None:
            wanted += [STARTS, ENDS, "segment.snap", "segment.split", "segment.remove"]
    wanted += [JUMPS, *([SPEEDS] if heard else play), "flag.open", "item.skip", "work.undo", "guide.open", "help.open"]
    return _hints(keymap, SOUND, wanted)


def _hints(keymap: Keymap, mode: str, wanted: Sequence[Wanted]) -> list[Hint]:
    found = []
    for one in wanted:
        names, words = (one, "") if isinstance(one, str) else one
        keys = [key_display(keymap.keys_of(name, mode)[0]) for name in names.split() if keymap.keys_of(name, mode)]
        if keys:
            found.append((" ".join(keys), words or keymap.command(names).short))
    return found


def too_small(width: int, height: int) -> list[Row]:
    rows: list[Row] = [[]] * height
    word = f"needs {SMALLEST[0]}×{SMALLEST[1]}, has {width}×{height}"
    if height:
        rows[height // 2] = clipped([(word, "bold")], width)
    return rows
