"""CoNLL: a token a line, its tag in the last column, a blank line after each sentence.

Reads IOB1, IOB2, BILUO, BIOES and BMES with any number of columns: whatever begins a new
entity in any of them begins one here, so `I-` after `O` starts a span (IOB1).  In files with
`# text =` comments the text is that one.  Lines that are not as they would be written here are kept with the
item, and so is the scheme of the file: they go out as they came, with other tags where the spans are others.
Written of any other text is IOB2 over tokens between white space, cut where a span begins or ends inside one.

Ramshaw and Marcus 1995 (IOB1); Tjong Kim Sang and Veenstra 1999 (IOB2).
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TextIO

from tui_label.core.item import Item
from tui_label.core.project import Project
from tui_label.core.record import Record
from tui_label.core.tasks import Span, Spans
from tui_label.formats.making import Bad, finished, labelled, make_item
from tui_label.formats.outgoing import Dropped, Rows, count, plain, spelled
from tui_label.formats.sentences import Sentence, gap, kept_sentence, placed, sentences
from tui_label.formats.source import BadLine, Reading, lines_as_they_are
from tui_label.formats.tagging import IOB2, SCHEMES, TAG, in_scheme, meant_spans, scheme_of, spans_of_tags, tagged
from tui_label.formats.texts import finished_texts, first_line, spans_said

KEPT = "conll"
"""The item's meta with `lines` as they came and the `scheme` of their file."""
COLUMN = {"\t": re.compile(r"\S(?:[^\t]*\S)?"), " ": re.compile(r"\S(?:[^ ]*\S)?")}


@dataclass(frozen=True, slots=True)
class _Token:
    """A line, and where in it the token and its tag stand."""

    line: str
    form: tuple[int, int]
    tag: tuple[int, int]

    def says(self, place: tuple[int, int]) -> str:
        return self.line[slice(*place)]

    def saying(self, form: str, tag: str) -> str:
        """The line with another token and tag in the same columns."""
        between = self.line[self.form[1] : self.tag[0]]
        return self.line[: self.form[0]] + form + between + tag + self.line[self.tag[1] :]


def _placed(one: Sentence[_Token]) -> tuple[str, list[tuple[int, int]]]:
    """The text, and each token's place in it: the text of the comment where that is made of just these tokens."""
    forms = [token.says(token.form) for token in one.words]
    text = one.comments.get("text", "")
    if (places := placed(text, forms)) is not None:
        return text, places
    ends = list(itertools.accumulate(len(form) + 1 for form in forms))
    return " ".join(forms), [(end - 1 - len(form), end - 1) for form, end in zip(forms, ends, strict=True)]


def _tags(one: Sentence[_Token]) -> list[str]:
    return [token.says(token.tag) for token in one.words]


def read(reading: Reading) -> Iterator[Record | BadLine]:
    scheme = scheme_of(_tags(one) for one in _sentences(reading))
    for one in _sentences(reading):
        yield from _record(reading, one, scheme)


def _sentences(reading: Reading) -> Iterator[Sentence[_Token]]:
    return sentences(lines_as_they_are(reading), _aside, _token)


def _aside(text: str, is_open: bool) -> tuple[str, str] | None:
    if _opens_document(text, is_open):
        return "", ""
    if text.startswith("# ") and " = " in text and not is_open:
        name, _, value = text[2:].partition(" = ")
        return name.strip(), value
    return None


def _opens_document(line: str, within: bool) -> bool:
    """In the middle of a sentence somebody wrote the word, unless the next column says that it is none."""
    return line.startswith("-DOCSTART-") and (not within or "-X-" in line.split())


def _token(line: str) -> _Token | str:
    """A token, or what is wrong with the line."""
    columns = [found.span() for found in COLUMN["\t" if "\t" in line else " "].finditer(line)]
    if len(columns) < 2:
        return "has 1 column; a token and its tag are needed"
    numbered = len(columns) >= 3 and line[slice(*columns[0])].isdecimal() and TAG.fullmatch(line, *columns[2])
    form, tag = (columns[1], columns[2]) if numbered else (columns[0], columns[-1])
    if not TAG.fullmatch(line, *tag):
        return f"{line[slice(*tag)]!r} is no tag such as O, B-PER, I-PER"
    return _Token(line, form, tag)


def _record(reading: Reading, one: Sentence[_Token], scheme: str) -> Iterator[Record | BadLine]:
    """One item, or what is wrong with its lines: a sentence with a bad line is not brought in."""
    if one.faults:
        yield from one.bad(reading)
        return
    text, places = _placed(one)
    spans = meant_spans(reading, spans_of_tags(_tags(one), places))
    kept: dict[str, Any] = {} if scheme == IOB2 else {"scheme": scheme}
    if one.lines != _fresh(text, spans, scheme, {}):
        kept["lines"] = one.lines
    try:
        item = make_item(reading, one.comments.get("sent_id"), text, (), {KEPT: kept} if kept else {})
        found = [span.record(text) for span in spans]
        yield finished(reading, labelled(reading, item, spans=found))
    except Bad as error:
        yield reading.bad(one.number, error.problem, error.field)


# writing


def write(rows: Rows, out: TextIO, project: Project, dropped: Dropped, scheme: str = "") -> int:
    """`scheme`: that of all tags; empty: of each sentence that of the file it came from."""
    written = 0
    task = project.first(Spans)
    last = "\n"
    for item, annotation in finished_texts(rows, dropped, [task]):
        if not item.text.strip():
            count(dropped, "blank texts")
            continue
        lines = _lines(item, spans_said(annotation, task), scheme, dropped)
        sentence = gap(last, lines[0]) + "".join(lines)
        out.write(sentence if written else first_line(sentence))
        last = lines[-1]
        written += 1
    return written


def _lines(item: Item, spans: list[Span], scheme: str, dropped: Dropped) -> list[str]:
    """Those it came from with the tags that are meant, else fresh ones."""
    kept: Any = item.meta.get(KEPT)
    kept = kept if isinstance(kept, Mapping) else {}
    theirs = kept.get("scheme")
    theirs = theirs if theirs in SCHEMES else IOB2
    came = kept_sentence(kept, _aside, _token)
    if came is None or (found := _placed(came))[0] != item.text:
        return _fresh(item.text, spans, scheme or theirs, dropped)
    said = {(one.start, one.end, spelled(one.label)) for one in spans_of_tags(_tags(came), found[1])}
    if not scheme and said == {(one.start, one.end, spelled(one.label)) for one in spans}:
        return came.lines
    return _retagged(item.text, came, found[1], spans, scheme or theirs, dropped)


def _fresh(text: str, spans: list[Span], scheme: str, dropped: Dropped) -> list[str]:
    found = list(tagged(text, spans, dropped))
    tags = in_scheme([tag for _, _, tag in found], scheme)
    words = [plain(text[start:end], dropped) for start, end, _ in found]
    count(dropped, "texts that begin as documents do", bool(words) and _opens_document(words[0], False))
    return [*(f"{word}\t{tag}\n" for word, tag in zip(words, tags, strict=True)), "\n"]


def _retagged(
    text: str, came: Sentence[_Token], places: list[tuple[int, int]], spans: list[Span], scheme: str, dropped: Dropped
) -> list[str]:
    """Its lines with other tags; a token that is cut has its other columns on each piece."""
    found = list(tagged(text, spans, dropped, places=places))
    tags = iter(in_scheme([tag for _, _, tag in found], scheme))
    pieces = iter(found)
    piece = next(pieces, None)
    lines = came.before
    for token, (_, end) in zip(came.words, places, strict=True):
        while piece is not None and piece[1] <= end:
            lines.append(token.saying(text[piece[0] : piece[1]], next(tags)))
            piece = next(pieces, None)
    return lines + came.after
