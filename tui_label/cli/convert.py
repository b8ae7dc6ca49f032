"""From one format to another, without a project: convert."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tui_label.cli.items import BadLines, tell_kept, write
from tui_label.cli.project import command, complain
from tui_label.errors import UsageError

if TYPE_CHECKING:
    from tui_label.cli.project import Commands
    from tui_label.core.annotation import Annotation
    from tui_label.core.item import Item
    from tui_label.formats import Format, Reading

SOMEBODY = "input"
"""Whose answers the labels are where the file does not say."""


def register(commands: Commands) -> None:
    convert = command(commands, "convert", "from one format to another, without a project", _convert)
    convert.add_argument("source", type=Path, metavar="IN", help="a file, packed or not, or - for standard input")
    convert.add_argument("target", type=Path, metavar="OUT", help="a file or folder, or - for standard output")
    convert.add_argument(
        "--from", dest="from_", metavar="F", help="one of `tui-label formats`; recognised if not given"
    )
    convert.add_argument("--to", metavar="F", help="one of `tui-label formats`; by the name of OUT if not given")
    convert.add_argument("--encoding", help="of IN, UTF-8 if not given")
    convert.add_argument(
        "--tasks", type=Path, metavar="PROJECT", help="project.yaml or its folder; found in the file if not given"
    )
    convert.add_argument(
        "--annotator", default=SOMEBODY, metavar="NAME", help="whose the labels are, if IN does not say"
    )
    convert.add_argument("--skip-bad", action="store_true", help="leave bad lines out instead of refusing the file")


def _convert(options: argparse.Namespace) -> int:
    from dataclasses import replace

    from tui_label import config, formats
    from tui_label.core.project import Project
    from tui_label.inference import with_tasks
    from tui_label.store.staging import Counts

    source = formats.find(options.from_) if options.from_ else formats.recognise(options.source, options.encoding)
    target = formats.find(options.to) if options.to else formats.for_writing(options.target)
    if target.settled_only or not (target.write or target.write_folder):
        raise UsageError(f"{target.name} cannot be written from a file; `tui-label formats` says what can")
    standard = options.target == formats.STANDARD
    if standard and target.write is None:
        raise UsageError(f"{target.name} is not one file: name a folder for it")
    if options.tasks:
        project = config.load(options.tasks.parent if options.tasks.is_file() else options.tasks)
    else:
        project = Project(options.source.parent, options.source.stem, ())
    reading = formats.Reading(options.source, project, options.encoding, options.annotator, occurrences=Counts())
    # Standard input is put aside here, and both readings share it
    reading.open().close()
    if not options.tasks:
        fresh: dict[str, Any] = {"occurrences": Counts(), "unknown": {}, "reasons": {}, "left_out": {}, "known": {}}
        reading = replace(reading, project=with_tasks(reading, source), **fresh)
    dropped: dict[str, int] = {}
    rows = _rows(reading, source, BadLines(options.skip_bad, "written"), dropped)
    count = write(target, rows, None if standard else options.target, reading.project, dropped)
    tell_kept(reading)
    for words, number in sorted(dropped.items()):
        complain(f"{number:,} {words} dropped: {target.name} cannot carry them")
    if not standard:
        print(
            f"{options.target}: {count:,} {'answers' if target.write else 'files'}, as {target.name}", file=sys.stderr
        )
    return 0


def _rows(
    reading: Reading, format: Format, bad: BadLines, dropped: dict[str, int]
) -> Iterator[tuple[Item, Annotation]]:
    """What the file says, as answers; an item without one comes with nothing answered."""
    from tui_label import formats
    from tui_label.core.annotation import Annotation

    for one in formats.read(reading, format):
        if isinstance(one, formats.BadLine):
            bad.take(one)
            continue
        if one.suggestions:
            dropped["suggestions"] = dropped.get("suggestions", 0) + len(one.suggestions)
        yield one.item, one.annotation or Annotation(reading.answers_of)
    bad.refuse()
