"""How far annotators agree."""

from __future__ import annotations

import argparse
import json
from typing import TYPE_CHECKING

from tui_label.cli.project import command, folder, open_project
from tui_label.core.text import visible

if TYPE_CHECKING:
    from tui_label.cli.project import Commands


def register(commands: Commands) -> None:
    agreement = command(commands, "agreement", "inter-annotator agreement, known answers, repeats", _agreement)
    folder(agreement)
    agreement.add_argument("--task", default="", metavar="T", help="of one task only")
    agreement.add_argument(
        "--by", action="append", choices=_parts(), help="show these parts only; may be given more than once"
    )
    agreement.add_argument("--seed", type=int, default=0, metavar="N", help="of the bootstrap")
    agreement.add_argument("--json", action="store_true")


def _parts() -> tuple[str, ...]:
    return ("label", "pair", "version", "week")


def _agreement(options: argparse.Namespace) -> int:
    from tui_label import agreement_report

    project, store, _ = open_project(options.dir)
    by = tuple(options.by or _parts())
    found = agreement_report.agreement(project, store, task=options.task, by=by, seed=options.seed)

    def key_of(number: int) -> str:
        case = store.case(number)
        return case.item.key if case else str(number)

    if options.json:
        print(json.dumps(agreement_report.agreement_record(found, key_of), ensure_ascii=False))
    else:
        print("\n".join(visible(line) for line in agreement_report.agreement_lines(found, key_of, by)))
    return 0
