"""The commands: each reads its arguments, calls one thing, prints, and returns the exit status.

Imports are late: `tui-label status` must not load Textual, nor `label` sqlite-utils.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tui_label import __version__
from tui_label.core.text import visible
from tui_label.errors import ConfigError, InputError, LabelError, UsageError

if TYPE_CHECKING:
    from tui_label.core.keymap import Keymap
    from tui_label.core.project import Project
    from tui_label.core.record import Record
    from tui_label.formats import BadLine, Format, Reading
    from tui_label.sound.deck import Deck
    from tui_label.store.base import Versions
    from tui_label.store.sqlite import SqliteStore

BAD_SHOWN = 20
"""Bad lines named before the rest is only counted."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; 0 done, 1 refused or failed, 2 wrong usage."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    if arguments and arguments[0] not in COMMANDS and not arguments[0].startswith("-"):
        arguments.insert(0, "label")
    # After --, all is ssh's; argparse would take the sign for its own
    at = arguments.index("--") if arguments[:1] == ["ssh"] and "--" in arguments else len(arguments)
    options = _parser().parse_args(arguments[:at], argparse.Namespace(ssh_options=arguments[at + 1 :]))
    try:
        return int(COMMANDS[options.command](options))
    except ConfigError as error:
        for problem in error.problems:
            _complain(problem)
        return error.status
    except LabelError as error:
        _complain(str(error))
        return error.status
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except KeyboardInterrupt:
        return 130
    except OSError as error:
        _complain(f"{error.filename or ''}: {error.strerror}".lstrip(": "))
        return 1


def _complain(words: str) -> None:
    print(f"tui-label: {visible(words)}", file=sys.stderr)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="tui-label", description="Fast, keyboard-driven labeling of text and audio in the terminal."
    )
    parser.add_argument("--version", action="version", version=f"tui-label {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    def command(name: str, words: str) -> argparse.ArgumentParser:
        return commands.add_parser(name, help=words, description=words)

    def folder(of: argparse.ArgumentParser) -> None:
        of.add_argument("dir", type=Path, metavar="DIR", help="the project's folder")

    def sound(of: argparse.ArgumentParser) -> None:
        of.add_argument(
            "--sound",
            type=_way,
            default=os.environ.get("TUI_LABEL_SOUND", "auto"),
            metavar="WAY",
            help="where sound goes: auto, card, listener, none, or what a listener says",
        )

    demo = command("demo", "a throw-away project with real samples, opened")
    sound(demo)
    demo.add_argument("template", nargs="?", default="sentiment", choices=_templates())
    new = command("new", "start a project")
    folder(new)
    new.add_argument(
        "--from", dest="template", default="sentiment", choices=_templates(), help="ready project to start from"
    )
    new.add_argument("--samples", action="store_true", help="bring its sample items in too")
    add = command("add", "bring items in; the same item twice is one item")
    folder(add)
    add.add_argument("files", nargs="+", type=Path, metavar="FILE")
    add.add_argument("--format", help="one of `tui-label formats`; recognised if not given")
    add.add_argument("--encoding", help="of the files, UTF-8 if not given")
    add.add_argument(
        "--annotator", default="", metavar="NAME", help="take labels as NAME's finished answers, not as suggestions"
    )
    add.add_argument("--skip-bad", action="store_true", help="leave bad lines out instead of refusing the file")
    label = command("label", "work: `tui-label DIR` is enough")
    folder(label)
    label.add_argument("--as", dest="annotator", metavar="NAME", help="who you are, the login name if not given")
    sound(label)
    label.add_argument("--sprint", type=_minutes, default=0, metavar="25m", help="work for that long, with figures")
    status = command("status", "progress, pace, flags, per person")
    folder(status)
    status.add_argument("--json", action="store_true")
    export = command("export", "write answers")
    folder(export)
    export.add_argument("--format", default="jsonl", help="one of `tui-label formats`")
    export.add_argument("-o", "--output", type=Path, metavar="FILE", help="standard output if not given")
    export.add_argument("--annotator", metavar="A", help="of one annotator only")
    export.add_argument("--history", action="store_true", help="every revision, draft and skip")
    command("formats", "what can be read and written")
    keys = command("keys", "the keys in force")
    keys.add_argument("dir", type=Path, metavar="DIR", nargs="?", help="a project, for its label keys")
    keys.add_argument("--test", action="store_true", help="show what this terminal sends for each key")
    keys.add_argument("--json", action="store_true")
    check = command("check", "project.yaml, database, terminal: what works, what to do")
    check.add_argument("dir", type=Path, metavar="DIR", nargs="?")
    sound(check)
    ssh = command(
        "ssh", "work on HOST, sound here: DIR and all else is what tui-label gets there; after --, ssh's options"
    )
    ssh.add_argument("--no-local-keys", action="store_true", help="let play keys cross the network like all others")
    ssh.add_argument("--no-sound", action="store_true", help="forward nothing")
    ssh.add_argument("--program", default="tui-label", metavar="NAME", help="tui-label's name or path on HOST")
    ssh.add_argument("host", metavar="[USER@]HOST")
    ssh.add_argument("words", nargs=argparse.REMAINDER, metavar="DIR ...")
    command("listen", "hear here what plays where you go by your own ssh")
    backup = command("backup", "a consistent copy of the database, while people work")
    folder(backup)
    backup.add_argument("file", metavar="FILE")
    return parser


# projects


def _templates_folder() -> Path:
    """The ready projects: within an installed package, at the top of a checkout."""
    inside = Path(__file__).parent / "guidelines"
    return inside if inside.is_dir() else Path(__file__).parent.parent / "guidelines"


def _minutes(words: str) -> int:
    """`25m`, `90s` or `1h` in milliseconds."""
    import re

    found = re.fullmatch(r"(\d{1,4}(?:\.\d+)?)(s|m|h)", words)
    if not found or not float(found[1]) > 0:
        raise argparse.ArgumentTypeError(f"{visible(words)!r} is no time such as 25m, 90s or 1h")
    return round(float(found[1]) * {"s": 1000, "m": 60_000, "h": 3_600_000}[found[2]])


def _way(words: str) -> str:
    if words in ("auto", "card", "listener", "none") or "/" in words:
        return words
    raise argparse.ArgumentTypeError(
        f"{visible(words)!r} is none of auto, card, listener, none, a socket's path, HOST:PORT/TOKEN"
    )


def _templates() -> list[str]:
    return sorted(path.parent.name for path in _templates_folder().glob("*/project.yaml"))


def _open(folder: Path) -> tuple[Project, SqliteStore, Versions]:
    """A project and its store, made on first use; changes of project.yaml take effect here."""
    from tui_label import config, opening

    project = config.load(folder)
    store, versions = opening.open_store(project)
    return project, store, versions


def _keymap(project: Project) -> Keymap:
    from tui_label import config
    from tui_label.core import keymap

    path = _personal("keys.yaml")
    personal = config.personal_keys(path)
    problems = keymap.problems(project, personal)
    if problems:
        raise ConfigError(*[f"{path}: {where}: {words}" for where, words in problems])
    return keymap.build(project, personal)


def _personal(name: str) -> Path:
    """A file of the person's own, for all projects."""
    return Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config") / "tui-label" / name


def _new(options: argparse.Namespace) -> int:
    _make(options.dir, options.template)
    if options.samples:
        _bring_in(options.dir, [options.dir / "items.jsonl"])
    print(f"{options.dir}: a {options.template} project; edit project.yaml and guidelines.md, then")
    print(f"  tui-label add {options.dir} FILE\n  tui-label {options.dir}")
    return 0


def _make(folder: Path, template: str) -> None:
    if (folder / "project.yaml").exists():
        raise LabelError(f"{folder}: there is a project here already; choose another folder")
    folder.mkdir(parents=True, exist_ok=True)
    source = _templates_folder() / template
    for path in sorted(source.rglob("*")):
        copy = folder / path.relative_to(source)
        if path.suffix in (".yaml", ".md", ".jsonl", ".opus") and not copy.exists():
            copy.parent.mkdir(exist_ok=True)
            shutil.copyfile(path, copy)


def _demo(options: argparse.Namespace) -> int:
    from tui_label.ui import environment

    environment.prepare()
    with tempfile.TemporaryDirectory(prefix="tui-label-demo-") as temporary:
        folder = Path(temporary) / options.template
        _make(folder, options.template)
        _bring_in(folder, [folder / "items.jsonl"])
        return _work(folder, None, options.sound)


# items in and out


def _add(options: argparse.Namespace) -> int:
    return _bring_in(
        options.dir, options.files, options.format, options.encoding, options.annotator, options.skip_bad, talk=True
    )


def _bring_in(
    folder: Path,
    files: list[Path],
    name: str | None = None,
    encoding: str | None = None,
    annotator: str = "",
    skip_bad: bool = False,
    *,
    talk: bool = False,
) -> int:
    from tui_label import formats

    project, store, _ = _open(folder)
    records: list[Record] = []
    bad: list[BadLine] = []
    named = [one for path in files for one in formats.expanded(path)]
    reading_sounds = _Bar("reading sounds", len(named))
    for path in named:
        format = formats.find(name) if name else formats.recognise(path, encoding)
        reading = formats.Reading(path, project, encoding, annotator)
        before = len(records)
        for one in _shown(formats.read(reading, format), f"reading {path.name}", path, talk):
            (bad if isinstance(one, formats.BadLine) else records).append(one)  # type: ignore[arg-type]
        if talk and format.name != "sound":
            _tell_read(reading, format, len(records) - before)
        elif talk:
            reading_sounds.more(1)
    _tell_bad(bad, skip_bad)
    if not records:
        raise InputError(f"{', '.join(str(path) for path in files)}: no items in it")
    done = store.add(records, _Bar("writing", len(records)).more if talk else None)
    store.close()
    if talk:
        print(_sentence(done.items, done.known, done.answers, done.suggestions))
    return 0


def _sentence(items: int, known: int, answers: int, suggestions: int) -> str:
    parts = [f"{items:,} items added"]
    parts += [f"{known:,} known already"] if known else []
    parts += [f"{answers:,} answers"] if answers else []
    parts += [f"{suggestions:,} suggestions"] if suggestions else []
    return ", ".join(parts)


def _tell_read(reading: Reading, format: Format, count: int) -> None:
    words = [f"{count:,} items, read as {format.name}"]
    words += [f"{reading.blank:,} blank lines left out"] if reading.blank else []
    words += [f"{reading.twins:,} repeat a text of this file and are kept"] if reading.twins else []
    words += [f"{reading.repaired:,} spans read as UTF-16 offsets"] if reading.repaired else []
    print(f"{visible(str(reading.path))}: {'; '.join(words)}", file=sys.stderr)
    for problem, count in list(reading.unknown.items())[:BAD_SHOWN]:
        _complain(f"{reading.path}: {count:,} suggestions kept as meta only: {problem}")


def _tell_bad(bad: list[BadLine], skip_bad: bool) -> None:
    for one in bad if skip_bad else bad[:BAD_SHOWN]:
        _complain(str(one))
    if bad and not skip_bad:
        more = f" (and {len(bad) - BAD_SHOWN:,} more)" if len(bad) > BAD_SHOWN else ""
        raise InputError(
            f"{len(bad):,} bad lines{more}: nothing was brought in; mend them, or leave them out with --skip-bad"
        )


class _Bar:
    """A progress bar on standard error, where that is a terminal."""

    def __init__(self, words: str, total: int) -> None:
        self._words, self._total, self._done, self._drawn = words, total, 0, -1

    def more(self, count: int) -> None:
        self._done += count
        tenths = 40 * self._done // max(1, self._total)
        if sys.stderr.isatty() and tenths != self._drawn:
            self._drawn = tenths
            bar = "█" * tenths + "░" * (40 - tenths)
            end = "\n" if self._done >= self._total else ""
            print(
                f"\r{visible(self._words)} {bar} {self._done:,} of {self._total:,}",
                end=end,
                file=sys.stderr,
                flush=True,
            )


def _shown(records: Iterable[Record | BadLine], words: str, path: Path, talk: bool) -> Iterator[Record | BadLine]:
    """The records, counted on the terminal while they come."""
    count = 0
    for count, record in enumerate(records, 1):
        yield record
        if talk and count % 5000 == 0 and sys.stderr.isatty():
            print(f"\r{visible(words)} {count:,}", end="", file=sys.stderr, flush=True)
    if talk and count >= 5000 and sys.stderr.isatty():
        print("\r\x1b[K", end="", file=sys.stderr)


def _export(options: argparse.Namespace) -> int:
    from tui_label import formats

    format = formats.find(options.format)
    if format.write is None:
        raise UsageError(f"{format.name} can only be read; `tui-label formats` says what can be written")
    project, store, _ = _open(options.dir)
    rows = store.answers(annotator=options.annotator, history=options.history)
    dropped: dict[str, int] = {}
    if options.output is None:
        sys.stdout.reconfigure(encoding="utf-8", newline="")  # type: ignore[union-attr]
        format.write(rows, sys.stdout, project, dropped)
    else:
        partial = options.output.with_name(options.output.name + ".partial")
        try:
            with partial.open("w", encoding="utf-8", newline="") as out:
                count = format.write(rows, out, project, dropped)
            partial.replace(options.output)
        finally:
            partial.unlink(missing_ok=True)
        print(f"{options.output}: {count:,} answers, as {format.name}", file=sys.stderr)
    for words, number in sorted(dropped.items()):
        _complain(f"{number:,} {words} dropped: {format.name} cannot carry them")
    return 0


def _formats(_: argparse.Namespace) -> int:
    from tui_label.formats import FORMATS

    for format in FORMATS:
        does = "read, write" if format.read and format.write else "read" if format.read else "write"
        print(f"{format.name:<12} {does:<12} {format.words}\n{'':<25} cannot carry: {format.cannot}")
    return 0


# work


def _label(options: argparse.Namespace) -> int:
    from tui_label.ui import environment

    environment.prepare()
    return _work(options.dir, options.annotator, options.sound, options.sprint)


def _work(folder: Path, annotator: str | None, sound: str, sprint_ms: int = 0) -> int:
    from tui_label.ui import environment

    project, store, versions = _open(folder)
    keymap = _keymap(project)
    from tui_label import opening
    from tui_label.ui.app import LabelApp
    from tui_label.ui.views.pages import sprint_summary
    from tui_label.workbench import Workbench

    make_deck = _deck_maker(project, sound) if project.items == "sound" else None
    workbench = Workbench(
        project,
        store,
        _name(annotator),
        versions,
        make_deck=make_deck,
        sprint_ms=sprint_ms,
        keep_reaction=_keep_reaction,
    )
    app = LabelApp(workbench, keymap, opening.guidelines_text(project))
    status = app.run(mouse=environment.mouse_wanted())
    store.close()
    if workbench.finished_sprint is not None:
        print("\n".join(sprint_summary(workbench.finished_sprint)))
    return int(status or 0)


def _deck_maker(project: Project, wanted: str) -> Callable[[], Deck]:
    """A tape deck that plays where `--sound` says."""
    from tui_label.sound.deck import Deck
    from tui_label.sound.line import Ways
    from tui_label.sound.player import SpeakerPlayer

    def make() -> Deck:
        lossless = project.sound.lossless
        deck = Deck(project.folder, project.sound, lambda tell: SpeakerPlayer(Ways(wanted), tell, lossless=lossless))
        deck.reaction_s = _reaction_s()
        return deck

    return make


def _reaction_s() -> float:
    """How late this person's taps come, as measured once."""
    with contextlib.suppress(OSError, ValueError):
        return min(0.7, max(0.0, float(_personal("reaction-ms").read_text()) / 1000))
    return 0.0


def _keep_reaction(seconds: float) -> None:
    path = _personal("reaction-ms")
    with contextlib.suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{seconds * 1000:.0f}\n")


def _name(given: str | None) -> str:
    import getpass

    name = given if given is not None else getpass.getuser()
    if not name.strip() or name != visible(name) or len(name) > 60:
        raise UsageError("a name is one to sixty printable characters; give it with --as NAME")
    return name


# figures


def _status(options: argparse.Namespace) -> int:
    from tui_label import reports

    project, store, _ = _open(options.dir)
    figures = reports.status(project, store)
    if options.json:
        print(json.dumps(figures, ensure_ascii=False))
    else:
        print("\n".join(visible(line) for line in reports.status_lines(figures)))
    return 0


def _keys(options: argparse.Namespace) -> int:
    if options.test:
        from tui_label.ui import environment

        environment.prepare()
        from tui_label.ui.keytest import KeyTest

        return int(KeyTest().run() or 0)
    from tui_label import config

    folder = options.dir or _templates_folder() / "sentiment"
    keymap = _keymap(config.load(folder))
    if options.json:
        labels = [{"task": task, "label": label, "key": key} for (task, label), key in keymap.labels.items()]
        commands = [{"command": name, "mode": mode, "keys": list(keys)} for (mode, name), keys in keymap.keys.items()]
        print(json.dumps({"labels": labels if options.dir else [], "commands": commands}, ensure_ascii=False))
        return 0
    rows = [one for one in keymap.rows() if options.dir or one[0] != "labels"]
    wide = max(len(key) for _, key, _ in rows)
    part = ""
    for mode, key, words in rows:
        if mode != part:
            print(f"{'' if not part else chr(10)}{mode}")
            part = mode
        print(f"  {key:<{wide}}  {visible(words)}")
    return 0


def _check(options: argparse.Namespace) -> int:
    from tui_label import reports

    found = reports.terminal_check()
    sound = options.dir is None
    if options.dir is not None:
        from tui_label import config

        try:
            project, store, _ = _open(options.dir)
            found += [(True, f"project.yaml: {len(project.tasks)} tasks")]
            found += [(True, f"project.yaml: {words}") for words in config.warnings(project)]
            sound = project.items == "sound"
            found += store.check()
        except ConfigError as error:
            found += [(False, problem) for problem in error.problems]
        except LabelError as error:
            found.append((False, str(error)))
    if sound:
        found += reports.sound_check(options.sound)
    for good, words in found:
        print(f"{'ok ' if good else 'NO '} {visible(words)}")
    return 0 if all(good for good, _ in found) else 1


def _ssh(options: argparse.Namespace) -> int:
    try:
        from tui_label import ssh
    except ImportError:
        raise LabelError("`tui-label ssh` needs a Unix terminal; `tui-label listen` works here too") from None

    trip = ssh.Trip(options.host, options.words, options.ssh_options, options.program)
    return ssh.travel(trip, local_keys=not options.no_local_keys, sound=not options.no_sound)


def _listen(_: argparse.Namespace) -> int:
    from tui_label.sound.listener import listen

    return listen()


def _backup(options: argparse.Namespace) -> int:
    _, store, _ = _open(options.dir)
    store.backup(options.file)
    print(f"{options.file}: a copy of the database")
    return 0


COMMANDS: dict[str, Callable[[Any], int]] = {
    "demo": _demo,
    "new": _new,
    "add": _add,
    "label": _label,
    "status": _status,
    "export": _export,
    "formats": _formats,
    "keys": _keys,
    "check": _check,
    "backup": _backup,
    "ssh": _ssh,
    "listen": _listen,
}

if __name__ == "__main__":
    sys.exit(main())
