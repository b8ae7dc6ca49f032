"""Asking for suggestions: items to an assistant, what it answers to the store, while people work."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from tui_label.assist import answers
from tui_label.assist.program import Answer, Program
from tui_label.assist.source import Assistant
from tui_label.core.item import Item, Suggestion
from tui_label.core.project import Project
from tui_label.core.tasks import Task
from tui_label.core.text import visible
from tui_label.errors import AssistError, UsageError
from tui_label.store.base import Source, Store, Suggested

PIECE = 200
"""Items whose suggestions are written together,"""
PIECE_S = 1.0
"""or those of so many seconds, whichever comes first: people are waiting for them."""
NAMED = 10
"""Suggestions that could not be used are named so far, then only counted."""
LONGEST_NAME = 100
MOST, LONGEST_S = 5000, 1e6
"""Items handed over at a time, and seconds without an answer."""
GIVE_UP = 100
"""After so many items in a row that failed, the rest will fail too."""

Found = tuple[int, Sequence[Suggestion]]
"""An item's number, and all that is suggested for it."""


@dataclass
class Run:
    """What came of asking, also where it ended early."""

    asked: int = 0
    """Items that were answered."""
    of: int | None = None
    """Items there are to ask about, where they are counted; known answers that are mixed in come on top."""
    kept: Suggested = field(default_factory=Suggested)
    failed: int = 0
    """Items for which no answer could be made."""
    unfit: int = 0
    """Suggestions that could not be used."""
    problems: list[str] = field(default_factory=list)
    """The first of both, with item and reason."""
    repaired: int = 0
    """Spans whose offsets were UTF-16 units, as the texts they came with say."""
    repaired_in: list[str] = field(default_factory=list)
    """Keys of the first items with such."""
    renamed: int = 0
    """Suggestions that called a label by an earlier name: they are taken under the one of today."""
    unanswered: int = 0
    """Items that the program ended without answering."""
    said: Sequence[str] = ()
    """Where it ended early, the last lines of the program's standard error."""
    in_a_row: int = 0
    """Items that failed since the last that did not."""

    def note(self, item: Item, problem: str) -> None:
        """Among `problems`, while they are few."""
        if len(self.problems) < NAMED:
            self.problems.append(visible(f"item {item.key}: {problem}")[:300])


def suggest(
    project: Project,
    store: Store,
    assistant: Assistant,
    run: Run,
    *,
    source: str,
    version: str,
    answered: bool,
    batch: int,
    timeout_s: float,
    dry: bool,
    progress: Callable[[Run], None],
) -> None:
    """Ask about every item that nobody has answered (`answered`: about all) and keep what is suggested.

    `run` tells what was done, also after an exception.  A source without a name is named after the assistant,
    one without a version has that which the program says of itself.  `dry`: nothing is kept.
    """
    if not 1 <= batch <= MOST:
        raise UsageError(f"items are handed over 1 to {MOST:,} at a time, not {batch:,}")
    if not 0 < timeout_s < LONGEST_S:
        raise UsageError(f"an answer is waited for a number of seconds, not {timeout_s}")
    run.of = _askable(project, store, answered)
    by = Source(visible(source or assistant.name)[:LONGEST_NAME], visible(version))
    with assistant.start(batch, timeout_s) as program:
        try:
            items = _placed(project.folder.resolve(), store.askable(answered=answered))
            _ask(store, items, program, by, assistant.tasks, run, dry, progress)
        except BaseException:
            run.said = program.said
            raise


def _askable(project: Project, store: Store, answered: bool) -> int | None:
    there = store.progress("")
    if answered or not there.answers:
        return there.items
    return there.items - there.done if project.overlap == 1 else None


def _ask(
    store: Store,
    askable: Iterable[tuple[int, Item]],
    program: Program,
    source: Source,
    tasks: Sequence[Task],
    run: Run,
    dry: bool,
    progress: Callable[[Run], None],
) -> None:
    numbers: dict[str, int] = {}
    piece: list[Found] = []
    since = time.monotonic()
    try:
        for item, answer in program.answers(_items(askable, numbers)):
            number = numbers.pop(item.key)
            found = _taken(run, tasks, item, answer)
            if found is not None:
                piece.append((number, found))
            if len(piece) >= PIECE or time.monotonic() - since > PIECE_S:
                done, piece = piece, []
                _write(store, program, source, tasks, run, done, dry)
                progress(run)
                since = time.monotonic()
        run.unanswered = program.unanswered
    finally:
        _write(store, program, source, tasks, run, piece, dry)


def _placed(folder: Path, askable: Iterable[tuple[int, Item]]) -> Iterator[tuple[int, Item]]:
    """Sounds by paths that are right wherever the program runs."""
    for number, item in askable:
        sound = item.sound and replace(item.sound, path=str(folder / item.sound.path))
        yield number, replace(item, sound=sound) if sound else item


def _items(askable: Iterable[tuple[int, Item]], numbers: dict[str, int]) -> Iterator[Item]:
    """The items; `numbers` has those that are on their way."""
    for number, item in askable:
        numbers[item.key] = number
        yield item


def _write(
    store: Store, program: Program, source: Source, tasks: Sequence[Task], run: Run, done: list[Found], dry: bool
) -> None:
    if dry:
        run.kept += Suggested(len(done), sum(len(found) for _, found in done))
    elif done:
        by = source if source.version else Source(source.name, str(program.greeting.get("version", "")))
        with _uninterrupted():
            run.kept += store.suggest(by, [task.id for task in tasks], done)


@contextmanager
def _uninterrupted() -> Iterator[None]:
    """Ctrl+C and the like wait a moment: what is written is counted too."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, (signal.SIGINT, signal.SIGTERM, signal.SIGHUP))
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _taken(run: Run, tasks: Sequence[Task], item: Item, answer: Answer) -> list[Suggestion] | None:
    """What of an answer can be kept; None where there is none."""
    run.asked += 1
    problem = answer.get("error")
    if (
        item.sound is None
        and "item" not in answer
        and isinstance(answer.get("text"), str)
        and answer["text"] != item.text
    ):
        problem = "the answer is about another text; answer in order, or name the item in `item`"
    if problem is not None:
        run.failed += 1
        run.in_a_row += 1
        run.note(item, str(problem))
        if run.in_a_row >= GIVE_UP:
            raise AssistError(f"{GIVE_UP} items in a row failed, the last with: {visible(str(problem))[:200]}")
        return None
    run.in_a_row = 0
    found = answers.suggestions(tasks, item, answer)
    run.unfit += len(found.unfit)
    for one in found.unfit:
        run.note(item, one)
    run.renamed += found.renamed
    if found.repaired:
        run.repaired += found.repaired
        if len(run.repaired_in) < NAMED:
            run.repaired_in.append(visible(item.key))
    return found.fit
