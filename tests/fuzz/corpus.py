"""Cases that are kept: found ones, and such as lead to far places.  A file a target, a line a case, as Python writes bytes."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from pathlib import Path

FOLDER = Path(__file__).with_name("corpus")


def cases(target: str) -> list[bytes]:
    path = FOLDER / f"{target}.txt"
    return [ast.literal_eval(line) for line in path.read_text("ascii").splitlines()] if path.exists() else []


def keep(target: str, found: Iterable[bytes]) -> None:
    """Add cases to those that are there."""
    known = cases(target)
    new = [one for one in found if one not in known]
    FOLDER.mkdir(exist_ok=True)
    with (FOLDER / f"{target}.txt").open("a", encoding="ascii") as file:
        file.writelines(f"{one!r}\n" for one in dict.fromkeys(new))
