"""What each command does to the segments of a sound, and what no row of keys can break."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from helpers import project
from hypothesis import example, given
from hypothesis import strategies as st

from tui_label.core.annotating.beginning import begin, draft_of
from tui_label.core.annotating.segmenting import SNAP_S
from tui_label.core.annotating.session import Effect, Session
from tui_label.core.annotating.steps import step
from tui_label.core.annotating.suggested import kept_here, outcome_decisions
from tui_label.core.annotating.work import Work, difference, patched
from tui_label.core.annotation import Annotation
from tui_label.core.item import Item, Sound, Suggestion
from tui_label.core.tasks.segments import Segment, Segments, segments_from
from tui_label.core.text.editor import Editor

EVENTS = """\
name: events
items: sound
tasks:
  - {id: events, type: segments, overlap: true, labels: [bell, dog]}
"""
TURNS = """\
name: turns
items: sound
tasks:
  - {id: turns, type: segments, transcript: {speakers: [agent, caller]}}
"""
TWO = """\
name: two
items: sound
tasks:
  - {id: events, type: segments, labels: [bell, dog]}
  - {id: rooms, type: segments, labels: [kitchen, hall]}
  - {id: notes, type: text, required: false}
"""
DURATION = 10.0


def on(source: str = TURNS, *made: tuple, drafts: tuple[Suggestion, ...] = (), duration: float = DURATION) -> Session:
    """A session on a sound, with segments already made by hand: (start, end, label, text, speaker)."""
    session = begin(project(source), Item("k", sound=Sound("a.wav", duration)), drafts)
    if made:
        value = [Segment(*one).record() for one in made]
        session = replace(session, work=session.work.answer(session.project.tasks[0].id, value))
    return session


def run(session: Session, *commands) -> tuple[Session, tuple[Effect, ...]]:
    """After commands: a name, a name with an argument, or a number: the place on the tape."""
    effects: tuple[Effect, ...] = ()
    for one in commands:
        if isinstance(one, int | float):
            session = replace(session, at=float(one))
            continue
        name, argument = one if isinstance(one, tuple) else (one, None)
        session, effects = step(session, name, argument)
    return session, effects


def after(session: Session, *commands) -> Session:
    return run(session, *commands)[0]


def test_segments_are_read_once_for_as_long_as_they_stay_as_they_are():
    """Of a day's recording there are thousands, and each key makes several sessions."""
    session = on(TURNS, (1.0, 2.0), (3.0, 4.0))
    moved = after(session, "segment.next", 3.5)

    assert moved.segments is session.segments
    assert after(moved, "segment.remove").segments == session.segments[1:]


def give(label: str, task: str = "events"):
    return ("label.give", (task, label))


def typed(session: Session, text: str) -> Session:
    """Text typed at the caret, a key at a time."""
    for char in text:
        box, caret = session.box or "", session.caret
        session = after(session, ("text.edit", Editor(box[:caret] + char + box[caret:], caret + 1)))
    return session


@pytest.mark.parametrize("change", [lambda one: after(one, "segment.speaker"), lambda one: typed(one, "so")])
def test_what_a_step_leaves_alone_is_kept_once_for_all_of_the_history(change):
    """Undo keeps 200 answers, and an hour of speech has thousands of segments in each."""
    session = change(after(on(TURNS, (1.0, 2.0), (3.0, 4.0), (5.0, 6.0)), 3.5, "segment.next", "text.enter"))
    (before, _, later), (now, changed, still) = (work.answers["turns"] for work in (session.past[0], session.work))

    assert (now is before, still is later) == (True, True) and set(changed) > {"start", "end"}


def times(session: Session) -> list[tuple[float, float]]:
    return [one.when for one in session.segments]


def texts(session: Session) -> list[str]:
    return [one.text for one in session.segments]


# marking


def test_a_doorbell_is_marked_and_named_in_three_keys():
    session = after(on(EVENTS), 1.0, "segment.mark", 2.5, "segment.mark", give("bell"))

    assert session.answers == {"events": [{"start": 1.0, "end": 2.5, "label": "bell"}]}


def test_a_label_ends_an_open_mark():
    session = after(on(EVENTS), 1.0, "segment.mark", 2.5, give("bell"))

    assert session.segments == (Segment(1.0, 2.5, "bell"),)
    assert (session.mark, session.picked) == (None, 0)


def test_marks_may_be_set_backwards():
    assert times(after(on(), 5.0, "segment.mark", 3.0, "segment.mark")) == [(3.0, 5.0)]


def test_a_mark_too_short_stays_open_and_names_nothing():
    session = after(on(EVENTS), 1.0, "segment.mark", 1.009, give("bell"))

    assert "too short" in session.word
    assert (session.segments, session.mark, session.last_label) == ((), 1.0, None)
    assert after(session, 1.5, give("dog")).segments == (Segment(1.0, 1.5, "dog"),)


def test_ten_milliseconds_are_long_enough():
    """2.01 - 2.0 is less than 0.01 in floating point."""
    assert times(after(on(), 2.0, "segment.mark", 2.01, "segment.mark")) == [(2.0, 2.01)]


def test_the_next_segment_starts_where_this_one_ends():
    session = after(on(), 1.0, "segment.mark", 2.0, "segment.mark-on", 3.5, "segment.mark-on", 4.0, "segment.mark")

    assert times(session) == [(1.0, 2.0), (2.0, 3.5), (3.5, 4.0)]


def test_with_nothing_open_the_next_segment_starts_where_the_last_one_ended():
    session = after(on(TURNS, (1.0, 2.0), (6.0, 7.0)), 3.0, "segment.mark-on", 4.0, "segment.mark")

    assert times(session) == [(1.0, 2.0), (2.0, 4.0), (6.0, 7.0)]


def test_the_first_segment_starts_with_the_sound():
    assert times(after(on(), 3.0, "segment.mark-on", 4.0, "segment.mark")) == [(0.0, 4.0)]


def test_where_segments_may_not_overlap_a_new_one_is_cut():
    session = after(on(TURNS, (2.0, 3.0), (4.0, 5.0)), 2.5, "segment.mark", 4.5, "segment.mark")

    assert times(session) == [(2.0, 3.0), (3.0, 4.0), (4.0, 5.0)]
    assert "cut" in session.word


def test_no_segment_inside_another_where_they_may_not_overlap():
    session = after(on(TURNS, (2.0, 6.0)), 3.0, "segment.mark", 4.0, "segment.mark")

    assert times(session) == [(2.0, 6.0)]
    assert "there already" in session.word and session.mark == 3.0


def test_overlapping_segments_are_kept_where_the_project_has_them():
    session = after(on(EVENTS, (2.0, 6.0, "dog")), 3.0, "segment.mark", 4.0, give("bell"))

    assert times(session) == [(2.0, 6.0), (3.0, 4.0)]


def test_no_segment_goes_beyond_the_sound():
    assert times(after(on(), 9.0, "segment.mark", 12.0, "segment.mark")) == [(9.0, 10.0)]


def test_a_mark_is_given_up():
    session = after(on(), 1.0, "segment.mark", 2.0, "segment.drop")

    assert (session.mark, session.segments) == (None, ())


def test_undo_takes_an_open_mark_back_and_stays_on_the_item():
    session, effects = run(on(), 1.0, "segment.mark", "work.undo")

    assert (session.mark, effects) == (None, ())
    assert run(session, "work.undo")[1] == (Effect.BACK,)


def test_undo_takes_back_the_mark_before_the_segment():
    session = after(on(), 1.0, "segment.mark", 2.0, "segment.mark-on", "work.undo")
    assert times(session) == [(1.0, 2.0)]
    assert times(after(session, "work.undo")) == []


def test_an_open_mark_holds_the_submit_back():
    session, effects = run(on(EVENTS), 1.0, "segment.mark", "item.submit")

    assert effects == () and "still open" in session.word


# names


def test_a_label_names_the_segment_under_the_playhead():
    session = after(on(EVENTS, (1.0, 2.0), (3.0, 4.0)), 3.5, give("dog"))

    assert [one.label for one in session.segments] == ["", "dog"]


def test_a_label_names_the_picked_segment_wherever_the_playhead_is():
    session = after(on(EVENTS, (1.0, 2.0), (3.0, 4.0)), "segment.next", 3.5, give("dog"))

    assert [one.label for one in session.segments] == ["dog", ""]


def test_the_last_label_again():
    session = after(on(EVENTS, (1.0, 2.0), (3.0, 4.0)), 1.5, give("dog"), 3.5, "segment.follow", "segment.again")

    assert [one.label for one in session.segments] == ["dog", "dog"]


def test_the_key_of_another_question_marks_for_that_question():
    session = after(on(TWO, (1.0, 2.0, "bell")), 4.0, "segment.mark", 5.0, give("hall", "rooms"))

    assert session.answers == {
        "events": [{"start": 1.0, "end": 2.0, "label": "bell"}],
        "rooms": [{"start": 4.0, "end": 5.0, "label": "hall"}],
    }


def test_a_pick_of_one_question_is_none_of_the_next():
    session = after(on(TWO, (1.0, 2.0, "bell")), "segment.next", "focus.next")

    assert (session.focus, session.picked) == ("rooms", -1)


def test_speakers_go_round():
    session = on(TURNS.replace("caller]", "caller, guest]"), (1.0, 2.0, "", "hi"))
    found = []
    for _ in range(4):
        session = after(session, 1.5, "segment.speaker")
        found.append(session.segments[0].speaker)

    assert found == ["agent", "caller", "guest", "agent"]
    assert after(session, 5.0, "segment.drop", "segment.speaker").word == "no segment here"
    assert after(on(EVENTS, (1.0, 2.0, "bell")), 1.5, "segment.speaker").word == "the project names no speakers"


def test_no_segment_is_made_twice():
    """Neither by marks nor by another label."""
    session = on(EVENTS, (1.0, 2.0, "bell"), (1.0, 2.0, "dog"))
    marked = after(session, 1.0, "segment.mark", 2.0, give("bell"))
    relabelled = after(replace(session, picked=0), 1.5, give("dog"))

    for one in (marked, relabelled):
        assert (one.segments, one.word) == (session.segments, "that segment is there already")
    assert after(replace(session, picked=0), 1.5, give("bell")).word == ""


@pytest.mark.parametrize(
    ("made", "keys"),
    [
        ([(1.0, 2.0), (1.0, 2.1)], ["segment.end-right"]),
        ([(1.0, 2.0), (0.9, 2.0)], ["segment.start-left"]),
        ([(1.0, 2.0), (1.0, 1.5)], [1.5, "segment.split"]),
        ([(1.0, 2.0), (1.5, 2.0)], [1.5, "segment.split"]),
    ],
)
def test_no_segment_becomes_one_that_is_there_already(made, keys):
    """A second one of the same place and label is seen by nobody, and counts as an event more."""
    session = replace(on(EVENTS, *[(*one, "bell") for one in made]), at=1.0)
    session = replace(session, picked=session.segments.index(Segment(1.0, 2.0, "bell")))
    done = after(session, *keys)

    assert (done.segments, done.word) == (session.segments, "that segment is there already")


def test_the_next_speaker_is_one_who_has_no_such_segment():
    source = TURNS.replace("transcript: {speakers: [agent, caller]", "overlap: true, transcript: {speakers: [a, b, c]")
    both = [(1.0, 2.0, "", "yes", "a"), (1.0, 2.0, "", "yes", "b")]
    passed = after(replace(on(source, *both), picked=0), 1.5, "segment.speaker")
    nobody = after(replace(on(source, *both, (1.0, 2.0, "", "yes", "c")), picked=0), 1.5, "segment.speaker")

    assert (passed.segment_here.speaker, passed.word) == ("c", "b has that segment already")
    assert (nobody.segment_here.speaker, nobody.word) == ("a", "b has that segment already")


def test_the_words_say_how_far_edges_move():
    session = after(on(TURNS, (2.0, 3.0)), 2.5, "segment.step")
    by = float(session.word.removeprefix("edges move by ").removesuffix(" ms"))
    again = after(session, "segment.step")

    assert after(session, "segment.end-right").segments[0].end == pytest.approx(3 + by / 1000)
    assert {session.word, again.word} == {"edges move by 10 ms", "edges move by 100 ms"}


def test_a_start_goes_on_from_an_end_a_hair_behind_the_tape():
    """What was heard of may lie a little after where it was marked."""
    session = on(EVENTS, (1.0, 2.0, "bell"), (4.0, 5.0, "bell"))

    assert [after(session, at, "segment.mark-on").mark for at in (1.5, 1.995, 3.0, 4.5, 6.0)] == [
        0.0,
        2.0,
        2.0,
        2.0,
        5.0,
    ]


# edges


@pytest.mark.parametrize(
    ("command", "coarse", "fine"),
    [
        ("segment.start-left", (1.9, 3.0), (1.99, 3.0)),
        ("segment.start-right", (2.1, 3.0), (2.01, 3.0)),
        ("segment.end-left", (2.0, 2.9), (2.0, 2.99)),
        ("segment.end-right", (2.0, 3.1), (2.0, 3.01)),
    ],
)
def test_edges_move_by_100_or_10_ms_and_are_heard(command, coarse, fine):
    session, effects = run(on(TURNS, (2.0, 3.0)), 2.5, command)
    assert times(session) == [coarse]
    assert effects == (Effect.HEAR_START if "start" in command else Effect.HEAR_END,)
    session, _ = run(on(TURNS, (2.0, 3.0)), 2.5, "segment.step", command)
    assert times(session) == [fine]


def test_an_edge_stops_at_its_neighbour_and_then_says_so():
    session = after(on(TURNS, (1.0, 2.0), (2.05, 3.0), (3.05, 4.0)), 2.5, "segment.start-left", "segment.end-right")

    assert (times(session)[1], session.word) == ((2.0, 3.05), "")
    session, effects = run(session, "segment.end-right")
    assert (times(session)[1], effects) == ((2.0, 3.05), (Effect.HEAR_END,))
    assert session.word == "the edge can go no further"


def test_an_edge_stops_at_the_end_of_the_sound():
    session = after(on(TURNS, (0.05, 9.95)), 5.0, "segment.start-left", "segment.end-right")

    assert times(session) == [(0.0, 10.0)]


def test_an_edge_does_not_pass_the_other_one():
    session = after(on(TURNS, (2.0, 2.05)), 2.02, "segment.end-left", "segment.start-right")

    assert times(session) == [(2.0, 2.01)]


def test_a_segment_that_came_shorter_than_the_shortest_does_not_leave_the_sound():
    session = after(on(TURNS, (0.0, 0.005)), 0.002, "segment.start-right")

    assert times(session) == [(0.0, 0.005)]


def test_both_edges_snap_to_silence():
    session, effects = run(on(TURNS, (2.0, 3.0)), 2.5, ("segment.snap", lambda at, within: round(at - 0.123, 3)))

    assert times(session) == [(1.877, 2.877)]
    assert effects == (Effect.HEAR_START,)


def test_a_snap_does_not_jump_over_a_neighbour():
    """A short cough before the segment, silence before the cough."""
    session = after(on(TURNS, (1.9, 1.95), (2.0, 3.0)), 2.5, ("segment.snap", lambda at, within: at - SNAP_S))

    assert times(session) == [(1.9, 1.95), (1.95, 2.7)]


def test_no_silence_no_change():
    session = after(on(TURNS, (2.0, 3.0)), 2.5, ("segment.snap", lambda at, within: 2.5))

    assert times(session) == [(2.0, 3.0)] and session.word == "no silence near its edges"


def test_without_a_waveform_there_is_nothing_to_snap_to():
    assert after(on(TURNS, (2.0, 3.0)), 2.5, "segment.snap").word == "the waveform is not ready yet"


# cutting and joining


def test_a_cut_leaves_label_speaker_and_text_with_the_first_part():
    session = after(on(TURNS, (2.0, 4.0, "", "good day", "agent")), 3.0, "segment.split")

    assert session.segments == (Segment(2.0, 3.0, "", "good day", "agent"), Segment(3.0, 4.0, "", "", "agent"))
    assert session.picked == 1


def test_a_cut_while_typing_divides_the_text_at_the_caret():
    session = after(on(TURNS, (2.0, 4.0, "", "good day sir")), 3.0, "text.enter")
    session = after(replace(session, caret=8), "segment.split")

    assert texts(session) == ["good day", "sir"]
    assert (session.typing, session.box, session.caret) == (True, "sir", 0)


def test_the_caret_cuts_no_other_text_than_its_own():
    """The sound ran on into the next segment while the first one's text is typed."""
    session = after(on(TURNS, (1.0, 2.0, "", "one two"), (3.0, 4.0, "", "three four")), 1.5, "text.enter")
    session = after(replace(session, caret=3), 3.5, "segment.split")

    assert texts(session) == ["one two", "three four"]
    assert session.word == "the playhead is not in this segment: play into it"


def test_a_cut_from_another_text_box_leaves_the_hands_there():
    session = replace(after(on(TWO, (2.0, 4.0, "bell", "rings twice")), 3.0).focused("notes"), caret=0)
    session = after(typed(session, "ab"), "segment.split")

    assert (times(session), texts(session)) == ([(2.0, 3.0), (3.0, 4.0)], ["rings twice", ""])
    assert (session.focus, session.typing, session.box, session.caret) == ("notes", True, "ab", 2)


@pytest.mark.parametrize("at", [2.0, 2.005, 3.995, 4.0, 5.0])
def test_no_cut_at_an_edge_or_outside(at):
    session = after(on(TURNS, (2.0, 4.0)), at, "segment.split")

    assert times(session) == [(2.0, 4.0)] and session.word


def test_of_segments_at_once_only_the_picked_one_is_cut():
    session = after(on(EVENTS, (1.0, 8.0, "dog"), (4.0, 5.0, "bell")), "segment.next", "segment.next", 4.0)

    refused = after(session, "segment.split")
    assert times(refused) == [(1.0, 8.0), (4.0, 5.0)]
    assert refused.word == "the playhead is not in this segment: play into it, or Esc lets go of it"
    assert times(after(session, 4.5, "segment.split")) == [(1.0, 8.0), (4.0, 4.5), (4.5, 5.0)]
    assert times(after(session, "segment.drop", "segment.split")) == [(1.0, 4.0), (4.0, 5.0), (4.0, 8.0)]


def test_a_cut_is_joined_again():
    session = after(on(TURNS, (2.0, 4.0, "", "good day sir")), 3.0, "text.enter")
    session = after(replace(session, caret=8), "segment.split", "text.leave", 2.5, "segment.follow", "segment.join")

    assert session.segments == (Segment(2.0, 4.0, "", "good day sir"),)


@pytest.mark.parametrize(("first", "second", "both"), [("a ", " b", "a b"), ("", "b", "b"), ("a", "", "a")])
def test_joined_texts_have_one_space_between(first, second, both):
    session = after(on(TURNS, (1.0, 2.0, "", first), (2.0, 3.0, "", second)), 1.5, "segment.join")

    assert session.segments == (Segment(1.0, 3.0, "", both),)


def test_turns_of_two_speakers_are_not_joined():
    session = after(on(TURNS, (1.0, 2.0, "", "", "agent"), (2.0, 3.0, "", "", "caller")), 1.5, "segment.join")

    assert len(session.segments) == 2 and "same label and speaker" in session.word


def test_nothing_is_joined_across_another_segment_where_they_may_not_overlap():
    made = ((1.0, 2.0, "", "", "agent"), (2.0, 3.0, "", "", "caller"), (3.0, 4.0, "", "", "agent"))
    session = after(on(TURNS, *made), 1.5, "segment.join")

    assert len(session.segments) == 3 and session.word == "another segment lies between the two"


@pytest.mark.parametrize(
    ("others", "word"),
    [
        ((), "joined over a gap of 1.500 s"),
        (((0.5, 9.0, "bell"),), "joined over a gap of 1.500 s, where another segment lies"),
        (((2.5, 3.0, "bell"),), "joined over a gap of 1.500 s, where another segment lies"),
        (((1.0, 2.0, "bell"),), "joined over a gap of 1.500 s"),
    ],
)
def test_what_is_joined_over_a_gap_is_said(others, word):
    """Somebody else's "mm" between two parts of a turn is no reason not to join them, where segments may overlap."""
    session = after(on(EVENTS, (1.0, 2.0, "dog"), (3.5, 4.0, "dog"), *others), 0.2, "segment.next")
    while session.segment_here != Segment(1.0, 2.0, "dog"):
        session = after(session, "segment.next")
    session = after(session, "segment.join")

    assert Segment(1.0, 4.0, "dog") in session.segments and session.word == word


def test_the_removed_segment_comes_back_picked():
    session = after(on(TURNS, (1.0, 2.0), (3.0, 4.0)), 3.5, "segment.follow", "segment.remove")
    assert times(session) == [(1.0, 2.0)]
    session = after(session, "work.undo")

    assert times(session)[session.picked] == (3.0, 4.0)


# going from one to the next


def test_next_and_previous_go_to_the_segment_and_stop_at_the_last():
    session = on(TURNS, (1.0, 2.0), (3.0, 4.0))
    for expected in (0, 1, 1):
        session, effects = run(session, "segment.next")
        assert (session.picked, effects) == (expected, (Effect.GO,))
    first = after(session, "segment.previous")
    assert first.picked == after(first, "segment.previous").picked == 0


def test_next_is_the_one_at_or_after_the_playhead_and_previous_the_one_before():
    session = on(TURNS, (1.0, 2.0), (3.0, 4.0), (5.0, 6.0))

    assert after(session, 2.5, "segment.next").picked == 1
    assert [after(session, at, "segment.previous").picked for at in (4.5, 3.0, 0.5)] == [1, 0, 0]


def test_the_pick_follows_the_cursor():
    session = after(on(TURNS, (1.0, 2.0), (3.0, 4.0)), 3.5, "segment.follow")
    assert session.picked == 1
    assert after(session, 2.5, "segment.follow").picked == -1


RAIN = (0.0, 10.0, "dog")
"""All of the sound, as what is heard in the background is marked."""


def test_of_segments_at_once_the_shortest_is_under_the_playhead():
    session = on(EVENTS, (0.0, 2.0, "bell"), RAIN, (4.0, 6.0, "bell"))

    assert after(session, 1.0, "segment.follow").picked == 0
    assert after(session, 3.0, "segment.follow").picked == 1
    assert after(on(EVENTS, RAIN, (9.0, 11.0, "bell"), duration=12.0), 9.5, "segment.follow").picked == 1
    named = after(session, 5.0, give("dog"))
    assert [one.label for one in named.segments] == ["bell", "dog", "dog"]
    assert times(after(session, 5.0, "segment.split")) == [(0.0, 2.0), (0.0, 10.0), (4.0, 5.0), (5.0, 6.0)]


def test_within_a_long_segment_the_next_one_and_the_one_before_are_those_at_the_cursor():
    session = on(EVENTS, RAIN, (1.0, 2.0, "bell"), (3.0, 4.0, "bell"), (7.0, 8.0, "bell"))

    assert after(session, "segment.next").picked == 0
    assert [after(session, at, "segment.next").picked for at in (4.0, 5.0, 7.0)] == [3, 3, 3]
    by_hand = after(session, 5.0, "segment.follow")
    assert (by_hand.picked, after(by_hand, "segment.next").picked) == (0, 3)
    assert after(by_hand, 9.0, "segment.previous").picked == 2
    assert after(session, 7.5, "segment.follow", "segment.previous").picked == 2
    assert after(by_hand, "segment.previous", "segment.previous").picked == 1
    # What is heard of a segment that was gone to passes nothing
    assert after(session, "segment.next", 5.0, "segment.next").picked == 1


def test_the_cursor_that_was_put_into_one_long_segment_is_not_put_into_the_next():
    session = on(EVENTS, RAIN, (4.0, 9.0, "bell"), (4.5, 4.8, "bell"))
    stays = after(session, "segment.next", 5.0, "segment.follow")

    assert [one.picked for one in (stays, after(stays, "segment.next"))] == [0, 1]
    assert after(stays, "segment.next", "segment.previous").picked == 0


def test_the_drafted_segments_are_kept_or_taken_out_one_after_the_other_under_a_long_one():
    bells = [{"start": float(n), "end": n + 0.5, "label": "bell"} for n in range(1, 4)]
    rain = {"start": 0.0, "end": 10.0, "label": "dog"}
    session = on(EVENTS, drafts=(Suggestion("events", [rain, *bells], number=1),))
    session, effects = run(session, "suggestion.accept", "suggestion.accept", 2.0, "suggestion.reject")

    assert times(session) == [(0.0, 10.0), (1.0, 1.5), (3.0, 3.5)]
    assert (session.picked, effects) == (2, (Effect.GO,))
    assert times(after(session, "suggestion.reject")) == [(0.0, 10.0), (1.0, 1.5)]
    by_hand = after(session, 2.5, "segment.follow")
    assert after(by_hand, "suggestion.accept").picked == 2
    assert times(after(by_hand, "suggestion.reject"))[after(by_hand, "suggestion.reject").picked] == (3.0, 3.5)


# texts


def test_an_untouched_segment_keeps_all_of_its_draft_whoever_speaks_meanwhile():
    value = [Segment(0.5, 9.0, "", "so this is the invoice", "agent"), Segment(4.12, 5.0, "", "mm yes", "caller")]
    source = TURNS.replace("segments,", "segments, overlap: true,")
    session = on(source, drafts=(Suggestion("turns", [one.record() for one in value]),))

    for expected in ((5, 5), (2, 2)):
        session = after(session, "segment.next")
        kept = kept_here(session)
        assert kept is not None and (kept.kept, kept.of) == expected
    moved = kept_here(after(session, "segment.start-left"))
    assert moved is not None and (moved.kept, moved.of) == (2, 2)
    turned = kept_here(after(session, "segment.speaker"))
    assert turned is not None and (turned.kept, turned.of) == (2, 2)


def test_of_several_drafts_of_a_sound_only_what_was_laid_down_is_judged_by_the_answer():
    values = [[Segment(start, start + 1.0).record()] for start in (1.0, 5.0, 1.0)]
    drafts = tuple(Suggestion("turns", value, None, f"m{n}", n) for n, value in enumerate(values, 1))
    session = on(drafts=drafts)

    assert outcome_decisions(session) == {1: "accepted", 2: "ignored", 3: "accepted"}
    changed = after(session, "segment.next", "segment.remove")
    assert outcome_decisions(changed) == {1: "changed", 2: "ignored", 3: "changed"}


@pytest.mark.parametrize("command", ["segment.mark", "segment.mark-on", "segment.next", "segment.previous"])
def test_no_key_marks_a_segment_where_none_is_asked_for(command):
    session, _ = run(on("name: calls\nitems: sound\ntasks: [{id: said, type: text, transcript: {}}]\n"), command)

    assert session.word == "no segments are asked for here"


def test_the_last_segment_and_the_first_say_so_where_there_is_none_after_or_before_them():
    session = after(on(TURNS, (1.0, 2.0), (3.0, 4.0)), "segment.next", "segment.next")
    assert (session.picked, session.word) == (1, "")
    session = after(session, "segment.next")
    assert (session.picked, session.word) == (1, "this is the last segment")
    session = after(session, "segment.previous")
    assert (session.picked, session.word) == (0, "")
    assert after(session, "segment.previous").word == "this is the first segment"


def test_from_one_text_to_the_next_and_after_the_last_once_more_to_finish():
    session, effects = run(on(TURNS, (1.0, 2.0), (3.0, 4.0)), "text.enter")
    assert effects == (Effect.PLAY,)
    session, effects = run(typed(session, "one"), "item.submit")
    assert (session.picked, effects) == (1, (Effect.PLAY,))
    session, effects = run(typed(session, "two"), "item.submit")
    assert (texts(session), session.picked, effects) == (["one", "two"], 1, ())
    assert "last segment" in session.word
    assert run(session, "item.submit")[1] == (Effect.SUBMIT,)


def test_enter_in_the_last_box_stays_there_says_so_and_once_more_submits():
    session = after(on(TURNS, (1.0, 2.0)), 1.5, "text.enter")
    session, effects = run(typed(session, "one"), "item.submit")

    assert (session.typing, session.box, session.caret, effects) == (True, "one", 3, ())
    assert session.word == "that was the last segment: once more goes on to the next item"
    assert run(typed(session, "s"), "item.submit")[1] == (Effect.SUBMIT,)


STRICT = TURNS.replace("{speakers", "{enforce: refuse, speakers")


@pytest.mark.parametrize(
    ("segment", "words"),
    [
        ((3.0, 4.25, "", "", "agent"), "turns: segment 00:03.000–00:04.250: nothing is written down for it"),
        ((3.0, 4.25, "", " \n", "agent"), "turns: segment 00:03.000–00:04.250: nothing is written down for it"),
        ((3.0, 4.25, "", "yes"), "turns: segment 00:03.000–00:04.250: who speaks?"),
        ((3.0, 4.25, "", "yes [noise", "agent"), "turns: segment 00:03.000–00:04.250: unclosed [noise"),
    ],
)
def test_a_segment_without_words_or_speaker_is_refused_by_its_time_and_picked(segment, words):
    session = on(STRICT, (1.0, 2.0, "", "hello", "agent"), segment, (6.0, 7.0, "", "bye", "caller"))
    refused, effects = run(session, "item.submit")

    assert refused.word == words
    assert (refused.picked, refused.typing, effects) == (1, False, (Effect.GO,))


def test_without_speakers_in_the_project_nobody_is_missed():
    session = on(STRICT.replace("speakers: [agent, caller]", "tags: [noise]"), (1.0, 2.0, "", "hello"))

    assert run(session, "item.submit")[1] == (Effect.SUBMIT,)


def test_where_rules_only_warn_segments_may_stay_empty():
    assert run(on(TURNS, (1.0, 2.0)), "item.submit")[1] == (Effect.SUBMIT,)


def test_a_refusal_while_one_types_leads_into_the_text_that_is_meant():
    session = after(on(STRICT, (1.0, 2.0, "", "", "agent"), (3.0, 4.0, "", "", "agent")), 3.5, "text.enter")
    session, effects = run(typed(session, "two"), "item.submit", "item.submit")
    assert (session.picked, session.typing, effects) == (0, True, (Effect.PLAY,))
    assert texts(typed(session, "one")) == ["one", "two"]

    unclosed = after(on(STRICT, (1.0, 2.0, "", "hm [", "agent"), (3.0, 4.0, "", "two", "agent")), 3.5, "text.enter")
    assert texts(typed(after(unclosed, "item.submit", "item.submit"), "]"))[0] == "hm []"


def test_where_segments_are_missing_none_is_gone_to():
    source = EVENTS.replace("labels", "min: 2, labels")
    refused = after(on(source, (1.0, 2.0, "bell")), 1.5, "segment.follow", "item.submit")

    assert refused.word == "events: needs at least 2 segments"
    assert after(refused, "segment.remove").segments == ()


def test_a_missing_label_is_given_by_its_key_after_the_refusal():
    source = EVENTS.replace("labels", "transcript: {enforce: refuse}, labels")
    session = after(on(source, (1.0, 2.0, "", "a"), (3.0, 4.0, "bell")), 3.5, "text.enter")
    session, effects = run(typed(session, "b"), "item.submit", "item.submit")
    assert (session.picked, session.typing, effects) == (0, False, (Effect.GO,))
    assert "00:01.000–00:02.000 needs one of the labels bell, dog" in session.word

    assert run(session, give("dog"), "item.submit")[1] == (Effect.SUBMIT,)


def test_a_draft_that_breaks_the_rules_is_laid_out_to_be_corrected():
    turns = [{"start": 1.0, "end": 2.0, "text": "wel[ come"}, {"start": 3.0, "end": 4.0}]
    session = on(STRICT, drafts=(Suggestion("turns", turns, number=1),))
    assert [one.record() for one in session.segments] == turns

    refused, effects = run(session, "item.submit")
    assert (refused.picked, effects) == (0, (Effect.GO,)) and "00:01.000–00:02.000" in refused.word


def test_typing_is_undone_by_the_word_and_never_together_with_what_was_before_it():
    session = after(on(TURNS, (1.0, 2.0, "", "on"), (3.0, 4.0)), 1.5, "segment.follow", "segment.end-right")
    session = after(typed(after(session, "text.enter"), "e"), "work.undo")

    assert session.segments[0] == Segment(1.0, 2.1, "", "on")


def test_the_text_of_the_segment_that_was_gone_to_goes_on_where_it_ends():
    session = on(TURNS, (1.0, 2.0, "", "one"), (3.0, 4.0, "", "two"))

    assert texts(typed(after(session, "segment.next", "text.enter"), "s")) == ["ones", "two"]


def test_words_typed_into_two_segments_are_two_undo_steps():
    session = after(on(TURNS, (1.0, 2.0, "", "a"), (3.0, 4.0, "", "b")), 1.5, "text.enter")
    session = typed(after(typed(session, "a"), "item.submit"), "b")
    assert texts(session) == ["aa", "bb"]
    session = after(session, "work.undo")

    assert (texts(session), session.picked) == (["aa", "b"], 1)


def test_typing_into_a_segment_that_came_with_finer_times_leaves_these_as_they_are():
    session = on(TURNS)
    value = [
        {"start": start, "end": end, "text": "so"}
        for start, end in ((0.0, 1.23456), (1.23456, 2.34567), (2.34567, 3.0))
    ]
    session = replace(session, work=session.work.answer("turns", value), focus="turns")
    session = typed(after(session, 1.5, "text.enter"), " it")

    assert session.answers["turns"] == [value[0], {**value[1], "text": "so it"}, value[2]]
    assert session.segment_task.draft_problem(session.answers["turns"], session.item) == ""


def test_undo_of_a_cut_goes_on_in_the_text_that_was_cut():
    session = after(on(TURNS, (0.0, 1.0, "", "x"), (2.0, 4.0, "", "good day"), (5.0, 6.0, "", "z")), 3.0, "text.enter")
    session = after(replace(session, caret=4), "segment.split", "work.undo")

    assert texts(typed(replace(session, caret=0), "!")) == ["x", "!good day", "z"]


def test_undo_of_the_segment_one_types_in_leaves_the_box():
    session = after(on(TURNS, (1.0, 5.0)), 6.0, "segment.mark", 7.0, "segment.mark", "text.enter")
    session = after(replace(session, at=2.0), "work.undo")

    assert (times(session), session.typing) == ([(1.0, 5.0)], False)


def test_typing_into_one_of_two_segments_of_the_same_time_stays_there():
    """Order by text would make them change places under the hands."""
    session = after(on(EVENTS.replace("labels: [bell, dog]", "transcript: {}"), (1.0, 2.0, "", "m"), (1.0, 2.0)), 1.5)
    session = typed(after(session, "segment.next", "segment.next", "text.enter"), "my")

    assert texts(session) == ["m", "my"]


# drafts of machines


def draft(*made: dict) -> tuple[Suggestion, ...]:
    return (Suggestion("turns", list(made), number=1),)


def test_a_draft_left_as_it_came_is_accepted():
    """Models write seconds with all their digits, and fields of their own."""
    offers = draft({"start": 1.0000000004, "end": 2.3456, "text": "hi", "speaker": ""})
    session, effects = run(on(TURNS, drafts=offers), "item.submit")

    assert effects == (Effect.SUBMIT,)
    assert session.answers == {"turns": [{"start": 1.0, "end": 2.346, "text": "hi"}]}
    assert outcome_decisions(session) == {1: "accepted"}


def test_a_corrected_draft_is_changed_and_undo_makes_it_accepted_again():
    session = after(on(TURNS, drafts=draft({"start": 1.0, "end": 2.0})), 1.5, "segment.end-right")
    assert session.work.origins == {"turns": "changed"}
    assert outcome_decisions(session) == {1: "changed"}
    session = after(session, "work.undo")

    assert session.work.origins == {"turns": "accepted"}


def test_a_key_that_changes_nothing_leaves_a_draft_accepted():
    session = after(on(TURNS, drafts=draft({"start": 0.0, "end": 2.0})), 1.5, "segment.start-left")

    assert (session.work.origins, session.past) == ({"turns": "accepted"}, ())


def corrected_later(source: str, offers: tuple[Suggestion, ...], *keys) -> Session:
    """A draft that was handed in as it came, and corrected when it was looked at again."""
    session = on(source, drafts=offers)
    handed = Annotation(
        "ann", answers=session.answers, origin=session.work.all_origins(), decisions=outcome_decisions(session)
    )
    assert handed.decisions == {1: "accepted"}
    return after(begin(session.project, session.item, offers, answered=handed), *keys)


def test_a_draft_accepted_first_and_corrected_later_is_changed():
    offers = (Suggestion("said", "hello", number=1),)
    text = corrected_later(TEXT, offers, ("text.edit", Editor("hello you", 9)))
    turns = corrected_later(TURNS, draft({"start": 1.0, "end": 2.0}), 1.5, "segment.end-right")

    assert outcome_decisions(text) == outcome_decisions(turns) == {1: "changed"}


def test_a_draft_that_is_again_as_it_came_is_accepted():
    offers = draft({"start": 1.0000000004, "end": 2.0, "text": "hi", "speaker": ""})
    text = typed(on(TEXT, drafts=(Suggestion("said", "hello", number=1),)), "x")
    turns = typed(after(on(TURNS, drafts=offers), 1.5, "text.enter"), "x")
    assert (text.work.origins["said"], turns.work.origins["turns"]) == ("changed", "changed")
    text, turns = after(text, ("text.edit", Editor("hello", 5))), after(turns, ("text.edit", Editor("hi", 2)))

    assert (text.work.origins["said"], turns.work.origins["turns"]) == ("accepted", "accepted")
    assert outcome_decisions(text) == outcome_decisions(turns) == {1: "accepted"}


TEXT = "name: t\nitems: sound\ntasks: [{id: said, type: text}, {id: how, type: choice, labels: [well, badly]}]\n"


@pytest.mark.parametrize("key", ["suggestion.accept", "suggestion.accept-all"])
def test_accepting_a_draft_that_was_corrected_keeps_the_correction(key):
    offers = (Suggestion("said", "hello", number=1), Suggestion("how", "well", number=2))
    session = after(typed(on(TEXT, drafts=offers), " you"), "text.leave", key)

    assert session.answers["said"] == "hello you"
    assert session.focus == "how" and ("how" in session.answers) == ("all" in key)
    assert "Enter takes what stands there now" in session.word
    assert outcome_decisions(session)[1] == "changed"


def test_accepting_all_keeps_corrected_segments_and_undo_has_nothing_to_bring_back():
    moved = after(on(TURNS, drafts=draft({"start": 1.0, "end": 2.0})), 1.5, "segment.end-right")

    assert after(moved, "suggestion.accept-all").work == moved.work


def test_segments_that_are_suggested_after_the_answer_are_taken_whole_and_none_of_them_is_picked():
    offer = Suggestion("events", [{"start": 1.0, "end": 2.0, "label": "bell"}], number=1)
    mine = Annotation("ann", answers={"events": [{"start": 5.0, "end": 6.0, "label": "dog"}]})
    session = begin(project(EVENTS), Item("k", sound=Sound("a.wav", DURATION)), (offer,), answered=mine)
    session = after(session, "segment.next", "suggestion.accept")

    assert (session.segments, session.picked) == ((Segment(1.0, 2.0, "bell"),), -1)


def test_a_draft_lies_in_its_box_also_where_it_is_asked_for_only_after_an_answer():
    source = "name: t\nitems: sound\ntasks:\n  - {id: how, type: choice, labels: [clear, noise]}\n"
    source += "  - {id: said, type: text, when: {how: [clear]}}\n"
    session = after(on(source, drafts=(Suggestion("said", "hello", number=1),)), give("clear", "how"))

    assert session.value("said") == "hello"
    assert outcome_decisions(session) == {1: "accepted"}


def test_the_speaker_s_key_leaves_the_hands_at_the_question_that_they_are_at():
    source = "name: t\nitems: sound\ntasks:\n  - {id: how, type: choice, labels: [well, badly]}\n"
    source += "  - {id: said, type: text, transcript: {speakers: [agent, caller]}}\n"
    session = on(source, drafts=(Suggestion("said", "hello", number=1),)).focused("how")
    session = after(session, "segment.speaker", "segment.speaker")

    assert (session.answers["said"], session.typing) == ("caller: hello", False)


def test_a_draft_that_was_deleted_can_be_taken_again():
    session = on(TEXT, drafts=(Suggestion("said", "hello", number=1),))
    session = after(session, ("text.edit", Editor("", 0)), "suggestion.accept")

    assert (session.answers["said"], session.work.origins["said"]) == ("hello", "accepted")


# no row of keys breaks it

PLACES = st.integers(0, 10_500).map(lambda ms: ms / 1000)
COMMANDS = st.sampled_from(
    ["mark", "mark", "mark", "mark-on", "drop", "next", "previous", "follow", "remove", "again", "step", "split"]
) | st.sampled_from(["join", "speaker", "end-left", "end-right", "start-left", "start-right"])
OTHERS = st.sampled_from(
    ["work.undo", "work.undo", "work.redo", "text.enter", "text.leave", "focus.next", "item.submit"]
)
SNAPS = st.floats(-0.3, 0.3).map(lambda by: ("segment.snap", lambda at, within: at + by))
LABELS = st.sampled_from(
    [give("bell"), give("dog"), give("kitchen", "rooms"), give("hall", "rooms"), ("flag.toggle", "ambiguous")]
)
WORDS = st.text("ab ,\n", min_size=1, max_size=4).map(lambda text: ("type", text))
KEYS = st.lists(PLACES | COMMANDS.map("segment.{}".format) | OTHERS | SNAPS | LABELS | WORDS, max_size=40)
SOURCES = st.sampled_from([TURNS, EVENTS, TWO, TURNS.replace("transcript", "overlap: true, transcript")])


def press(session: Session, keys) -> Session:
    for key in keys:
        if isinstance(key, tuple) and key[0] == "type":
            session = typed(session, key[1]) if session.typing else session
        elif key != "text.enter" or session.project.source != EVENTS:
            session = after(session, key)
    return session


@given(KEYS, SOURCES, st.sampled_from([DURATION, 1.2345, 0.02]))
@example(
    [1.0, "segment.mark", 2.0, "segment.mark", 1.0, "segment.mark", 2.1, "segment.mark", "segment.end-left"],
    TURNS,
    10.0,
)
def test_any_keys_leave_segments_that_are_valid(keys, source, duration):
    session = press(on(source, duration=duration), keys)

    for task in session.project.tasks:
        if not isinstance(task, Segments):
            continue
        value = session.work.answers.get(task.id, [])
        segments = segments_from(value)
        assert [one.record() for one in segments] == value, "sorted, in whole milliseconds"
        assert all(one.start >= 0 and one.end <= duration + 0.0005 for one in segments)
        assert all(round(one.end - one.start, 3) >= 0.01 for one in segments)
        if not task.overlap:
            assert all(one is other or not one.overlaps(other) for one in segments for other in segments)
        assert task.transcript is not None or len(set(segments)) == len(segments), "only words may come to be alike"
        assert replace(task, labels=()).check(value, session.item) == ""
        assert {one.label for one in segments} <= {"", *task.values}
    assert -1 <= session.picked < max(1, len(session.segments))
    assert not session.typing or (session.box is not None and 0 <= session.caret <= len(session.box))
    assert not session.typing or session.picked >= 0 or session.focus == "notes"


@given(KEYS, SOURCES)
def test_undo_to_the_start_and_redo_to_the_end_restore_exactly(keys, source):
    session = replace(press(on(source), keys), mark=None)
    while session.future:
        session = after(session, "work.redo")
    done, steps = session, [session.work]
    while session.past:
        session = after(session, "work.undo")
        steps.append(session.work)
    assert session.work == Work()
    while session.future:
        assert session.work == steps.pop()
        session = after(session, "work.redo")

    assert (session.work, session.past) == (done.work, done.past)


@given(KEYS, SOURCES)
def test_a_draft_brings_the_same_session_back(keys, source):
    session = press(on(source), keys)
    again = begin(session.project, session.item, draft=draft_of(session), last_label=session.last_label)

    assert replace(session, began=Work(), finishing=False, typed_to=-1, word="") == again


SEGMENTS = st.lists(
    st.builds(
        lambda start, text: {"start": start, "end": 9} | ({"text": text} if text else {}),
        st.integers(0, 3),
        st.text("ab\U0001f600", max_size=4),
    ),
    max_size=6,
)


@given(SEGMENTS, SEGMENTS)
@example([{"start": 1}, {"start": 2}], [{"start": 1}, {"start": 1}])
def test_differences_bring_back_any_list_equal_segments_too(old, new):
    was, now = Work({"t": old}, {"t": "manual"}), Work({"t": new}, {"t": "manual"})

    assert patched(now, json.loads(json.dumps(difference(was, now)))) == was


def test_the_history_of_a_long_item_keeps_only_what_each_step_changed():
    session = on(TURNS, *((n, n + 0.9, "", "some words that were said here") for n in range(400)), duration=400.0)
    bare = len(draft_of(session))
    for n in range(0, 400, 4):
        session = after(session, n + 0.5, "segment.follow", "segment.end-left")

    assert len(session.past) == 100
    assert len(draft_of(session)) < 1.5 * bare


def test_the_history_of_a_long_text_in_one_segment_keeps_only_what_each_step_changed():
    session = on(TURNS, (0.0, 10.0, "", "word " * 4000))
    session = typed(after(session, 1.0, "text.enter"), "more " * 200)

    assert len(session.past) > 100
    assert len(draft_of(session)) < 200_000
    assert begin(session.project, session.item, draft=draft_of(session)).past == session.past


def test_the_segment_here_begins_with_its_start_and_ends_before_its_end():
    session = on(TURNS, (1.0, 2.0, "", "one"), (2.0, 3.0, "", "two"))

    assert [after(session, at).box for at in (0.9, 1.0, 1.9, 2.0, 3.0)] == [None, "one", "one", "two", None]


def test_marks_are_about_the_segments_of_the_focused_question():
    session = after(on(TWO, (1.0, 2.0, "bell")), "segment.next")

    assert [session.focused(id).segment_task.id for id in ("events", "rooms", "notes")] == ["events", "rooms", "events"]
    assert [session.focused(id).picked for id in ("events", "rooms", "notes")] == [0, -1, 0]


def test_of_several_drafts_the_surest_is_laid_and_those_without_a_score_come_after_it():
    values = {name: [Segment(1.0, 2.0, "", name).record()] for name in ("plain", "poor", "good", "late")}
    plain, poor, good, late = (
        Suggestion("turns", value, score, number=n)
        for n, (value, score) in enumerate(zip(values.values(), (None, 0.2, 0.7, 0.9), strict=True), 1)
    )
    session = on(drafts=(plain, poor, good))

    assert session.answers == {"turns": good.value}
    assert on(drafts=(plain, poor)).answers == {"turns": poor.value}
    # One that came since was not begun from, however sure it is
    again = begin(session.project, session.item, (plain, poor, good, late), draft=draft_of(session))
    assert (again.laid_down["turns"], outcome_decisions(again)[4]) == (good, "ignored")
    said = Annotation("ann", answers=session.answers, decisions=outcome_decisions(session))
    assert begin(session.project, session.item, (plain, poor, good, late), answered=said).laid_down["turns"] == good


def test_of_several_drafts_without_a_score_the_first_is_laid_and_none_that_does_not_fit():
    def drafted(*values: object) -> Session:
        return on(drafts=tuple(Suggestion("turns", value, number=n) for n, value in enumerate(values, 1)))

    one, other = ([Segment(1.0, 2.0, "", text).record()] for text in ("one", "other"))
    beyond = [Segment(1.0, DURATION + 1).record()]

    assert drafted(one, other).answers == {"turns": one}
    assert drafted(beyond, other).answers == {"turns": other}
    assert drafted(beyond).answers == {}
