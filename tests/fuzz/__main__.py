"""Fuzzing by hand: `python -m tests.fuzz [TARGET ...] [--minutes 10]`, from the repository's top.

atheris (`pip install atheris`) looks for inputs that reach new code.  What breaks a promise is told once for each place, and
kept in corpus/, where the tests find it; `--grow` also keeps some that reached it.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib.util
import os
import random
import subprocess
import sys
import tempfile
import time
import traceback
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from fuzz.corpus import cases, keep

SLOWEST_S = 20
KEPT_BYTES, KEPT_CASES = 400, 100
WORDS = {
    "importers": '[] {} {"text": "spans": "label": "start": "answers": "item": -1 1e999 NaN null <t> </t> <![CDATA[ &#0; --> -DOCSTART- B-person __label__ T1\t \ufeff \r\n',
    "settings": "name: tasks: id: type: labels: when: items:sound choice choices spans segments rating text compare value: key: color: help: sound: transcript: patterns: match: say: fix: overlap: review: gold: pace: lease: flags: reason: &a *a << !!python/object: [[[[ {{{{ 1e999 .nan 0x1",
    "speaker": '{"op":"clip", "op":"data" "op":"play" "op":"adjust" "op":"pause" "op":"drop" "op":"ping" "id":"a" "seq":1 "at":0 "end": "speed":1 "loop":[0,1] "loop":null "rate":8000 "channels":1 "frames":80000 "piece":4000 "codec":"pcm" "codec":"flac" "skip":0 "last":true NaN Infinity 1e999 -1 null',
    "listener": '{"op":"keys", "n":0 "keys":{} "tape":{} "play.toggle" "ev":"started" "ev":"pos" "ev":"ended" "seq":1 "t":0 "in":0 "speed":1 NaN Infinity 1e999 -1 null [] {}',
    "player": '{"ev":"ack", "ev":"pong" "ev":"key" "ev":"sync" "ev":"started" "ev":"pos" "ev":"ended" "ev":"error" "ev":"lost" "n":0 "seq":1 "t":0 "x":0 "on":[1,1] "name":"play.toggle" "at":0 "why":"x" NaN Infinity 1e999 -1 null',
    "keys": "\x1b[ \x1b] \x1bP \x1b\\ \x07 \x1bO \x1b[200~ \x1b[201~ \x1b[? $y R ; :3u u \x1b[< M m \x1b[48; t \x1b[I \x1b]11;rgb: / ffff",
    "output": "\x1b[ \x1b] 52;c; \x1b\\ \x07 \x9b \x1b[?25h \x1b[0m \x1b[6n \u202e \x1bc",
}
WORDS["add"] = WORDS["importers"]


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("targets", nargs="*")
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--grow", action="store_true", help="keep short inputs that reached new code")
    parser.add_argument("--here", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if importlib.util.find_spec("atheris") is None:
        parser.error("needs atheris: pip install atheris")
    if options.here:
        return _fuzz(options.targets[0], Path(options.here), options.minutes * 60)
    for target in options.targets or [*WORDS, "app"]:
        if target == "app":
            _hit(time.monotonic() + options.minutes * 60)
            continue
        with tempfile.TemporaryDirectory(prefix="tui-label-fuzz-") as folder:
            _run(target, Path(folder), time.monotonic() + options.minutes * 60, options.grow)
    return 0


def _hit(until: float) -> None:
    """The app under one pair of hands after the other."""
    from fuzz.hands import app, typed

    done = 0
    while time.monotonic() < until:
        data = typed(seed := random.randrange(1 << 32))
        try:
            app(data)
        except Exception as error:
            print(f"app: seed {seed}", flush=True)
            traceback.print_exception(error)
            keep("app", [data])
        done += 1
    print(f"app: {done} pairs of hands", flush=True)


def _run(target: str, folder: Path, until: float, grow: bool) -> None:
    """One process after the other: an input that takes too long ends one."""
    while (left := until - time.monotonic()) > 1:
        command = [sys.executable, "-m", "tests.fuzz", target, "--here", str(folder), "--minutes", str(left / 60)]
        subprocess.run(command, check=False)
        slow = list(folder.glob("timeout-*")) + list(folder.glob("crash-*")) + list(folder.glob("oom-*"))
        for one in slow:
            print(f"{target}: {one.name}: {one.read_bytes()[:200]!r}", flush=True)
            keep(target, [one.read_bytes()])
            one.unlink()
    if grow:
        reach = sorted((one.read_bytes() for one in (folder / "corpus").iterdir()), key=len)
        keep(target, [one for one in reach if len(one) <= KEPT_BYTES][:KEPT_CASES])


def _fuzz(target: str, folder: Path, seconds: float) -> int:
    import atheris

    with atheris.instrument_imports(include=["tui_label"], enable_loader_override=False):
        from fuzz.targets import TARGETS

    seen: set[tuple[str, str]] = set()

    def one(data: bytes) -> None:
        try:
            TARGETS[target](data)
        except Exception as error:
            ours = [
                frame
                for frame in traceback.extract_tb((error.__cause__ or error).__traceback__)
                if "tui_label/" in frame.filename
            ]
            place = (type(error).__name__, f"{ours[-1].filename}:{ours[-1].lineno}" if ours else str(error)[:20])
            if place not in seen:
                seen.add(place)
                print(f"{target}: {data!r}", flush=True)
                traceback.print_exception(error)
                keep(target, [data])

    corpus = folder / "corpus"
    corpus.mkdir(exist_ok=True)
    for case in cases(target):
        (corpus / hashlib.sha1(case).hexdigest()).write_bytes(case)
    words = folder / "words"
    quoted = ("".join(f"\\x{byte:02x}" for byte in word.encode()) for word in WORDS[target].split(" ") if word)
    words.write_text("".join(f'"{one}"\n' for one in quoted))
    how = [f"-artifact_prefix={folder}/", f"-timeout={SLOWEST_S}", "-rss_limit_mb=1500", "-max_len=8192"]
    how += [f"-max_total_time={max(1, int(seconds))}", f"-dict={words}", "-print_final_stats=1", "-reload=0"]
    atheris.Setup([sys.argv[0], *how, str(corpus)], one)
    atheris.Fuzz()
    return 0


if __name__ == "__main__":
    status = main()
    sys.stdout.flush()
    os._exit(status)
