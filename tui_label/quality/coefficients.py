"""Coefficients of agreement on categories, for any number of annotators and with answers missing.

Every coefficient here is a function of items as weighted rows, so that one call gives
the figure and all of its bootstrap resamples.  `counts` is (rows, labels): how many
annotators gave each label to an item of this kind; `weights` is (…, rows): how many
such items there are; the result is (…).  An undefined value is NaN here; `Sample.figure`
makes it a None with a reason.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from tui_label.quality.estimates import NO_PAIRS, ONE_LABEL, USUAL, Draws, Figure, Floats, Ints, Sample


@dataclass(frozen=True, slots=True)
class Table:
    """Reliability data in which items that were answered alike are one row."""

    counts: Floats
    """(rows, labels): how many annotators gave the label."""
    answers: Floats
    """(rows,): how many answered; the sum of `counts` unless an answer may have several labels, or none."""
    weight: Floats
    """(rows,): how many items are like this."""
    row_of: Ints
    """(items,): the row of each item, in the order of the item numbers."""

    @property
    def paired(self) -> int:
        """Items with two answers or more."""
        return int(self.weight[self.answers > 1].sum())

    def only(self, label: int) -> Table:
        """The same items with two labels: this one, and any other or none."""
        mine, answers = self.counts[:, label].astype(np.int64), self.answers.astype(np.int64)
        many = int(answers.max(initial=0)) + 1
        rows, row_of = np.unique(answers * many + mine, return_inverse=True)
        weight = np.bincount(row_of, weights=self.weight, minlength=len(rows)).astype(np.float64)
        m, own = rows // many, rows % many
        counts = np.stack((own, m - own), axis=1).astype(np.float64)
        return Table(counts, m.astype(np.float64), weight, row_of[self.row_of])


def tabulated(item: Ints, code: Ints, coding: Floats) -> Table:
    """The table of answers (answers,) that stand in the order of their items.

    `code` is the number of what was answered, and `coding` (codes, labels) has a 1 for each label that is in it: the
    identity where an answer is one label.
    """
    first = np.flatnonzero(np.diff(item, prepend=-1))
    size = np.diff(np.append(first, len(item)))
    row_of = np.zeros(len(first), np.int64)
    counts, answers, weight = [np.zeros((0, coding.shape[1]))], [np.zeros(0)], [np.zeros(0)]
    rows = 0
    for m in np.unique(size):
        items = np.flatnonzero(size == m)
        alike, which, times = _alike(code[first[items][:, None] + np.arange(m)], len(coding))
        row_of[items] = which + rows
        # Slot by slot: all at once would hold rows times slots times labels
        counts.append(sum((coding[slot] for slot in alike.T), np.zeros((len(alike), coding.shape[1]))))
        answers.append(np.full(len(alike), float(m)))
        weight.append(times.astype(np.float64))
        rows += len(alike)
    return Table(np.concatenate(counts), np.concatenate(answers), np.concatenate(weight), row_of)


def _alike(codes: Ints, many: int) -> tuple[Ints, Ints, Ints]:
    """The different rows of `codes` in any order within a row, the number of each row's one, and how often it comes."""
    codes = np.sort(codes, axis=1)
    width = codes.shape[1]
    if many**width >= 2**62:
        rows, which, times = np.unique(codes, axis=0, return_inverse=True, return_counts=True)
        return rows, which.reshape(-1), times
    # One number for a row sorts ten times faster than the row
    packed = codes @ (many ** np.arange(width, dtype=np.int64))
    _, at, which, times = np.unique(packed, return_index=True, return_inverse=True, return_counts=True)
    return codes[at], which.reshape(-1), times


# Coefficients


def percent(counts: Floats, weights: Floats) -> Floats:
    """Pairwise agreement: the share of an item's pairs of answers that are equal, averaged over the items with two
    answers or more.  It is the observed agreement of Fleiss 1971, formula (3), with each item's own number of answers.
    """
    m = counts.sum(axis=1)
    paired = m > 1
    alike = np.divide((counts * (counts - 1)).sum(axis=1), m * (m - 1), out=np.zeros_like(m), where=paired)
    return np.asarray((weights @ alike) / (weights @ paired))


def fleiss_kappa(counts: Floats, weights: Floats) -> Floats:
    """Fleiss' kappa (Fleiss 1971, Psychological Bulletin 76: 378-382): (P̄ - P̄e) / (1 - P̄e).

    Where the number of answers differs between items it is the generalisation of Gwet 2014 (*Handbook of
    Inter-Rater Reliability*, 4th ed., ch. 2.4), but of the items with two answers or more: there the observed
    agreement is averaged, and a label's prevalence is its share within an item, averaged too.  With equal numbers
    both are the paper's own.  Gwet takes the prevalence from items with one answer as well.  In a project under way
    those wait for their second answer and may be of another kind: chance would be that of items whose agreement is
    not in the figure.  Alpha leaves them out too.
    """
    counts, weights, _ = _pairable(counts, weights)
    return _beyond(percent(counts, weights), (_prevalence(counts, weights) ** 2).sum(axis=-1))


def gwet_ac(counts: Floats, weights: Floats, likeness: Floats | None = None) -> Floats:
    """Gwet's AC1 (Gwet 2008, British Journal of Mathematical and Statistical Psychology 61: 29-48), or with a
    `likeness` (labels, labels) from 0 to 1 AC2 (Gwet 2014, ch. 3.5 and 4.4).

    Chance agrees by Tw / (q (q - 1)) · Σ π (1 - π), with Tw the sum of the likeness and q the number of labels there
    are, whether given or not.  It stays high where one label dominates and annotators agree; kappa and alpha do not.
    Items with one answer do not count, for prevalence neither: `fleiss_kappa` says why.
    """
    labels = counts.shape[1]
    if labels < 2:
        return np.full(weights.shape[:-1], np.nan)
    counts, weights, m = _pairable(counts, weights)
    # Of each label the answers that are like it; a product with the identity would only take time
    near = counts if likeness is None else counts @ likeness
    total = labels if likeness is None else likeness.sum()
    observed = (weights @ ((counts * (near - 1)).sum(axis=1) / (m * (m - 1)))) / weights.sum(axis=-1)
    share = _prevalence(counts, weights)
    return _beyond(observed, total / (labels * (labels - 1)) * (share * (1 - share)).sum(axis=-1))


def _beyond(observed: Floats, expected: Floats) -> Floats:
    """Agreement beyond what chance gives; NaN where chance always agrees, but for rounding."""
    room = 1 - expected
    return np.where(room > 1e-12, (observed - expected) / np.where(room > 1e-12, room, 1), np.nan)


def _prevalence(counts: Floats, weights: Floats) -> Floats:
    """(…, labels): a label's share within an item, averaged over the items."""
    m = counts.sum(axis=1, keepdims=True)
    return np.asarray((weights @ (counts / m)) / weights.sum(axis=-1, keepdims=True))


def alpha(counts: Floats, weights: Floats, distance: Floats | None = None) -> Floats:
    """Krippendorff's alpha, 1 - Do/De (Krippendorff 2011, *Computing Krippendorff's Alpha-Reliability*; 2019,
    *Content Analysis*, 4th ed., ch. 12): nominal, or with a (labels, labels) matrix of squared `distance`.

    Items with one answer do not count; an item with m answers weighs m.
    """
    counts, weights, m = _pairable(counts, weights)
    given = weights @ counts
    n = given.sum(axis=-1)
    if distance is None:
        within = (m**2 - (counts**2).sum(axis=1)) / (m - 1)
        between = n**2 - (given**2).sum(axis=-1)
    else:
        within = ((counts @ distance) * counts).sum(axis=1) / (m - 1)
        between = ((given @ distance) * given).sum(axis=-1)
    return _one_minus((weights @ within) / n, between / (n * (n - 1)))


def sets_alpha(table: Table, weights: Floats) -> Floats:
    """Krippendorff's alpha for answers that are sets of labels, with the number of labels that are in one of two sets
    only as their (squared) distance.

    That distance is the sum over the labels of the nominal one between "in" and "not in", so the observed and the
    expected disagreement are the sums of those of the single labels: no pair of sets is ever looked at.
    """
    paired = table.answers > 1
    counts, m, weights = table.counts[paired], table.answers[paired], weights[..., paired]
    n, given = weights @ m, weights @ counts
    within = 2 * (counts * (m[:, None] - counts)).sum(axis=1) / (m - 1)
    between = 2 * (given * (n[..., None] - given)).sum(axis=-1)
    return _one_minus((weights @ within) / n, between / (n * (n - 1)))


def specific(counts: Floats, weights: Floats) -> Floats:
    """Agreement on the first label of two: of those who answered beside somebody who gave it, how many gave it too.

    The proportion of specific agreement (Dice 1945; Cicchetti & Feinstein 1990, Journal of Clinical Epidemiology
    43: 551-558), for any number of annotators as in Fleiss 1971, formula (9).
    """
    m, mine = counts.sum(axis=1), counts[:, 0]
    return np.asarray((weights @ (mine * (mine - 1))) / (weights @ (mine * (m - 1))))


def ordinal_alpha(counts: Floats, weights: Floats) -> Floats:
    """Krippendorff's alpha for labels in order (Krippendorff 2011, section E).

    The ordinal distance of two labels is the number of answers between them, half of those at either end counted:
    the distance of their mean ranks.  Ranks depend on what was given, so each resample has its own.
    """
    counts, weights, m = _pairable(counts, weights)
    given = weights @ counts
    n = given.sum(axis=-1)
    # From their mean, so that their sum over all answers is 0
    rank = np.cumsum(given, axis=-1) - given / 2 - n[..., None] / 2
    squares, sums = (rank**2) @ counts.T, rank @ counts.T
    within = 2 * (m * squares - sums**2) / (m - 1)
    between = 2 * n * (given * rank**2).sum(axis=-1)
    return _one_minus((weights * within).sum(axis=-1) / n, between / (n * (n - 1)))


def _pairable(counts: Floats, weights: Floats) -> tuple[Floats, Floats, Floats]:
    m = counts.sum(axis=1)
    return counts[m > 1], weights[..., m > 1], m[m > 1]


def _one_minus(observed: Floats, expected: Floats) -> Floats:
    return np.where(expected > 0, 1 - observed / np.where(expected > 0, expected, 1), np.nan)


def distances(values: Sequence[float]) -> Floats:
    """(labels, labels): interval distances for `alpha`, (c - k)², between labels with these values (Krippendorff 2011,
    section E).
    """
    value = np.asarray(values, np.float64)
    return np.asarray((value[:, None] - value) ** 2)


def likeness(values: Sequence[float], power: int) -> Floats:
    """Linear (1) or quadratic (2) likeness of labels for AC2, 1 - |c - k| / range (Gwet 2014, table 3.3)."""
    value = np.asarray(values, np.float64)
    span = np.ptp(value) or 1.0
    return np.asarray(1 - (np.abs(value[:, None] - value) / span) ** power)


def cohen_kappa(one: Ints, other: Ints, weights: Floats, disagreement: Floats) -> Floats:
    """Cohen's kappa for two annotators (Cohen 1960, Educational and Psychological Measurement 20: 37-46), as
    1 - Σ v·observed / Σ v·expected, which also is the weighted one (Cohen 1968, Psychological Bulletin 70: 213-220).

    `one` and `other` are (rows,) of label numbers; `disagreement` (labels, labels) is 0 on the diagonal: all else 1
    for 1960, |i - j| for linear and (i - j)² for quadratic weights (`disagreements`).
    """
    each = np.eye(len(disagreement))
    mine, theirs = weights @ each[one], weights @ each[other]
    n = weights.sum(axis=-1)
    observed = (weights @ disagreement[one, other]) / n
    expected = ((mine @ disagreement) * theirs).sum(axis=-1) / n**2
    return _one_minus(observed, expected)


def disagreements(labels: int, power: int) -> Floats:
    """The weights of Cohen's kappa: none (0), linear (1), quadratic (2)."""
    apart = np.abs(np.arange(labels)[:, None] - np.arange(labels)).astype(np.float64)
    return np.asarray((apart > 0).astype(np.float64) if power == 0 else apart**power)


# As figures


def of_sample(table: Table, sample: Sample, measure: str, values: Sequence[float] = ()) -> Figure:
    """One coefficient of a table with its interval, of draws that several measures share.  `values` are the labels'
    numbers, where they have some.

    `percent`, `fleiss_kappa`, `ac1`, `ac2`, `alpha_nominal`, `alpha_ordinal`, `alpha_interval`; `alpha_sets` where an
    answer is a set; `specific` of a table with two labels.
    """
    n = table.paired
    if not n:
        return Figure(measure, None, None, None, 0, NO_PAIRS)
    statistic, why = _statistic(table, measure, values)
    return sample.figure(measure, statistic, n, why)


def _statistic(table: Table, measure: str, values: Sequence[float]) -> tuple[Callable[[Floats], Floats], str]:
    """What computes a measure from weights, and why it may be undefined."""
    counts = table.counts
    if measure == "percent":
        return lambda weights: percent(counts, weights), NO_PAIRS
    if measure == "specific":
        return lambda weights: specific(counts, weights), "nobody gave this label beside another annotator"
    if measure == "fleiss_kappa":
        return lambda weights: fleiss_kappa(counts, weights), ONE_LABEL
    if measure in ("ac1", "ac2"):
        like = likeness(values, 2) if measure == "ac2" else None
        return lambda weights: gwet_ac(counts, weights, like), "there is only one label"
    if measure == "alpha_sets":
        return lambda weights: sets_alpha(table, weights), "all gave the same labels, so chance alone would agree too"
    if measure == "alpha_ordinal":
        return lambda weights: ordinal_alpha(counts, weights), ONE_LABEL
    apart = distances(values) if measure == "alpha_interval" else None
    return lambda weights: alpha(counts, weights, apart), ONE_LABEL


def of_pair(one: Ints, other: Ints, labels: int, measure: str, draws: Draws = USUAL) -> Figure:
    """Two annotators' labels (items,) on the items both answered: `cohen_kappa`, `kappa_linear`, `kappa_quadratic`."""
    if not len(one):
        return Figure(measure, None, None, None, 0, "they have no item in common")
    cells, weight = np.unique(one * labels + other, return_counts=True)
    power = {"cohen_kappa": 0, "kappa_linear": 1, "kappa_quadratic": 2}[measure]
    apart = disagreements(labels, power)
    return Sample(weight.astype(np.float64), draws).figure(
        measure,
        lambda weights: cohen_kappa(cells // labels, cells % labels, weights, apart),
        len(one),
        "both gave one and the same label, so chance alone would agree as often",
    )
