"""A reviewer's queues: how the one that is gone through is named and counted, and the page of all of them."""

from __future__ import annotations

from collections.abc import Mapping

from tui_label.store.reviewing import QUEUES, Queue
from tui_label.ui.canvas import Row, clipped, rule
from tui_label.ui.views.frame import Hint, header, legend
from tui_label.ui.views.label import LOW, laid_over
from tui_label.ui.views.pages import wrapped

QUEUE_WORDS = {
    "disagreements": "answers that differ, worst first",
    "flagged": "flagged, by reason",
    "questions": "asked, and not answered yet",
    "fast": "suspiciously fast, fastest first",
    "slow": "suspiciously slow, slowest first",
    "sample": "a random share of the answers",
    "corrected": "settled otherwise than answered",
    "answered-back": "sent back, and answered since",
    "all": "everything that was answered",
}
NOTHING = "Nothing was answered yet, or all is settled."
MANY = 10_000
"""Cases are counted so far."""


def where(name: str, queue: Queue, blind: bool) -> list[str]:
    """The parts of the header: the queue, and what it is restricted to."""
    parts = [name, "review", queue.name]
    if queue.annotator:
        parts.append("one annotator" if blind else queue.annotator)
    labels = f"{queue.label} ↔ {queue.against}" if queue.against else queue.label
    parts += [part for part in (queue.task, labels, queue.flag and f"⚑ {queue.flag}") if part]
    if queue.text:
        parts.append(f"“{queue.text}”")
    if queue.since or queue.until:
        parts.append(f"{queue.since} to {queue.until}".strip())
    return parts


def counted(left: int, of: int) -> str:
    many = f"{left:,}" if left < MANY else f"{MANY:,} or more"
    return f"{many} of {of:,} left" if left < of else f"{many} left"


def queues_page(
    name: str,
    queue: Queue,
    waiting: Mapping[str, int],
    here: bool,
    trouble: str,
    blind: bool,
    hints: list[Hint],
    status: list[Row],
    width: int,
    height: int,
) -> list[Row]:
    """The queues with what waits in each; where the queue is empty it is all there is, or with `trouble` where it may be."""
    above: list[Row] = []
    if not here:
        above = [*_lines(_why_nothing_is_here(queue, waiting, trouble), "bold", width), []]
    elif height >= LOW:
        above = [[("   Queues", "bold")], []]
    below: list[Row] = []
    if not here and not trouble and not any(waiting.values()):
        why = "Nothing passes this filter; : all cases lifts it." if queue.is_restricted else NOTHING
        below = [*([[]] if height >= LOW else []), *_lines(why, "faint", width)]
    room = max(0, height - 5)
    queues = [clipped(_queue_row(n, one, queue, waiting.get(one)), width) for n, one in enumerate(QUEUES, 1)]
    body = [*above, *_in_sight(queues, QUEUES.index(queue.name), room - len(above) - len(below)), *below]
    lead: list[Row] = [[]] * max(0, (room - len(body)) // 3)
    body = [*lead, *body][:room]
    return [
        header(where(name, queue, blind), "", width),
        rule(width),
        *laid_over([*body, *([[]] * (room - len(body)))], status, width),
        rule(width),
        legend(hints, [], width),
    ][:height]


def _why_nothing_is_here(queue: Queue, waiting: Mapping[str, int], trouble: str) -> str:
    if trouble:
        return "The next case could not be looked for yet."
    # Where some wait and none was given, another reviewer has each
    left = waiting.get(queue.name)
    return "What is left in this queue is with other reviewers." if left else "No case is left in this queue."


def _queue_row(number: int, name: str, queue: Queue, count: int | None) -> Row:
    """`count`: how many cases wait in it; None where that could not be counted, which is not nothing."""
    shown = "–" if count is None else f"{count:,}" if count < MANY else f"{MANY:,}+"
    look = "bold" if name == queue.name else "" if count else "faint"
    return [
        ("›" if name == queue.name else " ", "accent"),
        (f" {number} ", "accent" if count else "faint"),
        (f"{name:<14}", look),
        (f"{shown:>7}   ", look),
        (QUEUE_WORDS[name], "faint"),
    ]


def _in_sight(rows: list[Row], at: int, room: int) -> list[Row]:
    """At most so many rows, that at `at` among them; the outermost say how many are beyond."""
    room = max(room, 3)
    first = max(0, min(at - room // 2, len(rows) - room))
    seen = rows[first : first + room]
    beyond = len(rows) - first - len(seen)
    if first:
        seen[0] = [(f"   … {first + 1} more", "faint")]
    if beyond:
        seen[-1] = [(f"   … {beyond + 1} more", "faint")]
    return seen


def _lines(words: str, look: str, width: int) -> list[Row]:
    return [[(f"   {line}", look)] for line in wrapped(words, width - 4)]
