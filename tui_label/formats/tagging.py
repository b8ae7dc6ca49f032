"""Spans as tags of tokens (IOB1, IOB2, BILUO, BIOES, BMES), and tags as spans.

Whatever begins a new entity in any of the schemes begins one here, so `I-` after `O` or after
another label starts a span (IOB1).  Written is IOB2, over tokens between blanks that are cut
where a span begins or ends inside one.

Ramshaw and Marcus 1995 (IOB1); Tjong Kim Sang and Veenstra 1999 (IOB2).
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Iterator
from dataclasses import replace

from tui_label.core.tasks import Span, Spans
from tui_label.formats.recordings import meant, spelled
from tui_label.formats.source import Reading
from tui_label.formats.tracks import Dropped, count

TAG = re.compile(r"O|([BILUESM])-(.+)")
BEGINS, ENDS = "BUS", "LUES"
BLANKS = r"\s"


def spans_of_tags(tags: Iterable[str], places: Iterable[tuple[int, int]]) -> list[Span]:
    """Spans of tags that all match `TAG`, each about the token at its place."""
    spans: list[Span] = []
    open_label = ""
    for tag, (start, end) in zip(tags, places, strict=True):
        found = TAG.fullmatch(tag)
        assert found is not None
        prefix, label = found[1] or "O", found[2] or ""
        if prefix == "O":
            open_label = ""
        elif prefix in BEGINS or label != open_label:
            spans.append(Span(start, end, label))
            open_label = label
        else:
            spans[-1] = Span(spans[-1].start, end, label)
        if prefix in ENDS:
            open_label = ""
    return spans


def tagged(text: str, spans: Iterable[Span], dropped: Dropped, blanks: str = BLANKS) -> Iterator[tuple[int, int, str]]:
    """Start, end and tag of each token; `blanks` is the inside of a character class of what parts tokens.

    Blanks at the ends of spans, and all but the longest of spans that overlap, are counted as dropped.
    """
    kept = flat(trimmed(text, spans, dropped, blanks), dropped)
    at = 0
    for start, end in tokens(text, kept, blanks):
        while at < len(kept) and kept[at].end <= start:
            at += 1
        if at < len(kept) and kept[at].start <= start:
            yield start, end, ("B-" if start == kept[at].start else "I-") + label_word(kept[at].label, dropped)
        else:
            yield start, end, "O"


def label_word(label: str, dropped: Dropped) -> str:
    """A label without blanks; a reader that knows the label finds it again (`meant`)."""
    made = spelled(label)
    count(dropped, "blanks in labels", made != label)
    return made


def trimmed(text: str, spans: Iterable[Span], dropped: Dropped, blanks: str = BLANKS) -> list[Span]:
    """Spans from their first to their last character that is no blank."""
    made = []
    for span in spans:
        covered = text[span.start : span.end]
        left = re.match(f"[{blanks}]*", covered).end()  # type: ignore[union-attr]
        right = len(covered) - re.match(f"[{blanks}]*", covered[::-1]).end()  # type: ignore[union-attr]
        if left >= right:
            count(dropped, "spans of blanks only")
            continue
        count(dropped, "blanks at the ends of spans", right - left < len(covered))
        made.append(Span(span.start + left, span.start + right, span.label))
    return made


def flat(spans: Iterable[Span], dropped: Dropped) -> list[Span]:
    """Spans of which none overlaps another, the longer ones kept."""
    kept: list[Span] = []
    for span in sorted(spans, key=lambda span: span.start - span.end):
        if any(span.overlaps(other) for other in kept):
            count(dropped, "overlapping spans")
        else:
            kept.append(span)
    return sorted(kept)


def tokens(text: str, spans: Iterable[Span], blanks: str = BLANKS) -> Iterator[tuple[int, int]]:
    """The places of what stands between blanks, cut at the ends of spans."""
    edges = sorted({edge for span in spans for edge in (span.start, span.end)})
    at = 0
    for found in re.finditer(f"[^{blanks}]+", text):
        cuts = [found.start()]
        while at < len(edges) and edges[at] < found.end():
            if edges[at] > found.start():
                cuts.append(edges[at])
            at += 1
        yield from itertools.pairwise([*cuts, found.end()])


def meant_spans(reading: Reading, spans: Iterable[Span]) -> list[Span]:
    """Spans with the labels that were written without blanks."""
    known = [value for task in reading.project.tasks if isinstance(task, Spans) for value in task.values]
    return [replace(span, label=meant(known, span.label)) for span in spans]
