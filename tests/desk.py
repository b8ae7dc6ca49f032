"""What a reviewer's queue should hold, worked out in plain Python from the cases themselves."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from statistics import median
from typing import Any

from tui_label.core.annotation import Annotation
from tui_label.core.comments import QUESTION
from tui_label.store.base import Store
from tui_label.store.reviewing import SETTLED_TOO, UNDECIDED, Case, Queue

Found = tuple[int, tuple[str, ...]]
"""An item's number, and about whom it is."""
Bounds = Mapping[str, tuple[float, float]]


def walk(store: Store, queue: Queue, reviewer: str = "lead") -> list[Found]:
    """The cases of a queue one after the other, none of them settled."""
    found = []
    case = store.next_case(queue, reviewer)
    while case is not None:
        found.append((case.number, case.about))
        case = store.next_case(queue, reviewer, case.mark)
    return found


def expected(queue: Queue, cases: Iterable[Case], bounds: Bounds, differ: Callable[..., float]) -> list[Found]:
    """In order.  `sample` is not for here: nobody knows its hash."""
    keyed = []
    for case in cases:
        if case.gold and not queue.settled_too and queue.name not in SETTLED_TOO:
            if queue.name not in UNDECIDED:
                continue
            case = replace(case, versions=_after(case, "versions"), skipped=_after(case, "skipped"))
        if not _has_text(queue, case):
            continue
        if case.returned and not queue.settled_too:
            if queue.name == "disagreements":
                continue
            if queue.name in ("flagged", "fast", "slow"):
                case = replace(case, versions=_not_returned(case, "versions"), skipped=_not_returned(case, "skipped"))
        key, about = _PLACE[queue.name](queue, case, bounds, differ)
        if key is not None:
            keyed.append((key, case.number, about))
    return [(number, about) for _, number, about in sorted(keyed)]


def _not_returned(case: Case, part: str) -> tuple[Annotation, ...]:
    return tuple(one for one in getattr(case, part) if one.annotator not in case.returned)


def _after(case: Case, part: str) -> tuple[Annotation, ...]:
    """What was said since the case was settled."""
    return tuple(one for one in getattr(case, part) if one.submitted_at > case.gold.at)


def usual_bounds(times: Mapping[str, Sequence[int]], too_fast_ms: int) -> Bounds:
    """Of each annotator's latest times: three scaled median absolute deviations of the logarithm from the median."""
    bounds = {}
    for name, spent in times.items():
        known = [math.log(ms) for ms in spent[-500:] if ms]
        fast, slow = float(too_fast_ms), math.inf
        if len(known) >= 20:
            away = 3 * 1.4826 * median(abs(one - median(known)) for one in known)
            if away:
                fast, slow = max(fast, math.exp(median(known) - away)), math.exp(median(known) + away)
        bounds[name] = fast, slow
    return bounds


def _has_text(queue: Queue, case: Case) -> bool:
    wanted = queue.text.casefold()
    return any(wanted in text.casefold() for text in (case.item.text, case.item.key, *case.item.candidates))


def labels(value: Any) -> set[str]:
    parts = value if isinstance(value, list) else [value]
    return {str(one.get("label")) if isinstance(one, dict) else str(one) for one in parts}


def _fits(queue: Queue, one: Annotation, *, flag: bool = True, task: bool = True) -> bool:
    tasks = [queue.task] if queue.task else list(one.answers)
    if queue.label and not any(queue.label in labels(one.answers.get(name, [])) for name in tasks):
        return False
    if queue.task and task and queue.task not in one.answers:
        return False
    if flag and queue.flag and queue.flag not in [flag.reason for flag in one.flags]:
        return False
    if (queue.since and one.submitted_at < queue.since) or (queue.until and one.submitted_at >= queue.until):
        return False
    return not queue.annotator or one.annotator == queue.annotator


Place = tuple[tuple[Any, ...] | None, tuple[str, ...]]


def _disagreements(queue: Queue, case: Case, _: Bounds, differ: Callable[..., float]) -> Place:
    said = [one.answers for one in case.versions]
    if len(said) < 2 or differ(said) == 0:
        return None, ()
    if queue.task and all(one.get(queue.task) == said[0].get(queue.task) for one in said):
        return None, ()
    restricted = queue.annotator or queue.label or queue.flag or queue.since or queue.until
    if restricted and not any(_fits(queue, one, task=False) for one in case.versions):
        return None, ()
    return (1 - differ(said),), ()


def _all(queue: Queue, case: Case, *_: object) -> Place:
    return ((), ()) if any(_fits(queue, one) for one in case.versions) else (None, ())


def _flagged(queue: Queue, case: Case, *_: object) -> Place:
    reasons = [
        (flag.reason, one.annotator)
        for one in (*case.versions, *case.skipped)
        if _fits(queue, one, flag=False)
        for flag in one.flags
        if queue.flag in ("", flag.reason)
    ]
    return ((min(reasons)[0],), _names(name for _, name in reasons)) if reasons else (None, ())


def _questions(queue: Queue, case: Case, *_: object) -> Place:
    said = {one.annotator: one for one in (*case.versions, *case.skipped)}
    restricted = queue.task or queue.label or queue.flag or queue.since or queue.until
    asked = [
        (one.number, one.author)
        for one in case.comments
        if one.kind == QUESTION and not one.to
        if not any(other.to == one.author and other.number > one.number for other in case.comments)
        if queue.annotator in ("", one.author)
        if not restricted or (one.author in said and _fits(queue, said[one.author]))
    ]
    return ((min(asked)[0],), _names(name for _, name in asked)) if asked else (None, ())


def _pace(queue: Queue, case: Case, bounds: Bounds, sign: int) -> Place:
    """Sign 1 for the fast, -1 for the slow."""
    found = [
        (sign * ms, one.annotator)
        for one in case.versions
        if (ms := one.timing.active) and sign * ms <= sign * bounds[one.annotator][0 if sign == 1 else 1]
        if _fits(queue, one)
    ]
    # The slow ones come with the last item first
    return ((min(found)[0], sign * case.number), _names(name for _, name in found)) if found else (None, ())


def _corrected(queue: Queue, case: Case, _: Bounds, differ: Callable[..., float]) -> Place:
    if case.gold is None:
        return None, ()
    wrong = [one.annotator for one in case.versions if differ([case.gold.answers, one.answers]) and _fits(queue, one)]
    return ((), _names(wrong)) if wrong else (None, ())


def _names(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(set(names)))


_PLACE: dict[str, Callable[..., Place]] = {
    "disagreements": _disagreements,
    "all": _all,
    "flagged": _flagged,
    "questions": _questions,
    "fast": lambda queue, case, bounds, _: _pace(queue, case, bounds, 1),
    "slow": lambda queue, case, bounds, _: _pace(queue, case, bounds, -1),
    "corrected": _corrected,
}
