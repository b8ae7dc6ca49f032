"""Prodigy's JSON Lines, on the way out: spans, choices and sounds, with the answer `accept`, or `ignore` for a skip.

Prodigy has one place for each of these: the first task of a kind takes it, answers to others stand in fields that are
named after their tasks.  What is suggested about an item is a line without an answer, as Prodigy takes tasks that are
to be corrected.  They are read as our own JSON Lines are, which know Prodigy's spellings.

https://prodi.gy/docs/api-interfaces.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, TextIO

from tui_label.core.annotation import SKIPPED, Annotation
from tui_label.core.item import Item
from tui_label.core.project import Project
from tui_label.core.tasks import Choice, Choices, Segments, Spans, Task, Text
from tui_label.formats.array import dumped
from tui_label.formats.jsonl import FLAGGED, may_be_named
from tui_label.formats.offered import Offer
from tui_label.formats.outgoing import Dropped, Rows, count, is_finished
from tui_label.formats.tracks import plus

SPAN = ("start", "end", "label", "score", "source")
SOUND_SPAN = ("label", "text", "speaker")
TEXT_PLACES: dict[str, tuple[type[Task], ...]] = {"spans": (Spans,), "accept": (Choice, Choices)}
SOUND_PLACES: dict[str, tuple[type[Task], ...]] = {
    "audio_spans": (Segments,), "transcript": (Text,), "accept": (Choice, Choices),
}  # fmt: skip


def write(rows: Rows, out: TextIO, project: Project, dropped: Dropped) -> int:
    written = 0
    for item, annotation in rows:
        if isinstance(annotation, Offer):
            record = _said(item, _offered(item, annotation, project, dropped), project, dropped)
        elif annotation.status == SKIPPED:
            record = _signed(annotation, "ignore")
        elif is_finished(annotation, dropped):
            record = _said(item, annotation.answers, project, dropped) | _signed(annotation, "accept")
        else:
            continue
        count(dropped, "times", bool(annotation.timing.wall))
        count(dropped, "reasons of flags", sum(flag.reason != FLAGGED for flag in annotation.flags))
        count(dropped, "notes of flags", sum(bool(flag.note) for flag in annotation.flags))
        out.write(dumped(_item(item) | record) + "\n")
        written += 1
    return written


def _item(item: Item) -> dict[str, Any]:
    named = {"item": item.key, "meta": dict(item.meta)}
    if item.sound is None:
        return {"text": item.text} | named | ({"candidates": list(item.candidates)} if item.candidates else {})
    offset = {"offset": item.sound.offset} if item.sound.offset else {}
    return {"audio": item.sound.path, "path": item.sound.path, **offset, "duration": item.sound.duration} | named


def _said(item: Item, answers: Mapping[str, Any], project: Project, dropped: Dropped) -> dict[str, Any]:
    record: dict[str, Any] = {}
    places = _places(item, project)
    for id, value in answers.items():
        task = project.task(id)
        if value is None:
            continue
        if task is None or not (id in places or may_be_named(id)):
            count(dropped, f"answers to {id}")
            continue
        place = places.get(id, id)
        if place == "spans":
            value = [{name: one[name] for name in SPAN if name in one} for one in value]
        elif place == "audio_spans":
            value = [_sound_span(item, one) for one in value]
        elif place == "accept":
            record["options"] = [{"id": label, "text": label} for label in task.values]
            value = value if isinstance(value, list) else [value]
        record[place] = value
    return record


def _places(item: Item, project: Project) -> dict[str, str]:
    """The fields that Prodigy has for answers, each by the id of the task whose answers it takes."""
    found: dict[str, str] = {}
    for place, kinds in (SOUND_PLACES if item.sound is not None else TEXT_PLACES).items():
        if task := project.first(*kinds):
            found[task.id] = place
    return found


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


def _offered(item: Item, offer: Offer, project: Project, dropped: Dropped) -> dict[str, Any]:
    """Suggestions as answers: all spans, and of other tasks the first one's."""
    made: dict[str, Any] = {}
    places = _places(item, project)
    for one in offer.suggestions:
        if one.task not in places:
            count(dropped, f"suggestions for {one.task}")
        elif places[one.task] == "spans":
            score = {} if one.score is None else {"score": one.score}
            made.setdefault(one.task, []).append({**one.value, **score, "source": one.source})
        else:
            count(dropped, "further suggestions", one.task in made)
            made.setdefault(one.task, one.value)
    return made
