"""Several annotators' versions of one text, as readings: taken run of words by run of words."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from tui_label.core.reviewing.alignment import Alignment, Run, align
from tui_label.core.reviewing.readings import (
    Difference,
    Option,
    Part,
    Readings,
    Whole,
    options_of,
    together,
    whole,
    widened,
)
from tui_label.core.tasks import Text

UNSURE = 0.02
"""How far from its place among the characters a word is said, as a part of the whole sound: on a call of
nine minutes 2 % at most.
"""


@dataclass(frozen=True)
class Wording(Readings):
    """One text: the alignment of its versions, and a difference for each run that is not agreed.

    What is not decided reads as most have it, so that the text stays readable.
    """

    versions: tuple[int, ...]
    """Those that were asked: the texts of the alignment, in order."""
    alignment: Alignment
    runs: tuple[int, ...] = ()
    """The number of each difference's run."""
    differences: tuple[Difference, ...] = ()

    def parts(self, taken: Mapping[int, int]) -> tuple[Part, ...]:
        numbers = {run: number for number, run in enumerate(self.runs)}
        choice, by = {}, {}
        for run, number in numbers.items():
            difference = self.differences[number]
            version = taken.get(number, difference.options[0].by[0])
            choice[run] = self.versions.index(version)
            by[run] = difference.option_of(version).by
        return tuple(
            Part(piece.text, self.versions)
            if piece.run is None
            else Part(piece.text, by[piece.run], numbers[piece.run])
            for piece in self.alignment.joined(choice)
        )

    def value(self, parts: tuple[Part, ...]) -> str:
        return "".join(part.value for part in parts)

    def authors(self, taken: Mapping[int, int]) -> list[tuple[int, ...]]:
        return [together(self.versions, self.differences, taken, range(len(self.differences)))]


def wording(
    task: str, texts: Mapping[int, str], silent: Sequence[int], within: tuple[float, float], duration: float
) -> Wording:
    """`texts` by version; `within`: the seconds of a sound that they write down; `duration`: the sound's, or 0."""
    alignment = align(tuple(texts.values()))
    runs = tuple(number for number, run in enumerate(alignment.runs) if run.about)
    differences = []
    for run in map(alignment.runs.__getitem__, runs):
        options = _options(alignment, run, tuple(texts), silent)
        heard = None
        if duration:
            length = within[1] - within[0]
            first, last = (within[0] + share * length for share in alignment.share(run))
            heard = widened(first - UNSURE * length, last + UNSURE * length, duration)
        differences.append(Difference(task, "words", options, run.start, run.end, run.about, heard))
    return Wording(tuple(texts), alignment, runs, tuple(differences))


def _options(alignment: Alignment, run: Run, versions: tuple[int, ...], silent: Sequence[int]) -> tuple[Option, ...]:
    """Versions that have the same words share one, however they are spaced."""
    options = options_of(dict(zip(versions, run.alike, strict=True)), silent, "")
    return tuple(
        replace(one, value=alignment.reading(run, versions.index(one.by[0]))) if one.asked else one for one in options
    )


def text(task: Text, values: Mapping[int, str | None], silent: Sequence[int], duration: float) -> Whole | Wording:
    """Run by run; as a whole where some gave no text, or where a mixture could break the task's `min` or `max`."""
    given = {version: value for version, value in values.items() if value is not None}
    if len(given) < len(values) or len(set(given.values())) < 2:
        return whole(task, values, silent, "text")
    found = wording(task.id, given, silent, (0, duration), duration)
    least, most = _lengths(found.alignment)
    breaks = least < task.min or (task.max is not None and most > task.max)
    return whole(task, values, silent, "text") if breaks else found


def _lengths(alignment: Alignment) -> tuple[int, int]:
    """Bounds for the characters of any mixture."""
    lengths = [[len(alignment.reading(run, n)) for n in range(len(alignment.texts))] for run in alignment.runs]
    space = max(max(map(len, re.findall(r"\s+", one)), default=1) for one in alignment.texts)
    return sum(map(min, lengths)), sum(map(max, lengths)) + space * (len(lengths) + 1)
