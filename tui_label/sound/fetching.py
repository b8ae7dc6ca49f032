"""A file brought from its URL by fsspec: which ways are known, another try where it broke off, what went wrong in words.

Who may have it is for each backend's usual places to say (`~/.netrc`, `~/.aws`, `~/.ssh` …), never for the project.
"""

from __future__ import annotations

import errno
import logging
import os
import socket
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

from tui_label.core.text import visible
from tui_label.errors import InputError
from tui_label.sound.kinds import URL, shown

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
SILENCE_S = 20.0
"""A server from which nothing came for this long is given up."""
PAUSES_S = (0.5, 2.0)
"""Before it is tried again what broke off."""
_REFUSALS = {"NoCredentialsError", "PartialCredentialsError", "AuthenticationException", "DefaultCredentialsError", "RefreshError"}  # fmt: skip
_BREAKS = {"ClientPayloadError", "ServerDisconnectedError", "ResponseStreamingError", "IncompleteReadError", "EOFError", "ConnectionResetError"}  # fmt: skip
_UNREACHED = {"ClientConnectorError", "EndpointConnectionError", "NoValidConnectionsError", "gaierror"}
_WAITS = {"TimeoutError", "ReadTimeoutError", "ConnectTimeoutError", "FSTimeoutError"}

Found = TypeVar("Found")
Tell = Callable[[float], None]
"""Hears which part of a file is there, from 0 to 1; raises Unwanted to end it."""


class Unwanted(Exception):
    """Nobody waits for it any more."""


class _BrokeOff(Exception):
    """Fewer bytes came than were announced."""


def scheme_of(url: str) -> str:
    found = URL.match(url)
    return found[1].lower() if found else ""


def checked(url: str) -> str:
    """Its scheme; raises InputError where no way leads there, or where everyone would read a password."""
    scheme = scheme_of(url)
    if scheme not in NEEDS:
        raise InputError(f"{shown(url)}: no way is known to {scheme}://; there are {', '.join(NEEDS)}")
    try:
        secret = urlsplit(url).password
    except ValueError as error:
        raise InputError(f"{shown(url)}: no URL: {error}") from error
    if secret is not None:
        raise InputError(f"{scheme}://…: has a password in it, which everyone would read; {KEYS[scheme]}")
    return scheme


def reached(url: str, scheme: str) -> tuple[Any, str]:
    """The file system that has it, and its path there."""
    library, package = NEEDS[scheme]
    try:
        import fsspec

        if library:
            __import__(library)
            # Else what it logs, tracebacks too, is printed where the screen is
            logging.getLogger(library).addHandler(logging.NullHandler())
        if scheme == "sftp":
            from tui_label.sound import sftp

            return sftp.reached(url)
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
    if scheme == "gs":
        from aiohttp import ClientTimeout

        if not os.environ.get("STORAGE_EMULATOR_HOST"):
            # Where there is no network, gcsfs looks for credentials in it for a minute
            socket.getaddrinfo("storage.googleapis.com", "https")
        return {"requests_timeout": ClientTimeout(total=None, sock_connect=SILENCE_S, sock_read=SILENCE_S)}
    return {}


def told(files: Any, path: str) -> dict[str, str]:
    """By what a server tells one version of a file from the next."""
    return _tried(partial(_told, files, path))


def _told(files: Any, path: str) -> dict[str, str]:
    known = ("size", "ETag", "etag", "LastModified", "Last-Modified", "mtime", "updated", "created")
    info = files.info(path)
    if info.get("type") == "directory":
        raise IsADirectoryError(errno.EISDIR, "is a folder")
    return {name: str(info[name]) for name in known if info.get(name) is not None}


def get(files: Any, path: str, place: Path, size: str, tell: Tell) -> None:
    """Have the file at `place`, with as many bytes as were announced (`size`, where that is known)."""
    _tried(partial(_get, files, path, place, size, tell))


def _get(files: Any, path: str, place: Path, size: str, tell: Tell) -> None:
    from fsspec.callbacks import Callback

    class Progress(Callback):  # type: ignore[misc]
        def call(self, *_: object, **__: object) -> None:
            tell(min(1.0, self.value / self.size) if self.size else 0.0)

    files.get_file(path, str(place), callback=(progress := Progress()))
    wanted, there = int(size or progress.size or 0), place.stat().st_size
    if there < wanted:
        raise _BrokeOff(f"{there} of {wanted} bytes")


def _tried(work: Callable[[], Found]) -> Found:
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


def why(error: Exception, url: str) -> str:
    """What is wrong, and what to do."""
    error = _real(error)
    scheme, names, status = scheme_of(url), _names(error), _status(error)
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
    if is_silent(error):
        return f"{host} can't be reached; is there a network?"
    said = getattr(error, "strerror", None) or str(error)
    return f"{visible(said) or type(error).__name__}"[:160]


def is_silent(error: Exception) -> bool:
    """Whether the host did not answer, so that its other files would be waited for in vain too."""
    error = _real(error)
    return bool(_names(error) & (_UNREACHED | _WAITS)) or (isinstance(error, OSError) and error.errno in _NETWORK)


_NETWORK = {errno.ECONNREFUSED, errno.ENETUNREACH, errno.EHOSTUNREACH, errno.ENETDOWN, errno.ETIMEDOUT}
