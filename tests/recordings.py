"""Recordings in every format, written by soundfile and PyAV themselves, of sounds that can be found again."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import av
import numpy as np
import soundfile

RATE = 48_000
BY_SOUNDFILE = {
    "wav": ("WAV", "PCM_16"),
    "float.wav": ("WAV", "FLOAT"),
    "24.wav": ("WAVEX", "PCM_24"),
    "flac": ("FLAC", "PCM_16"),
    "ogg": ("OGG", "VORBIS"),
    "opus": ("OGG", "OPUS"),
    "mp3": ("MP3", "MPEG_LAYER_III"),
    "aiff": ("AIFF", "PCM_16"),
    "sph": ("NIST", "PCM_16"),
    "au": ("AU", "PCM_16"),
    "caf": ("CAF", "PCM_16"),
    "w64": ("W64", "PCM_16"),
    "rf64": ("RF64", "PCM_16"),
}
BY_FFMPEG = {
    "m4a": ("mp4", "aac", False),
    "mp4": ("mp4", "aac", True),
    "mov": ("mov", "pcm_s16le", True),
    "webm": ("webm", "libopus", False),
    "mka": ("matroska", "flac", False),
    "mkv": ("matroska", "aac", True),
    "aac": ("adts", "aac", False),
    "wma": ("asf", "wmav2", False),
    "avi": ("avi", "pcm_s16le", True),
}
LOSSY = {"ogg", "opus", "mp3", "m4a", "mp4", "webm", "mkv", "aac", "wma"}


def noise(seconds: float, rate: int = RATE, channels: int = 2) -> np.ndarray:
    """Noise below 6 kHz that is never twice the same: each stretch of it can be found, also after a lossy codec."""
    chance = np.random.default_rng(7)
    count = round(seconds * rate)
    spectrum = np.fft.rfft(chance.standard_normal((count, channels)), axis=0)
    spectrum[np.fft.rfftfreq(count, 1 / rate) > 6000] = 0
    found = np.fft.irfft(spectrum, count, axis=0)
    return (found / np.abs(found).max() * 0.5).astype(np.float32)


def write(path: Path, samples: np.ndarray, rate: int = RATE) -> Path:
    """A file of the format that its name says."""
    kind = path.name.partition(".")[2]
    if kind in BY_SOUNDFILE:
        format, subtype = BY_SOUNDFILE[kind]
        soundfile.write(path, samples, rate, format=format, subtype=subtype)
    else:
        format, codec, picture = BY_FFMPEG[kind]
        write_av(path, samples, rate, format, codec, picture_s=len(samples) / rate if picture else 0)
    return path


def write_av(
    path: Path,
    samples: np.ndarray,
    rate: int,
    format: str,
    codec: str,
    picture_s: float = 0,
    late_s: float = 0,
    options: Mapping[str, str] | None = None,
    holes: tuple[int, ...] = (),
) -> None:
    """Through PyAV, perhaps with a picture of some length; packets whose numbers are in `holes` are left out."""
    layout = {1: "mono", 2: "stereo", 6: "5.1"}[samples.shape[1]]
    with av.open(str(path), "w", format=format, options=dict(options or {})) as container:
        picture = container.add_stream("mpeg4", rate=25) if picture_s else None
        if picture is not None:
            picture.width, picture.height, picture.pix_fmt = 32, 32, "yuv420p"
        # Noise substitution is another noise at each decoding
        more = {"aac_pns": "0"} if codec == "aac" else {}
        sound = container.add_stream(codec, rate=rate, layout=layout, options=more)
        sound.bit_rate = 128_000
        sound.codec_context.open()
        if picture is not None:
            for _ in range(round(picture_s * 25)):
                container.mux(picture.encode(av.VideoFrame(32, 32, "yuv420p")))
            container.mux(picture.encode())
        for number, packet in enumerate(_packets(sound, samples, rate, layout, late_s)):
            if number not in holes:
                container.mux(packet)


def write_varying_mp3(path: Path, samples: np.ndarray, rate: int, *, says_length: bool) -> None:
    """An MP3 whose bit rate follows the sound, with or without the frame that says how long it is."""
    layout = {1: "mono", 2: "stereo"}[samples.shape[1]]
    with av.open(str(path), "w", format="mp3", options={"write_xing": str(int(says_length))}) as container:
        sound = container.add_stream("libmp3lame", rate=rate, layout=layout)
        sound.codec_context.global_quality = 4 * 118
        sound.codec_context.flags |= 0x2  # AV_CODEC_FLAG_QSCALE
        for packet in _packets(sound, samples, rate, layout, 0):
            container.mux(packet)


def _packets(sound, samples, rate, layout, late_s):
    size = sound.codec_context.frame_size or 1024
    convert = av.AudioResampler(format=sound.codec_context.format.name, layout=layout, rate=rate)
    for first in range(0, len(samples), size):
        block = np.ascontiguousarray(samples[first : first + size].T)
        frame = av.AudioFrame.from_ndarray(block, "fltp", layout=layout)
        frame.rate, frame.pts = rate, first + round(late_s * rate)
        for part in convert.resample(frame):
            yield from sound.encode(part)
    yield from sound.encode(None)


def lag(found: np.ndarray, expected: np.ndarray) -> tuple[int, float]:
    """By how many frames `found` lies later than `expected`, and how alike they are then, up to 1."""
    size = 1 << (len(found) + len(expected)).bit_length()
    alike = np.fft.irfft(np.fft.rfft(found, size) * np.conj(np.fft.rfft(expected, size)))
    at = int(np.argmax(alike))
    strength = alike[at] / np.sqrt((found**2).sum() * (expected**2).sum())
    return (at if at < size // 2 else at - size), float(strength)
