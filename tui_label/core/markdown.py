"""What lines of Markdown belong together: paragraphs, list items, quotes, tables, code."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import takewhile

HEADING = re.compile(r"#{1,6}\s+(.*?)\s*#*$")
"""Group 1 is its words."""
LIST_ITEM = re.compile(r"\s*([-*+]|\d+[.)])\s")
FENCE = re.compile(r"\s*(```|~~~)")
QUOTE = re.compile(r" {0,3}> ?")
_AS_IT_STANDS = re.compile(r"\s*(\||---|===|<)|#{1,6}\s|\s*$")
_UNDER_A_HEADER = re.compile(r"\s*\|?(\s*:?-+:?\s*\|)*\s*:?-+:?\s*\|?\s*$")
_BAR = re.compile(r"(?<!\\)\|")
"""What divides cells of a table: a bar that is not escaped."""
_LINE_BREAK = re.compile(r"\s*<br\s*/?>\s*")
"""The only way to a second line in a cell."""


def blocks(lines: Sequence[str]) -> Iterator[Sequence[str]]:
    """What belongs together: a paragraph or list item as one line; a quote, a table or code as its lines."""
    joined, at = "", 0
    while at < len(lines):
        line, size = lines[at], _block_size(lines, at)
        alone = size > 0 or bool(_AS_IT_STANDS.match(line)) or (not joined and line.startswith("    "))
        if joined and (alone or LIST_ITEM.match(line)):
            yield [joined]
            joined = ""
        if alone:
            yield lines[at : at + max(1, size)]
        else:
            joined = f"{joined.rstrip()} {line.strip()}" if joined else line
            # Two spaces or a backslash at its end keep a line apart
            if line.endswith(("  ", "\\")):
                yield [joined.removesuffix("\\")]
                joined = ""
        at += max(1, size)
    if joined:
        yield [joined]


def _block_size(lines: Sequence[str], at: int) -> int:
    """How many lines from `at` on are one quote, table or piece of code; 0 where none begins."""
    rest = (lines[number] for number in range(at + 1, len(lines)))
    if fence := FENCE.match(lines[at]):
        inside = sum(1 for _ in takewhile(lambda line: not line.lstrip().startswith(fence.group(1)), rest))
        return min(len(lines) - at, 1 + inside + 1)
    if QUOTE.match(lines[at]):
        return 1 + sum(1 for _ in takewhile(QUOTE.match, rest))
    if "|" in lines[at] and _is_under_header(next(rest, ""), lines[at]):
        return 2 + sum(1 for _ in takewhile(lambda line: "|" in line, rest))
    return 0


def _is_under_header(line: str, header: str) -> bool:
    return "|" in line and bool(_UNDER_A_HEADER.match(line)) and len(cells_of(line)) == len(cells_of(header))


def cells_of(line: str) -> list[str]:
    inner = line.strip().removeprefix("|")
    inner = inner[:-1] if inner.endswith("|") and not inner.endswith("\\|") else inner
    return [_LINE_BREAK.sub("\n", cell.strip().replace("\\|", "|")) for cell in _BAR.split(inner)]


def unwrapped(text: str) -> list[str]:
    """Each paragraph, list item, row of a table and line of code as one line, without what only lays it out."""
    return list(_unwrapped(text.splitlines()))


def _unwrapped(lines: Sequence[str]) -> Iterator[str]:
    for block in blocks(lines):
        if fence := FENCE.match(block[0]):
            code = (line for line in block[1:] if not line.lstrip().startswith(fence.group(1)))
            yield from (f"`{line}`" if line else "" for line in code)
        elif QUOTE.match(block[0]):
            yield from (f"> {line}" for line in _unwrapped([line.lstrip("> ") for line in block]))
        elif len(block) > 1:
            yield from (" │ ".join(cells_of(line)).replace("\n", " ") for line in (block[0], *block[2:]))
        else:
            yield block[0]
