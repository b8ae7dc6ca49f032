"""Keys by the names that they have in project.yaml and on the screen, and which of them plain terminals send."""

from __future__ import annotations

import unicodedata

DIGITS = "1234567890"
LETTERS = "bdeimotwyzacfghjklnpqrsuvx"
"""Those that no command uses come first."""
CAPITALS = "BDEFHIJKLMOQRTUWYZ"
UNSENT = {
    "ctrl+i": "a terminal sends it as Tab",
    "ctrl+m": "a terminal sends it as Enter",
    "ctrl+h": "a terminal sends it as Backspace",
    "ctrl+[": "a terminal sends it as Esc",
    "ctrl+a": "screen takes it",
    "ctrl+b": "tmux takes it",
    "shift+enter": "plain terminals send Enter",
    "ctrl+enter": "plain terminals send Enter",
    "alt+enter": "plain terminals send Enter",
}
NAMED = frozenset([
    "enter", "escape", "tab", "shift+tab", "backspace", "delete", "space", "up", "down", "left", "right", "home",
    "end", "pageup", "pagedown", "insert", "shift+up", "shift+down", "shift+left", "shift+right", "ctrl+left",
    "ctrl+right", "ctrl+up", "ctrl+down", "ctrl+space",
])  # fmt: skip
DISPLAY = {
    "enter": "↵", "escape": "Esc", "tab": "Tab", "shift+tab": "⇧Tab", "backspace": "⌫", "delete": "Del",
    "space": "Space", "left": "←", "right": "→", "up": "↑", "down": "↓", "home": "Home", "end": "End",
    "pageup": "PgUp", "pagedown": "PgDn", "shift+left": "⇧←", "shift+right": "⇧→",
}  # fmt: skip


def event_key(key: str, character: str | None) -> str:
    """Our name for a key that the terminal delivered as `key` with `character`."""
    if key in ("space", "ctrl+@", "ctrl+space"):
        return "space" if key == "space" else "ctrl+space"
    # Not isprintable, which says no to blanks and joiners that words are written with
    if character is not None and len(character) == 1 and unicodedata.category(character) not in ("Cc", "Cs"):
        return character
    return key


def chosen_by(key: str, count: int) -> int | None:
    """Which of so many, from 0, a digit chooses; `²` is a digit to str.isdigit, and none to int."""
    return int(key) - 1 if key.isdecimal() and 0 < int(key) <= count else None


def key_display(key: str) -> str:
    """A key as it is shown on the screen."""
    if key in DISPLAY:
        return DISPLAY[key]
    if key.startswith("ctrl+"):
        return "^" + (key[5:].upper() if len(key) == len("ctrl+x") else key[5:].capitalize())
    return key.upper() if len(key) > 1 and key[0] == "f" and key[1:].isdecimal() else key


def why_unsent(key: str) -> str:
    """Why no plain terminal delivers `key`; empty if one does."""
    if key in UNSENT:
        return UNSENT[key]
    if len(key) == 1 or key in NAMED:
        return "" if key.isprintable() else "it is a control character"
    modifier, _, rest = key.rpartition("+")
    if modifier == "ctrl" and len(rest) == 1 and rest.isascii() and rest.isalpha() and rest.islower():
        return ""
    if not modifier and key[0] == "f" and key[1:].isdecimal() and 1 <= int(key[1:]) <= 12:
        return ""
    if modifier in ("alt", "alt+shift") and len(rest) == 1:
        return "terminals send it as Esc and that key"
    if rest.isdecimal() or modifier in ("alt", "shift"):
        return "plain terminals do not send it as a key of its own"
    return "there is no such key; write it as it is typed, or as enter, tab, f5, ctrl+n, shift+left"
