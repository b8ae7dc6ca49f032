"""Files as decoded lines, each with its number; what is not text is refused with its place.

Files packed by gzip and Zstandard are read as what is in them, `-` is standard input.  Nothing is
held in memory but a block of a file.
"""

from __future__ import annotations

import codecs
import contextlib
import gzip
import io
import re
import shutil
import sys
import tempfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any, AnyStr, BinaryIO, Protocol

from tui_label.core.project import Project
from tui_label.core.text import nearest, number_of, visible
from tui_label.errors import InputError
from tui_label.extras import needed
from tui_label.sound.kinds import shown

GZIP, ZSTANDARD = b"\x1f\x8b", b"\x28\xb5\x2f\xfd"
PACKED = (".gz", ".zst")
NO_TEXT = (
    (b"PK\x03\x04", 0, "a zip archive, or a spreadsheet or document made of one: unpack it and name the folder or files in it, or save it as CSV or text"),
    (b"ustar", 257, "a tar archive: unpack it, and name the folder or files in it"),
    (b"1AY&SY", 4, "packed by bzip2: unpack it, or pack it as .gz"),
    (b"\xfd7zXZ\0", 0, "packed by xz: unpack it, or pack it as .gz"),
    (b"7z\xbc\xaf\x27\x1c", 0, "a 7z archive: unpack it, and name the folder or files in it"),
    (b"SQLite format 3\0", 0, "an SQLite database: export a table as CSV, or name a project's folder"),
    (b"%PDF-", 0, "a PDF: convert it to text first"),
    (b"PAR1", 0, "a parquet file: name it .parquet, or give --format datasets"),
)  # fmt: skip
"""How files begin that are no text, and what they are."""
LOOK = 4096
SHOWN = 300
"""Characters of a complaint; a longer one loses its middle."""
BLOCK = 1 << 16
STANDARD = Path("-")
"""Standard input, or output."""
NAMED = 20
"""Bad lines named before the rest is only counted."""


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
        return f"{visible(':'.join(place))}: {visible(_short(': '.join(words)))}"


def _short(words: str) -> str:
    """The begin says what is wrong and the end what to do; between may stand any length of what was in the file."""
    return words if len(words) <= SHOWN else f"{words[: SHOWN // 2]} … {words[-SHOWN // 2 :]}"


class BadLines:
    """Lines that could not be read: left out and told of, or reason enough to take nothing."""

    def __init__(self, skip: bool, tell: Callable[[BadLine], None], done: str) -> None:
        self._skip, self._tell, self._done = skip, tell, done
        self._count = 0
        self._first: list[str] = []

    def take(self, line: BadLine) -> None:
        self._count += 1
        if self._skip:
            self._tell(line)
        elif self._count <= NAMED:
            self._first.append(str(line))

    def refuse(self) -> None:
        """Raises InputError with the first of them, unless they are left out."""
        if self._first:
            more = f" (the first {NAMED} are named)" if self._count > NAMED else ""
            raise InputError(
                *self._first,
                f"{number_of(self._count, 'bad line')}{more}: nothing was {self._done}; mend them, or leave them out with --skip-bad",
            )


class Counting(Protocol):
    """How often each pair came: a dict, or for files that are larger than memory `store.staging.Counts`."""

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
    url: str = ""
    """Where it was fetched from, to be read at `path`."""
    folder: Path | None = None
    """The folder that was named, for a file in it."""
    line: int = 0
    """Where the latest record begins; 0 where its format has no lines, or does not tell."""
    blank: int = 0
    incomparable: int = 0
    """Records with fewer than two candidates, where all that the project asks is to compare them."""
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
    known: Counting = field(default_factory=dict[tuple[str, str], int])
    """A hash of the known answer to each item so far, by `(item, "")`: a second one must be the same."""

    _spooled: BinaryIO | None = None

    def open(self) -> BinaryIO:
        """The bytes in it, from the first one; what comes through a pipe is put aside, so that it can be read more than once."""
        if self.path != STANDARD and not self.path.is_fifo():
            try:
                return opened(self.path)
            except OSError as error:
                raise InputError(f"{visible(str(self.path))}: {error.strerror}") from error
        if self._spooled is None:
            self._spooled = tempfile.NamedTemporaryFile(prefix="tui-label-")  # type: ignore[assignment]  # noqa: SIM115
            assert self._spooled is not None
            with contextlib.nullcontext(sys.stdin.buffer) if self.path == STANDARD else self.path.open("rb") as pipe:
                shutil.copyfileobj(pipe, self._spooled)
            self._spooled.flush()
        return opened(Path(self._spooled.name))

    def leave_out(self, words: str, count: int = 1) -> None:
        if count:
            self.left_out[words] = self.left_out.get(words, 0) + count

    def not_known(self, problem: str) -> None:
        self.unknown[problem] = self.unknown.get(problem, 0) + 1

    def bad(self, line: int, problem: str, field: str = "") -> BadLine:
        return BadLine(self.name, line, problem, field)

    @property
    def name(self) -> str:
        """As it is called in messages."""
        return shown(self.url) if self.url else str(self.path)


def bare(path: Path) -> Path:
    """The path of what is in a file: `items.jsonl.gz` holds `items.jsonl`."""
    return path.with_suffix("") if path.suffix.lower() in PACKED else path


def opened(path: Path) -> BinaryIO:
    """The bytes of a file, or those packed in it."""
    file = path.open("rb")
    head = file.read(4)
    file.seek(0)
    if head[:2] == GZIP:
        return io.BufferedReader(_Unpacked(path, gzip.GzipFile(fileobj=file), file), BLOCK)
    if head == ZSTANDARD:
        return io.BufferedReader(_Unpacked(path, _zstandard().ZstdFile(file), file), BLOCK)
    return file


def packed(path: Path, suffix: str) -> BinaryIO:
    """A file to write to, packed where `suffix` is `.gz` or `.zst`."""
    if suffix == ".gz":
        return gzip.open(path, "wb")  # type: ignore[return-value]
    if suffix == ".zst":
        file: BinaryIO = _zstandard().open(path, "wb")
        return file
    return path.open("wb")


def _zstandard() -> Any:
    """Python's own since 3.14, and the same as a package before."""
    if sys.version_info < (3, 14):
        return needed("backports.zstd", "zst", "Zstandard (.zst)")
    try:
        return import_module("compression.zstd")
    except ImportError as error:
        raise InputError("this Python was built without Zstandard (.zst); take .gz, or another Python") from error


class _Unpacked(io.RawIOBase):
    """What is packed in a file; one that is broken is the person's to mend."""

    def __init__(self, path: Path, packed: Any, file: BinaryIO) -> None:
        self._path, self._packed, self._file = path, packed, file

    def close(self) -> None:
        self._packed.close()
        self._file.close()
        super().close()

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int:
        try:
            data = self._packed.read(len(buffer))
        except (OSError, EOFError, zlib.error) as error:
            raise self._broken(error) from error
        except Exception as error:
            # Zstandard's own error, whose class is there only where the package is
            if type(error).__name__ != "ZstdError":
                raise
            raise self._broken(error) from error
        buffer[: len(data)] = data
        return len(data)

    def _broken(self, error: Exception) -> InputError:
        return InputError(f"{visible(str(self._path))}: cannot be unpacked ({error}); fetch or pack it again")

    def tell(self) -> int:
        return int(self._packed.tell())


def lines(reading: Reading) -> Iterator[tuple[int, str] | BadLine]:
    """`(number, line)` without line ends, which are LF, CR LF or a lone CR and nothing else."""
    for line in lines_as_they_are(reading):
        yield line if isinstance(line, BadLine) else (line[0], line[1].rstrip("\r\n"))


def filled_lines(reading: Reading) -> Iterator[tuple[int, str] | BadLine]:
    """The same without those that are blank, which are counted."""
    for line in lines(reading):
        if isinstance(line, BadLine) or line[1].strip():
            yield line
        else:
            reading.blank += 1


def lines_as_they_are(reading: Reading) -> Iterator[tuple[int, str] | BadLine]:
    """The same with the end that each has."""
    check(reading)
    encoding = reading.encoding or "utf-8"
    if encoding.lower().replace("_", "-") in ("utf-8", "utf8", "utf-8-sig"):
        yield from _utf8(reading)
        return
    number = 0
    for number, line in enumerate(_split(_decoded(reading, encoding), "\n", "\r"), 1):
        yield number, line.removeprefix("\ufeff") if number == 1 else line


def _utf8(reading: Reading) -> Iterator[tuple[int, str] | BadLine]:
    offset = 0
    with reading.open() as file:
        # Splitting bytes is safe in UTF-8, and one bad line spoils no other
        for number, line in enumerate(_split(iter(lambda: file.read(BLOCK), b""), b"\n", b"\r"), 1):
            try:
                yield number, (line[3:] if number == 1 and line.startswith(codecs.BOM_UTF8) else line).decode("utf-8")
            except UnicodeDecodeError as error:
                yield reading.bad(number, f"not UTF-8 at byte {offset + error.start}; give --encoding if it is another")
            offset += len(line)


def _decoded(reading: Reading, encoding: str) -> Iterator[str]:
    decoding = decoder(encoding)
    line = 1
    with reading.open() as file:
        while True:
            block = file.read(BLOCK)
            try:
                text = decoding.decode(block, final=not block)
            except UnicodeError as error:
                raise InputError(
                    f"{visible(str(reading.path))}: not {encoding}, in line {line} or later; give the right --encoding"
                ) from error
            line += text.count("\n")
            yield text
            if not block:
                return


def decoder(encoding: str, errors: str = "strict") -> codecs.IncrementalDecoder:
    """Raises InputError where there is no such encoding of texts."""
    try:
        b" ".decode(encoding, "replace")  # refuses those that make no text, as base64
        return codecs.getincrementaldecoder(encoding)(errors)
    except (LookupError, UnicodeError) as error:
        raise InputError(f"{encoding}: no such encoding; try utf-8, latin-1, utf-16, shift_jis, koi8-r") from error


def beginning(path: Path, encoding: str | None, size: int = LOOK) -> str:
    """The text of its first `size` bytes, as far as it is one."""
    with opened(path) as file:
        return decoder(encoding or "utf-8", "replace").decode(file.read(size)).removeprefix("\ufeff")


def _split(blocks: Iterator[AnyStr], lf: AnyStr, cr: AnyStr) -> Iterator[AnyStr]:
    """Lines with their ends, whatever the blocks."""
    rest: list[AnyStr] = []
    for block in blocks:
        # Put together once, when it ends: a line may have thousands of blocks
        goes_on = bool(rest) and lf not in block and cr not in block and not rest[-1].endswith(cr)
        rest.append(block)
        if goes_on:
            continue
        found = _lines(lf[:0].join(rest))
        # It may go on, and after CR an LF may come
        rest = [found.pop()] if found and (not found[-1].endswith(lf)) else []
        yield from found
    if rest:
        yield lf[:0].join(rest)


def _lines(text: AnyStr) -> list[AnyStr]:
    if isinstance(text, bytes):
        return text.splitlines(keepends=True)
    # str.splitlines would split at other signs too
    return re.findall(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+\Z", text)


def near(path: Path) -> str:
    """A hint, for one that is not there, at a file with a similar name."""
    try:
        names = [one.name for one in path.parent.iterdir()]
    except (OSError, ValueError):
        return ""
    found = nearest(path.name, names)
    return f"; did you mean {visible(found)}?" if found else ""


def check(reading: Reading, encoding: str | None = None) -> None:
    """Refuse what is no text file; `encoding` is what is known of it beside the command."""
    with reading.open() as file:
        _check(reading.path, file.read(LOOK), encoding or reading.encoding)


def check_file(path: Path, encoding: str | None) -> None:
    """The same of a file by its name."""
    try:
        with opened(path) as file:
            head = file.read(LOOK)
    except OSError as error:
        raise InputError(f"{visible(str(path))}: {error.strerror}") from error
    _check(path, head, encoding)


def _check(path: Path, head: bytes, encoding: str | None) -> None:
    for start, at, words in NO_TEXT:
        if head.startswith(start, at):
            raise InputError(f"{visible(str(path))}: is {words}")
    marked = head.startswith((b"\xff\xfe", b"\xfe\xff"))
    # Every other byte of what is mostly ASCII
    upper, lower = head[0::2].count(0), head[1::2].count(0)
    if encoding is None and (marked or abs(upper - lower) * 4 > len(head) > 3):
        order = "utf-16" if marked else "utf-16-be" if upper > lower else "utf-16-le"
        raise InputError(f"{visible(str(path))}: looks like UTF-16; give --encoding {order}")
