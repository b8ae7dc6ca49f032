"""One answer out of many, by a stated rule.

`unanimous`    what all said alike
`majority`     what more than half said
`dawid-skene`  the likeliest answer, given how each annotator mixes labels up (Dawid & Skene 1979), where it is more
               likely than all others together: for choice, rating, compare (pick) and, label by label, choices; other
               tasks by majority

What stands to the vote in each task, among those who answered it:

    choice, rating, compare   the whole answer
    choices                   each label by itself: what more than half have
    spans                     each span (start, end, label): two that more than half have were marked by one person
                              both, so they overlap only where the project allows it
    segments                  each segment; two are the same one where label and speaker are the same and they share
                              half of their time (for `unanimous`: where their edges are within 50 ms).  It lasts
                              from the median start to the median end; its text is put to the vote like a text
    text                      the text, case and white space aside, in the form that most typed

A task that a rule does not decide is left open and named; so is one where a label, span or segment has half the
votes: a tie is no majority for leaving something out either.  Nor do most leave something out where half of them or more
marked a span or a segment, and each another one.  A task with a `when:` counts where the settled answers
ask for it.
"""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median
from typing import Any, NamedTuple

import numpy as np

from tui_label.core.overlap import TOLERANCE_S, are_near, are_rivals, meeting, similarity
from tui_label.core.tasks import (
    Choices,
    Segment,
    Segments,
    Spans,
    Task,
    Text,
    fitting,
    is_asked,
)
from tui_label.core.tasks.segments import segments_from
from tui_label.quality.dawidskene import dawid_skene
from tui_label.quality.scores import coded, is_of_labels
from tui_label.quality.stretches import ENOUGH

UNANIMOUS, MAJORITY, DAWID_SKENE = "unanimous", "majority", "dawid-skene"
RULES = (UNANIMOUS, MAJORITY, DAWID_SKENE)
GOLD = "gold"


class Evidence(NamedTuple):
    """What was said of one item."""

    number: int
    versions: Sequence[tuple[str, Mapping[str, Any]]]
    """Annotator and answers by task id."""
    gold: Mapping[str, Any] | None = None
    """The standing gold answer; nothing is decided against it."""


@dataclass(frozen=True, slots=True)
class Settled:
    """One item's answer, and what it rests on."""

    number: int
    answers: Mapping[str, Any]
    rule: str
    """In words, such as `all 3 agree`; `gold` where there is a gold answer."""
    support: Mapping[str, float]
    """For each task the share of annotators who say so, of the most disputed label, span or segment; by Dawid-Skene
    its probability.
    """
    left_open: tuple[str, ...] = ()
    """Tasks that were answered, and are not decided."""


class Vote(NamedTuple):
    """What the answers to one task come to; `value` None where that is nothing."""

    value: Any
    support: float


def consensus(tasks: Sequence[Task], evidence: Iterable[Evidence], rule: str = MAJORITY) -> Iterator[Settled]:
    """The answer to each item that has a gold answer or those of annotators; in order.

    What does not have the shape of its task's answers has no say.  Dawid-Skene reads all of `evidence` first: it learns from all items about each annotator.
    """
    evidence = (_fitting(tasks, one) for one in evidence)
    if rule == DAWID_SKENE:
        evidence = list(evidence)
        likely = _likely(tasks, evidence)
    else:
        likely = {}
    for one in evidence:
        if one.gold is not None:
            yield Settled(one.number, dict(one.gold), GOLD, dict.fromkeys(one.gold, 1.0))
        elif one.versions:
            yield _settled(tuple(tasks), one, rule, likely)


def _fitting(tasks: Sequence[Task], one: Evidence) -> Evidence:
    versions = [(name, fitting(tasks, said)) for name, said in one.versions]
    return Evidence(one.number, versions, None if one.gold is None else fitting(tasks, one.gold))


def _settled(tasks: tuple[Task, ...], one: Evidence, rule: str, likely: Mapping[tuple[int, str], Vote]) -> Settled:
    answers: dict[str, Any] = {}
    support: dict[str, float] = {}
    left_open: list[str] = []
    for task in tasks:
        values = [said[task.id] for _name, said in one.versions if task.id in said]
        if not values or not is_asked(task, tasks, answers.get):
            continue
        vote = likely.get((one.number, task.id)) or voted(task, values, strict=rule == UNANIMOUS)
        if vote.value is None or (rule == UNANIMOUS and vote.support < 1):
            left_open.append(task.id)
        else:
            answers[task.id], support[task.id] = vote
    return Settled(one.number, answers, _words(rule, len(one.versions), support), support, tuple(left_open))


def _words(rule: str, people: int, support: Mapping[str, float]) -> str:
    if people == 1:
        return "the only answer"
    least = min(support.values(), default=0.0)
    if rule == DAWID_SKENE:
        return f"Dawid-Skene, probability {least:.2f}"
    return f"all {people} agree" if least == 1 else f"more than half of {people}"


# The vote on one task


def voted(task: Task, values: Sequence[Any], *, strict: bool) -> Vote:
    """What more than half of `values` have; `strict` holds segments to their edges."""
    if isinstance(task, Choices):
        return _on_labels(task, values)
    if isinstance(task, Spans):
        return _on_spans(task, values)
    if isinstance(task, Segments):
        return _on_segments(task, values, strict)
    if isinstance(task, Text):
        return _on_text(values)
    code, known = coded(values)
    times = np.bincount(code)
    return _of(known[int(times.argmax())], int(times.max()), len(values))


def _of(value: Any, times: int, people: int) -> Vote:
    share = times / people
    return Vote(value if 2 * times > people else None, share)


def _on_labels(task: Choices, values: Sequence[Sequence[str]]) -> Vote:
    times = Counter(label for value in values for label in value)
    labels = [*task.values, *(label for label in times if label not in task.values)]
    value = [label for label in labels if 2 * times[label] > len(values)]
    return _undisputed(_allowed(task, value), times.values(), len(values))


def _allowed(task: Choices, value: list[str]) -> list[str] | None:
    many = len(value)
    return value if many >= task.min and (task.max is None or many <= task.max) else None


def _undisputed(value: Any, times: Iterable[float], people: int) -> Vote:
    """`value`, supported as far as the part of it on which opinions are most divided."""
    disputed = [max(one, people - one) / people for one in times]
    return Vote(None if 0.5 in disputed else value, min(disputed, default=1.0))


def _on_spans(task: Spans, values: Sequence[Sequence[Mapping[str, Any]]]) -> Vote:
    found = {(one["start"], one["end"], one["label"]): one for value in values for one in value}
    times = Counter(key for value in values for key in {(one["start"], one["end"], one["label"]) for one in value})
    value = [dict(found[key]) for key in sorted(found) if 2 * times[key] > len(values)]
    decided = len(value) >= task.min and not _is_open(task, values, value)
    return _undisputed(value if decided else None, times.values(), len(values))


def _on_text(values: Sequence[str]) -> Vote:
    alike = Counter(map(normalised, values))
    form, times = alike.most_common(1)[0]
    typed = Counter(value for value in values if normalised(value) == form)
    # Of forms that are as common, the first in order: the same one each time
    best = min(typed, key=lambda value: (-typed[value], value))
    return _of(best, times, len(values))


def normalised(text: str) -> str:
    """Text in which case, white space and ways to write one character do not count."""
    return " ".join(unicodedata.normalize("NFC", text).casefold().split())


def _on_segments(task: Segments, values: Sequence[Sequence[Mapping[str, Any]]], strict: bool) -> Vote:
    people = len(values)
    groups = _grouped([segments_from(value) for value in values], strict)
    kept = [group for group in groups if 2 * len(group) > people]
    votes = [_on_text([one.text for one in group]) for group in kept]
    whole = sorted(
        (
            Segment(
                median(one.start for one in group),
                median(one.end for one in group),
                group[0].label,
                vote.value or "",
                group[0].speaker,
            )
            for group, vote in zip(kept, votes, strict=True)
        ),
        key=lambda one: one.when,
    )
    crossing = not task.overlap and any(before.overlaps(after) for before, after in pairwise(whole))
    value = [one.record() for one in whole]
    decided = len(whole) >= task.min and not crossing and all(vote.value is not None for vote in votes)
    vote = _undisputed(value if decided and not _is_open(task, values, value) else None, map(len, groups), people)
    return Vote(vote.value, min([vote.support, *(text.support for text in votes)]))


def _grouped(versions: Sequence[Sequence[Segment]], strict: bool) -> list[list[Segment]]:
    """Segments of different annotators that are the same one: each joins the group whose first it is nearest to."""
    groups: list[list[Segment]] = []
    for version in versions:
        there = sorted(range(len(groups)), key=lambda n: groups[n][0].start)
        near: list[list[int]] = [[] for _ in version]
        # Two that are hardly longer than a tolerance may be the same and share nothing
        wide = [Segment(one.start - TOLERANCE_S, one.end + TOLERANCE_S) for one in version]
        for at, place in meeting(wide, [groups[n][0] for n in there]):
            if _is_same(groups[there[place]][0], version[at], strict):
                near[at].append(there[place])
        taken = set[int]()
        for segment, places in zip(version, near, strict=True):
            free = sorted(set(places) - taken)
            if free:
                best = max(free, key=lambda n: similarity(groups[n][0], segment))
                groups[best].append(segment)
                taken.add(best)
            else:
                groups.append([segment])
    return groups


def _is_same(one: Segment, other: Segment, strict: bool) -> bool:
    if (one.label, one.speaker) != (other.label, other.speaker):
        return False
    return are_near(one, other) if strict else similarity(one, other) >= ENOUGH


class _Mark(NamedTuple):
    """Somebody's span or segment."""

    start: float
    end: float
    said: tuple[str, str]
    """Label and speaker."""
    who: int


def _marks(values: Sequence[Sequence[Mapping[str, Any]]]) -> list[_Mark]:
    """In the order of their starts."""
    return sorted(
        _Mark(one["start"], one["end"], (one.get("label") or "", one.get("speaker") or ""), who)
        for who, value in enumerate(values)
        for one in value
    )


def _is_open(task: Spans | Segments, values: Sequence[Any], settled: Sequence[Mapping[str, Any]]) -> bool:
    """Whether half of them or more marked something at a place where nothing is settled."""

    def meet(some: Sequence[_Mark], others: Sequence[_Mark]) -> Iterator[tuple[int, int]]:
        for n, m in meeting(some, others):
            one, other = some[n], others[m]
            if not task.overlap or are_rivals(one, other, one.said == other.said):
                yield n, m

    marks = _marks(values)
    there = {n for n, _ in meet(marks, _marks([settled]))}
    gone = [one for n, one in enumerate(marks) if n not in there]
    people: dict[int, set[int]] = {}
    for n, m in meet(gone, gone):
        people.setdefault(n, set()).add(gone[m].who)
    return any(2 * len(some) >= len(values) for some in people.values())


# Dawid-Skene


def _likely(tasks: Sequence[Task], evidence: Sequence[Evidence]) -> dict[tuple[int, str], Vote]:
    """The likeliest answer by item number and task, where the task is one of labels."""
    found: dict[tuple[int, str], Vote] = {}
    for task in tasks:
        if is_of_labels(task):
            for number, value, probability in _likeliest(task, evidence, None):
                found[number, task.id] = Vote(value if probability > 0.5 else None, probability)
        elif isinstance(task, Choices):
            found |= _likely_sets(task, evidence)
    return found


def _likely_sets(task: Choices, evidence: Sequence[Evidence]) -> dict[tuple[int, str], Vote]:
    values: dict[int, list[str]] = {}
    support: dict[int, float] = {}
    for label in task.values:
        for number, value, probability in _likeliest(task, evidence, label):
            chosen = values.setdefault(number, [])
            if value:
                chosen.append(label)
            support[number] = min(support.get(number, 1.0), probability)
    return {
        (number, task.id): Vote(_allowed(task, value) if support[number] > 0.5 else None, support[number])
        for number, value in values.items()
    }


def _likeliest(task: Task, evidence: Sequence[Evidence], label: str | None) -> Iterator[tuple[int, Any, float]]:
    """Item number, likeliest answer and its probability; with a `label`, whether it is in the set."""

    def read(answers: Mapping[str, Any]) -> Any:
        value = answers.get(task.id)
        return value if value is None or label is None else label in value

    rows = [
        (at, name, value)
        for at, one in enumerate(evidence)
        for name, answers in one.versions
        if (value := read(answers)) is not None
    ]
    if not rows:
        return
    item, places = coded(row[0] for row in rows)
    who, _names = coded(row[1] for row in rows)
    code, values = coded(row[2] for row in rows)
    right = coded((read(evidence[place].gold or {}) for place in places), values)[0]
    known = np.where(right < len(values), right, -1)
    truth = dawid_skene(item, who, code, len(values), known)
    for place, best, probability in zip(
        places, truth.probability.argmax(axis=1).tolist(), truth.probability.max(axis=1).tolist(), strict=True
    ):
        yield evidence[place].number, values[best], probability
