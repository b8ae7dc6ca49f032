"""Several versions of one text, aligned word by word.

The versions are aligned to the one that is nearest to all (a star alignment, Gusfield 1993),
which makes columns of words as in ROVER (Fiscus 1997, "A post-processing system to yield
reduced word error rates"); neighbouring columns in which the versions part in the same way
make one run.  Words are matched whatever their case and outer punctuation, but agree only
where they are the same code points.  [Tags] are aligned with tags only.

White space belongs to no run of words: between two words stands what stands there in a
version that has both next to each other.  So nothing is lost: the runs of one version,
joined, are its text.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import fsum
from typing import NamedTuple

from rapidfuzz.distance import Levenshtein

from tui_label.core.text.tokens import UNSPACED, tokens_between

AGREED, WORDS, TAGS, SPACE = "", "words", "tags", "space"

Extent = tuple[int, int]

_WORD = re.compile(r"\[[^\[\]\n]*\]|[^\s\[]+|\[")
_UNSPACED = re.compile(f"[{UNSPACED}]")
_OUTER = ".,;:!?¡¿…\"“”„‘’'«»()-–—*_/。、，！？：；「」『』（）"


@dataclass(frozen=True, slots=True)
class Run:
    """A stretch of columns that all say alike, or one in which they differ."""

    about: str
    """AGREED, WORDS, TAGS or SPACE."""
    start: int
    end: int
    """Columns, end exclusive; SPACE has none."""
    words: tuple[Extent, ...]
    """For each text the numbers of its words in here, end exclusive; an empty stretch where it has none."""
    alike: tuple[int, ...] = ()
    """For each text the first one that says the same here; white space counts in SPACE only."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of the joined text."""

    text: str
    run: int | None
    """The number of the run that it is a reading of, maybe an empty one; None for what is agreed."""


@dataclass(frozen=True, slots=True)
class Alignment:
    """Texts, the extents of their words, and the runs, in order."""

    texts: tuple[str, ...]
    words: tuple[tuple[Extent, ...], ...]
    runs: tuple[Run, ...]

    def reading(self, run: Run, text: int) -> str:
        """What one text says in a run."""
        first, stop = run.words[text]
        if run.about == SPACE:
            return self._gap(text, first)
        return self.texts[text][self.words[text][first][0] : self.words[text][stop - 1][1]] if first < stop else ""

    def share(self, run: Run) -> tuple[float, float]:
        """Where a run lies, from 0 to 1: the mean over the texts of its place among their characters."""
        starts, ends = [], []
        for text, extents, (first, stop) in zip(self.texts, self.words, run.words, strict=True):
            start = extents[first][0] if first < len(extents) else len(text)
            starts.append(start / max(1, len(text)))
            ends.append((extents[stop - 1][1] if first < stop else start) / max(1, len(text)))
        # fsum: the same whatever the order of the texts
        return fsum(starts) / len(starts), fsum(ends) / len(ends)

    def joined(self, choice: Mapping[int, int]) -> tuple[Piece, ...]:
        """The text that has, in each run that is not agreed, the reading of the text chosen by the run's number."""
        pieces: list[Piece] = []
        last = -1  # the run of the word before; -1: there is none
        for number, run in enumerate(self.runs):
            source = choice.get(number, 0)
            first, stop = run.words[source]
            if run.about == SPACE:
                continue
            if first == stop:
                pieces.append(Piece("", number))
            else:
                pieces += self._between(last, number, choice)
                pieces.append(Piece(self.reading(run, source), number if run.about else None))
                last = number
        pieces += self._between(last, len(self.runs), choice)
        return _neat(pieces)

    def _between(self, before: int, after: int, choice: Mapping[int, int]) -> list[Piece]:
        """The white space between the words of two runs; -1 and the number of runs are the ends of the text."""
        if after - before == 2 and self.runs[before + 1].about == SPACE:
            space = before + 1
            return [Piece(self.reading(self.runs[space], choice[space]), space)]
        nearest = (after, *range(before, after)) if after < len(self.runs) else tuple(range(before, after))
        wanted = [choice[number] for number in nearest if number in choice]
        for text in dict.fromkeys((*wanted, *range(len(self.texts)))):
            if self._stop(before, text) == self._first(after, text) and all(
                number not in choice or self._alike(number, text, choice[number]) for number in (before, after)
            ):
                return [Piece(self._gap(text, self._first(after, text)), None)]
        if before < 0 or after == len(self.runs):
            return []
        # No version has the two side by side: they are kept apart as they were from their neighbours
        source, other = choice.get(before, 0), choice.get(after, 0)
        behind, ahead = self._stop(before, source), self._first(after, other)
        gaps = [self._gap(source, behind)] if behind < len(self.words[source]) else []
        gaps += [self._gap(other, ahead)] if ahead else []
        return [Piece(next(filter(None, gaps), "" if gaps else " "), None)]

    def _first(self, number: int, text: int) -> int:
        return self.runs[number].words[text][0] if number < len(self.runs) else len(self.words[text])

    def _stop(self, number: int, text: int) -> int:
        return self.runs[number].words[text][1] if number >= 0 else 0

    def _alike(self, number: int, one: int, other: int) -> bool:
        alike = self.runs[number].alike
        return alike[one] == alike[other]

    def _gap(self, text: int, word: int) -> str:
        """The white space before a word; with the number of words, that at the end."""
        extents, whole = self.words[text], self.texts[text]
        start = extents[word - 1][1] if word else 0
        return whole[start : extents[word][0] if word < len(extents) else len(whole)]


def _neat(pieces: list[Piece]) -> tuple[Piece, ...]:
    """Without empty agreed pieces, those that touch made one."""
    neat: list[Piece] = []
    for piece in pieces:
        if piece.run is None and neat and neat[-1].run is None:
            neat[-1] = Piece(neat[-1].text + piece.text, None)
        elif piece.text or piece.run is not None:
            neat.append(piece)
    return tuple(neat)


def align(texts: Sequence[str]) -> Alignment:
    """The texts' runs.  The order of the texts does not matter to where the runs are."""
    words = tuple(map(word_extents, texts))
    # Equal texts are aligned once, and the rest in an order that is in the texts themselves
    unique = sorted(set(texts))
    where = [unique.index(text) for text in texts]
    first = [texts.index(text) for text in unique]
    sources = [_Source(texts[n], words[n], where.count(m)) for m, n in enumerate(first)]
    spread = [
        Run(run.about, run.start, run.end, tuple(run.words[n] for n in where), _alike([run.alike[n] for n in where]))
        for run in _runs(sources)
    ]
    return Alignment(tuple(texts), words, tuple(spread))


def _alike(groups: Sequence[object]) -> tuple[int, ...]:
    return tuple(map(list(groups).index, groups))


def word_extents(text: str) -> tuple[Extent, ...]:
    """Where the words are: what stands between white space; tags; in scripts without spaces the tokens, and what stands
    between those.
    """
    if not _UNSPACED.search(text):
        return tuple(found.span() for found in _WORD.finditer(text))
    extents: list[Extent] = []
    for found in _WORD.finditer(text):
        start, end = found.span()
        if is_tag(found.group()) or not _UNSPACED.search(text, start, end):
            extents.append((start, end))
        else:
            extents += ((start + one, start + other) for one, other in _parts(found.group()))
    return tuple(extents)


def _parts(word: str) -> Iterator[Extent]:
    """What is written alike with white space beside it is one word here too."""
    begun = 0
    for start, end in tokens_between(word, 0, len(word)):
        if _UNSPACED.search(word, start, end):
            if begun < start:
                yield begun, start
            yield start, end
            begun = end
    if begun < len(word):
        yield begun, len(word)


def is_tag(word: str) -> bool:
    return word.startswith("[") and word.endswith("]") and len(word) > 2


class _Source:
    """One text on its way into columns."""

    def __init__(self, text: str, extents: tuple[Extent, ...], weight: int) -> None:
        self.text = text
        self.extents = extents
        self.weight = weight
        self.words = [text[start:end] for start, end in extents]
        self.keys = list(map(_key, self.words))

    def sorted_out(self, within: Extent) -> tuple[list[int], list[int]]:
        """The numbers of the words, and those of the tags."""
        found: tuple[list[int], list[int]] = [], []
        for word in range(*within):
            found[is_tag(self.words[word])].append(word)
        return found

    def gap(self, word: int) -> str:
        start = self.extents[word - 1][1] if word else 0
        return self.text[start : self.extents[word][0] if word < len(self.extents) else len(self.text)]


def _key(word: str) -> str:
    """What words are matched by."""
    if is_tag(word):
        return word.casefold()
    key = word.casefold().strip(_OUTER)
    return (key if key.isascii() else unicodedata.normalize("NFC", key)) or word


Column = tuple[int, ...]
"""For each text the number of its word here, or -1."""


def _columns(sources: Sequence[_Source], within: Mapping[int, Extent]) -> list[Column]:
    """Stretches of some of the texts' words, aligned; the other texts have nothing here."""
    within = {n: (start, stop) for n, (start, stop) in within.items() if start < stop}
    if not within:
        return []
    center = _center(sources, within)
    start, stop = within[center]
    rows = [[-1] * len(sources) for _ in range(start, stop)]
    # What each other text has before each of the center's words, and behind the last
    inserted: list[dict[int, Extent]] = [{} for _ in range(start, stop + 1)]
    for row, word in zip(rows, range(start, stop), strict=True):
        row[center] = word
    for n, (low, high) in within.items():
        if n == center:
            continue
        place, at = start, low
        for word, other in (*_matches(sources[center], sources[n], (start, stop), (low, high)), (stop, high)):
            if at < other:
                # Tags wait behind the words that the text lacks, so as not to part those either
                tags = all(map(is_tag, sources[n].words[at:other]))
                inserted[(word if tags else place) - start][n] = (at, other)
            if word < stop:
                rows[word - start][n] = other
            place, at = word + 1, other + 1
    columns: list[Column] = []
    for number, extents in enumerate(inserted):
        columns += _columns(sources, extents)
        if number < len(rows):
            columns.append(tuple(rows[number]))
    return columns


def _center(sources: Sequence[_Source], within: Mapping[int, Extent]) -> int:
    """The text that is nearest to all."""
    if len(within) < 3 and all(sources[n].weight == 1 for n in within):
        return next(iter(within))
    keys = {n: sources[n].keys[start:stop] for n, (start, stop) in within.items()}
    far = dict.fromkeys(within, 0)
    names = list(within)
    for place, one in enumerate(names):
        for other in names[place + 1 :]:
            distance = Levenshtein.distance(keys[one], keys[other])
            far[one] += distance * sources[other].weight
            far[other] += distance * sources[one].weight
    return min(names, key=far.__getitem__)


def _matches(one: _Source, other: _Source, here: Extent, there: Extent) -> Iterator[Extent]:
    """Pairs of words of two texts that stand for each other: alike, or one in the other's place.

    Tags come second: one that was set elsewhere shall not part the words.
    """
    mine, mine_tags = one.sorted_out(here)
    theirs, their_tags = other.sorted_out(there)
    pairs = _paired(one, other, mine, theirs)
    if not mine_tags or not their_tags:
        yield from pairs
        return
    (left, stop), (right, end) = here, there
    for pair in (*pairs, (stop, end)):
        yield from _paired(one, other, _within(mine_tags, left, pair[0]), _within(their_tags, right, pair[1]))
        if pair[0] < stop:
            yield pair
        left, right = pair


def _within(numbers: list[int], start: int, stop: int) -> list[int]:
    return numbers[bisect_left(numbers, start) : bisect_left(numbers, stop)]


def _paired(one: _Source, other: _Source, mine: list[int], theirs: list[int]) -> list[Extent]:
    if not mine or not theirs:
        return []
    pairs: list[Extent] = []
    left = right = 0
    for op in Levenshtein.opcodes([one.keys[word] for word in mine], [other.keys[word] for word in theirs]):
        if op.tag == "equal":
            pairs += zip(mine[left : op.src_start], theirs[right : op.dest_start], strict=False)
            left, right = op.src_end, op.dest_end
            pairs += zip(mine[op.src_start : left], theirs[op.dest_start : right], strict=True)
    return [*pairs, *zip(mine[left:], theirs[right:], strict=False)]


# Runs


class _Stretch(NamedTuple):
    """Columns that belong together."""

    about: str
    start: int
    end: int
    parting: tuple[int, ...]
    """For each text the first one that says the same."""
    has_gaps: bool
    """Whether some text has no word in one of the columns."""


def _runs(sources: Sequence[_Source]) -> list[Run]:
    """Agreed runs and those in between, with white space that differs between agreed words."""
    columns = _columns(sources, {n: (0, len(source.words)) for n, source in enumerate(sources)})
    stretches = _stretches(sources, columns) or [_Stretch(AGREED, 0, 0, (), False)]
    at = [0] * len(sources)
    runs: list[Run] = []
    for one in stretches:
        extents = []
        for n in range(len(sources)):
            stop = at[n] + sum(column[n] >= 0 for column in columns[one.start : one.end])
            extents.append((at[n], stop))
            at[n] = stop
        if one.about == AGREED:
            run = Run(AGREED, one.start, one.end, tuple(extents), (0,) * len(sources))
            runs += _spaced(sources, run, opens=one is stretches[0], closes=one is stretches[-1])
        else:
            said = [source.words[first:stop] for source, (first, stop) in zip(sources, extents, strict=True)]
            runs.append(Run(one.about, one.start, one.end, tuple(extents), _alike(said)))
    return runs


def _stretches(sources: Sequence[_Source], columns: list[Column]) -> list[_Stretch]:
    found: list[_Stretch] = []
    for place, column in enumerate(columns):
        said = [source.words[word] if word >= 0 else "" for source, word in zip(sources, column, strict=True)]
        agreed = said.count(said[0]) == len(said)
        about = AGREED if agreed else TAGS if any(map(is_tag, said)) else WORDS
        one = _Stretch(about, place, place + 1, () if agreed else _alike(said), "" in said)
        if found and (whole := _merged(found[-1], one)):
            found[-1] = whole
        else:
            found.append(one)
    return found


def _merged(one: _Stretch, other: _Stretch) -> _Stretch | None:
    """Two neighbours as one; None where a reviewer may want one text's words here and another's there.

    That is where the texts part in another way, but for a word that stands for two.
    """
    if one.about != other.about:
        return None
    parting, has_gaps = one.parting, one.has_gaps or other.has_gaps
    if one.parting != other.parting:
        if not has_gaps:
            return None
        both = len(set(zip(one.parting, other.parting, strict=True)))
        if both == len(set(other.parting)):
            parting = other.parting
        elif both > len(set(one.parting)):
            return None
    return _Stretch(one.about, one.start, other.end, parting, has_gaps)


def _spaced(sources: Sequence[_Source], run: Run, *, opens: bool, closes: bool) -> Iterator[Run]:
    """An agreed run, cut where the white space differs; that at its ends counts where the text ends too."""
    size = run.end - run.start
    cuts = [
        at
        for at in range(0 if opens else 1, size + 1 if closes else size)
        if len({source.gap(first + at) for source, (first, _) in zip(sources, run.words, strict=True)}) > 1
    ]
    edges = [0, *cuts, size]
    for number, (low, high) in enumerate(pairwise(edges)):
        if number:
            here = tuple((first + low, first + low) for first, _ in run.words)
            gaps = [source.gap(first) for source, (first, _) in zip(sources, here, strict=True)]
            yield Run(SPACE, run.start + low, run.start + low, here, _alike(gaps))
        if low < high:
            words = tuple((first + low, first + high) for first, _ in run.words)
            yield Run(AGREED, run.start + low, run.start + high, words, run.alike)
