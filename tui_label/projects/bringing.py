"""Files into a project: all of them are read and checked, then written while people work."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from tui_label import formats
from tui_label.core.annotation import SKIPPED, UNDONE
from tui_label.core.gold import PROBES
from tui_label.core.project import Project
from tui_label.core.record import place
from tui_label.core.roles import LONGEST_NAME, is_name
from tui_label.core.text import visible
from tui_label.errors import InputError, UsageError
from tui_label.formats import BadLine, BadLines, Format, Reading, recognition
from tui_label.projects.arrivals import arriving, name_problem
from tui_label.sound.kinds import is_sound, is_url, shown
from tui_label.store.base import Added, Store, Versions
from tui_label.store.staging import Counts, Staging

EVERY = 5000
"""Records between two words to who watches."""


@dataclass(frozen=True, slots=True)
class FileRead:
    """One of several files, read to its end."""

    reading: Reading
    format: str
    records: int
    items: int
    """Different ones."""
    of: int
    """Files there are in all."""


class Watch(Protocol):
    """Is told how far things are."""

    def fetching(self, name: str, part: float) -> None:
        """From elsewhere; `part` of it is here, from 0 to 1."""
        ...

    def reading(self, path: Path, records: int) -> None: ...

    def read(self, file: FileRead) -> None: ...

    def left_out(self, line: BadLine) -> None: ...

    def writing(self, records: int, of: int) -> None:
        """So many more of them are written."""
        ...


class Silent:
    """A watch that says nothing."""

    def fetching(self, name: str, part: float) -> None: ...

    def reading(self, path: Path, records: int) -> None: ...

    def read(self, file: FileRead) -> None: ...

    def left_out(self, line: BadLine) -> None: ...

    def writing(self, records: int, of: int) -> None: ...


SILENT = Silent()


@dataclass(frozen=True, slots=True)
class Brought:
    """What came of it."""

    added: Added
    items: int
    """How often an item came: one that several annotators answered came once."""
    superseded: int
    """Earlier revisions of answers that are here too, left out."""
    skipped: int
    """Items that an annotator skipped: they came in as items to label."""
    undone: int
    """Answers that were taken back, left out."""
    beside: Mapping[str, int]
    """Files of labels that lie in folders of which the sounds alone were taken, by format."""


def _expanded(given: str | Path, format: Format | None) -> Sequence[str | Path]:
    return [given] if isinstance(given, str) and is_url(given) else recognition.expanded(Path(given), format)


@contextmanager
def here(given: str | Path, watch: Watch) -> Iterator[Path]:
    """The path at which a file can be read: one at a URL is fetched first, and complaints about the copy name the URL."""
    if isinstance(given, Path):
        yield given
        return
    from tui_label.sound.remote import cache

    name = shown(given)
    with cache().lent(given, lambda part: watch.fetching(name, part)) as path:
        try:
            yield path
        except InputError as error:
            raise InputError(*(words.replace(visible(str(path)), name) for words in error.problems)) from error


def refuse_page(path: Path, option: str) -> None:
    """A link to where a file is shown, or to a login, leads to a page about it; `option` would say that it is meant."""
    with path.open("rb") as file:
        head = file.read(100).lstrip().lower()
    if head.startswith((b"<!doctype html", b"<html")) and path.suffix not in (".html", ".htm"):
        raise InputError(
            f"{visible(str(path))}: is a web page; give the address of the file itself, or {option} text if the page is meant"
        )


def bring_in(
    project: Project,
    store: Store,
    versions: Versions,
    files: Sequence[str | Path],
    *,
    format: str,
    encoding: str | None,
    annotator: str,
    gold: str,
    annotator_column: str,
    label_columns: tuple[str, ...],
    skip_bad: bool,
    watch: Watch,
) -> Brought:
    """See `api.Project.add_files`; `Reading` has the options.

    Raises InputError with all bad lines, and then nothing was written.
    """
    _refuse_misuse(files, annotator, gold)
    wanted = formats.find(format) if format else None
    named = [(one, given) for given in files for one in _expanded(given, wanted)]
    beside = Counter[str]() if format else _beside(named)
    bad = BadLines(skip_bad, watch.left_out, "brought in")
    with store.staging() as staging:
        for given, whole in named:
            with here(given, watch) as path:
                if isinstance(given, str) and not format:
                    refuse_page(path, "--format")
                chosen = wanted or recognition.recognise(path, encoding)
                reading = Reading(
                    path,
                    project,
                    encoding,
                    annotator,
                    gold,
                    annotator_column,
                    label_columns,
                    given if isinstance(given, str) else "",
                    None if isinstance(given, str) else Path(whole),
                    occurrences=Counts(),
                    known=Counts(),
                )
                records, items = _stage(staging, reading, chosen, versions, bad, watch)
                watch.read(FileRead(reading, chosen.name, records, items, len(named)))
        for conflict in store.conflicts(staging):
            bad.take(BadLine(conflict.place, 0, conflict.words))
        bad.refuse()
        if not staging.taken:
            raise InputError(f"{', '.join(shown(str(given)) for given in files)}: no items in it")
        superseded = staging.stands()
        total = len(staging)
        added = store.add(staging, lambda count: watch.writing(count, total))
        skipped, undone = staging.statuses(SKIPPED), staging.statuses(UNDONE)
        return Brought(added, staging.arrivals(), superseded, skipped, undone, beside)


def _refuse_misuse(files: Sequence[str | Path], annotator: str, gold: str) -> None:
    if not all(map(str, files)):
        raise UsageError("one FILE is an empty name, which would be the folder you are in; name it . if you mean that")
    if annotator and not is_name(annotator):
        raise UsageError(f"a name is one to {LONGEST_NAME} printable characters; give it with --annotator NAME")
    if gold and gold not in PROBES:
        raise UsageError(f"{visible(gold)}: known answers are for {' or '.join(PROBES)}")


def _beside(named: Sequence[tuple[str | Path, str | Path]]) -> Counter[str]:
    """See `Brought.beside`."""
    folders = {Path(given): None for one, given in named if is_sound(Path(one)) and Path(given).is_dir()}
    return sum((Counter(recognition.beside_sounds(folder)) for folder in folders), Counter[str]())


def _stage(
    staging: Staging, reading: Reading, format: Format, versions: Versions, bad: BadLines, watch: Watch
) -> tuple[int, int]:
    """Read one file to its end; how many records it has, and how many different items."""
    before = staging.taken
    staging.begin(reading.name)
    for count, one in enumerate(formats.read(reading, format), 1):
        if isinstance(one, BadLine):
            bad.take(one)
        elif problem := name_problem(one):
            bad.take(BadLine(place(reading.name, reading.line, count), 0, problem, "annotator"))
        else:
            staging.append(*arriving(one, versions, reading.project.tasks), reading.line)
        if count % EVERY == 0:
            watch.reading(reading.path, count)
    return staging.taken - before, staging.items(before)
