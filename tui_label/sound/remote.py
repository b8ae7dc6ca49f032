"""Recordings that lie elsewhere: brought into a cache of this person, known there by their content.

A file of the cache is named after its bytes: it is whole and right, or not there.  So any number
of processes share it without a word, and what changed at its place is noticed when it is brought again.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import os
import time
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from urllib.parse import unquote, urlsplit
from uuid import uuid4

from tui_label.core.text import visible
from tui_label.errors import InputError
from tui_label.home import own_folder
from tui_label.sound import fetching
from tui_label.sound.fetching import Tell, Unwanted
from tui_label.sound.kinds import is_sound, shown
from tui_label.sound.media import fingerprint

MOST_BYTES = 4 << 30
"""What the cache holds at most, as long as it is more than the `AT_HAND` files used last."""
AT_HAND = 4
LOOK_BYTES = 64 << 20
"""So much is fetched between two looks at how full the cache is."""
ABANDONED_S = 24 * 3600.0
"""A file that nobody completed for this long, nobody will."""


class Cache:
    """Files of `folder`, by content."""

    def __init__(self, folder: Path, most_bytes: int = MOST_BYTES) -> None:
        self._folder, self._urls, self._most = folder / "media", folder / "urls", most_bytes
        self._since_look = LOOK_BYTES
        self._silent: dict[str, tuple[float, str]] = {}
        """Hosts that were waited for in vain: until when they are not asked again, and why."""

    def place(self, url: str, hash: str) -> Path:
        """Where the sound at `url` with these bytes lies once it is fetched."""
        if fetching.scheme_of(url) == "file":
            return Path(unquote(urlsplit(url).path))
        return self._folder / f"{hash}{_suffix(url)}"

    def fetch(self, url: str, hash: str = "", tell: Tell = lambda _: None) -> Path:
        """The file with what lies at `url`, and with these bytes where `hash` says which; raises InputError."""
        scheme = fetching.checked(url)
        if scheme == "file":
            return self.place(url, hash)
        if hash and _used(self.place(url, hash)):
            return self.place(url, hash)
        began, host = time.monotonic(), urlsplit(url).netloc
        until, why = self._silent.get(host, (began, ""))
        # Who plays what was added asks for this one, and tries again when they like
        if began < until and not hash:
            raise InputError(f"{shown(url)}: {why}")
        try:
            return self._fetched(url, scheme, hash, tell)
        except (InputError, Unwanted):
            raise
        except Exception as error:  # backends raise what they like
            why = _at_home(error, self._folder) or fetching.why(error, url)
            if fetching.is_silent(error):
                now = time.monotonic()
                self._silent[host] = now + min(now - began, fetching.SILENCE_S), why
            raise InputError(f"{shown(url)}: {why}") from error

    @contextlib.contextmanager
    def lent(self, url: str, tell: Tell = lambda _: None) -> Iterator[Path]:
        """The file at `url`, by the name that it has there, for as long as it is read."""
        place = self.fetch(url, tell=tell)
        with TemporaryDirectory(prefix="tui-label-") as folder:
            named = Path(folder) / (unquote(PurePosixPath(urlsplit(url).path).name).replace("/", "_") or "file")
            named.symlink_to(place.absolute())
            yield named

    def _fetched(self, url: str, scheme: str, hash: str, tell: Tell) -> Path:
        files, path = fetching.reached(url, scheme)
        told: dict[str, str] = {}
        if not hash:
            told = fetching.told(files, path)
            if (known := self._known(url, told)) is not None:
                return known
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        partial = self._folder / f"{uuid4().hex}.partial"
        try:
            fetching.get(files, path, partial, told.get("size", ""), tell)
            found = fingerprint(partial)
            if hash and found != hash:
                raise InputError(f"{shown(url)} was changed after it was added: flag it, or add it again")
            # One time of change for all copies: peaks that are kept beside the project hold for each of them
            os.utime(partial, ns=(time.time_ns(), 0))
            self._make_room(partial.stat().st_size)
            partial.replace(place := self.place(url, found))
        finally:
            partial.unlink(missing_ok=True)
        self._remember(url, told, place.name)
        return place

    # what a url led to

    def _known(self, url: str, told: dict[str, str]) -> Path | None:
        """What was fetched from there, if the server says that it is still the same."""
        if not told.keys() - {"size"}:
            return None
        with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
            entry = json.loads(self._entry(url).read_bytes())
            if entry["told"] == told and _used(self._folder / entry["file"]):
                return self._folder / str(entry["file"])
        return None

    def _remember(self, url: str, told: dict[str, str], name: str) -> None:
        if told:
            entry = self._entry(url)
            partial = entry.with_name(f"{uuid4().hex}.partial")
            with contextlib.suppress(OSError):
                self._urls.mkdir(mode=0o700, parents=True, exist_ok=True)
                partial.write_text(json.dumps({"told": told, "file": name}))
                partial.replace(entry)

    def _entry(self, url: str) -> Path:
        return self._urls / hashlib.sha256(url.encode("utf-8", "surrogatepass")).hexdigest()[:32]

    # room

    def _make_room(self, more: int) -> None:
        """Drop what was not used for longest, and what was never completed; looks only now and then."""
        self._since_look += more
        if self._since_look < min(LOOK_BYTES, self._most // 8):
            return
        self._since_look = 0
        there = sorted(_files(self._folder), key=lambda one: one[1].st_atime, reverse=True)
        held, kept, last = more, 0, time.time()
        for path, stat in there:
            if path.suffix == ".partial":
                if last - max(stat.st_mtime, stat.st_ctime) > ABANDONED_S:
                    path.unlink(missing_ok=True)
                continue
            held += stat.st_size
            kept += 1
            if held > self._most and kept > AT_HAND:
                path.unlink(missing_ok=True)
                held -= stat.st_size
                for entry, of in _files(self._urls):
                    if of.st_mtime < stat.st_atime:
                        entry.unlink(missing_ok=True)


def _suffix(url: str) -> str:
    """As its name ends, where that says what it is."""
    name = Path(urlsplit(url).path)
    return name.suffix.lower() if is_sound(name) else ""


@lru_cache(1)
def cache() -> Cache:
    """This person's."""
    return Cache(own_folder("CACHE"))


def _files(folder: Path) -> Iterator[tuple[Path, os.stat_result]]:
    for path in folder.glob("*"):
        with contextlib.suppress(FileNotFoundError):  # another process was faster
            yield path, path.stat()


def _used(path: Path) -> bool:
    """Whether it is there; then it counts as used now."""
    try:
        os.utime(path, ns=(time.time_ns(), 0))
    except OSError:
        return path.is_file()
    return True


def _at_home(error: Exception, folder: Path) -> str:
    """What is wrong with the cache itself; empty: the other side is meant."""
    if not isinstance(error, OSError):
        return ""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return f"no space left for it in {visible(str(folder))}; make some, or let XDG_CACHE_HOME name another folder"
    if str(error.filename or "").startswith(str(folder.parent)):
        return f"{visible(str(error.filename))}: {error.strerror}; let XDG_CACHE_HOME name a folder that may be written"
    return ""
