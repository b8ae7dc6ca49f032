"""Everything that can go wrong and that a person can mend, as one tree.

Each message is one line: what is wrong, where (file, line, field), what to do; where several things are wrong
at once, `problems` has a line for each. The command line prints them and exits with the status; it never
shows a traceback.

    LabelError                 status 1
    ├── UsageError             status 2: the command itself is wrong
    ├── ConfigError            project.yaml: all mistakes at once
    ├── InputError             a file that is brought in
    ├── AssistError            what makes suggestions
    └── StoreError             the database
        ├── StoreMissing       there is no project here
        ├── StoreBusy          somebody else holds it for too long
        ├── StoreAway          its server does not answer
        ├── StoreReadOnly      file or folder may not be written
        ├── StoreRefused       somebody's role does not allow it
        ├── StoreFull          no space left
        ├── StoreDamaged       not a database, or a broken one
        ├── StoreTooNew        written by a later version of tui-label
        └── StoreOvertaken     the answer that this one replaces is not the one that stands
"""

from __future__ import annotations

import shlex
from pathlib import Path


def typed(name: Path | str) -> str:
    """A path or a name as one types it in a shell, for the commands that messages tell people to run."""
    text = str(name)
    # Else a command would take it for an option
    return shlex.quote(f"./{text}" if isinstance(name, Path) and text.startswith("-") else text)


class LabelError(Exception):
    """Something a person can mend; `problems` are lines for them, `str(error)` has all."""

    status = 1

    def __init__(self, *problems: str) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


class UsageError(LabelError):
    status = 2


class ConfigError(LabelError):
    """One or more mistakes in project.yaml, each a line `file:line: field: what, what to do`."""


class InputError(LabelError):
    pass


class AssistError(LabelError):
    pass


class StoreError(LabelError):
    pass


class StoreMissing(StoreError):
    pass


class StoreBusy(StoreError):
    pass


class StoreAway(StoreError):
    pass


class StoreReadOnly(StoreError):
    pass


class StoreRefused(StoreError):
    pass


class StoreFull(StoreError):
    pass


class StoreDamaged(StoreError):
    pass


class StoreTooNew(StoreError):
    pass


class StoreOvertaken(StoreError):
    pass
