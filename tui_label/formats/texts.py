"""What formats of labelled texts share: offsets in other units, and which answers go out.

Places are code points of the exact text; a format says in which unit it counts, and
where it also says what a span covers, that is compared.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Collection, Iterable, Iterator
from typing import Any

from tui_label.core.annotation import Annotation
from tui_label.core.item import Item
from tui_label.core.tasks import Span, Spans, Task, spans_from
from tui_label.formats.making import Bad
from tui_label.formats.outgoing import Dropped, Rows, count, is_finished
from tui_label.formats.source import Reading

CODE_POINTS, UTF16, BYTES = "code points", "UTF-16", "bytes"
HOLDS = 0.5
"""From this value on a category of spaCy's counts as said."""
LAYOUTS = {"conll", "conllu"}
"""Fields of meta that say how the file was laid out: nobody's data."""
HALF = re.compile("[\ud800-\udfff]")
WIDE = re.compile("[\U00010000-\U0010ffff]")


class Units:
    """Places of one text in code points, in UTF-16 units (Java, JavaScript) and in bytes of UTF-8."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._wide = [found.start() for found in WIDE.finditer(text)]
        self._wide_units = [at + n for n, at in enumerate(self._wide)]

    def utf16(self, at: int) -> int:
        return at + bisect_left(self._wide, at)

    def place(self, offset: int, unit: str) -> int | None:
        """The code point that an offset means; None where it means none."""
        if unit == BYTES:
            before = self.text.encode("utf-8", "surrogatepass")[: max(offset, 0)]
            at = len(before.decode("utf-8", "ignore")) if not HALF.search(self.text) else -1
            return at if len(self.text[: max(at, 0)].encode("utf-8", "surrogatepass")) == offset else None
        pairs = bisect_left(self._wide_units, offset) if unit == UTF16 else 0
        if pairs and self._wide_units[pairs - 1] + 1 == offset:
            return None
        return offset - pairs if 0 <= offset - pairs <= len(self.text) else None

    def stretch(self, start: int, end: int, unit: str) -> tuple[int, int] | None:
        found = self.place(start, unit), self.place(end, unit)
        return found if None not in found and found[0] < found[1] else None  # type: ignore[return-value,operator]


def located(
    reading: Reading, units: Units, start: Any, end: Any, covered: Any, order: tuple[str, ...]
) -> tuple[int, int]:
    """A span's start and end in code points, by the first unit in which it covers what it says it does.

    `order` begins with the format's own unit.  Without a covered text that unit is taken, the next one where it
    means no span.  Raises Bad.
    """
    for offset in (start, end):
        if not isinstance(offset, int) or isinstance(offset, bool):
            raise Bad("spans", f"start and end must be whole numbers, not {start!r} and {end!r}")
    for unit in order:
        found = units.stretch(start, end, unit)
        if found and (not isinstance(covered, str) or units.text[found[0] : found[1]] == covered):
            reading.repaired += found != (start, end)
            return found
    if isinstance(covered, str):
        raise Bad("spans", f"span {start}-{end} says {covered[:80]!r}, which is not there")
    raise Bad("spans", f"span {start}-{end} does not lie within the text's {len(units.text)} characters")


# on the way out


def finished_texts(
    rows: Rows, dropped: Dropped, tasks: Iterable[Task | None], carries: Collection[str] = ()
) -> Iterator[tuple[Item, Annotation]]:
    """Finished answers about texts; all else is counted: answers to other tasks, and what the format does not
    carry of `flags`, `times`, `meta` and the `names` of annotators, where there are several.  A format that carries
    `candidates` has a place for what is compared without a text, too.
    """
    taken = {task.id for task in tasks if task is not None}
    names: set[str] = set()
    for item, annotation in rows:
        if not (item.text or ("candidates" in carries and item.candidates)):
            count(dropped, "items that are no texts")
        elif is_finished(annotation, dropped):
            count(dropped, "flags", 0 if "flags" in carries else len(annotation.flags))
            count(dropped, "times", "times" not in carries and bool(annotation.timing.wall))
            count(dropped, "fields of meta", 0 if "meta" in carries else len(item.meta.keys() - LAYOUTS))
            for other in annotation.answers:
                count(dropped, f"answers to {other}", other not in taken)
            names.add(annotation.annotator)
            yield item, annotation
    count(dropped, "names of annotators", len(names) if len(names) > 1 and "names" not in carries else 0)


def spans_said(annotation: Annotation, task: Spans | None) -> list[Span]:
    return list(spans_from(annotation.answers.get(task.id))) if task is not None else []


def labels_said(annotation: Annotation, task: Task) -> list[str] | None:
    """The labels of an answer to a choice; None where there is no answer."""
    value = annotation.answers.get(task.id)
    return value if isinstance(value, list) or value is None else [value]


def whole(text: str, dropped: Dropped) -> str:
    """The text with U+FFFD for half characters (lone surrogates), which UTF-8 does not have; places stay."""
    made = HALF.sub("\ufffd", text)
    count(dropped, "half characters", made != text)
    return made


def first_line(line: str) -> str:
    """The first line of a file: a byte order mark that belongs to it gets another one, which readers take away."""
    return "\ufeff" + line if line.startswith("\ufeff") else line
