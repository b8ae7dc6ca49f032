"""Files as decoded lines, each with its number; what is not text is refused with its place."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from tui_label.core.project import Project
from tui_label.core.text import visible
from tui_label.errors import InputError

GZIP = b"\x1f\x8b"
LOOK = 4096


@dataclass(frozen=True, slots=True)
class BadLine:
    """A line that could not be read, or (line 0) a whole file; as text it is one line for a person."""

    file: str
    line: int
    problem: str
    field: str = ""

    def __str__(self) -> str:
        place = [self.file, str(self.line)] if self.line else [self.file]
        words = [self.field, self.problem] if self.field else [self.problem]
        return f"{visible(':'.join(place))}: {visible(': '.join(words))}"


class Counting(Protocol):
    """How often each came; a dict for files of a usual size."""

    def get(self, one: tuple[str, str], default: int, /) -> int: ...

    def __setitem__(self, one: tuple[str, str], times: int, /) -> None: ...


@dataclass
class Reading:
    """One file being read for one project, and what was noticed on the way."""

    path: Path
    project: Project
    encoding: str | None = None
    answers_of: str = ""
    """Whose finished answers the labels are; empty: they are suggestions."""
    gold: str = ""
    """What items are for whose answers are known (`check` or `qualification`); empty: the answers are somebody's."""
    annotator_column: str = ""
    """In a table, the column with the annotators' names; empty: one with a name known for it."""
    label_columns: tuple[str, ...] = ()
    """In a table, the column with the labels; several: each has those of the annotator it is named after."""
    blank: int = 0
    twins: int = 0
    """Items that repeat another one of this file."""
    repaired: int = 0
    """Spans whose offsets were UTF-16 units."""
    occurrences: Counting = field(default_factory=dict[tuple[str, str], int])
    """How often a content came from an annotator (empty: from nobody in particular)."""
    unknown: dict[str, int] = field(default_factory=dict)
    """Why suggestions were kept as meta only, and how often."""
    left_out: dict[str, int] = field(default_factory=dict)
    """What the file carries and an item does not, and how often, as a plural: `notes`."""
    reasons: dict[str, int] = field(default_factory=dict)
    """Reasons of flags that the project does not list, and how often they came; they are kept."""
    known: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    """The known answers so far, by item."""

    def leave_out(self, words: str, count: int = 1) -> None:
        if count:
            self.left_out[words] = self.left_out.get(words, 0) + count

    def bad(self, line: int, problem: str, field: str = "") -> BadLine:
        return BadLine(str(self.path), line, problem, field)


def lines(reading: Reading) -> Iterator[tuple[int, str] | BadLine]:
    """`(number, line)` without line ends, which are LF, CR LF or a lone CR and nothing else."""
    check(reading.path, reading.encoding)
    encoding = reading.encoding or "utf-8"
    if encoding.lower().replace("_", "-") not in ("utf-8", "utf8", "utf-8-sig"):
        yield from _decoded_whole(reading, encoding)
        return
    offset = 0
    number = 0
    with reading.path.open("rb") as file:
        for chunk in file:
            # Only a chunk without LF at its end can be cut by CR; splitting bytes is safe in UTF-8
            body = chunk[:-1] if chunk.endswith(b"\n") else chunk
            body = body[:-1] if chunk.endswith(b"\r\n") else body
            parts = body.split(b"\r")
            if number == 0 and parts[0].startswith(b"\xef\xbb\xbf"):
                parts[0] = parts[0][3:]
            for n, part in enumerate(parts):
                if n == len(parts) - 1 and n > 0 and not part and not chunk.endswith(b"\n"):
                    break
                number += 1
                try:
                    yield number, part.decode("utf-8")
                except UnicodeDecodeError as error:
                    yield reading.bad(
                        number, f"not UTF-8 at byte {offset + error.start}; give --encoding if it is another"
                    )
            offset += len(chunk)


def _decoded_whole(reading: Reading, encoding: str) -> Iterator[tuple[int, str] | BadLine]:
    try:
        text = reading.path.read_bytes().decode(encoding)
    except UnicodeDecodeError as error:
        raise InputError(f"{reading.path}: not {encoding} at byte {error.start}; give the right --encoding") from error
    except LookupError as error:
        raise InputError(f"{encoding}: no such encoding; try utf-8, latin-1, utf-16, shift_jis, koi8-r") from error
    text = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    found = text.split("\n")
    if found and not found[-1]:
        found.pop()
    yield from enumerate(found, 1)


def near(path: Path) -> str:
    """A hint, for one that is not there, at a file with a similar name."""
    try:
        names = [one.name for one in path.parent.iterdir()]
    except (OSError, ValueError):
        return ""
    found = difflib.get_close_matches(path.name, names, 1)
    return f"; did you mean {visible(found[0])}?" if found else ""


def check(path: Path, encoding: str | None) -> None:
    """Refuse what is no text file."""
    try:
        with path.open("rb") as file:
            head = file.read(LOOK)
    except OSError as error:
        raise InputError(f"{visible(str(path))}: {error.strerror}") from error
    if head.startswith(GZIP):
        raise InputError(f"{visible(str(path))}: compressed (gzip); unpack it first with `gunzip`")
    if encoding is None and (head.startswith((b"\xff\xfe", b"\xfe\xff")) or head.count(0) * 4 > len(head) > 3):
        order = (
            "utf-16" if head[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-16-be" if head[:1] == b"\0" else "utf-16-le"
        )
        raise InputError(f"{visible(str(path))}: looks like UTF-16; give --encoding {order}")
