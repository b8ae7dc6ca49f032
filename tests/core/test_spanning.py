"""Spans by the keys: the cursor, edges that are moved, from span to span."""

from __future__ import annotations

from dataclasses import replace

import pytest
from helpers import ENTITIES, project

from tui_label.core.annotating.beginning import begin
from tui_label.core.annotating.session import Session
from tui_label.core.annotating.steps import step
from tui_label.core.item import Item

TEXT = "Angela Merkel flew to Paris. Paris!"
NESTED = ENTITIES.replace("type: spans", "type: spans\n    overlap: true")


def run(session: Session, *commands: object) -> Session:
    for one in commands:
        name, argument = one if isinstance(one, tuple) else (one, None)
        session, _ = step(session, name, argument)
    return session


def marked(source: str, *words: str) -> Session:
    """With a person wherever `words` stand first."""
    session = begin(project(source), Item("k", TEXT), ())
    for one in words:
        start = TEXT.index(one)
        session = run(session, ("select.range", (start, start + len(one) - 1)), ("label.give", ("entities", "person")))
    return session


def words(session: Session) -> list[str]:
    return [TEXT[one.start : one.end] for one in session.work.spans.get("entities", ())]


def under(session: Session) -> str:
    start, end = session.unit(session.cursor)
    return TEXT[start:end]


@pytest.mark.parametrize("steps", ["token", "character"])
def test_the_cursor_stays_on_the_text(steps):
    session = marked(ENTITIES)
    if steps == "character":
        session = run(session, "span.granularity")
    at = [session.cursor]
    while (session := run(session, "cursor.right")).cursor != at[-1]:
        at.append(session.cursor)
    back = [session.cursor]
    while (session := run(session, "cursor.left")).cursor != back[-1]:
        back.append(session.cursor)

    assert at == back[::-1] == ([0, 7, 14, 19, 22, 27, 29, 34] if steps == "token" else list(range(len(TEXT))))
    assert [run(session, ("cursor.to", offset)).cursor for offset in (-5, 999)] == [at[0], at[-1]]


@pytest.mark.parametrize(
    ("keys", "expected", "cursor"),
    [
        (["span.end-right"], "Merkel flew to", "flew"),
        (["span.end-left"], "Merkel", "Merkel"),
        (["span.end-left"] * 2, "Merkel", "Merkel"),
        (["span.end-right"] * 9, "Merkel flew to Paris. Paris!", "flew"),
        (["span.start-left"], "Angela Merkel flew", "flew"),
        (["span.start-left"] * 3, "Angela Merkel flew", "flew"),
        (["span.start-right"] * 2, "flew", "flew"),
        (["cursor.left", "span.start-right"], "flew", "flew"),
        (["span.granularity", "span.end-right"], "Merkel flew ", "f"),
        (["span.granularity", *["span.end-right"] * 99], "Merkel flew to Paris. Paris!", "f"),
        (["span.granularity", *["span.end-left"] * 4], "Merkel ", " "),
        (["span.granularity", "span.start-left"], " Merkel flew", "f"),
        (["span.granularity", "span.start-right"], "erkel flew", "f"),
    ],
)
def test_an_edge_moves_by_a_step_and_the_cursor_stays_within(keys, expected, cursor):
    session = run(marked(ENTITIES, "Merkel flew"), *keys)

    assert (words(session), under(session)) == ([expected], cursor)


@pytest.mark.parametrize(
    ("start", "keys", "expected"),
    [
        ("Angela", ["span.next"] * 4, ["Merkel flew", "flew", "Paris", "Merkel flew"]),
        ("Angela", ["span.previous"] * 4, ["Paris", "flew", "Merkel flew", "Paris"]),
        ("to", ["span.next", "span.previous"], ["Paris", "flew"]),
        ("to", ["span.previous"], ["flew"]),
        (".", ["span.next"], ["Merkel flew"]),
    ],
)
def test_from_span_to_span_in_the_order_of_the_text_and_around(start, keys, expected):
    session = run(marked(NESTED, "Paris", "flew", "Merkel flew"), ("cursor.to", TEXT.index(start)), "select.open")
    found = []
    for key in keys:
        session = run(session, key)
        assert session.anchor is None and session.chosen is not None
        found.append(TEXT[session.chosen.start : session.chosen.end])

    assert found == expected


def test_the_span_under_the_cursor_alone_is_removed():
    session = run(marked(NESTED, "Paris", "flew", "Merkel flew"), "span.next", "span.remove")
    assert len(words(session)) == 2 and session.chosen is None
    session = run(session, ("cursor.to", 0), "span.remove")

    assert (len(words(session)), session.word) == (2, "no span here")


def test_all_mentions_are_shown_and_then_taken():
    shown = run(marked(ENTITIES, "Paris"), "label.same-mentions")
    assert (words(shown), len(shown.preview)) == (["Paris"], 1)
    taken = run(shown, "item.submit")

    assert (words(taken), taken.preview) == (["Paris"] * 2, ())
    assert run(shown, "cursor.left").preview == ()
    assert run(taken, "label.same-mentions").word == "no other mention"


def given(session: Session) -> list[tuple[str, str, str]]:
    return [(TEXT[one.start : one.end], one.label, one.origin) for one in session.work.spans.get("entities", ())]


def test_a_selection_grows_to_the_left_too():
    session = run(marked(ENTITIES), ("cursor.to", TEXT.index("to")), "select.left", "select.left")

    assert words(run(session, ("label.give", ("entities", "person")))) == ["Merkel flew to"]


@pytest.mark.parametrize(("source", "expected"), [(ENTITIES, ["place"]), (NESTED, ["person", "place"])])
def test_what_is_selected_once_more_is_relabelled_unless_spans_may_overlap(source, expected):
    start = TEXT.index("flew")
    session = run(marked(source, "flew"), ("select.range", (start, start + 3)), ("label.give", ("entities", "place")))

    assert [label for _, label, _ in given(session)] == expected
    assert session.anchor is None


def test_a_span_is_not_made_another_that_is_there():
    start = TEXT.index("flew")
    both = run(marked(NESTED, "flew"), ("select.range", (start, start + 3)), ("label.give", ("entities", "place")))
    chosen = run(both, "span.next")
    assert chosen.chosen is not None
    other = "place" if chosen.chosen.label == "person" else "person"
    session = run(chosen, ("label.give", ("entities", other)))

    assert (given(session), session.word) == (given(both), f"{other} is here already")


def test_an_edge_does_not_move_into_another_span():
    session = run(marked(ENTITIES, "flew", "Merkel"), "span.end-right")

    assert words(session) == ["Merkel", "flew"]
    assert session.word == "person is here already, and spans of entities may not overlap"


@pytest.mark.parametrize("key", ["span.end-left", ("label.give", ("entities", "place"))])
@pytest.mark.parametrize("origin", ["accepted", "propagated", "manual"])
def test_a_suggested_span_that_is_changed_is_known_as_that(key, origin):
    session = marked(ENTITIES, "Merkel flew")
    if origin != "manual":
        (span,) = session.work.spans["entities"]
        session = replace(session, work=session.work.with_spans("entities", (replace(span, origin=origin),)))

    assert [one[2] for one in given(run(session, key))] == ["manual" if origin == "manual" else "changed"]
