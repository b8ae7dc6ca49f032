"""The driver under a tiny app in a real terminal: hang-ups, signals, junk in, control characters out."""

from __future__ import annotations

import shlex
import signal
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
from fuzz.targets import heard
from terminal_harness import Terminal
from textual.events import Key, Paste

import tui_label
from tui_label.ui.terminal import Ground

TINY = Path(__file__).parent / "tiny_app.py"
ENV = {"ESCDELAY": "25", "TEXTUAL_ANIMATIONS": "none", "PYTHONPATH": str(Path(tui_label.__file__).parents[1])}
Start = Callable[..., Terminal]


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "ended"


@pytest.fixture
def start(log: Path) -> Iterator[Start]:
    terminals: list[Terminal] = []

    def opened(**named: object) -> Terminal:
        terminal = Terminal(command=[sys.executable, str(TINY), str(log)], env=ENV, **named)  # type: ignore[arg-type]
        terminals.append(terminal)
        return terminal.wait_for("ready")

    yield opened
    for terminal in terminals:
        terminal.close()


WAYS = {
    "its terminal": {},
    "its terminal, hang-up ignored": {"ignore_hangup": True},
    "no controlling terminal": {"controlling": False},
    "no controlling terminal, hang-up ignored": {"controlling": False, "ignore_hangup": True},
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("busy", [False, True], ids=["quiet", "while it draws"])
def test_a_hang_up_ends_it_through_its_own_way_out(start, log, way, busy):
    terminal = start(**WAYS[way])
    if busy:
        terminal.send(b"F")
        terminal.wait_for("****")
    before = terminal.cpu_seconds()
    terminal.hang_up()

    assert terminal.wait(3.0) == 129
    assert log.read_text() == "unmounted\n"
    assert terminal.cpu_seconds() - before < 1.0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
@pytest.mark.parametrize("ignored", [False, True])
def test_a_signal_ends_it_and_gives_the_terminal_back(start, log, number, ignored):
    terminal = start(ignore_hangup=ignored)
    mark = terminal.mark()
    terminal.kill(number)

    assert terminal.wait(3.0) == 128 + number
    assert log.read_text() == "unmounted\n"
    assert b"\x1b[?1049l" in terminal.bytes_since(mark)


def test_a_hang_up_ends_it_when_nobody_reads_what_it_draws(start):
    terminal = start()
    terminal.send(b"F")
    time.sleep(1.5)
    terminal.hang_up()

    assert terminal.wait(3.0) == 129


def test_idle_is_idle(start):
    terminal = start()
    terminal.settle(0.3)
    before = terminal.cpu_seconds()
    time.sleep(1.0)

    assert terminal.cpu_seconds() - before < 0.1


JUNK = {
    "a key release": b"\x1b[97;1:3u",
    "a number too large": b"\x1b[999999999999u",
    "a surrogate": b"\x1b[55296u",
    "a key of no character": b"\x1b[0C",
    "a key that is a control character": b"\x1b[155u",
    "a key whose text is one": b"\x1b[97;1;27u",
    "a character as a function key": b"\x1b[99~",
    "a scroll wheel as the Linux console has it": b"\x1b[63~",
    "a size without pixels, then the mouse": b"\x1b[48;24;80;0;0t\x1b[<0;10;10M",
    "device attributes": b"\x1b[?62;4c",
    "secondary attributes": b"\x1b[>41;354;0c",
    "kitty flags": b"\x1b[?25u",
    "a window size": b"\x1b[8;24;80t",
    "a mode report": b"\x1b[?1016;2$y",
    "colour by BEL": b"\x1b]11;rgb:1111/2222/3333\x07",
    "colour by ST": b"\x1b]11;rgb:1111/2222/3333\x1b\\",
    "a version": b"\x1bP>|tmux 3.4\x1b\\",
    "kitty graphics": b"\x1b_Gi=31;OK\x1b\\",
    "a privacy message": b"\x1b^1;2\x1b\\",
    "a control of one character": "\x8f".encode(),
    "a colour": b"\x1b[31m",
    "the end of a colour": b"\x1b[m",
    "the end of a paste": b"\x1b[201~",
}


def test_junk_is_no_key(start):
    terminal = start()
    for count, junk in enumerate(JUNK.values(), 1):
        terminal.send(b"x" + junk + b"y")
        terminal.wait_for(f"ready {2 * count}:")

    keys = " ".join(terminal.screen.display).split(":", 1)[1].rstrip(" .").split()
    assert keys == ["x", "y"] * len(JUNK)


@pytest.mark.parametrize("name", JUNK)
def test_junk_that_comes_in_two_reads_is_no_key(name):
    junk = JUNK[name]
    for cut in range(1, len(junk)):
        events = heard([junk[:cut], junk[cut:], b"y"])

        assert [event.key for event in events if isinstance(event, Key)] == ["y"], cut


@pytest.mark.parametrize(
    ("said", "color"),
    [
        (b"\x1b]11;rgb:ffff/8080/0000\x1b\\", (255, 128, 0)),
        (b"\x1b]11;rgb:1e/1E/1e\x07", (30, 30, 30)),
        (b"\x1b]11;rgba:fdfd/f6f6/e3e3/ffff\x1b\\", (253, 246, 227)),
        (b"\x1b]11;rgb:f/0/f\x07", (255, 0, 255)),
    ],
)
def test_the_ground_that_a_terminal_says_is_heard_once_and_is_no_key(said, color):
    for cut in range(1, len(said)):
        events = heard([b"x" + said[:cut], said[cut:] + b"y"])

        assert [event.color for event in events if isinstance(event, Ground)] == [color], cut
        assert [event.key for event in events if isinstance(event, Key)] == ["x", "y"], cut


def test_it_asks_for_the_ground(start):
    assert b"\x1b]11;?\x1b\\" in start().raw


def test_what_comes_after_escape_and_a_bracket_alone_is_not_the_rest_of_them():
    events = heard([b"\x1b\x1b[", b"", b"7F"])

    assert [event.key for event in events if isinstance(event, Key)] == ["escape", "alt+left_square_bracket", "7", "F"]


def test_with_alt_a_key_is_another_one_and_types_nothing():
    events = heard([b"\x1bs\x1b;\x1b1\x1b\r\x1b[A\x1bbs"])
    keys = [(event.key, event.character) for event in events if isinstance(event, Key)]

    assert keys == [
        *[(f"alt+{name}", None) for name in ("s", "semicolon", "1", "enter")],
        *[("up", None), ("ctrl+left", None), ("s", "s")],
    ]


def test_a_byte_that_is_no_utf_8_is_shown_as_one(start):
    terminal = start()
    terminal.send(b"x\xffy")

    terminal.wait_for("ready 3: x replacement_character y.")


def test_keys_whose_numbers_are_those_of_characters_are_keys(start):
    terminal = start()
    terminal.press("\x1b[25~", "\x1b[32~", "\x1b[5A", "\x1b[2C")

    terminal.wait_for("f13 f18 ctrl+up shift+right.")


def test_a_paste_whose_end_got_lost_ends_by_itself(start):
    terminal = start()
    terminal.send(b"\x1b[200~half a word")
    terminal.wait_for("paste(half a word)", 10)
    terminal.send(b"x")
    terminal.wait_for("x.")


PRINTED = b"\x1b]0;log\x07 one\r\n\x1b[31mred\x1b[0m\x1b(B tw\x1bo\x1b[M\x1b[200~ \x1b[97;5u\tthree\x1b[3"
"""Lines as a program printed them, with what would be keys, the mouse and another paste."""


@pytest.mark.parametrize("pause", [[], [b""]], ids=["at once", "with a pause"])
def test_a_paste_is_one_and_no_key_whatever_is_in_it_and_wherever_it_is_cut(pause):
    data = b"\x1b[200~" + PRINTED + b"\x1b[201~"
    for cut in range(len(b"\x1b[200~") if pause else 1, len(data)):
        events = heard([b"x" + data[:cut], *pause, data[cut:] + b"y"])
        seen = [one.text if isinstance(one, Paste) else one.key for one in events]  # type: ignore[attr-defined]

        assert seen == ["x", " one\r\nred tw\x1bo \tthree\x1b[3", "y"], cut


def test_an_escape_before_a_paste_is_a_key():
    events = heard([b"\x1b\x1b[200~a\x1b[201~\x1b[200~b\x1b[201~\x1b[A"])

    assert [one.text if isinstance(one, Paste) else one.key for one in events] == ["escape", "a", "b", "up"]


def test_keys_that_look_like_replies_are_keys(start):
    terminal = start()
    terminal.press("escape", "a", "shift+right", "f1", "delete", "pagedown")
    terminal.press("\x1b[", "\x1b]", "\x1bP", "\x1bx", "\x1b[[A", "\x1b[97;5u", "\x1b[98;1:2u")
    terminal.send(b"\x1b[200~pasted [1] \x1b[201~")
    terminal.wait_for("paste(")

    expected = "escape a shift+right f1 delete pagedown alt+left_square_bracket alt+right_square_bracket"
    shown = " ".join(" ".join(terminal.screen.display).split())
    for key in [*expected.split()[:6], "alt+shift+p", "alt+x", "ctrl+a", "paste(pasted [1] )"]:
        assert key in shown, shown


def test_escape_waits_no_longer_than_it_was_told(start):
    terminal = start()
    waits = []
    for _ in range(5):
        terminal.settle(0.05, 0.1)
        begun = time.perf_counter()
        terminal.send(b"\x1b")
        terminal.read(1.0)
        waits.append(time.perf_counter() - begun)

    assert sorted(waits)[2] < 0.08


def test_control_characters_of_data_do_not_get_out(start):
    terminal = start()
    mark = terminal.mark()
    terminal.send(b"E")
    terminal.wait_for("ends").press("z").wait_for("ready")
    body = terminal.bytes_since(mark).decode()

    for evil in ("\x1b]", "\x1b[6n", "\x1b[c", "\x1b[2J", "\x1bc", "\x9b", "\x9d", "\x00", "\x07", "\x08", "\u202e"):
        assert evil not in body


def test_stop_and_continue_leave_one_reader(start):
    terminal = start()
    threads = terminal.process.num_threads()
    terminal.kill(signal.SIGSTOP)
    time.sleep(0.1)
    terminal.kill(signal.SIGCONT)
    time.sleep(0.2)
    terminal.press("a", "b", "c").wait_for("a b c.")

    assert terminal.process.num_threads() == threads


def test_stopped_by_force_it_takes_the_terminal_back_from_the_shell(start):
    terminal = start()
    mark = terminal.mark()
    terminal.kill(signal.SIGSTOP)
    while terminal.process.status() != psutil.STATUS_STOPPED:
        time.sleep(0.01)
    terminal.edit_lines()
    terminal.kill(signal.SIGCONT)
    end = time.monotonic() + 10
    while not terminal.takes_keys or b"\x1b[?2004h" not in terminal.bytes_since(mark):
        assert time.monotonic() < end
        terminal.settle(0.05, 0.2)
    terminal.press("a", "b").wait_for("a b.")


def test_sent_to_the_background_by_the_shell_and_fetched_it_comes_back(log):
    terminal = Terminal(command=["bash", "--norc", "--noprofile", "-i"], env=ENV)
    try:
        terminal.send(f"{shlex.join([sys.executable, str(TINY), str(log)])}\n".encode())
        terminal.wait_for("ready")
        (app,) = terminal.process.children()
        mark = terminal.mark()
        app.send_signal(signal.SIGSTOP)
        for line, awaited in ((b"bg\n", b"Stopped"), (b"fg\n", b"&\r\n"), (b"", b"\x1b[?1049h")):
            end = time.monotonic() + 30
            while awaited not in terminal.bytes_since(mark):
                assert time.monotonic() < end
                terminal.settle(0.05, 0.2)
            mark = terminal.mark()
            terminal.send(line)
        terminal.press("a", "b").wait_for("a b.")
    finally:
        terminal.close()


def test_suspended_by_the_shell_it_comes_back(start):
    terminal = start()
    for number, is_back in ((signal.SIGTSTP, False), (signal.SIGCONT, True)):
        terminal.kill(number)
        end = time.monotonic() + 10
        while terminal.takes_keys is not is_back:
            assert time.monotonic() < end
            terminal.settle(0.05, 0.2)
    terminal.press("a", "b").wait_for("a b.")


UNWAITING = """
import os, runpy, sys
os.set_blocking(2, False)
runpy.run_path(sys.argv.pop(1), run_name="__main__")
"""
"""The tiny app after a program that leaves the terminal not to be waited for."""


def test_a_terminal_without_room_is_waited_for_also_where_it_says_not_to(log):
    terminal = Terminal(command=[sys.executable, "-c", UNWAITING, str(TINY), str(log)], env=ENV)
    try:
        terminal.wait_for("ready")
        for size in range(20):  # frames that nobody reads
            terminal.resize(200 + size % 2, 60)
            time.sleep(0.02)
        end = time.monotonic() + 10
        while "size 90x20." not in terminal.text:
            assert time.monotonic() < end, terminal.text
            terminal.resize(90, 20)
            terminal.press("S")
    finally:
        terminal.close()


BROKEN = """
from tui_label.ui.sheet import SheetApp

class Broken(SheetApp):
    async def on_key(self, event):
        self.end()

    async def on_unmount(self):
        raise ZeroDivisionError("on the way out")

    def drawn(self, width, height):
        return [[("ready", "")]]

Broken().run()
"""


def test_a_fault_on_the_way_out_is_said():
    terminal = Terminal(command=[sys.executable, "-c", BROKEN], env={**ENV, "PYTHON_COLORS": "0"})
    try:
        terminal.wait_for("ready").press("a")
        assert terminal.wait(20) == 1
        assert b"ZeroDivisionError: on the way out" in terminal.raw
    finally:
        terminal.close()


SLOW = """
import runpy, sys, time
from textual.drivers.linux_driver import LinuxDriver
size = LinuxDriver._get_terminal_size
LinuxDriver._get_terminal_size = lambda self: (size(self), time.sleep(0.1))[0]
runpy.run_path(sys.argv.pop(1), run_name="__main__")
"""
"""The tiny app where each look at the size takes long, as on a busy machine."""


def test_the_last_of_several_sizes_is_the_one_it_has(log):
    terminal = Terminal(command=[sys.executable, "-c", SLOW, str(TINY), str(log)], env=ENV)
    try:
        terminal.wait_for("ready")
        for columns in (100, 120, 60):
            terminal.resize(columns, 20)
            time.sleep(0.03)
        end = time.monotonic() + 10
        while "size 60x20." not in terminal.text:
            assert time.monotonic() < end, terminal.text
            terminal.press("S")
    finally:
        terminal.close()


def test_type_ahead_before_the_first_screen_is_thrown_away(log):
    terminal = Terminal(command=[sys.executable, str(TINY), str(log)], env=ENV)
    try:
        terminal.send(b"12345\n")
        terminal.wait_for("ready").press("a").wait_for("ready 1: a.")
    finally:
        terminal.close()
