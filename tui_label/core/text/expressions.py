"""Regular expressions that people write: what is wrong with one."""

from __future__ import annotations

import re

NO_EXPRESSION = (re.error, OverflowError, RecursionError)
"""What comes out of compiling what is none, or too large or too deep a one."""


def problem_in_yaml(words: str) -> str:
    """Why what stands in YAML is none, in words; empty where it is one."""
    # The one escape that means something else to YAML than to a regular expression
    if "\b" in words:
        return r"has a backspace in it, as \b is one in double quotes; write it in single quotes"
    try:
        re.compile(words)
    except NO_EXPRESSION as error:
        return f"not a regular expression: {error}"
    return ""
