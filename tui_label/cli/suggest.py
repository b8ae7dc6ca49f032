"""Suggestions from what people already run: suggest."""

from __future__ import annotations

import argparse
import sys
from functools import partial
from typing import TYPE_CHECKING

from tui_label.cli.project import Commands, command, complain, draw, folder, opened, wipe
from tui_label.core.text import number_of, visible
from tui_label.errors import LabelError

if TYPE_CHECKING:
    from tui_label.projects.suggesting import Run

LONGEST_NAME = 100


def register(commands: Commands) -> None:
    suggest = command(
        commands, "suggest", "ask word lists, Python, spaCy or any program for suggestions", _suggest,
        "names --with patterns.yaml",
        "names --with spacy:en_core_web_sm --task entities",
        "airline --with models:classify --dry-run",
        'airline --with "node tag.js" --source js --source-version 3',
    )  # fmt: skip
    folder(suggest)
    suggest.add_argument(
        "--with",
        dest="what",
        required=True,
        metavar="WHAT",
        help="patterns.yaml or .jsonl, module:function, spacy:MODEL, or a command in quotes that speaks JSON Lines",
    )
    suggest.add_argument("--source", type=_name, metavar="NAME", help="who says so; named after WHAT if not given")
    suggest.add_argument(
        "--source-version", default="", metavar="V", help="a newer one replaces what nobody has seen of the older"
    )
    suggest.add_argument("--task", action="append", metavar="T", help="only for this question; may be given again")
    suggest.add_argument(
        "--all", action="store_true", help="for answered items too; without it, those that nobody has answered"
    )
    suggest.add_argument(
        "--batch", type=int, default=100, metavar="N", help="items handed over at a time, 100 if not given"
    )
    suggest.add_argument(
        "--timeout",
        type=float,
        default=60.0,
        metavar="S",
        help="seconds without an answer before it is given up, 60 if not given",
    )
    suggest.add_argument("--dry-run", action="store_true", help="ask, say what came, and keep nothing")


def _name(text: str) -> str:
    if not text.strip() or len(text) > LONGEST_NAME:
        raise argparse.ArgumentTypeError(f"a name has one to {LONGEST_NAME} characters")
    return text


def _suggest(options: argparse.Namespace) -> int:
    from tui_label.projects.suggesting import Run

    run = Run()
    with opened(options.dir) as project:
        assistant = project.assistant(options.what, options.task)
        for words in assistant.left_out:
            complain(words)
        tell = partial(_tell, run, options.source or assistant.name, options.dry_run)
        try:
            project.suggest(
                assistant,
                source=options.source or "",
                version=options.source_version,
                answered=options.all,
                batch=options.batch,
                timeout_s=options.timeout,
                dry=options.dry_run,
                run=run,
                progress=_progress,
            )
        except KeyboardInterrupt:
            wipe()
            complain("stopped; all that came until then is counted below")
            tell()
            raise
        except LabelError:
            if run.asked or run.said:
                tell()
            raise
        tell()
    return int(0 < run.asked == run.failed)


def _progress(run: Run) -> None:
    of = f" of {max(run.asked, run.of):,}" if run.of else ""
    draw(f"{run.asked:,}{of} items, {run.kept.added:,} suggestions")


def _tell(run: Run, name: str, dry: bool) -> None:
    wipe()
    for problem in run.problems:
        complain(problem)
    if run.repaired:
        complain(
            f"{number_of(run.repaired, 'span')} read as UTF-16 offsets, as their texts say, first in {', '.join(run.repaired_in)}"
        )
    for count, noun, words in (
        (run.renamed, "suggestion", "by a label's earlier name, taken under the one of today"),
        (run.failed, "item", "failed; the first are named above"),
        (run.unfit, "suggestion", "left out that can't be used; the first are named above"),
        (run.unanswered, "item", "got no answer"),
    ):
        if count:
            complain(f"{number_of(count, noun)} {words}")
    kept = run.kept
    parts = [
        number_of(run.asked, "item"),
        f"{number_of(kept.added, 'suggestion')} {'made, none kept' if dry else 'added'}",
    ]
    parts += [f"{kept.known:,} known already"] if kept.known else []
    parts += [f"{kept.replaced:,} of an earlier version replaced"] if kept.replaced else []
    parts += [f"{kept.kept:,} of an earlier version kept, where somebody has seen them"] if kept.kept else []
    print(f"{visible(name)}: {', '.join(parts)}")
    for line in run.said:
        print(f"  | {line}", file=sys.stderr)
