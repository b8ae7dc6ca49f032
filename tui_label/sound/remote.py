"""Recordings that lie elsewhere: brought by fsspec into a cache of this person, known there by their content.

A file of the cache is named after its bytes: it is whole and right, or not there.  So any number
of processes share it without a word, and what changed at its place is noticed when it is brought again.
Who may have it is for each backend's usual places to say (`~/.netrc`, `~/.aws`, `~/.ssh` …), never for the project.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import logging
import os
import time
from collections.abc import Callable, Iterator
from functools import lru_cache
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import unquote, urlsplit
from uuid import uuid4

from tui_label.core.text import visible
from tui_label.errors import InputError
from tui_label.home import own_folder
from tui_label.sound.kinds import URL, is_sound, shown
from tui_label.sound.media import fingerprint

NEEDS = {
    "https": ("aiohttp", "'tui-label[media]'"), "http": ("aiohttp", "'tui-label[media]'"), "s3": ("s3fs", "s3fs"),
    "gs": ("gcsfs", "gcsfs"), "sftp": ("paramiko", "paramiko"), "memory": ("", ""), "file": ("", ""),
}  # fmt: skip
"""Ways that are known, the library each needs beside fsspec, and what to install for it."""
KEYS = {
    "https": "a name and a password for it belong in ~/.netrc", "http": "a name and a password for it belong in ~/.netrc",
    "s3": "credentials come from where AWS has them: `aws configure`, AWS_PROFILE",
    "gs": "credentials come from where Google has them: `gcloud auth application-default login`",
    "sftp": "keys and names come from ~/.ssh: see that `sftp` gets there without a password",
}  # fmt: skip
MOST_BYTES = 4 << 30
"""What the cache holds at most, as long as it is more than the `AT_HAND` files used last."""
AT_HAND = 4
LOOK_BYTES = 64 << 20
"""So much is fetched between two looks at how full the cache is."""
ABANDONED_S = 24 * 3600.0
"""A file that nobody completed for this long, nobody will."""
SILENCE_S = 20.0
"""A server from which nothing came for this long is given up."""
PAUSES_S = (0.5, 2.0)
"""Before it is tried again what broke off."""
_REFUSALS = {"NoCredentialsError", "PartialCredentialsError", "AuthenticationException", "DefaultCredentialsError", "RefreshError"}  # fmt: skip
_BREAKS = {"ClientPayloadError", "ServerDisconnectedError", "ResponseStreamingError", "IncompleteReadError", "EOFError", "ConnectionResetError"}  # fmt: skip
_UNREACHED = {"ClientConnectorError", "EndpointConnectionError", "NoValidConnectionsError", "gaierror"}
_WAITS = {"TimeoutError", "ReadTimeoutError", "ConnectTimeoutError", "FSTimeoutError"}

Tell = Callable[[float], None]
"""Hears which part of a file is there, from 0 to 1; raises Unwanted to end it."""


class Unwanted(Exception):
    """Nobody waits for it any more."""


class _BrokeOff(Exception):
    """Fewer bytes came than were announced."""


class Cache:
    """Files of `folder`, by content."""

    def __init__(self, folder: Path, most_bytes: int = MOST_BYTES) -> None:
        self._folder, self._urls, self._most = folder / "media", folder / "urls", most_bytes
        self._since_look = LOOK_BYTES

    def place(self, url: str, hash: str) -> Path:
        """Where the sound at `url` with these bytes lies once it is fetched."""
        if _scheme(url) == "file":
            return Path(unquote(urlsplit(url).path))
        return self._folder / f"{hash}{_suffix(url)}"

    def fetch(self, url: str, hash: str = "", tell: Tell = lambda _: None) -> Path:
        """The file with what lies at `url`, and with these bytes where `hash` says which; raises InputError."""
        scheme = _checked(url)
        if scheme == "file":
            return self.place(url, hash)
        if hash and _used(self.place(url, hash)):
            return self.place(url, hash)
        try:
            return self._fetched(url, scheme, hash, tell)
        except (InputError, Unwanted):
            raise
        except Exception as error:  # backends raise what they like
            raise InputError(f"{shown(url)}: {_at_home(error, self._folder) or _why(_real(error), url)}") from error

    @contextlib.contextmanager
    def lent(self, url: str, tell: Tell = lambda _: None) -> Iterator[Path]:
        """The file at `url`, by the name that it has there, for as long as it is read."""
        place = self.fetch(url, tell=tell)
        with TemporaryDirectory(prefix="tui-label-") as folder:
            named = Path(folder) / (unquote(PurePosixPath(urlsplit(url).path).name).replace("/", "_") or "file")
            named.symlink_to(place.absolute())
            yield named

    def _fetched(self, url: str, scheme: str, hash: str, tell: Tell) -> Path:
        files, path = _reached(url, scheme)
        told: dict[str, str] = {}
        if not hash:
            told = _tried(lambda: _told(files, path))
            if (known := self._known(url, told)) is not None:
                return known
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        partial = self._folder / f"{uuid4().hex}.partial"
        try:
            _tried(lambda: _get(files, path, partial, told.get("size", ""), tell))
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


# urls


def _scheme(url: str) -> str:
    found = URL.match(url)
    return found[1].lower() if found else ""


def _suffix(url: str) -> str:
    """As its name ends, where that says what it is."""
    name = Path(urlsplit(url).path)
    return name.suffix.lower() if is_sound(name) else ""


def _checked(url: str) -> str:
    scheme = _scheme(url)
    if scheme not in NEEDS:
        raise InputError(f"{shown(url)}: no way is known to {scheme}://; there are {', '.join(NEEDS)}")
    try:
        secret = urlsplit(url).password
    except ValueError as error:
        raise InputError(f"{shown(url)}: no URL: {error}") from error
    if secret is not None:
        raise InputError(f"{scheme}://…: has a password in it, which everyone would read; {KEYS[scheme]}")
    return scheme


# what is brought


def _reached(url: str, scheme: str) -> tuple[Any, str]:
    """The file system that has it, and its path there."""
    library, package = NEEDS[scheme]
    try:
        import fsspec

        if library:
            __import__(library)
            # Else what it logs, tracebacks too, is printed where the screen is
            logging.getLogger(library).addHandler(logging.NullHandler())
        if scheme == "sftp":
            from tui_label.sound.sftp import reached

            return reached(url)
        options = _options(scheme)
    except ImportError as error:
        wanted = package if error.name == library else "'tui-label[media]'"
        raise InputError(f"{shown(url)}: needs {error.name} to be fetched: `pip install {wanted}`") from error
    return fsspec.core.url_to_fs(url, **options)  # type: ignore[no-any-return]


def _options(scheme: str) -> dict[str, Any]:
    if scheme == "s3":
        limits = {"connect_timeout": SILENCE_S, "read_timeout": SILENCE_S, "retries": {"max_attempts": 2}}
        return {"config_kwargs": limits}
    if scheme in ("http", "https"):
        from aiohttp import ClientTimeout

        timeout = ClientTimeout(total=None, sock_connect=SILENCE_S, sock_read=SILENCE_S)
        return {"client_kwargs": {"trust_env": True, "timeout": timeout}}
    return {}


def _told(files: Any, path: str) -> dict[str, str]:
    """By what a server tells one version of a file from the next."""
    known = ("size", "ETag", "etag", "LastModified", "Last-Modified", "mtime", "updated", "created")
    info = files.info(path)
    if info.get("type") == "directory":
        raise IsADirectoryError(errno.EISDIR, "is a folder")
    return {name: str(info[name]) for name in known if info.get(name) is not None}


def _get(files: Any, path: str, partial: Path, size: str, tell: Tell) -> None:
    from fsspec.callbacks import Callback

    class Progress(Callback):  # type: ignore[misc]
        def call(self, *_: object, **__: object) -> None:
            tell(min(1.0, self.value / self.size) if self.size else 0.0)

    files.get_file(path, str(partial), callback=(progress := Progress()))
    wanted, there = int(size or progress.size or 0), partial.stat().st_size
    if there < wanted:
        raise _BrokeOff(f"{there} of {wanted} bytes")


def _tried(work: Callable[[], Any]) -> Any:
    """Once more, and again, where it broke off."""
    for pause in PAUSES_S:
        try:
            return work()
        except Exception as error:
            if not _passes(_real(error)):
                raise
        time.sleep(pause)
    return work()


def _real(error: Exception) -> Exception:
    """fsspec says of whatever went wrong with a question by HTTP that the file is not there."""
    cause = error.__cause__
    if isinstance(error, FileNotFoundError) and isinstance(cause, Exception):
        return cause if type(cause).__module__.startswith("aiohttp") else error
    return error


def _names(error: BaseException) -> set[str]:
    return {one.__name__ for one in type(error).__mro__}


def _status(error: BaseException) -> int:
    """As of HTTP; 0: it is about something else."""
    found = getattr(error, "status", None) or getattr(error, "code", None)
    return int(found) if isinstance(found, int | str) and str(found).isdecimal() else 0


def _passes(error: Exception) -> bool:
    """Whether the next time may be better."""
    return isinstance(error, _BrokeOff) or bool(_names(error) & _BREAKS) or _status(error) in (429, 500, 502, 503, 504)


def _why(error: Exception, url: str) -> str:
    """What is wrong, and what to do."""
    scheme, names, status = _scheme(url), _names(error), _status(error)
    host = visible(urlsplit(url).hostname or "")
    if isinstance(error, FileNotFoundError) or status in (404, 410):
        return "is not there"
    if isinstance(error, PermissionError) or names & _REFUSALS or status in (401, 403):
        return f"no permission; {KEYS.get(scheme, '')}"
    if status:
        return f"{host} answers with status {status}; try again later"
    if "BadHostKeyException" in names:
        return f"{host} is not who it was: its key changed (~/.ssh/known_hosts)"
    if "SSHException" in names and "known_hosts" in str(error):
        return f"{host} is not known yet: go there once by `sftp {host}`"
    if names & _WAITS:
        return f"{host} said nothing for {SILENCE_S:.0f} seconds; try again later"
    if isinstance(error, _BrokeOff) or names & _BREAKS:
        return "broke off on the way, three times; try again later"
    if untrusted := getattr(getattr(error, "certificate_error", None), "verify_message", ""):
        return f"{host} shows a certificate that is not trusted here ({untrusted}); SSL_CERT_FILE can name one that is"
    if names & _UNREACHED or (isinstance(error, OSError) and error.errno in _NETWORK):
        return f"{host} can't be reached; is there a network?"
    said = getattr(error, "strerror", None) or str(error)
    return f"{visible(said) or type(error).__name__}"[:160]


_NETWORK = {errno.ECONNREFUSED, errno.ENETUNREACH, errno.EHOSTUNREACH, errno.ENETDOWN, errno.ETIMEDOUT}


def _at_home(error: Exception, folder: Path) -> str:
    """What is wrong with the cache itself; empty: the other side is meant."""
    if not isinstance(error, OSError):
        return ""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return f"no space left for it in {visible(str(folder))}; make some, or let XDG_CACHE_HOME name another folder"
    if str(error.filename or "").startswith(str(folder.parent)):
        return f"{visible(str(error.filename))}: {error.strerror}; let XDG_CACHE_HOME name a folder that may be written"
    return ""
