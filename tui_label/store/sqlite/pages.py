"""Rows out of a damaged SQLite file, page by page: as much of its format as that takes.

A page that cannot be read costs its own rows and no others: pages that a broken one led to are found
all the same, and told by the shape of their rows.  The write-ahead log is read the same way, past
damage at which SQLite itself would stop.  Nothing here writes.  https://www.sqlite.org/fileformat2.html
"""

from __future__ import annotations

import contextlib
import os
import struct
import weakref
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tui_label.store.sqlite import logs

INDEX_INSIDE, TABLE_INSIDE, INDEX_LEAF, TABLE_LEAF = 2, 5, 10, 13
WAL_HEADER, FRAME_HEADER = 32, 24
Row = list[Any]
UNREADABLE = (IndexError, ValueError, struct.error, OverflowError)


class Unreadable(ValueError):
    pass


@dataclass
class Log:
    """The write-ahead log: the latest committed content of pages."""

    pages: dict[int, int] = field(default_factory=dict)
    """Where in the file the content of a page stands."""
    size: int = 0
    """Pages of the database after the last commit."""
    damaged: int = 0
    """Frames that cannot be right though committed ones follow."""
    page_size: int = 0


class Content:
    """The bytes of a file, none where it is not there; zeros where the disk does not give them.

    Read piece by piece: in a map of it, a part that the disk does not give ends the process.
    """

    def __init__(self, path: Path) -> None:
        self._size = 0
        if path.exists():
            self._file = os.open(path, os.O_RDONLY)
            weakref.finalize(self, os.close, self._file)
            self._size = os.fstat(self._file).st_size

    def __len__(self) -> int:
        return self._size

    def __getitem__(self, piece: slice) -> bytes:
        start, stop, _ = piece.indices(self._size)
        length = max(stop - start, 0)
        found = b""
        with contextlib.suppress(OSError):
            found = os.pread(self._file, length, start) if length else b""
        return found.ljust(length, b"\0")


class Image:
    """The bytes of a database and its log, as pages."""

    def __init__(self, path: Path) -> None:
        self._data, self._wal = Content(path), Content(logs.files(path)[0])
        self.page_size = self._size_of_pages()
        self.usable = self.page_size - (self._data[20:21][0] if self._sound_header() else 0)
        self.log = _read_log(self._wal, self.page_size)
        self.count = max(-(-len(self._data) // self.page_size), self.log.size)

    def _sound_header(self) -> bool:
        return self._data[:16] == b"SQLite format 3\0" and self._data[21:24] == b"\x40\x20\x20"

    def _size_of_pages(self) -> int:
        written = (self._data[16:18], self._wal[8:12]) if self._sound_header() else (self._wal[8:12],)
        for raw in written:
            size = int.from_bytes(raw, "big")
            size = 65536 if size == 1 else size
            if 512 <= size <= 65536 and size & (size - 1) == 0:
                return size
        return 4096

    def page(self, number: int) -> bytes:
        if not 1 <= number <= self.count:
            raise Unreadable(f"no page {number}")
        if number in self.log.pages:
            at, source = self.log.pages[number], self._wal
        else:
            at, source = (number - 1) * self.page_size, self._data
        return source[at : at + self.page_size].ljust(self.page_size, b"\0")


def _read_log(data: Content, page_size: int) -> Log:
    """Each frame's checksum goes on from the one before, so that after a broken one the next can be told again."""
    log = Log()
    step = FRAME_HEADER + page_size
    heads = [struct.unpack(">6I", data[at : at + FRAME_HEADER]) for at in range(WAL_HEADER, len(data) - step + 1, step)]
    if not heads:
        return log
    magic, *_, salt1, salt2, sum1, sum2 = struct.unpack(">8I", data[:WAL_HEADER])
    sound = magic in (0x377F0682, 0x377F0683)
    salts = (salt1, salt2) if sound else Counter(head[2:4] for head in heads).most_common(1)[0][0]
    order = ">" if magic & 1 and sound else "<"
    before = (sum1, sum2) if sound else None
    open_pages: dict[int, int] = {}
    suspects = 0
    for n, (number, size, *rest) in enumerate(heads):
        at = WAL_HEADER + n * step
        if tuple(rest[:2]) != salts:
            before, suspects = None, suspects + 1
            continue
        words = struct.unpack(f"{order}{2 + page_size // 4}I", data[at : at + 8] + data[at + FRAME_HEADER : at + step])
        good = before is None or _checksum(words, before) == tuple(rest[2:])
        before = rest[2], rest[3]
        if not good:
            suspects += 1
            continue
        open_pages[number] = at + FRAME_HEADER
        if size:
            log.pages |= open_pages
            open_pages.clear()
            log.size, log.damaged = size, log.damaged + suspects + (not sound and not log.damaged)
            suspects = 0
    return log


def _checksum(words: tuple[int, ...], seed: tuple[int, int]) -> tuple[int, int]:
    one, two = seed
    for n in range(0, len(words), 2):
        one = (one + words[n] + two) & 0xFFFFFFFF
        two = (two + words[n + 1] + one) & 0xFFFFFFFF
    return one, two


@dataclass
class Page:
    """What stands on a page of a tree."""

    kind: int
    rows: list[tuple[int, Row]]
    """Each with its rowid, 0 in an index."""
    children: list[int]
    broken: int
    """Rows that cannot be read."""
    overflow: set[int]


class Reader:
    """Trees and rows."""

    def __init__(self, image: Image) -> None:
        self.image = image
        self.seen: set[int] = set()
        """Pages that belong somewhere."""

    def walk(self, root: int, kinds: tuple[int, int]) -> Iterator[Page | None]:
        """The pages of a tree; None for one that cannot be read."""
        left = [root]
        while left:
            number = left.pop()
            if number in self.seen:
                continue
            try:
                page = self.read(number)
            except UNREADABLE:
                yield None
                continue
            if page.kind not in kinds:
                yield None
                continue
            self.seen |= {number} | page.overflow
            left += reversed(page.children)
            yield page

    def lost(self) -> Iterator[Page]:
        """Pages of trees to which nothing leads any more."""
        for number in self._free():
            self.seen.add(number)
        found = []
        for number in range(1, self.image.count + 1):
            if number not in self.seen:
                try:
                    page = self.read(number)
                except UNREADABLE:
                    continue
                found.append((number, page))
        # What is somebody's overflow may look like a page of its own
        overflow = {one for _, page in found for one in page.overflow}
        for number, page in found:
            if number not in overflow:
                yield page

    def _free(self) -> Iterator[int]:
        head = self.image.page(1)
        trunk, looked = int.from_bytes(head[32:36], "big"), set()
        while trunk and trunk not in looked and trunk <= self.image.count:
            looked.add(trunk)
            yield trunk
            page = self.image.page(trunk)
            count = min(int.from_bytes(page[4:8], "big"), self.image.page_size // 4 - 2)
            yield from struct.unpack(f">{count}I", page[8 : 8 + 4 * count])
            trunk = int.from_bytes(page[:4], "big")

    def read(self, number: int) -> Page:
        data = self.image.page(number)
        start = 100 if number == 1 else 0
        kind = data[start]
        if kind not in (INDEX_INSIDE, TABLE_INSIDE, INDEX_LEAF, TABLE_LEAF):
            raise Unreadable(f"page {number} is of no tree")
        inside = kind in (INDEX_INSIDE, TABLE_INSIDE)
        count = int.from_bytes(data[start + 3 : start + 5], "big")
        first = start + (12 if inside else 8)
        if first + 2 * count > self.image.usable:
            raise Unreadable(f"page {number} counts too many rows")
        page = Page(kind, [], [], 0, set())
        for at in struct.unpack(f">{count}H", data[first : first + 2 * count]):
            try:
                self._read_cell(data, at, page)
            except UNREADABLE:
                page.broken += 1
        if inside:
            page.children.append(int.from_bytes(data[start + 8 : start + 12], "big"))
        return page

    def _read_cell(self, data: bytes, at: int, page: Page) -> None:
        if page.kind in (INDEX_INSIDE, TABLE_INSIDE):
            page.children.append(int.from_bytes(data[at : at + 4], "big"))
            at += 4
        if page.kind == TABLE_INSIDE:
            return
        length, at = _varint(data, at)
        rowid = 0
        if page.kind == TABLE_LEAF:
            rowid, at = _varint(data, at)
        payload, overflow = self._payload(data, at, length, page.kind == TABLE_LEAF)
        page.rows.append((rowid, _record(payload)))
        page.overflow |= overflow

    def _payload(self, data: bytes, at: int, length: int, table: bool) -> tuple[bytes, set[int]]:
        usable = self.image.usable
        most = usable - 35 if table else (usable - 12) * 64 // 255 - 23
        if not 0 < length <= self.image.count * usable:
            raise Unreadable("a row longer than the file")
        if length <= most:
            if at + length > usable:
                raise Unreadable("a row over the end of its page")
            return data[at : at + length], set()
        least = (usable - 12) * 32 // 255 - 23
        here = least + (length - least) % (usable - 4)
        here = here if here <= most else least
        parts, left = [data[at : at + here]], length - here
        following, pages = int.from_bytes(data[at + here : at + here + 4], "big"), set()
        while left > 0:
            if following in pages:
                raise Unreadable("a row that goes in circles")
            pages.add(following)
            more = self.image.page(following)
            parts.append(more[4 : min(usable, 4 + left)])
            left -= usable - 4
            following = int.from_bytes(more[:4], "big")
        return b"".join(parts), pages


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = 0
    for n in range(9):
        byte = data[at + n]
        if n == 8:
            value = value << 8 | byte
            return value - (1 << 64) if value >> 63 else value, at + 9
        value = value << 7 | byte & 0x7F
        if byte < 0x80:
            return value, at + n + 1
    raise AssertionError("nine bytes at most")


_WIDTHS = (0, 1, 2, 3, 4, 6, 8, 8, 0, 0)


def _record(data: bytes) -> Row:
    """The values of a row; raises where lengths do not add up."""
    head, at = _varint(data, 0)
    kinds = []
    while at < head:
        kind, at = _varint(data, at)
        kinds.append(kind)
    widths = [_WIDTHS[kind] if 0 <= kind < 10 else (kind - 12) // 2 for kind in kinds]
    if at != head or not kinds or min(widths) < 0 or head + sum(widths) != len(data):
        raise Unreadable("lengths that do not add up")
    row: Row = []
    for kind, width in zip(kinds, widths, strict=True):
        row.append(_value(kind, data[at : at + width]))
        at += width
    return row


def _value(kind: int, data: bytes) -> Any:
    if kind == 0:
        return None
    if kind <= 6:
        return int.from_bytes(data, "big", signed=True)
    if kind == 7:
        return struct.unpack(">d", data)[0]
    if kind in (8, 9):
        return kind - 8
    if kind in (10, 11):
        raise Unreadable("a kind of value that does not exist")
    return data.decode("utf-8") if kind % 2 else data
