"""What the sheet sends: the terminal shows the rows, whatever they were before."""

from __future__ import annotations

import random

import pyte
import pytest
from rich.cells import cell_len
from textual.events import Key
from textual.geometry import Region
from textual.pilot import Pilot

from tui_label.ui import sheet
from tui_label.ui.canvas import Row, clipped
from tui_label.ui.sheet import SheetApp
from tui_label.ui.terminal import Ground

WIDTH, HEIGHT = 24, 6
WORDS = ("", "bold", "under", "cursor", "hue:red", "hue:green under")
TEXTS = ("a", "plain words", "wordy words", "─" * 30, "日本語", "e\u0301" * 8, "[1 person]", " ", "x" * 40, "")


class Page(SheetApp):
    def __init__(self) -> None:
        super().__init__()
        self.rows: list[Row] = [[] for _ in range(HEIGHT)]

    async def on_key(self, event: Key) -> None: ...

    def drawn(self, width: int, height: int) -> list[Row]:
        return self.rows


def some_rows(rng: random.Random, before: list[Row]) -> list[Row]:
    """Some as they were, some new, some with a piece or a look changed."""

    def piece() -> tuple[str, str]:
        return rng.choice(TEXTS), rng.choice(WORDS)

    rows = []
    for row in before:
        kind = rng.randrange(4)
        if kind == 0 or not row:
            row = [piece() for _ in range(rng.randrange(5))]
        elif kind == 1:
            at = rng.randrange(len(row))
            row = [*row[:at], piece(), *row[at + rng.randrange(2) :]]
        elif kind == 2:
            at = rng.randrange(len(row))
            row = [*row[:at], (row[at][0], rng.choice(WORDS)), *row[at + 1 :]]
        rows.append(clipped(row, WIDTH))
    return rows


def cells_of(screen: pyte.Screen) -> list[list[tuple[object, ...]]]:
    return [
        [
            (cell.data, cell.fg, cell.bold, cell.underscore, cell.reverse)
            for cell in map(screen.buffer[y].__getitem__, range(WIDTH))
        ]
        for y in range(HEIGHT)
    ]


def drawn_whole(rows: list[Row], app: Page) -> list[list[tuple[object, ...]]]:
    screen = pyte.Screen(WIDTH, HEIGHT)
    stream = pyte.Stream(screen)
    for y, (row, strip) in enumerate(zip(rows, app.sheet.render_lines(Region(0, 0, WIDTH, HEIGHT)), strict=True)):
        stream.feed(f"\x1b[{y + 1};1H" + strip.render(app.console))
        assert sum(cell_len(text) for text, _ in row) <= WIDTH
    return cells_of(screen)


async def test_what_is_sent_makes_the_screen_what_it_is(monkeypatch):
    app, rng, sent = Page(), random.Random(5), list[str]()
    monkeypatch.setattr(sheet, "paint", lambda _, runs: sent.append(runs))
    async with app.run_test(size=(WIDTH, HEIGHT)):
        screen = pyte.Screen(WIDTH, HEIGHT)
        stream = pyte.Stream(screen)
        for _ in range(400):
            app.rows = some_rows(rng, app.rows)
            sent.clear()
            assert app.sheet.redraw()
            stream.feed("".join(sent))
            assert cells_of(screen) == drawn_whole(app.rows, app)
            whole = app.sheet.render_lines(Region(0, 0, WIDTH, HEIGHT))
            assert [strip.text.rstrip() for strip in whole] == [
                "".join(text for text, _ in row).rstrip() for row in app.rows
            ]


async def test_only_what_changed_is_sent(monkeypatch):
    app, sent = Page(), list[str]()
    monkeypatch.setattr(sheet, "paint", lambda _, runs: sent.append(runs))
    async with app.run_test(size=(WIDTH, HEIGHT)):
        for number in (8, 9):
            app.rows = [[("as before", "")], [("item ", "bold"), (f"{number} of 10", "")], *app.rows[2:]]
            app.sheet.redraw()
        app.sheet.redraw()

    assert sent[1:] == ["\x1b[2;6H9"]


async def test_the_colours_go_by_the_ground_that_the_terminal_says(monkeypatch):
    """A mid-tone on white is hard to read, and those on black are all alike to some eyes."""
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("COLORTERM", "truecolor")
    monkeypatch.setenv("TERM", "xterm-256color")
    app = Page()
    async with app.run_test(size=(WIDTH, HEIGHT)) as pilot:
        app.rows = [[("words", "hue:red under")], *app.rows[1:]]
        app.sheet.redraw()
        unknown = drawn_whole(app.rows, app)[0][0]
        app.post_message(Ground((255, 255, 255)))
        await pilot.pause()
        light = drawn_whole(app.rows, app)[0][0]
        app.post_message(Ground((0, 0, 0)))
        await pilot.pause()
        dark = drawn_whole(app.rows, app)[0][0]

    assert len({unknown[1], light[1], dark[1]}) == 3
    assert (light[0], light[3]) == (dark[0], dark[3]) == ("w", True)


async def test_16_colours_go_by_the_ground_too(monkeypatch):
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.delenv("COLORTERM", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    app = Page()
    async with app.run_test(size=(WIDTH, HEIGHT)) as pilot:
        app.rows = [[("words", "hue:green")], *app.rows[1:]]
        for ground, green in (((0, 0, 0), True), ((255, 255, 255), False)):
            app.post_message(Ground(ground))
            await pilot.pause()
            app.sheet.redraw()
            assert (drawn_whole(app.rows, app)[0][0][1] == "green") is green


class Broken(Page):
    async def on_key(self, event: Key) -> None:
        raise ZeroDivisionError("of a key")


def test_a_fault_in_an_app_comes_out_of_it(capfd):
    async def press(pilot: Pilot[int]) -> None:
        await pilot.press("a")

    app = Broken()
    with pytest.raises(ZeroDivisionError, match="of a key"):
        app.run(headless=True, auto_pilot=press)
    assert "Traceback" not in "".join(capfd.readouterr())
