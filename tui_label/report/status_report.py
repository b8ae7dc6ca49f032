"""What `status` says, and what the dashboard and the report share with them."""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, tzinfo
from pathlib import Path
from typing import Any

from wcwidth import wcswidth

from tui_label.core.project import Project
from tui_label.core.text import fitted, shortened, visible
from tui_label.quality.estimates import Figure
from tui_label.quality.pace import Ledger
from tui_label.quality.person import Person
from tui_label.quality.sources import OUTCOMES, Sources
from tui_label.store.base import Progress, Source, Store
from tui_label.store.reviewing import QUESTIONS, Queue

HEADLINES = (
    "alpha_nominal", "alpha_ordinal", "alpha_sets", "f1_strict", "f1_near", "wer", "similarity", "kendall_tau",
)  # fmt: skip
"""The measure that speaks for a task: the first of these that it has."""


def ledger(project: Project, zone: tzinfo | None = UTC) -> Ledger:
    """An empty one that keeps to the project's rules."""
    return Ledger(project.tasks, too_fast_ms=project.pace.too_fast_ms, judge_from=project.review.judge_from, zone=zone)


def status(project: Project, store: Store) -> dict[str, Any]:
    """Progress, people and open flags, in the stable shape of `status --json`.

    `{"project", "items", "done", "answers", "sent_back": {annotator: answers that wait to be corrected}, "questions":
    items about which somebody asked and nobody has answered, "people": [{"annotator", "answers", "skipped", "flagged", "active_ms", "idle_ms", "timed", "median_ms", "too_fast",
    "fast_runs", "longest_run", "corrections", "undone", "last_at", "labels": {task: {label: answers}}, "label_median_ms": {task:
    {label: ms}}, "sound"?}], "flags": {reason: answers and skips}, "suggestions"?, "used_up"?}`.  `sound` is there
    where sounds are labelled, null for who answered none; `suggestions` where there are any; `used_up`, who made all
    attempts at the qualification set and passed none, where attempts are asked for.
    """
    everybody = ledger(project)
    everybody.take(store.efforts())
    asked = store.left_in(Queue(QUESTIONS))
    found = figures(project, store.progress(""), everybody.people(), store.sent_back(), store.used_up(), asked)
    if suggested := suggestions(project, store):
        found["suggestions"] = suggested
    return found


def suggestions(project: Project, store: Store) -> list[dict[str, Any]]:
    """For each source and version how much it suggests, and for each task what became of that.

    `[{"source", "version", "suggestions", "held", "tasks": {task: {"shown", "accepted", "changed", "rejected",
    "ignored", "suggested", "answered", "right", "precision", "recall"}}}]`; the last two are null where there is
    nothing to divide by.
    """
    counts = store.source_counts()
    if not counts:
        return []
    sources = Sources(project.tasks)
    for one in store.judged():
        sources.take(one.answers, one.decisions, one.suggestions)
    tasks: dict[Source, dict[str, Any]] = {count.source: {} for count in counts}
    for found in sources.figures():
        of = tasks.setdefault(Source(found.source, found.version), {})
        outcomes = {outcome: found.outcomes.get(outcome, 0) for outcome in OUTCOMES}
        of[found.task] = {"shown": found.shown, **outcomes} | {name: getattr(found, name) for name in _OF_SOURCE}
    return [
        {
            "source": count.source.name,
            "version": count.source.version,
            "suggestions": count.suggestions,
            "held": count.held,
            "tasks": tasks[count.source],
        }
        for count in counts
    ]


_OF_SOURCE = ("suggested", "answered", "right", "precision", "recall")


def figures(
    project: Project,
    progress: Progress,
    people: Sequence[Person],
    sent_back: Mapping[str, int],
    used_up: Sequence[str],
    questions: int,
) -> dict[str, Any]:
    """The same from what is known already."""
    found = {
        "project": project.name,
        "items": progress.items,
        "done": progress.done,
        "answers": progress.answers,
        "sent_back": dict(sent_back),
        "questions": questions,
        "people": [_person(project, person) for person in people],
        "flags": flags_open(people),
    }
    return found | {"used_up": list(used_up)} if project.review.attempts else found


def flags_open(people: Sequence[Person]) -> dict[str, int]:
    """How many answers and skips carry each flag reason, the most frequent first."""
    total: Counter[str] = Counter()
    for person in people:
        total.update(person.flags)
    return dict(sorted(total.items(), key=lambda pair: (-pair[1], pair[0])))


def headline(of: Sequence[Figure]) -> Figure | None:
    """The figure that speaks for all."""
    by_measure = {figure.measure: figure for figure in of}
    return next((by_measure[name] for name in HEADLINES if name in by_measure), of[0] if of else None)


_OF_PERSON = (
    "annotator", "answers", "skipped", "flagged", "active_ms", "idle_ms", "timed", "median_ms", "too_fast", "fast_runs",
    "longest_run", "corrections", "undone", "last_at",
)  # fmt: skip


def _person(project: Project, person: Person) -> dict[str, Any]:
    record = {name: getattr(person, name) for name in _OF_PERSON}
    labelled = [task.id for task in project.tasks if task.takes_labels]
    for name in ("labels", "label_median_ms"):
        found = getattr(person, name)
        record[name] = {task: dict(found[task]) for task in labelled if task in found}
    if project.items == "sound":
        record["sound"] = asdict(person.sound) if person.sound else None
    return record


def status_lines(figures: dict[str, Any], folder: Path, width: int) -> list[str]:
    """For a terminal that is so wide; names have what the figures leave of it."""
    people = figures["people"]
    longest = max((wcswidth(visible(one["annotator"])) for one in people), default=0)
    cells = max(16, min(longest + 2, width - 56))
    done, items = figures["done"], figures["items"]
    # Rounded down: 100 % is all of them
    found = [f"{figures['project']}: {done:,} of {items:,} items done ({100 * done // max(1, items)}%)"]
    if waiting := figures["sent_back"]:
        each = ", ".join(f"{name} {count:,}" for name, count in waiting.items())
        found.append(f"sent back and not answered yet: {each}")
    if asked := figures["questions"]:
        command = shlex.join(["tui-label", "review", str(folder), "--queue", QUESTIONS])
        found.append(f"items with a question that nobody has answered: {asked:,}; `{command}` leads there")
    if people:
        found += [
            "",
            f"{'annotator':<{cells}}{'answers':>9}{'skipped':>9}{'flagged':>9}{'median s':>10}{'an hour':>9}{'too fast':>10}",
        ]
    for one in people:
        # Answers from elsewhere may come without times
        hour = f"{one['timed'] * 3_600_000 / one['active_ms']:,.0f}" if one["active_ms"] else "–"
        found.append(
            f"{fitted(one['annotator'], cells)}{one['answers']:>9,}{one['skipped']:>9,}{one['flagged']:>9,}"
            f"{_seconds(one['median_ms']):>10}{hour:>9}{one['too_fast']:>10,}"
        )
    found += _used_up_lines(figures.get("used_up", []), folder)
    found += _sound_lines(people, cells)
    found += _suggestion_lines(figures.get("suggestions", []))
    for one in people:
        for task, counts in one["labels"].items():
            found += ["", f"{one['annotator']} · {task}{'':<4}(answers, median s)"]
            medians = one["label_median_ms"].get(task, {})
            for label, count in sorted(counts.items(), key=lambda pair: -pair[1])[:20]:
                found.append(f"  {fitted(label, 32)}{count:>7,}{_seconds(medians.get(label, 0)):>9}")
    if figures["flags"]:
        found += ["", "flags"]
        found += [f"  {fitted(reason, 32)}{count:>7,}" for reason, count in figures["flags"].items()]
    return found


def _seconds(ms: float) -> str:
    return f"{ms / 1000:.1f}" if ms else "–"


def _suggestion_lines(sources: Sequence[Mapping[str, Any]]) -> list[str]:
    """For each source and question: what was decided, and how far it is what was answered."""
    if not sources:
        return []
    found = [
        "",
        f"{'suggestions':<30}{'shown':>8}{'accepted':>10}{'changed':>9}{'rejected':>10}{'ignored':>9}{'precision':>11}{'recall':>8}",
    ]
    for one in sources:
        version = f" {one['version']}" if one["version"] else ""
        held = ", held back: too few were accepted" if one["held"] else ""
        found.append(f"{shortened(one['source'], 40)}{shortened(version, 24)}: {one['suggestions']:,}{held}")
        for task, now in one["tasks"].items():
            shares = ["–" if now[name] is None else f"{now[name]:.0%}" for name in ("precision", "recall")]
            found.append(
                f"  {fitted(task, 28)}{now['shown']:>8,}{now['accepted']:>10,}{now['changed']:>9,}{now['rejected']:>10,}"
                f"{now['ignored']:>9,}{shares[0]:>11}{shares[1]:>8}"
            )
    return found


def _used_up_lines(names: Sequence[str], folder: Path) -> list[str]:
    found = [
        f"{name} has used up all attempts at the qualification set: "
        f"`{shlex.join(['tui-label', 'qualify', str(folder), name, '--again'])}` gives one more"
        for name in names
    ]
    return ["", *found] if found else []


def _sound_lines(people: list[dict[str, Any]], cells: int) -> list[str]:
    """For each person who answered sounds: how much, how long it took, how much of a clip they heard."""
    rows = [(one["annotator"], one["sound"]) for one in people if one.get("sound")]
    if not rows:
        return []
    found = ["", f"{'sound':<{cells}}{'minutes':>9}{'× real time':>13}{'median heard':>14}"]
    for name, sound in rows:
        factor, coverage = sound["real_time_factor"], sound["median_coverage"]
        found.append(
            f"{fitted(name, cells)}{sound['answered_ms'] / 60_000:>9,.1f}"
            f"{'–' if factor is None else f'{factor:.1f}':>13}{'–' if coverage is None else f'{coverage:.0%}':>14}"
        )
    return found
