"""Which column of a table is what: items, annotators, labels and answers, by names that are given or known.

A column named after a task has its answers; where our own tables have another column of this name, it is `answer_…`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tui_label.core.project import Project
from tui_label.core.tasks import Compare
from tui_label.core.text import nearest, visible
from tui_label.errors import InputError
from tui_label.formats import card, sounds
from tui_label.formats.source import Reading
from tui_label.sound.kinds import is_sound

TEXTS = (
    "text", "sentence", "tweet", "content", "headline", "title", "body", "comment", "review", "message", "document",
)  # fmt: skip
IDS = ("item", "id", "key", "item_id", "tweet_id")
LABELS = ("label", "labels", "class", "category", "sentiment")
ANNOTATORS = ("annotator", "annotator_id", "worker", "worker_id", "workerid", "rater", "coder")
OURS = ("annotator", "flags", "active_ms", "submitted_at")
"""Columns of our own tables beside the item and the answers."""
SEPARATORS = {
    ";": "semicolons; save it with commas, or with tabs as .tsv",
    "|": "|; save it with commas, or with tabs as .tsv",
    "\t": "tabs; name it .tsv, or --format tsv",
    ",": "commas; name it .csv, or --format csv",
}
"""What may part columns, and what to do where another sign is meant to."""


@dataclass(frozen=True, slots=True)
class Columns:
    """Which column is what, by place from 0."""

    roles: Mapping[str, int]
    """`text`, `candidates`, `id`, `label`, `annotator`, and in a table of ours `flags`, `active_ms`, `submitted_at`."""
    tasks: Mapping[str, int]
    """Answers to a task each, by its id."""
    people: Mapping[str, int]
    """Labels of an annotator each, by name."""
    classes: Mapping[int, list[str]]
    """The names that numbers stand for, where the card of a dataset has them."""

    @property
    def taken(self) -> set[int]:
        return {*self.roles.values(), *self.tasks.values(), *self.people.values()}


def columns_of(reading: Reading, header: list[str]) -> Columns:
    """Raises InputError where nothing tells."""
    sound = reading.project.items == "sound"
    if sound and len(header) == 1 and is_sound(Path(header[0])):
        raise _wrong(reading, f"{visible(header[0])} is no name of a column; put a line with `audio` above it")
    search = _Search(reading, header)
    search.look_for("id", IDS)
    search.look_for("annotator", ANNOTATORS)
    if not sound:
        _find_texts(search)
    is_ours = set(OURS) <= set(search.names)
    for name in OURS[1:] if is_ours else ():
        search.look_for(name, (name,))
    answers = answer_columns(reading.project, other_columns(reading.project))
    for id, column in answers.items() if not search.people else ():
        known = [column.casefold()] if is_ours else [column.casefold(), id.casefold()]
        if sound and not is_ours:
            # What manifests of sounds have names for, sounds.py reads
            known = [one for one in known if one not in sounds.TAKEN]
        search.look_for(f"task {id}", known)
    if not search.people:
        search.look_for("label", LABELS)
    roles = search.roles
    tasks = {id: roles.pop(f"task {id}") for id in answers if f"task {id}" in roles}
    named = card.classes(reading.path)
    classes = {n: named[name] for n, name in enumerate(header) if name in named}
    return Columns(roles, tasks, search.people, classes)


class _Search:
    """What was found of a header: first the columns that the command names."""

    def __init__(self, reading: Reading, header: list[str]) -> None:
        self.reading, self.header = reading, header
        self.names = [name.strip().casefold() for name in header]
        self.roles: dict[str, int] = {}
        if reading.annotator_column:
            self.roles["annotator"] = _named(reading, header, reading.annotator_column)
        labels = {name: _named(reading, header, name) for name in reading.label_columns}
        if reading.annotator_column in labels:
            words = f"{visible(reading.annotator_column)} cannot be both who answered and the label"
            raise _wrong(reading, words)
        self.people = labels if len(labels) > 1 else {}
        if len(labels) == 1:
            self.roles["label"] = labels[reading.label_columns[0]]
        self.chosen = self.taken
        """Those that the command names, known before any is looked for."""

    @property
    def taken(self) -> set[int]:
        return {*self.roles.values(), *self.people.values()}

    def look_for(self, role: str, known: Sequence[str]) -> None:
        """The first of the known names that no other role has."""
        free = [name if n not in self.taken else "" for n, name in enumerate(self.names)]
        place = next((free.index(name) for name in known if name in free), None)
        if role not in self.roles and place is not None:
            _check_once(self.reading, free, place)
            self.roles[role] = place


def _find_texts(search: _Search) -> None:
    reading, header, roles = search.reading, search.header, search.roles
    search.look_for("text", TEXTS)
    if reading.project.first(Compare):
        search.look_for("candidates", ("candidates",))
    has_texts = not {"text", "candidates"}.isdisjoint(roles)
    texts = [header[n] for n in sorted(search.chosen) if search.names[n] in TEXTS or len(header) == 1]
    if texts and not has_texts:
        words = f"{visible(texts[0])} has the texts; --annotator-column and --label-column name other columns"
        raise _wrong(reading, words)
    if "text" not in roles and len(header) == 1:
        roles["text"] = 0
    elif not has_texts:
        words = f"no column is named text (it has {visible(', '.join(header)[:80])}); add a header row with one"
        raise _wrong(reading, words)


def _wrong(reading: Reading, words: str) -> InputError:
    return InputError(f"{visible(str(reading.path))}:1: {words}")


def refuse_other_separator(reading: Reading, header: str, delimiter: str) -> None:
    """A header that is no single name: taken for one, its rows would be texts with ids and labels in them."""
    known, header = {*TEXTS, *sounds.PATHS}, header.strip().casefold()
    for sign, words in SEPARATORS.items():
        if sign == delimiter:
            continue
        # Excel has a line of its own to say it
        if header == f"sep={sign}" or (
            sign in header and not known.isdisjoint(part.strip(' "') for part in header.split(sign))
        ):
            raise _wrong(reading, f"its columns are parted by {words}")


def _check_once(reading: Reading, names: Sequence[str], place: int) -> None:
    """Which of two columns of one name is meant, nobody can tell."""
    if names.count(names[place]) > 1:
        raise _wrong(reading, f"two columns are named {visible(names[place])}; rename one")


def _named(reading: Reading, header: list[str], name: str) -> int:
    names = [one.strip() for one in header]
    if name in names:
        place = names.index(name)
        _check_once(reading, names, place)
        return place
    near = nearest(name, names)
    hint = f"; did you mean {visible(near)}?" if near else f" (it has {visible(', '.join(names)[:80])})"
    raise _wrong(reading, f"no column is named {visible(name)}{hint}")


def answer_columns(project: Project, others: Collection[str]) -> dict[str, str]:
    """The column of each task's answers: its id, or where that is one of the `others`, `answer_` before it."""
    ids = [task.id for task in project.tasks]
    taken = {one.casefold() for one in (*others, *ids)}
    found = {}
    for id in ids:
        column = id
        if id.casefold() in others:
            while column.casefold() in taken:
                column = f"answer_{column}"
        found[id] = column
    return found


def other_columns(project: Project) -> list[str]:
    """The columns of our tables beside the answers."""
    return ["item", *content_columns(project), *OURS]


def content_columns(project: Project) -> list[str]:
    found = ["audio", "offset", "duration"] if project.items == "sound" else ["text"]
    return [*found, "candidates"] if project.first(Compare) else found
