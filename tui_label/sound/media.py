"""Recordings as frames: what a file holds, and any stretch of it.

What `sndfile` does not know (m4a, mp4, webm …) goes to `ffmpeg`.  Either way a stretch holds the same sound however
it was got to, and no sample is NaN.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

import soundfile

from tui_label.core.text import visible
from tui_label.errors import InputError
from tui_label.sound.ffmpeg import Ffmpeg
from tui_label.sound.kinds import FFMPEG_SUFFIXES
from tui_label.sound.recording import LACK_S, Facts, Recording
from tui_label.sound.sndfile import Sndfile

NEEDS_AV = "needs FFmpeg to be read: `pip install 'tui-label[video]'`"
HASH_CHUNK = 1 << 20


def probe(path: Path) -> Facts:
    """The facts of a file whose last frames can be read; raises InputError that says what is wrong."""
    name = visible(str(path))
    if not path.is_file():
        kind = "a folder" if path.is_dir() else "no ordinary file"
        raise InputError(f"{name}: {f'is {kind}' if path.exists() else 'no such file'}")
    if not path.stat().st_size:
        raise InputError(f"{name}: empty file (0 bytes)")
    with open_recording(path) as recording:
        facts = recording.facts
        if recording.missing > LACK_S:
            raise InputError(f"{name}: truncated: only {facts.seconds:.1f} s of it are there; get a whole copy")
        if not facts.frames:
            raise InputError(f"{name}: no sound in it (0 seconds)")
        tail = min(facts.frames, facts.rate // 10 or 1)
        if len(recording.read(facts.frames - tail, tail)) < tail * 0.9:
            raise InputError(f"{name}: truncated: its {facts.seconds:.1f} s break off before the end; get a whole copy")
    return facts


def fingerprint(path: Path) -> str:
    """SHA-256 of the file's bytes, the first 32 hex digits."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(HASH_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()[:32]


def open_recording(path: Path) -> Recording:
    """Raises InputError where nothing here can read it."""
    name = visible(str(path))
    try:
        with path.open("rb") as file:
            head = file.read(1024)
        if not _guesses_its_length(path):
            return Sndfile(path, head)
        kind = "an MP3 of varying bit rate that does not say its length"
    except OSError as error:
        raise InputError(f"{name}: {error.strerror}") from error
    except soundfile.LibsndfileError as error:
        if path.suffix.lower() not in FFMPEG_SUFFIXES:
            raise InputError(f"{name}: not a recording that can be read: {_reason(error)}") from error
        kind = path.suffix.lower()[1:]
    try:
        import av
    except ImportError as error:
        raise InputError(f"{name}: {kind} {NEEDS_AV}") from error
    try:
        return Ffmpeg(path, av, head)
    except (av.FFmpegError, ValueError) as error:
        why = visible(str(getattr(error, "strerror", error)))
        raise InputError(f"{name}: not a recording that can be read, or cut short: {why}") from error


def _guesses_its_length(path: Path) -> bool:
    """Whether libsndfile would take the bit rate at the begin of an MP3 for that of all of it."""
    with path.open("rb") as file:
        head = file.read(10)
        if head[:3] == b"ID3" and len(head) == 10:
            file.seek(10 + sum(part << 7 * n for n, part in enumerate(reversed(head[6:10]))))
        else:
            file.seek(0)
        data = file.read(1 << 17)
    if any(mark in data[:256] for mark in (b"Xing", b"Info", b"VBRI")):
        return False
    rates, at = set(), 0
    while (found := _mp3_frame(data[at : at + 4])) is not None:
        rates.add(found[0])
        at += found[1]
    return len(rates) > 1


def _mp3_frame(head: bytes) -> tuple[int, int] | None:
    """Bit rate and bytes of a frame of MPEG 1 or 2, layer 3."""
    if len(head) < 4 or head[0] != 0xFF or head[1] & 0xE6 != 0xE2 or head[2] >> 4 in (0, 15) or head[2] & 12 == 12:
        return None
    version = head[1] >> 3 & 3  # 3: MPEG 1, 2: MPEG 2, 0: MPEG 2.5
    steps = (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320)
    if version != 3:
        steps = (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160)
    bits = steps[(head[2] >> 4) - 1] * 1000
    rate = (44100, 48000, 32000)[head[2] >> 2 & 3] // {3: 1, 2: 2}.get(version, 4)
    return bits, (144 if version == 3 else 72) * bits // rate + (head[2] >> 1 & 1)


def _reason(error: soundfile.LibsndfileError) -> str:
    words = visible(str(error.error_string).rstrip("."))
    # That is how libsndfile puts it when its MP3 decoder finds nothing to decode
    return "broken off or damaged" if "does not exist" in words else words
