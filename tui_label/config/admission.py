"""What lets somebody in who may not read a project."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from tui_label.errors import typed


def way_in(folder: Path, file: Path | None = None) -> str:
    """For whoever asks, in words; `file`: what they may not read of it, if it is one file."""
    # Windows has neither, and listens
    import grp
    import pwd

    try:
        status, me = folder.stat(), pwd.getpwuid(os.getuid())
        owner, group = pwd.getpwuid(status.st_uid).pw_name, grp.getgrgid(status.st_gid).gr_name
    except (OSError, KeyError):
        return "ask whose it is"
    if owner == me.pw_name:
        return f"it is yours: `chmod -R u+rX {typed(folder)}`"
    has_now = {os.getegid(), *os.getgroups()}
    if status.st_gid in os.getgrouplist(me.pw_name, me.pw_gid) and status.st_gid not in has_now:
        return f"you came into its group, {group}, after you logged in: log in anew"
    if file is not None and os.access(folder, os.X_OK) and file.stat().st_gid in has_now:
        return f"{owner}, whose it is, can `chmod g+r {typed(file)}`"
    if status.st_mode & stat.S_ISGID:
        let_in = f"sudo usermod -aG {typed(group)} {me.pw_name}"
        return f"{owner}, whose it is, can let you in by `{let_in}`; then log in anew"
    return f"ask {owner}, whose it is"
