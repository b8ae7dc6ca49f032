"""What somebody's work comes to since they sat down, and against the clock of a sprint."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace

from tui_label.bench.desk import utc_now
from tui_label.core.project import Pace
from tui_label.core.sprint import Sprint
from tui_label.core.timing import Rhythm
from tui_label.errors import StoreError
from tui_label.store import base


class Tally:
    """Counts answers.  Times are milliseconds of the workbench's clock."""

    def __init__(self, pace: Pace, now: float) -> None:
        self.rhythm = Rhythm(pace, now)
        self.sprint: Sprint | None = None
        """The one that runs."""
        self.finished_sprint: Sprint | None = None
        """One that is over and whose figures were not looked at yet."""
        self._sprint_at = ""
        self.unkept: list[base.Sprint] = []
        """Sprints that are over and that the store has not taken yet."""
        self._most_answers = 0

    def sat_down(self, answers: int) -> None:
        """Somebody with that many answers begins."""
        self._most_answers = answers

    def is_new(self, answers: int) -> bool:
        """Whether they have more answers than ever; undone and given once more, an answer is no new one."""
        new = answers > self._most_answers
        self._most_answers = max(answers, self._most_answers)
        return new

    def answer(self, active_ms: int, sound_ms: int, now: float) -> None:
        """One more item answered."""
        self.rhythm = self.rhythm.answer(active_ms, sound_ms)
        if self.sprint is not None:
            self.sprint = self.sprint.answer(active_ms, sound_ms, now)

    def rested(self, now: float) -> None:
        self.rhythm = self.rhythm.rested(now)

    def go_by(self, pace: Pace) -> None:
        """The project has another pace from now on."""
        self.rhythm = replace(self.rhythm, pace=pace)

    # sprints

    def start_sprint(self, planned_ms: int, now: float) -> None:
        self.sprint, self._sprint_at = Sprint(planned_ms, now), utc_now()

    def end_sprint(self, annotator: str) -> bool:
        """End the sprint that runs, to be kept; whether one did."""
        done = self.sprint
        if done is None:
            return False
        self.sprint, self.finished_sprint = None, done
        self.unkept.append(
            base.Sprint(
                annotator, self._sprint_at, utc_now(), done.planned_ms, done.active_ms, done.items, done.sound_ms
            )
        )
        return True

    async def keep_sprints(self, keep: Callable[[base.Sprint], Awaitable[None]]) -> None:
        """Give `keep` those that are over and not kept yet; what it does not take stays for the next time."""
        while self.unkept:
            # Taken out meanwhile: a heartbeat comes here beside an answer
            line = self.unkept.pop(0)
            try:
                await keep(line)
            except StoreError:
                self.unkept.insert(0, line)
                raise
