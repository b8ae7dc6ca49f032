"""Everything one can do, by name: the one registry behind dispatch, legend, help, `keys` and remapping.

A key is written as it is typed (`a`, `;`, `?`) or by its name (`enter`, `shift+tab`).
`spare` keys come into force where a project's labels take all of a command's own; the first
that no other command has there.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

EVERYWHERE, SPANS, SCROLL, TYPING = "everywhere", "spans", "scroll", "typing"
SOUND, TRANSCRIBING = "sound", "transcribing"
"""Single keys on a sound; typing while it plays."""
REVIEW, LISTENING, EDITING = "review", "listening", "editing"
"""A reviewer before the versions of an item; besides, of a sound; besides the labeling keys, while they edit."""

FAR = (
    "play.toggle", "play.start", "play.back", "play.forward", "play.slower", "play.faster", "play.loop", "play.last",
)  # fmt: skip
"""Play keys that may act where they are typed, at the other end of ssh."""


@dataclass(frozen=True, slots=True)
class Command:
    name: str
    words: str
    keys: tuple[str, ...]
    mode: str
    short: str
    """The legend's word."""
    spare: tuple[str, ...]


def _command(mode: str, name: str, words: str, keys: str, short: str = "", spare: str = "") -> Command:
    return Command(name, words, tuple(keys.split()), mode, short or name.partition(".")[2], tuple(spare.split()))


def _everywhere() -> tuple[Command, ...]:
    everywhere = partial(_command, EVERYWHERE)
    return (
        everywhere("item.submit", "Confirm and go on to the next item", "enter", "next"),
        everywhere("suggestion.accept", "Accept the suggestion under the cursor", "a", "accept", "f5 ctrl+k"),
        everywhere("suggestion.accept-all", "Accept every suggestion", "A", "accept all", "f6 ctrl+w"),
        everywhere("suggestion.reject", "Reject the suggestion under the cursor", "x", "reject", "X f7"),
        everywhere("work.undo", "Undo, also on earlier items and after a restart", "u ctrl+z", "undo"),
        everywhere("work.redo", "Redo", "ctrl+r", "redo"),
        everywhere("flag.open", "Flag the item: its reason's digit; n with a note, q asks", "f ctrl+g", "flag"),
        everywhere("item.skip", "Skip the item, by the project's policy", "s", "skip", "S f8"),
        everywhere("talk.say", "Ask a question or leave a comment on the item", "q", "ask", "Q ctrl+x"),
        everywhere("talk.unsay", "Take back what I said last on the item, unless it was read", "", "take back"),
        everywhere("talk.open", "Comments for me, and to the items they are on", ",", "comments", "ctrl+l"),
        everywhere("item.previous", "Previous item of mine", "<", "earlier"),
        everywhere("item.next", "Next item of mine", ">", "later"),
        everywhere("guide.open", "Guidelines, at the label under the cursor", "g", "guide", "G f2"),
        everywhere("guide.changes", "What changed in the guidelines and questions", "", "what changed"),
        everywhere("find.open", "Find in the item", "/", "find"),
        everywhere("find.next", "Next place found", "n", "next found", "ctrl+n"),
        everywhere("find.previous", "Previous place found", "N", "previous found", "ctrl+p ctrl+f"),
        everywhere("label.by-name", "Label by part of its name", "+", "by name"),
        everywhere("text.enter", "Type in the text box", "i", "type", "I f3"),
        everywhere("pause", "Pause: the clock stops and the item is hidden", "p", "pause", "P ctrl+y"),
        everywhere("palette.open", "Do something by part of its name", ": f9", "commands"),
        everywhere("figures.open", "My own figures: pace, labels, known answers", "=", "my figures", "ctrl+e"),
        everywhere("sprint.start", "Begin a sprint: minutes with an end in sight; or end it", "", "sprint"),
        everywhere("help.open", "All keys", "? f1", "keys"),
        everywhere("quit", "Leave: everything is saved already", "ctrl+q", "leave"),
    )


def _spans() -> tuple[Command, ...]:
    spans = partial(_command, SPANS)
    return (
        spans("hop", "Hop: each word shows letters, type them to be there", ";", "hop"),
        spans("cursor.left", "Token to the left", "left h", "left"),
        spans("cursor.right", "Token to the right", "right l", "right"),
        spans("cursor.up", "Line up", "up k", "up"),
        spans("cursor.down", "Line down", "down j", "down"),
        spans("cursor.home", "Start of the line", "home", "line start"),
        spans("cursor.end", "End of the line", "end", "line end"),
        spans("cursor.page-up", "Page up", "pageup", "page up"),
        spans("cursor.page-down", "Page down", "pagedown", "page down"),
        spans("select.open", "Start a selection, or give it up", "v", "select", "V ctrl+v"),
        spans("select.right", "Stretch the selection to the right", "shift+right", "stretch"),
        spans("select.left", "Stretch the selection to the left", "shift+left", "stretch"),
        spans("select.drop", "Give up the selection", "escape", "give up"),
        spans("span.end-left", "Move the span's end to the left", "[", "end ←"),
        spans("span.end-right", "Move the span's end to the right", "]", "end →"),
        spans("span.start-left", "Move the span's start to the left", "{", "start ←"),
        spans("span.start-right", "Move the span's start to the right", "}", "start →"),
        spans("span.granularity", "Token or character steps", "c", "steps", "C f4"),
        spans("span.next", "Next span or suggestion", "tab", "next span"),
        spans("span.previous", "Previous span or suggestion", "shift+tab", "previous span"),
        spans("label.repeat", "The last label again, here", ".", "again"),
        spans("label.same-mentions", "The same label on every identical mention", "*", "same"),
        spans("span.remove", "Remove the span under the cursor", "backspace", "remove"),
    )


def _scroll() -> tuple[Command, ...]:
    scroll = partial(_command, SCROLL)
    return (
        scroll("scroll.up", "Line up", "up k"),
        scroll("scroll.down", "Line down", "down j"),
        scroll("scroll.page-up", "Page up", "pageup"),
        scroll("scroll.page-down", "Page down", "pagedown space"),
        scroll("scroll.home", "Top of the text", "home"),
        scroll("scroll.end", "End of the text", "end"),
        scroll("focus.next", "Next question", "tab"),
        scroll("focus.previous", "Previous question", "shift+tab"),
    )


def _typing() -> tuple[Command, ...]:
    typing = partial(_command, TYPING)
    return (
        typing("item.submit", "Confirm and go on", "enter", "next"),
        typing("text.newline", "New line", "ctrl+j", "new line"),
        typing("focus.next", "Next question", "tab", "next question"),
        typing("flag.open", "Flag the item; q then asks about it", "ctrl+g", "flag"),
        typing("talk.open", "Comments for me", "ctrl+l", "comments"),
        typing("work.undo", "Undo", "ctrl+z", "undo"),
        typing("work.redo", "Redo", "ctrl+r", "redo"),
        typing("text.leave", "Leave the text box: single keys act again", "escape", "single keys"),
        typing("palette.open", "Do something by part of its name", "f9", "commands"),
        typing("help.open", "All keys", "f1", "keys"),
        typing("quit", "Leave: everything is saved already", "ctrl+q", "leave"),
    )


def _playing(mode: str) -> tuple[Command, ...]:
    """The transport: the same function keys whether one types or not."""
    play = partial(_command, mode)
    single = mode != TRANSCRIBING
    toggle, start = ("space f4 ctrl+space", "r") if single else ("tab ctrl+space f4", "shift+tab")
    unheard = play("play.unheard", "Play what was not heard yet: its next stretch", "ctrl+u", "unheard")
    words = "Cut the segment at the playhead" + ("" if single else ", its words at the caret")
    cut = play("segment.split", words, "k" if single else "ctrl+k", "cut", "K" * single)
    return (
        play("play.toggle", "Play, pause; going on steps back", toggle, "play"),
        play("play.start", "From the start of the clip or segment", start, "start", "R" * single),
        play("play.back", "Back 2 s", "f2", "−2 s"),
        play("play.forward", "Forward 2 s", "f3", "+2 s"),
        play("play.slower", "Slower, same pitch", "f5", "slower"),
        play("play.faster", "Faster, same pitch", "f6", "faster"),
        play("play.loop", "Loop the segment, or the clip", "f7", "loop"),
        play("play.last", "The last second again", "f8", "last second"),
        play("play.channel", "Hear both channels, or one alone", "ctrl+o", "channel"),
        play("view.spectrogram", "Waveform or spectrogram", "ctrl+p", "spectrogram"),
        *(() if mode == LISTENING else (unheard, cut)),
    )


def _winding(mode: str) -> tuple[Command, ...]:
    """The tape wound by hand, and looked at more closely."""
    wind = partial(_command, mode)
    return (
        wind("tape.left", "1 s to the left", "left h", "−1 s"),
        wind("tape.right", "1 s to the right", "right l", "+1 s"),
        wind("tape.fine-left", "0.1 s to the left", "shift+left", "−0.1 s"),
        wind("tape.fine-right", "0.1 s to the right", "shift+right", "+0.1 s"),
        wind("tape.home", "To the start of the clip", "home", "start"),
        wind("tape.end", "To the end of the clip", "end", "end"),
        wind("view.zoom-in", "Zoom in", "z", "zoom", "ctrl+d"),
        wind("view.zoom-out", "Zoom out", "Z", "zoom out", "ctrl+v"),
        wind("tape.go", "Go to a time of the sound", ";", "go to"),
    )


def _paging(mode: str) -> tuple[Command, ...]:
    page = partial(_command, mode)
    return (
        page("tape.page-left", "Back by what is shown; by a tenth if that is all", "pageup", "page left"),
        page("tape.page-right", "On by what is shown; by a tenth if that is all", "pagedown", "page right"),
    )


def _sound() -> tuple[Command, ...]:
    sound = partial(_command, SOUND)
    return (
        *_playing(SOUND),
        *_winding(SOUND),
        *_paging(SOUND),
        sound("segment.mark", "Mark where it starts, then where it ends", "m", "mark", "M"),
        sound("segment.mark-on", "End this segment and begin the next, or begin at its end", "e", "mark on", "E"),
        sound("segment.next", "Next segment", "tab down", "segment"),
        sound("segment.previous", "Previous segment", "shift+tab up", "previous"),
        sound("segment.end-left", "Move the segment's end to the left, and hear it", "[", "end ←"),
        sound("segment.end-right", "Move the segment's end to the right, and hear it", "]", "end →"),
        sound("segment.start-left", "Move the segment's start to the left, and hear it", "{", "start ←"),
        sound("segment.start-right", "Move the segment's start to the right, and hear it", "}", "start →"),
        sound("segment.step", "Edges move by 10 or 100 ms", "c", "10/100 ms", "C"),
        sound("segment.snap", "Snap the segment's edges to silence", "y", "snap", "Y"),
        sound("segment.join", "Join the segment with the next of its label and speaker", "j", "join", "J"),
        sound("segment.speaker", "Next speaker for the segment", "o", "speaker", "O"),
        sound("segment.again", "The last label again, here", ".", "again"),
        sound("segment.remove", "Remove the segment", "backspace", "remove"),
        sound("segment.drop", "Give up an open mark", "escape", "give up"),
        sound("focus.next", "Next question", "t", "next question", "T"),
        sound("calibrate", "Measure how fast you tap: 20 taps", "ctrl+t", "calibrate"),
    )


def _transcribing() -> tuple[Command, ...]:
    typing = partial(_command, TRANSCRIBING)
    return (
        *_playing(TRANSCRIBING),
        *_paging(TRANSCRIBING),
        typing("tape.go", "Go to a time of the sound", "", "go to"),
        typing("tag.open", "Tags: part of a name, Enter", "ctrl+t", "tags"),
        typing("transcript.speaker", "Next speaker", "ctrl+n", "speaker"),
        typing("transcript.fix", "Mend the rule that is named", "ctrl+f", "mend"),
    )


def _review() -> tuple[Command, ...]:
    review = partial(_command, REVIEW)
    return (
        review("review.take", "Take that annotator's version of the difference", "1 2 3 4 5 6 7 8 9", "take"),
        review("review.keep", "It is right as it stands in the making: often nothing", "0", "neither"),
        review("review.whole", "Take all of one version: its digit says whose", "w", "whole"),
        review("review.next", "Next difference", "tab", "next"),
        review("review.previous", "Difference before", "shift+tab", "previous"),
        review("review.settle", "Settle the item and go on", "enter", "settle"),
        review("review.accept", "Accept: the one version, what is agreed, or what most say", "a", "accept"),
        review("review.edit", "Edit the answer with the labeling keys; Esc comes back", "e", "edit"),
        review("review.return", "Send it back, with a comment", "x", "send back"),
        review("review.comment", "Comment, or answer a question", "c", "comment"),
        review("talk.unsay", "Take back what I said last on the item, unless it was read", "", "take back"),
        review("review.said", "What was said about the item, in full", ",", "all said"),
        review("review.correct", "Settle it, and tell those who answered otherwise why", "C", "correct"),
        review("review.example", "Mark as an example for the guidelines, or not", "*", "example"),
        review("work.undo", "Undo, also the outcome before", "u ctrl+z", "undo"),
        review("work.redo", "Redo", "ctrl+r", "redo"),
        review("review.later", "Leave it for later: next case", "> s", "later"),
        review("review.before", "Back to the case before", "<", "before"),
        review("review.queues", "Queues, and how many cases wait in each", "q", "queues"),
        review("review.find", "Only items with these words", "/", "filter"),
        review("review.mixed-up", "Labels that are mixed up most: their items", "m", "mixed up"),
        review("review.by-annotator", "Only what one annotator answered", "", "annotator"),
        review("review.by-label", "Only answers with one label", "", "label"),
        review("review.by-flag", "Only what is flagged for one reason", "", "flag"),
        review("review.unfiltered", "All cases of the queue again", "", "all"),
        review("scroll.up", "Line up", "up k"),
        review("scroll.down", "Line down", "down j"),
        review("scroll.page-up", "Page up", "pageup"),
        review("scroll.page-down", "Page down", "pagedown space"),
        review("guide.open", "Guidelines, at the label of the difference", "g", "guide"),
        review("guide.changes", "What changed in the guidelines and questions", "", "what changed"),
        review("palette.open", "Do something by part of its name", ": f9", "commands"),
        review("pause", "Pause: the clock stops and the item is hidden", "p", "pause"),
        review("help.open", "All keys", "? f1", "keys"),
        review("quit", "Leave: everything is saved already", "ctrl+q", "leave"),
    )


def _listening() -> tuple[Command, ...]:
    hear = _command(LISTENING, "review.hear", "Hear the difference alone", "d", "hear it")
    return (hear, *_playing(LISTENING), *_winding(LISTENING))


def _editing() -> tuple[Command, ...]:
    return (_command(EDITING, "review.done", "Back to the versions", "escape", "versions"),)


COMMANDS: tuple[Command, ...] = (
    *_everywhere(),
    *_spans(),
    *_scroll(),
    *_typing(),
    *_sound(),
    *_transcribing(),
    *_review(),
    *_listening(),
    *_editing(),
)
NAMES: tuple[str, ...] = tuple(dict.fromkeys(command.name for command in COMMANDS))
WITHOUT_ITEM = (
    "work.undo", "talk.open", "item.previous", "guide.open", "guide.changes", "pause", "figures.open", "help.open", "quit",
)  # fmt: skip
"""What an annotator can do while no item is on the desk."""
