"""Annotators at work, here or over ssh: label, ssh, listen."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tui_label.cli.project import Commands, command, complain, folder, opened, sound, sound_way
from tui_label.core.text import visible
from tui_label.errors import LabelError

if TYPE_CHECKING:
    from tui_label.bench.workplace import Workplace
    from tui_label.core.project import Project as Settings
    from tui_label.sound.deck import Deck


def register(commands: Commands) -> None:
    label = command(commands, "label", "work: `tui-label DIR` is enough", _label)
    folder(label)
    label.add_argument("--as", dest="annotator", metavar="NAME", help="who you are, your Unix user if not given")
    sound(label)
    label.add_argument("--sprint", type=_minutes, default=0, metavar="25m", help="work for that long, with figures")
    ssh = command(
        commands,
        "ssh",
        "work on HOST, sound here; after --, ssh's options",
        _ssh,
        "you@box my-project",
        "box my-project --as ann -- -p 2222",
    )
    ssh.add_argument("--no-local-keys", action="store_true", help="let play keys cross the network like all others")
    ssh.add_argument("--no-sound", action="store_true", help="forward nothing")
    ssh.add_argument("--program", default="tui-label", metavar="NAME", help="tui-label's name or path on HOST")
    ssh.add_argument("host", metavar="[USER@]HOST", help="where the project is")
    words = ssh.add_argument(
        "words", nargs=argparse.REMAINDER, metavar="DIR ...", help="what tui-label gets there; nothing: a shell"
    )
    words.required = False  # else it is asked for where HOST is missing
    command(commands, "listen", "hear here what plays where you go by your own ssh", _listen)


def _label(options: argparse.Namespace) -> int:
    from tui_label.ui import environment

    environment.prepare()
    return work_on(options.dir, options.annotator, sound_way(options), options.sprint)


def work_on(folder: Path, annotator: str | None, sound: str, sprint_ms: int = 0) -> int:
    from tui_label import person
    from tui_label.ui import environment

    with opened(folder, annotator) as project:
        settings = project.settings
        keymap = person.keymap_of(settings)
        from tui_label.bench.workbench import Workbench
        from tui_label.ui.label import LabelApp
        from tui_label.ui.views.pace import sprint_summary

        workbench = Workbench(
            settings,
            project.store,
            project.person.name,
            project.versions,
            make_deck=deck_maker(settings, sound),
            sprint_ms=sprint_ms,
            keep_reaction=person.keep_reaction,
            take_edits=project.take_edits(),
        )
        app = LabelApp(workbench, keymap, project.guidelines, person.keymap_of)
        status = app.run(mouse=environment.mouse_wanted())
        end_if_abandoned(workbench)
    if workbench.word:
        print(workbench.word)
    if workbench.tally.finished_sprint is not None:
        print("\n".join(sprint_summary(workbench.tally.finished_sprint)))
    return told_unsaved(workbench) or status


def end_if_abandoned(workbench: Workplace[Any]) -> None:
    """End the process where its thread still waits for the database, and would for long."""
    if workbench.abandoned:
        told_unsaved(workbench)
        sys.stderr.flush()
        os._exit(1)


def told_unsaved(workbench: Workplace[Any]) -> int:
    """Say what the database would not take, if there is anything; the exit status for it."""
    if workbench.trouble:
        kept = "is kept, and there when you start again"
        what = "could be kept nowhere else, and is lost" if workbench.kept_nowhere else kept
        complain(f"not saved: {workbench.trouble}; what you did last {what}")
    return int(bool(workbench.trouble))


def deck_maker(project: Settings, wanted: str) -> Callable[[], Deck] | None:
    """A tape deck that plays where `--sound` says; None where there is nothing to hear."""
    if project.items != "sound":
        return None
    from tui_label import person
    from tui_label.sound.deck import Deck
    from tui_label.sound.line import Ways
    from tui_label.sound.speakerplayer import SpeakerPlayer

    def make() -> Deck:
        lossless = project.sound.lossless
        deck = Deck(project.folder, project.sound, lambda tell: SpeakerPlayer(Ways(wanted), tell, lossless=lossless))
        deck.reaction_s = person.reaction_s()
        return deck

    return make


def _minutes(words: str) -> int:
    """`25m`, `90s` or `1h` in milliseconds."""
    from tui_label.core.sprint import written_ms

    if not (ms := written_ms(words)):
        raise argparse.ArgumentTypeError(f"{visible(words)!r} is no time such as 25m, 90s or 1h")
    return ms


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
