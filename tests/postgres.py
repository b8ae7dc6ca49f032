"""A PostgreSQL of the tests' own, in a folder of its own, reached through a socket in it; and stores on it.

TUI_LABEL_POSTGRES names another server for the stores, such as one of the relatives.
"""

from __future__ import annotations

import atexit
import functools
import os
import pwd
import shutil
import subprocess
import tempfile
from pathlib import Path

import psycopg

from tui_label.core.project import Server

FAST = ("fsync=off", "full_page_writes=off", "autovacuum=off")
"""For tests that lose nothing when the machine does."""


def programs() -> Path | None:
    """Where initdb and pg_ctl are, if PostgreSQL is installed."""
    places = [*sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True), *Path("/usr").glob("pgsql-*/bin")]
    if found := shutil.which("initdb"):
        places.append(Path(found).parent)
    return next((place for place in places if (place / "pg_ctl").exists()), None)


class Cluster:
    """Started at once; root starts it as another user, for PostgreSQL refuses to run as root."""

    def __init__(self, *settings: str) -> None:
        found = programs()
        assert found is not None
        self._programs = found
        self.folder = Path(tempfile.mkdtemp(prefix="pg-", dir="/tmp"))
        self._user = "postgres" if os.geteuid() == 0 else pwd.getpwuid(os.geteuid()).pw_name
        if os.geteuid() == 0:
            shutil.chown(self.folder, self._user)
        self.folder.chmod(0o755)
        self._settings = (
            *settings,
            "listen_addresses=",
            f"unix_socket_directories={self.folder}",
            "max_connections=200",
        )
        self._run("initdb", "-A", "trust", "-U", "lead", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync")
        self.start()

    def _run(self, program: str, *arguments: str) -> None:
        command = [str(self._programs / program), "-D", str(self.folder / "data"), *arguments]
        user = {"user": self._user, "group": self._user, "extra_groups": []} if os.geteuid() == 0 else {}
        done = subprocess.run(
            command, cwd="/", stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, **user
        )
        assert done.returncode == 0, done.stdout

    def start(self) -> None:
        options = " ".join(f"-c {one}" for one in self._settings)
        self._run("pg_ctl", "-w", "-l", str(self.folder / "log"), "-o", options, "start")

    def stop(self, how: str = "immediate") -> None:
        self._run("pg_ctl", "-w", "-m", how, "stop")

    def remove(self) -> None:
        if (self.folder / "data" / "postmaster.pid").exists():
            self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def url(self, user: str = "lead") -> str:
        return f"postgresql://{user}@/postgres?host={self.folder}"

    def server(self, schema: str, user: str = "lead") -> Server:
        return Server(self.url(user), schema)


@functools.cache
def cluster() -> Cluster:
    """One for all tests of a run that need no more than a server."""
    made = Cluster(*FAST)
    atexit.register(made.remove)
    return made


_schemas: dict[str, tuple[str, Path]] = {}
"""By schema the test that has it, and for which folder."""


def _url() -> str:
    return os.environ.get("TUI_LABEL_POSTGRES") or cluster().url()


def schema_for(folder: Path) -> Server:
    """The folder's schema: within a test always the same, new or as good as new at first."""
    test = os.environ.get("PYTEST_CURRENT_TEST", "").split(" ")[0]
    mine = next((name for name, whose in _schemas.items() if whose == (test, folder)), "")
    if not mine:
        free = [name for name, whose in _schemas.items() if whose[0] != test]
        mine = free[0] if free else f"test_{os.getpid()}_{len(_schemas)}"
        _schemas[mine] = (test, folder)
        if free:
            _empty(mine)
        elif "TUI_LABEL_POSTGRES" in os.environ:
            atexit.register(_remove, mine)
    return Server(_url(), mine)


def _remove(schema: str) -> None:
    with psycopg.connect(_url(), autocommit=True) as connection:
        connection.execute(f"DROP SCHEMA IF EXISTS {schema} CASCADE".encode())


def _empty(schema: str) -> None:
    """Much quicker than to make all of it anew."""
    with psycopg.connect(_url(), autocommit=True) as connection:
        # A test may have moved the project away
        connection.execute(f"ALTER TABLE IF EXISTS {schema}.moved RENAME TO receipt".encode())
        rows = connection.execute(
            "SELECT table_name FROM information_schema.tables WHERE table_schema = %s AND table_type = 'BASE TABLE'",
            (schema,),
        ).fetchall()
        tables = ", ".join(f"{schema}.{name}" for (name,) in rows if name != "migration")
        connection.execute(f"TRUNCATE {tables} RESTART IDENTITY".encode())
        counters = "('items', 0), ('done', 0), ('arrival', 0), ('repeats', 0)"
        connection.execute(f"INSERT INTO {schema}.counter VALUES {counters}".encode())
