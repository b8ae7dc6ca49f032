"""The lead's dashboard as rows: progress, agreement, people, suggestions, what to do next."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from rich.cells import cell_len, set_cell_size

from tui_label.bench.dashboard import COUNTED, Glance, Measured, shares, task_of
from tui_label.core.text import number_of, visible
from tui_label.quality.agreement import TaskAgreement
from tui_label.quality.estimates import Figure
from tui_label.quality.person import Person
from tui_label.report.agreement_report import SHORT
from tui_label.report.status_report import headline
from tui_label.ui.canvas import Row, clipped, fitted_together, rule, spread
from tui_label.ui.views.bars import sparkline
from tui_label.ui.views.frame import Hint, header, in_the_middle, legend, too_small

SMALLEST = (60, 16)
NARROW, ROOMY, WIDE = 76, 90, 116
"""From here on there is room for all columns of a usual screen, for more words, for more columns."""
SOURCE_COLUMNS = (
    ("shown", 8, 0),
    ("accepted", 10, 0),
    ("changed", 9, ROOMY),
    ("rejected", 10, 0),
    ("ignored", 9, WIDE),
    ("precision", 11, 0),
    ("recall", 8, NARROW),
)
"""Figures of each source of suggestions: the head, its cells, and how wide the screen must be."""
TALL = 22
"""From here on there is room for the sources of suggestions too."""
FEW_BARS = 12
"""Of the latest answers, on a narrow screen."""
NAME_MOST = 20
"""Cells that somebody's name gets before columns that can be missed."""
NONE = "–"
EACH = {"hour": "an hour", "day": "a day"}
AROUND = 12
"""Rows that are no list: header, rules, progress, the heads of the two lists, queues, legend."""


@dataclass(frozen=True, slots=True)
class Shown:
    """Everything the screen shows."""

    project: str
    glance: Glance | None = None
    """None until the answers are read."""
    measured: Measured | None = None
    word: str = ""
    """What is wrong."""
    top: int = 0
    """Rows that are scrolled past, in both lists."""


def dashboard(shown: Shown, width: int, height: int) -> list[Row]:
    glance = shown.glance
    if _too_small(width, height):
        return too_small(SMALLEST, "q leaves", width, height)
    head: list[Row] = [header([shown.project, "dashboard"], _moment(glance.at) if glance else "", width), rule(width)]
    foot: list[Row] = [
        _trouble(shown.word or _waiting(glance), width),
        legend(_keys(shown, width, height), _age(shown), width),
    ]
    if glance is None:
        middle = in_the_middle([] if shown.word else ["   Reading the answers …"], width, height - 4)
        return [*head, *middle, *foot]
    agreement = agreement_rows(shown.measured, width)
    people = people_rows(glance.people, shown.measured, width)
    sources = source_rows(shown.measured, width, height)
    for_agreement, for_people = _room(len(agreement) - 1, len(people) - 1, height - AROUND - len(sources))
    rows = [
        *head,
        *progress_rows(glance, width),
        rule(width),
        *_window(agreement, for_agreement, shown.top),
        rule(width),
        *_window(people, for_people, shown.top),
        *sources,
        rule(width),
        next_row(glance),
        *foot,
    ]
    return [clipped(row, width) for row in rows]


def _too_small(width: int, height: int) -> bool:
    return width < SMALLEST[0] or height < SMALLEST[1]


def furthest(shown: Shown, width: int, height: int) -> int:
    """How far the lists can be scrolled."""
    if shown.glance is None or _too_small(width, height):
        return 0
    lists = len(agreement_rows(shown.measured, width)) - 1, len(shown.glance.people)
    rooms = _room(*lists, height - AROUND - len(source_rows(shown.measured, width, height)))
    return max(0, *(needed - room for needed, room in zip(lists, rooms, strict=True)))


# progress


def progress_rows(glance: Glance, width: int) -> list[Row]:
    progress, outlook = glance.progress, glance.outlook
    # Rounded down: 100 % is all of them
    share = 1000 * progress.done // max(1, progress.items) / 1000
    waiting = sum(glance.sent_back.values())
    done: Row = [
        (f" {progress.done:,} of {progress.items:,}", "bold"),
        (f" done  {share:.1%}", ""),
        ("  " + number_of(progress.answers, "answer"), "faint"),
        (f", {waiting:,} sent back" if waiting else "", "faint"),
    ]
    if progress.items and progress.done >= progress.items:
        end: Row = [] if waiting else [("all done ", "good")]
    elif outlook is None or outlook.done_at is None:
        end = [("too few answers this week to foretell ", "faint")]
    else:
        pace = "at this week's pace " if width >= ROOMY else ""
        end = [(pace + "done ", "faint"), (_day(outlook.done_at, glance.at) + " ", "bold")]
    left: Row = [(" no answers lately", "faint")]
    if most := max(glance.activity.counts, default=0):
        each, at_most = f" answers {EACH[glance.activity.unit]}", f", {most:,} at most" if width >= NARROW else ""
        counts = glance.activity.counts[0 if width >= NARROW else -FEW_BARS :]
        left = [(" ", ""), *sparkline(counts), (each + at_most, "faint")]
    work = f"{_duration(outlook.work_ms)} of work left " if outlook and outlook.work_ms else ""
    return [spread(done, end, width), spread(left, [(work, "faint")], width)]


# agreement


def agreement_rows(measured: Measured | None, width: int) -> list[Row]:
    """A head, then each task and its labels; on a narrow screen names have the room of what was a week ago."""
    narrow = width < NARROW
    name = min(40, width - (40 if narrow else 50))
    head = f" {'agreement':<{name}}{'':<14}{'value':>7}{'95 % interval':>16}"
    heads: Row = [(head, "faint"), *([] if narrow else [(f"{'week ago':>10}", "faint")])]
    if measured is None:
        return [heads, [(" being measured …", "faint")]]
    rows: list[Row] = []
    for task in measured.now.tasks:
        earlier = task_of(measured.before, task.task)
        before = headline(earlier.figures) if earlier else None
        rows.append(_figure_row(task.task, headline(task.figures), before, name, "bold"))
        for label, figure in _labels(task).items():
            rows.append(_figure_row("  " + label, figure, _labels(earlier).get(label) if earlier else None, name, ""))
    return [heads, *([row[:-1] for row in rows] if narrow else rows)]


def _labels(task: TaskAgreement) -> dict[str, Figure]:
    return {part.names[0]: part.figures[0] for part in task.labels if part.figures}


def _figure_row(name: str, figure: Figure | None, before: Figure | None, width: int, style: str) -> Row:
    measure = SHORT.get(figure.measure, figure.measure) if figure else ""
    value = _or_none(figure.value if figure else None, ".3f")
    interval = (
        f"{figure.low:.3f}–{figure.high:.3f}" if figure and figure.low is not None and figure.high is not None else ""
    )
    return [
        (" " + set_cell_size(fitted_together([visible(name)], width - 1)[0], width), style),
        (f"{measure:<14}", "faint"),
        (f"{value:>7}", style),
        (f"{interval:>16}", ""),
        (f"{_or_none(before.value if before else None, '.3f'):>10}", "faint"),
    ]


# people


@dataclass(frozen=True, slots=True)
class Column:
    """A figure of each person, on screens that have the width for it."""

    head: str
    cells: int
    width: int
    text: Callable[[Person], str]
    warns: Callable[[Person], bool] = lambda _: False


def people_rows(people: Sequence[Person], measured: Measured | None, width: int) -> list[Row]:
    """A head, then each person, the name last."""
    names = min(NAME_MOST, max((cell_len(visible(one.annotator)) for one in people), default=0))
    columns = _that_fit(_columns(measured), width, width - names - 2)
    head = "".join(f"{column.head:>{column.cells}}" for column in columns)
    rows: list[Row] = [[(head + "  people", "faint")]]
    for one in people:
        row: Row = [(f"{column.text(one):>{column.cells}}", "warn" if column.warns(one) else "") for column in columns]
        rows.append([*row, ("  " + visible(one.annotator), "bold")])
    return rows


def _that_fit(columns: Sequence[Column], width: int, room: int) -> list[Column]:
    """Those that are always there, and as many of the others as leave the names their room."""
    room -= sum(column.cells for column in columns if not column.width)
    found = []
    for column in columns:
        if not column.width:
            found.append(column)
        elif column.width <= width and column.cells <= room:
            found.append(column)
            room -= column.cells
    return found


def _columns(measured: Measured | None) -> list[Column]:
    repeats = shares(measured.now, "repeats") if measured else {}
    known = shares(measured.now, "gold") if measured else {}
    return [
        Column("answers", 8, 0, lambda one: f"{one.answers:,}"),
        Column("an hour", 9, 0, lambda one: _or_none(one.per_hour, ",.0f")),
        Column("median s", 10, 0, lambda one: f"{one.pace.median / 1000:.1f}" if one.pace else NONE),
        Column("idle", 6, NARROW, lambda one: _or_none(one.idle_share, ".0%")),
        Column("flags", 7, NARROW, lambda one: f"{sum(one.flags.values()):,}"),
        Column("fast runs", 11, 0, lambda one: f"{one.fast_runs:,}", lambda one: one.fast_runs > 0),
        Column("repeats", 9, NARROW, lambda one: _or_none(repeats.get(one.annotator), ".0%")),
        Column("known", 7, 0, lambda one: _or_none(known.get(one.annotator), ".0%")),
        Column("middle half s", 16, WIDE, _middle_half),
        Column("skipped", 9, WIDE, lambda one: f"{one.skipped:,}"),
        Column("changed", 9, WIDE, lambda one: f"{one.corrections + one.undone:,}"),
        Column("heard", 8, WIDE, lambda one: _or_none(one.sound.median_coverage if one.sound else None, ".0%")),
    ]


def _middle_half(person: Person) -> str:
    """Between which times half of the answers lie."""
    return f"{person.pace.low / 1000:.1f}–{person.pace.high / 1000:.1f}" if person.pace else NONE


# suggestions


def source_rows(measured: Measured | None, width: int, height: int) -> list[Row]:
    """A rule, a head, then each source and question, the name last; nothing where nothing is suggested."""
    found = [
        (one, task, figures) for one in (measured.sources if measured else ()) for task, figures in one["tasks"].items()
    ]
    if not found or height < TALL:
        return []
    columns = [(name, cells) for name, cells, needed in SOURCE_COLUMNS if width >= needed]
    head = "".join(f"{name:>{cells}}" for name, cells in columns)
    rows: list[Row] = [rule(width), [(head + "  suggestions", "faint")]]
    most = max(1, height // 8 - 1)
    for one, task, figures in found[:most]:
        cells_of = [f"{_source_figure(name, figures):>{cells}}" for name, cells in columns]
        who = visible(f"{one['source']} {one['version']}".rstrip())
        held = [("  held back", "warn")] if one["held"] else []
        rows.append([("".join(cells_of), ""), (f"  {who}", "bold"), *held, (f"  {visible(task)}", "faint")])
    if len(found) > most:
        rows.append([(f" … {len(found) - most} more in status", "faint")])
    return rows


def _source_figure(name: str, figures: Mapping[str, Any]) -> str:
    return _or_none(figures[name], ".0%" if name in ("precision", "recall") else ",")


# what to do next


def next_row(glance: Glance) -> Row:
    row: Row = [(" next   ", "faint")]
    if not glance.queues:
        return [*row, ("nothing waits for a reviewer", "")]
    for number, (queue, waiting) in enumerate(glance.queues, 1):
        many = f"{waiting:,}" + ("+" if waiting >= COUNTED else "")
        apart = "     " if number > 1 else ""
        row += [(apart, ""), (str(number), "accent"), (f" {queue.name} ", ""), (many, "bold")]
    return row


def _keys(shown: Shown, width: int, height: int) -> list[Hint]:
    """Those that act now."""
    queues = shown.glance.queues if shown.glance else ()
    review = [(" ".join(str(n + 1) for n in range(len(queues))), "review")] if queues else []
    scroll = [("↑ ↓", "scroll")] if furthest(shown, width, height) else []
    return [*review, *scroll, ("q", "leave")]


# pieces


def _room(agreement: int, people: int, room: int) -> tuple[int, int]:
    """How many of the rows each list wants it gets."""
    if agreement + people <= room:
        return agreement, room - agreement
    half = room // 2
    given = min(agreement, max(half, room - people))
    return given, room - given


def _window(rows: list[Row], room: int, top: int) -> list[Row]:
    """The head and as many rows as there is room, filled up with blanks; the last says how many are beyond."""
    head, body = rows[0], rows[1:]
    top = max(0, min(top, len(body) - room))
    seen = body[top : top + room]
    beyond = len(body) - top - len(seen)
    if beyond and seen:
        seen[-1] = [(f" … {beyond + 1} more", "faint")]
    return [head, *seen, *([[]] * (room - len(seen)))]


def _waiting(glance: Glance | None) -> str:
    if glance is None or not glance.used_up:
        return ""
    have = "has" if len(glance.used_up) == 1 else "have"
    return f"{', '.join(glance.used_up)} {have} used up all attempts; `tui-label qualify` gives one more"


def _trouble(word: str, width: int) -> Row:
    return clipped([(" " + visible(word), "warn")], width) if word else rule(width)


def _age(shown: Shown) -> Row:
    if shown.glance is None or shown.measured is None:
        return []
    minutes = int((shown.glance.at - shown.measured.at).total_seconds() // 60)
    words = "just now" if minutes < 1 else f"{minutes} min ago" if minutes < 120 else f"{minutes // 60} h ago"
    return [(f"agreement {words} ", "faint")]


def _moment(at: datetime) -> str:
    return f"{at.astimezone():%a %d %b %H:%M}"


def _day(day: datetime, now: datetime) -> str:
    here = day.astimezone()
    if (day - now).days > 365:
        return "in more than a year"
    return f"today {here:%H:%M}" if here.date() == now.astimezone().date() else f"{here:%a %d %b}"


def _duration(milliseconds: float) -> str:
    hours = milliseconds / 3_600_000
    return f"{hours:,.0f} h" if hours >= 9.5 else f"{hours:.1f} h" if hours >= 1 else f"{max(1, round(hours * 60))} min"


def _or_none(value: float | None, form: str) -> str:
    return NONE if value is None else format(value, form)
