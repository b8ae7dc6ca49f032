"""How far two answers agree, for every task type: scores of many pairs of answers at once.

The same scores say how two annotators agree, how near somebody is to the known answers,
and whether they still say what they said weeks ago.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
from rapidfuzz.distance import Indel, Levenshtein

from tui_label.core.tasks import Choice, Choices, Compare, Rating, Segments, Spans, Task, Text, segments_from
from tui_label.core.wer import normal_words
from tui_label.quality.estimates import NO_PAIRS, Draws, Figure, Floats, Ints, Sample, figure, wilson
from tui_label.quality.stretches import Comparison, Flags, stretches_from

NOTHING_MARKED = "nobody marked anything"


@dataclass(frozen=True, slots=True)
class Score:
    """One measure of (pairs,) of answers, as sums: `over` divided by `under`."""

    measure: str
    over: Floats
    under: Floats
    pooled: bool = False
    """Whether sums are taken over all items before they are divided, as in F1 and WER; else each item counts alike,
    however many annotators it has.
    """
    why: str = NO_PAIRS

    def by_item(self, item: Ints, chosen: Flags | slice) -> tuple[Floats, Floats]:
        """(items,) twice: `over` and `under` of each item's chosen pairs."""
        over = np.bincount(item, weights=self.over[chosen]).astype(np.float64)
        under = np.bincount(item, weights=self.under[chosen]).astype(np.float64)
        if self.pooled:
            return over, under
        told = under > 0
        return np.divide(over, under, out=np.zeros_like(over), where=told), told.astype(np.float64)


def score_figures(
    of: Sequence[Score], item: Ints, draws: Draws, chosen: Flags | slice = slice(None)
) -> tuple[Figure, ...]:
    """The figure of each score over the items (pairs,), or over the chosen pairs alone; all from the same resamples."""
    if not of:
        return ()
    columns = np.array([column for score in of for column in score.by_item(item[chosen], chosen)])
    told = np.any(columns[1::2] > 0, axis=0)
    columns = columns[:, told]
    rows, weight = _weighted(columns)
    sample = Sample(weight, draws)
    known = (columns[1::2] > 0).sum(axis=1).tolist()
    no_pair = not len(item[chosen])
    with np.errstate(divide="ignore", invalid="ignore"):
        # All sums in one product: the resamples are read once
        drawn = sample.resampled @ rows.T if len(weight) else np.zeros((0, len(rows)))
        shares, spread = columns.sum(axis=1), drawn[:, ::2] / drawn[:, 1::2]
        values = shares[::2] / shares[1::2]
    return tuple(
        figure(score.measure, value, spread[:, at], n, NO_PAIRS if no_pair else score.why)
        for at, (score, value, n) in enumerate(zip(of, values.tolist(), known, strict=True))
    )


def _weighted(columns: Floats) -> tuple[Floats, Floats]:
    """Items (columns, items) that are alike in all columns as one with a weight; as they are where few are alike."""
    key = np.zeros(columns.shape[1], np.int64)
    many = 1
    for column in columns:
        halves = 2 * column
        code = halves.astype(np.int64)
        if (code != halves).any():
            code = np.unique(column, return_inverse=True)[1].reshape(-1)
        width = int(code.max(initial=0)) + 1
        if many * width >= 2**62:
            return columns, np.ones(columns.shape[1])
        key, many = key * width + code, many * width
    _, first, weight = np.unique(key, return_index=True, return_counts=True)
    if 2 * len(first) > len(key):
        return columns, np.ones(columns.shape[1])
    return columns[:, first], weight.astype(np.float64)


def single_figures(of: Sequence[Score], item: Ints, draws: Draws, chosen: Flags) -> tuple[Figure, ...]:
    """The same where each item has one pair: shares of right and wrong get Wilson's interval."""
    found = score_figures(of, item, draws, chosen)
    return tuple(
        wilson("percent", int(score.over[chosen].sum()), int(chosen.sum())) if score.measure == "percent" else one
        for score, one in zip(of, found, strict=True)
    )


@dataclass(frozen=True, slots=True)
class Hearing:
    """How what was written down of a sound is compared."""

    ignore: Sequence[str] = ()
    """What does not count as different, as in `core.wer`."""
    sound: bool = False
    """Whether every text is of a sound; else those with a transcript's style are."""
    against: bool = False
    """Whether the second of two is the reference; else both are, and the rates are over the mean of their lengths."""


def scores(
    task: Task,
    values: Sequence[Any],
    one: Ints,
    other: Ints,
    hearing: Hearing,
    these: Comparison | None = None,
) -> tuple[Score, ...]:
    """Every score that fits the task, for the pairs `values[one[n]]`, `values[other[n]]`; `these` where spans or
    segments are compared already.
    """
    if isinstance(task, Spans):
        return span_scores(these or compared(task, values, one, other))
    if isinstance(task, Segments):
        found = segment_scores(these or compared(task, values, one, other))
        if task.transcript is None:
            return found
        texts = ["\n".join(segment.text for segment in segments_from(value)) for value in values]
        return found + word_scores(*coded(texts), one, other, hearing)
    if isinstance(task, Text):
        # A blank at the end, as after a short form, is no other answer to whoever reviews either
        values = [" ".join(value.split()) for value in values]
    code, known = coded_sets(task, values) if isinstance(task, Choices) else coded(values)
    exact = Score("percent", (code[one] == code[other]).astype(np.float64), np.ones(len(one)))
    if isinstance(task, Choices):
        return exact, _by_value("jaccard", task.agreement, code, known, one, other)
    if isinstance(task, Compare) and task.mode == "rank":
        return exact, _by_value("kendall_tau", kendall_tau, code, known, one, other)
    if isinstance(task, Rating):
        apart = np.abs(np.array(known, np.float64)[code[one]] - np.array(known, np.float64)[code[other]])
        return exact, Score("steps_apart", apart, np.ones(len(one)))
    if isinstance(task, Text) and (hearing.sound or task.transcript is not None):
        speakers = task.transcript.speakers if task.transcript is not None else ()
        return exact, *word_scores(code, known, one, other, hearing, speakers)
    if isinstance(task, Text):
        return exact, _by_value("similarity", similarity, code, known, one, other)
    return (exact,)


def is_of_labels(task: Task) -> bool:
    """Whether an answer is one of few: a label, a step or a candidate."""
    return isinstance(task, Choice | Rating) or (isinstance(task, Compare) and task.mode == "pick")


def coded(values: Iterable[Any], known: Sequence[Any] = ()) -> tuple[Ints, list[Any]]:
    """Each value's number, and the values by number, those in `known` first."""
    number: dict[Hashable, int] = {_key(value): at for at, value in enumerate(known)}
    found = list(known)
    codes: list[int] = []
    for value in values:
        key = _key(value)
        code = number.get(key)
        if code is None:
            code = number[key] = len(found)
            found.append(value)
        codes.append(code)
    return np.array(codes, np.int64), found


def coded_sets(task: Choices, values: Iterable[Any]) -> tuple[Ints, list[Any]]:
    """The same of sets of labels, whatever order they are written in."""
    code, written = coded(values)
    of_written, sets = coded(map(task.ordered, written))
    return of_written[code], sets


def _key(value: Any) -> Hashable:
    return tuple(value) if isinstance(value, list) else value


def _by_value(
    measure: str, like: Callable[[Any, Any], float], code: Ints, known: Sequence[Any], one: Ints, other: Ints
) -> Score:
    """A likeness of values, computed once for every two that meet."""
    low, high = np.minimum(code[one], code[other]), np.maximum(code[one], code[other])
    meeting, which = np.unique(low * max(len(known), 1) + high, return_inverse=True)
    likeness = [like(known[both // len(known)], known[both % len(known)]) for both in meeting.tolist()]
    return Score(measure, np.array(likeness, np.float64)[which.reshape(-1)], np.ones(len(one)))


def kendall_tau(one: Sequence[str], other: Sequence[str]) -> float:
    """Kendall's rank correlation of two orders of the same names (Kendall 1938, Biometrika 30: 81-93): pairs in the
    same order minus pairs in the opposite one, over all pairs; 1 for the same order, -1 for the reverse.
    """
    place = {name: at for at, name in enumerate(other)}
    apart = [place[after] - place[before] for before, after in combinations(one, 2) if {before, after} <= place.keys()]
    return sum(1 if step > 0 else -1 for step in apart) / len(apart) if apart else 1.0


def similarity(one: str, other: str) -> float:
    """Twice the length of the longest common subsequence over both lengths, in characters, case and outer white space
    aside: 1 for the same text, 0 for nothing in common.
    """
    return float(Indel.normalized_similarity(one.strip().casefold(), other.strip().casefold()))


def word_scores(
    code: Ints, known: Sequence[str], one: Ints, other: Ints, hearing: Hearing, speakers: Sequence[str] = ()
) -> tuple[Score, Score]:
    """Word and character error rate (`core.wer`): errors over the length of the reference, summed over the pairs.

    Between annotators neither is the reference: over the mean of both lengths, it is the same whoever comes first.
    """
    number: dict[str, int] = {}
    words = [
        [number.setdefault(word, len(number)) for word in normal_words(text, hearing.ignore, speakers)]
        for text in known
    ]
    spelled = list(number)
    characters = [" ".join(spelled[word] for word in text) for text in words]
    low, high = np.minimum(code[one], code[other]), np.maximum(code[one], code[other])
    meeting, which = np.unique(low * max(len(known), 1) + high, return_inverse=True)
    both = [(pair // len(known), pair % len(known)) for pair in meeting.tolist()]

    def rate(measure: str, texts: Sequence[Sequence[Hashable]]) -> Score:
        errors = np.array([Levenshtein.distance(texts[a], texts[b]) for a, b in both], np.float64)
        length = np.array([len(text) for text in texts], np.float64)
        over = errors[which.reshape(-1)]
        under = length[code[other]] if hearing.against else (length[code[one]] + length[code[other]]) / 2
        return Score(measure, over, under, True, "nothing was written down")

    return rate("wer", words), rate("cer", characters)


# Spans and segments


def labels_of(task: Task, values: Iterable[Any]) -> list[str]:
    """The task's labels, then others that are in the answers (it had them once)."""
    known = dict.fromkeys(task.values if task.takes_labels else ())
    if isinstance(task, Spans | Segments):
        # As `says` does, but without a call for each of a million answers
        given = dict.fromkeys(one.get("label") for value in values for one in value)
    else:
        given = dict.fromkeys(label for value in values for label in task.says(value))
    return list(known | {label: None for label in given if label})


def compared(task: Task, values: Sequence[Any], one: Ints, other: Ints, labels: Sequence[str] = ()) -> Comparison:
    """Answers to a task of spans or segments, compared."""
    names = list(labels) or labels_of(task, values)
    number: Mapping[str, int] = {name: at for at, name in enumerate(names)} | {"": len(names)}
    scale = 1000 if isinstance(task, Segments) else 1
    return Comparison(stretches_from(values, number, scale), one, other)


def span_scores(these: Comparison) -> tuple[Score, ...]:
    sizes = these.sizes()
    shared, covered = these.covered
    return (
        _f1("f1_strict", these.hits(these.strict), sizes),
        _f1("f1_partial_label", these.partial_hits(these.touching_alike), sizes),
        _f1("f1_exact", these.hits(these.placed), sizes),
        _f1("f1_partial", these.partial_hits(these.touching), sizes),
        _f1("f1_characters", shared, covered),
    )


def segment_scores(these: Comparison) -> tuple[Score, ...]:
    shared, covered = these.covered
    differ, edges = these.apart
    return (
        _f1("f1_near", these.hits(these.near), these.sizes()),
        _f1("f1_time", shared, covered),
        Score("boundary_ms", differ, edges, True, "no two segments are near enough to be the same"),
    )


def label_scores(task: Task, these: Comparison, label: int) -> tuple[Score, ...]:
    """F1 of one label's spans or segments."""
    sizes = these.sizes(label)
    if isinstance(task, Segments):
        return (_f1("f1_near", these.hits(these.near, label), sizes),)
    return (
        _f1("f1_strict", these.hits(these.strict, label), sizes),
        _f1("f1_partial_label", these.partial_hits(these.touching_alike, label), sizes),
    )


def _f1(measure: str, hits: Floats, sizes: Floats) -> Score:
    return Score(measure, 2 * hits, sizes, True, NOTHING_MARKED)
