"""What the dashboard knows, without its screen."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from helpers import SENTIMENT, write_project

from tui_label import config
from tui_label.bench.dashboard import COUNTED, Following, activity, outlook
from tui_label.core.annotation import Annotation, Flag, Timing
from tui_label.core.gold import Gold
from tui_label.core.item import Item
from tui_label.core.record import Record
from tui_label.core.timing import DAY_MS, HOUR_MS
from tui_label.errors import StoreMissing
from tui_label.projects import opening
from tui_label.report import status_report
from tui_label.report.status_report import headline
from tui_label.store.base import Progress

NOW = datetime(2026, 3, 31, 12, tzinfo=UTC)
NOW_MS = round(NOW.timestamp() * 1000)
LABELS = ("positive", "neutral", "negative")


def said(number: int, annotator: str, label: str, days_ago: float, *flags: str, active_ms: int = 3000) -> Record:
    at = (NOW - timedelta(days=days_ago)).isoformat().replace("+00:00", "Z")
    return Record(
        Item(f"i{number}", f"Text {number}"),
        annotation=Annotation(
            annotator,
            answers={"sentiment": label},
            flags=tuple(map(Flag, flags)),
            timing=Timing(active_ms),
            submitted_at=at,
        ),
    )


def project_of(folder: Path, *records: Record, overlap: int = 2) -> Following:
    source = SENTIMENT.replace("name: tweets", f"name: tweets\noverlap: {overlap}\nreview: {{judge-from: 5}}")
    project = config.load(write_project(folder, source))
    store, _ = opening.open_store(project)
    store.add(records)
    store.close()
    return Following(project, lambda: NOW.timestamp())


def test_a_glance_and_what_is_next(tmp_path):
    pairs = [(n, name, LABELS[(n + (name == "bob" and n < 4)) % 3]) for n in range(10) for name in ("ann", "bob")]
    following = project_of(
        tmp_path, *(said(n, name, label, 1, *(["ambiguous"] if n == 9 else [])) for n, name, label in pairs)
    )
    glance = following.look()

    assert (glance.progress.done, glance.progress.items, glance.progress.answers) == (10, 10, 20)
    assert [(one.annotator, one.answers) for one in glance.people] == [("ann", 10), ("bob", 10)]
    assert [(queue.name, waiting) for queue, waiting in glance.queues[:2]] == [("flagged", 1), ("disagreements", 4)]
    assert glance.activity.unit == "hour"


def test_a_second_look_sees_only_what_is_new_and_says_the_same_as_status(tmp_path):
    following = project_of(tmp_path, *(said(n, "ann", LABELS[n % 3], 1) for n in range(6)))
    first = following.look()
    store, _ = opening.open_store(following.project)
    claim = store.claim("bob")
    while claim is not None:
        claim = store.submit(claim.number, said(0, "bob", "neutral", 0).annotation, f"s{claim.number}")
    store.reopen("bob")
    second = following.look()

    assert [one.annotator for one in first.people] == ["ann"]
    assert [(one.annotator, one.answers, one.undone) for one in second.people] == [("ann", 6, 0), ("bob", 5, 1)]
    assert status_report.figures(
        following.project, second.progress, second.people, second.sent_back, second.used_up, second.questions
    ) == status_report.status(following.project, store)


def test_agreement_now_and_a_week_ago(tmp_path):
    old = [said(n, name, LABELS[n % 3], 10) for n in range(12) for name in ("ann", "bob")]
    new = [said(100 + n, name, LABELS[(n + (name == "bob")) % 3], 1) for n in range(12) for name in ("ann", "bob")]
    following = project_of(tmp_path, *old, *new)
    assert following.is_due()
    measured = following.measure()

    now, before = headline(measured.now.tasks[0].figures), headline(measured.before.tasks[0].figures)
    assert now is not None and before is not None and before.value == pytest.approx(1)
    assert now.value is not None and now.value < 0.5
    assert not following.is_due()


def test_a_database_that_goes_away_and_another_in_its_place(tmp_path):
    following = project_of(tmp_path / "p", said(1, "ann", "neutral", 1))
    other = project_of(tmp_path / "q", said(1, "eve", "neutral", 1))
    following.look()
    path = following.project.database
    path.rename(tmp_path / "away.db")

    with pytest.raises(StoreMissing, match="gone"):
        following.look()
    for leftover in path.parent.glob("project.db-*"):
        leftover.unlink()
    other.project.database.rename(path)
    assert [one.annotator for one in following.look().people] == ["eve"]


def test_answers_by_the_hour_at_first_and_by_the_day_later():
    hours = activity(np.array([NOW_MS - 1, NOW_MS - HOUR_MS - 1, NOW_MS - HOUR_MS - 2]), NOW_MS)
    days = activity(np.array([NOW_MS - 1, NOW_MS - 3 * DAY_MS - 1]), NOW_MS)

    assert (hours.unit, len(hours.counts), hours.counts[-3:]) == ("hour", 24, (0, 2, 1))
    assert (days.unit, len(days.counts), days.counts[-5:]) == ("day", 28, (0, 1, 0, 0, 1))


def test_when_it_is_done_at_the_pace_of_the_last_seven_days(tmp_path):
    following = project_of(tmp_path, *(said(n, "ann", "neutral", 2 + n / 100) for n in range(20)), overlap=1)
    glance = following.look()
    worked = np.array([NOW_MS - 2 * DAY_MS] * 19 + [NOW_MS - 4 * DAY_MS])
    found = outlook(following.project, Progress(100, 20, 20), glance.people, worked, NOW_MS)

    assert found is not None and found.done_at is not None
    assert (found.done_at, found.work_ms) == (NOW + timedelta(days=16), 80 * 3000)
    assert outlook(following.project, Progress(100, 20, 20), glance.people, worked[:4], NOW_MS) is None
    done = outlook(following.project, Progress(20, 20, 20), glance.people, worked, NOW_MS)
    assert done is not None and done.done_at is None


def test_answers_to_known_items_are_no_part_of_what_is_left(tmp_path):
    following = project_of(tmp_path, *(said(n, "ann", "neutral", 1) for n in range(10)))
    store, _ = opening.open_store(following.project)
    gold = Gold("lea", {"sentiment": "neutral"})
    store.add(Record(Item(f"g{n}", f"Known {n}"), gold=gold, probe="check") for n in range(8))
    store.add(Record(Item(f"g{n}", f"Known {n}"), annotation=said(0, "ann", "neutral", 1).annotation) for n in range(8))
    glance = following.look()

    assert (glance.progress.items, glance.progress.answers, glance.progress.checked) == (10, 18, 8)
    assert glance.outlook is not None
    assert glance.outlook.work_ms == 10 * 3000, "one of two answers is missing of each item"


def test_nothing_is_foretold_from_answers_that_were_brought_in(tmp_path):
    following = project_of(tmp_path, *(said(n, "ann", "neutral", 1, active_ms=0) for n in range(20)))

    assert following.look().outlook is None
    assert max(following.look().activity.counts) == 0


def test_new_names_of_labels_are_taken_up(tmp_path):
    following = project_of(tmp_path, said(1, "ann", "neutral", 1))
    following.look()
    source = following.project.source.replace("neutral", "{value: so-so, was: neutral}")
    renamed = config.load(write_project(tmp_path, source))
    opening.open_store(renamed)[0].close()

    assert following.look().people[0].labels == {"sentiment": {"so-so": 1}}


def test_questions_that_came_and_what_else_changed_is_followed(tmp_path):
    same = [said(n, name, LABELS[n % 3], 10) for n in range(9) for name in ("ann", "bob")]
    following = project_of(tmp_path, *same)
    following.look()
    assert [task.task for task in following.measure().before.tasks] == ["sentiment"]
    source = following.project.source.replace("overlap: 2", "overlap: 3")
    write_project(tmp_path, source + "  - {id: irony, type: choice, labels: [ja, nein]}\n")
    store, _ = opening.open_store(config.load(tmp_path))
    store.add(
        replace(one, annotation=replace(one.annotation, answers={"sentiment": "neutral", "irony": "ja"}))
        for one in (said(100, name, "", 1) for name in ("ann", "bob"))
    )
    glance, measured = following.look(), following.measure()

    assert [dict(one.labels["irony"]) for one in glance.people] == [{"ja": 1}, {"ja": 1}]
    assert following.project.overlap == 3
    assert [task.task for task in measured.now.tasks] == ["sentiment", "irony"]
    assert [task.task for task in measured.before.tasks] == ["sentiment", "irony"]


def test_a_look_at_many_answers_is_quick(tmp_path):
    """The bar is 200 ms at 100,000 items and three annotators; a twentieth of that here, with room for a slow machine."""
    records = [said(n, name, LABELS[n % 3], n / 1000) for n in range(5_000) for name in ("ann", "bob", "eve")]
    following = project_of(tmp_path, *records, overlap=3)
    following.look()
    store, _ = opening.open_store(following.project)
    spent = []
    for turn in range(5):
        answer = replace(said(0, "ann", "neutral", 0).annotation, answers={"sentiment": LABELS[turn % 3]})
        store.submit(turn + 1, answer, f"s{turn}", claim=False)
        begun = time.thread_time()
        glance = following.look()
        spent.append(time.thread_time() - begun)

    assert glance.people[0].corrections == 5 and all(waiting <= COUNTED for _, waiting in glance.queues)
    assert min(spent) < 0.2, spent
