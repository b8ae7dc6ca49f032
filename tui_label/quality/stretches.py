"""Labelled stretches of a text or a sound: what two annotators marked alike, and how nearly.

Spans count code points, segments milliseconds; both are half-open.  All answers to a
task lie in one set of arrays, and all pairs of answers about an item are compared at
once: nothing here loops over items.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tui_label.quality.estimates import Floats, Ints

Flags = NDArray[np.bool_]

ENOUGH = 0.5
"""Two segments are the same one where they share this part of their time together (intersection over union)."""


@dataclass(frozen=True, slots=True)
class Stretches:
    """The stretches of many answers, in the order of the answers, then of start and end."""

    answer: Ints
    """The number of the answer each one belongs to."""
    start: Ints
    end: Ints
    label: Ints
    """The label's number."""
    said: Ints
    """The number of label and speaker together: two stretches say the same where it is the same."""
    answers: int
    """How many answers there are, also those without any stretch."""

    def per_answer(self, what: NDArray[Any] | None = None) -> Floats:
        """(answers,): how many stretches each answer has, or the sum of `what` (stretches,) over them."""
        return np.bincount(self.answer, weights=what, minlength=self.answers).astype(np.float64)

    def merged(self) -> Stretches:
        """The same stretches with those of one answer that say the same and overlap made one."""
        order = np.lexsort((self.start, self.said, self.answer))
        kept = (self.answer, self.start, self.end, self.label, self.said)
        answer, start, end, label, said = (array[order] for array in kept)
        if not len(answer):
            return self
        group = np.cumsum((np.diff(answer, prepend=answer[0]) != 0) | (np.diff(said, prepend=said[0]) != 0))
        far = int(end.max()) + 1
        # So far apart that no group reaches into the next
        reach = np.maximum.accumulate(end + group * far)
        begins = np.append(True, start[1:] + group[1:] * far >= reach[:-1])
        first = np.flatnonzero(begins)
        last = np.append(first[1:], len(answer)) - 1
        ends = reach[last] - group[last] * far
        return _ordered(answer[first], start[first], ends, label[first], said[first], self.answers)


def stretches_from(values: Sequence[Any], labels: Mapping[str, int], scale: float = 1) -> Stretches:
    """Of answers in their JSON shape; `scale` is 1000 for seconds that become milliseconds."""
    sizes = np.fromiter(map(len, values), np.int64, len(values))
    flat = [one for value in values for one in value]
    start = np.array([one["start"] for one in flat], np.float64)
    end = np.array([one["end"] for one in flat], np.float64)
    label = np.array([labels[one.get("label") or ""] for one in flat], np.int64)
    speakers: dict[str, int] = {}
    speaker = np.array([speakers.setdefault(one.get("speaker") or "", len(speakers)) for one in flat], np.int64)
    answer = np.repeat(np.arange(len(values)), sizes)
    begin, stop = (np.rint(edge * scale).astype(np.int64) for edge in (start, end))
    return _ordered(answer, begin, stop, label, label * len(speakers) + speaker, len(values))


def _ordered(answer: Ints, start: Ints, end: Ints, label: Ints, said: Ints, answers: int) -> Stretches:
    order = np.lexsort((said, end, start, answer))
    return Stretches(answer[order], start[order], end[order], label[order], said[order], answers)


@dataclass(frozen=True, slots=True)
class Meetings:
    """Every two overlapping stretches of two answers that are compared, in the order of the pairs, then of the text."""

    pair: Ints
    """The number of the pair of answers."""
    one: Ints
    other: Ints
    """The two stretches' numbers."""
    slot: Ints
    other_slot: Ints
    """The two stretches' places among all that the first (the second) answers of all pairs have: a stretch is in as
    many pairs as its answer.
    """
    shared: Ints
    """Code points or milliseconds that both cover."""
    likeness: Floats
    """Shared over covered by either: intersection over union, 1 for the same boundaries."""

    def where(self, chosen: Flags) -> Meetings:
        return Meetings(
            self.pair[chosen],
            self.one[chosen],
            self.other[chosen],
            self.slot[chosen],
            self.other_slot[chosen],
            self.shared[chosen],
            self.likeness[chosen],
        )


def meetings(among: Stretches, one: Ints, other: Ints) -> Meetings:
    """What overlaps between the answers `one` and `other`, (pairs,) of their numbers."""
    size = among.per_answer().astype(np.int64)
    begin = np.cumsum(size) - size
    # A row for each stretch of the one answer, and the run of the other's that may meet it
    pair, mine = _unrolled(begin, size, one)
    against = other[pair]
    far = int(among.end.max(initial=0)) + 1
    reach = np.maximum.accumulate(among.answer * far + among.end)
    low = np.searchsorted(reach, against * far + among.start[mine], side="right")
    high = np.searchsorted(among.answer * far + among.start, against * far + among.end[mine], side="left")
    low = np.maximum(low, begin[against])
    many = np.maximum(np.minimum(high, begin[against] + size[against]) - low, 0)
    slot = np.repeat(np.arange(len(pair)), many)
    pair, mine, theirs = pair[slot], mine[slot], _runs(low, many)
    other_slot = (np.cumsum(size[other]) - size[other])[pair] + theirs - begin[other[pair]]
    shared = np.minimum(among.end[mine], among.end[theirs]) - np.maximum(among.start[mine], among.start[theirs])
    either = np.maximum(among.end[mine], among.end[theirs]) - np.minimum(among.start[mine], among.start[theirs])
    return Meetings(pair, mine, theirs, slot, other_slot, shared, shared / np.maximum(either, 1)).where(shared > 0)


def _unrolled(begin: Ints, size: Ints, answer: Ints) -> tuple[Ints, Ints]:
    """For each stretch of each of these answers, the answer's place and the stretch's number."""
    return np.repeat(np.arange(len(answer)), size[answer]), _runs(begin[answer], size[answer])


def _runs(begin: Ints, many: Ints) -> Ints:
    """`begin[0], begin[0]+1, …` as often as `many` says, for each."""
    return np.asarray(np.repeat(begin - (np.cumsum(many) - many), many) + np.arange(many.sum()))


def matched(met: Meetings, rank: NDArray[Any] | None = None) -> Flags:
    """One to one: which meetings are taken when they are gone through by `rank`, then in the order of the text, and
    a meeting is taken where both its stretches are still free.

    All that come before everything they compete with are taken at once, which gives the same.
    """
    taken = np.zeros(len(met.pair), bool)
    left = np.arange(len(met.pair)) if rank is None else np.argsort(rank, kind="stable")
    sides = (met.slot, met.other_slot)
    first = [np.zeros(int(side.max(initial=-1)) + 1, np.int64) for side in sides]
    gone = [np.zeros(len(places), bool) for places in first]
    while len(left):
        for places, side in zip(first, sides, strict=True):
            # The last to write is the first in order
            places[side[left[::-1]]] = left[::-1]
        now = left[(first[0][met.slot[left]] == left) & (first[1][met.other_slot[left]] == left)]
        taken[now] = True
        for places, side in zip(gone, sides, strict=True):
            places[side[now]] = True
        left = left[~(gone[0][met.slot[left]] | gone[1][met.other_slot[left]])]
    return taken


@dataclass(frozen=True)
class Comparison:
    """Pairs of answers compared stretch by stretch.  F1 is 2 · hits over the stretches of both; it is the same
    whichever of the two is held to be right.

    Hits are counted pair by pair, (pairs,), so that they can be summed over any items.
    """

    stretches: Stretches
    one: Ints
    other: Ints
    """(pairs,): the numbers of the answers."""

    @cached_property
    def met(self) -> Meetings:
        return meetings(self.stretches, self.one, self.other)

    @cached_property
    def _same_said(self) -> Flags:
        said = self.stretches.said
        return np.asarray(said[self.met.one] == said[self.met.other])

    @cached_property
    def _same_place(self) -> Flags:
        return np.asarray(self.met.likeness == 1)

    @cached_property
    def strict(self) -> Meetings:
        """Same boundaries, same label (`strict` of SemEval-2013 task 9.1, Segura-Bedmar et al.; CoNLL's F1)."""
        both = self.met.where(self._same_said & self._same_place)
        return both.where(matched(both))

    @cached_property
    def placed(self) -> Meetings:
        """Same boundaries, whatever the label (`exact` of SemEval-2013)."""
        alike = self.met.where(self._same_place)
        return alike.where(matched(alike))

    @cached_property
    def touching(self) -> Meetings:
        """Some overlap, whatever the label: those with the same boundaries first, then in the order of the text
        (`partial` of MUC-5, Chinchor & Sundheim 1993, and SemEval-2013; the same counts as nervaluate's where no
        two spans of an answer overlap).
        """
        return self.met.where(matched(self.met, ~self._same_place))

    @cached_property
    def touching_alike(self) -> Meetings:
        """The same among stretches of one label: a label's are matched as if there were no other."""
        alike = self.met.where(self._same_said)
        return alike.where(matched(alike, alike.likeness < 1))

    @cached_property
    def near(self) -> Meetings:
        """Same label and speaker, and at least `ENOUGH` of their time shared, the nearest first: as in detection of sound events
        and of objects (Everingham et al. 2010, the PASCAL VOC challenge, section 4.2).
        """
        alike = self.met.where(self._same_said & (self.met.likeness >= ENOUGH))
        return alike.where(matched(alike, -alike.likeness))

    def hits(self, met: Meetings, label: int | None = None, worth: Floats | None = None) -> Floats:
        """(pairs,): how many of `met` there are, with this label on the first side, each worth 1 or `worth`."""
        chosen = np.ones(len(met.pair), bool) if label is None else self.stretches.label[met.one] == label
        worths = None if worth is None else worth[chosen]
        return np.bincount(met.pair[chosen], weights=worths, minlength=len(self.one)).astype(np.float64)

    def sizes(self, label: int | None = None) -> Floats:
        """(pairs,): stretches of both answers together."""
        chosen = None if label is None else (self.stretches.label == label).astype(np.float64)
        each = self.stretches.per_answer(chosen)
        return np.asarray(each[self.one] + each[self.other])

    def partial_hits(self, met: Meetings, label: int | None = None) -> Floats:
        """(pairs,): 1 for the same boundaries, a half for any other overlap."""
        return self.hits(met, label, np.where(met.likeness == 1, 1.0, 0.5))

    @cached_property
    def covered(self) -> tuple[Floats, Floats]:
        """(pairs,) twice: code points or milliseconds under one label in both answers, and the sum of those under a
        label in the one and in the other.  What an answer marks twice with a label counts once.  Where
        speakers are named, each has labels of their own.
        """
        whole = self.stretches.merged()
        met = meetings(whole, self.one, self.other)
        shared = np.where(whole.said[met.one] == whole.said[met.other], met.shared, 0)
        each = whole.per_answer(whole.end - whole.start)
        return (
            np.bincount(met.pair, weights=shared, minlength=len(self.one)).astype(np.float64),
            each[self.one] + each[self.other],
        )

    @cached_property
    def apart(self) -> tuple[Floats, Floats]:
        """(pairs,) twice: by how much the starts and the ends of `near` stretches differ, summed, and how many they
        are.
        """
        met, on = self.near, self.stretches
        differ = np.abs(on.start[met.one] - on.start[met.other]) + np.abs(on.end[met.one] - on.end[met.other])
        return self.hits(met, worth=differ.astype(np.float64)), 2 * self.hits(met)

    @cached_property
    def counterparts(self) -> Meetings:
        """What stands for what: those of `near` first, then what else meets, that which shares most of its union first.

        Edges of segments are hardly ever the same, so the order of the text would pair a segment with the end of its
        neighbour, and two that lie on each other with whichever begins first.
        """
        near = self._same_said & (self.met.likeness >= ENOUGH)
        return self.met.where(matched(self.met, np.where(near, 0.0, 1.0) - self.met.likeness))

    def confusions(self) -> tuple[Ints, Ints, Ints]:
        """Pair, label and label of what was marked differently: two labels for `counterparts`, and -1 in place of the
        second where the other answer has nothing there.
        """
        label, met = self.stretches.label, self.counterparts
        differ = label[met.one] != label[met.other]
        found = [(met.pair[differ], label[met.one[differ]], label[met.other[differ]])]
        size = self.stretches.per_answer().astype(np.int64)
        for answer, slot in ((self.one, met.slot), (self.other, met.other_slot)):
            pair, stretch = _unrolled(np.cumsum(size) - size, size, answer)
            alone = np.ones(len(pair), bool)
            alone[slot] = False
            found.append((pair[alone], label[stretch[alone]], np.full(int(alone.sum()), -1)))
        pair, one, other = (np.concatenate(parts) for parts in zip(*found, strict=True))
        return pair, one, other
