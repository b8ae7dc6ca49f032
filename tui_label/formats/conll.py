"""CoNLL: a token a line, its tag in the last column, a blank line after each sentence.

Reads IOB1, IOB2, BILUO (BIOES) and BMES with 2 to 5 columns: whatever begins a new
entity in any of them begins one here, so `I-` after `O` starts a span (IOB1).  In files with
`# text =` comments the text is that one.  Writes IOB2 over tokens between white
space, cut where a span begins or ends inside one.

Ramshaw and Marcus 1995 (IOB1); Tjong Kim Sang and Veenstra 1999 (IOB2).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TextIO

from tui_label.core.project import Project
from tui_label.core.record import Record
from tui_label.formats.making import Bad, author, finished, labelled, make_item
from tui_label.formats.source import BadLine, Reading, lines
from tui_label.formats.tagging import TAG, meant_spans, spans_of_tags, tagged
from tui_label.formats.texts import finished_texts, first_line, first_spans, spans_said
from tui_label.formats.tracks import Dropped, Rows, plain

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
        if not text.strip() or _opens_document(text, sentence):
            yield from _sentence(reading, sentence, comments, faults)
            sentence, comments, faults = [], {}, []
        elif text.startswith("# ") and " = " in text and not sentence:
            name, _, value = text[2:].partition(" = ")
            comments[name.strip()] = value
        else:
            token = _token(reading, number, text)
            (faults if isinstance(token, BadLine) else sentence).append(token)  # type: ignore[arg-type]
    yield from _sentence(reading, sentence, comments, faults)


def _opens_document(line: str, sentence: list[Token]) -> bool:
    """In the middle of a sentence somebody wrote the word, unless the next column says that it is none."""
    return line.startswith("-DOCSTART-") and (not sentence or "-X-" in line.split())


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
    spans = meant_spans(reading, spans_of_tags([tag for _, _, tag in tokens], places))
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


def write(rows: Rows, out: TextIO, project: Project, dropped: Dropped) -> int:
    written = 0
    task = first_spans(project)
    for item, annotation in finished_texts(rows, project, dropped, [task] if task else []):
        found = tagged(item.text, spans_said(annotation, task), dropped)
        sentence = "".join(f"{plain(item.text[start:end], dropped)}\t{tag}\n" for start, end, tag in found) + "\n"
        out.write(sentence if written else first_line(sentence))
        written += 1
    return written
