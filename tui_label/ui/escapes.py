"""Escape sequences by what they say: which of those that come in are keys, and which of those that go out are Textual's.

Functions of text; the driver in `terminal` feeds them.
"""

from __future__ import annotations

import re

from textual._ansi_sequences import ANSI_SEQUENCES_KEYS
from textual._keyboard_protocol import FUNCTIONAL_KEYS
from textual._xterm_parser import FOCUSIN, FOCUSOUT

HOLD_MOST = 8192
"""Characters that are held at most: a reply that never ends is none."""

# what comes in

_EIGHT_BIT = re.compile("[\x80-\x9f]")
"""Controls of one character, which no key sends; Textual takes them for keys."""
_STRING = re.compile(r"\x1b[\]P_^X][^\x07\x1b]*(?:\x07|\x1b\\)")
"""OSC, DCS, APC, PM and SOS: a terminal answers with them, no key sends them."""
_GROUND = re.compile(
    r"\x1b\]11;rgba?:([0-9a-f]{1,4})/([0-9a-f]{1,4})/([0-9a-f]{1,4})(?:/[0-9a-f]{1,4})?(?:\x07|\x1b\\)", re.I
)
"""The answer to `ASK_GROUND`."""
_CSI = re.compile(r"\x1b\[([0-?]*)(\$y|[@-Z\\-~])")
"""One whole sequence; `[[A` of the Linux console and `[3$` of rxvt are left to Textual."""
_CUT_OFF = re.compile(r"\x1b\[[0-?]*(?=\x1b)")
"""The parser would take the next key for the rest of it."""
_UNFINISHED = re.compile(
    r"\x1b+$"
    r"|\x1b+\[(?:\?[0-9;]*\$?|[0-?]*)$"
    r"|\x1b+[\]P_^X](?:[0-9lLIG>!|=$+][^\x07\x1b]*\x1b?)?$"  # so Alt+P and a letter stay two keys
)
_MOUSE = re.compile(r"<[0-9]+;[0-9]+;[0-9]+[mM]|M")
"""Never a bare `m`, which ends a colour in what somebody pastes."""
_MODE_REPORT = re.compile(r"\?[0-9]{1,5};[0-9]\$y")
_CURSOR = re.compile(r"[0-9]{1,5};[0-9]{1,5}R")
_RESIZE = re.compile(r"48(?:;[0-9]{1,5}(?::[0-9]*)?){4}t")
_NO_PIXELS = re.compile(r"48;([^;t]*;[^;t]*);(?:0+;[^;t]*|[^;t]*;0+)t")
"""A terminal that knows its cells only; Textual would divide by them."""
_OLD_MODIFIED = re.compile("[2-8][A-D]")
"""Arrows with Shift, Ctrl … as some terminals send them: `CSI 5 A` for `CSI 1;5 A`."""
_F13_TO_F20 = dict(zip(("25~", "26~", "28~", "29~", "31~", "32~", "33~", "34~"), range(57376, 57384), strict=True))
"""Textual takes the numbers of these for characters."""
_KITTY = re.compile(
    r"(?P<code>[0-9]{0,7}(?::[0-9]{0,7}){0,2})"
    r"(?:;(?P<modifiers>[0-9]{0,3})(?::(?P<event>[123]))?(?P<text>;[0-9]{0,7}(?::[0-9]{1,7})*)?)?[u~ABCDEFHPQRS]"
)
_NUMBER = re.compile("[0-9]+")
_RELEASED = "3"
_PASTED_CONTROL = re.compile(r"\x1b(?:[\]P_^X][^\x07\x1b]*(?:\x07|\x1b\\)|\[[0-?]*[ -/]*[@-~]|[(-/][0-~])")
"""Colours, titles, character sets: what a program had printed beside its words."""

# what goes out

ASK_GROUND = "\x1b]11;?\x1b\\"
"""Many terminals answer with the colour they write on; the others say nothing."""
_DIRECTIONS = "\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069"
_SURROGATES = "\ud800-\udfff"
_UNSAFE = re.compile(f"[\x00-\x1f\x7f-\x9f{_DIRECTIONS}{_SURROGATES}]")
_TEXTUAL = (
    r"\[[0-9;:]*[mH]"  # colours, places
    r"|\[\?(?:7|25|1000|1003|1004|1006|1015|1016|1049|2004|2026|2048)[hl]"
    r"|\[\?(?:2026|2048)\$p"  # asks for synchronised output, in-band resize
    r"|\[[<>][0-9]*u"  # kitty keys on and off
)
_FOREIGN = re.compile(
    rf"\x1b(?!{_TEXTUAL})"
    r"(?:[\]PX^_][^\x07\x1b]*(?:\x07|\x1b\\)?"  # strings: clipboard, titles, links
    r"|\[[0-?]*[ -/]*[@-~]?"
    r"|[ -/]+[0-~]?|[0-~])?"
    f"|[\x00-\x09\x0b\x0c\x0e-\x1a\x1c-\x1f\x7f-\x9f{_DIRECTIONS}{_SURROGATES}]"
)


def clean_text(text: str) -> str:
    """The last belt before the terminal: no character of a row is obeyed."""
    return _UNSAFE.sub("�", text) if _UNSAFE.search(text) else text


def clean_output(data: str) -> str:
    """`data` without what Textual never sends: it came out of somebody's text."""
    return _FOREIGN.sub("", data) if _FOREIGN.search(data) else data


def clean_input(text: str) -> str:
    """`text` without replies of the terminal and keys that Textual's parser chokes on."""
    before, text = "", _EIGHT_BIT.sub("", text)
    while before != text and "\x1b" in text:
        # Again, for what stands on both sides of something left out may make a sequence
        before, text = text, _CSI.sub(_key_or_nothing, _CUT_OFF.sub("", _STRING.sub("", text)))
    return text


def split_unfinished(text: str) -> tuple[str, str]:
    """What can be read now, and the start of a sequence whose rest may still come."""
    found = _UNFINISHED.search(text)
    if found is None or len(text) - found.start() > HOLD_MOST:
        return text, ""
    return text[: found.start()], text[found.start() :]


def _key_or_nothing(found: re.Match[str]) -> str:
    sequence, body = found[0], found[1] + found[2]
    if body in _F13_TO_F20:
        return f"\x1b[{_F13_TO_F20[body]}u"
    if _OLD_MODIFIED.fullmatch(body):
        return f"\x1b[1;{body}"
    kitty = _KITTY.fullmatch(body)
    if sequence in (FOCUSIN, FOCUSOUT) or (sequence in ANSI_SEQUENCES_KEYS and kitty is None):
        return sequence
    if no_pixels := _NO_PIXELS.fullmatch(body):
        return f"\x1b[48;{no_pixels[1]};{no_pixels[1]}t"
    if any(wanted.fullmatch(body) for wanted in (_MOUSE, _MODE_REPORT, _CURSOR, _RESIZE)):
        return sequence
    if kitty is None or kitty["event"] == _RELEASED or any(map(_no_character, _NUMBER.findall(found[1]))):
        return ""
    if not _says_something(kitty["code"].partition(":")[0] or "1", found[2], _NUMBER.findall(kitty["text"] or "")):
        return ""
    if kitty["event"] is None:
        return sequence
    return f"\x1b[{kitty['code']};{kitty['modifiers']}{kitty['text'] or ''}{found[2]}"


def _says_something(code: str, end: str, text: list[str]) -> bool:
    """Whether it is a key by its name or its text; Textual takes any number for a character, also one that controls."""
    if text or f"{code}{end}" not in FUNCTIONAL_KEYS:
        return (bool(text) or end == "u") and not any(map(_controls, text or [code]))
    return True


def _no_character(number: str) -> bool:
    return int(number) > 0x10FFFF or 0xD800 <= int(number) < 0xE000


def _controls(number: str) -> bool:
    return int(number) < 0x20 or 0x7F <= int(number) < 0xA0


def clean_paste(text: str) -> str:
    """A paste as words: what a program had printed with them goes."""
    return _PASTED_CONTROL.sub("", text)


def grounds(text: str) -> list[tuple[int, int, int]]:
    """The colours in answers to `ASK_GROUND`: red, green and blue from 0 to 255."""
    return [(_of_255(found[1]), _of_255(found[2]), _of_255(found[3])) for found in _GROUND.finditer(text)]


def _of_255(part: str) -> int:
    """A part of a colour that may have been written with one to four hex digits."""
    return round(255 * int(part, 16) / ((1 << 4 * len(part)) - 1))
