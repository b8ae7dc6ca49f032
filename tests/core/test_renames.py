"""Labels under today's names, whenever they were given."""

from __future__ import annotations

from helpers import project
from hypothesis import given
from hypothesis import strategies as st

from tui_label.core.annotating.beginning import begin, draft_of
from tui_label.core.annotating.work import Work, difference
from tui_label.core.item import Item
from tui_label.core.renames import Renames
from tui_label.core.tasks import Span, spans_from
from tui_label.core.tasks.base import renamed

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


def span(start: int, label: str) -> dict[str, object]:
    return {"start": start, "end": start + 4, "label": label}


SPANS = st.lists(st.builds(span, st.integers(0, 2), LABELS), unique_by=repr, max_size=8)


@given(SPANS, NAMES)
def test_spans_of_an_answer_become_one_as_those_of_a_draft_do_and_keep_their_origins(value, names):
    origin = [f"of {one}" for one in value]
    renames = Renames({2: {"t": names}})
    cut = renames.origin({"t": origin, "other": ["manual"]}, {"t": value, "other": "a"}, 1)
    answers = renames.apply({"t": list(value), "other": "a"}, 1)
    draft = Work(spans={"t": spans_from(value)}).renamed({"t": names})

    assert spans_from(answers["t"], cut["t"]) == draft.spans["t"] if value else answers["t"] == []
    assert len({repr(one) for one in answers["t"]}) == len(answers["t"])
    for one, of in zip(answers["t"], cut["t"], strict=True):
        assert renamed(value[origin.index(of)], names) == one
    assert cut["other"] == ["manual"]


def test_segments_become_one_only_where_nothing_but_the_label_told_them_apart():
    bell, dog, said = (
        {"start": 0.0, "end": 1.0, **more} for more in ({"label": "bell"}, {"label": "dog"}, {"text": "hi"})
    )
    value = [bell, bell, dog, {**dog, "text": "hi"}, said]
    renames = Renames({2: {"t": {"dog": "bell"}}})

    assert renames.apply({"t": list(value)}, 1)["t"] == [bell, bell, {**bell, "text": "hi"}, said]
    assert renames.origin({"t": ["manual"]}, {"t": value}, 1) == {"t": ["manual"]}, "one for all"
    assert renames.origin({"t": list("abcde")}, {"t": value}, 1) == {"t": list("abde")}


def test_spans_that_did_not_change_are_not_kept_with_each_step():
    source = "name: n\ntasks: [{id: t, type: spans, labels: [a]}, {id: s, type: choice, labels: [x, y]}]\n"
    before, now = (Work({"s": one}, {"s": "manual"}, {"t": (Span(0, 4, "old"),)}) for one in "xy")
    session = begin(project(source), Item("k", "some text"))
    session = session.change(before).change(now)
    again = begin(session.project, session.item, draft=draft_of(session), names={"t": {"old": "a"}})

    assert again.past[-1] == before.renamed({"t": {"old": "a"}})
    assert "spans" not in difference(again.past[-1], again.work)
