"""What the report says of agreement: by task, over the weeks, mixed-up labels, known answers, self-consistency."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from tui_label.core.text import number_of
from tui_label.quality.agreement import Confusion, Part, TaskAgreement
from tui_label.quality.estimates import Figure
from tui_label.report import plots
from tui_label.report.agreement_report import MEASURES
from tui_label.report.markup import Html, joined, tag
from tui_label.report.material import Material
from tui_label.report.status_report import headline
from tui_label.report.tables import NONE, figure, folded, interval, table

MOST_NAMES = 16
"""Labels in a plot of mixed-up labels; the table has all pairs."""
NOTHING = "nothing"


def agreement(of: Material) -> Html:
    if not any(task.shared for task in of.agreement.tasks):
        return tag("p", "No item has answers from two annotators yet.", class_="soft")
    return joined(_task(task, number) for number, task in enumerate(of.agreement.tasks))


def _task(task: TaskAgreement, number: int) -> Html:
    words = (
        f"{task.shared:,} of {task.items:,} answered items have two answers or more; {number_of(task.answers, 'answer')} of "
        f"{number_of(task.annotators, 'annotator')}."
    )
    return joined(
        tag("h3", task.task),
        tag("p", words),
        table(
            f"{task.task}: agreement",
            ["measure", "value", "95 % interval", "items"],
            [(MEASURES.get(one.measure, one.measure), *_cells(one)) for one in task.figures],
            id=f"agreement-{number}",
        ),
        _parts(f"{task.task}: by label", "label", task.labels),
        _weeks(task),
        _confusions(task),
        folded("By pair of annotators", _parts("Pairs", "pair", task.pairs)) if task.pairs else None,
        folded("By version of the guidelines", _parts("Versions", "version", task.versions))
        if len(task.versions) > 1
        else None,
    )


def _told(of: Figure) -> tuple[str, str, str]:
    """A figure's value, interval and items, for a row."""
    return NONE if of.value is None else f"{of.value:.3f}", interval(of), f"{of.n:,}"


def _cells(of: Figure) -> tuple[str, str, str]:
    """The same, with why there is no value in place of an interval."""
    value, ends, n = _told(of)
    return value, of.why if of.value is None and of.why else ends, n


def _parts(caption: str, what: str, parts: Sequence[Part]) -> Html | None:
    """A row for each part, a column for each measure."""
    if not parts:
        return None
    measures = list(dict.fromkeys(one.measure for part in parts for one in part.figures))
    rows = []
    for part in parts:
        by_measure = {one.measure: one for one in part.figures}
        cells = [_in_one(by_measure.get(measure)) for measure in measures]
        rows.append((" · ".join(part.names), f"{max((one.n for one in part.figures), default=0):,}", *cells))
    return table(caption, [what, "items", *(MEASURES.get(one, one) for one in measures)], rows)


def _in_one(of: Figure | None) -> str:
    """A value and its interval in one cell."""
    if of is None or of.value is None:
        return NONE
    ends = "" if of.low is None or of.high is None else f" ({of.low:.3f} to {of.high:.3f})"
    return f"{of.value:.3f}{ends}"


def _weeks(task: TaskAgreement) -> Html | None:
    speaking = headline(task.figures)
    points = []
    for part in task.weeks:
        day = _monday(part.names[0])
        one = next((one for one in part.figures if speaking and one.measure == speaking.measure), None)
        if day is not None and one is not None and one.value is not None:
            value, ends, n = _told(one)
            points.append(
                plots.Point(day, one.value, one.low, one.high, f"{part.names[0]}: {value} ({ends}), {n} items")
            )
    if len(points) < 2 or speaking is None:
        return None
    words = MEASURES.get(speaking.measure, speaking.measure)
    return figure(
        f"{words} by the week of an item's latest answer, with 95 % intervals.",
        plots.figures_over_weeks(f"{task.task}: {words} by week", points),
        _parts("By week", "week", task.weeks),
    )


def _monday(week: str) -> int | None:
    """The number of the day on which an ISO week begins, as in `2026-W47`; None for answers without a date."""
    try:
        return plots.number_of_day(datetime.strptime(week + "-1", "%G-W%V-%u").date())
    except ValueError:
        return None


def _confusions(task: TaskAgreement) -> Html | None:
    if not task.confusions:
        return None
    items: dict[frozenset[str], int] = {}
    involved: dict[str, int] = {}
    for pair in task.confusions:
        one, other = _names(pair)
        items[frozenset((one, other))] = pair.items
        for name in (one, other):
            involved[name] = involved.get(name, 0) + pair.items
    most = sorted(involved, key=lambda name: -involved[name])[:MOST_NAMES]
    names = [part.names[0] for part in task.labels if part.names[0] in most]
    names += [name for name in most if name not in names]
    behind = table(
        "Given to the same item",
        ["one label", "the other", "items"],
        [(*_names(pair), f"{pair.items:,}") for pair in task.confusions],
        words=2,
    )
    return figure(
        "Labels that annotators gave to the same item or the same place: on how many items.",
        plots.heat(f"{task.task}: labels mixed up", names, lambda one, other: items.get(frozenset((one, other)), 0)),
        behind,
    )


def _names(pair: Confusion) -> tuple[str, str]:
    return pair.one, pair.other or NOTHING


# known answers, oneself


def accuracy(of: Material) -> Html | None:
    """Each annotator against known answers, and against what they said of the same items before."""
    gold = [(task, part) for task in of.agreement.tasks for part in task.gold]
    repeats = [(task, part) for task in of.agreement.tasks for part in task.repeats]
    few = sorted({one.names[0] for task in of.agreement.tasks for one in task.unjudged if one.about != "pair"})
    if not gold and not repeats and not few:
        return None
    return joined(
        _people("Against known answers", gold, "gold"),
        _people("Against themselves, weeks later", repeats, "repeats"),
        tag("p", f"Not shown, on fewer than {of.agreement.judge_from:,} items: {', '.join(few)}.", class_="note")
        if few
        else None,
    )


def _people(caption: str, parts: Sequence[tuple[TaskAgreement, Part]], id: str) -> Html | None:
    rows = [
        (part.names[0], task.task, MEASURES.get(one.measure, one.measure), *_cells(one))
        for task, part in parts
        for one in part.figures
    ]
    heads = ["annotator", "task", "measure", "value", "95 % interval", "items"]
    return table(caption, heads, rows, words=3, id=id) if rows else None
