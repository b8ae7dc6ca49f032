"""The installed command in a real terminal: work, drops of the link, hostile text."""

from __future__ import annotations

import json
import random
import re
import signal
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from helpers import BOTH, ENTITIES, SENTIMENT, write_project
from terminal_harness import Terminal, run


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[object]:
    terminals: list[Terminal] = []

    def start(source: str, texts: list[str], **named: object) -> Terminal:
        folder = tmp_path / "project"
        if not folder.exists():
            write_project(folder, source)
            lines = [json.dumps({"item": f"i{n}", "text": text}) for n, text in enumerate(texts)]
            (folder / "in.jsonl").write_text("\n".join(lines))
            status, _, errors = run("add", str(folder), str(folder / "in.jsonl"))
            assert status == 0, errors
        terminal = Terminal(str(folder), "--as", "ann", **named)  # type: ignore[arg-type]
        terminals.append(terminal)
        return terminal

    yield start
    for terminal in terminals:
        terminal.close()


def answers(folder: Path) -> list[dict[str, object]]:
    status, out, _ = run("export", str(folder / "project"))
    assert status == 0
    return [json.loads(line) for line in out.splitlines()]


def test_one_key_an_item_and_undo_across_items(opened, tmp_path):
    terminal = opened(SENTIMENT, ["first text", "second text", "third text"])
    terminal.wait_for("first text").press("p").wait_for("second text").press("n").wait_for("third text")
    terminal.press("u").wait_for("second text").press("p").wait_for("third text").press("ctrl+q")

    assert terminal.wait() == 0
    assert [one["answers"] for one in answers(tmp_path)] == [{"sentiment": "positive"}] * 2
    assert all(one["ms"]["active"] > 0 for one in answers(tmp_path))


def test_all_of_the_screen_is_back_when_the_shell_lets_the_app_go_on(opened):
    terminal = opened(SENTIMENT, ["first text"]).wait_for("first text").wait_for("saved")
    terminal.kill(signal.SIGTSTP)
    terminal.settle(0.5, 5.0)
    terminal.screen.reset()  # as the terminal is that gives back what was there before the app
    terminal.kill(signal.SIGCONT)
    terminal.wait_for("first text").wait_for("p positive").wait_for("saved")

    assert Path(f"/proc/{terminal.pid}/fd/2").readlink() == Path("/dev/null"), "what C libraries print"


def test_an_entity_by_hop_in_six_keys(opened, tmp_path):
    words = "one two three four five six seven eight nine Angela Merkel spoke"
    terminal = opened(ENTITIES, [words, "next item here"]).wait_for("Angela").press(";")
    rows = terminal.text.split("\n")
    row = next(n for n, line in enumerate(rows) if "Angela" in line)
    hint = rows[row + 1][rows[row].index("Angela")]
    terminal.press(hint, "shift+right", "1", "enter").wait_for("next item here")

    (one,) = answers(tmp_path)
    assert one["answers"] == {"entities": [{"start": 45, "end": 58, "label": "person", "text": "Angela Merkel"}]}


def test_keys_that_the_link_held_back_all_count_for_the_item_that_was_seen_and_for_no_other(opened, tmp_path):
    terminal = opened(ENTITIES, ["Rome Paris Oslo Bern Nice Lima", "next item here", "the third"]).wait_for("Rome")
    terminal.send(b"1\x1b[C2\x1b[C1\x1b[C2\x1b[C1\r1\r")
    terminal.wait_for("next item here").settle(0.2, 1)

    (one,) = answers(tmp_path)
    assert [span["text"] for span in one["answers"]["entities"]] == ["Rome", "Paris", "Oslo", "Bern", "Nice"]


def test_the_legend_and_a_conditional_task(opened, tmp_path):
    terminal = opened(BOTH, ["Rome was late"]).wait_for("Rome was late")
    assert "entities" not in terminal.text
    terminal.press("n").wait_for("entities").press("escape", "1", "enter").wait_for("Nothing is left")

    assert answers(tmp_path)[0]["answers"] == {
        "sentiment": "negative",
        "entities": [{"start": 0, "end": 4, "label": "person", "text": "Rome"}],
    }


def test_flag_with_a_note_find_guide_pause(opened, tmp_path):
    terminal = opened(SENTIMENT, ["needle in a haystack", "other"]).wait_for("needle")
    terminal.press("f", "n", "1", *"two labels", "enter").wait_for("⚑ ambiguous")
    terminal.press("g").wait_for("How to decide").press("q").wait_for("needle")
    terminal.press("P").wait_for("Paused")
    assert "needle" not in terminal.text
    terminal.press("P").wait_for("needle").press("p").wait_for("other")

    assert answers(tmp_path)[0]["flags"] == [{"reason": "ambiguous", "note": "two labels"}]


@pytest.mark.parametrize("way", ["kill", "hang up", "terminate", "hang up ignored", "no controlling terminal"])
def test_the_link_drops_and_the_draft_comes_back(opened, tmp_path, way):
    named = {"ignore_hangup": way == "hang up ignored", "controlling": way != "no controlling terminal"}
    terminal = opened(ENTITIES, ["Angela flew to Rome", "another"], **named).wait_for("Angela")
    terminal.press("1", "right", "right", "right", "2")
    time.sleep(1.0)
    if way == "kill":
        terminal.kill(signal.SIGKILL)
    elif way == "terminate":
        terminal.kill(signal.SIGTERM)
    else:
        terminal.hang_up()
    assert terminal.wait(5.0) is not None, "the process is still there"

    again = opened(ENTITIES, []).wait_for("person")
    assert "place" in again.text.split("Rome")[1].split("\n")[1]
    again.press("u").press("enter").wait_for("another")
    assert [one["label"] for one in answers(tmp_path)[0]["answers"]["entities"]] == ["person"]


def test_hostile_text_is_shown_and_never_obeyed(opened, tmp_path):
    texts = [
        "\x1b[2J\x1b]0;pwned\x07\x1b]52;c;AAAA\x07\x9b31m\x1b[6n X",
        "\u202egnp \x00\x08 [@click=app.bell]y[/] \u2066",
        "done",
    ]
    terminal = opened(SENTIMENT, texts).wait_for("pwned")
    shown = len(terminal.raw)
    terminal.press("p").wait_for("@click").press("p").wait_for("done")
    body = terminal.raw.decode("utf-8", "replace")

    for evil in ("\x1b]0;", "\x1b]52", "\x1b[6n", "\u202e", "\u2066", "\x00", "\x08", "\x9b"):
        assert evil not in body
    assert "\x1b[2J" not in body[shown:]
    assert [one["text"] for one in answers(tmp_path)] == texts[:2]


def test_bad_bytes_and_stray_replies_are_no_keys(opened, tmp_path):
    terminal = opened("name: d\ntasks: [{id: s, type: choice, labels: [a, b, c]}]\n", ["first text", "second text"])
    terminal.wait_for("first text")
    for junk in (
        b"\xff\xfe",
        b"\x1b[?62;4c",
        b"\x1b]11;rgb:1111/2222/3333\x07",
        b"\x1bP>|tmux 3.3\x1b\\",
        b"\x1b[97;1:3u",
        b"\x1b[999999999999u",
    ):
        terminal.send(junk)
        time.sleep(0.1)
    terminal.send(b"\x1b]11;rgb:11")
    time.sleep(0.02)
    terminal.send(b"11/2222/3333\x1b\\")
    terminal.settle(0.3, 1)
    assert "first text" in terminal.text
    assert answers(tmp_path) == []
    terminal.press("2").wait_for("second text")
    assert answers(tmp_path)[0]["answers"] == {"s": "b"}


def test_resize_at_any_moment(opened):
    terminal = opened(ENTITIES, ["Angela flew to Rome " * 40]).wait_for("Angela")
    for columns, rows in ((40, 12), (200, 60), (20, 5), (80, 24)):
        terminal.resize(columns, rows)
        terminal.press("right")
        if columns == 20:
            terminal.wait_for("needs 40")
    terminal.wait_for("Angela flew")


def test_keys_struck_ahead_do_not_answer_an_unseen_item(opened, tmp_path):
    terminal = opened(SENTIMENT, [f"text {n}" for n in range(6)]).wait_for("text 0")
    terminal.send(b"pp")
    terminal.wait_for("text 1")
    time.sleep(0.2)

    assert len(answers(tmp_path)) == 1


def test_kill_9_at_random_moments_while_a_robot_labels(opened, tmp_path):
    rng = random.Random(7)
    seen: set[str] = set()
    texts = [f"item number {n}." for n in range(400)]
    for _ in range(6):
        terminal = opened(SENTIMENT, texts).wait_for("item number")
        for _ in range(rng.randint(3, 12)):
            found = re.search(r"item number (\d+)\.", terminal.text)
            assert found
            terminal.press("p", settle=False)
            end = time.monotonic() + 5
            while f"item number {found[1]}." in terminal.text and time.monotonic() < end:
                terminal.read(0.02)
            assert f"item number {found[1]}." not in terminal.text
            seen.add(f"i{found[1]}")
            time.sleep(0.06)  # the same key sooner is a held key
        terminal.press("n", settle=False)
        time.sleep(rng.random() * 0.01)
        terminal.close()

    connection = sqlite3.connect(tmp_path / "project" / "project.db")
    submitted = [key for (key,) in connection.execute("SELECT item FROM answers_latest")]
    assert seen <= set(submitted)
    assert len(submitted) == len(set(submitted))
    assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_items_and_suggestions_come_while_somebody_works(opened, tmp_path):
    """Each next item has what has come by then, and a queue that was empty goes on by itself."""
    folder = tmp_path / "project"
    terminal = opened(SENTIMENT, ["first text", "second text is good"]).wait_for("first text")
    (tmp_path / "words.yaml").write_text("positive: [good]")
    status, out, errors = run("suggest", str(folder), "--with", str(tmp_path / "words.yaml"))
    assert (status, out, errors) == (0, "words.yaml: 2 items, 1 suggestion added\n", "")
    terminal.press("n").wait_for("second text").press("a").wait_for("Nothing is left")

    (tmp_path / "more.txt").write_text("third text")
    assert run("add", str(folder), str(tmp_path / "more.txt"))[0] == 0
    terminal.wait_for("third text").press("p").wait_for("Nothing is left")
    terminal.press("ctrl+q")

    assert terminal.wait() == 0
    said = answers(tmp_path)
    assert [one["answers"]["sentiment"] for one in said] == ["negative", "positive", "positive"]
    (counted,) = json.loads(run("status", str(folder), "--json")[1])["suggestions"]
    assert counted["tasks"]["sentiment"]["accepted"] == 1


def test_without_a_terminal_it_says_so(tmp_path):
    status, _, errors = run("label", str(write_project(tmp_path / "p")))

    assert status == 1
    assert errors.startswith("tui-label: labeling needs a terminal")
