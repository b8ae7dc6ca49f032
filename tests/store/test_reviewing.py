"""What every store must do for those who review, promise by promise; `test_model` mixes them at random."""

from __future__ import annotations

import math
import random
import uuid
from collections import Counter
from dataclasses import replace

import pytest
from desk import expected, usual_bounds, walk
from helpers import Clock, records

from tui_label.core.annotation import Annotation, Flag, Timing
from tui_label.core.comments import COMMENT, CORRECTION, QUESTION, RETURN, Comment
from tui_label.core.gold import AUTO, GIVEN, Gold
from tui_label.core.item import Item, Suggestion
from tui_label.core.record import Record
from tui_label.store.base import Policy, Store, Tally
from tui_label.store.reviewing import QUEUES, Attempt, Queue
from tui_label.store.standing import Judge, pairs_that_differ


def said(name: str, label: str = "x", **named: object) -> Annotation:
    return Annotation(name, answers={"t": label}, **named)  # type: ignore[arg-type]


def answer_all(store: Store, name: str, label: str = "x", at: str = "") -> int:
    """How many items they were given."""
    count, claim = 0, store.claim(name)
    while claim is not None:
        count += 1
        claim = store.submit(claim.number, said(name, label, submitted_at=at), str(uuid.uuid4()))
    return count


def disputed(store: Store, *labels: str) -> None:
    """Every item answered by ann, bob … with these labels."""
    for name, label in zip(("ann", "bob", "cem"), labels, strict=False):
        answer_all(store, name, label)


def gold(label: str = "x", reviewer: str = "lead") -> Gold:
    return Gold(reviewer, {"t": label})


# gold answers


def test_withdrawing_walks_back_through_what_stood(make):
    store = make(1)
    for over, label in enumerate("abc"):
        store.settle(1, gold(label), label, over=over)
    undone = [(store.withdraw(1, "lead"), store.case(1).gold) for _ in range(4)]
    store.settle(1, gold("d"), "d")

    said = [tuple(one and one.answers["t"] for one in pair) for pair in undone]
    assert said == [("c", "b"), ("b", "a"), ("a", None), (None, None)]
    assert store.case(1).gold.answers == {"t": "d"}
    assert store.withdraw(1, "lead").answers == {"t": "d"}
    assert list(store.known()) == []


@pytest.mark.parametrize("other", [gold("b", "rita"), Gold("rob", {"t": "b"}, AUTO), Gold("rob", {"t": "b"}, GIVEN)])
def test_nobody_withdraws_what_another_or_a_rule_said(make, other):
    store = make(1)
    store.settle(1, gold("a", "rob"), "1")
    store.settle(1, other, "2", over=1)
    assert store.withdraw(1, "rob") is None
    assert store.case(1).gold.answers == {"t": "b"}


def test_what_was_decided_since_a_case_was_shown_is_not_settled_over(make):
    store = make(1)
    comment = Comment("rob", "Because.", CORRECTION, "ann")
    assert store.settle(1, gold("a", "rita"), "1")
    store.hold_case(1, "rita", "begun anew")
    assert not store.settle(1, gold("b", "rob"), "2", [comment])
    assert (store.case(1).gold.answers, store.comments(1)) == ({"t": "a"}, ())
    assert store.case(1, "rita").draft == "begun anew"
    store.withdraw(1, "rita")
    assert not store.settle(1, gold("b", "rob"), "2", over=1)
    assert store.settle(1, gold("b", "rob"), "2")


def test_known_answers_can_be_asked_for_by_those_who_answered(make):
    store = make(3, Policy(overlap=2))
    for name, count in (("ann", 2), ("bob", 1)):
        for n in range(count):
            store.submit(store.claim(name).number, said(name), f"{name}{n}")
    for number in (1, 2, 3):
        store.settle(number, gold("x"), f"g{number}")

    assert [number for number, _ in store.known("ann")] == [1, 2]
    assert [number for number, _ in store.known("bob")] == [1]
    assert list(store.known("eve")) == []
    assert len(list(store.known())) == 3


def test_the_same_settlement_twice_is_one(make):
    store = make(2)
    comment = Comment("lead", "Because.", CORRECTION, "ann")
    for label in ("a", "b"):
        store.settle(1, gold(label), "same", [comment])

    assert [(number, one.answers["t"], one.revision) for number, one in store.known()] == [(1, "a", 1)]
    assert len(store.comments(1)) == 1


def test_settling_sets_the_answers_beside_the_gold_one_and_not_beside_each_other_again(make):
    """Of a crowd of 300 these are 45,000 pairs, and the reviewer waits."""
    judged = []

    def judge(answers):
        judged.append(len(answers))
        return pairs_that_differ(answers)

    store = make(1, Policy(3), judge=Judge(lambda _: judge))
    for name, label in (("ann", "x"), ("bob", "y"), ("cy", "z")):
        answer_all(store, name, label)
    before, _ = judged[:], judged.clear()
    store.settle(1, gold("x"), "a")
    store.withdraw(1, "lead")

    assert (before, judged) == ([2, 3], [2, 2])
    assert walk(store, Queue("disagreements")) == [(1, ())]


def test_a_gold_answer_comes_back_as_it_was_given(make):
    store = make(1)
    given = Gold(
        "lead",
        {"t": "x", "e": [{"start": 0, "end": 4, "label": "word"}]},
        "auto",
        "all 3 agree",
        {"ann": 2},
        {"e": ["ann+bob"]},
        True,
        "2026-01-01T00:00:00.000Z",
        1200,
        1,
        1,
        1,
    )
    store.settle(1, given, "a")

    assert store.case(1).gold == given


def test_settling_many_leaves_out_what_stands(make):
    store = make(4)
    store.settle(2, gold("mine"), "a")
    store.settle(3, gold("gone"), "b")
    store.withdraw(3, "lead")

    assert store.settle_many([(number, gold("auto")) for number in (1, 2, 3)]) == 2
    assert [(number, one.answers["t"]) for number, one in store.known()] == [(1, "auto"), (2, "mine"), (3, "auto")]


def test_gold_follows_renamed_labels(make):
    store = make(1, Policy(2))
    disputed(store, "old", "other")
    store.settle(1, Gold("lead", {"t": "old"}, labels_version=1), "a")
    store.record_project(Policy(2), "another source", "guidelines", {"t": {"old": "new"}})

    assert store.case(1).gold.answers == {"t": "new"}
    assert store.labels_in_use() == {"t": {"new": 2, "other": 1}}
    assert walk(store, Queue("all", label="new")) == [(1, ())]
    assert walk(store, Queue("all", label="old")) == []


def test_a_rename_that_makes_gold_and_answer_alike_ends_the_correction(make):
    store = make(1)
    disputed(store, "positive")
    store.settle(1, Gold("lead", {"t": "good"}, labels_version=1), "a")
    assert walk(store, Queue("corrected")) == [(1, ("ann",))]
    store.record_project(Policy(), "another source", "guidelines", {"t": {"good": "positive"}})

    assert walk(store, Queue("corrected")) == []


def test_a_rename_that_makes_answers_alike_ends_the_disagreement(make):
    store = make(1, Policy(2))
    disputed(store, "good", "positive")
    assert walk(store, Queue()) == [(1, ())]
    store.record_project(Policy(2), "another source", "guidelines", {"t": {"good": "positive"}})

    assert walk(store, Queue()) == []


def test_an_answer_under_an_old_name_agrees_with_one_under_the_new(make):
    """Somebody's screen is still open when the label is renamed."""
    store = make(1, Policy(2))
    claim = store.claim("ann")
    store.record_project(Policy(2), "another source", "guidelines", {"t": {"old": "new"}})
    store.submit(claim.number, said("ann", "old", labels_version=1), "a")
    store.submit(store.claim("bob").number, said("bob", "new", labels_version=2), "b")

    assert walk(store, Queue()) == []
    assert walk(store, Queue("all", label="new", annotator="ann")) == [(1, ())]
    assert [one.answers["t"] for one in store.opinions()] == ["new", "new"]


# queues


def test_a_reviewer_does_not_lose_the_place(make):
    """Settled cases do not come again, passed ones only from the start, new ones where they belong."""
    store = make(5, Policy(2))
    disputed(store, "a", "b")
    first = store.next_case(Queue(), "lead")
    store.settle(first.number, gold(), "1")
    second = store.next_case(Queue(), "lead", first.mark)
    third = store.next_case(Queue(), "lead", second.mark)
    store.settle(third.number, gold(), "3")
    fourth = store.next_case(Queue(), "lead", third.mark)

    assert [one.number for one in (first, second, third, fourth)] == [1, 2, 3, 4]
    assert store.next_case(Queue(), "lead").number == 2
    store.withdraw(1, "lead")
    assert store.next_case(Queue(), "lead").number == 1
    assert store.left_in(Queue()) == 4
    assert store.left_in(Queue(), most=3) == 3


def test_the_worst_disagreement_comes_first(make):
    store = make(3, Policy(3))
    for name, labels in {"ann": "aaa", "bob": "abb", "cem": "aac"}.items():
        for label in labels:
            claim = store.claim(name)
            store.submit(claim.number, said(name, label), f"{name}{claim.number}", claim=False)

    assert [number for number, _ in walk(store, Queue())] == [3, 2]


def test_two_reviewers_never_have_the_same_case(make):
    clock = Clock()
    store = make(3, Policy(2, lease_ms=1000), clock=clock)
    disputed(store, "a", "b")
    one, other = (store.next_case(Queue(), name) for name in ("ria", "rob"))
    assert (one.number, other.number) == (1, 2)

    store.release_case("ria")
    assert store.next_case(Queue(), "rob").number == 1
    assert store.next_case(Queue(), "ria").number == 2
    clock.now += 1001
    assert store.next_case(Queue(), "rob").number == 1
    assert store.next_case(Queue("all"), "ria").number == 2


def test_a_case_that_is_looked_up_stays_where_it_is(make):
    store = make(2, Policy(2))
    disputed(store, "a", "b")
    mine = store.next_case(Queue(), "ria")

    assert store.case(mine.number).item == mine.item
    assert store.case(99) is None
    assert store.next_case(Queue(), "rob").number == 2
    assert store.find_item(mine.item.key) == mine.number
    assert store.find_item("nowhere") is None


def test_a_flag_on_a_skipped_item_is_there_to_see(make):
    store = make(1)
    flags = (Flag("bad-item", "All dots"),)
    store.skip(store.claim("ann").number, Annotation("ann", "skipped", flags=flags), "a", claim=False)
    case = store.next_case(Queue("flagged"), "lead")

    assert (case.versions, [one.flags for one in case.skipped], case.about) == ((), [flags], ("ann",))


def test_what_is_flagged_or_answered_again_after_it_was_settled_is_there_to_see(make):
    store = make(1)
    queues = [Queue("flagged"), Queue("answered-back")]
    number = store.claim("ann").number

    def answer(day: str) -> list[list]:
        store.submit(number, said("ann", submitted_at=f"2026-01-0{day}", flags=(Flag("odd"),)), day)
        return [walk(store, queue) for queue in queues]

    def settle(day: str, over: int) -> list[list]:
        store.settle(number, replace(gold(), at=f"2026-01-0{day}"), day, over=over)
        return [walk(store, queue) for queue in queues]

    here = [(number, ("ann",))]
    assert (answer("1"), settle("2", 0)) == ([here, []], [[], []])
    store.send_back(number, ["ann"], Comment("lead", "Look again", RETURN))
    assert store.claim("ann").number == number
    assert (answer("3"), settle("4", 1)) == ([here, here], [[], []])


def test_a_sample_is_the_same_each_time_and_a_share_of_everyones(make):
    store = make(0, Policy(3))
    people = ("ann", "bob", "cem")
    everyone = [Record(Item(f"i{n}", "text"), annotation=said(name)) for n in range(400) for name in people]
    store.add(everyone[:800])
    queue = Queue("sample", sample=0.1)
    before = walk(store, queue)
    store.add(everyone)
    after = walk(store, queue)
    by_item = dict(after)
    wider = dict(walk(store, Queue("sample", sample=0.3)))
    counts = Counter(name for _, about in after for name in about)

    assert all(by_item[number] == about for number, about in before)
    assert all(set(about) <= set(wider[number]) for number, about in after)
    # 40 is expected; four standard deviations are 24
    assert all(abs(counts[name] - 40) < 24 for name in people)
    both = sum({"ann", "bob"} <= set(about) for about in by_item.values())
    assert 0 < both < 14
    assert [about for _, about in walk(store, Queue("sample", annotator="bob"))] == [("bob",)] * counts["bob"]


def test_what_a_rule_settled_is_in_the_sample_until_a_reviewer_has_looked_at_it(make):
    store = make(1)
    answer_all(store, "ann")
    everything = Queue("sample", sample=1.0)
    store.settle_many([(1, Gold("rule", {"t": "x"}, outcome=AUTO))])
    assert walk(store, everything) == [(1, ("ann",))]
    store.settle(1, gold(), "s", over=1)

    assert walk(store, everything) == []


def test_who_is_unusually_fast_or_slow_for_themselves(make):
    rng = random.Random(3)
    store = make(0, Policy(2))
    times: dict[str, list[int]] = {"ann": [], "bob": []}
    brought = []
    for n in range(700):
        for name, usual in (("ann", 2000), ("bob", 20_000)):
            ms = round(usual * math.exp(rng.gauss(0, 0.3)) * rng.choice([1] * 50 + [0.1, 20]))
            times[name].append(ms)
            brought.append(Record(Item(f"i{n}", "text"), annotation=said(name, timing=Timing(ms))))
    store.add(brought)
    cases = [store.case(number) for number in range(1, 701)]
    bounds = usual_bounds(times, 400)

    for name in ("fast", "slow"):
        for restricted in ({}, {"annotator": "ann"}, {"text": "i1"}):
            queue = Queue(name, **restricted)
            found = walk(store, queue)

            assert found == expected(queue, cases, bounds, pairs_that_differ)
            assert found or restricted


def test_a_quick_correction_makes_no_quick_answer(make):
    """It comes on top of the time that the answer took, and is gone where it is undone."""
    store = make(0)
    store.add([Record(Item(f"i{n}", "text"), annotation=said("ann", timing=Timing(2000 + n))) for n in range(60)])
    store.submit(5, said("ann", "y", timing=Timing(100)), "again", claim=False)
    assert store.left_in(Queue("fast", too_fast_ms=400)) == 0
    store.reopen("ann")
    store.submit(5, said("ann", "y", timing=Timing(50)), "anew", claim=False)

    assert store.left_in(Queue("fast", too_fast_ms=400)) == 0
    assert store._connection.read("SELECT active_ms FROM assignment WHERE item = 5") == [(2054,)]


@pytest.mark.parametrize("name", QUEUES)
def test_every_queue_of_a_new_project_is_empty(make, name):
    store = make(3)

    assert store.next_case(Queue(name), "lead") is None
    assert store.left_in(Queue(name)) == 0


def test_a_queue_that_is_none_is_an_error(make):
    with pytest.raises(ValueError, match="no such queue"):
        make(1).left_in(Queue("typo"))


def test_how_far_one_is_in_a_queue_says_nothing_in_another(make):
    """The cases that one undoes to, or goes back to, may be of the queue before."""
    store = make(3, Policy(overlap=2))
    for name, label in (("ann", "a"), ("bob", "b")):
        for n in range(3):
            number = store.claim(name).number
            answer = said(name, label, flags=(Flag("unclear"),), timing=Timing(100))
            store.submit(number, answer, f"{name}{n}", claim=False)
            store.say(number, Comment(name, "Hm?", QUESTION))
    queues = [Queue(name, sample=1.0) for name in ("disagreements", "flagged", "questions", "fast", "sample", "all")]
    queues.append(Queue("all", annotator="bob"))
    for queue in queues:
        first = store.next_case(queue, "lead")
        second = store.next_case(queue, "lead", first.mark)
        assert second.number != first.number
        for other in queues:
            if other != queue:
                found = store.next_case(other, "lead", second.mark)
                assert found == store.next_case(other, "lead")


def test_text_is_found_in_any_case_of_any_script(make):
    store = make(0)
    items = [Item("Straße", "Ärger im ZOO"), Item("b", "100% [a-z] 'quoted'"), Item("c", "", ("Große Töne", "x"))]
    store.add([Record(item, annotation=said("ann")) for item in items])
    found = {
        text: [number for number, _ in walk(store, Queue("all", text=text))]
        for text in ("zoo", "ärger", "STRASSE", "0% [A", "'QUOTED'", "TÖNE", "\ud800", "%")
    }

    assert list(found.values()) == [[1], [1], [1], [2], [2], [3], [], [2]]


# returns


def test_a_returned_item_comes_before_all_else(make):
    store = make(5)
    for number in (1, 2, 3):
        store.submit(store.claim("ann").number, said("ann", f"a{number}"), f"a{number}", claim=False)
    store.send_back(3, ["ann", "nobody"], Comment("lead", "Third?"))
    store.send_back(1, ["ann"], Comment("lead", "First?"))
    in_hand = store.submit(store.claim("ann").number, said("ann", "again"), "b3")
    then = store.submit(in_hand.number, said("ann", "again"), "b1")

    assert (in_hand.number, in_hand.returned, in_hand.answered.answers) == (1, True, {"t": "a1"})
    assert [(one.kind, one.to, one.text) for one in in_hand.comments] == [(RETURN, "ann", "First?")]
    assert (then.number, then.returned) == (4, False)
    assert store.progress("ann").answers == 3
    assert {name: one.answers["t"] for name, one in store.case(3).before.items()} == {"ann": "a3"}
    assert [number for number, _ in walk(store, Queue("answered-back"))] == [3, 1]


def test_what_is_in_hand_is_finished_before_a_return(make):
    store = make(3)
    store.submit(store.claim("ann").number, said("ann"), "a", claim=False)
    held = store.claim("ann")
    store.send_back(1, ["ann"], Comment("lead", "Sure?"))

    assert store.claim("ann").number == held.number
    assert store.upcoming("ann").key == "i0"
    assert store.submit(held.number, said("ann"), "b").returned


def test_an_answer_stands_until_it_is_given_again(make):
    store = make(1)
    store.submit(1, said("ann", "first"), "a", claim=False)
    store.settle(1, gold("other"), "g")
    store.send_back(1, ["ann"], Comment("lead", "Sure?"))
    store.save_draft("ann", 1, '{"half": 1}')

    assert [one.answers["t"] for _, one in store.answers()] == ["first"]
    assert store.case(1).gold.answers == {"t": "other"}
    assert (store.case(1).returned, store.claim("ann").draft) == (("ann",), '{"half": 1}')


def test_a_return_is_taken_back_with_its_unread_comments(make):
    store = make(2, Policy(2))
    disputed(store, "a", "b")
    for name in ("ann", "bob"):
        store.send_back(1, [name], Comment("lead", f"For {name}"))
    store.mark_read("bob", 1)
    store.take_back(1, ["ann", "bob"], "lead")

    assert (store.claim("ann"), store.claim("bob")) == (None, None)
    assert [one.text for one in store.comments(1)] == ["For bob"]
    assert (store.case(1).returned, store.case(1).before) == ((), {})


def test_what_was_said_is_taken_back_until_it_is_read(make):
    store = make(2, Policy(2))
    disputed(store, "a", "b")
    store.say(1, Comment("ann", "Irony?", QUESTION))
    for name in ("ann", "bob"):
        store.say(1, Comment("rob", "Yes.", to=name))
    store.say(1, Comment("rob", "See the rule.", to="ann"))
    store.send_back(1, ["bob"], Comment("rob", "Look again."))
    assert store.left_in(Queue("questions")) == 0

    def texts() -> list[tuple[str, str]]:
        return [(one.to, one.text) for one in store.comments(1)]

    assert store.unsay(1, "rob")
    assert texts() == [("", "Irony?"), ("ann", "Yes."), ("bob", "Yes."), ("bob", "Look again.")]
    assert store.left_in(Queue("questions")) == 0
    store.mark_read("bob", 1)
    assert store.unsay(1, "rob")
    assert (texts(), store.left_in(Queue("questions"))) == (
        [("", "Irony?"), ("bob", "Yes."), ("bob", "Look again.")],
        1,
    )
    assert not store.unsay(1, "rob")
    assert not store.unsay(2, "rob")

    assert store.unsay(1, "ann")
    assert (texts(), store.left_in(Queue("questions"))) == ([("bob", "Yes."), ("bob", "Look again.")], 0)
    store.say(1, Comment("ann", "Irony?", QUESTION))
    store.mark_read(None, 1)
    assert not store.unsay(1, "ann")


def test_what_was_told_with_a_gold_answer_is_taken_back_with_it_until_it_is_read(make):
    store = make(1, Policy(2))
    disputed(store, "a", "b")
    store.say(1, Comment("ann", "Irony?", QUESTION))
    told = [Comment("rob", "t: b → c", CORRECTION, name) for name in ("ann", "bob")]
    assert store.settle(1, gold("c", "rob"), "1", told)
    store.mark_read("bob", 1)
    assert store.left_in(Queue("questions")) == 0
    store.withdraw(1, "rob")

    assert [one.to for one in store.comments(1)] == ["", "bob"]
    assert store.left_in(Queue("questions")) == 1


def test_a_question_that_a_return_answered_is_open_again_when_that_is_taken_back(make):
    store = make(1, Policy(2))
    disputed(store, "a", "b")
    store.say(1, Comment("ann", "Irony?", QUESTION))
    store.send_back(1, ["ann"], Comment("rob", "Look again."))
    assert store.left_in(Queue("questions")) == 0
    store.take_back(1, ["ann"], "rob")

    assert store.left_in(Queue("questions")) == 1


def test_what_two_sent_back_stays_on_its_way_while_one_takes_that_back(make):
    store = make(1, Policy(2))
    disputed(store, "a", "b")
    store.send_back(1, ["ann", "bob"], Comment("rob", "Rob says."))
    store.send_back(1, ["ann"], Comment("rita", "Rita says."))
    store.take_back(1, ["ann", "bob"], "rob")

    assert [(one.to, one.text) for one in store.comments(1)] == [("ann", "Rita says.")]
    assert store.case(1).returned == ("ann",)
    store.take_back(1, ["ann"], "rita")
    assert (store.comments(1), store.case(1).returned) == ((), ())


def test_sending_back_twice_is_one_return_with_two_comments(make):
    store = make(1)
    store.submit(1, said("ann"), "a", claim=False)
    for text in ("Sure?", "Really?"):
        store.send_back(1, ["ann"], Comment("lead", text))
    store.submit(1, said("ann", "y"), "b", claim=False)

    assert store.claim("ann") is None
    assert [one.text for one in store.comments(1)] == ["Sure?", "Really?"]


def test_undoing_the_new_answer_brings_the_return_back(make):
    store = make(1)
    store.submit(1, said("ann", "first"), "a", claim=False)
    store.send_back(1, ["ann"], Comment("lead", "Sure?"))
    store.submit(1, said("ann", "second"), "b", claim=False)
    back = store.reopen("ann")

    assert (back.returned, back.answered.answers) == (True, {"t": "first"})
    assert store.claim("ann").returned
    assert store.case(1).returned == ("ann",)


def test_a_return_waits_while_the_answer_itself_is_undone(make):
    store = make(2, Policy(skip="others"))
    store.skip(store.claim("ann").number, Annotation("ann", "skipped"), "s", claim=False)
    store.submit(1, said("ann"), "a", claim=False)
    store.send_back(1, ["ann"], Comment("lead", "Sure?"))
    assert store.reopen("ann").returned
    store.leave("ann")

    assert store.claim("ann").number == 2
    store.submit(1, said("ann", "y"), "b", claim=False)
    assert store.case(1).before["ann"].answers == {"t": "x"}


def test_skipping_what_was_sent_back_takes_the_answer_out(make):
    store = make(2, Policy(skip="others"))
    store.submit(1, said("ann"), "a", claim=False)
    store.send_back(1, ["ann"], Comment("lead", "Sure?"))
    following = store.skip(1, Annotation("ann", "skipped"), "s")

    assert following.number == 2
    assert store.progress("ann").answers == 0
    assert store.claim("bob").number == 1
    case = store.next_case(Queue("answered-back"), "lead")
    assert (case.number, case.versions, case.about, list(case.before)) == (1, (), ("ann",), ["ann"])


def test_answers_under_older_guidelines_are_asked_again(make):
    store = make(4, Policy(2))
    for name in ("ann", "bob"):
        for number, label in ((1, "a"), (2, "b"), (3, "a")):
            version = 2 if (name, number) == ("bob", 3) else 1
            answer = said(name, label, guidelines_version=version, timing=Timing(500))
            store.submit(number, answer, f"{name}{number}", claim=False)
    assert store.requeue("t", "a", 2, Comment("lead", "Not theirs."), ["ann", "bob", "eve"]) == 0
    assert store.requeue("t", "a", 2, Comment("lead", "The rule is new."), ["ann"]) == 1
    sent = store.requeue("t", "a", 2, Comment("lead", "The rule is new."))

    assert sent == 2
    assert store.requeue("t", "a", 2, Comment("lead", "Again.")) == 0
    assert store.requeue("t", "", 2, Comment("lead", "All of it.")) == 2
    assert {number: store.case(number).returned for number in (1, 2, 3)} == {
        1: ("ann", "bob"),
        2: ("ann", "bob"),
        3: ("ann",),
    }
    assert store.sent_back() == {"ann": 3, "bob": 2}
    assert store.claim("bob").comments[0].text == "The rule is new."
    assert store.requeue("other", "", 2, Comment("lead", "Nobody answered this task.")) == 0
    store.submit(1, said("bob", "b"), "anew", claim=False)
    store.take_back(2, ["bob"], "lead")
    assert store.sent_back() == {"ann": 3}


# talking


def test_questions_and_answers(make):
    store = make(2)
    number = store.claim("ann").number
    store.say(number, Comment("ann", "Does sarcasm count?", QUESTION))
    assert (store.unread(None), store.unread("ann")) == (1, 0)
    assert walk(store, Queue("questions")) == [(number, ("ann",))]

    store.mark_read(None, number)
    store.say(number, Comment("bob", "I wonder too.", COMMENT))
    assert walk(store, Queue("questions")) == [(number, ("ann",))]
    store.say(number, Comment("lead", "It does.", COMMENT, "ann"))

    assert walk(store, Queue("questions")) == []
    assert [(where, one.text) for where, _, one in store.inbox("ann")] == [(number, "It does.")]
    assert [one.text for _, _, one in store.inbox(None)] == ["I wonder too."]
    assert [one.text for _, _, one in store.inbox(None, unread_only=False)] == ["I wonder too.", "Does sarcasm count?"]
    store.mark_read("ann", number)
    assert (store.unread("ann"), store.inbox("ann")) == (0, [])
    assert [one.read for one in store.comments(number)] == [True, False, True]
    assert [one.text for one in store.claim("ann").comments] == ["Does sarcasm count?", "It does."]
    store.settle(number, gold(), "s")
    store.say(number, Comment("ann", "And irony?", QUESTION))
    assert walk(store, Queue("questions")) == [(number, ("ann",))]


def test_asking_again_in_bulk_answers_no_question(make):
    store = make(1)
    store.submit(store.claim("ann").number, said("ann", guidelines_version=1), "a", claim=False)
    store.say(1, Comment("ann", "Does sarcasm count?", QUESTION))
    store.requeue("t", "x", 2, Comment("lead", "The rule is new."))

    assert walk(store, Queue("questions")) == [(1, ("ann",))]
    assert [one.open for one in store.comments(1)] == [True, False]


def test_any_text_can_be_said(make):
    store = make(1)
    texts = ['it\'s "so"', "a\nb\x00c", "👩‍👩‍👧", "%_;--"]
    for text in texts:
        store.say(1, Comment("ann", text, at="2026-01-01T00:00:00.000Z"))
    store.say(1, Comment("ann", "lone \ud800", at="2026-01-01T00:00:00.000Z"))

    kept = [text.replace("\x00", "\ufffd") for text in texts]
    assert [one.text for one in store.comments(1)] == [*kept, "lone \ufffd"]


# news


def test_news_are_told_once(make):
    store = make(3)
    store.claim("ann")
    assert store.news("ann") == ()

    store.record_project(Policy(), "source", "guidelines, mended", {})
    store.record_project(Policy(), "another source", "guidelines, mended twice", {})
    store.claim("bob")
    kinds = {one.kind: (one.number, one.before, one.after) for one in store.news("ann")}

    assert kinds == {
        "guidelines": (3, "guidelines", "guidelines, mended twice"),
        "labels": (2, "source", "another source"),
    }
    assert store.news("bob") == store.news("nobody") == ()
    store.told("ann")
    assert store.news("ann") == ()
    store.record_project(Policy(), "another source", "guidelines, mended thrice", {})
    assert [one.before for one in store.news("ann")] == ["guidelines, mended twice"]


def test_a_change_that_was_taken_back_is_no_news(make):
    store = make(1)
    store.claim("ann")
    store.record_project(Policy(), "source", "guidelines, mended", {})
    store.record_project(Policy(), "source", "guidelines", {})

    assert store.news("ann") == ()


def test_somebody_whose_answers_came_in_is_new_at_their_first_claim(make):
    store = make(0)
    store.add([Record(Item("a", "x"), annotation=said("eve"))])
    store.record_project(Policy(), "source", "guidelines, mended", {})

    assert store.news("eve") == ()
    store.claim("eve")
    assert store.news("eve") == ()


# known answers


def known(key: str, label: str = "x", probe: str = "check") -> Record:
    return Record(Item(key, f"Text of {key}"), gold=gold(label), probe=probe)


def test_a_known_answer_comes_in_once(make):
    store = make(1)
    there = Record(records(1)[0].item, gold=gold("a"), probe="check")

    added = store.add([there, known("c1"), known("q1", probe="qualification"), known("plain", probe="")])
    again = store.add([there, known("c1"), known("c1", "y")])

    assert (added.items, added.known, added.gold, again.items, again.gold) == (3, 1, 4, 0, 1)
    # An item that was there, and one that is no probe, are in the queue
    assert store.progress("ann").items == 2
    assert [(number, one.outcome, one.answers["t"]) for number, one in store.known()] == [
        (1, GIVEN, "a"),
        (2, GIVEN, "y"),
        (3, GIVEN, "x"),
        (4, GIVEN, "x"),
    ]
    assert answer_all(store, "ann") == 2
    assert store.progress("ann").done == 2


def test_known_items_come_unmarked_at_their_rate_and_never_twice(make):
    items, rate = 500, 0.2
    store = make(items, Policy(gold_rate=rate))
    store.add(known(f"c{n}") for n in range(300))
    turns, claim = [], store.claim("ann")
    while claim is not None:
        assert (claim.known, claim.returned, claim.reopened) == (None, False, "")
        turns.append(claim.item.key)
        claim = store.submit(claim.number, said("ann"), claim.item.key)
    checks = [key for key in turns if key.startswith("c")]

    # Four standard deviations; that the rate is right to one in a hundred is shown in test_probes
    assert abs(len(checks) / len(turns) - rate) < 0.064
    assert len(set(turns)) == len(turns) == items + len(checks)
    progress = store.progress("ann")
    assert (progress.items, progress.done, progress.mine) == (items, items, len(turns))
    assert len(list(store.answers())) == len(list(store.opinions())) == len(turns)


def test_nobody_can_tell_when_a_known_item_comes(make):
    store = make(400, Policy(overlap=3, gold_rate=0.3))
    store.add(known(f"c{n}") for n in range(300))
    places = {}
    for name in ("ann", "bob"):
        keys, claim = [], store.claim(name)
        for _ in range(100):
            assert store.claim(name).number == claim.number
            keys.append(claim.item.key)
            claim = store.submit(claim.number, said(name), f"{name}-{claim.number}")
        places[name] = [n for n, key in enumerate(keys) if key.startswith("c")]
    gaps = {after - before for before, after in zip(places["ann"], places["ann"][1:], strict=False)}

    assert places["ann"] != places["bob"]
    assert len(gaps) > 3


def test_known_items_do_not_go_on_when_the_work_is_done(make):
    store = make(2, Policy(gold_rate=1.0))
    store.add(known(f"c{n}") for n in range(5))

    # Each turn a known one while there is one, then the work
    assert answer_all(store, "ann") == 7
    store.add(known(f"d{n}") for n in range(5))
    assert store.claim("ann") is None


def test_a_draft_of_a_known_item_comes_back(make):
    clock = Clock()
    store = make(3, Policy(gold_rate=1.0, lease_ms=1000), clock=clock)
    store.add(known(f"c{n}") for n in range(5))
    claim = store.claim("ann")
    assert claim.item.key.startswith("c")
    store.save_draft("ann", claim.number, '{"half": 1}')
    store.leave("ann")
    clock.now += 2000
    store.claim("bob")
    store.record_project(Policy(lease_ms=1000), "source", "guidelines", {})

    assert store.upcoming("ann") == claim.item
    assert (store.claim("ann").number, store.claim("ann").draft) == (claim.number, '{"half": 1}')


@pytest.mark.parametrize("policy", ["later", "others", "out"])
def test_probes_stay_out_of_the_queue_whatever_happens_to_them(make, policy):
    store = make(1, Policy(2, skip=policy, gold_rate=1.0))
    store.add([known("c0")])
    check = store.claim("ann")
    assert check.item.key == "c0"
    store.skip(check.number, Annotation("ann", "skipped"), "s", claim=False)
    assert store.reopen("ann").number == check.number
    store.submit(check.number, said("ann"), "a", claim=False)
    store.reopen("ann")
    store.leave("ann")
    for overlap in (3, 1, 2):
        store.record_project(Policy(overlap, skip=policy), "source", "guidelines", {})
    store.record_project(Policy(2, "random", skip=policy), "source", "guidelines", {})

    assert [answer_all(store, name) for name in ("ann", "bob", "cem")] == [1, 1, 0]
    assert store.progress("ann") == type(store.progress("ann"))(items=1, done=1, answers=2, mine=1)
    assert list(store.unanswered()) == []


def test_upcoming_knows_of_known_items_and_repeats(make):
    clock = Clock()
    policy = Policy(gold_rate=0.3, repeat_rate=0.3, repeat_after_ms=5000)
    store = make(120, policy, clock=clock)
    store.add(known(f"c{n}") for n in range(40))
    claim, probes = store.claim("ann"), 0
    while claim is not None:
        clock.now += 1000
        upcoming = store.upcoming("ann")
        answer = said("ann", submitted_at=iso(clock.now))
        claim = store.submit(claim.number, answer, f"s{clock.now}")
        assert upcoming == (claim.item if claim else None)
        probes += claim is not None and (claim.item.key.startswith("c") or claim.number > 160)

    assert probes > 60


def test_a_flag_that_is_taken_off_is_in_no_queue_and_all_others_stay(make):
    store, odd = make(2, Policy(2)), (Flag("odd"),)
    for name, number in (("bob", 1), ("ann", 2), ("ann", 1)):
        store.submit(number, said(name, flags=odd), f"{name}{number}", claim=False)
    assert walk(store, Queue("flagged")) == [(1, ("ann", "bob")), (2, ("ann",))]
    again = store.reopen("ann")
    store.submit(again.number, said("ann"), "again", claim=False)

    assert again.number == 1 and walk(store, Queue("flagged")) == [(1, ("bob",)), (2, ("ann",))]


# qualification


def test_qualification_comes_before_real_items(make):
    store = make(2, Policy(attempts=2))
    store.add([known(f"q{n}", str(n), "qualification") for n in range(3)])
    first = store.claim("ann")
    seen, claim = [], first
    while claim is not None:
        seen.append((claim.item.key, claim.known.answers["t"], claim.answered))
        claim = store.submit(claim.number, said("ann", "0", submitted_at="2026"), f"a{claim.number}")

    assert seen == [("q0", "0", None), ("q1", "1", None), ("q2", "2", None)]
    assert [(item.key, one.answers["t"], right.answers["t"]) for item, one, right in store.qualification("ann")] == [
        ("q0", "0", "0"),
        ("q1", "0", "1"),
        ("q2", "0", "2"),
    ]
    assert store.upcoming("ann") is None
    assert list(store.answers()) == list(store.opinions()) == list(store.answers(history=True)) == []
    assert all(one is None for _, one, _ in store.qualification("bob"))
    assert [one.number for one in store.testimonies()] == []
    assert walk(store, Queue("all")) == []


def attempt(name: str, right: float, passed: bool) -> Attempt:
    return Attempt(name, right, 2, passed)


def test_a_failed_attempt_starts_empty_and_the_last_one_is_the_last(make):
    store = make(1, Policy(attempts=2))
    store.add([known(f"q{n}", "x", "qualification") for n in range(2)])
    assert answer_all(store, "ann", "wrong") == 2
    store.keep_attempt(attempt("ann", 0, False), again=True)

    again = store.claim("ann")
    assert (again.item.key, again.answered, again.draft, again.reopened) == ("q0", None, "", "")
    assert all(one is None for _, one, _ in store.qualification("ann"))
    assert store.reopen("ann") is None
    # What was undone in this attempt goes back to nothing, not to the attempt before
    store.submit(again.number, said("ann", "second"), "b", draft="{}", claim=False)
    back = store.reopen("ann")
    assert (back.number, back.answered, back.reopened) == (again.number, None, "submitted")
    assert answer_all(store, "ann", "x") == 2
    store.keep_attempt(attempt("ann", 1, False), again=False)

    assert store.claim("ann") is None
    assert store.used_up() == ["ann"]
    assert [one.right for one in store.attempts("ann")] == [0, 1]
    assert store.progress("ann").items == 1
    store.record_project(Policy(), "source", "guidelines", {})
    assert store.used_up() == []
    store.record_project(Policy(attempts=3), "source", "guidelines", {})
    assert store.claim("ann").item.key == "q0"
    assert store.used_up() == []


def test_what_was_said_of_a_set_that_is_asked_anew_counts_no_more(make):
    """Decisions about suggestions, and how far answers agree."""
    store = make(0, Policy(attempts=2, hold_below=0.6, hold_from=2))
    shown = (Suggestion("t", "a", source="model"),)
    store.add([Record(Item("q0", "ask"), shown, gold=gold("b"), probe="qualification")])
    for name, outcome in (("ann", "rejected"), ("bob", "accepted")):
        claim = store.claim(name)
        number = claim.suggestions[0].number
        store.submit(claim.number, said(name, "b", decisions={number: outcome}), name, claim=False)
    agreed = "SELECT done, agreement FROM item"
    assert store._connection.read(agreed) == [(2, 1.0)]
    assert store.claim("cem").suggestions == (), "one of two was taken"
    store.keep_attempt(attempt("ann", 0, False), again=True)

    assert store._connection.read(agreed) == [(1, None)]
    assert [one.value for one in store.claim("ann").suggestions] == ["a"]
    assert [words for good, words in store.check() if not good] == []


def test_flags_drafts_and_corrections_of_a_set_that_is_asked_anew_are_gone(make):
    store = make(0, Policy(attempts=2))
    store.add([known("q0", "x", "qualification")])
    number = store.claim("ann").number
    store.submit(number, said("ann", "wrong", flags=(Flag("odd"),)), "a", claim=False)
    store.save_draft("ann", number, "{}", corrects=True)
    kept = [f"SELECT annotator FROM {table}" for table in ("flagged", "draft", "corrected")]
    assert all(store._connection.read(rows) for rows in kept)
    store.keep_attempt(attempt("ann", 0, False), again=True)

    assert not any(store._connection.read(rows) for rows in kept)
    assert store.attempts("ann")[0].at


def test_a_skip_that_is_in_hand_once_more_is_taken_off_too(make):
    store = make(0, Policy(attempts=2))
    store.add([known("q0", "x", "qualification")])
    again = store.skip(store.claim("ann").number, Annotation("ann", "skipped"), "s")
    assert (again.item.key, store.tallies()["ann"]) == ("q0", Tally(skipped=1))
    store.keep_attempt(Attempt("ann", 0, 0, False), again=True)

    assert store.tallies()["ann"] == Tally()
    # What is in hand and was never put off takes nothing off
    store.add([known("q1", "x", "qualification")])
    store.submit(store.claim("bob").number, said("bob", "x"), "b")
    store.keep_attempt(Attempt("bob", 0, 0, False), again=True)

    assert store.tallies()["bob"] == Tally()


def test_who_has_used_up_all_attempts_waits_for_a_lead(make):
    store = make(1, Policy(attempts=1))
    store.add([known("q0", "x", "qualification")])
    for name in ("eve", "bob", "ann"):
        answer_all(store, name, "wrong")
        assert name not in store.used_up()
        store.keep_attempt(attempt(name, 0, name == "ann"), again=False)
    assert store.used_up() == ["bob", "eve"]
    store.keep_attempt(Attempt("eve", 0, 0, False), again=True)
    assert store.used_up() == ["bob"]
    answer_all(store, "eve", "wrong")
    store.keep_attempt(attempt("eve", 0, False), again=False)
    assert store.used_up() == ["bob", "eve"]
    store.keep_attempt(Attempt("bob", 0, 0, True), again=False)
    assert store.used_up() == ["eve"]


def test_more_attempts_ask_those_alone_anew_who_had_used_up_theirs(make):
    """Not who passed, nor who is in the midst of another attempt."""
    store = make(1, Policy(attempts=2))
    store.add([known(f"q{n}", "x", "qualification") for n in range(2)])
    for name in ("bob", "cyd", "dan"):
        answer_all(store, name, "wrong")
        store.keep_attempt(attempt(name, 0, False), again=True)
    store.submit(store.claim("cyd").number, said("cyd"), "midst", claim=False)
    for name in ("bob", "dan"):
        answer_all(store, name)
        store.keep_attempt(attempt(name, 1, name == "dan"), again=False)
    store.record_project(Policy(attempts=3), "source", "guidelines", {})

    left = {name: [one is not None for _, one, _ in store.qualification(name)] for name in ("bob", "cyd", "dan")}
    assert left == {"bob": [False, False], "cyd": [True, False], "dan": [True, True]}


def test_who_passed_goes_to_the_work(make):
    store = make(1, Policy(attempts=1))
    store.add([known("q0", "x", "qualification")])
    answer_all(store, "ann")
    assert store.claim("ann") is None
    store.keep_attempt(attempt("ann", 1, True), again=False)

    assert store.claim("ann").item.key == "i0"
    assert store.claim("bob").item.key == "q0"
    store.add([known("q1", "x", "qualification")])
    assert store.claim("ann").item.key == "i0"


def test_a_skipped_one_of_the_set_comes_again_at_its_end(make):
    store = make(1, Policy(attempts=1, skip="out"))
    store.add([known(f"q{n}", "x", "qualification") for n in range(2)])
    second = store.skip(store.claim("ann").number, Annotation("ann", "skipped"), "s")
    first = store.submit(second.number, said("ann"), "a")

    assert (second.item.key, first.item.key) == ("q1", "q0")


def test_without_attempts_or_without_a_set_nothing_is_asked(make):
    store = make(1, Policy(attempts=2))
    assert store.claim("ann").item.key == "i0"
    store.leave("ann")
    store.add([known("q0", "x", "qualification")])
    assert store.claim("ann").item.key == "q0"
    store.leave("ann")
    store.record_project(Policy(), "source", "guidelines", {})
    assert store.claim("ann").item.key == "i0"


# repeats

DAY_MS = 86_400_000


def iso(ms: int) -> str:
    from tui_label.core.moments import utc

    return utc(ms)


def test_own_items_come_again_weeks_later(make):
    clock = Clock()
    store = make(0, Policy(repeat_rate=0.5, repeat_after_ms=14 * DAY_MS), clock=clock)
    store.add(Record(item.item, suggestions=()) for item in records(40))
    claim = store.claim("ann")
    for n in range(20):
        claim = store.submit(claim.number, said("ann", f"first {n}", submitted_at=iso(clock.now)), f"a{n}")
    assert list(store.repeats()) == []

    clock.now += 15 * DAY_MS
    keys = []
    while claim is not None:
        keys.append(claim.item.key)
        answer = said("ann", "again", submitted_at=iso(clock.now))
        claim = store.submit(claim.number, answer, f"b{len(keys)}")
    repeats = list(store.repeats())
    twice = [key for key in keys if int(key[1:]) < 20]

    assert 5 <= len(repeats) == len(twice) == len(set(twice))
    assert len(keys) == 20 + len(repeats)
    assert list(store.repeats("ann")) == repeats
    assert list(store.repeats("bob")) == []
    assert all(one.first["t"].startswith("first") and one.again == {"t": "again"} for one in repeats)
    assert {one.first["t"] for one in repeats} == {f"first {key[1:]}" for key in twice}
    assert len(list(store.answers())) == len(list(store.opinions())) == len(list(store.testimonies())) == 40
    assert len(list(store.efforts())) == len(list(store.answers(history=True))) == 40
    assert (store.progress("ann").items, store.progress("ann").done) == (40, 40)
    assert len(walk(store, Queue("all"))) == 40
    assert len(store.history("ann", limit=100)) == 40 + len(repeats)
    assert list(store.unanswered()) == []


def test_a_repeat_is_an_item_like_any_other_to_its_annotator(make):
    clock = Clock()
    store = make(4, Policy(repeat_rate=1.0, repeat_after_ms=1000, lease_ms=1000), clock=clock)
    store.submit(1, said("ann", submitted_at=iso(clock.now)), "a", claim=False)
    clock.now += 5000
    twin = store.claim("ann")
    store.save_draft("ann", twin.number, '{"half": 1}')
    store.leave("ann")
    clock.now += 5000
    assert store.claim("bob").item.key == "i1"
    back = store.claim("ann")
    assert (back.number, back.draft, back.item.key, back.answered) == (twin.number, '{"half": 1}', "i0", None)

    following = store.submit(back.number, said("ann", "y", submitted_at=iso(clock.now)), "b", draft='{"n": 1}')
    assert following.number not in (1, twin.number)
    undone = store.reopen("ann")
    assert (undone.number, undone.draft, undone.reopened) == (twin.number, '{"n": 1}', "submitted")
    assert list(store.repeats()) == []
    assert [one.answers["t"] for _, one in store.answers(annotator="ann")] == ["x"]


def test_a_repeat_left_untouched_is_the_one_that_comes_again(make):
    clock = Clock()
    store = make(30, Policy(repeat_rate=1.0, repeat_after_ms=0), clock=clock)
    for number in range(1, 11):
        store.submit(number, said("ann", submitted_at=iso(clock.now)), f"a{number}", claim=False)
    first = store.claim("ann").number
    numbers = set()
    for _ in range(5):
        store.leave("ann")
        numbers.add(store.claim("ann").number)

    assert numbers == {first}


def test_only_old_answers_are_repeated(make):
    clock = Clock()
    store = make(200, Policy(repeat_rate=1.0, repeat_after_ms=50_000), clock=clock)
    times = {}
    claim = store.claim("ann")
    while claim is not None and len(times) < 300:
        clock.now += 1000
        if claim.item.key in times:
            assert clock.now - times[claim.item.key] >= 50_000
        times.setdefault(claim.item.key, clock.now)
        claim = store.submit(claim.number, said("ann", submitted_at=iso(clock.now)), f"s{clock.now}")
        clock.now += 10

    assert len(list(store.repeats())) > 50


# figures


@pytest.mark.parametrize("seed", range(6))
def test_answers_are_counted_as_leads_see_them(make, seed):
    """Whatever probes there are and whatever was skipped, undone, tried once more and brought in."""
    rng, clock = random.Random(seed), Clock()
    policy = Policy(
        2, skip=rng.choice(["later", "others"]), gold_rate=0.2, repeat_rate=0.4, repeat_after_ms=5000, attempts=3
    )
    store = make(30, policy, clock=clock)
    store.add([known(f"q{n}", probe="qualification") for n in range(3)] + [known(f"c{n}") for n in range(9)])
    test, repeated = {f"q{n}" for n in range(3)}, 0
    for n in range(150):
        clock.now += 1000
        name, act = rng.choice(("ann", "bob")), rng.random()
        if act < 0.2:
            store.reopen(name)
        elif act < 0.25:
            key = rng.choice(("q0", "q1", "c0", "i7"))
            item = known(key).item if key != "i7" else records(8)[7].item
            store.add([Record(item, annotation=said(rng.choice(("bob", "eve")), f"b{n}", submitted_at=iso(clock.now)))])
        elif (claim := store.claim(name)) is None:
            store.keep_attempt(attempt(name, 1, passed=n > 40), again=n <= 40)
        elif act < 0.35:
            store.skip(claim.number, Annotation(name, "skipped"), f"{n}", claim=False)
        else:
            store.submit(claim.number, said(name, f"a{n}", submitted_at=iso(clock.now)), f"{n}", claim=False)
        answers = Counter(one.annotator for _, one in store.answers())
        assert store.progress("").answers == answers.total()
        for who in ("ann", "bob", "eve"):
            given = [one.item.key for one in store.history(who, limit=99) if one.annotation.status == "submitted"]
            mine = store.progress(who).mine
            assert mine == sum(key not in test for key in given)
            repeated = max(repeated, mine - answers[who])

    assert [words for good, words in store.check() if not good] == []
    assert repeated > 0


@pytest.mark.parametrize("seed", range(6))
def test_efforts_since_leave_nothing_out(make, seed):
    """Whatever was saved, corrected, undone and saved again between two looks."""
    rng = random.Random(seed)
    store = make(12, Policy(2, skip=rng.choice(["later", "others", "out"])))
    people = ("ann", "bob")
    seen: dict[str, int] = {}
    found = []
    for n in range(120):
        name = rng.choice(people)
        act = rng.random()
        history = store.history(name)
        if act < 0.2:
            store.reopen(name)
        elif act < 0.3:
            store.leave(name)
        elif act < 0.45 and history:
            store.submit(rng.choice(history).number, said(name, f"c{n}"), f"{n}", claim=False)
        elif act < 0.6 and (claim := store.claim(name)):
            store.skip(claim.number, Annotation(name, "skipped"), f"{n}")
        elif claim := store.claim(name):
            store.submit(claim.number, said(name, f"a{n}"), f"{n}", claim=rng.random() < 0.5)
        if rng.random() < 0.25:
            new = list(store.efforts(seen))
            found += new
            for one in new:
                seen[one.annotator] = max(seen.get(one.annotator, 0), one.turn)
    found += store.efforts(seen)

    assert sorted(found) == sorted(store.efforts())
    assert len({(one.annotator, one.turn) for one in found}) == len(found) > 40


def test_testimonies_are_all_that_is_known(make):
    store = make(4, Policy(2))
    disputed(store, "a", "b")
    store.add([Record(Item("new", "text"), gold=gold("g"))])
    store.settle(2, gold("s"), "g")

    found = [
        (one.number, [version.answers["t"] for version in one.versions], one.gold and one.gold.answers["t"])
        for one in store.testimonies()
    ]

    assert found == [
        (1, ["a", "b"], None),
        (2, ["a", "b"], "s"),
        (3, ["a", "b"], None),
        (4, ["a", "b"], None),
        (5, [], "g"),
    ]


def test_items_that_got_both_of_two_labels(make):
    store = make(3, Policy(overlap=2))
    disputed(store, "x", "y")
    both = Queue(task="t", label="x", against="y")

    assert store.left_in(both) == store.left_in(Queue(task="t", label="y", against="x")) == 3
    assert store.left_in(Queue(task="t", label="x", against="z")) == 0
    assert store.left_in(Queue(task="t", label="x", against="y", items=(1, 3))) == 2
