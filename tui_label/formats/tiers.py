"""Segments as tiers of intervals that do not overlap, as Praat and ELAN have them.

Our tiers are named `text@speaker`, `label@speaker` and, for a segment that says only
who speaks, `speaker@speaker`; without a speaker there is no `@`.  Segments of one speaker that
overlap go to further ones: `text (2)@speaker`.  What stands at the same time in the
text tier and the label tier of the same number and speaker is one segment.

Tiers with other names are taken in this way: one whose every value is a label of
the project says labels; one named after a speaker, or with a participant, says what
that one says; of the rest the one named like a transcript, for each speaker that the Montreal
Forced Aligner and FAVE name before it (`ann - words`), else the only one, else each is a speaker's.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

from tui_label.core.tasks import Segment, Segments
from tui_label.formats.recordings import says_text

OURS = re.compile(r"(text|label|speaker)(?: \(([1-9][0-9]{0,5})\))?(?:@(.*))?", re.DOTALL)
TRANSCRIPTS = (
    "text", "transcript", "transcription", "transcriptions", "utterance", "utterances", "sentence", "sentences",
    "words", "word", "ortho", "orthography", "ort", "ort-mau",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Tier:
    name: str
    intervals: tuple[tuple[float, float, str], ...]
    """Start and end in seconds, and what is said of it."""
    participant: str = ""


def tiers(segments: Iterable[Segment]) -> list[Tier]:
    """Tiers in the order of their first interval; inverse of `segments_of`."""
    found: dict[tuple[str, int, str], list[tuple[float, float, str]]] = {}
    ends: dict[tuple[str, int], float] = {}
    for one in sorted(segments, key=lambda one: one.when):
        layer = 1
        while ends.get((one.speaker, layer), 0.0) > one.start:
            layer += 1
        ends[one.speaker, layer] = one.end
        said = [(kind, value) for kind, value in (("text", one.text), ("label", one.label)) if value]
        for kind, value in said or [("speaker" if one.speaker else "text", one.speaker)]:
            found.setdefault((kind, layer, one.speaker), []).append((one.start, one.end, value))
    return [
        Tier(
            kind + (f" ({layer})" if layer > 1 else "") + (f"@{speaker}" if speaker else ""), tuple(intervals), speaker
        )
        for (kind, layer, speaker), intervals in found.items()
    ]


def segments_of(found: list[Tier], task: Segments | None) -> tuple[list[Segment], list[Tier]]:
    """The segments that tiers say, and the tiers that were left out."""
    made: dict[tuple[float, float, int, str], Segment] = {}
    apart: list[Segment] = []
    chosen, left = _chosen([tier for tier in found if tier.intervals], task)
    for kind, layer, speaker, tier in chosen:
        for start, end, value in tier.intervals:
            label, text = value if kind == "label" else "", value if kind == "text" else ""
            place = (start, end, layer, speaker)
            before = made.get(place, Segment(start, end, speaker=speaker))
            if (label and before.label) or (text and before.text):
                apart.append(Segment(start, end, label, text, speaker))
            else:
                made[place] = replace(before, label=before.label or label, text=before.text or text)
    return sorted([*made.values(), *apart], key=lambda one: one.when), left


Chosen = tuple[str, int, str, Tier]
"""What it says, its layer, who speaks, the tier."""


def _chosen(found: list[Tier], task: Segments | None) -> tuple[list[Chosen], list[Tier]]:
    ours = {tier.name: match for tier in found if (match := OURS.fullmatch(tier.name))}
    if ours:
        named = [(tier, ours[tier.name]) for tier in found if tier.name in ours]
        # "@" in a participant's own tier name and ELAN's participant say the same
        chosen = [(match[1], int(match[2] or 1), match[3] or tier.participant, tier) for tier, match in named]
        return chosen, [tier for tier in found if tier.name not in ours]
    listed = task.transcript.speakers if task is not None and task.transcript is not None else ()
    labels = set(task.values) if task is not None else set()
    chosen = [("label", 1, tier.participant, tier) for tier in found if _values(tier) and _values(tier) <= labels]
    rest = [tier for tier in found if not any(tier is one for *_, one in chosen)]
    if not says_text(task):
        # Labels that the project does not have are to be named, not passed over, where there are no others
        return (chosen, rest) if chosen else ([("label", 1, tier.participant, tier) for tier in rest], [])
    for tier in rest:
        if tier.name in listed or tier.participant:
            chosen.append(("text", 1, tier.participant or tier.name, tier))
    rest = [tier for tier in rest if not any(tier is one for *_, one in chosen)]
    if transcripts := _transcripts(rest):
        said: list[Chosen] = [("text", 1, speaker, tier) for speaker, tier in transcripts.items()]
        return [*chosen, *said], [tier for tier in rest if all(tier is not one for one in transcripts.values())]
    if len(rest) == 1 and not chosen:
        return [("text", 1, "", rest[0])], []
    if any(kind == "text" for kind, *_ in chosen):
        return chosen, rest
    return [*chosen, *(("text", 1, tier.name, tier) for tier in rest)], []


def _transcripts(found: list[Tier]) -> dict[str, Tier]:
    """By speaker the tier that is named like a transcript, as `words`, or as aligners name it, `ann - words`."""
    chosen: dict[str, Tier] = {}
    for name in TRANSCRIPTS:
        for tier in found:
            speaker, _, kind = tier.name.rpartition(" - ")
            if kind.casefold() == name:
                chosen.setdefault(speaker, tier)
    return chosen


def _values(tier: Tier) -> set[str]:
    return {value for *_, value in tier.intervals if value}
