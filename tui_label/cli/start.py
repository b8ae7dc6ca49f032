"""Starting a project: demo, new, keys."""

from __future__ import annotations

import argparse
import json
import tempfile
from dataclasses import replace
from pathlib import Path

from tui_label.cli.project import Commands, command, complain, folder, sound, sound_way
from tui_label.cli.work import work_on
from tui_label.core.text import visible
from tui_label.errors import typed
from tui_label.projects import ready

WITHOUT_LABELS = "name: keys\ntasks: [{id: note, type: text}]"
"""Labels take letters from commands."""


def register(commands: Commands) -> None:
    demo = command(commands, "demo", "a throw-away project with real samples, opened", _demo)
    sound(demo)
    demo.add_argument("template", nargs="?", default="sentiment", choices=ready.names(), help="sentiment if not given")
    new = command(commands, "new", "start a project", _new)
    folder(new)
    new.add_argument(
        "--from",
        dest="template",
        default="sentiment",
        choices=ready.names(),
        help="ready project to start from, sentiment if not given",
    )
    new.add_argument("--samples", action="store_true", help="bring its sample items in too")
    new.add_argument("--group", metavar="NAME", help="share it with this Unix group")
    keys = command(commands, "keys", "the keys in force", _keys)
    keys.add_argument("dir", type=Path, metavar="DIR", nargs="?", help="a project, for its label keys")
    keys.add_argument("--test", action="store_true", help="show what this terminal sends for each key")
    keys.add_argument("--json", action="store_true", help="for programs")


def _new(options: argparse.Namespace) -> int:
    from tui_label import Project
    from tui_label.projects import sharing

    group = None if options.group is None else sharing.group_of(options.group)
    Project.create_ready(options.dir, options.template, samples=options.samples).close()
    if group is not None:
        sharing.share(options.dir, group)
    named = typed(options.dir)
    print(visible(f"{options.dir}: a project of {options.template}; edit project.yaml and guidelines.md, then"))
    print(visible(f"  tui-label add {named} FILE"), visible(f"  tui-label {named}"), sep="\n")
    return 0


def _demo(options: argparse.Namespace) -> int:
    from tui_label.ui import environment

    environment.prepare()
    from tui_label import Project

    with tempfile.TemporaryDirectory(prefix="tui-label-demo-") as temporary:
        folder = Path(temporary) / options.template
        Project.create_ready(folder, options.template, samples=True).close()
        return work_on(folder, None, sound_way(options))


def _keys(options: argparse.Namespace) -> int:
    if options.test:
        from tui_label.ui import environment

        environment.prepare()
        from tui_label.ui.keytest import KeyTest

        return KeyTest().run()
    from tui_label import config, person
    from tui_label.core.keymap import MODES

    project = config.load(options.dir) if options.dir else config.parse(WITHOUT_LABELS, Path())
    keymap = person.keymap_of(project)
    for words in keymap.gave_way:
        complain(words)
    if options.json:
        labels = [{"task": task, "label": label, "key": key} for (task, label), key in keymap.labels.items()]
        commands = [{"command": name, "mode": mode, "keys": list(keys)} for (mode, name), keys in keymap.keys.items()]
        print(json.dumps({"labels": labels, "commands": commands}))
        return 0
    rows = (keymap if options.dir else replace(keymap, modes=MODES)).rows()
    wide = max(len(key) for _, key, _ in rows)
    part = ""
    for mode, key, words in rows:
        if mode != part:
            print(f"{'' if not part else chr(10)}{mode}")
            part = mode
        print(f"  {key:<{wide}}  {visible(words)}")
    return 0
