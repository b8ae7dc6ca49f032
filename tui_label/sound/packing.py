"""Pieces of a recording as they cross a network: small, each run a file of its own.

A run of pieces is cut with a little of what comes before and after it, so that a lossy codec
is at ease when the first frame that counts arrives, and still when the last one does.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import soundfile

from tui_label.sound.stretch import Samples

LEAD_S = 0.08
"""Sound before a run that is sent and thrown away: the pre-roll of RFC 7845, section 4.6."""
TAIL_S = 0.02
"""Sound after a run: libsndfile leaves what the encoder of Opus looks ahead, 6.5 ms, unwritten."""
OPUS_RATES = frozenset([8_000, 12_000, 16_000, 24_000, 48_000])
MP3_RATES = frozenset([11_025, 22_050, 32_000, 44_100])
"""Rates that Opus does not know."""
PIECE_S = 0.5
LONGEST_RUN = 8
"""Pieces: the longer a run, the fewer bytes, and the later its first frame."""
RUN_BYTES = 8 << 20
"""Samples of a run: half of what a speaker takes at once, and more than all but arrays of microphones have."""


@dataclass(frozen=True, slots=True)
class Packed:
    codec: str
    skip: int
    """Frames at its start that do not count."""
    data: bytes


def codec_for(rate: int, channels: int, lossless: bool) -> str:
    """Opus (RFC 6716) where it knows the rate, else MP3; FLAC on request and for what is odd."""
    if not lossless and channels <= 2:
        if rate in OPUS_RATES:
            return "opus"
        if rate in MP3_RATES:
            return "mp3"
    return "flac" if channels <= 8 and rate <= 655_350 else "pcm"


def piece_frames(rate: int, channels: int) -> int:
    """Frames of a piece of a clip."""
    return max(1, min(round(rate * PIECE_S), RUN_BYTES // (4 * channels)))


def longest_run(piece: int, channels: int) -> int:
    """Pieces, of so many frames each."""
    return max(1, min(LONGEST_RUN, RUN_BYTES // (4 * piece * channels)))


def lead_frames(codec: str, rate: int) -> int:
    """Frames before a run that are to be packed with it."""
    return round(rate * LEAD_S) if codec in ("opus", "mp3") else 0


def pack_run(read: Callable[[int, int], Samples], start: int, count: int, codec: str, rate: int) -> Packed:
    """`count` frames from `start` of a recording, whose end may come before."""
    skip = min(start, lead_frames(codec, rate))
    tail = round(rate * TAIL_S) if codec == "opus" else 0
    samples = read(start - skip, skip + count + tail)
    missing = min(tail, skip + count + tail - len(samples))
    return pack(np.pad(samples, ((0, missing), (0, 0))), codec, rate, skip)


def pack(samples: Samples, codec: str, rate: int, skip: int) -> Packed:
    """Frames of shape (count, channels), the first `skip` of which are lead."""
    if codec == "pcm" or not len(samples):
        # Of a recording that is damaged here nothing comes, and a file of nothing no codec would read again
        return Packed("pcm", 0, samples[skip:].astype("<f4").tobytes())
    file = io.BytesIO()
    if codec == "opus":
        soundfile.write(file, samples, rate, format="OGG", subtype="OPUS", compression_level=0.94)
    elif codec == "mp3":
        soundfile.write(file, samples, rate, format="MP3", subtype="MPEG_LAYER_III", compression_level=0.8)
    else:
        # 24 bits hold what 16-bit and 24-bit recordings hold, exactly; floats would be scaled by one step less
        fine = np.abs(samples * 32768 - np.round(samples * 32768)).max(initial=0) > 1e-6
        if fine:
            whole = np.clip(np.round(samples * 2.0**23), -(2**23), 2**23 - 1).astype(np.int32) * 256
        else:
            whole = np.clip(np.round(samples * 32768), -32768, 32767).astype(np.int16)
        soundfile.write(file, whole, rate, format="FLAC", subtype="PCM_24" if fine else "PCM_16")
    return Packed(codec, skip, file.getvalue())


def unpack(data: bytes, codec: str, channels: int, skip: int, frames: int) -> Samples:
    """At most `frames` frames; raises ValueError for what is no such file."""
    if codec == "pcm":
        if len(data) % (4 * channels):
            raise ValueError("samples that are cut off")
        found = np.frombuffer(data, "<f4").reshape(-1, channels)
        return found[:frames]
    try:
        with soundfile.SoundFile(io.BytesIO(data)) as file:
            if file.channels != channels:
                raise ValueError("another number of channels")
            read: Samples = file.read(skip + frames, dtype="float32", always_2d=True)
    except soundfile.LibsndfileError as error:
        raise ValueError(str(error)) from error
    return read[skip:]
