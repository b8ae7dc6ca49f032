"""How far annotators agree."""

from __future__ import annotations

import argparse
import json

from tui_label.cli.project import Commands, command, folder, opened
from tui_label.core.text import visible

PARTS = ("label", "pair", "version", "week")


def register(commands: Commands) -> None:
    agreement = command(commands, "agreement", "inter-annotator agreement, known answers, repeats", _agreement)
    folder(agreement)
    agreement.add_argument("--task", default="", metavar="T", help="of one task only")
    agreement.add_argument(
        "--by", action="append", choices=PARTS, help="show these parts only; may be given more than once"
    )
    agreement.add_argument("--seed", type=int, default=0, metavar="N", help="of the bootstrap, 0 if not given")
    agreement.add_argument("--json", action="store_true", help="for programs")


def _agreement(options: argparse.Namespace) -> int:
    from tui_label.report import agreement_report

    by = tuple(options.by or PARTS)
    with opened(options.dir) as project:
        found = project.agreement(options.task, by, options.seed)
        if options.json:
            print(json.dumps(agreement_report.agreement_record(found, project.key)))
        else:
            print("\n".join(visible(line) for line in agreement_report.agreement_lines(found, project.name, by)))
    return 0
