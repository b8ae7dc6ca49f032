"""Pieces of a recording as they cross a network: small, each run a file of its own.

A run of pieces is cut with a little of what comes before it, so that a lossy codec is at
ease when the first frame that counts arrives.
"""

from __future__ import annotations

import io
from dataclasses import dataclass

import numpy as np
import soundfile

from tui_label.sound.stretch import Samples

LEAD_S = 0.08
"""Sound before a run that is sent and thrown away: the pre-roll of RFC 7845, section 4.6."""
OPUS_RATES = frozenset([8_000, 12_000, 16_000, 24_000, 48_000])
MP3_RATES = frozenset([11_025, 22_050, 32_000, 44_100])
"""Rates that Opus does not know."""
LONGEST_RUN = 8
"""Pieces: the longer a run, the fewer bytes, and the later its first frame."""


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


def lead_frames(codec: str, rate: int) -> int:
    """Frames before a run that are to be packed with it."""
    return round(rate * LEAD_S) if codec in ("opus", "mp3") else 0


def pack(samples: Samples, codec: str, rate: int, skip: int) -> Packed:
    """Frames of shape (count, channels), the first `skip` of which are lead."""
    if codec == "pcm":
        return Packed(codec, 0, samples[skip:].astype("<f4").tobytes())
    file = io.BytesIO()
    if codec == "opus":
        soundfile.write(file, samples, rate, format="OGG", subtype="OPUS", compression_level=0.92)
    elif codec == "mp3":
        soundfile.write(file, samples, rate, format="MP3", subtype="MPEG_LAYER_III", compression_level=0.8)
    else:
        # 24 bits hold what 16-bit and 24-bit recordings hold, exactly
        fine = np.abs(samples * 32768 - np.round(samples * 32768)).max(initial=0) > 1e-6
        soundfile.write(file, samples, rate, format="FLAC", subtype="PCM_24" if fine else "PCM_16")
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
