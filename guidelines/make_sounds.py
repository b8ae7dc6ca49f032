"""Make the clips, drafts and gold answers of `transcription` and `sounds`.

    python guidelines/make_sounds.py

Needs espeak-ng.  Speech is spoken by its voices, everything else is synthesised here, from
fixed seeds: the same script makes the same sounds.  Texts, names and places are invented.
"""

from __future__ import annotations

import io
import json
import subprocess
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
from numpy.typing import NDArray

HERE = Path(__file__).parent
Samples = NDArray[np.float64]


def tone(hertz: float, seconds: float, rate: int, decay: float = 0.0) -> Samples:
    t = np.arange(round(seconds * rate)) / rate
    return np.asarray(np.sin(2 * np.pi * hertz * t) * np.exp(-decay * t))


def coloured(random: np.random.Generator, seconds: float, rate: int, low: float, high: float) -> Samples:
    """Noise between two frequencies, of level 1."""
    count = round(seconds * rate)
    spectrum = np.fft.rfft(random.standard_normal(count))
    hertz = np.fft.rfftfreq(count, 1 / rate)
    spectrum[(hertz < low) | (hertz > high)] = 0
    noise = np.fft.irfft(spectrum, count)
    return np.asarray(noise / max(1e-9, float(np.abs(noise).max())))


def faded(sound: Samples, rate: int, seconds: float = 0.01) -> Samples:
    ramp = min(len(sound) // 2, round(seconds * rate))
    edges = np.ones(len(sound))
    edges[:ramp] = np.linspace(0, 1, ramp)
    edges[len(edges) - ramp :] = np.linspace(1, 0, ramp)
    return np.asarray(sound * edges)


def lay(onto: Samples, sound: Samples, start: float, rate: int, level: float) -> None:
    first = round(start * rate)
    part = sound[: max(0, len(onto) - first)]
    onto[first : first + len(part)] += part * level


def spoken(words: str, voice: str, rate: int, speed: int = 165, pitch: int = 50) -> Samples:
    """Speech without the silence around it, of level 1."""
    command = ["espeak-ng", "-v", voice, "-s", str(speed), "-p", str(pitch), "--stdout", words]
    raw = subprocess.run(command, check=True, capture_output=True).stdout
    speech, own = soundfile.read(io.BytesIO(raw))
    loud = np.flatnonzero(np.abs(speech) > 0.01)
    speech = speech[loud[0] : loud[-1] + 1]
    places = np.arange(round(len(speech) * rate / own)) * own / rate
    speech = np.interp(places, np.arange(len(speech)), speech)
    return np.asarray(speech / np.abs(speech).max())


def write(path: Path, sound: Samples, rate: int) -> None:
    path.parent.mkdir(exist_ok=True)
    soundfile.write(
        path, np.clip(sound, -1, 1).astype(np.float32), rate, format="OGG", subtype="OPUS", compression_level=0.9
    )


def write_lines(path: Path, lines: list[dict[str, Any]]) -> None:
    path.write_text("".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines), encoding="utf-8")


# transcription: calls to a bicycle hire line

VOICES = {
    "ana": ("en-gb-x-rp+f2", 160, 55),
    "bram": ("en-gb-scotland+m3", 170, 40),
    "cleo": ("en-us+f4", 175, 60),
    "dov": ("en-us+m1", 155, 45),
    "eshe": ("en-029+f3", 165, 50),
    "finn": ("en-gb-x-gbclan+m7", 180, 42),
}
SPEECH_RATE = 16_000


@dataclass
class Call:
    """What is said, by whom, what is heard besides, and what a recogniser made of it."""

    said: list[tuple[str, str]]
    gold: str
    draft: str = ""
    noise: str = ""
    overlap: float = 0.0
    """Seconds by which each next speaker comes too early."""
    cut: float = 0.0
    """Seconds lost at the end."""
    meta: dict[str, str] = field(default_factory=dict)


def call(voice: str, words: str, gold: str = "", draft: str = "", noise: str = "", cut: float = 0.0) -> Call:
    plain = words.lower().rstrip(".?!").replace(",", "").replace(".", "").replace("?", "")
    return Call([(voice, words)], gold or plain, draft, noise, cut=cut)


CALLS = [
    call("ana", "The bike at the harbour station will not unlock.", draft="the bike at the harbour station will not unlock"),
    call("bram", "I returned it an hour ago and it still says I am riding.", draft="i returned it an hour ago and it still says i am riding"),
    call("cleo", "Can I take it on the ferry to Sandholm?", draft="can i take it on the ferry to sandhome"),
    call("dov", "The front brake on number four one seven is loose.", draft="the front brake on number 417 is loose"),
    call("eshe", "There are no free docks at the library, where do I leave it?", draft="there are no free docks at the library where do i leave it"),
    call("finn", "My card was charged twice yesterday.", draft="my card was charged twice yesterday"),
    call("ana", "How long may I keep it without paying more?", draft="how long may i keep it without paying more"),
    call("cleo", "The app shows a bike here but the rack is empty.", draft="the app shows the bike here but the rack is empty"),
    call("dov", "I would like to speak to someone about a refund.", draft="i would like to speak to someone about a refund"),
    call("bram", "It costs two pounds fifty for the first hour.", draft="it costs £2.50 for the 1st hour"),
    call("eshe", "Somebody has left a bag in the basket of the bike.", draft="somebody has left a bag in the basket of the bike", noise="street"),
    call("finn", "The tyre is flat, I am walking back to Mill Lane.", draft="the tire is flat i am walking back to mill lane", noise="street"),
    call("ana", "Is the station by the old mill closed at night?", draft="is the station by the old mill closed at night", noise="street"),
    call("dov", "Please hold on, I am looking for the number.", draft="please hold on i am looking for the number", noise="hum"),
    call("cleo", "It is nine, no, it is five nine two two.", "it is nine no it is five nine two two", "it is 9 no it is 5922", noise="hum"),
    call("bram", "The chain came off near the tram stop.", "the chain came off near the tram stop [noise]", "the chain came off near the tram stop", noise="bang"),
    call("eshe", "Hello? Hello, can you hear me?", "hello hello can you hear me [noise]", "hello can you hear me", noise="bang"),
    call("finn", "I want to cancel my subscription, it ends in March.", draft="i want to cancel my subscription it ends in march"),
    call("ana", "We have twelve helmets for the school, is that enough?", draft="we have 12 helmets for the school is that enough"),
    call("cleo", "The light does not work and it is getting dark.", draft="the light does not work and its getting dark"),
    call("dov", "Do you speak Portuguese? My mother is here with me.", draft="do you speak portuguese my mother is here with me"),
    call("bram", "Aye, the wee lock is jammed, I cannot get it off.", "aye the wee lock is jammed i cannot get it off", "i the we lock is jammed i cannot get it off"),
    call("eshe", "I have been waiting for twenty minutes already.", draft="i have been waiting for 20 minutes already"),
    call("finn", "The map on your website is wrong about Cooper Street.", draft="the map on your website is wrong about cooper street"),
    call("ana", "I fell off, but I am fine, only the pedal is bent.", draft="i fell off but i am fine only the pedal is bent"),
    call("cleo", "Could you send the receipt to my office, please?", draft="could you send the receipt to my office please"),
    call("dov", "The bell is missing and the seat turns around and", "the bell is missing and the seat turns around [cut-off]", "the bell is missing and the seat turns around and", cut=0.35),
    call("bram", "I paid at the machine but it did not give me a ti", "i paid at the machine but it did not give me a [cut-off]", "i paid at the machine but it did not give me a tie", cut=0.15),
    Call([("ana", "Veloria bikes, good morning."), ("dov", "Good morning, my bike will not lock.")],
         "agent: veloria bikes good morning\ncaller: good morning my bike will not lock",
         "veloria bikes good morning good morning my bike will not lock"),
    Call([("ana", "Which station are you at?"), ("finn", "At the harbour, by the blue crane.")],
         "agent: which station are you at\ncaller: at the harbour by the blue crane",
         "which station are you at at the harbour by the blue crane"),
    Call([("eshe", "Can you read me the number on the frame?"), ("cleo", "Three oh eight.")],
         "agent: can you read me the number on the frame\ncaller: three oh eight",
         "can you read me the number on the frame 308"),
    Call([("ana", "I will open the lock from here."), ("bram", "Oh, it just opened, thank you.")],
         "agent: i will open the lock from here\ncaller: [overlap] oh it just opened thank you",
         "i will open the lock from oh it just opened thank you", overlap=0.5),
    Call([("eshe", "Your refund takes five days."), ("dov", "Five days? That is far too long.")],
         "agent: your refund takes five days\ncaller: [overlap] five days that is far too long",
         "your refund takes 5 days 5 days that is far too long", overlap=0.4),
    Call([("ana", "Is anybody hurt?"), ("cleo", "No, we are all right.")],
         "agent: is anybody hurt\ncaller: no we are all right",
         "is anybody hurt no we are alright", noise="street"),
    Call([], "[no-speech]", "", noise="hum"),
    Call([], "[no-speech]", "the", noise="street"),
    call("finn", "It makes a noise like a coffee grinder when I brake.", draft="it makes a noise like a coffee grinder when i brake", noise="street"),
    call("cleo", "Sorry, I meant the green line, not the red one.", draft="sorry i meant the green line not the red one"),
    call("eshe", "I lent it to my brother and he cannot find it.", draft="i lent it to my brother and he cannot find it"),
    call("dov", "Thank you, you have been very kind, goodbye.", draft="thank you you have been very kind goodbye"),
]  # fmt: skip


def backdrop(kind: str, random: np.random.Generator, seconds: float, rate: int) -> Samples:
    """What is heard beside the speech."""
    sound = coloured(random, seconds, rate, 80, 5000) * 0.008
    if kind == "hum":
        sound += tone(50, seconds, rate) * 0.03 + tone(150, seconds, rate) * 0.015
    elif kind == "street":
        sound += coloured(random, seconds, rate, 60, 900) * 0.12
        swell = np.sin(np.pi * np.arange(len(sound)) / len(sound)) ** 2
        sound += coloured(random, seconds, rate, 100, 400) * 0.15 * swell
    return sound


def make_transcription() -> None:
    folder = HERE / "transcription"
    lines, gold = [], []
    for number, one in enumerate(CALLS, 1):
        random = np.random.default_rng(number)
        voices = [spoken(words, *_voice(name)) for name, words in one.said]
        starts = [0.35]
        for voice in voices:
            starts.append(starts[-1] + len(voice) / SPEECH_RATE + 0.3 - (one.overlap + 0.3 if one.overlap else 0))
        seconds = max(starts[-1] + one.overlap + 0.3, 2.5) + (0.7 if one.noise == "bang" else 0)
        sound = backdrop(one.noise, random, seconds, SPEECH_RATE)
        for start, voice in zip(starts, voices, strict=False):
            lay(sound, voice, start, SPEECH_RATE, 0.45 + 0.2 * random.random())
        if one.noise == "bang":
            bang = coloured(random, 0.35, SPEECH_RATE, 100, 3000) * np.exp(
                -np.linspace(0, 9, round(0.35 * SPEECH_RATE))
            )
            lay(sound, bang, seconds - 0.6, SPEECH_RATE, 0.7)
        if one.cut:
            sound = sound[: len(sound) - round((one.cut + 0.3) * SPEECH_RATE)]
        item = f"call-{number:02d}"
        write(folder / "clips" / f"{item}.opus", sound, SPEECH_RATE)
        line: dict[str, Any] = {"item": item, "audio": f"clips/{item}.opus"}
        lines.append(line | ({"text": one.draft} if one.draft else {}))
        gold.append(line | {"annotator": "gold", "answers": {"transcript": one.gold, "quality": _quality(one)}})
    write_lines(folder / "items.jsonl", lines)
    write_lines(folder / "gold.jsonl", gold)


def _voice(name: str) -> tuple[str, int, int, int]:
    voice, speed, pitch = VOICES[name]
    return voice, SPEECH_RATE, speed, pitch


def _quality(one: Call) -> str:
    return "no speech" if not one.said else "noisy" if one.noise in ("street", "bang") else "clear"


# sounds: what a microphone in a hallway hears

SOUND_RATE = 24_000


def doorbell(random: np.random.Generator) -> Samples:
    ding = tone(659, 0.7, SOUND_RATE, 5) + 0.4 * tone(1318, 0.7, SOUND_RATE, 8)
    dong = tone(523, 1.0, SOUND_RATE, 4) + 0.4 * tone(1046, 1.0, SOUND_RATE, 7)
    sound = np.zeros(round(1.5 * SOUND_RATE))
    lay(sound, ding, 0, SOUND_RATE, 0.6)
    lay(sound, dong, 0.5, SOUND_RATE, 0.6)
    return sound


def dog_bark(random: np.random.Generator) -> Samples:
    barks = int(random.integers(1, 4))
    sound = np.zeros(round((0.42 * barks - 0.2) * SOUND_RATE))
    for number in range(barks):
        t = np.arange(round(0.2 * SOUND_RATE)) / SOUND_RATE
        pitch = 2 * np.pi * np.cumsum(520 - 900 * t + 260 * np.sin(np.pi * t / 0.2)) / SOUND_RATE
        rough = sum(np.sin(k * pitch) / k for k in range(1, 9))
        rough = rough + coloured(random, 0.2, SOUND_RATE, 400, 4000)
        lay(sound, faded(rough * np.sin(np.pi * t / 0.2) ** 0.5, SOUND_RATE), 0.42 * number, SOUND_RATE, 0.35)
    return sound


def phone(random: np.random.Generator) -> Samples:
    rings = int(random.integers(1, 3))
    sound = np.zeros(round((1.6 * rings - 0.6) * SOUND_RATE))
    for number in range(rings):
        trill = np.concatenate(
            [faded(tone(870 + 190 * (n % 2), 0.05, SOUND_RATE), SOUND_RATE, 0.004) for n in range(20)]
        )
        lay(sound, trill, 1.6 * number, SOUND_RATE, 0.4)
    return sound


def alarm(random: np.random.Generator) -> Samples:
    beep = np.concatenate([faded(tone(3100, 0.12, SOUND_RATE), SOUND_RATE), np.zeros(round(0.12 * SOUND_RATE))])
    return np.asarray(np.concatenate([beep] * int(random.integers(4, 9)))[: -round(0.12 * SOUND_RATE)] * 0.4)


def knocking(random: np.random.Generator) -> Samples:
    knocks = int(random.integers(2, 5))
    sound = np.zeros(round((0.22 * knocks) * SOUND_RATE))
    for number in range(knocks):
        knock = tone(180, 0.12, SOUND_RATE, 45) + 0.5 * coloured(random, 0.12, SOUND_RATE, 200, 1500) * np.exp(
            -np.linspace(0, 8, round(0.12 * SOUND_RATE))
        )
        lay(sound, knock, 0.22 * number, SOUND_RATE, 0.6)
    return sound[: round((0.22 * (knocks - 1) + 0.12) * SOUND_RATE)]


def glass(random: np.random.Generator) -> Samples:
    sound = coloured(random, 0.9, SOUND_RATE, 3000, 11000) * np.exp(-np.linspace(0, 9, round(0.9 * SOUND_RATE)))
    for _ in range(14):
        lay(sound, tone(random.uniform(2500, 9000), 0.15, SOUND_RATE, 35), random.uniform(0.02, 0.6), SOUND_RATE, 0.25)
    return np.asarray(sound * 0.8)


def car_horn(random: np.random.Generator) -> Samples:
    seconds = random.uniform(0.4, 1.2)
    chord = sum(tone(hertz, seconds, SOUND_RATE) for hertz in (405, 510, 810, 1020, 1215))
    return faded(np.asarray(chord) * 0.11, SOUND_RATE, 0.03)


def footsteps(random: np.random.Generator) -> Samples:
    steps = int(random.integers(4, 8))
    sound = np.zeros(round((0.5 * (steps - 1) + 0.12) * SOUND_RATE))
    for number in range(steps):
        step = coloured(random, 0.12, SOUND_RATE, 60, 900) * np.exp(-np.linspace(0, 7, round(0.12 * SOUND_RATE)))
        lay(sound, step, 0.5 * number, SOUND_RATE, 0.4)
    return sound


REMARKS = ["I am home!", "Who is there?", "Put it on the table.", "Have you seen my keys?", "It is open, come in."]


def speech(random: np.random.Generator) -> Samples:
    voice, speed, pitch = list(VOICES.values())[int(random.integers(len(VOICES)))]
    return spoken(REMARKS[int(random.integers(len(REMARKS)))], voice, SOUND_RATE, speed, pitch) * 0.45


EVENTS: dict[str, Callable[[np.random.Generator], Samples]] = {
    "doorbell": doorbell,
    "dog bark": dog_bark,
    "phone": phone,
    "alarm": alarm,
    "knocking": knocking,
    "glass": glass,
    "car horn": car_horn,
    "footsteps": footsteps,
    "speech": speech,
}
BACKGROUNDS = {"quiet": (0.004, 80, 6000), "street": (0.06, 60, 700), "rain": (0.05, 800, 9000)}
SCENES = 30


def make_sounds() -> None:
    folder = HERE / "sounds"
    lines, gold = [], []
    for number in range(1, SCENES + 1):
        random = np.random.default_rng(1000 + number)
        background = list(BACKGROUNDS)[number % 3]
        level, low, high = BACKGROUNDS[background]
        seconds = float(random.integers(8, 17))
        sound = coloured(random, seconds, SOUND_RATE, low, high) * level
        found: list[dict[str, Any]] = []
        at = random.uniform(0.4, 1.5)
        # The first scene is one doorbell, the tenth holds nothing at all
        most = 1 if number == 1 else 0 if number == 10 else int(random.integers(2, 6))
        for _ in range(most):
            label = "doorbell" if number == 1 else list(EVENTS)[int(random.integers(len(EVENTS)))]
            event = EVENTS[label](random)
            length = len(event) / SOUND_RATE
            if at + length > seconds - 0.2:
                break
            lay(sound, event, at, SOUND_RATE, random.uniform(0.6, 1.0))
            found.append({"start": round(at, 3), "end": round(at + length, 3), "label": label})
            at += length * random.choice([0.5, 1.0, 1.0]) + random.uniform(0.2, 1.6)
        item = f"hallway-{number:02d}"
        write(folder / "clips" / f"{item}.opus", sound, SOUND_RATE)
        line: dict[str, Any] = {"item": item, "audio": f"clips/{item}.opus"}
        lines.append(line | ({"segments": detected(found, seconds, random)} if number % 3 == 0 and found else {}))
        answers = {"events": sorted(found, key=lambda one: (one["start"], one["end"])), "background": background}
        gold.append(line | {"annotator": "gold", "answers": answers})
    write_lines(folder / "items.jsonl", lines)
    write_lines(folder / "gold.jsonl", gold)


def detected(found: list[dict[str, Any]], seconds: float, random: np.random.Generator) -> list[dict[str, Any]]:
    """What a detector might say: edges a little off, now and then a wrong name."""
    guesses = []
    for one in found:
        start = max(0.0, one["start"] + random.normal(0, 0.15))
        end = min(seconds, max(start + 0.1, one["end"] + random.normal(0, 0.15)))
        label = one["label"] if random.random() < 0.85 else list(EVENTS)[int(random.integers(len(EVENTS)))]
        guesses.append({"start": round(start, 3), "end": round(end, 3), "label": label})
    return guesses


if __name__ == "__main__":
    make_transcription()
    make_sounds()
