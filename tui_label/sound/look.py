"""What the eye gets of one item's sound: its peaks, and what is wrong with its file."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tui_label.core.item import Sound
from tui_label.errors import InputError
from tui_label.home import own_folder
from tui_label.sound.kinds import is_url, shown
from tui_label.sound.media import fingerprint, open_recording
from tui_label.sound.peaks import SILENT, Peaks, keep, kept, measure
from tui_label.sound.remote import cache

CACHE = Path(".tui-label") / "peaks"


@dataclass(frozen=True, slots=True)
class Look:
    peaks: Peaks | None = None
    word: str = ""
    """What the annotator should know: the file is gone, was changed, holds no sound."""
    broken: bool = False
    """Whether this is not the sound that was to be labelled."""
    coming: bool = False
    """Whether it is still being fetched."""


def locate(folder: Path, sound: Sound) -> Path:
    """The file of a sound; relative paths are relative to the project's folder, URLs have theirs in the cache."""
    return cache().place(sound.path, sound.hash) if is_url(sound.path) else folder / sound.path


def _own() -> Path:
    """Where this person keeps what they cannot keep beside the project."""
    return own_folder("CACHE") / "peaks"


def look(folder: Path, sound: Sound, tell: Callable[[Look], None]) -> Look:
    """Peaks that were kept, else measured now; `tell` sees long ones grow."""
    path, words = locate(folder, sound), shown(sound.path)
    try:
        stamp = _stamp(path)
        found = _kept(folder, sound, stamp)
        if found is None:
            if sound.hash and fingerprint(path) != sound.hash:
                return Look(None, f"{words} was changed after it was added: flag it, or add it again", broken=True)
            with open_recording(path) as recording:
                rate = recording.facts.rate
            grow = lambda peaks: tell(Look(peaks))  # noqa: E731
            found = measure(path, round(sound.offset * rate), round(sound.duration * rate), grow)
            # A folder that a team shares is its owner's to write
            if not keep(folder / CACHE, _name(sound), found, stamp):
                keep(_own(), _name(sound), found, stamp)
    except FileNotFoundError:
        return Look(None, f"{words} is not there any more", broken=True)
    except OSError as error:
        return Look(None, f"{words}: {error.strerror}", broken=True)
    except InputError as error:
        return Look(None, str(error), broken=True)
    return Look(found, "silent: nothing louder than −80 dB in it" if found.loudest < SILENT else "")


def is_changed(folder: Path, sound: Sound) -> bool:
    """Whether its file is not the one that was added; it was where peaks were kept of it.  Raises OSError."""
    path = locate(folder, sound)
    return bool(sound.hash) and _kept(folder, sound, _stamp(path)) is None and fingerprint(path) != sound.hash


def _stamp(path: Path) -> tuple[int, int]:
    stat = path.stat()
    return stat.st_size, stat.st_mtime_ns


def _name(sound: Sound) -> str:
    return f"{sound.hash}-{sound.offset:.3f}-{sound.duration:.3f}"


def _kept(folder: Path, sound: Sound, stamp: tuple[int, int]) -> Peaks | None:
    return kept(folder / CACHE, _name(sound), stamp) or kept(_own(), _name(sound), stamp)
