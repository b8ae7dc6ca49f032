"""What was in a shared database when somebody last looked, kept where those who share it cannot write.

Who may write a database may also delete from it, with any program.  That cannot be prevented, but it can be
noticed: `tui-label check` by the folder's owner notes in project.seal how many revisions each annotator has, and
what they come to; the next check compares.  Revisions are never changed, so what is missing or
different was spoiled.  What was answered since the last check is not covered.
"""

from __future__ import annotations

import contextlib
import json
import os
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tui_label.core.text import number_of
from tui_label.errors import ConfigError, StoreMissing
from tui_label.store.base import Finding, Fingerprint, Store
from tui_label.whole import write_own

NAME = "project.seal"


@dataclass(frozen=True, slots=True)
class Seal:
    at: str
    revisions: dict[str, Fingerprint]
    """By annotator."""

    @property
    def count(self) -> int:
        return sum(one.revisions for one in self.revisions.values())


def read(folder: Path) -> Seal | None:
    """What was noted; None where nothing was."""
    path = folder / NAME
    try:
        found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        revisions = {name: Fingerprint(**one) for name, one in found["revisions"].items()}
        return Seal(found["at"], revisions)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}") from error
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise ConfigError(
            f"{path}: not as tui-label wrote it; remove it, and `tui-label check` makes another"
        ) from error


def refuse_loss(database: Path) -> None:
    """Nobody makes a new database in the place of one that is known to have been here."""
    if database.exists() and database.stat().st_size:
        return
    if (seal := read(database.parent)) is not None:
        gone = "is empty" if database.exists() else "is gone"
        raise StoreMissing(
            f"{database}: {gone}, and had {_count(seal.count)} on {seal.at}; restore the last backup, "
            f"or remove {NAME} to begin anew"
        )


def check(folder: Path, store: Store) -> list[Finding]:
    """Whether all that was noted is here as it was; if so, the folder's owner notes what is here now."""
    seal = read(folder) or Seal("", {})
    found = store.fingerprints({name: one.turn for name, one in seal.revisions.items()})
    wrong = []
    for name, then in seal.revisions.items():
        now = found[name][0] if name in found else Fingerprint(0, 0, "")
        if now != then:
            left = _left(now.revisions) if now.revisions < then.revisions else "not all are as they were"
            wrong.append(f"{name}: of {_count(then.revisions)} that were here on {seal.at} {left}")
    if wrong:
        advice = (
            f"restore a backup, or accept it by `rm {folder / NAME}`; somebody used another program on the database"
        )
        return [(False, f"{words}; {advice}") for words in wrong]
    latest = Seal(_utc(), {name: everything for name, (_, everything) in found.items()})
    kept = _write(folder, latest)
    if seal.at:
        return [(True, f"{NAME}: {_count(seal.count)} of {seal.at}: all here, as they were")]
    return [(True, f"{NAME}: {_count(latest.count)} noted, to tell if one goes")] if kept else []


def _write(folder: Path, seal: Seal) -> bool:
    """By the folder's owner; nobody else can, and that is what it is for."""
    path = folder / NAME
    beside = path.with_name(f".{NAME}.{os.getpid()}")
    words = {
        "at": seal.at,
        "revisions": {
            name: {"turn": one.turn, "revisions": one.revisions, "digest": one.digest}
            for name, one in seal.revisions.items()
        },
    }
    try:
        write_own(beside, json.dumps(words, ensure_ascii=False, indent=1))
        beside.chmod(0o640)
        os.chown(beside, -1, folder.stat().st_gid)
        beside.replace(path)
    except OSError:
        with contextlib.suppress(OSError):
            beside.unlink()
        return False
    return True


def _count(revisions: int) -> str:
    return f"{number_of(revisions, 'revision')} of answers"


def _left(revisions: int) -> str:
    return f"{revisions:,} {'is' if revisions == 1 else 'are'} left"


def _utc() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")
