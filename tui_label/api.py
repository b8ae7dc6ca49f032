"""A project from Python.  The commands are made of it: each calls a method of `Project`, and prints what came of it.

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

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from tui_label import config
from tui_label.core.project import Project as Settings
from tui_label.errors import InputError
from tui_label.projects import opening
from tui_label.projects.identity import at_work
from tui_label.store.permits import require

if TYPE_CHECKING:
    from tui_label.assist.source import Assistant
    from tui_label.core.annotation import Annotation
    from tui_label.core.item import Item, Suggestion
    from tui_label.core.record import Record
    from tui_label.formats.settled import SettledAnswer
    from tui_label.formats.writing import Written
    from tui_label.projects.bringing import Brought, Watch
    from tui_label.projects.frames import Library
    from tui_label.projects.leading import Qualifying, Requeued
    from tui_label.projects.suggesting import Run
    from tui_label.quality.agreement import Agreement
    from tui_label.store.base import Added
    from tui_label.store.reviewing import Case

LARGEST = 2**63
"""No database numbers items so far."""


class Project:
    """An open project; close it, or use it in a `with`.

    Errors that a person can mend are `tui_label.errors.LabelError`, a line for each thing that is wrong:

    >>> from tui_label import Project
    >>> from tui_label.errors import LabelError
    >>> try:
    ...     Project.open("nowhere")
    ... except LabelError as error:
    ...     print(error.problems[0])
    nowhere/project.yaml: no project here; start one with `tui-label new nowhere --from sentiment`
    """

    def __init__(self, settings: Settings, name: str | None = None) -> None:
        self.settings = settings
        """project.yaml, as a value: `settings.tasks`, `settings.overlap` …"""
        self.person = at_work(settings.roles, name)
        """Who is at work, and their role: what it does not allow is refused."""
        self.store, self.versions = opening.open_store(settings, self.person)

    @classmethod
    def open(cls, folder: str | Path, name: str | None = None) -> Project:
        """The project in a folder, for whoever runs this or under another name, where the project allows it.

        Changes of its project.yaml take effect.
        """
        return cls(config.load(Path(folder)), name)

    def take_edits(self) -> Callable[[], None]:
        """To be called while people work: what was edited of project.yaml and the guidelines takes effect."""
        return opening.Edits(self.settings, self.person)

    @classmethod
    def create(cls, folder: str | Path, asks: str | Sequence[Mapping[str, Any]]) -> Project:
        """A new one: `asks` is the text of project.yaml, or its tasks."""
        from tui_label.projects import ready

        folder = Path(folder)
        ready.refuse_taken(folder)
        if not isinstance(asks, str):
            from tui_label.projects.handed import written_tasks

            asks = written_tasks(folder.resolve().name, asks)
        settings = config.parse(asks, folder)
        folder.mkdir(parents=True, exist_ok=True)
        return cls._begun(settings)

    @classmethod
    def create_ready(cls, folder: str | Path, name: str, *, samples: bool = False) -> Project:
        """A ready one, as `tui-label new --from`: `sentiment`, `entities` …; with `samples`, its items too."""
        from tui_label.projects import ready

        folder = Path(folder)
        settings = config.parse(ready.copy(name, folder), folder)
        return cls._begun(settings, *[folder / ready.SAMPLES] * samples)

    @classmethod
    def _begun(cls, settings: Settings, *files: Path) -> Project:
        from tui_label.projects import ready

        project = cls(settings)
        try:
            if files:
                project.add_files(*files)
            ready.finish(settings.folder, settings.source)
        except BaseException:
            project.close()
            raise
        return project

    def close(self) -> None:
        self.store.close()

    def __enter__(self) -> Project:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def require(self, method: str) -> None:
        """Refuse at once who may not call this method of the store, before work goes into it."""
        require(method, self.person, self.settings.roles)

    # what is in it

    @property
    def guidelines(self) -> str:
        """Their text; empty where there are none."""
        return opening.guidelines_text(self.settings)

    def item(self, key: str) -> Item:
        """The item with this key."""
        if not isinstance(key, str):
            raise InputError(f"item {key!r}: a key is text; `key` gives that of the item with a number")
        number = self.store.find_item(key)
        case = None if number is None else self.store.case(number)
        if case is None:
            raise InputError(f"item {key}: there is none with this key")
        return case.item

    def key(self, number: int) -> str:
        """The key of the item with this number, by which figures name items."""
        case = self._case(number)
        return case.item.key if case else str(number)

    def name(self, number: int) -> str:
        """What people know that item by: where it came without an id, its file's name or how its text begins."""
        from tui_label.sound.kinds import called

        case = self._case(number)
        return called(case.item) if case else str(number)

    def _case(self, number: int) -> Case | None:
        return self.store.case(number) if number < LARGEST else None

    def items(self) -> Iterator[Item]:
        """All items: those nobody has answered, then the others."""
        yield from (item for item, _ in self.store.unanswered())
        yield from (one.item for one in self.store.testimonies() if one.versions)

    def unanswered(self) -> Iterator[tuple[Item, tuple[Suggestion, ...]]]:
        """Items nobody has answered, with what was suggested."""
        return self.store.unanswered()

    def answers(self, *, annotator: str | None = None, history: bool = False) -> Iterator[tuple[Item, Annotation]]:
        """The latest answers, by item and annotator; with `history` every revision, draft and skip."""
        return self.store.answers(annotator=annotator, history=history)

    def settled(
        self, rule: str = "majority", *, blind: bool = False, undecided: dict[str, int] | None = None
    ) -> Iterator[tuple[Item, SettledAnswer]]:
        """One answer for each item: the reviewer's, else by `rule`; `undecided` counts what it leaves open or
        settles before all answers are there, in words."""
        from tui_label.projects.settling import settled_answers

        counts = {} if undecided is None else undecided
        return settled_answers(self.settings, self.store, rule, counts, blind=blind)

    def export(
        self,
        output: str | Path | TextIO,
        format: str = "",
        *,
        annotator: str | None = None,
        history: bool = False,
        rule: str = "",
        blind: bool = False,
        suggestions: bool = False,
        progress: Callable[[int], None] | None = None,
    ) -> Written:
        """Answers to a file, a folder or an open stream, in any of `tui-label formats`.

        Where no format is given, a file is of the one that it is named after; all else is of JSON Lines.
        With a `rule` they are settled ones, one an item; with `suggestions` what is suggested about each item comes
        before its answers, in formats that have a place for it.  A file is there whole or not at all.
        `progress` is told now and then how many rows were written.

        >>> import io
        >>> with Project.open(folder) as project:
        ...     table = io.StringIO()
        ...     written = project.export(table, "csv")
        ...     written.count, written.dropped, table.getvalue().splitlines()[0]
        (1, {}, 'item,text,annotator,mood,flags,active_ms,submitted_at')
        """
        from tui_label import formats
        from tui_label.errors import UsageError
        from tui_label.formats import recognition
        from tui_label.formats.offered import with_offers
        from tui_label.formats.writing import counted, refuse_unwritable, write
        from tui_label.projects import leading

        target = Path(output) if isinstance(output, str) else output
        named = target if isinstance(target, Path) else formats.STANDARD
        chosen = formats.find(format) if format else recognition.for_writing(named, "jsonl")
        refuse_unwritable(chosen, target, self.settings.guidelines_path)
        if chosen.settled_only and not rule:
            raise UsageError(f"{chosen.name} are of settled items: give --settled")
        if suggestions and rule:
            raise UsageError("suggestions stand beside answers, not beside settled ones: leave one of the two out")
        if rule and (annotator is not None or history):
            raise UsageError(
                "settled answers are nobody's, and have no history: leave the rule out, or what narrows them"
            )
        if blind and not rule:
            raise UsageError("names are hidden in settled answers only: --blind goes with --settled")
        undecided: dict[str, int] = {}
        rows: Iterable[tuple[Item, Annotation]] = (
            self.settled(rule, blind=blind, undecided=undecided)
            if rule
            else self.answers(annotator=annotator, history=history)
        )
        # Who may see no others' figures may ask for their own answers
        if annotator not in (None, self.person.name):
            leading.refuse_stranger(self.settings, self.store, annotator)
        if suggestions:
            rows = with_offers(rows, self.store.with_suggestions())
        done = write(chosen, counted(rows, progress) if progress else rows, target, self.settings, {})
        return replace(done, undecided=undecided)

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
        from tui_label.projects.arrivals import arriving, made_here

        with self.store.staging() as staging:
            for record in made_here(records, self.settings.tasks):
                staging.append(*arriving(record, self.versions, self.settings.tasks))
            staging.stands()
            return self.store.add(staging, progress)

    def add_files(
        self,
        *files: str | Path,
        format: str = "",
        encoding: str | None = None,
        annotator: str = "",
        gold: str = "",
        annotator_column: str = "",
        label_columns: Sequence[str] = (),
        skip_bad: bool = False,
        watch: Watch | None = None,
    ) -> Brought:
        """Bring in what files, folders, patterns and URLs of files hold, as `tui-label add` does; with bad lines nothing.

        Labels are suggestions, or finished answers of `annotator`, or known ones: `gold` is `check` or
        `qualification`.  `watch` is told how far it is.

        >>> (folder / "more.csv").write_text("text,mood\\nFine.,glad\\n")
        21
        >>> with Project.open(folder) as project:
        ...     brought = project.add_files(folder / "more.csv", annotator="bob")
        ...     brought.added.items, brought.added.answers
        (1, 1)
        """
        from tui_label.projects import bringing

        self.require("add")
        return bringing.bring_in(
            self.settings,
            self.store,
            self.versions,
            files,
            format=format,
            encoding=encoding,
            annotator=annotator,
            gold=gold,
            annotator_column=annotator_column,
            label_columns=tuple(label_columns),
            skip_bad=skip_bad,
            watch=watch or bringing.SILENT,
        )

    def assistant(self, what: str, tasks: Sequence[str] | None = None) -> Assistant:
        """What makes suggestions, as after `tui-label suggest --with`, for all tasks or some; starts nothing yet."""
        from tui_label.assist.source import assistant

        self.require("suggest")
        return assistant(what, self.settings, tasks)

    def suggest(
        self,
        what: str | Assistant,
        *,
        source: str = "",
        version: str = "",
        answered: bool = False,
        batch: int = 100,
        timeout_s: float = 60.0,
        dry: bool = False,
        run: Run | None = None,
        progress: Callable[[Run], None] = lambda run: None,
    ) -> Run:
        """Ask for suggestions about the items that nobody has answered, and keep them; says what was done.

        `answered`: about the others too; `dry`: nothing is kept.  A `run` of one's own tells what was done
        after an exception too.

        >>> (folder / "words.yaml").write_text("glad: [Fine, day]\\nsad: [late]")
        29
        >>> with Project.open(folder) as project:
        ...     project.add(["What a fine day."]).items
        ...     run = project.suggest(str(folder / "words.yaml"))
        ...     run.asked, run.kept.added
        ...     [(one.value, one.source) for item, some in project.unanswered() for one in some]
        1
        (2, 2)
        [('glad', 'words.yaml'), ('glad', 'words.yaml')]
        """
        from tui_label.projects import suggesting

        run = suggesting.Run() if run is None else run
        suggesting.suggest(
            self.settings,
            self.store,
            self.assistant(what) if isinstance(what, str) else what,
            run,
            source=source,
            version=version,
            answered=answered,
            batch=batch,
            timeout_s=timeout_s,
            dry=dry,
            progress=progress,
        )
        return run

    # what leads do

    def auto_settle(self, rule: str = "") -> int:
        """Settle what the rule decides, project.yaml's where none is given; how many items that were."""
        from tui_label.projects import settling

        self.require("settle_many")
        return settling.auto_settle(self.settings, self.store, self.versions, rule)

    def requeue(
        self,
        label: str,
        *,
        task: str | None = None,
        before: int | None = None,
        words: str = "",
        dry: bool = False,
    ) -> Requeued:
        """Send back what was answered with a label under guidelines older than `before`, the latest if not given.

        `words` are shown with each item; `dry`: only count.
        """
        from tui_label.projects import leading

        return leading.requeue(
            self.settings,
            self.store,
            self.versions,
            label,
            self.person.name,
            task=task,
            before=before,
            words=words,
            dry=dry,
        )

    def qualify(self, annotator: str, *, passed: bool = False, again: bool = False) -> Qualifying:
        """How far somebody is in the qualification set; let them pass, or try once more."""
        from tui_label.projects import leading

        return leading.qualify(self.settings, self.store, annotator, passed=passed, again=again)

    # figures

    def status(self) -> dict[str, Any]:
        """Progress, people and open flags, as `status --json` has them; `status_report.status` says in what shape."""
        from tui_label.report import status_report

        return status_report.status(self.settings, self.store)

    def agreement(
        self, task: str = "", by: Sequence[str] = ("label", "pair", "version", "week"), seed: int = 0
    ) -> Agreement:
        """Inter-annotator agreement, of all tasks or one, with confidence intervals from a bootstrap."""
        from tui_label.report import agreement_report

        return agreement_report.agreement(self.settings, self.store, task=task, by=tuple(by), seed=seed)

    def report(self, output: str | Path, *, blind: bool = False) -> None:
        """Write the page with all figures; `blind`: letters in the place of the annotators' names."""
        from datetime import datetime

        from tui_label.report.file import refuse_to_overwrite
        from tui_label.report.material import gather
        from tui_label.report.page import page
        from tui_label.whole import write_file

        refuse_to_overwrite(Path(output))
        made = page(gather(self.settings, self.store, datetime.now().astimezone(), blind=blind))
        write_file(Path(output), made)

    # frames

    def answers_frame(self, library: Library = "pandas", *, history: bool = False) -> Any:
        """A row for each item and annotator, with a column for each task, as `pandas.DataFrame` or `polars.DataFrame`.

        Spans and segments are lists of dicts; times are milliseconds.  A task named as one of the other columns
        has the column `answer_…`.

        >>> with Project.open(folder) as project:
        ...     project.answers_frame()[["item", "annotator", "mood"]].values.tolist()
        [['tweet-2', 'ann', 'sad']]
        """
        from tui_label.projects import frames

        return frames.answers_frame(self.settings, self.answers(history=history), library)

    def spans_frame(self, library: Library = "pandas") -> Any:
        """A row for each span of the latest answers: item, annotator, task, start, end, label, text.

        Offsets are code points, as everywhere.
        """
        from tui_label.projects import frames

        return frames.spans_frame(self.settings, self.answers(), library)
