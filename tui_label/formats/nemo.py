"""NeMo's manifests: JSON Lines with audio_filepath, offset, duration, text; read as all manifests are (`sounds`).

Each segment, or each item's text where the project has no segments task, is a line, with the other fields that the
item came with.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, TextIO

from tui_label.core.project import Project
from tui_label.core.tasks import Segments, Text
from tui_label.formats.outgoing import Dropped, Rows, count, plain
from tui_label.formats.tracks import KEEP_LINES, NOTHING_SAID, Said, length, said, whereabouts

OURS = frozenset({"text", "speaker", "label"})
"""What a line may say of its segment."""


def write(rows: Rows, out: TextIO, project: Project, dropped: Dropped) -> int:
    kind = Segments if project.first(Segments) else Text
    written = 0
    for one in said(rows, project, dropped, kind, carries_meta=True):
        named = OURS & one.item.meta.keys() if kind is Segments else set()
        count(dropped, "fields of meta that are named as NeMo's", len(named))
        meta = {name: value for name, value in one.item.meta.items() if name not in KEEP_LINES | named}
        lines = [meta | line for line in _lines(one, whereabouts(project, one.sound), kind is Text)]
        count(dropped, NOTHING_SAID, not lines)
        for line in lines:
            # Half characters, which UTF-8 cannot hold, become the escapes that JSON has for them
            out.write(plain(json.dumps(line, ensure_ascii=False), {}) + "\n")
        written += bool(lines)
    return written


def _lines(one: Said, path: str, whole: bool) -> Iterator[dict[str, Any]]:
    if whole:
        offset = {"offset": one.sound.offset} if one.sound.offset else {}
        # A key that was made of the content is made again
        key = {} if one.item.key.startswith("~") else {"id": one.item.key}
        yield {**key, "audio_filepath": path, **offset, "duration": one.sound.duration, "text": one.text or ""}
        return
    for segment in one.segments or ():
        line: dict[str, Any] = {"audio_filepath": path, "offset": segment.start, "duration": float(length(segment))}
        named = {"speaker": segment.speaker, "label": segment.label}
        yield line | {"text": segment.text} | {name: value for name, value in named.items() if value}
