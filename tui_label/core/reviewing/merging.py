"""What hands changed in a merged answer, set against the versions it was merged from.

A merged answer is edited by hand, and then another version is taken somewhere: both stay where
they touch different places (a three-way merge), and where they touch the same one, what was done
last wins.  Values are in the JSON shape of an annotation.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from itertools import chain
from operator import attrgetter
from typing import Any, NamedTuple

from rapidfuzz.distance import Levenshtein

from tui_label.core.overlap import are_rivals, meeting, shared
from tui_label.core.reviewing.alignment import word_extents
from tui_label.core.reviewing.differences import Comparison
from tui_label.core.reviewing.readings import Difference, Part
from tui_label.core.tasks import Segment, Segments, Spans, Task, Text

_REST = ("start", "end", "label", "speaker")
_TOKEN = re.compile(r"\s+|[^\s\[]+|\[[^\[\]\s]*\]?")

NEARER = 4
"""Rounds in which the merged text is brought nearer to the other one: in each more of their words are found."""

Record = Mapping[str, Any]
"""A span's or a segment's."""


class Change(NamedTuple):
    """A stretch of an old text, by its tokens, and what stands there now."""

    start: int
    end: int
    tokens: list[str]

    def touches(self, other: Change) -> bool:
        if self.start == self.end and other.start == other.end:
            return self.start == other.start
        return self.start < other.end and other.start < self.end


def _tokens(text: str) -> list[str]:
    return _TOKEN.findall(text)


def _changes(old: list[str], new: list[str]) -> list[Change]:
    return [
        Change(op.src_start, op.src_end, new[op.dest_start : op.dest_end])
        for op in Levenshtein.opcodes(old, new)
        if op.tag != "equal"
    ]


def rebased_text(before: str, after: str, now: str) -> str:
    """`now`, which hands made of `before`, with what turns `before` into `after`; that wins where both touch."""
    old = _tokens(before)
    taken = _changes(old, _tokens(after))
    mine = [one for one in _changes(old, _tokens(now)) if not any(one.touches(other) for other in taken)]
    found, at = "", 0
    for one in sorted([*taken, *mine], key=lambda change: (change.start, change.end)):
        found += "".join(old[at : one.start]) + "".join(one.tokens)
        at = one.end
    return found + "".join(old[at:])


def rebased(task: Task, one: Difference, before: Any, after: Any, now: Any) -> Any:
    """The same for any value, where `before` becomes `after` because a version of difference `one` was taken."""
    if one.kind == "value" or now == before:
        return after
    if isinstance(task, Spans | Segments):
        # Hands that removed the last span left no answer
        return _rebased_records(task, one, before or [], after or [], now or [])
    if now is None:
        return after
    if one.kind == "labels":
        given = {*now} - {one.about} | ({one.about} & {*after})
        return [label for label in task.values if label in given]
    return rebased_text(before, after, now)


def _rebased_records(
    task: Spans | Segments, one: Difference, before: list[Record], after: list[Record], now: list[Record]
) -> list[Record]:
    gone, came = _apart(before, after)
    changed, mine = _apart(before, now)
    hands = _made_of(changed, mine)
    elsewhere = [hand for old, hand in hands if old not in gone] if task.overlap else []
    there = [hand for old, hand in hands if old in gone]
    if one.kind != "words":
        there += [hand for hand in mine if hand not in elsewhere and _is_at(hand, one, task)]
    kept = [record for record in now if record not in gone and record not in there]
    instead = _made_of(gone, came) if one.kind != "spans" else []
    for record in came:
        old = next((old for old, new in instead if new is record), None)
        hand = next((hand for was, hand in hands if was == old), None)
        kept.append(_with_hands(record, old, hand) if old and hand else record)
    return sorted(kept, key=lambda record: (record["start"], record["end"], record.get("label", "")))


def _apart(some: Sequence[Record], others: Sequence[Record]) -> tuple[list[Record], list[Record]]:
    """What only the one and what only the other has."""
    mine, theirs = (set(map(_key, records)) for records in (some, others))
    return [one for one in some if _key(one) not in theirs], [one for one in others if _key(one) not in mine]


def _key(record: Record) -> frozenset[tuple[str, Any]]:
    return frozenset(record.items())


def _made_of(some: Sequence[Record], others: Sequence[Record]) -> list[tuple[Record, Record]]:
    """What each was made into, one for one: those most alike first, then those that share most."""
    pairs = meeting(list(map(_ends, some)), list(map(_ends, others)))
    likeness = {(n, m): (_alike(some[n], others[m]), _shared(some[n], others[m])) for n, m in pairs}
    found: dict[int, int] = {}
    for n, m in sorted(likeness, key=likeness.__getitem__, reverse=True):
        if n not in found and m not in found.values():
            found[n] = m
    return [(some[n], others[m]) for n, m in found.items()]


def _alike(one: Record, other: Record) -> float:
    """How much two records have in common: the words of a segment count as much as its edges and names together."""
    named: int = sum(one.get(name) == other.get(name) for name in _REST)
    words = Levenshtein.normalized_similarity(one.get("text", "").split(), other.get("text", "").split())
    return named + len(_REST) * words


def _with_hands(new: Record, old: Record, hand: Record) -> Record:
    """A segment as it was taken, with what hands had changed in the one it replaces: names, words."""
    made = dict(new)
    for name in _REST:
        if new.get(name) == old.get(name) and hand.get(name) is not None:
            made[name] = hand[name]
    if made["start"] >= made["end"]:
        made |= {"start": new["start"], "end": new["end"]}
    text = rebased_text(old.get("text", ""), made.pop("text", ""), hand.get("text", ""))
    return made | {"text": text} if text else made


def _shared(one: Record, other: Record) -> float:
    return shared(_ends(one), _ends(other))


def _ends(record: Record) -> Segment:
    return Segment(record["start"], record["end"])


def _is_at(record: Record, one: Difference, task: Spans | Segments) -> bool:
    """Whether a span or segment is what a difference is about: by its place alone only where no two may share one."""
    if shared(_ends(record), one) <= 0:
        return False
    return not task.overlap or any(_are_rivals(record, other) for option in one.options for other in option.value)


def _are_rivals(one: Record, other: Record) -> bool:
    named_alike = all((one.get(name) or "") == (other.get(name) or "") for name in ("label", "speaker"))
    return are_rivals(_ends(one), _ends(other), named_alike)


# what a text was put together from


def said_in(text: str, comparison: Comparison, task: str) -> dict[int, int]:
    """Difference → version: the readings of words with which the merged text comes nearest to `text`."""
    taken: dict[int, int] = {}
    for _ in range(NEARER):
        before = taken
        for n, there in _read_in(text, comparison.parts(task, before)).items():
            if comparison.differences[n].kind == "words":
                asked = [option for option in comparison.differences[n].options if option.asked]
                taken = {**taken, n: min(asked, key=lambda one: Levenshtein.distance(one.value, there)).by[0]}
        if taken == before:
            break
    return taken


def _read_in(text: str, pieces: Sequence[Part]) -> dict[int, str]:
    """The words of `text` where each difference has its reading in the pieces of a merged text."""
    old, new = [_words(piece.value) for piece in pieces], _words(text)
    changes = list(Levenshtein.opcodes([*chain(*old)], new))
    found, at = {}, 0
    for piece, words in zip(pieces, old, strict=True):
        end = at + len(words)
        if piece.difference is not None and changes:
            first = changes[bisect_left(changes, at, key=attrgetter("src_end"))]
            last = changes[bisect_right(changes, end, key=attrgetter("src_start")) - 1]
            start = min(first.dest_start + at - first.src_start, first.dest_end)
            stop = last.dest_end if last.src_end == end else min(last.dest_start + end - last.src_start, last.dest_end)
            found[piece.difference] = " ".join(new[start:stop])
        at = end
    return found


def _words(text: str) -> list[str]:
    return [text[start:end] for start, end in word_extents(text)]


# what was edited


def edited(
    comparison: Comparison, taken: Mapping[int, int], merged: Mapping[str, Any], now: Mapping[str, Any]
) -> set[int]:
    """The numbers of the differences at whose place the answers `now` are not as they were `merged`."""
    found: set[int] = set()
    for task in comparison.tasks:
        was, value = merged.get(task.id), now.get(task.id)
        if was != value:
            own = {n: one for n, one in enumerate(comparison.differences) if one.task == task.id}
            found |= _edited(comparison, task, taken, own, was, value)
    return found


def _edited(
    comparison: Comparison, task: Task, taken: Mapping[int, int], own: Mapping[int, Difference], was: Any, now: Any
) -> set[int]:
    found = {n for n, one in own.items() if one.kind == "value"}
    found |= {n for n, one in own.items() if one.kind == "labels" and (one.about in (now or [])) != (one.about in was)}
    if isinstance(task, Text) and isinstance(now, str):
        return found | _edited_runs(comparison.parts(task.id, taken), now)
    if not isinstance(task, Spans | Segments):
        return found
    before, after = ({_framed(record): record for record in some or []} for some in (was, now))
    changed = [{**before, **after}[frame] for frame in before.keys() ^ after.keys()]
    found |= {
        n
        for n, one in own.items()
        if one.kind in ("spans", "segments") and any(_is_at(record, one, task) for record in changed)
    }
    pieces = {_key(part.value): part.pieces for part in comparison.parts(task.id, taken) if part.pieces}
    for old, hand in _made_of(*_apart(was or [], now or [])):
        found |= _edited_runs(pieces.get(_key(old), ()), hand.get("text", ""))
    return found


def _framed(record: Record) -> tuple[Any, ...]:
    """A span, or a segment without what is said in it: words differ by themselves."""
    return record["start"], record["end"], record.get("label"), record.get("speaker")


def _edited_runs(pieces: Sequence[Part], now: str) -> set[int]:
    """The differences whose reading in the merged text is touched by what hands changed there."""
    text = "".join(piece.value for piece in pieces)
    old = _tokens(text)
    starts = [0]
    for token in old:
        starts.append(starts[-1] + len(token))
    changed = [(starts[one.start], starts[one.end]) for one in _changes(old, _tokens(now))]
    found, at = set(), 0
    for piece in pieces:
        end = at + len(piece.value)
        if piece.difference is not None and any(first < end and at < last for first, last in changed):
            found.add(piece.difference)
        at = end
    return found
