"""Where sound goes: which listeners are trusted, in which order the ways are tried, and what a person is told."""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import socket
import sys
import tempfile
import warnings
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from tui_label.sound import line as line_module
from tui_label.sound import wire
from tui_label.sound.line import (
    CARD_AGAIN_S,
    NO_WAY,
    Line,
    Ways,
    listeners,
    local_speaker,
    speaker_ended,
    speaker_process,
)

NAME = "tui-label-{:024x}.sock"
HELLO = {"ev": "hello", "v": 1, "ok": True, "name": "laptop", "device": "ears"}


@pytest.fixture
def folder(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The only place where sockets are looked for."""
    # A socket's path has a hundred bytes at most
    with tempfile.TemporaryDirectory() as short:
        monkeypatch.setattr(line_module, "listeners", lambda: listeners(Path(short)))
        monkeypatch.delenv("SSH_CONNECTION", raising=False)
        yield Path(short)


@pytest.fixture
def bind(folder: Path) -> Iterator[Any]:
    """Sockets that nobody answers on, one second younger each."""
    found: list[socket.socket] = []

    def make(number: int, *, name: str = NAME, live: bool = True) -> Path:
        path = folder / name.format(number)
        one = socket.socket(socket.AF_UNIX)
        one.bind(str(path))
        if live:
            one.listen()
        else:
            one.close()
        os.utime(path, (number, number))
        found.append(one)
        return path

    yield make
    for one in found:
        one.close()


@pytest.fixture
async def serve(folder: Path) -> AsyncIterator[Any]:
    """A listener that says one thing."""
    servers: list[asyncio.Server] = []

    async def make(number: int, hello: dict[str, Any] | None = None, **said: Any) -> Path:
        async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            asked, _ = await wire.read(reader)
            writer.write(wire.pack({**(hello or HELLO), "device": asked["token"], **said}))

        path = folder / NAME.format(number)
        servers.append(await asyncio.start_unix_server(answer, str(path)))
        os.utime(path, (number, number))
        return path

    yield make
    for server in servers:
        server.close()


# whose sockets


def test_the_newest_listener_comes_first(folder, bind):
    paths = [bind(number) for number in (3, 1, 2)]

    assert listeners(folder) == [paths[0], paths[2], paths[1]]


def test_only_sockets_with_a_listener_s_name_are_tried(folder, bind):
    path = bind(1)
    bind(2, name="tui-label-{}.sock")
    bind(3, name="tui-label-{:024x}.sock.old")
    bind(4, name="other-{:024x}.sock")
    (folder / NAME.format(5)).touch()
    (folder / NAME.format(6)).mkdir()

    assert listeners(folder) == [path]


def test_a_link_is_refused_wherever_it_leads(folder, bind):
    path = bind(1)
    (folder / NAME.format(2)).symlink_to(path)

    assert listeners(folder) == [path]


@pytest.mark.skipif(os.getuid() != 0, reason="needs root to make a file of somebody else's")
def test_a_socket_of_somebody_else_is_refused(folder, bind):
    os.lchown(bind(1), 65_534, 65_534)

    assert listeners(folder) == []


async def test_a_stale_socket_is_removed_and_a_live_one_is_not(folder, bind, serve):
    stale, silent = bind(9, live=False), bind(8)
    live = await serve(1)
    found = await Ways("listener")()

    assert found.name == f"laptop · {live.name[10:34]}", "its name is the token"
    assert not stale.exists() and silent.exists() and live.exists()
    found.writer.close()


async def test_the_socket_that_was_named_is_never_removed(bind):
    stale = bind(9, live=False)
    with pytest.raises(ConnectionError, match="nobody listens"):
        await Ways(str(stale))()

    assert stale.exists()


# which way


class Card:
    """This machine's own speaker, and how often it was asked."""

    def __init__(self, why: str = "") -> None:
        self.why, self.asked, self.now = why, 0, 1000.0

    async def __call__(self) -> Line:
        self.asked += 1
        if self.why:
            raise ConnectionError(self.why)
        return Line(None, None, None, hello={"device": "card"})  # type: ignore[arg-type]


@pytest.fixture
def card(monkeypatch: pytest.MonkeyPatch) -> Card:
    made = Card()
    monkeypatch.setattr(line_module, "local_speaker", made)
    monkeypatch.setattr(line_module.time, "monotonic", lambda: made.now)
    return made


async def test_at_the_machine_itself_the_card_comes_first(serve, card):
    await serve(1)

    assert (await Ways()()).name == "card"


async def test_within_ssh_the_listener_comes_first(serve, card, monkeypatch):
    await serve(1)
    monkeypatch.setenv("SSH_CONNECTION", "1 2 3 4")
    found = await Ways()()

    assert found.far and card.asked == 0
    found.writer.close()


async def test_within_ssh_without_a_listener_it_is_the_card(folder, card, monkeypatch):
    monkeypatch.setenv("SSH_CONNECTION", "1 2 3 4")

    assert (await Ways()()).name == "card"


@pytest.mark.parametrize(("ssh", "why"), [(False, "no sound card here"), (True, NO_WAY)])
async def test_where_no_way_leads_the_first_one_says_why(folder, card, monkeypatch, ssh, why):
    card.why = "no sound card here"
    if ssh:
        monkeypatch.setenv("SSH_CONNECTION", "1 2 3 4")
    with pytest.raises(ConnectionError) as found:
        await Ways()()

    assert str(found.value) == why


async def test_none_is_none(serve, card):
    await serve(1)
    with pytest.raises(ConnectionError, match="switched off"):
        await Ways("none")(True)

    assert card.asked == 0


async def test_card_is_the_card_alone(serve, card, monkeypatch):
    await serve(1)
    monkeypatch.setenv("SSH_CONNECTION", "1 2 3 4")
    card.why = "no sound card here"
    with pytest.raises(ConnectionError, match="no sound card here"):
        await Ways("card")()


async def test_a_listener_that_comes_later_is_found(folder, serve, card):
    ways = Ways(str(folder / NAME.format(7)))
    with pytest.raises(ConnectionError, match="nobody listens"):
        await ways()
    path = await serve(7)
    found = await ways()

    assert found.far and path.exists() and card.asked == 0
    found.writer.close()


async def test_another_listener_than_the_one_that_was_named_is_taken_too(folder, serve, card):
    """Who comes back to tmux from another laptop has the old name in the environment."""
    await serve(1)
    found = await Ways(str(folder / NAME.format(7)))()

    assert found.far
    found.writer.close()


async def test_a_port_has_a_token(card):
    tokens: list[str] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        tokens.append((await wire.read(reader))[0]["token"])
        writer.write(wire.pack(HELLO))

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    found = await Ways(f"127.0.0.1:{port}/{'ab' * 12}")()
    server.close()

    assert found.name == "laptop · ears" and tokens == ["ab" * 12]
    found.writer.close()


@pytest.mark.parametrize("called_off", [False, True])
def test_nothing_of_a_speaker_outlives_the_loop(monkeypatch, called_off):
    async def begun_and_ended() -> None:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-c",
            f"import time; print('unread ' * 1000, flush=True); time.sleep({60 * called_off})",
            stdin=PIPE,
            stdout=PIPE,
            limit=10,
        )
        await process.stdout.readexactly(1)
        ending = asyncio.create_task(speaker_ended(process))
        if called_off:
            await asyncio.sleep(0)
            ending.cancel()
        await asyncio.gather(ending, return_exceptions=True)

    left: list[object] = []
    monkeypatch.setattr(sys, "unraisablehook", lambda one: left.append(one.exc_value))
    with warnings.catch_warnings(action="ignore"):
        asyncio.run(begun_and_ended())
        gc.collect()

    assert left == []


@pytest.mark.parametrize(
    ("way", "why"),
    [
        ("127.0.0.1:1", "nobody listens at the other end of ssh any more"),
        ("127.0.0.1:99999", "nobody listens: on your"),
    ],
)
async def test_a_port_that_leads_nowhere_is_a_sentence(card, folder, way, why):
    with pytest.raises(ConnectionError, match=why):
        await Ways(f"{way}/{'ab' * 12}")()


async def test_a_machine_without_a_card_is_not_asked_all_the_time(folder, card):
    card.why = "no sound card here"
    ways = Ways("card")
    for wait in (0.0, 1.0, CARD_AGAIN_S - 2.0):
        card.now += wait
        with pytest.raises(ConnectionError, match="no sound card here"):
            await ways()
    assert card.asked == 1
    with pytest.raises(ConnectionError):
        await ways(True)
    assert card.asked == 2, "somebody wants to hear something"
    card.now += CARD_AGAIN_S + 1.0
    card.why = ""

    assert (await ways()).name == "card" and card.asked == 3


# what a person is told


@pytest.mark.parametrize(
    ("hello", "why"),
    [
        ({"ev": "hello", "ok": False, "why": "no sound card here"}, "no sound card here"),
        ({"ev": "hello", "ok": False}, "what answered is no speaker"),
        ({"ev": "pong"}, "what answered is no speaker"),
        ({"ev": "hello", "ok": False, "why": "\x1b[2J\ud800evil\n" + "x" * 500}, "[2J evil"),
        ({"ev": "hello", "ok": False, "why": ["a"]}, "['a']"),
    ],
)
async def test_a_listener_that_cannot_says_why(serve, hello, why):
    path = await serve(1, hello)
    with pytest.raises(ConnectionError) as found:
        await Ways(str(path))()

    assert str(found.value).startswith(why) and str(found.value).isprintable() and len(str(found.value)) <= 200


async def test_a_name_from_the_other_end_moves_no_cursor(serve):
    path = await serve(1, name="\x1b]0;x\x07" + "y" * 200)
    found = await Ways(str(path))()

    assert found.name.isprintable() and len(found.name) < 130
    found.writer.close()


@pytest.mark.parametrize("said", [b"", b"SSH-2.0-OpenSSH_9.6\r\n", b"\x00\x00", wire.pack({"ev": "hello"})[:9]])
async def test_what_hangs_up_or_speaks_otherwise_is_named(folder, said):
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(10)
        writer.write(said)
        writer.close()

    path = folder / NAME.format(1)
    server = await asyncio.start_unix_server(answer, str(path))
    with pytest.raises(ConnectionError, match=r"nobody listens|not a frame"):
        await Ways(str(path))()
    server.close()


async def test_an_ssh_whose_listener_went_is_not_called_every_second(folder, monkeypatch):
    """For each call it says on the person's screen that there is nobody."""
    now, calls = [1000.0], []

    async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        calls.append(now[0])
        writer.close()

    path = folder / NAME.format(1)
    server = await asyncio.start_unix_server(hang_up, str(path))
    ways = Ways("listener")
    monkeypatch.setattr(line_module.time, "monotonic", lambda: now[0])
    for _ in range(100):
        with pytest.raises(ConnectionError, match="nobody listens at the other end of ssh any more"):
            await ways()
        now[0] += 1.0
    assert [round(one - 1000) for one in calls] == [0, 1, 3, 7, 15, 31, 61, 91]
    with pytest.raises(ConnectionError):
        await ways(urgent=True)
    server.close()

    assert len(calls) == 9, "a play key calls at once"


async def test_a_speaker_that_nobody_waits_for_any_more_does_not_stay():
    me, before = psutil.Process(), psutil.Process().children()
    greeting = asyncio.create_task(local_speaker())
    while me.children() == before:
        await asyncio.sleep(0.01)
    # It takes a while to say hello
    await asyncio.sleep(0.02)
    greeting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await greeting

    assert me.children() == before


async def test_a_speaker_ends_by_itself_and_is_killed_only_where_it_hangs(monkeypatch):
    monkeypatch.setattr(line_module, "END_S", 20.0)
    speaker = await speaker_process()
    await speaker_ended(speaker)
    monkeypatch.setattr(line_module, "END_S", 0.05)
    hanging = await speaker_process()
    hanging.send_signal(signal.SIGSTOP)
    await speaker_ended(hanging)

    assert (speaker.returncode, hanging.returncode) == (0, -signal.SIGKILL)
