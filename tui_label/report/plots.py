"""Plots as inline SVG.  Colours are CSS variables, so that they follow the page, light, dark or printed.

Every plot has a title for those who hear the page, and a table beside it has the same figures.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from tui_label.quality.person import Spread
from tui_label.report.markup import Html, joined, tag

WIDTH = 720.0
LEFT, RIGHT, TOP, BOTTOM = 52.0, 14.0, 12.0, 28.0
NAMES = 132.0
"""Room for names left of rows."""
ROW = 24.0
HUES = 10
LONGEST = 18
"""Characters of a name beside a row; the table has it whole."""
_FIRST_DAY = date(1970, 1, 1)


@dataclass(frozen=True, slots=True)
class Point:
    x: float
    y: float
    low: float | None = None
    high: float | None = None
    words: str = ""
    """Shown under the pointer."""


@dataclass(frozen=True, slots=True)
class Scale:
    """From values to places."""

    first: float
    last: float
    begin: float
    end: float

    def __call__(self, value: float) -> float:
        share = (value - self.first) / (self.last - self.first) if self.last > self.first else 0.5
        return self.begin + share * (self.end - self.begin)


def number_of_day(day: date) -> int:
    """As plots count them: since 1970."""
    return (day - _FIRST_DAY).days


def day(number: int) -> date:
    return _FIRST_DAY + timedelta(number)


def hue(number: int) -> str:
    return f"s{number % HUES}"


def drawing(title: str, height: float, *parts: Html) -> Html:
    return tag(
        "svg", tag("title", title), *parts, viewBox=f"0 0 {WIDTH:.0f} {height:.0f}", role="img", aria_label=title
    )


# over time


def growth(title: str, points: Sequence[Point], wanted: float | None) -> Html:
    """A total that grows over days (`x`: days since 1970), and how far it is to go."""
    height = 220.0
    most = max([wanted or 0, *(point.y for point in points)])
    x, y = _days(points, LEFT, WIDTH - RIGHT), Scale(0, most, height - BOTTOM, TOP)
    line = " ".join(f"{x(point.x):.1f},{y(point.y):.1f}" for point in points)
    area = f"{x(points[0].x):.1f},{y(0):.1f} {line} {x(points[-1].x):.1f},{y(0):.1f}"
    goal = []
    if wanted:
        at = y(wanted)
        goal = [
            tag("line", x1=LEFT, x2=WIDTH - RIGHT, y1=at, y2=at, class_="goal"),
            tag("text", "wanted", x=LEFT + 4, y=at + 14, class_="small"),
        ]
    dots = [_dot(x(point.x), y(point.y), point.words, 0) for point in points[-1:]]
    return drawing(
        title,
        height,
        _grid(y, most, lambda value: f"{value:,.0f}"),
        _day_ticks(x, height),
        tag("polygon", points=area, class_="area"),
        tag("polyline", points=line, class_="line s0"),
        *goal,
        *dots,
    )


def figures_over_weeks(title: str, points: Sequence[Point]) -> Html:
    """A figure between its ends, each with its 95 % interval; `x`: days since 1970."""
    height = 200.0
    lows = [point.y if point.low is None else point.low for point in points]
    highs = [point.y if point.high is None else point.high for point in points]
    floor = min(0.0, math.floor(min(lows) * 5) / 5)
    roof = max(1.0, max(highs))
    x, y = _days(points, LEFT, WIDTH - RIGHT), Scale(floor, roof, height - BOTTOM, TOP)
    bars = [
        tag("line", x1=x(point.x), x2=x(point.x), y1=y(point.low), y2=y(point.high), class_="interval")
        for point in points
        if point.low is not None and point.high is not None
    ]
    line = " ".join(f"{x(point.x):.1f},{y(point.y):.1f}" for point in points)
    return drawing(
        title,
        height,
        _grid(y, roof, lambda value: f"{value:.1f}", floor, 0.2),
        _day_ticks(x, height),
        *bars,
        tag("polyline", points=line, class_="line s0"),
        *(_dot(x(point.x), y(point.y), point.words, 0) for point in points),
    )


def strips(title: str, rows: Sequence[tuple[str, Sequence[Point]]], each: int) -> Html:
    """For each name bars over days, `each` days wide, all on one scale."""
    every = [point for _, points in rows for point in points]
    first, last = min(point.x for point in every), max(point.x for point in every) + each
    most = max(point.y for point in every)
    x = Scale(first, last, NAMES, WIDTH - RIGHT)
    width = max(1.0, x(first + each) - x(first) - (1 if last - first < 120 * each else 0))
    height = ROW * len(rows) + BOTTOM
    parts = []
    for number, (name, points) in enumerate(rows):
        ground = ROW * (number + 1) - 3
        parts += [_name(name, ground - 5), tag("line", x1=NAMES, x2=WIDTH - RIGHT, y1=ground, y2=ground, class_="grid")]
        for point in points:
            tall = (ROW - 7) * point.y / most
            parts.append(_bar(x(point.x), ground - tall, width, tall, "s0", point.words))
    return drawing(title, height, *parts, _day_ticks(x, height))


# by name


def boxes(title: str, rows: Sequence[tuple[str, Spread]]) -> Html:
    """Seconds: the box from the lower to the upper quartile, the median in it, the line from the 5th to the 95th percentile."""
    most = max(one.most for _, one in rows) / 1000
    x = Scale(0, most, NAMES, WIDTH - RIGHT)
    height = ROW * len(rows) + BOTTOM
    parts = []
    for number, (name, one) in enumerate(rows):
        middle = ROW * number + ROW / 2
        least, low, median, high, end = (x(ms / 1000) for ms in (one.least, one.low, one.median, one.high, one.most))
        words = (
            f"{name}: median {one.median / 1000:.1f} s, half between {one.low / 1000:.1f} and {one.high / 1000:.1f} s"
        )
        parts += [
            _name(name, middle + 4),
            tag("line", x1=least, x2=end, y1=middle, y2=middle, class_="interval"),
            _bar(low, middle - 7, max(1.0, high - low), 14, "s0 soft", words),
            tag("line", x1=median, x2=median, y1=middle - 7, y2=middle + 7, class_="median"),
        ]
    return drawing(title, height, *parts, _value_ticks(x, most, height, "{:g} s"))


def stacks(title: str, rows: Sequence[tuple[str, Sequence[float]]], labels: Sequence[str]) -> Html:
    """For each name the shares of labels, one beside the other, 1 in all."""
    x = Scale(0, 1, NAMES, WIDTH - RIGHT)
    height = ROW * len(rows) + BOTTOM
    parts = []
    for number, (name, shares) in enumerate(rows):
        at = 0.0
        parts.append(_name(name, ROW * number + ROW / 2 + 4))
        for place, share in enumerate(shares):
            if share:
                words = f"{name}: {labels[place]} {share:.1%}"
                width = x(at + share) - x(at)
                parts.append(_bar(x(at), ROW * number + 3, max(0.5, width - 1), ROW - 6, hue(place), words))
                if width > 34:
                    middle = ROW * number + ROW / 2 + 4
                    parts.append(tag("text", f"{share:.0%}", x=x(at) + width / 2, y=middle, class_="in middle"))
            at += share
    return drawing(title, height, *parts, _value_ticks(x, 1, height, "{:.0%}"))


def bars_from_one(title: str, bars: Sequence[tuple[str, float | None, str]]) -> Html:
    """Ratios beside 1, up where slower and down where faster; None leaves a gap."""
    height = 180.0
    known = [value for _, value, _ in bars if value is not None]
    reach = max([0.25, *(abs(value - 1) for value in known)])
    y = Scale(1 - reach, 1 + reach, height - BOTTOM, TOP)
    step = (WIDTH - LEFT - RIGHT) / len(bars)
    parts = []
    for number, (name, value, words) in enumerate(bars):
        left = LEFT + step * number
        parts.append(tag("text", name, x=left + step / 2, y=height - 9, class_="small middle"))
        if value is not None:
            top, bottom = sorted((y(value), y(1)))
            parts.append(_bar(left + step * 0.15, top, step * 0.7, max(1.0, bottom - top), "s0", words))
    ticks = [1 - reach, 1, 1 + reach]
    grid = [
        part
        for value in ticks
        for part in (
            tag("line", x1=LEFT, x2=WIDTH - RIGHT, y1=y(value), y2=y(value), class_="goal" if value == 1 else "grid"),
            tag("text", f"{value:.2f}×", x=LEFT - 6, y=y(value) + 4, class_="small end"),
        )
    ]
    return drawing(title, height, *grid, *parts)


def heat(title: str, names: Sequence[str], count: Callable[[str, str], int]) -> Html:
    """How often two names meet: the darker the more, with the number in each cell."""
    size = min(64.0, (WIDTH - NAMES - RIGHT) / len(names))
    tall = min(size, 40.0)
    head = 20.0
    height = head + tall * len(names) + 4
    most = max(count(one, other) for one in names for other in names)
    parts = []
    for column, name in enumerate(names):
        short = _short(name, max(3, int(size / 7)))
        parts.append(
            tag("text", tag("title", name), short, x=NAMES + size * (column + 0.5), y=head - 6, class_="small middle")
        )
    for row, one in enumerate(names):
        parts.append(_name(one, head + tall * row + tall / 2 + 4))
        for column, other in enumerate(names):
            left, top = NAMES + size * column, head + tall * row
            many = count(one, other)
            if row == column:
                parts.append(tag("rect", x=left, y=top, width=size - 1, height=tall - 1, class_="same"))
                continue
            share = many / most if most else 0
            words = f"{one} and {other}: {many:,}"
            parts.append(
                tag(
                    "rect", tag("title", words), x=left, y=top, width=size - 1, height=tall - 1, class_="heat",
                    # No darker than lets the number be read
                    fill_opacity=0.08 + 0.5 * share if many else 0.04,
                )
            )  # fmt: skip
            if many and size >= 26:
                parts.append(tag("text", f"{many:,}", x=left + size / 2, y=top + tall / 2 + 4, class_="middle"))
    return drawing(title, height, *parts)


# pieces


def _name(name: str, y: float) -> Html:
    return tag("text", tag("title", name), _short(name, LONGEST), x=NAMES - 8, y=y, class_="end")


def _short(name: str, most: int) -> str:
    return name if len(name) <= most else name[: most - 1] + "…"


def _bar(x: float, y: float, width: float, height: float, look: str, words: str) -> Html:
    return tag("rect", tag("title", words), x=x, y=y, width=width, height=height, class_=f"bar {look}")


def _dot(x: float, y: float, words: str, number: int) -> Html:
    return tag("circle", tag("title", words), cx=x, cy=y, r=3.5, class_=f"dot {hue(number)}")


def _step(most: float, ticks: int) -> float:
    """A round distance between about so many ticks: 1, 2 or 5 times a power of ten."""
    rough = max(most, 1e-9) / ticks
    power = 10.0 ** math.floor(math.log10(rough))
    return next(times * power for times in (1, 2, 5, 10) if times * power >= rough)


def _grid(y: Scale, most: float, form: Callable[[float], str], floor: float = 0.0, step: float | None = None) -> Html:
    step = step or max(_step(most - floor, 4), 1.0)
    many = math.floor((most - floor) / step + 1e-9)
    values = [floor + step * number for number in range(many + 1)]
    return joined(
        part
        for value in values
        for part in (
            tag("line", x1=LEFT, x2=WIDTH - RIGHT, y1=y(value), y2=y(value), class_="grid"),
            tag("text", form(value), x=LEFT - 6, y=y(value) + 4, class_="small end"),
        )
    )


def _value_ticks(x: Scale, most: float, height: float, form: str) -> Html:
    step = _step(most, 6)
    values = [step * number for number in range(math.floor(most / step + 1e-9) + 1)]
    return joined(
        tag("text", form.format(round(value, 6)), x=x(value), y=height - 9, class_="small middle") for value in values
    )


def _days(points: Sequence[Point], begin: float, end: float) -> Scale:
    first, last = points[0].x, points[-1].x
    return Scale(first, last, begin, end) if last > first else Scale(first - 1, last + 1, begin, end)


def _day_ticks(x: Scale, height: float) -> Html:
    """Dates below a plot, about six of them."""
    span = x.last - x.first
    step = next((days for days in (1, 2, 7, 14, 28, 91, 182) if span / days <= 7), 365)
    first = math.ceil(x.first)
    ticks = []
    for number in range(first, math.floor(x.last) + 1, step):
        at = day(number)
        words = f"{at:%b %Y}" if step > 28 else f"{at.day} {at:%b}"
        look = "small" if x(number) < x.begin + 20 else "small end" if x(number) > x.end - 20 else "small middle"
        ticks.append(tag("text", words, x=x(number), y=height - 9, class_=look))
    return joined(ticks)
