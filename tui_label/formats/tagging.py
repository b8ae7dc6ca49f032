"""Spans as tags of tokens (IOB1, IOB2, BILUO, BIOES, BMES), and tags as spans.

Whatever begins a new entity in any of the schemes begins one here, so `I-` after `O` or after
another label starts a span (IOB1).  Tags are made as IOB2, over tokens that are cut where a span
begins or ends inside one, and then said in another scheme.

Ramshaw and Marcus 1995 (IOB1); Tjong Kim Sang and Veenstra 1999 (IOB2); Ratinov and Roth 2009 (BILUO).
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Iterator
from dataclasses import replace

from tui_label.core.tasks import Span, Spans
from tui_label.formats.outgoing import Dropped, count, meant, spelled
from tui_label.formats.source import Reading

TAG = re.compile(r"O|([BILUESM])-(.+)")
BEGINS, ENDS = "BUS", "LUES"
BLANKS = r"\s"
IOB1, IOB2 = "iob1", "iob2"
SCHEMES = {IOB1: "", IOB2: "BBII", "biluo": "UBIL", "bioes": "SBIE", "bmes": "SBME"}
"""The prefixes of an entity's only token, its first, those within, its last; IOB1 goes by what stands before."""


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


def scheme_of(sentences: Iterable[list[str]]) -> str:
    """The scheme of tags: that of the first entity as only one of them has it, else IOB2."""
    found = IOB2
    for tags in sentences:
        for before, tag, after in zip(["O", *tags], tags, [*tags[1:], "O"], strict=False):
            begun = before[0] in "BIM" and before[1:] == tag[1:]
            goes_on = after[0] in "ILEM" and after[1:] == tag[1:]
            if tag[0] in "ULM":
                return "bmes" if tag[0] == "M" else "biluo"
            if tag[0] == "I" and not begun:
                return IOB1
            if tag[0] in "BI" and not goes_on:
                return IOB2
            if tag[0] == "I" and after[0] in "EL":
                return "bioes" if after[0] == "E" else "biluo"
            if tag[0] in "SE":
                found = "bioes"
    return found


def in_scheme(tags: list[str], scheme: str) -> list[str]:
    """Tags of IOB2 in another scheme."""
    made = []
    for before, tag, after in zip(["O", *tags], tags, [*tags[1:], "O"], strict=False):
        if tag == "O":
            made.append(tag)
        elif scheme == IOB1:
            made.append(("B" if tag[0] == "B" and before[1:] == tag[1:] else "I") + tag[1:])
        else:
            single, first, within, last = tuple(SCHEMES[scheme])
            ends = after[0] != "I" or after[1:] != tag[1:]
            made.append(
                (single if ends else first) + tag[1:] if tag[0] == "B" else (last if ends else within) + tag[1:]
            )
    return made


def tagged(
    text: str,
    spans: Iterable[Span],
    dropped: Dropped,
    blanks: str = BLANKS,
    places: Iterable[tuple[int, int]] | None = None,
) -> Iterator[tuple[int, int, str]]:
    """Start, end and tag (IOB2) of each token, which are at `places` or else between blanks.

    `blanks` is the inside of a character class of what parts tokens.  Blanks at the ends of spans, and all but
    the longest of spans that overlap, are counted as dropped.
    """
    kept = flat(trimmed(text, spans, dropped, blanks), dropped)
    labels = [label_word(span.label, dropped) for span in kept]
    at = 0
    for start, end in cut(places, kept) if places is not None else tokens(text, kept, blanks):
        while at < len(kept) and kept[at].end <= start:
            at += 1
        if at < len(kept) and kept[at].start <= start:
            yield start, end, ("B-" if start == kept[at].start else "I-") + labels[at]
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
    return cut((found.span() for found in re.finditer(f"[^{blanks}]+", text)), spans)


def cut(places: Iterable[tuple[int, int]], spans: Iterable[Span]) -> Iterator[tuple[int, int]]:
    """Places, parted where spans begin or end inside them."""
    edges = sorted({edge for span in spans for edge in (span.start, span.end)})
    at = 0
    for start, end in places:
        cuts = [start]
        while at < len(edges) and edges[at] < end:
            if edges[at] > start:
                cuts.append(edges[at])
            at += 1
        yield from itertools.pairwise([*cuts, end])


def meant_spans(reading: Reading, spans: Iterable[Span]) -> list[Span]:
    """Spans with the labels that were written without blanks."""
    known = [value for task in reading.project.every(Spans) for value in task.values]
    return [replace(span, label=meant(known, span.label)) for span in spans]
