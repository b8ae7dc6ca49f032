"""Sound over ssh: a real sshd, the person's real ssh, a real sound server at the near end alone."""

from __future__ import annotations

import json
import os
import random
import re
import shutil
import signal
import sqlite3
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest
import soundfile
from ears import Ears, find, listening, needs_pulse
from far import PROGRAM, Far, SlowLink, far_machine, needs_ssh
from helpers import write_project
from terminal_harness import Terminal, run

pytestmark = [needs_ssh, needs_pulse]
needs_tmux = pytest.mark.skipif(not shutil.which("tmux"), reason="needs tmux: apt install tmux")
RATE = 16_000
PROJECT = """\
name: calls
items: sound
{settings}
tasks:
  - {{id: transcript, type: text, required: false, transcript: {{tags: [noise]}}}}
"""
Open = Callable[..., Terminal]


def noise(seconds: float, seed: int = 7, rate: int = RATE) -> np.ndarray:
    return (np.random.default_rng(seed).standard_normal(int(seconds * rate)) * 0.1).astype(np.float32)


def project(folder: Path, *sounds: np.ndarray, settings: str = "", rate: int = RATE) -> Path:
    write_project(folder, PROJECT.format(settings=settings))
    for number, sound in enumerate(sounds):
        soundfile.write(folder / f"c{number}.wav", sound, rate, subtype="PCM_16")
    status, _, errors = run("add", str(folder), *(str(folder / f"c{number}.wav") for number in range(len(sounds))))
    assert status == 0, errors
    return folder


@pytest.fixture(scope="module")
def far() -> Iterator[Far]:
    with far_machine() as found:
        yield found


@pytest.fixture(scope="module")
def ears() -> Iterator[Ears]:
    with listening("content", RATE) as found:
        yield found


@pytest.fixture
def near(ears: Ears, tmp_path: Path) -> Iterator[Open]:
    """`tui-label ssh` at the near end, where the ears are."""
    terminals: list[Terminal] = []

    def start(far: Far, *words: str, options: tuple[str, ...] = (), **named: Any) -> Terminal:
        env = {**ears.env, "XDG_STATE_HOME": str(tmp_path / "near"), **named.pop("env", {})}
        arguments = ["ssh", "--program", PROGRAM, *options, "far", *words, "--", "-F", str(far.config)]
        terminal = Terminal(*arguments, env=env, **named)
        terminals.append(terminal)
        return terminal

    yield start
    for terminal in terminals:
        terminal.close()


def exported(folder: Path) -> dict[str, dict[str, Any]]:
    status, out, errors = run("export", str(folder))
    assert status == 0, errors
    return {line["item"]: line for line in map(json.loads, out.splitlines())}


def socket_of(folder: Path) -> Path:
    """Through which the app at the far end plays; other tests, at the same time, have others."""
    return Path(_app(folder).environ()["TUI_LABEL_SOUND"])


def until(test: Callable[[], object], terminal: Terminal, timeout: float = 15.0) -> None:
    end = time.monotonic() + timeout
    while not test():
        assert time.monotonic() < end, f"never came true:\n{terminal.text}"
        terminal.read(0.02)


def all_heard(ears: Ears, began: float) -> np.ndarray:
    """One channel, when all of it has come out."""
    time.sleep(0.6)
    return ears.since(began)[:, 0]


def test_one_command_and_the_clip_sounds_at_the_near_end(far, near, ears, tmp_path):
    sounds = [noise(3.0, seed) for seed in range(2)]
    folder = project(tmp_path / "p", *sounds, settings="sound: {lossless: true, autoplay: true}")
    began = time.monotonic()
    terminal = near(far, str(folder), "--as", "ann").wait_for("c0.wav").wait_for("00:03.0 / 00:03.0", 20)
    socket = socket_of(folder)
    terminal.press(*"so it was", "enter").wait_for("c1.wav").wait_for("00:03.0 / 00:03.0", 20)
    terminal.press("enter").wait_for("Nothing is left").press("ctrl+q")

    assert terminal.wait() == 0
    heard = all_heard(ears, began)
    for sound in sounds:
        assert find(heard, sound[480:])[1] > 0.9999
    answer = next(iter(exported(folder).values()))
    assert answer["answers"] == {"transcript": "so it was"}
    assert answer["listening"]["coverage"] == 1.0
    assert not socket.exists(), "a socket was left"


def test_packed_like_a_call_it_is_the_same_to_the_ear(far, near, ears, tmp_path, speech):
    folder = project(tmp_path / "p", speech)
    began = time.monotonic()
    terminal = near(far, str(folder)).wait_for("c0.wav").wait_for(" ms ")
    terminal.press("tab").wait_for("▶")
    until(lambda: "▶" not in terminal.text, terminal, 30)

    assert find(all_heard(ears, began), speech[480:])[1] > 0.98
    terminal.press("ctrl+q")
    assert terminal.wait() == 0


@pytest.fixture(scope="module")
def speech() -> np.ndarray:
    """A voice from the ready project."""
    clips = Path(__file__).parents[2] / "guidelines" / "transcription" / "clips"
    samples, rate = soundfile.read(clips / "call-01.opus", dtype="float32")
    assert rate == RATE
    return samples


@pytest.mark.parametrize("command", [["demo", "transcription"], ["status"], []])
def test_whatever_tui_label_does_there_it_does_from_here(far, near, tmp_path, command):
    folder = project(tmp_path / "p", noise(1.0))
    terminal = near(far, *command, *([str(folder)] if command == ["status"] else []))
    if command == ["status"]:
        terminal.wait_for("0 of 1 items done")
        assert terminal.wait() == 0
    elif command:
        terminal.wait_for("call-01").wait_for(" ms ").press("ctrl+q")
        assert terminal.wait() == 0
    else:
        until(lambda: terminal.text.rstrip().endswith(("$", "#", "%")), terminal)
        terminal.send(f"{PROGRAM} check; exit\n".encode())
        terminal.wait_for("there and back", 20)


def test_the_exit_status_is_that_of_the_far_command(far, near, tmp_path):
    assert near(far, "status", str(tmp_path / "nothing")).wait(20) == 1
    terminal = near(far, "status", ".", options=("--program", "no-such-program"))
    assert terminal.wait(20) == 127
    assert "far has no no-such-program on its path" in terminal.text


@pytest.mark.parametrize("screen", ["$", r"\033[?1049h an app"])
def test_a_window_that_is_closed_ends_it_without_a_fault(tmp_path, screen):
    ssh = tmp_path / "bin" / "ssh"
    ssh.parent.mkdir()
    ssh.write_text(f"#!/bin/sh\nprintf '\\036tui-label\\036{screen}'\nexec sleep 60\n")
    ssh.chmod(0o755)
    env = {"PATH": f"{ssh.parent}:{os.environ['PATH']}", "XDG_STATE_HOME": str(tmp_path / "state")}
    terminal = Terminal("ssh", "--no-sound", "box", env=env).wait_for(screen[-3:].strip())
    terminal.hang_up()

    assert terminal.wait(20) == 255
    assert list(tmp_path.rglob("fault.txt")) == []


def test_an_app_that_is_killed_there_is_said_in_one_line(far, near, tmp_path):
    folder = project(tmp_path / "p", noise(1.0))
    terminal = near(far, str(folder)).wait_for("c0.wav")
    _app(folder).kill()
    assert terminal.wait(20) == 137
    assert "ended on far by SIGKILL" in terminal.text
    assert terminal.raw.count(b"\x1b[?1049l") == 1, "the screen is not the shell's again"


def test_what_the_app_says_last_stays_over_the_prompt(far, near, tmp_path):
    folder = project(tmp_path / "p", noise(1.0))
    terminal = near(far, str(folder), "--sprint", "5m").wait_for("c0.wav").press("ctrl+q")
    assert terminal.wait(20) == 0
    *_, last = bytes(terminal.raw).split(b"\x1b[?1049")
    assert b"The sprint is over" in last


# what hosts allow


def test_a_host_without_sockets_gets_a_port_and_a_token(near, ears, tmp_path):
    sound = noise(2.0)
    folder = project(tmp_path / "p", sound, settings="sound: {lossless: true}")
    with far_machine("AllowStreamLocalForwarding no") as far:
        began = time.monotonic()
        terminal = near(far, str(folder)).wait_for("c0.wav", 30).wait_for(" ms ")
        commands = [" ".join(one.info["cmdline"] or []) for one in psutil.process_iter(["cmdline"])]
        terminal.press("tab").wait_for("00:02.0 / 00:02.0")
        environment = _app(folder).environ()
        terminal.press("ctrl+q")
        assert terminal.wait() == 0

    # Whole it comes elsewhere; a machine that is busy with other things may leave a gap
    heard = all_heard(ears, began)
    assert max(find(heard, part)[1] for part in np.array_split(sound[480:], 4)) > 0.9999
    token = environment["TUI_LABEL_SOUND"].rpartition("/")[2]
    assert len(token) == 24
    assert not any(token in line for line in commands), "a token that every user of the box can read"
    assert token not in terminal.text


def _app(folder: Path) -> psutil.Process:
    """The one at the far end, of this test and no other's."""
    apps = [
        one for one in psutil.process_iter(["cmdline"]) if (one.info["cmdline"] or [])[1:3] == [PROGRAM, str(folder)]
    ]
    return next(one for one in apps if "SSH_CONNECTION" in one.environ())


def test_a_host_that_forbids_all_of_it_gets_one_line_and_the_work_goes_on(near, tmp_path):
    folder = project(tmp_path / "p", noise(2.0))
    with far_machine("DisableForwarding yes") as far:
        terminal = near(far, str(folder), columns=160).wait_for("c0.wav", 30).wait_for("no sound")
        assert b"far forbids forwarding" in terminal.raw
        terminal.press(*"typed", "enter").wait_for("Nothing is left").press("ctrl+q")
        assert terminal.wait() == 0


def test_nobody_else_on_the_box_can_reach_the_socket(far, near, tmp_path):
    folder = project(tmp_path / "p", noise(2.0))
    near(far, str(folder)).wait_for("c0.wav").wait_for(" ms ")

    assert stat.S_IMODE(socket_of(folder).stat().st_mode) == 0o600


def test_several_at_once_do_not_disturb_each_other(far, near, tmp_path):
    """Two people from two laptops, each with ears of their own."""
    sounds = [noise(2.0, 1), noise(2.0, 2)]
    folders = [
        project(tmp_path / str(number), sound, settings="sound: {lossless: true}")
        for number, sound in enumerate(sounds)
    ]
    with listening("content", RATE) as one, listening("content", RATE) as other:
        began = time.monotonic()
        terminals = [
            near(far, str(folder), env=own.env).wait_for("c0.wav").wait_for(" ms ")
            for folder, own in zip(folders, (one, other), strict=True)
        ]
        for terminal in terminals:
            terminal.press("tab")
        for terminal in terminals:
            terminal.wait_for("00:02.0 / 00:02.0")
        heard = [all_heard(own, began) for own in (one, other)]

    for mine in (0, 1):
        assert find(heard[mine], sounds[mine][480:])[1] > 0.9999
        assert abs(find(heard[mine], sounds[1 - mine][480:])[1]) < 0.2


@needs_tmux
def test_leaving_ends_although_another_app_uses_the_same_listener(far, near, tmp_path):
    """It is found by an app in tmux; ssh would wait for it to hang up."""
    first, other = project(tmp_path / "p", noise(2.0)), project(tmp_path / "o", noise(2.0))
    terminal = near(far, str(first)).wait_for("c0.wav").wait_for(" ms ")
    pane = Pane(tmp_path.name, other)
    try:
        pane.seconds_until(lambda text: bool(re.search(r"\d ms$", text, re.MULTILINE)))
        terminal.press("tab").wait_for("00:02.0 / 00:02.0")
        assert "00:00.0 / 00:02.0" in pane.text, "the keys are those of this terminal"
        terminal.press("ctrl+q")
        assert terminal.wait(4) == 0
        pane.seconds_until(lambda text: "no sound" in text, 3)
    finally:
        pane.close()


# the link drops


def test_a_dropped_link_says_so_and_leads_back_to_the_same_item(far, near, tmp_path):
    folder = project(tmp_path / "p", noise(20.0))
    terminal = near(far, str(folder), "--sprint", "5m", columns=120).wait_for("c0.wav").wait_for(" ms ")
    terminal.press("tab").wait_for("▶").press(*"half a sent")
    time.sleep(1.5)
    sockets = [socket_of(folder)]
    (ssh,) = [one for one in terminal.process.children() if one.name() == "ssh"]
    ssh.kill()
    terminal.wait_for("the link to far dropped")
    terminal.press("enter")
    until(lambda: "dropped" not in terminal.text, terminal)
    terminal.wait_for("half a sent", 20).wait_for(" ms ")
    sockets.append(socket_of(folder))
    terminal.press(*"ence", "enter")
    terminal.wait_for("The sprint is over").press("ctrl+q")
    assert terminal.wait() == 0

    assert next(iter(exported(folder).values()))["answers"] == {"transcript": "half a sentence"}
    assert not any(one.exists() for one in sockets)
    with sqlite3.connect(folder / "project.db") as database:
        (first,), (second,) = database.execute("SELECT planned_ms FROM sprint ORDER BY planned_ms DESC")
    assert first == 300_000 and second < 300_000 - 1500


@needs_tmux
def test_in_tmux_another_laptop_s_listener_is_found_by_itself(far, ears, tmp_path):
    """`tui-label listen` and ssh by hand; the app outlives the connection."""
    sound = noise(3.0)
    folder = project(tmp_path / "p", sound, settings="sound: {lossless: true}")
    tmux = ["tmux", "-L", tmp_path.name, "-f", "/dev/null"]
    env = {**ears.env, "XDG_STATE_HOME": str(tmp_path / "near")}
    app = f"{shutil.which('tmux')} -L {tmp_path.name} -f /dev/null new-session -A -s work {PROGRAM} {folder}"
    try:
        first = _listen(env)
        terminal = Terminal(command=[*_by_hand(first, far), "-t", "far", app], columns=100)
        terminal.wait_for("c0.wav").wait_for(" ms ", 20)
        terminal.close()
        first.kill()
        second = _listen(env)
        terminal = Terminal(command=[*_by_hand(second, far), "-t", "far", app], columns=100)
        terminal.wait_for("c0.wav").wait_for(" ms ", 20)
        began = time.monotonic()
        terminal.press("tab").wait_for("00:03.0 / 00:03.0")
        assert find(all_heard(ears, began), sound[480:])[1] > 0.9999
        terminal.close()
        second.kill()
    finally:
        subprocess.run([*tmux, "kill-server"], check=False, capture_output=True)


def _listen(env: dict[str, str]) -> Any:
    child = subprocess.Popen(
        [sys.executable, "-m", "tui_label", "listen"], env={**os.environ, **env}, stdout=subprocess.PIPE, text=True
    )
    child.line = next(line for line in child.stdout if line.strip().startswith("ssh "))  # type: ignore[attr-defined]
    return child


def _by_hand(listener: Any, far: Far) -> list[str]:
    """The line that `listen` printed, up to the host."""
    words = listener.line.split()
    assert words[-1] == "HOST"
    return ["ssh", "-F", str(far.config), *words[1:-1]]


def test_ssh_says_nothing_over_the_screen_of_the_app_once_nobody_listens(far, ears, tmp_path):
    folder = project(tmp_path / "p", noise(4.0))
    child = _listen({**ears.env, "XDG_STATE_HOME": str(tmp_path / "near")})
    terminal = Terminal(command=[*_by_hand(child, far), "-t", "far", f"{PROGRAM} {folder}"], columns=100)
    try:
        terminal.wait_for("c0.wav").wait_for(" ms ", 20)
        child.send_signal(signal.SIGINT)
        child.wait()
        terminal.wait_for("no sound", 2.5).press(*"typed").wait_for("nobody listens")
        time.sleep(2)
    finally:
        terminal.close()
        child.kill()

    assert b"connect_to" not in terminal.raw and b"port -2" not in terminal.raw


def test_a_login_that_is_refused_is_still_said(far, ears, tmp_path):
    child = _listen({**ears.env, "XDG_STATE_HOME": str(tmp_path / "near")})
    (far.folder / "authorized").write_text("")
    ssh = [*_by_hand(child, far), "-o", "BatchMode=yes", "far", "true"]
    refused = subprocess.run(ssh, capture_output=True, text=True, check=False)
    child.kill()
    (far.folder / "authorized").write_text((far.folder / "user.pub").read_text())

    assert "Permission denied" in refused.stderr


def test_a_listener_that_dies_or_hangs_is_said_and_found_again(far, ears, tmp_path):
    folder = project(tmp_path / "p", noise(60.0))
    env = {**ears.env, "XDG_STATE_HOME": str(tmp_path / "near")}
    child = _listen(env)
    terminal = Terminal(command=[*_by_hand(child, far), "-t", "far", f"{PROGRAM} {folder}"], columns=100)
    try:
        terminal.wait_for("c0.wav").wait_for(" ms ", 20).press("tab").wait_for("▶")
        child.send_signal(signal.SIGSTOP)
        terminal.press(*"typed").wait_for("no sound", 2.5)
        child.send_signal(signal.SIGCONT)
        until(lambda: "no sound" not in terminal.text, terminal, 2.5)
        assert "▶" in terminal.text, "it played on"
        terminal.press("tab").wait_for("■")
        began = time.monotonic()
        terminal.press("tab").wait_for("▶", 2)
        assert ears.onset(began) is not None
        child.kill()
        terminal.wait_for("no sound", 2.5).press("enter").wait_for("Nothing is left")
    finally:
        terminal.close()
        child.kill()
        child.wait()

    assert next(iter(exported(folder).values()))["answers"] == {"transcript": "typed"}


# everything at random


class Pane:
    """The app in tmux on the far machine, where no link's end reaches it; read and typed into from there."""

    def __init__(self, name: str, folder: Path) -> None:
        self._tmux = ["tmux", "-L", name, "-f", "/dev/null"]
        env = ["-e", "PULSE_SERVER=unix:/nowhere", "-e", "SSH_CONNECTION=10.0.0.1 1 10.0.0.2 22"]
        self._run("new-session", "-d", "-x", "100", "-y", "30", "-s", "work", *env, f"{PROGRAM} {folder}")

    def _run(self, *words: str) -> str:
        return subprocess.run([*self._tmux, *words], check=True, capture_output=True, text=True).stdout

    @property
    def text(self) -> str:
        return self._run("capture-pane", "-p", "-t", "work")

    def keys(self, *keys: str) -> None:
        self._run("send-keys", "-t", "work", *keys)

    def seconds_until(self, test: Callable[[str], bool], most: float = 10.0) -> float:
        began = time.monotonic()
        while not test(self.text):
            assert time.monotonic() - began < most, self.text
            time.sleep(0.02)
        return time.monotonic() - began

    def close(self) -> None:
        subprocess.run([*self._tmux, "kill-server"], check=False, capture_output=True)


class Near:
    """A listener and the ssh by hand that leads to it, which can fail in every way."""

    def __init__(self, far: Far, env: dict[str, str]) -> None:
        self._far, self._env = far, env
        self.listener = _listen(env)
        self.ssh = self._connect()

    def _connect(self) -> subprocess.Popen[bytes]:
        (socket,) = re.findall(r"/\S+?\.sock", self.listener.line)
        nothing = subprocess.DEVNULL
        command = [*_by_hand(self.listener, self._far), "-N", "far"]
        child = subprocess.Popen(command, stdin=nothing, stdout=nothing, stderr=nothing)
        while not Path(socket).exists():
            time.sleep(0.02)
        return child

    def again(self) -> None:
        """As a person does: both anew."""
        self.close()
        self.listener = _listen(self._env)
        self.ssh = self._connect()

    def close(self) -> None:
        for one in (self.ssh, self.listener):
            one.kill()
            one.wait()


@needs_tmux
def test_whatever_breaks_the_work_goes_on_and_the_sound_comes_back(far, ears, tmp_path):
    """Ssh killed, the listener killed, the network cut or stalled, while somebody types and plays."""
    rounds = int(os.environ.get("TUI_LABEL_ROUNDS", "4"))
    chance = random.Random(int(os.environ.get("TUI_LABEL_SEED", "1")))
    link = SlowLink(far.port)
    far.lead(link.port)
    folder = project(
        tmp_path / "p", *(noise(4.0, seed, 8_000) for seed in range(3 * rounds)), settings="order: as-added"
    )
    near = Near(far, {**ears.env, "XDG_STATE_HOME": str(tmp_path / "near")})
    pane = Pane(tmp_path.name, folder)
    said, back, done = [], [], 0
    try:
        pane.seconds_until(lambda text: bool(re.search(r"\d ms$", text, re.MULTILINE)))
        for number in range(rounds):
            pane.keys("Tab", *f"words {number} ")
            time.sleep(chance.uniform(0, 1.2))
            fault = ("ssh", "listener", "cut", "stall")[number % 4]
            if fault == "stall":
                link.stalled = True
            elif fault == "cut":
                link.cut()
            else:
                (near.ssh if fault == "ssh" else near.listener).kill()
            said.append(pane.seconds_until(lambda text: "no sound" in text))
            pane.keys(*"more", "Enter")
            done += 1
            pane.seconds_until(lambda text, done=done: f"{done} of {3 * rounds}" in text)
            pane.keys(*"draft")
            link.stalled = False
            near.again()
            back.append(pane.seconds_until(lambda text: "no sound" not in text))
            pane.seconds_until(lambda text: "draft" in text)
            pane.keys("Enter")
            done += 1
            pane.seconds_until(lambda text, done=done: f"{done} of {3 * rounds}" in text)
        pane.keys("C-q")
        print(f"\nsaid after {max(said):.2f} s at most, back after {max(back):.2f} s at most, {len(said)} faults")
    finally:
        near.close()
        pane.close()
        link.close()
        far.lead(far.port)

    answers = [one["answers"]["transcript"] for one in exported(folder).values()]
    assert answers == [words for number in range(rounds) for words in (f"words {number} more", "draft")]
    assert max(said) <= 2.2
    assert max(back) <= 2.2


def test_play_keys_act_here_while_the_link_stands_still(ears, near, tmp_path):
    """Pressed in a stall, heard at once; afterwards the box knows of it and no word of the text is lost."""
    sound = noise(30.0)
    folder = project(tmp_path / "p", sound, settings="sound: {lossless: true, step-back: 0s}")
    with far_machine() as far:
        link = SlowLink(far.port)
        far.lead(link.port)
        terminal = near(far, str(folder), columns=100).wait_for("c0.wav").wait_for(" ms ")
        terminal.press("tab").wait_for("▶").press("tab").wait_for("■").press(*"one two ")
        time.sleep(1)
        link.stalled = True
        began = time.monotonic()
        terminal.send(b"\t")
        assert ears.onset(began, timeout=1) is not None, "nothing was heard while the link stood still"
        terminal.send(b"th ")
        assert "▶" not in terminal.text
        link.stalled = False
        terminal.wait_for("▶").wait_for("one two th").press(*"ree").wait_for("one two th ree")
        time.sleep(1)
        terminal.press("tab").wait_for("■").press("enter").wait_for("Nothing is left").press("ctrl+q")
        assert terminal.wait() == 0
        link.close()

    answer = next(iter(exported(folder).values()))
    assert answer["answers"] == {"transcript": "one two th ree"}
    assert answer["listening"]["plays"] == 2
    heard = all_heard(ears, began)
    seconds = np.count_nonzero(np.abs(heard) > 0) / RATE
    assert answer["listening"]["seconds"] == pytest.approx(seconds, abs=1.5)


def test_what_plays_goes_on_through_a_link_that_stands_still(near, tmp_path):
    """The laptop plays what was sent ahead; the box goes on from where it is by then."""
    folder = project(tmp_path / "p", noise(30.0))
    with far_machine() as far:
        link = SlowLink(far.port)
        far.lead(link.port)
        terminal = near(far, str(folder), columns=100).wait_for("c0.wav").wait_for(" ms ")
        terminal.press("tab").wait_for("▶")
        time.sleep(3)
        link.stalled = True
        time.sleep(3)
        link.stalled = False
        until(lambda: re.search(r"▶ 00:0[7-9]\.\d", terminal.text), terminal, 4)
        assert "no sound" not in terminal.text
        terminal.press("ctrl+q")
        assert terminal.wait() == 0
        link.close()
