"""What became of what came with an item: suggestions that were taken or not, drafts of a sound's words that were kept."""

from __future__ import annotations

from typing import Any

from tui_label.core.annotating.session import Session
from tui_label.core.item import Suggestion
from tui_label.core.tasks import Segment, Segments, Task, segments_from, segments_in_hand
from tui_label.core.wer import Edits, edits


def drafts_kept(session: Session) -> dict[str, Edits]:
    """For each text that came with a draft, how far it was kept; segments count with all their texts."""
    found = {}
    for id, one in session.laid_down.items():
        if (task := session.asked_task(id)) is not None:
            found[id] = edits(_words_of(task, one.value), _words_of(task, session.work.answers.get(id)))
    return found


def kept_here(session: Session) -> Edits | None:
    """How far the text box is from its draft; None where it had none.

    A segment's draft is the one of the same times, else what those drafted segments say whose middle lies in
    it and that may be of its label and speaker: others may speak meanwhile.
    """
    task, text = session.asked_task(session.focus), session.box
    laid = session.laid_down.get(session.focus)
    if text is None or laid is None:
        return None
    draft = laid.value
    if isinstance(task, Segments):
        here = session.segment_here
        assert here is not None
        draft = _drafted_for(here, segments_in_hand(draft))
    return edits(str(draft), text) if draft else None


def _drafted_for(here: Segment, drafted: tuple[Segment, ...]) -> str:
    own = [one for one in drafted if one.label in ("", here.label) and one.speaker in ("", here.speaker)]
    same = [one for one in (*own, *drafted) if one.when == here.when][:1]
    parts = same or [one for one in own if here.start <= (one.start + one.end) / 2 < here.end]
    return " ".join(one.text for one in parts if one.text)


def _words_of(task: Task, value: Any) -> str:
    if isinstance(task, Segments):
        return " ".join(one.text for one in segments_from(value))
    return str(value or "")


def outcome_decisions(session: Session) -> dict[int, str]:
    """What became of each suggestion, those passed over in silence too."""
    asked = [one for one in session.suggestions if session.asked_task(one.task) is not None]
    return {**session.work.decisions, **{one.number: _outcome(session, one) for one in asked}}


def _outcome(session: Session, one: Suggestion) -> str:
    """All but a span is judged by what stands there now: it may have been accepted first and corrected later."""
    decided = session.work.decisions.get(one.number, "ignored")
    laid = session.laid_down.get(one.task)
    seen = laid is not None and laid.value == one.value
    if decided == "rejected" or isinstance(one.value, dict) or (decided == "ignored" and not seen):
        return decided
    return "accepted" if session.work.answers.get(one.task) == one.value else "changed"
