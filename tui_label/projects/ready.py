"""Ready projects to start from: within an installed package, at the top of a checkout."""

from __future__ import annotations

import contextlib
import shutil
from pathlib import Path

from tui_label.config import FILE
from tui_label.errors import LabelError, UsageError
from tui_label.store.sqlite.place import refuse_network
from tui_label.whole import sync, write_file

SAMPLES = "items.jsonl"
COPIED = (".md", ".jsonl", ".opus")
"""Beside project.yaml: what was cut off before that is there is no project, and the same again makes it one."""


def home() -> Path:
    """The folder that they are in, each in one named after it."""
    package = Path(__file__).parent.parent
    inside = package / "guidelines"
    return inside if inside.is_dir() else package.parent / "guidelines"


def names() -> list[str]:
    return sorted(path.parent.name for path in home().glob(f"*/{FILE}"))


def refuse_taken(folder: Path) -> None:
    if (folder / FILE).exists():
        raise LabelError(f"{folder}: there is a project here already; open it, or choose another folder")


def copy(name: str, folder: Path) -> str:
    """A ready project for a folder of one's own, all but its project.yaml, whose text this is; what is there stays as it is."""
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
                growing = target.with_name(f".{target.name}.part")
                made += [target, growing]
                shutil.copyfile(path, growing)
                sync(growing)
                growing.replace(target)
    except OSError as error:
        for target in made:
            target.unlink(missing_ok=True)
        for one in missing:
            with contextlib.suppress(OSError):
                one.rmdir()
        raise LabelError(f"{folder}: {error.strerror}; nothing was begun there") from error
    return (home() / name / FILE).read_text(encoding="utf-8")


def finish(folder: Path, source: str) -> None:
    """It is a project from now on."""
    write_file(folder / FILE, source)
    sync(folder / FILE)
    sync(folder)
