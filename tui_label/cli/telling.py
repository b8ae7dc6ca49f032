"""Files on their way in and out: what is said of them on standard error, and standard output as a file."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from tui_label.cli.project import complain, draw, wipe
from tui_label.core.text import number_of, visible
from tui_label.errors import LabelError

if TYPE_CHECKING:
    from tui_label.formats import BadLine, Reading
    from tui_label.formats.writing import Written
    from tui_label.projects.bringing import FileRead

TIMES = re.compile(r"\b(times|milliseconds)\b")
SHOWN = 20
"""Lines about one kind of loss in a file."""


class Screen:
    """Files on their way in, on standard error: what was found in them, and how far it is where that is a terminal."""

    def __init__(self) -> None:
        self.written = 0
        self._sounds = 0

    def fetching(self, name: str, part: float) -> None:
        draw(f"fetching {name} {part:.0%}")

    def reading(self, path: Path, records: int) -> None:
        draw(f"reading {path.name} {records:,}")

    def read(self, file: FileRead) -> None:
        if file.format == "sound":
            self._sounds += 1
            draw(_bar("reading sounds", self._sounds, file.of))
            return
        wipe()
        reading = file.reading
        several = f" in {number_of(file.records, 'record')}" if file.records > file.items else ""
        words = [f"{number_of(file.items, 'item')}{several}, read as {file.format}"]
        words += [f"{number_of(reading.blank, 'blank line')} left out"] if reading.blank else []
        words += [f"{reading.twins:,} repeat a text of this file and are kept"] if reading.twins else []
        words += [f"{number_of(reading.repaired, 'span')} read as UTF-16 offsets"] if reading.repaired else []
        print(f"{visible(reading.name)}: {'; '.join(words)}", file=sys.stderr)
        if reading.incomparable:
            complain(
                f"{number_of(reading.incomparable, 'record')} without `candidates`: nobody can answer what is asked"
            )
        tell_kept(reading)

    def left_out(self, line: BadLine) -> None:
        complain(str(line))

    def writing(self, records: int, of: int) -> None:
        self.written += records
        draw(_bar("writing", self.written, of))
        if self.written >= of:
            wipe()


def _bar(words: str, done: int, of: int) -> str:
    tenths = 40 * done // max(1, of)
    return f"{words} {'█' * tenths}{'░' * (40 - tenths)} {done:,} of {of:,}"


def tell_kept(reading: Reading) -> None:
    """What of a file is kept otherwise than it says, or not."""
    for counts, noun, words in (
        (reading.reasons, "flag", "with a reason that project.yaml does not list, kept"),
        (reading.unknown, "suggestion", "kept as meta only"),
    ):
        for what, count in list(counts.items())[:SHOWN]:
            complain(f"{reading.name}: {number_of(count, noun)} {words}: {what}")
    if reading.unknown:
        complain(f"{reading.name}: once project.yaml takes these suggestions, the same command brings them in")
    for what, count in list(reading.left_out.items())[:SHOWN]:
        complain(f"{reading.name}: {count:,} left out: {what}")


def standard_output() -> TextIO:
    """As files are written: UTF-8, whatever the locale, and no line ends but ours."""
    if sys.stdout is None:
        raise LabelError("standard output is closed; name a file")
    sys.stdout.reconfigure(encoding="utf-8", newline="")  # type: ignore[union-attr]
    return sys.stdout


def tell_written(written: Written, output: Path | None) -> None:
    if output is not None or not written.count:
        print(
            f"{visible(str(output or 'standard output'))}: {number_of(written.count, written.thing)}, as {written.format}",
            file=sys.stderr,
        )
    if written.stayed:
        complain(f"{output}: {number_of(written.stayed, 'older file')} stayed there")
    if written.dropped:
        # What was said comes before when it was said
        ordered = sorted(written.dropped.items(), key=lambda one: (bool(TIMES.search(one[0])), -one[1], one[0]))
        lost = ", ".join(f"{words} ({number:,})" for words, number in ordered)
        complain(f"no place in {written.format} for: {lost}")
    for words, number in written.undecided.items():
        noun, _, rest = words.partition(" ")
        complain(f"{number:,} {noun.removesuffix('s') if number == 1 else noun} {rest}")
