"""Labels under today's names, whenever they were given."""

from __future__ import annotations

from helpers import project
from hypothesis import given
from hypothesis import strategies as st

from tui_label.core.item import Item
from tui_label.core.renames import Renames
from tui_label.core.session import begin, draft_of
from tui_label.core.tasks import Span
from tui_label.core.tasks.base import renamed
from tui_label.core.work import Work, difference

LABELS = st.sampled_from("abcd")
NAMES = st.dictionaries(LABELS, LABELS, max_size=3)


@given(st.dictionaries(st.integers(2, 6), st.fixed_dictionaries({"t": NAMES})), st.integers(1, 6), LABELS)
def test_a_label_has_every_later_rename_one_after_the_other(by_version, version, label):
    expected = label
    for number in sorted(by_version):
        if number > version:
            expected = renamed(expected, by_version[number]["t"])

    assert Renames(by_version).apply({"t": label, "other": label}, version) == {"t": expected, "other": label}


def test_labels_can_change_places():
    renames = Renames({2: {"t": {"a": "b", "b": "a"}}, 3: {"t": {"a": "c"}}})

    assert renames.since(1) == {"t": {"a": "b", "b": "c"}}
    assert renames.since(2) == {"t": {"a": "c"}}
    assert renames.since(3) == {}


def test_spans_that_are_the_same_under_their_new_names_are_one():
    work = Work(spans={"t": (Span(0, 4, "a"), Span(0, 4, "b"), Span(5, 6, "a")), "other": (Span(0, 4, "a"),)})

    assert work.renamed({"t": {"a": "c", "b": "c"}}) == Work(
        spans={"t": (Span(0, 4, "c"), Span(5, 6, "c")), "other": (Span(0, 4, "a"),)}
    )


def test_spans_that_did_not_change_are_not_kept_with_each_step():
    source = "name: n\ntasks: [{id: t, type: spans, labels: [a]}, {id: s, type: choice, labels: [x, y]}]\n"
    before, now = (Work({"s": one}, {"s": "manual"}, {"t": (Span(0, 4, "old"),)}) for one in "xy")
    session = begin(project(source), Item("k", "some text"))
    session = session.change(before).change(now)
    again = begin(session.project, session.item, draft=draft_of(session), names={"t": {"old": "a"}})

    assert again.past[-1] == before.renamed({"t": {"old": "a"}})
    assert "spans" not in difference(again.past[-1], again.work)
