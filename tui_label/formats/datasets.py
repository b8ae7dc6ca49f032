"""Hugging Face's datasets: parquet and Arrow files, with the features that `datasets` writes into them.

A column for each task, by its id: `ClassLabel` for a choice, a list of them for choices, a number for a
rating, a list of `{start, end, label, text}` for spans in code points.  From elsewhere come also
`label`, `entities` or `spans`, and `tokens` with `ner_tags`; other columns are meta.  pyarrow does it
alone: `load_dataset` of the folder sees the same, without a copy of it in a cache.  JSON and tables
are a dataset where its card names the classes.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any

from tui_label.core.annotation import Annotation, Flag, Timing
from tui_label.core.item import Item
from tui_label.core.keepable import is_amount
from tui_label.core.project import Project
from tui_label.core.record import Record
from tui_label.core.tasks import Choice, Choices, Compare, Rating, Segments, Spans, Task
from tui_label.core.text import visible
from tui_label.errors import InputError
from tui_label.extras import needed
from tui_label.formats import card, table
from tui_label.formats.array import NoArray, elements, is_array, parsed
from tui_label.formats.making import (
    Bad,
    candidates_in,
    finished,
    json_in,
    labelled,
    make_item,
    name_in,
    utc_time,
    written_number,
)
from tui_label.formats.outgoing import Dropped, Rows, count, count_finer_times
from tui_label.formats.source import BadLine, Reading, bare, filled_lines
from tui_label.formats.tagging import TAG, spans_of_tags
from tui_label.formats.texts import finished_texts, whole
from tui_label.whole import growing

SUFFIXES = (".parquet", ".arrow")
JSON = (".jsonl", ".ndjson", ".json")
TABLES = {".csv": table.read_csv, ".tsv": table.read_tsv}
NO_DATA = ("config.json", "dataset_dict.json", "dataset_info.json", "dataset_infos.json", "state.json")
"""What `datasets` writes beside the data."""
ROWS = 1000
"""How many are in memory at a time."""
FEATURES = b"huggingface"
TEXTS = ("text", "sentence", "content", "document")
TAGS = ("ner_tags", "tags", "ner", "labels")
SPANS = ("entities", "spans")
LABELS = ("label", "labels", "category")
GONE = "labels that project.yaml has no more"
OURS = ("item", "text", "candidates", "annotator", "flags", "started_at", "submitted_at", "active_ms", "meta")


def _module(name: str) -> Any:
    return needed(name, "datasets", "pyarrow")


def files(folder: Path) -> list[Path]:
    """The files of a dataset's folder: as `load_dataset` takes them, or as `save_to_disk` left them."""
    found = sorted(one for suffix in SUFFIXES for one in folder.rglob(f"*{suffix}") if one.is_file())
    return found or sorted(one for one in folder.rglob("*") if recognised(one))


def recognised(path: Path) -> bool:
    """Whether a file of JSON or a table is of a dataset whose card names the classes."""
    suffix = bare(path).suffix.lower()
    is_data = (suffix in JSON or suffix in TABLES) and path.name not in NO_DATA and path.is_file()
    return is_data and card.names_classes(path)


def column(task: Task) -> str:
    """The column of a task: its id, unless that is a column of every file."""
    return f"{task.id}_answer" if task.id in OURS else task.id


def read(reading: Reading) -> Iterator[Record | BadLine]:
    suffix = bare(reading.path).suffix.lower()
    if suffix in TABLES:
        yield from TABLES[suffix](reading)
        return
    of_card = card.features(reading.path)
    for one in _rows_of_json(reading) if suffix in JSON else _rows(reading):
        if isinstance(one, BadLine):
            yield one
            continue
        number, row, features = one
        features = {**features, **of_card}
        try:
            named = {name: _named(name, value, features.get(name)) for name, value in row.items()}
            yield finished(reading, _record(reading, named))
        except Bad as error:
            yield reading.bad(number, error.problem, error.field)


Row = tuple[int, dict[str, Any], dict[str, Any]]
"""Its number, from 1 on, its values and their features by column."""


def _rows(reading: Reading) -> Iterator[Row]:
    arrow = _module("pyarrow")
    try:
        with reading.path.open("rb") as file:
            schema, batches = _opened(arrow, file)
            features = _features(schema)
            rows = (row for batch in batches for row in batch.to_pylist())
            for number, row in enumerate(rows, 1):
                yield number, row, features
    except (arrow.ArrowException, OSError, ValueError, RecursionError, OverflowError) as error:
        raise InputError(
            f"{visible(str(reading.path))}: no parquet or Arrow file that can be read: {visible(str(error))[:80]}"
        ) from error


def _rows_of_json(reading: Reading) -> Iterator[Row | BadLine]:
    """Of an array or of a row a line, whatever the file is called, as `datasets` takes it."""
    try:
        for line, row in elements(reading) if is_array(reading) else _lines_of_json(reading):
            if isinstance(row, dict):
                yield line, row, {}
            else:
                yield row if isinstance(row, BadLine) else reading.bad(line, "must be an object in braces")
    except NoArray as error:
        yield reading.bad(error.line, str(error))


def _lines_of_json(reading: Reading) -> Iterator[tuple[int, Any]]:
    for line in filled_lines(reading):
        if isinstance(line, BadLine):
            yield line.line, line
            continue
        number, text = line
        yield number, parsed(reading, number, text)


def _opened(arrow: Any, file: Any) -> tuple[Any, Iterator[Any]]:
    start = file.read(6)
    file.seek(0)
    if start.startswith(b"PAR1"):
        parquet = _module("pyarrow.parquet").ParquetFile(file)
        return parquet.schema_arrow, parquet.iter_batches(ROWS)
    if start.startswith(b"ARROW1"):
        found = arrow.ipc.open_file(file)
        return found.schema, (found.get_batch(number) for number in range(found.num_record_batches))
    stream = arrow.ipc.open_stream(file)
    return stream.schema, iter(stream)


def _features(schema: Any) -> dict[str, Any]:
    """The features by column, as `datasets` keeps them beside the schema."""
    said = json.loads((schema.metadata or {}).get(FEATURES, b"{}"))
    info = said.get("info") if isinstance(said, dict) else None
    found = info.get("features") if isinstance(info, dict) else None
    return found if isinstance(found, dict) else {}


def _named(field: str, value: Any, feature: Any) -> Any:
    """A value with the names of classes for their numbers; columns of lists as a list of objects."""
    if isinstance(feature, list) and len(feature) == 1:
        feature = {"_type": "List", "feature": feature[0]}
    if not isinstance(feature, dict) or value is None:
        return value
    if feature.get("_type") == "ClassLabel":
        names = feature.get("names")
        return card.class_name(field, value, names) if isinstance(names, list) and names else value
    if "_type" in feature:
        inner = feature.get("feature")
        if isinstance(value, dict) and isinstance(inner, dict) and all(isinstance(one, list) for one in value.values()):
            parts = {name: [_named(field, one, inner.get(name)) for one in some] for name, some in value.items()}
            return [dict(zip(parts, some, strict=True)) for some in zip(*parts.values(), strict=False)]
        return [_named(field, one, inner) for one in value] if isinstance(value, list) else value
    if not isinstance(value, dict):
        return value
    return {name: _named(field, one, feature.get(name)) for name, one in value.items()}


def _record(reading: Reading, row: dict[str, Any]) -> Record:
    values, taken = {}, {*OURS, "id"}
    for task in reading.project.tasks:
        if (value := row.get(column(task))) is not None:
            values[task.id] = table.from_field(reading, task, value)
        taken.add(column(task))
    field = next((name for name in TEXTS if isinstance(row.get(name), str)), "")
    taken.add(field)
    text, spans = _tagged(row, row.get(field), taken)
    if text is None and not row.get("candidates"):
        raise Bad("text", f"is missing; its column is called one of {', '.join(TEXTS)}, or tokens")
    if spans is None and (name := next((one for one in SPANS if one in row and one not in taken), "")):
        taken.add(name)
        spans = _listed(name, row[name], text or "")
    labels = _labels(reading, row, taken)
    annotator, key = name_in(row.get("annotator")), row.get("item", row.get("id"))
    key = written_number(key, ()) if isinstance(key, float) else key
    meta = {name: value for name, value in row.items() if name not in taken and value is not None}
    item = make_item(
        reading, None if key is None else str(key), text or "", candidates_in(row.get("candidates")),
        {**_object("meta", row.get("meta")), **json.loads(json.dumps(meta, default=str))}, annotator,
    )  # fmt: skip
    said = _kept(row, annotator)
    return labelled(reading, item, spans=spans, labels=labels, values=values, annotator=annotator, annotation=said)


def _tagged(
    row: Mapping[str, Any], text: str | None, taken: set[str]
) -> tuple[str | None, list[dict[str, Any]] | None]:
    """The text and the spans of tokens with tags; without them the text as it is, and None."""
    tokens = row.get("tokens")
    name = next((one for one in TAGS if isinstance(row.get(one), list) and one not in taken), "")
    if not isinstance(tokens, list) or not name or not all(isinstance(one, str) for one in tokens):
        return text, None
    tags = row[name]
    if len(tags) != len(tokens):
        raise Bad(name, f"has {len(tags)} tags for {len(tokens)} tokens")
    if wrong := [tag for tag in tags if not isinstance(tag, str) or not TAG.fullmatch(tag)]:
        raise Bad(name, f"{str(wrong[0])[:40]!r} is no tag such as O, B-PER, I-PER")
    taken |= {"tokens", name}
    whole_text = " ".join(tokens) if text is None else text
    places, at = [], 0
    for token in tokens:
        start = whole_text.find(token, at)
        if start < 0:
            raise Bad("tokens", f"{token[:40]!r} does not follow in the text")
        at = start + len(token)
        places.append((start, at))
    return whole_text, [span.record(whole_text) for span in spans_of_tags(tags, places) if span.start < span.end]


def _listed(name: str, value: Any, text: str) -> list[dict[str, Any]] | None:
    if value is None:
        return None
    if not isinstance(value, list) or not all(isinstance(one, dict) for one in value):
        raise Bad(name, "must be a list of spans")
    made = []
    for one in value:
        start, end = (one.get(edge, one.get(f"{edge}_offset", one.get(f"{edge}_char"))) for edge in ("start", "end"))
        label = one.get("label", one.get("type"))
        if not all(isinstance(at, int) for at in (start, end)) or not 0 <= start < end <= len(text):
            raise Bad(name, f"span {start}-{end} does not lie within the text's {len(text)} characters")
        made.append({"start": start, "end": end, "label": str(label), "text": text[start:end]})
    return made


def _labels(reading: Reading, row: Mapping[str, Any], taken: set[str]) -> list[str] | None:
    known = [value for task in reading.project.every(Choice, Choices) for value in task.values]
    for name in LABELS:
        value = row.get(name)
        found: list[Any] = value if isinstance(value, list) else [value]
        if name not in taken and all(isinstance(one, str | int | float) and one == one for one in found):
            taken.add(name)
            return [one if isinstance(one, str) else written_number(one, known) for one in found]
    return None


def _object(field: str, value: Any) -> dict[str, Any]:
    found = json_in(field, value) if isinstance(value, str) else value or {}
    return found if isinstance(found, dict) else {field: str(found)}


def _kept(row: Mapping[str, Any], annotator: str) -> Annotation:
    """Flags and times, without answers."""
    active: Any = row.get("active_ms")
    flags = row.get("flags") or []
    if isinstance(flags, str):
        flags = [{"reason": reason} for reason in table.reasons(flags)]
    if not isinstance(flags, list) or not all(isinstance(one, dict) for one in flags):
        raise Bad("flags", "must be a list of reasons and notes")
    return Annotation(
        annotator,
        flags=tuple(Flag(str(one.get("reason")), str(one.get("note") or "")) for one in flags),
        timing=Timing(int(active) if is_amount(active) else 0),
        started_at=utc_time("started_at", row.get("started_at")),
        submitted_at=utc_time("submitted_at", row.get("submitted_at")),
    )


# writing


def write(rows: Rows, path: Path, project: Project, dropped: Dropped) -> int:
    """A file, or `train.parquet` in a folder; how many rows."""
    arrow = _module("pyarrow")
    # As `datasets` writes each of them
    opened = arrow.ipc.new_stream if path.suffix == ".arrow" else _module("pyarrow.parquet").ParquetWriter
    tasks = [task for task in project.tasks if not isinstance(task, Segments)]
    types, features = _columns(arrow, tasks)
    schema = arrow.schema(list(types.items()), {FEATURES: json.dumps({"info": {"features": features}})})
    target = path if path.suffix in SUFFIXES else path / "train.parquet"
    said = finished_texts(rows, dropped, tasks, ("flags", "times", "meta", "names", "candidates"))
    made = (_row(item, annotation, tasks, dropped) for item, annotation in said)
    written = 0
    with growing(target) as partial:
        target.parent.mkdir(parents=True, exist_ok=True)
        # Opened here: what Arrow says of a file that it cannot open has no name
        with partial.open("wb") as file, opened(file, schema) as out:
            while part := list(islice(made, ROWS)):
                out.write_table(arrow.Table.from_pylist(part, schema))
                written += len(part)
    return written


def _columns(arrow: Any, tasks: list[Task]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The Arrow type and the feature of each column."""
    string, number = arrow.string(), arrow.int64()
    text, whole_number = {"dtype": "string", "_type": "Value"}, {"dtype": "int64", "_type": "Value"}
    types: dict[str, Any] = {"item": string, "text": string, "candidates": arrow.list_(string), "annotator": string}
    features: dict[str, Any] = {"item": text, "text": text, "candidates": [text], "annotator": text}
    for task in tasks:
        name, classes = column(task), {"names": list(task.values), "_type": "ClassLabel"}
        if isinstance(task, Choice):
            types[name], features[name] = number, classes
        elif isinstance(task, Choices):
            types[name], features[name] = arrow.list_(number), [classes]
        elif isinstance(task, Rating):
            types[name], features[name] = number, whole_number
        elif isinstance(task, Spans):
            fields = {"start": number, "end": number, "label": number, "text": string}
            types[name] = arrow.list_(arrow.struct(list(fields.items())))
            features[name] = [{"start": whole_number, "end": whole_number, "label": classes, "text": text}]
        elif isinstance(task, Compare) and task.mode == "rank":
            types[name], features[name] = arrow.list_(string), [text]
        else:
            types[name], features[name] = string, text
    types |= {
        "flags": arrow.list_(arrow.struct([("reason", string), ("note", string)])), "started_at": string,
        "submitted_at": string, "active_ms": number, "meta": string,
    }  # fmt: skip
    features |= {
        "flags": [{"reason": text, "note": text}], "started_at": text, "submitted_at": text,
        "active_ms": whole_number, "meta": text,
    }  # fmt: skip
    return types, features


def _row(item: Item, annotation: Annotation, tasks: list[Task], dropped: Dropped) -> dict[str, Any]:
    count_finer_times(annotation, dropped)
    row: dict[str, Any] = {
        "item": whole(item.key, dropped), "text": whole(item.text, dropped),
        "candidates": [whole(one, dropped) for one in item.candidates], "annotator": whole(annotation.annotator, dropped),
        "flags": [{"reason": whole(one.reason, dropped), "note": whole(one.note, dropped)} for one in annotation.flags],
        "started_at": annotation.started_at, "submitted_at": annotation.submitted_at, "active_ms": annotation.timing.active if annotation.timing.wall else None,
        "meta": json.dumps(dict(item.meta)),
    }  # fmt: skip
    for task in tasks:
        row[column(task)] = _cell(task, annotation.answers.get(task.id), row["text"], dropped)
    return row


def _cell(task: Task, value: Any, text: str, dropped: Dropped) -> Any:
    if value is None:
        return None
    numbers = {label: number for number, label in enumerate(task.values)}
    if isinstance(task, Choice | Choices):
        said = value if isinstance(value, list) else [value]
        found = [numbers[label] for label in said if label in numbers]
        count(dropped, GONE, len(said) - len(found))
        return found if isinstance(task, Choices) else next(iter(found), None)
    if isinstance(task, Spans):
        left = [one for one in value if one["label"] in numbers]
        count(dropped, GONE, len(value) - len(left))
        return [
            {
                "start": one["start"], "end": one["end"], "label": numbers[one["label"]],
                "text": text[one["start"] : one["end"]],
            }
            for one in left
        ]  # fmt: skip
    return whole(value, dropped) if isinstance(value, str) else value
