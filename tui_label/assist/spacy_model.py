"""A spaCy model: its entities and spans are spans, its text categories labels with their scores."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from tui_label.errors import AssistError
from tui_label.extras import needed


def load(name: str) -> tuple[Callable[..., Any], str]:
    """What asks the model, and the model's name and version."""
    spacy = needed("spacy", "spacy", "spaCy")
    try:
        model = spacy.load(name)
    except OSError as error:
        raise AssistError(
            f"spaCy has no model {name} here; `python -m spacy download {name}` brings it, or give a model's folder"
        ) from error

    def ask(items: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
        return [_said(doc) for doc in model.pipe([item.get("text", "") for item in items])]

    return ask, f"{model.meta['name']} {model.meta['version']}"


def _said(doc: Any) -> Mapping[str, Any]:
    """spaCy's offsets are code points, as ours; the most likely category is suggested."""
    spans = {(span.start_char, span.end_char, span.label_) for span in doc.ents}
    spans |= {(span.start_char, span.end_char, span.label_) for group in doc.spans.values() for span in group}
    said: dict[str, Any] = {
        "spans": [{"start": start, "end": end, "label": label} for start, end, label in sorted(spans)]
    }
    if doc.cats:
        best = max(doc.cats, key=doc.cats.__getitem__)
        said |= {"label": best, "score": float(doc.cats[best])}
    return said
