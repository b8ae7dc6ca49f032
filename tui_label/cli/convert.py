"""From one format to another, without a project: convert."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from tui_label.cli.project import Commands, command, wipe
from tui_label.cli.telling import Screen, standard_output, tell_kept, tell_written
from tui_label.core.text import number_of, visible

if TYPE_CHECKING:
    from tui_label.projects.bringing import FileRead


def register(commands: Commands) -> None:
    convert = command(
        commands, "convert", "from one format to another, without a project", _convert,
        "news.conll news.spacy",
        "tasks.json answers.csv --from labelstudio",
        "calls.TextGrid calls.srt --tasks my-project",
    )  # fmt: skip
    convert.add_argument("source", metavar="IN", help="a file, packed or not, its URL, or - for standard input")
    convert.add_argument("target", type=Path, metavar="OUT", help="a file or folder, or - for standard output")
    convert.add_argument(
        "--from", dest="from_", default="", metavar="F", help="one of `tui-label formats`; recognised if not given"
    )
    convert.add_argument(
        "--to", default="", metavar="F", help="one of `tui-label formats`; by the name of OUT if not given"
    )
    convert.add_argument("--encoding", help="of IN, UTF-8 if not given")
    convert.add_argument(
        "--tasks", type=Path, metavar="PROJECT", help="project.yaml or its folder; found in the file if not given"
    )
    convert.add_argument(
        "--annotator", default="", metavar="NAME", help="whose the labels are if IN does not say, `input` if not given"
    )
    convert.add_argument("--skip-bad", action="store_true", help="leave bad lines out instead of refusing the file")


class _Screen(Screen):
    """Says what was read and what of it is lost; how far it is, and that all went well, not beside standard output."""

    def __init__(self, beside: bool) -> None:
        super().__init__()
        self._beside = beside

    def fetching(self, name: str, part: float) -> None:
        if not self._beside:
            super().fetching(name, part)

    def reading(self, path: Path, records: int) -> None:
        if not self._beside:
            super().reading(path, records)

    def read(self, file: FileRead) -> None:
        wipe()
        if not (self._beside and file.records):
            print(
                f"{visible(file.reading.name)}: {number_of(file.records, 'record')}, read as {file.format}",
                file=sys.stderr,
            )
        tell_kept(file.reading)


def _convert(options: argparse.Namespace) -> int:
    from tui_label import convert

    standard = options.target == Path("-")
    written = convert(
        options.source,
        standard_output() if standard else options.target,
        from_=options.from_,
        to=options.to,
        encoding=options.encoding,
        tasks=options.tasks,
        annotator=options.annotator,
        skip_bad=options.skip_bad,
        watch=_Screen(beside=standard),
    )
    tell_written(written, None if standard else options.target)
    return 0
