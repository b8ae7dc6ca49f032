r"""CoNLL-U: ten columns a word, named entities as tags in the last one (`NER=B-PER`).

White space goes into `SpaceAfter=No`, `SpacesAfter` and `SpacesBefore` (`\s`, `\t`, `\r`, `\n`), as
UDPipe writes it, so that the text comes back as it was.  A word that is part of a longer
token (1-2) covers all of that one.  Other columns are passed over.

https://universaldependencies.org/format.html; Straka and Straková 2017 (spaces).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TextIO

from tui_label.core.annotation import Annotation
from tui_label.core.item import Item
from tui_label.core.project import Project
from tui_label.core.record import Record
from tui_label.core.tasks import Span
from tui_label.formats.making import Bad, author, finished, labelled, make_item
from tui_label.formats.source import BadLine, Reading, lines
from tui_label.formats.tagging import TAG, meant_spans, spans_of_tags, tagged
from tui_label.formats.texts import finished_texts, first_spans, spans_said, whole
from tui_label.formats.tracks import Dropped, Rows, count, unbroken

BLANKS = r" \t\r\n"
ESCAPES = {" ": r"\s", "\t": r"\t", "\r": r"\r", "\n": r"\n", "|": r"\p", "\\": r"\\"}
SIGNS = {escape: sign for sign, escape in ESCAPES.items()}
COLUMNS = 10
TAGS = ("ner", "ne", "entity")
"""What the tag is called in MISC, whatever its case."""
ID = re.compile(r"([0-9]{1,9})(?:-([0-9]{1,9})|\.[0-9]{1,9})?")


@dataclass(frozen=True, slots=True)
class _Token:
    """What stands in the text: a word, or several of them in one."""

    form: str
    before: str | None
    after: str | None
    """Blanks; None where the file does not say exactly."""
    tags: list[str]


def read(reading: Reading) -> Iterator[Record | BadLine]:
    sentence: list[tuple[int, list[str]]] = []
    comments: dict[str, str] = {}
    faults: list[BadLine] = []
    for line in lines(reading):
        if isinstance(line, BadLine):
            faults.append(line)
            continue
        number, text = line
        columns = text.split("\t")
        if not text.strip(" "):
            yield from _sentence(reading, sentence, comments, faults)
            sentence, comments, faults = [], {}, []
        elif text.startswith("#") and not sentence:
            name, _, value = text[1:].partition("=")
            comments[name.strip()] = value.removeprefix(" ")
        elif len(columns) != COLUMNS or not ID.fullmatch(columns[0]) or not columns[1]:
            faults.append(
                reading.bad(
                    number, f"is no word: {COLUMNS} columns parted by tabs, the first a number, the second the word"
                )
            )
        else:
            sentence.append((number, columns))
    yield from _sentence(reading, sentence, comments, faults)


def _sentence(
    reading: Reading, words: list[tuple[int, list[str]]], comments: dict[str, str], faults: list[BadLine]
) -> Iterator[Record | BadLine]:
    """One item, or what is wrong with its lines: a sentence with a bad line is not brought in."""
    yield from faults
    if faults or not words:
        return
    text, places, tags = _text(_tokens(reading, [columns for _, columns in words]), comments.get("text"))
    spans = sorted(set(meant_spans(reading, spans_of_tags(tags, places))))
    annotator = comments.get("annotator", "").strip()
    try:
        item = make_item(reading, comments.get("sent_id"), text, annotator=annotator)
        found = [span.record(text) for span in spans]
        said = found if found or author(reading, annotator) else None
        yield finished(reading, labelled(reading, item, spans=said, annotator=annotator))
    except Bad as error:
        yield reading.bad(words[0][0], error.problem, error.field)


def _tokens(reading: Reading, words: list[list[str]]) -> list[_Token]:
    made: list[_Token] = []
    within = -1
    for columns in words:
        id = ID.fullmatch(columns[0])
        assert id is not None
        misc = dict(one.partition("=")[::2] for one in columns[9].split("|"))
        tag = _tag(reading, misc)
        if "." in columns[0]:
            reading.leave_out("empty nodes")
        elif id[2]:
            within = int(id[2])
            made.append(_Token(columns[1], *_spaces(misc), []))
        elif int(id[1]) <= within:
            made[-1].tags.append(tag)
        else:
            made.append(_Token(columns[1], *_spaces(misc), [tag]))
    return made


def _tag(reading: Reading, misc: dict[str, str]) -> str:
    for name, value in misc.items():
        if name.casefold() in TAGS and value != "_":
            if TAG.fullmatch(tag := _unescaped(value)):
                return tag
            reading.leave_out(f"values of {name} that are no tags")
    return "O"


def _spaces(misc: dict[str, str]) -> tuple[str | None, str | None]:
    before = _unescaped(misc["SpacesBefore"]) if "SpacesBefore" in misc else None
    if "SpacesAfter" in misc:
        return before, _unescaped(misc["SpacesAfter"])
    return before, "" if misc.get("SpaceAfter") == "No" else None


def _text(tokens: list[_Token], given: str | None) -> tuple[str, list[tuple[int, int]], list[str]]:
    """The text, and the place and the tag of each word; the given text unless the spaces are said exactly."""
    said = any(token.before is not None or token.after for token in tokens)
    places, at = [], 0
    if given is not None and not said:
        for token in tokens:
            start = given.find(token.form, at)
            if start < 0 or given[at:start].strip():
                break
            at = start + len(token.form)
            places.append((start, at))
    if len(places) < len(tokens):
        given, places = "", []
        for token in tokens:
            given += token.before or ""
            places.append((len(given), len(given) + len(token.form)))
            last = token is tokens[-1]
            given += token.form + (token.after if token.after is not None else "" if last else " ")
    assert given is not None
    pairs = [(place, tag) for place, token in zip(places, tokens, strict=True) for tag in token.tags]
    return given, [place for place, _ in pairs], [tag for _, tag in pairs]


def _unescaped(text: str) -> str:
    return re.sub(r"\\[strnp\\]", lambda found: SIGNS[found[0]], text)


def _escaped(text: str) -> str:
    return "".join(ESCAPES.get(sign, sign) for sign in text)


# writing


def write(rows: Rows, out: TextIO, project: Project, dropped: Dropped) -> int:
    written = 0
    task = first_spans(project)
    for item, annotation in finished_texts(rows, project, dropped, [task] if task else [], ("names",)):
        text = whole(item.text, dropped)
        if not text.strip(" \t\r\n"):
            count(dropped, "blank texts")
            continue
        out.write(_head(item, annotation, dropped))
        out.write(f"# text = {re.sub(f'[{BLANKS}]', ' ', text)}\n")
        out.writelines(_words(text, spans_said(annotation, task), dropped))
        out.write("\n")
        written += 1
    return written


def _head(item: Item, annotation: Annotation, dropped: Dropped) -> str:
    return f"# sent_id = {unbroken(item.key, dropped)}\n# annotator = {unbroken(annotation.annotator, dropped)}\n"


def _words(text: str, spans: list[Span], dropped: Dropped) -> Iterator[str]:
    found = list(tagged(text, spans, dropped, BLANKS))
    starts = [start for start, _, _ in found[1:]] + [len(text)]
    for number, ((start, end, tag), next_start) in enumerate(zip(found, starts, strict=True), 1):
        misc = [] if tag == "O" else [f"NER={_escaped(tag)}"]
        if number == 1 and start:
            misc.append(f"SpacesBefore={_escaped(text[:start])}")
        after, is_last = text[end:next_start], number == len(found)
        if not after and not is_last:
            misc.append("SpaceAfter=No")
        elif after != ("" if is_last else " "):
            misc.append(f"SpacesAfter={_escaped(after)}")
        yield "\t".join([str(number), text[start:end], *["_"] * 7, "|".join(misc) or "_"]) + "\n"
