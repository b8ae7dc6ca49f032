"""A project from Python: what is in it, what was said, what is new; the commands read the same store.

    >>> from tui_label import Annotation, Item, Project, Record
    >>> tasks = [{"id": "mood", "type": "choice", "labels": ["glad", "sad"]}]
    >>> with Project.create(folder, tasks) as project:
    ...     added = project.add(["What a day!", Item("tweet-2", "Late again.")])
    ...     added.items
    2

People may be at work meanwhile: what is added is seen by them at their next item.

    >>> with Project.open(folder) as project:
    ...     late = project.item("tweet-2")
    ...     said = Annotation("ann", answers={"mood": "sad"})
    ...     project.add([Record(late, annotation=said)]).answers
    ...     [(item.key, one.annotator, one.answers) for item, one in project.answers()]
    ...     [item.text for item, suggestions in project.unanswered()]
    ...     project.status()["done"]
    1
    [('tweet-2', 'ann', {'mood': 'sad'})]
    ['What a day!']
    1
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from tui_label import config, opening
from tui_label.arrivals import arrived, arriving
from tui_label.core.annotation import Annotation
from tui_label.core.item import Item, Suggestion, content_key
from tui_label.core.project import Project as Settings
from tui_label.core.record import Record
from tui_label.core.tasks import Spans
from tui_label.errors import InputError, LabelError, UsageError
from tui_label.formats.settled import SettledAnswer
from tui_label.store.base import Added
from tui_label.store.staging import Counts, Staging

if TYPE_CHECKING:
    from tui_label.quality.agreement import Agreement

Library = Literal["pandas", "polars"]
COLUMNS = ("item", "text", "annotator", "flags", "active_ms", "submitted_at")


class Project:
    """An open project; close it, or use it in a `with`.

    Errors that a person can mend are `tui_label.errors.LabelError`, one line each.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        """project.yaml, as a value: `settings.tasks`, `settings.overlap` …"""
        self.store, self.versions = opening.open_store(settings)

    @classmethod
    def open(cls, folder: str | Path) -> Project:
        """The project in a folder; changes of its project.yaml take effect."""
        return cls(config.load(Path(folder)))

    @classmethod
    def create(cls, folder: str | Path, asks: str | Sequence[Mapping[str, Any]]) -> Project:
        """A new one: `asks` is the text of project.yaml, or its tasks."""
        folder = Path(folder)
        path = folder / "project.yaml"
        if path.exists():
            raise LabelError(f"{folder}: there is a project here already; open it, or choose another folder")
        if not isinstance(asks, str):
            import yaml

            asks = yaml.safe_dump(
                {"name": folder.resolve().name, "tasks": [dict(one) for one in asks]},
                allow_unicode=True,
                sort_keys=False,
            )
        settings = config.parse(asks, folder)
        folder.mkdir(parents=True, exist_ok=True)
        path.write_text(asks, encoding="utf-8")
        return cls(settings)

    def close(self) -> None:
        self.store.close()

    def __enter__(self) -> Project:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # what is in it

    def item(self, key: str) -> Item:
        """The item with this key."""
        number = self.store.find_item(key)
        case = None if number is None else self.store.case(number)
        if case is None:
            raise InputError(f"item {key}: there is none with this key")
        return case.item

    def items(self) -> Iterator[Item]:
        """All items: those nobody has answered, then the others."""
        answered = (one.item for one in self.store.testimonies() if one.versions)
        return chain((item for item, _ in self.store.unanswered()), answered)

    def unanswered(self) -> Iterator[tuple[Item, tuple[Suggestion, ...]]]:
        """Items nobody has answered, with what was suggested."""
        return self.store.unanswered()

    def answers(self, *, annotator: str | None = None, history: bool = False) -> Iterator[tuple[Item, Annotation]]:
        """The latest answers, by item and annotator; with `history` every revision, draft and skip."""
        return self.store.answers(annotator=annotator, history=history)

    def settled(
        self, rule: str = "majority", *, blind: bool = False, undecided: dict[str, int] | None = None
    ) -> Iterator[tuple[Item, SettledAnswer]]:
        """One answer for each item: the reviewer's, else by `rule`; `undecided` counts what it leaves open, in words."""
        from tui_label.settling import settled_answers

        counts = {} if undecided is None else undecided
        return settled_answers(self.settings, self.store, rule, counts, blind=blind)

    # what is new

    def add(self, records: Iterable[Record | Item | str], progress: Callable[[int], None] | None = None) -> Added:
        """Bring in texts, items, or records with suggestions, finished answers or known ones; how many came.

        What is here already is not added again.  Answers and suggestions must be valid in this project.
        All is checked before anything is written; it is then written in short transactions.

        >>> from tui_label import Project, Record, Suggestion
        >>> with Project.open(folder) as project:
        ...     guess = Suggestion("mood", "glad", score=0.8, source="my-model")
        ...     project.add([Record(project.item("tweet-2"), (guess,))]).suggestions
        1
        """
        with Staging() as staging:
            times = Counts()
            for one in records:
                record = _record(one, times)
                self._check(record)
                staging.append(arriving(record, self.versions))
            return self.store.add(arrived(staging).records, progress)

    def _check(self, record: Record) -> None:
        said = [(id, value, True) for id, value in (record.annotation.answers if record.annotation else {}).items()]
        said += [(id, value, True) for id, value in (record.gold.answers if record.gold else {}).items()]
        for id, value, finished in [*said, *((one.task, one.value, False) for one in record.suggestions)]:
            task = self.settings.task(id)
            if task is None:
                known = ", ".join(one.id for one in self.settings.tasks)
                raise InputError(f"item {record.item.key}: {id}: no such task; known are {known}")
            asked = [value] if isinstance(task, Spans) and not finished else value
            problem = task.check(value, record.item) if finished else task.draft_problem(asked, record.item)
            if problem:
                raise InputError(f"item {record.item.key}: {id}: {problem}")

    # figures

    def status(self) -> dict[str, Any]:
        """Progress, people and open flags, as `tui-label status --json` has them."""
        from tui_label import reports

        return reports.status(self.settings, self.store)

    def agreement(
        self, task: str = "", by: Sequence[str] = ("label", "pair", "version", "week"), seed: int = 0
    ) -> Agreement:
        """Inter-annotator agreement, of all tasks or one, with confidence intervals from a bootstrap."""
        from tui_label import agreement_report

        return agreement_report.agreement(self.settings, self.store, task=task, by=tuple(by), seed=seed)

    # frames

    def answers_frame(self, library: Library = "pandas", *, history: bool = False) -> Any:
        """A row for each item and annotator, with a column for each task, as `pandas.DataFrame` or `polars.DataFrame`.

        Spans and segments are lists of dicts; times are milliseconds.  A task named as one of the other columns
        has the column `answer_…`.

        >>> with Project.open(folder) as project:
        ...     project.answers_frame()[["item", "annotator", "mood"]].values.tolist()
        [['tweet-2', 'ann', 'sad']]
        """
        tasks = {one.id: f"answer_{one.id}" if one.id in COLUMNS else one.id for one in self.settings.tasks}
        columns = [*COLUMNS[:3], *tasks.values(), *COLUMNS[3:]]
        rows = (
            (
                item.key,
                item.text,
                said.annotator,
                *(said.answers.get(id) for id in tasks),
                [flag.reason for flag in said.flags],
                said.timing.active,
                said.submitted_at,
            )
            for item, said in self.answers(history=history)
        )
        return _frame(library, columns, rows)

    def spans_frame(self, library: Library = "pandas") -> Any:
        """A row for each span of the latest answers: item, annotator, task, start, end, label, text.

        Offsets are code points, as everywhere.
        """
        tasks = [one.id for one in self.settings.tasks if isinstance(one, Spans)]
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
            for item, said in self.answers()
            for id in tasks
            for span in said.answers.get(id) or ()
        )
        return _frame(library, ["item", "annotator", "task", "start", "end", "label", "text"], rows)


def _record(one: Record | Item | str, times: Counts) -> Record:
    """A text is an item that is known by its content, and by its place among equal ones."""
    if isinstance(one, Record):
        return one
    if isinstance(one, Item):
        return Record(one)
    if not one:
        raise InputError("an item's text is empty; leave it out")
    first = content_key(one)
    number = times.get((first, ""), 0) + 1
    times[first, ""] = number
    return Record(Item(content_key(one, occurrence=number), one))


def _frame(library: str, columns: list[str], rows: Iterable[tuple[Any, ...]]) -> Any:
    if library not in ("pandas", "polars"):
        raise UsageError(f"{library}: frames are of pandas or polars")
    try:
        module = importlib.import_module(library)
    except ImportError as error:
        raise UsageError(f"{library} is not installed: pip install 'tui-label[{library}]'") from error
    if library == "pandas":
        return module.DataFrame(list(rows), columns=columns)
    return module.DataFrame(list(rows), schema=columns, orient="row", infer_schema_length=None)
