"""Frames between the app and a speaker: `u32 length, u16 header length, JSON header, payload`, big-endian.

App → speaker, by `op`:
  clip{id,rate,channels,frames,piece}   declare a clip; `piece` frames a piece, the last one shorter
  data{id,i,codec,last} + bytes         a part of piece i; `pcm` is float32 little-endian, interleaved;
                                        any other codec is a file that libsndfile reads
  play{seq,id,at,end,speed,loop,ear}    at, end and loop in frames; speed 1 is as recorded
  adjust{speed,loop,ear}                the voice that plays goes on, with this changed
  pause{}  drop{id,i}  ping{x}
Speaker → app, by `ev`:
  hello{v,ok,device,why}                first of all; `why` says what is missing where ok is false
  ack{n}                                n bytes of data taken: the sender's window opens again
  started{seq,t,in}                     position t (frames) will be heard in `in` seconds
  pos{seq,t,speed,under}                heard now, several times a second while playing; underruns so far
  paused{seq,t}  ended{seq,t}           in the past or within the output's latency, `in` seconds from now
  error{seq,why}  lost{why}             nothing is heard; lost: the device went away
  pong{x}
"""

from __future__ import annotations

import asyncio
import json
import struct
from typing import Any

VERSION = 1
LARGEST = 1 << 20
_HEAD = struct.Struct(">IH")


class BadFrame(ConnectionError):
    """The other end does not speak this protocol."""


def pack(header: dict[str, Any], payload: bytes = b"") -> bytes:
    text = json.dumps(header, separators=(",", ":")).encode()
    if len(text) + len(payload) > LARGEST:
        raise ValueError("a frame is at most 1 MiB")
    return _HEAD.pack(2 + len(text) + len(payload), len(text)) + text + payload


async def read(reader: asyncio.StreamReader) -> tuple[dict[str, Any], bytes]:
    """The next frame; raises ConnectionError or EOFError when there is none."""
    size, head = _sizes(await reader.readexactly(_HEAD.size))
    return _parsed(await reader.readexactly(size), head)


def unpack(data: bytes) -> dict[str, Any]:
    """The header of the first frame; raises ConnectionError."""
    if len(data) < _HEAD.size:
        raise BadFrame("the speaker said nothing")
    size, head = _sizes(data[: _HEAD.size])
    return _parsed(data[_HEAD.size : _HEAD.size + size], head)[0]


def _sizes(head: bytes) -> tuple[int, int]:
    """Bytes of the body, and of the header in it."""
    size, text = _HEAD.unpack(head)
    if not text <= size - 2 <= LARGEST:
        raise BadFrame("not a frame of tui-label's speaker")
    return size - 2, text


def _parsed(body: bytes, head: int) -> tuple[dict[str, Any], bytes]:
    try:
        header = json.loads(body[:head])
    except ValueError as error:
        raise BadFrame("not a frame of tui-label's speaker") from error
    if not isinstance(header, dict):
        raise BadFrame("not a frame of tui-label's speaker")
    return header, body[head:]
