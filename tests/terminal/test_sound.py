"""Sound work through the installed command: keys in a real terminal, sound in a real sound server."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest
import soundfile
from ears import Ears, find, listening, needs_pulse
from helpers import write_project
from terminal_harness import Terminal, run

RATE = 48_000
TRANSCRIPTS = """\
name: calls
items: sound
{settings}
tasks:
  - id: transcript
    type: text
    transcript: {{tags: [noise, laugh], short-forms: {{";n": "[noise]"}}, speakers: [agent, caller]{rules}}}
"""
EVENTS = """\
name: events
items: sound
tasks:
  - id: events
    type: segments
    overlap: true
    labels: [doorbell, dog bark, siren, car_horn, human_voice]
"""
TURNS = """\
name: turns
items: sound
tasks:
  - {id: turns, type: segments, transcript: {speakers: [Roger, Virgil]}}
"""
DEAF = {"PULSE_SERVER": "unix:/nowhere/pulse", "XDG_RUNTIME_DIR": "/nowhere"}

Open = Callable[..., Terminal]


def transcripts(settings: str = "", rules: str = "") -> str:
    return TRANSCRIPTS.format(settings=settings, rules=rules)


def noise(seconds: float, seed: int = 7, rate: int = RATE) -> np.ndarray:
    return (np.random.default_rng(seed).standard_normal(int(seconds * rate)) * 0.1).astype(np.float32)


def clips(folder: Path, *samples: np.ndarray, drafts: tuple[str, ...] = (), rate: int = RATE) -> Path:
    """A manifest of clips c0, c1, … in a folder."""
    folder.mkdir(exist_ok=True)
    lines = []
    for number, sound in enumerate(samples):
        soundfile.write(folder / f"c{number}.wav", sound, rate, subtype="PCM_16")
        line = {"item": f"c{number}", "audio": f"c{number}.wav"}
        lines.append(json.dumps(line | ({"text": drafts[number]} if drafts else {})))
    (folder / "clips.jsonl").write_text("\n".join(lines))
    return folder / "clips.jsonl"


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Open]:
    """Open the project of this test, made and filled at the first call."""
    terminals: list[Terminal] = []

    def start(source: str = "", manifest: Path | None = None, *arguments: str, **named: Any) -> Terminal:
        folder = tmp_path / "project"
        if manifest is not None and not folder.exists():
            write_project(folder, source)
            status, _, errors = run("add", str(folder), str(manifest))
            assert status == 0, errors
        env = {"XDG_CONFIG_HOME": str(tmp_path / "config"), "XDG_STATE_HOME": str(tmp_path / "state")}
        env |= named.pop("env", DEAF)
        terminal = Terminal(str(folder), "--as", "ann", *arguments, env=env, **named)
        terminals.append(terminal)
        return terminal.wait_for("ann")

    yield start
    for terminal in terminals:
        terminal.close()


@pytest.fixture(scope="module")
def ears() -> Iterator[Ears]:
    with listening("content", RATE) as found:
        yield found


def exported(folder: Path) -> dict[str, dict[str, Any]]:
    status, out, errors = run("export", str(folder / "project"))
    assert status == 0, errors
    return {line["item"]: line for line in map(json.loads, out.splitlines())}


def speakers(terminal: Terminal) -> list[psutil.Process]:
    return [one for one in terminal.process.children() if "tui_label.sound.speaker" in " ".join(one.cmdline())]


def until(test: Callable[[], object], terminal: Terminal, timeout: float = 15.0) -> None:
    end = time.monotonic() + timeout
    while not test():
        assert time.monotonic() < end, f"never came true:\n{terminal.text}"
        terminal.read(0.02)


# hear it, submit it


@needs_pulse
def test_a_right_draft_takes_two_keys(opened, ears, tmp_path):
    first = noise(5.0)
    manifest = clips(tmp_path / "in", first, noise(1.0, 8), drafts=("what was said", "more"))
    terminal = opened(transcripts("sound: {must-hear: 90%}"), manifest, env=ears.env).wait_for("what was said")
    until(lambda: speakers(terminal), terminal)
    began = time.monotonic()
    terminal.press("tab").wait_for("heard 100%", 20).press("enter").wait_for("more")

    heard = ears.since(began)[:, 0]
    assert find(heard, first[480:])[1] > 0.999
    answer = exported(tmp_path)["c0"]
    assert answer["answers"] == {"transcript": "what was said"}
    assert answer["listening"]["plays"] == 1
    assert answer["listening"]["coverage"] == 1.0
    assert answer["listening"]["edits"]["transcript"] == {"words": 0, "characters": 0, "kept": 3, "of": 3}


@needs_pulse
def test_with_automatic_play_one_key_is_enough(opened, ears, tmp_path):
    sounds = [noise(1.0, seed) for seed in range(3)]
    manifest = clips(tmp_path / "in", *sounds, drafts=("one", "two", "three"))
    began = time.monotonic()
    terminal = opened(transcripts("sound: {autoplay: true, must-hear: 90%}"), manifest, env=ears.env)
    for words in ("one", "two", "three"):
        terminal.wait_for(words).wait_for("heard 100%").press("enter")
    terminal.wait_for("Nothing is left")

    heard = ears.since(began)[:, 0]
    places = [find(heard, sound[480:]) for sound in sounds]
    assert all(alike > 0.999 for _, alike in places)
    assert [at for at, _ in places] == sorted(at for at, _ in places)
    assert [one["answers"]["transcript"] for one in exported(tmp_path).values()] == ["one", "two", "three"]


@needs_pulse
def test_what_was_not_heard_is_not_taken(opened, ears, tmp_path):
    manifest = clips(tmp_path / "in", noise(4.0), drafts=("words",))
    terminal = opened(transcripts("sound: {must-hear: 90%}"), manifest, env=ears.env).wait_for("words")
    terminal.press("enter").wait_for("the project wants 90%")
    assert exported(tmp_path) == {}

    terminal.press("tab").wait_for("heard 100%", 20).press("enter").wait_for("Nothing is left")
    assert exported(tmp_path)["c0"]["listening"]["coverage"] >= 0.9


@needs_pulse
def test_play_keys_work_while_typing(opened, ears, tmp_path):
    terminal = opened(transcripts(), clips(tmp_path / "in", noise(20.0)), env=ears.env).wait_for("c0")
    until(lambda: speakers(terminal), terminal)
    terminal.press("tab").wait_for("▶").press(*"so it ", "f3", "f3", *"goes").wait_for("so it goes")
    terminal.wait_for("00:05.", 10).press("f5", "f5").wait_for("0.8×").press("tab").wait_for("■")
    terminal.press(" ", ";", "n", " ").wait_for("goes [noise]").press("enter").wait_for("Nothing is left")

    answer = exported(tmp_path)["c0"]
    assert answer["answers"]["transcript"] == "so it goes [noise] "
    assert set(answer["listening"]["speeds"]) >= {"1", "0.8"}
    assert answer["listening"]["keystrokes"] == len("⇥so it ⇥⇥goes⇥⇥⇥ ;n ↵"), "play keys count too"


# mark it


@needs_pulse
def test_a_doorbell_is_marked_and_named_while_it_plays_in_three_keys(opened, tmp_path):
    """In, out, label; nobody's reaction is measured here, so marks stand where the keys came."""
    with listening("timing", RATE) as ears:
        manifest = clips(tmp_path / "in", noise(8.0))
        terminal = opened(EVENTS, manifest, env=ears.env).wait_for("c0")
        until(lambda: speakers(terminal), terminal)
        time.sleep(0.5)
        began = time.monotonic()
        terminal.send(b" ")
        heard = ears.onset(began)
        assert heard is not None
        pressed = []
        for key, at in (("m", 1.0), ("m", 2.5)):
            while time.monotonic() < heard + at:
                terminal.read(0.002)
            pressed.append(time.monotonic() - heard)
            terminal.send(key.encode())
        terminal.press("1").wait_for("doorbell").press("enter").wait_for("Nothing is left")

    (segment,) = exported(tmp_path)["c0"]["answers"]["events"]
    assert segment["label"] == "doorbell"
    assert segment["start"] == pytest.approx(pressed[0], abs=0.05)
    assert segment["end"] == pytest.approx(pressed[1], abs=0.05)


def mark(terminal: Terminal, start: float, end: float, key: str) -> None:
    """By the cursor: seconds and tenths, then the edges by 10 ms."""
    first, last = int(start * 10 + 1e-6), int(end * 10 + 1e-6)
    held(terminal, "home", *["right"] * (first // 10), *["shift+right"] * (first % 10), "m")
    held(terminal, *["right"] * ((last - first) // 10), *["shift+right"] * ((last - first) % 10), key)
    held(terminal, *["}"] * round(start * 100 - first * 10), *["]"] * round(end * 100 - last * 10), "escape")


def held(terminal: Terminal, *keys: str) -> None:
    """As fast as fingers that hold a key: what comes faster is taken for a paste."""
    for key in keys:
        terminal.press(key, settle=False)
        terminal.settle(0.012, 0.03)


def test_soundscapes_come_back_within_ten_milliseconds(opened, tmp_path, data_folder):
    """A robot with 1 s, 0.1 s and 10 ms keys marks what scaper put in; its labels are the gold."""
    scaper = data_folder / "sound" / "scaper"
    terminal = opened(EVENTS, scaper, columns=120, rows=36).wait_for("no segments yet")
    terminal.press("c").wait_for("10 ms")
    keys = {"siren": "3", "car_horn": "4", "human_voice": "5"}
    for _ in range(2):
        terminal.wait_for("no segments yet")
        for start, end, label in gold(scaper / "soundscape_20200501_22050.txt"):
            mark(terminal, start, end, keys[label])
        terminal.wait_for("0.970 s  human_voice").press("enter")
    terminal.wait_for("Nothing is left")

    found = exported(tmp_path)
    assert len(found) == 2
    for answer in found.values():
        wanted = gold(scaper / "soundscape_20200501_22050.txt")
        got = [(one["start"], one["end"], one["label"]) for one in answer["answers"]["events"]]
        assert [label for *_, label in got] == [label for *_, label in wanted]
        assert np.abs(np.array([one[:2] for one in got]) - [one[:2] for one in wanted]).max() <= 0.01


def gold(path: Path) -> list[tuple[float, float, str]]:
    rows = [line.split("\t") for line in path.read_text().splitlines()]
    return [(float(start), float(end), label) for start, end, label in rows]


# real clips in, transcribed, out


def published(data: Path) -> dict[Path, str]:
    """Clips of several collections with their transcripts."""
    found: dict[Path, str] = {}
    for folder, name in (("pocketsphinx_librivox", "transcription"), ("pocketsphinx_cards", "cards.transcription")):
        for line in (data / folder / name).read_text().splitlines():
            words, _, clip = line.removeprefix("<s> ").partition(" </s> ")
            found[data / folder / f"{clip.strip('()')}.wav"] = " ".join(words.split())
    for cut in json.loads((data / "lhotse" / "cuts.json").read_text()):
        (said,) = cut["supervisions"]
        found[data / "lhotse" / f"{said['recording_id']}.wav"] = said["text"]
    digits = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]
    for path in sorted((data / "fsdd").glob("*.wav")):
        found[path] = digits[int(path.name[0])]
    return found


def test_published_transcripts_come_back_as_they_were(opened, tmp_path, data_folder):
    wanted = dict(list(published(data_folder / "sound").items())[::4])  # some of each corpus
    assert len(wanted) > 25
    manifest = tmp_path / "in.jsonl"
    manifest.write_text("".join(json.dumps({"item": path.stem, "audio": str(path)}) + "\n" for path in wanted))
    terminal = opened(transcripts("order: as-added"), manifest, columns=120, rows=36)
    for number, (path, words) in enumerate(wanted.items()):
        terminal.wait_for(f" {path.stem} ").wait_for(f"{number} of {len(wanted)}")
        terminal.send(words.encode())
        until(lambda words=words: words[-20:] in " ".join(terminal.text.split()), terminal)
        terminal.send(b"\r")
    terminal.wait_for("Nothing is left")

    got = {key: one["answers"]["transcript"] for key, one in exported(tmp_path).items()}
    assert got == {path.stem: words for path, words in wanted.items()}


def test_a_long_call_is_transcribed_turn_by_turn(opened, tmp_path, data_folder):
    """568 s of MP3, every third of its 62 turns: the robot types each one into its segment."""
    call = data_folder / "sound" / "gecko_demo" / "demo.mp3"
    turns = []
    for one in json.loads(call.with_suffix(".json").read_text())["monologues"][::3]:
        words = " ".join(term["text"] for term in one["terms"] if term["type"] == "WORD")
        times = {"start": one["terms"][0]["start"], "end": one["terms"][-1]["end"]}
        turns.append(times | {"speaker": one["speaker"]["id"], "text": words})
    drafts = [{name: value for name, value in turn.items() if name != "text"} for turn in turns]
    manifest = tmp_path / "in.jsonl"
    manifest.write_text(json.dumps({"item": "call", "audio": str(call), "segments": drafts}))
    terminal = opened(TURNS, manifest, columns=120, rows=36).wait_for("turns").press("i")
    for turn in turns:
        until(lambda turn=turn: f"{turn['end'] - turn['start']:.3f} s" in picked(terminal), terminal)
        terminal.send(turn["text"].encode())
        until(lambda turn=turn: turn["text"][-25:] in " ".join(terminal.text.split()), terminal)
        terminal.press("enter")
    terminal.wait_for("that was the last segment").press("enter").wait_for("Nothing is left")
    assert b"libmpg123" not in terminal.raw, "decoders print, but not on the screen"

    assert exported(tmp_path)["call"]["answers"]["turns"] == turns


def picked(terminal: Terminal) -> str:
    """The row of the segment that the hands are on."""
    return next((row for row in terminal.screen.display if row.startswith("›")), "")


# nothing to hear with


def test_without_a_sound_card_all_but_hearing_goes_on(opened, tmp_path):
    manifest = clips(tmp_path / "in", noise(3.0), noise(3.0, 8), drafts=("first", "second"))
    terminal = opened(transcripts("sound: {autoplay: true}"), manifest).wait_for("no sound")
    until(lambda: "⣿" in terminal.text or "⣶" in terminal.text, terminal)
    terminal.press("tab", *" of all").wait_for("first of all").press("enter").wait_for("second")
    terminal.press("enter").wait_for("Nothing is left")

    assert [one["answers"]["transcript"] for one in exported(tmp_path).values()] == ["first of all", "second"]
    for noisy in (b"ALSA", b"jack", b"PulseAudio", b"PortAudio ", b"Traceback"):
        assert noisy not in bytes(terminal.raw)


def test_without_portaudio_the_package_to_install_is_named(opened, tmp_path):
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "sitecustomize.py").write_text(
        "import ctypes.util\nctypes.util.find_library = lambda _: None\n"
    )
    env = {**DEAF, "PYTHONPATH": str(tmp_path / "site")}
    terminal = opened(transcripts(), clips(tmp_path / "in", noise(1.0)), env=env, columns=120)

    terminal.wait_for("apt install libportaudio2").press(*"typed", "enter").wait_for("Nothing is left")


@needs_pulse
def test_there_is_no_trace_of_the_speaker_after_leaving(opened, ears, tmp_path):
    terminal = opened(transcripts(), clips(tmp_path / "in", noise(1.0)), env=ears.env).wait_for("c0")
    until(lambda: speakers(terminal), terminal)
    (speaker,) = speakers(terminal)
    terminal.press("ctrl+q")

    assert terminal.wait() == 0
    speaker.wait(2)  # raises where it stays; on a busy machine it may end a moment after the app


@needs_pulse
def test_killed_while_it_plays_the_draft_is_there_and_no_speaker_is_left(opened, ears, tmp_path):
    manifest = clips(tmp_path / "in", noise(60.0))
    terminal = opened(transcripts(), manifest, env=ears.env).wait_for("c0")
    until(lambda: speakers(terminal), terminal)
    (speaker,) = speakers(terminal)
    terminal.press("tab").wait_for("▶").press(*"half a sent")
    time.sleep(1.5)
    terminal.kill(signal.SIGKILL)
    terminal.wait()
    gone = psutil.wait_procs([speaker], timeout=3)[0]
    again = opened(env=ears.env).wait_for("half a sent")

    assert gone == [speaker]
    again.press("tab").wait_for("▶").press(*"ence", "enter").wait_for("Nothing is left")
    answer = exported(tmp_path)["c0"]
    assert answer["answers"]["transcript"] == "half a sentence"
    assert answer["listening"]["plays"] == 2


@needs_pulse
@pytest.mark.parametrize("fault", ["dies", "hangs"])
def test_a_sound_server_that_goes_away_is_survived(opened, tmp_path, fault):
    ears = Ears("timing")
    try:
        manifest = clips(tmp_path / "in", noise(60.0))
        terminal = opened(transcripts(), manifest, env=ears.env).wait_for("c0")
        until(lambda: speakers(terminal), terminal)
        began = time.monotonic()
        terminal.press("tab").wait_for("▶")
        assert ears.onset(began) is not None
        os.kill(ears.pulse.pid, signal.SIGKILL if fault == "dies" else signal.SIGSTOP)
        terminal.press(*"typed meanwhile").wait_for("typed meanwhile", 2).wait_for("no sound", 15)
        if fault == "dies":
            ears.revive()
        else:
            os.kill(ears.pulse.pid, signal.SIGCONT)
        began = time.monotonic()
        until(lambda: "▶" in terminal.press("tab").text, terminal, 40)
        assert ears.onset(began) is not None
        terminal.press("enter").wait_for("Nothing is left")
    finally:
        ears.close()

    assert exported(tmp_path)["c0"]["answers"]["transcript"] == "typed meanwhile"
    assert b"Traceback" not in bytes(terminal.raw)


# a sprint


def test_a_sprint_ends_between_two_items_and_leaves_a_line(opened, tmp_path):
    sounds = [noise(2.0, seed) for seed in range(4)]
    manifest = clips(tmp_path / "in", *sounds, drafts=("a1", "b2", "c3", "d4"))
    terminal = opened(transcripts(), manifest, "--sprint", "2s").wait_for("a1").wait_for("sprint")
    terminal.press("enter").wait_for("b2")
    time.sleep(2)
    assert "The sprint is over" not in terminal.text, "not in the middle of an item"
    terminal.press("enter").wait_for("The sprint is over").wait_for("2 items").press("enter").wait_for("c3")
    terminal.press("ctrl+q")
    assert terminal.wait() == 0

    with sqlite3.connect(tmp_path / "project" / "project.db") as database:
        database.row_factory = sqlite3.Row
        (line,) = database.execute("select * from sprint join annotator on annotator.id = sprint.annotator").fetchall()
    assert (line["name"], line["items"], line["sound_ms"], line["planned_ms"]) == ("ann", 2, 4000, 2000)
