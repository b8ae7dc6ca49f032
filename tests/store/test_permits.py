"""What each role may do in a store, and that nothing is forgotten."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from helpers import new_store

from tui_label.core.annotation import Annotation
from tui_label.core.comments import QUESTION, Comment
from tui_label.core.gold import Gold
from tui_label.core.item import Item
from tui_label.core.record import Record
from tui_label.core.roles import Person, Role, Roles
from tui_label.errors import StoreRefused
from tui_label.store.base import Policy, Sprint, Store
from tui_label.store.permits import TABLE, permitted, require
from tui_label.store.reviewing import Attempt, Queue

ROLES = Roles(leads=("lea",), reviewers=("rob",), annotators=("ann", "bob"))
AT = "2026-01-01T00:00:00.000Z"
CALLS: dict[str, tuple[Any, ...]] = {
    "close": (),
    "versions": (),
    "changes": (),
    "check": (),
    "check_in_place": (),
    "is_recorded": (Policy(), "", ""),
    "fingerprints": ({},),
    "record_project": (Policy(), "", "", {}),
    "labels_in_use": (),
    "answers_in_use": (),
    "claim": ("bob",),
    "upcoming": ("bob",),
    "submit": (1, Annotation("bob"), "s1"),
    "skip": (1, Annotation("bob", "skipped"), "s1"),
    "reopen": ("bob",),
    "revisit": ("bob", 1),
    "half_corrected": ("bob",),
    "save_draft": ("bob", 1, "{}"),
    "heartbeat": ("bob",),
    "leave": ("bob",),
    "history": ("bob",),
    "following": ("bob", 1),
    "add_sprint": (Sprint("bob", AT, AT, 1, 1, 1, 1),),
    "news": ("bob",),
    "told": ("bob",),
    "attempts": ("bob",),
    "used_up": (),
    "sent_back": (),
    "qualification": ("bob",),
    "say": (1, Comment("bob", "words")),
    "inbox": (None,),
    "unread": (None,),
    "mark_read": (None, 1),
    "unsay": (1, "bob"),
    "comments": (1,),
    "next_case": (Queue("all"), "rob"),
    "unfinished": (Queue("all"), "rob"),
    "hold_case": (1, "rob"),
    "release_case": ("rob",),
    "latest_settled": ("rob",),
    "case": (1,),
    "find_item": ("i1",),
    "left_in": (Queue("all"),),
    "settle": (1, Gold("rob", {"t": "x"}), "g1"),
    "withdraw": (1, "rob"),
    "send_back": (1, ["bob"], Comment("rob", "again")),
    "take_back": (1, ["bob"], "rob"),
    "end_returns": (["bob"],),
    "progress": ("",),
    "opinions": (),
    "most_candidates": (),
    "efforts": (),
    "known": (),
    "repeats": (),
    "tallies": (),
    "source_counts": (),
    "judged": (),
    "keep_attempt": (Attempt("bob", 0, 0, True),),
    "requeue": ("t", "x", 2, Comment("lea", "again")),
    "settle_many": ([],),
    "staging": (),
    "conflicts": (None,),
    "add": ([],),
    "askable": (),
    "suggest": (None, [], []),
    "answers": (),
    "unanswered": (),
    "with_suggestions": (),
    "testimonies": (),
    "backup": ("nowhere.db",),
    "admit": ({},),
}
"""Each method, called about somebody else's work or everybody's, or as rob or lea where that is their work."""
FOR_ALL = {"close", "versions", "changes", "check", "check_in_place", "is_recorded"}
FOR_LEADS = {
    "record_project", "keep_attempt", "requeue", "settle_many", "staging", "conflicts", "add", "askable", "suggest", "answers",
    "unanswered", "with_suggestions", "testimonies", "backup", "fingerprints", "admit",
}  # fmt: skip


@pytest.fixture
def bare(tmp_path: Path) -> Iterator[Store]:
    store = new_store(tmp_path, 5)
    yield store
    store.close()


def as_(name: str, bare: Store) -> Store:
    role = ROLES.of(name)
    assert role is not None
    return permitted(bare, Person(name, role), ROLES)


def said(name: str, label: str = "x") -> Annotation:
    return Annotation(name, answers={"t": label}, submitted_at=AT)


def named(method: str) -> dict[str, Any]:
    return {"again": True} if method == "keep_attempt" else {}


def test_every_method_of_a_store_is_in_the_table_and_in_this_test():
    methods = {name for name in dir(Store) if not name.startswith("_")}

    assert set(TABLE) == methods
    assert set(CALLS) == methods


@pytest.mark.parametrize("method", sorted(set(CALLS) - FOR_ALL))
def test_an_annotator_can_do_nothing_that_is_not_theirs(bare, method):
    bare.claim("bob")
    before = list(bare.answers(history=True))

    with pytest.raises(StoreRefused, match=r"^ann may not "):
        getattr(as_("ann", bare), method)(*CALLS[method], **named(method))
    assert list(bare.answers(history=True)) == before


@pytest.mark.parametrize("method", sorted(FOR_LEADS))
def test_what_is_for_leads_is_refused_to_a_reviewer_with_the_names_of_those_who_may(bare, method):
    with pytest.raises(StoreRefused, match=r"^rob may not .*: that needs a lead, which rob is not; ask lea$"):
        getattr(as_("rob", bare), method)(*CALLS[method], **named(method))


def test_what_needs_a_reviewer_names_reviewers_and_leads(bare):
    with pytest.raises(StoreRefused) as refused:
        as_("ann", bare).left_in(Queue("all"))

    assert str(refused.value) == "ann may not count cases: that needs a reviewer, which ann is not; ask lea, rob"


@pytest.mark.parametrize("method", sorted(set(CALLS) - FOR_ALL - FOR_LEADS))
def test_a_reviewer_reviews_and_a_lead_too_but_nobody_under_another_name(bare, method):
    arguments = CALLS[method]
    theirs = "bob" not in arguments and not any(
        "bob" in (getattr(one, "annotator", ""), getattr(one, "author", "")) for one in arguments
    )
    if theirs or method in ("attempts", "qualification"):
        getattr(as_("rob", bare), method)(*arguments)
        return
    for name in ("rob", "lea"):
        with pytest.raises(StoreRefused, match=f"^{name} may not .* as bob: everybody works under their own name$"):
            getattr(as_(name, bare), method)(*arguments)


def test_a_lead_brings_in_and_takes_out(bare, tmp_path):
    lead = as_("lea", bare)
    assert lead.add([Record(Item("new", "text"))]).items == 1
    lead.backup(str(tmp_path / "copy.db"))

    assert len(list(lead.unanswered())) == 6
    assert (tmp_path / "copy.db").exists()
    assert lead.requeue(*CALLS["requeue"]) == lead.settle_many([]) == 0


def test_an_annotator_works_through_a_day(bare):
    """All that the workbench asks for goes through, with the results of the store behind it."""
    store = as_("ann", bare)
    claim = store.claim("ann")
    store.save_draft("ann", claim.number, '{"a": 1}')
    store.heartbeat("ann")
    following = store.submit(claim.number, said("ann"), "s1")
    again = store.reopen("ann")
    store.submit(again.number, said("ann", "y"), "s2", claim=False)
    store.say(claim.number, Comment("ann", "why?", QUESTION))

    assert [entry.number for entry in store.history("ann")] == [claim.number]
    assert store.revisit("ann", claim.number).answered.answers == {"t": "y"}
    assert [one.text for one in store.comments(claim.number)] == ["why?"]
    assert (store.progress("ann").mine, len(list(store.efforts(annotator="ann")))) == (1, 3)
    assert [(item.key, one.annotator) for item, one in store.answers(annotator="ann")] == [(claim.item.key, "ann")]
    store.skip(following.number, Annotation("ann", "skipped", submitted_at=AT), "s3", claim=False)
    store.leave("ann")


def test_an_annotator_speaks_only_of_items_that_were_handed_to_them(bare):
    store = as_("ann", bare)
    claim = store.claim("ann")
    other = claim.number + 1
    for call in (
        lambda: store.submit(other, said("ann"), "s1"),
        lambda: store.save_draft("ann", other, "{}"),
        lambda: store.revisit("ann", other),
        lambda: store.comments(other),
        lambda: store.say(other, Comment("ann", "words")),
    ):
        with pytest.raises(StoreRefused, match=r"on an item that was never theirs$"):
            call()

    assert list(bare.answers(history=True)) == []


def test_items_of_history_and_inbox_are_theirs_after_a_restart(bare):
    first, second = bare.claim("ann"), bare.submit(bare.claim("ann").number, said("ann"), "s1")
    bare.submit(second.number, said("ann"), "s2", claim=False)
    bare.say(second.number, Comment("rob", "look", to="ann"))
    after_history, after_inbox = as_("ann", bare), as_("ann", bare)
    after_history.history("ann")
    after_inbox.inbox("ann")

    assert after_history.revisit("ann", first.number).answered.annotator == "ann"
    assert after_inbox.revisit("ann", second.number).answered.annotator == "ann"
    with pytest.raises(StoreRefused):
        after_inbox.revisit("ann", first.number)


def test_others_comments_on_an_item_are_not_read(bare):
    bare.record_project(Policy(overlap=2), "source", "guidelines", {})
    claim = bare.claim("ann")
    bare.claim("bob")
    bare.say(claim.number, Comment("bob", "mine"))
    bare.say(claim.number, Comment("rob", "for ann", to="ann"))
    store = as_("ann", bare)
    store.claim("ann")

    assert [one.text for one in store.comments(claim.number)] == ["for ann"]
    assert [one.text for one in as_("rob", bare).comments(claim.number)] == ["mine", "for ann"]


def test_an_annotator_writes_to_reviewers_alone(bare):
    store = as_("ann", bare)
    claim = store.claim("ann")
    with pytest.raises(StoreRefused, match="ann may not write to annotators: that needs a reviewer"):
        store.say(claim.number, Comment("ann", "words", to="bob"))

    assert bare.comments(claim.number) == ()


def test_own_figures_know_nothing_of_others(bare):
    bare.record_project(Policy(overlap=2), "source", "guidelines", {})
    for name in ("ann", "bob"):
        bare.submit(bare.claim(name).number, said(name), f"s-{name}")
    bare.settle(1, Gold("lea", {"t": "x"}), "g1")
    bare.settle(4, Gold("lea", {"t": "x"}), "g4")
    store = as_("ann", bare)

    assert [one.annotator for one in store.opinions("ann")] == ["ann"]
    assert [number for number, _ in store.known("ann")] == [1]
    assert list(store.repeats("ann")) == []


def test_an_annotator_keeps_their_score_but_passes_nobody_by_a_word(bare):
    store = as_("ann", bare)
    store.claim("ann")
    store.keep_attempt(Attempt("ann", 3.0, 4, True), again=False)

    assert [one.passed for one in store.attempts("ann")] == [True]
    with pytest.raises(StoreRefused, match="ann may not decide who has qualified: that needs a lead"):
        store.keep_attempt(Attempt("ann", 0, 0, True), again=False)


def test_what_is_not_in_the_table_cannot_be_called(bare):
    with pytest.raises(AttributeError):
        as_("lea", bare)._connection  # noqa: B018
    with pytest.raises(AttributeError):
        as_("lea", bare).widen  # noqa: B018


def test_without_roles_there_is_nothing_in_between(bare):
    assert permitted(bare, Person("me", Role.LEAD), Roles()) is bare


def test_a_command_can_ask_before_it_does_any_work():
    require("add", Person("lea", Role.LEAD), ROLES)
    require("answers", Person("ann", Role.ANNOTATOR), ROLES)  # their own, perhaps
    with pytest.raises(StoreRefused, match="rob may not bring items in: that needs a lead"):
        require("add", Person("rob", Role.REVIEWER), ROLES)
