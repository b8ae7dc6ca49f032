"""Colours that can be read on any ground."""

from __future__ import annotations

import pytest

from tui_label.ui import theme


def test_every_hue_stands_out_on_a_light_and_on_a_dark_ground():
    """WCAG 2.2, 1.4.11: a contrast of 3 at least."""

    def luminance(color: str) -> float:
        parts = [int(color[n : n + 2], 16) / 255 for n in (1, 3, 5)]
        red, green, blue = (one / 12.92 if one <= 0.03928 else ((one + 0.055) / 1.055) ** 2.4 for one in parts)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    for name, hue in theme.HUES.items():
        assert 1.05 / (luminance(hue) + 0.05) >= 3, name
        assert (luminance(hue) + 0.05) / 0.05 >= 4.5, name


def test_in_16_colours_the_first_labels_of_a_project_have_a_colour_each():
    """The nearest of 16 colours to a mid-tone is white, or its neighbour's."""
    looks = [theme.style(f"hue:{name}", few=True).color for name in theme.PALETTE[:8]]
    numbers = {look.number for look in looks if look is not None}

    assert len(numbers) == 8
    assert numbers <= {1, 2, 3, 5, 6, 9, 12, 13}  # those that most palettes keep readable on any ground
    assert theme.SIXTEEN.keys() == theme.HUES.keys()


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
