"""What the times, flags and changes of annotators come to."""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta, timezone
from statistics import median
from types import MappingProxyType
from typing import NamedTuple

import pytest
from helpers import BOTH, SENTIMENT, project
from hypothesis import given
from hypothesis import strategies as st

from tui_label.quality.estimates import difference, wilson
from tui_label.quality.pace import Ledger
from tui_label.quality.person import Person

TASKS = project(SENTIMENT).tasks
MONDAY = datetime(2026, 3, 2, 9, tzinfo=UTC)


class Effort(NamedTuple):
    number: int
    annotator: str
    turn: int
    status: str = "submitted"
    labels: Mapping[str, tuple[str, ...]] = MappingProxyType({})
    flags: tuple[str, ...] = ()
    submitted_at: str = ""
    active_ms: int = 0
    idle_ms: int = 0
    sound_ms: int = 0
    coverage: float | None = None
    revision: int = 1


def answer(number: int, turn: int, active_ms: int = 2000, label: str = "positive", **other: object) -> Effort:
    when = {"submitted_at": (MONDAY + timedelta(seconds=10 * turn)).isoformat(), "labels": {"sentiment": (label,)}}
    return Effort(number, **{"annotator": "ann", "turn": turn, "active_ms": active_ms, **when, **other})  # type: ignore[arg-type]


def figures(*efforts: Effort, **rules: object) -> Person:
    ledger = Ledger(TASKS, **{"judge_from": 1, **rules})  # type: ignore[arg-type]
    ledger.take(efforts)
    (person,) = [one for one in ledger.people() if one.annotator == "ann"]
    return person


# what stands


def test_the_time_of_a_correction_comes_on_top():
    person = figures(answer(1, 1, 4000, "positive"), answer(1, 2, 300, "neutral", revision=2))

    assert (person.answers, person.corrections, person.undone, person.too_fast) == (1, 1, 0, 0)
    assert person.median_ms == 4300
    assert person.labels == {"sentiment": {"neutral": 1}}


def test_what_was_undone_is_a_change_of_mind_and_nothing_else():
    undone = Effort(1, "ann", 2, "undone", submitted_at=MONDAY.isoformat(), revision=2)
    alone = figures(answer(1, 1, 4000), undone)
    again = figures(answer(1, 1, 4000), undone, answer(1, 3, 5000, "negative", revision=3))

    assert (alone.answers, alone.labels, alone.active_ms, alone.undone) == (0, {}, 0, 1)
    assert (again.answers, again.labels, again.active_ms) == (1, {"sentiment": {"negative": 1}}, 5000)
    assert (again.corrections, again.undone) == (0, 1)


def test_an_undone_correction_leaves_the_answer_before_it():
    person = figures(
        answer(1, 1, 4000, "positive"),
        answer(1, 2, 900, "negative", revision=2),
        Effort(1, "ann", 3, "undone", revision=3),
    )

    assert (person.labels, person.median_ms, person.corrections, person.undone) == (
        {"sentiment": {"positive": 1}}, 4000, 0, 1,
    )  # fmt: skip


def test_a_skip_is_no_answer_and_its_flag_counts():
    person = figures(answer(1, 1), answer(2, 2, status="skipped", labels={}, flags=("bad-item",)))

    assert (person.answers, person.skipped, person.flagged, person.flags) == (1, 1, 0, {"bad-item": 1})


# care


def test_runs_of_five_too_fast_ones_in_the_order_of_the_answers():
    paces = [300] * 4 + [2000] + [300] * 6 + [2000] + [399] * 5 + [400]
    person = figures(*(answer(n, n, ms) for n, ms in enumerate(paces, 1)))

    assert (person.too_fast, person.fast_runs, person.longest_run) == (15, 2, 6)


def test_answers_brought_in_are_in_no_pace():
    person = figures(answer(1, 1, 0), answer(2, 2, 3000), answer(3, 3, 5000))

    assert (person.answers, person.timed, person.median_ms, person.too_fast) == (3, 2, 4000, 0)
    assert person.pace is not None and (person.pace.n, person.pace.low, person.pace.high) == (2, 3500, 4500)
    assert person.per_hour == pytest.approx(2 * 3600 / 8)


def test_nobody_is_judged_on_few_answers():
    few = figures(*(answer(n, n) for n in range(1, 20)), judge_from=20)
    enough = figures(*(answer(n, n) for n in range(1, 21)), judge_from=20)

    assert (few.pace, few.per_hour, few.idle_share, few.label_pace, few.hours, few.weeks, few.sitting) == (
        None, None, None, {}, (), (), (),
    )  # fmt: skip
    assert (few.first_label, few.repetition, few.answers, few.median_ms) == ((), (), 19, 2000)
    assert enough.pace is not None and enough.hours and enough.repetition


def test_the_first_label_beside_all_others():
    """Fagerland, Lydersen & Laake 2015 give Newcombe's interval for 7/34 and 1/34 as 0.019 to 0.34."""
    mine = [answer(n, n, label="positive" if n <= 7 else "neutral") for n in range(1, 35)]
    theirs = [answer(n, n, label="positive" if n == 1 else "negative", annotator="bob") for n in range(1, 35)]
    (first,) = figures(*mine, *theirs).first_label

    assert (first.label, first.mine.n, first.others.n) == ("positive", 34, 34)
    assert first.difference.value == pytest.approx(6 / 34)
    assert (first.difference.low, first.difference.high) == (
        pytest.approx(0.019, abs=5e-4),
        pytest.approx(0.34, abs=5e-3),
    )


def test_each_question_is_counted_by_itself():
    tasks = project(
        "name: n\ntasks:\n"
        "  - {id: s, type: choice, labels: [a, b]}\n"
        "  - {id: t, type: choice, labels: [a, b]}\n"
        "  - {id: e, type: spans, labels: [a, b]}\n"
    ).tasks
    ledger = Ledger(tasks, judge_from=3)
    for name, label in (("ann", "a"), ("bob", "b")):
        said = {"s": ("a",), "t": (label,)}
        marks = [("a", "a", "b"), ("a", "a"), ("a",)]
        ledger.take(
            answer(n, n, 1000 * n, annotator=name, labels={**said, "e": some}) for n, some in enumerate(marks, 1)
        )
    ann, _ = ledger.people()

    assert [(one.task, one.label, one.mine.value, one.others.value) for one in ann.first_label] == [
        ("s", "a", 1, 1),
        ("t", "a", 1, 0),
    ]
    assert [(one.task, one.same.n, one.same.value, one.chance) for one in ann.repetition] == [
        ("s", 2, 1, 1),
        ("t", 2, 1, 1),
    ]
    assert ann.hours[0].shares == {"s": {"a": 1}, "t": {"a": 1}}
    assert ann.labels["e"] == {"a": 5, "b": 1}
    assert ann.label_median_ms["e"] == {"a": 2000, "b": 1000}, "an answer has one time, however often it has the label"


def test_newcombes_own_example():
    """Newcombe 1998, table II, method 10: 56/70 and 48/80 give 0.0524 to 0.3339."""
    found = difference(wilson("share", 56, 70), wilson("share", 48, 80))

    assert (found.low, found.high) == (pytest.approx(0.0524, abs=5e-5), pytest.approx(0.3339, abs=5e-5))


def test_one_label_after_another_and_by_chance():
    person = figures(*(answer(n, n, label="positive" if n <= 10 else "negative") for n in range(1, 21)))
    (repeated,) = person.repetition

    assert (repeated.same.value, repeated.same.n) == (pytest.approx(18 / 19), 19)
    assert repeated.chance == pytest.approx(2 * 10 * 9 / (20 * 19))


def test_hours_weeks_and_parts_of_a_sitting():
    minutes = [0, 1, 2, 3, 4, 20, 21, 22, 23, 24, 24 + 31]
    person = figures(
        *(
            answer(n, n, 1000 * n, submitted_at=(MONDAY + timedelta(minutes=minute)).isoformat())
            for n, minute in enumerate(minutes, 1)
        )
    )

    assert [(slot.name, slot.n, slot.median_ms) for slot in person.hours] == [("09", 11, 6000)]
    assert [(slot.name, slot.n) for slot in person.weeks] == [("2026-03-02", 11)]
    assert figures(*(answer(n, n) for n in range(1, 5))).hours[0].median_ms is None
    assert [(slot.name, slot.n, slot.median_ms) for slot in person.sitting] == [
        ("0–15 min", 6, 3500), ("15–30 min", 5, 8000),
    ]  # fmt: skip
    assert person.hours[0].shares == {"sentiment": {"positive": 1.0}}


def test_a_part_of_a_sitting_begins_with_its_first_minute():
    """Half an hour without an answer does not end one, a minute more does."""
    minutes = [0, 14, 15, 29, 30, 59, 60, 89, 119, 120, 151]
    moments = [(MONDAY + timedelta(minutes=minute)).isoformat() for minute in minutes]
    person = figures(*(answer(n, n, submitted_at=moment) for n, moment in enumerate(moments, 1)))

    assert [slot.n for slot in person.sitting] == [3, 2, 2, 3, 1]


def test_days_and_hours_are_those_of_the_zone():
    late = answer(1, 1, submitted_at="2026-03-01T23:30:00.000Z")
    zone = timezone(timedelta(hours=1))

    assert figures(late).days == {date(2026, 3, 1): 1}
    assert figures(late, zone=zone).days == {date(2026, 3, 2): 1}
    assert figures(late, zone=zone).hours[0].name == "00"


def test_a_time_that_is_none_is_left_out():
    person = figures(answer(1, 1, submitted_at="yesterday"), answer(2, 2, submitted_at=""))

    assert (person.answers, person.days, person.hours, person.last_at) == (2, {}, (), "")


@pytest.mark.parametrize("never", ["9999-12-31T23:59:59Z", "9999-12-31T23:59:59-12:00"])
def test_a_time_at_the_end_of_all_days_stands_for_none(never):
    """East of Greenwich it would be in the year 10000, which no calendar here has."""
    person = figures(answer(1, 1, submitted_at=never), zone=timezone(timedelta(hours=9)))

    assert (person.answers, person.days, person.last_at) == (1, {}, "")


def test_sounds():
    person = figures(
        answer(1, 1, 30_000, sound_ms=10_000, coverage=1.0),
        answer(2, 2, 10_000, sound_ms=10_000, coverage=0.5),
        answer(3, 3, 0, sound_ms=60_000),
    )

    assert person.sound is not None
    assert (person.sound.answered_ms, person.sound.real_time_factor, person.sound.median_coverage) == (
        80_000,
        2.0,
        0.75,
    )


def test_what_was_typed_is_no_label():
    ledger = Ledger(project(BOTH).tasks)
    ledger.take([Effort(1, "ann", 1, labels={"why": ("hello",), "entities": ("person", "person"), "gone": ("x",)})])
    (person,) = ledger.people()

    assert person.labels == {"entities": {"person": 2}}


# few by few


@st.composite
def histories(draw: st.DrawFn) -> list[Effort]:
    """What some annotators did, one save after another, as a store would keep it."""
    found: list[Effort] = []
    for name in draw(st.lists(st.sampled_from(["ann", "bob", "eve"]), unique=True, max_size=3)):
        stacks: dict[int, list[int]] = {}
        revisions: dict[int, int] = {}
        moment = MONDAY
        for turn in range(1, draw(st.integers(1, 30)) + 1):
            number = draw(st.integers(1, 8))
            stack = stacks.setdefault(number, [])
            status = draw(st.sampled_from(["submitted", "submitted", "skipped", *(["undone"] if stack else [])]))
            if status == "undone":
                stack.pop()
            else:
                stack.append(turn)
            revisions[number] = revisions.get(number, 0) + 1
            moment += timedelta(minutes=draw(st.sampled_from([0, 1, 20, 45, 60 * 24 * 5])))
            found.append(
                Effort(
                    number, name, turn, status,
                    {"sentiment": (draw(st.sampled_from(["positive", "neutral", "negative"])),)} if status == "submitted" else {},
                    tuple(draw(st.lists(st.sampled_from(["ambiguous", "bad-item"]), unique=True))),
                    draw(st.sampled_from([moment.isoformat(), ""])),
                    draw(st.sampled_from([0, 100, 399, 400, 5000])),
                    draw(st.integers(0, 1000)),
                    draw(st.sampled_from([0, 8000])),
                    draw(st.sampled_from([None, 0.5, 1.0])),
                    revisions[number],
                )
            )  # fmt: skip
    return found


@given(histories(), st.data())
def test_few_by_few_is_the_same_as_all_at_once(efforts, data):
    whole, parts = Ledger(TASKS, judge_from=3), Ledger(TASKS, judge_from=3)
    whole.take(efforts)
    left = _in_turn(data.draw(st.permutations(efforts)))
    while left:
        some = data.draw(st.integers(1, len(left)))
        chunk, left = left[:some], left[some:]
        assert parts.take(data.draw(st.permutations(chunk))) == some
        parts.people()

    assert parts.people() == whole.people()
    assert parts.since == whole.since
    assert sorted(parts.moments().tolist()) == sorted(whole.moments().tolist())


def _in_turn(efforts: list[Effort]) -> list[Effort]:
    """So that each annotator's turns come in order, as a store makes them."""
    queues = {
        name: iter(sorted((one for one in efforts if one.annotator == name), key=lambda one: one.turn))
        for name in {one.annotator for one in efforts}
    }
    return [next(queues[one.annotator]) for one in efforts]


@given(histories())
def test_the_figures_are_those_of_counting_by_hand(efforts):
    ledger = Ledger(TASKS, judge_from=3)
    ledger.take(efforts)
    for person in ledger.people():
        stacks: dict[int, list[Effort]] = {}
        for one in sorted((one for one in efforts if one.annotator == person.annotator), key=lambda one: one.turn):
            stack = stacks.setdefault(one.number, [])
            if one.status == "undone":
                stack.pop()
            else:
                stack.append(one)
        standing = [stack for stack in stacks.values() if stack]
        answers = [stack for stack in standing if stack[-1].status == "submitted"]
        times = [ms for stack in answers if (ms := sum(one.active_ms for one in stack))]
        by_label: dict[str, list[int]] = {}
        for stack in answers:
            if ms := sum(one.active_ms for one in stack):
                by_label.setdefault(stack[-1].labels["sentiment"][0], []).append(ms)
        enough = {label: len(some) for label, some in by_label.items() if len(some) >= 5 and len(times) >= 3}
        said = [label for stack in answers for label in stack[-1].labels["sentiment"]]

        assert (person.answers, person.skipped) == (len(answers), len(standing) - len(answers))
        assert person.active_ms == sum(times)
        assert person.median_ms == (round(median(times)) if times else 0)
        assert person.too_fast == sum(ms < 400 for ms in times)
        assert person.flagged == sum(bool(stack[-1].flags) for stack in answers)
        assert person.labels.get("sentiment", {}) == {label: said.count(label) for label in set(said)}
        assert (person.pace is None) == (len(times) < 3)
        assert person.label_median_ms.get("sentiment", {}) == {
            label: round(median(ms)) for label, ms in by_label.items()
        }
        assert {label: one.n for label, one in person.label_pace.get("sentiment", {}).items()} == enough


def test_a_few_new_ones_after_many_take_a_fraction_of_them():
    efforts = [
        answer(n, n, 1000 + n * 7919 % 9000, ("positive", "neutral", "negative")[n * 31 % 3], annotator=name)
        for name in ("ann", "bob", "eve")
        for n in range(1, 10_001)
    ]
    ledger = Ledger(TASKS)
    begun = time.thread_time()
    ledger.take(efforts)
    ledger.people()
    whole = time.thread_time() - begun
    spent = []
    for turn in range(10_001, 10_004):
        begun = time.thread_time()
        ledger.take([answer(turn, turn, annotator=name) for name in ("ann", "bob", "eve")])
        people = ledger.people()
        spent.append(time.thread_time() - begun)

    assert [one.answers for one in people] == [10_003] * 3
    assert min(spent) < whole / 2, (spent, whole)
