"""What a changed project.yaml does to answers that were given before."""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping, Sequence
from itertools import permutations
from pathlib import Path

import pytest
from helpers import make_pipe, records

from tui_label import check, config
from tui_label.core.annotation import Annotation
from tui_label.core.gold import Gold
from tui_label.core.item import Item
from tui_label.core.record import Record
from tui_label.core.roles import Person, Role
from tui_label.errors import ConfigError
from tui_label.projects import opening
from tui_label.store.base import Store, Versions
from tui_label.store.reviewing import Queue
from tui_label.store.sql import SqlStore

SOURCE = "name: p\ntasks:\n  - {id: t, type: choice, labels: [%s]}\n"


def opened(folder: Path, labels: str, source: str = SOURCE) -> Store:
    (folder / "project.yaml").write_text(source % labels)
    return opening.open_store(config.load(folder))[0]


@pytest.fixture
def folder(tmp_path) -> Path:
    """A project with one answer, `a`."""
    store = opened(tmp_path, "a, b")
    store.add(records(3))
    answer(store, "a")
    return tmp_path


def answer(store: Store, label: str) -> None:
    said = Annotation("ann", answers={"t": label}, labels_version=store.versions().labels)
    store.submit(store.claim("ann").number, said, label + str(store.versions().labels))
    store.close()


def answers(store: Store) -> list[str]:
    found = [one.answers["t"] for _, one in store.answers()]
    store.close()
    return found


def test_names_that_were_swapped_are_swapped_once(folder):
    swapped = "{value: b, was: a}, {value: a, was: b}"

    assert answers(opened(folder, swapped)) == ["b"]
    assert answers(opened(folder, swapped + ", c")) == ["b"]


def test_a_name_that_is_used_again_keeps_its_new_answers(folder):
    opened(folder, "{value: new, was: a}, b").close()
    answer(opened(folder, "new, a, b"), "a")

    assert answers(opened(folder, "new, a, b, c")) == ["new", "a"]
    assert answers(opened(folder, "{value: new, was: a}, b, c")) == ["new", "new"]


def test_a_label_can_be_added_renamed_and_taken_back_without_a_look_at_the_answers(folder, monkeypatch):
    """There may be millions."""
    monkeypatch.setattr(SqlStore, "labels_in_use", lambda _: pytest.fail("looked"))
    for labels in (
        "a, b, c",
        "{value: new, was: a}, b, c",
        "{value: new, was: a}, {value: c, key: x}, {value: d, was: b}",
    ):
        opened(folder, labels).close()

    assert answers(SqlStore(folder / "project.db")) == ["new"]


def test_a_label_may_go_where_nobody_gave_it(folder):
    opened(folder, "a").close()

    with pytest.raises(ConfigError, match="label 'a' has 1 answer and is gone"):
        opened(folder, "b")
    assert answers(opened(folder, "a, b")) == ["a"]


def test_a_task_that_comes_back_with_less_is_refused(folder):
    opened(folder, "x, y", SOURCE.replace("id: t", "id: other")).close()

    with pytest.raises(ConfigError, match="label 'a' has 1 answer and is gone"):
        opened(folder, "b")


def test_a_label_that_goes_into_another_is_found_under_that_and_counts_as_agreement(folder):
    store = opened(folder, "a, b", SOURCE + "overlap: 2\n")
    store.submit(store.claim("bob").number, Annotation("bob", answers={"t": "b"}, labels_version=1), "bob")
    assert [row[0] for row in store._connection.read("SELECT agreement FROM item WHERE done = 2")] == [0.0]
    store.close()
    store = opened(folder, "{value: b, was: a}", SOURCE + "overlap: 2\n")

    assert [row[0] for row in store._connection.read("SELECT agreement FROM item WHERE done = 2")] == [1.0]
    assert {row[0] for row in store._connection.read("SELECT labels FROM assignment WHERE state = 'done'")} == {
        "\nt\t\nt\tb\n"
    }


def test_an_answer_under_a_label_that_went_while_somebody_was_at_work_is_seen_by_check(folder):
    at_work = SqlStore(folder / "project.db")
    opened(folder, "a, c").close()
    answer(at_work, "b")

    assert [words for good, words in check(folder) if not good] == [
        "project.yaml: t: label 'b' has 1 answer and is gone; put it back, or say which label takes them over with `was: b`"
    ]
    assert answers(opened(folder, "a, {value: c, was: b}")) == ["a", "c"]


@pytest.mark.skipif(sys.platform != "linux", reason="/proc tells what is open")
def test_a_project_that_is_refused_leaves_no_file_open(folder):
    answer(opened(folder, "a, b"), "b")
    before = len(list(Path("/proc/self/fd").iterdir()))
    for _ in range(10):
        with pytest.raises(ConfigError, match="is gone; put it back"):
            opened(folder, "a, c")

    assert len(list(Path("/proc/self/fd").iterdir())) <= before


def test_guidelines_that_are_away_for_a_moment_are_no_new_version(folder):
    guidelines = folder / "guidelines.md"
    guidelines.write_text("# How to decide\n")
    opened(folder, "a, b").close()
    guidelines.rename(folder / "elsewhere.md")
    with pytest.raises(ConfigError, match=r"guidelines\.md: was there, and is gone; put it back, or an empty file"):
        opened(folder, "a, b")
    assert any(not well and "is gone" in line for well, line in check(folder))

    (folder / "elsewhere.md").rename(guidelines)
    assert opened(folder, "a, b").versions().guidelines == 2
    guidelines.write_text("")
    assert opened(folder, "a, b").versions().guidelines == 3


@pytest.mark.parametrize(("make", "words"), [(Path.mkdir, "Is a directory"), (make_pipe, "is a pipe, not a file")])
def test_guidelines_that_cannot_be_read_are_said(folder, make, words):
    make(folder / "guidelines.md")
    with pytest.raises(ConfigError, match=rf"guidelines\.md: {words}; the guidelines are to be there"):
        opened(folder, "a, b")


def test_guidelines_in_another_encoding_are_no_new_version(folder):
    """Everybody would be told of words with holes in them."""
    guidelines = folder / "guidelines.md"
    guidelines.write_text("# Für und wider\n\n## a\n", encoding="utf-8")
    before = opened(folder, "a, b").versions()
    for coding, line, byte in (("latin-1", 1, 3), ("utf-16", 1, 0)):
        guidelines.write_text("# Für und wider\n\n## b\n", encoding=coding)
        with pytest.raises(
            ConfigError, match=rf"guidelines\.md:{line}: not UTF-8 at byte {byte}; save the file as UTF-8"
        ):
            opened(folder, "a, b")
        assert any(not well and "guidelines.md:1: not UTF-8" in line for well, line in check(folder))
    guidelines.write_text("# Für und wider\r\n\r\n## a\r\n", encoding="utf-8-sig", newline="")

    assert opened(folder, "a, b").versions() == before, "a mark and other line ends are the same words"


def test_guidelines_that_are_named_are_there(folder):
    with pytest.raises(ConfigError, match=r"rules\.md: No such file or directory; the guidelines are to be there"):
        opened(folder, "a, b", SOURCE + "guidelines: rules.md\n")


def test_edits_take_effect_while_people_work_once_nobody_edits_any_more(folder):
    project = config.load(folder)
    store, before = opening.open_store(project)
    now = time.time()
    edits = opening.Edits(project, Person("ann", Role.LEAD), lambda: now)
    edits()
    (folder / "project.yaml").write_text(SOURCE % "a, b, c")
    (folder / "guidelines.md").write_text("# A or b\n")
    edits()
    assert store.versions() == before, "somebody may be at it still"
    now += opening.SETTLED_S + 1
    edits()
    assert store.versions() == Versions(before.labels + 1, before.guidelines + 1)
    (folder / "project.yaml").write_text("tasks: [")
    now += opening.SETTLED_S + 1
    edits()
    assert store.versions() == Versions(before.labels + 1, before.guidelines + 1), "nonsense changes nothing"
    (folder / "project.yaml").unlink()
    edits()
    store.close()


TYPES = {
    "choice": ("{id: t, type: choice, labels: [a, b]}", "a"),
    "choices": ("{id: t, type: choices, labels: [a, b]}", ["a"]),
    "spans": ("{id: t, type: spans, labels: [a, b]}", [{"start": 0, "end": 4, "label": "a"}]),
    "rating": ("{id: t, type: rating}", 3),
    "text": ("{id: t, type: text}", "a"),
}


def asking(folder: Path, kind: str, id: str = "t") -> Store:
    return opened(folder, TYPES[kind][0].replace("id: t", f"id: {id}"), "name: p\ntasks:\n  - %s\n")


@pytest.mark.parametrize(("before", "now"), list(permutations(TYPES, 2)))
def test_a_question_that_has_answers_keeps_its_type(tmp_path, before, now):
    store = asking(tmp_path, before)
    store.add(records(3))
    asking(tmp_path, now).close()
    store.submit(store.claim("ann").number, Annotation("ann", answers={"t": TYPES[now][1]}, labels_version=2), "1")
    store.close()

    words = f"t: was {now} and has 1 answer, and is {before} now; put the type back, or give the question a new id"
    with pytest.raises(ConfigError, match=words):
        asking(tmp_path, before)
    assert [line for well, line in check(tmp_path) if not well] == [f"project.yaml: {words}"]
    asking(tmp_path, before, "other").close()


def rate(store: Store, annotator: str, step: int) -> None:
    store.submit(store.claim(annotator).number, Annotation(annotator, answers={"t": step}, labels_version=1), annotator)


def test_a_scale_keeps_the_steps_that_were_given(tmp_path):
    scale = "name: p\ntasks: [{id: t, type: rating, min: %s}]\n"
    store = opened(tmp_path, "1, max: 5", scale)
    store.add(records(3))
    at_work = SqlStore(tmp_path / "project.db")
    rate(store, "ann", 4)
    store.close()
    opened(tmp_path, "2, max: 4", scale).close()
    words = "t: 1 answer beyond its scale of 2 to 3; put those steps back, or give the question a new id"
    with pytest.raises(ConfigError, match=words):
        opened(tmp_path, "2, max: 3", scale)
    opened(tmp_path, "0, max: 9", scale.replace("id: t", "id: other")).close()
    with pytest.raises(ConfigError, match="t: 1 answer beyond its scale of 5 to 9"):
        opened(tmp_path, "5, max: 9", scale)
    opened(tmp_path, "2, max: 4", scale).close()
    rate(at_work, "bob", 5)
    at_work.close()

    assert [line for well, line in check(tmp_path) if not well] == [
        "project.yaml: t: 1 answer beyond its scale of 2 to 4; put those steps back, or give the question a new id"
    ]


def test_items_are_of_one_kind_for_good(tmp_path):
    opened(tmp_path, "a", SOURCE + "items: sound\n").close()
    opened(tmp_path, "a").close()
    store = opened(tmp_path, "a")
    store.add(records(1))
    store.close()

    with pytest.raises(ConfigError, match="items: is sound, and texts are in the project; put it back"):
        opened(tmp_path, "a", SOURCE + "items: sound\n")


def test_a_question_that_has_known_answers_keeps_its_type(tmp_path):
    store = asking(tmp_path, "choice")
    store.add(records(3))
    store.settle(1, Gold("lea", {"t": "a"}, labels_version=1), "1")
    store.close()

    with pytest.raises(ConfigError, match="t: was choice and has 1 answer, and is text now"):
        asking(tmp_path, "text")


def test_a_question_that_has_drafts_alone_may_change_its_type(tmp_path):
    """They are no answers, nobody but who made them could take them back, and they are laid without what they said."""
    store = asking(tmp_path, "choice")
    store.add(records(1))
    store.save_draft("ann", store.claim("ann").number, '{"answers": {"t": "a"}}')
    store.close()
    asking(tmp_path, "spans").close()

    assert [words for good, words in check(tmp_path) if not good] == []


def test_a_question_that_comes_back_as_another_type_is_refused(folder):
    opened(folder, "x, y", SOURCE.replace("id: t", "id: other")).close()

    with pytest.raises(ConfigError, match="t: is rating, and 1 answer is of another type; put the type back"):
        asking(folder, "rating")


def test_an_answer_of_a_type_that_went_while_somebody_was_at_work_is_seen_by_check(tmp_path):
    asking(tmp_path, "choice").close()
    at_work = SqlStore(tmp_path / "project.db")
    at_work.add(records(1))
    asking(tmp_path, "rating").close()
    answer(at_work, "a")

    assert [words for good, words in check(tmp_path) if not good] == [
        "project.yaml: t: is rating, and 1 answer is of another type; put the type back, or give the question a new id"
    ]


ONE = "name: p\noverlap: 2\ntasks:\n  - {id: t, type: choice, labels: [%s]}\n"
TWO = ONE + "  - {id: u, type: choice, labels: [yes!, no!]}\n"
SAME, OTHER = ({"t": "a"}, {"t": "a"}), ({"t": "a"}, {"t": "b"})
OTHER_U = {"t": "a", "u": "yes!"}, {"t": "a", "u": "no!"}


def give(store: Store, said: Sequence[Mapping[str, str]]) -> None:
    """The next item gets these answers of ann and bob."""
    for name, answers in zip(("ann", "bob"), said, strict=True):
        number = store.claim(name).number
        store.submit(number, Annotation(name, answers=answers), f"{name} {number}", claim=False)


def differ(store: Store, queue: str = "disagreements") -> list[int]:
    """The numbers of the items in a queue."""
    found, case = [], store.next_case(Queue(queue), "lea")
    while case is not None:
        found.append(case.number)
        case = store.next_case(Queue(queue), "lea", case.mark)
    return found


def test_a_question_that_comes_while_people_work_is_compared_in_every_terminal(tmp_path):
    at_work = opened(tmp_path, "a, b", ONE)
    at_work.add(records(3))
    give(at_work, SAME)
    with_it = opened(tmp_path, "a, b", TWO)
    give(at_work, OTHER_U)

    assert differ(with_it) == [2]
    give(opening.connected_again(config.load(tmp_path)), OTHER_U)
    assert differ(at_work) == [2, 3]


def test_what_differs_in_a_question_that_is_gone_does_not_differ_until_it_is_back(tmp_path):
    store = opened(tmp_path, "a, b", TWO)
    store.add(records(4))
    for said in (OTHER_U, OTHER, SAME, OTHER_U):
        give(store, said)
    store.settle(4, Gold("lea", {"t": "a", "u": "yes!"}), "g")
    assert differ(store) == [2, 1]
    assert differ(store, "corrected") == [4]

    without = opened(tmp_path, "a, b", ONE)
    assert differ(without) == [2]
    assert differ(without, "corrected") == []
    back = opened(tmp_path, "a, b", TWO)
    assert differ(back) == [2, 1]
    assert differ(back, "corrected") == [4]


def test_who_follows_a_project_compares_answers_as_reviewers_do(tmp_path):
    """A login that annotates alone on a server leaves it to whoever comes next, who may be following."""
    source = "name: p\noverlap: 2\ntasks:\n  - {id: t, type: choices, labels: [%s]}\n"
    opened(tmp_path, "a, b", source).close()
    following = opening.connected_again(config.load(tmp_path))
    following.add(
        Record(Item("i", "text"), annotation=Annotation(name, answers={"t": said}))
        for name, said in (("ann", ["a", "b"]), ("bob", ["b", "a"]))
    )

    assert following.left_in(Queue("disagreements")) == 0
