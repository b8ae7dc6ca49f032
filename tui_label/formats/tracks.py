"""What was said of each recording, on its way out to formats of sounds.

Times become those of the file, also where an item is a stretch of one.  A format
with lines keeps those it was read from as the item's meta under its own name: a
line that says what the segment still says goes out as it came, so that digits,
confidences and channels come through.
"""

from __future__ import annotations

import itertools
import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from pathlib import Path, PurePosixPath
from typing import Any

from tui_label.core.annotation import Annotation
from tui_label.core.item import Item, Sound
from tui_label.core.project import Project
from tui_label.core.tasks import Segment, Segments, Task, Text, segments_from
from tui_label.core.text import visible
from tui_label.errors import UsageError
from tui_label.formats.making import Bad
from tui_label.formats.outgoing import Dropped, Rows, count, is_finished, spelled
from tui_label.formats.recordings import EXACT
from tui_label.formats.source import bare, packed
from tui_label.sound.kinds import is_url, shown
from tui_label.whole import growing, write_file


@dataclass(frozen=True, slots=True)
class Track:
    """What was said of one recording; times count from its begin."""

    path: str
    """Absolute."""
    seconds: float
    """As far as is known of its length."""
    rate: int
    segments: tuple[Segment, ...]
    meta: Mapping[str, Any] = field(default_factory=dict)
    name: str = ""
    """Its file's name without the ending; longer where that is the name of several."""


@dataclass(frozen=True, slots=True)
class Said:
    """One answer: segments, and the text of the whole."""

    item: Item
    sound: Sound
    segments: tuple[Segment, ...] | None
    text: str | None


KEEP_LINES = frozenset({"audacity", "raven", "ctm", "stm", "rttm"})
"""Formats that keep their lines as meta, under their own name."""
NOTHING_SAID = "answers without segments"
"""What formats with a line a segment have no place for."""


def said(
    rows: Rows, project: Project, dropped: Dropped, *kinds: type[Task], carries_meta: bool = False
) -> Iterator[Said]:
    """The first annotator's finished answer about each sound, the latest of a history.

    All else is counted, and so is what is not of the first task of each kind.
    """
    chosen = {kind: project.first(kind) for kind in kinds}
    if not any(chosen.values()):
        names = " or ".join(kind.kind for kind in kinds)
        raise UsageError(f"the project has no {names} task, and this format carries nothing else")
    taken = {task.id for task in chosen.values() if task is not None}
    found: dict[str, tuple[Item, Annotation]] = {}
    for item, annotation in rows:
        if item.sound is None:
            count(dropped, "items that are no sounds")
        elif is_finished(annotation, dropped):
            _, before = found.setdefault(item.key, (item, annotation))
            count(dropped, "further answers about a sound", before is not annotation)
            if before.annotator == annotation.annotator and before.revision < annotation.revision:
                found[item.key] = item, annotation
    for item, annotation in found.values():
        assert item.sound is not None
        count(dropped, "flags", len(annotation.flags))
        count(dropped, "times", bool(annotation.timing.wall))
        count(dropped, "fields of meta", 0 if carries_meta else len(item.meta.keys() - KEEP_LINES))
        for other in annotation.answers:
            count(dropped, f"answers to {other}", other not in taken)
        segments, text = (_answer(annotation, chosen.get(kind)) for kind in (Segments, Text))
        moved = None if segments is None else tuple(_moved(one, item.sound) for one in segments_from(segments))
        yield Said(item, item.sound, moved, text)


def whole_recordings(found: Iterable[Said], dropped: Dropped) -> list[Said]:
    """Those that are about whole recordings and have a text; stretches are counted as dropped.

    How long a recording is, is known only from what was said of it: it ends with its last stretch.
    """
    found = list(found)
    ends: dict[str, float] = {}
    for one in found:
        ends[one.sound.path] = max(ends.get(one.sound.path, 0.0), plus(one.sound.offset, one.sound.duration))
    whole = [one for one in found if not one.sound.offset and one.sound.duration == ends[one.sound.path]]
    count(dropped, "stretches of recordings", len(found) - len(whole))
    return [one for one in whole if one.text is not None]


def _answer(annotation: Annotation, task: Task | None) -> Any:
    return annotation.answers.get(task.id) if task is not None else None


def _moved(segment: Segment, sound: Sound) -> Segment:
    if not sound.offset:
        return segment
    return replace(segment, start=plus(sound.offset, segment.start), end=plus(sound.offset, segment.end))


def tracks(rows: Rows, project: Project, dropped: Dropped) -> list[Track]:
    """One a recording, in the order of the rows; its stretches are put together, its segments in order of time."""
    found: dict[str, Track] = {}
    for one in said(rows, project, dropped, Segments):
        sound, end = one.sound, plus(one.sound.offset, one.sound.duration)
        path = whereabouts(project, sound)
        track = found.get(path, Track(path, end, sound.rate, (), one.item.meta))
        segments = sorted([*track.segments, *(one.segments or ())], key=lambda segment: segment.when)
        last = max([track.seconds, end, *(segment.end for segment in segments)])
        found[path] = replace(track, segments=tuple(segments), seconds=last)
    named = names(found)
    return [replace(track, name=named[path]) for path, track in found.items()]


def names(paths: Iterable[str]) -> dict[str, str]:
    """For each absolute path the shortest name that only it has.

    That is the stem, the file's name, or either with the folders below the one that all share.
    """
    files = {path: PurePosixPath(f"/{shown(path).partition('://')[2]}" if is_url(path) else path) for path in paths}
    shared = os.path.commonpath([file.parent for file in files.values()]) if files else ""
    schemes: list[Callable[[PurePosixPath], str]] = [
        lambda file: file.stem,
        lambda file: file.name,
        lambda file: str(file.relative_to(shared).with_suffix("")),
        lambda file: str(file.relative_to(shared)),
    ]
    made: dict[str, str] = {}
    for scheme in schemes:
        often = Counter(spelled(scheme(file)) for file in files.values())
        for path, file in files.items():
            if often[spelled(scheme(file))] == 1:
                made.setdefault(path, scheme(file))
    if nameless := [path for path in files if path not in made]:
        raise UsageError(f"a recording is named as {visible(nameless[0])} but for blanks; rename one")
    return made


def whereabouts(project: Project, sound: Sound) -> str:
    """A recording's URL as it came, or its absolute path, for programs that know nothing of the project's folder."""
    if is_url(sound.path):
        return sound.path
    # Not resolve(): links are followed by those who open it
    return Path(os.path.abspath(project.folder / sound.path)).as_posix()  # noqa: PTH100


# one thing for each recording


def write_files(place: Path, texts: Iterable[tuple[str, str]]) -> int:
    """Files of this folder, each whole or not at all, or the only one, where it is named with their ending; how many."""
    first = list(itertools.islice(texts := iter(texts), 2))
    if first and not place.is_dir() and bare(place).suffix.lower() == Path(first[0][0]).suffix.lower():
        if len(first) > 1:
            raise not_one_file(place)
        with growing(place) as partial, packed(partial, place.suffix.lower()) as out:
            out.write(first[0][1].encode())
        return 1
    written = 0
    for name, text in itertools.chain(first, texts):
        write_file(place / name, text)
        written += 1
    return written


def not_one_file(place: Path) -> UsageError:
    return UsageError(
        f"{visible(str(place))}: would be more than one file; name a folder for them, "
        "and the format with --format (convert: --to)"
    )


# numbers


def plus(start: float, more: float) -> float:
    return float(EXACT.add(Decimal(repr(start)), Decimal(repr(more))))


def length(segment: Segment) -> Decimal:
    """Seconds, exactly: the start and this give the end again."""
    return EXACT.subtract(Decimal(repr(segment.end)), Decimal(repr(segment.start)))


def digits(seconds: float | Decimal, least: int = 3) -> str:
    """All digits of a time, `least` of them behind the point, never an exponent."""
    written = format(Decimal(repr(seconds)) if isinstance(seconds, float) else seconds, "f")
    whole, _, rest = written.partition(".")
    return f"{whole}.{rest.rstrip('0').ljust(least, '0')}" if least or rest.rstrip("0") else whole


def without(segments: Iterable[Segment], dropped: Dropped, **fields: str) -> list[Segment]:
    """Segments without some fields; `fields` says what each is called where it is counted: `speaker="speakers"`."""
    made = []
    for one in segments:
        for name, words in fields.items():
            count(dropped, words, bool(getattr(one, name)))
        left = {name: "" if name in fields else getattr(one, name) for name in ("label", "text", "speaker")}
        made.append(Segment(one.start, one.end, **left))
    return made


def in_milliseconds(segments: Iterable[Segment], dropped: Dropped) -> list[tuple[int, int, Segment]]:
    """Start and end in whole milliseconds, for formats that have no finer ones."""
    made = []
    for one in segments:
        start, end = round(one.start * 1000), round(one.end * 1000)
        if start == end:
            count(dropped, "segments shorter than a millisecond")
            continue
        count(dropped, "parts of milliseconds", (start / 1000, end / 1000) != one.when)
        made.append((start, end, one))
    return made


# lines as they came


def kept_lines(meta: Mapping[str, Any], format: str) -> list[str]:
    lines = meta.get(format)
    return [line for line in lines if isinstance(line, str)] if isinstance(lines, list) else []


def as_they_came(
    segments: list[Segment],
    lines: list[str],
    parsed: Callable[[str], Segment | None],
    fresh: Callable[[Segment], str],
) -> list[str]:
    """Lines with their ends for the segments: those they came from where they still say the same, else fresh ones.

    `parsed` gives None for a line that is no segment; such lines stay, before the others
    where anything changed.  Raises nothing: a line that cannot be read is not written.
    """
    others: list[str] = []
    end = "\r\n" if any(line.endswith("\r\n") for line in lines) else "\n"
    came: dict[tuple[int, int, str, str, str], list[str]] = {}
    for line in lines:
        try:
            segment = parsed(line)
        except Bad:
            continue
        others.append(line) if segment is None else came.setdefault(_same(segment), []).append(line)
    number = sum(len(found) for found in came.values())
    made = [found.pop(0) if (found := came.get(_same(one))) else "" for one in segments]
    if all(made) and len(made) == number and len(made) + len(others) == len(lines):
        return lines
    return [*others, *(line or fresh(one) + end for line, one in zip(made, segments, strict=True))]


def joined(lines: Iterable[str]) -> str:
    """Lines with their ends as one text; only the last one may have none."""
    *before, last = [*lines] or [""]
    return "".join(line if line.endswith("\n") else f"{line}\n" for line in before) + last


def _same(one: Segment) -> tuple[int, int, str, str, str]:
    """What makes it the same segment: people's work is kept in milliseconds."""
    return round(one.start * 1000), round(one.end * 1000), one.label, one.text, one.speaker
