"""The text box of a session: what it holds after a key."""

from __future__ import annotations

from tui_label.core.annotating.session import Session
from tui_label.core.text.editor import EDITS, EMPTY, Editor, insert, vertical
from tui_label.core.transcript import expanded
from tui_label.ui.views.questions import box_width


def box_of(session: Session | None) -> Editor | None:
    """The text box that takes the keys."""
    return None if session is None or session.box is None else Editor(session.box, session.caret)


def typed(session: Session, key: str, width: int) -> Editor | None:
    """The box after a key on a screen of `width` cells; None if the key was no typing."""
    editor = box_of(session)
    if editor is None:
        return None
    if len(key) == 1 or key == "space":
        editor = insert(editor, " " if key == "space" else key)
        if session.style is not None and not editor.text[editor.caret - 1].isalnum():
            editor = expanded(session.style, editor)
        return editor
    # On a sound Ctrl+U plays what was not heard
    if key in EDITS and not (key == "ctrl+u" and session.item.sound is not None):
        return EDITS[key](editor)
    if key in ("up", "down"):
        return vertical(editor, -1 if key == "up" else 1, box_width(session, width))
    return None


def with_tag(session: Session | None, tag: str) -> Editor:
    """The box with a tag at the caret, a space before it."""
    box = box_of(session) or EMPTY
    before = box.text[: box.caret]
    gap = " " if before and not before[-1].isspace() else ""
    return insert(box, f"{gap}[{tag}] ")
