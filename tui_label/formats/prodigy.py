"""Prodigy's JSON Lines, on the way out: spans, choices and sounds, with the answer `accept`, or `ignore` for a skip.

What is suggested about an item is a line without an answer, as Prodigy takes tasks that are to be corrected.
They are read as our own JSON Lines are, which know Prodigy's spellings.

https://prodi.gy/docs/api-interfaces.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, TextIO

from tui_label.core.annotation import SKIPPED, Annotation
from tui_label.core.item import Item
from tui_label.core.project import Project
from tui_label.core.tasks import Choice, Choices, Segments, Spans, Text
from tui_label.formats.array import dumped
from tui_label.formats.offered import Offer
from tui_label.formats.tracks import Dropped, Rows, count, is_finished, plus

SPAN = ("start", "end", "label", "score", "source")
SOUND_SPAN = ("label", "text", "speaker")


def write(rows: Rows, out: TextIO, project: Project, dropped: Dropped) -> int:
    written = 0
    for item, annotation in rows:
        if isinstance(annotation, Offer):
            record = _said(item, _offered(annotation, project, dropped), project)
        elif annotation.status == SKIPPED:
            record = _signed(annotation, "ignore")
        elif is_finished(annotation, dropped):
            record = _said(item, annotation.answers, project) | _signed(annotation, "accept")
        else:
            continue
        count(dropped, "times", bool(annotation.timing.wall))
        count(dropped, "notes of flags", sum(bool(flag.note) for flag in annotation.flags))
        out.write(dumped(_item(item) | record) + "\n")
        written += 1
    return written


def _item(item: Item) -> dict[str, Any]:
    meta = {"meta": {**item.meta, "item": item.key}}
    if item.sound is None:
        return {"text": item.text} | meta
    stretch = {"offset": item.sound.offset, "duration": item.sound.duration} if item.sound.offset else {}
    return {"audio": item.sound.path, "path": item.sound.path} | stretch | meta


def _said(item: Item, answers: Mapping[str, Any], project: Project) -> dict[str, Any]:
    record: dict[str, Any] = {}
    for task in project.tasks:
        value = answers.get(task.id)
        if value is None:
            continue
        if isinstance(task, Spans):
            record["spans"] = [{name: one[name] for name in SPAN if name in one} for one in value]
        elif isinstance(task, Segments):
            record["audio_spans"] = [_sound_span(item, one) for one in value]
        elif isinstance(task, Text) and item.sound is not None and "transcript" not in record:
            record["transcript"] = value
        elif isinstance(task, Choice | Choices) and "accept" not in record:
            record["options"] = [{"id": label, "text": label} for label in task.values]
            record["accept"] = value if isinstance(value, list) else [value]
        else:
            record[task.id] = value
    return record


def _sound_span(item: Item, one: Mapping[str, Any]) -> dict[str, Any]:
    """Prodigy counts from the begin of the file."""
    offset = item.sound.offset if item.sound is not None else 0.0
    place = {"start": plus(offset, one["start"]), "end": plus(offset, one["end"])}
    return place | {name: one[name] for name in SOUND_SPAN if one.get(name)}


def _signed(annotation: Annotation, answer: str) -> dict[str, Any]:
    name = annotation.annotator
    signed: dict[str, Any] = {"answer": answer, "_annotator_id": name, "_session_id": name}
    if annotation.flags:
        signed["flagged"] = True
    if annotation.submitted_at:
        signed["_timestamp"] = int(datetime.fromisoformat(annotation.submitted_at).timestamp())
    return signed


def _offered(offer: Offer, project: Project, dropped: Dropped) -> dict[str, Any]:
    """Suggestions as answers: all spans, and of other tasks the first one's."""
    made: dict[str, Any] = {}
    for one in offer.suggestions:
        if isinstance(project.task(one.task), Spans):
            score = {} if one.score is None else {"score": one.score}
            made.setdefault(one.task, []).append({**one.value, **score, "source": one.source})
        else:
            count(dropped, "further suggestions", one.task in made)
            made.setdefault(one.task, one.value)
    return made
