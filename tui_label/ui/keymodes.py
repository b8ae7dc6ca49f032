"""Which keys hold for the item in hand, and which of them help lists."""

from __future__ import annotations

from tui_label.core.annotating.session import Session
from tui_label.core.commands import LISTENING, REVIEW, SCROLL, SOUND, SPANS, TRANSCRIBING, TYPING

HELP = {
    SPANS: ["labels", "everywhere", "spans"],
    SCROLL: ["labels", "everywhere", "scroll"],
    TYPING: ["labels", "typing", "everywhere"],
    SOUND: ["labels", "sound", "everywhere", "transcribing", "typing"],
    TRANSCRIBING: ["labels", "transcribing", "typing", "sound", "everywhere"],
    REVIEW: ["review", "labels", "editing"],
    LISTENING: ["review", "listening", "labels", "editing"],
}
"""The keys that help lists in each mode, nearest first."""


def key_mode(session: Session | None) -> str:
    """The mode of the keymap that an annotator works in."""
    if session is None:
        return SCROLL
    if session.item.sound is not None:
        return TRANSCRIBING if session.typing else SOUND
    if session.typing:
        return TYPING
    return SPANS if session.has_cursor else SCROLL
