"""project.yaml → Project, with every mistake at once: file, line, field, and what to do."""

from __future__ import annotations

import errno
import re
import unicodedata
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from tui_label.config import fields
from tui_label.config.admission import way_in
from tui_label.config.nodes import Node, Reader, compose, is_line, line_of
from tui_label.config.server import server
from tui_label.config.tasks import LABEL, OPTIONS, TASK, tasks
from tui_label.config.transcripts import PATTERN, STYLE
from tui_label.core import keyproblems
from tui_label.core.project import Project, Server
from tui_label.core.text import visible
from tui_label.errors import ConfigError, typed

FILE = "project.yaml"
TOP = ("name", "tasks", "store", *fields.FIELDS)
NEEDED = ("name", "tasks")


def load(folder: Path) -> Project:
    """The project in a folder; raises ConfigError with all that is wrong with its project.yaml."""
    path = folder / FILE
    try:
        data = content(path)
    except FileNotFoundError as error:
        raise ConfigError(
            f"{path}: no project here; start one with `tui-label new {typed(folder)} --from sentiment`"
        ) from error
    except NotADirectoryError as error:
        raise ConfigError(f"{folder}: not a folder; name the project's") from error
    except PermissionError as error:
        raise ConfigError(f"{path}: you may not read it; {way_in(folder, path)}") from error
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}") from error
    return parse(decoded(data, FILE), folder)


def decoded(data: bytes, name: str) -> str:
    """The text of a file of a project's; raises ConfigError where it is not UTF-8, with or without a mark that says so."""
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise ConfigError(f"{name}:{line}: not UTF-8 at byte {error.start}; save the file as UTF-8") from error


def content(path: Path) -> bytes:
    """What is in a file that people write; raises OSError, also where it is a pipe.

    Who reads a pipe would wait, for ever where nobody fills it.
    """
    if path.is_fifo():
        raise OSError(errno.EINVAL, "is a pipe, not a file", str(path))
    return path.read_bytes()


def parse(text: str, folder: Path) -> Project:
    """The project that `text`, the content of project.yaml, describes."""
    reader = Reader()
    root = compose(text, FILE)
    project = _project(reader, root, folder, text)
    if reader.problems or project is None:
        raise ConfigError(*[f"{FILE}:{line}: {words}" for line, words in sorted(set(reader.problems))])
    return project


def server_of(text: str) -> Server | None:
    """The `store` of a project.yaml with mistakes, None where it has none; raises ConfigError where it can't be read."""
    reader = Reader()
    try:
        root = compose(text, FILE)
    except ConfigError:
        if re.search(r"^\W*store\W*:", text, re.MULTILINE):
            raise
        return None
    top = Reader().mapping(root, "") if root is not None else {}
    if "store" not in top:
        return None
    name = reader.text(top["name"], "name", 100) if "name" in top else ""
    found = server(reader, top["store"], name)
    if reader.problems or not name:
        raise ConfigError(f"{FILE}: store: cannot be read")
    return found


def warnings(project: Project) -> list[str]:
    """What is allowed but will cause grief: label names that look or export alike."""
    found = []
    for task in project.tasks:
        seen: dict[str, str] = {}
        for value in (label.value for label in task.labels):
            twin = seen.setdefault(unicodedata.normalize("NFC", value).casefold(), value)
            if twin != value:
                found.append(f"{task.id}: labels {visible(twin)} and {visible(value)} differ in case or form only")
            if value == "O" or value[:2] in ("B-", "I-"):
                found.append(f"{task.id}: label {visible(value)} will clash with CoNLL's own tags on export")
    return found


def personal_keys(path: Path) -> Mapping[str, str]:
    """One person's own keys: command → keys."""
    if not path.exists():
        return {}
    reader = Reader()
    root = compose(path.read_text(encoding="utf-8", errors="replace"), str(path))
    keys = fields.keys(reader, root) if root is not None else {}
    if reader.problems:
        raise ConfigError(*[f"{path}:{line}: {words}" for line, words in reader.problems])
    return keys


def settings() -> list[str]:
    """Every key of project.yaml, for the check that the README names them all."""
    parts = (fields.LISTEN, fields.REVIEW, fields.SUGGESTING, fields.ROLES, fields.FLAG, fields.PACE)
    return sorted({*TOP, *TASK, *OPTIONS, *LABEL, *STYLE, *PATTERN, *(key for part in parts for key in part)})


def _project(reader: Reader, root: Node | None, folder: Path, source: str) -> Project | None:
    if root is None:
        reader.problems.append((1, "the file is empty; it needs at least name and tasks"))
        return None
    top = reader.mapping(root, "", TOP)
    if not isinstance(root, yaml.MappingNode):
        return None
    for needed in NEEDED:
        if needed not in top:
            reader.wrong(root, needed, "is missing; every project needs it")
    name = reader.text(top["name"], "name", 100) if "name" in top else ""
    if "name" in top and not is_line(name):
        reader.wrong(top["name"], "name", "must be a name on one line")
    found: dict[str, Any] = {key: read(reader, top[key]) for key, read in fields.FIELDS.items() if key in top}
    asked = tasks(reader, top["tasks"], found.get("items", "text")) if "tasks" in top else ()
    if "sound" in top and found.get("items", "text") == "text":
        reader.wrong(top["sound"], "sound", "is about sound, and the items are text; say `items: sound`")
    if "lease" in found:
        found["lease_ms"] = found.pop("lease")
    if "store" in top:
        found["server"] = server(reader, top["store"], name)
    project = Project(folder, name, asked, source=source, **found)
    _check_keys(reader, project, root)
    return project


def _check_keys(reader: Reader, project: Project, root: Node) -> None:
    for place, words in keyproblems.problems(project):
        line = reader.places.get(place, line_of(root))
        reader.problems.append((line, visible(f"{place}: {words}")))
