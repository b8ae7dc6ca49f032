"""What was said about an item, and the page of all that was said to one annotator."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from tui_label.core.comments import CORRECTION, QUESTION, RETURN, Comment
from tui_label.core.item import Item
from tui_label.core.text import fitted, visible
from tui_label.sound.kinds import called
from tui_label.ui.canvas import Row, clipped, rule
from tui_label.ui.views.document import WIDEST
from tui_label.ui.views.frame import Hint, header, legend
from tui_label.ui.views.pages import wrapped

MOST_ROWS = 3
"""Screen rows of comments over the question."""
Letter = tuple[int, Item, Comment]
"""A comment, after the number of its item and the item."""
_KINDS = {QUESTION: "asks: ", RETURN: "sent back: ", CORRECTION: "corrected: "}


def who(comment: Comment, annotator: str, blind: bool) -> str:
    """The author as this annotator may know them."""
    if comment.author == annotator:
        return "you"
    return "reviewer" if blind else comment.author


def talk_rows(
    comments: Sequence[Comment], annotator: str, blind: bool, returned: bool, width: int, most: int = MOST_ROWS
) -> list[Row]:
    """At most `most` rows of the latest comments on an item, in order of time; why it was sent back always and bright."""
    why = next((one for one in reversed(comments) if one.kind == RETURN and one.to == annotator), None)
    first = why if returned else None
    drawn = {first: _rows(first, annotator, blind, "", width, most)} if first is not None else {}
    for comment in reversed(comments):
        room = most - sum(map(len, drawn.values()))
        if comment is not first and room > 0:
            drawn[comment] = _rows(comment, annotator, blind, "faint", width, room)
    return [row for comment in comments for row in drawn.get(comment, [])]


def _rows(comment: Comment, annotator: str, blind: bool, look: str, width: int, most: int) -> list[Row]:
    """One comment, its author in front; a cut shows as an ellipsis."""
    name = who(comment, annotator, blind)
    lead = "you asked: " if name == "you" and comment.kind == QUESTION else f"{visible(name)}: "
    room = min(width - 2, WIDEST)
    lines = wrapped(lead + comment.text, room)
    if len(lines) > most:
        lines[most - 1] += " …"
    head = lines[0][: len(lead)]
    rows: list[Row] = [[(" ", ""), (head, look or "hint"), (lines[0][len(head) :], look)]]
    rows += [[(" ", ""), (text, look)] for text in lines[1:most]]
    return [clipped(row, width) for row in rows]


def letters_page(
    name: str, letters: Sequence[Letter], chosen: int, annotator: str, blind: bool, width: int, height: int
) -> list[Row]:
    """All comments for one annotator, the latest first; the chosen one whole at the foot."""
    unread = sum(not comment.read for _, _, comment in letters)
    foot = _foot(letters, chosen, annotator, blind, width, max(1, height // 4))
    foot += [rule(width)] if foot else []
    room = max(1, height - 4 - len(foot))
    top = max(0, min(chosen - room // 2, len(letters) - room))
    drawn = [_letter(one, top + n == chosen, annotator, blind) for n, one in enumerate(letters[top : top + room])]
    if not letters:
        drawn = [[("   Nobody has said anything to you yet.", "")]]
    hints: list[Hint] = [("↵", "to the item"), ("↑↓", "choose"), ("any other key", "back")]
    unread_of = f"{unread} unread of {len(letters)}" if letters else ""
    return [
        header([name, "comments"], unread_of, width),
        rule(width),
        *[clipped(row, width) for row in drawn],
        *([[]] * (room - len(drawn))),
        rule(width),
        *foot,
        legend(hints if letters else [("any key", "back")], [], width),
    ][:height]


def _letter(letter: Letter, chosen: bool, annotator: str, blind: bool) -> Row:
    _, item, comment = letter
    look = "cursor" if chosen else ""
    return [
        (" ", ""),
        ("●" if not comment.read else " ", "hint"),
        (" ", ""),
        (fitted(called(item), 20), look),
        (f"  {fitted(who(comment, annotator, blind), 13)}", "bold"),
        (f" {when(comment.at):12}  ", "faint"),
        (_KINDS.get(comment.kind, "") + visible(comment.text), "" if not comment.read else "faint"),
    ]


def _foot(letters: Sequence[Letter], chosen: int, annotator: str, blind: bool, width: int, most: int) -> list[Row]:
    if not letters:
        return []
    rows = _rows(letters[chosen][2], annotator, blind, "", width, most)
    return rows + [[]] * (most - len(rows))


def when(at: str) -> str:
    """A moment of the store as this machine's day and time; empty where it is none."""
    try:
        moment = datetime.fromisoformat(at.replace("Z", "+00:00")).astimezone()
    except ValueError:
        return ""
    return f"{moment.day:2} {moment:%b %H:%M}"
