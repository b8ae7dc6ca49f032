"""What somebody needs who keeps up with a project that others work on."""

from __future__ import annotations

from helpers import new_store, records

from tui_label.core.annotation import Annotation
from tui_label.store.base import Policy


def test_what_is_saved_while_efforts_are_read_comes_with_the_next_ones(tmp_path):
    """A reader who sees the later save of the two, and not the earlier, would go on behind both."""
    store = new_store(tmp_path, 1500, Policy(overlap=2))

    def save(number: int) -> None:
        answer = Annotation("ann", answers={"sentiment": "neutral"}, submitted_at="2026-01-01T00:00:00.000Z")
        store.submit(number, answer, f"s{number}", claim=False)

    save(1)
    reading = store.efforts()
    seen = [next(reading)]
    save(2)
    save(1400)
    seen += reading
    turns = {one.annotator: one.turn for one in seen}
    seen += store.efforts(turns)

    assert sorted(one.number for one in seen) == [1, 2, 1400]


def test_every_version_beside_the_one_before(tmp_path):
    store = new_store(tmp_path)
    store.record_project(Policy(), "source", "guidelines, mended", {})
    store.record_project(Policy(), "another source", "guidelines, mended", {})

    assert [(one.kind, one.number, one.before, one.after) for one in store.changes()] == [
        ("guidelines", 1, "", "guidelines"),
        ("guidelines", 2, "guidelines", "guidelines, mended"),
        ("labels", 1, "", "source"),
        ("labels", 2, "source", "another source"),
    ]
    assert all(one.at for one in store.changes())


def test_nothing_of_many_is_left_out(tmp_path):
    store = new_store(tmp_path, 3, Policy(overlap=2))
    for name in ("ann", "bob"):
        claim = store.claim(name)
        while claim is not None:
            claim = store.submit(
                claim.number, Annotation(name, answers={"sentiment": "neutral"}), f"{name}{claim.number}"
            )
    store.reopen("ann")
    store.add(records(3))

    assert len(list(store.efforts())) == 7
