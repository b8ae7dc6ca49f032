"""A Python callable, `module:function`: it gets a list of items and returns as many answers.

An item is a dict as in an export; an answer a list of suggestions `{"task", "value", "score"}`, or a dict
in any shape that `answers` knows.  The module is looked for where the command runs, then where Python looks.
"""

from __future__ import annotations

import hashlib
import importlib
import inspect
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tui_label.errors import AssistError


def load(name: str) -> tuple[Callable[..., Any], str]:
    """The callable and its version: `__version__` of it or of its module, else a hash of the file."""
    module_name, _, path = name.partition(":")
    sys.path.insert(0, str(Path.cwd()))
    try:
        found: Any = importlib.import_module(module_name)
    except Exception as error:
        raise AssistError(f"{name}: {module_name} could not be imported: {type(error).__name__}: {error}") from error
    module = found
    for part in path.split("."):
        if not hasattr(found, part):
            there = ", ".join(one for one in vars(module) if not one.startswith("_") and callable(vars(module)[one]))
            raise AssistError(f"{name}: {module_name} has no {path}; it has {there or 'nothing to call'}")
        found = getattr(found, part)
    if not callable(found):
        raise AssistError(f"{name}: is no callable but {type(found).__name__}")
    return found, _version(found, module)


def _version(found: Any, module: Any) -> str:
    version = getattr(found, "__version__", getattr(module, "__version__", None))
    if version is not None:
        return str(version)
    try:
        source = Path(inspect.getsourcefile(module) or "").read_bytes()
    except (OSError, TypeError):
        return ""
    return hashlib.sha256(source).hexdigest()[:12]
