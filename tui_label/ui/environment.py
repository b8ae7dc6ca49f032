"""What must be settled before Textual is imported, since it reads the environment then."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, MutableMapping

from tui_label.errors import LabelError


def prepare(environ: MutableMapping[str, str] = os.environ) -> None:
    """Refuse what is no terminal; set what Textual reads at import."""
    if not (sys.__stdin__ and sys.__stdin__.isatty() and sys.__stderr__ and sys.__stderr__.isatty()):
        raise LabelError("labeling needs a terminal on standard input and standard error; run it without < or |")
    if environ.get("TERM", "") in ("", "dumb", "unknown"):
        raise LabelError(
            f"this terminal (TERM={environ.get('TERM', '')}) cannot show a screen; try TERM=xterm-256color"
        )
    environ.setdefault("ESCDELAY", "25")
    environ.setdefault("TEXTUAL_ANIMATIONS", "none")
    if environ.get("TERM_PROGRAM") == "iTerm.app":
        # Its kitty keyboard protocol loses input-method text
        environ.setdefault("TEXTUAL_DISABLE_KITTY_KEY", "1")
    for stream in (sys.__stderr__, sys.__stdout__):
        if stream is not None and hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="replace")


def mouse_wanted(environ: MutableMapping[str, str] = os.environ) -> bool:
    """Off over SSH, where every move of the mouse costs bytes, unless TUI_LABEL_MOUSE=1 asks for it."""
    wish = environ.get("TUI_LABEL_MOUSE", "")
    if wish:
        return wish not in ("0", "no", "off")
    return "SSH_CONNECTION" not in environ and "SSH_TTY" not in environ


BRACKETING = (
    "alacritty", "contour", "foot", "ghostty", "konsole", "mintty", "putty", "rxvt", "st-", "tmux", "wezterm",
    "xterm",
)  # fmt: skip


def brackets_pastes(environ: Mapping[str, str] = os.environ) -> bool:
    """Whether the terminal marks a paste as one, so that it never comes as keys."""
    return "TMUX" in environ or environ.get("TERM", "").startswith(BRACKETING)
