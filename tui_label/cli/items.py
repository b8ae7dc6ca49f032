"""Items in, answers out: add, export, formats."""

from __future__ import annotations

import argparse
import io
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from tui_label.cli.project import command, complain, folder, open_project
from tui_label.core.text import visible
from tui_label.errors import InputError, UsageError

if TYPE_CHECKING:
    from tui_label.arrivals import Arrivals
    from tui_label.cli.project import Commands
    from tui_label.core.annotation import Annotation
    from tui_label.core.item import Item
    from tui_label.core.project import Project
    from tui_label.core.record import Record
    from tui_label.formats import BadLine, Format, Reading
    from tui_label.store.base import Added

RULES = ("majority", "unanimous", "dawid-skene", "none")
BAD_SHOWN = 20
"""Bad lines named before the rest is only counted."""


def register(commands: Commands) -> None:
    add = command(commands, "add", "bring items in; the same item twice is one item", _add)
    folder(add)
    add.add_argument("files", nargs="+", type=Path, metavar="FILE")
    add.add_argument("--format", help="one of `tui-label formats`; recognised if not given")
    add.add_argument("--encoding", help="of the files, UTF-8 if not given")
    whose = add.add_mutually_exclusive_group()
    whose.add_argument(
        "--annotator", default="", metavar="NAME", help="take labels as NAME's finished answers, not as suggestions"
    )
    whose.add_argument(
        "--gold", action="store_const", const="check", default="", help="take answers as known ones, mixed in unmarked"
    )
    whose.add_argument(
        "--qualification",
        action="store_const",
        const="qualification",
        dest="gold",
        help="take answers as known ones, asked of everyone before real items",
    )
    add.add_argument(
        "--annotator-column", default="", metavar="C", help="of a table: who answered, `annotator` if not given"
    )
    add.add_argument(
        "--label-column",
        action="append",
        default=[],
        metavar="C",
        help="of a table: the label; given more than once, each has the labels of the annotator it is named after",
    )
    add.add_argument("--skip-bad", action="store_true", help="leave bad lines out instead of refusing the file")
    export = command(commands, "export", "write answers", _export)
    folder(export)
    export.add_argument("--format", default="jsonl", help="one of `tui-label formats`")
    export.add_argument("-o", "--output", type=Path, metavar="FILE", help="standard output if not given")
    which = export.add_mutually_exclusive_group()
    which.add_argument("--annotator", metavar="A", help="of one annotator only")
    which.add_argument("--history", action="store_true", help="every revision, draft and skip")
    which.add_argument("--settled", action="store_true", help="one answer for each item, and where it is from")
    export.add_argument(
        "--rule",
        choices=RULES,
        help="with --settled: what decides where no reviewer did, majority if not given; none: nothing does",
    )
    export.add_argument("--blind", action="store_true", help="with --settled: a1, a2 … instead of names")
    command(commands, "formats", "what can be read and written", _formats)


def _add(options: argparse.Namespace) -> int:
    return bring_in(
        options.dir,
        options.files,
        options.format,
        options.encoding,
        options.annotator,
        options.skip_bad,
        gold=options.gold,
        annotator_column=options.annotator_column,
        label_columns=tuple(options.label_column),
        talk=True,
    )


def bring_in(
    folder: Path,
    files: list[Path],
    name: str | None = None,
    encoding: str | None = None,
    annotator: str = "",
    skip_bad: bool = False,
    *,
    gold: str = "",
    annotator_column: str = "",
    label_columns: tuple[str, ...] = (),
    talk: bool = False,
) -> int:
    from tui_label import formats
    from tui_label.arrivals import arrived, arriving, recognised
    from tui_label.store.staging import Counts, Staging

    project, store, versions = open_project(folder)
    staging, bad = Staging(), BadLines(skip_bad)
    named = [one for path in files for one in formats.expanded(path)]
    reading_sounds = _Bar("reading sounds", len(named))
    for path in named:
        format = formats.find(name) if name else formats.recognise(path, encoding)
        reading = formats.Reading(
            path, project, encoding, annotator, gold, annotator_column, label_columns, occurrences=Counts()
        )
        before = staging.taken
        for one in _shown(formats.read(reading, format), f"reading {path.name}", path, talk):
            if isinstance(one, formats.BadLine):
                bad.take(one)
            else:
                staging.append(arriving(one, versions))
        if talk and format.name != "sound":
            _tell_read(reading, format, staging.taken - before, staging.items(before))
        elif talk:
            reading_sounds.more(1)
    bad.refuse()
    if not staging.taken:
        raise InputError(f"{', '.join(str(path) for path in files)}: no items in it")
    here = arrived(staging)
    bar = _Bar("writing", len(staging))
    try:
        done = store.add(recognised(staging, store) if gold else staging, bar.more if talk else None)
    except KeyboardInterrupt:
        complain(f"stopped; {bar.done:,} records are in, all of them whole: the same command again adds the rest")
        raise
    store.close()
    if talk:
        _tell_left_out(here)
        print(_sentence(done, here.items))
    staging.close()
    return 0


def _sentence(done: Added, items: int) -> str:
    """`items`: how many different ones there were."""
    parts = [f"{done.items:,} items added"]
    parts += [f"{items - done.items:,} known already"] if items > done.items else []
    parts += [f"{done.answers:,} answers"] if done.answers else []
    parts += [f"{done.gold:,} known answers"] if done.gold else []
    parts += [f"{done.suggestions:,} suggestions"] if done.suggestions else []
    return ", ".join(parts)


def _tell_left_out(here: Arrivals) -> None:
    for count, words in (
        (here.superseded, "earlier revisions left out: the latest answer of each annotator is taken"),
        (here.skipped, "skipped: taken as items, without an answer"),
        (here.undone, "answers that were taken back are left out"),
    ):
        if count:
            complain(f"{count:,} {words}")


def _tell_read(reading: Reading, format: Format, records: int, items: int) -> None:
    several = f" in {records:,} records" if records > items else ""
    words = [f"{items:,} items{several}, read as {format.name}"]
    words += [f"{reading.blank:,} blank lines left out"] if reading.blank else []
    words += [f"{reading.twins:,} repeat a text of this file and are kept"] if reading.twins else []
    words += [f"{reading.repaired:,} spans read as UTF-16 offsets"] if reading.repaired else []
    print(f"{visible(str(reading.path))}: {'; '.join(words)}", file=sys.stderr)
    tell_kept(reading)


def tell_kept(reading: Reading) -> None:
    """What of a file is kept otherwise than it says, or not."""
    for problem, count in list(reading.unknown.items())[:BAD_SHOWN]:
        complain(f"{reading.path}: {count:,} suggestions kept as meta only: {problem}")
    for left, count in list(reading.left_out.items())[:BAD_SHOWN]:
        complain(f"{reading.path}: {count:,} {left} left out")
    for reason, count in list(reading.reasons.items())[:BAD_SHOWN]:
        complain(f"{reading.path}: {count:,} flags with a reason that project.yaml does not list, kept: {reason}")


class BadLines:
    """Lines that could not be read: left out and named, or reason enough to take nothing."""

    def __init__(self, skip: bool, done: str = "brought in") -> None:
        self._skip, self._count, self._done = skip, 0, done
        self._first: list[BadLine] = []

    def take(self, line: BadLine) -> None:
        self._count += 1
        if self._skip:
            complain(str(line))
        elif self._count <= BAD_SHOWN:
            self._first.append(line)

    def refuse(self) -> None:
        for one in self._first:
            complain(str(one))
        if self._first:
            more = f" (and {self._count - BAD_SHOWN:,} more)" if self._count > BAD_SHOWN else ""
            raise InputError(
                f"{self._count:,} bad lines{more}: nothing was {self._done}; mend them, or leave them out with --skip-bad"
            )


class _Bar:
    """A progress bar on standard error, where that is a terminal."""

    def __init__(self, words: str, total: int) -> None:
        self._words, self._total, self.done, self._drawn = words, total, 0, -1

    def more(self, count: int) -> None:
        self.done += count
        tenths = 40 * self.done // max(1, self._total)
        if sys.stderr.isatty() and tenths != self._drawn:
            self._drawn = tenths
            bar = "█" * tenths + "░" * (40 - tenths)
            end = "\n" if self.done >= self._total else ""
            print(
                f"\r{visible(self._words)} {bar} {self.done:,} of {self._total:,}",
                end=end,
                file=sys.stderr,
                flush=True,
            )


def _shown(records: Iterable[Record | BadLine], words: str, path: Path, talk: bool) -> Iterator[Record | BadLine]:
    """The records, counted on the terminal while they come."""
    count = 0
    for count, record in enumerate(records, 1):
        yield record
        if talk and count % 5000 == 0 and sys.stderr.isatty():
            print(f"\r{visible(words)} {count:,}", end="", file=sys.stderr, flush=True)
    if talk and count >= 5000 and sys.stderr.isatty():
        print("\r\x1b[K", end="", file=sys.stderr)


def _export(options: argparse.Namespace) -> int:
    from tui_label import formats

    format = formats.find(options.format)
    if format.write is None and format.write_folder is None:
        raise UsageError(f"{format.name} can only be read; `tui-label formats` says what can be written")
    if format.write is None and options.output is None:
        raise UsageError(f"{format.name} is more than one file: name a folder for them with -o")
    if (options.rule or options.blind) and not options.settled:
        raise UsageError(f"{'--rule' if options.rule else '--blind'} goes with --settled")
    if format.settled_only and not options.settled:
        raise UsageError(f"{format.name} are of settled items: give --settled")
    project, store, _ = open_project(options.dir)
    undecided: dict[str, int] = {}
    if options.settled:
        from tui_label.settling import settled_answers

        rows: Iterable[tuple[Item, Annotation]] = settled_answers(
            project, store, options.rule or RULES[0], undecided, blind=options.blind
        )
    else:
        rows = store.answers(annotator=options.annotator, history=options.history)
    dropped: dict[str, int] = {}
    count = write(format, rows, options.output, project, dropped)
    if options.output is not None:
        print(
            f"{options.output}: {count:,} {'answers' if format.write else 'files'}, as {format.name}", file=sys.stderr
        )
    for words, number in sorted(dropped.items()):
        complain(f"{number:,} {words} dropped: {format.name} cannot carry them")
    for words, number in undecided.items():
        complain(f"{number:,} {words}")
    return 0


def write(
    format: Format,
    rows: Iterable[tuple[Item, Annotation]],
    output: Path | None,
    project: Project,
    dropped: dict[str, int],
) -> int:
    """To standard output, to a file that is there whole or not at all, or into a folder; how many."""
    if format.write is None:
        assert format.write_folder is not None and output is not None
        return format.write_folder(rows, output, project, dropped)
    if output is None:
        sys.stdout.reconfigure(encoding="utf-8", newline="")  # type: ignore[union-attr]
        return format.write(rows, sys.stdout, project, dropped)
    partial = output.with_name(output.name + ".partial")
    try:
        with packing(partial, output.suffix.lower()) as out:
            count = format.write(rows, out, project, dropped)
        partial.replace(output)
    finally:
        partial.unlink(missing_ok=True)
    return count


def packing(path: Path, suffix: str) -> TextIO:
    """A file to write text to, packed as its name ends."""
    from tui_label.formats import packed

    return io.TextIOWrapper(packed(path, suffix), encoding="utf-8", newline="")


def _formats(_: argparse.Namespace) -> int:
    from tui_label.formats import FORMATS

    for format in FORMATS:
        writes = format.write or format.write_folder
        does = "read, write" if format.read and writes else "read" if format.read else "write"
        print(f"{format.name:<12} {does:<12} {format.words}\n{'':<25} cannot carry: {format.cannot}")
    return 0
