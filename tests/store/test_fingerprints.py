"""Fingerprints of everybody's revisions: the same for ever, until somebody spoils one."""

from __future__ import annotations

from tui_label.core.annotation import Annotation
from tui_label.core.record import Record
from tui_label.store.base import Policy


def said(name: str, label: str = "x") -> Annotation:
    return Annotation(name, answers={"t": label}, submitted_at="2026-01-01T00:00:00.000Z")


def work(store, name: str, count: int, label: str = "x") -> None:
    for n in range(count):
        store.submit(store.claim(name).number, said(name, label), f"{name}{label}{n}", claim=False)


def test_what_was_there_keeps_its_fingerprint_whatever_comes(make):
    store = make(20, Policy(overlap=2))
    work(store, "ann", 3)
    work(store, "bob", 2)
    first = {name: everything for name, (_, everything) in store.fingerprints({}).items()}
    upto = {name: one.turn for name, one in first.items()}
    work(store, "ann", 2, "y")
    store.reopen("ann")
    store.add([Record(store.case(20).item, annotation=said("bob", "brought"))])
    store.submit(store.claim("eve").number, said("eve"), "e1")
    later = store.fingerprints(upto)

    assert {name: later[name][0] for name in first} == first
    assert {name: (one.turn, one.revisions) for name, one in first.items()} == {"ann": (3, 3), "bob": (2, 2)}
    assert {name: everything.revisions for name, (_, everything) in later.items()} == {"ann": 6, "bob": 3, "eve": 1}
    assert later["eve"][0].revisions == 0
    assert all(len({later[name][1].digest, first[name].digest}) == 2 for name in first)


def test_another_word_is_another_fingerprint(make):
    store = make(3, Policy(overlap=2))
    store.submit(1, said("ann", "x"), "a1", claim=False)
    store.submit(1, said("bob", "y"), "a1", claim=False)
    found = store.fingerprints({"ann": 1, "bob": 1})

    assert found["ann"][0] == found["ann"][1]
    assert found["ann"][0].digest != found["bob"][0].digest


def test_of_nothing_there_are_none(make):
    assert make(5).fingerprints({"ann": 7}) == {}
