"""Real programs that answer well, badly, or not at all."""

from __future__ import annotations

import sys
import time

import pytest

from tui_label.assist.program import Program
from tui_label.core.item import Item
from tui_label.errors import AssistError

ECHO = "import sys, json\nfor line in sys.stdin: print(json.dumps({'item': json.loads(line)['item'], 'label': 'a'}))"


def items(count: int, text: str = "text") -> list[Item]:
    return [Item(f"i{number}", text) for number in range(count)]


def asked(code: str, what: list[Item], **named: object):
    """Answers of a Python program, with what it failed with."""
    found = []
    with Program([sys.executable, "-c", code], "it", **named) as program:  # type: ignore[arg-type]
        try:
            found += program.answers(iter(what))
        except AssistError as error:
            return found, str(error), program
    return found, "", program


def test_each_item_gets_its_answer():
    found, error, program = asked(ECHO, items(250))

    assert error == ""
    assert [(item.key, answer["item"]) for item, answer in found] == [(f"i{n}", f"i{n}") for n in range(250)]
    assert program.unanswered == 0


def test_answers_without_an_item_come_in_the_order_of_the_items():
    code = 'import sys\nfor n, line in enumerate(sys.stdin): print(\'{"label": "%d"}\' % n, flush=True)'
    found, _, _ = asked(code, items(30), batch=4)

    assert [(item.key, answer["label"]) for item, answer in found] == [(f"i{n}", str(n)) for n in range(30)]


@pytest.mark.parametrize("count", [1, 8000])
def test_a_program_may_answer_at_the_end_only_and_in_any_order(count):
    code = (
        "import sys, json\nkeys = [json.loads(line)['item'] for line in sys.stdin.readlines()]\n"
        "for key in reversed(keys): print(json.dumps({'item': key}))"
    )
    found, error, _ = asked(code, items(count))

    assert error == ""
    assert [item.key for item, _ in found] == [f"i{n}" for n in reversed(range(count))]


def test_long_texts_both_ways_do_not_lock_up():
    """Each line is longer than a pipe holds, so both sides are full at times."""
    code = "import sys\nfor line in sys.stdin: sys.stdout.write(line)"
    found, error, _ = asked(code, items(40, "x" * 300_000), batch=8)

    assert error == ""
    assert all(answer["text"] == item.text for item, answer in found)
    assert len(found) == 40


def test_lines_that_come_in_pieces_and_a_last_one_without_an_end():
    code = (
        "import sys, time, json\nlines = sys.stdin.readlines()\n"
        "out = ''.join(json.dumps({'item': json.loads(l)['item'], 'label': 'ä'}, ensure_ascii=False) + '\\n' for l in lines)\n"
        "out = out.encode().rstrip()\n"
        "for at in range(0, len(out), 7): sys.stdout.buffer.write(out[at:at + 7]); sys.stdout.buffer.flush(); time.sleep(.002)"
    )
    found, error, _ = asked(code, items(5))

    assert (error, [answer["label"] for _, answer in found]) == ("", ["ä"] * 5)


def test_half_of_a_surrogate_goes_there_and_comes_back():
    text = "half \ud83d"
    code = "import sys\nfor line in sys.stdin: sys.stdout.write(line)"
    found, error, _ = asked(code, [Item("i\udc00", text)])

    assert (error, found[0][1]["text"], found[0][0].key) == ("", text, "i\udc00")


FIRST = "import sys, json, os, time, signal\nfor n, line in enumerate(sys.stdin):\n"
REPLY = " print(json.dumps({'item': json.loads(line)['item']}), flush=True)\n"


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (f"{FIRST} if n == 5: time.sleep(60)\n{REPLY}", "it: gave no answer for 2 s, item i5 waits"),
        (
            f"{FIRST} if n == 5: sys.exit('out of paper')\n{REPLY}",
            "it: ended with status 1, at item i5 (out of paper)",
        ),
        (f"{FIRST} if n == 5: os.kill(os.getpid(), signal.SIGSEGV)\n{REPLY}", "killed by signal 11, at item i5"),
        (f"{FIRST} if n == 5: os.kill(os.getpid(), signal.SIGKILL)\n{REPLY}", "perhaps for want of memory, at item i5"),
        (f"{FIRST} if n == 5: print('Loading…', flush=True)\n{REPLY}", "line 6 of its output is not JSON: Loading…"),
        (f"{FIRST} if n == 5: print('[1]', flush=True)\n{REPLY}", "line 6 of its output is no object in braces: [1]"),
        (
            f'{FIRST} if n == 5: sys.stdout.buffer.write(b\'{{"label": "\\xed\\xa0\\x80"}}\\n\'); break\n{REPLY}',
            "line 6 of its output is not UTF-8 at byte 11",
        ),
        (f'{FIRST} if n == 5: print(\'{{"item": "x"}}\', flush=True)\n{REPLY}', "about item x, which was not asked"),
        (f'{FIRST} if n == 5: print(end=\'{{"item": "i5\'); break\n{REPLY}', "(cut off) is not JSON"),
        (f"{FIRST} if n == 5: os.write(1, b'x' * 20_000_000)\n{REPLY}", "wrote a line longer than 16 MiB"),
        (f"{FIRST} if n == 5: os.write(1, b'[' * 100_000 + b'\\n')\n{REPLY}", "line 6 of its output is not JSON"),
        (
            f"{FIRST} if n == 5: os.dup2(os.open('/dev/null', os.O_WRONLY), 1)\n{REPLY}",
            "gave up before it had read all items, at item i5",
        ),
        (
            # Talking on standard error is no answer
            f"{FIRST} while n == 5: print('still here', file=sys.stderr, flush=True); time.sleep(.05)\n{REPLY}",
            "gave no answer for 2 s, item i5 waits; --timeout gives it longer (still here)",
        ),
    ],
)
def test_what_was_answered_before_it_failed_stands(code, words):
    started = time.monotonic()
    found, error, _ = asked(code, items(20_000), timeout_s=2.0, batch=10)

    assert [item.key for item, _ in found] == ["i0", "i1", "i2", "i3", "i4"]
    assert words in error
    assert "\n" not in error
    assert time.monotonic() - started < 10


def test_a_program_that_is_not_there_or_stops_reading():
    with pytest.raises(AssistError, match="it: could not be started: No such file"):
        Program(["/nowhere/at/all"], "it")
    found, error, _ = asked("import sys\nsys.stdin.readline(); print('{}')", items(30_000, "x" * 100))

    assert len(found) == 1
    assert error == "it: gave up before it had read all items, at item i1"


def test_items_left_out_are_counted():
    code = "import sys, json\nfor n, l in enumerate(sys.stdin):\n if n % 2: print(json.dumps({'item': json.loads(l)['item']}))"
    found, error, program = asked(code, items(11))

    assert (len(found), error, program.unanswered) == (5, "", 6)


def test_nothing_is_left_of_it_and_what_it_started(tmp_path):
    code = (
        "import subprocess, sys, time, pathlib, signal\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        f"child = subprocess.Popen(['sleep', '60'])\npathlib.Path({str(tmp_path / 'pid')!r}).write_text(str(child.pid))\n"
        "time.sleep(60)"
    )
    _, error, _ = asked(code, items(1), timeout_s=1)
    child = int((tmp_path / "pid").read_text())

    assert "gave no answer" in error
    for _ in range(50):
        if not is_running(child):
            break
        time.sleep(0.1)
    assert not is_running(child)


def is_running(pid: int) -> bool:
    try:
        with open(f"/proc/{pid}/stat") as stat:  # noqa: PTH123
            return stat.read().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_items_are_taken_only_as_fast_as_they_are_answered():
    taken = 0

    def endless():
        nonlocal taken
        while True:
            taken += 1
            yield Item(f"i{taken}", "x" * 1000)

    code = "import sys, json, time\nfor l in sys.stdin: print(json.dumps({'item': json.loads(l)['item']}), flush=True); time.sleep(.001)"
    with Program([sys.executable, "-c", code], "it") as program:
        for n, _ in enumerate(program.answers(endless())):
            if n == 300:
                break

    assert taken < 300 + 1000
