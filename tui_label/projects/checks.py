"""What `check` says of a project, of the sound and of the terminal."""

from __future__ import annotations

import locale
import os
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path

from tui_label.core.item import Sound
from tui_label.core.project import Project, misfits, orphans
from tui_label.core.tasks import Rating
from tui_label.core.text import number_of, visible
from tui_label.sound.kinds import is_url
from tui_label.store.base import Finding, Store

MISSING, CLOSED, CHANGED = "missing", "closed", "changed"
"""What may be wrong with the file of a sound."""


def project_check(project: Project, store: Store) -> list[Finding]:
    """What project.yaml and the folder say against what is in the store."""
    known = {task.id for task in project.tasks}
    used = store.labels_in_use()
    gone = {task: sum(found.values()) for task, found in used.items() if task not in known}
    found = [
        (
            True,
            f"project.yaml: task {task} is gone; answers to it, with {number_of(count, 'label')}, stay in exports as jsonl",
        )
        for task, count in sorted(gone.items())
    ]
    ratings = project.every(Rating)
    # From whoever was still at work when it went
    problems = orphans(project.tasks, used, {}) + misfits(project.tasks, ratings, {}, store.answers_in_use())
    found += [(False, words) for words in problems]
    if project.items != "sound":
        return found
    return [*found, *_recordings_check(project, store)]


def _recordings_check(project: Project, store: Store) -> list[Finding]:
    """Whether each recording is there, and still the one that was added; those at URLs are not fetched for it."""
    sounds = [item.sound for _, item in store.askable(answered=True) if item.sound is not None]
    # Of each file once: many items may be stretches of one
    files = {(sound.path, sound.hash): sound for sound in sounds}
    faults: dict[str, list[str]] = {}
    for sound in files.values():
        if not is_url(sound.path) and (fault := _fault(project.folder, sound)):
            faults.setdefault(fault, []).append(sound.path)
    number = len({path for path, _ in files})
    if not faults:
        return [(True, f"sounds: all {number:,} files are there, as they were added")]
    return [
        (False, f"sounds: {len(paths):,} of {number:,} files {_mending(project.folder, fault, paths)}")
        for fault, paths in faults.items()
    ]


def _fault(folder: Path, sound: Sound) -> str:
    from tui_label.sound.look import is_changed

    if not (folder / sound.path).is_file():
        return MISSING
    try:
        return CHANGED if is_changed(folder, sound) else ""
    except OSError:
        return CLOSED


def _mending(folder: Path, fault: str, paths: Sequence[str]) -> str:
    some = ", ".join(map(visible, paths[:3])) + (" …" if len(paths) > 3 else "")
    be = "is" if len(paths) == 1 else "are"
    if fault == MISSING:
        return f"{be} missing in {folder}: {some}; copy them there"
    if fault == CLOSED:
        return f"cannot be read by you: {some}; see to their permissions"
    add = shlex.join(["tui-label", "add", str(folder)])
    return (
        f"{be} not what was added any more: {some}; nobody can play or answer them: put back what was added, "
        f"or `{add} FILE...` makes new items of them"
    )


def sound_check(wanted: str) -> list[Finding]:
    """What can be heard, and where.  All but hearing goes on without it, so nothing here is a failure."""
    from tui_label.sound.line import probe

    heard, words, seconds = probe(wanted)
    if not heard:
        return [(True, f"no sound: {words}")]
    far = f", {seconds * 1000:.0f} ms there and back" if seconds else ""
    return [
        (True, f"sound: {words}{far}"),
        (True, "tapping along while it plays: Ctrl+T in a sound project measures your delay"),
    ]


def terminal_check() -> list[Finding]:
    """What this terminal can do."""
    term, colors = os.environ.get("TERM", ""), os.environ.get("COLORTERM", "")
    depth = (
        "none"
        if os.environ.get("NO_COLOR")
        else "24 bit"
        if colors in ("truecolor", "24bit")
        else ("256" if "256color" in term else "16")
    )
    encoding = locale.getpreferredencoding(False)
    found = [
        (sys.version_info >= (3, 11), f"Python {sys.version.split()[0]}"),
        (term not in ("", "dumb"), f"terminal: TERM={term or 'not set'}, colours {depth}"),
        ("utf" in encoding.lower(), f"character encoding: {encoding}; it must be UTF-8"),
    ]
    if "SSH_CONNECTION" in os.environ:
        found.append((True, "over SSH: the mouse is off; TUI_LABEL_MOUSE=1 turns it on"))
    if os.environ.get("TMUX"):
        found.append((True, "within tmux: its prefix key does not reach tui-label"))
    return found
