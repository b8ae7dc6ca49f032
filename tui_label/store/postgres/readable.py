"""What JSON a login of one's own may write, as conditions of a server's policies (`logins`).

Whoever reads everybody's rows, for reviews, exports and reports, would be stopped by any other.
"""

from __future__ import annotations

DEEPEST = 8
"""Lists and objects within one another; what tui-label writes has half as many."""
_STRING = r'"(?:\\.|[^"\\])*"'
_LARGE = "[0-9]{30}|[eE][+]?[0-9]{3}"
_LISTENING = "nullif(listening, '')"
_HEARD = """part.key NOT IN ('plays', 'keystrokes', 'first_play_ms', 'coverage', 'seconds')
    OR json_typeof(part.value) = 'number'
      AND (part.key IN ('coverage', 'seconds') OR CAST(part.value AS text) ~ '^-?[0-9]{1,15}$')"""
_REASON = """json_typeof(part.value -> 'reason') = 'string'
    AND coalesce(json_typeof(part.value -> 'note'), 'string') = 'string'"""


def decoded(text: str) -> str:
    """JSON text that a server takes apart, for it knows neither NUL nor lone surrogates."""
    return rf"regexp_replace({text}, '\\u(0000|[dD][89a-fA-F][0-9a-fA-F][0-9a-fA-F])', '\\ufffd', 'g')"


def _shallow() -> str:
    """A pattern of JSON that is not too deep."""
    plain = rf"""(?:{_STRING}|[^][{{}}"])*"""
    found = plain
    for _ in range(DEEPEST):
        found = rf"{plain}(?:[[{{]{found}[]}}]{plain})*"
    return f"^{found}$"


def is_json(text: str, kind: str = "object", part: str = "") -> str:
    """A text is JSON of this kind, in which nothing is too deep or too large.  `part`: what each part of it must be."""
    found = f"""json_typeof(CAST({text} AS json)) = '{kind}' AND {text} ~ '{_shallow()}'
        AND ({text} !~ '{_LARGE}' OR regexp_replace({text}, '{_STRING}', '', 'g') !~ '{_LARGE}')"""
    if not part:
        return found
    parts = "json_each" if kind == "object" else "json_array_elements"
    return f"""{found}
        AND NOT EXISTS (SELECT 1 FROM {parts}(CAST({decoded(text)} AS json)) AS part WHERE ({part}) IS NOT TRUE)"""


ANNOTATION = " AND ".join(
    (
        is_json("answers"),
        is_json("origin", part="json_typeof(part.value) = 'array'"),
        is_json("flags", "array", _REASON),
        is_json("decisions", part="part.key ~ '^[0-9]{1,18}$' AND json_typeof(part.value) = 'string'"),
        is_json("task_ms", part="json_typeof(part.value) = 'number'"),
        f"(listening = '' OR {is_json(_LISTENING, part=_HEARD)})",
    )
)
"""A row of it."""
GOLD = " AND ".join(is_json(column) for column in ("answers", "sources", "origin"))
