"""Who may do what in a project, as project.yaml says it.

A role includes those below it.  A project that names nobody is one person's, or a trial:
everybody may do everything, under any name.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum

from tui_label.core.text import visible

LONGEST_NAME = 60


def is_name(name: str) -> bool:
    """Whether somebody can work under it."""
    return bool(name.strip()) and name == visible(name) and len(name) <= LONGEST_NAME


class Role(IntEnum):
    ANNOTATOR = 1
    REVIEWER = 2
    LEAD = 3

    @property
    def words(self) -> str:
        return f"{'an' if self is Role.ANNOTATOR else 'a'} {self.name.lower()}"


@dataclass(frozen=True, slots=True)
class Roles:
    leads: tuple[str, ...] = ()
    reviewers: tuple[str, ...] = ()
    annotators: tuple[str, ...] | None = None
    """None: everybody else who can open the project's folder."""
    as_anyone: bool = False
    """Whether not only leads may work under another name."""

    @property
    def are_set(self) -> bool:
        return bool(self.leads)

    @property
    def named(self) -> tuple[str, ...]:
        """Everybody who is named, the leads first."""
        return (*self.leads, *self.reviewers, *(self.annotators or ()))

    def of(self, name: str) -> Role | None:
        """Somebody's role; None where they have no part in the project."""
        if not self.are_set or name in self.leads:
            return Role.LEAD
        if name in self.reviewers:
            return Role.REVIEWER
        return Role.ANNOTATOR if self.annotators is None or name in self.annotators else None

    def strangers(self, names: Iterable[str]) -> list[str]:
        """Those of them who have no part in the project, or none any more."""
        return [name for name in names if self.of(name) is None]

    def holders(self, role: Role) -> str:
        """Who may do what needs `role`, in words."""
        names = self.leads if role is Role.LEAD else (*self.leads, *self.reviewers)
        return ", ".join(names)


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody at work, under the name that their answers have."""

    name: str
    role: Role
