"""The review screen: header, item with its versions, what was said about it, the difference, the legend."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from rich.cells import cell_len

from tui_label.core.commands import LISTENING, REVIEW
from tui_label.core.keymap import Keymap
from tui_label.core.keys import key_display
from tui_label.core.reviewing.changes import in_short, said
from tui_label.core.reviewing.readings import Difference, Option
from tui_label.core.reviewing.review import Review, answers
from tui_label.core.tasks import Segments, Spans, Task, Text
from tui_label.core.text import visible
from tui_label.store.reviewing import Case, Queue
from tui_label.ui.canvas import Piece, Row, cells, clipped
from tui_label.ui.modes import Mode
from tui_label.ui.views.document import WIDEST, hue
from tui_label.ui.views.frame import Hint, described, header, legend
from tui_label.ui.views.label import LOW, laid_over, mode_rows, rule_saying, status_row, top_rows, unseen
from tui_label.ui.views.queues import counted, where
from tui_label.ui.views.sound import LIST_LEAST, Tape, lane_count, sound_rows
from tui_label.ui.views.versions import Board
from tui_label.ui.views.voices import Voices

NAMES_FROM = 32
"""The column that names stand in, if what they say is short."""
ITEM_LEAST = 4
"""Rows that the item keeps beside the readings of a difference, unless the screen is low."""
FEW = 2
"""Where more differences are open, the key that takes all of one version has a place in the legend."""


@dataclass(frozen=True, slots=True)
class ReviewState:
    """Everything the screen shows."""

    board: Board
    case: Case
    keymap: Keymap
    queue: Queue
    left: int
    of: int
    blind: bool
    trouble: str
    word: str
    mode: Mode | None
    asked: bool
    """Whether an annotator waits for an answer."""
    top: int
    """The first block of the board that is shown."""
    zone: list[Row] = field(default_factory=list)
    """What was said, and what is decided: the rows under the item, once they are known."""
    cut: bool = False
    """Whether there is more to read of what was said."""
    unseen: str = ""
    """How much of what is decided has no room in the zone."""
    room: int = 1
    """Rows that are left for the item."""
    tape: Tape | None = None

    @property
    def voices(self) -> Voices:
        return Voices(self.board, self.case, self.blind)

    @property
    def review(self) -> Review:
        return self.board.review


def review_screen(state: ReviewState, width: int, height: int) -> list[Row]:
    name = state.review.session.project.name
    item = item_rows(state, width)
    drawn = [
        header(where(name, state.queue, state.blind), counted(state.left, state.of), width),
        rule_saying("↑ more" if state.top else "", width),
        clipped(_about(state), width),
    ]
    drawn += [[]] * (top_rows(height) - len(drawn))
    drawn += [clipped(row, width) for row in item[: state.room]] + [[]] * (state.room - len(item))
    if state.mode is not None:
        status = mode_rows(state.mode, width, state.room - len(item), state.trouble)
    else:
        status = [status_row(state.trouble, state.word, state.tape, "")]
    drawn = laid_over(drawn, status, width)
    drawn.append(rule_saying("↓ more" if any(item[state.room :]) else "", width))
    drawn += state.zone
    drawn.append(rule_saying(state.unseen, width))
    drawn.append(legend(hints(state), _saved(state), width, close=True))
    return drawn[:height]


def zone_and_room(state: ReviewState, width: int, height: int) -> tuple[list[Row], bool, str, int]:
    """The rows under the item, what is not seen of them (whether of what was said), and how many rows that leaves the item."""
    # On a low screen what is decided comes before what was said
    low = 0 if state.review.in_force else 1
    talk, is_cut = state.voices.rows(width, low if height < LOW else max(3, height // 6), state.asked)
    spare = height - top_rows(height) - 4 - len(talk)
    readings = min(_readings(state.review), spare - (1 if height < LOW else ITEM_LEAST))
    decided, beyond = decisions(state, width, max(2, (height - 5) // 2 - len(talk), readings))
    return [*talk, *decided], is_cut, beyond, max(1, spare - len(decided))


def head_room(state: ReviewState, room: int) -> int:
    """Rows of a sound over the versions: waveform, playhead, segments, time."""
    if state.review.session.segment_task is not None:
        return max(4, min(room // 2, 8), room // 4) + LIST_LEAST
    return max(3, min(room // 2, 8), room // 4)


PEEP = 3
"""Rows under those in sight that are looked at: between two with something on them there may be empty ones."""


def item_rows(state: ReviewState, width: int) -> list[Row]:
    """The rows of the item from the top one on that there is room for, and the next ones where there are more."""
    head = sound_head(state, width)
    return [*head, *state.board.drawn(state.top, max(0, state.room - len(head)) + PEEP)]


def sound_head(state: ReviewState, width: int) -> list[Row]:
    """The tape; under it each version's segments."""
    if state.tape is None:
        return []
    room = head_room(state, state.room)
    if state.review.session.segment_task is None:
        return [*sound_rows(state.review.session, state.tape, width, room), []]
    shown = len(state.tape.wave) + lane_count(state.review.session, room) + 2
    rows = sound_rows(state.review.session, state.tape, width, room)[:shown]
    # The time last, under the versions' lanes
    return [*rows[:-1], *state.board.segment_lanes(state.tape), *rows[-1:], []]


def _about(state: ReviewState) -> Row:
    """Which item it is, and for whose sake it is here."""
    row: Row = [(" " + described(state.review.item), "faint")]
    if state.review.about and (len(state.board.names) > 1 or not state.blind):
        time = _time(state)
        row.append(("   because of ", "faint"))
        row.append((state.board.whose(state.review.about, state.board.width - cells(row) - len(time)), "bold"))
        row.append((time, "faint"))
    if state.review.example:
        row.append(("   * an example for the guidelines", "good"))
    return row


def _time(state: ReviewState) -> str:
    """In a queue of times, that of the answer."""
    if state.queue.name not in ("fast", "slow"):
        return ""
    times = [state.review.versions[version].timing.active for version in state.review.about]
    return "  " + ", ".join(f"{active / 1000:,.1f} s" for active in times)


# what is decided


def decisions(state: ReviewState, width: int, most: int) -> tuple[list[Row], str]:
    """A row for each question that is answered as a whole, and the readings of the difference; how many have no room."""
    review = state.review
    here = review.here
    rows: list[Row] = []
    for task in review.session.asked:
        if here is not None and task.id == here.task:
            rows += _difference(state, task, here, width)
        elif not isinstance(task, Spans | Segments | Text):
            rows.append(clipped(_decided(state, task), width))
    if not rows:
        rows.append([(" nothing differs", "faint")])
    # The readings of the difference are what this zone is for: what is above gives way
    named = next((n for n, row in enumerate(rows) if row and row[0][0].startswith("›")), 0)
    first = max(0, min(named, len(rows) - most))
    shown = rows[first : first + most]
    beyond = unseen(first, len(rows) - first - len(shown), "row")
    if here is not None:
        shown += [[]] * (min(most, _steady(review)) - len(shown))
    return shown, beyond


def _steady(review: Review) -> int:
    """Rows that the zone keeps, so that hopping from difference to difference moves nothing."""
    others = sum(not isinstance(task, Spans | Segments | Text) for task in review.session.asked)
    return _readings(review) + max(0, others - 1)


def _readings(review: Review) -> int:
    """Rows for the readings of whichever difference has most of them, and for its name."""
    return max((len(review.differences[n].options) + 1 for n in review.in_force), default=1)


def _decided(state: ReviewState, task: Task) -> Row:
    """A question that the keys are not about now: its answer, or what is said to it."""
    review = state.review
    row: Row = [(f" {visible(task.id)}  ", "")]
    numbers = [n for n in review.in_force if review.differences[n].task == task.id]
    if any(n in review.undecided for n in numbers):
        for n in numbers:
            one = review.differences[n]
            for option in (option for option in one.options if option.asked):
                row += [(visible(said(one, option.value)), "bold"), (f" ×{len(option.by)}   ", "faint")]
        return row
    value = answers(review).get(task.id)
    name = in_short(value)
    row.append((f"[{visible(name)}]", f"{_hue(review, task, value)} bold".strip()))
    if not numbers and value is not None and (origin := state.board.agreed(task.id)):
        row.append((f"  {origin}", "faint"))
    return row


def _hue(review: Review, task: Task, value: object) -> str:
    return f"hue:{hue(review.session, task.id, str(value))}" if task.label(str(value)) is not None else ""


def _difference(state: ReviewState, task: Task, here: Difference, width: int) -> list[Row]:
    review = state.review
    title: Row = [("›", "accent"), (visible(task.id), "bold")]
    title += [("  ", ""), *_joined(_facts(review, here))]
    rows = [clipped(title, width)]
    rows += _option_rows(state, task, here, width)
    if here.kind == "value" and review.at in review.edited:
        now = answers(review).get(task.id)
        if now is not None and all(option.value != now for option in here.options):
            rows.append(
                clipped([(" " * 4, ""), (f"[{visible(said(here, now))}]", "bold"), ("  edited", "faint")], width)
            )
    return rows


def _facts(review: Review, here: Difference) -> list[Piece]:
    """Where one is, what kind of difference it is, how it was decided."""
    found: list[Piece] = []
    if len(review.in_force) > 1 and review.at in review.in_force:
        open_ = len(review.undecided)
        found.append((f"difference {review.in_force.index(review.at) + 1} of {len(review.in_force)}", "faint"))
        found.append((f"{open_} open", "hint") if open_ else ("none open", "good"))
    if here.about:
        found.append((visible(here.about), "faint"))
    if review.at in review.kept:
        found.append(("as it stands", "good"))
    elif review.at in review.edited:
        found.append(("edited", "good"))
    if here.kind == "labels" and (given := answers(review).get(here.task)):
        found.append((f"given so far: {visible(in_short(given))}", "faint"))
    return found


def _joined(pieces: Sequence[Piece]) -> Row:
    row: Row = []
    for piece in pieces:
        row += [("  ·  ", "faint"), piece] if row else [piece]
    return row


def _keys(keymap: Keymap, option: Option) -> str:
    """Those that take it."""
    keys = keymap.keys_of("review.take", REVIEW)
    return " ".join(key_display(keys[version]) for version in option.by if version < len(keys))


def _option_rows(state: ReviewState, task: Task, here: Difference, width: int) -> list[Row]:
    """A row for each reading: the keys that take it, what it says, who says so."""
    keys = [_keys(state.keymap, option) for option in here.options]
    wide = max(2, *map(cell_len, keys))
    lefts = [
        _reading(state.review, task, here, option, shown.rjust(wide))
        for option, shown in zip(here.options, keys, strict=True)
    ]
    limit = min(width, WIDEST)
    column = max(NAMES_FROM, *(cells(left) + 2 for left in lefts))
    rights = [_whose(state, option, max(limit - column, limit // 3)) for option in here.options]
    column = max(1, min(column, limit - max(map(cells, rights))))
    return [
        clipped([*(cut := clipped(left, column - 1)), (" " * (column - cells(cut)), ""), *right], width)
        for left, right in zip(lefts, rights, strict=True)
    ]


def _reading(review: Review, task: Task, here: Difference, option: Option, keys: str) -> Row:
    """`[negative]` is taken."""
    taken = review.taken.get(review.at)
    chosen = taken in option.by and review.at not in review.edited - review.kept
    before, after = ("[", "]") if chosen else (" ", " ")
    look = _reading_hue(review, task, option)
    words = visible(said(here, option.value)) if option.asked else "was not asked"
    return [
        (f" {keys}", "accent"),
        (f" {before}", "bold"),
        (words, f"{look} bold".strip() if chosen else look),
        (after, "bold"),
    ]


def _whose(state: ReviewState, option: Option, room: int) -> Row:
    count = f"{len(option.by)}  " if len(state.board.names) > 2 else ""
    return [(count, ""), (state.board.whose(option.by, room - len(count) - 1) + " ", "faint")]


def _reading_hue(review: Review, task: Task, option: Option) -> str:
    value = option.value
    if isinstance(value, tuple) and value:
        value = value[0].get("label", "") if isinstance(value[0], Mapping) else value[0]
    if value in (None, "", ()):
        return "faint"
    return _hue(review, task, value)


# the foot


def _saved(state: ReviewState) -> Row:
    return [("NOT SAVED ", "warn")] if state.trouble else [("saved ✓ ", "good")]


def hints(state: ReviewState) -> list[Hint]:
    """The keys that act now, most used first."""
    if state.mode is not None:
        return state.mode.legend
    review, keymap = state.review, state.keymap
    mode = LISTENING if review.item.sound is not None else REVIEW
    wanted: list[str] = []
    found: list[Hint] = []
    if review.at >= 0:
        digits = keymap.keys_of("review.take", mode)[: len(state.board.names)]
        if digits:
            found.append((f"{digits[0]}–{digits[-1]}" if len(digits) > 1 else digits[0], "take"))
    if state.asked:
        found += [(key, "answer") for key, _ in key_hints(keymap, mode, ["review.comment"])]
    if state.cut:
        wanted.append("review.said")
    if not review.undecided:
        wanted.append("review.settle")
    if mode == LISTENING and state.tape is not None and not state.tape.trouble:
        wanted += ["play.toggle", *(["review.hear"] if review.here is not None and review.here.heard else [])]
    if len(review.in_force) > 1:
        wanted.append("review.next")
    wanted += ["review.accept", "review.edit", *(["review.whole"] if len(review.undecided) > FEW else [])]
    wanted += ["review.return", *([] if state.asked else ["review.comment"])]
    if review.undecided:
        wanted.append("review.settle")
    wanted += ["work.undo", "review.later", "review.queues", "guide.open", "review.find", "help.open"]
    return [*found, *key_hints(keymap, mode, wanted)]


def key_hints(keymap: Keymap, mode: str, names: Sequence[str]) -> list[Hint]:
    return [
        (key_display(keys[0]), keymap.command(name).short) for name in names if (keys := keymap.keys_of(name, mode))
    ]
