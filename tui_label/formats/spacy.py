"""spaCy's DocBin (.spacy) and the JSON of its Docs, also its earlier `["text", {"entities": …}]`.

Spans of one text that do not overlap are `doc.ents`, others `doc.spans["sc"]`; labels of the text are
`doc.cats`, 1 for one that holds.  Tokens are those of spaCy's language-independent tokenizer, cut where a
span begins or ends inside one, so that each span is carried.  Blanks at the ends of spans are
not: spaCy trains on none that have them.  Ids and annotators are in `doc.user_data`.
"""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, TextIO

from tui_label.core.annotation import Annotation
from tui_label.core.item import Item
from tui_label.core.project import Project
from tui_label.core.record import Record
from tui_label.core.tasks import Choice, Choices, Span, Spans
from tui_label.core.text import visible
from tui_label.errors import InputError
from tui_label.extras import needed
from tui_label.formats.array import NoArray, elements, written
from tui_label.formats.making import Bad, finished, json_in, labelled, make_item
from tui_label.formats.outgoing import Dropped, Rows
from tui_label.formats.source import BadLine, Reading
from tui_label.formats.tagging import trimmed
from tui_label.formats.texts import (
    CODE_POINTS,
    HOLDS,
    UTF16,
    Units,
    finished_texts,
    labels_said,
    located,
    spans_said,
    whole,
)
from tui_label.whole import growing

GROUP = "sc"
"""spaCy's own name for spans that may overlap."""
ORDER = (CODE_POINTS, UTF16)
PAIRS = re.compile(r'\s*\[\s*\[\s*"')


def _module(name: str) -> Any:
    return needed(name, "spacy", "spaCy")


def read(reading: Reading) -> Iterator[Record | BadLine]:
    tokens, vocab = _module("spacy.tokens"), _module("spacy.vocab").Vocab()
    try:
        docs = [_json(doc) for doc in tokens.DocBin().from_disk(reading.path).get_docs(vocab)]
    except Exception as error:
        # Bytes that are no DocBin fail in any of zlib, msgpack, numpy and spaCy, each with errors of its own
        raise InputError(f"{visible(str(reading.path))}: no DocBin of spaCy: {visible(str(error))[:80]}") from error
    for number, doc in enumerate(docs, 1):
        yield _one(reading, number, doc)


def _json(doc: Any) -> dict[str, Any]:
    made: dict[str, Any] = {"text": doc.text, "cats": dict(doc.cats)}
    if doc.has_annotation("ENT_IOB"):
        made["ents"] = [{"start": one.start_char, "end": one.end_char, "label": one.label_} for one in doc.ents]
    made["spans"] = {
        name: [{"start": one.start_char, "end": one.end_char, "label": one.label_} for one in group]
        for name, group in doc.spans.items()
    }
    return made | {name: doc.user_data.get(name) for name in ("item", "annotator", "meta")}


def read_json(reading: Reading) -> Iterator[Record | BadLine]:
    try:
        for line, doc in elements(reading):
            yield _one(reading, line, doc)
    except NoArray as error:
        yield reading.bad(error.line, str(error))


def _one(reading: Reading, number: int, doc: Any) -> Record | BadLine:
    if isinstance(doc, list) and len(doc) == 2 and isinstance(doc[1], dict):
        doc = {**doc[1], "text": doc[0]}
    try:
        if not isinstance(doc, dict):
            raise Bad("", 'must be a Doc in braces, or ["text", {"entities": []}]')
        return finished(reading, _record(reading, doc))
    except Bad as error:
        return reading.bad(number, error.problem, error.field)


def _record(reading: Reading, doc: Mapping[str, Any]) -> Record:
    text = doc.get("text")
    if not isinstance(text, str):
        raise Bad("text", f"must be text, not {str(text)[:40]}")
    key, annotator, meta = (doc.get(name) for name in ("item", "annotator", "meta"))
    annotator = annotator if isinstance(annotator, str) else ""
    if isinstance(meta, str):
        meta = json_in("meta", meta)
    item = make_item(
        reading, key if isinstance(key, str) else None, text, (), meta if isinstance(meta, dict) else {}, annotator
    )
    values, unknown = _categories(reading, doc.get("cats") or {})
    return labelled(
        reading, item, spans=_spans(reading, text, doc), labels=unknown or None, values=values, annotator=annotator
    )


def _spans(reading: Reading, text: str, doc: Mapping[str, Any]) -> list[dict[str, Any]] | None:
    """Of entities and of all groups of spans, each once; None where nothing is said of any."""
    groups = doc.get("spans") or {}
    if not isinstance(groups, dict):
        raise Bad("spans", "must be groups by name")
    said = [one for one in (doc.get("ents", doc.get("entities")), *groups.values()) if one is not None]
    if not all(isinstance(one, list) for one in said):
        raise Bad("ents", "must be a list")
    units = Units(text)
    found = set()
    for one in [one for group in said for one in group]:
        start, end, label = (
            (one.get(name) for name in ("start", "end", "label"))
            if isinstance(one, dict)
            else (one if isinstance(one, list) and len(one) == 3 else (None, None, None))
        )
        if not isinstance(label, str):
            raise Bad("ents", f"is no span: {str(one)[:40]}")
        found.add(Span(*located(reading, units, start, end, None, ORDER), label))
    return [one.record(text) for one in sorted(found)] if said else None


def _categories(reading: Reading, cats: Any) -> tuple[dict[str, Any], list[str]]:
    """Answers by task, and what holds that no task knows."""
    if not isinstance(cats, dict) or not all(isinstance(one, int | float) for one in cats.values()):
        raise Bad("cats", "must be numbers by label")
    values: dict[str, Any] = {}
    left = set(cats)
    for task in reading.project.every(Choice, Choices):
        known = [label for label in task.values if label in left]
        left -= set(known)
        holding = [label for label in known if cats[label] >= HOLDS]
        if isinstance(task, Choices) and known:
            values[task.id] = holding
        elif holding:
            values[task.id] = max(holding, key=lambda label: cats[label])
    return values, [label for label in cats if label in left and cats[label] >= HOLDS]


def recognised(head: str) -> bool:
    """Whether a JSON file begins as one of Docs, or of the earlier pairs, does."""
    return ('"ents"' in head and '"text"' in head) or (PAIRS.match(head) is not None and '"entities"' in head)


# writing


def write(rows: Rows, path: Path, project: Project, dropped: Dropped) -> int:
    """A file, or `annotations.spacy` in a folder; how many Docs."""
    bin = _module("spacy.tokens").DocBin(store_user_data=True)
    for doc, item, annotation in _docs(rows, project, dropped):
        doc.user_data |= _ours(item, annotation, dropped)
        bin.add(doc)
    target = path if path.suffix == ".spacy" else path / "annotations.spacy"
    with growing(target) as partial:
        target.parent.mkdir(parents=True, exist_ok=True)
        bin.to_disk(partial)
    return len(bin)


def write_json(rows: Rows, out: TextIO, project: Project, dropped: Dropped) -> int:
    docs = _docs(rows, project, dropped)
    return written(out, ({**_plain(doc), **_ours(item, annotation, dropped)} for doc, item, annotation in docs))


def _plain(doc: Any) -> dict[str, Any]:
    """spaCy writes no entities for a Doc that is known to have none."""
    made: dict[str, Any] = doc.to_json()
    return made | ({"ents": made.get("ents", [])} if doc.has_annotation("ENT_IOB") else {})


def _ours(item: Item, annotation: Annotation, dropped: Dropped) -> dict[str, Any]:
    return {
        "item": whole(item.key, dropped), "annotator": whole(annotation.annotator, dropped),
        "meta": json.dumps(dict(item.meta)),
    }  # fmt: skip


def _docs(rows: Rows, project: Project, dropped: Dropped) -> Iterator[tuple[Any, Item, Annotation]]:
    tokenizer = _module("spacy").blank("xx")
    marks = project.first(Spans)
    chosen = _with_own_labels(project.every(Choice, Choices))
    for item, annotation in finished_texts(rows, dropped, [marks, *chosen], ("meta", "names")):
        text = whole(item.text, dropped)
        spans = trimmed(text, spans_said(annotation, marks), dropped)
        doc = _doc(tokenizer, text, spans)
        _mark(doc, spans, marks, annotation)
        for task in chosen:
            labels = labels_said(annotation, task)
            doc.cats |= (
                {label: float(label in labels) for label in (*task.values, *labels)} if labels is not None else {}
            )
        yield doc, item, annotation


def _with_own_labels(tasks: Iterable[Choice | Choices]) -> list[Choice | Choices]:
    """Tasks that share no label with one before: categories do not say whose they are."""
    kept: list[Choice | Choices] = []
    for task in tasks:
        if all(set(task.values).isdisjoint(before.values) for before in kept):
            kept.append(task)
    return kept


def _doc(tokenizer: Any, text: str, spans: list[Span]) -> Any:
    edges = {edge for one in spans for edge in (one.start, one.end)}
    words, spaces = [], []
    for token in tokenizer.make_doc(text):
        start, end = token.idx, token.idx + len(token.text)
        cuts = [start, *sorted(edge for edge in edges if start < edge < end), end]
        pieces = [text[before:after] for before, after in itertools.pairwise(cuts)]
        words += pieces
        spaces += [False] * (len(pieces) - 1) + [bool(token.whitespace_)]
    return _module("spacy.tokens").Doc(tokenizer.vocab, words=words, spaces=spaces)


def _mark(doc: Any, spans: list[Span], task: Spans | None, annotation: Annotation) -> None:
    if task is None or annotation.answers.get(task.id) is None:
        return
    made = [doc.char_span(one.start, one.end, label=one.label) for one in spans]
    if any(before.end > after.start for before, after in itertools.pairwise(spans)):
        doc.spans[GROUP] = made
    else:
        doc.set_ents(made, default="outside")
