"""The page of one annotator's own figures: a table of today and overall, bars for labels, lines over time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, timedelta

from rich.cells import cell_len, set_cell_size

from tui_label.bench.mine import Mine
from tui_label.core.project import Project
from tui_label.core.text import fitted, shortened, visible
from tui_label.quality.estimates import Figure
from tui_label.quality.person import Person, Slot, Spread
from tui_label.ui.canvas import Row, clipped
from tui_label.ui.views.bars import bar, sparkline
from tui_label.ui.views.document import MARGIN, text_width
from tui_label.ui.views.pages import wrapped

INDENT = " " * MARGIN
DAYS = 14
NOTHING = "–"
_MEASURES = {"percent": "the same answer", "jaccard": "labels in common"}


def figure_rows(mine: Mine, project: Project, width: int) -> list[Row]:
    """All of the page, to be scrolled."""
    rows = [
        *_table(mine, project, width),
        *_labels(mine.overall, project, width),
        *_over_time(mine.overall),
        *_against("Against known answers", mine.known, mine.judge_from, "known answers among your items", width),
        *_against(
            "Against yourself, weeks later", mine.repeats, mine.judge_from, "items that you were asked again", width
        ),
        [],
        *_plain("These figures are yours; whoever reviews can see the same ones.", width),
    ]
    return [clipped(row, width) for row in rows]


# today and overall


def _table(mine: Mine, project: Project, width: int) -> list[Row]:
    people = (mine.today, mine.overall)
    fast = f"faster than {project.pace.too_fast_ms / 1000:g} s"
    lines: list[tuple[str, Callable[[Person], str]]] = [
        ("answers", lambda one: f"{one.answers:,}"),
        ("time at work", lambda one: _hours(one.active_ms)),
        ("answers an hour", lambda one: f"{one.per_hour:,.0f}" if one.per_hour else NOTHING),
        ("time for an answer", lambda one: _seconds(one.median_ms) if one.timed else NOTHING),
        ("  half are within", lambda one: _half(one.pace)),
        ("idle", lambda one: f"{one.idle_share:.0%}" if one.idle_share is not None else NOTHING),
        ("flagged", lambda one: f"{one.flagged:,}"),
        ("skipped", lambda one: f"{one.skipped:,}"),
        ("changes of mind", lambda one: f"{one.undone + one.corrections:,}"),
        (fast, lambda one: f"{one.too_fast:,}"),
        ("  most in a row", lambda one: f"{one.longest_run:,}" if one.longest_run else NOTHING),
    ]
    names, one, other = (22, 14, 14) if width >= 60 else (18, 9, 10)
    rows: list[Row] = [[], [(f"{INDENT}{'':{names}}{'today':>{one}}{'overall':>{other}}", "faint")]]
    for name, of in lines:
        today, overall = map(of, people)
        rows.append([(f"{INDENT}{name:{names}}", ""), (f"{today:>{one}}{overall:>{other}}", "bold")])
    return rows


def _hours(ms: int) -> str:
    minutes = round(ms / 60_000)
    return f"{minutes // 60}:{minutes % 60:02} h" if minutes >= 60 else f"{minutes} min"


def _seconds(ms: float) -> str:
    return f"{ms / 1000:.1f} s" if ms < 100_000 else f"{ms / 60_000:.0f} min"


def _half(spread: Spread | None) -> str:
    return f"{spread.low / 1000:.1f}–{spread.high / 1000:.1f} s" if spread is not None else NOTHING


# labels


def _labels(person: Person, project: Project, width: int) -> list[Row]:
    rows: list[Row] = []
    widest = min(
        20, max((cell_len(visible(label)) for counts in person.labels.values() for label in counts), default=0)
    )
    cells = max(8, min(30, width - widest - 42))
    for task in project.tasks:
        counts = person.labels.get(task.id, {})
        if not counts:
            continue
        rows += [[], [(f"{INDENT}{visible(task.id)}", "accent")]]
        most = max(counts.values())
        for label, count in sorted(counts.items(), key=lambda one: -one[1]):
            spread = person.label_pace.get(task.id, {}).get(label)
            median = person.label_median_ms.get(task.id, {}).get(label)
            rows.append(
                [
                    (f"{INDENT}{fitted(label, widest + 1)} ", ""),
                    (set_cell_size(bar(count / most, cells), cells), "accent"),
                    (f"{count:>7,}", "bold"),
                    (f"{_seconds(median) if median else NOTHING:>9}", ""),
                    (f"  {_half(spread)}" if spread is not None else "", "faint"),
                ]
            )
    return rows


# over time


def _over_time(person: Person) -> list[Row]:
    rows: list[Row] = []
    if person.days:
        last = max(person.days)
        days = [last - timedelta(n) for n in reversed(range(DAYS))]
        counts = [float(person.days.get(day, 0)) for day in days]
        told = f"{int(max(counts)):,} a day at most"
        rows += [
            [],
            [(INDENT + "Over time", "accent")],
            _line(f"answers, {DAYS} days to {_day(last)}", counts, told),
        ]
    for name, slots in (("seconds by the hour of the day", person.hours), ("seconds by time at work", person.sitting)):
        timed = [slot for slot in slots if slot.median_ms is not None]
        if len(timed) > 1:
            rows.append(_line(name, [slot.median_ms or 0.0 for slot in timed], _ends(timed)))
    return rows


def _line(name: str, values: Sequence[float], told: str) -> Row:
    room = " " * (DAYS - len(values))
    return [(INDENT, ""), *sparkline(values), (f"{room}  {name}", ""), (f"  {told}", "faint")]


def _day(day: date) -> str:
    return f"{day.day} {day:%b}"


def _ends(slots: Sequence[Slot]) -> str:
    fast, slow = (pick(slots, key=lambda slot: slot.median_ms or 0.0) for pick in (min, max))
    return f"{_seconds(fast.median_ms or 0)} at {fast.name}, {_seconds(slow.median_ms or 0)} at {slow.name}"


# against known answers, against oneself


def _against(title: str, found: Sequence[tuple[str, Figure]], judge_from: int, what: str, width: int) -> list[Row]:
    rows: list[Row] = [[], [(INDENT + title, "accent")]]
    if not found:
        return [*rows, *_plain(f"Shown after {judge_from} {what}.", width)]
    for task, figure in found:
        if figure.value is None:
            continue
        between = (
            f" ({figure.low:.0%} to {figure.high:.0%})" if figure.low is not None and figure.high is not None else ""
        )
        name = _MEASURES.get(figure.measure, figure.measure.replace("_", " "))
        rows.append(
            [
                (f"{INDENT}{figure.value:>4.0%}  ", "bold"),
                (shortened(task, 20), ""),
                (f", {figure.n} items{between}: {name}", "faint"),
            ]
        )
    return rows


def _plain(words: str, width: int) -> list[Row]:
    return [[(INDENT + row, "faint")] for row in wrapped(words, text_width(width))]
