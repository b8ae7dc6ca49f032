"""Frames between the app and a speaker: `u32 length, u16 header length, JSON header, payload`, big-endian.

The speaker is a child of the app, or sits behind a listener at the other end of ssh, which
passes frames on.  A frame is at most 1 MiB; what is no frame ends the line.

App → speaker, by `op`:
  hello{v,token,own}                    first of all; the token where the line has one; own: app and listener
                                        share a terminal
  clip{id,rate,channels,frames,piece}   declare a clip; `piece` frames a piece, the last one shorter
  data{id,i,n,codec,skip,last} + bytes  a part of pieces i to i+n-1; `pcm` is float32 little-endian, interleaved;
                                        any other codec is a file that libsndfile reads, whose first `skip`
                                        frames are not part of the pieces
  play{seq,id,at,end,speed,loop,ear}    at, end and loop in frames; speed 1 is as recorded
  adjust{end,speed,loop,ear}            the voice that plays goes on, with this changed
  pause{}  drop{id,i}  ping{x}
Speaker → app, by `ev`:
  hello{v,ok,device,name,why}           the answer; `why` says what is missing where ok is false
  ack{n}                                n bytes of data taken: the sender's window opens again
  started{seq,t,in}                     position t (frames) will be heard in `in` seconds
  pos{seq,t,speed,under}                heard now, several times a second while playing; underruns so far
  paused{seq,t}  ended{seq,t}           in the past or within the output's latency, `in` seconds from now
  error{seq,why}  lost{why}             nothing is heard; lost: the device went away
  pong{x}
Before the answer, from a listener:
  starting{}                            somebody is there, whose speaker starts, which may take long
Between the app and a listener that catches play keys where they are typed (localkeys.py):
  keys{n,keys,tape} from the app        which keys may act there, and on what; all that was typed before sync n is in it
  sync{n}  key{n,name,at,seq,on}        from the listener: more was typed; a play key acted: its voice, and what of the
                                        tape it knew: `on` of the last keys{}
"""

from __future__ import annotations

import asyncio
import json
import struct
from typing import Any

VERSION = 1
LARGEST, HEADER_MOST = 1 << 20, (1 << 16) - 1
_HEAD = struct.Struct(">IH")


class BadFrame(ConnectionError):
    """The other end does not speak this protocol."""

    def __init__(self) -> None:
        super().__init__("not a frame of tui-label's speaker")


def pack(header: dict[str, Any], payload: bytes = b"") -> bytes:
    text = json.dumps(header, separators=(",", ":")).encode()
    if len(text) + len(payload) > LARGEST or len(text) > HEADER_MOST:
        raise ValueError("a frame is at most 1 MiB, its header 64 KiB")
    return _HEAD.pack(2 + len(text) + len(payload), len(text)) + text + payload


def words(value: Any, most: int = 200) -> str:
    """What the other end says to a person: one line, and nothing that moves their cursor."""
    return "".join(char if char.isprintable() else " " for char in str(value)[:most]).strip()


async def read(reader: asyncio.StreamReader) -> tuple[dict[str, Any], bytes]:
    """The next frame; raises ConnectionError or EOFError when there is none."""
    size, head = _HEAD.unpack(await reader.readexactly(_HEAD.size))
    if not head <= size - 2 <= LARGEST:
        raise BadFrame
    body = await reader.readexactly(size - 2)
    try:
        header = json.loads(body[:head])
    except (ValueError, RecursionError) as error:
        raise BadFrame from error
    if not isinstance(header, dict):
        raise BadFrame
    return header, body[head:]
