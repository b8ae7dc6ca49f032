"""The card of a Hugging Face dataset: the YAML on top of the README.md of its folder, which names the classes.

`dataset_info` has the features, once or for each of several configurations; `configs` says which files are
of which.  Files that were not made by `datasets` have only the numbers of classes.

https://huggingface.co/docs/hub/datasets-manual-configuration; `datasets.Features._from_yaml_list`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from fnmatch import fnmatchcase
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import Any

import yaml

from tui_label.core.text import visible
from tui_label.errors import InputError
from tui_label.formats.making import Bad

NAME = "README.md"
FOLDERS = 3
"""How far above a file its card may lie: `data/CONFIG/train.parquet`."""
FRONT = re.compile(r"---[ \t]*\n(.*?\n)---[ \t]*(?:\n|\Z)", re.DOTALL)
LISTS = ("sequence", "list", "large_list")


def features(path: Path) -> dict[str, Any]:
    """The features by column, in the shape in which `datasets` writes them into its files; none without a card
    that names classes.  Raises InputError where there is one that cannot be understood.
    """
    path = path.absolute()
    for folder in islice(path.parents, FOLDERS):
        card = folder / NAME
        try:
            front = FRONT.match(card.read_text("utf-8-sig", "replace")) if card.is_file() else None
        except OSError as error:
            raise InputError(f"{visible(str(card))}: {error.strerror}") from error
        if front is not None and "class_label" in front[1]:
            try:
                return _features_of(front[1], path.relative_to(folder))
            except yaml.MarkedYAMLError as error:
                line = f":{error.problem_mark.line + 2}" if error.problem_mark else ""
                raise _broken(card, line, f"not YAML: {error.problem}") from error
            except (ValueError, RecursionError, yaml.YAMLError) as error:
                raise _broken(card, "", str(error)) from error
    return {}


def _broken(card: Path, line: str, problem: str) -> InputError:
    words = visible(" ".join(problem.split()))
    return InputError(f"{visible(str(card))}{line}: the YAML on top names the classes, but {words}; mend it")


def names_classes(path: Path) -> bool:
    """Whether a card says what numbers in a file of texts stand for."""
    found = features(path).values()
    return bool(found) and not any(one.get("dtype") == "audio" for one in found)


def classes(path: Path) -> dict[str, list[str]]:
    """The names of classes by column, of those columns whose values are one each."""
    found = features(path).items()
    return {column: one["names"] for column, one in found if one.get("_type") == "ClassLabel"}


def class_name(field: str, value: Any, names: list[Any]) -> str | None:
    """The class of its number, or of its name; -1 and an empty cell are none.  Raises Bad."""
    if value in ("", -1, "-1"):
        return None
    if isinstance(value, str) and value in names:
        return value
    number = (
        int(value) if isinstance(value, int) or (isinstance(value, str) and re.fullmatch(r"[0-9]{1,9}", value)) else -1
    )
    if not 0 <= number < len(names):
        raise Bad(field, f"{str(value)[:40]!r} is no class; they are 0 ({names[0]}) to {len(names) - 1} ({names[-1]})")
    return str(names[number])


@lru_cache(maxsize=8)
def _features_of(front: str, place: Path) -> dict[str, Any]:
    # All as text: a class may be called no, or 1e3
    said = yaml.load(front, yaml.BaseLoader)
    found = said.get("dataset_info") if isinstance(said, dict) else None
    infos: list[Any] = found if isinstance(found, list) else [found]
    if not infos or not all(isinstance(one, dict) for one in infos):
        raise ValueError("dataset_info is no mapping, or list of them")
    info = infos[0] if len(infos) == 1 else _chosen(infos, said.get("configs"), place)
    return _features(info.get("features"))


def _chosen(infos: list[dict[str, Any]], configs: Any, place: Path) -> dict[str, Any]:
    """The configuration that a file is of: as `configs` says, else by a folder it is in, else the default one."""
    listed = [one for one in configs if isinstance(one, dict)] if isinstance(configs, list) else []
    named = [one.get("config_name") for one in listed if _has(one, place.as_posix())]
    wanted = [*named, *reversed(place.parts[:-1]), "default"]
    by_name = {str(one.get("config_name")): one for one in infos}
    info = next((by_name[name] for name in wanted if name in by_name), None)
    if info is None:
        raise ValueError(f"none of the configurations {', '.join(by_name)} says that {place.as_posix()} is of it")
    return info


def _has(config: Mapping[str, Any], place: str) -> bool:
    files = config.get("data_files")
    for one in files if isinstance(files, list) else [files]:
        paths = one.get("path") if isinstance(one, dict) else one
        for pattern in paths if isinstance(paths, list) else [paths]:
            if isinstance(pattern, str) and fnmatchcase(f"/{place}", f"/{pattern.removeprefix('**/')}"):
                return True
    return False


def _features(said: Any) -> dict[str, Any]:
    if not isinstance(said, list) or not all(
        isinstance(one, dict) and isinstance(one.get("name"), str) for one in said
    ):
        raise ValueError("features is no list of columns with a name each")
    return {one["name"]: _feature(one["name"], one) for one in said}


def _feature(column: str, said: Any) -> dict[str, Any]:
    if isinstance(said, list):
        return _features(said)
    if not isinstance(said, dict):
        return {"_type": "Value", "dtype": str(said)}
    for kind in LISTS:
        if kind in said:
            return {"_type": "List", "feature": _feature(column, said[kind])}
    if "class_label" in said:
        return _classes(column, said["class_label"])
    if "dtype" in said or "struct" in said:
        return _feature(column, said.get("dtype", said.get("struct")))
    return {"_type": "Value", "dtype": next(iter(said), "")}


def _classes(column: str, said: Any) -> dict[str, Any]:
    names = said.get("names") if isinstance(said, dict) else None
    if isinstance(names, dict):
        numbers = [str(number) for number in range(len(names))]
        if set(names) != set(numbers):
            raise ValueError(f"the classes of {column} are not numbered from 0 on, each number once")
        names = [names[number] for number in numbers]
    if not isinstance(names, list) or not names or not all(isinstance(one, str) for one in names):
        raise ValueError(f"the class_label of {column} has no names")
    return {"_type": "ClassLabel", "names": names}
