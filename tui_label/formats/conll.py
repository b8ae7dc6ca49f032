"""CoNLL: a token a line, its tag in the last column, a blank line after each sentence.

Reads IOB1, IOB2, BILUO (BIOES) and BMES with 2 to 5 columns: whatever begins a new
entity in any of them begins one here, so `I-` after `O` starts a span (IOB1).  In files with
`# text =` comments the text is that one.  Writes IOB2 over tokens between white
space, cut where a span begins or ends inside one.

Ramshaw and Marcus 1995 (IOB1); Tjong Kim Sang and Veenstra 1999 (IOB2).
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Iterator
from typing import Any, TextIO

from tui_label.core.annotation import Annotation
from tui_label.core.item import Item
from tui_label.core.project import Project
from tui_label.core.record import Record
from tui_label.core.tasks import Span, Spans, spans_from
from tui_label.formats.making import Bad, author, finished, labelled, make_item
from tui_label.formats.source import BadLine, Reading, lines

TAG = re.compile(r"O|([BILUESM])-(.+)")
BEGINS, ENDS = "BUS", "LUES"
Token = tuple[int, str, str]
"""Line number, form, tag."""


def read(reading: Reading) -> Iterator[Record | BadLine]:
    sentence: list[Token] = []
    comments: dict[str, str] = {}
    faults: list[BadLine] = []
    for line in lines(reading):
        if isinstance(line, BadLine):
            faults.append(line)
            continue
        number, text = line
        if not text.strip() or text.startswith("-DOCSTART-"):
            yield from _sentence(reading, sentence, comments, faults)
            sentence, comments, faults = [], {}, []
        elif text.startswith("# ") and " = " in text and not sentence:
            name, _, value = text[2:].partition(" = ")
            comments[name.strip()] = value
        else:
            token = _token(reading, number, text)
            (faults if isinstance(token, BadLine) else sentence).append(token)  # type: ignore[arg-type]
    yield from _sentence(reading, sentence, comments, faults)


def _token(reading: Reading, number: int, text: str) -> Token | BadLine:
    columns = text.split("\t") if "\t" in text else text.split(" ")
    columns = [column.strip() for column in columns if column.strip()]
    if not 2 <= len(columns) <= 5:
        return reading.bad(number, f"has {len(columns)} columns; a token and its tag are needed, five at most")
    numbered = columns[0].isdigit() and len(columns) >= 3 and TAG.fullmatch(columns[2])
    form, tag = (columns[1], columns[2]) if numbered else (columns[0], columns[-1])
    if not TAG.fullmatch(tag):
        return reading.bad(number, f"{tag!r} is no tag such as O, B-PER, I-PER")
    return number, form, tag


def _sentence(
    reading: Reading, tokens: list[Token], comments: dict[str, str], faults: list[BadLine]
) -> Iterator[Record | BadLine]:
    """One item, or what is wrong with its lines: a sentence with a bad line is not brought in."""
    if faults:
        yield from faults
        return
    if not tokens:
        return
    text, places = _placed([form for _, form, _ in tokens], comments.get("text"))
    spans = _spans([tag for _, _, tag in tokens], places)
    try:
        item = make_item(reading, comments.get("sent_id"), text)
        found = [span.record(text) for span in spans]
        yield finished(reading, labelled(reading, item, spans=found if found or author(reading) else None))
    except Bad as error:
        yield reading.bad(tokens[0][0], error.problem, error.field)


def _placed(forms: list[str], text: str | None) -> tuple[str, list[tuple[int, int]]]:
    """The text, and each token's place in it: the given text where all tokens are found in it."""
    if text is not None:
        places, at = [], 0
        for form in forms:
            start = text.find(form, at)
            if start < 0 or text[at:start].strip():
                break
            at = start + len(form)
            places.append((start, at))
        if len(places) == len(forms):
            return text, places
    places, at = [], 0
    for form in forms:
        places.append((at, at + len(form)))
        at += len(form) + 1
    return " ".join(forms), places


def _spans(tags: list[str], places: list[tuple[int, int]]) -> list[Span]:
    spans: list[Span] = []
    open_label = ""
    for tag, (start, end) in zip(tags, places, strict=True):
        found = TAG.fullmatch(tag)
        assert found is not None
        prefix, label = found[1] or "O", found[2] or ""
        if prefix == "O":
            open_label = ""
        elif prefix in BEGINS or label != open_label:
            spans.append(Span(start, end, label))
            open_label = label
        else:
            spans[-1] = Span(spans[-1].start, end, label)
        if prefix in ENDS:
            open_label = ""
    return spans


def write(rows: Iterable[tuple[Item, Annotation]], out: TextIO, project: Project, dropped: dict[str, int]) -> int:
    count = 0
    task = next((task for task in project.tasks if isinstance(task, Spans)), None)
    for item, annotation in rows:
        value = annotation.answers.get(task.id) if task else None
        spans = _flat(value, dropped)
        for other in annotation.answers:
            if task is None or other != task.id:
                dropped[f"answers to {other}"] = dropped.get(f"answers to {other}", 0) + 1
        for start, end in _tokens(item.text, spans):
            form = item.text[start:end].encode("utf-8", "backslashreplace").decode()
            out.write(f"{form}\t{_tag(start, spans)}\n")
        out.write("\n")
        count += 1
    return count


def _flat(value: Any, dropped: dict[str, int]) -> list[Span]:
    """Spans of which none overlaps another, the longer ones kept."""
    kept: list[Span] = []
    for span in sorted(spans_from(value), key=lambda span: span.start - span.end):
        if any(span.overlaps(other) for other in kept):
            dropped["overlapping spans"] = dropped.get("overlapping spans", 0) + 1
        else:
            kept.append(span)
    return sorted(kept)


def _tokens(text: str, spans: list[Span]) -> Iterator[tuple[int, int]]:
    edges = {edge for span in spans for edge in (span.start, span.end)}
    for found in re.finditer(r"\S+", text):
        cuts = sorted({found.start(), found.end(), *(edge for edge in edges if found.start() < edge < found.end())})
        yield from itertools.pairwise(cuts)


def _tag(start: int, spans: list[Span]) -> str:
    for span in spans:
        if span.start <= start < span.end:
            return ("B-" if start == span.start else "I-") + span.label.replace(" ", "_")
    return "O"
