"""What `--with` names: a pattern file, a Python callable, a spaCy model, or a command."""

from __future__ import annotations

import re
import shlex
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tui_label.assist import patterns
from tui_label.assist.answers import called
from tui_label.assist.program import BATCH, TIMEOUT_S, Program
from tui_label.core.project import Project
from tui_label.core.tasks import Task
from tui_label.core.text import visible
from tui_label.errors import AssistError, UsageError

PATTERN_FILES = (".yaml", ".yml", ".jsonl")
_CALLABLE = re.compile(r"[A-Za-z_][\w.]*:[A-Za-z_][\w.]*")
_MODEL = "spacy:"


@dataclass(frozen=True, slots=True)
class Assistant:
    """Something that can be asked for suggestions."""

    name: str
    """Its source, unless another one is given."""
    command: tuple[str, ...]
    """Without the batch size, where it is ours."""
    ours: bool
    tasks: tuple[Task, ...]
    """What it is asked."""
    left_out: tuple[str, ...] = ()
    """What of it can't be used, with file and line."""

    def start(self, batch: int = BATCH, timeout_s: float = TIMEOUT_S) -> Program:
        command = (*self.command, str(batch)) if self.ours else self.command
        return Program(command, self.name, batch=batch, timeout_s=timeout_s, greets=self.ours)


def assistant(what: str, project: Project, ids: Sequence[str] | None = None) -> Assistant:
    """For all questions of a project, or those with these ids; raises AssistError for what is none."""
    known = [task.id for task in project.tasks]
    if unknown := next((id for id in ids or () if id not in known), None):
        raise UsageError(f"{visible(unknown)}: no such task; there are {', '.join(known)}")
    tasks = tuple(task for task in project.tasks if ids is None or task.id in ids)
    path = Path(what)
    if (path.suffix in PATTERN_FILES and " " not in what.strip()) or (path.is_file() and path.suffix in PATTERN_FILES):
        return _patterns(path, tasks)
    if what.startswith(_MODEL):
        return Assistant(what, _worker("spacy", what.removeprefix(_MODEL)), True, tasks)
    if _CALLABLE.fullmatch(what):
        return Assistant(what, _worker("callable", what), True, tasks)
    try:
        words = shlex.split(what)
    except ValueError as error:
        raise AssistError(f"{visible(what)}: not a command: {error}") from error
    if not words:
        raise AssistError("--with needs a pattern file, module:function, spacy:MODEL, or a command in quotes")
    # `python tagger.py` is better known by both words
    named = [words[0], *(one for one in words[1:2] if not one.startswith("-"))]
    return Assistant(" ".join(Path(one).name or one for one in named), tuple(words), False, tasks)


def _worker(kind: str, what: str) -> tuple[str, ...]:
    # -P: what is imported before theirs is not looked for beside it, where a json.py of theirs may be
    return sys.executable, "-P", "-m", "tui_label.assist.worker", kind, what


def _patterns(path: Path, tasks: tuple[Task, ...]) -> Assistant:
    """All rules are looked at before anything starts: a label that nobody asks for is a mistake to be named."""
    found = patterns.read(path)
    left_out = [*found.left_out]
    usable = 0
    for rule in found.rules:
        asked = [task for task in tasks if rule.label in called(task) and rule.task in ("", task.id)]
        usable += bool(asked)
        if not asked:
            of = f"{rule.task}, or it is not asked" if rule.task else "a task that is asked here"
            left_out.append((rule.line, f"{rule.label!r} is no label of {of}"))
    words = tuple(visible(f"{path}:{line}: {problem}") for line, problem in sorted(left_out))
    if not usable:
        raise AssistError(f"{words[0] if words else visible(str(path))}: no pattern in it can be used")
    return Assistant(path.name, _worker("patterns", str(path.resolve())), True, tasks, words)
