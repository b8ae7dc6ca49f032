"""The likeliest true labels, and how each annotator mixes labels up, from their answers alone.

Dawid & Skene 1979, "Maximum likelihood estimation of observer error-rates using the EM
algorithm", Applied Statistics 28: 20-28.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tui_label.quality.estimates import Floats, Ints

PSEUDO = 0.01
"""Answers of each kind that every annotator is taken to have given beforehand, so that what nobody has seen yet is
unlikely and not impossible.
"""
TOLERANCE = 1e-7
"""It has converged when the log-likelihood of an item grows by less."""
STEPS = 500


@dataclass(frozen=True, slots=True)
class Truth:
    """What the answers are explained by."""

    probability: Floats
    """(items, labels): of each label to be the true one."""
    prior: Floats
    """(labels,): the share of items of which it is."""
    confusion: Floats
    """(annotators, labels, labels): how often each says the second where the first is true."""
    steps: int
    converged: bool


def dawid_skene(item: Ints, who: Ints, code: Ints, labels: int, known: Ints) -> Truth:
    """From answers (answers,) in the order of their items, each item with one at least.

    `item`, `who` and `code` count items, annotators and labels from 0; `known` (items,) is the true label where it is
    known, else -1: known items teach how people mix labels up.  Starts from the shares of the votes, as the paper
    does, and works with logarithms.
    """
    people = int(who.max(initial=-1)) + 1
    first = np.flatnonzero(np.diff(item, prepend=-1))
    certain = np.eye(labels)[known[known >= 0]]
    votes = np.bincount(item * labels + code, minlength=len(known) * labels).reshape(-1, labels)
    probability = votes / votes.sum(axis=1, keepdims=True)
    probability[known >= 0] = certain
    before, steps, converged = -np.inf, 0, False
    while True:
        # M: what people say where each label is true, weighed by how likely it is
        prior = probability.mean(axis=0)
        confusion = np.empty((people, labels, labels))
        for true in range(labels):
            weight = probability[item, true]
            said = np.bincount(who * labels + code, weights=weight, minlength=people * labels)
            confusion[:, true] = said.reshape(people, labels) + PSEUDO
        confusion /= confusion.sum(axis=2, keepdims=True)
        if converged or steps == STEPS:
            return Truth(probability, prior, confusion, steps, converged)
        # E: how likely each label is, given what was said
        logs = np.log(confusion)
        likelihood = np.stack(
            [np.add.reduceat(logs[who, true, code], first) for true in range(labels)], axis=1
        ) + np.log(np.maximum(prior, 1e-300))
        most = likelihood.max(axis=1, keepdims=True)
        probability = np.exp(likelihood - most)
        total = probability.sum(axis=1, keepdims=True)
        probability /= total
        probability[known >= 0] = certain
        now = float((most + np.log(total)).mean())
        steps, converged, before = steps + 1, abs(now - before) < TOLERANCE, now
