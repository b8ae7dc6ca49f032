"""What style words look like.

The terminal's own colours stay the ground, light or dark; hues are mid-tones that stand out on both (a contrast of 3 at
least).  Where the terminal says what its ground is, they differ in lightness too, as colour-blind people need to tell
them apart, and go as far from the ground as reading takes.  Where there are 16 colours, their names stand in, since the
nearest of mid-tones is white for half of them; with those or none, underline, reverse, letters and brackets carry the
meaning.
"""

from __future__ import annotations

from functools import lru_cache

from rich.color import Color, ColorSystem, blend_rgb
from rich.color_triplet import ColorTriplet
from rich.style import Style

HUES = {
    "red": ("#f56275", "#fe6350", "#9b0022"),
    "green": ("#00a685", "#25ce9d", "#11805b"),
    "yellow": ("#9f980b", "#f2ed44", "#444700"),
    "blue": ("#4994fc", "#758df5", "#2a1693"),
    "magenta": ("#d567d6", "#c27eaa", "#ba14a9"),
    "cyan": ("#397f9f", "#6decf3", "#185577"),
    "orange": ("#ba5921", "#ff9e00", "#ab5600"),
    "purple": ("#8a5adb", "#c7adff", "#663ae0"),
    "pink": ("#a06777", "#ffc3cc", "#8c2867"),
    "brown": ("#a88760", "#c5ab76", "#532412"),
    "grey": ("#8a8a8a", "#989898", "#6b6b6b"),
    "white": ("#8e8e8e", "#d0d0d0", "#505050"),
}
"""Each on any ground, on a dark one, on a light one; the nearest of 256 colours can be told apart as well."""
ANY, DARK, LIGHT = range(3)
PALETTE = ("green", "purple", "orange", "yellow", "cyan", "magenta", "red", "blue", "pink", "brown")
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
ON_LIGHT = {"green": "default", "yellow": "default", "cyan": "blue"}
"""In place of those of 16 colours that can hardly be read on a light ground.  Where the ground is not known these are
never bold, since many terminals show bold as bright.
"""

WORDS = {
    "faint": Style(color="#808080"),
    "bold": Style(bold=True),
    "accent": Style(color="#2c9bbd", bold=True),
    "wave": Style(color="#2c9bbd"),
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
    "wave": Style(color="cyan"),
    "good": Style(color="green"),
    "warn": Style(color="red", bold=True),
    "hint": Style(color="magenta", bold=True),
}


@lru_cache(2048)
def style(words: str, few: bool = False, ground: int = ANY) -> Style:
    """The look of a style, such as `under hue:green cursor`; `few`: of 16 colours or none."""
    looks = SIXTEEN_WORDS if few else WORDS
    total = Style()
    for word in words.split():
        kind, _, hue = word.partition(":")
        total += Style(color=_color(hue, few, ground)) if kind == "hue" else looks[word]
    return total


def _color(hue: str, few: bool, ground: int) -> str:
    if hue in HUES:
        return SIXTEEN[hue] if few else HUES[hue][ground]
    return hue


@lru_cache(2048)
def style_in_16(words: str, on_light: bool = False) -> Style:
    """The look of a style in 16 colours."""
    look = style(words, few=True)
    if look.color is None or look.color.name not in ON_LIGHT:
        return look
    return look + (Style(color=ON_LIGHT[look.color.name]) if on_light else Style(bold=False))


READABLE = 4.5
"""The contrast of text that one reads: WCAG 2.2, 1.4.3."""
BLACK, WHITE = ColorTriplet(0, 0, 0), ColorTriplet(255, 255, 255)
STEPS = 20
"""From a hue to black or white."""


@lru_cache(2048)
def style_on(ground: tuple[int, int, int], words: str, system: ColorSystem = ColorSystem.TRUECOLOR) -> Style:
    """The look of a style on a ground that is known, red, green and blue from 0 to 255, on a terminal of many colours."""
    look = style(words, ground=LIGHT if is_light(ground) else DARK)
    return look if look.color is None else look + Style(color=_readable(look.color, ground, system))


def is_light(ground: tuple[int, int, int]) -> bool:
    """Whether black can be read on it better than white."""
    return contrast(BLACK, ColorTriplet(*ground)) > contrast(WHITE, ColorTriplet(*ground))


def _readable(color: Color, ground: tuple[int, int, int], system: ColorSystem) -> Color:
    """`color` as the terminal shows it, as much darker or lighter as it must be to be read."""
    far = BLACK if is_light(ground) else WHITE
    for step in range(STEPS + 1):
        shown = Color.from_triplet(blend_rgb(color.get_truecolor(), far, step / STEPS)).downgrade(system)
        if contrast(shown.get_truecolor(), ColorTriplet(*ground)) >= READABLE:
            break
    return shown


def contrast(one: ColorTriplet, other: ColorTriplet) -> float:
    """How well two colours are told apart: from 1 to 21."""
    dark, light = sorted((_luminance(one), _luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def _luminance(color: ColorTriplet) -> float:
    red, green, blue = (one / 12.92 if one <= 0.04045 else ((one + 0.055) / 1.055) ** 2.4 for one in color.normalized)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
