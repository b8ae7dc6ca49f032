"""The speaker: a process that plays what an app asks for, over any byte stream.

`python -m tui_label.sound.speaker` talks on standard input and output, as a child of the
app.  It owns PortAudio; if a sound server hangs, killing this process is the cure.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import platform
import sys
import threading
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

from tui_label.sound import wire

LATENCY_S = 0.04
"""With 0.03 a busy machine of two cores lost a block every few minutes."""
SWITCH_S = 0.001
"""Python's threads hand over this soon: PortAudio's must not wait for ours."""
POS_EVERY_S = 0.2
IDLE_S = 60.0
"""A stream that has been silent this long is closed."""
FRAMES_MOST = 2**33
CLIPS_MOST = 4096
HELD_MOST = 1 << 30
"""Bytes of decoded sound that an app may leave here; ours keeps to a quarter of it."""
PART_MOST, PARTS_MOST = 16 << 20, 16
RUN_MOST = 64
RUN_BYTES_MOST = 64 << 20
"""Decoded: a few bytes of FLAC can say that they are hours of silence."""
SKIP_MOST = 1 << 20
NAME_MOST = 8192
"""Characters of a clip's name, which may be a path."""
LOOP_LEAST = 64
"""Frames."""
HELLO_S = 10.0
NO_PORTAUDIO = (
    "PortAudio is not installed: `apt install libportaudio2` (Debian, Ubuntu), "
    "`dnf install portaudio` (Fedora), `pacman -S portaudio` (Arch)"
)
HANGS = "the sound server does not answer"
HANG_S = 2.0
OTHER_VERSION = (
    "tui-label is of another version where the sound comes out"
    f" (protocol {wire.VERSION} there): install the same one on both sides"
)
NO_CARD = "no sound card here; PULSE_SERVER can name a sound server elsewhere"
NO_PLUGIN = "PortAudio does not reach the sound server here: `apt install libasound2-plugins` (Debian, Ubuntu)"


class Out(Protocol):
    """Where frames go."""

    def write(self, data: bytes) -> None: ...

    async def drain(self) -> None: ...


class Speaker:
    """Serves one app at a time; clips stay in memory, never on a disk."""

    def __init__(self, latency: float = LATENCY_S) -> None:
        self._latency = latency
        self._clips: dict[str, Any] = {}
        self._parts: dict[tuple[str, int], bytearray] = {}
        self._engine: Any = None
        self._writer: Out | None = None
        self._loop = asyncio.get_running_loop()
        self._silent_since = 0.0
        self._underruns = 0

    async def serve(self, reader: asyncio.StreamReader, writer: Out) -> None:
        """Until the app goes; then nothing plays any more."""
        self._writer = writer
        beat = asyncio.create_task(self._beat())
        try:
            header, _ = await asyncio.wait_for(wire.read(reader), HELLO_S)
            if self._greet(header):
                await self._listen(reader, writer)
        except (EOFError, ConnectionError, TimeoutError):
            pass
        finally:
            beat.cancel()
            self._writer = None
            self._close()

    def _greet(self, header: dict[str, Any]) -> bool:
        same = header.get("op") == "hello" and header.get("v") == wire.VERSION
        found = _card() if same else {"ok": False, "why": OTHER_VERSION}
        self._send("hello", v=wire.VERSION, name=platform.node().partition(".")[0], **found)
        return same

    async def _listen(self, reader: asyncio.StreamReader, writer: Out) -> None:
        while True:
            header, payload = await wire.read(reader)
            try:
                self._handle(header, payload)
            except (LookupError, TypeError, ValueError, OverflowError, RecursionError, MemoryError):
                self._send("error", seq=0, why="the app sent something that is not of this protocol")
                return
            await writer.drain()

    def _send(self, event: str, **fields: Any) -> None:
        if self._writer is not None:
            self._writer.write(wire.pack({"ev": event, **fields}))

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(POS_EVERY_S)
            engine = self._engine
            if engine is None:
                continue
            if engine.hangs:
                self._send("lost", why=HANGS)
                await asyncio.sleep(0.1)
                os._exit(3)  # closing the stream would block for ever in C
            self._note_underruns(engine.underruns)
            heard, voice = engine.heard, engine.voice
            if voice is not None and heard is not None:
                self._silent_since = self._loop.time()
                self._send(
                    "pos",
                    seq=voice.seq,
                    t=round(heard),
                    speed=0 if voice.stalled else voice.speed,
                    under=engine.underruns,
                )
            elif self._loop.time() - self._silent_since > IDLE_S:
                self._close()

    def _note_underruns(self, count: int) -> None:
        """In the log, for whoever asks why it crackled."""
        if count != self._underruns:
            print(
                f"{datetime.now().isoformat(timespec='milliseconds')} underruns: {count}", file=sys.stderr, flush=True
            )
            self._underruns = count

    def _handle(self, header: dict[str, Any], payload: bytes) -> None:
        match header.get("op"):
            case "clip":
                self._declare(header)
            case "data":
                self._take(header, payload)
                self._send("ack", n=len(payload))
            case "play":
                self._play(header)
            case "adjust" if self._engine is not None:
                self._engine.adjust(_frame(header["end"]), _speed(header), _loop(header), _ear(header))
            case "pause" if self._engine is not None:
                self._engine.stop()
            case "drop":
                self._drop(header)
            case "ping":
                self._send("pong", x=header.get("x"))

    # clips

    def _declare(self, header: dict[str, Any]) -> None:
        from tui_label.sound.engine import Clip

        rate, channels, frames, piece = (int(header[name]) for name in ("rate", "channels", "frames", "piece"))
        if not (0 < rate <= 768_000 and 0 < channels <= 64 and 0 <= frames <= FRAMES_MOST and 0 < piece <= rate * 10):
            raise ValueError("a clip of that size cannot be played")
        name = str(header["id"])
        if len(self._clips) >= CLIPS_MOST or len(name) > NAME_MOST:
            raise ValueError("too many clips")
        self._clips.setdefault(name, Clip(rate, channels, frames, piece))

    def _take(self, header: dict[str, Any], payload: bytes) -> None:
        clip = self._clips.get(header["id"])
        if clip is None:
            return
        place = header["id"], int(header["i"])
        parts = self._parts.setdefault(place, bytearray())
        parts += payload
        frames = int(header["n"]) * clip.piece
        if len(parts) > PART_MOST or len(self._parts) > PARTS_MOST or not 0 < int(header["n"]) <= RUN_MOST:
            raise ValueError("too much at once")
        if not 0 <= int(header["skip"]) <= SKIP_MOST or 4 * frames * clip.channels > RUN_BYTES_MOST:
            raise ValueError("too much at once")
        if header.get("last"):
            del self._parts[place]
            self._store(clip, header, bytes(parts))

    def _store(self, clip: Any, header: dict[str, Any], data: bytes) -> None:
        """A run of pieces; shorter than it should be, the rest of it is silence."""
        from tui_label.sound.packing import unpack

        first, count = int(header["i"]), int(header["n"])
        samples = unpack(data, str(header["codec"]), clip.channels, int(header["skip"]), count * clip.piece)
        for number in range(count):
            clip.hold(first + number, samples[number * clip.piece : (number + 1) * clip.piece])
        if sum(one.held for one in self._clips.values()) > HELD_MOST:
            raise ValueError("more sound than there is room for")

    def _drop(self, header: dict[str, Any]) -> None:
        if "i" not in header:
            self._clips.pop(header["id"], None)
            # A run that was on its way is left where it is: what comes of it later would be taken for another
            for place in [one for one in self._parts if one[0] == header["id"]]:
                del self._parts[place]
        elif header["id"] in self._clips:
            self._clips[header["id"]].drop(int(header["i"]))

    # playing

    def _play(self, header: dict[str, Any]) -> None:
        seq = int(header["seq"])
        clip = self._clips.get(header["id"])
        if clip is None:
            self._send("error", seq=seq, why="the speaker does not have this clip")
            return
        try:
            engine = self._at_rate(clip.rate)
        except Exception as error:  # PortAudioError and OSError: the card may be gone, or never was
            self._close()
            self._send("error", seq=seq, why=f"the sound card does not open: {error}")
            return
        from tui_label.sound.engine import Voice

        self._silent_since = self._loop.time()
        at, end = _frame(header["at"]), _frame(header.get("end", clip.frames))
        engine.play(Voice(seq, clip, at, end, _speed(header), _loop(header), _ear(header)))

    def _at_rate(self, rate: int) -> Any:
        if self._engine is None or self._engine.rate != rate:
            reopening = self._engine is None
            self._close()
            with _patience():
                self._engine = _open(rate, self._latency, self._tell, self._lost, reopening)
        return self._engine

    def _close(self) -> None:
        if self._engine is not None:
            engine, self._engine = self._engine, None
            with _patience():
                engine.close()

    # what the callback's thread tells

    def _tell(self, event: str, voice: Any, frame: float, wait: float) -> None:
        self._loop.call_soon_threadsafe(self._told, event, voice.seq, voice.speed, frame, wait)

    def _told(self, event: str, seq: int, speed: float, frame: float, wait: float) -> None:
        self._send(event, seq=seq, t=round(frame), speed=speed, **{"in": round(wait, 4)})

    def _lost(self) -> None:
        self._loop.call_soon_threadsafe(self._told_lost)

    def _told_lost(self) -> None:
        self._close()
        self._send("lost", why="the sound card went away")


@contextlib.contextmanager
def _patience() -> Iterator[None]:
    """PortAudio may block for ever when the sound server hangs: then the process ends, and the app starts another."""
    end = threading.Timer(HANG_S, os._exit, (3,))
    end.daemon = True
    end.start()
    try:
        yield
    finally:
        end.cancel()


def _frame(value: Any) -> int:
    """Bounded: the callback counts in 64 bits, and nobody hears what it raises."""
    return min(FRAMES_MOST, max(0, int(value)))


def _speed(header: dict[str, Any]) -> float:
    return min(4.0, max(0.25, float(header.get("speed", 1))))


def _loop(header: dict[str, Any]) -> tuple[int, int] | None:
    loop = header.get("loop")
    if not loop:
        return None
    start, end = _frame(loop[0]), _frame(loop[1])
    return (start, end) if end - start >= LOOP_LEAST else None


def _ear(header: dict[str, Any]) -> int | None:
    ear = header.get("ear")
    return None if ear is None else max(0, int(ear))


def _card() -> dict[str, Any]:
    """Whether there is anything to play on, its name, and what to do where there is not."""
    try:
        import sounddevice
    except OSError:
        return {"ok": False, "why": NO_PORTAUDIO}
    try:
        return {"ok": True, "device": sounddevice.query_devices(kind="output")["name"]}
    except Exception:  # PortAudioError, or ValueError of an odd default
        return {"ok": False, "why": NO_PLUGIN if _pulse_without_plugin() else NO_CARD}


def _pulse_without_plugin() -> bool:
    """Debian's PortAudio knows ALSA alone, and ALSA reaches PulseAudio and PipeWire by a plug-in."""
    socket = Path(os.environ.get("XDG_RUNTIME_DIR", "/run")) / "pulse" / "native"
    server = "PULSE_SERVER" in os.environ or socket.exists()
    return (
        server
        and sys.platform == "linux"
        and not any(Path("/usr/lib").glob("*/alsa-lib/libasound_module_pcm_pulse.so"))
    )


def _open(rate: int, latency: float, tell: Any, lost: Any, fresh: bool) -> Any:
    import sounddevice

    from tui_label.sound.engine import Engine

    try:
        return Engine(rate, latency, tell, lost)
    except Exception:
        if not fresh:
            raise
        # PortAudio keeps the list of cards it saw first: a restarted sound server is not in it
        sounddevice._terminate()
        sounddevice._initialize()
        return Engine(rate, latency, tell, lost)


class _Out:
    """Frames to whoever started us.  They are small and read at once, so writing may block."""

    def __init__(self, file: int) -> None:
        self._file = file

    def write(self, data: bytes) -> None:
        with contextlib.suppress(OSError):
            while data:
                data = data[os.write(self._file, data) :]

    async def drain(self) -> None:
        return


def _feed(loop: asyncio.AbstractEventLoop, reader: asyncio.StreamReader) -> None:
    """Standard input to the reader; a thread, since no event loop reads pipes on every system."""
    while data := os.read(0, 1 << 16):
        loop.call_soon_threadsafe(reader.feed_data, data)
    loop.call_soon_threadsafe(reader.feed_eof)


async def _main() -> None:
    # What C libraries print goes to the log that is our standard error; frames keep standard output to themselves
    out = _Out(os.dup(1))
    os.dup2(2, 1)
    sys.setswitchinterval(SWITCH_S)
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader(limit=2 * wire.LARGEST)
    threading.Thread(target=_feed, args=(loop, reader), daemon=True).start()
    await Speaker().serve(reader, out)


if __name__ == "__main__":
    if sys.platform == "win32":
        import msvcrt

        for number in (0, 1):
            msvcrt.setmode(number, os.O_BINARY)
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_main())
