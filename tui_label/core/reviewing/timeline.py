"""Several annotators' segments of one sound, as readings.

Segments that all have, each with edges of its own, are matched: then edges and names are one difference, and what
is said in them is compared word by word.  What else differs falls into clusters, each a difference whose options are
what the versions have there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from itertools import combinations
from math import fsum
from operator import attrgetter, itemgetter
from typing import Any, NamedTuple

from tui_label.core.overlap import TOLERANCE_S, are_rivals, meeting, shared, similarity
from tui_label.core.reviewing import stretches
from tui_label.core.reviewing.readings import Difference, Part, Readings, options_of, together, widened
from tui_label.core.reviewing.wording import Wording, wording
from tui_label.core.tasks import Segment, Segments, segments_from


class _Told(NamedTuple):
    """One version's segment."""

    version: int
    place: int
    """Its number in the version's answer."""
    segment: Segment

    @property
    def start(self) -> float:
        return self.segment.start

    @property
    def end(self) -> float:
        return self.segment.end


@dataclass(frozen=True)
class _Match:
    """One segment that all versions have."""

    told: Mapping[int, _Told]
    frame: int | None
    """The number of the difference about its edges and names; None where they are agreed."""
    text: Wording | None
    """What is said in it; None where nobody wrote anything."""
    runs: tuple[int, ...]
    """The numbers of the differences in the text."""

    @property
    def numbers(self) -> tuple[int, ...]:
        return self.runs if self.frame is None else (self.frame, *self.runs)


class _Placed(NamedTuple):
    """A segment on its way into the answer."""

    start: float
    end: float
    place: int
    gives_way: bool
    """Whether its edges may be cut: those of a match, where another version's neighbour was taken."""
    part: Part


@dataclass(frozen=True)
class Timeline(Readings):
    """The segments of one sound.

    A matched segment has the edges of the version that was taken, else of what most say; they end
    where a neighbour taken from another version begins.  While nothing is taken it is there only if
    something is said in it, so that the text stays readable.
    """

    everybody: tuple[int, ...]
    matches: tuple[_Match, ...]
    agreed: tuple[_Told, ...]
    """Too short to be matched, but with edges as near as those that are."""
    clusters: Mapping[int, Mapping[int, tuple[_Told, ...]]]
    """By the number of the difference: what each version has there."""
    differences: tuple[Difference, ...]
    overlap: bool

    def parts(self, taken: Mapping[int, int]) -> tuple[Part, ...]:
        found: list[_Placed] = []
        for match, untaken in zip(self.matches, self._untaken, strict=True):
            is_taken = any(number in taken for number in match.numbers)
            found += self._matched(match, taken) if is_taken else untaken
        for one in self.agreed:
            part = Part(one.segment.record(), self.everybody)
            found.append(_Placed(one.start, one.end, one.place, False, part))
        for number, version in taken.items():
            option = self.differences[number].option_of(version)
            for one in self.clusters.get(number, {}).get(version, ()):
                part = Part(one.segment.record(), option.by, number)
                found.append(_Placed(one.start, one.end, one.place, False, part))
        if not self.overlap:
            found = _apart(found)
        return tuple(_with_edges(one) for one in sorted(found, key=lambda one: one[:3]))

    @cached_property
    def _untaken(self) -> tuple[tuple[_Placed, ...], ...]:
        """Each match while nothing of it is taken: most are agreed, and each key asks for all of them."""
        return tuple(tuple(self._matched(match, {})) for match in self.matches)

    def _matched(self, match: _Match, taken: Mapping[int, int]) -> Iterator[_Placed]:
        version = self.everybody[0]
        if match.frame is not None:
            if match.frame not in taken and match.text is None:
                return
            version = taken.get(match.frame, self.differences[match.frame].options[0].by[0])
        told = match.told[version]
        pieces: tuple[Part, ...] = ()
        if match.text is not None:
            here = {n: taken[number] for n, number in enumerate(match.runs) if number in taken}
            pieces = tuple(
                piece if piece.difference is None else replace(piece, difference=match.runs[piece.difference])
                for piece in match.text.parts(here)
            )
        by = together(self.everybody, self.differences, taken, match.numbers)
        record = replace(told.segment, text="".join(piece.value for piece in pieces)).record()
        yield _Placed(told.start, told.end, told.place, True, Part(record, by, match.frame, pieces))

    def value(self, parts: tuple[Part, ...]) -> Any:
        return [part.value for part in parts] or None


def _apart(placed: list[_Placed]) -> list[_Placed]:
    """Without overlap.  No version's segment reaches into what all have of a match, so something is left of each."""
    ordered = sorted(placed, key=lambda one: one.start + one.end)
    for n in range(1, len(ordered)):
        before, after = ordered[n - 1], ordered[n]
        if before.end > after.start and before.gives_way:
            ordered[n - 1] = before._replace(end=after.start)
        elif before.end > after.start and after.gives_way:
            ordered[n] = after._replace(start=before.end)
    return ordered


def _with_edges(one: _Placed) -> Part:
    return replace(one.part, value={**one.part.value, "start": one.start, "end": one.end})


def timeline(task: Segments, values: Mapping[int, Any], silent: Sequence[int], duration: float) -> Timeline:
    """Segments that all have are matched one to one: those with more than half of their union in common, of the same
    label and speaker first.  Their edges agree within TOLERANCE_S; the first version's are kept.

    The others differ together where they overlap, texts and all, and so does a match that runs into one of them:
    somebody cut the sound up in another way.  Where segments may overlap, only those of one label and
    speaker, or with more than half in common, are taken for the same thing.
    """
    told = {
        version: tuple(_Told(version, place, one) for place, one in enumerate(segments_from(value)))
        for version, value in values.items()
    }

    def linked(one: _Told, other: _Told) -> bool:
        return not task.overlap or are_rivals(one, other, _named_alike(one, other))

    everything = [one for some in told.values() for one in some]
    matches = sorted(_matches(told), key=lambda match: _extent(match).start)
    unmatched = sorted(_without(everything, matches), key=attrgetter("start"))
    crossed = {
        n for n, m in meeting(list(map(_extent, matches)), unmatched) if _runs_into(matches[n], unmatched[m], linked)
    }
    matches = [match for n, match in enumerate(matches) if n not in crossed]
    loose = _without(everything, matches)
    clusters = stretches.clusters(loose, linked)
    least = sum(min(map(len, _readings(cluster, told).values())) for cluster in clusters)
    if clusters and len(matches) + least < task.min:
        clusters = [sorted(loose, key=lambda one: one.segment.when)]
    return _numbered(task, told, matches, clusters, silent, duration)


def _without(everything: list[_Told], matches: list[dict[int, _Told]]) -> list[_Told]:
    matched = {one for match in matches for one in match.values()}
    return [one for one in everything if one not in matched]


def _extent(match: Mapping[int, _Told]) -> Segment:
    """From the first start to the last end."""
    return Segment(min(one.start for one in match.values()), max(one.end for one in match.values()))


def _named_alike(one: _Told, other: _Told) -> bool:
    return (one.segment.label, one.segment.speaker) == (other.segment.label, other.segment.speaker)


def _runs_into(match: Mapping[int, _Told], other: _Told, linked: Callable[[_Told, _Told], bool]) -> bool:
    return any(
        one.version != other.version and shared(one, other) > TOLERANCE_S and linked(one, other)
        for one in match.values()
    )


def _matches(told: Mapping[int, tuple[_Told, ...]]) -> list[dict[int, _Told]]:
    """The segments that every version has, in order of time."""
    if not told:
        return []
    # Chosen by what it says, so that the order of the versions changes nothing
    first = min(told, key=lambda version: [one.segment for one in told[version]])
    pairs = {version: _pairs(told[first], some) for version, some in told.items() if version != first}
    found = []
    for one in told[first]:
        match = {first: one} | {version: pair[one.place] for version, pair in pairs.items() if one.place in pair}
        if len(match) == len(told) and all(similarity(a, b) > 0.5 for a, b in combinations(match.values(), 2)):
            found.append(match)
    return found


def _pairs(mine: Sequence[_Told], theirs: Sequence[_Told]) -> dict[int, _Told]:
    """For places of `mine` the one of `theirs` that is the same segment, one to one, the surest pairs first."""
    near: list[tuple[tuple[float, ...], _Told, _Told]] = []
    for n, m in meeting(mine, theirs):
        one, other = mine[n], theirs[m]
        if (alike := similarity(one, other)) > 0.5:
            a, b = one.segment, other.segment
            names = (a.label != b.label) + (a.speaker != b.speaker)
            near.append(((names, -alike, a.text != b.text, n, m), one, other))
    pairs: dict[int, _Told] = {}
    gone = set()
    for _, one, other in sorted(near, key=itemgetter(0)):
        if one.place not in pairs and other.place not in gone:
            pairs[one.place] = other
            gone.add(other.place)
    return pairs


def _readings(cluster: Iterable[_Told], told: Mapping[int, Any]) -> dict[int, tuple[_Told, ...]]:
    said: dict[int, list[_Told]] = {version: [] for version in told}
    for one in cluster:
        said[one.version].append(one)
    return {version: tuple(sorted(some, key=attrgetter("place"))) for version, some in said.items()}


def _numbered(
    task: Segments,
    told: Mapping[int, tuple[_Told, ...]],
    matches: Sequence[Mapping[int, _Told]],
    clusters: Sequence[Sequence[_Told]],
    silent: Sequence[int],
    duration: float,
) -> Timeline:
    numbering = _Numbering(task.id, silent, duration)
    here: list[tuple[float, Callable[[], None]]] = [
        *((_extent(match).start, partial(numbering.take_match, match)) for match in matches),
        *((cluster[0].start, partial(numbering.take_cluster, _readings(cluster, told))) for cluster in clusters),
    ]
    for _, take in sorted(here, key=itemgetter(0)):
        take()
    return Timeline(
        tuple(told),
        tuple(numbering.matches),
        tuple(numbering.agreed),
        numbering.clusters,
        tuple(numbering.differences),
        task.overlap,
    )


@dataclass
class _Numbering:
    """Differences as they are numbered, one after the other in order of time."""

    task: str
    silent: Sequence[int]
    duration: float
    differences: list[Difference] = field(default_factory=list)
    matches: list[_Match] = field(default_factory=list)
    agreed: list[_Told] = field(default_factory=list)
    clusters: dict[int, Mapping[int, tuple[_Told, ...]]] = field(default_factory=dict)

    def take_cluster(self, readings: Mapping[int, tuple[_Told, ...]]) -> None:
        if _all_alike(readings):
            self.agreed += next(iter(readings.values()))
        else:
            self.clusters[len(self.differences)] = readings
            self.differences.append(self._difference(readings))

    def take_match(self, match: Mapping[int, _Told]) -> None:
        frames = {version: (one._replace(segment=replace(one.segment, text="")),) for version, one in match.items()}
        frame = None
        if not _all_alike(frames):
            frame = len(self.differences)
            self.differences.append(self._difference(frames))
        text, first = self._text(match), len(self.differences)
        self.differences += text.differences if text else ()
        self.matches.append(_Match(match, frame, text, tuple(range(first, len(self.differences)))))

    def _difference(self, readings: Mapping[int, tuple[_Told, ...]]) -> Difference:
        # Edges that are near to each other are grouped from the first one on, whoever set it
        ordered = sorted(readings, key=lambda version: [one.segment for one in readings[version]])
        records = {version: tuple(one.segment.record() for one in readings[version]) for version in ordered}
        options = options_of(records, self.silent, (), lambda one, other: _alike(readings[one], readings[other]))
        said = [[one.segment for one in some] for some in readings.values()]
        start, end = min(one.start for some in said for one in some), max(one.end for some in said for one in some)
        heard = widened(start, end, self.duration) if self.duration else None
        about = stretches.about(said, ("label", "speaker", "text"), TOLERANCE_S)
        return Difference(self.task, "segments", options, start, end, about, heard)

    def _text(self, match: Mapping[int, _Told]) -> Wording | None:
        texts = {version: match[version].segment.text for version in sorted(match)}
        if not any(texts.values()):
            return None
        start = fsum(one.start for one in match.values()) / len(match)
        end = fsum(one.end for one in match.values()) / len(match)
        return wording(self.task, texts, self.silent, (start, end), self.duration)


def _all_alike(readings: Mapping[int, Sequence[_Told]]) -> bool:
    return all(_alike(one, other) for one, other in combinations(readings.values(), 2))


def _alike(one: Sequence[_Told], other: Sequence[_Told]) -> bool:
    return stretches.same_edges(one, other, TOLERANCE_S) and all(
        (a.segment.label, a.segment.speaker, a.segment.text) == (b.segment.label, b.segment.speaker, b.segment.text)
        for a, b in zip(one, other, strict=True)
    )
