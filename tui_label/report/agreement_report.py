"""What `agreement` says: read from the store, as lines for a terminal, and as JSON."""

from __future__ import annotations

import gc
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from wcwidth import wcswidth

from tui_label.core.gold import AUTO
from tui_label.core.project import Project
from tui_label.core.tasks import Compare
from tui_label.core.text import fitted, number_of, shortened, visible
from tui_label.errors import UsageError
from tui_label.quality.agreement import (
    LABEL,
    MOST_BEHIND,
    PAIR,
    PARTS,
    VERSION,
    WEEK,
    Agreement,
    Confusion,
    Part,
    TaskAgreement,
    Unjudged,
    figures,
)
from tui_label.quality.estimates import Figure
from tui_label.store.base import Store

MEASURES = {
    "percent": "percent agreement",
    "alpha_nominal": "Krippendorff's alpha, nominal",
    "alpha_ordinal": "Krippendorff's alpha, ordinal",
    "alpha_interval": "Krippendorff's alpha, interval",
    "alpha_sets": "Krippendorff's alpha of sets",
    "fleiss_kappa": "Fleiss' kappa",
    "ac1": "Gwet's AC1",
    "ac2": "Gwet's AC2, quadratic",
    "cohen_kappa": "Cohen's kappa",
    "kappa_linear": "Cohen's kappa, linear weights",
    "kappa_quadratic": "Cohen's kappa, quadratic weights",
    "specific": "agreement on the label",
    "steps_apart": "steps apart, mean",
    "jaccard": "labels in common (Jaccard)",
    "kendall_tau": "Kendall's tau, mean",
    "f1_strict": "F1, strict",
    "f1_partial_label": "F1, partial under the same label",
    "f1_exact": "F1, boundaries whatever the label",
    "f1_partial": "F1, partial whatever the label",
    "f1_characters": "F1 of labelled characters",
    "f1_near": "F1 of segments (half in common)",
    "f1_time": "F1 of labelled time",
    "boundary_ms": "boundaries apart, mean ms",
    "similarity": "similarity of texts",
    "wer": "word error rate",
    "cer": "character error rate",
}
"""What each measure is called where there is room."""

SHORT = {
    "percent": "percent",
    "alpha_nominal": "alpha",
    "alpha_ordinal": "alpha ordinal",
    "alpha_interval": "alpha interval",
    "alpha_sets": "alpha of sets",
    "ac1": "AC1",
    "ac2": "AC2",
    "cohen_kappa": "Cohen's kappa",
    "kappa_quadratic": "kappa quadratic",
    "specific": "on the label",
    "steps_apart": "steps apart",
    "jaccard": "Jaccard",
    "kendall_tau": "tau",
    "f1_strict": "F1 strict",
    "f1_partial_label": "F1 partial",
    "f1_characters": "F1 characters",
    "f1_near": "F1 segments",
    "f1_time": "F1 time",
    "boundary_ms": "apart ms",
    "similarity": "similarity",
    "wer": "WER",
    "cer": "CER",
}
"""What it is called in a table of parts, which has room for three; a measure that has no short name is left out there."""

CELLS = 80
"""Of a line."""
NAME, COUNT, GAP = 24, 8, 3
ABOUT = {"pair": "pairs", "gold": "against known answers", "repeats": "against themselves"}
"""What a figure of few items would be about."""
SHOWN = 20
"""Rows of a table of parts."""
EXAMPLES = 3
"""Items behind a confusion at most."""
SKEWED = 0.2
"""AC1 this far above alpha means that one label dominates."""

_SKEW = (
    "One label dominates here: alpha and kappa then fall with every single",
    "disagreement. Read them beside AC1 and the agreement on each label.",
    "Percent agreement alone says little: chance would agree too.",
)


def agreement(
    project: Project,
    store: Store,
    *,
    task: str = "",
    by: Collection[str] = PARTS,
    seed: int = 0,
    behind: int = MOST_BEHIND,
) -> Agreement:
    """Of every task, or of one.  Gold answers that no person gave or confirmed tell nothing about annotators."""
    wanted = [one for one in project.tasks if task in ("", one.id)]
    if not wanted:
        raise UsageError(f"there is no task {task!r}; this project has {', '.join(one.id for one in project.tasks)}")
    if part := next((one for one in by if one not in PARTS), None):
        raise UsageError(f"{visible(part)}: no such part; there are {', '.join(PARTS)}")
    if seed < 0:
        raise UsageError(f"the seed is a whole number from 0 on, not {seed}")
    with _no_search_for_cycles():
        return figures(
            wanted,
            store.opinions(),
            gold={number: gold.answers for number, gold in store.known() if gold.outcome != AUTO},
            repeats=store.repeats(),
            judge_from=project.review.judge_from,
            seed=seed,
            by=by,
            ignore=project.review.ignore,
            sound=project.items == "sound",
            candidates=store.most_candidates() if any(isinstance(one, Compare) for one in wanted) else 0,
            behind=behind,
        )


@contextmanager
def _no_search_for_cycles() -> Iterator[None]:
    """A million small values are read, none of which refers back: to look for cycles among them takes a fifth longer."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


# JSON


def agreement_record(found: Agreement, key_of: Callable[[int], str]) -> dict[str, Any]:
    """The stable shape of `agreement --json`.

    `{"judge_from", "seed", "tasks": [{"task", "type", "answers", "annotators", "items", "shared", "figures",
    "labels", "pairs", "guidelines", "weeks", "confusions", "gold", "repeats", "not_shown"}]}`.  A figure is
    `{"measure", "value", "low", "high", "n", "why"?}`, null where it is undefined, because of `why`; `low` and `high`
    are the ends of its 95 % interval and `n` the items behind it.  A part is `{"names": [...], "figures": [...]}`, a
    confusion `{"labels": [one, other or null], "items", "keys": [...]}` with the keys of the first hundred items,
    and one not shown `{"about": pair | gold | repeats, "names", "items", "missing"}`.
    """
    tasks = [_task_record(one, key_of) for one in found.tasks]
    return {"judge_from": found.judge_from, "seed": found.seed, "tasks": tasks}


def _task_record(one: TaskAgreement, key_of: Callable[[int], str]) -> dict[str, Any]:
    return {
        "task": one.task,
        "type": one.kind,
        "answers": one.answers,
        "annotators": one.annotators,
        "items": one.items,
        "shared": one.shared,
        "figures": [_figure_record(figure) for figure in one.figures],
        "labels": _part_records(one.labels),
        "pairs": _part_records(one.pairs),
        "guidelines": _part_records(one.versions),
        "weeks": _part_records(one.weeks),
        "confusions": [
            {
                "labels": [pair.one, pair.other or None],
                "items": pair.items,
                "keys": [key_of(number) for number in pair.numbers],
            }
            for pair in one.confusions
        ],
        "gold": _part_records(one.gold),
        "repeats": _part_records(one.repeats),
        "not_shown": [few._asdict() | {"names": list(few.names)} for few in one.unjudged],
    }


def _part_records(parts: Sequence[Part]) -> list[dict[str, Any]]:
    return [{"names": list(part.names), "figures": [_figure_record(one) for one in part.figures]} for part in parts]


def _figure_record(figure: Figure) -> dict[str, Any]:
    record = figure._asdict()
    if not figure.why:
        del record["why"]
    return record


# Lines


def agreement_lines(found: Agreement, name_of: Callable[[int], str], by: Collection[str] = PARTS) -> list[str]:
    """Calm tables of 80 cells at most, items by the names that people know; `by` names the parts that are shown."""
    lines: list[str] = []
    for one in found.tasks:
        lines += ["", ""] if lines else []
        lines += _task_lines(one, found.judge_from, name_of, by)
    return lines


def _task_lines(one: TaskAgreement, judge_from: int, name_of: Callable[[int], str], by: Collection[str]) -> list[str]:
    lines = [
        f"{one.task} ({one.kind}): {number_of(one.answers, 'answer')} of {number_of(one.annotators, 'annotator')} about {number_of(one.items, 'item')},",
        f"{one.shared:,} of them answered twice or more",
        "",
        f"  {'':<36}{'value':>8}   {'95 % interval':<18}{'items':>8}",
        *(f"  {MEASURES[figure.measure]:<36}{_told(figure)}" for figure in one.figures),
    ]
    by_measure = {figure.measure: figure.value for figure in one.figures}
    ac1, alpha = by_measure.get("ac1"), by_measure.get("alpha_nominal")
    if ac1 is not None and alpha is not None and ac1 - alpha > SKEWED:
        lines += ["", *(f"  {line}" for line in _SKEW)]
    for name, title, parts in (
        (LABEL, "label", one.labels),
        (PAIR, "pair", one.pairs),
        (VERSION, "guidelines", one.versions),
        (WEEK, "week", one.weeks),
    ):
        lines += _part_lines(title, parts) if name in by else []
    if one.confusions and LABEL in by:
        lines += ["", "  given to the same item"]
        lines += _confusion_lines(one.confusions, name_of)
    lines += _part_lines(ABOUT["gold"], one.gold)
    lines += _part_lines(ABOUT["repeats"], one.repeats)
    if one.unjudged:
        lines += ["", f"  not shown, on fewer than {judge_from} items"]
    for about, title in ABOUT.items():
        lines += _unjudged_lines(title, [few for few in one.unjudged if few.about == about])
    return lines


def _unjudged_lines(title: str, unjudged: Sequence[Unjudged]) -> Iterator[str]:
    few = [f"{_joined(few.names)} {few.items} ({few.missing} to go)" for few in unjudged]
    if few:
        more = [f"and {len(few) - SHOWN:,} more"] if len(few) > SHOWN else []
        yield from _wrapped([f"{title}: {few[0]}", *few[1:SHOWN], *more])


def _told(figure: Figure) -> str:
    """Value, interval and items; where there is no value, why."""
    if figure.value is None:
        return f"{'–':>4}       {figure.why}"
    return f"{figure.value:>8.3f}   {_interval(figure):<18}{figure.n:>8,}"


def _interval(figure: Figure, digits: int = 3) -> str:
    if figure.low is None or figure.high is None:
        return ""
    return f"{figure.low:.{digits}f}…{figure.high:.{digits}f}"


def _part_lines(title: str, parts: Sequence[Part]) -> list[str]:
    if not parts:
        return []
    shown = parts[-SHOWN:] if title == "week" else parts[:SHOWN]
    measures = [one.measure for one in parts[0].figures if one.measure in SHORT][:3]
    by_measure = [{one.measure: one for one in part.figures} for part in shown]
    told = [[figures[measure] for measure in measures] for figures in by_measure]
    columns = [
        [SHORT[measure], *_column(column)] for measure, column in zip(measures, zip(*told, strict=True), strict=True)
    ]
    widths = [GAP + max(map(len, column)) for column in columns]
    room = min(NAME, CELLS - 2 - COUNT - sum(widths))
    counts = ["items", *(f"{max(one.n for one in figures):,}" for figures in told)]
    names = [shortened(title, room), *(_in_room(part.names, room) for part in shown)]
    lines = [""]
    for name, count, *cells in zip(names, counts, *columns, strict=True):
        row = "".join(f"{'':{GAP}}{cell:<{width - GAP}}" for cell, width in zip(cells, widths, strict=True))
        lines.append(f"  {fitted(name, room)}{count:>{COUNT}}{row}".rstrip())
    if len(parts) > len(shown):
        lines.append(
            f"  and {len(parts) - len(shown):,} {'before' if title == 'week' else 'more'}: --json has them all"
        )
    return lines


def _column(figures: Sequence[Figure]) -> list[str]:
    """Values below each other, each with its interval."""
    values = ["–" if one.value is None else f"{one.value:.2f}" for one in figures]
    widest = max(map(len, values))
    return [f"{value:>{widest}} {_interval(one, 2)}".rstrip() for value, one in zip(values, figures, strict=True)]


def _confusion_lines(confusions: Sequence[Confusion], name_of: Callable[[int], str]) -> Iterator[str]:
    pairs = [f"{shortened(one.one, 18)} ↔ {shortened(one.other or 'nothing', 18)}" for one in confusions]
    widest = max(map(wcswidth, pairs))
    for pair, confusion in zip(pairs, confusions, strict=True):
        line = f"  {fitted(pair, widest + 1)}{number_of(confusion.items, 'item'):>{COUNT + 5}}, e.g. "
        room = CELLS - wcswidth(line)
        examples = [name_of(number) for number in confusion.numbers[:EXAMPLES]]
        while len(examples) > 1 and wcswidth(", ".join(examples)) > room:
            examples.pop()
        yield line + shortened(", ".join(examples), room)


def _joined(names: Sequence[str]) -> str:
    return " · ".join(names)


def _in_room(names: Sequence[str], room: int) -> str:
    """Names in a table's cells, the longest cut first, so that none is left out."""
    tries = (_joined([shortened(name, size) for name in names]) for size in range(room, 0, -1))
    return next((joined for joined in tries if wcswidth(joined) < room), _joined(names))


def _wrapped(parts: Sequence[str]) -> Iterator[str]:
    line = ""
    for part in parts:
        if line and wcswidth(f"  {line}, {part}") > CELLS - 2:
            yield f"  {line},"
            line = ""
        line = f"{line}, {part}" if line else part
    if line:
        yield f"  {line}"
