"""Who is at work: the Unix user, or another name where the project allows it."""

from __future__ import annotations

import os

from tui_label.core.roles import LONGEST_NAME, Person, Role, Roles, is_name
from tui_label.errors import StoreRefused, UsageError


def login() -> str:
    """The name of the user this process belongs to, by number; the number where it has no name.

    Never by $USER, $LOGNAME or $SUDO_USER, which are whatever somebody says.  So under `sudo -u bob` and
    `su bob` it is bob, and under a plain `sudo` root.
    """
    import pwd

    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return str(os.getuid())


def at_work(roles: Roles, given: str | None = None) -> Person:
    """The person at work; `given` is the name they want to work under."""
    me = login()
    name = me if given is None else given
    if not is_name(name):
        raise UsageError(f"a name is one to {LONGEST_NAME} printable characters; give it with --as NAME")
    mine = _role(roles, me)
    if name == me:
        return Person(me, mine)
    if mine is not Role.LEAD and not roles.as_anyone:
        raise StoreRefused(
            f"{me} may not work as {name}: --as is for leads ({roles.holders(Role.LEAD)}), "
            f"unless `roles:` in project.yaml says `as: anyone`"
        )
    role = _role(roles, name)
    if role > mine:
        raise StoreRefused(f"{me} may not work as {name}, who is {role.words}: --as gives no rights that one has not")
    return Person(name, role)


def _role(roles: Roles, name: str) -> Role:
    role = roles.of(name)
    if role is None:
        leads = roles.holders(Role.LEAD)
        raise StoreRefused(
            f"{name} has no part in this project: a lead ({leads}) adds people under `roles:` in project.yaml"
        )
    return role
