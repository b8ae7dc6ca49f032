"""Colours that can be read on any ground."""

from __future__ import annotations

import math
import operator
from itertools import combinations

import pytest
from rich.color import Color, ColorSystem
from rich.color_triplet import ColorTriplet

from tui_label.ui import theme

COLORED = ("faint", "accent", "wave", "good", "warn", "hint", *(f"hue:{name}" for name in theme.HUES))
GROUNDS = {
    "white": (255, 255, 255), "cream": (253, 246, 227), "black": (0, 0, 0), "grey-black": (40, 44, 52),
    "aubergine": (48, 10, 36), "grey": (128, 128, 128),
}  # fmt: skip


def test_contrast_is_that_of_wcag():
    assert theme.contrast(theme.BLACK, theme.WHITE) == pytest.approx(21)
    assert theme.contrast(ColorTriplet(119, 119, 119), theme.WHITE) == pytest.approx(4.48, abs=0.01)


def test_every_hue_stands_out_on_a_light_and_on_a_dark_ground():
    """WCAG 2.2, 1.4.11: a contrast of 3 at least."""
    for name in theme.HUES:
        color = theme.style(f"hue:{name}").color.get_truecolor()
        assert theme.contrast(color, theme.WHITE) >= 3, name
        assert theme.contrast(color, theme.BLACK) >= 4.5, name


@pytest.mark.parametrize("system", [ColorSystem.TRUECOLOR, ColorSystem.EIGHT_BIT])
@pytest.mark.parametrize("ground", GROUNDS.values(), ids=GROUNDS)
def test_on_a_ground_that_is_known_every_word_can_be_read(ground, system):
    """WCAG 2.2, 1.4.3: a contrast of 4.5 at least, in what the terminal shows."""
    for words in COLORED:
        shown = theme.style_on(ground, words, system).color.downgrade(system).get_truecolor()
        assert theme.contrast(shown, ColorTriplet(*ground)) >= 4.5, words


def test_on_a_ground_that_is_known_what_has_no_colour_stays_as_it_is():
    assert theme.style_on(GROUNDS["white"], "bold cursor") == theme.style("bold cursor")
    assert theme.style_on(GROUNDS["black"], "hue:red under") == theme.style("hue:red under", ground=theme.DARK)


def test_in_16_colours_the_first_labels_of_a_project_have_a_colour_each():
    """The nearest of 16 colours to a mid-tone is white, or its neighbour's."""
    looks = [theme.style(f"hue:{name}", few=True).color for name in theme.PALETTE[:8]]
    numbers = {look.number for look in looks if look is not None}

    assert len(numbers) == 8
    assert numbers <= {1, 2, 3, 5, 6, 9, 12, 13}  # those that most palettes keep readable on any ground
    assert theme.SIXTEEN.keys() == theme.HUES.keys()


@pytest.mark.parametrize("few", [False, True])
def test_the_first_labels_of_a_project_do_not_have_the_colour_of_keys(few):
    """Beside its key such a label looks like one."""
    looks = [theme.style(f"hue:{name}", few).color for name in theme.PALETTE[:4]]

    assert theme.style("accent", few).color not in looks


def test_what_need_not_be_read_is_dim_without_grey():
    assert theme.style("faint", few=True).dim
    assert theme.style("faint", few=True).color is None


def test_the_place_gone_to_stands_out_from_others_found_without_colour():
    for few in (False, True):
        here, others = theme.style("gone-to", few).without_color, theme.style("found", few).without_color
        assert here.reverse and not others.reverse
        assert others not in (theme.style("under", few).without_color, theme.style("cursor", few).without_color)


@pytest.mark.parametrize("words", ["accent", "hint", "warn", *(f"hue:{name} bold" for name in theme.HUES)])
def test_in_16_colours_nothing_is_bold_whose_bright_form_cannot_be_read(words):
    """Many terminals show bold as bright: yellow on white has a contrast of 1.1 then, cyan of 1.3, green of 1.4."""
    look = theme.style_in_16(words)
    number = look.color.number if look.color is not None else None
    bright = number + 8 if look.bold and number is not None and number < 8 else number

    assert bright not in (10, 11, 14)
    assert theme.style(words, few=True).bold  # without colour it stays so


@pytest.mark.parametrize("words", ["wave", "good", *(f"hue:{name} under" for name in theme.HUES)])
def test_in_16_colours_nothing_is_green_yellow_or_cyan_on_a_light_ground(words):
    """xterm's own have a contrast of 2.1, 1.7 and 1.9 on white; no usual palette's reach what reading takes."""
    color = theme.style_in_16(words, on_light=True).color

    assert color is None or color.number not in (2, 3, 6, 10, 11, 14)


EYES = {
    "all cones": ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    "no red ones": ((0.152286, 1.052583, -0.204868), (0.114503, 0.786281, 0.099216), (-0.003882, -0.048116, 1.051998)),
    "no green ones": ((0.367322, 0.860646, -0.227968), (0.280085, 0.672501, 0.047413), (-0.01182, 0.04294, 0.968881)),
}
"""What is seen of linear red, green and blue (Machado, Oliveira and Fernandes, 2009)."""


def seen(color: Color, eyes: str) -> tuple[float, ...]:
    """A colour in Oklab, as eyes see it."""
    linear = [
        one / 12.92 if one <= 0.04045 else ((one + 0.055) / 1.055) ** 2.4 for one in color.get_truecolor().normalized
    ]
    red, green, blue = (max(0.0, sum(map(operator.mul, row, linear))) for row in EYES[eyes])
    long = (0.4122214708 * red + 0.5363325363 * green + 0.0514459929 * blue) ** (1 / 3)
    middle = (0.2119034982 * red + 0.6806995451 * green + 0.1073969566 * blue) ** (1 / 3)
    short = (0.0883024619 * red + 0.2817188376 * green + 0.6299787005 * blue) ** (1 / 3)
    return (
        0.2104542553 * long + 0.793617785 * middle - 0.0040720468 * short,
        1.9779984951 * long - 2.428592205 * middle + 0.4505937099 * short,
        0.0259040371 * long + 0.7827717662 * middle - 0.808675766 * short,
    )


@pytest.mark.parametrize("eyes", EYES)
@pytest.mark.parametrize("system", [ColorSystem.TRUECOLOR, ColorSystem.EIGHT_BIT])
@pytest.mark.parametrize("ground", [None, "white", "black", "grey-black", "aubergine"])
def test_the_first_labels_of_a_project_can_be_told_apart(ground, system, eyes):
    """By twice a difference that is just noticed (.02), also by those who lack a kind of cones."""
    words = [f"hue:{name}" for name in theme.PALETTE[:8]]
    looks = [theme.style_on(GROUNDS[ground], one, system) if ground else theme.style(one) for one in words]
    colors = [seen(look.color.downgrade(system), eyes) for look in looks]

    assert min(math.dist(*pair) for pair in combinations(colors, 2)) > (0.1 if eyes == "all cones" else 0.04)
