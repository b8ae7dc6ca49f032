"""Tables and other small pieces of the page."""

from __future__ import annotations

from collections.abc import Sequence

from tui_label.quality.estimates import Figure
from tui_label.report.markup import Child, Html, joined, tag

NONE = "–"
SHORT = 20
"""Characters of a row's name that are not broken."""
MOST_ROWS = 400
"""Rows of a table: nobody reads more, and the page has to open."""


def table(
    caption: str, heads: Sequence[str], rows: Sequence[Sequence[Child]], *, words: int = 1, id: str | None = None
) -> Html:
    """Rows under heads: the first `words` columns are words, the first of them names the row; the rest are numbers."""
    shown = rows[:MOST_ROWS]
    left_out = len(rows) - len(shown)
    return tag(
        "div",
        tag(
            "table",
            tag("caption", caption),
            tag("thead", tag("tr", (_head(head, number >= words) for number, head in enumerate(heads)))),
            tag("tbody", (tag("tr", _cells(row, words)) for row in shown)),
            id=id,
        ),
        tag("p", f"and {left_out:,} rows more", class_="note") if left_out else None,
        class_="wide",
    )


def _head(words: str, is_number: bool) -> Html:
    return tag("th", words, scope="col", class_="n" if is_number else None)


def _cells(row: Sequence[Child], words: int) -> list[Html]:
    first, *others = row
    return [
        tag("th", first, scope="row", class_="short" if len(str(first)) <= SHORT else None),
        *(tag("td", cell, class_=None if number < words else "n") for number, cell in enumerate(others, 1)),
    ]


def figure(caption: str, plot: Html, behind: Html | None = None) -> Html:
    """A plot, what it shows, and the table with the same figures behind it."""
    return joined(tag("figure", tag("figcaption", caption), plot), folded("The figures", behind) if behind else None)


def folded(words: str, *inside: Child) -> Html:
    """What is there for those who look for it; it is printed."""
    return tag("details", tag("summary", words), inside)


def legend(names: Sequence[str], look: Sequence[str]) -> Html:
    def swatch(color: str) -> Html:
        return tag("svg", tag("rect", width=12, height=12, rx=2, class_=color), viewBox="0 0 12 12", aria_hidden="true")

    return tag("ul", (tag("li", swatch(color), name) for name, color in zip(names, look, strict=True)), class_="legend")


def facts(*pairs: tuple[str, str]) -> Html:
    return tag("dl", (tag("div", tag("dt", words), tag("dd", value)) for words, value in pairs), class_="facts")


# numbers


def number(value: float | None, form: str = ",.0f") -> str:
    return NONE if value is None else format(value, form)


def percent(value: float | None, form: str = ".1%") -> str:
    return NONE if value is None else format(value, form)


def seconds(ms: float | None) -> str:
    return NONE if ms is None else f"{ms / 1000:,.1f}"


def interval(of: Figure, form: str = ".3f") -> str:
    return NONE if of.low is None or of.high is None else f"{of.low:{form}} to {of.high:{form}}"
