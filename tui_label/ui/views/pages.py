"""Pages to read: the guidelines, all keys, the pause, the empty queue."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from rich.cells import cell_len, set_cell_size

from tui_label.core.annotating.session import Session
from tui_label.core.commands import COMMANDS
from tui_label.core.keymap import Keymap
from tui_label.core.news import HEADING
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
    where = f"{min(len(body), top + room)} of {len(body)} rows"
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


def guide_rows(text: str, width: int) -> list[Row]:
    """Markdown as plain rows: headings bold, paragraphs wrapped, list items beside their signs, tables and code as they stand."""
    found: list[Row] = []
    for line in _blocks(text.splitlines()):
        heading = HEADING.match(line)
        words = "accent" if heading else ""
        shown = heading.group(1) if heading else line
        item = _LIST_ITEM.match(shown)
        sign = item.group().expandtabs(4) if item else ""
        indent = " " * cell_len(sign)
        lines = wrapped(_unmarked(shown[item.end() :] if item else shown), max(NARROW, text_width(width) - len(indent)))
        found += [[(f"   {indent if number else sign}{row}", words)] for number, row in enumerate(lines)]
    return found


NARROW = 10
"""Cells that a list item has at least, however far in it begins."""
_LIST_ITEM = re.compile(r"\s*([-*+]|\d+[.)])\s")
_AS_IT_STANDS = re.compile(r"\s*(\||>|```|~~~|---|===|<)|#{1,6}\s|\s*$")
_EMPHASIS = re.compile(r"(?<![\w*])\*(?=\S)([^*]+?)(?<=\S)\*(?![\w*])")


def _blocks(lines: list[str]) -> Iterator[str]:
    """Lines of Markdown, those of a paragraph or list item joined to one."""
    block, in_code = "", False
    for line in lines:
        fence = line.lstrip().startswith(("```", "~~~"))
        alone = in_code or fence or bool(_AS_IT_STANDS.match(line)) or (not block and line.startswith("    "))
        in_code ^= fence
        if block and (alone or _LIST_ITEM.match(line)):
            yield block
            block = ""
        if alone:
            yield line
        else:
            block = f"{block.rstrip()} {line.strip()}" if block else line
            # Two spaces or a backslash at its end keep a line apart
            if line.endswith(("  ", "\\")):
                yield block.removesuffix("\\")
                block = ""
    if block:
        yield block


def _unmarked(line: str) -> str:
    """Without the marks of emphasis and code; within code a star is a star."""
    pieces = line.split("`")
    pieces[::2] = [_EMPHASIS.sub(r"\1", piece.replace("**", "")) for piece in pieces[::2]]
    return "".join(pieces)


def label_at_hand(session: Session) -> str:
    """The label that is being thought about: of the span under the cursor, the answer given, or the latest one."""
    under = session.span_under_cursor
    if under is not None:
        return under[1].label
    given = session.work.answers.get(session.focus)
    if given:
        return str(given[0] if isinstance(given, list) else given)
    return session.last_label[1] if session.last_label else ""


def section_row(text: str, label: str, width: int) -> int:
    """The row of the heading that names `label`, the first if none does."""
    lines = text.splitlines()
    wanted = label.casefold()
    for number, line in enumerate(lines):
        heading = HEADING.match(line)
        if heading and wanted and heading.group(1).casefold().strip("`*") == wanted:
            return len(guide_rows("".join(f"{line}\n" for line in lines[:number]), width))
    return 0


def helped_rows(text: str, tasks: Sequence[Task], focus: str, label: str, width: int) -> list[Row]:
    """The guidelines, with what project.yaml says about the focused task and a label over the section about that."""
    rows, top = guide_rows(text, width), section_row(text, label, width)
    return [*rows[:top], *help_rows(tasks, focus, label, width), *rows[top:]]


def help_rows(tasks: Sequence[Task], focus: str, label: str, width: int) -> list[Row]:
    """What project.yaml says about the focused task and a label; what it asks, too, where a row has no room for that."""
    here = [task for task in tasks if task.id == focus]
    helps = [(task.id, task.ask) for task in here if cell_len(visible(task.ask)) + 2 > width]
    helps += [(task.id, task.help) for task in here]
    helps += [(label, found.help) for task in tasks if (found := task.label(label)) is not None]
    lines = [f"{visible(name)}: {visible(help)}" for name, help in dict.fromkeys(helps) if help]
    rows: list[Row] = [[("   " + row, "bold")] for line in lines for row in wrapped(line, text_width(width))]
    return [*rows, []] if rows else []


def key_rows(
    keymap: Keymap, modes: list[str], width: int, idle: tuple[str, ...] = (), tasks: Sequence[Task] = ()
) -> list[Row]:
    """The keys of some modes, without those of commands that are `idle`; those of labels with the help of these."""
    helps = {f"{task.id}: {label.value}": label.help for task in tasks for label in task.labels}
    unasked = {(one.mode, one.words) for one in COMMANDS if one.name in idle}
    rows = [row for row in keymap.rows() if (row[0], row[2]) not in unasked]
    # In a narrow window keys that are wider than the column stand on a row of their own over their words
    widest = min(max(14, *(cell_len(visible(keys)) for _, keys, _ in rows)), width // 4)
    found: list[Row] = []
    for mode in modes:
        if any(here == mode and keys for here, keys, _ in rows):
            found += [[], [("   " + MODES[mode], "accent")]]
        for here, keys, words in rows:
            if here == mode and keys:
                lead, lines = visible(keys), wrapped(words, width - widest - 6)
                if cell_len(lead) > widest:
                    found.append([("   " + lead, "bold")])
                    lead = ""
                for line in lines:
                    found.append([("   " + set_cell_size(lead, widest + 2), "bold"), (line.rstrip(), "")])
                    lead = ""
                help = helps.get(words, "") if mode == "labels" else ""
                for line in wrapped(help, width - widest - 6) if help else []:
                    found.append([(" " * (widest + 5), ""), (line.rstrip(), "faint")])
    return found


def paused(name: str, annotator: str, hints: list[Hint], width: int, height: int) -> list[Row]:
    return calm([name, annotator], ["Paused.", "The clock stands still and the item is hidden."], hints, width, height)


def nothing_left(
    name: str,
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
            f"{progress.done:,} of {number_of(progress.items, 'item')} done; {number_of(progress.mine, 'answer')} by you.",
            f"{rhythm.answered:,} of them since you sat down{pace}.",
            visible(trouble) or "New items appear here by themselves.",
        ]
    title = [name, annotator, *([f"{unread} unread"] if unread else [])]
    return calm(title, words, hints, width, height, word, sprint)


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
