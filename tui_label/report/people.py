"""What the report says of the annotators: pace and care, the day and the weeks, labels, place and habit."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tui_label.core.text import number_of
from tui_label.quality.person import SITTING_PARTS, Person, Slot
from tui_label.report import plots
from tui_label.report.markup import Html, joined, tag
from tui_label.report.material import DRAWN, Material
from tui_label.report.tables import NONE, figure, folded, interval, legend, number, percent, seconds, table

# pace and care


def pace(of: Material) -> Html:
    fast = f"{of.project.pace.too_fast_ms / 1000:g} s"
    return joined(
        _boxes(of.people),
        _paced(of.people),
        _cared(of.people),
        tag(
            "p",
            f"Too fast is below {fast}; a fast run is five or more of them in a row. Whoever has fewer than "
            f"{of.project.review.judge_from:,} answers with a time is not judged: –.",
            class_="note",
        ),
        _sound(of.people),
        _by_label(of.people),
    )


def _boxes(people: Sequence[Person]) -> Html | None:
    drawn = [(one.annotator, one.pace) for one in people if one.pace]
    drawn = sorted(drawn, key=lambda one: one[1].median)[:DRAWN]
    if not drawn:
        return None
    words = (
        "Active seconds for an answer: the box holds the middle half, the line goes from the 5th to the 95th "
        "percentile, the stroke is the median."
    )
    return figure(words, plots.boxes("Active seconds by annotator", drawn))


def _paced(people: Sequence[Person]) -> Html:
    rows = [
        (
            one.annotator,
            f"{one.answers:,}",
            number(one.active_ms / 3_600_000, ",.1f"),
            number(one.per_hour),
            seconds(one.pace.median if one.pace else None),
            f"{one.pace.low / 1000:,.1f} to {one.pace.high / 1000:,.1f}" if one.pace else NONE,
            percent(one.idle_share, ".0%"),
        )
        for one in people
    ]
    header = ["annotator", "answers", "hours", "an hour", "median s", "half between s", "idle"]
    return table("Pace by annotator", header, rows, id="people")


def _cared(people: Sequence[Person]) -> Html:
    rows = [
        (one.annotator, f"{one.skipped:,}", f"{one.flagged:,}", f"{one.corrections:,}", f"{one.undone:,}",
         f"{one.too_fast:,}", f"{one.fast_runs:,}", f"{one.longest_run:,}" if one.longest_run else NONE)
        for one in people
    ]  # fmt: skip
    header = ["annotator", "skipped", "flagged", "corrected", "undone", "too fast", "fast runs", "longest run"]
    return table("Care by annotator", header, rows, id="care")


def _sound(people: Sequence[Person]) -> Html | None:
    rows = [
        (
            one.annotator,
            number(one.sound.answered_ms / 60_000, ",.1f"),
            number(one.sound.real_time_factor, ".2f"),
            percent(one.sound.median_coverage, ".0%"),
        )
        for one in people
        if one.sound
    ]
    return table("Sounds", ["annotator", "minutes", "× real time", "median heard"], rows, id="sound") if rows else None


def _by_label(people: Sequence[Person]) -> Html | None:
    rows = [
        (one.annotator, task, label, f"{spread.n:,}", seconds(spread.median), f"{seconds(spread.low)}–{seconds(spread.high)}")
        for one in people
        for task, labels in one.label_pace.items()
        for label, spread in labels.items()
    ]  # fmt: skip
    if not rows:
        return None
    heads = ["annotator", "task", "label", "answers", "median s", "half between s"]
    return folded("Pace by label", table("Active seconds of answers with each label", heads, rows, words=3))


# time


def drift(of: Material) -> Html | None:
    """How an answer's time and the labels change over the day, a sitting, the weeks."""
    judged = [one for one in of.people if one.pace]
    views = [
        _View("hour", "By the hour of the day", lambda one: one.hours, tuple(f"{hour:02}" for hour in range(24))),
        _View(
            "time since the first answer", "By the time since a sitting began", lambda one: one.sitting, SITTING_PARTS
        ),
    ]
    drawn = [_relative(view, judged) for view in views]
    weeks = _weeks(judged)
    if not any(drawn) and weeks is None:
        return None
    return joined(
        tag(
            "p",
            "Each annotator's median beside their own over all time, 1.00× where it is the same; means over annotators, "
            "weighted by their answers. A sitting ends where half an hour passes without an answer.",
        ),
        drawn,
        weeks,
    )


@dataclass(frozen=True, slots=True)
class _View:
    unit: str
    title: str
    slots: Callable[[Person], tuple[Slot, ...]]
    names: tuple[str, ...]


def _relative(view: _View, people: Sequence[Person]) -> Html | None:
    ratios = {name: _ratio(name, view, people) for name in view.names}
    if not any(ratio for ratio, _ in ratios.values()):
        return None
    bars = [
        (name, ratio, f"{name}: {number(ratio, '.2f')}×, {number_of(n, 'answer')}")
        for name, (ratio, n) in ratios.items()
    ]
    rows = [
        (one.annotator, slot.name, _shares(slot), f"{slot.n:,}", seconds(slot.median_ms))
        for one in people
        for slot in view.slots(one)
    ]
    behind = table(view.title, ["annotator", view.unit, "labels", "answers", "median s"], rows, words=3)
    return figure(f"{view.title}; above the line is slower.", plots.bars_from_one(view.title, bars), behind)


def _ratio(name: str, view: _View, people: Sequence[Person]) -> tuple[float | None, int]:
    """The mean over people of their median in this slot by their median, and the answers behind it."""
    found = [
        (slot.median_ms / one.pace.median, slot.n)
        for one in people
        for slot in view.slots(one)
        if slot.name == name and slot.median_ms and one.pace
    ]
    n = sum(count for _, count in found)
    return (sum(ratio * count for ratio, count in found) / n if n else None), n


def _weeks(people: Sequence[Person]) -> Html | None:
    rows = [
        (one.annotator, slot.name, _shares(slot), f"{slot.n:,}", seconds(slot.median_ms))
        for one in people
        for slot in one.weeks
    ]
    heads = ["annotator", "week of", "labels", "answers", "median s"]
    return folded("By week", table("Median and labels by week", heads, rows, words=3)) if rows else None


def _shares(slot: Slot) -> str:
    return "; ".join(
        ", ".join(f"{label} {share:.0%}" for label, share in sorted(labels.items(), key=lambda pair: -pair[1])[:4])
        for labels in slot.shares.values()
    )


# labels


def labels(of: Material) -> Html:
    return joined((_task_labels(of, task.id) for task in of.project.tasks if task.kind != "text"), _bias(of.people))


def _task_labels(of: Material, task_id: str) -> Html | None:
    task = of.project.task(task_id)
    people = [one for one in of.people if one.labels.get(task_id)]
    if task is None or not people:
        return None
    total: dict[str, int] = dict.fromkeys(getattr(task, "values", ()), 0)
    for one in people:
        for label, count in one.labels[task_id].items():
            total[label] = total.get(label, 0) + count
    used = [label for label, count in total.items() if count]
    rows = []
    for one in people[:DRAWN]:
        mine = one.labels[task_id]
        every = sum(mine.values())
        rows.append((one.annotator, [mine.get(label, 0) / every for label in used]))
    behind = table(
        f"{task_id}: labels by annotator",
        ["annotator", *used],
        [(one.annotator, *(f"{one.labels[task_id].get(label, 0):,}" for label in used)) for one in people]
        + [("all", *(f"{total[label]:,}" for label in used))],
        id=f"labels-{of.project.tasks.index(task)}",
    )
    return joined(
        tag("h3", task_id),
        legend(used, [plots.hue(place) for place in range(len(used))]),
        figure(
            "The part of each label in everybody's answers.", plots.stacks(f"{task_id}: labels", rows, used), behind
        ),
    )


def _bias(people: Sequence[Person]) -> Html | None:
    firsts = [
        (one.annotator, first.task, first.label, percent(first.mine.value), percent(first.others.value),
         f"{_points(first.difference.value)} ({_points(first.difference.low)} to {_points(first.difference.high)})")
        for one in people for first in one.first_label
    ]  # fmt: skip
    repeats = [
        (one.annotator, again.task, percent(again.same.value), interval(again.same, ".1%"), percent(again.chance))
        for one in people
        for again in one.repetition
    ]
    if not firsts and not repeats:
        return None
    return joined(
        tag("h3", "Place and habit"),
        tag(
            "p",
            "Whether the first label on the list is chosen more often than others choose it, and whether an answer "
            "follows the one before. A difference whose interval holds 0 says nothing; items in an order of their own "
            "repeat labels too.",
        ),
        table(
            "The first label",
            ["annotator", "task", "label", "share", "all others", "points apart, 95 % interval"],
            firsts,
            words=3,
        )
        if firsts
        else None,
        table(
            "The label of the answer before",
            ["annotator", "task", "repeated", "95 % interval", "by chance"],
            repeats,
            words=2,
        )
        if repeats
        else None,
    )


def _points(share: float | None) -> str:
    return "–" if share is None else f"{share * 100:+.1f}"
