"""How the work goes, in words: the pace, what is left of it, a sprint."""

from __future__ import annotations

from tui_label.core.project import Project
from tui_label.core.sprint import Sprint
from tui_label.core.text import number_of
from tui_label.core.timing import Rhythm
from tui_label.store.base import Progress


def pace_words(rhythm: Rhythm, goal: int | None, *, sound: bool) -> str:
    """Items an hour, beside the `goal` if there is one, and minutes of work for one of `sound`."""
    words = f"{rhythm.per_hour:,}/h" if rhythm.per_hour else ""
    if words and goal:
        words = f"{words}, goal {goal:,}"
    if sound and (factor := rhythm.real_time_factor) is not None:
        words = f"{words}  {factor:.1f}× real time".strip()
    return words


def far_words(progress: Progress, project: Project) -> str:
    """How far all are; where several answer each item, first what is done by who looks.

    Where probes are mixed in, what is done would stand still behind each of them, and give it away.
    """
    mine, far = f"{progress.mine:,} by you", f"{progress.done:,} of {progress.items:,}"
    if project.review.gold_rate or project.review.repeat_rate:
        return f"{mine}  ·  {number_of(progress.items, 'item')}"
    return f"{mine}  ·  {far} have {project.overlap} answers" if project.overlap > 1 else far


def left_words(rhythm: Rhythm, progress: Progress) -> str:
    """The time that the items left take at this pace; empty while there is none."""
    pace = rhythm.per_hour
    if not pace:
        return ""
    minutes = max(1, round((progress.items - max(progress.done, progress.mine)) * 60 / pace))
    return f"{minutes} min left" if minutes < 120 else f"{round(minutes / 60):,} h left"


def sprint_words(sprint: Sprint, now: float, goal: int | None) -> str:
    """How far a sprint is, for the header; `goal` is items an hour."""
    left = max(0, round(sprint.left_ms(now) / 1000))
    time = f"{left // 60}:{left % 60:02} left" if left else "over after this one"
    aim = f" of {round(goal * sprint.planned_ms / 3_600_000):,}" if goal else ""
    sound = f", {sprint.sound_ms / 60_000:.1f} min" if sprint.sound_ms else ""
    return f"sprint {time}, {sprint.items:,}{aim} done{sound}"


def sprint_summary(sprint: Sprint) -> list[str]:
    """What a sprint came to."""
    planned = round(sprint.planned_ms / 60_000, 2)
    words = [
        "The sprint is over.",
        f"{planned:g} {'minute was' if planned == 1 else 'minutes were'} planned; {sprint.active_ms / 60_000:.1f} minutes of work.",
        f"{number_of(sprint.items, 'item')} answered"
        + (f", {sprint.sound_ms / 60_000:.1f} minutes of sound." if sprint.sound_ms else "."),
    ]
    if sprint.real_time_factor is not None:
        words.append(f"{sprint.real_time_factor:.1f} minutes of work for a minute of sound.")
    return words
