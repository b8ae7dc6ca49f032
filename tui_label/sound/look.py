"""What the eye gets of one item's sound: its peaks, and what is wrong with its file."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tui_label.core.item import Sound
from tui_label.core.text import visible
from tui_label.errors import InputError
from tui_label.sound.media import fingerprint, open_recording
from tui_label.sound.peaks import SILENT, Peaks, keep, kept, measure

CACHE = Path(".tui-label") / "peaks"


@dataclass(frozen=True, slots=True)
class Look:
    peaks: Peaks | None = None
    word: str = ""
    """What the annotator should know: the file is gone, was changed, holds no sound."""
    broken: bool = False
    """Whether this is not the sound that was to be labelled."""


def locate(folder: Path, sound: Sound) -> Path:
    """The file of a sound; relative paths are relative to the project's folder."""
    return folder / sound.path


def look(folder: Path, sound: Sound, tell: Callable[[Look], None]) -> Look:
    """Peaks from beside the project, else measured now; `tell` sees long ones grow."""
    path, shown = locate(folder, sound), visible(sound.path)
    name = f"{sound.hash}-{sound.offset:.3f}-{sound.duration:.3f}"
    try:
        stat = path.stat()
        found = kept(folder / CACHE, name, (stat.st_size, stat.st_mtime_ns))
        if found is None:
            if sound.hash and fingerprint(path) != sound.hash:
                return Look(None, f"{shown} was changed after it was added: flag it, or add it again", broken=True)
            with open_recording(path) as recording:
                rate = recording.facts.rate
            grow = lambda peaks: tell(Look(peaks))  # noqa: E731
            found = measure(path, round(sound.offset * rate), round(sound.duration * rate), grow)
            keep(folder / CACHE, name, found, (stat.st_size, stat.st_mtime_ns))
    except FileNotFoundError:
        return Look(None, f"{shown} is not there any more", broken=True)
    except OSError as error:
        return Look(None, f"{shown}: {error.strerror}", broken=True)
    except InputError as error:
        return Look(None, str(error), broken=True)
    return Look(found, "silent: nothing louder than −80 dB in it" if found.loudest < SILENT else "")
