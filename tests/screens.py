"""Projects of sounds on the screen, for tests under Textual's pilot."""

from __future__ import annotations

import asyncio
from pathlib import Path

import numpy as np
import soundfile
from helpers import write_project

from tui_label import config
from tui_label.bench.workbench import Workbench
from tui_label.core.item import Item, Sound, Suggestion
from tui_label.core.keymap import build
from tui_label.core.record import Record
from tui_label.projects import opening
from tui_label.sound.deck import Deck
from tui_label.sound.line import Ways
from tui_label.sound.media import fingerprint
from tui_label.sound.speakerplayer import SpeakerPlayer
from tui_label.ui.label import LabelApp

CALLS = """\
name: calls
items: sound
tasks:
  - id: transcript
    type: text
    transcript:
      tags: [noise, laugh, unclear]
      short-forms: {";n": "[noise]"}
      speakers: [agent, caller]
      numbers: words
      forbid: '!'
      patterns: [{match: '\\bgonna\\b', say: write it out, fix: going to}]
  - {id: quality, type: choice, required: false, labels: [clear, noisy]}
"""
EVENTS = """\
name: events
items: sound
tasks:
  - {id: events, type: segments, overlap: true, labels: [doorbell, dog bark]}
"""
TURNS = """\
name: turns
items: sound
tasks:
  - {id: turns, type: segments, transcript: {speakers: [agent, caller]}}
"""


def tones(seconds: float, rate: int = 8000, channels: int = 1) -> np.ndarray:
    """Loud and quiet seconds in turn; the second channel is silent."""
    time = np.arange(int(seconds * rate)) / rate
    sound = np.sin(2 * np.pi * 440 * time) * np.where(time.astype(int) % 2, 0.05, 0.8)
    return np.stack([sound, *[np.zeros_like(sound)] * (channels - 1)], axis=1)


def make(folder: Path, source: str, *sounds: np.ndarray, draft: object = None, rate: int = 8000) -> LabelApp:
    project = config.load(write_project(folder, source))
    store, versions = opening.open_store(project)
    records = []
    for number, sound in enumerate(sounds):
        soundfile.write(folder / f"c{number}.wav", sound, rate)
        kept = Sound(
            f"c{number}.wav", len(sound) / rate, 0.0, rate, sound.shape[1], fingerprint(folder / f"c{number}.wav")
        )
        offered = (Suggestion(project.tasks[0].id, draft),) if draft is not None else ()
        records.append(Record(Item(f"c{number}.wav", sound=kept), offered))
    store.add(records)

    def deck() -> Deck:
        return Deck(folder, project.sound, lambda tell: SpeakerPlayer(Ways("card"), tell))

    return LabelApp(Workbench(project, store, "ann", versions, make_deck=deck), build(project), "")


def shown(app: LabelApp) -> list[str]:
    return ["".join(text for text, _ in row).rstrip() for row in app.sheet._rows]


async def until(app: LabelApp, words: str) -> None:
    for _ in range(400):
        if any(words in row for row in shown(app)):
            return
        await asyncio.sleep(0.01)
    raise AssertionError(f"never saw {words!r}:\n" + "\n".join(shown(app)))


def answers(folder: Path) -> list[dict[str, object]]:
    store, _ = opening.open_store(config.load(folder))
    return [dict(one.answers) for _, one in store.answers()]
