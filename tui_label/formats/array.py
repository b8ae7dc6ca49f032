"""JSON of many records: a line each, or an array, read and written one after the other: a file may be larger than memory."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any, TextIO

from tui_label.core.text import visible
from tui_label.errors import InputError
from tui_label.formats.source import BadLine, Reading, check, decoder
from tui_label.formats.texts import HALF

PIECE = 1 << 16
TAIL = 16
"""A value that ends, or goes wrong, within so many characters of the end of what was read may only be cut off there:
`12` may go on as `123`, `tru` as `true`.
"""
_ENCODE = json.JSONEncoder(ensure_ascii=False).encode
"""One encoder for all: json.dumps makes a new one each time, which is half of its work on small values."""
BLANK = re.compile(r"[ \t\r\n]*")


class NoArray(ValueError):
    """Where and why the rest of the file cannot be read."""

    def __init__(self, line: int, problem: str) -> None:
        super().__init__(problem)
        self.line = line


def is_array(reading: Reading) -> bool:
    """Whether a list begins, after blanks, where the file begins."""
    text = _Text(reading)
    with text.file:
        return text.next() == "["


def elements(reading: Reading) -> Iterator[tuple[int, Any]]:
    """`(line, value)` of each element, the line it begins in; one object that is no array counts as its element.

    Raises NoArray where the array breaks off.
    """
    text = _Text(reading)
    with text.file:
        yield from _elements(text)


def _elements(text: _Text) -> Iterator[tuple[int, Any]]:
    decoder = json.JSONDecoder()
    if text.next() != "[":
        yield text.line, text.value(decoder)
        if text.next():
            raise NoArray(text.line, "not JSON: something follows after the end")
        return
    text.skip()
    if text.next() == "]":
        return
    while True:
        text.next()
        yield text.line, text.value(decoder)
        sign = text.next()
        if sign not in (",", "]"):
            raise NoArray(text.line, "not JSON: a comma or the closing bracket is missing")
        text.skip()
        if sign == "]":
            break
    if text.next():
        raise NoArray(text.line, "not JSON: something follows after the list")


class _Text:
    """The text of a file from where it was read up to; more of it comes as it is needed."""

    def __init__(self, reading: Reading) -> None:
        check(reading)
        encoding = reading.encoding or "utf-8-sig"
        self._decoder = decoder(encoding)
        self.file = reading.open()
        self._name, self._encoding = visible(str(reading.path)), "UTF-8" if reading.encoding is None else encoding
        self._text, self._at, self._ended = "", 0, False
        self.line = 1

    def _more(self) -> bool:
        """Twice as much as is here, so that a large element is not tried too often."""
        if self._ended:
            return False
        rest = self._text[self._at :]
        data = self.file.read(max(PIECE, len(rest)))
        self._ended = not data
        try:
            more = self._decoder.decode(data, final=not data)
        except UnicodeError as error:
            place = self.file.tell() - len(data) + getattr(error, "start", 0)
            line = self.line + rest.count("\n") + data[: getattr(error, "start", 0)].count(b"\n")
            raise InputError(
                f"{self._name}:{line}: not {self._encoding} at byte {place}; give --encoding if it is another"
            ) from error
        if self._ended:
            self.file.close()
        else:
            self._text, self._at = rest + more, 0
        return not self._ended

    def _pass(self, end: int) -> None:
        self.line += self._text.count("\n", self._at, end)
        self._at = end

    def next(self) -> str:
        """The sign that follows blanks; empty: the file ends."""
        while True:
            self._pass(BLANK.match(self._text, self._at).end())  # type: ignore[union-attr]
            if self._at < len(self._text):
                return self._text[self._at]
            if not self._more():
                return ""

    def skip(self) -> None:
        self._pass(self._at + 1)

    def value(self, decoder: json.JSONDecoder) -> Any:
        while True:
            try:
                found, end = decoder.raw_decode(self._text, self._at)
            except RecursionError as error:
                raise NoArray(self.line, "not JSON: nested too deeply") from error
            except ValueError as error:
                if self._may_be_cut(error) and self._more():
                    continue
                line = self.line + self._text.count("\n", self._at, getattr(error, "pos", self._at))
                raise NoArray(line, f"not JSON: {getattr(error, 'msg', error)}") from error
            if end > len(self._text) - TAIL and self._more():
                continue
            self._pass(end)
            return found

    def _may_be_cut(self, error: ValueError) -> bool:
        """Whether a value may be wrong only because the rest of it is not read yet."""
        return isinstance(error, json.JSONDecodeError) and (
            error.msg.startswith("Unterminated string") or error.pos > len(self._text) - TAIL
        )


def parsed(reading: Reading, number: int, line: str) -> Any | BadLine:
    """What a line of JSON Lines says."""
    try:
        return json.loads(line)
    except RecursionError:
        return reading.bad(number, "not JSON: nested too deeply")
    except ValueError as error:
        return reading.bad(number, f"not JSON: {error}")


def written(out: TextIO, records: Iterable[Any]) -> int:
    """The records as an array, one a line; how many."""
    number = 0
    out.write("[")
    for number, record in enumerate(records, 1):
        out.write(("," if number > 1 else "") + "\n" + dumped(record))
    out.write("\n]\n")
    return number


def dumped(record: Any) -> str:
    """JSON in the characters themselves; in escapes where there are half characters (lone surrogates)."""
    text = _ENCODE(record)
    return text if text.isascii() or not HALF.search(text) else json.dumps(record)
