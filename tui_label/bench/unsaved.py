"""Work that the database would not take, in a file of the annotator's own until it does.

It is on another disk than the project where the home folder is; where that is full or not to be written
either, in the system's folder for running or temporary files, or in memory until the machine is started anew.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
import os
import tempfile
from collections.abc import Callable, Iterator, Sequence
from concurrent import futures
from dataclasses import asdict, dataclass
from pathlib import Path

from tui_label.errors import LabelError
from tui_label.home import own_folder
from tui_label.store.base import Sprint
from tui_label.whole import sync, write_own

MEMORY = Path("/dev/shm")
"""No disk, and so none that is full with the others."""


@dataclass(frozen=True, slots=True)
class Left:
    """Unfinished work on one item."""

    number: int
    key: str
    """The item's, so that nothing of one database comes into another."""
    revision: int
    """Of the answer that stood when this was written, 0 for none: a later one wins."""
    draft: str
    before: str = ""
    """The draft that it was made from."""
    corrects: bool = False
    """Whether it changes the answer that stands."""

    def gives_way_to(self, draft: str) -> bool:
        """Whether the database has work that this was not made from, nor is of the same desk: it was done elsewhere."""
        return draft not in ("", self.before) and json.loads(draft).get("desk") != json.loads(self.draft)["desk"]


class Unsaved:
    """What one annotator left of one project, a file an item, and one for the sprints.

    They are written and removed on a thread of their own, the latest of each: a disk that hangs keeps no key waiting.
    """

    def __init__(self, project: Path, annotator: str) -> None:
        path = project.resolve()
        folder = (path.stat().st_dev, path.stat().st_ino) if path.exists() else path
        by_path, by_folder = (
            hashlib.sha256(f"{one}\0{annotator}".encode("utf-8", "replace")).hexdigest()[:24] for one in (path, folder)
        )
        self._name = f"unsaved-{by_path}-{by_folder}"
        self._names = (f"unsaved-{by_path}-*", f"unsaved-*-{by_folder}")
        """Of what was kept at this path or in this folder: it may have been renamed since, or put back from a backup."""
        self._wanted: dict[str, str] = {}
        """What is to be in each file; empty: there is to be none."""
        self._there: dict[str, str] = {}
        """What is in it, once it is on disk."""
        self._thread = futures.ThreadPoolExecutor(1, thread_name_prefix="unsaved")
        self._latest: futures.Future[None] = futures.Future()
        self._latest.set_result(None)

    @property
    def is_kept(self) -> bool:
        """Whether all that was given is on a disk."""
        return all(self._there.get(name) == words for name, words in self._wanted.items() if words)

    def when_settled(self, then: Callable[[], None]) -> None:
        """Call it once all was tried."""
        asyncio.wrap_future(self._latest).add_done_callback(lambda _: then())

    async def settled(self, seconds: float | None = None) -> bool:
        """Whether all was tried, after so many seconds at most."""
        done, _ = await asyncio.wait([asyncio.wrap_future(self._latest)], timeout=seconds)
        return bool(done)

    def wait(self, seconds: float) -> None:
        """As `settled`, where nothing else goes on any more."""
        futures.wait([self._latest], seconds)

    def keep(self, left: Left) -> None:
        self._put(str(left.number), json.dumps(asdict(left)))

    def _put(self, name: str, words: str) -> None:
        self._wanted[name] = words
        if self._there.get(name, "") != words or not self._latest.done():
            self._latest = self._thread.submit(self._see_to, name)

    def _see_to(self, name: str) -> None:
        words = self._wanted[name]
        if self._there.get(name, "") == words:
            return
        if not words:
            self._remove(name)
            self._there[name] = words
        elif self._write(name, words):
            self._there[name] = words

    def _write(self, name: str, words: str) -> bool:
        for folder in own_folders():
            with contextlib.suppress(OSError):
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
                path = folder / f"{self._name}-{name}.json"
                growing = path.with_suffix(".part")
                try:
                    write_own(growing, words)
                    growing.replace(path)
                    sync(folder)
                finally:
                    growing.unlink(missing_ok=True)
                return True
        return False

    def all(self) -> list[Left]:
        found = []
        for path in self._files("[0-9]*"):
            with contextlib.suppress(OSError, ValueError, TypeError):
                words = path.read_text(encoding="utf-8")
                left = Left(**json.loads(words))
                self._wanted[str(left.number)] = self._there[str(left.number)] = words
                found.append(left)
        return found

    def drop(self, number: int) -> None:
        """The database has it now, or something newer."""
        if str(number) in self._wanted:
            self._put(str(number), "")

    def _remove(self, name: str) -> None:
        for path in self._files(name):
            with contextlib.suppress(OSError):
                path.unlink()

    def keep_sprints(self, sprints: Sequence[Sprint]) -> None:
        """Those that are over and that the database has not; none: it has them all."""
        self._put("sprints", json.dumps([asdict(one) for one in sprints]) if sprints else "")

    def sprints(self) -> list[Sprint]:
        for path in self._files("sprints"):
            with contextlib.suppress(OSError, ValueError, TypeError):
                words = path.read_text(encoding="utf-8")
                found = [Sprint(**one) for one in json.loads(words)]
                self._wanted["sprints"] = self._there["sprints"] = words
                return found
        return []

    def _files(self, name: str) -> Iterator[Path]:
        for folder in own_folders():
            # After `su` and the like it may be another one's, and closed
            with contextlib.suppress(OSError):
                for path in sorted({path for one in self._names for path in folder.glob(f"{one}-{name}.json")}):
                    # In a folder that all may write to, others may have put a file of this name
                    if path.stat().st_uid == os.getuid():
                        yield path


def own_folders() -> Iterator[Path]:
    """Where a user may have files of their own, the one to be tried first coming first."""
    with contextlib.suppress(LabelError):
        yield own_folder("STATE")
    if runtime := os.environ.get("XDG_RUNTIME_DIR"):
        yield Path(runtime) / "tui-label"
    mine = f"tui-label-{os.getuid()}"
    # gettempdir raises where nothing can be written
    with contextlib.suppress(OSError):
        yield Path(tempfile.gettempdir()) / mine
    with contextlib.suppress(OSError):
        if MEMORY.is_dir():
            yield MEMORY / mine
