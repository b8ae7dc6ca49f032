"""Pages to read: all keys, the pause, the empty queue."""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len, set_cell_size

from tui_label.core.annotating.session import Session
from tui_label.core.commands import COMMANDS
from tui_label.core.keymap import Keymap
from tui_label.core.project import Project
from tui_label.core.sprint import Sprint
from tui_label.core.tasks import Task
from tui_label.core.text import glyphs, number_of, visible
from tui_label.core.text.rows import Rows
from tui_label.core.timing import Rhythm
from tui_label.store.base import Progress
from tui_label.ui.canvas import Row, clipped, rule
from tui_label.ui.views.document import text_width
from tui_label.ui.views.frame import Hint, header, legend
from tui_label.ui.views.pace import sprint_summary

MODES = {
    "labels": "Labels",
    "everywhere": "Everywhere",
    "spans": "Spans in text",
    "scroll": "Reading",
    "typing": "While typing",
    "sound": "Sound",
    "transcribing": "While transcribing",
    "review": "Reviewing",
    "listening": "Reviewing a sound",
    "editing": "While editing in review",
}


def page(
    title: list[str], body: list[Row], top: int, hints: list[Hint], status: Row, width: int, height: int
) -> list[Row]:
    """A page that scrolls under a header."""
    room = max(0, height - 5)
    shown = [clipped(row, width) for row in body[top : top + room]]
    where = f"{min(len(body), top + room)} of {len(body)} rows" if len(body) > room else ""
    return [
        header(title, where, width),
        rule(width),
        *shown,
        *([[]] * (room - len(shown))),
        clipped([(" ", ""), *status], width),
        rule(width),
        legend(hints, [], width),
    ][:height]


def wrapped(text: str, width: int) -> list[str]:
    """`text` as it is drawn, in rows of at most `width` cells."""
    rows = Rows(text, width)
    return ["".join(glyph.picture for glyph in glyphs(text, *rows.row(number))) for number in range(rows.count())]


def label_at_hand(session: Session) -> str:
    """The label that is being thought about: of the span under the cursor, the answer given, or the latest one."""
    under = session.span_under_cursor
    if under is not None:
        return under[1].label
    given = session.work.answers.get(session.focus)
    if given:
        return str(given[0] if isinstance(given, list) else given)
    return session.last_label[1] if session.last_label else ""


def key_rows(
    keymap: Keymap, modes: list[str], width: int, idle: tuple[str, ...] = (), tasks: Sequence[Task] = ()
) -> list[Row]:
    """The keys of some modes, without those of commands that are `idle`; those of labels with the help of these."""
    helps = {("labels", f"{task.id}: {label.value}"): label.help for task in tasks for label in task.labels}
    unasked = {(one.mode, one.words) for one in COMMANDS if one.name in idle}
    rows = [row for row in keymap.rows() if (row[0], row[2]) not in unasked]
    widest = min(max(14, *(cell_len(visible(keys)) for _, keys, _ in rows)), width // 4)
    found: list[Row] = []
    for mode in modes:
        here = [(visible(keys), words) for one, keys, words in rows if one == mode and keys]
        found += [[], [("   " + MODES[mode], "accent")]] if here else []
        for keys, words in here:
            found += _key_rows(keys, words, helps.get((mode, words), ""), widest, width)
    return found


def _key_rows(keys: str, words: str, help: str, widest: int, width: int) -> list[Row]:
    """Keys in a column of `widest` cells, and beside them what they do and the help of that.

    In a narrow window keys that are wider than the column stand on a row of their own over their words.
    """
    room = width - widest - 6
    found: list[Row] = []
    if cell_len(keys) > widest:
        found.append([("   " + keys, "bold")])
        keys = ""
    for number, line in enumerate(wrapped(words, room)):
        lead = set_cell_size("" if number else keys, widest + 2)
        found.append([("   " + lead, "bold"), (line.rstrip(), "")])
    for line in wrapped(help, room) if help else []:
        found.append([(" " * (widest + 5), ""), (line.rstrip(), "faint")])
    return found


def paused(name: str, annotator: str, hints: list[Hint], width: int, height: int) -> list[Row]:
    return calm([name, annotator], ["Paused.", "The clock stands still and the item is hidden."], hints, width, height)


def nothing_left(
    project: Project,
    annotator: str,
    unread: int,
    progress: Progress,
    rhythm: Rhythm,
    sprint: str,
    trouble: str,
    word: str,
    hints: list[Hint],
    width: int,
    height: int,
) -> list[Row]:
    """What an empty queue says: why, what the day was, what to do next; with `trouble` nothing comes by itself."""
    pace = f", {rhythm.per_hour:,} an hour" if rhythm.per_hour else ""
    if progress.items == 0 and trouble:
        words = [visible(trouble)]
    elif progress.items == 0:
        words = [
            "There is nothing to label yet.",
            "Bring items in with `tui-label add`; they appear here by themselves.",
        ]
    else:
        words = [
            "Nothing is left for you now.",
            f"You gave {number_of(progress.mine, 'answer')}"
            + (f", {rhythm.answered:,} of them since you sat down{pace}." if progress.mine else "."),
            _done_words(progress, project.overlap),
            visible(trouble) or "New items appear here by themselves.",
        ]
    title = [project.name, annotator, *([f"{unread} unread"] if unread else [])]
    return calm(title, words, hints, width, height, word, sprint)


def _done_words(progress: Progress, overlap: int) -> str:
    """How far all are; one's own answers alone make no item done that is asked of several."""
    done = f"{progress.done:,} of {number_of(progress.items, 'item')}"
    if overlap == 1:
        return f"{done} {'is' if progress.items == 1 else 'are'} done."
    have = "has" if progress.items == 1 else "have"
    return f"Each item needs the answers of {overlap} people: {done} {have} them."


def sprint_page(
    name: str, annotator: str, sprint: Sprint, hints: list[Hint], word: str, width: int, height: int
) -> list[Row]:
    words = [*sprint_summary(sprint), "", "A short break does good. Then go on without a clock, or leave."]
    return calm([name, annotator], words, hints, width, height, word)


def calm(
    title: list[str], words: list[str], hints: list[Hint], width: int, height: int, word: str = "", far: str = ""
) -> list[Row]:
    """A page of a few lines, the first one bold; `word` says at its foot what a key came to, `far` on top how far one is."""
    rows: list[Row] = [[] for _ in range(height)]
    if height < 6:
        return rows
    rows[0], rows[1] = header(title, far, width), rule(width)
    lines = [
        (row, "bold" if number == 0 else "")
        for number, line in enumerate(words)
        for row in wrapped(line, text_width(width))
    ]
    first = max(2, (height - len(lines)) // 2 - 1)
    for number, (line, look) in enumerate(lines[: height - 3 - first]):
        rows[first + number] = [("   " + line, look)]
    if word:
        rows[-3] = clipped([(" ", ""), (visible(word), "hint")], width)
    rows[-2], rows[-1] = rule(width), legend(hints, [], width)
    return rows
