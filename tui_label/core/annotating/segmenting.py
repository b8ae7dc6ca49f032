"""Segments of a sound: marked while it plays or by the cursor, moved, split, joined, named.

The place on the tape comes with the session (`session.at`, seconds); what the ear should
now get comes out as effects.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from tui_label.core.annotating.session import Effect, Outcome, Session
from tui_label.core.tasks.segments import Segment, Segments, in_order, segments_from, segments_in_hand

SHORTEST_S = 0.01
FINE_S, COARSE_S = 0.01, 0.1
SNAP_S = 0.3
"""How far an edge may go to find silence."""

EACH_ITS_OWN = (
    "the draft is its segments: Tab goes to one, {suggestion.accept} keeps it, {suggestion.reject} takes it out"
)

Quietest = Callable[[float, float], float]
"""`quietest(at, within)`: the quietest moment near a moment."""


def _keep(session: Session, segments: list[Segment], picked: Segment | None) -> Session:
    """With these segments, one of them picked, unless one would be there twice; hands that type stay in their text box."""
    task, ordered = _task(session), sorted(map(_rounded, segments), key=lambda one: one.when)
    if _doubles(ordered) > _doubles(session.segments):
        return session.say("that segment is there already")
    # Those that stay are the same objects: undo keeps 200 answers, and there may be thousands of segments in each
    there = dict(zip(session.segments, in_order(session.work.answers.get(task.id)), strict=True))
    value = [there.get(one) or one.record() for one in ordered]
    changed = value != session.work.answers.get(task.id)
    session = session.change(session.corrected(task.id, value)) if changed else session
    index = ordered.index(_rounded(picked)) if picked is not None else -1
    return replace(session, picked=index, focus=session.focus if session.typing else task.id)


def _doubles(segments: Sequence[Segment]) -> int:
    return len(segments) - len(set(segments))


def _task(session: Session) -> Segments:
    """The task whose segments are in hand."""
    assert session.segment_task is not None
    return session.segment_task


def _without_any(session: Session) -> Session:
    """The refusal where there is no segment to be at."""
    if session.segment_task is None:
        return session.say("no segments are asked for here")
    return session.say("no segments yet: {segment.mark} marks where one starts, and where it ends")


def _without(session: Session, *some: Segment) -> list[Segment]:
    found = list(session.segments)
    for one in some:
        found.remove(one)
    return found


def _is_short(start: float, end: float) -> bool:
    return round((end - start) * 1000) < round(SHORTEST_S * 1000)


def mark(session: Session, _: Any = None) -> Session | Outcome:
    """The start of a segment, then its end."""
    if session.segment_task is None:
        return _without_any(session)
    if session.mark is None:
        return replace(session, mark=session.at, picked=-1)
    return _close(session, "")


def mark_on(session: Session, _: Any = None) -> Session | Outcome:
    """The end of this segment and the start of the next; with nothing open, a start where the last one ended."""
    if session.segment_task is None:
        return _without_any(session)
    if session.mark is None:
        ends = [one.end for one in session.segments if one.end <= session.at + SHORTEST_S]
        return replace(session, mark=max(ends, default=0.0), picked=-1)
    closed = _close(session, "")
    if closed.mark is not None:
        return closed
    return replace(closed, mark=session.at)


def drop_mark(session: Session, _: Any = None) -> Session:
    """Give up an open mark, or the pick."""
    return replace(session, mark=None) if session.mark is not None else replace(session, picked=-1)


def _close(session: Session, label: str) -> Session:
    assert session.mark is not None
    start, end = sorted((session.mark, session.at))
    start, end = max(0.0, start), min(end, session.duration)
    if _is_short(start, end):
        return session.say("too short: the end must come after the start")
    free = _free(_task(session), session.segments, start, end)
    if _is_short(*free):
        return session.say("a segment is there already, and this project has them not overlap")
    segment = Segment(*free, label)
    kept = _keep(session, [*session.segments, segment], segment)
    if kept.work is session.work:
        return kept
    kept = replace(kept, mark=None)
    return kept if free == (start, end) else kept.say("cut where another segment is: they may not overlap here")


def _rounded(one: Segment) -> Segment:
    when = round(one.start, 3), round(one.end, 3)
    return one if when == one.when else replace(one, start=when[0], end=when[1])


def _free(task: Segments, others: tuple[Segment, ...], start: float, end: float) -> tuple[float, float]:
    """The stretch, cut where it would run into others and may not."""
    if task.overlap:
        return start, end
    for one in others:
        if one.start <= start < one.end:
            start = one.end
    following = [one.start for one in others if one.start >= start]
    return start, min([end, *following])


def label(session: Session, task: Segments, name: str) -> Session:
    """Name what is being marked, else the segment that is picked or under the playhead."""
    if task != session.segment_task:
        session = session.focused(task.id)
    if session.mark is not None:
        closed = _close(session, name)
        return closed if closed.mark is not None else replace(closed, last_label=(task.id, name))
    segment = session.segment_here
    if segment is None:
        return session.say("nothing is marked: {segment.mark} marks where it starts, and where it ends")
    named = replace(segment, label=name)
    kept = _keep(session, [*_without(session, segment), named], named)
    # What was refused was not given
    return kept if kept.work is session.work and named != segment else replace(kept, last_label=(task.id, name))


def repeat(session: Session, _: Any = None) -> Session:
    task = session.segment_task
    if task is None or session.last_label is None or session.last_label[1] not in task.values:
        return session.say("no label was given yet")
    return label(session, task, session.last_label[1])


def remove(session: Session, _: Any = None) -> Session:
    segment = session.segment_here
    if segment is None:
        return session.say("no segment here")
    return _keep(session, _without(session, segment), None)


def keep_drafted(session: Session) -> Session | Outcome:
    """The segment is right as it was drafted: on to the next one."""
    if session.segment_here is None:
        return session.say(EACH_ITS_OWN)
    following = session.here + 1
    if following >= len(session.segments):
        return session.say("that was the last segment: Enter takes all as they stand")
    return _go_on(session, following, _passed(session))


def reject_drafted(session: Session, draft: list[dict[str, Any]]) -> Session | Outcome:
    """Take a segment out that came with the draft, and go on to the next one; one's own are not a suggestion's."""
    segment = session.segment_here
    if segment is None:
        return session.say(EACH_ITS_OWN)
    if segment.when not in [one.when for one in segments_from(draft)]:
        return session.say("that segment is not the draft's any more: Backspace removes it")
    following, passed = session.here, _passed(session)
    session = remove(session).say("the drafted segment is taken out: {work.undo} brings it back")
    return _go_on(session, following, passed) if following < len(session.segments) else session


def nudge(session: Session, edge: str, by: int) -> Session | Outcome:
    """Move an edge by 10 or 100 ms; the edge is heard."""
    segment = session.segment_here
    if segment is None:
        return session.say("no segment here")
    step = by * (FINE_S if session.step == "fine" else COARSE_S)
    start, end = segment.start, segment.end
    least, most = _room(session, segment)
    if edge == "start":
        start = max(least, min(start + step, end - SHORTEST_S))
    else:
        end = min(most, max(end + step, start + SHORTEST_S))
    if _rounded(replace(segment, start=start, end=end)) == segment:
        session = session.say("the edge can go no further")
    return _moved(session, segment, start, end, Effect.HEAR_START if edge == "start" else Effect.HEAR_END)


def _room(session: Session, segment: Segment) -> tuple[float, float]:
    """How far the edges may go: to the ends of the sound, or to the neighbours."""
    others = [] if _task(session).overlap else _without(session, segment)
    least = max([0.0, *(one.end for one in others if one.end <= segment.start + 0.0005)])
    most = min([session.duration, *(one.start for one in others if one.start >= segment.end - 0.0005)])
    return least, most


def _moved(session: Session, segment: Segment, start: float, end: float, effect: Effect) -> Outcome:
    moved = _rounded(replace(segment, start=start, end=end))
    return _keep(session, [*_without(session, segment), moved], moved), (effect,)


def switch_step(session: Session, _: Any = None) -> Session:
    step = "coarse" if session.step == "fine" else "fine"
    return replace(session, step=step).say(f"edges move by {10 if step == 'fine' else 100} ms")


def snap(session: Session, quietest: Quietest | None) -> Session | Outcome:
    """Both edges to the nearest silence."""
    segment = session.segment_here
    if segment is None:
        return session.say("no segment here")
    if quietest is None:
        return session.say("the waveform is not ready yet")
    least, most = _room(session, segment)
    start, end = max(least, quietest(segment.start, SNAP_S)), min(most, quietest(segment.end, SNAP_S))
    if _is_short(start, end):
        return session.say("no silence near its edges")
    return _moved(session, segment, start, end, Effect.HEAR_START)


def split(session: Session, _: Any = None) -> Session:
    """Two segments where the tape is; the text that is typed in is divided at the caret."""
    task = session.segment_task
    in_box = session.typing and task is not None and session.focus == task.id
    under = [one for one in session.segments if one.start < session.at < one.end]
    # The one that the hands are on and no other, however many are under the playhead
    shortest = min(under, key=lambda one: one.end - one.start, default=None)
    segment = session.segment_picked or shortest
    if segment is None:
        return session.say("no segment under the playhead to cut")
    if segment not in under:
        leave = "" if in_box else ", or Esc lets go of it"
        return session.say(f"the playhead is not in this segment: play into it{leave}")
    if _is_short(segment.start, session.at) or _is_short(session.at, segment.end):
        return session.say("too near to an edge to cut")
    caret = session.caret if in_box else len(segment.text)
    left = replace(segment, end=session.at, text=segment.text[:caret].rstrip())
    right = replace(segment, start=session.at, text=segment.text[caret:].lstrip())
    kept = _keep(session, [*_without(session, segment), left, right], right)
    return replace(kept, caret=0) if in_box and kept.work is not session.work else kept


def join(session: Session, _: Any = None) -> Session:
    """One segment of this and the next one of its label and speaker; what lies between is named, not taken in silence."""
    segment = session.segment_here
    if segment is None:
        return session.say("no segment here")
    after = session.segments[session.segments.index(segment) + 1 :]
    other = next((one for one in after if (one.label, one.speaker) == (segment.label, segment.speaker)), None)
    if other is None:
        return session.say("no later segment of the same label and speaker to join")
    text = " ".join(part for part in (segment.text.rstrip(), other.text.lstrip()) if part)
    joined = replace(segment, end=max(segment.end, other.end), text=text)
    rest = _without(session, segment, other)
    if not _task(session).overlap and any(one.overlaps(joined) for one in rest):
        return session.say("another segment lies between the two")
    kept, gap = _keep(session, [*rest, joined], joined), other.start - segment.end
    between = Segment(segment.end, other.start)
    over = ", where another segment lies" if any(one.overlaps(between) for one in rest) else ""
    return kept.say(f"joined over a gap of {gap:.3f} s{over}") if gap > 0 else kept


def next_speaker(session: Session, _: Any = None) -> Session:
    task, segment = session.segment_task, session.segment_here
    names = task.transcript.speakers if task and task.transcript else ()
    if segment is None or not names:
        return session.say("no segment here" if names else "the project names no speakers")
    after = names.index(segment.speaker) + 1 if segment.speaker in names else 0
    turns = [replace(segment, speaker=name) for name in (*names[after:], *names[:after])]
    turned = next((one for one in turns if one not in session.segments), segment)
    kept = _keep(session, [*_without(session, segment), turned], turned)
    return kept if turned == turns[0] else kept.say(f"{turns[0].speaker} has that segment already")


def next_segment(session: Session, _: Any = None) -> Session | Outcome:
    """From the pick on, else from the playhead; in a long one from where the cursor was put by hand."""
    segments, at = session.segments, session.at
    if not segments:
        return _without_any(session)
    here = session.segment_picked
    begun = max((one.start for one in segments if one.start <= at), default=0.0)
    first = sum(one.start < begun for one in segments) if here is None else session.picked + 1
    if first == len(segments):
        session = session.say("this is the last segment")
    return _go_on(session, first, _passed(session))


def previous_segment(session: Session, _: Any = None) -> Session | Outcome:
    """From the pick back, else from the playhead; in a long one from where the cursor was put by hand."""
    if not session.segments:
        return _without_any(session)
    here = session.segment_picked
    if here is not None and not _is_put_in(session, here):
        if session.picked == 0:
            session = session.say("this is the first segment")
        return _go_to(session, max(0, session.picked - 1))
    place = session.at if here is None else session.put
    begun = (n for n, one in enumerate(session.segments) if one.start < place and one != here)
    return _go_to(session, max(begun, default=0))


def _is_put_in(session: Session, here: Segment) -> bool:
    return here.start <= session.put < here.end


def _passed(session: Session) -> float:
    """What is over at this time is passed on the way to the next segment."""
    here = session.segment_picked
    if here is None:
        return session.at
    return session.put if _is_put_in(session, here) else 0.0


def _go_on(session: Session, first: int, passed: float) -> Outcome:
    last = len(session.segments) - 1
    return _go_to(session, next((n for n in range(first, last) if session.segments[n].end > passed), last))


def _go_to(session: Session, to: int) -> Outcome:
    return replace(session, picked=to, put=-1.0), (Effect.GO,)


def to_unfinished(session: Session, task: Segments, typing: bool) -> Session | Outcome:
    """With the hands on the segment that holds the submit back, where it is one; those that type go on in its text."""
    found = task.unfinished([one.record() for one in session.segments])
    if found is None:
        return session
    session = replace(session, picked=found)
    if not typing or (task.labels and not session.segments[found].label):
        return session, (Effect.GO,)
    return replace(session, typing=True, caret=len(session.segments[found].text)), (Effect.PLAY,)


def follow(session: Session, _: Any = None) -> Session:
    """The cursor went somewhere by hand: the segment there is picked."""
    here = session.segment_picked
    stays = here is not None and here.start <= session.at < here.end
    return replace(session, picked=session.picked if stays else session.under_playhead, put=session.at)


# the transcript of a segment


def enter(session: Session) -> Session | Outcome:
    """Into the text box of the segment that is picked, or of the next one."""
    if not session.segments:
        return _without_any(session)
    if session.segment_here is None:
        outcome = next_segment(session)
        session = outcome[0] if isinstance(outcome, tuple) else outcome
    segment = session.segment_here
    assert segment is not None
    return replace(session, picked=session.here, typing=True, caret=len(segment.text)), (Effect.PLAY,)


def retext(session: Session, task: Segments, text: str) -> Any:
    """The task's value with another text for the segment whose box it is."""
    here, value = session.here, in_order(session.work.answers.get(task.id))
    segment = session.segments[here]
    # Its times stay as they came, as those of its neighbours do: rounded, it could run into one
    value[here] = replace(segment, text=text).record() | {"start": segment.start, "end": segment.end}
    return value


def only_text_differs(session: Session, before: Any) -> bool:
    """Whether the answer `before` was this one but for the text of the segment that is here."""
    was, now, here = segments_in_hand(before), session.segments, session.here
    return len(was) == len(now) and all(
        (replace(one, text="") == replace(other, text="")) if n == here else one == other
        for n, (one, other) in enumerate(zip(was, now, strict=True))
    )


def picked_after(before: Session, after: Session) -> int:
    """Which segment to be at after a jump in time: one that it brought back or changed, else the one before it."""
    # A set: of a day's recording there are thousands
    known = set(before.segments)
    brought = next((n for n, one in enumerate(after.segments) if one not in known), None)
    if brought is not None:
        return brought
    here = before.segment_picked
    return after.segments.index(here) if here in after.segments else -1


def next_text(session: Session) -> Outcome:
    """From one segment's text to the next one's."""
    if session.picked + 1 >= len(session.segments):
        return replace(session, finishing=True).say("that was the last segment: once more goes on to the next item"), ()
    moved = replace(session, picked=session.picked + 1)
    segment = moved.segment_here
    assert segment is not None
    return replace(moved, caret=len(segment.text)), (Effect.PLAY,)
