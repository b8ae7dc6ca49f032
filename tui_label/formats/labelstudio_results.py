"""What Label Studio calls results: one for each region, choice, rating or text, and the answers they make.

A result names its control (`from_name`), which is the id of the task on the way out.  One
from elsewhere is for the first task of its kind that knows its labels.  Regions of a text
count UTF-16 units, those of a sound seconds of the file.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from tui_label.core.annotation import Annotation
from tui_label.core.item import Item, candidate_names, is_score
from tui_label.core.project import Project
from tui_label.core.tasks import Choice, Choices, Compare, Rating, Segments, Spans, Task, Text
from tui_label.formats.making import Bad, knows, task_for
from tui_label.formats.source import Reading
from tui_label.formats.texts import BYTES, CODE_POINTS, UTF16, Units, located
from tui_label.formats.tracks import plus

ORDER = (UTF16, CODE_POINTS, BYTES)
SIDES = {"left": "A", "right": "B"}
ORIGINS = {"manual": "manual", "accepted": "prediction", "changed": "prediction-changed"}
FIELDS = {"label": ("labels", ""), "text": ("text", "_text"), "speaker": ("choices", "_speaker")}
"""Of each field of a segment: where its value stands, and how the name of its control ends on the way out."""
ORIGINS_BACK = {theirs: ours for ours, theirs in ORIGINS.items()}


@dataclass
class Said:
    """What a list of results says, by task id."""

    answers: dict[str, Any] = field(default_factory=dict)
    origins: dict[str, list[str]] = field(default_factory=dict)
    scores: dict[str, list[float | None]] = field(default_factory=dict)
    """One for each span, else one."""

    def put(self, task: Task, value: Any, result: Mapping[str, Any]) -> None:
        self.answers[task.id] = value
        self.origins[task.id] = [_origin(result)]
        self.scores[task.id] = [score_in(result.get("score"))]


def said(reading: Reading, item: Item, results: Any) -> Said:
    """Raises Bad."""
    if not isinstance(results, list) or not all(isinstance(one, dict) for one in results):
        raise Bad("result", "must be a list of results")
    found = Said()
    if item.sound is not None:
        results = _segments(reading, item, results, found)
    regions: dict[str, list[tuple[dict[str, Any], str, float | None]]] = {}
    units = Units(item.text)
    for result in results:
        value = result.get("value")
        if not isinstance(value, dict):
            reading.leave_out("relations" if result.get("type") == "relation" else "results without a value")
            continue
        labels = value.get("labels", value.get("hypertextlabels"))
        if isinstance(labels, list) and "start" in value:
            for span in _spans(reading, units, value, labels):
                task = _task(reading, result, (Spans,), [span["label"]])
                regions.setdefault(task.id, []).append((span, _origin(result), score_in(result.get("score"))))
        elif "start" in value or "x" in value:
            reading.leave_out(f"{str(result.get('type'))[:40]} of regions")
        else:
            _whole(reading, result, value, found)
    for id, parts in regions.items():
        parts.sort(key=lambda part: (part[0]["start"], part[0]["end"], part[0]["label"]))
        found.answers[id] = [span for span, _, _ in parts]
        found.origins[id] = [origin for _, origin, _ in parts]
        found.scores[id] = [score for _, _, score in parts]
    return found


def _spans(reading: Reading, units: Units, value: Mapping[str, Any], labels: list[Any]) -> Iterator[dict[str, Any]]:
    places = value.get("globalOffsets", value)
    if not isinstance(places, dict):
        raise Bad("globalOffsets", "must have start and end")
    start, end = located(reading, units, places.get("start"), places.get("end"), value.get("text"), ORDER)
    for label in labels:
        yield {"start": start, "end": end, "label": str(label), "text": units.text[start:end]}


def _whole(reading: Reading, result: Mapping[str, Any], value: Mapping[str, Any], found: Said) -> None:
    """A result about the whole of the item."""
    if isinstance(chosen := value.get("choices"), list):
        labels = [str(one) for one in chosen]
        named = reading.project.task(str(result.get("from_name")))
        if isinstance(named, Compare):
            found.put(named, labels if named.mode == "rank" else "".join(labels[:1]), result)
            return
        task = _task(reading, result, (Choice, Choices), labels)
        if isinstance(task, Choices):
            found.put(task, [one for one in task.values if one in labels], result)
        elif len(labels) == 1:
            found.put(task, labels[0], result)
        elif labels:
            raise Bad("choices", f"{task.id} takes one label, not {len(labels)}")
    elif (number := value.get("rating", value.get("number"))) is not None:
        number = int(number) if isinstance(number, float) and number.is_integer() else number
        found.put(_task(reading, result, (Rating,), [str(number)]), number, result)
    elif (text := value.get("text")) is not None:
        lines = text if isinstance(text, list) else [text]
        found.put(_task(reading, result, (Text,), []), "\n".join(map(str, lines)), result)
    elif value.get("selected") in SIDES:
        found.put(_task(reading, result, (Compare,), []), SIDES[value["selected"]], result)
    else:
        reading.leave_out(f"{str(result.get('type'))[:40]} results")


def _task(reading: Reading, result: Mapping[str, Any], kinds: tuple[type[Task], ...], labels: list[str]) -> Task:
    named = reading.project.task(str(result.get("from_name")))
    if isinstance(named, kinds) and knows(named, labels):
        return named
    return task_for(reading, kinds, labels)


def _segments(reading: Reading, item: Item, results: list[Any], found: Said) -> list[Any]:
    """Puts the segments into `found`: results of one id about one task are one.  Returns the other results."""
    assert item.sound is not None
    regions: list[tuple[str, str, dict[str, Any]]] = []
    rest = []
    for number, result in enumerate(results):
        value = result.get("value")
        if isinstance(value, dict) and "start" in value and "end" in value:
            regions.append((str(result.get("id") or number), _control(reading, result, value), result))
        else:
            rest.append(result)
    controls = {id: control for id, control, _ in reversed(regions) if control}
    parts: dict[tuple[str, str], dict[str, Any]] = {}
    origins: dict[tuple[str, str], str] = {}
    for id, control, result in regions:
        key = control or controls.get(id, ""), id
        parts[key] = _part(result["value"], item.sound.offset) | parts.get(key, {})
        origins[key] = _origin(result)
    for key in sorted(parts, key=lambda key: (parts[key]["start"], parts[key]["end"])):
        one = parts[key]
        task = _task(reading, {"from_name": key[0]}, (Segments,), [one.get("label", "")])
        found.answers.setdefault(task.id, []).append(one)
        found.origins.setdefault(task.id, []).append(origins[key])
        found.scores[task.id] = [None]
    return rest


def _part(value: Mapping[str, Any], offset: float) -> dict[str, Any]:
    """What one result says of a segment."""
    made: dict[str, Any] = {name: round(_seconds(name, value[name]) - offset, 9) for name in ("start", "end")}
    for name, (theirs, _) in FIELDS.items():
        said = value.get(theirs) or []
        if words := "\n".join(map(str, said if isinstance(said, list) else [said])):
            made[name] = words
    return made


def _control(reading: Reading, result: Mapping[str, Any], value: Mapping[str, Any]) -> str:
    """The segments task that a result of a region names; empty if it names none."""
    name = str(result.get("from_name"))
    ours = [name.removesuffix(ending) for theirs, ending in FIELDS.values() if theirs in value]
    return next((one for one in [*ours, name] if isinstance(reading.project.task(one), Segments)), "")


def _seconds(name: str, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 10**7:
        raise Bad(name, f"must be seconds from 0 on, not {str(value)[:40]!r}")
    return float(value)


def _origin(result: Mapping[str, Any]) -> str:
    return ORIGINS_BACK.get(str(result.get("origin")), "manual")


def score_in(value: Any) -> float | None:
    return float(value) if is_score(value) else None


# writing


def results(item: Item, annotation: Annotation, project: Project) -> list[dict[str, Any]]:
    """The results of an answer, in the order of the project's tasks."""
    made: list[dict[str, Any]] = []
    units = Units(item.text)
    for task in project.tasks:
        value = annotation.answers.get(task.id)
        if value is None:
            continue
        origins = annotation.origin.get(task.id, [])
        for number, (place, parts) in enumerate(_values(task, value, item, units)):
            origin = {"origin": ORIGINS.get(origins[number], "manual")} if number < len(origins) else {}
            for suffix, type, part in parts:
                named = {"id": f"{task.id}-{number}", "from_name": task.id + suffix, "type": type}
                about = {"to_name": "audio" if item.sound else "text", "value": {**place, **part}}
                made.append({**named, **origin, **about})
    return made


Parts = tuple[dict[str, Any], list[tuple[str, str, dict[str, Any]]]]
"""Where a region is, and of its results the end of `from_name`, the type and the value."""


def _values(task: Task, value: Any, item: Item, units: Units) -> Iterator[Parts]:
    if isinstance(task, Spans):
        for one in value:
            start, end = units.utf16(one["start"]), units.utf16(one["end"])
            covered = item.text[one["start"] : one["end"]]
            yield {"start": start, "end": end, "text": covered}, [("", "labels", {"labels": [one["label"]]})]
    elif isinstance(task, Segments):
        offset = item.sound.offset if item.sound else 0.0
        for one in value:
            place = {"start": plus(offset, one["start"]), "end": plus(offset, one["end"]), "channel": 0}
            yield place, list(_segment(one))
    elif isinstance(task, Choice | Choices):
        yield {}, [("", "choices", {"choices": value if isinstance(value, list) else [value]})]
    elif isinstance(task, Rating):
        yield {}, [("", "rating", {"rating": value})]
    elif isinstance(task, Text):
        yield {}, [("", "textarea", {"text": [value]})]
    elif len(candidate_names(item)) == 2 and value in SIDES.values():
        yield {}, [("", "pairwise", {"selected": next(side for side, name in SIDES.items() if name == value)})]
    else:
        yield {}, [("", "choices", {"choices": value if isinstance(value, list) else [value]})]


def _segment(one: Mapping[str, Any]) -> Iterable[tuple[str, str, dict[str, Any]]]:
    if label := one.get("label"):
        yield FIELDS["label"][1], "labels", {"labels": [label]}
    if (text := one.get("text")) or not label:
        yield FIELDS["text"][1], "textarea", {"text": [text or ""]}
    if speaker := one.get("speaker"):
        yield FIELDS["speaker"][1], "choices", {"choices": [speaker]}
