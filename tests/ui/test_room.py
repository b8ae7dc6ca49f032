"""What has its place on the screen of a sound: the box with the caret, the zone above it, transport, legend."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from screens import CALLS, EVENTS, TURNS, make, shown, tones, until

from tui_label.core.text.rows import Rows
from tui_label.ui.label import LabelApp
from tui_label.ui.views.frame import legend
from tui_label.ui.views.questions import box_width

BOTH = TURNS + "  - {id: note, type: text}\n  - {id: quality, type: choice, required: false, labels: [clear, noisy]}\n"
TURN = [{"start": 0.0, "end": 2.0, "text": "hello there"}, {"start": 2.0, "end": 4.0}]
SIZES = [(40, 12), (80, 14), (80, 24), (120, 36)]


@pytest.fixture(autouse=True)
def deaf(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PULSE_SERVER", "unix:/nowhere")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))


def caret(app: LabelApp) -> tuple[int, int, int]:
    """Row and column of the caret within the text, and the row of the screen that shows it."""
    session = app.workbench.session
    assert session is not None and session.box is not None
    row, column = Rows(session.box, box_width(session, app.sheet.size.width)).column_of(session.caret)
    seen = [n for n, pieces in enumerate(app.sheet._rows) if any(style == "cursor" for _, style in pieces)]
    return row, column, seen[0] if len(seen) == 1 else -1


async def seen(app: LabelApp) -> None:
    """The waveform is there, and that nothing can be heard is known."""
    for _ in range(400):
        deck = app.workbench.deck
        if deck.trouble and deck.look.peaks is not None and deck.look.peaks.ready >= 1:
            return
        await asyncio.sleep(0.01)
    raise AssertionError(shown(app))


INTO_TURN = {CALLS: [], TURNS: ["escape", "down", "i"], BOTH: ["escape", "t", "t", "down", "i"]}
"""Keys that lead into a text box: of the clip, of its first segment."""


def words(count: int) -> str:
    return " ".join(f"word{n:03}" for n in range(count))


# the box


@pytest.mark.parametrize("size", SIZES)
async def test_up_and_down_keep_the_column(tmp_path, size):
    app = make(tmp_path, CALLS, tones(4), draft=words(60))
    async with app.run_test(size=size) as pilot:
        await pilot.press("home", "up", "up", "up", *["right"] * 5)
        row, column, _ = caret(app)
        assert (row, column) == (0, 5)
        for expected in (1, 2, 3, 2, 1, 0):
            await pilot.press("down" if expected > row else "up")
            row, column, seen = caret(app)
            assert (row, column) == (expected, 5) and seen > 0


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("source", [CALLS, TURNS, BOTH])
async def test_the_caret_and_the_row_under_it_are_seen_wherever_it_goes(tmp_path, source, size):
    draft = words(80) if source is CALLS else [{"start": 0.0, "end": 2.0, "text": words(80)}]
    app = make(tmp_path, source, tones(4), draft=draft)
    async with app.run_test(size=size) as pilot:
        await pilot.press(*INTO_TURN[source])
        session = app.workbench.session
        rows = Rows(session.box, box_width(session, size[0]))
        for key in [*["up"] * 12, *["down"] * 12]:
            await pilot.press(key)
            row, _, seen = caret(app)
            assert seen > 0
            if rows.has(row + 1):
                start, end = rows.row(row + 1)
                assert session.box[start:end].strip() in shown(app)[seen + 1]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("source", [CALLS, TURNS, BOTH])
async def test_the_zone_above_does_not_move_while_six_rows_are_typed(tmp_path, source, size):
    app = make(
        tmp_path, source, tones(4), draft=None if source is CALLS else [{"start": 0.0, "end": 4.0, "speaker": "agent"}]
    )
    async with app.run_test(size=size) as pilot:
        await seen(app)
        await pilot.press(*INTO_TURN[source])
        time = next(n for n, row in enumerate(shown(app)) if "■ 0" in row)
        before = shown(app)[: time + 1]
        first = caret(app)[2]
        for _ in range(6):
            await pilot.press(*"so", "ctrl+j")
            assert shown(app)[: time + 1] == before
            assert first <= caret(app)[2] < size[1] - 2
            assert set(shown(app)[first - 1]) == {"─"} or source is BOTH


# transport


@pytest.mark.parametrize("size", [(80, 14), (40, 12)])
@pytest.mark.parametrize("source", [CALLS, EVENTS, TURNS, BOTH])
async def test_the_time_is_seen_on_a_low_screen(tmp_path, source, size):
    draft = "hello" if source is CALLS else [{**one, "label": "doorbell"} for one in TURN] if source is EVENTS else TURN
    app = make(tmp_path, source, tones(4), draft=draft)
    async with app.run_test(size=size) as pilot:
        await until(app, "no sound")
        for key in ("f1", "escape", "escape", "down", "i", "escape"):
            await pilot.press(key)
            assert key == "f1" or any("■ 0" in row and "/ 00:04.0" in row for row in shown(app)), key


# legend


@pytest.mark.parametrize("size", [(40, 12), (80, 24)])
@pytest.mark.parametrize("source", [CALLS, EVENTS, TURNS, BOTH])
async def test_the_legend_ends_with_the_key_for_help(tmp_path, source, size):
    draft = "hello" if source is CALLS else [{**one, "label": "doorbell"} for one in TURN] if source is EVENTS else TURN
    app = make(tmp_path, source, tones(4), draft=draft)
    async with app.run_test(size=size) as pilot:
        for heard in (True, False):
            for keys in ([], ["escape"], ["down"], ["i"], ["escape", "escape"], ["m"], ["escape"]):
                await until(app, "no sound")
                await pilot.press(*keys)
                deck = app.workbench.deck
                deck.trouble = "" if heard else "nothing there"
                app._show()
                legend = shown(app)[-1].removesuffix("saved ✓").rstrip()
                deck.trouble = "nothing there"
                app._show()

                assert legend.endswith("F1 keys" if app._typing else "? keys"), (heard, keys)
                assert heard or "speed" not in legend


async def test_speed_keys_are_offered_where_something_is_heard(tmp_path):
    app = make(tmp_path, CALLS, tones(4))
    async with app.run_test(size=(120, 24)):
        await until(app, "no sound")
        assert "speed" not in shown(app)[-1]
        app.workbench.deck.trouble = ""
        app._show()
        assert "F5 F6 speed" in shown(app)[-1]


def test_figures_give_way_to_keys():
    hints = [(f"F{number}", "something") for number in range(1, 6)]
    saved = [("723/h, goal 150  ", "faint"), ("saved ✓ ", "good")]
    narrow, wide = ("".join(text for text, _ in legend(hints, saved, width)) for width in (80, 120))

    assert "F5 something" in narrow and "/h" not in narrow and narrow.endswith("saved ✓ ")
    assert "F5 something" in wide and "723/h, goal 150  saved ✓" in wide
