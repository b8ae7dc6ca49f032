"""Answers on their way out, whatever the format: which go, words as a format can hold them, counts of what it cannot.

`meant` is the way back of `spelled`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from tui_label.core.annotation import DRAFT, SKIPPED, SUBMITTED, UNDONE, Annotation
from tui_label.core.gold import SETTLED
from tui_label.core.item import Item
from tui_label.formats.offered import Offer

Dropped = dict[str, int]
"""What is lost, in words, and how often."""
Rows = Iterable[tuple[Item, Annotation]]
"""Items, each with somebody's answer, a settled one, or what is suggested (`Offer`)."""
UNFINISHED = {SKIPPED: "skips", DRAFT: "drafts", UNDONE: "answers that were taken back"}


def count(dropped: Dropped, words: str, number: int = 1) -> None:
    if number:
        dropped[words] = dropped.get(words, 0) + number


def is_finished(annotation: Annotation, dropped: Dropped) -> bool:
    """Whether a row is somebody's finished answer, or a settled one; what else it may be is counted."""
    if isinstance(annotation, Offer):
        count(dropped, "suggestions", len(annotation.suggestions))
    elif words := UNFINISHED.get(annotation.status):
        count(dropped, words)
    return annotation.status in (SUBMITTED, SETTLED)


def count_finer_times(annotation: Annotation, dropped: Dropped) -> None:
    """Count what a format loses that carries one time an answer."""
    timing = annotation.timing
    finer = bool(timing.idle or timing.paused or timing.tasks)
    count(dropped, "idle and paused times and those of tasks", finer)


# words


def spelled(name: str) -> str:
    """A name as formats write it whose columns are parted by blanks."""
    return re.sub(r"\s+", "_", name)


def meant(values: Iterable[str], written: str) -> str:
    """The label or speaker that was `spelled` so; a name nobody listed is taken as it is."""
    known = list(values)
    return written if written in known else next((one for one in known if spelled(one) == written), written)


def plain(text: str, dropped: Dropped) -> str:
    r"""Half characters (lone surrogates) as `\ud800`: no file can hold them."""
    made = text.encode("utf-8", "backslashreplace").decode()
    count(dropped, "half characters", made != text)
    return made


def unbroken(text: str, dropped: Dropped, more: str = "") -> str:
    """One line, otherwise as it is: a blank for each line break, and for each of `more`."""
    made = re.sub(f"\r\n|[\r\n{more}]", " ", text)
    count(dropped, "line breaks and tabs in texts" if more else "line breaks in texts", made != text)
    return plain(made, dropped)


def one_line(text: str, dropped: Dropped) -> str:
    """Without line breaks of any kind, or blanks at its ends."""
    made = " ".join(text.splitlines()).strip()
    count(dropped, "line breaks or blanks at the ends of texts", made != text)
    return plain(made, dropped)


def single_blanks(text: str, dropped: Dropped) -> str:
    """Words parted by single blanks."""
    made = " ".join(text.split())
    count(dropped, "line breaks or blanks beside others", made != text)
    return plain(made, dropped)


def one_word(name: str, dropped: Dropped) -> str:
    """A name `spelled`, without blanks at its ends."""
    made = spelled(name.strip())
    count(dropped, "blanks in names", made != name)
    return plain(made, dropped)
