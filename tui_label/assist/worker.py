"""The child process of suggestions that are made in Python: `python -m tui_label.assist.worker KIND WHAT BATCH`.

It speaks as `program` expects: a greeting with the version, then for each item a line with its answer, or
with `error` where making one failed.  What the code prints goes to standard error.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from itertools import islice
from numbers import Integral, Real
from typing import Any

from tui_label.assist import callables, patterns, spacy_model
from tui_label.errors import LabelError

Ask = Callable[[Sequence[Mapping[str, Any]]], Sequence[Any]]
"""Items as in an export, to one answer each."""
KINDS: Mapping[str, Callable[[str], tuple[Ask, str]]] = {
    "callable": callables.load,
    "patterns": patterns.load,
    "spacy": spacy_model.load,
}


def main() -> int:
    kind, what, batch = sys.argv[1:]
    # Whatever prints, prints elsewhere: standard output is ours
    out = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    try:
        ask, version = KINDS[kind](what)
    except LabelError as error:
        print(json.dumps({"error": str(error)}), file=out, flush=True)
        return 0
    print(json.dumps({"version": version}), file=out, flush=True)
    lines = sys.stdin.buffer
    while items := [json.loads(line) for line in islice(lines, int(batch))]:
        for item, answer in zip(items, _asked(ask, items), strict=True):
            print(json.dumps({**answer, "item": item["item"]}, default=_number), file=out)
        out.flush()
    return 0


def _asked(ask: Ask, items: list[dict[str, Any]]) -> list[Mapping[str, Any]]:
    """An answer for each item.  Where a batch fails, its items are asked one by one, to know which it was."""
    try:
        return _shaped(ask(items), items)
    except Exception as error:
        if len(items) == 1:
            return [{"error": f"{type(error).__name__}: {error}" if str(error) else type(error).__name__}]
    return [one for item in items for one in _asked(ask, [item])]


def _shaped(said: Any, items: Sequence[Any]) -> list[Mapping[str, Any]]:
    if not isinstance(said, Sequence) or isinstance(said, str):
        said = list(said)
    if len(said) != len(items):
        raise ValueError(f"gave {len(said)} answers for {len(items)} items")
    found: list[Mapping[str, Any]] = []
    for one in said:
        answer = one if isinstance(one, Mapping) else {"suggestions": list(one or ())}
        json.dumps(answer, default=_number)
        found.append(answer)
    return _by_item(found, [str(item["item"]) for item in items])


def _number(value: object) -> int | float:
    """A number of numpy's as one that JSON has."""
    if isinstance(value, Integral):
        return int(value)
    if isinstance(value, Real):
        return float(value)
    raise TypeError(f"Object of type {type(value).__name__} is not JSON serializable")


def _by_item(answers: list[Mapping[str, Any]], keys: list[str]) -> list[Mapping[str, Any]]:
    """The answers in the order of the items: of those that name theirs nothing is said by where they stand."""
    about: dict[str, Mapping[str, Any]] = {}
    for key, answer in zip(keys, answers, strict=True):
        named = answer.get("item")
        about.setdefault(key if named is None else str(named), answer)
    if strange := sorted(about.keys() - set(keys)):
        raise ValueError(f"gave an answer about item {strange[0]}, which was not asked")
    if len(about) < len(keys):
        raise ValueError("gave two answers about one item")
    return [about[key] for key in keys]


if __name__ == "__main__":
    sys.exit(main())
