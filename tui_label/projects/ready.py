"""Ready projects to start from: within an installed package, at the top of a checkout."""

from __future__ import annotations

import contextlib
import shutil
from pathlib import Path

from tui_label.errors import LabelError, UsageError
from tui_label.store.sqlite.place import refuse_network

SAMPLES = "items.jsonl"
COPIED = (".yaml", ".md", ".jsonl", ".opus")


def home() -> Path:
    """The folder that they are in, each in one named after it."""
    package = Path(__file__).parent.parent
    inside = package / "guidelines"
    return inside if inside.is_dir() else package.parent / "guidelines"


def names() -> list[str]:
    return sorted(path.parent.name for path in home().glob("*/project.yaml"))


def refuse_taken(folder: Path) -> None:
    if (folder / "project.yaml").exists():
        raise LabelError(f"{folder}: there is a project here already; open it, or choose another folder")


def copy(name: str, folder: Path) -> None:
    """A ready project for a folder of one's own; what is there already stays as it is."""
    if name not in names():
        raise UsageError(f"{name}: no such ready project; there are {', '.join(names())}")
    refuse_taken(folder)
    refuse_network(folder / "project.db")
    made: list[Path] = []
    missing = [one for one in (folder, *folder.parents) if not one.exists()]
    try:
        for path in sorted((home() / name).rglob("*")):
            target = folder / path.relative_to(home() / name)
            if path.suffix in COPIED and not target.exists():
                target.parent.mkdir(parents=True, exist_ok=True)
                made.append(target)
                shutil.copyfile(path, target)
    except OSError as error:
        for target in made:
            target.unlink(missing_ok=True)
        for one in missing:
            with contextlib.suppress(OSError):
                one.rmdir()
        raise LabelError(f"{folder}: {error.strerror}; nothing was begun there") from error
