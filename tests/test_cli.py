"""The command line itself: words that are no command, keys without a project."""

from __future__ import annotations

import io
import json
import os
import re
import shlex
import signal
import subprocess
import sys
import threading
import time

import pytest
from helpers import SENTIMENT, write_project

from tui_label import Annotation, Item, Project, Record
from tui_label.cli import commands, figures, main
from tui_label.config.admission import way_in


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["lable", "my-project"], "there is no command 'lable'; is it 'label'?"),
        (["format"], "there is no command 'format'; is it 'formats'?"),
        (["zzz", "my-project"], "there is no command 'zzz'; `tui-label --help` lists all"),
    ],
)
def test_a_word_that_is_no_command_is_said_to_be_none(tmp_path, monkeypatch, capsys, arguments, line):
    monkeypatch.chdir(tmp_path)
    assert main(arguments) == 2
    assert line in capsys.readouterr().err


def test_without_a_command_all_are_listed(capsys):
    with pytest.raises(SystemExit, match="2"):
        main([])
    said = capsys.readouterr()
    assert not said.out
    assert all(f" {name} " in said.err.replace("\n", " ") for name in commands())
    assert "begin with `tui-label demo`" in said.err


def test_ended_while_it_is_being_loaded_it_says_nothing(tmp_path):
    (tmp_path / "argparse.py").write_text("import os, signal\nos.kill(os.getpid(), signal.SIGINT)\n")
    command, env = [sys.executable, "-m", "tui_label", "--version"], {**os.environ, "PYTHONPATH": str(tmp_path)}
    ended = subprocess.run(command, env=env, capture_output=True, text=True, timeout=30)

    assert (ended.returncode, ended.stdout, ended.stderr) == (-signal.SIGINT, "", "")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_ended_while_a_pipe_is_read_it_leaves_nothing_of_it_behind(tmp_path, number):
    folder, spool = write_project(tmp_path / "p"), tmp_path / "tmp"
    spool.mkdir()
    running = subprocess.Popen(
        [sys.executable, "-m", "tui_label", "add", str(folder), "-", "--format", "text"],
        stdin=subprocess.PIPE,
        env={**os.environ, "TMPDIR": str(spool)},
    )
    for _ in range(1000):
        if any(spool.iterdir()):
            break
        time.sleep(0.02)
    # A signal that comes before the read begins does not end it
    time.sleep(0.3)
    running.send_signal(number)

    assert running.wait(30) == 130
    assert not any(spool.iterdir())


@pytest.mark.parametrize(
    ("arguments", "before"),
    [
        ([""], "tui-label"),
        (["new", ""], "new"),
        (["status", "", "--json"], "status"),
        (["backup", "p", "--to="], "--to"),
        (["convert", "", "a.jsonl"], "convert"),
        (["add", "p", "q.csv", "--annotator", ""], "--annotator"),
        (["ssh", "", "--", ""], "ssh"),
    ],
)
def test_a_variable_that_is_not_set_is_not_taken_for_the_folder_one_is_in(
    tmp_path, monkeypatch, capsys, arguments, before
):
    monkeypatch.chdir(write_project(tmp_path))
    there = sorted(tmp_path.iterdir())

    assert main(arguments) == 2
    assert capsys.readouterr().err.startswith(f"tui-label: what follows {before} is empty: a shell variable")
    assert sorted(tmp_path.iterdir()) == there


def test_no_way_for_the_sound_is_said_of_the_place_it_was_written_in(tmp_path, monkeypatch, capsys):
    project = str(write_project(tmp_path))
    monkeypatch.setenv("TUI_LABEL_SOUND", "loud")
    assert main(["review", project]) == 2
    assert capsys.readouterr().err.startswith("tui-label: TUI_LABEL_SOUND: 'loud' is none of auto, card")
    with pytest.raises(SystemExit):
        main(["review", project, "--sound", "quiet"])
    assert "argument --sound: 'quiet' is none of auto, card" in capsys.readouterr().err


def test_ssh_asks_for_no_more_than_it_needs(capsys):
    with pytest.raises(SystemExit):
        main(["ssh"])
    assert capsys.readouterr().err.endswith("the following arguments are required: [USER@]HOST\n")


@pytest.mark.parametrize("columns", [80, 120])
def test_formats_stand_in_columns_within_the_terminal(monkeypatch, capsys, columns):
    monkeypatch.setenv("COLUMNS", str(columns))
    main(["formats"])
    lines = capsys.readouterr().out.splitlines()

    assert max(map(len, lines)) <= columns
    found = [re.match(r"([a-z0-9-]+ +)(read|write)", line) for line in lines if line[0] != " "]
    assert len({one and len(one[1]) for one in found}) == 1


def test_the_help_of_every_command_fits_a_terminal_of_80_columns(monkeypatch, capsys):
    """Also its examples, which are not wrapped."""
    monkeypatch.setenv("COLUMNS", "80")
    for command in ([], *([name] for name in commands())):
        with pytest.raises(SystemExit):
            main([*command, "--help"])
        assert [line for line in capsys.readouterr().out.splitlines() if len(line) > 80] == []


def test_keys_without_a_project_are_those_that_no_label_took(capsys):
    assert main(["keys", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    keys = {one["command"]: one["keys"] for one in found["commands"]}

    assert found["labels"] == []
    assert (keys["pause"], keys["find.next"], keys["segment.speaker"]) == (["p"], ["n"], ["o"])


def test_keys_lists_what_can_be_in_force_in_the_project_and_all_without_one(tmp_path, capsys):
    def parts(*folder: str) -> set[str]:
        assert main(["keys", *folder]) == 0
        return {line for line in capsys.readouterr().out.splitlines() if line[:1].strip()}

    assert parts(str(write_project(tmp_path, SENTIMENT))) == {
        "labels", "everywhere", "scroll", "typing", "review", "editing",
    }  # fmt: skip
    assert {"spans", "sound", "transcribing", "listening"} <= parts()


def test_keys_tells_where_ones_own_give_way(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    (tmp_path / "tui-label").mkdir()
    (tmp_path / "tui-label" / "keys.yaml").write_text("item.skip: n\n")

    assert main(["keys", str(write_project(tmp_path / "p", SENTIMENT))]) == 0
    assert capsys.readouterr().err == "tui-label: skip is on s here: n is “negative”\n"


def test_whoever_has_no_home_is_told(tmp_path, monkeypatch, capsys):
    monkeypatch.delenv("HOME")
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    # A number that no user has, as a container may give one
    monkeypatch.setattr(os, "getuid", lambda: 54321)

    assert main(["keys", str(write_project(tmp_path, SENTIMENT))]) == 1
    assert capsys.readouterr().err == "tui-label: you have no home folder; let HOME name a folder of yours\n"


@pytest.mark.parametrize(
    ("review", "option", "mending"),
    [
        ("", "--gold", "`review: {gold-rate: 5%}`"),
        ("review: {gold-rate: 5%}\n", "--gold", ""),
        ("", "--qualification", "`review: {attempts: 3}`"),
        ("review: {gold-rate: 5%}\n", "--qualification", "`review: {attempts: 3}`"),
        ("review: {attempts: 2}\n", "--qualification", ""),
    ],
)
def test_known_answers_that_nobody_would_be_shown_are_told(tmp_path, capsys, review, option, mending):
    (tmp_path / "gold.jsonl").write_text('{"text": "Late again", "label": "negative"}\n')
    project = write_project(tmp_path / "p", SENTIMENT + review)
    assert main(["add", str(project), str(tmp_path / "gold.jsonl"), option]) == 0

    said = capsys.readouterr()
    assert said.out == "1 item added, 1 known answer\n"
    told = [line for line in said.err.splitlines() if "1 known answer but nobody is" in line]
    assert [line.endswith(f"until project.yaml says {mending}") for line in told] == [True] * bool(mending)


def test_who_owns_a_folder_need_not_ask_for_it(tmp_path):
    assert way_in(tmp_path) == f"it is yours: `chmod -R u+rX {tmp_path}`"


def test_commands_that_are_named_can_be_run_where_a_folder_has_a_name_for_the_shell(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    main(["new", "two words"])
    assert capsys.readouterr().out.splitlines()[1:] == ["  tui-label add 'two words' FILE", "  tui-label 'two words'"]
    main(["status", "no words"])
    assert "start one with `tui-label new 'no words' --from sentiment`" in capsys.readouterr().err
    main(["status", "--", "-dash"])
    assert "start one with `tui-label new ./-dash --from sentiment`" in capsys.readouterr().err


def test_a_file_in_the_place_of_a_project_is_said_to_be_one(tmp_path, capsys):
    (tmp_path / "two.jsonl").touch()
    assert main(["status", str(tmp_path / "two.jsonl")]) == 1
    assert capsys.readouterr().err.endswith("two.jsonl: not a folder; name the project's\n")


FRENCH = "name: x\ntasks: [{id: t, type: choice, labels: [fâché, ravi]}]\n"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["keys"], "f\\xe2ch\\xe9"),
        (["agreement"], "answers"),
        (["keys", "--json"], "f\\u00e2ch\\u00e9"),
        (["agreement", "--json"], "f\\u00e2ch\\u00e9"),
        (["status", "--json"], "f\\u00e2ch\\u00e9"),
    ],
)
def test_a_locale_without_our_signs_loses_no_line_and_no_data(tmp_path, monkeypatch, arguments, said):
    folder = write_project(tmp_path / "p", FRENCH)
    with Project.open(folder) as project:
        answers = {"t": "fâché"}
        project.add(Record(Item("i", "x"), annotation=Annotation(name, answers=answers)) for name in ("ann", "bob"))
    out = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(out, encoding="ascii"))
    command, *options = arguments
    assert main([command, str(folder), *options]) == 0
    sys.stdout.flush()

    words = out.getvalue().decode("ascii")
    assert said in words
    assert not options or "fâché" in str(json.loads(words))


def test_too_little_memory_is_no_fault_of_the_program(tmp_path):
    folder = write_project(tmp_path / "p", SENTIMENT)
    (tmp_path / "all.jsonl").write_text('{"text": "' + "x" * 60_000_000 + '"}')
    program = (
        "import resource, sys, numpy, sqlite3; from tui_label.cli import main; import tui_label.projects.bringing\n"
        "now = int(open('/proc/self/statm').read().split()[0]) * resource.getpagesize()\n"
        "resource.setrlimit(resource.RLIMIT_AS, (now + 100_000_000,) * 2); sys.exit(main(sys.argv[1:]))"
    )
    command = [sys.executable, "-c", program, "add", str(folder), str(tmp_path / "all.jsonl")]
    done = subprocess.run(command, capture_output=True, text=True)

    assert (done.returncode, done.stderr.count("\n")) == (1, 1), done.stderr
    assert done.stderr.startswith("tui-label: not enough memory; ")


def test_neither_is_a_thread_too_many(monkeypatch, capsys):
    monkeypatch.setattr(figures, "_status", lambda _: threading.Thread().start())
    before = threading.stack_size(1 << 46)
    try:
        status = main(["status", "nowhere"])
    finally:
        threading.stack_size(before)

    assert (status, capsys.readouterr().err[:49]) == (1, "tui-label: the system allows no more programs and")


def test_a_fault_of_the_program_is_one_line_and_a_file_for_who_mends_it(tmp_path, monkeypatch, capsys):
    def fault(options: object) -> int:
        raise ZeroDivisionError("by \x1b[31m nobody")

    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setattr(figures, "_status", fault)
    assert main(["status", "nowhere"]) == 1

    path = tmp_path / "state" / "tui-label" / "fault.txt"
    said = capsys.readouterr().err
    assert said.count("\n") == 1 and "\x1b" not in said
    assert said.startswith("tui-label: a fault of tui-label itself, ZeroDivisionError: by ") and str(path) in said
    assert "in fault" in path.read_text() and path.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ("2026-05-31", "2026-05-31"),
        ("20260531", "2026-05-31"),
        ("2026-W22-7", "2026-05-31"),
        ("2026-05-31T14:00:00+02:00", "2026-05-31T12:00:00.000Z"),
        ("2026-05-31 12:00", "2026-05-31T12:00:00.000Z"),
        ("2026-05-31T02:00+02:00", "2026-05-31"),
    ],
)
def test_a_reviewers_moment_is_compared_as_the_store_writes_it(monkeypatch, given, meant):
    opened = []
    monkeypatch.setattr(
        "tui_label.cli.review.open_review", lambda folder, queue, *_: opened.append((queue.since, queue.until)) or 0
    )

    assert main(["review", ".", "--since", given, "--until", given]) == 0
    assert opened == [(meant, meant)]


def test_a_moment_that_is_none_is_refused(capsys):
    with pytest.raises(SystemExit):
        main(["review", ".", "--since", "0001-01-01T00:00+02:00"])
    assert "is no date or time such as" in capsys.readouterr().err


def _nobody() -> int:
    """A pipe that nobody reads any more."""
    reading, writing = os.pipe()
    os.close(reading)
    return writing


@pytest.mark.parametrize(
    ("words", "to", "said"),
    [
        (
            "status .",
            lambda: os.open("/dev/full", os.O_WRONLY),
            "tui-label: standard output: No space left on device\n",
        ),
        ("status .", _nobody, ""),
        ("export . >&-", lambda: subprocess.DEVNULL, "tui-label: standard output is closed; name a file\n"),
    ],
    ids=["full", "not read", "closed"],
)
def test_a_standard_output_that_takes_nothing_is_said_in_a_line_at_most(tmp_path, words, to, said):
    write_project(tmp_path)
    command = f"{shlex.quote(sys.executable)} -m tui_label {words}"
    without = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    out = to()
    done = subprocess.run(command, shell=True, cwd=tmp_path, env=without, stdout=out, stderr=subprocess.PIPE, text=True)
    if out >= 0:
        os.close(out)

    assert (done.returncode, done.stderr) == (1, said)
