"""Answers as tables of pandas or polars, where those are installed."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal

from tui_label.core.annotation import Annotation
from tui_label.core.item import Item
from tui_label.core.project import Project
from tui_label.core.tasks import Spans, fitting
from tui_label.errors import UsageError
from tui_label.extras import needed
from tui_label.formats.columns import answer_columns

Library = Literal["pandas", "polars"]
Answers = Iterable[tuple[Item, Annotation]]
COLUMNS = ("item", "text", "annotator", "flags", "active_ms", "submitted_at")


def answers_frame(project: Project, answers: Answers, library: Library) -> Any:
    tasks = answer_columns(project, COLUMNS)
    columns = [*COLUMNS[:3], *tasks.values(), *COLUMNS[3:]]
    rows = (
        (
            item.key,
            item.text,
            said.annotator,
            *(said.answers.get(id) for id in tasks),
            [flag.reason for flag in said.flags],
            said.timing.active if said.timing.wall else None,
            said.submitted_at,
        )
        for item, said in answers
    )
    return _frame(library, columns, rows)


def spans_frame(project: Project, answers: Answers, library: Library) -> Any:
    tasks = [one.id for one in project.tasks if isinstance(one, Spans)]
    rows = (
        (
            item.key,
            said.annotator,
            id,
            span["start"],
            span["end"],
            span["label"],
            item.text[span["start"] : span["end"]],
        )
        for item, said in answers
        for id in tasks
        for span in fitting(project.tasks, said.answers).get(id) or ()
    )
    return _frame(library, ["item", "annotator", "task", "start", "end", "label", "text"], rows)


def _frame(library: str, columns: list[str], rows: Iterable[tuple[Any, ...]]) -> Any:
    if library not in ("pandas", "polars"):
        raise UsageError(f"{library}: frames are of pandas or polars")
    module = needed(library, library, library)
    if library == "pandas":
        return module.DataFrame(list(rows), columns=columns)
    return module.DataFrame(list(rows), schema=columns, orient="row", infer_schema_length=None)
