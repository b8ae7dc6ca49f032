"""Where tui-label keeps what is a user's own: what they settled, what it goes on from, what it can have anew."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Literal

from tui_label.errors import LabelError

IN_HOME = {"CONFIG": ".config", "STATE": ".local/state", "CACHE": ".cache"}


def own_folder(kind: Literal["CONFIG", "STATE", "CACHE"]) -> Path:
    """Ours among those of this kind, as XDG names them; raises LabelError for whoever has no home."""
    try:
        return Path(os.environ.get(f"XDG_{kind}_HOME") or Path.home() / IN_HOME[kind]) / "tui-label"
    except RuntimeError as error:
        raise LabelError("you have no home folder; let HOME name a folder of yours") from error
