"""What hands do by mistake on the screen of a sound, and that every command reaches something."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from pathlib import Path

import pytest
from helpers import BOTH, ENTITIES, write_project
from piloting import struck
from screens import CALLS, EVENTS, TURNS, answers, make, shown, tones, until
from textual.events import MouseDown, MouseUp, Paste

from tui_label import config
from tui_label.bench import unsaved
from tui_label.bench.workbench import Workbench
from tui_label.core.commands import COMMANDS
from tui_label.core.item import Item
from tui_label.core.keymap import Action, build
from tui_label.core.record import Record
from tui_label.projects import opening
from tui_label.ui.canvas import cells
from tui_label.ui.label import LabelApp
from tui_label.ui.views.pages import MODES as HEADINGS
from tui_label.ui.views.pages import key_rows


@pytest.fixture(autouse=True)
def deaf(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PULSE_SERVER", "unix:/nowhere")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))


def box(app: LabelApp) -> str:
    session = app.workbench.session
    assert session is not None and session.box is not None
    return session.box


def key_of_item(app: LabelApp) -> str:
    return app.workbench.session.item.key if app.workbench.session else ""


# held keys


@pytest.mark.parametrize("source", [CALLS, EVENTS])
async def test_a_held_enter_leaves_one_item_only(tmp_path, source):
    drafts = "a draft" if source is CALLS else [{"start": 0.0, "end": 1.0, "label": "doorbell"}]
    app = make(tmp_path, source, *[tones(1)] * 6, draft=drafts)
    async with app.run_test(size=(80, 24)):
        await struck(app, "enter", 20, 0.03)
        assert (len(answers(tmp_path)), key_of_item(app)) == (1, "c1.wav")
        assert any("held key ignored" in row for row in shown(app))
        await struck(app, "enter")
        assert len(answers(tmp_path)) == 2, "let go and pressed once more it acts"


async def test_a_held_enter_does_not_take_the_figures_of_a_sprint_away(tmp_path):
    app = make(tmp_path, CALLS, *[tones(1)] * 3, draft="a draft")
    async with app.run_test(size=(80, 24)):
        app.workbench.start_sprint(1)
        await struck(app, "enter", 20, 0.03)
        assert any("The sprint is over." in row for row in shown(app))
        assert any("held key ignored" in row for row in shown(app))
        await struck(app, "enter")
        assert key_of_item(app) == "c1.wav" and not any("The sprint is over." in row for row in shown(app))


async def test_a_held_undo_goes_back_one_item_only(tmp_path):
    app = make(tmp_path, CALLS, *[tones(1)] * 6, draft="a draft")
    async with app.run_test(size=(80, 24)):
        await struck(app, "enter", 4)
        assert key_of_item(app) == "c4.wav"
        await struck(app, "ctrl+z", 20, 0.03)
        assert (len(answers(tmp_path)), key_of_item(app)) == (3, "c3.wav")


async def test_a_held_undo_takes_words_back_and_stays_with_the_text(tmp_path):
    app = make(tmp_path, CALLS, *[tones(1)] * 4, draft="a draft")
    async with app.run_test(size=(80, 24)) as pilot:
        await struck(app, "enter", 2)
        await pilot.press(*" so it goes")
        await struck(app, "ctrl+z", 2, 0.03)
        assert (box(app), key_of_item(app)) == ("a draft so", "c2.wav")
        await struck(app, "ctrl+z", 20, 0.03)
        assert (box(app), key_of_item(app), len(answers(tmp_path))) == ("a draft", "c2.wav", 2)
        assert any("nothing more to undo here" in row for row in shown(app))


# every command reaches something

MODES = {
    "spans": (ENTITIES, ""),
    "scroll": ("name: s\ntasks: [{id: t, type: choice, labels: [a, b]}]\n", ""),
    "typing": ("name: t\ntasks: [{id: t, type: text}]\n", ""),
    "sound": (EVENTS, ""),
    "sound with texts": (TURNS, ""),
    "transcribing": (CALLS, ""),
    "transcribing segments": (TURNS, "i"),
}


def at(folder: Path, source: str) -> LabelApp:
    if "items: sound" in source:
        turns = [{"start": 0.2, "end": 0.8}] if source is TURNS else None
        return make(folder, source, *[tones(1)] * 60, draft=turns)
    project = config.load(write_project(folder, source))
    store, versions = opening.open_store(project)
    store.add([Record(Item(f"i{n}", "Some words to read.")) for n in range(60)])
    return LabelApp(Workbench(project, store, "ann", versions), build(project), "")


@pytest.mark.parametrize("mode", MODES)
async def test_every_command_that_the_palette_offers_has_a_handler(tmp_path, mode):
    """A command without one ends in a KeyError of the steps."""
    source, keys = MODES[mode]
    app = at(tmp_path, source)
    async with app.run_test(size=(80, 24)) as pilot:
        app._leaving.leave = lambda: None
        await pilot.press(*keys)
        assert app._key_mode == mode.split()[0]
        desk = app.workbench.desk
        app._open_palette()
        offered = [offer.value for offer in app._mode.offers]
        assert offered == [command.name for command in app.keymap.available(app._key_mode)]
        for name in offered:
            app._mode, app._reading = None, None
            app.workbench.resume()
            app.workbench.desk = desk
            app._open_palette()
            await app._mode.take(name)
            app._show()


@pytest.mark.parametrize("source", [CALLS, BOTH])
async def test_a_command_that_nobody_made_is_found_out(tmp_path, source):
    """What the test above relies on."""
    app = at(tmp_path, source)
    async with app.run_test(size=(80, 24)):
        with pytest.raises(KeyError):
            await app._act(Action("segment.bogus"))


async def test_a_new_line_from_the_palette(tmp_path):
    app = make(tmp_path, CALLS, tones(1))
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press(*"one", "f9", *"new line", "enter", *"two", "ctrl+j", *"three")
        assert box(app) == "one\ntwo\nthree"


async def test_a_new_line_by_the_teams_own_key(tmp_path):
    app = make(tmp_path, CALLS + "keys: {text.newline: ctrl+k}\n", tones(1))
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press(*"one", "ctrl+k", *"two", "ctrl+j")
        assert box(app) == "one\ntwo"


@pytest.mark.parametrize("source", [CALLS, EVENTS, TURNS])
def test_the_words_of_all_keys_stand_in_one_column(source):
    long = "keys: {play.toggle: ctrl+space f4 f11 f12 ctrl+x ctrl+v}\n"
    for keys in ("", long):
        keymap = build(config.parse(source + keys, Path("nowhere")))
        rows = key_rows(keymap, ["labels", "sound", "everywhere", "transcribing", "typing"], 80)

        assert len({len(row[0][0]) for row in rows if len(row) == 2}) == 1
        assert all(row[0][0].endswith("  ") for row in rows if len(row) == 2)


def test_the_page_of_keys_leaves_out_what_no_key_does():
    """In a transcript Tab plays, so the text box has no key for the next question."""
    keymap = build(config.parse(TURNS, Path("nowhere")))
    rows = key_rows(keymap, ["typing"], 80)

    assert ("typing", "", "Next question") in keymap.rows()
    assert [row for row in rows if len(row) == 2 and not row[0][0].strip()] == []
    assert any("Undo" in row[1][0] for row in rows if len(row) == 2)


def test_no_heading_stands_over_nothing():
    keymap = build(config.parse(TURNS, Path("nowhere")))

    assert key_rows(keymap, ["typing"], 80, idle=tuple(one.name for one in COMMANDS if one.mode == "typing")) == []


def test_no_words_of_a_key_are_cut_off():
    keymap = build(config.parse(TURNS, Path("nowhere")))
    rows = key_rows(keymap, list(HEADINGS), 80)

    assert [row for row in rows if cells(row) > 80] == []
    assert rows == key_rows(keymap, list(HEADINGS), 1000)
    assert [row for row in key_rows(keymap, list(HEADINGS), 40) if cells(row) > 40] == []


@pytest.mark.parametrize("on", ["f4", "escape"])
async def test_the_page_of_a_sprint_takes_the_keys_in_force(tmp_path, on):
    source, _ = MODES["scroll"]
    app = at(tmp_path, f"{source}keys: {{item.submit: f4, quit: f6}}\n")
    async with app.run_test(size=(80, 24)) as pilot:
        app.workbench.start_sprint(60_000)
        await app.workbench.end_sprint()
        app._show()
        assert shown(app)[-1].split() == ["F4", "go", "on", "F6", "leave"]
        await pilot.press("enter")
        assert app.workbench.tally.finished_sprint is not None
        await pilot.press(on)
        assert app.workbench.tally.finished_sprint is None and "Some words to read." in "\n".join(shown(app))


async def test_a_sprint_that_runs_is_offered_to_be_ended(tmp_path):
    app = at(tmp_path, MODES["scroll"][0])
    async with app.run_test(size=(80, 24)) as pilot:
        app.workbench.start_sprint(60_000)
        await pilot.press("f9", *"sprint")
        assert any("[End the sprint]" in row for row in shown(app))
        await pilot.press("enter", "enter", "f9", *"sprint")
        assert any("[Begin a sprint]" in row for row in shown(app))


# the way out


@pytest.mark.parametrize(
    "opened",
    ["slash a", "plus a", "colon a", "q a", "f", "f n 1 a", "semicolon", "g", "g slash a", "question_mark"],
)
async def test_ctrl_q_leaves_at_once_from_whatever_is_open(tmp_path, opened):
    app = at(tmp_path, MODES["spans"][0])
    left = []
    async with app.run_test(size=(80, 24)) as pilot:
        app._leaving.leave = lambda: left.append(1)
        await pilot.press(*opened.split(), "ctrl+q")

    assert left == [1]


async def test_a_letter_that_leaves_is_typed_where_a_line_is(tmp_path):
    app = at(tmp_path, MODES["spans"][0] + "keys: {quit: Q}\n")
    left = []
    async with app.run_test(size=(80, 24)) as pilot:
        app._leaving.leave = lambda: left.append(1)
        await pilot.press("slash", "Q")
        assert any(row.startswith(" find Q") for row in shown(app)) and left == []
        await pilot.press("escape", "Q")

    assert left == [1]


async def test_a_click_does_not_keep_who_leaves_waiting_for_the_database(tmp_path):
    """Keys come behind it, and any of them is to leave at once."""
    app = at(tmp_path, MODES["spans"][0])
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("1")
        holder = sqlite3.connect(tmp_path / "project.db", isolation_level=None)
        holder.execute("BEGIN EXCLUSIVE")
        await pilot.press("ctrl+q")
        await until(app, "waiting for ")
        async with asyncio.timeout(3):
            await app.on_mouse_down(MouseDown(app.sheet, 4, 4, 0, 0, 1, False, False, False))
            await app.on_mouse_up(MouseUp(app.sheet, 4, 4, 0, 0, 1, False, False, False))
        await pilot.press("x")
        assert app.workbench.abandoned
        holder.close()


async def test_who_need_not_wait_for_the_database_hears_whether_their_work_is_kept(tmp_path, monkeypatch):
    disk, write = threading.Event(), unsaved.write_own
    monkeypatch.setattr(unsaved, "write_own", lambda *file: (disk.wait(60), write(*file)))
    app = at(tmp_path, MODES["spans"][0])
    async with app.run_test(size=(120, 24)) as pilot:
        holder = sqlite3.connect(tmp_path / "project.db", isolation_level=None)
        holder.execute("BEGIN EXCLUSIVE")
        await pilot.press("1", "ctrl+q")
        await until(app, "any key leaves at once and loses what is not saved")
        disk.set()
        await until(app, "any key leaves at once, your work is kept")
        holder.close()


# pastes

COVERS = {
    "flags": ["ctrl+g"],
    "help": ["f1"],
    "guide": ["f9", *"guidelines", "enter"],
    "pause": ["f9", *"pause", "enter"],
    "minutes": ["f9", *"begin a sprint", "enter"],
    "sprint page": ["f9", *"begin a sprint", "enter", "enter", "f9", *"begin a sprint", "enter"],
}


@pytest.mark.parametrize("cover", COVERS)
async def test_a_paste_over_something_else_does_not_reach_the_transcript(tmp_path, cover):
    app = make(tmp_path, CALLS, tones(1), tones(1), draft="a draft")
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press(*COVERS[cover])
        before = shown(app)
        assert not any("a draft" in row for row in before) or cover in ("flags", "minutes")
        await app.on_paste(Paste("pasted 12\r\n"))
        assert box(app) == "a draft"
        assert app.workbench.session.work.flags == () and answers(tmp_path) == []
        await pilot.press("escape" if cover != "sprint page" else "enter")
        await app.on_paste(Paste(" pasted\rhere"))
        assert box(app) == "a draft pasted\nhere"


async def test_the_tag_menu_takes_a_paste_as_part_of_a_name(tmp_path):
    app = make(tmp_path, CALLS, tones(1))
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("ctrl+t")
        await app.on_paste(Paste("lau\n"))
        assert any(row.startswith(" tag lau") for row in shown(app))
        await pilot.press("enter")
        assert box(app) == "[laugh] "


async def test_a_paste_where_nobody_types_is_ignored_and_said(tmp_path):
    app = make(tmp_path, CALLS, tones(1), draft="a draft")
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("escape")
        await app.on_paste(Paste("sss"))
        assert box(app) == "a draft" and any("paste ignored" in row for row in shown(app))


# the last segment's box


async def test_enter_in_the_last_segments_box_stays_says_so_and_once_more_submits(tmp_path):
    app = make(tmp_path, TURNS, tones(4), draft=[{"start": 0.0, "end": 2.0}, {"start": 2.0, "end": 4.0}])
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("i", *"one")
        await struck(app, "enter")
        await pilot.press(*"two")
        await struck(app, "enter")
        assert any("that was the last segment: once more goes on" in row for row in shown(app))
        assert app.workbench.session.typing and box(app) == "two" and answers(tmp_path) == []
        await pilot.press("!")
        assert box(app) == "two!"
        await struck(app, "enter")

    assert [one["text"] for one in answers(tmp_path)[0]["turns"]] == ["one", "two!"]


# a file that is not the one that was added


@pytest.mark.parametrize("source", [CALLS, EVENTS, TURNS])
@pytest.mark.parametrize("fault", ["changed", "not there"])
async def test_what_is_wrong_with_a_file_keeps_enter_from_answering_and_s_skips(tmp_path, source, fault):
    drafts = "a draft" if source is CALLS else [{"start": 0.0, "end": 1.0}]
    app = make(tmp_path, source, tones(2), tones(3), draft=drafts)
    path = tmp_path / "c0.wav"
    if fault == "changed":
        path.write_bytes(path.read_bytes()[:-2] + b"\1\2")
    else:
        path.unlink()
    async with app.run_test(size=(80, 24)) as pilot:
        await until(app, fault)
        if source is EVENTS:
            await pilot.press("down", "1")
        await struck(app, "enter")
        await asyncio.sleep(0)
        assert (key_of_item(app), answers(tmp_path)) == ("c0.wav", [])
        assert "can only be skipped: " in app.workbench.word and "s skip" in shown(app)[-1]
        await struck(app, "s")
        assert key_of_item(app) == "c1.wav"
    store, _ = opening.open_store(config.load(tmp_path))
    assert next(one.status for _, one in store.answers(history=True)) == "skipped"
