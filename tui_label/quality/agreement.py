"""Inter-annotator agreement of a project: per task the measures that fit it, by label, pair of annotators, version
of the guidelines and week, what is mixed up with what, and how people stand to known answers and to themselves.

Which measures a task type gets:

    choice, compare (pick)   percent, alpha (nominal), Fleiss' kappa, AC1; two annotators: Cohen's kappa
    rating                   percent, alpha (ordinal, interval), AC2; two annotators: kappa with linear and quadratic weights
    choices                  percent of equal sets, Jaccard, alpha of sets
    compare (rank)           percent, Kendall's tau
    spans                    F1 strict, partial under the same label, exact and partial whatever the label; characters under the
                             same label
    segments                 F1 of segments that share half their time, time under the same label, boundaries apart
    text                     percent, similarity; with a transcript's style WER and CER
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, NamedTuple, Protocol

import numpy as np

from tui_label.core.opinions import Opinion, Repeat
from tui_label.core.tasks import Choices, Compare, Rating, Segments, Spans, Task
from tui_label.core.wer import CASE, PUNCTUATION, TAGS
from tui_label.quality.answers import Column, columns
from tui_label.quality.coefficients import Table, of_pair, of_sample, tabulated
from tui_label.quality.estimates import Draws, Figure, Floats, Ints, Sample, wilson
from tui_label.quality.scores import (
    Hearing,
    coded,
    coded_sets,
    compared,
    is_of_labels,
    label_scores,
    labels_of,
    score_figures,
    scores,
    single_figures,
)
from tui_label.quality.stretches import Comparison, Flags

LABEL, PAIR, VERSION, WEEK = "label", "pair", "version", "week"
PARTS = (LABEL, PAIR, VERSION, WEEK)

MOST = 200
"""Labels, pairs and people that are listed at most: the most used, those with most in common, the nearest to be judged."""
MOST_CONFUSIONS = 20
MOST_BEHIND = 100
"""Item numbers that are given for a confusion."""


class Part(NamedTuple):
    """Some of a task's answers, and how they agree."""

    names: tuple[str, ...]
    """The label; the two annotators; the version; the week; the annotator."""
    figures: tuple[Figure, ...]


class Confusion(NamedTuple):
    """Two labels that were given to the same item, or to the same stretch of it."""

    one: str
    other: str
    """Empty: the other annotator gave nothing in its place."""
    items: int
    numbers: tuple[int, ...]
    """The first of the items."""


class Unjudged(NamedTuple):
    """Who is not shown, because it would be on too few items."""

    about: str
    """`pair`, `gold` or `repeats`."""
    names: tuple[str, ...]
    items: int
    missing: int
    """How many more it takes."""


@dataclass(frozen=True, slots=True)
class TaskAgreement:
    """What is to be said of one task."""

    task: str
    kind: str
    answers: int
    annotators: int
    items: int
    """Items with an answer."""
    shared: int
    """Items with two answers or more."""
    figures: tuple[Figure, ...]
    labels: tuple[Part, ...] = ()
    pairs: tuple[Part, ...] = ()
    versions: tuple[Part, ...] = ()
    """Among answers that were given under the same version of the guidelines."""
    weeks: tuple[Part, ...] = ()
    """Items by the week of their latest answer."""
    confusions: tuple[Confusion, ...] = ()
    gold: tuple[Part, ...] = ()
    """By annotator, against the known answers."""
    repeats: tuple[Part, ...] = ()
    """By annotator, against what they said of the same items before."""
    unjudged: tuple[Unjudged, ...] = ()


@dataclass(frozen=True, slots=True)
class Agreement:
    tasks: tuple[TaskAgreement, ...]
    judge_from: int
    seed: int


@dataclass(frozen=True, slots=True)
class Terms:
    """What holds for all figures of a report."""

    judge_from: int
    draws: Draws
    by: Collection[str]
    hearing: Hearing
    candidates: int
    behind: int


def figures(
    tasks: Sequence[Task],
    opinions: Iterable[Opinion],
    *,
    gold: Mapping[int, Mapping[str, Any]] | None = None,
    repeats: Iterable[Repeat] = (),
    judge_from: int = 20,
    seed: int = 0,
    by: Collection[str] = PARTS,
    ignore: Sequence[str] = (CASE, PUNCTUATION, TAGS),
    sound: bool = False,
    candidates: int = 0,
    behind: int = MOST_BEHIND,
) -> Agreement:
    """All of it.

    `gold` maps item numbers to known answers; no person and no pair is shown on fewer than `judge_from` items.
    `ignore` is what WER and CER leave out of account; `sound` says that every text is of a sound;
    `candidates` is how many there are to compare at most, `behind` how many items are given for a confusion.
    """
    terms = Terms(judge_from, Draws(seed), by, Hearing(ignore, sound), candidates, behind)
    again = list(repeats)
    return Agreement(
        tuple(_of_task(column, gold or {}, again, terms) for column in columns(tasks, opinions)), judge_from, seed
    )


def _of_task(
    column: Column, gold: Mapping[int, Mapping[str, Any]], repeats: Sequence[Repeat], terms: Terms
) -> TaskAgreement:
    measured: Measured = (
        _Labels(column, _answers(column.task, terms.candidates), terms.draws)
        if is_of_labels(column.task)
        else _Pairs(column, terms.draws, terms.hearing)
    )
    pairs, unjudged = _pairs(column, measured, terms) if PAIR in terms.by else ((), ())
    right, untested = _against_gold(column, gold, terms)
    steady, unrepeated = _against_themselves(column.task, repeats, terms)
    return TaskAgreement(
        column.task.id,
        column.task.kind,
        answers=len(column.values),
        annotators=len(np.unique(column.who)),
        items=column.items,
        shared=int((np.bincount(column.item) > 1).sum()) if column.items else 0,
        figures=measured.over(),
        labels=measured.labels() if LABEL in terms.by else (),
        pairs=pairs,
        versions=_groups(measured, column.version, None) if VERSION in terms.by else (),
        weeks=_groups(measured, column.week, column.weeks) if WEEK in terms.by else (),
        confusions=measured.confusions(terms.behind),
        gold=right,
        repeats=steady,
        unjudged=(*unjudged, *untested, *unrepeated),
    )


def _answers(task: Task, candidates: int) -> list[Any]:
    """All that there are to a question of labels or steps, given or not."""
    if isinstance(task, Rating):
        return list(range(task.min, task.max + 1))
    return list(task.answers(candidates) if isinstance(task, Compare) else task.values)


# Two ways to measure: by counting labels, or by comparing answers two by two


class Measured(Protocol):
    """One task's answers, ready to be measured whole and in parts."""

    def over(self, chosen: Flags | None = None) -> tuple[Figure, ...]:
        """Of all answers, or of those (answers,) chosen."""
        ...

    def between(self, one: int, other: int) -> tuple[Figure, ...]:
        """Of two annotators, on the items both answered."""
        ...

    def labels(self) -> tuple[Part, ...]: ...

    def confusions(self, behind: int) -> tuple[Confusion, ...]: ...


class _Labels:
    """Where an answer is one label or step: all is in the counts of labels."""

    def __init__(self, column: Column, known: Sequence[Any], draws: Draws) -> None:
        self._column, self._draws = column, draws
        self._code, names = coded(column.values, known)
        if isinstance(column.task, Rating) and len(names) > len(known):
            # The scale was another one once: its steps keep their order all the same
            order = np.argsort(np.array(names))
            self._code, names = np.argsort(order)[self._code], sorted(names)
        self._names = names
        self._each = np.eye(len(names))

    @cached_property
    def _table(self) -> Table:
        return tabulated(self._column.item, self._code, self._each)

    @cached_property
    def _of_person(self) -> list[tuple[Ints, Ints]]:
        """For each annotator the items and the codes of their answers."""
        column = self._column
        order = np.argsort(column.who, kind="stable")
        ends = np.searchsorted(column.who[order], np.arange(len(column.annotators) + 1))
        return [(column.item[rows], self._code[rows]) for rows in np.split(order, ends[1:-1])]

    def over(self, chosen: Flags | None = None) -> tuple[Figure, ...]:
        column = self._column
        table = self._table if chosen is None else tabulated(column.item[chosen], self._code[chosen], self._each)
        sample = Sample(table.weight, self._draws if chosen is None else self._draws.fewer)
        rating = isinstance(column.task, Rating)
        values = self._names if rating else ()
        found = tuple(of_sample(table, sample, measure, values) for measure in (_OF_STEPS if rating else _OF_LABELS))
        who = np.unique(column.who if chosen is None else column.who[chosen])
        if len(who) == 2 and table.paired:
            found += self.between(*who.tolist())[1:] if chosen is None else ()
        return found

    def between(self, one: int, other: int) -> tuple[Figure, ...]:
        (items, codes), (others, their_codes) = self._of_person[one], self._of_person[other]
        _, mine, theirs = np.intersect1d(items, others, assume_unique=True, return_indices=True)
        first, second = codes[mine], their_codes[theirs]
        draws = self._draws.fewer
        kappas = ("kappa_linear", "kappa_quadratic") if isinstance(self._column.task, Rating) else ("cohen_kappa",)
        return (
            wilson("percent", int((first == second).sum()), len(first)),
            *(of_pair(first, second, len(self._names), measure, draws) for measure in kappas),
        )

    def labels(self) -> tuple[Part, ...]:
        return _by_label(self._table, [str(name) for name in self._names], self._draws.fewer)

    def confusions(self, behind: int) -> tuple[Confusion, ...]:
        table = self._table
        given = (table.counts > 0).astype(np.float64)
        together = np.triu((given.T * table.weight) @ given, 1)
        ones, others = np.nonzero(together)
        most = np.lexsort((others, ones, -together[ones, others]))[:MOST_CONFUSIONS]
        found = []
        for one, other in zip(ones[most].tolist(), others[most].tolist(), strict=True):
            rows = (given[:, one] > 0) & (given[:, other] > 0)
            numbers = self._column.numbers[np.flatnonzero(rows[table.row_of])[:behind]]
            names = str(self._names[one]), str(self._names[other])
            found.append(Confusion(*names, round(together[one, other]), tuple(numbers.tolist())))
        return tuple(found)


_OF_LABELS = ("percent", "alpha_nominal", "fleiss_kappa", "ac1")
_OF_STEPS = ("percent", "alpha_ordinal", "alpha_interval", "ac2")


class _Pairs:
    """Where answers are compared two by two."""

    def __init__(self, column: Column, draws: Draws, hearing: Hearing) -> None:
        self._column, self._draws = column, draws
        self._one, self._other = column.pairs
        self._item = column.item[self._one]
        self._names = labels_of(column.task, column.values)
        self._these: Comparison | None = None
        if isinstance(column.task, Spans | Segments):
            self._these = compared(column.task, column.values, self._one, self._other, self._names)
        self._scores = scores(column.task, column.values, self._one, self._other, hearing, self._these)

    @cached_property
    def _sets(self) -> tuple[Ints, list[Any]]:
        assert isinstance(self._column.task, Choices)
        return coded_sets(self._column.task, self._column.values)

    def _table(self, chosen: Flags | slice) -> Table:
        """How many gave each label, where an answer is a set of labels."""
        code, sets = self._sets
        number = {name: at for at, name in enumerate(self._names)}
        coding = np.zeros((len(sets), len(self._names)))
        for at, labels in enumerate(sets):
            coding[at, [number[label] for label in labels]] = 1
        return tabulated(self._column.item[chosen], code[chosen], coding)

    def over(self, chosen: Flags | None = None) -> tuple[Figure, ...]:
        both = slice(None) if chosen is None else chosen[self._one] & chosen[self._other]
        draws = self._draws if chosen is None else self._draws.fewer
        found = score_figures(self._scores, self._item, draws, both)
        if isinstance(self._column.task, Choices):
            table = self._table(slice(None) if chosen is None else chosen)
            found += (of_sample(table, Sample(table.weight, draws), "alpha_sets"),)
        return found

    def between(self, one: int, other: int) -> tuple[Figure, ...]:
        who = self._column.who
        chosen = (who[self._one] == one) & (who[self._other] == other)
        return single_figures(self._scores, self._item, self._draws.fewer, chosen)

    def labels(self) -> tuple[Part, ...]:
        if isinstance(self._column.task, Choices):
            return _by_label(self._table(slice(None)), self._names, self._draws.fewer)
        these = self._these
        if these is None:
            return ()
        used = np.bincount(these.stretches.label, minlength=len(self._names))
        task, draws = self._column.task, self._draws.fewer
        return tuple(
            Part((self._names[label],), score_figures(label_scores(task, these, label), self._item, draws))
            for label in _most_used(used[: len(self._names)])
        )

    def confusions(self, behind: int) -> tuple[Confusion, ...]:
        if isinstance(self._column.task, Choices):
            return self._confused(*self._in_one_only(), behind)
        return self._confused(*self._these.confusions(), behind) if self._these is not None else ()

    def _in_one_only(self) -> tuple[Ints, Ints, Ints]:
        """Pair of answers, label and label: what the one set has and the other has not, beside the reverse."""
        code, sets = self._sets
        number = {name: at for at, name in enumerate(self._names)}
        mine, theirs = code[self._one], code[self._other]
        differ = np.flatnonzero(mine != theirs)
        meeting, which = np.unique(mine[differ] * len(sets) + theirs[differ], return_inverse=True)
        found: list[tuple[int, int, int]] = []
        for at, both in enumerate(meeting.tolist()):
            one, other = set(sets[both // len(sets)]), set(sets[both % len(sets)])
            here, there = one - other, other - one
            found += [(at, number[a], number[b]) for a in here for b in there]
            found += [(at, number[a], -1) for a in here ^ there if not (here and there)]
        table = np.array(found, np.int64).reshape(-1, 3)
        # Each meeting of two sets comes in many pairs of answers
        order = np.argsort(which.reshape(-1), kind="stable")
        times = np.bincount(which.reshape(-1), minlength=len(meeting))
        begin = np.cumsum(times) - times
        many = times[table[:, 0]]
        rows = np.repeat(begin[table[:, 0]] - (np.cumsum(many) - many), many) + np.arange(many.sum())
        return differ[order[rows]], np.repeat(table[:, 1], many), np.repeat(table[:, 2], many)

    def _confused(self, pair: Ints, one: Ints, other: Ints, most: int) -> tuple[Confusion, ...]:
        names = [*self._names, ""]
        many, nothing = len(names), len(self._names)
        one, other = np.where(one < 0, nothing, one), np.where(other < 0, nothing, other)
        low, high = np.minimum(one, other), np.maximum(one, other)
        # Segments without labels have none to be mixed up
        told = low < nothing
        behind = np.unique((low * many + high)[told] * (self._column.items + 1) + self._item[pair[told]])
        kinds, first, items = np.unique(behind // (self._column.items + 1), return_index=True, return_counts=True)
        return tuple(
            Confusion(
                names[int(kinds[at]) // many],
                names[int(kinds[at]) % many],
                int(items[at]),
                tuple(
                    self._column.numbers[
                        behind[first[at] : first[at] + min(items[at], most)] % (self._column.items + 1)
                    ].tolist()
                ),
            )
            for at in np.lexsort((kinds, -items))[:MOST_CONFUSIONS].tolist()
        )


def _by_label(table: Table, names: Sequence[str], draws: Draws) -> tuple[Part, ...]:
    """Each label against all others."""
    found = []
    for label in _most_used(table.weight @ table.counts):
        only = table.only(label)
        sample = Sample(only.weight, draws)
        found.append(
            Part((names[label],), tuple(of_sample(only, sample, measure) for measure in ("specific", "alpha_nominal")))
        )
    return tuple(found)


def _most_used(times: Floats | Ints) -> list[int]:
    """The labels that were used, in the order of the project."""
    most = np.argsort(-times, kind="stable")[:MOST]
    return sorted(int(label) for label in most if times[label] > 0)


# Parts


def _groups(measured: Measured, group: Ints, names: Sequence[str] | None) -> tuple[Part, ...]:
    """The answers by version or by week; what has none (version 0, no date) is left out."""
    found = []
    for number in np.unique(group).tolist():
        name = (str(number) if number else "") if names is None else names[number]
        if name:
            over = measured.over(np.equal(group, number))
            if any(figure.n for figure in over):
                found.append(Part((name,), over))
    return tuple(found)


def _pairs(column: Column, measured: Measured, terms: Terms) -> tuple[tuple[Part, ...], tuple[Unjudged, ...]]:
    shared = np.triu(column.shared, 1)
    ones, others = np.nonzero(shared)
    common = shared[ones, others]
    most = np.lexsort((others, ones, -common))
    enough = common[most] >= terms.judge_from
    judged, few = np.sort(most[enough][:MOST]), most[~enough][:MOST]
    names = column.annotators
    return (
        tuple(
            Part((names[ones[at]], names[others[at]]), measured.between(int(ones[at]), int(others[at])))
            for at in judged
        ),
        tuple(
            Unjudged("pair", (names[ones[at]], names[others[at]]), int(common[at]), int(terms.judge_from - common[at]))
            for at in few
        ),
    )


# Against known answers, against oneself


def _against_gold(
    column: Column, gold: Mapping[int, Mapping[str, Any]], terms: Terms
) -> tuple[tuple[Part, ...], tuple[Unjudged, ...]]:
    task = column.task
    known = {number: answers[task.id] for number, answers in gold.items() if task.fits(answers.get(task.id))}
    rows = np.flatnonzero(np.isin(column.number, np.fromiter(known, np.int64, len(known))))
    return _by_person(
        "gold",
        task,
        [column.annotators[who] for who in column.who[rows].tolist()],
        [column.values[row] for row in rows.tolist()],
        [known[number] for number in column.number[rows].tolist()],
        terms,
    )


def _against_themselves(
    task: Task, repeats: Sequence[Repeat], terms: Terms
) -> tuple[tuple[Part, ...], tuple[Unjudged, ...]]:
    both = [(one.annotator, one.first.get(task.id), one.again.get(task.id)) for one in repeats]
    told = [one for one in both if task.fits(one[1]) and task.fits(one[2])]
    return _by_person(
        "repeats", task, [one[0] for one in told], [one[2] for one in told], [one[1] for one in told], terms
    )


def _by_person(
    about: str, task: Task, people: Sequence[str], said: Sequence[Any], against: Sequence[Any], terms: Terms
) -> tuple[tuple[Part, ...], tuple[Unjudged, ...]]:
    """Each person's answers against others of the same items; nobody is shown on too few."""
    one = np.arange(len(said))
    of_all = scores(task, [*said, *against], one, one + len(said), replace(terms.hearing, against=True))
    who, names = coded(people)
    parts, unjudged = [], []
    for name in sorted(names):
        chosen = who == names.index(name)
        items = int(chosen.sum())
        if items < terms.judge_from:
            unjudged.append(Unjudged(about, (name,), items, terms.judge_from - items))
        else:
            parts.append(Part((name,), single_figures(of_all, one, terms.draws.fewer, chosen)))
    return tuple(parts), tuple(unjudged)
