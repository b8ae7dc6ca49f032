"""Keys that nobody meant must not answer; keys that somebody meant must."""

from __future__ import annotations

import pytest

from tui_label.core.guards import PASTE_ROW, PASTE_S, REPEAT_S, Guard
from tui_label.ui.environment import brackets_pastes


def refusals(presses: list[tuple[str, float]], answering: str = "pn") -> list[str]:
    """What the guard says to each key and moment, where an answering key that passes ends its item."""
    guard, said = Guard(), []
    for key, at in presses:
        guard = guard.pressed(key, at)
        said.append(guard.refused)
        if key in answering and not guard.refused:
            guard = guard.finished_item()
    return said


@pytest.mark.parametrize("per_second", [25, 30, 33, 40])
def test_a_held_key_answers_one_item_before_it_pauses_and_one_after(per_second):
    """The keyboard waits 400 ms before it repeats; that first repeat looks like a finger."""
    times = [0.0, 0.4, *(0.4 + n / per_second for n in range(1, 60))]
    said = refusals([("p", at) for at in times])

    assert said[:2] == ["", ""]
    assert set(said[2:]) == {"held key ignored"}


@pytest.mark.parametrize("gap", [REPEAT_S + 0.001, 0.05, 0.1, 0.3])
def test_the_same_key_at_the_pace_of_a_finger_or_a_robot_passes(gap):
    said = refusals([("p", n * gap) for n in range(50)])

    assert not any(said)


def test_two_keys_in_turn_at_typing_speed_pass():
    said = refusals([("pn"[n % 2], n * 0.02) for n in range(50)])

    assert not any(said)


def test_another_key_frees_the_held_one():
    said = refusals([("p", 0.0), ("p", 0.03), ("n", 0.06), ("p", 0.09)])

    assert said == ["", "held key ignored", "", ""]


def test_a_paste_as_keys_is_refused_from_its_fifth_key():
    said = refusals([(key, n * 0.001) for n, key in enumerate("abcdefgh")], answering="")

    assert said == [""] * (PASTE_ROW + 1) + ["paste ignored"] * 4


def test_where_pastes_are_marked_keys_at_once_are_what_the_link_held_back():
    guard = Guard(pastes=False)
    for n, key in enumerate("abcdefgh"):
        guard = guard.pressed(key, n * 0.001)
        assert not guard.refused


@pytest.mark.parametrize(
    ("environ", "marked"),
    [
        ({"TERM": "xterm-256color"}, True),
        ({"TERM": "screen", "TMUX": "/tmp/tmux-0/default,1,0"}, True),
        ({"TERM": "screen-256color"}, False),
        ({"TERM": "linux"}, False),
        ({}, False),
    ],
)
def test_which_terminals_mark_pastes(environ, marked):
    assert brackets_pastes(environ) is marked


def test_a_pause_ends_a_paste():
    said = refusals([("a", n * 0.001) for n in range(8)] + [("b", 0.007 + PASTE_S)], answering="")

    assert said[-2:] == ["paste ignored", ""]
