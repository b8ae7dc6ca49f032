"""What Python code hands over: of the types that it says, before anything is done with it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import is_dataclass
from functools import cache
from reprlib import repr as short
from types import NoneType, UnionType
from typing import Any, NamedTuple, get_args, get_origin, get_type_hints

import yaml

from tui_label.core.annotation import STATUSES
from tui_label.core.gold import PROBES
from tui_label.core.item import Item
from tui_label.core.record import Record
from tui_label.errors import ConfigError, InputError

WORDS = {str: "text", tuple: "a tuple", Mapping: "a dict"}


def handed(made: Iterable[Record | Item | str]) -> Iterator[Record | Item | str]:
    """Each of them; raises InputError."""
    if isinstance(made, str | bytes | Mapping) or not isinstance(made, Iterable):
        raise InputError(f"what is added must be a list of texts, items or records, not {short(made)}")
    if hasattr(made, "columns"):
        # One goes through a table of pandas or polars by columns, of pandas by their names
        raise InputError("a table is added by a column of texts, as table['text'], or with add_files")
    for one in made:
        if not isinstance(one, Record | Item | str):
            raise InputError(f"{short(one)}: must be a text, an Item or a Record")
        if isinstance(one, Item) and (problem := misshapen(one, Item) or _of_item(one)):
            raise InputError(f"item {one.key}: {problem}")
        if isinstance(one, Record) and (problem := _of_record(one)):
            raise InputError(f"item {getattr(one.item, 'key', '')}: {problem}")
        yield one


def written_tasks(name: str, tasks: Sequence[Mapping[str, Any]]) -> str:
    """The project.yaml that asks them; raises ConfigError for what is not to be written there."""
    if not isinstance(tasks, Sequence) or not all(isinstance(one, Mapping) for one in tasks):
        raise ConfigError(f"tasks: must be a list of dicts, one for each question, not {short(tasks)}")
    try:
        return yaml.safe_dump(
            {"name": name, "tasks": [dict(one) for one in tasks]}, allow_unicode=True, sort_keys=False
        )
    except yaml.YAMLError as error:
        raise ConfigError(f"tasks: {short(error.args[-1])}: must be text, a number, a list or a dict") from error


def _of_record(record: Record) -> str:
    if problem := misshapen(record, Record) or _of_item(record.item):
        return problem
    if record.annotation is not None and record.annotation.status not in STATUSES:
        return f"annotation: status: must be one of {', '.join(STATUSES)}, not {short(record.annotation.status)}"
    if record.probe and record.probe not in PROBES:
        return f"probe: must be {' or '.join(PROBES)}, not {short(record.probe)}"
    return ""


def _of_item(item: Item) -> str:
    """Of one whose fields are of their types."""
    if not item.key.strip():
        return "key: is empty"
    if not (item.text or item.candidates or item.sound):
        return "text: is empty"
    try:
        json.dumps(dict(item.meta))
    except (TypeError, ValueError, RecursionError) as error:
        return f"meta: {error}"
    return ""


class Field(NamedTuple):
    name: str
    kind: Any
    """Its type, without that of its parts."""
    part: Any
    """The type of each part of a tuple."""
    may_lack: bool
    plain: Any
    """A value of exactly this type is as it should be, but for its parts; None for dataclasses, which are looked into."""


def misshapen(made: Any, kind: Any) -> str:
    """Which field of a dataclass is of another type than it says, and of those in it; empty: none.  Numbers may be any."""
    if not isinstance(made, kind):
        return f"must be {WORDS.get(kind) or f'of type {kind.__name__}'}, not {short(made)}"
    for field in _fields(kind):
        value = getattr(made, field.name)
        if type(value) is field.plain and not (field.part and value):
            continue
        if value is None and field.may_lack:
            continue
        problem = misshapen(value, field.kind)
        if field.part and not problem:
            problem = next((wrong for one in value if (wrong := misshapen(one, field.part))), "")
        if problem:
            return f"{field.name}: {problem}"
    return ""


@cache
def _fields(kind: Any) -> tuple[Field, ...]:
    """Of a dataclass; nothing else has any."""
    found = []
    for name, hint in get_type_hints(kind).items() if is_dataclass(kind) else ():
        hints = get_args(hint) if isinstance(hint, UnionType) else (hint,)
        of = get_origin(hints[0]) or hints[0]
        if of in WORDS or is_dataclass(of):
            part = get_args(hints[0])[0] if of is tuple else None
            plain = None if is_dataclass(of) else dict if of is Mapping else of
            found.append(Field(name, of, part, NoneType in hints, plain))
    return tuple(found)
