"""What the report says of progress, flags, known answers, examples and versions: a section each."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from itertools import accumulate

from tui_label.core.gold import ACCEPTED, AUTO, GIVEN, SETTLED
from tui_label.core.text import number_of
from tui_label.report import plots
from tui_label.report.markup import Html, joined, tag
from tui_label.report.material import DRAWN, Example, Material
from tui_label.report.tables import NONE, facts, figure, number, percent, table

LONG = 120
"""Days after which bars are weeks."""
EXCERPT = 240
"""Characters of an item that are shown."""
OUTCOMES = {
    GIVEN: "known beforehand", SETTLED: "settled by a reviewer", ACCEPTED: "accepted by a reviewer",
    AUTO: "by a stated rule",
}  # fmt: skip


def summary(of: Material) -> Html:
    progress = of.progress
    # Rounded down, as on the dashboard: 100 % is all of them
    share = 1000 * progress.done // max(1, progress.items) / 1000
    active = sum(one.active_ms for one in of.people)
    return facts(
        ("items done", f"{progress.done:,} of {progress.items:,}"),
        ("done", percent(share)),
        ("answers", f"{progress.answers:,}"),
        ("annotators", f"{len(of.people):,}"),
        ("hours at work", number(active / 3_600_000, ",.1f") if active else "–"),
        ("settled or known", f"{sum(of.known.values()):,}"),
    )


# progress


def progress(of: Material) -> Html:
    days = list(of.answers_a_day)
    if not days:
        return tag("p", "Nothing has been answered yet.", class_="soft")
    totals = dict(zip(days, accumulate(of.answers_a_day.values()), strict=True))
    points = [
        plots.Point(plots.number_of_day(day), total, words=f"{_day(day)}: {number_of(total, 'answer')}")
        for day, total in totals.items()
    ]
    wanted = of.progress.items * of.project.overlap
    behind = table(
        "Answers by day",
        ["day", "answers", "in all"],
        [(day.isoformat(), f"{of.answers_a_day[day]:,}", f"{total:,}") for day, total in totals.items()],
        id="days",
    )
    aim = f"{number_of(of.project.overlap, 'answer')} for each of {of.progress.items:,} items"
    grown = figure(
        f"Answers so far, corrections counted once. Wanted: {aim}.",
        plots.growth("Answers so far", points, wanted if max(totals.values()) <= 3 * wanted else None),
        behind,
    )
    return joined(grown if len(days) > 1 else behind, _by_person_and_day(of, each=7 if _span(days) > LONG else 1))


def _by_person_and_day(of: Material, each: int) -> Html:
    rows = []
    for one in sorted(of.people, key=lambda one: -one.answers)[:DRAWN]:
        sums: dict[int, int] = {}
        for day, count in one.days.items():
            # Weeks begin on Monday; day 0 was a Thursday
            start = plots.number_of_day(day)
            start -= (start + 3) % 7 if each == 7 else 0
            sums[start] = sums.get(start, 0) + count
        points = [
            plots.Point(start, count, words=f"{one.annotator}, {_day(plots.day(start))}: {count:,}")
            for start, count in sorted(sums.items())
        ]
        rows.append((one.annotator, points))
    behind = table(
        "Answers by annotator",
        ["annotator", "answers", "days with answers", "most a day", "last answer"],
        [
            (
                one.annotator,
                f"{one.answers:,}",
                f"{len(one.days):,}",
                f"{max(one.days.values(), default=0):,}",
                one.last_at[:10] or NONE,
            )
            for one in of.people
        ],
    )
    if len(of.answers_a_day) < 2:
        return behind
    unit = "week" if each == 7 else "day"
    return figure(
        f"Answers a {unit} by annotator, on one scale.", plots.strips(f"Answers a {unit}", rows, each), behind
    )


# flags, examples, versions


def flags(of: Material) -> Html:
    if not of.flags:
        return tag("p", "No answer carries a flag.", class_="soft")
    help_of = {flag.reason: flag.help for flag in of.project.flags}
    counts = table(
        "Flags that stand",
        ["reason", "what it says", "answers and skips"],
        [(reason, help_of.get(reason, ""), f"{count:,}") for reason, count in of.flags.items()],
        words=2,
        id="flags",
    )
    examples = [
        (reason, one.key, one.annotator, one.note, excerpt(one.text))
        for reason in of.flags
        for one in of.flagged.get(reason, ())
    ]
    heads = ["reason", "item", "annotator", "note", "text"]
    return joined(counts, table("Examples", heads, examples, words=5) if examples else None)


def suggestions(of: Material) -> Html | None:
    rows = [
        (
            f"{one['source']} {one['version']}".rstrip(),
            task,
            *(f"{figures[name]:,}" for name in ("shown", "accepted", "changed", "rejected", "ignored")),
            *(percent(figures[name]) for name in ("precision", "recall")),
        )
        for one in of.sources
        for task, figures in one["tasks"].items()
    ]
    if not rows:
        return None
    heads = ["source", "task", "shown", "accepted", "changed", "rejected", "ignored", "precision", "recall"]
    held = [f"{one['source']} {one['version']}".rstrip() for one in of.sources if one["held"]]
    words = f"Held back, since too few of theirs were accepted: {', '.join(held)}."
    return joined(
        table("What became of them", heads, rows, words=2, id="suggestions-table"),
        tag("p", words, class_="note") if held else None,
    )


def known(of: Material) -> Html | None:
    if not of.known:
        return None
    rows = [(OUTCOMES.get(outcome, outcome), f"{count:,}") for outcome, count in of.known.items()]
    return table("Items with a right answer", ["how it came to be", "items"], rows)


def examples(of: Material) -> Html:
    if not of.examples:
        return tag("p", "No item is marked as an example for the guidelines.", class_="soft")
    rows = [(one.key, excerpt(one.text), _said(one), one.at[:10]) for one in of.examples]
    return table("Marked by a reviewer", ["item", "text", "right answer", "on"], rows, words=4)


def _said(example: Example) -> str:
    """Answers in words, short."""
    found = []
    for task, value in example.answers.items():
        if isinstance(value, list):
            parts = [_part(one) for one in value]
            found.append(f"{task}: {', '.join(parts) or 'none'}")
        else:
            found.append(f"{task}: {value}")
    return excerpt("; ".join(found))


def _part(one: object) -> str:
    if not isinstance(one, dict):
        return str(one)
    words = one.get("text") or f"{one.get('start')}–{one.get('end')}"
    return f"{one.get('label', '')} “{words}”".strip()


def versions(of: Material) -> Html:
    rows = [
        (
            one.kind if one.kind == "guidelines" else "labels and settings",
            f"{one.number:,}",
            one.at[:16].replace("T", " "),
            f"{len(one.after.splitlines()):,}",
        )
        for one in of.versions
    ]
    return table("Recorded (UTC)", ["what", "version", "when", "lines"], rows, id="versions")


def excerpt(text: str) -> str:
    return text if len(text) <= EXCERPT else text[: EXCERPT - 1] + "…"


# days


def _day(day: date) -> str:
    return f"{day.day} {day:%b %Y}"


def _span(days: Sequence[date]) -> int:
    return (max(days) - min(days)).days if days else 0
