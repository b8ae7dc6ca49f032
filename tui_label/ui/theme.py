"""What style words look like.

The terminal's own colours stay the ground, light or dark; hues are mid-tones that stand out on both (a contrast of 3 at
least) and that colour-blind people can tell apart (after Okabe and Ito, 2008).  Where the terminal says what its ground
is, they go as far from it as reading takes.  Where there are 16 colours, their names stand in, since the nearest of
mid-tones is white for half of them; with those or none, underline, reverse, letters and brackets carry the meaning.
"""

from __future__ import annotations

from functools import lru_cache

from rich.color import Color, ColorSystem, blend_rgb
from rich.color_triplet import ColorTriplet
from rich.style import Style

HUES = {
    "red": "#e0533d",
    "green": "#0fa279",
    "yellow": "#ac8b21",
    "blue": "#4f86e0",
    "magenta": "#c46ba8",
    "cyan": "#2c9bbd",
    "orange": "#ca7e1c",
    "purple": "#9a7be0",
    "pink": "#d76d95",
    "brown": "#a9825a",
    "grey": "#8a8a8a",
    "white": "#8e8e8e",
}
PALETTE = ("green", "purple", "orange", "magenta", "cyan", "yellow", "red", "blue", "pink", "brown")
"""Given to labels without a colour, in this order: first those that are not the keys' colour beside them."""

SIXTEEN = {
    "red": "red",
    "green": "green",
    "yellow": "yellow",
    "blue": "bright_blue",
    "magenta": "bright_magenta",
    "cyan": "cyan",
    "orange": "bright_red",
    "purple": "magenta",
    "pink": "bright_magenta",
    "brown": "yellow",
    "grey": "default",
    "white": "default",
}
"""The terminal's own colour for each hue, one for each of the palette's first eight.

Bright yellow, green and cyan cannot be read on a light ground, dark blue not on a dark one.
"""
UNREADABLE_BRIGHT = {"green", "yellow", "cyan"}
"""Colours that are never bold where there are 16, since many terminals show bold as bright."""

WORDS = {
    "faint": Style(color="#808080"),
    "bold": Style(bold=True),
    "accent": Style(color="#2c9bbd", bold=True),
    "good": Style(color="#0fa279"),
    "warn": Style(color="#e0533d", bold=True),
    "under": Style(underline=True),
    "cursor": Style(reverse=True),
    "selected": Style(reverse=True, underline=True),
    "found": Style(bold=True, underline=True),
    "gone-to": Style(bold=True, underline=True, reverse=True),
    "hint": Style(color="#ca7e1c", bold=True),
}


SIXTEEN_WORDS = WORDS | {
    # Not grey: some palettes have bright black for the ground
    "faint": Style(dim=True),
    "accent": Style(color="bright_blue", bold=True),
    "good": Style(color="green"),
    "warn": Style(color="red", bold=True),
    "hint": Style(color="magenta", bold=True),
}


@lru_cache(2048)
def style(words: str, few: bool = False) -> Style:
    """The look of a style, such as `under hue:green cursor`; `few`: of 16 colours or none."""
    hues, looks = (SIXTEEN, SIXTEEN_WORDS) if few else (HUES, WORDS)
    total = Style()
    for word in words.split():
        kind, _, hue = word.partition(":")
        total += Style(color=hues.get(hue, hue)) if kind == "hue" else looks[word]
    return total


@lru_cache(2048)
def style_in_16(words: str) -> Style:
    """The look of a style in 16 colours."""
    look = style(words, few=True)
    return look + Style(bold=False) if look.color is not None and look.color.name in UNREADABLE_BRIGHT else look


READABLE = 4.5
"""The contrast of text that one reads: WCAG 2.2, 1.4.3."""
BLACK, WHITE = ColorTriplet(0, 0, 0), ColorTriplet(255, 255, 255)
STEPS = 20
"""From a hue to black or white."""


@lru_cache(2048)
def style_on(ground: tuple[int, int, int], words: str, system: ColorSystem = ColorSystem.TRUECOLOR) -> Style:
    """The look of a style on a ground that is known, red, green and blue from 0 to 255, on a terminal of many colours."""
    look = style(words)
    return look if look.color is None else look + Style(color=_readable(look.color, ColorTriplet(*ground), system))


def _readable(color: Color, ground: ColorTriplet, system: ColorSystem) -> Color:
    """`color` as the terminal shows it, as much darker or lighter as it must be to be read."""
    far = max(BLACK, WHITE, key=lambda end: contrast(end, ground))
    for step in range(STEPS + 1):
        shown = Color.from_triplet(blend_rgb(color.get_truecolor(), far, step / STEPS)).downgrade(system)
        if contrast(shown.get_truecolor(), ground) >= READABLE:
            break
    return shown


def contrast(one: ColorTriplet, other: ColorTriplet) -> float:
    """How well two colours are told apart: from 1 to 21."""
    dark, light = sorted((_luminance(one), _luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def _luminance(color: ColorTriplet) -> float:
    red, green, blue = (one / 12.92 if one <= 0.04045 else ((one + 0.055) / 1.055) ** 2.4 for one in color.normalized)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
