"""Real users of this machine, made for a test and removed after it: only root can."""

from __future__ import annotations

import grp
import os
import pwd
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from terminal_harness import Terminal

ROOT = Path(__file__).parent.parent
PLACES = [ROOT, *(Path(path) for path in sys.path if path.endswith("site-packages"))]
PYTHONS = (
    sys.executable,
    f"/usr/bin/python3.{sys.version_info.minor}",
    f"/usr/local/bin/python3.{sys.version_info.minor}",
)


@dataclass
class User:
    """Runs things as one user, with a umask that gives nothing to anybody."""

    name: str
    folder: Path
    python: str = sys.executable
    environment: dict[str, str] = field(default_factory=dict)

    def command(self, *words: str) -> list[str]:
        user = pwd.getpwnam(self.name)
        as_user = ["setpriv", f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--init-groups"]
        return [*as_user, "sh", "-c", 'umask 077; exec "$@"', "sh", *words]

    def __call__(self, *words: str, **named: str) -> tuple[int, str]:
        """Any program: its status, and all that it said."""
        done = subprocess.run(
            self.command(*words), capture_output=True, text=True, cwd=self.folder, env=self._env(named), timeout=60
        )
        return done.returncode, done.stdout + done.stderr

    def label(self, *arguments: str, **named: str) -> tuple[int, str]:
        """tui-label, without a terminal."""
        return self(self.python, "-m", "tui_label", *arguments, **named)

    def terminal(self, *arguments: str) -> Terminal:
        """tui-label, in a terminal."""
        return Terminal(command=self.command(self.python, "-m", "tui_label", *arguments), env=dict(self._env({})))

    def _env(self, named: dict[str, str]) -> dict[str, str]:
        paths = ":".join(map(str, PLACES))
        plain = {
            "PATH": os.environ["PATH"],
            "HOME": "/nonexistent",
            "LANG": "C.UTF-8",
            "TERM": "xterm",
            "PYTHONDONTWRITEBYTECODE": "1",
        }
        return {**plain, "PYTHONPATH": paths, **named}


@contextmanager
def team(group: str, **members: bool) -> Iterator[dict[str, User]]:
    """Users by their first names, those who are True in the group; each has names of this process alone."""
    if os.geteuid() != 0 or not shutil.which("useradd") or not shutil.which("setpriv"):
        pytest.skip("only root can make users")
    folder = Path(tempfile.mkdtemp(prefix="tui-label-users-"))
    folder.chmod(0o755)
    users = {name: User(f"{name}{os.getpid()}", folder) for name in members}
    try:
        subprocess.run(["groupadd", group], check=True)
        for name, user in users.items():
            inside = ["-G", group] if members[name] else []
            subprocess.run(["useradd", "-M", "-U", *inside, user.name], check=True, capture_output=True)
        python = _python_for(next(iter(users.values())))
        for user in users.values():
            user.python = python
        yield users
    finally:
        for user in users.values():
            _end_all_of(user.name)
            subprocess.run(["userdel", user.name], capture_output=True)
        subprocess.run(["groupdel", group], capture_output=True)
        shutil.rmtree(folder)
    with pytest.raises(KeyError):
        grp.getgrnam(group)


def _python_for(user: User) -> str:
    """A Python that other users may run, with this one's packages."""
    for python in PYTHONS:
        if user(python, "-c", "import textual, numpy, yaml, sqlite_utils, tui_label.cli")[0] == 0:
            return python
    pytest.skip("no Python here that another user may run")


def _end_all_of(name: str) -> None:
    """What is still run by a user whom this test made."""
    import psutil

    number = pwd.getpwnam(name).pw_uid
    for process in psutil.process_iter(["uids"]):
        if process.info["uids"] and process.info["uids"].real == number:
            process.kill()
            process.wait(5)
