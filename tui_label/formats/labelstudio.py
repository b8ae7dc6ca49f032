"""Label Studio's JSON (tasks with annotations, predictions, drafts) and JSON-MIN (a record an annotation).

Fields of `data` beside the text are the item's meta.  A prediction is suggestions,
`was_cancelled` a skip, `ground_truth` a known answer, `lead_time` the active time.  Label Studio
refuses files that name strangers: `completed_by` is written for names that are an e-mail
address or a number; all names stand in `annotator`, which it passes over.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import PurePosixPath
from typing import Any, TextIO

from tui_label.core.annotation import DRAFT, SKIPPED, SUBMITTED, UNDONE, Annotation, Timing
from tui_label.core.gold import SETTLED
from tui_label.core.item import Item, Suggestion, candidate_names
from tui_label.core.project import Project
from tui_label.core.record import Record
from tui_label.core.tasks import Choices, Compare, Rating, Segments, Spans, is_asked
from tui_label.formats import sounds
from tui_label.formats.array import NoArray, elements, written
from tui_label.formats.labelstudio_results import Said, results, said, score_in
from tui_label.formats.making import Bad, author, check_answers, finished, id_in, make_item, utc_time
from tui_label.formats.offered import Offer
from tui_label.formats.outgoing import Dropped, Rows, count, count_finer_times
from tui_label.formats.recordings import Recordings
from tui_label.formats.source import BadLine, Reading
from tui_label.formats.texts import finished_texts

TEXTS = ("text", "content", "sentence", "document", "body")
OURS = ("id", "item", "annotator", "annotation_id", "created_at", "updated_at", "lead_time")
"""What JSON-MIN has beside data and answers."""


def read(reading: Reading) -> Iterator[Record | BadLine]:
    recordings = Recordings(reading) if reading.project.items == "sound" else None
    try:
        for line, task in elements(reading):
            try:
                if not isinstance(task, dict):
                    raise Bad("", "must be an object in braces")
                made = _records(reading, task if "data" in task else _whole_task(reading, task), recordings)
                yield from [finished(reading, one) for one in made]
            except Bad as error:
                yield reading.bad(line, error.problem, error.field)
    except NoArray as error:
        yield reading.bad(error.line, str(error))


def _records(reading: Reading, task: Mapping[str, Any], recordings: Recordings | None) -> list[Record]:
    """The item with its suggestions, once for each annotation."""
    item = _item(reading, task, recordings)
    item, suggestions = _suggestions(reading, item, _objects(task, "predictions"))
    found = _objects(task, "annotations") or _objects(task, "completions")
    if reading.gold:
        found = [one for one in found if one.get("ground_truth")] or [
            one for one in found if not one.get("was_cancelled")
        ]
    made, loose = [], []
    for one in found:
        if author(reading, _annotator(one)):
            made.append(_annotation(reading, item, one, SKIPPED if one.get("was_cancelled") else SUBMITTED))
        else:
            loose.append({**one, "model_version": "input"})
    if not reading.gold:
        drafts = [one for one in _objects(task, "drafts") if author(reading, _annotator(one))]
        made += [_annotation(reading, item, one, DRAFT) for one in drafts]
    item, more = _suggestions(reading, item, loose)
    suggestions += more
    if not made:
        return [Record(item, suggestions)]
    return [Record(item, () if number else suggestions, one) for number, one in enumerate(made)]


def _objects(task: Mapping[str, Any], field: str) -> list[dict[str, Any]]:
    found = task.get(field) or []
    if not isinstance(found, list):
        raise Bad(field, "must be a list")
    # Some exports have the ids of drafts or predictions in place of them
    return [one for one in found if isinstance(one, dict)]


def _item(reading: Reading, task: Mapping[str, Any], recordings: Recordings | None) -> Item:
    data, meta = task.get("data"), task.get("meta")
    if not isinstance(data, dict):
        raise Bad("data", "must be an object")
    key = meta.get("item") if isinstance(meta, dict) else None
    key = id_in(task.get("id") if key is None else key)
    if recordings is not None:
        return _sound(reading, recordings, data, key)
    names: list[str] = []
    if reading.project.first(Compare):
        letters = itertools.takewhile(lambda name: isinstance(data.get(name), str), "ABCDEFGHI")
        names = list(letters) or [name for name in ("left", "right") if isinstance(data.get(name), str)]
    field = _text_field([name for name, value in data.items() if isinstance(value, str) and name not in names], names)
    rest = {name: value for name, value in data.items() if name != field and name not in names}
    return make_item(reading, key, data[field] if field else "", tuple(data[name] for name in names), rest)


def _text_field(fields: list[str], candidates: list[str]) -> str:
    if named := next((name for name in TEXTS if name in fields), ""):
        return named
    if candidates:
        return ""
    if len(fields) != 1:
        shown = f"{', '.join(fields[:5])} are texts; name the one to label text" if fields else "has no text"
        raise Bad("data", shown)
    return fields[0]


def _sound(reading: Reading, recordings: Recordings, data: Mapping[str, Any], key: str | None) -> Item:
    name = next((name for name in sounds.PATHS if isinstance(data.get(name), str)), "")
    if not name:
        raise Bad("data", f"no sound is named; call it one of {', '.join(sounds.PATHS[:4])}")
    place = str(data[name]).rpartition("?d=")[2]
    try:
        path = recordings.named(place)
    except Bad:
        # Uploaded files have eight digits before their name
        last = PurePosixPath(place).name
        path = recordings.named(last[9:] if last[8:9] == "-" else last, f"no recording named {last} lies beside it")
    line = {"audio": path} | {one: data[one] for one in ("offset", "duration") if one in data}
    return sounds.record(reading, line, key, {one: value for one, value in data.items() if one != name}, 0).item


def _annotator(one: Mapping[str, Any]) -> str:
    """Our own field, else Label Studio's number of the person or their address; empty: it does not say."""
    for name in (one.get("annotator"), one.get("completed_by"), one.get("user"), one.get("created_username")):
        if isinstance(name, dict):
            name = name.get("email") or name.get("username") or name.get("id")
        if isinstance(name, str | int) and not isinstance(name, bool) and str(name).strip():
            return str(name)
    return ""


def _annotation(reading: Reading, item: Item, one: Mapping[str, Any], status: str) -> Annotation:
    found = said(reading, item, one.get("result") or [])
    if status == SUBMITTED:
        _add_empty(reading, found)
        check_answers(reading, item, found.answers)
    has_origins = any(isinstance(part, dict) and "origin" in part for part in one.get("result") or [])
    lead = one.get("lead_time")
    active = round(lead * 1000) if isinstance(lead, int | float) and 0 <= lead < 10**9 else 0
    return Annotation(
        author(reading, _annotator(one)), status, found.answers, origin=found.origins if has_origins else {},
        timing=Timing(active), started_at=utc_time("draft_created_at", one.get("draft_created_at")),
        submitted_at=utc_time("created_at", one.get("updated_at") or one.get("created_at")),
    )  # fmt: skip


def _add_empty(reading: Reading, found: Said) -> None:
    """Where there may be none, and a finished answer has none, it says that there are none."""
    tasks = reading.project.tasks
    for task in tasks:
        empty = isinstance(task, Spans | Segments | Choices) and task.min == 0
        if empty and task.id not in found.answers and is_asked(task, tasks, found.answers.get):
            found.answers[task.id] = []


def _suggestions(reading: Reading, item: Item, found: list[dict[str, Any]]) -> tuple[Item, tuple[Suggestion, ...]]:
    """Those the project has labels for; the results of others are kept as the item's meta, and counted."""
    made: list[Suggestion] = []
    unknown: list[Any] = []
    for one in found:
        source = str(one.get("model_version") or "input")
        whole = score_in(one.get("score"))
        results = one.get("result") or []
        if not isinstance(results, list):
            raise Bad("result", "must be a list of results")
        for result in results if item.sound is None else [results]:
            try:
                values = said(reading, item, result if isinstance(result, list) else [result])
            except Bad as error:
                if error.field not in ("label", "choices"):
                    raise
                reading.not_known(error.problem)
                unknown.append(result)
                continue
            made += _offered(reading, item, values, source, whole, result, unknown)
    if unknown:
        kept = item.meta.get("predictions", [])
        kept = kept if isinstance(kept, list) else [kept]
        item = replace(item, meta={**item.meta, "predictions": [*kept, *unknown]})
    return item, tuple(made)


def _offered(
    reading: Reading, item: Item, values: Said, source: str, whole: float | None, result: Any, unknown: list[Any]
) -> Iterator[Suggestion]:
    for id, value in values.answers.items():
        task = reading.project.task(id)
        assert task is not None
        if problem := task.draft_problem(value, item):
            reading.not_known(problem)
            unknown.append(result)
            continue
        for number, part in enumerate(value if isinstance(task, Spans) else [value]):
            score = values.scores[id][number]
            yield Suggestion(id, part, whole if score is None else score, source)


# JSON-MIN


def _whole_task(reading: Reading, record: Mapping[str, Any]) -> dict[str, Any]:
    """The task that a record of JSON-MIN was made of."""
    found, data = [], {}
    for name, value in record.items():
        task = reading.project.task(name)
        parts = value if isinstance(value, list) else [value]
        if task is not None and isinstance(task, Spans | Compare) and not isinstance(value, str):
            found += [{"from_name": name, "value": part} for part in parts]
        elif task is not None and parts and all(isinstance(part, str) for part in parts):
            key = "text" if not task.takes_labels and not isinstance(task, Compare) else "choices"
            found.append({"from_name": name, "value": {key: parts}})
        elif isinstance(task, Rating) and isinstance(value, int):
            found.append({"from_name": name, "value": {"rating": value}})
        elif name not in OURS and _are_regions(parts):
            found += [{"from_name": name, "value": part} for part in parts]
        elif name not in OURS:
            data[name] = value
    is_answered = "annotation_id" in record or "annotator" in record or bool(found)
    annotation = {name: record.get(name) for name in ("created_at", "updated_at", "lead_time", "annotator")}
    return {
        "id": record.get("item", record.get("id")), "data": data,
        "annotations": [{**annotation, "result": found}] if is_answered else [],
    }  # fmt: skip


def _are_regions(parts: list[Any]) -> bool:
    known = ("labels", "hypertextlabels", "choices", "rating", "number", "taxonomy", "selected")
    return bool(parts) and all(isinstance(part, dict) and any(name in part for name in known) for part in parts)


# writing


def write(rows: Rows, out: TextIO, project: Project, dropped: Dropped) -> int:
    """One task an item; answers about one item come one after the other."""

    def tasks() -> Iterator[dict[str, Any]]:
        for number, (_, group) in enumerate(itertools.groupby(rows, lambda row: row[0].key), 1):
            yield _written_task(list(group), number, project, dropped)

    return written(out, tasks())


def _written_task(
    rows: list[tuple[Item, Annotation]], number: int, project: Project, dropped: Dropped
) -> dict[str, Any]:
    item = rows[0][0]
    annotations, drafts, predictions = [], [], []
    for place, (_, annotation) in enumerate(rows, 1):
        count(dropped, "flags", len(annotation.flags))
        count_finer_times(annotation, dropped)
        count(
            dropped, "origins of propagated answers", sum(one.count("propagated") for one in annotation.origin.values())
        )
        if isinstance(annotation, Offer):
            predictions += list(_predictions(item, annotation, project))
        elif annotation.status == UNDONE:
            count(dropped, "answers that were taken back")
        elif annotation.status == DRAFT:
            drafts.append(_written_annotation(item, annotation, project))
        else:
            annotations.append({"id": number * 1000 + place, **_written_annotation(item, annotation, project)})
    cancelled = sum(one["was_cancelled"] for one in annotations)
    return {
        "id": number, "data": _data(item, dropped), "meta": {"item": item.key}, "annotations": annotations,
        "drafts": drafts, "predictions": predictions, "total_annotations": len(annotations) - cancelled,
        "cancelled_annotations": cancelled,
    }  # fmt: skip


def _predictions(item: Item, offer: Offer, project: Project) -> Iterator[dict[str, Any]]:
    """One for each source; each result has the score of its suggestion, the prediction their mean where all have one."""
    for source in dict.fromkeys(one.source for one in offer.suggestions):
        found = [one for one in offer.suggestions if one.source == source]
        made, scores = [], []
        for number, one in enumerate(found):
            task = project.task(one.task)
            value = [one.value] if isinstance(task, Spans) else one.value
            for result in results(item, Annotation("", answers={one.task: value}), project):
                result["id"] = f"{one.task}-{number}-{result['id'].rpartition('-')[2]}"
                made.append(result if one.score is None else {**result, "score": one.score})
            scores += [] if one.score is None else [one.score]
        total = {"score": sum(scores) / len(scores)} if len(scores) == len(found) else {}
        yield {"model_version": source, **total, "result": made}


def _content(item: Item) -> dict[str, Any]:
    own: dict[str, Any] = dict(zip(candidate_names(item), item.candidates, strict=True))
    if item.sound is not None:
        offset = {"offset": item.sound.offset} if item.sound.offset else {}
        own |= {"audio": item.sound.path, **offset, "duration": item.sound.duration}
    elif item.text or not item.candidates:
        own["text"] = item.text
    return own


def _data(item: Item, dropped: Dropped) -> dict[str, Any]:
    own = _content(item)
    count(dropped, "fields of meta that are named as ours", sum(name in own for name in item.meta))
    return {**item.meta, **own}


def _written_annotation(item: Item, annotation: Annotation, project: Project) -> dict[str, Any]:
    name = annotation.annotator
    known: dict[str, Any] = {}
    if name.isascii() and name.isdigit() and len(name) < 10:
        known = {"completed_by": int(name)}
    elif "@" in name:
        known = {"completed_by": {"email": name}}
    return known | {
        "annotator": name, "was_cancelled": annotation.status == SKIPPED, "ground_truth": annotation.status == SETTLED,
        "created_at": annotation.submitted_at or None, "updated_at": annotation.submitted_at or None,
        "draft_created_at": annotation.started_at or None, "lead_time": _lead_time(annotation),
        "result": results(item, annotation, project),
    }  # fmt: skip


def _lead_time(annotation: Annotation) -> float | None:
    """Seconds; None where no time was measured."""
    return annotation.timing.active / 1000 if annotation.timing.wall else None


def write_min(rows: Rows, out: TextIO, project: Project, dropped: Dropped) -> int:
    def records() -> Iterator[dict[str, Any]]:
        for number, (item, annotation) in enumerate(
            finished_texts(rows, dropped, project.tasks, ("times", "meta", "names", "candidates")), 1
        ):
            count_finer_times(annotation, dropped)
            own: dict[str, Any] = {}
            taken = {*OURS, *_content(item)}
            for task in project.tasks:
                if task.id in taken:
                    count(dropped, f"answers to {task.id}", task.id in annotation.answers)
                    continue
                found = [one["value"] for one in results(item, annotation, project) if one["from_name"] == task.id]
                if found:
                    own[task.id] = _pretty(found)
            own |= {
                "id": number, "item": item.key, "annotator": annotation.annotator, "annotation_id": number,
                "created_at": annotation.submitted_at or None, "updated_at": annotation.submitted_at or None,
                "lead_time": _lead_time(annotation),
            }  # fmt: skip
            data = _data(item, dropped)
            count(dropped, "fields that are named as answers", sum(name in own for name in data))
            yield {**data, **own}

    return written(out, records())


def _pretty(found: list[dict[str, Any]]) -> Any:
    """As Label Studio has it: the bare text or choice where there is one."""
    made = [one.get("choices", one.get("text")) if "labels" not in one else None for one in found]
    if len(made) == 1 and isinstance(made[0], list):
        return made[0][0] if len(made[0]) == 1 else found[0]
    return found


def recognised(head: str) -> str:
    """The name of the format of a file that begins so; empty: it is not Label Studio's."""
    if '"data"' in head and any(f'"{name}"' in head for name in ("annotations", "completions", "predictions")):
        return "labelstudio"
    return "labelstudio-min" if '"annotation_id"' in head and '"lead_time"' in head else ""
