"""Where a project's answers are kept, if not in a file beside project.yaml."""

from __future__ import annotations

import re
from urllib.parse import parse_qsl, urlencode, urlsplit

from tui_label.config.nodes import Node, Reader
from tui_label.core.project import Server

_URL = "must be postgresql://USER@HOST/DATABASE; without it all is kept in project.db beside this file"


def server(reader: Reader, node: Node, name: str) -> Server | None:
    """A server's URL; the schema stands at its end, or is the project's name as letters that need no quotes."""
    before = len(reader.problems)
    words = reader.text(node, "store", 500)
    if len(reader.problems) > before:
        return None
    try:
        parts = urlsplit(words)
        options = dict(parse_qsl(parts.query, strict_parsing=bool(parts.query)))
        password = parts.password
    except ValueError:
        reader.wrong(node, "store", f"is no URL; {_URL}")
        return None
    schema = options.pop("schema", "") or re.sub("[^a-z0-9]+", "_", name.casefold())[:40].strip("_") or "project"
    if parts.scheme not in ("postgresql", "postgres") or not parts.path.strip("/"):
        reader.wrong(node, "store", _URL)
    elif password is not None or "password" in options:
        reader.wrong(
            node,
            "store",
            "has a password in it, which all who may read this file would know; take it out, and put it into "
            "~/.pgpass or what PGPASSFILE names, a service (PGSERVICEFILE), or PGPASSWORD",
        )
    elif not re.fullmatch("[a-z_][a-z0-9_]{0,39}", schema) or schema.startswith("pg_"):
        reader.wrong(node, "store", "a schema's name is up to forty small letters, digits and _, a letter first")
    else:
        query = urlencode(options, safe="/,:")
        url = words.split("?")[0] + (f"?{query}" if query else "")
        if not (refused := _refused(url)):
            return Server(url, schema)
        reader.wrong(node, "store", f"PostgreSQL's library does not take it: {refused}")
    return None


def _refused(url: str) -> str:
    """What libpq has against a URL, as far as it looks before it connects."""
    try:
        import psycopg
    except ImportError:
        # The store says what to install
        return ""
    try:
        psycopg.conninfo.conninfo_to_dict(url)
    except psycopg.ProgrammingError as error:
        return str(error).strip()
    return ""
