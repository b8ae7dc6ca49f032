"""Praat's TextGrid, long, short and chronological, as text; a file for each recording, by its name.

Praat reads the numbers, strings in quotes and flags that stand free, and passes
over all else; so do we, with all of the text of an interval (praatio takes blanks
off its ends).  One without any, or of nothing but blanks, is a pause.  Which tiers say what: `tiers`.

Boersma and Weenink, Praat manual, "TextGrid file formats".
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from tui_label.core.project import Project
from tui_label.core.record import Record
from tui_label.core.tasks import Segments
from tui_label.core.text import visible
from tui_label.errors import InputError
from tui_label.formats.making import Bad
from tui_label.formats.outgoing import Dropped, Rows, count, plain
from tui_label.formats.recordings import NUMBER, Recordings, decoded, labelled_sound, moment
from tui_label.formats.source import BadLine, Reading
from tui_label.formats.tiers import Tier, segments_of, tiers
from tui_label.formats.tracks import Track, digits, tracks, write_files

TOKEN = re.compile(r'"((?:[^"]|"")*)"|(![^\n]*)|(\S+)')
REMARKS = re.compile(r"(?:\s+|![^\n]*)*")
CHRONOLOGICAL = "Praat chronological TextGrid text file"
MOST = 10**7
"""More intervals than that are no count of intervals."""
Interval = tuple[float, float, str]
"""As in `Tier`."""


class _Tokens:
    """What stands free in the text of a file, one after the other; raises Bad, `line` says where."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._found = TOKEN.finditer(text)
        self._at = self._end = 0
        self._counted = (0, 1)

    @property
    def line(self) -> int:
        before, line = self._counted
        self._counted = self._at, line + self._text.count("\n", before, self._at)
        return self._counted[1]

    @property
    def over(self) -> bool:
        """Whether nothing but remarks follows."""
        rest = REMARKS.match(self._text, self._end)
        return rest is not None and rest.end() == len(self._text)

    def _next(self, wanted: str) -> re.Match[str]:
        for found in self._found:
            self._at, self._end = found.span()
            if found[3] is not None and found[3].startswith('"'):
                raise Bad("", "this text's closing quote is missing")
            if found[2] is None:
                return found
        self._at = len(self._text)
        raise Bad("", f"breaks off where {wanted} should follow")

    def string(self, wanted: str) -> str:
        while (found := self._next(wanted))[1] is None:
            if NUMBER.fullmatch(found[3]) or found[3].startswith("<"):
                raise Bad("", f"{found[3][:40]} stands where {wanted} should")
        return found[1].replace('""', '"')

    def number(self, wanted: str) -> str:
        before = ""
        while (word := self._next(wanted)[3]) is None or not NUMBER.fullmatch(word):
            if word is None or before == "=" or re.match(r"<|-?[0-9.]", word):
                raise Bad(wanted, f"must be a number from 0 on, not {word[:40] if word else 'text'!r}")
            before = word
        return word

    def whole(self, wanted: str) -> int:
        number = moment(wanted, self.number(wanted))
        if number != int(number) or number > MOST:
            raise Bad(wanted, f"must be a whole number, not {number}")
        return int(number)

    def flag(self) -> bool:
        while not (found := self._next("tiers? <exists>"))[3] or not found[3].startswith("<"):
            pass
        return found[3] == "<exists>"


def read(reading: Reading) -> Iterator[Record | BadLine]:
    recordings = Recordings(reading)
    with reading.open() as file:
        if file.read(12) == b"ooBinaryFile":
            raise InputError(f"{visible(str(reading.path))}: a binary TextGrid; save it as a text file in Praat")
    tokens = _Tokens(decoded(reading))
    try:
        found = _tiers(reading, tokens)
    except Bad as error:
        yield reading.bad(tokens.line, error.problem, error.field)
        return
    segments, left = segments_of(found, reading.project.first(Segments))
    for tier in left:
        reading.leave_out(f"intervals of tier {tier.name}", len(tier.intervals))
    try:
        yield labelled_sound(reading, recordings.beside(), segments)
    except Bad as error:
        yield reading.bad(0, error.problem, error.field)


def _tiers(reading: Reading, tokens: _Tokens) -> list[Tier]:
    kind = tokens.string("the type of file")
    if kind == CHRONOLOGICAL:
        return _chronological(reading, tokens)
    if kind not in ("ooTextFile", "ooTextFile short") or tokens.string("the class of object") != "TextGrid":
        raise Bad("", "is no TextGrid: it does not begin with ooTextFile and TextGrid")
    tokens.number("xmin"), tokens.number("xmax")
    if not tokens.flag():
        return []
    return [tier for _ in range(tokens.whole("size")) for tier in _tier(reading, tokens)]


def _chronological(reading: Reading, tokens: _Tokens) -> list[Tier]:
    """All tiers first, then what is on them by their numbers, in the order of time."""
    tokens.number("xmin"), tokens.number("xmax")
    heads = [_head(tokens) for _ in range(tokens.whole("size"))]
    found: list[list[Interval]] = [[] for _ in heads]
    while not tokens.over:
        number = tokens.whole("the number of a tier")
        if not 1 <= number <= len(heads):
            raise Bad("", f"there is no tier {number}")
        found[number - 1] += _on_tier(reading, tokens, heads[number - 1])
    return [Tier(name, tuple(one)) for (kind, name), one in zip(heads, found, strict=True) if kind == "IntervalTier"]


def _tier(reading: Reading, tokens: _Tokens) -> list[Tier]:
    kind, name = head = _head(tokens)
    found = [one for _ in range(tokens.whole("size")) for one in _on_tier(reading, tokens, head)]
    return [Tier(name, tuple(found))] if kind == "IntervalTier" else []


def _head(tokens: _Tokens) -> tuple[str, str]:
    """The class and the name of a tier."""
    kind, name = tokens.string("the class of a tier"), tokens.string("the name of a tier")
    tokens.number("xmin"), tokens.number("xmax")
    if kind not in ("IntervalTier", "TextTier"):
        raise Bad("class", f"{kind[:40]} is no class of tiers; there are IntervalTier and TextTier")
    return kind, name


def _on_tier(reading: Reading, tokens: _Tokens, head: tuple[str, str]) -> list[Interval]:
    """The next interval, if it says something; a point is left out."""
    kind, name = head
    if kind == "TextTier":
        tokens.number("time"), tokens.string("mark")
        reading.leave_out(f"points of tier {name}")
        return []
    start, end = moment("xmin", tokens.number("xmin")), moment("xmax", tokens.number("xmax"))
    if end <= start:
        raise Bad("xmax", f"{end} is not after xmin, {start}")
    # Praat has an interval for each pause, too, often with a blank in it
    said = tokens.string("text")
    return [(float(start), float(end), said)] if said.strip() else []


def write(rows: Rows, folder: Path, project: Project, dropped: Dropped) -> int:
    return write_files(
        folder,
        ((f"{track.name}.TextGrid", _written(track, dropped)) for track in tracks(rows, project, dropped)),
    )


def _written(track: Track, dropped: Dropped) -> str:
    segments = [one if one.text.strip() else replace(one, text="") for one in track.segments]
    blank = sum(one.text != before.text for one, before in zip(segments, track.segments, strict=True))
    count(dropped, "texts of nothing but blanks", blank)
    saying = [one for one in segments if one.text or one.label or one.speaker.strip()]
    count(dropped, "segments that say nothing", len(segments) - len(saying))
    # An interval without text is Praat's gap; a tier there must be, for Praat to open the file with
    found = tiers(saying) or [Tier("text", ())]
    last = digits(track.seconds, 0)
    lines = [
        'File type = "ooTextFile"', 'Object class = "TextGrid"', "", "xmin = 0", f"xmax = {last}",
        "tiers? <exists>", f"size = {len(found)}", "item []:",
    ]  # fmt: skip
    for number, tier in enumerate(found, 1):
        tiled = _tiled(tier, track.seconds)
        lines += [
            f"    item [{number}]:", '        class = "IntervalTier"', f"        name = {_quoted(tier.name, dropped)}",
            "        xmin = 0", f"        xmax = {last}", f"        intervals: size = {len(tiled)}",
        ]  # fmt: skip
        for place, (start, end, said) in enumerate(tiled, 1):
            lines += [
                f"        intervals [{place}]:", f"            xmin = {digits(start, 0)}",
                f"            xmax = {digits(end, 0)}", f"            text = {_quoted(said, dropped)}",
            ]  # fmt: skip
    return "\n".join(lines) + "\n"


def _tiled(tier: Tier, last: float) -> list[tuple[float, float, str]]:
    """The intervals, and empty ones between them: a tier has no gaps."""
    made: list[tuple[float, float, str]] = []
    at = 0.0
    for start, end, said in tier.intervals:
        if start > at:
            made.append((at, start, ""))
        made.append((start, end, said))
        at = end
    return [*made, (at, last, "")] if at < last else made


def _quoted(text: str, dropped: Dropped) -> str:
    return '"' + plain(text, dropped).replace('"', '""') + '"'
