"""Between files and the store: what of a file's records this project takes, and as what.

Answers from elsewhere come with numbers that mean something elsewhere only.  An
answer is checked against today's labels, so it counts as given under those; which of our
guidelines it was given under nobody knows, so the number of elsewhere is left out (0).
It takes the shape that answers given here have: labels in the order of the project, spans with their text.
Of several revisions of an annotator's answer the latest comes in, and an answer that was taken
back or skipped does not: so the same file once more adds nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from tui_label.core.annotation import DRAFT, SUBMITTED, Annotation
from tui_label.core.item import Item, content_key, is_score
from tui_label.core.record import Record, Unkeepable, keepable
from tui_label.core.roles import LONGEST_NAME, is_name
from tui_label.core.tasks import Spans, Task, kept
from tui_label.core.text import shortened
from tui_label.errors import InputError
from tui_label.formats.making import Bad, utc_time
from tui_label.projects.handed import handed
from tui_label.store.base import Versions
from tui_label.store.staging import Counts


def made_here(made: Iterable[Record | Item | str], tasks: Sequence[Task]) -> Iterator[Record]:
    """Records that Python code made; raises InputError for what these tasks can't take.

    A text is an item that is known by its content, and by its place among equal ones.
    """
    times = Counts()
    for one in handed(made):
        record = one if isinstance(one, Record) else Record(one if isinstance(one, Item) else _of_text(one, times))
        try:
            record = keepable(record)
        except Unkeepable as error:
            raise InputError(f"item {record.item.key}: {error}") from error
        _check(record, tasks)
        yield _in_utc(record)


def _in_utc(record: Record) -> Record:
    """Its times as all others are kept, whatever their zone."""
    said, gold = record.annotation, record.gold
    try:
        if said is not None:
            said = replace(
                said,
                started_at=utc_time("annotation: started_at", said.started_at),
                submitted_at=utc_time("annotation: submitted_at", said.submitted_at),
            )
        if gold is not None:
            gold = replace(gold, at=utc_time("gold: at", gold.at))
    except Bad as error:
        raise InputError(f"item {record.item.key}: {error.field}: {error}") from error
    return replace(record, annotation=said, gold=gold)


def _of_text(text: str, times: Counts) -> Item:
    if not text:
        raise InputError("an item's text is empty; leave it out")
    first = content_key(text)
    number = times.get((first, ""), 0) + 1
    times[first, ""] = number
    return Item(content_key(text, occurrence=number), text)


def name_problem(record: Record) -> str:
    """Why nobody could go on under the name that its answer has, as a sentence; empty if somebody could."""
    names = [one.annotator for one in (record.annotation,) if one] + [one.reviewer for one in (record.gold,) if one]
    wrong = next((name for name in names if not is_name(name)), None)
    if wrong is None:
        return ""
    return f"must be a name of one to {LONGEST_NAME} printable characters, not {shortened(wrong, LONGEST_NAME)!r}"


def _check(record: Record, tasks: Sequence[Task]) -> None:
    if problem := name_problem(record):
        raise InputError(f"item {record.item.key}: annotator: {problem}")
    for one in record.suggestions:
        if one.score is not None and not is_score(one.score):
            raise InputError(f"item {record.item.key}: {one.task}: a score must be a number, not {one.score!r}")
    said = [
        (id, value, True) for given in (record.annotation, record.gold) if given for id, value in given.answers.items()
    ]
    said += [(one.task, one.value, False) for one in record.suggestions]
    for id, value, is_answer in said:
        task = next((task for task in tasks if task.id == id), None)
        if task is None:
            raise InputError(
                f"item {record.item.key}: {id}: no such task; known are {', '.join(one.id for one in tasks)}"
            )
        drafted = [value] if isinstance(task, Spans) else value
        problem = task.check(value, record.item) if is_answer else task.draft_problem(drafted, record.item)
        if problem:
            raise InputError(f"item {record.item.key}: {id}: {problem}")


def arriving(record: Record, versions: Versions, tasks: Sequence[Task]) -> tuple[Record, Annotation | None]:
    """The record as it is kept here, and its answer as it came, by whose revision and time `Staging.stands` chooses
    among several of an annotator; None for a draft, which is no answer.
    """
    said = record.annotation
    return _ours(record, versions, tasks), None if said is None or said.status == DRAFT else said


def _ours(record: Record, versions: Versions, tasks: Sequence[Task]) -> Record:
    said, gold = record.annotation, record.gold
    if said is None and gold is None:
        return record
    if gold is not None:
        answers = kept(tasks, gold.answers, record.item)
        gold = replace(gold, answers=answers, labels_version=versions.labels, guidelines_version=0)
    if said is not None:
        finished = said.status == SUBMITTED
        answers = kept(tasks, said.answers, record.item) if finished else {}
        ours = replace(said, answers=answers, labels_version=versions.labels, guidelines_version=0, revision=0)
        said = ours if finished else None
    return replace(record, annotation=said, gold=gold)
