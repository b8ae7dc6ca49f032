"""Several annotators' spans of one text, as readings: what all have is agreed, the others differ in clusters."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tui_label.core.overlap import are_rivals
from tui_label.core.reviewing import stretches
from tui_label.core.reviewing.readings import Difference, Part, Readings, options_of
from tui_label.core.tasks import Span, Spans, spans_from


@dataclass(frozen=True)
class Marking(Readings):
    """The spans of one text."""

    everybody: tuple[int, ...]
    agreed: tuple[dict[str, Any], ...]
    differences: tuple[Difference, ...]

    def parts(self, taken: Mapping[int, int]) -> tuple[Part, ...]:
        found = [Part(record, self.everybody) for record in self.agreed]
        for number, version in taken.items():
            option = self.differences[number].option_of(version)
            found += [Part(record, option.by, number) for record in option.value]
        return tuple(sorted(found, key=lambda part: (part.value["start"], part.value["end"], part.value["label"])))

    def value(self, parts: tuple[Part, ...]) -> Any:
        return [part.value for part in parts] or None


def marking(task: Spans, values: Mapping[int, Any], silent: Sequence[int], text: str) -> Marking:
    """Spans that all have are agreed; the others differ together where they overlap.

    Where the project lets spans overlap, only those differ together that can be meant for the same thing:
    of one label, or with more than half of their union in common.  Where a mixture could have fewer spans than the
    task's `min`, all that differs is one difference.
    """
    spans = {version: frozenset(spans_from(value)) for version, value in values.items()}
    agreed = frozenset.intersection(*spans.values()) if spans else frozenset()
    loose = frozenset().union(*spans.values()) - agreed
    clusters = stretches.clusters(
        loose, lambda one, other: not task.overlap or are_rivals(one, other, one.label == other.label)
    )

    def readings(cluster: list[Span]) -> dict[int, tuple[Span, ...]]:
        return {version: tuple(one for one in cluster if one in some) for version, some in spans.items()}

    least = sum(min(map(len, readings(cluster).values())) for cluster in clusters)
    if len(agreed) + least < task.min and clusters:
        clusters = [sorted(loose)]
    differences = []
    for cluster in clusters:
        said = readings(cluster)
        records = {version: _records(some, text) for version, some in said.items()}
        start, end = cluster[0].start, max(one.end for one in cluster)
        about = stretches.about(list(said.values()), ("label",))
        differences.append(Difference(task.id, "spans", options_of(records, silent, ()), start, end, about))
    return Marking(tuple(spans), _records(sorted(agreed), text), tuple(differences))


def _records(spans: Iterable[Span], text: str) -> tuple[dict[str, Any], ...]:
    return tuple(span.record(text) for span in spans)
