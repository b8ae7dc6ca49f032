"""What belongs to the person at the keyboard, for all projects: keys, how late their taps come."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING

from tui_label import config
from tui_label.core.project import Project
from tui_label.errors import ConfigError
from tui_label.home import own_folder

if TYPE_CHECKING:
    from tui_label.core.keymap import Keymap

MOST_REACTION_S = 0.7


def file(name: str) -> Path:
    return own_folder("CONFIG") / name


def keymap_of(project: Project) -> Keymap:
    """The keys in force: the project's, and those of the person's own that it leaves free."""
    from tui_label.core import keymap, keyproblems

    path = file("keys.yaml")
    own = config.personal_keys(path)
    problems = keyproblems.own_problems(project, own)
    if problems:
        raise ConfigError(*[f"{path}: {where}: {words}" for where, words in problems])
    return keymap.build(project, own)


def reaction_s() -> float:
    """How late their taps come, as measured once."""
    with contextlib.suppress(OSError, ValueError):
        return min(MOST_REACTION_S, max(0.0, float(file("reaction-ms").read_text()) / 1000))
    return 0.0


def keep_reaction(seconds: float) -> None:
    path = file("reaction-ms")
    with contextlib.suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{seconds * 1000:.0f}\n")
