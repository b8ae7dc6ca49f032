"""`tui-label suggest` with everything real: child processes, a database, people at work beside it."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from pathlib import Path

import pytest
from helpers import BOTH, ENTITIES, SENTIMENT, write_project

from tui_label import cli, config
from tui_label.assist import program as child
from tui_label.core.annotating.beginning import begin
from tui_label.core.annotating.steps import step
from tui_label.core.annotating.suggested import outcome_decisions
from tui_label.core.annotation import Annotation
from tui_label.core.item import Item
from tui_label.core.record import Record
from tui_label.projects import opening


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    """Modules are looked for where the command runs."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")


def made(folder: Path, texts: list[str], source: str = SENTIMENT) -> Path:
    store, _ = opening.open_store(config.load(write_project(folder, source)))
    store.add([Record(Item(f"i{number}", text)) for number, text in enumerate(texts)])
    store.close()
    return folder


def opened(folder: Path):
    return opening.open_store(config.load(folder))[0]


def suggested(folder: Path) -> dict[str, list[tuple[object, float | None, str]]]:
    store = opened(folder)
    found = {item.key: [(one.value, one.score, one.source) for one in some] for item, some in store.unanswered()}
    store.close()
    return found


def run(capsys, *arguments: object) -> tuple[int, str, str]:
    status = cli.main(["suggest", *map(str, arguments)])
    said = capsys.readouterr()
    return status, said.out, said.err


def test_word_lists_suggest_spans(tmp_path, capsys):
    folder = made(tmp_path / "p", ["😀 Ada in York", "nobody"], ENTITIES)
    (tmp_path / "w.yaml").write_text("person: [Ada]\nplace: [York]\ncity: [York]\n")
    status, out, errors = run(capsys, folder, "--with", "w.yaml")

    assert (status, out) == (0, "w.yaml: 2 items, 2 suggestions added\n")
    assert errors == "tui-label: w.yaml:3: 'city' is no label of a task that is asked here\n"
    assert suggested(folder) == {
        "i0": [
            ({"start": 2, "end": 5, "label": "person", "text": "Ada"}, None, "w.yaml"),
            ({"start": 9, "end": 13, "label": "place", "text": "York"}, None, "w.yaml"),
        ],
        "i1": [],
    }
    assert run(capsys, folder, "--with", "w.yaml")[1] == "w.yaml: 2 items, 0 suggestions added, 2 known already\n"
    (tmp_path / "w.yaml").write_text("person: [Ada, nobody]\n")
    said = run(capsys, folder, "--with", "w.yaml")[1]
    assert said == "w.yaml: 2 items, 1 suggestion added, 1 known already, 1 of an earlier version replaced\n"


TAGGER = """\
__version__ = "1.5"
def tag(items):
    print("talk goes elsewhere")
    if any(item["text"] == "bad" for item in items):
        raise ValueError("no bad ones")
    return [[{"task": "sentiment", "value": "positive", "score": len(item["text"]) / 10}] for item in items]
def odd(items):
    return [{"label": "glad"} if n % 2 else {"label": "neutral", "score": "high"} for n, _ in enumerate(items)]
def none(items):
    raise RuntimeError("never")
def few(items):
    return []
def generous(items):
    import os
    os.kill(os.getpid(), 9) if items[0]["item"] == "i4" else None
    return [[{"value": "neutral"}] for _ in items]
def memory(items):
    import resource
    resource.setrlimit(resource.RLIMIT_AS, (1 << 30, 1 << 30))
    return ["x" * (4 << 30)]
"""


def test_a_file_of_theirs_that_is_named_as_one_of_python_s_stands_in_nobody_s_way(tmp_path, capsys):
    folder = made(tmp_path / "p", ["good"])
    (tmp_path / "tagger.py").write_text(TAGGER)
    (tmp_path / "json.py").write_text("texts = []\n")
    status, out, _ = run(capsys, folder, "--with", "tagger:tag")

    assert (status, out) == (0, "tagger:tag: 1 item, 1 suggestion added\n")


def test_what_is_refused_before_it_begins_has_no_figures(tmp_path, capsys):
    folder = made(tmp_path / "p", ["good"])
    status, out, errors = run(capsys, folder, "--with", "true", "--batch", 0)

    assert (status, out) == (2, "")
    assert errors == "tui-label: items are handed over 1 to 5,000 at a time, not 0\n"


def test_a_function_is_asked_in_batches_and_its_errors_are_named(tmp_path, capsys):
    folder = made(tmp_path / "p", ["good", "bad", "better"])
    (tmp_path / "tagger.py").write_text(TAGGER)
    status, out, errors = run(capsys, folder, "--with", "tagger:tag", "--batch", 2)

    assert (status, out) == (0, "tagger:tag: 3 items, 2 suggestions added\n")
    assert errors.splitlines() == [
        "tui-label: item i1: ValueError: no bad ones",
        "tui-label: 1 item failed; the first are named above",
    ]
    assert suggested(folder) == {
        "i0": [("positive", 0.4, "tagger:tag")],
        "i1": [],
        "i2": [("positive", 0.6, "tagger:tag")],
    }
    store = opened(folder)
    assert [(one.source.version, one.suggestions) for one in store.source_counts()] == [("1.5", 2)]


NAMING = """\
def sorted_by_length(items):
    ordered = sorted(items, key=lambda item: len(item["text"]))
    return [{"item": item["item"], "label": item["text"].split()[0]} for item in ordered]
def strange(items):
    return [{"item": "i9", "label": "positive"} for _ in items]
def twice(items):
    return [{"item": items[0]["item"], "label": "positive"} for _ in items]
"""


def test_numbers_of_numpy_are_numbers(tmp_path, capsys):
    folder = made(tmp_path / "p", ["Rome it is"], ENTITIES)
    (tmp_path / "model.py").write_text(
        "import numpy as np\n"
        "def places(items):\n"
        "    span = {'start': np.int64(0), 'end': np.int8(4), 'label': 'place', 'score': np.float32(0.5)}\n"
        "    return [{'spans': [span]}]\n"
    )

    assert run(capsys, folder, "--with", "model:places")[0] == 0
    assert suggested(folder) == {
        "i0": [({"start": 0, "end": 4, "label": "place", "text": "Rome"}, 0.5, "model:places")]
    }


def test_a_function_that_names_its_items_may_answer_in_any_order(tmp_path, capsys):
    folder = made(tmp_path / "p", ["positive and long", "neutral"])
    (tmp_path / "naming.py").write_text(NAMING)

    assert run(capsys, folder, "--with", "naming:sorted_by_length")[0] == 0
    assert suggested(folder) == {
        "i0": [("positive", None, "naming:sorted_by_length")],
        "i1": [("neutral", None, "naming:sorted_by_length")],
    }


def test_an_answer_about_another_item_is_not_taken(tmp_path, capsys):
    folder = made(tmp_path / "p", ["one", "two"])
    (tmp_path / "naming.py").write_text(NAMING)
    _, _, errors = run(capsys, folder, "--with", "naming:strange")

    assert suggested(folder) == {"i0": [], "i1": []}
    assert "tui-label: item i0: ValueError: gave an answer about item i9, which was not asked" in errors


def test_two_answers_about_one_item_are_asked_for_one_by_one(tmp_path, capsys):
    folder = made(tmp_path / "p", ["one", "two"])
    (tmp_path / "naming.py").write_text(NAMING)
    run(capsys, folder, "--with", "naming:twice")

    assert suggested(folder) == {f"i{n}": [("positive", None, "naming:twice")] for n in (0, 1)}


def test_what_is_no_valid_suggestion_is_counted_and_named(tmp_path, capsys):
    folder = made(tmp_path / "p", ["a"] * 30)
    (tmp_path / "tagger.py").write_text(TAGGER)
    status, out, errors = run(capsys, folder, "--with", "tagger:odd")

    assert (status, out) == (0, "tagger:odd: 30 items, 0 suggestions added\n")
    assert "item i0: sentiment: a score must be a number, not 'high'" in errors
    assert "item i1: 'glad' is no label of a choice or choices task that is asked here" in errors
    assert "30 suggestions left out that can't be used; the first are named above" in errors
    assert len(errors.splitlines()) == 11


def test_matches_in_a_shape_of_a_programs_own_are_named_and_end_nothing(tmp_path, capsys):
    folder = made(tmp_path / "p", ["a", "b", "c", "d"])
    (tmp_path / "own.py").write_text(
        "def tag(items):\n"
        "    odd = [None, 3, [{'rule': 'greeting'}], [{'start': 'a', 'end': 1, 'label': 'positive'}]]\n"
        "    return [{'label': 'positive', 'matches': odd[number]} for number, _ in enumerate(items)]\n"
    )
    status, out, errors = run(capsys, folder, "--with", "own:tag")

    assert (status, out) == (0, "own:tag: 4 items, 4 suggestions added\n")
    assert "item i1: matches must be a list of objects with start, end and label, not 3" in errors
    assert "3 suggestions left out that can't be used" in errors


RENAMED = """\
name: both
tasks:
  - {id: mood, type: choices, labels: [{value: glad, was: [happy, merry]}, {value: sad, was: low}]}
  - {id: names, type: spans, labels: [{value: person, was: PER}, {value: place, was: person_place}]}
"""
BEFORE = """\
def tag(items):
    return [
        {
            "spans": [{"start": 0, "end": 3, "label": "PER"}, {"start": 7, "end": 11, "label": "place"}],
            "accept": ["low", "merry", "happy"],
        },
        [
            {"task": "names", "value": {"start": 0, "end": 3, "label": "person", "text": "Ada"}},
            {"task": "mood", "value": ["sad"]},
            {"task": "mood", "value": ["LOW"]},
        ],
    ][:len(items)]
"""


def test_earlier_names_of_labels_are_taken_for_those_of_today(tmp_path, capsys):
    """Who trained a model when the label was called otherwise need not train another."""
    folder = made(tmp_path / "p", ["Ada in York", "Ada"], RENAMED)
    (tmp_path / "old.py").write_text(BEFORE)
    status, out, errors = run(capsys, folder, "--with", "old:tag")

    assert (status, out) == (0, "old:tag: 2 items, 5 suggestions added\n")
    assert errors.splitlines() == [
        "tui-label: item i1: mood: 'LOW' is no label of mood; it has glad, sad",
        "tui-label: 2 suggestions by a label's earlier name, taken under the one of today",
        "tui-label: 1 suggestion left out that can't be used; the first are named above",
    ]
    assert {key: [value for value, *_ in found] for key, found in suggested(folder).items()} == {
        "i0": [
            {"start": 0, "end": 3, "label": "person", "text": "Ada"},
            {"start": 7, "end": 11, "label": "place", "text": "York"},
            ["glad", "sad"],
        ],
        "i1": [{"start": 0, "end": 3, "label": "person", "text": "Ada"}, ["sad"]],
    }
    (tmp_path / "w.yaml").write_text("PER: [Ada]\n")
    assert run(capsys, folder, "--with", "w.yaml")[1] == "w.yaml: 2 items, 2 suggestions added\n"


@pytest.mark.parametrize(("arguments", "of"), [([], 1), (["--all"], 2)])
def test_progress_says_of_how_many(tmp_path, monkeypatch, arguments, of):
    folder = made(tmp_path / "p", ["good", "bad"])
    (tmp_path / "tagger.py").write_text(TAGGER)
    store, drawn = opened(folder), []
    store.submit(store.claim("ann").number, Annotation("ann", answers={"sentiment": "neutral"}), "once", claim=False)
    monkeypatch.setattr("tui_label.projects.suggesting.PIECE", 1)
    monkeypatch.setattr("tui_label.cli.suggest.draw", drawn.append)
    assert cli.main(["suggest", str(folder), "--with", "tagger:odd", *arguments]) == 0

    assert drawn[0].startswith(f"1 of {of} items")


@pytest.mark.parametrize(
    ("function", "words"),
    [
        ("none", "100 items in a row failed, the last with: RuntimeError: never"),
        ("few", "100 items in a row failed, the last with: ValueError: gave 0 answers for 1 item"),
        ("memory", "100 items in a row failed, the last with: MemoryError"),
        ("nothing", "tagger:nothing: tagger has no nothing; it has tag, odd, none"),
    ],
)
def test_a_function_that_cannot_work_ends_the_command(tmp_path, capsys, function, words):
    folder = made(tmp_path / "p", ["a"] * 130)
    (tmp_path / "tagger.py").write_text(TAGGER)
    status, _, errors = run(capsys, folder, "--with", f"tagger:{function}")

    assert status == 1
    assert words in errors.splitlines()[-1]
    assert "Traceback" not in errors


def test_where_every_item_failed_so_did_the_command(tmp_path, capsys):
    folder = made(tmp_path / "p", ["a"] * 3)
    (tmp_path / "tagger.py").write_text(TAGGER)
    status, out, errors = run(capsys, folder, "--with", "tagger:none")

    assert (status, out) == (1, "tagger:none: 3 items, 0 suggestions added\n")
    assert "item i2: RuntimeError: never" in errors


def test_a_function_that_kills_its_process_costs_nothing(tmp_path, capsys):
    folder = made(tmp_path / "p", ["a"] * 20)
    (tmp_path / "tagger.py").write_text(TAGGER)
    status, out, errors = run(capsys, folder, "--with", "tagger:generous", "--batch", 2, "--task", "sentiment")

    assert (status, out) == (1, "tagger:generous: 4 items, 4 suggestions added\n")
    assert "was killed by signal 9, perhaps for want of memory, at item i4" in errors
    assert [key for key, found in suggested(folder).items() if found] == ["i0", "i1", "i2", "i3"]


EATER = """
import resource

def hungry(items):
    if any(item["item"] == "i5" for item in items):
        resource.setrlimit(resource.RLIMIT_AS, (600 << 20, resource.RLIM_INFINITY))
        try:
            eaten = [bytearray(50 << 20) for _ in range(100)]
        finally:
            resource.setrlimit(resource.RLIMIT_AS, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    return [{"label": "positive"} for _ in items]

def first_to_go(items):
    adjusted = open("/proc/self/oom_score_adj").read().strip()
    return [{"label": "positive" if adjusted == "1000" else "negative"} for _ in items]
"""


def test_want_of_memory_costs_the_item_that_wants_it(tmp_path, capsys):
    folder = made(tmp_path / "p", ["a"] * 10)
    (tmp_path / "eater.py").write_text(EATER)
    _, out, errors = run(capsys, folder, "--with", "eater:hungry", "--batch", 3, "--task", "sentiment")

    assert "9 suggestions added" in out
    assert "item i5: MemoryError" in errors
    assert [key for key, found in suggested(folder).items() if not found] == ["i5"]


@pytest.mark.skipif(sys.platform != "linux", reason="Linux can limit what another process has")
def test_a_suggester_that_takes_memory_without_end_is_stopped_while_there_is_some(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(child, "_free_memory", lambda: 800 << 20)
    folder = made(tmp_path / "p", ["a"] * 3)
    endless = "held = []\nwhile True:\n    held.append(bytearray(50 << 20))\n"
    (tmp_path / "endless.py").write_text(f"def f(item):\n{textwrap.indent(endless, '    ')}")
    (tmp_path / "it.py").write_text(f"for line in open(0):\n{textwrap.indent(endless, '    ')}")
    called = run(capsys, folder, "--with", "endless:f", "--task", "sentiment")
    spoken = run(capsys, folder, "--with", f"{sys.executable} {tmp_path}/it.py", "--task", "sentiment")

    assert "item i0: MemoryError" in called[2]
    assert spoken[2].endswith("it.py: ended with status 1, at item i0 (MemoryError)\n")


@pytest.mark.skipif(sys.platform != "linux", reason="Linux chooses who goes")
def test_where_memory_runs_out_the_suggester_goes_first(tmp_path, capsys):
    folder = made(tmp_path / "p", ["a"])
    (tmp_path / "eater.py").write_text(EATER)
    run(capsys, folder, "--with", "eater:first_to_go", "--task", "sentiment")

    assert suggested(folder)["i0"][0][0] == "positive"


def test_a_module_that_is_not_there(tmp_path, capsys):
    folder = made(tmp_path / "p", ["a"])

    assert "nowhere could not be imported: ModuleNotFoundError" in run(capsys, folder, "--with", "nowhere:f")[2]


def program(path: Path, code: str) -> str:
    path.write_text(
        f"import json, os, sys, time\nfor n, line in enumerate(sys.stdin):\n    item = json.loads(line)\n{code}"
    )
    return f"{sys.executable} {path}"


def test_any_program_that_speaks_json_lines(tmp_path, capsys):
    folder = made(tmp_path / "p", ["Ada flew UA12", "x"], BOTH)
    command = program(
        tmp_path / "it.py",
        '    item |= {"spans": [{"start": 0, "end": 1, "label": "person", "score": 0.7}], "label": "negative"}\n'
        "    print(json.dumps(item))",
    )
    status, out, errors = run(capsys, folder, "--with", command, "--source", "ours", "--source-version", "7")

    assert (status, out, errors) == (0, "ours: 2 items, 4 suggestions added\n", "")
    assert suggested(folder)["i1"] == [
        ({"start": 0, "end": 1, "label": "person", "text": "x"}, 0.7, "ours"),
        ("negative", None, "ours"),
    ]
    assert opened(folder).source_counts()[0].source == ("ours", "7")


def test_offsets_in_utf_16_units_are_read_as_their_texts_say(tmp_path, capsys):
    """JavaScript and Java count so; a span that is at neither place is named and left out."""
    folder = made(tmp_path / "p", ["🛫 Ann flew to 🏙 York", "plain York"], ENTITIES)
    code = """    text = item["text"]
    wide = lambda at: len(text[:at].encode("utf-16-le")) // 2
    spans = []
    for name, label in (("Ann", "person"), ("York", "place")):
        at = text.find(name)
        if at >= 0:
            spans.append({"start": wide(at), "end": wide(at + len(name)), "label": label, "text": name})
    if n == 0:
        spans.append({"start": 1, "end": 4, "label": "place", "text": "Rome"})
    print(json.dumps({"item": item["item"], "spans": spans}))"""
    command = program(tmp_path / "it.py", code)
    status, out, errors = run(capsys, folder, "--with", command, "--source", "js")

    assert (status, out) == (0, "js: 2 items, 3 suggestions added\n")
    assert errors.splitlines() == [
        "tui-label: item i0: entities: span 1-4 says 'Rome', which is not there",
        "tui-label: 2 spans read as UTF-16 offsets, as their texts say, first in i0",
        "tui-label: 1 suggestion left out that can't be used; the first are named above",
    ]
    found = [one[0] for key in ("i0", "i1") for one in suggested(folder)[key]]
    assert [(one["start"], one["end"], one["text"]) for one in found] == [
        (2, 5, "Ann"),
        (16, 20, "York"),
        (6, 10, "York"),
    ]


LOUD = """\
import soundfile
def segments(items):
    \"\"\"Where it is loud: a clip has silence, then a tone, then silence.\"\"\"
    found = []
    for item in items:
        samples, rate = soundfile.read(item["audio"])
        loud = [at for at in range(0, len(samples), rate // 100) if abs(samples[at : at + rate // 100]).max() > 0.1]
        assert item["duration"] == len(samples) / rate, item
        segment = {"start": loud[0] / rate, "end": loud[-1] / rate + 0.01, "label": "tone"}
        found.append({"segments": [segment], "text": "beep"})
    return found
"""


def test_a_function_hears_sounds_and_gives_segments_and_words(tmp_path, capsys):
    """It gets each clip's path and length, from wherever it runs."""
    import numpy as np
    import soundfile

    tasks = "  - {id: events, type: segments, labels: [tone]}\n  - {id: said, type: text, required: false}\n"
    folder = write_project(tmp_path / "p", f"name: beeps\nitems: sound\ntasks:\n{tasks}")
    rate = 16_000
    clip = np.zeros(2 * rate)
    clip[rate // 2 : rate] = 0.5 * np.sin(np.arange(rate // 2) * 2 * np.pi * 440 / rate)
    (folder / "clips").mkdir()
    soundfile.write(folder / "clips" / "beep.wav", clip, rate)
    assert cli.main(["add", str(folder), str(folder / "clips")]) == 0
    capsys.readouterr()
    (tmp_path / "ears.py").write_text(LOUD)
    status, out, errors = run(capsys, folder, "--with", "ears:segments")

    assert (status, out, errors) == (0, "ears:segments: 1 item, 2 suggestions added\n", "")
    ((events, _, _), (said, _, _)) = next(iter(suggested(folder).values()))
    (segment,) = events
    assert (segment["label"], said) == ("tone", "beep")
    assert abs(segment["start"] - 0.5) <= 0.01 and abs(segment["end"] - 1.0) <= 0.01


def test_without_a_shell_unless_it_is_asked_for(tmp_path, capsys):
    folder = made(tmp_path / "p", ["a"])

    assert "could not be started" in run(capsys, folder, "--with", "nowhere; touch bad")[2]
    assert not (tmp_path / "bad").exists()
    status, _, _ = run(capsys, folder, "--with", "sh -c 'cat > items.jsonl; cat items.jsonl'")
    assert (status, json.loads((tmp_path / "items.jsonl").read_text())) == (0, {"item": "i0", "text": "a"})


def test_its_standard_error_is_shown_when_it_fails(tmp_path, capsys):
    folder = made(tmp_path / "p", ["a"] * 5)
    command = program(tmp_path / "it.py", '    print("one\\ntwo\\x1b[31m", file=sys.stderr)\n    sys.exit(3)')
    status, out, errors = run(capsys, folder, "--with", command)

    assert (status, "0 suggestions added" in out) == (1, True)
    assert errors.splitlines()[:2] == ["  | one", "  | two␛[31m"]
    assert "ended with status 3, at item i0 (two␛[31m)" in errors.splitlines()[2]


def test_answers_about_another_text_are_not_taken(tmp_path, capsys):
    folder = made(tmp_path / "p", ["a", "b", "c"])
    command = program(tmp_path / "it.py", '    print(json.dumps({"text": "a", "label": "neutral"}))')
    _, out, errors = run(capsys, folder, "--with", command)

    assert "1 suggestion added" in out
    assert "item i1: the answer is about another text" in errors


def test_a_dry_run_keeps_nothing_and_all_takes_answered_items_too(tmp_path, capsys):
    folder = made(tmp_path / "p", ["good", "better"])
    store = opened(folder)
    store.submit(store.claim("ann").number, Annotation("ann", answers={"sentiment": "neutral"}), "s", claim=False)
    (tmp_path / "w.yaml").write_text("positive: [good, better]")

    assert run(capsys, folder, "--with", "w.yaml", "--dry-run")[1] == "w.yaml: 1 item, 1 suggestion made, none kept\n"
    assert suggested(folder) == {"i1": []}
    assert run(capsys, folder, "--with", "w.yaml", "--all")[1] == "w.yaml: 2 items, 2 suggestions added\n"


@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_interrupted_it_leaves_what_was_done_and_no_program(tmp_path, signum):
    folder = made(tmp_path / "p", ["a"] * 50_000)
    command = program(tmp_path / "it.py", '    print(json.dumps({"label": "neutral"}))\n    time.sleep(0.0005)')
    running = subprocess.Popen(
        [sys.executable, "-m", "tui_label", "suggest", str(folder), "--with", command],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(Path(cli.__file__).parents[2])},
    )
    for _ in range(200):
        time.sleep(0.1)
        if any(suggested_now(folder)):
            break
    running.send_signal(signum)
    out, errors = running.communicate(timeout=30)
    kept = sum(suggested_now(folder))

    assert running.returncode == 130
    assert 0 < kept < 50_000
    assert f"{kept:,} suggestions added" in out
    assert not any(str(tmp_path / "it.py").encode() in command for command in running_commands())
    assert "tui-label: stopped; all that came until then is counted below" in errors
    assert "Traceback" not in errors


def running_commands() -> list[bytes]:
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            found.append((process / "cmdline").read_bytes())
    return found


def suggested_now(folder: Path) -> list[int]:
    store = opened(folder)
    try:
        return [one.suggestions for one in store.source_counts()]
    finally:
        store.close()


def test_ten_thousand_items_while_somebody_works(tmp_path, capsys):
    """Nobody waits for it, and what has come is seen at the next claim."""
    count = 10_000
    folder = made(tmp_path / "p", [f"Text number {n}, good" for n in range(count)])
    command = program(
        tmp_path / "it.py", '    print(json.dumps({"item": item["item"], "label": "neutral", "score": n / 1e4}))'
    )
    done = threading.Event()
    waits, seen = [], []

    def work() -> None:
        store = opened(folder)
        while not done.is_set():
            started = time.monotonic()
            claim = store.claim("ann")
            given = Annotation("ann", answers={"sentiment": "neutral"})
            store.submit(claim.number, given, f"s{claim.number}", claim=False)
            waits.append(time.monotonic() - started)
            seen.append(len(claim.suggestions))
            time.sleep(0.01)

    person = threading.Thread(target=work)
    person.start()
    started = time.monotonic()
    status, out, _ = run(capsys, folder, "--with", command, "--all")
    took = time.monotonic() - started
    done.set()
    person.join()

    assert (status, out) == (0, f"{Path(sys.executable).name} it.py: 10,000 items, 10,000 suggestions added\n")
    assert 1 in seen
    assert sorted(waits)[len(waits) // 2] < 0.2
    assert took < 60


def test_status_says_what_became_of_them(tmp_path, capsys):
    folder = made(tmp_path / "p", ["Ada in York", "Ada and Bo", "York and Ada"], ENTITIES)
    (tmp_path / "w.yaml").write_text("person: [Ada]\nplace: [York]\n")
    run(capsys, folder, "--with", "w.yaml")
    project, store = config.load(folder), opened(folder)
    for keys in (["suggestion.accept", "suggestion.reject"], ["suggestion.accept"], []):
        claim = store.claim("ann")
        session = begin(project, claim.item, claim.suggestions)
        for key in keys:
            session, _ = step(session, key)
        answers = {"entities": session.answers.get("entities", [])}
        if claim.item.key == "i1":
            answers["entities"].append({"start": 8, "end": 10, "label": "person", "text": "Bo"})
        given = Annotation("ann", answers=answers, decisions=outcome_decisions(session))
        store.submit(claim.number, given, claim.item.key, claim=False)
    store.close()
    assert cli.main(["status", str(folder), "--json"]) == 0
    (found,) = json.loads(capsys.readouterr().out)["suggestions"]

    assert (found["source"], found["suggestions"], found["held"]) == ("w.yaml", 5, False)
    assert found["tasks"]["entities"] == {
        "shown": 5, "accepted": 2, "changed": 0, "rejected": 1, "ignored": 2,
        "suggested": 5, "answered": 3, "right": 2, "precision": 0.4, "recall": pytest.approx(2 / 3),
    }  # fmt: skip
    assert cli.main(["status", str(folder)]) == 0
    lines = capsys.readouterr().out.splitlines()
    (line,) = [line for line in lines if line.startswith("  entities   ")]
    assert line.split() == ["entities", "5", "2", "0", "1", "2", "40%", "67%"]


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ("threshold: much", "suggestions.threshold: must be a score such as 0.5"),
        ("hold-below: 0.6", "suggestions.hold-below: must be a share such as 10%"),
        ("hold-from: 0", "suggestions.hold-from: must be a whole number of at least 1"),
        ("treshold: 1", "unknown key 'treshold'; did you mean threshold?"),
    ],
)
def test_settings_with_mistakes_are_named(tmp_path, capsys, written, words):
    folder = write_project(tmp_path / "p", f"{SENTIMENT}suggestions: {{{written}}}\n")

    assert run(capsys, folder, "--with", "w.yaml")[0] == 1
    assert cli.main(["status", str(folder)]) == 1
    assert words in capsys.readouterr().err


def test_settings_rule_what_is_shown(tmp_path, capsys):
    source = f"{SENTIMENT}suggestions: {{threshold: 0.5, hold-below: 60%, hold-from: 2}}\n"
    folder = made(tmp_path / "p", ["good", "better", "a", "betters"], source)
    (tmp_path / "tagger.py").write_text(TAGGER)
    run(capsys, folder, "--with", "tagger:tag")
    store = opened(folder)
    seen = []
    for _ in range(4):
        claim = store.claim("ann")
        seen.append([one.score for one in claim.suggestions])
        decisions = {one.number: "rejected" for one in claim.suggestions}
        given = Annotation("ann", answers={"sentiment": "neutral"}, decisions=decisions)
        store.submit(claim.number, given, claim.item.key, claim=False)

    assert seen == [[], [0.6], [], [0.7]]
    assert [one.held for one in store.source_counts()] == [True]
