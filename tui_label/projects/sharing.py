"""A project's folder that a Unix group works in: who may do what there, what is wrong, and the command that mends it.

    folder                   2750   owner: all; group: enter and read; whatever is made there is the group's
    project.db, -wal, -shm    660   the group writes answers
    all else                  640   project.yaml, guidelines, sounds: the owner's to change

Nobody of the group can remove, replace or rename anything, and whoever is outside sees nothing.  No
umask matters: the modes are set, and SQLite gives its own files that of the database.  What the group may write
it may also spoil, with other programs than this one: `seal` notices that.
"""

from __future__ import annotations

import contextlib
import grp
import os
import pwd
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path

from tui_label.config.admission import way_in
from tui_label.core.project import Project
from tui_label.core.roles import Roles
from tui_label.core.text import nearest
from tui_label.errors import LabelError, UsageError, typed
from tui_label.store.base import Finding
from tui_label.store.sqlite import logs
from tui_label.store.sqlite.place import is_read_only

FOLDER, DATABASE, OTHER = 0o2750, 0o660, 0o640
OPEN, WRITE = stat.S_IRGRP | stat.S_IXGRP, stat.S_IRGRP | stat.S_IWGRP
NAMED = 3
"""Files that are named before the rest is only counted."""


def group_of(name: str) -> int:
    """The group's number."""
    try:
        return grp.getgrnam(name).gr_gid
    except KeyError:
        near = nearest(name, [one.gr_name for one in grp.getgrall()])
        hint = f"did you mean {near}?" if near else f"make it with `sudo groupadd {typed(name)}`"
        raise UsageError(f"{name}: no such group on this machine; {hint}") from None


def share(folder: Path, group: int) -> None:
    """Give a folder and all in it to a group, as it stands at the top."""
    for path, status in _all(folder):
        is_folder = stat.S_ISDIR(status.st_mode)
        try:
            os.chown(path, -1, group)
            path.chmod(FOLDER if is_folder else DATABASE if _is_database(path) else OTHER)
        except PermissionError as error:
            raise LabelError(
                f"{path}: {error.strerror}; a folder is shared by its owner, who must be in the group {_group(group)}"
            ) from error
    logs.keep(folder / "project.db")


def is_shared(project: Project) -> bool:
    """Whether a group is meant to work here: its folder was given to one, or roles name people."""
    status = project.folder.stat()
    written = status.st_mode & stat.S_IWGRP and status.st_gid != _first_group(status.st_uid)
    return project.roles.are_set or bool(status.st_mode & stat.S_ISGID or written)


def closed(database: Path) -> list[Finding]:
    """What whoever asks may not write of a database; nothing can be said of the rest then."""
    folder, found = database.parent, []
    if is_read_only(folder):
        words = f"nothing on its file system can be written: `findmnt -T {typed(folder)}` shows it"
        return [
            (False, f"{folder}: {words}, `dmesg` whether the disk is broken; who runs this machine can mount it anew")
        ]
    # Nobody of the group writes such a folder, nor has to
    shared = folder.stat().st_mode & (stat.S_ISGID | stat.S_IWGRP) == stat.S_ISGID
    for path, own, groups in (
        *(() if shared else ((folder, "u+rwx", "g+rxs"),)),
        (database, "u+rw", "g+rw"),
        *((file, "u+rw", "g+rw") for file in logs.files(database)),
    ):
        if not path.exists() or os.access(path, os.R_OK | os.W_OK):
            continue
        status = path.stat()
        if status.st_uid == os.getuid():
            mend = f"it is yours: `chmod {own} {typed(path)}`"
        elif shared and status.st_mode & WRITE == WRITE:
            mend = way_in(folder)
        else:
            mend = f"its owner, {_user(status.st_uid)}, can `chmod {groups} {typed(path)}`"
        found.append((False, f"{path}: you may not write; {mend}"))
    return found


def check(project: Project) -> list[Finding]:
    """What is as it must be for a group, and what is not."""
    folder, status = project.folder, project.folder.stat()
    owner, group = _user(status.st_uid), _group(status.st_gid)
    if status.st_gid == _first_group(status.st_uid) and not status.st_mode & stat.S_ISGID:
        return [(True, f"shared with nobody: {owner} alone can work here, unless `chgrp -R GROUP {typed(folder)}`")]
    wrong = [
        *_folder_problems(folder, status, group),
        *_file_problems(folder, status, group),
        *_way_problems(folder.resolve(), status),
        *_people_problems(project.roles, status, group),
    ]
    return [(False, words) for words in wrong] or [(True, f"shared with the group {group}, by {owner}")]


def _folder_problems(folder: Path, status: os.stat_result, group: str) -> Iterator[str]:
    mode, where = status.st_mode, typed(folder)
    if mode & stat.S_IRWXO:
        yield f"{folder}: people outside of {group} can open it: `chmod o= {where}`"
    if mode & OPEN != OPEN:
        yield f"{folder}: {group} cannot open it: `chmod g+rx {where}`"
    if not mode & stat.S_ISGID:
        yield f"{folder}: what is made in it is not {group}'s: `chmod g+s {where}`"
    if mode & stat.S_IWGRP:
        yield f"{folder}: {group} can remove and replace the database and project.yaml: `chmod g-w,-t {where}`"


def _file_problems(folder: Path, top: os.stat_result, group: str) -> Iterator[str]:
    alien, foreign, closed, locked, loose = [], [], [], [], []
    for path, status in _all(folder):
        is_folder = stat.S_ISDIR(status.st_mode)
        if path == folder:
            continue
        if status.st_gid != top.st_gid:
            alien.append(path)
        if status.st_uid not in (top.st_uid, 0):
            foreign.append(path)
        if _is_database(path):
            if status.st_mode & WRITE != WRITE:
                locked.append(path)
            continue
        wanted = OPEN if is_folder else stat.S_IRGRP
        if status.st_mode & wanted != wanted:
            closed.append(path)
        if status.st_mode & stat.S_IWGRP:
            loose.append(path)
    whole = typed(folder)
    if foreign:
        owner = _user(top.st_uid)
        yield f"{_named(foreign, folder)}: not {owner}'s, who the folder belongs to: `sudo chown -R {owner} {whole}`"
    if alien:
        yield f"{_named(alien, folder)}: not {group}'s: `chgrp -R {typed(group)} {whole}`"
    if locked:
        yield f"{_named(locked, folder)}: {group} cannot write answers: `chmod g+rw {whole}/project.db*`"
    if closed:
        yield f"{_named(closed, folder)}: {group} cannot read it: `chmod -R g+rX {whole}`"
    if loose:
        files = " ".join(map(typed, loose)) if len(loose) <= NAMED else f"$(find {whole} ! -name 'project.db*')"
        yield f"{_named(loose, folder)}: {group} can change it: `chmod g-w {files}`"


def _way_problems(folder: Path, status: os.stat_result) -> Iterator[str]:
    """Of the folders above: who cannot pass through cannot work, and who may write there can put another project in place."""
    for parent in folder.parents:
        over = parent.stat()
        where, mode = typed(parent), over.st_mode
        if not mode & stat.S_IXOTH and not (mode & stat.S_IXGRP and over.st_gid == status.st_gid):
            yield f"{parent}: others than {_user(over.st_uid)} cannot go through: `chmod o+x {where}`, or move the project"
        if not mode & stat.S_ISVTX and (mode & stat.S_IWOTH or (mode & stat.S_IWGRP and over.st_gid != 0)):
            yield f"{parent}: who may write there can replace the whole project: `chmod go-w {where}`, or move the project"
        if over.st_uid not in (0, status.st_uid):
            yield f"{parent}: {_user(over.st_uid)}, whose it is, can replace the whole project: move the project"


def _people_problems(roles: Roles, status: os.stat_result, group: str) -> Iterator[str]:
    for name in roles.named:
        try:
            user = pwd.getpwnam(name)
        except KeyError:
            yield f"project.yaml: roles: {name} is no user of this machine"
            continue
        if user.pw_uid not in (0, status.st_uid) and status.st_gid not in os.getgrouplist(name, user.pw_gid):
            yield f"{name} is not in the group {group}: `sudo usermod -aG {typed(group)} {name}`, then {name} logs in anew"


def _all(folder: Path) -> Iterator[tuple[Path, os.stat_result]]:
    """The folder and what is in it, links left out."""
    yield folder, folder.stat()
    for place, folders, names in os.walk(folder):
        for name in (*folders, *names):
            path = Path(place) / name
            with contextlib.suppress(OSError):
                status = path.lstat()
                if not stat.S_ISLNK(status.st_mode):
                    yield path, status


def _is_database(path: Path) -> bool:
    return path.name in ("project.db", *(f"project.db{ending}" for ending in logs.ENDINGS))


def _named(paths: Sequence[Path], folder: Path) -> str:
    first = ", ".join(str(path.relative_to(folder)) for path in paths[:NAMED])
    return first if len(paths) <= NAMED else f"{first} and {len(paths) - NAMED:,} more"


def _first_group(user: int) -> int | None:
    try:
        return pwd.getpwuid(user).pw_gid
    except KeyError:
        return None


def _user(number: int) -> str:
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return str(number)


def _group(number: int) -> str:
    try:
        return grp.getgrgid(number).gr_name
    except KeyError:
        return str(number)
