"""What every store must do: random operations by several people against a plain model.

A second backend is added to BACKENDS in helpers.py and runs all of this.
"""

from __future__ import annotations

import json
import random
from dataclasses import replace

import pytest
from helpers import Clock, records

from tui_label.core.annotation import Annotation, Flag, Timing
from tui_label.core.comments import RETURN, Comment
from tui_label.core.gold import Gold
from tui_label.core.item import Item, Sound, Suggestion
from tui_label.core.record import Record
from tui_label.core.renames import Renames
from tui_label.errors import InputError
from tui_label.store.base import Policy
from tui_label.store.reviewing import Queue
from tui_label.store.rows import LOST_TEXT
from tui_label.store.standing import Judge


def said(name: str, label: str = "positive") -> Annotation:
    return Annotation(name, answers={"sentiment": label}, submitted_at="2026-01-01T00:00:00.000Z")


def test_items_come_in_order_and_answers_stay(make):
    store = make(3)
    claim = store.claim("ann")
    keys = []
    while claim is not None:
        keys.append(claim.item.key)
        claim = store.submit(claim.number, said("ann"), f"save-{claim.number}")

    assert keys == ["i0", "i1", "i2"]
    assert [(item.key, one.answers["sentiment"]) for item, one in store.answers()] == [
        (key, "positive") for key in keys
    ]
    assert store.progress("ann").done == 3


def test_the_same_save_twice_is_one_answer(make):
    store = make(2)
    claim = store.claim("ann")
    first = store.submit(claim.number, said("ann"), "save-1")
    again = store.submit(claim.number, said("ann"), "save-1")

    assert first == again
    assert len(list(store.answers(history=True))) == 1


@pytest.mark.parametrize("seed", range(3))
def test_the_views_count_the_time_of_every_revision_that_stands(make, seed):
    """A correction's seconds come on top of those before; those of what was undone do not."""
    rng = random.Random(seed)
    store = make(3)
    for n in range(40):
        if rng.random() < 0.4:
            store.reopen("ann")
            continue
        timed = replace(said("ann"), timing=Timing(rng.randint(1, 9) * 1000, rng.randint(0, 3) * 1000))
        act = store.skip if rng.random() < 0.2 else store.submit
        act(rng.randint(1, 3), timed, f"s{n}", claim=False)
    standing: dict[str, list[Annotation]] = {}
    for item, one in store.answers(history=True):
        stack = standing.setdefault(item.key, [])
        if one.status != "undone":
            stack.append(one)
        elif stack:
            stack.pop()
    answered = {key: stack for key, stack in standing.items() if stack and stack[-1].status == "submitted"}
    spent = {
        key: (sum(one.timing.active for one in stack), sum(one.timing.idle for one in stack))
        for key, stack in answered.items()
    }

    assert answered
    assert {
        row[0]: row[1:] for row in store._connection.read("SELECT item, active_ms, idle_ms FROM answers_latest")
    } == spent
    ((answers, seconds),) = store._connection.read("SELECT answers, active_seconds FROM pace")
    assert (answers, float(seconds)) == (len(spent), sum(active for active, _ in spent.values()) / 1000)


def test_undo_walks_back_and_gives_the_work_back(make):
    store = make(3)
    claim = store.claim("ann")
    for n in range(2):
        claim = store.submit(claim.number, said("ann"), f"s{n}", draft=f'{{"n": {n}}}')

    back = store.reopen("ann")
    further = store.reopen("ann")

    assert (back.item.key, back.draft, back.reopened) == ("i1", '{"n": 1}', "submitted")
    assert (further.item.key, further.draft) == ("i0", '{"n": 0}')
    assert store.reopen("ann") is None
    assert store.progress("ann").answers == 0
    assert store.claim("ann").item.key == "i0"
    assert [one.status for _, one in store.answers(history=True)].count("undone") == 2


def test_a_correction_is_undone_to_the_answer_before(make):
    store = make(2)
    claim = store.claim("ann")
    store.submit(claim.number, said("ann", "positive"), "a")
    store.submit(claim.number, said("ann", "negative"), "b", claim=False)

    back = store.reopen("ann")

    assert (back.answered.answers, back.reopened) == ({"sentiment": "positive"}, "submitted")
    assert [one.answers["sentiment"] for _, one in store.answers()] == ["positive"]


def test_an_undone_correction_can_be_redone_until_the_next_one(make):
    store = make(1)
    number = store.claim("ann").number
    store.submit(number, said("ann", "positive"), "a", claim=False)
    store.skip(number, Annotation("ann", "skipped"), "b", claim=False)
    store.reopen("ann")
    assert store.revisit("ann", number).reopened == "skipped"
    store.submit(number, said("ann", "negative"), "c", claim=False)
    assert store.revisit("ann", number).reopened == ""


def test_the_answer_that_was_changed_last_is_found_unless_it_comes_back_by_itself(make):
    clock = Clock()
    store = make(3, clock=clock)
    assert store.half_corrected("ann") is None
    for n in range(2):
        store.submit(store.claim("ann").number, said("ann"), f"s{n}", claim=False)
    store.save_draft("ann", store.claim("ann").number, '{"half": 3}')
    assert store.half_corrected("ann") is None
    for number in (2, 1):
        clock.now += 1
        store.save_draft("ann", number, '{"half": 1}', corrects=True)
    assert store.half_corrected("ann") == store.revisit("ann", 1)
    assert store.half_corrected("ann").draft == '{"half": 1}'
    store.send_back(1, ["ann"], Comment("lea", "sure?", RETURN, "ann"))
    assert store.half_corrected("ann").number == 2
    store.submit(2, said("ann", "negative"), "t", claim=False)
    assert store.half_corrected("ann") is None


def test_an_answer_is_not_half_corrected_by_being_looked_at_nor_by_undo(make):
    store = make(2)
    for n in range(2):
        store.submit(store.claim("ann").number, said("ann"), f"s{n}", claim=False)
    store.submit(2, said("ann", "negative"), "t", draft='{"half": 1}', claim=False)
    for number in (1, 2):
        store.save_draft("ann", number, '{"half": 1}', corrects=True)
    store.reopen("ann")
    assert store.half_corrected("ann").number == 1
    store.save_draft("ann", 1, '{"heard": 1}')
    assert store.half_corrected("ann") is None


@pytest.mark.parametrize(("policy", "again"), [("later", ["ann", "bob"]), ("others", ["bob"]), ("out", [])])
def test_skip_policies(make, policy, again):
    store = make(1, Policy(skip=policy))
    claim = store.claim("ann")
    store.skip(claim.number, Annotation("ann", "skipped"), "s", claim=False)
    store.leave("ann")
    found = []
    for name in ("ann", "bob"):
        if store.claim(name) is not None:
            found.append(name)
        store.leave(name)

    assert found == again


def test_what_was_done_before_a_skip_is_there_when_the_item_comes_back(make):
    store = make(2, Policy())
    store.skip(store.claim("ann").number, Annotation("ann", "skipped"), "s", draft='{"half": 1}')
    back = store.submit(2, said("ann"), "t")

    assert (back.number, back.draft, back.answered, back.reopened) == (1, '{"half": 1}', None, "")
    store.save_draft("ann", 1, '{"more": 2}')
    assert store.claim("ann").draft == '{"more": 2}'


def test_whoever_reopens_an_item_knows_what_was_undone(make):
    store = make(1)
    number = store.claim("ann").number
    store.submit(number, said("ann"), "s")
    assert store.reopen("ann").reopened == "submitted"
    store.skip(number, Annotation("ann", "skipped"), "t", claim=False)
    assert store.reopen("ann").reopened == "skipped"


def test_an_undone_skip_comes_back(make):
    store = make(1, Policy(skip="out"))
    claim = store.claim("ann")
    store.skip(claim.number, Annotation("ann", "skipped"), "s")

    assert store.reopen("ann").item.key == "i0"
    assert store.submit(claim.number, said("ann"), "t") is None
    assert store.progress("ann").done == 1


def test_a_lease_ends_and_a_late_answer_is_kept(make):
    clock = Clock()
    store = make(1, Policy(lease_ms=1000), clock=clock)
    late = store.claim("ann")
    clock.now += 2000
    taken = store.claim("bob")
    store.submit(taken.number, said("bob"), "b")
    store.submit(late.number, said("ann"), "a")

    assert late.number == taken.number
    assert {one.annotator for _, one in store.answers()} == {"ann", "bob"}


def test_a_heartbeat_keeps_the_item(make):
    clock = Clock()
    store = make(1, Policy(lease_ms=1000), clock=clock)
    store.claim("ann")
    for _ in range(5):
        clock.now += 800
        store.heartbeat("ann")

    assert store.claim("bob") is None


def test_a_draft_comes_back_to_its_author(make):
    clock = Clock()
    store = make(3, Policy(lease_ms=1000), clock=clock)
    claim = store.claim("ann")
    store.save_draft("ann", claim.number, '{"answers": {"sentiment": "half"}}')
    store.leave("ann")
    clock.now += 5000
    other = store.claim("bob")
    store.leave("bob")

    assert other.item.key in ("i0", "i1")
    assert store.claim("ann").draft == '{"answers": {"sentiment": "half"}}'


@pytest.mark.parametrize("leaves", ["first", "second", "first, after a while", "on another item"])
def test_leaving_takes_no_item_from_another_terminal_of_the_same_annotator(make, leaves):
    clock, policy = Clock(), Policy(lease_ms=1000)
    one, other = make(3, policy, clock=clock), make(0, policy, clock=clock)
    claim = one.claim("ann")
    clock.now += 10
    assert other.claim("ann").number == claim.number
    if leaves == "on another item":
        claim = other.submit(claim.number, said("ann"), "a")
    elif leaves != "first":
        clock.now += 10
        one.heartbeat("ann")
    (other if leaves == "second" else one).leave("ann")

    assert one.claim("bob").number != claim.number
    clock.now += 1001
    assert one.claim("cal").number == claim.number, "the lease of who is gone ends all the same"


@pytest.mark.parametrize("meanwhile", ["heartbeat", "draft", "undo", "claimed again"])
def test_leaving_gives_back_what_was_extended(make, meanwhile):
    clock = Clock()
    store = make(2, clock=clock)
    number = store.claim("ann").number
    if meanwhile in ("undo", "claimed again"):
        store.submit(number, said("ann"), "a")
        clock.now += 10
        number = store.reopen("ann").number
        store.save_draft("ann", number, "")
        if meanwhile == "claimed again":
            number = store.submit(number, said("ann"), "b").number
    elif meanwhile == "draft":
        store.save_draft("ann", number, "{}")
        clock.now += 10
        store.save_draft("ann", number, "")
    else:
        clock.now += 10
        store.heartbeat("ann")
    store.leave("ann")

    assert number in {store.claim(name).number for name in ("bob", "cal")[: 1 + (meanwhile == "undo")]}


def test_leaving_gives_an_untouched_item_back(make):
    store = make(1)
    store.claim("ann")
    store.leave("ann")

    assert store.claim("bob").item.key == "i0"


def test_an_item_whose_text_is_gone_stops_nobody(make):
    store = make(2)
    store._connection.write(lambda execute: execute("DELETE FROM content WHERE item = 1"))

    assert store.upcoming("ann").text == LOST_TEXT
    claim = store.claim("ann")
    assert (claim.item.key, claim.item.text) == ("i0", LOST_TEXT)
    assert store.case(1).item.text == LOST_TEXT
    assert store.skip(1, Annotation("ann", "skipped"), "s").item.key == "i1"
    assert [words for ok, words in store.check() if not ok] == ["no text: 1 item (i0); restore the last backup"]


def test_the_same_item_twice_is_one_item_and_other_content_is_refused(make):
    store = make(2)

    assert store.add(records(3)).items == 1
    with pytest.raises(InputError, match="i0"):
        store.add([Record(Item("new", "x")), Record(Item("i0", "something else"))])
    assert store.progress("ann").items == 3


def test_answers_that_are_brought_in_count(make):
    store = make(0)
    brought = [Record(Item("a", "x"), annotation=said("eve"))]

    assert store.add(brought).answers == 1
    assert store.add(brought).answers == 0
    assert store.progress("eve") == type(store.progress("eve"))(items=1, done=1, answers=1, mine=1)
    assert store.claim("ann") is None


def test_orders(make):
    store = make(0, Policy(order="priority"))
    store.add([Record(Item("low", "x")), Record(Item("high", "y"), priority=5)])

    store.record_project(Policy(order="as-added"), "source", "guidelines", {})
    assert store.claim("ann").item.key == "low"
    store.add([Record(Item("later", "z"), priority=1)])
    store.record_project(Policy(order="priority"), "source", "guidelines", {})
    assert store.claim("bob").item.key == "high"


def test_uncertain_first(make):
    store = make(0, Policy(order="uncertain-first"))
    store.add([Record(Item(key, key), (Suggestion("t", "x", score),)) for key, score in (("a", 0.9), ("b", 0.2))])

    assert store.claim("ann").item.key == "b"


def test_overlap_raised_later_asks_more_people(make):
    store = make(1)
    store.submit(store.claim("ann").number, said("ann"), "a")
    assert store.claim("bob") is None
    store.record_project(Policy(overlap=2), "source", "guidelines", {})

    assert store.claim("ann") is None
    assert store.claim("bob").item.key == "i0"
    assert store.progress("ann").done == 0


@pytest.mark.parametrize("at", ["2026-01-01T00:00:00.000Z", ""])
@pytest.mark.parametrize("later", ["corrected", "undone"])
def test_what_was_corrected_here_does_not_come_back_with_the_same_file(make, at, later):
    """By its time; where the file gives none, nothing says that it is newer than the correction."""
    store = make(0)
    file = [
        Record(Item(f"k{n}", "text"), annotation=Annotation("ann", answers={"t": "a"}, flags=flags, submitted_at=at))
        for n, flags in enumerate([(), (Flag("ambiguous"),)])
    ]
    assert store.add(file).answers == 2
    for number in (1, 2):
        if later == "corrected":
            store.submit(number, Annotation("ann", answers={"t": "b"}), f"save-{number}", claim=False)
        else:
            store.reopen("ann")
    before = list(store.answers(history=True))
    again = store.add(file)

    assert (again.answers, list(store.answers(history=True))) == (0, before)


def test_a_later_answer_of_a_file_comes_in_even_if_it_was_given_before(make):
    store = make(0)
    item = Item("k", "text")
    given = [
        Annotation("ann", answers={"t": label}, submitted_at=f"2026-01-0{day}T00:00:00.000Z")
        for day, label in ((1, "a"), (2, "b"), (3, "a"))
    ]
    added = [store.add([Record(item, annotation=one)]).answers for one in given]

    assert added == [1, 1, 1]
    assert [(one.answers["t"], one.revision) for _, one in store.answers()] == [("a", 3)]


def test_an_earlier_answer_of_a_file_does_not_take_the_place_of_a_later_one(make):
    store = make(0)
    item = Item("k", "text")
    added = [
        store.add([Record(item, annotation=Annotation("ann", answers={"t": label}, submitted_at=at))])
        for label, at in (
            ("b", "2026-01-02T00:00:00.000Z"),
            ("a", "2026-01-01T00:00:00.000Z"),
            ("c", "2026-01-03T00:00:00.000Z"),
            ("b", ""),
            ("c", ""),
        )
    ]

    counts = [(one.answers, one.earlier, one.replaced) for one in added]
    assert counts == [(1, 0, 0), (0, 1, 0), (1, 0, 1), (0, 1, 0), (0, 0, 0)]
    assert [(one.answers["t"], one.revision) for _, one in store.answers()] == [("c", 2)]


def test_a_flag_that_was_put_on_the_same_answer_later_comes_in(make):
    store, item = make(), Item("k", "x")
    said = Annotation("ann", answers={"t": "a"}, submitted_at="2026-01-01T00:00:00.000Z")
    flagged = replace(said, flags=(Flag("ambiguous", "or b?"),), submitted_at="2026-01-02T00:00:00.000Z")
    came = [store.add([Record(item, annotation=one)]).answers for one in (said, flagged, flagged, said)]
    # A table knows no notes of flags
    came.append(store.add([Record(item, annotation=replace(flagged, flags=(Flag("ambiguous"),)))]).answers)

    assert came == [1, 1, 0, 0, 0]
    assert [one.flags for _, one in store.answers()] == [flagged.flags]


def test_an_answer_comes_in_over_a_skip_however_old_it_is(make):
    store = make(0)
    item = Item("k", "text")
    store.add([Record(item)])
    skip = Annotation("ann", "skipped", submitted_at="2026-01-02T00:00:00.000Z")
    store.skip(store.claim("ann").number, skip, "s", claim=False)
    earlier = Annotation("ann", answers={"t": "a"}, submitted_at="2026-01-01T00:00:00.000Z")

    assert store.add([Record(item, annotation=earlier)]).answers == 1
    assert [one.answers["t"] for _, one in store.answers()] == ["a"]


def test_many_answers_come_in_as_one_by_one(make):
    """What is nobody's yet comes in by a few statements; what meets something that is there, one by one."""
    chance = random.Random(5)
    together, apart = make(folder="together"), make(folder="apart")
    for store in (together, apart):
        store.record_project(Policy(overlap=2), "source", "guidelines", {})
        store.add([Record(Item(f"k{n}", "text")) for n in range(20)])
        for name in ("ann", "eve"):
            claim = store.claim(name)
            store.skip(claim.number, Annotation(name, "skipped"), f"skip-{name}")
    pairs = [(key, name) for key in range(40) for name in ("ann", "bob", "eve")]
    file = [
        Record(
            Item(f"k{key}", "text"),
            annotation=Annotation(
                name,
                answers={"t": chance.choice("xy")},
                flags=(Flag("odd"),) * (chance.random() < 0.2),
                submitted_at=f"2026-01-01T00:00:{n % 60:02}.000Z",
            ),
        )
        for n, (key, name) in enumerate(chance.sample(pairs, 100))
    ]
    added = together.add(file)
    one_by_one = [apart.add([record]) for record in file]

    assert (added.items, added.answers) == (
        sum(one.items for one in one_by_one),
        sum(one.answers for one in one_by_one),
    )
    assert added.answers > 50
    for ask in (
        lambda store: list(store.answers(history=True)),
        lambda store: store.tallies(),
        lambda store: store.progress("ann"),
        lambda store: [store.case(number) for number in range(1, added.items + 21)],
        lambda store: [entry.item.key for entry in store.history("bob", limit=100)],
        lambda store: list(store.unanswered()),
    ):
        assert ask(together) == ask(apart)


def test_renames_carry_answers_along(make):
    store = make(1)
    store.submit(store.claim("ann").number, Annotation("ann", answers={"t": "old"}, labels_version=1), "a")
    store.record_project(Policy(), "another source", "guidelines", {"t": {"old": "new"}})

    assert [one.answers["t"] for _, one in store.answers()] == ["new"]
    assert store.labels_in_use() == {"t": {"new": 1}}


def test_spans_whose_labels_became_one_are_one_wherever_answers_are_read(make):
    store = make(2)
    spans = [{"start": 0, "end": 4, "label": label, "text": "word"} for label in ("a", "b", "c")]
    answers, origin = {"t": spans}, {"t": ["manual", "accepted", "changed"]}
    store.submit(1, Annotation("ann", answers=answers, origin=origin, labels_version=1), "a", claim=False)
    store.settle(1, Gold("lead", answers, origin=origin, labels_version=1), "b")
    store.save_draft("ann", store.claim("ann").number, json.dumps({"answers": answers, "origin": origin, "labels": 1}))
    store.record_project(Policy(), "another source", "guidelines", {"t": {"b": "a"}})
    (testimony,) = store.testimonies()
    read = [
        *(one for _, one in store.answers(history=True)),
        store.revisit("ann", 1).answered,
        *(one.annotation for one in store.history("ann")),
        store.case(1).versions[0],
        store.case(1).gold,
        testimony.gold,
    ]

    assert [one.answers for one in read] == [{"t": [spans[0], spans[2]]}] * 7
    assert [one.origin for one in read] == [{"t": ["manual", "changed"]}] * 7


def test_what_is_unfinished_comes_with_the_renames_since(make):
    store = make(2, Policy(2))
    left, undone = store.claim("ann"), '{"answers": {"t": "old"}, "labels": 2}'
    assert left.renames == Renames()
    store.save_draft("ann", left.number, '{"answers": {"t": "older"}, "labels": 1}')
    store.hold_case(left.number, "lead", "a draft")
    store.record_project(Policy(2), "another source", "guidelines", {"t": {"older": "old"}})
    answer = Annotation("bob", answers={"t": "old"}, labels_version=2)
    store.submit(store.claim("bob").number, answer, "a", draft=undone, claim=False)
    store.record_project(Policy(2), "a third", "guidelines", {"t": {"old": "new"}})
    renames = Renames({2: {"t": {"older": "old"}}, 3: {"t": {"old": "new"}}})
    claims = [store.claim("ann"), store.revisit("ann", 2), store.reopen("bob")]

    assert [one.renames for one in claims] == [renames] * 3
    assert [one.draft for one in claims] == ['{"answers": {"t": "older"}, "labels": 1}', "", undone]
    assert store.case(left.number, "lead").renames == renames
    drafts = [one for _, one in store.answers(history=True) if one.status == "draft"]
    assert [(one.annotator, one.answers, one.labels_version) for one in drafts] == [
        ("ann", {"t": "new"}, 1),
        ("bob", {"t": "new"}, 2),
    ]


def test_a_rename_that_is_cut_off_is_finished_by_the_next_reviewer(make, monkeypatch):
    """It goes by shares of the items, so that nobody who saves waits for all of it."""
    monkeypatch.setattr("tui_label.store.standing.SHARE", 2)
    judged = []

    def judge(answers):
        judged.append(answers)
        if len(judged) == 10:
            raise KeyboardInterrupt
        return 0.5

    store = make(6, Policy(2), judge=Judge(lambda _: judge))
    for name, label in (("ann", "old"), ("bob", "other")):
        for number in range(1, 7):
            store.submit(
                number, Annotation(name, answers={"t": label}, labels_version=1), f"{name}{number}", claim=False
            )
    with pytest.raises(KeyboardInterrupt):
        store.record_project(Policy(2), "another source", "guidelines", {"t": {"old": "new"}})
    assert judged[-1] == [{"t": "new"}, {"t": "other"}]
    assert store._connection.read("SELECT count(*) FROM unweighed") == [(4,)], "two of three shares are left"

    assert store.left_in(Queue("all", label="new")) == 6
    assert store.left_in(Queue("all", label="old")) == 0
    assert len(judged) == 10 + 4


def test_answers_are_judged_by_the_questions_that_are_in_force_when_they_are_saved(make):
    store = make(2, Policy(2), judge=Judge(lambda source: lambda _: float(source == "another source")))
    for number, source in ((1, "source"), (2, "another source")):
        store.record_project(Policy(2), source, "guidelines", {})
        for name in ("ann", "bob"):
            store.submit(number, Annotation(name, answers={"t": name}), f"{name}{number}", claim=False)

    assert store._connection.read("SELECT agreement FROM item ORDER BY number") == [(1.0,), (0.0,)]


def test_known_answers_are_in_use_too_and_drafts_are_not(make):
    store = make(4)
    for name in ("ann", "bob"):
        store.submit(store.claim(name).number, Annotation(name, answers={"t": name}, labels_version=1), name)
    store.settle(1, Gold("lead", {"t": "gold"}, labels_version=1), "a")
    store.save_draft("ann", store.claim("ann").number, '{"answers": {"t": "draft"}}')

    assert sorted(one["t"] for one in store.answers_in_use()) == ["ann", "bob", "gold"]


def test_a_label_is_in_use_as_it_was_written_however_long(make):
    store = make(1)
    long = "two  blanks " + "x" * 200
    store.submit(store.claim("ann").number, Annotation("ann", answers={"t": long}, labels_version=1), "a")

    assert store.labels_in_use() == {"t": {long: 1}}


def test_any_text_survives(make):
    store = make(0)
    texts = ["\x00NUL\x00", "\ud800 lone", "a\r\nb\u2028c", "👩‍👩‍👧 e\u0301", "\x1b[2J", ""]
    store.add([Record(Item(f"k{n}\ud801" if n == 1 else f"k{n}", text, ("c\udfff",))) for n, text in enumerate(texts)])

    assert [item.text for item, _ in store.unanswered()] == texts
    assert [item.text for item, _ in store.with_suggestions()] == texts


def test_flags_are_counted(make):
    store = make(1)
    flagged = Annotation("ann", answers={"s": "x"}, flags=(Flag("ambiguous", "why"),))
    store.submit(store.claim("ann").number, flagged, "a")

    assert [one.flags for one in store.efforts()] == [("ambiguous",)]
    assert next(store.answers())[1].flags == flagged.flags


def heard(name: str, active_ms: int, coverage: float | None = None) -> Annotation:
    listening = {} if coverage is None else {"plays": 1, "coverage": coverage}
    return Annotation(name, answers={"said": "words"}, timing=Timing(active_ms), listening=listening)


def test_efforts_know_the_sound_and_how_much_was_heard(make):
    store = make(0)
    store.add([Record(Item(f"c{n}", sound=Sound(f"c{n}.wav", 2.0 + n))) for n in range(2)])
    claim = store.claim("ann")
    following = store.submit(claim.number, heard("ann", 1_000, 0.2), "a")
    store.skip(following.number, Annotation("ann", "skipped", timing=Timing(9_000)), "b")
    store.submit(claim.number, heard("ann", 4_000, 1.0), "c", claim=False)
    efforts = sorted(store.efforts(), key=lambda one: one.turn)

    assert [(one.status, one.sound_ms, one.active_ms, one.coverage) for one in efforts] == [
        ("submitted", 2_000, 1_000, 0.2),
        ("skipped", 3_000, 9_000, None),
        ("submitted", 2_000, 4_000, 1.0),
    ]


def test_segments_without_labels_are_counted_without(make):
    store = make(0)
    store.add([Record(Item("c", sound=Sound("c.wav", 2.0)))])
    value = [{"start": 0.0, "end": 1.0, "text": "hello"}, {"start": 1.0, "end": 2.0, "label": "bell"}]
    store.submit(store.claim("ann").number, Annotation("ann", answers={"turns": value}), "a")

    assert store.labels_in_use() == {"turns": {"bell": 1}}
    assert [dict(one.labels) for one in store.efforts()] == [{"turns": ("bell",)}]


@pytest.mark.parametrize("seed", range(25))
def test_random_work_against_a_model(make, seed):
    """Nobody gets another's item or the same twice; None only when nothing is left for them."""
    rng = random.Random(seed)
    overlap = rng.choice([1, 1, 2, 3])
    clock = Clock()
    items = rng.randint(3, 25)
    policy = Policy(overlap, rng.choice(["priority", "random", "as-added"]), 10_000, rng.choice(["later", "others"]))
    store = make(items, policy, clock=clock)
    people = [f"p{n}" for n in range(rng.randint(1, 5))]
    done: dict[int, list[str]] = {n: [] for n in range(1, items + 1)}
    skipped: set[tuple[int, str]] = set()
    held: dict[str, int] = {}
    undo: dict[str, list[tuple[str, int]]] = {name: [] for name in people}
    waiting: dict[str, list[int]] = {name: [] for name in people}

    for move in range(150):
        name = rng.choice(people)
        if name not in held:
            claim = store.claim(name)
            if claim is None:
                for number, who in done.items():
                    taken = len(who) + sum(1 for h in held.values() if h == number)
                    taken += sum(number in queue for queue in waiting.values())
                    blocked = name in who or ((number, name) in skipped and policy.skip == "others")
                    assert blocked or taken >= overlap, (seed, move, name, number)
                continue
            assert name not in done[claim.number]
            others = [who for who, number in held.items() if number == claim.number]
            assert len(done[claim.number]) + len(others) < overlap or claim.number in waiting[name]
            held[name] = claim.number
            if claim.number in waiting[name]:
                waiting[name].remove(claim.number)
            continue
        number = held.pop(name)
        action = rng.random()
        if action < 0.65:
            store.submit(number, said(name), f"{seed}-{move}", claim=False)
            done[number].append(name)
            skipped.discard((number, name))
            undo[name].append(("done", number))
        elif action < 0.8:
            store.skip(number, Annotation(name, "skipped"), f"{seed}-{move}", claim=False)
            skipped.add((number, name))
            undo[name].append(("skipped", number))
        else:
            held[name] = number
            store.heartbeat(name)

    total = sum(len(who) for who in done.values())
    progress = store.progress(people[0])
    assert progress.answers == total == len(list(store.answers()))
    assert progress.done == sum(len(who) >= overlap for who in done.values())
    assert all(len(set(who)) == len(who) for who in done.values())


@pytest.mark.parametrize("order", ["priority", "random"])
@pytest.mark.parametrize("overlap", [1, 2])
@pytest.mark.parametrize("seed", range(4))
def test_what_is_upcoming_is_what_is_claimed_next(make, overlap, order, seed):
    """So that the next sound is at hand: not only for the one who is first at each item."""
    rng = random.Random(seed)
    store = make(0, Policy(overlap=overlap, order=order))
    store.add([Record(Item(f"i{n}", f"Text {n}"), priority=rng.choice([0, 0, 1, 5])) for n in range(40)])
    people = ["ann", "bob", "cem"]
    held = {name: store.claim(name) for name in people}
    while any(held.values()):
        name = rng.choice([name for name, claim in held.items() if claim])
        upcoming, number = store.upcoming(name), held[name].number
        act, answer = (store.submit, said(name)) if rng.random() < 0.8 else (store.skip, Annotation(name, "skipped"))
        held[name] = claim = act(number, answer, f"{name}-{rng.random()}")

        comes_again = claim is not None and claim.number == number
        assert upcoming == (claim.item if claim and not comes_again else None)


@pytest.mark.parametrize("policy", [Policy(), Policy(overlap=2), Policy(order="random")])
def test_what_was_skipped_or_waits_behind_an_undone_answer_is_upcoming_too(make, policy):
    store = make(3, policy)
    first = store.claim("ann")
    second = store.skip(first.number, Annotation("ann", "skipped"), "a")
    third = store.submit(second.number, said("ann"), "b")
    assert store.upcoming("ann") == first.item

    back = store.reopen("ann")
    assert (back.item, store.upcoming("ann")) == (second.item, third.item)
    assert store.submit(back.number, said("ann"), "c").item == third.item
    assert store.upcoming("ann") == store.submit(third.number, said("ann"), "d").item == first.item


def test_a_draft_that_was_left_is_upcoming(make):
    clock = Clock()
    store = make(3, Policy(lease_ms=1000, order="as-added"), clock=clock)
    claim = store.claim("ann")
    store.save_draft("ann", claim.number, '{"half": 1}')
    store.leave("ann")
    clock.now += 5000
    other = store.claim("bob")
    store.leave("bob")
    assert store.upcoming("ann") == claim.item

    assert (other.item, store.claim("ann").item) == (claim.item, claim.item)


def test_looking_ahead_claims_nothing(make):
    store = make(2)
    store.claim("ann")
    before = store.upcoming("ann")

    assert before == store.upcoming("ann") == store.claim("bob").item
    assert store.upcoming("ann") is None
