"""The dashboard under Textual's pilot, and what `status --follow` prints where there is no terminal."""

from __future__ import annotations

import asyncio
import re
import sqlite3
import subprocess
import sys
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from helpers import SENTIMENT, write_project
from piloting import resized

from tui_label import Project, Suggestion, config
from tui_label.bench.dashboard import Activity, Following, Outlook
from tui_label.core.annotation import Annotation, Flag, Timing
from tui_label.core.comments import Comment
from tui_label.core.item import Item
from tui_label.core.record import Record
from tui_label.projects import opening
from tui_label.store.reviewing import Queue
from tui_label.store.sqlite import connection
from tui_label.ui import dashboard as module
from tui_label.ui import sheet
from tui_label.ui.canvas import cells
from tui_label.ui.dashboard import Dashboard
from tui_label.ui.views.bars import sparkline
from tui_label.ui.views.dashboard import Shown, dashboard

SIZES = [(60, 16), (80, 24), (120, 36), (200, 60)]


def said(number: int, annotator: str, label: str, active_ms: int = 3000, flag: str = "") -> Record:
    at = (datetime.now(UTC) - timedelta(hours=3)).isoformat().replace("+00:00", "Z")
    flags = (Flag(flag),) if flag else ()
    annotation = Annotation(
        annotator, "submitted", {"sentiment": label}, flags, timing=Timing(active_ms), submitted_at=at
    )
    return Record(Item(f"i{number}", f"Text {number}"), annotation=annotation)


def follow(folder: Path, *names: str, many: int = 30) -> Following:
    project = config.load(write_project(folder, SENTIMENT.replace("name: tweets", "name: tweets\noverlap: 2")))
    store, _ = opening.open_store(project)
    labels = ("positive", "neutral", "negative")
    store.add(
        said(n, name, labels[(n + (place and n % 5 == 0)) % 3], flag="ambiguous" if n == 7 else "")
        for n in range(many)
        for place, name in enumerate(names)
    )
    store.close()
    return Following(project)


def shown(app: Dashboard) -> list[str]:
    return ["".join(text for text, _ in row).rstrip() for row in app.sheet._rows]


async def until(app: Dashboard, words: str) -> None:
    for _ in range(500):
        if any(words in row for row in shown(app)):
            return
        await asyncio.sleep(0.01)
    raise AssertionError(f"never saw {words!r}:\n" + "\n".join(shown(app)))


def test_what_was_sent_back_is_not_done_yet(tmp_path):
    following = follow(tmp_path, "ann", "bob")
    store, _ = opening.open_store(following.project)
    store.send_back(1, ["ann", "bob"], Comment("lea", "Look again."))
    rows = dashboard(Shown("tweets", following.look()), 80, 24)

    row = "".join(text for text, _ in rows[2])
    assert row.rstrip().endswith("60 answers, 2 sent back")


async def test_the_four_blocks_at_80_by_24(tmp_path):
    app = Dashboard(follow(tmp_path, "ann", "bob"))
    async with app.run_test(size=(80, 24)):
        await until(app, "just now")
        screen = shown(app)

    assert screen[0].startswith(" tweets  ·  dashboard")
    assert screen[2].startswith(" 30 of 30 done  100.0%  60 answers") and screen[2].endswith("all done")
    assert screen[5].split() == ["agreement", "value", "95", "%", "interval", "week", "ago"]
    assert screen[6].split()[:2] == ["sentiment", "alpha"]
    assert [row.split()[0] for row in screen[7:10]] == ["positive", "neutral", "negative"]
    assert screen[11].split() == [
        "answers",
        "an",
        "hour",
        "median",
        "s",
        "idle",
        "flags",
        "fast",
        "runs",
        "repeats",
        "known",
        "people",
    ]
    assert screen[12].split() == ["30", "1,200", "3.0", "0%", "1", "0", "–", "–", "ann"]
    assert screen[21].startswith(" next   1 flagged 1     2 disagreements 6")
    assert screen[23].startswith(" 1 2") and "q leave" in screen[23]


@pytest.mark.parametrize("size", SIZES)
async def test_every_row_fits_and_columns_stand_under_their_heads(tmp_path, size):
    app = Dashboard(follow(tmp_path, "ann", "日本 \x1b[2J\u202e", *(f"person-{n}" for n in range(30)), many=25))
    async with app.run_test(size=size) as pilot:
        await until(app, "just now" if size[0] > 60 else "next")
        await pilot.press("down", "down", "pagedown", "up")
        rows = app.sheet._rows
        screen = shown(app)

    assert len(rows) == size[1]
    assert all(cells(row) <= size[0] for row in rows)
    assert not any("\x1b" in row or "\u202e" in row for row in screen)
    head = next(row for row in screen if row.startswith(" answers"))
    people = [row for row in screen if "person-" in row]
    assert people and all(row.index("person-") == head.index("people") for row in people)
    assert all(row[: head.index("people")].rstrip()[-1] != " " for row in people)


def test_on_the_narrowest_screen_nothing_is_cut(tmp_path):
    glance = replace(
        follow(tmp_path, "ann", "bob").look(),
        queues=tuple((Queue(name), 16) for name in ("flagged", "disagreements", "fast")),
        outlook=Outlook(None, work_ms=3_600_000),
        activity=Activity("hour", (3,) * 24),
    )
    rows = ["".join(text for text, _ in row) for row in dashboard(Shown("tweets", glance), 60, 16)]

    assert "█ answers an hour  " in rows[3] and rows[3].endswith(" 1.0 h of work left ")
    assert rows[-3].endswith("3 fast 16")


async def test_on_the_narrowest_screen_labels_have_their_names(tmp_path):
    app = Dashboard(follow(tmp_path, "ann", "bob"))
    async with app.run_test(size=(60, 20)):
        await until(app, "just now")
        screen = shown(app)

    assert screen[5].split() == ["agreement", "value", "95", "%", "interval"]
    assert [row.split()[0] for row in screen[7:10]] == ["positive", "neutral", "negative"]


async def test_a_key_leads_to_its_queue(tmp_path):
    app = Dashboard(follow(tmp_path, "ann", "bob"))
    async with app.run_test(size=(80, 24)) as pilot:
        await until(app, "disagreements")
        await pilot.press("9")
        assert app.chosen is None
        await pilot.press("2")

    assert (app.chosen.name, app.return_value) == ("disagreements", 0)


@pytest.mark.parametrize("key", ["q", "ctrl+q"])
async def test_leaving_waits_for_nothing(tmp_path, key):
    app = Dashboard(follow(tmp_path, "ann"))
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press(key)

    assert not app.is_running and (app.return_value or 0, app.chosen) == (0, None)


async def test_arrows_do_nothing_where_the_screen_is_too_small(tmp_path):
    app = Dashboard(follow(tmp_path, "ann", "bob"))
    async with app.run_test(size=(80, 24)) as pilot:
        await until(app, "just now")
        await resized(pilot, 40, 12)
        await until(app, "needs 60×16")
        await pilot.press("down")
        assert app._shown.top == 0


async def test_what_is_new_appears_and_only_rows_that_changed_are_sent(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "EVERY_S", 0.05)
    began = time.time()
    following = follow(tmp_path, "ann", "bob")
    # The header has the minute, which shall not turn meanwhile
    following._clock = lambda: began - began % 60 + 60 + (time.time() - began)
    app = Dashboard(following)
    async with app.run_test(size=(80, 24)):
        await until(app, "just now")
        before = shown(app)
        sent: list[int] = []
        rows_of = re.compile("\x1b\\[([0-9]+);[0-9]+H").findall
        monkeypatch.setattr(sheet, "paint", lambda _, runs: sent.extend(int(row) - 1 for row in rows_of(runs)))
        await asyncio.sleep(0.3)
        assert sent == []
        store, _ = opening.open_store(following.project)
        store.add([said(100, "eve", "neutral")])
        await until(app, "eve")
        changed = [n for n, (old, new) in enumerate(zip(before, shown(app), strict=True)) if old != new]

    assert sent
    assert set(sent) <= {*changed, 0, 2, 3} and 5 not in sent


async def test_a_database_that_cannot_be_read_is_a_word_on_the_screen(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "EVERY_S", 0.05)
    monkeypatch.setattr(connection, "BUSY_S", 0.05)
    following = follow(tmp_path, "ann", "bob")
    app = Dashboard(following)
    path = following.project.database
    async with app.run_test(size=(120, 24)):
        await until(app, "just now")
        path.rename(tmp_path / "away.db")
        await until(app, "the database is gone")
        assert any("30 of 30" in row for row in shown(app))
        (tmp_path / "away.db").rename(path)
        await until(app, "────")
        for _ in range(200):
            if not any("gone" in row for row in shown(app)):
                break
            await asyncio.sleep(0.01)
        assert not any("gone" in row for row in shown(app))


async def test_a_locked_database_is_a_word_too(tmp_path, monkeypatch):
    monkeypatch.setattr(connection, "BUSY_S", 0.05)
    following = follow(tmp_path, "ann")
    lock = sqlite3.connect(following.project.database, isolation_level=None)
    lock.execute("PRAGMA journal_mode = DELETE")
    lock.execute("BEGIN EXCLUSIVE")
    app = Dashboard(following)
    async with app.run_test(size=(120, 24)):
        await until(app, "another program has held")
    lock.execute("ROLLBACK")


async def test_an_empty_project(tmp_path):
    app = Dashboard(Following(config.load(write_project(tmp_path))))
    opening.open_store(app._following.project)[0].close()
    async with app.run_test(size=(80, 24)):
        await until(app, "just now")
        screen = shown(app)

    assert screen[2].startswith(" 0 of 0 done")
    assert any("nothing waits for a reviewer" in row for row in screen)


def test_a_screen_too_small_says_what_it_needs_and_how_to_leave():
    rows = dashboard(Shown("tweets"), 50, 12)

    assert len(rows) == 12 and any("needs 60×16, has 50×12" in text for row in rows for text, _ in row)
    assert any("q leaves" in text for row in rows for text, _ in row)


@pytest.mark.parametrize(("height", "scrolls"), [(18, True), (40, False)])
def test_arrows_are_named_where_there_is_something_to_scroll(tmp_path, height, scrolls):
    glance = follow(tmp_path, *(f"name{n}" for n in range(12)), many=2).look()
    legend = "".join(text for text, _ in dashboard(Shown("p", glance), 80, height)[-1])

    assert ("↑ ↓ scroll" in legend) == scrolls


def test_bars_grow_with_the_counts():
    assert sparkline((0, 1, 4, 0.0, 8)) == [("·", "faint"), ("▁▄", "accent"), ("·", "faint"), ("█", "accent")]
    assert sparkline((1, 1000)) == [("▁█", "accent")]
    assert sparkline((0, 0)) == [("··", "faint")]


def test_where_there_is_no_terminal_the_lines_come_again_when_they_change(tmp_path):
    following = follow(tmp_path, "ann")
    command = [sys.executable, "-m", "tui_label", "status", str(tmp_path), "--follow"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        first = process.stdout.readline()
        store, _ = opening.open_store(following.project)
        store.add([replace(said(n, "bob", "neutral")) for n in range(30)])
        lines = iter(process.stdout.readline, "")
        second = next(line for line in lines if line.startswith("tweets"))
        process.terminate()

    assert first == "tweets: 0 of 30 items done (0%)\n"
    assert second == "tweets: 30 of 30 items done (100%)\n"


def suggesting(folder: Path) -> Following:
    """Two people answer what a word list suggests; it is right about half of the time, and held back for it."""
    source = SENTIMENT.replace("name: tweets", "name: tweets\nsuggestions: {hold-below: 60%, hold-from: 4}")
    with Project.open(write_project(folder, source)) as project:
        suggested = [Suggestion("sentiment", "positive", source="words")]
        project.add(Record(Item(f"i{n}", f"Text {n}"), tuple(suggested)) for n in range(4))
        for n in range(4):
            claim = project.store.claim("ann")
            (one,) = claim.suggestions
            said = "positive" if n % 2 else "negative"
            decisions = {one.number: "accepted" if n % 2 else "rejected"}
            given = Annotation("ann", answers={"sentiment": said}, decisions=decisions)
            project.store.submit(claim.number, given, f"s{n}", claim=False)
        return Following(project.settings)


async def test_sources_of_suggestions_have_a_block_of_their_own(tmp_path):
    app = Dashboard(suggesting(tmp_path))
    async with app.run_test(size=(80, 24)):
        await until(app, "words")
        screen = shown(app)

    (at,) = [n for n, row in enumerate(screen) if row.endswith("suggestions")]
    assert screen[at].split() == ["shown", "accepted", "rejected", "precision", "recall", "suggestions"]
    assert screen[at + 1].split() == ["4", "2", "2", "50%", "50%", "words", "held", "back", "sentiment"]


@pytest.mark.parametrize("size", SIZES)
def test_the_block_keeps_to_the_screen(tmp_path, size):
    following = suggesting(tmp_path)
    measured = following.measure()
    sources = [{**measured.sources[0], "source": f"source {n} " + "x" * 60} for n in range(30)]
    rows = dashboard(Shown("tweets", following.look(), replace(measured, sources=sources)), *size)

    assert len(rows) == size[1]
    assert all(cells(row) <= size[0] for row in rows)


@pytest.mark.parametrize("width", [80, 120])
def test_names_have_room_before_figures_that_can_be_missed(tmp_path, width):
    name = "anna.lindqvist@here"
    following = follow(tmp_path, name, "bob")
    rows = ["".join(text for text, _ in row) for row in dashboard(Shown("tweets", following.look()), width, 24)]

    assert any(row.endswith(f"  {name}") for row in rows)
    assert any("fast runs" in row and "idle" in row for row in rows)


def test_a_label_that_is_cut_ends_before_the_next_column(tmp_path):
    following = follow(tmp_path, "ann", "bob")
    measured = following.measure()
    (task,) = measured.now.tasks
    (first, *_) = task.labels
    long = first._replace(names=("a label so long that it cannot stand beside anything",))
    agreement = replace(measured.now, tasks=(replace(task, labels=(long,)),))
    rows = dashboard(Shown("tweets", following.look(), replace(measured, now=agreement)), 80, 24)
    row = next(text for text in ("".join(text for text, _ in row) for row in rows) if "a label" in text)

    assert re.match(r"   a label so long that it ca… on the label ", row), row
