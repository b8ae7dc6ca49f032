"""Pages before an item: what changed, and training on known answers."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from tui_label.bench.notices import Announcement, Notice
from tui_label.core.news import ADDED, KEPT, LABELS, REMOVED, News, Passage
from tui_label.core.tasks import Task
from tui_label.core.text import fitted, number_of, visible
from tui_label.core.training import Briefing, Feedback, Marked, Score, UsedUp, pieces, score
from tui_label.ui.canvas import Row, clipped
from tui_label.ui.views.document import MARGIN, text_width
from tui_label.ui.views.frame import Hint
from tui_label.ui.views.guidelines import laid
from tui_label.ui.views.pages import calm, page, wrapped
from tui_label.ui.views.talk import when

_NAME = re.compile(r"`([^`]*)`")
_WORDS = re.compile(r"(\s+)")
_SIGNS = {ADDED: ("+ ", "good"), REMOVED: ("− ", "faint"), KEPT: ("  ", "")}
"""For each sign of a line what is drawn, and its style."""
INDENT = " " * MARGIN


def notice_page(
    name: str, notice: Notice, top: int, hints: list[Hint], word: str, width: int, height: int
) -> list[Row]:
    """The page of a notice; the first of `hints` is the key that goes on."""
    if isinstance(notice, Announcement | Feedback):
        title = [name, "what changed"] if isinstance(notice, Announcement) else [name, "training"]
        body = body_rows(notice, width)
        # It was scrolled that far on a smaller screen, perhaps
        top = max(0, min(top, len(body) - room(height)))
        scrolls = [("↑↓", "scroll")] if len(body) > room(height) else []
        return page(title, body, top, [*hints[:1], *scrolls, *hints[1:]], [(visible(word), "hint")], width, height)
    keys = hints[1:] if isinstance(notice, UsedUp) else hints
    return calm([name, "training"], words(notice), keys, width, height, word)


def room(height: int) -> int:
    """Rows of a page that scrolls."""
    return max(0, height - 5)


def body_rows(notice: Announcement | Feedback, width: int) -> list[Row]:
    if isinstance(notice, Feedback):
        return feedback_rows(notice, width)
    return changed_rows(notice.news, width)


# what changed


def changed_rows(news: Iterable[News], width: int) -> list[Row]:
    return [row for one in news for row in news_rows(one, width)]


def news_rows(news: News, width: int) -> list[Row]:
    """One new version: its number and date, then what it says otherwise."""
    what = "The questions changed" if news.kind == LABELS else "The guidelines changed"
    rows: list[Row] = [
        [],
        [(f"{INDENT}{what}", "accent"), (f"   version {news.version}, {when(news.at).strip()}", "faint")],
    ]
    for words in news.words:
        lines = wrapped(_NAME.sub(r"“\1”", words), text_width(width) - 2)
        rows += _hung("· ", "accent", [[(line, "")] for line in lines])
    for passage in news.passages:
        rows += [[], *_passage_rows(passage, width)]
    return rows


def _passage_rows(passage: Passage, width: int) -> list[Row]:
    rows: list[Row] = [[(f"{INDENT}{visible(passage.heading)}", "faint")]] if passage.heading else []
    shown = [(line.sign, laid([line.text], text_width(width) - 2)) for line in passage.lines]
    gone, came = (
        {word for sign, lines in shown if sign == wanted for line in lines for text, _ in line for word in text.split()}
        for wanted in (REMOVED, ADDED)
    )
    for sign, lines in shown:
        if sign == ADDED:
            lines = [_set_off(line, gone, "", "bold") for line in lines]
        elif sign == REMOVED:
            lines = [_set_off(line, came, "faint", "faint under" if came else "faint") for line in lines]
        rows += _hung(*_SIGNS[sign], lines)
    return rows


def _set_off(row: Row, known: set[str], look: str, other: str) -> Row:
    """A row with the words that are not among those known in the other look."""
    words = [word for text, _ in row for word in _WORDS.split(text)]
    return [(word, look if word in known or word.isspace() else other) for word in words]


def _hung(sign: str, look: str, rows: Sequence[Row]) -> list[Row]:
    """Rows with a sign before the first."""
    return [[(INDENT, ""), (" " * len(sign) if number else sign, look), *row] for number, row in enumerate(rows)]


# training


def feedback_rows(feedback: Feedback, width: int) -> list[Row]:
    """Right or not for each question, the known answer beside theirs, then the item."""
    share = score(feedback.marks)
    right = all(mark.is_right for mark in feedback.marks)
    verdict = "Right." if right else "Not right." if share == 0 else f"Not all of it: {share:.0%}."
    rows: list[Row] = [
        [],
        [(INDENT, ""), (verdict, "good" if right else "hint"), (f"   {feedback.place} of {feedback.of}", "faint")],
    ]
    names = min(16, max((len(visible(mark.task.id)) for mark in feedback.marks), default=0))
    for mark in feedback.marks:
        rows += [[], *_marked_rows(mark, feedback, names, width)]
    text = feedback.item.text or "\n".join(feedback.item.candidates)
    if text:
        rows += [[], *[[(INDENT + line, "faint")] for line in wrapped(text, text_width(width))]]
    return rows


def _marked_rows(mark: Marked, feedback: Feedback, names: int, width: int) -> list[Row]:
    given, known = (pieces(mark.task, value, feedback.item) for value in (mark.given, mark.known))
    lead = fitted(mark.task.id, names + 1)
    both = [(INDENT + lead, "bold")]
    if mark.is_right:
        return [clipped([*both, ("✓ ", "good"), (visible(", ".join(known) or "nothing"), "")], width)]
    sides: list[tuple[str, str, tuple[str, ...]]] = [("yours  ", "hint", given), ("right  ", "good", known)]
    rows: list[Row] = []
    for side, look, found in sides:
        first: Row = [*both, ("✗ ", "hint")] if not rows else [(INDENT + " " * (len(lead) + 2), "")]
        other = known if found is given else given
        for number, piece in enumerate(found or ("nothing",)):
            start: Row = first if number == 0 else [(INDENT + " " * (len(lead) + 2), "")]
            same = piece in other
            rows.append(
                [*start, (side if number == 0 else " " * len(side), "faint"), (visible(piece), "" if same else look)]
            )
    helps = [
        _help(mark.task, value) for value in dict.fromkeys((*mark.task.says(mark.known), *mark.task.says(mark.given)))
    ]
    for words in filter(None, helps):
        rows += [
            [(INDENT + " " * (len(lead) + 2), ""), (line, "faint")]
            for line in wrapped(words, text_width(width) - len(lead) - 2)
        ]
    return [clipped(row, width) for row in rows]


def _help(task: Task, value: str) -> str:
    label = task.label(value)
    return f"{value}: {label.help}" if label is not None and label.help else ""


def label_to_learn(feedback: Feedback) -> str:
    """The label whose section of the guidelines says why: the first known one that was missed."""
    for mark in sorted(feedback.marks, key=lambda mark: mark.is_right):
        given = mark.task.says(mark.given)
        labels = mark.task.says(mark.known)
        found = next((label for label in labels if label not in given), next(iter(labels), ""))
        if found:
            return found
    return ""


def words(notice: Briefing | Score | UsedUp) -> list[str]:
    """The lines of a calm page."""
    if isinstance(notice, Briefing):
        return [
            f"Training: {number_of(notice.items, 'item')} whose right answers are known.",
            "After each answer you see the right one, and why.",
            f"{notice.pass_mark:.0%} must be right; this is attempt {notice.attempt} of {notice.attempts}.",
            "What is real comes after that.",
        ]
    if isinstance(notice, UsedUp):
        came = " and ".join(f"{share:.0%}" for share in notice.shares)
        return [
            "All attempts are made.",
            f"They came to {came}; {notice.pass_mark:.0%} were asked for.",
            "Whoever leads the project sees that, and can allow another:",
            "it begins here by itself then. Your answers are kept.",
        ]
    came = f"{notice.share:.0%} right: {round(notice.right, 2):g} of {notice.of}."
    if notice.passed:
        return ["Passed.", came, f"{notice.pass_mark:.0%} were asked for.", "Real items come now."]
    after = (
        "It was the last attempt."
        if notice.is_last
        else f"Attempt {notice.attempt + 1} of {notice.attempts} comes next; read the guidelines before it."
    )
    return ["Not passed.", came, f"{notice.pass_mark:.0%} are asked for.", after]
