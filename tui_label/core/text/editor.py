"""A text box as a value: a text, a caret, and what the keys of typing do to them."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from tui_label.core.text import grapheme_end, grapheme_start
from tui_label.core.text.rows import Rows

_NOT_TYPED = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Editor:
    text: str
    caret: int
    """Offset in code points, between 0 and the length."""


EMPTY = Editor("", 0)


def insert(editor: Editor, words: str) -> Editor:
    """Typed or pasted text at the caret; line ends become newlines, control characters are dropped."""
    words = _NOT_TYPED.sub("", words.replace("\r\n", "\n").replace("\r", "\n"))
    text = editor.text[: editor.caret] + words + editor.text[editor.caret :]
    return Editor(text, editor.caret + len(words))


def _cut(editor: Editor, start: int, end: int) -> Editor:
    return Editor(editor.text[:start] + editor.text[end:], start)


def delete_back(editor: Editor) -> Editor:
    return _cut(editor, left(editor).caret, editor.caret)


def delete_forward(editor: Editor) -> Editor:
    return _cut(editor, editor.caret, right(editor).caret)


def delete_word_back(editor: Editor) -> Editor:
    return _cut(editor, word_left(editor).caret, editor.caret)


def delete_line_back(editor: Editor) -> Editor:
    return _cut(editor, home(editor).caret, editor.caret)


def left(editor: Editor) -> Editor:
    if editor.caret == 0:
        return editor
    return replace(editor, caret=grapheme_start(editor.text, editor.caret - 1))


def right(editor: Editor) -> Editor:
    return replace(editor, caret=grapheme_end(editor.text, editor.caret))


def word_left(editor: Editor) -> Editor:
    text, at = editor.text, editor.caret
    for in_word in (False, True):
        while at and _in_word(text, before := grapheme_start(text, at - 1)) is in_word:
            at = before
    return replace(editor, caret=at)


def word_right(editor: Editor) -> Editor:
    text, at = editor.text, editor.caret
    for in_word in (False, True):
        while at < len(text) and _in_word(text, at) is in_word:
            at = grapheme_end(text, at)
    return replace(editor, caret=at)


def _in_word(text: str, at: int) -> bool:
    """Whether the grapheme that starts there is part of a word: by its letter, whatever marks are on it."""
    return text[at].isalnum() or text[at] == "_"


def home(editor: Editor) -> Editor:
    return replace(editor, caret=editor.text.rfind("\n", 0, editor.caret) + 1)


def end(editor: Editor) -> Editor:
    found = editor.text.find("\n", editor.caret)
    return replace(editor, caret=len(editor.text) if found < 0 else found)


def top(editor: Editor) -> Editor:
    return replace(editor, caret=0)


def bottom(editor: Editor) -> Editor:
    return replace(editor, caret=len(editor.text))


def vertical(editor: Editor, direction: int, width: int) -> Editor:
    """The caret a visual row up (-1) or down (1) in a box `width` cells wide."""
    rows = Rows(editor.text, width)
    row, column = rows.column_of(editor.caret)
    if direction < 0 and row == 0:
        return replace(editor, caret=0)
    if direction > 0 and not rows.has(row + 1):
        return replace(editor, caret=len(editor.text))
    start, stop = rows.row(row + direction)
    offset = rows.offset_at(row + direction, column)
    _, reached = rows.column_of(offset)
    return replace(editor, caret=stop if reached < column and stop > start and offset < stop else offset)


EDITS = {
    "backspace": delete_back,
    "delete": delete_forward,
    "ctrl+w": delete_word_back,
    "ctrl+u": delete_line_back,
    "left": left,
    "right": right,
    "ctrl+left": word_left,
    "ctrl+right": word_right,
    "home": home,
    "end": end,
    "ctrl+home": top,
    "ctrl+end": bottom,
}
"""What keys do in every text box."""
