"""The keys that act now on the labeling screen, for its legend."""

from __future__ import annotations

from collections.abc import Sequence

from tui_label.core.annotating.session import Session
from tui_label.core.commands import SOUND, TRANSCRIBING
from tui_label.core.keymap import Keymap
from tui_label.core.keys import key_display
from tui_label.core.tasks import Text
from tui_label.ui.keymodes import key_mode
from tui_label.ui.views.frame import Hint
from tui_label.ui.views.label import State


def hints(state: State) -> list[Hint]:
    """Most used first."""
    if state.mode is not None:
        return state.mode.legend
    found = _item_hints(state)
    unread = _hints(state.keymap, key_mode(state.session), ["talk.open"]) if state.unread else []
    return [*found[:1], *unread, *found[1:]]


def _item_hints(state: State) -> list[Hint]:
    session, keymap = state.session, state.keymap
    if session.item.sound is not None:
        return _sound_hints(state)
    if session.typing:
        wanted: list[Wanted] = ["item.submit", "text.newline", "flag.open", "work.undo", "text.leave", "help.open"]
        return _hints(keymap, key_mode(session), wanted)
    wanted = []
    if session.preview:
        wanted.append(("item.submit", "take them"))
    elif session.needs_enter or state.visiting or session.unfinished is None:
        wanted.append("item.submit")
    if session.suggestion_under_cursor is not None:
        wanted += ["suggestion.accept", "suggestion.reject"]
    if session.has_cursor:
        selecting = session.anchor is not None
        wanted += ["hop", "select.drop" if selecting else "select.open"]
        if session.span_under_cursor is not None:
            wanted += [*([] if selecting else ["span.remove"]), "label.same-mentions"]
    wanted += [*_by_name(session, keymap), "flag.open", *_skip(state)]
    wanted += ["work.undo", "guide.open", "find.open", "help.open"]
    if any(isinstance(task, Text) for task in session.asked):
        wanted.insert(1, "text.enter")
    return _hints(keymap, key_mode(session), wanted)


def _skip(state: State) -> list[str]:
    return [] if state.tested else ["item.skip"]


def _by_name(session: Session, keymap: Keymap) -> list[str]:
    """The key for labels by their names, where one has no key of its own."""
    keyless = any(not keymap.key_of_label(task.id, value) for task in session.asked for value in task.values)
    return ["label.by-name"] if keyless else []


Wanted = str | tuple[str, str]
"""A command's name; or several with the word they share."""
JUMPS = ("play.back play.forward", "∓2 s")
SPEEDS = ("play.slower play.faster", "speed")
STARTS = ("segment.start-left segment.start-right", "start ←→")
ENDS = ("segment.end-left segment.end-right", "end ←→")
"""Commands that go in pairs share a place in the legend."""


def _sound_hints(state: State) -> list[Hint]:
    session, keymap, tape = state.session, state.keymap, state.tape
    if tape is not None and tape.broken and not session.typing:
        return _hints(keymap, SOUND, [*_skip(state), "flag.open", "work.undo", "guide.open", "help.open"])
    heard = tape is not None and not tape.trouble and not tape.broken
    play: list[Wanted] = [("play.toggle", "pause" if tape is not None and tape.playing else "play")]
    if tape is not None and tape.unheard and tape.coverage > 0 and not tape.playing:
        play.append("play.unheard")
    if session.typing:
        wanted: list[Wanted] = [*play, "item.submit", "play.start", JUMPS, SPEEDS, "play.loop", "play.last"]
        if not heard:
            # What must be heard can only be skipped, by a single key
            wanted = ["item.submit", "text.leave", "text.newline", *play]
        wanted += ["tag.open"] if session.style is not None and session.style.tags else []
        wanted += ["transcript.speaker"] if session.style is not None and session.style.speakers else []
        wanted += ["flag.open", "text.leave", "help.open"]
        return _hints(keymap, TRANSCRIBING, list(dict.fromkeys(wanted)))
    wanted = [*play] if heard else []
    if session.segment_task is not None:
        wanted.append("segment.mark")
    wanted += ["segment.drop"] if session.mark is not None else ["item.submit"]
    if any(isinstance(task, Text) or getattr(task, "transcript", None) is not None for task in session.asked):
        wanted.append("text.enter")
    if session.segment_task is not None and session.segments:
        wanted.append("segment.next")
        if session.mark is None and session.segment_here is not None:
            wanted += [STARTS, ENDS, "segment.snap", "segment.split", "segment.remove"]
    wanted += [*_by_name(session, keymap), JUMPS, *([SPEEDS] if heard else play)]
    wanted += ["flag.open", *_skip(state), "work.undo", "guide.open", "help.open"]
    return _hints(keymap, SOUND, wanted)


def _hints(keymap: Keymap, mode: str, wanted: Sequence[Wanted]) -> list[Hint]:
    found = []
    for one in wanted:
        names, words = (one, "") if isinstance(one, str) else one
        keys = [key_display(keymap.keys_of(name, mode)[0]) for name in names.split() if keymap.keys_of(name, mode)]
        if keys:
            found.append((" ".join(keys), words or keymap.command(names).short))
    return found
