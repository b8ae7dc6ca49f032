"""Items in, answers out: add, export, formats."""

from __future__ import annotations

import argparse
from pathlib import Path
from shutil import get_terminal_size
from textwrap import fill
from typing import TYPE_CHECKING

from tui_label.cli.project import Commands, command, complain, draw, folder, opened, wipe
from tui_label.cli.telling import Screen, standard_output, tell_written
from tui_label.core.text import number_of
from tui_label.errors import UsageError

if TYPE_CHECKING:
    from tui_label.projects.bringing import Brought

RULES = ("majority", "unanimous", "dawid-skene", "none")
UNSEEN = "nobody is shown the new items among them until project.yaml says `review: {gold-rate: 5%}`"
UNASKED = "nobody is asked for them until project.yaml says `review: {attempts: 3}`"
OUTSIDE = "nobody is tested on them: their items were here already, and the qualification set is of new ones"


def register(commands: Commands) -> None:
    add = command(
        commands, "add", "bring items in; the same item twice is one item", _add,
        "airline tweets.csv",
        "names news.conll --annotator ann",
        "calls 'calls/**/*.wav'",
        "calls https://example.org/calls.jsonl s3://calls/one.wav",
        "airline checked.jsonl --gold",
    )  # fmt: skip
    folder(add)
    add.add_argument(
        "files", nargs="+", metavar="FILE", help="files, folders, patterns, URLs of files; - is standard input"
    )
    add.add_argument("--format", default="", help="one of `tui-label formats`; recognised if not given")
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
    export = command(
        commands, "export", "write answers", _export,
        "airline > answers.jsonl",
        "airline --settled --rule dawid-skene -o settled.csv.gz",
        "names --format conll --annotator ann -o ann.conll",
    )  # fmt: skip
    folder(export)
    export.add_argument(
        "--format", default="", help="one of `tui-label formats`; by the name of FILE if not given, else jsonl"
    )
    export.add_argument(
        "-o",
        "--output",
        type=Path,
        metavar="FILE",
        help="a file or folder, packed as its name says; standard output if not given",
    )
    which = export.add_mutually_exclusive_group()
    which.add_argument("--annotator", metavar="A", help="of one annotator only")
    which.add_argument("--history", action="store_true", help="every revision, draft and skip")
    which.add_argument("--settled", action="store_true", help="one answer for each item, and where it is from")
    export.add_argument(
        "--rule",
        choices=RULES,
        help="with --settled: what decides where no reviewer did, majority if not given; none: nothing does",
    )
    export.add_argument("--suggestions", action="store_true", help="also what is suggested about each item")
    export.add_argument("--blind", action="store_true", help="with --settled: a1, a2 … instead of names")
    command(commands, "formats", "what can be read and written", _formats)


def _add(options: argparse.Namespace) -> int:
    screen = Screen()
    with opened(options.dir) as project:
        try:
            done = project.add_files(
                *options.files,
                format=options.format,
                encoding=options.encoding,
                annotator=options.annotator,
                gold=options.gold,
                annotator_column=options.annotator_column,
                label_columns=options.label_column,
                skip_bad=options.skip_bad,
                watch=screen,
            )
        except KeyboardInterrupt:
            if screen.written:
                complain(
                    f"stopped; {screen.written:,} records are in, all of them whole: the same command again adds the rest"
                )
            raise
        review = project.settings.review
    unseen = done.added.gold if options.gold == "check" and done.added.items and not review.gold_rate else 0
    unasked = done.added.gold - done.added.outside if options.gold == "qualification" and not review.attempts else 0
    for count, noun, words in (
        (done.superseded, "earlier revision", "left out: the latest answer of each annotator is taken"),
        (done.added.earlier, "answer", "left out: the same annotator answered otherwise since"),
        (done.added.replaced, "answer", "took the place of what the same annotator had answered"),
        (done.skipped, "item", "skipped: taken without an answer"),
        (done.undone, "answer", "left out that had been taken back"),
        (unseen, "known answer", f"but {UNSEEN}"),
        (unasked, "known answer", f"but {UNASKED}"),
        (done.added.outside, "known answer", f"but {OUTSIDE}"),
    ):
        if count:
            complain(f"{number_of(count, noun)} {words}")
    for name, count in done.beside.items():
        complain(f"{number_of(count, f'{name} file')} beside the sounds left out: --format {name} takes what they say")
    print(_sentence(done))
    return 0


def _sentence(done: Brought) -> str:
    added = done.added
    parts = [f"{number_of(added.items, 'item')} added"]
    parts += [f"{done.items - added.items:,} known already"] if done.items > added.items else []
    parts += [number_of(added.answers, "answer")] if added.answers else []
    parts += [number_of(added.gold, "known answer")] if added.gold else []
    parts += [number_of(added.suggestions, "suggestion")] if added.suggestions else []
    return ", ".join(parts)


def _export(options: argparse.Namespace) -> int:
    if options.rule and not options.settled:
        raise UsageError("--rule goes with --settled")
    with opened(options.dir) as project:
        written = project.export(
            options.output or standard_output(),
            options.format,
            annotator=options.annotator,
            history=options.history,
            rule=(options.rule or RULES[0]) if options.settled else "",
            blind=options.blind,
            suggestions=options.suggestions,
            progress=_drawn_count if options.output else None,
        )
    wipe()
    tell_written(written, options.output)
    return 0


def _drawn_count(count: int) -> None:
    draw(f"writing {count:,}")


def _formats(_: argparse.Namespace) -> int:
    from tui_label.formats import FORMATS

    widest = max(len(format.name) for format in FORMATS)
    indent = " " * (widest + 14)
    columns = max(get_terminal_size().columns, len(indent) + 30)
    for format in FORMATS:
        writes = format.write or format.write_folder
        does = "read, write" if format.read and writes else "read" if format.read else "write"
        words = (f"{format.name:<{widest}} {does:<12} {format.words}", f"{indent}cannot carry: {format.loses}")
        print("\n".join(fill(line, columns, subsequent_indent=indent, break_on_hyphens=False) for line in words))
    return 0
