"""Wiring of the labeling screen: what annotators do besides the work on an item.

Their sprints, comments, flags and figures.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from tui_label.bench.workbench import Workbench
from tui_label.core.annotating.session import NOTE, Session
from tui_label.core.commands import WITHOUT_ITEM, Command
from tui_label.core.comments import QUESTION
from tui_label.core.text.editor import Editor
from tui_label.ui.app import GO_ON, Act, ItemApp
from tui_label.ui.canvas import Row
from tui_label.ui.modes import FlagMenu, Minutes, Mode, Note, Say
from tui_label.ui.overlays import Letters, Page, Reading
from tui_label.ui.views.document import Marks
from tui_label.ui.views.label import State, laid_over, mode_rows, talk_room
from tui_label.ui.views.pace import far_words, left_words, pace_words, sprint_words
from tui_label.ui.views.pages import nothing_left, sprint_page
from tui_label.ui.views.talk import talk_rows


class LabelApp(ItemApp[Workbench]):
    """One person labeling one project."""

    LINES = (*ItemApp.LINES, Note, Say)

    # pages over the item

    @property
    def _under_page(self) -> bool:
        return super()._under_page or self.workbench.tally.finished_sprint is not None

    async def _page_key(self, key: str, pressed_at: float) -> bool:
        if self.workbench.tally.finished_sprint is None:
            return await super()._page_key(key, pressed_at)
        self._sprint_key(key, pressed_at)
        return True

    def _sprint_key(self, key: str, pressed_at: float) -> None:
        self._guard.pressed(key, pressed_at)
        if self._goes_on(key) and not self._too_early(pressed_at):
            self.workbench.rest()

    async def _reading_key(self, page: Page, key: str) -> None:
        await super()._reading_key(page, key)
        if isinstance(page, Letters) and key == "enter" and page.letters:
            await self.workbench.go_to(page.letters[page.chosen][0])

    # commands

    def _commands(self) -> dict[str, Act]:
        return super()._commands() | {
            "flag.open": self._open_flags,
            "talk.say": self._open_say,
            "talk.open": self._open_letters,
            "figures.open": self._open_figures,
            "sprint.start": self._start_or_end_sprint,
        }

    def _open_flags(self) -> None:
        session = self._session
        if session is not None:
            notes = {flag.reason: flag.note for flag in session.work.flags}
            self._mode = FlagMenu(session.project.flags, notes, Say(self._keep_said), self._do)

    def _open_say(self) -> None:
        if self._session is not None:
            self._mode = Say(self._keep_said)

    def _begun_line(self) -> Mode | None:
        session = self._session
        if session is None or not session.line.words:
            return None
        line = session.line
        editor = Editor(line.words, len(line.words))
        return Note(line.reason, self._do, editor) if line.kind == NOTE else Say(self._keep_said, line.kind, editor)

    async def _keep_said(self, kind: str, text: str) -> bool:
        kept = await self.workbench.say(kind, text)
        if kept:
            self._word = "sent: the answer comes with the item" if kind == QUESTION else "sent"
        return kept

    async def _open_letters(self) -> None:
        found = await self.workbench.inbox()
        if found is not None:
            self._reading = Letters(found, self.workbench.annotator, self.workbench.project.review.blind)

    async def _open_figures(self) -> None:
        found = await self.workbench.figures()
        if found is None:
            return
        from tui_label.ui.views.figures import figure_rows

        self._reading = Reading("my figures", partial(figure_rows, found, self.workbench.project))

    async def _start_or_end_sprint(self) -> None:
        if self.workbench.tally.sprint is not None:
            await self.workbench.end_sprint()
        else:
            self._mode = Minutes(self.workbench.start_sprint)

    @property
    def _at_hand(self) -> list[Command]:
        found = super()._at_hand
        return found if self._session is not None else [one for one in found if one.name in WITHOUT_ITEM]

    def _does(self, command: Command) -> str:
        is_over = command.name == "sprint.start" and self.workbench.tally.sprint is not None
        return "End the sprint" if is_over else super()._does(command)

    # showing

    @property
    def _by_the_second(self) -> bool:
        return super()._by_the_second or self.workbench.tally.sprint is not None

    def _page(self, width: int, height: int) -> list[Row] | None:
        workbench = self.workbench
        name, annotator, sprint = workbench.project.name, workbench.annotator, workbench.tally.finished_sprint
        if sprint is not None and self._reading is None:
            hints = self._key_hints(GO_ON, "quit", words={GO_ON: "go on"})
            return sprint_page(name, annotator, sprint, hints, self._word, width, height)
        return super()._page(width, height)

    def _nothing_in_hand(self, width: int, height: int) -> list[Row]:
        workbench, mode = self.workbench, self._mode
        waiting = ["talk.open"] if workbench.unread else []
        hints = self._key_hints(*waiting, "work.undo", "item.previous", "palette.open", "help.open", "quit")
        rows = nothing_left(
            workbench.project,
            workbench.annotator,
            workbench.unread,
            workbench.progress,
            workbench.tally.rhythm,
            self._sprint_left(),
            workbench.not_saved,
            self._said,
            hints if mode is None else mode.legend,
            width,
            height,
        )
        return rows if mode is None else [*laid_over(rows[:-3], mode_rows(mode, width), width), *rows[-2:]]

    def _talk_rows(self, width: int, height: int) -> list[Row]:
        desk, blind = self.workbench.desk, self.workbench.project.review.blind
        if desk is None or not desk.claim.comments:
            return []
        claim = desk.claim
        return talk_rows(claim.comments, self.workbench.annotator, blind, claim.returned, width, talk_room(height))

    def _state(self, session: Session, marks: Marks) -> State:
        workbench, desk = self.workbench, self.workbench.desk
        goal = workbench.project.pace.goal_per_hour
        return replace(
            super()._state(session, marks),
            far=far_words(workbench.progress, workbench.project) + self._time_left(),
            pace=pace_words(workbench.tally.rhythm, goal, sound=workbench.deck is not None),
            visiting=bool(desk and desk.visiting),
            is_draft=bool(desk and desk.is_draft),
            returned=bool(desk and desk.claim.returned),
            tested=bool(desk and desk.claim.known is not None),
            unread=workbench.unread,
        )

    def _time_left(self) -> str:
        words = self._sprint_left() or left_words(self.workbench.tally.rhythm, self.workbench.progress)
        return f"  ·  {words}" if words else ""

    def _sprint_left(self) -> str:
        sprint, goal = self.workbench.tally.sprint, self.workbench.project.pace.goal_per_hour
        return sprint_words(sprint, self.workbench.now(), goal) if sprint is not None else ""
