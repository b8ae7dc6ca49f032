"""Sentences of files with a word a line, with all the lines they came in, to go out again as they came."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from tui_label.formats.source import BadLine, Reading
from tui_label.formats.tracks import kept_lines

Word = TypeVar("Word")
Aside = Callable[[str, bool], tuple[str, str] | None]
"""Takes a line, and whether it stands within a sentence.  Gives the name and value of a comment, two empty strings for
another line that is no word, None for a word.
"""
Parse = Callable[[str], Word | str]
"""Takes a line, and gives its word, or what is wrong with the line."""


@dataclass(slots=True)
class Sentence(Generic[Word]):
    """Lines with their ends: what stands before the first word, too, and the blank ones after the last."""

    number: int = 0
    """Of its first word's line."""
    lines: list[str] = field(default_factory=list)
    first: int = 0
    """The place of its first word among the lines."""
    comments: dict[str, str] = field(default_factory=dict)
    words: list[Word] = field(default_factory=list)
    faults: list[BadLine | tuple[int, str]] = field(default_factory=list)
    """Lines that are no text, and what is wrong with others by their number."""

    def bad(self, reading: Reading) -> Iterator[BadLine]:
        yield from (fault if isinstance(fault, BadLine) else reading.bad(*fault) for fault in self.faults)

    @property
    def before(self) -> list[str]:
        return self.lines[: self.first]

    @property
    def after(self) -> list[str]:
        return self.lines[self.first + len(self.words) :]


def sentences(lines: Iterable[tuple[int, str] | BadLine], aside: Aside, parse: Parse[Word]) -> Iterator[Sentence[Word]]:
    """The sentences of a file.  Lines between two belong to the second one, but blank lines right after the first to the first."""
    one, ahead = Sentence[Word](), Sentence[Word]()
    is_open = False
    for line in lines:
        number, raw = (line.line, "") if isinstance(line, BadLine) else line
        text = raw.rstrip("\r\n")
        if not isinstance(line, BadLine):
            if not text.strip():
                (ahead if ahead.lines else one).lines.append(raw)
                is_open = False
                continue
            if (said := aside(text, is_open)) is not None:
                ahead.lines.append(raw)
                ahead.comments |= dict([said])
                is_open = False
                continue
        if not is_open:
            if one.number:
                yield one
                one = Sentence()
            before = [*one.lines, *ahead.lines]
            one = Sentence(number, lines=before, first=len(before), comments=ahead.comments)
            ahead, is_open = Sentence(), True
        word = line if isinstance(line, BadLine) else parse(raw)
        if isinstance(word, BadLine):
            one.faults.append(word)
        elif isinstance(word, str):
            one.faults.append((number, word))
        else:
            one.words.append(word)
            one.lines.append(raw)
    if one.number:
        one.lines += ahead.lines
        yield one


def kept_sentence(kept: Mapping[str, Any], aside: Aside, parse: Parse[Word]) -> Sentence[Word] | None:
    """The sentence whose lines an item's meta keeps."""
    came = next(sentences(enumerate(kept_lines(kept, "lines"), 1), aside, parse), None)
    return came if came is not None and came.words and not came.faults else None


def placed(text: str, forms: Iterable[str]) -> list[tuple[int, int]] | None:
    """The place of each of the forms in a text that is made of just these and blanks; None if it is not."""
    places, at = [], 0
    for form in forms:
        start = text.find(form, at)
        if start < 0 or text[at:start].strip():
            return None
        at = start + len(form)
        places.append((start, at))
    return None if text[at:].strip() else places


def gap(last: str, first: str) -> str:
    """What has to stand between the last line of a sentence and the first of the next one."""
    end = "" if last.endswith(("\n", "\r")) else "\n"
    return end if not last.strip() or first.startswith("-DOCSTART-") else end + "\n"
