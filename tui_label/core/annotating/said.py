"""What is said in a sound, as something to be searched: transcripts, and the texts of segments."""

from __future__ import annotations

from dataclasses import dataclass, replace

from tui_label.core.annotating.session import Effect, Outcome, Session
from tui_label.core.tasks import Segments, Text, segments_from
from tui_label.core.text.find import find_all, which


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """Where words stand: places are in the order of the questions, then of time."""

    question: int
    segment: int
    """-1 in a transcript of the whole sound."""
    start: int
    end: int


def places(session: Session, needle: str) -> list[Place]:
    found: list[Place] = []
    for question, task in enumerate(session.asked):
        value = session.work.answers.get(task.id)
        texts: list[tuple[int, str]] = []
        if isinstance(task, Text):
            texts = [(-1, str(value or ""))]
        elif isinstance(task, Segments):
            texts = [(number, one.text) for number, one in enumerate(segments_from(value))]
        found += [Place(question, number, *place) for number, text in texts for place in find_all(text, needle)]
    return found


def find(session: Session, argument: tuple[str, int]) -> Session | Outcome:
    """To the next (1) or previous (-1) place of some words, round from the other end again."""
    needle, direction = argument
    found, here = places(session, needle), _here(session)
    if not found:
        return session.say(f"{needle!r} is not in this item")
    if direction > 0:
        place = next((one for one in found if (one.question, one.segment, one.start) > here), found[0])
    else:
        place = next((one for one in reversed(found) if (one.question, one.segment, one.start) < here), found[-1])
    task = session.asked[place.question]
    there = replace(session, focus=task.id, caret=place.start, found=(place.start, place.end))
    there = there.say(which(found.index(place) + 1, len(found)))
    if place.segment < 0:
        return there
    return replace(there, picked=place.segment), (Effect.GO,)


def _here(session: Session) -> tuple[int, int, int]:
    order = [task.id for task in session.asked]
    question = order.index(session.focus) if session.focus in order else 0
    if not isinstance(session.asked[question], Segments):
        return question, -1, session.caret
    if session.picked >= 0:
        return question, session.picked, session.caret
    return question, sum(one.end <= session.at for one in session.segments) - 1, session.caret
