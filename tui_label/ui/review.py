"""Wiring of the review screen: the work on an item is the gold answer, with the versions before it.

While a reviewer edits, it is the labeling screen; else the keys of commands.REVIEW hold.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from tui_label.bench.reviewbench import ReviewBench
from tui_label.core.annotating.session import Session
from tui_label.core.commands import EDITING, LISTENING, NAMES, REVIEW, Command
from tui_label.core.comments import COMMENT, CORRECTION, RETURN
from tui_label.core.keys import chosen_by, key_display
from tui_label.core.reviewing.review import Review
from tui_label.core.reviewing.steps import NOT_HERE
from tui_label.core.tasks import Text
from tui_label.core.text import visible
from tui_label.core.text.editor import EMPTY, Editor
from tui_label.store.reviewing import QUEUES, Queue
from tui_label.ui.app import Act, ItemApp
from tui_label.ui.canvas import Row
from tui_label.ui.modes import Mode, Picker
from tui_label.ui.overlays import Reading
from tui_label.ui.reviewmodes import Filter, Readers, Remark
from tui_label.ui.views.document import lanes
from tui_label.ui.views.frame import Hint, header
from tui_label.ui.views.label import State, mode_rows
from tui_label.ui.views.menu import Offer
from tui_label.ui.views.queues import counted, queues_page, where
from tui_label.ui.views.review import (
    ReviewState,
    head_room,
    key_hints,
    review_screen,
    sound_head,
    zone_and_room,
)
from tui_label.ui.views.versions import Board

DECIDING = (
    "review.take", "review.whole", "review.keep", "review.settle", "review.accept", "review.return", "review.later",
    "work.undo",
)  # fmt: skip
"""Commands that must not reach a case before its reviewer has seen it."""
NOT_A_REVIEWERS = {"flag", "skip", "earlier", "later"}
"""Words of the labeling legend whose keys do nothing for a reviewer."""


class ReviewApp(ItemApp[ReviewBench]):
    """One person reviewing one project."""

    LINES = (*ItemApp.LINES, Remark, Filter)
    _choosing = False
    """Whether the page of queues lies over the case."""
    _remarked: tuple[int, str, str] = (0, "", "")
    """The case, kind and words of the remark that was finished last."""
    _board: Board | None = None
    """The item and its versions as they were drawn last."""
    _on_screen: ReviewState | None = None
    """What was drawn last."""
    _followed: tuple[str, int, int, int] = ("", -1, 0, 0)
    """Case and difference that were brought into sight last, and the size of the screen then."""

    @property
    def _review(self) -> Review | None:
        desk = self.workbench.desk
        return desk.review if desk is not None else None

    @property
    def _editing(self) -> bool:
        return self._review is not None and self._review.editing

    # keys

    @property
    def _key_mode(self) -> str:
        if self._editing:
            return super()._key_mode
        session = self._session
        return LISTENING if session is not None and session.item.sound is not None else REVIEW

    async def _single_key(self, key: str, pressed_at: float) -> None:
        if self._editing:
            if self._ends_editing(key):
                await self._do("review.done")
            else:
                await super()._single_key(key, pressed_at)
            return
        action = self.keymap.lookup(self._key_mode, key)
        self._guard.pressed(key, pressed_at)
        command = action.command if action is not None else ""
        queue = chosen_by(key, len(QUEUES))
        if (self._choosing and command != "quit") or (self._session is None and queue is not None):
            await self._choose(queue)
        elif action is not None and not (command.startswith(DECIDING) and self._too_early(pressed_at)):
            if command == "review.take":
                await self._do(command, self._version(key))
            else:
                await self._act(action)

    def _version(self, key: str) -> int | None:
        """Which one a key takes, from 0."""
        keys = self.keymap.keys_of("review.take", REVIEW)
        return keys.index(key) if key in keys else None

    def _ends_editing(self, key: str) -> bool:
        """Whether the key leads back to the versions; an open mark, a selection or a segment's text box is left first."""
        session = self._session
        if session is None or key not in self.keymap.keys_of("review.done", EDITING):
            return False
        in_box = session.typing and not isinstance(session.asked_task(session.focus), Text)
        return session.mark is None and session.anchor is None and not in_box

    @property
    def _at_hand(self) -> list[Command]:
        found = super()._at_hand
        return [one for one in found if not one.name.startswith(NOT_HERE)] if self._editing else found

    @property
    def _idle(self) -> tuple[str, ...]:
        return (*super()._idle, *(name for name in NAMES if name.startswith(NOT_HERE)))

    # commands

    def _commands(self) -> dict[str, Act]:
        return super()._commands() | {
            "review.whole": self._take_whole,
            "review.queues": self._open_queues,
            "review.find": self._filter_by_words,
            "review.by-annotator": self._filter_by_annotator,
            "review.by-label": self._filter_by_label,
            "review.by-flag": self._filter_by_flag,
            "review.mixed-up": self._filter_by_mix_up,
            "review.unfiltered": self._unfilter,
            "review.return": partial(self._open, self._return),
            "review.comment": partial(self._open, self._comment),
            "review.correct": partial(self._open, self._correction),
            "review.said": self._read_all_said,
        }

    def _open(self, line: Callable[[], Mode | None]) -> None:
        self._mode = line()

    async def _take_whole(self) -> None:
        if self._review is None or self._review.here is None:
            await self._do("review.whole")
            return
        offers = tuple(Offer(name, version) for version, name in enumerate(self.workbench.names))
        self._mode = Picker("take all of ", offers, partial(self._do, "review.whole"), numbered=True)

    # queues and filters

    async def _open_queues(self) -> None:
        await self.workbench.count_queues()
        self._choosing = self._session is not None

    async def _choose(self, number: int | None) -> None:
        self._choosing = False
        if number is not None:
            await self.workbench.open_queue(replace(self.workbench.queue, name=QUEUES[number]))

    def _restricted(self, part: str) -> Callable[[str], Awaitable[None]]:
        async def choose(value: str) -> None:
            restricted: dict[str, Any] = {part: value}
            await self.workbench.open_queue(replace(self.workbench.queue, **restricted))

        return choose

    def _filter_by_words(self) -> None:
        self._mode = Filter("items with", (), self._restricted("text"))

    def _filter_by_annotator(self) -> None:
        if self.workbench.project.review.blind:
            self._word = "names are hidden in this project"
        else:
            self._mode = Filter("what was answered by", self.workbench.names, self._restricted("annotator"))

    def _filter_by_label(self) -> None:
        labels = dict.fromkeys(value for task in self.workbench.project.tasks for value in task.values)
        self._mode = Filter("answers with", tuple(labels), self._restricted("label"), free=False)

    async def _filter_by_mix_up(self) -> None:
        found = await self.workbench.mixed_up()
        if found is None:
            return
        # Two questions may have labels of the same names, as two scales do
        several = len({task for task, _ in found}) > 1
        pairs = {
            (f"{visible(task)}: " if several else "")
            + f"{visible(pair.one)} ↔ {visible(pair.other) or 'nothing'} {pair.items:,}": (task, pair)
            for task, pair in found
        }
        if not pairs:
            self._word = "no two labels were given to the same item"
            return

        async def choose(words: str) -> None:
            task, pair = pairs.get(words, ("", None))
            here = replace(self.workbench.queue, task=task, label="", against="", items=())
            if pair is not None:
                here = replace(here, name=QUEUES[0], label=pair.one, against=pair.other, items=pair.numbers)
            await self.workbench.open_queue(here)

        self._mode = Filter("what is mixed up", tuple(pairs), choose, free=False, numbered=True)

    def _filter_by_flag(self) -> None:
        reasons = tuple(flag.reason for flag in self.workbench.project.flags)
        self._mode = Filter("what is flagged", reasons, self._restricted("flag"))

    async def _unfilter(self) -> None:
        queue = self.workbench.queue
        await self.workbench.open_queue(Queue(queue.name, sample=queue.sample, too_fast_ms=queue.too_fast_ms))

    # talking

    def _begun_line(self) -> Mode | None:
        desk = self.workbench.desk
        if desk is None or not (line := desk.session.line).words:
            return None
        if line.kind == CORRECTION:
            self._remarked = (desk.case.number, *line[:2])
            word, found = self.workbench.word, self._correction()
            self.workbench.word = self.workbench.word or word
            return found
        remark = self._return() if line.kind == RETURN else self._comment()
        if remark is None:
            return None
        chosen = next((n for n, (_, to) in enumerate(remark.to) if to == line.to), 0)
        return replace(remark, chosen=chosen, editor=Editor(line.words, len(line.words)))

    def _return(self) -> Remark | None:
        """The line for it; None where it can't be now, and the screen has why."""
        review, there = self._review, self.workbench.returnable()
        if review is None or not there:
            return None
        first = tuple(one for one in review.concerned if one in there)
        return self._remark(RETURN, "send back", self._readers(first, there), partial(self._say, "review.return"))

    def _comment(self) -> Remark | None:
        review = self._review
        if review is None:
            return None
        asked = self.workbench.askers()
        everyone = tuple(range(len(review.versions)))
        readers = self._readers(everyone, everyone)
        if asked:
            called = ", ".join(self._called(name) for name in asked)
            readers = ((called, asked), *(one for one in readers if one[1] != asked))
        return self._remark(COMMENT, "answer" if asked else "comment", readers, partial(self._say, "review.comment"))

    def _correction(self) -> Remark | None:
        review = self._review
        if review is None or not self.workbench.corrects():
            return None
        told = self._readers(review.differing, tuple(range(len(review.versions))))[:1]
        return self._remark(CORRECTION, "settle, and say why", told, lambda _, text: self.workbench.correct(text))

    def _read_all_said(self) -> None:
        if self._on_screen is not None:
            self._reading = Reading("what was said", self._on_screen.voices.page)

    async def _say(self, command: str, to: tuple[str, ...], text: str) -> None:
        await self._do(command, (to, text))

    def _remark(self, kind: str, lead: str, readers: Readers, say: Callable[..., Awaitable[object]]) -> Remark:
        """With the words that were finished before, where nobody was told: settling was refused, or it was undone."""
        desk = self.workbench.desk
        assert desk is not None
        case = desk.case

        async def keep(to: tuple[str, ...], text: str) -> bool:
            self._remarked = (case.number, kind, text)
            await say(to, text)
            return not self.workbench.trouble

        number, of, text = self._remarked
        told = (number, of) != (case.number, kind) or any(one.text.endswith(text) for one in case.comments)
        return Remark(kind, lead, readers, keep, editor=EMPTY if told else Editor(text, len(text)))

    def _readers(self, first: Sequence[int], everyone: tuple[int, ...]) -> Readers:
        """Those that a line may be for: some to begin with, then all, then each."""
        review = self._review
        assert review is not None
        groups = dict.fromkeys([tuple(first), everyone, *((one,) for one in everyone)])
        return tuple(
            (
                "all"
                if len(group) == len(review.versions) > 1
                else ", ".join(self.workbench.names[one] for one in group),
                tuple(review.versions[one].annotator for one in group),
            )
            for group in groups
            if group
        )

    def _called(self, annotator: str) -> str:
        review = self._review
        for version, one in enumerate(review.versions if review is not None else ()):
            if one.annotator == annotator:
                return self.workbench.names[version]
        return "an annotator" if self.workbench.project.review.blind else annotator

    def _label_here(self) -> str:
        """The label that the difference is about, for the guidelines."""
        here = self._review.here if self._review is not None else None
        if here is None or self._editing:
            return super()._label_here()
        if here.kind == "labels":
            return here.about
        for option in here.options:
            if isinstance(option.value, tuple) and option.value:
                return str(option.value[0].get("label", ""))
            if isinstance(option.value, str) and here.kind == "value":
                return option.value
        return ""

    # showing

    def _scroll(self, by: int) -> None:
        if self._editing or self._board is None:
            super()._scroll(by)
            return
        top = max(0, self._viewport.top + by)
        while top > 0 and not self._board.has(top):
            top -= 1
        self._viewport.top = top

    def _draw(self, width: int, height: int) -> list[Row]:
        if self._session is None and not self.workbench.waiting and not self.workbench.not_saved:
            return [[]] * height  # the first case is on its way
        return super()._draw(width, height)

    def _page(self, width: int, height: int) -> list[Row] | None:
        page = super()._page(width, height)
        return self._draw_queues(width, height) if page is None and self._choosing else page

    def _nothing_in_hand(self, width: int, height: int) -> list[Row]:
        return self._draw_queues(width, height)

    def _draw_queues(self, width: int, height: int) -> list[Row]:
        bench = self.workbench
        here, trouble = self._session is not None, bench.not_saved
        if self._mode is not None:
            found, status = self._mode.legend, mode_rows(self._mode, width)
        else:
            wanted = ["work.undo", "review.before", "review.find", "palette.open", "help.open", "quit"]
            found = [("1–9", "open")]
            found += [("any other key", "back")] if self._choosing else key_hints(self.keymap, REVIEW, wanted)
            said = f"not saved: {trouble}" if trouble and here else trouble or self._said
            status = [[(" ", ""), (said, "hint")]]
        name, blind = bench.project.name, bench.project.review.blind
        return queues_page(name, bench.queue, bench.waiting, here, trouble, blind, found, status, width, height)

    def _draw_item(self, session: Session, width: int, height: int) -> list[Row]:
        if self._editing:
            return self._draw_editing(session, width, height)
        bench, desk = self.workbench, self.workbench.desk
        assert desk is not None
        board = self._board = Board(desk.review, bench.names, self._viewport.rows, width)
        state = ReviewState(
            board=board,
            case=desk.case,
            keymap=self.keymap,
            queue=bench.queue,
            left=bench.left,
            of=bench.of,
            blind=bench.project.review.blind,
            trouble=bench.not_saved,
            word=self._said,
            mode=self._mode,
            asked=bool(bench.askers()),
            top=self._viewport.top,
        )
        zone, cut, beyond, room = zone_and_room(state, width, height)
        self._viewport.fit(room, 1 + lanes(session))
        self._on_screen = state = replace(state, zone=zone, cut=cut, unseen=beyond, room=room)
        if bench.deck is not None:
            tape = self._view.tape(session, width, head_room(state, room), desk.review.stretch)
            state = replace(state, tape=tape)
        if self._followed != (followed := (desk.save_id, board.review.at, width, height)):
            self._followed = followed
            self._viewport.top = board.following(self._viewport.top, max(1, room - len(sound_head(state, width))))
        return review_screen(replace(state, top=self._viewport.top), width, height)

    def _draw_editing(self, session: Session, width: int, height: int) -> list[Row]:
        """The labeling screen, under the header of a review."""
        rows = super()._draw_item(session, width, height)
        bench = self.workbench
        name = [*where(bench.project.name, bench.queue, bench.project.review.blind)[:2], "editing"]
        return [header(name, counted(bench.left, bench.of), width), *rows[1:]]

    def _hints(self, state: State) -> list[Hint]:
        """While one edits, the way back first."""
        found = super()._hints(state)
        if state.mode is not None:
            return found
        back = [key for key in self.keymap.keys_of("review.done", EDITING) if self._ends_editing(key)]
        ways = [(key_display(key), "versions") for key in back[:1]]
        return [*ways, *(one for one in found if one[1] not in NOT_A_REVIEWERS)]
