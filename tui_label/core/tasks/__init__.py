"""The task types, one file each, by the name they have in project.yaml."""

from tui_label.core.tasks.base import Label, Task, fitting, is_asked, kept, of_another_type
from tui_label.core.tasks.choice import Choice
from tui_label.core.tasks.choices import Choices
from tui_label.core.tasks.compare import Compare
from tui_label.core.tasks.rating import Rating
from tui_label.core.tasks.segments import Segment, Segments, segments_from, segments_in_hand
from tui_label.core.tasks.spans import Span, Spans, spans_from
from tui_label.core.tasks.text import Text

TYPES: dict[str, type[Task]] = {kind.kind: kind for kind in (Choice, Choices, Rating, Spans, Text, Compare, Segments)}

__all__ = [
    "TYPES",
    "Choice",
    "Choices",
    "Compare",
    "Label",
    "Rating",
    "Segment",
    "Segments",
    "Span",
    "Spans",
    "Task",
    "Text",
    "fitting",
    "is_asked",
    "kept",
    "of_another_type",
    "segments_from",
    "segments_in_hand",
    "spans_from",
]
